//! Signing keys on disk.
//!
//! ```text
//! DIR/            mode 0700    --key-store, PASSPORT_KEY_STORE, or the user's data directory
//!   NAME.pem      mode 0600    encrypted PKCS#8, see pkcs8.rs
//!   NAME.json     mode 0600    the public half
//! ```
//!
//! No key is ever overwritten or deleted here: a lost key cannot be made again. Files appear whole or not at
//! all, and anything that others could have read or replaced is refused. A key that was rotated stays, and its public
//! half says when it ended and which key came after it; whoever asks for it by name gets the last of its successors.

mod passphrase;
pub(crate) mod permissions;
mod pkcs8;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use model_passport::did::{self, Did, ListedKey};
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
/// A key that was rotated more often than this was not rotated by people.
const MAX_SUCCESSORS: usize = 1000;
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
    #[error("no key of this key store signs for `{did}`")]
    NoKeyFor { did: String },
    #[error("the key `{name}` cannot be rotated: it is its own DID, `{did}`")]
    OwnDid { name: String, did: String },
    #[error("the system has no randomness to give")]
    Randomness,
    #[error(transparent)]
    Read(InputError),
    #[error("the key `{name}` was revoked at {at}")]
    Revoked { name: String, at: String },
    #[error("the key `{name}` cannot be revoked since {since}, which is in the future")]
    RevokedLater { name: String, since: String },
    #[error("the successors of the key `{name}` have no end")]
    Successors { name: String },
    #[error("the key `{name}` was made at {created}, and cannot sign as of {at}")]
    TooEarly { name: String, created: String, at: String },
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
            Self::NoKeyFor { .. } => "keystore.no-key-for",
            Self::OwnDid { .. } => "keystore.own-did",
            Self::Randomness => "keystore.randomness",
            Self::Read(error) => error.code(),
            Self::Revoked { .. } => "keystore.revoked",
            Self::RevokedLater { .. } => "keystore.revoked-later",
            Self::Successors { .. } => "keystore.malformed",
            Self::TooEarly { .. } => "keystore.too-early",
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
            | Self::PublicHalf { .. }
            | Self::Successors { .. } => "restore the file from a backup, or make a new key".to_owned(),
            Self::Name { .. } => {
                format!(
                    "use up to {MAX_NAME_CHARACTERS} of a-z, 0-9, `-` and `_`, starting with a letter or digit"
                )
            }
            Self::NoHome => "say where the keys are with `--key-store DIR`".to_owned(),
            Self::NoKeyFor { .. } => {
                "`passport key list` shows the keys and their DIDs; `passport key new NAME --did DID` makes one".to_owned()
            }
            Self::OwnDid { .. } => {
                "make a key with another name: a `did:key` lives and ends with its key; `--did did:web:…` gives a DID that outlives keys".to_owned()
            }
            Self::Randomness => "no key was made".to_owned(),
            Self::Revoked { .. } => "nothing may be signed with it any more; make another key".to_owned(),
            Self::RevokedLater { .. } => {
                "give a time that has come, or leave `--since` away: it is revoked since now".to_owned()
            }
            Self::TooEarly { .. } => {
                "give a time with `--at` at which the key was there, or leave it away; is the clock right?".to_owned()
            }
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
    /// Since when nothing more is signed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Since when it must not be believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
    /// The name of the key that came after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
}

impl PublicHalf {
    /// The algorithm of the key.
    pub fn algorithm(&self) -> Result<Algorithm, KeyStoreError> {
        let known = [Algorithm::Ed25519, Algorithm::P256, Algorithm::P384];
        let found = known.into_iter().find(|algorithm| algorithm.curve() == self.algorithm);
        found.ok_or_else(|| KeyStoreError::Algorithm { algorithm: self.algorithm.clone() })
    }

    /// The DID document with this key alone, for a DID that needs one.
    pub fn did_document(&self) -> Option<Json> {
        let did: Did = self.did.parse().ok()?;
        let key = VerifyingKey::from_multikey(&self.public_key_multibase).ok()?;
        Some(did::document_of(&did, self.listed(&key), &[]))
    }

    fn listed<'k>(&'k self, key: &'k VerifyingKey) -> Option<ListedKey<'k>> {
        let (_, fragment) = self.verification_method.split_once('#')?;
        let time = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
        Some(ListedKey { fragment, key, expires: time(&self.expires), revoked: time(&self.revoked) })
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
        let taken = |error| match error {
            OutputError::Exists { .. } => KeyStoreError::Exists { name: name.to_owned() },
            other => KeyStoreError::Write(other),
        };
        // The secret first: a public half without its secret would look like a key.
        files::write(&path, pem.as_bytes(), Access::Private, false).map_err(taken)?;
        self.write_public(name, &public, false)?;
        Ok(public)
    }

    fn write_public(&self, name: &str, public: &PublicHalf, replace: bool) -> Result<(), KeyStoreError> {
        let path = self.public_path(name);
        let json = serde_json::to_string_pretty(public)
            .map_err(|cause| KeyStoreError::PublicHalf { path: path.clone(), cause })?;
        let written = files::write(&path, format!("{json}\n").as_bytes(), Access::Private, replace);
        written.map_err(|error| match error {
            OutputError::Exists { .. } => KeyStoreError::Exists { name: name.to_owned() },
            other => KeyStoreError::Write(other),
        })
    }

