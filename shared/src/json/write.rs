//! From values to text: compact JSON, in document order.

use std::fmt::Write as _;

use super::{Json, Number};
use crate::canon::jcs;

/// One value.
pub(crate) fn value(value: &Json, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => flag(*value, out),
        Json::Number(number) => self::number(*number, out),
        Json::String(value) => text(value, out),
        Json::Array(items) => list(items, out, self::value),
        Json::Object(object) => {
            let mut members = Members::new(out);
            for (name, value) in object.iter() {
                self::value(value, members.next(name));
            }
            members.end();
        }
    }
}

/// A number that reads back as the same one: a double keeps its fraction or exponent.
fn number(number: Number, out: &mut String) {
    let start = out.len();
    if matches!(number, Number::Double(value) if value == 0.0 && value.is_sign_negative()) {
        return out.push_str("-0.0");
    }
    jcs::write_number(number, out);
    let written = out.get(start..).unwrap_or_default();
    if matches!(number, Number::Double(_)) && !written.contains(['.', 'e']) {
        out.push_str(".0");
    }
}

/// `true` or `false`
pub(crate) fn flag(value: bool, out: &mut String) {
    out.push_str(if value { "true" } else { "false" });
}

/// An array, each item by `write`.
pub(crate) fn list<T>(items: &[T], out: &mut String, write: impl Fn(&T, &mut String)) {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(']');
}

/// A string, with the escapes that RFC 8259 requires and no other.
pub(crate) fn text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = special.chars();
        match chars.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\u{8}') => out.push_str("\\b"),
            Some('\t') => out.push_str("\\t"),
            Some('\n') => out.push_str("\\n"),
            Some('\u{c}') => out.push_str("\\f"),
            Some('\r') => out.push_str("\\r"),
            // Writing to a String cannot fail.
            Some(control) => _ = write!(out, "\\u{:04x}", u32::from(control)),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// The members of an object, written one after the other.
pub(crate) struct Members<'o> {
    out: &'o mut String,
    first: bool,
}

impl<'o> Members<'o> {
    /// Begins an object.
    pub(crate) fn new(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, first: true }
    }

    /// Begins the member `name`. Its value is what the caller writes next.
    pub(crate) fn next(&mut self, name: &str) -> &mut String {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        text(name, self.out);
        self.out.push(':');
        self.out
    }

    /// A member that is a text.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        text(value, self.next(name));
    }

    /// A member that is left out when there is no text.
    pub(crate) fn text_if(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// Ends the object.
    pub(crate) fn end(self) {
        self.out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::parse;

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(double in any::<f64>(), integer in -(1_i64 << 53) + 1..1 << 53, plain in any::<String>()) {
            prop_assume!(double.is_finite());
            let numbers = [Number::Double(double), Number::Integer(integer)].map(Json::Number).to_vec();
            let json = Json::from(vec![Json::Array(numbers), Json::String(plain), Json::Null, Json::Bool(true)]);
            let mut out = String::new();
            value(&json, &mut out);
            prop_assert_eq!(parse(&out), Ok(json.clone()));
        }

        #[test]
        fn texts_are_escaped_as_by_others(plain in any::<String>()) {
            let mut out = String::new();
            text(&plain, &mut out);
            prop_assert_eq!(out, serde_json::to_string(&plain).unwrap());
        }
    }

    #[test]
    fn doubles_stay_doubles() {
        for text in ["1.0", "-0.0", "0.1", "1e+21", "100000000000000000000.0", "5e-324"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }
}
