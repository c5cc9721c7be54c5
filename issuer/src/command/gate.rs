//! `passport gate PATH --passport FILE`: may this model be loaded here?
//!
//! Made for loaders, entry points and hooks: no output, one exit code. The files are measured each time. What passed
//! is remembered by the digest of everything that the answer rests on, and for a time only, since a recall may come
//! any day.

use std::path::{Path, PathBuf};

use model_passport::digest::Digest;
use model_passport::evidence::Evidence;
use model_passport::json::{self, Json, Object};
use model_passport::policy::Policy;
use model_passport::report::{Report, Shown};
use model_passport::time::Timestamp;

use super::Shell;
use super::verify::Means;
use crate::capture::Digests;
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::problem::Failure;
use crate::{evidence, render};

/// Most answers that are remembered; the oldest go first.
const MAX_ANSWERS: usize = 1_000;

/// What is to be loaded, its passport, and what is asked of it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model: the file or directory that is about to be loaded
    path: PathBuf,
    /// Its passport, or a bundle with what the policy asks for
    #[arg(long, value_name = "FILE")]
    passport: PathBuf,
    #[command(flatten)]
    means: Means,
    /// Take a warning for a failure
    #[arg(long)]
    strict: bool,
    /// Say on standard error why the model is refused
    #[arg(long)]
    explain: bool,
    /// Remember in this file what passed, and answer from it while nothing that the answer rests on has changed
    #[arg(long, value_name = "FILE")]
    cache: Option<PathBuf>,
    /// How long an answer is remembered, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    max_age: u32,
}

/// Lets the model pass or refuses it.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let text = files::read_text(&args.passport, files::MAX_BUNDLE_BYTES)?;
    let mut policy = args.means.policy()?;
    policy.rules.push(Object::from_iter([("require", "files")]).into());
    // Whoever took a key can date what they sign; nobody looks at a warning here.
    policy.refuse_revoked_keys = true;
    // Whatever else is given has to be of the model too.
    let paths = [args.means.artifact.as_slice(), std::slice::from_ref(&args.path)].concat();
    let mut brought = args.means.evidence()?;
    brought.artifacts.extend(evidence::artifacts(&paths, Digests::Fastest)?);
    let now = shell.time(args.means.at);
    let question = question(&text, &policy, &brought, args.strict);
    let mut answers = args.cache.as_deref().map(Answers::read);
    let max_age = i64::from(args.max_age);
    if answers.as_ref().is_some_and(|answers| answers.hold(&question, now, max_age)) {
        return Ok(Exit::Success);
    }
    let outcome = args.means.judge(&text, &policy, brought, &paths, now)?;
    let exit = Exit::of(&outcome.report, args.strict);
    if exit == Exit::Success {
        if let Some(answers) = &mut answers {
            let until = end_of_validity(&outcome.report).into_iter().chain([now.plus_secs(max_age)]).min();
            answers.add(question, now, until.unwrap_or(now))?;
        }
    } else if args.explain {
        let report = render::report(&outcome.report, shell.print.err_paint);
        shell.print.note(&report);
    }
    Ok(exit)
}

/// When the first of the credentials that were relied on ends.
fn end_of_validity(report: &Report) -> Option<Timestamp> {
    let end = |shown: &Shown| shown.content.get("validUntil")?.as_str()?.parse::<Timestamp>().ok();
    report.shown.iter().filter_map(end).min()
}

/// The digest of all that an answer rests on, but for the time.
fn question(text: &str, policy: &Policy, evidence: &Evidence, strict: bool) -> String {
    let parts = [
        env!("CARGO_PKG_VERSION").to_owned(),
        text.to_owned(),
        serde_json::to_string(policy).unwrap_or_default(),
        serde_json::to_string(evidence).unwrap_or_default(),
        strict.to_string(),
    ];
    // Each part with its digest, so that no text can move from one to the next.
    let digests: Vec<String> = parts.iter().map(|part| Digest::of(part).to_hex()).collect();
    Digest::of(digests.concat()).to_hex()
}

/// What passed, and from when until when that counts.
#[derive(Debug)]
struct Answers<'p> {
    path: &'p Path,
    /// Question, first and last moment.
    passed: Vec<(String, Timestamp, Timestamp)>,
}

impl<'p> Answers<'p> {
    /// Reads the file. One that is not there, that others may write to, or that is not as it was written here,
    /// answers nothing.
    fn read(path: &'p Path) -> Self {
        let text =
            files::read_own(path, files::MAX_DOCUMENT_BYTES).and_then(|bytes| String::from_utf8(bytes).ok());
        let json = text.and_then(|text| json::parse(&text).ok()).unwrap_or(Json::Null);
        let read = |(question, period): (&str, &Json)| {
            let time = |name: &str| period.get(name)?.as_str()?.parse::<Timestamp>().ok();
            Some((question.to_owned(), time("from")?, time("until")?))
        };
        let passed = json.as_object().into_iter().flat_map(Object::iter).filter_map(read).collect();
        Self { path, passed }
    }

    /// A clock that was set back finds answers of the future, which count no more than old ones.
    fn hold(&self, question: &str, now: Timestamp, max_age: i64) -> bool {
        let in_time =
            |from: Timestamp, until: Timestamp| from <= now && now < until.min(from.plus_secs(max_age));
        self.passed.iter().any(|(other, from, until)| other == question && in_time(*from, *until))
    }

    fn add(&mut self, question: String, from: Timestamp, until: Timestamp) -> Result<(), Failure> {
        self.passed.retain(|(other, _, until)| *other != question && from < *until);
        self.passed.push((question, from, until));
        let surplus = self.passed.len().saturating_sub(MAX_ANSWERS);
        self.passed.drain(..surplus);
        let entry = |(question, from, until): &(String, Timestamp, Timestamp)| {
            let period = Object::from_iter([("from", from.to_string()), ("until", until.to_string())]);
            (question.clone(), Json::from(period))
        };
        let mut answers = Object::new();
        for (question, period) in self.passed.iter().map(entry) {
            answers.insert(&question, period);
        }
        let text = format!("{}\n", Json::from(answers));
        Ok(files::write(self.path, text.as_bytes(), Access::Private, true)?)
    }
}
