//! `passport data prove RECORD --set PATH`

use std::path::PathBuf;

use model_passport::records::{self, Claim};

use super::{Where, secret};
use crate::command::Shell;
use crate::data::{DataError, record_sha256};
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::print::Tone;
use crate::problem::Failure;

/// About which record of which set, and where the proof goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file with the record: its row without the header for a table, or the file itself
    record: PathBuf,
    /// The set, exactly as it was captured
    #[arg(long, value_name = "PATH")]
    set: PathBuf,
    #[command(flatten)]
    which: Where,
    /// The secrets of a salted set
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Where the proof goes; `-` is standard output
    #[arg(short, long, value_name = "PROOF", default_value = files::STANDARD_STREAM)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// Makes the proof, and checks it as anyone else would.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    files::check_free(&args.output, args.force)?;
    let secret = secret(args.secrets.as_ref())?;
    let (sets, at) = args.which.find(&args.set, secret.as_ref())?;
    let record = record_sha256(sets.kind(at), &args.record)?;
    let committed = sets.commit(at, secret.as_ref(), &|_| true)?;
    let proof = committed.prove(&record).map_err(DataError::io(&args.set))?;
    let commitment = committed.commitment().map_err(DataError::io(&args.set))?;
    let claim = records::check(&proof, &commitment, &record).map_err(DataError::NotProven)?;
    let text = format!("{}\n", proof.to_json().to_pretty().trim_end());
    if args.output.as_os_str() == files::STANDARD_STREAM {
        shell.print.result(&text);
    } else {
        // It says about a record whether it is there: that is for the one who asked.
        files::write(&args.output, text.as_bytes(), Access::Private, args.force)?;
    }
    let paint = shell.print.err_paint;
    shell.print.note(&format!(
        "{} the record is {} the set\n{} {commitment}",
        paint.text(Tone::Dim, "proof:"),
        if claim == Claim::Present { "in" } else { "not in" },
        paint.text(Tone::Dim, "commitment:"),
    ));
    Ok(Exit::Success)
}
