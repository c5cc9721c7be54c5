//! [Securing Verifiable Credentials using JOSE](https://www.w3.org/TR/vc-jose-cose/#with-jose): a credential
//! or presentation as the payload of one [compact JWS](https://www.rfc-editor.org/rfc/rfc7515#section-7.1).
//!
//! ```text
//! base64url( {"alg":"ES256","typ":"vc+jwt","kid":"did:…#…"} ) . base64url( the credential ) . base64url( r || s )
//! └────────────────────────── what is signed ───────────────────────────────────────────┘
//! ```
//!
//! What is signed is the text of the payload, byte for byte, so all of the JSON is covered. The header says which key
//! checks it and nothing else: a header with any other member than `alg`, `typ`, `cty`, `kid` and `iss` is refused,
//! and with it keys by value or by address, `crit`, and unencoded payloads. The algorithm is the key's; the
//! header has to agree.

#[cfg(feature = "sign")]
mod sign;

use crate::did::DidUrl;
use crate::json::{self, Json, JsonError, Limits, Object};
use crate::key::Algorithm;
use crate::limits::{MAX_DOCUMENT_BYTES, MAX_JOSE_HEADER_CHARS, MAX_JOSE_SIGNATURE_CHARS};
use crate::multibase;
use crate::passport::CREDENTIALS_V2;
use crate::time::Timestamp;

#[cfg(feature = "sign")]
pub use sign::{Audience, envelope, sign};

/// What a JWS holds, by its `typ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `vc+jwt`
    Credential,
    /// `vp+jwt`
    Presentation,
}

impl Kind {
    /// The `typ`, which is also the media type without `application/`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credential => "vc+jwt",
            Self::Presentation => "vp+jwt",
        }
    }

    /// The `cty`.
    const fn content(self) -> &'static str {
        match self {
            Self::Credential => "vc",
            Self::Presentation => "vp",
        }
    }

    /// The type of an object that holds such a JWS as its `id`.
    #[must_use]
    pub const fn envelope(self) -> &'static str {
        match self {
            Self::Credential => "EnvelopedVerifiableCredential",
            Self::Presentation => "EnvelopedVerifiablePresentation",
        }
    }
}

/// The `alg` of keys of an algorithm.
#[must_use]
pub const fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Ed25519 => "EdDSA",
        Algorithm::P256 => "ES256",
        Algorithm::P384 => "ES384",
    }
}

/// A JWS without its payload: who signed, what, and how it is checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// What it holds.
    pub kind: Kind,
    /// `alg`
    pub algorithm: Algorithm,
    /// `kid`
    pub key_id: String,
    /// `iss`
    pub issuer: Option<String>,
    /// What is signed: header and payload as they stand.
    pub message: String,
    /// The signature.
    pub signature: Vec<u8>,
    /// The registered claims that stood in the payload.
    pub claims: Claims,
}

/// The [registered claims](https://www.rfc-editor.org/rfc/rfc7519#section-4.1) beside a credential or presentation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claims {
    /// `iss`
    pub issuer: Option<String>,
    /// `sub`
    pub subject: Option<String>,
    /// `jti`
    pub id: Option<String>,
    /// `aud`
    pub audience: Vec<String>,
    /// `nonce`
    pub nonce: Option<String>,
    /// `exp`
    pub expires: Option<Timestamp>,
    /// `nbf`
    pub not_before: Option<Timestamp>,
    /// `iat`
    pub issued_at: Option<Timestamp>,
}

