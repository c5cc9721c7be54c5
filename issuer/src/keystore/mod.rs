//! Signing keys on disk.
//!
//! ```text
//! DIR/            mode 0700    --key-store, PASSPORT_KEY_STORE, or the user's data directory
//!   NAME.pem      mode 0600    encrypted PKCS#8, see pkcs8.rs
//!   NAME.json     mode 0600    the public half
//! ```
//!
//! Nothing is ever overwritten or deleted here: a lost key cannot be made again. Files appear whole or not at
//! all, and anything that others could have read or replaced is refused.

mod passphrase;
pub(crate) mod permissions;
mod pkcs8;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use model_passport::did::{self, Did};
use model_passport::json::Json;
use model_passport::key::{Algorithm, KeySigner, SigningKey, VerifyingKey};
use model_passport::time::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

pub use passphrase::{Passphrase, PassphraseError, PassphraseSource, VARIABLE as PASSPHRASE_VARIABLE};
pub use permissions::OpenPermissions;

use self::pkcs8::Unopened;
use crate::exit::Exit;
use crate::files::{self, Access, InputError, OutputError};
use crate::problem::{Failure, Problem};

/// Longest key name.
const MAX_NAME_CHARACTERS: usize = 64;
/// An encrypted key is about 400 bytes and its public half as much.
const MAX_KEY_FILE_BYTES: u64 = 16 * 1024;
/// Of random bytes, one in four billion is out of range for P-256; more tries than this mean a broken source.
const MAX_TRIES: usize = 8;

/// What is wrong with the key store, or with what was asked of it.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum KeyStoreError {
    #[error("the public half of the key names the algorithm `{algorithm}`")]
    Algorithm { algorithm: String },
    #[error("`{did}` cannot name a key: {why}")]
    Did { did: String, why: &'static str },
    #[error("there is a key `{name}` already")]
    Exists { name: String },
    #[error("the key file `{}` is not an encrypted PKCS#8 key for P-256, P-384 or Ed25519", path.display())]
    Malformed { path: PathBuf },
    #[error("the public half `{}` does not belong to its key", path.display())]
    Mismatch { path: PathBuf },
    #[error("`{name}` cannot be the name of a key")]
    Name { name: String },
    #[error("no directory for keys is known: neither `XDG_DATA_HOME` nor `HOME` is set")]
    NoHome,
    #[error(transparent)]
    Open(#[from] OpenPermissions),
    #[error("the public half `{}` cannot be read: {cause}", path.display())]
    PublicHalf { path: PathBuf, cause: serde_json::Error },
    #[error("the system has no randomness to give")]
    Randomness,
    #[error(transparent)]
    Read(InputError),
    #[error("there is no key `{name}` in `{}`", directory.display())]
    Unknown { name: String, directory: PathBuf },
    #[error("the key store `{}` cannot be used: {}", path.display(), files::reason(source))]
    Unusable { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Write(OutputError),
    #[error("the passphrase does not open the key `{name}`")]
    WrongPassphrase { name: String },
}

impl Problem for KeyStoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Algorithm { .. } => "keystore.public-half",
            Self::Did { .. } => "keystore.did",
            Self::Exists { .. } => "keystore.exists",
            Self::Malformed { .. } => "keystore.malformed",
            Self::Mismatch { .. } => "keystore.mismatch",
            Self::Name { .. } => "keystore.name",
            Self::NoHome => "keystore.no-home",
            Self::Open(error) => error.code(),
            Self::PublicHalf { .. } => "keystore.public-half",
            Self::Randomness => "keystore.randomness",
            Self::Read(error) => error.code(),
            Self::Unknown { .. } => "keystore.unknown-key",
            Self::Unusable { .. } => "keystore.unusable",
            Self::Write(error) => error.code(),
            Self::WrongPassphrase { .. } => "passphrase.wrong",
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Did { .. } => {
                "give a `did:web` such as `did:web:hospital.example:ai`, or leave `--did` away".to_owned()
            }
            Self::Exists { .. } => "keys are never replaced; choose another name".to_owned(),
            Self::Algorithm { .. }
            | Self::Malformed { .. }
            | Self::Mismatch { .. }
            | Self::PublicHalf { .. } => "restore the file from a backup, or make a new key".to_owned(),
            Self::Name { .. } => {
                format!(
                    "use up to {MAX_NAME_CHARACTERS} of a-z, 0-9, `-` and `_`, starting with a letter or digit"
                )
            }
            Self::NoHome => "say where the keys are with `--key-store DIR`".to_owned(),
            Self::Randomness => "no key was made".to_owned(),
            Self::Unknown { .. } => {
                "`passport key list` shows the keys; `passport key new NAME` makes one".to_owned()
            }
            Self::Unusable { .. } => {
                "check the path given with `--key-store` or `PASSPORT_KEY_STORE`".to_owned()
            }
            Self::WrongPassphrase { .. } => {
                "try again; without the passphrase the key cannot be used".to_owned()
            }
            Self::Open(error) => return error.help(),
            Self::Read(error) => return error.help(),
            Self::Write(error) => return error.help(),
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Randomness => Exit::Internal,
            _ => Exit::Usage,
        }
    }
}

