//! What a person hands over for a verification, sorted into what the core asks for. Nothing is fetched.

use std::path::{Path, PathBuf};

use model_passport::did::{self, Did};
use model_passport::evidence::{Artifact, Document, Evidence};
use model_passport::json::{self, Json, JsonError};
use model_passport::passport::{self, Credential, Input, InputError};
use model_passport::records::Secret;
use model_passport::status::LIST_CREDENTIAL_TYPE;
use thiserror::Error;

use crate::capture::{self, Digests};
use crate::exit::Exit;
use crate::files;
use crate::problem::{Failure, Problem};
use crate::progress::Bar;

/// Why a file is no evidence.
#[derive(Debug, Error)]
pub(crate) enum EvidenceError {
    #[error("`{did}` in `{}` is not a DID with a document of its own", path.display())]
    Did { path: PathBuf, did: String },
    #[error("the evidence `{}` cannot be read: {cause}", path.display())]
    Evidence { path: PathBuf, cause: serde_json::Error },
    #[error("the file `{}` cannot be taken: {cause}", path.display())]
    Input { path: PathBuf, cause: InputError },
    #[error("the file `{}` is not JSON that can be taken: {cause}", path.display())]
    Json { path: PathBuf, cause: JsonError },
    #[error("the file `{}` is neither a passport, nor a bundle, nor a status list, nor a DID document", path.display())]
    Unknown { path: PathBuf },
}

impl Problem for EvidenceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Did { .. } => "evidence.did",
            Self::Evidence { .. } => "evidence.malformed",
            Self::Input { cause, .. } => cause.code(),
            Self::Json { cause, .. } => cause.code(),
            Self::Unknown { .. } => "evidence.unknown-kind",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Did { .. } => "only `did:web` needs a document; `did:key` and `did:jwk` carry their key",
            Self::Evidence { .. } => {
                r#"evidence is JSON such as {"documents": [], "credentials": [], "artifacts": []}; unknown names are refused"#
            }
            Self::Input { cause, .. } => cause.help(),
            Self::Json { .. } => "is this the right file? passports, drafts and bundles are JSON",
            Self::Unknown { .. } => {
                "give a signed passport, a bundle, a status list or a DID document; artefacts go to `--artifact`"
            }
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Malformed
    }
}

/// Reads evidence in the form that the other shells take.
pub(crate) fn read_evidence(path: &Path) -> Result<Evidence, Failure> {
    let text = files::read_text(path, files::MAX_BUNDLE_BYTES)?;
    Ok(serde_json::from_str(&text)
        .map_err(|cause| EvidenceError::Evidence { path: path.to_owned(), cause })?)
}

/// Reads a JSON document strictly.
pub(crate) fn read_json(path: &Path) -> Result<Json, Failure> {
    let text = files::read_text(path, files::MAX_DOCUMENT_BYTES)?;
    Ok(json::parse(&text).map_err(|cause| EvidenceError::Json { path: path.to_owned(), cause })?)
}

/// Sorts `files` into credentials and documents.
pub(crate) fn gather(files: &[PathBuf]) -> Result<Evidence, Failure> {
    let mut evidence = Evidence::default();
    for path in files {
        add(path, files::read_text(path, files::MAX_BUNDLE_BYTES)?, &mut evidence)?;
    }
    Ok(evidence)
}

/// Hashes files and directories.
pub(crate) fn artifacts(paths: &[PathBuf], digests: Digests) -> Result<Vec<Artifact>, Failure> {
    let mut artifacts = Vec::new();
    for path in paths {
        artifacts.extend(capture::artifacts(path, digests, &Bar::new())?);
    }
    Ok(artifacts)
}

/// Hashes files and directories of which some are about people: what has one of these digests with the secret is
/// compared as a whole, and everything else file by file.
pub(crate) fn sealed_artifacts(
    paths: &[PathBuf],
    secret: &Secret,
    digests: &[String],
) -> Result<Vec<Artifact>, Failure> {
    let mut artifacts = Vec::new();
    for path in paths {
        let (whole, files) = capture::sealed(path, secret, &Bar::new())?;
        let is_known = whole.sha256.as_ref().is_some_and(|digest| digests.contains(digest));
        match files {
            Some(files) if !is_known => artifacts.extend(files),
            _ => artifacts.push(whole),
        }
    }
    Ok(artifacts)
}

/// Puts a text where it belongs. What it is, is judged by its shape; whether it holds is for the core to say.
pub(crate) fn add(path: &Path, text: String, evidence: &mut Evidence) -> Result<(), EvidenceError> {
    match passport::read(&text) {
        // A status list is looked up by its address, which it names itself.
        Ok(Input { credentials, .. }) if let Some(url) = list_url(&credentials) => {
            evidence.documents.push(Document { url, retrieved: None, text });
            Ok(())
        }
        Ok(input) => {
            evidence.documents.extend(input.documents);
            evidence.credentials.push(text);
            Ok(())
        }
        Err(InputError::NotACredential) => {
            evidence.documents.push(did_document(path, text)?);
            Ok(())
        }
        Err(cause) => Err(EvidenceError::Input { path: path.to_owned(), cause }),
    }
}

/// Where the status list that this is lies.
fn list_url(credentials: &[Credential]) -> Option<String> {
    let [list] = credentials else { return None };
    let types = list.content.get("type")?.one_or_many();
    types.iter().any(|name| name.as_str() == Some(LIST_CREDENTIAL_TYPE)).then(|| list.id.clone())
}

fn did_document(path: &Path, text: String) -> Result<Document, EvidenceError> {
    let unknown = || EvidenceError::Unknown { path: path.to_owned() };
    let json = json::parse(&text).map_err(|cause| EvidenceError::Json { path: path.to_owned(), cause })?;
    let id = json.get("id").and_then(Json::as_str).filter(|id| id.starts_with("did:")).ok_or_else(unknown)?;
    let url = id.parse::<Did>().and_then(|did| did::document_url(&did)).ok().flatten();
    let url = url.ok_or_else(|| EvidenceError::Did { path: path.to_owned(), did: id.to_owned() })?;
    Ok(Document { url, retrieved: None, text })
}
