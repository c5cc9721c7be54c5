use super::super::testing::Tree;
use super::*;

fn outcome(exit_code: u8) -> Outcome {
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    Outcome {
        exit_code,
        signal: (exit_code > 128).then(|| i32::from(exit_code) - 128),
        started: time("2026-11-21T10:00:00Z"),
        ended: time("2026-11-21T10:00:05Z"),
    }
}

fn plan(tree: &Tree) -> Plan {
    Plan {
        command: ["python3", "prep.py", "--out", "out"].map(str::to_owned).to_vec(),
        inputs: vec![tree.path().join("raw.csv"), tree.path().join("prep.yaml")],
        outputs: vec![tree.path().join("out")],
        directory: tree.path().to_owned(),
        ..Plan::default()
    }
}

fn tree() -> Tree {
    Tree::with(&[("raw.csv", b"a\n1\n"), ("prep.yaml", b"x: 1\n"), ("prep.py", b"")])
}

fn codes(draft: &Draft) -> Vec<&str> {
    draft.notes.iter().map(|note| note.get("code").unwrap().as_str().unwrap()).collect()
}

#[test]
fn a_run_is_recorded() {
    let tree = tree();
    let before = Before::look(plan(&tree), &()).unwrap();
    tree.write("out/clean.csv", "a\n");
    let draft = before.after(outcome(0), &());
    assert_eq!(codes(&draft), [""; 0]);
    let subject = Json::Object(draft.subject.clone());
    let text = |pointer: &str| subject.pointer(pointer).and_then(Json::as_str).unwrap_or(pointer).to_owned();
    assert_eq!(text("/name"), "prep.py");
    assert_eq!(text("/execution/basis"), "measured");
    assert_eq!(text("/execution/inputs/0/path"), "raw.csv");
    assert_eq!(text("/execution/inputs/1/path"), "prep.yaml");
    assert_eq!(text("/execution/outputs/0/path"), "out");
    assert_eq!(text("/used/0/type"), "Dataset");
    assert_eq!(text("/used/1/type"), "Artifact");
    assert_eq!(text("/generated/0/type"), "Dataset");
    assert_eq!(text("/generated/0/digestMultibase"), text("/execution/outputs/0/digestMultibase"));
    assert_eq!(
        draft.missing,
        ["/sourceCode/commit", "/sourceCode/dirty", "/environment"],
        "{:?}",
        draft.missing
    );
}

#[test]
fn a_draft_that_admits_what_it_does_not_know_is_whole() {
    let tree = tree();
    let before = Before::look(plan(&tree), &()).unwrap();
    tree.write("out/clean.csv", "a\n");
    let mut draft = before.after(outcome(0), &());
    admit(&mut draft, &Object::new());
    assert_eq!(crate::claims::missing(&draft.subject, "ProcessingAttestation"), []);
}

