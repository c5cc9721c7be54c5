//! The exit codes of `passport`. They follow the verdict; the finer reason is the `code` of the report or of
//! the error text.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | verified, or the command did what it was asked |
//! | 1 | not verified; of a comparison: different |
//! | 2 | could not check: something that was needed is missing or cannot be read; of a comparison: not known |
//! | 3 | the input is malformed, incomplete or over a limit |
//! | 64 | the command cannot be carried out as it was given |
//! | 70 | internal error |

use model_passport::report::{Report, Verdict};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Verified, or done.
    Success,
    /// At least one check failed.
    NotVerified,
    /// Something needed for an answer was missing or unreadable.
    CouldNotCheck,
    /// The input is not what the command reads.
    Malformed,
    /// The arguments, the key store or the output do not allow what was asked.
    Usage,
    /// What a command that was run answered itself.
    Command(u8),
    /// A defect of this program, or a second opinion that disagrees with the first.
    Internal,
}

impl Exit {
    /// The number that the operating system sees.
    pub fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::NotVerified => 1,
            Self::CouldNotCheck => 2,
            Self::Malformed => 3,
            Self::Usage => 64,
            Self::Command(code) => code,
            Self::Internal => 70,
        }
    }

    /// The exit that a report asks for. With `strict`, a warning is a failure.
    pub fn of(report: &Report, strict: bool) -> Self {
        match report.verdict {
            _ if report.is_malformed() => Self::Malformed,
            Verdict::VerifiedWithWarnings if strict => Self::NotVerified,
            Verdict::Verified | Verdict::VerifiedWithWarnings => Self::Success,
            Verdict::NotVerified => Self::NotVerified,
            Verdict::CouldNotCheck => Self::CouldNotCheck,
        }
    }
}
