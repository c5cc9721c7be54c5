//! [Data Integrity proofs](https://www.w3.org/TR/vc-data-integrity/) on JSON documents: who said it, when,
//! and that nothing was changed since.
//!
//! ```text
//! document without proof ──transform──► text ──hash──┐
//!                                                    ├─► hash of options, hash of document ──► signature
//! proof without proofValue ─configure─► text ──hash──┘
//! ```
//!
//! Four cryptosuites, one file each: [RDFC-1.0](crate::canon::rdfc) or [JCS](crate::canon::jcs) for the two
//! texts, ECDSA or EdDSA for the signature. A fifth, [`ecdsa_sd`], signs statement by statement. [`Secured`] takes a document apart and says what each
//! signature has to cover. Checking the signature is [`key`](crate::key)'s, finding the key [`did`](crate::did)'s, judging the
//! times [`verify`](mod@crate::verify)'s.
//!
//! Stricter than the specification where it leaves two readings: a proof holds no member that it does not
//! define; `proof.@context`, if there, *equals* the document's instead of replacing it; a chain of
//! `previousProof` has no gaps and no cycles.

mod ecdsa_jcs;
mod ecdsa_rdfc;
pub mod ecdsa_sd;
mod eddsa_jcs;
mod eddsa_rdfc;
mod options;
mod secured;
#[cfg(feature = "sign")]
mod sign;

use crate::canon::jcs;
use crate::canon::rdfc::HashAlgorithm;
use crate::did::{DidError, DidUrl};
use crate::digest::Digest;
use crate::json::Json;
use crate::jsonld::{self, ContextLoader, JsonLdError};
use crate::key::Algorithm;
use crate::limits::Budget;
use crate::time::Timestamp;

pub use secured::{Hashed, Secured};
#[cfg(feature = "sign")]
pub use sign::{ProofOptions, add_proof};

/// A cryptographic suite
/// ([section 3](https://www.w3.org/TR/vc-data-integrity/#cryptographic-suites)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cryptosuite {
    /// ECDSA over JCS
    EcdsaJcs2019,
    /// ECDSA over RDFC-1.0
    EcdsaRdfc2019,
    /// ECDSA over single statements, for selective disclosure
    EcdsaSd2023,
    /// EdDSA over JCS
    EddsaJcs2022,
    /// EdDSA over RDFC-1.0
    EddsaRdfc2022,
}

/// The canonical form that a suite signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Canonicalization {
    /// The JSON text
    Jcs,
    /// The statements
    Rdfc,
}

