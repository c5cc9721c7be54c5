//! `passport compare OLD NEW`: what became better and what became worse, by site and part of the data.

mod pairs;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use model_passport::evidence::{Evidence, Policy};
use model_passport::json::{Json, Number, Object};
use model_passport::passport::{self, Credential};
use model_passport::time::Timestamp;
use rust_decimal::Decimal;
use thiserror::Error;

use self::pairs::{Alone, Compared, Direction, Pair, Rules, Stated};
use super::{Shell, verify};
use crate::evidence::{self, EvidenceError};
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::print::{Paint, Tone};
use crate::problem::{Failure, Problem};
use crate::seal;

/// Most changes of results that a revision states.
const MAX_DELTAS: usize = 256;

/// The evaluations of two models, and what to make of them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Evaluations of the old model: an attestation, or a bundle with several
    #[arg(required_unless_present = "old")]
    first: Option<PathBuf>,
    /// Evaluations of the new model
    #[arg(required_unless_present = "new")]
    second: Option<PathBuf>,
    /// More evaluations of the old model (repeatable)
    #[arg(long, value_name = "FILE")]
    old: Vec<PathBuf>,
    /// More evaluations of the new model (repeatable)
    #[arg(long, value_name = "FILE")]
    new: Vec<PathBuf>,
    /// A change of no more than this is none
    #[arg(long, value_name = "DECIMAL", default_value = "0.01")]
    margin: String,
    /// A metric of which more is better, by name or IRI, where that is not known (repeatable)
    #[arg(long, value_name = "METRIC")]
    higher_is_better: Vec<String>,
    /// A metric of which less is better (repeatable)
    #[arg(long, value_name = "METRIC")]
    lower_is_better: Vec<String>,
    /// A passport, a status list or a DID document that the verification needs (repeatable)
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    /// The time to judge by, instead of now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    /// Exit 1 where a result became worse beyond the margin, and 2 where one of the old model has none of the new
    /// beside it
    #[arg(long)]
    fail_on_regression: bool,
    /// Print the comparison as JSON, and nothing else
    #[arg(long)]
    json: bool,
    /// Where the claims of the revision go, for `passport issue --claims`
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// Why two models cannot be compared.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum CompareError {
    #[error("of `{metric}`, {} is better", if *more { "more" } else { "less" })]
    KnownDirection { metric: String, more: bool },
    #[error("the margin `{0}` is not a decimal number of zero or more")]
    Margin(String),
    #[error("no evaluation of the {0} model was given")]
    NoEvaluation(&'static str),
    #[error("`{}` does not count: {message}", path.display())]
    NotVerified { path: PathBuf, code: String, message: String },
    #[error("no result of the old model can be compared with one of the new")]
    Nothing { reasons: Vec<String> },
    #[error("both sides are evaluations of the same model `{0}`")]
    SameModel(String),
    #[error("the evaluations of the {0} model are about several models")]
    SeveralModels(&'static str),
    #[error("{0} results changed, more than a revision can state ({MAX_DELTAS})")]
    TooMany(usize),
}

impl Problem for CompareError {
    fn code(&self) -> &'static str {
        match self {
            Self::KnownDirection { .. } => "compare.known-direction",
            Self::Margin(_) => "compare.margin",
            Self::NoEvaluation(_) => "compare.no-evaluation",
            Self::NotVerified { .. } => "compare.not-verified",
            Self::Nothing { .. } => "compare.nothing",
            Self::SameModel(_) => "compare.same-model",
            Self::SeveralModels(_) => "compare.several-models",
            Self::TooMany(_) => "compare.too-many",
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::KnownDirection { .. } => {
                "leave the option away: the direction of a common metric is not a matter of choice".to_owned()
            }
            Self::Margin(_) => "write it with digits and a point, such as 0.02".to_owned(),
            Self::NoEvaluation(_) => {
                "give evaluation attestations, alone or in bundles; `passport attest evaluation` makes one"
                    .to_owned()
            }
            Self::NotVerified { code, .. } => {
                format!("only what is verified is compared; `passport explain {code}` says more")
            }
            Self::Nothing { reasons } => format!(
                "a result is compared with one of the same metric, data, part and site. {}",
                reasons.join("; ")
            ),
            Self::SameModel(_) => "give the evaluations of two models".to_owned(),
            Self::SeveralModels(_) => "give the evaluations of one model on each side".to_owned(),
            Self::TooMany(_) => "compare fewer evaluations at a time for the revision".to_owned(),
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::KnownDirection { .. } | Self::Margin(_) => Exit::Usage,
            Self::NotVerified { .. } => Exit::NotVerified,
            Self::NoEvaluation(_) | Self::Nothing { .. } => Exit::CouldNotCheck,
            Self::SameModel(_) | Self::SeveralModels(_) | Self::TooMany(_) => Exit::Malformed,
        }
    }
}

/// All evaluations of one model.
struct Side {
    /// The model by its content.
    model: String,
    /// The passport that was evaluated, where all evaluations name the same.
    passport: Option<Json>,
    results: Vec<Stated>,
}

