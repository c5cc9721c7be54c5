//! From nothing to a verdict, with the real binary and real input.

mod common;

use common::{Done, Place};
use model_passport::json::{self, Json};

#[test]
fn three_passports_and_a_bundle_are_made_and_verified() {
    let place = Place::with_passports();
    let issued = place.run("issue train.csv --kind dataset --claims dataset.toml --key lab");
    let second_opinion =
        if cfg!(feature = "second-opinion") { "agrees (ecdsa-rdfc-2019)" } else { "built without it" };
    assert!(issued.succeeds().stderr.contains(second_opinion));

    place.run("bundle evaluation.json model.passport.json dataset.passport.json -o all.json").succeeds();
    // The evaluation's test split has no passport: that is said, and is not a failure.
    let verified = place.run("verify all.json --artifact model --artifact train.csv --json");
    verified.reports(0, "verified-with-warnings", "lineage.declared");
    place.run("verify all.json --strict --json").reports(1, "verified-with-warnings", "lineage.declared");
    place.run("verify model.passport.json --with dataset.passport.json --json").reports(0, "verified", "ok");
    place.run("verify model.passport.json --with all.json --json").reports(0, "verified", "ok");
    place.run("verify model.passport.json --json").reports(2, "could-not-check", "lineage.missing");
}

#[test]
fn what_was_changed_is_named() {
    let place = Place::with_passports();
    place.run("bundle evaluation.json model.passport.json dataset.passport.json -o all.json").succeeds();
    let bundle = place.read("all.json");
    for (from, to, code) in [
        ("0.9927", "0.9928", "proof.signature-invalid"),
        ("\"rowCount\": 398", "\"rowCount\": 397", "proof.signature-invalid"),
        ("research", "released", "proof.signature-invalid"),
    ] {
        assert!(bundle.contains(from), "{from}");
        place.write("changed.json", bundle.replacen(from, to, 1));
        place.run("verify changed.json --json").reports(1, "not-verified", code);
        let shown = place.run("show changed.json");
        assert_eq!(shown.status, 1);
        assert!(shown.stdout.starts_with("Not verified") && !shown.stdout.contains(to), "{}", shown.stdout);
    }
    let mut model = std::fs::read(place.path("model/model.onnx")).unwrap();
    model[1000] ^= 1;
    place.write("model/model.onnx", model);
    place.run("verify all.json --artifact model --json").reports(1, "not-verified", "artifacts.mismatch");
}

#[test]
fn a_passport_can_be_a_jws() {
    let place = Place::with_keys();
    let issue = "issue train.csv --kind dataset --claims dataset.toml";
    for key in ["lab", "office"] {
        let issued = place.run(&format!("{issue} --key {key} --proof vc+jwt -o {key}.jwt"));
        let second_opinion =
            if cfg!(feature = "second-opinion") { "agrees (vc+jwt)" } else { "built without it" };
        assert!(issued.succeeds().stderr.contains(second_opinion));
        place.run(&format!("verify {key}.jwt --json")).reports(0, "verified", "ok");
        place.run(&format!("bundle {key}.jwt -o {key}.bundle.json")).succeeds();
        place.run(&format!("verify {key}.bundle.json --json")).reports(0, "verified", "ok");
        let changed = place.read(&format!("{key}.jwt")).replacen(".ey", ".eY", 1);
        place.write("changed.jwt", changed);
        assert_ne!(place.run("verify changed.jwt --json").status, 0);
    }
    let mixed = place.run(&format!("{issue} --key lab --proof vc+jwt --proof ecdsa-jcs-2019"));
    assert_eq!(mixed.status, 64);
}

#[test]
fn standard_streams_are_files_too() {
    let place = Place::with_passports();
    let mut command = place.command("verify - --with dataset.passport.json --json");
    command.stdin(std::fs::File::open(place.path("model.passport.json")).unwrap());
    Done::of(command.output().unwrap()).reports(0, "verified", "ok");

    let draft = place.run("capture model").succeeds();
    place.write("draft.json", &draft.stdout);
    place.run("issue draft.json --claims model.toml --key lab -o again.json").succeeds();
    let mut command = place.command("issue - --claims model.toml --key lab");
    command.stdin(std::fs::File::open(place.path("draft.json")).unwrap());
    let issued = Done::of(command.output().unwrap()).succeeds();
    assert!(issued.stdout.starts_with('{'));
}

#[test]
fn a_draft_is_the_same_each_time() {
    let place = Place::new();
    let first = place.run("capture model").succeeds().stdout;
    assert_eq!(place.run("capture model").succeeds().stdout, first);
    assert!(first.contains("\"missing\""));
}

