//! The walk over what a credential builds on.
//!
//! An edge is a property whose value is `{ "id", "type", "digestMultibase" }`. It pins a credential by the
//! digest of its content, so a parent is found by digest and cannot be exchanged; or it names a thing
//! without a credential, which is then somebody's word.
//!
//! ```text
//! ModelPassport ──wasGeneratedBy──► ProcessingAttestation ──used──► DatasetPassport
//! EvaluationAttestation ──evaluates──► ModelPassport ──trainedOn──► DatasetPassport ──wasDerivedFrom──► Dataset (declared)
//! ```
//!
//! A processing lists what came of it by content. What claims to have been made by it is one of these, or the
//! claim is wrong.
//!
//! Every credential is visited once, without recursion, however many paths lead to it.

use crate::digest::Digest;
use crate::index::{self, Index};
use crate::json::{At, Json};
use crate::limits::{MAX_LINEAGE_DEPTH, MAX_LINEAGE_EDGES, MAX_LINEAGE_NODES, MAX_REFERENCES};
use crate::passport::KINDS;
use crate::policy::{Policy, Row};
use crate::report::{Check, CheckName, Edge, Node, NodeState, Outcome, Taint};
use crate::time::Timestamp;

/// The properties that make an edge.
pub const RELATIONS: [&str; 19] = [
    "adapterOf",
    "approves",
    "dataset",
    "deploys",
    "distilledFrom",
    "evaluates",
    "fineTunedFrom",
    "mergedFrom",
    "monitors",
    "previous",
    "quantizedFrom",
    "rollbackTo",
    "testedOn",
    "trainedOn",
    "used",
    "validatedOn",
    "wasDerivedFrom",
    "wasGeneratedBy",
    "wasRevisionOf",
];

/// A link as a credential states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The property.
    pub relation: String,
    /// What it points at.
    pub id: String,
    /// The kind of credential, or the type of the thing.
    pub kind: String,
    /// The digest, as written.
    pub digest: String,
    /// Where it stands in the credential.
    pub pointer: String,
}

impl Reference {
    /// Whether it points at a credential that can be verified, and not at a thing.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        KINDS.contains(&self.kind.as_str())
    }
}

/// The links in a credential, in document order; `None` where there are more than [`MAX_REFERENCES`].
#[must_use]
pub fn references(content: &Json) -> Option<Vec<Reference>> {
    let mut found = Vec::new();
    if let Some(subject) = content.get("credentialSubject") {
        collect(subject, &At::ROOT.member("credentialSubject"), &mut found);
    }
    (found.len() <= MAX_REFERENCES).then_some(found)
}

// The depth of a document is capped when it is parsed, so this recursion is shallow.
fn collect(value: &Json, at: &At<'_>, found: &mut Vec<Reference>) {
    if found.len() > MAX_REFERENCES {
        return;
    }
    match value {
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &at.item(index), found);
            }
        }
        Json::Object(object) => {
            for (name, value) in object.iter() {
                let at = at.member(name);
                match value {
                    Json::Array(items) if RELATIONS.contains(&name) => {
                        let links = items
                            .iter()
                            .enumerate()
                            .filter_map(|(index, item)| reference(name, item, &at.item(index)));
                        found.extend(links);
                    }
                    Json::Object(_) if RELATIONS.contains(&name) => found.extend(reference(name, value, &at)),
                    _ => {}
                }
                collect(value, &at, found);
            }
        }
        Json::Bool(_) | Json::Null | Json::Number(_) | Json::String(_) => {}
    }
}

fn reference(relation: &str, value: &Json, at: &At<'_>) -> Option<Reference> {
    let text = |name: &str| value.get(name).and_then(Json::as_str).map(str::to_owned);
    Some(Reference {
        relation: relation.to_owned(),
        id: text("id")?,
        kind: text("type")?,
        digest: text("digestMultibase")?,
        pointer: at.pointer(),
    })
}

