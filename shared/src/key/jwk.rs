//! Public keys as JSON Web Keys: [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517), for the curves of
//! [RFC 7518, section 6.2](https://www.rfc-editor.org/rfc/rfc7518#section-6.2) and
//! [RFC 8037](https://www.rfc-editor.org/rfc/rfc8037).
//!
//! ```json
//! { "kty": "EC", "crv": "P-256", "x": "…", "y": "…" }
//! { "kty": "OKP", "crv": "Ed25519", "x": "…" }
//! ```

use super::{Algorithm, KeyError, VerifyingKey};
use crate::json::{Json, Object};
use crate::multibase;

/// The members registered as private
/// ([JSON Web Key Parameters](https://www.iana.org/assignments/jose/jose.xhtml#web-key-parameters)).
const PRIVATE_MEMBERS: [&str; 9] = ["d", "dp", "dq", "k", "oth", "p", "priv", "q", "qi"];

impl VerifyingKey {
    /// Reads a `publicKeyJwk`. Members that are not about the key itself (`kid`, certificates) are not
    /// looked at; `use`, `key_ops` and `alg` must allow verification with the algorithm of the curve.
    ///
    /// # Errors
    /// [`KeyError`] for another key type or curve, private members, coordinates of a wrong length, or a
    /// point that is none or weak.
    pub fn from_jwk(jwk: &Json) -> Result<Self, KeyError> {
        let jwk = jwk.as_object().ok_or(KeyError::JwkMember("kty"))?;
        if let Some(name) = PRIVATE_MEMBERS.into_iter().find(|name| jwk.contains(name)) {
            return Err(KeyError::PrivateMember(name));
        }
        let algorithm = match (text(jwk, "kty")?, text(jwk, "crv")) {
            ("EC", Ok("P-256")) => Algorithm::P256,
            ("EC", Ok("P-384")) => Algorithm::P384,
            ("OKP", Ok("Ed25519")) => Algorithm::Ed25519,
            _ => return Err(KeyError::UnsupportedAlgorithm),
        };
        check_use(jwk, algorithm)?;
        let x = coordinate(jwk, "x", algorithm)?;
        match algorithm {
            Algorithm::Ed25519 if jwk.contains("y") => Err(KeyError::JwkMember("y")),
            Algorithm::Ed25519 => Self::from_point_bytes(algorithm, &x),
            Algorithm::P256 | Algorithm::P384 => {
                let y = coordinate(jwk, "y", algorithm)?;
                Self::from_point_bytes(algorithm, &[&[4][..], &x, &y].concat())
            }
        }
    }
}

fn text<'j>(jwk: &'j Object, name: &'static str) -> Result<&'j str, KeyError> {
    jwk.get(name).and_then(Json::as_str).ok_or(KeyError::JwkMember(name))
}

/// The bytes of a coordinate, which always have the full length of the field.
fn coordinate(jwk: &Object, name: &'static str, algorithm: Algorithm) -> Result<Vec<u8>, KeyError> {
    let digits = text(jwk, name)?;
    let bytes = multibase::decode_base64url_digits(digits).map_err(|_| KeyError::JwkMember(name))?;
    if bytes.len() != algorithm.secret_bytes() {
        return Err(KeyError::WrongLength { algorithm, len: bytes.len() });
    }
    Ok(bytes)
}

fn check_use(jwk: &Object, algorithm: Algorithm) -> Result<(), KeyError> {
    let allowed: &[&str] = match algorithm {
        Algorithm::Ed25519 => &["EdDSA", "Ed25519"],
        Algorithm::P256 => &["ES256"],
        Algorithm::P384 => &["ES384"],
    };
    let verify = Json::from("verify");
    if jwk.contains("use") && text(jwk, "use")? != "sig" {
        return Err(KeyError::JwkMember("use"));
    }
    if jwk.contains("alg") && !allowed.contains(&text(jwk, "alg")?) {
        return Err(KeyError::JwkMember("alg"));
    }
    if jwk.get("key_ops").is_some_and(|ops| !ops.as_array().is_some_and(|ops| ops.contains(&verify))) {
        return Err(KeyError::JwkMember("key_ops"));
    }
    Ok(())
}
