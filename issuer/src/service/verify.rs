//! `POST …/credentials/verify` and `POST …/presentations/verify`
//! ([VC-API, Verifying](https://w3c-ccg.github.io/vc-api/#verifying)).
//!
//! ```text
//! 200  { "verified": true, "verdict", "warnings": [problem], "report": our report }
//! 400  a problem, and in it { "verified": false, "verdict", "errors": [problem], "report" }
//! 422  a problem, and in it {                    "verdict", "errors": [problem], "needs", "report" }
//! ```

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model_passport::evidence::{Evidence, Need, Policy, Profile};
use model_passport::report::{Check, Outcome, Verdict};
use serde::Serialize;
use serde_json::value::RawValue;

use super::problem::{Details, MEDIA_TYPE, ServiceError, kind};
use super::request::{Text, VerifyRequest};
use super::{Service, compute, json};
use crate::command::verify::{self, Outcome as Verified};

/// Verifies a credential, by the policy in the request.
///
/// 1. the body: 400, 408, 413, 415
/// 2. what to verify, evidence, policy: 400
/// 3. the core's verification: 200 verified, 400 not verified, 422 could not be checked
pub(super) async fn credential(state: State<Arc<Service>>, body: Text) -> Result<Response, ServiceError> {
    handle(state, body, "verifiableCredential", None).await
}

/// [`credential`] for presentations.
pub(super) async fn presentation(state: State<Arc<Service>>, body: Text) -> Result<Response, ServiceError> {
    handle(state, body, "verifiablePresentation", None).await
}

/// [`credential`] within the profile that the path names.
pub(super) async fn credential_within(
    state: State<Arc<Service>>,
    body: Text,
    profile: Profile,
) -> Result<Response, ServiceError> {
    handle(state, body, "verifiableCredential", Some(profile)).await
}

/// [`presentation`] within the profile that the path names.
pub(super) async fn presentation_within(
    state: State<Arc<Service>>,
    body: Text,
    profile: Profile,
) -> Result<Response, ServiceError> {
    handle(state, body, "verifiablePresentation", Some(profile)).await
}

async fn handle(
    State(service): State<Arc<Service>>,
    Text(body): Text,
    member: &'static str,
    profile: Option<Profile>,
) -> Result<Response, ServiceError> {
    // 2.
    let request = VerifyRequest::read(&body)?;
    let text = request.subject(member)?.to_owned();
    let options = request.options()?;
    let mut evidence = options.evidence()?;
    let policy = options.policy(profile)?;
    evidence.documents.extend(service.contexts.iter().cloned());
    evidence.documents.extend(service.own_lists(&text));
    // 3.
    compute(move || answer(&service.check(&text, &evidence, &policy))).await
}

impl Service {
    /// The core's verification at this time.
    pub(super) fn check(&self, text: &str, evidence: &Evidence, policy: &Policy) -> Verified {
        verify::check(text, evidence, policy, (self.clock)())
    }
}

/// The answer of the VC-API with our report in it.
#[derive(Serialize)]
struct Answer<'r> {
    #[serde(flatten)]
    problem: Option<Details<'r>>,
    /// Absent where the question has no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    verdict: &'static str,
    errors: Vec<Details<'r>>,
    warnings: Vec<Details<'r>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    needs: &'r [Need],
    report: &'r RawValue,
}

fn answer(Verified { report, needs }: &Verified) -> Response {
    let (status, verified) = match report.verdict {
        Verdict::Verified | Verdict::VerifiedWithWarnings => (StatusCode::OK, Some(true)),
        Verdict::NotVerified => (StatusCode::BAD_REQUEST, Some(false)),
        Verdict::CouldNotCheck => (StatusCode::UNPROCESSABLE_ENTITY, None),
    };
    let list = |wanted: &[Outcome]| -> Vec<Details<'_>> {
        let required = |check: &&Check| check.outcome == Outcome::Fail || check.required;
        let checks = report.checks.iter().filter(required);
        checks.filter(|check| wanted.contains(&check.outcome)).map(Details::of).collect()
    };
    let decided = report.checks.iter().find(|check| check.code == report.code);
    let problem = match (status, decided) {
        (StatusCode::OK, _) => None,
        (status, Some(check)) => Some(Details { status: Some(status.as_u16()), ..Details::of(check) }),
        (status, None) => Some(Details {
            kind: "about:blank",
            title: "Could not check",
            status: Some(status.as_u16()),
            detail: "no proof was checked",
            code: &report.code,
            help: None,
            pointer: None,
        }),
    };
    // The report's own text, to the letter. It is JSON because the core wrote it.
    let text = RawValue::from_string(report.to_json()).unwrap_or_default();
    let answer = Answer {
        problem,
        verified,
        verdict: report.verdict.name(),
        errors: list(&[Outcome::Fail, Outcome::NotChecked]),
        warnings: list(&[Outcome::Warn]),
        needs,
        report: &text,
    };
    let media_type = if status == StatusCode::OK { "application/json" } else { MEDIA_TYPE };
    json(status, media_type, serde_json::to_string(&answer).unwrap_or_default())
}

impl<'r> Details<'r> {
    /// A check of the report as one problem among others.
    fn of(check: &'r Check) -> Self {
        Self {
            kind: kind(check),
            title: check.check.name(),
            status: None,
            detail: &check.message,
            code: &check.code,
            help: check.help.as_deref(),
            pointer: check.pointer.as_deref(),
        }
    }
}
