//! `passport issue DRAFT|PATH --key NAME`

mod project;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use model_passport::evidence::Document;
use model_passport::json::{Json, Object};
use model_passport::key::KeySigner;
use model_passport::status::Entry;
use model_passport::time::Timestamp;
use thiserror::Error;

use super::Shell;
use super::capture::{self, KindArg, Reading, output};
use super::key::{Secret, Store};
use crate::capture::{Draft, DraftError, Kind};
use crate::claims::{self, Claims};
use crate::evidence;
use crate::exit::Exit;
use crate::files;
use crate::keystore::PublicHalf;
use crate::parents::Parents;
use crate::print::Tone;
use crate::problem::{Failure, Problem};
use crate::project::Project;
use crate::recall::{Lists, RecallError, Record};
use crate::seal::{self, Order, Unsigned};
use crate::second_opinion::Opinion;

/// What to sign, with what, and where it goes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A draft (a file ending in .json, or `-`), or the directory or file to capture; of a directory with a
    /// `passport.toml`, all that this names
    path: PathBuf,
    /// What is at PATH, if it is captured now
    #[arg(long, value_enum)]
    kind: Option<KindArg>,
    /// What a person declares: TOML, or JSON if the name ends in .json (repeatable)
    #[arg(long, value_name = "FILE")]
    claims: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    signing: Signing,
}

/// What every command that signs has in common.
#[derive(Debug, clap::Args)]
pub struct Signing {
    /// The key to sign with
    #[arg(long, value_name = "NAME", env = "PASSPORT_KEY")]
    key: Option<String>,
    /// A cryptosuite, repeated for several proofs, or `vc+jwt` [default: ecdsa-rdfc-2019 or eddsa-rdfc-2022, as the key is]
    #[arg(long, value_name = "SUITE")]
    proof: Vec<String>,
    /// With ecdsa-sd-2023: what else no holder may leave out, as a JSON pointer (repeatable)
    #[arg(long, value_name = "POINTER")]
    mandatory: Vec<String>,
    /// A place that looks like a secret and is none, as the JSON pointer that the error gave (repeatable)
    #[arg(long, value_name = "POINTER")]
    allow_secret: Vec<String>,
    /// A passport or a DID document that the parents' verification needs (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Vec<PathBuf>,
    /// A status list of yours, by its file or its address, in which a recall will be seen (repeatable)
    #[arg(long, value_name = "LIST")]
    status: Vec<PathBuf>,
    /// Until when the credential is valid
    #[arg(long, value_name = "RFC3339")]
    valid_until: Option<Timestamp>,
    /// From when it is valid and when it was signed, instead of now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    /// Where it goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = files::STANDARD_STREAM)]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    secret: Secret,
}

/// Why nothing can be signed.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum IssueError {
    #[error("the draft `{}` cannot be used: {cause}", path.display())]
    Draft { path: PathBuf, cause: DraftError },
    #[error("a base proof of ecdsa-sd-2023 is for its holder only, and standard output may go anywhere")]
    BaseProof,
    #[error("no key to sign with is named")]
    NoKey,
    #[error("the draft is of a {draft}, and `--kind` asks for a {asked}")]
    Kind { draft: &'static str, asked: &'static str },
    #[error("`validUntil` is not a time: {0}")]
    ValidUntil(#[from] model_passport::time::TimestampError),
}

impl Problem for IssueError {
    fn code(&self) -> &'static str {
        match self {
            Self::Draft { cause, .. } => cause.code(),
            Self::BaseProof => "issue.base-proof-to-stdout",
            Self::Kind { .. } => "issue.kind",
            Self::NoKey => "issue.no-key",
            Self::ValidUntil(_) => "issue.valid-until",
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Draft { cause, .. } => return cause.help(),
            Self::BaseProof => "name a file with `-o`; it will be readable for you alone".to_owned(),
            Self::Kind { .. } => "leave `--kind` away; a draft knows its kind".to_owned(),
            Self::NoKey => {
                "name it with `--key NAME`, in PASSPORT_KEY, or as `key` in passport.toml; `passport key list` lists yours"
                    .to_owned()
            }
            Self::ValidUntil(_) => "write a time such as 2027-11-21T10:00:00Z".to_owned(),
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Draft { .. } | Self::ValidUntil(_) => Exit::Malformed,
            Self::BaseProof | Self::Kind { .. } | Self::NoKey => Exit::Usage,
        }
    }
}

