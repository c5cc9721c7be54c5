//! `passport verify FILE`

use std::path::PathBuf;

use model_passport::digest::Digest;
use model_passport::evidence::{Evidence, Need, NeedKind, Policy, Profile};
use model_passport::json::Json;
use model_passport::report::{Check, CheckName, Outcome as CheckOutcome, Report, Shown};
use model_passport::time::Timestamp;
use model_passport::verify::{self, Verification};

use super::Shell;
use crate::capture::Digests;
use crate::data::secrets;
use crate::evidence;
use crate::exit::Exit;
#[cfg(feature = "network")]
use crate::fetch::{Allowed, Network, collect::Collector};
use crate::print::{Paint, Tone};
use crate::problem::Failure;
use crate::{crypto, files, policies, render};

/// What to check, and with what.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A passport, a presentation or a bundle; `-` is standard input
    file: PathBuf,
    #[command(flatten)]
    means: Means,
    /// Print the report as JSON, and nothing else
    #[arg(long)]
    json: bool,
    /// Take a warning for a failure
    #[arg(long)]
    strict: bool,
}

/// What a verification is made with: shared by every command that verifies.
#[derive(Debug, Default, clap::Args)]
pub struct Means {
    /// A file or directory that the passport speaks of: it is hashed and compared (repeatable)
    #[arg(long, value_name = "PATH")]
    pub(crate) artifact: Vec<PathBuf>,
    /// With --artifact: the secrets of data about people, by whom they were captured with them
    #[arg(long, value_name = "FILE", requires = "artifact")]
    pub(crate) secrets: Option<PathBuf>,
    /// A passport of the lineage, a bundle, a status list or a DID document to check with (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Vec<PathBuf>,
    /// Evidence as JSON, in the form that the library and the npm package take
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
    /// A trust list: whom to recognise, and for what (JSON)
    #[arg(long, value_name = "FILE", env = "PASSPORT_TRUST")]
    pub(crate) trust: Option<PathBuf>,
    /// A policy: what to require (JSON)
    #[arg(long, value_name = "FILE", env = "PASSPORT_POLICY")]
    pub(crate) policy: Option<PathBuf>,
    /// What the credential may be: a model passport, any credential, or no more than a valid proof
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    pub(crate) profile: Option<Profile>,
    /// The time to judge by, instead of now
    #[arg(long, value_name = "RFC3339")]
    pub(crate) at: Option<Timestamp>,
    /// Use nothing but the files that are given, which is the default
    #[arg(long)]
    #[cfg_attr(feature = "network", arg(conflicts_with = "fetch"))]
    pub(crate) offline: bool,
    #[cfg(feature = "network")]
    #[command(flatten)]
    pub(crate) fetching: Fetching,
}

/// Whether to ask for what is missing.
#[cfg(feature = "network")]
#[derive(Debug, Default, clap::Args)]
pub struct Fetching {
    /// Fetch what is missing (DID documents, status lists, passports of the lineage) from the hosts that the issuers
    /// name themselves by; each address is told
    #[arg(long)]
    pub(crate) fetch: bool,
    /// An institution (did:web) whose index to look into for passports of the lineage, whoever issued them (repeatable)
    #[arg(long, value_name = "DID", requires = "fetch")]
    pub(crate) from: Vec<String>,
    #[command(flatten)]
    pub(crate) allowed: Allowed,
}

#[cfg(feature = "network")]
impl Fetching {
    /// Fetches, if it was asked for.
    pub(crate) fn complete(
        &self,
        text: &str,
        evidence: &mut Evidence,
        policy: &Policy,
        now: Timestamp,
        shell: &mut Shell,
    ) {
        if self.fetch {
            let network = Network::public(self.allowed.clone());
            let mut collector = Collector::new(&network, &mut shell.print, now, false);
            collector.look_at(&self.from);
            collector.complete(text, evidence, policy);
        }
    }
}

/// The report, and what would have been needed for more of an answer.
pub(crate) struct Outcome {
    pub(crate) report: Report,
    pub(crate) needs: Vec<Need>,
}

/// Prints the report; the exit follows its verdict.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let text = files::read_text(&args.file, files::MAX_BUNDLE_BYTES)?;
    let outcome = args.means.verify(&text, shell)?;
    if args.json {
        shell.print.result(&format!("{}\n", outcome.report.to_json()));
    } else {
        let paint = shell.print.out_paint;
        shell.print.result(&format!(
            "{}{}",
            render::report(&outcome.report, paint),
            needed(&outcome.needs, paint)
        ));
    }
    Ok(Exit::of(&outcome.report, args.strict))
}

impl Means {
    /// What is asked for, and who is recognised.
    pub(crate) fn policy(&self) -> Result<Policy, Failure> {
        let mut policy = match &self.policy {
            Some(path) => policies::policy(path)?,
            None => Policy::default(),
        };
        if let Some(path) = &self.trust {
            policy.trust = [policies::trust(path)?, policy.trust].concat();
        }
        Ok(Policy { profile: self.profile.unwrap_or(policy.profile), ..policy })
    }

