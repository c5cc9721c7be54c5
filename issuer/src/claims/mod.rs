//! Claims: what a person declares, beside what was measured.
//!
//! ```text
//! claims.toml ─► read ─► merge into the draft's subject ─► resolve { passport = "FILE" } ─► complete
//!                        a contradiction is an error       to id, type, digest              id, type, basis
//! ```
//!
//! A claims file (TOML or JSON) has the names of the credential's subject and nothing else, besides
//! `validUntil`. Its author need not write what follows from the schema: `type`, `basis` (declared unless
//! said otherwise) and the `id` of each node. A parent passport is named by its file:
//!
//! ```toml
//! name = "Breast aspirate classifier"
//! trainedOn = [{ passport = "train.passport.json" }]
//!
//! [intendedUse]
//! purpose = "Second reading of fine-needle aspirates"
//! ```
//!
//! In scope: reading, merging, completing. Out of scope: opening the parents (a callback does) and judging
//! the whole, which is the schema's; [`missing`] asks it what is lacking.

mod merge;

use std::path::{Path, PathBuf};

use model_passport::json::{self, Json, JsonError, MAX_SAFE_INTEGER, Number, Object, escape_token};
use model_passport::schema;
use thiserror::Error;

pub use self::merge::{check_bases, merge, merge_captured};
use crate::exit::Exit;
use crate::files;
use crate::problem::{Failure, Problem};

/// The member that names a parent by the file of its passport.
const PASSPORT_MEMBER: &str = "passport";

/// What a claims file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claims {
    /// The declared part of the credential's subject.
    pub subject: Object,
    /// Until when the credential shall be valid.
    pub valid_until: Option<String>,
}

