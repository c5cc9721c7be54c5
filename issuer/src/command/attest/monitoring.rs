//! `passport attest monitoring FILE --subject DEPLOYMENT [--previous MONITORING] [--reference TABLE]`

use std::path::{Path, PathBuf};

use model_passport::json::{Json, Object};
use model_passport::time::Timestamp;

use super::{MONITORING, Template, about, parent, print_template};
use crate::claims;
use crate::command::Shell;
use crate::command::issue::{Signing, declare};
use crate::exit::Exit;
use crate::monitoring::MonitoringError;
use crate::monitoring::judge::{self, Columns, Results};
use crate::monitoring::plan::Plan;
use crate::monitoring::table::Table;
use crate::parents::{Parent, Parents};
use crate::problem::Failure;

const DAY: i64 = 86_400;

/// What nobody claims.
const CONCLUDED: [&str; 4] = ["previous", "outcome", "breaches", "nextDue"];

/// What comes from the table if there is one.
const MEASURED: [&str; 5] = ["basis", "metric", "drift", "overrideRate", "referenceDigest"];

/// The results of a period of a deployment.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The results: a table with a row for each case (.csv or .tsv), or metrics as claims (TOML, or JSON if the name
    /// ends in .json)
    #[arg(required_unless_present = "template")]
    file: Option<PathBuf>,
    /// The attestation of the deployment; it is verified first, and its plan is what the results are held against
    #[arg(long, value_name = "DEPLOYMENT", required_unless_present = "template")]
    subject: Option<PathBuf>,
    /// The attestation of the period before
    #[arg(long, value_name = "MONITORING")]
    previous: Option<PathBuf>,
    /// What the table does not say: the period and the incidents (repeatable)
    #[arg(long, value_name = "FILE")]
    claims: Vec<PathBuf>,
    /// The table with which the variables are compared for drift
    #[arg(long, value_name = "TABLE")]
    reference: Option<PathBuf>,
    /// From which score on a case is called positive [default: as in the acceptance test]
    #[arg(long, value_name = "DECIMAL")]
    threshold: Option<String>,
    /// The column that says which cases are positive
    #[arg(long, value_name = "COLUMN", default_value = "label")]
    label: String,
    /// The column with the scores of the model
    #[arg(long, value_name = "COLUMN", default_value = "score")]
    score: String,
    /// The column with what the model answered; it goes before the scores
    #[arg(long, value_name = "COLUMN", default_value = "prediction")]
    prediction: String,
    #[command(flatten)]
    template: Template,
    #[command(flatten)]
    signing: Signing,
}

pub(super) fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let (Some(path), Some(file), false) = (&args.subject, &args.file, args.template.template) else {
        return Ok(print_template(&MONITORING, shell));
    };
    let session = args.signing.begin(shell)?;
    let mut parents = Parents::new(&args.signing.with, session.now)?;
    let deployment = parent(MONITORING.parents, path, &mut parents)?;
    by_its_site(path, &deployment, session.issuer())?;
    let plan = Plan::of(&deployment.subject)?;
    let previous = previous(args, &deployment, &mut parents)?;
    if let (Some(path), Some(previous)) = (&args.previous, &previous) {
        by_its_site(path, previous, session.issuer())?;
    }
    let table = Table::is_named(file).then(|| Table::read(file)).transpose()?;
    let stated = table.is_none().then(|| file.clone());
    let files: Vec<PathBuf> = stated.into_iter().chain(args.claims.iter().cloned()).collect();
    let (mut claimed, valid_until) = declare((Object::new(), None), &files, &mut parents)?;

    // A link is followed and checked before it is stated, and what is measured is nobody's word.
    let of_table = MEASURED.iter().filter(|_| table.is_some());
    if let Some(member) = CONCLUDED.iter().chain(of_table).find(|member| claimed.contains(member)) {
        return Err(MonitoringError::Claimed { member }.into());
    }
    let mut subject = about(&MONITORING, &deployment);
    if let Some(previous) = &previous {
        subject.insert("previous", previous.reference());
    }
    let results = match &table {
        Some(table) => measured(args, &plan, table, &deployment, &mut subject)?,
        None => reported(&plan, &mut claimed, &mut subject)?,
    };
    let (due, gap) = due(&plan, &claimed, &subject, (previous.as_ref(), &deployment), session.now)?;
    let breaches = judge::breaches(&plan, &deployment.subject, gap, &results.metrics, &results.drift)?;
    let outcome = if breaches.is_empty() { "within-plan" } else { "action-required" };
    let mut subject = claims::merge(subject, &claimed)?;
    // What the tool concludes comes last, and is nobody's claim.
    let mut concluded = Object::from_iter([("outcome", Json::from(outcome))]);
    if !breaches.is_empty() {
        concluded.insert("breaches", breaches);
    }
    concluded.insert("nextDue", due);
    subject = claims::merge(subject, &concluded)?;
    session.issue(MONITORING.kind, subject, valid_until, &parents, shell)
}

