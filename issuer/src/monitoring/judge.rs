//! Results against the plan. Whoever published them compares the same numbers: as they are written.

use model_passport::json::{Json, Number, Object};

use super::conceal::{self, Shown};
use super::drift::{self, Values};
use super::measure::{self, Estimate, Measure};
use super::plan::{DriftRule, MetricRule, Plan};
use super::table::Table;
use super::{FEW, MonitoringError, decimal, float, written};

/// Most breaches, and most characters of one, that the schema takes.
const MAX_BREACHES: usize = 256;
const MAX_CHARS: usize = 4096;

/// What the columns of a table mean.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    /// Whether a case is positive.
    pub(crate) label: String,
    /// The model's score.
    pub(crate) score: String,
    /// The model's answer.
    pub(crate) prediction: String,
    /// From which score on a case is called positive.
    pub(crate) threshold: Option<String>,
}

/// A table with what its columns mean, and the deployment that it is about.
pub(crate) struct Results<'a> {
    pub(crate) table: &'a Table,
    pub(crate) columns: &'a Columns,
    pub(crate) deployment: &'a Object,
}

/// One metric that the plan asks for.
struct Asked<'a> {
    measure: Measure,
    slice: Option<&'a str>,
    /// None where there are too few cases to speak of.
    estimate: Option<Estimate>,
}

