//! The commitment to the records of a set: what a reader hands its records to.
//!
//! A reader makes [`Records`], pushes the SHA-256 of every record in any order, and writes the finished
//! [`Committed`] into its `DataContent` node. What a leaf is, and why a proof about one record shows nothing of
//! another, is in [`model_passport::records`].
//!
//! Memory is flat: keys are sorted in runs ([`super::sorted`]), and the tree is never held. A proof takes two
//! passes over the sorted keys: one to find the place of the record, one for the hashes of the path.

use std::io;
use std::ops::Range;

use model_passport::digest::{Digest, merkle};
use model_passport::json::{Json, Object};
use model_passport::multibase;
use model_passport::records::{self, Claim, Key, Kind, Leaf, Proof, Salt, Secret, Set};
use rayon::prelude::*;

use super::sorted::{Sorted, Sorter};

/// Records whose keys are computed together. One key of personal data takes some 60 µs.
const BATCH: usize = 4_096;

/// Takes the records of one set.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    kind: Kind,
    secret: Option<&'a Secret>,
    pending: Vec<[u8; 32]>,
    sorter: Sorter,
}

impl<'a> Records<'a> {
    /// With a secret for personal data, without one for open data.
    pub(crate) fn new(kind: Kind, secret: Option<&'a Secret>) -> Self {
        Self { kind, secret, pending: Vec::new(), sorter: Sorter::default() }
    }

    /// Takes the SHA-256 of the next record, in any order.
    pub(crate) fn push(&mut self, record_sha256: [u8; 32]) -> io::Result<()> {
        self.pending.push(record_sha256);
        if self.pending.len() < BATCH { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> io::Result<()> {
        let key = |record: &[u8; 32]| key(self.kind, self.secret, record);
        let keys = self.pending.par_iter().with_min_len(16).map(key).collect::<io::Result<Vec<_>>>()?;
        self.pending.clear();
        keys.into_iter().try_for_each(|key| self.sorter.push(key))
    }

    /// All records were taken.
    pub(crate) fn finish(mut self) -> io::Result<Committed<'a>> {
        self.flush()?;
        Ok(Committed::of(self.kind, self.secret, self.sorter.finish()))
    }
}

fn key(kind: Kind, secret: Option<&Secret>, record_sha256: &[u8; 32]) -> io::Result<Key> {
    match secret {
        None => Ok(records::open_key(kind, record_sha256)),
        Some(secret) => {
            let none = || io::Error::other("the random function has no output for a record");
            secret.key(kind, record_sha256).ok_or_else(none)
        }
    }
}

/// A set whose records are all there.
#[derive(Debug)]
pub(crate) struct Committed<'a> {
    set: Set,
    secret: Option<&'a Secret>,
    sorted: Sorted,
}

impl<'a> Committed<'a> {
    pub(crate) fn of(kind: Kind, secret: Option<&'a Secret>, sorted: Sorted) -> Self {
        let vrf_key = secret.map(|secret| *secret.vrf_key());
        Self { set: Set { kind, count: sorted.count(), vrf_key }, secret, sorted }
    }

    pub(crate) const fn set(&self) -> &Set {
        &self.set
    }

    pub(crate) const fn sorted(&self) -> &Sorted {
        &self.sorted
    }

    /// What a passport says of the set.
    pub(crate) fn commitment(&self) -> io::Result<Digest> {
        let mut tree = merkle::Tree::default();
        self.each_leaf(|_, key, salt| tree.push(records::leaf(&key, salt.as_ref())))?;
        let root = tree.root();
        Ok(self.set.commitment(root.as_bytes().first_chunk().unwrap_or(&[0; 32])))
    }

    /// Writes the members of a `DataContent` node that say what is committed to, and how.
    pub(crate) fn write_to(&self, node: &mut Object) -> io::Result<()> {
        node.insert("commitment", self.commitment()?.to_multibase());
        node.insert("commitmentRule", self.set.kind.rule(self.secret.is_some()));
        if let Some(key) = &self.set.vrf_key {
            node.insert("salted", Json::Bool(true));
            node.insert("vrfKey", multibase::encode_base64url(key.as_bytes()));
        }
        Ok(())
    }

    /// Proves that a record is there, or that it is not.
    pub(crate) fn prove(&self, record_sha256: &[u8; 32]) -> io::Result<Proof> {
        let key = key(self.set.kind, self.secret, record_sha256)?;
        let (mut below, mut present) = (0_u64, false);
        self.sorted.each(|other| {
            below += u64::from(other < key);
            present |= other == key;
            Ok(())
        })?;
        let indexes: Vec<u64> = if present {
            vec![below]
        } else {
            let left = below.checked_sub(1);
            left.into_iter().chain((below < self.set.count).then_some(below)).collect()
        };
        let mut shown: Vec<Shown> =
            indexes.into_iter().map(|index| Shown::new(index, self.set.count)).collect();
        self.each_leaf(|index, key, salt| shown.iter_mut().for_each(|shown| shown.take(index, key, salt)))?;
        let vrf_proof = match self.secret {
            None => None,
            Some(secret) => Some(
                secret
                    .prove(self.set.kind, record_sha256)
                    .ok_or_else(|| io::Error::other("the random function has no output for the record"))?,
            ),
        };
        let claim = if present { Claim::Present } else { Claim::Absent };
        let leaves = shown.into_iter().map(|shown| shown.finish(claim)).collect();
        Ok(Proof { set: self.set.clone(), claim, vrf_proof, leaves })
    }

