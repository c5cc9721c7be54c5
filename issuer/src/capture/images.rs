//! Images: the size and the depth of each, from its header, as distributions over all.
//!
//! PNG ([ISO/IEC 15948](https://www.w3.org/TR/png-3/)), JPEG (ITU-T T.81) and TIFF 6.0, with BigTIFF. Metadata is
//! passed over by its length and never read: Exif, XMP, comments and descriptions are where names of people and
//! places are.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::artifacts::Artifact;
use super::data::{Contents, Tally};
use super::{CaptureError, FormatError};

/// The ends of names that are read as images.
pub(super) const EXTENSIONS: [&str; 5] = ["jpeg", "jpg", "png", "tif", "tiff"];

/// Most entries of a TIFF directory that are read; real ones have some twenty.
const MAX_TIFF_ENTRIES: u64 = 4_096;

/// Most segments of a JPEG before its frame: a few for each profile, Exif and table.
const MAX_JPEG_SEGMENTS: usize = 4_096;

const HELP: &str = "the file is damaged, incomplete or not what its name says; write it again or rename it";

/// Adds all images as one set.
pub(super) fn add_to(contents: &mut Contents<'_>, files: &[&Artifact]) -> Result<(), CaptureError> {
    let (mut formats, mut widths, mut heights, mut depths) =
        (Tally::default(), Tally::default(), Tally::default(), Tally::default());
    for file in files {
        let image = read(file)?;
        formats.add(image.format);
        widths.add(image.width.to_string());
        heights.add(image.height.to_string());
        depths.add(image.bits.to_string());
    }
    contents.add_files(
        files,
        "images and their headers",
        &[
            ("format", formats),
            ("width in pixels", widths),
            ("height in pixels", heights),
            ("bits per sample", depths),
        ],
    )
}

#[derive(Debug, PartialEq, Eq)]
struct Image {
    format: &'static str,
    width: u64,
    height: u64,
    bits: u64,
}

/// Why a header is no header.
#[derive(Debug)]
enum Wrong {
    Header(&'static str),
    Io(io::Error),
    Truncated,
}

impl From<io::Error> for Wrong {
    fn from(cause: io::Error) -> Self {
        if cause.kind() == io::ErrorKind::UnexpectedEof { Self::Truncated } else { Self::Io(cause) }
    }
}

fn read(file: &Artifact) -> Result<Image, CaptureError> {
    let opened = file.open()?;
    let mut input = Input { size: file.hashed.stamp.size, at: 0, file: BufReader::new(&opened) };
    let image = image(&mut input).map_err(|wrong| {
        let (code, message) = match wrong {
            Wrong::Io(cause) => return CaptureError::io(&file.location, cause),
            Wrong::Header(message) => ("capture.image-header", message),
            Wrong::Truncated => ("capture.image-truncated", "it ends before its header or its data do"),
        };
        let cause = FormatError { code, format: "an image", message: message.to_owned(), help: HELP };
        CaptureError::Format { path: file.location.clone(), cause }
    })?;
    file.unchanged(&opened)?;
    Ok(image)
}

/// A file and the place in it.
struct Input<'a> {
    file: BufReader<&'a File>,
    size: u64,
    at: u64,
}

impl Input<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Wrong> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        self.at += u64::try_from(N).unwrap_or_default();
        Ok(bytes)
    }

    /// Goes to a place, which has to be in the file.
    fn go(&mut self, to: u64) -> Result<(), Wrong> {
        if to > self.size {
            return Err(Wrong::Truncated);
        }
        self.file.seek(SeekFrom::Start(to))?;
        self.at = to;
        Ok(())
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Wrong> {
        self.go(self.at.checked_add(bytes).ok_or(Wrong::Truncated)?)
    }
}

fn image(input: &mut Input<'_>) -> Result<Image, Wrong> {
    let start: [u8; 4] = input.take()?;
    let image = match start {
        [0x89, b'P', b'N', b'G'] => png(input),
        [0xff, 0xd8, 0xff, _] => {
            input.go(2)?;
            jpeg(input)
        }
        [b'I', b'I', version, 0] => tiff(input, &Order { little: true, big_tiff: big_tiff(version)? }),
        [b'M', b'M', 0, version] => tiff(input, &Order { little: false, big_tiff: big_tiff(version)? }),
        _ => Err(Wrong::Header("it starts like no image that is known here")),
    }?;
    if image.width == 0 || image.height == 0 || image.bits == 0 {
        return Err(Wrong::Header("its width, its height or its depth is zero"));
    }
    Ok(image)
}

