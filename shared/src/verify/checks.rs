//! The checks of one credential, each a function with the name that it has in the report.

use super::status::Lists;
use super::{Examined, Opened, Pending};
use crate::digest::Digest;
use crate::evidence::{Artifact, Document, Evidence, SeenList};
use crate::index;
use crate::json::{self, Json};
use crate::limits::MAX_REFERENCES;
use crate::lineage;
use crate::passport::Credential;
use crate::policy::{Policy, Profile, Trust};
use crate::profile;
use crate::report::{Check, CheckName, Outcome};
use crate::schema::Finding;
use crate::time::Timestamp;
use crate::vcdm::Version;

/// What every credential of one verification is judged by.
#[derive(Debug)]
pub(super) struct Judge {
    /// Documents that the shell answers for.
    pub(super) documents: Vec<Document>,
    /// Documents that came with the input, and are the word of whoever made it.
    pub(super) brought: Vec<Document>,
    /// Contexts that came as evidence. Only the proof-only profile reads others than the embedded ones.
    pub(super) contexts: Vec<(String, Json)>,
    /// The newest status lists that the shell remembers.
    pub(super) seen_lists: Vec<SeenList>,
    pub(super) policy: Policy,
    pub(super) trust: Trust,
    pub(super) now: Timestamp,
}

impl Judge {
    pub(super) fn new(evidence: &Evidence, policy: Policy, now: Timestamp) -> Self {
        let documents = evidence.documents.clone();
        let read = |document: &Document| {
            let json = json::parse(&document.text).ok().filter(|json| json.get("@context").is_some())?;
            Some((document.url.clone(), json))
        };
        let contexts = match policy.profile {
            Profile::Passport => Vec::new(),
            Profile::ProofOnly | Profile::Standard => documents.iter().filter_map(read).collect(),
        };
        let seen_lists = evidence.seen_lists.clone();
        let trust = Trust::read(&policy.trust);
        Self { documents, brought: Vec::new(), contexts, seen_lists, policy, trust, now }
    }

    /// Every check of one credential that needs no other credential and no signature.
    pub(super) fn examine(&self, opened: Opened, lists: &Lists) -> Examined {
        let Opened { mut credential, is_input, proofs } = opened;
        // Links pin the JSON as it came, whatever form of it is judged.
        let digest = credential.digest();
        let version = Version::of(&credential.content).unwrap_or(Version::V2);
        let mut needs = proofs.needs;
        let mut checks = match self.policy.profile {
            Profile::Passport => self.profile(&mut credential),
            Profile::Standard => self.standard(&mut credential, &mut needs),
            Profile::ProofOnly => self.proof_only(&mut credential),
        };
        checks.extend(proofs.checks);
        let (valid_from, validity) = self.validity(&credential.content, version);
        checks.push(validity);
        checks.extend(lists.status(&credential, &mut needs));
        checks.push(self.evidence(&credential.content));
        let references = lineage::references(&credential.content).unwrap_or_else(|| {
            let message = format!("more than {MAX_REFERENCES} links");
            checks.push(Check::new(CheckName::Lineage, Outcome::Fail, "lineage.too-many-links", message));
            Vec::new()
        });
        let is_part = !proofs.pending.is_empty() && proofs.pending.iter().all(Pending::is_disclosure);
        Examined {
            credential,
            digest,
            is_input,
            is_root: is_input,
            is_part,
            issuer_name: None,
            is_unrecognized: false,
            valid_from,
            references,
            needs,
            checks,
            pending: proofs.pending,
            signers: Vec::new(),
        }
    }

    fn profile(&self, credential: &mut Credential) -> Vec<Check> {
        let findings = credential.with_proof(profile::findings);
        if findings.is_empty() {
            let message = format!(
                "{} in its one allowed shape, every term of it signed",
                credential.kind.unwrap_or_default()
            );
            return vec![Check::new(CheckName::Profile, Outcome::Pass, "profile.ok", message)];
        }
        findings.into_iter().map(failed).collect()
    }

