use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::multibase;

/// A whole set in memory, built in the plainest way: the issuer's streaming one is held against the same checks.
struct Built {
    leaves: Vec<(Key, Option<Salt>)>,
    set: Set,
    kind: Kind,
    secret: Option<Secret>,
}

impl Built {
    fn of(records: &[Vec<u8>], salted: bool) -> Self {
        let secret = salted.then(|| Secret::from_bytes(&[7; 32]));
        let kind = Kind::CsvRow;
        let mut keys: Vec<Key> = records.iter().map(|record| key(secret.as_ref(), kind, record)).collect();
        keys.sort_unstable();
        let leaves = keys.iter().enumerate().map(|(at, key)| {
            let occurrence = keys[..at].iter().filter(|other| *other == key).count();
            let salt = secret.as_ref().map(|secret| secret.salt(key, u64::try_from(occurrence).unwrap()));
            (*key, salt)
        });
        let vrf_key = secret.as_ref().map(|secret| *secret.vrf_key());
        let set = Set { kind, count: u64::try_from(records.len()).unwrap(), vrf_key };
        Self { leaves: leaves.collect(), set, kind, secret }
    }

    fn hash(&self, at: usize) -> [u8; 32] {
        leaf(&self.leaves[at].0, self.leaves[at].1.as_ref())
    }

    fn root(&self) -> [u8; 32] {
        let root = merkle::root((0..self.leaves.len()).map(|at| self.hash(at)));
        root.as_bytes().try_into().unwrap()
    }

    fn commitment(&self) -> Digest {
        self.set.commitment(&self.root())
    }

    fn shown(&self, at: usize, with_key: bool) -> Leaf {
        let index = u64::try_from(at).unwrap();
        let path = audit_ranges(index, self.set.count).into_iter().map(|range| {
            let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
            merkle::root(range.map(|at| self.hash(at))).as_bytes().try_into().unwrap()
        });
        let (key, salt) = self.leaves[at];
        Leaf { index, key: with_key.then_some(key), salt, path: path.collect() }
    }

    fn prove(&self, record: &[u8]) -> Proof {
        let key = key(self.secret.as_ref(), self.kind, record);
        let below = self.leaves.partition_point(|(other, _)| *other < key);
        let present = self.leaves.get(below).is_some_and(|(other, _)| *other == key);
        let leaves = if present {
            vec![self.shown(below, false)]
        } else {
            let neighbours = below.saturating_sub(1)..(below + 1).min(self.leaves.len());
            neighbours.map(|at| self.shown(at, true)).collect()
        };
        let claim = if present { Claim::Present } else { Claim::Absent };
        let vrf_proof = self.secret.as_ref().and_then(|secret| secret.prove(self.kind, &sha256(record)));
        Proof { set: self.set.clone(), claim, vrf_proof, leaves }
    }
}

fn key(secret: Option<&Secret>, kind: Kind, record: &[u8]) -> Key {
    let digest = sha256(record);
    secret.map_or_else(|| open_key(kind, &digest), |secret| secret.key(kind, &digest).unwrap())
}

