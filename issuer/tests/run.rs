//! `passport run` with the real binary: what is recorded, what is passed on, what is never signed.
#![cfg(unix)]

mod common;

use common::{NOW, Place};
use model_passport::json::{self, Json};

const DATASET: &str =
    "issue train.csv --kind dataset --claims dataset.toml --key lab -o dataset.passport.json";

fn place() -> Place {
    let place = Place::with_keys();
    place.write("train.sh", "echo trained\necho warned >&2\ncp -r model made\nrm made/model.onnx\n");
    place
}

fn text(draft: &Json, pointer: &str) -> String {
    let value = draft.pointer(pointer);
    value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default()
}

#[test]
fn a_model_leads_over_the_run_to_the_data() {
    let place = place();
    place.run(DATASET).succeeds();
    let run = format!(
        "run --input train.csv --input train.sh --output made --passport dataset.passport.json --name training \
         --hardware --container sha256:{} --at {NOW} -o run.draft.json -- sh train.sh --seed 7",
        "ab".repeat(32)
    );
    let done = place.run(&run).succeeds();
    assert_eq!(done.stdout, "trained\n");
    assert!(done.stderr.starts_with("warned\n") && done.stderr.contains("run.draft.json"), "{}", done.stderr);
    let draft = json::parse(&place.read("run.draft.json")).unwrap();
    assert_eq!(text(&draft, "/kind"), "ProcessingAttestation");
    assert_eq!(text(&draft, "/subject/used/0/type"), "DatasetPassport");
    assert_eq!(text(&draft, "/subject/used/1/type"), "Artifact");
    assert_eq!(text(&draft, "/subject/generated/0/type"), "Model");
    assert_eq!(text(&draft, "/subject/execution/command"), r#"["sh","train.sh","--seed","7"]"#);
    assert_eq!(text(&draft, "/subject/execution/exitCode"), "0");
    assert_eq!(text(&draft, "/subject/environment/basis"), "declared");

    place.write("run.toml", "[sourceCode]\nbasis = \"unknown\"\n");
    place
        .run("issue run.draft.json --claims run.toml --with dataset.passport.json --key lab -o run.json")
        .succeeds();
    let claims = place.read("model.toml").replacen(
        "\n[developer]",
        "wasGeneratedBy = [{ passport = \"run.json\" }]\n\n[developer]",
        1,
    );
    place.write("made.toml", claims);
    place.write("interface.toml", "[interface]\nbasis = \"unknown\"\n");
    let issue = "issue made --claims made.toml --with dataset.passport.json --key lab";
    place.run(&format!("{issue} --claims interface.toml -o made.json")).succeeds();
    place.run("bundle made.json run.json dataset.passport.json -o all.json").succeeds();
    // The script has no passport: that is said, and is not a failure.
    place.run("verify all.json --artifact made --json").reports(
        0,
        "verified-with-warnings",
        "lineage.declared",
    );

    // Another model cannot say that this run made it.
    place.write("made/model.onnx", std::fs::read(place.path("model/model.onnx")).unwrap());
    let refused = place.run(issue);
    assert!(refused.stderr.contains("lineage.not-generated"), "{}", refused.stderr);
}

#[test]
fn a_good_run_is_signed_at_once_and_a_bad_one_never() {
    let place = place();
    let run = format!("run --input train.csv --output made --key lab --at {NOW} -o run.json --");
    place.run(&format!("{run} sh train.sh")).succeeds();
    place.run("verify run.json --json").reports(0, "verified-with-warnings", "lineage.declared");

    // The output is there already, and nobody wrote to it.
    place.write("idle.sh", "exit $1\n");
    for (code, status, note) in [("0", 2, "run.output-unchanged"), ("3", 3, "run.failed")] {
        let name = note.replace('.', "-");
        let done =
            place.run(&format!("{run} sh idle.sh {code}").replace("-o run.json", &format!("-o {name}.json")));
        assert_eq!(done.status, status, "{}", done.stderr);
        assert!(done.stderr.contains(note), "{}", done.stderr);
        assert!(!place.path(&format!("{name}.json")).exists(), "signed");
        let draft = json::parse(&place.read(&format!("{name}.draft.json"))).unwrap();
        assert_eq!(text(&draft, "/subject/execution/exitCode"), code);
    }
}

#[test]
fn what_cannot_be_recorded_is_not_run() {
    let place = place();
    place.run(DATASET).succeeds();
    place.write("row.draft.json", "");
    for (arguments, status, code) in [
        ("run --passport dataset.passport.json -- touch ran", 64, "run.not-an-input"),
        ("run --container train:latest -- touch ran", 64, "run.container"),
        ("run -o - -- touch ran", 64, "run.record-to-stdout"),
        ("run --input gone -- touch ran", 2, "capture.not-found"),
        ("run --key nobody --output made -- touch ran", 64, "keystore.unknown-key"),
        ("run --key lab -- touch ran", 64, "run.key-without-output"),
        ("run --key lab --output made --claims train.csv -- touch ran", 3, "claims."),
        ("run --key lab --output made -o row.json -- touch ran", 64, "output.exists"),
        ("run -- ./no-such-command", 2, "run.not-started"),
        ("run -o train.csv -- touch ran", 64, "output.exists"),
    ] {
        let done = place.run(&arguments.replacen("run ", &format!("run --at {NOW} "), 1));
        assert!(done.stderr.contains(&format!("\ncode: {code}")), "{arguments}: {}", done.stderr);
        assert_eq!(done.status, status, "{arguments}");
    }
    assert!(!place.path("ran").exists() && !place.path("processing.draft.json").exists());
}

#[test]
fn only_the_named_variables_get_into_a_draft() {
    let place = place();
    let mut command = place.command("run --output made -o run.json -- sh train.sh --api-key hunter2");
    for (name, value) in [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "lab/model"),
        ("GITHUB_RUN_ID", "17"),
        ("GITHUB_TOKEN", "hunter2"),
        ("CI_JOB_TOKEN", "hunter2"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("SOMETHING", "hunter2"),
    ] {
        command.env(name, value);
    }
    common::Done::of(command.output().unwrap()).succeeds();
    let draft = place.read("run.json");
    assert!(!draft.contains("hunter2") && draft.contains("run.argument-withheld"), "{draft}");
    let draft = json::parse(&draft).unwrap();
    assert_eq!(text(&draft, "/subject/automation/repository"), "https://github.com/lab/model");
}

#[test]
fn a_signal_ends_the_command_and_not_the_record() {
    let place = place();
    place.write("wait.sh", "touch started\nexec sleep 60\n");
    for (name, number) in [("TERM", 15), ("INT", 2)] {
        let record = format!("{name}.json");
        let mut child = place.command(&format!("run -o {record} -- sh wait.sh")).spawn().unwrap();
        while !place.path("started").exists() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        std::fs::remove_file(place.path("started")).unwrap();
        let id = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(128 + number));
        let draft = json::parse(&place.read(&record)).unwrap();
        assert_eq!(text(&draft, "/subject/execution/exitCode"), (128 + number).to_string());
        assert!(text(&draft, "/notes").contains("run.failed"));
    }
}

