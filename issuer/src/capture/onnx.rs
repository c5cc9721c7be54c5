//! The [ONNX](https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) format, as far as a passport reads it.
//!
//! ```text
//! ModelProto    1 ir_version, 2 producer_name, 3 producer_version, 7 graph, 8 opset_import, 14 metadata_props,
//!               20 training_info, 25 functions
//! GraphProto    1 node, 5 initializer, 11 input, 12 output, 15 sparse_initializer
//! ValueInfo     1 name, 2 type { 1 tensor_type { 1 elem_type, 2 shape { 1 dim { 1 value, 2 param } } } }
//! ```
//!
//! In scope: what the graph takes and gives, the initialisers of the main graph, and whether its nodes hold more
//! ([`super::onnx_nodes`]). Out of scope: what the nodes compute; the digest of the file covers it.

use std::ops::Range;

use model_passport::json::{Json, Object};

use super::artifacts::{Artifact, Artifacts};
use super::node::{integer, measured};
use super::onnx_nodes::Held;
use super::onnx_tensor::{self, Initializer};
use super::protobuf::{Wire, WireError, once};
use super::weights::{Content, Reading, Tensor, TensorFile, hash_each};
use super::{CaptureError, Work};

/// Most initialisers, over ten times the largest public models; bounds the memory of a hostile file.
const MAX_INITIALIZERS: usize = 100_000;

/// Most inputs, outputs, operator sets or metadata entries: what the schema of a passport takes.
const MAX_ENTRIES: usize = 256;

/// Most dimensions of one tensor: what the schema takes. (The runtimes stop at 8.)
pub(super) const MAX_RANK: usize = 32;

/// Longest name: what the schema takes.
pub(super) const MAX_NAME_BYTES: u64 = 1_024;

/// Most times that the bytes of all files are hashed for initialisers.
const MAX_SHARED: u64 = 16;

/// Longest text on who wrote the file; a longer one is left out.
const MAX_PRODUCER_BYTES: usize = 256;

/// Longest metadata value: one beyond what a passport takes is left out of it anyway.
const MAX_METADATA_BYTES: u64 = 1 << 20;

/// How a file breaks the format, or which part of it cannot be captured.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// The number or the type of a tensor's values does not fit its shape and type.
    #[error("initialiser `{tensor}` has data that its type and shape do not make")]
    Data {
        /// Which initialiser.
        tensor: String,
    },
    /// An element type that is not known.
    #[error("`{name}` has the unknown element type {code}")]
    Dtype {
        /// Which tensor.
        name: String,
        /// The format's number of the type.
        code: u64,
    },
    /// Two initialisers have one name.
    #[error("two initialisers are named `{0}`")]
    DuplicateName(String),
    /// Tensor data in another file that is not among the captured ones, or not that long.
    #[error("initialiser `{tensor}` keeps its data in `{location}`, which is not captured with it")]
    ExternalData {
        /// Which initialiser.
        tensor: String,
        /// Where its data should be.
        location: String,
    },
    /// Not protobuf, or not this message.
    #[error("the bytes are not an ONNX model: {0}")]
    Malformed(WireError),
    /// A part without which nothing can be read.
    #[error("the bytes are not an ONNX model: there is no {0}")]
    Missing(&'static str),
    /// A negative dimension, too many of them, or a product beyond 64 bits.
    #[error("`{0}` has a shape that no tensor can have")]
    Shape(String),
    /// More of something than any model has.
    #[error("more than {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are read.
        max: usize,
    },
    /// A part of ONNX that is not captured yet.
    #[error("{0} are not supported")]
    Unsupported(&'static str),
}

impl OnnxError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Data { .. } => "capture.onnx-data",
            Self::Dtype { .. } => "capture.onnx-dtype",
            Self::DuplicateName(_) => "capture.onnx-duplicate-name",
            Self::ExternalData { .. } => "capture.onnx-external-data",
            Self::Malformed(_) | Self::Missing(_) => "capture.onnx-malformed",
            Self::Shape(_) => "capture.onnx-shape",
            Self::TooMany { .. } => "capture.onnx-too-many",
            Self::Unsupported(_) => "capture.onnx-unsupported",
        }
    }

    /// What the person at the keyboard can do.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::ExternalData { .. } => "capture the directory that holds both files",
            Self::Unsupported(_) => "export the model without them",
            _ => {
                "the file is damaged, incomplete or not ONNX; export it again, and check it with onnx.checker"
            }
        }
    }
}

/// A failure of one file: of the format, or of reading it.
#[derive(Debug)]
pub(super) enum Fault {
    Capture(CaptureError),
    Onnx(OnnxError),
    Wire(WireError),
}

