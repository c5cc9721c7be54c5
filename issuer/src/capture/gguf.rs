//! The [GGUF](https://github.com/ggml-org/ggml/blob/master/docs/gguf.md) format, versions 2 and 3.
//!
//! ```text
//! "GGUF"  version u32  tensors u64  entries u64
//! entry   key, type u32, value                          text = length u64 and bytes; all little-endian
//! tensor  name, rank u32, dimensions u64…, type u32, offset u64
//! padding to `general.alignment` (32), then the tensors, each padded likewise
//! ```
//!
//! Dimensions stand fastest first; a passport has them slowest first, as every other format does, so that the
//! same tensor in GGUF and in safetensors is one tensor. A quantised type keeps its GGML name, and its digest
//! is over the blocks as they stand.
//!
//! Short texts and numbers among the entries are format metadata; lists (vocabularies) are skipped. A tensor
//! begins where the one before it ends, padded: the format's own reader asks for that too.

use std::collections::BTreeSet;

use super::artifacts::Artifact;
use super::weights::{Reading, Tensor, TensorFile, hash_each, hash_range};
use super::window::{Dialect, Window};
use super::{CaptureError, Work};

pub(super) const MAGIC: &[u8; 4] = b"GGUF";

const DIALECT: Dialect = Dialect {
    format: "GGUF",
    truncated: "capture.gguf-length",
    help: "the file is damaged, incomplete or not GGUF; convert the model again",
};

/// Most tensors, over ten times those of the largest public models; bounds the memory of a hostile file.
const MAX_TENSORS: u64 = 100_000;

/// Most entries: models have some dozens.
const MAX_ENTRIES: u64 = 16_384;

/// Dimensions that GGML has.
const MAX_RANK: u32 = 4;

/// Longest name of a tensor: what the schema of a passport takes. (GGML's own limit is 64.)
const MAX_NAME_BYTES: u64 = 1_024;

/// Longest key. The format allows 65 535 bytes, and nobody needs them.
const MAX_KEY_BYTES: u64 = 1_024;

/// Longest text that is metadata. Longer ones are chat templates and licences.
const MAX_TEXT_BYTES: u64 = 1_024;

/// Lists inside of lists.
const MAX_NESTING: u32 = 4;

