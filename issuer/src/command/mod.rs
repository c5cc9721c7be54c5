//! One file a command: its arguments and what it does with them.

use std::time::{SystemTime, UNIX_EPOCH};

use model_passport::time::Timestamp;

use crate::cli::Command;
use crate::exit::Exit;
use crate::print::Printer;

pub mod attest;
pub mod bundle;
pub mod capture;
pub mod compare;
pub mod completions;
pub mod data;
pub mod derive;
pub mod did;
pub mod diff;
pub mod doctor;
pub mod explain;
#[cfg(feature = "network")]
pub mod fetch;
pub mod gate;
pub mod init;
pub mod issue;
pub mod key;
pub mod lineage;
pub mod present;
pub mod publish;
pub mod recall;
pub mod run;
#[cfg(feature = "service")]
pub mod serve;
pub mod show;
pub mod status;
pub mod verify;

/// What a command has of the world besides the files it names.
pub struct Shell {
    /// Where its words go.
    pub print: Printer,
    clock: fn() -> Timestamp,
}

impl Shell {
    /// With the machine's clock.
    pub fn new(print: Printer) -> Self {
        Self { print, clock: machine_clock }
    }

    /// The time to judge or sign by: what the user said, or now.
    pub(crate) fn time(&self, at: Option<Timestamp>) -> Timestamp {
        at.unwrap_or_else(self.clock)
    }
}

fn machine_clock() -> Timestamp {
    // A clock before 1970 is broken; time zero then makes every passport "not yet valid" rather than valid.
    let secs = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    Timestamp::from_unix_secs(i64::try_from(secs).unwrap_or(i64::MAX))
}

/// Runs one command; an error is printed here and becomes its exit.
pub fn run(command: Command, shell: &mut Shell) -> Exit {
    let done = match command {
        Command::Key(args) => key::run(&args, shell),
        Command::Did(args) => did::run(&args, shell),
        Command::Init(args) => init::run(&args, shell),
        Command::Capture(args) => capture::run(&args, shell),
        Command::Data(args) => data::run(&args, shell),
        Command::Run(args) => run::run(&args, shell),
        Command::Issue(args) => issue::run(&args, shell),
        Command::Attest(args) => attest::run(&args, shell),
        Command::Derive(args) => derive::run(&args, shell),
        Command::Verify(args) => verify::run(&args, shell),
        Command::Gate(args) => gate::run(&args, shell),
        Command::Show(args) => show::run(&args, shell),
        Command::Lineage(args) => lineage::run(&args, shell),
        Command::Diff(args) => diff::run(&args, shell),
        Command::Compare(args) => compare::run(&args, shell),
        Command::Bundle(args) => bundle::run(&args, shell),
        #[cfg(feature = "network")]
        Command::Fetch(args) => fetch::run(&args, shell),
        Command::Present(args) => present::run(&args, shell),
        Command::Publish(args) => publish::run(&args, shell),
        #[cfg(feature = "service")]
        Command::Serve(args) => serve::run(&args, shell),
        Command::Status(args) => status::run(&args, shell),
        Command::Revoke(args) => recall::revoke(&args, shell),
        Command::Suspend(args) => recall::suspend(&args, shell),
        Command::Restore(args) => recall::restore(&args, shell),
        Command::Doctor(args) => doctor::run(&args, shell),
        Command::Explain(args) => explain::run(&args, shell),
        Command::Completions(args) => completions::run(&args, shell),
    };
    done.unwrap_or_else(|failure| {
        shell.print.problem(&failure);
        failure.exit()
    })
}
