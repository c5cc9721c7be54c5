//! MONAI bundles: `configs/metadata.json`, and `large_files.yml` for what is too large for a repository
//! ([specification](https://docs.monai.io/en/stable/mb_specification.html)).
//!
//! The list of large files pins them by MD5 unless it says otherwise. What is in the tree is held against it, and
//! the passport has its SHA-256; what is not in the tree is not in the passport, which is said.

use std::collections::BTreeSet;

use model_passport::json::{Json, Object};

use super::super::artifacts::{Artifact, Artifacts};
use super::super::foreign::Node;
use super::super::weak;
use super::{
    Basis, CaptureError, DESIGN, Directory, Found, INTENDED_USE, MAX_LINE_CHARS, MAX_TEXT_CHARS, Said,
};
use super::{malformed, parameter, read_text, short};

const METADATA: &str = "configs/metadata.json";

const LARGE_FILES: [&str; 3] = ["large_files.yml", "large_files.yaml", "large_files.json"];

/// Most large files of one bundle: more than any has files.
const MAX_LARGE_FILES: usize = 2_000;

/// What a new bundle has in its metadata until somebody writes there.
const UNWRITTEN: [&str; 3] =
    ["Describe what the network predicts", "A longer description of what the network does", "Your Name Here"];

pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts) -> Result<(), CaptureError> {
    let is_bundle = |directory: Directory<'_>| {
        let parts = |(name, _): (&str, &Artifact)| {
            name.starts_with("models/") || name.starts_with("configs/inference.")
        };
        LARGE_FILES.into_iter().any(|name| directory.has(name)) || directory.files().any(parts)
    };
    let Some(directory) = Directory::find(found, artifacts, METADATA, is_bundle) else { return Ok(()) };
    let error = ("capture.monai-malformed", "the metadata of a MONAI bundle");
    let Some(metadata) = directory.required_json(METADATA, error)? else { return Ok(()) };
    describe(found, directory, &metadata);
    if !found.subject.contains("interface") {
        interface(found, directory, &metadata);
    }
    large_files(found, directory)
}

fn describe(found: &mut Found, directory: Directory<'_>, metadata: &Node) {
    let mut said = Said::by(found, directory.path(METADATA));
    let text = |key: &str| {
        let text = metadata.get(key).and_then(Node::scalar);
        text.filter(|text| !UNWRITTEN.iter().any(|unwritten| text.contains(unwritten)))
    };
    said.add("name", text("name"), MAX_LINE_CHARS, "name");
    said.add("version", text("version"), MAX_LINE_CHARS, "version");
    said.add("description", text("description"), MAX_TEXT_CHARS, "description");
    said.fill(DESIGN, "task", text("task"), MAX_LINE_CHARS, "task");
    said.fill(INTENDED_USE, "purpose", text("intended_use"), MAX_TEXT_CHARS, "intended_use");

    let mut versions = Vec::new();
    for (key, name) in
        [("monai_version", "MONAI"), ("pytorch_version", "PyTorch"), ("numpy_version", "NumPy")]
    {
        versions.extend(text(key).map(|version| (name.to_owned(), version)));
    }
    for key in ["required_packages_version", "optional_packages_version"] {
        let packages = metadata.get(key).map(Node::members).unwrap_or_default();
        versions
            .extend(packages.iter().filter_map(|(name, version)| Some((name.clone(), version.scalar()?))));
    }
    said.frameworks(&versions, "monai_version and others");

    if let Some(authors) = text("authors") {
        said.hint("authors", "declare the `developer`, with a contact", &authors);
    }
    if let Some(source) = text("data_source") {
        said.parent("trainedOn", &[&source], "the source of the data", "data_source");
    }
    let metrics = metadata.get("eval_metrics").map(Node::members).unwrap_or_default();
    let metrics = metrics.iter().filter_map(|(name, value)| Some(format!("{name} {}", value.scalar()?)));
    said.metrics(&metrics.collect::<Vec<_>>(), "eval_metrics");
}

/// `network_data_format`, as declared: no graph says otherwise here.
fn interface(found: &mut Found, directory: Directory<'_>, metadata: &Node) {
    const KEY: &str = "network_data_format";
    const MAX_PORTS: usize = 256;
    let Some(format) = metadata.get(KEY) else { return };
    let mut said = Said::by(found, directory.path(METADATA));
    let mut node = Object::from_iter([("type", "ModelInterface"), ("basis", Basis::Declared.word())]);
    for side in ["inputs", "outputs"] {
        let all = format.get(side).map(Node::members).unwrap_or_default();
        let ports: Option<Vec<Json>> = all.iter().map(|(name, value)| port(name, value)).collect();
        match ports {
            Some(ports) if (1..=MAX_PORTS).contains(&ports.len()) => _ = node.insert(side, ports),
            // A new bundle has none yet.
            Some(ports) if ports.is_empty() => return,
            _ => return said.left_out("interface", KEY),
        }
    }
    let from = said.from(KEY);
    said.found.add_known("interface", node, Basis::Declared, &from);
}

