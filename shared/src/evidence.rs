//! What a verification needs from outside, and what a shell brought.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

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
}

/// What a shell brought. In JSON: camelCase names, every list optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Evidence {
    /// DID documents and, for the proof-only profile, context documents.
    pub documents: Vec<Document>,
    /// The texts of credentials that the input may build on.
    pub credentials: Vec<String>,
    /// Files that were measured, to be held against the artefact manifests.
    pub artifacts: Vec<Artifact>,
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
}

impl Artifact {
    /// Whether the file is the one with this size and these digests: every digest given here must match.
    #[must_use]
    pub fn is(&self, size: i64, sha256: &Digest, merkle_root: Option<&Digest>) -> bool {
        let by_sha = self.sha256.as_deref().map(|hex| Digest::from_sha256_hex(hex).as_ref() == Some(sha256));
        let by_root = self.merkle_root.as_deref().and_then(|text| {
            // A passport without a root leaves the file's root without a counterpart: no answer, not a match.
            merkle_root.map(|root| Digest::from_multibase(text).as_ref() == Ok(root))
        });
        let same_size = u64::try_from(size) == Ok(self.size);
        let digests = [by_sha, by_root];
        same_size && digests.iter().flatten().all(|same| *same) && digests.iter().flatten().next().is_some()
    }
}

/// What a verifier asks for beyond the rules that always hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Policy {
    /// The rules on what the credential may hold.
    pub profile: Profile,
    /// Whether files must be at hand for every artefact manifest.
    pub require_artifacts: bool,
    /// How far the clocks of issuer and verifier may be apart; 300 when left out.
    pub clock_skew_secs: Option<u32>,
}

impl Policy {
    /// Seconds that clocks may be apart.
    #[must_use]
    pub fn clock_skew(&self) -> i64 {
        i64::from(self.clock_skew_secs.unwrap_or(300))
    }
}

/// What a credential may hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// A model passport: exact contexts, a closed schema, every statement covered, issuer bound to key.
    #[default]
    Passport,
    /// The proofs of any credential and nothing else. Never a default: it does not bind the key to the
    /// issuer.
    ProofOnly,
}