/// What the subject of a credential is, and what came of it if it is a processing.
#[must_use]
pub fn made(content: &Json) -> (Option<String>, Vec<String>) {
    let subject = content.get("credentialSubject");
    let id = |thing: &Json| thing.get("id").and_then(Json::as_str).map(str::to_owned);
    let generated = subject.and_then(|subject| subject.get("generated")).and_then(Json::as_array);
    (subject.and_then(id), generated.unwrap_or_default().iter().filter_map(id).collect())
}

/// One credential, as far as the walk needs to know it.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its identifier.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Its issuer.
    pub issuer: Option<String>,
    /// What the trust list calls its issuer.
    pub issuer_name: Option<String>,
    /// Whether a trust list was given and does not recognise its issuer.
    pub is_unrecognized: bool,
    /// Its digest.
    pub digest: Digest,
    /// From when it is valid.
    pub valid_from: Option<Timestamp>,
    /// What it is about.
    pub subject: Option<String>,
    /// What came of it, of a processing.
    pub generated: Vec<String>,
    /// Its links.
    pub references: Vec<Reference>,
    /// The code of its first own check that fails or is open; none where its own checks hold.
    pub blocked: Option<(Outcome, String)>,
    /// Whether the walk begins here: it was handed over to be verified, or trust rests on it.
    pub is_root: bool,
    /// Whether its holder chose what it shows of a longer credential: no digest of the whole is that of a part.
    pub is_part: bool,
}

/// What becomes of what the walk finds, as the policy has it.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    /// A parent that became valid after its child.
    pub newer: Row,
    /// A parent whose issuer is not recognised.
    pub unrecognized: Row,
    /// A parent without a credential, or of which only a part was shown.
    pub declared: Row,
}

impl Rows {
    /// The rows of a policy, with the defaults of those that it leaves out.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let recognition = if policy.require_recognition { Row::Fail } else { Row::Warn };
        Self {
            newer: policy.lineage.parent_newer.unwrap_or(Row::Warn),
            unrecognized: policy.lineage.parent_unrecognized.unwrap_or(recognition),
            declared: policy.lineage.declared.unwrap_or(Row::Warn),
        }
    }
}

/// What the walk found.
#[derive(Debug, Clone, Default)]
pub struct Walk {
    /// The credentials and things reached.
    pub nodes: Vec<Node>,
    /// One check or more for each credential reached.
    pub checks: Vec<Check>,
    /// Which members were reached.
    pub reached: Vec<bool>,
}

impl Walk {
    /// Whether the member at this place was reached.
    #[must_use]
    pub fn reaches(&self, at: usize) -> bool {
        self.reached.get(at) == Some(&true)
    }
}

/// Where a member is found.
#[derive(Debug, Default)]
struct Places {
    by_digest: Index,
    by_id: Index,
    /// Parts of credentials, by the identifier of the whole.
    parts: Index,
}

impl Places {
    /// The member that a link pins by its digest.
    fn pinned(&self, reference: &Reference) -> Option<usize> {
        self.by_digest.get(&Digest::from_multibase(&reference.digest).ok()?.to_multibase())
    }

    /// A part of what a link names. A digest covers every statement of a credential and a part has not all of
    /// them, so nothing shows that it belongs to the one that was pinned but the word of whoever made the link.
    fn part(&self, reference: &Reference) -> Option<usize> {
        self.parts.get(&index::key(&[&reference.kind, &reference.id]))
    }

    fn parent(&self, reference: &Reference) -> Option<usize> {
        self.pinned(reference).or_else(|| self.part(reference))
    }
}

