//! The standard profile: any credential of the data model, judged by what its signature covers.

use super::checks::{Judge, failed};
use crate::evidence::Need;
use crate::json::Json;
use crate::jsonld::{ContextLoader, JsonLdError};
use crate::passport::Credential;
use crate::proof::{Canonicalization, Cryptosuite};
use crate::report::{Check, CheckName, Outcome};
use crate::vcdm::{self, StatementsError, resources};

impl Judge {
    /// The rules of the data model, and the form of the credential that is judged and shown from here on.
    pub(super) fn standard(&self, credential: &mut Credential, needs: &mut Vec<Need>) -> Vec<Check> {
        let contexts = ContextLoader::with(&self.contexts);
        let mut findings = credential.with_proof(|_, whole| vcdm::credential_findings(whole, contexts));
        let covers_json = covers_json(credential);
        let mut open = Vec::new();
        // The credential as it came, where another form of it is judged.
        let mut json = None;
        // Without its contexts nobody can say what its terms are: the proof says so too where it covers statements.
        findings.retain(|finding| {
            let unknown = finding.code == "jsonld.unknown-context";
            if unknown {
                open.push(finding.message.clone());
            }
            !unknown
        });
        let mut checks: Vec<Check> = findings.into_iter().map(failed).collect();
        if !covers_json {
            match vcdm::rebuilt(&credential.content, contexts) {
                Ok(rebuilt) => {
                    open.push("the order of arrays and members, which is not signed".to_owned());
                    if rebuilt.has_foreign_names {
                        open.push(
                            "the short names of other contexts, so their terms are shown as IRIs".to_owned(),
                        );
                    }
                    if rebuilt.has_doubles {
                        open.push("numbers beyond the 16 digits that are signed".to_owned());
                    }
                    json = Some(std::mem::replace(&mut credential.content, rebuilt.content));
                }
                // The proof, which cannot be checked without it, asks for the context.
                Err(StatementsError::JsonLd(JsonLdError::UnknownContext(_))) => {}
                Err(cause) => checks.push(not_shown(&cause)),
            }
        }
        let library = |url: &str| self.document(url);
        checks.extend(resources::related(&credential.content, &library, needs));
        checks.extend(resources::schemas(
            &credential.content,
            json.as_ref().unwrap_or(&credential.content),
            covers_json,
            &library,
            needs,
        ));
        if checks.iter().any(|check| check.outcome == Outcome::Fail) {
            return checks;
        }
        checks.push(if open.is_empty() {
            let message = "it follows the data model, and every letter of it is signed";
            Check::new(CheckName::Profile, Outcome::Pass, "profile.standard", message)
        } else {
            let message = format!("it follows the data model; not vouched for: {}", open.join("; "));
            Check::new(CheckName::Profile, Outcome::Warn, "profile.not-vouched", message)
                .with_help("only a model passport has one shape that is vouched for as a whole")
        });
        checks
    }

    /// Nothing is said about what the credential holds; what is shown is still what was signed.
    pub(super) fn proof_only(&self, credential: &mut Credential) -> Vec<Check> {
        if !covers_json(credential) {
            match vcdm::rebuilt(&credential.content, ContextLoader::with(&self.contexts)) {
                Ok(rebuilt) => credential.content = rebuilt.content,
                // Where there are no statements, there is no signature over them: its check says so.
                Err(StatementsError::JsonLd(_)) => {}
                Err(cause) => return vec![not_shown(&cause)],
            }
        }
        let message = "not asked for: nothing is said about what the credential holds";
        vec![Check::new(CheckName::Profile, Outcome::NotApplicable, "profile.proof-only", message)]
    }

    /// A document that the shell brought, or that is embedded.
    fn document(&self, url: &str) -> Option<&str> {
        let brought = self.documents.iter().find(|document| document.url == url);
        brought
            .map(|document| document.text.as_str())
            .or_else(|| Some(model_passport_contexts::get(url)?.text))
    }
}

fn not_shown(cause: &StatementsError) -> Check {
    let help = "what cannot be shown as it was signed is not taken";
    Check::new(CheckName::Profile, Outcome::Fail, cause.code(), cause.to_string()).with_help(help)
}

/// Whether the issuer's signature covers the JSON text itself: a JWS does, which nobody else may make. Of several
/// proofs each has to, since one that does not leaves the text to whoever added the others.
pub(super) fn covers_json(credential: &Credential) -> bool {
    if credential.envelope.is_some() {
        return true;
    }
    let is_jcs = |proof: &Json| {
        let suite = proof.get("cryptosuite").and_then(Json::as_str).and_then(Cryptosuite::from_name);
        suite.is_some_and(|suite| suite.canonicalization() == Canonicalization::Jcs)
    };
    !credential.proofs().is_empty() && credential.proofs().iter().all(is_jcs)
}
