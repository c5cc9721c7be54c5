//! Whether a credential was recalled, by the signed list that it names
//! ([Bitstring Status List, section 3.2](https://www.w3.org/TR/vc-bitstring-status-list/#validate-algorithm)).
//!
//! ```text
//! entries of all credentials ──► lists by URL ──► copies ──proofs──► SignatureCheck
//!                                                    │                    │
//!                   newest good copy ◄── id, issuer's key, period ◄──── Answer
//!                          │
//! entry ── purpose, issuer, index ──► revoked, suspended, not, or not known
//! ```
//!
//! A list decides about others, so it is held to what a credential is: proofs that all hold, by a key of the
//! issuer that it names, within its period. What is not right about a list is never the credential's fault
//! and never an all-clear: the status is not known. Each list is looked at once, however many credentials
//! name it, and a status of the list itself is not followed.

use super::checks::Judge;
use super::proofs::{self, Found};
use super::standard::covers_json;
use super::{Pending, Work};
use crate::evidence::{Document, Need, NeedKind, Profile};
use crate::index::Index;
use crate::jose;
use crate::json::{self, Json, Limits};
use crate::jsonld::ContextLoader;
use crate::key::Answer;
use crate::limits::{
    MAX_DOCUMENT_BYTES, MAX_STATUS_BYTES, MAX_STATUS_COPIES, MAX_STATUS_ENTRIES, MAX_STATUS_LIST_BYTES,
    MAX_STATUS_LISTS,
};
use crate::passport::{self, CREDENTIALS_V2, Credential, InputError};
use crate::policy::{Standing, Statement};
use crate::report::{Check, CheckName, Outcome};
use crate::status::{Bitstring, ENTRY_TYPE, Entry, LIST_CREDENTIAL_TYPE, Purpose, StatusError, StatusList};
use crate::time::Timestamp;
use crate::vcdm::{self, Version};

/// The lists that credentials name, up to their signatures.
#[derive(Debug, Default)]
pub(super) struct OpenLists {
    by_url: Index,
    lists: Vec<OpenList>,
}

#[derive(Debug, Default)]
struct OpenList {
    url: String,
    bytes: usize,
    copies: Vec<Result<OpenCopy, Trouble>>,
}

/// One copy of a list: a shell and a bundle may each have one.
#[derive(Debug)]
struct OpenCopy {
    credential: Credential,
    list: StatusList,
    retrieved: Option<Timestamp>,
    proofs: Found,
}

/// Why a list does not say whether a credential holds.
#[derive(Debug, Clone)]
struct Trouble {
    code: &'static str,
    message: String,
    help: &'static str,
}

const ASK_THE_ISSUER: &str =
    "ask the issuer whether the credential still holds, and for a list that is in order";
const FETCH_AGAIN: &str = "fetch the list again from its address; if it stays old, ask the issuer";

impl Trouble {
    fn new(code: &'static str, message: String) -> Self {
        Self { code, message, help: ASK_THE_ISSUER }
    }

    const fn with_help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }
}

impl From<StatusError> for Trouble {
    fn from(cause: StatusError) -> Self {
        Self::new(cause.code(), cause.to_string())
    }
}

impl OpenLists {
    /// The lists that these credentials name, as far as they are at hand.
    pub(super) fn gather<'c>(judge: &Judge, credentials: impl Iterator<Item = &'c Credential>) -> Self {
        let mut open = Self::default();
        for entry in credentials.flat_map(entries) {
            let is_list = entry.get("type").and_then(Json::as_str) == Some(ENTRY_TYPE);
            let url = entry.get("statusListCredential").and_then(Json::as_str);
            if let Some(url) = url.filter(|url| is_list && !open.by_url.contains(url)) {
                if open.lists.len() == MAX_STATUS_LISTS {
                    break;
                }
                open.by_url.set(url, open.lists.len());
                open.lists.push(OpenList { url: url.to_owned(), ..OpenList::default() });
            }
        }
        for document in judge.documents.iter().chain(&judge.brought) {
            if let Some(list) = open.by_url.get(&document.url).and_then(|at| open.lists.get_mut(at)) {
                list.add(document);
            }
        }
        open
    }

    /// How many copies there are to verify.
    pub(super) fn len(&self) -> usize {
        self.lists.iter().map(|list| list.copies.len()).sum()
    }

    /// The length of their texts.
    pub(super) fn bytes(&self) -> usize {
        self.lists.iter().map(|list| list.bytes).sum()
    }

    /// Their proofs up to the signatures.
    pub(super) fn examine(&mut self, judge: &Judge, work: &mut Work) {
        for copy in self.lists.iter_mut().flat_map(|list| &mut list.copies).flatten() {
            copy.proofs = proofs::examine_as(Profile::Passport, judge, &mut copy.credential, work);
        }
    }

    /// What the lists say, with the answers to the signatures.
    pub(super) fn judge(self, judge: &Judge, answers: &[Answer]) -> Lists {
        let mut left = MAX_STATUS_BYTES;
        let lists = self.lists.into_iter().map(|list| list.judge(judge, answers, &mut left)).collect();
        Lists { by_url: self.by_url, lists }
    }
}

