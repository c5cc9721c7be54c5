//! `GET /1.0/identifiers/{did}` ([DID Resolution, HTTP(S) binding](https://www.w3.org/TR/did-resolution/#bindings-https)).

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use model_passport::did::{self, Did, DidError, DidUrl, Relationship};
use model_passport::json::{Json, Object};

use super::problem::ServiceError;

/// The media type of a resolution result.
const MEDIA_TYPE: &str = "application/did-resolution";

/// The document of a DID that carries its key.
///
/// 1. a DID, and no DID URL: 400
/// 2. of a method that is read here: 501
/// 3. with the key in it: 200; without: 404
pub(super) async fn resolve(Path(did): Path<String>) -> Result<Response, ServiceError> {
    let document = document(&did).map_err(ServiceError::Did)?;
    let content_type = Object::from_iter([("contentType", "application/did")]);
    let result = Json::from(Object::from_iter([
        ("didDocument", document),
        ("didResolutionMetadata", content_type.into()),
        ("didDocumentMetadata", Object::new().into()),
    ]));
    Ok(super::json(StatusCode::OK, MEDIA_TYPE, result.to_string()))
}

fn document(text: &str) -> Result<Json, DidError> {
    let did: Did = text.parse()?;
    let fragment = match did.method()? {
        did::Method::Key => did.id().to_owned(),
        did::Method::Jwk => "0".to_owned(),
        did::Method::Web => return Err(DidError::DocumentNeeded(text.to_owned())),
    };
    let url = DidUrl::new(did.clone(), &fragment).ok_or_else(|| DidError::Syntax(text.to_owned()))?;
    let method = did::resolve_method(&url, Relationship::AssertionMethod, None)?;
    Ok(did::document(&did, [(fragment.as_str(), &method.key)]))
}
