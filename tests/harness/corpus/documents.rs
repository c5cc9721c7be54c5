//! Sections D and G of the threats: whose key it is.

use super::*;

const HOSPITAL: &str = "did:web:hospital.example";
const HOSPITAL_DOCUMENT: &str = "https://hospital.example/.well-known/did.json";

/// Sections D and G of the threats: whose key it is.
pub(super) fn keys_and_documents(world: &World) -> Vec<Case> {
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
