//! Evidence in, verdict out.
//!
//! ```text
//! text ──parse──► credentials ──profile, proof, issuer, validity, status──► lineage ──► Report
//!                                     │            ▲
//!                            SignatureCheck     Answer        by whoever checks signatures best
//! ```
//!
//! [`verify`] is total: hostile text is a failed check, never a panic. [`Verification`] is the same in two
//! halves, so that a shell can have the signatures checked elsewhere (WebCrypto, another library, a token);
//! an answer decides nothing but the one check that it belongs to.

mod checks;
mod current;
mod held;
mod presentation;
mod proofs;
mod rules;
mod signers;
mod standard;
mod status;
mod trust;

use std::ops::Range;

use self::checks::Judge;
use self::held::Held;
use self::status::{Lists, OpenLists};
use self::trust::Children;
use crate::did::Did;
use crate::digest::Digest;
use crate::evidence::{Artifact, Evidence, Need, NeedKind, Policy, Profile};
use crate::index::Index;
use crate::key::{Answer, SignatureCheck};
use crate::limits::{self, Budget};
use crate::lineage::{self, Member, Reference, Rows};
use crate::passport::{self, Credential, InputError};
use crate::profile;
use crate::proof::Cryptosuite;
use crate::report::{Check, CheckName, Outcome, Report, Shown};
use crate::time::Timestamp;

/// Verifies a credential, presentation or bundle.
///
/// `now` is the time to judge by. The same arguments give the same report, everywhere.
#[must_use]
pub fn verify(text: &str, evidence: &Evidence, policy: &Policy, now: Timestamp) -> Report {
    let verification = Verification::begin(text, evidence, policy, now);
    let answers: Vec<Answer> = verification.signatures().iter().map(SignatureCheck::answer).collect();
    verification.finish(&answers)
}

/// What a shell must bring before [`verify`] can answer, each thing once. Ask again after bringing: a new
/// credential may name a new issuer. Empty for text that is not a credential.
#[must_use]
pub fn needs(text: &str, evidence: &Evidence, policy: &Policy) -> Vec<Need> {
    let Verification { judge, presentation, opened, lists, .. } =
        Verification::begin(text, evidence, policy, Timestamp::from_unix_secs(0));
    let lists = Lists::needed(lists);
    let examined: Vec<Examined> = opened.into_iter().map(|one| judge.examine(one, &lists)).collect();
    let walk = lineage::walk(&members(&examined), Rows::of(policy));
    let reached = examined.iter().enumerate().filter(|(at, _)| walk.reaches(*at));
    let mut needs: Vec<Need> = presentation.into_iter().flat_map(|found| found.needs()).collect();
    needs.extend(reached.flat_map(|(_, one)| one.needs.iter().cloned()));
    needs.extend(walk.checks.iter().filter(|check| check.code == "lineage.missing").filter_map(|check| {
        let one = examined.iter().find(|one| Some(&one.credential.id) == check.node.as_ref())?;
        let reference =
            one.references.iter().find(|reference| Some(&reference.pointer) == check.pointer.as_ref())?;
        let why = format!("{} `{}` builds on it ({})", one.kind(), one.credential.id, reference.relation);
        Some(Need { url: reference.id.clone(), kind: NeedKind::Credential, why })
    }));
    let mut seen = Index::default();
    needs.retain(|need| seen.insert(&need.url));
    needs
}

/// A verification between its two halves.
#[derive(Debug)]
pub struct Verification {
    judge: Judge,
    artifacts: Vec<Artifact>,
    /// Checks of the whole input.
    checks: Vec<Check>,
    presentation: Option<presentation::Found>,
    opened: Vec<Opened>,
    /// The status lists that the credentials name.
    lists: OpenLists,
    signatures: Vec<SignatureCheck>,
}

/// What all credentials of one input draw from together.
struct Work {
    signatures: Vec<SignatureCheck>,
    max_signatures: usize,
    budget: Budget,
}

impl Work {
    /// How many more signatures may be asked about.
    const fn room(&self) -> usize {
        self.max_signatures.saturating_sub(self.signatures.len())
    }
}

/// One credential up to its signatures.
#[derive(Debug)]
struct Opened {
    credential: Credential,
    is_input: bool,
    proofs: proofs::Found,
}

/// One credential with all that is found out about it alone.
#[derive(Debug)]
struct Examined {
    credential: Credential,
    digest: Digest,
    is_input: bool,
    /// Whether the lineage begins here: it is input, or trust rests on it.
    is_root: bool,
    /// Whether its holder chose what it shows.
    is_part: bool,
    issuer_name: Option<String>,
    is_unrecognized: bool,
    valid_from: Option<Timestamp>,
    references: Vec<Reference>,
    needs: Vec<Need>,
    checks: Vec<Check>,
    pending: Vec<Pending>,
    /// Whose signatures hold.
    signers: Vec<Signer>,
}

/// A proof whose signature is still open.
#[derive(Debug)]
struct Pending {
    /// The indexes of its [`SignatureCheck`]s: one, but for selective disclosure.
    signatures: Range<usize>,
    pointer: String,
    cryptosuite: &'static str,
    verification_method: String,
    controller: Signer,
}

