//! `passport fetch DID|URL|ID|DIGEST`

use std::path::PathBuf;

use model_passport::did::{self, Did};
use model_passport::digest::Digest;
use model_passport::evidence::{Evidence, Policy};
use model_passport::passport;
use model_passport::time::Timestamp;
use thiserror::Error;

use super::capture::output;
use super::verify::{self, needed};
use super::{Shell, bundle};
use crate::exit::Exit;
use crate::fetch::collect::{CollectError, Collector};
use crate::fetch::{Allowed, Network};
use crate::files;
use crate::problem::{Failure, Problem};
use crate::publish::index::Entry;
use crate::render;

/// Most passports that are taken from an index without having been chosen.
const MAX_UNCHOSEN: usize = 100;

/// What to fetch, and where it goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A did:web, the https address of a passport or bundle, or the id or digest of a passport (with --from)
    what: String,
    /// An institution (did:web) whose index to look into, also for parents (repeatable)
    #[arg(long, value_name = "DID")]
    from: Vec<String>,
    /// Of a did:web, take only the passports with this id or digest (repeatable)
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Print what the institution's index lists, and fetch no passport
    #[arg(long)]
    list: bool,
    /// Print the addresses that would be asked first, and ask none
    #[arg(long)]
    dry_run: bool,
    /// Where the bundle goes; `-` is standard output
    #[arg(short, long, value_name = "BUNDLE", default_value = files::STANDARD_STREAM)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
    /// The time of retrieval to note and to judge by, instead of now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    #[command(flatten)]
    allowed: Allowed,
}

/// Why nothing is fetched.
#[derive(Debug, Error)]
pub(crate) enum FetchingError {
    #[error("the index of `{did}` lists {count} passports")]
    Many { did: String, count: usize },
    #[error("`{what}` is not a passport that can be fetched: {cause}")]
    Malformed { what: String, cause: passport::InputError },
    #[error("what was fetched does not verify ({code})")]
    NotVerified { code: String },
    #[error("`{what}` says of no institution where it is")]
    Where { what: String },
}

impl Problem for FetchingError {
    fn code(&self) -> &'static str {
        match self {
            Self::Many { .. } => "fetch.many",
            Self::Malformed { cause, .. } => cause.code(),
            Self::NotVerified { .. } => "fetch.not-verified",
            Self::Where { .. } => "fetch.where",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Many { .. } => "see them with `--list` and choose with `--only ID`",
            Self::Malformed { cause, .. } => cause.help(),
            Self::NotVerified { .. } => "nothing was written; ask the institution about it",
            Self::Where { .. } => "say where to look with `--from did:web:…`, or give an https address",
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Malformed { .. } => Exit::Malformed,
            Self::NotVerified { .. } => Exit::NotVerified,
            Self::Many { .. } | Self::Where { .. } => Exit::Usage,
        }
    }
}

/// Fetches, verifies, and writes a bundle with everything that the verification needed.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    if !args.dry_run && !args.list {
        files::check_free(&args.output, args.force)?;
    }
    let now = shell.time(args.at);
    let network = Network::public(args.allowed.clone());
    let mut collector = Collector::new(&network, &mut shell.print, now, args.dry_run);
    let mut evidence = Evidence::default();
    let is_did = args.what.starts_with("did:");
    let mut dids = args.from.clone();
    if is_did {
        dids.insert(0, args.what.clone());
    }
    collector.look_at(&dids);
    if args.list {
        let mut lines = String::new();
        for did in &dids {
            for found in collector.indexes_of(did, &mut evidence)? {
                lines.extend(found.index.passports.values().map(line));
            }
        }
        shell.print.result(&lines);
        return Ok(Exit::Success);
    }
    let mut parts = Evidence::default();
    if args.what.starts_with("https://") {
        collector.trust_host_of(&args.what);
        parts.credentials.extend(collector.get(&args.what, passport::MAX_BUNDLE_BYTES)?);
    } else {
        let chosen = choose(args, &dids, is_did, &mut collector, &mut evidence)?;
        for (url, digest) in chosen {
            parts.credentials.extend(collector.passport(&url, &digest)?);
        }
    }
    if args.dry_run {
        return Ok(Exit::Success);
    }
    for text in &parts.credentials {
        let what = || args.what.clone();
        passport::read(text).map_err(|cause| FetchingError::Malformed { what: what(), cause })?;
    }
    let policy = Policy::default();
    let text = bundle::assemble(parts.clone(), now)?.to_string();
    collector.complete(&text, &mut evidence, &policy);

    parts.credentials.extend(evidence.credentials.iter().cloned());
    parts.documents = evidence.documents.clone();
    let text = bundle::finished(parts, now)?;
    evidence.credentials.clear();
    let outcome = verify::check(&text, &evidence, &policy, now);
    // That something was recalled has to reach those without a network too.
    if let Some(check) = verify::refusal(&outcome.report) {
        return Err(FetchingError::NotVerified { code: check.code.to_string() }.into());
    }
    output(&args.output, &text, args.force, shell)?;
    let paint = shell.print.err_paint;
    shell.print.note(&render::verdict(&outcome.report, paint));
    let needs = needed(&outcome.needs, paint);
    if !needs.is_empty() {
        shell.print.note(needs.trim());
    }
    Ok(Exit::of(&outcome.report, false))
}

/// The addresses and digests of what is asked for, by the indexes of these institutions.
fn choose(
    args: &Args,
    dids: &[String],
    is_did: bool,
    collector: &mut Collector<'_>,
    evidence: &mut Evidence,
) -> Result<Vec<(String, String)>, Failure> {
    if dids.is_empty() {
        return Err(FetchingError::Where { what: args.what.clone() }.into());
    }
    let mut wanted = args.only.clone();
    if !is_did {
        wanted.push(args.what.clone());
    }
    let is_wanted = |entry: &Entry| {
        wanted.is_empty() || wanted.iter().any(|one| *one == entry.id || *one == entry.digest)
    };
    let mut chosen: Vec<(String, String)> = Vec::new();
    for did in dids {
        if !did.parse::<Did>().is_ok_and(|did| did::document_url(&did).is_ok_and(|url| url.is_some())) {
            return Err(FetchingError::Where { what: did.clone() }.into());
        }
        for found in collector.indexes_of(did, evidence)? {
            let entries: Vec<&Entry> =
                found.index.passports.values().filter(|entry| is_wanted(entry)).collect();
            if wanted.is_empty() && entries.len() > MAX_UNCHOSEN {
                return Err(FetchingError::Many { did: did.clone(), count: entries.len() }.into());
            }
            for entry in entries {
                if !chosen.iter().any(|(_, digest)| *digest == entry.digest) {
                    chosen.push((found.address(entry), entry.digest.clone()));
                }
            }
        }
        // The others are there for parents.
        if is_did && !chosen.is_empty() {
            break;
        }
    }
    if chosen.is_empty() && !args.dry_run {
        let what =
            if wanted.is_empty() { "a passport".to_owned() } else { format!("`{}`", wanted.join("`, `")) };
        return Err(CollectError::NotFound { what }.into());
    }
    // An index is anybody's word until the digest of what it leads to was looked at.
    debug_assert!(chosen.iter().all(|(_, digest)| Digest::from_multibase(digest).is_ok()));
    Ok(chosen)
}

fn line(entry: &Entry) -> String {
    format!("{}  {}  {}\n", entry.digest, render::plain(&entry.kind), render::plain(&entry.id))
}
