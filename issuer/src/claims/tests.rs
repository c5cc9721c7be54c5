use std::convert::Infallible;

use model_passport::digest::Digest;

use super::*;
use crate::capture::{Kind, capture};

const CREDENTIAL: &str = "urn:uuid:00000000-0000-4000-8000-000000000001";

fn toml(text: &str) -> Result<Claims, ClaimsError> {
    parse_toml(Path::new("claims.toml"), text)
}

fn json_claims(text: &str) -> Result<Claims, ClaimsError> {
    parse_json(Path::new("claims.json"), text)
}

fn object(text: &str) -> Object {
    json::parse(text).unwrap().as_object().unwrap().clone()
}

#[test]
fn toml_and_json_say_the_same() {
    let from_toml = toml(
        "validUntil = 2027-11-21T10:00:00Z\nname = \"m\"\nreleaseDate = 2026-11-21\n\
         [training]\nseed = 7\n[[x]]\na = true\n",
    );
    let from_json = json_claims(
        r#"{"validUntil":"2027-11-21T10:00:00Z","name":"m","releaseDate":"2026-11-21","training":{"seed":7},"x":[{"a":true}]}"#,
    );
    let (from_toml, from_json) = (from_toml.unwrap(), from_json.unwrap());
    assert_eq!(from_toml.valid_until.as_deref(), Some("2027-11-21T10:00:00Z"));
    assert_eq!(from_toml.valid_until, from_json.valid_until);
    let names = ["name", "releaseDate", "training", "x"];
    assert!(names.iter().all(|name| from_toml.subject.get(name) == from_json.subject.get(name)));
    assert_eq!((from_toml.subject.len(), from_json.subject.len()), (4, 4));
}

