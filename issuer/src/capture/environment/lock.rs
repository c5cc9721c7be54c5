//! Lock files of Python environments: their digest, and the versions of known frameworks in them.
//!
//! The digest is measured. The versions are inferred: a lock file says what was meant to be installed, not what
//! was. Of several lock files the first of [`NAMES`] counts, the one nearest to the root first.

use model_passport::json::Json;
use serde_json::Value;

use super::super::artifacts::Artifact;
use super::super::foreign::{self, Dialect, Language};
use super::super::found::Basis;
use super::super::{CaptureError, Found};
use super::{Group, file_name};

/// The names of lock files, the more exact ones first.
pub(super) const NAMES: [&str; 10] = [
    "uv.lock",
    "pylock.toml",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "conda-lock.yml",
    "conda-lock.yaml",
    "environment.yml",
    "environment.yaml",
    "requirements.txt",
];

/// What is worth naming in a passport.
const FRAMEWORKS: [&str; 40] = [
    "accelerate",
    "catboost",
    "cupy",
    "deepspeed",
    "diffusers",
    "fastai",
    "flax",
    "jax",
    "jaxlib",
    "keras",
    "lightgbm",
    "lightning",
    "monai",
    "mxnet",
    "nnunetv2",
    "onnx",
    "onnxruntime",
    "onnxruntime-gpu",
    "opacus",
    "paddlepaddle",
    "peft",
    "pytorch",
    "pytorch-lightning",
    "ray",
    "scikit-learn",
    "segmentation-models-pytorch",
    "sentence-transformers",
    "skl2onnx",
    "statsmodels",
    "tensorflow",
    "tensorflow-cpu",
    "tensorflow-federated",
    "timm",
    "tokenizers",
    "torch",
    "torchaudio",
    "torchio",
    "torchvision",
    "transformers",
    "xgboost",
];

const DIALECT: Dialect = Dialect {
    code: "capture.lock-file-malformed",
    format: "a lock file",
    help: "write the lock file anew with the tool that it is for, or rename it if it is none",
};

/// Adds `lockFileDigest` and `framework` to the group.
pub(in super::super) fn add_to(
    found: &mut Found,
    group: Group,
    files: &[&Artifact],
) -> Result<(), CaptureError> {
    let rank = |file: &Artifact| NAMES.iter().position(|name| *name == file_name(file));
    let mut locks: Vec<(usize, usize, &Artifact)> =
        files.iter().filter_map(|file| Some((rank(file)?, file.path.matches('/').count(), *file))).collect();
    locks.sort_by_key(|(rank, depth, file)| (*rank, *depth, file.path.as_str()));
    let mut chosen: Option<&Artifact> = None;
    for (_, _, file) in locks {
        if let Some(chosen) = chosen {
            let message =
                format!("`{}` is the lock file that counts; `{}` is left alone", chosen.path, file.path);
            found.note("capture.several-lock-files", message);
            continue;
        }
        let text = foreign::text(file, &DIALECT)?;
        match packages(file_name(file), &text).map_err(|message| DIALECT.error(file, message))? {
            Locked::Loose => {
                let message =
                    format!("`{}` leaves versions open, so it does not say what was installed", file.path);
                found.note("capture.loose-requirements", message);
            }
            Locked::Packages(packages) => {
                let from = format!("the bytes of `{}`", file.path);
                let digest = file.hashed.sha256.to_multibase();
                found.fill(group, "lockFileDigest", digest, Basis::Measured, &from);
                let frameworks = frameworks(packages);
                if !frameworks.is_empty() {
                    let from = format!("the versions that `{}` locks", file.path);
                    found.fill(group, "framework", frameworks, Basis::Inferred, &from);
                }
                chosen = Some(file);
            }
        }
    }
    Ok(())
}

/// The versions of known frameworks in a list `name==version`.
pub(in super::super) fn versions(text: &str) -> Vec<Json> {
    match requirements(text.lines()) {
        Locked::Packages(packages) => frameworks(packages),
        Locked::Loose => Vec::new(),
    }
}

fn frameworks(packages: Vec<(String, String)>) -> Vec<Json> {
    let mut known: Vec<String> = packages
        .into_iter()
        .map(|(name, version)| (normal(&name), version))
        .filter(|(name, version)| FRAMEWORKS.contains(&name.as_str()) && is_version(version))
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    known.sort();
    known.dedup();
    known.truncate(64);
    known.into_iter().map(Json::from).collect()
}

