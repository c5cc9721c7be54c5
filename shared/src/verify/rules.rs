//! The rules of a policy, each over what holds of the credentials at hand, and each a sentence in the report.
//!
//! A rule speaks of a model: the one whose files are at hand, or else every one that was handed over and that no
//! other model here was made from. What is not there, or does not hold itself, counts for nothing.

use super::checks::{self, Judge};
use super::current::{SECS_A_DAY, end_of};
use super::held::{Held, Latest};
use super::{Examined, article, text_at};
use crate::evidence::Artifact;
use crate::index::{self, Index};
use crate::json::Json;
use crate::lineage::Reference;
use crate::policy::{Policy, Profile, compare_decimals, is_below, text, texts};
use crate::report::{Check, CheckName, Outcome};
use crate::time::Timestamp;

/// Relations by which a statement speaks of a model, a data set or a deployment.
const ABOUT: [&str; 4] = ["approves", "deploys", "evaluates", "monitors"];

/// Relations by which a model comes from another.
const BASE: [&str; 5] = ["adapterOf", "distilledFrom", "fineTunedFrom", "mergedFrom", "quantizedFrom"];

/// Relations by which a model names its data.
const DATA: [&str; 3] = ["testedOn", "trainedOn", "validatedOn"];

/// Parties that a message names at most.
const MAX_NAMED: usize = 5;

/// Models that rules are applied to at most.
const MAX_SUBJECTS: usize = 64;

/// Whether every credential could be recalled, where that is asked for.
pub(super) fn status_required(policy: &Policy, reached: &[&Examined]) -> Vec<Check> {
    let without = |one: &&&Examined| one.credential.content.get("credentialStatus").is_none();
    let refused = |one: &&Examined| {
        let message = "it has no status, so that its issuer could not recall it".to_owned();
        of(one, refuse("policy.status-missing", message).with_help("ask its issuer for one with a status"))
    };
    reached.iter().filter(|_| policy.require_status).filter(without).map(refused).collect()
}

/// What the rules come to.
pub(super) fn judge(judge: &Judge, held: &Held<'_>, files: &[Artifact]) -> Vec<Check> {
    if judge.policy.rules.is_empty() {
        return Vec::new();
    }
    let mut checks = Vec::new();
    let facts = Facts::of(judge, held, files);
    let subjects = facts.subjects();
    if subjects.len() > MAX_SUBJECTS {
        let message = format!("the rules are about each model, and more than {MAX_SUBJECTS} are here");
        checks.push(refuse("policy.too-many-subjects", message).with_help("verify the models one by one"));
        return checks;
    }
    if subjects.is_empty() {
        let message = "the policy has rules about a model, and none that holds is here".to_owned();
        checks.push(
            refuse("policy.no-subject", message)
                .with_help("give the passport of the model, or a bundle with it"),
        );
    }
    for subject in subjects {
        let view = View { facts: &facts, subject, ancestors: facts.ancestors(subject) };
        checks.extend(judge.policy.rules.iter().map(|rule| of(subject, view.rule(rule))));
    }
    checks
}

fn of(one: &Examined, check: Check) -> Check {
    Check { node: Some(one.credential.id.clone()), ..check }
}

fn refuse(code: &'static str, message: String) -> Check {
    Check::new(CheckName::Policy, Outcome::Fail, code, message)
}

struct Facts<'f> {
    judge: &'f Judge,
    held: &'f Held<'f>,
    /// The place in `statements` of what a passport's digest, or the identifier of its subject, is spoken of in.
    spoken_of: Index,
    statements: Vec<Vec<usize>>,
    /// From when the newest passport of a model by its issuer is valid.
    newest: Latest,
    /// A credential of each issuer that is recognised: it has the name.
    named: Index,
    /// Files at hand.
    files: &'f [Artifact],
}

