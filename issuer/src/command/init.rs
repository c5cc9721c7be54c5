//! `passport init DIRECTORY`

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use model_passport::json::{self, Object};
use thiserror::Error;

use super::Shell;
use crate::capture::{self, Draft, Kind};
use crate::claims;
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::print::Tone;
use crate::problem::{Failure, Problem};
use crate::project::FILE_NAME;

/// Where to look.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The directory with the model and its data
    #[arg(default_value = ".")]
    directory: PathBuf,
    /// Replace the passport.toml if there is one
    #[arg(long)]
    force: bool,
}

/// Endings of tables.
const TABLE_ENDINGS: [&str; 3] = ["csv", "parquet", "tsv"];

/// Endings of images, of which a directory is one data set.
const IMAGE_ENDINGS: [&str; 8] = ["dcm", "jpeg", "jpg", "nii", "nrrd", "png", "tif", "tiff"];

/// Directories of tools, which are neither the model nor its data.
const TOOL_DIRECTORIES: [&str; 9] =
    ["__pycache__", "build", "dist", "mlruns", "node_modules", "passports", "target", "venv", "wandb"];

/// Names of directories that say nothing about a person. Folders below images are named after patients often
/// enough, so no other name is written down.
const PLAIN_NAMES: [&str; 32] = [
    "checkpoints",
    "cohort",
    "data",
    "dataset",
    "datasets",
    "dicom",
    "features",
    "images",
    "imagesTr",
    "imagesTs",
    "imaging",
    "input",
    "labels",
    "model",
    "models",
    "nifti",
    "out",
    "output",
    "outputs",
    "preprocess",
    "preprocessing",
    "processing",
    "raw",
    "scans",
    "tables",
    "test",
    "testing",
    "train",
    "training",
    "val",
    "validation",
    "weights",
];

/// Most names that are looked at, and how deep.
const MAX_ENTRIES: usize = 200_000;
const MAX_DEPTH: usize = 12;

/// Most data sets that are listed one by one.
const MAX_DATASETS: usize = 16;

/// Nothing to describe.
#[derive(Debug, Error)]
#[error("`{}` holds nothing that looks like a model or a data set", .0.display())]
struct Nothing(PathBuf);

impl Problem for Nothing {
    fn code(&self) -> &'static str {
        "init.nothing-found"
    }

    fn help(&self) -> Option<String> {
        Some(
            "go to the directory with the weights or the data; `passport capture PATH` takes any file"
                .to_owned(),
        )
    }
}

/// Writes a passport.toml with what was recognised and what a person must still declare.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let output = args.directory.join(FILE_NAME);
    files::check_free(&output, args.force)?;
    let seen = Seen::look(&args.directory)?;
    let text = seen.file();
    if seen.models.is_empty() && seen.datasets.is_empty() && seen.unnamed == 0 {
        return Err(Nothing(args.directory.clone()).into());
    }
    files::write(&output, text.as_bytes(), Access::Shared, args.force)?;
    let paint = shell.print.err_paint;
    shell.print.note(&format!(
        "{} {}: {} of a model, {} data sets; what is still to be declared stands in it as comments",
        paint.text(Tone::Dim, "wrote:"),
        if seen.imaging.is_empty() { output.as_path() } else { Path::new(FILE_NAME) }.display(),
        if seen.models.is_empty() { "nothing" } else { "the files" },
        seen.datasets.len(),
    ));
    Ok(Exit::Success)
}

/// What is there, by the names alone and the first bytes of files without an ending.
#[derive(Debug, Default)]
struct Seen {
    /// Directories with weights, relative.
    models: BTreeSet<PathBuf>,
    /// Data sets: a table, or a directory of images.
    datasets: BTreeSet<PathBuf>,
    /// Directories with images of people: no name of what lies in them is written down.
    imaging: BTreeSet<PathBuf>,
    /// Records of `passport run`.
    runs: BTreeSet<PathBuf>,
    /// How many paths are not written down, since they may name a patient.
    unnamed: usize,
    /// Other things that capture reads, for a comment each.
    others: BTreeMap<&'static str, usize>,
}

