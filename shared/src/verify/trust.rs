//! Whether the verifier knows who signed, and what that makes of those that build on it.

use super::checks::{self, Judge};
use super::held::Latest;
use super::{Examined, Signer, article};
use crate::evidence::Artifact;
use crate::index;
use crate::lineage::Reference;
use crate::policy::{Period, Policy, Profile, RECOGNITION, Recognition, Row, Standing, Statement};
use crate::report::{Check, CheckName, Outcome};
use crate::time::Timestamp;
use crate::vcdm::Version;

/// Links by which a credential speaks of another one, and is not made from it.
const STATEMENTS: [&str; 6] = ["approves", "deploys", "evaluates", "monitors", "previous", "rollbackTo"];

/// When the youngest child of each became valid, by what links pin; the end of time where one does not say.
#[derive(Default)]
pub(super) struct Children(Latest);

/// Whether anything depends on who was made from what.
pub(super) fn asks_for_children(judge: &Judge) -> bool {
    !judge.trust.is_empty() || judge.policy.lineage.parent_expired == Some(Row::Warn)
}

impl Children {
    pub(super) fn of(examined: &[Examined]) -> Self {
        let mut children = Latest::default();
        for one in examined {
            let born = one.valid_from.unwrap_or(Timestamp::from_unix_secs(i64::MAX));
            // Anybody can speak of a credential, and what does not hold was made from nothing.
            let made = |reference: &&Reference| !STATEMENTS.contains(&reference.relation.as_str());
            let holds = one.checks.iter().all(|check| !check.blocks() || check.check != CheckName::Proof);
            for reference in one.references.iter().filter(made).filter(|_| holds) {
                children.add(&reference.digest, Some(born));
            }
        }
        Self(children)
    }

    /// When the youngest of those that build on it became valid; none where nothing does.
    fn youngest(&self, one: &Examined) -> Option<Timestamp> {
        self.0.get(&one.digest.to_multibase())
    }
}

/// A credential that has expired may have held when others were made from it; the policy says what that is worth.
/// What is loaded itself has to hold today.
pub(super) fn relax_expired(
    examined: &mut [Examined],
    children: &Children,
    policy: &Policy,
    files: &[Artifact],
) {
    if policy.lineage.parent_expired != Some(Row::Warn) {
        return;
    }
    for one in examined.iter_mut().filter(|one| checks::at_hand(&one.credential, files).0 == 0) {
        let (_, end) = Version::of(&one.credential.content).unwrap_or(Version::V2).period();
        let until = one.credential.content.get(end).and_then(|end| end.as_str()?.parse::<Timestamp>().ok());
        let held = children.youngest(one).zip(until).is_some_and(|(youngest, until)| youngest <= until);
        for check in one.checks.iter_mut().filter(|check| held && check.code == "validity.expired") {
            check.outcome = Outcome::Warn;
            check.message.push_str("; it held when what was built on it became valid");
        }
    }
}

/// The trust check of every credential, and what concerns the whole input. Recognitions that were relied on become
/// roots of the lineage, so that their own checks stand in the report.
pub(super) fn judge(judge: &Judge, examined: &mut [Examined], children: &Children) -> Option<Check> {
    if judge.policy.profile == Profile::ProofOnly {
        // Whose key it is was not judged, so there is nobody to recognise.
        let outcome = if judge.policy.require_recognition { Outcome::Fail } else { Outcome::NotApplicable };
        let message = "not asked for: the issuer named may be anyone";
        let check = Check::new(CheckName::Trust, outcome, "trust.not-asked", message);
        examined.iter_mut().for_each(|one| one.checks.push(check.clone()));
        return None;
    }
    if judge.trust.is_empty() {
        let message = "no list of trusted issuers was given: the DID says which key signed, not whose it is";
        let check = Check::new(CheckName::Trust, Outcome::NotChecked, "trust.no-list", message);
        let each = check.clone().optional();
        examined.iter_mut().for_each(|one| one.checks.push(each.clone()));
        let help = "the policy asks for recognised issuers: give the trust list";
        return judge.policy.require_recognition.then(|| check.with_help(help));
    }
    let recognitions = recognitions(examined);
    let mut relied_on = Vec::new();
    for one in examined.iter_mut() {
        let issuer = one.credential.issuer.clone().unwrap_or_default();
        let signed = keys(one, &issuer, false);
        let vouched = keys(one, &issuer, true);
        let statement = Statement {
            issuer: &issuer,
            kind: one.credential.kind.unwrap_or("VerifiableCredential"),
            issued: one.valid_from.unwrap_or(judge.now),
            keys: if vouched.is_empty() { &signed } else { &vouched },
        };
        let from = recognitions.partition_point(|other| other.id < issuer);
        let to = recognitions.partition_point(|other| other.id <= issuer);
        let standing =
            judge.trust.standing(statement, recognitions.get(from..to).unwrap_or_default(), judge.now);
        if vouched.is_empty() && (signed.is_empty() || matches!(standing, Standing::Recognized { .. })) {
            let message =
                format!("no signature by `{issuer}` holds, so that nobody knows whether it said this");
            let check = Check::new(CheckName::Trust, Outcome::NotChecked, "trust.not-signed", message);
            one.is_unrecognized = true;
            one.checks.push(if judge.policy.require_recognition { check } else { check.optional() });
            continue;
        }
        let is_parent = children.youngest(one).is_some();
        let wanted = if judge.policy.require_recognition { Row::Fail } else { Row::Warn };
        let row = if is_parent { judge.policy.lineage.parent_unrecognized.unwrap_or(wanted) } else { wanted };
        if let Standing::Recognized { name, by, .. } = &standing {
            one.issuer_name = Some(name.clone());
            relied_on.extend(by.as_ref().map(|(_, at)| *at));
        }
        one.is_unrecognized = !matches!(standing, Standing::Recognized { .. });
        one.checks.push(say(&standing, &issuer, statement.kind, row));
    }
    for at in relied_on {
        if let Some(one) = examined.get_mut(at) {
            one.is_root = true;
        }
    }
    None
}

