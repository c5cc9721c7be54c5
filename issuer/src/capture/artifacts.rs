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
//! Names that start with a dot (`.git`, `.cache`, `.DS_Store`) are left out, and the draft says so.
//! Symbolic links are refused: what they lead to may lie outside, and may be another file tomorrow.
//!
//! [RFC 8785]: https://www.rfc-editor.org/rfc/rfc8785

use std::fs;
use std::path::{Path, PathBuf};

use model_passport::canon::jcs;
use model_passport::digest::Digest;
use model_passport::evidence;
use model_passport::json::{Json, Object};
use model_passport::records::Secret;

use super::hash::{self, Hashed};
use super::node::{integer, measured};
use super::{CaptureError, Work};

/// Most files in one manifest: each takes about 350 bytes and 8 values of a credential, which may have
/// 1 MiB and 20 000 values.
pub(super) const MAX_FILES: usize = 2_000;

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
}

/// One file.
#[derive(Debug)]
pub(super) struct Artifact {
    /// Relative to what was captured, with `/` between names.
    pub(super) path: String,
    /// Where to open it.
    pub(super) location: PathBuf,
    pub(super) hashed: Hashed,
}

/// Walks, hashes and sorts.
pub(super) fn read(root: &Path, work: &Work<'_>) -> Result<Artifacts, CaptureError> {
    let mut walk = Walk { root, found: Vec::new(), hidden: 0 };
    // The path that a person named may be a link; what lies under it may not.
    let metadata = fs::metadata(root).map_err(|cause| CaptureError::io(root, cause))?;
    if metadata.is_dir() {
        walk.directory(root, "")?;
    } else {
        let resolved = fs::canonicalize(root).map_err(|cause| CaptureError::io(root, cause))?;
        let name = root.file_name().or(resolved.file_name()).unwrap_or_default();
        let name = portable_name(root, name)?;
        walk.file(name, root.to_owned(), metadata)?;
    }
    let Walk { mut found, hidden, .. } = walk;
    if found.is_empty() {
        return Err(CaptureError::Empty(root.to_owned()));
    }
    found.sort_by(|(a, ..), (b, ..)| a.as_bytes().cmp(b.as_bytes()));
    work.expect(found.iter().map(|(.., size)| size).sum());
    let locations: Vec<PathBuf> = found.iter().map(|(_, location, _)| location.clone()).collect();
    let hashed = hash::hash_files(&locations, work)?;
    let files: Vec<Artifact> = found
        .into_iter()
        .zip(hashed)
        .map(|((path, location, _), hashed)| Artifact { path, location, hashed })
        .collect();
    let digest = manifest_digest(&files)?;
    Ok(Artifacts { files, digest, hidden })
}

struct Walk<'a> {
    root: &'a Path,
    /// Path in the manifest, where to open it, size.
    found: Vec<(String, PathBuf, u64)>,
    hidden: usize,
}

impl Walk<'_> {
    /// Recursion is as deep as the file system's own paths, which the system bounds.
    fn directory(&mut self, location: &Path, prefix: &str) -> Result<(), CaptureError> {
        let unreadable = |cause| CaptureError::io(location, cause);
        for entry in fs::read_dir(location).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let (name, location) = (entry.file_name(), entry.path());
            if name.as_encoded_bytes().starts_with(b".") {
                self.hidden += 1;
                continue;
            }
            let path = format!("{prefix}{}", portable_name(&location, &name)?);
            let metadata =
                fs::symlink_metadata(&location).map_err(|cause| CaptureError::io(&location, cause))?;
            if metadata.is_symlink() {
                return Err(CaptureError::Symlink(location));
            } else if metadata.is_dir() {
                self.directory(&location, &format!("{path}/"))?;
            } else {
                self.file(path, location, metadata)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: String, location: PathBuf, metadata: fs::Metadata) -> Result<(), CaptureError> {
        // Before anyone opens it: opening a pipe waits for a writer.
        if !metadata.is_file() {
            return Err(CaptureError::SpecialFile(location));
        }
        if self.found.len() >= MAX_FILES {
            return Err(CaptureError::TooManyFiles { path: self.root.to_owned(), max: MAX_FILES });
        }
        self.found.push((path, location, metadata.len()));
        Ok(())
    }
}

