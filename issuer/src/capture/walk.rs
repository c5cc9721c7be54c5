//! Which files are captured: every plain file under a path, but for what is left out on purpose.
//!
//! Left out are, where a `passport.toml` lies at the root, that and what is made with it; names that start with a dot (`.git`, `.cache`, `.DS_Store`), and what a `.passportignore` at
//! the root of the captured directory says, in the [rules of gitignore]. Both are said: the draft counts the
//! first, the passport carries the patterns of the second, so that nobody takes a part for the whole.
//!
//! Symbolic links are refused: what they lead to may lie outside, and may be another file tomorrow.
//!
//! [rules of gitignore]: https://git-scm.com/docs/gitignore#_pattern_format

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::hash::Stamp;
use super::{CaptureError, FormatError};

/// Most files of one capture: a manifest in memory takes about 1 kB for each.
const MAX_FILES: usize = 1_000_000;

/// Where the patterns stand.
const IGNORE_FILE: &str = ".passportignore";

/// What makes a directory one whose parts are described.
pub(crate) const PROJECT_FILE: &str = "passport.toml";

/// Longest file of patterns, and most patterns, as in the schema of a passport.
const MAX_IGNORE_BYTES: u64 = 64 << 10;
const MAX_PATTERNS: usize = 256;

/// One file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Relative to what was captured, with `/` between names.
    pub(super) path: String,
    /// Where to open it.
    pub(super) location: PathBuf,
    pub(super) stamp: Stamp,
}

/// All files, sorted by the bytes of their paths.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) entries: Vec<Entry>,
    /// Names that were left out because they start with a dot.
    pub(super) hidden: usize,
    /// The patterns by which others were left out, in their order.
    pub(super) patterns: Vec<String>,
    /// Where all that was left out lies: files, and directories that were not entered.
    pub(super) left_out: Vec<PathBuf>,
}

/// Walks what stands at `root`, a file or a directory.
pub(super) fn walk(root: &Path) -> Result<Files, CaptureError> {
    // The path that a person named may be a link; what lies under it may not.
    let metadata = fs::metadata(root).map_err(|cause| CaptureError::io(root, cause))?;
    let mut walk = Walk { root, files: Files::default(), ignore: Gitignore::empty() };
    if metadata.is_dir() {
        (walk.ignore, walk.files.patterns) = patterns(root)?;
        walk.tree()?;
    } else {
        let resolved = fs::canonicalize(root).map_err(|cause| CaptureError::io(root, cause))?;
        let name = root.file_name().or(resolved.file_name()).unwrap_or_default();
        let name = portable_name(root, name)?;
        walk.file(name, root.to_owned(), &metadata)?;
    }
    let mut files = walk.files;
    files.entries.sort_unstable_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
    Ok(files)
}

struct Walk<'a> {
    root: &'a Path,
    files: Files,
    ignore: Gitignore,
}

