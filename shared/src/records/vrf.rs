//! A verifiable random function: [RFC 9381] ECVRF-EDWARDS25519-SHA512-TAI.
//!
//! ```text
//! proof = Gamma (32 bytes) || c (16 bytes) || s (32 bytes)
//! ```
//!
//! Whoever has the secret key computes the output of an input and proves it; whoever has the public key checks
//! that. Without the secret key and without a proof nobody can tell an output from random bytes, and no two
//! outputs of one input pass the check ("full uniqueness", which needs the check of the public key that
//! [`PublicKey::from_bytes`] makes).
//!
//! *Out of scope:* hiding the input from someone who measures the time: try-and-increment takes as long as the
//! input makes it take. Inputs are hashed on the holder's machine, where they lie open anyway.
//!
//! [RFC 9381]: https://www.rfc-editor.org/rfc/rfc9381

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity as _;
use sha2::{Digest as _, Sha512};

/// Bytes of a proof.
pub const PROOF_BYTES: usize = 80;

/// Bytes of an output.
pub const OUTPUT_BYTES: usize = 64;

/// [Section 5.5](https://www.rfc-editor.org/rfc/rfc9381#section-5.5)
const SUITE: u8 = 0x03;

/// Challenges have half the length of a scalar.
const CHALLENGE_BYTES: usize = 16;

/// A checked public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    bytes: [u8; 32],
    point: EdwardsPoint,
}

impl PublicKey {
    /// Decodes and checks a key
    /// ([section 5.4.5](https://www.rfc-editor.org/rfc/rfc9381#section-5.4.5)): one of small order would let
    /// its owner prove several outputs of one input.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Option<Self> {
        let point = decode_point(bytes)?;
        (!point.is_small_order()).then_some(Self { bytes, point })
    }

    /// The encoded point.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The output for `input`, if the proof shows it
    /// ([section 5.3](https://www.rfc-editor.org/rfc/rfc9381#section-5.3)).
    #[must_use]
    pub fn verify(&self, input: &[u8], proof: &[u8; PROOF_BYTES]) -> Option<[u8; OUTPUT_BYTES]> {
        let (gamma, rest) = proof.split_first_chunk::<32>()?;
        let (challenge_bytes, s) = rest.split_first_chunk::<CHALLENGE_BYTES>()?;
        let gamma_point = decode_point(*gamma)?;
        let s: Scalar = Option::from(Scalar::from_canonical_bytes(s.try_into().ok()?))?;
        let c = challenge_scalar(challenge_bytes);
        let h = encode_to_curve(&self.bytes, input)?;
        // U = s*B - c*Y, V = s*H - c*Gamma
        let u = EdwardsPoint::vartime_double_scalar_mul_basepoint(&-c, &self.point, &s);
        let v = s * h - c * gamma_point;
        let computed = challenge(&self.bytes, &[h, gamma_point, u, v]);
        (computed == *challenge_bytes).then(|| output(&gamma_point))
    }
}

/// [Section 5.4.1.1](https://www.rfc-editor.org/rfc/rfc9381#section-5.4.1.1), try and increment. Fails for one
/// input in 2^256.
fn encode_to_curve(public_key: &[u8; 32], input: &[u8]) -> Option<EdwardsPoint> {
    let start = Sha512::new().chain_update([SUITE, 0x01]).chain_update(public_key).chain_update(input);
    (0..=u8::MAX).find_map(|counter| {
        let hash = start.clone().chain_update([counter, 0x00]).finalize();
        let point = decode_point(*hash.first_chunk::<32>()?)?.mul_by_cofactor();
        (!point.is_identity()).then_some(point)
    })
}

/// [Section 5.4.3](https://www.rfc-editor.org/rfc/rfc9381#section-5.4.3)
fn challenge(public_key: &[u8; 32], points: &[EdwardsPoint; 4]) -> [u8; CHALLENGE_BYTES] {
    let mut hash = Sha512::new().chain_update([SUITE, 0x02]).chain_update(public_key);
    for point in points {
        hash.update(point.compress().as_bytes());
    }
    let hash: [u8; 64] = hash.chain_update([0x00]).finalize().into();
    hash.first_chunk().copied().unwrap_or_default()
}

