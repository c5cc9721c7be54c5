//! `passport diff LEFT RIGHT`

use std::path::{Path, PathBuf};

use model_passport::json::{self, Json, Object};
use model_passport::time::Timestamp;

use super::Shell;
use crate::capture::{self, Draft};
use crate::diff::{self, Answer, Side};
use crate::exit::Exit;
use crate::files;
use crate::parents::Parents;
use crate::problem::Failure;
use crate::progress::Bar;

/// What to compare, and with what to verify it first.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A passport, a draft, or a model: a file or a directory
    left: PathBuf,
    /// Likewise
    right: PathBuf,
    /// A passport of the lineage, a bundle, a status list or a DID document to check with (repeatable)
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    /// The time to judge by, instead of now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    /// Print the difference as JSON, and nothing else
    #[arg(long)]
    json: bool,
}

/// Prints what differs. The exit says whether the weights are the same: 0 yes, 1 no, 2 not known. A passport that
/// is not verified is not compared: what it says would look as if somebody had signed it.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let mut parents = Parents::new(&args.with, shell.time(args.at))?;
    let (left, right) = (read(&args.left, &mut parents)?, read(&args.right, &mut parents)?);
    let difference = diff::compare(&left, &right);
    if args.json {
        shell.print.result(&format!("{}\n", difference.to_json()));
    } else {
        shell.print.result(&diff::human(&difference, shell.print.out_paint));
    }
    Ok(match difference.answer {
        Answer::Same => Exit::Success,
        Answer::Different => Exit::NotVerified,
        Answer::Unknown => Exit::CouldNotCheck,
    })
}

fn read(path: &Path, parents: &mut Parents) -> Result<Side, Failure> {
    // An image of a patient too: what refuses it there does not say how it is called.
    if path.is_dir() || capture::is_model_file(path) || capture::is_dicom(path) {
        return captured(path);
    }
    let text = files::read_text(path, files::MAX_BUNDLE_BYTES)?;
    let draft = json::parse(&text).ok().filter(|document| document.get("draft").is_some());
    let subject = match draft {
        Some(document) => Draft::from_json(&document)?.subject,
        None => parents.add(path)?.subject,
    };
    Ok(said(subject))
}

/// What a draft or a verified passport says.
fn said(subject: Object) -> Side {
    let list = |pointer: Option<&Json>| pointer.and_then(Json::as_array).unwrap_or_default().to_vec();
    let manifest = subject.get("artifactManifest");
    let text = |node: &Json, member| node.get(member).and_then(Json::as_str).map(str::to_owned);
    let file = |file: &Json| text(file, "path").zip(text(file, "digestMultibase"));
    Side {
        weights: list(subject.get("weights")),
        // Which of its files have weights that are not listed, and why, no passport says: all files that are
        // not among `weights` are looked at.
        unlisted: Vec::new(),
        files: list(manifest.and_then(|manifest| manifest.get("file"))).iter().filter_map(file).collect(),
        manifest: manifest.and_then(|manifest| text(manifest, "digestMultibase")),
        id: subject.get("id").and_then(Json::as_str).map(str::to_owned),
        subject: Some(subject),
    }
}

fn captured(path: &Path) -> Result<Side, Failure> {
    let found = capture::weights(path, &Bar::new())?;
    Ok(Side {
        weights: found.nodes,
        unlisted: found.unlisted,
        subject: None,
        files: found.files.into_iter().collect(),
        id: Some(found.id),
        manifest: Some(found.digest),
    })
}