struct Found {
    metrics: Vec<Json>,
    drift: Vec<Json>,
}

/// Whether the site that runs the model speaks of it itself.
fn by_its_site(path: &Path, parent: &Parent, signer: &str) -> Result<(), MonitoringError> {
    if parent.issuer.as_deref() == Some(signer) {
        return Ok(());
    }
    let (path, issuer, signer) = (path.to_owned(), parent.issuer.clone(), signer.to_owned());
    Err(MonitoringError::OtherSite { path, issuer, signer })
}

/// The period before, of the same deployment.
fn previous(args: &Args, deployment: &Parent, parents: &mut Parents) -> Result<Option<Parent>, Failure> {
    let Some(path) = &args.previous else { return Ok(None) };
    let previous = parent(&["MonitoringAttestation"], path, parents)?;
    if previous.subject.get("id") != deployment.subject.get("id") {
        return Err(MonitoringError::OtherDeployment { path: path.clone() }.into());
    }
    Ok(Some(previous))
}

/// What the table gives, into the subject.
fn measured(
    args: &Args,
    plan: &Plan,
    table: &Table,
    deployment: &Parent,
    subject: &mut Object,
) -> Result<Found, Failure> {
    let columns = Columns {
        label: args.label.clone(),
        score: args.score.clone(),
        prediction: args.prediction.clone(),
        threshold: args.threshold.clone(),
    };
    let results = Results { table, columns: &columns, deployment: &deployment.subject };
    subject.insert("basis", "measured");
    let metrics = results.metrics(plan)?;
    let reference = args.reference.as_deref().map(Table::read).transpose()?;
    if let (Some(path), Some(table), Some(pinned)) = (&args.reference, &reference, &plan.reference)
        && table.digest() != *pinned
    {
        return Err(MonitoringError::WrongReference { path: path.clone() }.into());
    }
    // Nothing has moved from itself.
    if let (Some(path), Some(reference)) = (&args.reference, &reference)
        && reference.digest() == table.digest()
    {
        return Err(MonitoringError::ReferenceIsPeriod { path: path.clone() }.into());
    }
    let drift = results.drift(plan, reference.as_ref())?;
    if !metrics.is_empty() {
        subject.insert("metric", metrics.clone());
    }
    if !drift.is_empty() {
        subject.insert("drift", drift.clone());
    }
    if let Some(reference) = reference.filter(|_| !drift.is_empty()) {
        subject.insert("referenceDigest", reference.digest());
    }
    if let Some(rate) = judge::override_rate(table)? {
        subject.insert("overrideRate", rate);
    }
    Ok(Found { metrics, drift })
}

