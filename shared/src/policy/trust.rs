//! Whom a verifier recognises: trust lists, and recognitions signed by a body that a list names.
//!
//! A DID says which key signed, and not whose it is. That is for a list to say which the verifier chose, and the name
//! that is shown comes from there: what an issuer calls itself proves nothing.

use super::{text, texts};
use crate::index::Index;
use crate::json::Json;
use crate::time::Timestamp;

/// The kind of credential by which a body recognises an issuer.
pub(crate) const RECOGNITION: &str = "RecognitionCredential";

/// Trust lists, the narrowest first. An issuer has to be recognised by every one, so that a list that narrows
/// another can take away from it and add nothing.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    lists: Vec<List>,
}

#[derive(Debug)]
struct List {
    name: String,
    refused: Index,
    /// None where the list only refuses some of those that the next one recognises.
    issuers: Option<Issuers>,
}

#[derive(Debug, Default)]
struct Issuers {
    /// The first of the entries of a DID.
    first: Index,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    id: String,
    name: String,
    kinds: Vec<String>,
    /// All kinds where there is none.
    recognizes: Vec<String>,
    period: Period,
    /// Any key of the DID where there is none.
    keys: Vec<String>,
}

/// From when until when, both ends included; open where nothing is said.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Period {
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

impl Period {
    fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at <= until)
    }
}

/// A recognition whose own checks hold: somebody says that an issuer may issue some kinds.
#[derive(Debug)]
pub(crate) struct Recognition {
    /// Where it stands among the credentials.
    pub(crate) at: usize,
    pub(crate) by: String,
    /// The keys by which it is signed.
    pub(crate) keys: Vec<String>,
    /// When it was issued.
    pub(crate) issued: Timestamp,
    /// Who is recognised.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kinds: Vec<String>,
    pub(crate) period: Period,
}

impl Recognition {
    /// Reads the content of a credential of the kind [`RECOGNITION`].
    pub(crate) fn read(
        at: usize,
        content: &Json,
        by: &str,
        keys: Vec<String>,
        period: Period,
    ) -> Option<Self> {
        let subject = content.get("credentialSubject")?;
        let text = |name: &str| subject.get(name).and_then(Json::as_str).map(str::to_owned);
        let actions = subject.get("recognizedTo").map(Json::one_or_many).unwrap_or_default();
        let issuing =
            actions.iter().filter(|action| action.get("action").and_then(Json::as_str) == Some("issue"));
        let kinds = issuing.filter_map(|action| action.get("credentialKind")).flat_map(Json::one_or_many);
        let kinds = kinds.filter_map(Json::as_str).map(str::to_owned).collect();
        let (id, name) = (text("id")?, text("name")?);
        Some(Self { at, by: by.to_owned(), keys, issued: period.from?, id, name, kinds, period })
    }
}

/// A statement whose issuer is to be recognised.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement<'s> {
    pub(crate) issuer: &'s str,
    pub(crate) kind: &'s str,
    /// When it was issued, by its own word.
    pub(crate) issued: Timestamp,
    /// The keys of the issuer that signed it, as Multikey.
    pub(crate) keys: &'s [String],
}

/// What the lists say of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    Recognized {
        name: String,
        /// The body that recognised it, and where its recognition stands among the credentials.
        by: Option<(String, usize)>,
        /// Set where it is no longer: from then on it can only claim to have issued before.
        until: Option<Timestamp>,
    },
    /// No list has heard of it.
    Unknown { list: String },
    /// A list names it and refuses it.
    Refused { list: String },
    /// It may issue other kinds.
    OtherKind { name: String, list: String },
    /// It is recognised at other times.
    OtherTime { name: String, list: String },
    /// It is known by other keys.
    OtherKey { name: String, list: String },
}

impl Standing {
    /// How much is known of the issuer, to say the most telling of several reasons.
    const fn rank(&self) -> u8 {
        match self {
            Self::Unknown { .. } => 0,
            Self::OtherKind { .. } => 1,
            Self::OtherTime { .. } => 2,
            Self::OtherKey { .. } => 3,
            Self::Refused { .. } => 4,
            Self::Recognized { .. } => 5,
        }
    }
}

