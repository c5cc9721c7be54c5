//! From a working directory to passports: `init`, `capture`, `issue .`.

mod common;

use std::fs;

use common::Place;

/// The claims of the test data as one passport.toml.
fn project(place: &Place) -> String {
    let without_parents = |text: String| -> String {
        text.lines().filter(|line| !line.starts_with("trainedOn")).map(|line| format!("{line}\n")).collect()
    };
    let nested = |text: String, table: &str| text.replace("\n[", &format!("\n[{table}."));
    format!(
        "key = \"lab\"\n[[dataset]]\npath = \"train.csv\"\nrole = \"trainedOn\"\n{}\n[model]\npath = \"model\"\n{}",
        nested(place.read("dataset.toml"), "dataset"),
        nested(without_parents(place.read("model.toml")), "model"),
    )
}

#[test]
fn one_command_issues_a_whole_directory() {
    let place = Place::with_keys();
    place.write("passport.toml", project(&place));
    place.run("issue .").succeeds();
    let names: Vec<String> = {
        let entries = fs::read_dir(place.path("passports")).unwrap();
        let mut names: Vec<String> =
            entries.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names, ["model.passport.json", "train.passport.json"]);
    place.run("bundle passports/model.passport.json passports/train.passport.json -o all.json").succeeds();
    let verified = place.run("verify all.json --artifact model --artifact train.csv --json");
    assert_eq!(verified.status, 0, "{}", verified.stdout);
    let shown = place.run("show all.json").stdout;
    assert!(shown.contains("trainedOn"), "{shown}");

    // A second time nothing is overwritten, and nothing is signed.
    let again = place.run("issue .");
    assert_eq!(again.status, 64, "{}", again.stderr);
    assert!(again.stderr.contains("output.exists"), "{}", again.stderr);
    place.run("issue . --force").succeeds();
}

#[test]
fn everything_that_is_missing_is_listed_at_once_and_nothing_is_written() {
    let place = Place::with_keys();
    let text = project(&place).replace("purpose = ", "# purpose = ").replace("name = ", "# name = ");
    place.write("passport.toml", text);
    let refused = place.run("issue .");
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    for place in ["train.csv", "model", "name ", "intendedUse.purpose", "code: issue.claims"] {
        assert!(refused.stderr.contains(place), "{place}: {}", refused.stderr);
    }
    assert!(!place.path("passports").exists());
}

#[test]
fn init_writes_what_issue_reads() {
    let place = Place::with_keys();
    place.run("init").succeeds();
    let text = place.read("passport.toml");
    assert!(text.contains("path = \"train.csv\"") && text.contains("path = \"model\""), "{text}");
    let refused = place.run("issue . --key lab");
    assert!(refused.stderr.contains("code: issue.claims"), "{}", refused.stderr);
    let explained = place.run("capture . --explain").succeeds();
    for line in ["DatasetPassport of urn:sha256:", "ModelPassport of urn:sha256:", "to declare", "measured"] {
        assert!(explained.stdout.contains(line), "{line}: {}", explained.stdout);
    }
    let again = place.run("init");
    assert!(again.stderr.contains("output.exists"), "{}", again.stderr);
}

#[test]
fn no_key_is_said_before_anything_is_read() {
    let place = Place::with_keys();
    place.write("passport.toml", project(&place).replace("key = \"lab\"", ""));
    let refused = place.run("issue .");
    assert!(refused.stderr.contains("code: issue.no-key"), "{}", refused.stderr);
    assert_eq!(refused.status, 64);
}

#[test]
fn a_tree_that_is_too_large_to_list_verifies_as_a_whole() {
    let place = Place::with_keys();
    fs::create_dir(place.path("many")).unwrap();
    (0..2_100).for_each(|n| fs::write(place.path(&format!("many/{n:04}.txt")), n.to_string()).unwrap());
    place.run("issue many --kind dataset --claims dataset.toml --key lab -o many.passport.json").succeeds();
    let text = place.read("many.passport.json");
    assert!(text.contains("\"fileCount\": 2100") || text.contains("\"fileCount\":2100"), "{text}");
    let verified = place.run("verify many.passport.json --artifact many");
    assert_eq!(verified.status, 0, "{}", verified.stdout);
    assert!(verified.stdout.contains("all 2100 files are at hand, byte for byte"), "{}", verified.stdout);
    place.write("many/0007.txt", "8");
    let refused = place.run("verify many.passport.json --artifact many");
    assert_eq!(refused.status, 1, "{}", refused.stdout);
    assert!(refused.stdout.contains("artifacts.unknown-file"), "{}", refused.stdout);
}

#[test]
fn what_is_left_out_is_in_the_passport() {
    let place = Place::with_keys();
    place.write("model/.passportignore", "*.tmp\n");
    place.write("model/scratch.tmp", "x");
    place.write("model/list", "");
    let draft = place.run("capture model").stdout;
    assert!(draft.contains("excludedPatterns") && !draft.contains("scratch"), "{draft}");
}

