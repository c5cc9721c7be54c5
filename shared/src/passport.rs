//! What a shell hands over: one credential, a presentation or a bundle, taken apart before anything is believed.
//!
//! ```text
//! credential    { "@context": …, "type": ["VerifiableCredential", KIND], …, "proof": … }
//! presentation  { "type": "VerifiablePresentation", "verifiableCredential": [ … ] }
//! bundle        { "bundle": "https://w3id.org/model-passport/v1/bundle", "presentation": { … },
//!                 "evidence": { "documents": [ { "url", "retrieved", "text" } ] } }
//! ```
//!
//! A credential or presentation may also be a compact JWS, alone or in an envelope wherever the object could
//! stand ([`jose`]).

use crate::canon::jcs;
use crate::digest::Digest;
use crate::evidence::Document;
use crate::jose::{self, Envelope, JoseError, Kind};
use crate::json::{self, Json, JsonError, Limits, Object};
use crate::limits;

/// The marker of a bundle.
pub const BUNDLE: &str = "https://w3id.org/model-passport/v1/bundle";

/// The context of model passports.
pub const CONTEXT: &str = "https://w3id.org/model-passport/v1";

/// The context of Verifiable Credentials 2.0.
pub const CREDENTIALS_V2: &str = "https://www.w3.org/ns/credentials/v2";

/// The kinds of credential that this version reads.
pub const KINDS: [&str; 8] = [
    "ApprovalAttestation",
    "DatasetPassport",
    "DeploymentAttestation",
    "EvaluationAttestation",
    "ModelPassport",
    "MonitoringAttestation",
    "ProcessingAttestation",
    "RecognitionCredential",
];

/// Most bytes of a bundle: a credential's limit for each of sixteen.
pub const MAX_BUNDLE_BYTES: usize = 16 * limits::MAX_DOCUMENT_BYTES;

/// Why a text is not something that can be verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// A member of a bundle has the wrong shape.
    #[error("the bundle is malformed at `{0}`")]
    Bundle(&'static str),
    /// One credential is larger than a credential may be.
    #[error("a credential of the bundle has more than {} values", limits::MAX_NODES)]
    CredentialTooLarge,
    /// A JWS that is not taken.
    #[error(transparent)]
    Jose(#[from] JoseError),
    /// Not JSON, or over a limit.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// JSON of another kind.
    #[error("the document is JSON, and neither a credential, a presentation nor a bundle")]
    NotACredential,
    /// Nothing to verify.
    #[error("the presentation holds no credentials")]
    Nothing,
    /// Too many credentials.
    #[error("more than {} credentials", limits::MAX_CREDENTIALS)]
    TooMany,
}

impl InputError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Bundle(_) => "input.bundle-malformed",
            Self::CredentialTooLarge => "input.credential-too-large",
            Self::Jose(cause) => cause.code(),
            Self::Json(cause) => cause.code(),
            Self::NotACredential => "input.not-a-credential",
            Self::Nothing => "input.no-credentials",
            Self::TooMany => "input.too-many-credentials",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Json(JsonError::Syntax(_)) => "give the credential as a file of JSON text in UTF-8",
            Self::Json(_) | Self::CredentialTooLarge | Self::TooMany => {
                "no honest passport looks like this; ask its issuer for the original file"
            }
            Self::Jose(_) => {
                "a credential as a JWS is three parts of base64url, `typ` is `vc+jwt`, and the credential itself is its payload"
            }
            Self::Bundle(_) => "make the bundle again with `passport bundle`",
            Self::NotACredential => {
                "a credential has `type` with `VerifiableCredential`; if this is a draft, issue it first"
            }
            Self::Nothing => "add credentials with `passport bundle`",
        }
    }
}

/// What was handed over, taken apart.
#[derive(Debug, Clone)]
pub struct Input {
    /// The credentials to verify.
    pub credentials: Vec<Credential>,
    /// What they were presented in, unless that is a bundle's own unsigned list.
    pub presentation: Option<Presentation>,
    /// Documents that came along in a bundle.
    pub documents: Vec<Document>,
}

