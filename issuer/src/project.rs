//! `passport.toml`: what a directory holds, and what a person declares about each part of it.
//!
//! ```toml
//! key = "lab"                       # settings, each with a default
//! output = "passports"
//!
//! [[dataset]]
//! path = "data/train.csv"
//! role = "trainedOn"                # how the model uses it
//! name = "Training records"         # and everything else as in a claims file
//!
//! [[processing]]
//! draft = "training.draft.json"     # what `passport run` recorded
//!
//! [model]
//! path = "model"
//! name = "Classifier"
//! ```
//!
//! A part's own members are `path` (required), `role`, `secrets` (of a data set about people, the file of what its
//! holder keeps, made if there is none) and `passport` (the name of the file that is issued);
//! whatever else stands there is claimed about its subject, see [`crate::claims`]. Paths are relative to the
//! directory of `passport.toml` and do not lead out of it.

use std::path::{Component, Path, PathBuf};

use thiserror::Error;

use crate::capture::{self, Kind};
use crate::claims::{self, Claims};
use crate::exit::Exit;
use crate::files;
use crate::problem::{Failure, Problem};

/// The name of the file.
pub(crate) const FILE_NAME: &str = capture::PROJECT_FILE;

/// Where the passports go, unless something else is said.
const OUTPUT: &str = "passports";

/// How a model can use a data set.
pub(crate) const ROLES: [&str; 3] = ["trainedOn", "validatedOn", "testedOn"];

/// Why a `passport.toml` cannot be used.
#[derive(Debug, Error)]
pub(crate) enum ProjectError {
    #[error("`{}` is not TOML: {cause}", path.display())]
    Toml { path: PathBuf, cause: String },
    #[error("`{}`: `{member}` is {wrong}", path.display())]
    Member { path: PathBuf, member: String, wrong: &'static str },
    #[error("`{}` names no [model] and no [[dataset]]", path.display())]
    Empty { path: PathBuf },
    #[error("`{}`: two parts would be written to `{name}`", path.display())]
    SameOutput { path: PathBuf, name: String },
    #[error("`{}`: the files of `{}` would be listed with those of `{}`", path.display(), sealed.display(), part.display())]
    Overlap { path: PathBuf, part: PathBuf, sealed: PathBuf },
    #[error("`{}` leads out of the directory", path.display())]
    Outside { path: PathBuf },
}

impl Problem for ProjectError {
    fn code(&self) -> &'static str {
        match self {
            Self::Toml { .. } => "project.toml-syntax",
            Self::Member { .. } => "project.member",
            Self::Empty { .. } => "project.empty",
            Self::SameOutput { .. } => "project.same-output",
            Self::Outside { .. } => "project.outside",
            Self::Overlap { .. } => "project.overlap",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Toml { .. } => "correct the file",
            Self::Member { .. } => "`passport init` writes an example into a directory that has none",
            Self::Empty { .. } => {
                "say what is there: a table `[model]` with a `path`, a `[[dataset]]` likewise"
            }
            Self::SameOutput { .. } => "give one of them another name with `passport = \"NAME.json\"`",
            Self::Overlap { .. } => {
                "the data are about people, and no other part may list them: give each a directory of its own"
            }
            Self::Outside { .. } => "name files below the directory of passport.toml",
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Malformed
    }
}

/// A directory and its parts.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    /// The key to sign with.
    pub(crate) key: Option<String>,
    /// Where the passports go.
    pub(crate) output: PathBuf,
    /// The data sets in their order, what was run, and the model last, as it builds on them.
    pub(crate) parts: Vec<Part>,
}

/// A model, a data set, or something that was run.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) kind: Kind,
    /// Where it lies, relative to the root; of what was run, its draft.
    pub(crate) path: PathBuf,
    /// How the model uses it.
    pub(crate) role: Option<String>,
    /// The file of the holder's secrets, of a data set about people, relative to the root.
    pub(crate) secrets: Option<PathBuf>,
    /// The name of the file of its passport.
    pub(crate) passport: String,
    pub(crate) claims: Claims,
}

impl Project {
    /// Whether there is a `passport.toml` in this directory.
    pub(crate) fn is_at(directory: &Path) -> bool {
        directory.join(FILE_NAME).is_file()
    }

