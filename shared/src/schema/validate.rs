//! Holding a value against [`Rule`]s: every finding, in document order, missing members last.

use crate::canon::jcs;
use crate::index::Index;
use crate::json::{At, Json, Number, Object};
use crate::limits::MAX_FINDINGS;

use super::{Finding, Others, Required, Rule, Schema};

/// A mistyped name is taken for a known one if at most this many letters differ.
const MAX_TYPING_ERRORS: usize = 2;

/// Longer names are not compared letter by letter.
const MAX_COMPARED_NAME: usize = 64;

impl Schema {
    /// Everything that does not follow the schema; empty if the value is valid.
    #[must_use]
    pub fn validate(&self, value: &Json) -> Vec<Finding> {
        let mut findings = Vec::new();
        check(&self.root, value, &At::ROOT, &mut Sink::List(&mut findings));
        findings
    }
}

/// What becomes of findings.
enum Sink<'a> {
    List(&'a mut Vec<Finding>),
    /// Only whether there is one.
    Found(bool),
}

impl Sink<'_> {
    fn add(&mut self, finding: impl FnOnce() -> Finding) {
        match self {
            Self::List(findings) if findings.len() >= MAX_FINDINGS => {}
            Self::List(findings) => findings.push(finding()),
            Self::Found(found) => *found = true,
        }
    }

    /// Whether nothing further can change the outcome.
    fn is_done(&self) -> bool {
        match self {
            Self::Found(found) => *found,
            Self::List(findings) => findings.len() >= MAX_FINDINGS,
        }
    }
}

fn holds(rule: &Rule, value: &Json) -> bool {
    let mut sink = Sink::Found(false);
    check(rule, value, &At::ROOT, &mut sink);
    !sink.is_done()
}

// As deep as value and schema together: references cannot be recursive.
fn check(rule: &Rule, value: &Json, at: &At<'_>, sink: &mut Sink<'_>) {
    if sink.is_done() {
        return;
    }
    if let Some(types) = rule.types.filter(|types| !types.allow(value)) {
        let message = || format!("this is {}, not {}", describe(value), types.name());
        return sink.add(|| finding(at, "schema.type", message(), rule.description()));
    }
    if let Some(reference) = &rule.reference {
        check(reference, value, at, sink);
    }
    check_choice(rule, value, at, sink);
    match value {
        Json::Array(items) => check_array(rule, items, at, sink),
        Json::Number(Number::Integer(number)) => check_integer(rule, *number, at, sink),
        Json::Object(object) => check_object(rule, object, at, sink),
        Json::String(text) => check_string(rule, text, at, sink),
        Json::Bool(_) | Json::Null | Json::Number(Number::Double(_)) => {}
    }
    if !rule.any_of.is_empty() {
        check_any_of(rule, value, at, sink);
    }
    if let Some(condition) = &rule.condition {
        let branch = if holds(&condition.test, value) { &condition.then } else { &condition.otherwise };
        if let Some(branch) = branch {
            check(branch, value, at, sink);
        }
    }
}

fn check_choice(rule: &Rule, value: &Json, at: &At<'_>, sink: &mut Sink<'_>) {
    if let Some(constant) = rule.constant.as_ref().filter(|constant| *constant != value) {
        let message = || format!("this is not `{constant}`");
        sink.add(|| finding(at, "schema.value", message(), rule.description()));
    }
    if !rule.choices.is_empty() && !rule.choices.contains(value) {
        let message = || {
            let choices: Vec<_> = rule.choices.iter().map(|choice| format!("`{}`", plain(choice))).collect();
            format!("this is not one of {}", choices.join(", "))
        };
        sink.add(|| finding(at, "schema.value", message(), rule.description()));
    }
}

fn check_string(rule: &Rule, text: &str, at: &At<'_>, sink: &mut Sink<'_>) {
    // A text has at most as many characters as bytes, so most need no counting.
    if rule.max_length.is_some_and(|max| text.len() > max && text.chars().count() > max) {
        let message = || format!("this is longer than {} characters", rule.max_length.unwrap_or_default());
        return sink.add(|| finding(at, "schema.length", message(), rule.description()));
    }
    if rule.min_length > 0 && text.chars().take(rule.min_length).count() < rule.min_length {
        return sink
            .add(|| finding(at, "schema.length", "this text is empty".to_owned(), rule.description()));
    }
    if let Some(format) = rule.format.filter(|format| !format.holds(text)) {
        let shown: String = text.chars().take(80).collect();
        let message = || format!("`{shown}` is not {}", format.meaning());
        sink.add(|| finding(at, "schema.format", message(), rule.description()));
    }
}

