//! Row D14 of the threats: credentials and presentations as JSON Web Signatures.

use model_passport::jose::{Audience, Kind, sign};
use model_passport::multibase::{decode_base64url_digits, encode_base64url_digits};

use super::presentations::{CHALLENGE, DOMAIN, asking, unsigned};
use super::*;

/// A JWS with its header or payload written otherwise, and signed anew.
fn resigned(party: &Party, jws: &str, change: &dyn Fn(&mut Json, &mut Json)) -> String {
    let mut parts = jws.split('.').map(|part| {
        let bytes = decode_base64url_digits(part).expect("base64url");
        read(&String::from_utf8(bytes).unwrap_or_else(|_| "null".to_owned()))
    });
    let (mut header, mut payload) = (parts.next().expect("a header"), parts.next().expect("a payload"));
    change(&mut header, &mut payload);
    let part = |json: &Json| encode_base64url_digits(json.to_string().as_bytes());
    let message = format!("{}.{}", part(&header), part(&payload));
    let signature = party.signer.sign(message.as_bytes()).expect("a signature");
    format!("{message}.{}", encode_base64url_digits(&signature))
}

fn envelope(kind: Kind, jws: &str) -> Json {
    Object::from_iter([
        ("@context", Json::from("https://www.w3.org/ns/credentials/v2")),
        ("id", format!("data:application/{},{jws}", kind.name()).into()),
        ("type", kind.envelope().into()),
    ])
    .into()
}

/// All cases of JSON Web Signatures.
pub(super) fn jose(world: &World) -> Vec<Case> {
    let mut passport = world.dataset.clone();
    remove(&mut passport, "/proof");
    let issue = |party: &Party| {
        let mut passport = passport.clone();
        set(&mut passport, "/issuer", party.did.as_str());
        sign(&passport, Kind::Credential, &Audience::default(), &party.signer).expect("a signature")
    };
    let jws = issue(&world.lab);
    let mut cases = algorithms(&issue);
    cases.extend(headers(world, &jws));
    cases.extend(payloads(world, &jws));
    cases.extend(envelopes(world, &jws));
    cases.extend(presented(world, &jws));
    cases
}

fn algorithms(issue: &dyn Fn(&Party) -> String) -> Vec<Case> {
    let [p256, p384, ed25519] =
        [Algorithm::P256, Algorithm::P384, Algorithm::Ed25519].map(|algorithm| Party::by_key(algorithm, 13));
    let other = resigned(&p384, &issue(&p256), &|_, _| {});
    vec![
        good("jose-es256", "a passport as a JWS, signed with P-256", issue(&p256)),
        good("jose-es384", "with P-384", issue(&p384)),
        good("jose-eddsa", "with Ed25519", issue(&ed25519)),
        good(
            "jose-ed25519-by-its-own-name",
            "the algorithm by its newer name",
            resigned(&ed25519, &issue(&ed25519), &|header, _| set(header, "/alg", "Ed25519")),
        ),
        bad("jose-other-key", "a signature of another length", other, "proof.signature-malformed"),
        bad(
            "jose-key-mismatch",
            "the header names another algorithm than the key's",
            resigned(&p256, &issue(&p256), &|header, _| set(header, "/alg", "EdDSA")),
            "jose.key-mismatch",
        ),
    ]
}