impl From<WireError> for Fault {
    fn from(fault: WireError) -> Self {
        Self::Wire(fault)
    }
}

impl From<OnnxError> for Fault {
    fn from(fault: OnnxError) -> Self {
        Self::Onnx(fault)
    }
}

impl From<CaptureError> for Fault {
    fn from(fault: CaptureError) -> Self {
        Self::Capture(fault)
    }
}

impl Fault {
    fn of(self, file: &Artifact) -> CaptureError {
        let path = file.location.clone();
        match self {
            Self::Capture(error) => error,
            Self::Onnx(cause) => CaptureError::Onnx { path, cause },
            Self::Wire(WireError::Io(cause)) => CaptureError::io(&path, cause),
            Self::Wire(fault) => CaptureError::Onnx { path, cause: OnnxError::Malformed(fault) },
        }
    }
}

/// Reads the model's header and graph, and hashes each initialiser.
pub(super) fn read(file: &Artifact, artifacts: &Artifacts, work: &Work<'_>) -> Result<Reading, CaptureError> {
    let mut wire = Wire::new(file.open()?);
    let model = Model::read(&mut wire, 0..file.hashed.stamp.size).map_err(|fault| fault.of(file))?;
    if let Some(why) = &model.graph.unlisted {
        return Ok(Content::UnlistedInterface(model.interface(file)?, why.clone()).into());
    }
    let stored = model.graph.initializers.iter().map(Initializer::stored_bytes);
    let stored = stored.fold(0, u64::saturating_add);
    // Tensors in other files may share bytes; a small file with many of them would take days to hash.
    let captured = artifacts.files.iter().map(|file| file.hashed.stamp.size).fold(0, u64::saturating_add);
    if stored / MAX_SHARED > captured {
        let (what, max) = ("initialisers in the same bytes", 16);
        return Err(Fault::Onnx(OnnxError::TooMany { what, max }).of(file));
    }
    work.expect(stored);
    let digests = hash_each(&model.graph.initializers, |initializer| {
        onnx_tensor::digest(initializer, file, artifacts, work).map_err(|fault| fault.of(file))
    })?;
    let interface = model.interface(file)?;
    let tensors = model.graph.initializers.into_iter().zip(digests).map(|(initializer, sha256)| Tensor {
        name: initializer.name,
        dtype: initializer.dtype.name,
        shape: initializer.shape,
        sha256,
    });
    let file = TensorFile::new("onnx", tensors.collect()).with_metadata(model.metadata);
    let remark = match model.graph.constants {
        0 => None,
        count => Some(format!("{count} of them constants of its nodes")),
    };
    Ok(TensorFile { interface: Some(interface), remark, ..file }.into())
}

#[derive(Debug, Default)]
struct Model {
    producer_name: String,
    producer_version: String,
    /// Version of the default operator set.
    opset: Option<u64>,
    metadata: Vec<(String, String)>,
    graph: Graph,
}

#[derive(Debug, Default)]
struct Graph {
    /// By name; with the constants of nodes.
    initializers: Vec<Initializer>,
    /// How many of them are constants of nodes.
    constants: usize,
    /// Why these are not all that the model is.
    unlisted: Option<String>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

/// An input or output.
#[derive(Debug)]
struct Port {
    name: String,
    dtype: &'static str,
    shape: Option<Vec<Dim>>,
}

#[derive(Debug)]
enum Dim {
    Fixed(u64),
    Named(String),
    /// Neither number nor name: any length.
    Free,
}

impl Model {
    fn read(wire: &mut Wire, mut message: Range<u64>) -> Result<Self, Fault> {
        let (mut model, mut graph, mut ir_version) = (Self::default(), None, None);
        let (mut name, mut version, mut opsets, mut held) = (None, None, 0, Held::default());
        while let Some((number, value)) = wire.next(&mut message)? {
            match number {
                1 => once(&mut ir_version, value.varint("ir_version")?, "ir_version")?,
                2 => once(&mut name, value.bytes("producer_name")?, "producer_name")?,
                3 => once(&mut version, value.bytes("producer_version")?, "producer_version")?,
                7 => once(&mut graph, value.bytes("graph")?, "graph")?,
                8 => {
                    check_count(opsets, MAX_ENTRIES, "operator sets")?;
                    opsets += 1;
                    model.read_opset(wire, value.bytes("opset_import")?)?;
                }
                14 => {
                    check_count(model.metadata.len(), MAX_ENTRIES, "metadata entries")?;
                    model.metadata.push(read_pair(wire, value.bytes("metadata_props")?)?);
                }
                20 => {
                    let mut training = value.bytes("training_info")?;
                    while let Some((number, value)) = wire.next(&mut training)? {
                        if matches!(number, 1 | 2) {
                            held.graph(wire, value.bytes("graph")?, 1)?;
                        }
                    }
                }
                25 => held.function(wire, value.bytes("functions")?)?,
                _ => {}
            }
        }
        let mut text = |range: Option<Range<u64>>, field| match range {
            Some(range) => wire.text(&range, MAX_NAME_BYTES, field),
            None => Ok(String::new()),
        };
        model.producer_name = text(name, "producer_name")?;
        model.producer_version = text(version, "producer_version")?;
        // Required since the first version: without it this is some other message.
        ir_version.ok_or(OnnxError::Missing("ir_version"))?;
        model.graph = Graph::read(wire, graph.ok_or(OnnxError::Missing("graph"))?, held)?;
        Ok(model)
    }