/// A presentation as it arrived.
#[derive(Debug, Clone)]
pub struct Presentation {
    /// The presentation without `proof`, and with its credentials.
    pub content: Json,
    /// Its proofs; none where `proof` is missing or an empty array.
    pub proofs: Vec<Json>,
    /// Whether it has a single proof as an object.
    pub has_one_proof: bool,
    /// The JWS that it was the payload of.
    pub envelope: Option<Envelope>,
}

impl Presentation {
    fn new(mut object: Object, envelope: Option<Envelope>) -> Self {
        let (proofs, has_one_proof) = match object.remove("proof") {
            None => (Vec::new(), false),
            Some(Json::Array(proofs)) => (proofs, false),
            Some(proof) => (vec![proof], true),
        };
        Self { content: object.into(), proofs, has_one_proof, envelope }
    }

    /// Whether anybody vouches for it.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.envelope.is_some() || !self.proofs.is_empty()
    }

    /// Who presents.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        let holder = self.content.get("holder")?;
        holder.as_str().or_else(|| holder.get("id")?.as_str())
    }
}

/// One credential as it arrived.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its identifier, or its digest where it has none.
    pub id: String,
    /// The kind of passport, if it has exactly one.
    pub kind: Option<&'static str>,
    /// The issuer's identifier.
    pub issuer: Option<String>,
    /// The credential without `proof`.
    pub content: Json,
    /// The value of `proof`.
    pub proof: Option<Json>,
    /// The JWS that it was the payload of.
    pub envelope: Option<Envelope>,
}

impl Credential {
    /// Takes a credential apart.
    ///
    /// # Errors
    /// [`InputError::NotACredential`] where it is not an object with that type.
    pub fn new(json: Json) -> Result<Self, InputError> {
        let Json::Object(mut object) = json else { return Err(InputError::NotACredential) };
        if !has_type(&object, "VerifiableCredential") {
            return Err(InputError::NotACredential);
        }
        let proof = object.remove("proof");
        let kinds: Vec<_> = KINDS.into_iter().filter(|kind| has_type(&object, kind)).collect();
        let kind = if let [kind] = kinds.as_slice() { Some(*kind) } else { None };
        let issuer = object.get("issuer");
        let issuer = issuer
            .and_then(|issuer| issuer.as_str().or_else(|| issuer.get("id")?.as_str()))
            .map(str::to_owned);
        let content = Json::Object(object);
        let id = content.get("id").and_then(Json::as_str);
        let id = id.map_or_else(|| digest(&content).to_multibase(), str::to_owned);
        Ok(Self { id, kind, issuer, content, proof, envelope: None })
    }

    /// SHA-256 of the RFC 8785 form without `proof`: what a link to this credential pins.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest(&self.content)
    }

    /// Its proofs. None where `proof` is missing or an empty array.
    #[must_use]
    pub fn proofs(&self) -> &[Json] {
        self.proof.as_ref().map(Json::one_or_many).unwrap_or_default()
    }

    /// Looks at the credential with its `proof` in place.
    pub fn with_proof<R>(&mut self, look: impl FnOnce(&Self, &Json) -> R) -> R {
        let mut whole = std::mem::replace(&mut self.content, Json::Null);
        if let (Json::Object(object), Some(proof)) = (&mut whole, self.proof.take()) {
            object.insert("proof", proof);
        }
        let seen = look(self, &whole);
        if let Json::Object(object) = &mut whole {
            self.proof = object.remove("proof");
        }
        self.content = whole;
        seen
    }
}

/// The digest of a credential without its `proof`, which is what a link to it pins: it survives a new
/// signature, another key, an added co-signature, and the second valid form of an ECDSA signature.
#[must_use]
pub fn digest(content: &Json) -> Digest {
    Digest::of(jcs::to_string(content))
}

fn has_type(object: &Object, name: &str) -> bool {
    object.get("type").is_some_and(|types| types.one_or_many().iter().any(|item| item.as_str() == Some(name)))
}

