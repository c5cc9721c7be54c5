//! What was found so far: each fact with where it came from and how it is known.
//!
//! Readers do not know each other. What only one of them can know is added whole ([`Found::add`]); a group
//! that several know parts of, such as `training`, is filled member by member ([`Found::fill`]), and is known
//! no better than its least known member. Who comes first wins; a second reader that says something else is
//! not dropped in silence but noted. What is a list of named things, hyperparameters and frameworks, is put together
//! name by name.

use model_passport::json::{Json, Object, escape_token};

/// How a fact is known, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Basis {
    /// Computed by this program from bytes.
    Measured,
    /// Concluded by this program from something that says less.
    Inferred,
    /// Written by a person or another program, and taken over as it stands.
    Declared,
}

impl Basis {
    /// The word of a passport.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Inferred => "inferred",
            Self::Declared => "declared",
        }
    }

    fn weaker(self, word: Option<&str>) -> &'static str {
        let other = [Self::Inferred, Self::Declared].into_iter().find(|basis| Some(basis.word()) == word);
        self.max(other.unwrap_or(Self::Measured)).word()
    }
}

/// Facts, their sources, and what a person should look at.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) subject: Object,
    /// Pointer into the subject -> `{ "basis", "from" }`.
    pub(super) sources: Object,
    /// What a person should know about the capture, as `{ "code", "message" }`.
    pub(super) notes: Vec<Json>,
    /// Names and values of metrics that a tracker has.
    pub(super) metrics: Vec<(String, String)>,
}

impl Found {
    /// Adds what was measured: a member of the subject, whole.
    pub(super) fn add(&mut self, name: &str, value: impl Into<Json>, from: &str) {
        self.add_known(name, value, Basis::Measured, from);
    }

    /// Adds a member of the subject, whole, if no reader did before. A group says by itself how it is known.
    pub(super) fn add_known(&mut self, name: &str, value: impl Into<Json>, basis: Basis, from: &str) {
        let (pointer, value) = (format!("/{}", escape_token(name)), value.into());
        match self.subject.get(name) {
            Some(present) if *present != value => self.disagree(&pointer, from),
            Some(_) => {}
            None => {
                self.subject.insert(name, value);
                self.source(&pointer, basis.word(), from);
            }
        }
    }

    /// Adds one member of a group that several readers fill; `kind` is the group's `type`.
    pub(super) fn fill(
        &mut self,
        (group, kind): (&str, &str),
        member: &str,
        value: impl Into<Json>,
        basis: Basis,
        from: &str,
    ) {
        let (pointer, value) = (format!("/{}/{}", escape_token(group), escape_token(member)), value.into());
        if !self.subject.contains(group) {
            self.subject.insert(group, Object::from_iter([("type", kind), ("basis", basis.word())]));
            // Whoever said that the group is missing was asked before.
            self.sources.remove(&format!("/{}", escape_token(group)));
        }
        let Some(node) = self.subject.get_mut(group).and_then(Json::as_object_mut) else {
            return self.disagree(&pointer, from);
        };
        match node.get_mut(member) {
            Some(present) if *present != value => {
                let joined = if JOINED.contains(&member) { join(present, &value) } else { None };
                let Some(Joined { added, differing }) = joined else {
                    return self.disagree(&pointer, from);
                };
                if added {
                    let weaker = basis.weaker(node.get("basis").and_then(Json::as_str));
                    node.insert("basis", weaker);
                    self.also_from(&pointer, basis, from);
                }
                for name in differing {
                    self.disagree(&format!("{pointer}/{}", escape_token(&name)), from);
                }
            }
            Some(_) => {}
            None => {
                let weaker = basis.weaker(node.get("basis").and_then(Json::as_str));
                node.insert("basis", weaker);
                node.insert(member, value);
                self.source(&pointer, basis.word(), from);
            }
        }
    }

    /// Says why something is not there, so that its absence is not taken for an answer.
    pub(super) fn absent(&mut self, name: &str, why: &str) {
        let pointer = format!("/{}", escape_token(name));
        if !self.subject.contains(name) && !self.sources.contains(&pointer) {
            self.source(&pointer, "unknown", why);
        }
    }

    /// Leaves word for a person. It is in the draft and on the terminal, and never in the passport.
    pub(super) fn note(&mut self, code: &str, message: impl Into<String>) {
        let note = Object::from_iter([("code", Json::from(code)), ("message", Json::from(message.into()))]);
        self.notes.push(note.into());
    }

    fn disagree(&mut self, pointer: &str, from: &str) {
        let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        let source = self.sources.get(pointer).or_else(|| self.sources.get(parent));
        let first = source.and_then(|source| source.get("from")).and_then(Json::as_str);
        let first = first.unwrap_or("what was measured").to_owned();
        self.note(
            "capture.sources-disagree",
            format!("`{pointer}` is taken from {first}; {from} says otherwise"),
        );
    }

    /// A second source of what stands there, which is then known no better than by the weaker of the two.
    fn also_from(&mut self, pointer: &str, basis: Basis, from: &str) {
        let text = |name| self.sources.get(pointer)?.get(name)?.as_str();
        let from = text("from").map_or_else(|| from.to_owned(), |first| format!("{first}; {from}"));
        let weaker = basis.weaker(text("basis"));
        self.source(pointer, weaker, &from);
    }

    fn source(&mut self, pointer: &str, basis: &str, from: &str) {
        self.sources.insert(pointer, Object::from_iter([("basis", basis), ("from", from)]));
    }
}

