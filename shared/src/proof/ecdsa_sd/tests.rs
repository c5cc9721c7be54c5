//! The whole way from base proof to verified part, and every form of a derived proof that is not the one.

use super::*;
use crate::json;
use crate::jsonld::ContextLoader;
use crate::key::{Answer, KeySigner, Signer as _, SigningKey};
use crate::proof::{Cryptosuite, ProofOptions, Secured};
use value::Base;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_secret_bytes(Algorithm::P256, &[seed; 32]).unwrap()
}

const CONTEXT: &str = r#""@context":["https://www.w3.org/ns/credentials/v2",{"@vocab":"urn:v#"}]"#;

fn base(members: &str, mandatory: &[&str]) -> Result<Json, &'static str> {
    let document = json::parse(&format!("{{{CONTEXT},{members}}}")).unwrap();
    let secrets = Secrets { hmac_key: [7; 32], proof_key: key(2) };
    let options = ProofOptions::new(Cryptosuite::EcdsaSd2023);
    let signer = KeySigner::did_key(key(1));
    add_base_proof(&document, &options, &pointers(mandatory), &secrets, &signer, ContextLoader::embedded())
        .map_err(|error| error.code())
}

fn pointers(pointers: &[&str]) -> Vec<String> {
    pointers.iter().map(|pointer| (*pointer).to_owned()).collect()
}

fn shown(base: &Json, reveal: &[&str]) -> Result<Json, &'static str> {
    derive(base, &pointers(reveal), ContextLoader::embedded()).map_err(|error| error.code())
}

fn verified(document: &Json) -> Result<bool, &'static str> {
    let mut secured = Secured::read(document.clone()).map_err(|error| error.code())?;
    let key = key(1).verifying_key();
    let (contexts, budget) = (ContextLoader::embedded(), &mut Budget::default());
    let checks = secured.signature_checks(0, &key, 99, contexts, budget).map_err(|error| error.code())?;
    Ok(checks.iter().all(|check| check.answer() == Answer::Valid))
}

fn with_value(document: &Json, value: &[u8]) -> Json {
    let mut document = document.clone();
    let proof = document.as_object_mut().and_then(|members| members.get_mut("proof")).unwrap();
    proof.as_object_mut().unwrap().insert("proofValue", multibase::encode_base64url(value));
    document
}

fn value(document: &Json) -> Vec<u8> {
    multibase::decode(document.pointer("/proof/proofValue").and_then(Json::as_str).unwrap()).unwrap()
}

/// Blank nodes, one inside the other, and a list of some that differ by one word.
const SUBJECT: &str = r#""a":"1","b":{"c":"2","d":[{"e":"3"},{"e":"4","f":"5"},{"e":"3","f":"6"}]}"#;

#[test]
fn any_part_is_valid_and_nothing_else() {
    let base = base(SUBJECT, &["/a"]).unwrap();
    let all = ["/b/c", "/b/d/0/e", "/b/d/1/e", "/b/d/1/f", "/b/d/2"];
    for chosen in 0..1_u8 << all.len() {
        let reveal: Vec<&str> = all
            .iter()
            .enumerate()
            .filter(|(at, _)| chosen >> at & 1 == 1)
            .map(|(_, pointer)| *pointer)
            .collect();
        let part = shown(&base, &reveal).unwrap();
        assert_eq!(verified(&part), Ok(true), "{part}");
        let text = part.to_string();
        for (from, to) in [("\"1\"", "\"2\""), ("\"3\"", "\"4\""), ("\"5\"", "\"6\"")] {
            let changed = text.replacen(from, to, 1);
            if changed != text {
                assert_eq!(verified(&json::parse(&changed).unwrap()), Ok(false), "{changed}");
            }
        }
    }
    assert_eq!(verified(&shown(&base, &[""]).unwrap()), Ok(true));
    assert_eq!(verified(&base), Err("disclosure.base-proof"));
}

