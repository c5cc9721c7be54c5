//! The command line as clap reads it. The doc comments are the help texts.

use clap::{Parser, Subcommand};

#[cfg(feature = "network")]
use crate::command::fetch;
#[cfg(feature = "service")]
use crate::command::serve;
use crate::command::{
    attest, bundle, capture, compare, completions, data, derive, did, diff, doctor, explain, gate, init,
    issue, key, lineage, present, publish, recall, run, show, status, verify,
};

/// Signed passports for machine learning models, their data and their evaluations.
///
/// A passport is a W3C Verifiable Credential. It names a model by the digest of its files, says how each fact is
/// known, and links by digest to the passports of the data and the models it came from. Anyone can check it,
/// offline.
///
/// Exit codes: 0 verified or done, 1 not verified, 2 could not check, 3 malformed input, 64 usage, 70 internal
/// error. Every error has a code; `passport explain CODE` says more.
#[derive(Debug, Parser)]
#[command(name = "passport", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order in which one meets them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make, list, show, rotate and revoke signing keys
    #[command(subcommand)]
    Key(key::Args),
    /// Write the DID document of an institution
    #[command(subcommand)]
    Did(did::Args),
    /// Look at a directory and write a passport.toml: what is there, and what a person must still declare
    Init(init::Args),
    /// Read a model or a data set and write an unsigned draft: what was measured, what is still to be declared
    Capture(capture::Args),
    /// Prove, check and commit to the records of a data set
    #[command(subcommand)]
    Data(data::Args),
    /// Run a command untouched and record what went in, what came out, and in which environment
    Run(run::Args),
    /// Check, sign and write a passport of a model or a data set
    Issue(issue::Args),
    /// Sign a statement about something that has a passport
    #[command(subcommand)]
    Attest(attest::Args),
    /// Take the part of a passport that is to be shown: of one that was issued with ecdsa-sd-2023
    Derive(derive::Args),
    /// Check a passport, a presentation or a bundle and print the verdict
    Verify(verify::Args),
    /// Let a model be loaded or refuse it: no output, exit 0 if its files and passport are as the policy asks
    Gate(gate::Args),
    /// Print what a passport says, as far as it was verified
    Show(show::Args),
    /// Draw what a passport builds on, each credential with what is known of it
    Lineage(lineage::Args),
    /// Compare two models or their passports: exit 0 if their weights are the same, 1 if not, 2 if that is not known
    Diff(diff::Args),
    /// Compare the results of two models on the same data, by site and part of the data
    Compare(compare::Args),
    /// Put passports and what their verification needs into one file for offline use
    Bundle(bundle::Args),
    /// Sign a presentation of passports: by whom they are shown, to whom, and on which occasion
    Present(present::Args),
    /// Fetch passports and what their verification needs from where their issuers publish them, into a bundle
    #[cfg(feature = "network")]
    Fetch(fetch::Args),
    /// Publish passports, status lists and the DID document as a static site
    Publish(publish::Args),
    /// Answer requests of the VC-API on this machine
    #[cfg(feature = "service")]
    Serve(serve::Args),
    /// Make, list and renew status lists, in which recalls are seen
    #[command(subcommand)]
    Status(status::Args),
    /// Recall a passport for good
    Revoke(recall::Args),
    /// Recall a passport for a time
    Suspend(recall::Args),
    /// End the suspension of a passport
    Restore(recall::Args),
    /// Look at a published site as another institution sees it, or at the set-up of this machine
    Doctor(doctor::Args),
    /// Explain a code of a report or an error
    Explain(explain::Args),
    /// Print the completion script of a shell
    Completions(completions::Args),
}
