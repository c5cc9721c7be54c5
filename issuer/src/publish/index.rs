//! The index of a published site: which passports lie there, by digest, and which status lists.
//!
//! ```json
//! { "type": "ModelPassportIndex", "did": "did:web:lab.example",
//!   "passports": [ { "id", "kind", "digest", "subject", "size", "sha256" } ],
//!   "statusLists": [ { "url", "size", "sha256", "validFrom", "validUntil" } ] }
//! ```
//!
//! A passport lies beside the index, at `passports/DIGEST.json`. The digest is the one that links pin, over the
//! content without proof; `sha256` is that of the file. Nobody signs an index and nobody has to: what it leads to is
//! verified, and held against the digest that was asked for.

use std::collections::BTreeMap;

use model_passport::digest::Digest;
use model_passport::json::{self, Json, JsonError, Limits, Number, Object};
use model_passport::limits::MAX_NODES;
use thiserror::Error;

/// The type of an index, and of the service in a DID document that leads to it.
pub(crate) const TYPE: &str = "ModelPassportIndex";

/// Its name beside the passports.
pub(crate) const FILE: &str = "index.json";

/// Most bytes of an index: some tens of thousands of passports.
pub(crate) const MAX_BYTES: usize = 16 << 20;

/// A passport of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The credential's `id`.
    pub(crate) id: String,
    /// Its kind.
    pub(crate) kind: String,
    /// Its digest, as links have it.
    pub(crate) digest: String,
    /// What it is about.
    pub(crate) subject: String,
    /// Bytes of the file.
    pub(crate) size: i64,
    /// SHA-256 of the file.
    pub(crate) sha256: String,
}

/// A status list of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListEntry {
    /// Its address.
    pub(crate) url: String,
    /// Bytes of the file.
    pub(crate) size: i64,
    /// SHA-256 of the file.
    pub(crate) sha256: String,
    /// From when on it counts.
    pub(crate) valid_from: String,
    /// Until when.
    pub(crate) valid_until: String,
}

/// What lies on a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    /// Whose site it is.
    pub(crate) did: String,
    /// By digest.
    pub(crate) passports: BTreeMap<String, Entry>,
    /// By address.
    pub(crate) lists: BTreeMap<String, ListEntry>,
}

/// Why a text is no index.
#[derive(Debug, Error)]
pub(crate) enum IndexError {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error("its member `{0}` is missing or wrong")]
    Member(&'static str),
}

/// Where the file of a passport lies, beside the index.
pub(crate) fn place(digest: &str) -> String {
    format!("passports/{digest}.json")
}

impl Index {
    /// Reads one, from anywhere.
    pub(crate) fn read(text: &str) -> Result<Self, IndexError> {
        let limits = Limits { max_bytes: MAX_BYTES, max_nodes: 16 * MAX_NODES, ..Limits::default() };
        let json = json::parse_within(text, &limits)?;
        if json.get("type").and_then(Json::as_str) != Some(TYPE) {
            return Err(IndexError::Member("type"));
        }
        let mut index = Self { did: text_of(&json, "did")?, ..Self::default() };
        for item in items(&json, "passports")? {
            let digest = text_of(item, "digest")?;
            // It becomes part of a path.
            Digest::from_multibase(&digest).map_err(|_| IndexError::Member("digest"))?;
            let entry = Entry {
                id: text_of(item, "id")?,
                kind: text_of(item, "kind")?,
                digest: digest.clone(),
                subject: text_of(item, "subject")?,
                size: size_of(item)?,
                sha256: sha256_of(item)?,
            };
            if index.passports.insert(digest, entry).is_some() {
                return Err(IndexError::Member("digest"));
            }
        }
        for item in items(&json, "statusLists")? {
            let url = text_of(item, "url")?;
            let entry = ListEntry {
                url: url.clone(),
                size: size_of(item)?,
                sha256: sha256_of(item)?,
                valid_from: text_of(item, "validFrom")?,
                valid_until: text_of(item, "validUntil")?,
            };
            if index.lists.insert(url, entry).is_some() {
                return Err(IndexError::Member("url"));
            }
        }
        Ok(index)
    }

