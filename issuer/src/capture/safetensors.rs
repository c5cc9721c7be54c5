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
use super::{CaptureError, Progress};

/// Longest header: the limit of the format's own reader.
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// Most JSON values in a header: 10 a tensor, so 200 000 tensors; about 100 MB of memory.
const MAX_HEADER_NODES: usize = 2_000_000;

/// Element types and their bits.
const DTYPES: [(&str, u64); 22] = [
    ("BOOL", 8),
    ("F4", 4),
    ("F6_E2M3", 6),
    ("F6_E3M2", 6),
    ("U8", 8),
    ("I8", 8),
    ("F8_E5M2", 8),
    ("F8_E4M3", 8),
    ("F8_E8M0", 8),
    ("F8_E5M2FNUZ", 8),
    ("F8_E4M3FNUZ", 8),
    ("I16", 16),
    ("U16", 16),
    ("F16", 16),
    ("BF16", 16),
    ("I32", 32),
    ("U32", 32),
    ("F32", 32),
    ("I64", 64),
    ("U64", 64),
    ("F64", 64),
    ("C64", 64),
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
pub(super) fn read(file: &Artifact, progress: &dyn Progress) -> Result<TensorFile, CaptureError> {
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

    progress.expect(rest - header_len);
    let start = 8 + header_len;
    let digests = hash_each(&header.entries, |entry| {
        hash_range(file, &(start + entry.offsets.start..start + entry.offsets.end), progress)
    })?;
    let tensors = header.entries.into_iter().zip(digests);
    let mut tensors: Vec<Tensor> = tensors
        .map(|(Entry { name, dtype, shape, .. }, sha256)| Tensor { name, dtype, shape, sha256 })
        .collect();
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(TensorFile { format: "safetensors", tensors, metadata: header.metadata, interface: None })
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
        let (dtype, bits) = *DTYPES.iter().find(|(known, _)| *known == dtype).ok_or_else(unknown)?;
        let shape = naturals(entry, "shape").ok_or_else(|| wrong("shape"))?;
        let offsets = naturals(entry, "data_offsets").and_then(|two| <[u64; 2]>::try_from(two).ok());
        let [begin, end] = offsets.filter(|[begin, end]| begin <= end).ok_or_else(|| wrong("data_offsets"))?;
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
