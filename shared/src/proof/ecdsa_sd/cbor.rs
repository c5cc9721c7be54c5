//! What the proof values need of [CBOR](https://www.rfc-editor.org/rfc/rfc8949): unsigned integers, byte and text
//! strings, arrays and maps of known length, in the one form that
//! [deterministic encoding](https://www.rfc-editor.org/rfc/rfc8949#section-4.2.1) gives them.
//!
//! ```text
//! major type (3 bits) | 0…23, or 24, 25, 26 for 1, 2 or 4 more bytes (5 bits) | more bytes | content
//! ```

/// Why bytes are not that form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// More or fewer bytes, or items, than this place has.
    #[error("a value of {found} bytes or items, where there are {wanted}")]
    Length {
        /// Found.
        found: usize,
        /// Wanted.
        wanted: usize,
    },
    /// A length or a number in more bytes than it needs, or without an end.
    #[error("a number that is not in its shortest form")]
    NotShortest,
    /// The bytes end within a value.
    #[error("bytes that end within a value")]
    Short,
    /// Bytes after the last value.
    #[error("{0} bytes after the end")]
    Trailing(usize),
    /// Another type of value than this place has, or a text that is not UTF-8.
    #[error("a value of another type")]
    Type,
}

/// The major types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Major {
    Unsigned = 0,
    Bytes = 2,
    #[cfg(feature = "sign")]
    Text = 3,
    Array = 4,
    Map = 5,
}

/// Reads values one after the other.
#[derive(Debug)]
pub(super) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The number in the head of the next value, which is of this type: the value of an integer, the length of
    /// the others. Every item takes at least a byte, so a length beyond the end is refused here.
    pub(super) fn head(&mut self, major: Major) -> Result<usize, CborError> {
        let [first, rest @ ..] = self.rest else { return Err(CborError::Short) };
        #[expect(clippy::as_conversions, reason = "the discriminants are those of the specification")]
        if first >> 5 != major as u8 {
            return Err(CborError::Type);
        }
        let (more, least) = match first & 0x1f {
            0..=23 => (0, 0),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            _ => return Err(CborError::NotShortest),
        };
        let (digits, rest) = rest.split_at_checked(more).ok_or(CborError::Short)?;
        let number = match digits {
            [] => usize::from(first & 0x1f),
            digits => digits.iter().fold(0, |number: usize, digit| (number << 8) | usize::from(*digit)),
        };
        if number < least {
            return Err(CborError::NotShortest);
        }
        if major != Major::Unsigned && number > rest.len() {
            return Err(CborError::Short);
        }
        self.rest = rest;
        Ok(number)
    }

    /// An array of this many items.
    pub(super) fn array_of(&mut self, wanted: usize) -> Result<(), CborError> {
        match self.head(Major::Array)? {
            found if found == wanted => Ok(()),
            found => Err(CborError::Length { found, wanted }),
        }
    }

    /// A byte string of this length.
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        let found = self.head(Major::Bytes)?;
        let (bytes, rest) = self.rest.split_at_checked(found).ok_or(CborError::Short)?;
        self.rest = rest;
        bytes.try_into().map_err(|_| CborError::Length { found, wanted: N })
    }

    #[cfg(feature = "sign")]
    pub(super) fn text(&mut self) -> Result<&'b str, CborError> {
        let length = self.head(Major::Text)?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(CborError::Short)?;
        self.rest = rest;
        std::str::from_utf8(bytes).map_err(|_| CborError::Type)
    }

    /// Nothing may follow.
    pub(super) const fn end(&self) -> Result<(), CborError> {
        if self.rest.is_empty() { Ok(()) } else { Err(CborError::Trailing(self.rest.len())) }
    }
}

/// Writes the head of a value.
#[cfg(feature = "sign")]
pub(super) fn write_head(major: Major, number: usize, out: &mut Vec<u8>) {
    #[expect(clippy::as_conversions, reason = "the discriminants are those of the specification")]
    let major = (major as u8) << 5;
    // Proof values are far below 4 GiB.
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    match (u8::try_from(number), u16::try_from(number)) {
        (Ok(byte @ 0..=23), _) => out.push(major | byte),
        (Ok(byte), _) => out.extend([major | 24, byte]),
        (_, Ok(short)) => {
            out.push(major | 25);
            out.extend(short.to_be_bytes());
        }
        _ => {
            out.push(major | 26);
            out.extend(number.to_be_bytes());
        }
    }
}

/// Writes a byte string.
#[cfg(feature = "sign")]
pub(super) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_head(Major::Bytes, bytes.len(), out);
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_form() {
        let head = |bytes: &[u8]| Reader::new(bytes).head(Major::Unsigned);
        for (bytes, number) in [
            (&[0][..], 0),
            (&[0x17], 23),
            (&[0x18, 24], 24),
            (&[0x18, 0xff], 255),
            (&[0x19, 1, 0], 256),
            (&[0x19, 0xff, 0xff], 65535),
            (&[0x1a, 0, 1, 0, 0], 65536),
        ] {
            assert_eq!(head(bytes), Ok(number), "{bytes:x?}");
        }
        for bytes in [&[0x18, 23][..], &[0x19, 0, 255], &[0x1a, 0, 0, 255, 255], &[0x1b; 9], &[0x1f]] {
            assert_eq!(head(bytes), Err(CborError::NotShortest), "{bytes:x?}");
        }
        for bytes in [&[][..], &[0x18], &[0x19, 1], &[0x1a, 0, 1, 0]] {
            assert_eq!(head(bytes), Err(CborError::Short), "{bytes:x?}");
        }
        for bytes in [&[0x20][..], &[0x40], &[0x60], &[0x80], &[0xa0], &[0xc0], &[0xf6]] {
            assert_eq!(head(bytes), Err(CborError::Type), "{bytes:x?}");
        }
    }

    #[test]
    fn a_length_beyond_the_end_is_refused_before_anything_is_made() {
        for bytes in [&[0x9a, 0xff, 0xff, 0xff, 0xff][..], &[0x82, 0], &[0x81]] {
            assert_eq!(Reader::new(bytes).head(Major::Array), Err(CborError::Short));
        }
        assert_eq!(Reader::new(&[0x41]).bytes::<1>(), Err(CborError::Short));
        assert_eq!(Reader::new(&[0x41, 7]).bytes::<2>(), Err(CborError::Length { found: 1, wanted: 2 }));
        assert_eq!(Reader::new(&[0x41, 7]).bytes(), Ok([7]));
        assert_eq!(Reader::new(&[0]).end(), Err(CborError::Trailing(1)));
    }

    #[cfg(feature = "sign")]
    #[test]
    fn what_is_written_is_read() {
        for number in [0, 23, 24, 255, 256, 65535, 65536, 1 << 20] {
            let mut out = Vec::new();
            write_head(Major::Unsigned, number, &mut out);
            let mut reader = Reader::new(&out);
            assert_eq!((reader.head(Major::Unsigned), reader.end()), (Ok(number), Ok(())));
        }
    }
}
