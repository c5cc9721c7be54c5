//! Shapes of lineage, honest and hostile.

use super::*;

fn digest_of(name: &str) -> Digest {
    Digest::of(name)
}

/// A credential named `id` whose content digest is that of its name.
fn member(id: &str, parents: &[&str]) -> Member {
    let link = |parent: &&str| link(parent, &digest_of(parent).to_multibase());
    Member {
        id: id.to_owned(),
        kind: "ModelPassport".to_owned(),
        issuer: Some("did:key:z".to_owned()),
        issuer_name: None,
        is_unrecognized: false,
        digest: digest_of(id),
        valid_from: Some(Timestamp::from_unix_secs(0)),
        subject: Some(format!("urn:x:{id}")),
        generated: Vec::new(),
        references: parents.iter().map(link).collect(),
        blocked: None,
        is_root: false,
        is_part: false,
    }
}

fn link(id: &str, digest: &str) -> Reference {
    Reference {
        relation: "trainedOn".to_owned(),
        id: id.to_owned(),
        kind: "ModelPassport".to_owned(),
        digest: digest.to_owned(),
        pointer: "/credentialSubject/trainedOn".to_owned(),
    }
}

const ROWS: Rows = Rows { newer: Row::Warn, unrecognized: Row::Warn, declared: Row::Warn };

fn walked(mut members: Vec<Member>) -> Walk {
    members[0].is_root = true;
    walk(&members, ROWS)
}

fn codes(walk: &Walk) -> Vec<&str> {
    let mut codes: Vec<&str> = walk.checks.iter().map(|check| check.code.as_ref()).collect();
    codes.sort_unstable();
    codes
}

#[test]
fn a_chain_is_proven() {
    let found = walked(vec![member("a", &["b"]), member("b", &["c"]), member("c", &[])]);
    assert_eq!(codes(&found), ["lineage.none", "lineage.proven", "lineage.proven"]);
    assert!(found.nodes.iter().all(|node| node.state == NodeState::Proven));
    assert_eq!(found.nodes.first().map(|node| node.id.as_str()), Some("a"));
}

#[test]
fn what_is_not_reached_does_not_count() {
    let mut stranger = member("x", &[]);
    stranger.blocked = Some((Outcome::Fail, "proof.signature-invalid".into()));
    let found = walked(vec![member("a", &[]), stranger]);
    assert_eq!(codes(&found), ["lineage.none"]);
    assert!(found.reaches(0) && !found.reaches(1));
}

#[test]
fn trouble_comes_down_with_its_path() {
    for (outcome, code) in
        [(Outcome::Fail, "lineage.parent-broken"), (Outcome::NotChecked, "lineage.parent-open")]
    {
        let mut bad = member("c", &[]);
        bad.blocked = Some((outcome, "proof.x".into()));
        let found = walked(vec![member("a", &["b"]), member("b", &["c"]), bad]);
        let top = found.checks.iter().find(|check| check.node.as_deref() == Some("a")).unwrap();
        assert_eq!((top.outcome, top.code.as_ref()), (outcome, code));
        assert!(top.message.contains("a -> b -> c") && top.message.contains("proof.x"), "{}", top.message);
    }
}

#[test]
fn a_recall_taints_every_descendant_by_a_path() {
    for (code, inherited) in [
        ("status.revoked", "lineage.parent-revoked"),
        ("status.suspended", "lineage.parent-suspended"),
        ("validity.expired", "lineage.parent-expired"),
        ("trust.unknown-issuer", "lineage.parent-unrecognized"),
        ("profile.contexts", "lineage.parent-broken"),
    ] {
        let mut recalled = member("data", &[]);
        recalled.blocked = Some((Outcome::Fail, code.into()));
        let members = vec![
            member("deployment", &["model", "other"]),
            member("model", &["step"]),
            member("step", &["data"]),
            recalled,
            member("other", &[]),
        ];
        let found = walked(members);
        let taint = |id: &str| found.nodes.iter().find(|node| node.id == id).unwrap().taint.clone();
        let path = |ids: &[&str]| {
            Some(Taint { code: code.into(), path: ids.iter().map(|id| (*id).to_owned()).collect() })
        };
        assert_eq!(taint("deployment"), path(&["data", "step", "model", "deployment"]));
        assert_eq!(taint("step"), path(&["data", "step"]));
        assert_eq!((taint("data"), taint("other")), (None, None));
        assert_eq!(codes(&found).iter().filter(|found| **found == inherited).count(), 3);
    }
}

