//! What the holder of personal data computes with the secret: keys, their proofs, salts.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use super::{Key, Kind, Salt, first_half, vrf};

/// The holder's secret. Never cloned, never printed, wiped when it goes.
///
/// All that is needed is derived from 32 random bytes: the seed of the VRF key, the seed of the salts, and keys
/// that blind the digest of a manifest, and the identifiers of subjects where two sets are compared.
#[derive(Debug)]
pub struct Secret {
    vrf: vrf::SecretKey,
    seeds: Seeds,
}

struct Seeds {
    manifests: [u8; 32],
    salts: [u8; 32],
    subjects: [u8; 32],
}

impl Drop for Seeds {
    fn drop(&mut self) {
        self.manifests.zeroize();
        self.salts.zeroize();
        self.subjects.zeroize();
    }
}

impl ZeroizeOnDrop for Seeds {}

impl std::fmt::Debug for Seeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seeds").finish_non_exhaustive()
    }
}

impl Secret {
    /// From 32 bytes that were drawn at random and are kept.
    #[must_use]
    pub fn from_bytes(secret: &[u8; 32]) -> Self {
        let derived = |purpose: &str| mac(secret, &[super::TAG.as_bytes(), &[0], purpose.as_bytes()]);
        let seed = Zeroizing::new(derived("vrf"));
        let seeds =
            Seeds { manifests: derived("manifest"), salts: derived("salt"), subjects: derived("subject") };
        Self { vrf: vrf::SecretKey::from_seed(&seed), seeds }
    }

    /// The public key, for the passport.
    #[must_use]
    pub const fn vrf_key(&self) -> &vrf::PublicKey {
        self.vrf.public()
    }

    /// The key of a record. None once in 2^256 records.
    #[must_use]
    pub fn key(&self, kind: Kind, record_sha256: &[u8; 32]) -> Option<Key> {
        self.vrf.output(&kind.input(record_sha256)).map(|output| first_half(&output))
    }

    /// The proof that this is the key of the record.
    #[must_use]
    pub fn prove(&self, kind: Kind, record_sha256: &[u8; 32]) -> Option<[u8; vrf::PROOF_BYTES]> {
        self.vrf.prove(&kind.input(record_sha256))
    }

    /// The salt of the leaf of a record: the first with this key is number 0.
    #[must_use]
    pub fn salt(&self, key: &Key, occurrence: u64) -> Salt {
        mac(&self.seeds.salts, &[key, &occurrence.to_be_bytes()])
    }

    /// What stands for the digest of all files, which would let someone with most of them test for the rest.
    #[must_use]
    pub fn sealed_digest(&self, digest: &[u8]) -> [u8; 32] {
        mac(&self.seeds.manifests, &[digest])
    }

    /// What stands for the identifier of a subject, so that two sets can be compared without showing any.
    #[must_use]
    pub fn blinded_subject(&self, identifier: &[u8]) -> [u8; 32] {
        mac(&self.seeds.subjects, &[identifier])
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // INVARIANT: HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
