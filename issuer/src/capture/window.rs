//! A part of a file, read in place: little-endian numbers and short texts, each within its bounds.
//!
//! What a file says about its own lengths is held against the bytes that there are before anything is allocated
//! or skipped, so a length that lies costs nothing. Formats inside of others (HDF5 inside a zip archive) are
//! windows too: no position can lead out of them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::Range;

use super::CaptureError;
use super::artifacts::Artifact;
use super::error::FormatError;

const BUFFER_BYTES: usize = 16 << 10;

/// How errors of one format speak.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    /// The format's name, for people.
    pub(super) format: &'static str,
    /// The code for bytes that are not there.
    pub(super) truncated: &'static str,
    /// What the person at the keyboard can do.
    pub(super) help: &'static str,
}

impl Dialect {
    /// The error that `file` breaks the format.
    pub(super) fn refuse(
        self,
        file: &Artifact,
        code: &'static str,
        message: impl Into<String>,
    ) -> CaptureError {
        let cause = FormatError { code, format: self.format, message: message.into(), help: self.help };
        CaptureError::Format { path: file.location.clone(), cause }
    }
}

/// A range of a file.
#[derive(Debug)]
pub(super) struct Window<'a> {
    pub(super) file: &'a Artifact,
    dialect: Dialect,
    input: BufReader<File>,
    /// Where the window starts in the file.
    start: u64,
    len: u64,
    /// Where the next byte is read, from the start of the window.
    at: u64,
}

impl<'a> Window<'a> {
    /// The whole file.
    pub(super) fn new(file: &'a Artifact, dialect: Dialect) -> Result<Self, CaptureError> {
        Self::part(file, 0..file.hashed.stamp.size, dialect)
    }

    /// A range, which has to lie in the file.
    pub(super) fn part(
        file: &'a Artifact,
        range: Range<u64>,
        dialect: Dialect,
    ) -> Result<Self, CaptureError> {
        let input = BufReader::with_capacity(BUFFER_BYTES, file.open()?);
        let len = range.end.min(file.hashed.stamp.size).saturating_sub(range.start);
        let mut window = Self { file, dialect, input, start: 0, len: file.hashed.stamp.size, at: 0 };
        window.seek(range.start)?;
        Ok(Self { start: range.start, len, at: 0, ..window })
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn position(&self) -> u64 {
        self.at
    }

    pub(super) fn left(&self) -> u64 {
        self.len.saturating_sub(self.at)
    }

    /// A range of the window, as a range of the file; an error if it is not wholly inside.
    pub(super) fn range(&self, start: u64, len: u64, what: &str) -> Result<Range<u64>, CaptureError> {
        let end = start.checked_add(len).filter(|end| *end <= self.len);
        let end = end.ok_or_else(|| self.cut_off(what))?;
        Ok(self.start + start..self.start + end)
    }

    /// The error that `what` does not fit into the window.
    pub(super) fn cut_off(&self, what: &str) -> CaptureError {
        let message = format!("{what} at byte {} does not fit into {} bytes", self.at, self.len);
        self.dialect.refuse(self.file, self.dialect.truncated, message)
    }

    pub(super) fn refuse(&self, code: &'static str, message: impl Into<String>) -> CaptureError {
        self.dialect.refuse(self.file, code, message)
    }

    pub(super) fn seek(&mut self, to: u64) -> Result<(), CaptureError> {
        if to > self.len {
            return Err(self.cut_off("an address"));
        }
        let distance = i128::from(to) - i128::from(self.at);
        let distance = i64::try_from(distance).map_err(|_| self.cut_off("an address"))?;
        self.input.seek_relative(distance).map_err(|cause| CaptureError::io(&self.file.location, cause))?;
        self.at = to;
        Ok(())
    }

    pub(super) fn skip(&mut self, len: u64) -> Result<(), CaptureError> {
        match self.at.checked_add(len) {
            Some(to) if to <= self.len => self.seek(to),
            _ => Err(self.cut_off("a length")),
        }
    }

    /// The next `len` bytes.
    pub(super) fn take(&mut self, len: u64) -> Result<Vec<u8>, CaptureError> {
        let size = usize::try_from(len).ok().filter(|_| len <= self.left());
        let mut bytes = vec![0; size.ok_or_else(|| self.cut_off("a length"))?];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], CaptureError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), CaptureError> {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if len > self.left() {
            return Err(self.cut_off("a value"));
        }
        self.input.read_exact(bytes).map_err(|cause| CaptureError::io(&self.file.location, cause))?;
        self.at += len;
        Ok(())
    }

    pub(super) fn u8(&mut self) -> Result<u8, CaptureError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(super) fn u16(&mut self) -> Result<u16, CaptureError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, CaptureError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, CaptureError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// An error if somebody wrote to the file since it was hashed.
    pub(super) fn unchanged(&self) -> Result<(), CaptureError> {
        self.file.unchanged(self.input.get_ref())
    }
}