impl OpenList {
    fn add(&mut self, document: &Document) {
        if self.copies.len() < MAX_STATUS_COPIES {
            self.bytes += document.text.len();
            self.copies.push(read_copy(document));
        }
    }

    /// The newest copy that is what its issuer signed, and what it says.
    fn judge(self, judge: &Judge, answers: &[Answer], left: &mut usize) -> List {
        let Self { url, copies, .. } = self;
        let mut said = List { needs: Vec::new(), state: State::Missing };
        let mut best: Option<Copy> = None;
        for copy in copies {
            let copy = copy.and_then(|mut copy| {
                said.needs.append(&mut copy.proofs.needs);
                copy.judge(judge, &url, answers)
            });
            match copy {
                Ok(copy) if best.as_ref().is_none_or(|best| best.made < copy.made) => best = Some(copy),
                Ok(_) => {}
                Err(trouble) if matches!(said.state, State::Missing) => said.state = State::Trouble(trouble),
                Err(_) => {}
            }
        }
        if let Some(best) = best {
            said.state = best.open(judge, &url, left);
        }
        said
    }
}

/// A document as a copy of a list, its proofs not looked at yet.
fn read_copy(document: &Document) -> Result<OpenCopy, Trouble> {
    let unreadable = |cause: &InputError| {
        let message = format!("what lies at the address of the list is none: {cause}");
        Trouble::new("status.list-malformed", message)
    };
    // The list is one string; the limit of the whole text bounds it.
    let limits = Limits { max_string_bytes: MAX_DOCUMENT_BYTES, ..Limits::default() };
    let credential = if jose::looks_like_jws(document.text.trim_end()) {
        passport::read(&document.text).map(|input| input.credentials.into_iter().next())
    } else {
        let json = json::parse_within(&document.text, &limits).map_err(InputError::from);
        json.and_then(Credential::new).map(Some)
    };
    let credential = credential.and_then(|credential| credential.ok_or(InputError::Nothing));
    let credential = credential.map_err(|cause| unreadable(&cause))?;
    let list = StatusList::read(&credential.content)?;
    let context = credential.content.get("@context").map(Json::one_or_many).unwrap_or_default();
    if context.first().and_then(Json::as_str) != Some(CREDENTIALS_V2) {
        return Err(StatusError::List("@context").into());
    }
    let retrieved = document.retrieved.as_deref().and_then(|text| text.parse().ok());
    Ok(OpenCopy { credential, list, retrieved, proofs: Found::default() })
}

/// A copy that its issuer signed.
struct Copy {
    made: Timestamp,
    issuer: String,
    /// Whether the trust list lets its issuer speak about the credentials of others.
    speaks_for_others: bool,
    list: StatusList,
    /// What is wrong with its period.
    period: Check,
    retrieved: Option<Timestamp>,
}

