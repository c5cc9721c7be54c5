//! Public keys and what a signature under them is:
//! [Multikey](https://www.w3.org/TR/cid-1.0/#Multikey) and
//! [JsonWebKey](https://www.w3.org/TR/cid-1.0/#JsonWebKey).
//!
//! ```text
//! z base58( 80 24  02|03 x            )   P-256    33 bytes, compressed point
//! z base58( 81 24  02|03 x            )   P-384    49 bytes, compressed point
//! z base58( ed 01  y with the sign of x )   Ed25519  32 bytes
//! ```
//!
//! A key is decoded once and is then known to be a point of the curve, not the identity, not of small
//! order, and spelt in its one way. Signatures have one form each: `r || s` as
//! [IEEE P1363](https://www.w3.org/TR/vc-di-ecdsa/#proof-serialization-ecdsa-rdfc-2019) has it with either
//! value of `s`, and [RFC 8032](https://www.rfc-editor.org/rfc/rfc8032#section-5.1.6).
//!
//! Verification here is by the pure Rust crates. Another library may answer a [`SignatureCheck`] instead;
//! what libraries disagree about is refused before ([`VerifyingKey::signature_is_well_formed`]), so that
//! the answer does not depend on who gave it.

mod check;
mod jwk;
#[cfg(feature = "sign")]
mod sign;

use std::cell::RefCell;
use std::fmt;

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use sha2::{Digest as _, Sha256, Sha384};

use crate::multibase::{self, MultibaseError};

pub use check::{Answer, SignatureCheck, is_well_formed};
#[cfg(feature = "sign")]
pub use sign::{KeySigner, SecretKeyError, SignError, Signer, SigningKey};

/// A signature algorithm, with the hash that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// EdDSA on edwards25519 ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032))
    Ed25519,
    /// ECDSA on P-256 with SHA-256 ([FIPS 186-5](https://csrc.nist.gov/pubs/fips/186-5/final))
    P256,
    /// ECDSA on P-384 with SHA-384
    P384,
}

impl Algorithm {
    /// The name of the curve, as JSON Web Keys spell it.
    #[must_use]
    pub const fn curve(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    /// Bytes of a secret key.
    #[must_use]
    pub const fn secret_bytes(self) -> usize {
        match self {
            Self::Ed25519 | Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    /// Bytes of a signature.
    #[must_use]
    pub const fn signature_bytes(self) -> usize {
        2 * self.secret_bytes()
    }

    /// The [multicodec](https://www.w3.org/TR/cid-1.0/#Multikey) of a public key, as a varint.
    const fn codec(self) -> [u8; 2] {
        match self {
            Self::Ed25519 => [0xed, 0x01],
            Self::P256 => [0x80, 0x24],
            Self::P384 => [0x81, 0x24],
        }
    }

    const fn of_codec(codec: u32) -> Option<Self> {
        match codec {
            0xed => Some(Self::Ed25519),
            0x1200 => Some(Self::P256),
            0x1201 => Some(Self::P384),
            _ => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.curve())
    }
}

/// Why something is not a public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A member of a JSON Web Key is missing or has no valid value.
    #[error("the member `{0}` of the JSON Web Key is missing or not valid")]
    JwkMember(&'static str),
    /// Not base58btc multibase.
    #[error("the key is not multibase: {0}")]
    Multibase(#[from] MultibaseError),
    /// An Ed25519 key whose y is not below p: two spellings of one key.
    #[error("the Ed25519 key is not in its canonical spelling")]
    NonCanonical,
    /// The bytes are no point of the curve.
    #[error("the {0} key is not a point of its curve")]
    NotOnCurve(Algorithm),
    /// A secret key where a public one belongs.
    #[error("the JSON Web Key holds the private member `{0}`")]
    PrivateMember(&'static str),
    /// An Ed25519 key under which one signature holds for many messages.
    #[error("the Ed25519 key has small order, so anyone can sign for it")]
    SmallOrder,
    /// The curve or key type is none of ours.
    #[error("the key is neither P-256 nor P-384 nor Ed25519")]
    UnsupportedAlgorithm,
    /// Too few or too many bytes.
    #[error("the {algorithm} key has {len} bytes")]
    WrongLength {
        /// What the key says that it is.
        algorithm: Algorithm,
        /// Bytes found.
        len: usize,
    },
}

impl KeyError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::JwkMember(_) => "key.jwk-member",
            Self::Multibase(_) => "key.multibase",
            Self::NonCanonical => "key.non-canonical",
            Self::NotOnCurve(_) => "key.not-on-curve",
            Self::PrivateMember(_) => "key.private-member",
            Self::SmallOrder => "key.small-order",
            Self::UnsupportedAlgorithm => "key.unsupported-algorithm",
            Self::WrongLength { .. } => "key.wrong-length",
        }
    }
}

/// A public key that is known to be good.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(Point);

/// Each point is held decompressed: finding y for an x costs a fifth of a fast verification.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Point {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
}

/// Keys that a thread remembers, so that credentials of one issuer decompress its point once.
const MAX_REMEMBERED_KEYS: usize = 64;

thread_local! {
    static REMEMBERED: RefCell<Vec<(Box<str>, VerifyingKey)>> = const { RefCell::new(Vec::new()) };
}

impl VerifyingKey {
    /// Reads a `publicKeyMultibase` ([Multikey](https://www.w3.org/TR/cid-1.0/#Multikey)).
    ///
    /// # Errors
    /// [`KeyError`] for another base or algorithm, a wrong length, or a point that is none or weak.
    pub fn from_multikey(text: &str) -> Result<Self, KeyError> {
        REMEMBERED.with_borrow_mut(|remembered| {
            if let Some((_, key)) = remembered.iter().find(|(known, _)| **known == *text) {
                return Ok(*key);
            }
            let key = Self::decode_multikey(text)?;
            // Strangers' keys may push the others out, which costs time and nothing else.
            if remembered.len() == MAX_REMEMBERED_KEYS {
                remembered.remove(0);
            }
            remembered.push((text.into(), key));
            Ok(key)
        })
    }

