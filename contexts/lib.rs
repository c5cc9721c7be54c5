//! The documents a verifier trusts: JSON-LD contexts and JSON Schemas, embedded and pinned by digest.
//!
//! Nothing here is ever fetched. A context that is not in [`all`] is unknown, whatever a network says, and a
//! URL is matched byte by byte: another case, a fragment or a trailing slash is another document.
//!
//! Where each file comes from, under which licence, and how to update it: `README.md` beside this file.

/// An embedded document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document {
    /// The URL by which it is named.
    pub url: &'static str,
    /// Its text.
    pub text: &'static str,
    /// SHA-256 of the text, in lower-case hexadecimal.
    pub sha256: &'static str,
}

/// The context of every passport, first in its `@context`.
pub static CREDENTIALS_V2: Document = Document {
    url: "https://www.w3.org/ns/credentials/v2",
    text: include_str!("w3c/credentials-v2.jsonld"),
    sha256: "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
};

/// Our own terms, second in a passport's `@context`.
pub static PASSPORT_V1: Document = Document {
    url: "https://w3id.org/model-passport/v1",
    text: include_str!("passport/v1.jsonld"),
    sha256: "0318dcd3f3e533556b5e2eb64d4ac1b0d97a7a2f92c62fbb4a6dee61b73ecd34",
};

/// Verifiable Credentials 1.1, for foreign credentials.
pub static CREDENTIALS_V1: Document = Document {
    url: "https://www.w3.org/2018/credentials/v1",
    text: include_str!("w3c/credentials-v1.jsonld"),
    sha256: "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
};

/// Data Integrity proofs on documents that do not use [`CREDENTIALS_V2`].
pub static DATA_INTEGRITY_V2: Document = Document {
    url: "https://w3id.org/security/data-integrity/v2",
    text: include_str!("w3c/data-integrity-v2.jsonld"),
    sha256: "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
};

/// Keys in DID documents.
pub static MULTIKEY_V1: Document = Document {
    url: "https://w3id.org/security/multikey/v1",
    text: include_str!("w3c/multikey-v1.jsonld"),
    sha256: "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
};

/// DID documents.
pub static DID_V1: Document = Document {
    url: "https://www.w3.org/ns/did/v1",
    text: include_str!("w3c/did-v1.jsonld"),
    sha256: "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
};

/// Controlled identifier documents.
pub static CID_V1: Document = Document {
    url: "https://www.w3.org/ns/cid/v1",
    text: include_str!("w3c/cid-v1.jsonld"),
    sha256: "ea216ecc1cb02cd39b693dba2250141e270ba0bf95890be107dd9a9e8e43de85",
};

/// What the schemas of the credential kinds have in common.
pub static COMMON_SCHEMA: Document = Document {
    url: "https://w3id.org/model-passport/v1/common.schema.json",
    text: include_str!("passport/common.schema.json"),
    sha256: "6ec0b5aa338b2e411e77a2a6803f5239a2814209097073e276d892eefa3fcb62",
};

/// What a `DatasetPassport` credential must hold.
pub static DATASET_PASSPORT_SCHEMA: Document = Document {
    url: "https://w3id.org/model-passport/v1/dataset-passport.schema.json",
    text: include_str!("passport/dataset-passport.schema.json"),
    sha256: "2b84a6a60d463aee79af6a29c6e0c1ea84826a552c59bcaccfc4efd9e9b1b7fa",
};

/// What a `ModelPassport` credential must hold.
pub static MODEL_PASSPORT_SCHEMA: Document = Document {
    url: "https://w3id.org/model-passport/v1/model-passport.schema.json",
    text: include_str!("passport/model-passport.schema.json"),
    sha256: "6709b68167ae7fa832da8735a44755536f4d5cfed1c533e37584464b77e74c04",
};

/// What an `EvaluationAttestation` credential must hold.
pub static EVALUATION_ATTESTATION_SCHEMA: Document = Document {
    url: "https://w3id.org/model-passport/v1/evaluation-attestation.schema.json",
    text: include_str!("passport/evaluation-attestation.schema.json"),
    sha256: "7b32d07e0dd5301547b8216c05e4990402581f67e73cf5eeb8884ea9c811a9fe",
};

