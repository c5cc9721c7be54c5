//! What each fuzz target does with its bytes. Everything a stranger can hand over is read here: no input may panic,
//! and what is read has to stay what it is when it is written and read again.
//!
//! Shared by the targets of cargo-fuzz in this folder and by the test `fuzz`, which feeds the same functions with the
//! corpus and with mutations of it on a stable compiler.

use model_passport::canon::rdfc::{self, HashAlgorithm};
use model_passport::canon::{jcs, nquads};
use model_passport::did::{self, DidUrl, Relationship};
use model_passport::digest::{Digest, sha256};
use model_passport::evidence::{Evidence, Policy, Profile};
use model_passport::jose;
use model_passport::json::{self, Json};
use model_passport::jsonld::{self, ContextLoader};
use model_passport::key::{Algorithm, VerifyingKey};
use model_passport::limits::Budget;
use model_passport::multibase;
use model_passport::proof::{Proof, Secured};
use model_passport::records;
use model_passport::status::{Bitstring, Entry, StatusList};
use model_passport::{Timestamp, Verdict, needs, verify};

/// A target.
pub type Target = fn(&[u8]);

/// All of them, by name.
pub const TARGETS: [(&str, Target); 10] = [
    ("bitstring", bitstring),
    ("bundle", bundle),
    ("jcs", jcs),
    ("json", json),
    ("jsonld", jsonld),
    ("jws", jws),
    ("multikey_did", multikey_did),
    ("nquads", nquads),
    ("proof_value", proof_value),
    ("record_proof", record_proof),
];

fn text(data: &[u8]) -> &str {
    std::str::from_utf8(data).unwrap_or_default()
}

/// 2026-11-21T12:00:00Z
const NOW: i64 = 1_795_262_400;

/// JSON: what is read and written is read as the same.
pub fn json(data: &[u8]) {
    let Ok(read) = json::parse(text(data)) else { return };
    assert_eq!(json::parse(&read.to_string()).as_ref(), Ok(&read));
}

/// RFC 8785: the canonical form is a fixed point.
pub fn jcs(data: &[u8]) {
    let Ok(read) = json::parse(text(data)) else { return };
    let canonical = jcs::to_string(&read);
    if let Ok(again) = json::parse(&canonical) {
        assert_eq!(jcs::to_string(&again), canonical);
    }
}

/// JSON-LD to canonical statements: what comes of it are statements.
pub fn jsonld(data: &[u8]) {
    let Ok(document) = json::parse(text(data)) else { return };
    let budget = &mut Budget::new(2_000_000);
    let Ok(canonical) = jsonld::canonize(&document, ContextLoader::embedded(), HashAlgorithm::Sha256, budget)
    else {
        return;
    };
    nquads(canonical.as_bytes());
}

/// N-Quads and RDFC-1.0: the canonical form is a fixed point.
pub fn nquads(data: &[u8]) {
    let Ok(parsed) = nquads::parse(text(data)) else { return };
    let canonize = |dataset| rdfc::canonicalize(dataset, HashAlgorithm::Sha256, &mut Budget::new(2_000_000));
    let Ok(first) = canonize(&parsed.dataset) else { return };
    let again = nquads::parse(&first.text).expect("canonical statements are statements");
    if let Ok(second) = canonize(&again.dataset) {
        assert_eq!(second.text, first.text);
    }
}

/// The proof and its value, of every suite, CBOR included, up to the signatures.
pub fn proof_value(data: &[u8]) {
    let Ok(document) = json::parse(text(data)) else { return raw_proof_value(data) };
    if let Some(proof) = document.get("proof") {
        _ = proof.one_or_many().iter().map(Proof::parse).filter(Result::is_ok).count();
    }
    check_signatures(document);
}

/// Bytes as the proof value of a small credential.
fn raw_proof_value(data: &[u8]) {
    let value = multibase::encode_base64url(data);
    let document = format!(
        r#"{{"@context":["https://www.w3.org/ns/credentials/v2",{{"@vocab":"urn:v#"}}],"type":["VerifiableCredential"],"credentialSubject":{{"a":{{"b":"c"}}}},
        "proof":{{"type":"DataIntegrityProof","cryptosuite":"ecdsa-sd-2023","proofPurpose":"assertionMethod","verificationMethod":"{KEY}","proofValue":"{value}"}}}}"#
    );
    if let Ok(document) = json::parse(&document) {
        check_signatures(document);
    }
}

