//! What holds for every input, on inputs that nobody wrote.

#[path = "differential/varied.rs"]
mod varied;

use std::collections::HashSet;
use std::sync::LazyLock;

use model_passport::canon::rdfc::{self, HashAlgorithm};
use model_passport::canon::{jcs, nquads};
use model_passport::json::{self, Json, JsonError, MAX_SAFE_INTEGER, Number, Object};
use model_passport::jsonld::{self, ContextLoader};
use model_passport::limits::Budget;
use model_passport::{Evidence, Policy, Report, Verdict, needs, verify};
use model_passport_tests::issue::{NOW, set, time};
use model_passport_tests::{Stored, stored_cases};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};

static CASES: LazyLock<Vec<Stored>> = LazyLock::new(stored_cases);

/// Everything that some case shows: what was signed by somebody, and may be shown.
static SHOWN: LazyLock<HashSet<String>> =
    LazyLock::new(|| CASES.iter().flat_map(|case| shown(&case.verify())).collect());

/// The cases that hold as they are, by themselves. A JWS has no leaves to change; cases of its own change it.
static GOOD: LazyLock<Vec<Json>> = LazyLock::new(|| {
    let alone = |case: &&Stored| {
        case.expect.verdict == "verified"
            && case.evidence == Evidence::default()
            && case.policy == Policy::default()
    };
    CASES.iter().filter(alone).filter_map(|case| json::parse(&case.input).ok()).collect()
});

fn shown(report: &Report) -> Vec<String> {
    report.shown.iter().map(|shown| shown.content.to_string()).collect()
}

fn judge(text: &str) -> Report {
    verify(text, &Evidence::default(), &Policy::default(), time(NOW))
}

fn holds(report: &Report) -> bool {
    matches!(report.verdict, Verdict::Verified | Verdict::VerifiedWithWarnings)
}

fn integer(number: i64) -> Json {
    Json::Number(Number::Integer(number))
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Pointers to every string, number and boolean.
fn leaves(json: &Json, pointer: &str, found: &mut Vec<String>) {
    match json {
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| leaves(item, &format!("{pointer}/{at}"), found));
        }
        Json::Object(object) => {
            object.iter().for_each(|(name, value)| {
                leaves(value, &format!("{pointer}/{}", json::escape_token(name)), found)
            });
        }
        _ => found.push(pointer.to_owned()),
    }
}

/// Another value in the place of a leaf: near to it, or anything.
fn other_leaf(leaf: &Json, near: u8, far: &Json) -> Json {
    match (leaf, near % 4) {
        (Json::String(text), 0) => format!("{text} ").into(),
        (Json::String(text), 1) => text.chars().skip(1).collect::<String>().into(),
        (Json::String(text), 2) => text.to_uppercase().into(),
        (Json::Number(Number::Integer(number)), 0..=2) => integer(number.abs().min(MAX_SAFE_INTEGER - 1) + 1),
        (Json::Bool(value), 0..=2) => (!value).into(),
        _ => far.clone(),
    }
}

/// Names that the reader refuses.
const MAGIC_NAMES: [&str; 3] = ["__proto__", "constructor", "prototype"];

/// Any JSON value.
fn any_json() -> impl Strategy<Value = Json> {
    let double = any::<f64>().prop_filter("JSON has finite numbers", |number| number.is_finite());
    let name =
        any::<String>().prop_filter("names that are taken", |name| !MAGIC_NAMES.contains(&name.as_str()));
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).prop_map(integer),
        double.prop_map(|number| Json::Number(Number::Double(number))),
        any::<String>().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Json::from),
            btree_map(name.clone(), inner, 0..8)
                .prop_map(|members| members.into_iter().collect::<Object>().into()),
        ]
    })
}

/// Statements among a few nodes, most of them blank, as N-Quads.
fn any_statements() -> impl Strategy<Value = Vec<String>> {
    let node = || select(vec!["_:a", "_:b", "_:c", "_:d", "_:e", "<urn:x:1>"]);
    let object = prop_oneof![
        node().prop_map(str::to_owned),
        select(vec!["\"x\"", "\"x\"@de", "\"\\n\\\\\""]).prop_map(str::to_owned)
    ];
    let graph = select(vec!["", "<urn:g:1>", "_:a", "_:g"]);
    let statement = (node(), select(vec!["<urn:p:1>", "<urn:p:2>"]), object, graph);
    vec(statement.prop_map(|(s, p, o, g)| format!("{s} {p} {o} {g} .\n")), 0..12)
}

fn canonical(quads: &str) -> String {
    let parsed = nquads::parse(quads).unwrap();
    rdfc::canonicalize(&parsed.dataset, HashAlgorithm::Sha256, &mut Budget::default()).unwrap().text
}

