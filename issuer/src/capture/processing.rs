//! One run of a command: what went in, what came out, and everything around it that can be known without
//! touching the command.
//!
//! ```text
//! Before::look   inputs hashed; outputs listed; git, lock files, automation
//!     … the command runs …
//! Before::after  inputs listed again; outputs hashed ─► Draft of a ProcessingAttestation
//! ```
//!
//! In scope: files and the words of the command. Out of scope: starting it, which the shell around does, and
//! watching what it opens: inputs and outputs are those that a person names. What was named and does not fit
//! (an input that changed meanwhile, an output that was there before and nobody wrote to) is noted, and the
//! execution is then inferred and not measured.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model_passport::canon::jcs;
use model_passport::digest::Digest;
use model_passport::json::{Json, Number, Object};
use model_passport::records::Secret;
use model_passport::time::Timestamp;

use super::artifacts::{self, Artifacts, Listing};
use super::environment::{self, ENVIRONMENT, Variables};
use super::found::Basis;
use super::{CaptureError, Draft, Found, Kind, Options, Progress, Work, git};

/// Most words of a command, and most characters of one, as in the schema.
pub const MAX_WORDS: usize = 256;
/// See [`MAX_WORDS`].
pub const MAX_WORD_CHARS: usize = 4_096;

/// What stands for a path that may name a patient.
const PRIVATE: &str = "private";

/// What is to be run, and what is said of it.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The command and its arguments.
    pub command: Vec<String>,
    /// What is done, in a few words; otherwise the name of the program.
    pub name: Option<String>,
    /// What it reads.
    pub inputs: Vec<PathBuf>,
    /// What it writes.
    pub outputs: Vec<PathBuf>,
    /// Where it starts.
    pub directory: PathBuf,
    /// The image it runs in, `sha256:…`, if somebody says so.
    pub container: Option<String>,
    /// Whether to describe the machine.
    pub hardware: bool,
    /// The allowed variables.
    pub variables: Variables,
    /// The secret of the holder of personal data, for inputs and outputs that are.
    pub secret: Option<Arc<Secret>>,
}

/// What became of the command.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// 0 to 255; 128 and the number of the signal that ended it.
    pub exit_code: u8,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
}

/// A thing that goes into a run or comes out of it.
#[derive(Debug, Clone)]
struct Thing {
    /// Its path, for people.
    path: String,
    /// The path as it was given, where it may name a patient.
    hidden: Option<String>,
    /// `urn:sha256:…` of its manifest.
    id: String,
    digest: String,
    /// The identity that it has without the holder's secret, where it may have one.
    plain: String,
    /// The digest that it has with the holder's secret, as long as nobody asked for it.
    sealed: Option<Digest>,
    kind: &'static str,
    /// The passport that takes its place.
    passport: Option<Object>,
}

/// What was there before the command began.
#[derive(Debug)]
pub struct Before {
    plan: Plan,
    found: Found,
    inputs: Vec<(Thing, Listing)>,
    outputs: Vec<(PathBuf, Option<Listing>)>,
}

impl Before {
    /// Hashes the inputs and looks around.
    ///
    /// # Errors
    /// [`CaptureError`], for the first cause met: then the command should not begin.
    pub fn look(plan: Plan, progress: &dyn Progress) -> Result<Self, CaptureError> {
        let work = Work::new(progress);
        let mut found = Found::default();
        let mut inputs = Vec::new();
        for path in &plan.inputs {
            // First listed, then read: who writes in between is seen.
            let listing = artifacts::list(path)?;
            inputs.push((Thing::read(path, &plan, &work)?, listing));
        }
        let outputs = plan.outputs.iter().map(|path| (path.clone(), artifacts::list(path).ok())).collect();
        git::add_to(&mut found, &plan.directory);
        // The image that it runs in, before the one that a file around builds on.
        let said = plan.container.as_deref().and_then(environment::parse_digest);
        let said = said.map(|digest| (digest, "`--container`"));
        if let Some((digest, from)) = said.or_else(|| environment::container_of(&plan.variables)) {
            found.fill(ENVIRONMENT, "containerDigest", digest, Basis::Declared, from);
        }
        environment::add_around(&mut found, &plan.directory, &work)?;
        environment::add_automation(&mut found, &plan.variables);
        Ok(Self { plan, found, inputs, outputs })
    }

    /// The identifiers of the inputs, by content.
    pub fn input_ids(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().map(|(thing, _)| thing.id.as_str())
    }

    /// Puts a passport, as a reference, in the place of each input that it is about. Whether there was one.
    pub fn refer(&mut self, subject: &str, reference: &Object) -> bool {
        let mut any = false;
        for (thing, _) in &mut self.inputs {
            any |= thing.refer(subject, reference);
        }
        any
    }

