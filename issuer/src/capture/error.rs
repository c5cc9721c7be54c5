//! Why a capture stopped: one variant per cause, each with a stable code and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::csv::CsvError;
use super::onnx::OnnxError;
use super::private;
use super::safetensors::SafetensorsError;
use crate::exit::Exit;
use crate::problem::Problem;

/// How a file breaks its format, or uses a part of it that cannot be captured. Texts name places and sizes,
/// never content: what is captured may be about patients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FormatError {
    /// The stable code of this cause, such as `capture.gguf-header`.
    pub code: &'static str,
    /// The format's name, for people.
    pub format: &'static str,
    /// What is wrong, and where.
    pub message: String,
    /// What the person at the keyboard can do.
    pub help: &'static str,
}

/// Why nothing was captured. There is no half capture: the first cause ends it.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// A file grew, shrank or was written to between its first and its last byte.
    #[error("`{}` changed while it was read", .0.display())]
    Changed(PathBuf),
    /// A CSV file that is not a table with one reading.
    #[error("`{path}` is not a table that can be committed to: {cause}", path = .path.display())]
    Csv {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        cause: CsvError,
    },
    /// There is nothing under the path.
    #[error("`{}` holds no files", .0.display())]
    Empty(PathBuf),
    /// A file that breaks its format or uses a part of it that cannot be captured.
    #[error("`{path}` cannot be captured as {format}: {cause}", path = .path.display(), format = .cause.format)]
    Format {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        cause: FormatError,
    },
    /// Something about a file in a private tree: what it is, and not which.
    #[error("{what} in data that are or may be about patients, where names are withheld")]
    Nameless {
        /// The code that it has elsewhere.
        code: &'static str,
        /// What is wrong.
        what: &'static str,
        /// How the program ends elsewhere.
        exit: Exit,
    },
    /// There is no such file or directory.
    #[error("`{}` does not exist", .0.display())]
    NotFound(PathBuf),
    /// An ONNX file that breaks the format or uses a part of it that cannot be captured.
    #[error("`{path}` cannot be captured as ONNX: {cause}", path = .path.display())]
    Onnx {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        cause: OnnxError,
    },
    /// A name that is not UTF-8 has no spelling in a passport.
    #[error("the name `{}` is not UTF-8", .0.display())]
    PathNotUtf8(PathBuf),
    /// A name with a control character or a backslash reads differently on another system.
    #[error("the name {0:?} holds a backslash or a control character")]
    PathUnportable(String),
    /// A model that holds files about patients.
    #[error("there are DICOM files among the files of the model")]
    DicomInModel,
    /// The system has no random numbers.
    #[error("the system gave no random numbers")]
    Randomness,
    /// A private data set without the holder's secret.
    #[error("the data set holds DICOM files, and its identity must not let anyone try images against it")]
    SecretMissing,
    /// A file with the holder's secret among the files.
    #[error("`{}` holds the secret of a data set", .0.display())]
    SecretsInside(PathBuf),
    /// A safetensors file that breaks the format.
    #[error("`{path}` is not a valid safetensors file: {cause}", path = .path.display())]
    Safetensors {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        cause: SafetensorsError,
    },
    /// A socket, a pipe or a device.
    #[error("`{}` is neither a file nor a directory", .0.display())]
    SpecialFile(PathBuf),
    /// A symbolic link inside the tree.
    #[error("`{}` is a symbolic link", .0.display())]
    Symlink(PathBuf),
    /// A number above what JSON holds exactly.
    #[error("`{path}` needs the number {value}, over 2^53 - 1", path = .path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The number.
        value: u64,
    },
    /// More files than one passport can list.
    #[error("`{path}` holds more than {max} files", path = .path.display())]
    TooManyFiles {
        /// Which directory was captured.
        path: PathBuf,
        /// Files allowed.
        max: usize,
    },
    /// The operating system would not let us read.
    #[error("`{path}` cannot be read: {cause}", path = .path.display())]
    Unreadable {
        /// Which file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
}

