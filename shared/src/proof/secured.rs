//! A document taken apart: what it says, its proofs, and what each of their signatures covers
//! ([Verify Proof Sets and Chains](https://www.w3.org/TR/vc-data-integrity/#verify-proof-sets-and-chains)).

use std::rc::Rc;

use super::ecdsa_sd::{self, DisclosureError, Statements};
use super::options::texts;
use super::{Canonicalization, Cryptosuite, Proof, ProofError, Work, hash};
use crate::canon::rdfc::HashAlgorithm;
use crate::did::Relationship;
use crate::digest::Digest;
use crate::json::{Json, Object};
use crate::jsonld::ContextLoader;
use crate::key::{Algorithm, SignatureCheck, VerifyingKey};
use crate::limits::{Budget, MAX_PROOFS};

/// A document and its proofs.
#[derive(Debug, Clone)]
pub struct Secured {
    content: Json,
    raw: Vec<Json>,
    proofs: Vec<Result<Proof, ProofError>>,
    /// The content as transformed for the proofs so far: once for each form, however many proofs.
    transformed: Vec<(Canonicalization, HashAlgorithm, Text)>,
    /// The statements of the content, for proofs that sign them one by one.
    statements: Option<Rc<Statements>>,
}

/// A canonical text and its hash.
#[derive(Debug, Clone)]
struct Text {
    text: Rc<str>,
    hash: Digest,
}

/// What a signature covers, with what it was computed from.
#[derive(Debug, Clone)]
pub struct Hashed {
    /// The canonical document.
    pub document: Rc<str>,
    /// The canonical proof options.
    pub options: String,
    /// The hash of the canonical document.
    pub document_hash: Digest,
    /// The hash of the canonical proof options.
    pub options_hash: Digest,
}

impl Hashed {
    /// The bytes that are signed: the hash of the options, then that of the document.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.options_hash.as_bytes(), self.document_hash.as_bytes()].concat()
    }
}

impl Secured {
    /// Takes a document apart.
    ///
    /// # Errors
    /// As [`Secured::from_parts`].
    pub fn read(mut document: Json) -> Result<Self, ProofError> {
        let members = document.as_object_mut().ok_or(ProofError::NotAnObject)?;
        let proofs = match members.remove("proof") {
            None => Vec::new(),
            Some(Json::Array(proofs)) => proofs,
            Some(proof) => vec![proof],
        };
        Self::from_parts(document, proofs)
    }

    /// A document that already is apart from its proofs. A proof that cannot be read is an entry of its own,
    /// so that each is reported; what concerns all of them is an error here.
    ///
    /// # Errors
    /// [`ProofError`] where there is no proof or too many, where identifiers repeat, or where a chain of
    /// previous proofs has a gap or a cycle.
    pub fn from_parts(content: Json, proofs: Vec<Json>) -> Result<Self, ProofError> {
        Self::from_parts_for(content, proofs, Relationship::AssertionMethod)
    }

    /// The same, of proofs for this purpose.
    ///
    /// # Errors
    /// As [`Secured::from_parts`].
    pub fn from_parts_for(
        content: Json,
        proofs: Vec<Json>,
        purpose: Relationship,
    ) -> Result<Self, ProofError> {
        Self::check(&proofs)?;
        Ok(Self::checked(content, proofs, purpose))
    }

    /// What would be wrong with these proofs as a whole.
    ///
    /// # Errors
    /// As [`Secured::from_parts`].
    pub(crate) fn check(proofs: &[Json]) -> Result<(), ProofError> {
        if proofs.is_empty() {
            return Err(ProofError::None);
        }
        if proofs.len() > MAX_PROOFS {
            return Err(ProofError::TooMany { len: proofs.len(), max: MAX_PROOFS });
        }
        check_ids(proofs)?;
        check_chains(proofs)
    }

    /// [`Secured::from_parts`] of proofs that [`Secured::check`] found in order, so that nothing is lost.
    pub(crate) fn checked(content: Json, proofs: Vec<Json>, purpose: Relationship) -> Self {
        let read = proofs.iter().map(|proof| Proof::parse_for(proof, purpose)).collect();
        Self { content, raw: proofs, proofs: read, transformed: Vec::new(), statements: None }
    }

