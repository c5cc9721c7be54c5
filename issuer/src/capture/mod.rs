//! Capture: what can be measured about a model or a data set, from its bytes alone.
//!
//! ```text
//! path ─► artifacts  every file: size, SHA-256, Merkle root ─► the subject's identity
//!         checksums           md5sum and sha256sum lists, checked
//!         weights             tensors and interface, by format   (models)
//!         bundles             cards, configurations, metadata    (models)
//!         git                 commit, dirty flag, remote         (models)
//!         croissant           what a descriptor declares         (data sets)
//!         data, csv, parquet, images, nifti
//!                             records: what they are, commitment (data sets)
//!         dicom               headers, never about fewer than 10 (data sets)
//!      ─► Draft { subject, sources, missing }
//! ```
//!
//! In scope: reading files and nothing else. The same tree gives the same draft, byte for byte.
//! Out of scope: the network, running anything that was captured, unpickling, and what only a person can
//! say; that comes from a claims file ([`crate::claims`]).

mod artifacts;
mod bundles;
mod cache;
mod checksums;
mod croissant;
pub(crate) mod csv;
pub(crate) mod data;
mod dicom;
mod digests;
mod dvc;
mod environment;
mod error;
mod foreign;
mod found;
mod gguf;
mod git;
mod hash;
mod hdf5;
mod hdf5_messages;
mod images;
mod inflate;
mod mlflow;
mod nifti;
mod node;
mod onnx;
mod onnx_nodes;
mod onnx_tensor;
mod parameters;
mod parquet;
mod pickle;
mod pickle_file;
mod pickle_machine;
mod private;
pub mod processing;
mod protobuf;
pub(crate) mod records;
mod safetensors;
pub(crate) mod sorted;
mod sstable;
mod suppress;
mod tensorflow;
#[cfg(test)]
mod testing;
mod thrift;
mod torch;
mod walk;
mod wandb;
mod weak;
mod weights;
mod window;
mod zip;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use model_passport::evidence::Artifact;
use model_passport::json::{Json, Object};
use model_passport::records::Secret;

pub use self::csv::CsvError;
pub use self::environment::{VARIABLES, Variables};
pub use self::error::{CaptureError, FormatError};
use self::found::{Basis, Found};
pub use self::mlflow::MlflowRun;
pub use self::onnx::OnnxError;
pub(crate) use self::private::is_dicom;
pub use self::protobuf::WireError;
pub use self::safetensors::SafetensorsError;
pub(crate) use self::walk::PROJECT_FILE;
use crate::claims;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::secrets;

/// The format of a draft file.
pub const DRAFT_FORMAT: &str = "https://w3id.org/model-passport/v1/draft";

/// What is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A data set.
    Dataset,
    /// A model.
    Model,
    /// Something that was run: recorded while it runs ([`processing`]), and not captured afterwards.
    Processing,
}

impl Kind {
    /// The type of the credential that the draft is for.
    #[must_use]
    pub const fn credential_type(self) -> &'static str {
        match self {
            Self::Dataset => "DatasetPassport",
            Self::Model => "ModelPassport",
            Self::Processing => "ProcessingAttestation",
        }
    }

    /// The kind whose credentials have this type.
    #[must_use]
    pub fn from_credential_type(name: &str) -> Option<Self> {
        [Self::Dataset, Self::Model, Self::Processing].into_iter().find(|kind| kind.credential_type() == name)
    }
}

/// What a person asks of a capture besides the path.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// The directory in which digests are remembered between runs; nothing is remembered without one.
    pub cache: Option<&'a Path>,
    /// A list of the digests of files that are not on this disk.
    pub digests: Option<&'a Path>,
    /// The holder's secret: the data are personal, and nothing in the draft lets anyone test for a record.
    pub secret: Option<&'a Secret>,
    /// Directories of the training runs that made a model; they are read and are no part of it.
    pub runs: &'a [PathBuf],
    /// Runs that a tracking server told of.
    pub tracked: &'a [MlflowRun],
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
    /// Names and values of metrics that a tracker has: for an evaluation, and not in the file of the draft.
    pub metrics: Vec<(String, String)>,
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
    fn of(kind: Kind, mut found: Found) -> Self {
        warn_of_secrets(&mut found);
        let Found { subject, sources, notes, metrics } = found;
        Self { kind, subject, sources, notes, missing: Vec::new(), metrics }.renewed()
    }

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

    /// The same, with what is still missing from its subject as it is now.
    #[must_use]
    pub fn renewed(mut self) -> Self {
        let missing = claims::missing(&self.subject, self.kind.credential_type());
        self.missing = missing.into_iter().map(|field| field.pointer).collect();
        self
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
        Ok(Self { kind, subject, sources, notes, missing, metrics: Vec::new() })
    }
}

