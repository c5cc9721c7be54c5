//! Signing keys. They are never cloned or printed, and are wiped when they go.

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use sha2::{Digest as _, Sha256, Sha384};
use zeroize::Zeroizing;

use super::{Algorithm, Point, VerifyingKey};

/// Whoever can sign: a key in memory, another library, a token.
pub trait Signer {
    /// The algorithm of the key.
    fn algorithm(&self) -> Algorithm;

    /// The DID URL under which verifiers find the public key.
    fn verification_method(&self) -> &str;

    /// Signs a message, hashed first as the algorithm says. The signature is `r || s`, or that of RFC 8032.
    ///
    /// # Errors
    /// [`SignError`] when there is no signature.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// Why there is no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key, or what holds it, could not do it.
    #[error("the signing key gave no signature")]
    Failed,
    /// What holds the key is not there.
    #[error("the signing key cannot be reached")]
    Unreachable,
}

impl SignError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Failed => "sign.failed",
            Self::Unreachable => "sign.unreachable",
        }
    }
}

/// Why some bytes are not a secret key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// Zero, or not below the order of the group. Of random bytes, less than one in four billion are.
    #[error("the {0} secret key is out of range")]
    OutOfRange(Algorithm),
    /// Too few or too many bytes.
    #[error("a secret key of {algorithm} has {} bytes, not {len}", algorithm.secret_bytes())]
    WrongLength {
        /// The algorithm asked for.
        algorithm: Algorithm,
        /// Bytes found.
        len: usize,
    },
}

impl SecretKeyError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutOfRange(_) => "key.secret-out-of-range",
            Self::WrongLength { .. } => "key.secret-wrong-length",
        }
    }
}

/// A secret key in memory.
///
/// ECDSA nonces are those of [RFC 6979](https://www.rfc-editor.org/rfc/rfc6979), so the same key and
/// message give the same signature; `s` is left as it comes, high or low.
pub struct SigningKey(Secret);

enum Secret {
    // Boxed, so that moving the key leaves no copy of it behind.
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Box<p256::ecdsa::SigningKey>),
    P384(Box<p384::ecdsa::SigningKey>),
}

impl SigningKey {
    /// A key from its secret bytes: the scalar, big-endian, or the Ed25519 seed. A new key is made from as
    /// many random bytes, which the caller brings because the core has none; where they are
    /// [out of range](SecretKeyError::OutOfRange), from others.
    ///
    /// # Errors
    /// [`SecretKeyError`]
    pub fn from_secret_bytes(algorithm: Algorithm, secret: &[u8]) -> Result<Self, SecretKeyError> {
        if secret.len() != algorithm.secret_bytes() {
            return Err(SecretKeyError::WrongLength { algorithm, len: secret.len() });
        }
        let out = |_| SecretKeyError::OutOfRange(algorithm);
        Ok(Self(match algorithm {
            Algorithm::Ed25519 => {
                let seed =
                    <&[u8; 32]>::try_from(secret).map_err(|_| SecretKeyError::OutOfRange(algorithm))?;
                Secret::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(seed)))
            }
            Algorithm::P256 => {
                Secret::P256(Box::new(p256::ecdsa::SigningKey::from_slice(secret).map_err(out)?))
            }
            Algorithm::P384 => {
                Secret::P384(Box::new(p384::ecdsa::SigningKey::from_slice(secret).map_err(out)?))
            }
        }))
    }

    /// The secret bytes, for a key store.
    #[must_use]
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        match &self.0 {
            Secret::Ed25519(key) => Zeroizing::new(key.as_bytes().to_vec()),
            Secret::P256(key) => Zeroizing::new(Zeroizing::new(key.to_bytes()).to_vec()),
            Secret::P384(key) => Zeroizing::new(Zeroizing::new(key.to_bytes()).to_vec()),
        }
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            Secret::Ed25519(_) => Algorithm::Ed25519,
            Secret::P256(_) => Algorithm::P256,
            Secret::P384(_) => Algorithm::P384,
        }
    }

    /// The public key.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(match &self.0 {
            Secret::Ed25519(key) => Point::Ed25519(key.verifying_key()),
            Secret::P256(key) => Point::P256(*key.verifying_key()),
            Secret::P384(key) => Point::P384(*key.verifying_key()),
        })
    }

    /// Signs a message, hashed first as the algorithm says.
    ///
    /// # Errors
    /// [`SignError::Failed`], which no key and message are known to cause.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let failed = |_| SignError::Failed;
        match &self.0 {
            Secret::Ed25519(key) => Ok(key.try_sign(message).map_err(failed)?.to_bytes().to_vec()),
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature =
                    key.sign_prehash(&Sha256::digest(message)).map_err(failed)?;
                Ok(signature.to_vec())
            }
            Secret::P384(key) => {
                let signature: p384::ecdsa::Signature =
                    key.sign_prehash(&Sha384::digest(message)).map_err(failed)?;
                Ok(signature.to_vec())
            }
        }
    }
}

/// A [`SigningKey`] and the name that verifiers know it by.
pub struct KeySigner {
    key: SigningKey,
    verification_method: String,
}

impl KeySigner {
    /// A key with its DID URL.
    #[must_use]
    pub fn new(key: SigningKey, verification_method: impl Into<String>) -> Self {
        Self { key, verification_method: verification_method.into() }
    }

    /// A key under its own did:key.
    #[must_use]
    pub fn did_key(key: SigningKey) -> Self {
        let verification_method = crate::did::key::verification_method(&key.verifying_key());
        Self { key, verification_method }
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }
}

impl Signer for KeySigner {
    fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    fn verification_method(&self) -> &str {
        &self.verification_method
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.key.sign(message)
    }
}