impl Walk<'_> {
    fn tree(&mut self) -> Result<(), CaptureError> {
        let mut directories = vec![(self.root.to_owned(), String::new())];
        while let Some((location, prefix)) = directories.pop() {
            let unreadable = |cause| CaptureError::io(&location, cause);
            for entry in fs::read_dir(&location).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                let (name, location) = (entry.file_name(), entry.path());
                if name.as_encoded_bytes().starts_with(b".") {
                    self.files.hidden += 1;
                    self.files.left_out.push(location);
                    continue;
                }
                // A link is not followed here, so that its own type is seen.
                let metadata = entry.metadata().map_err(|cause| CaptureError::io(&location, cause))?;
                if self.ignore.matched(&location, metadata.is_dir()).is_ignore() {
                    self.files.left_out.push(location);
                    continue;
                }
                let path = format!("{prefix}{}", portable_name(&location, &name)?);
                if metadata.is_symlink() {
                    return Err(CaptureError::Symlink(location));
                } else if metadata.is_dir() {
                    directories.push((location, format!("{path}/")));
                } else {
                    self.file(path, location, &metadata)?;
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: String, location: PathBuf, metadata: &fs::Metadata) -> Result<(), CaptureError> {
        // Before anyone opens it: opening a pipe waits for a writer.
        if !metadata.is_file() {
            return Err(CaptureError::SpecialFile(location));
        }
        if self.files.entries.len() >= MAX_FILES {
            return Err(CaptureError::TooManyFiles { path: self.root.to_owned(), max: MAX_FILES });
        }
        self.files.entries.push(Entry { path, location, stamp: Stamp::from(metadata) });
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

/// What a directory with a `passport.toml` has besides the thing that is described: without these rules a model at
/// its root would be another one after each issue, and its manifest would list the secrets of its data.
const PROJECT_RULES: [&str; 4] = ["/passport.toml", "/passports/", "/*.draft.json", "/*.secrets"];

/// The rules of the ignore file at the root, and the same as texts; neither where there is none.
fn patterns(root: &Path) -> Result<(Gitignore, Vec<String>), CaptureError> {
    let path = root.join(IGNORE_FILE);
    let is_project = root.join(PROJECT_FILE).is_file();
    let file = match fs::symlink_metadata(&path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => None,
        Ok(metadata) if metadata.is_symlink() => return Err(CaptureError::Symlink(path)),
        Ok(metadata) if !metadata.is_file() => return Err(CaptureError::SpecialFile(path)),
        _ => Some(fs::File::open(&path).map_err(|cause| CaptureError::io(&path, cause))?),
    };
    let refused = |message: String| CaptureError::Format {
        path: path.clone(),
        cause: FormatError {
            code: "capture.ignore-file",
            format: "a list of patterns",
            message,
            help: "write one pattern a line, as in a .gitignore file",
        },
    };
    let mut text = String::new();
    if let Some(file) = file {
        let read = file.take(MAX_IGNORE_BYTES + 1).read_to_string(&mut text);
        read.map_err(|_| refused("it is not UTF-8 text".to_owned()))?;
    }
    if u64::try_from(text.len()).is_ok_and(|len| len > MAX_IGNORE_BYTES) {
        return Err(refused(format!("it is longer than {MAX_IGNORE_BYTES} bytes")));
    }
    let mut builder = GitignoreBuilder::new(root);
    let mut kept = Vec::new();
    for rule in PROJECT_RULES.into_iter().filter(|_| is_project) {
        // INVARIANT: these are patterns.
        let _ = builder.add_line(None, rule);
        kept.push(rule.to_owned());
    }
    // Some editors begin a file with a byte order mark, which is no part of a pattern.
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        builder.add_line(None, line).map_err(|cause| refused(format!("line {}: {cause}", at + 1)))?;
        if !line.trim().is_empty() && !line.starts_with('#') {
            kept.push(line.trim_end().to_owned());
        }
    }
    if kept.len() > MAX_PATTERNS || kept.iter().any(|line| line.chars().count() > 256) {
        return Err(refused(format!("a passport holds {MAX_PATTERNS} patterns of 256 characters")));
    }
    let rules = builder.build().map_err(|cause| refused(cause.to_string()))?;
    Ok((rules, kept))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;
    use super::*;
    use crate::problem::Problem as _;

    fn paths(tree: &Tree) -> Vec<String> {
        walk(tree.path()).unwrap().entries.into_iter().map(|entry| entry.path).collect()
    }

    #[test]
    fn patterns_leave_files_out_as_git_would() {
        let tree = Tree::with(&[
            ("keep.bin", b""),
            ("a.log", b""),
            ("logs/b.bin", b""),
            ("deep/logs/b.bin", b""),
            ("deep/important.log", b""),
            ("build/x", b""),
        ]);
        assert_eq!(paths(&tree).len(), 6);
        tree.write(".passportignore", "# what is not the model\n*.log\n!important.log\n/build/\n/logs\n\n");
        assert_eq!(paths(&tree), ["deep/important.log", "deep/logs/b.bin", "keep.bin"]);
        let files = walk(tree.path()).unwrap();
        assert_eq!(files.patterns, ["*.log", "!important.log", "/build/", "/logs"]);
        assert_eq!(files.hidden, 1);
    }

    #[test]
    fn what_describes_a_directory_is_no_part_of_it() {
        let tree = Tree::with(&[
            ("m.onnx", b""),
            ("x.draft.json", b""),
            ("scans.secrets", b""),
            ("passports/m.passport.json", b""),
            ("deep/x.draft.json", b""),
        ]);
        assert_eq!(paths(&tree).len(), 5);
        tree.write("passport.toml", "");
        assert_eq!(paths(&tree), ["deep/x.draft.json", "m.onnx"]);
        assert_eq!(walk(tree.path()).unwrap().patterns, PROJECT_RULES);
    }

    #[test]
    fn an_ignore_file_that_cannot_be_kept_is_refused() {
        let code = |bytes: &[u8]| {
            let tree = Tree::with(&[(".passportignore", bytes), ("m.bin", b"1")]);
            walk(tree.path()).map_or_else(|error| error.code(), |_| "ok")
        };
        assert_eq!(code(b"*.log"), "ok");
        for bad in [&b"\xff"[..], b"[z-a]", &b"x\n".repeat(257), &[b'x'; 257], &[b'\n'; 70_000]] {
            assert_eq!(code(bad), "capture.ignore-file");
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_ignored_link_or_pipe_is_no_reason_to_stop() {
        let tree = Tree::with(&[("m.bin", b"1"), (".passportignore", b"latest\n")]);
        std::os::unix::fs::symlink("m.bin", tree.path().join("latest")).unwrap();
        assert_eq!(paths(&tree), ["m.bin"]);
        // A loop of links ends at the first.
        let tree = Tree::with(&[("d/m.bin", b"1")]);
        std::os::unix::fs::symlink("..", tree.path().join("d/up")).unwrap();
        assert_eq!(walk(tree.path()).unwrap_err().code(), "capture.symlink");
    }
}
