//! [ecdsa-sd-2023](https://www.w3.org/TR/vc-di-ecdsa/#ecdsa-sd-2023): P-256 signatures over single statements, so
//! that a holder can show some of them and leave others.
//!
//! ```text
//! issuer   document ──relabel, sort──► statements ──mandatory pointers──► mandatory  ──hash──┐
//!                                                                     └─► others     signed one by one, by a key of this proof
//!          issuer's key signs: hash of options ‖ that key ‖ hash of the mandatory ───────────┘         base proof
//! holder   base proof + pointers ──► reveal document, its statements' signatures                      derived proof
//! verifier derived proof ──► the issuer's signature over the mandatory, one for each other statement
//! ```
//!
//! A base proof holds the key that hides the blank nodes and a signature of every statement: it is between
//! issuer and holder, and is never valid in the eyes of a verifier.
//!
//! What the parts show beyond what they say: how many statements were chosen, which of the shown ones are
//! mandatory, and the hidden labels of blank nodes, the same in every derived proof of one base proof.
//!
//! Stricter than the specification: CBOR in its one form; a label for each blank node and no other, no two
//! alike; mandatory indexes ascending and within the statements; a signature for each of the other statements.
//! Without these, one proof has many forms, or a relabelling makes one node of two.

mod cbor;
#[cfg(feature = "sign")]
mod derive;
#[cfg(feature = "sign")]
mod groups;
#[cfg(feature = "sign")]
mod hmac;
#[cfg(feature = "sign")]
mod issue;
#[cfg(feature = "sign")]
mod select;
mod value;

use sha2::Digest as _;

use super::{ProofError, Work};
use crate::canon::rdfc::{self, Canonical, OverBudget};
use crate::digest::Digest;
use crate::json::Json;
use crate::jsonld::{self, JsonLdError};
use crate::key::{Algorithm, SignatureCheck, VerifyingKey};
use crate::limits::Budget;
use crate::multibase;
use crate::rdf::Dataset;

pub use cbor::CborError;
#[cfg(feature = "sign")]
pub use derive::derive;
#[cfg(feature = "sign")]
pub use issue::{Secrets, add_base_proof};
pub(crate) use value::is_base;
use value::{Derived, Hash};

/// The [multicodec](https://www.w3.org/TR/cid-1.0/#Multikey) of a P-256 key, as a varint.
const P256_CODEC: [u8; 2] = [0x80, 0x24];

/// Why a proof for selective disclosure cannot be checked or made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    /// A base proof, where only a derived one can be judged.
    #[error("this is a base proof, which is for the holder only: it gives away what a derived proof hides")]
    Base,
    /// Not CBOR in the form that this place has.
    #[error("the proof value is not in its one CBOR form: {0}")]
    Cbor(#[from] CborError),
    /// Two statements are the same once their blank nodes have their labels.
    #[error("two statements are the same")]
    DuplicateStatement,
    /// Neither of the two proof values.
    #[error("the proof value is neither that of a base proof nor that of a derived one")]
    Header,
    /// Mandatory indexes that repeat or do not ascend.
    #[error("the mandatory index {index} does not come after the one before it")]
    IndexOrder {
        /// The index.
        index: usize,
    },
    /// A mandatory index beyond the statements.
    #[error("the mandatory index {index} is beyond the {statements} statements")]
    IndexRange {
        /// The index.
        index: usize,
        /// How many statements there are.
        statements: usize,
    },
    /// More or fewer labels than blank nodes.
    #[error("{labels} labels for {blank_nodes} blank nodes")]
    LabelCount {
        /// Labels found.
        labels: usize,
        /// Blank nodes in the document.
        blank_nodes: usize,
    },
    /// The label map does not name `c14n0`, `c14n1` and so on.
    #[error("the label map does not name the blank nodes in their order")]
    LabelNames,
    /// Two blank nodes would become one.
    #[error("two blank nodes have the same label")]
    LabelTwice,
    /// A proof that was derived already, where a base proof is needed.
    #[error("the proof was derived already: only a base proof can be derived from")]
    NotABase,
    /// More than one base proof, or none, where one is needed.
    #[error("{0} base proofs of ecdsa-sd-2023, where there has to be one")]
    NotOneBase(usize),
    /// What the pointers choose makes other statements alone than in the document.
    #[error("what the pointers choose says something else alone than in the whole document")]
    NotSeparable,
    /// A pointer that names nothing.
    #[error("the pointer `{0}` names nothing in the document")]
    Pointer(String),
    /// A proof of this suite cannot cover another one: the holder changes the document.
    #[error("a proof of ecdsa-sd-2023 cannot build on a previous proof")]
    PreviousProof,
    /// The key of this proof is none of P-256.
    #[error("the public key in the proof value is not one of P-256")]
    PublicKey,
    /// The suite needs more than a signer.
    #[error("a base proof needs an HMAC key and a key of its own")]
    Secrets,
    /// More or fewer signatures than statements that they are for.
    #[error("{signatures} signatures for {statements} statements")]
    SignatureCount {
        /// Signatures found.
        signatures: usize,
        /// Statements that are not mandatory.
        statements: usize,
    },
}

