//! `POST /issuers/{name}/credentials/issue` ([VC-API, Issuing](https://w3c-ccg.github.io/vc-api/#issuing)).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use model_passport::evidence::{Document, Evidence, Policy, Profile};
use model_passport::jose::{self, Audience, Kind};
use model_passport::json::{self, Json, Object};
use model_passport::jsonld::ContextLoader;
use model_passport::passport::{Credential, InputError};
use model_passport::proof::ecdsa_sd::{add_base_proof, derive};
use model_passport::proof::{Cryptosuite, ProofOptions, add_proof};
use model_passport::report::{Check, CheckName, Outcome};

use super::issuers::Securing;
use super::problem::ServiceError;
use super::request::{IssueOptions, IssueRequest, Text};
use super::{Issuer, Service, compute};
use crate::disclosure;

/// The context of VCDM 1.1, which does not know Data Integrity proofs.
const CREDENTIALS_V1: &str = "https://www.w3.org/2018/credentials/v1";

/// The context that does.
const DATA_INTEGRITY: &str = "https://w3id.org/security/data-integrity/v2";

/// Signs a credential with the key of the path.
///
/// 1. the issuer that the path names: 404
/// 2. the body: 400, 408, 413, 415
/// 3. the credential, strictly read: 400
/// 4. its issuer is the key's, or is filled in: 422
/// 5. entries of status lists, if the issuer keeps any: 503
/// 6. the proof, or the JWS in its envelope: 422
/// 7. our own verifier takes what was signed: 422, else 201
pub(super) async fn credential(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    Text(body): Text,
) -> Result<Response, ServiceError> {
    compute(move || {
        let issuer = service.issuers.iter().find(|issuer| issuer.name == name);
        let issuer = issuer.ok_or(ServiceError::UnknownIssuer { name })?;
        let request = IssueRequest::read(&body)?;
        let mut credential = read(request.credential.get()).map_err(ServiceError::Credential)?;
        let IssueOptions { credential_id, mandatory_pointers } = request.options()?;
        if let Some(id) = credential_id {
            credential.insert("id", id);
        }
        issuer.take(&mut credential)?;
        if issuer.status {
            credential.insert("credentialStatus", service.status_entries()?);
        }
        let signed = service.sign(&Json::from(credential), mandatory_pointers.as_deref(), issuer)?;
        let answer = Json::from(Object::from_iter([("verifiableCredential", signed)]));
        Ok(super::json(StatusCode::CREATED, "application/json", answer.to_string()))
    })
    .await?
}

fn read(text: &str) -> Result<Object, InputError> {
    let json = json::parse(text)?;
    Credential::new(json.clone())?;
    if let Json::Object(credential) = json { Ok(credential) } else { Err(InputError::NotACredential) }
}

impl Issuer {
    /// Makes the credential this issuer's, if it is not another's.
    fn take(&self, credential: &mut Object) -> Result<(), ServiceError> {
        let other = |found: &Json| {
            Err(ServiceError::OtherIssuer {
                expected: self.did.clone(),
                found: found.as_str().map_or_else(|| "no text".to_owned(), str::to_owned),
            })
        };
        let id = match credential.get_mut("issuer") {
            None => None,
            Some(Json::Object(issuer)) => Some(issuer.get("id").cloned().unwrap_or(Json::Null)),
            Some(issuer) => Some(issuer.clone()),
        };
        match id {
            Some(id) if id.as_str() == Some(&self.did) => {}
            Some(id) => return other(&id),
            None => {
                credential.insert("issuer", self.did.as_str());
            }
        }
        // The terms of a proof have to mean something (Data Integrity, section 2.4.1: context injection).
        if let Some(Json::Array(contexts)) = credential.get_mut("@context") {
            let has = |url: &str| contexts.iter().any(|context| context.as_str() == Some(url));
            if has(CREDENTIALS_V1) && !has(DATA_INTEGRITY) {
                contexts.push(DATA_INTEGRITY.into());
            }
        }
        Ok(())
    }
}

impl Service {
    /// The contexts besides the embedded ones.
    pub(super) fn parsed_contexts(&self) -> Vec<(String, Json)> {
        let parse = |document: &Document| Some((document.url.clone(), json::parse(&document.text).ok()?));
        self.contexts.iter().filter_map(parse).collect()
    }

    fn sign(
        &self,
        credential: &Json,
        mandatory: Option<&[String]>,
        issuer: &Issuer,
    ) -> Result<Json, ServiceError> {
        let contexts = self.parsed_contexts();
        let loader = ContextLoader::with(&contexts);
        let Securing::Proof(cryptosuite) = issuer.securing else {
            let jws = jose::sign(credential, Kind::Credential, &Audience::default(), &issuer.signer);
            let jws = jws.map_err(|cause| ServiceError::Sign(cause.into()))?;
            let enveloped = jose::envelope(&jws, Kind::Credential);
            self.check_signed(&enveloped)?;
            return Ok(enveloped);
        };
        let options = ProofOptions::new(cryptosuite).created((self.clock)());
        if cryptosuite != Cryptosuite::EcdsaSd2023 {
            let signed =
                add_proof(credential, &options, &issuer.signer, loader).map_err(ServiceError::Sign)?;
            self.check_signed(&signed)?;
            return Ok(signed);
        }
        // Without a wish, what a passport is none without is mandatory, and of another credential everything.
        let mandatory = mandatory.map_or_else(|| disclosure::mandatory(credential, &[]), <[String]>::to_vec);
        let secrets = disclosure::secrets().ok_or(ServiceError::Internal)?;
        let signed = add_base_proof(credential, &options, &mandatory, &secrets, &issuer.signer, loader)
            .map_err(ServiceError::Sign)?;
        // A base proof is not for verifiers: they will see a derived one.
        let shown = derive(&signed, &[String::new()], loader).map_err(ServiceError::Sign)?;
        self.check_signed(&shown)?;
        Ok(signed)
    }

    fn check_signed(&self, signed: &Json) -> Result<(), ServiceError> {
        let mut evidence = Evidence { documents: self.contexts.clone(), ..Evidence::default() };
        let text = signed.to_string();
        evidence.documents.extend(self.own_lists(&text));
        let policy = Policy { profile: Profile::Standard, ..Policy::default() };
        let report = self.check(&text, &evidence, &policy).report;
        let refused = report.checks.into_iter().find(refuses);
        refused.map_or(Ok(()), |check| Err(ServiceError::Refused(Box::new(check))))
    }
}

/// Whether a check keeps a credential from leaving: anything wrong with it, and a proof that is open. What lies
/// elsewhere (a status list, a schema) is for its verifiers to bring, and its time may be past or still to come.
fn refuses(check: &Check) -> bool {
    match check.outcome {
        Outcome::Fail => !matches!(&*check.code, "validity.expired" | "validity.not-yet-valid"),
        Outcome::NotChecked => matches!(check.check, CheckName::Issuer | CheckName::Parse | CheckName::Proof),
        Outcome::Pass | Outcome::Warn | Outcome::NotApplicable => false,
    }
}