/// Verifies, compares, prints, writes the claims.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    if let Some(output) = &args.output {
        files::check_free(output, args.force)?;
    }
    let margin = Decimal::from_str_exact(&args.margin).ok().filter(|margin| *margin >= Decimal::ZERO);
    let margin = margin.ok_or_else(|| CompareError::Margin(args.margin.clone()))?;
    let said = |metrics: &[String], more: bool| {
        let other = |metric: &&String| pairs::known_direction(metric) == Some(!more);
        metrics
            .iter()
            .find(other)
            .map(|metric| CompareError::KnownDirection { metric: metric.clone(), more: !more })
    };
    if let Some(wrong) = said(&args.higher_is_better, true).or_else(|| said(&args.lower_is_better, false)) {
        return Err(wrong.into());
    }
    let rules = Rules {
        margin,
        margin_text: &args.margin,
        higher: &args.higher_is_better,
        lower: &args.lower_is_better,
    };
    let now = shell.time(args.at);
    let evidence = evidence::gather(&args.with)?;
    let of = |first: &Option<PathBuf>, more: &[PathBuf]| -> Vec<PathBuf> {
        first.iter().chain(more).cloned().collect()
    };
    let old = side("old", &of(&args.first, &args.old), &evidence, now)?;
    let new = side("new", &of(&args.second, &args.new), &evidence, now)?;
    if old.model == new.model {
        return Err(CompareError::SameModel(old.model).into());
    }
    let compared = pairs::compare(&old.results, &new.results, &rules);
    if compared.pairs.is_empty() {
        let mut reasons: Vec<String> = compared
            .alone
            .iter()
            .map(|alone| format!("{}: {}", alone.stated.title(), alone.reason))
            .collect();
        reasons.truncate(8);
        return Err(CompareError::Nothing { reasons }.into());
    }
    if let Some(output) = &args.output {
        if compared.pairs.len() > MAX_DELTAS {
            return Err(CompareError::TooMany(compared.pairs.len()).into());
        }
        let claims = claims(&old, &compared, &rules);
        files::write(output, claims.as_bytes(), Access::Shared, args.force)?;
    }
    let text = if args.json {
        format!("{}\n", json(&old, &new, &compared, &rules))
    } else {
        render(&old, &new, &compared, &rules, shell.print.out_paint)
    };
    shell.print.result(&text);
    Ok(exit(args, &compared))
}

fn exit(args: &Args, compared: &Compared) -> Exit {
    let worse = compared.pairs.iter().any(|pair| pair.direction == Direction::Regressed);
    match () {
        () if !args.fail_on_regression => Exit::Success,
        () if worse => Exit::NotVerified,
        // A result that is no longer there may be the one that became worse.
        () if compared.alone.iter().any(|alone| alone.is_lost) => Exit::CouldNotCheck,
        () => Exit::Success,
    }
}

/// Reads the evaluations of one model; each has to hold by itself.
fn side(
    which: &'static str,
    paths: &[PathBuf],
    evidence: &Evidence,
    now: Timestamp,
) -> Result<Side, Failure> {
    let mut seen: Vec<String> = Vec::new();
    let mut models: Vec<String> = Vec::new();
    let mut passports: Vec<Json> = Vec::new();
    let mut results = Vec::new();
    for path in paths {
        for evaluation in evaluations(path, evidence, now)? {
            let digest = evaluation.digest().to_multibase();
            if seen.contains(&digest) {
                continue;
            }
            seen.push(digest);
            let Some(subject) = evaluation.content.get("credentialSubject") else { continue };
            let site = evaluation.issuer.as_deref().unwrap_or_default();
            let metrics = subject.get("metric").and_then(Json::as_array).unwrap_or_default();
            results.extend(metrics.iter().filter_map(|metric| Stated::read(site, metric)));
            models.extend(subject.get("id").and_then(Json::as_str).map(str::to_owned));
            passports.extend(subject.get("evaluates").cloned());
        }
    }
    models.sort_unstable();
    models.dedup();
    passports.dedup();
    let passport = if let [one] = passports.as_slice() { Some(one.clone()) } else { None };
    match models.as_slice() {
        [] => Err(CompareError::NoEvaluation(which).into()),
        [model] => Ok(Side { model: model.clone(), passport, results }),
        _ => Err(CompareError::SeveralModels(which).into()),
    }
}

/// The verified evaluations in a file.
fn evaluations(path: &Path, evidence: &Evidence, now: Timestamp) -> Result<Vec<Credential>, Failure> {
    let text = files::read_text(path, files::MAX_BUNDLE_BYTES)?;
    let input =
        passport::read(&text).map_err(|cause| EvidenceError::Input { path: path.to_owned(), cause })?;
    let outcome = verify::check(&text, evidence, &Policy::default(), now);
    let mut evaluations = Vec::new();
    for credential in input.credentials {
        if let Some(check) = seal::refusal(&outcome.report, &credential.id) {
            let (path, code, message) = (path.to_owned(), check.code.to_string(), check.message.clone());
            return Err(CompareError::NotVerified { path, code, message }.into());
        }
        if credential.kind == Some("EvaluationAttestation") {
            evaluations.push(credential);
        }
    }
    Ok(evaluations)
}

