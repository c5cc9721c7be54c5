//! JSON as a verifier must read it: [RFC 8259] text, [I-JSON] values, no two readings.
//!
//! One reader, its own: a shared one would read numbers differently when any other crate of a build asks it
//! to. Refused are duplicate names (after unescaping, at any depth), the names that JavaScript treats as magic, and anything over
//! the [`limits`], all before any meaning is looked for. Document order is kept, so that
//! what a person is shown reads like what the issuer wrote.
//!
//! [RFC 8259]: https://www.rfc-editor.org/rfc/rfc8259
//! [I-JSON]: https://www.rfc-editor.org/rfc/rfc7493

pub(crate) mod double;
mod read;
pub(crate) mod write;

use std::fmt;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::limits;

/// The largest integer that every JSON implementation holds exactly: 2^53 - 1 ([I-JSON, section 2.2]).
///
/// [I-JSON, section 2.2]: https://www.rfc-editor.org/rfc/rfc7493#section-2.2
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// One JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number
    Number(Number),
    /// A string
    String(String),
    /// An array
    Array(Vec<Json>),
    /// An object
    Object(Object),
}

/// A JSON number, told apart by how it can be signed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Written without fraction or exponent, and at most [`MAX_SAFE_INTEGER`] from zero.
    Integer(i64),
    /// Any other number. Always finite.
    Double(f64),
}

/// A JSON object: members in document order, no name twice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object {
    members: Vec<(String, Json)>,
}

/// What a document may be at most. See [`crate::limits`] for the defaults and their reasons.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of text.
    pub max_bytes: usize,
    /// Nested arrays and objects.
    pub max_depth: usize,
    /// Values in all.
    pub max_nodes: usize,
    /// Bytes of one string.
    pub max_string_bytes: usize,
    /// Bytes of one name.
    pub max_name_bytes: usize,
    /// Numbers that are not integers.
    pub max_doubles: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: limits::MAX_DOCUMENT_BYTES,
            max_depth: limits::MAX_DEPTH,
            max_nodes: limits::MAX_NODES,
            max_string_bytes: limits::MAX_STRING_BYTES,
            max_name_bytes: limits::MAX_NAME_BYTES,
            max_doubles: limits::MAX_DOUBLES,
        }
    }
}

/// Why a text is not taken as JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// One object has a name twice; readers disagree on which value counts.
    #[error("the name `{0}` stands twice in one object")]
    DuplicateName(String),
    /// A name that JavaScript takes as an assignment to the prototype.
    #[error("the name `{0}` is not allowed")]
    ForbiddenName(String),
    /// An integer that a 64-bit float cannot hold: implementations would sign different values.
    #[error("the integer {0} has no exact 64-bit floating point value")]
    InexactInteger(String),
    /// Not RFC 8259, or not UTF-8.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// Nested too deep.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
    /// Too much text.
    #[error("{len} bytes long, over the limit of {max}")]
    TooLong {
        /// Bytes found.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// Too many values.
    #[error("more than {0} values")]
    TooManyNodes(usize),
    /// More numbers that are not integers than can be read and written in short time.
    #[error("more than {0} numbers that are not integers")]
    TooManyDoubles(usize),
    /// A name is too long.
    #[error("a name of {len} bytes, over the limit of {max}")]
    TooLongName {
        /// Bytes found.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A string is too long.
    #[error("a string of {len} bytes, over the limit of {max}")]
    TooLongString {
        /// Bytes found.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
}

impl JsonError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DuplicateName(_) => "json.duplicate-name",
            Self::ForbiddenName(_) => "json.forbidden-name",
            Self::InexactInteger(_) => "json.inexact-integer",
            Self::Syntax(_) => "json.syntax",
            Self::TooDeep(_) => "json.too-deep",
            Self::TooLong { .. } => "json.too-long",
            Self::TooManyDoubles(_) => "json.too-many-doubles",
            Self::TooManyNodes(_) => "json.too-many-nodes",
            Self::TooLongName { .. } => "json.name-too-long",
            Self::TooLongString { .. } => "json.string-too-long",
        }
    }
}

/// Reads one document under the default limits.
///
/// # Errors
/// [`JsonError`], for the first cause met.
pub fn parse(text: &str) -> Result<Json, JsonError> {
    parse_within(text, &Limits::default())
}

/// Reads one document under limits of the caller's.
///
/// # Errors
/// [`JsonError`], for the first cause met.
pub fn parse_within(text: &str, limits: &Limits) -> Result<Json, JsonError> {
    read::document(text, limits)
}