/// The public half of a key, as `NAME.json` holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublicHalf {
    /// Who signs with it.
    pub did: String,
    /// The curve.
    pub algorithm: String,
    /// The DID URL that proofs name.
    pub verification_method: String,
    /// The public key as a Multikey.
    pub public_key_multibase: String,
    /// When it was made.
    pub created: String,
}

impl PublicHalf {
    /// The algorithm of the key.
    pub fn algorithm(&self) -> Result<Algorithm, KeyStoreError> {
        let known = [Algorithm::Ed25519, Algorithm::P256, Algorithm::P384];
        let found = known.into_iter().find(|algorithm| algorithm.curve() == self.algorithm);
        found.ok_or_else(|| KeyStoreError::Algorithm { algorithm: self.algorithm.clone() })
    }

    /// The DID document that lists the key, for a DID that needs one published.
    pub fn did_document(&self) -> Option<Json> {
        let did: Did = self.did.parse().ok()?;
        let key = VerifyingKey::from_multikey(&self.public_key_multibase).ok()?;
        let (_, fragment) = self.verification_method.split_once('#')?;
        Some(did::document(&did, [(fragment, &key)]))
    }

    /// Where that document is to be published; `None` for a DID that carries its key.
    pub fn document_url(&self) -> Option<String> {
        did::document_url(&self.did.parse().ok()?).ok().flatten()
    }
}

/// A directory of keys.
#[derive(Debug)]
pub struct KeyStore {
    directory: PathBuf,
}

impl KeyStore {
    /// The store in `directory`, or in the user's data directory. It need not be there yet.
    pub fn at(directory: Option<&Path>) -> Result<Self, KeyStoreError> {
        let directory = match directory {
            Some(directory) => directory.to_owned(),
            None => default_directory().ok_or(KeyStoreError::NoHome)?,
        };
        permissions::check(&directory)?;
        Ok(Self { directory })
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether a key of this name can still be made. To be asked before anyone is asked for a passphrase.
    pub fn check_free(&self, name: &str) -> Result<(), KeyStoreError> {
        check_name(name)?;
        let taken = [self.secret_path(name), self.public_path(name)]
            .iter()
            .any(|path| path.symlink_metadata().is_ok());
        if taken { Err(KeyStoreError::Exists { name: name.to_owned() }) } else { Ok(()) }
    }

    /// Makes a key. Without a DID it gets its own did:key.
    pub fn create(
        &self,
        name: &str,
        algorithm: Algorithm,
        did: Option<&str>,
        passphrase: &Passphrase,
        now: Timestamp,
    ) -> Result<PublicHalf, KeyStoreError> {
        self.check_free(name)?;
        if let Some(did) = did {
            check_did(did)?;
        }
        self.make_directory()?;
        let key = generate(algorithm)?;
        let public = public_half(&key, name, did, now);
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        fill(&mut salt)?;
        fill(&mut iv)?;
        let path = self.secret_path(name);
        let pem = pkcs8::seal(algorithm, &key.to_secret_bytes(), passphrase, &salt, iv)
            .map_err(|_| KeyStoreError::Malformed { path: path.clone() })?;
        let json = serde_json::to_string_pretty(&public)
            .map_err(|cause| KeyStoreError::PublicHalf { path: self.public_path(name), cause })?;
        let taken = |error| match error {
            OutputError::Exists { .. } => KeyStoreError::Exists { name: name.to_owned() },
            other => KeyStoreError::Write(other),
        };
        // The secret first: a public half without its secret would look like a key.
        files::write(&path, pem.as_bytes(), Access::Private, false).map_err(taken)?;
        files::write(&self.public_path(name), format!("{json}\n").as_bytes(), Access::Private, false)
            .map_err(taken)?;
        Ok(public)
    }

    /// The names and public halves of all keys, by name.
    pub fn list(&self) -> Result<Vec<(String, PublicHalf)>, KeyStoreError> {
        let unusable = |source| KeyStoreError::Unusable { path: self.directory.clone(), source };
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unusable(error)),
        };
        let mut keys = Vec::new();
        for entry in entries {
            let path = entry.map_err(unusable)?.path();
            let name = path.file_stem().and_then(|stem| stem.to_str());
            if let Some(name) = name.filter(|_| path.extension().is_some_and(|extension| extension == "pem"))
            {
                keys.push((name.to_owned(), self.public(name)?));
            }
        }
        keys.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(keys)
    }

    /// The public half of a key.
    pub fn public(&self, name: &str) -> Result<PublicHalf, KeyStoreError> {
        check_name(name)?;
        let path = self.public_path(name);
        let text =
            files::read_text(&path, MAX_KEY_FILE_BYTES).map_err(|error| self.unreadable(name, error))?;
        serde_json::from_str(&text).map_err(|cause| KeyStoreError::PublicHalf { path, cause })
    }

    /// Opens a key for signing.
    pub fn unlock(&self, name: &str, source: &PassphraseSource) -> Result<(KeySigner, PublicHalf), Failure> {
        let public = self.public(name)?;
        let path = self.secret_path(name);
        permissions::check(&path).map_err(KeyStoreError::from)?;
        let pem =
            files::read_text(&path, MAX_KEY_FILE_BYTES).map_err(|error| self.unreadable(name, error))?;
        let passphrase = source.existing(name)?;
        let (algorithm, secret) = pkcs8::open(&pem, &passphrase).map_err(|unopened| match unopened {
            Unopened::Malformed => KeyStoreError::Malformed { path: path.clone() },
            Unopened::WrongPassphrase => KeyStoreError::WrongPassphrase { name: name.to_owned() },
        })?;
        let key = SigningKey::from_secret_bytes(algorithm, &secret)
            .map_err(|_| KeyStoreError::Malformed { path: path.clone() })?;
        if key.verifying_key().to_multikey() != public.public_key_multibase {
            return Err(KeyStoreError::Mismatch { path: self.public_path(name) }.into());
        }
        Ok((KeySigner::new(key, public.verification_method.clone()), public))
    }

    fn unreadable(&self, name: &str, error: InputError) -> KeyStoreError {
        match error {
            InputError::Missing { .. } => {
                KeyStoreError::Unknown { name: name.to_owned(), directory: self.directory.clone() }
            }
            other => KeyStoreError::Read(other),
        }
    }

    fn make_directory(&self) -> Result<(), KeyStoreError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&self.directory)
            .map_err(|source| KeyStoreError::Unusable { path: self.directory.clone(), source })
    }

    fn secret_path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.pem"))
    }

    fn public_path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.json"))
    }
}

