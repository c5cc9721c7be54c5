//! The [HDF5](https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html) format, as far as weights need it,
//! and the `.keras` archives that hold such a file.
//!
//! ```text
//! superblock       version 0 or 1, with the root's symbol table entry; 2 or 3, with its object header
//! object header    version 1 or 2: messages, in blocks that continue elsewhere
//! group            symbol table (B-tree of names in a local heap), or link messages
//! dataset          dataspace (shape), datatype, layout (where its bytes are)
//! ```
//!
//! Listed are datasets of little-endian numbers that lie in one piece, by the path that leads to them: what Keras
//! writes. A file that uses anything else (chunks, compression, text, large groups of the newest version) is valid
//! and not listed; an address or size that leads out of the file is an error.
//!
//! Links to other files are not followed. An object that many links lead to is read once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use model_passport::digest::Digest;
use model_passport::json;

use super::artifacts::Artifact;
use super::hdf5_messages::{Layout, Link, Message, datatype, layout, link, read_header, shape};
use super::weights::{Content, Reading, Tensor, TensorFile, hash_each, hash_range};
use super::window::{Dialect, Window};
use super::{CaptureError, Work, zip};

pub(super) const MAGIC: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

pub(super) const DIALECT: Dialect = Dialect {
    format: "HDF5",
    truncated: "capture.hdf5-length",
    help: "the file is damaged or incomplete; save the model again",
};

/// No address.
pub(super) const UNDEFINED: u64 = u64::MAX;

/// Most links, in all groups together.
const MAX_LINKS: usize = 100_000;

/// Most nodes of the trees of all groups.
const MAX_NODES: usize = 100_000;

/// Longest path of an object: what the schema of a passport takes.
const MAX_PATH_BYTES: usize = 1_024;

/// Levels of groups.
const MAX_DEPTH: usize = 64;

/// Where a Keras archive has its weights, and what it says of itself.
const KERAS_WEIGHTS: &str = "model.weights.h5";
const KERAS_METADATA: &str = "metadata.json";
const MAX_METADATA_BYTES: u64 = 64 << 10;

/// Why a file stops being read.
pub(super) enum Trouble {
    /// It contradicts itself, or cannot be read.
    Refused(CaptureError),
    /// It uses something that is not read.
    Unlisted(String),
}

impl From<CaptureError> for Trouble {
    fn from(error: CaptureError) -> Self {
        Self::Refused(error)
    }
}

pub(super) fn unlisted<T>(why: impl Into<String>) -> Result<T, Trouble> {
    Err(Trouble::Unlisted(why.into()))
}

/// Reads a `.h5` or `.hdf5` file.
pub(super) fn read(file: &Artifact, work: &Work<'_>) -> Result<Reading, CaptureError> {
    read_part(file, 0..file.hashed.stamp.size, "hdf5", work)
}

/// Reads a `.keras` archive.
pub(super) fn read_keras(file: &Artifact, work: &Work<'_>) -> Result<Reading, CaptureError> {
    let entries = zip::read(file)?;
    let Some(weights) = entries.iter().find(|entry| entry.name == KERAS_WEIGHTS) else {
        return Ok(Reading::unlisted(format!("an archive without `{KERAS_WEIGHTS}`")));
    };
    if weights.compressed {
        return Ok(Reading::unlisted("its weights are compressed"));
    }
    let mut reading = read_part(file, weights.data.clone(), "keras", work)?;
    let metadata = entries.iter().find(|entry| entry.name == KERAS_METADATA);
    let text = metadata.map(|entry| entry.bytes(file, MAX_METADATA_BYTES)).transpose()?.flatten();
    let document = text.and_then(|text| json::parse(&String::from_utf8(text).ok()?).ok());
    let version = document.as_ref().and_then(|document| document.get("keras_version")?.as_str());
    if let (Content::Tensors(tensors), Some(version)) = (&mut reading.content, version) {
        tensors.metadata.push(("keras_version".to_owned(), version.to_owned()));
    }
    Ok(reading)
}

