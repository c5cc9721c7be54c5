//! An ONNX `TensorProto`: where its values stand, and their digest.
//!
//! ```text
//! TensorProto  1 dims, 2 data_type, 8 name, 14 data_location, 13 external_data, and the values in one of
//!              4 float_data, 5 int32_data, 6 string_data, 7 int64_data, 9 raw_data, 10 double_data, 11 uint64_data
//! ```
//!
//! The digest is SHA-256 over the values' little-endian bytes, row-major: what `raw_data` holds, whichever
//! field the values came in. So the same tensor has the same digest in ONNX and in safetensors. Texts have
//! no such bytes; each counts as its length in 8 little-endian bytes and its UTF-8.

use std::ops::Range;

use model_passport::digest::Digest;
use sha2::Digest as _;

use super::Work;
use super::artifacts::{Artifact, Artifacts};
use super::onnx::{Fault, MAX_NAME_BYTES, MAX_RANK, OnnxError, check_count, read_pair};
use super::protobuf::{Value, Wire, WireError, once};
use super::weights::hash_range;

/// Most entries that say where external data lies; the format has four.
const MAX_EXTERNAL_ENTRIES: usize = 16;

/// An element type.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dtype {
    code: u64,
    /// Its name in a passport.
    pub(super) name: &'static str,
    bits: u64,
    /// The number of the field that holds the values where it is not `raw_data`.
    field: u64,
}

const fn row(code: u64, name: &'static str, bits: u64, field: u64) -> Dtype {
    Dtype { code, name, bits, field }
}

const STRING_FIELD: u64 = 6;
const RAW_FIELD: u64 = 9;

const DTYPES: [Dtype; 27] = [
    row(0, "undefined", 0, 0),
    row(1, "float32", 32, 4),
    row(2, "uint8", 8, 5),
    row(3, "int8", 8, 5),
    row(4, "uint16", 16, 5),
    row(5, "int16", 16, 5),
    row(6, "int32", 32, 5),
    row(7, "int64", 64, 7),
    row(8, "string", 0, STRING_FIELD),
    row(9, "bool", 8, 5),
    row(10, "float16", 16, 5),
    row(11, "float64", 64, 10),
    row(12, "uint32", 32, 11),
    row(13, "uint64", 64, 11),
    row(14, "complex64", 64, 4),
    row(15, "complex128", 128, 10),
    row(16, "bfloat16", 16, 5),
    row(17, "float8e4m3fn", 8, 5),
    row(18, "float8e4m3fnuz", 8, 5),
    row(19, "float8e5m2", 8, 5),
    row(20, "float8e5m2fnuz", 8, 5),
    row(21, "uint4", 4, 5),
    row(22, "int4", 4, 5),
    row(23, "float4e2m1", 4, 5),
    row(24, "float8e8m0", 8, 5),
    row(25, "uint2", 2, 5),
    row(26, "int2", 2, 5),
];

/// The element type with this number.
pub(super) fn dtype(code: u64, name: &str) -> Result<&'static Dtype, OnnxError> {
    let unknown = || OnnxError::Dtype { name: name.to_owned(), code };
    DTYPES.iter().find(|dtype| dtype.code == code).ok_or_else(unknown)
}

/// A constant of the graph.
#[derive(Debug)]
pub(super) struct Initializer {
    pub(super) name: String,
    pub(super) dtype: &'static Dtype,
    pub(super) shape: Vec<u64>,
    /// How many bytes type and shape make; for texts, how many texts.
    len: u64,
    /// The whole message, to be walked again for the values.
    message: Range<u64>,
    external: Option<External>,
}

/// Values in another file.
#[derive(Debug, Default)]
struct External {
    location: String,
    offset: u64,
    length: Option<u64>,
}

