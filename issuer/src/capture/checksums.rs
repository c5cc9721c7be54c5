//! Lists of checksums beside the files, as `md5sum` and `sha256sum` write and check them.
//!
//! ```text
//! 900150983cd24fb0d6963f7d28e17f72  weights/model.bin
//! MD5 (weights/model.bin) = 900150983cd24fb0d6963f7d28e17f72
//! ```
//!
//! Names are relative to the list. `model.bin.md5` may also hold the digest of `model.bin` and nothing else. What is
//! pinned so is held against the bytes; what is no list of checksums in spite of its name is bytes like any other.

use std::collections::BTreeSet;
use std::io::Read as _;

use super::artifacts::{Artifact, Artifacts};
use super::{CaptureError, Found, weak};

/// Largest list that is read: more lines than a passport has files.
const MAX_LIST_BYTES: u64 = 1 << 20;

/// Which digest a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    const ALL: [Self; 2] = [Self::Md5, Self::Sha256];

    /// By the name of the list.
    fn of_list(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        Self::ALL.into_iter().find(|algorithm| {
            let word = algorithm.word();
            let ends = name
                .rsplit_once('.')
                .is_some_and(|(_, end)| end == word || end.strip_suffix("sum") == Some(word));
            let whole = name.strip_prefix(word).and_then(|rest| rest.strip_prefix("sum"));
            ends || whole.is_some_and(|rest| matches!(rest, "" | "s" | ".txt" | "s.txt"))
        })
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha256 => "sha256",
        }
    }

    const fn digits(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha256 => 64,
        }
    }

    fn is_digest(self, text: &str) -> bool {
        text.len() == self.digits() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// The name and the digest of a line; the name is empty where there is a digest only.
    fn of_line(self, line: &str) -> Option<(&str, &str)> {
        let line = line.trim_end();
        let (digest, name) =
            match line.strip_suffix(')').is_none().then(|| line.rsplit_once(") = ")).flatten() {
                Some((head, digest)) => {
                    let (label, name) = head.split_once(" (")?;
                    (digest, label.eq_ignore_ascii_case(self.word()).then_some(name)?)
                }
                None => match line.split_once([' ', '\t']) {
                    Some((digest, name)) => (digest, name.trim_start_matches([' ', '*'])),
                    None => (line, ""),
                },
            };
        self.is_digest(digest).then_some((name, digest))
    }
}

/// Holds the files of every list against what it says.
pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts) -> Result<(), CaptureError> {
    for list in artifacts.on_disk() {
        if let Some(algorithm) = Algorithm::of_list(&list.path)
            && list.hashed.stamp.size <= MAX_LIST_BYTES
            && let Some(text) = text(list)?
        {
            check(found, artifacts, list, algorithm, &text)?;
        }
    }
    Ok(())
}

fn text(list: &Artifact) -> Result<Option<String>, CaptureError> {
    let input = list.open()?;
    let mut bytes = Vec::new();
    (&input)
        .take(MAX_LIST_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|cause| CaptureError::io(&list.location, cause))?;
    list.unchanged(&input)?;
    Ok(String::from_utf8(bytes).ok())
}