fn read_part(
    file: &Artifact,
    range: Range<u64>,
    format: &'static str,
    work: &Work<'_>,
) -> Result<Reading, CaptureError> {
    let mut window = Window::part(file, range, DIALECT)?;
    if window.len() < 8 || &window.array::<8>()? != MAGIC {
        return Err(window.refuse("capture.hdf5-header", "it does not start as HDF5 does"));
    }
    let datasets = match Tree::read(&mut window) {
        Ok(datasets) => datasets,
        Err(Trouble::Refused(error)) => return Err(error),
        Err(Trouble::Unlisted(why)) => return Ok(Reading::unlisted(why)),
    };
    check_overlap(&window, &datasets)?;
    window.unchanged()?;
    let distinct: BTreeSet<(u64, u64)> = datasets.iter().map(|set| (set.data.start, set.data.end)).collect();
    let distinct: Vec<(u64, u64)> = distinct.into_iter().collect();
    work.expect(distinct.iter().map(|(start, end)| end - start).sum());
    let digests = hash_each(&distinct, |(start, end)| hash_range(file, &(*start..*end), work))?;
    let digests: BTreeMap<(u64, u64), Digest> = distinct.into_iter().zip(digests).collect();
    let mut tensors: Vec<Tensor> = Vec::new();
    for Dataset { name, dtype, shape, data, .. } in datasets {
        // INVARIANT: every range is among the distinct ones.
        let Some(sha256) = digests.get(&(data.start, data.end)).copied() else { continue };
        tensors.push(Tensor { name, dtype, shape, sha256 });
    }
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some([first, _]) = tensors.array_windows().find(|[a, b]| a.name == b.name) {
        return Err(window.refuse("capture.hdf5-header", format!("two objects are named `{}`", first.name)));
    }
    Ok(TensorFile::new(format, tensors).into())
}

#[derive(Clone)]
struct Dataset {
    name: String,
    dtype: &'static str,
    shape: Vec<u64>,
    /// In the file.
    data: Range<u64>,
    /// The address of its object header.
    object: u64,
}

/// Two datasets that share bytes would make a small file dear to hash.
fn check_overlap(window: &Window<'_>, datasets: &[Dataset]) -> Result<(), CaptureError> {
    let spans: BTreeSet<(u64, u64, u64)> = datasets
        .iter()
        .filter(|set| !set.data.is_empty())
        .map(|set| (set.data.start, set.data.end, set.object))
        .collect();
    let spans: Vec<_> = spans.into_iter().collect();
    match spans.array_windows().any(|[(_, end, _), (start, ..)]| end > start) {
        true => Err(window.refuse("capture.hdf5-dataset", "two of its datasets share bytes")),
        false => Ok(()),
    }
}

/// The way through the groups.
struct Tree {
    /// Path, address of the object header, level.
    todo: Vec<(String, u64, usize)>,
    /// Groups that were read.
    seen: BTreeSet<u64>,
    /// Datasets that were read, by address: their places in `found`.
    datasets: BTreeMap<u64, usize>,
    links: usize,
    nodes: usize,
    found: Vec<Dataset>,
}

impl Tree {
    fn read(window: &mut Window<'_>) -> Result<Vec<Dataset>, Trouble> {
        let root = superblock(window)?;
        let todo = vec![(String::new(), root, 0)];
        let (seen, datasets) = (BTreeSet::new(), BTreeMap::new());
        let mut tree = Self { todo, seen, datasets, links: 0, nodes: 0, found: Vec::new() };
        while let Some((path, address, depth)) = tree.todo.pop() {
            if depth > MAX_DEPTH {
                return unlisted("its groups are nested too deep");
            }
            let known = tree.datasets.get(&address).and_then(|at| tree.found.get(*at)).cloned();
            if let Some(dataset) = known {
                tree.found.push(Dataset { name: path, ..dataset });
            } else if !tree.seen.contains(&address) {
                tree.object(window, path, address, depth)?;
            }
        }
        Ok(tree.found)
    }

