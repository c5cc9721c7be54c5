//! Status lists of one's own: what is in them, and which entry is whose.
//!
//! ```text
//! KEYS/status/          mode 0700
//!   HASH-OF-URL/
//!     lock              held while anything here is changed
//!     record.json       what the list is, every entry that was given away, and its value
//!     2026-….json       each signed list, as it was published
//! ```
//!
//! The record is the truth, a signed list is a picture of it. Whatever is done is in the record, and on the disk,
//! before anything is signed about it: after an interruption the next run publishes what the last one meant.
//! An entry that was given away once is never given away again, whether or not its credential was signed.

mod publish;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use model_passport::limits::{MAX_STATUS_LIST_BYTES, MIN_STATUS_ENTRIES};
use model_passport::status::{Bitstring, Entry, Purpose};
use model_passport::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::exit::Exit;
use crate::files::{self, Access, InputError, OutputError};
use crate::keystore::KeyStore;
use crate::problem::Problem;

pub(crate) use publish::{Signed, publish};

/// A record of a list that is full has some 20 MB.
const MAX_RECORD_BYTES: u64 = 64 << 20;

/// What is wrong with a list, or with what was asked of it.
#[derive(Debug, Error)]
pub(crate) enum RecallError {
    #[error("it is {now}, and the list was last signed for {last}")]
    Clock { now: Timestamp, last: Timestamp },
    #[error("there is a status list for `{url}` already")]
    Exists { url: String },
    #[error("all entries of the status list `{url}` were given away")]
    Full { url: String },
    #[error("{entries} entries are fewer than {MIN_STATUS_ENTRIES}, or more than a verifier reads")]
    Entries { entries: usize },
    #[error("a revocation is for good")]
    Final,
    #[error("the status list `{}` cannot be read: {cause}", path.display())]
    Malformed { path: PathBuf, cause: serde_json::Error },
    #[error("{count} messages: a list of messages has 2, 4, 8 … 256 of them, and no other purpose")]
    Messages { count: usize },
    #[error("`{text}` is none of the messages of `{url}`")]
    Message { text: String, url: String },
    #[error("`{id}` has no entry for {purpose} in a status list of this key store")]
    NoEntry { id: String, purpose: &'static str },
    #[error("the signed status list is not what it is meant to be: {message}")]
    NotAsMeant { message: String },
    #[error("a status list needs a file of its own")]
    Output,
    #[error("the system has no randomness to give")]
    Randomness,
    #[error(transparent)]
    Read(InputError),
    #[error("a credential has at most 4 status entries, and here are {count}")]
    TooMany { count: usize },
    #[error("there is no status list `{name}` in `{}`", directory.display())]
    Unknown { name: String, directory: PathBuf },
    #[error("the status lists in `{}` cannot be used: {}", path.display(), files::reason(source))]
    Unusable { path: PathBuf, source: io::Error },
    #[error("`{url}` cannot be the address of a status list")]
    Url { url: String },
    #[error(transparent)]
    Write(OutputError),
}

impl Problem for RecallError {
    fn code(&self) -> &'static str {
        match self {
            Self::Clock { .. } => "recall.clock",
            Self::Entries { .. } => "recall.entries",
            Self::Exists { .. } => "recall.exists",
            Self::Final => "recall.final",
            Self::Full { .. } => "recall.full",
            Self::Malformed { .. } => "recall.malformed",
            Self::Message { .. } | Self::Messages { .. } => "recall.messages",
            Self::NoEntry { .. } => "recall.no-entry",
            Self::NotAsMeant { .. } => "recall.not-as-meant",
            Self::Output => "recall.output",
            Self::Randomness => "keystore.randomness",
            Self::Read(error) => error.code(),
            Self::TooMany { .. } => "recall.too-many",
            Self::Unknown { .. } => "recall.unknown-list",
            Self::Unusable { .. } => "recall.unusable",
            Self::Url { .. } => "recall.url",
            Self::Write(error) => error.code(),
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Clock { .. } => {
                "check the clock of this machine; a list is never older than the one before it"
            }
            Self::Entries { .. } => {
                "in a short list, asking for it says whose status is asked for; leave `--entries` away"
            }
            Self::Exists { .. } => "use it, or publish another list at another address",
            Self::Final => "issue a new passport in its place; what may be undone is `passport suspend`",
            Self::Full { .. } => "make another list at another address with `passport status new`",
            Self::Malformed { .. } => {
                "restore the directory from a backup; without its record a list cannot be continued"
            }
            Self::Message { .. } => "`passport status list` shows the messages",
            Self::Messages { .. } => {
                "repeat `--message` for each value, beginning with the one that all start with"
            }
            Self::NoEntry { .. } => {
                "an entry is added when a passport is issued, with `--status LIST`; it cannot be added later"
            }
            Self::NotAsMeant { .. } | Self::Randomness => "nothing was published",
            Self::Output => "name it with `-o FILE`; each change is written there",
            Self::TooMany { .. } => "each `--status` adds an entry for every purpose of its list",
            Self::Unknown { .. } => {
                "name the list by its address or its file; `passport status list` shows the lists"
            }
            Self::Unusable { .. } => "check the path given with `--key-store` or `PASSPORT_KEY_STORE`",
            Self::Url { .. } => "give the https address at which everyone will find the list, without `#`",
            Self::Read(error) => return error.help(),
            Self::Write(error) => return error.help(),
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NotAsMeant { .. } | Self::Randomness => Exit::Internal,
            _ => Exit::Usage,
        }
    }
}