fn records(names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

fn checked(proof: &Proof, commitment: &Digest, record: &[u8]) -> Result<Claim, Refusal> {
    let read = Proof::parse(&proof.to_json().to_string()).unwrap();
    assert_eq!(&read, proof);
    check(&read, commitment, &sha256(record))
}

#[test]
fn small_sets_in_both_modes() {
    for salted in [false, true] {
        for names in [&[][..], &["a"], &["a", "b"], &["a", "a", "b"], &["a", "b", "c", "d", "e", "e", "e"]] {
            let built = Built::of(&records(names), salted);
            for candidate in ["a", "b", "c", "e", "x", "y", "z", "w", "v", "u", ""] {
                let expected = if names.contains(&candidate) { Claim::Present } else { Claim::Absent };
                let proof = built.prove(candidate.as_bytes());
                let found = checked(&proof, &built.commitment(), candidate.as_bytes());
                assert_eq!(found, Ok(expected), "{candidate} in {names:?}");
            }
        }
    }
}

#[test]
fn the_two_ends_are_met() {
    let built = Built::of(&records(&["a", "b", "c"]), true);
    let ends: BTreeSet<(usize, u64)> = (0..200_u8)
        .map(|n| built.prove(&[n, n]))
        .filter(|proof| proof.leaves.len() == 1)
        .map(|proof| (1, proof.leaves[0].index))
        .collect();
    assert_eq!(ends, BTreeSet::from([(1, 0), (1, 2)]), "before the first, after the last");
}

#[test]
fn leaves_that_do_not_enclose_the_record_show_nothing() {
    for salted in [false, true] {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let built = Built::of(&records(&names), salted);
        let commitment = built.commitment();
        for candidate in names.iter().chain(&["x", "y", "z"]) {
            let honest = built.prove(candidate.as_bytes());
            for first in 0..names.len() {
                for shown in
                    [vec![first], vec![first, first + 1], vec![first, first + 2], vec![first + 1, first]]
                {
                    if shown.iter().any(|at| *at >= names.len()) {
                        continue;
                    }
                    let leaves: Vec<Leaf> = shown.iter().map(|at| built.shown(*at, true)).collect();
                    if leaves == honest.leaves {
                        continue;
                    }
                    let proof = Proof { claim: Claim::Absent, leaves, ..honest.clone() };
                    let found = checked(&proof, &commitment, candidate.as_bytes());
                    assert_eq!(found, Err(Refusal::Neighbours), "{candidate} at {shown:?}");
                }
            }
            let none = Proof { claim: Claim::Absent, leaves: Vec::new(), ..honest.clone() };
            assert_eq!(check(&none, &commitment, &sha256(candidate)), Err(Refusal::Neighbours));
        }
    }
}

#[test]
fn equal_personal_records_have_different_leaves() {
    let built = Built::of(&records(&["a", "a"]), true);
    assert_ne!(built.hash(0), built.hash(1));
    let open = Built::of(&records(&["a", "a"]), false);
    assert_eq!(open.hash(0), open.hash(1));
}

/// Whatever someone without the secret can compute of a record they hold is nowhere in a proof about another.
#[test]
fn nothing_that_follows_from_another_record_is_in_a_salted_proof() {
    let names: Vec<String> = (0..16).map(|n| format!("person {n}")).collect();
    let set: Vec<Vec<u8>> = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    let built = Built::of(&set, true);
    for candidate in ["someone", "person 3", "nobody"] {
        let text = built.prove(candidate.as_bytes()).to_json().to_string();
        for other in names.iter().filter(|name| *name != candidate) {
            let digest = sha256(other);
            let key = open_key(built.kind, &digest);
            for computed in
                [digest, key, merkle::leaf(&digest), merkle::leaf(&key), merkle::leaf(other.as_bytes())]
            {
                assert!(!text.contains(&multibase::encode_base64url(&computed)), "{other} in {candidate}");
            }
        }
    }
    // The same holder with another secret shows other keys for the same records.
    let others: BTreeSet<Key> = names
        .iter()
        .map(|name| key(Some(&Secret::from_bytes(&[8; 32])), built.kind, name.as_bytes()))
        .collect();
    assert!(built.leaves.iter().all(|(key, _)| !others.contains(key)));
}

#[test]
fn another_kind_of_record_is_another_record() {
    let built = Built::of(&records(&["a", "b"]), true);
    let mut proof = built.prove(b"x");
    proof.set.kind = Kind::File;
    assert_eq!(checked(&proof, &built.commitment(), b"x"), Err(Refusal::VrfProof));
    let built = Built::of(&records(&["a", "b"]), false);
    for record in [&b"a"[..], b"x"] {
        let mut proof = built.prove(record);
        proof.set.kind = Kind::File;
        assert!(checked(&proof, &built.commitment(), record).is_err());
    }
}

#[test]
fn the_rule_fits_into_a_passport_and_names_its_parts() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(kind.name()), Some(kind));
        for salted in [false, true] {
            let rule = kind.rule(salted);
            assert!(rule.len() < 1_000 && rule.contains(kind.name()) && rule.contains("ECVRF") == salted);
        }
    }
    assert_eq!(Kind::CsvRow.record(b"1,2\r\n"), b"1,2");
    assert_eq!(Kind::CsvRow.record(b"1,2\n\n"), b"1,2\n");
    assert_eq!(Kind::File.record(b"1,2\n"), b"1,2\n");
}

#[test]
fn forms_that_are_not_strict_are_refused() {
    let built = Built::of(&records(&["a", "b", "c"]), true);
    let proof = (0..=u8::MAX).map(|n| built.prove(&[n])).find(|proof| proof.leaves.len() == 2).unwrap();
    let text = proof.to_json().to_string();
    let change = |from: &str, to: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        Proof::parse(&changed).unwrap_err().to_string()
    };
    for (from, to) in [
        ("\"count\":3", "\"count\":-3"),
        ("\"count\":3", "\"count\":3.0"),
        ("\"count\":3", "\"count\":1"),
        ("\"count\":3", "\"count\":9007199254740992"),
        ("\"count\":3", "\"count\":\"3\""),
        ("\"absent\"", "\"present\""),
        ("\"absent\"", "\"\""),
        ("\"csv-row\"", "\"row\""),
        ("record-proof", "record"),
        ("\"path\"", "\"paths\""),
        ("\"vrfProof\"", "\"more\""),
        ("{\"proof\"", "{\"more\":1,\"proof\""),
        ("{\"proof\"", "[{\"proof\""),
        ("\"vrfKey\":\"u", "\"vrfKey\":\"z"),
        ("\"vrfKey\":\"u", "\"vrfKey\":\"uA"),
        ("\"salt\":\"u", "\"salt\":\"uAAAA"),
        ("\"key\":\"u", "\"key\":\""),
        ("\"index\":", "\"index\":3"),
    ] {
        change(from, to);
    }
    let hash = format!("\"{}\"", multibase::encode_base64url(&[0; 32]));
    let long = vec![hash.as_str(); MAX_PATH + 1].join(",");
    change("\"path\":[", &format!("\"path\":[{long},"));
    assert!(Proof::parse(&" ".repeat(MAX_PROOF_CHARS + 1)).is_err());
    for len in 0..text.len() {
        assert!(Proof::parse(&text[..len]).is_err(), "{len} bytes of a proof");
    }
}

