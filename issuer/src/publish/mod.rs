//! A static site from which anyone can verify: the DID document, passports by digest, status lists, an index, the
//! verifier page. The same inputs give the same bytes, and a file that is there already is not touched.
//!
//! ```text
//! .well-known/did.json      (or PATH/did.json)    every key of the DID, with its period
//! index.json                what lies here; last, so that it never leads to what is not there
//! passports/DIGEST.json     by the digest that links pin
//! status/…                  each list at the path of its own address
//! _headers                  media types and CORS, for servers that read such a file
//! ```

pub(crate) mod index;
#[cfg(feature = "object-store")]
mod object;
mod page;
mod target;

use std::collections::BTreeMap;

use model_passport::did::{self, Did};
use model_passport::digest::Digest;
use model_passport::json::{self, Json, Limits};
use model_passport::limits::MAX_DOCUMENT_BYTES;
use model_passport::passport::{Credential, InputError};
use model_passport::status::LIST_CREDENTIAL_TYPE;
use model_passport::time::Timestamp;
use thiserror::Error;

use crate::exit::Exit;
use crate::keystore::{KeyStore, KeyStoreError};
use crate::problem::{Failure, Problem};
use crate::secrets::{self, Leak};
pub(crate) use target::{Target, open};

use self::index::{Entry, Index, IndexError, ListEntry};

/// The media type of a credential with its proofs.
pub(crate) const CREDENTIAL_TYPE: &str = "application/vc";
/// The media type of a DID document.
pub(crate) const DID_TYPE: &str = "application/did+json";
const JSON_TYPE: &str = "application/json";

/// Why nothing, or nothing more, was published.
#[derive(Debug, Error)]
pub(crate) enum PublishError {
    #[error("`{path}` is already there and says something else")]
    Exists { path: String },
    #[error("the index that is already there cannot be read: {0}")]
    Index(IndexError),
    #[error("the DID document that is already there says other things of {}", .0.join(" and "))]
    KeysChanged(Vec<String>),
    #[error("the DID document that is already there lists {}, which this key store does not have", .0.join(" and "))]
    KeysLost(Vec<String>),
    #[error("`{file}` is not a status list: {why}")]
    List { file: String, why: String },
    #[error("the status list `{url}` does not lie below `{base}`")]
    ListElsewhere { url: String, base: String },
    #[error("the status list `{url}` that is already there is newer")]
    ListOlder { url: String },
    #[error("the status list `{url}` that is already there is of the same time and says something else")]
    ListTwice { url: String },
    #[error("who signed {what} could not be checked ({code})")]
    NotChecked { what: String, code: String },
    #[error("{what} does not verify ({code})")]
    NotVerified { what: String, code: String },
    #[error("what is already there is the site of `{found}`, not of `{did}`")]
    OtherDid { found: String, did: String },
    #[error("the file `{path}` of the page cannot be published: {why}")]
    Page { path: String, why: &'static str },
    #[error("{}", Leaking(.0))]
    Secrets(Vec<(String, Leak)>),
    #[error("`{target}` is no place that this version publishes to")]
    Target { target: String },
    #[error("`{path}` cannot be used: {why}")]
    Unusable { path: String, why: String },
}

struct Leaking<'l>(&'l [(String, Leak)]);

impl std::fmt::Display for Leaking<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} places look like secrets:", self.0.len())?;
        for (id, leak) in self.0.iter().take(20) {
            write!(f, "\n  {id} {}: {} ({})", leak.pointer, leak.kind, leak.redacted)?;
        }
        Ok(())
    }
}

