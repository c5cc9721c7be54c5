//! Collects what a verification needs, from where the institutions themselves say that it is.
//!
//! ```text
//! needs ──► DID documents ──service──► index ──digest──► parents
//!    ▲      status lists                                    │
//!    └──────────────────────────────────────────────────────┘   until nothing new comes
//! ```
//!
//! Asked are the hosts that a did:web among the issuers names, and those that a person allowed; each address is told
//! before it is asked, and asked once. What does not come is left open: the verdict says so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use model_passport::did::{self, Did, MAX_DID_DOCUMENT_BYTES};
use model_passport::digest::Digest;
use model_passport::evidence::{Document, Evidence, Need, NeedKind, Policy};
use model_passport::json::{self, Json, Limits};
use model_passport::limits::MAX_DOCUMENT_BYTES;
use model_passport::lineage;
use model_passport::passport::{self, Credential};
use model_passport::time::Timestamp;
use model_passport::verify;
use thiserror::Error;

use super::{Ask, FetchError, Network};
use crate::exit::Exit;
use crate::print::Printer;
use crate::problem::Problem;
use crate::publish::index::{self, Entry, Index, IndexError};

/// Most requests of one run, and the longest time for all of them.
const MAX_REQUESTS: usize = 512;
const MAX_TIME: Duration = Duration::from_secs(180);
/// Most bytes of everything that is collected.
const MAX_BYTES: usize = passport::MAX_BUNDLE_BYTES;
/// Each round may bring institutions that were not known before.
const MAX_ROUNDS: usize = 64;
/// Most indexes of one institution.
const MAX_INDEXES: usize = 4;

/// Why something was not collected.
#[derive(Debug, Error)]
pub(crate) enum CollectError {
    #[error("what lies at `{url}` is not the passport with the digest {digest}")]
    Digest { url: String, digest: String },
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("`{url}` is not asked: no issuer here names itself by its host")]
    Host { url: String },
    #[error("what lies at `{url}` is no index of passports: {cause}")]
    Index { url: String, cause: IndexError },
    #[error("the DID document of `{did}` names no index of passports on its own host")]
    NoIndex { did: String },
    #[error("no index that was asked lists {what}")]
    NotFound { what: String },
    #[error("more than {MAX_REQUESTS} requests, {} MiB or {} seconds are not spent on one verification", MAX_BYTES >> 20, MAX_TIME.as_secs())]
    Spent,
}

impl Problem for CollectError {
    fn code(&self) -> &'static str {
        match self {
            Self::Digest { .. } => "fetch.digest",
            Self::Fetch(cause) => cause.code(),
            Self::Host { .. } => "fetch.host",
            Self::Index { .. } => "fetch.index",
            Self::NoIndex { .. } => "fetch.no-index",
            Self::NotFound { .. } => "fetch.not-found",
            Self::Spent => "fetch.spent",
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Fetch(cause) => return cause.help(),
            Self::Digest { .. } => {
                "its owner published something else under this name; ask them for the passport".to_owned()
            }
            Self::Host { url } => {
                let host = url.split('/').nth(2).unwrap_or("HOST");
                format!("if you want it to be asked, say so with `--allow-host {host}`")
            }
            Self::Index { .. } | Self::NoIndex { .. } => {
                "give the address of a passport itself, or ask the institution where its passports are"
                    .to_owned()
            }
            Self::NotFound { .. } => {
                "say where to look with `--from DID`, or give the file with `--with FILE`".to_owned()
            }
            Self::Spent => "collect it in parts with `passport bundle --fetch`".to_owned(),
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Fetch(cause) => cause.exit(),
            Self::Host { .. } => Exit::Usage,
            Self::Digest { .. } => Exit::NotVerified,
            Self::Index { .. } => Exit::Malformed,
            _ => Exit::CouldNotCheck,
        }
    }
}

/// An index, and where it lies.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its address.
    pub(crate) url: String,
    /// What it lists.
    pub(crate) index: Index,
}

impl Found {
    /// The address of a passport that it lists.
    pub(crate) fn address(&self, entry: &Entry) -> String {
        let base = self.url.rsplit_once('/').map_or("", |(base, _)| base);
        format!("{base}/{}", index::place(&entry.digest))
    }
}

