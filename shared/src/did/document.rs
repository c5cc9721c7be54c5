//! A DID document and the key that one of its URLs names:
//! [Retrieve Verification Method](https://www.w3.org/TR/cid-1.0/#retrieve-verification-method).
//!
//! ```json
//! { "id": "did:web:lab.example",
//!   "verificationMethod": [{ "id": "did:web:lab.example#k1", "type": "Multikey",
//!     "controller": "did:web:lab.example", "publicKeyMultibase": "zDn…" }],
//!   "assertionMethod": ["did:web:lab.example#k1"] }
//! ```
//!
//! Read as JSON: the names that count are the ones above, whatever an `@context` says.

use super::{Did, DidError, DidUrl, MAX_DID_DOCUMENT_BYTES, Relationship, VerificationMethod, excerpt};
use crate::json::{self, Json, Limits, Object};
use crate::key::{KeyError, VerifyingKey};
use crate::time::Timestamp;

/// All verification relationships: each may hold methods of its own.
const RELATIONSHIPS: [&str; 5] =
    ["assertionMethod", "authentication", "capabilityDelegation", "capabilityInvocation", "keyAgreement"];

/// A key as its owner lists it.
#[derive(Debug, Clone, Copy)]
pub struct ListedKey<'k> {
    /// What follows the `#` in its URL.
    pub fragment: &'k str,
    /// The key.
    pub key: &'k VerifyingKey,
    /// From when on nothing more is signed with it.
    pub expires: Option<Timestamp>,
    /// Since when it must not be believed.
    pub revoked: Option<Timestamp>,
}

/// The DID document that lists these keys, each under its fragment, for assertions and authentication.
#[must_use]
pub fn document<'k>(did: &Did, keys: impl IntoIterator<Item = (&'k str, &'k VerifyingKey)>) -> Json {
    let listed =
        keys.into_iter().map(|(fragment, key)| ListedKey { fragment, key, expires: None, revoked: None });
    document_of(did, listed, &[])
}

/// The DID document that lists keys with their periods, and services as `(fragment, type, address)`.
///
/// A key that has an end stays listed for assertions, since what was signed before then is checked with it, and
/// proves no presence any more.
#[must_use]
pub fn document_of<'k>(
    did: &Did,
    keys: impl IntoIterator<Item = ListedKey<'k>>,
    services: &[(&str, &str, &str)],
) -> Json {
    let mut methods = Vec::new();
    let (mut asserting, mut authenticating) = (Vec::new(), Vec::new());
    for listed in keys {
        let id = format!("{did}#{}", listed.fragment);
        let mut method = Object::from_iter([
            ("id", Json::from(id.as_str())),
            ("type", Json::from("Multikey")),
            ("controller", Json::from(did.as_str())),
            ("publicKeyMultibase", Json::from(listed.key.to_multikey())),
        ]);
        let ends = [("expires", listed.expires), ("revoked", listed.revoked)];
        for (name, time) in ends {
            if let Some(time) = time {
                method.insert(name, time.to_string());
            }
        }
        methods.push(Json::from(method));
        if ends.iter().all(|(_, time)| time.is_none()) {
            authenticating.push(Json::from(id.as_str()));
        }
        asserting.push(Json::from(id));
    }
    let contexts = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"];
    let mut document = Object::from_iter([
        ("@context", Json::from(contexts.map(Json::from).to_vec())),
        ("id", Json::from(did.as_str())),
        ("verificationMethod", Json::from(methods)),
        (Relationship::AssertionMethod.name(), Json::from(asserting)),
        (Relationship::Authentication.name(), Json::from(authenticating)),
    ]);
    let services: Vec<Json> = services
        .iter()
        .map(|(fragment, kind, address)| {
            let id = format!("{did}#{fragment}");
            Object::from_iter([("id", id.as_str()), ("type", kind), ("serviceEndpoint", address)]).into()
        })
        .collect();
    if !services.is_empty() {
        document.insert("service", services);
    }
    document.into()
}

/// Retrieves the method `url` from the text of its DID's document.
pub(super) fn resolve(
    url: &DidUrl,
    relationship: Relationship,
    text: &str,
) -> Result<VerificationMethod, DidError> {
    let limits = Limits { max_bytes: MAX_DID_DOCUMENT_BYTES, ..Limits::default() };
    let document = json::parse_within(text, &limits)?;
    let document = document.as_object().ok_or(DidError::Member("id"))?;
    let did = url.did();
    let found = document.get("id").and_then(Json::as_str).ok_or(DidError::Member("id"))?;
    if found != did.as_str() {
        return Err(DidError::DocumentIdMismatch { expected: did.to_string(), found: excerpt(found) });
    }
    let listed = Listed::read(document, did)?;
    let id = url.to_string();
    let Some((_, method)) = listed.methods.iter().find(|(listed, _)| *listed == id) else {
        return Err(DidError::MethodNotFound(id));
    };
    let authorised =
        listed.related.iter().any(|(name, listed)| *name == relationship.name() && *listed == id);
    if !authorised {
        return Err(DidError::MethodNotAuthorised { method: id, relationship: relationship.name() });
    }
    read_method(method, &id, did)
}