fn check_integer(rule: &Rule, number: i64, at: &At<'_>, sink: &mut Sink<'_>) {
    if let Some(minimum) = rule.minimum.filter(|minimum| number < *minimum) {
        sink.add(|| {
            finding(at, "schema.range", format!("`{number}` is below {minimum}"), rule.description())
        });
    }
    if let Some(maximum) = rule.maximum.filter(|maximum| number > *maximum) {
        sink.add(|| {
            finding(at, "schema.range", format!("`{number}` is above {maximum}"), rule.description())
        });
    }
}

fn check_array(rule: &Rule, items: &[Json], at: &At<'_>, sink: &mut Sink<'_>) {
    check_size(items.len(), rule.min_items, rule.max_items, "items", rule, at, sink);
    if let Some(each) = &rule.items {
        for (index, item) in items.iter().enumerate() {
            check(each, item, &at.item(index), sink);
        }
    }
    if let Some(index) = rule.unique_items.then(|| repeated(items)).flatten() {
        let at = at.item(index);
        sink.add(|| {
            finding(&at, "schema.duplicate", "this item stands here twice".to_owned(), rule.description())
        });
    }
}

fn check_object(rule: &Rule, object: &Object, at: &At<'_>, sink: &mut Sink<'_>) {
    check_size(object.len(), rule.min_properties, rule.max_properties, "members", rule, at, sink);
    // People and tools write members in the schema's order, so the next name is mostly the right one.
    let mut next = 0;
    for (name, value) in object.iter() {
        let is_named = |at: usize| rule.properties.get(at).is_some_and(|(known, _)| **known == *name);
        let place =
            if is_named(next) { Some(next) } else { (0..rule.properties.len()).find(|at| is_named(*at)) };
        next = place.map_or(next, |at| at + 1);
        let known = place.and_then(|at| rule.properties.get(at));
        match (known, &rule.others) {
            (Some((_, rule)), _) => check(rule, value, &at.member(name), sink),
            (None, Others::Allowed) => {}
            (None, Others::Follow(rule)) => check(rule, value, &at.member(name), sink),
            (None, Others::Refused) => sink.add(|| unknown(rule, name, at)),
        }
    }
    for required in &rule.required {
        if !object.contains(&required.name) {
            missing(required, at, sink);
        }
    }
}

fn check_size(
    len: usize,
    min: usize,
    max: Option<usize>,
    what: &str,
    rule: &Rule,
    at: &At<'_>,
    sink: &mut Sink<'_>,
) {
    if len < min {
        sink.add(|| {
            finding(at, "schema.length", format!("{len} {what}, fewer than {min}"), rule.description())
        });
    }
    if let Some(max) = max.filter(|max| len > *max) {
        sink.add(|| {
            finding(at, "schema.length", format!("{len} {what}, more than {max}"), rule.description())
        });
    }
}

/// The value follows one of the branches; if none, the branch that comes nearest says what is wrong.
fn check_any_of(rule: &Rule, value: &Json, at: &At<'_>, sink: &mut Sink<'_>) {
    if rule.any_of.iter().any(|branch| holds(branch, value)) {
        return;
    }
    let Sink::List(findings) = sink else {
        return sink.add(|| finding(at, "schema.value", String::new(), None));
    };
    let nearest = rule.any_of.iter().map(|branch| {
        let mut found = Vec::new();
        check(branch, value, at, &mut Sink::List(&mut found));
        // A branch for another type of value says nothing useful.
        let other_type = branch.chain().any(|rule| rule.types.is_some_and(|types| !types.allow(value)));
        (other_type, found)
    });
    if let Some((_, found)) = nearest.min_by_key(|(other_type, found)| (*other_type, found.len())) {
        findings.extend(found);
    }
}