fn headers(world: &World, jws: &str) -> Vec<Case> {
    let lab = &world.lab;
    let with = |name: &str, value: &str| {
        resigned(lab, jws, &|header, _| set(header, &format!("/{name}"), read(value)))
    };
    let wrong = |name: &'static str, why: &'static str, member: &str, value: &str, code: &'static str| {
        bad(name, why, with(member, value), code)
    };
    let (message, signature) = jws.rsplit_once('.').expect("a JWS");
    let key_id = lab.signer.verification_method();
    vec![
        wrong("jose-none", "no algorithm is no signature", "alg", r#""none""#, "jose.algorithm"),
        wrong("jose-hmac", "a public key is no secret", "alg", r#""HS256""#, "jose.algorithm"),
        wrong("jose-typ", "a JWT of any other kind", "typ", r#""JWT""#, "jose.type"),
        wrong(
            "jose-typ-presentation",
            "a credential under the type of presentations",
            "typ",
            r#""vp+jwt""#,
            "jose.type",
        ),
        wrong("jose-crit", "an extension that has to be understood", "crit", r#"["b64"]"#, "jose.header"),
        wrong("jose-b64", "an unencoded payload", "b64", "false", "jose.header"),
        wrong("jose-jwk", "a key in the header is whoever's", "jwk", r#"{"kty":"EC"}"#, "jose.header"),
        wrong(
            "jose-jku",
            "so is one behind an address",
            "jku",
            r#""https://stranger.example/keys""#,
            "jose.header",
        ),
        wrong("jose-x5u", "and a certificate", "x5u", r#""https://stranger.example/cert""#, "jose.header"),
        wrong(
            "jose-kid-of-another",
            "a key of somebody else",
            "kid",
            &format!("\"{}\"", world.stranger.signer.verification_method()),
            "jose.not-controller",
        ),
        wrong(
            "jose-kid-unknown",
            "a name that is no verification method",
            "kid",
            r#""key-1""#,
            "jose.key-id",
        ),
        good(
            "jose-kid-relative",
            "a key by its fragment, of the issuer's document",
            resigned(lab, jws, &|header, _| set(header, "/kid", key_id.trim_start_matches(lab.did.as_str()))),
        ),
        bad(
            "jose-four-parts",
            "two dots, and no more",
            format!("{message}.{signature}.{signature}"),
            "jose.form",
        ),
        bad("jose-padding", "base64url has no padding", format!("{message}.{signature}=="), "jose.form"),
        bad("jose-unsigned", "an empty signature", format!("{message}."), "proof.signature-malformed"),
    ]
}

fn payloads(world: &World, jws: &str) -> Vec<Case> {
    let lab = &world.lab;
    let with = |change: &dyn Fn(&mut Json)| resigned(lab, jws, &|_, payload| change(payload));
    let claim =
        |name: &'static str, value: Json| with(&|payload| set(payload, &format!("/{name}"), value.clone()));
    let number = |secs: &str| read(secs);
    let changed = {
        let mut parts: Vec<String> = jws.split('.').map(str::to_owned).collect();
        let payload = decode_base64url_digits(&parts[1]).expect("base64url");
        let payload = String::from_utf8(payload).expect("UTF-8").replacen("2026-", "2025-", 1);
        parts[1] = encode_base64url_digits(payload.as_bytes());
        parts.join(".")
    };
    let stranger = resigned(&world.stranger, jws, &|header, _| {
        set(header, "/kid", world.stranger.signer.verification_method())
    });
    vec![
        bad(
            "jose-payload-changed",
            "a letter of the payload after signing",
            changed,
            "proof.signature-invalid",
        ),
        bad("jose-stranger", "somebody else signed in the issuer's name", stranger, "jose.not-controller"),
        good("jose-claims", "registered claims that agree", claim("iss", lab.did.as_str().into())),
        bad(
            "jose-iss",
            "`iss` names another issuer",
            claim("iss", world.stranger.did.as_str().into()),
            "jose.contradiction",
        ),
        bad(
            "jose-jti",
            "`jti` names another credential",
            claim("jti", "urn:uuid:0".into()),
            "jose.contradiction",
        ),
        bad("jose-exp", "`exp` has passed", claim("exp", number("1795000000")), "proof.expired"),
        bad("jose-nbf", "`nbf` is still to come", claim("nbf", number("1799000000")), "jose.not-yet-valid"),
        bad(
            "jose-claim-text",
            "a time as a text has two readings",
            claim("exp", "1799000000".into()),
            "jose.claim",
        ),
        bad(
            "jose-vc-claim",
            "the credential inside a claim, as it was once done",
            with(&|payload| {
                let inner = payload.clone();
                set(payload, "/vc", inner);
            }),
            "jose.claim",
        ),
        bad(
            "jose-presentation-as-credential",
            "a presentation under the type of credentials",
            with(&|payload| set(payload, "/type", vec![Json::from("VerifiablePresentation")])),
            "jose.type",
        ),
        bad(
            "jose-schema",
            "the schema holds inside a JWS too",
            with(&|payload| set(payload, "/credentialSubject/approvedBy", "FDA")),
            "schema.unknown-field",
        ),
    ]
}

fn envelopes(world: &World, jws: &str) -> Vec<Case> {
    let enveloped = envelope(Kind::Credential, jws);
    let changed = |pointer: &str, value: Json| {
        let mut enveloped = enveloped.clone();
        set(&mut enveloped, pointer, value);
        enveloped.to_string()
    };
    let mut model = World::unsigned_model(&world.dataset);
    set(&mut model, "/issuer", world.lab.did.as_str());
    let model = world.lab.sign(world.lab.suite(), &model);
    vec![
        good("jose-envelope", "a JWS as an object", enveloped.to_string()),
        good(
            "jose-in-bundle",
            "a passport that builds on one in an envelope",
            bundle(&[&model, &enveloped], &[]).to_string(),
        ),
        bad(
            "jose-envelope-id",
            "an envelope without a `data:` URL",
            changed("/id", jws.into()),
            "jose.envelope",
        ),
        bad(
            "jose-envelope-media-type",
            "another media type",
            changed("/id", format!("data:application/jwt,{jws}").into()),
            "jose.envelope",
        ),
        bad(
            "jose-envelope-context",
            "another context",
            changed("/@context", "https://www.w3.org/ns/credentials/examples/v2".into()),
            "jose.envelope",
        ),
        bad(
            "jose-envelope-issuer",
            "an envelope with a label of its own",
            changed("/issuer", "did:example:other".into()),
            "jose.envelope",
        ),
        bad(
            "jose-envelope-type",
            "an envelope that says it is a credential",
            changed("/type", "VerifiableCredential".into()),
            "profile.contexts",
        ),
    ]
}

fn presented(world: &World, jws: &str) -> Vec<Case> {
    let holder = Party::by_key(Algorithm::P256, 14);
    let plain = unsigned(&holder, &[&envelope(Kind::Credential, jws)]);
    let audience = Audience { challenge: Some(CHALLENGE.to_owned()), domain: vec![DOMAIN.to_owned()] };
    let present = |presentation: &Json, party: &Party, audience: &Audience| {
        sign(presentation, Kind::Presentation, audience, &party.signer).expect("a signature")
    };
    let good_one = present(&plain, &holder, &audience);
    let mut forged = jws.to_owned();
    forged.replace_range(forged.len() - 4..forged.len() - 2, "AA");
    let forged = present(&unsigned(&holder, &[&envelope(Kind::Credential, &forged)]), &holder, &audience);
    vec![
        asking(good(
            "jose-presentation",
            "a presentation as a JWS, with a credential as another",
            good_one.clone(),
        )),
        asking(good(
            "jose-presentation-envelope",
            "the same as an object",
            envelope(Kind::Presentation, &good_one).to_string(),
        )),
        asking(bad(
            "jose-presentation-replayed",
            "`nonce` of another occasion",
            present(&plain, &holder, &Audience { challenge: Some("another".to_owned()), ..audience.clone() }),
            "presentation.challenge",
        )),
        asking(bad(
            "jose-presentation-audience",
            "`aud` is another verifier",
            present(
                &plain,
                &holder,
                &Audience { domain: vec!["other.example".to_owned()], ..audience.clone() },
            ),
            "presentation.domain",
        )),
        asking(bad(
            "jose-presentation-by-another",
            "somebody else signed",
            present(&plain, &world.stranger, &audience),
            "jose.not-controller",
        )),
        asking(bad(
            "jose-presentation-forged",
            "a forged credential inside",
            forged,
            "proof.signature-invalid",
        )),
        asking(bad(
            "jose-presentation-as-envelope",
            "a presentation in the envelope of a credential",
            bundle(&[&envelope(Kind::Credential, &good_one)], &[]).to_string(),
            "jose.type",
        )),
    ]
}
