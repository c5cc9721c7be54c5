//! The structure of a credential, rule by rule.

use super::Version;
use crate::index::Index;
use crate::json::{At, Json, Object};
use crate::limits::MAX_FINDINGS;
use crate::rdf::{is_absolute_iri, is_language_tag};
use crate::schema::Finding;
use crate::time::Timestamp;

/// Findings on their way.
#[derive(Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    pub(super) fn add(&mut self, at: &At<'_>, code: &'static str, message: impl Into<String>, help: &str) {
        if self.list.len() < MAX_FINDINGS {
            let (pointer, message) = (at.pointer(), message.into());
            self.list.push(Finding { pointer, code, message, help: Some(help.to_owned()) });
        }
    }

    pub(super) fn into_list(self) -> Vec<Finding> {
        self.list
    }
}

/// Everything about a credential that can be said without knowing its terms.
pub(super) fn credential(document: &Json) -> Vec<Finding> {
    let mut findings = Findings::default();
    let Some(object) = document.as_object() else {
        findings.add(
            &At::ROOT,
            "vcdm.credential",
            "a credential is not an object",
            "write it as a JSON object",
        );
        return findings.into_list();
    };
    contexts(object, &mut findings);
    types(object, "VerifiableCredential", &At::ROOT, &mut findings);
    identifier(object, &At::ROOT, &mut findings);
    issuer(object, &mut findings);
    subjects(object, &mut findings);
    let version = Version::of(document).unwrap_or(Version::V2);
    period(object, version, &mut findings);
    texts(object, &At::ROOT, &mut findings);
    for (name, id) in PARTS {
        typed_parts(object, name, id, version, &mut findings);
    }
    related_resources(object, &mut findings);
    proofs(object, &mut findings);
    findings.into_list()
}

/// Whether a part has to have an identifier.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Id {
    Optional,
    Required,
    /// Required by version 1.1 only.
    RequiredByV1,
}

/// The members whose values are objects with a type, [sections 4.10 to 5.6](https://www.w3.org/TR/vc-data-model-2.0/#status).
const PARTS: [(&str, Id); 5] = [
    ("credentialSchema", Id::Required),
    ("credentialStatus", Id::RequiredByV1),
    ("evidence", Id::Optional),
    ("refreshService", Id::RequiredByV1),
    ("termsOfUse", Id::Optional),
];

/// [Section 4.3](https://www.w3.org/TR/vc-data-model-2.0/#contexts): the base context first, then URLs and objects.
pub(super) fn contexts(object: &Object, findings: &mut Findings) {
    let at = At::ROOT.member("@context");
    let first = "the first context is `https://www.w3.org/ns/credentials/v2`";
    let Some(value) = object.get("@context") else {
        return findings.add(&at, "vcdm.context", "`@context` is missing", first);
    };
    // An ordered set: version 2.0 wants an array, and one URL alone is the same set.
    let items = value.one_or_many();
    if Version::of(&Json::from(Object::from_iter([("@context", value.clone())]))).is_none() {
        findings.add(&at, "vcdm.context", "`@context` does not begin with the context of credentials", first);
    }
    for (index, item) in items.iter().enumerate() {
        let taken = item.as_object().is_some() || item.as_str().is_some_and(is_url);
        if !taken {
            let at = at.item(index);
            findings.add(&at, "vcdm.context", "a context is neither a URL nor an object", first);
        }
    }
}

/// [Section 4.5](https://www.w3.org/TR/vc-data-model-2.0/#types): terms or URLs, one of them `wanted`.
pub(super) fn types(object: &Object, wanted: &str, at: &At<'_>, findings: &mut Findings) {
    let at = at.member("type");
    let items = object.get("type").map(Json::one_or_many).unwrap_or_default();
    if !items.iter().any(|item| item.as_str() == Some(wanted)) {
        let message = format!("`type` does not name `{wanted}`");
        findings.add(&at, "vcdm.type", message, "each kind of object says what it is");
    }
    if items.iter().any(|item| item.as_str().is_none_or(str::is_empty)) {
        findings.add(&at, "vcdm.type", "a type is not a text", "types are terms or absolute URLs");
    }
}

/// [Section 4.4](https://www.w3.org/TR/vc-data-model-2.0/#identifiers): if there, a single URL.
pub(super) fn identifier(object: &Object, at: &At<'_>, findings: &mut Findings) {
    if object.get("id").is_some_and(|id| !id.as_str().is_some_and(is_url)) {
        let help = "an identifier is one absolute URL, such as `urn:uuid:…`";
        findings.add(&at.member("id"), "vcdm.id", "`id` is not a single URL", help);
    }
}