/// What came of putting two lists of named things together.
struct Joined {
    added: bool,
    /// Names under which the second says something else.
    differing: Vec<String>,
}

/// Members that are put together.
const JOINED: [&str; 2] = ["framework", "hyperparameters"];

/// Most things of each, as in the schema of a passport.
const MAX_FRAMEWORKS: usize = 64;
const MAX_PARAMETERS: usize = 256;

/// Adds to a list of named things those that it lacks: members of an object, or texts such as `torch 2.9.0`, whose
/// name stands before the version. Nothing if these are no such lists, or too long ones.
fn join(present: &mut Json, other: &Json) -> Option<Joined> {
    let (mut added, mut differing) = (false, Vec::new());
    match (present, other) {
        (Json::Object(present), Json::Object(other)) => {
            let new = other.keys().filter(|name| !present.contains(name)).count();
            if new > 0 && present.len() + new > MAX_PARAMETERS {
                return None;
            }
            for (name, value) in other.iter() {
                match present.get(name) {
                    Some(same) if same == value => {}
                    Some(_) => differing.push(name.to_owned()),
                    None => {
                        present.insert(name, value.clone());
                        added = true;
                    }
                }
            }
        }
        (Json::Array(present), Json::Array(other)) => {
            let name = |item: &Json| Some(item.as_str()?.rsplit_once(' ')?.0.to_owned());
            let mut names: Vec<String> = present.iter().map(name).collect::<Option<_>>()?;
            let others: Vec<String> = other.iter().map(name).collect::<Option<_>>()?;
            for (name, item) in others.into_iter().zip(other) {
                if !names.contains(&name) && present.len() < MAX_FRAMEWORKS {
                    present.push(item.clone());
                    names.push(name);
                    added = true;
                } else if !present.contains(item) {
                    differing.push(name);
                }
            }
        }
        _ => return None,
    }
    Some(Joined { added, differing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_things_are_put_together_name_by_name() {
        let json = |text: &str| model_passport::json::parse(text).unwrap();
        let mut found = Found::default();
        let group = ("training", "Training");
        for (member, first, second, both) in [
            (
                "hyperparameters",
                r#"{"lr":"0.1","n":1}"#,
                r#"{"lr":"0.2","epochs":3}"#,
                r#"{"lr":"0.1","n":1,"epochs":3}"#,
            ),
            (
                "framework",
                r#"["torch 2.9.0"]"#,
                r#"["scikit-learn 1.7.2","torch 2.8.0"]"#,
                r#"["torch 2.9.0","scikit-learn 1.7.2"]"#,
            ),
        ] {
            found.fill(group, member, json(first), Basis::Inferred, "a");
            let notes = found.notes.len();
            found.fill(group, member, json(second), Basis::Declared, "b");
            found.fill(group, member, json(both), Basis::Measured, "c");
            let training = found.subject.get("training").unwrap();
            assert_eq!(training.get(member).unwrap().to_string(), both);
            assert_eq!(training.get("basis").unwrap().as_str(), Some("declared"));
            let source = found.sources.get(&format!("/training/{member}")).unwrap();
            assert_eq!(source.to_string(), r#"{"basis":"declared","from":"a; b"}"#);
            assert_eq!(found.notes.len(), notes + 1, "of what both say otherwise");
            let told = found.notes.last().unwrap().to_string();
            assert!(
                told.contains("is taken from a") && (told.contains("/lr`") || told.contains("/torch`")),
                "{told}"
            );
        }
        // Everything else is a whole.
        found.fill(group, "sites", json(r#"["a 1"]"#), Basis::Declared, "a");
        found.fill(group, "sites", json(r#"["b 2"]"#), Basis::Declared, "b");
        let training = found.subject.get("training").unwrap();
        assert_eq!(training.get("sites").unwrap().to_string(), r#"["a 1"]"#);
    }

    #[test]
    fn a_group_is_known_no_better_than_its_least_known_member() {
        let mut found = Found::default();
        found.absent("training", "nothing says so");
        let group = ("training", "Training");
        found.fill(group, "lockFileDigest", "uEi", Basis::Measured, "uv.lock");
        assert_eq!(found.subject.get("training").unwrap().get("basis").unwrap().as_str(), Some("measured"));
        found.fill(group, "epochs", "3", Basis::Declared, "the run");
        found.fill(group, "seed", "3", Basis::Inferred, "the run");
        assert_eq!(found.subject.get("training").unwrap().get("basis").unwrap().as_str(), Some("declared"));
        assert!(!found.sources.contains("/training"));
        let source = found.sources.get("/training/epochs").unwrap();
        assert_eq!(source.to_string(), r#"{"basis":"declared","from":"the run"}"#);
    }

    #[test]
    fn the_first_reader_wins_and_the_second_is_noted() {
        let mut found = Found::default();
        let group = ("training", "Training");
        found.fill(group, "epochs", "3", Basis::Measured, "a");
        found.fill(group, "epochs", "3", Basis::Declared, "b");
        assert!(found.notes.is_empty());
        found.fill(group, "epochs", "4", Basis::Declared, "b");
        found.add("name", "x", "a");
        found.add("name", "y", "b");
        assert_eq!(found.notes.len(), 2);
        assert_eq!(found.subject.get("training").unwrap().get("epochs").unwrap().as_str(), Some("3"));
        assert_eq!(found.subject.get("name").unwrap().as_str(), Some("x"));
    }
}
