//! What the files beside the weights say of a model: cards, configurations and metadata, each in its maker's layout.
//!
//! | layout | known by |
//! |---|---|
//! | [`hugging_face`] | `README.md` with front matter, `config.json` |
//! | [`adapter`] | `adapter_config.json`, `adapter_model.safetensors` |
//! | [`monai`] | `configs/metadata.json`, `large_files.yml` |
//! | [`nnunet`] | `dataset.json`, `plans.json`, `fold_0/checkpoint_final.pth` |
//!
//! All of it is *declared*: somebody wrote it down, and nothing here holds it against the weights. Where a layout is
//! there several times, the one nearest to the root is read; two that are equally near are not.
//!
//! Names such as `README.md` and `config.json` are everyone's. A file that only has the name is left alone, and one
//! that cannot be read is noted. It is an error where the layout leaves no doubt about what the file should be.

mod adapter;
mod hugging_face;
mod monai;
mod nnunet;

use std::io::Read as _;

use model_passport::json::{Json, MAX_SAFE_INTEGER, Number, Object};

use super::artifacts::{Artifact, Artifacts};
use super::foreign::Node;
use super::found::Basis;
use super::{CaptureError, FormatError, Found};

/// Largest card or configuration that is read. They have a few kB; some cards hold a whole paper.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Longest texts of a passport, as its schema has them.
const MAX_LINE_CHARS: usize = 256;
const MAX_TEXT_CHARS: usize = 4096;

/// Most items of a list within the hyperparameters, and of most other lists.
const MAX_ITEMS: usize = 64;

/// Longest hyperparameter, and longest item of one.
const MAX_PARAMETER_CHARS: usize = 1024;

/// Groups of a model's subject and their types.
const DESIGN: (&str, &str) = ("design", "Design");
const INTENDED_USE: (&str, &str) = ("intendedUse", "IntendedUse");
const TRAINING: (&str, &str) = ("training", "Training");

/// Adds what the layouts say that are found among the files.
pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts) -> Result<(), CaptureError> {
    // What is most specific comes first, since who comes first wins.
    monai::add_to(found, artifacts)?;
    nnunet::add_to(found, artifacts)?;
    adapter::add_to(found, artifacts)?;
    hugging_face::add_to(found, artifacts)
}

/// A directory, as the beginning of the paths in it: `` or `a/b/`.
#[derive(Debug, Clone, Copy)]
struct Directory<'a> {
    prefix: &'a str,
    artifacts: &'a Artifacts,
}

impl<'a> Directory<'a> {
    /// The directory nearest to the root that has a file at `marker`, if `fits` too; a note if there are two.
    fn find(
        found: &mut Found,
        artifacts: &'a Artifacts,
        marker: &str,
        fits: impl Fn(Self) -> bool,
    ) -> Option<Self> {
        let prefixes = artifacts.files.iter().filter_map(|file| file.path.strip_suffix(marker));
        let prefixes = prefixes.filter(|prefix| prefix.is_empty() || prefix.ends_with('/'));
        let mut all: Vec<Self> =
            prefixes.map(|prefix| Self { prefix, artifacts }).filter(|directory| fits(*directory)).collect();
        let depth = |directory: &Self| directory.prefix.matches('/').count();
        all.sort_by_key(depth);
        match all.as_slice() {
            [first, second, ..] if depth(first) == depth(second) => {
                let (one, two) = (first.path(marker), second.path(marker));
                found.note(
                    "capture.bundle-several",
                    format!(
                        "neither `{one}` nor `{two}` is read, as nothing says which of them is the model's"
                    ),
                );
                None
            }
            [first, ..] => Some(*first),
            [] => None,
        }
    }

    fn path(self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn file(self, name: &str) -> Option<&'a Artifact> {
        let path = self.path(name);
        // Sorted by path, see `artifacts::read`.
        let at =
            self.artifacts.files.binary_search_by(|file| file.path.as_bytes().cmp(path.as_bytes())).ok()?;
        self.artifacts.files.get(at)
    }

    fn has(self, name: &str) -> bool {
        self.file(name).is_some()
    }

    /// The files in the directory and below, with their paths from there.
    fn files(self) -> impl Iterator<Item = (&'a str, &'a Artifact)> {
        let below = move |file: &'a Artifact| Some((file.path.strip_prefix(self.prefix)?, file));
        self.artifacts.files.iter().filter_map(below)
    }

