//! Capture: what can be measured about a model or a data set, from its bytes alone.
//!
//! ```text
//! path ─► artifacts  every file: size, SHA-256, Merkle root ─► the subject's identity
//!         weights             tensors and interface, by format   (models)
//!         git                 commit, dirty flag, remote         (models)
//!         csv                 rows, columns, record commitment   (data sets)
//!      ─► Draft { subject, sources, missing }
//! ```
//!
//! In scope: reading files and nothing else. The same tree gives the same draft, byte for byte.
//! Out of scope: the network, running anything that was captured, unpickling, and what only a person can
//! say; that comes from a claims file ([`crate::claims`]).

mod artifacts;
mod csv;
mod error;
mod found;
mod gguf;
mod git;
mod hash;
mod hdf5;
mod hdf5_messages;
mod inflate;
mod node;
mod onnx;
mod onnx_tensor;
mod pickle;
mod pickle_file;
mod pickle_machine;
mod protobuf;
mod safetensors;
mod sstable;
mod tensorflow;
#[cfg(test)]
mod testing;
mod torch;
mod weak;
mod weights;
mod window;
mod zip;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use model_passport::evidence::Artifact;
use model_passport::json::{Json, Object};

pub use self::csv::CsvError;
pub use self::error::{CaptureError, FormatError};
use self::found::Found;
pub use self::onnx::OnnxError;
pub use self::protobuf::WireError;
pub use self::safetensors::SafetensorsError;
use crate::claims;
use crate::exit::Exit;
use crate::problem::Problem;

/// The format of a draft file.
pub const DRAFT_FORMAT: &str = "https://w3id.org/model-passport/v1/draft";

/// What is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A data set.
    Dataset,
    /// A model.
    Model,
}

impl Kind {
    /// The type of the credential that the draft is for.
    #[must_use]
    pub const fn credential_type(self) -> &'static str {
        match self {
            Self::Dataset => "DatasetPassport",
            Self::Model => "ModelPassport",
        }
    }

    /// The kind whose credentials have this type.
    #[must_use]
    pub fn from_credential_type(name: &str) -> Option<Self> {
        [Self::Dataset, Self::Model].into_iter().find(|kind| kind.credential_type() == name)
    }
}

/// Who wants to know how far the hashing is. Called from several threads.
pub trait Progress: Sync {
    /// How many bytes there are to hash in all; said again when more turn up.
    fn total(&self, _bytes: u64) {}

    /// So many more of them are hashed.
    fn advance(&self, _bytes: u64) {}
}

/// Nobody wants to know.
impl Progress for () {}

/// Adds up what the readers announce.
struct Work<'a> {
    progress: &'a dyn Progress,
    total: AtomicU64,
}

impl<'a> Work<'a> {
    const fn new(progress: &'a dyn Progress) -> Self {
        Self { progress, total: AtomicU64::new(0) }
    }

    fn expect(&self, bytes: u64) {
        let before = self.total.fetch_add(bytes, Ordering::Relaxed);
        self.progress.total(before.saturating_add(bytes));
    }

    fn advance(&self, bytes: usize) {
        self.progress.advance(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}

/// Everything that was measured, ready for a person to add what only a person knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What is described.
    pub kind: Kind,
    /// The measured part of the credential's subject.
    pub subject: Object,
    /// Pointer into the subject -> `{ "basis", "from" }`: how that is known and where it came from; or
    /// `unknown` and why it is not there.
    pub sources: Object,
    /// What a person should look at, as `{ "code", "message" }`. Not part of the passport.
    pub notes: Vec<Json>,
    /// Pointers to what a credential of this kind requires and the subject lacks.
    pub missing: Vec<String>,
}

/// Why a text is not a draft.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Not an object with the members of a draft.
    #[error("not a draft: `{0}` is missing or has the wrong type")]
    Member(&'static str),
    /// A draft for a kind of credential that capture does not know.
    #[error("a draft for `{0}`, which is not captured from files")]
    UnknownKind(String),
}

impl Problem for DraftError {
    fn code(&self) -> &'static str {
        match self {
            Self::Member(_) => "draft.malformed",
            Self::UnknownKind(_) => "draft.unknown-kind",
        }
    }

