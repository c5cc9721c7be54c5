//! Files that are pickles: `.pkl`, `.pickle`, `.sav`, `.joblib`, and PyTorch's before its version 1.6.
//!
//! Loading one runs what it names. Their digest is in the manifest; here a person is told what would be imported.
//! `joblib` may compress the pickle: zlib and gzip are read through, other methods are named.

use std::fmt::Write as _;
use std::io::{self, BufReader};

use super::artifacts::Artifact;
use super::inflate::{Envelope, Inflate};
use super::pickle::{self, Stop, Walk};
use super::weights::{Content, Reading, head};
use super::{CaptureError, torch};

/// The code of the warning.
const RUNS_CODE: &str = "capture.pickle-runs-code";

/// Most bytes that come out of a compressed pickle before the walk ends.
const MAX_INFLATED: u64 = 256 << 20;

/// Most globals that are named; with more, their number is.
const MAX_NAMED: usize = 256;

/// Longest name of a global that is written out.
const MAX_NAME_CHARS: usize = 128;

/// How compressed files start, by what they are compressed with.
const COMPRESSED: [(&[u8], &str, Option<Envelope>); 6] = [
    (&[0x78], "zlib", Some(Envelope::Zlib)),
    (&[0x1f, 0x8b], "gzip", Some(Envelope::Gzip)),
    (b"BZh", "bzip2", None),
    (b"\xfd7zXZ\0", "xz", None),
    (&[0x5d, 0, 0], "lzma", None),
    (&[0x04, 0x22, 0x4d, 0x18], "lz4", None),
];

/// Whether bytes start as every pickle since protocol 2 does.
pub(super) fn is_pickle(head: &[u8]) -> bool {
    matches!(head, [0x80, 2..=5, ..])
}

/// Reads a file whose name says that it is a pickle.
pub(super) fn read_named(file: &Artifact) -> Result<Reading, CaptureError> {
    let head = head(file)?;
    if is_pickle(&head) {
        return read(file);
    }
    if torch::is_archive(&head) {
        return Ok(Content::Bytes.into());
    }
    let compressed = COMPRESSED.iter().find(|(magic, ..)| head.starts_with(magic));
    let input = BufReader::new(file.open()?);
    let note = match compressed {
        Some((_, name, None)) => {
            let message = format!(
                "loading `{}` runs what it names; it is compressed with {name}, so that was not looked at",
                file.path
            );
            Some((RUNS_CODE, message))
        }
        Some((_, _, Some(envelope))) => match Inflate::new(input, *envelope, MAX_INFLATED) {
            Ok(inflate) => runs_code(&file.path, &pickle::walk(BufReader::new(inflate)), |_| false),
            Err(cause) if cause.kind() == io::ErrorKind::InvalidData => None,
            Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(cause) => return Err(CaptureError::io(&file.location, cause)),
        },
        // Protocols 0 and 1 have no mark. What is not a pickle from its start on is some other file.
        None => {
            let walk = pickle::walk(input);
            // Where the walk met what no loader takes either, nothing runs. At a limit, or at what it does not
            // understand, a loader may go on.
            let never_runs = matches!(walk.stopped, Some((_, Stop::Operation | Stop::End)));
            if never_runs && walk.roots.is_empty() && walk.globals.is_empty() {
                None
            } else {
                runs_code(&file.path, &walk, |_| false)
            }
        }
    };
    Ok(Reading { content: Content::Bytes, notes: note.into_iter().collect() })
}

/// Reads a pickle that starts as one.
pub(super) fn read(file: &Artifact) -> Result<Reading, CaptureError> {
    let walk = pickle::walk(BufReader::new(file.open()?));
    if !walk.globals.iter().any(|name| name.starts_with("torch._utils._rebuild_")) {
        let notes = runs_code(&file.path, &walk, |_| false).into_iter().collect();
        return Ok(Reading { content: Content::Bytes, notes });
    }
    let notes = runs_code(&file.path, &walk, torch::is_harmless).into_iter().collect();
    let why = "a PyTorch file in the format before version 1.6".to_owned();
    Ok(Reading { content: Content::Unlisted(why), notes })
}

