//! The artefact manifest: every file under a path, by content.
//!
//! The manifest's digest, and with it the identity of the model or data set, is the SHA-256 of the
//! [RFC 8785] form of
//!
//! ```json
//! [{"path":"model.onnx","sha256":"…hex…","size":2313}]
//! ```
//!
//! with one entry a file, sorted by the bytes of `path`. Paths are relative to what was captured, so the
//! same files have the same identity wherever they lie. A single file's path is its name.
//!
//! Which files those are, says [`super::walk`]. A passport lists up to [`MAX_LISTED`] of them; of a larger tree
//! it has the digest, the number of files and their size, and a verifier with the same tree computes the same.
//!
//! A tree that holds DICOM is private: see [`super::private`].
//!
//! [RFC 8785]: https://www.rfc-editor.org/rfc/rfc8785

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use model_passport::canon::jcs;
use model_passport::digest::Digest;
use model_passport::evidence;
use model_passport::json::{Json, Object};
use model_passport::records::Secret;

use super::cache::Cache;
use super::found::Basis;
use super::hash::{self, Hashed};
use super::node::{integer, measured};
use super::private;
use super::walk::{self, Entry};
use super::{CaptureError, Options, Work, digests};

/// Most files listed in one passport: each takes about 350 bytes and 8 values of a credential, which may have
/// 1 MiB and 20 000 values.
const MAX_LISTED: usize = 2_000;

/// A file of which a verifier computes the Merkle root on all cores.
const LARGE_BYTES: u64 = 32 << 20;

/// Media types by the end of a name. Whatever is not here is bytes.
const MEDIA_TYPES: [(&str, &str); 10] = [
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("pdf", "application/pdf"),
    ("toml", "application/toml"),
    ("tsv", "text/tab-separated-values"),
    ("txt", "text/plain"),
    ("yaml", "application/yaml"),
    ("zip", "application/zip"),
];

/// All files, sorted by path.
#[derive(Debug)]
pub(super) struct Artifacts {
    pub(super) files: Vec<Artifact>,
    digest: Digest,
    /// Names that were left out because they start with a dot.
    hidden: usize,
    /// Patterns by which others were left out.
    patterns: Vec<String>,
    /// How many digests came from a list, and not from bytes.
    known: usize,
    /// The names may be of patients: files are numbers here.
    is_private: bool,
    /// The data are personal: the digest is keyed with the holder's secret, and no file is listed, since with their
    /// digests anyone could test whether a file is among them.
    is_sealed: bool,
    /// There is DICOM among what was left out.
    left_out_dicom: bool,
}

/// One file.
#[derive(Debug)]
pub(super) struct Artifact {
    /// Relative to what was captured, with `/` between names; its number in a private tree.
    pub(super) path: String,
    /// What to call it in errors: where it lies, or its number. [`Artifact::open`] opens it.
    pub(super) location: PathBuf,
    real: Real,
    pub(super) hashed: Hashed,
    pub(super) content: Content,
}

/// Where a file lies, for opening it and nothing else.
struct Real(PathBuf);

impl fmt::Debug for Real {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What is known of a file before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// A DICOM file, by its first bytes or its name.
    Dicom,
    /// A list of DICOM files, by its name.
    DicomDirectory,
    /// The holder's secret, by what is in it.
    Secret,
    /// Anything else.
    Other,
}

impl Content {
    /// Whether it is about a patient.
    pub(super) fn is_dicom(self) -> bool {
        matches!(self, Self::Dicom | Self::DicomDirectory)
    }
}

/// Walks, hashes and sorts; what the cache knows is not hashed again. A private tree needs the holder's secret, and no error about
/// it names a file.
pub(super) fn read(root: &Path, options: &Options<'_>, work: &Work<'_>) -> Result<Artifacts, CaptureError> {
    read_named(root, options, work).map_err(|error| error.guarded(root, options.secret.is_some()))
}