impl Problem for PublishError {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "publish.exists",
            Self::Index(_) => "publish.index",
            Self::KeysChanged(_) => "publish.keys-changed",
            Self::KeysLost(_) => "publish.keys-lost",
            Self::List { .. } => "publish.list",
            Self::ListElsewhere { .. } => "publish.list-elsewhere",
            Self::ListOlder { .. } => "publish.list-older",
            Self::ListTwice { .. } => "publish.list-twice",
            Self::NotChecked { .. } => "publish.not-checked",
            Self::NotVerified { .. } => "publish.not-verified",
            Self::OtherDid { .. } => "publish.other-did",
            Self::Page { .. } => "publish.page",
            Self::Secrets(_) => "publish.secret",
            Self::Target { .. } => "publish.target",
            Self::Unusable { .. } => "publish.unusable",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Exists { .. } => {
                "the same passport with other proofs lies there; replace it with `--force`"
            }
            Self::Index(_) | Self::OtherDid { .. } => "is this the right place? nothing was changed",
            Self::KeysChanged(_) => {
                "another key of the same name, or one whose end is gone or later, would make good what was published as bad: use the key store that published it, or give that up with `--force`"
            }
            Self::KeysLost(_) => {
                "what these keys signed could not be verified any more: use the key store that has them, or give them up with `--force`"
            }
            Self::List { .. } => "give the file that `passport status new` wrote",
            Self::ListElsewhere { .. } => "it has to be published where its address says",
            Self::ListTwice { .. } => {
                "of two lists of one time nobody can say which one counts: sign it anew with `passport status renew`"
            }
            Self::ListOlder { .. } => {
                "sign it anew with `passport status renew`; an older list would undo recalls"
            }
            Self::NotChecked { .. } => {
                "give the DID document of its issuer, which you have from its domain, with `--with FILE`; nothing was published"
            }
            Self::NotVerified { .. } => "`passport verify` says what is wrong; nothing was published",
            Self::Page { .. } => {
                "give the directory that `node verifier-wasm/build.mjs --site DIR` makes; nothing was published"
            }
            Self::Secrets(_) => {
                "what is published cannot be taken back: issue it anew without them, or let a place through that holds no secret with `--allow-secret POINTER`, a file of the page with `--allow-secret PATH`"
            }
            Self::Target { .. } => {
                "give a directory, as a path or as file:///DIR; object stores (s3://BUCKET/PATH) need a build with the feature `object-store`"
            }
            Self::Unusable { .. } => "check the place and who may write there",
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NotVerified { .. } => Exit::NotVerified,
            Self::NotChecked { .. } => Exit::CouldNotCheck,
            Self::List { .. } | Self::Index(_) | Self::Secrets(_) => Exit::Malformed,
            _ => Exit::Usage,
        }
    }
}

/// Where the files of a did:web lie.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The address that the index, the passports and the lists lie below, with a slash at its end.
    pub(crate) base: String,
    /// The same as a path from the root of the site.
    pub(crate) prefix: String,
    /// The path of the DID document.
    pub(crate) document: String,
}

impl Layout {
    /// Of a DID that has a document on the web.
    pub(crate) fn of(did: &str) -> Result<Self, KeyStoreError> {
        let refused = |why| KeyStoreError::Did { did: did.to_owned(), why };
        let parsed: Did = did.parse().map_err(|_| refused("it is not a DID"))?;
        let url = did::document_url(&parsed)
            .ok()
            .flatten()
            .ok_or_else(|| refused("it has no document on the web"))?;
        let base = url.strip_suffix("did.json").unwrap_or(&url);
        let base = base.strip_suffix(".well-known/").unwrap_or(base).to_owned();
        let path = |url: &str| url.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
        Ok(Self { prefix: path(&base), document: path(&url), base })
    }

    /// The address of the index.
    pub(crate) fn index_url(&self) -> String {
        format!("{}{}", self.base, index::FILE)
    }

    /// The path of something that lies below the base, by its address.
    fn path_of(&self, url: &str) -> Option<String> {
        let rest = url.strip_prefix(&self.base)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        let good = !rest.is_empty()
            && rest.bytes().all(plain)
            && rest.split('/').all(|segment| !matches!(segment, "" | "." | ".." | ".well-known"))
            && ![index::FILE, "did.json", "_headers"].contains(&rest)
            && !rest.starts_with("passports/");
        good.then(|| format!("{}{rest}", self.prefix))
    }
}

/// The DID document as it is published: every key of the key store for it, and where the index is.
pub(crate) fn did_document(store: &KeyStore, did: &str) -> Result<Json, KeyStoreError> {
    store.document(did, &[("passports", index::TYPE, &Layout::of(did)?.index_url())])
}

/// A file of a site, and whether it may take the place of another one.
#[derive(Debug)]
struct File {
    bytes: Vec<u8>,
    media_type: &'static str,
    replaces: bool,
}

/// What is to be published, before anything is.
#[derive(Debug)]
pub(crate) struct Site {
    layout: Layout,
    index: Index,
    document: Json,
    files: BTreeMap<String, File>,
}

/// What a run did.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) written: Vec<String>,
    pub(crate) unchanged: usize,
    pub(crate) removed: Vec<String>,
    /// In the index, and not named this time.
    pub(crate) kept: Vec<String>,
    /// Every id and address of the index.
    pub(crate) listed: Vec<String>,
}

