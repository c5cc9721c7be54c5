//! Keys that last as long as the process, one for each cryptosuite and curve.

use model_passport::did;
use model_passport::jose::{self, Kind};
use model_passport::key::{Algorithm, Signer as _};
use model_passport::proof::Cryptosuite;
use serde::Serialize;

use crate::crypto::FastSigner;
use crate::keystore::{self, KeyStoreError};

/// A key, and what it signs with.
pub struct Issuer {
    /// Its name in the path.
    pub name: String,
    /// The DID that it signs for.
    pub did: String,
    /// What it signs as.
    pub securing: Securing,
    /// Whether its credentials get entries of status lists.
    pub(super) status: bool,
    /// The key.
    pub(super) signer: FastSigner,
}

/// How an issuer signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Securing {
    /// With a proof beside the credential.
    Proof(Cryptosuite),
    /// As the payload of a JWS, `vc+jwt`.
    Jws,
}

/// The suite that an issuer with status lists signs with.
pub(super) const WITH_STATUS: Cryptosuite = Cryptosuite::EddsaRdfc2022;

/// An issuer as the service announces it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Announced<'i> {
    name: &'i str,
    path: String,
    id: &'i str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cryptosuite: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    curve: &'static str,
    status: bool,
}

impl Issuer {
    /// What callers have to know.
    #[must_use]
    pub fn announced(&self) -> Announced<'_> {
        Announced {
            name: &self.name,
            path: format!("/issuers/{}/credentials/issue", self.name),
            id: &self.did,
            cryptosuite: match self.securing {
                Securing::Proof(suite) => Some(suite.name()),
                Securing::Jws => None,
            },
            media_type: match self.securing {
                Securing::Proof(_) => None,
                Securing::Jws => Some(format!("application/{}", Kind::Credential.name())),
            },
            curve: self.signer.algorithm().curve(),
            status: self.status,
        }
    }
}

/// New keys under their own did:key: one for each algorithm, used by every suite that takes it and for JWS.
///
/// # Errors
/// [`KeyStoreError::Randomness`] where the system gives none.
pub fn throw_away() -> Result<Vec<Issuer>, KeyStoreError> {
    let mut issuers = Vec::new();
    for algorithm in [Algorithm::P256, Algorithm::P384, Algorithm::Ed25519] {
        let key = keystore::generate(algorithm)?;
        let public = key.verifying_key();
        let issuer = |name: String, securing, status| {
            let method = did::key::verification_method(&public);
            let signer = FastSigner::new(&key, method).map_err(|_| KeyStoreError::Randomness)?;
            let did = did::key::did(&public).to_string();
            Ok::<_, KeyStoreError>(Issuer { name, did, securing, status, signer })
        };
        for cryptosuite in Cryptosuite::ALL.into_iter().filter(|suite| suite.hash_for(algorithm).is_some()) {
            let (name, securing) = (name(cryptosuite, algorithm), Securing::Proof(cryptosuite));
            if cryptosuite == WITH_STATUS {
                issuers.push(issuer(format!("{name}-status"), securing, true)?);
            }
            issuers.push(issuer(name, securing, false)?);
        }
        let jws = format!("vc-jose-{}", jose::algorithm_name(algorithm).to_lowercase());
        issuers.push(issuer(jws, Securing::Jws, false)?);
    }
    Ok(issuers)
}

/// The suite, and the curve where the suite leaves a choice.
fn name(suite: Cryptosuite, algorithm: Algorithm) -> String {
    let suite = suite.name();
    match algorithm {
        Algorithm::Ed25519 => suite.to_owned(),
        // It leaves no choice.
        Algorithm::P256 if suite == Cryptosuite::EcdsaSd2023.name() => suite.to_owned(),
        Algorithm::P256 => format!("{suite}-p256"),
        Algorithm::P384 => format!("{suite}-p384"),
    }
}