/// A digest is over the whole of a credential, so a part of it can be linked by its name only.
#[test]
fn a_part_is_declared_to_belong_to_what_was_pinned() {
    let mut part = Member { is_part: true, ..member("b", &[]) };
    part.digest = digest_of("a part of b");
    // Of somebody whom nobody knows it says nothing.
    let stranger = walked(vec![member("a", &["b"]), part.clone()]);
    let check = stranger.checks.iter().find(|check| check.code == "lineage.disclosed-part").unwrap();
    assert_eq!(check.outcome, Outcome::NotChecked);
    part.issuer_name = Some("Known".to_owned());
    let found = walked(vec![member("a", &["b"]), part.clone()]);
    assert_eq!(codes(&found), ["lineage.disclosed-part", "lineage.none"]);
    assert!(found.checks.iter().all(|check| check.outcome != Outcome::Fail));
    assert_eq!(found.nodes[1].state, NodeState::Declared);
    // The whole beside it is what was pinned, and no contradiction.
    let both = walked(vec![member("a", &["b"]), Member { is_root: true, ..part.clone() }, member("b", &[])]);
    assert_eq!(codes(&both), ["lineage.none", "lineage.none", "lineage.proven"]);
    // Two credentials under one name by two parties are one.
    let mut foreign = Member { is_root: true, ..part.clone() };
    foreign.issuer = Some("did:key:other".to_owned());
    let foreign = walked(vec![member("a", &["b"]), foreign, member("b", &[])]);
    assert!(codes(&foreign).contains(&"lineage.conflicting-ids"));
    // Of another kind it is not what the link names.
    let mut other = part.clone();
    other.kind = "DatasetPassport".to_owned();
    assert_eq!(codes(&walked(vec![member("a", &["b"]), other])), ["lineage.digest-mismatch"]);
    // What is wrong with the part is wrong with what rests on it.
    part.blocked = Some((Outcome::Fail, "status.revoked".into()));
    assert!(codes(&walked(vec![member("a", &["b"]), part])).contains(&"lineage.parent-revoked"));
    // Parts that name each other never end.
    let ring = |id: &str, next: &str| {
        let mut part = Member { is_part: true, ..member(id, &[next]) };
        part.references[0].digest = digest_of("nothing").to_multibase();
        part
    };
    assert!(codes(&walked(vec![ring("x", "y"), ring("y", "x")])).contains(&"lineage.cycle"));
    // Nor behind a whole credential of the same name.
    let twin = Member { is_root: true, ..member("x", &[]) };
    let mut parts = [ring("x", "y"), ring("y", "x")];
    parts[0].digest = digest_of("part of x");
    parts[0].is_root = true;
    let behind = walked([vec![twin], parts.to_vec()].concat());
    assert!(codes(&behind).contains(&"lineage.cycle"), "{:?}", codes(&behind));
}

