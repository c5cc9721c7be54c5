//! `passport derive FILE --reveal POINTER…`

use std::path::PathBuf;

use model_passport::json::Json;
use model_passport::jsonld::ContextLoader;
use model_passport::passport::Credential;
use model_passport::proof::ProofError;
use model_passport::proof::ecdsa_sd;
use model_passport::report::Verdict;
use thiserror::Error;

use super::Shell;
use super::capture::output;
use super::verify::Means;
use crate::evidence;
use crate::exit::Exit;
use crate::files;
use crate::print::Tone;
use crate::problem::{Failure, Problem};
use crate::seal;

/// What to show of which passport, and where it goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The passport as its issuer handed it over, with a base proof of ecdsa-sd-2023; `-` is standard input
    file: PathBuf,
    /// What to show besides what the issuer made mandatory: a JSON pointer such as /credentialSubject/weights
    /// (repeatable)
    #[arg(long, value_name = "POINTER")]
    reveal: Vec<String>,
    /// Where the part goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = files::STANDARD_STREAM)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    means: Means,
}

/// Why nothing can be shown.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum DeriveError {
    #[error("no part can be derived: {0}")]
    Proof(#[from] ProofError),
    #[error("the part does not verify: {message}")]
    NotVerified { code: String, message: String },
}

impl Problem for DeriveError {
    fn code(&self) -> &'static str {
        match self {
            Self::Proof(cause) => cause.code(),
            Self::NotVerified { .. } => "derive.not-verified",
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Proof(_) => "nothing was written".to_owned(),
            Self::NotVerified { code, .. } => {
                format!("nothing was written; `passport explain {code}` says more")
            }
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Proof(_) => Exit::Malformed,
            Self::NotVerified { .. } => Exit::NotVerified,
        }
    }
}

/// Derives, verifies as anyone else would, writes.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    files::check_free(&args.output, args.force)?;
    let whole = evidence::read_json(&args.file)?;
    let part = ecdsa_sd::derive(&whole, &args.reveal, ContextLoader::default()).map_err(DeriveError::from)?;
    let text = part.to_pretty();
    let id = Credential::new(part.clone()).map(|credential| credential.id).unwrap_or_default();
    let outcome = args.means.verify(&text, shell)?;
    if let Some(check) = seal::refusal(&outcome.report, &id) {
        let (code, message) = (check.code.to_string(), check.message.clone());
        return Err(DeriveError::NotVerified { code, message }.into());
    }
    output(&args.output, &text, args.force, shell)?;
    let paint = shell.print.err_paint;
    let hidden = names(&whole).into_iter().filter(|name| !names(&part).contains(name)).collect::<Vec<_>>();
    shell.print.note(&format!(
        "{} {id}{}\n{} {}",
        paint.text(Tone::Dim, "part of:"),
        if outcome.report.verdict == Verdict::Verified { "" } else { ", verified as far as it goes" },
        paint.text(Tone::Dim, "left out:"),
        if hidden.is_empty() { "nothing of its subject's members".to_owned() } else { hidden.join(", ") },
    ));
    Ok(Exit::Success)
}

/// The members of a passport's subject.
fn names(passport: &Json) -> Vec<String> {
    let subject = passport.get("credentialSubject").and_then(Json::as_object);
    subject.into_iter().flat_map(|subject| subject.keys()).map(str::to_owned).collect()
}
