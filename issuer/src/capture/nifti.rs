//! Volumes as [NIfTI-1 and NIfTI-2](https://nifti.nimh.nih.gov/): dimensions, spacing and data type of each, from
//! its header, as distributions over all.
//!
//! ```text
//! NIfTI-1  348 bytes: 0 size | 40 dim 8 × i16 | 70 datatype, 72 bitpix i16 | 76 pixdim 8 × f32 | 108 vox_offset f32
//!                     | 123 xyzt_units | 344 "n+1\0"
//! NIfTI-2  540 bytes: 0 size | 4 "n+2\0\r\n\x1a\n" | 12 datatype, 14 bitpix i16 | 16 dim 8 × i64
//!                     | 104 pixdim 8 × f64 | 168 vox_offset i64 | 500 xyzt_units i32
//! ```
//!
//! The fields for free text (`descrip`, `aux_file`, `intent_name`, `db_name`) are in the bytes that are read and in
//! nothing that is made of them. Of a compressed file, no more is inflated than the header.

use std::fs::File;
use std::io::{self, Read as _};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush};

use super::artifacts::Artifact;
use super::data::{Contents, Tally};
use super::{CaptureError, FormatError};

/// Compressed bytes that are read to find a header in them. A gzip header may hold a name and a comment.
const MAX_COMPRESSED_BYTES: u64 = 64 << 10;

const HEADER_1: usize = 348;
const HEADER_2: usize = 540;

/// DEFLATE makes at most 1,032 bytes of one.
const MAX_RATIO: u64 = 1_032;

const HELP: &str = "the file is damaged, incomplete or not NIfTI; write it again or rename it";

/// Adds all volumes as one set.
pub(super) fn add_to(contents: &mut Contents<'_>, files: &[&Artifact]) -> Result<(), CaptureError> {
    let (mut dimensions, mut spacings, mut kinds) = (Tally::default(), Tally::default(), Tally::default());
    for file in files {
        let volume = read(file)?;
        dimensions.add(volume.dimensions());
        spacings.add(volume.spacing());
        kinds.add(volume.data_type);
    }
    contents.add_files(
        files,
        "volumes and their headers",
        &[("dimensions in voxels", dimensions), ("voxel spacing", spacings), ("data type", kinds)],
    )
}

/// Whether a file with this name is read as a volume.
pub(super) fn is_volume(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.ends_with(".nii") || path.ends_with(".nii.gz")
}

#[derive(Debug, PartialEq)]
struct Volume {
    dim: Vec<u64>,
    spacing: Vec<f64>,
    unit: &'static str,
    data_type: &'static str,
    /// Header and voxels.
    bytes: u64,
}

impl Volume {
    fn dimensions(&self) -> String {
        self.dim.iter().map(u64::to_string).collect::<Vec<_>>().join(" × ")
    }

    /// In space only, to three digits: more would be different for every scanner and none the wiser.
    fn spacing(&self) -> String {
        let one = |value: &f64| {
            let text = format!("{value:.3}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        if self.spacing.iter().any(|value| !(value.is_finite() && (0.000_5..1e6).contains(value))) {
            return "not given".to_owned();
        }
        format!("{} {}", self.spacing.iter().map(one).collect::<Vec<_>>().join(" × "), self.unit)
            .trim()
            .to_owned()
    }
}

fn read(file: &Artifact) -> Result<Volume, CaptureError> {
    let input = file.open()?;
    let compressed = file.path.to_ascii_lowercase().ends_with(".gz");
    let refused = |(code, message): (&'static str, &'static str)| {
        let cause = FormatError { code, format: "NIfTI", message: message.to_owned(), help: HELP };
        CaptureError::Format { path: file.location.clone(), cause }
    };
    let header = if compressed { inflated(&input) } else { plain(&input) };
    let header = header.map_err(|cause| CaptureError::io(&file.location, cause))?;
    file.unchanged(&input)?;
    let header =
        header.ok_or_else(|| refused(("capture.nifti-gzip", "it is not gzip data with a header in it")))?;
    let volume = parse(&header).map_err(refused)?;
    let size = file.hashed.stamp.size;
    let room = if compressed { size.saturating_mul(MAX_RATIO) } else { size };
    if volume.bytes > room {
        return Err(refused(("capture.nifti-size", "it is shorter than its dimensions make it")));
    }
    Ok(volume)
}

fn plain(file: &File) -> io::Result<Option<Vec<u8>>> {
    let mut header = Vec::new();
    file.take(540).read_to_end(&mut header)?;
    Ok(Some(header))
}

/// The first bytes of a gzip file ([RFC 1952](https://www.rfc-editor.org/rfc/rfc1952)).
fn inflated(file: &File) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(MAX_COMPRESSED_BYTES).read_to_end(&mut bytes)?;
    let Some(deflated) = after_gzip_header(&bytes) else { return Ok(None) };
    let mut header = vec![0; HEADER_2];
    let mut state = InflateState::new_boxed(DataFormat::Raw);
    let result = inflate(&mut state, deflated, &mut header, MZFlush::None);
    header.truncate(result.bytes_written);
    Ok(result.status.is_ok().then_some(header))
}

