//! Selective disclosure on the issuer's side, [ecdsa-sd-2023](https://www.w3.org/TR/vc-di-ecdsa/#ecdsa-sd-2023): what
//! every holder has to show, the secrets of a base proof, and a base proof as its verifiers will see it.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use model_passport::json::{Json, escape_token};
use model_passport::jsonld::ContextLoader;
use model_passport::key::{Algorithm, SigningKey};
use model_passport::lineage::{self, RELATIONS};
use model_passport::passport::Credential;
use model_passport::profile;
use model_passport::proof::ecdsa_sd::{Secrets, derive};
use model_passport::proof::{Cryptosuite, ProofError};
use zeroize::Zeroizing;

/// What no holder may leave out: everything around the subject, so issuer, validity, status and schema; what the
/// subject builds on; whatever a passport is none without; and what the issuer adds.
pub(crate) fn mandatory(credential: &Json, more: &[String]) -> Vec<String> {
    let mut pointers = Vec::new();
    let mut add = |pointer: String| {
        if !pointers.contains(&pointer) {
            pointers.push(pointer);
        }
    };
    // These and the types come along with any other.
    let implied = |name: &str| matches!(name, "@context" | "id" | "type" | "proof");
    for (name, value) in credential.as_object().into_iter().flat_map(|members| members.iter()) {
        if name != "credentialSubject" {
            if !implied(name) {
                add(format!("/{}", escape_token(name)));
            }
            continue;
        }
        for name in value.as_object().into_iter().flat_map(|members| members.keys()) {
            if !implied(name) && (RELATIONS.contains(&name) || !is_optional(credential, name)) {
                add(format!("/credentialSubject/{}", escape_token(name)));
            }
        }
    }
    for reference in lineage::references(credential).into_iter().flatten() {
        add(reference.pointer);
    }
    more.iter().cloned().for_each(add);
    pointers
}

/// Whether a passport is one without this member of its subject.
fn is_optional(credential: &Json, name: &str) -> bool {
    let mut without = credential.clone();
    let subject = without.as_object_mut().and_then(|members| members.get_mut("credentialSubject"));
    subject.and_then(Json::as_object_mut).and_then(|subject| subject.remove(name));
    Credential::new(without.clone()).is_ok_and(|taken| profile::findings(&taken, &without).is_empty())
}

/// Fresh secrets for one base proof; none where the system has no randomness to give.
pub(crate) fn secrets() -> Option<Secrets> {
    let random = SystemRandom::new();
    let mut hmac_key = [0; 32];
    random.fill(&mut hmac_key).ok()?;
    // One try in four billion is out of range; more than a few in a row are no chance.
    (0..4).find_map(|_| {
        let mut secret = Zeroizing::new([0; 32]);
        random.fill(secret.as_mut_slice()).ok()?;
        let proof_key = SigningKey::from_secret_bytes(Algorithm::P256, secret.as_slice()).ok()?;
        Some(Secrets { hmac_key, proof_key })
    })
}

/// The credential with each of its base proofs derived, everything revealed: the same content, in the form that a
/// verifier judges.
pub(crate) fn revealed(credential: &Json) -> Result<Json, ProofError> {
    let mut content = credential.clone();
    let proofs = content.as_object_mut().and_then(|members| members.remove("proof"));
    let (is_list, proofs) = match proofs {
        Some(Json::Array(proofs)) => (true, proofs),
        proof => (false, proof.into_iter().collect()),
    };
    let reveal = |proof: Json| {
        if proof.get("cryptosuite").and_then(Json::as_str) != Some(Cryptosuite::EcdsaSd2023.name()) {
            return Ok(proof);
        }
        let mut alone = content.clone();
        alone.as_object_mut().and_then(|members| members.insert("proof", proof));
        let mut shown = derive(&alone, &[String::new()], ContextLoader::default())?;
        let proof = shown.as_object_mut().and_then(|members| members.remove("proof"));
        proof.ok_or(ProofError::None)
    };
    let mut proofs = proofs.into_iter().map(reveal).collect::<Result<Vec<Json>, ProofError>>()?;
    let only = if is_list { None } else { proofs.pop() };
    content.as_object_mut().and_then(|members| members.insert("proof", only.unwrap_or(Json::Array(proofs))));
    Ok(content)
}

#[cfg(test)]
mod tests {
    use model_passport::json;

    use super::*;

    #[test]
    fn what_matters_is_mandatory() {
        let text = include_str!("../../tests/fixtures/examples/model-passport.json");
        let mut passport = json::parse(text).unwrap();
        let status = r#"{"id": "https://lab.example/status/1#7", "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation", "statusListIndex": "7",
            "statusListCredential": "https://lab.example/status/1"}"#;
        passport.as_object_mut().unwrap().insert("credentialStatus", json::parse(status).unwrap());
        let mandatory = mandatory(&passport, &["/credentialSubject/weights/0/format".to_owned()]);
        for pointer in [
            "/issuer",
            "/validFrom",
            "/validUntil",
            "/credentialStatus",
            "/credentialSubject/trainedOn",
            "/credentialSubject/limits",
            "/credentialSubject/weights/0/format",
        ] {
            assert!(mandatory.iter().any(|known| known == pointer), "{pointer}: {mandatory:?}");
        }
        assert!(!mandatory.iter().any(|pointer| pointer == "/credentialSubject/weights"), "{mandatory:?}");
    }
}
