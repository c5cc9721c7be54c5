//! Where a data set's bytes come from: the file itself, or an inflater in front of it.
//!
//! Both hand out exactly the bytes that are asked for, and go over the others. From a file they are not read at
//! all; what an inflater must unpack to get past them lies in its window, which is wiped.

use std::io::{self, Read, Seek, SeekFrom};

use miniz_oxide::inflate::stream::{InflateState, ZeroReset, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};
use zeroize::Zeroizing;

use super::fault::Fault;

/// Most bytes that a deflated data set may have before its pixel data: the largest honest ones are structure sets
/// and reports of a few MiB.
const MAX_INFLATED_BYTES: u64 = 256 << 20;

/// Bytes of a file that are inflated at a time.
const INPUT_BYTES: usize = 16 << 10;

/// Bytes that are inflated at a time.
const OUTPUT_BYTES: usize = 16 << 10;

/// Something whose bytes can be taken or passed over, in order.
pub(super) trait Source {
    /// How many bytes were taken and passed over.
    fn position(&self) -> u64;

    /// Where it ends at the latest.
    fn limit(&self) -> u64;

    /// Fills the buffer; `false` if there is not a single byte left.
    fn take(&mut self, buffer: &mut [u8]) -> Result<bool, Stop>;

    /// Passes over bytes without keeping them.
    fn skip(&mut self, count: u64) -> Result<(), Stop>;
}

/// Why reading ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The file breaks the format.
    Fault(Fault),
    /// The operating system would not let us read.
    Io(io::Error),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A file, read at the places that matter and nowhere else.
pub(super) struct Plain<R> {
    input: R,
    position: u64,
    size: u64,
}

impl<R: Read + Seek> Plain<R> {
    /// From the input's first byte.
    pub(super) const fn new(input: R, size: u64) -> Self {
        Self { input, position: 0, size }
    }

    /// Back to a place that was read before.
    pub(super) fn rewind(&mut self, position: u64) -> Result<(), Stop> {
        self.input.seek(SeekFrom::Start(position)).map_err(Stop::Io)?;
        self.position = position;
        Ok(())
    }

    /// The input from here on.
    pub(super) fn into_rest(self) -> R {
        self.input
    }
}

impl<R: Read + Seek> Source for Plain<R> {
    fn position(&self) -> u64 {
        self.position
    }

    fn limit(&self) -> u64 {
        self.size
    }

    fn take(&mut self, buffer: &mut [u8]) -> Result<bool, Stop> {
        let len = u64::try_from(buffer.len()).unwrap_or(u64::MAX);
        let left = self.size.saturating_sub(self.position);
        if left == 0 && len > 0 {
            return Ok(false);
        }
        if len > left {
            return Err(Fault::Truncated { offset: self.position }.into());
        }
        self.input.read_exact(buffer).map_err(|cause| match cause.kind() {
            io::ErrorKind::UnexpectedEof => Fault::Truncated { offset: self.position }.into(),
            _ => Stop::Io(cause),
        })?;
        self.position += len;
        Ok(true)
    }

    fn skip(&mut self, count: u64) -> Result<(), Stop> {
        let end = self.position.checked_add(count).filter(|end| *end <= self.size);
        let end = end.ok_or(Fault::Truncated { offset: self.position })?;
        if count > 0 {
            self.input.seek(SeekFrom::Start(end)).map_err(Stop::Io)?;
        }
        self.position = end;
        Ok(())
    }
}

/// The deflated rest of a file ([RFC 1951]).
///
/// [RFC 1951]: https://www.rfc-editor.org/rfc/rfc1951
pub(super) struct Deflated<R> {
    input: R,
    state: Box<InflateState>,
    packed: Zeroizing<Vec<u8>>,
    packed_range: std::ops::Range<usize>,
    unpacked: Zeroizing<Vec<u8>>,
    unpacked_range: std::ops::Range<usize>,
    at_end: bool,
    position: u64,
}

