//! The weights of a model: one node for each file that holds tensors, and the model's interface.
//!
//! Each tensor has a SHA-256 of its own over its little-endian bytes, so that two files can be compared
//! tensor by tensor whatever else differs. `tensorDigest` is the SHA-256 of the RFC 8785 form of the whole
//! list, sorted by name, and stands even where the list is too long to be written out; `contentDigest` is the same
//! without the names, which differ from one program to the next. Types have the same
//! names whatever the format, so the same tensors in ONNX and in safetensors have the same `tensorDigest`.
//!
//! Either all tensors of a file are listed or none, and then the source says why: two files with the same
//! `tensorDigest` have the same tensors.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use model_passport::canon::jcs;
use model_passport::digest::Digest;
use model_passport::json::{self, Json, Object};
use rayon::prelude::*;
use sha2::Digest as _;

use super::artifacts::{Artifact, Artifacts};
use super::node::{integer, measured};
use super::{
    CaptureError, Found, Unlisted, Work, gguf, hdf5, onnx, pickle_file, safetensors, tensorflow, torch, zip,
};

/// Most tensors written out in one passport: 9 JSON values and about 150 bytes each.
const MAX_LISTED_TENSORS: usize = 1_024;

/// Most bytes of a format's own key-value metadata that are copied. Some trainers put whole logs there.
const MAX_METADATA_BYTES: usize = 16 << 10;

/// Most entries of it, as in the schema of a passport.
const MAX_METADATA_ENTRIES: usize = 256;

/// Most files in one passport, as in its schema.
const MAX_LISTED_FILES: usize = 256;

/// Enough of a file to tell its format.
const HEAD_BYTES: u64 = 512;

/// Bytes read at a time when one tensor is hashed.
const READ_BYTES: usize = 256 << 10;

/// What a reader made of a file.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) content: Content,
    /// What a person should know, as code and message.
    pub(super) notes: Vec<(&'static str, String)>,
}

/// What a file holds.
#[derive(Debug)]
pub(super) enum Content {
    /// Nothing that any reader knows.
    Bytes,
    /// What goes in and what comes out: the `ModelInterface` node.
    Interface(Object),
    /// All of its tensors.
    Tensors(TensorFile),
    /// Tensors, but not all of them can be told apart; why. A list of the others would have a digest that does
    /// not change when the missing ones do, so there is none.
    Unlisted(String),
    /// Likewise, and the `ModelInterface` node.
    UnlistedInterface(Object, String),
}

/// All tensors of one file.
#[derive(Debug)]
pub(super) struct TensorFile {
    pub(super) format: &'static str,
    pub(super) tensors: Vec<Tensor>,
    pub(super) metadata: Vec<(String, String)>,
    /// The `ModelInterface` node, where the format describes one.
    pub(super) interface: Option<Object>,
    /// Said beside the file's name.
    pub(super) remark: Option<String>,
    /// Whether the shapes count parameters: not where the element types are not known.
    pub(super) counted: bool,
}

/// One tensor.
#[derive(Debug, PartialEq)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) dtype: &'static str,
    pub(super) shape: Vec<u64>,
    pub(super) sha256: Digest,
}

impl Reading {
    pub(super) fn unlisted(why: impl Into<String>) -> Self {
        Content::Unlisted(why.into()).into()
    }
}

impl From<Content> for Reading {
    fn from(content: Content) -> Self {
        Self { content, notes: Vec::new() }
    }
}

impl From<TensorFile> for Reading {
    fn from(file: TensorFile) -> Self {
        Content::Tensors(file).into()
    }
}

