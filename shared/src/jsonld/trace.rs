//! Where in a document each statement comes from, for whoever takes some of the statements and leaves others:
//! [selecting by JSON pointer](https://www.w3.org/TR/vc-di-ecdsa/#selectcanonicalnquads). Verification never does,
//! so without feature `sign` all of this is nothing.

/// Where a term or statement comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    #[cfg(feature = "sign")]
    at: usize,
}

/// Where the walk stood before a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    #[cfg(feature = "sign")]
    length: usize,
}

#[cfg(feature = "sign")]
pub(super) use on::Trace;

#[cfg(feature = "sign")]
mod on {
    use super::{Mark, Place};
    use crate::json::escape_token;

    /// The way to where the walk stands, and the places met so far. Does nothing unless it was begun.
    #[derive(Debug, Default)]
    pub(in super::super) struct Trace {
        on: bool,
        here: String,
        places: Vec<String>,
        /// By statement, in the order in which they were made.
        statements: Vec<usize>,
    }

    impl Trace {
        pub(in super::super) fn off() -> Self {
            Self::default()
        }

        pub(in super::super) fn begun() -> Self {
            Self { on: true, ..Self::default() }
        }

        pub(in super::super) fn member(&mut self, name: &str) -> Mark {
            let mark = Mark { length: self.here.len() };
            if self.on {
                self.here.push('/');
                self.here.push_str(&escape_token(name));
            }
            mark
        }

        pub(in super::super) fn item(&mut self, index: usize) -> Mark {
            let mark = Mark { length: self.here.len() };
            if self.on {
                self.here.push('/');
                self.here.push_str(&index.to_string());
            }
            mark
        }

        pub(in super::super) fn back_to(&mut self, mark: Mark) {
            self.here.truncate(mark.length);
        }

        pub(in super::super) fn here(&mut self) -> Place {
            if self.on {
                self.places.push(self.here.clone());
            }
            Place { at: self.places.len().saturating_sub(1) }
        }

        pub(in super::super) fn statement(&mut self, place: Place) {
            if self.on {
                self.statements.push(place.at);
            }
        }

        /// The pointer to the value that each statement comes from.
        pub(in super::super) fn into_pointers(self) -> Vec<String> {
            let pointer = |at: usize| self.places.get(at).cloned().unwrap_or_default();
            self.statements.iter().copied().map(pointer).collect()
        }
    }
}

#[cfg(not(feature = "sign"))]
#[derive(Debug)]
pub(super) struct Trace;

#[cfg(not(feature = "sign"))]
impl Trace {
    pub(super) const fn off() -> Self {
        Self
    }

    pub(super) const fn member(&mut self, _name: &str) -> Mark {
        Mark {}
    }

    pub(super) const fn item(&mut self, _index: usize) -> Mark {
        Mark {}
    }

    pub(super) const fn back_to(&mut self, _mark: Mark) {}

    pub(super) const fn here(&mut self) -> Place {
        Place {}
    }

    pub(super) const fn statement(&mut self, _place: Place) {}
}