    /// The JSON document `name`: nothing if there is none, a note if it cannot be read.
    fn json(self, found: &mut Found, name: &str) -> Result<Option<Node>, CaptureError> {
        let Some(file) = self.file(name) else { return Ok(None) };
        let node = read_text(file)?.as_deref().and_then(Node::from_json);
        if node.is_none() {
            unreadable(found, file, "JSON");
        }
        Ok(node)
    }

    /// The same where the layout leaves no doubt that the document should be there.
    fn required_json(
        self,
        name: &str,
        error: (&'static str, &'static str),
    ) -> Result<Option<Node>, CaptureError> {
        let Some(file) = self.file(name) else { return Ok(None) };
        let node = read_text(file)?.as_deref().and_then(Node::from_json);
        match node.filter(|node| matches!(node, Node::Map(_))) {
            Some(node) => Ok(Some(node)),
            None => Err(malformed(file, error)),
        }
    }
}

/// A whole small file; nothing if it is larger than what is read, or no text.
fn read_text(file: &Artifact) -> Result<Option<String>, CaptureError> {
    if file.hashed.stamp.size > MAX_FILE_BYTES {
        return Ok(None);
    }
    let input = file.open()?;
    let mut bytes = Vec::new();
    (&input)
        .take(MAX_FILE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|cause| CaptureError::io(&file.location, cause))?;
    file.unchanged(&input)?;
    Ok(String::from_utf8(bytes).ok())
}

fn unreadable(found: &mut Found, file: &Artifact, language: &str) {
    let kib = MAX_FILE_BYTES >> 10;
    found.note(
        "capture.bundle-unreadable",
        format!("`{}` is no {language} of up to {kib} KiB, so nothing was taken from it", file.path),
    );
}

fn malformed(file: &Artifact, (code, format): (&'static str, &'static str)) -> CaptureError {
    let message = "it is not an object in JSON of up to 1 MiB with each member once".to_owned();
    let help = "restore the file, or take it out of the directory";
    CaptureError::Format { path: file.location.clone(), cause: FormatError { code, format, message, help } }
}

/// What one file says, on its way into the subject.
struct Said<'f> {
    found: &'f mut Found,
    /// The path of the file.
    file: String,
    basis: Basis,
}

impl<'f> Said<'f> {
    fn by(found: &'f mut Found, file: String) -> Self {
        Self { found, file, basis: Basis::Declared }
    }

    fn from(&self, key: &str) -> String {
        format!("`{key}` in `{}`", self.file)
    }

    /// A member of the subject.
    fn add(&mut self, name: &str, text: Option<String>, max: usize, key: &str) {
        if let Some(text) = self.fitting(name, text, max, key) {
            let from = self.from(key);
            self.found.add_known(name, text, self.basis, &from);
        }
    }

    /// A member of a group.
    fn fill(&mut self, group: (&str, &str), member: &str, text: Option<String>, max: usize, key: &str) {
        if let Some(text) = self.fitting(member, text, max, key) {
            self.fill_json(group, member, text.into(), key);
        }
    }

    fn fill_json(&mut self, group: (&str, &str), member: &str, value: Json, key: &str) {
        let from = self.from(key);
        self.found.fill(group, member, value, self.basis, &from);
    }

    /// The versions of what the model was made with, in one list.
    fn frameworks(&mut self, versions: &[(String, String)], key: &str) {
        let mut lines: Vec<String> = Vec::new();
        for (name, version) in versions.iter().take(MAX_ITEMS) {
            let line = self.fitting("framework", Some(format!("{name} {version}")), MAX_LINE_CHARS, key);
            lines.extend(line.filter(|line| !lines.contains(line)));
        }
        if !lines.is_empty() {
            let lines: Vec<Json> = lines.into_iter().map(Json::from).collect();
            self.fill_json(TRAINING, "framework", lines.into(), key);
        }
    }

    /// Hyperparameters; those that a passport cannot hold are noted and left out.
    fn hyperparameters(&mut self, parameters: &[(&str, &Node)], key: &str) {
        let mut object = Object::new();
        for (name, value) in parameters {
            match parameter(value) {
                Some(value) => _ = object.insert(*name, value),
                None if matches!(value, Node::Nothing) => {}
                None => self.left_out(name, name),
            }
        }
        if !object.is_empty() {
            self.fill_json(TRAINING, "hyperparameters", object.into(), key);
        }
    }