    /// Makes the key that comes after a key of the same DID, and ends that. The new one counts from when the old one
    /// names it as its successor, which is one write.
    pub fn rotate(
        &self,
        name: &str,
        algorithm: Option<Algorithm>,
        passphrase: &Passphrase,
        now: Timestamp,
    ) -> Result<(String, PublicHalf), KeyStoreError> {
        let (last, old) = self.last(name)?;
        if old.document_url().is_none() {
            return Err(KeyStoreError::OwnDid { name: name.to_owned(), did: old.did });
        }
        let next = self.next_name(name)?;
        let algorithm = algorithm.map_or_else(|| old.algorithm(), Ok)?;
        let made = self.create(&next, algorithm, Some(&old.did), passphrase, now)?;
        let ended = PublicHalf {
            expires: old.expires.or_else(|| Some(now.to_string())),
            successor: Some(next.clone()),
            ..old
        };
        self.write_public(&last, &ended, true)?;
        Ok((next, made))
    }

    /// The name that the successor of a key gets.
    pub fn next_name(&self, name: &str) -> Result<String, KeyStoreError> {
        let names = (2..=MAX_SUCCESSORS).map(|number| format!("{name}-{number}"));
        let free = names
            .into_iter()
            .find(|next| !matches!(self.check_free(next), Err(KeyStoreError::Exists { .. })));
        let free = free.ok_or_else(|| KeyStoreError::Successors { name: name.to_owned() })?;
        self.check_free(&free).map(|()| free)
    }

    /// Says of a key that nothing signed with it since then is to be believed. What was said once stays.
    pub fn revoke(&self, name: &str, since: Timestamp, now: Timestamp) -> Result<PublicHalf, KeyStoreError> {
        let public = self.public(name)?;
        if since > now {
            return Err(KeyStoreError::RevokedLater { name: name.to_owned(), since: since.to_string() });
        }
        if public.document_url().is_none() {
            return Err(KeyStoreError::OwnDid { name: name.to_owned(), did: public.did });
        }
        if let Some(at) = public.revoked {
            return Err(KeyStoreError::Revoked { name: name.to_owned(), at });
        }
        let revoked = PublicHalf { revoked: Some(since.to_string()), ..public };
        self.write_public(name, &revoked, true)?;
        Ok(revoked)
    }

    /// The key that is used where a key is named: the last of its successors.
    fn last(&self, name: &str) -> Result<(String, PublicHalf), KeyStoreError> {
        let mut name = name.to_owned();
        for _ in 0..MAX_SUCCESSORS {
            let public = self.public(&name)?;
            match public.successor {
                Some(next) => name = next,
                None => return Ok((name, public)),
            }
        }
        Err(KeyStoreError::Successors { name })
    }

    /// The DID document that lists every key of a DID, the oldest first, with services as `(fragment, type, address)`.
    pub fn document(&self, did: &str, services: &[(&str, &str, &str)]) -> Result<Json, KeyStoreError> {
        check_did(did)?;
        let none = || KeyStoreError::NoKeyFor { did: did.to_owned() };
        let parsed: Did = did.parse().map_err(|_| none())?;
        let mut keys: Vec<PublicHalf> = Vec::new();
        for (_, public) in self.list()? {
            if public.did == did {
                keys.push(public);
            }
        }
        if keys.is_empty() {
            return Err(none());
        }
        keys.sort_by(|a, b| (&a.created, &a.verification_method).cmp(&(&b.created, &b.verification_method)));
        let read: Vec<_> = keys
            .iter()
            .map(|public| {
                let key = VerifyingKey::from_multikey(&public.public_key_multibase);
                Ok((
                    public,
                    key.map_err(|_| KeyStoreError::Algorithm { algorithm: public.algorithm.clone() })?,
                ))
            })
            .collect::<Result<_, KeyStoreError>>()?;
        let listed = read.iter().filter_map(|(public, key)| public.listed(key));
        Ok(did::document_of(&parsed, listed, services))
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

    /// The public half of the key that signs where this one is named: the last of its successors.
    pub fn current(&self, name: &str) -> Result<PublicHalf, KeyStoreError> {
        self.last(name).map(|(_, public)| public)
    }

    /// Opens a key, or the last of its successors, for signing at a time.
    pub fn unlock(
        &self,
        name: &str,
        source: &PassphraseSource,
        at: Timestamp,
    ) -> Result<(KeySigner, PublicHalf), Failure> {
        let (name, public) = self.last(name)?;
        let name = name.as_str();
        // A proof from before its key was made would be a lie about its time.
        if public.created.parse::<Timestamp>().is_ok_and(|created| at < created) {
            let (name, created) = (name.to_owned(), public.created);
            return Err(KeyStoreError::TooEarly { name, created, at: at.to_string() }.into());
        }
        if let Some(at) = public.revoked {
            return Err(KeyStoreError::Revoked { name: name.to_owned(), at }.into());
        }
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
    PublicHalf {
        did,
        algorithm,
        verification_method,
        public_key_multibase,
        created: now.to_string(),
        expires: None,
        revoked: None,
        successor: None,
    }
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
