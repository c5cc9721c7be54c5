//! Runs of MLflow: from its file store, `EXPERIMENT/RUN/{meta.yaml,params/,metrics/,tags/,inputs/}`, or from the answer
//! of a tracking server.
//!
//! All of it was written by another program, so it is declared: parameters, name and times of the run. Metrics
//! carry no count, interval or data set and are no measurements: they are noted, for whoever declares them in an
//! evaluation. The digest of a data set is eight hexadecimal digits of an MD5 over a sample of rows as pandas hashes
//! them; it proves nothing and cannot be checked here, which a note says.

use model_passport::time::Timestamp;
use serde_json::Value;

use super::artifacts::{Artifact, Artifacts};
use super::environment::TRAINING;
use super::foreign::{self, Dialect, Language};
use super::found::Basis;
use super::parameters::Parameters;
use super::{CaptureError, Found};

const DIALECT: Dialect = Dialect {
    code: "capture.mlflow-malformed",
    format: "an MLflow run",
    help: "copy the run's directory anew from the tracking server, or leave it out",
};

/// MLflow's word for a run that ended well, as a number and as a word.
const FINISHED: [&str; 2] = ["3", "FINISHED"];

/// Metrics that a note spells out.
const MAX_NAMED: usize = 32;

/// Adds what the one run under the path says; several runs are noted, as only a person knows which one counts.
pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts) -> Result<(), CaptureError> {
    let mut runs = Vec::new();
    for file in artifacts.on_disk() {
        let Some(directory) = directory_of(file, "meta.yaml") else { continue };
        // Experiments and data sets have a file of the same name.
        let has_parts = |part: &str| {
            let prefix = format!("{directory}{part}/");
            artifacts.files.iter().any(|file| file.path.starts_with(&prefix))
        };
        if !["params", "metrics", "tags"].into_iter().any(has_parts) {
            continue;
        }
        let meta = foreign::read(file, Language::Yaml, &DIALECT)?;
        let id = meta.get("run_id").and_then(foreign::scalar);
        let is_deleted = meta.get("lifecycle_stage").and_then(Value::as_str) == Some("deleted");
        if let (Some(id), false) = (id, is_deleted) {
            runs.push((directory, id, meta));
        }
    }
    match runs.as_slice() {
        [] => Ok(()),
        [(directory, id, meta)] => add_run(found, artifacts, directory, id, meta),
        several => {
            let message = format!("{} MLflow runs, and nothing says which one made this", several.len());
            found.note("capture.several-runs", message);
            Ok(())
        }
    }
}

/// The directory of a file with this name, with the slash at its end.
fn directory_of<'a>(file: &'a Artifact, name: &str) -> Option<&'a str> {
    file.path.strip_suffix(name).filter(|directory| directory.is_empty() || directory.ends_with('/'))
}

/// What a run says, from wherever it was read.
#[derive(Debug, Default, PartialEq)]
pub struct MlflowRun {
    id: String,
    status: String,
    started: Option<i64>,
    ended: Option<i64>,
    parameters: Vec<(String, String)>,
    metrics: Vec<(String, String)>,
    /// Names and digests of data sets.
    inputs: Vec<(String, String)>,
}

fn add_run(
    found: &mut Found,
    artifacts: &Artifacts,
    directory: &str,
    id: &str,
    meta: &Value,
) -> Result<(), CaptureError> {
    let mut run = MlflowRun {
        id: id.to_owned(),
        status: meta.get("status").and_then(foreign::scalar).unwrap_or_default(),
        started: meta.get("start_time").and_then(Value::as_i64),
        ended: meta.get("end_time").and_then(Value::as_i64),
        inputs: inputs(artifacts, directory)?,
        ..MlflowRun::default()
    };
    for file in artifacts.on_disk() {
        let Some(inner) = file.path.strip_prefix(directory) else { continue };
        if let Some(name) = inner.strip_prefix("params/") {
            let text = foreign::text(file, &DIALECT)?;
            run.parameters.push((name.to_owned(), text.trim_end_matches('\n').to_owned()));
        } else if let Some(name) = inner.strip_prefix("metrics/") {
            let value = last_value(&foreign::text(file, &DIALECT)?);
            run.metrics.extend(value.map(|value| (name.to_owned(), value)));
        }
    }
    run.add_to(found);
    Ok(())
}

