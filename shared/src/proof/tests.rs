use super::*;
use crate::did::key::verification_method;
use crate::json::{self, Object};
use crate::key::VerifyingKey;

fn read(text: &str) -> Json {
    json::parse(text).unwrap()
}

fn key() -> VerifyingKey {
    let seed = crate::digest::sha256("proof tests");
    let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
    VerifyingKey::from_compressed(Algorithm::Ed25519, public.as_bytes()).unwrap()
}

/// A proof with a value of the right form.
fn proof() -> String {
    let method = verification_method(&key());
    let value = crate::multibase::encode_base58btc(&[9; 63].into_iter().chain([0]).collect::<Vec<u8>>());
    format!(
        r#"{{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","created":"2026-11-21T10:00:00Z","verificationMethod":"{method}","proofPurpose":"assertionMethod","proofValue":"{value}"}}"#
    )
}

#[test]
fn every_member_is_read_strictly() {
    let parsed = Proof::parse(&read(&proof())).unwrap();
    assert_eq!(parsed.cryptosuite, Cryptosuite::EddsaJcs2022);
    assert_eq!(parsed.created, "2026-11-21T10:00:00Z".parse().ok());
    assert_eq!((parsed.signature.len(), parsed.options().get("proofValue")), (64, None));
    for (from, to, code) in [
        ("\"DataIntegrityProof\"", "\"Ed25519Signature2020\"", "proof.unsupported-type"),
        ("\"DataIntegrityProof\"", "[\"DataIntegrityProof\"]", "proof.member"),
        ("\"eddsa-jcs-2022\"", "\"eddsa-jcs-2022 \"", "proof.unsupported-cryptosuite"),
        ("\"eddsa-jcs-2022\"", "\"EDDSA-JCS-2022\"", "proof.unsupported-cryptosuite"),
        ("\"eddsa-jcs-2022\"", "\"eddsa-jcs-2022\\u0000\"", "proof.unsupported-cryptosuite"),
        ("\"eddsa-jcs-2022\"", "null", "proof.member"),
        ("\"assertionMethod\"", "\"authentication\"", "proof.purpose"),
        ("\"assertionMethod\"", "\"https://w3id.org/security#assertionMethod\"", "proof.purpose"),
        ("2026-11-21T10", "2026-11-21 10", "proof.member"),
        ("\"created\"", "\"expires\":5,\"created\"", "proof.member"),
        ("\"created\"", "\"Created\"", "proof.unknown-member"),
        ("\"created\"", "\"jws\":\"a\",\"created\"", "proof.unknown-member"),
        ("\"created\"", "\"challenge\":\"\",\"created\"", "proof.member"),
        ("\"created\"", "\"domain\":[],\"created\"", "proof.member"),
        ("\"created\"", "\"previousProof\":[\"urn:a\",\"urn:a\"],\"created\"", "proof.member"),
        ("\"proofValue\":\"z", "\"proofValue\":\"u", "proof.member"),
        ("\"proofValue\":\"z", "\"proofValue\":\"z0", "proof.member"),
        ("\"proofValue\"", "\"nonce\"", "proof.member"),
        ("\"did:key:", "\"key:", "did.syntax"),
    ] {
        let changed = proof().replacen(from, to, 1);
        assert_ne!(changed, proof(), "{from}");
        assert_eq!(Proof::parse(&read(&changed)).map_err(|error| error.code()), Err(code), "{changed}");
    }
    assert_eq!(Proof::parse(&Json::Null).map_err(|error| error.code()), Err("proof.not-an-object"));
}

#[test]
fn suites_take_only_their_keys() {
    let taken = |suite: Cryptosuite| {
        [Algorithm::Ed25519, Algorithm::P256, Algorithm::P384].map(|algorithm| suite.hash_for(algorithm))
    };
    let (short, long) = (Some(HashAlgorithm::Sha256), Some(HashAlgorithm::Sha384));
    for suite in Cryptosuite::ALL {
        let expected = match suite.name().split_once('-') {
            Some(("eddsa", _)) => [short, None, None],
            Some((_, "sd-2023")) => [None, short, None],
            _ => [None, short, long],
        };
        assert_eq!(taken(suite), expected);
        assert_eq!(Cryptosuite::from_name(suite.name()), Some(suite));
    }
}

