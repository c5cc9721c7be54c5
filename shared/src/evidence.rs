//! What a verification needs from outside, and what a shell brought.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::json::{self, Json, JsonError, Limits, Number, Object, write};
pub use crate::policy::{Policy, Profile};

/// Something that a shell must bring before a verdict can be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Need {
    /// Where it is: an `https:` URL, or the identifier of a credential.
    pub url: String,
    /// What it is.
    pub kind: NeedKind,
    /// Why it is needed, for people.
    pub why: String,
}

impl Need {
    /// The JSON text of a list of needs.
    #[must_use]
    pub fn list_to_json(needs: &[Self]) -> String {
        let mut out = String::new();
        write::list(needs, &mut out, |need, out| {
            let mut members = write::Members::new(out);
            members.text("url", &need.url);
            members.text("kind", need.kind.name());
            members.text("why", &need.why);
            members.end();
        });
        out
    }
}

/// The kinds of [`Need`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum NeedKind {
    /// A credential that another one builds on.
    Credential,
    /// A DID document.
    DidDocument,
    /// A status list credential.
    StatusList,
    /// The document of a context.
    Context,
    /// A document that a credential pins by its digest.
    Resource,
    /// A schema that a credential says it follows.
    Schema,
}

impl NeedKind {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::DidDocument => "didDocument",
            Self::StatusList => "statusList",
            Self::Context => "context",
            Self::Resource => "resource",
            Self::Schema => "schema",
        }
    }
}

/// What a shell brought. In JSON: camelCase names, every list optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Evidence {
    /// DID documents, status lists and, for the standard and proof-only profiles, documents of contexts, schemas
    /// and resources.
    pub documents: Vec<Document>,
    /// The texts of credentials that the input may build on.
    pub credentials: Vec<String>,
    /// Files that were measured, to be held against the artefact manifests.
    pub artifacts: Vec<Artifact>,
    /// The newest status lists that the shell remembers: an older one than that was rolled back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seen_lists: Vec<SeenList>,
}

/// A status list that was seen before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeenList {
    /// Its address.
    pub url: String,
    /// The `validFrom` that it had, as RFC 3339.
    pub valid_from: String,
}

/// A document by its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// The address that [`Need::url`] named.
    pub url: String,
    /// When it was retrieved, as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrieved: Option<String>,
    /// Its text.
    pub text: String,
}

/// A measured file. One of the two digests is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Artifact {
    /// The path or name by which the user knows it; files are matched by content.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The Merkle root over 4 MiB chunks, as multibase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merkle_root: Option<String>,
    /// Set where this stands for a whole directory: how many files it has. `sha256` is then the digest of their
    /// manifest, and `size` the sum of theirs; of data about people the digest is keyed with their holder's secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_count: Option<u64>,
}

impl Artifact {
    /// Whether the file is the one with this size and these digests: every digest given here must match.
    #[must_use]
    pub fn is(&self, size: i64, sha256: &Digest, merkle_root: Option<&Digest>) -> bool {
        if u64::try_from(size) != Ok(self.size) {
            return false;
        }
        let by_sha = self.sha256.as_deref().map(|hex| Digest::from_sha256_hex(hex).as_ref() == Some(sha256));
        let by_root = self.merkle_root.as_deref().and_then(|text| {
            // A passport without a root leaves the file's root without a counterpart: no answer, not a match.
            merkle_root.map(|root| Digest::from_multibase(text).as_ref() == Ok(root))
        });
        let digests = [by_sha, by_root];
        digests.iter().flatten().all(|same| *same) && digests.iter().flatten().next().is_some()
    }
}

/// Why a text is not taken as evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// It is not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A member is missing.
    #[error("the member `{0}` is missing")]
    Missing(&'static str),
    /// A member that this version does not know: what it asks for would be left undone.
    #[error("the member `{0}` is not known")]
    Unknown(String),
    /// A value is not of the wanted kind.
    #[error("`{member}` is not {wanted}")]
    Wrong {
        /// The member, or what is read.
        member: &'static str,
        /// What it has to be.
        wanted: &'static str,
    },
}

impl Evidence {
    /// Reads the JSON text.
    ///
    /// # Errors
    /// [`ShapeError`], for the first cause met.
    pub fn from_json(text: &str) -> Result<Self, ShapeError> {
        let json = read_own(text)?;
        let object = members(&json, "evidence", &["documents", "credentials", "artifacts", "seenLists"])?;
        Ok(Self {
            documents: list(object, "documents", Document::read)?,
            credentials: list(object, "credentials", |item| {
                let text = item.as_str().map(str::to_owned);
                text.ok_or(ShapeError::Wrong { member: "credentials", wanted: "a list of texts" })
            })?,
            artifacts: list(object, "artifacts", Artifact::read)?,
            seen_lists: list(object, "seenLists", SeenList::read)?,
        })
    }
}

