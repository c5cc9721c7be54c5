//! The [safetensors](https://github.com/huggingface/safetensors#format) format.
//!
//! ```text
//! 8 bytes    length N of the header, little-endian
//! N bytes    {"__metadata__":{…strings…},"NAME":{"dtype":"F32","shape":[30,8],"data_offsets":[0,960]},…}
//! the rest   the tensors, back to back, row-major, little-endian
//! ```
//!
//! Read strictly: no name twice, no unknown member, every byte after the header in exactly one tensor. A
//! reader that allowed holes or overlaps would let a file carry bytes that no tensor digest covers.

use std::io::Read;
use std::ops::Range;

use model_passport::json::{self, Json, JsonError, Limits, Object};

use super::artifacts::Artifact;
use super::weights::{Tensor, TensorFile, hash_each, hash_range};
use super::{CaptureError, Work};

/// Longest header: the limit of the format's own reader.
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// Most JSON values in a header: 10 a tensor, so 50 000 tensors; as objects at most 300 MB of memory.
const MAX_HEADER_NODES: usize = 500_000;

/// Element types: as the format names them, as a passport names them whatever the format, and their bits.
const DTYPES: [(&str, &str, u64); 22] = [
    ("BOOL", "bool", 8),
    ("F4", "float4e2m1", 4),
    ("F6_E2M3", "float6e2m3", 6),
    ("F6_E3M2", "float6e3m2", 6),
    ("U8", "uint8", 8),
    ("I8", "int8", 8),
    ("F8_E5M2", "float8e5m2", 8),
    ("F8_E4M3", "float8e4m3fn", 8),
    ("F8_E8M0", "float8e8m0", 8),
    ("F8_E5M2FNUZ", "float8e5m2fnuz", 8),
    ("F8_E4M3FNUZ", "float8e4m3fnuz", 8),
    ("I16", "int16", 16),
    ("U16", "uint16", 16),
    ("F16", "float16", 16),
    ("BF16", "bfloat16", 16),
    ("I32", "int32", 32),
    ("U32", "uint32", 32),
    ("F32", "float32", 32),
    ("I64", "int64", 64),
    ("U64", "uint64", 64),
    ("F64", "float64", 64),
    ("C64", "complex64", 64),
];

/// How a file breaks the format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SafetensorsError {
    /// An element type that the format does not have.
    #[error("tensor `{tensor}` has the unknown dtype `{dtype}`")]
    Dtype {
        /// Which tensor.
        tensor: String,
        /// Its type.
        dtype: String,
    },
    /// The header is not strict JSON.
    #[error("the header is refused: {0}")]
    Header(JsonError),
    /// The header's length is more than the file has, or more than the format allows.
    #[error("the header should have {len} bytes, but at most {max} are possible")]
    HeaderLength {
        /// What the file says.
        len: u64,
        /// What could be.
        max: u64,
    },
    /// The header is not one JSON object in UTF-8.
    #[error("the header is not a JSON object in UTF-8")]
    HeaderShape,
    /// A tensor starts before or after the end of the one before it.
    #[error("tensor `{tensor}` starts at {begin}, but the tensors before it end at {expected}")]
    Layout {
        /// Which tensor.
        tensor: String,
        /// Where it starts.
        begin: u64,
        /// Where it has to start.
        expected: u64,
    },
    /// A member of a tensor's entry is missing, has the wrong type, or is unknown.
    #[error("tensor `{tensor}` has a missing, wrong or unknown `{member}`")]
    Member {
        /// Which tensor.
        tensor: String,
        /// Which member.
        member: String,
    },
    /// `__metadata__` holds something else than strings.
    #[error("`__metadata__` is not an object of strings")]
    Metadata,
    /// The shape and the type ask for another number of bytes than the offsets give.
    #[error("tensor `{tensor}` has {bytes} bytes, which its dtype and shape do not make")]
    Size {
        /// Which tensor.
        tensor: String,
        /// What the offsets span.
        bytes: u64,
    },
    /// The tensors end before or after the file does.
    #[error("the tensors end at {end}, but the file has {len} bytes for them")]
    TotalSize {
        /// Where the last tensor ends.
        end: u64,
        /// Bytes after the header.
        len: u64,
    },
    /// Not even a header's length.
    #[error("{0} bytes are too few for a header")]
    TooShort(u64),
}

