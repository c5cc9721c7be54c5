//! `passport publish TARGET PASSPORT…`

use std::fs;
use std::path::{Path, PathBuf};

use model_passport::evidence::{Document, Evidence, Need, Policy, Profile};
use model_passport::json::Json;
use model_passport::passport::{self, Credential};
use model_passport::report::{Check, Verdict};
use model_passport::time::Timestamp;

use super::key::Store;
use super::{Shell, bundle, verify};
use crate::evidence::{self, EvidenceError};
use crate::exit::Exit;
use crate::files;
use crate::keystore::KeyStore;
use crate::problem::Failure;
use crate::publish::{self, PublishError, Site};
use crate::render::plain;

/// Largest file of the page, and how many there may be.
const MAX_PAGE_FILE_BYTES: u64 = 32 << 20;
const MAX_PAGE_FILES: usize = 256;

/// What to publish, and where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The root of the site: a directory, or the URL of an object store (file:///DIR, s3://BUCKET/PATH)
    target: String,
    /// Passports and bundles
    passport: Vec<PathBuf>,
    /// The did:web whose site it is
    #[arg(long, value_name = "DID", conflicts_with = "key", required_unless_present = "key")]
    did: Option<String>,
    /// The key whose did:web it is
    #[arg(long, value_name = "NAME", env = "PASSPORT_KEY")]
    key: Option<String>,
    /// A status list, put at the path of its address (repeatable)
    #[arg(long, value_name = "LIST")]
    status: Vec<PathBuf>,
    /// A DID document or bundle of another issuer, or a passport of the lineage, to check with; it is not published
    /// (repeatable)
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    /// The verifier page, as `node verifier-wasm/build.mjs --site DIR` makes it
    #[arg(long, value_name = "DIR")]
    page: Option<PathBuf>,
    /// Take away what lies there and is not named this time; each file is told
    #[arg(long)]
    prune: bool,
    /// Replace a passport by the same one with other proofs, and give up keys that are published and not here
    #[arg(long)]
    force: bool,
    /// Publish what looks like a secret at this place of a passport, or in this file of the page (repeatable)
    #[arg(long, value_name = "POINTER")]
    allow_secret: Vec<String>,
    /// The time to judge by, instead of now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    #[command(flatten)]
    store: Store,
}

/// Publishes; prints the address of the index.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let store = args.store.open()?;
    let did = match (&args.did, &args.key) {
        (Some(did), _) => did.clone(),
        (None, Some(key)) => store.current(key)?.did,
        (None, None) => String::new(),
    };
    let target = publish::open(&args.target)?;
    let now = shell.time(args.at);
    let (site, needs) = assemble(args, &store, &did, now)?;
    let done = site.publish(target.as_ref(), args.force, args.prune)?;
    for need in needs.iter().filter(|need| !done.listed.contains(&need.url)) {
        let (what, why) = (plain(&need.url), plain(&need.why));
        shell.print.note(&format!("to be found elsewhere: {what}: {why}"));
    }
    for (what, paths) in [("wrote:", &done.written), ("removed:", &done.removed), ("kept:", &done.kept)] {
        for path in paths {
            shell.print.note(&format!("{what} {path}"));
        }
    }
    shell.print.note(&format!("unchanged: {}", done.unchanged));
    shell.print.result(&format!("{}\n", publish::Layout::of(&did)?.index_url()));
    Ok(Exit::Success)
}