impl<'f> Facts<'f> {
    fn of(judge: &'f Judge, held: &'f Held<'f>, files: &'f [Artifact]) -> Self {
        let (mut newest, mut named) = (Latest::default(), Index::default());
        for (at, one) in held.all.iter().enumerate() {
            if let Some(key) = by_content(judge, one).filter(|_| one.credential.kind == Some("ModelPassport"))
            {
                newest.add(&key, one.valid_from);
            }
            if one.issuer_name.is_some() {
                named.get_or_set(one.credential.issuer.as_deref().unwrap_or_default(), at);
            }
        }
        let (spoken_of, statements) = (Index::default(), Vec::new());
        let mut facts = Self { judge, held, spoken_of, statements, newest, named, files };
        for (at, one) in held.all.iter().enumerate() {
            for reference in one.references.iter().filter(|one| ABOUT.contains(&one.relation.as_str())) {
                // This very passport, or another one of the same thing: in the profile of passports a thing's name
                // is that of its content. Monitoring is of one deployment only.
                let named = judge.policy.profile == Profile::Passport && reference.relation != "monitors";
                let thing = held
                    .pinned(&reference.digest)
                    .filter(|_| named)
                    .and_then(|other| text_at(other, "/credentialSubject/id"));
                for key in [Some(reference.digest.as_str()), thing].into_iter().flatten() {
                    let place = facts.spoken_of.get_or_set(key, facts.statements.len());
                    if place == facts.statements.len() {
                        facts.statements.push(Vec::new());
                    }
                    if let Some(statements) = facts.statements.get_mut(place) {
                        statements.push(at);
                    }
                }
            }
        }
        facts
    }

    /// Statements of this kind about a passport or its subject, each once, in their order.
    fn about(&self, subject: &Examined, kind: &str) -> Vec<&'f Examined> {
        let keys = [
            Some(subject.digest.to_multibase()),
            text_at(subject, "/credentialSubject/id").map(str::to_owned),
        ];
        let places =
            keys.iter().flatten().filter_map(|key| self.statements.get(self.spoken_of.get(key)?)).flatten();
        let mut places = index::sorted(places.copied().collect(), usize::cmp);
        places.dedup();
        let statements = places.into_iter().filter_map(|at| self.held.all.get(at).copied());
        statements.filter(|one| one.credential.kind == Some(kind)).collect()
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &'f Examined> {
        self.held.all.iter().copied().filter(move |one| one.credential.kind == Some(kind))
    }

    /// What the rules are about.
    fn subjects(&self) -> Vec<&'f Examined> {
        let models: Vec<_> = self.of_kind("ModelPassport").filter(|one| !self.is_replaced(one)).collect();
        let count = |one: &Examined| checks::at_hand(&one.credential, self.files);
        let whole = |one: &Examined| matches!(count(one), (found, all) if found > 0 && found == all);
        let loaded: Vec<_> = models.iter().copied().filter(|one| whole(one)).collect();
        if !loaded.is_empty() {
            return loaded;
        }
        let loaded: Vec<_> = models.iter().copied().filter(|one| count(one).0 > 0).collect();
        if !loaded.is_empty() {
            return loaded;
        }
        for kind in ["ModelPassport", "DatasetPassport"] {
            let mut origins = Index::default();
            for reference in self.of_kind(kind).flat_map(|one| &one.references) {
                origins.insert(&reference.digest);
            }
            let is_head = |one: &&Examined| {
                one.is_input && !origins.contains(&one.digest.to_multibase()) && !self.is_replaced(one)
            };
            let heads: Vec<_> = self.of_kind(kind).filter(is_head).collect();
            if !heads.is_empty() {
                return heads;
            }
        }
        Vec::new()
    }

    /// Whether its issuer has signed a newer passport of the very same model.
    fn is_replaced(&self, one: &Examined) -> bool {
        by_content(self.judge, one).is_some_and(|key| self.newest.get(&key) > one.valid_from)
    }

    /// What a credential rests on, as far as it is here.
    fn ancestors(&self, subject: &'f Examined) -> Vec<&'f Examined> {
        let (mut found, mut seen, mut done) = (vec![subject], Index::default(), 0);
        while let Some(one) = found.get(done).copied() {
            done += 1;
            let unseen = one.references.iter().filter(|reference| seen.insert(&reference.digest));
            let parents: Vec<_> =
                unseen.filter_map(|reference| self.held.pinned(&reference.digest)).collect();
            found.extend(parents);
        }
        found.split_off(1)
    }

    /// Who a DID is, as far as trust tells: two DIDs with one name are one party.
    fn party<'s>(&'s self, did: &'s str) -> (bool, &'s str) {
        let recognised = || self.held.all.get(self.named.get(did)?)?.issuer_name.as_deref();
        let name = self.judge.trust.name_of(did).or_else(recognised);
        (name.is_some(), name.unwrap_or(did))
    }
}

