//! From a record to a published list: sign, look at it as a verifier will, ask for the second opinion, keep it,
//! publish it.

use model_passport::canon::rdfc::HashAlgorithm;
use model_passport::evidence::{Document, Evidence, Policy, Profile};
use model_passport::json::{Json, Object};
use model_passport::jsonld::{self, ContextLoader};
use model_passport::key::KeySigner;
use model_passport::limits::Budget;
use model_passport::passport::CREDENTIALS_V2;
use model_passport::proof::{ProofOptions, add_proof};
use model_passport::report::{CheckName, Outcome};
use model_passport::status::{ListOrder, Purpose};
use model_passport::time::Timestamp;

use super::{Held, RecallError, Record};
use crate::command::verify;
use crate::files::{self, Access};
use crate::keystore::PublicHalf;
use crate::problem::Failure;
use crate::seal::{self, SealError};
use crate::second_opinion::{self, Opinion, Question};

/// A clock that is set right may step back by so much, and a list that is signed twice in a second moves forward.
const MAX_STEP_BACK_SECS: i64 = 5;

/// A list that was published.
pub(crate) struct Signed {
    pub(crate) valid_from: Timestamp,
    pub(crate) valid_until: Timestamp,
    /// What the second implementation said.
    pub(crate) opinions: Vec<Opinion>,
}

/// Signs the list as its record has it, and puts it in place of the one before.
pub(crate) fn publish(
    held: &mut Held,
    signer: &KeySigner,
    public: &PublicHalf,
    now: Timestamp,
    force: bool,
) -> Result<Signed, Failure> {
    let record = &held.record;
    let valid_from = following(record, now)?;
    let valid_until = valid_from.plus_secs(i64::from(record.valid_days) * 86_400);
    let purposes: Vec<Purpose> = record.purposes.iter().map(|name| Purpose::from_name(name)).collect();
    let bits = record.bits();
    let order = ListOrder {
        url: &record.url,
        issuer: &public.did,
        purposes: &purposes,
        bits: &bits,
        valid_from,
        valid_until,
    };
    let unsigned = order.to_json();
    let quads =
        jsonld::canonize(&unsigned, ContextLoader::default(), HashAlgorithm::Sha256, &mut Budget::default())
            .map_err(SealError::from)?;
    let options = ProofOptions::new(seal::usual_suite(public.algorithm()?)).created(valid_from);
    let signed = add_proof(&unsigned, &options, signer, ContextLoader::default()).map_err(SealError::from)?;
    let text = signed.to_pretty();
    check(record, public, &text, valid_from)?;
    let did_documents: Vec<(String, String)> = public
        .did_document()
        .into_iter()
        .map(|document| (public.did.clone(), document.to_string()))
        .collect();
    let question = Question { credential: &text, quads: &quads, did_documents: &did_documents };
    let opinions = second_opinion::ask(&question)?;
    files::write(&held.signed_path(valid_from), text.as_bytes(), Access::Private, true)?;
    held.record.signed = Some(valid_from.to_string());
    held.save()?;
    files::write(&held.record.output, text.as_bytes(), Access::Shared, force)?;
    Ok(Signed { valid_from, valid_until, opinions })
}

/// Of two lists the newer one counts, so no list may be older than, or as old as, the one before it.
fn following(record: &Record, now: Timestamp) -> Result<Timestamp, RecallError> {
    let Some(last) = record.signed.as_ref().and_then(|signed| signed.parse::<Timestamp>().ok()) else {
        return Ok(now);
    };
    if now.plus_secs(MAX_STEP_BACK_SECS) < last {
        return Err(RecallError::Clock { now, last });
    }
    Ok(now.max(last.plus_secs(1)))
}

/// Asks the core, as a verifier of a credential with such an entry would, about the entry that was changed last and
/// for each purpose about one that is not set.
fn check(record: &Record, public: &PublicHalf, text: &str, now: Timestamp) -> Result<(), RecallError> {
    let wrong = |message: &str| RecallError::NotAsMeant { message: message.to_owned() };
    let taken: Vec<u64> = record.given.iter().map(|given| given.index).collect();
    let free = (0..).find(|index| !taken.contains(index)).unwrap_or_default();
    let last = record.given.iter().max_by(|a, b| a.changed.cmp(&b.changed));
    let mut asked: Vec<(String, u64, u32)> =
        last.into_iter().map(|given| (given.purpose.clone(), given.index, given.value)).collect();
    if taken.len() < record.entries {
        asked.extend(record.purposes.iter().map(|purpose| (purpose.clone(), free, 0)));
    }
    let mut evidence = Evidence::default();
    evidence.documents.push(Document { url: record.url.clone(), retrieved: None, text: text.to_owned() });
    if let (Some(url), Some(document)) = (public.document_url(), public.did_document()) {
        evidence.documents.push(Document { url, retrieved: None, text: document.to_string() });
    }
    for (purpose, index, value) in asked {
        let credential = Json::from(Object::from_iter([
            ("@context", Json::from(vec![Json::from(CREDENTIALS_V2)])),
            ("type", "VerifiableCredential".into()),
            ("issuer", public.did.as_str().into()),
            ("credentialStatus", record.entry(&purpose, index).to_json()),
        ]));
        let policy = Policy { profile: Profile::ProofOnly, ..Policy::default() };
        let report = verify::check(&credential.to_string(), &evidence, &policy, now).report;
        let status = report.checks.iter().find(|check| check.check == CheckName::Status);
        let status = status.ok_or_else(|| wrong("it says nothing"))?;
        let outcome = match (Purpose::from_name(&purpose), value) {
            (_, 0) => Outcome::Pass,
            (Purpose::Revocation | Purpose::Suspension, _) => Outcome::Fail,
            _ => Outcome::Warn,
        };
        if status.outcome != outcome {
            return Err(wrong(&status.message));
        }
    }
    Ok(())
}