impl OpenCopy {
    fn judge(self, judge: &Judge, url: &str, answers: &[Answer]) -> Result<Copy, Trouble> {
        let Self { credential, list, retrieved, proofs } = self;
        let not_verified = |cause: &str| {
            Trouble::new(
                "status.list-not-verified",
                format!("the status list `{url}` does not hold itself: {cause}"),
            )
        };
        let first = proofs.checks.iter().find(|check| check.blocks());
        if let Some(check) = first {
            return Err(not_verified(&format!("{} ({})", check.message, check.code)));
        }
        let all: Vec<Answer> = proofs.pending.iter().map(|pending| pending.answer(answers)).collect();
        if all.is_empty() || all.contains(&Answer::Invalid) {
            return Err(not_verified("its signature does not match its content (proof.signature-invalid)"));
        }
        if all.contains(&Answer::CouldNotTell) {
            return Err(not_verified("its signature could not be checked (proof.signature-not-checked)"));
        }
        // Whoever brought it could have left out until when it holds.
        if proofs.pending.iter().all(Pending::is_disclosure) {
            return Err(not_verified("it is a selective disclosure (disclosure.partial)"));
        }
        // A list may be spelt in other words under the same signature, which could leave out its end.
        let rebuilt = match covers_json(&credential) {
            true => None,
            false => {
                let contexts = ContextLoader::with(&judge.contexts);
                Some(
                    vcdm::rebuilt(&credential.content, contexts)
                        .map_err(|cause| not_verified(&cause.to_string()))?,
                )
            }
        };
        let content = rebuilt.as_ref().map_or(&credential.content, |rebuilt| &rebuilt.content);
        let list = if rebuilt.is_some() { StatusList::read(content)? } else { list };
        if content.get("id").and_then(Json::as_str) != Some(url) {
            let message = format!("the list found at `{url}` is `{}`, another one", credential.id);
            return Err(Trouble::new("status.list-id", message));
        }
        if content.get("credentialStatus").is_some() {
            let message = format!("the status list `{url}` has a status of its own, which is not followed");
            return Err(Trouble::new("status.list-has-status", message));
        }
        let (from, period) = judge.validity(content, Version::V2);
        let Some(made) = from.or_else(|| oldest_proof(&credential)) else {
            let message = format!("nothing says how old the status list `{url}` is");
            return Err(Trouble::new("status.list-stale", message));
        };
        if made > judge.now.plus_secs(judge.policy.clock_skew()) {
            let message =
                format!("the status list `{url}` is valid only from {made}, and it is {}", judge.now);
            return Err(
                Trouble::new("status.list-expired", message).with_help("check the clock of this machine")
            );
        }
        let issuer = credential.issuer.unwrap_or_default();
        let own = proofs.pending.iter().map(|pending| &pending.controller);
        let own = own.filter(|signer| signer.vouched && signer.did.as_str() == issuer);
        let keys: Vec<String> = own.map(|signer| signer.key.clone()).collect();
        let statement = Statement { issuer: &issuer, kind: LIST_CREDENTIAL_TYPE, issued: made, keys: &keys };
        let standing = judge.trust.standing(statement, &[], judge.now);
        let speaks_for_others = matches!(standing, Standing::Recognized { .. });
        Ok(Copy { made, issuer, speaks_for_others, list, period, retrieved })
    }
}

/// When a list was made by its proofs' word. Anybody can add a proof of today to it, so the oldest counts.
fn oldest_proof(credential: &Credential) -> Option<Timestamp> {
    let created = |proof: &Json| proof.get("created")?.as_str()?.parse::<Timestamp>().ok();
    let all: Option<Vec<Timestamp>> = credential.proofs().iter().map(created).collect();
    all?.into_iter().min()
}

impl Copy {
    /// The bits, and whether they are recent enough to clear a credential.
    fn open(self, judge: &Judge, url: &str, left: &mut usize) -> State {
        let bits = Bitstring::expand(&self.list.encoded, MAX_STATUS_LIST_BYTES.min(*left));
        let old = self.age(judge, url).err();
        match bits {
            Ok(bits) => {
                *left = left.saturating_sub(bits.len());
                let Self { made, issuer, speaks_for_others, list, .. } = self;
                State::Known(Known { made, issuer, speaks_for_others, list, bits, old })
            }
            Err(cause) => {
                // How far it came is not known, so it counts as the whole way.
                if let StatusError::Encoding(_) = cause {
                    *left = left.saturating_sub(MAX_STATUS_LIST_BYTES);
                }
                State::Trouble(cause.into())
            }
        }
    }

    fn age(&self, judge: &Judge, url: &str) -> Result<(), Trouble> {
        let made = self.made;
        if self.period.blocks() {
            let message = format!("the status list `{url}` is out of date: {}", self.period.message);
            return Err(Trouble::new("status.list-expired", message).with_help(FETCH_AGAIN));
        }
        let seen = judge.seen_lists.iter().filter(|seen| seen.url == url);
        let newest = seen.filter_map(|seen| seen.valid_from.parse::<Timestamp>().ok()).max();
        if let Some(newest) = newest.filter(|newest| *newest > made) {
            let message =
                format!("the status list `{url}` is of {made}, and one of {newest} was seen before");
            return Err(Trouble::new("status.list-rolled-back", message).with_help(FETCH_AGAIN));
        }
        let skew = judge.policy.clock_skew();
        let is_over = |since: Timestamp, secs: i64| since.plus_secs(secs) < judge.now.plus_secs(-skew);
        let max = judge.policy.max_status_age();
        if is_over(made, max) {
            let message =
                format!("the newest status list `{url}` at hand is of {made}, older than {max} seconds");
            return Err(Trouble::new("status.list-stale", message).with_help(FETCH_AGAIN));
        }
        // The issuer's wish for how long a copy is kept; a verifier that sets its own limit knows better.
        let ttl = self
            .list
            .ttl_millis
            .filter(|_| judge.policy.heeds_ttl || judge.policy.max_status_age_secs.is_none());
        let ttl = ttl.map(|ttl| i64::try_from(ttl / 1000).unwrap_or(i64::MAX));
        match (self.retrieved, ttl) {
            (Some(retrieved), Some(ttl)) if is_over(retrieved, ttl) => {
                let message = format!(
                    "the status list `{url}` was retrieved at {retrieved}, and its issuer asks to fetch it again after {ttl} seconds"
                );
                Err(Trouble::new("status.list-stale", message).with_help(FETCH_AGAIN))
            }
            _ => Ok(()),
        }
    }
}

