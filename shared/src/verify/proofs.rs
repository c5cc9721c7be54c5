//! Each proof of a credential up to its signature, and whether its key is the issuer's.

use super::checks::Judge;
use super::{Pending, Signer, Work};
use crate::did::{self, DidError, DidUrl, Relationship, VerificationMethod};
use crate::evidence::{Document, Need, NeedKind, Profile};
use crate::json::Json;
use crate::jsonld::{ContextLoader, JsonLdError};
use crate::passport::Credential;
use crate::proof::ecdsa_sd::DisclosureError;
use crate::proof::{Proof, ProofError, Secured};
use crate::report::{Check, CheckName, Outcome};

/// What the proofs of one credential came to.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) checks: Vec<Check>,
    pub(super) needs: Vec<Need>,
    pub(super) pending: Vec<Pending>,
    /// Who controls the keys that were found.
    controllers: Vec<Signer>,
    /// Whether a key could not be found for want of a document.
    open: bool,
}

pub(super) fn examine(judge: &Judge, credential: &mut Credential, work: &mut Work) -> Found {
    examine_as(judge.policy.profile, judge, credential, work)
}

/// The same under a profile that need not be the policy's: what decides about others is held to more.
pub(super) fn examine_as(
    profile: Profile,
    judge: &Judge,
    credential: &mut Credential,
    work: &mut Work,
) -> Found {
    let mut found = Found::default();
    match Secured::check(credential.proofs()) {
        Err(cause @ ProofError::None) => {
            let check = fail(cause.code(), "it carries no proof: anybody could have written it".to_owned());
            found.checks.push(check.at("/proof").with_help("ask the issuer for the signed credential"));
        }
        Err(cause) => found.checks.push(refused(&cause).at("/proof")),
        Ok(()) => examine_each(judge, credential, work, &mut found),
    }
    let issuer = found.issuer(profile, credential.issuer.as_deref());
    found.checks.push(issuer);
    found
}

fn examine_each(judge: &Judge, credential: &mut Credential, work: &mut Work, found: &mut Found) {
    let content = std::mem::replace(&mut credential.content, Json::Null);
    let (single, proofs) = match credential.proof.take() {
        Some(Json::Array(proofs)) => (false, proofs),
        proof => (true, proof.into_iter().collect()),
    };
    let mut secured = Secured::checked(content, proofs);
    let count = secured.proofs().len();
    for at in 0..count {
        let pointer = if single { "/proof".to_owned() } else { format!("/proof/{at}") };
        let mut one = OneProof { judge, found, secured: &mut secured, work, at, pointer };
        if let Err(check) = one.examine() {
            let pointer = one.pointer;
            found.checks.push(check.at(pointer));
        }
    }
    let (content, mut proofs) = secured.into_parts();
    credential.content = content;
    credential.proof = if single { proofs.pop() } else { Some(Json::Array(proofs)) };
}

fn fail(code: &'static str, message: String) -> Check {
    Check::new(CheckName::Proof, Outcome::Fail, code, message)
}

impl Found {
    /// The issuer that the credential names must control a key that signed.
    fn issuer(&self, profile: Profile, issuer: Option<&str>) -> Check {
        let say = |outcome, code, message: String| {
            Check::new(CheckName::Issuer, outcome, code, message).at("/issuer")
        };
        if profile == Profile::ProofOnly {
            return say(
                Outcome::NotApplicable,
                "issuer.not-asked",
                "not asked for: the issuer named may be anyone".into(),
            );
        }
        let Some(issuer) = issuer else {
            return say(Outcome::Fail, "issuer.missing", "it names no issuer".into());
        };
        let controls =
            |vouched| self.controllers.iter().any(|one| one.did.as_str() == issuer && one.vouched == vouched);
        if controls(true) {
            return say(Outcome::Pass, "issuer.ok", format!("`{issuer}` controls the key that signed"));
        }
        if controls(false) {
            let message = format!("only the input itself says that `{issuer}` controls the key that signed");
            return say(Outcome::NotChecked, "did.document-from-input", message)
                .with_help("anybody can put a DID document into a bundle: supply one that you have from the issuer's domain");
        }
        if self.open {
            return say(
                Outcome::NotChecked,
                "issuer.not-checked",
                format!("whether `{issuer}` controls the key is not known yet"),
            );
        }
        let message = format!("no proof is by a key of `{issuer}`, which the credential names as its issuer");
        say(Outcome::Fail, "issuer.not-controller", message)
            .with_help("somebody else signed in the issuer's name")
    }
}

struct OneProof<'p> {
    judge: &'p Judge,
    found: &'p mut Found,
    secured: &'p mut Secured,
    work: &'p mut Work,
    at: usize,
    pointer: String,
}