/// Why a text is not taken as a JWS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoseError {
    /// `alg` is none of ours.
    #[error("the algorithm of the JWS is not ES256, ES384 or EdDSA")]
    Algorithm,
    /// A registered claim has no valid value.
    #[error("the claim `{0}` beside the credential is not valid")]
    Claim(&'static str),
    /// An envelope is not of the form that the data model asks for.
    #[error("the envelope is not valid: {0}")]
    Envelope(&'static str),
    /// Not three parts of base64url.
    #[error("this is not a compact JWS: {0}")]
    Form(&'static str),
    /// The header is not JSON.
    #[error("the header of the JWS is not JSON that can be taken: {0}")]
    Header(JsonError),
    /// The header has a member that is not read, or one with no valid value.
    #[error("the header of the JWS has a member `{0}` that is not taken")]
    Member(String),
    /// The payload is not JSON.
    #[error("the payload of the JWS is not JSON that can be taken: {0}")]
    Payload(JsonError),
    /// `typ` is neither `vc+jwt` nor `vp+jwt`, or says another thing than the payload.
    #[error("the `typ` of the JWS is not that of what it holds")]
    Type,
}

impl JoseError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Algorithm => "jose.algorithm",
            Self::Claim(_) => "jose.claim",
            Self::Envelope(_) => "jose.envelope",
            Self::Form(_) => "jose.form",
            Self::Header(cause) | Self::Payload(cause) => cause.code(),
            Self::Member(_) => "jose.header",
            Self::Type => "jose.type",
        }
    }
}

/// Whether a text can only be meant as a JWS: letters of base64url, with dots.
#[must_use]
pub fn looks_like_jws(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'=');
    text.contains('.') && text.bytes().all(letter)
}

/// Reads a compact JWS: the envelope, and the payload without its registered claims.
///
/// # Errors
/// [`JoseError`], for the first cause met.
pub fn parse(text: &str) -> Result<(Envelope, Object), JoseError> {
    if text.len() > 2 * MAX_DOCUMENT_BYTES {
        return Err(JoseError::Form("it is too long"));
    }
    let mut parts = text.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JoseError::Form("it does not have exactly two dots"));
    };
    if header.len() > MAX_JOSE_HEADER_CHARS || signature.len() > MAX_JOSE_SIGNATURE_CHARS {
        return Err(JoseError::Form("its header or signature is too long"));
    }
    let bytes = |part| {
        multibase::decode_base64url_digits(part)
            .map_err(|_| JoseError::Form("a part is not base64url without padding"))
    };
    let utf8 = |part| String::from_utf8(bytes(part)?).map_err(|_| JoseError::Form("a part is not UTF-8"));
    let header = json::parse_within(&utf8(header)?, &Limits { max_depth: 2, ..Limits::default() })
        .map_err(JoseError::Header)?;
    let Json::Object(mut payload) = json::parse(&utf8(payload)?).map_err(JoseError::Payload)? else {
        return Err(JoseError::Type);
    };
    let (kind, algorithm) = read_header(&header)?;
    let member = |name: &str| header.get(name).and_then(Json::as_str).map(str::to_owned);
    let key_id = member("kid").ok_or_else(|| JoseError::Member("kid".to_owned()))?;
    let claims = Claims::take(&mut payload)?;
    // What is signed ends before the last dot.
    let message = text.get(..text.len() - signature.len() - 1).unwrap_or_default().to_owned();
    let signature = bytes(signature)?;
    Ok((Envelope { kind, algorithm, key_id, issuer: member("iss"), message, signature, claims }, payload))
}

/// The members of a header, all of them texts.
fn read_header(header: &Json) -> Result<(Kind, Algorithm), JoseError> {
    let object = header.as_object().ok_or(JoseError::Form("its header is not an object"))?;
    for (name, value) in object.iter() {
        let known = matches!(name, "alg" | "cty" | "iss" | "kid" | "typ");
        if !known || value.as_str().is_none_or(str::is_empty) {
            return Err(JoseError::Member(name.chars().take(80).collect()));
        }
    }
    let text = |name: &str| object.get(name).and_then(Json::as_str);
    let kind = match text("typ") {
        Some("vc+jwt") => Kind::Credential,
        Some("vp+jwt") => Kind::Presentation,
        _ => return Err(JoseError::Type),
    };
    if text("cty").is_some_and(|content| content != kind.content()) {
        return Err(JoseError::Type);
    }
    let algorithm = match text("alg") {
        Some("ES256") => Algorithm::P256,
        Some("ES384") => Algorithm::P384,
        Some("EdDSA" | "Ed25519") => Algorithm::Ed25519,
        _ => return Err(JoseError::Algorithm),
    };
    Ok((kind, algorithm))
}