    fn read_opset(&mut self, wire: &mut Wire, mut message: Range<u64>) -> Result<(), Fault> {
        let (mut domain, mut version) = (None, None);
        while let Some((number, value)) = wire.next(&mut message)? {
            match number {
                1 => once(&mut domain, value.bytes("domain")?, "domain")?,
                2 => once(&mut version, value.varint("version")?, "version")?,
                _ => {}
            }
        }
        let domain = domain.map(|range| wire.text(&range, MAX_NAME_BYTES, "domain")).transpose()?;
        if matches!(domain.as_deref(), None | Some("" | "ai.onnx")) {
            once(&mut self.opset, version.unwrap_or_default(), "the default operator set")?;
        }
        Ok(())
    }

    /// The `ModelInterface` node.
    fn interface(&self, file: &Artifact) -> Result<Object, CaptureError> {
        let mut node = measured("ModelInterface");
        let ports = |ports: &[Port]| ports.iter().map(|port| port.entry(file)).collect::<Result<Vec<_>, _>>();
        for (name, entries) in
            [("inputs", ports(&self.graph.inputs)?), ("outputs", ports(&self.graph.outputs)?)]
        {
            if !entries.is_empty() {
                node.insert(name, entries);
            }
        }
        if let Some(opset) = self.opset {
            node.insert("opset", integer(opset, &file.location)?);
        }
        let producer = format!("{} {}", self.producer_name, self.producer_version);
        if (1..=MAX_PRODUCER_BYTES).contains(&producer.trim().len()) {
            node.insert("producer", producer.trim());
        }
        Ok(node)
    }
}

impl Graph {
    fn read(wire: &mut Wire, mut message: Range<u64>, mut held: Held) -> Result<Self, Fault> {
        let mut graph = Self::default();
        while let Some((number, value)) = wire.next(&mut message)? {
            match number {
                1 => {
                    check_count(held.constants.len(), MAX_INITIALIZERS, "constants")?;
                    held.node(wire, value.bytes("node")?, 0)?;
                }
                5 => {
                    check_count(graph.initializers.len(), MAX_INITIALIZERS, "initialisers")?;
                    graph.initializers.push(Initializer::read(wire, value.bytes("initializer")?)?);
                }
                11 => {
                    check_count(graph.inputs.len(), MAX_INITIALIZERS, "inputs")?;
                    graph.inputs.push(Port::read(wire, value.bytes("input")?)?);
                }
                12 => {
                    check_count(graph.outputs.len(), MAX_ENTRIES, "outputs")?;
                    graph.outputs.push(Port::read(wire, value.bytes("output")?)?);
                }
                15 => return Err(OnnxError::Unsupported("sparse initialisers").into()),
                _ => {}
            }
        }
        graph.constants = held.constants.len();
        graph.initializers.append(&mut held.constants);
        graph.unlisted = held.unlisted;
        graph.initializers.sort_by(|a, b| a.name.cmp(&b.name));
        let twice = graph.initializers.array_windows().find(|[a, b]| a.name == b.name);
        if let Some([first, _]) = twice {
            return Err(OnnxError::DuplicateName(first.name.clone()).into());
        }
        // Old files list every initialiser as an input with a default; what has to be given is the rest.
        let given =
            |port: &Port| graph.initializers.binary_search_by(|tensor| tensor.name.cmp(&port.name)).is_err();
        graph.inputs.retain(given);
        check_count(graph.inputs.len().saturating_sub(1), MAX_ENTRIES, "inputs")?;
        Ok(graph)
    }
}

impl Port {
    fn read(wire: &mut Wire, mut message: Range<u64>) -> Result<Self, Fault> {
        let (mut name, mut kind) = (None, None);
        while let Some((number, value)) = wire.next(&mut message)? {
            match number {
                1 => once(&mut name, value.bytes("name")?, "name")?,
                2 => once(&mut kind, value.bytes("type")?, "type")?,
                _ => {}
            }
        }
        let name =
            name.map(|range| wire.text(&range, MAX_NAME_BYTES, "name")).transpose()?.unwrap_or_default();
        let (dtype, shape) = match kind {
            Some(kind) => read_type(wire, kind, &name)?,
            None => ("undefined", None),
        };
        Ok(Self { name, dtype, shape })
    }