impl OneProof<'_> {
    fn examine(&mut self) -> Result<(), Check> {
        let proof =
            self.secured.proofs().nth(self.at).unwrap_or(Err(&ProofError::None)).map_err(refused)?.clone();
        let (method, controller) = self.method(&proof.verification_method)?;
        self.times(&proof, &method)?;
        let room = self.work.max_signatures.saturating_sub(self.work.signatures.len());
        let contexts = ContextLoader::with(&self.judge.contexts);
        let budget = &mut self.work.budget;
        let checks = self.secured.signature_checks(self.at, &method.key, room, contexts, budget);
        let checks = checks.map_err(|cause| self.not_signed(&cause))?;
        let first = self.work.signatures.len();
        self.found.pending.push(Pending {
            signatures: first..first + checks.len(),
            pointer: self.pointer.clone(),
            cryptosuite: proof.cryptosuite,
            verification_method: proof.verification_method.to_string(),
            controller,
        });
        self.work.signatures.extend(checks);
        Ok(())
    }

    /// The key, by the issuer's own document.
    fn method(&mut self, url: &DidUrl) -> Result<(VerificationMethod, Signer), Check> {
        let refused = |cause: &DidError| fail(cause.code(), cause.to_string());
        let address = did::document_url(url.did()).map_err(|cause| refused(&cause))?;
        let judge: &Judge = self.judge;
        let is_there = |one: &&Document| address.as_ref() == Some(&one.url);
        let (document, vouched) = match judge.documents.iter().find(is_there) {
            Some(document) => (Some(document), true),
            None => (judge.brought.iter().find(is_there), address.is_none()),
        };
        let text = document.map(|document| document.text.as_str());
        let method =
            did::resolve_method(url, Relationship::AssertionMethod, text).map_err(|cause| {
                match (&cause, &address) {
                    (DidError::DocumentNeeded(did), Some(address)) => {
                        self.found.open = true;
                        let why = format!("it lists the keys of `{did}`, which signed");
                        self.found.needs.push(Need {
                            url: address.clone(),
                            kind: NeedKind::DidDocument,
                            why,
                        });
                        let message = format!("the DID document of `{did}` is not at hand");
                        Check::new(CheckName::Proof, Outcome::NotChecked, cause.code(), message).with_help(
                            format!("supply the document found at {address}, or a bundle that holds it"),
                        )
                    }
                    _ => refused(&cause),
                }
            })?;
        if let Some(address) = address.filter(|_| !vouched) {
            let why = format!(
                "it lists the keys of `{}`, which signed; so far only the input itself says so",
                url.did()
            );
            self.found.needs.push(Need { url: address, kind: NeedKind::DidDocument, why });
        }
        let controller = Signer { did: method.controller.clone(), vouched };
        self.found.controllers.push(controller.clone());
        Ok((method, controller))
    }

    /// Why what the signature covers cannot be said. A context may still be brought.
    fn not_signed(&mut self, cause: &ProofError) -> Check {
        let ProofError::JsonLd(JsonLdError::UnknownContext(url)) = cause else { return refused(cause) };
        if self.judge.policy.profile != Profile::Standard {
            return refused(cause);
        }
        let why = "it says what the terms of the credential mean".to_owned();
        self.found.needs.push(Need { url: url.clone(), kind: NeedKind::Context, why });
        Check::new(CheckName::Proof, Outcome::NotChecked, cause.code(), cause.to_string())
            .with_help("supply the context document found at that address")
    }

    /// Times of the proof and of its key. A key counts as it was when the proof was made.
    fn times(&mut self, proof: &Proof, method: &VerificationMethod) -> Result<(), Check> {
        let late = |code, message: String| Err(Check::new(CheckName::Validity, Outcome::Fail, code, message));
        let (now, skew) = (self.judge.now, self.judge.policy.clock_skew());
        let made = proof.created.unwrap_or(now);
        if made > now.plus_secs(skew) {
            return late("proof.created-in-future", format!("the proof was made at {made}, and it is {now}"));
        }
        if let Some(expires) = proof.expires.filter(|expires| *expires < now.plus_secs(-skew)) {
            return late("proof.expired", format!("the proof expired at {expires}, and it is {now}"));
        }
        if let Some(revoked) = method.revoked.filter(|revoked| *revoked > made) {
            let message =
                format!("the key was revoked at {revoked}; only the proof itself says that it is older");
            self.found.checks.push(Check::new(
                CheckName::Validity,
                Outcome::Warn,
                "proof.key-revoked-since",
                message,
            ));
        }
        if let Some(revoked) = method.revoked.filter(|revoked| *revoked <= made) {
            return late(
                "proof.key-revoked",
                format!("the key was revoked at {revoked}, before the proof was made at {made}"),
            );
        }
        if let Some(expires) = method.expires.filter(|expires| *expires <= made) {
            return late(
                "proof.key-expired",
                format!("the key expired at {expires}, before the proof was made at {made}"),
            );
        }
        Ok(())
    }
}

fn refused(cause: &ProofError) -> Check {
    let check = fail(cause.code(), cause.to_string());
    match cause {
        ProofError::Disclosure(DisclosureError::Base) => check.with_help(
            "its holder makes a derived proof of it with `passport derive`, and passes only that on",
        ),
        _ => check,
    }
}