/// Checks, signs, verifies, asks for the second opinion, writes.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    if args.kind.is_none() && Project::is_at(&args.path) {
        return project::run(args, shell);
    }
    let session = args.signing.begin(shell)?;
    let draft = draft(args, shell)?;
    capture::notes(&draft, shell);
    let mut parents = Parents::new(&args.signing.with, session.now)?;
    let kind = draft.kind.credential_type();
    let (subject, valid_until) = declare((draft.subject, Some(&draft.sources)), &args.claims, &mut parents)?;
    session.issue(kind, subject, valid_until, &parents, shell)
}

/// The draft that was named, or one made now.
fn draft(args: &Args, shell: &mut Shell) -> Result<Draft, Failure> {
    let Args { path, kind, reading, .. } = args;
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if path.as_os_str() != files::STANDARD_STREAM && (!is_json || path.is_dir()) {
        return capture::read(path, kind.map_or(Kind::Model, Kind::from), reading, shell);
    }
    read_draft(path, kind.map(Kind::from))
}

/// A draft, of one kind if one is asked for.
fn read_draft(path: &Path, asked: Option<Kind>) -> Result<Draft, Failure> {
    let json = evidence::read_json(path)?;
    let draft =
        Draft::from_json(&json).map_err(|cause| IssueError::Draft { path: path.to_owned(), cause })?;
    match asked.filter(|asked| *asked != draft.kind) {
        Some(asked) => Err(IssueError::Kind { draft: noun(draft.kind), asked: noun(asked) }.into()),
        None => Ok(draft),
    }
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Dataset => "data set",
        Kind::Model => "model",
        Kind::Processing => "processing",
    }
}

/// Adds what the claims files declare, parents looked up beside each file. With a captured subject goes how its facts are
/// known.
pub(crate) fn declare(
    captured: (Object, Option<&Object>),
    files: &[PathBuf],
    parents: &mut Parents,
) -> Result<(Object, Option<Timestamp>), Failure> {
    declare_read(captured, read_claims(files)?, parents)
}

/// The claims files that were given, each with the directory in which parents are looked up.
pub(crate) fn read_claims(files: &[PathBuf]) -> Result<Vec<(PathBuf, Claims)>, Failure> {
    let directory = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
    files.iter().map(|path| Ok((directory(path), claims::read(path)?))).collect()
}

/// The same with what was read before.
pub(crate) fn declare_read(
    (mut subject, sources): (Object, Option<&Object>),
    files: Vec<(PathBuf, Claims)>,
    parents: &mut Parents,
) -> Result<(Object, Option<Timestamp>), Failure> {
    let mut valid_until = None;
    let mut sources = sources.cloned();
    for (directory, claims) in files {
        let claimed = claims.subject.clone();
        let (more, until) = add_claims((subject, sources.as_ref()), claims, &directory, parents)?;
        // What gave way to one file does not give way to the next: two claims that differ are a contradiction.
        if let Some(sources) = &mut sources {
            let claimed = Json::from(claimed);
            let names: Vec<String> = sources.keys().map(str::to_owned).collect();
            for name in names.iter().filter(|name| claimed.pointer(name).is_some()) {
                sources.remove(name);
            }
        }
        (subject, valid_until) = (more, until.or(valid_until));
    }
    Ok((subject, valid_until))
}

