//! Decentralized Identifiers ([DID Core 1.0](https://www.w3.org/TR/did-1.0/)) and the documents behind
//! them, as far as checking a signature needs them.
//!
//! ```text
//! did:key:z6Mk…#z6Mk…     the key is the identifier              key.rs
//! did:jwk:eyJrdHki…#0     the same, as a JSON Web Key            jwk.rs
//! did:web:lab.example#k1  a document at https://lab.example/…    web.rs, document.rs
//! ```
//!
//! In scope: syntax, the URL of a did:web document, and
//! [Retrieve Verification Method](https://www.w3.org/TR/cid-1.0/#retrieve-verification-method) on a
//! document that the shell brought. Out of scope: fetching it, which a shell does behind its address rules.

mod document;
pub mod jwk;
pub mod key;
pub mod web;

use std::fmt;
use std::str::FromStr;

use crate::json::JsonError;
use crate::key::{KeyError, VerifyingKey};
use crate::time::Timestamp;

pub use document::{ListedKey, document, document_of};

/// Longest DID URL taken. A did:jwk with a P-384 key takes about 250 characters.
pub const MAX_DID_URL_CHARS: usize = 2048;

/// Longest DID document taken: 256 KiB, some 500 keys.
pub const MAX_DID_DOCUMENT_BYTES: usize = 256 << 10;

/// A DID: `did:`, a method, and what identifies the subject within it
/// ([DID syntax](https://www.w3.org/TR/did-1.0/#did-syntax)).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Did {
    text: String,
    /// Where the method-specific identifier begins.
    id_at: usize,
}

/// A DID with what follows it
/// ([DID URL syntax](https://www.w3.org/TR/did-1.0/#did-url-syntax)). Compared as text, never normalised.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DidUrl {
    did: Did,
    /// Path and query, with the `/` or `?` that they begin with.
    path_and_query: String,
    fragment: Option<String>,
}

/// The methods that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// did:jwk
    Jwk,
    /// did:key
    Key,
    /// did:web
    Web,
}

/// What a key may be used for
/// ([verification relationships](https://www.w3.org/TR/cid-1.0/#verification-relationships)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relationship {
    /// To make claims, such as issuing a credential.
    AssertionMethod,
    /// To prove who presents something.
    Authentication,
}

impl Relationship {
    /// The name of the relationship in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AssertionMethod => "assertionMethod",
            Self::Authentication => "authentication",
        }
    }
}

/// A key that a DID's controller lets be used in the asked way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationMethod {
    /// The DID that controls it: the one of its URL.
    pub controller: Did,
    /// The key.
    pub key: VerifyingKey,
    /// From when on it must not be used.
    pub expires: Option<Timestamp>,
    /// Since when it must not be believed.
    pub revoked: Option<Timestamp>,
}

/// Why a DID gives no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// The method's controller is not the subject of the document that lists it.
    #[error("`{method}` is controlled by `{controller}`, not by the DID that lists it")]
    ControllerMismatch {
        /// The method.
        method: String,
        /// The controller that it names.
        controller: String,
    },
    /// The document is another DID's.
    #[error("the document is that of `{found}`, not of `{expected}`")]
    DocumentIdMismatch {
        /// The DID asked for.
        expected: String,
        /// The `id` found.
        found: String,
    },
    /// The document is not JSON as it is read here.
    #[error("the DID document is not taken: {0}")]
    DocumentMalformed(#[from] JsonError),
    /// The document lies elsewhere and was not brought.
    #[error("the document of `{0}` is needed")]
    DocumentNeeded(String),
    /// Two methods of a document have one identifier.
    #[error("the document lists `{0}` twice")]
    DuplicateMethod(String),
    /// A host that is an address, a local name, or no DNS name at all.
    #[error("`{0}` is not the public DNS name of a host")]
    Host(String),
    /// The key itself is not taken.
    #[error("the key of `{method}` is not taken: {cause}")]
    Key {
        /// The method.
        method: String,
        /// Why not.
        cause: KeyError,
    },
    /// The document says something where a rule leaves no room for it.
    #[error("the DID document has no valid `{0}`")]
    Member(&'static str),
    /// The key may not be used for this.
    #[error("the document does not list `{method}` under `{relationship}`")]
    MethodNotAuthorised {
        /// The method.
        method: String,
        /// The relationship asked for.
        relationship: &'static str,
    },
    /// No such key.
    #[error("the DID has no verification method `{0}`")]
    MethodNotFound(String),
    /// The document publishes the secret key.
    #[error("the document publishes the secret key of `{0}`")]
    SecretPublished(String),
    /// Not a DID or DID URL.
    #[error("`{0}` is not a DID or DID URL")]
    Syntax(String),
    /// A DID method that is not read here.
    #[error("the DID method of `{0}` is not supported")]
    UnsupportedMethod(String),
    /// A type of verification method that is not read here.
    #[error("`{method}` has the type `{found}`, neither `Multikey` nor `JsonWebKey`")]
    UnsupportedMethodType {
        /// The method.
        method: String,
        /// The type that it has.
        found: String,
    },
    /// A did:web path or port that does not map to one URL.
    #[error("`{0}` does not map to one URL")]
    WebPath(String),
}

impl DidError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ControllerMismatch { .. } => "did.controller-mismatch",
            Self::DocumentIdMismatch { .. } => "did.document-id-mismatch",
            Self::DocumentMalformed(_) => "did.document-malformed",
            Self::DocumentNeeded(_) => "did.document-needed",
            Self::DuplicateMethod(_) => "did.duplicate-method",
            Self::Host(_) => "did.host",
            Self::Key { cause, .. } => cause.code(),
            Self::Member(_) => "did.member",
            Self::MethodNotAuthorised { .. } => "did.method-not-authorised",
            Self::MethodNotFound(_) => "did.method-not-found",
            Self::SecretPublished(_) => "did.secret-published",
            Self::Syntax(_) => "did.syntax",
            Self::UnsupportedMethod(_) => "did.unsupported-method",
            Self::UnsupportedMethodType { .. } => "did.unsupported-method-type",
            Self::WebPath(_) => "did.web-path",
        }
    }
}