/// Walks from the input's credentials over everything they build on.
#[must_use]
pub fn walk(members: &[Member], rows: Rows) -> Walk {
    let mut walk = Walk::default();
    // Of two copies of one content, the one whose own checks hold is the parent.
    let mut places = Places::default();
    let Places { by_digest, by_id, parts } = &mut places;
    for (at, member) in members.iter().enumerate() {
        by_id.get_or_set(&member.id, at);
        if member.is_part {
            parts.get_or_set(&index::key(&[&member.kind, &member.id]), at);
        }
        let digest = member.digest.to_multibase();
        let known = by_digest.get_or_set(&digest, at);
        if members.get(known).is_some_and(|known| known.blocked.is_some()) && member.blocked.is_none() {
            by_digest.set(&digest, at);
        }
    }
    let order = match reach(members, &places, &mut walk) {
        Ok(order) => order,
        Err(check) => {
            walk.checks.push(check);
            return walk;
        }
    };
    // What was brought along and is not needed says nothing about the input.
    let reached: Vec<usize> = (0..members.len()).filter(|at| walk.reaches(*at)).collect();
    let mut contents = Index::default();
    for (at, member) in reached.iter().filter_map(|at| Some((*at, members.get(*at)?))) {
        let first = contents.get_or_set(&member.id, at);
        // Different parts of one credential are different texts.
        let is_other = |first: &Member| {
            let parts = (first.is_part || member.is_part) && first.issuer == member.issuer;
            first.digest != member.digest && !parts
        };
        if members.get(first).is_some_and(is_other) {
            walk.checks.push(about(
                member,
                Outcome::Fail,
                "lineage.conflicting-ids",
                format!("two different credentials carry the identifier `{}`", member.id),
                "one of them is not what its issuer signed under this identifier; ask the issuer which one is",
            ));
        }
    }
    // What the order leaves out is in a circle of parts, or rests on one.
    let ordered: Vec<bool> = order.iter().fold(vec![false; members.len()], |mut ordered, at| {
        if let Some(slot) = ordered.get_mut(*at) {
            *slot = true;
        }
        ordered
    });
    let left_out = reached.iter().filter(|at| ordered.get(**at) == Some(&false));
    let left_out: Vec<String> =
        left_out.filter_map(|at| Some(members.get(*at)?.id.clone())).take(MAX_PATH).collect();
    let cycle = find_cycle(members, &reached, &places.by_id);
    if let Some(cycle) = cycle.or(Some(left_out).filter(|left_out| !left_out.is_empty())) {
        let message = format!("the credentials build on each other in a circle: {}", join(&cycle));
        walk.checks.push(Check::new(CheckName::Lineage, Outcome::Fail, "lineage.cycle", message));
    }
    // Parents before children: what is wrong with a parent is known when its children are looked at.
    let mut troubled: Vec<Option<Trouble>> = vec![None; members.len()];
    let mut outside = Index::default();
    for at in order.into_iter().rev() {
        let Some(member) = members.get(at) else { continue };
        let found = Links { members, places: &places, troubled: &troubled, rows }.judge(member);
        walk.checks.extend(found.checks);
        for node in found.outside.into_iter().rev() {
            if outside.insert(&index::key(&[&node.id, &node.digest])) {
                walk.nodes.push(node);
            }
        }
        let as_part = member.is_part && !member.is_root;
        walk.nodes.push(node_of(member, as_part, found.trouble.as_ref()));
        if let Some(slot) = troubled.get_mut(at) {
            *slot = found.trouble;
        }
    }
    walk.nodes.reverse();
    walk
}