/// A URL, or an object with one as its `id`: [issuer](https://www.w3.org/TR/vc-data-model-2.0/#issuer) and
/// [holder](https://www.w3.org/TR/vc-data-model-2.0/#verifiable-presentations).
pub(super) fn party(value: &Json, name: &str, code: &'static str, findings: &mut Findings) {
    let at = At::ROOT.member(name);
    let id = value.as_str().or_else(|| value.get("id").and_then(Json::as_str));
    if !id.is_some_and(is_url) {
        let message = format!("`{name}` is neither a URL nor an object with one as its `id`");
        findings.add(&at, code, message, "name it by its DID or another URL");
    }
    if let Some(object) = value.as_object() {
        texts(object, &at, findings);
    }
}

fn issuer(object: &Object, findings: &mut Findings) {
    match object.get("issuer") {
        Some(value) => party(value, "issuer", "vcdm.issuer", findings),
        None => {
            let at = At::ROOT.member("issuer");
            findings.add(&at, "vcdm.issuer", "`issuer` is missing", "a credential says who issued it");
        }
    }
}

/// [Section 4.8](https://www.w3.org/TR/vc-data-model-2.0/#credential-subject): one or more objects that say something.
fn subjects(object: &Object, findings: &mut Findings) {
    let at = At::ROOT.member("credentialSubject");
    let help = "a credential says something about one subject or several";
    let items = object.get("credentialSubject").map(Json::one_or_many).unwrap_or_default();
    if items.is_empty() {
        return findings.add(&at, "vcdm.subject", "`credentialSubject` is missing or empty", help);
    }
    for (index, item) in items.iter().enumerate() {
        let item_at = at.item(index);
        let at = if items.len() > 1 { &item_at } else { &at };
        match item.as_object() {
            Some(subject) if !subject.is_empty() => identifier(subject, at, findings),
            _ => findings.add(at, "vcdm.subject", "a subject is not an object that says something", help),
        }
    }
}

/// [Section 4.9](https://www.w3.org/TR/vc-data-model-2.0/#validity-period), and
/// [sections 4.5](https://www.w3.org/TR/2022/REC-vc-data-model-20220303/#issuance-date) and 4.7 of version 1.1.
fn period(object: &Object, version: Version, findings: &mut Findings) {
    let (from, until) = version.period();
    let mut read = |name: &'static str| {
        let value = object.get(name)?;
        let time = value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
        if time.is_none() {
            let message = format!("`{name}` is not a time with its zone");
            let help = "write it such as 2026-11-21T10:00:00Z";
            findings.add(&At::ROOT.member(name), "vcdm.time", message, help);
        }
        time
    };
    if let (Some(begin), Some(end)) = (read(from), read(until))
        && end < begin
    {
        let message = format!("`{until}` ({end}) is before `{from}` ({begin})");
        findings.add(&At::ROOT.member(until), "vcdm.time", message, "a credential ends after it begins");
    }
    if version == Version::V1 && !object.contains(from) {
        let message = "`issuanceDate` is missing, which version 1.1 requires";
        findings.add(&At::ROOT.member(from), "vcdm.time", message, "say from when it holds");
    }
    let (other_from, other_until) = match version {
        Version::V1 => Version::V2.period(),
        Version::V2 => Version::V1.period(),
    };
    for name in [other_from, other_until] {
        if object.contains(name) {
            let message = format!("`{name}` belongs to another version of the data model");
            let help = "one credential follows one version, so that its times have one reading";
            findings.add(&At::ROOT.member(name), "vcdm.time", message, help);
        }
    }
}

/// [Section 4.6](https://www.w3.org/TR/vc-data-model-2.0/#names-and-descriptions) and
/// [section 11.1](https://www.w3.org/TR/vc-data-model-2.0/#language-and-base-direction): texts, perhaps in a language.
pub(super) fn texts(object: &Object, at: &At<'_>, findings: &mut Findings) {
    for name in ["name", "description"] {
        let at = at.member(name);
        let items = object.get(name).map(Json::one_or_many).unwrap_or_default();
        if items.iter().any(|item| !is_text(item)) {
            let message = format!("`{name}` is neither a text nor a text in a language");
            let help = "an object has `@value`, and perhaps `@language` and `@direction`, and nothing else";
            findings.add(&at, "vcdm.text", message, help);
        }
    }
}