/// Why claims cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ClaimsError {
    /// A claim says something else than what was measured, or than an earlier claims file says.
    #[error("`{pointer}` is claimed to be `{claimed}`, but stands there as `{present}`")]
    Contradiction {
        /// Where.
        pointer: String,
        /// In the claims.
        claimed: String,
        /// In the draft, or in an earlier claims file.
        present: String,
    },
    /// A group that claims to be better known than a person can say.
    #[error("`{pointer}` is claimed to be {basis}, which only capture can say")]
    Basis {
        /// Which group.
        pointer: String,
        /// What it claims.
        basis: String,
    },
    /// A number with a fraction, which implementations would sign differently.
    #[error("`{pointer}` is the fractional number `{value}`")]
    Fraction {
        /// Where.
        pointer: String,
        /// Which.
        value: String,
    },
    /// A whole number that a 64-bit float cannot hold.
    #[error("`{pointer}` is the number `{value}`, beyond 2^53 - 1")]
    Inexact {
        /// Where.
        pointer: String,
        /// Which.
        value: i64,
    },
    /// Not strict JSON.
    #[error("the claims `{}` are refused: {cause}", path.display())]
    Json {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: JsonError,
    },
    /// A declared fact put into a group that only measurements may fill.
    #[error("`{0}` cannot be claimed: everything in its group is measured")]
    Measured(String),
    /// `null`, which says nothing.
    #[error("`{0}` is null")]
    Null(String),
    /// Neither a table nor an object.
    #[error("the claims `{}` are not an object", .0.display())]
    Shape(PathBuf),
    /// Not TOML.
    #[error("the claims `{}` are not TOML: {cause}", path.display())]
    Toml {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// A time of day alone, or a time without its distance from UTC.
    #[error("`{pointer}` is the time `{value}`, which is not one point in time")]
    VagueTime {
        /// Where.
        pointer: String,
        /// Which.
        value: String,
    },
    /// A member of the claims has the wrong type.
    #[error("`{0}` is not text")]
    WrongType(&'static str),
}

impl Problem for ClaimsError {
    fn code(&self) -> &'static str {
        match self {
            Self::Basis { .. } => "claims.basis",
            Self::Contradiction { .. } => "claims.contradiction",
            Self::Fraction { .. } => "claims.fraction",
            Self::Inexact { .. } => "claims.inexact-integer",
            Self::Json { .. } => "claims.json",
            Self::Measured(_) => "claims.measured-group",
            Self::Null(_) => "claims.null",
            Self::Shape(_) => "claims.shape",
            Self::Toml { .. } => "claims.toml",
            Self::VagueTime { .. } => "claims.vague-time",
            Self::WrongType(_) => "claims.wrong-type",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Contradiction { .. } => {
                "what was measured, or claimed before, cannot be claimed otherwise; correct the claim or capture again"
            }
            Self::Basis { .. } => "leave `basis` away, or say `declared`, `withheld` or `unknown`",
            Self::Fraction { value, .. } => {
                return Some(format!("write it as a decimal string: \"{value}\""));
            }
            Self::Inexact { .. } => "write it as a string",
            Self::Json { .. } | Self::Toml { .. } => {
                "correct the file; names ending in .json are read as JSON, others as TOML"
            }
            Self::Measured(_) => "remove the claim; `passport capture` fills this group from the files",
            Self::Null(_) => {
                "leave it out, or say `basis = \"unknown\"` or `basis = \"withheld\"` in its group"
            }
            Self::Shape(_) => "start with names of the subject, such as `name = \"…\"`",
            Self::VagueTime { .. } => {
                "write a date such as 2026-11-21 or a time in UTC such as 2026-11-21T10:00:00Z"
            }
            Self::WrongType(_) => "put it in quotes",
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Malformed
    }
}

/// Reads a claims file: JSON where the name ends in `.json`, otherwise TOML.
///
/// # Errors
/// Any problem of the file, and [`ClaimsError`] for what stands in it.
pub fn read(path: &Path) -> Result<Claims, Failure> {
    let text = files::read_text(path, files::MAX_DOCUMENT_BYTES)?;
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    Ok(if is_json { parse_json(path, &text)? } else { parse_toml(path, &text)? })
}

/// Reads claims from JSON text; `path` is for messages.
///
/// # Errors
/// [`ClaimsError`], for the first cause met.
pub fn parse_json(path: &Path, text: &str) -> Result<Claims, ClaimsError> {
    let json = json::parse(text).map_err(|cause| ClaimsError::Json { path: path.to_owned(), cause })?;
    let Json::Object(members) = json else { return Err(ClaimsError::Shape(path.to_owned())) };
    for (name, value) in members.iter() {
        check_json(value, &format!("/{}", escape_token(name)))?;
    }
    Claims::from_object(members)
}

/// Reads claims from TOML text; `path` is for messages.
///
/// # Errors
/// [`ClaimsError`], for the first cause met.
pub fn parse_toml(path: &Path, text: &str) -> Result<Claims, ClaimsError> {
    let table = text.parse::<toml::Table>();
    let table =
        table.map_err(|cause| ClaimsError::Toml { path: path.to_owned(), cause: cause.to_string() })?;
    from_table(path, table)
}

/// Claims that stand in a larger TOML document; `path` is for messages.
///
/// # Errors
/// [`ClaimsError`], for the first cause met.
pub fn from_table(path: &Path, table: toml::Table) -> Result<Claims, ClaimsError> {
    let Json::Object(members) = from_toml(toml::Value::Table(table), "")? else {
        return Err(ClaimsError::Shape(path.to_owned()));
    };
    // TOML has no limits of its own; what a passport cannot hold is refused here and not at the end.
    json::parse(&Json::Object(members.clone()).to_string())
        .map_err(|cause| ClaimsError::Json { path: path.to_owned(), cause })?;
    Claims::from_object(members)
}

impl Claims {
    fn from_object(mut members: Object) -> Result<Self, ClaimsError> {
        let valid_until = match members.remove("validUntil") {
            Some(Json::String(text)) => Some(text),
            Some(_) => return Err(ClaimsError::WrongType("/validUntil")),
            None => None,
        };
        Ok(Self { subject: members, valid_until })
    }
}

fn check_json(value: &Json, pointer: &str) -> Result<(), ClaimsError> {
    match value {
        Json::Null => Err(ClaimsError::Null(pointer.to_owned())),
        Json::Number(Number::Double(value)) => {
            Err(ClaimsError::Fraction { pointer: pointer.to_owned(), value: value.to_string() })
        }
        Json::Array(items) => {
            items.iter().enumerate().try_for_each(|(at, item)| check_json(item, &format!("{pointer}/{at}")))
        }
        Json::Object(object) => {
            let mut members = object.iter();
            members
                .try_for_each(|(name, value)| check_json(value, &format!("{pointer}/{}", escape_token(name))))
        }
        Json::Bool(_) | Json::Number(Number::Integer(_)) | Json::String(_) => Ok(()),
    }
}

fn from_toml(value: toml::Value, pointer: &str) -> Result<Json, ClaimsError> {
    let at = || pointer.to_owned();
    Ok(match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Boolean(value) => Json::Bool(value),
        toml::Value::Integer(value) if value.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs() => {
            Json::Number(Number::Integer(value))
        }
        toml::Value::Integer(value) => return Err(ClaimsError::Inexact { pointer: at(), value }),
        toml::Value::Float(value) => {
            return Err(ClaimsError::Fraction { pointer: at(), value: value.to_string() });
        }
        toml::Value::Datetime(time) => {
            let clear = time.date.is_some() && time.time.is_some() == time.offset.is_some();
            if !clear {
                return Err(ClaimsError::VagueTime { pointer: at(), value: time.to_string() });
            }
            Json::String(time.to_string())
        }
        toml::Value::Array(items) => {
            let items = items.into_iter().enumerate();
            Json::Array(
                items
                    .map(|(n, item)| from_toml(item, &format!("{pointer}/{n}")))
                    .collect::<Result<_, _>>()?,
            )
        }
        toml::Value::Table(table) => {
            let mut object = Object::new();
            for (name, value) in table {
                let value = from_toml(value, &format!("{pointer}/{}", escape_token(&name)))?;
                object.insert(name, value);
            }
            Json::Object(object)
        }
    })
}