/// The warning, unless everything that the pickle names is harmless and it was walked to its end.
pub(super) fn runs_code(
    path: &str,
    walk: &Walk,
    is_harmless: impl Fn(&str) -> bool,
) -> Option<(&'static str, String)> {
    let globals = walk.globals.iter().map(String::as_str).filter(|name| !is_harmless(name));
    let globals: Vec<&str> = globals.collect();
    if globals.is_empty() && walk.stopped.is_none() {
        return None;
    }
    let mut message = format!("loading `{path}` runs code; it imports ");
    if globals.is_empty() {
        message.push_str("nothing that is known");
    }
    for (at, name) in globals.iter().take(MAX_NAMED).enumerate() {
        let name: String = name.chars().take(MAX_NAME_CHARS).flat_map(char::escape_debug).collect();
        // Writing to a string does not fail.
        _ = write!(message, "{}`{name}`", if at == 0 { "" } else { ", " });
    }
    if let Some(more) = globals.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        _ = write!(message, " and {more} more");
    }
    if walk.skipped > 0 {
        _ = write!(message, "; {} bytes were taken for arrays and not looked at", walk.skipped);
    }
    if let Some((at, stop)) = walk.stopped {
        _ = write!(
            message,
            "; there may be more, as not all of it was looked at, only to byte {at} ({stop})"
        );
    }
    Some((RUNS_CODE, message))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Tree, model_file};
    use super::*;

    fn note_of(name: &str, bytes: &[u8]) -> Option<String> {
        let tree = Tree::with(&[(name, bytes)]);
        let mut notes = read_named(&tree.artifacts().files[0]).unwrap().notes;
        assert!(notes.len() < 2);
        notes.pop().map(|(_, message)| message)
    }

    #[test]
    fn what_a_pickle_imports_is_said() {
        for name in ["evil-0.pkl", "evil-5.pkl", "objects.joblib"] {
            let note = note_of(name, &model_file(name)).unwrap();
            assert!(note.contains(".check_output`"), "{name} {note}");
        }
        let plain = note_of("m.joblib", &model_file("logistic.joblib"));
        for name in ["logistic-zlib.joblib", "logistic-gzip.joblib"] {
            assert_eq!(note_of("m.joblib", &model_file(name)), plain, "{name}");
        }
        assert!(!plain.unwrap().contains("there may be more"));
        let other = note_of("m.joblib", &model_file("logistic-xz.joblib")).unwrap();
        assert!(other.contains("xz") && other.contains("not looked at"));
    }

    #[test]
    fn where_the_walk_ends_early_a_loader_may_go_on() {
        let run = b"cos\nsystem\n(S'echo'\ntR.";
        let text = [b"S'", &b"a".repeat(70_000)[..], b"'\n0", run].concat();
        let many = [&b"N".repeat(260_000)[..], run].concat();
        for bytes in [&text[..], &many, b"Np1_0\ncos\nsystem\n."] {
            let note = note_of("m.pkl", bytes).unwrap();
            assert!(note.contains("runs code") && note.contains("not all of it was looked at"), "{note}");
        }
        let note = note_of("m.joblib", &model_file("logistic.joblib")).unwrap();
        assert!(note.contains("bytes were taken for arrays and not looked at"), "{note}");
    }

    #[test]
    fn names_are_shown_as_text() {
        let note = note_of("m.pkl", b"\x80\x04c\x1b[31mevil\nx\x07\n.").unwrap();
        assert!(note.contains(r"`\u{1b}[31mevil.x\u{7}`"), "{note}");
        let many: Vec<u8> = (0..300).flat_map(|n| format!("cm\nn{n}\n").into_bytes()).collect();
        let note = note_of("m.pkl", &[b"\x80\x02", &many[..], b"."].concat()).unwrap();
        assert!(note.ends_with("and 44 more"), "{note}");
    }

    #[test]
    fn other_bytes_with_such_a_name_are_bytes() {
        for bytes in [&b""[..], b"$FL2 spss", b"x,y\n1,2\n", b"\x78 not zlib", b"\x1f\x8b"] {
            let note = note_of("m.sav", bytes);
            assert!(note.as_ref().is_none_or(|note| note.contains("nothing that is known")), "{note:?}");
        }
        let cut = &model_file("evil-4.pkl")[..70];
        assert!(note_of("m.pkl", cut).unwrap().contains("not all of it was looked at, only to byte"));
    }

    #[test]
    fn a_compressed_pickle_that_never_ends_is_left() {
        let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b'('; 4 << 20], 9);
        assert!(bomb.len() < 8_000);
        assert!(note_of("m.joblib", &bomb).unwrap().contains("more objects than are looked at"));
    }
}
