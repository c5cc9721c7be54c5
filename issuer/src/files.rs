//! Reading with a limit, and writing so that an output is either whole or absent.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::exit::Exit;
use crate::problem::Problem;

/// The path that means standard input or standard output.
pub const STANDARD_STREAM: &str = "-";

/// Largest draft, claims file, policy or DID document that is read: one byte more than the core accepts, so that
/// the core, and not this module, says that a document is too large.
pub const MAX_DOCUMENT_BYTES: u64 = (1 << 20) + 1;

/// Likewise for passports, presentations and bundles.
pub const MAX_BUNDLE_BYTES: u64 = (16 << 20) + 1;

/// Why an input could not be read.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum InputError {
    #[error("there is no file `{}`", path.display())]
    Missing { path: PathBuf },
    #[error("`{}` is a directory, a file is needed here", path.display())]
    Directory { path: PathBuf },
    #[error("the file `{}` cannot be read: {}", path.display(), reason(source))]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the file `{}` is larger than {limit} bytes", path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    #[error("the file `{}` is not UTF-8 text (byte {offset})", path.display())]
    NotUtf8 { path: PathBuf, offset: usize },
}

impl Problem for InputError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "input.missing",
            Self::Directory { .. } => "input.directory",
            Self::Unreadable { .. } => "input.unreadable",
            Self::TooLarge { .. } => "input.too-large",
            Self::NotUtf8 { .. } => "input.not-utf8",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Missing { .. } => "check the path; `-` reads from standard input",
            Self::Directory { .. } => {
                "name one file; `passport capture` is the command that takes a directory"
            }
            Self::Unreadable { .. } => "check who may read it, for example with `ls -l`",
            Self::TooLarge { .. } => {
                "passports and claims are small; is this the model or the data, and not the text about it?"
            }
            Self::NotUtf8 { .. } => {
                "passports and claims are text; is this the model or the data, and not the text about it?"
            }
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Missing { .. } | Self::Directory { .. } | Self::Unreadable { .. } => Exit::CouldNotCheck,
            Self::TooLarge { .. } | Self::NotUtf8 { .. } => Exit::Malformed,
        }
    }
}

/// Reads a text file, or standard input for `-`, of at most `limit` bytes.
pub fn read_text(path: &Path, limit: u64) -> Result<String, InputError> {
    String::from_utf8(read_bytes(path, limit)?).map_err(|error| InputError::NotUtf8 {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}

/// Reads a file, or standard input for `-`, of at most `limit` bytes.
pub fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, InputError> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => InputError::Missing { path: path.to_owned() },
        io::ErrorKind::IsADirectory => InputError::Directory { path: path.to_owned() },
        _ => InputError::Unreadable { path: path.to_owned(), source },
    };
    let mut bytes = Vec::new();
    // One byte past the limit tells "exactly at the limit" from "over it" without trusting a size that may change.
    let read = if path.as_os_str() == STANDARD_STREAM {
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).map_err(unreadable)?.take(limit + 1).read_to_end(&mut bytes)
    };
    read.map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|size| size <= limit) {
        Ok(bytes)
    } else {
        Err(InputError::TooLarge { path: path.to_owned(), limit })
    }
}

/// Why an output could not be written. In every case nothing was changed.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum OutputError {
    #[error("the output `{}` exists already", path.display())]
    Exists { path: PathBuf },
    #[error("there is no directory `{}` to write into", path.display())]
    NoDirectory { path: PathBuf },
    #[error("the output `{}` cannot be written: {}", path.display(), reason(source))]
    Unwritable { path: PathBuf, source: io::Error },
}

impl Problem for OutputError {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "output.exists",
            Self::NoDirectory { .. } => "output.no-directory",
            Self::Unwritable { .. } => "output.unwritable",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Exists { .. } => "choose another name, or replace it with `--force`",
            Self::NoDirectory { .. } => "make the directory first; nothing was written",
            Self::Unwritable { .. } => "check the free space and who may write there; nothing was written",
        };
        Some(help.to_owned())
    }
}

/// A directory of the user's, by its variable or below the home directory.
pub(crate) fn base_directory(variable: &str, below_home: &str) -> Option<PathBuf> {
    // The base directory specification: a relative path there is to be ignored.
    let named = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(below_home)))
}

