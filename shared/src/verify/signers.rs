//! The signers that the policy asks for, beside the proofs that a credential happens to carry.
//!
//! Whoever hands a credential over can take a proof off it, and what is left still verifies. So who may not be
//! missing is said by the verifier, and a signer is counted by who controls the key: two proofs of one party
//! are one signer.

use super::checks::Judge;
use super::{Examined, Signer};
use crate::index::Index;
use crate::report::{Check, CheckName, Outcome};

/// What is missing of the signers asked for; nothing for credentials that were only brought along.
pub(super) fn required(one: &Examined, judge: &Judge) -> Vec<Check> {
    let policy = &judge.policy;
    if !one.is_input {
        return Vec::new();
    }
    // With a proof still open its signer may be the one that is missing.
    let is_open = one.signers.iter().any(|signer| !signer.vouched)
        || one
            .checks
            .iter()
            .any(|check| check.check == CheckName::Proof && check.outcome == Outcome::NotChecked);
    let missing = |code, message: String| {
        let outcome = if is_open { Outcome::NotChecked } else { Outcome::Fail };
        let help = "a proof may have been taken off: ask the issuer for the credential with every signature";
        Check::new(CheckName::Policy, outcome, code, message).at("/proof").with_help(help)
    };
    let mut distinct = Index::default();
    let signers: Vec<&Signer> =
        one.signers.iter().filter(|signer| signer.vouched && distinct.insert(signer.did.as_str())).collect();
    // Keys cost nothing. With a trust list a signer is a party that it names, however many DIDs the party has.
    let mut named = Index::default();
    let parties = signers.iter().filter(|signer| {
        let name = judge.trust.name_of(signer.did.as_str());
        judge.trust.is_empty() || name.is_some_and(|name| named.insert(name))
    });
    let parties = parties.count();
    let absent = policy
        .required_signers
        .iter()
        .filter(|wanted| !signers.iter().any(|signer| signer.did.as_str() == wanted.as_str()));
    let mut checks: Vec<Check> = absent
        .map(|wanted| {
            missing(
                "policy.signer-missing",
                format!("`{wanted}` has to sign, and no proof holds that is its"),
            )
        })
        .collect();
    let wanted = policy.min_signers.map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX));
    if parties < wanted {
        let message = format!("{wanted} different signers are asked for, and {parties} signed");
        checks.push(missing("policy.too-few-signers", message));
    }
    checks
}
