//! `passport data commit PATH`

use std::path::{Path, PathBuf};

use model_passport::json::Object;

use super::Where;
use crate::capture::data::row_count;
use crate::capture::records::Committed;
use crate::command::Shell;
use crate::command::capture::{output, say_secrets};
use crate::data::part::{self, Shard};
use crate::data::{DataError, secrets};
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::print::Tone;
use crate::problem::Failure;

/// What to commit to, and where the part goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The set, or the files of one shard
    path: PathBuf,
    #[command(flatten)]
    which: Where,
    /// Take every n-th record only, such as 1/4: the first of four shards
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Salt the records with these secrets, because they are about people; the file is made if there is none
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Where the part goes, to be merged with others
    #[arg(short, long, value_name = "PART")]
    output: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// Writes the part, if one is asked for; says the commitment of a whole set.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    if let Some(path) = &args.output {
        files::check_free(path, args.force)?;
    }
    let secret = args.secrets.as_deref().map(secrets::read_or_make).transpose()?;
    say_secrets(args.secrets.as_deref(), secret.as_ref().is_some_and(|(_, made)| *made), shell);
    let (sets, at) = args.which.find(&args.path, secret.as_ref().map(|(secret, _)| secret))?;
    let chosen = |place| args.shard.is_none_or(|shard| shard.has(place));
    let committed = sets.commit(at, secret.as_ref().map(|(secret, _)| secret), &chosen)?;
    if let Some(path) = &args.output {
        // Whoever has the part of an open set can test for records even if the set itself is not published.
        let write = |out: &mut dyn std::io::Write| part::write(out, &committed, args.shard);
        files::write_with(path, Access::Private, args.force, write)?;
        let paint = shell.print.err_paint;
        shell.print.note(&format!(
            "{} {} records, for `passport data merge`",
            paint.text(Tone::Dim, "part:"),
            committed.set().count
        ));
        return Ok(Exit::Success);
    }
    say(&committed, &args.path, Path::new(files::STANDARD_STREAM), false, shell)
}

/// Writes what a passport says of the set.
pub(super) fn say(
    committed: &Committed<'_>,
    path: &Path,
    to: &Path,
    force: bool,
    shell: &mut Shell,
) -> Result<Exit, Failure> {
    let mut node = Object::from_iter([("type", "DataContent"), ("basis", "measured")]);
    let set = committed.set();
    node.insert("rowCount", row_count(set.count, set.vrf_key.is_some()));
    committed.write_to(&mut node).map_err(DataError::io(path))?;
    output(to, &model_passport::json::Json::Object(node).to_pretty(), force, shell)?;
    Ok(Exit::Success)
}
