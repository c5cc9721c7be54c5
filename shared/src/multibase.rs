//! [Multibase](https://www.w3.org/TR/cid-1.0/#multibase-0): a letter that names the base, then the text.
//!
//! ```text
//! z 6MkrJVnaZ…   base58btc           keys and signatures
//! u EiC6eBa_8…   base64url, no pad   digests
//! ```
//!
//! Every value has one spelling: padding, stray bits and other bases are refused. Where a value begins
//! with a [multicodec](https://www.w3.org/TR/cid-1.0/#Multikey), that is a minimal unsigned varint.

use base64ct::{Base64UrlUnpadded, Encoding as _};

use crate::limits::MAX_BASE58_CHARS;

/// Why a text is not multibase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MultibaseError {
    /// A letter outside of the base's alphabet, padding, or bits that no byte uses.
    #[error("not the one spelling of a value in {0}")]
    Spelling(&'static str),
    /// Longer than any value that is decoded here.
    #[error("{len} characters of base58btc, over the limit of {max}")]
    TooLong {
        /// Characters found.
        len: usize,
        /// Characters allowed.
        max: usize,
    },
    /// The first letter names no base, or one that is not used here.
    #[error("the first letter is neither `z` (base58btc) nor `u` (base64url)")]
    UnknownBase,
}

impl MultibaseError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Spelling(_) => "multibase.spelling",
            Self::TooLong { .. } => "multibase.too-long",
            Self::UnknownBase => "multibase.unknown-base",
        }
    }
}

/// Reads base58btc (`z`) or base64url without padding (`u`).
///
/// # Errors
/// [`MultibaseError`] for another base, a wrong spelling, or too long a text.
pub fn decode(text: &str) -> Result<Vec<u8>, MultibaseError> {
    match text.strip_prefix('u') {
        Some(digits) => decode_base64url_digits(digits),
        None => decode_base58btc(text),
    }
}

/// Reads base58btc (`z`).
///
/// # Errors
/// [`MultibaseError`] for another base, a wrong spelling, or too long a text.
pub fn decode_base58btc(text: &str) -> Result<Vec<u8>, MultibaseError> {
    let digits = text.strip_prefix('z').ok_or(MultibaseError::UnknownBase)?;
    // Before the work, which grows with the square of the length.
    if digits.len() > MAX_BASE58_CHARS {
        return Err(MultibaseError::TooLong { len: digits.len(), max: MAX_BASE58_CHARS });
    }
    bs58::decode(digits).into_vec().map_err(|_| MultibaseError::Spelling("base58btc"))
}

/// Writes base58btc (`z`).
#[must_use]
pub fn encode_base58btc(bytes: &[u8]) -> String {
    format!("z{}", bs58::encode(bytes).into_string())
}

/// Writes base64url without padding (`u`).
#[must_use]
pub fn encode_base64url(bytes: &[u8]) -> String {
    format!("u{}", encode_base64url_digits(bytes))
}

/// Reads base64url without padding and without the letter before it, as JSON Web Keys have it
/// ([RFC 7515, section 2](https://www.rfc-editor.org/rfc/rfc7515#section-2)).
///
/// # Errors
/// [`MultibaseError::Spelling`]
pub fn decode_base64url_digits(digits: &str) -> Result<Vec<u8>, MultibaseError> {
    Base64UrlUnpadded::decode_vec(digits).map_err(|_| MultibaseError::Spelling("base64url"))
}

/// Writes base64url without padding and without the letter before it.
#[must_use]
pub fn encode_base64url_digits(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Splits a minimal [unsigned varint](https://github.com/multiformats/unsigned-varint) of at most three
/// bytes, enough for every multicodec in use, off the front.
#[must_use]
pub fn split_varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(3) {
        value |= u32::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let minimal = at == 0 || *byte != 0;
            return bytes.get(at + 1..).filter(|_| minimal).map(|rest| (value, rest));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_spellings() {
        // https://datatracker.ietf.org/doc/html/draft-msporny-base58-03#section-5
        assert_eq!(encode_base58btc(b"Hello World!"), "z2NEpo7TZRRrLZSi2U");
        assert_eq!(encode_base58btc(&[0, 0, 0x28, 0x7f, 0xb4, 0xcd]), "z11233QC4");
        assert_eq!(encode_base64url(b"\xff\xef"), "u_-8");
        assert_eq!(decode("z"), Ok(vec![]));
        assert_eq!(decode("u"), Ok(vec![]));
    }

    #[test]
    fn other_spellings_are_refused() {
        let spelling = |base| Err(MultibaseError::Spelling(base));
        for text in
            ["u_-8=", "u_-9", "u_-", "u_-8 ", "u+/8", "u_", "u_-8\n"].map(decode).into_iter().enumerate()
        {
            // `_-` is one byte with stray bits.
            assert_eq!(text.1, spelling("base64url"), "{}", text.0);
        }
        for text in ["z0", "zO", "zI", "zl", "z2NEpo7TZRRrLZSi2U ", "z\u{e9}"] {
            assert_eq!(decode(text), spelling("base58btc"), "{text}");
        }
        for text in ["", "Z2NEpo7TZRRrLZSi2U", "m_-8", "f00", "2NEp"] {
            assert_eq!(decode(text), Err(MultibaseError::UnknownBase), "{text}");
        }
        assert!(decode_base58btc("u_-8").is_err());
        let long = "z".repeat(MAX_BASE58_CHARS + 2);
        assert_eq!(decode(&long).map_err(MultibaseError::code), Err("multibase.too-long"));
    }

    #[test]
    fn varints_are_minimal() {
        assert_eq!(split_varint(&[0xed, 0x01, 7]), Some((0xed, &[7][..])));
        assert_eq!(split_varint(&[0x80, 0x24]), Some((0x1200, &[][..])));
        assert_eq!(split_varint(&[0x12, 0x20]), Some((0x12, &[0x20][..])));
        assert_eq!(split_varint(&[0]), Some((0, &[][..])));
        for bytes in [&[][..], &[0x80], &[0x80, 0x00], &[0xed, 0x81, 0x00], &[0x80, 0x80, 0x80, 0x01]] {
            assert_eq!(split_varint(bytes), None, "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn writing_and_reading_are_inverse(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            prop_assert_eq!(decode(&encode_base58btc(&bytes)), Ok(bytes.clone()));
            prop_assert_eq!(decode(&encode_base64url(&bytes)), Ok(bytes));
        }

        #[test]
        fn what_is_read_is_written_the_same(text in "z[1-9A-HJ-NP-Za-km-z]{0,60}|u[A-Za-z0-9_-]{0,60}") {
            if let Ok(bytes) = decode(&text) {
                let written = if text.starts_with('z') { encode_base58btc(&bytes) } else { encode_base64url(&bytes) };
                prop_assert_eq!(written, text);
            }
        }
    }
}