/// The chunks are walked to the last, whose absence tells of a cut.
fn png(input: &mut Input<'_>) -> Result<Image, Wrong> {
    if input.take()? != *b"\r\n\x1a\n" || input.take()? != [0, 0, 0, 13, b'I', b'H', b'D', b'R'] {
        return Err(Wrong::Header("it does not begin with the header of a PNG"));
    }
    let (width, height) = (u32::from_be_bytes(input.take()?), u32::from_be_bytes(input.take()?));
    let [bits, colour, ..] = input.take::<5>()?;
    let depths: &[u8] = match colour {
        0 => &[1, 2, 4, 8, 16],
        2 | 4 | 6 => &[8, 16],
        3 => &[1, 2, 4, 8],
        _ => &[],
    };
    if !depths.contains(&bits) || width > u32::MAX / 2 || height > u32::MAX / 2 {
        return Err(Wrong::Header("its depth, its colour or its size is none that PNG has"));
    }
    input.skip(4)?;
    // Every chunk has 12 bytes at least, so that this ends.
    loop {
        let len = u32::from_be_bytes(input.take()?);
        let name: [u8; 4] = input.take()?;
        input.skip(u64::from(len) + 4)?;
        if name == *b"IEND" {
            break;
        }
    }
    Ok(Image { format: "PNG", width: width.into(), height: height.into(), bits: bits.into() })
}

fn jpeg(input: &mut Input<'_>) -> Result<Image, Wrong> {
    for _ in 0..MAX_JPEG_SEGMENTS {
        let [mark, mut marker] = input.take()?;
        if mark != 0xff {
            return Err(Wrong::Header("a segment of the JPEG does not begin with a marker"));
        }
        while marker == 0xff {
            [marker] = input.take()?;
        }
        let len = u16::from_be_bytes(input.take()?);
        match marker {
            // The frames: all but the tables between them (DHT, JPG, DAC).
            0xc0..=0xcf if ![0xc4, 0xc8, 0xcc].contains(&marker) => {
                let [bits] = input.take()?;
                let (height, width) = (u16::from_be_bytes(input.take()?), u16::from_be_bytes(input.take()?));
                input.skip(u64::from(len).saturating_sub(7))?;
                return Ok(Image {
                    format: "JPEG",
                    width: width.into(),
                    height: height.into(),
                    bits: bits.into(),
                });
            }
            0xc4 | 0xcc | 0xdb | 0xdd | 0xe0..=0xef | 0xfe if len >= 2 => input.skip(u64::from(len) - 2)?,
            _ => return Err(Wrong::Header("the JPEG has no frame before its data")),
        }
    }
    Err(Wrong::Header("the JPEG has too many segments before its frame"))
}

fn big_tiff(version: u8) -> Result<bool, Wrong> {
    match version {
        42 => Ok(false),
        43 => Ok(true),
        _ => Err(Wrong::Header("it is neither TIFF nor BigTIFF")),
    }
}

/// How a TIFF writes numbers.
struct Order {
    little: bool,
    big_tiff: bool,
}