/// What the lists say.
#[derive(Debug)]
pub(super) struct Lists {
    by_url: Index,
    lists: Vec<List>,
}

#[derive(Debug)]
struct List {
    /// What verifying it needs.
    needs: Vec<Need>,
    state: State,
}

#[derive(Debug)]
enum State {
    Known(Known),
    Missing,
    Trouble(Trouble),
}

#[derive(Debug)]
struct Known {
    made: Timestamp,
    issuer: String,
    speaks_for_others: bool,
    list: StatusList,
    bits: Bitstring,
    /// Why it clears nobody, although it is what the issuer signed at that time.
    old: Option<Trouble>,
}

/// The entries of a credential, whatever they are.
fn entries(credential: &Credential) -> &[Json] {
    credential.content.get("credentialStatus").map(Json::one_or_many).unwrap_or_default()
}

impl Lists {
    /// Only what is needed to verify them, and not what they say.
    pub(super) fn needed(open: OpenLists) -> Self {
        let needs = |copies: Vec<Result<OpenCopy, Trouble>>| {
            copies.into_iter().flatten().flat_map(|copy| copy.proofs.needs).collect()
        };
        let list = |list: OpenList| {
            let state = if list.copies.is_empty() {
                State::Missing
            } else {
                State::Trouble(Trouble::new("status.list-not-verified", String::new()))
            };
            List { needs: needs(list.copies), state }
        };
        Self { by_url: open.by_url, lists: open.lists.into_iter().map(list).collect() }
    }

    /// Revocation and suspension, one check for each entry: all have to hold. Without an entry there is
    /// nothing to ask; with one, absent is not "good".
    pub(super) fn status(&self, credential: &Credential, needs: &mut Vec<Need>) -> Vec<Check> {
        let say = |outcome, code, message: &str| Check::new(CheckName::Status, outcome, code, message);
        let Some(status) = credential.content.get("credentialStatus") else {
            let message = "it has no status entry, so a recall could not be seen here";
            return vec![say(Outcome::NotApplicable, "status.none", message)];
        };
        let entries = status.one_or_many();
        if entries.is_empty() || entries.len() > MAX_STATUS_ENTRIES {
            let message = format!("it has {} status entries, not 1 to {MAX_STATUS_ENTRIES}", entries.len());
            return vec![say(Outcome::Fail, "status.entries", &message).at("/credentialStatus")];
        }
        let single = status.as_array().is_none();
        let check = |(at, entry)| {
            let pointer =
                if single { "/credentialStatus".to_owned() } else { format!("/credentialStatus/{at}") };
            self.entry(credential, entry, needs).at(pointer)
        };
        entries.iter().enumerate().map(check).collect()
    }

