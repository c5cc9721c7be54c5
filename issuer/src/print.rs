//! The only file that writes to standard output and standard error: results to the one, everything else to the
//! other.

use std::env;
use std::io::{self, IsTerminal, Write};

use crate::problem::Failure;

/// A colour or weight that a terminal shows. Never the only carrier of a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Headings
    Bold,
    /// Details
    Dim,
    /// Passed
    Good,
    /// Failed
    Bad,
    /// Neither
    Unsure,
}

/// Whether a stream gets colours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paint {
    colours: bool,
}

impl Paint {
    /// `text`, in a tone where the stream shows tones.
    pub fn text(self, tone: Tone, text: &str) -> String {
        if !self.colours {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Bold => "1",
            Tone::Dim => "2",
            Tone::Good => "32;1",
            Tone::Bad => "31;1",
            Tone::Unsure => "33;1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Where a command's words go.
pub struct Printer {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    /// The tones of standard output.
    pub out_paint: Paint,
    /// The tones of standard error.
    pub err_paint: Paint,
}

impl Printer {
    /// The process's own streams. Colours need a terminal and no `NO_COLOR` (<https://no-color.org>).
    pub fn of_process() -> Self {
        let wanted = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            out_paint: Paint { colours: wanted && io::stdout().is_terminal() },
            err_paint: Paint { colours: wanted && io::stderr().is_terminal() },
        }
    }

    /// Streams of the caller's, without colours.
    pub fn to(out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        Self { out, err, out_paint: Paint::default(), err_paint: Paint::default() }
    }

    /// A result, as it is. A reader that has gone away (`passport … | head`) is no error.
    pub fn result(&mut self, text: &str) {
        let _reader_may_be_gone = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    /// One line for the person at the terminal.
    pub fn note(&mut self, text: &str) {
        let _nobody_may_listen = writeln!(self.err, "{text}");
    }

    /// An error: the problem, then what to do, then its code.
    pub fn problem(&mut self, failure: &Failure) {
        let paint = self.err_paint;
        let label = |text: &str| paint.text(Tone::Dim, text);
        let mut lines = vec![format!("{} {failure}", paint.text(Tone::Bad, "error:"))];
        if let Some(help) = failure.help() {
            lines.push(format!("{} {help}", label("help:")));
        }
        lines.push(format!("{} {}", label("code:"), failure.code()));
        self.note(&lines.join("\n"));
    }
}
