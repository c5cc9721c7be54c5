//! Files that are not on this disk, by the digests that somebody wrote down.
//!
//! One line a file: `SHA256 SIZE  PATH`, which is a line of `sha256sum` with the size in bytes between, since
//! the identity of a model has the size of each file in it. Nothing is checked here but the form, so the
//! passport says of each such file that its digest is declared, and not measured. A file that is on the disk is
//! hashed, whatever the list says; if they differ, or if it is on the disk and left out, nothing is captured. No error
//! about a list has a name from it: whoever makes one of images may have named them after patients.

use std::path::Path;

use model_passport::digest::Digest;

use super::artifacts::Artifact;
use super::hash::{Hashed, Stamp};
use super::{CaptureError, FormatError};

/// Longest list: a million files.
const MAX_BYTES: u64 = 256 << 20;

/// The files of the list, sorted by path.
pub(super) fn read(path: &Path) -> Result<Vec<Artifact>, CaptureError> {
    let refused = |line: usize, message: &str, help| CaptureError::Format {
        path: path.to_owned(),
        cause: FormatError {
            code: "capture.digests-list",
            format: "a list of digests",
            message: format!("line {line}: {message}"),
            help,
        },
    };
    let size = std::fs::metadata(path).map_err(|cause| CaptureError::io(path, cause))?.len();
    if size > MAX_BYTES {
        return Err(refused(1, "the list is too long", "capture parts of the tree one by one"));
    }
    let text = std::fs::read_to_string(path).map_err(|cause| CaptureError::io(path, cause))?;
    let mut files: Vec<(usize, Artifact)> = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let bad = |message: &str, help| refused(at + 1, message, help);
        let shape = "write `SHA256 SIZE  PATH`, the digest in lower-case hexadecimal";
        let (hex, rest) = line.split_once(' ').ok_or_else(|| bad("it has no size and no path", shape))?;
        let sha256 = Digest::from_sha256_hex(hex).ok_or_else(|| bad("it has no SHA-256", shape))?;
        let (size, name) = rest.split_once(' ').ok_or_else(|| bad("it has no path", shape))?;
        let size = size.parse::<u64>().map_err(|_| {
            bad("it has no size", "put the size in bytes between digest and path; `stat -c %s` tells it")
        })?;
        let name = name.strip_prefix([' ', '*']).unwrap_or(name);
        let name = name.strip_prefix("./").unwrap_or(name);
        if !is_portable(name) {
            return Err(bad("the path is not relative, or leads upwards", "name files relative to the tree"));
        }
        let stamp = Stamp { size, ..Stamp::default() };
        let hashed = Hashed { stamp, sha256, merkle_root: None };
        files.push((at + 1, Artifact::listed(name, hashed)));
    }
    files.sort_by(|(_, a), (_, b)| a.path.as_bytes().cmp(b.path.as_bytes()));
    if let Some((first, second)) = files.windows(2).find_map(|pair| match pair {
        [(first, a), (second, b)] if a.path == b.path => Some((*first, *second)),
        _ => None,
    }) {
        return Err(refused(second, &format!("it names the file of line {first}"), "name each file once"));
    }
    Ok(files.into_iter().map(|(_, file)| file).collect())
}

/// Puts what the list has beside what is on the disk; says how many files are on the list alone.
///
/// # Errors
/// `capture.digests-mismatch` for a file on the disk that the list knows otherwise, `capture.digests-left-out` for one
/// that is under `root` and was left out.
pub(super) fn merge(
    files: &mut Vec<Artifact>,
    listed: Vec<Artifact>,
    root: &Path,
) -> Result<usize, CaptureError> {
    let on_disk = files.len();
    let mut alone = Vec::new();
    for one in listed {
        // INVARIANT: `files` is sorted by path.
        let at = files.binary_search_by(|file| file.path.as_bytes().cmp(one.path.as_bytes()));
        let Some(file) = at.ok().and_then(|at| files.get(at)) else {
            let location = root.join(&one.path);
            if location.symlink_metadata().is_ok() {
                let cause = FormatError {
                    code: "capture.digests-left-out",
                    format: "a file of the list of digests",
                    message: "it is on this disk, and hidden or ignored".to_owned(),
                    help: "take it from the list, or from `.passportignore`: what can be hashed is not taken from a list",
                };
                return Err(CaptureError::Format { path: location, cause });
            }
            alone.push(one);
            continue;
        };
        if (file.hashed.sha256, file.hashed.stamp.size) != (one.hashed.sha256, one.hashed.stamp.size) {
            let cause = FormatError {
                code: "capture.digests-mismatch",
                format: "the file of the list of digests",
                message: "it is on this disk with other content".to_owned(),
                help: "restore the file, or correct the list; nothing was captured",
            };
            return Err(CaptureError::Format { path: file.location.clone(), cause });
        }
    }
    files.append(&mut alone);
    files.sort_unstable_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
    Ok(files.len() - on_disk)
}