impl Pending {
    /// Whether its holder chose what it shows.
    fn is_disclosure(&self) -> bool {
        self.cryptosuite == Cryptosuite::EcdsaSd2023.name()
    }

    /// The answer about the whole proof: valid if all of its signatures are. One that has none says nothing.
    fn answer(&self, answers: &[Answer]) -> Answer {
        let answer = |at| answers.get(at).copied().unwrap_or(Answer::CouldNotTell);
        let worst = |worst, answer| match (worst, answer) {
            (Answer::Invalid, _) | (_, Answer::Invalid) => Answer::Invalid,
            (Answer::CouldNotTell, _) | (_, Answer::CouldNotTell) => Answer::CouldNotTell,
            (Answer::Valid, Answer::Valid) => Answer::Valid,
        };
        self.signatures.clone().map(answer).reduce(worst).unwrap_or(Answer::CouldNotTell)
    }

    /// What an answer means.
    fn check(&self, answer: Answer) -> Check {
        let Self { cryptosuite, verification_method, .. } = self;
        let check = match answer {
            Answer::Valid => {
                let message = format!("signed with {cryptosuite} by {verification_method}");
                Check::new(CheckName::Proof, Outcome::Pass, "proof.ok", message)
            }
            Answer::Invalid => {
                let message = format!(
                    "the {cryptosuite} signature by {verification_method} does not match the content"
                );
                Check::new(CheckName::Proof, Outcome::Fail, "proof.signature-invalid", message).with_help(
                    "the credential or its proof was changed after signing; ask the issuer for the original",
                )
            }
            Answer::CouldNotTell => {
                let message =
                    format!("the {cryptosuite} signature by {verification_method} could not be checked");
                Check::new(CheckName::Proof, Outcome::NotChecked, "proof.signature-not-checked", message)
            }
        };
        check.at(self.pointer.as_str())
    }
}

/// Who controls the key of a proof.
#[derive(Debug, Clone)]
struct Signer {
    did: Did,
    /// The key, as Multikey.
    key: String,
    /// Whether anybody but the input says so.
    vouched: bool,
}

impl Verification {
    /// Does what has to be done to know the signatures, and no more: a host that checks them beside this
    /// thread begins as early as it can.
    #[must_use]
    pub fn begin(text: &str, evidence: &Evidence, policy: &Policy, now: Timestamp) -> Self {
        let mut verification = Self {
            judge: Judge::new(evidence, policy.clone(), now),
            artifacts: evidence.artifacts.clone(),
            checks: Vec::new(),
            presentation: None,
            opened: Vec::new(),
            lists: OpenLists::default(),
            signatures: Vec::new(),
        };
        let input = match passport::read(text) {
            Ok(input) => input,
            Err(cause) => {
                let check = Check::new(CheckName::Parse, Outcome::Fail, cause.code(), cause.to_string());
                verification.checks.push(check.with_help(cause.help()));
                return verification;
            }
        };
        let count = input.credentials.len();
        let message = format!("{count} credential{}", if count == 1 { "" } else { "s" });
        verification.checks.push(Check::new(CheckName::Parse, Outcome::Pass, "parse.ok", message));
        verification.checks.push(checks::policy(policy));
        verification.judge.brought = input.documents;
        let supplied = verification.read_supplied(&evidence.credentials);
        let inputs = input.credentials.into_iter().map(|credential| (credential, true));
        let all: Vec<_> = inputs.chain(supplied.into_iter().map(|credential| (credential, false))).collect();
        let mut lists = OpenLists::gather(&verification.judge, all.iter().map(|(credential, _)| credential));
        let supplied_bytes = evidence.credentials.iter().map(String::len).sum::<usize>();
        let bytes = text.len() + supplied_bytes + lists.bytes();
        let mut work = Work {
            signatures: Vec::new(),
            max_signatures: limits::max_signatures(bytes),
            budget: limits::input_budget(all.len() + lists.len()),
        };
        verification.presentation = presentation::examine(&verification.judge, input.presentation, &mut work);
        for (mut credential, is_input) in all {
            let proofs = proofs::examine(&verification.judge, &mut credential, &mut work);
            verification.opened.push(Opened { credential, is_input, proofs });
        }
        lists.examine(&verification.judge, &mut work);
        verification.lists = lists;
        verification.signatures = work.signatures;
        verification
    }

