//! The members of a proof ([section 2.1](https://www.w3.org/TR/vc-data-integrity/#proofs)).

use super::{Cryptosuite, Proof, ProofError};
use crate::did::Relationship;
use crate::json::{Json, Object};
use crate::multibase::{self, MultibaseError};

/// The members that the specification defines. `nonce` is signed like the others and has no rule of its own.
const MEMBERS: [&str; 13] = [
    "@context",
    "challenge",
    "created",
    "cryptosuite",
    "domain",
    "expires",
    "id",
    "nonce",
    "previousProof",
    "proofPurpose",
    "proofValue",
    "type",
    "verificationMethod",
];

impl Proof {
    /// Reads the proof object of a credential.
    ///
    /// # Errors
    /// [`ProofError`] for the first member that is not taken.
    pub fn parse(proof: &Json) -> Result<Self, ProofError> {
        Self::parse_for(proof, Relationship::AssertionMethod)
    }

    /// Reads a proof object that has to be for this purpose.
    ///
    /// # Errors
    /// [`ProofError`] for the first member that is not taken.
    pub fn parse_for(proof: &Json, wanted: Relationship) -> Result<Self, ProofError> {
        let members = proof.as_object().ok_or(ProofError::NotAnObject)?;
        let required = |name| text(members, name)?.ok_or(ProofError::Member(name));
        // First what tells proofs of other kinds apart, so that they are named as what they are.
        let kind = required("type")?;
        if kind != "DataIntegrityProof" {
            return Err(ProofError::UnsupportedType(excerpt(kind)));
        }
        let suite = required("cryptosuite")?;
        let cryptosuite = Cryptosuite::from_name(suite)
            .ok_or_else(|| ProofError::UnsupportedCryptosuite(excerpt(suite)))?;
        if let Some(unknown) = members.keys().find(|name| !MEMBERS.contains(name)) {
            return Err(ProofError::UnknownMember(excerpt(unknown)));
        }
        let purpose = required("proofPurpose")?;
        if purpose != wanted.name() {
            return Err(ProofError::Purpose { found: excerpt(purpose), wanted: wanted.name() });
        }
        let time = |name| match text(members, name)? {
            Some(time) => time.parse().map(Some).map_err(|_| ProofError::Member(name)),
            None => Ok(None),
        };
        text(members, "nonce")?;
        let value = required("proofValue")?;
        let mut options = members.clone();
        options.remove("proofValue");
        Ok(Self {
            id: text(members, "id")?.map(str::to_owned),
            cryptosuite,
            created: time("created")?,
            expires: time("expires")?,
            verification_method: required("verificationMethod")?
                .parse()
                .map_err(ProofError::VerificationMethod)?,
            previous_proof: texts(members, "previousProof")?,
            challenge: text(members, "challenge")?.map(str::to_owned),
            domain: texts(members, "domain")?,
            signature: decode(cryptosuite, value).map_err(|_| ProofError::Member("proofValue"))?,
            options: options.into(),
        })
    }

    /// The members as they stand, without `proofValue`.
    #[must_use]
    pub const fn options(&self) -> &Json {
        &self.options
    }
}

/// The suites write base58btc, but for the one whose proof values are long.
fn decode(suite: Cryptosuite, value: &str) -> Result<Vec<u8>, MultibaseError> {
    match suite {
        Cryptosuite::EcdsaSd2023 => {
            let digits = value.strip_prefix('u').ok_or(MultibaseError::UnknownBase)?;
            multibase::decode_base64url_digits(digits)
        }
        _ => multibase::decode_base58btc(value),
    }
}

/// A text that may be absent, and is never empty.
fn text<'p>(members: &'p Object, name: &'static str) -> Result<Option<&'p str>, ProofError> {
    let Some(value) = members.get(name) else { return Ok(None) };
    value.as_str().filter(|text| !text.is_empty()).map(Some).ok_or(ProofError::Member(name))
}

/// One text or a list of some, without repetition.
pub(super) fn texts(members: &Object, name: &'static str) -> Result<Vec<String>, ProofError> {
    let Some(value) = members.get(name) else { return Ok(Vec::new()) };
    let mut texts: Vec<String> = Vec::new();
    for item in value.one_or_many() {
        let text = item.as_str().filter(|text| !text.is_empty()).ok_or(ProofError::Member(name))?;
        if texts.iter().any(|other| other == text) || texts.len() == crate::limits::MAX_PROOFS {
            return Err(ProofError::Member(name));
        }
        texts.push(text.to_owned());
    }
    if texts.is_empty() { Err(ProofError::Member(name)) } else { Ok(texts) }
}

/// The beginning of a text that may be long, for a message.
fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
