//! `passport run -- COMMAND ARG…`

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

use model_passport::json::Object;
use model_passport::time::Timestamp;
use thiserror::Error;

use super::Shell;
use super::capture::notes;
use super::issue::{Session, Signing, declare_read, read_claims};
use super::key::{Secret, Store};
use crate::capture::processing::{self, Before, MAX_WORD_CHARS, MAX_WORDS, Outcome, Plan};
use crate::capture::{Draft, Kind, Variables};
use crate::claims::Claims;
use crate::data::secrets;
use crate::exit::Exit;
use crate::files::{self, Access};
use crate::parents::Parents;
use crate::print::Tone;
use crate::problem::{Failure, Problem};
use crate::progress::Bar;

/// What to run, what goes in and comes out, and where the record goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file or directory that the command reads; hashed before it begins (repeatable, in order)
    #[arg(long, value_name = "PATH")]
    input: Vec<PathBuf>,
    /// A file or directory that the command writes; hashed after it ended (repeatable, in order)
    #[arg(long = "output", value_name = "PATH")]
    outputs: Vec<PathBuf>,
    /// The passport of an input; it is verified, and pinned in the place of the bytes (repeatable)
    #[arg(long, value_name = "PASSPORT")]
    passport: Vec<PathBuf>,
    /// What is done, in a few words [default: the name of the program]
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// The container image that this runs in, as sha256:HEX
    #[arg(long, value_name = "DIGEST")]
    container: Option<String>,
    /// The secrets of an input or output about people, which stay with their holder: all inputs are recorded by
    /// digests that are keyed with them, but for those with a plain passport in `--passport`; outputs only if they
    /// hold images of patients or lie in an input
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Describe the machine: processor, cores, memory, graphics cards
    #[arg(long)]
    hardware: bool,
    /// Where the draft or the passport goes [default: processing.draft.json or processing.passport.json]
    #[arg(short = 'o', long = "record", value_name = "FILE")]
    record: Option<PathBuf>,
    /// Replace the record if it exists
    #[arg(long)]
    force: bool,
    /// Sign at once with this key, if the command succeeds and nothing is in doubt
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// With --key: what a person declares, as for `passport issue` (repeatable)
    #[arg(long, value_name = "FILE")]
    claims: Vec<PathBuf>,
    /// The time to judge passports and to sign by, instead of now; never that of the run itself
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    /// A passport or a DID document that the verification of passports needs (repeatable)
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    secret: Secret,
    /// The command and its arguments, after `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<std::ffi::OsString>,
}

/// Why nothing is run.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum RunError {
    #[error("the argument {at} of the command cannot be recorded: {why}")]
    Argument { at: usize, why: &'static str },
    #[error("`{0}` is no digest of a container image")]
    Container(String),
    #[error("the passport `{}` is of none of the inputs", .0.display())]
    NotAnInput(PathBuf),
    #[error("a run without an output cannot be signed")]
    NothingMade,
    #[error("the command cannot be started: {0}")]
    NotStarted(std::io::Error),
    #[error("the record cannot go to standard output, which is the command's")]
    StandardOutput,
}

impl Problem for RunError {
    fn code(&self) -> &'static str {
        match self {
            Self::Argument { .. } => "run.argument",
            Self::Container(_) => "run.container",
            Self::NotAnInput(_) => "run.not-an-input",
            Self::NothingMade => "run.key-without-output",
            Self::NotStarted(_) => "run.not-started",
            Self::StandardOutput => "run.record-to-stdout",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Argument { .. } => "put what is long or no text into a file, and name that as an `--input`",
            Self::Container(_) => "write `sha256:` and 64 hexadecimal digits; a tag says nothing that lasts",
            Self::NotAnInput(_) => {
                "name with `--input` what the passport is about; the bytes have to be the same"
            }
            Self::NothingMade => {
                "name with `--output` what the command writes, or leave `--key` away for a draft"
            }
            Self::NotStarted(_) => {
                "check the spelling of the command, and that it may be run; nothing was recorded"
            }
            Self::StandardOutput => "name a file with `-o`",
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NotStarted(_) => Exit::CouldNotCheck,
            _ => Exit::Usage,
        }
    }
}

