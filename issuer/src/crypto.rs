//! Signatures by AWS-LC, several times as fast as the portable crates of the core: [FIPS 186-5] ECDSA on
//! P-256 and P-384, [RFC 8032] Ed25519.
//!
//! *In scope:* the answers to the core's signature checks, and a signer. *Out of scope:* which signature
//! covers what and whether a key may sign it, which is the core's; so is refusing what libraries read
//! differently, so that a report does not depend on who checked.
//!
//! [FIPS 186-5]: https://csrc.nist.gov/pubs/fips/186-5/final
//! [RFC 8032]: https://www.rfc-editor.org/rfc/rfc8032

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};
use model_passport::key::{Algorithm, Answer, SignError, SignatureCheck, Signer, SigningKey};
use rayon::prelude::*;

/// Checks that one thread takes at a time; fewer are not worth waking another.
const CHECKS_PER_THREAD: usize = 8;

/// The answers to the checks, in their order.
#[must_use]
pub fn answers(checks: &[SignatureCheck]) -> Vec<Answer> {
    if checks.len() <= CHECKS_PER_THREAD {
        return checks.iter().map(answer).collect();
    }
    checks.par_iter().with_min_len(CHECKS_PER_THREAD).map(answer).collect()
}

/// The answer to one check.
#[must_use]
pub fn answer(check: &SignatureCheck) -> Answer {
    // Before the library: it is more lenient about small order than the core is.
    if !check.is_well_formed() {
        return Answer::Invalid;
    }
    let algorithm: &'static dyn VerificationAlgorithm = match check.key.algorithm() {
        Algorithm::Ed25519 => &ED25519,
        Algorithm::P256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::P384 => &ECDSA_P384_SHA384_FIXED,
    };
    let key = UnparsedPublicKey::new(algorithm, check.key.uncompressed());
    if key.verify(&check.message, &check.signature).is_ok() { Answer::Valid } else { Answer::Invalid }
}

/// A secret key held by AWS-LC, which wipes it when it goes.
///
/// ECDSA nonces are random here, so that signing one message twice gives two signatures, each valid; the
/// core's own signer follows RFC 6979 and gives one. Ed25519 has no such choice.
pub struct FastSigner {
    secret: Secret,
    algorithm: Algorithm,
    verification_method: String,
}