#[test]
fn the_policy_says_what_a_finding_is_worth() {
    let mut declared = member("a", &["b"]);
    declared.references[0].kind = "Dataset".to_owned();
    let mut newer = member("b", &[]);
    newer.valid_from = Some(Timestamp::from_unix_secs(10));
    let unrecognized = Member { is_unrecognized: true, ..member("b", &[]) };
    let cases = [
        (vec![declared], "lineage.declared"),
        (vec![member("a", &["b"]), newer], "lineage.parent-newer"),
        (vec![member("a", &["b"]), unrecognized], "lineage.parent-unrecognized"),
    ];
    for (mut members, code) in cases {
        members[0].is_root = true;
        for (row, outcome) in [(Row::Warn, Outcome::Warn), (Row::Fail, Outcome::Fail)] {
            let found = walk(&members, Rows { newer: row, unrecognized: row, declared: row });
            let check = found.checks.iter().find(|check| check.code == code).unwrap();
            assert_eq!(check.outcome, outcome);
            // A refusal goes down the line, a warning does not.
            let mut child = member("z", &["a"]);
            child.is_root = true;
            let below = [vec![child], members.clone()].concat();
            let found = walk(&below, Rows { newer: row, unrecognized: row, declared: row });
            assert_eq!(found.nodes[0].taint.is_some(), row == Row::Fail, "{code}");
        }
    }
}

#[test]
fn a_parent_is_the_one_that_was_pinned() {
    let found = walked(vec![member("a", &["b"])]);
    assert_eq!(codes(&found), ["lineage.missing"]);

    let mut child = member("a", &[]);
    child.references = vec![link("b", &digest_of("another").to_multibase())];
    let found = walked(vec![child.clone(), member("b", &[])]);
    assert_eq!(codes(&found), ["lineage.digest-mismatch"]);

    child.references = vec![link("c", &digest_of("b").to_multibase())];
    assert_eq!(
        codes(&walked(vec![child.clone(), member("b", &[])])),
        ["lineage.none", "lineage.wrong-parent"]
    );

    child.references = vec![link("b", "uEQ")];
    assert_eq!(codes(&walked(vec![child, member("b", &[])])), ["lineage.weak-digest"]);
}

#[test]
fn what_a_processing_made_is_what_it_says() {
    let child = |relation: &str, kind: &str| {
        let mut child = member("model", &["run"]);
        child.references[0].relation = relation.to_owned();
        child.references[0].kind = kind.to_owned();
        child
    };
    let run = |kind: &str, generated: &[&str]| {
        let mut run = member("run", &[]);
        run.kind = kind.to_owned();
        run.generated = generated.iter().map(|id| (*id).to_owned()).collect();
        run
    };
    const RUN: &str = "ProcessingAttestation";
    let made = walked(vec![child("wasGeneratedBy", RUN), run(RUN, &["urn:x:other", "urn:x:model"])]);
    assert_eq!(codes(&made), ["lineage.none", "lineage.proven"]);
    for generated in [&[][..], &["urn:x:other"], &["urn:x:Model"]] {
        let not_made = walked(vec![child("wasGeneratedBy", RUN), run(RUN, generated)]);
        assert_eq!(codes(&not_made), ["lineage.none", "lineage.not-generated"]);
    }
    // To name it for something else as well changes nothing.
    for relations in [["used", "wasGeneratedBy"], ["wasGeneratedBy", "used"]] {
        let mut both = child(relations[0], RUN);
        both.references.push(Reference { relation: relations[1].to_owned(), ..both.references[0].clone() });
        let found = walked(vec![both, run(RUN, &[])]);
        assert!(codes(&found).contains(&"lineage.not-generated"), "{:?}", codes(&found));
    }
    // What a processing is used for by others is their affair.
    assert_eq!(codes(&walked(vec![child("used", RUN), run(RUN, &[])])), ["lineage.none", "lineage.proven"]);
}

#[test]
fn a_thing_without_credential_is_declared() {
    let mut child = member("a", &["b"]);
    child.references[0].kind = "Dataset".to_owned();
    let found = walked(vec![child, member("b", &[])]);
    assert_eq!(codes(&found), ["lineage.declared"]);
    assert_eq!(found.nodes[1].state, NodeState::Declared);
}