#[test]
fn every_suite_signs_verifies_and_has_a_second_opinion() {
    let place = Place::with_keys();
    place.run("key new strong --alg p384").succeeds();
    for (key, suites) in [
        ("lab", ["ecdsa-rdfc-2019", "ecdsa-jcs-2019"]),
        ("strong", ["ecdsa-rdfc-2019", "ecdsa-jcs-2019"]),
        ("office", ["eddsa-rdfc-2022", "eddsa-jcs-2022"]),
    ] {
        let proofs = suites.map(|suite| format!("--proof {suite}")).join(" ");
        let output = format!("{key}.json");
        let issued = place.run(&format!(
            "issue train.csv --kind dataset --claims dataset.toml --key {key} {proofs} -o {output}"
        ));
        let issued = issued.succeeds();
        if cfg!(feature = "second-opinion") {
            let opinions = suites.map(|suite| format!("agrees ({suite})")).join("; ");
            assert!(issued.stderr.contains(&opinions), "{}", issued.stderr);
        }
        let credential = json::parse(&place.read(&output)).unwrap();
        assert_eq!(credential.get("proof").and_then(Json::as_array).map(<[Json]>::len), Some(2));
        place.run(&format!("verify {output} --json")).reports(0, "verified", "ok");
    }
}

#[test]
fn an_institution_signs_under_its_domain() {
    let place = Place::new();
    let made = place.run("key new radiology --did did:web:hospital.example:ai").succeeds();
    assert!(made.stderr.contains("https://hospital.example/ai/did.json"));
    place.write("did.json", &made.stdout);
    assert_eq!(place.run("key show radiology --did-document").succeeds().stdout, made.stdout);

    place
        .run("issue train.csv --kind dataset --claims dataset.toml --key radiology -o dataset.passport.json")
        .succeeds();
    let open = place.run("verify dataset.passport.json");
    assert_eq!(open.status, 2);
    assert!(open.stdout.contains("https://hospital.example/ai/did.json"), "{}", open.stdout);
    place.run("verify dataset.passport.json --with did.json --json").reports(0, "verified", "ok");
    place.run("bundle dataset.passport.json did.json -o all.json").succeeds();
    // Anybody can put a DID document into a bundle: it counts when the verifier has it from elsewhere.
    place.run("verify all.json --json").reports(2, "could-not-check", "did.document-from-input");
    place.run("verify all.json --with did.json --json").reports(0, "verified", "ok");
    assert_eq!(place.read("all.json").matches("\"retrieved\"").count(), 1);
}

#[test]
fn a_parent_that_does_not_hold_is_not_built_on() {
    let place = Place::with_passports();
    let parent = place.read("dataset.passport.json");
    place.write("dataset.passport.json", parent.replacen("Example Lab", "Another Lab", 1));
    place.run("issue model --claims model.toml --key lab -o new.json").fails(1, "parent.not-verified");
    assert!(!place.path("new.json").exists());
    place
        .run("attest evaluation evaluation.toml --subject dataset.passport.json --key office")
        .fails(1, "parent.not-verified");
    place.write("dataset.passport.json", parent);
    place
        .run("attest evaluation evaluation.toml --subject dataset.passport.json --key office")
        .fails(64, "attest.wrong-subject");
}

#[test]
fn the_verdict_follows_the_time() {
    let place = Place::with_keys();
    let issue = "issue train.csv --kind dataset --claims dataset.toml --key lab -o dataset.passport.json";
    place.run(&format!("{issue} --valid-until 2027-01-01T00:00:00Z")).succeeds();
    let at = |time: &str| place.run(&format!("verify dataset.passport.json --json --at {time}"));
    at("2026-12-31T23:59:59Z").reports(0, "verified", "ok");
    at("2027-01-02T00:00:00Z").reports(1, "not-verified", "validity.expired");
    at("2026-11-20T10:00:00Z").reports(1, "not-verified", "proof.created-in-future");
}

#[test]
fn a_secret_is_never_signed() {
    let place = Place::with_keys();
    let secret = concat!("gh", "p_4Kd8sLq2Zx7Vb1Nm6Tr9Yw3Pc5Hj0Gf8Aa2B");
    let model = place.read("model.toml");
    let hyperparameters = "[training.hyperparameters]\n";
    assert!(model.contains(hyperparameters));
    place.write(
        "leak.toml",
        model.replacen(hyperparameters, &format!("{hyperparameters}origin = \"{secret}\"\n"), 1),
    );
    place
        .run("issue train.csv --kind dataset --claims dataset.toml --key lab -o dataset.passport.json")
        .succeeds();
    let issue = "issue model --claims leak.toml --key lab -o model.passport.json";
    let before = place.names();
    let stopped = place.run(issue).fails(3, "issue.secret");
    let pointer = "/credentialSubject/training/hyperparameters/origin";
    assert!(stopped.stderr.contains(&format!("{pointer}  GitHub token `gh…`")), "{}", stopped.stderr);
    assert!(!stopped.stderr.contains(&secret[..8]) && place.names() == before);
    let other = "--allow-secret /credentialSubject/name";
    place.run(&format!("{issue} {other}")).fails(3, "issue.secret");
    let clean = issue.replace("leak.toml", "model.toml");
    place.run(&format!("{clean} {other}")).fails(64, "issue.secret-allowance");
    place.run(&format!("{issue} --allow-secret {pointer}")).succeeds();
}