#[test]
fn values_that_cannot_be_signed_alike_are_refused() {
    for (text, code) in [
        ("a = 0.5", "claims.fraction"),
        ("a = 1.0", "claims.fraction"),
        ("a = nan", "claims.fraction"),
        ("a = inf", "claims.fraction"),
        ("a = 9007199254740992", "claims.inexact-integer"),
        ("a = 10:00:00", "claims.vague-time"),
        ("a = 2026-11-21T10:00:00", "claims.vague-time"),
        ("a = ", "claims.toml"),
        ("a = 1\na = 2", "claims.toml"),
        ("[a]\n__proto__ = 1", "claims.json"),
        ("validUntil = 5", "claims.wrong-type"),
    ] {
        assert_eq!(toml(text).unwrap_err().code(), code, "{text}");
    }
    for (text, code) in [
        (r#"{"a":{"b":[1.5]}}"#, "claims.fraction"),
        (r#"{"a":null}"#, "claims.null"),
        (r#"{"a":1,"a":1}"#, "claims.json"),
        ("[]", "claims.shape"),
        ("{", "claims.json"),
    ] {
        assert_eq!(json_claims(text).unwrap_err().code(), code, "{text}");
    }
    let fault = json_claims(r#"{"a":{"b":[1.5]}}"#).unwrap_err();
    assert_eq!(fault.to_string(), "`/a/b/0` is the fractional number `1.5`");
    assert_eq!(fault.help().unwrap(), "write it as a decimal string: \"1.5\"");
}

#[test]
fn deep_toml_is_refused_and_not_a_crash() {
    let deep = format!("a = {}{}", "[".repeat(50_000), "]".repeat(50_000));
    assert!(["claims.toml", "claims.json"].contains(&toml(&deep).unwrap_err().code()));
    let wide = format!("{} = 1", vec!["a"; 50].join("."));
    assert_eq!(toml(&wide).unwrap_err().code(), "claims.json");
}

#[test]
fn a_claim_adds_and_never_overrides() {
    let measured = object(
        r#"{"id":"urn:sha256:00","sourceCode":{"type":"SourceCode","basis":"measured","commit":"c","dirty":true},
            "interface":{"type":"ModelInterface","basis":"measured","inputs":[{"name":"x","dtype":"float32"}]},
            "artifactManifest":{"type":"ArtifactManifest","basis":"measured","totalSize":3}}"#,
    );
    let merged = |claims: &str| merge(measured.clone(), &object(claims));
    assert_eq!(merged("{}").unwrap(), measured);
    assert_eq!(merged(r#"{"id":"urn:sha256:00","sourceCode":{"dirty":true}}"#).unwrap(), measured);

    let added = merged(r#"{"name":"n","sourceCode":{"license":"MIT"}}"#).unwrap();
    let basis = |object: &Object, group: &str| object.get(group)?.get("basis")?.as_str().map(str::to_owned);
    assert_eq!(
        basis(&added, "sourceCode").as_deref(),
        Some("declared"),
        "known no better than its weakest part"
    );
    assert_eq!(basis(&added, "interface").as_deref(), Some("measured"));
    let port = merged(r#"{"interface":{"inputs":[{"name":"x","unit":"mm"}]}}"#).unwrap();
    assert_eq!(port.get("interface").unwrap().pointer("/inputs/0/unit").unwrap().as_str(), Some("mm"));
    assert_eq!(basis(&port, "interface").as_deref(), Some("declared"));
    let weaker = merged(r#"{"sourceCode":{"basis":"declared"}}"#).unwrap();
    assert_eq!(basis(&weaker, "sourceCode").as_deref(), Some("declared"));

    for (claims, pointer) in [
        (r#"{"id":"urn:sha256:11"}"#, "/id"),
        (r#"{"sourceCode":{"dirty":false}}"#, "/sourceCode/dirty"),
        (r#"{"sourceCode":{"basis":"withheld"}}"#, "/sourceCode/basis"),
        (r#"{"sourceCode":"c"}"#, "/sourceCode"),
        (r#"{"interface":{"inputs":[{"name":"x","dtype":"int8"}]}}"#, "/interface/inputs/0/dtype"),
        (r#"{"interface":{"inputs":[{"name":"y"}]}}"#, "/interface/inputs"),
        (r#"{"artifactManifest":{"totalSize":4}}"#, "/artifactManifest/totalSize"),
    ] {
        let fault = merged(claims).unwrap_err();
        assert_eq!(fault.code(), "claims.contradiction", "{claims}");
        assert!(fault.to_string().starts_with(&format!("`{pointer}` ")), "{fault}");
    }
    for claims in [
        r#"{"artifactManifest":{"note":"x"}}"#,
        r#"{"weights":[{"path":"w","parameterCount":1}]}"#,
        r#"{"dataContent":{"rowCount":5}}"#,
    ] {
        assert_eq!(merged(claims).unwrap_err().code(), "claims.measured-group", "{claims}");
    }
}

#[test]
fn parents_are_found_at_any_depth() {
    let mut subject = object(
        r#"{"trainedOn":[{"passport":"a","name":"A","id":"urn:own"}],"metric":[{"dataset":{"passport":"b"}}],"passport2":1}"#,
    );
    let mut asked = Vec::new();
    let mut find = |file: &str| {
        asked.push(file.to_owned());
        Ok::<_, Infallible>(Object::from_iter([
            ("id", format!("urn:{file}")),
            ("type", "DatasetPassport".to_owned()),
        ]))
    };
    resolve(&mut subject, &mut find).unwrap();
    assert_eq!(asked, ["a", "b"]);
    let expected = r#"{"trainedOn":[{"id":"urn:a","type":"DatasetPassport","name":"A"}],"metric":[{"dataset":{"id":"urn:b","type":"DatasetPassport"}}],"passport2":1}"#;
    assert_eq!(Json::Object(subject).to_string(), expected);

    let mut subject = object(r#"{"trainedOn":[{"passport":"a"}]}"#);
    assert_eq!(resolve(&mut subject, &mut |_| Err("gone")), Err("gone"));
}

/// The claims beside the real model, from capture to a subject that lacks nothing.
#[test]
fn the_real_claims_are_complete() {
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/real");
    let filled = |kind: &str, draft: Object, claims: &str| {
        let mut claims = read(&real.join("claims").join(claims)).unwrap();
        let find = &mut |file: &str| {
            let id = format!("urn:uuid:{}", &Digest::of(file).to_hex()[..32]);
            let digest = Digest::of(file).to_multibase();
            let members = [("id", id), ("type", "DatasetPassport".to_owned()), ("digestMultibase", digest)];
            Ok::<_, Infallible>(Object::from_iter(members))
        };
        resolve(&mut claims.subject, find).unwrap();
        let mut subject = merge(draft, &claims.subject).unwrap();
        // Whether the tests run in a checkout with a commit is not what is asked here.
        if kind == "ModelPassport" && !subject.contains("sourceCode") {
            subject.insert("sourceCode", object(r#"{"basis":"unknown"}"#));
        }
        assert_eq!(missing(&subject, kind), [], "{claims:?}");
        complete(&mut subject, kind, CREDENTIAL);
        let findings = schema::for_kind(kind).unwrap().validate(&around(subject.clone(), CREDENTIAL));
        let inside: Vec<_> =
            findings.iter().filter(|finding| finding.pointer.starts_with("/credentialSubject")).collect();
        assert!(inside.is_empty(), "{inside:#?}");
        subject
    };
    let captured = |path: &str, kind| capture(&real.join(path), kind, &()).unwrap();
    let train = captured("data/train.csv", Kind::Dataset);
    assert!(train.missing.contains(&"/cohort/numberOfSubjects".to_owned()), "{:?}", train.missing);
    filled("DatasetPassport", train.subject, "dataset-train.toml");
    filled("DatasetPassport", captured("data/test.csv", Kind::Dataset).subject, "dataset-test.toml");
    let model = captured("model", Kind::Model);
    assert!(model.missing.contains(&"/trainedOn".to_owned()), "{:?}", model.missing);
    let model = filled("ModelPassport", model.subject, "model.toml");
    let file = Json::Object(model.clone());
    assert_eq!(
        file.pointer("/artifactManifest/file/0/id").and_then(Json::as_str),
        Some(format!("{CREDENTIAL}#artifactManifest/file/0").as_str())
    );
    assert_eq!(file.pointer("/design/basis").and_then(Json::as_str), Some("declared"));

    let mut attested: Object =
        ["id", "type"].map(|name| (name, model.get(name).unwrap().clone())).into_iter().collect();
    let passport = Json::from(Object::from_iter([
        ("id", CREDENTIAL.to_owned()),
        ("type", "ModelPassport".to_owned()),
        ("digestMultibase", Digest::of("").to_multibase()),
    ]));
    attested.insert("evaluates", passport);
    let attested = Json::Object(filled("EvaluationAttestation", attested, "evaluation.toml"));

    let metrics = std::fs::read_to_string(real.join("metrics.json")).unwrap();
    let metrics = json::parse(&metrics).unwrap();
    let measured = metrics.get("metrics").unwrap().as_object().unwrap();
    let claimed = attested.get("metric").unwrap().as_array().unwrap();
    assert_eq!(claimed.len(), measured.len());
    for (claim, (name, metric)) in claimed.iter().zip(measured.iter()) {
        assert_eq!(claim.get("value"), metric.get("value"), "{name}");
        assert_eq!(claim.get("n"), metric.get("n"), "{name}");
        assert_eq!(claim.pointer("/interval/lower"), metric.get("lower"), "{name}");
        assert_eq!(claim.pointer("/interval/upper"), metric.get("upper"), "{name}");
    }
}

#[test]
fn a_contradiction_does_not_show_a_secret() {
    let token = concat!("gh", "p_4Kd8sLq2Zx7Vb1Nm6Tr9Yw3Pc5Hj0Gf8Aa2B");
    let captured = object(&format!(r#"{{"training":{{"password":"hunter2","origin":"{token}"}}}}"#));
    for (claims, kind) in [
        (r#"{"training":{"password":"letmein"}}"#, "password"),
        (r#"{"training":{"origin":"x"}}"#, "GitHub token"),
    ] {
        let text = merge(captured.clone(), &object(claims)).unwrap_err().to_string();
        assert!(text.contains(kind) && !text.contains("hunter2") && !text.contains(token), "{text}");
    }
}
