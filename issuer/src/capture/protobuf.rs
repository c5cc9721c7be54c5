//! The [protobuf wire format](https://protobuf.dev/programming-guides/encoding/), read in place.
//!
//! ```text
//! message = *( key value )      key = varint of (field number << 3 | wire type)
//! value   = varint | 8 bytes | 4 bytes | varint LEN and LEN bytes
//! ```
//!
//! Nothing is decoded into a tree: a message is a range of the file, walked field by field, so a file of
//! any size takes one buffer, and lengths that lie cost nothing. (A decoder into structs would take a
//! hundred times the bytes of a file made of empty submessages, and two gigabytes for an honest model.)
//! Stricter than the format in one point: what may stand once and stands twice is refused by the caller
//! ([`once`]), where a protobuf reader would take the last or merge them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

const BUFFER_BYTES: usize = 64 << 10;

/// How bytes fail to be protobuf.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// A field has another wire type than its definition.
    #[error("a value of wrong type in {0}")]
    Field(&'static str),
    /// The file could not be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A field number that the format does not allow.
    #[error("a field number of 0 or over 2^29 - 1")]
    Key,
    /// A text is not UTF-8 or longer than any honest one.
    #[error("text that is not UTF-8 or is too long in {0}")]
    Text(&'static str),
    /// A value ends after its message does.
    #[error("a value that is cut off")]
    Truncated,
    /// A field that may stand once stands twice.
    #[error("{0} stands twice")]
    Twice(&'static str),
    /// An integer of more than 64 bits.
    #[error("an integer of more than 64 bits")]
    Varint,
    /// A wire type that is unknown or withdrawn.
    #[error("the unknown wire type {0}")]
    WireType(u64),
}

/// One value, as the wire has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Bits32([u8; 4]),
    Bits64([u8; 8]),
    /// A message, a text, bytes or packed numbers: where they stand in the file.
    Bytes(Range<u64>),
    Varint(u64),
}

/// A file that is walked.
#[derive(Debug)]
pub(super) struct Wire {
    input: BufReader<File>,
    at: u64,
}

impl Wire {
    pub(super) fn new(file: File) -> Self {
        Self { input: BufReader::with_capacity(BUFFER_BYTES, file), at: 0 }
    }

    /// The file that is walked.
    pub(super) fn file(&self) -> &File {
        self.input.get_ref()
    }

    /// The next field of a message; the message shrinks to what follows it.
    pub(super) fn next(&mut self, message: &mut Range<u64>) -> Result<Option<(u64, Value)>, WireError> {
        if message.is_empty() {
            return Ok(None);
        }
        self.seek(message.start)?;
        let key = self.varint(message.end)?;
        let number = key >> 3;
        if number == 0 || number >= 1 << 29 {
            return Err(WireError::Key);
        }
        let value = match key & 7 {
            0 => Value::Varint(self.varint(message.end)?),
            1 => Value::Bits64(self.array(message.end)?),
            2 => {
                let len = self.varint(message.end)?;
                let end = self.at.checked_add(len).filter(|end| *end <= message.end);
                Value::Bytes(self.at..end.ok_or(WireError::Truncated)?)
            }
            5 => Value::Bits32(self.array(message.end)?),
            other => return Err(WireError::WireType(other)),
        };
        message.start = if let Value::Bytes(bytes) = &value { bytes.end } else { self.at };
        Ok(Some((number, value)))
    }

    /// The text of a range.
    pub(super) fn text(
        &mut self,
        bytes: &Range<u64>,
        max: u64,
        field: &'static str,
    ) -> Result<String, WireError> {
        let len = bytes.end - bytes.start;
        let len = usize::try_from(len).ok().filter(|_| len <= max).ok_or(WireError::Text(field))?;
        self.seek(bytes.start)?;
        let mut text = vec![0; len];
        self.input.read_exact(&mut text)?;
        self.at = bytes.end;
        String::from_utf8(text).map_err(|_| WireError::Text(field))
    }

    /// Hands the bytes of a range on, in pieces.
    pub(super) fn copy(&mut self, bytes: &Range<u64>, to: &mut dyn FnMut(&[u8])) -> Result<(), WireError> {
        self.seek(bytes.start)?;
        while self.at < bytes.end {
            let left = usize::try_from(bytes.end - self.at).unwrap_or(usize::MAX);
            let buffer = self.input.fill_buf()?;
            let piece = buffer.get(..left.min(buffer.len())).filter(|piece| !piece.is_empty());
            let piece = piece.ok_or(WireError::Truncated)?;
            to(piece);
            let len = piece.len();
            self.input.consume(len);
            self.at += u64::try_from(len).map_err(|_| WireError::Truncated)?;
        }
        Ok(())
    }

    /// The next of the varints packed in a range, which shrinks.
    pub(super) fn packed(&mut self, bytes: &mut Range<u64>) -> Result<Option<u64>, WireError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        self.seek(bytes.start)?;
        let value = self.varint(bytes.end)?;
        bytes.start = self.at;
        Ok(Some(value))
    }

    fn seek(&mut self, to: u64) -> Result<(), WireError> {
        if to != self.at {
            let distance = i128::from(to) - i128::from(self.at);
            // INVARIANT: both lie in the file, so their distance fits.
            self.input.seek_relative(i64::try_from(distance).map_err(|_| WireError::Truncated)?)?;
            self.at = to;
        }
        Ok(())
    }

    fn varint(&mut self, end: u64) -> Result<u64, WireError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array(end)?;
            // The tenth byte has room for the highest bit only.
            if shift == 63 && byte > 1 {
                return Err(WireError::Varint);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(WireError::Varint)
    }

    fn array<const N: usize>(&mut self, end: u64) -> Result<[u8; N], WireError> {
        let len = u64::try_from(N).unwrap_or(u64::MAX);
        if end.saturating_sub(self.at) < len {
            return Err(WireError::Truncated);
        }
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        self.at += len;
        Ok(bytes)
    }
}

