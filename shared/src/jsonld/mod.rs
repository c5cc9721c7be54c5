//! [JSON-LD 1.1](https://www.w3.org/TR/json-ld11-api/) as credentials use it, from JSON to statements.
//!
//! ```text
//! Json ──context.rs──► what each name means ──to_rdf.rs──► statements ──canon/rdfc.rs──► signed text
//! ```
//!
//! A signature covers statements, not JSON: what the mapping drops is shown and not signed. So nothing is
//! dropped here. An undefined term or type, a relative IRI, an unknown keyword, or a construct that
//! would lose what it holds (`@index`, a text direction) is an error.
//!
//! Read: contexts by URL and inline; scoped, protected, aliased and typed terms; compact IRIs, `@vocab`;
//! `@set`, `@list`, `@json`, `@graph` containers; language maps; coercion; the default language.
//! Refused with [`JsonLdError::Unsupported`]: `@reverse`, `@included`, `@nest`, `@import`, `@base`, `@index`,
//! and `@id`, `@type` and `@index` containers, none of which a credential needs.
//!
//! Contexts come from the embedded documents and from what the caller supplies, never from a network.
//! Each thread keeps the embedded ones compiled.

mod context;
mod to_rdf;
mod trace;

use std::cell::RefCell;

use crate::canon::rdfc::{self, HashAlgorithm, OverBudget};
use crate::json::Json;
use crate::limits::Budget;
use crate::rdf::Dataset;

use context::Store;
use trace::Trace;

/// Where contexts come from: the embedded documents first, then those supplied.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContextLoader<'a> {
    supplied: &'a [(String, Json)],
}

impl<'a> ContextLoader<'a> {
    /// The embedded documents only.
    #[must_use]
    pub const fn embedded() -> Self {
        Self { supplied: &[] }
    }

    /// The embedded documents, and these by their URL. An embedded one cannot be replaced.
    #[must_use]
    pub const fn with(supplied: &'a [(String, Json)]) -> Self {
        Self { supplied }
    }
}

/// Why a document is not read as JSON-LD.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonLdError {
    /// A context that is neither embedded nor supplied. Nothing is ever fetched.
    #[error("the context `{0}` is not known")]
    UnknownContext(String),
    /// A context that breaks a rule of JSON-LD.
    #[error("in a context, {what}: `{term}`")]
    InvalidContext {
        /// The rule.
        what: &'static str,
        /// The term or value.
        term: String,
    },
    /// A context tries to change a protected term.
    #[error("the term `{0}` is protected and cannot be defined again")]
    ProtectedTerm(String),
    /// A name that no context defines: it would be shown and not signed.
    #[error("no context defines the term `{0}`, so a signature would not cover it")]
    UndefinedTerm(String),
    /// A type that no context defines.
    #[error("no context defines the type `{0}`")]
    UndefinedType(String),
    /// An identifier that is not absolute.
    #[error("`{0}` is not an absolute IRI")]
    RelativeIri(String),
    /// An `@` name that JSON-LD does not have.
    #[error("`{0}` is not a keyword of JSON-LD")]
    UnknownKeyword(String),
    /// A part of JSON-LD that credentials do not use, or that a signature would not cover.
    #[error("`{0}` is not supported in credentials")]
    Unsupported(String),
    /// A value of a shape that its place does not allow.
    #[error("{what}: `{value}`")]
    InvalidValue {
        /// The rule.
        what: &'static str,
        /// The value, shortened.
        value: String,
    },
    /// More statements or context steps than any honest credential.
    #[error("more than {max} {what}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// The statements cannot be canonicalized within the budget.
    #[error(transparent)]
    OverBudget(#[from] OverBudget),
}

impl JsonLdError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownContext(_) => "jsonld.unknown-context",
            Self::InvalidContext { .. } => "jsonld.invalid-context",
            Self::ProtectedTerm(_) => "jsonld.protected-term",
            Self::UndefinedTerm(_) => "jsonld.undefined-term",
            Self::UndefinedType(_) => "jsonld.undefined-type",
            Self::RelativeIri(_) => "jsonld.relative-iri",
            Self::UnknownKeyword(_) => "jsonld.unknown-keyword",
            Self::Unsupported(_) => "jsonld.unsupported",
            Self::InvalidValue { .. } => "jsonld.invalid-value",
            Self::TooMuch { .. } => "jsonld.too-much",
            Self::OverBudget(_) => "canon.over-budget",
        }
    }
}

thread_local! {
    /// The contexts that this thread has compiled. Documents with only embedded contexts leave theirs
    /// here; everything else is taken out again, so that what strangers send does not pile up.
    static WARM: RefCell<Store> = RefCell::new(Store::default());
}

/// Compiled contexts kept at most: honest credentials make a dozen combinations.
const MAX_WARM_CONTEXTS: usize = 512;

/// The statements of a document
/// ([Deserialize JSON-LD to RDF](https://www.w3.org/TR/json-ld11-api/#deserialize-json-ld-to-rdf-algorithm)).
///
/// # Errors
/// [`JsonLdError`], for the first cause met.
pub fn to_rdf(document: &Json, contexts: ContextLoader<'_>) -> Result<Dataset, JsonLdError> {
    map(document, contexts, Trace::off()).map(|(dataset, _)| dataset)
}

/// The statements of a document, and for each the RFC 6901 pointer to the value that it comes from.
///
/// # Errors
/// [`JsonLdError`], for the first cause met.
#[cfg(feature = "sign")]
pub(crate) fn to_rdf_with_pointers(
    document: &Json,
    contexts: ContextLoader<'_>,
) -> Result<(Dataset, Vec<String>), JsonLdError> {
    let (dataset, trace) = map(document, contexts, Trace::begun())?;
    Ok((dataset, trace.into_pointers()))
}

fn map(document: &Json, contexts: ContextLoader<'_>, trace: Trace) -> Result<(Dataset, Trace), JsonLdError> {
    WARM.with_borrow_mut(|store| {
        if store.len() > MAX_WARM_CONTEXTS {
            *store = Store::default();
        }
        let mark = store.mark();
        let result = to_rdf::document(document, store, contexts, trace);
        if store.took_foreign_context() {
            store.roll_back(mark);
        }
        result
    })
}

/// The canonical N-Quads of a document: JSON-LD to statements to RDFC-1.0.
///
/// # Errors
/// [`JsonLdError`], for the first cause met.
pub fn canonize(
    document: &Json,
    contexts: ContextLoader<'_>,
    hash: HashAlgorithm,
    budget: &mut Budget,
) -> Result<String, JsonLdError> {
    let dataset = to_rdf(document, contexts)?;
    Ok(rdfc::canonicalize(&dataset, hash, budget)?.text)
}

/// At most 80 characters of a value, for a message.
fn excerpt(value: &Json) -> String {
    let text = beginning(value, 3).to_string();
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// As much of a value as a message could show, so that writing it costs no more than that.
fn beginning(value: &Json, depth: usize) -> Json {
    match value {
        Json::Array(_) | Json::Object(_) if depth == 0 => "…".into(),
        Json::Array(items) => {
            items.iter().take(8).map(|item| beginning(item, depth - 1)).collect::<Vec<_>>().into()
        }
        Json::Object(object) => {
            let members = object.iter().take(8);
            let members = members.map(|(name, value)| (name.to_owned(), beginning(value, depth - 1)));
            Json::Object(members.collect())
        }
        Json::String(text) => text.chars().take(81).collect::<String>().into(),
        Json::Bool(_) | Json::Null | Json::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests;
