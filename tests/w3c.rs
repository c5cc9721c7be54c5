//! The published vectors of the proofs, from `../shared/vectors`: every canonical text, hash and signature
//! byte for byte, in both directions; RFC 8785; Wycheproof.

use std::fs;
use std::path::{Path, PathBuf};

use model_passport::canon::jcs;
use model_passport::did::{DidUrl, Relationship, resolve_method};
use model_passport::digest::hex;
use model_passport::json::{self, Json};
use model_passport::jsonld::ContextLoader;
use model_passport::key::{Algorithm, Answer, KeySigner, SigningKey, VerifyingKey};
use model_passport::limits::Budget;
use model_passport::multibase;
use model_passport::proof::{Cryptosuite, ProofOptions, Secured, add_proof};
use model_passport_tests::vectors;

const ECDSA: &str = "vc-di-ecdsa";
const EDDSA: &str = "vc-di-eddsa";

/// One folder of vectors: the repository, the folder, what its file names end with, the key pair.
struct Suite(&'static str, &'static str, &'static str, &'static str, Cryptosuite, Algorithm);

const SUITES: [Suite; 6] = {
    use Algorithm::{Ed25519, P256, P384};
    use Cryptosuite::{EcdsaJcs2019, EcdsaRdfc2019, EddsaJcs2022, EddsaRdfc2022};
    [
        Suite(ECDSA, "ecdsa-rdfc-2019-p256", "ECDSAP256", "p256KeyPair.json", EcdsaRdfc2019, P256),
        Suite(ECDSA, "ecdsa-rdfc-2019-p384", "ECDSAP384", "p384KeyPair.json", EcdsaRdfc2019, P384),
        Suite(ECDSA, "ecdsa-jcs-2019-p256", "JCSECDSAP256", "p256KeyPair.json", EcdsaJcs2019, P256),
        Suite(ECDSA, "ecdsa-jcs-2019-p384", "JCSECDSAP384", "p384KeyPair.json", EcdsaJcs2019, P384),
        Suite(EDDSA, "eddsa-rdfc-2022", "DataInt", "keyPair.json", EddsaRdfc2022, Ed25519),
        Suite(EDDSA, "eddsa-jcs-2022", "JCS", "keyPair.json", EddsaJcs2022, Ed25519),
    ]
};

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path.as_ref()).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

fn document(path: impl AsRef<Path>) -> Json {
    json::parse(&text(path)).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).unwrap()).collect()
}

fn member<'j>(json: &'j Json, name: &str) -> &'j str {
    json.get(name).and_then(Json::as_str).unwrap_or_else(|| panic!("no `{name}`"))
}

impl Suite {
    fn folder(&self) -> Option<PathBuf> {
        vectors(self.0)
    }

    /// A file of the vectors, by what its name begins with.
    fn file(&self, root: &Path, name: &str, kind: &str) -> PathBuf {
        root.join(self.1).join(format!("{name}{}.{kind}", self.2))
    }

    fn key(&self, root: &Path) -> SigningKey {
        let pair = document(root.join(self.3));
        let name = if self.0 == EDDSA { "privateKeyMultibase" } else { "secretKeyMultibase" };
        let secret = multibase::decode(member(&pair, name)).unwrap();
        let (_, secret) = multibase::split_varint(&secret).unwrap();
        let key = SigningKey::from_secret_bytes(self.5, secret).unwrap();
        assert_eq!(key.verifying_key().to_multikey(), member(&pair, "publicKeyMultibase"));
        key
    }
}

/// The context that the examples use besides the embedded ones.
fn example_contexts() -> Option<[(String, Json); 1]> {
    let text = document(vectors("contexts")?.join("credentials-examples-v2.jsonld"));
    Some([("https://www.w3.org/ns/credentials/examples/v2".to_owned(), text)])
}

