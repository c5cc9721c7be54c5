//! What JSON-LD means here, case by case.

use super::*;
use crate::json::parse;

fn quads(text: &str) -> Result<String, JsonLdError> {
    canonize(&parse(text).unwrap(), ContextLoader::embedded(), HashAlgorithm::Sha256, &mut Budget::default())
}

fn quads_in(context: &str, members: &str) -> Result<String, JsonLdError> {
    quads(&format!(r#"{{"@context":{context},{members}}}"#))
}

fn code(context: &str, members: &str) -> &'static str {
    quads_in(context, members).map_or_else(|e| e.code(), |_| "ok")
}

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

#[test]
fn terms_prefixes_and_vocab() {
    let context = r#"{"ex":"urn:ex:","p":"ex:p","@vocab":"urn:v#"}"#;
    assert_eq!(
        quads_in(
            context,
            r#""@id":"urn:s","p":"a","ex:q":"b","other":"c","urn:full":"d","@type":["T","ex:U"]"#
        )
        .unwrap(),
        "<urn:s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:ex:U> .\n\
         <urn:s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:v#T> .\n\
         <urn:s> <urn:ex:p> \"a\" .\n<urn:s> <urn:ex:q> \"b\" .\n<urn:s> <urn:full> \"d\" .\n<urn:s> <urn:v#other> \"c\" .\n"
    );
}

#[test]
fn coercion_and_native_values() {
    let context = r#"{"id":"@id","ref":{"@id":"urn:ref","@type":"@id"},"dec":{"@id":"urn:dec","@type":"http://www.w3.org/2001/XMLSchema#decimal"},
        "j":{"@id":"urn:j","@type":"@json"},"v":"urn:v","l":{"@id":"urn:l","@language":"de"},"k":{"@id":"urn:k","@type":"@vocab"}}"#;
    let text = quads_in(
        context,
        r#""id":"urn:s","ref":["urn:o",{"id":"urn:o2"}],"dec":"0.91","j":{"b":[1.0,null],"a":"x"},"v":[1,1.5,1e21,true,"t"],"l":"Leber","k":"v""#,
    )
    .unwrap();
    let expected = [
        format!("<urn:s> <urn:dec> \"0.91\"^^<{XSD}decimal> .\n"),
        "<urn:s> <urn:j> \"{\\\"a\\\":\\\"x\\\",\\\"b\\\":[1,null]}\"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON> .\n".into(),
        "<urn:s> <urn:k> <urn:v> .\n<urn:s> <urn:l> \"Leber\"@de .\n<urn:s> <urn:ref> <urn:o2> .\n<urn:s> <urn:ref> <urn:o> .\n".into(),
        format!("<urn:s> <urn:v> \"1\"^^<{XSD}integer> .\n<urn:s> <urn:v> \"1.0E21\"^^<{XSD}double> .\n"),
        format!("<urn:s> <urn:v> \"1.5E0\"^^<{XSD}double> .\n<urn:s> <urn:v> \"t\" .\n<urn:s> <urn:v> \"true\"^^<{XSD}boolean> .\n"),
    ];
    assert_eq!(text, expected.concat());
}