/// An element type: its number, its name in a passport, and how many elements are stored in how many bytes.
struct GgmlType(u32, &'static str, u64, u64);

#[rustfmt::skip]
const TYPES: [GgmlType; 34] = [
    GgmlType(0, "float32", 1, 4), GgmlType(1, "float16", 1, 2),
    GgmlType(2, "Q4_0", 32, 18), GgmlType(3, "Q4_1", 32, 20),
    GgmlType(6, "Q5_0", 32, 22), GgmlType(7, "Q5_1", 32, 24),
    GgmlType(8, "Q8_0", 32, 34), GgmlType(9, "Q8_1", 32, 40),
    GgmlType(10, "Q2_K", 256, 84), GgmlType(11, "Q3_K", 256, 110), GgmlType(12, "Q4_K", 256, 144),
    GgmlType(13, "Q5_K", 256, 176), GgmlType(14, "Q6_K", 256, 210), GgmlType(15, "Q8_K", 256, 292),
    GgmlType(16, "IQ2_XXS", 256, 66), GgmlType(17, "IQ2_XS", 256, 74), GgmlType(18, "IQ3_XXS", 256, 98),
    GgmlType(19, "IQ1_S", 256, 50), GgmlType(20, "IQ4_NL", 32, 18), GgmlType(21, "IQ3_S", 256, 110),
    GgmlType(22, "IQ2_S", 256, 82), GgmlType(23, "IQ4_XS", 256, 136),
    GgmlType(24, "int8", 1, 1), GgmlType(25, "int16", 1, 2), GgmlType(26, "int32", 1, 4),
    GgmlType(27, "int64", 1, 8), GgmlType(28, "float64", 1, 8),
    GgmlType(29, "IQ1_M", 256, 56), GgmlType(30, "bfloat16", 1, 2),
    GgmlType(34, "TQ1_0", 256, 54), GgmlType(35, "TQ2_0", 256, 66),
    GgmlType(39, "MXFP4", 32, 17), GgmlType(40, "NVFP4", 64, 36), GgmlType(41, "Q1_0", 128, 18),
];

/// Reads the header, checks it against the file, and hashes each tensor.
pub(super) fn read(file: &Artifact, work: &Work<'_>) -> Result<Reading, CaptureError> {
    let mut window = Window::new(file, DIALECT)?;
    if &window.array::<4>()? != MAGIC {
        return Err(window.refuse("capture.gguf-header", "it does not start with `GGUF`"));
    }
    let version = window.u32()?;
    if ![2, 3].contains(&version) {
        // Of a big-endian file, the version is in the highest byte.
        let what = if version.swap_bytes() == 3 { "big-endian GGUF" } else { "a version other than 2 and 3" };
        return Ok(Reading::unlisted(what));
    }
    let (tensors, entries) = (window.u64()?, window.u64()?);
    // The shortest entry has 13 bytes and the shortest tensor 24.
    if tensors > MAX_TENSORS.min(window.left() / 24) || entries > MAX_ENTRIES.min(window.left() / 13) {
        return Err(window.cut_off("so many tensors and entries"));
    }
    let metadata = Metadata::read(&mut window, entries)?;
    let mut infos = Vec::new();
    for _ in 0..tensors {
        match Info::read(&mut window)? {
            Ok(info) => infos.push(info),
            Err(unlisted) => return Ok(Reading::unlisted(unlisted)),
        }
    }
    check_layout(&window, &mut infos, metadata.alignment)?;
    let start = padded(window.position(), metadata.alignment).unwrap_or(u64::MAX);
    let ranges = infos.iter().map(|info| match info.bytes {
        0 => Ok(0..0),
        _ => window.range(start.saturating_add(info.offset), info.bytes, "a tensor"),
    });
    let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
    window.unchanged()?;
    work.expect(infos.iter().map(|info| info.bytes).sum());
    let digests = hash_each(&ranges, |range| hash_range(file, range, work))?;
    let tensors = infos.into_iter().zip(digests);
    let mut tensors: Vec<Tensor> = tensors
        .map(|(Info { name, dtype, shape, .. }, sha256)| Tensor { name, dtype, shape, sha256 })
        .collect();
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(TensorFile::new("gguf", tensors).with_metadata(metadata.entries).into())
}

/// The entries that are short.
struct Metadata {
    entries: Vec<(String, String)>,
    alignment: u64,
}

impl Metadata {
    fn read(window: &mut Window<'_>, count: u64) -> Result<Self, CaptureError> {
        let (mut entries, mut alignment, mut keys) = (Vec::new(), 32, BTreeSet::new());
        for _ in 0..count {
            let key = text(window, MAX_KEY_BYTES)?;
            let kind = window.u32()?;
            let value = value(window, kind, 0)?;
            if key == "general.alignment" {
                let said = value.as_ref().filter(|_| kind == 4).and_then(|value| value.parse::<u64>().ok());
                let wrong = || window.refuse("capture.gguf-header", "the alignment is no power of two");
                alignment = said.filter(|said| said.is_power_of_two()).ok_or_else(wrong)?;
            }
            let short = !key.is_empty() && key.len() <= 256 && !key.starts_with("tokenizer.");
            if keys.contains(&key) {
                return Err(window.refuse("capture.gguf-header", "two entries have one key"));
            }
            if let Some(value) = value.filter(|_| short) {
                entries.push((key.clone(), value));
            }
            keys.insert(key);
        }
        Ok(Self { entries, alignment })
    }
}

fn text(window: &mut Window<'_>, max: u64) -> Result<String, CaptureError> {
    let len = window.u64()?;
    if len > max {
        return Err(window
            .refuse("capture.gguf-header", format!("a name of {len} bytes at byte {}", window.position())));
    }
    let bytes = window.take(len)?;
    String::from_utf8(bytes).map_err(|_| window.refuse("capture.gguf-header", "a name is not UTF-8"))
}

/// A value as text, or nothing if it is long, a list, or not UTF-8.
fn value(window: &mut Window<'_>, kind: u32, nesting: u32) -> Result<Option<String>, CaptureError> {
    Ok(Some(match kind {
        0 => window.u8()?.to_string(),
        1 => i8::from_le_bytes(window.array()?).to_string(),
        2 => window.u16()?.to_string(),
        3 => i16::from_le_bytes(window.array()?).to_string(),
        4 => window.u32()?.to_string(),
        5 => i32::from_le_bytes(window.array()?).to_string(),
        6 => f32::from_le_bytes(window.array()?).to_string(),
        7 => match window.u8()? {
            0 => "false".to_owned(),
            1 => "true".to_owned(),
            _ => return Err(window.refuse("capture.gguf-header", "a truth value is neither 0 nor 1")),
        },
        8 => {
            let len = window.u64()?;
            if len > MAX_TEXT_BYTES {
                window.skip(len)?;
                return Ok(None);
            }
            let bytes = window.take(len)?;
            return Ok(String::from_utf8(bytes).ok());
        }
        9 => {
            skip_list(window, nesting)?;
            return Ok(None);
        }
        10 => window.u64()?.to_string(),
        11 => i64::from_le_bytes(window.array()?).to_string(),
        12 => f64::from_le_bytes(window.array()?).to_string(),
        _ => {
            let message = format!("a value of the unknown type {kind} at byte {}", window.position());
            return Err(window.refuse("capture.gguf-header", message));
        }
    }))
}

/// Recursion is as deep as lists may be nested.
fn skip_list(window: &mut Window<'_>, nesting: u32) -> Result<(), CaptureError> {
    let (kind, count) = (window.u32()?, window.u64()?);
    if nesting >= MAX_NESTING {
        return Err(window.refuse("capture.gguf-header", "lists are nested too deep"));
    }
    let width = match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 => 8,
        _ => 0,
    };
    if width > 0 {
        return window.skip(count.checked_mul(width).ok_or_else(|| window.cut_off("a list"))?);
    }
    // A text has at least its length, and a list its type too: so the loop ends with the file.
    for _ in 0..count {
        value(window, kind, nesting + 1)?;
    }
    Ok(())
}