impl Results<'_> {
    /// The metrics of the plan, as the credential states them.
    pub(crate) fn metrics(&self, plan: &Plan) -> Result<Vec<Json>, MonitoringError> {
        let mut all: Vec<Asked<'_>> = Vec::new();
        let (mut shown, mut sets) = (Vec::new(), Vec::new());
        for rule in &plan.metrics {
            let (measure, slice) = (self.measure(&rule.metric)?, rule.slice.as_deref());
            if all.iter().any(|asked| asked.measure == measure && asked.slice == slice) {
                continue;
            }
            let rows = self.rows(slice)?;
            let columns = slice.map(parts).transpose()?.unwrap_or_default();
            let columns = columns.into_iter().map(|(column, _)| column.to_owned()).collect();
            let estimate = self.estimate(&measure, &rows)?;
            let (set, n) = (conceal::add(&mut sets, &rows, columns), estimate.map(|estimate| estimate.n));
            shown.push(Shown { set, measure: measure.clone(), n });
            all.push(Asked { measure, slice, estimate });
        }
        conceal::conceal(&mut shown, &sets);
        for (asked, _) in all.iter_mut().zip(&shown).filter(|(_, shown)| shown.n.is_none()) {
            asked.estimate = None;
        }
        all.iter().filter_map(|asked| Some(self.write(asked, &asked.estimate?))).collect()
    }

    /// What a metric of the plan is here.
    fn measure(&self, metric: &str) -> Result<Measure, MonitoringError> {
        if let Some(known) = Measure::known(metric) {
            return Ok(known);
        }
        let called = self.accepted(metric).and_then(|accepted| accepted.get("name")).and_then(Json::as_str);
        let column = [Some(metric), called].into_iter().flatten().find(|column| self.table.has(column));
        let column = column.ok_or_else(|| MonitoringError::UnknownMetric { metric: metric.to_owned() })?;
        Ok(Measure::Mean(column.to_owned()))
    }

    /// The metric of this name or IRI in the acceptance test.
    fn accepted(&self, metric: &str) -> Option<&Json> {
        acceptance(self.deployment).iter().find(|other| is_called(other, metric))
    }

    /// Which rows are in a part of the data.
    fn rows(&self, slice: Option<&str>) -> Result<Vec<bool>, MonitoringError> {
        let mut rows = vec![true; self.table.len()];
        let Some(slice) = slice else { return Ok(rows) };
        for (column, value) in parts(slice)? {
            let values = self.table.texts(column, "a slice of the plan is made by")?;
            for (row, found) in rows.iter_mut().zip(values) {
                *row = *row && found == Some(value);
            }
        }
        Ok(rows)
    }

    /// Label and answer of the cases that have both.
    fn answers(&self, measure: &Measure, rows: &[bool]) -> Result<Vec<(bool, bool)>, MonitoringError> {
        let labels = self.table.truths(&self.columns.label, "says which cases are positive")?;
        let answers = if self.table.has(&self.columns.prediction) {
            self.table.truths(&self.columns.prediction, "says what the model answered")?
        } else {
            let scores = self.table.numbers(&self.columns.score, "has the scores of the model")?;
            let threshold = self.threshold(measure).ok_or(MonitoringError::NoThreshold)?;
            decimal(&threshold, "the operating point")?;
            let threshold: f64 = threshold.parse().map_err(|_| MonitoringError::NoThreshold)?;
            scores.into_iter().map(|score| score.map(|score| score >= threshold)).collect()
        };
        let cases = labels.into_iter().zip(answers).zip(rows);
        Ok(cases.filter_map(|((label, answer), is_in)| label.zip(answer).filter(|_| *is_in)).collect())
    }

    /// The operating point: the one that was given, or that of the acceptance test.
    fn threshold(&self, measure: &Measure) -> Option<String> {
        self.columns.threshold.clone().or_else(|| accepted_threshold(self.deployment, measure))
    }

    fn estimate(&self, measure: &Measure, rows: &[bool]) -> Result<Option<Estimate>, MonitoringError> {
        let enough = |n: usize| n >= FEW;
        // How many cases are left in the other class follows from the sum.
        let hidden = |n: usize| n > 0 && n < FEW;
        Ok(match measure {
            Measure::Mean(column) => {
                let values = self.table.numbers(column, "the plan asks for the mean of")?;
                let values: Vec<f64> = values
                    .into_iter()
                    .zip(rows)
                    .filter_map(|(value, is_in)| value.filter(|_| *is_in))
                    .collect();
                measure::mean(&values).filter(|_| enough(values.len()))
            }
            Measure::Auroc => {
                let labels = self.table.truths(&self.columns.label, "says which cases are positive")?;
                let scores = self.table.numbers(&self.columns.score, "has the scores of the model")?;
                let cases = labels.into_iter().zip(scores).zip(rows);
                let cases: Vec<(bool, f64)> =
                    cases.filter_map(|((label, score), is_in)| label.zip(score).filter(|_| *is_in)).collect();
                let of =
                    |class| cases.iter().filter(move |(label, _)| *label == class).map(|(_, score)| *score);
                let (positive, negative): (Vec<f64>, Vec<f64>) = (of(true).collect(), of(false).collect());
                measure::auroc(&positive, &negative)
                    .filter(|_| enough(positive.len()) && enough(negative.len()))
            }
            Measure::Accuracy => {
                let cases = self.answers(measure, rows)?;
                let hits = cases.iter().filter(|(label, answer)| label == answer).count();
                measure::proportion(hits, cases.len()).filter(|_| enough(cases.len()))
            }
            Measure::Sensitivity | Measure::Specificity => {
                let class = *measure == Measure::Sensitivity;
                let cases = self.answers(measure, rows)?;
                let of_class = cases.iter().filter(|(label, _)| *label == class);
                let n = of_class.clone().count();
                let hits = of_class.filter(|(_, answer)| *answer == class).count();
                measure::proportion(hits, n).filter(|_| enough(n) && !hidden(cases.len() - n))
            }
        })
    }

    fn write(&self, asked: &Asked<'_>, estimate: &Estimate) -> Result<Json, MonitoringError> {
        let Asked { measure, slice, .. } = asked;
        let name = measure.name();
        let accepted = match measure {
            Measure::Mean(_) => self.accepted(&name),
            _ => None,
        };
        let accepted = |member: &str| accepted.and_then(|metric| metric.get(member)).and_then(Json::as_str);
        let interval = Object::from_iter([
            ("lower", written(estimate.lower)),
            ("upper", written(estimate.upper)),
            ("level", "0.95".to_owned()),
            ("method", estimate.method.to_owned()),
        ]);
        let mut metric = Object::from_iter([
            ("basis", Json::from("measured")),
            ("name", Json::from(name.clone())),
            ("definition", accepted("definition").unwrap_or(measure.definition()).into()),
            ("value", written(estimate.value).into()),
            ("unit", accepted("unit").unwrap_or("1").into()),
            ("n", integer(estimate.n)),
            ("interval", interval.into()),
        ]);
        let is_at_threshold =
            matches!(measure, Measure::Sensitivity | Measure::Specificity | Measure::Accuracy);
        if is_at_threshold && !self.table.has(&self.columns.prediction) {
            metric.insert("threshold", self.threshold(measure).unwrap_or_default());
        }
        if let Some(slice) = slice {
            metric.insert("slice", *slice);
        }
        metric.insert("evidenceDigest", self.table.digest());
        Ok(metric.into())
    }

    /// How far the variables of the plan have moved.
    pub(crate) fn drift(&self, plan: &Plan, reference: Option<&Table>) -> Result<Vec<Json>, MonitoringError> {
        let mut found = Vec::new();
        for rule in &plan.drift {
            let missing = || MonitoringError::NoReference { variable: rule.variable.clone() };
            let reference = reference.ok_or_else(missing)?;
            let is_ks = rule.statistic == "ks";
            let (period, before) = values(self.table, reference, &rule.variable, is_ks)?;
            if period.known() < FEW || before.known() < FEW {
                continue;
            }
            let moved = if is_ks { drift::ks(&period, &before) } else { drift::psi(&period, &before) };
            let Some(moved) = moved else { continue };
            found.push(drifted(rule, &written(moved), &integer(period.len()), &integer(before.len()))?);
        }
        Ok(found)
    }
}

