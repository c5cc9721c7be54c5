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

    place.run("data check out.json other --passport dataset.passport.json --expect absent").succeeds();
    let wanted = place.run("data check out.json other --passport dataset.passport.json --expect present");
    assert!(wanted.status == 1 && wanted.stderr.contains("data.unexpected"), "{}", wanted.stderr);

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
    // Without the secrets no passport of the set accepts a proof: that is said, or no proof is made.
    let unsalted = place.run("data prove row --set train.csv -o unsalted.proof").succeeds();
    assert!(unsalted.stderr.contains("data.open-proof"), "{}", unsalted.stderr);
    assert_eq!(place.run(&format!("data check unsalted.proof row --root {root}")).status, 1);
    let prove = "data prove row --set train.csv --passport draft.json -o made.proof";
    place.run(prove).fails(64, "data.secrets-missing");
    place.run("data commit train.csv --secrets others.json").succeeds();
    place.run(&format!("{prove} --secrets others.json")).fails(64, "data.not-this-set");
    assert!(!place.path("made.proof").exists());
    let made = place.run(&format!("{prove} --secrets secrets.json")).succeeds();
    assert!(!made.stderr.contains("data.open-proof") && place.path("made.proof").exists());
    place.run("capture train.csv --kind dataset -o open.json").succeeds();
    place.run("data prove row --set train.csv --passport open.json -o open.proof").succeeds();
}

