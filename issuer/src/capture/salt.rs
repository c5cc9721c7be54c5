//! The secret that keeps the identity of a private data set from telling who is in it.

use std::fmt;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use zeroize::{Zeroize, Zeroizing};

/// 32 random bytes that stay with the holder of the data. With them the same files get the same identity; without
/// them nobody can try files against it.
pub struct Salt([u8; Self::BYTES]);

impl Salt {
    /// How many bytes it has.
    pub const BYTES: usize = 32;

    /// Takes bytes that were kept.
    #[must_use]
    pub const fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// A new one; nothing if the system has no random numbers.
    #[must_use]
    pub fn random() -> Option<Self> {
        let mut salt = Self([0; Self::BYTES]);
        SystemRandom::new().fill(&mut salt.0).ok()?;
        Some(salt)
    }

    /// Reads 64 hexadecimal digits, with or without a line ending.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.trim_ascii_end().as_bytes();
        if digits.len() != 2 * Self::BYTES || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut salt = Self([0; Self::BYTES]);
        for (byte, pair) in salt.0.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(salt)
    }

    /// As 64 hexadecimal digits, to be kept.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub(super) const fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl Drop for Salt {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_is_read_back_as_it_was_written() {
        let salt = Salt::random().unwrap();
        let again = Salt::from_hex(&format!("{}\n", *salt.to_hex())).unwrap();
        assert_eq!(salt.bytes(), again.bytes());
        assert_ne!(salt.bytes(), Salt::random().unwrap().bytes());
        for text in ["", "00", &"g".repeat(64), &"0".repeat(63), &"0".repeat(65), &"é".repeat(32)] {
            assert!(Salt::from_hex(text).is_none(), "{text}");
        }
        assert_eq!(format!("{salt:?}"), "Salt(…)");
    }
}