fn after_gzip_header(bytes: &[u8]) -> Option<&[u8]> {
    let ([0x1f, 0x8b, 8, flags, ..], mut rest) = bytes.split_first_chunk::<10>()? else { return None };
    if flags & 0xe0 != 0 {
        return None;
    }
    if flags & 4 != 0 {
        let (len, more) = rest.split_first_chunk::<2>()?;
        rest = more.get(usize::from(u16::from_le_bytes(*len))..)?;
    }
    // A name and a comment, each up to its zero byte.
    for flag in [8, 16] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & 2 != 0 { rest.get(2..) } else { Some(rest) }
}

type Wrong = (&'static str, &'static str);

const SHORT: Wrong = ("capture.nifti-header", "it ends before its header does");

/// A header and the order of its bytes.
struct Header<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl Header<'_> {
    fn at<const N: usize>(&self, place: usize) -> Result<[u8; N], Wrong> {
        let bytes = self.bytes.get(place..).and_then(|rest| rest.first_chunk::<N>());
        let mut bytes = *bytes.ok_or(SHORT)?;
        if !self.little {
            bytes.reverse();
        }
        Ok(bytes)
    }

    fn short(&self, place: usize) -> Result<i64, Wrong> {
        Ok(i16::from_le_bytes(self.at(place)?).into())
    }

    fn long(&self, place: usize) -> Result<i64, Wrong> {
        Ok(i64::from_le_bytes(self.at(place)?))
    }

    fn float(&self, place: usize) -> Result<f64, Wrong> {
        Ok(f32::from_le_bytes(self.at(place)?).into())
    }

    fn double(&self, place: usize) -> Result<f64, Wrong> {
        Ok(f64::from_le_bytes(self.at(place)?))
    }
}

fn parse(bytes: &[u8]) -> Result<Volume, Wrong> {
    const UNKNOWN: Wrong = ("capture.nifti-header", "it does not begin with the header of a NIfTI file");
    let size = *bytes.first_chunk::<4>().ok_or(SHORT)?;
    let (little, size) = match (u32::from_le_bytes(size), u32::from_be_bytes(size)) {
        (size @ (348 | 540), _) => (true, size),
        (_, size @ (348 | 540)) => (false, size),
        _ => return Err(UNKNOWN),
    };
    let header = Header { bytes, little };
    let places = 0..8_usize;
    if size == 348 {
        let magic = bytes.get(..HEADER_1).and_then(|header| header.get(344..)).ok_or(SHORT)?;
        if magic != b"n+1\0" {
            return Err(UNKNOWN);
        }
        let dim = places.clone().map(|n| header.short(40 + 2 * n)).collect::<Result<Vec<_>, _>>()?;
        let pixdim = places.map(|n| header.float(76 + 4 * n)).collect::<Result<Vec<_>, _>>()?;
        let offset = whole(header.float(108)?);
        let [unit] = header.at(123)?;
        volume(&dim, &pixdim, [header.short(70)?, header.short(72)?], offset, unit)
    } else {
        let bytes = bytes.get(..HEADER_2).ok_or(SHORT)?;
        if bytes.get(4..12) != Some(b"n+2\0\r\n\x1a\n") {
            return Err(UNKNOWN);
        }
        let dim = places.clone().map(|n| header.long(16 + 8 * n)).collect::<Result<Vec<_>, _>>()?;
        let pixdim = places.map(|n| header.double(104 + 8 * n)).collect::<Result<Vec<_>, _>>()?;
        let offset = u64::try_from(header.long(168)?).ok();
        let [unit, ..] = header.at::<4>(500)?;
        volume(&dim, &pixdim, [header.short(12)?, header.short(14)?], offset, unit)
    }
}

