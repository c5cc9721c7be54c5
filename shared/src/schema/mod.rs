//! The part of [JSON Schema 2020-12](https://json-schema.org/draft/2020-12) that our schemas are written in.
//!
//! ```text
//! *.schema.json ──compile.rs──► Rule (a tree, built once) ──validate.rs──► Finding (all of them)
//!                                                         └─complete.rs──► the members a tool can fill in
//! ```
//!
//! In scope: the keywords that compile.rs lists, `$ref` to embedded documents, and the named formats of
//! format.rs, which are *asserted*. The schemas carry an equivalent `pattern` beside each format for
//! other people's validators; this one has no regular expressions. Out of scope: any other keyword (a schema
//! that has one does not compile, so that nothing is left unchecked by mistake), recursive schemas (so work
//! is bounded by schema and instance), and fetching.

mod compile;
mod complete;
mod format;
mod validate;

use std::sync::{Arc, LazyLock};

use model_passport_contexts::{self as contexts, Document};

use crate::json::{self, Json};
use format::Format;

pub use compile::SchemaError;

/// A compiled schema.
#[derive(Debug, Clone)]
pub struct Schema {
    root: Arc<Rule>,
}

/// One thing that does not follow a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, as an RFC 6901 pointer. For a missing member: where it should stand.
    pub pointer: String,
    /// The stable code of the cause.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What is wanted there.
    pub help: Option<String>,
}

/// The schema of a kind of credential, such as `ModelPassport`; compiled on first use and kept.
#[must_use]
pub fn for_kind(kind: &str) -> Option<&'static Schema> {
    static APPROVAL_ATTESTATION: Embedded =
        LazyLock::new(|| embedded(&contexts::APPROVAL_ATTESTATION_SCHEMA));
    static DATASET_PASSPORT: Embedded = LazyLock::new(|| embedded(&contexts::DATASET_PASSPORT_SCHEMA));
    static DEPLOYMENT_ATTESTATION: Embedded =
        LazyLock::new(|| embedded(&contexts::DEPLOYMENT_ATTESTATION_SCHEMA));
    static EVALUATION_ATTESTATION: Embedded =
        LazyLock::new(|| embedded(&contexts::EVALUATION_ATTESTATION_SCHEMA));
    static MODEL_PASSPORT: Embedded = LazyLock::new(|| embedded(&contexts::MODEL_PASSPORT_SCHEMA));
    static MONITORING_ATTESTATION: Embedded =
        LazyLock::new(|| embedded(&contexts::MONITORING_ATTESTATION_SCHEMA));
    static PROCESSING_ATTESTATION: Embedded =
        LazyLock::new(|| embedded(&contexts::PROCESSING_ATTESTATION_SCHEMA));
    static RECOGNITION_CREDENTIAL: Embedded =
        LazyLock::new(|| embedded(&contexts::RECOGNITION_CREDENTIAL_SCHEMA));
    match kind {
        "ApprovalAttestation" => APPROVAL_ATTESTATION.as_ref(),
        "DatasetPassport" => DATASET_PASSPORT.as_ref(),
        "DeploymentAttestation" => DEPLOYMENT_ATTESTATION.as_ref(),
        "EvaluationAttestation" => EVALUATION_ATTESTATION.as_ref(),
        "ModelPassport" => MODEL_PASSPORT.as_ref(),
        "MonitoringAttestation" => MONITORING_ATTESTATION.as_ref(),
        "ProcessingAttestation" => PROCESSING_ATTESTATION.as_ref(),
        "RecognitionCredential" => RECOGNITION_CREDENTIAL.as_ref(),
        _ => None,
    }
}

/// The schema of a verification report.
#[must_use]
pub fn report() -> Option<&'static Schema> {
    static REPORT: Embedded = LazyLock::new(|| embedded(&contexts::REPORT_SCHEMA));
    REPORT.as_ref()
}

/// The schema of a policy.
#[must_use]
pub fn policy() -> Option<&'static Schema> {
    static POLICY: Embedded = LazyLock::new(|| embedded(&contexts::POLICY_SCHEMA));
    POLICY.as_ref()
}