#[test]
fn what_a_run_ran_in() {
    let tree = tree();
    tree.write("uv.lock", "version = 1\n[[package]]\nname = \"torch\"\nversion = \"2.9.0\"\n");
    let hex = |digit: &str| digit.repeat(64);
    tree.write("Dockerfile", format!("FROM base:1@sha256:{}\n", hex("a")));
    let digest = |digit: &str| environment::parse_digest(&format!("sha256:{}", hex(digit))).unwrap();
    let variable = ("CONTAINER_IMAGE_DIGEST".to_owned(), format!("sha256:{}", hex("b")));
    let run = |plan: Plan| {
        let draft = Before::look(plan, &()).unwrap().after(outcome(0), &());
        Json::from(draft.subject).get("environment").unwrap().clone()
    };
    let member = |environment: &Json, name: &str| environment.get(name).unwrap().to_string();
    let pinned = run(Plan { outputs: Vec::new(), ..plan(&tree) });
    assert_eq!(member(&pinned, "framework"), r#"["torch 2.9.0"]"#);
    assert_eq!(member(&pinned, "containerDigest"), format!("{:?}", digest("a")));
    assert_eq!(member(&pinned, "basis"), r#""inferred""#);
    std::fs::remove_file(tree.path().join("Dockerfile")).unwrap();
    let variables = Variables::of([variable]);
    let told = run(Plan { outputs: Vec::new(), variables: variables.clone(), ..plan(&tree) });
    assert_eq!(member(&told, "containerDigest"), format!("{:?}", digest("b")));
    assert_eq!(member(&told, "basis"), r#""declared""#);
    let container = Some(format!("sha256:{}", hex("c")));
    let said = run(Plan { outputs: Vec::new(), variables, container, ..plan(&tree) });
    assert_eq!(member(&said, "containerDigest"), format!("{:?}", digest("c")));
}

#[test]
fn a_passport_takes_the_place_of_an_input() {
    let tree = tree();
    let mut before = Before::look(plan(&tree), &()).unwrap();
    let id = before.input_ids().next().unwrap().to_owned();
    let reference = Object::from_iter([("id", "urn:uuid:x"), ("type", "DatasetPassport")]);
    assert!(before.refer(&id, &reference));
    assert!(!before.refer("urn:sha256:other", &reference));
    tree.write("out/clean.csv", "a\n");
    let draft = before.after(outcome(0), &());
    assert_eq!(draft.subject.get("used").unwrap().as_array().unwrap()[0], Json::Object(reference));
}

#[test]
fn what_does_not_fit_is_noted_and_no_longer_measured() {
    let basis = |draft: &Draft| {
        draft.subject.get("execution").unwrap().get("basis").unwrap().as_str().unwrap().to_owned()
    };
    let tree = tree();
    let before = Before::look(plan(&tree), &()).unwrap();
    tree.write("raw.csv", "a\n2\n3\n");
    tree.write("out/clean.csv", "a\n");
    let draft = before.after(outcome(0), &());
    assert_eq!((codes(&draft), basis(&draft)), (vec!["run.input-changed"], "inferred".to_owned()));

    // A stale output.
    let draft = Before::look(plan(&tree), &()).unwrap().after(outcome(0), &());
    assert_eq!((codes(&draft), basis(&draft)), (vec!["run.output-unchanged"], "inferred".to_owned()));

    std::fs::remove_dir_all(tree.path().join("out")).unwrap();
    let draft = Before::look(plan(&tree), &()).unwrap().after(outcome(130), &());
    assert_eq!(codes(&draft), ["run.output-missing", "run.failed"]);
    assert!(!draft.subject.contains("generated") && draft.missing.contains(&"/generated".to_owned()));
    let code = draft.subject.get("execution").unwrap().get("exitCode").unwrap();
    assert_eq!(code.as_i64(), Some(130));
}

#[test]
fn in_place_is_no_change_by_a_stranger() {
    let tree = tree();
    let mut plan = plan(&tree);
    plan.outputs = vec![tree.path().join("raw.csv")];
    let before = Before::look(plan, &()).unwrap();
    tree.write("raw.csv", "a\n2\n3\n");
    let draft = before.after(outcome(0), &());
    assert_eq!(codes(&draft), [""; 0]);
    assert_ne!(draft.subject.get("used"), draft.subject.get("generated"));
}

#[test]
fn secrets_in_arguments_are_withheld() {
    let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
    for (given, kept, count) in [
        ("train --lr=0.1 --name x", "train --lr=0.1 --name x", 0),
        ("train --token=abc", "train --token=(withheld)", 1),
        ("train --api_key abc x", "train --api_key (withheld) x", 1),
        ("DB_PASSWORD=x train --secret --epochs=3", "DB_PASSWORD=(withheld) train --secret --epochs=3", 1),
        ("train wandb_token=1 --password=", "train wandb_token=(withheld) --password=", 1),
    ] {
        assert_eq!(withhold(&words(given)), (words(kept), count), "{given}");
    }
}

#[test]
fn the_program_is_the_script() {
    for (command, name) in [
        ("/usr/bin/python3.12 src/train.py --x", "train.py"),
        ("python -m pkg.train", "pkg.train"),
        ("uv run train.py", "train.py"),
        ("./preprocess --x", "preprocess"),
        ("python", "python"),
        ("bash -c true", "bash"),
    ] {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        assert_eq!(program(&words), name, "{command}");
    }
}

#[test]
fn places_of_this_machine_are_not_shown() {
    let here = Path::new("/home/me/work");
    for (path, text) in [
        ("/home/me/work/data/a.csv", "data/a.csv"),
        ("/mnt/secret/b.csv", "b.csv"),
        ("./c.csv", "c.csv"),
        ("data/", "data"),
        ("/home/me/work", "."),
    ] {
        assert_eq!(shown(Path::new(path), here), text);
    }
}

fn secret() -> Arc<Secret> {
    Arc::new(Secret::from_bytes(&[7; 32]))
}

fn command(draft: &Draft) -> String {
    draft.subject.get("execution").unwrap().get("command").unwrap().to_string()
}

#[test]
fn no_word_of_a_run_on_images_of_patients_is_recorded() {
    let tree =
        Tree::with(&[("coh/DOE_JANE/IM.dcm", b"1"), ("coh/DOE_JANE/tool", b""), ("ROE/out.csv", b"a\n")]);
    let run = |words: &str, input: &str| {
        let plan = Plan {
            command: words.split(' ').map(str::to_owned).collect(),
            inputs: vec![tree.path().join(input)],
            outputs: vec![tree.path().join("ROE"), tree.path().join("ROE_MISSING")],
            directory: tree.path().to_owned(),
            secret: Some(secret()),
            ..Plan::default()
        };
        Before::look(plan, &()).unwrap().after(outcome(0), &())
    };
    let all = "./coh/DOE_JANE/IM.dcm coh/ train sub/DOE_JANE";
    for (program, input, name) in [
        ("sh", "coh", "sh"),
        ("coh/DOE_JANE/tool", "coh", "private"),
        ("./coh/../coh/DOE_JANE/tool", "coh/.", "private"),
        ("./ROE/out.csv", "coh/DOE_JANE/IM.dcm", "out.csv"),
        ("no-such-program", "coh", "private"),
    ] {
        let draft = run(&format!("{program} {all}"), input);
        let text = draft.to_json().to_pretty();
        assert!(!text.contains("DOE") && !text.contains("ROE") && !text.contains("train"), "{text}");
        let words = format!(r#"["{name}"{}]"#, r#","[withheld]""#.repeat(4));
        assert_eq!(command(&draft), words);
        assert_eq!(draft.subject.get("name").unwrap().as_str(), Some(name));
        assert!(codes(&draft).contains(&"run.command-withheld"), "{text}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(tree.path().join("coh/DOE_JANE/tool"), tree.path().join("plain")).unwrap();
        assert!(command(&run("./plain x", "coh")).starts_with(r#"["private""#));
    }
}

#[test]
fn an_output_with_images_withholds_the_command_too() {
    let tree = tree();
    let plan = Plan { secret: Some(secret()), ..plan(&tree) };
    let before = Before::look(plan, &()).unwrap();
    tree.write("out/DOE_JANE/a.dcm", "1");
    let draft = before.after(outcome(0), &());
    assert!(codes(&draft).contains(&"run.command-withheld"));
    assert!(!draft.to_json().to_pretty().contains("raw.csv"));

    // Without a secret it has no digest; that is noted, and what there is of the record stays.
    std::fs::remove_dir_all(tree.path().join("out")).unwrap();
    let before = Before::look(self::plan(&tree), &()).unwrap();
    tree.write("out/DOE_JANE/a.dcm", "1");
    let draft = before.after(outcome(0), &());
    assert_eq!(codes(&draft), ["run.output-unreadable", "run.command-withheld"]);
    assert!(!draft.to_json().to_pretty().contains("prep.py") && !draft.subject.contains("generated"));
}

#[test]
fn with_a_secret_inputs_are_sealed_and_outputs_are_for_those_who_come_after() {
    let tree = tree();
    let look = |secret| Before::look(Plan { secret, ..plan(&tree) }, &()).unwrap();
    let (plain, mut sealed) = (look(None), look(Some(secret())));
    let ids = |before: &Before| before.input_ids().map(str::to_owned).collect::<Vec<_>>();
    let (plain, keyed) = (ids(&plain), ids(&sealed));
    assert!(plain.iter().zip(&keyed).all(|(plain, keyed)| plain != keyed));
    let reference = Object::from_iter([("id", "urn:uuid:x"), ("type", "DatasetPassport")]);
    assert!(sealed.refer(&keyed[0], &reference) && sealed.refer(&plain[1], &reference));
    assert_eq!(ids(&sealed), [keyed[0].clone(), plain[1].clone()]);
    tree.write("out/clean.csv", "a\n");
    let (draft, expected) = (
        sealed.after(outcome(0), &()),
        artifacts::read(&tree.path().join("out"), &Options::default(), &Work::new(&())).unwrap(),
    );
    let text = draft.to_json().to_pretty();
    assert!(text.contains(&expected.digest()), "{text}");
    let unsealed = plain[0].trim_start_matches("urn:sha256:");
    assert!(!text.contains(unsealed), "{text}");

    // What is changed in place is as personal as before.
    let plan = Plan { secret: Some(secret()), outputs: vec![tree.path().join("./raw.csv")], ..plan(&tree) };
    let before = Before::look(plan, &()).unwrap();
    tree.write("raw.csv", "a\n3\n");
    let plain =
        artifacts::read(&tree.path().join("raw.csv"), &Options::default(), &Work::new(&())).unwrap().digest();
    assert!(!before.after(outcome(0), &()).to_json().to_pretty().contains(&plain));
}

#[test]
fn words_that_look_secret_by_themselves_are_withheld() {
    let token = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    let given = ["train".to_owned(), token.clone(), format!("x={token}")];
    assert_eq!(withhold(&given), (vec!["train".into(), WITHHELD.into(), format!("x={WITHHELD}")], 2));
}
