//! TensorFlow: the signatures of a SavedModel and the variables of a checkpoint.
//!
//! ```text
//! saved_model.pb     SavedModel    2 meta_graphs { 1 meta_info { 4 tags, 5 version }, 5 signature_def { key: signature } }
//!                    SignatureDef  1 inputs { key: tensor }, 2 outputs { key: tensor }
//!                    TensorInfo    2 dtype, 3 shape { 2 dim { 1 size }, 3 unknown_rank }
//! NAME.index         a table: name of a variable -> 1 dtype, 2 shape, 3 shard, 4 offset, 5 size, 7 slices
//! NAME.data-00000-of-00001   the bytes of the variables, little-endian
//! ```
//!
//! The interface is the signature `serving_default`, or the only one. The graph itself is covered by the digest of
//! its file.

use std::collections::BTreeMap;
use std::ops::Range;

use model_passport::json::{Json, Object};

use super::artifacts::{Artifact, Artifacts};
use super::error::FormatError;
use super::node::{integer, measured};
use super::protobuf::{Wire, WireError, once};
use super::sstable::{self, Entry};
use super::weights::{Content, Reading, Tensor, TensorFile, hash_each, hash_range};
use super::{CaptureError, Work};

const HELP: &str = "the file is damaged, incomplete or not of TensorFlow; save the model again";

/// Most graphs, signatures, and inputs or outputs of one: what the schema of a passport takes.
const MAX_ENTRIES: usize = 256;

/// Longest name, and most dimensions: what the schema takes.
const MAX_NAME_BYTES: u64 = 1_024;
const MAX_RANK: usize = 32;

/// The signature that a server runs unless it is told otherwise.
const DEFAULT_SIGNATURE: &str = "serving_default";

/// A signature that only loads the variables.
const INIT_SIGNATURE: &str = "__saved_model_init_op";

/// How a checkpoint keeps what belongs to what: bookkeeping, and no weights.
const OBJECT_GRAPH: &str = "_CHECKPOINTABLE_OBJECT_GRAPH";

/// Element types: the number, the name in a passport, and the bytes of one; 0 for those that are no numbers.
const DTYPES: [(u64, &str, u64); 21] = [
    (1, "float32", 4),
    (2, "float64", 8),
    (3, "int32", 4),
    (4, "uint8", 1),
    (5, "int16", 2),
    (6, "int8", 1),
    (7, "string", 0),
    (8, "complex64", 8),
    (9, "int64", 8),
    (10, "bool", 1),
    (14, "bfloat16", 2),
    (17, "uint16", 2),
    (18, "complex128", 16),
    (19, "float16", 2),
    (20, "resource", 0),
    (21, "variant", 0),
    (22, "uint32", 4),
    (23, "uint64", 8),
    (24, "float8e5m2", 1),
    (25, "float8e4m3fn", 1),
    (29, "int4", 0),
];

