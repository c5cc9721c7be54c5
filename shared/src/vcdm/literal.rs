//! Literals of statements, read back from their canonical text.

use crate::json::{self, Json, Number, Object};
use crate::rdf::{RDF_JSON, XSD_BOOLEAN, XSD_DOUBLE, XSD_INTEGER, XSD_STRING};

/// The datatype of `statusSize`, as the context of the data model spells it.
const STATUS_SIZE: &str = "https://www.w3.org/2001/XMLSchema#integer";

/// A literal.
pub(super) struct Literal<'t> {
    lexical: String,
    datatype: &'t str,
    language: Option<&'t str>,
}

impl<'t> Literal<'t> {
    /// Reads the [canonical](https://www.w3.org/TR/rdf12-n-quads/#canonical-quads) text of one.
    pub(super) fn read(text: &'t str) -> Self {
        // A quotation mark inside is escaped, so the last one ends the text.
        let (quoted, rest) = text.rsplit_once('"').unwrap_or((text, ""));
        let lexical = unescaped(quoted.strip_prefix('"').unwrap_or(quoted));
        let datatype = rest.strip_prefix("^^<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(XSD_STRING);
        Self { lexical, datatype, language: rest.strip_prefix('@') }
    }

    pub(super) fn is_double(&self) -> bool {
        self.datatype == XSD_DOUBLE
    }

    /// The JSON under a term with this coercion. The datatype is left out where the term or the kind of JSON
    /// value says it.
    pub(super) fn to_json(&self, coercion: Option<&str>) -> Json {
        let text = || Json::from(self.lexical.as_str());
        let with =
            |name: &str, value: &str| Object::from_iter([("@value", text()), (name, value.into())]).into();
        if let Some(language) = self.language {
            return with("@language", language);
        }
        let coercion = coercion.filter(|coercion| !matches!(*coercion, "@id" | "@vocab" | "@none"));
        let plain = match (self.datatype, coercion) {
            (RDF_JSON, Some("@json")) => return json::parse(&self.lexical).unwrap_or_else(|_| text()),
            (XSD_STRING, None) => Some(text()),
            (XSD_BOOLEAN, None) => match self.lexical.as_str() {
                "true" => Some(Json::Bool(true)),
                "false" => Some(Json::Bool(false)),
                _ => None,
            },
            // A term of integers holds numbers as well as texts, and the statement is the same.
            (XSD_INTEGER, None | Some(XSD_INTEGER)) | (STATUS_SIZE, Some(STATUS_SIZE)) => {
                let number = json::parse(&self.lexical).ok().filter(|json| {
                    matches!(json, Json::Number(Number::Integer(value)) if value.to_string() == self.lexical)
                });
                number.or_else(|| coercion.map(|_| text()))
            }
            (datatype, Some(coercion)) => (datatype == coercion).then(text),
            (XSD_DOUBLE, None) => self
                .lexical
                .parse()
                .ok()
                .filter(|value: &f64| value.is_finite())
                .map(|value| Json::Number(Number::Double(value))),
            _ => None,
        };
        plain.unwrap_or_else(|| with("@type", self.datatype))
    }
}

/// The inverse of the escapes of canonical N-Quads.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        out.push(match chars.next() {
            Some('b') => '\u{8}',
            Some('t') => '\t',
            Some('n') => '\n',
            Some('f') => '\u{c}',
            Some('r') => '\r',
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
            }
            Some(other) => other,
            None => '\\',
        });
    }
    out
}
