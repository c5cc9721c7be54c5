//! A private key as text: [RFC 5958] inside PBES2 of [RFC 8018], in the textual encoding of [RFC 7468].
//!
//! ```text
//! -----BEGIN ENCRYPTED PRIVATE KEY-----
//! EncryptedPrivateKeyInfo { PBES2 { scrypt N=2^14 r=8 p=5, AES-256-CBC }, OneAsymmetricKey }
//! -----END ENCRYPTED PRIVATE KEY-----
//! ```
//!
//! `openssl pkey -in NAME.pem` reads it.
//!
//! [RFC 5958]: https://www.rfc-editor.org/rfc/rfc5958
//! [RFC 7468]: https://www.rfc-editor.org/rfc/rfc7468
//! [RFC 8018]: https://www.rfc-editor.org/rfc/rfc8018

use model_passport::key::Algorithm;
use pkcs8::der::asn1::{ObjectIdentifier, OctetStringRef};
use pkcs8::der::{AnyRef, Decode, Encode, pem::LineEnding};
use pkcs8::pkcs5::pbes2;
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{EncryptedPrivateKeyInfoOwned, PrivateKeyInfoRef, SecretDocument};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

/// `id-ecPublicKey`, <https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1>
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// `secp256r1`, <https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1.1>
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// `secp384r1`, likewise
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// `id-Ed25519`, <https://www.rfc-editor.org/rfc/rfc8410#section-3>
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// scrypt with 16 MiB of memory, five times over: as costly as N=2^17 once, and below the 32 MiB at which
/// OpenSSL refuses by default.
const SCRYPT_LOG_N: u8 = 14;
const SCRYPT_R: u32 = 8;
const SCRYPT_P: u32 = 5;

/// Why a key file gave no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unopened {
    /// The file is not an encrypted PKCS#8 key of an algorithm that we sign with.
    Malformed,
    /// The padding or the content after decryption is wrong, which is what a wrong passphrase looks like.
    WrongPassphrase,
}

/// Encrypts `secret` (the scalar or the seed) and returns the PEM text.
pub(super) fn seal(
    algorithm: Algorithm,
    secret: &[u8],
    passphrase: &str,
    salt: &[u8; 16],
    iv: [u8; 16],
) -> Result<Zeroizing<String>, pkcs8::Error> {
    let inner = Zeroizing::new(match algorithm {
        Algorithm::P256 | Algorithm::P384 => {
            EcPrivateKey { private_key: secret, parameters: None, public_key: None }.to_der()?
        }
        // RFC 8410, section 7: CurvePrivateKey is an OCTET STRING within the OCTET STRING.
        Algorithm::Ed25519 => OctetStringRef::new(secret)?.to_der()?,
    });
    let (oid, curve) = match algorithm {
        Algorithm::P256 => (EC_PUBLIC_KEY, Some(SECP256R1)),
        Algorithm::P384 => (EC_PUBLIC_KEY, Some(SECP384R1)),
        Algorithm::Ed25519 => (ED25519, None),
    };
    let parameters = curve.as_ref().map(AnyRef::from);
    let info =
        PrivateKeyInfoRef::new(AlgorithmIdentifierRef { oid, parameters }, OctetStringRef::new(&inner)?);
    let cost = scrypt::Params::new(SCRYPT_LOG_N, SCRYPT_R, SCRYPT_P)
        .map_err(|_| pkcs8::Error::ParametersMalformed)?;
    let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(cost, salt, iv)?;
    let document: SecretDocument = info.encrypt_with_params(parameters, passphrase)?;
    Ok(document.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF)?)
}

/// Decrypts a PEM text into the algorithm and the secret.
pub(super) fn open(pem: &str, passphrase: &str) -> Result<(Algorithm, Zeroizing<Vec<u8>>), Unopened> {
    let (label, document) = SecretDocument::from_pem(pem).map_err(|_| Unopened::Malformed)?;
    if label != "ENCRYPTED PRIVATE KEY" {
        return Err(Unopened::Malformed);
    }
    let sealed =
        EncryptedPrivateKeyInfoOwned::from_der(document.as_bytes()).map_err(|_| Unopened::Malformed)?;
    let opened = sealed.decrypt(passphrase).map_err(|_| Unopened::WrongPassphrase)?;
    // One wrong passphrase in 256 leaves padding that looks right, so the content is judged the same way.
    let info = PrivateKeyInfoRef::from_der(opened.as_bytes()).map_err(|_| Unopened::WrongPassphrase)?;
    let algorithm = algorithm(&info.algorithm).ok_or(Unopened::Malformed)?;
    let inner = info.private_key.as_bytes();
    let secret = match algorithm {
        Algorithm::P256 | Algorithm::P384 => {
            EcPrivateKey::from_der(inner).map_err(|_| Unopened::Malformed)?.private_key.to_vec()
        }
        Algorithm::Ed25519 => {
            <&OctetStringRef>::from_der(inner).map_err(|_| Unopened::Malformed)?.as_bytes().to_vec()
        }
    };
    Ok((algorithm, Zeroizing::new(secret)))
}

fn algorithm(identifier: &AlgorithmIdentifierRef<'_>) -> Option<Algorithm> {
    match (identifier.oid, identifier.parameters_oid()) {
        (EC_PUBLIC_KEY, Ok(SECP256R1)) => Some(Algorithm::P256),
        (EC_PUBLIC_KEY, Ok(SECP384R1)) => Some(Algorithm::P384),
        (ED25519, _) => Some(Algorithm::Ed25519),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_again() {
        for (algorithm, size) in [(Algorithm::P256, 32), (Algorithm::P384, 48), (Algorithm::Ed25519, 32)] {
            let secret = vec![7; size];
            let pem = seal(algorithm, &secret, "correct horse", &[1; 16], [2; 16]).unwrap();
            assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
            let (read, opened) = open(&pem, "correct horse").unwrap();
            assert_eq!((read, opened.as_slice()), (algorithm, secret.as_slice()));
        }
    }

    #[test]
    fn a_wrong_passphrase_is_told_from_a_damaged_file() {
        let pem = seal(Algorithm::P256, &[7; 32], "correct horse", &[1; 16], [2; 16]).unwrap();
        assert_eq!(open(&pem, "correct house").unwrap_err(), Unopened::WrongPassphrase);
        assert_eq!(open("not a key", "correct horse").unwrap_err(), Unopened::Malformed);
        let plain = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
        assert_eq!(open(plain, "correct horse").unwrap_err(), Unopened::Malformed);
    }
}
