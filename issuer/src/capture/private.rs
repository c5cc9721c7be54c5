//! Trees whose file names may name patients: those with a DICOM file in them.
//!
//! In such a tree no path leaves this program, in any output, error or note. Its files are numbers, in the order of
//! their SHA-256, which depends on nothing but their content; and the artefact manifest holds no digest of a single
//! file, against which anyone who has an image could try it. What is published is the number of files, their total
//! size, and as the identity
//!
//! ```text
//! SHA-256( "model-passport private files v1\n" │ number of files 8 │ (SHA-256 32 │ size 8) of each, sorted )
//! ```
//!
//! with big-endian numbers, keyed with the secret that stays with the holder
//! ([`Secret::sealed_digest`](model_passport::records::Secret::sealed_digest)).

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use model_passport::digest::Digest;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

use super::artifacts::{Artifact, Content};
use super::hash::Hashed;

/// Separates this use of SHA-256 from every other.
const DOMAIN: &[u8] = b"model-passport private files v1\n";

/// Names that say DICOM.
const DICOM_EXTENSIONS: [&str; 4] = ["dcm", "dic", "dicom", "ima"];

/// Names that say something else, whose files need not be opened to find out. Whatever has no extension, a number
/// (the end of a UID) or any other one is looked at.
const OTHER_EXTENSIONS: [&str; 40] = [
    "bin",
    "bval",
    "bvec",
    "c",
    "cfg",
    "csv",
    "gguf",
    "gz",
    "h5",
    "html",
    "ini",
    "ipynb",
    "jpeg",
    "jpg",
    "js",
    "json",
    "jsonl",
    "keras",
    "lock",
    "log",
    "md",
    "npy",
    "npz",
    "onnx",
    "parquet",
    "pdf",
    "pkl",
    "png",
    "pt",
    "pth",
    "py",
    "rs",
    "safetensors",
    "sh",
    "toml",
    "tsv",
    "txt",
    "xml",
    "yaml",
    "yml",
];

/// What each file is, as far as DICOM goes.
pub(super) fn contents(files: &[&Path]) -> Vec<Content> {
    files.par_iter().map(|file| content(file)).collect()
}

fn content(file: &Path) -> Content {
    if is_directory(file) {
        Content::DicomDirectory
    } else if is_named_dicom(file) || !ends_in_one_of(file, &OTHER_EXTENSIONS) && has_magic(file) {
        Content::Dicom
    } else {
        Content::Other
    }
}

/// Whether a name alone says DICOM.
pub(super) fn is_named_dicom(file: &Path) -> bool {
    is_directory(file) || ends_in_one_of(file, &DICOM_EXTENSIONS)
}

fn is_directory(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR"))
}

fn ends_in_one_of(file: &Path, extensions: &[&str]) -> bool {
    file.extension().is_some_and(|extension| extensions.iter().any(|one| extension.eq_ignore_ascii_case(one)))
}

/// Whether `DICM` stands after 128 bytes. A file that cannot be read is an error elsewhere.
fn has_magic(file: &Path) -> bool {
    let mut start = [0; 132];
    let read = fs::File::open(file).and_then(|mut file| file.read_exact(&mut start));
    let is_dicom = read.is_ok() && start.ends_with(b"DICM");
    start.zeroize();
    is_dicom
}

/// Whether a tree holds DICOM, asked after something in it went wrong: what cannot be read is left aside.
pub(super) fn holds_dicom(root: &Path) -> bool {
    let mut rest = vec![root.to_owned()];
    while let Some(path) = rest.pop() {
        // The path that a person named may be a link; what lies under it may not.
        let metadata = if path == root { fs::metadata(&path) } else { fs::symlink_metadata(&path) };
        match metadata {
            Ok(metadata) if metadata.is_dir() => {
                let entries = fs::read_dir(&path).into_iter().flatten().flatten();
                rest.extend(entries.map(|entry| entry.path()));
            }
            Ok(metadata) if metadata.is_file() && content(&path) != Content::Other => return true,
            _ => {}
        }
    }
    false
}

/// Sorts files by content, and makes numbers of their names.
pub(super) fn rename(files: &mut [Artifact]) {
    files.sort_by(|a, b| a.hashed.order().cmp(&b.hashed.order()));
    for (at, file) in files.iter_mut().enumerate() {
        file.location = ordinal(at);
        file.path = file.location.display().to_string();
    }
}

/// What a file is called in a private tree, in errors: its place in the order of the digests, from 1.
fn ordinal(at: usize) -> PathBuf {
    PathBuf::from(format!("file {}", at.saturating_add(1)))
}

/// Whether a path is such a number and not a name.
pub(super) fn is_ordinal(path: &Path) -> bool {
    let digits = path.to_str().and_then(|path| path.strip_prefix("file "));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What stands for files that are sorted by their digests, before it is keyed.
pub(super) fn digest<'a>(files: impl ExactSizeIterator<Item = &'a Hashed>) -> Digest {
    let mut hash = Sha256::new();
    hash.update(DOMAIN);
    hash.update(u64::try_from(files.len()).unwrap_or(u64::MAX).to_be_bytes());
    for file in files {
        hash.update(file.sha256.as_bytes());
        hash.update(file.stamp.size.to_be_bytes());
    }
    Digest::Sha256(hash.finalize().into())
}
