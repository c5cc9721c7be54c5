//! Asks the `ssi` crates and `json-ld`.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aws_lc_rs::digest;
use did_jwk::DIDJWK;
use did_method_key::DIDKey;
use json_ld::syntax::{Parse, Value};
use json_ld::{Iri, LoadError, Loader, LoadingResult, RemoteDocument};
use ssi_claims_core::VerificationParameters;
use ssi_data_integrity::{AnySuite, DataIntegrity, DataIntegrityDocument};
use ssi_dids_core::resolution::{Error as ResolutionError, Options, Output};
use ssi_dids_core::{DID, DIDMethodResolver, DIDResolver, VerificationMethodDIDResolver};
use ssi_json_ld::{CompactJsonLd, Expandable};
use ssi_jwk::{Algorithm, JWK, JWKResolver};
use ssi_rdf::{AnyLdEnvironment, LdEnvironment};
use ssi_security::MultibaseBuf;
use ssi_verification_methods::AnyMethod;

use super::{Disagreement, Opinion, Question};

/// The suites that the other implementation verifies as a whole.
const WHOLE: [&str; 3] = ["ecdsa-rdfc-2019", "ecdsa-sd-2023", "eddsa-rdfc-2022"];
/// The suites whose steps are put together here from its parts.
const IN_PARTS: [&str; 2] = ["ecdsa-jcs-2019", "eddsa-jcs-2022"];

pub(super) fn ask(question: &Question<'_>) -> Result<Vec<Opinion>, Disagreement> {
    if !question.credential.starts_with('{') {
        return Ok(vec![jws(question)?]);
    }
    let mut unsecured = parse(question.credential)?;
    let proofs = take_proofs(&mut unsecured);
    if proofs.is_empty() {
        return Err(Disagreement::NoProof);
    }
    compare_quads(&unsecured, question.quads)?;
    let resolver = VerificationMethodDIDResolver::new(Resolver { documents: question.did_documents });
    proofs.iter().enumerate().map(|(index, proof)| one_proof(&unsecured, index, proof, &resolver)).collect()
}

/// A compact JWS: its payload has the same statements, and its signature is one of its first two parts.
fn jws(question: &Question<'_>) -> Result<Opinion, Disagreement> {
    let cryptosuite = "vc+jwt".to_owned();
    let unreadable = |reason: &str| Disagreement::Unreadable { reason: reason.to_owned() };
    let text = question.credential.trim_end();
    let (message, signature) = text.rsplit_once('.').ok_or_else(|| unreadable("no JWS"))?;
    let (header, payload) = message.split_once('.').ok_or_else(|| unreadable("no JWS"))?;
    let json = |part: &str| {
        let bytes = base64url(part).map_err(|reason| unreadable(&reason))?;
        parse(&String::from_utf8(bytes).map_err(|_| unreadable("not UTF-8"))?)
    };
    compare_quads(&json(payload)?, question.quads)?;
    let resolver = VerificationMethodDIDResolver::new(Resolver { documents: question.did_documents });
    match jws_signature(&json(header)?, message, signature, &resolver) {
        Ok(()) => Ok(Opinion::Agrees { cryptosuite }),
        Err(reason) => Err(Disagreement::Proof { index: 0, cryptosuite, reason }),
    }
}

fn jws_signature(
    header: &Value,
    message: &str,
    signature: &str,
    resolver: &MethodResolver<'_>,
) -> Result<(), String> {
    let method = string(header, "kid").ok_or("no `kid`")?;
    let key: JWK = at_once(resolver.fetch_public_jwk(Some(method)))?.map_err(text)?.into_owned();
    let algorithm = key.get_algorithm().ok_or("a key without an algorithm")?;
    match (string(header, "alg"), algorithm) {
        (Some("ES256"), Algorithm::ES256)
        | (Some("ES384"), Algorithm::ES384)
        | (Some("EdDSA"), Algorithm::EdDSA) => {}
        (name, _) => return Err(format!("the algorithm {name:?} with a key for {algorithm:?}")),
    }
    ssi_jws::verify_bytes(algorithm, message.as_bytes(), &key, &base64url(signature)?).map_err(text)
}

/// The digits of base64url are those of multibase `u`.
fn base64url(digits: &str) -> Result<Vec<u8>, String> {
    let (_base, bytes) = MultibaseBuf::new(format!("u{digits}")).decode().map_err(text)?;
    Ok(bytes)
}

type MethodResolver<'a> = VerificationMethodDIDResolver<Resolver<'a>, AnyMethod>;

fn one_proof(
    unsecured: &Value,
    index: usize,
    proof: &Value,
    resolver: &MethodResolver<'_>,
) -> Result<Opinion, Disagreement> {
    let cryptosuite = string(proof, "cryptosuite").unwrap_or_default().to_owned();
    let outcome = if WHOLE.contains(&cryptosuite.as_str()) {
        as_a_whole(unsecured, proof, resolver)
    } else if IN_PARTS.contains(&cryptosuite.as_str()) {
        in_parts(unsecured, proof, &cryptosuite, resolver)
    } else {
        return Ok(Opinion::NoneForSuite { cryptosuite });
    };
    match outcome {
        Ok(()) => Ok(Opinion::Agrees { cryptosuite }),
        Err(reason) => Err(Disagreement::Proof { index, cryptosuite, reason }),
    }
}