#[test]
fn one_identifier_has_one_content() {
    let mut twin = member("b", &[]);
    twin.digest = digest_of("other");
    let beside = walked(vec![member("a", &["b"]), member("b", &[]), twin.clone()]);
    assert!(!codes(&beside).contains(&"lineage.conflicting-ids"), "what is not needed says nothing");
    twin.is_root = true;
    let found = walked(vec![member("a", &["b"]), member("b", &[]), twin]);
    assert!(codes(&found).contains(&"lineage.conflicting-ids"));
}

#[test]
fn circles_are_printed() {
    let found = walked(vec![member("a", &["b"]), member("b", &["c"]), member("c", &["a"])]);
    let cycle = found.checks.iter().find(|check| check.code == "lineage.cycle").unwrap();
    assert!(cycle.message.contains("a -> b -> c -> a"), "{}", cycle.message);

    let mut own = member("a", &[]);
    own.references = vec![link("a", &digest_of("x").to_multibase())];
    let found = walked(vec![own]);
    assert!(codes(&found).contains(&"lineage.cycle"));
}

#[test]
fn a_parent_younger_than_its_child_is_said() {
    let mut parent = member("b", &[]);
    parent.valid_from = Some(Timestamp::from_unix_secs(10));
    assert_eq!(codes(&walked(vec![member("a", &["b"]), parent])), ["lineage.none", "lineage.parent-newer"]);
}

#[test]
fn diamonds_are_walked_once() {
    let mut members = vec![member("top", &["0a", "0b"])];
    for layer in 0..40 {
        let below = [format!("{}a", layer + 1), format!("{}b", layer + 1)];
        let parents: Vec<&str> = if layer < 39 { below.iter().map(String::as_str).collect() } else { vec![] };
        members.push(member(&format!("{layer}a"), &parents));
        members.push(member(&format!("{layer}b"), &parents));
    }
    let found = walked(members);
    assert_eq!((found.nodes.len(), found.checks.len()), (81, 81));
}

#[test]
fn long_and_wide_lineage_is_refused() {
    let chain = |n: usize| {
        (0..n).map(|i| member(&i.to_string(), &[(i + 1).to_string().as_str()])).collect::<Vec<_>>()
    };
    assert_eq!(codes(&walked(chain(5000))), ["lineage.too-deep"]);
    assert!(!codes(&walked(chain(250))).contains(&"lineage.too-deep"));
    let many: Vec<String> = (1..=10_000).map(|i| i.to_string()).collect();
    let mut crowd: Vec<Member> = many.iter().map(|id| member(id, &[])).collect();
    let mut roots: Vec<Member> = many
        .chunks(1_000)
        .map(|some| {
            let parents: Vec<&str> = some.iter().map(String::as_str).collect();
            Member { is_root: true, ..member(&format!("root {}", parents[0]), &parents) }
        })
        .collect();
    roots.append(&mut crowd);
    assert_eq!(codes(&walked(roots)), ["lineage.too-many-credentials"]);
    let mut wide = member("a", &[]);
    wide.references = vec![link("b", &digest_of("b").to_multibase()); 50_001];
    assert_eq!(codes(&walked(vec![wide])), ["lineage.too-many-links"]);
}

#[test]
fn links_are_found_wherever_they_stand() {
    let content = crate::json::parse(
        r#"{"credentialSubject":{"trainedOn":[{"id":"urn:a","type":"DatasetPassport","digestMultibase":"u1"}],
            "evaluation":{"metric":[{"value":"1","dataset":{"id":"urn:b","type":"Dataset","digestMultibase":"u2"}}]},
            "other":{"id":"urn:c","type":"Dataset","digestMultibase":"u3"}}}"#,
    )
    .unwrap();
    let found = references(&content).unwrap();
    let pointers: Vec<&str> = found.iter().map(|reference| reference.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        ["/credentialSubject/trainedOn/0", "/credentialSubject/evaluation/metric/0/dataset"]
    );
    assert!(found[0].is_credential() && !found[1].is_credential());
}