/// One tensor; nothing if it does not fit.
fn port(name: &str, format: &Node) -> Option<Json> {
    const MAX_DIMENSIONS: usize = 30;
    let line = |text: &str| (1..=MAX_LINE_CHARS).contains(&text.chars().count()).then(|| Json::from(text));
    let mut port = Object::from_iter([("name", line(name)?)]);
    port.insert("dtype", line(format.get("dtype")?.text()?)?);
    let spatial = format.get("spatial_shape").map(Node::items).unwrap_or_default();
    if let Some(channels) = format.get("num_channels").filter(|_| spatial.len() <= MAX_DIMENSIONS) {
        // A size, or what it may be, such as `16*n` or `*`.
        let size = |node: &Node| match node {
            Node::Integer(0..) => parameter(node),
            node => line(&node.scalar()?),
        };
        let sizes: Option<Vec<Json>> = std::iter::once(channels).chain(spatial).map(size).collect();
        let shape: Vec<Json> = std::iter::once(Json::from("N")).chain(sizes?).collect();
        port.insert("shape", shape);
    }
    let mut words: Vec<String> =
        ["type", "format", "modality"].into_iter().filter_map(|key| format.get(key)?.scalar()).collect();
    let channels = format.get("channel_def").map(Node::members).unwrap_or_default();
    let channels: Vec<String> =
        channels.iter().filter_map(|(at, what)| Some(format!("{at} {}", what.scalar()?))).collect();
    if !channels.is_empty() {
        words.push(format!("channels: {}", channels.join("; ")));
    }
    let words = words.join(", ");
    match words.chars().count() {
        0 => {}
        1..=MAX_TEXT_CHARS => _ = port.insert("description", words),
        _ => return None,
    }
    if let Some([low, high]) = format.get("value_range").map(Node::items) {
        for (member, value) in [("minimum", low), ("maximum", high)] {
            if let Some(value) = decimal(value) {
                port.insert(member, value);
            }
        }
    }
    Some(port.into())
}

/// A number as a passport writes it.
fn decimal(node: &Node) -> Option<String> {
    const MAX_CHARS: usize = 64;
    match node {
        Node::Integer(value) => Some(value.to_string()),
        Node::Fraction(text) if text.len() <= MAX_CHARS && text != "-0" => Some(text.clone()),
        _ => None,
    }
}

fn large_files(found: &mut Found, directory: Directory<'_>) -> Result<(), CaptureError> {
    for file in LARGE_FILES.into_iter().filter_map(|name| directory.file(name)) {
        let error = ("capture.monai-malformed", "the list of a MONAI bundle's large files");
        let text = read_text(file)?.ok_or_else(|| malformed(file, error))?;
        let read = if file.path.ends_with(".json") { Node::from_json(&text) } else { Node::from_yaml(&text) };
        let list =
            read.as_ref().and_then(|list| list.get("large_files")).ok_or_else(|| malformed(file, error))?;
        // Each file is read once, however often the list has it.
        let mut seen = BTreeSet::new();
        for entry in list.items().iter().take(MAX_LARGE_FILES) {
            if !seen.insert(["path", "hash_val"].map(|key| entry.get(key).and_then(Node::scalar))) {
                continue;
            }
            large_file(found, directory, entry, &file.path)?;
        }
    }
    Ok(())
}

fn large_file(
    found: &mut Found,
    directory: Directory<'_>,
    entry: &Node,
    list: &str,
) -> Result<(), CaptureError> {
    let Some(path) = entry.get("path").and_then(Node::text) else { return Ok(()) };
    // Only a name to look up among the files of the tree: nothing is opened by it.
    let Some(file) = directory.file(path.trim_start_matches("./")) else {
        let path = short(path);
        found.note(
            "capture.pinned-file-absent",
            format!("`{path}` of `{list}` is not in the tree, so the passport does not have it"),
        );
        return Ok(());
    };
    let named = entry.get("hash_type").and_then(Node::text).filter(|kind| !kind.is_empty());
    let (digest, kind) = match entry.get("hash_val") {
        None | Some(Node::Nothing) => return Ok(()),
        Some(Node::Text(digest)) if digest.is_empty() => return Ok(()),
        Some(Node::Text(digest)) => (digest.as_str(), named.unwrap_or("md5")),
        // Digits without quotes, of which YAML keeps the value and not the spelling.
        Some(_) => ("", "a number"),
    };
    let said_by = format!("`{list}`");
    match kind {
        "md5" => weak::check_md5(found, file, digest, &said_by),
        "sha256" => weak::check_sha256(file, digest, &said_by),
        _ => {
            let kind = short(kind);
            found.note(
                "capture.pinned-digest-unchecked",
                format!("{said_by} pins `{}` by {kind}, which was not held against its bytes", file.path),
            );
            Ok(())
        }
    }
}