    fn object(
        &mut self,
        window: &mut Window<'_>,
        path: String,
        address: u64,
        depth: usize,
    ) -> Result<(), Trouble> {
        let messages = read_header(window, address)?;
        let of = |kind: u16| messages.iter().find(|message| message.kind == kind);
        if let Some(layout) = of(Message::LAYOUT) {
            let (Some(space), Some(kind)) = (of(Message::DATASPACE), of(Message::DATATYPE)) else {
                return Err(window.refuse("capture.hdf5-header", "a dataset without shape or type").into());
            };
            if of(Message::EXTERNAL_FILES).is_some() {
                return unlisted(format!("`{path}` is in other files"));
            }
            let dataset = dataset(window, path, address, [space, kind, layout])?;
            self.datasets.insert(address, self.found.len());
            self.found.push(dataset);
            return Ok(());
        }
        self.seen.insert(address);
        for message in messages.iter().filter(|message| message.kind == Message::LINK) {
            match link(window, message)? {
                Link::Hard(name, to) => self.add(&path, &name, to, depth)?,
                Link::Soft => {}
                Link::External => return unlisted(format!("`{path}` links to another file")),
            }
        }
        if let Some(info) = of(Message::LINK_INFO) {
            window.seek(info.start + 1)?;
            let indexed = if window.u8()? & 1 != 0 { 8 } else { 0 };
            window.skip(indexed)?;
            if window.u64()? != UNDEFINED {
                return unlisted(format!("`{path}` is a large group of the newest version"));
            }
        }
        if let Some(table) = of(Message::SYMBOL_TABLE) {
            window.seek(table.start)?;
            let (tree, heap) = (window.u64()?, window.u64()?);
            self.symbol_table(window, &path, tree, heap, depth)?;
        }
        Ok(())
    }

    fn add(&mut self, path: &str, name: &str, to: u64, depth: usize) -> Result<(), Trouble> {
        self.links += 1;
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        if self.links > MAX_LINKS || path.len() > MAX_PATH_BYTES {
            return unlisted("it has more objects, or longer names, than are looked at");
        }
        self.todo.push((path, to, depth + 1));
        Ok(())
    }

    /// A group of the old version: a B-tree over nodes of entries, whose names are in a heap.
    fn symbol_table(
        &mut self,
        window: &mut Window<'_>,
        path: &str,
        tree: u64,
        heap: u64,
        depth: usize,
    ) -> Result<(), Trouble> {
        let wrong = |window: &Window<'_>, what: &str| {
            Trouble::Refused(window.refuse("capture.hdf5-header", format!("{what} is damaged")))
        };
        window.seek(heap)?;
        if &window.array::<4>()? != b"HEAP" {
            return Err(wrong(window, "a heap of names"));
        }
        window.skip(4)?;
        let (len, _free, names) = (window.u64()?, window.u64()?, window.u64()?);
        window.range(names, len, "a heap of names")?;
        let mut nodes = vec![(tree, u8::MAX)];
        while let Some((address, below)) = nodes.pop() {
            self.nodes += 1;
            if self.nodes > MAX_NODES {
                return unlisted("it has more objects than are looked at");
            }
            window.seek(address)?;
            match &window.array::<4>()? {
                b"TREE" => {
                    let (kind, level, count) = (window.u8()?, window.u8()?, window.u16()?);
                    // Levels fall, so the way down ends.
                    if kind != 0 || level >= below {
                        return Err(wrong(window, "a tree of names"));
                    }
                    window.skip(16)?;
                    for _ in 0..count {
                        window.skip(8)?;
                        nodes.push((window.u64()?, level));
                    }
                }
                b"SNOD" if below == 0 => {
                    window.skip(2)?;
                    let count = window.u16()?;
                    let mut entries = Vec::new();
                    for _ in 0..count {
                        let (name, object, kind) = (window.u64()?, window.u64()?, window.u32()?);
                        window.skip(20)?;
                        // 2: a link by path, to an object that has a name of its own.
                        if kind != 2 {
                            entries.push((name, object));
                        }
                    }
                    for (name, object) in entries {
                        let left = len.checked_sub(name).ok_or_else(|| wrong(window, "a name"))?;
                        window.seek(names.saturating_add(name))?;
                        let bytes = window.take(left.min(1_025))?;
                        let end = bytes.iter().position(|byte| *byte == 0);
                        let bytes =
                            end.and_then(|end| bytes.get(..end)).ok_or_else(|| wrong(window, "a name"))?;
                        let name = std::str::from_utf8(bytes).map_err(|_| wrong(window, "a name"))?;
                        self.add(path, name, object, depth)?;
                    }
                }
                _ => return Err(wrong(window, "a tree of names")),
            }
        }
        Ok(())
    }
}

