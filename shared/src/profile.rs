//! The strict profile of model passports: what a credential must look like before its signature is worth anything.
//!
//! A signature covers the statements that a credential makes, and many JSON texts make the same statements.
//! So that what is shown is what was signed, a passport has one shape only: exactly two contexts, no other
//! `@` name, a closed schema for each kind, no null, no empty array or object, no fractional number.

use crate::canon::jcs;
use crate::digest::Digest;
use crate::index;
use crate::json::{self, At, Json, Number, Object};
use crate::limits::MAX_FINDINGS;
use crate::passport::{CONTEXT, CREDENTIALS_V2, Credential, KINDS};
use crate::schema::{self, Finding};

/// What keeps a credential from being a model passport; empty if nothing does.
#[must_use]
pub fn findings(credential: &Credential, whole: &Json) -> Vec<Finding> {
    let mut findings = Vec::new();
    let expected = [CREDENTIALS_V2, CONTEXT];
    let contexts = whole.get("@context").and_then(Json::as_array).unwrap_or_default();
    if !contexts.iter().map(Json::as_str).eq(expected.map(Some)) {
        findings.push(finding(
            "/@context",
            "profile.contexts",
            format!("`@context` is not exactly [\"{CREDENTIALS_V2}\", \"{CONTEXT}\"]"),
            "other contexts could give the same words another meaning",
        ));
    }
    lint(whole, &At::ROOT, &mut findings);
    check_ids(whole, &mut findings);
    check_manifest(whole, &mut findings);
    match credential.kind.and_then(schema::for_kind) {
        Some(schema) => findings.extend(schema.validate(whole)),
        None => findings.push(finding(
            "/type",
            "profile.kind",
            format!("`type` does not name exactly one kind of passport ({})", KINDS.join(", ")),
            "ask for the standard profile to check a credential that is not a passport",
        )),
    }
    findings.truncate(MAX_FINDINGS);
    findings
}

fn finding(pointer: impl Into<String>, code: &'static str, message: String, help: &str) -> Finding {
    Finding { pointer: pointer.into(), code, message, help: Some(help.to_owned()) }
}

/// The rules that hold at any depth. Recursion is as shallow as the parser's limit.
fn lint(value: &Json, at: &At<'_>, findings: &mut Vec<Finding>) {
    if findings.len() >= MAX_FINDINGS {
        return;
    }
    let mut wrong = |code, message: String, help| findings.push(finding(at.pointer(), code, message, help));
    match value {
        Json::Null => {
            wrong("profile.null", "null says nothing that is signed".into(), "leave the member out")
        }
        Json::Number(Number::Double(_)) => wrong(
            "profile.fraction",
            format!("`{value}` is not an integer; implementations write such numbers differently"),
            "write decimals as strings",
        ),
        // A scalar has no dimensions. Shapes only stand in JSON literals, which are signed as they are.
        Json::Array(items) if items.is_empty() && at.name() == Some("shape") => {}
        Json::Array(items) if items.is_empty() => {
            wrong(
                "profile.empty",
                "an empty array says nothing that is signed".into(),
                "leave the member out",
            );
        }
        Json::Object(object) if object.is_empty() => {
            wrong(
                "profile.empty",
                "an empty object says nothing that is signed".into(),
                "leave the member out",
            );
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                lint(item, &at.item(index), findings);
            }
        }
        Json::Object(object) => {
            for (name, value) in object.iter() {
                let at = at.member(name);
                if name.starts_with('@') && findings.len() < MAX_FINDINGS && !is_context(&at.pointer()) {
                    findings.push(finding(
                        at.pointer(),
                        "profile.keyword",
                        format!("`{name}` is not allowed in a passport"),
                        "such names change what is signed without changing what is shown, or the reverse",
                    ));
                }
                lint(value, &at, findings);
            }
        }
        Json::Bool(_) | Json::Number(Number::Integer(_)) | Json::String(_) => {}
    }
}

/// The credential with its arrays in one order.
///
/// Statements are a set: a signature over them says nothing about the order of an array, unless the array is a
/// JSON literal. So whatever order it came in, the content is shown in this one.
#[must_use]
pub(crate) fn in_signed_order(mut content: Json) -> Json {
    JSON_TERMS.with(|terms| put_in_order(&mut content, terms));
    content
}

thread_local! {
    /// The terms of our context whose values are JSON literals, signed as they stand.
    static JSON_TERMS: Vec<String> = {
        let context = json::parse(model_passport_contexts::PASSPORT_V1.text).ok();
        let terms = context.as_ref().and_then(|context| context.get("@context")).and_then(Json::as_object);
        let is_literal = |definition: &Json| definition.get("@type").and_then(Json::as_str) == Some("@json");
        let terms = terms.into_iter().flat_map(Object::iter).filter(|(_, definition)| is_literal(definition));
        terms.map(|(name, _)| name.to_owned()).collect()
    };
}

