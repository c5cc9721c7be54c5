//! Adding a proof ([section 4.3, Add Proof Set/Chain](https://www.w3.org/TR/vc-data-integrity/#add-proof-set-chain)).

use super::ecdsa_sd::DisclosureError;
use super::{Canonicalization, Cryptosuite, ProofError, Secured};
use crate::did::Relationship;
use crate::json::{Json, Object};
use crate::jsonld::ContextLoader;
use crate::key::{Signer, is_well_formed};
use crate::limits::Budget;
use crate::multibase;
use crate::time::Timestamp;

/// What a new proof says besides its signature. The verification method is the signer's.
#[derive(Debug, Clone)]
pub struct ProofOptions {
    /// `cryptosuite`
    pub cryptosuite: Cryptosuite,
    /// `proofPurpose`: `authentication` for presentations
    pub purpose: Relationship,
    /// `created`
    pub created: Option<Timestamp>,
    /// `expires`
    pub expires: Option<Timestamp>,
    /// `id`, for proofs that others are to build on
    pub id: Option<String>,
    /// `previousProof`: identifiers of proofs on the document that this one covers
    pub previous_proof: Vec<String>,
    /// `challenge`
    pub challenge: Option<String>,
    /// `domain`
    pub domain: Option<String>,
}

impl ProofOptions {
    /// Only a suite, for a credential.
    #[must_use]
    pub const fn new(cryptosuite: Cryptosuite) -> Self {
        Self {
            cryptosuite,
            purpose: Relationship::AssertionMethod,
            created: None,
            expires: None,
            id: None,
            previous_proof: Vec::new(),
            challenge: None,
            domain: None,
        }
    }

    /// The same with the time of making.
    #[must_use]
    pub const fn created(mut self, created: Timestamp) -> Self {
        self.created = Some(created);
        self
    }

    fn to_json(&self, verification_method: &str, context: Option<&Json>) -> Object {
        let time = |time: Option<Timestamp>| time.map(|time| Json::from(time.to_string()));
        let text = |text: &Option<String>| text.as_deref().map(Json::from);
        let previous = match self.previous_proof.as_slice() {
            [] => None,
            [one] => Some(Json::from(one.as_str())),
            many => Some(many.iter().map(|id| Json::from(id.as_str())).collect::<Vec<_>>().into()),
        };
        // JCS covers the bytes of `@context` and not what they mean, so the proof names it too.
        let jcs = self.cryptosuite.canonicalization() == Canonicalization::Jcs;
        let members = [
            ("id", text(&self.id)),
            ("type", Some("DataIntegrityProof".into())),
            ("cryptosuite", Some(self.cryptosuite.name().into())),
            ("created", time(self.created)),
            ("expires", time(self.expires)),
            ("verificationMethod", Some(verification_method.into())),
            ("proofPurpose", Some(self.purpose.name().into())),
            ("previousProof", previous),
            ("challenge", text(&self.challenge)),
            ("domain", text(&self.domain)),
            ("@context", context.filter(|_| jcs).cloned()),
        ];
        members.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
    }
}

/// The document with one more proof: the only one as an object, of several the last in an array.
///
/// # Errors
/// [`ProofError`] where the suite does not take the signer's key, the proofs already there or named are not
/// in order, the document has no canonical form, or the signer gives no signature.
pub fn add_proof(
    document: &Json,
    options: &ProofOptions,
    signer: &dyn Signer,
    contexts: ContextLoader<'_>,
) -> Result<Json, ProofError> {
    if options.cryptosuite == Cryptosuite::EcdsaSd2023 {
        return Err(DisclosureError::Secrets.into());
    }
    let algorithm = signer.algorithm();
    let mut new = begin(document, options, signer)?;
    // The same code says here and at verification what a signature covers.
    let message = new.secured.hashed(new.index, algorithm, contexts, &mut Budget::default())?.to_bytes();
    let signature = signer.sign(&message)?;
    if !is_well_formed(algorithm, &signature) {
        return Err(ProofError::SignatureMalformed { algorithm, len: signature.len() });
    }
    Ok(new.finish(multibase::encode_base58btc(&signature)))
}

/// A document with a proof that has no value yet.
pub(super) struct New {
    pub(super) secured: Secured,
    /// Where the new proof stands.
    pub(super) index: usize,
}

pub(super) fn begin(document: &Json, options: &ProofOptions, signer: &dyn Signer) -> Result<New, ProofError> {
    let mut content = document.clone();
    let members = content.as_object_mut().ok_or(ProofError::NotAnObject)?;
    let mut proofs = match members.remove("proof") {
        None => Vec::new(),
        Some(Json::Array(proofs)) => proofs,
        Some(proof) => vec![proof],
    };
    let mut proof = options.to_json(signer.verification_method(), members.get("@context"));
    // The reader wants a value, so that there is one way to read a proof; this one is replaced.
    let disclosure = options.cryptosuite == Cryptosuite::EcdsaSd2023;
    let empty = if disclosure { multibase::encode_base64url } else { multibase::encode_base58btc };
    proof.insert("proofValue", empty(&[]));
    let index = proofs.len();
    proofs.push(proof.into());
    Ok(New { secured: Secured::from_parts_for(content, proofs, options.purpose)?, index })
}

impl New {
    /// The document with the proof's value: the only proof as an object, of several the last in an array.
    pub(super) fn finish(self, value: String) -> Json {
        let (mut content, mut proofs) = self.secured.into_parts();
        if let Some(proof) = proofs.last_mut().and_then(Json::as_object_mut) {
            proof.insert("proofValue", value);
        }
        if let Some(members) = content.as_object_mut() {
            let only = if self.index == 0 { proofs.pop() } else { None };
            members.insert("proof", only.unwrap_or(Json::Array(proofs)));
        }
        content
    }
}