    /// What was brought, besides the files to be measured.
    pub(crate) fn evidence(&self) -> Result<Evidence, Failure> {
        let mut evidence = evidence::gather(&self.with)?;
        if let Some(path) = &self.evidence {
            let more = evidence::read_evidence(path)?;
            evidence.documents.extend(more.documents);
            evidence.credentials.extend(more.credentials);
            evidence.artifacts.extend(more.artifacts);
            evidence.seen_lists.extend(more.seen_lists);
        }
        Ok(evidence)
    }

    /// Verifies `text` with these means.
    pub(crate) fn verify(&self, text: &str, shell: &mut Shell) -> Result<Outcome, Failure> {
        let (policy, mut evidence) = (self.policy()?, self.evidence()?);
        let now = shell.time(self.at);
        if let Some(path) = &self.secrets {
            let secret = secrets::read(path)?;
            let sealed = sealed_digests(&check(text, &evidence, &policy, now).report);
            evidence.artifacts.extend(evidence::sealed_artifacts(&self.artifact, &secret, &sealed)?);
            return Ok(check(text, &evidence, &policy, now));
        }
        evidence.artifacts.extend(evidence::artifacts(&self.artifact, Digests::Fastest)?);
        #[cfg(feature = "network")]
        self.fetching.complete(text, &mut evidence, &policy, now, shell);
        self.judge(text, &policy, evidence, &self.artifact, now)
    }

    /// Verifies `text` with files that were measured the fastest way, and measures them in every way if need be.
    pub(crate) fn judge(
        &self,
        text: &str,
        policy: &Policy,
        mut evidence: Evidence,
        measured: &[PathBuf],
        now: Timestamp,
    ) -> Result<Outcome, Failure> {
        let outcome = check(text, &evidence, policy, now);
        // A passport may have no Merkle root for a file: then its SHA-256 decides.
        let by_root = evidence.artifacts.iter().any(|file| file.sha256.is_none());
        let refused =
            |check: &Check| check.check == CheckName::Artifacts && check.outcome == CheckOutcome::Fail;
        if measured.is_empty() || !by_root || !outcome.report.checks.iter().any(refused) {
            return Ok(outcome);
        }
        evidence.artifacts = match &self.evidence {
            Some(path) => evidence::read_evidence(path)?.artifacts,
            None => Vec::new(),
        };
        evidence.artifacts.extend(evidence::artifacts(measured, Digests::All)?);
        Ok(check(text, &evidence, policy, now))
    }
}

/// The digests of whole manifests in all that was verified.
fn sealed_digests(report: &Report) -> Vec<String> {
    let manifest = |shown: &Shown| {
        let digest = shown.content.pointer("/credentialSubject/artifactManifest/digestMultibase");
        Some(Digest::from_multibase(digest.and_then(Json::as_str)?).ok()?.to_hex())
    };
    report.shown.iter().filter_map(manifest).collect()
}

/// The profile of this name.
fn profile(name: &str) -> Result<Profile, &'static str> {
    Profile::from_name(name).ok_or("the profiles are `passport`, `standard` and `proof-only`")
}

/// The core's verification, with the signatures checked by the machine's fast implementation.
pub(crate) fn check(text: &str, evidence: &Evidence, policy: &Policy, now: Timestamp) -> Outcome {
    let verification = Verification::begin(text, evidence, policy, now);
    let answers = crypto::answers(verification.signatures());
    let report = verification.finish(&answers);
    Outcome { report, needs: verify::needs(text, evidence, policy) }
}

/// The first check that failed for another reason than a recall. What was recalled is kept, published and handed on
/// with the list that says so: whoever has it learns of it there.
pub(crate) fn refusal(report: &Report) -> Option<&Check> {
    let is_recall = |check: &Check| {
        matches!(
            check.code.as_ref(),
            "status.revoked" | "status.suspended" | "lineage.parent-revoked" | "lineage.parent-suspended"
        )
    };
    report.checks.iter().find(|check| check.outcome == CheckOutcome::Fail && !is_recall(check))
}

/// What keeps it open who signed: a key that is not at hand, or an issuer whose keys nobody vouches for.
pub(crate) fn unsigned(report: &Report) -> impl Iterator<Item = &Check> {
    report.checks.iter().filter(|check| {
        matches!(check.check, CheckName::Proof | CheckName::Issuer)
            && check.outcome == CheckOutcome::NotChecked
    })
}

/// What is still needed, one line each.
pub(crate) fn needed(needs: &[Need], paint: Paint) -> String {
    if needs.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", paint.text(Tone::Bold, "Needed, give it with --with FILE"));
    for need in needs {
        let kind = match need.kind {
            NeedKind::Credential => "passport",
            NeedKind::DidDocument => "DID document",
            NeedKind::StatusList => "status list",
            // These have no address inside, so they go into the file of `--evidence`, under their address.
            NeedKind::Context => "context (in --evidence)",
            NeedKind::Resource => "resource (in --evidence)",
            NeedKind::Schema => "schema (in --evidence)",
        };
        text.push_str(&format!("  {kind} {}: {}\n", render::plain(&need.url), render::plain(&need.why)));
    }
    text
}