fn read_named(root: &Path, options: &Options<'_>, work: &Work<'_>) -> Result<Artifacts, CaptureError> {
    let walk::Files { entries, hidden, patterns, left_out } = walk::walk(root)?;
    let listed = options.digests.map(digests::read).transpose()?.unwrap_or_default();
    if entries.is_empty() && listed.is_empty() {
        return Err(CaptureError::Empty(root.to_owned()));
    }
    let cache = match options.cache {
        // Nothing of personal data is remembered.
        Some(directory) if options.secret.is_none() => Cache::open(directory, root),
        _ => Cache::none(),
    };
    let mut hashed: Vec<Option<Hashed>> = entries.iter().map(|entry| cache.find(entry)).collect();
    let unknown: Vec<usize> =
        hashed.iter().enumerate().filter(|(_, hashed)| hashed.is_none()).map(|(at, _)| at).collect();
    let unknown_entries: Vec<&Entry> = unknown.iter().filter_map(|at| entries.get(*at)).collect();
    let locations: Vec<&Path> = unknown_entries.iter().map(|entry| entry.location.as_path()).collect();
    // What the cache knows was in a tree that is not private, or it would not be in the cache.
    let mut contents = vec![Content::Other; entries.len()];
    for (at, content) in unknown.iter().zip(private::contents(&locations)) {
        if let Some(slot) = contents.get_mut(*at) {
            *slot = content;
        }
    }
    let listed_dicom = listed.iter().any(|file| private::is_named_dicom(Path::new(&file.path)));
    let left_out_dicom = private::left_out_dicom(left_out);
    let is_private = left_out_dicom || listed_dicom || contents.iter().any(|content| content.is_dicom());
    // What the list says of patients is not in the tree, where `guarded` looks.
    let named = |error: CaptureError| if is_private { error.nameless() } else { error };
    if let Some(at) = contents.iter().position(|content| *content == Content::Secret) {
        let location = entries.get(at).map(|entry| entry.location.clone()).unwrap_or_default();
        return Err(named(CaptureError::SecretsInside(location)));
    }
    // The cache has names and digests of single files.
    let cache = if is_private { Cache::none() } else { cache };
    if let Some(directory) = options.cache.filter(|_| is_private || options.secret.is_some()) {
        Cache::forget(directory, root);
    }
    work.expect(unknown_entries.iter().map(|entry| entry.stamp.size).sum());
    let computed = hash::hash_files(&locations, work, &|at, hashed| {
        if let Some(entry) = unknown_entries.get(at) {
            cache.add(&entry.path, hashed);
        }
    })
    .map_err(named)?;
    for (at, computed) in unknown.iter().zip(computed) {
        if let Some(slot) = hashed.get_mut(*at) {
            *slot = Some(computed);
        }
    }
    cache.close(&entries);
    let computed = entries.into_iter().zip(hashed).zip(contents).filter_map(|((entry, hashed), content)| {
        let real = Real(entry.location.clone());
        Some(Artifact { path: entry.path, location: entry.location, real, hashed: hashed?, content })
    });
    let mut files: Vec<Artifact> = computed.collect();
    let known = digests::merge(&mut files, listed, root).map_err(named)?;
    let plain = if is_private {
        private::rename(&mut files);
        private::digest(files.iter().map(|file| &file.hashed))
    } else {
        manifest_digest(&files)?
    };
    let digest = match options.secret {
        Some(secret) => Digest::Sha256(secret.sealed_digest(plain.as_bytes())),
        None if is_private => return Err(CaptureError::SecretMissing),
        None => plain,
    };
    let is_sealed = options.secret.is_some();
    Ok(Artifacts { files, digest, hidden, patterns, known, is_private, is_sealed, left_out_dicom })
}

/// The files under a path with their sizes and times, sorted and not read: enough to see whether somebody wrote.
pub(super) type Listing = Vec<(String, u64, i128)>;

/// Walks and sorts, without hashing.
pub(super) fn list(root: &Path) -> Result<Listing, CaptureError> {
    let files = walk::walk(root).map_err(|error| error.guarded(root, false))?;
    Ok(files.entries.into_iter().map(|entry| (entry.path, entry.stamp.size, entry.stamp.modified)).collect())
}

/// The files as a verifier takes them, each by its Merkle root where that is faster to compute than its SHA-256.
pub(super) fn roots(root: &Path, work: &Work<'_>) -> Result<Vec<evidence::Artifact>, CaptureError> {
    let files = walk::walk(root).map_err(|error| error.guarded(root, false))?;
    let is_large = |entry: &Entry| entry.stamp.size >= LARGE_BYTES;
    let is_private = || {
        let locations: Vec<&Path> = files.entries.iter().map(|entry| entry.location.as_path()).collect();
        private::left_out_dicom(files.left_out.clone())
            || private::contents(&locations).iter().any(|content| content.is_dicom())
    };
    // `read` looks into the files itself, so whether they are private is asked last.
    if files.entries.len() > MAX_LISTED || !files.entries.iter().any(is_large) || is_private() {
        return Ok(read(root, &Options::default(), work)?.into_evidence(root));
    }
    work.expect(files.entries.iter().map(|entry| entry.stamp.size).sum());
    let (large, small): (Vec<&Entry>, Vec<&Entry>) = files.entries.iter().partition(|entry| is_large(entry));
    let locations: Vec<&Path> = small.iter().map(|entry| entry.location.as_path()).collect();
    let hashed = hash::hash_files(&locations, work, &|_, _| {})?;
    let mut artifacts: Vec<evidence::Artifact> =
        small.iter().zip(hashed).map(|(entry, hashed)| evidence_of(entry.path.clone(), &hashed)).collect();
    for entry in large {
        let (stamp, root) = hash::merkle_root(&entry.location, work)?;
        let (path, merkle_root) = (entry.path.clone(), Some(root.to_multibase()));
        artifacts.push(evidence::Artifact {
            path,
            size: stamp.size,
            sha256: None,
            merkle_root,
            file_count: None,
        });
    }
    Ok(artifacts)
}