/// The bytes of a plain file of the user's that nobody else can write to, and that no link leads to; none of one that
/// is longer than `limit`.
pub(crate) fn read_own(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let named = fs::symlink_metadata(path).ok()?;
    if !named.is_file() {
        return None;
    }
    let file = File::open(path).ok()?;
    // What was opened is asked, and not what had the name before.
    let metadata = file.metadata().ok()?;
    if !is_own(&metadata) || !is_same(&metadata, &named) || metadata.len() > limit {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Whether this is the user's, and nobody else may write to it.
#[cfg(unix)]
pub(crate) fn is_own(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
}

#[cfg(unix)]
fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
pub(crate) fn is_own(_metadata: &fs::Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn is_same(_one: &fs::Metadata, _other: &fs::Metadata) -> bool {
    true
}

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whatever the process's umask allows.
    Shared,
    /// The owner alone.
    Private,
}

/// Finds out, before any work is done, that a later [`write`](write()) to `path` would be refused.
pub fn check_free(path: &Path, force: bool) -> Result<(), OutputError> {
    if path.as_os_str() == STANDARD_STREAM {
        return Ok(());
    }
    if !force && path.symlink_metadata().is_ok() {
        return Err(OutputError::Exists { path: path.to_owned() });
    }
    existing_parent(path).map(|_| ())
}

fn existing_parent(path: &Path) -> Result<&Path, OutputError> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if directory.is_dir() {
        Ok(directory)
    } else {
        Err(OutputError::NoDirectory { path: directory.to_owned() })
    }
}

/// Writes a file as a whole: into a temporary file beside it, to the disk, then under its name. Without `force`
/// an existing file stays, even one that appeared a moment ago.
pub fn write(path: &Path, bytes: &[u8], access: Access, force: bool) -> Result<(), OutputError> {
    write_with(path, access, force, |out| out.write_all(bytes))
}

/// The same, of content that is written piece by piece.
pub fn write_with(
    path: &Path,
    access: Access,
    force: bool,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), OutputError> {
    let unwritable = |source: io::Error| OutputError::Unwritable { path: path.to_owned(), source };
    let directory = existing_parent(path)?;
    let mut file = temporary(directory, access).map_err(unwritable)?;
    let mut out = io::BufWriter::new(file.as_file_mut());
    content(&mut out).and_then(|()| out.flush()).map_err(unwritable)?;
    drop(out);
    file.as_file().sync_all().map_err(unwritable)?;
    if force {
        file.persist(path).map_err(|error| unwritable(error.error))?;
    } else {
        file.persist_noclobber(path).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => OutputError::Exists { path: path.to_owned() },
            _ => unwritable(error.error),
        })?;
    }
    sync_directory(directory).map_err(unwritable)
}

#[cfg(unix)]
fn temporary(directory: &Path, access: Access) -> io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let mode = match access {
        Access::Shared => 0o666,
        Access::Private => 0o600,
    };
    tempfile::Builder::new()
        .prefix(".passport-")
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(directory)
}

#[cfg(not(unix))]
fn temporary(directory: &Path, _access: Access) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(".passport-").tempfile_in(directory)
}

/// A name is only on the disk when its directory is.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// The operating system's words without its error number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_output_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        write(&path, b"first", Access::Shared, false).unwrap();
        let refused = write(&path, b"second", Access::Shared, false).unwrap_err();
        assert_eq!(refused.code(), "output.exists");
        assert_eq!(fs::read(&path).unwrap(), b"first");
        write(&path, b"third", Access::Shared, true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"third");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "a temporary file was left behind");
    }

    #[test]
    fn a_file_at_the_limit_is_read_and_one_over_it_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("in");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        assert_eq!(read_text(&path, 4).unwrap_err().code(), "input.too-large");
    }

    #[test]
    fn what_is_not_text_is_said_with_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("in");
        fs::write(&path, b"ab\xff").unwrap();
        let error = read_text(&path, 5).unwrap_err();
        assert_eq!((error.code(), error.exit()), ("input.not-utf8", Exit::Malformed));
        assert!(error.to_string().ends_with("(byte 2)"));
    }
}