impl Site {
    /// An empty one.
    pub(crate) fn new(did: &str, document: Json) -> Result<Self, KeyStoreError> {
        let index = Index { did: did.to_owned(), ..Index::default() };
        Ok(Self { layout: Layout::of(did)?, index, document, files: BTreeMap::new() })
    }

    /// Adds a passport, if nothing in it looks like a secret.
    pub(crate) fn add_passport(
        &mut self,
        credential: &Credential,
        json: &Json,
        allow_secret: &[String],
    ) -> Result<(), PublishError> {
        let leaks = secrets::scan_except(&credential.content, allow_secret).leaks;
        if !leaks.is_empty() {
            let leaks = leaks.into_iter().map(|leak| (credential.id.clone(), leak));
            return Err(PublishError::Secrets(leaks.collect()));
        }
        let digest = credential.digest().to_multibase();
        let bytes = json.to_pretty().into_bytes();
        let subject = credential.content.pointer("/credentialSubject/id").and_then(Json::as_str);
        let entry = Entry {
            id: credential.id.clone(),
            kind: credential.kind.unwrap_or("VerifiableCredential").to_owned(),
            digest: digest.clone(),
            subject: subject.unwrap_or_default().to_owned(),
            size: size(&bytes),
            sha256: Digest::of(&bytes).to_hex(),
        };
        let path = format!("{}{}", self.layout.prefix, index::place(&digest));
        self.index.passports.insert(digest, entry);
        self.files.insert(path, File { bytes, media_type: CREDENTIAL_TYPE, replaces: false });
        Ok(())
    }

