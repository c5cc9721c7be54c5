use proptest::prelude::*;

use super::*;
use crate::json::Json;
use crate::key::Algorithm;
use crate::multibase;

const ASSERTION: Relationship = Relationship::AssertionMethod;

fn key(n: u8) -> VerifyingKey {
    let seed = [n; 32];
    let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
    VerifyingKey::from_compressed(Algorithm::Ed25519, public.as_bytes()).unwrap()
}

fn resolve(url: &str, document: Option<&str>) -> Result<VerifyingKey, &'static str> {
    let url: DidUrl = url.parse().map_err(|error: DidError| error.code())?;
    resolve_method(&url, ASSERTION, document).map(|method| method.key).map_err(|error| error.code())
}

#[test]
fn syntax_is_strict() {
    for did in ["did:web:a.example", "did:a1:x", "did:key:z6Mk", "did:x::y", "did:x:a%3Ab", "did:x:A-._"] {
        assert_eq!(did.parse::<Did>().map(|read| read.to_string()).as_deref(), Ok(did));
        assert_eq!(
            format!("{did}/p?q=1#f").parse::<DidUrl>().map(|url| url.to_string()),
            Ok(format!("{did}/p?q=1#f"))
        );
    }
    for did in [
        "",
        "did:",
        "did:x",
        "did:x:",
        "did::x",
        "did:X:y",
        "DID:x:y",
        "did:x:y:",
        "did:x:y#f",
        "did:x:y/",
        "did:x:a%3",
        "did:x:a%zz",
        "did:x: y",
        "did:x:y ",
        " did:x:y",
        "did:x:é",
        "did:x:y\0",
        "did:x_y:z",
    ] {
        assert_eq!(did.parse::<Did>().map_err(|error| error.code()), Err("did.syntax"), "{did}");
    }
    for url in [
        "did:x:y#a#b",
        "did:x:y#a b",
        "did:x:y/\u{e9}",
        "did:x:y?q=%",
        "#f",
        "did:x#f",
        "https://a.example/#f",
    ] {
        assert!(url.parse::<DidUrl>().is_err(), "{url}");
    }
    assert!(format!("did:x:{}", "a".repeat(MAX_DID_URL_CHARS)).parse::<Did>().is_err());
}

#[test]
fn a_did_key_is_its_own_document() {
    let url = key::verification_method(&key(1));
    assert_eq!(resolve(&url, None), Ok(key(1)));
    assert_eq!(resolve(&url, Some("not looked at")), Ok(key(1)));
    let did = key::did(&key(1));
    assert_eq!(document_url(&did), Ok(None));
    let other = key(2).to_multikey();
    // Somebody else's fragment, none, another spelling of the same, a path.
    for url in [
        format!("{did}#{other}"),
        did.to_string(),
        format!("{did}#"),
        format!("{did}#0"),
        format!("{did}/x#{}", did.id()),
        format!("{did}?v=1#{}", did.id()),
        format!("{did}#{}", did.id().to_lowercase()),
    ] {
        assert_eq!(resolve(&url, None), Err("did.method-not-found"), "{url}");
    }
    assert_eq!(resolve("did:key:z6Mk#z6Mk", None), Err("key.unsupported-algorithm"));
    assert_eq!(resolve("did:key:1.1:z6Mk#1.1:z6Mk", None), Err("key.multibase"));
    assert_eq!(resolve("did:example:a#b", None), Err("did.unsupported-method"));
}