/// One run.
pub(crate) struct Collector<'c> {
    network: &'c Network,
    print: &'c mut Printer,
    /// When what comes is said to have been retrieved.
    now: Timestamp,
    /// Tells the addresses and asks none of them.
    dry: bool,
    begun: Instant,
    requests: usize,
    bytes: usize,
    /// The hosts that issuers name themselves by, with a port that is not 443.
    hosts: BTreeSet<String>,
    /// Institutions to look at whoever issued what.
    from: Vec<String>,
    asked: BTreeSet<String>,
    indexes: BTreeMap<String, Vec<Found>>,
}

impl<'c> Collector<'c> {
    /// Tells at once what a person allowed beyond the rules.
    pub(crate) fn new(network: &'c Network, print: &'c mut Printer, now: Timestamp, dry: bool) -> Self {
        for note in network.notes() {
            print.note(&note);
        }
        Self {
            network,
            print,
            now,
            dry,
            begun: Instant::now(),
            requests: 0,
            bytes: 0,
            hosts: BTreeSet::new(),
            from: Vec::new(),
            asked: BTreeSet::new(),
            indexes: BTreeMap::new(),
        }
    }

    /// Also looks at what these institutions publish.
    pub(crate) fn look_at(&mut self, dids: &[String]) {
        for did in dids {
            self.know(did);
            self.from.push(did.clone());
        }
    }

    /// Collects what the verification of `text` needs beyond `evidence`.
    pub(crate) fn complete(&mut self, text: &str, evidence: &mut Evidence, policy: &Policy) {
        let mut tried = BTreeSet::new();
        for _ in 0..MAX_ROUNDS {
            let wanted = self.read(text, evidence);
            let mut needs = verify::needs(text, evidence, policy);
            // Who the institutions are comes before what they publish.
            needs.sort_by_key(|need| need.kind != NeedKind::DidDocument);
            let mut missing = Vec::new();
            let mut came = false;
            for need in needs {
                let is_parent = need.kind == NeedKind::Credential;
                if !is_parent && !tried.insert(need.url.clone()) {
                    continue;
                }
                match self.bring(&need, &wanted, evidence) {
                    Ok(true) => came = true,
                    Ok(false) if is_parent => missing.push(need.url),
                    Ok(false) => {}
                    Err(cause) => self.tell(&cause),
                }
            }
            if !came {
                if !self.dry {
                    missing.iter().for_each(|id| {
                        self.tell(&CollectError::NotFound { what: format!("`{}`", crate::render::plain(id)) })
                    });
                }
                return;
            }
        }
    }

    /// Notes the hosts of all issuers at hand; gives the digests by which each link pins its target.
    fn read(&mut self, text: &str, evidence: &Evidence) -> BTreeMap<String, BTreeSet<String>> {
        let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for text in std::iter::once(text).chain(evidence.credentials.iter().map(String::as_str)) {
            let Ok(input) = passport::read(text) else { continue };
            for credential in input.credentials {
                if let Some(issuer) = &credential.issuer {
                    self.know(issuer);
                }
                for reference in lineage::references(&credential.content).unwrap_or_default() {
                    wanted.entry(reference.id).or_default().insert(reference.digest);
                }
            }
        }
        wanted
    }

    fn know(&mut self, did: &str) {
        let url = did.parse::<Did>().ok().and_then(|did| did::document_url(&did).ok().flatten());
        self.hosts.extend(url.as_deref().and_then(host_of).map(str::to_owned));
    }

    fn bring(
        &mut self,
        need: &Need,
        wanted: &BTreeMap<String, BTreeSet<String>>,
        evidence: &mut Evidence,
    ) -> Result<bool, CollectError> {
        match need.kind {
            NeedKind::DidDocument => {
                // That it is a did:web's is what makes it a need.
                self.hosts.extend(host_of(&need.url).map(str::to_owned));
                self.document(&need.url, MAX_DID_DOCUMENT_BYTES, evidence)
            }
            NeedKind::StatusList => self.document(&need.url, MAX_DOCUMENT_BYTES, evidence),
            NeedKind::Credential => {
                let digests = wanted.get(&need.url).cloned().unwrap_or_default();
                Ok(self.ancestors(digests, evidence))
            }
            // What says what terms mean is taken from nobody's server unseen.
            NeedKind::Context | NeedKind::Resource | NeedKind::Schema => Ok(false),
        }
    }

    fn document(&mut self, url: &str, max: usize, evidence: &mut Evidence) -> Result<bool, CollectError> {
        let Some(text) = self.get(url, max)? else { return Ok(false) };
        let retrieved = Some(self.now.to_string());
        evidence.documents.push(Document { url: url.to_owned(), retrieved, text });
        Ok(true)
    }

