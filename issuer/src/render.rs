//! Reports and passports as text for people. Nothing is decided here and nothing is printed.

use std::collections::BTreeSet;

use model_passport::json::{Json, Number};
use model_passport::report::{Check, Node, NodeState, Outcome, Report, Verdict};

use crate::print::{Paint, Tone};

/// What no signature can promise, said with every verdict that is not a refusal.
pub(crate) const LIMITS_OF_A_SIGNATURE: &str = "A valid signature shows who says this and that nothing was changed \
since. It does not show that what is declared is true, or that the model is fit for a use.";

/// Longest value that is shown on one line.
const MAX_VALUE_CHARACTERS: usize = 100;
/// A DID longer than this is shown by its ends.
const MAX_DID_CHARACTERS: usize = 60;
const MAX_DID_HEAD: usize = 24;
const MAX_DID_TAIL: usize = 8;
/// Deepest lineage that is drawn; the report has it all.
const MAX_TREE_DEPTH: usize = 32;

/// The verdict, the checks, the lineage.
pub(crate) fn report(report: &Report, paint: Paint) -> String {
    let mut text = format!("{}\n\n{}", verdict(report, paint), checks(report, paint));
    let lineage = lineage(report, paint);
    if !lineage.is_empty() {
        text.push_str(&format!("\n{}\n{lineage}", paint.text(Tone::Bold, "Lineage")));
    }
    if matches!(report.verdict, Verdict::Verified | Verdict::VerifiedWithWarnings) {
        text.push_str(&format!("\n{}\n", paint.text(Tone::Dim, LIMITS_OF_A_SIGNATURE)));
    }
    text
}

/// The first line: the verdict in plain words.
pub(crate) fn verdict(report: &Report, paint: Paint) -> String {
    let (tone, words) = match report.verdict {
        Verdict::Verified => (Tone::Good, "Verified".to_owned()),
        Verdict::VerifiedWithWarnings => (Tone::Unsure, format!("Verified, with warnings ({})", report.code)),
        Verdict::NotVerified => (Tone::Bad, format!("Not verified ({})", report.code)),
        Verdict::CouldNotCheck => (Tone::Unsure, format!("Could not check ({})", report.code)),
    };
    let issuers: BTreeSet<&str> = report.nodes.iter().filter_map(|node| node.issuer.as_deref()).collect();
    let name = report.nodes.iter().find_map(|node| node.issuer_name.as_deref());
    let signed = match report.verdict {
        Verdict::Verified | Verdict::VerifiedWithWarnings if issuers.len() == 1 => issuers
            .first()
            .map(|issuer| match name {
                Some(name) => format!(", signed by {} ({})", plain(name), plain(issuer)),
                None => format!(", signed by {}", plain(issuer)),
            })
            .unwrap_or_default(),
        Verdict::Verified | Verdict::VerifiedWithWarnings if !issuers.is_empty() => {
            format!(", signed by {} issuers", issuers.len())
        }
        _ => String::new(),
    };
    format!("{}{signed}, as of {}", paint.text(tone, &words), report.checked_at)
}

/// What concerns the whole input, then each credential under its name.
fn checks(report: &Report, paint: Paint) -> String {
    let lines = |about: Option<&str>| -> String {
        let of_it = report.checks.iter().filter(|check| check.node.as_deref() == about);
        of_it.map(|check| one_check(check, paint)).collect()
    };
    let mut text = lines(None);
    let mut named: Vec<&str> = Vec::new();
    for node in report.checks.iter().filter_map(|check| check.node.as_deref()) {
        if !named.contains(&node) {
            named.push(node);
        }
    }
    for node in named {
        let title = plain(&format!("{} {node}", kind_of(report, node)));
        text.push_str(&format!("\n{}\n{}", paint.text(Tone::Bold, &title), lines(Some(node))));
    }
    text
}

fn one_check(check: &Check, paint: Paint) -> String {
    let (tone, mark) = match check.outcome {
        Outcome::Pass => (Tone::Good, "✓"),
        Outcome::Warn => (Tone::Unsure, "!"),
        Outcome::Fail => (Tone::Bad, "✗"),
        Outcome::NotChecked => (Tone::Unsure, "?"),
        Outcome::NotApplicable => (Tone::Dim, "–"),
    };
    let mut text = format!(
        "  {} {:<10} {}\n",
        paint.text(tone, mark),
        name_of(check),
        shorten_dids(&plain(&check.message))
    );
    if matches!(check.outcome, Outcome::Pass | Outcome::NotApplicable) {
        return text;
    }
    let mut detail = |label: &str, value: &str| {
        let label = paint.text(Tone::Dim, &format!("{label}:"));
        text.push_str(&format!("               {label} {}\n", plain(value)));
    };
    if let Some(help) = &check.help {
        detail("help", help);
    }
    if let Some(pointer) = check.pointer.as_deref().filter(|pointer| !pointer.is_empty()) {
        detail("at", pointer);
    }
    detail("code", &check.code);
    text
}