impl DisclosureError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Base => "disclosure.base-proof",
            Self::Cbor(_) => "disclosure.cbor",
            Self::DuplicateStatement => "disclosure.duplicate-statement",
            Self::Header => "disclosure.header",
            Self::IndexOrder { .. } | Self::IndexRange { .. } => "disclosure.mandatory-indexes",
            Self::LabelCount { .. } | Self::LabelNames | Self::LabelTwice => "disclosure.label-map",
            Self::NotABase => "disclosure.not-a-base-proof",
            Self::NotOneBase(_) => "disclosure.not-one-base-proof",
            Self::NotSeparable => "disclosure.not-separable",
            Self::Pointer(_) => "disclosure.pointer",
            Self::PreviousProof => "disclosure.previous-proof",
            Self::PublicKey => "disclosure.public-key",
            Self::Secrets => "disclosure.secrets",
            Self::SignatureCount { .. } => "disclosure.signature-count",
        }
    }
}

/// The statements of a document, canonical, with what is needed to give their blank nodes other names.
#[derive(Debug, Clone)]
pub(super) struct Statements {
    dataset: Dataset,
    canonical: Canonical,
}

impl Statements {
    pub(super) fn read(document: &Json, work: &mut Work<'_, '_>) -> Result<Self, JsonLdError> {
        Self::of(jsonld::to_rdf(document, work.contexts)?, work)
    }

    fn of(dataset: Dataset, work: &mut Work<'_, '_>) -> Result<Self, JsonLdError> {
        let canonical = rdfc::canonicalize(&dataset, work.hash, work.budget)?;
        Ok(Self { dataset, canonical })
    }

    /// The number `n` in the canonical name `c14nN` of each blank node, by its number in the dataset; none
    /// where it stands in no statement.
    fn numbers(&self) -> impl Iterator<Item = Option<usize>> {
        self.canonical.names.iter().map(|name| name.strip_prefix("c14n")?.parse().ok())
    }

    /// The lines of all statements, sorted, blank nodes by labels for `c14n0`, `c14n1` and so on
    /// ([labelReplacementCanonicalizeNQuads](https://www.w3.org/TR/vc-di-ecdsa/#labelreplacementcanonicalizenquads)).
    fn relabelled(&self, labels: &[Hash], budget: &mut Budget) -> Result<String, ProofError> {
        let blank_nodes = self.numbers().flatten().count();
        if labels.len() != blank_nodes {
            return Err(DisclosureError::LabelCount { labels: labels.len(), blank_nodes }.into());
        }
        if blank_nodes == 0 {
            return Ok(self.canonical.text.clone());
        }
        let label = |number: Option<usize>| number.and_then(|number| labels.get(number)).map(label_of);
        let names: Vec<String> = self.numbers().map(|number| label(number).unwrap_or_default()).collect();
        budget.spend(self.canonical.text.len()).ok_or(OverBudget).map_err(JsonLdError::from)?;
        let text = self.dataset.to_canonical(&mut |node, out| {
            let name = usize::try_from(node).ok().and_then(|node| names.get(node));
            out.push_str("_:");
            out.push_str(name.map_or("", String::as_str));
        });
        // An injective relabelling keeps statements apart; this does not rest on that.
        if text.lines().count() != self.canonical.text.lines().count() {
            return Err(DisclosureError::DuplicateStatement.into());
        }
        Ok(text)
    }
}

