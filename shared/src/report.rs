//! What a verification found: the one answer that every shell returns as it is.
//!
//! The JSON form is fixed by `report.schema.json`. Nothing defaults to pass: a check that was not made says
//! so, and [`Verdict::of`] is the only place that turns checks into a verdict.

use std::borrow::Cow;

use serde::Serialize;

use crate::index;
use crate::json::{Json, write};
use crate::time::Timestamp;

/// The stages of a verification, in the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckName {
    /// The text is JSON within the limits, and a credential, presentation or bundle.
    Parse,
    /// The presentation that the credentials came in: its form, its proofs, and for whom it was made.
    Presentation,
    /// Contexts, schema, and that every term is covered by the signature.
    Profile,
    /// Each proof.
    Proof,
    /// The key that signed belongs to the issuer that the credential names.
    Issuer,
    /// Validity period and times of the proofs.
    Validity,
    /// Revocation and suspension.
    Status,
    /// Whether the issuer is known to the verifier.
    Trust,
    /// Files at hand against the digests in the credential.
    Artifacts,
    /// The credentials that this one builds on.
    Lineage,
    /// How the claims are known.
    Evidence,
    /// The verifier's own rules.
    Policy,
}

impl CheckName {
    /// Its name in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Presentation => "presentation",
            Self::Profile => "profile",
            Self::Proof => "proof",
            Self::Issuer => "issuer",
            Self::Validity => "validity",
            Self::Status => "status",
            Self::Trust => "trust",
            Self::Artifacts => "artifacts",
            Self::Lineage => "lineage",
            Self::Evidence => "evidence",
            Self::Policy => "policy",
        }
    }
}

/// The result of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It holds, with something to know.
    Warn,
    /// It does not hold.
    Fail,
    /// It could not be, or was not asked to be, answered.
    NotChecked,
    /// The question does not arise.
    NotApplicable,
}

impl Outcome {
    /// Its name in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::NotChecked => "not-checked",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// One check and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// The stage.
    pub check: CheckName,
    /// The credential it is about; none for the whole input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The result.
    pub outcome: Outcome,
    /// Whether the verdict has to wait for it when it is not checked.
    pub required: bool,
    /// The stable code of the result.
    pub code: Cow<'static, str>,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<Cow<'static, str>>,
    /// Where in the credential, as an RFC 6901 pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The time that the answer is of, where it is not that of the whole report: when the status list was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

impl Check {
    /// A required check with a result.
    #[must_use]
    pub fn new(
        check: CheckName,
        outcome: Outcome,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        let (code, message) = (code.into(), message.into());
        Self {
            check,
            node: None,
            outcome,
            required: true,
            code,
            message,
            help: None,
            pointer: None,
            as_of: None,
        }
    }

    /// The same, that the verdict need not wait for.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with where it stands.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// The same with the time that the answer is of.
    #[must_use]
    pub fn as_of(mut self, time: Timestamp) -> Self {
        self.as_of = Some(time.to_string());
        self
    }

    /// Whether it leaves the credential without a good answer.
    #[must_use]
    pub fn blocks(&self) -> bool {
        match self.outcome {
            Outcome::Fail => true,
            Outcome::NotChecked => self.required,
            Outcome::Pass | Outcome::Warn | Outcome::NotApplicable => false,
        }
    }
}

/// The whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every check that counts passed.
    Verified,
    /// The same, with something to know.
    VerifiedWithWarnings,
    /// A check failed.
    NotVerified,
    /// No check failed, and one that counts could not be made.
    CouldNotCheck,
}

impl Verdict {
    /// Its name in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::VerifiedWithWarnings => "verified-with-warnings",
            Self::NotVerified => "not-verified",
            Self::CouldNotCheck => "could-not-check",
        }
    }
}

impl Verdict {
    /// The verdict of these checks, and the check that decided it, if one did. Without checks there is
    /// nothing to stand on.
    #[must_use]
    pub fn of(checks: &[Check]) -> (Self, Option<&Check>) {
        let first = |outcome| checks.iter().find(|check| check.outcome == outcome && check.required);
        if let Some(failed) = checks.iter().find(|check| check.outcome == Outcome::Fail) {
            return (Self::NotVerified, Some(failed));
        }
        if let Some(open) = first(Outcome::NotChecked) {
            return (Self::CouldNotCheck, Some(open));
        }
        // A presentation may hold no credentials; those that it holds have proofs of their own, or fail.
        let is_signature = |check: &Check| matches!(check.check, CheckName::Presentation | CheckName::Proof);
        if !checks.iter().any(|check| is_signature(check) && check.outcome == Outcome::Pass) {
            return (Self::CouldNotCheck, None);
        }
        match checks.iter().find(|check| check.outcome == Outcome::Warn) {
            Some(warning) => (Self::VerifiedWithWarnings, Some(warning)),
            None => (Self::Verified, None),
        }
    }
}