fn is_portable(path: &str) -> bool {
    let plain = |name: &str| !name.is_empty() && name != "." && name != "..";
    !path.contains('\\') && !path.contains(char::is_control) && path.split('/').all(plain)
}

#[cfg(test)]
mod tests {
    use model_passport::json::Json;

    use super::super::testing::Tree;
    use super::super::{Options, Work, artifacts};
    use super::*;
    use crate::problem::Problem as _;

    fn read(files: &[(&str, &[u8])], list: &str) -> Result<artifacts::Artifacts, CaptureError> {
        let (tree, elsewhere) = (Tree::with(files), Tree::with(&[("list", list.as_bytes())]));
        let list = elsewhere.path().join("list");
        artifacts::read(tree.path(), &Options { digests: Some(&list), ..Options::default() }, &Work::new(&()))
    }

    #[test]
    fn a_listed_file_has_the_identity_that_it_would_have_on_the_disk() {
        let (abc, def) = (Digest::of("abc").to_hex(), Digest::of("def").to_hex());
        let whole = Tree::with(&[("a", b"abc"), ("d/b", b"def")]).artifacts();
        for list in [format!("{def} 3  ./d/b\n"), format!("\n{abc} 3  a\n{def} 3 *d/b")] {
            let part = read(&[("a", b"abc")], &list).unwrap();
            assert_eq!(part.subject_id(), whole.subject_id());
            let manifest = Json::Object(part.manifest().unwrap());
            let basis = |pointer| manifest.pointer(pointer).and_then(Json::as_str);
            assert_eq!((basis("/basis"), basis("/file/1/basis")), (Some("declared"), Some("declared")));
            assert!(basis("/file/0/merkleRoot").is_some() && basis("/file/1/merkleRoot").is_none());
        }
        assert_eq!(read(&[], &format!("{abc} 3  a\n{def} 3  d/b")).unwrap().subject_id(), whole.subject_id());
    }

    #[test]
    fn what_is_on_the_disk_is_not_taken_from_a_list() {
        let hex = Digest::of("abc").to_hex();
        let code = |name: &str| {
            let files: &[(&str, &[u8])] = &[
                ("a", b"x"),
                (".passportignore", b"/b\n/d\n"),
                ("b", b"other"),
                (".c", b"x"),
                ("d/e", b"x"),
            ];
            read(files, &format!("{hex} 3  {name}")).map_or_else(|error| error.code(), |_| "ok")
        };
        for name in ["b", ".c", "d/e", "d"] {
            assert_eq!(code(name), "capture.digests-left-out", "{name}");
        }
        assert_eq!(code("d/f"), "ok");
    }

    #[test]
    fn no_name_of_a_list_with_images_is_in_an_error() {
        let hex = Digest::of("abc").to_hex();
        for (files, list) in [
            (&[("DOE.csv", &b"x"[..])][..], format!("{hex} 3  DOE/1.dcm\n{hex} 3  DOE.csv")),
            (&[(".DOE", b"x")], format!("{hex} 3  DOE/1.dcm\n{hex} 3  .DOE")),
            (&[("a", b"x")], format!("{hex} 3  DOE.dcm\n{hex} 3  b\n{hex} 3  DOE.dcm")),
            (&[("a", b"x")], format!("{hex} 3  /DOE.dcm")),
            (&[("a", b"x")], format!("{hex} DOE  DOE.dcm")),
        ] {
            let error = read(files, &list).unwrap_err();
            let text = format!("{error} {:?}", error.help());
            assert!(!text.contains("DOE"), "{text}");
        }
        let twice = read(&[], &format!("{hex} 3  b\n{hex} 3  a\n\n{hex} 3  b")).unwrap_err();
        assert!(twice.to_string().contains("line 4: it names the file of line 1"), "{twice}");
    }

    #[test]
    fn a_list_that_lies_or_cannot_be_read_is_refused() {
        let hex = Digest::of("abc").to_hex();
        let code = |list: &str| read(&[("a", b"abd")], list).map_or_else(|error| error.code(), |_| "ok");
        assert_eq!(code(&format!("{hex} 3  a")), "capture.digests-mismatch");
        for bad in [
            format!("{hex}  a"),
            format!("{hex} x  b"),
            format!("{hex} -3  b"),
            format!("{hex} 3  /etc/passwd"),
            format!("{hex} 3  ../b"),
            format!("{hex} 3  d//b"),
            format!("{hex} 3  b\n{hex} 3  b"),
            "abc 3  b".to_owned(),
            hex.clone(),
        ] {
            assert_eq!(code(&bad), "capture.digests-list", "{bad}");
        }
    }
}