fn challenge_scalar(bytes: &[u8; CHALLENGE_BYTES]) -> Scalar {
    Scalar::from(u128::from_le_bytes(*bytes))
}

/// [Section 5.2](https://www.rfc-editor.org/rfc/rfc9381#section-5.2)
fn output(gamma: &EdwardsPoint) -> [u8; OUTPUT_BYTES] {
    let point = gamma.mul_by_cofactor().compress();
    Sha512::new()
        .chain_update([SUITE, 0x03])
        .chain_update(point.as_bytes())
        .chain_update([0x00])
        .finalize()
        .into()
}

/// RFC 8032 decoding: unlike the library, it takes one encoding of a point only.
fn decode_point(bytes: [u8; 32]) -> Option<EdwardsPoint> {
    let point = CompressedEdwardsY(bytes).decompress()?;
    is_canonical(&bytes).then_some(point).filter(|point| {
        // The two points with x = 0 have no negative twin.
        bytes.last().is_some_and(|last| last & 0x80 == 0) || !(*point == -point)
    })
}

/// Whether `y` is below 2^255 - 19.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = bytes;
    !(*first >= 0xed && middle.iter().all(|byte| *byte == 0xff) && last & 0x7f == 0x7f)
}

#[cfg(feature = "sign")]
pub use self::secret::SecretKey;

#[cfg(feature = "sign")]
mod secret {
    use curve25519_dalek::edwards::EdwardsPoint;
    use curve25519_dalek::scalar::{Scalar, clamp_integer};
    use sha2::{Digest as _, Sha512};
    use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

    use super::{OUTPUT_BYTES, PROOF_BYTES, PublicKey, challenge, challenge_scalar, encode_to_curve, output};

    /// A secret key: never cloned, never printed, wiped when it goes.
    pub struct SecretKey {
        x: Scalar,
        /// The second half of the hashed seed, from which nonces are made.
        prefix: [u8; 32],
        public: PublicKey,
    }

    impl SecretKey {
        /// Expands 32 random bytes, as RFC 8032 does.
        #[must_use]
        pub fn from_seed(seed: &[u8; 32]) -> Self {
            let hash: Zeroizing<[u8; 64]> = Zeroizing::new(Sha512::digest(seed).into());
            let (mut low, mut prefix) = (Zeroizing::new([0; 32]), [0; 32]);
            low.copy_from_slice(hash.get(..32).unwrap_or_default());
            prefix.copy_from_slice(hash.get(32..).unwrap_or_default());
            // The points that it multiplies are in the group of prime order, where reducing changes nothing.
            let x = Scalar::from_bytes_mod_order(clamp_integer(*low));
            let point = EdwardsPoint::mul_base(&x);
            Self { x, prefix, public: PublicKey { bytes: point.compress().to_bytes(), point } }
        }

        /// The public key.
        #[must_use]
        pub const fn public(&self) -> &PublicKey {
            &self.public
        }

        /// The output for `input`. None for an input that is not on the curve 256 times over, which nobody has.
        #[must_use]
        pub fn output(&self, input: &[u8]) -> Option<[u8; OUTPUT_BYTES]> {
            Some(output(&(self.x * encode_to_curve(&self.public.bytes, input)?)))
        }

        /// The proof of that output
        /// ([section 5.1](https://www.rfc-editor.org/rfc/rfc9381#section-5.1)).
        #[must_use]
        pub fn prove(&self, input: &[u8]) -> Option<[u8; PROOF_BYTES]> {
            let h = encode_to_curve(&self.public.bytes, input)?;
            let gamma = self.x * h;
            let nonce: Zeroizing<[u8; 64]> = Zeroizing::new(
                Sha512::new()
                    .chain_update(self.prefix)
                    .chain_update(h.compress().as_bytes())
                    .finalize()
                    .into(),
            );
            let mut k = Scalar::from_bytes_mod_order_wide(&nonce);
            let c = challenge(&self.public.bytes, &[h, gamma, EdwardsPoint::mul_base(&k), k * h]);
            let s = k + challenge_scalar(&c) * self.x;
            k.zeroize();
            let proof = [&gamma.compress().to_bytes()[..], &c, s.as_bytes()].concat();
            proof.try_into().ok()
        }
    }