/// What a list is and what it says, as `record.json` holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Record {
    /// Where it is published.
    pub(crate) url: String,
    /// The key that signs it.
    pub(crate) key: String,
    /// Its file.
    pub(crate) output: PathBuf,
    /// What it is about.
    pub(crate) purposes: Vec<String>,
    /// How many entries it has.
    pub(crate) entries: usize,
    /// What each value means; empty for a single bit without words.
    pub(crate) messages: Vec<String>,
    /// Where the messages are explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
    /// How long a signed list may be relied on.
    pub(crate) valid_days: u16,
    /// The `validFrom` of the newest signed list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signed: Option<String>,
    /// The entries that were given away.
    pub(crate) given: Vec<Given>,
}

/// An entry that was given away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Given {
    /// Its index.
    pub(crate) index: u64,
    /// What it is about.
    pub(crate) purpose: String,
    /// The credential that has it.
    pub(crate) credential: String,
    /// What it says.
    pub(crate) value: u32,
    /// When it was last changed.
    pub(crate) changed: String,
}

impl Record {
    /// Bits of one value.
    pub(crate) fn size(&self) -> u8 {
        let bits = self.messages.len().checked_ilog2().unwrap_or(1).max(1);
        u8::try_from(bits).unwrap_or(u8::MAX)
    }

    /// Refuses what could not be published or read.
    pub(crate) fn check(&self) -> Result<(), RecallError> {
        let host = self.url.strip_prefix("https://").and_then(|rest| rest.split(['/', '?']).next());
        let plain = self.url.len() <= 2000
            && self.url.bytes().all(|b| b.is_ascii_graphic() && !b"#\"<>\\^`{|}".contains(&b));
        if !plain || host.is_none_or(|host| !host.contains('.') || host.contains('@')) {
            return Err(RecallError::Url { url: self.url.chars().take(200).collect() });
        }
        let count = self.messages.len();
        let only = self.purposes == [Purpose::Message.name()];
        if count != 0 && !(only && count.is_power_of_two() && (2..=256).contains(&count)) {
            return Err(RecallError::Messages { count });
        }
        let bytes = self.entries.saturating_mul(usize::from(self.size())) / 8;
        if self.entries < MIN_STATUS_ENTRIES
            || bytes > MAX_STATUS_LIST_BYTES
            || !self.entries.is_multiple_of(8)
        {
            return Err(RecallError::Entries { entries: self.entries });
        }
        Ok(())
    }

