//! `passport data merge PART…`

use std::path::PathBuf;

use super::secret;
use crate::capture::records::Committed;
use crate::capture::sorted::Sorted;
use crate::command::Shell;
use crate::data::part::{self, Part};
use crate::exit::Exit;
use crate::files;
use crate::problem::Failure;

/// Which parts, and where the commitment goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The parts, as `passport data commit` made them
    #[arg(required = true, value_name = "PART")]
    parts: Vec<PathBuf>,
    /// The secrets of a salted set
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Where the commitment goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = files::STANDARD_STREAM)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// Merges the keys and writes what a passport says of the whole set.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    files::check_free(&args.output, args.force)?;
    let secret = secret(args.secrets.as_ref())?;
    let parts = args.parts.iter().map(|path| Part::open(path)).collect::<Result<Vec<_>, _>>()?;
    let kind = part::belong_together(&parts, secret.as_ref().map(|secret| secret.vrf_key().as_bytes()))?;
    let runs = parts.into_iter().map(|part| part.run).collect();
    let committed = Committed::of(kind, secret.as_ref(), Sorted::of_runs(runs));
    let path = args.parts.first().map_or(files::STANDARD_STREAM.as_ref(), PathBuf::as_path);
    super::commit::say(&committed, path, &args.output, args.force, shell)
}