/// An offset that is written as a float: a whole number that is not larger than a header could need.
fn whole(value: f64) -> Option<u64> {
    let text = format!("{value:.0}");
    if value.is_finite() && value >= 0.0 && value.fract() == 0.0 { text.parse().ok() } else { None }
}

fn volume(
    dim: &[i64],
    pixdim: &[f64],
    [code, bits]: [i64; 2],
    offset: Option<u64>,
    unit: u8,
) -> Result<Volume, Wrong> {
    const DIM: Wrong = ("capture.nifti-dimensions", "its dimensions are not those of a volume");
    let (rank, rest) = dim.split_first().ok_or(DIM)?;
    let rank = usize::try_from(*rank).ok().filter(|rank| (1..=7).contains(rank)).ok_or(DIM)?;
    let dim = rest.iter().take(rank).map(|len| u64::try_from(*len).ok().filter(|len| *len > 0));
    let dim = dim.collect::<Option<Vec<u64>>>().ok_or(DIM)?;
    let (data_type, wanted) =
        data_type(code).ok_or(("capture.nifti-data-type", "its data type is none that NIfTI has"))?;
    if bits != wanted {
        return Err(("capture.nifti-data-type", "its data type has another number of bits"));
    }
    let bits = u64::try_from(bits).unwrap_or_default();
    let voxels = dim.iter().try_fold(1_u64, |product, len| product.checked_mul(*len));
    let bytes = voxels.and_then(|voxels| voxels.checked_mul(bits)).map(|bits| bits.div_ceil(8));
    let bytes = bytes.zip(offset).and_then(|(bytes, offset)| bytes.checked_add(offset));
    let bytes = bytes.ok_or(("capture.nifti-size", "its dimensions make more bytes than a file can have"))?;
    let spacing = pixdim.iter().skip(1).take(rank.min(3)).map(|value| value.abs()).collect();
    let unit = match unit & 7 {
        1 => "m",
        2 => "mm",
        3 => "µm",
        _ => "",
    };
    Ok(Volume { dim, spacing, unit, data_type, bytes })
}