/// The address of the root's object header.
fn superblock(window: &mut Window<'_>) -> Result<u64, Trouble> {
    let version = window.u8()?;
    let (base, end, root) = match version {
        0 | 1 => {
            window.skip(4)?;
            sizes(window)?;
            window.skip(if version == 0 { 9 } else { 13 })?;
            let (base, _free, end, _driver) = (window.u64()?, window.u64()?, window.u64()?, window.u64()?);
            let (_name, root) = (window.u64()?, window.u64()?);
            (base, end, root)
        }
        2 | 3 => {
            sizes(window)?;
            window.skip(1)?;
            let (base, _extension, end, root) = (window.u64()?, window.u64()?, window.u64()?, window.u64()?);
            (base, end, root)
        }
        _ => return unlisted("a version of HDF5 that is not read"),
    };
    if base != 0 {
        return unlisted("its addresses do not count from its start");
    }
    if end > window.len() {
        return Err(window.cut_off("the file").into());
    }
    Ok(root)
}

/// Addresses and lengths can have other sizes; in practice they have 8 bytes.
fn sizes(window: &mut Window<'_>) -> Result<(), Trouble> {
    if (window.u8()?, window.u8()?) == (8, 8) {
        Ok(())
    } else {
        unlisted("its addresses do not have 64 bits")
    }
}

