//! From images of patients to a verified model, as `tests/real/lesion/run.sh` walks it; then it is broken.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::Done;

struct Walk {
    folder: tempfile::TempDir,
    output: String,
}

/// The script as a person runs it, with the binary under test.
fn walk() -> Walk {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/real/lesion/run.sh");
    let mut command = Command::new("bash");
    command.arg(script).arg(folder.path()).env("PASSPORT", env!("CARGO_BIN_EXE_passport"));
    command.env("XDG_CACHE_HOME", folder.path().join("cache")).env_remove("PASSPORT_KEY").env_remove("CI");
    let done = Done::of(command.output().unwrap()).succeeds();
    Walk { folder, output: done.stdout }
}

impl Walk {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn passport(&self, arguments: &str) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passport"));
        command.args(arguments.split(' ')).current_dir(self.folder.path());
        Done::of(command.output().unwrap())
    }
}

#[test]
fn every_stage_is_signed_and_linked_and_no_link_can_be_exchanged() {
    let walk = walk();
    assert!(walk.output.contains("Verified, signed by did:key:"), "{}", walk.output);
    for link in [
        "├─ trainedOn: DatasetPassport",
        "│  └─ wasGeneratedBy: ProcessingAttestation",
        "│     └─ used: DatasetPassport",
        "└─ wasGeneratedBy: ProcessingAttestation",
        "present: it is proven that the record is in the set of 24 records, salted",
    ] {
        assert!(walk.output.contains(link), "{link}: {}", walk.output);
    }
    // No folder of a patient, no identifier, no digest of a single image.
    let image = fs::read(walk.path("scans/07/slice.dcm")).unwrap();
    let digest = model_passport::digest::Digest::of(image);
    for name in ["bundle.json", "scans.draft.json", "preprocess.draft.json"] {
        let text = fs::read_to_string(walk.path(name)).unwrap();
        for secret in ["pseudonym-0", "scans/07", "slice.dcm", &digest.to_hex(), &digest.to_multibase()] {
            assert!(!text.contains(secret), "{secret} in {name}");
        }
    }

    let bundle = fs::read_to_string(walk.path("bundle.json")).unwrap();
    let model = fs::read(walk.path("model/threshold.safetensors")).unwrap();
    // Another threshold.
    let mut other = model.clone();
    *other.last_mut().unwrap() ^= 1;
    fs::write(walk.path("model/threshold.safetensors"), &other).unwrap();
    let refused = walk.passport("verify bundle.json --artifact model");
    assert!(refused.status == 1 && refused.stdout.contains("artifacts.mismatch"), "{}", refused.stdout);
    // Another table than the one that the training used.
    fs::write(walk.path("bad.json"), bundle.replace("\"rowCount\": 24", "\"rowCount\": 25")).unwrap();
    let refused = walk.passport("verify bad.json");
    assert!(refused.status == 1 && refused.stdout.contains("Not verified"), "{}", refused.stdout);
    // Another image is not in the set, and the holder can prove that too.
    let mut image = fs::read(walk.path("scans/07/slice.dcm")).unwrap();
    *image.last_mut().unwrap() ^= 1;
    fs::write(walk.path("other.dcm"), image).unwrap();
    walk.passport("data prove other.dcm --set scans --secrets scans.secrets -o absent.json").succeeds();
    let checked = walk.passport("data check absent.json other.dcm --passport passports/scans.passport.json");
    assert!(
        checked.stdout.starts_with("absent: ") && checked.status == 0,
        "{}{}",
        checked.stdout,
        checked.stderr
    );
}

#[test]
fn training_on_other_data_than_the_passport_says_is_seen() {
    let walk = walk();
    // The table changes after the training; its passport would be of another table.
    let table = walk.path("features/pixels.csv");
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&table, text.replacen('1', "2", 1)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_passport"));
    command.args(["issue", ".", "--key", "radiology", "-o", "again"]).current_dir(walk.folder.path());
    command
        .env("PASSPORT_KEY_STORE", walk.path("keys"))
        .env("PASSPORT_PASSPHRASE", "correct horse battery staple");
    Done::of(command.output().unwrap()).succeeds();
    // Each passport is true; but the training did not use this table, and the preprocessing did not make it.
    let model = fs::read_to_string(walk.path("again/train-draft.passport.json")).unwrap();
    assert!(!model.contains("DatasetPassport"), "{model}");
    let features = fs::read_to_string(walk.path("again/features.passport.json")).unwrap();
    assert!(!features.contains("wasGeneratedBy"), "{features}");
}