fn portable_name(location: &Path, name: &std::ffi::OsStr) -> Result<String, CaptureError> {
    let name = name.to_str().ok_or_else(|| CaptureError::PathNotUtf8(location.to_owned()))?;
    if name.contains('\\') || name.contains(char::is_control) {
        return Err(CaptureError::PathUnportable(name.to_owned()));
    }
    Ok(name.to_owned())
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

    /// The `ArtifactManifest` node.
    pub(super) fn manifest(&self) -> Result<Object, CaptureError> {
        let (mut total, mut nodes) = (0_u64, Vec::with_capacity(self.files.len()));
        for file in &self.files {
            total = total.saturating_add(file.hashed.stamp.size);
            nodes.push(file.node()?);
        }
        let last = self.files.last().map_or(Path::new(""), |file| &file.location);
        let mut manifest = measured("ArtifactManifest");
        manifest.insert("digestMultibase", self.digest.to_multibase());
        manifest.insert("totalSize", integer(total, last)?);
        manifest.insert("file", nodes);
        Ok(manifest)
    }

    /// The same for personal data: a name that says nothing to whoever has the files but not the secret.
    pub(super) fn sealed_subject_id(&self, secret: &Secret) -> String {
        format!("urn:sha256:{}", self.sealed(secret).to_hex())
    }

    /// The `ArtifactManifest` node of personal data. It lists no files: with their digests anyone could test
    /// whether a file is among them, their names may be those of people, and the size of few files tells of one.
    pub(super) fn sealed_manifest(&self, secret: &Secret) -> Object {
        let mut manifest = measured("ArtifactManifest");
        manifest.insert("digestMultibase", self.sealed(secret).to_multibase());
        manifest
    }

    fn sealed(&self, secret: &Secret) -> Digest {
        Digest::Sha256(secret.sealed_digest(self.digest.as_bytes()))
    }

    /// The files as a verifier takes them.
    pub(super) fn into_evidence(self) -> Vec<evidence::Artifact> {
        let artifact = |file: Artifact| evidence::Artifact {
            path: file.path,
            size: file.hashed.stamp.size,
            sha256: Some(file.hashed.sha256.to_hex()),
            merkle_root: Some(file.hashed.merkle_root.to_multibase()),
        };
        self.files.into_iter().map(artifact).collect()
    }

    pub(super) fn source(&self) -> String {
        let left_out = match self.hidden {
            0 => String::new(),
            hidden => format!("; names left out because they start with a dot: {hidden}"),
        };
        format!("the bytes of every file: {}{left_out}", self.files.len())
    }

    /// The files whose names end in one of these extensions.
    pub(super) fn with_extension(&self, extensions: &[&str]) -> Vec<&Artifact> {
        self.files.iter().filter(|file| extensions.contains(&file.extension().as_str())).collect()
    }
}

impl Artifact {
    fn node(&self) -> Result<Json, CaptureError> {
        let extension = self.extension();
        let media_type = MEDIA_TYPES.iter().find(|(end, _)| *end == extension);
        Ok(Json::Object(Object::from_iter([
            ("type", "Artifact".into()),
            ("path", self.path.as_str().into()),
            ("size", integer(self.hashed.stamp.size, &self.location)?),
            ("mediaType", media_type.map_or("application/octet-stream", |(_, name)| name).into()),
            ("digestMultibase", self.hashed.sha256.to_multibase().into()),
            ("merkleRoot", self.hashed.merkle_root.to_multibase().into()),
        ])))
    }

    fn extension(&self) -> String {
        let extension = Path::new(&self.path).extension().and_then(std::ffi::OsStr::to_str);
        extension.unwrap_or_default().to_ascii_lowercase()
    }

    /// Opens the file again, if it is still the one that was hashed.
    pub(super) fn open(&self) -> Result<fs::File, CaptureError> {
        let file = fs::File::open(&self.location).map_err(|cause| CaptureError::io(&self.location, cause))?;
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
        read(path, &Work::new(&())).map_or_else(|error| error.code(), |_| "ok")
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
        let alone = read(&tree.path().join("m.bin"), &Work::new(&())).unwrap();
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
    fn more_files_than_a_passport_lists() {
        let tree = Tree::with(&[]);
        (0..=MAX_FILES).for_each(|n| _ = tree.write(&n.to_string(), ""));
        assert_eq!(code(tree.path()), "capture.too-many-files");
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
