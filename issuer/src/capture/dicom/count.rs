//! How many patients, studies and series there are, without keeping who and which.
//!
//! Identifiers are hashed where they lie, under a random key that lives as long as one capture, so that equal ones
//! can be told from different ones and nothing else can. A [`Token`] has no text form and leaves this module only
//! as a number of distinct ones.

use std::collections::HashMap;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize;

use super::element::Tag;

/// The key of one capture.
pub(super) struct Key([u8; 32]);

impl Key {
    /// Nothing if the system has no random numbers.
    pub(super) fn random() -> Option<Self> {
        let mut key = Self([0; 32]);
        SystemRandom::new().fill(&mut key.0).ok()?;
        Some(key)
    }

    /// Stands for an identifier in an element of a level: patient, study or series.
    pub(super) fn token(&self, tag: Tag, value: &[u8]) -> Token {
        // The key fills half a block and its length is fixed, so no two inputs read as one.
        let hash = Sha256::new().chain_update(self.0).chain_update(tag.0.to_be_bytes()).chain_update(value);
        Token(hash.finalize().into())
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// One identifier, for comparison only.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Token([u8; 32]);

/// Distinct identifiers, numbered as they come.
#[derive(Default)]
pub(super) struct Distinct {
    seen: HashMap<Option<Token>, u32>,
}

impl Distinct {
    /// The number of this one. All files without an identifier count as one patient: fewer than there may be,
    /// never more.
    pub(super) fn number(&mut self, token: Option<Token>) -> u32 {
        let next = u32::try_from(self.seen.len()).unwrap_or(u32::MAX);
        *self.seen.entry(token).or_insert(next)
    }

    /// How many there are; nothing if some file did not say.
    pub(super) fn known(&self) -> Option<usize> {
        (!self.seen.contains_key(&None)).then_some(self.seen.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_identifiers_are_one_and_no_other_run_tells_them() {
        let (key, other) = (Key::random().unwrap(), Key::random().unwrap());
        let tag = Tag(0x0010_0020);
        assert!(key.token(tag, b"17") == key.token(tag, b"17"));
        assert!(key.token(tag, b"17") != key.token(tag, b"18"));
        assert!(key.token(tag, b"17") != key.token(Tag(0x0020_000d), b"17"));
        assert!(key.token(tag, b"17") != other.token(tag, b"17"));
        let mut distinct = Distinct::default();
        let numbers = [b"1", b"2", b"1"].map(|id| distinct.number(Some(key.token(tag, id))));
        assert_eq!((numbers, distinct.known()), ([0, 1, 0], Some(2)));
        distinct.number(None);
        assert_eq!(distinct.known(), None);
    }
}
