//! `passport capture PATH`

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::Shell;
use crate::capture::{self, Draft, Kind, Options};
use crate::data::secrets;
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::print::Tone;
use crate::problem::Failure;
use crate::progress::Bar;

/// What to read, and where the draft goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file or directory with the model or the data set
    path: PathBuf,
    /// What is there
    #[arg(long, value_enum, default_value_t)]
    kind: KindArg,
    /// The data are about people: nothing in the draft lets anyone test for a record, and the files are not listed
    #[arg(long, requires = "secrets")]
    salted: bool,
    /// The secrets of a salted data set, which stay with its holder; the file is made if there is none
    #[arg(long, value_name = "FILE", requires = "salted")]
    secrets: Option<PathBuf>,
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
    let secret = args.secrets.as_deref().map(secrets::read_or_make).transpose()?;
    say_secrets(args.secrets.as_deref(), secret.as_ref().is_some_and(|(_, made)| *made), shell);
    let options = Options { secret: secret.as_ref().map(|(secret, _)| secret) };
    let draft = read(&args.path, args.kind.into(), &options)?;
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
pub(crate) fn read(path: &Path, kind: Kind, options: &Options<'_>) -> Result<Draft, Failure> {
    Ok(capture::capture_with(path, kind, options, &Bar::new())?)
}

/// Says that a file of secrets was made, and what it is.
pub(crate) fn say_secrets(path: Option<&Path>, made: bool, shell: &mut Shell) {
    if let Some(path) = path.filter(|_| made) {
        let label = shell.print.err_paint.text(Tone::Dim, "secrets:");
        shell.print.note(&format!(
            "{label} {}, made now: keep it with the data; whoever has it can test for any record, and without it nothing \
             can be proven",
            path.display()
        ));
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
