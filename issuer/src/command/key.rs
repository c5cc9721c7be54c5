//! `passport key new|list|show`

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
}

/// Where the keys are.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct Store {
    /// The directory with the keys [default: model-passport/keys in the user's data directory]
    #[arg(long, value_name = "DIR", env = "PASSPORT_KEY_STORE")]
    key_store: Option<PathBuf>,
}

impl Store {
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
    }
}

fn new(args: &New, shell: &mut Shell) -> Result<Exit, Failure> {
    let store = args.store.open()?;
    // Nobody should think of a passphrase for a key that cannot be made.
    store.check_free(&args.name)?;
    let passphrase = args.secret.source().new_key(&args.name)?;
    let now = shell.time(args.at);
    let public = store.create(&args.name, args.alg.into(), args.did.as_deref(), &passphrase, now)?;
    let dim = |text: &str| shell.print.err_paint.text(Tone::Dim, text);
    let mut notes = vec![format!("{} {} in {}", dim("key:"), args.name, store.directory().display())];
    match (public.document_url(), public.did_document()) {
        (Some(url), Some(document)) => {
            notes.push(format!("{} the DID document, at {url}", dim("publish:")));
            shell.print.result(&document.to_pretty());
        }
        _ => shell.print.result(&format!("{}\n", public.did)),
    }
    shell.print.note(&notes.join("\n"));
    Ok(Exit::Success)
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
        format!("{name:width$}  {:7}  {}  {}\n", public.algorithm, public.created, public.did)
    });
    shell.print.result(&lines.collect::<String>());
    if keys.is_empty() {
        shell.print.note(&format!("no keys in {}", store.directory().display()));
    }
    Ok(Exit::Success)
}

fn show(args: &Show, shell: &mut Shell) -> Result<Exit, Failure> {
    let public = args.store.open()?.public(&args.name)?;
    if let Some(document) = public.did_document().filter(|_| args.did_document) {
        shell.print.result(&document.to_pretty());
    } else if args.json {
        print_json(&Named { name: &args.name, public: &public }, shell);
    } else {
        let paint = shell.print.out_paint;
        let rows = [
            ("DID", &public.did),
            ("algorithm", &public.algorithm),
            ("verification method", &public.verification_method),
            ("created", &public.created),
        ];
        let lines = rows
            .map(|(label, value)| format!("{}  {value}\n", paint.text(Tone::Dim, &format!("{label:19}"))));
        shell.print.result(&lines.concat());
    }
    Ok(Exit::Success)
}

fn print_json(value: &impl Serialize, shell: &mut Shell) {
    // Strings and nothing else: there is no value here that JSON cannot hold.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    shell.print.result(&format!("{text}\n"));
}