/// What a reader gets: the file, the files around it, and who wants to know how far it is.
type Reader = fn(&Artifact, &Artifacts, &Work<'_>) -> Result<Reading, CaptureError>;

/// Formats by the end of a name. Names that several formats share are decided by the first bytes.
const READERS: [(&[&str], Reader); 10] = [
    (&["onnx"], |file, artifacts, work| onnx::read(file, artifacts, work)),
    (&["safetensors"], |file, _, work| Ok(safetensors::read(file, work)?.into())),
    (&["gguf"], |file, _, work| gguf::read(file, work)),
    (&["pt", "pth"], |file, _, work| match head(file)? {
        head if head.starts_with(zip::MAGIC) => torch::read(file, work),
        head if pickle_file::is_pickle(&head) => pickle_file::read(file),
        _ => Ok(Content::Bytes.into()),
    }),
    (&["bin", "ckpt", "tar"], read_by_first_bytes),
    (&["h5", "hdf5"], |file, _, work| hdf5::read(file, work)),
    (&["keras"], |file, _, work| hdf5::read_keras(file, work)),
    (&["index"], tensorflow::read_index),
    (&["pb"], |file, _, _| match file.path.rsplit('/').next() {
        Some("saved_model.pb") => tensorflow::read_saved_model(file),
        _ => Ok(Content::Bytes.into()),
    }),
    (&["joblib", "pickle", "pkl", "sav"], |file, _, _| pickle_file::read_named(file)),
];

fn read_by_first_bytes(
    file: &Artifact,
    _artifacts: &Artifacts,
    work: &Work<'_>,
) -> Result<Reading, CaptureError> {
    match head(file)? {
        head if head.starts_with(gguf::MAGIC) => gguf::read(file, work),
        head if torch::is_archive(&head) => torch::read(file, work),
        head if pickle_file::is_pickle(&head) => pickle_file::read(file),
        _ => Ok(Content::Bytes.into()),
    }
}

/// The first bytes of a file, as far as it has them.
pub(super) fn head(file: &Artifact) -> Result<Vec<u8>, CaptureError> {
    let mut head = Vec::new();
    let read = file.open()?.take(HEAD_BYTES).read_to_end(&mut head);
    read.map_err(|cause| CaptureError::io(&file.location, cause))?;
    Ok(head)
}

/// The weights of one file, by tensor.
#[derive(Debug)]
struct Listed<'a> {
    file: &'a Artifact,
    parsed: TensorFile,
}