/// The members reached from the input, every one after all that build on it.
fn reach(members: &[Member], places: &Places, walk: &mut Walk) -> Result<Vec<usize>, Check> {
    let too_much = |code: &'static str, what: &str, max: usize| {
        let message = format!("the lineage has more than {max} {what}");
        Err(Check::new(CheckName::Lineage, Outcome::Fail, code, message)
            .with_help("verify a part of it: no chain of honest work is as large"))
    };
    let mut parents: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
    let mut queue: Vec<usize> =
        members.iter().enumerate().filter(|(_, m)| m.is_root).map(|(at, _)| at).collect();
    walk.reached = members.iter().map(|member| member.is_root).collect();
    let (mut edges, mut done) = (0, 0);
    while let Some(&at) = queue.get(done) {
        done += 1;
        let references = members.get(at).map(|member| member.references.as_slice()).unwrap_or_default();
        edges += references.len();
        if edges > MAX_LINEAGE_EDGES {
            return too_much("lineage.too-many-links", "links", MAX_LINEAGE_EDGES);
        }
        let credentials = references.iter().filter(|reference| reference.is_credential());
        let found: Vec<usize> = credentials.filter_map(|r| places.parent(r)).filter(|p| *p != at).collect();
        let mut found = index::sorted(found, usize::cmp);
        found.dedup();
        for parent in &found {
            if let Some(reached) = walk.reached.get_mut(*parent).filter(|reached| !**reached) {
                *reached = true;
                queue.push(*parent);
            }
        }
        if queue.len() > MAX_LINEAGE_NODES {
            return too_much("lineage.too-many-credentials", "credentials", MAX_LINEAGE_NODES);
        }
        if let Some(slot) = parents.get_mut(at) {
            *slot = found;
        }
    }
    // Kahn's algorithm. A digest cannot be part of what it is a digest of, so links by digest have no circle; what
    // parts of credentials may have of one, by their identifiers, is left out of the order and found below.
    let mut children: Vec<usize> = vec![0; members.len()];
    for parent in parents.iter().flatten() {
        if let Some(count) = children.get_mut(*parent) {
            *count += 1;
        }
    }
    let is_root = |at: &usize| walk.reaches(*at) && children.get(*at) == Some(&0);
    let mut ready: Vec<(usize, usize)> = (0..members.len()).filter(is_root).map(|at| (at, 0)).collect();
    let mut order = Vec::with_capacity(queue.len());
    while let Some(&(at, depth)) = ready.get(order.len()) {
        if depth > MAX_LINEAGE_DEPTH {
            return too_much("lineage.too-deep", "generations", MAX_LINEAGE_DEPTH);
        }
        order.push(at);
        for parent in parents.get(at).into_iter().flatten() {
            if let Some(left) = children.get_mut(*parent) {
                *left -= 1;
                if *left == 0 {
                    ready.push((*parent, depth + 1));
                }
            }
        }
    }
    Ok(order)
}

/// A circle of identifiers, as credentials with made-up digests could claim it.
fn find_cycle(members: &[Member], reached: &[usize], by_id: &Index) -> Option<Vec<String>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        OnPath,
        Done,
    }
    let mut marks: Vec<Option<Mark>> = vec![None; members.len()];
    let set = |marks: &mut Vec<Option<Mark>>, at: usize, mark| {
        if let Some(slot) = marks.get_mut(at) {
            *slot = Some(mark);
        }
    };
    let get = |marks: &[Option<Mark>], at: usize| marks.get(at).copied().flatten();
    for start in reached {
        let mut path: Vec<(usize, usize)> = vec![(*start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            if *next == 0 && get(&marks, at) == Some(Mark::Done) {
                path.pop();
                continue;
            }
            set(&mut marks, at, Mark::OnPath);
            let reference = members.get(at).and_then(|member| member.references.get(*next));
            *next += 1;
            let Some(reference) = reference else {
                set(&mut marks, at, Mark::Done);
                path.pop();
                continue;
            };
            let Some(parent) = by_id.get(&reference.id) else { continue };
            match get(&marks, parent) {
                Some(Mark::Done) => {}
                Some(Mark::OnPath) => {
                    let from = path.iter().position(|(on_path, _)| *on_path == parent).unwrap_or(0);
                    let ids = path.iter().skip(from).map(|(on_path, _)| *on_path).chain([parent]);
                    return Some(
                        ids.filter_map(|on_path| members.get(on_path)).map(|m| m.id.clone()).collect(),
                    );
                }
                None => path.push((parent, 0)),
            }
        }
    }
    None
}

/// What is wrong with a credential or one of its ancestors: whether it fails or is open, and the way there.
#[derive(Debug, Clone)]
struct Trouble {
    outcome: Outcome,
    code: String,
    path: Vec<String>,
}

struct Links<'m> {
    members: &'m [Member],
    places: &'m Places,
    troubled: &'m [Option<Trouble>],
    rows: Rows,
}

#[derive(Default)]
struct Judged {
    checks: Vec<Check>,
    outside: Vec<Node>,
    trouble: Option<Trouble>,
}