    /// Its bits.
    pub(crate) fn bits(&self) -> Bitstring {
        let mut bits = Bitstring::new(self.entries, self.size());
        for given in &self.given {
            bits.set(given.index, self.size(), given.value);
        }
        bits
    }

    /// An entry as it stands in its credential.
    pub(crate) fn entry(&self, purpose: &str, index: u64) -> Entry {
        let messages = (0..).zip(self.messages.iter().cloned()).collect();
        Entry {
            purpose: Purpose::from_name(purpose),
            index,
            list: self.url.clone(),
            size: self.size(),
            messages,
            references: self.reference.iter().cloned().collect(),
        }
    }

    /// Gives away one entry for each purpose. Which one, nobody can foresee, and it says nothing about how many
    /// were given away before.
    fn give(&mut self, credential: &str, now: Timestamp) -> Result<Vec<Entry>, RecallError> {
        let mut entries = Vec::new();
        for purpose in self.purposes.clone() {
            let mut taken: Vec<u64> = self.given.iter().map(|given| given.index).collect();
            taken.sort_unstable();
            let free = u64::try_from(self.entries.saturating_sub(taken.len())).unwrap_or_default();
            if free == 0 {
                return Err(RecallError::Full { url: self.url.clone() });
            }
            // The n-th of the free ones: those taken before it move it up.
            let mut index = below(free)?;
            for taken in taken {
                if taken <= index {
                    index += 1;
                }
            }
            entries.push(self.entry(&purpose, index));
            let (credential, changed) = (credential.to_owned(), now.to_string());
            self.given.push(Given { index, purpose, credential, value: 0, changed });
        }
        Ok(entries)
    }
}

/// A random number below `end`, each as likely as the others.
fn below(end: u64) -> Result<u64, RecallError> {
    let excess = (u64::MAX % end + 1) % end;
    loop {
        let mut bytes = [0; 8];
        SystemRandom::new().fill(&mut bytes).map_err(|_| RecallError::Randomness)?;
        let number = u64::from_be_bytes(bytes);
        // The last, incomplete round of numbers would make the small ones likelier.
        if number <= u64::MAX - excess {
            return Ok(number % end);
        }
    }
}

/// The lists of a key store.
#[derive(Debug)]
pub(crate) struct Lists {
    directory: PathBuf,
}

impl Lists {
    /// Beside the keys that sign them.
    pub(crate) fn of(store: &KeyStore) -> Self {
        Self { directory: store.directory().join("status") }
    }

    /// All records, by address.
    pub(crate) fn all(&self) -> Result<Vec<Record>, RecallError> {
        let unusable = |source| RecallError::Unusable { path: self.directory.clone(), source };
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unusable(error)),
        };
        let mut records = Vec::new();
        for entry in entries {
            let path = entry.map_err(unusable)?.path().join(RECORD);
            // A directory without a record is one that was being made.
            if path.exists() {
                records.push(read(&path)?);
            }
        }
        records.sort_by(|a, b| a.url.cmp(&b.url));
        Ok(records)
    }

    /// The list with this address or this file.
    pub(crate) fn find(&self, name: &Path) -> Result<Record, RecallError> {
        let file = std::path::absolute(name).unwrap_or_else(|_| name.to_owned());
        let found =
            self.all()?.into_iter().find(|record| Path::new(&record.url) == name || record.output == file);
        found.ok_or_else(|| RecallError::Unknown {
            name: name.display().to_string(),
            directory: self.directory.clone(),
        })
    }

    /// The lists with an entry of this credential for this purpose.
    pub(crate) fn with_entry(&self, id: &str, purpose: &Purpose) -> Result<Vec<Record>, RecallError> {
        let mut records = self.all()?;
        records.retain(|record| {
            record.given.iter().any(|given| given.credential == id && given.purpose == purpose.name())
        });
        Ok(records)
    }

    /// A new list. Its directory is the lock on its address.
    pub(crate) fn create(&self, record: Record) -> Result<Held, RecallError> {
        record.check()?;
        let directory = self.directory_of(&record.url);
        make_directory(&directory)?;
        let lock = lock(&directory)?;
        let path = directory.join(RECORD);
        // One that was never signed is nobody's: what stopped it then may be gone.
        if path.exists() && read(&path)?.signed.is_some() {
            return Err(RecallError::Exists { url: record.url });
        }
        let held = Held { directory, record, _lock: lock };
        held.save()?;
        Ok(held)
    }

    /// A list, to be changed by nobody else meanwhile.
    pub(crate) fn hold(&self, url: &str) -> Result<Held, RecallError> {
        let directory = self.directory_of(url);
        let lock = lock(&directory)?;
        let record = read(&directory.join(RECORD))?;
        Ok(Held { directory, record, _lock: lock })
    }

    fn directory_of(&self, url: &str) -> PathBuf {
        let name: String = Sha256::digest(url).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.directory.join(name)
    }
}