/// What a document lists.
#[derive(Default)]
struct Listed<'d> {
    /// Every method, under its absolute URL.
    methods: Vec<(String, &'d Object)>,
    /// Every relationship with the absolute URL of a method in it.
    related: Vec<(&'static str, String)>,
}

impl<'d> Listed<'d> {
    fn read(document: &'d Object, did: &Did) -> Result<Self, DidError> {
        let mut listed = Self::default();
        for method in items(document, "verificationMethod")? {
            listed.add_method(method, did)?;
        }
        for relationship in RELATIONSHIPS {
            for item in items(document, relationship)? {
                let id = match item {
                    Json::String(reference) => absolute(reference, did),
                    embedded => listed.add_method(embedded, did)?,
                };
                listed.related.push((relationship, id));
            }
        }
        // One identifier with two keys would leave it to the reader which of them counts.
        let mut ids: Vec<&str> = listed.methods.iter().map(|(id, _)| id.as_str()).collect();
        crate::index::sort(&mut ids);
        match ids.array_windows().find(|[a, b]| a == b) {
            Some([twice, _]) => Err(DidError::DuplicateMethod(excerpt(twice))),
            None => Ok(listed),
        }
    }

    fn add_method(&mut self, method: &'d Json, did: &Did) -> Result<String, DidError> {
        let method = method.as_object().ok_or(DidError::Member("verificationMethod"))?;
        let id = method.get("id").and_then(Json::as_str).ok_or(DidError::Member("verificationMethod/id"))?;
        let id = absolute(id, did);
        self.methods.push((id.clone(), method));
        Ok(id)
    }
}

/// The items of a member that may be absent.
fn items<'d>(document: &'d Object, name: &'static str) -> Result<&'d [Json], DidError> {
    document.get(name).map_or(Ok(&[]), |list| list.as_array().ok_or(DidError::Member(name)))
}

/// A reference with the DID in front of it, where it begins with its fragment
/// ([relative DID URLs](https://www.w3.org/TR/did-1.0/#relative-did-urls)).
fn absolute(reference: &str, did: &Did) -> String {
    if reference.starts_with('#') { format!("{did}{reference}") } else { reference.to_owned() }
}

/// Reads one method ([verification methods](https://www.w3.org/TR/cid-1.0/#verification-methods)).
fn read_method(method: &Object, id: &str, did: &Did) -> Result<VerificationMethod, DidError> {
    if method.contains("secretKeyMultibase") || method.contains("secretKeyJwk") {
        return Err(DidError::SecretPublished(id.to_owned()));
    }
    let text = |name: &str| method.get(name).and_then(Json::as_str);
    let controller = text("controller").ok_or(DidError::Member("verificationMethod/controller"))?;
    if controller != did.as_str() {
        return Err(DidError::ControllerMismatch { method: id.to_owned(), controller: excerpt(controller) });
    }
    let both = method.contains("publicKeyMultibase") && method.contains("publicKeyJwk");
    let key = match text("type") {
        Some("Multikey") if !both => {
            let multikey = text("publicKeyMultibase").ok_or(DidError::Member("publicKeyMultibase"))?;
            VerifyingKey::from_multikey(multikey)
        }
        Some("JsonWebKey") if !both => {
            VerifyingKey::from_jwk(method.get("publicKeyJwk").ok_or(DidError::Member("publicKeyJwk"))?)
        }
        Some("Multikey" | "JsonWebKey") => return Err(DidError::Member("publicKeyJwk")),
        other => {
            let found = excerpt(other.unwrap_or_default());
            return Err(DidError::UnsupportedMethodType { method: id.to_owned(), found });
        }
    };
    let key = key.map_err(|cause| match cause {
        KeyError::PrivateMember(_) => DidError::SecretPublished(id.to_owned()),
        cause => DidError::Key { method: id.to_owned(), cause },
    })?;
    let expires = time(method, "expires")?;
    let revoked = time(method, "revoked")?;
    Ok(VerificationMethod { controller: did.clone(), key, expires, revoked })
}

fn time(method: &Object, name: &'static str) -> Result<Option<Timestamp>, DidError> {
    let Some(value) = method.get(name) else { return Ok(None) };
    value.as_str().and_then(|text| text.parse().ok()).map(Some).ok_or(DidError::Member(name))
}