/// One subject with what is known of it.
struct View<'f> {
    facts: &'f Facts<'f>,
    subject: &'f Examined,
    ancestors: Vec<&'f Examined>,
}

fn flag(rule: &Json, name: &str) -> bool {
    rule.get(name).and_then(Json::as_bool).unwrap_or_default()
}

fn number(rule: &Json, name: &str) -> Option<i64> {
    rule.get(name)?.as_i64()
}

/// What keeps a rule from holding: a code, and what was found instead.
type Broken = (&'static str, String);

impl<'f> View<'f> {
    fn rule(&self, rule: &Json) -> Check {
        let (wanted, found) = match text(rule, "require").unwrap_or_default() {
            "base-models" => {
                ("it is made from no other models than those allowed".to_owned(), self.base_models(rule))
            }
            "basis" => self.basis(rule),
            "credential" => self.credential(rule),
            "files" => ("its files are at hand, byte for byte".to_owned(), self.files()),
            "metric" => self.metric(rule),
            "monitoring" => (self.monitoring_wanted(rule), self.monitoring(rule)),
            "no-files" => (
                format!("none of its files ends in {}", texts(rule, "endings").join(", ")),
                self.no_files(rule),
            ),
            "no-regression" => {
                let site = text(rule, "site").unwrap_or_default();
                (format!("as a revision it is no worse at {site}"), self.no_regression(rule))
            }
            "permission" => (
                "every data set that it rests on permits commercial validation".to_owned(),
                self.permission(),
            ),
            // The schema knows no other; an unvalidated one is not met.
            other => (format!("`{other}`"), Err(("policy.unknown-rule", "there is no such rule".to_owned()))),
        };
        let because = text(rule, "because").map(|why| format!(" (because {why})")).unwrap_or_default();
        match found {
            Ok(found) => {
                let message = format!("{wanted}{because}: {found}");
                Check::new(CheckName::Policy, Outcome::Pass, "policy.rule-met", message)
            }
            Err((code, found)) => refuse(code, format!("{wanted}{because}: {found}"))
                .with_help("the policy refuses it; ask whoever issued it for what is missing, or whoever wrote the policy"),
        }
    }

    /// The subject and all that it was made from.
    fn line(&self) -> impl Iterator<Item = &'f Examined> {
        std::iter::once(self.subject).chain(self.ancestors.iter().copied())
    }

    fn maker(&self) -> &'f str {
        self.subject.credential.issuer.as_deref().unwrap_or_default()
    }

    /// Statements of a kind about the subject, or what it rests on that is of this kind.
    fn candidates(&self, kind: &str) -> Vec<&'f Examined> {
        match kind {
            "ApprovalAttestation" | "DeploymentAttestation" | "EvaluationAttestation" => {
                self.facts.about(self.subject, kind)
            }
            "MonitoringAttestation" => {
                let deployments = self.candidates("DeploymentAttestation");
                deployments.into_iter().flat_map(|deployment| self.facts.about(deployment, kind)).collect()
            }
            kind => self.line().filter(|one| one.credential.kind == Some(kind)).collect(),
        }
    }

    /// Whether the issuer, and where the data come from, are as the rule has them.
    fn is_by_whom(&self, rule: &Json, one: &Examined) -> bool {
        let issuer = one.credential.issuer.as_deref().unwrap_or_default();
        let issuers = texts(rule, "issuers");
        let is_own = || self.facts.party(issuer) == self.facts.party(self.maker());
        let origin = text(rule, "dataOrigin");
        (issuers.is_empty() || issuers.contains(&issuer))
            && !(flag(rule, "independent") && is_own())
            && (origin.is_none() || text_at(one, "/credentialSubject/evaluation/dataOrigin") == origin)
    }

    fn credential(&self, rule: &Json) -> (String, Result<String, Broken>) {
        let kind = text(rule, "kind").unwrap_or_default();
        let count = number(rule, "count").unwrap_or(1);
        let days = number(rule, "maxAgeDays");
        let age = days.map(|days| format!(", not older than {days} days")).unwrap_or_default();
        let of = if count == 1 { String::new() } else { format!(" by each of {count} issuers") };
        let wanted = format!("there is {} {kind}{}{of}{age}", article(kind), by_whom(rule));
        let now = self.facts.judge.now;
        let is_recent = |one: &&Examined| {
            days.is_none_or(|days| {
                one.valid_from.is_some_and(|from| from.plus_secs(days.saturating_mul(SECS_A_DAY)) >= now)
            })
        };
        let candidates = self.candidates(kind);
        // Of several decisions of a party the newest counts.
        let mut newest = Latest::default();
        for one in candidates.iter().filter(|_| kind == "ApprovalAttestation") {
            newest.add(one.credential.issuer.as_deref().unwrap_or_default(), one.valid_from);
        }
        let (mut parties, mut counted): (Vec<&str>, _) = (Vec::new(), Index::default());
        for one in candidates.iter().copied().filter(|one| self.is_by_whom(rule, one)).filter(is_recent) {
            let issuer = one.credential.issuer.as_deref().unwrap_or_default();
            if newest.get(issuer) > one.valid_from || !approves(one, now) {
                continue;
            }
            let (is_named, party) = self.facts.party(issuer);
            if counted.insert(&index::key(&[if is_named { "name" } else { "did" }, party])) {
                parties.push(issuer);
            }
        }
        let found = if i64::try_from(parties.len()).is_ok_and(|parties| parties >= count) {
            let more = parties.len().saturating_sub(MAX_NAMED);
            parties.truncate(MAX_NAMED);
            let more = if more == 0 { String::new() } else { format!(" and {more} others") };
            Ok(format!("by {}{more}", parties.join(", ")))
        } else {
            let message = format!("{} of {count}, among {} here", parties.len(), candidates.len());
            Err(("policy.credential-missing", message))
        };
        (wanted, found)
    }

    fn metric(&self, rule: &Json) -> (String, Result<String, Broken>) {
        let definition = text(rule, "definition").unwrap_or_default();
        let (least, most) = (text(rule, "atLeast"), text(rule, "atMost"));
        let by_value = text(rule, "bound") == Some("value");
        let fewest = number(rule, "minimumN");
        let slices = texts(rule, "slices");
        let wanted = {
            let bounds =
                [least.map(|least| format!("at least {least}")), most.map(|most| format!("at most {most}"))];
            let bounds: Vec<String> = bounds.into_iter().flatten().collect();
            let what = if by_value { "" } else { " with its confidence interval" };
            let n = fewest.map(|n| format!(" on at least {n} cases")).unwrap_or_default();
            let of = match (slices.is_empty(), flag(rule, "everySlice")) {
                (true, false) => String::new(),
                (true, true) => ", for every part of the data".to_owned(),
                (false, every) => {
                    format!(
                        ", for {}{}",
                        slices.join(", "),
                        if every { " and every other part of the data" } else { "" }
                    )
                }
            };
            format!("{definition} is {}{what}{n}{of}{}", bounds.join(" and "), by_whom(rule))
        };
        let is_counted = |slice: Option<&str>| match slice {
            None => slices.is_empty(),
            Some(slice) => slices.contains(&slice) || flag(rule, "everySlice"),
        };
        let mut met: Vec<Option<&str>> = Vec::new();
        let evaluations = self.candidates("EvaluationAttestation");
        for one in evaluations.into_iter().filter(|one| self.is_by_whom(rule, one)) {
            let metrics = one.credential.content.pointer("/credentialSubject/metric").map(Json::one_or_many);
            for metric in metrics
                .unwrap_or_default()
                .iter()
                .filter(|metric| text(metric, "definition") == Some(definition))
            {
                let slice = text(metric, "slice");
                if !is_counted(slice) {
                    continue;
                }
                let level = text(rule, "level").unwrap_or("0.95");
                if let Err(why) = keeps_to(metric, least, most, (!by_value).then_some(level), fewest) {
                    let of = slice.map(|slice| format!(" for {slice}")).unwrap_or_default();
                    return (
                        wanted,
                        Err((
                            "policy.metric-out-of-bounds",
                            format!("{why}{of}, in `{}`", one.credential.id),
                        )),
                    );
                }
                met.push(slice);
            }
        }
        let missing = slices.iter().find(|wanted| !met.contains(&Some(**wanted)));
        let found = match missing {
            Some(slice) => Err(("policy.metric-missing", format!("nothing is said for {slice}"))),
            None if slices.is_empty() && !met.contains(&None) => {
                Err(("policy.metric-missing", "no such result is here".to_owned()))
            }
            None => Ok(format!("{} result{}", met.len(), if met.len() == 1 { "" } else { "s" })),
        };
        (wanted, found)
    }

    fn monitoring_wanted(&self, rule: &Json) -> String {
        let age = number(rule, "maxAgeDays").map(|days| format!(", the last period at most {days} days ago"));
        format!(
            "it is monitored where it runs, in time and within its plan{}{}",
            by_whom(rule),
            age.unwrap_or_default()
        )
    }

    fn monitoring(&self, rule: &Json) -> Result<String, Broken> {
        let now = self.facts.judge.now;
        let issuers = texts(rule, "issuers");
        let by_one_of = |one: &Examined| {
            issuers.is_empty()
                || one.credential.issuer.as_deref().is_some_and(|issuer| issuers.contains(&issuer))
        };
        let missing = |message: &str| Err(("policy.monitoring-missing", message.to_owned()));
        let deployments: Vec<_> =
            self.candidates("DeploymentAttestation").into_iter().filter(|one| by_one_of(one)).collect();
        if deployments.is_empty() {
            return missing("no deployment of it is here");
        }
        for deployment in &deployments {
            // Whoever runs it has to have looked at what is running.
            let all = self.facts.about(deployment, "MonitoringAttestation");
            let own = all.iter().filter(|one| {
                monitors(one, deployment) && one.credential.issuer == deployment.credential.issuer
            });
            let end = |one: &Examined| text_at(one, "/credentialSubject/period/endDate").map(str::to_owned);
            let Some(newest) = own.max_by_key(|one| end(one)) else {
                return missing(&format!("there is none for the deployment `{}`", deployment.credential.id));
            };
            let id = &newest.credential.id;
            if text_at(newest, "/credentialSubject/outcome") != Some("within-plan") {
                return Err(("policy.monitoring-breach", format!("`{id}` found it outside of its plan")));
            }
            let due = text_at(newest, "/credentialSubject/nextDue").unwrap_or_default();
            if end_of(due).is_none_or(|due| due < now) {
                return Err((
                    "policy.monitoring-overdue",
                    format!("the next one was due on {due}, after `{id}`"),
                ));
            }
            let ended = end(newest).unwrap_or_default();
            let is_old = |days: i64| {
                end_of(&ended).is_none_or(|end| end.plus_secs(days.saturating_mul(SECS_A_DAY)) < now)
            };
            if number(rule, "maxAgeDays").is_some_and(is_old) {
                return Err((
                    "policy.monitoring-overdue",
                    format!("the last period of `{id}` ended on {ended}"),
                ));
            }
        }
        Ok(format!("at {} deployment{}", deployments.len(), if deployments.len() == 1 { "" } else { "s" }))
    }

    fn permission(&self) -> Result<String, Broken> {
        // Every model and every run on the way has to name its data and models by passports that hold here.
        let makers = self
            .line()
            .filter(|one| matches!(one.credential.kind, Some("ModelPassport" | "ProcessingAttestation")));
        let rests_on = |reference: &&Reference| {
            let relation = reference.relation.as_str();
            let is_thing =
                matches!(reference.kind.as_str(), "Dataset" | "DatasetPassport" | "Model" | "ModelPassport");
            is_thing && (DATA.contains(&relation) || BASE.contains(&relation) || relation == "used")
        };
        let mut inputs = makers.flat_map(|one| &one.references).filter(rests_on);
        if let Some(reference) = inputs.find(|reference| self.facts.held.pinned(&reference.digest).is_none())
        {
            return Err((
                "policy.permission-unknown",
                format!("`{}` has no passport that holds here", reference.id),
            ));
        }
        let datasets = self.candidates("DatasetPassport");
        let permits = |one: &&&Examined| {
            let pointer = "/credentialSubject/governance/commercialValidationPermitted";
            one.credential.content.pointer(pointer).and_then(Json::as_bool) == Some(true)
        };
        match datasets.iter().find(|one| !permits(one)) {
            Some(one) => Err((
                "policy.permission-missing",
                format!("`{}` does not say that it does", one.credential.id),
            )),
            None if datasets.is_empty() => {
                Err(("policy.permission-unknown", "it names no data set".to_owned()))
            }
            None => Ok(format!("{} of them", datasets.len())),
        }
    }

    fn basis(&self, rule: &Json) -> (String, Result<String, Broken>) {
        let (kind, groups) = (text(rule, "kind").unwrap_or_default(), texts(rule, "groups"));
        let mut allowed = texts(rule, "basis");
        if allowed.is_empty() {
            allowed.push("measured");
        }
        let wanted = format!("{} of every {kind} is {}", groups.join(", "), allowed.join(" or "));
        let candidates = self.candidates(kind);
        if candidates.is_empty() {
            return (wanted, Err(("policy.basis", "there is none here".to_owned())));
        }
        for one in &candidates {
            for group in &groups {
                let value =
                    one.credential.content.get("credentialSubject").and_then(|subject| subject.get(group));
                let nodes = value.map(Json::one_or_many).unwrap_or_default();
                let other = nodes
                    .iter()
                    .map(|node| text(node, "basis"))
                    .find(|basis| basis.is_none_or(|basis| !allowed.contains(&basis)));
                let found = match other {
                    _ if nodes.is_empty() => "left out",
                    None => continue,
                    Some(basis) => basis.unwrap_or("without a basis"),
                };
                let message = format!("{group} of `{}` is {found}", one.credential.id);
                return (wanted, Err(("policy.basis", message)));
            }
        }
        (wanted, Ok(format!("in {} here", candidates.len())))
    }

    fn base_models(&self, rule: &Json) -> Result<String, Broken> {
        let allowed = texts(rule, "allowed");
        // Its own and those of everything that it was made from; what a run used of models counts as well.
        let is_base = |reference: &&Reference| {
            let is_model = matches!(reference.kind.as_str(), "Model" | "ModelPassport");
            BASE.contains(&reference.relation.as_str()) || (reference.relation == "used" && is_model)
        };
        let mut count = 0_usize;
        for base in self.line().flat_map(|one| &one.references).filter(is_base) {
            // A name is the maker's word, but for that of a passport that is here and holds.
            let by_name = self.facts.held.pinned(&base.digest).is_some();
            let is_allowed = |allowed: &&str| *allowed == base.digest || (by_name && *allowed == base.id);
            if !allowed.iter().any(is_allowed) {
                return Err(("policy.base-model", format!("`{}` names `{}`", base.relation, base.id)));
            }
            count += 1;
        }
        Ok(if count == 0 { "it names none".to_owned() } else { format!("{count} of them") })
    }

    fn files(&self) -> Result<String, Broken> {
        let (credential, files) = (&self.subject.credential, self.facts.files);
        if credential.kind != Some("ModelPassport") {
            return Err(("policy.no-subject", "it is no model".to_owned()));
        }
        // What a loader does with a file goes by its name.
        if let Some(other) = checks::not_listed(credential, files) {
            let path: String = other.path.chars().take(200).collect();
            return Err((
                "policy.files-others",
                format!("`{path}` is none of them, or has another name there"),
            ));
        }
        match checks::at_hand(credential, files) {
            (_, 0) => Err(("policy.files-not-listed", "its passport lists no files".to_owned())),
            (found, all) if found == all => Ok(format!("{all} of {all}")),
            (found, all) => Err(("policy.files-missing", format!("{found} of {all}"))),
        }
    }

    fn no_files(&self, rule: &Json) -> Result<String, Broken> {
        let endings: Vec<String> =
            texts(rule, "endings").iter().map(|ending| ending.to_lowercase()).collect();
        let files = self.subject.credential.content.pointer("/credentialSubject/artifactManifest/file");
        let files = files.map(Json::one_or_many).unwrap_or_default();
        if files.is_empty() {
            return Err(("policy.files-not-listed", "its passport lists no files".to_owned()));
        }
        let is_one =
            |path: &&str| endings.iter().any(|ending| path.to_lowercase().ends_with(ending.as_str()));
        match files.iter().filter_map(|file| text(file, "path")).find(is_one) {
            Some(path) => Err(("policy.file-type", format!("`{path}` does"))),
            None => Ok(format!("{} files", files.len())),
        }
    }

    /// By the site's own evaluations of both models where they are here, else by what the maker states.
    fn no_regression(&self, rule: &Json) -> Result<String, Broken> {
        let site = text(rule, "site").unwrap_or_default();
        let unknown = |why: &str| Err(("policy.regression-unknown", why.to_owned()));
        let revised: Vec<_> =
            self.subject.references.iter().filter(|one| one.relation == "wasRevisionOf").collect();
        let Some(revised) = revised.first() else {
            // Another model of its line shows that something is not said.
            let line = text_at(self.subject, "/credentialSubject/modelLine");
            let others = self.facts.of_kind("ModelPassport").filter(|other| {
                text_at(other, "/credentialSubject/id") != text_at(self.subject, "/credentialSubject/id")
            });
            let mut others = others
                .filter(|other| line.is_some() && text_at(other, "/credentialSubject/modelLine") == line);
            return match others.next() {
                Some(other) => {
                    unknown(&format!("it does not say what it changed beside `{}`", other.credential.id))
                }
                None => Ok("it is no revision of another".to_owned()),
            };
        };
        let own = |subject: &Examined| -> Vec<&'f Json> {
            let by_site = self.facts.about(subject, "EvaluationAttestation").into_iter();
            let by_site = by_site.filter(|one| one.credential.issuer.as_deref() == Some(site));
            let metrics =
                by_site.filter_map(|one| one.credential.content.pointer("/credentialSubject/metric"));
            metrics.flat_map(Json::one_or_many).collect()
        };
        let old: Vec<&Json> = self.facts.held.pinned(&revised.digest).map(own).unwrap_or_default();
        let new = own(self.subject);
        let on_same = |one: &Json, other: &Json| {
            let set = |metric: &Json| {
                metric.pointer("/dataset/digestMultibase").and_then(Json::as_str).map(str::to_owned)
            };
            ["definition", "slice"].iter().all(|name| text(one, name) == text(other, name))
                && set(one) == set(other)
        };
        let pairs: Vec<(&Json, &Json)> = new
            .iter()
            .flat_map(|new| old.iter().filter(|old| on_same(old, new)).map(|old| (*old, *new)))
            .collect();
        for (old, new) in &pairs {
            let definition = text(new, "definition").unwrap_or_default();
            let (before, after) =
                (text(old, "value").unwrap_or_default(), text(new, "value").unwrap_or_default());
            let margin = text(rule, "margin").unwrap_or("0.05");
            worse(rule, definition, text(new, "slice"), before, after, margin)?;
        }
        let deltas = self.subject.credential.content.pointer("/credentialSubject/revision/metricDelta");
        let deltas = deltas.map(Json::one_or_many).unwrap_or_default();
        let stated: Vec<&Json> = deltas.iter().filter(|delta| text(delta, "site") == Some(site)).collect();
        for delta in &stated {
            let of = |name| text(delta, name).unwrap_or_default();
            if of("direction") == "regressed" {
                return Err(regressed(of("metric"), text(delta, "slice"), of("old"), of("new")));
            }
            let limit = |margin| compare_decimals(margin, "0.05").is_some_and(std::cmp::Ordering::is_le);
            let margin = text(rule, "margin")
                .or(text(delta, "margin").filter(|margin| limit(margin)))
                .unwrap_or("0.05");
            worse(rule, of("metric"), text(delta, "slice"), of("old"), of("new"), margin)?;
        }
        match pairs.len().max(stated.len()) {
            0 => unknown("nothing is said of this site"),
            count => Ok(format!("{count} result{}", if count == 1 { "" } else { "s" })),
        }
    }
}