impl Seen {
    fn look(root: &Path) -> Result<Self, Failure> {
        let mut seen = Self::default();
        let mut weights: Vec<PathBuf> = Vec::new();
        let (mut queue, mut count) = (vec![(PathBuf::new(), 0)], 0);
        while let Some((relative, depth)) = queue.pop() {
            let location = root.join(&relative);
            let unreadable = |source| files::InputError::Unreadable { path: location.clone(), source };
            let entries = match fs::read_dir(&location) {
                // A folder may have the name of a patient; capture says that it cannot be read, without it.
                Err(_) if depth > 0 => continue,
                entries => entries.map_err(unreadable)?,
            };
            let mut names: Vec<_> = entries.filter_map(Result::ok).collect();
            names.sort_by_key(fs::DirEntry::file_name);
            for entry in names {
                count += 1;
                let (Ok(kind), name) = (entry.file_type(), entry.file_name()) else { continue };
                let Some(name) = name.to_str().filter(|_| count <= MAX_ENTRIES) else { continue };
                let path = relative.join(name);
                if kind.is_dir()
                    && depth < MAX_DEPTH
                    && !name.starts_with('.')
                    && !TOOL_DIRECTORIES.contains(&name)
                {
                    queue.push((path, depth + 1));
                } else if kind.is_dir() {
                    seen.other(name);
                } else if kind.is_file() {
                    seen.file_named(name, path, &entry.path(), &mut weights);
                }
            }
        }
        let in_imaging = |path: &Path| seen.imaging.iter().any(|imaging| path.starts_with(imaging));
        weights.retain(|path| !in_imaging(path));
        let tables: Vec<PathBuf> = seen.datasets.iter().filter(|path| in_imaging(path)).cloned().collect();
        seen.datasets.retain(|path| !tables.contains(path) || seen.imaging.contains(path));
        seen.models = common(&weights);
        // A table beside the weights belongs to the model, as its label map or its metrics.
        let models: Vec<PathBuf> =
            seen.models.iter().filter(|path| !path.as_os_str().is_empty()).cloned().collect();
        seen.datasets.retain(|path| !models.iter().any(|model| path.starts_with(model)));
        if seen.datasets.len() > MAX_DATASETS {
            let parents: Vec<PathBuf> = seen.datasets.iter().cloned().collect();
            seen.datasets = common(&parents);
        }
        if !seen.imaging.is_empty() {
            // Beside images, everything else may be named after patients too.
            let all = seen.datasets.len() + seen.models.len() + seen.runs.len();
            for paths in [&mut seen.datasets, &mut seen.models, &mut seen.runs] {
                paths.retain(|path| is_plain(path));
            }
            seen.unnamed = all - seen.datasets.len() - seen.models.len() - seen.runs.len();
        }
        Ok(seen)
    }

    fn file_named(&mut self, name: &str, path: PathBuf, location: &Path, weights: &mut Vec<PathBuf>) {
        let lower = name.to_lowercase();
        let stem = lower.strip_suffix(".gz").unwrap_or(&lower);
        let ending = Path::new(stem).extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
        let is_dicom = capture::is_dicom(location);
        if is_dicom {
            self.images(&path, true);
        } else if name.ends_with(".draft.json") && is_run(location) {
            self.runs.insert(path);
        } else if capture::is_model_file(&path) {
            weights.push(path);
        } else if TABLE_ENDINGS.contains(&ending) {
            self.datasets.insert(path);
        } else if IMAGE_ENDINGS.contains(&ending) {
            self.images(&path, !["jpeg", "jpg", "png", "tif", "tiff"].contains(&ending));
        } else {
            self.other(name);
        }
    }

    /// An image is in the data set of the last folder whose name, and all before it, says nothing about a person.
    fn images(&mut self, path: &Path, is_imaging: bool) {
        let directory = path.parent().unwrap_or(Path::new(""));
        let plain = |part: &&std::ffi::OsStr| part.to_str().is_some_and(|name| PLAIN_NAMES.contains(&name));
        let directory: PathBuf = directory.iter().take_while(plain).collect();
        if is_imaging {
            self.imaging.insert(directory.clone());
        }
        self.datasets.insert(directory);
    }

    fn other(&mut self, name: &str) {
        const KNOWN: [(&str, &str); 14] = [
            (".git", "a git repository: commit, tag and remote"),
            ("mlruns", "MLflow runs"),
            ("wandb", "Weights & Biases runs"),
            ("dvc.lock", "DVC stages"),
            ("uv.lock", "a lock file of the Python environment"),
            ("poetry.lock", "a lock file of the Python environment"),
            ("Pipfile.lock", "a lock file of the Python environment"),
            ("requirements.txt", "a list of Python packages"),
            ("environment.yml", "a conda environment"),
            ("conda-lock.yml", "a lock file of a conda environment"),
            ("dataset.json", "an nnU-Net or MONAI data description"),
            ("metadata.json", "a description of a model bundle"),
            ("config.json", "a model configuration"),
            ("Dockerfile", "a container recipe"),
        ];
        if let Some((_, what)) = KNOWN.iter().find(|(known, _)| *known == name) {
            *self.others.entry(what).or_default() += 1;
        } else if name.ends_with(".dvc") {
            *self.others.entry("files pinned by DVC").or_default() += 1;
        }
    }

