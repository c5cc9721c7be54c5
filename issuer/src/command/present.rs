//! `passport present FILE… --key NAME`

use std::path::PathBuf;

use model_passport::did::Relationship;
use model_passport::evidence::{Document, Evidence, Policy, Profile};
use model_passport::jose::{self, Audience, Kind};
use model_passport::json::{Json, Object};
use model_passport::jsonld::ContextLoader;
use model_passport::key::{Algorithm, KeySigner, SignError};
use model_passport::passport::CREDENTIALS_V2;
use model_passport::proof::{Cryptosuite, ProofError, ProofOptions, add_proof};
use model_passport::report::{Check, CheckName, Outcome, Report};
use model_passport::time::Timestamp;
use thiserror::Error;

use super::capture::output;
use super::key::{Secret, Store};
use super::{Shell, bundle, verify};
use crate::evidence;
use crate::exit::Exit;
use crate::files;
use crate::keystore::PublicHalf;
use crate::print::Tone;
use crate::problem::{Failure, Problem};
use crate::seal::{self, SealError};

/// What to present, to whom, and where it goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Passports and bundles, whose passports are presented
    #[arg(required = true)]
    file: Vec<PathBuf>,
    /// The key of whoever presents them
    #[arg(long, value_name = "NAME", env = "PASSPORT_KEY")]
    key: String,
    /// What the verifier asked to be repeated, so that the presentation is good for this occasion only
    #[arg(long, value_name = "TEXT")]
    challenge: Option<String>,
    /// The verifier for whom it is made
    #[arg(long, value_name = "TEXT")]
    domain: Option<String>,
    /// A cryptosuite, or `vp+jwt` [default: ecdsa-rdfc-2019 or eddsa-rdfc-2022, as the key is]
    #[arg(long, value_name = "SUITE")]
    proof: Option<String>,
    /// A DID document or a status list that the passports' verification needs (repeatable)
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    /// When it is made, instead of now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    /// Where it goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = files::STANDARD_STREAM)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    secret: Secret,
}

/// Why there is no presentation.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum PresentError {
    #[error("a presentation is not made with `{0}`")]
    Suite(String),
    #[error("what would be presented does not hold ({code}): {message}")]
    NotVerified { code: String, message: String },
}

impl Problem for PresentError {
    fn code(&self) -> &'static str {
        match self {
            Self::Suite(_) => "present.suite",
            Self::NotVerified { .. } => "present.not-verified",
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Suite(_) => format!(
                "it is signed as a whole: leave `--proof` away, or say `{}`",
                Kind::Presentation.name()
            ),
            Self::NotVerified { code, .. } => {
                format!("nothing was written; `passport explain {code}` says more")
            }
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Suite(_) => Exit::Usage,
            Self::NotVerified { .. } => Exit::NotVerified,
        }
    }
}

/// How the presentation is signed.
enum Securing {
    Proof(Cryptosuite),
    Jws,
}

/// Checks what is presented, signs, checks the whole as its verifier will, writes.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    files::check_free(&args.output, args.force)?;
    let store = args.store.open()?;
    let holder = store.current(&args.key)?;
    let securing = securing(args.proof.as_deref(), holder.algorithm()?)?;
    let now = shell.time(args.at);
    let mut evidence = evidence::gather(&args.with)?;
    let presented = presented(args, &mut evidence)?;
    let unsigned = presentation(&holder, presented);
    // Before the key is touched: what does not hold is not worth a signature.
    let plain = verify::check(&unsigned.to_string(), &evidence, &policy(), now).report;
    refuse(&plain, |_| false)?;

    let (signer, _) = store.unlock(&args.key, &args.secret.source(), now)?;
    let text = sign(&unsigned, &securing, args, &signer, now)?;
    own_document(&holder, &mut evidence);
    let asked = Policy {
        challenge: args.challenge.clone(),
        domain: args.domain.clone().into_iter().collect(),
        ..policy()
    };
    refuse(&verify::check(&text, &evidence, &asked, now).report, |check| {
        check.check == CheckName::Presentation
    })?;
    output(&args.output, &text, args.force, shell)?;
    let paint = shell.print.err_paint;
    shell.print.note(&format!(
        "{} by {}{}",
        paint.text(Tone::Dim, "presented:"),
        holder.did,
        if args.challenge.is_none() { ", without a challenge: whoever has it can show it again" } else { "" },
    ));
    Ok(Exit::Success)
}

