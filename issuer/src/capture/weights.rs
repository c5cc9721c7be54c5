//! The weights of a model: one node for each file that holds tensors, and the model's interface.
//!
//! Each tensor has a SHA-256 of its own over its little-endian bytes, so that two files can be compared
//! tensor by tensor whatever else differs. `tensorDigest` is the SHA-256 of the RFC 8785 form of the whole
//! list, sorted by name, and stands even where the list is too long to be written out. Types have the same
//! names whatever the format, so the same tensors in ONNX and in safetensors have the same `tensorDigest`.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use model_passport::canon::jcs;
use model_passport::digest::Digest;
use model_passport::json::{self, Json, Object};
use rayon::prelude::*;
use sha2::Digest as _;

use super::artifacts::{Artifact, Artifacts};
use super::node::{integer, measured};
use super::{CaptureError, Found, Work, onnx, safetensors};

/// Most tensors written out in one passport: 9 JSON values and about 150 bytes each.
const MAX_LISTED_TENSORS: usize = 1_024;

/// Most bytes of a format's own key-value metadata that are copied. Some trainers put whole logs there.
const MAX_METADATA_BYTES: usize = 16 << 10;

/// Most entries of it, as in the schema of a passport.
const MAX_METADATA_ENTRIES: usize = 256;

/// Bytes read at a time when one tensor is hashed.
const READ_BYTES: usize = 256 << 10;

/// What a tensor file holds.
#[derive(Debug)]
pub(super) struct TensorFile {
    pub(super) format: &'static str,
    pub(super) tensors: Vec<Tensor>,
    pub(super) metadata: Vec<(String, String)>,
    /// The `ModelInterface` node, where the format describes one.
    pub(super) interface: Option<Object>,
}

/// One tensor.
#[derive(Debug, PartialEq)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) dtype: &'static str,
    pub(super) shape: Vec<u64>,
    pub(super) sha256: Digest,
}

/// Adds `weights` and `interface` for the formats that can be read.
pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts, work: &Work<'_>) -> Result<(), CaptureError> {
    let (mut nodes, mut sources, mut interfaces, mut listed) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for file in artifacts.with_extension(&["onnx", "safetensors"]) {
        let parsed = match file.path.to_ascii_lowercase().ends_with(".onnx") {
            true => onnx::read(file, artifacts, work)?,
            false => safetensors::read(file, work)?,
        };
        let listing = listed + parsed.tensors.len() <= MAX_LISTED_TENSORS;
        listed += if listing { parsed.tensors.len() } else { 0 };
        let (node, left_out) = parsed.node(file, listing)?;
        nodes.push(Json::Object(node));
        sources.push(format!("the tensors of `{}`{left_out}", file.path));
        interfaces.extend(parsed.interface.map(|node| (node, format!("the graph of `{}`", file.path))));
    }
    if nodes.is_empty() {
        found.absent("weights", "no file is named *.onnx or *.safetensors");
    } else {
        found.add("weights", nodes, &sources.join("; "));
    }
    match <[_; 1]>::try_from(interfaces) {
        Ok([(node, source)]) => found.add("interface", node, &source),
        Err(none) if none.is_empty() => found.absent("interface", "no ONNX file describes it"),
        Err(several) => {
            let why = format!("{} ONNX files, and nothing says which is run from outside", several.len());
            found.absent("interface", &why);
        }
    }
    Ok(())
}