/// What is known of a credential or thing in the lineage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeState {
    /// The credential is here, it is the one that was pinned, and its own checks hold.
    Proven,
    /// There is no credential, or it is not one that can be checked: somebody's word.
    Declared,
    /// Named and not supplied.
    Missing,
    /// Its digest, its proof or another of its own checks does not hold.
    Broken,
}

impl NodeState {
    /// Its name in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Declared => "declared",
            Self::Missing => "missing",
            Self::Broken => "broken",
        }
    }
}

/// One credential or thing in the lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// The credential's identifier, or that of the thing.
    pub id: String,
    /// The kind of credential, or the type of the thing.
    pub kind: String,
    /// The credential's digest, as `digestMultibase`.
    pub digest: String,
    /// The issuer's DID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What the verifier's trust list calls the issuer: the only name of it to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_name: Option<String>,
    /// What is known of it.
    pub state: NodeState,
    /// The stable code behind the state.
    pub code: Cow<'static, str>,
    /// The state in words.
    pub message: String,
    /// What is wrong with something that it builds on, if anything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taint: Option<Taint>,
    /// What it builds on.
    pub parents: Vec<Edge>,
}

/// Trouble that comes from an ancestor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Taint {
    /// The stable code of the ancestor's own check that fails or is open.
    pub code: String,
    /// The way from the ancestor to this node, by identifiers; the middle of a long one is left out.
    pub path: Vec<String>,
}

/// A link from a credential to what it builds on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// The property that makes the link.
    pub relation: String,
    /// What it points at.
    pub id: String,
    /// The digest that it pins.
    pub digest: String,
}

/// The content of one credential, as verified.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// The credential's identifier.
    pub node: String,
    /// The credential without its proof.
    pub content: Json,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of the verifier.
    pub version: &'static str,
    /// The whole answer.
    pub verdict: Verdict,
    /// The code of the check that decided, or `ok`.
    pub code: Cow<'static, str>,
    /// The time that the verifier was given.
    pub checked_at: String,
    /// Every check, by stage, and by credential within a stage.
    pub checks: Vec<Check>,
    /// The lineage.
    pub nodes: Vec<Node>,
    /// What may be shown: the content of the credentials whose own checks hold.
    pub shown: Vec<Shown>,
}

impl Report {
    /// Puts the checks in order and gives the verdict.
    #[must_use]
    pub fn new(checks: Vec<Check>, nodes: Vec<Node>, shown: Vec<Shown>, now: Timestamp) -> Self {
        let checks = index::sorted(checks, |a, b| a.check.cmp(&b.check));
        let (verdict, decided) = Verdict::of(&checks);
        let code = match (verdict, decided) {
            (_, Some(check)) => check.code.clone(),
            (Verdict::CouldNotCheck, None) => "proof.none-checked".into(),
            (_, None) => "ok".into(),
        };
        Self { version: crate::VERSION, verdict, code, checked_at: now.to_string(), checks, nodes, shown }
    }

    /// Whether the input was taken as a credential at all.
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        self.checks.iter().any(|check| check.check == CheckName::Parse && check.outcome == Outcome::Fail)
    }

    /// The JSON text of the report.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(16 << 10);
        let mut report = write::Members::new(&mut out);
        report.text("version", self.version);
        report.text("verdict", self.verdict.name());
        report.text("code", &self.code);
        report.text("checkedAt", &self.checked_at);
        write::list(&self.checks, report.next("checks"), Check::write);
        write::list(&self.nodes, report.next("nodes"), Node::write);
        write::list(&self.shown, report.next("shown"), |shown, out| {
            let mut members = write::Members::new(out);
            members.text("node", &shown.node);
            write::value(&shown.content, members.next("content"));
            members.end();
        });
        report.end();
        out
    }
}

impl Check {
    fn write(&self, out: &mut String) {
        let mut members = write::Members::new(out);
        members.text("check", self.check.name());
        members.text_if("node", self.node.as_deref());
        members.text("outcome", self.outcome.name());
        write::flag(self.required, members.next("required"));
        members.text("code", &self.code);
        members.text("message", &self.message);
        members.text_if("help", self.help.as_deref());
        members.text_if("pointer", self.pointer.as_deref());
        members.text_if("asOf", self.as_of.as_deref());
        members.end();
    }
}