    fn entry(&self, file: &Artifact) -> Result<Json, CaptureError> {
        let mut entry = Object::from_iter([("name", self.name.as_str()), ("dtype", self.dtype)]);
        if let Some(shape) = &self.shape {
            let dim = |dim: &Dim| match dim {
                Dim::Fixed(len) => integer(*len, &file.location),
                Dim::Named(name) => Ok(name.as_str().into()),
                Dim::Free => Ok("?".into()),
            };
            entry.insert("shape", shape.iter().map(dim).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(Json::Object(entry))
    }
}

/// A `TypeProto`: only tensors have an element type and a shape here.
fn read_type(
    wire: &mut Wire,
    mut message: Range<u64>,
    name: &str,
) -> Result<(&'static str, Option<Vec<Dim>>), Fault> {
    let mut found = None;
    while let Some((number, value)) = wire.next(&mut message)? {
        match number {
            1 => once(&mut found, read_tensor_type(wire, value.bytes("tensor_type")?, name)?, "type")?,
            4 => once(&mut found, ("sequence", None), "type")?,
            5 => once(&mut found, ("map", None), "type")?,
            8 => once(&mut found, ("sparse_tensor", None), "type")?,
            9 => once(&mut found, ("optional", None), "type")?,
            _ => {}
        }
    }
    Ok(found.unwrap_or(("undefined", None)))
}

fn read_tensor_type(
    wire: &mut Wire,
    mut message: Range<u64>,
    name: &str,
) -> Result<(&'static str, Option<Vec<Dim>>), Fault> {
    let (mut code, mut shape) = (None, None);
    while let Some((number, value)) = wire.next(&mut message)? {
        match number {
            1 => once(&mut code, value.varint("elem_type")?, "elem_type")?,
            2 => once(&mut shape, value.bytes("shape")?, "shape")?,
            _ => {}
        }
    }
    let dtype = onnx_tensor::dtype(code.unwrap_or_default(), name)?;
    Ok((dtype.name, shape.map(|shape| read_shape(wire, shape, name)).transpose()?))
}

fn read_shape(wire: &mut Wire, mut message: Range<u64>, name: &str) -> Result<Vec<Dim>, Fault> {
    let mut dims = Vec::new();
    while let Some((number, value)) = wire.next(&mut message)? {
        if number == 1 {
            check_count(dims.len(), MAX_RANK, "dimensions")?;
            dims.push(read_dim(wire, value.bytes("dim")?, name)?);
        }
    }
    Ok(dims)
}

fn read_dim(wire: &mut Wire, mut message: Range<u64>, name: &str) -> Result<Dim, Fault> {
    let mut dim = None;
    while let Some((number, value)) = wire.next(&mut message)? {
        match number {
            1 => {
                let len = value.varint("dim_value")?;
                // The field is signed; a negative length is above this.
                if i64::try_from(len).is_err() {
                    return Err(OnnxError::Shape(name.to_owned()).into());
                }
                once(&mut dim, Dim::Fixed(len), "dim")?;
            }
            2 => {
                let text = wire.text(&value.bytes("dim_param")?, MAX_NAME_BYTES, "dim_param")?;
                once(&mut dim, if text.is_empty() { Dim::Free } else { Dim::Named(text) }, "dim")?;
            }
            _ => {}
        }
    }
    Ok(dim.unwrap_or(Dim::Free))
}

/// A `StringStringEntryProto`.
pub(super) fn read_pair(wire: &mut Wire, mut message: Range<u64>) -> Result<(String, String), Fault> {
    let (mut key, mut text) = (None, None);
    while let Some((number, value)) = wire.next(&mut message)? {
        match number {
            1 => once(&mut key, value.bytes("key")?, "key")?,
            2 => once(&mut text, value.bytes("value")?, "value")?,
            _ => {}
        }
    }
    let key = key.map(|range| wire.text(&range, MAX_NAME_BYTES, "key")).transpose()?;
    let text = text.map(|range| wire.text(&range, MAX_METADATA_BYTES, "value")).transpose()?;
    Ok((key.unwrap_or_default(), text.unwrap_or_default()))
}

/// An error if there are already as many as may be.
pub(super) fn check_count(count: usize, max: usize, what: &'static str) -> Result<(), OnnxError> {
    if count < max { Ok(()) } else { Err(OnnxError::TooMany { what, max }) }
}

#[cfg(test)]
#[path = "onnx_tests.rs"]
mod tests;
