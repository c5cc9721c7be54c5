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
//!
//! Once an input or an output is private, its folders may be named after patients, and so may every word of the
//! command: a word may name a file inside, or be spelled in any other way. Then no word is recorded but the name of
//! the program, if that lies elsewhere, and no path at all.

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
use crate::secrets;

/// Most words of a command, and most characters of one, as in the schema.
pub const MAX_WORDS: usize = 256;
/// See [`MAX_WORDS`].
pub const MAX_WORD_CHARS: usize = 4_096;

/// What stands for a path that may name a patient.
const PRIVATE: &str = "private";

/// What stands for an argument of a run on images of patients.
const WITHHELD_ARGUMENT: &str = "[withheld]";

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
    /// Where it lies, if its path may name a patient.
    private: Option<PathBuf>,
    /// What it has without the holder's secret, unless there is none such.
    plain: Identity,
    /// What it has with the holder's secret, which is what is recorded.
    sealed: Option<Identity>,
    kind: &'static str,
    /// The passport that takes its place.
    passport: Option<Object>,
}

/// `urn:sha256:…` of a manifest, and the digest as passports have it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    id: String,
    digest: String,
}

/// What was there before the command began.
#[derive(Debug)]
pub struct Before {
    plan: Plan,
    /// Where the program lies, by every name that it has; none if it was not found.
    program: Vec<PathBuf>,
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
            inputs.push((Thing::read(path, &plan, Side::Input, &work)?, listing));
        }
        let program = plan.command.first().map(|word| places(word, &plan.directory)).unwrap_or_default();
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
        Ok(Self { plan, program, found, inputs, outputs })
    }

    /// The identifiers of the inputs, by content.
    pub fn input_ids(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().map(|(thing, _)| thing.identity().id.as_str())
    }

    /// Puts a passport, as a reference, in the place of each input that it is about. Whether there was one.
    pub fn refer(&mut self, subject: &str, reference: &Object) -> bool {
        let mut any = false;
        for (thing, _) in &mut self.inputs {
            any |= thing.refer(subject, reference);
        }
        any
    }

    /// Hashes the outputs and puts the draft together. What cannot be read by now is noted: there is always a record.
    pub fn after(self, outcome: Outcome, progress: &dyn Progress) -> Draft {
        let work = Work::new(progress);
        let Self { plan, program, mut found, inputs, outputs } = self;
        let made: Vec<_> = outputs
            .into_iter()
            .map(|(path, before)| {
                let after = artifacts::list(&path).ok();
                let thing = Thing::read(&path, &plan, Side::Output, &work);
                (path, before.is_some() && before == after, thing)
            })
            .collect();
        let things = inputs.iter().map(|(thing, _)| thing);
        let things = things.chain(made.iter().filter_map(|(_, _, thing)| thing.as_ref().ok()));
        let mut private: Vec<PathBuf> = things.filter_map(|thing| thing.private.clone()).collect();
        // Images that could not be read are images all the same.
        let unread = made.iter().filter(|(_, _, thing)| matches!(thing, Err(error) if error.is_private()));
        private.extend(unread.map(|(path, _, _)| resolved(path)));
        let is_private = !private.is_empty();
        let named = |path: &Path| match is_private {
            true => PRIVATE.to_owned(),
            false => shown(path, &plan.directory),
        };
        let mut basis = Basis::Measured;
        let mut doubt = |found: &mut Found, code: &str, message: String| {
            found.note(code, message);
            basis = Basis::Inferred;
        };
        for (path, (thing, before)) in plan.inputs.iter().zip(&inputs) {
            if plan.outputs.contains(path) || is_unchanged(path, thing, before, &plan, &work) {
                continue;
            }
            let path = named(path);
            let message =
                format!("the input `{path}` changed while the command ran; the digest is of before");
            doubt(&mut found, "run.input-changed", message);
        }
        let mut generated = Vec::new();
        for (path, is_unchanged, thing) in made {
            let path = named(&path);
            let thing = match thing {
                Ok(thing) => thing,
                Err(CaptureError::NotFound(_) | CaptureError::Empty(_)) => {
                    doubt(&mut found, "run.output-missing", format!("there is no output `{path}`"));
                    continue;
                }
                Err(error) => {
                    let error = if is_private { error.nameless() } else { error };
                    let message = format!("the output `{path}` is not in the record: {error}");
                    doubt(&mut found, "run.output-unreadable", message);
                    continue;
                }
            };
            if is_unchanged {
                let message = format!("the output `{path}` was there before, and nobody wrote to it");
                doubt(&mut found, "run.output-unchanged", message);
            }
            generated.push(thing);
        }
        if outcome.exit_code != 0 {
            let how = outcome.signal.map_or(String::new(), |signal| format!(" (ended by signal {signal})"));
            found.note("run.failed", format!("the command answered {}{how}", outcome.exit_code));
        }
        let inputs: Vec<Thing> = inputs.into_iter().map(|(thing, _)| thing).collect();
        let mut record = Record { inputs, outputs: generated, ..Record::default() };
        if is_private {
            let message = "the command of a run on images of patients is not recorded; the digests of inputs and \
                           outputs are";
            found.note("run.command-withheld", message.to_owned());
            record.command = without_words(&plan.command, &program, &private);
            record.program = record.command.first().cloned();
            for thing in record.inputs.iter_mut().chain(&mut record.outputs) {
                PRIVATE.clone_into(&mut thing.path);
            }
        } else {
            record.command = plan.command;
        }
        record.outcome = Some(outcome);
        record.add_to(&mut found, plan.name.as_deref(), basis, "this run");
        if plan.hardware {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let text = environment::hardware(Path::new("/proc"), cores);
            found.fill(ENVIRONMENT, "hardware", text, Basis::Measured, "the system");
        }
        Draft::of(Kind::Processing, found)
    }
}

