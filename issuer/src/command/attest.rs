//! `passport attest KIND FILE [--subject PASSPORT] --key NAME`, `passport attest KIND --template`

mod monitoring;
mod template;

use std::path::{Path, PathBuf};

use model_passport::canon::jcs;
use model_passport::digest::Digest;
use model_passport::json::{Json, Object};
use thiserror::Error;

use super::Shell;
use super::issue::{Signing, declare};
use crate::exit::Exit;
use crate::parents::{Parent, Parents};
use crate::problem::{Failure, Problem};
use crate::seal;

/// What is stated.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// A decision about a model or a data set, by a board, a notified body or whoever else decides
    Approval(About),
    /// Which model runs where, by whoever runs it
    Deployment(About),
    /// Metrics of a model, by its maker or anyone else
    Evaluation(About),
    /// A period of a deployment, from its results, by whoever runs it
    Monitoring(monitoring::Args),
    /// Something that was run and not recorded meanwhile, by whoever ran it
    Processing(Stated),
    /// Which credentials an issuer is recognised to issue, by a body that others trust
    Recognition(Stated),
}

/// A statement as claims, and what it is signed with.
#[derive(Debug, clap::Args)]
pub struct Stated {
    /// What is stated, as claims: TOML, or JSON if the name ends in .json
    #[arg(required_unless_present = "template")]
    file: Option<PathBuf>,
    #[command(flatten)]
    template: Template,
    #[command(flatten)]
    signing: Signing,
}

/// The same about something that has a passport.
#[derive(Debug, clap::Args)]
pub struct About {
    /// The passport of what the statement is about; it is verified first
    #[arg(long, value_name = "PASSPORT", required_unless_present = "template")]
    subject: Option<PathBuf>,
    #[command(flatten)]
    stated: Stated,
}

/// Asking for a claims file instead.
#[derive(Debug, clap::Args)]
struct Template {
    /// Print a claims file to fill in, with every field explained, and sign nothing
    #[arg(long, conflicts_with = "file")]
    template: bool,
}

/// What one kind of statement is made of.
struct Form {
    /// The word after `attest`.
    name: &'static str,
    /// The kind of credential.
    kind: &'static str,
    /// What it can be about.
    parents: &'static [&'static str],
    /// The link to that.
    relation: &'static str,
    /// Members of the subject that nobody has to claim.
    given: &'static [&'static str],
    /// Members that are made where nobody claims them.
    made: &'static [&'static str],
}

const APPROVAL: Form = Form {
    name: "approval",
    kind: "ApprovalAttestation",
    parents: &["ModelPassport", "DatasetPassport"],
    relation: "approves",
    given: &["id", "type", "name", "approves"],
    made: &[],
};
const DEPLOYMENT: Form = Form {
    name: "deployment",
    kind: "DeploymentAttestation",
    parents: &["ModelPassport"],
    relation: "deploys",
    given: &["type", "deploys"],
    made: &["id"],
};
const EVALUATION: Form = Form {
    name: "evaluation",
    kind: "EvaluationAttestation",
    parents: &["ModelPassport"],
    relation: "evaluates",
    given: &["id", "type", "name", "evaluates"],
    made: &[],
};
const MONITORING: Form = Form {
    name: "monitoring",
    kind: "MonitoringAttestation",
    parents: &["DeploymentAttestation"],
    relation: "monitors",
    given: &[
        "id",
        "type",
        "name",
        "monitors",
        "previous",
        "referenceDigest",
        "outcome",
        "breaches",
        "nextDue",
    ],
    made: &[],
};
const PROCESSING: Form = Form {
    name: "processing",
    kind: "ProcessingAttestation",
    parents: &[],
    relation: "",
    given: &["id", "type"],
    made: &[],
};
const RECOGNITION: Form = Form {
    name: "recognition",
    kind: "RecognitionCredential",
    parents: &[],
    relation: "",
    given: &["type"],
    made: &[],
};

/// The subject is not something about which this can be stated.
#[derive(Debug, Error)]
#[error("`{}` is a {kind}; this takes a {}", path.display(), wanted.join(" or a "))]
pub struct WrongSubject {
    path: PathBuf,
    kind: String,
    wanted: &'static [&'static str],
}