impl Number {
    /// An integer: exact within 2^53 - 1, beyond that only where a 64-bit float holds it.
    fn from_integer(value: i128) -> Option<Self> {
        let max = i128::from(MAX_SAFE_INTEGER);
        if (-max..=max).contains(&value) {
            return i64::try_from(value).ok().map(Number::Integer);
        }
        #[expect(
            clippy::as_conversions,
            reason = "the only way to round an integer to a float; checked back"
        )]
        let double = value as f64;
        #[expect(clippy::as_conversions, reason = "exact for a float without fraction; compared")]
        let back = double as i128;
        (back == value).then_some(Number::Double(double))
    }

    /// The value as every JSON implementation holds it.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            #[expect(clippy::as_conversions, reason = "INVARIANT: an Integer is within 2^53 - 1, so exact")]
            Number::Integer(value) => value as f64,
            Number::Double(value) => value,
        }
    }
}

impl Json {
    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Json::String(text) = self { Some(text) } else { None }
    }

    /// The items of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Json]> {
        if let Json::Array(items) = self { Some(items) } else { None }
    }

    /// An object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        if let Json::Object(object) = self { Some(object) } else { None }
    }

    /// An object, to change.
    pub fn as_object_mut(&mut self) -> Option<&mut Object> {
        if let Json::Object(object) = self { Some(object) } else { None }
    }

    /// A boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Json::Bool(value) = self { Some(*value) } else { None }
    }

    /// An integer.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        if let Json::Number(Number::Integer(value)) = self { Some(*value) } else { None }
    }

    /// The member `name` of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.as_object().and_then(|object| object.get(name))
    }

    /// The value that an [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901) pointer names.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Json> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |value, token| match value {
            Json::Object(object) if token.contains('~') => object.get(&unescape_token(token)),
            Json::Object(object) => object.get(token),
            Json::Array(items) => {
                let plain = token == "0" || !token.starts_with(['0', '+']);
                items.get(token.parse::<usize>().ok().filter(|_| plain)?)
            }
            _ => None,
        })
    }

    /// The values of this one, read as "one or many": an array's items, or the value itself.
    #[must_use]
    pub fn one_or_many(&self) -> &[Json] {
        self.as_array().unwrap_or(std::slice::from_ref(self))
    }

    /// Indented text for people, with a line end.
    #[must_use]
    pub fn to_pretty(&self) -> String {
        // Writing to a String fails only where Serialize does, and ours does not.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }
}

fn unescape_token(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// Where a walk over a value stands. An RFC 6901 pointer is only written where there is something to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    parent: Option<&'a At<'a>>,
    token: Token<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Token<'a> {
    Index(usize),
    Name(&'a str),
}

impl<'a> At<'a> {
    /// The value that the walk began at.
    pub(crate) const ROOT: At<'static> = At { parent: None, token: Token::Name("") };

    /// The member `name` of the value here.
    pub(crate) const fn member(&'a self, name: &'a str) -> At<'a> {
        At { parent: Some(self), token: Token::Name(name) }
    }

    /// The item `index` of the value here.
    pub(crate) const fn item(&'a self, index: usize) -> At<'a> {
        At { parent: Some(self), token: Token::Index(index) }
    }

    /// The name of the member that the walk came through last.
    pub(crate) const fn name(&self) -> Option<&'a str> {
        match self.token {
            Token::Name(name) => Some(name),
            Token::Index(_) => None,
        }
    }

    /// The pointer to the value here.
    pub(crate) fn pointer(&self) -> String {
        let Some(parent) = self.parent else { return String::new() };
        match self.token {
            Token::Index(index) => format!("{}/{index}", parent.pointer()),
            Token::Name(name) => format!("{}/{}", parent.pointer(), escape_token(name)),
        }
    }
}