/// Replaces each `{ passport = "FILE" }` by what `find` says the file is: the `id`, `type` and
/// `digestMultibase` of a reference. Further members of the claim (`name`, `url`) stay.
///
/// # Errors
/// The first error of `find`.
pub fn resolve<E>(subject: &mut Object, find: &mut dyn FnMut(&str) -> Result<Object, E>) -> Result<(), E> {
    if let Some(file) = subject.get(PASSPORT_MEMBER).and_then(Json::as_str) {
        let mut reference = find(file)?;
        subject.remove(PASSPORT_MEMBER);
        for (name, value) in subject.iter() {
            // What the file says of itself stands; a claim only adds.
            if !reference.contains(name) {
                reference.insert(name, value.clone());
            }
        }
        *subject = reference;
        return Ok(());
    }
    subject.iter_mut().try_for_each(|(_, value)| resolve_value(value, find))
}

fn resolve_value<E>(value: &mut Json, find: &mut dyn FnMut(&str) -> Result<Object, E>) -> Result<(), E> {
    match value {
        Json::Object(object) => resolve(object, find),
        Json::Array(items) => items.iter_mut().try_for_each(|item| resolve_value(item, find)),
        _ => Ok(()),
    }
}

/// Writes out what follows from the schema, so that an author may leave it out: the `type` of each node, its
/// `basis` (declared), and its `id`, which is the credential's, `#`, and the path in the subject.
pub fn complete(subject: &mut Object, kind: &str, credential_id: &str) {
    let Some(schema) = schema::for_kind(kind) else { return };
    let mut credential = around(std::mem::take(subject), credential_id);
    schema.complete(&mut credential);
    let completed = credential.as_object_mut().and_then(|credential| credential.remove("credentialSubject"));
    if let Some(Json::Object(completed)) = completed {
        *subject = completed;
    }
}

fn around(subject: Object, credential_id: &str) -> Json {
    Json::Object(Object::from_iter([
        ("id", Json::from(credential_id)),
        ("credentialSubject", Json::from(subject)),
    ]))
}

/// A field that the schema requires and the subject lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Where in the subject it should be.
    pub pointer: String,
    /// What it is, where the schema says so.
    pub help: Option<String>,
}

/// Everything that a credential of this kind requires and the subject lacks, beyond what [`complete`] writes.
#[must_use]
pub fn missing(subject: &Object, kind: &str) -> Vec<Missing> {
    // Any name will do: what is lacking does not depend on it.
    const NAME: &str = "urn:uuid:00000000-0000-4000-8000-000000000000";
    let Some(schema) = schema::for_kind(kind) else { return Vec::new() };
    let mut credential = around(subject.clone(), NAME);
    schema.complete(&mut credential);
    let findings =
        schema.validate(&credential).into_iter().filter(|finding| finding.code == "schema.missing");
    findings
        .filter_map(|finding| {
            let pointer = finding.pointer.strip_prefix("/credentialSubject")?.to_owned();
            (!pointer.is_empty()).then_some(Missing { pointer, help: finding.help })
        })
        .collect()
}

/// What stands in a form in the place of a member of a subject: an empty value of the type that the schema wants, as
/// TOML.
#[must_use]
pub fn blank(kind: &str, pointer: &str) -> &'static str {
    const DATE: &str = "2026-01-31";
    const TIME: &str = "2026-01-31T12:00:00Z";
    let blanks = [
        ("\"\"", Json::from("x")),
        (DATE, Json::from(DATE)),
        (TIME, Json::from(TIME)),
        ("[]", Json::from(vec![Json::from("x")])),
        ("0", Json::Number(Number::Integer(0))),
        ("false", Json::Bool(false)),
        ("{}", Json::Object(Object::from_iter([("x", "x")]))),
    ];
    let Some(schema) = schema::for_kind(kind) else { return "\"\"" };
    let place = format!("/credentialSubject{pointer}");
    let findings = |value: &Json| -> Vec<schema::Finding> {
        let names = pointer.trim_start_matches('/').rsplit('/');
        let subject =
            names.fold(value.clone(), |value, name| Json::Object(Object::from_iter([(name, value)])));
        let Json::Object(subject) = subject else { return Vec::new() };
        let mut credential = around(subject, "urn:uuid:00000000-0000-4000-8000-000000000000");
        schema.complete(&mut credential);
        let findings = schema.validate(&credential).into_iter();
        findings.filter(|finding| finding.pointer.starts_with(&place)).collect()
    };
    // First what fits; then what is at least of the type.
    let is_other = |finding: &schema::Finding| finding.code == "schema.type" && finding.pointer == place;
    let found = blanks.iter().find(|(_, value)| findings(value).is_empty());
    let found = found.or_else(|| blanks.iter().find(|(_, value)| !findings(value).iter().any(is_other)));
    found.map_or("\"\"", |(text, _)| text)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
