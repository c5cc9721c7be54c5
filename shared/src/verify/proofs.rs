//! Each proof of a credential or presentation up to its signature, and whether its key is the issuer's.

use super::checks::Judge;
use super::{Pending, Signer, Work};
use crate::did::{self, DidError, DidUrl, Relationship, VerificationMethod};
use crate::evidence::{Document, Need, NeedKind, Profile};
use crate::jose::{self, Envelope, Kind};
use crate::json::Json;
use crate::jsonld::{ContextLoader, JsonLdError};
use crate::key::SignatureCheck;
use crate::passport::Credential;
use crate::proof::ecdsa_sd::DisclosureError;
use crate::proof::{ProofError, Secured};
use crate::report::{Check, CheckName, Outcome};
use crate::status::LIST_CREDENTIAL_TYPE;
use crate::time::Timestamp;

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
    /// The content is no older than this, whatever a proof says: a status list is dated by its issuer twice.
    not_before: Option<Timestamp>,
}

/// The key of a proof.
struct Listed<'u> {
    url: &'u DidUrl,
    method: VerificationMethod,
    controller: Signer,
    /// Set where the document of today does not list it: when the one that does was retrieved.
    once: Option<Timestamp>,
}

/// How many documents of one DID are looked through, the newest first, for a key that the newest does not list.
const MAX_DOCUMENTS: usize = 8;

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
    let mut found = Found { not_before: list_date(&credential.content), ..Found::default() };
    if let Some(envelope) = &credential.envelope {
        let party = credential.issuer.as_deref();
        if let Err(check) = found.envelope(judge, envelope, &credential.content, party, work) {
            found.checks.push(check);
        }
    }
    match Secured::check(credential.proofs()) {
        Err(ProofError::None) if credential.envelope.is_some() => {}
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

/// When a status list says that it begins. A list has to be new, so whoever has an old key cannot date it back.
fn list_date(content: &Json) -> Option<Timestamp> {
    let types = content.get("type")?.one_or_many();
    let is_list = types.iter().any(|name| name.as_str() == Some(LIST_CREDENTIAL_TYPE));
    content.get("validFrom").filter(|_| is_list)?.as_str()?.parse().ok()
}

fn examine_each(judge: &Judge, credential: &mut Credential, work: &mut Work, found: &mut Found) {
    let content = std::mem::replace(&mut credential.content, Json::Null);
    let (single, proofs) = match credential.proof.take() {
        Some(Json::Array(proofs)) => (false, proofs),
        proof => (true, proof.into_iter().collect()),
    };
    let mut secured = Secured::checked(content, proofs, Relationship::AssertionMethod);
    found.proofs(judge, &mut secured, single, Relationship::AssertionMethod, work);
    let (content, mut proofs) = secured.into_parts();
    credential.content = content;
    credential.proof = if single { proofs.pop() } else { Some(Json::Array(proofs)) };
}

fn fail(code: &'static str, message: String) -> Check {
    Check::new(CheckName::Proof, Outcome::Fail, code, message)
}

impl Found {
    /// Every proof of a document, for this purpose.
    pub(super) fn proofs(
        &mut self,
        judge: &Judge,
        secured: &mut Secured,
        single: bool,
        purpose: Relationship,
        work: &mut Work,
    ) {
        let count = secured.proofs().len();
        for at in 0..count {
            let pointer = if single { "/proof".to_owned() } else { format!("/proof/{at}") };
            let mut one = OneProof { judge, found: self, secured, purpose, work, at, pointer };
            if let Err(check) = one.examine() {
                let pointer = one.pointer;
                self.checks.push(check.at(pointer));
            }
        }
    }

    /// The signature of a JWS. Only the party that the content names may have made it: what is in the JSON
    /// and in no statement is vouched for by nobody else.
    pub(super) fn envelope(
        &mut self,
        judge: &Judge,
        envelope: &Envelope,
        content: &Json,
        party: Option<&str>,
        work: &mut Work,
    ) -> Result<(), Check> {
        if let Some(claim) = envelope.contradiction(content, party) {
            let message = format!("the claim `{claim}` of the JWS says something else than what it holds");
            return Err(fail("jose.contradiction", message));
        }
        let url = envelope.verification_method(party).ok_or_else(|| {
            fail("jose.key-id", "the `kid` of the JWS names no verification method".to_owned())
        })?;
        if party.is_some_and(|party| url.did().as_str() != party) {
            let message =
                format!("the key of the JWS is `{}`'s, who is not the one that it names", url.did());
            return Err(fail("jose.not-controller", message));
        }
        let purpose = match envelope.kind {
            Kind::Credential => Relationship::AssertionMethod,
            Kind::Presentation => Relationship::Authentication,
        };
        let listed = self.method(judge, &url, purpose)?;
        let claims = &envelope.claims;
        self.times(judge, claims.issued_at, claims.expires, &listed)?;
        let Listed { method, controller, .. } = listed;
        if let Some(from) =
            claims.not_before.filter(|from| *from > judge.now.plus_secs(judge.policy.clock_skew()))
        {
            let message = format!("the JWS counts only from {from}, and it is {}", judge.now);
            return Err(Check::new(CheckName::Validity, Outcome::Fail, "jose.not-yet-valid", message));
        }
        let algorithm = method.key.algorithm();
        if algorithm != envelope.algorithm {
            let message = format!(
                "the JWS says {}, and its key is a {algorithm} key",
                jose::algorithm_name(envelope.algorithm)
            );
            return Err(fail("jose.key-mismatch", message));
        }
        if !method.key.signature_is_well_formed(&envelope.signature) {
            let len = envelope.signature.len();
            return Err(refused(&ProofError::SignatureMalformed { algorithm, len }));
        }
        let message = envelope.message.clone().into_bytes();
        let check = SignatureCheck { key: method.key, message, signature: envelope.signature.clone() };
        let cryptosuite = jose::algorithm_name(algorithm);
        let (pointer, verification_method) = (String::new(), url.to_string());
        if work.room() == 0 {
            return Err(refused(&ProofError::TooManySignatures));
        }
        let pending = Pending { signatures: 0..0, pointer, cryptosuite, verification_method, controller };
        self.ask(vec![check], pending, work);
        Ok(())
    }

    /// Leaves a signature to whoever checks them.
    fn ask(&mut self, checks: Vec<SignatureCheck>, pending: Pending, work: &mut Work) {
        let first = work.signatures.len();
        self.pending.push(Pending { signatures: first..first + checks.len(), ..pending });
        work.signatures.extend(checks);
    }

    /// Whether a key that was found is this party's, by the word of somebody else than the input.
    pub(super) fn is_controller(&self, party: &str, vouched: bool) -> bool {
        self.controllers.iter().any(|one| one.did.as_str() == party && one.vouched == vouched)
    }

    /// The key, by the issuer's own document: the newest that there is, and for a key that is not in there any
    /// more, an older one.
    fn method<'u>(
        &mut self,
        judge: &Judge,
        url: &'u DidUrl,
        purpose: Relationship,
    ) -> Result<Listed<'u>, Check> {
        let refused = |cause: &DidError| fail(cause.code(), cause.to_string());
        let address = did::document_url(url.did()).map_err(|cause| refused(&cause))?;
        let own = newest_first(&judge.documents, address.as_deref());
        let brought = || newest_first(&judge.brought, address.as_deref());
        let (documents, vouched) = if own.is_empty() { (brought(), address.is_none()) } else { (own, true) };
        let text = documents.first().map(|document| document.text.as_str());
        let mut once = None;
        let method = did::resolve_method(url, purpose, text).or_else(|cause| match (&cause, &address) {
            (DidError::DocumentNeeded(did), Some(address)) => {
                self.open = true;
                let why = format!("it lists the keys of `{did}`, which signed");
                self.needs.push(Need { url: address.clone(), kind: NeedKind::DidDocument, why });
                let message = format!("the DID document of `{did}` is not at hand");
                Err(Check::new(CheckName::Proof, Outcome::NotChecked, cause.code(), message)
                    .with_help(format!("supply the document found at {address}, or a bundle that holds it")))
            }
            (DidError::MethodNotFound(_) | DidError::MethodNotAuthorised { .. }, Some(_)) => {
                let older = |documents: &[&Document]| {
                    documents.iter().find_map(|document| {
                        let at: Timestamp = document.retrieved.as_ref()?.parse().ok()?;
                        Some((did::resolve_method(url, purpose, Some(&document.text)).ok()?, at))
                    })
                };
                if let Some((method, at)) = older(documents.get(1..).unwrap_or_default()) {
                    once = Some(at);
                    return Ok(method);
                }
                Err(match older(&brought()).filter(|_| vouched) {
                    Some((_, at)) => {
                        let why = format!("only the input itself says that it still did at {at}");
                        no_longer_listed(url, &why)
                    }
                    None => refused(&cause),
                })
            }
            _ => Err(refused(&cause)),
        })?;
        let key = method.key.to_multikey();
        // The verifier's own list may say whose key it is.
        let vouched = vouched || judge.trust.pins(method.controller.as_str(), &key);
        if let Some(address) = address.filter(|_| !vouched) {
            let why = format!(
                "it lists the keys of `{}`, which signed; so far only the input itself says so",
                url.did()
            );
            self.needs.push(Need { url: address, kind: NeedKind::DidDocument, why });
        }
        let controller = Signer { did: method.controller.clone(), key, vouched };
        self.controllers.push(controller.clone());
        Ok(Listed { url, method, controller, once })
    }

    /// Times of the proof and of its key. A key counts as it was when the proof was made, and when that was is
    /// its maker's word: said wherever the answer would be another one without it.
    fn times(
        &mut self,
        judge: &Judge,
        created: Option<Timestamp>,
        expires: Option<Timestamp>,
        listed: &Listed,
    ) -> Result<(), Check> {
        let say = |outcome, code, message| Check::new(CheckName::Validity, outcome, code, message);
        let late = |code, message: String| Err(say(Outcome::Fail, code, message));
        let (now, skew) = (judge.now, judge.policy.clock_skew());
        let made = created.unwrap_or(now);
        if made > now.plus_secs(skew) {
            return late("proof.created-in-future", format!("the proof was made at {made}, and it is {now}"));
        }
        if let Some(expires) = expires.filter(|expires| *expires < now.plus_secs(-skew)) {
            return late("proof.expired", format!("the proof expired at {expires}, and it is {now}"));
        }
        let made = self.not_before.map_or(made, |begin| made.max(begin.min(now)));
        let Listed { url, method, once, .. } = listed;
        if let Some(revoked) = method.revoked {
            if revoked <= made {
                return late(
                    "proof.key-revoked",
                    format!("the key was revoked at {revoked}, before the proof was made at {made}"),
                );
            }
            let message =
                format!("the key was revoked at {revoked}; only the proof itself says that it is older");
            let row = if judge.policy.refuse_revoked_keys { Outcome::Fail } else { Outcome::Warn };
            self.checks.push(say(row, "proof.key-revoked-since", message));
        }
        if let Some(expires) = method.expires {
            if expires <= made {
                return late(
                    "proof.key-expired",
                    format!("the key expired at {expires}, before the proof was made at {made}"),
                );
            }
            if expires <= now {
                let message = format!(
                    "the key was in use until {expires}; that the proof was made before, at {made}, is the word of its maker"
                );
                self.checks.push(say(Outcome::Pass, "proof.time-by-issuer", message));
            }
        }
        if let Some(at) = *once {
            if at.plus_secs(skew) < made {
                let why = format!("it did at {at}, before the proof was made at {made}");
                return Err(no_longer_listed(url, &why));
            }
            let message = format!(
                "key no longer listed: the DID document of {at} has `{url}`, the one of today has not; that the proof was made before, at {made}, is the word of its maker"
            );
            self.checks.push(say(Outcome::Warn, "proof.key-unlisted-since", message));
        }
        Ok(())
    }

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
        let controls = |vouched| self.is_controller(issuer, vouched);
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