/// The label of a blank node, without `_:`.
fn label_of(hash: &Hash) -> String {
    multibase::encode_base64url(hash)
}

/// The signatures to check of a derived proof: that of the issuer's key over the mandatory statements, then one
/// for each of the others
/// ([Verify Derived Proof](https://www.w3.org/TR/vc-di-ecdsa/#verify-derived-proof-ecdsa-sd-2023)).
///
/// At most `max` of them.
pub(super) fn signature_checks(
    value: &[u8],
    statements: &Statements,
    options_hash: &Digest,
    key: &VerifyingKey,
    max: usize,
    budget: &mut Budget,
) -> Result<Vec<SignatureCheck>, ProofError> {
    let derived = Derived::read(value)?;
    if derived.signatures.len() >= max {
        return Err(ProofError::TooManySignatures);
    }
    let own_key = own_key(&derived.public_key)?;
    let text = statements.relabelled(&derived.labels, budget)?;
    let count = text.lines().count();
    let mut indexes = derived.mandatory.iter().peekable();
    let mut mandatory = sha2::Sha256::new();
    let mut others = Vec::new();
    for (at, line) in text.split_inclusive('\n').enumerate() {
        if indexes.next_if_eq(&&at).is_some() {
            mandatory.update(line);
        } else {
            others.push(line);
        }
    }
    if let Some(index) = indexes.next() {
        return Err(DisclosureError::IndexRange { index: *index, statements: count }.into());
    }
    let (signatures, statements) = (derived.signatures.len(), others.len());
    if signatures != statements {
        return Err(DisclosureError::SignatureCount { signatures, statements }.into());
    }
    let message = base_message(options_hash, &derived.public_key, &mandatory.finalize());
    let mut checks = vec![check(key, message, &derived.base_signature)?];
    for (line, signature) in others.into_iter().zip(&derived.signatures) {
        checks.push(check(&own_key, line.into(), signature)?);
    }
    Ok(checks)
}

fn check(
    key: &VerifyingKey,
    message: Vec<u8>,
    signature: &value::Signature,
) -> Result<SignatureCheck, ProofError> {
    if !key.signature_is_well_formed(signature) {
        return Err(ProofError::SignatureMalformed { algorithm: key.algorithm(), len: signature.len() });
    }
    Ok(SignatureCheck { key: *key, message, signature: signature.to_vec() })
}

/// The key that signed the single statements.
fn own_key(bytes: &value::PublicKey) -> Result<VerifyingKey, DisclosureError> {
    let point = bytes.strip_prefix(&P256_CODEC).ok_or(DisclosureError::PublicKey)?;
    VerifyingKey::from_compressed(Algorithm::P256, point).map_err(|_| DisclosureError::PublicKey)
}

/// What the issuer's key signs
/// ([serializeSignData](https://www.w3.org/TR/vc-di-ecdsa/#serializesigndata)).
fn base_message(options_hash: &Digest, public_key: &value::PublicKey, mandatory_hash: &[u8]) -> Vec<u8> {
    [options_hash.as_bytes(), public_key, mandatory_hash].concat()
}

#[cfg(test)]
#[cfg(feature = "sign")]
mod tests;
#[cfg(test)]
#[cfg(feature = "sign")]
mod vectors;
