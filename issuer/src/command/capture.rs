//! `passport capture PATH`

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use model_passport::json::Json;
use thiserror::Error;

use super::Shell;
use crate::capture::{self, Draft, Kind, MlflowRun, Options};
use crate::claims;
use crate::data::secrets;
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::print::Tone;
use crate::problem::{Failure, Problem};
use crate::progress::Bar;
use crate::project::{Part, Project};
use crate::render;

/// What to read, and where the draft goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file or directory with the model or the data set; with a `passport.toml`, all that this names
    path: PathBuf,
    /// What is there [default: model]
    #[arg(long, value_enum)]
    kind: Option<KindArg>,
    /// List each fact with how it is known and where it came from, instead of writing the draft
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    reading: Reading,
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

/// How files are read.
#[derive(Debug, clap::Args)]
pub(crate) struct Reading {
    /// Hash every file again, also those that have not changed since an earlier run
    #[arg(long)]
    no_cache: bool,
    /// Digests of files that are not on this disk: lines of `SHA256 SIZE  PATH`; the passport says that they
    /// were not computed here
    #[arg(long, value_name = "FILE")]
    digests: Option<PathBuf>,
    /// The data are about people: nothing in the draft lets anyone test for a record, and the files are not listed
    #[arg(long, requires = "secrets")]
    salted: bool,
    /// The secrets of a salted data set, which stay with its holder; the file is made if there is none
    #[arg(long, value_name = "FILE", requires = "salted")]
    secrets: Option<PathBuf>,
    /// The directory of the training run that made the model, of MLflow or Weights & Biases, or with the lock file of
    /// its environment; it is read and is no part of the model (repeatable)
    #[arg(long, value_name = "DIR")]
    run: Vec<PathBuf>,
    /// The address of an MLflow tracking server; `--run` then names the run there. The only thing that is ever fetched
    #[cfg(feature = "network")]
    #[arg(long, value_name = "URL", requires = "run")]
    mlflow: Option<String>,
}

/// The kinds of things that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindArg {
    /// A model: becomes a ModelPassport
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
    let drafts = match args.kind {
        None if Project::is_at(&args.path) => {
            let project = Project::read(&args.path)?;
            let parts = project.parts.iter().filter(|part| part.kind != Kind::Processing);
            let read = parts.map(|part| {
                let draft = read_part(&project, part, &args.reading, shell)?;
                let subject = claims::merge_captured(draft.subject, &draft.sources, &part.claims.subject)?;
                Ok(Draft { subject, ..draft }.renewed())
            });
            read.collect::<Result<Vec<Draft>, Failure>>()?
        }
        kind => vec![read(&args.path, kind.map_or(Kind::Model, Kind::from), &args.reading, shell)?],
    };
    if args.explain {
        let text: Vec<String> = drafts.iter().map(|draft| explain(draft, shell)).collect();
        shell.print.result(&text.join("\n"));
        return Ok(Exit::Success);
    }
    let text = match drafts.as_slice() {
        [only] => only.to_json().to_pretty(),
        // No command takes several drafts in one file.
        _ if args.output.as_os_str() != files::STANDARD_STREAM => {
            return Err(SeveralParts(args.path.clone()).into());
        }
        all => Json::from(all.iter().map(Draft::to_json).collect::<Vec<_>>()).to_pretty(),
    };
    if let Some(path) = &args.metrics {
        let all: Vec<(String, String)> = drafts.iter().flat_map(|draft| draft.metrics.clone()).collect();
        files::check_free(path, args.force)?;
        output(path, &metrics(&all), args.force, shell)?;
    }
    output(&args.output, &text, args.force, shell)?;
    for draft in &drafts {
        tell(draft, shell);
    }
    Ok(Exit::Success)
}

/// Several drafts and one file for them.
#[derive(Debug, Error)]
#[error("`{}` has several parts, and a file holds one draft", .0.display())]
struct SeveralParts(PathBuf);

impl Problem for SeveralParts {
    fn code(&self) -> &'static str {
        "capture.several-parts"
    }

    fn help(&self) -> Option<String> {
        Some("capture each part by its own path; `passport issue` takes the whole directory".to_owned())
    }
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

fn tell(draft: &Draft, shell: &mut Shell) {
    let paint = shell.print.err_paint;
    notes(draft, shell);
    let known = |source: &Json| source.get("basis").and_then(Json::as_str) != Some("unknown");
    shell.print.note(&format!(
        "{} {} captured, {} still to be declared{}",
        paint.text(Tone::Dim, "draft:"),
        draft.sources.iter().filter(|(_, source)| known(source)).count(),
        draft.missing.len(),
        if draft.missing.is_empty() { "" } else { " (see `missing`)" },
    ));
}

