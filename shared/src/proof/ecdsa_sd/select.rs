//! What JSON pointers choose of a document
//! ([selectJsonLd](https://www.w3.org/TR/vc-di-ecdsa/#selectjsonld)): the values that they name, and for every object
//! on the way its `id` and `type`.

use super::DisclosureError;
use crate::json::{At, Json, Object, escape_token};

/// Some pointers, known to name something in a document.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pointers: Vec<String>,
}

impl Selection {
    pub(super) fn new(document: &Json, pointers: &[String]) -> Result<Self, DisclosureError> {
        let mut known = Vec::new();
        for pointer in pointers {
            document.pointer(pointer).ok_or_else(|| DisclosureError::Pointer(pointer.clone()))?;
            let pointer = spelt(pointer);
            if !known.contains(&pointer) {
                known.push(pointer);
            }
        }
        Ok(Self { pointers: known })
    }

    /// Whether a statement that comes from the value at `place` is chosen: the value is in what is chosen, or is an
    /// object on the way there, or is the type of one.
    pub(super) fn takes(&self, place: &str) -> bool {
        self.pointers.iter().any(|pointer| {
            let is_type = |on_the_way: &str| {
                place.strip_prefix(on_the_way).is_some_and(|rest| is_within(rest, "/type"))
            };
            is_within(place, pointer) || is_within(pointer, place) || ancestors(pointer).any(is_type)
        })
    }

    /// The document with what is chosen, in the order of the document; null where there is no pointer.
    pub(super) fn of(&self, document: &Json) -> Json {
        if self.pointers.is_empty() { Json::Null } else { self.part(document, &At::ROOT) }
    }

    // The depth of a document is capped when it is parsed, so this recursion is shallow.
    fn part(&self, value: &Json, at: &At<'_>) -> Json {
        let here = at.pointer();
        if self.pointers.iter().any(|pointer| is_within(&here, pointer)) {
            return value.clone();
        }
        let on_the_way = |at: &At<'_>| {
            let there = at.pointer();
            self.pointers.iter().any(|pointer| is_within(pointer, &there))
        };
        match value {
            Json::Array(items) => {
                let items = items.iter().enumerate().map(|(index, item)| (at.item(index), item));
                let items = items.filter(|(at, _)| on_the_way(at));
                items.map(|(at, item)| self.part(item, &at)).collect::<Vec<_>>().into()
            }
            Json::Object(members) => {
                let mut part = Object::new();
                for (name, value) in members.iter() {
                    let at = at.member(name);
                    let always = match name {
                        "@context" => here.is_empty(),
                        "id" => !value.as_str().is_some_and(|id| id.starts_with("_:")),
                        _ => name == "type",
                    };
                    if always {
                        part.insert(name, value.clone());
                    } else if on_the_way(&at) {
                        part.insert(name, self.part(value, &at));
                    }
                }
                part.into()
            }
            scalar => scalar.clone(),
        }
    }
}

/// Whether `place` is at or below `top`.
fn is_within(place: &str, top: &str) -> bool {
    place.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The pointers to the values on the way to one, without itself.
fn ancestors(pointer: &str) -> impl Iterator<Item = &str> {
    pointer.match_indices('/').filter_map(|(end, _)| pointer.get(..end))
}

/// A pointer in its one spelling.
fn spelt(pointer: &str) -> String {
    let unescaped = |token: &str| token.replace("~1", "/").replace("~0", "~");
    let tokens: Vec<String> = pointer.split('/').map(|token| escape_token(&unescaped(token))).collect();
    tokens.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"@context":"urn:c","id":"urn:a","type":["T"],
        "a":{"@context":"urn:d","id":"_:b","type":"U","b":[{"id":"urn:1","c":1,"d":2},{"c":3},{"c":4,"type":"V"}],"e":"x"},"f":[1,2],"g/h":{"i":0}}"#;

    fn chosen(pointers: &[&str]) -> Result<String, &'static str> {
        let document = crate::json::parse(DOCUMENT).unwrap();
        let pointers: Vec<String> = pointers.iter().map(|pointer| (*pointer).to_owned()).collect();
        let selection = Selection::new(&document, &pointers).map_err(|error| error.code())?;
        Ok(selection.of(&document).to_string())
    }

    #[test]
    fn identifiers_and_types_come_along() {
        let root = r#"{"@context":"urn:c","id":"urn:a","type":["T"]"#;
        for (pointers, expected) in [
            (&["/a/b/2/c"][..], format!(r#"{root},"a":{{"type":"U","b":[{{"c":4,"type":"V"}}]}}}}"#)),
            (
                &["/a/b/0/d", "/f/1", "/a/b/0/d"],
                format!(r#"{root},"a":{{"type":"U","b":[{{"id":"urn:1","d":2}}]}},"f":[2]}}"#),
            ),
            (&["/g~1h"], format!(r#"{root},"g/h":{{"i":0}}}}"#)),
            (&["/a/e", "/a"], crate::json::parse(&format!("{root}}}")).map(|_| String::new()).unwrap()),
        ] {
            let expected = if expected.is_empty() {
                format!(r#"{root},"a":{}}}"#, crate::json::parse(DOCUMENT).unwrap().get("a").unwrap())
            } else {
                expected
            };
            assert_eq!(chosen(pointers), Ok(expected), "{pointers:?}");
        }
        assert_eq!(chosen(&[""]), Ok(crate::json::parse(DOCUMENT).unwrap().to_string()));
        assert_eq!(chosen(&[]), Ok("null".to_owned()));
        for pointer in ["a", "/b", "/f/2", "/f/01", "/f/-", "/a/e/x", "/a/"] {
            assert_eq!(chosen(&[pointer]), Err("disclosure.pointer"), "{pointer}");
        }
    }

    #[test]
    fn statements_go_with_their_place() {
        let document = crate::json::parse(DOCUMENT).unwrap();
        let selection = Selection::new(&document, &["/a/b/0/c".to_owned()]).unwrap();
        for (place, taken) in [
            ("/type", true),
            ("/a", true),
            ("/a/type", true),
            ("/a/b/0", true),
            ("/a/b/0/c", true),
            ("/a/b/0/c/deeper", true),
            ("/a/b/0/type/0", true),
            ("/a/b/0/d", false),
            ("/a/b/1", false),
            ("/a/b/01", false),
            ("/a/typed", false),
            ("/f/type", false),
            ("/f/0", false),
        ] {
            assert_eq!(selection.takes(place), taken, "{place}");
        }
    }
}
