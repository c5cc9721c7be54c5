//! Files of PyTorch since its version 1.6: a ZIP archive.
//!
//! ```text
//! NAME/data.pkl      a pickle: the objects, with ('storage', torch.FloatStorage, '0', 'cpu', 24) in place of bytes
//! NAME/data/0        the bytes of a storage, little-endian
//! NAME/byteorder     "little"
//! ```
//!
//! Nothing is unpickled: the pickle is walked ([`super::pickle`]), and where it would call
//! `torch._utils._rebuild_tensor_v2` with a storage, an offset, a size and strides, there is a tensor. Its name is
//! the keys that lead to it with dots between them, which for a state dictionary are its own names; its digest is
//! over its elements row by row, wherever they lie in the storage. So the same state in `.pt` and in safetensors
//! has the same `tensorDigest`.
//!
//! Where that does not account for every storage (sparse and quantised tensors, classes of one's own), the
//! storages are listed instead, `data/0` and so on. Where the pickle itself holds what may be weights (arrays of
//! `numpy`, bytes, long lists of numbers), nothing is listed: no digest would cover it.

use std::collections::{BTreeMap, BTreeSet};

use model_passport::digest::Digest;
use sha2::Digest as _;

use super::artifacts::Artifact;
use super::pickle::{self, Call, Node, Stop, Value, Walk};
use super::pickle_file::runs_code;
use super::weights::{Reading, Tensor, TensorFile, hash_each, hash_range};
use super::window::Dialect;
use super::zip::{self, Entry};
use super::{CaptureError, Work};

const DIALECT: Dialect = Dialect {
    format: "PyTorch",
    truncated: "capture.torch-storage",
    help: "the file is damaged or incomplete; save the model again with torch.save",
};

/// Largest pickle: names and numbers, no weights.
const MAX_PICKLE_BYTES: u64 = 64 << 20;

/// Most tensors, as for the other formats.
const MAX_TENSORS: usize = 100_000;

/// Most objects on the way to them.
const MAX_VISITS: usize = 1_000_000;

/// Objects inside of objects.
const MAX_DEPTH: usize = 64;

/// Most dimensions, and the longest name: what the schema of a passport takes.
const MAX_RANK: usize = 32;
const MAX_NAME_BYTES: usize = 1_024;

/// Most bytes of the names of what one object holds.
const MAX_NAMES_BYTES: usize = 64 << 20;

/// Most times that the bytes of the file are hashed for its tensors.
const MAX_SHARED: u64 = 16;

/// Most times that the storages are read for tensors whose elements are gathered.
const MAX_GATHERED: u64 = 4;

/// Largest tensor whose elements do not stand in their order in the storage: they are gathered in memory.
const MAX_GATHERED_BYTES: u64 = 64 << 20;

/// Classes of storages: the element type by its name in a passport, and its bytes.
const STORAGES: [(&str, &str, u64); 13] = [
    ("torch.FloatStorage", "float32", 4),
    ("torch.DoubleStorage", "float64", 8),
    ("torch.HalfStorage", "float16", 2),
    ("torch.BFloat16Storage", "bfloat16", 2),
    ("torch.LongStorage", "int64", 8),
    ("torch.IntStorage", "int32", 4),
    ("torch.ShortStorage", "int16", 2),
    ("torch.CharStorage", "int8", 1),
    ("torch.ByteStorage", "uint8", 1),
    ("torch.BoolStorage", "bool", 1),
    ("torch.ComplexFloatStorage", "complex64", 8),
    ("torch.ComplexDoubleStorage", "complex128", 16),
    ("torch.storage.UntypedStorage", "uint8", 1),
];

