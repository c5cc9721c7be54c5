//! [did:jwk](https://github.com/quartzjer/did-jwk/blob/main/spec.md): the identifier is the base64url of a
//! JSON Web Key. Read, never made.
//!
//! ```text
//! did:jwk:eyJrdHkiOiJFQyIs…      the DID
//! did:jwk:eyJrdHkiOiJFQyIs…#0    its one verification method
//! ```

use super::{DidError, DidUrl, VerificationMethod};
use crate::json;
use crate::key::{KeyError, VerifyingKey};
use crate::multibase;

pub(super) fn resolve(url: &DidUrl) -> Result<VerificationMethod, DidError> {
    if url.fragment() != Some("0") {
        return Err(DidError::MethodNotFound(url.to_string()));
    }
    let refused = |cause: KeyError| DidError::Key { method: url.to_string(), cause };
    let bytes = multibase::decode_base64url_digits(url.did.id()).map_err(|cause| refused(cause.into()))?;
    let text = String::from_utf8(bytes).map_err(|_| refused(KeyError::JwkMember("kty")))?;
    let key = VerifyingKey::from_jwk(&json::parse(&text)?).map_err(refused)?;
    Ok(VerificationMethod { controller: url.did.clone(), key, expires: None, revoked: None })
}
