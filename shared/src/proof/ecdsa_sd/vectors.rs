//! The [published vectors](https://www.w3.org/TR/vc-di-ecdsa/#test-vectors) of the suite, every step of them.

use std::fs;
use std::path::{Path, PathBuf};

use super::groups::Whole;
use super::select::Selection;
use super::value::Base;
use super::*;
use crate::canon::jcs;
use crate::canon::rdfc::HashAlgorithm;
use crate::digest::hex;
use crate::json;
use crate::jsonld::ContextLoader;
use crate::key::{Answer, KeySigner, SigningKey};
use crate::proof::{Cryptosuite, ProofOptions, Secured};

/// The vectors that lie beside the project, with the context that they use; none, said in a line, if they do not.
struct Vectors {
    folder: PathBuf,
    contexts: [(String, Json); 1],
}

impl Vectors {
    fn open() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
        let folder = root.join("vc-di-ecdsa/ecdsa-sd-2023/employ");
        if !folder.is_dir() {
            eprintln!("skipped: the published vectors `ecdsa-sd-2023` are not beside the project");
            return None;
        }
        let context =
            json::parse(&fs::read_to_string(root.join("contexts/citizenship-v4rc1.jsonld")).unwrap());
        let contexts = [("https://w3id.org/citizenship/v4rc1".to_owned(), context.unwrap())];
        Some(Self { folder, contexts })
    }

    fn loader(&self) -> ContextLoader<'_> {
        ContextLoader::with(&self.contexts)
    }

    fn json(&self, name: &str) -> Json {
        json::parse(&fs::read_to_string(self.folder.join(name)).unwrap()).unwrap()
    }

    fn key(&self, name: &str) -> SigningKey {
        let pairs = self.json("../SDKeyMaterial.json");
        let text = |member: &str| {
            pairs.pointer(&format!("/{name}/{member}")).and_then(Json::as_str).unwrap().to_owned()
        };
        let secret = multibase::decode(&text("secretKeyMultibase")).unwrap();
        let key = SigningKey::from_secret_bytes(Algorithm::P256, &secret[2..]).unwrap();
        assert_eq!(key.verifying_key().to_multikey(), text("publicKeyMultibase"));
        key
    }

    fn base(&self) -> Json {
        let options = self.json("addProofConfig.json");
        let created = options.get("created").and_then(Json::as_str).unwrap().parse().unwrap();
        let method = options.get("verificationMethod").and_then(Json::as_str).unwrap();
        let mut hmac_key = [0; 32];
        hmac_key[..].copy_from_slice(
            &[0_u8, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]
                .repeat(2),
        );
        let secrets = Secrets { hmac_key, proof_key: self.key("proofKeyPair") };
        let document = self.json("../../employmentAuth.json");
        let mandatory = texts(&self.json("../../employMandatory.json"));
        let options = ProofOptions::new(Cryptosuite::EcdsaSd2023).created(created);
        let signer = KeySigner::new(self.key("baseKeyPair"), method);
        add_base_proof(&document, &options, &mandatory, &secrets, &signer, self.loader()).unwrap()
    }
}

fn texts(list: &Json) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn numbers(list: Option<&Json>) -> Vec<usize> {
    list.unwrap().as_array().unwrap().iter().map(|n| n.as_i64().unwrap().try_into().unwrap()).collect()
}

/// The numbers and statements of one group, as the vectors write a map.
fn group(json: &Json, pointer: &str) -> Vec<(usize, String)> {
    let entries = json.pointer(pointer).and_then(Json::as_array).unwrap();
    let entry = |entry: &Json| {
        let at = usize::try_from(entry.pointer("/0").and_then(Json::as_i64).unwrap()).unwrap();
        (at, entry.pointer("/1").and_then(Json::as_str).unwrap().to_owned())
    };
    entries.iter().map(entry).collect()
}

