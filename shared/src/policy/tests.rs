//! Policies as files, and what they come to over each other; and what trust lists say.

use super::*;
use crate::time::Timestamp;

fn read(text: &str) -> Policy {
    Policy::from_json(text).unwrap()
}

fn refused(text: &str) -> String {
    Policy::from_json(text).unwrap_err().to_string()
}

#[test]
fn a_policy_is_what_its_file_says() {
    assert_eq!(read("{}"), Policy::default());
    let policy = read(
        r#"{"name":"A","profile":"standard","requireArtifacts":true,"requireRecognition":true,"requireStatus":true,
            "requiredSigners":["did:web:a.example"],"minSigners":2,"challenge":"c","domain":["d"],"clockSkewSecs":0,
            "maxStatusAgeSecs":4294967295,"lineage":{"parentExpired":"warn","declared":"fail"},
            "rules":[{"require":"monitoring"}]}"#,
    );
    assert_eq!((policy.name.as_deref(), policy.profile), (Some("A"), Profile::Standard));
    assert!(policy.require_artifacts && policy.require_recognition && policy.require_status);
    assert_eq!(policy.required_signers, ["did:web:a.example"]);
    assert_eq!((policy.min_signers, policy.challenge.as_deref()), (Some(2), Some("c")));
    assert_eq!((policy.domain.len(), policy.rules.len()), (1, 1));
    assert_eq!((policy.clock_skew(), policy.max_status_age()), (0, 4_294_967_295));
    assert_eq!((policy.lineage.parent_expired, policy.lineage.declared), (Some(Row::Warn), Some(Row::Fail)));
    assert_eq!(policy.lineage.parent_newer, None);
    // What is written is what is read.
    assert_eq!(read(&serde_json::to_string(&policy).unwrap()), policy);
}