/// One reference token of an RFC 6901 pointer, escaped.
#[must_use]
pub fn escape_token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Object {
    /// An object without members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The member `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.members.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    /// The member `name`, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        self.members.iter_mut().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    /// Sets the member `name` where it stands, or appends it; gives back what stood there.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Json>) -> Option<Json> {
        let (name, value) = (name.into(), value.into());
        if let Some(slot) = self.get_mut(&name) {
            return Some(std::mem::replace(slot, value));
        }
        self.members.push((name, value));
        None
    }

    /// Takes the member `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let at = self.members.iter().position(|(other, _)| other == name)?;
        Some(self.members.remove(at).1)
    }

    /// Whether there is a member `name`.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The members in document order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Json)> {
        self.members.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The members in document order, values to change.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&str, &mut Json)> {
        self.members.iter_mut().map(|(name, value)| (name.as_str(), value))
    }

    /// The names in document order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_str())
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl<N: Into<String>, V: Into<Json>> FromIterator<(N, V)> for Object {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(members: I) -> Self {
        let mut object = Object::new();
        for (name, value) in members {
            object.insert(name, value);
        }
        object
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Json::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Json::String(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Json::Bool(value)
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Json::Object(object)
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Json::Array(items)
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Self {
        Json::Number(Number::Integer(i64::from(value)))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => out.serialize_unit(),
            Json::Bool(value) => out.serialize_bool(*value),
            Json::Number(Number::Integer(value)) => out.serialize_i64(*value),
            Json::Number(Number::Double(value)) => out.serialize_f64(*value),
            Json::String(text) => out.serialize_str(text),
            Json::Array(items) => {
                let mut seq = out.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Json::Object(object) => {
                let mut map = out.serialize_map(Some(object.len()))?;
                for (name, value) in object.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl fmt::Display for Json {
    /// Compact JSON text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write::value(self, &mut text);
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        parse(text).map_or_else(|e| e.code(), |_| "ok")
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        assert_eq!(code(r#"{"a":1,"a":2}"#), "json.duplicate-name");
        assert_eq!(code(r#"[{"b":{"a":1,"\u0061":2}}]"#), "json.duplicate-name");
        assert_eq!(code(r#"{"__proto__":{}}"#), "json.forbidden-name");
        assert_eq!(code(r#"{"\u005f_proto__":{}}"#), "json.forbidden-name");
        for text in
            ["", "\u{feff}{}", "{} {}", "{}x", "[1,]", "{'a':1}", "// c\n{}", "[NaN]", "1e400", r#""\ud800""#]
        {
            assert_eq!(code(text), "json.syntax", "{text}");
        }
        assert_eq!(code("9007199254740993"), "json.inexact-integer");
        assert_eq!(code("-9007199254740993"), "json.inexact-integer");
        assert_eq!(code("9007199254740991"), "ok");
    }

    #[test]
    fn many_members_are_compared_too() {
        let names = |n: usize| (0..n).map(|i| format!("\"k{i}\":0")).collect::<Vec<_>>().join(",");
        assert_eq!(code(&format!("{{{}}}", names(200))), "ok");
        assert_eq!(code(&format!("{{{},\"k7\":1}}", names(200))), "json.duplicate-name");
    }

    #[test]
    fn limits_hold_before_meaning() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert_eq!(code(&deep(32)), "ok");
        assert_eq!(code(&deep(33)), "json.too-deep");
        assert_eq!(code(&deep(100_000)), "json.too-deep");
        assert_eq!(code(&format!("[{}]", vec!["0"; 19_999].join(","))), "ok");
        assert_eq!(code(&format!("[{}]", vec!["0"; 20_000].join(","))), "json.too-many-nodes");
        assert_eq!(code(&format!("\"{}\"", "x".repeat(65_537))), "json.string-too-long");
        assert_eq!(code(&format!("{{\"{}\":1}}", "x".repeat(256))), "ok");
        assert_eq!(code(&format!("{{\"{}\":1}}", "x".repeat(257))), "json.name-too-long");
        assert_eq!(code(&" ".repeat((1 << 20) + 1)), "json.too-long");
    }

    #[test]
    fn numbers_keep_their_kind() {
        let read = |text: &str| parse(text).unwrap();
        assert_eq!(read("-5"), Json::Number(Number::Integer(-5)));
        assert_eq!(read("1.0"), Json::Number(Number::Double(1.0)));
        assert_eq!(read("1e2"), Json::Number(Number::Double(100.0)));
        assert_eq!(read("0.1").to_string(), "0.1");
    }

    #[test]
    fn order_and_pointers() {
        let doc = parse(r#"{"z":1,"a":{"~/":[true,"x"]}}"#).unwrap();
        assert_eq!(doc.to_string(), r#"{"z":1,"a":{"~/":[true,"x"]}}"#);
        assert_eq!(doc.pointer("/a/~0~1/1").and_then(Json::as_str), Some("x"));
        assert_eq!(doc.pointer("/a/~0~1/01"), None);
        assert_eq!(doc.pointer("/a/~0~1/+1"), None);
        assert_eq!(doc.pointer(""), Some(&doc));
    }
}
