//! The strict profile of model passports: what a credential must look like before its signature is worth anything.
//!
//! A signature covers the statements that a credential makes, and many JSON texts make the same statements.
//! So that what is shown is what was signed, a passport has one shape only: exactly two contexts, no other
//! `@` name, a closed schema for each kind, no null, no empty array or object, no fractional number.

use crate::json::{Json, Number, escape_token};
use crate::passport::{CONTEXT, CREDENTIALS_V2, Credential, KINDS};
use crate::schema::{self, Finding};

/// Findings listed at most; a text with more is wrong as a whole.
const MAX_FINDINGS: usize = 64;

/// What keeps a credential from being a model passport; empty if nothing does.
#[must_use]
pub fn findings(credential: &Credential, whole: &Json) -> Vec<Finding> {
    let mut findings = Vec::new();
    let expected = [CREDENTIALS_V2, CONTEXT];
    let contexts = whole.get("@context").and_then(Json::as_array).unwrap_or_default();
    if !contexts.iter().map(Json::as_str).eq(expected.map(Some)) {
        findings.push(finding(
            "/@context",
            "profile.contexts",
            format!("`@context` is not exactly [\"{CREDENTIALS_V2}\", \"{CONTEXT}\"]"),
            "other contexts could give the same words another meaning",
        ));
    }
    lint(whole, "", &mut findings);
    match credential.kind.and_then(schema::for_kind) {
        Some(schema) => findings.extend(schema.validate(whole)),
        None => findings.push(finding(
            "/type",
            "profile.kind",
            format!("`type` does not name exactly one kind of passport ({})", KINDS.join(", ")),
            "ask for the proof-only profile to check the signature of another credential",
        )),
    }
    findings.truncate(MAX_FINDINGS);
    findings
}

fn finding(pointer: &str, code: &'static str, message: String, help: &str) -> Finding {
    Finding { pointer: pointer.to_owned(), code, message, help: Some(help.to_owned()) }
}

/// The rules that hold at any depth. Recursion is as shallow as the parser's limit.
fn lint(value: &Json, pointer: &str, findings: &mut Vec<Finding>) {
    let mut wrong = |code, message: String, help| findings.push(finding(pointer, code, message, help));
    match value {
        Json::Null => wrong("profile.null", "null says nothing that is signed".into(), "leave the member out"),
        Json::Number(Number::Double(number)) => wrong(
            "profile.fraction",
            format!("`{number}` is not an integer; implementations write such numbers differently"),
            "write decimals as strings",
        ),
        Json::Array(items) if items.is_empty() => {
            wrong("profile.empty", "an empty array says nothing that is signed".into(), "leave the member out");
        }
        Json::Object(object) if object.is_empty() => {
            wrong("profile.empty", "an empty object says nothing that is signed".into(), "leave the member out");
        }
        Json::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                if needs_lint(item) {
                    lint(item, &format!("{pointer}/{at}"), findings);
                }
            }
        }
        Json::Object(object) => {
            for (name, value) in object.iter() {
                if name.starts_with('@') && !(name == "@context" && may_have_context(pointer)) {
                    findings.push(finding(
                        &format!("{pointer}/{}", escape_token(name)),
                        "profile.keyword",
                        format!("`{name}` is not allowed in a passport"),
                        "such names change what is signed without changing what is shown, or the reverse",
                    ));
                }
                if needs_lint(value) {
                    lint(value, &format!("{pointer}/{}", escape_token(name)), findings);
                }
            }
        }
        Json::Bool(_) | Json::Number(Number::Integer(_)) | Json::String(_) => {}
    }
}

/// The credential has a context, and the proofs of some suites repeat it, which verification compares.
fn may_have_context(pointer: &str) -> bool {
    pointer.is_empty() || pointer == "/proof" || pointer.strip_prefix("/proof/").is_some_and(|at| !at.contains('/'))
}

/// Leaves that are always in order need no pointer of their own, which saves most of the work.
fn needs_lint(value: &Json) -> bool {
    !matches!(value, Json::Bool(_) | Json::Number(Number::Integer(_)) | Json::String(_))
}