#[test]
fn what_is_not_understood_is_refused() {
    for text in [
        r#"{"profile":"ProofOnly"}"#,
        r#"{"profile":null}"#,
        r#"{"require_artifacts":true}"#,
        r#"{"requireArtifacts":1}"#,
        r#"{"requiredSigners":"did:web:a.example"}"#,
        r#"{"minSigners":4294967296}"#,
        r#"{"clockSkewSecs":-1}"#,
        r#"{"maxStatusAgeSecs":1.5}"#,
        r#"{"more":1}"#,
        r#"{"lineage":{"parentRevoked":"warn"}}"#,
        r#"{"lineage":{"declared":"accept"}}"#,
        r#"{"rules":[]}"#,
        r#"{"rules":[{}]}"#,
        r#"{"rules":[{"require":"nothing"}]}"#,
        r#"{"rules":[{"require":"metric","definition":"https://example.org/auc"}]}"#,
        r#"{"rules":[{"require":"metric","definition":"https://example.org/auc","atLeast":0.8}]}"#,
        r#"{"rules":[{"require":"metric","definition":"https://example.org/auc","atLeast":"0.8","atMots":"1"}]}"#,
        r#"{"rules":[{"require":"credential"}]}"#,
        r#"{"rules":[{"require":"credential","kind":"RecognitionCredential"}]}"#,
        r#"{"rules":[{"require":"permission","for":"anything"}]}"#,
        r#"{"trust":[{"issuers":[{"id":"did:web:a.example","name":"A"}]}]}"#,
        r#"{"trust":[{"issuers":[{"id":"did:web:a.example","name":"A","kinds":["Everything"]}]}]}"#,
        r#"{"trust":[{"refuse":["did:web:a.example"]}]}"#,
        r#"{"minSigners":1,"minSigners":2}"#,
        "[]",
        "[{},1]",
        "1",
        "",
        "{",
    ] {
        assert!(Policy::from_json(text).is_err(), "{text}");
    }
    assert_eq!(
        refused(r#"[{},{"rules":[{"require":"no-files","endings":[1]}]}]"#),
        "`/1/rules/0/endings/0`: this is an integer, not a string"
    );
}

#[test]
fn a_site_only_narrows_its_network() {
    let network = r#"{"name":"N","profile":"standard","requireRecognition":true,"minSigners":2,"clockSkewSecs":60,
        "maxStatusAgeSecs":3600,"lineage":{"parentExpired":"warn","declared":"fail"},"requiredSigners":["did:web:n.example"],
        "rules":[{"require":"monitoring"}]}"#;
    let over = |site: &str| read(&format!("[{site},{network}]"));
    // Whatever a site asks for, all of its network's policy stays.
    let loose = over(
        r#"{"profile":"proof-only","requireRecognition":false,"minSigners":1,"clockSkewSecs":900,
            "maxStatusAgeSecs":99999,"lineage":{"parentExpired":"fail","declared":"warn"},
            "rules":[{"require":"no-files","endings":[".pkl"]}]}"#,
    );
    let same = over("{}");
    assert_eq!(Policy { lineage: read(network).lineage, ..same }, read(network));
    assert_eq!(
        (loose.profile, loose.require_recognition, loose.min_signers),
        (Profile::Standard, true, Some(2))
    );
    assert_eq!((loose.clock_skew(), loose.max_status_age()), (60, 3600));
    assert_eq!(loose.lineage.declared, Some(Row::Fail));
    assert_eq!(loose.lineage.parent_expired, Some(Row::Fail), "what a site refuses is refused");
    assert_eq!((loose.rules.len(), loose.required_signers.len()), (2, 1));
    let strict = over(r#"{"profile":"passport","minSigners":3,"maxStatusAgeSecs":60,"name":"S"}"#);
    assert_eq!((strict.profile, strict.min_signers), (Profile::Passport, Some(3)));
    assert_eq!((strict.max_status_age(), strict.name.as_deref()), (60, Some("S")));

    assert_eq!(
        refused(r#"[{"challenge":"a"},{"challenge":"b"}]"#),
        "the policies ask for another `challenge` each"
    );
    assert_eq!(
        refused(r#"{"extends":"network.json"}"#),
        "`network.json`, which is to be narrowed, was not given"
    );
    assert!(Policy::from_json(r#"[{"extends":"network.json"},{}]"#).is_ok());
    assert_eq!(
        refused(r#"{"trust":[{"extends":"network-trust.json","refuse":["did:web:a.example"]}]}"#),
        "`network-trust.json`, which is to be narrowed, was not given"
    );
}

const NETWORK: &str = r#"{"name":"the network","issuers":[
    {"id":"did:web:maker.example","name":"Maker","kinds":["ModelPassport"],
     "validFrom":"2026-01-01T00:00:00Z","validUntil":"2026-06-30T00:00:00Z"},
    {"id":"did:web:maker.example","name":"Maker","kinds":["EvaluationAttestation"],"keys":["zKey"]},
    {"id":"did:web:body.example","name":"Body","kinds":["RecognitionCredential"],"recognizes":["DatasetPassport"]}]}"#;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn standing(
    lists: &[&str],
    issuer: &str,
    kind: &str,
    issued: &str,
    recognitions: &[Recognition],
) -> Standing {
    let lists: Vec<Json> = lists.iter().map(|list| json::parse(list).unwrap()).collect();
    assert!(lists.iter().all(|list| Policy::check_trust(list).is_ok()));
    let keys = ["zKey".to_owned()];
    let statement = Statement { issuer, kind, issued: at(issued), keys: &keys };
    Trust::read(&lists).standing(statement, recognitions, at("2026-11-21T12:00:00Z"))
}

fn name(standing: &Standing) -> Option<&str> {
    match standing {
        Standing::Recognized { name, .. } => Some(name),
        _ => None,
    }
}

#[test]
fn a_list_says_who_may_issue_what_and_when() {
    const MAKER: &str = "did:web:maker.example";
    let say = |issuer, kind, issued| standing(&[NETWORK], issuer, kind, issued, &[]);
    let (name, list) = ("Maker".to_owned(), "the network".to_owned());
    let until = Some(at("2026-06-30T00:00:00Z"));
    assert_eq!(
        say(MAKER, "ModelPassport", "2026-03-01T00:00:00Z"),
        Standing::Recognized { name: name.clone(), by: None, until },
        "recognised then, and no longer"
    );
    assert_eq!(
        say(MAKER, "EvaluationAttestation", "2026-11-01T00:00:00Z"),
        Standing::Recognized { name: name.clone(), by: None, until: None }
    );
    assert_eq!(
        say(MAKER, "ModelPassport", "2026-07-01T00:00:00Z"),
        Standing::OtherTime { name: name.clone(), list: list.clone() }
    );
    assert_eq!(
        say(MAKER, "DatasetPassport", "2026-03-01T00:00:00Z"),
        Standing::OtherKind { name: name.clone(), list: list.clone() }
    );
    assert_eq!(
        say("did:web:maker.example.com", "ModelPassport", "2026-03-01T00:00:00Z"),
        Standing::Unknown { list: list.clone() }
    );
    let other_key = NETWORK.replace("zKey", "zOther");
    assert_eq!(
        standing(&[&other_key], MAKER, "EvaluationAttestation", "2026-11-01T00:00:00Z", &[]),
        Standing::OtherKey { name, list }
    );
}

#[test]
fn a_list_that_narrows_another_adds_nothing() {
    const MAKER: &str = "did:web:maker.example";
    let when = "2026-11-01T00:00:00Z";
    let say = |site: &str, kind| standing(&[site, NETWORK], MAKER, kind, when, &[]);
    let refuses = r#"{"name":"the site","extends":"n","refuse":["did:web:maker.example"]}"#;
    assert_eq!(say(refuses, "EvaluationAttestation"), Standing::Refused { list: "the site".into() });
    let other = r#"{"extends":"n","refuse":["did:web:other.example"]}"#;
    assert_eq!(name(&say(other, "EvaluationAttestation")), Some("Maker"));
    let wide = r#"{"name":"the site","extends":"n","issuers":[{"id":"did:web:maker.example","name":"Our maker",
        "kinds":["ModelPassport","EvaluationAttestation","DatasetPassport"]},
        {"id":"did:web:friend.example","name":"Friend","kinds":["ModelPassport"]}]}"#;
    assert_eq!(name(&say(wide, "EvaluationAttestation")), Some("Our maker"));
    assert!(
        matches!(say(wide, "DatasetPassport"), Standing::OtherKind { list, .. } if list == "the network")
    );
    let friend = standing(&[wide, NETWORK], "did:web:friend.example", "ModelPassport", when, &[]);
    assert_eq!(friend, Standing::Unknown { list: "the network".into() });
    let narrow = r#"{"name":"the site","extends":"n","issuers":[{"id":"did:web:friend.example","name":"F","kinds":["ModelPassport"]}]}"#;
    assert_eq!(say(narrow, "EvaluationAttestation"), Standing::Unknown { list: "the site".into() });
}