    fn help(&self) -> Option<String> {
        Some("make the draft with `passport capture`".to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Malformed
    }
}

impl Draft {
    /// The draft as a JSON document.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let missing: Vec<Json> = self.missing.iter().map(|pointer| pointer.as_str().into()).collect();
        Json::Object(Object::from_iter([
            ("draft", DRAFT_FORMAT.into()),
            ("kind", self.kind.credential_type().into()),
            ("subject", Json::from(self.subject.clone())),
            ("sources", Json::from(self.sources.clone())),
            ("notes", Json::from(self.notes.clone())),
            ("missing", Json::from(missing)),
        ]))
    }

    /// Reads a draft back. `missing`, `notes` and `sources` are for people and are not needed.
    ///
    /// # Errors
    /// [`DraftError`] when the document is something else.
    pub fn from_json(document: &Json) -> Result<Self, DraftError> {
        let member = |name| document.get(name).ok_or(DraftError::Member(name));
        if member("draft")?.as_str() != Some(DRAFT_FORMAT) {
            return Err(DraftError::Member("draft"));
        }
        let kind = member("kind")?.as_str().ok_or(DraftError::Member("kind"))?;
        let kind =
            Kind::from_credential_type(kind).ok_or_else(|| DraftError::UnknownKind(kind.to_owned()))?;
        let subject = member("subject")?.as_object().ok_or(DraftError::Member("subject"))?.clone();
        let sources = document.get("sources").and_then(Json::as_object).cloned().unwrap_or_default();
        let missing = document.get("missing").and_then(Json::as_array).unwrap_or_default();
        let missing = missing.iter().filter_map(|pointer| pointer.as_str().map(str::to_owned)).collect();
        let notes = document.get("notes").and_then(Json::as_array).unwrap_or_default().to_vec();
        Ok(Self { kind, subject, sources, notes, missing })
    }
}

/// Measures what stands at `path`, a file or a directory.
///
/// # Errors
/// [`CaptureError`], for the first cause met; nothing is captured by halves.
pub fn capture(path: &Path, kind: Kind, progress: &dyn Progress) -> Result<Draft, CaptureError> {
    let work = Work::new(progress);
    let artifacts = artifacts::read(path, &work)?;
    let mut found = Found::default();
    found.add("id", artifacts.subject_id(), "the SHA-256 of the artefact manifest");
    found.add("artifactManifest", artifacts.manifest()?, &artifacts.source());
    match kind {
        Kind::Dataset => csv::add_to(&mut found, &artifacts)?,
        Kind::Model => {
            weights::add_to(&mut found, &artifacts, &work)?;
            git::add_to(&mut found, path);
        }
    }
    let missing = claims::missing(&found.subject, kind.credential_type());
    let missing = missing.into_iter().map(|field| field.pointer).collect();
    Ok(Draft { kind, subject: found.subject, sources: found.sources, notes: found.notes, missing })
}

/// Hashes what stands at `path` for a verifier that holds it against an artefact manifest.
///
/// # Errors
/// [`CaptureError`], for the first cause met.
pub fn artifacts(path: &Path, progress: &dyn Progress) -> Result<Vec<Artifact>, CaptureError> {
    Ok(artifacts::read(path, &Work::new(progress))?.into_evidence())
}

/// A file with weights that are not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// The file.
    pub path: String,
    /// Why its tensors are not listed.
    pub why: String,
    /// Its digest, as `digestMultibase`.
    pub digest: String,
}

/// The weights of a model, every tensor written out.
#[derive(Debug)]
pub struct Weights {
    /// The `Weights` nodes.
    pub nodes: Vec<Json>,
    /// Files whose tensors are not listed.
    pub unlisted: Vec<Unlisted>,
    /// The digests of all files.
    pub files: Vec<String>,
    /// The identity of the model.
    pub id: String,
}

/// Reads the weights of what stands at `path`.
///
/// # Errors
/// [`CaptureError`], for the first cause met.
pub fn weights(path: &Path, progress: &dyn Progress) -> Result<Weights, CaptureError> {
    let work = Work::new(progress);
    let artifacts = artifacts::read(path, &work)?;
    let (nodes, unlisted) = weights::all(&artifacts, &work)?;
    let files = artifacts.files.iter().map(|file| file.hashed.sha256.to_multibase()).collect();
    Ok(Weights { nodes, unlisted, files, id: artifacts.subject_id() })
}

