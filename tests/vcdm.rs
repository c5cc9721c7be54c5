//! The inputs of the suite for the Verifiable Credentials Data Model, from `../shared/vectors`: each is taken or
//! refused as its name says.

use std::fs;
use std::path::{Path, PathBuf};

use model_passport::json::{self, Json};
use model_passport::jsonld::ContextLoader;
use model_passport::schema::Finding;
use model_passport::vcdm;
use model_passport_tests::{stored_cases, vectors};

fn document(path: &Path) -> Json {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // The suite fills these in.
    let text =
        text.replace("PAST DATE", "2023-01-01T00:00:00Z").replace("FUTURE DATE", "2033-01-01T00:00:00Z");
    json::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The suite names an issuer where an input has none, as an issuing service would.
fn with_issuer(mut input: Json, name: &str) -> Json {
    let Some(object) = input.as_object_mut() else { return input };
    let id = Json::from("did:example:issuer");
    match object.get_mut("issuer") {
        Some(Json::Object(issuer)) if !issuer.contains("id") => {
            issuer.insert("id", id);
        }
        None if !name.starts_with("credential-no-issuer") => {
            object.insert("issuer", id);
        }
        _ => {}
    }
    input
}

/// All findings about an input: of a presentation, also those about its credentials.
fn findings(input: &Json, contexts: ContextLoader<'_>) -> Vec<Finding> {
    let credentials = input.get("verifiableCredential").map(Json::one_or_many).unwrap_or_default();
    let enveloped = |credential: &&Json| {
        let kinds = credential.get("type").map(Json::one_or_many).unwrap_or_default();
        kinds.iter().any(|kind| kind.as_str() == Some("EnvelopedVerifiableCredential"))
    };
    let inner = credentials.iter().filter(|credential| !enveloped(credential));
    let mut findings: Vec<Finding> =
        inner.flat_map(|credential| vcdm::credential_findings(credential, contexts)).collect();
    findings.extend(vcdm::presentation_findings(input, contexts));
    findings
}

#[test]
fn every_input_of_the_suite_is_judged_as_named() {
    let (Some(folder), Some(contexts)) = (vectors("vc-data-model"), vectors("contexts")) else { return };
    let examples = document(&contexts.join("credentials-examples-v2.jsonld"));
    let contexts = [("https://www.w3.org/ns/credentials/examples/v2".to_owned(), examples)];
    let contexts = ContextLoader::with(&contexts);
    let files = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .collect()
    };
    let mut paths = files(&folder);
    paths.extend(files(&folder.join("names-and-descriptions")));
    paths.sort();
    let (mut taken, mut refused, mut wrong) = (0, 0, Vec::new());
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_ok = name.ends_with("-ok");
        // Those without verdict in their name are about who presents what, which no structure shows.
        if !is_ok && !name.contains("-fail") {
            continue;
        }
        let findings = if name.starts_with("presentation") {
            findings(&document(&path), contexts)
        } else {
            vcdm::credential_findings(&with_issuer(document(&path), &name), contexts)
        };
        if findings.is_empty() != is_ok {
            wrong.push((name, findings));
        } else if is_ok {
            taken += 1;
        } else {
            refused += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((taken, refused), (65, 52));
}

/// Related resources and what a verifier makes of them are in the cases; this is their structure.
#[test]
fn a_related_resource_has_an_address_and_a_digest() {
    let codes = |resource: &str| {
        let text = format!(
            r#"{{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"did:example:issuer","credentialSubject":{{"id":"did:example:subject"}},"relatedResource":{resource}}}"#
        );
        let findings = vcdm::credential_findings(&json::parse(&text).unwrap(), ContextLoader::embedded());
        findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    let digest = r#""digestSRI":"sha256-x""#;
    assert!(codes(&format!(r#"{{"id":"https://a.example/",{digest}}}"#)).is_empty());
    for wrong in [
        r#""https://a.example/""#.to_owned(),
        r#"["https://a.example/"]"#.to_owned(),
        format!("{{{digest}}}"),
        r#"{"id":"https://a.example/"}"#.to_owned(),
        format!(
            r#"[{{"id":"https://a.example/",{digest}}},{{"id":"https://a.example/","digestMultibase":"u"}}]"#
        ),
    ] {
        assert_eq!(codes(&wrong), ["vcdm.related-resource"], "{wrong}");
    }
}

/// Whatever words and order somebody else puts around the same signed statements, the same is shown.
#[test]
fn the_same_statements_are_shown_alike() {
    let shown = |name: &str| {
        let case = stored_cases().into_iter().find(|case| case.name == name).unwrap();
        case.verify().shown
    };
    let twin = shown("standard-credential");
    assert_eq!(twin.len(), 1);
    for name in [
        "standard-alias",
        "standard-inline-context",
        "standard-iri-as-name",
        "standard-jcs-by-another",
        "standard-number-digits",
        "standard-order",
        "standard-subject-split",
        "standard-terms-swapped",
        "standard-value-object",
    ] {
        assert_eq!(shown(name), twin, "{name}");
    }
}
