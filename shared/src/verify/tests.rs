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

#[cfg(feature = "sign")]
mod lists {
    use super::*;
    use crate::evidence::Document;
    use crate::jsonld::ContextLoader;
    use crate::key::{Algorithm, KeySigner, SigningKey};
    use crate::limits::{MAX_STATUS_LIST_BYTES, MAX_STATUS_LISTS, MIN_STATUS_ENTRIES};
    use crate::proof::{Cryptosuite, ProofOptions, add_proof};
    use crate::status::{Bitstring, ListOrder, Purpose};

    fn signer() -> KeySigner {
        KeySigner::did_key(SigningKey::from_secret_bytes(Algorithm::P256, &[7; 32]).unwrap())
    }

    fn did() -> String {
        let signer = signer();
        let method = crate::key::Signer::verification_method(&signer);
        method.split_once('#').unwrap().0.to_owned()
    }

    fn document(url: &str, bits: &Bitstring) -> Document {
        let made = Timestamp::from_unix_secs(NOW);
        let list = ListOrder {
            url,
            issuer: &did(),
            purposes: &[Purpose::Revocation],
            bits,
            valid_from: made,
            valid_until: made,
        };
        let options = ProofOptions::new(Cryptosuite::EcdsaRdfc2019).created(made);
        let text =
            add_proof(&list.to_json(), &options, &signer(), ContextLoader::embedded()).unwrap().to_string();
        Document { url: url.to_owned(), retrieved: None, text }
    }

    fn naming(urls: impl Iterator<Item = String>) -> String {
        let credential = |(index, url): (usize, String)| {
            format!(
                r#"{{"type":"VerifiableCredential","issuer":"{}","credentialStatus":{{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"{index}","statusListCredential":"{url}"}}}}"#,
                did()
            )
        };
        let all: Vec<String> = urls.enumerate().map(credential).collect();
        format!(r#"{{"type":"VerifiablePresentation","verifiableCredential":[{}]}}"#, all.join(","))
    }

    fn codes(report: &Report) -> Vec<&str> {
        let status = report.checks.iter().filter(|check| check.check == CheckName::Status);
        status.map(|check| check.code.as_ref()).collect()
    }

    const URL: &str = "https://lab.example/status/1";

    #[test]
    fn a_list_is_looked_at_once_for_all_that_name_it() {
        let mut bits = Bitstring::new(MIN_STATUS_ENTRIES, 1);
        assert!(bits.set(500, 1, 1));
        let text = naming(std::iter::repeat_n(URL.to_owned(), 1000));
        let evidence = Evidence { documents: vec![document(URL, &bits)], ..Evidence::default() };
        let policy = Policy { profile: Profile::ProofOnly, ..Policy::default() };
        let verification = Verification::begin(&text, &evidence, &policy, Timestamp::from_unix_secs(NOW));
        assert_eq!(verification.signatures().len(), 1);
        let report = verification.finish(&[Answer::Valid]);
        let codes = codes(&report);
        assert_eq!(codes.iter().filter(|code| **code == "status.ok").count(), 999);
        assert_eq!(codes.iter().filter(|code| **code == "status.revoked").count(), 1);
        // Nobody's word for the signature is nobody's word for the credential.
        let begin = || Verification::begin(&text, &evidence, &policy, Timestamp::from_unix_secs(NOW));
        for answers in [&[][..], &[Answer::CouldNotTell], &[Answer::Invalid]] {
            let report = begin().finish(answers);
            assert!(self::codes(&report).iter().all(|code| *code == "status.list-not-verified"));
        }
    }

    #[test]
    fn lists_share_one_purse() {
        let url = |at: usize| format!("https://lab.example/status/{at}");
        let policy = Policy { profile: Profile::ProofOnly, ..Policy::default() };
        let text = naming((0..=MAX_STATUS_LISTS).map(url));
        let report = run(&text, &Evidence::default(), &policy);
        let codes_of = codes(&report);
        assert_eq!(codes_of.iter().filter(|code| **code == "status.list-missing").count(), MAX_STATUS_LISTS);
        assert_eq!(codes_of.iter().filter(|code| **code == "status.too-many-lists").count(), 1);

        let bits = Bitstring::new(8 * MAX_STATUS_LIST_BYTES, 1);
        let documents = (0..3).map(|at| document(&url(at), &bits)).collect();
        let evidence = Evidence { documents, ..Evidence::default() };
        let report = run(&naming((0..3).map(url)), &evidence, &policy);
        assert_eq!(codes(&report), ["status.ok", "status.ok", "status.list-too-large"]);
    }
}
