//! A secret that others can read is not a secret: group and other bits must be clear.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::problem::Problem;

/// A key, its directory or a passphrase file that others may read, write or enter.
#[derive(Debug, Error)]
#[error("`{}` is open to others (mode {mode:04o})", path.display())]
pub struct OpenPermissions {
    path: PathBuf,
    mode: u32,
    directory: bool,
}

impl Problem for OpenPermissions {
    fn code(&self) -> &'static str {
        "keystore.open-permissions"
    }

    fn help(&self) -> Option<String> {
        let mode = if self.directory { "700" } else { "600" };
        Some(format!(
            "close it with `chmod {mode} {}`; if others could read it until now, make a new key",
            self.path.display()
        ))
    }
}

/// Refuses a path with any permission for group or others. A path that is not there has none.
#[cfg(unix)]
pub(crate) fn check(path: &Path) -> Result<(), OpenPermissions> {
    use std::os::unix::fs::PermissionsExt;
    let Ok(metadata) = path.metadata() else { return Ok(()) };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(OpenPermissions { path: path.to_owned(), mode, directory: metadata.is_dir() })
    }
}

/// Elsewhere the access lists of the user's profile protect the store.
#[cfg(not(unix))]
pub(crate) fn check(_path: &Path) -> Result<(), OpenPermissions> {
    Ok(())
}