/// The kind of credential that a node is, or just that it is one.
pub(crate) fn kind_of<'r>(report: &'r Report, id: &str) -> &'r str {
    report.nodes.iter().find(|node| node.id == id).map_or("Credential", |node| node.kind.as_str())
}

/// The name in the report's spelling, which is its one spelling.
fn name_of(check: &Check) -> String {
    serde_json::to_value(check.check)
        .ok()
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// The lineage as trees, children first: what was checked, then what it came from.
pub(crate) fn lineage(report: &Report, paint: Paint) -> String {
    let named: BTreeSet<&str> =
        report.nodes.iter().flat_map(|node| node.parents.iter().map(|edge| edge.id.as_str())).collect();
    let mut drawn = BTreeSet::new();
    let mut text = String::new();
    for node in report.nodes.iter().filter(|node| !named.contains(node.id.as_str())) {
        text.push_str(&format!("  {}\n", tree_line(node, "", paint)));
        drawn.insert(node.id.as_str());
        branches(report, node, "  ", 0, &mut drawn, paint, &mut text);
    }
    text
}

fn branches<'r>(
    report: &'r Report,
    node: &'r Node,
    indent: &str,
    depth: usize,
    drawn: &mut BTreeSet<&'r str>,
    paint: Paint,
    text: &mut String,
) {
    for (index, edge) in node.parents.iter().enumerate() {
        let last = index + 1 == node.parents.len();
        let (branch, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let parent = report.nodes.iter().find(|node| node.id == edge.id && node.digest == edge.digest);
        let parent = parent.or_else(|| report.nodes.iter().find(|node| node.id == edge.id));
        let Some(parent) = parent else {
            text.push_str(&format!("{indent}{branch}{}: {}\n", plain(&edge.relation), plain(&edge.id)));
            continue;
        };
        let first_time = drawn.insert(parent.id.as_str());
        let again = if first_time || parent.parents.is_empty() { "" } else { " (see above)" };
        let line = tree_line(parent, &format!("{}: ", edge.relation), paint);
        text.push_str(&format!("{indent}{branch}{line}{again}\n"));
        if first_time && depth < MAX_TREE_DEPTH {
            branches(report, parent, &format!("{indent}{below}"), depth + 1, drawn, paint, text);
        }
    }
}

fn tree_line(node: &Node, relation: &str, paint: Paint) -> String {
    let (tone, state) = match node.state {
        NodeState::Proven => (Tone::Good, "proven"),
        NodeState::Declared => (Tone::Unsure, "declared, not proven"),
        NodeState::Missing => (Tone::Unsure, "missing"),
        NodeState::Broken => (Tone::Bad, "broken"),
    };
    let issuer = node.issuer.as_deref().map(|issuer| match &node.issuer_name {
        Some(name) => format!(" by {} ({})", plain(name), shorten(issuer)),
        None => format!(" by {}", shorten(issuer)),
    });
    let issuer = issuer.unwrap_or_default();
    let taint = node.taint.as_ref().map(|taint| {
        let from = taint.path.first().map(|id| plain(id)).unwrap_or_default();
        format!(", {} ({} of {from})", paint.text(Tone::Bad, "tainted"), plain(&taint.code))
    });
    format!(
        "{}{} {}{issuer}: {}{}",
        plain(relation),
        plain(&node.kind),
        plain(&node.id),
        paint.text(tone, state),
        taint.unwrap_or_default()
    )
}

/// A DID that is mostly a key says enough with its ends; the report has it whole.
fn shorten(did: &str) -> String {
    let letters: Vec<char> = plain(did).chars().collect();
    match (
        letters.get(..MAX_DID_HEAD),
        letters.len().checked_sub(MAX_DID_TAIL).and_then(|at| letters.get(at..)),
    ) {
        (Some(head), Some(tail)) if letters.len() > MAX_DID_CHARACTERS => {
            format!("{}…{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
        }
        _ => letters.iter().collect(),
    }
}

/// The same for each DID within a sentence, with or without backticks.
fn shorten_dids(message: &str) -> String {
    let words = message.split(' ').map(|word| {
        let ticks = word.starts_with('`') && word.ends_with('`');
        let bare = word.trim_matches('`');
        match (bare.starts_with("did:"), ticks) {
            (true, true) => format!("`{}`", shorten(bare)),
            (true, false) => shorten(bare),
            _ => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A credential's content, indented, in document order. Left out are `@context`, which is the same in all, and the
/// names of nodes, which only say where they stand.
pub(crate) fn content(content: &Json, paint: Paint) -> String {
    let own = content.get("id").and_then(Json::as_str).map(|id| format!("{id}#"));
    let mut text = String::new();
    value(content, own.as_deref(), 1, paint, &mut text);
    text
}

fn value(json: &Json, own: Option<&str>, depth: usize, paint: Paint, text: &mut String) {
    let indent = "  ".repeat(depth);
    let is_a_place = |name: &str, member: &Json| {
        name == "id" && own.zip(member.as_str()).is_some_and(|(own, id)| id.starts_with(own))
    };
    match json {
        Json::Object(object) => {
            for (name, member) in object.iter() {
                if name == "@context" || is_a_place(name, member) {
                    continue;
                }
                let label = paint.text(Tone::Dim, &plain(name));
                match scalar(member) {
                    Some(line) => text.push_str(&format!("{indent}{label}  {line}\n")),
                    None => {
                        text.push_str(&format!("{indent}{label}\n"));
                        value(member, own, depth + 1, paint, text);
                    }
                }
            }
        }
        Json::Array(items) => {
            for item in items {
                match scalar(item) {
                    Some(line) => text.push_str(&format!("{indent}- {line}\n")),
                    None => {
                        text.push_str(&format!("{indent}-\n"));
                        value(item, own, depth + 1, paint, text);
                    }
                }
            }
        }
        other => text.push_str(&format!("{indent}{}\n", scalar(other).unwrap_or_default())),
    }
}

/// A value that fits on one line; short arrays of such values do.
fn scalar(json: &Json) -> Option<String> {
    match json {
        Json::Null => Some("null".to_owned()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Number(Number::Integer(value)) => Some(value.to_string()),
        Json::Number(Number::Double(value)) => Some(value.to_string()),
        Json::String(value) => Some(plain(value)),
        Json::Array(items) if items.iter().all(|item| !matches!(item, Json::Object(_) | Json::Array(_))) => {
            let line = items.iter().map(scalar).collect::<Option<Vec<_>>>()?.join(", ");
            (line.chars().count() <= MAX_VALUE_CHARACTERS).then_some(line)
        }
        Json::Array(_) | Json::Object(_) => None,
    }
}

/// Text from a passport may carry anything: what would move the cursor, hide or reorder other text is shown as
/// its code point.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if is_hidden(c) { format!("\\u{{{:x}}}", u32::from(c)) } else { c.to_string() })
        .collect()
}

fn is_hidden(c: char) -> bool {
    // Controls; zero-width and directional marks; separators; directional embeddings and isolates; BOM; tags.
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{61c}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_would_reorder_or_hide_is_shown_as_its_code_points() {
        assert_eq!(plain("safe\u{202e}evil\u{1b}[2J\nnext"), "safe\\u{202e}evil\\u{1b}[2J\\u{a}next");
        assert_eq!(plain("Müller 乳癌 📈"), "Müller 乳癌 📈");
    }

    #[test]
    fn content_is_shown_in_document_order() {
        let json = r#"{"@context":["x"],"id":"urn:1","a":{"id":"urn:1#a","x":["p","q"],"y":[{"z":true}]}}"#;
        let json = model_passport::json::parse(json).unwrap();
        let shown = "  id  urn:1\n  a\n    x  p, q\n    y\n      -\n        z  true\n";
        assert_eq!(content(&json, Paint::default()), shown);
    }

    #[test]
    fn a_long_did_is_shown_by_its_ends() {
        let did = format!("did:key:z{}", "x".repeat(80));
        assert_eq!(
            shorten_dids(&format!("signed by `{did}` now")),
            "signed by `did:key:zxxxxxxxxxxxxxxx…xxxxxxxx` now"
        );
        assert_eq!(shorten_dids("signed by did:web:lab.example"), "signed by did:web:lab.example");
    }
}