fn evidence_of(path: String, hashed: &Hashed) -> evidence::Artifact {
    evidence::Artifact {
        path,
        size: hashed.stamp.size,
        sha256: Some(hashed.sha256.to_hex()),
        merkle_root: hashed.merkle_root.map(|root| root.to_multibase()),
        file_count: None,
    }
}

fn manifest_digest(files: &[Artifact]) -> Result<Digest, CaptureError> {
    let mut manifest = Vec::with_capacity(files.len());
    for file in files {
        manifest.push(Json::Object(Object::from_iter([
            ("path", file.path.as_str().into()),
            ("size", integer(file.hashed.stamp.size, &file.location)?),
            ("sha256", file.hashed.sha256.to_hex().into()),
        ])));
    }
    Ok(Digest::of(jcs::to_string(&Json::Array(manifest))))
}

impl Artifacts {
    /// The name of what these files are, from their content alone.
    pub(super) fn subject_id(&self) -> String {
        format!("urn:sha256:{}", self.digest.to_hex())
    }

    /// The digest that it has with the holder's secret.
    pub(super) fn sealed_with(&self, secret: &Secret) -> Digest {
        if self.is_sealed {
            self.digest
        } else {
            Digest::Sha256(secret.sealed_digest(self.digest.as_bytes()))
        }
    }

    /// Whether names were left out because they start with a dot.
    pub(super) const fn has_hidden(&self) -> bool {
        self.hidden > 0
    }

    /// The digest of the manifest.
    pub(super) fn digest(&self) -> String {
        self.digest.to_multibase()
    }

    /// Whether the digest is keyed with the holder's secret.
    pub(super) const fn is_sealed(&self) -> bool {
        self.is_sealed
    }

    /// Whether the names may be of patients. Then nothing but [`super::dicom`] may read on.
    pub(super) const fn is_private(&self) -> bool {
        self.is_private
    }

    /// Whether there is DICOM among what was left out: then the rest is private as well.
    pub(super) const fn has_left_out_dicom(&self) -> bool {
        self.left_out_dicom
    }

    /// The `ArtifactManifest` node.
    pub(super) fn manifest(&self) -> Result<Object, CaptureError> {
        let last = self.files.last().map_or(Path::new(""), |file| &file.location);
        let mut manifest = measured("ArtifactManifest");
        if self.known > 0 {
            manifest.insert("basis", Basis::Declared.word());
        }
        manifest.insert("digestMultibase", self.digest.to_multibase());
        // Their names may be those of people, and the size of few files tells of one.
        if self.is_sealed {
            return Ok(manifest);
        }
        manifest.insert("totalSize", integer(self.total(), last)?);
        if self.files.len() > MAX_LISTED {
            let count = u64::try_from(self.files.len()).unwrap_or(u64::MAX);
            manifest.insert("fileCount", integer(count, last)?);
        } else {
            let nodes: Result<Vec<Json>, _> = self.files.iter().map(Artifact::node).collect();
            manifest.insert("file", nodes?);
        }
        if !self.patterns.is_empty() {
            let patterns: Vec<Json> = self.patterns.iter().map(|line| line.as_str().into()).collect();
            manifest.insert("excludedPatterns", patterns);
        }
        Ok(manifest)
    }

    fn total(&self) -> u64 {
        self.files.iter().fold(0, |total, file| total.saturating_add(file.hashed.stamp.size))
    }

