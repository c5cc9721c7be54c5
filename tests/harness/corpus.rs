//! The cases: each one cause, a sentence why, and the code that has to come of it.
//!
//! Written by `cargo vectors` into `tests/cases`, so that every shell reads the same files.

use model_passport::digest::Digest;
use model_passport::evidence::{Artifact, Document, Evidence, Policy, Profile};
use model_passport::json::{Json, Object};
use model_passport::key::{Algorithm, Signer};
use model_passport::multibase;
use model_passport::proof::Cryptosuite;

use crate::issue::{NOW, Party, bundle, link, read, remove, set};

/// One case.
pub struct Case {
    /// The name of its folder.
    pub name: &'static str,
    /// Why it is there: the rule, in a sentence.
    pub why: &'static str,
    /// What is verified.
    pub input: String,
    /// What is brought along.
    pub evidence: Evidence,
    /// What is asked for.
    pub policy: Policy,
    /// The time to judge by.
    pub now: &'static str,
    /// The verdict that has to come of it.
    pub verdict: &'static str,
    /// The code of the check that has to decide.
    pub code: &'static str,
}

/// The credentials that most cases start from: a data set and a model by a lab, an evaluation by another party.
struct World {
    lab: Party,
    evaluator: Party,
    stranger: Party,
    dataset: Json,
    model: Json,
    evaluation: Json,
}

impl World {
    fn new() -> Self {
        let lab = Party::by_key(Algorithm::P256, 1);
        let evaluator = Party::by_key(Algorithm::Ed25519, 2);
        let mut dataset = read(include_str!("../fixtures/examples/dataset-passport.json"));
        // Where the data came from has no passport; the cases about that put it back.
        remove(&mut dataset, "/credentialSubject/wasDerivedFrom");
        let dataset = lab.issue(lab.suite(), dataset);
        let model = lab.issue(lab.suite(), Self::unsigned_model(&dataset));
        let evaluation = evaluator.issue(evaluator.suite(), Self::unsigned_evaluation(&dataset, &model));
        Self { lab, evaluator, stranger: Party::by_key(Algorithm::P256, 9), dataset, model, evaluation }
    }

    fn unsigned_model(dataset: &Json) -> Json {
        let mut model = read(include_str!("../fixtures/examples/model-passport.json"));
        set(&mut model, "/credentialSubject/trainedOn/0", link(dataset));
        model
    }

    fn unsigned_evaluation(dataset: &Json, model: &Json) -> Json {
        let mut evaluation = read(include_str!("../fixtures/examples/evaluation-attestation.json"));
        set(&mut evaluation, "/credentialSubject/evaluates", link(model));
        let metrics =
            evaluation.pointer("/credentialSubject/metric").and_then(Json::as_array).map_or(0, <[Json]>::len);
        for at in 0..metrics {
            set(&mut evaluation, &format!("/credentialSubject/metric/{at}/dataset"), link(dataset));
        }
        evaluation
    }

    fn all(&self) -> Json {
        bundle(&[&self.evaluation, &self.model, &self.dataset], &[])
    }

    /// The bundle with one change in one of its credentials, after signing.
    fn changed(&self, change: impl FnOnce(&mut Json)) -> String {
        let mut all = self.all();
        change(&mut all);
        all.to_string()
    }

    /// The data set's credential, changed before signing.
    fn dataset_with(&self, change: impl FnOnce(&mut Json)) -> Json {
        let mut unsigned = self.dataset.clone();
        remove(&mut unsigned, "/proof");
        change(&mut unsigned);
        self.lab.sign(self.lab.suite(), &unsigned)
    }
}

const EVALUATION: &str = "/presentation/verifiableCredential/0";
const MODEL: &str = "/presentation/verifiableCredential/1";
const DATASET: &str = "/presentation/verifiableCredential/2";

fn case(
    name: &'static str,
    why: &'static str,
    input: impl Into<String>,
    verdict: &'static str,
    code: &'static str,
) -> Case {
    let (evidence, policy) = (Evidence::default(), Policy::default());
    Case { name, why, input: input.into(), evidence, policy, now: NOW, verdict, code }
}

fn good(name: &'static str, why: &'static str, input: impl Into<String>) -> Case {
    case(name, why, input, "verified", "ok")
}

fn bad(name: &'static str, why: &'static str, input: impl Into<String>, code: &'static str) -> Case {
    case(name, why, input, "not-verified", code)
}

/// All cases.
#[must_use]
pub fn cases() -> Vec<Case> {
    let world = World::new();
    let mut cases = whole_input(&world);
    cases.extend(json_layer(&world));
    cases.extend(json_ld_layer(&world));
    cases.extend(proofs(&world));
    cases.extend(proof_sets(&world));
    cases.extend(work(&world));
    cases.extend(keys_and_documents(&world));
    cases.extend(times(&world));
    cases.extend(lineage(&world));
    cases.extend(artifacts(&world));
    cases
}

