//! A document taken apart: what it says, its proofs, and what each of their signatures covers
//! ([section 4.5, Verify Proof Sets and Chains](https://www.w3.org/TR/vc-data-integrity/#verify-proof-sets-and-chains)).

use std::rc::Rc;

use super::{Canonicalization, Cryptosuite, Proof, ProofError, Work, hash};
use crate::canon::rdfc::HashAlgorithm;
use crate::digest::Digest;
use crate::json::{Json, Object};
use crate::jsonld::ContextLoader;
use crate::key::{Algorithm, SignatureCheck, VerifyingKey};
use crate::limits::{Budget, MAX_PROOFS};

/// A document and its proofs.
#[derive(Debug, Clone)]
pub struct Secured {
    content: Json,
    proofs: Vec<Entry>,
    /// The content as transformed for the proofs so far: once for each form, however many proofs.
    transformed: Vec<(Canonicalization, HashAlgorithm, Text)>,
}

#[derive(Debug, Clone)]
struct Entry {
    raw: Json,
    read: Result<Proof, ProofError>,
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
    /// Takes a document apart. A proof that cannot be read is an entry of its own, so that each is reported;
    /// what concerns all of them is an error here.
    ///
    /// # Errors
    /// [`ProofError`] where there is no proof or too many, where identifiers repeat, or where a chain of
    /// previous proofs has a gap or a cycle.
    pub fn read(mut document: Json) -> Result<Self, ProofError> {
        let members = document.as_object_mut().ok_or(ProofError::NotAnObject)?;
        let raw = match members.remove("proof") {
            None => return Err(ProofError::None),
            Some(Json::Array(proofs)) => proofs,
            Some(proof) => vec![proof],
        };
        if raw.is_empty() {
            return Err(ProofError::None);
        }
        if raw.len() > MAX_PROOFS {
            return Err(ProofError::TooMany { len: raw.len(), max: MAX_PROOFS });
        }
        let proofs: Vec<Entry> = raw.into_iter().map(|raw| Entry { read: Proof::read(&raw), raw }).collect();
        let secured = Self { content: document, proofs, transformed: Vec::new() };
        secured.check_ids()?;
        secured.check_chains()?;
        Ok(secured)
    }

    /// The document without its proofs.
    #[must_use]
    pub const fn content(&self) -> &Json {
        &self.content
    }

    /// The proofs, in document order.
    pub fn proofs(&self) -> impl ExactSizeIterator<Item = Result<&Proof, &ProofError>> {
        self.proofs.iter().map(|entry| entry.read.as_ref())
    }

    /// What remains to be asked about the proof at `index`, once its key is known: whether the signature is
    /// one of these bytes.
    ///
    /// # Errors
    /// [`ProofError`] where the suite does not take the key, the signature cannot be one, or there is no
    /// canonical form.
    pub fn signature_check(
        &mut self,
        index: usize,
        key: &VerifyingKey,
        contexts: ContextLoader<'_>,
        budget: &mut Budget,
    ) -> Result<SignatureCheck, ProofError> {
        let algorithm = key.algorithm();
        self.hash_of(index, algorithm)?;
        let signature = self.proof(index)?.signature.clone();
        if !key.signature_is_well_formed(&signature) {
            return Err(ProofError::SignatureMalformed { algorithm, len: signature.len() });
        }
        let message = self.hashed(index, algorithm, contexts, budget)?.to_bytes();
        Ok(SignatureCheck { key: *key, message, signature })
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
        let options = proof.cryptosuite.configure(&proof.options, &self.content, &mut work)?;
        let options_hash = hash(&options, hash_algorithm);
        Ok(Hashed { document: document.text, options, document_hash: document.hash, options_hash })
    }

    /// Puts the document together again, with a value for the last proof.
    #[cfg(feature = "sign")]
    pub(super) fn seal(self, proof_value: String) -> Json {
        let mut proofs: Vec<Json> = self.proofs.into_iter().map(|entry| entry.raw).collect();
        if let Some(last) = proofs.last_mut().and_then(Json::as_object_mut) {
            last.insert("proofValue", proof_value);
        }
        let mut document = self.content;
        if let Some(members) = document.as_object_mut() {
            let only = if proofs.len() == 1 { proofs.pop() } else { None };
            members.insert("proof", only.unwrap_or(Json::Array(proofs)));
        }
        document
    }

