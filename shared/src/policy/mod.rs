//! What a verifier asks for beyond the rules that always hold: a small declarative file, the same in every shell.
//!
//! ```text
//! policy.json ──policy.schema.json──► Policy ◄── the policy that it extends, which it can only narrow
//!                                       ├─ profile, clocks, signers, status      applied where they are checked
//!                                       ├─ trust       whose word counts         `trust`
//!                                       ├─ lineage     warning or refusal        `lineage`
//!                                       └─ rules       what has to be known      `verify/rules.rs`
//! ```
//!
//! A site takes its network's policy and adds to it. Whatever both say, the stricter counts, so a site can refuse
//! more than its network and never less.

mod decimal;
mod trust;

use serde::{Deserialize, Serialize};

use crate::json::{self, Json, JsonError, Limits, Number};
use crate::report::Outcome;
use crate::schema;

pub(crate) use decimal::{compare as compare_decimals, is_below};
pub(crate) use trust::{Period, RECOGNITION, Recognition, Standing, Statement, Trust};

/// What a verifier asks for beyond the rules that always hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// What it is called in the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The rules on what the credential may hold.
    pub profile: Profile,
    /// Whether files must be at hand for every artefact manifest.
    pub require_artifacts: bool,
    /// Whether every issuer has to be recognised by [`Policy::trust`].
    #[serde(skip_serializing_if = "is_false")]
    pub require_recognition: bool,
    /// Whether every credential has to have a status, by which it could be recalled.
    #[serde(skip_serializing_if = "is_false")]
    pub require_status: bool,
    /// DIDs that have to have signed every credential handed over, besides what its own proofs claim: who may
    /// not be left out is the verifier's to say, since whoever holds a credential can take a proof off it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required_signers: Vec<String>,
    /// How many different controllers have to have signed every credential handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_signers: Option<u32>,
    /// What a signed presentation has to repeat, so that it was made for this occasion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// For whom a signed presentation has to be made: all of these and no others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domain: Vec<String>,
    /// How far the clocks of issuer and verifier may be apart; 300 when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_skew_secs: Option<u32>,
    /// How old a status list may be; 86,400 when left out, and then not older either than its own `ttl` allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_status_age_secs: Option<u32>,
    /// What becomes of a credential whose lineage is not as it should be.
    #[serde(skip_serializing_if = "Lineage::is_default")]
    pub lineage: Lineage,
    /// Trust lists as `trust.schema.json` has them, the narrowest first: every one has to recognise an issuer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trust: Vec<Json>,
    /// Whether a proof is refused whose key was revoked since: only the proof says that it is older.
    #[serde(skip_serializing_if = "is_false")]
    pub refuse_revoked_keys: bool,
    /// Set where a policy narrows one that left the age of status lists to the lists themselves.
    #[serde(skip)]
    pub heeds_ttl: bool,
    /// Rules as `policy.schema.json` has them: all have to hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Json>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What becomes of a credential whose lineage is not as it should be; each has a default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lineage {
    /// What it builds on has expired since, and held when this became valid: a refusal when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_expired: Option<Row>,
    /// What it builds on became valid only after it: a warning when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_newer: Option<Row>,
    /// The issuer of what it builds on is not recognised: as [`Policy::require_recognition`] says when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_unrecognized: Option<Row>,
    /// What it builds on has no credential, or only a part of it was shown: a warning when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<Row>,
}

impl Lineage {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A row of the table of what is done about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Row {
    /// It is said.
    Warn,
    /// It is refused.
    Fail,
}

impl Row {
    /// The outcome of a check that finds it.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Warn => Outcome::Warn,
            Self::Fail => Outcome::Fail,
        }
    }
}

/// What a credential may hold, the strictest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// A model passport: exact contexts, a closed schema, every statement covered, issuer bound to key.
    #[default]
    Passport,
    /// Any credential of the data model, judged and shown as its signed statements say it; issuer bound to key.
    Standard,
    /// The proofs of any credential and nothing else. Never a default: it does not bind the key to the
    /// issuer.
    ProofOnly,
}

