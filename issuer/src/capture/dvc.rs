//! DVC: `*.dvc` pins files, `dvc.lock` tells which stages ran with which inputs, parameters and outputs.
//!
//! Its pins are MD5. Each is held against the bytes that are here, and the manifest's SHA-256 takes its place; a pin
//! that does not fit is an error. A directory's pin is the MD5 of a list of its files:
//!
//! ```json
//! [{"md5": "…", "relpath": "a.txt"}, {"md5": "…", "relpath": "b.txt"}]
//! ```
//!
//! A stage becomes a draft of a processing. That its command made these outputs of these inputs is DVC's word, so it
//! is declared; when and how it ended DVC does not say.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::artifacts::{self, Artifact, Artifacts};
use super::foreign::{self, Dialect, Language};
use super::parameters::Parameters;
use super::processing::{self, MAX_WORD_CHARS, Told};
use super::{CaptureError, Draft, FormatError, Found, Options, Work, git, weak};

const DIALECT: Dialect = Dialect {
    code: "capture.dvc-malformed",
    format: "a file of DVC",
    help: "write the file anew with `dvc add`, `dvc commit` or `dvc repro`",
};

/// Most stages, and most files that one of them names.
const MAX_STAGES: usize = 256;
const MAX_PINS: usize = 256;

/// A file or directory that DVC names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pin {
    /// As DVC has it, relative to the directory of its file.
    path: String,
    /// In hexadecimal, without `.dir`.
    md5: Option<String>,
    is_directory: bool,
    /// Made by a version that hashed texts with other line ends.
    is_old: bool,
}

