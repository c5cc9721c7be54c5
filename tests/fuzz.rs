//! The fuzz targets on a stable compiler: every case and thousands of mutations of them through each target. Which
//! mutations is decided by the numbers below, so that a failure comes again.
//!
//! The targets themselves, and cargo-fuzz for hours instead of seconds, are in `fuzz/`.

#[path = "fuzz/targets.rs"]
mod targets;

use std::panic;

use model_passport::json::{self, Json};
use model_passport_tests::stored_cases;
use targets::TARGETS;

/// Mutations of each seed for each target; `FUZZ_ROUNDS` asks for more.
const ROUNDS: usize = 2;
/// A longer seed is for the cases themselves, which run elsewhere.
const MAX_SEED: usize = 16 << 10;

/// Numbers that look random and are always the same.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        // xorshift64*, https://doi.org/10.18637/jss.v008.i14
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 11).unwrap_or_default() % end.max(1)
    }

    /// One to four small changes: a bit, a byte, a piece less, a piece twice, a piece of another seed.
    fn mutate(&mut self, seed: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(24)).min(bytes.len());
            match self.below(6) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[at] = b"\"\\{}[]:,0-9.eE@_zu\0\xff"[self.below(20)],
                2 => _ = bytes.drain(at.min(end)..end),
                3 => {
                    let piece = bytes[at.min(end)..end].to_vec();
                    bytes.splice(at.min(end)..at.min(end), piece);
                }
                4 => {
                    let from = self.below(other.len());
                    let piece = &other[from..(from + self.below(64)).min(other.len())];
                    bytes.splice(at.min(end)..end, piece.iter().copied());
                }
                _ => bytes.truncate(at.max(1)),
            }
        }
        bytes
    }
}

/// The inputs of the cases, the texts inside them that have a reader of their own, and a little that no case has.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = vec![
        b"<urn:a> <urn:b> _:c .\n_:c <urn:d> \"e\\u00e9\"@de <urn:g> .\n".to_vec(),
        b"_:a <urn:p> _:b .\n_:b <urn:p> _:a .\n".to_vec(),
        b"did:web:lab.example%3A8443:path#key-1".to_vec(),
        b"[1e21,-0,1.5,\"\\ud83d\\ude00\",{\"a\":[]}]".to_vec(),
    ];
    for case in stored_cases() {
        if let Ok(input) = json::parse(&case.input) {
            collect(&input, &mut seeds);
        }
        seeds.push(case.input.into_bytes());
    }
    seeds.retain(|seed| seed.len() <= MAX_SEED);
    seeds.sort();
    seeds.dedup();
    seeds
}

/// Values with a form of their own: multibase, as text and as bytes; DIDs; compact signatures.
fn collect(json: &Json, seeds: &mut Vec<Vec<u8>>) {
    match json {
        Json::String(text) => {
            if text.starts_with("did:") || text.starts_with("eyJ") {
                seeds.push(text.clone().into_bytes());
            } else if text.len() > 40
                && let Ok(bytes) = model_passport::multibase::decode(text)
            {
                seeds.push(text.clone().into_bytes());
                seeds.push(bytes);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| collect(item, seeds)),
        Json::Object(members) => members.iter().for_each(|(_, value)| collect(value, seeds)),
        _ => {}
    }
}

#[test]
fn no_target_panics() {
    let seeds = seeds();
    assert!(seeds.len() > 300, "only {} seeds", seeds.len());
    let rounds = std::env::var("FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    let only = std::env::var("FUZZ_TARGET").ok();
    let mut chance = Chance(0x6d6f_6465_6c70_6173);
    for (name, target) in TARGETS.iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)) {
        let run = |data: &[u8]| {
            let done = panic::catch_unwind(|| target(data));
            assert!(done.is_ok(), "{name} panics at {:?}", String::from_utf8_lossy(data));
        };
        for seed in &seeds {
            run(seed);
            for _ in 0..rounds {
                let other = &seeds[chance.below(seeds.len())];
                run(&chance.mutate(seed, other));
            }
        }
    }
}

/// Writes the seeds to `tests/fuzz/corpus/TARGET`, where cargo-fuzz looks for them.
#[test]
#[ignore = "writes files: run it before cargo-fuzz"]
fn write_seeds() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, _) in TARGETS {
        let folder = root.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (at, seed) in seeds().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{at}")), seed).unwrap();
        }
    }
}
