//! `passport`: parse, dispatch, exit.

use std::panic;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use model_passport_issuer::cli::Cli;
use model_passport_issuer::command::{self, Shell};
use model_passport_issuer::exit::Exit;
use model_passport_issuer::print::Printer;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return ExitCode::from(tell(&usage).number()),
    };
    // A panic is a defect and never an answer: whatever was being written is still a temporary file.
    let exit = panic::catch_unwind(|| {
        let mut shell = Shell::new(Printer::of_process());
        command::run(cli.command, &mut shell)
    });
    ExitCode::from(exit.unwrap_or(Exit::Internal).number())
}

/// Help and version are results; anything else that clap has to say is a usage error.
fn tell(usage: &clap::Error) -> Exit {
    let _nobody_may_listen = usage.print();
    match usage.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Success,
        _ => Exit::Usage,
    }
}
