//! What is done with the records of a data set after it was captured: proofs about one record, sets that are
//! committed to in shards, descriptors for others, and whether subjects are on two sides of a split.
//!
//! *In scope:* files of secrets, of parts and of proofs. *Out of scope:* what a record is
//! ([`crate::capture`]), and what a proof proves ([`model_passport::records`]).

pub(crate) mod croissant;
pub(crate) mod part;
pub(crate) mod secrets;
pub(crate) mod split;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use model_passport::digest::sha256;
use model_passport::records::{Kind, ProofFormError, Refusal};
use sha2::Digest as _;
use thiserror::Error;

use crate::exit::Exit;
use crate::files::{self, InputError};
use crate::problem::Problem;

/// Longest record that is taken from a file with one row: that of a table's longest, with its line ending.
const MAX_ROW_BYTES: u64 = (16 << 20) + 2;

/// Why nothing can be said about the records of a set.
#[derive(Debug, Error)]
pub(crate) enum DataError {
    #[error("`{}` cannot be read: {}", path.display(), files::reason(cause))]
    Io { path: PathBuf, cause: io::Error },
    #[error("`{}` is not about a data set", path.display())]
    NoDataset { path: PathBuf },
    #[error("`{}` holds no set of records called `{wanted}`, but {found}", path.display())]
    NoSuchSet { path: PathBuf, wanted: String, found: String },
    #[error("none of the verified passports commits to the set of this proof")]
    NotInPassport,
    #[error("`{}` does not commit to this set of records", path.display())]
    NotThisSet { path: PathBuf },
    #[error("nothing is proven: {0}")]
    NotProven(Refusal),
    #[error("`{}` is not a part of a commitment: {cause}", path.display())]
    Part { path: PathBuf, cause: String },
    #[error("the parts do not belong together: {0}")]
    Parts(String),
    #[error("`{}` is not a proof: {cause}", path.display())]
    Proof { path: PathBuf, cause: ProofFormError },
    #[error("the system has no random bytes to give")]
    Randomness,
    #[error("`{}` is not a file of secrets", path.display())]
    Secrets { path: PathBuf },
    #[error("the records are salted, and no secrets were given")]
    SecretsMissing,
    #[error("`{}` holds several sets of records: {found}", path.display())]
    SeveralSets { path: PathBuf, found: String },
    #[error("what is proven is the opposite of what was expected")]
    Unexpected,
    #[error("these are the secrets of another set")]
    WrongSecrets,
}

impl Problem for DataError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "data.unreadable",
            Self::NoDataset { .. } => "data.no-dataset",
            Self::NoSuchSet { .. } => "data.no-such-set",
            Self::NotInPassport => "data.not-in-passport",
            Self::NotThisSet { .. } => "data.not-this-set",
            Self::NotProven(refusal) => refusal.code(),
            Self::Part { .. } => "data.part-malformed",
            Self::Parts(_) => "data.parts-differ",
            Self::Proof { cause, .. } => cause.code(),
            Self::Randomness => "data.randomness",
            Self::Secrets { .. } => "data.secrets-malformed",
            Self::SecretsMissing => "data.secrets-missing",
            Self::SeveralSets { .. } => "data.several-sets",
            Self::Unexpected => "data.unexpected",
            Self::WrongSecrets => "data.wrong-secrets",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Io { .. } => "check that the file still exists and that you may read it",
            Self::NoDataset { .. } => "give the draft or the passport of a data set",
            Self::NoSuchSet { .. } | Self::SeveralSets { .. } => "say which one with `--of`",
            Self::NotInPassport => "give the passport of the set that the proof is about",
            Self::NotThisSet { .. } => {
                "give the set exactly as it was captured, with `--of` and `--secrets` as then; nothing was written"
            }
            Self::NotProven(_) => {
                "nothing is known about this record; ask the holder for a proof about exactly these bytes"
            }
            Self::Part { .. } => "make it again with `passport data commit`",
            Self::Parts(_) => "give every shard of one set once, all made with the same secrets",
            Self::Proof { .. } => "is this the right file? proofs are made by `passport data prove`",
            Self::Randomness => "nothing was made; try again on a machine whose random source works",
            Self::Secrets { .. } => {
                "name the file that was made when the set was captured with `--salted --secrets FILE`"
            }
            Self::Unexpected => {
                "the proof is good: the record is where it was not expected to be, or is not where it was"
            }
            Self::SecretsMissing | Self::WrongSecrets => "give the secrets of this set with `--secrets FILE`",
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NotProven(_) | Self::Unexpected => Exit::NotVerified,
            Self::NotInPassport | Self::Io { .. } => Exit::CouldNotCheck,
            Self::Part { .. } | Self::Proof { .. } | Self::Secrets { .. } => Exit::Malformed,
            Self::Randomness => Exit::Internal,
            _ => Exit::Usage,
        }
    }
}

impl DataError {
    pub(crate) fn io(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |cause| Self::Io { path: path.to_owned(), cause }
    }
}

/// Why the file of a record is not taken.
#[derive(Debug)]
pub(crate) enum RecordError {
    Data(DataError),
    Input(InputError),
}

impl From<RecordError> for crate::problem::Failure {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Data(error) => error.into(),
            RecordError::Input(error) => error.into(),
        }
    }
}

/// The SHA-256 of the record in a file.
pub(crate) fn record_sha256(kind: Kind, path: &Path) -> Result<[u8; 32], RecordError> {
    if kind == Kind::CsvRow {
        let bytes = files::read_bytes(path, MAX_ROW_BYTES).map_err(RecordError::Input)?;
        return Ok(sha256(kind.record(&bytes)));
    }
    let failed = |cause| RecordError::Data(DataError::Io { path: path.to_owned(), cause });
    let mut input = File::open(path).map_err(failed)?;
    let (mut hash, mut buffer) = (sha2::Sha256::new(), vec![0; 64 << 10]);
    loop {
        let len = input.read(&mut buffer).map_err(failed)?;
        match buffer.get(..len) {
            None | Some([]) => return Ok(hash.finalize().into()),
            Some(bytes) => hash.update(bytes),
        }
    }
}