    /// Hashes the outputs and puts the draft together.
    ///
    /// # Errors
    /// [`CaptureError`] when an output cannot be read although it is there.
    pub fn after(self, outcome: Outcome, progress: &dyn Progress) -> Result<Draft, CaptureError> {
        let work = Work::new(progress);
        let Self { plan, mut found, inputs, outputs } = self;
        let mut basis = Basis::Measured;
        let mut doubt = |found: &mut Found, code: &str, message: String| {
            found.note(code, message);
            basis = Basis::Inferred;
        };
        for (path, (thing, before)) in plan.inputs.iter().zip(&inputs) {
            if plan.outputs.contains(path) || is_unchanged(path, thing, before, &plan, &work) {
                continue;
            }
            let message =
                format!("the input `{}` changed while the command ran; the digest is of before", thing.path);
            doubt(&mut found, "run.input-changed", message);
        }
        let mut made = Vec::new();
        for (path, before) in outputs {
            let after = artifacts::list(&path).ok();
            let thing = match Thing::read(&path, &plan, &work) {
                Ok(thing) => thing,
                Err(CaptureError::NotFound(_) | CaptureError::Empty(_)) => {
                    let message = format!("there is no output `{}`", shown(&path, &plan.directory));
                    doubt(&mut found, "run.output-missing", message);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if before.is_some() && before == after {
                let message = format!("the output `{}` was there before, and nobody wrote to it", thing.path);
                doubt(&mut found, "run.output-unchanged", message);
            }
            made.push(thing);
        }
        if outcome.exit_code != 0 {
            let how = outcome.signal.map_or(String::new(), |signal| format!(" (ended by signal {signal})"));
            found.note("run.failed", format!("the command answered {}{how}", outcome.exit_code));
        }
        let inputs: Vec<Thing> = inputs.into_iter().map(|(thing, _)| thing).collect();
        let command = without_private(plan.command, inputs.iter().chain(&made));
        let mut record = Record { command, inputs, outputs: made, ..Record::default() };
        record.outcome = Some(outcome);
        record.add_to(&mut found, plan.name.as_deref(), basis, "this run");
        if plan.hardware {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let text = environment::hardware(Path::new("/proc"), cores);
            found.fill(ENVIRONMENT, "hardware", text, Basis::Measured, "the system");
        }
        Ok(Draft::of(Kind::Processing, found))
    }
}

/// The words of the command without the paths that may name a patient.
fn without_private<'a>(command: Vec<String>, things: impl Iterator<Item = &'a Thing>) -> Vec<String> {
    let hidden: Vec<&str> = things.filter_map(|thing| thing.hidden.as_deref()).collect();
    let without = |word: String| hidden.iter().fold(word, |word, path| word.replace(path, PRIVATE));
    command.into_iter().map(without).collect()
}

/// Fills the groups that nothing is known of and nobody claims with that answer, so that the draft can be signed.
pub fn admit(draft: &mut Draft, claims: &Object) {
    for (group, kind) in [("sourceCode", "SourceCode"), ENVIRONMENT] {
        if !draft.subject.contains(group) && !claims.contains(group) {
            draft.subject.insert(group, Object::from_iter([("type", kind), ("basis", "unknown")]));
        }
    }
}

/// A stage of a pipeline as another tool tells it.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) name: String,
    /// As the shell gets it.
    pub(super) script: String,
    pub(super) inputs: Vec<PathBuf>,
    pub(super) outputs: Vec<PathBuf>,
    pub(super) parameters: Option<Object>,
}

/// A draft of what another tool tells: the digests are ours, everything else is its word.
pub(super) fn told(
    stage: Told,
    mut found: Found,
    directory: &Path,
    from: &str,
    work: &Work<'_>,
) -> Result<Draft, CaptureError> {
    let read = |paths: &[PathBuf]| -> Result<Vec<Thing>, CaptureError> {
        let plan = Plan { directory: directory.to_owned(), ..Plan::default() };
        paths.iter().map(|path| Thing::read(path, &plan, work)).collect()
    };
    let words: Vec<String> = stage.script.split_ascii_whitespace().map(str::to_owned).collect();
    let record = Record {
        inputs: read(&stage.inputs)?,
        outputs: read(&stage.outputs)?,
        outcome: None,
        program: Some(program(&words)),
        parameters: stage.parameters,
        command: vec!["sh".to_owned(), "-c".to_owned(), stage.script],
    };
    record.add_to(&mut found, Some(&stage.name), Basis::Declared, from);
    Ok(Draft::of(Kind::Processing, found))
}