/// Reads what was handed over.
///
/// # Errors
/// [`InputError`], for the first cause met.
pub fn read(text: &str) -> Result<Input, InputError> {
    // A line end after a JWS is an editor's.
    let jws = text.trim_end_matches(['\r', '\n']);
    if jose::looks_like_jws(jws) {
        return read_jws(jws);
    }
    // Only a bundle may be larger than a credential, and only within the same limits for each of its parts.
    let bundle =
        Limits { max_bytes: MAX_BUNDLE_BYTES, max_nodes: 16 * limits::MAX_NODES, ..Limits::default() };
    let Json::Object(mut object) = json::parse_within(text, &bundle)? else {
        return Err(InputError::NotACredential);
    };
    if object.get("bundle").and_then(Json::as_str) == Some(BUNDLE) {
        let documents = object.get("evidence").map(read_documents).transpose()?.unwrap_or_default();
        let Some(Json::Object(presentation)) = object.remove("presentation") else {
            return Err(InputError::Bundle("/presentation"));
        };
        let mut input = presented(presentation, None)?;
        // A bundle is a list; only a presentation that somebody signed says more.
        input.presentation = input.presentation.filter(Presentation::is_signed);
        return Ok(Input { documents, ..input });
    }
    if let Some(jws) = jose::enveloped(&object, Kind::Presentation) {
        return read_jws(jws?);
    }
    if has_type(&object, "VerifiablePresentation") {
        return presented(object, None);
    }
    if text.len() > limits::MAX_DOCUMENT_BYTES {
        return Err(JsonError::TooLong { len: text.len(), max: limits::MAX_DOCUMENT_BYTES }.into());
    }
    Ok(Input {
        credentials: vec![credential(Json::Object(object))?],
        presentation: None,
        documents: Vec::new(),
    })
}

/// Reads a JWS: the payload is what its `typ` says, and nothing else besides.
fn read_jws(text: &str) -> Result<Input, InputError> {
    let (envelope, payload) = jose::parse(text)?;
    let is = |name| has_type(&payload, name);
    match (envelope.kind, is("VerifiableCredential"), is("VerifiablePresentation")) {
        (Kind::Credential, true, false) => {
            let credentials =
                vec![Credential { envelope: Some(envelope), ..Credential::new(payload.into())? }];
            Ok(Input { credentials, presentation: None, documents: Vec::new() })
        }
        (Kind::Presentation, false, true) => presented(payload, Some(envelope)),
        _ => Err(JoseError::Type.into()),
    }
}

/// Takes a presentation apart.
fn presented(mut presentation: Object, envelope: Option<Envelope>) -> Result<Input, InputError> {
    let is_signed = |proof: &Json| !proof.one_or_many().is_empty();
    let is_signed = envelope.is_some() || presentation.get("proof").is_some_and(is_signed);
    let value = if is_signed {
        // What is signed are the credentials as they stand in it.
        presentation.get("verifiableCredential").cloned()
    } else {
        presentation.remove("verifiableCredential")
    };
    let credentials = match value {
        Some(Json::Array(items)) => items,
        Some(single) => vec![single],
        None => Vec::new(),
    };
    if credentials.is_empty() && !is_signed {
        return Err(InputError::Nothing);
    }
    if credentials.len() > limits::MAX_CREDENTIALS {
        return Err(InputError::TooMany);
    }
    let credentials = credentials.into_iter().map(credential).collect::<Result<_, _>>()?;
    let presentation = Some(Presentation::new(presentation, envelope));
    Ok(Input { credentials, presentation, documents: Vec::new() })
}

fn credential(json: Json) -> Result<Credential, InputError> {
    if let Some(jws) = json.as_object().and_then(|object| jose::enveloped(object, Kind::Credential)) {
        let (envelope, payload) = jose::parse(jws?)?;
        if envelope.kind != Kind::Credential {
            return Err(JoseError::Type.into());
        }
        return Ok(Credential { envelope: Some(envelope), ..Credential::new(payload.into())? });
    }
    if count(&json) > limits::MAX_NODES {
        return Err(InputError::CredentialTooLarge);
    }
    Credential::new(json)
}

