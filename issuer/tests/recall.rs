//! Passports that are recalled, and lists that say so.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use std::collections::BTreeSet;

use common::Place;
use model_passport::json::{self, Json};

const URL: &str = "https://lab.example/status/1";
const ISSUE: &str = "issue train.csv --kind dataset --claims dataset.toml --key lab";

/// A place with a list for both purposes, and a passport with entries in it.
fn place() -> Place {
    let place = Place::with_keys();
    place
        .run(&format!(
            "status new --url {URL} --purpose revocation --purpose suspension --key lab -o status.json"
        ))
        .succeeds();
    place.run(&format!("{ISSUE} --status status.json -o dataset.passport.json")).succeeds();
    place
}

fn verify(place: &Place) -> common::Done {
    place.run("verify dataset.passport.json --with status.json --json")
}

fn indexes(passport: &str) -> Vec<String> {
    let passport = json::parse(passport).unwrap();
    let entries = passport.get("credentialStatus").unwrap().one_or_many();
    entries
        .iter()
        .map(|entry| entry.get("statusListIndex").and_then(Json::as_str).unwrap().to_owned())
        .collect()
}

#[test]
fn a_passport_is_suspended_restored_and_revoked() {
    let place = place();
    verify(&place).reports(0, "verified", "ok");
    place.run("verify dataset.passport.json --json").reports(2, "could-not-check", "status.list-missing");
    let clear = place.read("status.json");

    let told = place.run("suspend dataset.passport.json").succeeds().stderr;
    assert!(told.contains(URL), "{told}");
    verify(&place).reports(1, "not-verified", "status.suspended");
    let suspended = place.read("status.json");
    place.run("restore dataset.passport.json").succeeds();
    verify(&place).reports(0, "verified", "ok");
    // An older list is no match for a newer one, from whichever side it comes.
    place.write("old.json", &suspended);
    place
        .run("verify dataset.passport.json --with old.json --with status.json --json")
        .reports(0, "verified", "ok");

    let passport = json::parse(&place.read("dataset.passport.json")).unwrap();
    let id = passport.get("id").and_then(Json::as_str).unwrap();
    place.run(&format!("revoke {id}")).succeeds();
    verify(&place).reports(1, "not-verified", "status.revoked");
    place.write("old.json", &clear);
    place.run("verify dataset.passport.json --with status.json --with old.json --json").reports(
        1,
        "not-verified",
        "status.revoked",
    );
    place.run("restore dataset.passport.json").fails(64, "recall.final");
    verify(&place).reports(1, "not-verified", "status.revoked");
    // Every signed list is kept: new, suspended, restored, revoked.
    let kept = std::fs::read_dir(place.path("keys/status")).unwrap().next().unwrap().unwrap().path();
    let names: BTreeSet<String> = std::fs::read_dir(kept)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("2026-")).count(), 4, "{names:?}");
}

#[test]
fn a_list_goes_stale_and_is_renewed() {
    let place = place();
    let at = |time: &str| {
        place.run(&format!("verify dataset.passport.json --with status.json --json --at {time}"))
    };
    at("2026-11-22T09:59:00Z").reports(0, "verified", "ok");
    at("2026-11-22T10:06:00Z").reports(2, "could-not-check", "status.list-stale");
    at("2026-11-29T10:00:00Z").reports(2, "could-not-check", "status.list-expired");
    place.run(&format!("status renew {URL} --at 2026-11-29T09:00:00Z")).succeeds();
    at("2026-11-29T10:00:00Z").reports(0, "verified", "ok");
    place.run("status renew status.json --at 2026-11-28T09:00:00Z").fails(64, "recall.clock");
    // What is issued under a list that has run out could not be verified by anyone.
    place
        .run(&format!("{ISSUE} --status status.json -o late.json --at 2026-12-24T10:00:00Z"))
        .fails(1, "issue.self-check");
    assert!(!place.path("late.json").exists());
    let listed = place.run("status list").succeeds().stdout;
    assert!(listed.contains("4 of 131072 entries given away, 0 set"), "{listed}");
}

#[test]
fn a_bundle_holds_its_lists() {
    let place = place();
    place.run("bundle dataset.passport.json status.json -o all.json").succeeds();
    place.run("verify all.json --json").reports(0, "verified", "ok");
    place.run("revoke dataset.passport.json").succeeds();
    place.run("verify all.json --with status.json --json").reports(1, "not-verified", "status.revoked");
    // A recall is carried on, and told.
    let done = place.run("bundle dataset.passport.json status.json -o revoked.json");
    assert!(done.status == 1 && done.stderr.contains("status.revoked"), "{}", done.stderr);
    place.run("verify revoked.json --with status.json --json").reports(1, "not-verified", "status.revoked");
}

