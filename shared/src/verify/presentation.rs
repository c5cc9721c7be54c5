//! The presentation that the credentials came in: who presents them, to whom, and on which occasion
//! ([VC Data Integrity, section 2.1](https://www.w3.org/TR/vc-data-integrity/#proofs), `challenge` and `domain`).
//!
//! A presentation without a proof is a list, and nobody asks more of it, unless the policy does. One that has
//! a proof is checked whether the policy asks or not. Its proofs say nothing about those of the credentials.

use super::checks::{Judge, failed};
use super::{Work, proofs};
use crate::did::Relationship;
use crate::evidence::{Need, Policy, Profile};
use crate::jsonld::ContextLoader;
use crate::key::Answer;
use crate::passport::Presentation;
use crate::proof::{Canonicalization, Secured};
use crate::report::{Check, CheckName, Outcome};
use crate::vcdm;

/// What the presentation came to.
#[derive(Debug)]
pub(super) struct Found {
    checks: Vec<Check>,
    proofs: proofs::Found,
    /// What the answer to each signature is worth saying with.
    note: String,
}

/// Members of a presentation. Others could be another name for one of these in statements.
const MEMBERS: [&str; 11] = [
    "@context",
    "description",
    "evidence",
    "holder",
    "id",
    "name",
    "refreshService",
    "relatedResource",
    "termsOfUse",
    "type",
    "verifiableCredential",
];

pub(super) fn examine(judge: &Judge, presentation: Option<Presentation>, work: &mut Work) -> Option<Found> {
    let mut found = Found { checks: Vec::new(), proofs: proofs::Found::default(), note: String::new() };
    let asked = judge.policy.challenge.is_some() || !judge.policy.domain.is_empty();
    let Some(presentation) = presentation else {
        return asked.then(|| {
            let message = "a signed presentation was asked for, and there is none";
            found.checks.push(refused("presentation.unsigned", message));
            found
        });
    };
    if !presentation.is_signed() {
        if judge.policy.profile == Profile::Standard {
            found.structure(judge, &presentation);
        }
        found.checks.push(if asked {
            refused("presentation.unsigned", "the presentation is not signed, and a signed one was asked for")
        } else {
            let message = "it is not signed: nobody says who presents these credentials";
            Check::new(CheckName::Presentation, Outcome::NotApplicable, "presentation.not-signed", message)
        });
        return Some(found);
    }
    found.structure(judge, &presentation);
    let holder = presentation.holder().map(str::to_owned);
    if let Some(envelope) = &presentation.envelope {
        let claims = &envelope.claims;
        found.occasion(&judge.policy, claims.nonce.as_deref(), &claims.audience, "");
        let (content, party) = (&presentation.content, holder.as_deref());
        if let Err(check) = found.proofs.envelope(judge, envelope, content, party, work) {
            found.proofs.checks.push(check);
        }
    }
    if !presentation.proofs.is_empty() {
        found.embedded(judge, presentation, work);
    }
    found.holder(holder.as_deref());
    Some(found)
}

impl Found {
    /// The rules of the data model.
    fn structure(&mut self, judge: &Judge, presentation: &Presentation) {
        let contexts = ContextLoader::with(&judge.contexts);
        let findings = vcdm::presentation_findings(&presentation.content, contexts).into_iter();
        // Without a context the proof cannot be checked, and says so.
        let findings = findings.filter(|finding| finding.code != "jsonld.unknown-context");
        self.checks.extend(findings.map(failed));
    }

    fn embedded(&mut self, judge: &Judge, presentation: Presentation, work: &mut Work) {
        let single = presentation.has_one_proof;
        let secured =
            Secured::from_parts_for(presentation.content, presentation.proofs, Relationship::Authentication);
        let mut secured = match secured {
            Ok(secured) => secured,
            Err(cause) => return self.checks.push(refused(cause.code(), cause.to_string()).at("/proof")),
        };
        let mut covers_json = true;
        let mut occasions = Vec::new();
        for (at, proof) in secured.proofs().enumerate() {
            let Ok(proof) = proof else { continue };
            let pointer = if single { "/proof".to_owned() } else { format!("/proof/{at}") };
            occasions.push((proof.challenge.clone(), proof.domain.clone(), pointer));
            covers_json &= proof.cryptosuite.canonicalization() == Canonicalization::Jcs;
        }
        for (challenge, domain, pointer) in occasions {
            self.occasion(&judge.policy, challenge.as_deref(), &domain, &pointer);
        }
        let members = secured.content().as_object();
        let stray = members.and_then(|members| members.keys().find(|name| !MEMBERS.contains(name)));
        if let Some(name) = stray.filter(|_| !covers_json) {
            let name: String = name.chars().take(80).collect();
            let message = format!("`{name}` is not a member of presentations");
            self.checks.push(refused("presentation.member", message));
        }
        self.proofs.proofs(judge, &mut secured, single, Relationship::Authentication, work);
    }

