//! [Create Base Proof](https://www.w3.org/TR/vc-di-ecdsa/#create-base-proof-ecdsa-sd-2023)

use sha2::Digest as _;

use super::groups::Whole;
use super::select::Selection;
use super::value::{Base, Hash, PublicKey, Signature};
use super::{DisclosureError, P256_CODEC, base_message};
use crate::canon::rdfc::HashAlgorithm;
use crate::json::Json;
use crate::jsonld::ContextLoader;
use crate::key::{Algorithm, SignError, Signer, SigningKey};
use crate::limits::Budget;
use crate::multibase;
use crate::proof::sign::{self, ProofOptions};
use crate::proof::{Cryptosuite, ProofError, Work};

/// What a base proof needs besides the issuer's key: fresh random bytes for each, which the caller brings because
/// the core has none.
///
/// The HMAC key goes to the holder in the proof. The key of the proof signs its statements and is then thrown away.
pub struct Secrets {
    /// The key that hides the names of blank nodes.
    pub hmac_key: Hash,
    /// The P-256 key of this proof alone.
    pub proof_key: SigningKey,
}

/// The document with one more proof, for its holder to derive from. What `mandatory` names every derived proof will
/// show; the issuer too only if it is named, and without it no part passes for a credential.
///
/// # Errors
/// [`ProofError`] where the suite does not take a key, a pointer names nothing or cannot stand alone, the document
/// has no canonical form, or a signer gives no signature.
pub fn add_base_proof(
    document: &Json,
    options: &ProofOptions,
    mandatory: &[String],
    secrets: &Secrets,
    signer: &dyn Signer,
    contexts: ContextLoader<'_>,
) -> Result<Json, ProofError> {
    let suite = Cryptosuite::EcdsaSd2023;
    for algorithm in [signer.algorithm(), secrets.proof_key.algorithm()] {
        if algorithm != Algorithm::P256 {
            return Err(ProofError::KeyMismatch { suite, algorithm });
        }
    }
    if !options.previous_proof.is_empty() {
        return Err(DisclosureError::PreviousProof.into());
    }
    let options = ProofOptions { cryptosuite: suite, ..options.clone() };
    let new = sign::begin(document, &options, signer)?;
    let budget = &mut Budget::default();
    let options_hash = new.secured.options_hash(new.index, Algorithm::P256, contexts, budget)?;
    let mut work = Work { contexts, hash: HashAlgorithm::Sha256, budget };
    let whole = Whole::read(new.secured.content(), &secrets.hmac_key, &mut work)?;
    let selection = Selection::new(new.secured.content(), mandatory)?;
    // What is mandatory alone has to say what it says here: it is what every verifier will see.
    whole.part(&selection, &mut work)?;

    let mut hash = sha2::Sha256::new();
    let mut signatures: Vec<Signature> = Vec::new();
    for (line, mandatory) in whole.lines.iter().zip(whole.chosen(&selection)) {
        if mandatory {
            hash.update(&line.text);
        } else {
            signatures.push(sized(secrets.proof_key.sign(line.text.as_bytes())?)?);
        }
    }
    let public_key = public_key(&secrets.proof_key)?;
    let message = base_message(&options_hash, &public_key, &hash.finalize());
    let base_signature = sized(signer.sign(&message)?)?;
    let mandatory = mandatory.to_vec();
    let base = Base { base_signature, public_key, hmac_key: secrets.hmac_key, signatures, mandatory };
    Ok(new.finish(multibase::encode_base64url(&base.to_bytes())))
}

fn sized(signature: Vec<u8>) -> Result<Signature, ProofError> {
    let malformed = |signature: Vec<u8>| ProofError::SignatureMalformed {
        algorithm: Algorithm::P256,
        len: signature.len(),
    };
    let signature: Signature = signature.try_into().map_err(malformed)?;
    if crate::key::is_well_formed(Algorithm::P256, &signature) {
        Ok(signature)
    } else {
        Err(SignError::Failed.into())
    }
}

fn public_key(key: &SigningKey) -> Result<PublicKey, DisclosureError> {
    let bytes = [&P256_CODEC[..], &key.verifying_key().compressed()].concat();
    bytes.try_into().map_err(|_| DisclosureError::PublicKey)
}
