//! What was found so far: each fact with where it came from and how it is known.
//!
//! Readers do not know each other. What only one of them can know is added whole ([`Found::add`]); a group
//! that several know parts of, such as `training`, is filled member by member ([`Found::fill`]), and is known
//! no better than its least known member. Who comes first wins; a second reader that says something else is
//! not dropped in silence but noted.

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
        match node.get(member) {
            Some(present) if *present != value => self.disagree(&pointer, from),
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
        let first = self.sources.get(pointer).and_then(|source| source.get("from")).and_then(Json::as_str);
        let first = first.unwrap_or("what was measured").to_owned();
        self.note(
            "capture.sources-disagree",
            format!("`{pointer}` is taken from {first}; {from} says otherwise"),
        );
    }

    fn source(&mut self, pointer: &str, basis: &str, from: &str) {
        self.sources.insert(pointer, Object::from_iter([("basis", basis), ("from", from)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
