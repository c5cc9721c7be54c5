//! The W3C tests of [JSON-LD to RDF](https://www.w3.org/TR/json-ld11-api/#deserialize-json-ld-to-rdf-algorithm).
//!
//! They are not here: `JSON_LD_TESTS` names the folder `tests` of a checkout of `w3c/json-ld-api`. Without it this test
//! says so and passes. A test that needs what is refused by design is skipped, with the reason; every other has to
//! pass.
//!
//! ```sh
//! JSON_LD_TESTS=…/json-ld-api/tests cargo test -p model-passport-tests --test to_rdf -- --nocapture
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use model_passport::canon::nquads;
use model_passport::canon::rdfc::{HashAlgorithm, canonicalize};
use model_passport::json::{self, Json};
use model_passport::jsonld::{self, ContextLoader, JsonLdError};
use model_passport::limits::Budget;

/// What became of a test.
enum Outcome {
    Passed,
    /// It asks for something that is refused by design.
    Skipped(String),
    Failed(String),
}

/// One entry of the manifest.
struct Entry<'m> {
    json: &'m Json,
    folder: &'m Path,
    contexts: &'m [(String, Json)],
}

/// The context documents of the tests, by the names that these give them.
fn contexts(folder: &Path) -> Vec<(String, Json)> {
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let named = files.filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)));
    let contexts = named.filter(|(name, _)| name.contains("-context"));
    contexts
        .map(|(name, path)| (name, json::parse(&fs::read_to_string(path).expect("a file")).expect("JSON")))
        .collect()
}

#[test]
fn all_w3c_tests_of_json_ld_to_rdf() {
    let Some(folder) = std::env::var_os("JSON_LD_TESTS").map(PathBuf::from) else {
        eprintln!("JSON_LD_TESTS is not set: the W3C tests of JSON-LD to RDF were not run");
        return;
    };
    let contexts = contexts(&folder.join("toRdf"));
    let manifest = fs::read_to_string(folder.join("toRdf-manifest.jsonld")).expect("the manifest");
    let manifest = json::parse(&manifest).expect("the manifest is JSON");
    let entries = manifest.get("sequence").and_then(Json::as_array).expect("a sequence");
    let (mut passed, mut failures) = (0, Vec::new());
    let mut skipped: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for json in entries {
        let entry = Entry { json, folder: &folder, contexts: &contexts };
        let id = entry.text("@id").expect("an id").trim_start_matches("#t").to_owned();
        match entry.run() {
            Outcome::Passed => passed += 1,
            Outcome::Skipped(reason) => skipped.entry(reason).or_default().push(id),
            Outcome::Failed(why) => {
                failures.push(format!("{id} ({}): {why}", entry.text("name").unwrap_or("")))
            }
        }
    }
    let all = entries.len();
    println!("{passed} of {all} pass, {} are skipped", all - passed - failures.len());
    for (reason, ids) in &skipped {
        println!("| {reason} | {} | {} |", ids.len(), ids.join(" "));
    }
    assert!(failures.is_empty(), "{} fail:\n{}", failures.len(), failures.join("\n"));
}

