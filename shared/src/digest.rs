//! Digests and their spellings, and the Merkle tree over a file's chunks or a data set's records.
//!
//! ```text
//! hex              e3b0c442…                    files and manifests
//! digestMultibase  u base64url(12 20 e3b0c4…)   credentials: multibase of a multihash
//! ```
//!
//! [Multihash](https://www.w3.org/TR/cid-1.0/#multihash) allows any function; only SHA-256 and SHA-384 are
//! taken here, at full length.

use std::fmt;

use sha2::Digest as _;

use crate::multibase;

/// A SHA-2 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Digest {
    /// SHA-256
    Sha256([u8; 32]),
    /// SHA-384
    Sha384([u8; 48]),
}

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Neither base58btc nor base64url multibase.
    #[error("`{0}` is not multibase base58btc or base64url")]
    Multibase(String),
    /// A multihash of another function, or of a wrong length.
    #[error("`{0}` is not a full-length SHA-256 or SHA-384 multihash")]
    Multihash(String),
}

const SHA2_256: [u8; 2] = [0x12, 32];
const SHA2_384: [u8; 2] = [0x20, 48];

impl Digest {
    /// SHA-256 of some bytes.
    #[must_use]
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self::Sha256(sha256(bytes))
    }

    /// Lower-case hexadecimal.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex(self.as_bytes())
    }

    /// Reads 64 lower-case hexadecimal digits as SHA-256.
    #[must_use]
    pub fn from_sha256_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            if !pair.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                return None;
            }
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self::Sha256(bytes))
    }

    /// The digest as `digestMultibase`: base64url of the multihash.
    #[must_use]
    pub fn to_multibase(&self) -> String {
        let prefix = match self {
            Self::Sha256(_) => SHA2_256,
            Self::Sha384(_) => SHA2_384,
        };
        multibase::encode_base64url(&[&prefix, self.as_bytes()].concat())
    }

    /// Reads a `digestMultibase`.
    ///
    /// # Errors
    /// [`DigestError`] for another base, another function or a shortened digest.
    pub fn from_multibase(text: &str) -> Result<Self, DigestError> {
        let bytes = multibase::decode(text).map_err(|_| DigestError::Multibase(text.to_owned()))?;
        let refused = || DigestError::Multihash(text.to_owned());
        let (prefix, digest) = bytes.split_first_chunk::<2>().ok_or_else(refused)?;
        match *prefix {
            SHA2_256 => digest.try_into().map(Self::Sha256).map_err(|_| refused()),
            SHA2_384 => digest.try_into().map(Self::Sha384).map_err(|_| refused()),
            _ => Err(refused()),
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(bytes) => bytes,
            Self::Sha384(bytes) => bytes,
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_multibase())
    }
}