/// A variable on both sides: as numbers where all of it is, otherwise as texts.
fn values(
    period: &Table,
    reference: &Table,
    variable: &str,
    numbers_only: bool,
) -> Result<(Values, Values), MonitoringError> {
    const WHY: &str = "the plan watches for drift";
    let numbers = |table: &Table| Ok(Values::Numbers(table.numbers(variable, WHY)?));
    let texts = |table: &Table| -> Result<Values, MonitoringError> {
        let texts = table.texts(variable, WHY)?.into_iter();
        Ok(Values::Texts(texts.map(|text| text.map(str::to_owned)).collect()))
    };
    match (numbers(period), numbers(reference)) {
        (Ok(period), Ok(reference)) => Ok((period, reference)),
        (Err(cause @ MonitoringError::NoColumn { .. }), _)
        | (_, Err(cause @ MonitoringError::NoColumn { .. })) => Err(cause),
        (Err(cause), _) | (_, Err(cause)) if numbers_only => Err(cause),
        _ => Ok((texts(period)?, texts(reference)?)),
    }
}

/// The results of the acceptance test.
fn acceptance(deployment: &Object) -> &[Json] {
    let accepted = deployment.get("acceptance").and_then(|test| test.get("metric"));
    accepted.and_then(Json::as_array).unwrap_or_default()
}

/// The operating point of a measure in the acceptance test, or the one that this states of another.
fn accepted_threshold(deployment: &Object, measure: &Measure) -> Option<String> {
    let accepted = acceptance(deployment);
    let of = |metric: &Json| metric.get("threshold").and_then(Json::as_str).map(str::to_owned);
    let own = accepted.iter().filter(|metric| is_called(metric, measure.definition())).find_map(of);
    own.or_else(|| accepted.iter().find_map(of))
}

