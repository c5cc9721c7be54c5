//! The whole way, on a small credential of our own making. The corpus under `tests/` has the rest.

use super::*;
use crate::evidence::{NeedKind, Profile};
use crate::report::Verdict;

const NOW: i64 = 1_795_255_200;

fn run(text: &str, evidence: &Evidence, policy: &Policy) -> Report {
    verify(text, evidence, policy, Timestamp::from_unix_secs(NOW))
}

fn outcome(report: &Report, name: CheckName) -> (Outcome, &str) {
    let check = report.checks.iter().find(|check| check.check == name).unwrap();
    (check.outcome, check.code.as_ref())
}

#[test]
fn hostile_text_is_a_failed_check() {
    for (text, code) in [
        ("", "json.syntax"),
        ("\u{feff}{}", "json.syntax"),
        ("{}", "input.not-a-credential"),
        (r#"{"type":"VerifiablePresentation","verifiableCredential":[]}"#, "input.no-credentials"),
    ] {
        let report = run(text, &Evidence::default(), &Policy::default());
        assert_eq!((report.verdict, report.code.as_ref()), (Verdict::NotVerified, code), "{text}");
        assert!(report.is_malformed() && report.shown.is_empty());
        assert!(needs(text, &Evidence::default(), &Policy::default()).is_empty());
    }
}

#[test]
fn an_empty_credential_fails_everywhere_it_can() {
    let text = r#"{"type":"VerifiableCredential"}"#;
    let report = run(text, &Evidence::default(), &Policy::default());
    assert_eq!(report.verdict, Verdict::NotVerified);
    assert_eq!(outcome(&report, CheckName::Parse).0, Outcome::Pass);
    assert_eq!(outcome(&report, CheckName::Profile).0, Outcome::Fail);
    assert_eq!(outcome(&report, CheckName::Proof), (Outcome::Fail, "proof.none"));
    assert_eq!(outcome(&report, CheckName::Issuer), (Outcome::Fail, "issuer.missing"));
    assert!(report.shown.is_empty());
}

#[test]
fn a_status_that_cannot_be_read_is_not_good() {
    let policy = Policy { profile: Profile::ProofOnly, ..Policy::default() };
    let of = |status: &str| {
        let text = format!(r#"{{"type":"VerifiableCredential","credentialStatus":{status}}}"#);
        let report = run(&text, &Evidence::default(), &policy);
        let (outcome, code) = outcome(&report, CheckName::Status);
        (outcome, code.to_owned(), needs(&text, &Evidence::default(), &policy))
    };
    let entry = r#"{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"7","statusListCredential":"https://lab.example/status/1"}"#;
    let (found, code, needs) = of(entry);
    assert_eq!((found, code.as_str()), (Outcome::NotChecked, "status.list-missing"));
    assert_eq!(
        (needs[0].url.as_str(), needs[0].kind),
        ("https://lab.example/status/1", NeedKind::StatusList)
    );
    for (status, expected, code) in [
        (r#"{"type":"StatusList2021Entry"}"#, Outcome::NotChecked, "status.not-supported"),
        (&entry.replace("\"7\"", "7"), Outcome::Fail, "status.entry-malformed"),
        (&entry.replace("revocation", "recall"), Outcome::Warn, "status.unknown-purpose"),
        ("{}", Outcome::Fail, "status.entry-malformed"),
        ("null", Outcome::Fail, "status.entry-malformed"),
        ("[]", Outcome::Fail, "status.entries"),
        (&format!("[{}]", [entry; 9].join(",")), Outcome::Fail, "status.entries"),
    ] {
        assert_eq!(of(status).0, expected, "{status}");
        assert_eq!(of(status).1, code, "{status}");
    }
}

#[test]
fn times_have_a_tolerance_and_an_end() {
    let policy = Policy { profile: Profile::ProofOnly, ..Policy::default() };
    let at = |from: i64, until: i64| {
        let time = |offset: i64| Timestamp::from_unix_secs(NOW + offset);
        let text = format!(
            r#"{{"type":"VerifiableCredential","validFrom":"{}","validUntil":"{}"}}"#,
            time(from),
            time(until)
        );
        let report = run(&text, &Evidence::default(), &policy);
        outcome(&report, CheckName::Validity).1.to_owned()
    };
    assert_eq!(at(-10, 10), "validity.ok");
    assert_eq!(at(300, 400), "validity.ok");
    assert_eq!(at(301, 400), "validity.not-yet-valid");
    assert_eq!(at(-900, -300), "validity.ok");
    assert_eq!(at(-900, -301), "validity.expired");
    assert_eq!(at(10, 5), "validity.reversed");
}

#[test]
fn a_missing_answer_is_no_answer() {
    let key = "did:key:zDnaeUKTWUXc1HDpGfKbEK31nKLN19yX5aunFd7VK1CUMeyJu";
    let credential = format!(
        r#"{{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"{key}","credentialSubject":{{"id":"urn:s"}},
        "proof":{{"type":"DataIntegrityProof","cryptosuite":"ecdsa-rdfc-2019","proofPurpose":"assertionMethod","verificationMethod":"{key}#{}",
        "proofValue":"{}"}}}}"#,
        key.trim_start_matches("did:key:"),
        crate::multibase::encode_base58btc(&[7; 64])
    );
    let policy = Policy { profile: Profile::ProofOnly, ..Policy::default() };
    let begin =
        || Verification::begin(&credential, &Evidence::default(), &policy, Timestamp::from_unix_secs(NOW));
    if begin().signatures().is_empty() {
        let report = begin().finish(&[]);
        panic!("no signature to check: {}", report.to_json());
    }
    let verdict = |answers: &[Answer]| {
        let report = begin().finish(answers);
        (report.verdict, report.code.to_string())
    };
    assert_eq!(verdict(&[]), (Verdict::CouldNotCheck, "proof.signature-not-checked".into()));
    assert_eq!(verdict(&[Answer::CouldNotTell]).0, Verdict::CouldNotCheck);
    assert_eq!(verdict(&[Answer::Invalid]), (Verdict::NotVerified, "proof.signature-invalid".into()));
    assert_eq!(verdict(&[Answer::Valid]), (Verdict::VerifiedWithWarnings, "policy.proof-only".into()));
}
