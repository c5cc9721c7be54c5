//! The JSON form of a proof.
//!
//! ```json
//! {"proof": "https://w3id.org/model-passport/v1/record-proof", "claim": "absent", "record": "csv-row", "count": 2,
//!  "vrfKey": "u…", "vrfProof": "u…",
//!  "leaves": [{"index": 0, "key": "u…", "salt": "u…", "path": ["u…"]},
//!             {"index": 1, "key": "u…", "salt": "u…", "path": ["u…"]}]}
//! ```
//!
//! Bytes are base64url multibase. `vrfKey`, `vrfProof` and `salt` are there for personal data only; a leaf of a
//! proof of presence has no `key`, which follows from the record.

use super::{Key, Kind, MAX_PATH, Salt, Set, vrf};
use crate::json::{self, Json, JsonError, Limits, MAX_SAFE_INTEGER, Object};
use crate::multibase;

/// The format of a proof file.
const FORMAT: &str = "https://w3id.org/model-passport/v1/record-proof";

/// Longest text of a proof: two leaves with [`MAX_PATH`] hashes of 44 characters, three times over for spaces.
pub const MAX_PROOF_CHARS: usize = 16 << 10;

/// What a proof says of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is not in the set.
    Absent,
    /// It is in the set.
    Present,
}

impl Claim {
    const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Present => "present",
        }
    }
}

/// One leaf that a proof shows, with its audit path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Its place among the sorted leaves.
    pub index: u64,
    /// Its key, if it is not that of the record.
    pub key: Option<Key>,
    /// Its salt, for personal data.
    pub salt: Option<Salt>,
    /// The hashes from the leaf up.
    pub path: Vec<[u8; 32]>,
}

/// A proof about one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The set that it is about.
    pub set: Set,
    /// What it says.
    pub claim: Claim,
    /// That the key belongs to the record, for personal data.
    pub vrf_proof: Option<[u8; vrf::PROOF_BYTES]>,
    /// The leaf of the record, or its neighbours.
    pub leaves: Vec<Leaf>,
}

/// Why a text is not a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofFormError {
    /// Not JSON that is taken.
    #[error("not JSON that can be taken: {0}")]
    Json(JsonError),
    /// A member that is missing, unknown or not what it should be.
    #[error("`{0}` is missing, unknown or not what it should be")]
    Member(String),
}

impl ProofFormError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "records.proof-malformed"
    }
}

impl Proof {
    /// Reads a proof. Every member has one form, and none is unknown.
    ///
    /// # Errors
    /// [`ProofFormError`]
    pub fn parse(text: &str) -> Result<Self, ProofFormError> {
        let limits = Limits {
            max_bytes: MAX_PROOF_CHARS,
            max_depth: 5,
            max_nodes: 256,
            max_string_bytes: 256,
            max_doubles: 0,
            ..Limits::default()
        };
        let document = json::parse_within(text, &limits).map_err(ProofFormError::Json)?;
        let members = Members::of(
            &document,
            "proof",
            &["proof", "claim", "record", "count", "vrfKey", "vrfProof", "leaves"],
        )?;
        if members.text("proof")? != FORMAT {
            return Err(member("proof"));
        }
        let claim = members.text("claim")?;
        let claim = [Claim::Absent, Claim::Present].into_iter().find(|known| known.name() == claim);
        let claim = claim.ok_or_else(|| member("claim"))?;
        let kind = Kind::from_name(members.text("record")?).ok_or_else(|| member("record"))?;
        let count = members.natural("count")?;
        let vrf_key = members
            .bytes("vrfKey")?
            .map(|bytes| vrf::PublicKey::from_bytes(bytes).ok_or_else(|| member("vrfKey")));
        let vrf_key = vrf_key.transpose()?;
        let vrf_proof = members.bytes("vrfProof")?;
        if vrf_key.is_some() != vrf_proof.is_some() {
            return Err(member("vrfProof"));
        }
        let leaves = members.array("leaves")?;
        let most = if claim == Claim::Present { 1 } else { 2 };
        if leaves.len() > most || (leaves.is_empty() && count > 0) {
            return Err(member("leaves"));
        }
        let leaves = leaves.iter().map(|leaf| Leaf::parse(leaf, claim, vrf_key.is_some(), count));
        let leaves = leaves.collect::<Result<_, _>>()?;
        Ok(Self { set: Set { kind, count, vrf_key }, claim, vrf_proof, leaves })
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let bytes = |bytes: &[u8]| Json::from(multibase::encode_base64url(bytes));
        let mut proof = Object::new();
        proof.insert("proof", FORMAT);
        proof.insert("claim", self.claim.name());
        proof.insert("record", self.set.kind.name());
        proof.insert("count", natural(self.set.count));
        if let (Some(key), Some(vrf_proof)) = (&self.set.vrf_key, &self.vrf_proof) {
            proof.insert("vrfKey", bytes(key.as_bytes()));
            proof.insert("vrfProof", bytes(vrf_proof));
        }
        let leaves = self.leaves.iter().map(|leaf| {
            let mut node = Object::new();
            node.insert("index", natural(leaf.index));
            if let Some(key) = &leaf.key {
                node.insert("key", bytes(key));
            }
            if let Some(salt) = &leaf.salt {
                node.insert("salt", bytes(salt));
            }
            node.insert("path", leaf.path.iter().map(|hash| bytes(hash)).collect::<Vec<_>>());
            Json::Object(node)
        });
        proof.insert("leaves", leaves.collect::<Vec<_>>());
        Json::Object(proof)
    }
}

