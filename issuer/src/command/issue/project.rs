//! `passport issue DIRECTORY` with a `passport.toml`: every part captured, declared, signed and linked.
//!
//! 1. capture every part
//! 2. list everything that is still to be declared, of all parts at once
//! 3. sign the data sets, what was run, and the model, each after what it builds on, which it names by the digests
//!    of the passports
//! 4. write all of them, or none

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use model_passport::json::{Json, Object};
use thiserror::Error;

use super::{Args, add_claims, read_draft};
use crate::capture::{Draft, Kind, processing};
use crate::claims::{self, Missing};
use crate::command::{Shell, capture};
use crate::exit::Exit;
use crate::files::{self, OutputError};
use crate::parents::Parents;
use crate::problem::{Failure, Problem};
use crate::project::{FILE_NAME, Part, Project};
use crate::seal::Sealed;

/// Why a directory is not issued.
#[derive(Debug, Error)]
enum DirectoryError {
    #[error("what was run used what was made of it")]
    Circle,
    #[error("`--claims` and `--digests` say nothing about which part they are for")]
    Claims,
    #[error("{}", Listed(.0))]
    Missing(Vec<(PathBuf, Missing)>),
}

impl Problem for DirectoryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Circle => "issue.circle",
            Self::Claims => "issue.claims-for-directory",
            Self::Missing(_) => "issue.claims",
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Circle => "leave one of the runs out of passport.toml; nothing was signed".to_owned(),
            Self::Claims => format!(
                "write what is claimed into {FILE_NAME}, beside the `path` of its part; with a list of digests, issue the \
                 part alone"
            ),
            Self::Missing(_) => {
                format!("declare it in {FILE_NAME}, beside the `path` of its part; nothing was signed")
            }
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Claims => Exit::Usage,
            Self::Circle | Self::Missing(_) => Exit::Malformed,
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
    if !args.claims.is_empty() || args.reading.has_digests() {
        return Err(DirectoryError::Claims.into());
    }
    let project = Project::read(&args.path)?;
    let session = args.signing.begin_with(project.key.as_deref(), shell)?;
    let is_default = args.signing.output.as_os_str() == files::STANDARD_STREAM;
    let directory = if is_default { &project.output } else { &args.signing.output };
    let outputs: Vec<PathBuf> = project.parts.iter().map(|part| directory.join(&part.passport)).collect();
    if let Some(path) =
        outputs.iter().find(|path| path.is_dir() || !args.signing.force && path.symlink_metadata().is_ok())
    {
        return Err(OutputError::Exists { path: path.clone() }.into());
    }
    let mut drafts = Vec::with_capacity(project.parts.len());
    for part in &project.parts {
        let draft = match part.kind {
            Kind::Processing => {
                let mut draft = read_draft(&project.root.join(&part.path), Some(part.kind))?;
                processing::admit(&mut draft, &part.claims.subject);
                draft
            }
            _ => capture::read_part(&project, part, &args.reading, shell)?,
        };
        capture::notes(&draft, shell);
        drafts.push(draft);
    }
    let missing = missing(&project, &drafts)?;
    if !missing.is_empty() {
        return Err(DirectoryError::Missing(missing).into());
    }
    let mut parents = Parents::new(&args.signing.with, session.now)?;
    let mut family = Family::default();
    let mut sealed: Vec<(usize, Sealed)> = Vec::with_capacity(drafts.len());
    for at in order(&project.parts, &drafts)? {
        let (Some(part), Some(draft), Some(output)) =
            (project.parts.get(at), drafts.get(at), outputs.get(at))
        else {
            continue;
        };
        let declared = (draft.subject.clone(), Some(&draft.sources));
        let (mut subject, until) = add_claims(declared, part.claims.clone(), &project.root, &mut parents)?;
        family.link(part, &mut subject);
        let credential = session.seal(part.kind.credential_type(), subject, until, &parents)?;
        let parent = parents.add_text(output, credential.text.clone())?;
        family.add(part, draft, parent.reference());
        sealed.push((at, credential));
    }
    let unwritable = |source| OutputError::Unwritable { path: directory.clone(), source };
    fs::create_dir_all(directory).map_err(unwritable)?;
    for (at, sealed) in &sealed {
        if let (Some(part), Some(output)) = (project.parts.get(*at), outputs.get(*at)) {
            session.write(output, part.kind.credential_type(), sealed, shell)?;
        }
    }
    Ok(Exit::Success)
}