#[test]
fn a_large_file_is_checked_by_its_root_and_otherwise_by_its_sha256() {
    let place = Place::with_keys();
    fs::create_dir(place.path("large")).unwrap();
    let mut bytes: Vec<u8> = (0..(33 << 20)).map(|n: u32| n.to_le_bytes()[1] ^ n.to_le_bytes()[2]).collect();
    place.write("large/records.bin", &bytes);
    place.run("issue large --kind dataset --claims dataset.toml --key lab -o rooted.json").succeeds();
    // The same file by a list of digests, so without a root.
    let manifest = model_passport::json::parse(&place.read("rooted.json")).unwrap();
    let id = manifest.pointer("/credentialSubject/id").unwrap().clone();
    let sha256 = model_passport::digest::Digest::of(&bytes).to_hex();
    place.write("list", format!("{sha256} {}  records.bin\n", bytes.len()));
    fs::create_dir(place.path("empty")).unwrap();
    let issue = "issue empty --kind dataset --claims dataset.toml --digests list --key lab -o listed.json";
    let issued = place.run(issue).succeeds();
    assert!(issued.stderr.contains("[capture.not-rehashed]"), "{}", issued.stderr);
    let listed = model_passport::json::parse(&place.read("listed.json")).unwrap();
    assert_eq!(listed.pointer("/credentialSubject/id"), Some(&id));
    for passport in ["rooted.json", "listed.json"] {
        let verified = place.run(&format!("verify {passport} --artifact large"));
        assert!(verified.stdout.contains("its file is at hand, byte for byte"), "{}", verified.stdout);
    }
    bytes[20 << 20] ^= 1;
    place.write("large/records.bin", &bytes);
    for passport in ["rooted.json", "listed.json"] {
        let refused = place.run(&format!("verify {passport} --artifact large"));
        assert!(refused.stdout.contains("artifacts.mismatch"), "{}", refused.stdout);
        assert_eq!(refused.status, 1);
    }
}

#[test]
fn a_claim_says_no_more_than_a_person_can() {
    let place = Place::with_keys();
    let claims = place.read("dataset.toml");
    let issue = |claims: &str| {
        place.write("claims.toml", claims);
        place.run("issue train.csv --kind dataset --claims claims.toml --key lab -o data.json --force")
    };
    issue(&claims).succeeds();
    for basis in ["measured", "inferred"] {
        let better = claims.replacen("[cohort]\n", &format!("[cohort]\nbasis = \"{basis}\"\n"), 1);
        assert_ne!(better, claims);
        issue(&better).fails(3, "claims.basis");
    }
}

#[test]
fn two_claims_that_differ_are_a_contradiction_whatever_was_declared_before() {
    let place = Place::with_keys();
    place.write("model/README.md", "---\nlicense: mit\nlibrary_name: onnx\n---\n");
    place.write("model/config.json", "{\"model_type\": \"mlp\", \"architectures\": [\"Mlp\"]}");
    place.write("other.toml", "license = \"BSD-3-Clause\"\n");
    place
        .run("issue train.csv --kind dataset --claims dataset.toml --key lab -o dataset.passport.json")
        .succeeds();
    // What a card declares yields to the person who signs; one claims file does not yield to the next.
    place.run("issue model --claims model.toml --key lab -o model.json").succeeds();
    place
        .run("issue model --claims model.toml --claims other.toml --key lab -o two.json")
        .fails(3, "claims.contradiction");
}

#[test]
fn files_that_a_list_knows_are_not_opened_and_are_no_records() {
    let place = Place::with_keys();
    let hex = "0".repeat(64);
    for (kind, name) in
        [("model", "big.safetensors"), ("model", "big.pt"), ("dataset", "more.csv"), ("dataset", "x.dat")]
    {
        place.write("list", format!("{hex} 5000  {name}\n"));
        let path = if kind == "model" { "model" } else { "train.csv" };
        let drafted = place.run(&format!("capture {path} --kind {kind} --digests list")).succeeds();
        assert!(drafted.stderr.contains("[capture.not-rehashed]"), "{}", drafted.stderr);
        assert!(!drafted.stdout.contains("\"commitment\""), "{}", drafted.stdout);
    }
}

#[test]
fn what_people_s_tables_are_called_stays_with_their_holder() {
    let place = Place::with_keys();
    place.write("DOE_JANE.csv", "age,outcome\n40,1\n50,0\n");
    place.write("first.csv", "DOE^JANE,1980-01-01\nROE^RICHARD,1981-01-01\n");
    for (name, withheld) in [("DOE_JANE.csv", false), ("first.csv", true)] {
        let drafted =
            place.run(&format!("capture {name} --kind dataset --salted --secrets s.json")).succeeds();
        for text in ["DOE", "1980", "first.csv"] {
            assert!(
                !drafted.stdout.contains(text) && !drafted.stderr.contains(text),
                "{text}: {}",
                drafted.stdout
            );
        }
        assert_eq!(drafted.stdout.contains("capture.header-withheld"), withheld);
        assert_eq!(drafted.stdout.contains("outcome"), !withheld);
    }
}

#[test]
fn a_model_at_the_root_stays_the_same_after_it_was_issued() {
    let place = Place::with_keys();
    let text = project(&place)
        .replace("path = \"train.csv\"", "path = \"data/train.csv\"")
        .replace("path = \"model\"", "path = \".\"");
    let root = place.path("root");
    fs::create_dir_all(root.join("data")).unwrap();
    fs::copy(place.path("train.csv"), root.join("data/train.csv")).unwrap();
    fs::copy(place.path("model/model.onnx"), root.join("model.onnx")).unwrap();
    fs::write(root.join("passport.toml"), text).unwrap();
    let id = |place: &Place| {
        let passport =
            model_passport::json::parse(&place.read("root/passports/model.passport.json")).unwrap();
        passport.pointer("/credentialSubject/id").unwrap().as_str().unwrap().to_owned()
    };
    place.run("issue root").succeeds();
    let first = id(&place);
    place.run("issue root --force").succeeds();
    assert_eq!(id(&place), first);
    place
        .run("bundle root/passports/model.passport.json root/passports/data-train.passport.json -o b.json")
        .succeeds();
    place.run("verify b.json --artifact root").succeeds();
}
