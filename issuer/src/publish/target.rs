//! Where a site lies: a directory, or an object store.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::files::{self, Access};
use crate::problem::Failure;
use crate::publish::PublishError;

/// A place for the files of a site, by their paths from its root. A file appears there whole or not at all.
pub(crate) trait Target {
    /// The bytes of a file, or nothing where there is none.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure>;
    /// Puts a file there, in place of one that is.
    fn write(&self, path: &str, bytes: &[u8], media_type: &str) -> Result<(), Failure>;
    /// The names of the files in a directory; none where there is no such directory.
    fn list(&self, directory: &str) -> Result<Vec<String>, Failure>;
    /// Takes a file away.
    fn remove(&self, path: &str) -> Result<(), Failure>;
}

/// Opens the place that a person names.
pub(crate) fn open(name: &str) -> Result<Box<dyn Target>, Failure> {
    if let Some(path) = name.strip_prefix("file://") {
        // What stands there instead of a slash is a host.
        if !path.starts_with('/') {
            return Err(PublishError::Target { target: name.to_owned() }.into());
        }
        return Ok(Box::new(Directory { root: PathBuf::from(path) }));
    }
    if name.contains("://") {
        #[cfg(feature = "object-store")]
        return super::object::open(name);
        #[cfg(not(feature = "object-store"))]
        return Err(PublishError::Target { target: name.to_owned() }.into());
    }
    Ok(Box::new(Directory { root: PathBuf::from(name) }))
}

/// A directory that a web server serves.
struct Directory {
    root: PathBuf,
}

impl Directory {
    fn unusable(path: &Path, source: std::io::Error) -> Failure {
        PublishError::Unusable { path: path.display().to_string(), why: files::reason(&source) }.into()
    }
}

impl Target for Directory {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        let path = self.root.join(path);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(Self::unusable(&path, error)),
        }
    }

    fn write(&self, path: &str, bytes: &[u8], _media_type: &str) -> Result<(), Failure> {
        let path = self.root.join(path);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(|error| Self::unusable(directory, error))?;
        }
        Ok(files::write(&path, bytes, Access::Shared, true)?)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, Failure> {
        let path = self.root.join(directory);
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| Self::unusable(&path, error))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| Self::unusable(&path, error))?.file_name();
            names.extend(name.into_string().ok());
        }
        names.sort();
        Ok(names)
    }

    fn remove(&self, path: &str) -> Result<(), Failure> {
        let path = self.root.join(path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Self::unusable(&path, error)),
            _ => Ok(()),
        }
    }
}
