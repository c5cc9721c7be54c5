//! `passport did document`

use std::path::PathBuf;

use super::Shell;
use super::capture::output;
use super::key::Store;
use crate::exit::Exit;
use crate::files;
use crate::problem::Failure;
use crate::publish;

/// What to do with DIDs.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Write the DID document of a did:web, with every key that the key store has for it and their periods
    Document(Document),
}

/// Which document.
#[derive(Debug, clap::Args)]
pub struct Document {
    /// The did:web of your institution
    #[arg(long, value_name = "DID")]
    did: String,
    /// Also name the index of passports that `passport publish` puts beside it
    #[arg(long)]
    index: bool,
    /// Where the document goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = files::STANDARD_STREAM)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    store: Store,
}

/// Does it.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let Args::Document(args) = args;
    files::check_free(&args.output, args.force)?;
    let store = args.store.open()?;
    let document = match args.index {
        true => publish::did_document(&store, &args.did)?,
        false => store.document(&args.did, &[])?,
    };
    output(&args.output, &document.to_pretty(), args.force, shell)?;
    Ok(Exit::Success)
}