    fn proof(&self, index: usize) -> Result<&Proof, ProofError> {
        let entry = self.proofs.get(index).ok_or(ProofError::None)?;
        entry.read.as_ref().map_err(ProofError::clone)
    }

    fn hash_of(&self, index: usize, algorithm: Algorithm) -> Result<HashAlgorithm, ProofError> {
        let suite = self.proof(index)?.cryptosuite;
        suite.hash_for(algorithm).ok_or(ProofError::KeyMismatch { suite, algorithm })
    }

    /// The specification lets `proof.@context` replace that of the document, whose other contexts would
    /// then be shown and not signed.
    fn check_context(&self, index: usize) -> Result<(), ProofError> {
        match self.proof(index)?.options.get("@context") {
            Some(context) if self.content.get("@context") != Some(context) => Err(ProofError::ContextMismatch),
            _ => Ok(()),
        }
    }

    fn transform(&mut self, index: usize, work: &mut Work<'_, '_>) -> Result<Text, ProofError> {
        let proof = self.proof(index)?;
        let suite = proof.cryptosuite;
        if !proof.previous_proof.is_empty() {
            let document = with_proofs(&self.content, self.previous(proof));
            return transform(suite, &document, work);
        }
        let form = suite.canonicalization();
        if let Some((.., text)) = self.transformed.iter().find(|(known, hash, _)| (*known, *hash) == (form, work.hash)) {
            return Ok(text.clone());
        }
        let text = transform(suite, &self.content, work)?;
        self.transformed.push((form, work.hash, text.clone()));
        Ok(text)
    }

    /// The proofs that a proof covers, in document order.
    fn previous(&self, proof: &Proof) -> Vec<Json> {
        let covered = |entry: &&Entry| id(&entry.raw).is_some_and(|id| proof.previous_proof.iter().any(|other| other == id));
        self.proofs.iter().filter(covered).map(|entry| entry.raw.clone()).collect()
    }

    fn check_ids(&self) -> Result<(), ProofError> {
        let mut ids: Vec<&str> = self.proofs.iter().filter_map(|entry| id(&entry.raw)).collect();
        ids.sort_unstable();
        let twice = ids.array_windows().find(|[a, b]| a == b);
        twice.map_or(Ok(()), |[id, _]| Err(ProofError::DuplicateId((*id).to_owned())))
    }

    fn check_chains(&self) -> Result<(), ProofError> {
        // What a proof needs, by its place; a proof that cannot be read needs nothing and still can be needed.
        let mut open: Vec<(Option<&str>, &[String])> = Vec::new();
        for entry in &self.proofs {
            let previous = entry.read.as_ref().map(|proof| proof.previous_proof.as_slice()).unwrap_or_default();
            open.push((id(&entry.raw), previous));
        }
        let missing = |wanted: &&String| !open.iter().any(|(id, _)| *id == Some(wanted.as_str()));
        if let Some(missing) = open.iter().flat_map(|(_, previous)| *previous).find(missing) {
            return Err(ProofError::PreviousProofMissing(missing.clone()));
        }
        // Proofs whose needs are met go, until none is left or none can go.
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
}

fn id(proof: &Json) -> Option<&str> {
    proof.get("id").and_then(Json::as_str)
}

/// The document with the proofs that a further one covers.
fn with_proofs(content: &Json, proofs: Vec<Json>) -> Json {
    let mut members: Object = content.as_object().cloned().unwrap_or_default();
    members.insert("proof", proofs);
    members.into()
}

fn transform(suite: Cryptosuite, document: &Json, work: &mut Work<'_, '_>) -> Result<Text, ProofError> {
    let text: Rc<str> = suite.transform(document, work)?.into();
    let hash = hash(&text, work.hash);
    Ok(Text { text, hash })
}