fn check(
    found: &mut Found,
    artifacts: &Artifacts,
    list: &Artifact,
    algorithm: Algorithm,
    text: &str,
) -> Result<(), CaptureError> {
    let (directory, own) =
        list.path.rsplit_once('/').map_or(("", list.path.as_str()), |(start, own)| (start, own));
    let own = own.rsplit_once('.').map_or("", |(name, _)| name);
    let said_by = format!("`{}`", list.path);
    // Each file is read once, however often a list has it.
    let (mut seen, mut absent, before) = (BTreeSet::new(), 0_usize, found.notes.len());
    for (name, digest) in text.lines().filter_map(|line| algorithm.of_line(line)) {
        let name = if name.is_empty() { own } else { name.trim_start_matches("./") };
        let path = if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
        if !seen.insert((path.clone(), digest.to_ascii_lowercase())) {
            continue;
        }
        // Only a name to look up: nothing is opened by it.
        match artifacts.files.binary_search_by(|file| file.path.as_bytes().cmp(path.as_bytes())) {
            Ok(at) => {
                let Some(file) = artifacts.files.get(at) else { continue };
                match algorithm {
                    Algorithm::Md5 => weak::check_md5(found, file, digest, &said_by)?,
                    Algorithm::Sha256 => weak::check_sha256(file, digest, &said_by)?,
                }
            }
            Err(_) => absent += 1,
        }
    }
    // One note for a list, not one for each of its files.
    let upgraded = found.notes.len() - before;
    if upgraded > 1 {
        found.notes.truncate(before);
        found.note(
            "capture.weak-digest-upgraded",
            format!(
                "{said_by} pins {upgraded} files by MD5: their bytes fit, and the passport has their SHA-256"
            ),
        );
    }
    if absent > 0 {
        found.note(
            "capture.pinned-file-absent",
            format!("{said_by} pins files that are not in the tree: {absent}"),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use model_passport::digest::Digest;
    use model_passport::json::Json;

    use super::super::testing::Tree;
    use super::*;
    use crate::problem::Problem as _;

    const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

    fn notes(list: &str, text: &str) -> String {
        let tree = Tree::with(&[("d/a b.bin", b"abc"), ("d/c.bin", b"abc"), (list, text.as_bytes())]);
        let mut found = Found::default();
        match add_to(&mut found, &tree.artifacts()) {
            Ok(()) => {
                found.notes.iter().filter_map(|note| note.get("code")?.as_str()).collect::<Vec<_>>().join(" ")
            }
            Err(error) => {
                assert!(error.to_string().contains(".bin"), "{error}");
                format!("error: {}", error.code())
            }
        }
    }

    #[test]
    fn lists_are_checked() {
        let (upgraded, absent) = ("capture.weak-digest-upgraded", "capture.pinned-file-absent");
        let sha256 = Digest::of("abc").to_hex();
        for (list, text, wanted) in [
            ("d/MD5SUMS", format!("{MD5}  a b.bin\n{MD5} *./c.bin\r\n"), upgraded),
            ("md5sum.txt", format!("{MD5}  d/c.bin\n{MD5}  d/c.bin"), upgraded),
            ("d/c.bin.md5", MD5.to_uppercase(), upgraded),
            ("d/x.md5sum", format!("MD5 (a b.bin) = {MD5}"), upgraded),
            ("d/x.sha256", format!("{sha256}  c.bin"), ""),
            ("SHA256SUMS", format!("SHA256 (d/c.bin) = {sha256}"), ""),
            ("MD5SUMS", format!("{MD5}  ../c.bin\n{MD5}  /etc/passwd\n"), absent),
            ("d/c.bin.md5", MD5.replace('9', "8"), "error: capture.weak-digest-mismatch"),
            (
                "d/x.sha256",
                format!("{}  c.bin", sha256.replace('b', "c")),
                "error: capture.pinned-digest-mismatch",
            ),
            // No lists, whatever they are called.
            ("d/x.md5", "about MD5\n\n ) = (\nMD5 (".to_owned(), ""),
            ("d/x.sha256", format!("{MD5}  c.bin"), ""),
            ("d/md5sums-old.txt", format!("{}  c.bin", MD5.replace('9', "8")), ""),
        ] {
            assert_eq!(notes(list, &text), wanted, "{list}: {text}");
        }
    }

    #[test]
    fn one_note_for_many_files() {
        let tree = Tree::with(&[
            ("a", b"abc"),
            ("b", b"abc"),
            ("MD5SUMS", format!("{MD5}  a\n{MD5}  b\n").as_bytes()),
        ]);
        let mut found = Found::default();
        add_to(&mut found, &tree.artifacts()).unwrap();
        let notes = Json::from(found.notes).to_string();
        assert!(notes.contains("pins 2 files by MD5"), "{notes}");
    }
}
