//! What a person hands over for a verification, sorted into what the core asks for. Nothing is fetched.

use std::path::{Path, PathBuf};

use model_passport::evidence::{Document, Evidence, Policy};
use model_passport::json::{self, Json, JsonError};
use thiserror::Error;

use crate::capture;
use crate::exit::Exit;
use crate::files;
use crate::problem::{Failure, Problem};

/// The value of `bundle` in a bundle file.
pub const BUNDLE_FORMAT: &str = "https://w3id.org/model-passport/v1/bundle";

/// Why a file is no evidence.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum EvidenceError {
    #[error("the file `{}` is not JSON that can be taken: {cause}", path.display())]
    Json { path: PathBuf, cause: JsonError },
    #[error("the file `{}` is neither a passport, nor a bundle, nor a DID document", path.display())]
    Unknown { path: PathBuf },
    #[error("`{did}` in `{}` is not a DID with a document of its own", path.display())]
    Did { path: PathBuf, did: String },
    #[error("the policy `{}` cannot be read: {cause}", path.display())]
    Policy { path: PathBuf, cause: serde_json::Error },
}

impl Problem for EvidenceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Json { cause, .. } => cause.code(),
            Self::Unknown { .. } => "evidence.unknown-kind",
            Self::Did { .. } => "evidence.did",
            Self::Policy { .. } => "policy.malformed",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Json { .. } => "is this the right file? passports, bundles and DID documents are JSON",
            Self::Unknown { .. } => "give a signed passport, a bundle or a DID document; artefacts go to `--artifact`",
            Self::Did { .. } => "only `did:web` needs a document; `did:key` and `did:jwk` carry their key",
            Self::Policy { .. } => {
                r#"a policy is JSON such as {"requireArtifacts": true, "clockSkewSecs": 300}; unknown names are refused"#
            }
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Malformed
    }
}

/// Reads a policy file.
pub(crate) fn read_policy(path: &Path) -> Result<Policy, Failure> {
    let text = files::read_text(path, files::MAX_DOCUMENT_BYTES)?;
    Ok(serde_json::from_str(&text).map_err(|cause| EvidenceError::Policy { path: path.to_owned(), cause })?)
}

/// Reads a JSON document strictly.
pub(crate) fn read_json(path: &Path) -> Result<(String, Json), Failure> {
    let text = files::read_text(path, files::MAX_DOCUMENT_BYTES)?;
    let json = json::parse(&text).map_err(|cause| EvidenceError::Json { path: path.to_owned(), cause })?;
    Ok((text, json))
}

/// Sorts `files` into credentials and documents, and hashes `artifacts`.
pub(crate) fn gather(files: &[PathBuf], artifacts: &[PathBuf]) -> Result<Evidence, Failure> {
    let mut evidence = Evidence::default();
    for path in files {
        let (text, json) = read_json(path)?;
        sort(path, text, &json, &mut evidence)?;
    }
    for path in artifacts {
        evidence.artifacts.extend(capture::artifacts(path, &())?);
    }
    Ok(evidence)
}

/// What a file is, judged by its shape alone: whether it holds is for the core to say.
pub(crate) fn sort(path: &Path, text: String, json: &Json, evidence: &mut Evidence) -> Result<(), EvidenceError> {
    if let Some(presentation) = json.get("presentation").filter(|_| is_bundle(json)) {
        let documents = json.pointer("/evidence/documents").and_then(Json::as_array).unwrap_or_default();
        evidence.documents.extend(documents.iter().filter_map(document));
        evidence.credentials.extend(credentials(presentation));
        return Ok(());
    }
    let id = json.get("id").and_then(Json::as_str).unwrap_or_default();
    if has_type(json, "VerifiableCredential") {
        evidence.credentials.push(text);
    } else if has_type(json, "VerifiablePresentation") {
        evidence.credentials.extend(credentials(json));
    } else if id.starts_with("did:") {
        let url = model_passport::did::document_url(id);
        let url = url.ok_or_else(|| EvidenceError::Did { path: path.to_owned(), did: id.to_owned() })?;
        evidence.documents.push(Document { url, retrieved: None, text });
    } else {
        return Err(EvidenceError::Unknown { path: path.to_owned() });
    }
    Ok(())
}

fn is_bundle(json: &Json) -> bool {
    json.get("bundle").and_then(Json::as_str) == Some(BUNDLE_FORMAT)
}

fn has_type(json: &Json, name: &str) -> bool {
    let types = json.get("type");
    types.and_then(Json::as_array).is_some_and(|types| types.iter().any(|kind| kind.as_str() == Some(name)))
        || types.and_then(Json::as_str) == Some(name)
}

fn credentials(presentation: &Json) -> Vec<String> {
    match presentation.get("verifiableCredential") {
        Some(Json::Array(credentials)) => credentials.iter().map(Json::to_string).collect(),
        Some(one) => vec![one.to_string()],
        None => Vec::new(),
    }
}

fn document(json: &Json) -> Option<Document> {
    let member = |name| json.get(name).and_then(Json::as_str).map(str::to_owned);
    Some(Document { url: member("url")?, retrieved: member("retrieved"), text: member("text")? })
}
