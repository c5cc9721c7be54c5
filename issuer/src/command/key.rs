//! `passport key new|list|show|rotate|revoke`

use std::path::PathBuf;

use clap::ValueEnum;
use model_passport::key::Algorithm;
use model_passport::time::Timestamp;
use serde::Serialize;

use super::Shell;
use crate::exit::Exit;
use crate::keystore::{KeyStore, KeyStoreError, PassphraseSource, PublicHalf};
use crate::print::Tone;
use crate::problem::Failure;

/// What to do with keys.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Make a signing key and print its DID
    New(New),
    /// List the keys
    List(List),
    /// Print the public half of a key
    Show(Show),
    /// Make the key that signs from now on in the place of another; what that one signed before still holds
    Rotate(Rotate),
    /// Say that nothing signed with a key since a time is to be believed
    Revoke(Revoke),
}

/// Where the keys are.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct Store {
    /// The directory with the keys [default: model-passport/keys in the user's data directory]
    #[arg(long, value_name = "DIR", env = "PASSPORT_KEY_STORE")]
    key_store: Option<PathBuf>,
}

impl Store {
    /// The directory that was named.
    pub(crate) fn directory(&self) -> Option<&PathBuf> {
        self.key_store.as_ref()
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Result<KeyStore, KeyStoreError> {
        KeyStore::at(self.key_store.as_deref())
    }
}

/// Where the passphrase is.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct Secret {
    /// A file with the passphrase on its first line, readable by you alone; otherwise the environment variable
    /// PASSPORT_PASSPHRASE, otherwise the terminal
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Secret {
    /// As the key store wants it.
    pub(crate) fn source(&self) -> PassphraseSource {
        PassphraseSource { file: self.passphrase_file.clone() }
    }
}

/// The key to make.
#[derive(Debug, clap::Args)]
pub struct New {
    /// A name for the key, for use on this machine
    name: String,
    /// The signature algorithm
    #[arg(long, value_enum, default_value_t)]
    alg: AlgorithmArg,
    /// The did:web of your institution, instead of a did:key; its DID document is printed, for publication
    #[arg(long, value_name = "DID")]
    did: Option<String>,
    /// The time to note, instead of now
    #[arg(long, value_name = "RFC3339", hide = true)]
    at: Option<Timestamp>,
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    secret: Secret,
}

/// The algorithms of the supported cryptosuites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum AlgorithmArg {
    /// ECDSA with P-256 and SHA-256
    #[default]
    P256,
    /// ECDSA with P-384 and SHA-384
    P384,
    /// Ed25519
    Ed25519,
}

impl From<AlgorithmArg> for Algorithm {
    fn from(algorithm: AlgorithmArg) -> Self {
        match algorithm {
            AlgorithmArg::P256 => Self::P256,
            AlgorithmArg::P384 => Self::P384,
            AlgorithmArg::Ed25519 => Self::Ed25519,
        }
    }
}

/// How to list.
#[derive(Debug, clap::Args)]
pub struct List {
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: Store,
}

/// Which key to show.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// The key's name
    name: String,
    /// Print the DID document to publish
    #[arg(long)]
    did_document: bool,
    /// As JSON
    #[arg(long, conflicts_with = "did_document")]
    json: bool,
    #[command(flatten)]
    store: Store,
}

/// Which key to replace. Where it is named, the new one is used.
#[derive(Debug, clap::Args)]
pub struct Rotate {
    /// The key's name
    name: String,
    /// The signature algorithm of the new key, instead of the old one's
    #[arg(long, value_enum)]
    alg: Option<AlgorithmArg>,
    /// The time at which the old key ends, instead of now
    #[arg(long, value_name = "RFC3339", hide = true)]
    at: Option<Timestamp>,
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    secret: Secret,
}

/// Which key not to believe.
#[derive(Debug, clap::Args)]
pub struct Revoke {
    /// The key's name: this very key, and not its successor
    name: String,
    /// Since when it is not to be believed, instead of now; it cannot be changed later
    #[arg(long, value_name = "RFC3339")]
    since: Option<Timestamp>,
    /// The time to go by, instead of now
    #[arg(long, value_name = "RFC3339", hide = true)]
    at: Option<Timestamp>,
    #[command(flatten)]
    store: Store,
}

/// A key with its name, for `--json`.
#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    #[serde(flatten)]
    public: &'a PublicHalf,
}

/// Does it.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    match args {
        Args::New(args) => new(args, shell),
        Args::List(args) => list(args, shell),
        Args::Show(args) => show(args, shell),
        Args::Rotate(args) => rotate(args, shell),
        Args::Revoke(args) => revoke(args, shell),
    }
}

