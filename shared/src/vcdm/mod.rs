//! Credentials from elsewhere: the rules of
//! [Verifiable Credentials Data Model 2.0](https://www.w3.org/TR/vc-data-model-2.0/), and of
//! [1.1](https://www.w3.org/TR/2022/REC-vc-data-model-20220303/) for credentials that are still about.
//!
//! ```text
//!            ┌─rules.rs─────► Finding: each rule of the data model that is broken
//! credential ┼─statements.rs► Json: the credential as its signed statements say it
//!            └─resources.rs─► whether related resources and schemas are what was meant
//! ```
//!
//! A passport has one shape, so that its JSON can be shown as it is. Any other credential may spell the same
//! statements in many ways: under other names, in another order, split in two. A signature over statements holds
//! for all of them, so such a credential is judged and shown as [`rebuilt`] from its statements. Where the
//! signature covers the JSON text itself, the text is judged and shown.
//!
//! In scope: the structure that the data model asks for, presentations, `relatedResource`, `credentialSchema`.
//! Out of scope: who signed ([`proof`](crate::proof)), what a status list says, and what terms of other contexts mean.

mod literal;
mod names;
mod presentation;
pub mod resources;
mod rules;
mod statements;

use crate::json::{Json, Object};
use crate::jsonld::{self, ContextLoader, JsonLdError};
use crate::limits::MAX_FINDINGS;
use crate::passport::CREDENTIALS_V2;
use crate::schema::Finding;

pub use presentation::presentation_findings;
pub use statements::{Rebuilt, StatementsError, rebuilt};

/// The context of Verifiable Credentials 1.1.
pub const CREDENTIALS_V1: &str = "https://www.w3.org/2018/credentials/v1";

/// The versions of the data model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 1.1
    V1,
    /// 2.0
    V2,
}

impl Version {
    /// The version that a document follows, by the first of its contexts; `None` where that is of neither.
    #[must_use]
    pub fn of(document: &Json) -> Option<Self> {
        match document.get("@context").map(Json::one_or_many)?.first()?.as_str()? {
            CREDENTIALS_V1 => Some(Self::V1),
            CREDENTIALS_V2 => Some(Self::V2),
            _ => None,
        }
    }

    /// The members that begin and end the time in which a credential holds.
    #[must_use]
    pub const fn period(self) -> (&'static str, &'static str) {
        match self {
            Self::V1 => ("issuanceDate", "expirationDate"),
            Self::V2 => ("validFrom", "validUntil"),
        }
    }
}

/// What keeps a document, with its `proof` if it has one, from being a credential of the data model; empty if
/// nothing does. Types and terms are looked up in `contexts`.
#[must_use]
pub fn credential_findings(document: &Json, contexts: ContextLoader<'_>) -> Vec<Finding> {
    let mut findings = rules::credential(document);
    findings.extend(term_finding(document, contexts));
    findings.truncate(MAX_FINDINGS);
    findings
}

/// Types and terms must be defined ([section 4.5](https://www.w3.org/TR/vc-data-model-2.0/#types)). What
/// JSON-LD can say and statements cannot hold is no fault of the data model: signing statements refuses it.
fn term_finding(document: &Json, contexts: ContextLoader<'_>) -> Option<Finding> {
    // Terms of proofs are for the suites to judge, and what is presented has findings of its own.
    let members =
        document.as_object()?.iter().filter(|(name, _)| !matches!(*name, "proof" | "verifiableCredential"));
    let document: Json = members.map(|(name, value)| (name, value.clone())).collect::<Object>().into();
    let cause = jsonld::to_rdf(&document, contexts).err()?;
    let help = match cause {
        JsonLdError::UnknownContext(_) => "supply the context document, to know what its terms mean",
        JsonLdError::Unsupported(_) | JsonLdError::InvalidValue { .. } | JsonLdError::OverBudget(_) => {
            return None;
        }
        _ => "each term and type is defined by a context, as an absolute IRI",
    };
    Some(Finding {
        pointer: String::new(),
        code: cause.code(),
        message: cause.to_string(),
        help: Some(help.to_owned()),
    })
}
