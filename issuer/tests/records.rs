//! Proofs about one record, from the capture of a set to the check against its passport.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use std::fs;

use common::Place;

/// Rows of the real table: the first, one in the middle, the last.
fn rows(place: &Place) -> [String; 3] {
    let text = fs::read_to_string(place.path("train.csv")).unwrap();
    let rows: Vec<&str> = text.lines().skip(1).collect();
    [0, rows.len() / 2, rows.len() - 1].map(|at| (*rows.get(at).unwrap()).to_owned())
}

#[test]
fn a_record_is_proven_in_or_out_against_the_passport() {
    let place = Place::with_passports();
    for (at, row) in rows(&place).iter().enumerate() {
        // As `head -n 2 | tail -n 1` would leave it.
        fs::write(place.path("row"), format!("{row}\n")).unwrap();
        place.run(&format!("data prove row --set train.csv -o in{at}.json")).succeeds();
        let told =
            place.run(&format!("data check in{at}.json row --passport dataset.passport.json")).succeeds();
        assert!(
            told.stdout.starts_with("present: it is proven that the record is in the set of 398 records")
        );
    }
    fs::write(place.path("other"), "1,2,3").unwrap();
    place.run("data prove other --set train.csv -o out.json").succeeds();
    let told = place.run("data check out.json other --passport dataset.passport.json").succeeds();
    assert!(
        told.stdout.starts_with("absent: it is proven that the record is not in the set"),
        "{}",
        told.stdout
    );

    let swapped = place.run("data check in0.json other --passport dataset.passport.json");
    assert_eq!(swapped.status, 1);
    assert!(swapped.stderr.contains("records.commitment"), "{}", swapped.stderr);
    // A passport that does not verify proves nothing.
    let text = fs::read_to_string(place.path("dataset.passport.json")).unwrap();
    fs::write(place.path("changed.json"), text.replacen("\"rowCount\": 398", "\"rowCount\": 399", 1))
        .unwrap();
    let changed = place.run("data check in0.json row --passport changed.json");
    assert_eq!(changed.status, 1, "{}", changed.stdout);
    assert!(changed.stdout.contains("Nothing is proven"), "{}", changed.stdout);
}

#[test]
fn personal_data_need_the_secrets_and_give_nothing_away() {
    let place = Place::new();
    let draft = "capture train.csv --kind dataset --salted --secrets secrets.json -o draft.json";
    let made = place.run(draft).succeeds();
    assert!(made.stderr.contains("made now"), "{}", made.stderr);
    let first = fs::read_to_string(place.path("draft.json")).unwrap();
    place.run(&format!("{draft} --force")).succeeds();
    assert_eq!(
        fs::read_to_string(place.path("draft.json")).unwrap(),
        first,
        "the same secrets, the same draft"
    );
    let secrets = fs::read_to_string(place.path("secrets.json")).unwrap();
    let secret = secrets.split('"').find(|text| text.starts_with('u') && text.len() == 44).unwrap();
    assert!(!first.contains(secret) && !made.stderr.contains(secret));
    // Nothing that follows from the bytes of the file without the secret.
    let open = place.run("capture train.csv --kind dataset").stdout;
    for line in open.lines().filter(|line| line.contains("\"uEi") || line.contains("urn:sha256")) {
        assert!(!first.contains(line.trim().trim_end_matches(',')), "{line}");
    }
    assert!(!first.contains("\"file\""));

    let row = rows(&place)[1].clone();
    fs::write(place.path("row"), &row).unwrap();
    fs::write(place.path("other"), "1,2,3").unwrap();
    let root = first.lines().find_map(|line| line.trim().strip_prefix("\"commitment\": \"")).unwrap();
    let root = root.trim_end_matches(['"', ',']);
    for (record, word) in [("row", "present:"), ("other", "absent:")] {
        place
            .run(&format!("data prove {record} --set train.csv --secrets secrets.json -o {record}.proof"))
            .succeeds();
        let told = place.run(&format!("data check {record}.proof {record} --root {root}")).succeeds();
        assert!(told.stdout.starts_with(word), "{}", told.stdout);
        let proof = fs::read_to_string(place.path(&format!("{record}.proof"))).unwrap();
        assert!(!proof.contains(secret) && !proof.contains(&row));
    }
    let swapped = place.run(&format!("data check row.proof other --root {root}"));
    assert_eq!(swapped.status, 1);
    assert!(swapped.stderr.contains("records.vrf-proof"), "{}", swapped.stderr);
    place.run("data prove row --set train.csv -o unsalted.proof").succeeds();
    assert_eq!(place.run(&format!("data check unsalted.proof row --root {root}")).status, 1);
}

#[test]
fn shards_give_the_commitment_of_one_run() {
    let place = Place::new();
    for secrets in ["", " --secrets secrets.json"] {
        let whole = place.run(&format!("data commit train.csv{secrets}")).succeeds();
        for shard in ["1", "2", "3"] {
            let command = format!("data commit train.csv --shard {shard}/3 -o part{shard} --force{secrets}");
            place.run(&command).succeeds();
        }
        let merged = place.run(&format!("data merge part3 part1 part2{secrets}")).succeeds();
        assert_eq!(merged.stdout, whole.stdout);
        let lacking = place.run(&format!("data merge part3 part1{secrets}"));
        assert_eq!(lacking.status, 64);
        assert!(lacking.stderr.contains("data.parts-differ"), "{}", lacking.stderr);
    }
    let blind = place.run("data merge part1 part2 part3");
    assert!(blind.stderr.contains("data.secrets-missing"), "{}", blind.stderr);
    place.run("data commit train.csv --secrets others.json").succeeds();
    let wrong = place.run("data merge part1 part2 part3 --secrets others.json");
    assert!(wrong.stderr.contains("data.wrong-secrets"), "{}", wrong.stderr);

    // The commitment of the passport is the one that the command says.
    let draft = place.run("capture train.csv --kind dataset").stdout;
    let whole = place.run("data commit train.csv").stdout;
    let commitment = whole.lines().find(|line| line.contains("\"commitment\":")).unwrap().trim();
    assert!(draft.contains(commitment));
}

#[test]
fn a_directory_is_a_set_of_files() {
    let place = Place::new();
    fs::create_dir(place.path("scans")).unwrap();
    for n in 0..5 {
        fs::write(place.path(&format!("scans/{n}.bin")), format!("scan {n}")).unwrap();
    }
    let root = place.run("data commit scans").stdout;
    let root = root.split('"').find(|text| text.starts_with("uEi")).unwrap().to_owned();
    fs::write(place.path("elsewhere"), "scan 3").unwrap();
    place.run("data prove elsewhere --set scans -o in.json").succeeds();
    let told = place.run(&format!("data check in.json elsewhere --root {root}")).stdout;
    assert!(told.starts_with("present:") && told.contains("5 records (file)"), "{told}");
    fs::copy(place.path("train.csv"), place.path("scans/a.csv")).unwrap();
    fs::copy(place.path("train.csv"), place.path("scans/b.csv")).unwrap();
    let several = place.run("data prove elsewhere --set scans");
    assert!(
        several.stderr.contains("data.several-sets") && several.stderr.contains("`b.csv`"),
        "{}",
        several.stderr
    );
    assert_eq!(place.run("data prove elsewhere --set scans --of b.csv").status, 0);
    assert!(place.run("data prove elsewhere --set scans --of c.csv").stderr.contains("data.no-such-set"));
}