impl Profile {
    /// The profile of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "passport" => Some(Self::Passport),
            "standard" => Some(Self::Standard),
            "proof-only" => Some(Self::ProofOnly),
            _ => None,
        }
    }
}

/// Why a text is not taken as a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Two policies of one verifier ask for things that cannot both be.
    #[error("the policies ask for another `{0}` each")]
    Contradiction(&'static str),
    /// What it narrows is not there.
    #[error("`{0}`, which is to be narrowed, was not given")]
    ExtendedMissing(String),
    /// It is not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is not as its schema says.
    #[error("`{pointer}`: {message}")]
    Shape {
        /// Where.
        pointer: String,
        /// What is wrong.
        message: String,
    },
}

impl Policy {
    /// Reads the JSON text of a policy, or of a list of policies of which each narrows the next.
    ///
    /// # Errors
    /// [`PolicyError`], for the first cause met.
    pub fn from_json(text: &str) -> Result<Self, PolicyError> {
        // It comes from this machine: only its shape is checked.
        let limits = Limits {
            max_bytes: usize::MAX,
            max_nodes: usize::MAX,
            max_string_bytes: usize::MAX,
            ..Limits::default()
        };
        Self::from_value(&json::parse_within(text, &limits)?)
    }

    /// The same of JSON that was read already.
    ///
    /// # Errors
    /// [`PolicyError`], for the first cause met.
    pub fn from_value(json: &Json) -> Result<Self, PolicyError> {
        let (layers, many) = match json {
            Json::Array(layers) => (layers.as_slice(), true),
            single => (std::slice::from_ref(single), false),
        };
        let mut whole: Option<Self> = None;
        let last = layers.len().saturating_sub(1);
        for (at, layer) in layers.iter().enumerate().rev() {
            conforms(layer, schema::policy(), if many { format!("/{at}") } else { String::new() })?;
            if let Some(extended) = layer.get("extends").and_then(Json::as_str).filter(|_| at == last) {
                return Err(PolicyError::ExtendedMissing(extended.to_owned()));
            }
            whole = Some(Self::read(layer, whole)?);
        }
        whole.ok_or_else(|| PolicyError::Shape { pointer: String::new(), message: "no policy".to_owned() })
    }

