//! Sections D13 and G5 of the threats: a key counts as it was when the proof was made.

use model_passport::status::Purpose;

use super::status::{LIST, Sheet, entry, sign_at};
use super::*;

const HOSPITAL: &str = "did:web:hospital.example";
const DOCUMENT: &str = "https://hospital.example/.well-known/did.json";
/// Before and after the passport was signed, and after its key was taken out.
const BEFORE: &str = "2026-10-15T00:00:00Z";
const AFTER: &str = "2026-11-10T00:00:00Z";
const TODAY: &str = "2026-11-21T09:00:00Z";

/// The hospital's document with one key, under this fragment and with these members more.
fn document(party: &Party, fragment: &str, more: &str) -> String {
    let multikey = party.signer.key().verifying_key().to_multikey();
    format!(
        r#"{{"id":"{HOSPITAL}","verificationMethod":[{{"id":"{HOSPITAL}#{fragment}","type":"Multikey","controller":"{HOSPITAL}","publicKeyMultibase":"{multikey}"{more}}}],"assertionMethod":["{HOSPITAL}#{fragment}"]}}"#
    )
}

fn retrieved(documents: &[(&str, &str)]) -> Evidence {
    let document = |(at, text): &(&str, &str)| Document {
        url: DOCUMENT.to_owned(),
        retrieved: (!at.is_empty()).then(|| (*at).to_owned()),
        text: (*text).to_owned(),
    };
    Evidence { documents: documents.iter().map(document).collect(), ..Evidence::default() }
}

pub(super) fn key_periods(world: &World) -> Vec<Case> {
    let hospital = Party::by_domain(Algorithm::P256, 5, HOSPITAL);
    let next = Party::by_domain(Algorithm::P256, 6, HOSPITAL);
    let mut unsigned = world.dataset.clone();
    remove(&mut unsigned, "/proof");
    let passport = hospital.issue(hospital.suite(), unsigned);
    let signed = passport.to_string();
    let own = document(&hospital, "key-1", "");
    let rotated = document(&next, "key-2", "");
    let with = |case: Case, documents: &[(&str, &str)]| Case { evidence: retrieved(documents), ..case };
    let gone = |name, why| bad(name, why, signed.clone(), "did.key-no-longer-listed");
    let unlisted_since =
        |name, why| case(name, why, signed.clone(), "verified-with-warnings", "proof.key-unlisted-since");
    let mut bundled =
        gone("did-key-removed-bundle-has-it", "what a bundle brought does not bring a key back");
    bundled.input = bundle(&[&passport], &[(DOCUMENT, own.as_str())]).to_string();
    vec![
        with(
            good("did-key-expired-since", "a key that was in use when the proof was made", signed.clone()),
            &[("", &document(&hospital, "key-1", r#","expires":"2026-11-15T00:00:00Z""#))],
        ),
        with(
            bad(
                "did-key-expired-at-once",
                "a period ends with its last second",
                signed.clone(),
                "proof.key-expired",
            ),
            &[("", &document(&hospital, "key-1", r#","expires":"2026-11-01T11:00:00Z""#))],
        ),
        with(
            unlisted_since(
                "did-key-removed",
                "the key was taken out; a document retrieved after it signed has it",
            ),
            &[(TODAY, &rotated), (AFTER, &own)],
        ),
        with(
            unlisted_since("did-key-removed-any-order", "which document is the newest is told by its time"),
            &[(AFTER, &own), ("", &rotated), (BEFORE, &rotated)],
        ),
        with(
            gone(
                "did-key-removed-before",
                "a document from before the signature does not say that the key counted",
            ),
            &[(TODAY, &rotated), (BEFORE, &own)],
        ),
        with(bundled, &[(TODAY, &rotated)]),
        with(
            bad("did-key-never-listed", "a key that no document has", signed.clone(), "did.method-not-found"),
            &[(TODAY, &rotated), (AFTER, &rotated)],
        ),
        with(
            good(
                "did-key-listed-since",
                "what an older document does not have, the newest may",
                signed.clone(),
            ),
            &[(BEFORE, &rotated), (TODAY, &own)],
        ),
        with(
            bad(
                "did-newest-document-counts",
                "an older document does not undo a revocation",
                signed.clone(),
                "proof.key-revoked",
            ),
            &[(AFTER, &own), (TODAY, &document(&hospital, "key-1", r#","revoked":"2026-10-20T00:00:00Z""#))],
        ),
        list_of_revoked_key(&hospital, world, "did-key-revoked-list", true),
        list_of_revoked_key(&hospital, world, "did-key-of-list", false),
    ]
}

/// A status list has to be new, so a key that was revoked before signs none, whatever date it writes into its proof.
fn list_of_revoked_key(hospital: &Party, world: &World, name: &'static str, revoked: bool) -> Case {
    let mut unsigned = world.dataset.clone();
    remove(&mut unsigned, "/proof");
    set(&mut unsigned, "/credentialStatus", entry(Purpose::Revocation).to_json());
    let passport = hospital.issue(hospital.suite(), unsigned).to_string();
    let list = sign_at(hospital, &Sheet::new(hospital).unsigned(), "2026-11-19T00:00:00Z");
    let more = if revoked { r#","revoked":"2026-11-20T00:00:00Z""# } else { "" };
    let own = document(hospital, "key-1", more);
    let mut evidence = retrieved(&[("", &own)]);
    evidence.documents.push(Document { url: LIST.to_owned(), retrieved: None, text: list.to_string() });
    let case = if revoked {
        let why = "a revoked key clears nobody, whatever date it writes into a proof";
        case(name, why, passport, "could-not-check", "status.list-not-verified")
    } else {
        good(name, "a list by the key that signed the passport", passport)
    };
    Case { evidence, ..case }
}