/// The one spelling of a package's name.
fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

fn is_version(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '!' | '_');
    !text.is_empty() && text.len() <= 64 && text.chars().all(allowed)
}

/// What a lock file locks.
enum Locked {
    Packages(Vec<(String, String)>),
    /// At least one version is open.
    Loose,
}

fn packages(name: &str, text: &str) -> Result<Locked, String> {
    let list = |key: &str, language| {
        let document = foreign::parse(text, language)?;
        let items = match document.get(key) {
            Some(Value::Array(items)) => items.as_slice(),
            None => &[],
            Some(_) => return Err(format!("`{key}` is not a list")),
        };
        let text = |item: &Value, name| item.get(name).and_then(foreign::scalar);
        let package = |item| Some((text(item, "name")?, text(item, "version")?));
        Ok(Locked::Packages(items.iter().filter_map(package).collect()))
    };
    match name {
        "uv.lock" | "poetry.lock" | "pdm.lock" => list("package", Language::Toml),
        "pylock.toml" => list("packages", Language::Toml),
        "conda-lock.yml" | "conda-lock.yaml" => list("package", Language::Yaml),
        "Pipfile.lock" => pipfile(text),
        "environment.yml" | "environment.yaml" => conda(text),
        _ => Ok(requirements(text.lines())),
    }
}

fn pipfile(text: &str) -> Result<Locked, String> {
    let document = foreign::parse(text, Language::Json)?;
    let default = document.get("default").and_then(Value::as_object).ok_or("`default` is missing")?;
    let package = |(name, locked): (&String, &Value)| {
        let version = locked.get("version").and_then(Value::as_str)?.strip_prefix("==")?;
        Some((name.clone(), version.to_owned()))
    };
    Ok(Locked::Packages(default.iter().filter_map(package).collect()))
}

/// `name=version[=build]`, and what pip installs on top.
fn conda(text: &str) -> Result<Locked, String> {
    let document = foreign::parse(text, Language::Yaml)?;
    let dependencies =
        document.get("dependencies").and_then(Value::as_array).ok_or("`dependencies` is missing")?;
    let mut packages = Vec::new();
    for dependency in dependencies {
        match dependency {
            Value::String(text) => {
                let text = text.rsplit("::").next().unwrap_or_default();
                let mut parts = text.split('=').filter(|part| !part.is_empty());
                match (parts.next(), parts.next()) {
                    (Some(name), Some(version)) if !text.contains(['>', '<', '~', '*']) => {
                        packages.push((name.trim().to_owned(), version.trim().to_owned()));
                    }
                    // The installer itself, which nobody pins.
                    (Some("pip"), None) => {}
                    _ => return Ok(Locked::Loose),
                }
            }
            other => {
                let lines = other.get("pip").and_then(Value::as_array).ok_or("a dependency is no text")?;
                match requirements(lines.iter().filter_map(Value::as_str)) {
                    Locked::Packages(more) => packages.extend(more),
                    Locked::Loose => return Ok(Locked::Loose),
                }
            }
        }
    }
    Ok(Locked::Packages(packages))
}

