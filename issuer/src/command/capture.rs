//! `passport capture PATH`

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use thiserror::Error;

use super::Shell;
use crate::capture::{self, CaptureError, Draft, Kind, Options, Salt};
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::print::Tone;
use crate::problem::{Failure, Problem};
use crate::progress::Bar;

/// What to read, and where the draft goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file or directory with the model or the data set
    path: PathBuf,
    /// What is there
    #[arg(long, value_enum, default_value_t)]
    kind: KindArg,
    #[command(flatten)]
    salt: SaltFile,
    /// Where the draft goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = files::STANDARD_STREAM)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// The kinds of things that can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindArg {
    /// A model: becomes a ModelPassport
    #[default]
    Model,
    /// A data set: becomes a DatasetPassport
    Dataset,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Model => Self::Model,
            KindArg::Dataset => Self::Dataset,
        }
    }
}

/// Writes the draft and says what it still lacks.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    files::check_free(&args.output, args.force)?;
    let draft = read(&args.path, args.kind.into(), &args.salt)?;
    output(&args.output, &draft.to_json().to_pretty(), args.force, shell)?;
    let paint = shell.print.err_paint;
    shell.print.note(&format!(
        "{} {} measured, {} still to be declared{}",
        paint.text(Tone::Dim, "draft:"),
        draft.sources.len(),
        draft.missing.len(),
        if draft.missing.is_empty() { "" } else { " (see `missing`)" },
    ));
    Ok(Exit::Success)
}

/// Captures with a progress bar.
pub(crate) fn read(path: &Path, kind: Kind, salt: &SaltFile) -> Result<Draft, Failure> {
    let salt = salt.open()?;
    Ok(capture::capture_with(path, kind, &Options { salt: salt.as_ref() }, &Bar::new())?)
}

/// Where the secret lies that a data set about patients needs.
#[derive(Debug, clap::Args)]
pub(crate) struct SaltFile {
    /// The secret that keeps the identity of a data set with DICOM files from telling who is in it; made if it does not
    /// exist. Keep it, and do not publish it
    #[arg(long, value_name = "FILE")]
    salt: Option<PathBuf>,
}

/// A file that holds no salt.
#[derive(Debug, Error)]
#[error("`{}` does not hold 64 hexadecimal digits", path.display())]
struct NoSalt {
    path: PathBuf,
}

impl Problem for NoSalt {
    fn code(&self) -> &'static str {
        "capture.salt-malformed"
    }

    fn help(&self) -> Option<String> {
        Some("name a file that `--salt` made, or one that does not exist yet".to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Malformed
    }
}

impl SaltFile {
    fn open(&self) -> Result<Option<Salt>, Failure> {
        const MAX_BYTES: u64 = 256;
        let Some(path) = &self.salt else { return Ok(None) };
        if path.symlink_metadata().is_err() {
            let salt = Salt::random().ok_or(CaptureError::Randomness)?;
            files::write(path, format!("{}\n", *salt.to_hex()).as_bytes(), Access::Private, false)?;
            return Ok(Some(salt));
        }
        let text = zeroize::Zeroizing::new(files::read_text(path, MAX_BYTES)?);
        Ok(Some(Salt::from_hex(&text).ok_or_else(|| NoSalt { path: path.to_owned() })?))
    }
}

/// Writes a result to its file or to standard output.
pub(crate) fn output(path: &Path, text: &str, force: bool, shell: &mut Shell) -> Result<(), Failure> {
    if path.as_os_str() == files::STANDARD_STREAM {
        shell.print.result(text);
    } else {
        files::write(path, text.as_bytes(), Access::Shared, force)?;
    }
    Ok(())
}