    /// A passport that a link pins, and what it builds on itself; whether any came.
    fn ancestors(&mut self, digests: BTreeSet<String>, evidence: &mut Evidence) -> bool {
        let before = evidence.credentials.len();
        let mut open = vec![digests];
        while let Some(digests) = open.pop() {
            let Some(text) = self.parent(&digests, evidence) else { continue };
            let credentials = passport::read(&text).map(|input| input.credentials).unwrap_or_default();
            for credential in credentials {
                let references = lineage::references(&credential.content).unwrap_or_default();
                let parents = references.into_iter().filter(lineage::Reference::is_credential);
                open.extend(parents.map(|reference| BTreeSet::from([reference.digest])));
            }
            evidence.credentials.push(text);
        }
        evidence.credentials.len() > before
    }

    /// A passport that a link pins, from an index of any institution at hand.
    fn parent(&mut self, digests: &BTreeSet<String>, evidence: &mut Evidence) -> Option<String> {
        for did in self.institutions(evidence) {
            let found: Vec<(String, String)> = match self.indexes_of(&did, evidence) {
                Ok(indexes) => indexes
                    .iter()
                    .flat_map(|found| {
                        let listed = digests.iter().filter_map(|digest| found.index.passports.get(digest));
                        listed.map(|entry| (found.address(entry), entry.digest.clone()))
                    })
                    .collect(),
                Err(cause) => {
                    self.tell(&cause);
                    continue;
                }
            };
            for (url, digest) in found {
                match self.passport(&url, &digest) {
                    Ok(None) => {}
                    Ok(text) => return text,
                    Err(cause) => self.tell(&cause),
                }
            }
        }
        None
    }

    /// The did:webs that issued what is at hand, and those that a person named.
    fn institutions(&self, evidence: &Evidence) -> Vec<String> {
        let mut dids = self.from.clone();
        let known = self.indexes.keys().cloned();
        let of_documents = evidence.documents.iter().filter_map(|one| did::web::from_url(&one.url).ok());
        for did in known.chain(of_documents.map(|did| did.to_string())) {
            if !dids.contains(&did) {
                dids.push(did);
            }
        }
        dids
    }

    /// The passport at an address, if it is the one with this digest.
    pub(crate) fn passport(&mut self, url: &str, digest: &str) -> Result<Option<String>, CollectError> {
        let Some(text) = self.get(url, MAX_DOCUMENT_BYTES)? else { return Ok(None) };
        let input = passport::read(&text);
        let is_it =
            |credential: &Credential| Digest::from_multibase(digest).as_ref() == Ok(&credential.digest());
        match input.as_ref().map(|input| input.credentials.as_slice()) {
            Ok([credential]) if is_it(credential) => Ok(Some(text)),
            _ => Err(CollectError::Digest { url: url.to_owned(), digest: digest.to_owned() }),
        }
    }

    /// The indexes that an institution's DID document names. Its document is evidence from then on.
    pub(crate) fn indexes_of(
        &mut self,
        did: &str,
        evidence: &mut Evidence,
    ) -> Result<&[Found], CollectError> {
        if !self.indexes.contains_key(did) {
            // Whatever goes wrong, it goes wrong once.
            self.indexes.insert(did.to_owned(), Vec::new());
            let found = self.read_indexes(did, evidence)?;
            self.indexes.insert(did.to_owned(), found);
        }
        Ok(self.indexes.get(did).map(Vec::as_slice).unwrap_or_default())
    }

    fn read_indexes(&mut self, did: &str, evidence: &mut Evidence) -> Result<Vec<Found>, CollectError> {
        let none = || CollectError::NoIndex { did: did.to_owned() };
        let parsed: Did = did.parse().map_err(|_| none())?;
        let url = did::document_url(&parsed).ok().flatten().ok_or_else(none)?;
        self.know(did);
        let at_hand = evidence.documents.iter().find(|one| one.url == url).map(|one| one.text.clone());
        let text = match at_hand {
            Some(text) => text,
            None if self.document(&url, MAX_DID_DOCUMENT_BYTES, evidence)? => {
                evidence.documents.last().map(|one| one.text.clone()).unwrap_or_default()
            }
            None => return Ok(Vec::new()),
        };
        let mut found = Vec::new();
        let addresses = services(&text, did);
        if addresses.is_empty() {
            return Err(none());
        }
        for url in addresses.into_iter().take(MAX_INDEXES) {
            if let Some(text) = self.get(&url, index::MAX_BYTES)? {
                let index =
                    Index::read(&text).map_err(|cause| CollectError::Index { url: url.clone(), cause })?;
                found.push(Found { url, index });
            }
        }
        Ok(found)
    }

