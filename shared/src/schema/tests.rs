//! Our validator against our schemas, and both against an independent validator.

use model_passport_contexts as contexts;

use super::*;
use crate::json::{Object, parse};

const EXAMPLES: [(&str, &str); 8] = [
    ("DatasetPassport", include_str!("../../../tests/fixtures/examples/dataset-passport.json")),
    ("EvaluationAttestation", include_str!("../../../tests/fixtures/examples/evaluation-attestation.json")),
    ("ModelPassport", include_str!("../../../tests/fixtures/examples/model-passport.json")),
    ("ProcessingAttestation", include_str!("../../../tests/fixtures/examples/processing-attestation.json")),
    ("ApprovalAttestation", include_str!("../../../tests/fixtures/examples/approval-attestation.json")),
    ("DeploymentAttestation", include_str!("../../../tests/fixtures/examples/deployment-attestation.json")),
    ("MonitoringAttestation", include_str!("../../../tests/fixtures/examples/monitoring-attestation.json")),
    ("RecognitionCredential", include_str!("../../../tests/fixtures/examples/recognition-credential.json")),
];

fn example(kind: &str) -> Json {
    let (_, text) = EXAMPLES.into_iter().find(|(other, _)| *other == kind).unwrap();
    parse(text).unwrap()
}

fn at<'j>(json: &'j mut Json, pointer: &str) -> &'j mut Json {
    pointer.split('/').skip(1).fold(json, |json, token| match json {
        Json::Object(object) => object.get_mut(token).unwrap(),
        Json::Array(items) => &mut items[token.parse::<usize>().unwrap()],
        _ => panic!("{pointer}"),
    })
}

fn object<'j>(json: &'j mut Json, pointer: &str) -> &'j mut Object {
    at(json, pointer).as_object_mut().unwrap()
}

fn codes(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings.iter().map(|finding| (finding.pointer.as_str(), finding.code)).collect()
}

/// Findings of an example after a change.
fn changed(kind: &str, change: impl FnOnce(&mut Json)) -> Vec<Finding> {
    let mut json = example(kind);
    change(&mut json);
    for_kind(kind).unwrap().validate(&json)
}

fn compiled(schema: &str) -> Result<Schema, SchemaError> {
    Schema::compile(&parse(schema).unwrap(), &|_| None)
}

#[test]
fn the_embedded_schemas_compile() {
    for document in contexts::schemas() {
        let compiled = Schema::compile(&parse(document.text).unwrap(), &embedded_document);
        assert_eq!(compiled.err(), None, "{}", document.url);
    }
    assert!(report().is_some());
    assert!(for_kind("VerifiableCredential").is_none());
}

#[test]
fn the_examples_are_valid() {
    for (kind, _) in EXAMPLES {
        assert_eq!(changed(kind, |_| {}), [], "{kind}");
    }
}

#[test]
fn every_object_schema_is_closed() {
    fn walk(schema: &serde_json::Value, at: &str, open: &mut Vec<String>) {
        match schema {
            serde_json::Value::Object(members) => {
                let is_whole =
                    members.get("type").is_some_and(|t| t == "object") && members.contains_key("description");
                if is_whole && !members.contains_key("additionalProperties") && !members.contains_key("$ref")
                {
                    open.push(at.to_owned());
                }
                members.iter().for_each(|(name, inner)| walk(inner, &format!("{at}/{name}"), open));
            }
            serde_json::Value::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(index, inner)| walk(inner, &format!("{at}/{index}"), open));
            }
            _ => {}
        }
    }
    let mut open = Vec::new();
    for document in contexts::schemas() {
        walk(&serde_json::from_str(document.text).unwrap(), document.url, &mut open);
    }
    // The content of a credential in a report follows the credential's own schema.
    // A rule of a policy is closed by the branch that its `require` chooses.
    let rules = format!("{}/properties/rules/items", contexts::POLICY_SCHEMA.url);
    let shown = format!("{}/properties/shown/items/properties/content", contexts::REPORT_SCHEMA.url);
    assert_eq!(open, [rules, shown]);
}