impl MlflowRun {
    /// Reads what a tracking server answers to `runs/get`; `id` is the run that was asked for.
    ///
    /// # Errors
    /// What is wrong with the answer, in words.
    pub fn from_answer(text: &str, id: &str) -> Result<Self, String> {
        let answer = foreign::parse(text, Language::Json)?;
        let run = answer.get("run").ok_or("it has no `run`")?;
        let info = run.get("info").ok_or("the run has no `info`")?;
        if info.get("run_id").and_then(Value::as_str) != Some(id) {
            return Err("it is about another run".to_owned());
        }
        let data = run.get("data");
        let pairs = |name: &str| -> Vec<(String, String)> {
            let items = data.and_then(|data| data.get(name)).and_then(Value::as_array);
            let pair = |item: &Value| {
                Some((item.get("key")?.as_str()?.to_owned(), foreign::scalar(item.get("value")?)?))
            };
            items.into_iter().flatten().filter_map(pair).collect()
        };
        let datasets =
            run.get("inputs").and_then(|inputs| inputs.get("dataset_inputs")).and_then(Value::as_array);
        let dataset = |input: &Value| {
            let dataset = input.get("dataset")?;
            let text = |name: &str| dataset.get(name).and_then(Value::as_str).unwrap_or("unknown").to_owned();
            Some((text("name"), text("digest")))
        };
        let metrics = pairs("metrics").into_iter().filter(|(_, value)| is_value(value)).collect();
        Ok(Self {
            id: id.to_owned(),
            status: info.get("status").and_then(foreign::scalar).unwrap_or_default(),
            started: millis(info.get("start_time")),
            ended: millis(info.get("end_time")),
            parameters: pairs("params"),
            metrics,
            inputs: datasets.into_iter().flatten().filter_map(dataset).collect(),
        })
    }

    /// Adds what the run says.
    pub(super) fn add_to(&self, found: &mut Found) {
        let from = &format!("the MLflow run `{}`", short(&self.id));
        let mut say =
            |member: &str, value: String| found.fill(TRAINING, member, value, Basis::Declared, from);
        if self.id.chars().count() <= 256 {
            say("runId", self.id.clone());
        }
        for (time, member) in [(self.started, "startedAtTime"), (self.ended, "endedAtTime")] {
            // Milliseconds; a passport has whole seconds.
            if let Some(millis) = time.filter(|millis| (0..=MAX_MILLIS).contains(millis)) {
                say(member, Timestamp::from_unix_secs(millis / 1000).to_string());
            }
        }
        if !FINISHED.contains(&self.status.as_str()) {
            found.note("capture.run-not-finished", format!("{from} did not end well, or has not ended"));
        }
        let mut parameters = Parameters::default();
        for (name, text) in &self.parameters {
            parameters.add_text(name, text);
        }
        if let Some(parameters) = parameters.finish(found, from) {
            found.fill(TRAINING, "hyperparameters", parameters, Basis::Declared, from);
        }
        let metrics: Vec<(&str, String)> =
            self.metrics.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        note_metrics(found, from, &metrics);
        for (name, digest) in &self.inputs {
            let message = format!(
                "{from} names the data set `{}` by MLflow's digest `{}`: eight digits over a sample of rows, which could not be checked and pin nothing; name its passport with `trainedOn`",
                short(name),
                short(digest),
            );
            found.note("capture.weak-digest-unchecked", message);
        }
    }
}

