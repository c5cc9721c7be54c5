//! The whole input, and section A of the threats: one text, one reading.

use super::*;

pub(super) fn whole_input(world: &World) -> Vec<Case> {
    let dataset = world.dataset.to_string();
    vec![
        good("bundle", "three credentials by two issuers, linked by digest, each good", world.all().to_string()),
        good("array-order", "statements have no order: an array is shown in one order, however it came", {
            let mut dataset = world.dataset.clone();
            for pointer in ["/credentialSubject/artifactManifest/file", "/credentialSubject/acquisition/modality"] {
                let mut items = dataset.pointer(pointer).and_then(Json::as_array).map(<[Json]>::to_vec).unwrap_or_default();
                items.reverse();
                set(&mut dataset, pointer, items);
            }
            dataset.to_string()
        }),
        good("hostile-text", "signed text may be markup, a link or another direction: it is text all the same", world.dataset_with(|d| {
            set(d, "/credentialSubject/name", "<img src=x onerror=alert(1)> <script>alert(2)</script> \u{202e}lanigiro eht\u{2066}");
            set(d, "/credentialSubject/publisher/name", "University \u{397}ospital javascript:alert(3)");
        }).to_string()),
        good("dataset-alone", "a passport that builds on nothing needs nothing else", dataset.clone()),
        bad("not-json", "text that is not JSON is not a credential", "the passport is attached", "json.syntax"),
        bad("not-a-credential", "JSON of another kind is not a credential", r#"{"type":"Model","md5":"9e107d9d"}"#, "input.not-a-credential"),
        bad("empty-presentation", "a presentation of nothing proves nothing", r#"{"type":"VerifiablePresentation"}"#, "input.no-credentials"),
        bad(
            "another-kind",
            "the strict profile takes passports only",
            world.lab.issue(world.lab.suite(), read(r#"{"@context":["https://www.w3.org/ns/credentials/v2","https://w3id.org/model-passport/v1"],"id":"urn:uuid:6f4a3c1e-0000-4000-8000-000000000001","type":["VerifiableCredential"],"validFrom":"2026-11-01T00:00:00Z","credentialSubject":{"id":"urn:example:subject","name":"x"}}"#)).to_string(),
            "profile.kind",
        ),
    ]
}

/// Section A of the threats: one text, one reading.
pub(super) fn json_layer(world: &World) -> Vec<Case> {
    let dataset = world.dataset.to_string();
    let inject = |member: &str| dataset.replacen("\"name\":", &format!("{member},\"name\":"), 1);
    vec![
        bad(
            "duplicate-name",
            "a second `issuer` could be shown in place of the signed one",
            dataset.replacen('{', r#"{"issuer":"did:web:hospital.example","#, 1),
            "json.duplicate-name",
        ),
        bad(
            "duplicate-name-escaped",
            "an escape does not make another name",
            inject(r#""\u006eame":"x""#),
            "json.duplicate-name",
        ),
        bad(
            "proto-name",
            "`__proto__` is not a member in JavaScript",
            inject(r#""__proto__":{"name":"x"}"#),
            "json.forbidden-name",
        ),
        bad(
            "byte-order-mark",
            "JSON text has no byte order mark",
            format!("\u{feff}{dataset}"),
            "json.syntax",
        ),
        bad("trailing-text", "one document, and nothing after it", format!("{dataset}{{}}"), "json.syntax"),
        bad(
            "deep-nesting",
            "depth is refused before anything looks inside",
            format!("{}{}", "[".repeat(500), "]".repeat(500)),
            "json.too-deep",
        ),
        bad("lone-surrogate", "half a character is no text", inject(r#""version":"\ud800""#), "json.syntax"),
        bad(
            "inexact-integer",
            "an integer that a float cannot hold has two readings",
            inject(r#""size":9007199254740993"#),
            "json.inexact-integer",
        ),
        bad(
            "comment",
            "JSON has no comments",
            dataset.replacen('{', "{/* see appendix */", 1),
            "json.syntax",
        ),
        bad(
            "constructor-name",
            "`constructor` is as magic as `__proto__`",
            inject(r#""constructor":{"prototype":{}}"#),
            "json.forbidden-name",
        ),
        bad(
            "long-name",
            "a name longer than any term",
            inject(&format!("\"{}\":1", "n".repeat(257))),
            "json.name-too-long",
        ),
        bad(
            "long-string",
            "a string longer than any text in a passport",
            inject(&format!("\"version\":\"{}\"", "v".repeat((64 << 10) + 1))),
            "json.string-too-long",
        ),
        bad(
            "many-values",
            "more values than any passport has",
            inject(&format!("\"x\":[{}]", vec!["0"; 20_000].join(","))),
            "input.credential-too-large",
        ),
        bad(
            "many-fractions",
            "fractions are dear to read and write exactly",
            inject(&format!("\"x\":[{}]", vec!["1.5e-300"; 2_001].join(","))),
            "json.too-many-doubles",
        ),
        bad(
            "infinite-number",
            "a number beyond every float is no number",
            inject(r#""size":1e400"#),
            "json.syntax",
        ),
    ]
}