/// The documents at an address, the newest first. One without a time is the shell's newest.
fn newest_first<'d>(documents: &'d [Document], address: Option<&str>) -> Vec<&'d Document> {
    let time = |one: &Document| match &one.retrieved {
        None => Some(Timestamp::from_unix_secs(i64::MAX)),
        Some(text) => text.parse::<Timestamp>().ok(),
    };
    let mut found: Vec<&Document> = Vec::new();
    for one in documents.iter().filter(|one| address == Some(one.url.as_str())) {
        let place = found.iter().position(|other| time(other) < time(one)).unwrap_or(found.len());
        found.insert(place, one);
        found.truncate(MAX_DOCUMENTS);
    }
    found
}

fn no_longer_listed(id: &DidUrl, why: &str) -> Check {
    let message = format!("key no longer listed: the DID document has no `{id}`; {why}");
    fail("did.key-no-longer-listed", message).with_help(
        "the issuer took the key back: ask for a passport signed with a current key, or supply the document as you retrieved it after this was signed",
    )
}

struct OneProof<'p> {
    judge: &'p Judge,
    found: &'p mut Found,
    secured: &'p mut Secured,
    purpose: Relationship,
    work: &'p mut Work,
    at: usize,
    pointer: String,
}

impl OneProof<'_> {
    fn examine(&mut self) -> Result<(), Check> {
        let proof =
            self.secured.proofs().nth(self.at).unwrap_or(Err(&ProofError::None)).map_err(refused)?.clone();
        let url = &proof.verification_method;
        let listed = self.found.method(self.judge, url, self.purpose)?;
        self.found.times(self.judge, proof.created, proof.expires, &listed)?;
        let Listed { method, controller, .. } = listed;
        let room = self.work.room();
        let contexts = ContextLoader::with(&self.judge.contexts);
        let budget = &mut self.work.budget;
        let checks = self.secured.signature_checks(self.at, &method.key, room, contexts, budget);
        let checks = checks.map_err(|cause| self.not_signed(&cause))?;
        let pending = Pending {
            signatures: 0..0,
            pointer: self.pointer.clone(),
            cryptosuite: proof.cryptosuite.name(),
            verification_method: url.to_string(),
            controller,
        };
        self.found.ask(checks, pending, self.work);
        Ok(())
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
