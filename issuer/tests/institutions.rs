//! A model between five institutions, as `tests/real/institutions/run.sh` walks it: each with a domain and keys of its
//! own, served on loopback.

#![cfg(all(unix, feature = "network"))]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::Done;

#[test]
fn drift_is_seen_an_update_is_taken_or_refused_and_a_recall_reaches_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/real/institutions/run.sh");
    let mut command = Command::new("bash");
    command.arg(script).arg(folder.path()).env("PASSPORT", env!("CARGO_BIN_EXE_passport"));
    command.env("XDG_CACHE_HOME", folder.path().join("cache")).env_remove("PASSPORT_KEY").env_remove("CI");
    let Done { stdout, .. } = Done::of(command.output().unwrap()).succeeds();
    let mut from = 0;
    for said in [
        "2026-04-05: the first period",
        "\"outcome\": \"within-plan\"",
        "\"outcome\": \"within-plan\"",
        "2026-05-05: B has a new scanner",
        "sensitivity is 0.4545 (n 11), not at least 0.80: Stop the model and tell the maker",
        "the population stability index of mean_concave_points is",
        "Not verified (policy.monitoring-breach)",
        "regressed  specificity: 0.9722 to 0.9167",
        "improved   sensitivity: 0.5217 to 0.9565",
        "passport gate ../maker/v2",
        "(exit 0: it may be loaded)",
        "Not verified (policy.regression)",
        "an update must not harm our patients",
        "The holder withdraws its data",
        "leads to a credential that its issuer recalled",
        "by Maker (did:web:maker.example): proven, tainted (status.revoked of urn:uuid:",
        "Done: drift was seen",
    ] {
        let rest = stdout.get(from..).unwrap();
        from += rest.find(said).unwrap_or_else(|| panic!("`{said}` is not said from here on:\n{rest}"))
            + said.len();
    }

    // The hospital's bundle needs nobody: the trust list pins the keys. Without the list the domains are the bundle's word.
    let b = folder.path().join("b");
    let verify = |arguments: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passport"));
        command.args("verify v2.bundle.json --at 2026-05-12T12:00:00Z --json".split(' '));
        command.args(arguments.split_whitespace()).current_dir(&b);
        Done::of(command.output().unwrap())
    };
    verify("--trust ../trust.json --policy policy.json").reports(0, "verified", "ok");
    verify("").reports(2, "could-not-check", "did.document-from-input");
    verify("--trust ../trust.json --with newer.status.json").reports(1, "not-verified", "status.revoked");
    // Another key under the same DID is not the one that the network knows.
    let trust = fs::read_to_string(folder.path().join("trust.json")).unwrap();
    let did = "did:web:maker.example";
    let keys = trust.split_once(did).unwrap().1.split_once("\"keys\"").unwrap().1;
    let key = keys.split('"').find(|word| word.starts_with("zDna")).unwrap();
    let holder = trust.split('"').find(|word| word.starts_with("zDna") && *word != key).unwrap();
    fs::write(folder.path().join("trust.json"), trust.replace(key, holder)).unwrap();
    verify("--trust ../trust.json --policy policy.json").reports(
        1,
        "not-verified",
        "trust.key-not-recognized",
    );
}