fn regressed(metric: &str, slice: Option<&str>, old: &str, new: &str) -> Broken {
    let slice = slice.map(|slice| format!(" for {slice}")).unwrap_or_default();
    ("policy.regression", format!("{metric}{slice} went from {old} to {new}"))
}

/// Whether a result got worse by more than the margin, whatever anybody calls it.
fn worse(
    rule: &Json,
    metric: &str,
    slice: Option<&str>,
    old: &str,
    new: &str,
    margin: &str,
) -> Result<(), Broken> {
    let (better, than) = if texts(rule, "lowerIsBetter").contains(&metric) { (old, new) } else { (new, old) };
    if is_below(better, than, margin) == Some(false) {
        Ok(())
    } else {
        Err(regressed(metric, slice, old, new))
    }
}

/// A model by its issuer and its content: the profile of passports names a thing by its content.
fn by_content(judge: &Judge, one: &Examined) -> Option<String> {
    let thing =
        text_at(one, "/credentialSubject/id").filter(|_| judge.policy.profile == Profile::Passport)?;
    Some(index::key(&[one.credential.issuer.as_deref()?, thing]))
}

fn monitors(one: &Examined, deployment: &Examined) -> bool {
    let digest = deployment.digest.to_multibase();
    one.references.iter().any(|reference| reference.relation == "monitors" && reference.digest == digest)
}