#[test]
fn all_missing_fields_are_listed_by_name() {
    let findings = changed("ModelPassport", |json| {
        object(json, "/credentialSubject").remove("intendedUse");
        object(json, "/credentialSubject").remove("name");
        object(json, "/credentialSubject/design").remove("task");
    });
    let listed: Vec<_> = findings.iter().map(|f| (f.message.as_str(), f.help.as_deref().unwrap())).collect();
    assert_eq!(
        listed,
        [
            ("`design.task` is missing", "the task, such as binary classification"),
            ("`name` is missing", "the model's name"),
            ("`intendedUse.purpose` is missing", "what the model is for"),
            ("`intendedUse.population` is missing", "whose data it may be used on"),
            ("`intendedUse.users` is missing", "who may use it"),
            ("`intendedUse.setting` is missing", "where it may be used"),
            ("`intendedUse.decisionRole` is missing", "what part its output plays in a decision"),
        ]
    );
    assert!(findings.iter().all(|finding| finding.code == "schema.missing"));
    assert_eq!(findings[0].pointer, "/credentialSubject/design/task");
}

#[test]
fn a_reference_is_missing_as_a_whole() {
    let findings = changed("EvaluationAttestation", |json| {
        object(json, "/credentialSubject").remove("evaluates");
    });
    assert_eq!(codes(&findings), [("/credentialSubject/evaluates", "schema.missing")]);
    let findings = changed("ModelPassport", |json| {
        object(json, "/credentialSubject").remove("trainedOn");
    });
    assert_eq!(findings[0].help.as_deref(), Some("the data that the model learned from"));
    assert_eq!(codes(&findings), [("/credentialSubject/trainedOn", "schema.missing")]);
}

#[test]
fn unknown_is_an_answer_and_withheld_needs_a_reason() {
    let undisclosed = |basis: &str| {
        let basis = basis.to_owned();
        changed("ModelPassport", move |json| {
            let group = object(json, "/credentialSubject/training");
            *group =
                ["id", "type"].map(|name| (name, group.get(name).unwrap().clone())).into_iter().collect();
            group.insert("basis", basis);
        })
    };
    assert_eq!(undisclosed("unknown"), []);
    assert_eq!(codes(&undisclosed("withheld")), [("/credentialSubject/training/reason", "schema.missing")]);
    assert_eq!(undisclosed("declared").len(), 5);
    assert_eq!(
        codes(&undisclosed("certified")).first(),
        Some(&("/credentialSubject/training/basis", "schema.value"))
    );
}

#[test]
fn a_metric_is_measured_only_with_n_interval_and_dataset() {
    for name in ["n", "interval", "dataset"] {
        let without = |basis: &'static str| {
            changed("EvaluationAttestation", move |json| {
                let metric = object(json, "/credentialSubject/metric/0");
                metric.remove(name);
                metric.insert("basis", basis);
            })
        };
        assert!(without("measured").iter().all(|finding| finding.pointer.contains(name)));
        assert!(!without("measured").is_empty());
        assert_eq!(without("declared"), []);
    }
}

#[test]
fn a_mistyped_name_is_refused_with_the_known_one() {
    for (wrong, right) in [("licence", "license"), ("Version", "version"), ("trainedon", "trainedOn")] {
        let findings = changed("ModelPassport", |json| {
            object(json, "/credentialSubject").insert(wrong, "x");
        });
        assert_eq!(
            codes(&findings),
            [(format!("/credentialSubject/{wrong}").as_str(), "schema.unknown-field")]
        );
        assert_eq!(findings[0].help, Some(format!("the field `{right}` is known; is it that?")));
    }
}