    /// Adds a status list under its address.
    pub(crate) fn add_list(&mut self, file: &str, text: &str) -> Result<(), PublishError> {
        let credential = read_list(text).map_err(|why| PublishError::List { file: file.to_owned(), why })?;
        let url = credential.id.clone();
        let elsewhere = || PublishError::ListElsewhere { url: url.clone(), base: self.layout.base.clone() };
        let path = self.layout.path_of(&url).ok_or_else(elsewhere)?;
        let time = |name: &'static str| {
            let text = credential.content.get(name).and_then(Json::as_str).unwrap_or_default();
            let why = || PublishError::List { file: file.to_owned(), why: format!("it has no `{name}`") };
            text.parse::<Timestamp>().map(|time| time.to_string()).map_err(|_| why())
        };
        let entry = ListEntry {
            url: url.clone(),
            size: size(text.as_bytes()),
            sha256: Digest::of(text).to_hex(),
            valid_from: time("validFrom")?,
            valid_until: time("validUntil")?,
        };
        self.index.lists.insert(url, entry);
        let bytes = text.as_bytes().to_vec();
        self.files.insert(path, File { bytes, media_type: CREDENTIAL_TYPE, replaces: true });
        Ok(())
    }

    /// Adds a file of the verifier page.
    pub(crate) fn add_page(
        &mut self,
        path: &str,
        bytes: Vec<u8>,
        allow_secret: &[String],
    ) -> Result<(), PublishError> {
        let media_type = page::media_type(path, &bytes, allow_secret)?;
        let full = format!("{}{path}", self.layout.prefix);
        if self.files.contains_key(&full) {
            return Err(page_taken(path));
        }
        self.files.insert(full, File { bytes, media_type, replaces: true });
        Ok(())
    }

    /// Publishes it. Everything that could refuse is asked before anything is written.
    pub(crate) fn publish(mut self, target: &dyn Target, force: bool, prune: bool) -> Result<Done, Failure> {
        let mut done = Done::default();
        let index_path = format!("{}{}", self.layout.prefix, index::FILE);
        let before = match target.read(&index_path)? {
            Some(bytes) => Index::read(&String::from_utf8_lossy(&bytes)).map_err(PublishError::Index)?,
            None => Index { did: self.index.did.clone(), ..Index::default() },
        };
        if before.did != self.index.did {
            return Err(PublishError::OtherDid { found: before.did, did: self.index.did }.into());
        }
        self.check_document(target, force)?;
        for (url, list) in &self.index.lists {
            let older =
                before.lists.get(url).is_some_and(|other| is_later(&other.valid_from, &list.valid_from));
            if older {
                return Err(PublishError::ListOlder { url: url.clone() }.into());
            }
            self.check_list(url, list, target)?;
        }
        // A list that is not named this time stays where it lies.
        let kept = before.lists.keys().filter(|url| !self.index.lists.contains_key(*url));
        for path in kept.filter_map(|url| self.layout.path_of(url)) {
            if self.files.contains_key(&path) {
                return Err(page_taken(&path).into());
            }
        }
        let mut changed = Vec::new();
        for (path, file) in &self.files {
            match target.read(path)? {
                Some(bytes) if bytes == file.bytes => done.unchanged += 1,
                Some(_) if !file.replaces && !force => {
                    return Err(PublishError::Exists { path: path.clone() }.into());
                }
                _ => changed.push(path.clone()),
            }
        }
        let mut gone = self.merge(before, prune, &mut done);
        if prune {
            gone.extend(self.unlisted(target)?);
        }

        let document = self.document.to_pretty();
        self.put(target, &self.layout.document, document.as_bytes(), DID_TYPE, &mut done)?;
        for path in changed {
            if let Some(file) = self.files.get(&path) {
                target.write(&path, &file.bytes, file.media_type)?;
                done.written.push(path);
            }
        }
        // Below a path there may be another site at the root, whose file this is.
        if self.layout.prefix.is_empty() || target.read("_headers")?.is_none() {
            let headers = self.headers();
            self.put(target, "_headers", headers.as_bytes(), "text/plain; charset=utf-8", &mut done)?;
        }
        self.put(target, &index_path, self.index.to_text().as_bytes(), JSON_TYPE, &mut done)?;
        // What the index no longer names, only after it does not.
        for path in gone {
            target.remove(&path)?;
            done.removed.push(path);
        }
        done.listed.extend(self.index.passports.into_values().map(|entry| entry.id));
        done.listed.extend(self.index.lists.into_keys());
        Ok(done)
    }

    /// The list that lies there says itself how old it is; an index may be gone.
    fn check_list(&self, url: &str, list: &ListEntry, target: &dyn Target) -> Result<(), Failure> {
        let Some(path) = self.layout.path_of(url) else { return Ok(()) };
        let Some(bytes) = target.read(&path)? else { return Ok(()) };
        let Ok(there) = read_list(&String::from_utf8_lossy(&bytes)) else { return Ok(()) };
        let since = there.content.get("validFrom").and_then(Json::as_str).unwrap_or_default();
        if is_later(since, &list.valid_from) {
            return Err(PublishError::ListOlder { url: url.to_owned() }.into());
        }
        let is_as_old = !is_later(&list.valid_from, since);
        if is_as_old && Digest::of(&bytes).to_hex() != list.sha256 {
            return Err(PublishError::ListTwice { url: url.to_owned() }.into());
        }
        Ok(())
    }

    /// Passports that no index names, also those of a run that was interrupted.
    fn unlisted(&self, target: &dyn Target) -> Result<Vec<String>, Failure> {
        let mut names = target.list(&format!("{}passports", self.layout.prefix))?;
        names.retain(|name| {
            let digest = name.strip_suffix(".json").filter(|digest| Digest::from_multibase(digest).is_ok());
            digest.is_some_and(|digest| !self.index.passports.contains_key(digest))
        });
        Ok(names.into_iter().map(|name| format!("{}passports/{name}", self.layout.prefix)).collect())
    }

    /// Keeps what the index had; with `prune`, gives back the paths of the lists that are to go.
    fn merge(&mut self, before: Index, prune: bool, done: &mut Done) -> Vec<String> {
        let mut gone = Vec::new();
        for (digest, entry) in before.passports {
            if self.index.passports.contains_key(&digest) {
                continue;
            }
            if !prune {
                done.kept.push(entry.id.clone());
                self.index.passports.insert(digest, entry);
            }
        }
        for (url, entry) in before.lists {
            if self.index.lists.contains_key(&url) {
                continue;
            }
            match self.layout.path_of(&url).filter(|_| prune) {
                Some(path) => gone.push(path),
                None => {
                    done.kept.push(url.clone());
                    self.index.lists.insert(url, entry);
                }
            }
        }
        gone
    }

    /// A key that was published once has to stay, or what it signed cannot be verified.
    fn check_document(&self, target: &dyn Target, force: bool) -> Result<(), Failure> {
        let Some(bytes) = target.read(&self.layout.document)? else { return Ok(()) };
        let before = json::parse(&String::from_utf8_lossy(&bytes)).ok();
        let id = before.as_ref().and_then(|document| document.get("id")).and_then(Json::as_str);
        if id != Some(self.index.did.as_str()) && !force {
            let found = id.unwrap_or("something else").to_owned();
            return Err(PublishError::OtherDid { found, did: self.index.did.clone() }.into());
        }
        let (mut lost, mut changed) = (Vec::new(), Vec::new());
        let now = methods(&self.document);
        for (id, old) in before.as_ref().map(methods).unwrap_or_default() {
            let mut same = now.iter().filter(|(other, _)| *other == id).peekable();
            if same.peek().is_none() {
                lost.push(format!("`{id}`"));
            } else if !same.all(|(_, new)| keeps(old, new)) {
                changed.push(format!("`{id}`"));
            }
        }
        match (lost.is_empty(), changed.is_empty()) {
            _ if force => Ok(()),
            (false, _) => Err(PublishError::KeysLost(lost).into()),
            (_, false) => Err(PublishError::KeysChanged(changed).into()),
            _ => Ok(()),
        }
    }

    fn put(
        &self,
        target: &dyn Target,
        path: &str,
        bytes: &[u8],
        media_type: &str,
        done: &mut Done,
    ) -> Result<(), Failure> {
        if target.read(path)?.as_deref() == Some(bytes) {
            done.unchanged += 1;
        } else {
            target.write(path, bytes, media_type)?;
            done.written.push(path.to_owned());
        }
        Ok(())
    }

    /// In the form that several static hosts read. Every file may be read from any page: all of them are public.
    fn headers(&self) -> String {
        let Layout { prefix, document, .. } = &self.layout;
        let mut text = "/*\n  Access-Control-Allow-Origin: *\n  X-Content-Type-Options: nosniff\n".to_owned();
        let mut add = |path: &str, media_type: &str, seconds: u32| {
            text.push_str(&format!(
                "/{path}\n  Content-Type: {media_type}\n  Cache-Control: public, max-age={seconds}\n"
            ));
        };
        add(document, DID_TYPE, 300);
        add(&format!("{prefix}{}", index::FILE), JSON_TYPE, 300);
        add(&format!("{prefix}passports/*"), CREDENTIAL_TYPE, 86_400);
        for path in self.index.lists.keys().filter_map(|url| self.layout.path_of(url)) {
            add(&path, CREDENTIAL_TYPE, 300);
        }
        text
    }
}