impl Cryptosuite {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::EcdsaJcs2019, Self::EcdsaRdfc2019, Self::EcdsaSd2023, Self::EddsaJcs2022, Self::EddsaRdfc2022];

    /// The suite of this name, compared byte for byte.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EcdsaJcs2019 => "ecdsa-jcs-2019",
            Self::EcdsaRdfc2019 => "ecdsa-rdfc-2019",
            Self::EcdsaSd2023 => "ecdsa-sd-2023",
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
            Self::EddsaRdfc2022 => "eddsa-rdfc-2022",
        }
    }

    /// What the suite signs.
    #[must_use]
    pub const fn canonicalization(self) -> Canonicalization {
        match self {
            Self::EcdsaJcs2019 | Self::EddsaJcs2022 => Canonicalization::Jcs,
            Self::EcdsaRdfc2019 | Self::EcdsaSd2023 | Self::EddsaRdfc2022 => Canonicalization::Rdfc,
        }
    }

    /// The hash for keys of an algorithm; `None` where the suite does not take such keys.
    #[must_use]
    pub const fn hash_for(self, algorithm: Algorithm) -> Option<HashAlgorithm> {
        match self {
            Self::EcdsaJcs2019 | Self::EcdsaRdfc2019 => match algorithm {
                Algorithm::P256 => Some(HashAlgorithm::Sha256),
                Algorithm::P384 => Some(HashAlgorithm::Sha384),
                Algorithm::Ed25519 => None,
            },
            Self::EcdsaSd2023 => match algorithm {
                Algorithm::P256 => Some(HashAlgorithm::Sha256),
                Algorithm::Ed25519 | Algorithm::P384 => None,
            },
            Self::EddsaJcs2022 | Self::EddsaRdfc2022 => match algorithm {
                Algorithm::Ed25519 => Some(HashAlgorithm::Sha256),
                Algorithm::P256 | Algorithm::P384 => None,
            },
        }
    }

    fn transform(self, document: &Json, work: &mut Work<'_, '_>) -> Result<String, ProofError> {
        match self {
            Self::EcdsaJcs2019 => Ok(ecdsa_jcs::transform(document)),
            // The statements of an ecdsa-sd-2023 document are the same until they get their labels.
            Self::EcdsaRdfc2019 | Self::EcdsaSd2023 => ecdsa_rdfc::transform(document, work),
            Self::EddsaJcs2022 => Ok(eddsa_jcs::transform(document)),
            Self::EddsaRdfc2022 => eddsa_rdfc::transform(document, work),
        }
    }

    fn configure(
        self,
        options: &Json,
        document: &Json,
        work: &mut Work<'_, '_>,
    ) -> Result<String, ProofError> {
        match self {
            Self::EcdsaJcs2019 => Ok(ecdsa_jcs::configure(options)),
            Self::EcdsaRdfc2019 | Self::EcdsaSd2023 => ecdsa_rdfc::configure(options, document, work),
            Self::EddsaJcs2022 => Ok(eddsa_jcs::configure(options)),
            Self::EddsaRdfc2022 => eddsa_rdfc::configure(options, document, work),
        }
    }
}

/// What canonicalizing statements takes besides the document.
struct Work<'w, 'c> {
    contexts: ContextLoader<'c>,
    hash: HashAlgorithm,
    budget: &'w mut Budget,
}

/// The canonical text of a document's statements, for the suites that sign those.
fn canonical_statements(document: &Json, work: &mut Work<'_, '_>) -> Result<String, ProofError> {
    Ok(jsonld::canonize(document, work.contexts, work.hash, work.budget)?)
}

/// The canonical text of a proof's options under the document's `@context`, for the same.
fn canonical_options(options: &Json, document: &Json, work: &mut Work<'_, '_>) -> Result<String, ProofError> {
    let Some(context) = document.get("@context") else {
        return canonical_statements(options, work);
    };
    let mut config = options.clone();
    if let Some(members) = config.as_object_mut() {
        members.insert("@context", context.clone());
    }
    canonical_statements(&config, work)
}

/// The canonical text of JSON, for the suites that sign that.
fn canonical_json(json: &Json) -> String {
    jcs::to_string(json)
}

/// The hash of a canonical text.
fn hash(text: &str, algorithm: HashAlgorithm) -> Digest {
    use sha2::Digest as _;
    match algorithm {
        HashAlgorithm::Sha256 => Digest::Sha256(sha2::Sha256::digest(text).into()),
        HashAlgorithm::Sha384 => Digest::Sha384(sha2::Sha384::digest(text).into()),
    }
}

/// One proof, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// `id`
    pub id: Option<String>,
    /// `cryptosuite`
    pub cryptosuite: Cryptosuite,
    /// `created`
    pub created: Option<Timestamp>,
    /// `expires`
    pub expires: Option<Timestamp>,
    /// `verificationMethod`
    pub verification_method: DidUrl,
    /// `previousProof`: identifiers of proofs that this one covers
    pub previous_proof: Vec<String>,
    /// `challenge`
    pub challenge: Option<String>,
    /// `domain`
    pub domain: Vec<String>,
    /// `proofValue`, decoded: a signature, and of ecdsa-sd-2023 the CBOR that holds several
    pub signature: Vec<u8>,
    /// The members as they stand, without `proofValue`.
    options: Json,
}