/// Adds what is claimed, parents looked up in `directory`.
fn add_claims(
    (subject, sources): (Object, Option<&Object>),
    mut claims: Claims,
    directory: &Path,
    parents: &mut Parents,
) -> Result<(Object, Option<Timestamp>), Failure> {
    claims::resolve(&mut claims.subject, &mut |file| parents.reference(&directory.join(file)))?;
    let subject = match sources {
        Some(sources) => {
            claims::check_bases(&subject, &claims.subject)?;
            claims::merge_captured(subject, sources, &claims.subject)?
        }
        None => claims::merge(subject, &claims.subject)?,
    };
    let until = claims.valid_until.map(|text| text.parse::<Timestamp>().map_err(IssueError::from));
    Ok((subject, until.transpose()?))
}

/// A signing that has been found possible as far as its options go.
pub(crate) struct Session<'a> {
    signing: &'a Signing,
    key: String,
    public: PublicHalf,
    /// Unlocked once, however many credentials are signed.
    signer: OnceCell<KeySigner>,
    pub(crate) now: Timestamp,
}

impl Signing {
    /// With one key and what follows from it.
    pub(crate) fn plain(
        key: &str,
        at: Option<Timestamp>,
        with: &[PathBuf],
        (output, force): (&Path, bool),
        store: &Store,
        secret: &Secret,
    ) -> Self {
        Self {
            key: Some(key.to_owned()),
            proof: Vec::new(),
            mandatory: Vec::new(),
            allow_secret: Vec::new(),
            with: with.to_vec(),
            status: Vec::new(),
            valid_until: None,
            at,
            output: output.to_owned(),
            force,
            store: store.clone(),
            secret: secret.clone(),
        }
    }

    /// Refuses early what would be refused late: an output that exists, a key that is not there.
    pub(crate) fn begin(&self, shell: &Shell) -> Result<Session<'_>, Failure> {
        files::check_free(&self.output, self.force)?;
        let session = self.begin_with(None, shell)?;
        if session.securing()?.is_base() && self.output.as_os_str() == files::STANDARD_STREAM {
            return Err(IssueError::BaseProof.into());
        }
        Ok(session)
    }

    /// The same for outputs that the caller knows, and perhaps with a key that stands in a file.
    fn begin_with(&self, key: Option<&str>, shell: &Shell) -> Result<Session<'_>, Failure> {
        let key = self.key.as_deref().or(key).ok_or(IssueError::NoKey)?.to_owned();
        let public = self.store.open()?.current(&key)?;
        let session =
            Session { signing: self, key, public, signer: OnceCell::new(), now: shell.time(self.at) };
        session.securing()?;
        Ok(session)
    }
}

/// What the schema of passports allows.
const MAX_ENTRIES: usize = 4;

/// Entries of status lists, and these lists.
#[derive(Default)]
struct Status {
    entries: Vec<Entry>,
    documents: Vec<Document>,
}

