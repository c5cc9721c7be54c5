//! An implementation that shares no code with ours: it takes what we sign, we take what it signs, neither
//! takes a changed one, and both read the same statements in a passport. The same against another one is
//! `reference.test.mjs` beside this file.

mod oracle;
mod varied;

use model_passport::canon::rdfc::HashAlgorithm;
use model_passport::evidence::{Evidence, Policy, Profile};
use model_passport::json::Json;
use model_passport::jsonld::{self, ContextLoader};
use model_passport::key::Algorithm;
use model_passport::limits::Budget;
use model_passport::proof::Cryptosuite;
use model_passport::report::{CheckName, Outcome, Report};
use model_passport::{Verdict, verify};
use model_passport_issuer::second_opinion::{Disagreement, Opinion, Question, ask};
use model_passport_tests::issue::{NOW, Party, remove, set, time};
use proptest::prelude::*;

/// Every suite with every algorithm that it takes.
const SUITES: [(Cryptosuite, Algorithm); 6] = [
    (Cryptosuite::EcdsaJcs2019, Algorithm::P256),
    (Cryptosuite::EcdsaJcs2019, Algorithm::P384),
    (Cryptosuite::EcdsaRdfc2019, Algorithm::P256),
    (Cryptosuite::EcdsaRdfc2019, Algorithm::P384),
    (Cryptosuite::EddsaJcs2022, Algorithm::Ed25519),
    (Cryptosuite::EddsaRdfc2022, Algorithm::Ed25519),
];

fn quads(credential: &Json) -> String {
    let mut unsecured = credential.clone();
    unsecured.as_object_mut().and_then(|members| members.remove("proof"));
    jsonld::canonize(&unsecured, ContextLoader::embedded(), HashAlgorithm::Sha256, &mut Budget::default())
        .unwrap()
}

/// What the other implementation says of a credential of ours.
fn opinion(credential: &Json) -> Result<Vec<Opinion>, Disagreement> {
    ask(&Question { credential: &credential.to_string(), quads: &quads(credential), did_documents: &[] })
}

fn agrees(suite: Cryptosuite) -> Result<Vec<Opinion>, Disagreement> {
    Ok(vec![Opinion::Agrees { cryptosuite: suite.name().to_owned() }])
}

fn proof_only(credential: &Json) -> Report {
    let policy = Policy { profile: Profile::ProofOnly, ..Policy::default() };
    verify(&credential.to_string(), &Evidence::default(), &policy, time(NOW))
}

fn proofs(report: &Report) -> Vec<Outcome> {
    report.checks.iter().filter(|check| check.check == CheckName::Proof).map(|check| check.outcome).collect()
}

/// The credential with another word, another time of signing, another signature: each ours to sign, none signed.
fn twins(credential: &Json) -> [Json; 3] {
    let twin = |pointer: &str, value: String| {
        let mut twin = credential.clone();
        set(&mut twin, pointer, value);
        twin
    };
    let signature = credential.pointer("/proof/proofValue").and_then(Json::as_str).unwrap();
    let (head, tail) = signature.split_at(signature.len() - 2);
    let other = if tail.starts_with('a') { 'b' } else { 'a' };
    [
        twin("/validFrom", "2026-11-20T00:00:00Z".into()),
        twin("/proof/created", "2026-11-21T10:59:59Z".into()),
        twin("/proof/proofValue", format!("{head}{other}{}", &tail[1..])),
    ]
}

#[test]
fn it_takes_what_we_sign_and_nothing_else() {
    for (suite, algorithm) in SUITES {
        let party = Party::by_key(algorithm, 3);
        for unsigned in varied::examples() {
            let signed = party.issue(suite, unsigned);
            assert_eq!(opinion(&signed), agrees(suite), "{suite:?} {algorithm}");
            for twin in twins(&signed) {
                let said = opinion(&twin);
                assert!(matches!(said, Err(Disagreement::Proof { .. })), "{suite:?} {algorithm}: {said:?}");
            }
        }
    }
}

#[test]
fn we_take_what_it_signs_and_nothing_else() {
    for (suite, algorithm) in SUITES {
        let party = Party::by_key(algorithm, 4);
        for unsigned in varied::examples() {
            let signed = oracle::issue(&party, suite, &unsigned);
            let report = proof_only(&signed);
            assert_eq!(proofs(&report), [Outcome::Pass], "{suite:?} {algorithm}: {report:#?}");
            for twin in twins(&signed) {
                let report = proof_only(&twin);
                assert_eq!(
                    (report.verdict, proofs(&report)),
                    (Verdict::NotVerified, vec![Outcome::Fail]),
                    "{twin}"
                );
            }
        }
    }
}

#[test]
fn a_passport_that_it_signed_is_a_passport() {
    for (suite, algorithm) in SUITES {
        let party = Party::by_key(algorithm, 5);
        let [mut dataset, ..] = varied::examples();
        remove(&mut dataset, "/credentialSubject/wasDerivedFrom");
        let signed = oracle::issue(&party, suite, &dataset);
        let report = verify(&signed.to_string(), &Evidence::default(), &Policy::default(), time(NOW));
        assert_eq!(report.verdict, Verdict::Verified, "{suite:?} {algorithm}: {report:#?}");
    }
}

#[test]
fn other_statements_are_noticed() {
    let party = Party::by_key(Algorithm::P256, 3);
    let [dataset, ..] = varied::examples();
    let signed = party.issue(party.suite(), dataset);
    let text = signed.to_string();
    let ours = quads(&signed);
    let fewer: String = ours.lines().skip(1).map(|line| format!("{line}\n")).collect();
    let said = ask(&Question { credential: &text, quads: &fewer, did_documents: &[] });
    assert!(matches!(said, Err(Disagreement::Quads { .. })), "{said:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// The opinion holds the statements against each other, byte for byte, before it looks at the proof.
    #[test]
    fn passports_that_nobody_wrote_have_the_same_statements(passport in varied::passport(), which in 0..SUITES.len()) {
        let (suite, algorithm) = SUITES[which];
        let signed = Party::by_key(algorithm, 6).issue(suite, passport);
        prop_assert_eq!(opinion(&signed), agrees(suite));
        prop_assert_eq!(proofs(&proof_only(&signed)), [Outcome::Pass]);
    }
}
