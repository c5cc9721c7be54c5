//! `passport capture PATH`

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::Shell;
use crate::capture::{self, Beside, Draft, Kind};
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::print::Tone;
use crate::problem::Failure;
use crate::progress::Bar;

/// What to read, and where the draft goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file or directory with the model or the data set
    path: PathBuf,
    /// What is there
    #[arg(long, value_enum, default_value_t)]
    kind: KindArg,
    /// The directory of the training run that made the model, of MLflow or Weights & Biases, or with the lock file of
    /// its environment; it is read and is no part of the model (repeatable)
    #[arg(long, value_name = "DIR")]
    run: Vec<PathBuf>,
    /// The address of an MLflow tracking server; `--run` then names the run there. The only thing that is ever fetched
    #[cfg(feature = "mlflow-rest")]
    #[arg(long, value_name = "URL", requires = "run")]
    mlflow: Option<String>,
    /// Where the metrics of the training run go, as claims to be completed for `passport attest evaluation`
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Write a draft of a processing for each stage of the `dvc.lock` in PATH into this directory, and nothing else
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "run", "kind"])]
    stages: Option<PathBuf>,
    /// Where the draft goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = files::STANDARD_STREAM)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// The kinds of things that can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindArg {
    /// A model: becomes a ModelPassport
    #[default]
    Model,
    /// A data set: becomes a DatasetPassport
    Dataset,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Model => Self::Model,
            KindArg::Dataset => Self::Dataset,
        }
    }
}

/// Writes the draft and says what it still lacks.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    if let Some(directory) = &args.stages {
        return stages(args, directory, shell);
    }
    files::check_free(&args.output, args.force)?;
    let draft = capture::capture_with(&args.path, args.kind.into(), &beside(args)?, &Bar::new())?;
    if let Some(path) = &args.metrics {
        files::check_free(path, args.force)?;
        output(path, &metrics(&draft.metrics), args.force, shell)?;
    }
    output(&args.output, &draft.to_json().to_pretty(), args.force, shell)?;
    let paint = shell.print.err_paint;
    shell.print.note(&format!(
        "{} {} measured, {} still to be declared{}",
        paint.text(Tone::Dim, "draft:"),
        draft.sources.len(),
        draft.missing.len(),
        if draft.missing.is_empty() { "" } else { " (see `missing`)" },
    ));
    Ok(Exit::Success)
}

/// Metrics as claims, with a place for what only a person knows.
fn metrics(metrics: &[(String, String)]) -> String {
    let mut text = String::from(
        "# Metrics as the tracker of the training run has them. For each: the IRI that defines it, and the unit (UCUM; 1 for\n\
         # a ratio). With `n`, `interval` and `dataset` it can be `basis = \"measured\"`.\n",
    );
    for (name, value) in metrics {
        // A passport writes decimals without an exponent.
        let Ok(number) = value.parse::<f64>() else { continue };
        if number.is_finite() {
            let name = toml::Value::from(name.as_str());
            text.push_str(&format!(
                "\n[[metric]]\nbasis = \"declared\"\nname = {name}\ndefinition = \"\"\nvalue = \"{number}\"\nunit = \"1\"\n"
            ));
        }
    }
    text
}

/// What was said of the training run.
fn beside(args: &Args) -> Result<Beside, Failure> {
    #[cfg(feature = "mlflow-rest")]
    if let Some(server) = &args.mlflow {
        let run = |id: &PathBuf| crate::tracking::mlflow_run(server, &id.to_string_lossy());
        let tracked = args.run.iter().map(run).collect::<Result<_, _>>()?;
        return Ok(Beside { runs: Vec::new(), tracked });
    }
    Ok(Beside { runs: args.run.clone(), tracked: Vec::new() })
}

/// Writes a draft for each stage.
fn stages(args: &Args, directory: &Path, shell: &mut Shell) -> Result<Exit, Failure> {
    let drafts = capture::stages(&args.path, &Bar::new())?;
    let named: Vec<(PathBuf, Draft)> = drafts
        .into_iter()
        .map(|(name, draft)| (directory.join(format!("{}.draft.json", file_name(&name))), draft))
        .collect();
    for (path, _) in &named {
        files::check_free(path, args.force)?;
    }
    for (path, draft) in named {
        output(&path, &draft.to_json().to_pretty(), args.force, shell)?;
        let paint = shell.print.err_paint;
        shell.print.note(&format!("{} {}", paint.text(Tone::Dim, "draft:"), path.display()));
    }
    Ok(Exit::Success)
}

/// The name of a stage as the name of a file: nothing that leads elsewhere.
fn file_name(stage: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '@') { c } else { '_' };
    stage.chars().take(100).map(plain).collect()
}

/// Captures with a progress bar.
pub(crate) fn read(path: &Path, kind: Kind) -> Result<Draft, Failure> {
    Ok(capture::capture(path, kind, &Bar::new())?)
}

/// Writes a result to its file or to standard output.
pub(crate) fn output(path: &Path, text: &str, force: bool, shell: &mut Shell) -> Result<(), Failure> {
    if path.as_os_str() == files::STANDARD_STREAM {
        shell.print.result(text);
    } else {
        files::write(path, text.as_bytes(), Access::Shared, force)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_become_claims_without_exponents() {
        let given = [("val/auc", "0.93"), ("lo\"ss", "1e-05"), ("x", "nan"), ("y", "word")];
        let text = metrics(&given.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let claims = text.parse::<toml::Table>().unwrap();
        let metric = claims.get("metric").unwrap().as_array().unwrap();
        let values: Vec<_> =
            metric.iter().map(|metric| metric.get("value").unwrap().as_str().unwrap()).collect();
        assert_eq!(values, ["0.93", "0.00001"]);
        assert_eq!(metric[1].get("name").unwrap().as_str(), Some("lo\"ss"));
    }

    #[test]
    fn the_name_of_a_stage_leads_nowhere() {
        assert_eq!(file_name("../train@gpu 1/x"), "___train@gpu_1_x");
    }
}