#[test]
fn alike_nodes_are_kept_apart() {
    let base = base(r#""b":[{"e":"3"},{"e":"3"},{"e":"3","f":"x"}]"#, &["/b/2"]).unwrap();
    for reveal in [&["/b/0"][..], &["/b/1"], &["/b/0", "/b/1"], &[]] {
        assert_eq!(verified(&shown(&base, reveal).unwrap()), Ok(true), "{reveal:?}");
    }
}

#[test]
fn what_cannot_stand_alone_is_not_signed_or_shown() {
    let list = r#""b":{"@list":[{"e":"3"},{"e":"4"}]},"c":{"@value":"x","@language":"de"},"d":{"@type":"@json","@value":{"x":[1,2]}}"#;
    for pointer in ["/b/@list/0", "/c/@value", "/d/@value/x"] {
        assert_eq!(base(list, &[pointer]).err(), Some("disclosure.not-separable"), "{pointer}");
    }
    let base = base(list, &["/b"]).unwrap();
    for pointer in ["/c/@value", "/d/@value/x/0"] {
        assert_eq!(shown(&base, &[pointer]).err(), Some("disclosure.not-separable"), "{pointer}");
    }
    for reveal in [&["/c"][..], &["/d"], &["/c", "/d"], &[]] {
        assert_eq!(verified(&shown(&base, reveal).unwrap()), Ok(true), "{reveal:?}");
    }
}

#[test]
fn what_is_not_in_order_is_refused() {
    assert_eq!(base(SUBJECT, &["/x"]).err(), Some("disclosure.pointer"));
    let base = base(SUBJECT, &["/a"]).unwrap();
    assert_eq!(shown(&base, &["/x"]).err(), Some("disclosure.pointer"));
    let part = shown(&base, &[]).unwrap();
    assert_eq!(shown(&part, &[]).err(), Some("disclosure.not-a-base-proof"));
    let mut two = base.clone();
    let proof = base.get("proof").unwrap().clone();
    two.as_object_mut().unwrap().insert("proof", Json::from(vec![proof.clone(), proof]));
    assert_eq!(shown(&two, &[]).err(), Some("disclosure.not-one-base-proof"));
    let mut none = base.clone();
    none.as_object_mut().unwrap().remove("proof");
    assert_eq!(shown(&none, &[]).err(), Some("disclosure.not-one-base-proof"));
    let mut changed = base.clone();
    changed.as_object_mut().unwrap().insert("z", "more");
    assert_eq!(shown(&changed, &[]).err(), Some("disclosure.signature-count"));
    let signer = KeySigner::did_key(SigningKey::from_secret_bytes(Algorithm::P384, &[1; 48]).unwrap());
    let options = ProofOptions::new(Cryptosuite::EcdsaSd2023);
    let secrets = Secrets { hmac_key: [7; 32], proof_key: key(2) };
    let refused = add_base_proof(&none, &options, &[], &secrets, &signer, ContextLoader::embedded());
    assert_eq!(refused.map_err(|error| error.code()).err(), Some("proof.key-mismatch"));
    let signer = KeySigner::did_key(key(1));
    let refused = crate::proof::add_proof(&none, &options, &signer, ContextLoader::embedded());
    assert_eq!(refused.map_err(|error| error.code()).err(), Some("disclosure.secrets"));
}

#[test]
fn one_proof_has_one_form() {
    let base = base(SUBJECT, &["/a"]).unwrap();
    let part = shown(&base, &["/b/d/1", "/b/c"]).unwrap();
    let good = Derived::read(&value(&part)).unwrap();
    assert_eq!(good.to_bytes(), value(&part));
    assert_eq!((good.labels.len(), good.mandatory.len(), good.signatures.len()), (3, 1, 5));
    let code = |change: &dyn Fn(&mut Derived)| {
        let mut derived = good.clone();
        change(&mut derived);
        verified(&with_value(&part, &derived.to_bytes()))
    };
    assert_eq!(code(&|_| {}), Ok(true));
    assert_eq!(code(&|derived| derived.labels[1] = derived.labels[0]), Err("disclosure.label-map"));
    assert_eq!(code(&|derived| derived.labels.push([1; 32])), Err("disclosure.label-map"));
    assert_eq!(code(&|derived| _ = derived.labels.pop()), Err("disclosure.label-map"));
    assert_eq!(code(&|derived| derived.labels.swap(0, 1)), Ok(false));
    assert_eq!(code(&|derived| derived.mandatory.push(0)), Err("disclosure.mandatory-indexes"));
    assert_eq!(
        code(&|derived| derived.mandatory.push(derived.mandatory[0])),
        Err("disclosure.mandatory-indexes")
    );
    assert_eq!(code(&|derived| derived.mandatory.push(9999)), Err("disclosure.mandatory-indexes"));
    assert_eq!(code(&|derived| derived.mandatory.push(6)), Err("disclosure.mandatory-indexes"));
    assert_eq!(code(&|derived| derived.mandatory.clear()), Err("disclosure.signature-count"));
    assert_eq!(code(&|derived| _ = derived.signatures.pop()), Err("disclosure.signature-count"));
    assert_eq!(code(&|derived| derived.signatures.push([9; 64])), Err("disclosure.signature-count"));
    assert_eq!(code(&|derived| derived.signatures.swap(0, 1)), Ok(false));
    assert_eq!(code(&|derived| derived.signatures[2][3] ^= 1), Ok(false));
    assert_eq!(code(&|derived| derived.signatures[0] = [0; 64]), Err("proof.signature-malformed"));
    assert_eq!(code(&|derived| derived.base_signature[9] ^= 1), Ok(false));
    assert_eq!(code(&|derived| derived.public_key[1] = 0x25), Err("disclosure.public-key"));
    assert_eq!(code(&|derived| derived.public_key[2] = 4), Err("disclosure.public-key"));
    assert_eq!(code(&|derived| derived.signatures = vec![[9; 64]; 99]), Err("proof.too-many-signatures"));

    let bytes = value(&part);
    let read = |bytes: &[u8]| verified(&with_value(&part, bytes));
    assert_eq!(read(&[&bytes[..], &[0]].concat()), Err("disclosure.cbor"));
    assert_eq!(read(&bytes[..bytes.len() - 1]), Err("disclosure.cbor"));
    assert_eq!(read(&[&[0xd9, 0x5d, 0x02], &bytes[3..]].concat()), Err("disclosure.header"));
    assert_eq!(read(&[&[0xd9, 0x5d, 0x00], &bytes[3..]].concat()), Err("disclosure.base-proof"));
    assert_eq!(read(&[0xd9, 0x5d]), Err("disclosure.header"));
    // A length in more bytes than it needs.
    assert_eq!(read(&[&bytes[..4], &[0x59, 0, 64], &bytes[6..]].concat()), Err("disclosure.cbor"));
    // Every byte that is cut off, and every bit that is turned in the structure.
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end]).is_err());
    }
    for (at, bit) in (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))).step_by(7) {
        let mut turned = bytes.clone();
        turned[at] ^= 1 << bit;
        assert_ne!(read(&turned), Ok(true), "{at} {bit}");
    }
}

#[test]
fn a_base_proof_is_read_as_it_was_written() {
    let base = base(SUBJECT, &["/a", "/b/c"]).unwrap();
    let read = Base::read(&value(&base)).ok().unwrap();
    assert_eq!(read.to_bytes(), value(&base));
    assert_eq!((read.hmac_key, read.mandatory.as_slice()), ([7; 32], &pointers(&["/a", "/b/c"])[..]));
    assert!(Base::read(&value(&base)[1..]).is_err());
    // The same document and secrets, the same bytes.
    assert_eq!(super::tests::base(SUBJECT, &["/a", "/b/c"]).unwrap(), base);
    assert_eq!(KeySigner::did_key(key(1)).algorithm(), Algorithm::P256);
}
