//! The native side of `verify.mjs`: medians for the passport in the file that is named, as one line of JSON.
//!
//! `bench-native PASSPORT [ROUNDS]`; `bench-native PASSPORT make` prints the same passport secured in the other
//! ways, for the other side to measure.

#[path = "../benches/stages.rs"]
mod stages;

use std::time::Instant;

use model_passport::evidence::{Policy, Profile};
use model_passport::key::KeySigner;
use model_passport::{Verdict, verify};
use stages::{OtherWays, Subject};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds before any are counted: caches are warm and the clock is up.
const WARM_UP: usize = 300;
const ROUNDS: usize = 2000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("usage: bench-native PASSPORT [ROUNDS]");
    let subject = Subject::new(&std::fs::read_to_string(path).expect("a passport"));
    let other = OtherWays::new(&subject);
    let rounds = match arguments.next() {
        Some(make) if make == "make" => {
            let base = other.base.to_string();
            let made = serde_json::json!({ "base": base, "part": other.part, "jws": other.jws, "pointers": OtherWays::POINTERS });
            println!("{made}");
            return;
        }
        rounds => rounds.map_or(ROUNDS, |rounds| rounds.parse().expect("a number of rounds")),
    };
    assert_ne!(
        subject.verify_fast().verdict,
        Verdict::NotVerified,
        "only a valid passport is worth measuring"
    );
    // A part is no whole passport, so only its proof is asked for, as of the reference.
    let proof_only = Policy { profile: Profile::ProofOnly, ..Policy::default() };
    assert_ne!(subject.check(&other.part, &proof_only).verdict, Verdict::NotVerified);
    assert_ne!(subject.check(&other.jws, &subject.policy).verdict, Verdict::NotVerified);
    let (fast, portable) = (Subject::fast_signer(), KeySigner::did_key(Subject::key()));

    let medians = serde_json::json!({
        "verifyUs": median(rounds, || subject.verify_fast()),
        "verifyPortableUs": median(rounds, || verify(&subject.text, &subject.evidence, &subject.policy, subject.now)),
        "verifyLimitUs": median(rounds, || subject.limit()),
        "deriveUs": median(rounds, || OtherWays::derive(&other.base, &subject)),
        "verifyPartUs": median(rounds, || subject.check(&other.part, &proof_only)),
        "verifyJwsUs": median(rounds, || subject.check(&other.jws, &subject.policy)),
        "issueUs": median(rounds, || subject.sign(&fast)),
        "issuePortableUs": median(rounds, || subject.sign(&portable)),
        "issueLimitUs": median(rounds, || subject.sign_limit()),
        "bytes": subject.text.len(),
        "statements": subject.quads.lines().count(),
    });
    println!("{medians}");
}

/// The median time of a piece of work, in microseconds.
fn median<T>(rounds: usize, mut work: impl FnMut() -> T) -> f64 {
    for _ in 0..WARM_UP {
        std::hint::black_box(work());
    }
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let begun = Instant::now();
            std::hint::black_box(work());
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2] * 10.0).round() / 10.0
}