/// A change of bytes that knows nothing of their meaning.
fn mutate(bytes: &mut Vec<u8>, kind: u8, at: Index, to: Index, with: u8) {
    let (mut from, mut to) = (at.index(bytes.len()), to.index(bytes.len()));
    if from > to {
        std::mem::swap(&mut from, &mut to);
    }
    match kind {
        0 => bytes.truncate(to),
        1 => bytes[from] = with,
        2 => drop(bytes.drain(from..to.min(from + 64))),
        3 => {
            let copy = bytes[from..to.min(from + 256)].to_vec();
            bytes.splice(from..from, copy);
        }
        4 => {
            let length = (to - from).min(bytes.len() - to).min(64);
            (0..length).for_each(|step| bytes.swap(from + step, to + step));
        }
        _ => bytes.insert(from, with),
    }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn a_changed_leaf_is_noticed_or_not_shown(case in any::<Index>(), at in any::<Index>(), near in any::<u8>(), far in any_json()) {
        let original = case.get(&GOOD);
        let mut pointers = Vec::new();
        leaves(original, "", &mut pointers);
        pointers.retain(|pointer| !pointer.contains("/proof/"));
        let pointer = at.get(&pointers);
        let leaf = original.pointer(pointer).unwrap();
        let other = other_leaf(leaf, near, &far);
        prop_assume!(other != *leaf);
        let mut changed = original.clone();
        set(&mut changed, pointer, other);
        let report = judge(&changed.to_string());
        let before = judge(&original.to_string());
        prop_assert!(!holds(&report) || shown(&report) == shown(&before), "{pointer} is not noticed");
        prop_assert!(shown(&report).iter().all(|content| SHOWN.contains(content)), "{pointer} is shown");
    }

    #[test]
    fn a_changed_character_of_a_signature_is_noticed(case in any::<Index>(), which in any::<Index>(), at in any::<Index>(), letter in select(b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".to_vec())) {
        let original = case.get(&GOOD);
        let mut pointers = Vec::new();
        leaves(original, "", &mut pointers);
        pointers.retain(|pointer| pointer.ends_with("/proofValue"));
        // A presentation of enveloped credentials has none of its own.
        prop_assume!(!pointers.is_empty());
        let pointer = which.get(&pointers);
        let signature = original.pointer(pointer).and_then(Json::as_str).unwrap();
        let mut changed = signature.as_bytes().to_vec();
        let at = at.index(changed.len());
        prop_assume!(changed[at] != letter);
        changed[at] = letter;
        let mut credential = original.clone();
        set(&mut credential, pointer, String::from_utf8(changed).unwrap());
        prop_assert_eq!(judge(&credential.to_string()).verdict, Verdict::NotVerified);
    }

    #[test]
    fn no_change_of_bytes_shows_what_nobody_signed(case in any::<Index>(), changes in vec((0..6_u8, any::<Index>(), any::<Index>(), any::<u8>()), 1..4)) {
        let case = case.get(&CASES);
        let mut bytes = case.input.clone().into_bytes();
        for (kind, at, to, with) in changes {
            if !bytes.is_empty() {
                mutate(&mut bytes, kind, at, to, with);
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        let report = verify(&text, &case.evidence, &case.policy, case.now());
        let _ = needs(&text, &case.evidence, &case.policy);
        prop_assert!(shown(&report).iter().all(|content| SHOWN.contains(content)), "{text}");
    }

    #[test]
    fn any_text_gets_a_report(text in any::<String>(), bytes in vec(any::<u8>(), 0..512), value in any_json()) {
        for text in [text, String::from_utf8_lossy(&bytes).into_owned(), value.to_string()] {
            prop_assert!(!holds(&judge(&text)));
            prop_assert_eq!(needs(&text, &Evidence::default(), &Policy::default()), []);
        }
    }

    #[test]
    fn json_is_read_as_it_was_written(value in any_json()) {
        for text in [value.to_string(), value.to_pretty()] {
            prop_assert_eq!(json::parse(&text), Ok(value.clone()), "{}", text);
        }
    }

    #[test]
    fn the_canonical_json_is_its_own_canonical_form(value in any_json()) {
        let text = jcs::to_string(&value);
        match json::parse(&text) {
            // From 2^53 to 10^21 the scheme writes a float as rounded digits, which no integer may be.
            Err(JsonError::InexactInteger(_)) => {}
            read => prop_assert_eq!(jcs::to_string(&read.unwrap()), text),
        }
    }

    #[test]
    fn canonical_statements_are_their_own_canonical_form(statements in any_statements(), turn in any::<Index>()) {
        let text = canonical(&statements.concat());
        prop_assert_eq!(&canonical(&text), &text);
        // Neither the order of statements nor the names of blank nodes count.
        let mut other = statements.clone();
        if !other.is_empty() {
            let by = turn.index(other.len());
            other.rotate_left(by);
        }
        let other = other.concat().replace("_:a", "_:z").replace("_:b", "_:a");
        prop_assert_eq!(canonical(&other), text);
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn the_statements_of_a_passport_are_their_own_canonical_form(passport in varied::passport()) {
        let text = jsonld::canonize(&passport, ContextLoader::embedded(), HashAlgorithm::Sha256, &mut Budget::default()).unwrap();
        prop_assert_eq!(canonical(&text), text);
    }
}