/// Looks, runs, looks again, writes. The exit code is the command's.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let command = words(&args.command)?;
    let default = if args.key.is_some() { "processing.passport.json" } else { "processing.draft.json" };
    let record = args.record.clone().unwrap_or_else(|| PathBuf::from(default));
    if record.as_os_str() == files::STANDARD_STREAM {
        return Err(RunError::StandardOutput.into());
    }
    if let Some(digest) = args.container.as_ref().filter(|text| !processing::is_container_digest(text)) {
        return Err(RunError::Container(digest.clone()).into());
    }
    // What would be refused after hours of work is refused before it.
    if args.key.is_some() && args.outputs.is_empty() {
        return Err(RunError::NothingMade.into());
    }
    let draft_path = match args.key {
        // A draft under the name of a passport would be taken for one.
        Some(_) => record.with_extension("draft.json"),
        None => record.clone(),
    };
    files::check_free(&record, args.force)?;
    files::check_free(&draft_path, args.force)?;
    let signing = args.key.as_ref().map(|key| {
        Signing::plain(key, args.at, &args.with, (&record, args.force), &args.store, &args.secret)
    });
    let session = signing.as_ref().map(|signing| signing.begin(shell)).transpose()?;
    let mut claimed = Object::new();
    let claims = read_claims(&args.claims)?;
    for (_, claims) in &claims {
        for (name, value) in claims.subject.iter() {
            claimed.insert(name, value.clone());
        }
    }

    let directory = std::env::current_dir().unwrap_or_default();
    let mut parents = Parents::new(&args.with, shell.time(args.at))?;
    let plan = Plan {
        command,
        name: args.name.clone(),
        inputs: args.input.clone(),
        outputs: args.outputs.clone(),
        directory,
        container: args.container.clone(),
        hardware: args.hardware,
        variables: Variables::of_process(),
        secret: args.secrets.as_deref().map(secrets::read).transpose()?.map(std::sync::Arc::new),
    };
    let mut before = Before::look(plan, &Bar::new())?;
    for path in &args.passport {
        let parent = parents.add(path)?;
        let subject = parent.subject.get("id").and_then(|id| id.as_str()).unwrap_or_default();
        if !before.refer(subject, &parent.reference()) {
            return Err(RunError::NotAnInput(path.clone()).into());
        }
    }

    if let Some(session) = &session {
        session.unlock()?;
    }

    let started = shell.time(None);
    let status = execute(&args.command)?;
    let (exit_code, signal) = status.map_or((255, None), answer);
    let outcome = Outcome { exit_code, signal, started, ended: shell.time(None) };
    // From here on the work is done: whatever fails, there is a record, and the answer of the command is passed on.
    let draft = before.after(outcome, &Bar::new());
    let document = draft.to_json().to_pretty();
    let is_clean = draft.notes.iter().all(|note| {
        !note.get("code").and_then(|code| code.as_str()).is_some_and(|code| DOUBTS.contains(&code))
    });
    notes(&draft, shell);
    let signed = match session {
        Some(session) if is_clean => sign(&session, draft, (claims, &claimed), &mut parents, shell),
        _ => Ok(false),
    };
    let result = match signed {
        Ok(true) => Ok(()),
        signed => {
            let written = write_draft(&draft_path, &document, args.force, shell);
            signed.and(written)
        }
    };
    match (exit_code, result) {
        (0, Err(failure)) => Err(failure),
        // The command did its work and the record of it lacks something that was asked for.
        (0, Ok(())) if !is_clean => Ok(Exit::CouldNotCheck),
        (0, Ok(())) => Ok(Exit::Success),
        (code, result) => {
            if let Err(failure) = result {
                shell.print.problem(&failure);
            }
            Ok(Exit::Command(code))
        }
    }
}

/// Signs what is beyond doubt.
fn sign(
    session: &Session<'_>,
    mut draft: Draft,
    (claims, claimed): (Vec<(PathBuf, Claims)>, &Object),
    parents: &mut Parents,
    shell: &mut Shell,
) -> Result<bool, Failure> {
    processing::admit(&mut draft, claimed);
    let (subject, valid_until) = declare_read((draft.subject, Some(&draft.sources)), claims, parents)?;
    session.issue(Kind::Processing.credential_type(), subject, valid_until, parents, shell)?;
    Ok(true)
}

/// Most drafts beside each other whose name was taken while the command ran.
const MAX_NUMBER: usize = 1_000;

/// Writes the draft under its name, or under one with a number if the command itself took that.
fn write_draft(path: &Path, document: &str, force: bool, shell: &mut Shell) -> Result<(), Failure> {
    let stem = path.with_extension("");
    let mut written = path.to_owned();
    for number in 2..MAX_NUMBER {
        match files::write(&written, document.as_bytes(), Access::Shared, force) {
            Err(files::OutputError::Exists { .. }) => {
                written = PathBuf::from(format!("{}-{number}.json", stem.display()));
            }
            result => {
                result?;
                break;
            }
        }
    }
    let paint = shell.print.err_paint;
    shell.print.note(&format!("{} {}", paint.text(Tone::Dim, "draft:"), written.display()));
    Ok(())
}

