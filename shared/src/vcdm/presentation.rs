//! The structure of a presentation ([section 4.13](https://www.w3.org/TR/vc-data-model-2.0/#verifiable-presentations)).

use super::rules::{self, Findings};
use super::term_finding;
use crate::json::{At, Json};
use crate::jsonld::ContextLoader;
use crate::schema::Finding;

/// What keeps a document, with its `proof` if it has one, from being a presentation of the data model; empty if
/// nothing does. The credentials in it have findings of their own.
#[must_use]
pub fn presentation_findings(document: &Json, contexts: ContextLoader<'_>) -> Vec<Finding> {
    let mut findings = Findings::default();
    let Some(object) = document.as_object() else {
        findings.add(
            &At::ROOT,
            "vcdm.presentation",
            "a presentation is not an object",
            "write it as a JSON object",
        );
        return findings.into_list();
    };
    rules::contexts(object, &mut findings);
    rules::types(object, "VerifiablePresentation", &At::ROOT, &mut findings);
    rules::identifier(object, &At::ROOT, &mut findings);
    if let Some(holder) = object.get("holder") {
        rules::party(holder, "holder", "vcdm.holder", &mut findings);
    }
    let at = At::ROOT.member("verifiableCredential");
    let credentials = object.get("verifiableCredential").map(Json::one_or_many).unwrap_or_default();
    for (index, credential) in credentials.iter().enumerate() {
        presented(credential, &at.item(index), &mut findings);
    }
    rules::proofs(object, &mut findings);
    let mut findings = findings.into_list();
    findings.extend(term_finding(document, contexts));
    findings
}

/// A credential, or one in an envelope ([section 4.13.2](https://www.w3.org/TR/vc-data-model-2.0/#enveloped-verifiable-credentials)).
fn presented(credential: &Json, at: &At<'_>, findings: &mut Findings) {
    let help = "a presentation holds credentials, and envelopes with `id` as a `data:` URL";
    let Some(object) = credential.as_object() else {
        return findings.add(at, "vcdm.presented", "what is presented is not an object", help);
    };
    let kinds = object.get("type").map(Json::one_or_many).unwrap_or_default();
    let is = |name: &str| kinds.iter().any(|kind| kind.as_str() == Some(name));
    if is("EnvelopedVerifiableCredential") {
        let data = object.get("id").and_then(Json::as_str).is_some_and(|id| id.starts_with("data:"));
        if !data {
            findings.add(
                &at.member("id"),
                "vcdm.presented",
                "an envelope has no `data:` URL as its `id`",
                help,
            );
        }
    } else if !is("VerifiableCredential") {
        findings.add(
            &at.member("type"),
            "vcdm.presented",
            "what is presented is neither a credential nor an envelope",
            help,
        );
    }
}
