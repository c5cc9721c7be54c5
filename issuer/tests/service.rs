//! The service without a socket: every endpoint with good and bad requests, and every case of `tests/cases`.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use axum::Router;
use axum::body::{self, Body};
use axum::http::{Method, Request, Response, StatusCode, header};
use model_passport::multibase;
use model_passport::report::Verdict;
use model_passport::time::Timestamp;
use model_passport_issuer::service::{self, Issuer, MAX_BODY_BYTES, Service};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// When requests are judged, unless a case says otherwise.
const NOW: &str = "2026-11-21T12:00:00Z";

/// Where the service says that it is.
const BASE: &str = "https://localhost:8443";

/// A service whose clock stands still.
fn router_at(now: &str, issuers: Vec<Issuer>) -> Router {
    let now: Timestamp = now.parse().unwrap();
    service::router(Service::new(BASE, issuers, Vec::new(), Box::new(move || now)))
}

/// The service, and the DIDs of its issuers by their names.
fn service() -> (Router, impl Fn(&str) -> String) {
    let issuers = service::throw_away().unwrap();
    let dids: Vec<_> = issuers.iter().map(|Issuer { name, did, .. }| (name.clone(), did.clone())).collect();
    let router = router_at(NOW, issuers);
    let did = move |name: &str| dids.iter().find(|(known, _)| known == name).unwrap().1.clone();
    (router, did)
}

/// One for all requests that need no keys of their own.
fn shared() -> Router {
    static SHARED: OnceLock<Router> = OnceLock::new();
    SHARED.get_or_init(|| service().0).clone()
}

struct Answer {
    status: StatusCode,
    media_type: String,
    text: String,
}

impl Answer {
    async fn of(response: Response<Body>) -> Self {
        let media_type = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let status = response.status();
        let bytes = body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Self { status, media_type, text: String::from_utf8(bytes.into()).unwrap() }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// It is a problem of this status and code, and explains itself.
    #[track_caller]
    fn is_problem(&self, status: u16, code: &str) {
        let problem = self.json();
        assert_eq!(
            (self.status.as_u16(), problem["code"].as_str().unwrap()),
            (status, code),
            "{}",
            self.text
        );
        assert_eq!(self.media_type, "application/problem+json");
        assert_eq!(problem["status"], status);
        for member in ["type", "title", "detail"] {
            assert!(!problem[member].as_str().unwrap().is_empty(), "{}", self.text);
        }
        let detail = problem["detail"].as_str().unwrap();
        assert!(!detail.ends_with('.') && detail.starts_with(|c: char| !c.is_uppercase()), "{detail}");
    }
}

async fn send(router: Router, request: Request<Body>) -> Answer {
    Answer::of(router.oneshot(request).await.unwrap()).await
}

async fn post(router: Router, path: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").body(body.into());
    send(router, request.unwrap()).await
}

async fn get(router: Router, path: &str) -> Answer {
    send(router, Request::get(path).body(Body::empty()).unwrap()).await
}

fn case(name: &str, file: &str) -> String {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    fs::read_to_string(cases.join(name).join(file)).unwrap()
}

fn verify_body(member: &str, text: &str) -> String {
    format!(r#"{{"{member}":{text}}}"#)
}

/// A credential of nobody's that can be signed.
fn unsigned() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "credentialSubject": { "id": "urn:uuid:b0a5b8e2-6a3b-4f43-8f07-62ab26f55c2d", "name": "Alice" },
    })
}

