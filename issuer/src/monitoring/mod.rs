//! What became of a model in use: the results of a period, held against the plan of the deployment.
//!
//! ```text
//! results.csv ──table──► measure ──► metrics ─┐
//! reference.csv ───────► drift ────► drift ───┴─judge──► outcome, breaches
//! ```
//!
//! | result | 95 % interval |
//! |---|---|
//! | sensitivity, specificity, accuracy | score interval of Wilson |
//! | area under the ROC curve | score interval of Newcombe (2006, method 5) |
//! | mean of a column | Student's t |
//!
//! Nothing is said about fewer than [`FEW`] cases, nor anything from which that could be computed: a part of the data
//! is left out where all the rest would be so few.
//!
//! In scope: computing and comparing. Out of scope: files of credentials, and signing.

mod conceal;
pub(crate) mod drift;
pub(crate) mod judge;
pub(crate) mod measure;
pub(crate) mod plan;
pub(crate) mod table;

use std::path::PathBuf;

use rust_decimal::Decimal;
use thiserror::Error;

use crate::capture::CaptureError;
use crate::claims::Missing;
use crate::exit::Exit;
use crate::problem::Problem;

/// Fewer cases than this are not spoken of.
pub(crate) const FEW: usize = 10;

/// Why a period cannot be judged.
#[derive(Debug, Error)]
pub(crate) enum MonitoringError {
    #[error("`{member}` cannot be claimed of a monitoring")]
    Claimed { member: &'static str },
    #[error("`{value}` in {place} is not a decimal number of at most 28 digits")]
    Decimal { place: String, value: String },
    #[error("{}", crate::monitoring::Listed(.0))]
    Missing(Vec<Missing>),
    #[error("the table `{}` has no column `{column}`, which {}", path.display(), why)]
    NoColumn { path: PathBuf, column: String, why: String },
    #[error("the deployment has no monitoring plan with a frequency and metrics")]
    NoPlan,
    #[error("the plan watches `{variable}` for drift, and there is no reference to compare with")]
    NoReference { variable: String },
    #[error("the table has scores, and nobody says from which on they are positive")]
    NoThreshold,
    #[error("`{}` was signed by {}, not by {signer}", path.display(), issuer.as_deref().unwrap_or("nobody"))]
    OtherSite { path: PathBuf, issuer: Option<String>, signer: String },
    #[error("the period is from {start} to {end}: {why}")]
    Period { start: String, end: String, why: &'static str },
    #[error("`{}` is about another deployment", path.display())]
    OtherDeployment { path: PathBuf },
    #[error("`{}` is the reference for drift, and the table of results as well", path.display())]
    ReferenceIsPeriod { path: PathBuf },
    #[error("{0} is reported more than once")]
    Repeated(String),
    #[error("the table `{}` has more than one column `{column}`", path.display())]
    RepeatedColumn { path: PathBuf, column: String },
    #[error("the plan's slice `{slice}` is not of the form COLUMN=VALUE")]
    Slice { slice: String },
    #[error(transparent)]
    Table(#[from] CaptureError),
    #[error("the table `{}` has more than {} rows, or too many values for so many rows", path.display(), table::MAX_ROWS)]
    TooManyRows { path: PathBuf },
    #[error("nobody here can compute the metric `{metric}`")]
    UnknownMetric { metric: String },
    #[error("row {row} of `{}` has no {wanted} in the column `{column}`", path.display())]
    Value { path: PathBuf, row: usize, column: String, wanted: &'static str },
    #[error("`{}` is not the reference of the plan", path.display())]
    WrongReference { path: PathBuf },
}

impl Problem for MonitoringError {
    fn code(&self) -> &'static str {
        match self {
            Self::Claimed { .. } => "monitoring.claimed",
            Self::Decimal { .. } => "monitoring.decimal",
            Self::Missing(_) => "issue.claims",
            Self::NoColumn { .. } => "monitoring.no-column",
            Self::NoPlan => "monitoring.no-plan",
            Self::NoReference { .. } => "monitoring.no-reference",
            Self::NoThreshold => "monitoring.no-threshold",
            Self::OtherDeployment { .. } => "monitoring.other-deployment",
            Self::OtherSite { .. } => "monitoring.other-site",
            Self::Period { .. } => "monitoring.period",
            Self::ReferenceIsPeriod { .. } => "monitoring.reference-is-period",
            Self::Repeated(_) => "monitoring.repeated",
            Self::RepeatedColumn { .. } => "monitoring.repeated-column",
            Self::Slice { .. } => "monitoring.slice",
            Self::Table(cause) => cause.code(),
            Self::TooManyRows { .. } => "monitoring.too-many-rows",
            Self::UnknownMetric { .. } => "monitoring.unknown-metric",
            Self::Value { .. } => "monitoring.value",
            Self::WrongReference { .. } => "monitoring.wrong-reference",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Claimed { member: "previous" } => {
                "name the monitoring of the period before with `--previous`"
            }
            Self::Claimed { member: "outcome" | "breaches" | "nextDue" } => {
                "leave it away: it follows from the results and the plan"
            }
            Self::Claimed { .. } => "leave it to the table of results, or give all results as claims",
            Self::Decimal { .. } => "write it with digits and a point, such as \"0.95\"",
            Self::Missing(_) => {
                "declare it in a claims file and give that with `--claims FILE`; nothing was signed"
            }
            Self::NoColumn { .. } => {
                "add it, or name the columns with `--label`, `--score` and `--prediction`; nothing was signed"
            }
            Self::NoPlan => "attest the deployment again with a `monitoringPlan`",
            Self::NoReference { .. } => "give the table with the reference with `--reference FILE`",
            Self::NoThreshold => "say it with `--threshold DECIMAL`, or add a column `prediction`",
            Self::OtherDeployment { .. } => "give the monitoring of this deployment with `--previous`",
            Self::OtherSite { .. } => {
                "whoever attested the deployment attests its periods, with the same DID"
            }
            Self::ReferenceIsPeriod { .. } => {
                "give the table of the acceptance test or of an earlier time with `--reference`"
            }
            Self::Repeated(_) => "report each result once, so that one number is held against the plan",
            Self::Period { .. } => {
                "correct `period` in the claims, or leave `--previous` away for the first period"
            }
            Self::RepeatedColumn { .. } => "give each column a name of its own",
            Self::Slice { .. } => "attest the deployment again with a slice such as `sex=female`",
            Self::Table(cause) => return cause.help(),
            Self::TooManyRows { .. } => {
                "attest shorter periods, or leave out columns that the plan does not ask for"
            }
            Self::UnknownMetric { .. } => {
                "known are sensitivity, specificity, accuracy and the area under the ROC curve, and a column by its name \
                 for its mean; give others as claims instead of a table"
            }
            Self::Value { .. } => {
                "labels and predictions are 0 or 1 or true or false, all else is numbers; leave unknown values empty; \
                 nothing was signed"
            }
            Self::WrongReference { .. } => {
                "give the very file whose digest stands in the plan of the deployment"
            }
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NoReference { .. } | Self::NoThreshold => Exit::Usage,
            Self::Table(cause) => cause.exit(),
            _ => Exit::Malformed,
        }
    }
}

/// All that is missing.
struct Listed<'a>(&'a [Missing]);

impl std::fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} missing:", self.0.len(), if self.0.len() == 1 { "claim is" } else { "claims are" })?;
        for missing in self.0 {
            let place = missing.pointer.trim_start_matches('/').replace('/', ".");
            write!(f, "\n  {place:32}  {}", missing.help.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }
}

/// A decimal as it is written.
pub(crate) fn decimal(text: &str, place: &str) -> Result<Decimal, MonitoringError> {
    Decimal::from_str_exact(text).map_err(|_| MonitoringError::Decimal {
        place: place.to_owned(),
        value: text.chars().take(64).collect(),
    })
}

/// How results are written: four decimals, by which everyone compares.
pub(crate) fn written(value: f64) -> String {
    let text = format!("{value:.4}");
    if text.strip_prefix('-').is_some_and(|rest| rest.bytes().all(|byte| matches!(byte, b'0' | b'.'))) {
        return "0.0000".to_owned();
    }
    text
}

/// A count as a number to compute with. Tables have at most [`table::MAX_ROWS`] rows.
pub(crate) fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