impl Leaf {
    fn parse(node: &Json, claim: Claim, salted: bool, count: u64) -> Result<Self, ProofFormError> {
        let members = Members::of(node, "leaves", &["index", "key", "salt", "path"])?;
        let index = members.natural("index")?;
        if index >= count {
            return Err(member("index"));
        }
        let (key, salt) = (members.bytes("key")?, members.bytes("salt")?);
        if key.is_some() != (claim == Claim::Absent) {
            return Err(member("key"));
        }
        if salt.is_some() != salted {
            return Err(member("salt"));
        }
        let path = members.array("path")?;
        if path.len() > MAX_PATH {
            return Err(member("path"));
        }
        let hash = |hash: &Json| hash.as_str().and_then(decode).ok_or_else(|| member("path"));
        Ok(Self { index, key, salt, path: path.iter().map(hash).collect::<Result<_, _>>()? })
    }
}

fn member(name: &str) -> ProofFormError {
    ProofFormError::Member(name.to_owned())
}

/// INVARIANT: counts come from a parsed proof or from a set of fewer than 2^53 records.
fn natural(value: u64) -> Json {
    Json::Number(json::Number::Integer(i64::try_from(value).unwrap_or(MAX_SAFE_INTEGER)))
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    multibase::decode_base64url_digits(text.strip_prefix('u')?).ok()?.try_into().ok()
}

/// An object without unknown members.
struct Members<'a>(&'a Object);

impl<'a> Members<'a> {
    fn of(value: &'a Json, name: &str, known: &[&str]) -> Result<Self, ProofFormError> {
        let object = value.as_object().ok_or_else(|| member(name))?;
        object.keys().find(|key| !known.contains(key)).map_or(Ok(Self(object)), |key| Err(member(key)))
    }

    fn text(&self, name: &str) -> Result<&'a str, ProofFormError> {
        self.0.get(name).and_then(Json::as_str).ok_or_else(|| member(name))
    }

    fn natural(&self, name: &str) -> Result<u64, ProofFormError> {
        let value = self.0.get(name).and_then(Json::as_i64).and_then(|value| u64::try_from(value).ok());
        value
            .filter(|value| i64::try_from(*value).is_ok_and(|v| v <= MAX_SAFE_INTEGER))
            .ok_or_else(|| member(name))
    }

    fn array(&self, name: &str) -> Result<&'a [Json], ProofFormError> {
        self.0.get(name).and_then(Json::as_array).ok_or_else(|| member(name))
    }

    fn bytes<const N: usize>(&self, name: &str) -> Result<Option<[u8; N]>, ProofFormError> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        value.as_str().and_then(decode).map(Some).ok_or_else(|| member(name))
    }
}
