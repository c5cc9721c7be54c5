//! The plan of a deployment, as its attestation states it.

use model_passport::json::{Json, Object};
use rust_decimal::Decimal;

use super::{MonitoringError, decimal};

/// What is watched, how often, and within which bounds.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) frequency_days: i64,
    pub(crate) metrics: Vec<MetricRule>,
    pub(crate) drift: Vec<DriftRule>,
    /// The digest of the reference for drift, if the plan pins it.
    pub(crate) reference: Option<String>,
}

/// A bound of a metric.
#[derive(Debug)]
pub(crate) struct MetricRule {
    /// Its name, or the IRI that defines it.
    pub(crate) metric: String,
    pub(crate) slice: Option<String>,
    pub(crate) at_least: bool,
    pub(crate) bound: Decimal,
    /// The bound as it is written.
    pub(crate) written: String,
    pub(crate) minimum_n: Option<i64>,
    pub(crate) action: String,
}

/// A bound of drift.
#[derive(Debug)]
pub(crate) struct DriftRule {
    pub(crate) variable: String,
    pub(crate) statistic: String,
    pub(crate) bound: Decimal,
    pub(crate) written: String,
}

impl Plan {
    /// The plan of a deployment that follows its schema.
    pub(crate) fn of(deployment: &Object) -> Result<Self, MonitoringError> {
        let plan = deployment.get("monitoringPlan").ok_or(MonitoringError::NoPlan)?;
        let days = plan.get("frequencyDays").and_then(Json::as_i64).ok_or(MonitoringError::NoPlan)?;
        let rules = plan.get("metricRule").and_then(Json::as_array).ok_or(MonitoringError::NoPlan)?;
        let drift = plan.get("driftRule").and_then(Json::as_array).unwrap_or_default();
        let reference = plan.get("referenceDigest").and_then(Json::as_str).map(str::to_owned);
        Ok(Self {
            frequency_days: days,
            metrics: rules.iter().map(MetricRule::read).collect::<Result<_, _>>()?,
            drift: drift.iter().map(DriftRule::read).collect::<Result<_, _>>()?,
            reference,
        })
    }
}

fn text(rule: &Json, name: &str) -> Result<String, MonitoringError> {
    rule.get(name).and_then(Json::as_str).map(str::to_owned).ok_or(MonitoringError::NoPlan)
}

impl MetricRule {
    fn read(rule: &Json) -> Result<Self, MonitoringError> {
        let written = text(rule, "bound")?;
        Ok(Self {
            metric: text(rule, "metric")?,
            slice: rule.get("slice").and_then(Json::as_str).map(str::to_owned),
            at_least: text(rule, "comparison")? == "at-least",
            bound: decimal(&written, "the plan")?,
            written,
            minimum_n: rule.get("minimumN").and_then(Json::as_i64),
            action: text(rule, "action")?,
        })
    }
}

impl DriftRule {
    fn read(rule: &Json) -> Result<Self, MonitoringError> {
        let written = text(rule, "bound")?;
        Ok(Self {
            variable: text(rule, "variable")?,
            statistic: text(rule, "statistic")?,
            bound: decimal(&written, "the plan")?,
            written,
        })
    }
}