    /// What the verifier asked for has to be there; what it did not ask for is said.
    fn occasion(&mut self, policy: &Policy, challenge: Option<&str>, domain: &[String], pointer: &str) {
        let quoted = |text: &str| format!("`{}`", text.chars().take(80).collect::<String>());
        match (policy.challenge.as_deref(), challenge) {
            (Some(asked), Some(given)) if asked != given => {
                let message = format!(
                    "it was made for the challenge {}, and not for the one that was asked",
                    quoted(given)
                );
                self.checks.push(refused("presentation.challenge", message).at(pointer).with_help(
                    "a presentation is made anew for each occasion: this one was made for another",
                ));
            }
            (Some(_), None) => {
                let message = "it repeats no challenge, and one was asked";
                self.checks.push(refused("presentation.challenge", message).at(pointer));
            }
            (None, Some(given)) => {
                self.note.push_str(&format!("; its challenge {} was not asked for", quoted(given)))
            }
            _ => {}
        }
        let same = |one: &[String], other: &[String]| one.iter().all(|domain| other.contains(domain));
        if policy.domain.is_empty() {
            if let Some(first) = domain.first() {
                self.note.push_str(&format!("; it was made for {}, which was not asked for", quoted(first)));
            }
        } else if !same(&policy.domain, domain) || !same(domain, &policy.domain) {
            let given: Vec<String> = domain.iter().map(|domain| quoted(domain)).collect();
            let message = if given.is_empty() {
                "it does not say for whom it was made".to_owned()
            } else {
                format!("it was made for {}, and not for this verifier", given.join(", "))
            };
            self.checks.push(refused("presentation.domain", message).at(pointer));
        }
    }

    /// The holder that the presentation names has to control a key that signed it.
    fn holder(&mut self, holder: Option<&str>) {
        let Some(holder) = holder else {
            let message = "it names no holder: whoever controls the key presented it";
            self.checks.push(Check::new(
                CheckName::Presentation,
                Outcome::Warn,
                "presentation.no-holder",
                message,
            ));
            return;
        };
        if self.proofs.is_controller(holder, true) {
            return;
        }
        // A proof that does not hold, or a key that could not be looked up, has a check of its own.
        if self.proofs.is_controller(holder, false) || self.proofs.checks.iter().any(Check::blocks) {
            return;
        }
        let message =
            format!("no proof of the presentation is by a key of `{holder}`, whom it names as its holder");
        self.checks.push(refused("presentation.holder", message).at("/holder"));
    }

    pub(super) fn needs(self) -> Vec<Need> {
        self.proofs.needs
    }

    pub(super) fn finish(self, answers: &[Answer]) -> Vec<Check> {
        let Self { mut checks, proofs, note } = self;
        checks.extend(proofs.checks);
        for pending in proofs.pending {
            let answer = pending.answer(answers);
            let check = pending.check(answer);
            checks.push(match answer {
                Answer::Valid if !pending.controller.vouched => {
                    let message = format!(
                        "only the input itself says that `{}` controls the key",
                        pending.controller.did
                    );
                    Check::new(
                        CheckName::Presentation,
                        Outcome::NotChecked,
                        "did.document-from-input",
                        message,
                    )
                    .with_help("supply a DID document that you have from the holder's domain")
                }
                Answer::Valid => Check {
                    code: "presentation.ok".into(),
                    message: format!("the presentation is {}{note}", check.message),
                    ..check
                },
                Answer::Invalid => {
                    check.with_help("it was changed after signing: ask its holder for it again")
                }
                Answer::CouldNotTell => check,
            });
        }
        for check in &mut checks {
            check.check = CheckName::Presentation;
        }
        checks
    }
}

fn refused(code: &'static str, message: impl Into<String>) -> Check {
    Check::new(CheckName::Presentation, Outcome::Fail, code, message)
}