/// The groups of a subject that readers fill, so that nobody need be asked for them in advance.
#[must_use]
pub const fn measured_groups() -> &'static [&'static str] {
    &["artifactManifest", "dataContent", "interface", "sourceCode", "weights"]
}

/// Measures what stands at `path`, a file or a directory.
///
/// # Errors
/// [`CaptureError`], for the first cause met; nothing is captured by halves.
pub fn capture(path: &Path, kind: Kind, progress: &dyn Progress) -> Result<Draft, CaptureError> {
    capture_with(path, kind, &Options::default(), progress)
}

/// The same, with what a person asked for.
///
/// # Errors
/// [`CaptureError`], for the first cause met; nothing is captured by halves.
pub fn capture_with(
    path: &Path,
    kind: Kind,
    options: &Options<'_>,
    progress: &dyn Progress,
) -> Result<Draft, CaptureError> {
    capture_named(path, kind, options, progress)
        .map_err(|error| error.guarded(path, options.secret.is_some()))
}

fn capture_named(
    path: &Path,
    kind: Kind,
    options: &Options<'_>,
    progress: &dyn Progress,
) -> Result<Draft, CaptureError> {
    let work = Work::new(progress);
    let artifacts = match (artifacts::read(path, options, &work), kind) {
        (Err(CaptureError::SecretMissing), Kind::Model) => return Err(CaptureError::DicomInModel),
        (Ok(artifacts), Kind::Model) if artifacts.is_private() => return Err(CaptureError::DicomInModel),
        (artifacts, _) => artifacts?,
    };
    let mut found = Found::default();
    let from = if artifacts.is_sealed() {
        "the digests of all files, keyed with the holder's secret"
    } else {
        "the SHA-256 of the artefact manifest"
    };
    found.add("id", artifacts.subject_id(), from);
    let basis = if artifacts.known() == 0 { Basis::Measured } else { Basis::Declared };
    found.add_known("artifactManifest", artifacts.manifest()?, basis, &artifacts.source());
    if artifacts.known() > 0 {
        let many = if artifacts.is_sealed() { "some".to_owned() } else { artifacts.known().to_string() };
        found.note(
            "capture.not-rehashed",
            format!("the digests of {many} files come from a list; their bytes were not hashed"),
        );
    }
    // Lists of checksums and of stages have names of files in them.
    if !artifacts.is_sealed() {
        checksums::add_to(&mut found, &artifacts)?;
        dvc::add_to(&mut found, &artifacts, path)?;
    }
    match kind {
        // Nothing else may look into files beside patients: tables have names in them too.
        Kind::Dataset if artifacts.is_private() => {
            let is_few = dicom::add_to(&mut found, &artifacts)?;
            data::add_private(&mut found, &artifacts, options, is_few)?;
        }
        Kind::Dataset => data::add_to(&mut found, &artifacts, options)?,
        Kind::Model => {
            weights::add_to(&mut found, &artifacts, &work)?;
            bundles::add_to(&mut found, &artifacts)?;
            for run in options.tracked {
                run.add_to(&mut found);
            }
            for run in options.runs {
                add_run(&mut found, &artifacts::read(run, &Options::default(), &work)?)?;
            }
            add_run(&mut found, &artifacts)?;
            git::add_to(&mut found, path);
        }
        // Nothing about a run can be measured in what is left of it.
        Kind::Processing => {}
    }
    Ok(Draft::of(kind, found))
}

