//! Trees whose file names may name patients: those with a DICOM file in them, also among what is hidden or ignored,
//! since what lies beside it and the patterns that leave it out may have the same names.
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
use std::io::{self, BufRead as _, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use model_passport::digest::Digest;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::artifacts::{Artifact, Content};
use super::hash::Hashed;
use super::inflate::{Envelope, Inflate};
use crate::data::secrets;

/// Separates this use of SHA-256 from every other.
const DOMAIN: &[u8] = b"model-passport private files v1\n";

/// Names that say DICOM.
const DICOM_EXTENSIONS: [&str; 4] = ["dcm", "dic", "dicom", "ima"];

/// Endings of packed files, which stand after the name of what is in them.
const PACKED_EXTENSIONS: [&str; 5] = ["gz", "zip", "bz2", "zst", "xz"];

/// What each file is, as far as DICOM goes.
pub(super) fn contents(files: &[&Path]) -> Vec<Content> {
    files.par_iter().map(|file| content(file)).collect()
}

fn content(file: &Path) -> Content {
    if is_directory(file) {
        return Content::DicomDirectory;
    }
    if is_named_dicom(file) {
        return Content::Dicom;
    }
    // A file that cannot be read is an error elsewhere.
    look(file).unwrap_or(Content::Other)
}

/// Whether a name alone says DICOM, or a packed one.
pub(super) fn is_named_dicom(file: &Path) -> bool {
    let mut file = file.to_owned();
    while ends_in_one_of(&file, &PACKED_EXTENSIONS) {
        file.set_extension("");
    }
    is_directory(&file) || ends_in_one_of(&file, &DICOM_EXTENSIONS)
}

/// Whether a file is about a patient, as far as its name and its first bytes tell.
pub(crate) fn is_dicom(file: &Path) -> bool {
    content(file).is_dicom()
}

/// Whether there is DICOM among what was left out of a tree. Links are not followed, and what cannot be read keeps
/// nobody from capturing the rest.
pub(super) fn left_out_dicom(paths: Vec<PathBuf>) -> bool {
    let (mut rest, mut files) = (paths, Vec::new());
    loop {
        let next = rest.pop();
        if files.len() >= BATCH_FILES || next.is_none() {
            if files.par_iter().any(|file: &PathBuf| is_dicom(file)) {
                return true;
            }
            files.clear();
        }
        let Some(path) = next else { return false };
        match fs::symlink_metadata(&path) {
            // It holds names of versions and packed files, and very many of them.
            Ok(metadata) if metadata.is_dir() && path.file_name().is_some_and(|name| name == ".git") => {}
            Ok(metadata) if metadata.is_dir() => {
                rest.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
            }
            Ok(metadata) if metadata.is_file() => files.push(path),
            Ok(_) if is_named_dicom(&path) => return true,
            _ => {}
        }
    }
}

/// Files that are looked at together.
const BATCH_FILES: usize = 1_024;

fn is_directory(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR"))
}

fn ends_in_one_of(file: &Path, extensions: &[&str]) -> bool {
    file.extension().is_some_and(|extension| extensions.iter().any(|one| extension.eq_ignore_ascii_case(one)))
}

/// Whether `DICM` stands after 128 bytes, whatever the file is called, and in a gzip file too; or a secret of ours,
/// however it is laid out.
fn look(file: &Path) -> io::Result<Content> {
    let mut input = io::BufReader::with_capacity(HEAD_BYTES, fs::File::open(file)?);
    let mut start = [0; HEAD_BYTES];
    let head = input.fill_buf()?;
    let is_object = head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let is_dicom = if head.starts_with(&[0x1f, 0x8b]) {
        let inflated = Inflate::new(input, Envelope::Gzip, u64::MAX);
        inflated.and_then(|mut inflated| inflated.read_exact(&mut start)).is_ok() && start.ends_with(b"DICM")
    } else if is_object && is_secret(&mut input)? {
        return Ok(Content::Secret);
    } else {
        // What was looked through is at an end, or was no text.
        input.rewind()?;
        input.read_exact(&mut start).is_ok() && start.ends_with(b"DICM")
    };
    start.zeroize();
    Ok(if is_dicom { Content::Dicom } else { Content::Other })
}

/// Whether a short JSON text is a file of secrets.
fn is_secret(input: &mut impl io::Read) -> io::Result<bool> {
    let mut text = Zeroizing::new(Vec::with_capacity(SECRET_BYTES));
    input.take(u64::try_from(SECRET_BYTES).unwrap_or(u64::MAX)).read_to_end(&mut text)?;
    let has = |mark: &[u8]| text.windows(mark.len()).any(|part| part == mark);
    Ok(text.len() < SECRET_BYTES && has(secrets::MARK.as_bytes()) && has(b"\"secret\""))
}

/// More than a file of secrets has, with whatever spaces.
const SECRET_BYTES: usize = 4 << 10;

/// How many bytes tell a DICOM file.
const HEAD_BYTES: usize = 132;

/// Whether a tree holds DICOM, asked after something in it went wrong. What cannot be read may be DICOM, and a link may
/// be named after a patient as well.
pub(super) fn holds_dicom(root: &Path) -> bool {
    let mut rest = vec![root.to_owned()];
    while let Some(path) = rest.pop() {
        // The path that a person named may be a link; what lies under it may not.
        let metadata = if path == root { fs::metadata(&path) } else { fs::symlink_metadata(&path) };
        match metadata {
            Ok(metadata) if metadata.is_dir() => {
                let Ok(entries) = fs::read_dir(&path) else { return true };
                rest.extend(entries.flatten().map(|entry| entry.path()));
            }
            Ok(metadata) if metadata.is_file() => {
                let is_gone = |cause: &io::Error| cause.kind() == io::ErrorKind::NotFound;
                let is_dicom = || match look(&path) {
                    Ok(content) => content.is_dicom(),
                    Err(cause) => !is_gone(&cause),
                };
                if is_named_dicom(&path) || is_dicom() {
                    return true;
                }
            }
            Ok(_) if is_named_dicom(&path) => return true,
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

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;
    use super::*;
    use crate::problem::Problem as _;

    fn head() -> Vec<u8> {
        [&[0; 128][..], b"DICM", b"more"].concat()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let packed = miniz_oxide::deflate::compress_to_vec(bytes, 6);
        [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &packed, &[0; 8]].concat()
    }

    #[test]
    fn no_name_keeps_a_file_from_being_looked_at() {
        let tree = Tree::with(&[]);
        for name in ["a.txt", "a.png", "a.bin", "a.json", "a.gz", "a.x.y", "a", "1.2.3"] {
            assert!(is_dicom(&tree.write(name, head())), "{name}");
            assert!(is_dicom(&tree.write(name, gzip(&head()))), "{name}");
            assert!(!is_dicom(&tree.write(name, gzip(b"short"))), "{name}");
            assert!(!is_dicom(&tree.write(name, [0; 300])), "{name}");
        }
        for name in ["a.dcm.gz", "a.IMA.zip", "a.dicom.xz.zst", "DICOMDIR.bz2", "dicomdir"] {
            assert!(is_dicom(&tree.write(name, "")), "{name}");
        }
        assert!(!is_dicom(&tree.write("a.nii.gz", "")));
    }

    #[test]
    fn what_is_left_out_makes_a_tree_private_too() {
        use super::super::{Kind, Options, capture_with};

        let secret = model_passport::records::Secret::from_bytes(&[1; 32]);
        let code = |tree: &Tree, secret, kind| {
            let options = Options { secret, ..Options::default() };
            capture_with(tree.path(), kind, &options, &()).map_err(|error| error.code())
        };
        for hidden in [".scans/a/DOE^JANE", ".DOE^JANE", "DOE^JANE/a", "deep/er/x.dcm"] {
            let tree = Tree::with(&[(".passportignore", b"DOE^JANE\n*.dcm\n"), ("DOE^JANE.png", b"x")]);
            tree.write("table.csv", "a\n1\n");
            assert!(code(&tree, None, Kind::Dataset).is_err_and(|code| code.starts_with("capture.image")));
            std::fs::remove_file(tree.path().join("DOE^JANE.png")).unwrap();
            tree.write("DOE^JANE.csv", "a\n1\n");
            let draft = code(&tree, None, Kind::Dataset).unwrap().to_json().to_string();
            assert!(draft.contains("JANE"), "without DICOM a name is a name");
            tree.write(hidden, head());
            assert_eq!(code(&tree, None, Kind::Dataset).unwrap_err(), "capture.dicom-secret", "{hidden}");
            assert_eq!(code(&tree, None, Kind::Model).unwrap_err(), "capture.dicom-in-model");
            let draft = code(&tree, Some(&secret), Kind::Dataset).unwrap().to_json().to_string();
            assert!(!draft.contains("JANE") && draft.contains("capture.dicom-left-out"), "{draft}");
        }
        // Names of versions are not looked at.
        let tree = Tree::with(&[(".git/objects/x", &head()), ("a.csv", b"a\n1\n")]);
        assert!(code(&tree, None, Kind::Dataset).is_ok());
    }

    #[test]
    fn no_secret_is_a_record() {
        use super::super::{Kind, capture};

        let written = r#"{"secrets":"https://w3id.org/model-passport/v1/record-secrets","secret":"uAQ"}"#;
        for (name, text) in [
            ("x.secrets", written.to_owned()),
            ("notes.txt", format!("\n  {}", written.replace(',', ",\n  "))),
            ("deep/a.json", written.to_owned()),
        ] {
            let tree = Tree::with(&[("t.csv", b"a\n1\n")]);
            capture(tree.path(), Kind::Dataset, &()).unwrap();
            tree.write(name, text);
            for kind in [Kind::Dataset, Kind::Model] {
                assert_eq!(capture(tree.path(), kind, &()).unwrap_err().code(), "capture.secrets-inside");
            }
            // It may lie there if it is no part of the set.
            tree.write(".passportignore", name);
            capture(tree.path(), Kind::Dataset, &()).unwrap();
        }
        let others = [r#"{"secrets": 1}"#.to_owned(), format!("{{{} {written}}}", " ".repeat(SECRET_BYTES))];
        for other in others {
            let tree = Tree::with(&[("a.json", other.as_bytes())]);
            assert!(capture(tree.path(), Kind::Dataset, &()).is_ok());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_with_the_name_of_an_image_is_one_for_errors() {
        let tree = Tree::with(&[("a.txt", b"x")]);
        assert!(!holds_dicom(tree.path()));
        std::os::unix::fs::symlink("/gone", tree.path().join("DOE.dcm")).unwrap();
        assert!(holds_dicom(tree.path()));
    }

    #[test]
    fn errors_about_sealed_data_name_no_file() {
        use super::super::{Kind, Options, capture_with};

        let tree = Tree::with(&[("DOE_JANE.csv", b"a,b\n1\n\"x\n")]);
        let secret = model_passport::records::Secret::from_bytes(&[1; 32]);
        let sealed = Options { secret: Some(&secret), ..Options::default() };
        let told = |options: &Options<'_>| {
            capture_with(tree.path(), Kind::Dataset, options, &()).unwrap_err().to_string()
        };
        assert!(told(&Options::default()).contains("DOE"));
        assert!(!told(&sealed).contains("DOE"));
        tree.write("DOE\n.csv", "");
        assert!(!told(&sealed).contains("DOE"));
    }
}
