//! Policies and trust lists as files. One may name another that it narrows, by a path beside its own.

use std::path::{Path, PathBuf};

use model_passport::json::Json;
use model_passport::policy::{Policy, PolicyError};
use thiserror::Error;

use crate::evidence;
use crate::exit::Exit;
use crate::problem::{Failure, Problem};

/// Most files that narrow each other: a site, its network, its country, and as many again.
const MAX_LAYERS: usize = 8;

/// Why a policy or a trust list is not taken.
#[derive(Debug, Error)]
pub(crate) enum PolicyFileError {
    #[error("the policy `{}` cannot be read: {cause}", path.display())]
    Policy { path: PathBuf, cause: PolicyError },
    #[error("the trust list `{}` cannot be read: {cause}", path.display())]
    Trust { path: PathBuf, cause: PolicyError },
    #[error("`{}` narrows another file, and so on for more than {MAX_LAYERS} files", path.display())]
    TooManyLayers { path: PathBuf },
}

impl Problem for PolicyFileError {
    fn code(&self) -> &'static str {
        match self {
            Self::Policy { .. } => "policy.malformed",
            Self::Trust { .. } => "trust.malformed",
            Self::TooManyLayers { .. } => "policy.too-many-layers",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Policy { .. } => {
                r#"a policy is JSON such as {"requireRecognition": true, "rules": [{"require": "monitoring"}]}; unknown names are refused"#
            }
            Self::Trust { .. } => {
                r#"a trust list is JSON such as {"issuers": [{"id": "did:web:lab.example", "name": "Lab", "kinds": ["ModelPassport"]}]}; unknown names are refused"#
            }
            Self::TooManyLayers { .. } => "do the files name each other in a circle with `extends`?",
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Malformed
    }
}

/// Reads a policy with those that it narrows.
pub(crate) fn policy(path: &Path) -> Result<Policy, Failure> {
    let layers = layers(path)?.into_iter().map(|(_, layer)| layer).collect::<Vec<_>>();
    let policy = Policy::from_value(&Json::Array(layers));
    Ok(policy.map_err(|cause| PolicyFileError::Policy { path: path.to_owned(), cause })?)
}

/// Reads a trust list with those that it narrows, the narrowest first.
pub(crate) fn trust(path: &Path) -> Result<Vec<Json>, Failure> {
    let mut lists = Vec::new();
    for (path, list) in layers(path)? {
        Policy::check_trust(&list).map_err(|cause| PolicyFileError::Trust { path, cause })?;
        lists.push(list);
    }
    Ok(lists)
}

/// A file and those that it narrows.
fn layers(path: &Path) -> Result<Vec<(PathBuf, Json)>, Failure> {
    let mut layers = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        if layers.len() == MAX_LAYERS {
            return Err(PolicyFileError::TooManyLayers { path }.into());
        }
        let json = evidence::read_json(&path)?;
        let extended = json.get("extends").and_then(Json::as_str);
        next = extended.map(|extended| path.parent().unwrap_or_else(|| Path::new("")).join(extended));
        layers.push((path, json));
    }
    Ok(layers)
}