/// What a `ProcessingAttestation` credential must hold.
pub static PROCESSING_ATTESTATION_SCHEMA: Document = Document {
    url: "https://w3id.org/model-passport/v1/processing-attestation.schema.json",
    text: include_str!("passport/processing-attestation.schema.json"),
    sha256: "98962f84905b8ed45270c37cfed84f03e58d28fed676011ee393598e68b4603a",
};

/// What an `ApprovalAttestation` credential must hold.
pub static APPROVAL_ATTESTATION_SCHEMA: Document = Document {
    url: "https://w3id.org/model-passport/v1/approval-attestation.schema.json",
    text: include_str!("passport/approval-attestation.schema.json"),
    sha256: "30f6830d80e368e739dfcc2a8d97ae6398e40700cb8a6eab4862cb3b128c356d",
};

/// What a `DeploymentAttestation` credential must hold.
pub static DEPLOYMENT_ATTESTATION_SCHEMA: Document = Document {
    url: "https://w3id.org/model-passport/v1/deployment-attestation.schema.json",
    text: include_str!("passport/deployment-attestation.schema.json"),
    sha256: "aff3d652f4b228aaa77ae94d9053651616527bd73bb6541640cbc63b3b84c834",
};

/// What a `MonitoringAttestation` credential must hold.
pub static MONITORING_ATTESTATION_SCHEMA: Document = Document {
    url: "https://w3id.org/model-passport/v1/monitoring-attestation.schema.json",
    text: include_str!("passport/monitoring-attestation.schema.json"),
    sha256: "422cf1d776f16b3d26aa8fd86bda4342e4332c148bacc29cdd8047337de1d9c5",
};

/// What a `RecognitionCredential` must hold.
pub static RECOGNITION_CREDENTIAL_SCHEMA: Document = Document {
    url: "https://w3id.org/model-passport/v1/recognition-credential.schema.json",
    text: include_str!("passport/recognition-credential.schema.json"),
    sha256: "3f0aeaa5dac22ea13493dd7799259032bdb4fa05ebbd8645c19af958d6dbc225",
};

/// What a verifier may ask for.
pub static POLICY_SCHEMA: Document = Document {
    url: "https://w3id.org/model-passport/v1/policy.schema.json",
    text: include_str!("passport/policy.schema.json"),
    sha256: "b2a73fed7b904ab624bc6cec1ce50d670450622de9c22539676302ed6fc21906",
};

/// Whom a verifier recognises.
pub static TRUST_SCHEMA: Document = Document {
    url: "https://w3id.org/model-passport/v1/trust.schema.json",
    text: include_str!("passport/trust.schema.json"),
    sha256: "f4db453c1f4b97ac76f147ae05cc87c5e0915c286d6360d0903ecc0e598fc0de",
};

/// What every verifier answers: the one wire type that all shells share.
pub static REPORT_SCHEMA: Document = Document {
    url: "https://w3id.org/model-passport/v1/report.schema.json",
    text: include_str!("passport/report.schema.json"),
    sha256: "6b146cb45ad3526e3c400746d1dadfb1c9437077ccb166d6bbb6fc74ea275188",
};

static CONTEXTS: [&Document; 7] =
    [&CREDENTIALS_V2, &PASSPORT_V1, &CREDENTIALS_V1, &DATA_INTEGRITY_V2, &MULTIKEY_V1, &DID_V1, &CID_V1];

static SCHEMAS: [&Document; 12] = [
    &COMMON_SCHEMA,
    &DATASET_PASSPORT_SCHEMA,
    &MODEL_PASSPORT_SCHEMA,
    &EVALUATION_ATTESTATION_SCHEMA,
    &PROCESSING_ATTESTATION_SCHEMA,
    &APPROVAL_ATTESTATION_SCHEMA,
    &DEPLOYMENT_ATTESTATION_SCHEMA,
    &MONITORING_ATTESTATION_SCHEMA,
    &RECOGNITION_CREDENTIAL_SCHEMA,
    &POLICY_SCHEMA,
    &TRUST_SCHEMA,
    &REPORT_SCHEMA,
];

/// Every embedded context.
#[must_use]
pub fn all() -> &'static [&'static Document] {
    &CONTEXTS
}

/// The context that has exactly this URL.
#[must_use]
pub fn get(url: &str) -> Option<&'static Document> {
    CONTEXTS.iter().copied().find(|document| document.url == url)
}

