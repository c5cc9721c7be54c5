//! `passport completions SHELL`

use clap::CommandFactory;
use clap_complete::Shell as CompletionShell;

use super::Shell;
use crate::cli::Cli;
use crate::exit::Exit;
use crate::problem::Failure;

/// Which shell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell to complete in
    shell: CompletionShell,
}

/// Prints the script.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "passport", &mut script);
    shell.print.result(&String::from_utf8_lossy(&script));
    Ok(Exit::Success)
}