/// What a person should look at, on the terminal too.
pub(crate) fn notes(draft: &Draft, shell: &mut Shell) {
    let paint = shell.print.err_paint;
    for note in &draft.notes {
        let text = |name| note.get(name).and_then(Json::as_str).unwrap_or_default();
        let (message, code) = (render::plain(text("message")), text("code"));
        shell.print.note(&format!("{} {message} [{code}]", paint.text(Tone::Dim, "note:")));
    }
}

/// Every fact with how it is known and where it came from; then what is missing.
fn explain(draft: &Draft, shell: &Shell) -> String {
    let paint = shell.print.out_paint;
    let id = draft.subject.get("id").and_then(Json::as_str).unwrap_or_default();
    let mut lines = vec![paint.text(Tone::Bold, &format!("{} of {id}", draft.kind.credential_type()))];
    let text = |source: &Json, name: &str| {
        render::plain(source.get(name).and_then(Json::as_str).unwrap_or_default())
    };
    let place = |pointer: &str| pointer.trim_start_matches('/').replace('/', ".");
    let rows: Vec<[String; 3]> = draft
        .sources
        .iter()
        .map(|(pointer, source)| [place(pointer), text(source, "basis"), text(source, "from")])
        .chain(claims::missing(&draft.subject, draft.kind.credential_type()).into_iter().map(|missing| {
            [place(&missing.pointer), "to declare".to_owned(), missing.help.unwrap_or_default()]
        }))
        .collect();
    let width = |column: fn(&[String; 3]) -> &String| {
        rows.iter().map(|row| column(row).chars().count()).max().unwrap_or_default()
    };
    let (place_width, basis_width) = (width(|[place, ..]| place), width(|[_, basis, _]| basis));
    lines.extend(rows.iter().map(|[place, basis, from]| {
        format!("  {place:place_width$}  {basis:basis_width$}  {from}").trim_end().to_owned()
    }));
    for note in &draft.notes {
        lines.push(format!("  note: {} [{}]", text(note, "message"), text(note, "code")));
    }
    lines.push(String::new());
    lines.join("\n")
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
pub(crate) fn read(path: &Path, kind: Kind, reading: &Reading, shell: &mut Shell) -> Result<Draft, Failure> {
    read_with(path, kind, reading, reading.secrets.as_deref(), shell)
}

/// The same for a part of a directory, which may have secrets of its own.
pub(crate) fn read_part(
    project: &Project,
    part: &Part,
    reading: &Reading,
    shell: &mut Shell,
) -> Result<Draft, Failure> {
    let own = part.secrets.as_ref().map(|path| project.root.join(path));
    let secrets = own.as_deref().or(reading.secrets.as_deref().filter(|_| part.kind == Kind::Dataset));
    read_with(&project.root.join(&part.path), part.kind, reading, secrets, shell)
}

fn read_with(
    path: &Path,
    kind: Kind,
    reading: &Reading,
    secrets: Option<&Path>,
    shell: &mut Shell,
) -> Result<Draft, Failure> {
    let cache = if reading.no_cache { None } else { cache_directory() };
    let secret = secrets.map(secrets::read_or_make).transpose()?;
    say_secrets(secrets, secret.as_ref().is_some_and(|(_, made)| *made), shell);
    let (runs, tracked) = reading.runs()?;
    let options = Options {
        cache: cache.as_deref(),
        digests: reading.digests.as_deref(),
        secret: secret.as_ref().map(|(secret, _)| secret),
        runs,
        tracked: &tracked,
    };
    Ok(capture::capture_with(path, kind, &options, &Bar::new())?)
}

impl Reading {
    /// Whether there is a list of digests, which is about one tree.
    pub(crate) const fn has_digests(&self) -> bool {
        self.digests.is_some()
    }

    /// What was said of the training run: directories, and what a tracking server tells.
    fn runs(&self) -> Result<(&[PathBuf], Vec<MlflowRun>), Failure> {
        #[cfg(feature = "network")]
        if let Some(server) = &self.mlflow {
            let run = |id: &PathBuf| crate::tracking::mlflow_run(server, &id.to_string_lossy());
            return Ok((&[], self.run.iter().map(run).collect::<Result<_, _>>()?));
        }
        Ok((&self.run, Vec::new()))
    }
}

/// Where digests are remembered between runs.
fn cache_directory() -> Option<PathBuf> {
    Some(files::base_directory("XDG_CACHE_HOME", ".cache")?.join("model-passport"))
}

/// Says that a file of secrets was made, and what it is.
pub(crate) fn say_secrets(path: Option<&Path>, made: bool, shell: &mut Shell) {
    if let Some(path) = path.filter(|_| made) {
        let label = shell.print.err_paint.text(Tone::Dim, "secrets:");
        shell.print.note(&format!(
            "{label} {}, made now: keep it with the data; whoever has it can test for any record, and without it nothing \
             can be proven",
            path.display()
        ));
    }
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