/// The recognitions whose own checks hold, by whom they recognise.
fn recognitions(examined: &[Examined]) -> Vec<Recognition> {
    let read = |(at, one): (usize, &Examined)| {
        if one.credential.kind != Some(RECOGNITION) || one.blocked().is_some() {
            return None;
        }
        let by = one.credential.issuer.as_deref()?;
        let until = one.credential.content.get("validUntil").and_then(|end| end.as_str()?.parse().ok());
        let period = Period { from: one.valid_from, until };
        Recognition::read(at, &one.credential.content, by, keys(one, by, true), period)
    };
    index::sorted(examined.iter().enumerate().filter_map(read).collect(), |a, b| a.id.cmp(&b.id))
}

/// The keys of this party whose signatures hold: those whose they are by more than the input's word, or all.
fn keys(one: &Examined, party: &str, vouched: bool) -> Vec<String> {
    let own = |signer: &&Signer| (signer.vouched || !vouched) && signer.did.as_str() == party;
    one.signers.iter().filter(own).map(|signer| signer.key.clone()).collect()
}

fn say(standing: &Standing, issuer: &str, kind: &str, row: Row) -> Check {
    const ASK: &str = "ask whoever keeps the trust list, or get a recognition by a body that it names";
    let not = |code, message: String, help| {
        Check::new(CheckName::Trust, row.outcome(), code, message).at("/issuer").with_help(help)
    };
    let a = article(kind);
    match standing {
        Standing::Recognized { name, by, until } => {
            let by = match by {
                Some((body, _)) => format!(", on the word of {body}"),
                None => String::new(),
            };
            let message = format!("`{issuer}` is {name}, recognised to issue {a} {kind}{by}");
            match until {
                None => Check::new(CheckName::Trust, Outcome::Pass, "trust.recognized", message),
                Some(until) => {
                    let message =
                        format!("{message} until {until}; that it was issued before is its own word");
                    Check::new(CheckName::Trust, Outcome::Warn, "trust.recognized-before", message)
                        .at("/issuer")
                        .with_help("ask whoever recognises it now to issue it again")
                }
            }
        }
        Standing::Unknown { list } => {
            let message = format!("we can't tell who `{issuer}` is: {list} does not name it");
            not("trust.unknown-issuer", message, ASK)
        }
        Standing::Refused { list } => {
            let message = format!("{list} refuses `{issuer}` by name");
            not("trust.refused", message, "do not rely on it; ask whoever keeps the trust list why")
        }
        Standing::OtherKind { name, list } => {
            let message =
                format!("{list} knows `{issuer}` as {name}, and not as one who may issue {a} {kind}");
            not("trust.kind-not-recognized", message, ASK)
        }
        Standing::OtherTime { name, list } => {
            let message =
                format!("{list} knows `{issuer}` as {name}, and not for the time when this was issued");
            not("trust.time-not-recognized", message, ASK)
        }
        Standing::OtherKey { name, list } => {
            let message =
                format!("{list} knows `{issuer}` as {name}, by other keys than the one that signed");
            let help = "the key may be a new one, or not the issuer's: ask whoever keeps the trust list";
            not("trust.key-not-recognized", message, help)
        }
    }
}
