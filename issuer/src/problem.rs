//! Errors for people: what went wrong, what to do about it, and a code that `passport explain` knows.

use std::fmt;

use crate::exit::Exit;

/// What every error of a command can say about itself. `Display` is the message: lowercase, no full stop,
/// whatever came from the user in backticks.
pub trait Problem: std::error::Error + Send + Sync + 'static {
    /// The stable name of this kind of error.
    fn code(&self) -> &'static str;

    /// What the reader can do; nothing when there is nothing to do.
    fn help(&self) -> Option<String> {
        None
    }

    /// How the process ends because of it.
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

/// Any [`Problem`], so that a command can use `?` on all of them.
pub struct Failure(Box<dyn Problem>);

impl Failure {
    /// See [`Problem::code`].
    pub fn code(&self) -> &'static str {
        self.0.code()
    }

    /// See [`Problem::help`].
    pub fn help(&self) -> Option<String> {
        self.0.help()
    }

    /// See [`Problem::exit`].
    pub fn exit(&self) -> Exit {
        self.0.exit()
    }
}

impl<P: Problem> From<P> for Failure {
    fn from(problem: P) -> Self {
        Self(Box::new(problem))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.0, self.0.code())
    }
}