    /// The files as a verifier takes them: one by one, or a tree that no passport lists as the one thing that
    /// its digest stands for.
    pub(super) fn into_evidence(self, root: &Path) -> Vec<evidence::Artifact> {
        if self.is_private || self.files.len() > MAX_LISTED {
            let path = if self.is_private { "the files".to_owned() } else { root.display().to_string() };
            let size = self.total();
            return vec![evidence::Artifact {
                path,
                size,
                sha256: Some(self.digest.to_hex()),
                merkle_root: None,
                file_count: Some(u64::try_from(self.files.len()).unwrap_or(u64::MAX)),
            }];
        }
        self.files.into_iter().map(|file| evidence_of(file.path, &file.hashed)).collect()
    }

    /// The same as a holder takes them: the whole, under its keyed digest; and as anyone else does, unless their names
    /// may be of patients.
    pub(super) fn into_sealed_evidence(
        self,
        root: &Path,
    ) -> (evidence::Artifact, Option<Vec<evidence::Artifact>>) {
        let whole = evidence::Artifact {
            path: "the files with these secrets".to_owned(),
            size: self.total(),
            sha256: Some(self.digest.to_hex()),
            merkle_root: None,
            file_count: Some(u64::try_from(self.files.len()).unwrap_or(u64::MAX)),
        };
        if self.is_private {
            return (whole, None);
        }
        let plain = manifest_digest(&self.files).map(|digest| Self { digest, ..self }.into_evidence(root));
        (whole, plain.ok())
    }

    /// The files that can be opened: not those that a list alone knows.
    pub(super) fn on_disk(&self) -> impl Iterator<Item = &Artifact> {
        self.files.iter().filter(|file| file.hashed.merkle_root.is_some())
    }

    /// Whether every digest was computed here; how many were not.
    pub(super) fn known(&self) -> usize {
        self.known
    }

    pub(super) fn source(&self) -> String {
        if self.is_sealed {
            return "the digests of every file".to_owned();
        }
        let mut source = format!("the bytes of every file: {}", self.files.len() - self.known);
        if self.known > 0 {
            source.push_str(&format!("; from a list of digests, not hashed again: {}", self.known));
        }
        if self.hidden > 0 {
            source.push_str(&format!("; names left out because they start with a dot: {}", self.hidden));
        }
        if !self.patterns.is_empty() {
            source.push_str(&format!("; patterns of .passportignore: {}", self.patterns.len()));
        }
        source
    }

    /// The files whose names end in one of these extensions.
    pub(super) fn with_extension(&self, extensions: &[&str]) -> Vec<&Artifact> {
        self.on_disk().filter(|file| extensions.contains(&file.extension().as_str())).collect()
    }
}

impl Artifact {
    /// One that is not on this disk.
    pub(super) fn listed(name: &str, hashed: Hashed) -> Self {
        let location = PathBuf::from(name);
        Self {
            path: name.to_owned(),
            real: Real(location.clone()),
            location,
            hashed,
            content: Content::Other,
        }
    }

    fn node(&self) -> Result<Json, CaptureError> {
        let extension = self.extension();
        let media_type = MEDIA_TYPES.iter().find(|(end, _)| *end == extension);
        let mut node = Object::from_iter([
            ("type", Json::from("Artifact")),
            ("path", self.path.as_str().into()),
            ("size", integer(self.hashed.stamp.size, &self.location)?),
            ("mediaType", media_type.map_or("application/octet-stream", |(_, name)| name).into()),
            ("digestMultibase", self.hashed.sha256.to_multibase().into()),
        ]);
        match &self.hashed.merkle_root {
            Some(root) => node.insert("merkleRoot", root.to_multibase()),
            None => node.insert("basis", Basis::Declared.word()),
        };
        Ok(node.into())
    }

    pub(super) fn extension(&self) -> String {
        let extension = Path::new(&self.path).extension().and_then(std::ffi::OsStr::to_str);
        extension.unwrap_or_default().to_ascii_lowercase()
    }

    /// Opens the file again, if it is still the one that was hashed.
    pub(super) fn open(&self) -> Result<fs::File, CaptureError> {
        let file = fs::File::open(&self.real.0).map_err(|cause| CaptureError::io(&self.location, cause))?;
        self.unchanged(&file)?;
        Ok(file)
    }