#[test]
fn a_did_jwk_is_read() {
    let x = multibase::encode_base64url_digits(&key(3).compressed());
    let did = |jwk: &str| format!("did:jwk:{}", multibase::encode_base64url_digits(jwk.as_bytes()));
    let good = did(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#));
    assert_eq!(resolve(&format!("{good}#0"), None), Ok(key(3)));
    assert_eq!(resolve(&format!("{good}#1"), None), Err("did.method-not-found"));
    assert_eq!(resolve(&good, None), Err("did.method-not-found"));
    let secret = did(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","d":"{x}"}}"#));
    assert_eq!(resolve(&format!("{secret}#0"), None), Err("key.private-member"));
    let twice = did(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","x":"{x}"}}"#));
    assert_eq!(resolve(&format!("{twice}#0"), None), Err("did.document-malformed"));
    assert_eq!(resolve("did:jwk:_w#0", None), Err("key.jwk-member"));
    assert_eq!(resolve("did:jwk:_x#0", None), Err("key.multibase"));
}

const DID: &str = "did:web:lab.example";
const METHOD: &str = "did:web:lab.example#k1";

/// A document with one key, to be changed.
fn lab() -> String {
    document(&DID.parse().unwrap(), [("k1", &key(1))]).to_string()
}

#[test]
fn a_published_document_gives_the_key() {
    assert_eq!(resolve(METHOD, Some(&lab())), Ok(key(1)));
    let relative = lab().replace(&format!("\"{METHOD}\""), "\"#k1\"");
    assert_eq!(resolve(METHOD, Some(&relative)), Ok(key(1)));
    let x = multibase::encode_base64url_digits(&key(1).compressed());
    let jwk = lab().replace("\"Multikey\"", "\"JsonWebKey\"").replace(
        &format!("\"publicKeyMultibase\":\"{}\"", key(1).to_multikey()),
        &format!(r#""publicKeyJwk":{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#),
    );
    assert_eq!(resolve(METHOD, Some(&jwk)), Ok(key(1)));
    assert_eq!(
        document_url(&DID.parse().unwrap()).unwrap().as_deref(),
        Some("https://lab.example/.well-known/did.json")
    );
}

#[test]
fn a_method_may_stand_within_its_relationship() {
    let multikey = key(1).to_multikey();
    let method = format!(
        r##"{{"id":"#k1","type":"Multikey","controller":"{DID}","publicKeyMultibase":"{multikey}"}}"##
    );
    assert_eq!(
        resolve(METHOD, Some(&format!(r#"{{"id":"{DID}","assertionMethod":[{method}]}}"#))),
        Ok(key(1))
    );
    let elsewhere = format!(r#"{{"id":"{DID}","keyAgreement":[{method}]}}"#);
    assert_eq!(resolve(METHOD, Some(&elsewhere)), Err("did.method-not-authorised"));
    let twice = format!(r#"{{"id":"{DID}","assertionMethod":[{method}],"keyAgreement":[{method}]}}"#);
    assert_eq!(resolve(METHOD, Some(&twice)), Err("did.duplicate-method"));
}

#[test]
fn times_of_a_key_are_told() {
    let document = lab().replace(
        "\"Multikey\"",
        r#""Multikey","expires":"2030-01-01T00:00:00Z","revoked":"2026-01-01T00:00:00Z""#,
    );
    let method = resolve_method(&METHOD.parse().unwrap(), ASSERTION, Some(&document)).unwrap();
    assert_eq!(method.expires, "2030-01-01T00:00:00Z".parse().ok());
    assert_eq!(method.revoked, "2026-01-01T00:00:00Z".parse().ok());
    assert_eq!(method.controller.as_str(), DID);
}

#[test]
fn a_document_lists_keys_with_their_ends_and_services() {
    let (old, new) = (key(1), key(2));
    let listed = [
        ListedKey { fragment: "k1", key: &old, expires: "2026-06-01T00:00:00Z".parse().ok(), revoked: None },
        ListedKey { fragment: "k2", key: &new, expires: None, revoked: None },
    ];
    let index = "https://lab.example/index.json";
    let text = document_of(&DID.parse().unwrap(), listed, &[("index", "ModelPassportIndex", index)]);
    let text = text.to_string();
    let method = |url: &str, purpose| {
        let found = resolve_method(&url.parse().unwrap(), purpose, Some(&text));
        found.map(|method| (method.key, method.expires)).map_err(|error| error.code())
    };
    assert_eq!(method(METHOD, ASSERTION), Ok((old, "2026-06-01T00:00:00Z".parse().ok())));
    assert_eq!(method(METHOD, Relationship::Authentication), Err("did.method-not-authorised"));
    let second = format!("{DID}#k2");
    assert_eq!(method(&second, ASSERTION), Ok((new, None)));
    assert_eq!(method(&second, Relationship::Authentication), Ok((new, None)));
    assert!(text.ends_with(&format!(
        r#""service":[{{"id":"{DID}#index","type":"ModelPassportIndex","serviceEndpoint":"{index}"}}]}}"#
    )));
}

/// Each change of the document has one cause.
#[test]
fn what_the_controller_did_not_say_does_not_count() {
    let reference = format!(r#""assertionMethod":["{METHOD}"]"#);
    let controller = format!(r#""controller":"{DID}""#);
    let multikey = format!(r#""publicKeyMultibase":"{}""#, key(1).to_multikey());
    for (from, to, code) in [
        (
            format!(r#""id":"{DID}","#),
            r#""id":"did:web:evil.example","#.to_owned(),
            "did.document-id-mismatch",
        ),
        (format!(r#""id":"{DID}","#), format!(r#""id":"{DID}#","#), "did.document-id-mismatch"),
        (format!(r#""id":"{DID}","#), String::new(), "did.member"),
        (controller.clone(), r#""controller":"did:web:evil.example""#.to_owned(), "did.controller-mismatch"),
        (controller.clone(), r#""controller":["did:web:lab.example"]"#.to_owned(), "did.member"),
        (controller, r#""x":1"#.to_owned(), "did.member"),
        (reference.clone(), r#""assertionMethod":[]"#.to_owned(), "did.method-not-authorised"),
        (reference.clone(), r#""x":1"#.to_owned(), "did.method-not-authorised"),
        (reference.clone(), format!(r#""assertionMethod":["{METHOD}2"]"#), "did.method-not-authorised"),
        (reference.clone(), format!(r#""assertionMethod":"{METHOD}""#), "did.member"),
        (reference, r#""assertionMethod":[1]"#.to_owned(), "did.member"),
        (
            format!(r#"[{{"id":"{METHOD}""#),
            r#"[{"id":"did:web:lab.example#k2""#.to_owned(),
            "did.method-not-found",
        ),
        (
            format!(r#"[{{"id":"{METHOD}""#),
            r##"[{"id":"#k1"},{"id":"did:web:lab.example#k1""##.to_owned(),
            "did.duplicate-method",
        ),
        (
            r#""Multikey""#.to_owned(),
            r#""Ed25519VerificationKey2020""#.to_owned(),
            "did.unsupported-method-type",
        ),
        (r#""type":"Multikey","#.to_owned(), String::new(), "did.unsupported-method-type"),
        (r#""Multikey""#.to_owned(), r#""JsonWebKey""#.to_owned(), "did.member"),
        (multikey.clone(), r#""publicKeyMultibase":"z6Mk""#.to_owned(), "key.unsupported-algorithm"),
        (multikey.clone(), format!(r#"{multikey},"publicKeyJwk":{{}}"#), "did.member"),
        (multikey.clone(), format!(r#"{multikey},"secretKeyMultibase":"z1""#), "did.secret-published"),
        (multikey.clone(), format!(r#"{multikey},"revoked":"yesterday""#), "did.member"),
        (multikey.clone(), format!("{multikey},{multikey}"), "did.document-malformed"),
    ] {
        let changed = lab().replacen(&from, &to, 1);
        assert_ne!(changed, lab(), "{from}");
        assert_eq!(resolve(METHOD, Some(&changed)), Err(code), "{changed}");
    }
    assert_eq!(resolve(METHOD, None), Err("did.document-needed"));
    assert_eq!(resolve("did:web:lab.example/a#k1", Some(&lab())), Err("did.method-not-found"));
    assert_eq!(resolve(METHOD, Some("[]")), Err("did.member"));
    assert_eq!(resolve(METHOD, Some(&" ".repeat(MAX_DID_DOCUMENT_BYTES + 1))), Err("did.document-malformed"));
}

#[test]
fn a_relationship_gives_no_other() {
    let document = lab().replacen("\"authentication\"", "\"x\"", 1);
    let url: DidUrl = METHOD.parse().unwrap();
    let refused = resolve_method(&url, Relationship::Authentication, Some(&document));
    assert_eq!(refused.map_err(|error| error.code()), Err("did.method-not-authorised"));
    assert!(resolve_method(&url, ASSERTION, Some(&document)).is_ok());
}

#[test]
fn urls_of_fragments() {
    let did: Did = DID.parse().unwrap();
    assert_eq!(DidUrl::new(did.clone(), "k1").map(|url| url.to_string()).as_deref(), Some(METHOD));
    assert_eq!(DidUrl::new(did, "k 1"), None);
    assert!(
        document(&DID.parse().unwrap(), [])
            .get("verificationMethod")
            .is_some_and(|list| *list == Json::Array(vec![]))
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(did:)?[a-z0-9:/?#%._-]{0,40}|\\PC{0,40}") {
        if let Ok(url) = text.parse::<DidUrl>() {
            prop_assert_eq!(url.to_string(), text);
        }
    }
}