/// The passports of the files, each once; documents of bundles are kept as evidence.
fn presented(args: &Args, evidence: &mut Evidence) -> Result<Vec<Json>, Failure> {
    let mut parts = Evidence::default();
    for path in &args.file {
        evidence::add(path, files::read_text(path, files::MAX_BUNDLE_BYTES)?, &mut parts)?;
    }
    let credentials = bundle::unpacked(&parts)?;
    evidence.documents.extend(parts.documents);
    Ok(credentials)
}

fn presentation(holder: &PublicHalf, credentials: Vec<Json>) -> Json {
    Object::from_iter([
        ("@context", Json::from(vec![Json::from(CREDENTIALS_V2)])),
        ("type", vec![Json::from("VerifiablePresentation")].into()),
        ("holder", holder.did.as_str().into()),
        ("verifiableCredential", credentials.into()),
    ])
    .into()
}

/// Any credential of the data model can be presented, not only a passport.
fn policy() -> Policy {
    Policy { profile: Profile::Standard, ..Policy::default() }
}

fn securing(asked: Option<&str>, algorithm: Algorithm) -> Result<Securing, Failure> {
    let Some(name) = asked else { return Ok(Securing::Proof(seal::usual_suite(algorithm))) };
    if name == Kind::Presentation.name() {
        return Ok(Securing::Jws);
    }
    match seal::securing(&[name.to_owned()], algorithm)? {
        seal::Securing::Proofs(suites) if !suites.contains(&Cryptosuite::EcdsaSd2023) => {
            let suite = suites.first().copied();
            Ok(Securing::Proof(suite.ok_or_else(|| PresentError::Suite(name.to_owned()))?))
        }
        _ => Err(PresentError::Suite(name.to_owned()).into()),
    }
}

fn sign(
    unsigned: &Json,
    securing: &Securing,
    args: &Args,
    signer: &KeySigner,
    now: Timestamp,
) -> Result<String, Failure> {
    match securing {
        Securing::Proof(suite) => {
            let options = ProofOptions {
                purpose: Relationship::Authentication,
                challenge: args.challenge.clone(),
                domain: args.domain.clone(),
                ..ProofOptions::new(*suite).created(now)
            };
            let signed = add_proof(unsigned, &options, signer, ContextLoader::default());
            Ok(signed.map_err(SealError::Sign)?.to_pretty())
        }
        Securing::Jws => {
            let audience = Audience {
                challenge: args.challenge.clone(),
                domain: args.domain.clone().into_iter().collect(),
            };
            let jws = jose::sign(unsigned, Kind::Presentation, &audience, signer);
            Ok(jws.map_err(|cause: SignError| SealError::Sign(ProofError::from(cause)))? + "\n")
        }
    }
}

/// The holder's own DID document, which its verifier will have.
fn own_document(holder: &PublicHalf, evidence: &mut Evidence) {
    if let (Some(url), Some(document)) = (holder.document_url(), holder.did_document()) {
        evidence.documents.push(Document { url, retrieved: None, text: document.to_string() });
    }
}

/// Anything that failed, and whatever else must not stay open. Keys, lists and parents that are not at hand are the
/// verifier's to bring.
fn refuse(report: &Report, must_hold: impl Fn(&Check) -> bool) -> Result<(), PresentError> {
    let stops = |check: &&Check| {
        check.outcome == Outcome::Fail
            || (check.outcome == Outcome::NotChecked && check.required && must_hold(check))
    };
    report.checks.iter().find(stops).map_or(Ok(()), |check| {
        Err(PresentError::NotVerified { code: check.code.to_string(), message: check.message.clone() })
    })
}