impl Problem for WrongSubject {
    fn code(&self) -> &'static str {
        "attest.wrong-subject"
    }

    fn help(&self) -> Option<String> {
        Some(match self.wanted {
            ["DeploymentAttestation"] => "give the attestation of the deployment with `--subject`".to_owned(),
            ["MonitoringAttestation"] => {
                "give the attestation of the period before with `--previous`".to_owned()
            }
            _ => "give the passport of the model or data set itself with `--subject`".to_owned(),
        })
    }
}

/// Signs the statement, or prints a template.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    match args {
        Args::Approval(args) => of_subject(&APPROVAL, args, shell),
        Args::Deployment(args) => of_subject(&DEPLOYMENT, args, shell),
        Args::Evaluation(args) => of_subject(&EVALUATION, args, shell),
        Args::Monitoring(args) => monitoring::run(args, shell),
        Args::Processing(args) => alone(&PROCESSING, args, shell),
        Args::Recognition(args) => alone(&RECOGNITION, args, shell),
    }
}

fn print_template(form: &Form, shell: &mut Shell) -> Exit {
    shell.print.result(&template::of(form));
    Exit::Success
}

/// A statement about something that has a passport.
fn of_subject(form: &Form, args: &About, shell: &mut Shell) -> Result<Exit, Failure> {
    let (Some(path), Some(file)) = (&args.subject, &args.stated.file) else {
        return Ok(print_template(form, shell));
    };
    if args.stated.template.template {
        return Ok(print_template(form, shell));
    }
    let signing = &args.stated.signing;
    let session = signing.begin(shell)?;
    let mut parents = Parents::new(&signing.with, session.now)?;
    let parent = parent(form.parents, path, &mut parents)?;
    let given = about(form, &parent);
    let (mut subject, valid_until) = declare((given, None), std::slice::from_ref(file), &mut parents)?;
    if form.made.contains(&"id") && !subject.contains("id") {
        subject = with_id(&seal::fresh_urn()?, &subject);
    }
    session.issue(form.kind, subject, valid_until, &parents, shell)
}

/// A statement that says itself what it is about.
fn alone(form: &Form, args: &Stated, shell: &mut Shell) -> Result<Exit, Failure> {
    let Some(file) = args.file.as_ref().filter(|_| !args.template.template) else {
        return Ok(print_template(form, shell));
    };
    let session = args.signing.begin(shell)?;
    let mut parents = Parents::new(&args.signing.with, session.now)?;
    let files = std::slice::from_ref(file);
    let (mut subject, valid_until) = declare((Object::new(), None), files, &mut parents)?;
    if form.given.contains(&"id") && !subject.contains("id") {
        // Like that of a recorded run: what is said of it.
        let digest = Digest::of(jcs::to_string(&Json::Object(subject.clone())));
        subject.insert("id", format!("urn:sha256:{}", digest.to_hex()));
    }
    session.issue(form.kind, subject, valid_until, &parents, shell)
}

/// The passport of what a statement is about.
fn parent(wanted: &'static [&'static str], path: &Path, parents: &mut Parents) -> Result<Parent, Failure> {
    let parent = parents.add(path)?;
    if !wanted.contains(&parent.kind.as_str()) {
        return Err(WrongSubject { path: path.to_owned(), kind: parent.kind, wanted }.into());
    }
    Ok(parent)
}

/// What the statement is about by its content, and the very passport that was looked at.
fn about(form: &Form, parent: &Parent) -> Object {
    let mut subject = Object::new();
    // A deployment is not the model that it runs, and has a name of its own.
    let is_same = form.given.contains(&"id");
    for name in ["id", "type", "name"].into_iter().filter(|_| is_same) {
        if let Some(value) = parent.subject.get(name).and_then(Json::as_str) {
            subject.insert(name, value);
        }
    }
    subject.insert(form.relation, parent.reference());
    subject
}

fn with_id(id: &str, subject: &Object) -> Object {
    let id = std::iter::once(("id", Json::from(id)));
    id.chain(subject.iter().map(|(name, value)| (name, value.clone()))).collect()
}