const RECORD: &str = "record.json";

fn read(path: &Path) -> Result<Record, RecallError> {
    let text = files::read_text(path, MAX_RECORD_BYTES).map_err(RecallError::Read)?;
    serde_json::from_str(&text).map_err(|cause| RecallError::Malformed { path: path.to_owned(), cause })
}

fn make_directory(path: &Path) -> Result<(), RecallError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| RecallError::Unusable { path: path.to_owned(), source })
}

/// Waits until nobody else changes the list. The system lets go of it when the process ends, however it ends.
fn lock(directory: &Path) -> Result<File, RecallError> {
    let unusable = |source| RecallError::Unusable { path: directory.to_owned(), source };
    let file = File::options().create(true).append(true).open(directory.join("lock")).map_err(unusable)?;
    file.lock().map_err(unusable)?;
    Ok(file)
}

/// A list that only this process changes.
#[derive(Debug)]
pub(crate) struct Held {
    directory: PathBuf,
    pub(crate) record: Record,
    _lock: File,
}

impl Held {
    /// Gives entries to a credential: they are on the disk before anyone learns of them.
    pub(crate) fn give(&mut self, credential: &str, now: Timestamp) -> Result<Vec<Entry>, RecallError> {
        let entries = self.record.give(credential, now)?;
        self.save()?;
        Ok(entries)
    }

    /// Sets the value of a credential's entry. Whether it was another one before.
    pub(crate) fn set(
        &mut self,
        credential: &str,
        purpose: &Purpose,
        value: u32,
        now: Timestamp,
    ) -> Result<bool, RecallError> {
        let mut changed = false;
        for given in &mut self.record.given {
            if given.credential == credential && given.purpose == purpose.name() && given.value != value {
                if *purpose == Purpose::Revocation && value == 0 {
                    return Err(RecallError::Final);
                }
                (given.value, given.changed) = (value, now.to_string());
                changed = true;
            }
        }
        self.save()?;
        Ok(changed)
    }

    fn save(&self) -> Result<(), RecallError> {
        let path = self.directory.join(RECORD);
        let text = serde_json::to_string_pretty(&self.record)
            .map_err(|cause| RecallError::Malformed { path: path.clone(), cause })?;
        files::write(&path, format!("{text}\n").as_bytes(), Access::Private, true).map_err(RecallError::Write)
    }

    /// Where a list signed for a time is kept.
    fn signed_path(&self, valid_from: Timestamp) -> PathBuf {
        self.directory.join(format!("{}.json", valid_from.to_string().replace(':', "-")))
    }

    /// The newest signed list.
    pub(crate) fn newest(&self) -> Result<Option<String>, RecallError> {
        let Some(signed) = self.record.signed.as_ref().and_then(|signed| signed.parse().ok()) else {
            return Ok(None);
        };
        files::read_text(&self.signed_path(signed), files::MAX_BUNDLE_BYTES)
            .map(Some)
            .map_err(RecallError::Read)
    }
}

#[cfg(test)]
mod tests;
