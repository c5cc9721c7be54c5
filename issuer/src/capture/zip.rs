//! The directory of a [ZIP archive](https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), with ZIP64.
//!
//! ```text
//! local header, data                        for each entry
//! central header                            for each entry: name, sizes, method, where its local header is
//! [ZIP64 end record, ZIP64 locator]         where counts or sizes are too large for the next
//! end record, comment
//! ```
//!
//! Read so that there is one reading. Two headers speak of each entry: they have to agree. Nothing is encrypted,
//! no name stands twice or leads elsewhere, no two entries share a byte (so what comes out of an archive is
//! bounded by what compression can do to its size), and no bytes stand before the first entry.
//!
//! In scope: finding entries, and their digests. Out of scope: checksums (a digest of our own is taken), and
//! methods other than *stored* and *deflated*.

use std::collections::BTreeSet;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use model_passport::digest::Digest;
use sha2::Digest as _;

use super::artifacts::Artifact;
use super::inflate::{Envelope, Inflate};
use super::weights::hash_range;
use super::window::{Dialect, Window};
use super::{CaptureError, Work};

/// What every archive with a file in it starts with.
pub(super) const MAGIC: &[u8; 4] = b"PK\x03\x04";

const DIALECT: Dialect = Dialect {
    format: "a ZIP archive",
    truncated: "capture.zip-length",
    help: "the file is damaged, incomplete, or made to deceive; write it again with the library of its format",
};

const CENTRAL_MAGIC: u32 = 0x0201_4b50;
const LOCAL_MAGIC: u32 = 0x0403_4b50;
const END_MAGIC: [u8; 4] = *b"PK\x05\x06";
const END64_MAGIC: u32 = 0x0606_4b50;
const LOCATOR_MAGIC: u32 = 0x0706_4b50;

/// Most entries: ten times the tensors of the largest public models.
const MAX_ENTRIES: u64 = 100_000;

/// Longest directory: a name and 46 bytes for each entry.
const MAX_DIRECTORY_BYTES: u64 = 32 << 20;

/// Longest name.
const MAX_NAME_BYTES: usize = 1_024;

/// The end record and the longest comment after it.
const END_BYTES: u64 = 22;
const MAX_COMMENT_BYTES: u64 = 65_535;

/// Nothing that DEFLATE makes is smaller than this part of what it was.
const MAX_RATIO: u64 = 1_032;

/// Most bytes that come out of all compressed entries: larger weights are stored, never compressed.
const MAX_INFLATED: u64 = 4 << 30;

/// One file in the archive.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Before compression.
    pub(super) size: u64,
    /// Where its data stand in the file.
    pub(super) data: Range<u64>,
    pub(super) compressed: bool,
}