/// A result that is there twice, for people.
pub(crate) fn repeated(metrics: &[Json]) -> Option<String> {
    let text = |metric: &Json, member: &str| metric.get(member).and_then(Json::as_str).map(str::to_owned);
    let slice = |metric: &Json| -> Vec<String> {
        let slice = text(metric, "slice").unwrap_or_default();
        let mut parts: Vec<String> = slice.split(" & ").map(|part| part.trim().to_owned()).collect();
        parts.sort_unstable();
        parts
    };
    let is_same = |one: &Json, other: &Json| {
        let names = [text(other, "definition"), text(other, "name")];
        slice(one) == slice(other) && names.iter().flatten().any(|name| is_called(one, name))
    };
    let mut rest = metrics;
    while let Some((first, others)) = rest.split_first() {
        if others.iter().any(|other| is_same(first, other)) {
            return text(first, "name").or_else(|| text(first, "definition"));
        }
        rest = others;
    }
    None
}

/// One line of drift, judged.
pub(crate) fn drifted(
    rule: &DriftRule,
    value: &str,
    n: &Json,
    reference_n: &Json,
) -> Result<Json, MonitoringError> {
    let exceeded = decimal(value, "drift")? > rule.bound;
    let members = [
        ("variable", Json::from(rule.variable.as_str())),
        ("statistic", rule.statistic.as_str().into()),
        ("value", value.into()),
        ("bound", rule.written.as_str().into()),
        ("n", n.clone()),
        ("referenceN", reference_n.clone()),
        ("exceeded", exceeded.into()),
    ];
    Ok(Object::from_iter(members).into())
}

/// What is not as planned.
pub(crate) fn breaches(
    plan: &Plan,
    deployment: &Object,
    gap: Option<String>,
    metrics: &[Json],
    drift: &[Json],
) -> Result<Vec<Json>, MonitoringError> {
    let mut found: Vec<String> = gap.into_iter().collect();
    for metric in metrics {
        found.extend(moved_threshold(deployment, metric)?);
    }
    for rule in &plan.metrics {
        found.extend(breach(rule, metrics)?);
    }
    for rule in &plan.drift {
        let text = |item: &Json, name: &str| item.get(name).and_then(Json::as_str).map(str::to_owned);
        let of_rule = |item: &&Json| {
            text(item, "variable").as_deref() == Some(&rule.variable)
                && text(item, "statistic").as_deref() == Some(&rule.statistic)
        };
        let statistic = match rule.statistic.as_str() {
            "ks" => "statistic of Kolmogorov and Smirnov",
            _ => "population stability index",
        };
        match drift.iter().find(of_rule) {
            None => found.push(format!(
                "the {statistic} of {} is not known: fewer than {FEW} cases, or none reported",
                rule.variable
            )),
            Some(item) if item.get("exceeded").and_then(Json::as_bool) == Some(true) => {
                let value = text(item, "value").unwrap_or_default();
                let bound = &rule.written;
                found.push(format!("the {statistic} of {} is {value}, above {bound}", rule.variable));
            }
            Some(_) => {}
        }
    }
    if found.len() > MAX_BREACHES {
        let more = found.len() - (MAX_BREACHES - 1);
        found.truncate(MAX_BREACHES - 1);
        found.push(format!("and {more} more"));
    }
    Ok(found.into_iter().map(|text| text.chars().take(MAX_CHARS).collect::<String>().into()).collect())
}

/// A result at another operating point than the one that was accepted says nothing about the model in use.
fn moved_threshold(deployment: &Object, metric: &Json) -> Result<Option<String>, MonitoringError> {
    let text = |member: &str| metric.get(member).and_then(Json::as_str);
    let Some(used) = text("threshold") else { return Ok(None) };
    let measure = [text("definition"), text("name")].into_iter().flatten().find_map(Measure::known);
    let Some(accepted) = measure.and_then(|measure| accepted_threshold(deployment, &measure)) else {
        return Ok(None);
    };
    let is_same = decimal(used, "the operating point")? == decimal(&accepted, "the acceptance test")?;
    let name = text("name").unwrap_or_default();
    let of_slice = text("slice").map(|slice| format!(" of {slice}")).unwrap_or_default();
    Ok((!is_same).then(|| {
        format!(
            "{name}{of_slice} is at the operating point {used}, not at {accepted} as in the acceptance test"
        )
    }))
}