const KEY: &str = "did:key:zDnaeUKTWUXc1HDpGfKbEK31nKLN19yX5aunFd7VK1CUMeyJu#zDnaeUKTWUXc1HDpGfKbEK31nKLN19yX5aunFd7VK1CUMeyJu";

fn check_signatures(document: Json) {
    let Ok(mut secured) = Secured::read(document) else { return };
    let url: DidUrl = KEY.parse().expect("a DID URL");
    let Ok(method) = did::resolve_method(&url, Relationship::AssertionMethod, None) else { return };
    let count = secured.proofs().len();
    for index in 0..count {
        let (contexts, budget) = (ContextLoader::embedded(), &mut Budget::new(2_000_000));
        if let Ok(checks) = secured.signature_checks(index, &method.key, 64, contexts, budget) {
            assert!(!checks.is_empty() && checks.len() <= 64);
        }
    }
}

/// Keys, DIDs and DID documents: a key has one spelling.
pub fn multikey_did(data: &[u8]) {
    let text = text(data);
    if let Ok(key) = VerifyingKey::from_multikey(text) {
        assert_eq!(key.to_multikey(), text);
    }
    for algorithm in [Algorithm::Ed25519, Algorithm::P256, Algorithm::P384] {
        if let Ok(key) = VerifyingKey::from_compressed(algorithm, data) {
            assert_eq!(key.compressed(), data);
        }
    }
    if let Ok(bytes) = multibase::decode(text) {
        let written =
            if text.starts_with('z') { multibase::encode_base58btc } else { multibase::encode_base64url };
        assert_eq!(written(&bytes), text);
    }
    if let Ok(url) = text.parse::<DidUrl>() {
        assert_eq!(url.to_string(), text);
        _ = did::document_url(url.did());
        _ = did::resolve_method(&url, Relationship::AssertionMethod, None);
    }
    let url: DidUrl = "did:web:lab.example#key-1".parse().expect("a DID URL");
    _ = did::resolve_method(&url, Relationship::AssertionMethod, Some(text));
}

/// Status lists: base64url, gzip, bits.
pub fn bitstring(data: &[u8]) {
    for encoded in [text(data).to_owned(), multibase::encode_base64url(data)] {
        if let Ok(bits) = Bitstring::expand(&encoded, 1 << 20) {
            assert!(bits.len() <= 1 << 20);
            for index in [0, 7, 131_071, u64::MAX] {
                for size in [0, 1, 3, 8, 255] {
                    _ = bits.value(index, size);
                }
            }
        }
    }
    if let Ok(json) = json::parse(text(data)) {
        _ = StatusList::read(&json);
        if let Some(entries) = json.get("credentialStatus") {
            _ = entries.one_or_many().iter().filter(|entry| Entry::read(entry).is_ok()).count();
        }
    }
}

/// Proofs about a record of a data set: read and checked, and never good for a commitment that nobody made.
pub fn record_proof(data: &[u8]) {
    if let Ok(proof) = records::Proof::parse(text(data)) {
        assert_eq!(records::Proof::parse(&proof.to_json().to_string()).as_ref(), Ok(&proof));
        assert!(records::check(&proof, &Digest::of("a commitment"), &sha256(data)).is_err());
    }
}

/// JSON Web Signatures, alone and as what is handed over.
pub fn jws(data: &[u8]) {
    let text = text(data);
    _ = jose::parse(text);
    for profile in [Profile::Standard, Profile::ProofOnly] {
        whole(text, profile);
    }
}

/// The whole way, under each profile: nothing that was made of anybody's bytes is good.
pub fn bundle(data: &[u8]) {
    for profile in [Profile::Passport, Profile::Standard, Profile::ProofOnly] {
        whole(text(data), profile);
    }
}

fn whole(text: &str, profile: Profile) {
    let (evidence, policy) = (Evidence::default(), Policy { profile, ..Policy::default() });
    _ = needs(text, &evidence, &policy);
    let report = verify(text, &evidence, &policy, Timestamp::from_unix_secs(NOW));
    assert!(json::parse(&report.to_json()).is_ok(), "a report is JSON");
    if report.verdict == Verdict::NotVerified {
        assert!(report.checks.iter().any(|check| check.blocks()), "a refusal has a reason");
    }
}