/// Each proof is judged alone, so that none hides behind another of its set.
fn as_a_whole(unsecured: &Value, proof: &Value, resolver: &MethodResolver<'_>) -> Result<(), String> {
    let mut secured = unsecured.clone();
    secured.as_object_mut().ok_or("no object")?.insert("proof".into(), proof.clone());
    let secured: DataIntegrity<DataIntegrityDocument, AnySuite> =
        serde_json::from_str(&secured.to_string()).map_err(text)?;
    let parameters = VerificationParameters::from_resolver(resolver).with_json_ld_loader(Embedded);
    at_once(secured.verify(parameters))?.map_err(text)?.map_err(text)
}

/// [Verify proof with a JCS suite], from the hash on: SHA-256 or SHA-384 as the key says.
///
/// [Verify proof with a JCS suite]: https://www.w3.org/TR/vc-di-ecdsa/#hashing-ecdsa-jcs-2019
fn in_parts(
    unsecured: &Value,
    proof: &Value,
    cryptosuite: &str,
    resolver: &MethodResolver<'_>,
) -> Result<(), String> {
    let method = string(proof, "verificationMethod").ok_or("no verification method")?;
    let key: JWK = at_once(resolver.fetch_public_jwk(Some(method)))?.map_err(text)?.into_owned();
    let algorithm = key.get_algorithm().ok_or("a key without an algorithm")?;
    let hash = match (cryptosuite, algorithm) {
        ("ecdsa-jcs-2019", Algorithm::ES256) | ("eddsa-jcs-2022", Algorithm::EdDSA) => &digest::SHA256,
        ("ecdsa-jcs-2019", Algorithm::ES384) => &digest::SHA384,
        _ => return Err(format!("a key for {algorithm:?}")),
    };
    let signature = MultibaseBuf::new(string(proof, "proofValue").ok_or("no proof value")?.to_owned());
    let (_base, signature) = signature.decode().map_err(text)?;

    let mut configuration = proof.clone();
    configuration.as_object_mut().ok_or("no object")?.remove("proofValue");
    let message = [canonical(configuration), canonical(unsecured.clone())]
        .map(|text| digest::digest(hash, text.as_bytes()))
        .iter()
        .flat_map(|digest| digest.as_ref().to_vec())
        .collect::<Vec<u8>>();
    ssi_jws::verify_bytes(algorithm, &message, &key, &signature).map_err(text)
}

/// RFC 8785 by the JSON library under `json-ld`.
fn canonical(mut value: Value) -> String {
    value.canonicalize();
    value.to_string()
}

fn compare_quads(unsecured: &Value, ours: &str) -> Result<(), Disagreement> {
    let unreadable = |reason: String| Disagreement::Unreadable { reason };
    let expanded = at_once(CompactJsonLd(unsecured.clone()).expand(&Embedded)).map_err(unreadable)?;
    let expanded = expanded.map_err(|error| unreadable(error.to_string()))?;
    let mut environment = LdEnvironment::default();
    let lines = environment.canonical_form_of(&expanded).map_err(|error| unreadable(error.to_string()))?;
    let theirs = lines.concat();
    if theirs == ours {
        return Ok(());
    }
    let mut pairs = ours.lines().chain([""]).zip(theirs.lines().chain([""]));
    let (ours, theirs) = pairs.find(|(ours, theirs)| ours != theirs).unwrap_or_default();
    Err(Disagreement::Quads { ours: ours.to_owned(), theirs: theirs.to_owned() })
}

fn parse(json: &str) -> Result<Value, Disagreement> {
    let (value, _places) =
        Value::parse_str(json).map_err(|error| Disagreement::Unreadable { reason: error.to_string() })?;
    Ok(value)
}

/// Takes the proofs out of the credential.
fn take_proofs(credential: &mut Value) -> Vec<Value> {
    let Some(object) = credential.as_object_mut() else { return Vec::new() };
    let taken: Vec<Value> = object.remove("proof").map(|entry| entry.value).collect();
    taken
        .into_iter()
        .flat_map(|proof| match proof {
            Value::Array(proofs) => proofs,
            one => vec![one],
        })
        .collect()
}

fn string<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    object.as_object()?.get(name).next()?.as_str()
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

/// Nothing here waits for anything: contexts and DID documents are in memory. A future that wants to wait would
/// have to be one that reaches for the network.
fn at_once<F: Future>(future: F) -> Result<F::Output, String> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Err("it wanted to wait for something outside".to_owned()),
    }
}

/// Serves the embedded contexts and nothing else.
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

/// Resolves what a DID says itself, and looks up the rest in what it was given.
struct Resolver<'a> {
    documents: &'a [(String, String)],
}

impl DIDResolver for Resolver<'_> {
    async fn resolve_representation<'a>(
        &'a self,
        did: &'a DID,
        options: Options,
    ) -> Result<Output<Vec<u8>>, ResolutionError> {
        let id = did.method_specific_id();
        match did.method_name() {
            "key" => DIDKey.resolve_method_representation(id, options).await,
            "jwk" => DIDJWK.resolve_method_representation(id, options).await,
            _ => {
                let known = self.documents.iter().find(|(known, _)| known == did.as_str());
                let (_, document) = known.ok_or(ResolutionError::NotFound)?;
                Ok(Output::from_content(
                    document.clone().into_bytes(),
                    Some("application/did+json".to_owned()),
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests;
