//! What can be said of a signature without the curve, and the question that remains.

use super::{Algorithm, VerifyingKey};

/// A signature to check, for whoever has the fastest implementation at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureCheck {
    /// The key.
    pub key: VerifyingKey,
    /// What was signed, before the hash that belongs to the key's [`Algorithm`].
    pub message: Vec<u8>,
    /// The signature: `r || s`, or that of RFC 8032.
    pub signature: Vec<u8>,
}

/// The answer to a [`SignatureCheck`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Whoever was asked could not tell, for instance because the host lacks the algorithm.
    CouldNotTell,
    /// The signature is not one of the message under the key.
    Invalid,
    /// The signature is one of the message under the key.
    Valid,
}

impl SignatureCheck {
    /// The answer of the pure Rust implementation.
    #[must_use]
    pub fn answer(&self) -> Answer {
        if self.key.verify(&self.message, &self.signature) { Answer::Valid } else { Answer::Invalid }
    }

    /// Whether the signature has a form that can be valid at all. An [`Answer::Valid`] about one that has
    /// not must not be believed.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.key.signature_is_well_formed(&self.signature)
    }
}

/// The order of the group of P-256, big-endian
/// ([SP 800-186, section 3.2.1.3](https://csrc.nist.gov/pubs/sp/800/186/final)).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The order of the group of P-384, big-endian
/// ([SP 800-186, section 3.2.1.4](https://csrc.nist.gov/pubs/sp/800/186/final)).
const P384_ORDER: [u8; 48] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a,
    0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];

/// L, the order of the base point of Ed25519, little-endian
/// ([RFC 8032, section 5.1](https://www.rfc-editor.org/rfc/rfc8032#section-5.1)).
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// p = 2^255 - 19, little-endian.
const ED25519_PRIME: [u8; 32] = {
    let mut prime = [0xff; 32];
    prime[0] = 0xed;
    prime[31] = 0x7f;
    prime
};

/// The y of the eight points of edwards25519 whose order divides 8, little-endian without the sign of x:
/// 1 and -1, 0, and the two of order 8.
const SMALL_ORDER_Y: [[u8; 32]; 5] = [
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = ED25519_PRIME;
        minus_one[0] = 0xec;
        minus_one
    },
    [0; 32],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Whether bytes have the form that a signature of the algorithm can have. See
/// [`VerifyingKey::signature_is_well_formed`].
#[must_use]
pub fn is_well_formed(algorithm: Algorithm, signature: &[u8]) -> bool {
    if signature.len() != algorithm.signature_bytes() {
        return false;
    }
    let (first, second) = signature.split_at(algorithm.secret_bytes());
    match algorithm {
        Algorithm::Ed25519 => {
            let point = first.try_into().is_ok_and(|r| is_canonical_y(r) && !has_small_order(r));
            point && is_below(second.iter().rev(), ED25519_ORDER.iter().rev())
        }
        Algorithm::P256 => [first, second].iter().all(|n| is_scalar(n, &P256_ORDER)),
        Algorithm::P384 => [first, second].iter().all(|n| is_scalar(n, &P384_ORDER)),
    }
}

/// Whether a big-endian number of the length of `order` is from 1 to order - 1.
fn is_scalar(number: &[u8], order: &[u8]) -> bool {
    number.iter().any(|byte| *byte != 0) && is_below(number.iter(), order.iter())
}

/// Compares two numbers of the same length, most significant byte first.
fn is_below<'b>(number: impl Iterator<Item = &'b u8>, limit: impl Iterator<Item = &'b u8>) -> bool {
    number.lt(limit)
}

/// Whether the y of an encoded edwards25519 point is below p, as RFC 8032 asks of a decoder
/// ([section 5.1.3](https://www.rfc-editor.org/rfc/rfc8032#section-5.1.3)).
pub(super) fn is_canonical_y(point: &[u8; 32]) -> bool {
    is_below(without_sign(point).iter().rev(), ED25519_PRIME.iter().rev())
}

/// Whether an encoded edwards25519 point with canonical y has an order that divides 8. Also true for the
/// encodings of x = 0 with a sign, which are no points.
pub(super) fn has_small_order(point: &[u8; 32]) -> bool {
    SMALL_ORDER_Y.contains(&without_sign(point))
}

fn without_sign(point: &[u8; 32]) -> [u8; 32] {
    let mut y = *point;
    let [.., last] = &mut y;
    *last &= 0x7f;
    y
}