fn count(compared: &Compared, direction: Direction) -> usize {
    compared.pairs.iter().filter(|pair| pair.direction == direction).count()
}

fn json(old: &Side, new: &Side, compared: &Compared, rules: &Rules<'_>) -> Json {
    let number = |direction| {
        Json::Number(Number::Integer(i64::try_from(count(compared, direction)).unwrap_or(i64::MAX)))
    };
    let pair = |pair: &Pair| {
        let mut object = pair.to_json(rules);
        if let Some(overlap) = pair.overlap {
            object.insert("intervalsOverlap", overlap);
        }
        Json::from(object)
    };
    let alone = |alone: &Alone| {
        let stated = &alone.stated;
        let mut object = Object::from_iter([
            ("metric", stated.definition.as_str()),
            ("name", &stated.name),
            ("site", &stated.site),
        ]);
        if let Some(slice) = &stated.slice {
            object.insert("slice", slice.as_str());
        }
        if let Some((id, _)) = &stated.dataset {
            object.insert("dataset", id.as_str());
        }
        object.insert("reason", alone.reason);
        Json::from(object)
    };
    Object::from_iter([
        ("old", Json::from(old.model.as_str())),
        ("new", new.model.as_str().into()),
        ("margin", rules.margin_text.into()),
        ("improved", number(Direction::Improved)),
        ("unchanged", number(Direction::Unchanged)),
        ("regressed", number(Direction::Regressed)),
        ("metricDelta", compared.pairs.iter().map(pair).collect::<Vec<_>>().into()),
        ("notCompared", compared.alone.iter().map(alone).collect::<Vec<_>>().into()),
    ])
    .into()
}

fn render(old: &Side, new: &Side, compared: &Compared, rules: &Rules<'_>, paint: Paint) -> String {
    let mut text = format!("old {}\nnew {}\n", old.model, new.model);
    let mut sites: Vec<&str> = compared.pairs.iter().map(|pair| pair.new.site.as_str()).collect();
    sites.sort_unstable();
    sites.dedup();
    for site in sites {
        let _ = write!(text, "\n{}\n", paint.text(Tone::Bold, site));
        for pair in compared.pairs.iter().filter(|pair| pair.new.site == site) {
            let overlap = match pair.overlap {
                Some(true) => ", the intervals overlap",
                Some(false) => ", the intervals do not overlap",
                None => "",
            };
            let (title, word) = (pair.new.title(), pair.direction.word());
            let n = pair.new.n.unwrap_or_default();
            let (before, after, delta) = (&pair.old.value, &pair.new.value, pair.delta);
            let _ = writeln!(text, "  {word:9}  {title}: {before} to {after} ({delta}, n {n}){overlap}");
        }
    }
    if !compared.alone.is_empty() {
        let _ = write!(text, "\n{}\n", paint.text(Tone::Bold, "Not compared"));
        for alone in &compared.alone {
            let _ = writeln!(text, "  {} by {}: {}", alone.stated.title(), alone.stated.site, alone.reason);
        }
    }
    let _ = write!(
        text,
        "\n{} improved, {} unchanged, {} regressed, by a margin of {}\n",
        count(compared, Direction::Improved),
        count(compared, Direction::Unchanged),
        count(compared, Direction::Regressed),
        rules.margin_text
    );
    text
}

/// The revision as claims: what was compared, and what a person must still say.
fn claims(old: &Side, compared: &Compared, rules: &Rules<'_>) -> String {
    let mut text = "# Claims for `passport issue MODEL --claims FILE`. Fill in every \"\".\n".to_owned();
    let inline = |json: &Json| match json {
        Json::String(text) => toml::Value::String(text.clone()).to_string(),
        other => other.to_string(),
    };
    if let Some(passport) = old.passport.as_ref().and_then(Json::as_object) {
        let members: Vec<String> =
            passport.iter().map(|(name, value)| format!("{name} = {}", inline(value))).collect();
        let _ = write!(text, "\nwasRevisionOf = [{{ {} }}]\n", members.join(", "));
    }
    text.push_str(
        "\n[revision]\n# why there is a revision\nsummary = \"\"\n\
         # the class of the change: predetermined, not-substantial, substantial\nchangeClass = \"\"\n\
         # what changed\nchanges = [\"\"]\n\
         # when the old passport goes out of use (may be left out); a date such as 2026-11-21\n#sunset = \"\"\n",
    );
    for pair in &compared.pairs {
        text.push_str("\n[[revision.metricDelta]]\n");
        for (name, value) in pair.to_json(rules).iter() {
            let _ = writeln!(text, "{name} = {}", inline(value));
        }
    }
    text
}