#[test]
fn what_fails_after_the_command_leaves_a_draft_and_its_answer() {
    let place = place();
    // A claim that contradicts what was measured is found out only after.
    place.write("wrong.toml", "[execution]\ncommand = [\"other\"]\n");
    let run =
        format!("run --input train.csv --output made --key lab --claims wrong.toml --at {NOW} -o run.json");
    let done = place.run(&format!("{run} -- sh train.sh"));
    assert!(done.status != 0 && done.stderr.contains("\ncode: "), "{}", done.stderr);
    assert!(!place.path("run.json").exists() && place.path("run.draft.json").exists());

    // The command takes the name of the draft.
    place.write("take.sh", "echo mine >taken.json\nexit 7\n");
    let done = place.run("run -o taken.json -- sh take.sh");
    assert_eq!(done.status, 7, "{}", done.stderr);
    assert_eq!(place.read("taken.json"), "mine\n");
    let draft = json::parse(&place.read("taken-2.json")).unwrap();
    assert_eq!(text(&draft, "/subject/execution/exitCode"), "7");

    // Nor does the answer get lost if nothing can be written any more.
    std::fs::create_dir(place.path("gone")).unwrap();
    let done = place.run("run -o gone/run.json -- sh -c rmdir${IFS}gone;exit${IFS}9");
    assert_eq!(done.status, 9, "{}", done.stderr);
    assert!(done.stderr.contains("code: output.no-directory"), "{}", done.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let place = place();
    place.write("wait.sh", "touch started\nwhile [ ! -e go ]; do sleep 0.02; done\n");
    let passport = place.command("run -o run.json -- sh wait.sh");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(passport.get_program());
    command.args(passport.get_args()).current_dir(place.path(""));
    let mut child = command.spawn().unwrap();
    while !place.path("started").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-s", "HUP", &id]).status().unwrap().success());
    // Long enough for a signal to be passed on.
    std::thread::sleep(std::time::Duration::from_millis(100));
    place.write("go", "");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_run_can_be_told_afterwards() {
    let place = place();
    place.write(
        "told.toml",
        r#"
name = "resampling"
[[generated]]
id = "urn:sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
type = "Dataset"
digestMultibase = "uEiC6eBa_jwHP6kFBQN5driIjsANho5YXepy0EP9h8gAVrQ"
[execution]
command = ["resample", "--spacing", "1"]
[tool]
name = "resample"
version = "2.0"
parameters = { spacing = "1.5" }
[sourceCode]
basis = "unknown"
[environment]
basis = "unknown"
"#,
    );
    place.run("attest processing told.toml --key lab -o told.json").succeeds();
    place.run("verify told.json --json").reports(0, "verified", "ok");
    let told = json::parse(&place.read("told.json")).unwrap();
    assert_eq!(text(&told, "/credentialSubject/execution/basis"), "declared");
}

#[test]
fn stages_of_a_pipeline_are_signed_as_they_are_told() {
    let place = place();
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/run");
    std::fs::create_dir(place.path("drafts")).unwrap();
    place.run(&format!("capture {} --stages drafts", fixture.join("dvc").display())).succeeds();
    for stage in ["prepare", "train"] {
        let issue = format!("issue drafts/{stage}.draft.json --key lab -o {stage}.json");
        // Where the fixture lies in a repository, its commit is known.
        let draft = place.read(&format!("drafts/{stage}.draft.json"));
        let claims = match draft.contains("\"SourceCode\"") {
            true => "[environment]\nbasis = \"unknown\"\n",
            false => "[sourceCode]\nbasis = \"unknown\"\n[environment]\nbasis = \"unknown\"\n",
        };
        place.write("unknown.toml", claims);
        place.run(&format!("{issue} --claims unknown.toml")).succeeds();
        // Files without a passport are somebody's word.
        place.run(&format!("verify {stage}.json --json")).reports(
            0,
            "verified-with-warnings",
            "lineage.declared",
        );
    }
}

#[test]
fn trackers_tell_of_the_run_and_not_of_people() {
    let place = place();
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/run");
    for (tracker, runs) in [("mlflow", "32"), ("wandb", "8")] {
        let run = fixture.join(tracker);
        let capture =
            format!("capture model --run {} --metrics {tracker}.toml -o {tracker}.json", run.display());
        let done = place.run(&capture).succeeds();
        let (draft, metrics) =
            (place.read(&format!("{tracker}.json")), place.read(&format!("{tracker}.toml")));
        for text in [&done.stdout, &done.stderr, &draft, &metrics] {
            assert!(!text.contains("CANARY") && !text.contains("somebody@"), "{text}");
        }
        assert!(metrics.contains("name = \"val/auc\"") && metrics.contains("value = \"0.93\""), "{metrics}");
        let draft = json::parse(&draft).unwrap();
        assert_eq!(text(&draft, "/subject/training/runId").len().to_string(), runs);
        assert_eq!(text(&draft, "/subject/training/basis"), "declared");
        // What stands beside a model is no part of it.
        assert_eq!(draft.pointer("/subject/artifactManifest/file").unwrap().as_array().unwrap().len(), 2);
    }
}
