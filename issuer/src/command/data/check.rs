//! `passport data check PROOF RECORD --passport FILE`

use std::path::PathBuf;

use model_passport::digest::Digest;
use model_passport::json::Json;
use model_passport::records::{self, Claim, MAX_PROOF_CHARS, Proof, Refusal};
use model_passport::report::{Report, Verdict};

use super::commitment;
use crate::command::Shell;
use crate::command::verify::{Means, needed};
use crate::data::{DataError, record_sha256};
use crate::exit::Exit;
use crate::print::Tone;
use crate::problem::Failure;
use crate::{files, render};

/// Which proof, about which record, and whose word the commitment is.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The proof
    proof: PathBuf,
    /// A file with the record that the proof is about
    record: PathBuf,
    /// The passport of the set: it is verified, and its commitments are used
    #[arg(long, value_name = "FILE", required_unless_present = "root", conflicts_with = "root")]
    passport: Option<PathBuf>,
    /// The commitment itself, if it is already trusted
    #[arg(long, value_name = "COMMITMENT", value_parser = commitment)]
    root: Option<Digest>,
    /// Succeed only if this is what is proven; without it, either is a success
    #[arg(long, value_enum)]
    expect: Option<Expected>,
    #[command(flatten)]
    means: Means,
}

/// What a script wants to be sure of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Expected {
    /// The record is in the set
    Present,
    /// The record is not in the set
    Absent,
}

impl Expected {
    fn is(self, claim: Claim) -> bool {
        self == if claim == Claim::Present { Self::Present } else { Self::Absent }
    }
}

/// A commitment, and who says so.
struct Commitment {
    digest: Digest,
    said_by: Option<String>,
}

/// Says what is proven, and exits with success only then.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let limit = u64::try_from(MAX_PROOF_CHARS).unwrap_or(u64::MAX);
    let text = files::read_text(&args.proof, limit)?;
    let proof = Proof::parse(&text).map_err(|cause| DataError::Proof { path: args.proof.clone(), cause })?;
    let record = record_sha256(proof.set.kind, &args.record)?;
    let commitments = match (&args.passport, args.root) {
        (None, Some(digest)) => vec![Commitment { digest, said_by: None }],
        (Some(path), _) => {
            let text = files::read_text(path, files::MAX_BUNDLE_BYTES)?;
            let outcome = args.means.verify(&text, shell)?;
            if matches!(outcome.report.verdict, Verdict::NotVerified | Verdict::CouldNotCheck) {
                let paint = shell.print.out_paint;
                let report = render::report(&outcome.report, paint);
                let needs = needed(&outcome.needs, paint);
                shell.print.result(&format!(
                    "{report}{needs}\nNothing is proven, because the passport is not verified.\n"
                ));
                return Ok(Exit::of(&outcome.report, false));
            }
            commitments(&outcome.report)
        }
        (None, None) => Vec::new(),
    };
    let mut refusal = None;
    for Commitment { digest, said_by } in &commitments {
        match records::check(&proof, digest, &record) {
            Ok(claim) => {
                say(shell, &proof, claim, said_by.as_deref());
                return if args.expect.is_none_or(|expected| expected.is(claim)) {
                    Ok(Exit::Success)
                } else {
                    Err(DataError::Unexpected.into())
                };
            }
            Err(cause) => refusal = Some(cause),
        }
    }
    Err(match refusal {
        None => DataError::NotInPassport.into(),
        // With several sets, or one that is not the set of the proof, the commitment is what differs.
        Some(Refusal::Commitment) if commitments.len() > 1 => DataError::NotInPassport.into(),
        Some(cause) => DataError::NotProven(cause).into(),
    })
}

fn say(shell: &mut Shell, proof: &Proof, claim: Claim, said_by: Option<&str>) {
    let paint = shell.print.out_paint;
    let (word, place) = match claim {
        Claim::Present => ("present:", "is in"),
        Claim::Absent => ("absent:", "is not in"),
    };
    let whose = said_by.map_or_else(
        || "with the commitment that was given; whose that is was not checked".to_owned(),
        |id| format!("that {} commits to", render::plain(id)),
    );
    let salted = if proof.set.vrf_key.is_some() { ", salted" } else { "" };
    shell.print.result(&format!(
        "{} it is proven that the record {place} the set of {} records{salted} ({}) {whose}\n",
        paint.text(Tone::Good, word),
        proof.set.count,
        proof.set.kind.name(),
    ));
}

/// The commitments of all credentials that were verified.
fn commitments(report: &Report) -> Vec<Commitment> {
    let mut found = Vec::new();
    for shown in &report.shown {
        let contents = shown.content.pointer("/credentialSubject/dataContent").map(Json::one_or_many);
        for content in contents.unwrap_or_default() {
            let digest = content.get("commitment").and_then(Json::as_str);
            if let Some(digest) = digest.and_then(|text| Digest::from_multibase(text).ok()) {
                found.push(Commitment { digest, said_by: Some(shown.node.clone()) });
            }
        }
    }
    found
}
