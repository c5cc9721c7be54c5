//! `passport status new|list|renew|message`

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use model_passport::limits::MIN_STATUS_ENTRIES;
use model_passport::passport;
use model_passport::status::Purpose;
use model_passport::time::Timestamp;

use super::Shell;
use super::issue::opinion;
use super::key::{Secret, Store};
use super::recall::ListSigning;
use crate::evidence::EvidenceError;
use crate::exit::Exit;
use crate::files;
use crate::parents::ParentError;
use crate::print::Tone;
use crate::problem::Failure;
use crate::recall::{Given, Lists, RecallError, Record, Signed, publish};

/// What to do with status lists.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Make a status list, sign it and write it to the file to be published
    New(New),
    /// List the status lists and what is in them
    List(List),
    /// Sign a list anew as it is, so that it stays recent: at least once a day
    Renew(Renew),
    /// Set the message about a passport
    Message(Message),
}

/// The list to make.
#[derive(Debug, clap::Args)]
pub struct New {
    /// Where everyone will find the list: an https address
    #[arg(long)]
    url: String,
    /// What the list is about (repeatable) [default: revocation]
    #[arg(long, value_enum)]
    purpose: Vec<PurposeArg>,
    /// What a value of a list of messages means, the first one being what all begin with (repeatable: 2, 4, 8 … 256)
    #[arg(long, value_name = "TEXT")]
    message: Vec<String>,
    /// Where the messages are explained
    #[arg(long, value_name = "URL")]
    reference: Option<String>,
    /// How many entries the list has: a multiple of 8, at least 131072
    #[arg(long, default_value_t = MIN_STATUS_ENTRIES)]
    entries: usize,
    /// For how many days a signed list may be relied on
    #[arg(long, value_name = "DAYS", default_value_t = 7)]
    valid_days: u16,
    /// The key to sign with
    #[arg(long, value_name = "NAME", env = "PASSPORT_KEY")]
    key: String,
    /// The time to sign for, instead of now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    /// The file to publish
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    secret: Secret,
}

/// The purposes that the specification defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PurposeArg {
    /// A passport is recalled for good
    Revocation,
    /// A passport is recalled for a time
    Suspension,
    /// There is something to say about a passport
    Message,
}

impl PurposeArg {
    fn name(self) -> String {
        let purpose = match self {
            Self::Revocation => Purpose::Revocation,
            Self::Suspension => Purpose::Suspension,
            Self::Message => Purpose::Message,
        };
        purpose.name().to_owned()
    }
}

/// How to list.
#[derive(Debug, clap::Args)]
pub struct List {
    #[command(flatten)]
    store: Store,
}

/// Which list to sign anew.
#[derive(Debug, clap::Args)]
pub struct Renew {
    /// The list's file, or its address
    list: PathBuf,
    #[command(flatten)]
    signing: ListSigning,
}

/// Which message.
#[derive(Debug, clap::Args)]
pub struct Message {
    /// The passport's file, or its `id`
    passport: PathBuf,
    /// One of the messages of the list
    text: String,
    #[command(flatten)]
    signing: ListSigning,
}

/// A list that was signed and published.
pub(super) struct Done {
    subject: String,
    record: Record,
    signed: Signed,
}

/// Does it.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    match args {
        Args::New(args) => new(args, shell),
        Args::List(args) => list(args, shell),
        Args::Renew(args) => renew(args, shell),
        Args::Message(args) => message(args, shell),
    }
}

fn new(args: &New, shell: &mut Shell) -> Result<Exit, Failure> {
    if args.output.as_os_str() == files::STANDARD_STREAM {
        return Err(RecallError::Output.into());
    }
    files::check_free(&args.output, args.force)?;
    let mut purposes: Vec<String> = Vec::new();
    for purpose in &args.purpose {
        if !purposes.contains(&purpose.name()) {
            purposes.push(purpose.name());
        }
    }
    if purposes.is_empty() {
        purposes.push(Purpose::Revocation.name().to_owned());
    }
    let record = Record {
        url: args.url.clone(),
        key: args.key.clone(),
        output: std::path::absolute(&args.output).unwrap_or_else(|_| args.output.clone()),
        purposes,
        entries: args.entries,
        messages: args.message.clone(),
        reference: args.reference.clone(),
        valid_days: args.valid_days,
        signed: None,
        given: Vec::new(),
    };
    record.check()?;
    let store = args.store.open()?;
    let now = shell.time(args.at);
    let (signer, public) = store.unlock(&args.key, &args.secret.source(), now)?;
    let mut held = Lists::of(&store).create(record)?;
    let signed = publish(&mut held, &signer, &public, now, args.force)?;
    let done = Done { subject: held.record.url.clone(), record: held.record, signed };
    tell("list:", &done, shell);
    Ok(Exit::Success)
}