/// All entries, in the order of the directory.
pub(super) fn read(file: &Artifact) -> Result<Vec<Entry>, CaptureError> {
    let mut window = Window::new(file, DIALECT)?;
    let directory = Directory::find(&mut window)?;
    window.seek(directory.range.start)?;
    let mut entries = Vec::new();
    for _ in 0..directory.count {
        entries.push(Central::read(&mut window, directory.range.end)?);
    }
    if window.position() != directory.range.end {
        return Err(window.refuse("capture.zip-directory", "the directory is longer than its entries"));
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = entries.iter().find(|entry| !names.insert(entry.name.as_str())) {
        return Err(window.refuse("capture.zip-name", format!("two entries are named {:?}", twice.name)));
    }
    let mut entries = entries
        .iter()
        .map(|entry| Ok((entry.local, entry.locate(&mut window)?)))
        .collect::<Result<Vec<(u64, Entry)>, CaptureError>>()?;
    check_overlap(&window, &mut entries, directory.range.start)?;
    window.unchanged()?;
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

struct Directory {
    range: Range<u64>,
    count: u64,
}

impl Directory {
    fn find(window: &mut Window<'_>) -> Result<Self, CaptureError> {
        let refuse = |window: &Window<'_>, what: &str| window.refuse("capture.zip-directory", what);
        let tail_start = window.len().saturating_sub(END_BYTES + MAX_COMMENT_BYTES);
        window.seek(tail_start)?;
        let tail = window.take(window.left())?;
        // The last one counts whose comment ends with the file.
        let end = (0..tail.len().saturating_sub(21)).rev().find(|at| {
            let (record, comment) = (tail.get(*at..*at + 4), tail.get(*at + 20..*at + 22));
            let comment = comment.and_then(|bytes| bytes.try_into().ok()).map(u16::from_le_bytes);
            record == Some(&END_MAGIC) && comment.map(|len| *at + 22 + usize::from(len)) == Some(tail.len())
        });
        let end = end.ok_or_else(|| refuse(window, "there is no directory at its end"))?;
        let end = tail_start + u64::try_from(end).unwrap_or(u64::MAX);
        window.seek(end + 4)?;
        let disks = (window.u16()?, window.u16()?);
        let counts = (u64::from(window.u16()?), u64::from(window.u16()?));
        let (len, start) = (u64::from(window.u32()?), u64::from(window.u32()?));
        let mut directory = Self { range: start..start + len, count: counts.1 };
        let mut stop = end;
        let large = counts.1 == 0xffff || len == 0xffff_ffff || start == 0xffff_ffff;
        if let Some(locator) = end.checked_sub(20) {
            window.seek(locator)?;
            if window.u32()? == LOCATOR_MAGIC {
                (directory, stop) = Self::large(window)?;
                if stop + 56 > locator {
                    return Err(refuse(window, "its end records overlap"));
                }
            } else if large {
                return Err(refuse(window, "its ZIP64 record is missing"));
            }
        }
        if disks != (0, 0) || counts.0 != counts.1 {
            return Err(refuse(window, "it is split over several files"));
        }
        if directory.range.end != stop
            || directory.count > MAX_ENTRIES.min((directory.range.end - directory.range.start) / 46)
        {
            return Err(refuse(window, "its directory is not where it should be"));
        }
        if directory.range.end - directory.range.start > MAX_DIRECTORY_BYTES {
            return Err(refuse(window, "its directory is too long"));
        }
        Ok(directory)
    }

    /// From the ZIP64 locator on: the directory, and where the ZIP64 end record starts.
    fn large(window: &mut Window<'_>) -> Result<(Self, u64), CaptureError> {
        let wrong = |window: &Window<'_>| window.refuse("capture.zip-directory", "its ZIP64 record is wrong");
        let (disk, at, disks) = (window.u32()?, window.u64()?, window.u32()?);
        window.seek(at)?;
        if window.u32()? != END64_MAGIC || disk != 0 || disks > 1 {
            return Err(wrong(window));
        }
        window.skip(12)?;
        let split = (window.u32()?, window.u32()?);
        let (here, count, len, start) = (window.u64()?, window.u64()?, window.u64()?, window.u64()?);
        let end = start.checked_add(len).filter(|end| *end <= window.len());
        let end = end.filter(|_| split == (0, 0) && here == count).ok_or_else(|| wrong(window))?;
        Ok((Self { range: start..end, count }, at))
    }
}

/// What the directory says of an entry.
struct Central {
    name: String,
    flags: u16,
    method: u16,
    packed: u64,
    size: u64,
    local: u64,
}

impl Central {
    fn read(window: &mut Window<'_>, end: u64) -> Result<Self, CaptureError> {
        if window.u32()? != CENTRAL_MAGIC {
            return Err(window.refuse("capture.zip-directory", "an entry of the directory is damaged"));
        }
        window.skip(4)?;
        let (flags, method) = (window.u16()?, window.u16()?);
        window.skip(8)?;
        let (packed, size) = (window.u32()?, window.u32()?);
        let (name, extra, comment) = (window.u16()?, window.u16()?, window.u16()?);
        window.skip(8)?;
        let local = window.u32()?;
        let name = name_of(window, name)?;
        let extra = window.take(extra.into())?;
        window.skip(comment.into())?;
        if window.position() > end {
            return Err(window.refuse("capture.zip-directory", "an entry leads out of the directory"));
        }
        let mut wide = Wide::find(&extra);
        let mut value = |value: u32| match value {
            u32::MAX => wide.next(),
            small => Some(u64::from(small)),
        };
        let wrong = || window.refuse("capture.zip-directory", "an entry lacks its ZIP64 sizes");
        let size = value(size).ok_or_else(wrong)?;
        let packed = value(packed).ok_or_else(wrong)?;
        let local = value(local).ok_or_else(wrong)?;
        // Bits 0, 6 and 13: encrypted in one of three ways.
        if flags & 0x2041 != 0 {
            return Err(window.refuse("capture.zip-encrypted", format!("{name:?} is encrypted")));
        }
        match method {
            0 if size == packed => {}
            8 if size / MAX_RATIO <= packed => {}
            0 | 8 => {
                let message = format!("{name:?} cannot have {size} bytes from {packed}");
                return Err(window.refuse("capture.zip-size", message));
            }
            _ => {
                let message = format!("{name:?} is compressed by the unknown method {method}");
                return Err(window.refuse("capture.zip-method", message));
            }
        }
        Ok(Self { name, flags, method, packed, size, local })
    }

    /// The entry, if its local header agrees.
    fn locate(&self, window: &mut Window<'_>) -> Result<Entry, CaptureError> {
        let wrong = |window: &Window<'_>| {
            let message = format!("its two headers of {:?} do not agree", self.name);
            window.refuse("capture.zip-directory", message)
        };
        window.seek(self.local)?;
        if window.u32()? != LOCAL_MAGIC {
            return Err(wrong(window));
        }
        window.skip(2)?;
        let (flags, method) = (window.u16()?, window.u16()?);
        window.skip(8)?;
        let (packed, size) = (window.u32()?, window.u32()?);
        let (name, extra) = (window.u16()?, window.u16()?);
        let name = name_of(window, name)?;
        window.skip(extra.into())?;
        // Bit 3: the sizes follow the data. Otherwise they stand here, or in a ZIP64 field.
        let later = flags & 8 != 0;
        let agrees =
            |here: u32, there: u64| here == u32::MAX || (later && here == 0) || u64::from(here) == there;
        if name != self.name
            || method != self.method
            || (flags ^ self.flags) & 0x2049 != 0
            || !agrees(packed, self.packed)
            || !agrees(size, self.size)
        {
            return Err(wrong(window));
        }
        let data = window.range(window.position(), self.packed, "an entry")?;
        Ok(Entry { name, size: self.size, data, compressed: self.method != 0 })
    }
}

/// The 64-bit values of a ZIP64 field, in the order in which they are needed.
struct Wide<'a>(&'a [u8]);