    /// Reads the `passport.toml` of a directory.
    pub(crate) fn read(directory: &Path) -> Result<Self, Failure> {
        let path = directory.join(FILE_NAME);
        let text = files::read_text(&path, files::MAX_DOCUMENT_BYTES)?;
        Self::parse(directory, &path, &text)
    }

    fn parse(root: &Path, path: &Path, text: &str) -> Result<Self, Failure> {
        let mut table = text
            .parse::<toml::Table>()
            .map_err(|cause| ProjectError::Toml { path: path.to_owned(), cause: cause.to_string() })?;
        let key = text_member(path, &mut table, "", "key")?;
        let output = text_member(path, &mut table, "", "output")?.unwrap_or_else(|| OUTPUT.to_owned());
        let wrong = |member: &str, wrong| ProjectError::Member {
            path: path.to_owned(),
            member: member.to_owned(),
            wrong,
        };
        let mut parts = Vec::new();
        for (group, kind) in [("dataset", Kind::Dataset), ("processing", Kind::Processing)] {
            let items = match table.remove(group) {
                Some(toml::Value::Array(items)) => items,
                Some(_) => {
                    return Err(wrong(group, "not a list of tables: write it in double brackets").into());
                }
                None => Vec::new(),
            };
            for item in items {
                let toml::Value::Table(item) = item else {
                    return Err(wrong(group, "not a list of tables").into());
                };
                parts.push(Part::read(path, kind, item)?);
            }
        }
        match table.remove("model") {
            Some(toml::Value::Table(model)) => parts.push(Part::read(path, Kind::Model, model)?),
            Some(_) => return Err(wrong("model", "not a table").into()),
            None => {}
        }
        if let Some((name, _)) = table.into_iter().next() {
            return Err(wrong(&name, "not a name that is known here").into());
        }
        if parts.is_empty() {
            return Err(ProjectError::Empty { path: path.to_owned() }.into());
        }
        let mut names: Vec<&str> = parts.iter().map(|part| part.passport.as_str()).collect();
        names.sort_unstable();
        if let Some(name) = names.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => Some((*a).to_owned()),
            _ => None,
        }) {
            return Err(ProjectError::SameOutput { path: path.to_owned(), name }.into());
        }
        if !is_below(Path::new(&output)) {
            return Err(ProjectError::Outside { path: output.into() }.into());
        }
        // A part that lists its files would give away what another part of the same files keeps back.
        for sealed in parts.iter().filter(|part| part.secrets.is_some()) {
            let around = |part: &&Part| part.secrets.is_none() && part.holds(sealed);
            if let Some(part) = parts.iter().find(around) {
                let (path, part) = (path.to_owned(), part.path.clone());
                return Err(ProjectError::Overlap { path, part, sealed: sealed.path.clone() }.into());
            }
        }
        Ok(Self { root: root.to_owned(), key, output: root.join(output), parts })
    }
}

impl Part {
    /// Whether the files of the other are among this one's.
    fn holds(&self, other: &Self) -> bool {
        let plain = |path: &Path| -> PathBuf {
            path.components().filter(|part| matches!(part, Component::Normal(_))).collect()
        };
        self.kind != Kind::Processing && plain(&other.path).starts_with(plain(&self.path))
    }

