//! Every bad input has an error with a code and a help; nothing is overwritten, nothing is half written.

mod common;

use std::fs;

use common::{Done, Place};

const ISSUE: &str = "issue train.csv --kind dataset --claims dataset.toml --key lab -o out.json";

#[test]
fn what_is_not_a_passport_is_malformed() {
    let place = Place::new();
    for (text, code) in [
        ("hello", "json.syntax"),
        ("", "json.syntax"),
        ("{\"a\":1,\"a\":2}", "json.duplicate-name"),
        ("{}", "input.not-a-credential"),
        ("[1,2,3]", "input.not-a-credential"),
    ] {
        place.write("bad.json", text);
        place.run("verify bad.json --json").reports(3, "not-verified", code);
        place
            .run("bundle bad.json")
            .fails(3, if code == "input.not-a-credential" { "evidence.unknown-kind" } else { code });
    }
    place.write("bad.json", b"\xff\xfe");
    place.run("verify bad.json").fails(3, "input.not-utf8");
    place.write("bad.json", vec![b' '; (16 << 20) + 2]);
    place.run("verify bad.json").fails(3, "input.too-large");
}

#[test]
fn an_unknown_context_is_not_verified() {
    let place = Place::with_passports();
    let passport = place.read("dataset.passport.json");
    let changed = passport.replace("https://w3id.org/model-passport/v1\"", "https://example.org/other/v1\"");
    place.write("changed.json", changed);
    let verified = place.run("verify changed.json --json");
    assert_eq!(verified.status, 1, "{}", verified.stdout);
    assert!(verified.stdout.contains("\"profile.contexts\""), "{}", verified.stdout);
}

#[test]
fn a_missing_file_is_said() {
    let place = Place::with_keys();
    place.run("verify nothing.json").fails(2, "input.missing");
    place.run("show nothing.json").fails(2, "input.missing");
    place.run("bundle nothing.json").fails(2, "input.missing");
    place.run("verify model --json").fails(2, "input.directory");
    place.run("capture nothing").fails(2, "capture.not-found");
    place.run("issue nothing.json --key lab").fails(2, "input.missing");
    place.run("issue train.csv --kind dataset --claims nothing.toml --key lab").fails(2, "input.missing");
    place.run("issue model --claims model.toml --key lab").fails(2, "input.missing");
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_passports();
    let close = |name: &str| {
        fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o000)).unwrap();
    };
    close("dataset.passport.json");
    if fs::read(place.path("dataset.passport.json")).is_ok() {
        // The superuser reads everything; a file of the system that even it cannot read takes the place.
        place.run("verify /proc/self/mem").fails(2, "input.unreadable");
        return;
    }
    place.run("verify dataset.passport.json").fails(2, "input.unreadable");
    close("dataset.toml");
    place.run(ISSUE).fails(2, "input.unreadable");
    close("train.csv");
    place.run("capture train.csv --kind dataset").fails(2, "capture.file-unreadable");
}

#[test]
fn a_wrong_passphrase_signs_nothing() {
    let place = Place::with_keys();
    let before = place.names();
    let mut command = place.command(ISSUE);
    command.env("PASSPORT_PASSPHRASE", "wrong horse battery");
    Done::of(command.output().unwrap()).fails(64, "passphrase.wrong");
    let mut command = place.command(ISSUE);
    command.env_remove("PASSPORT_PASSPHRASE");
    Done::of(command.output().unwrap()).fails(64, "passphrase.none");
    assert_eq!(place.names(), before);
}

#[test]
fn a_wrong_key_type_signs_nothing() {
    let place = Place::with_keys();
    let before = place.names();
    place.run(&format!("{ISSUE} --proof eddsa-rdfc-2022")).fails(64, "issue.wrong-key");
    place.run(&format!("{ISSUE} --proof rsa-2048")).fails(64, "issue.unknown-suite");
    place.run(&ISSUE.replace("lab", "nobody")).fails(64, "keystore.unknown-key");
    place.run(&ISSUE.replace("lab", "../lab")).fails(64, "keystore.name");
    assert_eq!(place.names(), before);
}