/// The key that a DID URL names, if its controller lets it be used as asked
/// ([Retrieve Verification Method](https://www.w3.org/TR/cid-1.0/#retrieve-verification-method)).
///
/// `document` is the text found at [`document_url`], and is not looked at for the methods that have none.
/// Whether the key was expired or revoked when it was used is left to the caller, who knows when that was.
///
/// # Errors
/// [`DidError`], one variant for each cause.
pub fn resolve_method(
    url: &DidUrl,
    relationship: Relationship,
    document: Option<&str>,
) -> Result<VerificationMethod, DidError> {
    // No method here gives a path or a query of a verification method a meaning.
    if !url.path_and_query.is_empty() {
        return Err(DidError::MethodNotFound(url.to_string()));
    }
    match url.did.method()? {
        Method::Jwk => jwk::resolve(url),
        Method::Key => key::resolve(url),
        Method::Web => {
            let text = document.ok_or_else(|| DidError::DocumentNeeded(url.did.to_string()))?;
            document::resolve(url, relationship, text)
        }
    }
}

/// Where the document of a DID lies; `None` where the identifier is all there is.
///
/// # Errors
/// [`DidError`] for a method that is not read here, or a did:web that maps to no URL.
pub fn document_url(did: &Did) -> Result<Option<String>, DidError> {
    match did.method()? {
        Method::Jwk | Method::Key => Ok(None),
        Method::Web => web::document_url(did).map(Some),
    }
}

impl Did {
    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The method-specific identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text.get(self.id_at..).unwrap_or_default()
    }

    /// The method.
    ///
    /// # Errors
    /// [`DidError::UnsupportedMethod`]
    pub fn method(&self) -> Result<Method, DidError> {
        match self.text.get(..self.id_at) {
            Some("did:jwk:") => Ok(Method::Jwk),
            Some("did:key:") => Ok(Method::Key),
            Some("did:web:") => Ok(Method::Web),
            _ => Err(DidError::UnsupportedMethod(excerpt(&self.text))),
        }
    }
}

impl FromStr for Did {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        read_did(text).ok_or_else(|| DidError::Syntax(excerpt(text)))
    }
}

fn read_did(text: &str) -> Option<Did> {
    if text.len() > MAX_DID_URL_CHARS {
        return None;
    }
    let (method, id) = text.strip_prefix("did:")?.split_once(':')?;
    let good_method =
        !method.is_empty() && method.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let in_id = |b: u8| b.is_ascii_alphanumeric() || b".-_:".contains(&b);
    // `*( *idchar ":" ) 1*idchar`: parts may be empty, the last one may not.
    let good_id = !id.is_empty() && !id.ends_with(':') && is_made_of(id, in_id);
    (good_method && good_id).then(|| Did { text: text.to_owned(), id_at: text.len() - id.len() })
}

/// Whether a text has only such characters and percent-encoded bytes.
fn is_made_of(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let good = match byte {
            b'%' => {
                bytes.next().is_some_and(|b| b.is_ascii_hexdigit())
                    && bytes.next().is_some_and(|b| b.is_ascii_hexdigit())
            }
            other => allowed(other),
        };
        if !good {
            return false;
        }
    }
    true
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl DidUrl {
    /// A DID with a fragment, the form of nearly every verification method.
    #[must_use]
    pub fn new(did: Did, fragment: &str) -> Option<Self> {
        let url = format!("{did}#{fragment}").parse::<Self>().ok()?;
        (url.did == did).then_some(url)
    }

    /// The DID.
    #[must_use]
    pub const fn did(&self) -> &Did {
        &self.did
    }

    /// What follows the `#`.
    #[must_use]
    pub fn fragment(&self) -> Option<&str> {
        self.fragment.as_deref()
    }
}

impl FromStr for DidUrl {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        read_did_url(text).ok_or_else(|| DidError::Syntax(excerpt(text)))
    }
}

fn read_did_url(text: &str) -> Option<DidUrl> {
    if text.len() > MAX_DID_URL_CHARS {
        return None;
    }
    // https://www.rfc-editor.org/rfc/rfc3986#section-3.3
    let in_query = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&b);
    let (rest, fragment) =
        text.split_once('#').map_or((text, None), |(rest, fragment)| (rest, Some(fragment)));
    let (did, path_and_query) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if !is_made_of(path_and_query, in_query)
        || !fragment.is_none_or(|fragment| is_made_of(fragment, in_query))
    {
        return None;
    }
    Some(DidUrl {
        did: read_did(did)?,
        path_and_query: path_and_query.to_owned(),
        fragment: fragment.map(str::to_owned),
    })
}

impl fmt::Display for DidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.did, self.path_and_query)?;
        self.fragment.as_ref().map_or(Ok(()), |fragment| write!(f, "#{fragment}"))
    }
}

/// The beginning of a text that may be long, for a message.
fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(120).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
