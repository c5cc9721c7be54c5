//! The service: the [VC-API](https://w3c-ccg.github.io/vc-api/) on this machine, over the same core as the
//! command line.
//!
//! ```text
//! POST /issuers/{name}/credentials/issue      one name for each cryptosuite and curve, and JWS  issue.rs
//! POST /credentials/verify                    strict: the policy's profile, a passport's        verify.rs
//! POST /credentials/derive                    selective disclosure, as a holder                    derive.rs
//! POST /presentations/verify
//! POST /standard/credentials/verify           any credential of the data model
//! POST /standard/presentations/verify
//! POST /proof-only/credentials/verify         the signatures and nothing else, asked for by name
//! POST /proof-only/presentations/verify
//! GET  /status-lists/{name}                   revocation, suspension, message                       status.rs
//! GET  /1.0/identifiers/{did}                 the DID document, as far as it needs no fetching  identifiers.rs
//! ```
//!
//! [`router`] is all of it but the socket, which is [`server`]'s. A handler's doc is its numbered steps, each
//! with the status it may end in; [`problem`] makes every status but the good ones.
//!
//! *In scope:* requests within limits, keys that are thrown away. *Out of scope:* callers that have to be told
//! apart, keys that last, a store: this is the conformance mode, for loopback only. Nothing is ever fetched.

mod derive;
mod identifiers;
mod issue;
mod issuers;
pub mod problem;
mod request;
pub mod server;
mod status;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use model_passport::evidence::{Document, Profile};
use model_passport::limits;
use model_passport::time::Timestamp;

pub use issuers::{Announced, Issuer, throw_away};
use problem::ServiceError;

/// Longest body taken: what the core takes as one document.
pub const MAX_BODY_BYTES: usize = limits::MAX_DOCUMENT_BYTES;

/// How long a body may take to arrive: 1 MiB at 70 kB/s.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// A clock.
pub type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// What the handlers have of the world.
pub struct Service {
    /// The keys, by the name in their path.
    issuers: Vec<Issuer>,
    /// Where callers find the service: the addresses of status lists begin so.
    base: String,
    indexes: status::Indexes,
    /// JSON-LD contexts besides the embedded ones.
    contexts: Vec<Document>,
    clock: Clock,
}

impl Service {
    /// A service that callers find at `base`, with JSON-LD contexts besides the embedded ones.
    #[must_use]
    pub fn new(base: impl Into<String>, issuers: Vec<Issuer>, contexts: Vec<Document>, clock: Clock) -> Self {
        Self { base: base.into(), indexes: status::Indexes::default(), issuers, contexts, clock }
    }
}

/// Every path of the service.
pub fn router(service: Service) -> Router {
    Router::new()
        .route("/issuers/{name}/credentials/issue", post(issue::credential))
        .route("/credentials/verify", post(verify::credential))
        .route("/credentials/derive", post(derive::credential))
        .route("/presentations/verify", post(verify::presentation))
        .nest("/standard", verifiers(Profile::Standard))
        .nest("/proof-only", verifiers(Profile::ProofOnly))
        .route("/status-lists/{name}", get(status::list))
        .route("/1.0/identifiers/{did}", get(identifiers::resolve))
        .fallback(async || ServiceError::NoSuchPath)
        .method_not_allowed_fallback(async || ServiceError::Method)
        .with_state(Arc::new(service))
}

/// The verifiers of one profile, which the policy in a request cannot change.
fn verifiers(profile: Profile) -> Router<Arc<Service>> {
    Router::new()
        .route(
            "/credentials/verify",
            post(async move |state, body| verify::credential_within(state, body, profile).await),
        )
        .route(
            "/presentations/verify",
            post(async move |state, body| verify::presentation_within(state, body, profile).await),
        )
}

/// JSON text as an answer.
fn json(status: StatusCode, media_type: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        // Answers are about one moment, and a browser must not guess what they are.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, text).into_response()
}

/// Work that takes a core for itself, on a thread that may be held up.
async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ServiceError> {
    // A panic ends one request, and is no answer.
    tokio::task::spawn_blocking(work).await.map_err(|_panicked| ServiceError::Internal)
}
