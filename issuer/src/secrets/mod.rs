//! Credentials that stand in a text which is about to be published: private keys, tokens, passwords.
//!
//! Captured command lines, remotes, parameters and notes carry them unasked, and a signed passport cannot be
//! taken back. So every text of a credential, names of members included, goes through [`scan`] before anything
//! is signed. What looks like a secret stops the issue with its place and its kind; the value itself is never
//! shown, since a terminal and a build log are published too.
//!
//! In scope: forms that are known ([`patterns`]), values that stand behind a word such as `password`
//! ([`assignments`]), and behind the short options of programs that take one ([`commands`]). Time is linear in the text, whatever it holds. Out of scope: secrets that look like any
//! other word and have no such word beside them, and files, of which a passport carries digests only.

mod assignments;
mod commands;
mod patterns;

use std::collections::BTreeSet;

use model_passport::json::{Json, Number, Object, escape_token};

use self::assignments::Strength;

/// Longest part of a value that is looked at where a rule has no length of its own.
const MAX_VALUE_BYTES: usize = 256;

/// A place that holds what looks like a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leak {
    /// Where, as a JSON pointer. For a secret in the name of a member, the pointer of the object around it.
    pub(crate) pointer: String,
    /// What it looks like.
    pub(crate) kind: &'static str,
    /// The first two characters at most, to find it by.
    pub(crate) redacted: String,
}

/// A secret within a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Secret<'t> {
    kind: &'static str,
    value: &'t str,
}

impl Secret<'_> {
    /// Of a short secret even two characters say much.
    fn redacted(&self) -> String {
        const MIN_CHARS_TO_SHOW: usize = 8;
        let show = if self.value.chars().count() < MIN_CHARS_TO_SHOW { 0 } else { 2 };
        self.value.chars().take(show).filter(|c| c.is_ascii_graphic()).chain(['…']).collect()
    }
}

/// Every place under `subject` that holds what looks like a secret, in the order of the document.
pub(crate) fn scan(subject: &Json) -> Vec<Leak> {
    scan_except(subject, &[]).leaks
}

/// The same without the places that a person has looked at and named by their pointers. What is below them is
/// still looked at.
pub(crate) fn scan_except<'a>(subject: &Json, allowed: &'a [String]) -> Scanned<'a> {
    let mut scan = Scan { allowed, used: BTreeSet::new(), leaks: Vec::new() };
    scan.value(subject, None, "");
    let unused = allowed.iter().filter(|pointer| !scan.used.contains(pointer.as_str()));
    Scanned { leaks: scan.leaks, unused: unused.map(String::as_str).collect() }
}

/// What looks like a secret in a file of text: the first one, line by line. In code, words such as `password` stand
/// before all sorts of things, so only what is known by its form counts there.
pub(crate) fn scan_text(text: &str, is_code: bool) -> Option<Leak> {
    let secret = text.lines().find_map(if is_code { patterns::find } else { find })?;
    Some(Leak { pointer: String::new(), kind: secret.kind, redacted: secret.redacted() })
}

/// What a scan with exceptions found.
#[derive(Debug)]
pub(crate) struct Scanned<'a> {
    /// What is not excepted.
    pub(crate) leaks: Vec<Leak>,
    /// Exceptions for places at which nothing looks like a secret.
    pub(crate) unused: Vec<&'a str>,
}

/// The first secret in a text.
fn find(text: &str) -> Option<Secret<'_>> {
    if patterns::is_public(text) {
        return None;
    }
    patterns::find(text).or_else(|| assignments::find(text)).or_else(|| commands::find(text))
}

struct Scan<'a> {
    allowed: &'a [String],
    used: BTreeSet<&'a str>,
    leaks: Vec<Leak>,
}

impl Scan<'_> {
    /// Depth is bounded: no document deeper than `model_passport::limits::MAX_DEPTH` is read or made.
    fn value(&mut self, value: &Json, name: Option<Strength>, pointer: &str) {
        match value {
            Json::String(text) => {
                let found = find(text).or_else(|| name?.of_member(text));
                self.add(found, pointer);
            }
            Json::Number(Number::Integer(number)) => {
                let text = number.to_string();
                self.add(name.and_then(|name| name.of_number(&text)), pointer);
            }
            Json::Array(items) => self.array(items, name, pointer),
            Json::Object(object) => self.object(object, pointer),
            _ => {}
        }
    }

    /// A list may be a command line: `["--password", "…"]`.
    fn array(&mut self, items: &[Json], name: Option<Strength>, pointer: &str) {
        let (mut option, mut line) = (None, commands::Line::default());
        for (at, item) in items.iter().enumerate() {
            let (below, found) = (format!("{pointer}/{at}"), self.leaks.len());
            self.value(item, option.take().or(name), &below);
            let password = item.as_str().and_then(|word| line.word(word));
            if self.leaks.len() == found {
                self.add(password, &below);
            }
            option = item.as_str().and_then(assignments::of_option);
        }
    }

    fn object(&mut self, object: &Object, pointer: &str) {
        let private = private_jwk_member(object);
        for (name, value) in object.iter() {
            // Nothing below a name that is a secret has a pointer that could be shown.
            if self.add(find(name), pointer) {
                continue;
            }
            let below = format!("{pointer}/{}", escape_token(name));
            if private == Some(name) {
                let value = value.as_str().unwrap_or_default();
                self.add(Some(Secret { kind: "private JSON Web Key", value }), &below);
                continue;
            }
            let of_entry = || (name == "value").then(|| object.get("name")?.as_str()).flatten();
            let strength = assignments::strength(name).or_else(|| assignments::strength(of_entry()?));
            self.value(value, strength, &below);
        }
    }

    /// Whether there is a leak.
    fn add(&mut self, secret: Option<Secret<'_>>, pointer: &str) -> bool {
        let Some(secret) = secret else { return false };
        if let Some(allowed) = self.allowed.iter().find(|allowed| *allowed == pointer) {
            self.used.insert(allowed);
            return false;
        }
        let (kind, redacted) = (secret.kind, secret.redacted());
        self.leaks.push(Leak { pointer: pointer.to_owned(), kind, redacted });
        true
    }
}

/// The member with the private half of a key ([RFC 7518, sections 6.2.2, 6.3.2 and 6.4][keys]).
///
/// [keys]: https://www.rfc-editor.org/rfc/rfc7518#section-6
fn private_jwk_member(object: &Object) -> Option<&'static str> {
    let kind = object.get("kty")?.as_str()?;
    let member = if kind == "oct" { "k" } else { "d" };
    object.get(member)?.as_str().map(|_| member)
}

#[cfg(test)]
mod tests;