/// The stages that `dvc.lock` in a directory tells of, each by its name with a draft of its own.
///
/// # Errors
/// [`CaptureError`], for the first cause met.
pub fn stages(directory: &Path, progress: &dyn Progress) -> Result<Vec<(String, Draft)>, CaptureError> {
    dvc::stages(directory, &Work::new(progress))
}

/// What trackers and the environment say about the run that made a model.
fn add_run(found: &mut Found, artifacts: &artifacts::Artifacts) -> Result<(), CaptureError> {
    environment::add_to(found, artifacts)?;
    mlflow::add_to(found, artifacts)?;
    wandb::add_to(found, artifacts)
}

/// A draft is shown around before it is signed: what `issue` would stop at is said now.
fn warn_of_secrets(found: &mut Found) {
    for leak in secrets::scan(&Json::from(found.subject.clone())) {
        let secrets::Leak { pointer, kind, redacted } = leak;
        let message =
            format!("`{pointer}` looks like a secret ({kind} `{redacted}`): remove it where it comes from");
        found.note("capture.secret", message);
    }
}

/// Which digests a verifier wants of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digests {
    /// Whatever is fastest: of a large file its Merkle root, which all cores can work on.
    Fastest,
    /// All that there are.
    All,
}

/// Hashes what stands at `path` for a verifier that holds it against an artefact manifest. Nothing is taken from
/// an earlier run.
///
/// # Errors
/// [`CaptureError`], for the first cause met.
pub fn artifacts(
    path: &Path,
    digests: Digests,
    progress: &dyn Progress,
) -> Result<Vec<Artifact>, CaptureError> {
    let work = Work::new(progress);
    match digests {
        Digests::Fastest => artifacts::roots(path, &work),
        Digests::All => Ok(artifacts::read(path, &Options::default(), &work)?.into_evidence(path)),
    }
}

/// The same of data about people, with their holder's secret: the whole as one, and the files by themselves where their
/// names are not those of patients.
///
/// # Errors
/// [`CaptureError`], for the first cause met.
pub fn sealed(
    path: &Path,
    secret: &Secret,
    progress: &dyn Progress,
) -> Result<(Artifact, Option<Vec<Artifact>>), CaptureError> {
    let options = Options { secret: Some(secret), ..Options::default() };
    let read = artifacts::read(path, &options, &Work::new(progress))?;
    Ok(read.into_sealed_evidence(path))
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
    /// The paths and digests of all files.
    pub files: Vec<(String, String)>,
    /// The identity of the model.
    pub id: String,
    /// The digest of the list of its files.
    pub digest: String,
}

/// Reads the weights of what stands at `path`.
///
/// # Errors
/// [`CaptureError`], for the first cause met.
pub fn weights(path: &Path, progress: &dyn Progress) -> Result<Weights, CaptureError> {
    let work = Work::new(progress);
    let artifacts = artifacts::read(path, &Options::default(), &work)?;
    let (nodes, unlisted) = weights::all(&artifacts, &work)?;
    let file = |file: &artifacts::Artifact| (file.path.clone(), file.hashed.sha256.to_multibase());
    let files = artifacts.files.iter().map(file).collect();
    Ok(Weights { nodes, unlisted, files, id: artifacts.subject_id(), digest: artifacts.digest() })
}

/// Whether a name ends like that of a file with weights.
#[must_use]
pub fn is_model_file(path: &Path) -> bool {
    weights::is_model_file(path)
}

#[cfg(test)]
mod tests {
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
        let content = data.subject.get("dataContent").unwrap();
        assert_eq!(
            content.get("rowCount").and_then(Json::as_i64),
            Some(1),
            "a file is a record, for want of others"
        );
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
        for (at, file) in artifacts(&real("model"), Digests::All, &()).unwrap().iter().enumerate() {
            let node = manifest.pointer(&format!("/file/{at}")).unwrap();
            assert_eq!(node.get("path").and_then(Json::as_str), Some(file.path.as_str()));
            assert_eq!(node.get("merkleRoot").and_then(Json::as_str), file.merkle_root.as_deref());
            let digest =
                Digest::from_multibase(node.get("digestMultibase").and_then(Json::as_str).unwrap()).unwrap();
            assert_eq!(Some(digest.to_hex()), file.sha256);
        }
    }
}
