use super::*;
use crate::multibase::encode_base64url_digits as base64url;

fn jws(header: &str, payload: &str) -> String {
    format!("{}.{}.{}", base64url(header.as_bytes()), base64url(payload.as_bytes()), base64url(&[1; 64]))
}

const HEADER: &str = r#"{"alg":"ES256","typ":"vc+jwt","kid":"did:example:a#b"}"#;

fn code(text: &str) -> &'static str {
    parse(text).map_or_else(|cause| cause.code(), |_| "ok")
}

#[test]
fn the_form_is_exact() {
    let good = jws(HEADER, r#"{"type":"VerifiableCredential"}"#);
    assert_eq!(code(&good), "ok");
    let (envelope, _) = parse(&good).unwrap();
    assert_eq!(format!("{}.{}", envelope.message, base64url(&envelope.signature)), good);
    for bad in [
        String::new(),
        good.replacen('.', "", 1),
        format!("{good}."),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}\n"),
        good.replacen('.', "+.", 1),
        // The last letter of 64 bytes has bits to spare, which must be zero.
        format!("{}B", good.strip_suffix('Q').unwrap()),
    ] {
        assert_eq!(code(&bad), "jose.form", "{bad}");
    }
    let long = "x".repeat(MAX_JOSE_HEADER_CHARS);
    assert_eq!(code(&jws(&format!(r#"{{"alg":"{long}"}}"#), "{}")), "jose.form");
}

#[test]
fn the_header_says_only_what_is_read() {
    let with = |member: &str| code(&jws(&HEADER.replacen('{', &format!("{{{member},"), 1), "{}"));
    assert_eq!(with(r#""cty":"vc""#), "ok");
    assert_eq!(with(r#""iss":"did:example:a""#), "ok");
    assert_eq!(with(r#""cty":"vp""#), "jose.type");
    assert_eq!(with(r#""alg":"ES256""#), "json.duplicate-name");
    for member in [
        r#""crit":["b64"]"#,
        r#""b64":false"#,
        r#""jwk":{}"#,
        r#""jku":"https://a.example""#,
        r#""x5u":"https://a.example""#,
        r#""x5c":[]"#,
        r#""x":"y""#,
    ] {
        assert_eq!(with(member), "jose.header", "{member}");
    }
    let instead = |from: &str, to: &str| code(&jws(&HEADER.replace(from, to), "{}"));
    for alg in ["none", "HS256", "RS256", "es256", "ES256 ", "ES512"] {
        assert_eq!(instead("ES256", alg), "jose.algorithm", "{alg}");
    }
    for typ in ["JWT", "vc", "VC+JWT", "vc+ld+json+jwt", "application/vc+jwt"] {
        assert_eq!(instead("vc+jwt", typ), "jose.type", "{typ}");
    }
    assert_eq!(instead(r#","kid":"did:example:a#b""#, ""), "jose.header");
}

#[test]
fn registered_claims_are_read_apart() {
    let read = |payload: &str| parse(&jws(HEADER, payload));
    let (envelope, payload) =
        read(r#"{"iss":"did:example:a","exp":10,"aud":["a","b"],"id":"urn:x","jti":"urn:x"}"#).unwrap();
    assert_eq!(Json::from(payload.clone()).to_string(), r#"{"id":"urn:x"}"#);
    assert_eq!(envelope.claims.audience, ["a", "b"]);
    assert_eq!(envelope.contradiction(&payload.clone().into(), Some("did:example:a")), None);
    assert_eq!(envelope.contradiction(&payload.into(), Some("did:example:b")), Some("iss"));
    for wrong in [
        r#"{"exp":"10"}"#,
        r#"{"nbf":1.5}"#,
        r#"{"iss":1}"#,
        r#"{"aud":[1]}"#,
        r#"{"vc":{}}"#,
        r#"{"vp":{}}"#,
    ] {
        assert_eq!(read(wrong).map_err(|cause| cause.code()), Err("jose.claim"), "{wrong}");
    }
    assert_eq!(code(&jws(HEADER, "[]")), "jose.type");
    assert_eq!(code(&jws(HEADER, r#"{"a":1,"a":2}"#)), "json.duplicate-name");
}

#[test]
fn an_envelope_holds_one_thing() {
    let read = |text: &str| {
        let json = crate::json::parse(text).unwrap();
        match enveloped(json.as_object().unwrap(), Kind::Credential) {
            None => "another",
            Some(Ok(_)) => "ok",
            Some(Err(cause)) => cause.code(),
        }
    };
    let good = r#"{"@context":"https://www.w3.org/ns/credentials/v2","id":"data:application/vc+jwt,a.b.c","type":"EnvelopedVerifiableCredential"}"#;
    assert_eq!(read(good), "ok");
    assert_eq!(read(r#"{"type":"VerifiableCredential"}"#), "another");
    for (from, to) in [
        ("https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"),
        ("data:application/vc+jwt,", ""),
        ("vc+jwt", "vp+jwt"),
        ("vc+jwt", "vc+jwt;base64"),
        ("{", r#"{"issuer":"did:example:a","#),
    ] {
        assert_eq!(read(&good.replacen(from, to, 1)), "jose.envelope", "{from} {to}");
    }
}