/// Types of elements in storages without one.
const DTYPES: [(&str, &str, u64); 8] = [
    ("torch.uint16", "uint16", 2),
    ("torch.uint32", "uint32", 4),
    ("torch.uint64", "uint64", 8),
    ("torch.float8_e4m3fn", "float8e4m3fn", 1),
    ("torch.float8_e4m3fnuz", "float8e4m3fnuz", 1),
    ("torch.float8_e5m2", "float8e5m2", 1),
    ("torch.float8_e5m2fnuz", "float8e5m2fnuz", 1),
    ("torch.float8_e8m0fnu", "float8e8m0", 1),
];

/// Whether an archive is one of PyTorch, from its first bytes: the pickle comes first.
pub(super) fn is_archive(head: &[u8]) -> bool {
    let name = || {
        let len = u16::from_le_bytes(head.get(26..28)?.try_into().ok()?);
        head.get(30..30 + usize::from(len))
    };
    head.starts_with(zip::MAGIC) && name().is_some_and(|name| name.ends_with(b"/data.pkl"))
}

/// Reads the archive, walks its pickle, and hashes each tensor.
pub(super) fn read(file: &Artifact, work: &Work<'_>) -> Result<Reading, CaptureError> {
    let entries = zip::read(file)?;
    let pickles: Vec<&Entry> = entries.iter().filter(|entry| entry.name.ends_with("/data.pkl")).collect();
    let [pickle] = pickles.as_slice() else {
        return Ok(Reading::unlisted("a ZIP archive that is not one of PyTorch"));
    };
    let archive = Archive::new(file, &entries, pickle.name.trim_end_matches("data.pkl"));
    if archive.is_big_endian()? {
        return Ok(Reading::unlisted("its numbers are big-endian"));
    }
    let Some(bytes) = pickle.bytes(file, MAX_PICKLE_BYTES)? else {
        return Ok(Reading::unlisted("its pickle is too large to be looked at"));
    };
    let walk = pickle::walk(&*bytes);
    if let Some((at, stop @ (Stop::End | Stop::Operands | Stop::Operation))) = walk.stopped {
        let message = format!("its pickle breaks off at byte {at}: {stop}");
        return Err(DIALECT.refuse(file, "capture.torch-pickle", message));
    }
    let mut reading: Reading = match archive.tensors(&walk) {
        Ok(views) => archive.listed(&views, work)?.into(),
        Err(Trouble::Refused(error)) => return Err(error),
        Err(Trouble::Partly(why)) => Reading::unlisted(why),
        Err(Trouble::Unlisted(why)) => archive.storages(&walk, why, work)?.into(),
    };
    reading.notes.extend(runs_code(&file.path, &walk, is_harmless));
    Ok(reading)
}

/// Whether PyTorch's own loader takes this global for data: with `weights_only`, it imports nothing else.
pub(super) fn is_harmless(global: &str) -> bool {
    let known = |table: &[(&str, &str, u64)]| table.iter().any(|(name, ..)| *name == global);
    let dtype = || STORAGES.iter().any(|(_, dtype, _)| global.strip_prefix("torch.") == Some(*dtype));
    known(&STORAGES) || known(&DTYPES) || HARMLESS.contains(&global) || dtype()
}

const HARMLESS: [&str; 12] = [
    "collections.OrderedDict",
    "torch.Size",
    "torch.device",
    "torch.nn.parameter.Parameter",
    "torch.serialization._get_layout",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",
    "torch._utils._rebuild_sparse_tensor",
    "torch._utils._rebuild_qtensor",
    "torch._utils._rebuild_meta_tensor_no_storage",
];

/// Why the tensors are not listed.
enum Trouble {
    /// The file contradicts itself.
    Refused(CaptureError),
    /// The pickle holds what no storage does, or may.
    Partly(&'static str),
    /// Something that is not read.
    Unlisted(&'static str),
}

struct Archive<'a> {
    file: &'a Artifact,
    /// By key.
    storages: BTreeMap<&'a str, &'a Entry>,
    /// Tensors of compiled code, which have a pickle of their own.
    constants: Vec<&'a Entry>,
    byteorder: Option<&'a Entry>,
}

/// A tensor: a view of a storage.
struct View<'a> {
    name: String,
    entry: &'a Entry,
    dtype: &'static str,
    width: u64,
    /// In elements.
    offset: u64,
    shape: Vec<u64>,
    strides: Vec<u64>,
}

