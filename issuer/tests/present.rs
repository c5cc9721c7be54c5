//! Presentations: who shows which passports to whom, and on which occasion.

mod common;

use common::Place;

const ASKED: &str = r#"{"challenge":"b1c6a5e0","domain":["registry.example"],"profile":"passport"}"#;
const FOR: &str = "--challenge b1c6a5e0 --domain registry.example";

#[test]
fn a_presentation_holds_for_its_occasion_and_no_other() {
    let place = Place::with_passports();
    place.write("asked.json", ASKED);
    place.write("another.json", ASKED.replace("b1c6a5e0", "c2d7b6f1"));
    let files = "model.passport.json dataset.passport.json";
    for (key, proof) in
        [("office", ""), ("lab", ""), ("office", "--proof eddsa-jcs-2022"), ("lab", "--proof vp+jwt")]
    {
        let done = place.run(&format!("present {files} --key {key} {FOR} {proof} -o shown.vp --force"));
        assert!(done.succeeds().stderr.starts_with("presented: by did:key:"));
        place.run("verify shown.vp --policy asked.json --json").reports(0, "verified", "ok");
        place.run("verify shown.vp --policy another.json --json").reports(
            1,
            "not-verified",
            "presentation.challenge",
        );
    }
}

#[test]
fn a_bundle_is_presented_with_what_its_verification_needs() {
    let place = Place::with_passports();
    place.run("bundle model.passport.json dataset.passport.json -o all.json").succeeds();
    let done = place.run("present all.json --key office");
    assert!(done.stderr.contains("without a challenge"), "{}", done.stderr);
    place.write("shown.json", &done.succeeds().stdout);
    place.run("verify shown.json --json").reports(0, "verified", "ok");
}

#[test]
fn what_does_not_hold_is_not_presented() {
    let place = Place::with_passports();
    let text = place.read("model.passport.json");
    place.write("changed.json", text.replace("Adults", "Children"));
    assert_ne!(text, place.read("changed.json"));
    place.run("present changed.json --key office -o shown.json").fails(1, "present.not-verified");
    // A base proof gives away what a holder wants to leave out.
    place.run("issue model --claims model.toml --key lab --proof ecdsa-sd-2023 -o base.json").succeeds();
    place.run("present base.json --key office -o shown.json").fails(1, "present.not-verified");
    for suite in ["ecdsa-sd-2023", "vc+jwt"] {
        place
            .run(&format!("present model.passport.json --key lab --proof {suite} -o shown.json"))
            .fails(64, "present.suite");
    }
    place.run("present model.passport.json --key lab --proof eddsa-rdfc-2022").fails(64, "issue.wrong-key");
    place.run("present model.passport.json --key nobody").fails(64, "keystore.unknown-key");
    place.run("present model.toml --key lab").fails(3, "json.syntax");
    assert!(!place.names().contains(&"shown.json".to_owned()));
    place.write("shown.json", "mine");
    place.run("present model.passport.json --key lab -o shown.json").fails(64, "output.exists");
    assert_eq!(place.read("shown.json"), "mine");
}

#[test]
fn a_holder_with_a_document_is_found_in_it() {
    let place = Place::with_passports();
    place.run("key new clinic --did did:web:clinic.example").succeeds();
    place
        .run(&format!("present model.passport.json dataset.passport.json --key clinic {FOR} -o shown.json"))
        .succeeds();
    place.write("did.json", &place.run("did document --did did:web:clinic.example").succeeds().stdout);
    place.write("asked.json", ASKED);
    place.run("verify shown.json --policy asked.json --with did.json --json").reports(0, "verified", "ok");
    // Whose key it was cannot be said without the document.
    place.run("verify shown.json --policy asked.json --json").reports(
        2,
        "could-not-check",
        "did.document-needed",
    );
    // The right document lists the key for assertions only.
    let text = place.read("did.json");
    let start = text.find("\"authentication\"").unwrap();
    let end = start + text[start..].find(']').unwrap();
    place.write("did.json", format!("{}\"authentication\":[{}", &text[..start], &text[end..]));
    let refused = place.run("verify shown.json --policy asked.json --with did.json --json");
    assert_eq!(refused.status, 1, "{}", refused.stdout);
}