    fn file(&self) -> String {
        let mut text = String::from(
            "# What the passports of this directory say beside what can be measured.\n\
             # `passport capture . --explain` lists every fact and where it comes from; `passport issue .` signs.\n\
             # A line that starts with `# ` and a name is still to be declared: write the value, remove the `# `.\n\
             # What is not known or not to be told is said too: `basis = \"unknown\"`, or `basis = \"withheld\"` with a `reason`.\n",
        );
        for (what, count) in &self.others {
            let _ = writeln!(
                text,
                "# recognised: {what}{}",
                if *count > 1 { format!(" ({count})") } else { String::new() }
            );
        }
        if self.unnamed > 0 {
            let _ = writeln!(
                text,
                "# recognised: {} more data sets, models or records; their paths may name patients and are not written",
                self.unnamed
            );
        }
        text.push_str("\n# key = \"NAME\"             # a key of `passport key list`\n");
        let single = self.models.len() + self.datasets.len() == 1;
        for path in &self.datasets {
            let _ = write!(text, "\n[[dataset]]\npath = {}\n", quoted(path));
            if !self.models.is_empty() || !single {
                let _ = writeln!(
                    text,
                    "role = \"{}\"          # or trainedOn, validatedOn, testedOn",
                    role(path)
                );
            }
            declare(&mut text, Kind::Dataset, "dataset");
        }
        for path in &self.runs {
            let _ = write!(text, "\n[[processing]]\ndraft = {}\n", quoted(path));
        }
        let mut models = self.models.iter();
        if let Some(path) = models.next() {
            let _ = write!(text, "\n[model]\npath = {}\n", quoted(path));
            for more in models {
                let _ = writeln!(
                    text,
                    "# path = {}          # weights lie here too; one model, one path",
                    quoted(more)
                );
            }
            declare(&mut text, Kind::Model, "model");
        }
        text
    }
}

/// The directories that hold all of these and nothing above them: one for files that lie in one tree.
fn common(paths: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut parents: BTreeSet<PathBuf> =
        paths.iter().map(|path| path.parent().unwrap_or(Path::new("")).to_owned()).collect();
    let all = parents.clone();
    parents.retain(|path| !all.iter().any(|other| other != path && path.starts_with(other)));
    parents
}

/// Whether this is a record that `passport run` wrote.
fn is_run(path: &Path) -> bool {
    let text = files::read_text(path, files::MAX_DOCUMENT_BYTES);
    let draft =
        text.ok().and_then(|text| json::parse(&text).ok()).and_then(|json| Draft::from_json(&json).ok());
    draft.is_some_and(|draft| draft.kind == Kind::Processing)
}

/// Whether no part of a path can be the name of a patient. The ending of a table or of a record is none.
fn is_plain(path: &Path) -> bool {
    path.iter().all(|part| {
        let part = part.to_str().unwrap_or_default();
        let stem = part.strip_suffix(".draft.json").or_else(|| {
            let (stem, ending) = part.rsplit_once('.')?;
            TABLE_ENDINGS.contains(&ending).then_some(stem)
        });
        PLAIN_NAMES.contains(&stem.unwrap_or(part))
    })
}

/// By its name, in the words that people use.
fn role(path: &Path) -> &'static str {
    let name = path.to_string_lossy().to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["valid", "val.", "val/", "_val", "dev."]) {
        "validatedOn"
    } else if has(&["test", "holdout", "imagests"]) {
        "testedOn"
    } else {
        "trainedOn"
    }
}

fn quoted(path: &Path) -> String {
    let text = if path.as_os_str().is_empty() { ".".into() } else { path.to_string_lossy() };
    toml::Value::String(text.into_owned()).to_string()
}

/// What a passport of this kind requires and no reader can know, as comments.
fn declare(text: &mut String, kind: Kind, table: &str) {
    let (mut plain, mut groups): (String, BTreeMap<String, String>) = Default::default();
    for missing in claims::missing(&Object::new(), kind.credential_type()) {
        let mut names = missing.pointer.trim_start_matches('/').split('/');
        let first = names.next().unwrap_or_default().to_owned();
        if capture::measured_groups().contains(&first.as_str()) || first == "id" {
            continue;
        }
        let help = missing.help.unwrap_or_default();
        let blank = claims::blank(kind.credential_type(), &missing.pointer);
        match names.next() {
            None => _ = writeln!(plain, "# {first} = {blank}{}", comment(&help)),
            Some(member) => {
                let group = groups.entry(first).or_default();
                let _ = writeln!(group, "# {member} = {blank}{}", comment(&help));
            }
        }
    }
    text.push_str(&plain);
    for (group, members) in groups {
        let _ = write!(text, "# [{table}.{group}]\n{members}");
    }
}

