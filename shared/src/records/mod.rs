//! Whether one record is, or is not, in a data set that a passport commits to, without showing any other record.
//!
//! ```text
//! record ─► SHA-256 ─► input = TAG 00 kind 00 digest ─► key (32 bytes)
//!                        open data:      key = SHA-256(input)
//!                        personal data:  key = the first half of the VRF output of input      (module `vrf`)
//!
//! leaf        key                    open data
//!             key || salt            personal data; salt = HMAC(seed, key || n) for the n-th record with this key
//! tree        RFC 9162, SHA-256, leaves sorted by key; a record that occurs n times has n leaves, side by side
//! commitment  SHA-256(TAG 00 kind 00 (00 | 01 VRF public key) count tree-root)
//! ```
//!
//! A proof that a record is there is the audit path of a leaf with its key. A proof that it is not there is the
//! audit paths of two leaves at adjacent places whose keys enclose its key, or of the first or the last leaf
//! when its key comes before or after all others; an empty set needs no leaf. The commitment also binds what a
//! record is, how many there are, and the public key, so that nothing of a proof has to be believed: whatever
//! in it is changed leads to another commitment.
//!
//! # What a proof about one record gives away
//!
//! For *open data* whoever holds a record can compute its key: proofs hide nothing from someone who can guess.
//!
//! For *personal data*, to someone who has the passport, any number of proofs and any number of candidate
//! records, but not the holder's secret:
//!
//! * *No test for membership without the holder.* A key is an output of a verifiable random function. Without
//!   the secret key, and without a proof for that very input, an output cannot be told from random bytes; that
//!   is the pseudorandomness of [RFC 9381, section 3.3](https://www.rfc-editor.org/rfc/rfc9381#section-3.3),
//!   under the decisional Diffie-Hellman assumption in the random oracle model. A salt alone could not do this
//!   for absence: the key of a record that is not there has no salt in the tree, and has to be one that the
//!   holder computes and the other side checks.
//! * *Neighbours stay unknown.* Of each neighbour, a proof of absence shows its key (random to whoever has no
//!   VRF proof for it), its salt (an output of a PRF, the same for every `n` to whoever lacks the seed, so not
//!   even how often the neighbour occurs is seen) and its place among the sorted keys, which follows from the
//!   keys and from nothing in the file.
//! * *Hashes on a path stay opaque.* Each covers leaves with salts of 256 bits that are not shown. Two equal
//!   records have different leaves.
//! * *What is learned:* whether this record is there, how many leaves there are, and the place of its key among
//!   the keys. Two proofs of absence between the same two leaves show that they are. If the other side later
//!   gets a proof that some record is there, it can recognise that record's key in earlier proofs.
//! * A proof is about one record, and whoever has it can test a candidate against *that proof*. It is for the
//!   one who asked.
//!
//! # What a proof does not show
//!
//! That the leaves were sorted. The holder signs that in the passport; whoever has the records can rebuild the
//! tree and see. A holder who put a leaf in a wrong place could prove a record both there and not there, and
//! the two proofs together with the signed passport would convict them. Nor does any commitment show that
//! nothing else was used than what was committed to.
//!
//! Shards of a set that were worked on at different places have the same keys and salts, as both follow from the
//! record and the secret alone; merged by key they give the same commitment.
//!
//! *In scope:* the tree, the form of a proof, and checking it; with feature `sign` what the secret computes.
//! *Out of scope:* reading data, sorting them, keeping the secret; that is the issuer's.

mod path;
mod proof;
#[cfg(feature = "sign")]
mod secret;
pub mod vrf;

pub use self::path::{MAX_PATH, audit_ranges};
pub use self::proof::{Claim, Leaf, MAX_PROOF_CHARS, Proof, ProofFormError};
#[cfg(feature = "sign")]
pub use self::secret::Secret;
use crate::digest::{Digest, merkle, sha256};

/// Begins every hash of this module that is not one of the tree.
const TAG: &str = "https://w3id.org/model-passport/v1#records";

/// A key, by which leaves are sorted.
pub type Key = [u8; 32];

/// A salt, which hides what is under a hash.
pub type Salt = [u8; 32];

/// What one record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A row of a table as text: its bytes without the line ending; a quoted line break belongs to it.
    CsvRow,
    /// The bytes of a file, without its name.
    File,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::CsvRow, Self::File];

    /// The name in proofs, and in what is hashed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CsvRow => "csv-row",
            Self::File => "file",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The rule in the words of a passport (`commitmentRule`).
    #[must_use]
    pub fn rule(self, salted: bool) -> String {
        let record = match self {
            Self::CsvRow => "the bytes of a row without its line ending",
            Self::File => "the bytes of a file without its name",
        };
        let key = if salted {
            "key = first 32 bytes of ECVRF-EDWARDS25519-SHA512-TAI(input) under vrfKey, leaf = key || secret salt"
        } else {
            "key = SHA-256(input), leaf = key"
        };
        let name = self.name();
        format!(
            "RFC9162-SHA-256 over leaves sorted by key, one for each record; record = {record}; \
             input = \"{TAG}\" 00 \"{name}\" 00 SHA-256(record); {key}; commitment = SHA-256(\"{TAG}\" 00 \"{name}\" \
             00 {} count as 8 bytes, root)",
            if salted { "01 vrfKey" } else { "00" }
        )
    }

    /// What a file given as one record holds: a row that was cut out of a table may still have its line ending.
    #[must_use]
    pub fn record(self, bytes: &[u8]) -> &[u8] {
        match self {
            Self::CsvRow => {
                let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
                bytes.strip_suffix(b"\r").unwrap_or(bytes)
            }
            Self::File => bytes,
        }
    }

    /// What the key is computed from.
    fn input(self, record_sha256: &[u8; 32]) -> Vec<u8> {
        [TAG.as_bytes(), &[0], self.name().as_bytes(), &[0], record_sha256].concat()
    }
}