impl Entry<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.json.get(name).and_then(Json::as_str)
    }

    fn option(&self, name: &str) -> Option<&Json> {
        self.json.get("option")?.get(name)
    }

    fn is(&self, kind: &str) -> bool {
        self.json
            .get("@type")
            .is_some_and(|types| types.one_or_many().iter().any(|one| one.as_str() == Some(kind)))
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(self.text(name).expect("a file"))).expect("a file of the tests")
    }

    fn run(&self) -> Outcome {
        if let Some(reason) = self.out_of_scope() {
            return Outcome::Skipped(reason.to_owned());
        }
        let statements = match json::parse(&self.file("input")) {
            Ok(input) => jsonld::to_rdf(&input, ContextLoader::with(self.contexts)),
            Err(_) if self.is("jld:NegativeEvaluationTest") => return Outcome::Passed,
            Err(cause) => return Outcome::Failed(format!("not JSON: {cause}")),
        };
        match (statements, self.is("jld:NegativeEvaluationTest")) {
            (Err(_), true) => Outcome::Passed,
            (Ok(_), true) => {
                Outcome::Failed(format!("taken, not {}", self.text("expectErrorCode").unwrap_or_default()))
            }
            (Err(cause), false) => match by_design(&cause) {
                Some(reason) => Outcome::Skipped(reason),
                None => Outcome::Failed(cause.to_string()),
            },
            (Ok(_), false) if self.is("jld:PositiveSyntaxTest") => Outcome::Passed,
            (Ok(dataset), false) => {
                let expected = nquads::parse(&self.file("expect")).expect("N-Quads").dataset;
                let canonical =
                    |dataset| canonicalize(dataset, HashAlgorithm::Sha256, &mut Budget::default());
                let (ours, theirs) = (canonical(&dataset), canonical(&expected));
                let (ours, theirs) =
                    (ours.expect("within the budget").text, theirs.expect("within the budget").text);
                if ours == theirs {
                    Outcome::Passed
                } else {
                    Outcome::Failed(format!("\n{ours}-- expected\n{theirs}"))
                }
            }
        }
    }

    /// What has one fixed answer here, whatever the test.
    fn out_of_scope(&self) -> Option<&'static str> {
        let is = |name: &str, value: &str| self.option(name).and_then(Json::as_str) == Some(value);
        if is("specVersion", "json-ld-1.0") || is("processingMode", "json-ld-1.0") {
            return Some("JSON-LD 1.0: contexts are read as 1.1");
        }
        let options = [
            ("produceGeneralizedRdf", "generalized RDF: a blank node as a predicate cannot be canonicalized"),
            (
                "rdfDirection",
                "`rdfDirection`: a text with a direction is refused, as its direction would be lost",
            ),
            ("expandContext", "a context from outside the document, which no signature covers"),
        ];
        let by_option = options.into_iter().find(|(name, _)| self.option(name).is_some());
        let by_test =
            BAD_CONTEXTS.into_iter().find(|(ids, _)| ids.contains(&self.text("@id").unwrap_or_default()));
        by_option.map(|(_, reason)| reason).or(by_test.map(|(_, reason)| reason))
    }
}

/// Tests with an error in a part of a context that is refused as soon as anything uses it, and that nothing uses.
const BAD_CONTEXTS: [(&[&str], &str); 3] = [
    (
        &["#tc033"],
        "an error in a term's context that nothing uses: such contexts are read where they are used",
    ),
    (
        &["#tec01", "#ten05", "#ten06", "#ter14", "#ter15", "#ter17"],
        "an error in a `@nest`, `@reverse` or `@index` that nothing uses: a term that has one is refused where it is used",
    ),
    (&["#tpr32"], "a protected `@container` of `@type`, on which no statement depends"),
];

/// Why a good document of JSON-LD is refused in a credential; none where it should not be.
fn by_design(cause: &JsonLdError) -> Option<String> {
    Some(match cause {
        JsonLdError::Unsupported(what) => {
            // The name of the construct, without the term that has it.
            let construct =
                what.split(": ").skip_while(|part| !part.starts_with('@')).collect::<Vec<_>>().join(": ");
            let construct = if construct.is_empty() { "an alias of a keyword" } else { &construct };
            format!("`{construct}`: refused, as no credential needs it")
        }
        JsonLdError::UndefinedTerm(_) => "an undefined term: it would be dropped and not signed".to_owned(),
        JsonLdError::UndefinedType(_) => "an undefined type: it would be dropped and not signed".to_owned(),
        JsonLdError::RelativeIri(_) => "a relative IRI: the base of a credential is null".to_owned(),
        JsonLdError::UnknownKeyword(_) => {
            "an unknown `@` name: it would be dropped and not signed".to_owned()
        }
        JsonLdError::InvalidValue { what, value } if value == "[]" || value == "null" => {
            format!("{what} (`{value}`): it would be dropped and not signed")
        }
        JsonLdError::InvalidValue { what: what @ "not a language tag", .. } => {
            format!("{what}: the text would be dropped and not signed")
        }
        _ => return None,
    })
}