/// A lock file if every requirement is one version.
fn requirements<'a>(lines: impl Iterator<Item = &'a str>) -> Locked {
    let mut packages = Vec::new();
    let mut continued = false;
    for line in lines {
        let part = std::mem::replace(&mut continued, line.trim_end().ends_with('\\'));
        let line = line.split(" #").next().unwrap_or_default().trim().trim_end_matches('\\').trim();
        // Options, comments and the rest of a line before: hashes.
        if part || line.is_empty() || line.starts_with(['#', '-']) {
            continue;
        }
        let requirement = line.split([';']).next().unwrap_or_default();
        let requirement = requirement.split(" --").next().unwrap_or_default();
        let Some((name, version)) = requirement.split_once("==") else { return Locked::Loose };
        let name = name.split('[').next().unwrap_or_default().trim();
        let version = version.trim_start_matches('=').trim();
        if !is_version(version) {
            return Locked::Loose;
        }
        packages.push((name.to_owned(), version.to_owned()));
    }
    if packages.is_empty() { Locked::Loose } else { Locked::Packages(packages) }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::Tree;
    use super::super::TRAINING;
    use super::*;
    use crate::problem::Problem as _;

    fn found(files: &[(&str, &[u8])]) -> Result<Found, CaptureError> {
        let tree = Tree::with(files);
        let artifacts = tree.artifacts();
        let mut found = Found::default();
        let files: Vec<&Artifact> = artifacts.files.iter().collect();
        add_to(&mut found, TRAINING, &files)?;
        Ok(found)
    }

    fn frameworks_of(name: &str, text: &str) -> String {
        let found = found(&[(name, text.as_bytes())]).unwrap();
        let framework = found.subject.get("training").and_then(|training| training.get("framework"));
        framework.map(Json::to_string).unwrap_or_default()
    }

    const UV: &str =
        "version = 1\n[[package]]\nname = \"torch\"\nversion = \"2.9.0\"\n[[package]]\nname = \"x\"\n";

    #[test]
    fn each_tool_has_its_lock_file() {
        for (name, text) in [
            ("uv.lock", UV),
            ("poetry.lock", UV),
            ("pylock.toml", "[[packages]]\nname = \"torch\"\nversion = \"2.9.0\"\n"),
            ("Pipfile.lock", r#"{"_meta":{},"default":{"torch":{"version":"==2.9.0"},"x":{"git":"y"}}}"#),
            ("conda-lock.yml", "version: 1\npackage:\n- name: torch\n  version: 2.9.0\n  manager: pip\n"),
            ("environment.yml", "dependencies:\n- python=3.12.1=h1\n- pip\n- pip:\n  - Torch==2.9.0\n"),
            (
                "requirements.txt",
                "# by hand\n--index-url x\ntorch[opt]==2.9.0 ; python_version > '3' \\\n    --hash=sha256:0\n",
            ),
        ] {
            assert_eq!(frameworks_of(name, text), r#"["torch 2.9.0"]"#, "{name}");
        }
        let found = found(&[("env/uv.lock", UV.as_bytes())]).unwrap();
        let training = found.subject.get("training").unwrap();
        let digest = model_passport::digest::Digest::of(UV).to_multibase();
        assert_eq!(training.get("lockFileDigest").and_then(Json::as_str), Some(digest.as_str()));
        // One inferred member is enough.
        assert_eq!(training.get("basis").and_then(Json::as_str), Some("inferred"));
        let source = found.sources.get("/training/lockFileDigest").unwrap();
        assert_eq!(source.get("basis").and_then(Json::as_str), Some("measured"));
    }

    #[test]
    fn open_versions_lock_nothing() {
        for (name, text) in [
            ("requirements.txt", "torch==2.9.0\nnumpy>=1\n"),
            ("requirements.txt", "torch\n"),
            ("requirements.txt", "torch==2.*\n"),
            ("requirements.txt", ""),
            ("environment.yml", "dependencies: [pytorch>=2]\n"),
            ("environment.yml", "dependencies:\n- pip\n- pip: [torch]\n"),
        ] {
            let found = found(&[(name, text.as_bytes())]).unwrap();
            assert!(!found.subject.contains("training"), "{text}");
            assert_eq!(found.notes.len(), 1, "{text}");
        }
    }

    #[test]
    fn the_most_exact_one_nearest_the_root_counts() {
        let found = found(&[
            ("a/uv.lock", b"version = 1\n"),
            ("requirements.txt", b"torch==1.0\n"),
            ("uv.lock", UV.as_bytes()),
        ])
        .unwrap();
        let source = found.sources.get("/training/lockFileDigest").unwrap();
        assert_eq!(source.get("from").and_then(Json::as_str), Some("the bytes of `uv.lock`"));
        assert_eq!(found.notes.len(), 2);
    }

    #[test]
    fn a_damaged_lock_file_is_named() {
        for (name, text) in [
            ("uv.lock", "[[package"),
            ("uv.lock", "package = 1"),
            ("Pipfile.lock", "{"),
            ("Pipfile.lock", "{}"),
            ("environment.yml", "x: 1"),
            ("conda-lock.yml", "a: [1"),
            ("poetry.lock", "\u{0}"),
        ] {
            let error = found(&[(name, text.as_bytes())]).unwrap_err();
            assert_eq!(error.code(), "capture.lock-file-malformed", "{text}");
            assert!(error.to_string().contains(name), "{error}");
        }
        for end in 0..UV.len() {
            _ = found(&[("uv.lock", &UV.as_bytes()[..end])]);
        }
    }
}