#[test]
fn doubles_have_one_form() {
    for (number, text) in [
        ("0.0000001", "1.0E-7"),
        ("5.5e300", "5.5E300"),
        ("-1.25", "-1.25E0"),
        ("0.1", "1.0E-1"),
        ("123456789.123456789", "1.234567891234568E8"),
    ] {
        let quads = quads_in(r#"{"v":"urn:v"}"#, &format!(r#""@id":"urn:s","v":{number}"#)).unwrap();
        assert_eq!(quads, format!("<urn:s> <urn:v> \"{text}\"^^<{XSD}double> .\n"));
    }
    assert!(quads_in(r#"{"v":"urn:v"}"#, r#""@id":"urn:s","v":-0.0"#).unwrap().contains("\"0\""));
}

#[test]
fn lists_sets_and_language_maps() {
    let context = r#"{"l":{"@id":"urn:l","@container":"@list"},"m":{"@id":"urn:m","@container":"@language"},"s":{"@id":"urn:s","@container":"@set"}}"#;
    let text =
        quads_in(context, r#""@id":"urn:x","l":["a","b"],"m":{"de":"Ja","@none":"y"},"s":["1"]"#).unwrap();
    let rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    for line in [
        format!("_:c14n0 <{rdf}rest> <{rdf}nil> .\n"),
        "<urn:x> <urn:m> \"Ja\"@de .\n<urn:x> <urn:m> \"y\" .\n<urn:x> <urn:s> \"1\" .\n".into(),
    ] {
        assert!(text.contains(&line) || text.contains(&line.replace("c14n0", "c14n1")), "{line} in {text}");
    }
    assert_eq!(text.lines().count(), 8);
    assert!(quads_in(context, r#""@id":"urn:x","l":[]"#).unwrap().contains(&format!("<urn:l> <{rdf}nil>")));
}

#[test]
fn types_bring_contexts_that_end_at_the_next_node() {
    let context =
        r#"{"id":"@id","type":"@type","p":{"@id":"urn:p"},"T":{"@id":"urn:T","@context":{"q":"urn:q"}}}"#;
    assert!(quads_in(context, r#""id":"urn:a","type":"T","q":"1""#).is_ok());
    assert_eq!(
        code(context, r#""id":"urn:a","type":"T","p":{"id":"urn:b","q":"1"}"#),
        "jsonld.undefined-term"
    );
    assert_eq!(code(context, r#""id":"urn:a","q":"1""#), "jsonld.undefined-term");
    let propagating = r#"{"id":"@id","type":"@type","p":"urn:p","T":{"@id":"urn:T","@context":{"@propagate":true,"q":"urn:q"}}}"#;
    assert_eq!(code(propagating, r#""id":"urn:a","type":"T","p":{"id":"urn:b","q":"1"}"#), "ok");
}

#[test]
fn terms_bring_contexts_that_go_on() {
    let context =
        r#"{"@protected":true,"id":"@id","p":{"@id":"urn:p","@context":{"q":"urn:q","p":"urn:other"}}}"#;
    let text = quads_in(context, r#""id":"urn:a","p":{"id":"urn:b","q":{"id":"urn:c","p":"x"}}"#).unwrap();
    assert_eq!(text, "<urn:a> <urn:p> <urn:b> .\n<urn:b> <urn:q> <urn:c> .\n<urn:c> <urn:other> \"x\" .\n");
}

#[test]
fn protected_terms_stay() {
    let again = |second: &str| {
        code(&format!(r#"[{{"@protected":true,"p":"urn:p"}},{second}]"#), r#""@id":"urn:a","p":"x""#)
    };
    assert_eq!(again(r#"{"p":"urn:p"}"#), "ok");
    assert_eq!(again(r#"{"p":"urn:q"}"#), "jsonld.protected-term");
    assert_eq!(again(r#"{"p":null}"#), "jsonld.protected-term");
    assert_eq!(again(r#"{"p":{"@id":"urn:p","@type":"@id"}}"#), "jsonld.protected-term");
    assert_eq!(again("null"), "jsonld.protected-term");
}

#[test]
fn nothing_is_dropped_in_silence() {
    let context = r#"{"id":"@id","p":"urn:p","n":null,"r":{"@id":"urn:r","@type":"@id"},"i":{"@id":"urn:i","@container":"@index"},"rev":{"@reverse":"urn:x"}}"#;
    for (members, expected) in [
        (r#""id":"urn:a","undefined":"x""#, "jsonld.undefined-term"),
        (r#""id":"urn:a","n":"x""#, "jsonld.undefined-term"),
        (r#""id":"urn:a","@type":"Undefined""#, "jsonld.undefined-type"),
        (r#""id":"a","p":"x""#, "jsonld.relative-iri"),
        (r#""id":"urn:a","r":"b""#, "jsonld.relative-iri"),
        (r#""id":"urn:a","@evil":"x""#, "jsonld.unknown-keyword"),
        (r#""id":"urn:a","@index":"x","p":"x""#, "jsonld.unsupported"),
        (r#""id":"urn:a","@included":[],"p":"x""#, "jsonld.unsupported"),
        (r#""id":"urn:a","@reverse":{},"p":"x""#, "jsonld.unsupported"),
        (r#""id":"urn:a","@nest":{},"p":"x""#, "jsonld.unsupported"),
        (r#""id":"urn:a","@graph":[],"p":"x""#, "jsonld.unsupported"),
        (r#""id":"urn:a","i":{"k":"v"}"#, "jsonld.unsupported"),
        (r#""id":"urn:a","rev":"urn:b""#, "jsonld.undefined-term"),
        (r#""id":"urn:a","p":{"@value":"x","@direction":"rtl"}"#, "jsonld.unsupported"),
        (r#""id":"urn:a","p":{"@value":"x","@language":"d_e"}"#, "jsonld.invalid-value"),
        (r#""id":"urn:a","p":{"@value":"x","p":"y"}"#, "jsonld.invalid-value"),
        (r#""id":"urn:a","p":null"#, "jsonld.invalid-value"),
        (r#""id":"urn:a","p":[]"#, "jsonld.invalid-value"),
        (r#""id":"urn:a","@id":"urn:b","p":"x""#, "jsonld.invalid-value"),
        (r#""id":7,"p":"x""#, "jsonld.invalid-value"),
    ] {
        assert_eq!(code(context, members), expected, "{members}");
    }
    assert_eq!(code(r#"{"@direction":"rtl","p":"urn:p"}"#, r#""p":"x""#), "jsonld.unsupported");
    assert_eq!(code(r#""https://example.org/unknown""#, r#""p":"x""#), "jsonld.unknown-context");
    assert_eq!(code(r#""https://www.w3.org/ns/credentials/v2#""#, r#""p":"x""#), "jsonld.unknown-context");
}

#[test]
fn contexts_that_break_the_rules() {
    for (context, expected) in [
        (r#"{"a":"b","b":"a"}"#, "jsonld.invalid-context"),
        (r#"{"a":{"@id":"urn:a","@foo":1}}"#, "jsonld.invalid-context"),
        (r#"{"@version":1.0}"#, "jsonld.invalid-context"),
        (r#"{"@base":"urn:x"}"#, "jsonld.unsupported"),
        (r#"{"@import":"urn:x"}"#, "jsonld.unsupported"),
        (r#"{"@foo":"urn:x"}"#, "jsonld.unknown-keyword"),
        (r#"{"a":{"@id":"@foo"}}"#, "jsonld.unknown-keyword"),
        (r#"{"a":{"@id":"urn:a","@container":"@what"}}"#, "jsonld.invalid-context"),
        (r#"{"a":{"@id":"urn:a","@type":"relative"}}"#, "jsonld.invalid-context"),
        ("7", "jsonld.invalid-context"),
    ] {
        assert_eq!(code(context, r#""@id":"urn:s""#), expected, "{context}");
    }
    let many = format!("[{}]", vec!["{}"; 100].join(","));
    assert_eq!(code(&many, r#""@id":"urn:s""#), "jsonld.too-much");
}

#[test]
fn what_strangers_define_is_forgotten() {
    let embedded = r#""https://www.w3.org/ns/credentials/v2""#;
    let good = r#""type":"VerifiableCredential","issuer":"urn:i","credentialSubject":{"id":"urn:s"}"#;
    quads_in(embedded, good).unwrap();
    let before = WARM.with_borrow(Store::len);
    for n in 0..50 {
        quads_in(&format!(r#"[{embedded},{{"x{n}":"urn:x"}}]"#), &format!(r#"{good},"x{n}":"y""#)).unwrap();
    }
    assert_eq!(WARM.with_borrow(Store::len), before);
    quads_in(embedded, good).unwrap();
    assert_eq!(WARM.with_borrow(Store::len), before);
}

#[test]
fn proofs_are_graphs_of_their_own() {
    let text = quads(
        r#"{"@context":"https://www.w3.org/ns/credentials/v2","type":"VerifiablePresentation",
            "verifiableCredential":[{"@context":"https://www.w3.org/ns/credentials/v2","id":"urn:c","type":"VerifiableCredential","issuer":"urn:i","credentialSubject":{"id":"urn:s"}}]}"#,
    )
    .unwrap();
    assert!(text.contains("<urn:c> <https://www.w3.org/2018/credentials#issuer> <urn:i> _:c14n"), "{text}");
}
