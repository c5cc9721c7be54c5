//! Secrets that are known by the word in front of them: `password=…`, `--token …`, `{"api_key": "…"}`.

use std::collections::BTreeSet;

use super::{MAX_VALUE_BYTES, Secret};

/// Longest name that is looked at.
const MAX_NAME_BYTES: usize = 64;

/// Least characters of a password that is worth the name.
const MIN_PASSWORD_CHARS: usize = 3;
const MIN_SECRET_CHARS: usize = 6;
const MIN_TOKEN_CHARS: usize = 8;

/// How sure a name makes that its value is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// A password: whatever stands there.
    Password,
    /// `pass`, which is also what runs do: what is no plain word, or stands there as an assignment.
    Pass,
    /// A secret: whatever stands there and is no sentence.
    Secret,
    /// A token or a key, words that models have other uses for: only what also looks like a secret.
    Token,
}

/// What a value of this name is, if it is named like a secret.
pub(super) fn strength(name: &str) -> Option<Strength> {
    const KEYS: [&str; 11] = [
        "api",
        "access",
        "account",
        "auth",
        "client",
        "encryption",
        "master",
        "private",
        "secret",
        "signing",
        "storage",
    ];
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    // Words of camelCase, snake_case, kebab-case and dotted.names run together.
    let lower = name.to_ascii_lowercase();
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let one = letters.strip_suffix('s').filter(|rest| !rest.ends_with('s')).unwrap_or(&letters);
    let ends = |words: &[&str]| words.iter().any(|word| one.ends_with(word));
    if ends(&["password", "passwd", "passphrase", "passwort"]) || last_word(name).as_deref() == Some("pwd") {
        return Some(Strength::Password);
    }
    if last_word(name).as_deref() == Some("pass") {
        return Some(Strength::Pass);
    }
    if last_word(name).is_some_and(|word| matches!(word.as_str(), "secret" | "secrets")) {
        return Some(Strength::Secret);
    }
    let key = KEYS.into_iter().any(|kind| one.strip_suffix("key").is_some_and(|rest| rest.ends_with(kind)));
    let written = ["privatekey", "secretkey"].into_iter().any(|word| one.contains(word));
    // Digests and identifiers of a key are no keys.
    let about = ends(&["digest", "id", "hash", "fingerprint"]);
    let token = ends(&["token", "credential"]) && !lower.ends_with("tokens");
    ((key || written || token) && !about).then_some(Strength::Token)
}

/// The last word of a name in any of the usual spellings.
fn last_word(name: &str) -> Option<String> {
    let last = name.rsplit(|c: char| !c.is_ascii_alphanumeric()).find(|word| !word.is_empty())?;
    let is_camel = last.contains(|c: char| c.is_ascii_lowercase());
    let start = last.rfind(|c: char| c.is_ascii_uppercase()).filter(|_| is_camel).unwrap_or(0);
    last.get(start..).map(str::to_ascii_lowercase)
}

/// What the next argument is, after an option such as `--token`.
pub(super) fn of_option(argument: &str) -> Option<Strength> {
    strength(argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'))?)
}

impl Strength {
    /// The value of a member or an argument of its own.
    pub(super) fn of_member(self, value: &str) -> Option<Secret<'_>> {
        let is_secret = match self {
            Self::Password => true,
            Self::Pass => {
                value.len() >= MIN_SECRET_CHARS && !value.contains(char::is_whitespace) && !is_one_word(value)
            }
            Self::Secret => value.len() >= MIN_SECRET_CHARS && !value.contains(char::is_whitespace),
            Self::Token => looks_like_token(value),
        };
        (is_secret && !is_placeholder(value)).then_some(Secret { kind: self.kind(), value })
    }

    /// Digits only: too little for a token, and enough for many a password.
    pub(super) fn of_number(self, value: &str) -> Option<Secret<'_>> {
        let is_secret = self == Self::Password && value.len() >= MIN_PASSWORD_CHARS;
        is_secret.then_some(Secret { kind: self.kind(), value })
    }

    /// A value within a text, with what separates it from its name.
    fn in_text(self, value: &str, separated: Separated) -> bool {
        let plain = value.chars().all(|c| c.is_ascii_alphabetic());
        let enough = match self {
            Self::Password => value.len() >= MIN_PASSWORD_CHARS,
            Self::Pass | Self::Secret => value.len() >= MIN_SECRET_CHARS,
            Self::Token => looks_like_token(value),
        };
        enough && !is_placeholder(value) && (separated == Separated::Clearly || !plain)
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Password | Self::Pass => "password",
            Self::Secret => "secret",
            Self::Token => "token or key",
        }
    }
}

