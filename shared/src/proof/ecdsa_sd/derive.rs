//! [Add Derived Proof](https://www.w3.org/TR/vc-di-ecdsa/#add-derived-proof-ecdsa-sd-2023)

use super::DisclosureError;
use super::groups::Whole;
use super::select::Selection;
use super::value::{Base, Derived, Signature, is_base};
use crate::canon::rdfc::HashAlgorithm;
use crate::json::Json;
use crate::jsonld::ContextLoader;
use crate::limits::Budget;
use crate::multibase;
use crate::proof::{Cryptosuite, Proof, ProofError, Work};

/// What a holder shows of a credential: its mandatory part and what `reveal` names, with a proof of that.
///
/// The credential has one base proof; its other proofs cover what is left out, and stay behind. Whether the base
/// proof is good is for whoever verifies the result, and so for the holder who does.
///
/// # Errors
/// [`ProofError`] where there is not one base proof or it does not belong to the document, where a pointer names
/// nothing, or where what is chosen cannot stand alone.
pub fn derive(document: &Json, reveal: &[String], contexts: ContextLoader<'_>) -> Result<Json, ProofError> {
    let mut content = document.clone();
    let proofs = content.as_object_mut().ok_or(ProofError::NotAnObject)?.remove("proof");
    let (mut proof, base) = base_proof(proofs.as_ref().map(Json::one_or_many).unwrap_or_default())?;

    let budget = &mut Budget::default();
    let mut work = Work { contexts, hash: HashAlgorithm::Sha256, budget };
    let whole = Whole::read(&content, &base.hmac_key, &mut work)?;
    let mandatory = whole.chosen(&Selection::new(&content, &base.mandatory)?);
    let shown = Selection::new(&content, &[&base.mandatory, reveal].concat())?;
    let (mut part, labels) = whole.part(&shown, &mut work)?;

    let others = mandatory.iter().filter(|mandatory| !**mandatory).count();
    if base.signatures.len() != others {
        let signatures = base.signatures.len();
        return Err(DisclosureError::SignatureCount { signatures, statements: others }.into());
    }
    let mut kept: Vec<Signature> = Vec::new();
    let mut indexes = Vec::new();
    let mut signatures = base.signatures.iter();
    let mut shown_before = 0;
    for (is_shown, is_mandatory) in whole.chosen(&shown).into_iter().zip(mandatory) {
        let signature = if is_mandatory { None } else { signatures.next() };
        if is_shown {
            match signature {
                Some(signature) => kept.push(*signature),
                None => indexes.push(shown_before),
            }
            shown_before += 1;
        }
    }
    let Base { base_signature, public_key, .. } = base;
    let derived = Derived { base_signature, public_key, signatures: kept, labels, mandatory: indexes };
    let part_members = part.as_object_mut().ok_or(DisclosureError::Pointer(String::new()))?;
    if let Some(members) = proof.as_object_mut() {
        members.insert("proofValue", multibase::encode_base64url(&derived.to_bytes()));
    }
    part_members.insert("proof", proof);
    Ok(part)
}

/// The one base proof, as it stands and read.
fn base_proof(proofs: &[Json]) -> Result<(Json, Base), ProofError> {
    let mut bases = Vec::new();
    let mut derived = false;
    for raw in proofs {
        match Proof::parse(raw) {
            Ok(proof) if proof.cryptosuite == Cryptosuite::EcdsaSd2023 => {
                if !proof.previous_proof.is_empty() {
                    return Err(DisclosureError::PreviousProof.into());
                }
                if is_base(&proof.signature) {
                    bases.push((raw.clone(), Base::read(&proof.signature)?));
                } else {
                    derived = true;
                }
            }
            // Another proof stays behind, whatever it is; if it is the only one, it says why it is not the one.
            Err(cause) if proofs.len() == 1 => return Err(cause),
            _ => {}
        }
    }
    match (bases.pop(), bases.len()) {
        (Some(base), 0) => Ok(base),
        (None, _) if derived => Err(DisclosureError::NotABase.into()),
        (None, _) => Err(DisclosureError::NotOneBase(0).into()),
        (Some(_), more) => Err(DisclosureError::NotOneBase(more + 1).into()),
    }
}