    /// A text that a passport can hold.
    fn fitting(&mut self, member: &str, text: Option<String>, max: usize, key: &str) -> Option<String> {
        let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())?;
        if text.chars().count() > max {
            self.left_out(member, key);
            return None;
        }
        Some(text)
    }

    fn left_out(&mut self, member: &str, key: &str) {
        let message =
            format!("{} does not fit into `{member}` of a passport and was left out", self.from(key));
        self.found.note("capture.bundle-left-out", message);
    }

    /// Something that is worth a person's look and has no place in a passport by itself.
    fn hint(&mut self, key: &str, what: &str, value: &str) {
        let message = format!("{} says: {}; {what}", self.from(key), short(value));
        self.found.note("capture.bundle-hint", message);
    }

    /// A parent that the file names and does not pin, so that it cannot be a reference yet.
    fn parent(&mut self, member: &str, names: &[&str], how: &str, key: &str) {
        let names = names.iter().filter(|name| !name.trim().is_empty()).take(MAX_ITEMS);
        let names: Vec<String> = names.map(|name| format!("`{}`", short(plain(name)))).collect();
        if names.is_empty() {
            return;
        }
        // The card of an adapter repeats what its configuration says.
        let said =
            self.found.sources.get(&format!("/{member}")).and_then(|source| source.get("from")?.as_str());
        if said.is_some_and(|said| names.iter().all(|name| said.contains(name.as_str()))) {
            return;
        }
        let (from, names) = (self.from(key), names.join(", "));
        let message = format!(
            "{from} names {names} ({how}) without a digest: to be pinned in `{member}`, by its passport or by the \
             digest of its bytes"
        );
        self.found.absent(member, &message);
        self.found.note("capture.bundle-parent", message);
    }

    /// What somebody measured elsewhere.
    fn metrics(&mut self, metrics: &[String], key: &str) {
        const MAX_METRICS: usize = 16;
        if metrics.is_empty() {
            return;
        }
        let more = metrics.len().saturating_sub(MAX_METRICS);
        let list: Vec<String> = metrics.iter().take(MAX_METRICS).map(|metric| short(metric)).collect();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let message = format!(
            "{} reports {}{more}: measured by nobody here; for a passport it takes `passport attest evaluation`",
            self.from(key),
            list.join(", "),
        );
        self.found.note("capture.bundle-metrics", message);
    }
}

/// A name without the directories of somebody's machine.
fn plain(name: &str) -> &str {
    let is_local = name.starts_with(['/', '.', '~', '\\']) || name.contains(":\\");
    if is_local {
        name.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(name)
    } else {
        name
    }
}

/// The beginning of a text, for a note, on one line.
fn short(text: &str) -> String {
    const MAX_CHARS: usize = 120;
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.trim().chars().take(MAX_CHARS).map(printable).collect();
    if text.trim().chars().nth(MAX_CHARS).is_some() {
        short.push('…');
    }
    short
}

/// A value of a passport's hyperparameters.
fn parameter(node: &Node) -> Option<Json> {
    let text = |text: &String, max| (text.chars().count() <= max).then(|| Json::from(text.as_str()));
    match node {
        Node::Bool(value) => Some(Json::Bool(*value)),
        Node::Integer(value) if value.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs() => {
            Some(Json::Number(Number::Integer(*value)))
        }
        Node::Integer(value) => Some(value.to_string().into()),
        Node::Fraction(value) | Node::Text(value) => text(value, MAX_PARAMETER_CHARS),
        Node::List(items) if (1..=MAX_ITEMS).contains(&items.len()) => {
            let flat = |item: &Node| match item {
                Node::Fraction(value) | Node::Text(value) => text(value, MAX_LINE_CHARS),
                Node::Bool(_) | Node::Integer(_) => parameter(item),
                Node::Nothing | Node::List(_) | Node::Map(_) => None,
            };
            items.iter().map(flat).collect::<Option<Vec<Json>>>().map(Json::from)
        }
        Node::Nothing | Node::List(_) | Node::Map(_) => None,
    }
}

#[cfg(test)]
mod tests;