#[test]
fn messages_have_words() {
    let place = Place::with_keys();
    let messages =
        ["in-use", "under-review", "outdated", "unsupported"].map(|word| format!("--message {word}"));
    place
        .run(&format!(
            "status new --url {URL} --purpose message {} --reference https://lab.example/words --key lab -o words.json",
            messages.join(" ")
        ))
        .succeeds();
    place.run("status new --url https://lab.example/status/2 --key lab -o recalls.json").succeeds();
    place
        .run(&format!("{ISSUE} --status words.json --status recalls.json -o dataset.passport.json"))
        .succeeds();
    let verify = || place.run("verify dataset.passport.json --with words.json --with recalls.json --json");
    verify().reports(0, "verified", "ok");
    place.run("status message dataset.passport.json outdated").succeeds();
    let report = verify().reports(0, "verified-with-warnings", "status.message").stdout;
    assert!(report.contains("outdated") && report.contains("https://lab.example/words"), "{report}");
    place.run("status message dataset.passport.json gone").fails(64, "recall.messages");
    place.run("suspend dataset.passport.json").fails(64, "recall.no-entry");
}

#[test]
fn entries_are_random_and_never_shared() {
    let place = place();
    let mut seen = BTreeSet::new();
    for n in 0..4 {
        let output = format!("{n}.json");
        place.run(&format!("{ISSUE} --status {URL} -o {output}")).succeeds();
        for index in indexes(&place.read(&output)) {
            assert!(seen.insert(index), "an entry of two passports");
        }
    }
    // A credential that is not signed costs no entry; one that is not written does.
    place.run("issue train.csv --kind dataset --key lab --status status.json").fails(3, "issue.claims");
    let listed = place.run("status list").succeeds().stdout;
    assert!(listed.contains("10 of 131072 entries given away"), "{listed}");
}

#[test]
fn runs_at_the_same_time_wait_for_each_other() {
    let place = place();
    let commands: Vec<_> = (0..4)
        .map(|n| place.command(&format!("{ISSUE} --status status.json -o {n}.json")))
        .chain([place.command("suspend dataset.passport.json"), place.command("status renew status.json")])
        .map(|mut command| command.stderr(std::process::Stdio::null()).spawn().unwrap())
        .collect();
    for mut child in commands {
        assert!(child.wait().unwrap().success());
    }
    let all: BTreeSet<String> = (0..4).flat_map(|n| indexes(&place.read(&format!("{n}.json")))).collect();
    assert_eq!(all.len(), 8);
    verify(&place).reports(1, "not-verified", "status.suspended");
    place.run("verify 0.json --with status.json --json").reports(0, "verified", "ok");
}

#[test]
fn what_cannot_be_is_refused_and_leaves_nothing() {
    let place = Place::with_keys();
    let new = |arguments: &str| place.run(&format!("status new --key lab {arguments}"));
    new("--url http://lab.example/1 -o s.json").fails(64, "recall.url");
    new(&format!("--url {URL} --entries 1000 -o s.json")).fails(64, "recall.entries");
    new(&format!("--url {URL} --purpose message --message a --message b --message c -o s.json"))
        .fails(64, "recall.messages");
    new(&format!("--url {URL} -o -")).fails(64, "recall.output");
    new(&format!("--url {URL} -o nowhere/s.json")).fails(64, "output.no-directory");
    // What failed was not published, so its address is still free.
    new(&format!("--url {URL} -o s.json")).succeeds();
    new(&format!("--url {URL} -o t.json")).fails(64, "recall.exists");
    place.run(&format!("{ISSUE} --status other.json -o d.json")).fails(64, "recall.unknown-list");
    place.run("revoke urn:uuid:0").fails(64, "recall.no-entry");
    assert!(!place.path("d.json").exists() && !place.path("t.json").exists());
    place.write("keys/status/broken", "");
    let record =
        std::fs::read_dir(place.path("keys/status")).unwrap().map(|e| e.unwrap().path().join("record.json"));
    std::fs::write(record.into_iter().find(|path| path.exists()).unwrap(), "{}").unwrap();
    place.run("status list").fails(64, "recall.malformed");
}

#[test]
fn an_institutions_list_is_verified_with_its_document() {
    let place = Place::new();
    let document = place.run("key new radiology --did did:web:hospital.example:ai").succeeds().stdout;
    place.write("did.json", document);
    place.run("status new --url https://hospital.example/status/1 --key radiology -o status.json").succeeds();
    let issue = "issue train.csv --kind dataset --claims dataset.toml --key radiology --status status.json";
    place.run(&format!("{issue} -o dataset.passport.json")).succeeds();
    let verify = "verify dataset.passport.json --with status.json --json";
    place.run(verify).reports(2, "could-not-check", "did.document-needed");
    place.run(&format!("{verify} --with did.json")).reports(0, "verified", "ok");
    place.run("revoke dataset.passport.json").succeeds();
    place.run(&format!("{verify} --with did.json")).reports(1, "not-verified", "status.revoked");
}