struct Info {
    name: String,
    dtype: &'static str,
    /// Slowest dimension first.
    shape: Vec<u64>,
    offset: u64,
    bytes: u64,
}

impl Info {
    /// The next tensor; in the inner error, why the file cannot be listed.
    fn read(window: &mut Window<'_>) -> Result<Result<Self, String>, CaptureError> {
        let name = text(window, MAX_NAME_BYTES)?;
        let rank = window.u32()?;
        let wrong = |window: &Window<'_>, what: &str| {
            window.refuse("capture.gguf-tensor", format!("tensor `{name}` has {what}"))
        };
        if rank > MAX_RANK {
            return Err(wrong(window, "too many dimensions"));
        }
        let mut shape = Vec::new();
        for _ in 0..rank {
            shape.push(window.u64()?);
        }
        let (kind, offset) = (window.u32()?, window.u64()?);
        let Some(GgmlType(_, dtype, block, width)) = TYPES.iter().find(|known| known.0 == kind) else {
            return Ok(Err(format!("tensor `{name}` has the type {kind}, which is not known here")));
        };
        // Blocks run along the fastest dimension.
        if shape.first().copied().unwrap_or(1) % block != 0 {
            return Err(wrong(window, "rows that its type does not divide into blocks"));
        }
        let elements = shape.iter().try_fold(1_u64, |count, len| count.checked_mul(*len));
        let bytes = elements.and_then(|elements| (elements / block).checked_mul(*width));
        let bytes = bytes.ok_or_else(|| wrong(window, "a shape that no tensor can have"))?;
        shape.reverse();
        Ok(Ok(Self { name, dtype, shape, offset, bytes }))
    }
}