    /// Asks for a text, once; nothing in a dry run, and nothing the second time.
    pub(crate) fn get(&mut self, url: &str, max: usize) -> Result<Option<String>, CollectError> {
        if self.asked.contains(url) {
            return Ok(None);
        }
        self.network.check(url)?;
        if !host_of(url).is_some_and(|host| self.hosts.contains(host) || self.network.is_allowed(host)) {
            return Err(CollectError::Host { url: url.to_owned() });
        }
        self.asked.insert(url.to_owned());
        self.print.note(&format!("{} {url}", if self.dry { "would fetch:" } else { "fetch:" }));
        if self.dry {
            return Ok(None);
        }
        self.requests += 1;
        let room = MAX_BYTES.saturating_sub(self.bytes).min(max);
        if self.requests > MAX_REQUESTS || room == 0 || self.begun.elapsed() > MAX_TIME {
            return Err(CollectError::Spent);
        }
        let text = self.network.get(url, &Ask::of(room))?.text(url)?;
        self.bytes += text.len();
        Ok(Some(text))
    }

    fn tell(&mut self, cause: &CollectError) {
        let help = cause.help().unwrap_or_default();
        self.print.note(&format!("not fetched: {cause}\n  help: {help}\n  code: {}", cause.code()));
    }

    /// Lets a host be asked: a person named an address on it.
    pub(crate) fn trust_host_of(&mut self, url: &str) {
        self.hosts.extend(host_of(url).map(str::to_owned));
    }
}

/// The host of an https address, with its port if it names one.
fn host_of(url: &str) -> Option<&str> {
    url.strip_prefix("https://")?.split(['/', '?', '#']).next()
}

/// The addresses of the indexes that a DID document names, on its own host.
fn services(text: &str, did: &str) -> Vec<String> {
    let limits = Limits { max_bytes: MAX_DID_DOCUMENT_BYTES, ..Limits::default() };
    let Ok(document) = json::parse_within(text, &limits) else { return Vec::new() };
    let own = did.parse::<Did>().ok().and_then(|did| did::document_url(&did).ok().flatten());
    if document.get("id").and_then(Json::as_str) != Some(did) {
        return Vec::new();
    }
    let list = document.get("service").map(Json::one_or_many).unwrap_or_default();
    let address = |service: &Json| {
        let types = service.get("type")?.one_or_many();
        let is_index = types.iter().any(|name| name.as_str() == Some(index::TYPE));
        let url = service.get("serviceEndpoint")?.as_str()?;
        (is_index && own.as_deref().and_then(host_of) == host_of(url)).then(|| url.to_owned())
    };
    list.iter().filter_map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_taken_from_the_institutions_own_host() {
        let document = |service: &str| format!(r#"{{"id":"did:web:lab.example","service":{service}}}"#);
        let url = "https://lab.example/index.json";
        for (service, expected) in [
            (format!(r#"[{{"type":"ModelPassportIndex","serviceEndpoint":"{url}"}}]"#), vec![url]),
            (format!(r#"{{"type":["X","ModelPassportIndex"],"serviceEndpoint":"{url}"}}"#), vec![url]),
            (format!(r#"[{{"type":"Other","serviceEndpoint":"{url}"}}]"#), vec![]),
            (
                r#"[{"type":"ModelPassportIndex","serviceEndpoint":"https://evil.example/index.json"}]"#
                    .to_owned(),
                vec![],
            ),
            (
                r#"[{"type":"ModelPassportIndex","serviceEndpoint":"https://lab.example:8443/index.json"}]"#
                    .to_owned(),
                vec![],
            ),
            (
                r#"[{"type":"ModelPassportIndex","serviceEndpoint":{"uri":"https://lab.example/"}}]"#
                    .to_owned(),
                vec![],
            ),
            ("[]".to_owned(), vec![]),
        ] {
            assert_eq!(services(&document(&service), "did:web:lab.example"), expected, "{service}");
        }
        let others = document("[]").replace("lab.example", "other.example");
        assert!(services(&others, "did:web:lab.example").is_empty());
        assert!(services("nonsense", "did:web:lab.example").is_empty());
    }
}