    /// Validity period ([VCDM 2.0, section 4.9](https://www.w3.org/TR/vc-data-model-2.0/#validity-period)).
    pub(super) fn validity(&self, content: &Json, version: Version) -> (Option<Timestamp>, Check) {
        let fail = |code, message: String| Check::new(CheckName::Validity, Outcome::Fail, code, message);
        let read = |name: &str| match content
            .get(name)
            .map(|value| value.as_str().unwrap_or_default().parse::<Timestamp>())
        {
            None => Ok(None),
            Some(Ok(time)) => Ok(Some(time)),
            Some(Err(cause)) => Err(fail("validity.malformed", cause.to_string()).at(format!("/{name}"))),
        };
        let (begin, end) = version.period();
        let (from, until) = match (read(begin), read(end)) {
            (Ok(from), Ok(until)) => (from, until),
            (Err(check), _) | (_, Err(check)) => return (None, check),
        };
        let skew = self.policy.clock_skew();
        let check = match (from, until) {
            (Some(from), Some(until)) if until < from => {
                fail("validity.reversed", format!("it ends ({until}) before it begins ({from})"))
                    .at(format!("/{end}"))
            }
            (Some(from), _) if from > self.now.plus_secs(skew) => {
                let message = format!("it is valid only from {from}, and it is {}", self.now);
                fail("validity.not-yet-valid", message)
                    .at(format!("/{begin}"))
                    .with_help("check the clock of this machine, or wait")
            }
            (_, Some(until)) if until < self.now.plus_secs(-skew) => {
                let message = format!("it was valid until {until}, and it is {}", self.now);
                fail("validity.expired", message)
                    .at(format!("/{end}"))
                    .with_help("ask the issuer for a current one")
            }
            (from, until) => {
                let from = from.map_or_else(|| "any time".to_owned(), |from| from.to_string());
                let until =
                    until.map_or_else(|| "without an end".to_owned(), |until| format!("until {until}"));
                Check::new(
                    CheckName::Validity,
                    Outcome::Pass,
                    "validity.ok",
                    format!("valid from {from} {until}"),
                )
            }
        };
        (from, check)
    }

    /// How the claims are known, by the groups' own word.
    fn evidence(&self, content: &Json) -> Check {
        if self.policy.profile == Profile::ProofOnly {
            return Check::new(
                CheckName::Evidence,
                Outcome::NotApplicable,
                "evidence.not-asked",
                "not asked for",
            );
        }
        let mut bases = Vec::new();
        collect_bases(content, &mut bases);
        if bases.is_empty() && self.policy.profile == Profile::Standard {
            let message = "it does not say how its claims are known";
            return Check::new(CheckName::Evidence, Outcome::NotApplicable, "evidence.not-stated", message);
        }
        index::sort(&mut bases);
        let list: Vec<String> = bases
            .chunk_by(|a, b| a == b)
            .filter_map(|alike| Some(format!("{} {}", alike.len(), alike.first()?)))
            .collect();
        let message = format!("groups of claims by how they are known: {}", list.join(", "));
        Check::new(CheckName::Evidence, Outcome::Pass, "evidence.stated", message)
    }
}

pub(super) fn failed(finding: Finding) -> Check {
    let mut check =
        Check::new(CheckName::Profile, Outcome::Fail, finding.code, finding.message).at(finding.pointer);
    check.help = finding.help.map(Into::into);
    check
}

fn collect_bases<'j>(value: &'j Json, bases: &mut Vec<&'j str>) {
    match value {
        Json::Object(object) => {
            if let Some(basis) = object.get("basis").and_then(Json::as_str) {
                bases.push(basis);
            }
            object.iter().for_each(|(_, value)| collect_bases(value, bases));
        }
        Json::Array(items) => items.iter().for_each(|item| collect_bases(item, bases)),
        _ => {}
    }
}

/// A selective disclosure is a part of what its issuer said. Which of the other parts there are cannot be seen, so
/// one that matters and is not there may have been left out.
pub(super) fn disclosure(content: &Json, references: &[lineage::Reference], profile: Profile) -> Check {
    let absent = [
        ("an end of its validity", content.get("validUntil").is_none()),
        ("a status by which it could be recalled", content.get("credentialStatus").is_none()),
        ("what it builds on", references.is_empty()),
    ];
    let absent: Vec<&str> = absent.iter().filter(|(_, absent)| *absent).map(|(what, _)| *what).collect();
    if absent.is_empty() || profile == Profile::ProofOnly {
        let message = "a selective disclosure: its holder chose what to show of a longer credential";
        return Check::new(CheckName::Proof, Outcome::Pass, "disclosure.partial", message);
    }
    let message = format!(
        "a selective disclosure: its holder chose what to show, and may have left out {}",
        absent.join(", ")
    );
    Check::new(CheckName::Proof, Outcome::Warn, "disclosure.absent", message)
        .with_help("ask the holder for the whole credential, or its issuer whether it says so")
}

