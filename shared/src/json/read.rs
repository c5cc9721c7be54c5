//! From text to [`Json`]: the grammar of [RFC 8259], with every limit held while reading.
//!
//! [RFC 8259]: https://www.rfc-editor.org/rfc/rfc8259

use super::{Json, JsonError, Limits, Number, Object, double};
use crate::index;

/// Names that assign to an object's prototype in JavaScript instead of becoming a member.
const MAGIC_NAMES: [&str; 3] = ["__proto__", "constructor", "prototype"];

pub(super) fn document(text: &str, limits: &Limits) -> Result<Json, JsonError> {
    if text.len() > limits.max_bytes {
        return Err(JsonError::TooLong { len: text.len(), max: limits.max_bytes });
    }
    let mut reader = Reader { text, at: 0, nodes: 0, doubles: 0, limits };
    let value = reader.value(0)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.syntax("text after the document"));
    }
    Ok(value)
}

struct Reader<'t> {
    text: &'t str,
    /// The byte to read next. Always on the border of a character, as only ASCII is stepped over singly.
    at: usize,
    nodes: usize,
    doubles: usize,
    limits: &'t Limits,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// The text from `start` to here.
    fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    #[cold]
    fn syntax(&self, what: &str) -> JsonError {
        let before = self.text.get(..self.at).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        JsonError::Syntax(format!("{what} at line {line}, column {column}"))
    }

    fn value(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.nodes += 1;
        if self.nodes > self.limits.max_nodes {
            return Err(JsonError::TooManyNodes(self.limits.max_nodes));
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => Err(self.syntax("no value")),
            None => Err(self.syntax("the text ends")),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, JsonError> {
        if self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at += word.len();
            return Ok(value);
        }
        Err(self.syntax("no value"))
    }

    fn check_depth(&self, depth: usize) -> Result<(), JsonError> {
        if depth > self.limits.max_depth { Err(JsonError::TooDeep(self.limits.max_depth)) } else { Ok(()) }
    }

    fn array(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.check_depth(depth)?;
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Json::Array(items));
            }
            if !self.take(b',') {
                return Err(self.syntax("neither `,` nor `]`"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.check_depth(depth)?;
        self.at += 1;
        let mut members = Vec::with_capacity(8);
        self.skip_space();
        if self.take(b'}') {
            return Ok(Json::Object(Object { members }));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.syntax("no name of a member"));
            }
            let name = self.string()?;
            if name.len() > self.limits.max_name_bytes {
                return Err(JsonError::TooLongName { len: name.len(), max: self.limits.max_name_bytes });
            }
            if MAGIC_NAMES.contains(&name.as_str()) {
                return Err(JsonError::ForbiddenName(name));
            }
            self.skip_space();
            if !self.take(b':') {
                return Err(self.syntax("no `:`"));
            }
            members.push((name, self.value(depth)?));
            self.skip_space();
            if self.take(b'}') {
                break;
            }
            if !self.take(b',') {
                return Err(self.syntax("neither `,` nor `}`"));
            }
        }
        match duplicate(&members) {
            Some(name) => Err(JsonError::DuplicateName(name.to_owned())),
            None => Ok(Json::Object(Object { members })),
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let start = self.at;
            let rest = self.text.as_bytes().get(start..).unwrap_or_default();
            let special = |byte: &u8| *byte < 0x20 || matches!(*byte, b'"' | b'\\');
            self.at = start + rest.iter().position(special).unwrap_or(rest.len());
            if text.is_empty() {
                text = self.since(start).to_owned();
            } else {
                text.push_str(self.since(start));
            }
            if text.len() > self.limits.max_string_bytes {
                return Err(JsonError::TooLongString { len: text.len(), max: self.limits.max_string_bytes });
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(self.syntax("a control character in a string")),
                None => return Err(self.syntax("a string without end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        self.at += 1;
        let letter = self.peek();
        self.at += usize::from(letter.is_some_and(|letter| letter.is_ascii()));
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.code_point(),
            _ => return Err(self.syntax("an unknown escape")),
        })
    }

    /// A code point in one or two UTF-16 code units. Half of a pair is no text.
    fn code_point(&mut self) -> Result<char, JsonError> {
        let unit = self.hex()?;
        if let Some(plain) = char::from_u32(unit) {
            return Ok(plain);
        }
        let paired = (0xd800..0xdc00).contains(&unit) && self.take(b'\\') && self.take(b'u');
        let low = if paired { self.hex()? } else { 0 };
        if !(0xdc00..0xe000).contains(&low) {
            return Err(self.syntax("half of a surrogate pair"));
        }
        char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
            .ok_or_else(|| self.syntax("no code point"))
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            value = value * 16 + digit.ok_or_else(|| self.syntax("no hexadecimal digit"))?;
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.syntax("no digit")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        let whole = self.at;
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let text = self.since(start);
        if self.at == whole
            && text != "-0"
            && let Ok(value) = text.parse::<i128>()
        {
            let exact = Number::from_integer(value).map(Json::Number);
            return exact.ok_or_else(|| JsonError::InexactInteger(text.to_owned()));
        }
        if self.at == whole && text != "-0" {
            // Written without a fraction and too long for any integer type.
            return Err(JsonError::InexactInteger(text.chars().take(64).collect()));
        }
        self.doubles += 1;
        if self.doubles > self.limits.max_doubles {
            return Err(JsonError::TooManyDoubles(self.limits.max_doubles));
        }
        let value = double::parse(text);
        if value.is_finite() {
            Ok(Json::Number(Number::Double(value)))
        } else {
            Err(self.syntax("a number out of range"))
        }
    }
}

fn duplicate(members: &[(String, Json)]) -> Option<&str> {
    // Comparing each with each is fastest for the objects that people write; a hostile one gets a sort.
    if members.len() <= 16 {
        let mut rest = members;
        while let Some(((name, _), tail)) = rest.split_first() {
            if tail.iter().any(|(other, _)| other == name) {
                return Some(name);
            }
            rest = tail;
        }
        return None;
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    index::sort(&mut names);
    names.array_windows().find_map(|[a, b]| (a == b).then_some(*a))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::parse;

    /// Another reader takes what this one takes, and says the same; what it refuses, this one refuses.
    fn agrees(text: &str) {
        let other: Result<serde_json::Value, _> = serde_json::from_str(text);
        match (parse(text), other) {
            (Ok(ours), Ok(theirs)) => {
                let again: serde_json::Value = serde_json::from_str(&ours.to_string()).unwrap();
                let equal = again == theirs;
                // A number may be written as 1.0 and 1, or -0.0 and 0: the same value to every reader.
                assert!(equal || text.contains(['.', 'e', 'E', '-']), "{text}: {again} {theirs}");
            }
            (Ok(_), Err(error)) => panic!("{text}: only ours takes it: {error}"),
            (Err(_), _) => {}
        }
    }

    proptest! {
        #[test]
        fn random_json_reads_the_same(text in r#"[\[\]{},:"\\u0-9a-f.eE+\- tn/]{0,40}"#) {
            agrees(&text);
        }

        #[test]
        fn random_strings_survive(text in any::<String>()) {
            let quoted = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(parse(&quoted).unwrap(), Json::String(text));
        }

        #[test]
        fn random_doubles_survive(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
            let text = format!("{value:e}");
            prop_assert_eq!(parse(&text).unwrap(), Json::Number(Number::Double(value)));
        }
    }

    #[test]
    fn numbers_have_one_grammar() {
        for text in ["01", "+1", "1.", ".5", "1e", "1e+", "-", "0x1", "Infinity", "1_000", "--1", "1.e1"] {
            assert!(parse(text).is_err(), "{text}");
        }
        for (text, value) in [("0", 0.0), ("-0", -0.0), ("0.5", 0.5), ("1E3", 1e3), ("-1.5e-3", -1.5e-3)] {
            assert!(matches!(parse(text), Ok(Json::Number(number)) if number.as_f64() == value), "{text}");
        }
    }

    #[test]
    fn escapes_make_characters() {
        assert_eq!(parse(r#""\u00e9\ud83d\ude00\/\n""#).unwrap().as_str(), Some("é😀/\n"));
        for text in [
            r#""\ud83d""#,
            r#""\ud83dx""#,
            r#""\ude00""#,
            r#""\ud83d\u0041""#,
            r#""\x""#,
            r#""\u12""#,
            "\"\\é\"",
            "\"\n\"",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