fn new(args: &New, shell: &mut Shell) -> Result<Exit, Failure> {
    let store = args.store.open()?;
    // Nobody should think of a passphrase for a key that cannot be made.
    store.check_free(&args.name)?;
    let passphrase = args.secret.source().new_key(&args.name)?;
    let now = shell.time(args.at);
    let public = store.create(&args.name, args.alg.into(), args.did.as_deref(), &passphrase, now)?;
    let note = format!("{} in {}", args.name, store.directory().display());
    made("key:", &note, &store, &public, shell)
}

/// Prints the DID, or the document that is to be published for it.
fn made(
    what: &str,
    note: &str,
    store: &KeyStore,
    public: &PublicHalf,
    shell: &mut Shell,
) -> Result<Exit, Failure> {
    let paint = shell.print.err_paint;
    let mut notes = vec![format!("{} {note}", paint.text(Tone::Dim, what))];
    match public.document_url() {
        Some(url) => {
            notes.push(format!("{} the DID document, at {url}", paint.text(Tone::Dim, "publish:")));
            shell.print.result(&store.document(&public.did, &[])?.to_pretty());
        }
        None => shell.print.result(&format!("{}\n", public.did)),
    }
    shell.print.note(&notes.join("\n"));
    Ok(Exit::Success)
}

fn rotate(args: &Rotate, shell: &mut Shell) -> Result<Exit, Failure> {
    let store = args.store.open()?;
    store.public(&args.name)?;
    let next = store.next_name(&args.name)?;
    let passphrase = args.secret.source().new_key(&next)?;
    let now = shell.time(args.at);
    let (next, public) = store.rotate(&args.name, args.alg.map(Into::into), &passphrase, now)?;
    let note = format!("{next}; from now on it signs where `{}` is named", args.name);
    made("key:", &note, &store, &public, shell)
}

fn revoke(args: &Revoke, shell: &mut Shell) -> Result<Exit, Failure> {
    let store = args.store.open()?;
    let now = shell.time(args.at);
    let public = store.revoke(&args.name, args.since.unwrap_or(now), now)?;
    let note = format!("{} since {}", args.name, public.revoked.as_deref().unwrap_or_default());
    made("revoked:", &note, &store, &public, shell)
}

fn list(args: &List, shell: &mut Shell) -> Result<Exit, Failure> {
    let store = args.store.open()?;
    let keys = store.list()?;
    if args.json {
        let keys: Vec<Named<'_>> = keys.iter().map(|(name, public)| Named { name, public }).collect();
        print_json(&keys, shell);
        return Ok(Exit::Success);
    }
    let width = keys.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines = keys.iter().map(|(name, public)| {
        let end = match (&public.revoked, &public.expires) {
            (Some(at), _) => format!("  revoked {at}"),
            (None, Some(at)) => format!("  until {at}"),
            (None, None) => String::new(),
        };
        format!("{name:width$}  {:7}  {}  {}{end}\n", public.algorithm, public.created, public.did)
    });
    shell.print.result(&lines.collect::<String>());
    if keys.is_empty() {
        shell.print.note(&format!("no keys in {}", store.directory().display()));
    }
    Ok(Exit::Success)
}

fn show(args: &Show, shell: &mut Shell) -> Result<Exit, Failure> {
    let store = args.store.open()?;
    let public = store.public(&args.name)?;
    if args.did_document && public.document_url().is_some() {
        shell.print.result(&store.document(&public.did, &[])?.to_pretty());
    } else if let Some(document) = public.did_document().filter(|_| args.did_document) {
        shell.print.result(&document.to_pretty());
    } else if args.json {
        print_json(&Named { name: &args.name, public: &public }, shell);
    } else {
        let paint = shell.print.out_paint;
        let mut rows = vec![
            ("DID", &public.did),
            ("algorithm", &public.algorithm),
            ("verification method", &public.verification_method),
            ("created", &public.created),
        ];
        let ends =
            [("expires", &public.expires), ("revoked", &public.revoked), ("successor", &public.successor)];
        rows.extend(ends.into_iter().filter_map(|(label, value)| Some((label, value.as_ref()?))));
        let lines = rows
            .iter()
            .map(|(label, value)| format!("{}  {value}\n", paint.text(Tone::Dim, &format!("{label:19}"))));
        shell.print.result(&lines.collect::<String>());
    }
    Ok(Exit::Success)
}

fn print_json(value: &impl Serialize, shell: &mut Shell) {
    // Strings and nothing else: there is no value here that JSON cannot hold.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    shell.print.result(&format!("{text}\n"));
}
