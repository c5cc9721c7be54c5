//! What a run runs in: lock files, container images, the automation around it, hardware.
//!
//! ```text
//! uv.lock, poetry.lock, …   digest (measured), versions of frameworks (inferred: what was meant to be installed)
//! Dockerfile                digest of the pinned base image (inferred), or what the user declares
//! variables of CI           repository, workflow, run, commit (declared), by an allow-list of names
//! hardware                  only when it is asked for
//! ```
//!
//! In scope: plain functions over given files and given variables. No other variable of the process than
//! those of [`VARIABLES`] is ever looked at, so that a token cannot get into a draft.

mod automation;
mod container;
mod hardware;
mod lock;

use std::collections::BTreeMap;
use std::path::Path;

pub(super) use self::automation::add_to as add_automation;
pub(super) use self::container::parse as parse_digest;
pub(super) use self::hardware::describe as hardware;
pub(super) use self::lock::versions;
use super::artifacts::{self, Artifact, Artifacts};
use super::found::Basis;
use super::{CaptureError, Found, Options, Work, wandb};

/// The variables that may be looked at. None of them is a secret by its maker's documentation.
pub const VARIABLES: [&str; 16] = [
    "CI_COMMIT_SHA",
    "CI_CONFIG_PATH",
    "CI_JOB_ID",
    "CI_JOB_NAME",
    "CI_PIPELINE_ID",
    "CI_PROJECT_URL",
    "CONTAINER_IMAGE_DIGEST",
    "GITHUB_ACTIONS",
    "GITHUB_REPOSITORY",
    "GITHUB_RUN_ATTEMPT",
    "GITHUB_RUN_ID",
    "GITHUB_SERVER_URL",
    "GITHUB_SHA",
    "GITHUB_WORKFLOW",
    "GITHUB_WORKFLOW_REF",
    "GITLAB_CI",
];

/// The allowed variables and their values.
#[derive(Debug, Clone, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Those of the given ones that are allowed.
    #[must_use]
    pub fn of(given: impl IntoIterator<Item = (String, String)>) -> Self {
        let allowed = |(name, value): &(String, String)| {
            VARIABLES.contains(&name.as_str()) && !value.is_empty() && value.len() <= 256
        };
        Self(given.into_iter().filter(allowed).collect())
    }

    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let variable = |name: &str| std::env::var(name).ok().map(|value| (name.to_owned(), value));
        Self::of(VARIABLES.into_iter().filter_map(variable))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// The image that a run's surroundings say it is in, and who says so.
pub(super) fn container_of(variables: &Variables) -> Option<(String, &'static str)> {
    let digest = variables.get("CONTAINER_IMAGE_DIGEST").and_then(parse_digest)?;
    Some((digest, "the variable CONTAINER_IMAGE_DIGEST"))
}

/// Where facts about an environment go: name and type of the group.
pub(super) type Group = (&'static str, &'static str);

/// The group of a model's passport.
pub(super) const TRAINING: Group = ("training", "Training");

/// The group of a processing.
pub(super) const ENVIRONMENT: Group = ("environment", "Environment");

/// Adds what the captured files of a model say about the environment that it was trained in.
pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts) -> Result<(), CaptureError> {
    // What a tracker wrote about a run is its word, and no lock file.
    let files: Vec<&Artifact> = artifacts.on_disk().filter(|file| !wandb::is_of_run(&file.path)).collect();
    lock::add_to(found, TRAINING, &files)?;
    if let Some((digest, from)) = container::of_files(&files)? {
        found.add_known("containerDigest", digest, Basis::Inferred, &from);
    }
    Ok(())
}

/// Adds what stands in one directory, and not below, about the environment of a run that starts there.
pub(super) fn add_around(found: &mut Found, directory: &Path, work: &Work<'_>) -> Result<(), CaptureError> {
    let mut read = Vec::new();
    for name in lock::NAMES.into_iter().chain(container::NAMES) {
        let path = directory.join(name);
        // Links are left alone, as they are in a tree.
        if std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
            read.extend(artifacts::read(&path, &Options::default(), work)?.files);
        }
    }
    let files: Vec<&Artifact> = read.iter().collect();
    lock::add_to(found, ENVIRONMENT, &files)?;
    if let Some((digest, from)) = container::of_files(&files)? {
        // A base is no contradiction of the image that was built on it.
        let is_known = found.sources.contains("/environment/containerDigest");
        if !is_known {
            found.fill(ENVIRONMENT, "containerDigest", digest, Basis::Inferred, &from);
        }
    }
    Ok(())
}

/// The name of a file without its directories.
fn file_name(file: &Artifact) -> &str {
    file.path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_allowed_variables_are_kept() {
        let given = [("GITHUB_TOKEN", "t"), ("CI_JOB_TOKEN", "t"), ("HOME", "/h"), ("GITHUB_RUN_ID", "7")];
        let variables = Variables::of(given.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(variables.0.len(), 1);
        assert_eq!(variables.get("GITHUB_RUN_ID"), Some("7"));
        assert!(VARIABLES.is_sorted());
        assert!(VARIABLES.iter().all(|name| !name.contains("TOKEN") && !name.contains("PASS")));
    }
}
