//! `passport attest evaluation FILE --subject PASSPORT --key NAME`, `passport attest processing FILE --key NAME`

use std::path::PathBuf;

use model_passport::canon::jcs;
use model_passport::digest::Digest;
use model_passport::json::{Json, Object};
use thiserror::Error;

use super::Shell;
use super::issue::{Signing, declare};
use crate::exit::Exit;
use crate::parents::{Parent, Parents};
use crate::problem::{Failure, Problem};

/// What is stated.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Metrics of a model, by its maker or anyone else
    Evaluation(Evaluation),
    /// Something that was run and not recorded meanwhile, by whoever ran it
    Processing(Processing),
}

/// A run as it is told afterwards, signed with what.
#[derive(Debug, clap::Args)]
pub struct Processing {
    /// The run as claims: TOML, or JSON if the name ends in .json
    file: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

/// An evaluation, of what, signed with what.
#[derive(Debug, clap::Args)]
pub struct Evaluation {
    /// The results as claims: TOML, or JSON if the name ends in .json
    file: PathBuf,
    /// The passport of the model that was evaluated; it is verified first
    #[arg(long, value_name = "PASSPORT")]
    subject: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

/// The subject is not something that can be evaluated.
#[derive(Debug, Error)]
#[error("`{}` is a {kind}, an evaluation needs the ModelPassport of a model", path.display())]
pub struct WrongSubject {
    path: PathBuf,
    kind: String,
}

impl Problem for WrongSubject {
    fn code(&self) -> &'static str {
        "attest.wrong-subject"
    }

    fn help(&self) -> Option<String> {
        Some("give the passport of the model itself with `--subject`".to_owned())
    }
}

/// Signs the statement.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    match args {
        Args::Evaluation(args) => evaluation(args, shell),
        Args::Processing(args) => processing(args, shell),
    }
}

fn evaluation(args: &Evaluation, shell: &mut Shell) -> Result<Exit, Failure> {
    let session = args.signing.begin(shell)?;
    let mut parents = Parents::new(&args.signing.with, session.now)?;
    let model = parents.add(&args.subject)?;
    if model.kind != "ModelPassport" {
        return Err(WrongSubject { path: args.subject.clone(), kind: model.kind }.into());
    }
    let subject = about(&model);
    let (subject, valid_until) = declare((subject, None), std::slice::from_ref(&args.file), &mut parents)?;
    session.issue("EvaluationAttestation", subject, valid_until, &parents, shell)
}

fn processing(args: &Processing, shell: &mut Shell) -> Result<Exit, Failure> {
    let session = args.signing.begin(shell)?;
    let mut parents = Parents::new(&args.signing.with, session.now)?;
    let files = std::slice::from_ref(&args.file);
    let (mut subject, valid_until) = declare((Object::new(), None), files, &mut parents)?;
    if !subject.contains("id") {
        // Like that of a recorded run: what is said of it.
        let digest = Digest::of(jcs::to_string(&Json::Object(subject.clone())));
        subject.insert("id", format!("urn:sha256:{}", digest.to_hex()));
    }
    session.issue("ProcessingAttestation", subject, valid_until, &parents, shell)
}

/// The model by its content, and the very passport that was looked at.
fn about(model: &Parent) -> Object {
    let of_subject = |name: &str| model.subject.get(name).and_then(Json::as_str);
    let mut subject = Object::new();
    for name in ["id", "type", "name"] {
        if let Some(value) = of_subject(name) {
            subject.insert(name, value);
        }
    }
    subject.insert("evaluates", model.reference());
    subject
}