    /// The document without its proofs, and these as they stood.
    #[must_use]
    pub fn into_parts(self) -> (Json, Vec<Json>) {
        (self.content, self.raw)
    }

    /// The document without its proofs.
    #[must_use]
    pub const fn content(&self) -> &Json {
        &self.content
    }

    /// The proofs, in document order.
    pub fn proofs(&self) -> impl ExactSizeIterator<Item = Result<&Proof, &ProofError>> {
        self.proofs.iter().map(Result::as_ref)
    }

    /// What remains to be asked about the proof at `index`, once its key is known: whether the signature is
    /// one of these bytes. A proof for selective disclosure has several signatures, and is valid if all of them
    /// are; one with more than `max` is refused.
    ///
    /// # Errors
    /// [`ProofError`] where the suite does not take the key, a signature has no form that can be valid, or
    /// there is no canonical form.
    pub fn signature_checks(
        &mut self,
        index: usize,
        key: &VerifyingKey,
        max: usize,
        contexts: ContextLoader<'_>,
        budget: &mut Budget,
    ) -> Result<Vec<SignatureCheck>, ProofError> {
        if max == 0 {
            return Err(ProofError::TooManySignatures);
        }
        let algorithm = key.algorithm();
        self.hash_of(index, algorithm)?;
        let proof = self.proof(index)?;
        let signature = proof.signature.clone();
        if proof.cryptosuite == Cryptosuite::EcdsaSd2023 {
            return self.disclosed(index, &signature, key, max, contexts, budget);
        }
        if !key.signature_is_well_formed(&signature) {
            return Err(ProofError::SignatureMalformed { algorithm, len: signature.len() });
        }
        let message = self.hashed(index, algorithm, contexts, budget)?.to_bytes();
        Ok(vec![SignatureCheck { key: *key, message, signature }])
    }

    fn disclosed(
        &mut self,
        index: usize,
        value: &[u8],
        key: &VerifyingKey,
        max: usize,
        contexts: ContextLoader<'_>,
        budget: &mut Budget,
    ) -> Result<Vec<SignatureCheck>, ProofError> {
        // Said first, whatever else is wrong: its holder must not pass it on.
        if ecdsa_sd::is_base(value) {
            return Err(DisclosureError::Base.into());
        }
        if !self.proof(index)?.previous_proof.is_empty() {
            return Err(DisclosureError::PreviousProof.into());
        }
        let options_hash = self.options_hash(index, key.algorithm(), contexts, budget)?;
        let statements = match &self.statements {
            Some(known) => Rc::clone(known),
            None => {
                let mut work = Work { contexts, hash: HashAlgorithm::Sha256, budget };
                let read = Rc::new(Statements::read(&self.content, &mut work)?);
                Rc::clone(self.statements.insert(read))
            }
        };
        ecdsa_sd::signature_checks(value, &statements, &options_hash, key, max, budget)
    }

    /// The hash of the canonical options of the proof at `index`, for keys of an algorithm.
    pub(super) fn options_hash(
        &self,
        index: usize,
        algorithm: Algorithm,
        contexts: ContextLoader<'_>,
        budget: &mut Budget,
    ) -> Result<Digest, ProofError> {
        let hash_algorithm = self.hash_of(index, algorithm)?;
        self.check_context(index)?;
        let mut work = Work { contexts, hash: hash_algorithm, budget };
        let proof = self.proof(index)?;
        let options = proof.cryptosuite.configure(proof.options(), &self.content, &mut work)?;
        Ok(hash(&options, hash_algorithm))
    }

    /// What the proof at `index` covers, for keys of an algorithm.
    ///
    /// # Errors
    /// [`ProofError`] where the suite does not take such keys or there is no canonical form.
    pub fn hashed(
        &mut self,
        index: usize,
        algorithm: Algorithm,
        contexts: ContextLoader<'_>,
        budget: &mut Budget,
    ) -> Result<Hashed, ProofError> {
        let hash_algorithm = self.hash_of(index, algorithm)?;
        self.check_context(index)?;
        let mut work = Work { contexts, hash: hash_algorithm, budget };
        let document = self.transform(index, &mut work)?;
        let proof = self.proof(index)?;
        let options = proof.cryptosuite.configure(proof.options(), &self.content, &mut work)?;
        let options_hash = hash(&options, hash_algorithm);
        Ok(Hashed { document: document.text, options, document_hash: document.hash, options_hash })
    }

