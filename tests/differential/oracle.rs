//! Signing with the independent implementation, so that our verifier has something to read that we did not
//! write. Its verifying side is the issuer's second opinion.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aws_lc_rs::digest;
use did_method_key::DIDKey;
use json_ld::syntax::{Parse, Value};
use json_ld::{Iri, LoadError, Loader, LoadingResult, RemoteDocument};
use model_passport::json::{Json, Object};
use model_passport::key::{Algorithm, Signer, SigningKey};
use model_passport::multibase;
use model_passport::proof::Cryptosuite;
use model_passport_tests::issue::{Party, SIGNED, read, set};
use ssi_claims_core::SignatureEnvironment;
use ssi_data_integrity::{AnyInputOptions, AnySuite, CryptographicSuite, DataIntegrityDocument};
use ssi_dids_core::VerificationMethodDIDResolver;
use ssi_jwk::JWK;
use ssi_security::MultibaseBuf;
use ssi_security::multibase::Base;
use ssi_verification_methods::{AnyMethod, SingleSecretSigner};

/// The credential, issued and signed by a party's key, in the other implementation's hands.
pub fn issue(party: &Party, suite: Cryptosuite, unsigned: &Json) -> Json {
    let mut credential = unsigned.clone();
    set(&mut credential, "/issuer", party.did.as_str());
    let key: JWK = jwk(party.signer.key()).parse().expect("a key");
    let method = party.signer.verification_method();
    let proof = match suite {
        Cryptosuite::EcdsaRdfc2019 => whole(AnySuite::EcdsaRdfc2019, key, method, &credential),
        Cryptosuite::EddsaRdfc2022 => whole(AnySuite::EdDsaRdfc2022, key, method, &credential),
        Cryptosuite::EcdsaJcs2019 | Cryptosuite::EddsaJcs2022 => in_parts(suite, &key, method, &credential),
        Cryptosuite::EcdsaSd2023 => panic!("selective disclosure is held against the implementation in node"),
    };
    set(&mut credential, "/proof", proof);
    credential
}

fn whole(suite: AnySuite, key: JWK, method: &str, credential: &Json) -> Json {
    let document: DataIntegrityDocument = serde_json::from_str(&credential.to_string()).expect("a document");
    let options = format!(
        r#"{{"created":"{SIGNED}","verificationMethod":"{method}","proofPurpose":"assertionMethod"}}"#
    );
    let options: AnyInputOptions = serde_json::from_str(&options).expect("options");
    let environment = SignatureEnvironment { json_ld_loader: Embedded, eip712_loader: () };
    let resolver: VerificationMethodDIDResolver<_, AnyMethod> = VerificationMethodDIDResolver::new(DIDKey);
    let signer = SingleSecretSigner::new(key).into_local();
    let signing = suite.sign_with(environment, document, resolver, signer, options, Default::default());
    let signed = serde_json::to_string(&at_once(signing).expect("a signature")).expect("JSON");
    read(&signed).get("proof").map(|proof| proof.one_or_many()[0].clone()).expect("a proof")
}

/// It has no JCS suites, but everything that they are made of.
fn in_parts(suite: Cryptosuite, key: &JWK, method: &str, credential: &Json) -> Json {
    let mut options = Json::from(Object::from_iter([
        ("type", "DataIntegrityProof"),
        ("cryptosuite", suite.name()),
        ("created", SIGNED),
        ("verificationMethod", method),
        ("proofPurpose", "assertionMethod"),
    ]));
    set(&mut options, "/@context", credential.get("@context").cloned().expect("a context"));
    let algorithm = key.get_algorithm().expect("an algorithm");
    let hash = if algorithm == ssi_jwk::Algorithm::ES384 { &digest::SHA384 } else { &digest::SHA256 };
    let digests = [&options, credential].map(|json| digest::digest(hash, canonical(json).as_bytes()));
    let message = digests.map(|digest| digest.as_ref().to_vec()).concat();
    let signature = ssi_jws::sign_bytes(algorithm, &message, key).expect("a signature");
    set(&mut options, "/proofValue", MultibaseBuf::encode(Base::Base58Btc, signature).as_str());
    options
}

fn canonical(json: &Json) -> String {
    let (mut value, _places) = Value::parse_str(&json.to_string()).expect("JSON");
    value.canonicalize();
    value.to_string()
}

/// The secret key as [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517) writes it.
fn jwk(key: &SigningKey) -> String {
    let text = |bytes: &[u8]| multibase::encode_base64url(bytes).split_off(1);
    let (public, secret) = (key.verifying_key().uncompressed(), text(&key.to_secret_bytes()));
    let curve = match key.algorithm() {
        Algorithm::Ed25519 => {
            return format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}","d":"{secret}"}}"#, text(&public));
        }
        Algorithm::P256 => "P-256",
        Algorithm::P384 => "P-384",
    };
    let (x, y) = public[1..].split_at(public.len() / 2);
    format!(r#"{{"kty":"EC","crv":"{curve}","x":"{}","y":"{}","d":"{secret}"}}"#, text(x), text(y))
}

/// Everything is in memory, so nothing ever has to wait.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it wants to wait for something outside"),
    }
}

struct Embedded;

#[derive(Debug)]
struct NotEmbedded;

impl fmt::Display for NotEmbedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an embedded context")
    }
}

impl std::error::Error for NotEmbedded {}

impl Loader for Embedded {
    async fn load(&self, url: &Iri) -> LoadingResult {
        let refused = || LoadError::new(url.to_owned(), NotEmbedded);
        let context = model_passport_contexts::get(url.as_str()).ok_or_else(refused)?;
        let (value, _places) = Value::parse_str(context.text).map_err(|_| refused())?;
        Ok(RemoteDocument::new(Some(url.to_owned()), None, value))
    }
}