/// What somebody reports: the drift is held against the plan here, whatever the report makes of it.
fn reported(plan: &Plan, claimed: &mut Object, subject: &mut Object) -> Result<Found, Failure> {
    // Nothing was measured here, whatever the report says.
    claimed.insert("basis", "declared");
    let mut metrics = claimed.get("metric").and_then(Json::as_array).unwrap_or_default().to_vec();
    for metric in metrics.iter_mut().filter_map(Json::as_object_mut) {
        metric.insert("basis", "declared");
    }
    if claimed.contains("metric") {
        claimed.insert("metric", metrics.clone());
    }
    let stated = claimed.remove("drift");
    let stated = stated.as_ref().and_then(Json::as_array).unwrap_or_default();
    let text = |item: &Json, name: &str| item.get(name).and_then(Json::as_str).map(str::to_owned);
    if let Some(title) = judge::repeated(&metrics) {
        return Err(MonitoringError::Repeated(title).into());
    }
    for (at, item) in stated.iter().enumerate() {
        let name = |item: &Json| (text(item, "variable"), text(item, "statistic"));
        if stated.iter().skip(at + 1).any(|other| name(other) == name(item)) {
            let variable = text(item, "variable").unwrap_or_default();
            return Err(MonitoringError::Repeated(format!("the drift of {variable}")).into());
        }
    }
    let mut drift = Vec::new();
    for rule in &plan.drift {
        let of_rule = |item: &&Json| {
            text(item, "variable").as_deref() == Some(&rule.variable)
                && text(item, "statistic").as_deref() == Some(&rule.statistic)
        };
        if let Some(item) = stated.iter().find(of_rule) {
            let count = |name: &str| item.get(name).cloned().unwrap_or(Json::from(0));
            let value = text(item, "value").unwrap_or_default();
            drift.push(judge::drifted(rule, &value, &count("n"), &count("referenceN"))?);
        }
    }
    if !drift.is_empty() {
        subject.insert("drift", drift.clone());
    }
    Ok(Found { metrics, drift })
}

/// When the next monitoring is due, if the period is one, and the days before it of which nobody spoke.
fn due(
    plan: &Plan,
    claimed: &Object,
    subject: &Object,
    (previous, deployment): (Option<&Parent>, &Parent),
    now: Timestamp,
) -> Result<(String, Option<String>), Failure> {
    let mut probe = claims::merge(subject.clone(), claimed)?;
    for name in ["outcome", "nextDue"] {
        probe.insert(name, "");
    }
    let missing = claims::missing(&probe, MONITORING.kind);
    if !missing.is_empty() {
        return Err(MonitoringError::Missing(missing).into());
    }
    let date = |subject: &Object, name: &str| {
        let date = subject.get("period").and_then(|period| period.get(name)).and_then(Json::as_str);
        date.unwrap_or_default().to_owned()
    };
    let (start, end) = (date(&probe, "startDate"), date(&probe, "endDate"));
    let at = |date: &str| format!("{date}T00:00:00Z").parse::<Timestamp>().ok();
    let wrong = |why| MonitoringError::Period { start: start.clone(), end: end.clone(), why };
    let (Some(first), Some(last)) = (at(&start), at(&end)) else {
        return Err(wrong("these are not two dates").into());
    };
    if last < first {
        return Err(wrong("it ends before it begins").into());
    }
    if last > now {
        return Err(wrong("it has not ended yet").into());
    }
    // Dates of one form are in the order of their letters.
    if previous.is_some_and(|previous| date(&previous.subject, "endDate") >= start) {
        return Err(wrong("it does not follow the period before").into());
    }
    let day = |time: Timestamp| time.to_string().chars().take(10).collect::<String>();
    // The first period may begin with the day after that of the deployment.
    let before = match previous {
        Some(previous) => Some(date(&previous.subject, "endDate")),
        None => deployment.valid_from.map(day),
    };
    let free = before.and_then(|before| at(&before)).map(|before| before.plus_secs(DAY));
    let gap = free.filter(|free| *free < first);
    let gap = gap.map(|free| format!("no results from {} to {}", day(free), day(first.plus_secs(-DAY))));
    Ok((day(last.plus_secs(plan.frequency_days.saturating_mul(DAY))), gap))
}
