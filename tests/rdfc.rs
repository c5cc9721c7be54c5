//! The W3C tests of RDFC-1.0, from `../shared/vectors/rdf-canon`.

use std::collections::BTreeMap;
use std::fs;

use model_passport::canon::nquads;
use model_passport::canon::rdfc::{HashAlgorithm, canonicalize};
use model_passport::json::{self, Json};
use model_passport::limits::{Budget, CANON_WORK};
use model_passport_tests::vectors;

#[test]
fn all_w3c_tests_of_rdfc() {
    let Some(folder) = vectors("rdf-canon") else { return };
    let manifest = json::parse(&fs::read_to_string(folder.join("manifest.jsonld")).unwrap()).unwrap();
    let entries = manifest.get("entries").and_then(Json::as_array).unwrap();
    let (mut passed, mut dearest, mut failures) = (0, 0, Vec::new());
    for entry in entries {
        let text = |name: &str| entry.get(name).and_then(Json::as_str);
        let file = |name: &str| fs::read_to_string(folder.join(text(name).unwrap())).unwrap();
        let hash = match text("hashAlgorithm") {
            None => HashAlgorithm::Sha256,
            Some("SHA384") => HashAlgorithm::Sha384,
            Some(other) => panic!("unknown hash {other}"),
        };
        let parsed = nquads::parse(&file("action")).unwrap();
        let mut budget = Budget::default();
        let canonical = canonicalize(&parsed.dataset, hash, &mut budget);
        let holds = match text("type").unwrap() {
            "rdfc:RDFC10EvalTest" => {
                dearest = dearest.max(CANON_WORK - budget.left());
                canonical.is_ok_and(|canonical| canonical.text == file("result"))
            }
            "rdfc:RDFC10MapTest" => {
                let expected: BTreeMap<String, String> = serde_json::from_str(&file("result")).unwrap();
                let names = canonical.unwrap().names;
                let map: BTreeMap<_, _> = parsed.labels.into_iter().zip(names).collect();
                map == expected
            }
            // The poison graph: the budget has to stop it.
            "rdfc:RDFC10NegativeEvalTest" => canonical.is_err(),
            other => panic!("unknown kind of test {other}"),
        };
        if holds { passed += 1 } else { failures.push(text("id").unwrap().to_owned()) }
    }
    println!("{passed} of {} pass; the dearest honest one spends {dearest} of {CANON_WORK}", entries.len());
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(passed, 86);
}