/// Every tensor begins where the one before it ends, padded, and the file ends with the last.
fn check_layout(window: &Window<'_>, infos: &mut [Info], alignment: u64) -> Result<(), CaptureError> {
    let wrong = |message: String| window.refuse("capture.gguf-layout", message);
    infos.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some([first, _]) = infos.array_windows().find(|[a, b]| a.name == b.name) {
        return Err(window.refuse("capture.gguf-tensor", format!("two tensors are named `{}`", first.name)));
    }
    infos.sort_by_key(|info| (info.offset, info.bytes));
    let (mut expected, mut end) = (Some(0), 0);
    for info in infos {
        if Some(info.offset) != expected {
            let message = format!(
                "tensor `{}` starts at {}, which is not where the one before it ends",
                info.name, info.offset
            );
            return Err(wrong(message));
        }
        end = info.offset.saturating_add(info.bytes);
        expected = padded(end, alignment);
    }
    let data = match end {
        0 => window.position(),
        _ => padded(window.position(), alignment).unwrap_or(u64::MAX),
    };
    match window.len().checked_sub(data.saturating_add(end)) {
        None => Err(window.cut_off("the last tensor")),
        // Padding after the last tensor, or before the first of none.
        Some(rest) if rest < alignment => Ok(()),
        Some(rest) => Err(wrong(format!("{rest} bytes follow the last tensor"))),
    }
}

