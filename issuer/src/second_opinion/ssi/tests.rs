use model_passport::canon::rdfc::HashAlgorithm;
use model_passport::did::{self, Did};
use model_passport::json::{self, Json};
use model_passport::jsonld::{self, ContextLoader};
use model_passport::key::{Algorithm, KeySigner, SigningKey, VerifyingKey};
use model_passport::limits::Budget;
use model_passport::multibase;
use model_passport::proof::ecdsa_sd::add_base_proof;
use model_passport::proof::{Cryptosuite, ProofOptions, add_proof};

use crate::problem::Problem;

use super::*;
use crate::disclosure;

const DID_WEB: &str = "did:web:hospital.example";

struct Sample {
    credential: Json,
    quads: String,
    did_documents: Vec<(String, String)>,
}

/// How the signer is named.
#[derive(Clone, Copy, Debug)]
enum Naming {
    Jwk,
    Key,
    Web,
}

fn did_jwk(key: &VerifyingKey) -> String {
    let text = |bytes: &[u8]| multibase::encode_base64url_digits(bytes);
    let (point, curve) = (key.uncompressed(), key.algorithm().curve());
    let jwk = match key.algorithm() {
        Algorithm::Ed25519 => format!(r#"{{"crv":"{curve}","kty":"OKP","x":"{}"}}"#, text(&point)),
        Algorithm::P256 | Algorithm::P384 => {
            let (x, y) = point[1..].split_at(point.len() / 2);
            format!(r#"{{"crv":"{curve}","kty":"EC","x":"{}","y":"{}"}}"#, text(x), text(y))
        }
    };
    format!("did:jwk:{}", text(jwk.as_bytes()))
}

impl Sample {
    fn new(suites: &[Cryptosuite], algorithm: Algorithm, naming: Naming) -> Self {
        let secret = vec![7; algorithm.secret_bytes()];
        let key = SigningKey::from_secret_bytes(algorithm, &secret).unwrap();
        let public = key.verifying_key();
        let did: Did = DID_WEB.parse().unwrap();
        let document = did::document(&did, [("lab", &public)]).to_string();
        let (issuer, signer) = match naming {
            Naming::Jwk => {
                let did = did_jwk(&public);
                let method = format!("{did}#0");
                (did, KeySigner::new(key, method))
            }
            Naming::Key => (did::key::did(&public).to_string(), KeySigner::did_key(key)),
            Naming::Web => (DID_WEB.to_owned(), KeySigner::new(key, format!("{DID_WEB}#lab"))),
        };
        let unsecured = format!(
            r#"{{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:uuid:1","type":["VerifiableCredential"],
            "issuer":"{issuer}","validFrom":"2026-11-21T10:00:00Z","credentialSubject":{{"id":"urn:x:\u00e9","name":"M\u00fcller"}}}}"#
        );
        let mut credential = json::parse(&unsecured).unwrap();
        let hash = HashAlgorithm::Sha256;
        let quads =
            jsonld::canonize(&credential, ContextLoader::default(), hash, &mut Budget::default()).unwrap();
        for suite in suites {
            let options = ProofOptions::new(*suite).created("2026-11-21T10:00:00Z".parse().unwrap());
            let contexts = ContextLoader::default();
            credential = if *suite == Cryptosuite::EcdsaSd2023 {
                let (mandatory, secrets) = (["/issuer".to_owned()], disclosure::secrets().unwrap());
                let base = add_base_proof(&credential, &options, &mandatory, &secrets, &signer, contexts);
                disclosure::revealed(&base.unwrap()).unwrap()
            } else {
                add_proof(&credential, &options, &signer, contexts).unwrap()
            };
        }
        Self { credential, quads, did_documents: vec![(DID_WEB.to_owned(), document)] }
    }

    fn ask(&self, text: &str) -> Result<Vec<Opinion>, Disagreement> {
        ask(&Question { credential: text, quads: &self.quads, did_documents: &self.did_documents })
    }

    /// The credential with one member of its proof replaced.
    fn with_proof_member(&self, name: &str, value: &str) -> String {
        let mut credential = self.credential.clone();
        let proof = credential.as_object_mut().unwrap().get_mut("proof").unwrap();
        proof.as_object_mut().unwrap().insert(name, value);
        credential.to_string()
    }
}

fn all() -> impl Iterator<Item = (Cryptosuite, Algorithm)> {
    let algorithms = [Algorithm::P256, Algorithm::P384, Algorithm::Ed25519];
    let pairs =
        Cryptosuite::ALL.into_iter().flat_map(move |suite| algorithms.map(|algorithm| (suite, algorithm)));
    // A base proof is for its holder, and takes more than a key: `disclosure` makes it.
    let proofs = pairs.filter(|(suite, _)| *suite != Cryptosuite::EcdsaSd2023);
    proofs.filter(|(suite, algorithm)| suite.hash_for(*algorithm).is_some())
}

#[test]
fn it_agrees_with_what_we_sign() {
    for (suite, algorithm) in all() {
        for naming in [Naming::Jwk, Naming::Key, Naming::Web] {
            let sample = Sample::new(&[suite], algorithm, naming);
            let expected = vec![Opinion::Agrees { cryptosuite: suite.name().to_owned() }];
            assert_eq!(
                sample.ask(&sample.credential.to_string()),
                Ok(expected),
                "{suite:?} {algorithm:?} {naming:?}"
            );
        }
    }
}

#[test]
fn it_refuses_each_changed_proof() {
    for (suite, algorithm) in all() {
        let sample = Sample::new(&[suite], algorithm, Naming::Key);
        // The signature of the same credential by another time is well formed and wrong.
        let text = sample.with_proof_member("created", "2026-11-21T10:00:01Z");
        let refused = sample.ask(&text).unwrap_err();
        assert!(
            matches!(refused, Disagreement::Proof { index: 0, .. }),
            "{suite:?} {algorithm:?}: {refused}"
        );
    }
}

#[test]
fn one_bad_proof_of_a_set_is_enough() {
    let suites = [Cryptosuite::EcdsaRdfc2019, Cryptosuite::EcdsaJcs2019];
    let sample = Sample::new(&suites, Algorithm::P256, Naming::Key);
    let text = sample.credential.to_string();
    assert_eq!(sample.ask(&text).map(|opinions| opinions.len()), Ok(2));
    let at = text.rfind("2026-11-21T10:00:00Z").unwrap();
    let changed = format!("{}2026-11-21T10:00:01Z{}", &text[..at], &text[at + 20..]);
    assert!(matches!(sample.ask(&changed), Err(Disagreement::Proof { index: 1, .. })));
}

#[test]
fn other_statements_no_proof_and_unknown_suites_are_told_apart() {
    let sample = Sample::new(&[Cryptosuite::EddsaJcs2022], Algorithm::Ed25519, Naming::Key);
    let text = sample.credential.to_string();
    let refused = sample.ask(&text.replace("Müller", "Muller")).unwrap_err();
    assert_eq!(refused.code(), "second-opinion.quads");
    assert_eq!(sample.ask(r#"{"proof":[]}"#), Err(Disagreement::NoProof));
    let other = sample.with_proof_member("cryptosuite", "bbs-2023");
    let none = Opinion::NoneForSuite { cryptosuite: "bbs-2023".to_owned() };
    assert_eq!(sample.ask(&other), Ok(vec![none]));
    let context = text.replace("https://www.w3.org/ns/credentials/v2", "https://example.org/v1");
    assert!(matches!(sample.ask(&context), Err(Disagreement::Unreadable { .. })));
}
