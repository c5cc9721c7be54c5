//! Two models, two hospitals: what became better and worse, and for whom.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use common::{Done, Place};
use model_passport::json::{self, Json};

/// A result: its name, its part of the data, its value, its interval.
type Result<'a> = (&'a str, Option<&'a str>, &'a str, [&'a str; 2]);

/// The claims of an evaluation on the frozen set of a hospital.
fn evaluation(place: &Place, set: &str, results: &[Result<'_>]) -> String {
    let claims = place.read("evaluation.toml");
    let (head, _) = claims.split_once("[[metric]]").unwrap();
    let digest = model_passport::digest::Digest::of(set);
    let mut text = head.to_owned();
    for (name, slice, value, [lower, upper]) in results {
        let slice = slice.map(|slice| format!("slice = \"{slice}\"\n")).unwrap_or_default();
        text.push_str(&format!(
            "[[metric]]\nbasis = \"measured\"\nname = \"{name}\"\ndefinition = \"https://example.org/{name}\"\nvalue = \"{value}\"\n\
             unit = \"1\"\nn = 100\n{slice}interval = {{ lower = \"{lower}\", upper = \"{upper}\", level = \"0.95\", method = \"Wilson score\" }}\n\
             dataset = {{ id = \"urn:sha256:{}\", type = \"Dataset\", digestMultibase = \"{}\" }}\n",
            digest.to_hex(),
            digest.to_multibase()
        ));
    }
    text
}

/// A place where both hospitals evaluated both models: better at A, worse for women at B.
fn place() -> Place {
    let place = Place::with_passports();
    std::fs::create_dir(place.path("retrained")).unwrap();
    for name in ["model.onnx", "model.safetensors"] {
        std::fs::copy(place.path("model").join(name), place.path("retrained").join(name)).unwrap();
    }
    place.write("retrained/NOTES.txt", "trained again after the scanner of B changed");
    place.run("issue retrained --claims model.toml --key lab -o retrained.passport.json").succeeds();
    for hospital in ["a", "b"] {
        place.run(&format!("key new {hospital}")).succeeds();
    }
    let old = [
        ("dice", None, "0.85", ["0.80", "0.89"]),
        ("dice", Some("sex=female"), "0.85", ["0.80", "0.89"]),
        ("surface distance", None, "2.0", ["1.5", "2.5"]),
    ];
    let at_a =
        [("dice", None, "0.91", ["0.90", "0.95"]), ("dice", Some("sex=female"), "0.86", ["0.80", "0.90"])];
    let at_b =
        [("dice", None, "0.84", ["0.79", "0.88"]), ("dice", Some("sex=female"), "0.75", ["0.70", "0.79"])];
    for (model, hospital, results) in [
        ("model", "a", old.as_slice()),
        ("model", "b", &old[..2]),
        ("retrained", "a", &at_a),
        ("retrained", "b", &at_b),
    ] {
        place.write(
            "claims.toml",
            evaluation(&place, hospital, results)
                .replace("https://example.org/surface distance", "https://example.org/surface-distance"),
        );
        place
            .run(&format!(
                "attest evaluation claims.toml --subject {model}.passport.json --key {hospital} -o {model}.{hospital}.json"
            ))
            .succeeds();
    }
    place
}

fn compare(place: &Place, arguments: &str) -> Done {
    place.run(&format!("compare model.a.json retrained.a.json {arguments} --at {}", common::NOW))
}

const BOTH: &str = "--old model.b.json --new retrained.b.json";

#[test]
fn each_site_and_part_is_judged_by_itself() {
    let place = place();
    let printed = compare(&place, &format!("{BOTH} --margin 0.02 --json")).succeeds().stdout;
    let report = json::parse(printed.trim()).unwrap();
    let count = |name: &str| report.get(name).and_then(Json::as_i64).unwrap();
    assert_eq!((count("improved"), count("unchanged"), count("regressed")), (1, 2, 1));
    let worse: Vec<&Json> = report.get("metricDelta").unwrap().as_array().unwrap().iter().collect();
    let worse =
        worse.iter().find(|delta| delta.get("direction").unwrap().as_str() == Some("regressed")).unwrap();
    let text = |name: &str| worse.get(name).and_then(Json::as_str).unwrap();
    assert_eq!((text("slice"), text("delta"), text("margin")), ("sex=female", "-0.10", "0.02"));
    assert_eq!(worse.get("intervalsOverlap"), Some(&Json::from(false)));
    let hospital = json::parse(&place.read("retrained.b.json")).unwrap();
    assert_eq!(Some(text("site")), hospital.get("issuer").unwrap().as_str());
    let alone = report.get("notCompared").unwrap().as_array().unwrap();
    assert!(alone[0].get("reason").unwrap().as_str().unwrap().contains("no such result"), "{alone:?}");

    let shown = compare(&place, &format!("{BOTH} --margin 0.02")).succeeds().stdout;
    assert!(
        shown.contains(
            "regressed  dice of sex=female: 0.85 to 0.75 (-0.10, n 100), the intervals do not overlap"
        ),
        "{shown}"
    );
    assert!(shown.contains("surface distance by did:key:"), "{shown}");
}

#[test]
fn the_exit_says_whether_something_became_worse() {
    let place = place();
    assert_eq!(compare(&place, &format!("{BOTH} --margin 0.02 --fail-on-regression")).status, 1);
    assert_eq!(compare(&place, &format!("{BOTH} --margin 0.1")).status, 0);
    // The distance that the new model does not have may have become worse.
    assert_eq!(compare(&place, &format!("{BOTH} --margin 0.1 --fail-on-regression")).status, 2);
    let b = "compare model.b.json retrained.b.json --fail-on-regression";
    assert_eq!(place.run(&format!("{b} --margin 0.1 --at {}", common::NOW)).status, 0);
    assert_eq!(place.run(&format!("{b} --margin 0.0999 --at {}", common::NOW)).status, 1);
}

#[test]
fn a_revision_is_issued_with_what_was_compared() {
    let place = place();
    compare(&place, &format!("{BOTH} --margin 0.02 -o revision.toml")).succeeds();
    let issue = "issue retrained --claims model.toml --claims revision.toml --key lab";
    place.run(&format!("{issue} -o open.json")).fails(3, "issue.claims");
    let filled = place
        .read("revision.toml")
        .replace("changeClass = \"\"", "changeClass = \"not-substantial\"")
        .replace("[\"\"]", "[\"More data of B\"]")
        .replace("summary = \"\"", "summary = \"The scanner of B changed\"");
    place.write("revision.toml", filled);
    place.run(&format!("{issue} -o revision.json")).succeeds();
    place
        .run("verify revision.json --with model.passport.json --with dataset.passport.json --json")
        .reports(0, "verified", "ok");
    let revised = json::parse(&place.read("revision.json")).unwrap();
    let deltas = revised.pointer("/credentialSubject/revision/metricDelta").unwrap().as_array().unwrap();
    assert_eq!(deltas.len(), 4);
    let old = json::parse(&place.read("model.passport.json")).unwrap();
    assert_eq!(revised.pointer("/credentialSubject/wasRevisionOf/0/id"), old.get("id"));
    compare(&place, "-o revision.toml").fails(64, "output.exists");
}

#[test]
fn only_what_holds_is_compared() {
    let place = place();
    compare(&place, "--margin some").fails(64, "compare.margin");
    for option in ["--lower-is-better Dice", "--lower-is-better specificity"] {
        compare(&place, option).fails(64, "compare.known-direction");
    }
    let at = format!("--at {}", common::NOW);
    place.run(&format!("compare model.a.json model.b.json {at}")).fails(3, "compare.same-model");
    place.run(&format!("compare model.a.json retrained.b.json {at}")).fails(2, "compare.nothing");
    place.run(&format!("compare model.a.json dataset.passport.json {at}")).fails(2, "compare.no-evaluation");
    compare(&place, "--new model.b.json").fails(3, "compare.several-models");
    let changed = place.read("retrained.a.json").replacen("0.91", "0.92", 1);
    place.write("retrained.a.json", changed);
    compare(&place, "").fails(1, "compare.not-verified");
}
