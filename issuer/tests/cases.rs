//! Every case of `tests/cases` through the binary: the report to the letter, and the exit code of its verdict.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn the_binary_gives_the_report_of_the_library() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let case = entry.unwrap().path();
        let expect: Value =
            serde_json::from_str(&fs::read_to_string(case.join("expect.json")).unwrap()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_passport"));
        command
            .arg("verify")
            .arg(case.join("input.json"))
            .arg("--json")
            .args(["--at", expect["now"].as_str().unwrap()]);
        for (option, name) in [("--evidence", "evidence.json"), ("--policy", "policy.json")] {
            if case.join(name).exists() {
                command.arg(option).arg(case.join(name));
            }
        }
        let output = command.output().unwrap();
        let report = fs::read_to_string(case.join("report.json")).unwrap();
        if String::from_utf8_lossy(&output.stdout) != report || output.status.code() != Some(exit(&report)) {
            wrong.push(format!(
                "{}: exit {:?}\n{}",
                case.display(),
                output.status.code(),
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        count += 1;
    }
    assert!(count >= 90, "only {count} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The exit code that architecture fixes for a report.
fn exit(report: &str) -> i32 {
    let report: Value = serde_json::from_str(report).unwrap();
    let malformed = |check: &Value| check["check"] == "parse" && check["outcome"] == "fail";
    match report["verdict"].as_str().unwrap() {
        "verified" | "verified-with-warnings" => 0,
        "not-verified" if report["checks"].as_array().unwrap().iter().any(malformed) => 3,
        "not-verified" => 1,
        "could-not-check" => 2,
        other => panic!("{other}"),
    }
}
