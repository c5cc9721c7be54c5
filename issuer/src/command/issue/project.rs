//! `passport issue DIRECTORY` with a `passport.toml`: every part captured, declared, signed and linked.
//!
//! 1. capture every part
//! 2. list everything that is still to be declared, of all parts at once
//! 3. sign the data sets, then the model, which names them by the digests of their passports
//! 4. write all of them, or none

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use model_passport::json::{Json, Object};
use thiserror::Error;

use super::{Args, add_claims};
use crate::capture::{Draft, Kind};
use crate::claims::{self, Missing};
use crate::command::{Shell, capture};
use crate::exit::Exit;
use crate::files::{self, OutputError};
use crate::parents::Parents;
use crate::problem::{Failure, Problem};
use crate::project::{FILE_NAME, Part, Project, ROLES};
use crate::seal::Sealed;

/// Why a directory is not issued.
#[derive(Debug, Error)]
enum DirectoryError {
    #[error("`--claims` says nothing about which part it is for")]
    Claims,
    #[error("{}", Listed(.0))]
    Missing(Vec<(PathBuf, Missing)>),
}

impl Problem for DirectoryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Claims => "issue.claims-for-directory",
            Self::Missing(_) => "issue.claims",
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Claims => format!("write what is claimed into {FILE_NAME}, beside the `path` of its part"),
            Self::Missing(_) => {
                format!("declare it in {FILE_NAME}, beside the `path` of its part; nothing was signed")
            }
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Claims => Exit::Usage,
            Self::Missing(_) => Exit::Malformed,
        }
    }
}

/// All that is missing, by part.
struct Listed<'a>(&'a [(PathBuf, Missing)]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} missing:", self.0.len(), if self.0.len() == 1 { "claim is" } else { "claims are" })?;
        let mut part: Option<&Path> = None;
        for (path, missing) in self.0 {
            if part != Some(path) {
                write!(f, "\n  {}", path.display())?;
                part = Some(path);
            }
            let place = missing.pointer.trim_start_matches('/').replace('/', ".");
            write!(f, "\n    {place:32}  {}", missing.help.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }
}

pub(super) fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    if !args.claims.is_empty() {
        return Err(DirectoryError::Claims.into());
    }
    let project = Project::read(&args.path)?;
    let session = args.signing.begin_with(project.key.as_deref(), shell)?;
    let is_default = args.signing.output.as_os_str() == files::STANDARD_STREAM;
    let directory = if is_default { &project.output } else { &args.signing.output };
    let outputs: Vec<PathBuf> = project.parts.iter().map(|part| directory.join(&part.passport)).collect();
    if let Some(path) = outputs.iter().find(|path| !args.signing.force && path.symlink_metadata().is_ok()) {
        return Err(OutputError::Exists { path: path.clone() }.into());
    }
    let mut drafts = Vec::with_capacity(project.parts.len());
    for part in &project.parts {
        let draft = capture::read_part(&project, part, &args.reading, shell)?;
        capture::notes(&draft, shell);
        drafts.push(draft);
    }
    let missing = missing(&project, &drafts)?;
    if !missing.is_empty() {
        return Err(DirectoryError::Missing(missing).into());
    }
    let mut parents = Parents::new(&args.signing.with, session.now)?;
    let mut links: Vec<(&str, Object)> = Vec::new();
    let mut sealed: Vec<Sealed> = Vec::with_capacity(drafts.len());
    for ((part, draft), output) in project.parts.iter().zip(drafts).zip(&outputs) {
        let (mut subject, until) =
            add_claims(draft.subject, part.claims.clone(), &project.root, &mut parents)?;
        if part.kind == Kind::Model {
            link(&mut subject, &links);
        }
        let credential = session.seal(part.kind.credential_type(), subject, until, &parents)?;
        let parent = parents.add_text(output, credential.text.clone())?;
        links.extend(part.role.as_deref().map(|role| (role, parent.reference())));
        sealed.push(credential);
    }
    let unwritable = |source| OutputError::Unwritable { path: directory.clone(), source };
    fs::create_dir_all(directory).map_err(unwritable)?;
    for ((part, sealed), output) in project.parts.iter().zip(&sealed).zip(&outputs) {
        session.write(output, part.kind.credential_type(), sealed, shell)?;
    }
    Ok(Exit::Success)
}

/// What nobody declared yet. A link to a part of this directory is as good as declared.
fn missing(project: &Project, drafts: &[Draft]) -> Result<Vec<(PathBuf, Missing)>, Failure> {
    let linked: Vec<&str> = project.parts.iter().filter_map(|part| part.role.as_deref()).collect();
    let mut all = Vec::new();
    for (part, draft) in project.parts.iter().zip(drafts) {
        let subject = claims::merge(draft.subject.clone(), &part.claims.subject)?;
        let settled = |missing: &Missing| {
            let first = missing.pointer.split('/').nth(1).unwrap_or_default();
            // A reference is complete when the passport that it names was looked up.
            is_link(part, first) || (part.kind == Kind::Model && linked.contains(&first))
        };
        let missing = claims::missing(&subject, part.kind.credential_type());
        all.extend(missing.into_iter().filter(|one| !settled(one)).map(|one| (part.path.clone(), one)));
    }
    // One of several links is enough for the schema, which then names the first.
    if !linked.is_empty() {
        all.retain(|(_, missing)| !ROLES.iter().any(|role| missing.pointer == format!("/{role}")));
    }
    Ok(all)
}

fn is_link(part: &Part, member: &str) -> bool {
    part.claims
        .subject
        .get(member)
        .is_some_and(|value| value.one_or_many().iter().any(|one| one.get("passport").is_some()))
}

/// Names the data sets in the model, after those that it names itself.
fn link(model: &mut Object, links: &[(&str, Object)]) {
    for (role, reference) in links {
        let mut all = model.get(role).map(|present| present.one_or_many().to_vec()).unwrap_or_default();
        all.push(Json::from(reference.clone()));
        model.insert(*role, all);
    }
}