enum Secret {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl FastSigner {
    /// The signer of a key under a DID URL.
    ///
    /// # Errors
    /// [`SignError::Failed`] where the library refuses the key, which no key of the core's is known to cause.
    pub fn new(key: &SigningKey, verification_method: impl Into<String>) -> Result<Self, SignError> {
        let algorithm = key.algorithm();
        let (secret, public) = (key.to_secret_bytes(), key.verifying_key().uncompressed());
        let ecdsa =
            |curve| EcdsaKeyPair::from_private_key_and_public_key(curve, &secret, &public).map(Secret::Ecdsa);
        let secret = match algorithm {
            Algorithm::Ed25519 => {
                Ed25519KeyPair::from_seed_and_public_key(&secret, &public).map(Secret::Ed25519)
            }
            Algorithm::P256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::P384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
        };
        let secret = secret.map_err(|_| SignError::Failed)?;
        Ok(Self { secret, algorithm, verification_method: verification_method.into() })
    }
}

impl Signer for FastSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn verification_method(&self) -> &str {
        &self.verification_method
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = match &self.secret {
            Secret::Ecdsa(key) => key.sign(&SystemRandom::new(), message),
            Secret::Ed25519(key) => key.try_sign(message),
        };
        signature.map(|signature| signature.as_ref().to_vec()).map_err(|_| SignError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use model_passport::json::{self, Json};
    use model_passport::key::VerifyingKey;

    use super::*;

    const ALGORITHMS: [Algorithm; 3] = [Algorithm::Ed25519, Algorithm::P256, Algorithm::P384];

    fn key(algorithm: Algorithm) -> SigningKey {
        SigningKey::from_secret_bytes(algorithm, &vec![0x42; algorithm.secret_bytes()]).unwrap()
    }

    /// The answer, if both implementations give the same.
    fn both(key: VerifyingKey, message: &[u8], signature: &[u8]) -> Answer {
        let check = SignatureCheck { key, message: message.to_vec(), signature: signature.to_vec() };
        let (fast, portable) = (answer(&check), check.answer());
        assert_eq!(fast, portable, "{check:?}");
        fast
    }

    #[test]
    fn each_takes_what_the_other_signs() {
        for algorithm in ALGORITHMS {
            let key = key(algorithm);
            let signer = FastSigner::new(&key, "did:web:lab.example#k1").unwrap();
            assert_eq!(
                (signer.algorithm(), signer.verification_method()),
                (algorithm, "did:web:lab.example#k1")
            );
            for n in 0..64_u8 {
                let message = vec![n; usize::from(n)];
                for signature in [signer.sign(&message).unwrap(), key.sign(&message).unwrap()] {
                    assert_eq!(both(key.verifying_key(), &message, &signature), Answer::Valid);
                    assert_eq!(both(key.verifying_key(), b"another message", &signature), Answer::Invalid);
                }
            }
        }
    }

    #[test]
    fn every_single_bit_counts_for_both() {
        for algorithm in ALGORITHMS {
            let key = key(algorithm);
            let signature = key.sign(b"message").unwrap();
            for bit in (0..signature.len() * 8).step_by(3) {
                let mut changed = signature.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(
                    both(key.verifying_key(), b"message", &changed),
                    Answer::Invalid,
                    "{algorithm} {bit}"
                );
            }
        }
    }

    #[test]
    fn edges_have_one_answer() {
        let order = [
            0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
            0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
        ];
        for algorithm in ALGORITHMS {
            let key = key(algorithm);
            let signature = key.sign(b"message").unwrap();
            let (r, s) = signature.split_at(algorithm.secret_bytes());
            let half = |byte: u8| vec![byte; algorithm.secret_bytes()];
            let mut one = half(0);
            one[0] = 1;
            for edge in [half(0), half(0xff), one] {
                for forged in [[&edge, s].concat(), [r, &edge].concat(), [&edge[..], &edge].concat()] {
                    assert_eq!(both(key.verifying_key(), b"message", &forged), Answer::Invalid);
                }
            }
            for wrong in [&signature[1..], &[&signature[..], &[0]].concat(), &[]] {
                assert_eq!(both(key.verifying_key(), b"message", wrong), Answer::Invalid);
            }
            if algorithm == Algorithm::P256 {
                assert_eq!(both(key.verifying_key(), b"message", &[&order[..], s].concat()), Answer::Invalid);
                assert_eq!(both(key.verifying_key(), b"message", &[r, &order].concat()), Answer::Invalid);
                // n - s signs the same: high or low, neither is preferred.
                let mut borrow = 0;
                let mut other: Vec<u8> = Vec::new();
                for (a, b) in order.iter().zip(s).rev() {
                    let value = 256 + i32::from(*a) - i32::from(*b) - borrow;
                    borrow = i32::from(value < 256);
                    other.push((value % 256).try_into().unwrap());
                }
                other.reverse();
                assert_eq!(both(key.verifying_key(), b"message", &[r, &other].concat()), Answer::Valid);
            }
        }
    }

    #[test]
    fn many_checks_keep_their_order() {
        let key = key(Algorithm::P256);
        let check = |n: usize| SignatureCheck {
            key: key.verifying_key(),
            message: vec![u8::try_from(n).unwrap()],
            signature: key.sign(&[u8::try_from(n / 2 * 2).unwrap()]).unwrap(),
        };
        let checks: Vec<SignatureCheck> = (0..100).map(check).collect();
        for (n, answer) in answers(&checks).into_iter().enumerate() {
            assert_eq!(answer, if n % 2 == 0 { Answer::Valid } else { Answer::Invalid }, "{n}");
        }
    }

    #[test]
    fn both_agree_with_wycheproof() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../shared/vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json"
        );
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: the published vectors `wycheproof` are not beside the project");
            return;
        };
        let unhex = |json: Option<&Json>| -> Vec<u8> {
            let digits = json.and_then(Json::as_str).unwrap().as_bytes().chunks(2);
            digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
        };
        let vectors = json::parse(&text).unwrap();
        let mut count = 0;
        for group in vectors.get("testGroups").and_then(Json::as_array).unwrap() {
            let point = unhex(group.pointer("/publicKey/uncompressed"));
            let compressed = [&[2 + (point[64] & 1)], &point[1..33]].concat();
            let key = VerifyingKey::from_compressed(Algorithm::P256, &compressed).unwrap();
            for case in group.get("tests").and_then(Json::as_array).unwrap() {
                let valid = case.get("result").and_then(Json::as_str) == Some("valid");
                let answer = both(key, &unhex(case.get("msg")), &unhex(case.get("sig")));
                assert_eq!(answer == Answer::Valid, valid, "{case}");
                count += 1;
            }
        }
        assert_eq!(count, 262);
    }
}