impl<'a> Archive<'a> {
    fn new(file: &'a Artifact, entries: &'a [Entry], prefix: &str) -> Self {
        let mut archive = Self { file, storages: BTreeMap::new(), constants: Vec::new(), byteorder: None };
        for entry in entries {
            let Some(name) = entry.name.strip_prefix(prefix) else { continue };
            match name.split_once('/') {
                Some(("data", key)) => _ = archive.storages.insert(key, entry),
                Some(("constants", _)) => archive.constants.push(entry),
                None if name == "byteorder" => archive.byteorder = Some(entry),
                _ => {}
            }
        }
        archive
    }

    fn is_big_endian(&self) -> Result<bool, CaptureError> {
        let Some(entry) = self.byteorder else { return Ok(false) };
        Ok(entry.bytes(self.file, 16)?.is_none_or(|bytes| bytes != b"little"))
    }

    /// All tensors, if they account for all storages.
    fn tensors(&self, walk: &Walk) -> Result<Vec<View<'a>>, Trouble> {
        let (Some(root), None) = (walk.roots.first(), walk.stopped) else {
            return Err(Trouble::Partly("its pickle holds more than is looked at"));
        };
        if let Some(what) = walk.payload {
            return Err(Trouble::Partly(what));
        }
        if !self.constants.is_empty() {
            return Err(Trouble::Unlisted("its pickle holds more than is looked at"));
        }
        let (mut views, mut used, mut visits) = (Vec::new(), BTreeSet::new(), 0);
        let mut todo = vec![(*root, String::new(), 0)];
        while let Some((value, name, depth)) = todo.pop() {
            visits += 1;
            if visits > MAX_VISITS || depth > MAX_DEPTH || views.len() >= MAX_TENSORS {
                return Err(Trouble::Unlisted("it holds more objects than are looked at"));
            }
            if let Some(rebuilt) = Rebuilt::of(walk, value) {
                let Some((key, view)) = rebuilt.view(self, walk, &name)? else {
                    return Err(Trouble::Unlisted("it holds tensors of a sort that is not read"));
                };
                used.insert(key);
                views.push(view);
                continue;
            }
            // Of the ways to make a tensor, the others give something else than its elements in a row.
            let other = walk.call(value).and_then(|call| walk.global(call.callable));
            let other = other.is_some_and(|name| name.starts_with("torch.") && name.contains("._rebuild_"));
            if other || matches!(walk.node(value), Some(Node::Persistent(_))) {
                return Err(Trouble::Unlisted("it holds tensors of a sort that is not read"));
            }
            if name.len() > MAX_NAME_BYTES || walk.items(value).saturating_mul(name.len()) > MAX_NAMES_BYTES {
                return Err(Trouble::Unlisted("its tensors would have names that are too long"));
            }
            push_children(walk, value, &name, depth + 1, &mut todo);
        }
        // Views may share bytes, as tied weights do; a small file whose views make a large one is no model.
        let viewed = views.iter().map(View::bytes).fold(0, u64::saturating_add);
        if viewed / MAX_SHARED > self.file.hashed.stamp.size {
            return Err(Trouble::Unlisted("its tensors share too many bytes"));
        }
        let gathered = views.iter().filter(|view| view.is_gathered()).map(|view| view.entry.size);
        let stored = self.storages.values().map(|entry| entry.size).fold(0, u64::saturating_add);
        if gathered.fold(0, u64::saturating_add) / MAX_GATHERED > stored {
            return Err(Trouble::Unlisted("its tensors share too many bytes"));
        }
        if used.len() != self.storages.len() {
            return Err(Trouble::Unlisted("not every storage is a tensor of a sort that is read"));
        }
        views.sort_by(|a, b| a.name.cmp(&b.name));
        if views.iter().any(|view| view.name.len() > MAX_NAME_BYTES)
            || views.array_windows().any(|[a, b]| a.name == b.name)
        {
            return Err(Trouble::Unlisted("two of its tensors would have one name, or one too long"));
        }
        Ok(views)
    }

    fn listed(&self, views: &[View<'_>], work: &Work<'_>) -> Result<TensorFile, CaptureError> {
        work.expect(views.iter().map(View::bytes).fold(0, u64::saturating_add));
        let digests = hash_each(views, |view| view.digest(self.file, work))?;
        let tensors = views.iter().zip(digests).map(|(view, sha256)| Tensor {
            name: view.name.clone(),
            dtype: view.dtype,
            shape: view.shape.clone(),
            sha256,
        });
        Ok(TensorFile::new("pytorch", tensors.collect()))
    }

    /// Every storage as if it were a tensor of one dimension.
    fn storages(&self, walk: &Walk, why: &str, work: &Work<'_>) -> Result<TensorFile, CaptureError> {
        let dtypes = walk.persistent().filter_map(|id| {
            let [_, class, key, ..] = walk.tuple(id)? else { return None };
            let class = walk.global(*class)?;
            let (_, dtype, width) = STORAGES.iter().find(|(name, ..)| *name == class)?;
            Some((walk.text(*key)?, (*dtype, *width)))
        });
        let dtypes: BTreeMap<&str, (&'static str, u64)> = dtypes.collect();
        let mut counted = self.constants.is_empty();
        let mut all: Vec<(String, &Entry, &'static str, u64)> = Vec::new();
        for (key, entry) in &self.storages {
            let known = dtypes.get(key).filter(|(_, width)| entry.size % width == 0);
            counted &= known.is_some();
            let (dtype, width) = known.copied().unwrap_or(("uint8", 1));
            all.push((format!("data/{key}"), entry, dtype, entry.size / width));
        }
        for entry in &self.constants {
            let name = entry.name.split_once('/').map_or(entry.name.as_str(), |(_, name)| name);
            all.push((name.to_owned(), entry, "uint8", entry.size));
        }
        work.expect(all.iter().map(|(_, entry, ..)| entry.size).fold(0, u64::saturating_add));
        let digests = hash_each(&all, |(_, entry, ..)| entry.digest(self.file, work))?;
        let tensors = all.into_iter().zip(digests);
        let mut tensors: Vec<Tensor> = tensors
            .map(|((name, _, dtype, len), sha256)| Tensor { name, dtype, shape: vec![len], sha256 })
            .collect();
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        let remark = Some(format!("listed by storage, because {why}"));
        Ok(TensorFile { remark, counted, ..TensorFile::new("pytorch", tensors) })
    }
}

/// Adds what an object holds, each with the name that leads to it.
fn push_children(
    walk: &Walk,
    value: Value,
    name: &str,
    depth: usize,
    todo: &mut Vec<(Value, String, usize)>,
) {
    let under = |part: &str| match (name, part) {
        // Where a module keeps its parts: not in the names of its state dictionary.
        (_, "_parameters" | "_buffers" | "_modules") => name.to_owned(),
        ("", part) => part.to_owned(),
        _ => format!("{name}.{part}"),
    };
    let mut pairs = |pairs: &[(Value, Value)]| {
        // Set twice, the later one counts. Keys that only look alike are two: a number and its digits, or two of
        // which nothing is known. Tensors under them have one name, which is found later.
        let mut members = BTreeMap::new();
        for (at, (key, value)) in pairs.iter().enumerate() {
            let key = match key {
                Value::Int(key) => (0, key.to_string()),
                key => match walk.text(*key) {
                    Some(text) => (1, text.to_owned()),
                    None => (at.saturating_add(2), "?".to_owned()),
                },
            };
            members.insert(key, *value);
        }
        todo.extend(members.into_iter().map(|((_, key), value)| (value, under(&key), depth)));
    };
    match walk.node(value) {
        Some(Node::Dict(items)) => pairs(items),
        Some(Node::Call(call)) => {
            pairs(&call.items);
            for part in [call.arguments, call.state] {
                todo.push((part, name.to_owned(), depth));
            }
        }
        Some(Node::List(items, ..)) => {
            todo.extend(items.iter().map(|(at, value)| (*value, under(&at.to_string()), depth)));
        }
        Some(Node::Tuple(items)) => {
            let items = items.iter().enumerate().filter(|(_, item)| matches!(item, Value::Node(_)));
            todo.extend(items.map(|(at, value)| (*value, under(&at.to_string()), depth)));
        }
        Some(Node::Global(_) | Node::Persistent(_) | Node::Text(_)) | None => {}
    }
}

/// A call that gives a tensor: its arguments, and whether they end in an element type.
struct Rebuilt<'w> {
    arguments: &'w [Value],
    typed: bool,
}

impl<'w> Rebuilt<'w> {
    fn of(walk: &'w Walk, value: Value) -> Option<Self> {
        let mut value = value;
        // A parameter is a tensor in a wrapper.
        for _ in 0..4 {
            let Call { callable, arguments, .. } = walk.call(value)?;
            let arguments = walk.tuple(*arguments)?;
            match walk.global(*callable)? {
                "torch._utils._rebuild_tensor_v2" => return Some(Self { arguments, typed: false }),
                "torch._utils._rebuild_tensor_v3" => return Some(Self { arguments, typed: true }),
                "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state" => {
                    value = *arguments.first()?;
                }
                _ => return None,
            }
        }
        None
    }

    /// The key of its storage, and the tensor.
    fn view<'a>(
        &self,
        archive: &Archive<'a>,
        walk: &Walk,
        name: &str,
    ) -> Result<Option<(&'a str, View<'a>)>, Trouble> {
        let Some((storage, offset, shape, strides)) = self.parts(walk) else { return Ok(None) };
        // Conjugated or negated when it is loaded: the stored bytes are not the elements.
        let changes = self.arguments.get(if self.typed { 7 } else { 6 });
        if changes.is_some_and(|changes| walk.items(*changes) > 0) {
            return Ok(None);
        }
        let Some((class, key, elements)) = Self::storage(walk, storage) else { return Ok(None) };
        let Some((_, dtype, width)) = STORAGES.iter().find(|(known, ..)| *known == class) else {
            return Ok(None);
        };
        let refused = |what: &str| {
            let message = format!("tensor `{name}` {what}");
            Trouble::Refused(DIALECT.refuse(archive.file, "capture.torch-storage", message))
        };
        let stored = archive.storages.get_key_value(key).ok_or_else(|| refused("has no storage"))?;
        let (key, entry) = (*stored.0, *stored.1);
        if elements.checked_mul(*width) != Some(entry.size) {
            return Err(refused("has a storage of another size"));
        }
        let (mut dtype, mut width) = (*dtype, *width);
        if self.typed {
            let Some(said) = self.arguments.get(6).and_then(|said| walk.global(*said)) else {
                return Ok(None);
            };
            let Some(known) = DTYPES.iter().find(|(name, ..)| *name == said) else { return Ok(None) };
            (dtype, width) = (known.1, known.2);
        }
        let view = View { name: name.to_owned(), entry, dtype, width, offset, shape, strides };
        let fits = view.end().and_then(|end| end.checked_mul(width)).is_some_and(|end| end <= entry.size);
        if view.shape.len() > MAX_RANK || view.shape.len() != view.strides.len() || !fits {
            return Err(refused("does not lie in its storage"));
        }
        if !view.is_contiguous() && (view.bytes() > MAX_GATHERED_BYTES || entry.size > MAX_GATHERED_BYTES) {
            return Ok(None);
        }
        Ok(Some((key, view)))
    }

    fn parts(&self, walk: &Walk) -> Option<(Value, u64, Vec<u64>, Vec<u64>)> {
        let [storage, Value::Int(offset), shape, strides, ..] = self.arguments else { return None };
        let numbers = |value: Value| {
            let number = |item: &Value| match item {
                Value::Int(number) => u64::try_from(*number).ok(),
                _ => None,
            };
            walk.tuple(value)?.iter().map(number).collect::<Option<Vec<u64>>>()
        };
        Some((*storage, u64::try_from(*offset).ok()?, numbers(*shape)?, numbers(*strides)?))
    }

    fn storage(walk: &Walk, value: Value) -> Option<(&str, &str, u64)> {
        let Node::Persistent(id) = walk.node(value)? else { return None };
        let [kind, class, key, _device, Value::Int(len), ..] = walk.tuple(*id)? else { return None };
        if walk.text(*kind) != Some("storage") {
            return None;
        }
        Some((walk.global(*class)?, walk.text(*key)?, u64::try_from(*len).ok()?))
    }
}