/// Holds the pins of all files of DVC in the tree against the bytes in it.
pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts, root: &Path) -> Result<(), CaptureError> {
    let mut elsewhere = 0_usize;
    for file in artifacts.on_disk() {
        let (directory, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        let pins = if name.ends_with(".dvc") && name.len() > 4 {
            let document = foreign::read(file, Language::Yaml, &DIALECT)?;
            let directory = beside(directory, document.get("wdir").and_then(Value::as_str).unwrap_or("."));
            vec![(directory, pins(file, document.get("outs"))?)]
        } else if name == "dvc.lock" {
            let (lock, yaml) =
                (foreign::read(file, Language::Yaml, &DIALECT)?, pipeline(artifacts, directory)?);
            let mut all = Vec::new();
            for (stage, entry) in stages_of(file, &lock)? {
                let directory = beside(directory, &working_directory(yaml.as_ref(), stage));
                for list in ["deps", "outs"] {
                    all.push((directory.clone(), pins(file, entry.get(list))?));
                }
            }
            all
        } else {
            continue;
        };
        for (directory, pins) in pins {
            for pin in pins {
                let path = directory.as_deref().and_then(|directory| beside(directory, &pin.path));
                let here = path.map(|path| under(artifacts, &path)).unwrap_or_default();
                match here.is_empty() {
                    true => elsewhere += 1,
                    false => check(found, &here, artifacts.has_hidden(), &pin, &file.path, root)?,
                }
            }
        }
    }
    if elsewhere > 0 {
        let message = format!(
            "files that DVC pins by MD5 and that are not here, so that no pin could be checked: {elsewhere}"
        );
        found.note("capture.weak-digest-unchecked", message);
    }
    Ok(())
}

/// Drafts of the stages that `dvc.lock` in a directory tells of.
pub(super) fn stages(root: &Path, work: &Work<'_>) -> Result<Vec<(String, Draft)>, CaptureError> {
    let one = |name: &str| artifacts::read(&root.join(name), &Options::default(), work);
    let lock = one("dvc.lock")?;
    let Some(file) = lock.files.first() else { return Ok(Vec::new()) };
    let document = foreign::read(file, Language::Yaml, &DIALECT)?;
    let yaml = match one("dvc.yaml") {
        Ok(yaml) => pipeline(&yaml, "")?,
        Err(CaptureError::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    let mut drafts = Vec::new();
    for (name, entry) in stages_of(file, &document)? {
        drafts.push((name.to_owned(), stage(root, file, name, entry, yaml.as_ref(), work)?));
    }
    Ok(drafts)
}

fn stage(
    root: &Path,
    file: &Artifact,
    name: &str,
    entry: &Value,
    yaml: Option<&Value>,
    work: &Work<'_>,
) -> Result<Draft, CaptureError> {
    let mut found = Found::default();
    let directory = beside("", &working_directory(yaml, name));
    let mut listed = [Vec::new(), Vec::new()];
    for (list, paths) in ["deps", "outs"].into_iter().zip(&mut listed) {
        for pin in pins(file, entry.get(list))? {
            let path = directory.as_deref().and_then(|directory| beside(directory, &pin.path));
            match path.and_then(|path| reachable(root, &path)) {
                Some(path) => {
                    let here = artifacts::read(&path, &Options::default(), work)?;
                    let files = here.files.iter().map(|file| (file.path.as_str(), file)).collect::<Vec<_>>();
                    check(&mut found, &files, here.has_hidden(), &pin, "dvc.lock", root)?;
                    paths.push(path);
                }
                None => {
                    let shown: String = pin.path.chars().filter(|c| !c.is_control()).take(100).collect();
                    let message =
                        format!("`{shown}` of the stage is not here, or is a link, and was left out");
                    found.note("capture.weak-digest-unchecked", message);
                }
            }
        }
    }
    let [inputs, outputs] = listed;
    let script = script(entry).filter(|script| script.chars().count() <= MAX_WORD_CHARS);
    let script =
        script.ok_or_else(|| DIALECT.error(file, "a stage has no `cmd` that a passport can hold"))?;
    let mut parameters = Parameters::default();
    for (source, values) in entry.get("params").and_then(Value::as_object).into_iter().flatten() {
        for (key, value) in values.as_object().into_iter().flatten() {
            match source.as_str() {
                "params.yaml" => parameters.add(key, value),
                other => parameters.add(&format!("{other}:{key}"), value),
            }
        }
    }
    let parameters = parameters.finish(&mut found, "the stage");
    git::add_to(&mut found, root);
    if let Some(code) = found.subject.get_mut("sourceCode").and_then(|code| code.as_object_mut()) {
        // The commit that is here now, and perhaps not the one that ran.
        code.insert("basis", "inferred");
    }
    let told = Told { name: name.chars().take(256).collect(), script, inputs, outputs, parameters };
    processing::told(told, found, root, "`dvc.lock`", work)
}

/// `cmd` is a line, or several that run one after the other.
fn script(entry: &Value) -> Option<String> {
    match entry.get("cmd")? {
        Value::Array(lines) => {
            let lines: Option<Vec<&str>> = lines.iter().map(Value::as_str).collect();
            Some(lines?.join(" && "))
        }
        line => line.as_str().map(str::to_owned),
    }
    .filter(|script| !script.trim().is_empty())
}

fn stages_of<'v>(file: &Artifact, lock: &'v Value) -> Result<Vec<(&'v str, &'v Value)>, CaptureError> {
    // Before schema 2.0 the stages stood at the top.
    let stages = lock.get("stages").or_else(|| lock.get("schema").is_none().then_some(lock));
    let stages = match stages {
        Some(Value::Null) | None => return Ok(Vec::new()),
        Some(stages) => stages.as_object().ok_or_else(|| DIALECT.error(file, "`stages` is not an object"))?,
    };
    if stages.len() > MAX_STAGES {
        return Err(DIALECT.error(file, format!("it has more than {MAX_STAGES} stages")));
    }
    Ok(stages.iter().map(|(name, entry)| (name.as_str(), entry)).collect())
}

fn pins(file: &Artifact, list: Option<&Value>) -> Result<Vec<Pin>, CaptureError> {
    let items = match list {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(list) => list.as_array().ok_or_else(|| DIALECT.error(file, "a list of files is no list"))?,
    };
    if items.len() > MAX_PINS {
        return Err(DIALECT.error(file, format!("a list names more than {MAX_PINS} files")));
    }
    let pin = |item: &Value| {
        let path = item.get("path").and_then(Value::as_str);
        let path = path.ok_or_else(|| DIALECT.error(file, "an entry has no `path`"))?.to_owned();
        let text = item.get("md5").and_then(Value::as_str);
        let (md5, is_directory) = match text {
            Some(text) => (Some(text.strip_suffix(".dir").unwrap_or(text)), text.ends_with(".dir")),
            None => (None, false),
        };
        if md5.is_some_and(|md5| md5.len() != 32 || !md5.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            return Err(DIALECT.error(file, "an entry's `md5` is no MD5"));
        }
        let is_old = item.get("hash").is_none();
        Ok(Pin { path, md5: md5.map(str::to_owned), is_directory, is_old })
    };
    items.iter().map(pin).collect()
}

/// `dvc.yaml` beside a `dvc.lock`.
fn pipeline(artifacts: &Artifacts, directory: &str) -> Result<Option<Value>, CaptureError> {
    let wanted = if directory.is_empty() { "dvc.yaml".to_owned() } else { format!("{directory}/dvc.yaml") };
    let file = artifacts.files.iter().find(|file| file.path == wanted);
    file.map(|file| foreign::read(file, Language::Yaml, &DIALECT)).transpose()
}

/// The directory that the paths of a stage start from.
fn working_directory(yaml: Option<&Value>, stage: &str) -> String {
    // The stages of a loop are named `stage@item`.
    let base = stage.split('@').next().unwrap_or(stage);
    let directory = yaml.and_then(|yaml| yaml.get("stages")?.get(base)?.get("wdir")?.as_str());
    directory.unwrap_or(".").to_owned()
}

/// A path from a directory of the tree, by its words alone; none if it leads out of the tree.
fn beside(directory: &str, path: &str) -> Option<String> {
    if path.starts_with(['/', '\\']) || path.contains(':') || path.contains(char::is_control) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The files of the tree at or under a path, each by its path from there.
fn under<'a>(artifacts: &'a Artifacts, path: &str) -> Vec<(&'a str, &'a Artifact)> {
    let inner = |file: &'a Artifact| match file.path.strip_prefix(path)? {
        "" => Some(("", file)),
        rest if path.is_empty() => Some((rest, file)),
        rest => Some((rest.strip_prefix('/')?, file)),
    };
    artifacts.files.iter().filter_map(inner).collect()
}

/// The path in the file system, if it is there and no part of it is a link.
fn reachable(root: &Path, path: &str) -> Option<PathBuf> {
    let mut location = root.to_owned();
    for part in path.split('/') {
        location.push(part);
        if std::fs::symlink_metadata(&location).ok()?.is_symlink() {
            return None;
        }
    }
    Some(location)
}

fn check(
    found: &mut Found,
    files: &[(&str, &Artifact)],
    has_hidden: bool,
    pin: &Pin,
    said_by: &str,
    root: &Path,
) -> Result<(), CaptureError> {
    let Some(md5) = &pin.md5 else { return Ok(()) };
    let said_by = format!("`{said_by}`");
    if !pin.is_directory {
        let [(_, file)] = files else { return Err(unlike(files, pin, &said_by)) };
        // Old versions took the line ends out of texts first, which says nothing about these bytes.
        if pin.is_old && weak::md5_of(file)? != *md5 {
            let message = format!("`{}` is pinned by an old MD5 of DVC that could not be checked", file.path);
            found.note("capture.weak-digest-unchecked", message);
            return Ok(());
        }
        return weak::check_md5(found, file, md5, &said_by);
    }
    let mut sorted = files.to_vec();
    sorted.sort_by_key(|(path, _)| *path);
    let mut entries = Vec::with_capacity(sorted.len());
    for (path, file) in sorted {
        entries.push(format!(r#"{{"md5": "{}", "relpath": {}}}"#, weak::md5_of(file)?, ascii(path)));
    }
    let shown: String = pin.path.chars().filter(|c| !c.is_control()).take(100).collect();
    if weak::md5_of_text(&format!("[{}]", entries.join(", "))) == *md5 {
        let message = format!(
            "`{shown}` is pinned by MD5 in {said_by}: its files fit, and the passport has their SHA-256"
        );
        found.note("capture.weak-digest-upgraded", message);
    } else if has_hidden || pin.is_old || root.join(".dvcignore").exists() {
        let message = format!(
            "the directory `{shown}` may hold files that only one side counts; its MD5 could not be checked"
        );
        found.note("capture.weak-digest-unchecked", message);
    } else {
        return Err(unlike(files, pin, &said_by));
    }
    Ok(())
}

fn unlike(files: &[(&str, &Artifact)], pin: &Pin, said_by: &str) -> CaptureError {
    let cause = FormatError {
        code: "capture.weak-digest-mismatch",
        format: "the directory that was pinned",
        message: format!("{said_by} has another MD5 for `{}`", pin.path.escape_debug()),
        help: "restore the files that were meant, or renew the record that pins them; nothing was captured",
    };
    CaptureError::Format {
        path: files.first().map(|(_, file)| file.location.clone()).unwrap_or_default(),
        cause,
    }
}

/// A JSON string with nothing beyond ASCII, as DVC writes it.
fn ascii(text: &str) -> String {
    use std::fmt::Write as _;

    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // INVARIANT: writing to a string cannot fail.
                    let _ = write!(quoted, "\\u{unit:04x}");
                }
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
#[path = "dvc_tests.rs"]
mod tests;