impl Node {
    fn write(&self, out: &mut String) {
        let mut members = write::Members::new(out);
        members.text("id", &self.id);
        members.text("kind", &self.kind);
        members.text("digest", &self.digest);
        members.text_if("issuer", self.issuer.as_deref());
        members.text_if("issuerName", self.issuer_name.as_deref());
        members.text("state", self.state.name());
        members.text("code", &self.code);
        members.text("message", &self.message);
        if let Some(taint) = &self.taint {
            let mut inner = write::Members::new(members.next("taint"));
            inner.text("code", &taint.code);
            write::list(&taint.path, inner.next("path"), |id, out| write::text(id, out));
            inner.end();
        }
        write::list(&self.parents, members.next("parents"), |edge, out| {
            let mut members = write::Members::new(out);
            members.text("relation", &edge.relation);
            members.text("id", &edge.id);
            members.text("digest", &edge.digest);
            members.end();
        });
        members.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(outcomes: &[(Outcome, bool)]) -> Verdict {
        let mut checks = vec![Check::new(CheckName::Proof, Outcome::Pass, "proof.ok", "")];
        for (outcome, required) in outcomes {
            let check = Check::new(CheckName::Lineage, *outcome, "x", "");
            checks.push(if *required { check } else { check.optional() });
        }
        Verdict::of(&checks).0
    }

    #[test]
    fn nothing_defaults_to_pass() {
        use Outcome::{Fail, NotApplicable, NotChecked, Pass, Warn};
        assert_eq!(Verdict::of(&[]).0, Verdict::CouldNotCheck);
        assert_eq!(Verdict::of(&[Check::new(CheckName::Parse, Pass, "x", "")]).0, Verdict::CouldNotCheck);
        assert_eq!(verdict(&[]), Verdict::Verified);
        assert_eq!(verdict(&[(Pass, true), (NotApplicable, true)]), Verdict::Verified);
        assert_eq!(verdict(&[(NotChecked, false)]), Verdict::Verified);
        assert_eq!(verdict(&[(Warn, true)]), Verdict::VerifiedWithWarnings);
        assert_eq!(verdict(&[(Warn, true), (NotChecked, true)]), Verdict::CouldNotCheck);
        assert_eq!(verdict(&[(NotChecked, true), (Fail, true)]), Verdict::NotVerified);
        assert_eq!(verdict(&[(Fail, false)]), Verdict::NotVerified);
    }

    /// The text is written by hand, and shells may also serialize a report: both must say the same.
    #[test]
    fn the_text_is_what_serde_writes() {
        use CheckName::{
            Artifacts, Evidence, Issuer, Lineage, Parse, Policy, Presentation, Profile, Proof, Status, Trust,
            Validity,
        };
        use NodeState::{Broken, Declared, Missing, Proven};
        use Outcome::{Fail, NotApplicable, NotChecked, Pass, Warn};
        let names = [
            Parse,
            Presentation,
            Profile,
            Proof,
            Issuer,
            Validity,
            Status,
            Trust,
            Artifacts,
            Lineage,
            Evidence,
            Policy,
        ];
        let outcomes = [Pass, Warn, Fail, NotChecked, NotApplicable];
        let plain = names.into_iter().zip(outcomes.into_iter().cycle());
        let mut checks: Vec<_> =
            plain.map(|(name, outcome)| Check::new(name, outcome, "x", "\"\n")).collect();
        let full = Check {
            node: Some("n".into()),
            ..Check::new(Parse, Pass, "x", "").with_help("h").at("/p").optional()
        };
        checks.push(full);
        let node = |state| Node {
            id: "i".into(),
            kind: "k".into(),
            digest: "d".into(),
            issuer: (state == Proven).then(|| "did:x".into()),
            issuer_name: (state == Proven).then(|| "X".into()),
            taint: (state == Missing)
                .then(|| Taint { code: "c".into(), path: vec!["a".into(), "b\"".into()] }),
            state,
            code: "c".into(),
            message: "m".into(),
            parents: vec![Edge { relation: "r".into(), id: "i".into(), digest: "d".into() }; 2],
        };
        let nodes = [Proven, Declared, Missing, Broken].map(node).to_vec();
        let content = crate::json::parse(r#"{"a":[1,-2,0.5,null,true,{}],"b":"\u0001\u00e9/"}"#).unwrap();
        let mut report = Report::new(
            checks,
            nodes,
            vec![Shown { node: "n".into(), content }],
            Timestamp::from_unix_secs(0),
        );
        for verdict in
            [Verdict::Verified, Verdict::VerifiedWithWarnings, Verdict::NotVerified, Verdict::CouldNotCheck]
        {
            report.verdict = verdict;
            assert_eq!(report.to_json(), serde_json::to_string(&report).unwrap());
        }
    }

    #[test]
    fn checks_come_in_the_order_of_the_stages() {
        let check = |name| Check::new(name, Outcome::Pass, "x", "");
        let checks = vec![check(CheckName::Policy), check(CheckName::Parse), check(CheckName::Lineage)];
        let report = Report::new(checks, vec![], vec![], Timestamp::from_unix_secs(0));
        let names: Vec<_> = report.checks.iter().map(|check| check.check).collect();
        assert_eq!(names, [CheckName::Parse, CheckName::Lineage, CheckName::Policy]);
    }
}