/// The schema of a trust list.
#[must_use]
pub fn trust() -> Option<&'static Schema> {
    static TRUST: Embedded = LazyLock::new(|| embedded(&contexts::TRUST_SCHEMA));
    TRUST.as_ref()
}

type Embedded = LazyLock<Option<Schema>>;

/// None only if an embedded schema were wrong, which a test excludes.
fn embedded(document: &Document) -> Option<Schema> {
    let json = json::parse(document.text).ok()?;
    Schema::compile(&json, &embedded_document).ok()
}

/// What the embedded schemas refer to.
fn embedded_document(url: &str) -> Option<Json> {
    let known = [&contexts::COMMON_SCHEMA, &contexts::TRUST_SCHEMA];
    let document = known.into_iter().find(|document| document.url == url)?;
    json::parse(document.text).ok()
}

/// What one schema object asks for. Members stand in the order in which they are checked.
#[derive(Debug, Default)]
struct Rule {
    description: Option<Box<str>>,
    /// A tool may set the member to this if it is missing.
    default: Option<Json>,
    /// The member is named by the tool that issues (`readOnly`).
    assigned: bool,
    reference: Option<Arc<Rule>>,
    types: Option<Types>,
    constant: Option<Json>,
    choices: Vec<Json>,
    min_length: usize,
    max_length: Option<usize>,
    format: Option<Format>,
    minimum: Option<i64>,
    maximum: Option<i64>,
    items: Option<Arc<Rule>>,
    min_items: usize,
    max_items: Option<usize>,
    unique_items: bool,
    properties: Vec<(Box<str>, Arc<Rule>)>,
    required: Vec<Required>,
    others: Others,
    min_properties: usize,
    max_properties: Option<usize>,
    any_of: Vec<Arc<Rule>>,
    condition: Option<Condition>,
}

/// A member that must be there.
#[derive(Debug)]
struct Required {
    name: Box<str>,
    /// What it is; from the schema around, where a branch only says that it is required.
    rule: Option<Arc<Rule>>,
}

/// `if`, `then`, `else`
#[derive(Debug)]
struct Condition {
    test: Arc<Rule>,
    then: Option<Arc<Rule>>,
    otherwise: Option<Arc<Rule>>,
}

/// `additionalProperties`
#[derive(Debug, Default)]
enum Others {
    #[default]
    Allowed,
    Refused,
    Follow(Arc<Rule>),
}

/// The types a value may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Types {
    array: bool,
    boolean: bool,
    integer: bool,
    object: bool,
    string: bool,
}

impl Types {
    const NONE: Self = Self { array: false, boolean: false, integer: false, object: false, string: false };

    fn allow(self, value: &Json) -> bool {
        match value {
            Json::Array(_) => self.array,
            Json::Bool(_) => self.boolean,
            Json::Number(json::Number::Integer(_)) => self.integer,
            Json::Object(_) => self.object,
            Json::String(_) => self.string,
            // No schema of ours has null or fractions.
            Json::Null | Json::Number(json::Number::Double(_)) => false,
        }
    }

    fn name(self) -> String {
        let names = [
            (self.array, "an array"),
            (self.boolean, "true or false"),
            (self.integer, "an integer"),
            (self.object, "an object"),
            (self.string, "a string"),
        ];
        let names: Vec<_> = names.into_iter().filter_map(|(allowed, name)| allowed.then_some(name)).collect();
        names.join(" or ")
    }
}

impl Rule {
    /// This rule and those that it refers to.
    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |rule| rule.reference.as_deref())
    }

    fn description(&self) -> Option<&str> {
        self.chain().find_map(|rule| rule.description.as_deref())
    }

    /// The value that a tool fills in when the member is missing.
    fn preset(&self) -> Option<&Json> {
        self.chain().find_map(|rule| rule.constant.as_ref().or(rule.default.as_ref()))
    }

    fn is_assigned(&self) -> bool {
        self.chain().any(|rule| rule.assigned)
    }
}

#[cfg(test)]
mod tests;
