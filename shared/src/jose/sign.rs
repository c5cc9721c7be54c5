//! Making a JWS ([section 3.1 of VC-JOSE-COSE](https://www.w3.org/TR/vc-jose-cose/#with-jose)).

use super::{Kind, algorithm_name};
use crate::json::{Json, Object};
use crate::key::{SignError, Signer};
use crate::multibase::encode_base64url_digits;
use crate::passport::CREDENTIALS_V2;

/// For whom a presentation is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience {
    /// `nonce`: what the verifier asked to be repeated.
    pub challenge: Option<String>,
    /// `aud`: the verifier.
    pub domain: Vec<String>,
}

/// Signs a credential or presentation, as it stands.
///
/// # Errors
/// [`SignError`] when the signer gives no signature.
pub fn sign(
    document: &Json,
    kind: Kind,
    audience: &Audience,
    signer: &dyn Signer,
) -> Result<String, SignError> {
    let header = Object::from_iter([
        ("alg", algorithm_name(signer.algorithm())),
        ("typ", kind.name()),
        ("cty", kind.content()),
        ("kid", signer.verification_method()),
    ]);
    let mut payload = document.as_object().cloned().unwrap_or_default();
    if let Some(challenge) = &audience.challenge {
        payload.insert("nonce", challenge.as_str());
    }
    match audience.domain.as_slice() {
        [] => {}
        [one] => drop(payload.insert("aud", one.as_str())),
        many => {
            let many: Vec<Json> = many.iter().map(|domain| Json::from(domain.as_str())).collect();
            payload.insert("aud", many);
        }
    }
    let part = |object: Object| encode_base64url_digits(Json::from(object).to_string().as_bytes());
    let message = format!("{}.{}", part(header), part(payload));
    let signature = signer.sign(message.as_bytes())?;
    Ok(format!("{message}.{}", encode_base64url_digits(&signature)))
}

/// A JWS as an object, so that it can stand among credentials
/// ([section 4.13 of the data model](https://www.w3.org/TR/vc-data-model-2.0/#enveloped-verifiable-credentials)).
#[must_use]
pub fn envelope(jws: &str, kind: Kind) -> Json {
    let id = format!("data:application/{},{jws}", kind.name());
    Object::from_iter([("@context", CREDENTIALS_V2), ("id", &id), ("type", kind.envelope())]).into()
}