impl<R: Read> Deflated<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            state: InflateState::new_boxed(DataFormat::Raw),
            packed: Zeroizing::new(vec![0; INPUT_BYTES]),
            packed_range: 0..0,
            unpacked: Zeroizing::new(vec![0; OUTPUT_BYTES]),
            unpacked_range: 0..0,
            at_end: false,
            position: 0,
        }
    }

    fn read(&mut self) -> Result<(), Stop> {
        match self.input.read(&mut self.packed) {
            Ok(0) => Err(Fault::Deflate { offset: self.position }.into()),
            Ok(read) => {
                self.packed_range = 0..read;
                Ok(())
            }
            // Whoever called calls again.
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(cause) => Err(Stop::Io(cause)),
        }
    }

    /// Inflates until there is something to hand out; `false` at the end of the stream.
    fn fill(&mut self) -> Result<bool, Stop> {
        while self.unpacked_range.is_empty() {
            if self.at_end {
                return Ok(false);
            }
            let packed = self.packed.get(self.packed_range.clone()).unwrap_or_default();
            let result = inflate(&mut self.state, packed, &mut self.unpacked, MZFlush::None);
            self.packed_range.start += result.bytes_consumed;
            self.unpacked_range = 0..result.bytes_written;
            match result.status {
                Ok(MZStatus::StreamEnd) => self.at_end = true,
                _ if result.bytes_consumed > 0 || result.bytes_written > 0 => {}
                // Nothing is left in the window either.
                Ok(_) | Err(MZError::Buf) if self.packed_range.is_empty() => self.read()?,
                _ => return Err(Fault::Deflate { offset: self.position }.into()),
            }
        }
        Ok(true)
    }

    /// Goes on by as many bytes as are inflated, at most `most`, and shows them to `see`.
    fn advance(&mut self, most: u64, see: &mut dyn FnMut(&[u8])) -> Result<u64, Stop> {
        if !self.fill()? {
            return Ok(0);
        }
        let bytes = self.unpacked.get(self.unpacked_range.clone()).unwrap_or_default();
        let count = usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len());
        see(bytes.get(..count).unwrap_or_default());
        self.unpacked_range.start += count;
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.position = self.position.saturating_add(count);
        if self.position > MAX_INFLATED_BYTES {
            return Err(Fault::Inflated { max: MAX_INFLATED_BYTES }.into());
        }
        Ok(count)
    }
}

impl<R> Drop for Deflated<R> {
    fn drop(&mut self) {
        self.state.reset_as(ZeroReset);
    }
}

impl<R: Read> Source for Deflated<R> {
    fn position(&self) -> u64 {
        self.position
    }

    fn limit(&self) -> u64 {
        u64::MAX
    }

    fn take(&mut self, buffer: &mut [u8]) -> Result<bool, Stop> {
        let mut done = 0;
        while done < buffer.len() {
            let rest = buffer.get_mut(done..).unwrap_or_default();
            let most = u64::try_from(rest.len()).unwrap_or(u64::MAX);
            let count = self.advance(most, &mut |bytes| {
                for (to, from) in rest.iter_mut().zip(bytes) {
                    *to = *from;
                }
            })?;
            match count {
                0 if done == 0 => return Ok(false),
                0 => return Err(Fault::Truncated { offset: self.position }.into()),
                count => done += usize::try_from(count).unwrap_or(usize::MAX),
            }
        }
        Ok(true)
    }

    fn skip(&mut self, count: u64) -> Result<(), Stop> {
        let mut left = count;
        while left > 0 {
            match self.advance(left, &mut |_| {})? {
                0 => return Err(Fault::Truncated { offset: self.position }.into()),
                count => left -= count,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inflated_is_what_was_deflated_in_pieces_of_any_size() {
        let bytes: Vec<u8> = (0..200_000_u32).flat_map(|n| (n / 7 % 251).to_le_bytes()).collect();
        for level in [0, 1, 9] {
            let packed = miniz_oxide::deflate::compress_to_vec(&bytes, level);
            for piece in [1, 1000, 70_000] {
                let (mut source, mut at) = (Deflated::new(packed.as_slice()), 0);
                while at < bytes.len() {
                    let mut buffer = vec![0; piece.min(bytes.len() - at)];
                    assert!(source.take(&mut buffer).unwrap());
                    assert_eq!(buffer, bytes[at..at + buffer.len()]);
                    at += buffer.len();
                    let skipped = (bytes.len() - at).min(3 * piece);
                    source.skip(skipped.try_into().unwrap()).unwrap();
                    at += skipped;
                }
                assert!(!source.take(&mut [0]).unwrap());
                assert!(source.skip(1).is_err());
            }
        }
    }
}