/// Notes that keep a run from being signed by itself.
const DOUBTS: [&str; 5] = [
    "run.failed",
    "run.input-changed",
    "run.output-missing",
    "run.output-unchanged",
    "run.output-unreadable",
];

/// The words of the command, as far as a passport can hold them.
fn words(command: &[std::ffi::OsString]) -> Result<Vec<String>, RunError> {
    if command.len() > MAX_WORDS {
        return Err(RunError::Argument { at: MAX_WORDS, why: "there are more than 256" });
    }
    let word = |(at, word): (usize, &std::ffi::OsString)| match word.to_str() {
        None => Err(RunError::Argument { at, why: "it is not UTF-8" }),
        Some(word) if word.chars().count() > MAX_WORD_CHARS => {
            Err(RunError::Argument { at, why: "it has more than 4096 characters" })
        }
        Some(word) => Ok(word.to_owned()),
    };
    command.iter().enumerate().map(word).collect()
}

/// Runs the command with the streams of this process until it ends.
fn execute(command: &[std::ffi::OsString]) -> Result<Option<ExitStatus>, RunError> {
    let [program, arguments @ ..] = command else {
        return Err(RunError::Argument { at: 0, why: "there is none" });
    };
    let signals = signals::Watch::begin();
    let child = Command::new(program).args(arguments).spawn().map_err(RunError::NotStarted)?;
    // If the system does not say how it ended, it ended all the same.
    Ok(wait(child, &signals).ok())
}

/// How often the command is asked whether it has ended, and signals are passed on.
const TICK: std::time::Duration = std::time::Duration::from_millis(10);

fn wait(mut child: Child, signals: &signals::Watch) -> std::io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        // Not yet waited for, so its number is still its own.
        signals.pass_on(child.id());
        std::thread::sleep(TICK);
    }
}

#[cfg(unix)]
fn answer(status: ExitStatus) -> (u8, Option<i32>) {
    use std::os::unix::process::ExitStatusExt as _;

    let signal = status.signal();
    // As every shell says it.
    let code = status.code().or(signal.map(|signal| signal.saturating_add(128))).unwrap_or(255);
    (u8::try_from(code).unwrap_or(255), signal)
}

#[cfg(not(unix))]
fn answer(status: ExitStatus) -> (u8, Option<i32>) {
    (status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(255), None)
}

#[cfg(unix)]
mod signals {
    //! While a command runs, signals are its affair: they go to it, and this process stays to write the record.

    use std::io::IsTerminal;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::process::{Pid, Signal, kill_process};

    const SIGNALS: [Signal; 4] = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM];

    pub(super) struct Watch {
        seen: Vec<(Signal, Arc<AtomicBool>)>,
        ids: Vec<signal_hook::SigId>,
    }

    impl Watch {
        pub(super) fn begin() -> Self {
            let mut watch = Self { seen: Vec::new(), ids: Vec::new() };
            let ignored = ignored();
            for signal in SIGNALS {
                // As `nohup` asks for: neither this process nor the command ends by it.
                if signal.as_raw().checked_sub(1).is_some_and(|bit| ignored & (1_u64 << bit) != 0) {
                    continue;
                }
                let flag = Arc::new(AtomicBool::new(false));
                if let Ok(id) = signal_hook::flag::register(signal.as_raw(), Arc::clone(&flag)) {
                    watch.ids.push(id);
                    watch.seen.push((signal, flag));
                }
            }
            watch
        }

        /// Sends on what came since the last time.
        pub(super) fn pass_on(&self, child: u32) {
            let child = i32::try_from(child).ok().and_then(Pid::from_raw);
            for (signal, flag) in &self.seen {
                if !flag.swap(false, Ordering::Relaxed) {
                    continue;
                }
                // A terminal sends these two to the command as well; twice would be once too often.
                let is_of_terminal = matches!(*signal, Signal::INT | Signal::QUIT);
                if is_of_terminal && std::io::stdin().is_terminal() {
                    continue;
                }
                if let Some(child) = child {
                    let _it_may_have_ended = kill_process(child, *signal);
                }
            }
        }
    }

    /// The signals that whoever started this process told it to ignore, as a mask; none where the system does not
    /// tell.
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
    }

    impl Drop for Watch {
        fn drop(&mut self) {
            for id in self.ids.drain(..) {
                signal_hook::low_level::unregister(id);
            }
        }
    }
}

#[cfg(not(unix))]
mod signals {
    //! Elsewhere the console tells both processes, and there is nothing to pass on.

    pub(super) struct Watch;

    impl Watch {
        pub(super) fn begin() -> Self {
            Self
        }

        pub(super) fn pass_on(&self, _child: u32) {}
    }
}
