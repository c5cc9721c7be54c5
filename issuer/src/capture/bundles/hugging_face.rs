//! Repositories in the layout of the Hugging Face Hub: a model card (`README.md`) whose front matter is YAML, and the
//! `config.json` of the transformers library.

use super::super::artifacts::{Artifact, Artifacts};
use super::super::foreign::Node;
use super::{CaptureError, DESIGN, Directory, Found, MAX_LINE_CHARS, MAX_TEXT_CHARS, Said};
use super::{read_text, unreadable};

const CARD: &str = "README.md";
const CONFIG: &str = "config.json";

/// Identifiers of the Hub that are SPDX identifiers, which a passport has, in other letters. Not the GPL: the Hub does
/// not say whether later versions are allowed.
const LICENCES: [(&str, &str); 21] = [
    ("afl-3.0", "AFL-3.0"),
    ("apache-2.0", "Apache-2.0"),
    ("artistic-2.0", "Artistic-2.0"),
    ("bsd-2-clause", "BSD-2-Clause"),
    ("bsd-3-clause", "BSD-3-Clause"),
    ("bsl-1.0", "BSL-1.0"),
    ("cc-by-3.0", "CC-BY-3.0"),
    ("cc-by-4.0", "CC-BY-4.0"),
    ("cc-by-nc-4.0", "CC-BY-NC-4.0"),
    ("cc-by-nc-nd-4.0", "CC-BY-NC-ND-4.0"),
    ("cc-by-nc-sa-4.0", "CC-BY-NC-SA-4.0"),
    ("cc-by-nd-4.0", "CC-BY-ND-4.0"),
    ("cc-by-sa-3.0", "CC-BY-SA-3.0"),
    ("cc-by-sa-4.0", "CC-BY-SA-4.0"),
    ("cc0-1.0", "CC0-1.0"),
    ("ecl-2.0", "ECL-2.0"),
    ("epl-2.0", "EPL-2.0"),
    ("mit", "MIT"),
    ("mpl-2.0", "MPL-2.0"),
    ("unlicense", "Unlicense"),
    ("zlib", "Zlib"),
];

pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts) -> Result<(), CaptureError> {
    if let Some(directory) = Directory::find(found, artifacts, CARD, |directory| directory.prefix.is_empty())
        && let Some(file) = directory.file(CARD)
    {
        card(found, file)?;
    }
    // Any program may have a `config.json`; those with weights beside them are of models.
    let weights = |name: &str| {
        let end = name.rsplit('.').next().unwrap_or_default();
        !name.contains('/')
            && matches!(end, "safetensors" | "bin" | "pt" | "h5" | "onnx" | "msgpack" | "gguf")
    };
    let near = |directory: Directory<'_>| directory.files().any(|(name, _)| weights(name));
    if let Some(directory) = Directory::find(found, artifacts, CONFIG, near) {
        config(found, directory)?;
    }
    Ok(())
}

/// The YAML between two lines of `---` at the very start.
fn front_matter(text: &str) -> Option<&str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let body = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"))?;
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return body.get(..at);
        }
        at += line.len();
    }
    None
}

fn card(found: &mut Found, file: &Artifact) -> Result<(), CaptureError> {
    let Some(text) = read_text(file)? else { return Ok(()) };
    // Most READMEs are no cards.
    let Some(yaml) = front_matter(&text) else { return Ok(()) };
    let Some(card @ Node::Map(_)) = Node::from_yaml(yaml) else {
        unreadable(found, file, "front matter in YAML");
        return Ok(());
    };
    let mut said = Said::by(found, file.path.clone());
    licence(&mut said, &card);
    let task = card.get("pipeline_tag").and_then(Node::text).map(str::to_owned);
    said.fill(DESIGN, "task", task, MAX_LINE_CHARS, "pipeline_tag");
    if let Some([model]) = card.get("model-index").map(Node::items) {
        let name = model.get("name").and_then(Node::text).map(str::to_owned);
        said.add("name", name, MAX_LINE_CHARS, "model-index");
    }
    base_models(&mut said, &card);
    if let Some(datasets) = card.get("datasets") {
        said.parent("trainedOn", &datasets.texts(), "data sets", "datasets");
    }
    if let Some(languages) = card.get("language") {
        let languages = languages.texts().join(", ");
        if !languages.is_empty() {
            said.hint("language", "the passport's own `language` is that of its texts", &languages);
        }
    }
    metrics(&mut said, &card);
    Ok(())
}

