//! [RFC 1951](https://www.rfc-editor.org/rfc/rfc1951) DEFLATE as a stream, bare or in a
//! [zlib](https://www.rfc-editor.org/rfc/rfc1950) or [gzip](https://www.rfc-editor.org/rfc/rfc1952) envelope, with
//! an end to what it may become.

use std::io::{self, BufRead, Read};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

/// What stands around the compressed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Envelope {
    None,
    Gzip,
    Zlib,
}

/// Compressed bytes, read as what they were before.
pub(super) struct Inflate<R> {
    input: R,
    state: Box<InflateState>,
    /// Bytes that may still come out.
    left: u64,
    done: bool,
}

impl<R: BufRead> Inflate<R> {
    /// At most `max` bytes come out; the one after them is an error.
    pub(super) fn new(mut input: R, envelope: Envelope, max: u64) -> io::Result<Self> {
        let format = match envelope {
            Envelope::None => DataFormat::Raw,
            Envelope::Zlib => DataFormat::Zlib,
            Envelope::Gzip => {
                skip_gzip_header(&mut input)?;
                DataFormat::Raw
            }
        };
        Ok(Self { input, state: InflateState::new_boxed(format), left: max, done: false })
    }
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.done && !out.is_empty() {
            let input = self.input.fill_buf()?;
            let result = inflate(&mut self.state, input, out, MZFlush::None);
            let (consumed, written) = (result.bytes_consumed, result.bytes_written);
            let at_end = input.is_empty();
            self.input.consume(consumed);
            match result.status {
                Ok(MZStatus::StreamEnd) => self.done = true,
                Ok(_) => {}
                // No progress: either the input has ended, or there is more of it to give.
                Err(miniz_oxide::MZError::Buf) if !at_end => {}
                Err(miniz_oxide::MZError::Buf) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(_) => return Err(io::ErrorKind::InvalidData.into()),
            }
            if written > 0 {
                let len = u64::try_from(written).unwrap_or(u64::MAX);
                let too_much = || io::Error::from(io::ErrorKind::FileTooLarge);
                self.left = self.left.checked_sub(len).ok_or_else(too_much)?;
                return Ok(written);
            }
            if at_end && !self.done {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}

fn skip_gzip_header(input: &mut impl BufRead) -> io::Result<()> {
    const CHECKSUM: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;

    let mut fixed = [0; 10];
    input.read_exact(&mut fixed)?;
    let [0x1f, 0x8b, 8, flags, ..] = fixed else { return Err(io::ErrorKind::InvalidData.into()) };
    if flags & EXTRA != 0 {
        let mut len = [0; 2];
        input.read_exact(&mut len)?;
        io::copy(&mut input.by_ref().take(u16::from_le_bytes(len).into()), &mut io::sink())?;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            input.skip_until(0)?;
        }
    }
    if flags & CHECKSUM != 0 {
        let mut checksum = [0; 2];
        input.read_exact(&mut checksum)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflated(bytes: &[u8], envelope: Envelope, max: u64) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        // A small buffer, so that input ends in the middle of everything.
        let input = io::BufReader::with_capacity(7, bytes);
        Inflate::new(input, envelope, max)?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn all_envelopes_and_every_cut() {
        let text: Vec<u8> = (0..3000_u32).flat_map(|n| (n * n % 251).to_le_bytes()).collect();
        let raw = miniz_oxide::deflate::compress_to_vec(&text, 6);
        let zlib = miniz_oxide::deflate::compress_to_vec_zlib(&text, 6);
        let gzip = [&[0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 2, 0][..], b"xxname\0note\0cc", &raw]
            .concat();
        for (bytes, envelope) in [(raw, Envelope::None), (zlib, Envelope::Zlib), (gzip, Envelope::Gzip)] {
            assert_eq!(inflated(&bytes, envelope, 12_000).unwrap(), text);
            let error = inflated(&bytes, envelope, 11_999).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
            for end in 0..bytes.len() {
                _ = inflated(&bytes[..end], envelope, 12_000).unwrap_err();
            }
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        for envelope in [Envelope::None, Envelope::Zlib, Envelope::Gzip] {
            let error = inflated(&[0xff; 64], envelope, 1 << 20).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }
}
