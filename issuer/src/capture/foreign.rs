//! Texts that other tools leave behind (YAML, TOML, JSON), read whole into one form within limits.
//!
//! There are two forms: [`Value`] for the files of trackers and environments, which may be large and are an error if they
//! are not what their name says; and [`Node`] for those beside a model, in the order of the file. What such a text says is
//! somebody's word. Errors name the place in it and never what stands there.

mod node;

use std::io::Read;

use serde_json::Value;

pub(super) use self::node::Node;
use super::artifacts::Artifact;
use super::{CaptureError, FormatError};

/// Most bytes of one text. Lock files of large environments have one or two million.
pub(super) const MAX_TEXT_BYTES: u64 = 8 << 20;

/// Deepest nesting of YAML, and with it of the recursion over what came of it.
const MAX_YAML_DEPTH: usize = 64;

/// Most values of one YAML text, aliases counted as often as they are used.
const MAX_YAML_NODES: usize = 1_000_000;

const BOUNDS: Bounds = Bounds { nodes: MAX_YAML_NODES, depth: MAX_YAML_DEPTH };

/// The languages that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Json,
    Toml,
    Yaml,
}

/// How a format of another tool names its trouble.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) code: &'static str,
    pub(super) format: &'static str,
    pub(super) help: &'static str,
}

impl Dialect {
    /// The error of a file that is not what its name says.
    pub(super) fn error(&self, file: &Artifact, message: impl Into<String>) -> CaptureError {
        let Self { code, format, help } = *self;
        let cause = FormatError { code, format, message: message.into(), help };
        CaptureError::Format { path: file.location.clone(), cause }
    }
}

/// The text of a file, if it is UTF-8 and no longer than a text is.
pub(super) fn text(file: &Artifact, dialect: &Dialect) -> Result<String, CaptureError> {
    if file.hashed.stamp.size > MAX_TEXT_BYTES {
        return Err(dialect.error(file, format!("it has more than {MAX_TEXT_BYTES} bytes")));
    }
    let (mut input, mut bytes) = (file.open()?, Vec::new());
    let mut limited = (&mut input).take(MAX_TEXT_BYTES);
    limited.read_to_end(&mut bytes).map_err(|cause| CaptureError::io(&file.location, cause))?;
    file.unchanged(&input)?;
    String::from_utf8(bytes).map_err(|cause| {
        let at = cause.utf8_error().valid_up_to();
        dialect.error(file, format!("it is not UTF-8 text (byte {at})"))
    })
}

/// Reads a file as what it claims to be.
pub(super) fn read(file: &Artifact, language: Language, dialect: &Dialect) -> Result<Value, CaptureError> {
    parse(&text(file, dialect)?, language).map_err(|message| dialect.error(file, message))
}

/// Reads a text; the error says where it breaks off.
pub(super) fn parse(text: &str, language: Language) -> Result<Value, String> {
    match language {
        Language::Json => serde_json::from_str(text)
            .map_err(|error| format!("it is not JSON (line {}, column {})", error.line(), error.column())),
        Language::Toml => toml::from_str(text).map_err(|error: toml::de::Error| {
            let line =
                |span: std::ops::Range<usize>| text.get(..span.start).unwrap_or_default().lines().count();
            format!("it is not TOML (line {})", error.span().map_or(0, line))
        }),
        Language::Yaml => yaml(text, &BOUNDS),
    }
}

/// How much may be in a document.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    nodes: usize,
    depth: usize,
}

/// The one way to read YAML, into either form. `no` is a language, and `y` a name.
fn yaml<T: serde::de::DeserializeOwned>(text: &str, bounds: &Bounds) -> Result<T, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: bounds.depth,
            max_nodes: bounds.nodes,
            max_recorded_anchor_events: bounds.nodes,
            max_documents: 1,
            flow_nesting_limit: bounds.depth,
        },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| match error.location() {
        Some(place) => {
            format!("it is not YAML within the limits (line {}, column {})", place.line(), place.column())
        }
        None => "it is not YAML within the limits".to_owned(),
    })
}

/// A scalar as text, numbers in decimal notation.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(match number.as_f64().filter(|_| number.is_f64()) {
            // `1e-5` is no decimal number of a passport.
            Some(value) => value.to_string(),
            None => number.to_string(),
        }),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_languages_come_to_one_form() {
        for (text, language) in [
            ("a: [1, x, true]\n", Language::Yaml),
            ("a = [1, 'x', true]", Language::Toml),
            (r#"{"a":[1,"x",true]}"#, Language::Json),
        ] {
            assert_eq!(parse(text, language).unwrap().to_string(), r#"{"a":[1,"x",true]}"#, "{text}");
        }
        let number = |text: &str| scalar(parse(text, Language::Yaml).unwrap().get("a").unwrap());
        assert_eq!(number("a: 1e-5").as_deref(), Some("0.00001"));
        assert_eq!(number("a: 3").as_deref(), Some("3"));
        assert_eq!(number("a: [3]"), None);
    }

    #[test]
    fn what_is_hostile_is_refused_without_a_word_of_it() {
        let deep = "[".repeat(100_000);
        let nested: String = (0..200).map(|at| format!("{}a:\n", " ".repeat(at))).collect();
        let mut bomb = "a0: &a0 [secret, secret]\n".to_owned();
        for at in 1..40 {
            let before = at - 1;
            bomb.push_str(&format!("a{at}: &a{at} [{}]\n", vec![format!("*a{before}"); 10].join(", ")));
        }
        let twice = "secret: 1\nsecret: 2\n";
        for text in
            [deep.as_str(), &nested, &bomb, twice, "a: [secret", "*secret", "a: b\n---\na: secret", "\u{0}"]
        {
            let error = parse(text, Language::Yaml).unwrap_err();
            assert!(error.len() < 100 && !error.contains("secret"), "{error}");
        }
        for language in [Language::Json, Language::Toml] {
            for text in [deep.as_str(), "secret", r#"{"secret": "#, "secret = "] {
                let error = parse(text, language).unwrap_err();
                assert!(error.len() < 100 && !error.contains("secret"), "{error}");
            }
        }
    }
}
