//! Files that no list of tensors accounts for.
//!
//! A file that both have byte for byte is no difference, whatever is in it. Any other may hold weights, under
//! whatever name, so that the answer is not known; only texts that go with a model by custom are named and left.

use std::collections::BTreeSet;

use model_passport::json::Json;

use super::{Difference, Side};

/// Most files that are named.
const MAX_NAMED: usize = 16;

/// Ends of the names of what describes a model, shows it or runs it.
const ENDS: [&str; 12] =
    ["md", "rst", "yaml", "yml", "toml", "py", "png", "jpg", "jpeg", "svg", "gitattributes", "gitignore"];

/// Whole names. Not every text is among them: some libraries write trees as JSON, and others as plain text.
const NAMES: [&str; 21] = [
    "added_tokens.json",
    "authors",
    "changelog",
    "config.json",
    "generation_config.json",
    "licence",
    "licence.txt",
    "license",
    "license.txt",
    "merges.txt",
    "model_index.json",
    "notice",
    "preprocessor_config.json",
    "processor_config.json",
    "readme",
    "readme.txt",
    "requirements.txt",
    "special_tokens_map.json",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
];

/// Adds a doubt for each file of a side that is neither listed nor on the other side.
pub(super) fn check(side: &Side, other: &Side, name: &str, found: &mut Difference) {
    let listed = side.weights.iter().filter_map(|node| {
        let text = |member| node.get(member).and_then(Json::as_str);
        Some((text("path")?, text("format").unwrap_or_default()))
    });
    let listed: Vec<(&str, &str)> = listed.collect();
    let theirs: BTreeSet<&str> = other.files.iter().map(|(_, digest)| digest.as_str()).collect();
    let said: BTreeSet<&str> = side.unlisted.iter().map(|file| file.path.as_str()).collect();
    let paths: BTreeSet<&str> = listed.iter().map(|(path, _)| *path).collect();
    let rest = side.files.iter().filter(|(path, digest)| {
        let path = path.as_str();
        !theirs.contains(digest.as_str())
            && !said.contains(path)
            && !paths.contains(path)
            && !listed.iter().any(|(head, format)| is_data_of(path, head, format))
    });
    let (beside, doubtful): (Vec<&str>, Vec<&str>) =
        rest.map(|(path, _)| path.as_str()).partition(|path| is_beside(path));
    found.not_compared.extend(beside.into_iter().map(str::to_owned));
    for path in doubtful.iter().take(MAX_NAMED) {
        found.doubt(format!("`{path}` of the {name} is not listed, and the other has no such file"));
    }
    if let Some(more) = doubtful.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        found.doubt(format!(
            "{more} more files of the {name} are not listed, and the other has no such files"
        ));
    }
    if side.files.is_empty() && (side.manifest.is_none() || side.manifest != other.manifest) {
        found.doubt(format!("the {name} does not say which files it has"));
    }
}

/// Whether a file has the bytes of the tensors that another one lists.
fn is_data_of(path: &str, head: &str, format: &str) -> bool {
    let starts = |start: &str| path.strip_prefix(head).is_some_and(|rest| rest.starts_with(start));
    match format {
        "onnx" => starts("_data") || starts(".data"),
        _ => head
            .strip_suffix(".index")
            .and_then(|head| path.strip_prefix(head))
            .is_some_and(|rest| rest.starts_with(".data-")),
    }
}

fn is_beside(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    ENDS.contains(&end) || NAMES.contains(&name.as_str()) || name.ends_with(".index.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_with_a_model_by_custom() {
        for path in
            ["README.md", "a/config.json", "LICENSE", ".gitattributes", "model.safetensors.index.json"]
        {
            assert!(is_beside(path), "{path}");
        }
        for path in ["trees.json", "booster.txt", "head.npz", "w", "a.md/w", "saved_model.pb", "md"] {
            assert!(!is_beside(path), "{path}");
        }
    }

    #[test]
    fn tensors_in_other_files_are_listed_with_their_index() {
        assert!(is_data_of("m.onnx_data", "m.onnx", "onnx") && is_data_of("m.onnx.data", "m.onnx", "onnx"));
        assert!(is_data_of("v/variables.data-00000-of-00001", "v/variables.index", "tensorflow"));
        assert!(!is_data_of("m.onnx.bak", "m.onnx", "onnx"));
        assert!(!is_data_of("other.data-00000-of-00001", "v/variables.index", "tensorflow"));
    }
}
