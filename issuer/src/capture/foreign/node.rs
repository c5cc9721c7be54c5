//! A document in the order of its file, in JSON or YAML, small and of uncertain kind: what it is not, is nothing.
//!
//! These are not documents of ours. Numbers with fractions and members in any order are fine; what has two
//! readings (a member that stands twice) is not.

use std::fmt;

use super::Bounds;
use model_passport::json::{self, Json, Limits, Number};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// What anyone writes.
const BOUNDS: Bounds = Bounds { nodes: MAX_NODES, depth: MAX_DEPTH };

/// Most nodes of one document: a `plans.json` of nnU-Net has a few hundred, a model card with many results a few
/// thousand.
const MAX_NODES: usize = 50_000;

/// Deepest nesting.
const MAX_DEPTH: usize = 32;

/// A value of JSON or YAML.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::capture) enum Node {
    Nothing,
    Bool(bool),
    Integer(i64),
    /// As text without an exponent.
    Fraction(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Reads JSON; nothing if it is none, or has more in it than anyone writes.
    pub(in crate::capture) fn from_json(text: &str) -> Option<Self> {
        let limits = Limits { max_nodes: MAX_NODES, max_depth: MAX_DEPTH, ..Limits::default() };
        Some(json::parse_within(text, &limits).ok()?.into())
    }

    /// Reads one YAML document; nothing if it is none, or has more in it than anyone writes.
    pub(in crate::capture) fn from_yaml(text: &str) -> Option<Self> {
        super::yaml(text, &BOUNDS).ok()
    }

    pub(in crate::capture) fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find_map(|(member, value)| (member == name).then_some(value))
    }

    pub(in crate::capture) fn members(&self) -> &[(String, Self)] {
        if let Self::Map(members) = self { members } else { &[] }
    }

    pub(in crate::capture) fn items(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// One text or several, as many formats allow in one place.
    pub(in crate::capture) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::List(items) => items.iter().filter_map(Self::text).collect(),
            _ => Vec::new(),
        }
    }

    pub(in crate::capture) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(in crate::capture) fn integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// A text, a number or a truth value, as text.
    pub(in crate::capture) fn scalar(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Integer(value) => Some(value.to_string()),
            Self::Fraction(text) | Self::Text(text) => Some(text.clone()),
            Self::Nothing | Self::List(_) | Self::Map(_) => None,
        }
    }
}

impl From<Json> for Node {
    /// Recursion is as deep as the reader allowed.
    fn from(value: Json) -> Self {
        match value {
            Json::Null => Self::Nothing,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(Number::Integer(value)) => Self::Integer(value),
            Json::Number(Number::Double(value)) => Self::Fraction(value.to_string()),
            Json::String(text) => Self::Text(text),
            Json::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Json::Object(members) => Self::Map(
                members.iter().map(|(name, value)| (name.to_owned(), Self::from(value.clone()))).collect(),
            ),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Both readers bound the depth; the visitor bounds what is kept.
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(i64::try_from(value).map_or_else(|_| Node::Fraction(value.to_string()), Node::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(if value.is_finite() { Node::Fraction(value.to_string()) } else { Node::Nothing })
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Node, E> {
        Ok(Node::Text(text))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            if items.len() >= MAX_NODES {
                return Err(A::Error::custom("too many items"));
            }
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let (mut members, mut names) = (Vec::new(), std::collections::BTreeSet::new());
        while let Some(name) = map.next_key::<Node>()? {
            let name = name.scalar().ok_or_else(|| A::Error::custom("a name that is no text"))?;
            if !names.insert(name.clone()) {
                return Err(A::Error::custom("a member that stands twice"));
            }
            members.push((name, map.next_value()?));
        }
        Ok(Node::Map(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_are_read_alike() {
        let json = r#"{"b":[1,0.5,true,null,"x"],"a":{"c":"d"}}"#;
        let yaml = "b: [1, 0.5, true, null, x]\na:\n  c: d\n";
        let node = Node::from_json(json).unwrap();
        assert_eq!(Node::from_yaml(yaml), Some(node.clone()));
        assert_eq!(node.members().first().map(|(name, _)| name.as_str()), Some("b"));
        assert_eq!(node.get("b").unwrap().items().get(1), Some(&Node::Fraction("0.5".to_owned())));
        assert_eq!(Node::from_json("1e-7").and_then(|node| node.scalar()).as_deref(), Some("0.0000001"));
        let shared = Node::from_yaml("x: &x {0: no}\ny: *x\n").unwrap();
        assert_eq!(shared.get("x"), shared.get("y"));
        assert_eq!(shared.get("y").unwrap().get("0"), Some(&Node::Text("no".to_owned())));
    }

    #[test]
    fn hostile_documents_are_none() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{},", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        let (flow, block) = ("[".repeat(100_000), "- ".repeat(100_000));
        let nested = "a: ".repeat(10_000);
        for yaml in [
            &bomb,
            &flow,
            &block,
            &nested,
            "a: 1\na: 2",
            "a: *b",
            "{",
            "\0",
            "? [a]\n: b",
            "a: 1\n---\nb: 2\n",
        ] {
            assert_eq!(Node::from_yaml(yaml), None, "{}", yaml.get(..40).unwrap_or(yaml));
        }
        for json in [&flow, "{\"a\":1,\"a\":2}", "{\"a\":NaN}", "", "{", "[1] x"] {
            assert_eq!(Node::from_json(json), None, "{}", json.get(..40).unwrap_or(json));
        }
    }
}
