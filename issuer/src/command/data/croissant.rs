//! `passport data croissant PASSPORT|DRAFT -o FILE`

use std::path::PathBuf;

use model_passport::json::Json;
use model_passport::report::Verdict;

use crate::capture::{Draft, Kind};
use crate::command::Shell;
use crate::command::capture::output;
use crate::command::verify::{Means, needed};
use crate::data::DataError;
use crate::data::croissant::descriptor;
use crate::evidence;
use crate::exit::Exit;
use crate::files;
use crate::problem::Failure;
use crate::render;

/// Of what, and where the descriptor goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A draft of a data set, or its passport, which is verified first
    file: PathBuf,
    /// Where the descriptor goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = files::STANDARD_STREAM)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    means: Means,
}

/// Writes what loaders of data read.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    files::check_free(&args.output, args.force)?;
    let document = evidence::read_json(&args.file)?;
    let subject = if document.get("draft").is_some() {
        let draft = Draft::from_json(&document)?;
        (draft.kind == Kind::Dataset).then_some(Json::Object(draft.subject))
    } else {
        let text = files::read_text(&args.file, files::MAX_DOCUMENT_BYTES)?;
        let outcome = args.means.verify(&text, shell)?;
        if matches!(outcome.report.verdict, Verdict::NotVerified | Verdict::CouldNotCheck) {
            let paint = shell.print.out_paint;
            let (report, needs) = (render::report(&outcome.report, paint), needed(&outcome.needs, paint));
            shell
                .print
                .note(&format!("{report}{needs}\nNothing is written, because the passport is not verified."));
            return Ok(Exit::of(&outcome.report, false));
        }
        let subjects = outcome.report.shown.iter().filter_map(|shown| shown.content.get("credentialSubject"));
        let mut data =
            subjects.filter(|subject| subject.get("type").and_then(Json::as_str) == Some("Dataset"));
        data.next().cloned()
    };
    let subject = subject.ok_or_else(|| DataError::NoDataset { path: args.file.clone() })?;
    output(&args.output, &descriptor(&subject).to_pretty(), args.force, shell)?;
    Ok(Exit::Success)
}