/// The name and the bits of a data type.
const fn data_type(code: i64) -> Option<(&'static str, i64)> {
    Some(match code {
        1 => ("bit", 1),
        2 => ("uint8", 8),
        4 => ("int16", 16),
        8 => ("int32", 32),
        16 => ("float32", 32),
        32 => ("complex64", 64),
        64 => ("float64", 64),
        128 => ("rgb24", 24),
        256 => ("int8", 8),
        512 => ("uint16", 16),
        768 => ("uint32", 32),
        1024 => ("int64", 64),
        1280 => ("uint64", 64),
        1536 => ("float128", 128),
        1792 => ("complex128", 128),
        2048 => ("complex256", 256),
        2304 => ("rgba32", 32),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Tree, fixture};
    use super::*;
    use crate::problem::Problem as _;

    fn read_bytes(name: &str, bytes: &[u8]) -> Result<Volume, CaptureError> {
        let tree = Tree::with(&[(name, bytes)]);
        super::read(&tree.artifacts().files[0])
    }

    fn code(name: &str, bytes: &[u8]) -> &'static str {
        read_bytes(name, bytes).map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn headers_are_those_of_the_library() {
        for (name, dimensions, spacing, data_type) in [
            ("3.nii.gz", "4 × 5 × 3", "0.5 × 0.5 × 2 mm", "int16"),
            ("two.nii", "4 × 5 × 3 × 2", "0.5 × 0.5 × 2 mm", "float32"),
            ("big-endian.nii", "2 × 2 × 2", "0.5 × 0.5 × 2 mm", "uint8"),
        ] {
            let volume = read_bytes(name, &fixture(&format!("data/nifti/{name}"))).unwrap();
            let found = (volume.dimensions(), volume.spacing(), volume.data_type);
            assert_eq!(found, (dimensions.to_owned(), spacing.to_owned(), data_type), "{name}");
        }
    }

    #[test]
    fn truncations_are_errors_and_changes_do_not_panic() {
        for name in ["two.nii", "big-endian.nii", "3.nii.gz"] {
            let bytes = fixture(&format!("data/nifti/{name}"));
            for len in 0..bytes.len() {
                let code = code(name, &bytes[..len]);
                // The voxels of a compressed file are not inflated, so that their end is not seen.
                let unseen = name.ends_with("gz") && len > 60 && code == "ok";
                assert!(code.starts_with("capture.nifti-") || unseen, "{name}, {len} bytes: {code}");
                let mut changed = bytes.clone();
                changed[len] ^= 0xff;
                let _ = read_bytes(name, &changed);
            }
        }
    }

    fn with(at: usize, new: &[u8]) -> Vec<u8> {
        let mut bytes = fixture("data/nifti/two.nii");
        bytes[at..at + new.len()].copy_from_slice(new);
        bytes
    }

    #[test]
    fn headers_that_lie_are_refused() {
        let huge = (1_i64 << 62).to_le_bytes();
        for (bytes, wanted) in [
            (with(16, &0_i64.to_le_bytes()), "dimensions"),
            (with(16, &8_i64.to_le_bytes()), "dimensions"),
            (with(24, &(-1_i64).to_le_bytes()), "dimensions"),
            (with(24, &0_i64.to_le_bytes()), "dimensions"),
            (with(24, &huge), "size"),
            (with(24, &i64::MAX.to_le_bytes()), "size"),
            (with(24, &6_i64.to_le_bytes()), "size"),
            (with(168, &(-1_i64).to_le_bytes()), "size"),
            (with(168, &i64::MAX.to_le_bytes()), "size"),
            (with(12, &3_i16.to_le_bytes()), "data-type"),
            (with(14, &8_i16.to_le_bytes()), "data-type"),
            (with(4, b"ni2"), "header"),
            (vec![0; 1_000], "header"),
        ] {
            assert_eq!(code("two.nii", &bytes), format!("capture.nifti-{wanted}"));
        }
        let odd = read_bytes("two.nii", &with(112, &f64::NAN.to_le_bytes())).unwrap();
        assert_eq!(odd.spacing(), "not given");
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let deflated = miniz_oxide::deflate::compress_to_vec(bytes, 1);
        [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &deflated, &[0; 8]].concat()
    }

    #[test]
    fn a_bomb_is_not_inflated() {
        let mut bomb = fixture("data/nifti/two.nii");
        bomb.resize(20 << 20, 0);
        let bomb = gzip(&bomb);
        assert_eq!(
            code("bomb.nii.gz", &bomb),
            "ok",
            "a header with voxels as it says, and then 20 MiB of zeros"
        );
        assert_eq!(code("bomb.nii.gz", &gzip(&vec![0; 5 << 20])), "capture.nifti-header");
        let lie = gzip(&with(24, &(1_i64 << 40).to_le_bytes()));
        assert_eq!(code("lie.nii.gz", &lie), "capture.nifti-size");
        assert_eq!(code("plain.nii.gz", &fixture("data/nifti/two.nii")), "capture.nifti-gzip");
        // A name and a comment without an end.
        let endless = [&[0x1f, 0x8b, 8, 0x18, 0, 0, 0, 0, 0, 3][..], &[b'x'; 100_000]].concat();
        assert_eq!(code("endless.nii.gz", &endless), "capture.nifti-gzip");
    }
}
