//! Everything that is not a good answer, as problem details
//! ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
//!
//! ```text
//! { "type": URL, "title": what kind, "status": 422, "detail": what happened, "code": CODE, "help": what to do }
//! ```
//!
//! `code` is stable, and `passport explain CODE` says more.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model_passport::did::DidError;
use model_passport::evidence::ShapeError;
use model_passport::passport::InputError;
use model_passport::policy::PolicyError;
use model_passport::proof::ProofError;
use model_passport::report::{Check, CheckName};
use serde::Serialize;
use thiserror::Error;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request has no good answer.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum ServiceError {
    #[error("the credential cannot be taken: {0}")]
    Credential(InputError),
    #[error("nothing can be derived from the credential: {0}")]
    Derive(ProofError),
    #[error("{0}")]
    Did(DidError),
    #[error("the evidence cannot be read: {0}")]
    Evidence(ShapeError),
    #[error("the service failed at this request")]
    Internal,
    #[error("the body ended before it was whole")]
    Interrupted,
    #[error("the body is not a request of this kind: {0}")]
    Malformed(serde_json::Error),
    #[error("the body is not JSON by its media type")]
    MediaType,
    #[error("the path does not take this method")]
    Method,
    #[error("there is nothing at this path")]
    NoSuchPath,
    #[error("the body is not UTF-8 text")]
    NotUtf8,
    #[error("the request does not hold exactly one of `{member}` and `text`")]
    NothingToVerify { member: &'static str },
    #[error("the issuer of the credential is `{found}`, and this path signs for `{expected}`")]
    OtherIssuer { expected: String, found: String },
    #[error("the policy cannot be read: {0}")]
    Policy(PolicyError),
    #[error("the policy asks for another profile than the path")]
    Profile,
    #[error("the credential would not verify: {}", .0.message)]
    Refused(Box<Check>),
    #[error("the credential cannot be signed: {0}")]
    Sign(ProofError),
    #[error("so many credentials were issued that no status list has room for another")]
    StatusListFull,
    #[error("the body did not arrive within {} seconds", super::BODY_TIMEOUT.as_secs())]
    Timeout,
    #[error("the body is longer than {} bytes", super::MAX_BODY_BYTES)]
    TooLarge,
    #[error("there is no issuer `{name}`")]
    UnknownIssuer { name: String },
    #[error("there is no status list `{name}`")]
    UnknownStatusList { name: String },
}

impl ServiceError {
    /// The stable name of this kind of error.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Credential(cause) => cause.code(),
            Self::Did(cause) => cause.code(),
            Self::Evidence(_) => "evidence.malformed",
            Self::Internal => "service.internal",
            Self::Interrupted => "request.interrupted",
            Self::Malformed(_) => "request.malformed",
            Self::MediaType => "request.media-type",
            Self::Method => "request.method",
            Self::NoSuchPath => "request.no-such-path",
            Self::NotUtf8 => "request.not-utf8",
            Self::NothingToVerify { .. } => "request.nothing-to-verify",
            Self::OtherIssuer { .. } => "issue.other-issuer",
            Self::Policy(_) => "policy.malformed",
            Self::Profile => "request.profile",
            Self::Refused(check) => &check.code,
            Self::Derive(cause) | Self::Sign(cause) => cause.code(),
            Self::StatusListFull => "service.status-list-full",
            Self::Timeout => "request.timeout",
            Self::TooLarge => "request.too-large",
            Self::UnknownIssuer { .. } => "service.unknown-issuer",
            Self::UnknownStatusList { .. } => "service.unknown-status-list",
        }
    }

    /// The status that it ends in.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Credential(_)
            | Self::Evidence(_)
            | Self::Interrupted
            | Self::Malformed(_)
            | Self::NotUtf8
            | Self::NothingToVerify { .. }
            | Self::Policy(_)
            | Self::Profile => StatusCode::BAD_REQUEST,
            Self::NoSuchPath | Self::UnknownIssuer { .. } | Self::UnknownStatusList { .. } => {
                StatusCode::NOT_FOUND
            }
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Derive(_) | Self::OtherIssuer { .. } | Self::Refused(_) | Self::Sign(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            // https://www.w3.org/TR/did-resolution/#bindings-https
            Self::Did(DidError::DocumentNeeded(_)) => StatusCode::NOT_FOUND,
            Self::Did(DidError::UnsupportedMethod(_)) => StatusCode::NOT_IMPLEMENTED,
            Self::Did(_) => StatusCode::BAD_REQUEST,
            Self::StatusListFull => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn help(&self) -> Option<&str> {
        Some(match self {
            Self::Credential(cause) => cause.help(),
            Self::Did(DidError::DocumentNeeded(_)) => "nothing is fetched here: ask a resolver that may",
            Self::MediaType => "send JSON, as `Content-Type: application/json`",
            Self::NothingToVerify { .. } => {
                "give the credential as an object, or anything that can be verified as a `text`; not both"
            }
            Self::OtherIssuer { .. } => "leave `issuer` out, and it is filled in",
            Self::Profile => "a path that names a profile gives no other",
            Self::Refused(check) => check.help.as_deref()?,
            Self::UnknownIssuer { .. } => "the service names its issuers when it starts",
            _ => return None,
        })
    }

    /// What the specifications call it, where they do; else `about:blank`, which is just the status.
    fn kind(&self) -> &'static str {
        match self {
            Self::Credential(_) | Self::Malformed(_) | Self::NotUtf8 => PARSING_ERROR,
            Self::Refused(check) => kind(check),
            Self::Derive(_) | Self::Sign(_) => "https://w3id.org/security#PROOF_GENERATION_ERROR",
            _ => "about:blank",
        }
    }
}

const PARSING_ERROR: &str = "https://www.w3.org/TR/vc-data-model#PARSING_ERROR";

/// The specifications' name for a check that does not pass
/// ([VCDM 2.0](https://www.w3.org/TR/vc-data-model-2.0/#problem-details),
/// [Data Integrity](https://www.w3.org/TR/vc-data-integrity/#processing-errors),
/// [Bitstring Status List](https://www.w3.org/TR/vc-bitstring-status-list/#processing-errors)).
pub(super) const fn kind(check: &Check) -> &'static str {
    match check.check {
        CheckName::Parse => PARSING_ERROR,
        CheckName::Profile => "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR",
        CheckName::Proof | CheckName::Issuer => "https://w3id.org/security#PROOF_VERIFICATION_ERROR",
        CheckName::Status => "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR",
        _ => "about:blank",
    }
}

/// The members of a problem.
#[derive(Debug, Serialize)]
pub(super) struct Details<'p> {
    #[serde(rename = "type")]
    pub(super) kind: &'p str,
    pub(super) title: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    pub(super) detail: &'p str,
    pub(super) code: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pointer: Option<&'p str>,
}

impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        let (status, detail) = (self.status(), self.to_string());
        let pointer = if let Self::Refused(check) = &self { check.pointer.as_deref() } else { None };
        let details = Details {
            kind: self.kind(),
            title: status.canonical_reason().unwrap_or_default(),
            status: Some(status.as_u16()),
            detail: &detail,
            code: self.code(),
            help: self.help(),
            pointer,
        };
        // Texts and a number: JSON can hold all of them.
        super::json(status, MEDIA_TYPE, serde_json::to_string(&details).unwrap_or_default())
    }
}