/// Whether a name ends like that of a file with weights.
#[must_use]
pub fn is_model_file(path: &Path) -> bool {
    weights::is_model_file(path)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use model_passport::digest::Digest;

    use super::testing::Tree;
    use super::*;

    fn real(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/real").join(path)
    }

    #[test]
    fn the_same_tree_gives_the_same_draft_wherever_it_lies() {
        let bytes = |path: &str| std::fs::read(real(path)).unwrap();
        let (onnx, safetensors) = (bytes("model/model.onnx"), bytes("model/model.safetensors"));
        let files: &[(&str, &[u8])] =
            &[("b/m.onnx", &onnx), ("a.safetensors", &safetensors), ("README.md", b"#")];
        let (one, two) = (Tree::with(files), Tree::with(files));
        let text = |tree: &Tree| capture(tree.path(), Kind::Model, &()).unwrap().to_json().to_pretty();
        assert_eq!(text(&one), text(&two));
        assert_eq!(text(&one), text(&one));
    }

    #[test]
    fn the_same_tensors_have_the_same_digest_in_both_formats() {
        let draft = Json::Object(capture(&real("model"), Kind::Model, &()).unwrap().subject);
        let [onnx, safetensors] = draft.get("weights").unwrap().as_array().unwrap() else {
            panic!("{draft}")
        };
        assert_eq!(onnx.get("tensors"), safetensors.get("tensors"));
        assert_eq!(onnx.get("tensorDigest"), safetensors.get("tensorDigest"));
        assert_eq!(onnx.get("parameterCount").and_then(Json::as_i64), Some(317));
        let inputs = draft.pointer("/interface/inputs").unwrap().to_string();
        assert_eq!(inputs, r#"[{"name":"features","dtype":"float32","shape":["N",30]}]"#);
    }

    #[test]
    fn a_draft_is_read_back_as_it_was_written() {
        for (path, kind) in [("data/test.csv", Kind::Dataset), ("model", Kind::Model)] {
            let draft = capture(&real(path), kind, &()).unwrap();
            let text = draft.to_json().to_pretty();
            assert_eq!(Draft::from_json(&model_passport::json::parse(&text).unwrap()), Ok(draft));
        }
        for (text, code) in [
            ("[]", "draft.malformed"),
            (r#"{"draft":"x"}"#, "draft.malformed"),
            (
                r#"{"draft":"https://w3id.org/model-passport/v1/draft","kind":"X","subject":{}}"#,
                "draft.unknown-kind",
            ),
            (
                r#"{"draft":"https://w3id.org/model-passport/v1/draft","kind":"ModelPassport"}"#,
                "draft.malformed",
            ),
        ] {
            let document = model_passport::json::parse(text).unwrap();
            assert_eq!(Draft::from_json(&document).unwrap_err().code(), code, "{text}");
        }
    }

    #[test]
    fn what_was_not_found_says_why() {
        let tree = Tree::with(&[("notes.txt", b"x")]);
        let model = capture(tree.path(), Kind::Model, &()).unwrap();
        for group in ["weights", "interface", "sourceCode"] {
            assert!(!model.subject.contains(group));
            let source = model.sources.get(&format!("/{group}")).unwrap();
            assert_eq!(source.get("basis").and_then(Json::as_str), Some("unknown"), "{source}");
        }
        let data = capture(tree.path(), Kind::Dataset, &()).unwrap();
        assert!(data.sources.get("/dataContent").is_some() && !data.subject.contains("dataContent"));
    }

    #[test]
    fn a_damaged_file_is_named() {
        let tree = Tree::with(&[("ok.txt", b"x"), ("m.safetensors", b"short")]);
        let error = capture(tree.path(), Kind::Model, &()).unwrap_err();
        assert_eq!((error.code(), error.exit()), ("capture.safetensors-length", Exit::Malformed));
        assert!(error.to_string().contains("m.safetensors") && error.help().is_some());
    }

    #[test]
    fn a_verifier_gets_the_digests_that_the_manifest_has() {
        let draft = capture(&real("model"), Kind::Model, &()).unwrap();
        let manifest = draft.subject.get("artifactManifest").unwrap();
        for (at, file) in artifacts(&real("model"), &()).unwrap().iter().enumerate() {
            let node = manifest.pointer(&format!("/file/{at}")).unwrap();
            assert_eq!(node.get("path").and_then(Json::as_str), Some(file.path.as_str()));
            assert_eq!(node.get("merkleRoot").and_then(Json::as_str), file.merkle_root.as_deref());
            let digest =
                Digest::from_multibase(node.get("digestMultibase").and_then(Json::as_str).unwrap()).unwrap();
            assert_eq!(Some(digest.to_hex()), file.sha256);
        }
    }
}