    /// An error if somebody wrote to the file since it was hashed.
    pub(super) fn unchanged(&self, file: &fs::File) -> Result<(), CaptureError> {
        let now = hash::Stamp::of(file).map_err(|cause| CaptureError::io(&self.location, cause))?;
        if now == self.hashed.stamp { Ok(()) } else { Err(CaptureError::Changed(self.location.clone())) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;
    use super::*;
    use crate::problem::Problem as _;

    fn code(path: &Path) -> &'static str {
        read(path, &Options::default(), &Work::new(&())).map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn the_manifest_is_of_content_and_names_alone() {
        let files: &[(&str, &[u8])] = &[("b.txt", b"2"), ("a/z.json", b"1"), ("a.md", b""), ("ä", b"3")];
        let (one, two) = (Tree::with(files), Tree::with(files));
        two.write(".git/config", "x");
        two.write(".hidden", "x");
        let (one, two) = (one.artifacts(), two.artifacts());
        let paths: Vec<&str> = one.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a.md", "a/z.json", "b.txt", "ä"]);
        assert_eq!(one.subject_id(), two.subject_id());
        assert_eq!((one.hidden, two.hidden), (0, 2));
        let manifest = Json::Object(one.manifest().unwrap());
        assert_eq!(manifest.get("totalSize").and_then(Json::as_i64), Some(3));
        let types = ["text/markdown", "application/json", "text/plain", "application/octet-stream"];
        for (at, media_type) in types.into_iter().enumerate() {
            assert_eq!(
                manifest.pointer(&format!("/file/{at}/mediaType")).and_then(Json::as_str),
                Some(media_type)
            );
        }
        let renamed = Tree::with(&[("b2.txt", b"2"), ("a/z.json", b"1"), ("a.md", b""), ("ä", b"3")]);
        assert_ne!(one.subject_id(), renamed.artifacts().subject_id());
    }

    #[test]
    fn the_identity_can_be_computed_by_hand() {
        let tree = Tree::with(&[("m.bin", b"abc")]);
        let list = format!(r#"[{{"path":"m.bin","sha256":"{}","size":3}}]"#, Digest::of("abc").to_hex());
        assert_eq!(tree.artifacts().subject_id(), format!("urn:sha256:{}", Digest::of(list).to_hex()));
        // A single file is the same thing as a directory that holds only it.
        let alone = read(&tree.path().join("m.bin"), &Options::default(), &Work::new(&())).unwrap();
        assert_eq!(alone.subject_id(), tree.artifacts().subject_id());
    }

    #[test]
    fn paths_without_files() {
        let tree = Tree::with(&[]);
        assert_eq!(code(tree.path()), "capture.empty");
        tree.write(".only/hidden", "x");
        assert_eq!(code(tree.path()), "capture.empty");
        assert_eq!(code(&tree.path().join("gone")), "capture.not-found");
    }

    #[test]
    fn more_files_than_a_passport_lists_stand_as_one() {
        let tree = Tree::with(&[]);
        (0..=MAX_LISTED).for_each(|n| _ = tree.write(&n.to_string(), "x"));
        let artifacts = tree.artifacts();
        let manifest = Json::Object(artifacts.manifest().unwrap());
        assert!(manifest.get("file").is_none());
        assert_eq!(manifest.get("fileCount").and_then(Json::as_i64), Some(2_001));
        let digest = artifacts.digest;
        let [whole] = artifacts.into_evidence(tree.path()).try_into().unwrap();
        assert_eq!((whole.size, whole.sha256), (2_001, Some(digest.to_hex())));
        assert_eq!(
            manifest.get("digestMultibase").and_then(Json::as_str),
            Some(digest.to_multibase().as_str())
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_plain_file_is_refused() {
        use std::os::unix::ffi::OsStrExt as _;

        for (target, link) in
            [("/etc/passwd", "out"), ("m.bin", "in"), ("gone", "dangling"), ("/etc", "directory")]
        {
            let tree = Tree::with(&[("m.bin", b"1")]);
            std::os::unix::fs::symlink(target, tree.path().join(link)).unwrap();
            assert_eq!(code(tree.path()), "capture.symlink", "{link}");
        }
        let tree = Tree::with(&[("d/m.bin", b"1")]);
        std::os::unix::fs::symlink(tree.path().join("d"), tree.path().join("link")).unwrap();
        assert_eq!(code(&tree.path().join("link")), "ok", "the path that a person names may be a link");

        let tree = Tree::with(&[("m.bin", b"1")]);
        let socket = std::os::unix::net::UnixListener::bind(tree.path().join("socket")).unwrap();
        assert_eq!(code(tree.path()), "capture.special-file");
        drop(socket);
        for (name, wanted) in [(&b"a\xff"[..], "not-utf8"), (b"a\nb", "unportable"), (b"a\\b", "unportable")]
        {
            let tree = Tree::with(&[]);
            std::fs::write(tree.path().join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
            assert_eq!(code(tree.path()), format!("capture.path-{wanted}"));
        }
    }
}