/// A number of 64 bits, which the protocol writes as text.
fn millis(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// The end of the year 9999.
const MAX_MILLIS: i64 = 253_402_300_799_000;

/// `TIME VALUE STEP`, one a line; the last one counts.
fn last_value(text: &str) -> Option<String> {
    let value = text.lines().rev().find(|line| !line.trim().is_empty())?.split(' ').nth(1)?;
    is_value(value).then(|| value.to_owned())
}

fn is_value(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    text.len() <= 64 && text.chars().all(plain)
}

/// Metrics of a tracker, as a word to whoever writes the evaluation.
pub(super) fn note_metrics(found: &mut Found, from: &str, metrics: &[(&str, String)]) {
    if metrics.is_empty() {
        return;
    }
    let named: Vec<String> =
        metrics.iter().take(MAX_NAMED).map(|(name, value)| format!("{} = {value}", short(name))).collect();
    let more = match metrics.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let message = format!(
        "{from} logged {}{more}: without a count, an interval and a data set these can be declared in an evaluation, not measured",
        named.join(", ")
    );
    found.note("capture.metrics-declared", message);
    let plain = |(name, value): &(&str, String)| (short(name), value.clone());
    found.metrics.extend(metrics.iter().map(plain));
}

/// The data sets that the run names, which lie beside the runs of their experiment.
fn inputs(artifacts: &Artifacts, directory: &str) -> Result<Vec<(String, String)>, CaptureError> {
    let run = directory.trim_end_matches('/');
    let experiment = run.rsplit_once('/').map_or("", |(experiment, _)| experiment);
    let mut found = Vec::new();
    for file in artifacts.on_disk() {
        let inputs = file.path.strip_prefix(directory).and_then(|inner| inner.strip_prefix("inputs/"));
        if !inputs.is_some_and(|inner| inner.ends_with("/meta.yaml")) {
            continue;
        }
        let input = foreign::read(file, Language::Yaml, &DIALECT)?;
        let Some(id) = input.get("source_id").and_then(foreign::scalar) else { continue };
        let wanted = format!("{experiment}/datasets/{id}/meta.yaml");
        let wanted = wanted.trim_start_matches('/');
        let dataset = artifacts.files.iter().find(|file| file.path == wanted);
        let dataset = dataset.map(|file| foreign::read(file, Language::Yaml, &DIALECT)).transpose()?;
        let text = |name: &str| {
            let value = dataset.as_ref().and_then(|dataset| dataset.get(name)).and_then(foreign::scalar);
            value.unwrap_or_else(|| "unknown".to_owned())
        };
        found.push((text("name"), text("digest")));
    }
    Ok(found)
}

/// Enough of a name for a message.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use model_passport::json::Json;

    use super::super::testing::Tree;
    use super::super::{Work, artifacts};
    use super::*;
    use crate::problem::Problem as _;

    const META: &str = "run_id: r1\nlifecycle_stage: active\nstart_time: 1000\nend_time: 61999\nstatus: 3\n";

    fn found(files: &[(&str, &[u8])]) -> Result<Found, CaptureError> {
        let tree = Tree::with(files);
        let mut found = Found::default();
        add_to(&mut found, &tree.artifacts())?;
        Ok(found)
    }

    fn codes(found: &Found) -> Vec<&str> {
        found.notes.iter().map(|note| note.get("code").unwrap().as_str().unwrap()).collect()
    }

    #[test]
    fn a_run_of_the_tracker_itself() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/run/mlflow");
        let mut found = Found::default();
        add_to(
            &mut found,
            &artifacts::read(&path, &super::super::Options::default(), &Work::new(&())).unwrap(),
        )
        .unwrap();
        let training = Json::from(found.subject.clone());
        assert_eq!(
            training.pointer("/training/hyperparameters").unwrap().to_string(),
            r#"{"augment":"True","epochs":30,"layers":"[8, 4]","lr":"1e-05","optimizer":"adam"}"#
        );
        for (member, len) in [("runId", 32), ("startedAtTime", 20), ("endedAtTime", 20)] {
            let value = training.pointer(&format!("/training/{member}")).and_then(Json::as_str);
            assert_eq!(value.map(str::len), Some(len), "{member}");
        }
        assert_eq!(training.pointer("/training/basis").and_then(Json::as_str), Some("declared"));
        assert_eq!(codes(&found), ["capture.metrics-declared", "capture.weak-digest-unchecked"]);
        let notes = Json::from(found.notes.clone()).to_string();
        assert!(notes.contains("val/auc = 0.93") && notes.contains("bebd14ad"), "{notes}");
        // Who ran it, and where, is nobody's business.
        for canary in ["CANARY", "root", "somebody@"] {
            assert!(!format!("{training}{notes}").contains(canary), "{canary}");
        }
    }

    #[test]
    fn an_answer_of_a_tracking_server() {
        let answer = r#"{"run":{"info":{"run_id":"r1","status":"FINISHED","start_time":"1000","end_time":61999,"user_id":"CANARY"},
            "data":{"metrics":[{"key":"auc","value":0.93,"timestamp":1,"step":2}],"params":[{"key":"lr","value":"1e-05"}],
            "tags":[{"key":"mlflow.user","value":"CANARY"}]},
            "inputs":{"dataset_inputs":[{"tags":[],"dataset":{"name":"train","digest":"bebd14ad","source":"CANARY"}}]}}}"#;
        let run = MlflowRun::from_answer(answer, "r1").unwrap();
        let mut found = Found::default();
        run.add_to(&mut found);
        assert_eq!(
            found.subject.get("training").unwrap().to_string(),
            r#"{"type":"Training","basis":"declared","runId":"r1","startedAtTime":"1970-01-01T00:00:01Z","endedAtTime":"1970-01-01T00:01:01Z","hyperparameters":{"lr":"1e-05"}}"#
        );
        assert_eq!(codes(&found), ["capture.metrics-declared", "capture.weak-digest-unchecked"]);
        assert!(!Json::from(found.notes).to_string().contains("CANARY"));
        for (answer, id) in [("", "r1"), ("{}", "r1"), (r#"{"run":{}}"#, "r1"), (answer, "r2")] {
            assert!(MlflowRun::from_answer(answer, id).is_err(), "{answer}");
        }
        for end in (0..answer.len()).filter(|end| answer.is_char_boundary(*end)) {
            assert!(MlflowRun::from_answer(&answer[..end], "r1").is_err());
        }
    }

    #[test]
    fn one_run_counts_and_deleted_ones_do_not() {
        let deleted = META.replace("active", "deleted").replace("r1", "r2");
        let failed = META.replace("status: 3", "status: 4");
        let (meta, deleted) = (META.as_bytes(), deleted.as_bytes());
        let param: &[u8] = b"1";
        let one = found(&[
            ("1/a/meta.yaml", meta),
            ("1/a/params/x", param),
            ("1/b/meta.yaml", deleted),
            ("1/b/params/x", param),
            ("1/meta.yaml", b"experiment_id: 1"),
        ]);
        assert_eq!(one.unwrap().subject.get("training").unwrap().get("runId").unwrap().as_str(), Some("r1"));
        let two = found(&[
            ("1/a/meta.yaml", meta),
            ("1/a/params/x", param),
            ("1/b/meta.yaml", meta),
            ("1/b/params/x", param),
        ])
        .unwrap();
        assert_eq!(codes(&two), ["capture.several-runs"]);
        assert!(!two.subject.contains("training"));
        let alone = found(&[("meta.yaml", failed.as_bytes()), ("params/x", b"y\n")]).unwrap();
        assert_eq!(codes(&alone), ["capture.run-not-finished"]);
        let x = alone.subject.get("training").unwrap().get("hyperparameters").unwrap().to_string();
        assert_eq!(x, r#"{"x":"y"}"#);
        assert!(found(&[("meta.yaml", b"a: [")]).unwrap().subject.is_empty(), "no run, no format");
    }

    #[test]
    fn hostile_runs_are_named_or_harmless() {
        for meta in ["run_id: [", "a: &a [*a]", "\u{0}", "run_id: x\nrun_id: y\n"] {
            let error = found(&[("meta.yaml", meta.as_bytes()), ("params/x", b"1")]).unwrap_err();
            assert_eq!(error.code(), "capture.mlflow-malformed", "{meta}");
            assert!(error.to_string().contains("meta.yaml"));
        }
        for end in 0..META.len() {
            _ = found(&[("meta.yaml", &META.as_bytes()[..end]), ("params/x", b"1")]);
        }
        let times = META.replace("1000", "-5").replace("61999", "99999999999999999");
        let source = "source_id: ../../../../etc\n";
        let odd = found(&[
            ("1/a/meta.yaml", times.as_bytes()),
            ("1/a/params/x", b"1"),
            ("1/a/metrics/m", b"no numbers\n"),
            ("1/a/metrics/n", b"1 \x1b[31m 2\n"),
            ("1/a/inputs/i/meta.yaml", source.as_bytes()),
        ])
        .unwrap();
        let training = odd.subject.get("training").unwrap().to_string();
        assert!(!training.contains("Time"), "{training}");
        assert_eq!(codes(&odd), ["capture.metrics-declared", "capture.weak-digest-unchecked"]);
    }
}