impl Judged {
    fn add(&mut self, check: Check, trouble: Option<Trouble>) {
        if let Some(trouble) = trouble.filter(|trouble| trouble.outcome != Outcome::Warn) {
            let worse = self
                .trouble
                .as_ref()
                .is_none_or(|t| t.outcome != Outcome::Fail && trouble.outcome == Outcome::Fail);
            if worse {
                self.trouble = Some(trouble);
            }
        }
        self.checks.push(check);
    }
}

impl Links<'_> {
    /// The checks of one credential's links.
    fn judge(&self, member: &Member) -> Judged {
        let mut judged = Judged::default();
        if let Some((outcome, code)) = &member.blocked {
            let path = vec![member.id.clone()];
            judged.trouble = Some(Trouble { outcome: *outcome, code: code.clone(), path });
        }
        let mut seen = Index::default();
        for reference in &member.references {
            // The metrics of one evaluation name their data set again and again; once is enough to say it. Another
            // relation to the same thing is another statement, with rules of its own.
            let link = [&reference.relation, &reference.id, &reference.kind, &reference.digest];
            if seen.insert(&index::key(&link.map(String::as_str))) {
                self.judge_link(member, reference, &mut judged);
            }
        }
        if member.references.is_empty() {
            let check = Check::new(
                CheckName::Lineage,
                Outcome::NotApplicable,
                "lineage.none",
                "it names nothing that it builds on",
            );
            judged.checks.push(for_node(check, member));
        } else if judged.checks.is_empty() {
            let mut parents: Vec<&str> =
                member.references.iter().map(|reference| reference.digest.as_str()).collect();
            index::sort(&mut parents);
            parents.dedup();
            let plural = if parents.len() == 1 { "" } else { "s" };
            let message = format!(
                "builds on {} credential{plural}, each here, pinned by digest, and good",
                parents.len()
            );
            judged.checks.push(for_node(
                Check::new(CheckName::Lineage, Outcome::Pass, "lineage.proven", message),
                member,
            ));
        }
        judged
    }

    fn judge_link(&self, member: &Member, reference: &Reference, judged: &mut Judged) {
        let Reference { relation, id, kind, .. } = reference;
        let own = |outcome, code: &'static str| {
            Some(Trouble { outcome, code: code.to_owned(), path: vec![member.id.clone()] })
        };
        let say = |outcome, code, message: String, help| {
            about(member, outcome, code, message, help).at(reference.pointer.clone())
        };
        if Digest::from_multibase(&reference.digest).is_err() {
            let message = format!(
                "`{relation}` pins `{id}` by `{}`, which is not a SHA-256 or SHA-384 digest",
                reference.digest
            );
            let check = say(
                Outcome::Fail,
                "lineage.weak-digest",
                message,
                "only full-length SHA-2 digests bind a parent",
            );
            return judged.add(check, own(Outcome::Fail, "lineage.weak-digest"));
        }
        if !reference.is_credential() {
            judged.outside.push(outside(
                reference,
                NodeState::Declared,
                "lineage.declared",
                "it has no credential: the issuer's word only",
            ));
            let message =
                format!("`{relation}` names {kind} `{id}`, which has no credential: declared, not proven");
            let outcome = self.rows.declared.outcome();
            let check = say(outcome, "lineage.declared", message, "ask for a passport of it");
            return judged.add(check, own(outcome, "lineage.declared"));
        }
        let pinned = self.places.pinned(reference);
        let place = pinned.or_else(|| self.places.part(reference));
        let Some((at, parent)) = place.and_then(|at| Some((at, self.members.get(at)?))) else {
            return self.judge_absent(reference, judged, &say, &own);
        };
        if parent.id != *id || parent.kind != *kind {
            let message = format!(
                "`{relation}` names {kind} `{id}`, and the credential with that digest is {} `{}`",
                parent.kind, parent.id
            );
            let check = say(
                Outcome::Fail,
                "lineage.wrong-parent",
                message,
                "the link and the credential do not belong together",
            );
            return judged.add(check, own(Outcome::Fail, "lineage.wrong-parent"));
        }
        // What a processing made is what it says that it made; anyone can say to have been made by it.
        let is_claimed = |subject| parent.generated.contains(subject);
        let is_processing = relation == "wasGeneratedBy" && parent.kind == "ProcessingAttestation";
        if is_processing && !member.subject.as_ref().is_some_and(is_claimed) {
            let message =
                format!("`{relation}` names `{id}`, and this is none of the things that came of it");
            let help = "the thing was changed after the processing, or made by another one";
            let check = say(Outcome::Fail, "lineage.not-generated", message, help);
            return judged.add(check, own(Outcome::Fail, "lineage.not-generated"));
        }
        if let Some(trouble) = self.troubled.get(at).and_then(Option::as_ref) {
            let mut path = vec![member.id.clone()];
            path.extend(trouble.path.iter().cloned());
            // The way in the message names at most this many; what matters is where it begins and ends.
            if path.len() > MAX_PATH {
                path.remove(MAX_PATH / 2);
            }
            let (code, what, help) = inherited(trouble);
            let message = format!("`{relation}` leads to {what} ({}): {}", trouble.code, join(&path));
            let check = say(trouble.outcome, code, message, help);
            return judged.add(check, Some(Trouble { path, ..trouble.clone() }));
        }
        if pinned.is_none() {
            let message = format!(
                "`{relation}` pins the whole of `{id}`, of which a part was shown: that they belong together is declared, not proven"
            );
            // Anybody can sign a part under any name: only a party that the verifier knows is taken at its word.
            let known = parent.issuer_name.is_some();
            let outcome = if known { self.rows.declared.outcome() } else { Outcome::NotChecked };
            let help = "a digest covers every statement, and a part has not all of them; ask its holder for the whole";
            judged.add(
                say(outcome, "lineage.disclosed-part", message, help),
                own(outcome, "lineage.disclosed-part"),
            );
        }
        if parent.valid_from > member.valid_from {
            let message =
                format!("`{relation}` names `{id}`, which became valid only after this credential did");
            let outcome = self.rows.newer.outcome();
            let help = "ask the issuer why the parent is the younger one";
            judged.add(
                say(outcome, "lineage.parent-newer", message, help),
                own(outcome, "lineage.parent-newer"),
            );
        }
        if parent.is_unrecognized {
            let issuer = parent.issuer.as_deref().unwrap_or_default();
            let message = format!("`{relation}` rests on `{id}` by `{issuer}`: we can't tell who this is");
            let outcome = self.rows.unrecognized.outcome();
            let help = "add its issuer to the trust list, or get a recognition by a body that the list names";
            let trouble = own(outcome, "lineage.parent-unrecognized");
            judged.add(say(outcome, "lineage.parent-unrecognized", message, help), trouble);
        }
    }

    fn judge_absent(
        &self,
        reference: &Reference,
        judged: &mut Judged,
        say: &dyn Fn(Outcome, &'static str, String, &'static str) -> Check,
        own: &dyn Fn(Outcome, &'static str) -> Option<Trouble>,
    ) {
        let Reference { relation, id, kind, .. } = reference;
        if self.places.by_id.contains(id) {
            let message = format!(
                "`{relation}` pins `{id}` by another digest than that of the credential with this identifier"
            );
            let help = "the parent was changed after it was linked, or another version or only a part of it was supplied";
            judged.add(
                say(Outcome::Fail, "lineage.digest-mismatch", message, help),
                own(Outcome::Fail, "lineage.digest-mismatch"),
            );
            judged.outside.push(outside(
                reference,
                NodeState::Broken,
                "lineage.digest-mismatch",
                "the credential supplied is not the one that was pinned",
            ));
        } else {
            let message = format!("`{relation}` names {kind} `{id}`, which was not supplied");
            let help = "supply the credential, or a bundle that holds it";
            judged.add(
                say(Outcome::NotChecked, "lineage.missing", message, help),
                own(Outcome::NotChecked, "lineage.missing"),
            );
            judged.outside.push(outside(
                reference,
                NodeState::Missing,
                "lineage.missing",
                "named, and not supplied",
            ));
        }
    }
}

