//! The verifier of model passports in WebAssembly.
//!
//! Text goes in and JSON text comes out: a JavaScript object has already lost large numbers and duplicate
//! names. The same core as the `passport` binary decides everything; this crate only converts.
//!
//! In scope: the conversions, and handing signatures to a host that checks them faster.
//! Out of scope: the clock, the network and files, which the JavaScript around it owns (`index.js`).
//!
//! # Errors
//! Hostile text is a failed check in the report. Only misuse by the caller throws: evidence or a policy
//! that is not of its shape, a time that is none. What is thrown is the text `code message`, of which
//! `index.js` makes a `PassportVerifierError`.

use model_passport::digest::merkle;
use model_passport::{Answer, Evidence, Need, Policy, Timestamp};
use sha2::Digest as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// The version of the verifier, which every report names.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    model_passport::VERSION.to_owned()
}

/// What has to be brought before a verdict can be given: JSON text of a list of needs.
///
/// # Errors
/// `misuse.evidence`, `misuse.policy`
#[wasm_bindgen]
pub fn needs(text: &str, evidence: &str, policy: &str) -> Result<String, String> {
    Ok(Need::list_to_json(&model_passport::needs(text, &read_evidence(evidence)?, &read_policy(policy)?)))
}

/// Verifies in one go, signatures included: JSON text of the report.
///
/// # Errors
/// `misuse.evidence`, `misuse.policy`, `misuse.now`
#[wasm_bindgen]
pub fn verify(text: &str, evidence: &str, policy: &str, now: &str) -> Result<String, String> {
    let report =
        model_passport::verify(text, &read_evidence(evidence)?, &read_policy(policy)?, read_time(now)?);
    Ok(report.to_json())
}

/// A verification in two halves, between which the host checks the signatures.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Verification(model_passport::Verification);

#[wasm_bindgen]
impl Verification {
    /// Everything up to the signatures.
    ///
    /// # Errors
    /// `misuse.evidence`, `misuse.policy`, `misuse.now`
    pub fn begin(text: &str, evidence: &str, policy: &str, now: &str) -> Result<Self, String> {
        let (evidence, policy, now) = (read_evidence(evidence)?, read_policy(policy)?, read_time(now)?);
        Ok(Self(model_passport::Verification::begin(text, &evidence, &policy, now)))
    }

    /// How many signatures there are to check.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.signatures().len()
    }

    /// `P-256`, `P-384` or `Ed25519`; nothing beyond the last signature.
    #[must_use]
    pub fn algorithm(&self, index: usize) -> Option<String> {
        self.0.signatures().get(index).map(|check| check.key.algorithm().curve().to_owned())
    }

    /// The public key: an uncompressed point, or the 32 bytes of Ed25519.
    #[must_use]
    pub fn key(&self, index: usize) -> Option<Vec<u8>> {
        self.0.signatures().get(index).map(|check| check.key.uncompressed())
    }

    /// What was signed, before the hash that is part of the algorithm.
    #[must_use]
    pub fn message(&self, index: usize) -> Option<Vec<u8>> {
        self.0.signatures().get(index).map(|check| check.message.clone())
    }

    /// The signature: `r` and `s` side by side, or the 64 bytes of Ed25519.
    #[must_use]
    pub fn signature(&self, index: usize) -> Option<Vec<u8>> {
        self.0.signatures().get(index).map(|check| check.signature.clone())
    }

    /// The report, given one answer a signature: 1 valid, 0 invalid. Any other, or none, leaves the
    /// signature to be checked here, so that a host that lacks an algorithm changes nothing.
    #[must_use]
    pub fn finish(self, answers: &[u8]) -> String {
        let checks = self.0.signatures().iter().enumerate();
        let answers: Vec<_> = checks
            .map(|(index, check)| match answers.get(index) {
                Some(1) => Answer::Valid,
                Some(0) => Answer::Invalid,
                _ => check.answer(),
            })
            .collect();
        self.0.finish(&answers).to_json()
    }
}

/// The hash of one chunk of a file, for hosts without WebCrypto.
#[wasm_bindgen(js_name = merkleLeaf)]
#[must_use]
pub fn merkle_leaf(chunk: &[u8]) -> Vec<u8> {
    merkle::leaf(chunk).to_vec()
}

/// The Merkle root over the leaf hashes of a file, put one after the other.
///
/// # Errors
/// `misuse.leaves` when they are not 32 bytes each.
#[wasm_bindgen(js_name = merkleRoot)]
pub fn merkle_root(leaves: &[u8]) -> Result<String, String> {
    match leaves.as_chunks::<32>() {
        (leaves, []) => Ok(merkle::root(leaves.iter().copied()).to_multibase()),
        (_, rest) => Err(misuse("misuse.leaves", &format!("{} bytes after the last whole hash", rest.len()))),
    }
}

/// SHA-256 of bytes that arrive in pieces, for a passport that lists nothing else of a large file: `WebCrypto` cannot
/// hash in parts.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Sha256(sha2::Sha256);

#[wasm_bindgen]
impl Sha256 {
    /// Of nothing so far.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash, once all bytes were taken.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

fn read_evidence(text: &str) -> Result<Evidence, String> {
    read(text, Evidence::from_json).map_err(|error| misuse("misuse.evidence", &error))
}

fn read_policy(text: &str) -> Result<Policy, String> {
    read(text, Policy::from_json).map_err(|error| misuse("misuse.policy", &error))
}

fn read_time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|error| misuse("misuse.now", &error))
}

/// No text stands for the default.
fn read<T: Default, E>(text: &str, from_json: fn(&str) -> Result<T, E>) -> Result<T, E> {
    if text.is_empty() { Ok(T::default()) } else { from_json(text) }
}

fn misuse(code: &str, message: &dyn std::fmt::Display) -> String {
    format!("{code} {message}")
}