fn breach(rule: &MetricRule, metrics: &[Json]) -> Result<Option<String>, MonitoringError> {
    let of_rule = |metric: &&Json| {
        is_called(metric, &rule.metric) && metric.get("slice").and_then(Json::as_str) == rule.slice.as_deref()
    };
    let of_slice = rule.slice.as_ref().map(|slice| format!(" of {slice}")).unwrap_or_default();
    let name = Measure::known(&rule.metric).map_or_else(|| rule.metric.clone(), |measure| measure.name());
    let action = &rule.action;
    let Some(metric) = metrics.iter().find(of_rule) else {
        return Ok(Some(format!(
            "{name}{of_slice} is not known: fewer than {FEW} cases, or none reported: {action}"
        )));
    };
    let n = metric.get("n").and_then(Json::as_i64);
    if let Some(minimum) = rule.minimum_n.filter(|minimum| n.is_none_or(|n| n < *minimum)) {
        let n = n.map_or_else(|| "an unknown number of".to_owned(), |n| n.to_string());
        return Ok(Some(format!(
            "{name}{of_slice} cannot be judged by {n} cases, fewer than the {minimum} of the plan: {action}"
        )));
    }
    let value = metric.get("value").and_then(Json::as_str).unwrap_or_default();
    let compared = decimal(value, "a metric")?;
    let (is_kept, wanted) = if rule.at_least {
        (compared >= rule.bound, "at least")
    } else {
        (compared <= rule.bound, "at most")
    };
    let n = n.map(|n| format!(" (n {n})")).unwrap_or_default();
    let bound = &rule.written;
    Ok((!is_kept).then(|| format!("{name}{of_slice} is {value}{n}, not {wanted} {bound}: {action}")))
}

/// Whether a metric goes by this name or IRI.
fn is_called(metric: &Json, name: &str) -> bool {
    let text = |member: &str| metric.get(member).and_then(Json::as_str);
    let called = [text("definition"), text("name")];
    let same = |other: &str| {
        other.eq_ignore_ascii_case(name)
            || Measure::known(other).is_some_and(|known| Measure::known(name) == Some(known))
    };
    called.into_iter().flatten().any(same)
}

/// The columns and values of `sex=female & site=A`.
fn parts(slice: &str) -> Result<Vec<(&str, &str)>, MonitoringError> {
    let wrong = || MonitoringError::Slice { slice: slice.to_owned() };
    let split = |part: &'_ str| -> Option<(usize, usize)> {
        let at = part.find('=')?;
        (at > 0 && at + 1 < part.len()).then_some((at, at + 1))
    };
    let mut found = Vec::new();
    for part in slice.split(" & ") {
        let (end, start) = split(part).ok_or_else(wrong)?;
        let (column, value) = (part.get(..end).unwrap_or_default(), part.get(start..).unwrap_or_default());
        found.push((column.trim(), value.trim()));
    }
    Ok(found)
}

/// The share of cases in which people overrode the model; none of few.
pub(crate) fn override_rate(table: &Table) -> Result<Option<String>, MonitoringError> {
    const COLUMN: &str = "overridden";
    if !table.has(COLUMN) {
        return Ok(None);
    }
    let known: Vec<bool> =
        table.truths(COLUMN, "says where people overrode the model")?.into_iter().flatten().collect();
    let count = known.iter().filter(|overridden| **overridden).count();
    Ok((known.len() >= FEW).then(|| written(float(count) / float(known.len()))))
}

fn integer(count: usize) -> Json {
    Json::Number(Number::Integer(i64::try_from(count).unwrap_or(i64::MAX)))
}