    /// Credentials that the shell brought. One that cannot be read is said, and cannot be a parent.
    fn read_supplied(&mut self, texts: &[String]) -> Vec<Credential> {
        let mut supplied = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let read = if supplied.len() < limits::MAX_CREDENTIALS {
                passport::read(text)
            } else {
                Err(InputError::TooMany)
            };
            match read {
                Ok(input) => supplied.extend(input.credentials),
                Err(cause) => {
                    let message = format!("supplied credential {} cannot be read: {cause}", at + 1);
                    let check =
                        Check::new(CheckName::Lineage, Outcome::Warn, "lineage.supplied-unreadable", message);
                    self.checks.push(check.with_help(cause.help()));
                }
            }
        }
        supplied
    }

    /// The signatures to check. [`Verification::finish`] takes one answer for each, in this order.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureCheck] {
        &self.signatures
    }

    /// Judges with the answers. An answer that is not given counts as [`Answer::CouldNotTell`].
    #[must_use]
    pub fn finish(self, answers: &[Answer]) -> Report {
        let Self { judge, artifacts, mut checks, presentation, opened, lists, .. } = self;
        checks.extend(presentation.into_iter().flat_map(|found| found.finish(answers)));
        let lists = lists.judge(&judge, answers);
        let mut examined: Vec<Examined> = opened.into_iter().map(|one| judge.examine(one, &lists)).collect();
        for one in &mut examined {
            one.take_answers(answers, judge.policy.profile);
            one.checks.extend(signers::required(one, &judge));
        }
        let children =
            if trust::asks_for_children(&judge) { Children::of(&examined) } else { Children::default() };
        trust::relax_expired(&mut examined, &children, &judge.policy, &artifacts);
        checks.extend(trust::judge(&judge, &mut examined, &children));
        let walk = lineage::walk(&members(&examined), Rows::of(&judge.policy));
        let reached: Vec<&Examined> =
            examined.iter().enumerate().filter(|(at, _)| walk.reaches(*at)).map(|(_, one)| one).collect();
        checks.extend(checks::artifacts(&reached, &artifacts, &judge.policy));
        checks.extend(rules::status_required(&judge.policy, &reached));
        // Where only proofs were checked, nobody said anything.
        let held = Held::of(if judge.policy.profile == Profile::ProofOnly { &[] } else { &reached });
        checks.extend(current::judge(&judge, &held));
        checks.extend(rules::judge(&judge, &held, &artifacts));
        let mut shown = Vec::new();
        for (at, one) in examined.into_iter().enumerate() {
            // What was brought along and is not needed says nothing about the input.
            if !walk.reaches(at) {
                continue;
            }
            if !one.checks.iter().any(Check::blocks) {
                let content = match judge.policy.profile {
                    Profile::Passport => profile::in_signed_order(one.credential.content),
                    // Already in the form that is signed.
                    Profile::Standard | Profile::ProofOnly => one.credential.content,
                };
                shown.push(Shown { node: one.credential.id.clone(), content });
            }
            checks.extend(one.checks.into_iter().map(|mut check| {
                check.node = Some(one.credential.id.clone());
                check
            }));
        }
        checks.extend(walk.checks);
        Report::new(checks, walk.nodes, shown, judge.now)
    }
}

/// The credentials as the lineage walk sees them.
fn members(examined: &[Examined]) -> Vec<Member> {
    let member = |one: &Examined| {
        let (subject, generated) = lineage::made(&one.credential.content);
        Member {
            subject,
            generated,
            id: one.credential.id.clone(),
            kind: one.kind().to_owned(),
            issuer: one.credential.issuer.clone(),
            issuer_name: one.issuer_name.clone(),
            is_unrecognized: one.is_unrecognized,
            digest: one.digest,
            valid_from: one.valid_from,
            references: one.references.clone(),
            blocked: one.blocked(),
            is_root: one.is_root,
            is_part: one.is_part,
        }
    };
    examined.iter().map(member).collect()
}

impl Examined {
    fn kind(&self) -> &str {
        self.credential.kind.unwrap_or("VerifiableCredential")
    }

    /// Turns open signatures into checks.
    fn take_answers(&mut self, answers: &[Answer], profile: Profile) {
        for pending in std::mem::take(&mut self.pending) {
            let answer = pending.answer(answers);
            let check = pending.check(answer);
            if answer == Answer::Valid {
                if pending.is_disclosure() {
                    let partial = checks::disclosure(&self.credential.content, &self.references, profile);
                    self.checks.push(partial.at(pending.pointer.clone()));
                }
                self.signers.push(pending.controller);
            }
            self.checks.push(check);
        }
    }

    /// The first of its own checks that fails, else the first that is open. A recall by its issuer is the first to
    /// be told, where it is the issuer's credential.
    fn blocked(&self) -> Option<(Outcome, String)> {
        let first =
            |outcome| self.checks.iter().find(move |check| check.blocks() && check.outcome == outcome);
        let mut check = first(Outcome::Fail).or_else(|| first(Outcome::NotChecked))?;
        if check.check == CheckName::Validity {
            check = self.checks.iter().find(|check| check.code == "status.revoked").unwrap_or(check);
        }
        Some((check.outcome, check.code.to_string()))
    }
}

/// The article before a kind of credential.
fn article(kind: &str) -> &'static str {
    if kind.starts_with(['A', 'E']) { "an" } else { "a" }
}

/// A text in a credential.
fn text_at<'e>(one: &'e Examined, pointer: &str) -> Option<&'e str> {
    one.credential.content.pointer(pointer)?.as_str()
}

#[cfg(test)]
mod tests;
