//! `POST /credentials/derive` ([VC-API, Derive](https://w3c-ccg.github.io/vc-api/#derive-credential)).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model_passport::json::{self, Json, Object};
use model_passport::jsonld::ContextLoader;
use model_passport::passport::InputError;
use model_passport::proof::ecdsa_sd;

use super::problem::ServiceError;
use super::request::{DeriveRequest, Text};
use super::{Service, compute};

/// What a holder shows of a credential with a base proof.
///
/// 1. the body: 400, 408, 413, 415
/// 2. the credential, strictly read: 400
/// 3. the mandatory part and what the pointers name, with a proof of that: 201; without a base proof, or where a
///    pointer names nothing: 422
pub(super) async fn credential(
    State(service): State<Arc<Service>>,
    Text(body): Text,
) -> Result<Response, ServiceError> {
    compute(move || {
        let request = DeriveRequest::read(&body)?;
        let credential = json::parse(request.verifiable_credential.get())
            .map_err(|cause| ServiceError::Credential(InputError::from(cause)))?;
        let pointers = request.options()?.selective_pointers;
        let contexts = service.parsed_contexts();
        let derived = ecdsa_sd::derive(&credential, &pointers, ContextLoader::with(&contexts))
            .map_err(ServiceError::Derive)?;
        let answer = Json::from(Object::from_iter([("verifiableCredential", derived)]));
        Ok(super::json(StatusCode::CREATED, "application/json", answer.to_string()))
    })
    .await?
}