/// The holder has the secrets, and with them the whole set can be held against its passport.
#[test]
fn a_salted_set_is_verified_with_its_secrets() {
    let place = Place::with_keys();
    fs::create_dir(place.path("set")).unwrap();
    fs::rename(place.path("train.csv"), place.path("set/train.csv")).unwrap();
    fs::write(place.path("set/notes.txt"), "notes").unwrap();
    place
        .run("issue set --kind dataset --salted --secrets own.json --claims dataset.toml --key lab -o p.json")
        .succeeds();
    place.run("data commit set --secrets others.json --of train.csv").succeeds();
    let verify = |arguments: &str| place.run(&format!("verify p.json --artifact {arguments}"));
    let good = verify("set --secrets own.json").succeeds();
    assert!(good.stdout.contains("all its files are at hand, byte for byte"), "{}", good.stdout);
    for arguments in ["set", "set --secrets others.json", "model --secrets own.json"] {
        let refused = verify(arguments);
        assert!(
            refused.status == 1 && refused.stdout.contains("artifacts.unknown-file"),
            "{}",
            refused.stdout
        );
        assert!(refused.stdout.contains("with the secrets of their holder"), "{}", refused.stdout);
    }
    // A policy that asks for the files is met by them, and by nothing less.
    fs::write(place.path("policy.json"), r#"{"requireArtifacts": true}"#).unwrap();
    verify("set --secrets own.json --policy policy.json").succeeds();
    assert_ne!(place.run("verify p.json --policy policy.json").status, 0);
    // One byte of one file, one file more, one less.
    fs::write(place.path("set/notes.txt"), "Notes").unwrap();
    assert_eq!(verify("set --secrets own.json").status, 1);
    fs::write(place.path("set/notes.txt"), "notes").unwrap();
    fs::write(place.path("set/more.txt"), "").unwrap();
    assert_eq!(verify("set --secrets own.json").status, 1);
    fs::remove_file(place.path("set/more.txt")).unwrap();
    verify("set --secrets own.json").succeeds();
}

#[test]
fn images_of_patients_are_verified_with_their_secrets() {
    let place = Place::with_keys();
    let scans =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/dicom/twelve");
    let (scans, other) = (scans.display().to_string(), scans.with_file_name("few").display().to_string());
    // What was measured is not claimed otherwise.
    let claims: Vec<String> = place
        .read("dataset.toml")
        .lines()
        .filter(|line| {
            !["modality", "bodyPart", "numberOfSubjects", "checkResult"]
                .iter()
                .any(|name| line.starts_with(name))
        })
        .map(str::to_owned)
        .collect();
    place.write("claims.toml", claims.join("\n").replace("basis = \"unknown\"", "method = \"none\""));
    let issue = "--kind dataset --salted --secrets own.json --claims claims.toml --key lab -o p.json";
    place.run(&format!("issue {scans} {issue}")).succeeds();
    place.run(&format!("verify p.json --artifact {scans} --secrets own.json")).succeeds();
    let wrong = place.run(&format!("verify p.json --artifact {other} --secrets own.json"));
    assert!(wrong.status == 1 && wrong.stdout.contains("artifacts.unknown-file"), "{}", wrong.stdout);
    let without = place.run(&format!("verify p.json --artifact {scans}")).fails(64, "capture.dicom-secret");
    assert!(
        without.stderr.contains("give the secrets of that set with `--secrets FILE`"),
        "{}",
        without.stderr
    );
    // One image by its own path says no more of how it is called.
    let image = format!("{scans}/01/1.dcm");
    let differ = place.run(&format!("diff {image} {image}")).fails(64, "capture.dicom-secret");
    assert!(!differ.stderr.contains("1.dcm"), "{}", differ.stderr);
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

#[test]
fn a_subject_on_two_sides_of_a_split_is_found_and_not_named() {
    let place = Place::new();
    fs::write(place.path("split.csv"), "patient,split\nANNA,train\nBERT,test\nCARA,val\n").unwrap();
    let clean = place.run("data split-check split.csv --subject patient --split split").succeeds();
    assert!(clean.stdout.contains("no subject is in more than one of test, train, val"), "{}", clean.stdout);
    fs::write(place.path("split.csv"), "patient,split\nANNA,train\nANNA,test\nCARA,val\n").unwrap();
    let leaking = place.run("data split-check split.csv --subject patient --split split");
    assert_eq!(leaking.status, 1);
    assert!(leaking.stdout.contains("<10 in both test and train"), "{}", leaking.stdout);
    fs::write(place.path("train.table.csv"), "subject,x\nANNA,1\nBERT,2\n").unwrap();
    fs::write(place.path("test.table.csv"), "subject,x\nCARA,1\nBERT,2\n").unwrap();
    let sets = place.run("data split-check --set train=train.table.csv --set test=test.table.csv");
    assert_eq!(sets.status, 1);
    // The same at two places that share a secret.
    place
        .run("data split-check --set test=test.table.csv --secrets shared.json --blind-to test.blinded")
        .succeeds();
    let away =
        "data split-check --set train=train.table.csv --blinded test=test.blinded --secrets shared.json";
    assert_eq!(place.run(away).status, 1);
    let wrong = place.run(&away.replace("shared.json", "other.json"));
    assert!(wrong.stderr.contains("split.blinded-malformed"), "{}", wrong.stderr);
    for told in [leaking, sets] {
        for name in ["ANNA", "BERT", "CARA"] {
            assert!(!told.stdout.contains(name) && !told.stderr.contains(name));
        }
    }
}

#[test]
fn a_descriptor_is_written_of_a_draft_and_of_a_passport() {
    let place = Place::with_passports();
    place.run("data croissant dataset.passport.json -o croissant.json").succeeds();
    let text = fs::read_to_string(place.path("croissant.json")).unwrap();
    assert!(text.contains("\"contentUrl\": \"train.csv\"") && text.contains("\"column\": \"mean_radius\""));
    place.run("capture train.csv --kind dataset -o draft.json").succeeds();
    place.run("data croissant draft.json").succeeds();
    place.run("capture model -o model.draft.json").succeeds();
    place.run("data croissant model.draft.json").fails(64, "data.no-dataset");
    // What was written is read again, and checked against the bytes.
    fs::create_dir(place.path("set")).unwrap();
    fs::copy(place.path("train.csv"), place.path("set/train.csv")).unwrap();
    fs::copy(place.path("croissant.json"), place.path("set/croissant.json")).unwrap();
    let draft = place.run("capture set --kind dataset").succeeds().stdout;
    assert!(draft.contains("\"from\": \"`croissant.json`\""), "{draft}");
    fs::write(place.path("set/train.csv"), "a,b\n1,2\n").unwrap();
    assert!(place.run("capture set --kind dataset").stderr.contains("capture.croissant-digest"));
}

/// No word that the libraries wrote into descriptions, comments and Exif leaves the files.
#[test]
fn texts_of_headers_stay_in_the_files() {
    let place = Place::new();
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/data");
    let mut drafts = String::new();
    for folder in ["images", "nifti"] {
        let marked = fs::read_dir(data.join(folder)).unwrap().filter(|file| {
            let bytes = fs::read(file.as_ref().unwrap().path()).unwrap();
            bytes.windows(9).any(|window| window == b"MARKER-OF")
        });
        assert!(marked.count() > 0, "the fixtures of {folder} hold no marker");
        let told = place.run(&format!("capture {} --kind dataset", data.join(folder).display())).succeeds();
        drafts.push_str(&told.stdout);
        drafts.push_str(&told.stderr);
    }
    assert!(!drafts.contains("MARKER"));
    for word in ["\"property\": \"voxel spacing\"", "0.5 × 0.5 × 2 mm"] {
        assert!(drafts.contains(word), "{word}");
    }
    assert!(!drafts.contains("4 × 5 × 3"), "what few have is not named");
}

/// The whole way for data about people: capture, passport, proof, check.
#[test]
fn a_passport_of_personal_data_is_issued_and_proven_against() {
    let place = Place::with_keys();
    place.run("capture train.csv --kind dataset --salted --secrets secrets.json -o draft.json").succeeds();
    place.run("issue draft.json --claims dataset.toml --key lab -o salted.passport.json").succeeds();
    place.run("verify salted.passport.json").succeeds();
    place.run("data prove row.csv --set train.csv --secrets secrets.json -o row.proof").succeeds();
    let told = place.run("data check row.proof row.csv --passport salted.passport.json").succeeds();
    assert!(told.stdout.contains("398 records, salted (csv-row) that urn:uuid:"), "{}", told.stdout);
    // The proof of the same row of the same table, not salted, is none about this passport.
    place.run("data prove row.csv --set train.csv -o open.proof").succeeds();
    place.run("data check open.proof row.csv --passport salted.passport.json").fails(1, "records.commitment");
}

#[test]
fn a_passport_of_images_has_their_sizes() {
    let place = Place::with_keys();
    fs::create_dir(place.path("images")).unwrap();
    let images =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/data/images");
    for n in 0..10 {
        let name = format!("{n}.png");
        fs::copy(images.join(&name), place.path("images").join(&name)).unwrap();
    }
    place
        .run("issue images --kind dataset --claims dataset.toml --key lab -o images.passport.json")
        .succeeds();
    let text = fs::read_to_string(place.path("images.passport.json")).unwrap();
    assert!(text.contains("\"property\": \"height in pixels\"") && text.contains("\"label\": \"24\""));
    place.run("data prove images/3.png --set images -o image.proof").succeeds();
    place.run("data check image.proof images/3.png --passport images.passport.json").succeeds();
}
