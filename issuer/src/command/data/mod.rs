//! `passport data …`: what can be done with the records of a data set.

use std::path::{Path, PathBuf};

use model_passport::digest::Digest;
use model_passport::records::Secret;

use super::Shell;
use crate::capture::data::Sets;
use crate::data::{DataError, secrets};
use crate::exit::Exit;
use crate::problem::Failure;
use crate::progress::Bar;

pub mod check;
pub mod commit;
pub mod croissant;
pub mod merge;
pub mod prove;
pub mod split;

/// What is done with the records of a data set.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Prove that one record is, or is not, in a set, without showing any other
    Prove(prove::Args),
    /// Check such a proof against the passport of the set
    Check(check::Args),
    /// Commit to a set, or to a shard of it
    Commit(commit::Args),
    /// Put the parts of a set together: the same commitment as in one run
    Merge(merge::Args),
    /// Write a Croissant descriptor, which loaders of data read, from a draft or a passport
    Croissant(croissant::Args),
    /// Look for subjects that are on two sides of a split into training, validation and test
    SplitCheck(split::Args),
}

/// Runs one of them.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    match args {
        Args::Prove(args) => prove::run(args, shell),
        Args::Check(args) => check::run(args, shell),
        Args::Commit(args) => commit::run(args, shell),
        Args::Merge(args) => merge::run(args, shell),
        Args::Croissant(args) => croissant::run(args, shell),
        Args::SplitCheck(args) => split::run(args, shell),
    }
}

/// A set of records on this disk.
#[derive(Debug, clap::Args)]
struct Where {
    /// Which set, where a directory holds several: the path of a table, `images`, `volumes` or `files`
    #[arg(long, value_name = "NAME")]
    of: Option<String>,
}

impl Where {
    /// Reads what is at the path and finds the one set that is meant.
    fn find(&self, path: &Path, secret: Option<&Secret>) -> Result<(Sets, usize), Failure> {
        let sets = Sets::read(path, secret, &Bar::new())?;
        let names = sets.names();
        let found = || names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let path = || path.to_owned();
        let at = match (&self.of, names.len()) {
            (Some(wanted), _) => names.iter().position(|name| name == wanted).ok_or_else(|| {
                DataError::NoSuchSet { path: path(), wanted: wanted.clone(), found: found() }
            })?,
            (None, 1) => 0,
            (None, _) => return Err(DataError::SeveralSets { path: path(), found: found() }.into()),
        };
        Ok((sets, at))
    }
}

/// The secret in the file that was given, if one was.
fn secret(path: Option<&PathBuf>) -> Result<Option<Secret>, Failure> {
    path.map(|path| secrets::read(path)).transpose()
}

/// A commitment as it stands in a passport.
fn commitment(text: &str) -> Result<Digest, &'static str> {
    let digest = Digest::from_multibase(text).ok().filter(|digest| matches!(digest, Digest::Sha256(_)));
    digest.ok_or("a commitment is the `commitment` of a passport, such as uEi…")
}