fn is_text(value: &Json) -> bool {
    let Some(object) = value.as_object() else { return value.as_str().is_some() };
    object.get("@value").is_some_and(|text| text.as_str().is_some())
        && object.iter().all(|(name, value)| match (name, value.as_str()) {
            ("@value", _) => true,
            ("@language", Some(tag)) => is_language_tag(tag),
            ("@direction", Some(direction)) => matches!(direction, "ltr" | "rtl"),
            _ => false,
        })
}

fn typed_parts(object: &Object, name: &str, id: Id, version: Version, findings: &mut Findings) {
    let Some(value) = object.get(name) else { return };
    let at = At::ROOT.member(name);
    let items = value.one_or_many();
    for (index, item) in items.iter().enumerate() {
        let item_at = at.item(index);
        let at = if value.as_array().is_some() { &item_at } else { &at };
        let Some(part) = item.as_object() else {
            let message = format!("a `{name}` is not an object");
            findings.add(at, "vcdm.part", message, "it is an object with a type");
            continue;
        };
        let kinds = part.get("type").map(Json::one_or_many).unwrap_or_default();
        if kinds.is_empty() || kinds.iter().any(|kind| kind.as_str().is_none_or(str::is_empty)) {
            let message = format!("a `{name}` says no type");
            findings.add(&at.member("type"), "vcdm.part", message, "its type says how to read it");
        }
        identifier(part, at, findings);
        let required = id == Id::Required || id == Id::RequiredByV1 && version == Version::V1;
        if required && !part.contains("id") {
            let message = format!("a `{name}` has no `id`");
            findings.add(&at.member("id"), "vcdm.part", message, "its `id` says where it is");
        }
    }
}

/// [Section 5.3](https://www.w3.org/TR/vc-data-model-2.0/#integrity-of-related-resources)
fn related_resources(object: &Object, findings: &mut Findings) {
    let Some(value) = object.get("relatedResource") else { return };
    let at = At::ROOT.member("relatedResource");
    let mut seen = Index::default();
    for (index, item) in value.one_or_many().iter().enumerate() {
        let at = at.item(index);
        let mut wrong = |message| {
            let help = "a related resource has a URL of its own and a digest";
            findings.add(&at, "vcdm.related-resource", message, help);
        };
        let Some(resource) = item.as_object() else {
            wrong("a related resource is not an object");
            continue;
        };
        match resource.get("id").and_then(Json::as_str).filter(|id| is_url(id)) {
            None => wrong("a related resource has no URL as its `id`"),
            Some(id) if !seen.insert(id) => wrong("two related resources have one `id`"),
            Some(_) => {}
        }
        let digests = ["digestSRI", "digestMultibase"].map(|name| resource.get(name));
        if digests.iter().flatten().next().is_none() {
            wrong("a related resource has neither `digestSRI` nor `digestMultibase`");
        }
        if digests.iter().flatten().any(|digest| digest.as_str().is_none()) {
            wrong("a digest of a related resource is not a text");
        }
        if resource.get("mediaType").is_some_and(|kind| kind.as_str().is_none()) {
            wrong("the `mediaType` of a related resource is not a text");
        }
    }
}

/// [Section 4.12](https://www.w3.org/TR/vc-data-model-2.0/#securing-mechanisms): each embedded proof says its type.
pub(super) fn proofs(object: &Object, findings: &mut Findings) {
    let items = object.get("proof").map(Json::one_or_many).unwrap_or_default();
    let typed =
        |proof: &Json| proof.get("type").map(Json::one_or_many).is_some_and(|kinds| !kinds.is_empty());
    if !items.iter().all(typed) {
        let at = At::ROOT.member("proof");
        findings.add(&at, "vcdm.proof", "a proof says no type", "its type says how to check it");
    }
}

/// A URL: an absolute IRI, with a host where its scheme has one.
pub(super) fn is_url(text: &str) -> bool {
    let rest = |scheme: &str| {
        text.get(..scheme.len())
            .filter(|start| start.eq_ignore_ascii_case(scheme))
            .and(text.get(scheme.len()..))
    };
    let web = rest("https:").or_else(|| rest("http:"));
    let has_host = |rest: &str| {
        rest.strip_prefix("//").is_some_and(|host| !host.is_empty() && !host.starts_with(['/', '?', '#']))
    };
    is_absolute_iri(text)
        && text.split_once(':').is_some_and(|(_, rest)| !rest.is_empty())
        && web.is_none_or(has_host)
}