fn with_proofs(proofs: &str) -> Result<Secured, &'static str> {
    Secured::read(read(&format!(r#"{{"id":"urn:x","proof":{proofs}}}"#))).map_err(|error| error.code())
}

/// A proof with an id and what it builds on.
fn link(id: &str, previous: &str) -> String {
    let previous =
        if previous.is_empty() { String::new() } else { format!(r#""previousProof":{previous},"#) };
    proof().replacen("{\"type\"", &format!("{{\"id\":\"urn:{id}\",{previous}\"type\""), 1)
}

#[test]
fn sets_and_chains_are_in_order() {
    let code = |proofs: &str| with_proofs(proofs).map_or_else(|code| code, |_| "ok");
    let all = |proofs: &[String]| code(&format!("[{}]", proofs.join(",")));
    assert_eq!(code("[]"), "proof.none");
    assert_eq!(code(&proof()), "ok");
    assert_eq!(all(&vec![proof(); 16]), "ok");
    assert_eq!(all(&vec![proof(); 17]), "proof.too-many");
    assert_eq!(Secured::read(read("{}")).map_err(|error| error.code()).err(), Some("proof.none"));
    assert_eq!(Secured::read(Json::Null).map_err(|error| error.code()).err(), Some("proof.not-an-object"));

    let chain = [link("c", "[\"urn:a\",\"urn:b\"]"), link("a", ""), link("b", "\"urn:a\"")];
    assert_eq!(all(&chain), "ok");
    assert_eq!(all(&[link("a", ""), link("a", "")]), "proof.duplicate-id");
    assert_eq!(all(&[link("a", "\"urn:b\"")]), "proof.previous-proof-missing");
    assert_eq!(all(&[link("a", "\"urn:a\"")]), "proof.previous-proof-cycle");
    assert_eq!(
        all(&[link("a", "\"urn:b\""), link("b", "\"urn:a\""), link("c", "")]),
        "proof.previous-proof-cycle"
    );
    // A proof of another kind may be built on, and does not hide the others.
    let foreign = r#"{"id":"urn:a","type":"Other"}"#.to_owned();
    let secured = with_proofs(&format!("[{foreign},{}]", link("b", "\"urn:a\""))).unwrap();
    let read: Vec<bool> = secured.proofs().map(|proof| proof.is_ok()).collect();
    assert_eq!(read, [false, true]);
}

fn check(document: Json, key: &VerifyingKey) -> Result<crate::key::SignatureCheck, &'static str> {
    let mut secured = Secured::read(document).map_err(|error| error.code())?;
    secured
        .signature_checks(0, key, 1, ContextLoader::embedded(), &mut Budget::default())
        .map(|mut checks| checks.remove(0))
        .map_err(|error| error.code())
}

#[test]
fn a_context_beside_the_signed_one_is_refused() {
    let document = |context: &str, in_proof: &str| {
        let proof = proof().replacen('{', &format!("{{\"@context\":{in_proof},"), 1);
        read(&format!(r#"{{"@context":{context},"id":"urn:x","proof":{proof}}}"#))
    };
    assert!(check(document(r#"["urn:a"]"#, r#"["urn:a"]"#), &key()).is_ok());
    for (context, in_proof) in [
        (r#"["urn:a","urn:evil"]"#, r#"["urn:a"]"#),
        (r#"["urn:a"]"#, r#"["urn:a","urn:b"]"#),
        (r#"["urn:a"]"#, r#""urn:a""#),
        (r#"["urn:a","urn:b"]"#, r#"["urn:b","urn:a"]"#),
    ] {
        assert_eq!(check(document(context, in_proof), &key()).err(), Some("proof.context-mismatch"));
    }
}

#[test]
fn what_cannot_be_a_signature_is_not_asked_about() {
    let document = |proof: &str| read(&format!(r#"{{"id":"urn:x","proof":{proof}}}"#));
    let value = |bytes: &[u8]| {
        let mut members: Object = read(&proof()).as_object().unwrap().clone();
        members.insert("proofValue", crate::multibase::encode_base58btc(bytes));
        document(&Json::from(members).to_string())
    };
    assert!(check(value(&[&[9; 63][..], &[0]].concat()), &key()).is_ok());
    for bytes in [&[9; 63][..], &[9; 65], &[], &[0xff; 64], &[0; 64]] {
        assert_eq!(check(value(bytes), &key()).err(), Some("proof.signature-malformed"));
    }
    let p256 = VerifyingKey::from_multikey("zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP").unwrap();
    assert_eq!(check(document(&proof()), &p256).err(), Some("proof.key-mismatch"));
}

#[cfg(feature = "sign")]
mod signing {
    use super::*;
    use crate::key::{KeySigner, SignError, Signer, SigningKey};

    fn signer(algorithm: Algorithm) -> KeySigner {
        let secret = vec![0x42; algorithm.secret_bytes()];
        KeySigner::did_key(SigningKey::from_secret_bytes(algorithm, &secret).unwrap())
    }

    fn credential() -> Json {
        read(
            r#"{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:uuid:58172aac-d8ba-41ed-83dd-0b3aef56cc33",
                "type":["VerifiableCredential"],"issuer":"did:web:lab.example","validFrom":"2026-11-21T10:00:00Z",
                "credentialSubject":{"id":"urn:x","type":"VerifiableCredential"}}"#,
        )
    }

    fn suites() -> [(Cryptosuite, Algorithm); 6] {
        use Algorithm::{Ed25519, P256, P384};
        use Cryptosuite::{EcdsaJcs2019, EcdsaRdfc2019, EddsaJcs2022, EddsaRdfc2022};
        [
            (EcdsaJcs2019, P256),
            (EcdsaJcs2019, P384),
            (EcdsaRdfc2019, P256),
            (EcdsaRdfc2019, P384),
            (EddsaJcs2022, Ed25519),
            (EddsaRdfc2022, Ed25519),
        ]
    }

    fn sign(document: &Json, options: &ProofOptions, algorithm: Algorithm) -> Result<Json, &'static str> {
        add_proof(document, options, &signer(algorithm), ContextLoader::embedded())
            .map_err(|error| error.code())
    }

    fn is_valid(document: &Json, index: usize, algorithm: Algorithm) -> bool {
        let key = signer(algorithm).key().verifying_key();
        let mut secured = Secured::read(document.clone()).unwrap();
        let check =
            secured.signature_checks(index, &key, 1, ContextLoader::embedded(), &mut Budget::default());
        check.unwrap()[0].answer() == crate::key::Answer::Valid
    }

    #[test]
    fn what_is_signed_is_valid_until_it_is_changed() {
        for (suite, algorithm) in suites() {
            let created = "2026-11-21T10:00:00Z".parse().unwrap();
            let options = ProofOptions::new(suite).created(created);
            let signed = sign(&credential(), &options, algorithm).unwrap();
            assert!(is_valid(&signed, 0, algorithm), "{suite:?} {algorithm}");
            assert_eq!(sign(&credential(), &options, algorithm).as_ref(), Ok(&signed), "deterministic");
            for (from, to) in [
                ("lab.example", "lap.example"),
                ("urn:x", "urn:y"),
                ("T10:00:00Z\",\"ver", "T10:00:01Z\",\"ver"),
            ] {
                let changed = signed.to_string().replacen(from, to, 1);
                assert_ne!(changed, signed.to_string(), "{from}");
                assert!(!is_valid(&read(&changed), 0, algorithm), "{suite:?}: {from}");
            }
        }
    }

    #[test]
    fn a_set_is_signed_one_by_one() {
        let mut document = credential();
        for (suite, algorithm) in suites() {
            document = sign(&document, &ProofOptions::new(suite), algorithm).unwrap();
        }
        for (index, (_, algorithm)) in suites().into_iter().enumerate() {
            assert!(is_valid(&document, index, algorithm));
        }
        // One taken out leaves the others as they were.
        let mut fewer = document.clone();
        if let Some(Json::Array(proofs)) = fewer.as_object_mut().and_then(|members| members.get_mut("proof"))
        {
            proofs.remove(0);
        }
        assert!(is_valid(&fewer, 0, suites()[1].1));
        for _ in suites().len()..MAX {
            document =
                sign(&document, &ProofOptions::new(Cryptosuite::EddsaJcs2022), Algorithm::Ed25519).unwrap();
        }
        assert_eq!(
            sign(&document, &ProofOptions::new(Cryptosuite::EddsaJcs2022), Algorithm::Ed25519),
            Err("proof.too-many")
        );
    }

    const MAX: usize = crate::limits::MAX_PROOFS;

    #[test]
    fn a_chain_covers_what_it_builds_on() {
        for (suite, algorithm) in suites() {
            let mut first = ProofOptions::new(suite);
            first.id = Some("urn:uuid:00000000-0000-4000-8000-000000000001".to_owned());
            let mut second = ProofOptions::new(suite);
            second.previous_proof = first.id.iter().cloned().collect();
            let one = sign(&credential(), &first, algorithm).unwrap();
            let two = sign(&one, &second, algorithm).unwrap();
            assert!(is_valid(&two, 0, algorithm) && is_valid(&two, 1, algorithm), "{suite:?}");
            // Another first proof, valid by itself, is not the one that was covered.
            first.challenge = Some("other".to_owned());
            let other = sign(&credential(), &first, algorithm).unwrap();
            let mut swapped = two.clone();
            if let Some(Json::Array(proofs)) =
                swapped.as_object_mut().and_then(|members| members.get_mut("proof"))
            {
                proofs[0] = other.get("proof").unwrap().clone();
            }
            assert!(is_valid(&swapped, 0, algorithm) && !is_valid(&swapped, 1, algorithm), "{suite:?}");
            assert_eq!(sign(&credential(), &second, algorithm), Err("proof.previous-proof-missing"));
        }
    }

    #[test]
    fn a_suite_and_key_that_do_not_match_make_no_proof() {
        let options = ProofOptions::new(Cryptosuite::EcdsaRdfc2019);
        assert_eq!(sign(&credential(), &options, Algorithm::Ed25519), Err("proof.key-mismatch"));
        assert_eq!(sign(&Json::Null, &options, Algorithm::P256), Err("proof.not-an-object"));
    }

    #[test]
    fn a_statement_that_would_not_be_signed_stops_it() {
        let undefined =
            read(&credential().to_string().replacen("\"issuer\"", "\"approvedBy\":\"x\",\"issuer\"", 1));
        let options = ProofOptions::new(Cryptosuite::EcdsaRdfc2019);
        assert_eq!(sign(&undefined, &options, Algorithm::P256), Err("jsonld.undefined-term"));
    }

    struct Broken(Result<Vec<u8>, SignError>);

    impl Signer for Broken {
        fn algorithm(&self) -> Algorithm {
            Algorithm::P256
        }
        fn verification_method(&self) -> &'static str {
            "did:web:lab.example#k1"
        }
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
            self.0.clone()
        }
    }

    #[test]
    fn a_broken_signer_makes_no_proof() {
        let options = ProofOptions::new(Cryptosuite::EcdsaJcs2019);
        for (answer, code) in [
            (Err(SignError::Unreachable), "sign.unreachable"),
            (Ok(vec![]), "proof.signature-malformed"),
            (Ok(vec![0; 64]), "proof.signature-malformed"),
            (Ok(vec![7; 71]), "proof.signature-malformed"),
        ] {
            let result = add_proof(&credential(), &options, &Broken(answer), ContextLoader::embedded());
            assert_eq!(result.map_err(|error| error.code()), Err(code));
        }
    }
}