/// Takes the JWS out of an object that holds it as its `id`
/// ([section 4.13.2](https://www.w3.org/TR/vc-data-model-2.0/#enveloped-verifiable-credentials)); `None` for other objects.
///
/// # Errors
/// [`JoseError::Envelope`] where the object is one and not of that form.
pub fn enveloped(object: &Object, kind: Kind) -> Option<Result<&str, JoseError>> {
    let types = object.get("type").map(Json::one_or_many).unwrap_or_default();
    let is_envelope = types.iter().any(|item| item.as_str() == Some(kind.envelope()));
    is_envelope.then(|| {
        let contexts = object.get("@context").map(Json::one_or_many).unwrap_or_default();
        if contexts.first().and_then(Json::as_str) != Some(CREDENTIALS_V2) {
            return Err(JoseError::Envelope("its `@context` does not begin with that of credentials"));
        }
        if types.len() != 1 || object.len() != 3 {
            return Err(JoseError::Envelope("it has more than `@context`, `id` and `type`"));
        }
        let id = object.get("id").and_then(Json::as_str).unwrap_or_default();
        let data = id.strip_prefix("data:application/").and_then(|rest| rest.strip_prefix(kind.name()));
        data.and_then(|rest| rest.strip_prefix(','))
            .ok_or(JoseError::Envelope("its `id` is not a `data:` URL of the media type"))
    })
}

impl Envelope {
    /// The verification method: `kid` as it stands, or as a fragment of the DID of whoever is said to have signed.
    #[must_use]
    pub fn verification_method(&self, party: Option<&str>) -> Option<DidUrl> {
        if self.key_id.starts_with('#') {
            let party = self.issuer.as_deref().or(self.claims.issuer.as_deref()).or(party)?;
            return format!("{party}{}", self.key_id).parse().ok();
        }
        self.key_id.parse().ok()
    }

    /// The first claim that says something else than the content: who issued it (or presents it), what it is
    /// called, whom it is about.
    #[must_use]
    pub fn contradiction(&self, content: &Json, party: Option<&str>) -> Option<&'static str> {
        let text = |pointer: &str| content.pointer(pointer).and_then(Json::as_str);
        let differs =
            |claim: &Option<String>, value: Option<&str>| claim.is_some() && claim.as_deref() != value;
        [
            ("iss", differs(&self.issuer, party) || differs(&self.claims.issuer, party)),
            ("jti", differs(&self.claims.id, text("/id"))),
            ("sub", differs(&self.claims.subject, text("/credentialSubject/id"))),
        ]
        .into_iter()
        .find_map(|(name, differs)| differs.then_some(name))
    }
}

impl Claims {
    /// Takes the registered claims out of a payload. The members of older forms, which hold the credential
    /// inside, are refused.
    fn take(payload: &mut Object) -> Result<Self, JoseError> {
        for old in ["vc", "vp"] {
            if payload.contains(old) {
                return Err(JoseError::Claim(if old == "vc" { "vc" } else { "vp" }));
            }
        }
        let mut take = |name| payload.remove(name);
        let text = |name, value: Option<Json>| match value {
            None => Ok(None),
            Some(Json::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(JoseError::Claim(name)),
        };
        let time = |name, value: Option<Json>| match value {
            None => Ok(None),
            Some(value) => {
                value.as_i64().map(|secs| Some(Timestamp::from_unix_secs(secs))).ok_or(JoseError::Claim(name))
            }
        };
        let audience = take("aud").unwrap_or_else(|| Vec::new().into());
        let each = |item: &Json| item.as_str().map(str::to_owned).ok_or(JoseError::Claim("aud"));
        Ok(Self {
            issuer: text("iss", take("iss"))?,
            subject: text("sub", take("sub"))?,
            id: text("jti", take("jti"))?,
            audience: audience.one_or_many().iter().map(each).collect::<Result<_, _>>()?,
            nonce: text("nonce", take("nonce"))?,
            expires: time("exp", take("exp"))?,
            not_before: time("nbf", take("nbf"))?,
            issued_at: time("iat", take("iat"))?,
        })
    }
}

#[cfg(test)]
mod tests;