fn whole_input(world: &World) -> Vec<Case> {
    let dataset = world.dataset.to_string();
    vec![
        good("bundle", "three credentials by two issuers, linked by digest, each good", world.all().to_string()),
        good("array-order", "statements have no order: an array is shown in one order, however it came", {
            let mut dataset = world.dataset.clone();
            for pointer in ["/credentialSubject/artifactManifest/file", "/credentialSubject/acquisition/modality"] {
                let mut items = dataset.pointer(pointer).and_then(Json::as_array).map(<[Json]>::to_vec).unwrap_or_default();
                items.reverse();
                set(&mut dataset, pointer, items);
            }
            dataset.to_string()
        }),
        good("hostile-text", "signed text may be markup, a link or another direction: it is text all the same", world.dataset_with(|d| {
            set(d, "/credentialSubject/name", "<img src=x onerror=alert(1)> <script>alert(2)</script> \u{202e}lanigiro eht\u{2066}");
            set(d, "/credentialSubject/publisher/name", "University \u{397}ospital javascript:alert(3)");
        }).to_string()),
        good("dataset-alone", "a passport that builds on nothing needs nothing else", dataset.clone()),
        bad("not-json", "text that is not JSON is not a credential", "the passport is attached", "json.syntax"),
        bad("not-a-credential", "JSON of another kind is not a credential", r#"{"type":"Model","md5":"9e107d9d"}"#, "input.not-a-credential"),
        bad("empty-presentation", "a presentation of nothing proves nothing", r#"{"type":"VerifiablePresentation"}"#, "input.no-credentials"),
        bad(
            "another-kind",
            "the strict profile takes passports only",
            world.lab.issue(world.lab.suite(), read(r#"{"@context":["https://www.w3.org/ns/credentials/v2","https://w3id.org/model-passport/v1"],"id":"urn:uuid:6f4a3c1e-0000-4000-8000-000000000001","type":["VerifiableCredential"],"validFrom":"2026-11-01T00:00:00Z","credentialSubject":{"id":"urn:example:subject","name":"x"}}"#)).to_string(),
            "profile.kind",
        ),
    ]
}

/// Section A of the threats: one text, one reading.
fn json_layer(world: &World) -> Vec<Case> {
    let dataset = world.dataset.to_string();
    let inject = |member: &str| dataset.replacen("\"name\":", &format!("{member},\"name\":"), 1);
    vec![
        bad(
            "duplicate-name",
            "a second `issuer` could be shown in place of the signed one",
            dataset.replacen('{', r#"{"issuer":"did:web:hospital.example","#, 1),
            "json.duplicate-name",
        ),
        bad(
            "duplicate-name-escaped",
            "an escape does not make another name",
            inject(r#""\u006eame":"x""#),
            "json.duplicate-name",
        ),
        bad(
            "proto-name",
            "`__proto__` is not a member in JavaScript",
            inject(r#""__proto__":{"name":"x"}"#),
            "json.forbidden-name",
        ),
        bad(
            "byte-order-mark",
            "JSON text has no byte order mark",
            format!("\u{feff}{dataset}"),
            "json.syntax",
        ),
        bad("trailing-text", "one document, and nothing after it", format!("{dataset}{{}}"), "json.syntax"),
        bad(
            "deep-nesting",
            "depth is refused before anything looks inside",
            format!("{}{}", "[".repeat(500), "]".repeat(500)),
            "json.too-deep",
        ),
        bad("lone-surrogate", "half a character is no text", inject(r#""version":"\ud800""#), "json.syntax"),
        bad(
            "inexact-integer",
            "an integer that a float cannot hold has two readings",
            inject(r#""size":9007199254740993"#),
            "json.inexact-integer",
        ),
        bad(
            "comment",
            "JSON has no comments",
            dataset.replacen('{', "{/* see appendix */", 1),
            "json.syntax",
        ),
        bad(
            "constructor-name",
            "`constructor` is as magic as `__proto__`",
            inject(r#""constructor":{"prototype":{}}"#),
            "json.forbidden-name",
        ),
        bad(
            "long-name",
            "a name longer than any term",
            inject(&format!("\"{}\":1", "n".repeat(257))),
            "json.name-too-long",
        ),
        bad(
            "long-string",
            "a string longer than any text in a passport",
            inject(&format!("\"version\":\"{}\"", "v".repeat((64 << 10) + 1))),
            "json.string-too-long",
        ),
        bad(
            "many-values",
            "more values than any passport has",
            inject(&format!("\"x\":[{}]", vec!["0"; 20_000].join(","))),
            "input.credential-too-large",
        ),
        bad(
            "infinite-number",
            "a number beyond every float is no number",
            inject(r#""size":1e400"#),
            "json.syntax",
        ),
    ]
}

/// Section B of the threats: what is shown is what is signed. Each change leaves a signature over statements
/// intact or undefined; the profile has to see it.
fn json_ld_layer(world: &World) -> Vec<Case> {
    let change = |change: &dyn Fn(&mut Json)| {
        let mut dataset = world.dataset.clone();
        change(&mut dataset);
        dataset.to_string()
    };
    let subject = "/credentialSubject";
    let wrapped = |inner: &str| Json::from(Object::from_iter([("@value", inner)]));
    vec![
        bad(
            "undefined-term",
            "a term that no context defines is shown and not signed",
            change(&|d| set(d, "/credentialSubject/approvedBy", "FDA")),
            "schema.unknown-field",
        ),
        bad(
            "inline-context",
            "an inline context can make a term mean nothing",
            change(&|d| {
                set(d, "/@context/-", read(r#"{"approved":null}"#));
                set(d, "/approved", "yes");
            }),
            "profile.contexts",
        ),
        bad(
            "nested-context",
            "a context inside the subject changes what its terms mean",
            change(&|d| set(d, "/credentialSubject/@context", read(r#"{"approved":null}"#))),
            "profile.keyword",
        ),
        bad(
            "context-order",
            "another order of contexts is another meaning",
            change(&|d| {
                set(
                    d,
                    "/@context",
                    read(r#"["https://w3id.org/model-passport/v1","https://www.w3.org/ns/credentials/v2"]"#),
                )
            }),
            "profile.contexts",
        ),
        bad(
            "context-look-alike",
            "a fragment makes another URL",
            change(&|d| set(d, "/@context/1", "https://w3id.org/model-passport/v1#")),
            "profile.contexts",
        ),
        bad(
            "unknown-keyword",
            "`@evil` is nothing that JSON-LD signs",
            change(&|d| set(d, "/credentialSubject/@evil", "x")),
            "profile.keyword",
        ),
        bad(
            "index-keyword",
            "`@index` is shown and not signed",
            change(&|d| set(d, "/credentialSubject/@index", "approved")),
            "profile.keyword",
        ),
        bad(
            "direction",
            "a value object hides text behind a direction",
            change(&|d| set(d, "/credentialSubject/name", read(r#"{"@value":"x","@direction":"rtl"}"#))),
            "profile.keyword",
        ),
        bad(
            "value-object",
            "the same statement in another shape",
            change(&|d| {
                let name = world
                    .dataset
                    .pointer("/credentialSubject/name")
                    .and_then(Json::as_str)
                    .unwrap_or_default();
                set(d, "/credentialSubject/name", wrapped(name));
            }),
            "profile.keyword",
        ),
        bad(
            "context-upper-case-host",
            "hosts are compared as written",
            change(&|d| set(d, "/@context/0", "https://WWW.w3.org/ns/credentials/v2")),
            "profile.contexts",
        ),
        bad(
            "context-slash",
            "a trailing slash makes another URL",
            change(&|d| set(d, "/@context/1", "https://w3id.org/model-passport/v1/")),
            "profile.contexts",
        ),
        bad(
            "context-query",
            "and so does a query",
            change(&|d| set(d, "/@context/1", "https://w3id.org/model-passport/v1?x")),
            "profile.contexts",
        ),
        bad(
            "context-vocab",
            "a context that gives any word a meaning",
            change(&|d| set(d, "/@context/-", "https://www.w3.org/ns/credentials/undefined-terms/v2")),
            "profile.contexts",
        ),
        bad(
            "context-joined",
            "two URLs in one string are no URL",
            change(&|d| {
                set(
                    d,
                    "/@context",
                    "https://www.w3.org/ns/credentials/v2\nhttps://w3id.org/model-passport/v1",
                )
            }),
            "profile.contexts",
        ),
        bad(
            "graph-keyword",
            "`@graph` around the subject",
            change(&|d| set(d, "/@graph", read(r#"[{"id":"urn:x"}]"#))),
            "profile.keyword",
        ),
        bad(
            "included-keyword",
            "`@included` adds what is not the subject's",
            change(&|d| set(d, "/credentialSubject/@included", read(r#"[{"id":"urn:x"}]"#))),
            "profile.keyword",
        ),
        bad(
            "reverse-keyword",
            "`@reverse` turns a statement around",
            change(&|d| set(d, "/credentialSubject/@reverse", read(r#"{"name":"x"}"#))),
            "profile.keyword",
        ),
        bad(
            "nest-keyword",
            "`@nest` hides that its members are the subject's",
            change(&|d| set(d, "/credentialSubject/@nest", read(r#"{"name":"x"}"#))),
            "profile.keyword",
        ),
        bad(
            "null-member",
            "null adds no statement, so it would be shown unsigned",
            change(&|d| set(d, "/validUntil", Json::Null)),
            "profile.null",
        ),
        bad(
            "empty-array",
            "an empty array adds no statement",
            change(&|d| set(d, "/evidence", Json::Array(vec![]))),
            "profile.empty",
        ),
        bad(
            "full-iri-member",
            "an IRI in place of its term",
            change(&|d| set(d, "/credentialSubject/https:~1~1schema.org~1name", "x")),
            "schema.unknown-field",
        ),
        bad(
            "issuer-object",
            "an issuer that names itself",
            change(&|d| {
                set(
                    d,
                    "/issuer",
                    read(&format!(r#"{{"id":"{}","name":"University Hospital"}}"#, world.lab.did)),
                )
            }),
            "schema.type",
        ),
        bad(
            "subject-array",
            "one subject in two objects",
            change(&|d| {
                let whole = d.pointer(subject).cloned().unwrap_or(Json::Null);
                set(d, subject, vec![whole]);
            }),
            "schema.type",
        ),
        bad(
            "repeated-id",
            "two nodes under one identifier could exchange what they say",
            change(&|d| {
                let id =
                    d.pointer("/credentialSubject/artifactManifest/file/0/id").cloned().unwrap_or(Json::Null);
                set(d, "/credentialSubject/artifactManifest/file/1/id", id);
            }),
            "profile.repeated-id",
        ),
        bad(
            "fraction",
            "implementations write fractions differently",
            change(&|d| {
                set(
                    d,
                    "/credentialSubject/artifactManifest/totalSize",
                    Json::Number(model_passport::json::Number::Double(1.5)),
                )
            }),
            "profile.fraction",
        ),
    ]
}

/// Section D of the threats.
fn proofs(world: &World) -> Vec<Case> {
    let World { lab, evaluator, stranger, dataset, .. } = world;
    let change = |change: &dyn Fn(&mut Json)| {
        let mut dataset = dataset.clone();
        change(&mut dataset);
        dataset.to_string()
    };
    let mut unsigned = dataset.clone();
    remove(&mut unsigned, "/proof");
    let with = |party: &Party, suite: Cryptosuite| party.issue(suite, unsigned.clone()).to_string();
    let p384 = Party::by_key(Algorithm::P384, 3);
    let co_signed = evaluator.sign(evaluator.suite(), dataset);
    vec![
        good("ecdsa-rdfc-2019-p384", "P-384 with SHA-384", with(&p384, Cryptosuite::EcdsaRdfc2019)),
        good("ecdsa-jcs-2019", "ECDSA over the JSON text", with(lab, Cryptosuite::EcdsaJcs2019)),
        good("ecdsa-jcs-2019-p384", "the same with P-384", with(&p384, Cryptosuite::EcdsaJcs2019)),
        good("eddsa-rdfc-2022", "Ed25519 over statements", with(evaluator, Cryptosuite::EddsaRdfc2022)),
        good("eddsa-jcs-2022", "Ed25519 over the JSON text", with(evaluator, Cryptosuite::EddsaJcs2022)),
        good("two-proofs", "a second party's signature beside the issuer's", co_signed.to_string()),
        good("high-s", "the second form of an ECDSA signature is as good as the first", change(&flip_s)),
        bad(
            "one-of-two-proofs-wrong",
            "every proof has to hold",
            {
                let mut both = co_signed.clone();
                set(&mut both, "/proof/1/proofValue", other_signature(evaluator));
                both.to_string()
            },
            "proof.signature-invalid",
        ),
        bad("no-proof", "a credential without proof is anybody's", unsigned.to_string(), "proof.none"),
        bad(
            "no-proof-in-array",
            "an empty list of proofs is no proof",
            change(&|d| set(d, "/proof", Json::Array(vec![]))),
            "profile.empty",
        ),
        bad(
            "claim-changed",
            "the signature covers every claim",
            change(&|d| set(d, "/credentialSubject/version", "6.6.6")),
            "proof.signature-invalid",
        ),
        bad(
            "signature-of-another",
            "a signature by the right key over something else",
            change(&|d| set(d, "/proof/proofValue", other_signature(lab))),
            "proof.signature-invalid",
        ),
        bad(
            "signature-too-short",
            "63 bytes are no P-256 signature",
            change(&|d| set(d, "/proof/proofValue", multibase::encode_base58btc(&[7; 63]))),
            "proof.signature-malformed",
        ),
        bad(
            "signature-zero",
            "r and s are at least 1",
            change(&|d| set(d, "/proof/proofValue", multibase::encode_base58btc(&[0; 64]))),
            "proof.signature-malformed",
        ),
        bad(
            "signature-base64",
            "a proof value is base58btc",
            change(&|d| set(d, "/proof/proofValue", multibase::encode_base64url(&[7; 64]))),
            "proof.member",
        ),
        bad(
            "suite-of-another-key",
            "eddsa with a P-256 key",
            change(&|d| set(d, "/proof/cryptosuite", "eddsa-rdfc-2022")),
            "proof.key-mismatch",
        ),
        bad(
            "suite-in-capitals",
            "names are compared byte for byte",
            change(&|d| set(d, "/proof/cryptosuite", "ECDSA-RDFC-2019")),
            "proof.unsupported-cryptosuite",
        ),
        bad(
            "legacy-proof-type",
            "other types of proof are not taken for this one",
            change(&|d| set(d, "/proof/type", "Ed25519Signature2020")),
            "schema.value",
        ),
        bad(
            "authentication-purpose",
            "a key that proves presence does not make statements",
            change(&|d| set(d, "/proof/proofPurpose", "authentication")),
            "proof.purpose",
        ),
        bad(
            "another-issuer",
            "a good signature by somebody who is not the issuer",
            stranger.sign(stranger.suite(), &unsigned).to_string(),
            "issuer.not-controller",
        ),
        bad(
            "issuer-exchanged",
            "the issuer is part of what is signed",
            change(&|d| set(d, "/issuer", stranger.did.as_str())),
            "proof.signature-invalid",
        ),
        bad(
            "jcs-context-exchanged",
            "the contexts that the proof names are the document's",
            {
                let mut signed = lab.issue(Cryptosuite::EcdsaJcs2019, unsigned.clone());
                set(&mut signed, "/proof/@context", read(r#"["https://www.w3.org/ns/credentials/v2"]"#));
                signed.to_string()
            },
            "schema.value",
        ),
        bad(
            "created-changed",
            "the options of a proof are signed too",
            change(&|d| set(d, "/proof/created", "2026-11-21T10:59:59Z")),
            "proof.signature-invalid",
        ),
        Case {
            policy: Policy { profile: Profile::ProofOnly, ..Policy::default() },
            ..case(
                "proof-only",
                "asked for by name: the proof holds, the issuer may be anyone",
                stranger.sign(stranger.suite(), &unsigned).to_string(),
                "verified-with-warnings",
                "policy.proof-only",
            )
        },
    ]
}

/// Several proofs on one credential, and proofs of odd shapes.
fn proof_sets(world: &World) -> Vec<Case> {
    let World { lab, evaluator, stranger, dataset, .. } = world;
    let change = |change: &dyn Fn(&mut Json)| {
        let mut dataset = dataset.clone();
        change(&mut dataset);
        dataset.to_string()
    };
    let beside = |proof: &dyn Fn(&mut Json)| {
        let mut both = evaluator.sign(evaluator.suite(), dataset);
        let mut second = remove_item(&mut both, "/proof", 1);
        proof(&mut second);
        set(&mut both, "/proof/-", second);
        both.to_string()
    };
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let signature =
        |bytes: &[u8]| change(&|d| set(d, "/proof/proofValue", multibase::encode_base58btc(bytes)));
    let mut unsigned = dataset.clone();
    remove(&mut unsigned, "/proof");
    let mut forged = stranger.sign(stranger.suite(), &unsigned);
    let bad_own = {
        let mut own = lab.sign(lab.suite(), &unsigned);
        set(&mut own, "/proof/proofValue", other_signature(lab));
        remove(&mut own, "/proof")
    };
    let good_other = remove(&mut forged, "/proof");
    set(&mut forged, "/proof", vec![bad_own, good_other]);
    vec![
        bad(
            "unknown-suite-beside",
            "every proof has to hold, also one that nobody here can read",
            beside(&|proof| set(proof, "/cryptosuite", "bbs-2023")),
            "proof.unsupported-cryptosuite",
        ),
        bad(
            "previous-proof-missing",
            "a chain without its first link",
            beside(&|proof| set(proof, "/previousProof", "urn:uuid:00000000-0000-4000-8000-000000000000")),
            "proof.previous-proof-missing",
        ),
        bad(
            "previous-proof-circle",
            "a proof that builds on itself",
            beside(&|proof| {
                set(proof, "/id", "urn:uuid:00000000-0000-4000-8000-000000000001");
                set(proof, "/previousProof", "urn:uuid:00000000-0000-4000-8000-000000000001");
            }),
            "proof.previous-proof-cycle",
        ),
        bad(
            "issuer-proof-wrong-other-good",
            "somebody else's good proof does not stand in for the issuer's",
            forged.to_string(),
            "proof.signature-invalid",
        ),
        bad(
            "suite-with-nul",
            "a name with a NUL is another name",
            change(&|d| set(d, "/proof/cryptosuite", "ecdsa-rdfc-2019\u{0}")),
            "proof.unsupported-cryptosuite",
        ),
        bad(
            "proof-expired",
            "a proof may have an end",
            {
                let mut signed = dataset.clone();
                set(&mut signed, "/proof/expires", "2026-11-02T00:00:00Z");
                signed.to_string()
            },
            "proof.expired",
        ),
        bad(
            "proof-unknown-member",
            "a proof holds nothing that its specification does not define",
            change(&|d| set(d, "/proof/approvedBy", "FDA")),
            "schema.unknown-field",
        ),
        bad(
            "signature-too-long",
            "65 bytes are no P-256 signature",
            signature(&[7; 65]),
            "proof.signature-malformed",
        ),
        bad(
            "signature-der",
            "nor is a DER sequence",
            signature(&[&[0x30, 0x44, 0x02, 0x20][..], &[7; 32], &[0x02, 0x20], &[7; 32]].concat()),
            "proof.signature-malformed",
        ),
        bad(
            "signature-r-is-order",
            "r and s are below the order of the group",
            signature(&[order, [7; 32]].concat()),
            "proof.signature-malformed",
        ),
    ]
}

/// Section C of the threats: what costs more than it is worth.
fn work(world: &World) -> Vec<Case> {
    let hostile = |subject: &str| {
        let key = world.lab.did.trim_start_matches("did:key:");
        let value = other_signature(&world.lab);
        format!(
            r#"{{"@context":["https://www.w3.org/ns/credentials/v2","https://w3id.org/model-passport/v1"],"id":"urn:uuid:6f4a3c1e-0000-4000-8000-000000000002","type":["VerifiableCredential","DatasetPassport"],"issuer":"{0}","validFrom":"2026-11-01T00:00:00Z","credentialSubject":{subject},"proof":{{"type":"DataIntegrityProof","cryptosuite":"ecdsa-rdfc-2019","proofPurpose":"assertionMethod","verificationMethod":"{0}#{key}","proofValue":"{value}"}}}}"#,
            world.lab.did
        )
    };
    let people = [r#"{"type":"Organization"}"#; 12].join(",");
    let group = format!(r#"{{"type":"Dataset","publisher":[{people}]}}"#);
    let proof_only = Policy { profile: Profile::ProofOnly, ..Policy::default() };
    let poison = hostile(&format!(r#"{{"type":"Dataset","wasDerivedFrom":[{group},{group}]}}"#));
    let long = format!(r#"{{"id":"urn:x:{}","type":"Dataset","modality":["a"]}}"#, "x".repeat(4000));
    vec![
        Case {
            policy: proof_only.clone(),
            ..bad("poison-graph", "a graph built to be canonicalized for ever", poison, "canon.over-budget")
        },
        Case {
            policy: proof_only,
            ..bad(
                "long-iri",
                "an identifier that every statement would repeat",
                hostile(&long),
                "jsonld.relative-iri",
            )
        },
    ]
}

fn remove_item(json: &mut Json, pointer: &str, at: usize) -> Json {
    let mut items = json.pointer(pointer).and_then(Json::as_array).map(<[Json]>::to_vec).unwrap_or_default();
    let item = items.remove(at);
    set(json, pointer, items);
    item
}

/// A well-formed signature over nothing that is in a case.
fn other_signature(party: &Party) -> String {
    multibase::encode_base58btc(&party.signer.sign(b"something else").unwrap_or_default())
}

/// Replaces `s` of a P-256 signature by `n - s`.
fn flip_s(credential: &mut Json) {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let value = credential.pointer("/proof/proofValue").and_then(Json::as_str).unwrap_or_default();
    let mut signature = multibase::decode(value).unwrap_or_default();
    let mut borrow = 0;
    for (s, n) in signature.iter_mut().rev().zip(ORDER.iter().rev()) {
        let difference = i16::from(*n) - i16::from(*s) - borrow;
        borrow = i16::from(difference < 0);
        *s = u8::try_from(difference.rem_euclid(256)).unwrap_or_default();
    }
    set(credential, "/proof/proofValue", multibase::encode_base58btc(&signature));
}

const HOSPITAL: &str = "did:web:hospital.example";
const HOSPITAL_DOCUMENT: &str = "https://hospital.example/.well-known/did.json";

/// Sections D and G of the threats: whose key it is.
fn keys_and_documents(world: &World) -> Vec<Case> {
    let hospital = Party::by_domain(Algorithm::P256, 5, HOSPITAL);
    let mut unsigned = world.dataset.clone();
    remove(&mut unsigned, "/proof");
    let signed = hospital.issue(hospital.suite(), unsigned.clone()).to_string();
    let multikey = hospital.signer.key().verifying_key().to_multikey();
    let document = |id: &str, relationship: &str, controller: &str, more: &str| {
        format!(
            r#"{{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1"],"id":"{id}","verificationMethod":[{{"id":"{id}#key-1","type":"Multikey","controller":"{controller}","publicKeyMultibase":"{multikey}"{more}}}],"{relationship}":["{id}#key-1"]}}"#
        )
    };
    let brought = |text: String| Evidence {
        documents: vec![Document { url: HOSPITAL_DOCUMENT.to_owned(), retrieved: None, text }],
        ..Evidence::default()
    };
    let with = |case: Case, text: String| Case { evidence: brought(text), ..case };
    let own = document(HOSPITAL, "assertionMethod", HOSPITAL, "");
    let mut foreign_fragment = unsigned;
    set(&mut foreign_fragment, "/issuer", world.lab.did.as_str());
    let mut foreign_fragment = world.lab.sign(world.lab.suite(), &foreign_fragment);
    let stranger = world.stranger.did.trim_start_matches("did:key:").to_owned();
    set(&mut foreign_fragment, "/proof/verificationMethod", format!("{}#{stranger}", world.lab.did));
    vec![
        with(good("did-web", "a domain's document names the key", signed.clone()), own.clone()),
        with(
            good(
                "did-web-in-bundle",
                "a document that the shell answers for counts, whatever the bundle brought",
                {
                    let credential = read(&signed);
                    bundle(&[&credential], &[(HOSPITAL_DOCUMENT, "{}")]).to_string()
                },
            ),
            own.clone(),
        ),
        case(
            "did-web-vouched-by-bundle",
            "a document in a bundle is the word of whoever made the bundle",
            {
                let credential = read(&signed);
                bundle(&[&credential], &[(HOSPITAL_DOCUMENT, own.as_str())]).to_string()
            },
            "could-not-check",
            "did.document-from-input",
        ),
        case(
            "did-web-without-document",
            "without the document nobody can say",
            signed.clone(),
            "could-not-check",
            "did.document-needed",
        ),
        with(
            bad(
                "did-document-of-another",
                "a document speaks for its own DID only",
                signed.clone(),
                "did.document-id-mismatch",
            ),
            document("did:web:other.example", "assertionMethod", "did:web:other.example", ""),
        ),
        with(
            bad(
                "did-key-for-authentication",
                "a key listed for authentication makes no statements",
                signed.clone(),
                "did.method-not-authorised",
            ),
            document(HOSPITAL, "authentication", HOSPITAL, ""),
        ),
        with(
            bad(
                "did-controller-foreign",
                "a listed key whose controller is somebody else",
                signed.clone(),
                "did.controller-mismatch",
            ),
            document(HOSPITAL, "assertionMethod", "did:web:other.example", ""),
        ),
        with(
            bad(
                "did-key-revoked",
                "the key was revoked before the proof was made",
                signed.clone(),
                "proof.key-revoked",
            ),
            document(HOSPITAL, "assertionMethod", HOSPITAL, r#","revoked":"2026-01-01T00:00:00Z""#),
        ),
        with(
            case(
                "did-key-revoked-later",
                "a proof that says it is older than the revocation",
                signed.clone(),
                "verified-with-warnings",
                "proof.key-revoked-since",
            ),
            document(HOSPITAL, "assertionMethod", HOSPITAL, r#","revoked":"2026-11-21T11:30:00Z""#),
        ),
        with(
            bad(
                "did-key-expired",
                "the key had expired when the proof was made",
                signed.clone(),
                "proof.key-expired",
            ),
            document(HOSPITAL, "assertionMethod", HOSPITAL, r#","expires":"2026-01-01T00:00:00Z""#),
        ),
        with(
            bad(
                "did-document-duplicate",
                "a document with two readings is not read",
                signed,
                "did.document-malformed",
            ),
            own.replacen("\"id\":", "\"id\":\"did:web:x.example\",\"id\":", 1),
        ),
        bad(
            "did-key-foreign-fragment",
            "a did:key has one key, and its fragment names it",
            foreign_fragment.to_string(),
            "did.method-not-found",
        ),
    ]
}

fn times(world: &World) -> Vec<Case> {
    let at = |now: &'static str, case: Case| Case { now, ..case };
    let dataset = world.dataset.to_string();
    let long_ago = world.dataset_with(|d| set(d, "/validFrom", "2001-01-01T00:00:00Z")).to_string();
    vec![
        bad(
            "not-yet-valid",
            "before its time",
            world.dataset_with(|d| set(d, "/validFrom", "2026-12-01T00:00:00Z")).to_string(),
            "validity.not-yet-valid",
        ),
        at("2099-01-01T00:00:00Z", bad("expired", "after its time", dataset, "validity.expired")),
        at(
            "2020-01-01T00:00:00Z",
            bad(
                "proof-from-the-future",
                "a proof is not made before it is checked",
                long_ago,
                "proof.created-in-future",
            ),
        ),
        bad(
            "validity-reversed",
            "an end before the beginning",
            world.dataset_with(|d| set(d, "/validUntil", "2026-10-01T00:00:00Z")).to_string(),
            "validity.reversed",
        ),
    ]
}

/// Section H of the threats.
fn lineage(world: &World) -> Vec<Case> {
    let World { lab, evaluator, dataset, model, evaluation, .. } = world;
    let other = world.dataset_with(|d| set(d, "/credentialSubject/version", "0.9.0"));
    let derived = world.dataset_with(|d| {
        let parent = r#"{"id":"https://archive.ics.uci.edu/dataset/17","type":"Dataset","digestMultibase":"uEiDjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ"}"#;
        set(d, "/credentialSubject/wasDerivedFrom", read(&format!("[{parent}]")));
    });
    let resigned = {
        let mut copy = dataset.clone();
        remove(&mut copy, "/proof");
        lab.sign(Cryptosuite::EcdsaJcs2019, &copy)
    };
    let weak = {
        let mut unsigned = World::unsigned_model(dataset);
        set(
            &mut unsigned,
            "/credentialSubject/trainedOn/0/digestMultibase",
            multibase::encode_base64url(&[&[0x11, 20][..], &[0; 20]].concat()),
        );
        lab.issue(lab.suite(), unsigned)
    };
    let wrong_kind = {
        let mut unsigned = World::unsigned_evaluation(dataset, model);
        set(
            &mut unsigned,
            "/credentialSubject/evaluates/digestMultibase",
            link(dataset).get("digestMultibase").cloned().unwrap_or(Json::Null),
        );
        evaluator.issue(evaluator.suite(), unsigned)
    };
    let supplied =
        Evidence { credentials: vec![model.to_string(), dataset.to_string()], ..Evidence::default() };
    vec![
        Case {
            evidence: supplied,
            ..good("parents-beside", "parents may come beside the credential", evaluation.to_string())
        },
        good(
            "parent-resigned",
            "a link pins the content, not the signature over it",
            bundle(&[evaluation, model, &resigned], &[]).to_string(),
        ),
        good(
            "parent-high-s",
            "nor one of the two forms of a signature",
            world.changed(|b| flip_s_at(b, DATASET)),
        ),
        case(
            "parent-missing",
            "what was not supplied is not proven",
            bundle(&[evaluation, model], &[]).to_string(),
            "could-not-check",
            "lineage.missing",
        ),
        case(
            "thing-declared",
            "data without a passport is somebody's word",
            derived.to_string(),
            "verified-with-warnings",
            "lineage.declared",
        ),
        bad(
            "metric-changed",
            "a metric is what the evaluator measured",
            world.changed(|b| set(b, &format!("{EVALUATION}/credentialSubject/metric/0/value"), "0.9999")),
            "proof.signature-invalid",
        ),
        bad(
            "parent-changed",
            "a parent changed after signing",
            world.changed(|b| set(b, &format!("{DATASET}/credentialSubject/version"), "2.0.0")),
            "proof.signature-invalid",
        ),
        bad(
            "parent-exchanged",
            "another version of the parent, well signed",
            bundle(&[evaluation, model, &other], &[]).to_string(),
            "lineage.digest-mismatch",
        ),
        bad(
            "proof-changed",
            "one byte of a proof",
            world.changed(|b| set(b, &format!("{MODEL}/proof/proofValue"), other_signature(lab))),
            "proof.signature-invalid",
        ),
        case(
            "parent-newer",
            "a parent that became valid after its child",
            {
                let later = world.dataset_with(|d| set(d, "/validFrom", "2026-11-10T00:00:00Z"));
                let model = lab.issue(lab.suite(), World::unsigned_model(&later));
                bundle(&[&model, &later], &[]).to_string()
            },
            "verified-with-warnings",
            "lineage.parent-newer",
        ),
        bad(
            "self-parent",
            "a credential cannot build on itself",
            {
                let mut own = World::unsigned_model(dataset);
                let id = own.get("id").cloned().unwrap_or(Json::Null);
                set(&mut own, "/credentialSubject/trainedOn/0/id", id);
                set(&mut own, "/credentialSubject/trainedOn/0/type", "ModelPassport");
                lab.issue(lab.suite(), own).to_string()
            },
            "profile.repeated-id",
        ),
        bad(
            "two-contents-one-id",
            "one identifier, two credentials",
            bundle(&[evaluation, model, dataset, &other], &[]).to_string(),
            "lineage.conflicting-ids",
        ),
        bad(
            "weak-digest",
            "SHA-1 does not bind a parent",
            bundle(&[&weak, dataset], &[]).to_string(),
            "schema.format",
        ),
        bad(
            "parent-of-another-kind",
            "a link that says model and leads to data",
            bundle(&[&wrong_kind, model, dataset], &[]).to_string(),
            "lineage.wrong-parent",
        ),
        bad(
            "parent-not-valid",
            "trouble of a parent is its child's",
            {
                let expired = world.dataset_with(|d| set(d, "/validUntil", "2026-11-21T10:30:00Z"));
                let model = lab.issue(lab.suite(), World::unsigned_model(&expired));
                bundle(&[&model, &expired], &[]).to_string()
            },
            "validity.expired",
        ),
        Case {
            evidence: Evidence { credentials: vec!["not a credential".into()], ..Evidence::default() },
            ..case(
                "supplied-unreadable",
                "what was brought and cannot be read is said",
                dataset.to_string(),
                "verified-with-warnings",
                "lineage.supplied-unreadable",
            )
        },
    ]
}

fn flip_s_at(bundle: &mut Json, pointer: &str) {
    let mut credential = bundle.pointer(pointer).cloned().unwrap_or(Json::Null);
    flip_s(&mut credential);
    set(bundle, pointer, credential);
}

fn artifacts(world: &World) -> Vec<Case> {
    let files: Vec<Artifact> = world
        .model
        .pointer("/credentialSubject/artifactManifest/file")
        .map(Json::one_or_many)
        .unwrap_or_default()
        .iter()
        .map(|file| {
            let text = |name: &str| file.get(name).and_then(Json::as_str).unwrap_or_default();
            let digest = Digest::from_multibase(text("digestMultibase")).ok();
            Artifact {
                path: text("path").to_owned(),
                size: file
                    .get("size")
                    .and_then(Json::as_i64)
                    .and_then(|size| u64::try_from(size).ok())
                    .unwrap_or_default(),
                sha256: digest.map(|digest| digest.to_hex()),
                merkle_root: Some(text("merkleRoot").to_owned()),
            }
        })
        .collect();
    let brought = |files: Vec<Artifact>| Evidence { artifacts: files, ..Evidence::default() };
    let bundle = world.all().to_string();
    let with = |case: Case, files: Vec<Artifact>| Case { evidence: brought(files), ..case };
    let only = |sha256: bool, files: &[Artifact]| {
        let keep = |file: &Artifact| Artifact {
            sha256: file.sha256.clone().filter(|_| sha256),
            merkle_root: file.merkle_root.clone().filter(|_| !sha256),
            ..file.clone()
        };
        files.iter().map(keep).collect::<Vec<_>>()
    };
    let changed = |change: &dyn Fn(&mut Artifact)| {
        let mut files = files.clone();
        files.iter_mut().take(1).for_each(change);
        files
    };
    let required = Policy { require_artifacts: true, ..Policy::default() };
    vec![
        with(good("model-files", "the files are the ones in the passport", bundle.clone()), files.clone()),
        with(good("model-files-by-sha256", "SHA-256 alone is enough", bundle.clone()), only(true, &files)),
        with(
            good("model-files-by-root", "the Merkle root alone is enough", bundle.clone()),
            only(false, &files),
        ),
        with(
            bad("model-file-changed", "one byte of the model", bundle.clone(), "artifacts.mismatch"),
            changed(&|file| {
                file.sha256 = Some("0".repeat(64));
                file.merkle_root = None;
            }),
        ),
        with(
            bad(
                "model-file-longer",
                "the same digest for another size is no file",
                bundle.clone(),
                "artifacts.mismatch",
            ),
            changed(&|file| file.size += 1),
        ),
        with(
            bad(
                "model-file-digests-disagree",
                "each digest that is given has to match",
                bundle.clone(),
                "artifacts.mismatch",
            ),
            changed(&|file| {
                file.merkle_root = Some("uEiAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into())
            }),
        ),
        with(
            bad(
                "file-without-digest",
                "a name and a size are no proof",
                bundle.clone(),
                "artifacts.mismatch",
            ),
            changed(&|file| {
                file.sha256 = None;
                file.merkle_root = None;
            }),
        ),
        with(
            bad("file-unknown", "a file that nobody speaks about", bundle.clone(), "artifacts.unknown-file"),
            changed(&|file| {
                file.path = "other.bin".into();
                file.sha256 = Some("0".repeat(64));
            }),
        ),
        Case {
            policy: required,
            ..case(
                "model-files-required",
                "a policy can insist on the files",
                bundle,
                "could-not-check",
                "artifacts.not-at-hand",
            )
        },
    ]
}