/// Why a proof cannot be checked or made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// `proof.@context` is not the document's.
    #[error("the `@context` of the proof is not that of the document")]
    ContextMismatch,
    /// A proof for selective disclosure that is not in order.
    #[error(transparent)]
    Disclosure(#[from] ecdsa_sd::DisclosureError),
    /// Two proofs have one `id`.
    #[error("two proofs have the id `{0}`")]
    DuplicateId(String),
    /// The document is not read as JSON-LD.
    #[error(transparent)]
    JsonLd(#[from] JsonLdError),
    /// The key is of another algorithm than the suite's.
    #[error("`{}` does not take {algorithm} keys", suite.name())]
    KeyMismatch {
        /// The suite.
        suite: Cryptosuite,
        /// The algorithm of the key.
        algorithm: Algorithm,
    },
    /// A member is missing or has no valid value.
    #[error("the member `{0}` of the proof is missing or not valid")]
    Member(&'static str),
    /// There is no proof.
    #[error("there is no proof")]
    None,
    /// The document or the proof is not a JSON object.
    #[error("a document and its proofs are JSON objects")]
    NotAnObject,
    /// Proofs refer to each other in a circle.
    #[error("`previousProof` leads back to `{0}`")]
    PreviousProofCycle(String),
    /// A previous proof is not there.
    #[error("the previous proof `{0}` is not on the document")]
    PreviousProofMissing(String),
    /// Made for something else than what it stands for.
    #[error("the proof is for `{found}`, not for `{wanted}`")]
    Purpose {
        /// `proofPurpose`
        found: String,
        /// What credentials or presentations need.
        wanted: &'static str,
    },
    /// The signature has no form that could be valid.
    #[error("{len} bytes are not the form of a {algorithm} signature")]
    SignatureMalformed {
        /// The algorithm of the key.
        algorithm: Algorithm,
        /// Bytes found.
        len: usize,
    },
    /// The signer gave no signature.
    #[cfg(feature = "sign")]
    #[error(transparent)]
    Sign(#[from] crate::key::SignError),
    /// More proofs than any honest document has.
    #[error("{len} proofs, over the limit of {max}")]
    TooMany {
        /// Proofs found.
        len: usize,
        /// Proofs allowed.
        max: usize,
    },
    /// More signatures than the caller takes.
    #[error("more signatures than an honest input of this length has")]
    TooManySignatures,
    /// A member that the specification does not define.
    #[error("a proof has no member `{0}`")]
    UnknownMember(String),
    /// A suite that is not read here.
    #[error("the cryptosuite `{0}` is not supported")]
    UnsupportedCryptosuite(String),
    /// A type of proof that is not read here.
    #[error("the proof has the type `{0}`, not `DataIntegrityProof`")]
    UnsupportedType(String),
    /// The verification method is not a DID URL.
    #[error("the verification method is not taken: {0}")]
    VerificationMethod(DidError),
}

impl ProofError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ContextMismatch => "proof.context-mismatch",
            Self::Disclosure(cause) => cause.code(),
            Self::DuplicateId(_) => "proof.duplicate-id",
            Self::JsonLd(cause) => cause.code(),
            Self::KeyMismatch { .. } => "proof.key-mismatch",
            Self::Member(_) => "proof.member",
            Self::None => "proof.none",
            Self::NotAnObject => "proof.not-an-object",
            Self::PreviousProofCycle(_) => "proof.previous-proof-cycle",
            Self::PreviousProofMissing(_) => "proof.previous-proof-missing",
            Self::Purpose { .. } => "proof.purpose",
            Self::SignatureMalformed { .. } => "proof.signature-malformed",
            #[cfg(feature = "sign")]
            Self::Sign(cause) => cause.code(),
            Self::TooMany { .. } => "proof.too-many",
            Self::TooManySignatures => "proof.too-many-signatures",
            Self::UnknownMember(_) => "proof.unknown-member",
            Self::UnsupportedCryptosuite(_) => "proof.unsupported-cryptosuite",
            Self::UnsupportedType(_) => "proof.unsupported-type",
            Self::VerificationMethod(cause) => cause.code(),
        }
    }
}

#[cfg(test)]
mod tests;