fn padded(value: u64, alignment: u64) -> Option<u64> {
    value.checked_next_multiple_of(alignment)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Tree, model_file};
    use super::super::weights::Content;
    use super::*;
    use crate::problem::Problem as _;

    fn read_bytes(bytes: &[u8]) -> Result<TensorFile, CaptureError> {
        let tree = Tree::with(&[("m.gguf", bytes)]);
        match read(&tree.artifacts().files[0], &Work::new(&()))?.content {
            Content::Tensors(file) => Ok(file),
            other => panic!("{other:?}"),
        }
    }

    fn code(bytes: &[u8]) -> &'static str {
        read_bytes(bytes).map_or_else(|error| error.code(), |_| "ok")
    }

    fn text(text: &str) -> Vec<u8> {
        [&u64::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat()
    }

    fn entry(key: &str, kind: u32, value: &[u8]) -> Vec<u8> {
        [&text(key)[..], &kind.to_le_bytes(), value].concat()
    }

    fn tensor(name: &str, shape: &[u64], kind: u32, offset: u64) -> Vec<u8> {
        let rank = u32::try_from(shape.len()).unwrap().to_le_bytes();
        let shape: Vec<u8> = shape.iter().flat_map(|len| len.to_le_bytes()).collect();
        [&text(name)[..], &rank, &shape, &kind.to_le_bytes(), &offset.to_le_bytes()].concat()
    }

    fn file(entries: &[Vec<u8>], tensors: &[Vec<u8>], data: usize) -> Vec<u8> {
        let count = |of: &[Vec<u8>]| u64::try_from(of.len()).unwrap().to_le_bytes();
        let head = [&b"GGUF\x03\0\0\0"[..], &count(tensors), &count(entries)].concat();
        let mut bytes = [head, entries.concat(), tensors.concat()].concat();
        bytes.resize(bytes.len().next_multiple_of(32) + data, 0);
        bytes
    }

    #[test]
    fn tensors_are_those_of_other_formats() {
        let found = read_bytes(&model_file("f32.gguf")).unwrap();
        let tree = Tree::with(&[("m.safetensors", &model_file("gguf-plain.safetensors"))]);
        let plain = super::super::safetensors::read(&tree.artifacts().files[0], &Work::new(&())).unwrap();
        let (quantised, others): (Vec<_>, _) =
            found.tensors.into_iter().partition(|tensor| tensor.name == "q.weight");
        assert_eq!(others, plain.tensors);
        assert_eq!((quantised[0].dtype, &quantised[0].shape[..]), ("Q8_0", &[4, 64][..]));
        let metadata =
            |key: &str| found.metadata.iter().find(|entry| entry.0 == key).map(|entry| &entry.1[..]);
        assert_eq!(metadata("llama.rope.scale"), Some("0.5"));
        assert_eq!(metadata("llama.tied"), Some("true"));
        assert_eq!(metadata("general.name"), Some("small"));
        assert_eq!((metadata("general.note"), metadata("tokenizer.ggml.tokens")), (None, None));
        assert!(read_bytes(&model_file("empty.gguf")).unwrap().tensors.is_empty());
    }

    #[test]
    fn every_cut_is_refused() {
        let whole = model_file("f32.gguf");
        for end in (0..whole.len() - 32).step_by(97) {
            assert_ne!(code(&whole[..end]), "ok", "{end}");
        }
        let small = file(&[entry("a", 8, &text("b"))], &[tensor("t", &[2], 0, 0)], 8);
        assert_eq!(code(&small), "ok");
        for at in 0..small.len() {
            assert_ne!(code(&small[..at]), "ok", "{at}");
            for bit in [1, 0x80, 0xff] {
                let mut changed = small.clone();
                changed[at] ^= bit;
                let tree = Tree::with(&[("m.gguf", &changed)]);
                _ = read(&tree.artifacts().files[0], &Work::new(&()));
            }
        }
    }

    #[test]
    fn lies_are_refused() {
        let huge = u64::MAX.to_le_bytes();
        let one =
            |name: &str, shape: &[u64], kind, offset| file(&[], &[tensor(name, shape, kind, offset)], 32);
        for (bytes, wanted) in [
            ([&b"GGUF\x03\0\0\0"[..], &huge, &huge].concat(), "length"),
            ([&b"GGUF\x03\0\0\0"[..], &[0; 8], &(1_u64 << 40).to_le_bytes()].concat(), "length"),
            (b"GGML\x03\0\0\0".to_vec(), "header"),
            (file(&[entry("a", 8, &huge)], &[], 0), "length"),
            (file(&[[&huge[..], b"a"].concat()], &[], 0), "header"),
            (file(&[entry("a", 9, &[&[4, 0, 0, 0][..], &huge].concat())], &[], 0), "length"),
            (file(&[entry("a", 9, &[&[8, 0, 0, 0][..], &huge].concat())], &[], 0), "length"),
            (file(&[entry("a", 9, &[9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0].repeat(6))], &[], 0), "header"),
            (file(&[entry("a", 13, &[])], &[], 0), "header"),
            (file(&[entry("a", 7, &[2])], &[], 0), "header"),
            (file(&[entry("a", 0, &[2]), entry("a", 0, &[3])], &[], 0), "header"),
            (file(&[entry("general.alignment", 4, &[3, 0, 0, 0])], &[], 0), "header"),
            (file(&[entry("general.alignment", 4, &[0; 4])], &[], 0), "header"),
            (one("t", &[9], 0, 0), "length"),
            (one("t", &[1 << 62, 1 << 62], 0, 0), "tensor"),
            (one("t", &[u64::MAX], 0, 0), "tensor"),
            (one("t", &[1; 5], 0, 0), "tensor"),
            (one("t", &[31], 8, 0), "tensor"),
            (one("t", &[1], 0, 32), "layout"),
            (one("t", &[1], 0, u64::MAX), "layout"),
            (file(&[], &[tensor("t", &[1], 0, 0), tensor("t", &[1], 0, 32)], 64), "tensor"),
            (file(&[], &[tensor("t", &[1], 0, 0), tensor("u", &[1], 0, 0)], 64), "layout"),
            (file(&[], &[tensor("t", &[16], 0, 0), tensor("u", &[1], 0, 32)], 64), "layout"),
            (file(&[], &[tensor("t", &[1], 0, 0)], 64), "layout"),
        ] {
            assert_eq!(code(&bytes), format!("capture.gguf-{wanted}"));
        }
    }

    #[test]
    fn what_is_not_known_is_not_listed() {
        let big_endian = b"GGUF\0\0\0\x03".to_vec();
        for bytes in [b"GGUF\x01\0\0\0".to_vec(), big_endian, file(&[], &[tensor("t", &[1], 99, 0)], 32)] {
            let tree = Tree::with(&[("m.gguf", &bytes)]);
            let reading = read(&tree.artifacts().files[0], &Work::new(&())).unwrap();
            assert!(matches!(reading.content, Content::Unlisted(_)));
        }
    }
}
