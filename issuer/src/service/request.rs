//! What arrives: a body within its limits, and the members of the VC-API, each with the text that it has.
//!
//! Credentials, evidence and policies are cut out as they stand and handed to the core: a second reader here
//! would decide about duplicate names and large numbers before the core sees them.

use std::error::Error as _;

use axum::body::{self, Body};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use model_passport::evidence::{Evidence, Policy, Profile};
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;
use tokio::time;

use super::problem::ServiceError;
use super::{BODY_TIMEOUT, MAX_BODY_BYTES};

/// A body: JSON by its media type, UTF-8, whole, in time, and no longer than allowed.
pub(super) struct Text(pub(super) String);

impl<S: Sync> FromRequest<S> for Text {
    type Rejection = ServiceError;

    /// 1. media type: 415
    /// 2. announced length: 413
    /// 3. the bytes, in time: 408, 413, 400
    /// 4. UTF-8: 400
    async fn from_request(request: Request<Body>, _state: &S) -> Result<Self, ServiceError> {
        let headers = request.headers();
        if !is_json(headers) {
            return Err(ServiceError::MediaType);
        }
        let announced =
            headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length > MAX_BODY_BYTES) {
            return Err(ServiceError::TooLarge);
        }
        let bytes = time::timeout(BODY_TIMEOUT, body::to_bytes(request.into_body(), MAX_BODY_BYTES));
        let bytes = bytes.await.map_err(|_elapsed| ServiceError::Timeout)?;
        // Of all that ends a body early, only the limit has a cause of its own.
        let bytes = bytes.map_err(|error| match error.source() {
            Some(cause) if cause.to_string().contains("length limit") => ServiceError::TooLarge,
            _ => ServiceError::Interrupted,
        })?;
        String::from_utf8(bytes.into()).map(Self).map_err(|_| ServiceError::NotUtf8)
    }
}

/// `application/json`, or a type that says it is written in it (RFC 6839, section 3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The body of an issue request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IssueRequest<'b> {
    #[serde(borrow)]
    pub(super) credential: &'b RawValue,
    #[serde(borrow, default)]
    options: Option<&'b RawValue>,
}

/// What may be asked of an issuer besides.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct IssueOptions {
    pub(super) credential_id: Option<String>,
    /// What no holder may leave out, for a suite of selective disclosure.
    pub(super) mandatory_pointers: Option<Vec<String>>,
}

/// The body of a derive request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DeriveRequest<'b> {
    #[serde(borrow)]
    pub(super) verifiable_credential: &'b RawValue,
    #[serde(borrow, default)]
    options: Option<&'b RawValue>,
}

/// What a holder shows besides what is mandatory.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct DeriveOptions {
    pub(super) selective_pointers: Vec<String>,
}

/// The body of a verify request: one of the first three, and what to verify it with.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VerifyRequest<'b> {
    #[serde(borrow, default)]
    pub(super) verifiable_credential: Option<&'b RawValue>,
    #[serde(borrow, default)]
    pub(super) verifiable_presentation: Option<&'b RawValue>,
    /// The same as the text that it is, and also a bundle.
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(borrow, default)]
    options: Option<&'b RawValue>,
}

/// What may be asked of a verifier besides. An option that is not known would be left undone, so it is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct VerifyOptions<'b> {
    /// Which checks to make: all are, always.
    #[serde(rename = "checks")]
    _checks: Vec<String>,
    /// What the holder was asked to sign; the same as the policy's.
    challenge: Option<String>,
    /// Where the holder was asked to present; the same as the policy's.
    domain: Option<OneOrMany>,
    #[serde(borrow)]
    evidence: Option<&'b RawValue>,
    #[serde(borrow)]
    policy: Option<&'b RawValue>,
}

/// A request or its options. The derived readers would also take an array of the members.
fn read<'b, T: Deserialize<'b>>(text: &'b str) -> Result<T, ServiceError> {
    if !text.trim_start().starts_with('{') {
        return Err(ServiceError::Malformed(serde_json::Error::custom("an object is wanted")));
    }
    serde_json::from_str(text).map_err(ServiceError::Malformed)
}

fn read_options<'b, T: Default + Deserialize<'b>>(options: Option<&'b RawValue>) -> Result<T, ServiceError> {
    options.map_or(Ok(T::default()), |options| read(options.get()))
}

/// One text or a list of some.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl<'b> IssueRequest<'b> {
    pub(super) fn read(text: &'b str) -> Result<Self, ServiceError> {
        read(text)
    }

    pub(super) fn options(&self) -> Result<IssueOptions, ServiceError> {
        read_options(self.options)
    }
}

impl<'b> DeriveRequest<'b> {
    pub(super) fn read(text: &'b str) -> Result<Self, ServiceError> {
        read(text)
    }

    pub(super) fn options(&self) -> Result<DeriveOptions, ServiceError> {
        read_options(self.options)
    }
}

impl<'b> VerifyRequest<'b> {
    pub(super) fn read(text: &'b str) -> Result<Self, ServiceError> {
        read(text)
    }

    pub(super) fn options(&self) -> Result<VerifyOptions<'b>, ServiceError> {
        read_options(self.options)
    }

    /// What is to be verified, as it was written.
    pub(super) fn subject(&self, member: &'static str) -> Result<&str, ServiceError> {
        let named = match member {
            "verifiablePresentation" => self.verifiable_presentation,
            _ => self.verifiable_credential,
        };
        let given = [
            self.verifiable_credential.is_some(),
            self.verifiable_presentation.is_some(),
            self.text.is_some(),
        ];
        let one = given.into_iter().filter(|given| *given).count() == 1;
        let subject = named.map(RawValue::get).or(self.text.as_deref()).filter(|_| one);
        subject.ok_or(ServiceError::NothingToVerify { member })
    }
}

impl VerifyOptions<'_> {
    pub(super) fn evidence(&self) -> Result<Evidence, ServiceError> {
        let text = self.evidence.map(RawValue::get);
        text.map_or(Ok(Evidence::default()), |text| Evidence::from_json(text).map_err(ServiceError::Evidence))
    }

    /// The policy, within the profile that the path names, if it names one.
    pub(super) fn policy(&self, profile: Option<Profile>) -> Result<Policy, ServiceError> {
        let text = self.policy.map(RawValue::get);
        let mut policy =
            text.map_or(Ok(Policy::default()), |text| Policy::from_json(text).map_err(ServiceError::Policy))?;
        if let Some(challenge) = &self.challenge {
            policy.challenge = Some(challenge.clone());
        }
        match &self.domain {
            None => {}
            Some(OneOrMany::One(domain)) => policy.domain = vec![domain.clone()],
            Some(OneOrMany::Many(domain)) => policy.domain.clone_from(domain),
        }
        match profile {
            None => Ok(policy),
            Some(profile) if policy.profile == Profile::default() || policy.profile == profile => {
                Ok(Policy { profile, ..policy })
            }
            Some(_) => Err(ServiceError::Profile),
        }
    }
}