impl Session<'_> {
    /// Who signs.
    pub(crate) fn issuer(&self) -> &str {
        &self.public.did
    }

    /// The rest of the way, from a filled subject to a written credential.
    pub(crate) fn issue(
        &self,
        kind: &str,
        subject: Object,
        valid_until: Option<Timestamp>,
        parents: &Parents,
        shell: &mut Shell,
    ) -> Result<Exit, Failure> {
        let sealed = self.seal(kind, subject, valid_until, parents)?;
        self.write(&self.signing.output, kind, &sealed, shell)?;
        Ok(Exit::Success)
    }

    /// Signs, and has it verified.
    fn seal(
        &self,
        kind: &str,
        subject: Object,
        valid_until: Option<Timestamp>,
        parents: &Parents,
    ) -> Result<seal::Sealed, Failure> {
        let valid_until = self.signing.valid_until.or(valid_until);
        let issuer = &self.public.did;
        let (id, valid_from) = (seal::fresh_urn()?, self.now);
        let order = |subject, status| {
            let allow_secret = &self.signing.allow_secret;
            seal::prepare(Order {
                id: &id,
                kind,
                issuer,
                subject,
                valid_from,
                valid_until,
                status,
                allow_secret,
            })
        };
        // No entry of a list is spent on a credential that cannot be signed anyway.
        let mut unsigned = order(subject.clone(), &[])?;
        let status = self.status(&id)?;
        if !status.entries.is_empty() {
            unsigned = order(subject, &status.entries)?;
        }
        self.sign(&unsigned, parents, status.documents)
    }

    fn write(
        &self,
        path: &Path,
        kind: &str,
        sealed: &seal::Sealed,
        shell: &mut Shell,
    ) -> Result<(), Failure> {
        if sealed.is_base {
            files::write(path, sealed.text.as_bytes(), files::Access::Private, self.signing.force)?;
        } else {
            output(path, &sealed.text, self.signing.force, shell)?;
        }
        self.tell(kind, sealed, shell);
        Ok(())
    }

    fn securing(&self) -> Result<seal::Securing, Failure> {
        Ok(seal::securing(&self.signing.proof, self.public.algorithm()?)?)
    }

    /// Unlocks the key now, before work that must not be lost to a mistyped passphrase.
    pub(crate) fn unlock(&self) -> Result<(), Failure> {
        self.signer().map(|_| ())
    }

    fn signer(&self) -> Result<&KeySigner, Failure> {
        if let Some(signer) = self.signer.get() {
            return Ok(signer);
        }
        let store = self.signing.store.open()?;
        let (signer, _) = store.unlock(&self.key, &self.signing.secret.source(), self.now)?;
        Ok(self.signer.get_or_init(|| signer))
    }

    /// Entries for the credential, and the lists that they are in.
    fn status(&self, id: &str) -> Result<Status, Failure> {
        let lists = Lists::of(&self.signing.store.open()?);
        let mut status = Status::default();
        let records: Result<Vec<Record>, RecallError> =
            self.signing.status.iter().map(|name| lists.find(name)).collect();
        let records = records?;
        let count = records.iter().map(|record| record.purposes.len()).sum();
        if count > MAX_ENTRIES {
            return Err(RecallError::TooMany { count }.into());
        }
        for record in records {
            let mut held = lists.hold(&record.url)?;
            status.entries.extend(held.give(id, self.now)?);
            let newest = held.newest()?;
            let document = |text| Document { url: record.url.clone(), retrieved: None, text };
            status.documents.extend(newest.map(document));
        }
        Ok(status)
    }

    fn sign(
        &self,
        unsigned: &Unsigned,
        parents: &Parents,
        lists: Vec<Document>,
    ) -> Result<seal::Sealed, Failure> {
        let (signer, public, securing) = (self.signer()?, &self.public, self.securing()?);
        let mut evidence = parents.evidence();
        evidence.documents.extend(lists);
        let mut did_documents = Vec::new();
        if let (Some(url), Some(document)) = (public.document_url(), public.did_document()) {
            let text = document.to_string();
            did_documents.push((public.did.clone(), text.clone()));
            evidence.documents.push(Document { url, retrieved: None, text });
        }
        let how = seal::How { securing: &securing, mandatory: &self.signing.mandatory, signer };
        seal::sign(unsigned, &how, &evidence, &did_documents)
    }

    fn tell(&self, kind: &str, sealed: &seal::Sealed, shell: &mut Shell) {
        let paint = shell.print.err_paint;
        let label = |text: &str| paint.text(Tone::Dim, text);
        let opinions: Vec<String> = sealed.opinions.iter().map(opinion).collect();
        shell.print.note(&format!(
            "{} {kind} {}\n{} {}\n{} {}",
            label("issued:"),
            sealed.id,
            label("issuer:"),
            self.public.did,
            label("second opinion:"),
            opinions.join("; "),
        ));
        if sealed.is_base {
            shell.print.note(&format!(
                "{} do not publish this file or pass it on: it gives away what a holder wants to leave out. \
                 Make the part to show with `passport derive`",
                paint.text(Tone::Dim, "for the holder only:"),
            ));
        }
    }
}

pub(super) fn opinion(opinion: &Opinion) -> String {
    match opinion {
        Opinion::Agrees { cryptosuite } => format!("agrees ({cryptosuite})"),
        Opinion::NoneForSuite { cryptosuite } => format!("none to be had for {cryptosuite}"),
        Opinion::NotBuilt => "none, this program was built without it".to_owned(),
    }
}
