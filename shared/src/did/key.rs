//! [did:key](https://w3c-ccg.github.io/did-key-spec/): the identifier is the key.
//!
//! ```text
//! did:key:z6Mk…            the DID
//! did:key:z6Mk…#z6Mk…      its one verification method, in every relationship
//! ```

use super::{Did, DidError, DidUrl, VerificationMethod};
use crate::key::VerifyingKey;

/// The DID of a key.
#[must_use]
pub fn did(key: &VerifyingKey) -> Did {
    Did { text: format!("did:key:{}", key.to_multikey()), id_at: "did:key:".len() }
}

/// The URL of the one verification method of a key's DID.
#[must_use]
pub fn verification_method(key: &VerifyingKey) -> String {
    let multikey = key.to_multikey();
    format!("did:key:{multikey}#{multikey}")
}

pub(super) fn resolve(url: &DidUrl) -> Result<VerificationMethod, DidError> {
    let multikey = url.did.id();
    if url.fragment() != Some(multikey) {
        return Err(DidError::MethodNotFound(url.to_string()));
    }
    let key = VerifyingKey::from_multikey(multikey)
        .map_err(|cause| DidError::Key { method: url.to_string(), cause })?;
    Ok(VerificationMethod { controller: url.did.clone(), key, expires: None, revoked: None })
}