impl Initializer {
    /// Reads everything but the values.
    pub(super) fn read(wire: &mut Wire, message: Range<u64>) -> Result<Self, Fault> {
        let mut rest = message.clone();
        let (mut name, mut code, mut location) = (None, None, None);
        let (mut shape, mut external, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        while let Some((number, value)) = wire.next(&mut rest)? {
            match number {
                1 => read_dims(wire, value, &mut shape)?,
                2 => once(&mut code, value.varint("data_type")?, "data_type")?,
                3 => return Err(OnnxError::Unsupported("initialisers in segments").into()),
                8 => once(&mut name, value.bytes("name")?, "name")?,
                13 => {
                    check_count(external.len(), MAX_EXTERNAL_ENTRIES, "entries on external data")?;
                    external.push(read_pair(wire, value.bytes("external_data")?)?);
                }
                14 => once(&mut location, value.varint("data_location")?, "data_location")?,
                4..=7 | RAW_FIELD..=11 if !fields.contains(&number) => fields.push(number),
                RAW_FIELD => return Err(WireError::Twice("raw_data").into()),
                _ => {}
            }
        }
        let name =
            name.map(|range| wire.text(&range, MAX_NAME_BYTES, "name")).transpose()?.unwrap_or_default();
        let dtype = dtype(code.unwrap_or_default(), &name)?;
        let data = || OnnxError::Data { tensor: name.clone() };
        let is_external = location == Some(1);
        if location > Some(1)
            || dtype.field == 0
            || (!is_external && fields.iter().any(|field| ![dtype.field, RAW_FIELD].contains(field)))
        {
            return Err(data().into());
        }
        if fields.len() > usize::from(!is_external)
            || (dtype.field == STRING_FIELD && fields.contains(&RAW_FIELD))
        {
            return Err(data().into());
        }
        let external = is_external.then(|| External::parse(external).ok_or_else(data)).transpose()?;
        let len = byte_len(dtype, &shape).ok_or_else(|| OnnxError::Shape(name.clone()))?;
        Ok(Self { name, dtype, shape, len, message, external })
    }

    /// Bytes that are hashed.
    pub(super) fn stored_bytes(&self) -> u64 {
        if self.dtype.field == STRING_FIELD { 0 } else { self.len }
    }
}

/// A tensor of a node, as far as it says whether that is a setting or what was learned.
pub(super) struct Outline {
    elements: u64,
    /// Of whole numbers, as sizes and axes are.
    whole: bool,
    bytes: u64,
}

impl Outline {
    pub(super) fn read(wire: &mut Wire, mut message: Range<u64>) -> Result<Self, Fault> {
        let bytes = message.end - message.start;
        let (mut shape, mut code) = (Vec::new(), 0);
        while let Some((number, value)) = wire.next(&mut message)? {
            match number {
                1 => read_dims(wire, value, &mut shape)?,
                2 => code = value.varint("data_type")?,
                // Its bytes are in another file, and not counted here.
                13 => return Ok(Self { elements: u64::MAX, whole: false, bytes }),
                _ => {}
            }
        }
        let elements = shape.iter().try_fold(1_u64, |count, len| count.checked_mul(*len));
        // int32, int64, bool
        Ok(Self { elements: elements.unwrap_or(u64::MAX), whole: matches!(code, 6 | 7 | 9), bytes })
    }

    /// A scalar, or a short list of sizes or axes.
    pub(super) const fn is_structural(&self) -> bool {
        self.bytes <= 1_024 && self.elements <= if self.whole { 64 } else { 1 }
    }
}

/// Either one dimension or, packed, several.
fn read_dims(wire: &mut Wire, value: Value, shape: &mut Vec<u64>) -> Result<(), Fault> {
    match value {
        Value::Varint(len) => {
            check_count(shape.len(), MAX_RANK, "dimensions")?;
            shape.push(len);
        }
        other => {
            let mut packed = other.bytes("dims")?;
            while let Some(len) = wire.packed(&mut packed)? {
                check_count(shape.len(), MAX_RANK, "dimensions")?;
                shape.push(len);
            }
        }
    }
    Ok(())
}

/// Bytes of all values (types below 8 bits share bytes); the count of values for texts.
fn byte_len(dtype: &Dtype, shape: &[u64]) -> Option<u64> {
    // The field is signed: a negative dimension is above this.
    let positive = shape.iter().all(|len| i64::try_from(*len).is_ok());
    let elements = shape.iter().try_fold(1_u64, |count, len| count.checked_mul(*len)).filter(|_| positive)?;
    if dtype.field == STRING_FIELD {
        return Some(elements);
    }
    Some(elements.checked_mul(dtype.bits)?.div_ceil(8))
}

impl External {
    fn parse(entries: Vec<(String, String)>) -> Option<Self> {
        let mut external = Self::default();
        for (key, text) in entries {
            match key.as_str() {
                "location" => external.location = text,
                "offset" => external.offset = text.parse().ok()?,
                "length" => external.length = Some(text.parse().ok()?),
                _ => {}
            }
        }
        (!external.location.is_empty()).then_some(external)
    }

