//! Trust lists, policies and the gate, with the real binary.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use std::process::Command;

use common::{Done, Place};
use model_passport::json::{self, Json};

/// The DID of a key.
fn did(place: &Place, key: &str) -> String {
    let shown = place.run(&format!("key show {key}")).succeeds().stdout;
    shown.split_whitespace().find(|word| word.starts_with("did:")).unwrap().to_owned()
}

/// A place with a bundle, a trust list that names both parties, and policies of a network and a site.
fn with_policies() -> Place {
    let place = Place::with_passports();
    place.run("bundle evaluation.json model.passport.json dataset.passport.json -o all.json").succeeds();
    let entry = |key: &str, name: &str, kinds: &str| {
        format!(r#"{{"id":"{}","name":"{name}","kinds":[{kinds}]}}"#, did(&place, key))
    };
    let lab = entry("lab", "The laboratory", r#""DatasetPassport","ModelPassport""#);
    let office = entry("office", "The evaluation office", r#""EvaluationAttestation""#);
    place.write("trust.json", format!(r#"{{"name":"the network","issuers":[{lab},{office}]}}"#));
    let refused = did(&place, "office");
    place.write(
        "site-trust.json",
        format!(r#"{{"name":"the site","extends":"trust.json","refuse":["{refused}"]}}"#),
    );
    place.write(
        "policy.json",
        r#"{"name":"the network","requireRecognition":true,"rules":[
            {"require":"credential","kind":"EvaluationAttestation","independent":true},
            {"require":"no-files","endings":[".pkl",".pt"]}]}"#,
    );
    place.write(
        "site.json",
        r#"{"name":"the site","extends":"policy.json","requireRecognition":false,"rules":[
            {"require":"monitoring","because":"we run it on patients"}]}"#,
    );
    place
}

#[test]
fn names_come_from_the_trust_list() {
    let place = with_policies();
    let shown = place.run("verify all.json --trust trust.json").succeeds().stdout;
    assert!(
        shown.contains("The evaluation office")
            && shown.contains("recognised to issue an EvaluationAttestation"),
        "{shown}"
    );
    place.run("verify all.json --trust trust.json --policy policy.json --json").reports(
        0,
        "verified-with-warnings",
        "lineage.declared",
    );
    // What narrows a list is read with it.
    place.run("verify all.json --trust site-trust.json --json").reports(
        0,
        "verified-with-warnings",
        "trust.refused",
    );
    place.run("verify all.json --trust site-trust.json --policy policy.json --json").reports(
        1,
        "not-verified",
        "trust.refused",
    );
    // A site that asks for less than its network gets what the network asks for, and what itself asks for.
    let site = place.run("verify all.json --policy site.json --json").reports(
        1,
        "not-verified",
        "policy.monitoring-missing",
    );
    assert!(
        site.stdout.contains("\"trust.no-list\"") && site.stdout.contains("(because we run it on patients)")
    );
}

#[test]
fn files_that_are_no_policy_are_refused() {
    let place = with_policies();
    for (name, text, option, code) in [
        ("bad.json", r#"{"requireRecogniton":true}"#, "--policy", "policy.malformed"),
        ("bad.json", r#"{"rules":[{"require":"metric"}]}"#, "--policy", "policy.malformed"),
        ("bad.json", "{", "--policy", "json.syntax"),
        ("bad.json", r#"{"issuers":[{"id":"did:web:a.example"}]}"#, "--trust", "trust.malformed"),
        ("ring.json", r#"{"extends":"ring.json"}"#, "--policy", "policy.too-many-layers"),
        ("gone.json", r#"{"extends":"nowhere.json"}"#, "--policy", "input.missing"),
    ] {
        place.write(name, text);
        let done = place.run(&format!("verify all.json {option} {name}"));
        assert!(done.stderr.contains(&format!("code: {code}\n")), "{text}: {}", done.stderr);
        assert!(done.status != 0 && done.stdout.is_empty());
    }
}

#[test]
fn the_gate_answers_with_its_exit_code_only() {
    let place = with_policies();
    let gate = |arguments: &str| place.run(&format!("gate {arguments} --at {}", common::NOW));
    let silent = |done: Done, status: i32| {
        assert_eq!((done.status, done.stdout.as_str(), done.stderr.as_str()), (status, "", ""));
    };
    silent(gate("model --passport all.json --policy policy.json --trust trust.json"), 0);
    silent(gate("model --passport all.json --policy policy.json"), 2);
    silent(gate("model --passport all.json --policy site.json --trust trust.json"), 1);
    silent(gate("model --passport all.json --trust trust.json --strict"), 1);
    // A part of the model, another file, and data are not the model.
    silent(gate("model/model.onnx --passport all.json"), 1);
    silent(gate("row.csv --passport all.json"), 1);
    silent(gate("train.csv --passport all.json"), 1);
    let told = gate("model/model.onnx --passport all.json --explain");
    assert!(told.stdout.is_empty() && told.stderr.contains("policy.files-missing"), "{}", told.stderr);
    place.run("gate nothing --passport all.json").fails(2, "capture.not-found");
}

#[test]
fn the_gate_remembers_what_passed_and_nothing_else() {
    const LONG: &str = "--max-age 200000";
    let place = with_policies();
    let at = |time: &str, more: &str| {
        place
            .run(&format!(
                "gate model --passport all.json --trust trust.json --cache gate.json --at {time} {more}"
            ))
            .status
    };
    assert_eq!(at("2026-11-21T10:00:00Z", "--max-age 60"), 0);
    let remembered = json::parse(&place.read("gate.json")).unwrap();
    let (question, period) = remembered.as_object().unwrap().iter().next().unwrap();
    assert_eq!(period.get("until").and_then(Json::as_str), Some("2026-11-21T10:01:00Z"));
    // It answers from the file: even where the verification would not, since the time is before the passport's.
    let moved =
        format!(r#"{{"{question}":{{"from":"2020-01-01T00:00:00Z","until":"2020-01-02T00:00:00Z"}}}}"#);
    place.write("gate.json", &moved);
    let private = |mode: u32| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(place.path("gate.json"), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    private(0o600);
    assert_eq!(at("2020-01-01T12:00:00Z", "--max-age 60"), 1, "not longer than whoever asks wants it to");
    assert_eq!(at("2020-01-01T12:00:00Z", LONG), 0);
    assert_eq!(at("2020-01-02T00:00:00Z", LONG), 1, "not longer than it was to hold");
    assert_eq!(at("2020-01-01T12:00:00Z", &format!("{LONG} --strict")), 1, "not to another question");
    private(0o666);
    assert_eq!(at("2020-01-01T12:00:00Z", LONG), 1, "not from a file that others may write to");
    private(0o600);
    let mut model = std::fs::read(place.path("model/model.onnx")).unwrap();
    model[1000] ^= 1;
    place.write("model/model.onnx", model);
    assert_eq!(at("2020-01-01T12:00:00Z", LONG), 1, "not about other files");
    assert_eq!(place.read("gate.json"), moved, "a refusal is not remembered");
    place.write("gate.json", "not JSON");
    assert_eq!(at("2026-11-21T10:00:00Z", ""), 1);
}

#[test]
fn the_examples_let_pass_and_refuse() {
    let place = with_policies();
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/gate");
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_passport")).parent().unwrap().to_owned();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let run = |mut command: Command| {
        Done::of(command.current_dir(place.path("")).env("PATH", &path).output().unwrap())
    };
    let python = |policy: &str| {
        let mut command = Command::new("python3");
        command.arg(examples.join("load.py")).args([
            "model",
            "all.json",
            "--trust",
            "trust.json",
            "--policy",
            policy,
        ]);
        run(command)
    };
    let shell = |policy: &str| {
        let mut command = Command::new("sh");
        command.arg(examples.join("entrypoint.sh")).args(["echo", "serving"]);
        command.env("MODEL", "model").env("PASSPORT", "all.json");
        command.env("PASSPORT_POLICY", policy).env("PASSPORT_TRUST", "trust.json");
        run(command)
    };
    // The passports of this place were signed at a time that the machine's clock has to have passed.
    assert_eq!(python("policy.json").succeeds().stdout, "model may be loaded\n");
    assert_eq!(shell("policy.json").succeeds().stdout, "serving\n");
    for refused in [python("site.json"), shell("site.json")] {
        assert!(refused.status == 1 && refused.stdout.is_empty(), "{}", refused.stdout);
        assert!(refused.stderr.contains("policy.monitoring-missing"), "{}", refused.stderr);
    }
    // The commands of the others are commands of this binary.
    let command_of = |name: &str, from: &str| {
        let text = std::fs::read_to_string(examples.join(name)).unwrap();
        let line = text.lines().find(|line| line.contains(from)).unwrap().to_owned();
        line.split_once(from).unwrap().1.replace(['"', '[', ']', ','], "")
    };
    for arguments in [
        command_of("pre-commit-config.yaml", "entry: passport"),
        command_of("init-container.yaml", "command: [\"passport\""),
    ] {
        let arguments = arguments
            .replace("/model.bundle.json", "all.json")
            .replace("model.bundle.json", "all.json")
            .replace("/model", "model");
        let done = place.run(&format!("{} --trust trust.json", arguments.trim()));
        assert_eq!(done.status, 0, "{arguments}: {}", done.stderr);
    }
}

#[test]
fn lineage_is_drawn_in_four_ways() {
    let place = with_policies();
    let drawn = |format: &str| {
        place
            .run(&format!("lineage all.json --trust trust.json --at {} --format {format}", common::NOW))
            .succeeds()
            .stdout
    };
    let tree = drawn("tree");
    assert!(tree.contains("evaluates: ModelPassport") && tree.contains("by The laboratory"), "{tree}");
    let dot = drawn("dot");
    assert!(dot.starts_with("digraph lineage {") && dot.contains("[label=\"trainedOn\"]"), "{dot}");
    let mermaid = drawn("mermaid");
    assert!(mermaid.starts_with("flowchart BT\n") && mermaid.contains("-- trainedOn -->"), "{mermaid}");
    let nodes = json::parse(drawn("json").trim()).unwrap();
    assert_eq!(nodes.as_array().map(<[Json]>::len), Some(4));
    // Names that would mean something to a drawing program mean nothing.
    let trust = place.read("trust.json").replace("The laboratory", "A\\\"]; evil --> B <script>");
    place.write("evil.json", trust);
    for format in ["dot", "mermaid"] {
        let drawn = place
            .run(&format!("lineage all.json --trust evil.json --at {} --format {format}", common::NOW))
            .stdout;
        assert!(drawn.contains("A__") && !drawn.contains("<script>") && !drawn.contains("; evil"), "{drawn}");
    }
}