/// Letters alone, or digits alone.
fn is_one_word(value: &str) -> bool {
    value.chars().all(char::is_alphabetic) || value.chars().all(|c| c.is_ascii_digit())
}

/// How a value stands beside its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separated {
    /// As nobody writes prose: `password=x`, `"password": "x"`, `--password x` at the end of a command.
    Clearly,
    /// As it may be said of the password: `Password: asked at the start`.
    Loosely,
}

/// The first assignment in a text whose value looks like a secret.
pub(super) fn find(text: &str) -> Option<Secret<'_>> {
    text.match_indices(['=', ':'])
        .find_map(|(at, separator)| of_separator(text, at, separator))
        .or_else(|| text.match_indices("--").find_map(|(at, _)| of_long_option(text.get(at..)?)))
        .or_else(|| beside_a_word(text))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn of_separator<'t>(text: &'t str, at: usize, separator: &str) -> Option<Secret<'t>> {
    const MAX_SPACE: usize = 8;
    let quote = |c: char| matches!(c, '"' | '\'' | '`');
    let before = tail(text.get(..at)?, MAX_NAME_BYTES + MAX_SPACE);
    let before = before.trim_end().trim_end_matches(quote);
    let start = before.rfind(|c: char| !is_name(c));
    let name =
        start.map_or(Some(before), |start| before.get(start..)?.split_at_checked(1).map(|(_, name)| name));
    let strength = strength(name.unwrap_or_default().trim_start_matches('-'))?;
    let after = head(text.get(at..)?.get(separator.len()..)?, MAX_VALUE_BYTES);
    // A path of a programming language.
    if separator == ":" && after.starts_with(':') {
        return None;
    }
    let spaced = after.starts_with(char::is_whitespace);
    let after = after.trim_start_matches(['=', '>', ' ', '\t']);
    let quoted = after.starts_with(quote);
    let value = word(after.trim_start_matches(quote));
    // The current directory is no password.
    let is_directory = value.starts_with('/') && name.is_some_and(|name| name.ends_with("PWD"));
    let prose = separator == ":" && spaced && !quoted && word(after).len() < after.trim_end().len();
    let separated = if prose { Separated::Loosely } else { Separated::Clearly };
    let found = strength.in_text(value, separated) && !is_directory;
    found.then_some(Secret { kind: strength.kind(), value })
}

/// `--password x`; with `=` it is an assignment.
fn of_long_option(text: &str) -> Option<Secret<'_>> {
    let text = head(text, MAX_NAME_BYTES + MAX_VALUE_BYTES);
    let (option, rest) = text.split_once(|c: char| c.is_whitespace())?;
    let strength = of_option(option)?;
    let rest = rest.trim_start().trim_start_matches(['"', '\'']);
    let value = word(rest);
    let after = rest.get(value.len()..).unwrap_or_default().trim_start_matches(['"', '\'']).trim_start();
    let is_command = after.is_empty() || after.starts_with('-');
    let separated = if is_command { Separated::Clearly } else { Separated::Loosely };
    let found = !value.starts_with('-') && strength.in_text(value, separated);
    found.then_some(Secret { kind: strength.kind(), value })
}

/// A random-looking word shortly after one that says what it is: `the API key is Zm9v…`.
fn beside_a_word(text: &str) -> Option<Secret<'_>> {
    const WORDS: [&str; 8] =
        ["api key", "api-key", "api_key", "apikey", "credential", "passphrase", "password", "secret"];
    const NEAR_BYTES: usize = 96;
    let lower = text.to_ascii_lowercase();
    let after = |(at, word): (usize, &str)| Some(head(text.get(at..)?.get(word.len()..)?, NEAR_BYTES));
    let near =
        WORDS.into_iter().chain(["token"]).flat_map(|word| lower.match_indices(word)).filter_map(after);
    near.flat_map(|near| near.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';')))
        .find(|word| looks_random(word.trim_end_matches('.')))
        .map(|value| Secret { kind: "token or key", value })
}