fn value(document: &Json) -> Vec<u8> {
    multibase::decode(document.pointer("/proof/proofValue").and_then(Json::as_str).unwrap()).unwrap()
}

#[test]
fn the_base_proof_is_the_published_one() {
    let Some(vectors) = Vectors::open() else { return };
    let (ours, published) = (vectors.base(), vectors.json("addSignedSDBase.json"));
    let (read, raw) = (Base::read(&value(&ours)).ok().unwrap(), vectors.json("addRawBaseSignatureInfo.json"));
    let text = |name: &str| raw.get(name).and_then(Json::as_str).unwrap();
    let signatures: Vec<String> = read.signatures.iter().map(|signature| hex(signature)).collect();
    assert_eq!(signatures, texts(raw.get("signatures").unwrap()));
    assert_eq!(hex(&read.base_signature), text("baseSignature"));
    assert_eq!(multibase::encode_base58btc(&read.public_key), text("publicKey"));
    assert_eq!(read.mandatory, texts(raw.get("mandatoryPointers").unwrap()));
    assert_eq!(jcs::to_string(&ours), jcs::to_string(&published));
}

#[test]
fn the_statements_and_groups_are_the_published_ones() {
    let Some(vectors) = Vectors::open() else { return };
    let document = vectors.json("../../employmentAuth.json");
    let mut work =
        Work { contexts: vectors.loader(), hash: HashAlgorithm::Sha256, budget: &mut Budget::default() };
    let canonical = Statements::read(&document, &mut work).unwrap().canonical.text;
    assert_eq!(canonical, texts(&vectors.json("addBaseDocCanon.json")).concat());

    let base = Base::read(&value(&vectors.json("addSignedSDBase.json"))).ok().unwrap();
    let recovered = vectors.json("derivedRecoveredBaseData.json");
    assert_eq!(Some(hex(&base.hmac_key).as_str()), recovered.get("hmacKey").and_then(Json::as_str));
    let whole = Whole::read(&document, &base.hmac_key, &mut work).unwrap();
    let lines: Vec<String> = whole.lines.iter().map(|line| line.text.clone()).collect();
    assert_eq!(lines, texts(&vectors.json("addBaseDocHMACCanon.json")));

    let mandatory = texts(&vectors.json("../../employMandatory.json"));
    let selective = texts(&vectors.json("../../employSelective.json"));
    let combined = [&mandatory[..], &selective].concat();
    let transformed = vectors.json("addBaseTransform.json");
    let (groups, indexes) =
        (vectors.json("derivedAllGroupData.json"), vectors.json("derivedGroupIndexes.json"));
    for (name, pointers) in [("mandatory", mandatory), ("selective", selective), ("combined", combined)] {
        let selection = Selection::new(&document, &pointers).unwrap();
        let chosen = whole.chosen(&selection);
        let which = |wanted: bool| -> Vec<(usize, String)> {
            let all = lines.iter().cloned().enumerate().zip(&chosen);
            all.filter(|(_, chosen)| **chosen == wanted).map(|(line, _)| line).collect()
        };
        assert_eq!(which(true), group(&groups, &format!("/groups/{name}/matching/value")));
        assert_eq!(which(false), group(&groups, &format!("/groups/{name}/nonMatching/value")));
        let places: Vec<usize> = which(true).into_iter().map(|(at, _)| at).collect();
        assert_eq!(places, numbers(indexes.get(&format!("{name}Indexes"))));
        if name == "mandatory" {
            assert_eq!(which(true), group(&transformed, "/mandatory/value"));
            assert_eq!(which(false), group(&transformed, "/nonMandatory/value"));
            let text: Vec<String> = which(true).into_iter().map(|(_, line)| line).collect();
            let published = vectors.json("addHashData.json");
            let hash = crate::digest::sha256(text.concat());
            assert_eq!(Some(hex(&hash).as_str()), published.get("mandatoryHash").and_then(Json::as_str));
        }
        if name == "combined" {
            let (part, _) = whole.part(&selection, &mut work).unwrap();
            let published = vectors.json("derivedUnsignedReveal.json");
            assert_eq!(jcs::to_string(&part), jcs::to_string(&published));
        }
    }
}

