//! The second opinion: before a credential that we made leaves, an implementation that shares no code with ours
//! reads it, canonicalises it and verifies each of its proofs. A disagreement stops the release.
//!
//! | cryptosuite | second opinion by |
//! |---|---|
//! | `ecdsa-sd-2023`, with everything revealed | `ssi-data-integrity` as a whole |
//! | `ecdsa-rdfc-2019`, `eddsa-rdfc-2022` | `ssi-data-integrity` as a whole |
//! | `ecdsa-jcs-2019`, `eddsa-jcs-2022` | `json-ld`'s JSON library for RFC 8785, `did-method-key`, `did-jwk` and `ssi-jws` for key and signature |
//! | `vc+jwt` | `did-method-key`, `did-jwk` and `ssi-jws` for key and signature |
//! | any | `json-ld` and `ssi-rdf`: the canonical N-Quads are ours, byte for byte |
//!
//! INVARIANT: it only ever reads our own fresh output, never a text from elsewhere. Those libraries are not
//! hardened against hostile input; our core is.

use thiserror::Error;

use crate::exit::Exit;
use crate::problem::Problem;

#[cfg(feature = "second-opinion")]
mod ssi;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The secured credential, as it would be written.
    pub credential: &'a str,
    /// The canonical N-Quads that our core has for the credential without its proofs.
    pub quads: &'a str,
    /// DID documents of DIDs that do not carry their key, as `(DID, JSON text)`.
    pub did_documents: &'a [(String, String)],
}

/// What was answered for one proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// The other implementation finds the proof valid as well.
    Agrees {
        /// The proof's cryptosuite.
        cryptosuite: String,
    },
    /// The other implementation does not know the cryptosuite.
    NoneForSuite {
        /// The proof's cryptosuite.
        cryptosuite: String,
    },
    /// This program was built without the second opinion.
    NotBuilt,
}

/// The two implementations do not say the same, or the other one could not answer.
#[derive(Debug, Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum Disagreement {
    #[error("the other implementation has different statements: ours `{ours}`, theirs `{theirs}`")]
    Quads { ours: String, theirs: String },
    #[error("the other implementation cannot read the credential: {reason}")]
    Unreadable { reason: String },
    #[error("the other implementation finds proof {index} ({cryptosuite}) invalid: {reason}")]
    Proof { index: usize, cryptosuite: String, reason: String },
    #[error("the other implementation finds no proof to verify")]
    NoProof,
}

impl Problem for Disagreement {
    fn code(&self) -> &'static str {
        match self {
            Self::Quads { .. } => "second-opinion.quads",
            Self::Unreadable { .. } => "second-opinion.unreadable",
            Self::Proof { .. } => "second-opinion.proof",
            Self::NoProof => "second-opinion.no-proof",
        }
    }

    fn help(&self) -> Option<String> {
        Some(
            "nothing was written; this is a defect, please report it with the draft and the claims"
                .to_owned(),
        )
    }

    fn exit(&self) -> Exit {
        Exit::Internal
    }
}

/// Asks for an opinion on each proof.
#[cfg(feature = "second-opinion")]
pub fn ask(question: &Question<'_>) -> Result<Vec<Opinion>, Disagreement> {
    ssi::ask(question)
}

/// Asks for an opinion on each proof; there is nobody to ask in this build, and the answer says so.
#[cfg(not(feature = "second-opinion"))]
pub fn ask(_question: &Question<'_>) -> Result<Vec<Opinion>, Disagreement> {
    Ok(vec![Opinion::NotBuilt])
}