impl SeenList {
    fn read(json: &Json) -> Result<Self, ShapeError> {
        let object = members(json, "seenLists", &["url", "validFrom"])?;
        Ok(Self { url: text(object, "url")?, valid_from: text(object, "validFrom")? })
    }
}

impl Document {
    fn read(json: &Json) -> Result<Self, ShapeError> {
        let object = members(json, "documents", &["url", "retrieved", "text"])?;
        Ok(Self {
            url: text(object, "url")?,
            retrieved: text_if(object, "retrieved")?,
            text: text(object, "text")?,
        })
    }
}

impl Artifact {
    fn read(json: &Json) -> Result<Self, ShapeError> {
        let object = members(json, "artifacts", &["path", "size", "sha256", "merkleRoot", "fileCount"])?;
        Ok(Self {
            path: text(object, "path")?,
            size: unsigned(object, "size")?.ok_or(ShapeError::Missing("size"))?,
            sha256: text_if(object, "sha256")?,
            merkle_root: text_if(object, "merkleRoot")?,
            file_count: unsigned(object, "fileCount")?,
        })
    }
}

/// What a shell says comes from this machine: only its shape is checked. The texts in it have their own limits.
fn read_own(text: &str) -> Result<Json, JsonError> {
    let limits = Limits {
        max_bytes: usize::MAX,
        max_depth: 4,
        max_nodes: usize::MAX,
        max_string_bytes: usize::MAX,
        ..Limits::default()
    };
    json::parse_within(text, &limits)
}

fn members<'j>(json: &'j Json, what: &'static str, known: &[&str]) -> Result<&'j Object, ShapeError> {
    let object = json.as_object().ok_or(ShapeError::Wrong { member: what, wanted: "an object" })?;
    match object.keys().find(|name| !known.contains(name)) {
        Some(name) => Err(ShapeError::Unknown(name.to_owned())),
        None => Ok(object),
    }
}

fn list<T>(
    object: &Object,
    name: &'static str,
    read: fn(&Json) -> Result<T, ShapeError>,
) -> Result<Vec<T>, ShapeError> {
    match object.get(name) {
        None => Ok(Vec::new()),
        Some(Json::Array(items)) => items.iter().map(read).collect(),
        Some(_) => Err(ShapeError::Wrong { member: name, wanted: "a list" }),
    }
}

/// A text; null counts as left out.
fn text_if(object: &Object, name: &'static str) -> Result<Option<String>, ShapeError> {
    match object.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ShapeError::Wrong { member: name, wanted: "a text" }),
    }
}

fn text(object: &Object, name: &'static str) -> Result<String, ShapeError> {
    text_if(object, name)?.ok_or(ShapeError::Missing(name))
}

/// A whole number from zero; null counts as left out.
fn unsigned(object: &Object, name: &'static str) -> Result<Option<u64>, ShapeError> {
    match object.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Number(Number::Integer(number))) if *number >= 0 => Ok(u64::try_from(*number).ok()),
        Some(_) => Err(ShapeError::Wrong { member: name, wanted: "a whole number from zero" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_reads_as_serde_reads_it() {
        for text in [
            "{}",
            r#"{"documents":[],"credentials":["{}"]}"#,
            r#"{"documents":[{"url":"u","text":"t"},{"url":"u","retrieved":"r","text":"t"},{"url":"u","retrieved":null,"text":"t"}]}"#,
            r#"{"artifacts":[{"path":"p","size":9007199254740991},{"path":"p","size":0,"sha256":"s","merkleRoot":"m"}]}"#,
            r#"{"artifacts":[{"path":"p","size":1,"merkle_root":"m"}]}"#,
            r#"{"artifacts":[{"path":"p","size":-1}]}"#,
            r#"{"artifacts":[{"path":"p","size":1.5}]}"#,
            r#"{"artifacts":[{"path":"p"}]}"#,
            r#"{"documents":{}}"#,
            r#"{"documents":[{"url":"u"}]}"#,
            r#"{"documents":[{"url":1,"text":"t"}]}"#,
            r#"{"credentials":[{}]}"#,
            r#"{"credentials":null}"#,
            r#"{"documents":[],"documents":[]}"#,
            r#"{"seenLists":[{"url":"u","validFrom":"t"}]}"#,
            r#"{"seenLists":[{"url":"u"}]}"#,
            r#"{"more":1}"#,
            "null",
            "\"x\"",
            "{",
        ] {
            assert_eq!(Evidence::from_json(text).ok(), serde_json::from_str(text).ok(), "{text}");
        }
    }

    #[test]
    fn needs_are_written_as_serde_writes_them() {
        use NeedKind::{Context, Credential, DidDocument, Resource, Schema, StatusList};
        let needs = [Credential, DidDocument, StatusList, Context, Resource, Schema].map(|kind| Need {
            url: "https://a".to_owned(),
            kind,
            why: "\"why\"".to_owned(),
        });
        assert_eq!(Need::list_to_json(&needs), serde_json::to_string(&needs).unwrap());
    }
}