fn list(args: &List, shell: &mut Shell) -> Result<Exit, Failure> {
    let lists = Lists::of(&args.store.open()?);
    let records = lists.all()?;
    let paint = shell.print.out_paint;
    let mut text = String::new();
    for record in &records {
        let set = record.given.iter().filter(|given| given.value != 0).count();
        let signed = record.signed.as_deref().unwrap_or("never");
        text.push_str(&format!(
            "{}\n  {}, {} of {} entries given away, {set} set, signed {signed} with {}\n  {}\n",
            paint.text(Tone::Bold, &record.url),
            record.purposes.join(" and "),
            record.given.len(),
            record.entries,
            record.key,
            record.output.display(),
        ));
        for (value, message) in record.messages.iter().enumerate() {
            text.push_str(&format!("  0x{value:x} {message}\n"));
        }
    }
    shell.print.result(&text);
    if records.is_empty() {
        shell.print.note("no status lists");
    }
    Ok(Exit::Success)
}

fn renew(args: &Renew, shell: &mut Shell) -> Result<Exit, Failure> {
    let store = args.signing.store.open()?;
    let lists = Lists::of(&store);
    let record = lists.find(&args.list)?;
    let now = shell.time(args.signing.at);
    let (signer, public) = store.unlock(&record.key, &args.signing.secret.source(), now)?;
    let mut held = lists.hold(&record.url)?;
    let signed = publish(&mut held, &signer, &public, now, true)?;
    tell("renewed:", &Done { subject: record.url, record: held.record, signed }, shell);
    Ok(Exit::Success)
}

fn message(args: &Message, shell: &mut Shell) -> Result<Exit, Failure> {
    let value = |record: &Record| {
        // A list without words has the two that the specification gives a bit.
        let words = ["unset".to_owned(), "set".to_owned()];
        let words = if record.messages.is_empty() { &words[..] } else { &record.messages[..] };
        let place = words.iter().position(|word| *word == args.text);
        let unknown = || RecallError::Message { text: args.text.clone(), url: record.url.clone() };
        place.and_then(|place| u32::try_from(place).ok()).ok_or_else(unknown)
    };
    let done = change(&args.passport, &args.signing, &Purpose::Message, value, shell)?;
    tell("message:", &done, shell);
    Ok(Exit::Success)
}

/// Sets the entry of a passport, in every list that has one for the purpose, and publishes.
pub(super) fn change(
    passport: &Path,
    signing: &ListSigning,
    purpose: &Purpose,
    value: impl Fn(&Record) -> Result<u32, RecallError>,
    shell: &Shell,
) -> Result<Done, Failure> {
    let id = id_of(passport)?;
    let store = signing.store.open()?;
    let lists = Lists::of(&store);
    let now = shell.time(signing.at);
    let mut done = None;
    for record in lists.with_entry(&id, purpose)? {
        let value = value(&record)?;
        let (signer, public) = store.unlock(&record.key, &signing.secret.source(), now)?;
        let mut held = lists.hold(&record.url)?;
        held.set(&id, purpose, value, now)?;
        let signed = publish(&mut held, &signer, &public, now, true)?;
        done = Some(Done { subject: id.clone(), record: held.record, signed });
    }
    let no_entry = || RecallError::NoEntry { id: id.clone(), purpose: known(purpose) };
    Ok(done.ok_or_else(no_entry)?)
}

/// Whether a list of this key store revokes the passport.
pub(super) fn is_revoked(passport: &Path, signing: &ListSigning) -> Result<bool, Failure> {
    let id = id_of(passport)?;
    let records = Lists::of(&signing.store.open()?).with_entry(&id, &Purpose::Revocation)?;
    let revokes = |given: &Given| {
        given.credential == id && given.purpose == Purpose::Revocation.name() && given.value != 0
    };
    Ok(records.iter().flat_map(|record| &record.given).any(revokes))
}

fn known(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Revocation => "revocation",
        Purpose::Suspension => "suspension",
        _ => "messages",
    }
}

/// The `id` of a passport: what was given, or what the file of that name says.
fn id_of(file: &Path) -> Result<String, Failure> {
    if !fs::exists(file).unwrap_or_default() {
        return Ok(file.display().to_string());
    }
    let text = files::read_text(file, files::MAX_BUNDLE_BYTES)?;
    let path = || file.to_owned();
    let input = passport::read(&text).map_err(|cause| EvidenceError::Input { path: path(), cause })?;
    match input.credentials.as_slice() {
        [credential] => Ok(credential.id.clone()),
        several => Err(ParentError::NotSingle { path: path(), count: several.len() }.into()),
    }
}

/// Says what was done, and what is left to do.
pub(super) fn tell(what: &str, done: &Done, shell: &mut Shell) {
    let paint = shell.print.err_paint;
    let label = |text: &str| paint.text(Tone::Dim, text);
    let opinions: Vec<String> = done.signed.opinions.iter().map(opinion).collect();
    shell.print.note(&format!(
        "{} {}\n{} from {} until {}\n{} {}\n{} {}, at {}",
        label(what),
        done.subject,
        label("signed:"),
        done.signed.valid_from,
        done.signed.valid_until,
        label("second opinion:"),
        opinions.join("; "),
        label("publish:"),
        done.record.output.display(),
        done.record.url,
    ));
}