    fn decode_multikey(text: &str) -> Result<Self, KeyError> {
        let bytes = multibase::decode_base58btc(text)?;
        let (codec, point) = multibase::split_varint(&bytes).ok_or(KeyError::UnsupportedAlgorithm)?;
        let algorithm = Algorithm::of_codec(codec).ok_or(KeyError::UnsupportedAlgorithm)?;
        Self::from_compressed(algorithm, point)
    }

    /// Reads the bytes of a Multikey after its prefix: a compressed point.
    ///
    /// # Errors
    /// [`KeyError`] for a wrong length, or a point that is none or weak.
    pub fn from_compressed(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let expected = match algorithm {
            Algorithm::Ed25519 => 32,
            Algorithm::P256 => 33,
            Algorithm::P384 => 49,
        };
        if bytes.len() != expected {
            return Err(KeyError::WrongLength { algorithm, len: bytes.len() });
        }
        // SEC1 libraries may also take the tag 05 of a draft: an x without the sign of y, a second spelling.
        if algorithm != Algorithm::Ed25519 && !matches!(bytes.first(), Some(2 | 3)) {
            return Err(KeyError::NotOnCurve(algorithm));
        }
        Self::from_point_bytes(algorithm, bytes)
    }

    /// Reads a point in the one form that its length leaves: SEC1 compressed or not, or Ed25519.
    fn from_point_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let off = |_| KeyError::NotOnCurve(algorithm);
        match algorithm {
            Algorithm::Ed25519 => {
                let bytes =
                    bytes.try_into().map_err(|_| KeyError::WrongLength { algorithm, len: bytes.len() })?;
                if !check::is_canonical_y(bytes) {
                    return Err(KeyError::NonCanonical);
                }
                if check::has_small_order(bytes) {
                    return Err(KeyError::SmallOrder);
                }
                ed25519_dalek::VerifyingKey::from_bytes(bytes).map(Point::Ed25519).map_err(off)
            }
            Algorithm::P256 => {
                p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map(Point::P256).map_err(off)
            }
            Algorithm::P384 => {
                p384::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map(Point::P384).map_err(off)
            }
        }
        .map(Self)
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            Point::Ed25519(_) => Algorithm::Ed25519,
            Point::P256(_) => Algorithm::P256,
            Point::P384(_) => Algorithm::P384,
        }
    }

    /// The key as `publicKeyMultibase`.
    #[must_use]
    pub fn to_multikey(&self) -> String {
        multibase::encode_base58btc(&[&self.algorithm().codec()[..], &self.compressed()].concat())
    }

    /// The compressed point: 33, 49 or 32 bytes.
    #[must_use]
    pub fn compressed(&self) -> Vec<u8> {
        match &self.0 {
            Point::Ed25519(key) => key.as_bytes().to_vec(),
            Point::P256(key) => key.to_sec1_point(true).as_bytes().to_vec(),
            Point::P384(key) => key.to_sec1_point(true).as_bytes().to_vec(),
        }
    }

    /// What other libraries import as a raw key: the uncompressed point of 65 or 97 bytes, and the 32
    /// bytes of an Ed25519 key, which has no other form.
    #[must_use]
    pub fn uncompressed(&self) -> Vec<u8> {
        match &self.0 {
            Point::Ed25519(key) => key.as_bytes().to_vec(),
            Point::P256(key) => key.to_sec1_point(false).as_bytes().to_vec(),
            Point::P384(key) => key.to_sec1_point(false).as_bytes().to_vec(),
        }
    }

    /// Whether `signature` has the form that a signature under this key can have: the exact length, `r`
    /// and `s` from 1 to n - 1, or `S` below L and `R` canonical and not of small order.
    ///
    /// Libraries differ in how much of this they check; no signature without it is valid in any of them
    /// that follows its specification strictly.
    #[must_use]
    pub fn signature_is_well_formed(&self, signature: &[u8]) -> bool {
        check::is_well_formed(self.algorithm(), signature)
    }

    /// Whether `signature` is one of `message` under this key.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        if !self.signature_is_well_formed(signature) {
            return false;
        }
        match &self.0 {
            Point::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Point::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_prehash(&Sha256::digest(message), &signature).is_ok()),
            Point::P384(key) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_prehash(&Sha384::digest(message), &signature).is_ok()),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.to_multikey())
    }
}

#[cfg(test)]
mod tests;