impl Trust {
    /// Reads lists that are as their schema says; what is not is left out, and recognises nobody.
    pub(crate) fn read(lists: &[Json]) -> Self {
        Self { lists: lists.iter().enumerate().map(|(at, list)| List::read(at, list)).collect() }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Whether every list that names issuers pins this key for this DID: then nobody else has to say whose it is.
    pub(crate) fn pins(&self, did: &str, key: &str) -> bool {
        let pins = |list: &List| list.entries(did).any(|entry| entry.keys.iter().any(|pinned| pinned == key));
        let mut naming = self.lists.iter().filter(|list| list.issuers.is_some()).peekable();
        naming.peek().is_some() && naming.all(pins)
    }

    /// What a list calls an issuer.
    pub(crate) fn name_of(&self, did: &str) -> Option<&str> {
        self.lists.iter().find_map(|list| list.entries(did).next()).map(|entry| entry.name.as_str())
    }

    /// What all lists together say of the issuer of a statement: it is recognised by all, or the first that does
    /// not says why.
    pub(crate) fn standing(
        &self,
        statement: Statement<'_>,
        recognitions: &[Recognition],
        now: Timestamp,
    ) -> Standing {
        let mut whole: Option<Standing> = None;
        // A body that one list refuses speaks in none.
        let is_refused = |body: &str| self.lists.iter().any(|list| list.refused.contains(body));
        for list in &self.lists {
            match list.standing(statement, recognitions, now, &is_refused) {
                None => {}
                Some(Standing::Recognized { name, by, until }) => {
                    let (first_name, first_by, first_until) = match whole {
                        Some(Standing::Recognized { name, by, until }) => (Some(name), by, until),
                        _ => (None, None, None),
                    };
                    let until = first_until.into_iter().chain(until).min();
                    whole = Some(Standing::Recognized {
                        name: first_name.unwrap_or(name),
                        by: first_by.or(by),
                        until,
                    });
                }
                Some(other) => return other,
            }
        }
        whole.unwrap_or(Standing::Unknown { list: String::new() })
    }
}

impl List {
    fn read(at: usize, json: &Json) -> Self {
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let time = |json: &Json, name: &str| text(json, name)?.parse::<Timestamp>().ok();
        let mut refused = Index::default();
        for did in texts(json, "refuse") {
            refused.insert(did);
        }
        let issuers = json.get("issuers").and_then(Json::as_array).map(|items| {
            let mut issuers = Issuers::default();
            for item in items {
                let (Some(id), Some(name)) = (text(item, "id"), text(item, "name")) else { continue };
                issuers.first.get_or_set(id, issuers.entries.len());
                issuers.entries.push(Entry {
                    id: id.to_owned(),
                    name: name.to_owned(),
                    kinds: owned(texts(item, "kinds")),
                    recognizes: owned(texts(item, "recognizes")),
                    period: Period { from: time(item, "validFrom"), until: time(item, "validUntil") },
                    keys: owned(texts(item, "keys")),
                });
            }
            issuers
        });
        let name = text(json, "name").map_or_else(|| format!("trust list {}", at + 1), str::to_owned);
        Self { name, refused, issuers }
    }

    /// The entries of a DID.
    fn entries<'l, 'd>(&'l self, did: &'d str) -> impl Iterator<Item = &'l Entry> + use<'l, 'd> {
        let all = self.issuers.as_ref().and_then(|issuers| issuers.entries.get(issuers.first.get(did)?..));
        all.unwrap_or_default().iter().filter(move |entry| entry.id == did)
    }

    /// None where the list leaves it to the next one.
    fn standing(
        &self,
        statement: Statement<'_>,
        recognitions: &[Recognition],
        now: Timestamp,
        is_refused: &dyn Fn(&str) -> bool,
    ) -> Option<Standing> {
        let Statement { issuer, kind, .. } = statement;
        if self.refused.contains(issuer) {
            return Some(Standing::Refused { list: self.name.clone() });
        }
        self.issuers.as_ref()?;
        let listed = self.entries(issuer).map(|entry| self.by_entry(entry, statement, now));
        let recognised = recognitions.iter().filter(|one| one.id == issuer).map(|one| {
            let body = Statement { issuer: &one.by, kind: RECOGNITION, issued: one.issued, keys: &one.keys };
            let may = |entry: &&Entry| {
                entry.recognizes.is_empty() || entry.recognizes.iter().any(|allowed| allowed == kind)
            };
            let body =
                self.entries(&one.by).filter(may).find_map(|entry| match self.by_entry(entry, body, now) {
                    Standing::Recognized { name, .. } => Some(name),
                    _ => None,
                });
            match body.filter(|_| !is_refused(&one.by)) {
                None => Standing::Unknown { list: self.name.clone() },
                Some(body) => {
                    let (name, by) = (one.name.clone(), Some((body, one.at)));
                    self.by_terms(
                        &one.kinds,
                        one.period,
                        statement,
                        Standing::Recognized { name, by, until: None },
                        now,
                    )
                }
            }
        });
        // Of equal ones the last counts: what the list itself says of an issuer, its name included.
        let best = recognised.chain(listed).max_by_key(Standing::rank);
        Some(best.unwrap_or(Standing::Unknown { list: self.name.clone() }))
    }

    fn by_entry(&self, entry: &Entry, statement: Statement<'_>, now: Timestamp) -> Standing {
        let name = || entry.name.clone();
        let is_pinned = |key: &String| entry.keys.contains(key);
        if !entry.keys.is_empty() && !statement.keys.iter().any(is_pinned) {
            return Standing::OtherKey { name: name(), list: self.name.clone() };
        }
        let good = Standing::Recognized { name: name(), by: None, until: None };
        self.by_terms(&entry.kinds, entry.period, statement, good, now)
    }

    /// `good`, if the kind and the time are among those of the terms.
    fn by_terms(
        &self,
        kinds: &[String],
        period: Period,
        statement: Statement<'_>,
        good: Standing,
        now: Timestamp,
    ) -> Standing {
        let Standing::Recognized { name, by, .. } = good else { return good };
        if !kinds.iter().any(|allowed| allowed == statement.kind) {
            return Standing::OtherKind { name, list: self.name.clone() };
        }
        if !period.holds(statement.issued) {
            return Standing::OtherTime { name, list: self.name.clone() };
        }
        Standing::Recognized { name, by, until: period.until.filter(|until| *until < now) }
    }
}