/// Each case in the two forms that a request may give it, and the report of every other shell to the letter.
#[tokio::test]
async fn every_case_gets_the_report_of_the_library() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    let (mut count, mut as_objects, mut wrong) = (0, 0, Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let expect: Value = serde_json::from_str(&case(&name, "expect.json")).unwrap();
        let router = router_at(expect["now"].as_str().unwrap(), Vec::new());
        let input = case(&name, "input.json");
        let mut options = String::from("{");
        for (member, file) in [("evidence", "evidence.json"), ("policy", "policy.json")] {
            if path.join(file).exists() {
                let separator = if options.len() > 1 { "," } else { "" };
                options.push_str(&format!(r#"{separator}"{member}":{}"#, case(&name, file)));
            }
        }
        options.push('}');
        let mut bodies = vec![format!(r#"{{"text":{},"options":{options}}}"#, json!(input))];
        // What is not JSON at all cannot be a member; what JSON cannot keep apart still can.
        if input.trim() == input.trim_end_matches('\n') && serde_json::from_str::<&RawValue>(&input).is_ok() {
            bodies.push(format!(r#"{{"verifiableCredential":{},"options":{options}}}"#, input.trim()));
            as_objects += 1;
        }
        for body in bodies {
            let answer = post(router.clone(), "/credentials/verify", body).await;
            let report = case(&name, "report.json");
            let verdict = serde_json::from_str::<Value>(&report).unwrap()["verdict"].clone();
            let status = match verdict.as_str().unwrap() {
                "verified" | "verified-with-warnings" => 200,
                "not-verified" => 400,
                "could-not-check" => 422,
                other => panic!("{other}"),
            };
            let whole = format!(r#""report":{}}}"#, report.trim_end());
            if answer.status != status || !answer.text.ends_with(&whole) {
                wrong.push(format!("{name}: {} {}", answer.status, answer.text));
            }
        }
        count += 1;
    }
    assert!(count >= 90 && as_objects >= 80, "only {count} cases, {as_objects} of them as objects");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_verdict_is_never_a_mere_yes_or_no() {
    let good = post(
        shared(),
        "/credentials/verify",
        verify_body("verifiableCredential", &case("dataset-alone", "input.json")),
    )
    .await;
    assert_eq!((good.status.as_u16(), good.media_type.as_str()), (200, "application/json"), "{}", good.text);
    assert_eq!((&good.json()["verified"], &good.json()["errors"]), (&json!(true), &json!([])));

    let bad = verify_body("verifiableCredential", &case("claim-changed", "input.json"));
    let bad = post(shared(), "/credentials/verify", bad).await;
    bad.is_problem(400, "proof.signature-invalid");
    assert_eq!(bad.json()["verified"], false);
    assert_eq!(bad.json()["errors"][0]["type"], "https://w3id.org/security#PROOF_VERIFICATION_ERROR");

    // Nobody said no: nothing is missing but a document, and the answer names it.
    let open = verify_body("verifiableCredential", &case("did-web-without-document", "input.json"));
    let open = post(shared(), "/credentials/verify", open).await;
    open.is_problem(422, "did.document-needed");
    assert_eq!(open.json().get("verified"), None);
    assert_eq!(open.json()["verdict"], "could-not-check");
    assert_eq!(open.json()["needs"][0]["kind"], "didDocument");
}

#[tokio::test]
async fn what_is_issued_verifies_and_what_was_changed_does_not() {
    let (router, did) = service();
    let names = [
        "ecdsa-jcs-2019-p256",
        "ecdsa-jcs-2019-p384",
        "ecdsa-rdfc-2019-p256",
        "ecdsa-rdfc-2019-p384",
        "eddsa-jcs-2022",
        "eddsa-rdfc-2022",
    ];
    for name in names {
        let body = json!({ "credential": unsigned(), "options": { "credentialId": "urn:uuid:x" } });
        let issued =
            post(router.clone(), &format!("/issuers/{name}/credentials/issue"), body.to_string()).await;
        assert_eq!(
            (issued.status.as_u16(), issued.media_type.as_str()),
            (201, "application/json"),
            "{}",
            issued.text
        );
        let mut credential = issued.json()["verifiableCredential"].clone();
        assert_eq!(
            (credential["issuer"].as_str(), &credential["id"]),
            (Some(did(name).as_str()), &json!("urn:uuid:x"))
        );
        assert!(name.starts_with(credential["proof"]["cryptosuite"].as_str().unwrap()), "{name}");

        let path = "/proof-only/credentials/verify";
        let good =
            post(router.clone(), path, verify_body("verifiableCredential", &credential.to_string())).await;
        assert_eq!(good.json()["verified"], true, "{}", good.text);
        credential["credentialSubject"]["name"] = json!("Mallory");
        let bad =
            post(router.clone(), path, verify_body("verifiableCredential", &credential.to_string())).await;
        bad.is_problem(400, "proof.signature-invalid");
    }
}

#[tokio::test]
async fn a_credential_is_issued_as_a_jws_in_its_envelope() {
    let (router, did) = service();
    for name in ["vc-jose-es256", "vc-jose-es384", "vc-jose-eddsa"] {
        let body = json!({ "credential": unsigned(), "options": { "credentialId": "urn:uuid:x" } });
        let issued =
            post(router.clone(), &format!("/issuers/{name}/credentials/issue"), body.to_string()).await;
        assert_eq!(issued.status, StatusCode::CREATED, "{}", issued.text);
        let envelope = issued.json()["verifiableCredential"].clone();
        assert_eq!(envelope["type"], "EnvelopedVerifiableCredential");
        let jws = envelope["id"].as_str().unwrap().strip_prefix("data:application/vc+jwt,").unwrap();
        let (_, rest) = jws.split_once('.').unwrap();
        let payload = multibase::decode_base64url_digits(rest.split_once('.').unwrap().0).unwrap();
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!((&payload["issuer"], &payload["id"]), (&json!(did(name)), &json!("urn:uuid:x")));

        let path = "/standard/credentials/verify";
        let verify = async |credential: &str| {
            post(router.clone(), path, verify_body("verifiableCredential", credential)).await
        };
        let good = verify(&envelope.to_string()).await;
        assert_eq!(good.json()["verified"], true, "{}", good.text);
        // The header of another key on the same payload and signature.
        let mut changed = envelope.clone();
        let end = jws.len() - 10;
        let other = if jws.as_bytes()[end] == b'A' { "B" } else { "A" };
        changed["id"] = json!(format!("data:application/vc+jwt,{}{other}{}", &jws[..end], &jws[end + 1..]));
        verify(&changed.to_string()).await.is_problem(400, "proof.signature-invalid");
    }
    let other =
        json!({ "credential": { "issuer": "did:key:z6MkvEnWEDm6hVSwh2crJeyqAsQ7kkYErcwApcNvG8edGDLY" } });
    let mut credential = unsigned();
    credential["issuer"] = other["credential"]["issuer"].clone();
    let body = json!({ "credential": credential }).to_string();
    post(router, "/issuers/vc-jose-es256/credentials/issue", body)
        .await
        .is_problem(422, "issue.other-issuer");
}

#[tokio::test]
async fn the_terms_of_a_proof_mean_something_in_a_credential_of_version_1() {
    let mut credential = unsigned();
    credential["@context"] = json!(["https://www.w3.org/2018/credentials/v1"]);
    credential["issuanceDate"] = json!("2026-11-01T11:00:00Z");
    credential["credentialSubject"] = json!({ "id": "did:example:alice" });
    let body = json!({ "credential": credential }).to_string();
    let issued = post(shared(), "/issuers/eddsa-rdfc-2022/credentials/issue", body).await;
    assert_eq!(issued.status, 201, "{}", issued.text);
    let contexts = &issued.json()["verifiableCredential"]["@context"];
    assert_eq!(contexts[1], "https://w3id.org/security/data-integrity/v2");
}

#[tokio::test]
async fn an_issuer_signs_only_what_is_its_own_and_would_verify() {
    let (router, did) = service();
    let issue = async |name: &str, credential: String| {
        let body = format!(r#"{{"credential":{credential}}}"#);
        post(router.clone(), &format!("/issuers/{name}/credentials/issue"), body).await
    };
    let name = "ecdsa-rdfc-2019-p256";
    let with = |member: &str, value: Value| {
        let mut credential = unsigned();
        credential[member] = value;
        credential.to_string()
    };
    issue("rsa", unsigned().to_string()).await.is_problem(404, "service.unknown-issuer");
    issue(name, with("issuer", json!("did:web:hospital.example")))
        .await
        .is_problem(422, "issue.other-issuer");
    issue(name, with("issuer", json!({ "name": "the lab" }))).await.is_problem(422, "issue.other-issuer");
    issue(name, with("issuer", Value::Null)).await.is_problem(422, "issue.other-issuer");
    assert_eq!(issue(name, with("issuer", json!({ "id": did(name) }))).await.status, 201);
    issue(name, with("type", json!(["Credential"]))).await.is_problem(400, "input.not-a-credential");
    issue(name, "[]".to_owned()).await.is_problem(400, "input.not-a-credential");
    issue(name, with("unheard", json!(1))).await.is_problem(422, "jsonld.undefined-term");
    issue(name, with("validUntil", json!("tomorrow"))).await.is_problem(422, "vcdm.time");
    issue(name, with("credentialSubject", json!({}))).await.is_problem(422, "vcdm.subject");
    // Its verifiers know what time it is.
    assert_eq!(issue(name, with("validUntil", json!("2020-01-01T00:00:00Z"))).await.status, 201);
    let twice = unsigned().to_string().replacen('{', r#"{"id":"urn:x:1","id":"urn:x:2","#, 1);
    issue(name, twice).await.is_problem(400, "json.duplicate-name");
}

#[tokio::test]
async fn a_recall_could_be_seen() {
    let (router, did) = service();
    let body = json!({ "credential": unsigned() }).to_string();
    let issued = post(router.clone(), "/issuers/eddsa-rdfc-2022-status/credentials/issue", body).await;
    assert_eq!(issued.status, 201, "{}", issued.text);
    let credential = issued.json()["verifiableCredential"].clone();
    let entries = credential["credentialStatus"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    for (entry, name) in entries.iter().zip(["revocation", "suspension", "message"]) {
        assert_eq!(entry["statusPurpose"], name);
        assert_eq!(entry["statusListCredential"], format!("{BASE}/status-lists/{name}"));
        let list = get(router.clone(), &format!("/status-lists/{name}")).await;
        assert_eq!((list.status.as_u16(), list.media_type.as_str()), (200, "application/json"));
        assert_eq!(list.json()["issuer"], did("eddsa-rdfc-2022-status"));
    }
    let body = verify_body("verifiableCredential", &credential.to_string());
    let good = post(router, "/standard/credentials/verify", body.clone()).await;
    assert_eq!(good.json()["verified"], true, "{}", good.text);
    // Another service does not have the lists, and does not fetch them: absent is not an all-clear.
    let elsewhere = router_at(NOW, Vec::new());
    post(elsewhere, "/standard/credentials/verify", body).await.is_problem(422, "status.list-missing");
    get(shared(), "/status-lists/gone").await.is_problem(404, "service.unknown-status-list");
}

#[tokio::test]
async fn a_holder_shows_a_part() {
    let (router, _) = service();
    let derive = async |credential: &Value, options: Value| {
        let body = json!({ "verifiableCredential": credential, "options": options }).to_string();
        post(router.clone(), "/credentials/derive", body).await
    };
    let mut credential = unsigned();
    credential["description"] = json!("a secret of the holder's");
    let options = json!({ "mandatoryPointers": ["/issuer"] });
    let body = json!({ "credential": credential, "options": options }).to_string();
    let issued = post(router.clone(), "/issuers/ecdsa-sd-2023/credentials/issue", body).await;
    assert_eq!(issued.status, 201, "{}", issued.text);
    let base = issued.json()["verifiableCredential"].clone();

    let path = "/standard/credentials/verify";
    let leak = post(router.clone(), path, verify_body("verifiableCredential", &base.to_string())).await;
    assert_eq!(leak.json()["verified"], false, "a base proof is not for verifiers");
    let shown = derive(&base, json!({ "selectivePointers": ["/credentialSubject/name"] })).await;
    assert_eq!(shown.status, 201, "{}", shown.text);
    let shown = shown.json()["verifiableCredential"].clone();
    assert_eq!((shown.get("description"), &shown["credentialSubject"]["name"]), (None, &json!("Alice")));
    let good = post(router.clone(), path, verify_body("verifiableCredential", &shown.to_string())).await;
    assert_eq!(good.json()["verified"], true, "{}", good.text);

    derive(&base, json!({ "selectivePointers": ["/nothing"] })).await.is_problem(422, "disclosure.pointer");
    assert_eq!(derive(&shown, json!({})).await.status, 422);
    derive(&base, json!({ "pointers": [] })).await.is_problem(400, "request.malformed");
    assert_eq!(derive(&unsigned(), json!({})).await.status, 422);
}

#[tokio::test]
async fn a_path_that_names_a_profile_gives_no_other() {
    let input = case("proof-only", "input.json");
    let body =
        |policy: &str| format!(r#"{{"verifiableCredential":{input},"options":{{"policy":{policy}}}}}"#);
    let strict = post(shared(), "/credentials/verify", verify_body("verifiableCredential", &input)).await;
    assert_eq!(strict.json()["verified"], false);
    for policy in ["{}", r#"{"profile":"proof-only"}"#] {
        let named = post(shared(), "/proof-only/credentials/verify", body(policy)).await;
        assert_eq!(
            (named.status.as_u16(), &named.json()["verdict"]),
            (200, &json!("verified-with-warnings"))
        );
        assert_eq!(named.json()["warnings"][0]["code"], "policy.proof-only");
    }
    let asked = post(shared(), "/credentials/verify", body(r#"{"profile":"proof-only"}"#)).await;
    assert_eq!(asked.status, 200);
    let unknown = post(shared(), "/credentials/verify", body(r#"{"profile":"none"}"#)).await;
    unknown.is_problem(400, "policy.malformed");
}

#[tokio::test]
async fn presentations_are_verified_with_all_that_they_hold() {
    let bundle: Value = serde_json::from_str(&case("bundle", "input.json")).unwrap();
    let path = "/presentations/verify";
    let good = verify_body("verifiablePresentation", &bundle["presentation"].to_string());
    assert_eq!(post(shared(), path, good).await.json()["verdict"], "verified");
    let text = json!({ "text": case("bundle", "input.json") }).to_string();
    assert_eq!(post(shared(), path, text).await.json()["verdict"], "verified");
    let empty = verify_body("verifiablePresentation", r#"{"type":"VerifiablePresentation"}"#);
    post(shared(), path, empty).await.is_problem(400, "input.no-credentials");
    let other = verify_body("verifiableCredential", &bundle["presentation"].to_string());
    post(shared(), path, other).await.is_problem(400, "request.nothing-to-verify");
}

#[tokio::test]
async fn a_request_that_is_not_one_is_told_so() {
    let path = "/credentials/verify";
    let plain = case("dataset-alone", "input.json");
    for (body, code) in [
        ("", "request.malformed"),
        ("[]", "request.malformed"),
        ("{", "request.malformed"),
        ("{}", "request.nothing-to-verify"),
        (r#"{"verifiableCredential":{},"text":"{}"}"#, "request.nothing-to-verify"),
        (r#"{"verifiablePresentation":{}}"#, "request.nothing-to-verify"),
        (r#"{"verifiableCredential":{},"verifiableCredential":{}}"#, "request.malformed"),
        (r#"{"verifiableCredential":{},"more":1}"#, "request.malformed"),
        // A wish that is not known would be left undone.
        (r#"{"verifiableCredential":{},"options":{"colour":"red"}}"#, "request.malformed"),
        (r#"{"verifiableCredential":{},"options":[]}"#, "request.malformed"),
        (r#"{"verifiableCredential":{},"options":{"evidence":[]}}"#, "evidence.malformed"),
        (r#"{"verifiableCredential":{},"options":{"policy":{"x":1}}}"#, "policy.malformed"),
        (r#"{"verifiableCredential":"eyJ"}"#, "input.not-a-credential"),
        (r#"{"verifiableCredential":null}"#, "request.nothing-to-verify"),
    ] {
        post(shared(), path, body.to_owned()).await.is_problem(400, code);
    }
    post(shared(), path, vec![b'{', 0xff]).await.is_problem(400, "request.not-utf8");
    post(shared(), "/issuers/eddsa-jcs-2022/credentials/issue", "{}")
        .await
        .is_problem(400, "request.malformed");

    let wrong_type =
        Request::post(path).header(header::CONTENT_TYPE, "text/plain").body(Body::from(plain.clone()));
    send(shared(), wrong_type.unwrap()).await.is_problem(415, "request.media-type");
    let no_type = Request::post(path).body(Body::from(plain)).unwrap();
    send(shared(), no_type).await.is_problem(415, "request.media-type");

    get(shared(), "/").await.is_problem(404, "request.no-such-path");
    get(shared(), path).await.is_problem(405, "request.method");
    let delete =
        Request::builder().method(Method::DELETE).uri("/1.0/identifiers/did:key:z").body(Body::empty());
    send(shared(), delete.unwrap()).await.is_problem(405, "request.method");
}

#[tokio::test]
async fn a_body_has_an_end() {
    let path = "/credentials/verify";
    let long = " ".repeat(MAX_BODY_BYTES + 1);
    post(shared(), path, long.clone()).await.is_problem(413, "request.too-large");
    // Announced, and not sent.
    let announced = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, MAX_BODY_BYTES + 1)
        .body(Body::empty());
    send(shared(), announced.unwrap()).await.is_problem(413, "request.too-large");
    // As long as may be: the core says what it thinks of it.
    let body = format!(r#"{{"verifiableCredential":{{}}{}}}"#, &long[..MAX_BODY_BYTES - 28]);
    post(shared(), path, body).await.is_problem(400, "input.not-a-credential");
}

#[tokio::test]
async fn a_did_that_carries_its_key_has_a_document() {
    let (router, did) = service();
    for name in ["eddsa-jcs-2022", "ecdsa-jcs-2019-p256", "ecdsa-jcs-2019-p384"] {
        let did = did(name);
        let found = get(router.clone(), &format!("/1.0/identifiers/{did}")).await;
        assert_eq!((found.status.as_u16(), found.media_type.as_str()), (200, "application/did-resolution"));
        let document = &found.json()["didDocument"];
        assert_eq!(document["id"], did);
        assert_eq!(document["assertionMethod"][0], document["verificationMethod"][0]["id"]);
    }
    get(shared(), "/1.0/identifiers/did:key:z6Mk").await.is_problem(400, "key.unsupported-algorithm");
    get(shared(), "/1.0/identifiers/nothing").await.is_problem(400, "did.syntax");
    get(shared(), "/1.0/identifiers/did:example:1").await.is_problem(501, "did.unsupported-method");
    // It would have to be fetched, and nothing here fetches.
    get(shared(), "/1.0/identifiers/did:web:hospital.example").await.is_problem(404, "did.document-needed");
}

/// Every status follows from the verdict in one place; a new verdict has to find its own.
#[test]
fn the_verdicts_are_these() {
    let names =
        [Verdict::Verified, Verdict::VerifiedWithWarnings, Verdict::NotVerified, Verdict::CouldNotCheck];
    assert_eq!(
        names.map(Verdict::name),
        ["verified", "verified-with-warnings", "not-verified", "could-not-check"]
    );
}
