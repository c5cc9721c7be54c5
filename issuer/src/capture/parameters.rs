//! Parameters of other tools, in the form and within the limits of a passport.
//!
//! A passport's parameters are flat: text, whole numbers, true or false, and short lists of these. Nested ones get
//! names with dots, fractions become text as they are written, and what does not fit is named in a note.

use model_passport::json::{Json, MAX_SAFE_INTEGER, Number, Object};
use serde_json::Value;

use super::{Found, foreign};

/// As in the schema of passports.
const MAX_PARAMETERS: usize = 256;
const MAX_TEXT_CHARS: usize = 1024;
const MAX_ITEMS: usize = 64;
const MAX_ITEM_CHARS: usize = 256;

/// Longest name.
const MAX_NAME_CHARS: usize = 256;

/// Names that a note spells out.
const MAX_NAMED: usize = 8;

/// What is collected on the way to a passport.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    kept: Vec<(String, Json)>,
    left_out: Vec<String>,
}

impl Parameters {
    /// Adds a value under a name; objects with a name for each part.
    pub(super) fn add(&mut self, name: &str, value: &Value) {
        match value {
            // The parsers bound the depth.
            Value::Object(members) if !members.is_empty() => {
                for (part, value) in members {
                    self.add(&format!("{name}.{part}"), value);
                }
            }
            value => match fitting(value).filter(|_| is_name(name)) {
                Some(value) => self.kept.push((name.to_owned(), value)),
                None => self.left_out.push(name.to_owned()),
            },
        }
    }

    /// Adds a value that is text in its own tool: a whole number stays one, all else stands as it is written.
    pub(super) fn add_text(&mut self, name: &str, text: &str) {
        let integer = text.parse::<i64>().ok().filter(|value| value.to_string() == text);
        self.add(name, &integer.map_or_else(|| Value::from(text), Value::from));
    }

    /// The parameters, sorted by name; a note names what does not fit. None if there are none.
    pub(super) fn finish(mut self, found: &mut Found, from: &str) -> Option<Object> {
        self.kept.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.kept.dedup_by(|(a, _), (b, _)| a == b);
        if self.kept.len() > MAX_PARAMETERS {
            self.left_out.extend(self.kept.drain(MAX_PARAMETERS..).map(|(name, _)| name));
        }
        if !self.left_out.is_empty() {
            let named: Vec<String> =
                self.left_out.iter().take(MAX_NAMED).map(|name| name.chars().take(64).collect()).collect();
            let more = match self.left_out.len().saturating_sub(MAX_NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let message =
                format!("{from} has parameters that no passport can hold: {}{more}", named.join(", "));
            found.note("capture.parameters-left-out", message);
        }
        (!self.kept.is_empty()).then(|| self.kept.into_iter().collect())
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= MAX_NAME_CHARS && !name.contains(char::is_control)
}

fn fitting(value: &Value) -> Option<Json> {
    match value {
        Value::Array(items) if (1..=MAX_ITEMS).contains(&items.len()) => {
            let scalars: Option<Vec<Json>> = items.iter().map(|item| scalar(item, MAX_ITEM_CHARS)).collect();
            scalars.map(Json::from).or_else(|| text(&value.to_string(), MAX_TEXT_CHARS))
        }
        Value::Array(_) | Value::Object(_) | Value::Null => text(&value.to_string(), MAX_TEXT_CHARS),
        value => scalar(value, MAX_TEXT_CHARS),
    }
}

fn scalar(value: &Value, max_chars: usize) -> Option<Json> {
    if let Some(value) = value.as_bool() {
        return Some(Json::Bool(value));
    }
    if let Some(value) =
        value.as_i64().filter(|value| value.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs())
    {
        return Some(Json::Number(Number::Integer(value)));
    }
    text(&foreign::scalar(value)?, max_chars)
}

fn text(text: &str, max_chars: usize) -> Option<Json> {
    (text.chars().count() <= max_chars).then(|| Json::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_gets_the_form_of_a_passport() {
        let mut parameters = Parameters::default();
        let given = r#"{"b":[1,"x",true],"c":{"d":0.5,"e":null,"f":{}},"a":9007199254740993,"g":[[1],[2]],"h":[],"i":1e-5}"#;
        for (name, value) in serde_json::from_str::<Value>(given).unwrap().as_object().unwrap() {
            parameters.add(name, value);
        }
        parameters.add_text("j", "30");
        parameters.add_text("k", "030");
        parameters.add_text("l", "1e-05");
        let mut found = Found::default();
        assert_eq!(
            Json::Object(parameters.finish(&mut found, "x").unwrap()).to_string(),
            r#"{"a":"9007199254740993","b":[1,"x",true],"c.d":"0.5","c.e":"null","c.f":"{}","g":"[[1],[2]]","h":"[]","i":"0.00001","j":30,"k":"030","l":"1e-05"}"#
        );
        assert!(found.notes.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut parameters = Parameters::default();
        parameters.add("long", &Value::from("x".repeat(1025)));
        parameters.add("many", &Value::from(vec![1; 1000]));
        parameters.add("", &Value::from(1));
        (0..300).for_each(|at| parameters.add(&format!("p{at:03}"), &Value::from(at)));
        let mut found = Found::default();
        assert_eq!(parameters.finish(&mut found, "the run").unwrap().len(), 256);
        let note = found.notes[0].to_string();
        assert!(
            note.contains("long, many, ") && note.contains("p256") && note.contains("and 39 more"),
            "{note}"
        );
        assert_eq!(Parameters::default().finish(&mut Found::default(), "x"), None);
    }
}
