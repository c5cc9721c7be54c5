//! Where the time of a passport goes, from its text to the verdict, beside what no implementation can go below.
//!
//! `cargo bench -p model-passport-tests`; two numbers compare only within one run on a quiet machine.

mod stages;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use model_passport::canon::rdfc::HashAlgorithm;
use model_passport::key::KeySigner;
use model_passport::limits::Budget;
use model_passport::passport::Credential;
use model_passport::{json, jsonld, profile, verify};
use stages::Subject;

fn stages(criterion: &mut Criterion) {
    let subject = Subject::of_the_bundle();
    println!("{} bytes, {} statements", subject.text.len(), subject.quads.lines().count());
    let mut group = criterion.benchmark_group("stage");
    group.bench_function("parse", |b| b.iter(|| json::parse(black_box(&subject.text))));
    group.bench_function("to_rdf", |b| {
        b.iter(|| jsonld::to_rdf(black_box(&subject.unsigned), subject.contexts))
    });
    group.bench_function("canonize", |b| {
        b.iter(|| {
            jsonld::canonize(
                black_box(&subject.unsigned),
                subject.contexts,
                HashAlgorithm::Sha256,
                &mut Budget::default(),
            )
        });
    });
    let signed = json::parse(&subject.text).expect("JSON");
    let credential = Credential::new(signed.clone()).expect("a credential");
    group.bench_function("profile", |b| b.iter(|| profile::findings(black_box(&credential), &signed)));
    group.finish();
}

fn whole(criterion: &mut Criterion) {
    let subject = Subject::of_the_bundle();
    let mut group = criterion.benchmark_group("verify");
    group.bench_function("portable", |b| {
        b.iter(|| verify(black_box(&subject.text), &subject.evidence, &subject.policy, subject.now));
    });
    group.bench_function("fast", |b| b.iter(|| subject.verify_fast()));
    group.bench_function("limit", |b| b.iter(|| subject.limit()));
    group.finish();

    let mut group = criterion.benchmark_group("issue");
    let portable = KeySigner::did_key(Subject::key());
    group.bench_function("portable", |b| b.iter(|| subject.sign(&portable)));
    let fast = Subject::fast_signer();
    group.bench_function("fast", |b| b.iter(|| subject.sign(&fast)));
    group.bench_function("limit", |b| b.iter(|| subject.sign_limit()));
    group.finish();
}

criterion_group!(benches, stages, whole);
criterion_main!(benches);