#[cfg(unix)]
#[test]
fn an_open_key_store_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_keys();
    let open = |name: &str, mode| {
        fs::set_permissions(place.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    open("keys/lab.pem", 0o644);
    place.run(ISSUE).fails(64, "keystore.open-permissions");
    open("keys/lab.pem", 0o600);
    open("keys", 0o755);
    place.run(ISSUE).fails(64, "keystore.open-permissions");
    place.run("key new another").fails(64, "keystore.open-permissions");
    open("keys", 0o700);
    place.write("passphrase", common::PASSPHRASE);
    open("passphrase", 0o644);
    place.run(&format!("{ISSUE} --passphrase-file passphrase")).fails(64, "keystore.open-permissions");
    open("passphrase", 0o600);
    place.run(&format!("{ISSUE} --passphrase-file passphrase")).succeeds();
}

#[test]
fn an_existing_output_stays() {
    let place = Place::with_passports();
    place.write("out.json", "mine");
    let before = place.names();
    for command in [
        ISSUE,
        "capture model -o out.json",
        "bundle dataset.passport.json -o out.json",
        "attest evaluation evaluation.toml --subject model.passport.json --key office -o out.json",
    ] {
        place.run(command).fails(64, "output.exists");
        assert_eq!(place.read("out.json"), "mine");
    }
    place.run("key new lab").fails(64, "keystore.exists");
    assert_eq!(place.names(), before);
    place.run(&format!("{ISSUE} --force")).succeeds();
    assert!(place.read("out.json").starts_with('{'));
    place.run("capture model -o nowhere/out.json").fails(64, "output.no-directory");
}

#[test]
fn claims_that_cannot_be_signed_are_listed() {
    let place = Place::with_keys();
    let before = place.names();
    let listed = place.run("issue train.csv --kind dataset --key lab -o out.json").fails(3, "issue.claims");
    for claim in ["publisher.contact", "governance.legalBasis", "conditionsOfUse.license"] {
        assert!(listed.stderr.contains(claim), "{}", listed.stderr);
    }
    let claims = place.read("dataset.toml");
    for (text, code) in [
        ("name = ", "claims.toml"),
        ("name = 1.5", "claims.fraction"),
        ("nmae = \"x\"", "issue.claims"),
        ("[dataContent]\nrowCount = 1", "claims.contradiction"),
        ("validUntil = \"soon\"", "issue.valid-until"),
    ] {
        place.write("more.toml", text);
        place.run(&format!("{ISSUE} --claims more.toml")).fails(3, code);
    }
    place.write("dataset.toml", claims.replacen("\"US\"", "\"United States\"", 1));
    place.run(ISSUE).fails(3, "issue.claims");
    place.write("draft.json", "{}");
    place.run("issue draft.json --key lab").fails(3, "draft.malformed");
    fs::remove_file(place.path("draft.json")).unwrap();
    fs::remove_file(place.path("more.toml")).unwrap();
    assert_eq!(place.names(), before);
}

#[test]
fn a_policy_is_read_strictly() {
    let place = Place::with_passports();
    place.write("policy.json", "{\"requireArtefacts\": true}");
    place.run("verify dataset.passport.json --policy policy.json").fails(3, "policy.malformed");
    place.write("policy.json", "{\"requireArtifacts\": true}");
    let verified = place.run("verify dataset.passport.json --policy policy.json --json");
    verified.reports(2, "could-not-check", "artifacts.not-at-hand");
    let verified = place.run("verify dataset.passport.json --policy policy.json --artifact train.csv --json");
    verified.reports(0, "verified", "ok");
}

#[test]
fn usage_has_its_own_status() {
    let place = Place::new();
    assert_eq!(place.run("").status, 64);
    assert_eq!(place.run("frobnicate").status, 64);
    assert_eq!(place.run("verify").status, 64);
    assert_eq!(place.run("verify x --at yesterday").status, 64);
    assert_eq!(place.run("--version").status, 0);
    assert_eq!(place.run("verify --help").status, 0);
    place.run("explain proof.signature").fails(64, "explain.unknown-code");
    assert!(place.run("explain proof.signature-invalid").succeeds().stdout.len() > 80);
    assert!(place.run("completions bash").succeeds().stdout.contains("passport"));
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_nothing_behind() {
    let place = Place::new();
    let before = place.names();
    // Files of no more than 0 blocks, and the signal that says so ignored: every write fails.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" capture model -o draft.json";
    let mut command = place.command("version");
    let binary = command.get_program().to_owned();
    command = std::process::Command::new("sh");
    command.args(["-c", script]).arg(binary).current_dir(place.path("")).env_clear();
    Done::of(command.output().unwrap()).fails(64, "output.unwritable");
    assert_eq!(place.names(), before);
}