fn count(json: &Json) -> usize {
    match json {
        Json::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Json::Object(object) => 1 + object.iter().map(|(_, value)| count(value)).sum::<usize>(),
        _ => 1,
    }
}

fn read_documents(evidence: &Json) -> Result<Vec<Document>, InputError> {
    let wrong = || InputError::Bundle("/evidence/documents");
    let items = evidence.get("documents").map(|list| list.as_array().ok_or_else(wrong)).transpose()?;
    let read = |item: &Json| {
        let text = |name: &str| item.get(name).and_then(Json::as_str).map(str::to_owned);
        Some(Document { url: text("url")?, retrieved: text("retrieved"), text: text("text")? })
    };
    items.unwrap_or_default().iter().map(|item| read(item).ok_or_else(wrong)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIAL: &str =
        r#"{"id":"urn:uuid:1","type":["VerifiableCredential","ModelPassport"],"issuer":"did:key:z"}"#;

    fn code(text: &str) -> &'static str {
        read(text).map_or_else(|e| e.code(), |_| "ok")
    }

    #[test]
    fn the_three_forms_are_told_apart() {
        assert_eq!(code(CREDENTIAL), "ok");
        assert_eq!(
            code(&format!(r#"{{"type":"VerifiablePresentation","verifiableCredential":[{CREDENTIAL}]}}"#)),
            "ok"
        );
        let bundle = |rest: &str| {
            format!(r#"{{"bundle":"{BUNDLE}","presentation":{{"verifiableCredential":{CREDENTIAL}}}{rest}}}"#)
        };
        assert_eq!(code(&bundle("")), "ok");
        assert_eq!(code(&bundle(r#","evidence":{"documents":[{"url":"https://x","text":"{}"}]}"#)), "ok");
        assert_eq!(
            code(&bundle(r#","evidence":{"documents":[{"url":"https://x"}]}"#)),
            "input.bundle-malformed"
        );
        assert_eq!(code(&bundle(r#","evidence":{"documents":{}}"#)), "input.bundle-malformed");
        assert_eq!(code(&format!(r#"{{"bundle":"{BUNDLE}"}}"#)), "input.bundle-malformed");
        assert_eq!(code(r#"{"type":"VerifiablePresentation"}"#), "input.no-credentials");
        assert_eq!(
            code(r#"{"type":"VerifiablePresentation","verifiableCredential":["eyJ"]}"#),
            "input.not-a-credential"
        );
        assert_eq!(code("[]"), "input.not-a-credential");
        assert_eq!(code("{}"), "input.not-a-credential");
        assert_eq!(code("{"), "json.syntax");
    }

    #[test]
    fn a_credential_is_no_larger_inside_a_bundle() {
        let large =
            format!(r#"{{"type":"VerifiableCredential","x":[{}]}}"#, vec!["0"; limits::MAX_NODES].join(","));
        assert_eq!(
            code(&format!(r#"{{"type":"VerifiablePresentation","verifiableCredential":[{large}]}}"#)),
            "input.credential-too-large"
        );
        let long = format!(
            r#"{{"type":"VerifiableCredential","x":[{}]}}"#,
            vec![format!("\"{}\"", "x".repeat(60_000)); 20].join(",")
        );
        assert_eq!(code(&long), "json.too-long");
    }

    #[test]
    fn a_link_does_not_depend_on_the_proof() {
        let plain = Credential::new(json::parse(CREDENTIAL).unwrap()).unwrap();
        let signed = CREDENTIAL.replace("}", r#","proof":[{"type":"x"},{"type":"y"}]}"#);
        let signed = Credential::new(json::parse(&signed).unwrap()).unwrap();
        assert_eq!(plain.digest(), signed.digest());
        assert_eq!((plain.proofs().len(), signed.proofs().len()), (0, 2));
        assert_eq!(signed.kind, Some("ModelPassport"));
    }
}
