//! What a lineage costs: layers of data sets, each derived from two of the layer below.
//!
//! `bench-lineage COUNT [FOLDER]` prints one line of JSON: milliseconds on one core, and the peak memory of the
//! process with and without the verification. With FOLDER it also writes `COUNT.input.json` and
//! `COUNT.evidence.json`, for `lineage.mjs` to measure in WebAssembly.

use std::time::Instant;

use model_passport::evidence::Evidence;
use model_passport::json::Json;
use model_passport::jsonld::ContextLoader;
use model_passport::key::Algorithm;
use model_passport::policy::Policy;
use model_passport::proof::{Cryptosuite, ProofOptions, add_proof};
use model_passport::{Report, Verdict, Verification};
use model_passport_issuer::crypto::{FastSigner, answers};
use model_passport_tests::issue::{NOW, Party, SIGNED, bundle, link, read, remove, set, signing_key, time};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Most layers; the walk goes 256 deep.
const MAX_LAYERS: usize = 100;
const ROUNDS: usize = 5;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let count: usize =
        arguments.next().and_then(|count| count.parse().ok()).expect("a number of credentials");
    let (input, evidence) = make(count);
    if let Some(folder) = arguments.next() {
        let path = |name| format!("{folder}/{count}.{name}.json");
        std::fs::write(path("input"), &input).expect("input");
        std::fs::write(path("evidence"), serde_json::to_string(&evidence).expect("JSON")).expect("evidence");
    }
    let bytes = input.len() + evidence.credentials.iter().map(String::len).sum::<usize>();
    let before = peak_kib();
    let mut millis: Vec<f64> = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let report = check(&input, &evidence);
        millis.push(begun.elapsed().as_secs_f64() * 1e3);
        assert_eq!(report.verdict, Verdict::Verified, "{:?}", report.code);
        assert_eq!(report.nodes.len(), count);
    }
    millis.sort_by(f64::total_cmp);
    let median = millis[millis.len() / 2];
    println!(
        "{}",
        serde_json::json!({ "credentials": count, "bytes": bytes, "ms": (median * 10.0).round() / 10.0,
            "usEach": (median * 1e3 / count as f64).round(), "peakMiB": peak_kib() / 1024, "inputMiB": before / 1024 })
    );
}

/// The whole check, with the signatures on one core too.
fn check(input: &str, evidence: &Evidence) -> Report {
    let begun = Verification::begin(input, evidence, &Policy::default(), time(NOW));
    let answers = answers(begun.signatures());
    begun.finish(&answers)
}

fn make(count: usize) -> (String, Evidence) {
    let key = signing_key(Algorithm::P256, 1);
    let party = Party::by_key(Algorithm::P256, 1);
    let signer = FastSigner::new(&key, model_passport::key::Signer::verification_method(&party.signer))
        .expect("a signer");
    let mut template = read(include_str!("../fixtures/examples/dataset-passport.json"));
    remove(&mut template, "/credentialSubject/wasDerivedFrom");
    set(&mut template, "/issuer", party.did.as_str());
    let old = template.get("id").and_then(Json::as_str).expect("an id").to_owned();
    let template = template.to_string();
    let layers = MAX_LAYERS.min(count.div_ceil(2));
    let mut made: Vec<Vec<Json>> = Vec::new();
    for layer in 0..layers {
        // The last layers take what does not divide.
        let width = (count * (layer + 1)) / layers - (count * layer) / layers;
        let below = made.last().map(Vec::as_slice).unwrap_or_default();
        let one = |at: usize| {
            let id = format!("urn:uuid:00000000-0000-4000-8000-{:012x}", layer * count + at);
            let mut credential = read(&template.replace(&old, &id));
            let mut parents: Vec<Json> = Vec::new();
            for place in [at, at + 1] {
                if let Some(parent) = below.get(place % below.len().max(1)) {
                    let parent = link(parent);
                    if !parents.contains(&parent) {
                        parents.push(parent);
                    }
                }
            }
            if !parents.is_empty() {
                set(&mut credential, "/credentialSubject/wasDerivedFrom", parents);
            }
            let options = ProofOptions::new(Cryptosuite::EcdsaRdfc2019).created(time(SIGNED));
            add_proof(&credential, &options, &signer, ContextLoader::embedded()).expect("a proof")
        };
        let made_here: Vec<Json> = (0..width).map(one).collect();
        made.push(made_here);
    }
    let top = made.pop().unwrap_or_default();
    let input = bundle(&top.iter().collect::<Vec<_>>(), &[]).to_string();
    let credentials = made.iter().flatten().map(Json::to_string).collect();
    (input, Evidence { credentials, ..Evidence::default() })
}

/// The most memory that this process had, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}