#[test]
fn a_body_recognises_what_its_list_lets_it() {
    const HOLDER: &str = "did:web:holder.example";
    let recognition = |by: &str, kinds: &[&str]| Recognition {
        at: 3,
        by: by.to_owned(),
        keys: Vec::new(),
        issued: at("2026-05-01T00:00:00Z"),
        id: HOLDER.to_owned(),
        name: "Holder".to_owned(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        period: Period { from: Some(at("2026-05-01T00:00:00Z")), until: None },
    };
    let say = |kind, issued, one: Recognition| standing(&[NETWORK], HOLDER, kind, issued, &[one]);
    const WHEN: &str = "2026-11-01T00:00:00Z";
    const BODY: &str = "did:web:body.example";
    let both = || recognition(BODY, &["DatasetPassport", "ModelPassport"]);
    assert_eq!(
        say("DatasetPassport", WHEN, both()),
        Standing::Recognized { name: "Holder".into(), by: Some(("Body".into(), 3)), until: None }
    );
    let unknown = Standing::Unknown { list: "the network".into() };
    assert_eq!(say("ModelPassport", WHEN, both()), unknown, "the body may not speak about models");
    assert!(matches!(say("DatasetPassport", "2026-04-01T00:00:00Z", both()), Standing::OtherTime { .. }));
    assert!(matches!(
        say("DatasetPassport", WHEN, recognition(BODY, &["ModelPassport"])),
        Standing::OtherKind { .. }
    ));
    for by in [HOLDER, "did:web:maker.example", "did:web:stranger.example"] {
        assert_eq!(say("DatasetPassport", WHEN, recognition(by, &["DatasetPassport"])), unknown, "{by}");
    }
    let refusing = r#"{"name":"the site","extends":"n","refuse":["did:web:body.example"]}"#;
    let all = standing(&[refusing, NETWORK], HOLDER, "DatasetPassport", WHEN, &[both()]);
    assert_eq!(name(&all), None, "a recognition by a refused body counts for nothing");
}