/// Why a file stops being read.
enum Trouble {
    Capture(CaptureError),
    Malformed(&'static str),
    Unlisted(&'static str),
    Wire(WireError),
}

impl From<WireError> for Trouble {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

impl From<CaptureError> for Trouble {
    fn from(error: CaptureError) -> Self {
        Self::Capture(error)
    }
}

fn refused(file: &Artifact, code: &'static str, message: String) -> CaptureError {
    let cause = FormatError { code, format: "TensorFlow", message, help: HELP };
    CaptureError::Format { path: file.location.clone(), cause }
}

fn settle(file: &Artifact, result: Result<Reading, Trouble>) -> Result<Reading, CaptureError> {
    let malformed = |message| refused(file, "capture.tensorflow-malformed", message);
    match result {
        Ok(reading) => Ok(reading),
        Err(Trouble::Capture(error)) => Err(error),
        Err(Trouble::Malformed(what)) => Err(malformed(what.to_owned())),
        Err(Trouble::Unlisted(why)) => Ok(Reading::unlisted(why)),
        Err(Trouble::Wire(WireError::Io(cause))) => Err(CaptureError::io(&file.location, cause)),
        Err(Trouble::Wire(error)) => Err(malformed(error.to_string())),
    }
}

/// Reads what a SavedModel takes and gives.
pub(super) fn read_saved_model(file: &Artifact) -> Result<Reading, CaptureError> {
    settle(file, read_graphs(file))
}

/// Reads the variables of a checkpoint, if the file is the index of one.
pub(super) fn read_index(
    file: &Artifact,
    artifacts: &Artifacts,
    work: &Work<'_>,
) -> Result<Reading, CaptureError> {
    let entries = match sstable::read(file)? {
        sstable::Table::None => return Ok(Content::Bytes.into()),
        sstable::Table::Unlisted(why) => return Ok(Reading::unlisted(why)),
        sstable::Table::Entries(entries) => entries,
    };
    settle(file, Bundle::read(file, artifacts, entries).and_then(|bundle| bundle.listed(file, work)))
}

/// A signature: its name, its inputs and its outputs.
struct Signature {
    name: String,
    ports: [Vec<Port>; 2],
}

struct Port {
    name: String,
    dtype: &'static str,
    /// Nothing for any rank; nothing as a dimension for any length.
    shape: Option<Vec<Option<u64>>>,
}

fn read_graphs(file: &Artifact) -> Result<Reading, Trouble> {
    let mut wire = Wire::new(file.open()?);
    let mut message = 0..file.hashed.stamp.size;
    let mut graphs = Vec::new();
    while let Some((number, value)) = wire.next(&mut message)? {
        if number == 2 {
            limit(graphs.len())?;
            graphs.push(value.bytes("meta_graphs")?);
        }
    }
    if graphs.is_empty() {
        return Err(Trouble::Malformed("there is no graph"));
    }
    let (mut signatures, mut version) = (Vec::new(), None);
    for mut graph in graphs {
        while let Some((number, value)) = wire.next(&mut graph)? {
            match number {
                1 => version = read_version(&mut wire, value.bytes("meta_info_def")?)?.or(version),
                5 => {
                    limit(signatures.len())?;
                    signatures.push(read_signature(&mut wire, value.bytes("signature_def")?)?);
                }
                _ => {}
            }
        }
    }
    file.unchanged(wire.file())?;
    signatures.retain(|signature| signature.name != INIT_SIGNATURE);
    let default = signatures.iter().position(|signature| signature.name == DEFAULT_SIGNATURE);
    let chosen = match (default, signatures.len()) {
        (Some(at), _) => signatures.get(at),
        (None, 1) => signatures.first(),
        _ => None,
    };
    let Some(Signature { ports: [inputs, outputs], .. }) = chosen else { return Ok(Content::Bytes.into()) };
    if inputs.is_empty() || outputs.is_empty() {
        return Ok(Content::Bytes.into());
    }
    let mut node = measured("ModelInterface");
    let entries = |ports: &[Port]| ports.iter().map(|port| port.entry(file)).collect::<Result<Vec<_>, _>>();
    node.insert("inputs", entries(inputs)?);
    node.insert("outputs", entries(outputs)?);
    if let Some(version) = version {
        node.insert("producer", format!("TensorFlow {version}"));
    }
    Ok(Content::Interface(node).into())
}

fn limit(count: usize) -> Result<(), Trouble> {
    if count < MAX_ENTRIES {
        Ok(())
    } else {
        Err(Trouble::Malformed("there are more parts than any model has"))
    }
}

fn read_version(wire: &mut Wire, mut message: Range<u64>) -> Result<Option<String>, Trouble> {
    let mut version = None;
    while let Some((number, value)) = wire.next(&mut message)? {
        if number == 5 {
            once(&mut version, wire.text(&value.bytes("version")?, 64, "version")?, "version")?;
        }
    }
    Ok(version.filter(|version| !version.is_empty()))
}

/// An entry of a map: its key, and where its value is.
fn read_pair(wire: &mut Wire, mut message: Range<u64>) -> Result<(String, Range<u64>), Trouble> {
    let (mut key, mut body) = (None, None);
    while let Some((number, value)) = wire.next(&mut message)? {
        match number {
            1 => once(&mut key, wire.text(&value.bytes("key")?, MAX_NAME_BYTES, "key")?, "key")?,
            2 => once(&mut body, value.bytes("value")?, "value")?,
            _ => {}
        }
    }
    Ok((key.unwrap_or_default(), body.unwrap_or(0..0)))
}

fn read_signature(wire: &mut Wire, message: Range<u64>) -> Result<Signature, Trouble> {
    let (name, mut body) = read_pair(wire, message)?;
    let mut ports = [BTreeMap::new(), BTreeMap::new()];
    while let Some((number, value)) = wire.next(&mut body)? {
        let [inputs, outputs] = &mut ports;
        let side = match number {
            1 => inputs,
            2 => outputs,
            _ => continue,
        };
        limit(side.len())?;
        let (key, tensor) = read_pair(wire, value.bytes("a tensor")?)?;
        let port = read_port(wire, key.clone(), tensor)?;
        if side.insert(key, port).is_some() {
            return Err(Trouble::Malformed("two tensors of a signature have one name"));
        }
    }
    // A map has no order; by name, as TensorFlow itself shows them.
    Ok(Signature { name, ports: ports.map(|side| side.into_values().collect()) })
}

fn read_port(wire: &mut Wire, name: String, mut message: Range<u64>) -> Result<Port, Trouble> {
    let (mut dtype, mut shape) = (None, None);
    while let Some((number, value)) = wire.next(&mut message)? {
        match number {
            2 => once(&mut dtype, value.varint("dtype")?, "dtype")?,
            3 => once(&mut shape, value.bytes("shape")?, "shape")?,
            _ => {}
        }
    }
    let known = DTYPES.iter().find(|(number, ..)| Some(*number) == dtype);
    let dtype = known.map_or("undefined", |(_, name, _)| *name);
    let shape = shape.map(|shape| read_shape(wire, shape)).transpose()?.flatten();
    Ok(Port { name, dtype, shape })
}

/// A `TensorShapeProto`: nothing for any rank.
fn read_shape(wire: &mut Wire, mut message: Range<u64>) -> Result<Option<Vec<Option<u64>>>, Trouble> {
    let (mut dims, mut any_rank) = (Vec::new(), false);
    while let Some((number, value)) = wire.next(&mut message)? {
        match number {
            2 => {
                if dims.len() >= MAX_RANK {
                    return Err(Trouble::Malformed("a tensor has too many dimensions"));
                }
                let (mut dim, mut size) = (value.bytes("dim")?, 0);
                while let Some((number, value)) = wire.next(&mut dim)? {
                    if number == 1 {
                        size = value.varint("size")?;
                    }
                }
                // The field is signed; -1 is any length.
                dims.push(i64::try_from(size).ok().map(i64::cast_unsigned));
            }
            3 => any_rank = value.varint("unknown_rank")? != 0,
            _ => {}
        }
    }
    Ok((!any_rank).then_some(dims))
}

impl Port {
    fn entry(&self, file: &Artifact) -> Result<Json, CaptureError> {
        let mut entry = Object::from_iter([("name", self.name.as_str()), ("dtype", self.dtype)]);
        if let Some(shape) = &self.shape {
            let dim = |dim: &Option<u64>| dim.map_or(Ok("?".into()), |len| integer(len, &file.location));
            entry.insert("shape", shape.iter().map(dim).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(Json::Object(entry))
    }
}

/// The variables of a checkpoint.
struct Bundle<'a> {
    variables: Vec<Variable<'a>>,
}

struct Variable<'a> {
    name: String,
    dtype: &'static str,
    shape: Vec<u64>,
    shard: &'a Artifact,
    range: Range<u64>,
}

#[derive(Default)]
struct Slot {
    dtype: u64,
    shape: Vec<u64>,
    shard: u64,
    offset: u64,
    size: u64,
    sliced: bool,
}

impl<'a> Bundle<'a> {
    fn read(file: &Artifact, artifacts: &'a Artifacts, entries: Vec<Entry>) -> Result<Self, Trouble> {
        let mut wire = Wire::new(file.open()?);
        let (mut shards, mut variables) = (None, Vec::new());
        for Entry { key, value } in entries {
            let key = String::from_utf8(key).map_err(|_| Trouble::Malformed("a name is not UTF-8"))?;
            if key.is_empty() {
                shards = Some(read_header(&mut wire, value)?);
                continue;
            }
            let slot = Slot::read(&mut wire, value)?;
            if key != OBJECT_GRAPH {
                // INVARIANT: the table is sorted, and no key comes before the empty one.
                let shards = shards.ok_or(Trouble::Malformed("there is no header"))?;
                variables.push(slot.locate(file, artifacts, key, shards)?);
            }
        }
        file.unchanged(wire.file())?;
        let mut spans: Vec<(&str, u64, u64)> = variables
            .iter()
            .filter(|variable| !variable.range.is_empty())
            .map(|variable| (variable.shard.path.as_str(), variable.range.start, variable.range.end))
            .collect();
        spans.sort_unstable();
        if spans.array_windows().any(|[(a, _, end), (b, start, _)]| a == b && end > start) {
            return Err(Trouble::Malformed("two variables share bytes"));
        }
        Ok(Self { variables })
    }

    fn listed(self, _index: &Artifact, work: &Work<'_>) -> Result<Reading, Trouble> {
        work.expect(self.variables.iter().map(|variable| variable.range.end - variable.range.start).sum());
        let digests =
            hash_each(&self.variables, |variable| hash_range(variable.shard, &variable.range, work))?;
        let tensors = self.variables.into_iter().zip(digests);
        let tensors = tensors.map(|(Variable { name, dtype, shape, .. }, sha256)| Tensor {
            name,
            dtype,
            shape,
            sha256,
        });
        Ok(TensorFile::new("tensorflow-checkpoint", tensors.collect()).into())
    }
}

/// How many shards there are.
fn read_header(wire: &mut Wire, mut message: Range<u64>) -> Result<u64, Trouble> {
    let mut shards = 0;
    while let Some((number, value)) = wire.next(&mut message)? {
        match number {
            1 => shards = value.varint("num_shards")?,
            2 if value.varint("endianness")? != 0 => {
                return Err(Trouble::Unlisted("its numbers are big-endian"));
            }
            _ => {}
        }
    }
    Ok(shards)
}

impl Slot {
    fn read(wire: &mut Wire, mut message: Range<u64>) -> Result<Self, Trouble> {
        let mut slot = Self::default();
        while let Some((number, value)) = wire.next(&mut message)? {
            match number {
                1 => slot.dtype = value.varint("dtype")?,
                2 => {
                    let dims = read_shape(wire, value.bytes("shape")?)?.unwrap_or_default();
                    let dims: Option<Vec<u64>> = dims.into_iter().collect();
                    slot.shape = dims.ok_or(Trouble::Malformed("a shape that no variable can have"))?;
                }
                3 => slot.shard = value.varint("shard_id")?,
                4 => slot.offset = value.varint("offset")?,
                5 => slot.size = value.varint("size")?,
                7 => slot.sliced = true,
                _ => {}
            }
        }
        Ok(slot)
    }

    fn locate<'a>(
        self,
        index: &Artifact,
        artifacts: &'a Artifacts,
        name: String,
        shards: u64,
    ) -> Result<Variable<'a>, Trouble> {
        let known = DTYPES.iter().find(|(number, _, width)| *number == self.dtype && *width > 0);
        let Some((_, dtype, width)) = known else {
            return Err(Trouble::Unlisted("it holds variables that are no numbers"));
        };
        if self.sliced {
            return Err(Trouble::Unlisted("it holds variables in slices"));
        }
        let bytes = self.shape.iter().try_fold(*width, |bytes, len| bytes.checked_mul(*len));
        let end = self.offset.checked_add(self.size);
        let (Some(end), true) = (end, bytes == Some(self.size) && name.len() <= 1_024) else {
            return Err(Trouble::Malformed("a variable has a size that its shape and type do not make"));
        };
        let prefix = index.path.get(..index.path.len().saturating_sub(".index".len())).unwrap_or_default();
        let path = format!("{prefix}.data-{:05}-of-{shards:05}", self.shard);
        // The manifest's paths have no `..` and no root, so neither does one that equals them.
        let shard = artifacts.files.iter().find(|file| file.path == path);
        let shard = shard.filter(|shard| self.shard < shards && end <= shard.hashed.stamp.size);
        let missing = || {
            let message =
                format!("variable `{name}` is in `{path}`, which is not captured with it or too short");
            refused(index, "capture.tensorflow-shard", message)
        };
        let shard = shard.ok_or_else(missing)?;
        Ok(Variable { name, dtype, shape: self.shape, shard, range: self.offset..end })
    }
}

#[cfg(test)]
#[path = "tensorflow_tests.rs"]
mod tests;
