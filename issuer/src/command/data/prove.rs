//! `passport data prove RECORD --set PATH`

use std::path::{Path, PathBuf};

use model_passport::digest::Digest;
use model_passport::json::Json;
use model_passport::records::{self, Claim};

use super::{Where, secret};
use crate::command::Shell;
use crate::data::{DataError, record_sha256};
use crate::evidence;
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
    /// The draft or the passport of the set: the proof is made only if it is about the set that this commits to
    #[arg(long, value_name = "FILE")]
    passport: Option<PathBuf>,
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
    if let Some(path) = &args.passport {
        is_of_passport(path, &commitment, secret.is_some())?;
    }
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
    if secret.is_none() && args.passport.is_none() {
        // Nothing in a table says how it was captured.
        shell.print.note(&format!(
            "{} no secrets were given, so this is about a set that was captured without `--salted`; the passport of a \
             salted set does not accept it. `--passport FILE` makes sure [{OPEN_PROOF}]",
            paint.text(Tone::Unsure, "note:"),
        ));
    }
    Ok(Exit::Success)
}

/// The code of the note about a proof that may be of no use.
const OPEN_PROOF: &str = "data.open-proof";

/// Whether the set is one that a passport commits to. It is not verified: whoever checks the proof does that.
fn is_of_passport(path: &Path, commitment: &Digest, has_secret: bool) -> Result<(), Failure> {
    let document = evidence::read_json(path)?;
    let pointers = ["/subject/dataContent", "/credentialSubject/dataContent"];
    let contents = pointers.iter().find_map(|pointer| document.pointer(pointer));
    let contents = contents.ok_or_else(|| DataError::NoDataset { path: path.to_owned() })?.one_or_many();
    let of = |content: &Json| content.get("commitment").and_then(Json::as_str).map(str::to_owned);
    let is_salted = |content: &Json| content.get("salted") == Some(&Json::Bool(true));
    if contents.iter().any(|content| of(content) == Some(commitment.to_multibase())) {
        return Ok(());
    }
    Err(match (contents.iter().any(is_salted), has_secret) {
        (true, false) => DataError::SecretsMissing,
        _ => DataError::NotThisSet { path: path.to_owned() },
    }
    .into())
}
