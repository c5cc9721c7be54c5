//! Every case through the library.

use model_passport::json::{self, Limits};
use model_passport::report::CheckName;
use model_passport::schema;
use model_passport_tests::stored_cases;

#[test]
fn every_case_has_the_verdict_that_its_builder_expects() {
    let mut wrong = Vec::new();
    let cases = stored_cases();
    for case in &cases {
        let report = case.verify();
        let verdict = serde_json::to_value(report.verdict).unwrap();
        let expected = (case.expect.verdict.as_str(), case.expect.code.as_str());
        if (verdict.as_str().unwrap(), report.code.as_ref()) != expected {
            wrong.push(format!(
                "{}: expected {expected:?}, got {verdict} {} {:#?}",
                case.name, report.code, report.checks
            ));
        }
    }
    assert!(cases.len() >= 150, "only {} cases", cases.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_report_is_the_stored_one_and_fits_its_schema() {
    let schema = schema::report().expect("the schema of reports");
    for case in stored_cases() {
        let text = case.verify().to_json();
        assert_eq!(
            text,
            case.report.trim_end(),
            "{}: run `cargo vectors` and look at what changed",
            case.name
        );
        // The report of a lineage is longer than any credential.
        let limits = Limits { max_bytes: usize::MAX, max_nodes: usize::MAX, ..Limits::default() };
        let findings = schema.validate(&json::parse_within(&text, &limits).unwrap());
        assert!(findings.is_empty(), "{}: {findings:?}", case.name);
    }
}

#[test]
fn nothing_is_shown_of_a_credential_that_does_not_hold() {
    for case in stored_cases() {
        let report = case.verify();
        for shown in &report.shown {
            // What it builds on, which files are at hand, and what the verifier's rules ask of a model besides, take
            // nothing from what its issuer signed.
            let blocked = report.checks.iter().any(|check| {
                let of_itself = match check.check {
                    CheckName::Artifacts | CheckName::Lineage => false,
                    CheckName::Policy => check.pointer.is_some(),
                    _ => true,
                };
                check.node.as_ref() == Some(&shown.node) && check.blocks() && of_itself
            });
            assert!(!blocked, "{} shows {}", case.name, shown.node);
        }
    }
}
