//! Statements that run out by themselves: monitoring that is due, approvals that have ended. Every verifier sees it,
//! whatever its policy asks for.

use super::checks::Judge;
use super::held::Held;
use super::text_at;
use crate::index::Index;
use crate::json::Json;
use crate::report::{Check, CheckName, Outcome};
use crate::time::Timestamp;

pub(super) const SECS_A_DAY: i64 = 86_400;

/// The end of a day written as `xsd:date`.
pub(super) fn end_of(date: &str) -> Option<Timestamp> {
    format!("{date}T23:59:59Z").parse().ok()
}

/// What is out of date among the credentials whose own checks hold.
pub(super) fn judge(judge: &Judge, held: &Held<'_>) -> Vec<Check> {
    // What another monitoring follows is history, by the word of the same party and of nobody else.
    let (mut followed, mut monitored) = (Index::default(), Index::default());
    for one in &held.all {
        for reference in &one.references {
            let places = match reference.relation.as_str() {
                "previous" => &mut followed,
                "monitors" => &mut monitored,
                _ => continue,
            };
            let other = held.pinned(&reference.digest);
            if other.is_some_and(|other| other.credential.issuer == one.credential.issuer) {
                places.insert(&reference.digest);
            }
        }
    }
    let is_over = |end: Timestamp| end < judge.now.plus_secs(-judge.policy.clock_skew());
    let mut checks = Vec::new();
    for one in &held.all {
        let is_in = |places: &Index| places.contains(&one.digest.to_multibase());
        let mut warn = |code: &'static str, message: String, help: &'static str| {
            let check = Check::new(CheckName::Validity, Outcome::Warn, code, message).with_help(help);
            checks.push(Check { node: Some(one.credential.id.clone()), ..check });
        };
        match one.credential.kind {
            Some("MonitoringAttestation") if !is_in(&followed) => {
                let due = text_at(one, "/credentialSubject/nextDue");
                if due.and_then(end_of).is_some_and(is_over) {
                    let message = format!("the next monitoring was due on {}", due.unwrap_or_default());
                    warn(
                        "monitoring.overdue",
                        message,
                        "ask the site that runs the model for its newest monitoring",
                    );
                }
                if text_at(one, "/credentialSubject/outcome") == Some("action-required") {
                    let message = "the last monitoring found the model outside of its plan".to_owned();
                    warn(
                        "monitoring.action-required",
                        message,
                        "ask the site that runs the model what was done about it",
                    );
                }
            }
            Some("DeploymentAttestation") if !is_in(&monitored) => {
                let days = one.credential.content.pointer("/credentialSubject/monitoringPlan/frequencyDays");
                let due = days.and_then(Json::as_i64).zip(one.valid_from).and_then(|(days, from)| {
                    Some(from.plus_secs(days.checked_mul(SECS_A_DAY)?)).filter(|due| is_over(*due))
                });
                if let Some(due) = due {
                    let message = format!("its first monitoring was due by {due}, and there is none here");
                    warn("monitoring.none", message, "ask the site that runs the model for its monitoring");
                }
            }
            Some("ApprovalAttestation") => {
                if text_at(one, "/credentialSubject/approval/decision") == Some("rejected") {
                    let message = "it was looked at, and not approved".to_owned();
                    warn("approval.rejected", message, "do not take this attestation for an approval");
                }
                let end = text_at(one, "/credentialSubject/approval/validThrough");
                if end.and_then(end_of).is_some_and(is_over) {
                    let message = format!("the approval ended on {}", end.unwrap_or_default());
                    warn("approval.ended", message, "ask for the approval that follows it");
                }
            }
            _ => {}
        }
    }
    checks
}