/// Every embedded schema.
#[must_use]
pub fn schemas() -> &'static [&'static Document] {
    &SCHEMAS
}

/// The schema of a kind of credential, such as `ModelPassport`.
#[must_use]
pub fn schema(kind: &str) -> Option<&'static Document> {
    match kind {
        "ApprovalAttestation" => Some(&APPROVAL_ATTESTATION_SCHEMA),
        "DatasetPassport" => Some(&DATASET_PASSPORT_SCHEMA),
        "DeploymentAttestation" => Some(&DEPLOYMENT_ATTESTATION_SCHEMA),
        "EvaluationAttestation" => Some(&EVALUATION_ATTESTATION_SCHEMA),
        "ModelPassport" => Some(&MODEL_PASSPORT_SCHEMA),
        "MonitoringAttestation" => Some(&MONITORING_ATTESTATION_SCHEMA),
        "ProcessingAttestation" => Some(&PROCESSING_ATTESTATION_SCHEMA),
        "RecognitionCredential" => Some(&RECOGNITION_CREDENTIAL_SCHEMA),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn documents() -> impl Iterator<Item = &'static Document> {
        all().iter().chain(schemas()).copied()
    }

    #[test]
    fn each_digest_is_that_of_the_text() {
        let wrong: Vec<String> = documents()
            .map(|document| {
                let bytes = Sha256::digest(document.text);
                (document, bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
            })
            .filter(|(document, actual)| document.sha256 != actual)
            .map(|(document, actual)| format!("{} is {actual}", document.url))
            .collect();
        assert!(wrong.is_empty(), "update lib.rs: {wrong:#?}");
    }

    #[test]
    fn each_text_is_json_and_each_schema_carries_its_url() {
        for document in documents() {
            let json: serde_json::Value = serde_json::from_str(document.text).expect(document.url);
            if let Some(id) = json.get("$id") {
                assert_eq!(id, document.url);
            } else {
                assert!(json.get("@context").is_some(), "{}", document.url);
            }
        }
    }

    #[test]
    fn a_url_is_matched_byte_by_byte() {
        assert_eq!(get(CREDENTIALS_V2.url), Some(&CREDENTIALS_V2));
        for look_alike in
            ["", "#", "/", "?x"].map(|tail| format!("https://www.w3.org/ns/credentials/V2{tail}"))
        {
            assert_eq!(get(&look_alike), None);
        }
        assert_eq!(get("https://www.w3.org/ns/credentials/v2#"), None);
    }

    #[test]
    fn no_url_stands_for_two_documents() {
        let mut urls: Vec<_> = documents().map(|document| document.url).collect();
        urls.sort_unstable();
        urls.dedup();
        assert_eq!(urls.len(), documents().count());
    }

    /// The traps of JSON-LD by which one signature covers two readings; none may be in our context.
    #[test]
    fn our_context_is_plain() {
        let json: serde_json::Value = serde_json::from_str(PASSPORT_V1.text).unwrap();
        let terms = json["@context"].as_object().unwrap();
        assert_eq!(terms["@version"], 1.1);
        assert_eq!(terms["@protected"], true);
        let mut iris = Vec::new();
        for (term, definition) in terms.iter().filter(|(term, _)| !term.starts_with('@')) {
            let iri = match definition {
                serde_json::Value::String(iri) => iri,
                other => {
                    let members = other.as_object().expect(term);
                    assert!(members.keys().all(|key| ["@id", "@type"].contains(&key.as_str())), "{term}");
                    members["@id"].as_str().expect(term)
                }
            };
            assert!(iri.starts_with("http"), "{term}: {iri} is not written out");
            iris.push(iri);
        }
        assert!(terms.keys().filter(|term| term.starts_with('@')).eq(["@protected", "@version"]));
        let credentials: serde_json::Value = serde_json::from_str(CREDENTIALS_V2.text).unwrap();
        for (term, definition) in credentials["@context"].as_object().unwrap() {
            assert!(
                term.starts_with('@') || !terms.contains_key(term),
                "{term} is defined by the other context"
            );
            iris.extend(
                definition
                    .as_str()
                    .or_else(|| definition["@id"].as_str())
                    .filter(|iri| !iri.starts_with('@')),
            );
        }
        let all = iris.len();
        iris.sort_unstable();
        iris.dedup();
        assert_eq!(iris.len(), all, "two terms for one IRI");
    }
}