fn default_directory() -> Option<PathBuf> {
    Some(files::base_directory("XDG_DATA_HOME", ".local/share")?.join("model-passport").join("keys"))
}

fn check_name(name: &str) -> Result<(), KeyStoreError> {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let first = name.bytes().next().is_some_and(letters);
    let rest = name.bytes().all(|byte| letters(byte) || byte == b'-' || byte == b'_');
    if first && rest && name.len() <= MAX_NAME_CHARACTERS {
        Ok(())
    } else {
        Err(KeyStoreError::Name { name: name.chars().take(2 * MAX_NAME_CHARACTERS).collect() })
    }
}

fn check_did(did: &str) -> Result<(), KeyStoreError> {
    let refused = |why| KeyStoreError::Did { did: did.to_owned(), why };
    let parsed: Did = did.parse().map_err(|_| refused("it is not a DID"))?;
    match did::document_url(&parsed) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(refused("it carries a key of its own")),
        Err(_) => Err(refused("no https address follows from it")),
    }
}

fn public_half(key: &SigningKey, name: &str, did: Option<&str>, now: Timestamp) -> PublicHalf {
    let public_key_multibase = key.verifying_key().to_multikey();
    let (did, verification_method) = match did {
        Some(did) => (did.to_owned(), format!("{did}#{name}")),
        None => {
            let key = key.verifying_key();
            (did::key::did(&key).to_string(), did::key::verification_method(&key))
        }
    };
    let algorithm = key.algorithm().curve().to_owned();
    PublicHalf { did, algorithm, verification_method, public_key_multibase, created: now.to_string() }
}

/// A key of random bytes.
pub(crate) fn generate(algorithm: Algorithm) -> Result<SigningKey, KeyStoreError> {
    let mut secret = Zeroizing::new(vec![0; algorithm.secret_bytes()]);
    for _ in 0..MAX_TRIES {
        fill(&mut secret)?;
        if let Ok(key) = SigningKey::from_secret_bytes(algorithm, &secret) {
            return Ok(key);
        }
    }
    Err(KeyStoreError::Randomness)
}

fn fill(bytes: &mut [u8]) -> Result<(), KeyStoreError> {
    SystemRandom::new().fill(bytes).map_err(|_| KeyStoreError::Randomness)
}

#[cfg(test)]
mod tests;