    /// Each leaf with its place, in order.
    fn each_leaf(&self, mut take: impl FnMut(u64, Key, Option<Salt>)) -> io::Result<()> {
        let (mut index, mut last, mut occurrence) = (0_u64, None, 0_u64);
        self.sorted.each(|key| {
            occurrence = if last == Some(key) { occurrence + 1 } else { 0 };
            last = Some(key);
            take(index, key, self.secret.map(|secret| secret.salt(&key, occurrence)));
            index += 1;
            Ok(())
        })
    }
}

/// A leaf whose path is put together while all leaves pass by.
struct Shown {
    index: u64,
    own: Option<(Key, Option<Salt>)>,
    /// Where each hash of the path has its leaves, and the tree over them.
    path: Vec<(Range<u64>, merkle::Tree)>,
}

impl Shown {
    fn new(index: u64, count: u64) -> Self {
        let path = records::audit_ranges(index, count);
        Self {
            index,
            own: None,
            path: path.into_iter().map(|range| (range, merkle::Tree::default())).collect(),
        }
    }

    fn take(&mut self, index: u64, key: Key, salt: Option<Salt>) {
        if index == self.index {
            self.own = Some((key, salt));
        } else if let Some((_, tree)) = self.path.iter_mut().find(|(range, _)| range.contains(&index)) {
            tree.push(records::leaf(&key, salt.as_ref()));
        }
    }

    fn finish(self, claim: Claim) -> Leaf {
        let (key, salt) = self.own.unwrap_or_default();
        let root = |(_, tree): &(Range<u64>, merkle::Tree)| {
            tree.root().as_bytes().first_chunk().copied().unwrap_or_default()
        };
        let path = self.path.iter().map(root).collect();
        Leaf { index: self.index, key: (claim == Claim::Absent).then_some(key), salt, path }
    }
}

#[cfg(test)]
mod tests {
    use model_passport::digest::sha256;
    use model_passport::records::check;

    use super::*;

    fn committed<'a>(records: &[&str], secret: Option<&'a Secret>) -> Committed<'a> {
        let mut set = Records::new(Kind::CsvRow, secret);
        records.iter().for_each(|record| set.push(sha256(record)).unwrap());
        set.finish().unwrap()
    }

    #[test]
    fn whatever_is_proven_checks() {
        let secret = Secret::from_bytes(&[3; 32]);
        for secret in [None, Some(&secret)] {
            for records in
                [&[][..], &["a"], &["b", "a", "b", "c"], &["a", "b", "c", "d", "e", "f", "g", "h", "a"]]
            {
                let set = committed(records, secret);
                let commitment = set.commitment().unwrap();
                for record in ["a", "b", "c", "d", "h", "x", "y", "z", "", "ab"] {
                    let expected = if records.contains(&record) { Claim::Present } else { Claim::Absent };
                    let proof = set.prove(&sha256(record)).unwrap();
                    assert_eq!(check(&proof, &commitment, &sha256(record)), Ok(expected), "{record}");
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_records_does_not_matter_and_everything_else_does() {
        let secret = Secret::from_bytes(&[3; 32]);
        let other = Secret::from_bytes(&[4; 32]);
        let commitment = |records: &[&str], secret| committed(records, secret).commitment().unwrap();
        assert_eq!(commitment(&["a", "b", "b"], None), commitment(&["b", "a", "b"], None));
        let different = [
            commitment(&["a", "b"], None),
            commitment(&["a", "b", "b"], None),
            commitment(&["a", "a", "b"], None),
            commitment(&["a", "b"], Some(&secret)),
            commitment(&["a", "b"], Some(&other)),
        ];
        assert_eq!(std::collections::BTreeSet::from(different).len(), different.len());
    }

    #[test]
    fn more_records_than_a_batch() {
        let names: Vec<String> = (0..BATCH + 10).map(|n| n.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let set = committed(&names, None);
        let keys = names.iter().map(|name| records::open_key(Kind::CsvRow, &sha256(name)));
        let mut keys: Vec<Key> = keys.collect();
        keys.sort_unstable();
        let root = merkle::root(keys.iter().map(|key| records::leaf(key, None)));
        assert_eq!(set.commitment().unwrap(), set.set().commitment(root.as_bytes().try_into().unwrap()));
    }
}