/// What nobody declared yet. A link to a part of this directory is as good as declared.
fn missing(project: &Project, drafts: &[Draft]) -> Result<Vec<(PathBuf, Missing)>, Failure> {
    let linked: Vec<&str> = project.parts.iter().filter_map(|part| part.role.as_deref()).collect();
    let mut all = Vec::new();
    for (part, draft) in project.parts.iter().zip(drafts) {
        let subject = claims::merge_captured(draft.subject.clone(), &draft.sources, &part.claims.subject)?;
        let settled = |missing: &Missing| {
            let first = missing.pointer.split('/').nth(1).unwrap_or_default();
            // A reference is complete when the passport that it names was looked up.
            is_link(part, first) || (part.kind == Kind::Model && linked.contains(&first))
        };
        let missing = claims::missing(&subject, part.kind.credential_type());
        all.extend(missing.into_iter().filter(|one| !settled(one)).map(|one| (part.path.clone(), one)));
    }
    Ok(all)
}

fn is_link(part: &Part, member: &str) -> bool {
    part.claims
        .subject
        .get(member)
        .is_some_and(|value| value.one_or_many().iter().any(|one| one.get("passport").is_some()))
}

/// The order in which every part comes after what it builds on: a run after the data that it used, what a run made
/// after the run, the model last. Everything is known by its content, so nobody has to say it.
fn order(parts: &[Part], drafts: &[Draft]) -> Result<Vec<usize>, DirectoryError> {
    let has_role = |at: usize| parts.get(at).is_some_and(|part| part.role.is_some());
    let needs = |draft: &Draft, other: &Draft, at: usize| match (draft.kind, other.kind) {
        (Kind::Processing, Kind::Processing) => {
            contents(other, "generated").any(|id| contents(draft, "used").any(|used| used == id))
        }
        (Kind::Processing, Kind::Dataset | Kind::Model) => {
            contents(draft, "used").any(|id| Some(id) == id_of(other))
        }
        (_, Kind::Processing) => contents(other, "generated").any(|id| Some(id) == id_of(draft)),
        (Kind::Model, Kind::Dataset) => has_role(at),
        _ => false,
    };
    let mut order: Vec<usize> = Vec::with_capacity(drafts.len());
    while order.len() < drafts.len() {
        let ready = drafts.iter().enumerate().find(|(at, draft)| {
            let is_open = |other: &usize| *other != *at && !order.contains(other);
            let waits = |at: usize| drafts.get(at).is_some_and(|other| needs(draft, other, at));
            !order.contains(at) && !(0..drafts.len()).filter(is_open).any(waits)
        });
        order.push(ready.ok_or(DirectoryError::Circle)?.0);
    }
    Ok(order)
}

fn id_of(draft: &Draft) -> Option<&str> {
    draft.subject.get("id")?.as_str()
}

/// The identities, by content, of what a run used or made.
fn contents<'d>(draft: &'d Draft, member: &str) -> impl Iterator<Item = &'d str> {
    let listed = draft.subject.get(member).map(Json::one_or_many).unwrap_or_default();
    listed.iter().filter_map(|one| one.get("id")?.as_str())
}

/// The passports that are signed so far, by what they are about.
#[derive(Default)]
struct Family {
    /// How the model uses a data set, and the passport of that.
    roles: Vec<(String, Object)>,
    /// The identity of a subject, by content, and its passport.
    subjects: Vec<(String, Object)>,
    /// The identity of something that was made, and the passport of the run that made it.
    made: Vec<(String, Object)>,
}

impl Family {
    fn add(&mut self, part: &Part, draft: &Draft, reference: Object) {
        if part.kind == Kind::Processing {
            self.made.extend(contents(draft, "generated").map(|id| (id.to_owned(), reference.clone())));
        }
        self.subjects.extend(id_of(draft).map(|id| (id.to_owned(), reference.clone())));
        self.roles.extend(part.role.clone().map(|role| (role, reference)));
    }

    /// Puts passports where a subject names contents, and adds the links that follow from the directory.
    fn link(&self, part: &Part, subject: &mut Object) {
        if let Some(Json::Array(used)) = subject.get_mut("used").filter(|_| part.kind == Kind::Processing) {
            for one in used {
                let id = one.get("id").and_then(Json::as_str);
                if let Some((_, reference)) =
                    self.subjects.iter().find(|(known, _)| Some(known.as_str()) == id)
                {
                    *one = reference.clone().into();
                }
            }
        }
        if part.kind == Kind::Model {
            for (role, reference) in &self.roles {
                append(subject, role, reference);
            }
        }
        let id = subject.get("id").and_then(Json::as_str).map(str::to_owned);
        for (_, run) in self.made.iter().filter(|(made, _)| Some(made) == id.as_ref()) {
            append(subject, "wasGeneratedBy", run);
        }
    }
}

/// Adds a reference after those that are there, if it is not.
fn append(subject: &mut Object, member: &str, reference: &Object) {
    let mut all = subject.get(member).map(|present| present.one_or_many().to_vec()).unwrap_or_default();
    let reference = Json::from(reference.clone());
    if !all.contains(&reference) {
        all.push(reference);
    }
    subject.insert(member, all);
}