fn assemble(args: &Args, store: &KeyStore, did: &str, now: Timestamp) -> Result<(Site, Vec<Need>), Failure> {
    let document = publish::did_document(store, did)?;
    let mut parts = Evidence::default();
    for path in &args.passport {
        let text = files::read_text(path, files::MAX_BUNDLE_BYTES)?;
        // What a bundle brings along is for its own verification.
        let mut read = Evidence::default();
        evidence::add(path, text, &mut read)?;
        if read.credentials.is_empty() {
            return Err(EvidenceError::Unknown { path: path.clone() }.into());
        }
        parts.credentials.append(&mut read.credentials);
    }
    let mut vouched = evidence::gather(&args.with)?;
    let layout = publish::Layout::of(did)?;
    let url = format!("https://{}{}", host_of(&layout.base), layout.document);
    // Of this DID and its lists, what is about to be published counts.
    vouched.documents.retain(|document| document.url != url);
    vouched.documents.push(Document { url, retrieved: None, text: document.to_string() });
    let mut site = Site::new(did, document)?;
    for path in &args.status {
        let text = files::read_text(path, files::MAX_DOCUMENT_BYTES)?;
        site.add_list(&path.display().to_string(), &text)?;
        let policy = Policy { profile: Profile::Standard, ..Policy::default() };
        let outcome = verify::check(&text, &vouched, &policy, now);
        if !matches!(outcome.report.verdict, Verdict::Verified | Verdict::VerifiedWithWarnings) {
            let what = format!("the status list `{}`", path.display());
            return Err(PublishError::NotVerified { what, code: outcome.report.code.to_string() }.into());
        }
        let url = publish::read_list(&text).map(|list| list.id).unwrap_or_default();
        vouched.documents.retain(|document| document.url != url);
        vouched.documents.push(Document { url, retrieved: None, text });
    }
    let mut needs = Vec::new();
    if !parts.credentials.is_empty() {
        let credentials = bundle::unpacked(&parts)?;
        let text = bundle::assemble(parts, now)?.to_pretty();
        let credentials: Vec<(Credential, Json)> =
            credentials.into_iter().map(|json| Ok((read(&json)?, json))).collect::<Result<_, Failure>>()?;
        let ids: Vec<&str> = credentials.iter().map(|(credential, _)| credential.id.as_str()).collect();
        needs = checked(&text, &ids, &vouched, now)?;
        for (credential, json) in &credentials {
            site.add_passport(credential, json, &args.allow_secret)?;
        }
    }
    if let Some(page) = &args.page {
        add_page(page, page, &mut site, &args.allow_secret, &mut 0)?;
    }
    Ok((site, needs))
}

/// The host and a slash, of an address.
fn host_of(base: &str) -> String {
    format!("{}/", base.split('/').nth(2).unwrap_or_default())
}

/// A credential as it is stored: a JWS in its envelope.
fn read(json: &Json) -> Result<Credential, Failure> {
    let input = passport::read(&json.to_string());
    let refused = |cause| EvidenceError::Input { path: PathBuf::from("-"), cause };
    let input = input.map_err(refused)?;
    Ok(input.credentials.into_iter().next().ok_or(passport::InputError::Nothing).map_err(refused)?)
}

/// Verifies all of it, as a visitor of the site could; says what a visitor will have to find elsewhere.
fn checked(text: &str, ids: &[&str], vouched: &Evidence, now: Timestamp) -> Result<Vec<Need>, Failure> {
    let outcome = verify::check(text, vouched, &Policy::default(), now);
    // What was recalled stays to be found.
    let what = |check: &Check| {
        let node = check.node.as_ref().map(|node| format!("`{node}`"));
        node.unwrap_or_else(|| "what is to be published".to_owned())
    };
    if let Some(check) = verify::refusal(&outcome.report) {
        return Err(PublishError::NotVerified { what: what(check), code: check.code.to_string() }.into());
    }
    // Parents may be elsewhere; who signed what is published here has to be known.
    let is_here = |check: &&Check| check.node.as_deref().is_none_or(|node| ids.contains(&node));
    if let Some(check) = verify::unsigned(&outcome.report).find(is_here) {
        return Err(PublishError::NotChecked { what: what(check), code: check.code.to_string() }.into());
    }
    Ok(outcome.needs)
}

/// Every file below a directory, by its path from there.
fn add_page(
    root: &Path,
    directory: &Path,
    site: &mut Site,
    allow_secret: &[String],
    count: &mut usize,
) -> Result<(), Failure> {
    let unusable = |path: &Path, error: &std::io::Error| PublishError::Unusable {
        path: path.display().to_string(),
        why: files::reason(error),
    };
    let entries = fs::read_dir(directory).map_err(|error| unusable(directory, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| unusable(directory, &error))?;
        let path = entry.path();
        let relative =
            path.strip_prefix(root).ok().and_then(Path::to_str).map(|text| text.replace('\\', "/"));
        let name = relative.clone().unwrap_or_else(|| path.display().to_string());
        let refused = |why| PublishError::Page { path: name.clone(), why };
        let kind = entry.file_type().map_err(|error| unusable(&path, &error))?;
        *count += 1;
        if *count > MAX_PAGE_FILES {
            return Err(refused("there are too many files").into());
        }
        if kind.is_dir() {
            add_page(root, &path, site, allow_secret, count)?;
        } else if kind.is_file() {
            let relative = relative.ok_or_else(|| refused("its name is not text"))?;
            site.add_page(&relative, files::read_bytes(&path, MAX_PAGE_FILE_BYTES)?, allow_secret)?;
        } else {
            return Err(refused("it is neither a file nor a directory").into());
        }
    }
    Ok(())
}