/// SHA-256 of some bytes.
#[must_use]
pub fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    sha2::Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The Merkle tree of [RFC 9162, section 2.1](https://www.rfc-editor.org/rfc/rfc9162#section-2.1).
pub mod merkle {
    use sha2::Digest as _;

    use super::Digest;

    /// Bytes of a file under one leaf of its tree.
    pub const CHUNK_BYTES: usize = 4 << 20;

    /// The hash of one leaf: SHA-256 of a zero byte and the data.
    #[must_use]
    pub fn leaf(data: &[u8]) -> [u8; 32] {
        begin_leaf().chain_update(data).finalize().into()
    }

    /// The root of a file that arrives in pieces of any length, in flat memory.
    #[derive(Debug, Clone)]
    pub struct Hasher {
        chunk_bytes: usize,
        /// The leaf in work, and the bytes that it lacks.
        leaf: sha2::Sha256,
        lacking: usize,
        tree: Tree,
    }

    impl Default for Hasher {
        fn default() -> Self {
            Self::with_chunks_of(CHUNK_BYTES)
        }
    }

    impl Hasher {
        pub(super) fn with_chunks_of(chunk_bytes: usize) -> Self {
            Self { chunk_bytes, leaf: begin_leaf(), lacking: chunk_bytes, tree: Tree::default() }
        }

        /// Takes the next bytes of the file.
        pub fn update(&mut self, mut bytes: &[u8]) {
            while let Some((piece, rest)) = bytes.split_at_checked(self.lacking) {
                self.leaf.update(piece);
                let leaf = std::mem::replace(&mut self.leaf, begin_leaf());
                self.tree.push(leaf.finalize().into());
                self.lacking = self.chunk_bytes;
                bytes = rest;
            }
            self.leaf.update(bytes);
            self.lacking -= bytes.len();
        }

        /// The root, once all bytes were taken. The last chunk may be shorter; an empty file has no leaf.
        #[must_use]
        pub fn finalize(mut self) -> Digest {
            if self.lacking < self.chunk_bytes {
                self.tree.push(self.leaf.finalize().into());
            }
            self.tree.root()
        }
    }

    /// A leaf that arrives in pieces: what follows is its data.
    #[must_use]
    pub fn begin_leaf() -> sha2::Sha256 {
        sha2::Sha256::new().chain_update([0])
    }

    /// The root over leaf hashes; that of no leaves is SHA-256 of nothing.
    #[must_use]
    pub fn root(leaves: impl IntoIterator<Item = [u8; 32]>) -> Digest {
        let mut tree = Tree::default();
        for leaf in leaves {
            tree.push(leaf);
        }
        tree.root()
    }

    /// A tree that grows leaf by leaf and keeps one hash a level: any number of leaves, flat memory.
    #[derive(Debug, Clone, Default)]
    pub struct Tree {
        leaves: u64,
        /// The roots of the complete subtrees so far, largest first.
        peaks: Vec<[u8; 32]>,
    }

    impl Tree {
        /// Adds the hash of the next leaf.
        pub fn push(&mut self, leaf: [u8; 32]) {
            let mut hash = leaf;
            // As many subtrees become complete as the count of leaves has trailing ones.
            for _ in 0..self.leaves.trailing_ones() {
                if let Some(left) = self.peaks.pop() {
                    hash = node(&left, &hash);
                }
            }
            self.peaks.push(hash);
            self.leaves += 1;
        }

        /// How many leaves there are.
        #[must_use]
        pub const fn len(&self) -> u64 {
            self.leaves
        }

        /// Whether there are no leaves.
        #[must_use]
        pub const fn is_empty(&self) -> bool {
            self.leaves == 0
        }

        /// The root.
        #[must_use]
        pub fn root(&self) -> Digest {
            let root = self.peaks.iter().rev().copied().reduce(|right, left| node(&left, &right));
            Digest::Sha256(root.unwrap_or_else(|| super::sha256([])))
        }
    }

    fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
        sha2::Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_go_both_ways() {
        let digest = Digest::of("abc");
        assert_eq!(digest.to_hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Digest::from_multibase(&digest.to_multibase()), Ok(digest));
        assert_eq!(Digest::from_sha256_hex(&digest.to_hex()), Some(digest));
        assert_eq!(Digest::from_sha256_hex(&digest.to_hex().to_uppercase()), None);
    }

    #[test]
    fn weak_and_short_multihashes_are_refused() {
        for bytes in [&[0x00, 3, 1, 2, 3][..], &[0x11, 20], &[0x12, 16, 0, 0], &[0x12, 32, 1], &[]] {
            let text = multibase::encode_base64url(bytes);
            assert!(Digest::from_multibase(&text).is_err(), "{text}");
        }
    }

    /// The definition of the RFC, word for word: split at the largest power of two below n.
    fn by_definition(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [] => sha256([]),
            [only] => *only,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                sha256([&[1][..], &by_definition(left), &by_definition(right)].concat())
            }
        }
    }

    #[test]
    fn the_growing_tree_is_the_one_of_the_rfc() {
        for count in 0..70_u8 {
            let leaves: Vec<[u8; 32]> = (0..count).map(|n| merkle::leaf(&[n])).collect();
            assert_eq!(merkle::root(leaves.clone()).as_bytes(), by_definition(&leaves), "{count}");
        }
    }

    #[test]
    fn pieces_of_any_length_make_one_tree() {
        let bytes: Vec<u8> = (0..100).collect();
        for len in [0, 1, 7, 8, 9, 16, 63, 64, 100] {
            let file = &bytes[..len];
            let expected = merkle::root(file.chunks(8).map(merkle::leaf));
            for piece in [1, 3, 8, 11, 100] {
                let mut hasher = merkle::Hasher::with_chunks_of(8);
                file.chunks(piece).for_each(|piece| hasher.update(piece));
                assert_eq!(hasher.finalize(), expected, "{len} in pieces of {piece}");
            }
        }
    }
}