fn licence(said: &mut Said<'_>, card: &Node) {
    let licences = card.get("license").map(Node::texts).unwrap_or_default();
    if licences.is_empty() {
        return;
    }
    let spdx = |name: &str| {
        let known = LICENCES.iter().find(|(hub, _)| hub.eq_ignore_ascii_case(name));
        known.map(|(_, spdx)| (*spdx).to_owned())
    };
    if let [Some(expression)] = licences.iter().map(|name| spdx(name)).collect::<Vec<_>>().as_slice() {
        said.add("license", Some(expression.clone()), MAX_LINE_CHARS, "license");
    } else {
        let name = card.get("license_name").and_then(Node::text);
        let names: Vec<&str> = licences.into_iter().chain(name).collect();
        said.hint(
            "license",
            "declare it as an SPDX expression (`LicenseRef-…` for one of its own)",
            &names.join(", "),
        );
    }
}

fn base_models(said: &mut Said<'_>, card: &Node) {
    let Some(bases) = card.get("base_model").map(Node::texts) else { return };
    let relation = card.get("base_model_relation").and_then(Node::text);
    let (member, how) = match relation {
        Some("adapter") => ("fineTunedFrom", "the model that the adapter is for"),
        Some("merge") => ("wasDerivedFrom", "models that were merged"),
        Some("quantized") => ("wasDerivedFrom", "the model that was quantised"),
        // The Hub itself takes several bases for a merge.
        None if bases.len() > 1 => ("wasDerivedFrom", "models that this one was made from"),
        _ => ("fineTunedFrom", "the model that was fine-tuned"),
    };
    said.parent(member, &bases, how, "base_model");
}

/// `model-index`: results by task, data set and metric.
fn metrics(said: &mut Said<'_>, card: &Node) {
    let mut metrics = Vec::new();
    for model in card.get("model-index").map(Node::items).unwrap_or_default() {
        for result in model.get("results").map(Node::items).unwrap_or_default() {
            let data = result.get("dataset").and_then(|data| data.get("name").or(data.get("type")));
            let data = data.and_then(Node::scalar).map_or_else(String::new, |name| format!(" on {name}"));
            for metric in result.get("metrics").map(Node::items).unwrap_or_default() {
                let name = metric.get("name").or(metric.get("type")).and_then(Node::scalar);
                let value = metric.get("value").and_then(Node::scalar);
                metrics.extend(name.zip(value).map(|(name, value)| format!("{name} {value}{data}")));
            }
        }
    }
    said.metrics(&metrics, "model-index");
}

fn config(found: &mut Found, directory: Directory<'_>) -> Result<(), CaptureError> {
    let Some(config) = directory.json(found, CONFIG)? else { return Ok(()) };
    let architectures = config.get("architectures").map(Node::texts).unwrap_or_default();
    let kind = config.get("model_type").and_then(Node::text);
    let version = config.get("transformers_version").and_then(Node::text);
    // Nobody else's `config.json` has two of these.
    let signs = [!architectures.is_empty(), kind.is_some(), version.is_some()];
    if signs.into_iter().filter(|sign| *sign).count() < 2 {
        return Ok(());
    }
    let mut said = Said::by(found, directory.path(CONFIG));
    let architecture = match (architectures.join(", "), kind) {
        (names, Some(kind)) if !names.is_empty() => format!("{names} ({kind})"),
        (names, kind) => {
            if names.is_empty() {
                kind.unwrap_or_default().to_owned()
            } else {
                names
            }
        }
    };
    said.fill(DESIGN, "architecture", Some(architecture), MAX_TEXT_CHARS, "architectures");
    let version = version.map(|version| ("transformers".to_owned(), version.to_owned()));
    said.frameworks(version.as_slice(), "transformers_version");
    Ok(())
}
