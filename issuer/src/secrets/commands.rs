//! Passwords behind short options, which mean something else to every program: `curl -u ann:…`, `mysql -p…`.

use super::Secret;
use super::assignments::is_placeholder;

/// How a program takes a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `-u NAME:PASSWORD`, or in one word.
    WithName(char),
    /// `-p PASSWORD`, or in one word.
    Alone,
    /// `-pPASSWORD`: without a password, the program asks.
    Attached,
}

/// Programs, an option of theirs, and what it takes.
const OPTIONS: [(&[&str], &str, Form); 11] = [
    (&["curl"], "-u", Form::WithName(':')),
    (&["curl"], "--user", Form::WithName(':')),
    (&["curl"], "-U", Form::WithName(':')),
    (&["curl"], "--proxy-user", Form::WithName(':')),
    (&["http", "https", "xh"], "-a", Form::WithName(':')),
    (&["http", "https", "xh"], "--auth", Form::WithName(':')),
    (&["smbclient"], "-U", Form::WithName('%')),
    (&["mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump"], "-p", Form::Attached),
    (&["mongo", "mongosh", "mongodump", "mongorestore", "sshpass"], "-p", Form::Alone),
    (&["redis-cli"], "-a", Form::Alone),
    (&["ldapadd", "ldapmodify", "ldapsearch", "ldapwhoami"], "-w", Form::Alone),
];

/// Least characters of a password that is worth the name.
const MIN_CHARS: usize = 3;

/// The words of a command line so far, one by one.
#[derive(Debug, Default)]
pub(super) struct Line {
    program: Option<&'static str>,
    /// What the next word is.
    next: Option<Form>,
}

impl Line {
    /// The password that the next word is, or has in it.
    pub(super) fn word<'t>(&mut self, word: &'t str) -> Option<Secret<'t>> {
        if let Some(form) = self.next.take() {
            return form.password(word);
        }
        // Another command begins.
        if matches!(word, "|" | "||" | "&&" | ";" | "&") {
            self.program = None;
            return None;
        }
        let name = word.rsplit(['/', '(']).next().unwrap_or_default();
        if let Some(name) = OPTIONS.iter().flat_map(|(names, ..)| *names).find(|known| **known == name) {
            self.program = Some(name);
            return None;
        }
        let program = self.program?;
        let options = OPTIONS.iter().filter(|(names, ..)| names.contains(&program));
        for (_, option, form) in options {
            let Some(rest) = word.strip_prefix(option) else { continue };
            if rest.is_empty() {
                self.next = Some(*form).filter(|form| *form != Form::Attached);
                return None;
            }
            let is_long = option.starts_with("--");
            let value = rest.strip_prefix('=');
            if let Some(value) = if is_long { value } else { Some(value.unwrap_or(rest)) } {
                return form.password(value.trim_matches(['"', '\'']));
            }
        }
        if word.ends_with(';') {
            self.program = None;
        }
        None
    }
}

impl Form {
    fn password(self, word: &str) -> Option<Secret<'_>> {
        let value = match self {
            Self::WithName(separator) => word.split_once(separator)?.1,
            Self::Alone | Self::Attached => word,
        };
        let found = value.len() >= MIN_CHARS && !value.starts_with('-') && !is_placeholder(value);
        found.then_some(Secret { kind: "password", value })
    }
}

/// The first password in a text that has command lines in it.
pub(super) fn find(text: &str) -> Option<Secret<'_>> {
    let mut line = Line::default();
    let quotes = |c: char| matches!(c, '"' | '\'' | '`');
    text.split_whitespace().find_map(|word| line.word(word.trim_matches(quotes)))
}
