//! The passports that a new credential builds on: each is read, verified and pinned by digest before anything is
//! signed about it.

use std::path::{Path, PathBuf};

use model_passport::evidence::{Evidence, Policy};
use model_passport::json::{Json, Object};
use model_passport::passport::{self, Credential};
use model_passport::time::Timestamp;
use thiserror::Error;

use crate::command::verify;
use crate::evidence::{self, EvidenceError};
use crate::exit::Exit;
use crate::files;
use crate::problem::{Failure, Problem};
use crate::seal;

/// Why a passport cannot be built on.
#[derive(Debug, Error)]
pub(crate) enum ParentError {
    #[error("`{}` is not verified: {message}", path.display())]
    NotVerified { path: PathBuf, code: String, message: String, help: Option<String> },
    #[error("`{}` holds {count} credentials, one is needed here", path.display())]
    NotSingle { path: PathBuf, count: usize },
    #[error("`{}` is a credential of no kind that can be built on", path.display())]
    UnknownKind { path: PathBuf },
}

impl Problem for ParentError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotVerified { .. } => "parent.not-verified",
            Self::NotSingle { .. } => "parent.not-single",
            Self::UnknownKind { .. } => "parent.unknown-kind",
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotVerified { code, help, .. } => {
                let help = help.as_ref().map(|help| format!("{help}; ")).unwrap_or_default();
                format!("{help}it is not used; `passport explain {code}` says more")
            }
            Self::NotSingle { .. } => "give the passport itself, and the bundle with `--with`".to_owned(),
            Self::UnknownKind { .. } => {
                "give a passport of a model or a data set, or the attestation of a run".to_owned()
            }
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NotVerified { .. } => Exit::NotVerified,
            Self::NotSingle { .. } | Self::UnknownKind { .. } => Exit::Malformed,
        }
    }
}

/// One passport, verified.
pub(crate) struct Parent {
    pub(crate) kind: String,
    /// Who says it.
    pub(crate) issuer: Option<String>,
    /// What it says.
    pub(crate) subject: Object,
    /// From when on it says so.
    pub(crate) valid_from: Option<Timestamp>,
    id: String,
    digest: String,
}

impl Parent {
    /// How a child names it.
    pub(crate) fn reference(&self) -> Object {
        Object::from_iter([
            ("id", Json::from(self.id.as_str())),
            ("type", Json::from(self.kind.as_str())),
            ("digestMultibase", Json::from(self.digest.as_str())),
        ])
    }
}

/// All that have been looked at.
pub(crate) struct Parents {
    evidence: Evidence,
    now: Timestamp,
}

impl Parents {
    /// None yet; `with` is what their own verification may need.
    pub(crate) fn new(with: &[PathBuf], now: Timestamp) -> Result<Self, Failure> {
        Ok(Self { evidence: evidence::gather(with)?, now })
    }

    /// Everything that a verifier of the child will want.
    pub(crate) fn evidence(&self) -> Evidence {
        self.evidence.clone()
    }

    /// The reference to the passport in a file.
    pub(crate) fn reference(&mut self, path: &Path) -> Result<Object, Failure> {
        Ok(self.add(path)?.reference())
    }

    /// Reads and verifies the passport in a file.
    pub(crate) fn add(&mut self, path: &Path) -> Result<Parent, Failure> {
        let text = files::read_text(path, files::MAX_BUNDLE_BYTES)?;
        self.add_text(path, text)
    }

    /// Verifies a passport; `path` is for messages.
    pub(crate) fn add_text(&mut self, path: &Path, text: String) -> Result<Parent, Failure> {
        let input =
            passport::read(&text).map_err(|cause| EvidenceError::Input { path: path.to_owned(), cause })?;
        let [credential] = input.credentials.as_slice() else {
            let count = input.credentials.len();
            return Err(ParentError::NotSingle { path: path.to_owned(), count }.into());
        };
        let parent = read(path, credential)?;
        let outcome = verify::check(&text, &self.evidence, &Policy::default(), self.now);
        if let Some(check) = seal::refusal(&outcome.report, &parent.id) {
            let (path, code, message) = (path.to_owned(), check.code.to_string(), check.message.clone());
            let help = check.help.clone().map(String::from);
            return Err(ParentError::NotVerified { path, code, message, help }.into());
        }
        if !self.evidence.credentials.contains(&text) {
            self.evidence.credentials.push(text);
        }
        Ok(parent)
    }
}

fn read(path: &Path, credential: &Credential) -> Result<Parent, ParentError> {
    let unknown = || ParentError::UnknownKind { path: path.to_owned() };
    let kind = credential.kind.ok_or_else(unknown)?.to_owned();
    let subject =
        credential.content.get("credentialSubject").and_then(Json::as_object).ok_or_else(unknown)?;
    let valid_from = credential.content.get("validFrom").and_then(Json::as_str);
    Ok(Parent {
        kind,
        issuer: credential.issuer.clone(),
        subject: subject.clone(),
        valid_from: valid_from.and_then(|text| text.parse().ok()),
        id: credential.id.clone(),
        digest: credential.digest().to_multibase(),
    })
}