    fn read(file: &Path, kind: Kind, mut table: toml::Table) -> Result<Self, Failure> {
        let (group, place) = match kind {
            Kind::Model => ("model", "path"),
            Kind::Dataset => ("dataset", "path"),
            Kind::Processing => ("processing", "draft"),
        };
        let wrong = |member: &str, wrong| ProjectError::Member {
            path: file.to_owned(),
            member: format!("{group}.{member}"),
            wrong,
        };
        let path = text_member(file, &mut table, group, place)?.ok_or_else(|| wrong(place, "missing"))?;
        let path = PathBuf::from(path);
        if !is_below(&path) {
            return Err(ProjectError::Outside { path }.into());
        }
        let role = text_member(file, &mut table, group, "role")?;
        if role.as_deref().is_some_and(|role| kind != Kind::Dataset || !ROLES.contains(&role)) {
            return Err(wrong("role", "not one of trainedOn, validatedOn and testedOn, of a data set").into());
        }
        let secrets = text_member(file, &mut table, group, "secrets")?.map(PathBuf::from);
        if let Some(path) = secrets.as_ref().filter(|path| !is_below(path)) {
            return Err(ProjectError::Outside { path: path.clone() }.into());
        }
        if secrets.is_some() && kind != Kind::Dataset {
            return Err(wrong("secrets", "of a data set alone").into());
        }
        let passport = text_member(file, &mut table, group, "passport")?
            .unwrap_or_else(|| format!("{}.passport.json", slug(&path).unwrap_or_else(|| group.to_owned())));
        if Path::new(&passport).components().count() != 1 || passport.contains(['/', '\\']) {
            return Err(wrong("passport", "not the plain name of a file").into());
        }
        Ok(Self { kind, path, role, secrets, passport, claims: claims::from_table(file, table)? })
    }
}

fn is_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// `data/train.csv` -> `data-train`
fn slug(path: &Path) -> Option<String> {
    let text = path.with_extension("").to_str()?.to_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join("-"))
}

fn text_member(
    path: &Path,
    table: &mut toml::Table,
    group: &str,
    name: &str,
) -> Result<Option<String>, ProjectError> {
    match table.remove(name) {
        Some(toml::Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        None => Ok(None),
        Some(_) => {
            let member = if group.is_empty() { name.to_owned() } else { format!("{group}.{name}") };
            Err(ProjectError::Member { path: path.to_owned(), member, wrong: "not a text" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Project, Failure> {
        Project::parse(Path::new("root"), Path::new("root/passport.toml"), text)
    }

    #[test]
    fn parts_come_in_the_order_in_which_they_are_issued() {
        let project = parse(
            "key = 'lab'\n[model]\npath = 'out/Model v1'\nname = 'M'\n[[dataset]]\npath = 'data/train.csv'\n\
             role = 'trainedOn'\n[[dataset]]\npath = '.'\npassport = 'all.json'",
        )
        .unwrap();
        assert_eq!(project.key.as_deref(), Some("lab"));
        assert_eq!(project.output, Path::new("root/passports"));
        let names: Vec<_> = project.parts.iter().map(|part| (part.kind, part.passport.as_str())).collect();
        assert_eq!(
            names,
            [
                (Kind::Dataset, "data-train.passport.json"),
                (Kind::Dataset, "all.json"),
                (Kind::Model, "out-model-v1.passport.json")
            ]
        );
        let claims: Vec<&str> = project.parts[2].claims.subject.iter().map(|(name, _)| name).collect();
        assert_eq!(claims, ["name"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, code) in [
            ("", "project.empty"),
            ("key = 'lab'", "project.empty"),
            ("[model", "project.toml-syntax"),
            ("key = 1\n[model]\npath='m'", "project.member"),
            ("[model]\nname = 'x'", "project.member"),
            ("[model]\npath = 'm'\nrole = 'trainedOn'", "project.member"),
            ("[[model]]\npath = 'm'", "project.member"),
            ("[dataset]\npath = 'm'", "project.member"),
            ("[[dataset]]\npath = 'm'\nrole = 'readTwice'", "project.member"),
            ("[modell]\npath = 'm'", "project.member"),
            ("[model]\npath = '../m'", "project.outside"),
            ("[model]\npath = '/etc'", "project.outside"),
            ("output = '../x'\n[model]\npath = 'm'", "project.outside"),
            ("[[dataset]]\npath = 'm'\nsecrets = '../x'", "project.outside"),
            ("[model]\npath = '.'\n[[dataset]]\npath = './data/x'\nsecrets = 's'", "project.overlap"),
            ("[model]\npath = 'm'\npassport = '../x.json'", "project.member"),
            ("[model]\npath = 'm'\n[[dataset]]\npath = 'm'", "project.same-output"),
            ("[model]\npath = 'm'\nlicense = 0.5", "claims.fraction"),
        ] {
            assert_eq!(parse(text).unwrap_err().code(), code, "{text}");
        }
    }
}