#[test]
fn the_nearest_branch_speaks() {
    let findings = changed("ModelPassport", |json| {
        object(json, "")
            .insert("proof", parse(r#"[{"type":"DataIntegrityProof","cryptosuite":"x"}]"#).unwrap());
    });
    assert_eq!(
        codes(&findings),
        [
            ("/proof/0/verificationMethod", "schema.missing"),
            ("/proof/0/proofPurpose", "schema.missing"),
            ("/proof/0/proofValue", "schema.missing"),
        ]
    );
}

#[test]
fn small_counts_of_people_are_refused() {
    for (count, ok) in [
        ("1", false),
        ("4", false),
        ("5", false),
        ("9", false),
        ("0", true),
        ("10", true),
        ("\"<10\"", true),
        ("\"<5\"", false),
    ] {
        let findings = changed("DatasetPassport", |json| {
            let count = parse(count).unwrap();
            *at(json, "/credentialSubject/cohort/outcomeDistribution/0/count") = count;
        });
        assert_eq!(findings.is_empty(), ok, "{count}");
    }
}

#[test]
fn a_repeated_item_is_found_in_short_and_long_lists() {
    for len in [2, 8, 9, 64] {
        let findings = changed("ModelPassport", |json| {
            let mut items: Vec<Json> = (1..len).map(|at| Json::from(format!("use {at}"))).collect();
            items.push("use 1".into());
            *at(json, "/credentialSubject/limits/outOfScopeUse") = items.into();
        });
        let pointer = format!("/credentialSubject/limits/outOfScopeUse/{}", len - 1);
        assert_eq!(codes(&findings), [(pointer.as_str(), "schema.duplicate")]);
    }
}

#[test]
fn what_a_tool_can_fill_in_is_filled_in() {
    fn strip(json: &mut Json, is_subject: bool) {
        match json {
            Json::Object(object) if object.contains("path") && object.contains("size") => {
                object.remove("id");
                object.remove("type");
            }
            // A reference keeps its own identifier.
            Json::Object(object) if object.contains("digestMultibase") && !object.contains("basis") => {}
            Json::Object(object) => {
                if !is_subject {
                    object.remove("id");
                }
                // Columns have a type of their own.
                if object.len() != 2 {
                    object.remove("type");
                }
                if object.get("basis").and_then(Json::as_str) == Some("declared") {
                    object.remove("basis");
                }
                object.iter_mut().for_each(|(_, value)| strip(value, false));
            }
            Json::Array(items) => items.iter_mut().for_each(|item| strip(item, false)),
            _ => {}
        }
    }
    for (kind, text) in EXAMPLES {
        let mut json = example(kind);
        strip(at(&mut json, "/credentialSubject"), true);
        assert!(!for_kind(kind).unwrap().validate(&json).is_empty());
        for_kind(kind).unwrap().complete(&mut json);
        assert_eq!(json.to_pretty(), text, "{kind}");
    }
}

#[test]
fn a_schema_that_could_not_be_kept_is_refused() {
    for (schema, code) in [
        (r#"{"minimun":1}"#, "schema.unknown-keyword"),
        (r#"{"allOf":[]}"#, "schema.unknown-keyword"),
        (r#"{"then":{}}"#, "schema.unknown-keyword"),
        (r#"{"type":"number"}"#, "schema.bad-value"),
        (r#"{"minLength":-1}"#, "schema.bad-value"),
        (r#"{"format":"email"}"#, "schema.bad-value"),
        (r#"{"pattern":"^a$"}"#, "schema.bad-value"),
        (r#"{"format":"date","pattern":"^a$"}"#, "schema.bad-value"),
        (r#"{"additionalProperties":true}"#, "schema.bad-value"),
        (r##"{"$ref":"#/$defs/a"}"##, "schema.unknown-reference"),
        (r#"{"$ref":"https://elsewhere.example/s.json"}"#, "schema.unknown-reference"),
        (r##"{"$defs":{"a":{"items":{"$ref":"#/$defs/a"}}},"$ref":"#/$defs/a"}"##, "schema.recursive"),
    ] {
        assert_eq!(compiled(schema).err().map(|error| error.code()), Some(code), "{schema}");
    }
}

mod against_another_validator {
    //! `jsonschema` reads the same files by the whole of the specification, with regular expressions.

    use super::*;

    fn oracle(schema: &serde_json::Value) -> jsonschema::Validator {
        let documents = contexts::schemas().iter().map(|document| {
            let json: serde_json::Value = serde_json::from_str(document.text).unwrap();
            (document.url, json)
        });
        let registry = jsonschema::Registry::new().extend(documents).unwrap().prepare().unwrap();
        jsonschema::options().with_registry(&registry).build(schema).unwrap()
    }

    /// Each value in a document, as a pointer.
    fn pointers(json: &Json, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match json {
            Json::Array(items) => {
                // The first and the last stand for the rest.
                for (index, item) in
                    items.iter().enumerate().filter(|(index, _)| *index == 0 || *index + 1 == items.len())
                {
                    pointers(item, &format!("{at}/{index}"), found);
                }
            }
            Json::Object(object) => {
                object.iter().for_each(|(name, value)| pointers(value, &format!("{at}/{name}"), found))
            }
            _ => {}
        }
    }

    /// The document with one change made at a pointer, for each change that is possible there.
    fn mutants(json: &Json, pointer: &str) -> Vec<Json> {
        let mut mutants = Vec::new();
        let mut mutate = |change: &dyn Fn(&mut Json)| {
            let mut mutant = json.clone();
            change(at(&mut mutant, pointer));
            mutants.push(mutant);
        };
        let long = "x".repeat(70_000);
        for text in [
            "null",
            "true",
            "0",
            "-1",
            "7",
            "9007199254740991",
            "1.5",
            "\"\"",
            "\"x\"",
            "[]",
            "{}",
            "[\"x\"]",
            "\"<10\"",
            "\"unknown\"",
            "\"withheld\"",
        ] {
            mutate(&|value| *value = parse(text).unwrap());
        }
        mutate(&|value| *value = long.as_str().into());
        let here = json.pointer(pointer).unwrap();
        if let Some(object) = here.as_object() {
            mutate(&|value| drop(value.as_object_mut().unwrap().insert("extra", "x")));
            for name in object.keys() {
                mutate(&|value| drop(value.as_object_mut().unwrap().remove(name)));
            }
        }
        if let Some(items) = here.as_array().filter(|items| !items.is_empty()) {
            mutate(&|value| *value = [items, items].concat().into());
            mutate(&|value| *value = items[0].clone());
        }
        if let Some(text) = here.as_str() {
            mutate(&|value| *value = format!("{text} ").into());
            mutate(&|value| *value = text.to_uppercase().into());
            mutate(&|value| *value = vec![text.into()].into());
        }
        mutants
    }

    #[test]
    fn both_judge_every_mutant_alike() {
        for (kind, _) in EXAMPLES {
            let schema = serde_json::from_str(contexts::schema(kind).unwrap().text).unwrap();
            let (oracle, ours, json) = (oracle(&schema), for_kind(kind).unwrap(), example(kind));
            let mut places = Vec::new();
            pointers(&json, "", &mut places);
            let mut judged = [0, 0];
            for place in places {
                for mutant in mutants(&json, &place) {
                    let findings = ours.validate(&mutant);
                    let valid = oracle.is_valid(&serde_json::to_value(&mutant).unwrap());
                    let shown: String =
                        mutant.pointer(&place).unwrap().to_string().chars().take(200).collect();
                    assert_eq!(findings.is_empty(), valid, "{kind}{place}: {shown}\n{findings:#?}");
                    judged[usize::from(valid)] += 1;
                }
            }
            // The smallest kinds have a few dozen values.
            assert!(judged[0] > 400 && judged[1] > 15, "{kind}: {judged:?}");
        }
    }

    #[test]
    fn each_pattern_says_the_same_as_its_format() {
        const SAMPLES: [(&str, &[&str]); 15] = [
            ("country", &["IT", "it", "ITA", "I1", ""]),
            ("date", &["2026-11-21", "2026-13-01", "2026-00-10", "2026-1-1", "2026-11-21Z", "x026-11-21"]),
            (
                "date-time",
                &[
                    "2026-11-21T10:00:00Z",
                    "2026-11-21T24:00:00Z",
                    "2026-11-21T10:00:60Z",
                    "2026-11-21T10:00:00.5Z",
                    "2026-11-21T10:00:00+00:00",
                    "2026-11-21t10:00:00z",
                    "2026-11-21 10:00:00Z",
                    "2026-11-21",
                ],
            ),
            ("decimal", &["0", "-0.5", "10.25", "00", "01.5", "1.", ".5", "+1", "1e3", "--1", "١", "-"]),
            (
                "did",
                &[
                    "did:web:a.example:x",
                    "did:key:z6Mk",
                    "did:Web:a",
                    "did::a",
                    "did:web:",
                    "did:web:a#k",
                    "did:web:a b",
                ],
            ),
            (
                "digest-multibase",
                &[
                    "uEiDzoDicM26PrbvcK7wOi3yyySbNtxGqy-B6QWnh8_XvTg",
                    "uEiDzoDicM26PrbvcK7wOi3yyySbNtxGqy-B6QWnh8_XvTh",
                    "uEiEzoDicM26PrbvcK7wOi3yyySbNtxGqy-B6QWnh8_XvTg",
                    "uEiDzoDicM26PrbvcK7wOi3yyySbNtxGqy-B6QWnh8_XvT",
                    "zQmXyz",
                    "uEiDzoDicM26PrbvcK7wOi3yyySbNtxGqy+B6QWnh8_XvTg",
                    "",
                ],
            ),
            (
                "git-commit",
                &[
                    "3f6d1c0a9e8b7d6c5f4e3d2c1b0a99887766554a",
                    "3F6D1C0A9E8B7D6C5F4E3D2C1B0A99887766554A",
                    "3f6d1c0",
                ],
            ),
            ("language-tag", &["en", "pt-br", "EN", "e", "en-", "en-x", "abcd", "zh-hans-cn"]),
            ("multibase", &["z6Mk", "uAbc-_", "z", "m6Mk", "z6+"]),
            (
                "relative-path",
                &[
                    "a", "a/b.onnx", "/a", "a/", "a//b", "..", "a/../b", "./a", ".hidden", "..a", "a\\b",
                    "a\tb", "", "ä/ö",
                ],
            ),
            (
                "sha256-hex",
                &[
                    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                    "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
                    "00",
                    "zz",
                ],
            ),
            ("status-index", &["0", "94567", "007", "-1", "1e3", "٣", "1234567890123456789"]),
            (
                "uri",
                &[
                    "https://a.example/?x#y",
                    "urn:x",
                    "mailto:a@b.example",
                    "a",
                    "1a:b",
                    "a:",
                    ":b",
                    "a:b c",
                    "a:ü",
                    "a:\"",
                    "a b:c",
                ],
            ),
            (
                "urn-sha256",
                &[
                    "urn:sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                    "urn:sha256:00",
                    "urn:SHA256:",
                    "sha256:00",
                ],
            ),
            (
                "urn-uuid",
                &[
                    "urn:uuid:6f0c1f0e-6c0e-4d5e-9d0e-2f6c1b7a9e11",
                    "urn:uuid:6F0C1F0E-6C0E-4D5E-9D0E-2F6C1B7A9E11",
                    "urn:uuid:6f0c1f0e6c0e4d5e9d0e2f6c1b7a9e11",
                    "urn:uuid:6f0c1f0e-6c0e-4d5e-9d0e-2f6c1b7a9e11-",
                    "urn:uuid:",
                ],
            ),
        ];
        assert_eq!(SAMPLES.len(), Format::ALL.len());
        for (name, samples) in SAMPLES {
            let format = Format::named(name).unwrap();
            let oracle = oracle(&serde_json::json!({ "pattern": format.pattern() }));
            let all = SAMPLES.iter().flat_map(|(_, others)| others.iter());
            for sample in all.chain(samples) {
                assert_eq!(format.holds(sample), oracle.is_valid(&(*sample).into()), "{name}: `{sample}`");
            }
            assert!(format.holds(samples[0]), "{name}");
        }
    }

    #[test]
    fn only_the_calendar_goes_beyond_the_pattern() {
        for (format, text) in [(Format::Date, "2026-02-30"), (Format::DateTime, "2026-02-30T10:00:00Z")] {
            assert!(oracle(&serde_json::json!({ "pattern": format.pattern() })).is_valid(&text.into()));
            assert!(!format.holds(text));
        }
    }
}
