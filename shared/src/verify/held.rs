//! The credentials whose own checks hold, found by what pins them; and the newest of several of one name.

use super::Examined;
use crate::index::Index;
use crate::time::Timestamp;

/// The credentials reached whose own checks hold: what is not among them counts for nothing.
pub(super) struct Held<'e> {
    pub(super) all: Vec<&'e Examined>,
    by_digest: Index,
}

impl<'e> Held<'e> {
    pub(super) fn of(reached: &[&'e Examined]) -> Self {
        let all: Vec<&Examined> = reached.iter().copied().filter(|one| one.blocked().is_none()).collect();
        let mut by_digest = Index::default();
        for (at, one) in all.iter().enumerate() {
            by_digest.get_or_set(&one.digest.to_multibase(), at);
        }
        Self { all, by_digest }
    }

    /// What a link leads to.
    pub(super) fn pinned(&self, digest: &str) -> Option<&'e Examined> {
        self.all.get(self.by_digest.get(digest)?).copied()
    }
}

/// The latest time that was added for each text.
#[derive(Default)]
pub(super) struct Latest {
    places: Index,
    times: Vec<Option<Timestamp>>,
}

impl Latest {
    pub(super) fn add(&mut self, text: &str, time: Option<Timestamp>) {
        let place = self.places.get_or_set(text, self.times.len());
        match self.times.get_mut(place) {
            Some(latest) => *latest = time.max(*latest),
            None => self.times.push(time),
        }
    }

    pub(super) fn get(&self, text: &str) -> Option<Timestamp> {
        *self.times.get(self.places.get(text)?)?
    }
}