/// A command without anything that may name a patient: the name of the program, if it lies in no private tree.
fn without_words(command: &[String], program: &[PathBuf], private: &[PathBuf]) -> Vec<String> {
    let is_outside = |place: &PathBuf| !private.iter().any(|root| place.starts_with(root));
    let name = match program.first().and_then(|place| place.file_name()) {
        Some(name) if program.iter().all(is_outside) => name.to_string_lossy().chars().take(256).collect(),
        _ => PRIVATE.to_owned(),
    };
    let arguments = command.iter().skip(1).map(|_| WITHHELD_ARGUMENT.to_owned());
    std::iter::once(name).chain(arguments).collect()
}

/// Where a program lies: as it is named, and where links lead. None if that cannot be told.
fn places(word: &str, directory: &Path) -> Vec<PathBuf> {
    let candidates: Vec<PathBuf> = if word.contains(std::path::is_separator) {
        vec![directory.join(word)]
    } else {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).map(|folder| directory.join(folder).join(word)).collect()
    };
    let Some(place) = candidates.into_iter().find(|place| place.is_file()) else { return Vec::new() };
    let named = place.parent().zip(place.file_name()).map(|(parent, name)| resolved(parent).join(name));
    named.into_iter().chain([resolved(&place)]).collect()
}

/// A path without links and dots, as far as the system says it.
fn resolved(path: &Path) -> PathBuf {
    let absolute = || std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.canonicalize().unwrap_or_else(|_| absolute())
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
        paths.iter().map(|path| Thing::read(path, &plan, Side::Input, work)).collect()
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
        || Thing::read(path, plan, Side::Input, work).is_ok_and(|now| now.plain == thing.plain)
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
                let script = words.join(" ");
                match looks_secret(&script) {
                    true => (vec![shell.clone(), flag.clone(), WITHHELD.to_owned()], withheld.max(1)),
                    false => (vec![shell.clone(), flag.clone(), script], withheld),
                }
            }
            command => withhold(command),
        };
        if withheld > 0 {
            found.note("run.argument-withheld", format!("arguments that look like a secret: {withheld}"));
        }
        let program = self.program.unwrap_or_else(|| program(&command));
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

