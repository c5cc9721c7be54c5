//! `passport bundle FILE… -o BUNDLE`

use std::path::PathBuf;

use model_passport::evidence::{Evidence, Policy};
use model_passport::jose::{self, Kind};
use model_passport::json::{self, Json, JsonError, Limits, Object};
use model_passport::limits::MAX_NODES;
use model_passport::passport::{self, BUNDLE, CREDENTIALS_V2};
use model_passport::report::Verdict;
use model_passport::time::Timestamp;
use thiserror::Error;

use super::capture::output;
use super::verify;
use super::{Shell, verify::needed};
use crate::evidence;
use crate::exit::Exit;
use crate::files;
use crate::problem::{Failure, Problem};
use crate::render;

/// What goes in, and where the bundle goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Passports, status lists, DID documents and other bundles
    #[arg(required = true)]
    file: Vec<PathBuf>,
    /// Where the bundle goes; `-` is standard output
    #[arg(short, long, value_name = "BUNDLE", default_value = files::STANDARD_STREAM)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
    /// The time to note for DID documents and to judge by, instead of now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    #[cfg(feature = "network")]
    #[command(flatten)]
    fetching: verify::Fetching,
}

/// Why there is no bundle.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum BundleError {
    #[error("none of the files is a passport")]
    Empty,
    #[error("the bundle would not verify ({code})")]
    NotVerified { code: String },
    #[error("the bundle would be more than can be read again: {0}")]
    TooLarge(JsonError),
}

impl Problem for BundleError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "bundle.empty",
            Self::NotVerified { .. } => "bundle.not-verified",
            Self::TooLarge(_) => "bundle.too-large",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Empty => "give at least one signed passport",
            Self::NotVerified { .. } => {
                "run `passport verify` on each file to see what is wrong; nothing was written"
            }
            Self::TooLarge(_) => "make several bundles, one for each branch of the lineage",
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Empty => Exit::Usage,
            Self::NotVerified { .. } => Exit::NotVerified,
            Self::TooLarge(_) => Exit::Malformed,
        }
    }
}

/// Writes the bundle; says what it still lacks.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    files::check_free(&args.output, args.force)?;
    let now = shell.time(args.at);
    let mut parts = Evidence::default();
    for path in &args.file {
        evidence::add(path, files::read_text(path, files::MAX_BUNDLE_BYTES)?, &mut parts)?;
    }
    #[cfg(feature = "network")]
    {
        // The documents were given or fetched here, so they count, and go into the bundle.
        let documents = std::mem::take(&mut parts.documents);
        let mut found = Evidence { documents, ..Evidence::default() };
        let text = assemble(parts.clone(), now)?.to_string();
        args.fetching.complete(&text, &mut found, &Policy::default(), now, shell);
        parts.documents = found.documents;
        parts.credentials.extend(found.credentials);
    }
    let documents = parts.documents.clone();
    let text = finished(parts, now)?;

    let outcome = verify::check(&text, &Evidence::default(), &Policy::default(), now);
    // That something was recalled has to reach those without a network too.
    if let Some(check) = verify::refusal(&outcome.report) {
        return Err(BundleError::NotVerified { code: check.code.to_string() }.into());
    }
    output(&args.output, &text, args.force, shell)?;
    let needs = needed(&outcome.needs, shell.print.err_paint);
    if !needs.is_empty() {
        shell.print.note(needs.trim());
    }
    // As whoever trusts what was given here will read it.
    let given = Evidence { documents, ..Evidence::default() };
    let report = verify::check(&text, &given, &Policy::default(), now).report;
    if report.verdict == Verdict::NotVerified && verify::refusal(&report).is_none() {
        shell.print.note(&render::verdict(&report, shell.print.err_paint));
        return Ok(Exit::NotVerified);
    }
    Ok(Exit::Success)
}

/// The text of a bundle that can be read again.
pub(crate) fn finished(parts: Evidence, now: Timestamp) -> Result<String, BundleError> {
    let text = assemble(parts, now)?.to_pretty();
    json::parse_within(&text, &limits()).map_err(BundleError::TooLarge)?;
    Ok(text)
}

/// What the core allows a bundle to be.
fn limits() -> Limits {
    Limits { max_bytes: passport::MAX_BUNDLE_BYTES, max_nodes: 16 * MAX_NODES, ..Limits::default() }
}

/// The credentials among the parts, each once, as they stand there.
pub(crate) fn unpacked(parts: &Evidence) -> Result<Vec<Json>, BundleError> {
    let mut credentials: Vec<Json> = Vec::new();
    for text in &parts.credentials {
        let unpacked = match jose::looks_like_jws(text.trim_end()) {
            true => vec![jose::envelope(text.trim_end(), Kind::Credential)],
            false => unpack(json::parse_within(text, &limits()).map_err(BundleError::TooLarge)?),
        };
        for credential in unpacked {
            // The same passport from two bundles is one passport.
            if !credentials.contains(&credential) {
                credentials.push(credential);
            }
        }
    }
    if credentials.is_empty() { Err(BundleError::Empty) } else { Ok(credentials) }
}

/// One bundle of all parts.
pub(crate) fn assemble(parts: Evidence, now: Timestamp) -> Result<Json, BundleError> {
    let credentials = unpacked(&parts)?;
    let mut documents: Vec<Json> = Vec::new();
    for document in parts.documents {
        let retrieved = document.retrieved.unwrap_or_else(|| now.to_string());
        let document = Object::from_iter([
            ("url", Json::from(document.url)),
            ("retrieved", Json::from(retrieved)),
            ("text", Json::from(document.text)),
        ]);
        documents.push(Json::from(document));
    }
    let presentation = Object::from_iter([
        ("@context", Json::from(vec![Json::from(CREDENTIALS_V2)])),
        ("type", Json::from(vec![Json::from("VerifiablePresentation")])),
        ("verifiableCredential", Json::from(credentials)),
    ]);
    let mut bundle =
        Object::from_iter([("bundle", Json::from(BUNDLE)), ("presentation", Json::from(presentation))]);
    if !documents.is_empty() {
        bundle.insert("evidence", Object::from_iter([("documents", Json::from(documents))]));
    }
    Ok(Json::from(bundle))
}

/// The credentials in a credential, a presentation or a bundle, as they stand there.
fn unpack(json: Json) -> Vec<Json> {
    let Json::Object(mut object) = json else { return Vec::new() };
    if let Some(presentation) = object.remove("presentation") {
        return unpack(presentation);
    }
    match object.remove("verifiableCredential") {
        Some(Json::Array(credentials)) => credentials,
        Some(one) => vec![one],
        None => vec![Json::Object(object)],
    }
}