#[test]
fn the_longest_proof_fits_the_limit() {
    let leaf = Leaf { index: 0, key: Some([1; 32]), salt: Some([2; 32]), path: vec![[3; 32]; MAX_PATH] };
    let secret = Secret::from_bytes(&[7; 32]);
    let count = (1 << 53) - 1;
    let set = Set { kind: Kind::CsvRow, count, vrf_key: Some(*secret.vrf_key()) };
    let vrf_proof = secret.prove(Kind::CsvRow, &[0; 32]);
    let proof = Proof { set, claim: Claim::Absent, vrf_proof, leaves: vec![leaf.clone(), leaf] };
    assert_eq!(Proof::parse(&proof.to_json().to_pretty()).unwrap(), proof);
}

fn any_records() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::collection::vec(0..4_u8, 0..3), 0..24)
}

/// One change anywhere in a proof.
fn changed(proof: &Proof, what: usize, bit: usize) -> Option<Proof> {
    let mut proof = proof.clone();
    let flip = |bytes: &mut [u8]| bytes[bit / 8 % bytes.len()] ^= 1 << (bit % 8);
    let leaf = bit % proof.leaves.len().max(1);
    match what {
        0 => proof.set.count = proof.set.count.checked_add(1)?,
        1 => proof.set.count = proof.set.count.checked_sub(1)?,
        2 => flip(proof.vrf_proof.as_mut()?),
        3 => flip(proof.leaves.get_mut(leaf)?.key.as_mut()?),
        4 => flip(proof.leaves.get_mut(leaf)?.salt.as_mut()?),
        5 => {
            let path = &mut proof.leaves.get_mut(leaf)?.path;
            let at = bit % path.len().max(1);
            flip(path.get_mut(at)?);
        }
        6 => _ = proof.leaves.get_mut(leaf)?.path.pop()?,
        7 => proof.leaves.get_mut(leaf)?.path.push([0; 32]),
        8 => proof.leaves.get_mut(leaf)?.index ^= 1 << (bit % 6),
        9 => proof.set.vrf_key = proof.set.vrf_key.map(|_| *Secret::from_bytes(&[8; 32]).vrf_key()),
        10 => proof.set.kind = Kind::File,
        11 => _ = proof.leaves.pop()?,
        _ => {
            let leaf = proof.leaves.first()?.clone();
            proof.leaves.push(leaf);
        }
    }
    Some(proof)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_record_in_is_proven_in_and_each_out_is_proven_out(
        records in any_records(),
        candidate in proptest::collection::vec(0..4_u8, 0..3),
        salted in any::<bool>(),
    ) {
        let built = Built::of(&records, salted);
        for record in records.iter().chain([&candidate]) {
            let expected = if records.contains(record) { Claim::Present } else { Claim::Absent };
            prop_assert_eq!(checked(&built.prove(record), &built.commitment(), record), Ok(expected));
        }
    }

    #[test]
    fn whatever_is_changed_is_refused(
        records in any_records(),
        record in proptest::collection::vec(0..4_u8, 0..3),
        other in proptest::collection::vec(0..4_u8, 0..3),
        salted in any::<bool>(),
        what in 0..13_usize,
        bit in 0..640_usize,
    ) {
        let built = Built::of(&records, salted);
        let (proof, commitment) = (built.prove(&record), built.commitment());
        if let Some(changed) = changed(&proof, what, bit).filter(|changed| *changed != proof) {
            prop_assert!(check(&changed, &commitment, &sha256(&record)).is_err(), "{} {:?}", what, changed);
        }
        let mut root = *commitment.as_bytes().first_chunk::<32>().unwrap();
        root[bit / 8 % 32] ^= 1 << (bit % 8);
        prop_assert!(check(&proof, &Digest::Sha256(root), &sha256(&record)).is_err());
        // Of open data, one pair of neighbours may enclose another record too, and says so rightly.
        if other != record && (salted || proof.claim == Claim::Present) {
            prop_assert!(check(&proof, &commitment, &sha256(&other)).is_err());
        }
        if let Ok(claim) = check(&proof, &commitment, &sha256(&other)) {
            prop_assert_eq!(claim == Claim::Present, records.contains(&other));
        }
        let flipped = if proof.claim == Claim::Present { Claim::Absent } else { Claim::Present };
        let lie = Proof { claim: flipped, ..proof };
        prop_assert!(check(&lie, &commitment, &sha256(&record)).is_err());
    }

    #[test]
    fn no_text_makes_it_panic(text in "[ -~]{0,200}") {
        let _ = Proof::parse(&text);
    }
}