impl View<'_> {
    fn elements(&self) -> Option<u64> {
        self.shape.iter().try_fold(1_u64, |count, len| count.checked_mul(*len))
    }

    fn bytes(&self) -> u64 {
        self.elements().and_then(|elements| elements.checked_mul(self.width)).unwrap_or(u64::MAX)
    }

    /// One more than the last element, in elements; nothing if there cannot be so many.
    fn end(&self) -> Option<u64> {
        if self.elements()? == 0 {
            return Some(0);
        }
        let mut last = self.offset;
        for (len, stride) in self.shape.iter().zip(&self.strides) {
            last = last.checked_add(len.checked_sub(1)?.checked_mul(*stride)?)?;
        }
        last.checked_add(1)
    }

    fn is_contiguous(&self) -> bool {
        let mut expected = 1_u64;
        for (len, stride) in self.shape.iter().zip(&self.strides).rev() {
            if *len != 1 && *stride != expected {
                return self.bytes() == 0;
            }
            expected = expected.saturating_mul(*len);
        }
        true
    }

    /// Whether the whole storage is read for it.
    fn is_gathered(&self) -> bool {
        self.entry.compressed || !self.is_contiguous()
    }

    fn digest(&self, file: &Artifact, work: &Work<'_>) -> Result<Digest, CaptureError> {
        let (start, len) = (self.offset.saturating_mul(self.width), self.bytes());
        if len == 0 {
            return Ok(Digest::of([]));
        }
        if !self.is_gathered() {
            let start = self.entry.data.start + start;
            return hash_range(file, &(start..start + len), work);
        }
        let large = || DIALECT.refuse(file, "capture.torch-storage", "a compressed storage is too large");
        let bytes = self.entry.bytes(file, MAX_GATHERED_BYTES)?.ok_or_else(large)?;
        let mut sha256 = sha2::Sha256::new();
        self.gather(&bytes, &mut |element| sha256.update(element));
        work.advance(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(Digest::Sha256(sha256.finalize().into()))
    }

    /// Hands on the elements row by row.
    fn gather(&self, storage: &[u8], to: &mut dyn FnMut(&[u8])) {
        let mut index = vec![0_u64; self.shape.len()];
        loop {
            let steps = index.iter().zip(&self.strides).map(|(at, stride)| at * stride);
            let at = (self.offset + steps.sum::<u64>()) * self.width;
            // INVARIANT: every element lies in the storage, which `view` has checked.
            let range = usize::try_from(at).ok().zip(usize::try_from(at + self.width).ok());
            to(range.and_then(|(start, end)| storage.get(start..end)).unwrap_or_default());
            // The next index, the last dimension fastest.
            let mut carry = true;
            for (at, len) in index.iter_mut().zip(&self.shape).rev() {
                *at += 1;
                carry = *at == *len;
                if !carry {
                    break;
                }
                *at = 0;
            }
            if carry {
                return;
            }
        }
    }
}

#[cfg(test)]
#[path = "torch_tests.rs"]
mod tests;
