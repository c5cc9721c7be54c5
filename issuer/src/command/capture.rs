//! `passport capture PATH`

use std::env;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use model_passport::json::Json;
use thiserror::Error;

use super::Shell;
use crate::capture::{self, CaptureError, Draft, Kind, Options, Salt};
use crate::claims;
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::print::Tone;
use crate::problem::{Failure, Problem};
use crate::progress::Bar;
use crate::project::Project;
use crate::render;

/// What to read, and where the draft goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file or directory with the model or the data set; with a `passport.toml`, all that this names
    path: PathBuf,
    /// What is there [default: model]
    #[arg(long, value_enum)]
    kind: Option<KindArg>,
    /// List each fact with how it is known and where it came from, instead of writing the draft
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    reading: Reading,
    /// Where the draft goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = files::STANDARD_STREAM)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// How files are read.
#[derive(Debug, clap::Args)]
pub(crate) struct Reading {
    /// Hash every file again, also those that have not changed since an earlier run
    #[arg(long)]
    no_cache: bool,
    /// Digests of files that are not on this disk: lines of `SHA256 SIZE  PATH`; the passport says that they
    /// were not computed here
    #[arg(long, value_name = "FILE")]
    digests: Option<PathBuf>,
    #[command(flatten)]
    salt: SaltFile,
}

/// The kinds of things that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindArg {
    /// A model: becomes a ModelPassport
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
    let drafts = match args.kind {
        None if Project::is_at(&args.path) => {
            let project = Project::read(&args.path)?;
            let parts = project.parts.iter();
            let read = parts.map(|part| {
                let draft = read(&project.root.join(&part.path), part.kind, &args.reading)?;
                Ok(Draft { subject: claims::merge(draft.subject, &part.claims.subject)?, ..draft }.renewed())
            });
            read.collect::<Result<Vec<Draft>, Failure>>()?
        }
        kind => vec![read(&args.path, kind.map_or(Kind::Model, Kind::from), &args.reading)?],
    };
    if args.explain {
        let text: Vec<String> = drafts.iter().map(|draft| explain(draft, shell)).collect();
        shell.print.result(&text.join("\n"));
        return Ok(Exit::Success);
    }
    let text = match drafts.as_slice() {
        [only] => only.to_json().to_pretty(),
        all => Json::from(all.iter().map(Draft::to_json).collect::<Vec<_>>()).to_pretty(),
    };
    output(&args.output, &text, args.force, shell)?;
    for draft in &drafts {
        tell(draft, shell);
    }
    Ok(Exit::Success)
}

fn tell(draft: &Draft, shell: &mut Shell) {
    let paint = shell.print.err_paint;
    notes(draft, shell);
    let known = |source: &Json| source.get("basis").and_then(Json::as_str) != Some("unknown");
    shell.print.note(&format!(
        "{} {} captured, {} still to be declared{}",
        paint.text(Tone::Dim, "draft:"),
        draft.sources.iter().filter(|(_, source)| known(source)).count(),
        draft.missing.len(),
        if draft.missing.is_empty() { "" } else { " (see `missing`)" },
    ));
}

/// What a person should look at, on the terminal too.
pub(crate) fn notes(draft: &Draft, shell: &mut Shell) {
    let paint = shell.print.err_paint;
    for note in &draft.notes {
        let text = |name| note.get(name).and_then(Json::as_str).unwrap_or_default();
        let (message, code) = (render::plain(text("message")), text("code"));
        shell.print.note(&format!("{} {message} [{code}]", paint.text(Tone::Dim, "note:")));
    }
}

/// Every fact with how it is known and where it came from; then what is missing.
fn explain(draft: &Draft, shell: &Shell) -> String {
    let paint = shell.print.out_paint;
    let id = draft.subject.get("id").and_then(Json::as_str).unwrap_or_default();
    let mut lines = vec![paint.text(Tone::Bold, &format!("{} of {id}", draft.kind.credential_type()))];
    let text = |source: &Json, name: &str| {
        render::plain(source.get(name).and_then(Json::as_str).unwrap_or_default())
    };
    let place = |pointer: &str| pointer.trim_start_matches('/').replace('/', ".");
    let rows: Vec<[String; 3]> = draft
        .sources
        .iter()
        .map(|(pointer, source)| [place(pointer), text(source, "basis"), text(source, "from")])
        .chain(claims::missing(&draft.subject, draft.kind.credential_type()).into_iter().map(|missing| {
            [place(&missing.pointer), "to declare".to_owned(), missing.help.unwrap_or_default()]
        }))
        .collect();
    let width = |column: fn(&[String; 3]) -> &String| {
        rows.iter().map(|row| column(row).chars().count()).max().unwrap_or_default()
    };
    let (place_width, basis_width) = (width(|[place, ..]| place), width(|[_, basis, _]| basis));
    lines.extend(rows.iter().map(|[place, basis, from]| {
        format!("  {place:place_width$}  {basis:basis_width$}  {from}").trim_end().to_owned()
    }));
    for note in &draft.notes {
        lines.push(format!("  note: {} [{}]", text(note, "message"), text(note, "code")));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Captures with a progress bar.
pub(crate) fn read(path: &Path, kind: Kind, reading: &Reading) -> Result<Draft, Failure> {
    let cache = if reading.no_cache { None } else { cache_directory() };
    let salt = reading.salt.open()?;
    let options =
        Options { cache: cache.as_deref(), digests: reading.digests.as_deref(), salt: salt.as_ref() };
    Ok(capture::capture_with(path, kind, &options, &Bar::new())?)
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

/// Where digests are remembered between runs.
fn cache_directory() -> Option<PathBuf> {
    // The base directory specification: a relative path there is to be ignored.
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    Some(cache.join("model-passport"))
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