    /// The text, the same for the same content.
    pub(crate) fn to_text(&self) -> String {
        let file = |object: &mut Object, size: i64, sha256: &str| {
            object.insert("size", Json::Number(Number::Integer(size)));
            object.insert("sha256", sha256);
        };
        let passport = |entry: &Entry| {
            let mut object = Object::from_iter([
                ("id", entry.id.as_str()),
                ("kind", &entry.kind),
                ("digest", &entry.digest),
                ("subject", &entry.subject),
            ]);
            file(&mut object, entry.size, &entry.sha256);
            Json::from(object)
        };
        let list = |entry: &ListEntry| {
            let mut object = Object::from_iter([("url", entry.url.as_str())]);
            file(&mut object, entry.size, &entry.sha256);
            object.insert("validFrom", entry.valid_from.as_str());
            object.insert("validUntil", entry.valid_until.as_str());
            Json::from(object)
        };
        let index = Object::from_iter([
            ("type", Json::from(TYPE)),
            ("did", self.did.as_str().into()),
            ("passports", self.passports.values().map(passport).collect::<Vec<_>>().into()),
            ("statusLists", self.lists.values().map(list).collect::<Vec<_>>().into()),
        ]);
        Json::from(index).to_pretty()
    }
}

fn items<'j>(json: &'j Json, name: &'static str) -> Result<&'j [Json], IndexError> {
    json.get(name).and_then(Json::as_array).ok_or(IndexError::Member(name))
}

fn text_of(json: &Json, name: &'static str) -> Result<String, IndexError> {
    json.get(name).and_then(Json::as_str).map(str::to_owned).ok_or(IndexError::Member(name))
}

fn size_of(json: &Json) -> Result<i64, IndexError> {
    json.get("size").and_then(Json::as_i64).filter(|size| *size >= 0).ok_or(IndexError::Member("size"))
}

fn sha256_of(json: &Json) -> Result<String, IndexError> {
    let text = text_of(json, "sha256")?;
    Digest::from_sha256_hex(&text).map(|_| text).ok_or(IndexError::Member("sha256"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let digest = Digest::of("a").to_multibase();
        let sha256 = Digest::of("b").to_hex();
        let entry = Entry {
            id: "urn:uuid:1".to_owned(),
            kind: "ModelPassport".to_owned(),
            digest: digest.clone(),
            subject: "urn:sha256:1".to_owned(),
            size: 12,
            sha256: sha256.clone(),
        };
        let url = "https://lab.example/status/1".to_owned();
        let list = ListEntry {
            url: url.clone(),
            size: 3,
            sha256,
            valid_from: "2026-11-01T11:00:00Z".to_owned(),
            valid_until: "2026-11-08T11:00:00Z".to_owned(),
        };
        Index {
            did: "did:web:lab.example".to_owned(),
            passports: [(digest, entry)].into(),
            lists: [(url, list)].into(),
        }
    }

    #[test]
    fn an_index_reads_as_it_was_written() {
        let index = index();
        assert_eq!(Index::read(&index.to_text()).unwrap(), index);
        assert_eq!(Index::read(&index.to_text()).unwrap().to_text(), index.to_text());
    }

    #[test]
    fn what_is_no_index_is_refused() {
        let text = index().to_text();
        let digest = Digest::of("a").to_multibase();
        for (from, to) in [
            ("\"ModelPassportIndex\"", "\"Index\""),
            ("\"did\"", "\"dad\""),
            (digest.as_str(), "../../etc/passwd"),
            (digest.as_str(), "uEi"),
            ("12", "-1"),
            ("12", "1.5"),
            ("\"statusLists\"", "\"lists\""),
            ("\"kind\"", "\"id\""),
        ] {
            assert!(text.contains(from), "{from}");
            assert!(Index::read(&text.replace(from, to)).is_err(), "{from} {to}");
        }
        assert!(Index::read("[]").is_err());
    }
}