/// Whether a statement is not a rejection, nor an approval that has ended.
fn approves(one: &Examined, now: Timestamp) -> bool {
    if one.credential.kind != Some("ApprovalAttestation") {
        return true;
    }
    let decision = text_at(one, "/credentialSubject/approval/decision");
    let end = text_at(one, "/credentialSubject/approval/validThrough");
    matches!(decision, Some("approved" | "approved-with-conditions"))
        && end.is_none_or(|end| end_of(end).is_some_and(|end| end >= now))
}

/// Whether a result keeps to its bounds with all that is known of its uncertainty.
fn keeps_to(
    metric: &Json,
    least: Option<&str>,
    most: Option<&str>,
    level: Option<&str>,
    fewest: Option<i64>,
) -> Result<(), String> {
    let value = text(metric, "value").unwrap_or_default();
    let end = |name: &str| metric.get("interval").and_then(|interval| text(interval, name));
    let below =
        |number: &str, bound: &str| compare_decimals(number, bound).is_none_or(std::cmp::Ordering::is_lt);
    let above =
        |number: &str, bound: &str| compare_decimals(number, bound).is_none_or(std::cmp::Ordering::is_gt);
    if fewest.is_some_and(|fewest| number(metric, "n").is_none_or(|n| n < fewest)) {
        let n = number(metric, "n").map_or_else(|| "no number of cases".to_owned(), |n| format!("{n} cases"));
        return Err(format!("it rests on {n}"));
    }
    let (lower, upper) =
        if level.is_none() { (Some(value), Some(value)) } else { (end("lower"), end("upper")) };
    let (Some(lower), Some(upper)) = (lower, upper) else {
        return Err(format!("it is {value}, without an interval"));
    };
    if level.is_some_and(|least| below(end("level").unwrap_or_default(), least)) {
        return Err(format!(
            "it is {value}, and its interval has a level of {}",
            end("level").unwrap_or("nothing")
        ));
    }
    let is_low = |least| below(lower, least) || below(value, least);
    let is_high = |most| above(upper, most) || above(value, most);
    if least.is_some_and(is_low) || most.is_some_and(is_high) {
        let interval = if level.is_none() { String::new() } else { format!(" [{lower}, {upper}]") };
        return Err(format!("it is {value}{interval}"));
    }
    Ok(())
}

/// Who has to have issued it, and on what data, in words.
fn by_whom(rule: &Json) -> String {
    let issuers = texts(rule, "issuers");
    let mut words = String::new();
    if !issuers.is_empty() {
        words.push_str(&format!(" by {}", issuers.join(" or ")));
    }
    if flag(rule, "independent") {
        words.push_str(" by somebody else than the maker");
    }
    if let Some(origin) = text(rule, "dataOrigin") {
        words.push_str(&format!(" on {origin} data"));
    }
    words
}