    impl Drop for SecretKey {
        fn drop(&mut self) {
            self.x.zeroize();
            self.prefix.zeroize();
        }
    }

    impl ZeroizeOnDrop for SecretKey {}

    impl std::fmt::Debug for SecretKey {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("SecretKey").field("public", &self.public.bytes).finish_non_exhaustive()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        let pairs = text.as_bytes().chunks(2);
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// RFC 9381, appendix B.3: secret key, public key, input, proof, output.
    const VECTORS: [[&str; 5]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d97\
             27d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805",
            "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff66b71dda49d2de59d03450451af02679\
             8e8f81cd2e333de5cdf4f3e140fdd8ae",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed5933bf0864a62558b3ed7f2fea45c92a465\
             301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02",
            "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb5e33821bc613efb94db5e5b54c70a848\
             a0bef4553a41befc57663b56373a5031",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf8096bb474e53895c362d8628ee9f9ea3c0\
             e52c7a5c691b6c18c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e",
            "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c452118fec1219202a0edcf038bb6373241\
             578be7217ba85a2687f7a0310b2df19f",
        ],
    ];

    #[test]
    fn the_vectors_of_the_rfc() {
        for vector in VECTORS {
            let [secret, public, input, proof, output] = vector.map(unhex);
            let public = PublicKey::from_bytes(public.try_into().unwrap()).unwrap();
            let proof: [u8; PROOF_BYTES] = proof.try_into().unwrap();
            assert_eq!(public.verify(&input, &proof).unwrap().to_vec(), output);
            assert_eq!(public.verify(b"another input", &proof), None);
            #[cfg(feature = "sign")]
            {
                let secret = SecretKey::from_seed(&secret.clone().try_into().unwrap());
                assert_eq!(secret.public(), &public);
                assert_eq!(secret.prove(&input), Some(proof));
                assert_eq!(secret.output(&input).unwrap().to_vec(), output);
                assert!(!format!("{secret:?}").contains("prefix"));
            }
            let _ = secret;
        }
    }

    #[test]
    fn no_other_proof_passes() {
        let [_, public, input, proof, _] = VECTORS[1].map(unhex);
        let public = PublicKey::from_bytes(public.try_into().unwrap()).unwrap();
        let proof: [u8; PROOF_BYTES] = proof.try_into().unwrap();
        for at in 0..PROOF_BYTES * 8 {
            let mut other = proof;
            other[at / 8] ^= 1 << (at % 8);
            assert_eq!(public.verify(&input, &other), None, "bit {at}");
        }
        // The same s, not reduced.
        let order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let (mut other, mut carry) = (proof, 0_u16);
        for (at, byte) in order.iter().enumerate() {
            let sum = u16::from(other[48 + at]) + u16::from(*byte) + carry;
            (other[48 + at], carry) = (u8::try_from(sum & 0xff).unwrap(), sum >> 8);
        }
        assert_eq!(public.verify(&input, &other), None);
    }

    #[test]
    fn keys_of_small_order_and_second_encodings_are_refused() {
        let mut one = [0; 32];
        one[0] = 1;
        let mut y_is_p_plus_one = [0xff; 32];
        (y_is_p_plus_one[0], y_is_p_plus_one[31]) = (0xee, 0x7f);
        let mut minus_zero = one;
        minus_zero[31] = 0x80;
        for bytes in [one, [0; 32], y_is_p_plus_one, minus_zero, [0xff; 32]] {
            assert_eq!(PublicKey::from_bytes(bytes), None, "{bytes:?}");
        }
        assert!(decode_point(one).is_some() && decode_point(minus_zero).is_none());
        assert!(decode_point(y_is_p_plus_one).is_none());
    }
}