/// What trouble of an ancestor is to those that build on it: its code, in words, and what to do.
fn inherited(trouble: &Trouble) -> (&'static str, &'static str, &'static str) {
    const SEE: &str = "see the checks of the credential at the end of the path";
    match (trouble.outcome, trouble.code.as_str()) {
        (Outcome::Fail, "status.revoked") => (
            "lineage.parent-revoked",
            "a credential that its issuer recalled",
            "what was built on it is tainted: do not rely on it; ask its issuer for a revision without what was recalled",
        ),
        (Outcome::Fail, "status.suspended") => (
            "lineage.parent-suspended",
            "a credential that its issuer suspended",
            "do not rely on it until the issuer at the end of the path restores it",
        ),
        (Outcome::Fail, "validity.expired") => (
            "lineage.parent-expired",
            "a credential that has expired",
            "ask for a current one, or say in the policy that an ancestor may have expired since",
        ),
        (Outcome::Fail, code) if code.starts_with("trust.") || code == "lineage.parent-unrecognized" => (
            "lineage.parent-unrecognized",
            "a credential whose issuer is not recognised",
            "add its issuer to the trust list, or get a recognition by a body that the list names",
        ),
        (Outcome::Fail, _) => ("lineage.parent-broken", "a credential that does not hold", SEE),
        _ => ("lineage.parent-open", "a credential that could not be checked", SEE),
    }
}

