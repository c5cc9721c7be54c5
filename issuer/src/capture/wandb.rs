//! Offline runs of Weights & Biases: `…run-TIME-ID/files/{config.yaml,wandb-metadata.json,requirements.txt}`.
//!
//! The metadata hold the names of host, user, e-mail and directories. So its fields are read by an allow-list:
//! when the run began, and the make and number of the graphics cards. All is declared.

use model_passport::json::Json;
use model_passport::time::Timestamp;
use serde_json::Value;

use super::artifacts::{Artifact, Artifacts};
use super::environment::{TRAINING, versions};
use super::foreign::{self, Dialect, Language};
use super::found::Basis;
use super::parameters::Parameters;
use super::{CaptureError, Found, mlflow};

const DIALECT: Dialect = Dialect {
    code: "capture.wandb-malformed",
    format: "a run of Weights & Biases",
    help: "copy the run's directory anew, or leave it out",
};

/// Whether a file belongs to what the tracker writes about a run.
pub(super) fn is_of_run(path: &str) -> bool {
    let mut parts = path.rsplit('/').skip(1);
    parts.next() == Some("files") && parts.next().is_some_and(|run| run.contains("run-"))
}

/// Adds what the one run under the path says.
pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts) -> Result<(), CaptureError> {
    let mut runs: Vec<&str> = artifacts
        .files
        .iter()
        .filter(|file| is_of_run(&file.path))
        .filter_map(|file| file.path.rsplit_once('/').map(|(directory, _)| directory))
        .collect();
    runs.dedup();
    match runs.as_slice() {
        [] => Ok(()),
        [directory] => add_run(found, artifacts, directory),
        several => {
            let message =
                format!("{} runs of Weights & Biases, and nothing says which one made this", several.len());
            found.note("capture.several-runs", message);
            Ok(())
        }
    }
}

fn add_run(found: &mut Found, artifacts: &Artifacts, directory: &str) -> Result<(), CaptureError> {
    let file = |name: &str| -> Option<&Artifact> {
        artifacts.on_disk().find(|file| file.path.strip_prefix(directory) == Some(name))
    };
    let run = directory.rsplit('/').nth(1).unwrap_or_default();
    let id: String = run.rsplit('-').next().unwrap_or_default().chars().take(64).collect();
    let from = &format!("the run `{id}` of Weights & Biases");
    if !id.is_empty() {
        found.fill(TRAINING, "runId", id, Basis::Declared, from);
    }
    if let Some(file) = file("/config.yaml") {
        let config = foreign::read(file, Language::Yaml, &DIALECT)?;
        let mut parameters = Parameters::default();
        for (name, entry) in config.as_object().into_iter().flatten() {
            // The tracker's own entries, among them telemetry.
            if let Some(value) = entry.get("value").filter(|_| !name.starts_with('_')) {
                parameters.add(name, value);
            }
        }
        if let Some(parameters) = parameters.finish(found, from) {
            found.fill(TRAINING, "hyperparameters", parameters, Basis::Declared, from);
        }
    }
    if let Some(file) = file("/wandb-metadata.json") {
        let metadata = foreign::read(file, Language::Json, &DIALECT)?;
        let started = metadata.get("startedAt").and_then(Value::as_str).and_then(whole_seconds);
        if let Some(time) = started {
            found.fill(TRAINING, "startedAtTime", time, Basis::Declared, from);
        }
        let card = metadata.get("gpu").and_then(Value::as_str).filter(|card| is_make(card));
        if let Some(card) = card {
            let count = metadata.get("gpu_count").and_then(Value::as_u64).unwrap_or(1);
            found.fill(TRAINING, "hardware", format!("{count} x {card}"), Basis::Declared, from);
        }
    }
    if let Some(file) = file("/requirements.txt") {
        let frameworks: Vec<Json> = versions(&foreign::text(file, &DIALECT)?);
        if !frameworks.is_empty() {
            found.fill(TRAINING, "framework", frameworks, Basis::Declared, from);
        }
    }
    if let Some(file) = file("/wandb-summary.json") {
        let summary = foreign::read(file, Language::Json, &DIALECT)?;
        let members = summary.as_object().into_iter().flatten();
        let metrics: Vec<(&str, String)> = members
            .filter(|(name, value)| !name.starts_with('_') && value.is_number())
            .filter_map(|(name, value)| Some((name.as_str(), foreign::scalar(value)?)))
            .collect();
        mlflow::note_metrics(found, from, &metrics);
    }
    Ok(())
}

/// A time in UTC without its fraction.
fn whole_seconds(text: &str) -> Option<String> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let whole = text.split('.').next().unwrap_or_default();
    format!("{whole}Z").parse::<Timestamp>().ok().map(|time| time.to_string())
}

fn is_make(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '.' | '(' | ')');
    !text.is_empty() && text.len() <= 100 && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::testing::Tree;
    use super::super::{Work, artifacts};
    use super::*;
    use crate::problem::Problem as _;

    #[test]
    fn a_run_says_what_is_allowed_and_nothing_else() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/run/wandb");
        let mut found = Found::default();
        add_to(
            &mut found,
            &artifacts::read(&path, &super::super::Options::default(), &Work::new(&())).unwrap(),
        )
        .unwrap();
        let training = found.subject.get("training").unwrap().to_string();
        assert_eq!(
            training,
            r#"{"type":"Training","basis":"declared","runId":"abcd1234","hyperparameters":{"augment":true,"epochs":30,"lr":"0.00001","optimizer.betas":["0.9","0.999"],"optimizer.name":"adam"},"startedAtTime":"2026-11-21T10:00:00Z","hardware":"2 x NVIDIA A100-SXM4-40GB","framework":["scikit-learn 1.7.2","torch 2.9.0"]}"#
        );
        let all = format!("{training}{}{}", Json::from(found.notes), Json::from(found.sources));
        assert!(!all.contains("CANARY") && all.contains("val/auc = 0.93"), "{all}");
    }

    #[test]
    fn damaged_and_doubled_runs() {
        let found = |files: &[(&str, &[u8])]| {
            let mut found = Found::default();
            add_to(&mut found, &Tree::with(files).artifacts()).map(|()| found)
        };
        for (name, text) in
            [("config.yaml", "a: ["), ("wandb-metadata.json", "{"), ("wandb-summary.json", "[")]
        {
            let path = format!("wandb/run-1-x/files/{name}");
            let error = found(&[(&path, text.as_bytes())]).unwrap_err();
            assert_eq!(error.code(), "capture.wandb-malformed");
            assert!(error.to_string().contains(name), "{error}");
        }
        let two =
            found(&[("run-1-x/files/config.yaml", b"a: 1"), ("run-1-y/files/config.yaml", b"a: 1")]).unwrap();
        assert!(!two.subject.contains("training") && two.notes.len() == 1);
        // Another program's folder of this name.
        assert!(found(&[("files/config.yaml", b"a: [")]).unwrap().subject.is_empty());
    }
}