/// Whether an image is named by its digest.
#[must_use]
pub fn is_container_digest(text: &str) -> bool {
    environment::parse_digest(text).is_some()
}

fn is_unchanged(path: &Path, thing: &Thing, before: &Listing, plan: &Plan, work: &Work<'_>) -> bool {
    // Times may change without the content: then the content is asked.
    artifacts::list(path).is_ok_and(|now| now == *before)
        || Thing::read(path, plan, work).is_ok_and(|now| now.plain == thing.plain)
}

/// Everything that is recorded of one run.
#[derive(Debug, Default)]
struct Record {
    command: Vec<String>,
    inputs: Vec<Thing>,
    outputs: Vec<Thing>,
    outcome: Option<Outcome>,
    /// What the tool is called, where the command does not say it.
    program: Option<String>,
    /// The parameters that a tool has for the run.
    parameters: Option<Object>,
}

impl Record {
    fn add_to(self, found: &mut Found, name: Option<&str>, basis: Basis, from: &str) {
        let mut execution = Object::from_iter([("type", "Execution"), ("basis", basis.word())]);
        let (command, withheld) = match self.command.as_slice() {
            // The words of a script for the shell are looked at one by one.
            [shell, flag, script] if shell == "sh" && flag == "-c" => {
                let words: Vec<String> = script.split(' ').map(str::to_owned).collect();
                let (words, withheld) = withhold(&words);
                (vec![shell.clone(), flag.clone(), words.join(" ")], withheld)
            }
            command => withhold(command),
        };
        if withheld > 0 {
            found.note("run.argument-withheld", format!("arguments that look like a secret: {withheld}"));
        }
        let words: Vec<Json> = command.into_iter().map(Json::from).collect();
        execution.insert("command", words);
        for (member, things) in [("inputs", &self.inputs), ("outputs", &self.outputs)] {
            if !things.is_empty() {
                execution.insert(member, things.iter().map(Thing::listed).collect::<Vec<_>>());
            }
        }
        if let Some(outcome) = self.outcome {
            execution.insert("exitCode", Json::Number(Number::Integer(i64::from(outcome.exit_code))));
            execution.insert("startedAtTime", outcome.started.to_string());
            execution.insert("endedAtTime", outcome.ended.to_string());
        }
        let id = Digest::of(jcs::to_string(&Json::Object(execution.clone())));
        let program = self.program.unwrap_or_else(|| program(&self.command));
        found.add("id", format!("urn:sha256:{}", id.to_hex()), "the SHA-256 of `execution`");
        let (text, named) = match name {
            Some(name) => (name.to_owned(), Basis::Declared),
            None => (program.clone(), Basis::Inferred),
        };
        found.add_known("name", text, named, from);
        found.add_known("execution", execution, basis, from);
        let mut tool = Object::from_iter([("type", "Tool"), ("basis", Basis::Inferred.word())]);
        tool.insert("name", program);
        let mut known = Basis::Inferred;
        if let Some(parameters) = self.parameters {
            known = Basis::Declared;
            tool.insert("basis", known.word());
            tool.insert("parameters", parameters);
        }
        found.add_known("tool", tool, known, "the words of the command");
        for (member, things) in [("used", self.inputs), ("generated", self.outputs)] {
            let mut references: Vec<Json> = Vec::new();
            for thing in things {
                let reference = Json::Object(thing.reference());
                if !references.contains(&reference) {
                    references.push(reference);
                }
            }
            if !references.is_empty() {
                found.add_known(member, references, basis, from);
            }
        }
    }
}

impl Thing {
    fn read(path: &Path, plan: &Plan, work: &Work<'_>) -> Result<Self, CaptureError> {
        let sealed = Options { secret: plan.secret.as_deref(), ..Options::default() };
        let (artifacts, sealed) = match artifacts::read(path, &Options::default(), work) {
            // Of images of patients there is no other digest.
            Err(CaptureError::SecretMissing) => (artifacts::read(path, &sealed, work)?, None),
            artifacts => {
                let artifacts = artifacts?;
                let sealed = plan.secret.as_deref().map(|secret| artifacts.sealed_with(secret));
                (artifacts, sealed)
            }
        };
        Ok(Self {
            // The folder of a patient may have the patient's name.
            hidden: artifacts.is_private().then(|| path.display().to_string()),
            path: if artifacts.is_private() { PRIVATE.to_owned() } else { shown(path, &plan.directory) },
            id: artifacts.subject_id(),
            plain: artifacts.subject_id(),
            sealed,
            digest: artifacts.digest(),
            kind: kind_of(&artifacts, path.is_dir()),
            passport: None,
        })
    }

