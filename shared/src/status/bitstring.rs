//! The list itself: bits, left-most first, in one gzip member
//! ([section 3.4](https://www.w3.org/TR/vc-bitstring-status-list/#bitstring-expansion-algorithm),
//! [RFC 1952](https://www.rfc-editor.org/rfc/rfc1952)).
//!
//! ```text
//! u H4sIA…                                     multibase base64url
//!   1f 8b 08 FLG MTIME XFL OS …  deflate …  CRC32 ISIZE
//!                                   │
//!   byte 0: bit 0 is 0x80, bit 7 is 0x01; byte 1: bit 8 …
//! ```
//!
//! Readers of gzip differ on what follows the first member: some read on, some stop, some refuse. Here there
//! is one member, nothing after it, and its checksum and length are right.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::StatusError;
use crate::multibase;

/// A list of bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitstring {
    bytes: Vec<u8>,
}

impl Bitstring {
    /// Reads an `encodedList` of at most `max_bytes` bytes.
    ///
    /// # Errors
    /// [`StatusError::Encoding`], [`StatusError::TooLarge`]
    pub fn expand(encoded: &str, max_bytes: usize) -> Result<Self, StatusError> {
        let wrong = || StatusError::Encoding("it is not base64url with a `u` before it");
        let digits = encoded.strip_prefix('u').ok_or_else(wrong)?;
        let member = multibase::decode_base64url_digits(digits).map_err(|_| wrong())?;
        gunzip(&member, max_bytes).map(|bytes| Self { bytes })
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many values of `size` bits there are.
    #[must_use]
    pub fn entries(&self, size: u8) -> usize {
        self.bytes.len().saturating_mul(8) / usize::from(size.max(1))
    }

    /// The value at an index; `None` beyond the end.
    #[must_use]
    pub fn value(&self, index: u64, size: u8) -> Option<u32> {
        let first = usize::try_from(index.checked_mul(u64::from(size))?).ok()?;
        let end = first.checked_add(usize::from(size))?;
        (first..end).try_fold(0, |value, at| Some(value << 1 | u32::from(self.bit(at)?)))
    }

    fn bit(&self, at: usize) -> Option<bool> {
        Some(self.bytes.get(at / 8)? & mask(at) != 0)
    }
}

/// The first bit of a byte is its most significant one.
fn mask(at: usize) -> u8 {
    0x80 >> (at % 8)
}

#[cfg(feature = "sign")]
impl Bitstring {
    /// A list of `entries` values of `size` bits, all zero.
    #[must_use]
    pub fn new(entries: usize, size: u8) -> Self {
        Self { bytes: vec![0; entries.saturating_mul(usize::from(size)).div_ceil(8)] }
    }

    /// Sets the value at an index. False where there is no such index, or the value takes more than `size`
    /// bits; then nothing is changed.
    pub fn set(&mut self, index: u64, size: u8, value: u32) -> bool {
        let fits = u32::from(size) >= u32::BITS - value.leading_zeros();
        if !fits || self.value(index, size).is_none() {
            return false;
        }
        let Some(first) = usize::try_from(index).ok().and_then(|index| index.checked_mul(usize::from(size)))
        else {
            return false;
        };
        for (at, shift) in (first..).zip((0..size).rev()) {
            if let Some(byte) = self.bytes.get_mut(at / 8) {
                *byte = if value >> shift & 1 == 1 { *byte | mask(at) } else { *byte & !mask(at) };
            }
        }
        true
    }