fn comment(help: &str) -> String {
    if help.is_empty() { String::new() } else { format!("          # {}", help.replace('\n', " ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(files: &[(&str, &[u8])]) -> String {
        let directory = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        Seen::look(directory.path()).unwrap().file()
    }

    #[test]
    fn a_form_has_values_of_the_right_type() {
        let text = file(&[("train.csv", b""), ("model.onnx", b"")]);
        for line in [
            "# process = \"\" ",
            "# modality = [] ",
            "# countries = [] ",
            "# startDate = 2026-01-31 ",
            "# numberOfSubjects = 0 ",
            "# commercialValidationPermitted = false ",
            "# name = \"\" ",
            "# trainedOn = [] ",
            "# hyperparameters = {} ",
            "# startedAtTime = 2026-01-31T12:00:00Z ",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        // Whoever takes away the signs of comments has a file that is read.
        let is_form = |rest: &&str| {
            rest.starts_with('[') || rest.split_once(" = ").is_some_and(|(name, _)| !name.contains(' '))
        };
        let form = text.lines().map(|line| line.strip_prefix("# ").filter(is_form).unwrap_or(line));
        let form = form.collect::<Vec<_>>().join("\n");
        assert!(form.parse::<toml::Table>().is_ok(), "{form}");
    }

    fn paths(text: &str) -> Vec<&str> {
        text.lines().filter_map(|line| line.strip_prefix("path = ")).collect()
    }

    #[test]
    fn models_and_data_are_told_apart() {
        let text = file(&[
            ("data/train.csv", b""),
            ("data/test.csv", b""),
            ("out/model.onnx", b""),
            ("out/labels.csv", b""),
            ("out/run1/model.pt", b""),
            ("uv.lock", b""),
            ("venv/x.pkl", b""),
            (".cache/y.pt", b""),
            ("train.py", b""),
        ]);
        assert_eq!(paths(&text), ["\"data/test.csv\"", "\"data/train.csv\"", "\"out\""]);
        assert!(text.contains("role = \"testedOn\"") && text.contains("# recognised: a lock file"), "{text}");
        assert!(text.contains("# name = \"\"") && text.contains("# [model.intendedUse]"), "{text}");
    }

    #[test]
    fn no_name_of_a_patient_is_written_down() {
        let mut dicom = vec![0; 128];
        dicom.extend(b"DICM");
        let text = file(&[
            ("data/DOE^JANE/1980/IM0001", &dicom),
            ("data/DOE^JANE/1980/a.dcm", b""),
            ("ROE_RICHARD/b.nii.gz", b""),
            ("data/MINNIE/c.png", b""),
        ]);
        assert_eq!(paths(&text), ["\".\"", "\"data\""]);
        for name in ["DOE", "ROE", "MINNIE", "1980"] {
            assert!(!text.contains(name), "{text}");
        }
    }

    #[test]
    fn beside_images_other_files_are_not_named_either() {
        let draft = br#"{"draft":"https://w3id.org/model-passport/v1/draft","kind":"ProcessingAttestation","subject":{}}"#;
        let others: [(&str, &[u8]); 5] = [
            ("tables/train.csv", b""),
            ("DOE_JANE.csv", b""),
            ("MINNIE/model.onnx", b""),
            ("processing.draft.json", draft),
            ("ROE.draft.json", draft),
        ];
        assert!(file(&others).contains("DOE_JANE"));
        let mut dicom = vec![0; 128];
        dicom.extend(b"DICM");
        for (name, bytes) in [
            ("scans/DOE/IM.IMA", &b""[..]),
            ("scans/a.dicom", b""),
            ("scans/x.png", &dicom),
            ("scans/a.nii", b""),
        ] {
            let text = file(&[&others[..], &[(name, bytes)]].concat());
            assert_eq!(paths(&text), ["\"scans\"", "\"tables/train.csv\""], "{name}");
            assert!(text.contains("draft = \"processing.draft.json\"") && text.contains("3 more"), "{text}");
            assert!(!text.contains("DOE") && !text.contains("ROE") && !text.contains("MINNIE"), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = file(&[("m.safetensors", b""), ("train.csv", b"")]);
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table.len(), 2);
        assert_eq!(paths(&text), ["\"train.csv\"", "\".\""]);
    }
}