    /// The file among the captured ones. What lies elsewhere is never opened.
    fn find<'a>(&self, model: &Artifact, artifacts: &'a Artifacts) -> Option<&'a Artifact> {
        let location = self.location.strip_prefix("./").unwrap_or(&self.location);
        let directory =
            model.path.rsplit_once('/').map_or(String::new(), |(directory, _)| format!("{directory}/"));
        let wanted = format!("{directory}{location}");
        // The manifest's paths have no `..` and no root, so neither does one that equals them.
        artifacts.files.iter().find(|file| file.path == wanted)
    }
}

/// The digest of the values.
pub(super) fn digest(
    tensor: &Initializer,
    file: &Artifact,
    artifacts: &Artifacts,
    work: &Work<'_>,
) -> Result<Digest, Fault> {
    if let Some(external) = &tensor.external {
        let missing =
            || OnnxError::ExternalData { tensor: tensor.name.clone(), location: external.location.clone() };
        let other = external.find(file, artifacts).ok_or_else(missing)?;
        let end = external.offset.checked_add(tensor.len).filter(|end| *end <= other.hashed.stamp.size);
        if tensor.dtype.field == STRING_FIELD || external.length.is_some_and(|length| length != tensor.len) {
            return Err(OnnxError::Data { tensor: tensor.name.clone() }.into());
        }
        return Ok(hash_range(other, &(external.offset..end.ok_or_else(missing)?), work)?);
    }
    let input = file.open()?;
    let mut values = Values { sha256: sha2::Sha256::new(), len: 0 };
    let mut wire = Wire::new(input);
    let mut rest = tensor.message.clone();
    while let Some((number, value)) = wire.next(&mut rest)? {
        if number == RAW_FIELD {
            wire.copy(&value.bytes("raw_data")?, &mut |bytes| {
                work.advance(bytes.len());
                values.push(bytes);
            })?;
        } else if number == tensor.dtype.field {
            values.read_typed(&mut wire, tensor, value)?;
        }
    }
    if values.len != tensor.len {
        return Err(OnnxError::Data { tensor: tensor.name.clone() }.into());
    }
    file.unchanged(wire.file())?;
    Ok(Digest::Sha256(values.sha256.finalize().into()))
}

/// Values on their way into the digest.
struct Values {
    sha256: sha2::Sha256,
    /// Bytes so far; texts so far.
    len: u64,
}

impl Values {
    fn push(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.len += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    }

    fn read_typed(&mut self, wire: &mut Wire, tensor: &Initializer, value: Value) -> Result<(), Fault> {
        match (tensor.dtype.field, value) {
            (STRING_FIELD, value) => {
                let text = value.bytes("string_data")?;
                self.sha256.update((text.end - text.start).to_le_bytes());
                wire.copy(&text, &mut |bytes| self.sha256.update(bytes))?;
                self.len += 1;
            }
            // Packed or not, these are little-endian on the wire already.
            (4 | 10, Value::Bytes(packed)) => wire.copy(&packed, &mut |bytes| self.push(bytes))?,
            (4, Value::Bits32(bytes)) => self.push(&bytes),
            (10, Value::Bits64(bytes)) => self.push(&bytes),
            (4 | 10, _) => return Err(WireError::Field("float_data").into()),
            (_, Value::Varint(value)) => self.integer(tensor, value)?,
            (_, value) => {
                let mut packed = value.bytes("int32_data")?;
                while let Some(value) = wire.packed(&mut packed)? {
                    self.integer(tensor, value)?;
                }
            }
        }
        Ok(())
    }

    /// An integer field holds one value in the lowest bytes, sign-extended or not.
    fn integer(&mut self, tensor: &Initializer, value: u64) -> Result<(), OnnxError> {
        let bits = tensor.dtype.bits.max(8);
        // What stands above the value: nothing, or for a negative number ones down to its sign bit.
        let unsigned = bits == 64 || value >> bits == 0;
        let negative = value >> (bits - 1) == u64::MAX >> (bits - 1);
        if !unsigned && !negative {
            return Err(OnnxError::Data { tensor: tensor.name.clone() });
        }
        let width = usize::try_from(bits / 8).unwrap_or(8);
        self.push(value.to_le_bytes().get(..width).unwrap_or_default());
        Ok(())
    }
}