    /// Puts a passport in its place if it is the one about it, by its plain identity or the one that is keyed.
    fn refer(&mut self, subject: &str, reference: &Object) -> bool {
        if let Some(sealed) =
            self.sealed.take_if(|sealed| sealed.to_hex() == subject.trim_start_matches("urn:sha256:"))
        {
            self.id = subject.to_owned();
            self.digest = sealed.to_multibase();
        }
        let is_it = self.id == subject;
        if is_it {
            self.passport = Some(reference.clone());
        }
        is_it
    }

    /// As the ordered lists have it.
    fn listed(&self) -> Json {
        Json::Object(Object::from_iter([
            ("path", Json::from(self.path.as_str())),
            ("digestMultibase", Json::from(self.digest.as_str())),
        ]))
    }

    /// As a link has it.
    fn reference(self) -> Object {
        self.passport.unwrap_or_else(|| {
            Object::from_iter([
                ("id", Json::from(self.id)),
                ("type", Json::from(self.kind)),
                ("digestMultibase", Json::from(self.digest)),
            ])
        })
    }
}

/// Endings of files that hold a model.
const MODELS: [&str; 12] =
    ["gguf", "h5", "hdf5", "joblib", "keras", "onnx", "pb", "pkl", "pt", "pth", "safetensors", "tflite"];

/// Endings of files that hold data.
const DATA: [&str; 14] = [
    "arrow", "csv", "dcm", "feather", "jsonl", "mha", "nii", "npy", "npz", "nrrd", "parquet", "tsv", "xls",
    "xlsx",
];

fn kind_of(artifacts: &Artifacts, is_directory: bool) -> &'static str {
    if !artifacts.with_extension(&MODELS).is_empty() {
        "Model"
    } else if is_directory || !artifacts.with_extension(&DATA).is_empty() {
        "Dataset"
    } else {
        "Artifact"
    }
}

/// A path as it may be published: under the directory of the run, or the last name alone.
fn shown(path: &Path, directory: &Path) -> String {
    let relative = path.strip_prefix(directory).unwrap_or(path);
    let relative = match relative.is_absolute() {
        true => relative.file_name().map_or(relative, Path::new),
        false => relative,
    };
    let text = relative.to_string_lossy().replace('\\', "/");
    let text = text.trim_end_matches('/').trim_start_matches("./");
    let text = if text.is_empty() { "." } else { text };
    let skip = text.chars().count().saturating_sub(256);
    text.chars().skip(skip).collect()
}

/// Programs whose first word is what really runs.
const INTERPRETERS: [&str; 12] =
    ["Rscript", "bash", "conda", "julia", "node", "perl", "pypy", "python", "ruby", "sh", "torchrun", "uv"];

/// The name of the program: the script, where an interpreter runs one.
fn program(command: &[String]) -> String {
    let name = |word: &str| {
        let last = word.rsplit(['/', '\\']).next().unwrap_or_default();
        last.chars().take(256).collect::<String>()
    };
    let mut words = command.iter().map(String::as_str);
    let first = name(words.next().unwrap_or_default());
    let bare = first.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if INTERPRETERS.contains(&bare) {
        let mut rest = words.skip_while(|word| *word == "run");
        match rest.next() {
            Some("-m") => return rest.next().map_or(first, name),
            Some(script) if script.contains('.') && !script.starts_with('-') => return name(script),
            _ => {}
        }
    }
    if first.is_empty() { "command".to_owned() } else { first }
}

/// Parts of a name that say that its value is a secret.
const SECRETS: [&str; 9] =
    ["api-key", "apikey", "credential", "passphrase", "passwd", "password", "pwd", "secret", "token"];

/// What stands in the place of a secret.
const WITHHELD: &str = "(withheld)";

/// The words without the values of arguments whose names say that they are secret, and how many these were.
/// The gate that looks at all captured text comes after; this is about names only.
fn withhold(command: &[String]) -> (Vec<String>, usize) {
    let is_secret = |name: &str| {
        let name = name.to_ascii_lowercase().replace('_', "-");
        SECRETS.iter().any(|secret| name.contains(secret))
    };
    let (mut words, mut count, mut next) = (Vec::with_capacity(command.len()), 0, false);
    for word in command {
        let hidden = std::mem::take(&mut next);
        match word.split_once('=') {
            _ if hidden && !word.starts_with("--") => words.push(WITHHELD.to_owned()),
            Some((name, value)) if !value.is_empty() && is_secret(name) => {
                words.push(format!("{name}={WITHHELD}"));
            }
            _ => {
                next = word.starts_with('-') && !word.contains('=') && is_secret(word);
                words.push(word.clone());
                continue;
            }
        }
        count += 1;
    }
    (words, count)
}

#[cfg(test)]
#[path = "processing_tests.rs"]
mod tests;