/// The verifier's own rules.
pub(super) fn policy(policy: &Policy) -> Check {
    if policy == &Policy::default() {
        return Check::new(
            CheckName::Policy,
            Outcome::NotApplicable,
            "policy.none",
            "no rules beyond those that always hold",
        );
    }
    if policy.profile == Profile::ProofOnly {
        let message = "proof-only: whose key signed, and what the credential says, was not judged";
        return Check::new(CheckName::Policy, Outcome::Warn, "policy.proof-only", message);
    }
    let name = policy.name.as_deref().map(|name| format!(" of {name}")).unwrap_or_default();
    let message = format!("the rules given{name} were applied in the checks above and below");
    Check::new(CheckName::Policy, Outcome::Pass, "policy.applied", message)
}

/// One file of an artefact manifest, or the whole tree of one that is too large to list its files.
struct Listed<'c> {
    node: &'c str,
    /// Nothing for a tree.
    path: &'c str,
    /// How many files it stands for.
    count: i64,
    /// A directory, which no single file can be.
    is_tree: bool,
    /// None of data about people, of which the digest alone is told, keyed with their holder's secret.
    size: Option<i64>,
    digest: Digest,
    root: Option<Digest>,
}

/// Files at hand against all manifests of the credentials reached: each file must be one of a manifest, and a
/// manifest is satisfied when all its files are at hand.
pub(super) fn artifacts(examined: &[&Examined], files: &[Artifact], policy: &Policy) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut listed_anywhere = Vec::new();
    for one in examined {
        let node = one.credential.id.as_str();
        let listed = comparable(&one.credential, files);
        let (found, all) = counts(&listed, files);
        let check = match (all, found) {
            (0, _) if policy.require_artifacts && has_manifest(&one.credential) => Check::new(
                CheckName::Artifacts,
                Outcome::NotChecked,
                "artifacts.not-listed",
                "it lists no files, so that none can be held against it",
            )
            .with_help("ask its holder, who alone can tell"),
            (0, _) => Check::new(
                CheckName::Artifacts,
                Outcome::NotApplicable,
                "artifacts.none",
                "it lists no files",
            ),
            (all, found) if found == all && one.blocked().is_some() => {
                let message = format!("the {all} files are as listed, by a credential that does not hold");
                Check::new(CheckName::Artifacts, Outcome::NotChecked, "artifacts.list-not-verified", message)
                    .optional()
            }
            (1, 1) if listed.iter().all(|listed| !listed.is_tree) => Check::new(
                CheckName::Artifacts,
                Outcome::Pass,
                "artifacts.ok",
                "its file is at hand, byte for byte",
            ),
            (all, found) if found == all => {
                let message = if listed.iter().any(|listed| listed.size.is_none()) {
                    "all its files are at hand, byte for byte".to_owned()
                } else {
                    format!("all {all} files are at hand, byte for byte")
                };
                Check::new(CheckName::Artifacts, Outcome::Pass, "artifacts.ok", message)
            }
            (all, found) => {
                let message = format!("{found} of the {all} files that it lists were held against it");
                let check =
                    Check::new(CheckName::Artifacts, Outcome::NotChecked, "artifacts.not-at-hand", message)
                        .with_help("give the files, to know that they are the ones this is about");
                if policy.require_artifacts { check } else { check.optional() }
            }
        };
        checks.push(Check { node: Some(node.to_owned()), ..check });
        listed_anywhere.extend(listed);
    }
    for file in files {
        if listed_anywhere.iter().any(|listed| listed.is(file)) {
            continue;
        }
        let namesake = listed_anywhere
            .iter()
            .find(|listed| !listed.path.is_empty() && base_name(listed.path) == base_name(&file.path));
        checks.push(match namesake {
            Some(listed) => {
                let message =
                    format!("the file `{}` differs from `{}` as it was signed", file.path, listed.path);
                let check = Check::new(CheckName::Artifacts, Outcome::Fail, "artifacts.mismatch", message)
                    .with_help("this is not the file that the passport is about: do not use it in its place");
                Check { node: Some(listed.node.to_owned()), ..check }
            }
            None => {
                let message = format!("the file `{}` is not one that these credentials list", file.path);
                let help = if examined.iter().any(|one| is_sealed(&one.credential)) {
                    "nothing here speaks about this file by itself; data about people are compared as a whole, with the \
                     secrets of their holder"
                } else {
                    "nothing here speaks about this file"
                };
                Check::new(CheckName::Artifacts, Outcome::Fail, "artifacts.unknown-file", message)
                    .with_help(help)
            }
        });
    }
    checks
}