impl SafetensorsError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Dtype { .. } => "capture.safetensors-dtype",
            Self::Header(_) | Self::HeaderShape | Self::Metadata => "capture.safetensors-header",
            Self::HeaderLength { .. } | Self::TooShort(_) => "capture.safetensors-length",
            Self::Layout { .. } | Self::TotalSize { .. } => "capture.safetensors-layout",
            Self::Member { .. } => "capture.safetensors-member",
            Self::Size { .. } => "capture.safetensors-size",
        }
    }

    /// What the person at the keyboard can do.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        "the file is damaged, incomplete or not safetensors; write it again with the safetensors library"
    }
}

/// Reads the header, checks it against the file, and hashes each tensor.
pub(super) fn read(file: &Artifact, work: &Work<'_>) -> Result<TensorFile, CaptureError> {
    let refused = |cause| CaptureError::Safetensors { path: file.location.clone(), cause };
    let size = file.hashed.stamp.size;
    let mut input = file.open()?;
    let mut take = |len: usize| {
        let mut bytes = vec![0; len];
        input.read_exact(&mut bytes).map(|()| bytes).map_err(|cause| CaptureError::io(&file.location, cause))
    };
    let rest = size.checked_sub(8).ok_or_else(|| refused(SafetensorsError::TooShort(size)))?;
    let header_len = u64::from_le_bytes(take(8)?.try_into().unwrap_or_default());
    let max = rest.min(MAX_HEADER_BYTES);
    let len = usize::try_from(header_len).ok().filter(|_| header_len <= max);
    let len = len.ok_or_else(|| refused(SafetensorsError::HeaderLength { len: header_len, max }))?;
    let header = parse_header(&take(len)?, rest - header_len).map_err(refused)?;
    file.unchanged(&input)?;

    work.expect(rest - header_len);
    let start = 8 + header_len;
    let digests = hash_each(&header.entries, |entry| {
        hash_range(file, &(start + entry.offsets.start..start + entry.offsets.end), work)
    })?;
    let tensors = header.entries.into_iter().zip(digests);
    let mut tensors: Vec<Tensor> = tensors
        .map(|(Entry { name, dtype, shape, .. }, sha256)| Tensor { name, dtype, shape, sha256 })
        .collect();
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(TensorFile::new("safetensors", tensors).with_metadata(header.metadata))
}

#[derive(Debug)]
struct Header {
    /// By offset.
    entries: Vec<Entry>,
    metadata: Vec<(String, String)>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    dtype: &'static str,
    shape: Vec<u64>,
    offsets: Range<u64>,
}

fn parse_header(bytes: &[u8], data_len: u64) -> Result<Header, SafetensorsError> {
    let text = std::str::from_utf8(bytes).map_err(|_| SafetensorsError::HeaderShape)?;
    if !text.starts_with('{') {
        return Err(SafetensorsError::HeaderShape);
    }
    let limits = Limits {
        max_bytes: bytes.len(),
        max_depth: 4,
        max_nodes: MAX_HEADER_NODES,
        max_string_bytes: bytes.len(),
        // Names of tensors are members here.
        max_name_bytes: 4096,
        ..Limits::default()
    };
    let document = json::parse_within(text, &limits).map_err(SafetensorsError::Header)?;
    let object = document.as_object().ok_or(SafetensorsError::HeaderShape)?;
    let (mut entries, mut metadata) = (Vec::new(), Vec::new());
    for (name, value) in object.iter() {
        if name == "__metadata__" {
            metadata = strings(value).ok_or(SafetensorsError::Metadata)?;
        } else {
            entries.push(Entry::parse(name, value)?);
        }
    }
    entries.sort_by_key(|entry| (entry.offsets.start, entry.offsets.end));
    check_layout(&entries, data_len)?;
    Ok(Header { entries, metadata })
}