impl TensorFile {
    /// The `Weights` node, and a remark on what was left out of it.
    fn node(&self, file: &Artifact, listing: bool) -> Result<(Object, String), CaptureError> {
        let (mut parameters, mut list) = (0_u64, Vec::with_capacity(self.tensors.len()));
        for tensor in &self.tensors {
            parameters = parameters.saturating_add(tensor.elements());
            list.push(tensor.entry(file)?);
        }
        let list = Json::Array(list);
        let count = u64::try_from(self.tensors.len()).unwrap_or(u64::MAX);
        let mut node = measured("Weights");
        node.insert("path", file.path.as_str());
        node.insert("format", self.format);
        node.insert("parameterCount", integer(parameters, &file.location)?);
        node.insert("tensorCount", integer(count, &file.location)?);
        node.insert("tensorDigest", Digest::of(jcs::to_string(&list)).to_multibase());
        let mut left_out = String::new();
        if listing && !self.tensors.is_empty() {
            node.insert("tensors", list);
        } else if !listing {
            left_out.push_str(", too many to be listed one by one");
        }
        match self.metadata() {
            Some(metadata) if metadata.is_empty() => {}
            Some(metadata) => _ = node.insert("formatMetadata", metadata),
            None => left_out.push_str(", without the file's own metadata, which no passport can hold"),
        }
        Ok((node, left_out))
    }

    /// The file's own key-value metadata, if a passport can hold it.
    fn metadata(&self) -> Option<Object> {
        let bytes: usize = self.metadata.iter().map(|(name, text)| name.len() + text.len()).sum();
        if bytes > MAX_METADATA_BYTES || self.metadata.len() > MAX_METADATA_ENTRIES {
            return None;
        }
        let mut sorted: Vec<_> = self.metadata.iter().collect();
        sorted.sort();
        let object: Object = sorted.into_iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        // A name that stands twice has two readings, and some names no strict reader takes.
        let once = object.len() == self.metadata.len();
        (once && json::parse(&Json::Object(object.clone()).to_string()).is_ok()).then_some(object)
    }
}

impl Tensor {
    fn elements(&self) -> u64 {
        // INVARIANT: the readers refuse a shape whose product overflows.
        self.shape.iter().product()
    }

    fn entry(&self, file: &Artifact) -> Result<Json, CaptureError> {
        let shape =
            self.shape.iter().map(|len| integer(*len, &file.location)).collect::<Result<Vec<_>, _>>()?;
        Ok(Json::Object(Object::from_iter([
            ("name", self.name.as_str().into()),
            ("dtype", self.dtype.into()),
            ("shape", Json::Array(shape)),
            ("sha256", self.sha256.to_hex().into()),
        ])))
    }
}

/// Runs `hash` for each of the items on all cores; the first error in their order is the answer.
pub(super) fn hash_each<T: Sync, E: Send>(
    items: &[T],
    hash: impl Fn(&T) -> Result<Digest, E> + Send + Sync,
) -> Result<Vec<Digest>, E> {
    let hashed: Vec<Result<Digest, E>> = items.par_iter().map(hash).collect();
    hashed.into_iter().collect()
}

/// SHA-256 of a part of a file.
pub(super) fn hash_range(
    file: &Artifact,
    range: &Range<u64>,
    work: &Work<'_>,
) -> Result<Digest, CaptureError> {
    let failed = |cause| CaptureError::io(&file.location, cause);
    let mut input = file.open()?;
    input.seek(SeekFrom::Start(range.start)).map_err(failed)?;
    let mut sha256 = sha2::Sha256::new();
    let len = range.end.saturating_sub(range.start);
    copy(&mut (&input).take(len), len, &mut |bytes| {
        sha256.update(bytes);
        work.advance(bytes.len());
    })
    .map_err(|cause| match cause.kind() {
        io::ErrorKind::UnexpectedEof => CaptureError::Changed(file.location.clone()),
        _ => failed(cause),
    })?;
    file.unchanged(&input)?;
    Ok(Digest::Sha256(sha256.finalize().into()))
}

/// Hands `len` bytes on, in pieces.
pub(super) fn copy(input: &mut impl Read, len: u64, to: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let piece = usize::try_from(len).unwrap_or(READ_BYTES).min(READ_BYTES);
    let (mut buffer, mut left) = (vec![0; piece], len);
    while left > 0 {
        buffer.truncate(usize::try_from(left).unwrap_or(READ_BYTES));
        input.read_exact(&mut buffer)?;
        to(&buffer);
        left = left.saturating_sub(u64::try_from(buffer.len()).unwrap_or(u64::MAX));
    }
    Ok(())
}