/// The first word of a text, as a shell or a configuration would end it.
pub(super) fn word(text: &str) -> &str {
    let ends = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '"' | '\'' | '`' | ',' | ';' | '&' | '|' | ')' | ']' | '}')
    };
    head(text, MAX_VALUE_BYTES).split(ends).next().unwrap_or_default()
}

/// At most so many bytes from the start.
pub(super) fn head(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// At most so many bytes up to the end.
fn tail(text: &str, bytes: usize) -> &str {
    text.get(text.ceil_char_boundary(text.len().saturating_sub(bytes))..).unwrap_or(text)
}

pub(super) fn distinct(text: &str) -> usize {
    text.chars().collect::<BTreeSet<char>>().len()
}

/// What stands where a secret would: nothing, a variable, a mask, a word that says that there is none.
pub(super) fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 19] = [
        "disabled",
        "empty",
        "encrypted",
        "false",
        "hidden",
        "n/a",
        "nil",
        "no",
        "none",
        "not",
        "null",
        "optional",
        "protected",
        "redacted",
        "required",
        "true",
        "unknown",
        "withheld",
        "yes",
    ];
    let lower = value.to_ascii_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    // A variable, a template, a special token of a tokenizer.
    value.starts_with(['$', '<', '{', '%', '['])
        || is_path(value)
        || distinct(bare) < 2
        || WORDS.contains(&bare)
        || bare.starts_with("your")
        // The name of a variable that holds it: `password=args.password`.
        || (!bare.contains(|c: char| c.is_ascii_digit()) && strength(bare).is_some())
}

/// Where a secret is kept, or a JSON pointer.
fn is_path(value: &str) -> bool {
    let below = |start| value.strip_prefix(start).is_some_and(|rest: &str| rest.contains('/'));
    below("/") || value.starts_with("./") || value.starts_with("../") || value.starts_with("~/")
}

/// Letters and digits mixed as in no word.
fn looks_like_token(value: &str) -> bool {
    const MIN_DIGITS: usize = 2;
    const MIN_DISTINCT: usize = 6;
    const MIN_RUN: usize = 8;
    const MAX_CHARS: usize = 4096;
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let letters = value.chars().filter(char::is_ascii_alphabetic).count();
    let runs = value.split(|c: char| !c.is_ascii_alphanumeric());
    (MIN_TOKEN_CHARS..=MAX_CHARS).contains(&value.len())
        && !value.contains(char::is_whitespace)
        && !(value.starts_with("uEi") && super::patterns::is_public(value))
        && digits >= MIN_DIGITS
        && letters >= MIN_DIGITS
        && distinct(value) >= MIN_DISTINCT
        && runs.map(str::len).max().unwrap_or_default() >= MIN_RUN
}

/// Random beyond doubt, so that no other word is needed: both cases and digits, often changing, in one run.
pub(super) fn looks_random(value: &str) -> bool {
    const MIN_RUN: usize = 16;
    const MIN_CHANGES: usize = 3;
    const MIN_DISTINCT: usize = 12;
    if super::patterns::is_public(value) || value.len() > MAX_VALUE_BYTES {
        return false;
    }
    // The padding of base64 and its two signs belong to the run; a path has none of the rest.
    let runs = value.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')));
    runs.filter(|run| run.len() >= MIN_RUN).any(|run| {
        let has = |is: fn(&char) -> bool| run.chars().any(|c| is(&c));
        let digits: Vec<bool> = run.chars().map(|c| c.is_ascii_digit()).collect();
        let changes = digits.windows(2).filter(|pair| pair.first() != pair.last()).count();
        has(char::is_ascii_lowercase)
            && has(char::is_ascii_uppercase)
            && changes >= MIN_CHANGES
            && distinct(run) >= MIN_DISTINCT
    })
}