/// The key of a record of open data.
#[must_use]
pub fn open_key(kind: Kind, record_sha256: &[u8; 32]) -> Key {
    sha256(kind.input(record_sha256))
}

/// The hash of a leaf.
#[must_use]
pub fn leaf(key: &Key, salt: Option<&Salt>) -> [u8; 32] {
    salt.map_or_else(|| merkle::leaf(key), |salt| merkle::leaf(&[*key, *salt].concat()))
}

/// What is committed to, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// What a record is.
    pub kind: Kind,
    /// How many there are.
    pub count: u64,
    /// The key of the verifiable random function, for personal data.
    pub vrf_key: Option<vrf::PublicKey>,
}

impl Set {
    /// The commitment to a set whose tree has this root.
    #[must_use]
    pub fn commitment(&self, root: &[u8; 32]) -> Digest {
        let mut bytes = [TAG.as_bytes(), &[0], self.kind.name().as_bytes(), &[0]].concat();
        match &self.vrf_key {
            None => bytes.push(0),
            Some(key) => {
                bytes.push(1);
                bytes.extend(key.as_bytes());
            }
        }
        bytes.extend(self.count.to_be_bytes());
        bytes.extend(root);
        Digest::of(bytes)
    }
}

/// Why a proof shows nothing about this record and this commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The paths end elsewhere, or have a length that no tree of this size has.
    #[error("the proof does not lead from this record to this commitment")]
    Commitment,
    /// The leaves shown do not enclose the key.
    #[error("the leaves shown are not the two between which the record would stand")]
    Neighbours,
    /// The output of the random function is not proven.
    #[error("the key is not proven to be that of this record")]
    VrfProof,
}

impl Refusal {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Commitment => "records.commitment",
            Self::Neighbours => "records.neighbours",
            Self::VrfProof => "records.vrf-proof",
        }
    }
}

/// Checks that `proof` proves its claim about the record with this SHA-256, of the set with this commitment. The
/// commitment has to come from someone who is trusted, such as a passport that was verified; nothing else does.
///
/// # Errors
/// [`Refusal`], and then nothing is known about the record.
pub fn check(proof: &Proof, commitment: &Digest, record_sha256: &[u8; 32]) -> Result<Claim, Refusal> {
    let set = &proof.set;
    let key = match (&set.vrf_key, &proof.vrf_proof) {
        (None, None) => open_key(set.kind, record_sha256),
        (Some(public), Some(proof)) => {
            let output = public.verify(&set.kind.input(record_sha256), proof).ok_or(Refusal::VrfProof)?;
            first_half(&output)
        }
        _ => return Err(Refusal::VrfProof),
    };
    let root = match &proof.claim {
        Claim::Present => {
            let [only] = proof.leaves.as_slice() else { return Err(Refusal::Neighbours) };
            root_of(set, only, &key)?
        }
        Claim::Absent => {
            encloses(&proof.leaves, set.count, &key)?;
            let roots = proof.leaves.iter().map(|leaf| root_of(set, leaf, &leaf.key.unwrap_or_default()));
            let roots = roots.collect::<Result<Vec<_>, _>>()?;
            match roots.as_slice() {
                [] => sha256([]),
                [one] => *one,
                [one, two] if one == two => *one,
                _ => return Err(Refusal::Commitment),
            }
        }
    };
    if set.commitment(&root) == *commitment { Ok(proof.claim) } else { Err(Refusal::Commitment) }
}

fn first_half(output: &[u8; vrf::OUTPUT_BYTES]) -> Key {
    output.first_chunk().copied().unwrap_or_default()
}

fn root_of(set: &Set, shown: &Leaf, key: &Key) -> Result<[u8; 32], Refusal> {
    // Without this, a leaf of one mode could be read as one of the other.
    if shown.salt.is_some() != set.vrf_key.is_some() {
        return Err(Refusal::Commitment);
    }
    let hash = leaf(key, shown.salt.as_ref());
    path::root_of(hash, shown.index, set.count, &shown.path).ok_or(Refusal::Commitment)
}

/// Whether there is no place for `key` but between these leaves.
fn encloses(leaves: &[Leaf], count: u64, key: &Key) -> Result<(), Refusal> {
    let key_of = |leaf: &Leaf| leaf.key.ok_or(Refusal::Neighbours);
    let enclosed = match leaves {
        [] => count == 0,
        [only] => {
            let before_all = only.index == 0 && *key < key_of(only)?;
            let after_all = only.index.checked_add(1) == Some(count) && key_of(only)? < *key;
            before_all || after_all
        }
        [left, right] => {
            let adjacent = left.index.checked_add(1) == Some(right.index);
            adjacent && key_of(left)? < *key && *key < key_of(right)?
        }
        _ => false,
    };
    if enclosed { Ok(()) } else { Err(Refusal::Neighbours) }
}

#[cfg(test)]
#[cfg(feature = "sign")]
mod tests;
