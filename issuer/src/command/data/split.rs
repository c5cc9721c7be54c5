//! `passport data split-check SPLIT.csv --subject COLUMN --split COLUMN`

use std::path::PathBuf;

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use model_passport::records::Secret;
use zeroize::Zeroizing;

use crate::command::Shell;
use crate::data::split::{Set, Split};
use crate::data::{DataError, secrets};
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::print::Tone;
use crate::problem::Failure;

/// Which sets, and what tells their subjects apart.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A table with one line for each record, its subject and its set
    #[arg(required_unless_present_any = ["set", "blinded"], requires = "split")]
    table: Option<PathBuf>,
    /// The column of the subject, such as a patient's number; for directories, each folder is a subject
    #[arg(long, value_name = "COLUMN", default_value = "subject")]
    subject: String,
    /// The column that says in which set a record is
    #[arg(long, value_name = "COLUMN", requires = "table")]
    split: Option<String>,
    /// A set: its table, or a directory with one folder for each subject (repeatable)
    #[arg(long, value_name = "NAME=PATH", value_parser = named)]
    set: Vec<(String, PathBuf)>,
    /// A set that is at another place, as `--blind-to` wrote it there (repeatable)
    #[arg(long, value_name = "NAME=FILE", value_parser = named, requires = "secrets")]
    blinded: Vec<(String, PathBuf)>,
    /// Write the subjects, blinded with the secrets, to be compared at another place that has the same secrets
    #[arg(long, value_name = "FILE", requires = "secrets")]
    blind_to: Option<PathBuf>,
    /// The secrets that both places share; the file is made if there is none
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

fn named(text: &str) -> Result<(String, PathBuf), &'static str> {
    let named = text.split_once('=').filter(|(name, path)| !name.is_empty() && !path.is_empty());
    named.map(|(name, path)| (name.to_owned(), path.into())).ok_or("a set is written as NAME=PATH")
}

/// Prints the counts; exits with success only if no subject is on two sides.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    if let Some(path) = &args.blind_to {
        files::check_free(path, args.force)?;
    }
    let secret = match &args.secrets {
        Some(path) => secrets::read_or_make(path)?.0,
        None => {
            let mut bytes = Zeroizing::new([0; 32]);
            SystemRandom::new().fill(bytes.as_mut()).map_err(|_| DataError::Randomness)?;
            Secret::from_bytes(&bytes)
        }
    };
    let mut split = Split::new(&secret);
    if let (Some(table), Some(column)) = (&args.table, &args.split) {
        split.add_table(table, &args.subject, Set::Column(column))?;
    }
    for (name, path) in &args.set {
        if path.is_dir() {
            split.add_folders(name, path)?;
        } else {
            split.add_table(path, &args.subject, Set::Named(name))?;
        }
    }
    if let Some(path) = &args.blind_to {
        files::write(path, split.blinded().as_bytes(), Access::Private, args.force)?;
        shell
            .print
            .note("the blinded subjects are for places that have the same secrets, and for nobody else");
        return Ok(Exit::Success);
    }
    for (name, path) in &args.blinded {
        split.add_blinded(name, path)?;
    }
    let leakage = split.compare()?;
    shell.print.result(&leakage.to_json().to_pretty());
    let paint = shell.print.err_paint;
    let (tone, word) = if leakage.is_none() { (Tone::Good, "no leakage:") } else { (Tone::Bad, "leakage:") };
    shell.print.note(&format!("{} {}", paint.text(tone, word), leakage.sentence()));
    Ok(if leakage.is_none() { Exit::Success } else { Exit::NotVerified })
}