/// One finding for each field that is missing, so that a person sees at once all there is to fill in.
fn missing(required: &Required, at: &At<'_>, sink: &mut Sink<'_>) {
    let at = at.member(&required.name);
    if let (Sink::List(_), Some(rule)) = (&sink, &required.rule) {
        let mut any = false;
        each_field(rule, &mut |field| {
            any = true;
            missing(field, &at, sink);
        });
        if any {
            return;
        }
    }
    sink.add(|| {
        let pointer = at.pointer();
        let name = pointer.strip_prefix("/credentialSubject").unwrap_or(&pointer);
        let message = format!("`{}` is missing", name.trim_start_matches('/').replace('/', "."));
        let description = required.rule.as_ref().and_then(|rule| rule.description());
        Finding { pointer, code: "schema.missing", message, help: description.map(str::to_owned) }
    });
}

/// The members that a person must give to a value that is not there yet: those that no tool fills in.
fn each_field<'r>(rule: &'r Rule, give: &mut dyn FnMut(&'r Required)) {
    let by_person = |required: &&Required| {
        !required.rule.as_ref().is_some_and(|rule| rule.preset().is_some() || rule.is_assigned())
    };
    // What a person must identify is a reference to something else: it is given as a whole.
    if rule.chain().any(|rule| rule.required.iter().filter(by_person).any(|required| *required.name == *"id"))
    {
        return;
    }
    for rule in rule.chain() {
        rule.required.iter().filter(by_person).for_each(&mut *give);
        // What is missing is not disclosed otherwise, so the plain case applies.
        if let Some(otherwise) = rule.condition.as_ref().and_then(|condition| condition.otherwise.as_ref()) {
            each_field(otherwise, give);
        }
    }
}

fn unknown(rule: &Rule, name: &str, at: &At<'_>) -> Finding {
    let meant = rule.properties.iter().map(|(known, _)| known).find(|known| is_near(known, name));
    let help = match meant {
        Some(known) => format!("the field `{known}` is known; is it that?"),
        None => "only fields of the schema are signed in a way that everyone reads alike".to_owned(),
    };
    let pointer = at.member(name).pointer();
    let message = format!("the field `{}` is not known here", name.chars().take(80).collect::<String>());
    Finding { pointer, code: "schema.unknown-field", message, help: Some(help) }
}

/// Whether two names differ in case or in a typing error only.
fn is_near(known: &str, name: &str) -> bool {
    if known.eq_ignore_ascii_case(name) {
        return true;
    }
    let shortest = known.len().min(name.len());
    known.len().abs_diff(name.len()) <= MAX_TYPING_ERRORS
        && (2 * MAX_TYPING_ERRORS..=MAX_COMPARED_NAME).contains(&shortest)
        && distance(known, name) <= MAX_TYPING_ERRORS
}

/// [Levenshtein distance](https://en.wikipedia.org/wiki/Levenshtein_distance), a row at a time.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (at, from) in a.chars().enumerate() {
        let mut diagonal = at;
        let mut left = at + 1;
        for (above, to) in row.iter_mut().skip(1).zip(b.chars()) {
            let best = (diagonal + usize::from(from != to)).min(left + 1).min(*above + 1);
            diagonal = std::mem::replace(above, best);
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

fn finding(at: &At<'_>, code: &'static str, message: String, help: Option<&str>) -> Finding {
    Finding { pointer: at.pointer(), code, message, help: help.map(str::to_owned) }
}

fn describe(value: &Json) -> &'static str {
    match value {
        Json::Array(_) => "an array",
        Json::Bool(_) => "true or false",
        Json::Null => "null",
        Json::Number(Number::Double(_)) => "a number with a fraction or exponent",
        Json::Number(Number::Integer(_)) => "an integer",
        Json::Object(_) => "an object",
        Json::String(_) => "a string",
    }
}

fn plain(choice: &Json) -> String {
    choice.as_str().map_or_else(|| choice.to_string(), str::to_owned)
}

/// The first item that equals an earlier one. Few are compared directly, many by their canonical text.
fn repeated(items: &[Json]) -> Option<usize> {
    if items.len() <= 8 {
        let known = |at: usize, item: &Json| items.iter().take(at).any(|other| other == item);
        return items.iter().enumerate().position(|(at, item)| known(at, item));
    }
    let mut seen = Index::default();
    items.iter().position(|item| !seen.insert(&jcs::to_string(item)))
}