fn strings(value: &Json) -> Option<Vec<(String, String)>> {
    let pair = |(name, text): (&str, &Json)| Some((name.to_owned(), text.as_str()?.to_owned()));
    value.as_object()?.iter().map(pair).collect()
}

fn check_layout(entries: &[Entry], data_len: u64) -> Result<(), SafetensorsError> {
    let mut end = 0;
    for entry in entries {
        if entry.offsets.start != end {
            let tensor = entry.name.clone();
            return Err(SafetensorsError::Layout { tensor, begin: entry.offsets.start, expected: end });
        }
        end = entry.offsets.end;
    }
    if end == data_len { Ok(()) } else { Err(SafetensorsError::TotalSize { end, len: data_len }) }
}

impl Entry {
    fn parse(name: &str, value: &Json) -> Result<Self, SafetensorsError> {
        let wrong =
            |member: &str| SafetensorsError::Member { tensor: name.to_owned(), member: member.to_owned() };
        let entry = value.as_object().ok_or_else(|| wrong("entry"))?;
        if let Some(unknown) = entry.keys().find(|key| !["dtype", "shape", "data_offsets"].contains(key)) {
            return Err(wrong(unknown));
        }
        let dtype = entry.get("dtype").and_then(Json::as_str).ok_or_else(|| wrong("dtype"))?;
        let unknown = || SafetensorsError::Dtype { tensor: name.to_owned(), dtype: dtype.to_owned() };
        let (_, dtype, bits) = *DTYPES.iter().find(|(known, ..)| *known == dtype).ok_or_else(unknown)?;
        let shape = naturals(entry, "shape").ok_or_else(|| wrong("shape"))?;
        let offsets = naturals(entry, "data_offsets").and_then(|two| <[u64; 2]>::try_from(two).ok());
        let [begin, end] =
            offsets.filter(|[begin, end]| begin <= end).ok_or_else(|| wrong("data_offsets"))?;
        let bytes = end - begin;
        let wanted = shape.iter().try_fold(bits, |bits, len| bits.checked_mul(*len));
        if wanted.is_none() || wanted != bytes.checked_mul(8) {
            return Err(SafetensorsError::Size { tensor: name.to_owned(), bytes });
        }
        Ok(Self { name: name.to_owned(), dtype, shape, offsets: begin..end })
    }
}