impl Problem for CaptureError {
    fn code(&self) -> &'static str {
        match self {
            Self::Changed(_) => "capture.file-changed",
            Self::Csv { cause, .. } => cause.code(),
            Self::Empty(_) => "capture.empty",
            Self::Format { cause, .. } => cause.code,
            Self::DicomInModel => "capture.dicom-in-model",
            Self::Nameless { code, .. } => code,
            Self::NotFound(_) => "capture.not-found",
            Self::Randomness => "capture.randomness",
            Self::SecretMissing => "capture.dicom-secret",
            Self::SecretsInside(_) => "capture.secrets-inside",
            Self::Onnx { cause, .. } => cause.code(),
            Self::PathNotUtf8(_) => "capture.path-not-utf8",
            Self::PathUnportable(_) => "capture.path-unportable",
            Self::Safetensors { cause, .. } => cause.code(),
            Self::SpecialFile(_) => "capture.special-file",
            Self::Symlink(_) => "capture.symlink",
            Self::TooLarge { .. } => "capture.too-large",
            Self::TooManyFiles { .. } => "capture.too-many-files",
            Self::Unreadable { .. } => "capture.file-unreadable",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Changed(_) => "wait until nothing writes to it, then capture again",
            Self::Csv { cause, .. } => cause.help(),
            Self::Empty(_) => "name a file, or a directory with files whose names do not start with a dot",
            Self::Format { cause, .. } => cause.help,
            Self::DicomInModel => {
                "a model's passport lists its files by name; move images of people out of its directory, also those that \
                 are hidden or ignored"
            }
            Self::Nameless { .. } => {
                "look for it with `find`; links, special files and names that are not plain text are refused, \
                 and every file must be readable and stay as it is"
            }
            Self::NotFound(_) => "check the spelling of the path",
            Self::Randomness => "try again; nothing was captured",
            Self::SecretMissing => {
                "to capture, add `--salted --secrets FILE`: the file is made if there is none; keep it, and do not publish \
                 it. To compare with a passport or to prove, give the secrets of that set with `--secrets FILE`"
            }
            Self::SecretsInside(_) => {
                "move it out of the data, or name it in `.passportignore`: who gets the data must not get it"
            }
            Self::Onnx { cause, .. } => cause.help(),
            Self::PathNotUtf8(_) | Self::PathUnportable(_) => "rename the file",
            Self::Safetensors { cause, .. } => cause.help(),
            Self::SpecialFile(_) => "move it out of the captured directory",
            Self::Symlink(_) => {
                "links are not followed, as they can lead out of the tree; put the file in its place"
            }
            Self::TooLarge { .. } => "split the file",
            Self::TooManyFiles { .. } => {
                "pack the files into archives, or capture parts of the tree one by one"
            }
            Self::Unreadable { .. } => "check that the file still exists and that you may read it",
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Changed(_) | Self::NotFound(_) | Self::Unreadable { .. } => Exit::CouldNotCheck,
            Self::Csv { .. } | Self::Format { .. } | Self::Onnx { .. } | Self::Safetensors { .. } => {
                Exit::Malformed
            }
            Self::Nameless { exit, .. } => *exit,
            Self::Randomness => Exit::Internal,
            _ => Exit::Usage,
        }
    }
}

impl CaptureError {
    /// Without any name, if it is about a tree that holds DICOM: files and folders are named after patients.
    /// Likewise if the data are sealed.
    pub(super) fn guarded(self, root: &Path, is_sealed: bool) -> Self {
        let is_safe = match &self {
            Self::DicomInModel | Self::Nameless { .. } | Self::Randomness | Self::SecretMissing => true,
            Self::Changed(path)
            | Self::Format { path, .. }
            | Self::NotFound(path)
            | Self::Unreadable { path, .. } => private::is_ordinal(path),
            _ => false,
        };
        if is_safe || !is_sealed && !private::holds_dicom(root) {
            return self;
        }
        self.nameless()
    }

    /// Whether it is about a tree that holds DICOM.
    pub(super) const fn is_private(&self) -> bool {
        matches!(self, Self::DicomInModel | Self::Nameless { .. } | Self::SecretMissing)
    }

    /// Without any name.
    pub(super) fn nameless(self) -> Self {
        if let Self::DicomInModel | Self::Nameless { .. } | Self::Randomness | Self::SecretMissing = self {
            return self;
        }
        let what = match &self {
            Self::Changed(_) => "a file changed while it was read",
            Self::Empty(_) => "no file to capture",
            Self::NotFound(_) => "a file is gone",
            Self::PathNotUtf8(_) => "a name that is not UTF-8",
            Self::PathUnportable(_) => "a name with a backslash or a control character",
            Self::SecretsInside(_) => "a file with the secret of a data set",
            Self::SpecialFile(_) => "something that is neither a file nor a directory",
            Self::Symlink(_) => "a symbolic link",
            Self::TooLarge { .. } => "a number over 2^53 - 1",
            Self::TooManyFiles { .. } => "more files than can be captured",
            Self::Unreadable { .. } => "a file or directory that cannot be read",
            _ => "a file that cannot be captured",
        };
        Self::Nameless { code: self.code(), what, exit: self.exit() }
    }

    /// The same failure of the operating system, as a missing file or an unreadable one.
    pub(crate) fn io(path: &Path, cause: io::Error) -> Self {
        let path = path.to_owned();
        match cause.kind() {
            io::ErrorKind::NotFound => Self::NotFound(path),
            _ => Self::Unreadable { path, cause },
        }
    }
}