fn dataset(
    window: &mut Window<'_>,
    name: String,
    object: u64,
    [space, kind, place]: [&Message; 3],
) -> Result<Dataset, Trouble> {
    if [space, kind, place].iter().any(|message| message.shared) {
        return unlisted(format!("the type of `{name}` is shared"));
    }
    let Some(shape) = shape(window, space)? else { return unlisted(format!("`{name}` has no shape")) };
    let Some((dtype, width)) = datatype(window, kind)? else {
        return unlisted(format!("`{name}` is not of little-endian numbers"));
    };
    let bytes = shape.iter().try_fold(width, |bytes, len| bytes.checked_mul(*len));
    let wrong = |window: &Window<'_>| {
        let message = format!("dataset `{name}` has a size that its shape and type do not make");
        Trouble::Refused(window.refuse("capture.hdf5-dataset", message))
    };
    let bytes = bytes.ok_or_else(|| wrong(window))?;
    let (address, len) = match layout(window, place)? {
        Layout::At(..) if bytes == 0 => (0, 0),
        Layout::At(UNDEFINED, _) => return unlisted(format!("`{name}` was never written")),
        Layout::At(address, len) => (address, len),
        Layout::Other(what) => return unlisted(format!("`{name}` is {what}")),
    };
    if len != bytes {
        return Err(wrong(window));
    }
    let data = window.range(address, len, "a dataset")?;
    Ok(Dataset { name, dtype, shape, data, object })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Tree as Files, model_file};
    use super::*;
    use crate::problem::Problem as _;

    fn reading(name: &str, bytes: &[u8]) -> Result<Content, CaptureError> {
        let tree = Files::with(&[(name, bytes)]);
        let (artifacts, work) = (tree.artifacts(), Work::new(&()));
        let read = if name.ends_with(".keras") { read_keras } else { read };
        read(&artifacts.files[0], &work).map(|reading| reading.content)
    }

    fn tensors(name: &str) -> Vec<Tensor> {
        match reading(name, &model_file(name)).unwrap() {
            Content::Tensors(file) => file.tensors,
            other => panic!("{name}: {other:?}"),
        }
    }

    fn safetensors() -> Vec<Tensor> {
        let tree = Files::with(&[("m.safetensors", &model_file("hdf5.safetensors"))]);
        super::super::safetensors::read(&tree.artifacts().files[0], &Work::new(&())).unwrap().tensors
    }

    #[test]
    fn both_versions_give_what_safetensors_gives() {
        assert_eq!(tensors("old.h5"), safetensors());
        let few: Vec<Tensor> =
            safetensors().into_iter().filter(|tensor| !tensor.name.starts_with("many")).collect();
        assert_eq!(tensors("new.h5"), few);
    }

    /// A group of links to one dataset of a byte, whose header has many messages.
    fn links(count: u8, messages: usize) -> Vec<u8> {
        let header = |body: &[u8]| {
            let len = u32::try_from(body.len()).unwrap().to_le_bytes();
            [b"OHDR\x02\x02", &len[..], body, &[0; 4]].concat()
        };
        let message =
            |kind: u8, body: &[u8]| [&[kind, u8::try_from(body.len()).unwrap(), 0, 0], body].concat();
        let layout = [&[3, 1][..], &48_u64.to_le_bytes(), &1_u64.to_le_bytes()].concat();
        let set = header(
            &[
                message(1, &[2, 0, 0, 0]),
                message(3, &[0x10, 8, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]),
                message(8, &layout),
                message(0, &[]).repeat(messages),
            ]
            .concat(),
        );
        let link = |at: u8| {
            message(6, &[&[1, 0, 2, b'a' + at / 16, b'a' + at % 16][..], &49_u64.to_le_bytes()].concat())
        };
        let root = 49 + u64::try_from(set.len()).unwrap();
        let group = header(&(0..count).flat_map(link).collect::<Vec<u8>>());
        let end = root + u64::try_from(group.len()).unwrap();
        let numbers: Vec<u8> = [0, u64::MAX, end, root].into_iter().flat_map(u64::to_le_bytes).collect();
        [MAGIC, &[2, 8, 8, 0][..], &numbers, &[0; 4], &[1], &set, &group].concat()
    }

    #[test]
    fn a_dataset_with_many_names_is_read_once() {
        let started = std::time::Instant::now();
        let Content::Tensors(file) = reading("m.h5", &links(200, 4_000)).unwrap() else { panic!() };
        assert_eq!((file.tensors.len(), file.tensors[199].name.as_str()), (200, "mh"));
        assert!(file.tensors.iter().all(|tensor| tensor.sha256 == Digest::of([1])));
        let took = started.elapsed();
        assert!(took < std::time::Duration::from_secs(2), "{took:?}");
    }

    #[test]
    fn keras_files_are_read() {
        let tensors = tensors("small.keras");
        let found: Vec<(&str, &[u64])> =
            tensors.iter().map(|tensor| (tensor.name.as_str(), &tensor.shape[..])).collect();
        assert_eq!(found, [("layers/dense/vars/0", &[3, 2][..]), ("layers/dense/vars/1", &[2])]);
        let file = model_file("small.keras");
        for at in (0..file.len()).step_by(211) {
            assert!(reading("m.keras", &file[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn what_is_not_read_is_not_listed() {
        for (name, why) in [
            ("chunked.h5", "`packed` is in chunks"),
            ("compact.h5", "`big-endian` is not of little-endian numbers"),
            ("dense.h5", "large group"),
        ] {
            match reading(name, &model_file(name)).unwrap() {
                Content::Unlisted(said) => assert!(said.contains(why), "{name}: {said}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    #[test]
    fn every_cut_and_every_changed_byte_gives_an_answer() {
        // The small file at every byte, the others at some.
        for (name, step) in [("compact.h5", 1), ("new.h5", 41), ("old.h5", 97)] {
            let whole = model_file(name);
            for at in (0..whole.len()).step_by(step) {
                assert!(reading("m.h5", &whole[..at]).is_err(), "{name} {at}");
                let mut changed = whole.clone();
                changed[at] ^= 0xff;
                _ = reading("m.h5", &changed);
            }
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        for bytes in [&b""[..], b"PK\x03\x04", &[0; 64], b"\x89HDF\r\n\x1a\n"] {
            let code = reading("m.h5", bytes).unwrap_err().code();
            assert!(["capture.hdf5-header", "capture.hdf5-length"].contains(&code), "{code}");
        }
    }
}