    fn proof(&self, index: usize) -> Result<&Proof, ProofError> {
        self.proofs.get(index).ok_or(ProofError::None)?.as_ref().map_err(ProofError::clone)
    }

    fn hash_of(&self, index: usize, algorithm: Algorithm) -> Result<HashAlgorithm, ProofError> {
        let suite = self.proof(index)?.cryptosuite;
        suite.hash_for(algorithm).ok_or(ProofError::KeyMismatch { suite, algorithm })
    }

    /// The specification lets `proof.@context` replace that of the document, whose other contexts would
    /// then be shown and not signed.
    fn check_context(&self, index: usize) -> Result<(), ProofError> {
        match self.proof(index)?.options().get("@context") {
            Some(context) if self.content.get("@context") != Some(context) => {
                Err(ProofError::ContextMismatch)
            }
            _ => Ok(()),
        }
    }

    fn transform(&mut self, index: usize, work: &mut Work<'_, '_>) -> Result<Text, ProofError> {
        let proof = self.proof(index)?;
        let suite = proof.cryptosuite;
        if !proof.previous_proof.is_empty() {
            let mut members: Object = self.content.as_object().cloned().unwrap_or_default();
            members.insert("proof", self.covered(proof));
            return transform(suite, &members.into(), work);
        }
        let form = (suite.canonicalization(), work.hash);
        if let Some((.., text)) = self.transformed.iter().find(|known| (known.0, known.1) == form) {
            return Ok(text.clone());
        }
        let text = transform(suite, &self.content, work)?;
        self.transformed.push((form.0, form.1, text.clone()));
        Ok(text)
    }

    /// The proofs that a proof covers, in document order.
    fn covered(&self, proof: &Proof) -> Vec<Json> {
        let named = |other: &&Json| {
            id(other).is_some_and(|id| proof.previous_proof.iter().any(|wanted| wanted == id))
        };
        self.raw.iter().filter(named).cloned().collect()
    }
}

fn transform(suite: Cryptosuite, document: &Json, work: &mut Work<'_, '_>) -> Result<Text, ProofError> {
    let text: Rc<str> = suite.transform(document, work)?.into();
    let hash = hash(&text, work.hash);
    Ok(Text { text, hash })
}

fn id(proof: &Json) -> Option<&str> {
    proof.get("id").and_then(Json::as_str)
}

fn check_ids(proofs: &[Json]) -> Result<(), ProofError> {
    let mut ids: Vec<&str> = proofs.iter().filter_map(id).collect();
    crate::index::sort(&mut ids);
    let twice = ids.array_windows().find(|[a, b]| a == b);
    twice.map_or(Ok(()), |[id, _]| Err(ProofError::DuplicateId((*id).to_owned())))
}

fn check_chains(proofs: &[Json]) -> Result<(), ProofError> {
    let previous = |proof: &Json| proof.as_object().and_then(|members| texts(members, "previousProof").ok());
    let mut open: Vec<(Option<&str>, Vec<String>)> =
        proofs.iter().map(|proof| (id(proof), previous(proof).unwrap_or_default())).collect();
    let missing = |wanted: &&String| !open.iter().any(|(id, _)| *id == Some(wanted.as_str()));
    if let Some(missing) = open.iter().flat_map(|(_, previous)| previous).find(missing) {
        return Err(ProofError::PreviousProofMissing(missing.clone()));
    }
    // Proofs that build on nothing open go, until none is left or none can go.
    loop {
        let before = open.len();
        let waiting: Vec<&str> = open.iter().filter_map(|(id, _)| *id).collect();
        open.retain(|(_, previous)| previous.iter().any(|wanted| waiting.contains(&wanted.as_str())));
        match open.first() {
            None => return Ok(()),
            Some((_, previous)) if open.len() == before => {
                return Err(ProofError::PreviousProofCycle(previous.first().cloned().unwrap_or_default()));
            }
            Some(_) => {}
        }
    }
}
