//! The native side of `verify.mjs`: medians for the passport in the file that is named, as one line of JSON.
//!
//! `bench-native PASSPORT [ROUNDS]`

#[path = "../benches/stages.rs"]
mod stages;

use std::time::Instant;

use model_passport::key::KeySigner;
use model_passport::{Verdict, verify};
use stages::Subject;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds before any are counted: caches are warm and the clock is up.
const WARM_UP: usize = 300;
const ROUNDS: usize = 2000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("usage: bench-native PASSPORT [ROUNDS]");
    let rounds = arguments.next().map_or(ROUNDS, |rounds| rounds.parse().expect("a number of rounds"));
    let subject = Subject::new(&std::fs::read_to_string(path).expect("a passport"));
    assert_ne!(
        subject.verify_fast().verdict,
        Verdict::NotVerified,
        "only a valid passport is worth measuring"
    );
    let (fast, portable) = (Subject::fast_signer(), KeySigner::did_key(Subject::key()));

    let medians = serde_json::json!({
        "verifyUs": median(rounds, || subject.verify_fast()),
        "verifyPortableUs": median(rounds, || verify(&subject.text, &subject.evidence, &subject.policy, subject.now)),
        "verifyLimitUs": median(rounds, || subject.limit()),
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