fn naturals(entry: &Object, member: &str) -> Option<Vec<u64>> {
    let natural = |item: &Json| item.as_i64().and_then(|value| u64::try_from(value).ok());
    entry.get(member)?.as_array()?.iter().map(natural).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;
    use super::*;
    use crate::problem::Problem as _;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [&u64::try_from(header.len()).unwrap().to_le_bytes()[..], header.as_bytes(), data].concat()
    }

    fn read_bytes(bytes: &[u8]) -> Result<TensorFile, CaptureError> {
        let tree = Tree::with(&[("m.safetensors", bytes)]);
        read(&tree.artifacts().files[0], &Work::new(&()))
    }

    fn code(bytes: &[u8]) -> &'static str {
        read_bytes(bytes).map_or_else(|error| error.code(), |_| "ok")
    }

    fn entry(dtype: &str, shape: &str, begin: u64, end: u64) -> String {
        format!(r#"{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{begin},{end}]}}"#)
    }

    #[test]
    fn tensors_are_named_typed_and_digested() {
        let header = format!(
            r#"{{"__metadata__":{{"format":"pt"}},"b":{},"a":{},"scalar":{},"none":{}}}   "#,
            entry("F32", "[1,2]", 0, 8),
            entry("U8", "[3]", 8, 11),
            entry("I8", "[]", 11, 12),
            entry("F64", "[0,9]", 12, 12),
        );
        let read = read_bytes(&file(&header, b"0123456789ab")).unwrap();
        let names: Vec<&str> = read.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "none", "scalar"]);
        assert_eq!(read.tensors[0].sha256, model_passport::digest::Digest::of("89a"));
        assert_eq!(read.tensors[1].dtype, "float32");
        assert_eq!(read.metadata, [("format".to_owned(), "pt".to_owned())]);
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for bytes in [&b""[..], b"1234567", &u64::MAX.to_le_bytes(), &(1_u64 << 40).to_le_bytes()] {
            assert_eq!(code(bytes), "capture.safetensors-length");
        }
        let short = &file("{}", b"")[..9];
        assert_eq!(code(short), "capture.safetensors-length");
    }

    #[test]
    fn headers_with_two_readings_are_refused() {
        let good = entry("U8", "[1]", 0, 1);
        for header in [
            String::new(),
            "[]".into(),
            " {}".into(),
            "{".into(),
            "{} x".into(),
            format!(r#"{{"a":{good},"a":{good}}}"#),
            format!(r#"{{"a":{good},"\u0061":{good}}}"#),
            r#"{"__metadata__":{"n":1}}"#.into(),
            r#"{"__metadata__":[]}"#.into(),
            r#"{"a":[[[[[[]]]]]]}"#.into(),
        ] {
            assert_eq!(code(&file(&header, b"1")), "capture.safetensors-header", "{header}");
        }
        assert_eq!(code(&file("\u{feff}{}", b"")), "capture.safetensors-header");
        let latin = [&2_u64.to_le_bytes()[..], b"{\xe9"].concat();
        assert_eq!(code(&latin), "capture.safetensors-header");
    }

    #[test]
    fn entries_that_are_wrong_are_refused() {
        for (member, wanted) in [
            (entry("F33", "[1]", 0, 1), "dtype"),
            (entry("U8", "[1.0]", 0, 1), "member"),
            (entry("U8", "[1e0]", 0, 1), "member"),
            (entry("U8", "[-1]", 0, 1), "member"),
            (entry("U8", "[null]", 0, 1), "member"),
            (entry("U8", "1", 0, 1), "member"),
            (entry("U8", "[1]", 1, 0), "member"),
            (r#"{"dtype":"U8","shape":[1],"data_offsets":[0]}"#.into(), "member"),
            (r#"{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1}"#.into(), "member"),
            ("1".into(), "member"),
            (entry("U8", "[2]", 0, 1), "size"),
            (entry("F4", "[1]", 0, 1), "size"),
            (entry("U8", "[4294967296,4294967296]", 0, 1), "size"),
            (entry("F64", "[9007199254740991,4096]", 0, 0), "size"),
            (entry("U8", "[1]", 1, 2), "layout"),
        ] {
            let header = format!(r#"{{"a":{member}}}"#);
            assert_eq!(code(&file(&header, b"1")), format!("capture.safetensors-{wanted}"), "{header}");
        }
        assert_eq!(code(&file(r#"{"a":NaN}"#, b"1")), "capture.safetensors-header");
    }

    #[test]
    fn every_byte_belongs_to_one_tensor() {
        let two = |first: (u64, u64), second: (u64, u64)| {
            let one = |range: (u64, u64)| entry("U8", &format!("[{}]", range.1 - range.0), range.0, range.1);
            file(&format!(r#"{{"a":{},"b":{}}}"#, one(first), one(second)), b"0123")
        };
        assert_eq!(code(&two((0, 2), (2, 4))), "ok");
        assert_eq!(code(&two((2, 4), (0, 2))), "ok");
        for (first, second) in [((0, 2), (1, 4)), ((0, 1), (2, 4)), ((0, 2), (2, 3)), ((0, 2), (2, 5))] {
            assert_eq!(code(&two(first, second)), "capture.safetensors-layout", "{first:?} {second:?}");
        }
    }
}