/// Where a thing stands in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Input,
    Output,
}

impl Thing {
    fn read(path: &Path, plan: &Plan, side: Side, work: &Work<'_>) -> Result<Self, CaptureError> {
        let artifacts = match artifacts::read(path, &Options::default(), work) {
            // Of images of patients there is no other digest.
            Err(CaptureError::SecretMissing) => {
                let sealed = Options { secret: plan.secret.as_deref(), ..Options::default() };
                artifacts::read(path, &sealed, work)?
            }
            artifacts => artifacts?,
        };
        let plain = Identity { id: artifacts.subject_id(), digest: artifacts.digest() };
        // Whoever gives a secret says that what goes in is about people. What comes out may be counts and models,
        // which others link to without the secret; unless it stands where an input stands.
        let is_input = || side == Side::Input || plan.inputs.iter().any(|input| is_below(path, input));
        let secret = plan.secret.as_deref().filter(|_| !artifacts.is_sealed() && is_input());
        let sealed = secret.map(|secret| artifacts.sealed_with(secret)).map(|digest| Identity {
            id: format!("urn:sha256:{}", digest.to_hex()),
            digest: digest.to_multibase(),
        });
        Ok(Self {
            path: if artifacts.is_private() { PRIVATE.to_owned() } else { shown(path, &plan.directory) },
            // The folder of a patient may have the patient's name.
            private: artifacts.is_private().then(|| resolved(path)),
            plain,
            sealed,
            kind: kind_of(&artifacts, path.is_dir()),
            passport: None,
        })
    }

    /// As it is recorded.
    fn identity(&self) -> &Identity {
        self.sealed.as_ref().unwrap_or(&self.plain)
    }

    /// Puts a passport in its place if it is the one about it, by the identity that is keyed or the plain one. With a
    /// passport that anyone can compare with the bytes, nothing is left to seal.
    fn refer(&mut self, subject: &str, reference: &Object) -> bool {
        if self.plain.id == subject {
            self.sealed = None;
        }
        let is_it = self.identity().id == subject;
        if is_it {
            self.passport = Some(reference.clone());
        }
        is_it
    }

    /// As the ordered lists have it.
    fn listed(&self) -> Json {
        Json::Object(Object::from_iter([
            ("path", Json::from(self.path.as_str())),
            ("digestMultibase", Json::from(self.identity().digest.as_str())),
        ]))
    }

    /// As a link has it.
    fn reference(self) -> Object {
        let Self { passport, sealed, plain, kind, .. } = self;
        passport.unwrap_or_else(|| {
            let Identity { id, digest } = sealed.unwrap_or(plain);
            Object::from_iter([
                ("id", Json::from(id)),
                ("type", Json::from(kind)),
                ("digestMultibase", Json::from(digest)),
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

/// Whether a path is this one or lies in it, however the two are spelled.
fn is_below(path: &Path, root: &Path) -> bool {
    resolved(path).starts_with(resolved(root))
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

/// Whether a text looks like a secret to the gate that stands before every signature.
fn looks_secret(text: &str) -> bool {
    !secrets::scan(&Json::from(text)).is_empty()
}

/// The words without the values of arguments whose names say that they are secret and without words that look like
/// one by themselves, and how many these were.
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
            Some((name, value)) if looks_secret(value) && !looks_secret(name) => {
                words.push(format!("{name}={WITHHELD}"));
            }
            Some((name, value)) if !value.is_empty() && is_secret(name) => {
                words.push(format!("{name}={WITHHELD}"));
            }
            _ if looks_secret(word) => words.push(WITHHELD.to_owned()),
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