impl Value {
    /// A message, text or bytes.
    pub(super) fn bytes(self, field: &'static str) -> Result<Range<u64>, WireError> {
        if let Self::Bytes(range) = self { Ok(range) } else { Err(WireError::Field(field)) }
    }

    /// An integer.
    pub(super) fn varint(self, field: &'static str) -> Result<u64, WireError> {
        if let Self::Varint(value) = self { Ok(value) } else { Err(WireError::Field(field)) }
    }
}

/// Keeps a value that may stand once.
pub(super) fn once<T>(slot: &mut Option<T>, value: T, field: &'static str) -> Result<(), WireError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(WireError::Twice(field)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Seek as _;

    use super::*;

    fn walk(bytes: &[u8]) -> Result<Vec<(u64, Value)>, WireError> {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, bytes).unwrap();
        file.rewind().unwrap();
        let (mut wire, mut fields) = (Wire::new(file), Vec::new());
        let mut message = 0..u64::try_from(bytes.len()).unwrap();
        while let Some(field) = wire.next(&mut message)? {
            fields.push(field);
        }
        Ok(fields)
    }

    #[test]
    fn every_wire_type() {
        let bytes = [0x08, 0x96, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1a, 2, b'h', b'i', 0x25, 1, 2, 3, 4];
        let fields = walk(&bytes).unwrap();
        let expected = [
            (1, Value::Varint(150)),
            (2, Value::Bits64([1, 2, 3, 4, 5, 6, 7, 8])),
            (3, Value::Bytes(14..16)),
            (4, Value::Bits32([1, 2, 3, 4])),
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn lying_bytes_are_refused() {
        let full = [0xff; 9];
        for (bytes, wanted) in [
            (&[0x08][..], "cut off"),
            (&[0x08, 0x80], "cut off"),
            (&[0x11, 1, 2, 3], "cut off"),
            (&[0x1a, 5, 1], "cut off"),
            (&[&[0x1a][..], &full, &[0x01]].concat(), "cut off"),
            (&[&[0x08][..], &full, &[0x02]].concat(), "64 bits"),
            (&[&[0x08][..], &full, &[0xff, 0x01]].concat(), "64 bits"),
            (&[0x0b], "wire type 3"),
            (&[0x0f], "wire type 7"),
            (&[0x00, 0x00], "field number"),
        ] {
            let error = walk(bytes).unwrap_err().to_string();
            assert!(error.contains(wanted), "{bytes:?}: {error}");
        }
    }
}