fn put_in_order(value: &mut Json, literals: &[String]) {
    match value {
        Json::Array(items) => {
            items.iter_mut().for_each(|item| put_in_order(item, literals));
            *items = index::sorted(std::mem::take(items), |a, b| sort_key(a).cmp(&sort_key(b)));
        }
        Json::Object(object) => {
            for (name, value) in object.iter_mut() {
                // Contexts and types have one order in every passport.
                if !matches!(name, "@context" | "type") && !literals.iter().any(|literal| literal == name) {
                    put_in_order(value, literals);
                }
            }
        }
        Json::Bool(_) | Json::Null | Json::Number(_) | Json::String(_) => {}
    }
}

/// Nodes by identifier, shorter ones first, so that the tenth part follows the ninth; texts by their letters.
fn sort_key(item: &Json) -> (usize, &str) {
    match item.get("id").and_then(Json::as_str) {
        Some(id) => (id.len(), id),
        None => (0, item.as_str().unwrap_or_default()),
    }
}

/// One identifier, one node: what two objects with one `id` say could be told in either of them, and make the
/// same statements. Only links may repeat, and then they are the same link.
fn check_ids(whole: &Json, findings: &mut Vec<Finding>) {
    let mut nodes = Vec::new();
    collect_nodes(whole, &mut nodes);
    let nodes = index::sorted(nodes, |a, b| a.id.cmp(b.id));
    for [a, b] in nodes.array_windows() {
        if findings.len() < MAX_FINDINGS && a.id == b.id && (a.link.is_none() || a.link != b.link) {
            findings.push(finding(
                "",
                "profile.repeated-id",
                format!("two parts of the credential have the id `{}`", a.id),
                "what one of them says could be moved to the other without breaking the signature",
            ));
        }
    }
}

/// A model or a data set is called by the digest of its files, so the name, the digest, the sum of the sizes and the
/// list have to belong together: otherwise what is known of one thing could be said in the name of another. Where no
/// file is listed, what stands for them cannot be computed here, but the name still follows from the digest.
fn check_manifest(whole: &Json, findings: &mut Vec<Finding>) {
    const AT: &str = "/credentialSubject/artifactManifest";
    let Some(manifest) = whole.pointer(AT) else { return };
    let multibase = |node: &Json| Digest::from_multibase(node.get("digestMultibase")?.as_str()?).ok();
    // What is missing or malformed is the schema's affair.
    let Some(digest) = multibase(manifest) else { return };
    let mut wrong = |message: &str| {
        findings.push(finding(
            AT,
            "profile.manifest",
            message.to_owned(),
            "capture the files again, and change nothing",
        ));
    };
    let id = whole.pointer("/credentialSubject/id").and_then(Json::as_str);
    if id.is_some_and(|id| id.strip_prefix("urn:sha256:") != Some(&digest.to_hex())) {
        wrong("the subject is not called by the digest of its manifest");
    }
    let Some(files) = manifest.get("file").map(Json::one_or_many) else { return };
    let (mut entries, mut total) = (Vec::with_capacity(files.len()), 0_i64);
    for file in files {
        let (path, size) = (file.get("path").and_then(Json::as_str), file.get("size").and_then(Json::as_i64));
        let (Some(path), Some(size), Some(sha256)) = (path, size, multibase(file)) else { return };
        total = total.saturating_add(size);
        let size = Json::Number(Number::Integer(size));
        let entry = [("path", path.into()), ("size", size), ("sha256", sha256.to_hex().into())];
        entries.push((path, Json::from(Object::from_iter(entry))));
    }
    let entries = index::sorted(entries, |(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
    let list: Vec<Json> = entries.into_iter().map(|(_, entry)| entry).collect();
    if Digest::of(jcs::to_string(&Json::Array(list))) != digest {
        wrong("the digest of the manifest is not that of the files that it lists");
    }
    if manifest.get("totalSize").and_then(Json::as_i64).is_some_and(|said| said != total) {
        wrong("`totalSize` is not the sum of the sizes of the files");
    }
    if manifest.get("fileCount").is_some() {
        wrong("`fileCount` stands beside a list of files, which says it itself");
    }
}

struct NodeId<'j> {
    id: &'j str,
    /// Type and digest, of a link.
    link: Option<(&'j Json, &'j Json)>,
}

fn collect_nodes<'j>(value: &'j Json, nodes: &mut Vec<NodeId<'j>>) {
    match value {
        Json::Array(items) => items.iter().for_each(|item| collect_nodes(item, nodes)),
        Json::Object(object) => {
            if let (Some(Json::String(id)), Some(kind)) = (object.get("id"), object.get("type")) {
                let digest = object.get("digestMultibase").filter(|_| object.len() == 3);
                nodes.push(NodeId { id, link: digest.map(|digest| (kind, digest)) });
            }
            object.iter().for_each(|(_, value)| collect_nodes(value, nodes));
        }
        Json::Bool(_) | Json::Null | Json::Number(_) | Json::String(_) => {}
    }
}

/// The credential has a context, and the proofs of some suites repeat it, which verification compares.
fn is_context(pointer: &str) -> bool {
    let Some(parent) = pointer.strip_suffix("/@context") else { return false };
    matches!(parent, "" | "/proof")
        || parent.strip_prefix("/proof/").is_some_and(|index| !index.contains('/'))
}