fn node_of(member: &Member, as_part: bool, trouble: Option<&Trouble>) -> Node {
    let (state, code, message) = match &member.blocked {
        None if as_part => (
            NodeState::Declared,
            "lineage.disclosed-part".to_owned(),
            "a part of it is here, and its own checks hold",
        ),
        None => (NodeState::Proven, "lineage.proven".to_owned(), "here, and its own checks hold"),
        Some((Outcome::Fail, code)) => (NodeState::Broken, code.clone(), "one of its own checks fails"),
        Some((_, code)) => {
            (NodeState::Declared, code.clone(), "here, and one of its own checks could not be made")
        }
    };
    let mut parents: Vec<Edge> = Vec::new();
    for Reference { relation, id, digest, .. } in &member.references {
        if !parents.iter().any(|edge| edge.relation == *relation && edge.id == *id && edge.digest == *digest)
        {
            parents.push(Edge { relation: relation.clone(), id: id.clone(), digest: digest.clone() });
        }
    }
    Node {
        id: member.id.clone(),
        kind: member.kind.clone(),
        digest: member.digest.to_multibase(),
        issuer: member.issuer.clone(),
        issuer_name: member.issuer_name.clone(),
        state,
        code: code.into(),
        message: message.to_owned(),
        // Trouble of its own stands in its own checks.
        taint: trouble.filter(|trouble| trouble.path.len() > 1).map(|trouble| Taint {
            code: trouble.code.clone(),
            path: trouble.path.iter().rev().cloned().collect(),
        }),
        parents,
    }
}

fn outside(reference: &Reference, state: NodeState, code: &'static str, message: &str) -> Node {
    Node {
        id: reference.id.clone(),
        kind: reference.kind.clone(),
        digest: reference.digest.clone(),
        issuer: None,
        issuer_name: None,
        state,
        code: code.into(),
        message: message.to_owned(),
        taint: None,
        parents: Vec::new(),
    }
}

/// Identifiers of a way through the lineage that are kept for a message.
const MAX_PATH: usize = 12;

fn join(path: &[String]) -> String {
    let short: Vec<String> = path.iter().map(|id| id.chars().take(80).collect()).collect();
    short.join(" -> ")
}

fn for_node(mut check: Check, member: &Member) -> Check {
    check.node = Some(member.id.clone());
    check
}

fn about(
    member: &Member,
    outcome: Outcome,
    code: &'static str,
    message: String,
    help: &'static str,
) -> Check {
    for_node(Check::new(CheckName::Lineage, outcome, code, message).with_help(help), member)
}

#[cfg(test)]
mod tests;
