//! Where a passphrase comes from: a file, the environment, or a person at a terminal, in this order.

use std::env;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::files::{self, InputError};
use crate::keystore::permissions::{self, OpenPermissions};
use crate::problem::Problem;

/// The variable that holds a passphrase, for machines.
pub const VARIABLE: &str = "PASSPORT_PASSPHRASE";

/// A new key wants at least this many characters. It is a floor against slips, not a measure of strength.
const MIN_CHARACTERS: usize = 8;
/// A passphrase file is one line; anything larger is another file.
const MAX_FILE_BYTES: u64 = 4096;

/// A secret that is wiped when it is dropped.
pub type Passphrase = Zeroizing<String>;

/// Why there is no passphrase.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum PassphraseError {
    #[error(transparent)]
    File(#[from] InputError),
    #[error("the two passphrases are not the same")]
    Mismatch,
    #[error("no passphrase was given and there is no terminal to ask at")]
    NoTerminal,
    #[error(transparent)]
    Open(#[from] OpenPermissions),
    #[error("the terminal could not be read: {}", files::reason(.0))]
    Terminal(std::io::Error),
    #[error("the passphrase has {characters} characters, a new key wants at least {MIN_CHARACTERS}")]
    TooShort { characters: usize },
}

impl Problem for PassphraseError {
    fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Mismatch => "passphrase.mismatch",
            Self::NoTerminal | Self::Terminal(_) => "passphrase.none",
            Self::Open(error) => error.code(),
            Self::TooShort { .. } => "passphrase.too-short",
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::File(_) => {
                Some("`--passphrase-file` names a file with the passphrase on its first line".to_owned())
            }
            Self::Mismatch => Some("run the command again; no key was made".to_owned()),
            Self::NoTerminal | Self::Terminal(_) => {
                Some(format!("use `--passphrase-file FILE`, or set `{VARIABLE}`"))
            }
            Self::Open(error) => error.help(),
            Self::TooShort { .. } => {
                Some("several unrelated words are easy to keep and hard to guess".to_owned())
            }
        }
    }
}

/// Where to look for the passphrase.
#[derive(Clone, Debug, Default)]
pub struct PassphraseSource {
    /// A file that holds it, given on the command line.
    pub file: Option<PathBuf>,
}

impl PassphraseSource {
    /// The passphrase of an existing key.
    pub fn existing(&self, name: &str) -> Result<Passphrase, PassphraseError> {
        match self.silent()? {
            Some(passphrase) => Ok(passphrase),
            None => ask(&format!("Passphrase of key {name}: ")),
        }
    }

    /// The passphrase for a key that is about to be made: asked twice when a person types it.
    pub fn new_key(&self, name: &str) -> Result<Passphrase, PassphraseError> {
        let passphrase = match self.silent()? {
            Some(passphrase) => passphrase,
            None => {
                let first = ask(&format!("New passphrase for key {name}: "))?;
                if *first != *ask("The same again: ")? {
                    return Err(PassphraseError::Mismatch);
                }
                first
            }
        };
        let characters = passphrase.chars().count();
        if characters < MIN_CHARACTERS {
            return Err(PassphraseError::TooShort { characters });
        }
        Ok(passphrase)
    }

    fn silent(&self) -> Result<Option<Passphrase>, PassphraseError> {
        if let Some(path) = &self.file {
            return from_file(path).map(Some);
        }
        Ok(env::var(VARIABLE).ok().map(Zeroizing::new))
    }
}

fn from_file(path: &Path) -> Result<Passphrase, PassphraseError> {
    if path.as_os_str() != files::STANDARD_STREAM {
        permissions::check(path)?;
    }
    let text = Zeroizing::new(files::read_text(path, MAX_FILE_BYTES)?);
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn ask(prompt: &str) -> Result<Passphrase, PassphraseError> {
    // Without this, a pipeline would hang on a controlling terminal that nobody watches.
    if !std::io::stdin().is_terminal() && !std::io::stderr().is_terminal() {
        return Err(PassphraseError::NoTerminal);
    }
    rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(PassphraseError::Terminal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_passphrase_file_is_one_line_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("passphrase");
        std::fs::write(&path, "correct horse battery\nsecond line\n").unwrap();
        let source = PassphraseSource { file: Some(path.clone()) };

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(*source.existing("lab").unwrap(), "correct horse battery");

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(source.existing("lab").unwrap_err().code(), "keystore.open-permissions");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_key_wants_a_passphrase_of_some_length() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("passphrase");
        std::fs::write(&path, "short").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let source = PassphraseSource { file: Some(path) };
        assert_eq!(source.new_key("lab").unwrap_err().code(), "passphrase.too-short");
    }
}