impl Order {
    fn two(&self, bytes: [u8; 2]) -> u64 {
        u64::from(if self.little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn four(&self, bytes: [u8; 4]) -> u64 {
        u64::from(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    const fn eight(&self, bytes: [u8; 8]) -> u64 {
        if self.little { u64::from_le_bytes(bytes) } else { u64::from_be_bytes(bytes) }
    }

    /// An offset or a count.
    fn word(&self, input: &mut Input<'_>) -> Result<u64, Wrong> {
        Ok(if self.big_tiff { self.eight(input.take()?) } else { self.four(input.take()?) })
    }
}

/// Reads three entries of the first directory.
fn tiff(input: &mut Input<'_>, order: &Order) -> Result<Image, Wrong> {
    if order.big_tiff {
        let (width, zero) = (order.two(input.take()?), order.two(input.take()?));
        if (width, zero) != (8, 0) {
            return Err(Wrong::Header("its offsets are not of 8 bytes"));
        }
    }
    let directory = order.word(input)?;
    input.go(directory)?;
    let entries = if order.big_tiff { order.eight(input.take()?) } else { order.two(input.take()?) };
    if entries > MAX_TIFF_ENTRIES {
        return Err(Wrong::Header("its directory has too many entries"));
    }
    let (mut width, mut height, mut bits) = (None, None, Some(1));
    for _ in 0..entries {
        let tag = order.two(input.take()?);
        let kind = order.two(input.take()?);
        let count = order.word(input)?;
        let next = input.at + if order.big_tiff { 8 } else { 4 };
        match tag {
            256 => width = number(input, order, kind, count)?,
            257 => height = number(input, order, kind, count)?,
            258 => bits = number(input, order, kind, count)?,
            _ => {}
        }
        input.go(next)?;
    }
    let whole = || Wrong::Header("its directory lacks the size of the image");
    Ok(Image {
        format: "TIFF",
        width: width.ok_or_else(whole)?,
        height: height.ok_or_else(whole)?,
        bits: bits.ok_or_else(whole)?,
    })
}

/// The first of the numbers of an entry, which stand in it if they fit and elsewhere if not.
fn number(input: &mut Input<'_>, order: &Order, kind: u64, count: u64) -> Result<Option<u64>, Wrong> {
    let bytes: u64 = match kind {
        3 => 2,
        4 => 4,
        16 => 8,
        _ => return Ok(None),
    };
    if count == 0 {
        return Ok(None);
    }
    let room = if order.big_tiff { 8 } else { 4 };
    if bytes.checked_mul(count).is_none_or(|bytes| bytes > room) {
        let offset = order.word(input)?;
        input.go(offset)?;
    }
    Ok(Some(match kind {
        3 => order.two(input.take()?),
        4 => order.four(input.take()?),
        _ => order.eight(input.take()?),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Tree, fixture};
    use super::*;
    use crate::problem::Problem as _;

    fn read_bytes(name: &str, bytes: &[u8]) -> Result<Image, CaptureError> {
        let tree = Tree::with(&[(name, bytes)]);
        super::read(&tree.artifacts().files[0])
    }

    fn code(bytes: &[u8]) -> &'static str {
        read_bytes("a.png", bytes).map_or_else(|error| error.code(), |_| "ok")
    }

    const FILES: [(&str, &str, u64, u64, u64); 5] = [
        ("3.png", "PNG", 32, 24, 8),
        ("a.jpg", "JPEG", 16, 8, 8),
        ("progressive.jpeg", "JPEG", 16, 8, 8),
        ("a.tif", "TIFF", 5, 7, 16),
        ("b.tiff", "TIFF", 5, 7, 8),
    ];

    #[test]
    fn headers_are_those_of_the_library() {
        for (name, format, width, height, bits) in FILES {
            let image = read_bytes(name, &fixture(&format!("data/images/{name}"))).unwrap();
            assert_eq!(image, Image { format, width, height, bits }, "{name}");
        }
    }

    #[test]
    fn truncations_are_errors_and_changes_do_not_panic() {
        for (name, format, ..) in FILES {
            let bytes = fixture(&format!("data/images/{name}"));
            for len in 0..bytes.len() {
                // What follows the headers of a JPEG or of a TIFF is not read.
                let code = code(&bytes[..len]);
                assert!(
                    code.starts_with("capture.image-") || (format != "PNG" && code == "ok"),
                    "{name} {len} {code}"
                );
                let mut changed = bytes.clone();
                changed[len] ^= 0xff;
                let _ = read_bytes("x", &changed);
            }
        }
    }

    #[test]
    fn headers_that_lie_are_refused() {
        let png = fixture("data/images/3.png");
        let with = |at: usize, new: &[u8]| {
            let mut changed = png.clone();
            changed[at..at + new.len()].copy_from_slice(new);
            code(&changed)
        };
        assert_eq!(with(16, &[0; 4]), "capture.image-header", "no width");
        assert_eq!(with(16, &[0xff; 4]), "capture.image-header", "a width beyond 2^31");
        assert_eq!(with(24, &[7]), "capture.image-header", "seven bits");
        assert_eq!(with(33, &[0xff; 4]), "capture.image-truncated", "a chunk of 4 GiB");
        let order = |little: bool, bytes: &[u8]| [if little { &b"II"[..] } else { b"MM" }, bytes].concat();
        // BigTIFF whose directory is at 2^64 - 1, or has 2^63 entries.
        let mut far = order(true, &[43, 0, 8, 0, 0, 0]);
        far.extend([0xff; 8]);
        assert_eq!(code(&far), "capture.image-truncated");
        let mut many = order(true, &[43, 0, 8, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0]);
        many.extend((1_u64 << 63).to_le_bytes());
        assert_eq!(code(&many), "capture.image-header");
        assert_eq!(code(b"not an image"), "capture.image-header");
        let endless_fill = [&[0xff, 0xd8][..], &[0xff; 10_000]].concat();
        assert_eq!(code(&endless_fill), "capture.image-truncated");
    }
}