    fn entry(&self, credential: &Credential, json: &Json, needs: &mut Vec<Need>) -> Check {
        let say = |outcome, code, message: String| Check::new(CheckName::Status, outcome, code, message);
        let entry = match Entry::read(json) {
            Ok(entry) => entry,
            Err(cause @ StatusError::UnsupportedType(_)) => {
                return say(Outcome::NotChecked, cause.code(), cause.to_string())
                    .with_help("ask the issuer whether the credential still holds, or use a later version");
            }
            Err(cause) => {
                return say(Outcome::Fail, cause.code(), cause.to_string()).with_help(
                    "what does not say where to look was never meant to be looked up; ask the issuer",
                );
            }
        };
        if let Purpose::Other(purpose) = &entry.purpose {
            let message =
                format!("it has a status for the purpose `{}`, which has no meaning here", excerpt(purpose));
            return say(Outcome::Warn, "status.unknown-purpose", message)
                .with_help("ask the issuer what it means for you");
        }
        let url = &entry.list;
        let list = self.by_url.get(url).and_then(|at| self.lists.get(at));
        let Some(list) = list else {
            let message =
                format!("more status lists are named than the {MAX_STATUS_LISTS} that are looked at");
            return say(Outcome::NotChecked, "status.too-many-lists", message);
        };
        needs.extend(list.needs.iter().cloned());
        let trouble = match &list.state {
            State::Known(known) => match known.judge(&entry, credential.issuer.as_deref()) {
                Ok(check) => return check.as_of(known.made),
                Err(trouble) => trouble,
            },
            State::Missing => {
                let why = match entry.purpose {
                    Purpose::Revocation => "it says whether the credential was revoked",
                    Purpose::Suspension => "it says whether the credential is suspended",
                    _ => "it says what else is to be known about the credential",
                };
                needs.push(Need { url: url.clone(), kind: NeedKind::StatusList, why: why.to_owned() });
                Trouble::new("status.list-missing", format!("the status list `{url}` is not at hand"))
                    .with_help("supply the list found at that address, or a bundle that holds it")
            }
            State::Trouble(trouble) => trouble.clone(),
        };
        say(Outcome::NotChecked, trouble.code, trouble.message).with_help(trouble.help)
    }
}

impl Known {
    /// What the list says of an entry of a credential by this issuer.
    fn judge(&self, entry: &Entry, issuer: Option<&str>) -> Result<Check, Trouble> {
        let (url, made) = (&entry.list, self.made);
        let say = |outcome, code, message: String| Check::new(CheckName::Status, outcome, code, message);
        if issuer != Some(self.issuer.as_str()) && !self.speaks_for_others {
            let message = format!(
                "the status list `{url}` is by `{}`, not by the issuer of the credential",
                excerpt(&self.issuer)
            );
            return Err(Trouble::new("status.list-issuer", message));
        }
        if !self.list.purposes.contains(&entry.purpose) {
            let message = format!("the status list `{url}` is not about {}", entry.purpose.name());
            return Err(Trouble::new("status.list-purpose", message));
        }
        if self.list.size.is_some_and(|size| size != entry.size) {
            let message =
                format!("the status list `{url}` has values of another size than {} bits", entry.size);
            return Err(Trouble::new("status.list-malformed", message));
        }
        let value = entry.value(&self.bits)?;
        let meaning = entry.message(value).unwrap_or_default();
        let said =
            if entry.messages.is_empty() { String::new() } else { format!(" (\"{}\")", excerpt(meaning)) };
        // A revocation is for good, so it stands in whatever list it stands.
        if value != 0 && entry.purpose == Purpose::Revocation {
            let message = format!("its issuer revoked it, by the status list `{url}` of {made}{said}");
            return Ok(say(Outcome::Fail, "status.revoked", message)
                .with_help("do not rely on it; ask the issuer what replaces it"));
        }
        if let Some(old) = &self.old {
            let old = old.clone();
            return Ok(say(Outcome::NotChecked, old.code, old.message).with_help(old.help));
        }
        match (&entry.purpose, value) {
            (Purpose::Suspension, 1..) => {
                let message = format!("its issuer suspended it, by the status list `{url}` of {made}{said}");
                Ok(say(Outcome::Fail, "status.suspended", message)
                    .with_help("do not rely on it until the issuer restores it"))
            }
            (Purpose::Message, 1..) => {
                let message = format!(
                    "its issuer has a message about it: \"{}\", by the status list `{url}` of {made}",
                    excerpt(meaning)
                );
                let references = entry.references.join(", ");
                let help = if references.is_empty() {
                    "ask the issuer what it means for you".to_owned()
                } else {
                    format!("the issuer explains it at {references}")
                };
                Ok(say(Outcome::Warn, "status.message", message).with_help(help))
            }
            (Purpose::Refresh, 1..) => {
                let message = format!("its issuer has a newer one, by the status list `{url}` of {made}");
                Ok(say(Outcome::Warn, "status.refresh", message)
                    .with_help("ask the issuer for the newer one"))
            }
            (purpose, _) => {
                let what = match purpose {
                    Purpose::Revocation => "not revoked",
                    Purpose::Suspension => "not suspended",
                    Purpose::Message => "without a message",
                    Purpose::Refresh | Purpose::Other(_) => "not replaced",
                };
                let message = format!("{what}, by the status list `{url}` of {made}{said}");
                Ok(say(Outcome::Pass, "status.ok", message))
            }
        }
    }
}

/// The beginning of a text that may be long, for a message.
fn excerpt(text: &str) -> String {
    text.chars().take(200).collect()
}
