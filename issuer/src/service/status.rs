//! `GET /status-lists/{name}`, and the entries that lead there
//! ([Bitstring Status List](https://www.w3.org/TR/vc-bitstring-status-list/)).
//!
//! Three lists, signed by the issuer whose credentials they speak of. Nothing is ever recalled here, so they are all
//! zeros; each is made and signed when it is asked for, and is as fresh as the answer.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use model_passport::evidence::Document;
use model_passport::json::Json;
use model_passport::jsonld::ContextLoader;
use model_passport::limits::MIN_STATUS_ENTRIES;
use model_passport::proof::{ProofOptions, add_proof};
use model_passport::status::{Bitstring, Entry, ListOrder, Purpose};
use model_passport::time::Timestamp;

use super::issuers::WITH_STATUS;
use super::problem::ServiceError;
use super::{Issuer, Service, compute};

/// How long a list may be relied on.
const VALID_SECS: i64 = 24 * 60 * 60;

/// Bits of a message, and what each value says.
const MESSAGE_BITS: u8 = 2;
const MESSAGES: [&str; 4] = ["nothing to report", "under review", "reviewed", "withdrawn from use"];

/// The indexes in use, of lists that all have one length.
#[derive(Debug, Default)]
pub(super) struct Indexes(Mutex<HashSet<u64>>);

impl Indexes {
    /// A random one that nobody has.
    fn take(&self) -> Option<u64> {
        let entries = u64::try_from(MIN_STATUS_ENTRIES).ok()?;
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Half full, every second try finds a free one, and a full list is never searched to its end.
        if u64::try_from(taken.len()).ok()? > entries / 2 {
            return None;
        }
        loop {
            let mut bytes = [0; 8];
            SystemRandom::new().fill(&mut bytes).ok()?;
            let index = u64::from_be_bytes(bytes) % entries;
            if taken.insert(index) {
                return Some(index);
            }
        }
    }
}

/// The lists, by the last part of their address.
fn purposes() -> [(Purpose, u8); 3] {
    [(Purpose::Revocation, 1), (Purpose::Suspension, 1), (Purpose::Message, MESSAGE_BITS)]
}

/// The credential of a list.
///
/// 1. a list of this service: 404
/// 2. signed now: 200
pub(super) async fn list(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
) -> Result<Response, ServiceError> {
    compute(move || {
        let known = purposes().into_iter().find(|(purpose, _)| purpose.name() == name);
        let (purpose, size) = known.ok_or(ServiceError::UnknownStatusList { name })?;
        let list = service.signed_list(&purpose, size)?;
        Ok(super::json(StatusCode::OK, "application/json", list.to_string()))
    })
    .await?
}

impl Service {
    fn list_url(&self, purpose: &Purpose) -> String {
        format!("{}/status-lists/{}", self.base, purpose.name())
    }

    /// The entries of a new credential: one of each list, at one index.
    pub(super) fn status_entries(&self) -> Result<Json, ServiceError> {
        let index = self.indexes.take().ok_or(ServiceError::StatusListFull)?;
        let entry = |(purpose, size): (Purpose, u8)| {
            let says = size == MESSAGE_BITS;
            let messages = (0..).zip(MESSAGES).map(|(value, text)| (value, text.to_owned()));
            let list = self.list_url(&purpose);
            let messages = if says { messages.collect() } else { Vec::new() };
            let references = if says { vec![format!("{list}#messages")] } else { Vec::new() };
            Entry { purpose, index, list, size, messages, references }.to_json()
        };
        Ok(purposes().map(entry).to_vec().into())
    }

    /// The lists of this service, for a credential that names them.
    pub(super) fn own_lists(&self, text: &str) -> Vec<Document> {
        let named = purposes().into_iter().filter(|(purpose, _)| text.contains(&self.list_url(purpose)));
        let document = |(purpose, size): (Purpose, u8)| {
            let list = self.signed_list(&purpose, size).ok()?;
            let retrieved = Some((self.clock)().to_string());
            Some(Document { url: self.list_url(&purpose), retrieved, text: list.to_string() })
        };
        named.filter_map(document).collect()
    }

    fn signed_list(&self, purpose: &Purpose, size: u8) -> Result<Json, ServiceError> {
        let now: Timestamp = (self.clock)();
        let issuer = self.issuers.iter().find(|issuer| issuer.status).ok_or(ServiceError::Internal)?;
        let Issuer { did, signer, .. } = issuer;
        let order = ListOrder {
            url: &self.list_url(purpose),
            issuer: did,
            purposes: std::slice::from_ref(purpose),
            bits: &Bitstring::new(MIN_STATUS_ENTRIES, size),
            valid_from: now,
            valid_until: now.plus_secs(VALID_SECS),
        };
        let options = ProofOptions::new(WITH_STATUS).created(now);
        add_proof(&order.to_json(), &options, signer, ContextLoader::default()).map_err(ServiceError::Sign)
    }
}