    /// The `encodedList` of it
    /// ([section 3.3](https://www.w3.org/TR/vc-bitstring-status-list/#bitstring-generation-algorithm)).
    #[must_use]
    pub fn encode(&self) -> String {
        /// The usual compromise of size and time; the format says nothing about it.
        const LEVEL: u8 = 6;
        // No name, no time, an unknown system: the same bits give the same text.
        let mut member = vec![0x1f, 0x8b, DEFLATE, 0, 0, 0, 0, 0, 0, 255];
        member.extend(miniz_oxide::deflate::compress_to_vec(&self.bytes, LEVEL));
        member.extend(crc32(&self.bytes).to_le_bytes());
        // RFC 1952 takes the length modulo 2^32.
        let [a, b, c, d, ..] = self.bytes.len().to_le_bytes();
        member.extend([a, b, c, d]);
        multibase::encode_base64url(&member)
    }
}

/// The one compression method of RFC 1952.
const DEFLATE: u8 = 8;

/// The bits of FLG ([section 2.3.1](https://www.rfc-editor.org/rfc/rfc1952#page-6)).
const FHCRC: u8 = 2;
const FEXTRA: u8 = 4;
const FNAME: u8 = 8;
const FCOMMENT: u8 = 16;
const RESERVED: u8 = 0b1110_0000;

/// The content of exactly one member.
fn gunzip(member: &[u8], max_bytes: usize) -> Result<Vec<u8>, StatusError> {
    let wrong = StatusError::Encoding;
    let body = after_header(member).ok_or(wrong("it has no gzip header"))?;
    let (body, trailer) = body.split_last_chunk::<8>().ok_or(wrong("it ends too early"))?;
    let [a, b, c, d, length @ ..] = *trailer;
    let (checksum, length) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes(length));
    // The length that the member states is the most that is ever written, whatever the rest expands to.
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > max_bytes {
        return Err(StatusError::TooLarge { len: length, max: max_bytes });
    }
    let mut bytes = vec![0; length];
    let mut state = DecompressorOxide::new();
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, read, written) = decompress(&mut state, body, &mut bytes, 0, flags);
    match status {
        TINFLStatus::Done if read < body.len() => Err(wrong("something follows its only gzip member")),
        TINFLStatus::Done if written < length => Err(wrong("it is shorter than it says")),
        TINFLStatus::Done if crc32(&bytes) != checksum => Err(wrong("its checksum is wrong")),
        TINFLStatus::Done => Ok(bytes),
        TINFLStatus::HasMoreOutput => Err(wrong("it is longer than it says, or something follows it")),
        _ => Err(wrong("it cannot be decompressed")),
    }
}

/// What follows the header, with the optional fields that it announces.
fn after_header(member: &[u8]) -> Option<&[u8]> {
    let ([0x1f, 0x8b, DEFLATE, flags, ..], mut rest) = member.split_first_chunk::<10>()? else {
        return None;
    };
    if flags & RESERVED != 0 {
        return None;
    }
    if flags & FEXTRA != 0 {
        let (length, extra) = rest.split_first_chunk::<2>()?;
        rest = extra.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for text in [FNAME, FCOMMENT] {
        if flags & text != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & FHCRC != 0 {
        let header = member.get(..member.len() - rest.len())?;
        let (stated, after) = rest.split_first_chunk::<2>()?;
        let [a, b, ..] = crc32(header).to_le_bytes();
        if *stated != [a, b] {
            return None;
        }
        rest = after;
    }
    Some(rest)
}

/// The checksum of gzip ([RFC 1952, section 8](https://www.rfc-editor.org/rfc/rfc1952#section-8)).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        let [low, ..] = crc.to_le_bytes();
        let step = CRC_STEPS.get(usize::from(low ^ byte)).copied().unwrap_or_default();
        step ^ crc >> 8
    })
}

/// What each low byte makes of the rest of the checksum.
static CRC_STEPS: [u32; 256] = {
    let mut steps = [0; 256];
    let (mut at, mut byte) = (0, 0);
    while at < steps.len() {
        let (mut step, mut bit) = (byte, 0);
        while bit < 8 {
            step = if step & 1 == 1 { 0xedb8_8320 ^ step >> 1 } else { step >> 1 };
            bit += 1;
        }
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, below the length")]
        {
            steps[at] = step;
        }
        (at, byte) = (at + 1, byte + 1);
    }
    steps
};