    /// One policy, as its schema says, over the one that it narrows.
    fn read(json: &Json, base: Option<Self>) -> Result<Self, PolicyError> {
        let base_profile = base.as_ref().map(|base| base.profile);
        let narrows = base.is_some();
        let mut base = base.unwrap_or_default();
        let heeds_ttl = base.heeds_ttl || (narrows && base.max_status_age_secs.is_none());
        if narrows {
            // What it leaves out is as strict as its default.
            base.clock_skew_secs = Some(u32::try_from(base.clock_skew()).unwrap_or(u32::MAX));
            base.max_status_age_secs = Some(u32::try_from(base.max_status_age()).unwrap_or(u32::MAX));
            base.lineage.parent_expired = base.lineage.parent_expired.or(Some(Row::Fail));
            let unrecognized = base.require_recognition.then_some(Row::Fail);
            base.lineage.parent_unrecognized = base.lineage.parent_unrecognized.or(unrecognized);
        }
        let flag = |name: &str| json.get(name).and_then(Json::as_bool).unwrap_or_default();
        let owned = |name: &str| text(json, name).map(str::to_owned);
        let all = |name: &str| -> Vec<String> { texts(json, name).into_iter().map(str::to_owned).collect() };
        let list = |name: &str| json.get(name).and_then(Json::as_array).unwrap_or_default().to_vec();
        let number = |name: &str| match json.get(name) {
            Some(Json::Number(Number::Integer(number))) => u32::try_from(*number).ok(),
            _ => None,
        };
        let row = |name: &str| match json.get("lineage").and_then(|rows| rows.get(name)?.as_str()) {
            Some("warn") => Some(Row::Warn),
            Some(_) => Some(Row::Fail),
            None => None,
        };
        let profile = owned("profile").and_then(|name| Profile::from_name(&name));
        let mut required_signers = all("requiredSigners");
        required_signers.extend(base.required_signers);
        let trust = list("trust");
        if let Some(extended) =
            trust.last().and_then(|last| last.get("extends")?.as_str()).filter(|_| base.trust.is_empty())
        {
            return Err(PolicyError::ExtendedMissing(extended.to_owned()));
        }
        let domain = all("domain");
        let challenge = owned("challenge");
        if base.challenge.is_some() && challenge.is_some() && base.challenge != challenge {
            return Err(PolicyError::Contradiction("challenge"));
        }
        if !base.domain.is_empty() && !domain.is_empty() && base.domain != domain {
            return Err(PolicyError::Contradiction("domain"));
        }
        Ok(Self {
            name: owned("name").or(base.name),
            profile: match (profile, base_profile) {
                (Some(one), Some(other)) => one.min(other),
                (one, other) => one.or(other).unwrap_or_default(),
            },
            require_artifacts: flag("requireArtifacts") || base.require_artifacts,
            require_recognition: flag("requireRecognition") || base.require_recognition,
            require_status: flag("requireStatus") || base.require_status,
            required_signers,
            min_signers: number("minSigners").max(base.min_signers),
            challenge: challenge.or(base.challenge),
            domain: if domain.is_empty() { base.domain } else { domain },
            clock_skew_secs: least(number("clockSkewSecs"), base.clock_skew_secs),
            max_status_age_secs: least(number("maxStatusAgeSecs"), base.max_status_age_secs),
            lineage: Lineage {
                parent_expired: row("parentExpired").max(base.lineage.parent_expired),
                parent_newer: row("parentNewer").max(base.lineage.parent_newer),
                parent_unrecognized: row("parentUnrecognized").max(base.lineage.parent_unrecognized),
                declared: row("declared").max(base.lineage.declared),
            },
            refuse_revoked_keys: flag("refuseRevokedKeys") || base.refuse_revoked_keys,
            heeds_ttl,
            trust: [trust, base.trust].concat(),
            rules: [list("rules"), base.rules].concat(),
        })
    }

    /// Whether this is a trust list, for shells that keep one in a file of its own.
    ///
    /// # Errors
    /// [`PolicyError`], for the first cause met.
    pub fn check_trust(list: &Json) -> Result<(), PolicyError> {
        conforms(list, schema::trust(), String::new())
    }

    /// Seconds that clocks may be apart.
    #[must_use]
    pub fn clock_skew(&self) -> i64 {
        i64::from(self.clock_skew_secs.unwrap_or(300))
    }

    /// Seconds that a status list may be old: a day where nothing else is asked for.
    #[must_use]
    pub fn max_status_age(&self) -> i64 {
        i64::from(self.max_status_age_secs.unwrap_or(86_400))
    }
}

/// A text of a policy, a rule or a list.
pub(crate) fn text<'j>(json: &'j Json, name: &str) -> Option<&'j str> {
    json.get(name)?.as_str()
}

/// The texts of a list in it; none where there is no list.
pub(crate) fn texts<'j>(json: &'j Json, name: &str) -> Vec<&'j str> {
    let items = json.get(name).and_then(Json::as_array).unwrap_or_default();
    items.iter().filter_map(Json::as_str).collect()
}

fn least(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn conforms(json: &Json, schema: Option<&schema::Schema>, at: String) -> Result<(), PolicyError> {
    let missing = || PolicyError::Shape { pointer: String::new(), message: "no schema".to_owned() };
    let findings = schema.ok_or_else(missing)?.validate(json);
    match findings.into_iter().next() {
        None => Ok(()),
        Some(finding) => {
            Err(PolicyError::Shape { pointer: format!("{at}{}", finding.pointer), message: finding.message })
        }
    }
}

#[cfg(test)]
mod tests;