impl<'a> Wide<'a> {
    fn find(mut extra: &'a [u8]) -> Self {
        while let Some(([a, b, c, d], rest)) = extra.split_first_chunk::<4>() {
            let len = usize::from(u16::from_le_bytes([*c, *d]));
            let Some((field, rest)) = rest.split_at_checked(len) else { break };
            if u16::from_le_bytes([*a, *b]) == 1 {
                return Self(field);
            }
            extra = rest;
        }
        Self(&[])
    }

    fn next(&mut self) -> Option<u64> {
        let (value, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*value))
    }
}

/// A name that is the same everywhere and leads nowhere else.
fn name_of(window: &mut Window<'_>, len: u16) -> Result<String, CaptureError> {
    let wrong = |window: &Window<'_>| {
        let message = format!("an entry has a name that leads elsewhere, at byte {}", window.position());
        window.refuse("capture.zip-name", message)
    };
    let bytes = window.take(len.into())?;
    let name = String::from_utf8(bytes).map_err(|_| wrong(window))?;
    let folder = name.strip_suffix('/').unwrap_or(&name);
    let odd = |part: &str| part.is_empty() || part == "." || part == "..";
    let foreign = |c: char| c.is_control() || c == '\\' || c == ':';
    if name.len() > MAX_NAME_BYTES || folder.split('/').any(odd) || name.contains(foreign) {
        return Err(wrong(window));
    }
    Ok(name)
}

/// Every byte before the directory belongs to one entry at most, and the first byte to one.
fn check_overlap(
    window: &Window<'_>,
    entries: &mut [(u64, Entry)],
    directory: u64,
) -> Result<(), CaptureError> {
    let wrong = |what: &str| Err(window.refuse("capture.zip-overlap", what));
    let mut spans: Vec<(u64, u64)> = entries.iter().map(|(local, entry)| (*local, entry.data.end)).collect();
    spans.sort_unstable();
    if spans.first().is_some_and(|(start, _)| *start != 0) {
        return wrong("other bytes stand before its first entry");
    }
    if spans.array_windows().any(|[(_, end), (start, _)]| end > start) {
        return wrong("two of its entries share bytes");
    }
    if spans.last().is_some_and(|(_, end)| *end > directory) {
        return wrong("an entry reaches into its directory");
    }
    let inflated = entries.iter().filter(|(_, entry)| entry.compressed).map(|(_, entry)| entry.size);
    if inflated.fold(0, u64::saturating_add) > MAX_INFLATED {
        return Err(window.refuse("capture.zip-size", "too much comes out of its compressed entries"));
    }
    Ok(())
}

impl Entry {
    /// The entry's bytes, if they are not more than `max`.
    pub(super) fn bytes(&self, file: &Artifact, max: u64) -> Result<Option<Vec<u8>>, CaptureError> {
        if self.size > max {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.stream(file, &mut |piece| bytes.extend_from_slice(piece))?;
        Ok(Some(bytes))
    }

    /// SHA-256 of the entry's bytes.
    pub(super) fn digest(&self, file: &Artifact, work: &Work<'_>) -> Result<Digest, CaptureError> {
        if !self.compressed {
            return hash_range(file, &self.data, work);
        }
        let mut sha256 = sha2::Sha256::new();
        self.stream(file, &mut |piece| {
            sha256.update(piece);
            work.advance(piece.len());
        })?;
        Ok(Digest::Sha256(sha256.finalize().into()))
    }

    fn stream(&self, file: &Artifact, to: &mut dyn FnMut(&[u8])) -> Result<(), CaptureError> {
        let failed = |cause| CaptureError::io(&file.location, cause);
        let mut input = file.open()?;
        input.seek(SeekFrom::Start(self.data.start)).map_err(failed)?;
        let part = BufReader::new((&input).take(self.data.end - self.data.start));
        let mut part: Box<dyn Read> = match self.compressed {
            false => Box::new(part),
            true => Box::new(Inflate::new(part, Envelope::None, self.size).map_err(failed)?),
        };
        let (mut buffer, mut len) = (vec![0; 32 << 10], 0_u64);
        let wrong = || DIALECT.refuse(file, "capture.zip-size", format!("{:?} is damaged", self.name));
        loop {
            let read = part.read(&mut buffer).map_err(|_| wrong())?;
            let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
            len = len.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
            to(piece);
        }
        drop(part);
        if len != self.size {
            return Err(wrong());
        }
        file.unchanged(&input)
    }
}

#[cfg(test)]
#[path = "zip_tests.rs"]
mod tests;