/// What all readers found, in the order of the files.
#[derive(Debug, Default)]
struct Everything<'a> {
    listed: Vec<Listed<'a>>,
    unlisted: Vec<(&'a Artifact, String)>,
    interfaces: Vec<(Object, &'a str)>,
    notes: Vec<(&'static str, String)>,
}

fn read_all<'a>(artifacts: &'a Artifacts, work: &Work<'_>) -> Result<Everything<'a>, CaptureError> {
    let mut all = Everything::default();
    for file in artifacts.on_disk() {
        let extension = file.extension();
        let reader = READERS.iter().find(|(extensions, _)| extensions.contains(&extension.as_str()));
        let Some((_, read)) = reader else { continue };
        let Reading { content, notes } = read(file, artifacts, work)?;
        all.notes.extend(notes);
        match content {
            Content::Bytes => {}
            Content::Interface(node) => all.interfaces.push((node, &file.path)),
            Content::Tensors(mut parsed) => {
                all.interfaces.extend(parsed.interface.take().map(|node| (node, file.path.as_str())));
                all.listed.push(Listed { file, parsed });
            }
            Content::Unlisted(why) => all.unlisted.push((file, why)),
            Content::UnlistedInterface(node, why) => {
                all.interfaces.push((node, &file.path));
                all.unlisted.push((file, why));
            }
        }
    }
    Ok(all)
}

/// The nodes of all files, with every tensor; and the files that are not listed, with why and their digest.
pub(super) fn all(
    artifacts: &Artifacts,
    work: &Work<'_>,
) -> Result<(Vec<Json>, Vec<Unlisted>), CaptureError> {
    let all = read_all(artifacts, work)?;
    let node = |listed: &Listed<'_>| Ok(Json::Object(listed.parsed.node(listed.file, true)?.0));
    let nodes = all.listed.iter().map(node).collect::<Result<Vec<Json>, CaptureError>>()?;
    let unlisted = all.unlisted.into_iter().map(|(file, why)| Unlisted {
        path: file.path.clone(),
        why,
        digest: file.hashed.sha256.to_multibase(),
    });
    Ok((nodes, unlisted.collect()))
}

/// Whether a reader is there for the end of a name.
pub(super) fn is_model_file(path: &Path) -> bool {
    let extension = path.extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
    let extension = extension.to_ascii_lowercase();
    READERS.iter().any(|(extensions, _)| extensions.contains(&extension.as_str()))
}

/// Adds `weights` and `interface` for the formats that can be read.
pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts, work: &Work<'_>) -> Result<(), CaptureError> {
    let all = read_all(artifacts, work)?;
    let (mut nodes, mut sources, mut tensors) = (Vec::new(), Vec::new(), 0);
    for Listed { file, parsed } in all.listed.iter().take(MAX_LISTED_FILES) {
        let listing = tensors + parsed.tensors.len() <= MAX_LISTED_TENSORS;
        tensors += if listing { parsed.tensors.len() } else { 0 };
        let (node, remarks) = parsed.node(file, listing)?;
        nodes.push(Json::Object(node));
        sources.push(format!("the tensors of `{}`{remarks}", file.path));
    }
    let over = all.listed.len().saturating_sub(MAX_LISTED_FILES);
    if over > 0 {
        sources.push(format!("not listed: {over} more files, over what a passport can hold"));
    }
    for (file, why) in &all.unlisted {
        sources.push(format!("not listed: `{}`, {why}", file.path));
    }
    if !nodes.is_empty() {
        found.add("weights", nodes, &sources.join("; "));
    } else if sources.is_empty() {
        found.absent("weights", "no file is of a format whose tensors are read");
    } else {
        found.absent("weights", &sources.join("; "));
    }
    match all.interfaces.len() {
        0 => found.absent("interface", "no file describes it as ONNX and SavedModel do"),
        1 => {
            for (node, path) in all.interfaces {
                found.add("interface", node, &format!("the graph of `{path}`"));
            }
        }
        several => {
            let why = format!("{several} files describe one, and nothing says which is run from outside");
            found.absent("interface", &why);
        }
    }
    for (code, message) in all.notes {
        found.note(code, message);
    }
    Ok(())
}

impl TensorFile {
    pub(super) fn new(format: &'static str, tensors: Vec<Tensor>) -> Self {
        Self { format, tensors, metadata: Vec::new(), interface: None, remark: None, counted: true }
    }

    pub(super) fn with_metadata(self, metadata: Vec<(String, String)>) -> Self {
        Self { metadata, ..self }
    }

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
        if self.counted {
            node.insert("parameterCount", integer(parameters, &file.location)?);
        }
        node.insert("tensorCount", integer(count, &file.location)?);
        node.insert("tensorDigest", Digest::of(jcs::to_string(&list)).to_multibase());
        node.insert("contentDigest", content_digest(&list).to_multibase());
        let mut left_out = self.remark.as_ref().map(|remark| format!(", {remark}")).unwrap_or_default();
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

/// The digest of the list without names, in the order of each tensor's RFC 8785 form: the same where an export has
/// renamed the tensors.
fn content_digest(list: &Json) -> Digest {
    let nameless = |tensor: &Json| {
        let mut tensor = tensor.as_object().cloned().unwrap_or_default();
        tensor.remove("name");
        jcs::to_string(&Json::Object(tensor))
    };
    let mut contents: Vec<String> = list.as_array().unwrap_or_default().iter().map(nameless).collect();
    contents.sort_unstable();
    Digest::of(format!("[{}]", contents.join(",")))
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

#[cfg(test)]
mod tests {
    use super::super::testing::{Tree, model_file};
    use super::super::{Kind, capture};

    #[test]
    fn files_with_the_names_of_others_are_just_files() {
        let tree = Tree::with(&[
            ("a.bin", b"PK\x03\x04 no archive"),
            ("b.bin", b""),
            ("c.pt", b"a translation into Portuguese"),
            ("d.ckpt", b"\x00"),
            ("e.index", &[0; 64]),
            ("f.pb", b"\xff"),
            ("g.sav", b"$FL2@(#) IBM"),
            ("h.zip", b"PK\x03\x04 no archive"),
            ("i.tar", &[0; 1024]),
        ]);
        let draft = capture(tree.path(), Kind::Model, &()).unwrap();
        assert!(!draft.subject.contains("weights") && draft.notes.is_empty(), "{:?}", draft.notes);
    }

    #[test]
    fn names_that_several_formats_share_are_told_apart_by_content() {
        let files = ["state.pt", "f32.gguf", "evil-4.pkl"].map(model_file);
        let [torch, gguf, pickle] = files.each_ref().map(Vec::as_slice);
        let tree = Tree::with(&[("a.bin", torch), ("b.bin", gguf), ("c.bin", pickle), ("d.pth.tar", torch)]);
        let draft = capture(tree.path(), Kind::Model, &()).unwrap();
        let weights = draft.subject.get("weights").unwrap().as_array().unwrap();
        let formats = weights.iter().map(|node| node.get("format").unwrap().as_str().unwrap());
        assert_eq!(formats.collect::<Vec<_>>(), ["pytorch", "gguf", "pytorch"]);
        assert_eq!(draft.notes.len(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_listed_says_why() {
        let tree = Tree::with(&[("a.h5", &model_file("chunked.h5")), ("b.pth", &model_file("legacy.pth"))]);
        let draft = capture(tree.path(), Kind::Model, &()).unwrap();
        let source = draft.sources.get("/weights").unwrap().to_string();
        assert!(source.contains("unknown") && source.contains("`packed` is in chunks"), "{source}");
    }

    #[test]
    fn more_weight_files_than_a_passport_lists() {
        let bytes = [&2_u64.to_le_bytes()[..], b"{}"].concat();
        let tree = Tree::with(&[]);
        (0..258).for_each(|n| _ = tree.write(&format!("{n}.safetensors"), &bytes));
        let draft = capture(tree.path(), Kind::Model, &()).unwrap();
        assert_eq!(draft.subject.get("weights").unwrap().as_array().unwrap().len(), 256);
        assert!(draft.sources.get("/weights").unwrap().to_string().contains("not listed: 2 more files"));
    }
}