fn page_taken(path: &str) -> PublishError {
    PublishError::Page { path: path.to_owned(), why: "its name is that of something else here" }
}

/// The keys of a DID document, by their ids.
fn methods(document: &Json) -> Vec<(&str, &Json)> {
    let methods = document.get("verificationMethod").map(Json::one_or_many).unwrap_or_default();
    methods.iter().filter_map(|method| Some((method.get("id")?.as_str()?, method))).collect()
}

/// Whether a key is still the one that was published, and nothing is believed of it that was not before: the ends of
/// its time may come or come earlier, and never go or come later.
fn keeps(old: &Json, new: &Json) -> bool {
    let is_same = ["publicKeyMultibase", "publicKeyJwk", "controller"]
        .iter()
        .all(|name| old.get(name).is_none() || old.get(name) == new.get(name));
    let time = |end: &Json| end.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let ends = |name: &&str| match (old.get(name), new.get(name)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(old), Some(new)) => old == new || time(old).zip(time(new)).is_some_and(|(old, new)| new <= old),
    };
    is_same && ["expires", "revoked"].iter().all(ends)
}

/// Reads a status list. Its bits are one long text.
pub(crate) fn read_list(text: &str) -> Result<Credential, String> {
    let limits = Limits { max_string_bytes: MAX_DOCUMENT_BYTES, ..Limits::default() };
    let json = json::parse_within(text, &limits).map_err(|cause| cause.to_string())?;
    let credential = Credential::new(json).map_err(|cause: InputError| cause.to_string())?;
    let types = credential.content.get("type").map(Json::one_or_many).unwrap_or_default();
    if types.iter().any(|name| name.as_str() == Some(LIST_CREDENTIAL_TYPE)) {
        Ok(credential)
    } else {
        Err(format!("it is no {LIST_CREDENTIAL_TYPE}"))
    }
}

fn is_later(a: &str, b: &str) -> bool {
    let time = |text: &str| text.parse::<Timestamp>().ok();
    time(a) > time(b)
}

fn size(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
