//! Sections B and C of the threats: what is shown is what is signed, and what costs more than it is worth.

use super::proofs::other_signature;
use super::*;

/// Section B of the threats: what is shown is what is signed. Each change leaves a signature over statements
/// intact or undefined; the profile has to see it.
pub(super) fn json_ld_layer(world: &World) -> Vec<Case> {
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

/// Section C of the threats: what costs more than it is worth.
pub(super) fn work(world: &World) -> Vec<Case> {
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
