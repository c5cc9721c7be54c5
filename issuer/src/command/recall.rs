//! `passport revoke|suspend|restore PASSPORT`

use std::path::PathBuf;

use model_passport::status::Purpose;
use model_passport::time::Timestamp;

use super::Shell;
use super::key::{Secret, Store};
use super::status::{change, is_revoked, tell};
use crate::exit::Exit;
use crate::problem::Failure;
use crate::recall::RecallError;

/// Which passport, and how its list is signed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The passport's file, or its `id`
    passport: PathBuf,
    #[command(flatten)]
    pub(super) signing: ListSigning,
}

/// What every command that signs a list has in common.
#[derive(Debug, clap::Args)]
pub struct ListSigning {
    /// The time to sign for, instead of now
    #[arg(long, value_name = "RFC3339")]
    pub(super) at: Option<Timestamp>,
    #[command(flatten)]
    pub(super) store: Store,
    #[command(flatten)]
    pub(super) secret: Secret,
}

/// For good.
pub fn revoke(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    set(args, &Purpose::Revocation, 1, shell)
}

/// Until it is restored.
pub fn suspend(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    set(args, &Purpose::Suspension, 1, shell)
}

/// Ends a suspension.
pub fn restore(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    if is_revoked(&args.passport, &args.signing)? {
        return Err(RecallError::Final.into());
    }
    set(args, &Purpose::Suspension, 0, shell)
}

fn set(args: &Args, purpose: &Purpose, value: u32, shell: &mut Shell) -> Result<Exit, Failure> {
    let done = change(&args.passport, &args.signing, purpose, |_| Ok(value), shell)?;
    let what = match (purpose, value) {
        (Purpose::Revocation, _) => "revoked:",
        (_, 0) => "restored:",
        _ => "suspended:",
    };
    tell(what, &done, shell);
    Ok(Exit::Success)
}