#[test]
fn the_derived_proof_is_the_published_one() {
    let Some(vectors) = Vectors::open() else { return };
    let base = vectors.json("addSignedSDBase.json");
    let reveal = texts(&vectors.json("../../employSelective.json"));
    let ours = derive(&base, &reveal, vectors.loader()).unwrap();
    let derived = Derived::read(&value(&ours)).unwrap();
    let published = vectors.json("derivedDisclosureData.json");
    let signatures: Vec<String> = derived.signatures.iter().map(|signature| hex(signature)).collect();
    assert_eq!(signatures, texts(published.get("signatures").unwrap()));
    assert_eq!(
        signatures,
        texts(vectors.json("derivedAdjSignatures.json").get("filteredSignatures").unwrap())
    );
    assert_eq!(derived.mandatory, numbers(published.get("mandatoryIndexes")));
    assert_eq!(
        derived.mandatory,
        numbers(vectors.json("derivedAdjMandatoryIndexes.json").get("adjMandatoryIndexes"))
    );
    for (at, label) in derived.labels.iter().enumerate() {
        let entry = published.pointer(&format!("/labelMap/value/{at}")).map(Json::to_string);
        assert_eq!(entry, Some(format!(r#"["c14n{at}","{}"]"#, label_of(label))));
    }
    assert_eq!(jcs::to_string(&ours), jcs::to_string(&vectors.json("derivedRevealDocument.json")));
}

#[test]
fn what_is_verified_is_the_published_text() {
    let Some(vectors) = Vectors::open() else { return };
    let document = vectors.json("derivedRevealDocument.json");
    let key = vectors.key("baseKeyPair").verifying_key();
    let mut secured = Secured::read(document).unwrap();
    let budget = &mut Budget::default();
    let hashed = secured.hashed(0, Algorithm::P256, vectors.loader(), budget).unwrap();
    assert_eq!(hashed.options, fs::read_to_string(vectors.folder.join("addProofConfigCanon.txt")).unwrap());
    let published = vectors.json("verifyCreateVerifyData.json");
    let text = |name: &str| published.get(name).and_then(Json::as_str).unwrap();
    assert_eq!(hashed.options_hash.to_hex(), text("proofHash"));

    let checks = secured.signature_checks(0, &key, 99, vectors.loader(), budget).unwrap();
    assert!(checks.iter().all(|check| check.answer() == Answer::Valid));
    let (base, others) = checks.split_first().unwrap();
    assert_eq!(base.key, key);
    assert_eq!(hex(&base.signature), text("baseSignature"));
    let public_key = hex(&multibase::decode(text("publicKey")).unwrap());
    assert_eq!(hex(&base.message), [text("proofHash"), &public_key, text("mandatoryHash")].concat());
    let statements: Vec<&[u8]> = others.iter().map(|check| check.message.as_slice()).collect();
    let wanted = texts(published.get("nonMandatory").unwrap());
    assert_eq!(statements, wanted.iter().map(|line| line.as_bytes()).collect::<Vec<_>>());
    let signatures: Vec<String> = others.iter().map(|check| hex(&check.signature)).collect();
    assert_eq!(signatures, texts(published.get("signatures").unwrap()));

    let derived = Derived::read(&value(&vectors.json("derivedRevealDocument.json"))).unwrap();
    let content = vectors.json("derivedUnsignedReveal.json");
    let mut work = Work { contexts: vectors.loader(), hash: HashAlgorithm::Sha256, budget };
    let lines =
        Statements::read(&content, &mut work).unwrap().relabelled(&derived.labels, work.budget).unwrap();
    assert_eq!(lines, texts(&vectors.json("verifyNQuads.json")).concat());
}