/// How many of the files that a credential lists are at hand, and how many it lists.
pub(super) fn at_hand(credential: &Credential, files: &[Artifact]) -> (i64, i64) {
    counts(&comparable(credential, files), files)
}

/// The first of the files at hand that a credential does not list under the name that it has here.
pub(super) fn not_listed<'f>(credential: &Credential, files: &'f [Artifact]) -> Option<&'f Artifact> {
    let listed = manifest(credential);
    let is_it = |file: &Artifact, listed: &Listed<'_>| {
        let path = file.path.replace('\\', "/");
        let has_name = listed.is_tree || path == listed.path || path.ends_with(&format!("/{}", listed.path));
        has_name && listed.is(file)
    };
    files.iter().find(|file| !listed.iter().any(|listed| is_it(file, listed)))
}

fn counts(listed: &[Listed<'_>], files: &[Artifact]) -> (i64, i64) {
    let found = listed.iter().filter(|listed| files.iter().any(|file| listed.is(file)));
    (found.map(|listed| listed.count).sum(), listed.iter().map(|listed| listed.count).sum())
}

/// What a credential lists that can be compared: whoever has no secret has nothing to hold against a sealed set.
fn comparable<'c>(credential: &'c Credential, files: &[Artifact]) -> Vec<Listed<'c>> {
    let mut listed = manifest(credential);
    listed.retain(|listed| listed.size.is_some() || files.iter().any(|file| listed.is(file)));
    listed
}

fn has_manifest(credential: &Credential) -> bool {
    credential.content.pointer("/credentialSubject/artifactManifest").is_some()
}

fn is_sealed(credential: &Credential) -> bool {
    manifest(credential).iter().any(|listed| listed.size.is_none())
}

fn manifest(credential: &Credential) -> Vec<Listed<'_>> {
    let Some(manifest) = credential.content.pointer("/credentialSubject/artifactManifest") else {
        return Vec::new();
    };
    let node = credential.id.as_str();
    let Some(files) = manifest.get("file") else {
        let whole = || {
            let (count, size) = match manifest.get("fileCount") {
                Some(count) => (count.as_i64()?, Some(manifest.get("totalSize")?.as_i64()?)),
                None => (1, None),
            };
            Some(Listed {
                node,
                path: "",
                count,
                is_tree: true,
                size,
                digest: digest(manifest, "digestMultibase")?,
                root: None,
            })
        };
        return whole().into_iter().collect();
    };
    files.one_or_many().iter().filter_map(|file| listed(node, file)).collect()
}

fn listed<'c>(node: &'c str, file: &'c Json) -> Option<Listed<'c>> {
    Some(Listed {
        node,
        path: file.get("path").and_then(Json::as_str)?,
        count: 1,
        is_tree: false,
        size: Some(file.get("size").and_then(Json::as_i64)?),
        digest: digest(file, "digestMultibase")?,
        root: digest(file, "merkleRoot"),
    })
}

fn digest(node: &Json, member: &str) -> Option<Digest> {
    Digest::from_multibase(node.get(member)?.as_str()?).ok()
}

impl Listed<'_> {
    fn is(&self, file: &Artifact) -> bool {
        let same_kind = match file.file_count {
            Some(count) => self.is_tree && (self.size.is_none() || i64::try_from(count) == Ok(self.count)),
            None => !self.is_tree,
        };
        let size = self.size.or_else(|| i64::try_from(file.size).ok());
        same_kind && size.is_some_and(|size| file.is(size, &self.digest, self.root.as_ref()))
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