#[test]
fn every_text_hash_and_signature_is_the_published_one() {
    let Some(contexts) = example_contexts() else { return };
    for suite in &SUITES {
        let Some(root) = suite.folder() else { return };
        let mut secured = Secured::read(document(suite.file(&root, "signed", "json"))).unwrap();
        let method: DidUrl = secured.proofs().next().unwrap().unwrap().verification_method.clone();
        let key = resolve_method(&method, Relationship::AssertionMethod, None).unwrap().key;
        assert_eq!(key.algorithm(), suite.5);

        let (loader, mut budget) = (ContextLoader::with(&contexts), Budget::default());
        let hashed = secured.hashed(0, suite.5, loader, &mut budget).unwrap();
        let published = |name: &str| text(suite.file(&root, name, "txt"));
        assert_eq!(&*hashed.document, published("canonDoc"), "{}", suite.1);
        assert_eq!(hashed.options, published("proofCanon"), "{}", suite.1);
        assert_eq!(hashed.document_hash.to_hex(), published("docHash"), "{}", suite.1);
        assert_eq!(hashed.options_hash.to_hex(), published("proofHash"), "{}", suite.1);
        assert_eq!(hex(&hashed.to_bytes()), published("combinedHash"), "{}", suite.1);

        let check = secured.signature_checks(0, &key, 1, loader, &mut budget).unwrap().remove(0);
        assert_eq!(hex(&check.signature), published("sigHex"), "{}", suite.1);
        assert_eq!(multibase::encode_base58btc(&check.signature), published("sigBTC58"), "{}", suite.1);
        assert_eq!(check.message, hashed.to_bytes());
        assert_eq!(check.answer(), Answer::Valid, "{}", suite.1);
        assert_eq!(suite.key(&root).sign(&check.message).unwrap(), check.signature, "{}", suite.1);
    }
}

#[test]
fn signing_the_published_credential_gives_the_published_proof() {
    let Some(contexts) = example_contexts() else { return };
    for suite in &SUITES {
        let Some(root) = suite.folder() else { return };
        let signed = document(suite.file(&root, "signed", "json"));
        let proof = signed.get("proof").unwrap();
        let signer = KeySigner::new(suite.key(&root), member(proof, "verificationMethod"));
        let options = ProofOptions::new(suite.4).created(member(proof, "created").parse().unwrap());
        let unsigned = document(root.join("unsigned.json"));
        let ours = add_proof(&unsigned, &options, &signer, ContextLoader::with(&contexts)).unwrap();
        assert_eq!(jcs::to_string(&ours), jcs::to_string(&signed), "{}", suite.1);
    }
}

#[test]
fn one_changed_byte_of_the_published_credential_is_invalid() {
    let Some(contexts) = example_contexts() else { return };
    for suite in &SUITES {
        let Some(root) = suite.folder() else { return };
        let key = suite.key(&root).verifying_key();
        let signed = text(suite.file(&root, "signed", "json"));
        for (from, to) in [
            ("The School", "the School"),
            ("did:example:abcdefgh", "did:example:abcdefgi"),
            ("2023-01-01", "2023-01-02"),
            ("2023-02-24", "2023-02-25"),
            ("vc.example/issuers/5678", "vc.example/issuers/5679"),
        ] {
            let changed = signed.replacen(from, to, 1);
            assert_ne!(changed, signed);
            let mut secured = Secured::read(json::parse(&changed).unwrap()).unwrap();
            let loader = ContextLoader::with(&contexts);
            let check =
                secured.signature_checks(0, &key, 1, loader, &mut Budget::default()).unwrap().remove(0);
            assert_eq!(check.answer(), Answer::Invalid, "{}: {from}", suite.1);
        }
    }
}

#[test]
fn jcs_gives_the_published_bytes() {
    let Some(folder) = vectors("jcs") else { return };
    let mut count = 0;
    for entry in fs::read_dir(folder.join("input")).unwrap() {
        let input = entry.unwrap().path();
        let canonical = jcs::to_string(&document(&input));
        assert_eq!(
            canonical,
            text(folder.join("output").join(input.file_name().unwrap())),
            "{}",
            input.display()
        );
        let bytes = folder.join("outhex").join(input.file_name().unwrap()).with_extension("txt");
        assert_eq!(canonical.into_bytes(), unhex(&text(bytes)), "{}", input.display());
        count += 1;
    }
    assert_eq!(count, 6);
}

#[test]
fn wycheproof_p256() {
    let Some(folder) = vectors("wycheproof") else { return };
    let vectors = document(folder.join("ecdsa_secp256r1_sha256_p1363_test.json"));
    let mut count = 0;
    for group in vectors.get("testGroups").and_then(Json::as_array).unwrap() {
        let point = unhex(member(group.get("publicKey").unwrap(), "uncompressed"));
        let tag = 2 + (point[64] & 1);
        let key = VerifyingKey::from_compressed(Algorithm::P256, &[&[tag], &point[1..33]].concat()).unwrap();
        assert_eq!(key.uncompressed(), point);
        if let Some(jwk) = group.get("publicKeyJwk") {
            assert_eq!(VerifyingKey::from_jwk(jwk), Ok(key));
        }
        for case in group.get("tests").and_then(Json::as_array).unwrap() {
            let (message, signature) = (unhex(member(case, "msg")), unhex(member(case, "sig")));
            let valid = member(case, "result") == "valid";
            assert_eq!(key.verify(&message, &signature), valid, "{case}");
            assert!(key.signature_is_well_formed(&signature) || !valid, "{case}");
            count += 1;
        }
    }
    assert_eq!(count, 262);
}
