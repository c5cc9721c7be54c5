//! Statements: what a credential says once its JSON is read as JSON-LD.
//!
//! Terms are kept as the [canonical N-Quads] text that they are hashed and signed as, all in one string,
//! so that a dataset without blank nodes is canonical after a sort.
//!
//! [canonical N-Quads]: https://www.w3.org/TR/rdf12-n-quads/#canonical-quads

use std::fmt::Write as _;
use std::ops::Range;

use crate::limits::{MAX_IRI_BYTES, MAX_STRING_BYTES};

/// One RDF term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// `<…>`, as a range of the dataset's text.
    Iri(Span),
    /// A blank node, by its number in the dataset.
    Blank(u32),
    /// `"…"` with its datatype or language, as a range of the dataset's text.
    Literal(Span),
}

/// A range of the dataset's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn range(self) -> Range<usize> {
        let wide = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        wide(self.start)..wide(self.end)
    }
}

/// One statement. `graph` is `None` for the default graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quad {
    /// An IRI or a blank node.
    pub subject: Term,
    /// An IRI.
    pub predicate: Term,
    /// Any term.
    pub object: Term,
    /// An IRI or a blank node.
    pub graph: Option<Term>,
}

impl Quad {
    /// The blank nodes of this statement in the order subject, object, graph.
    pub(crate) fn blanks(&self) -> impl Iterator<Item = u32> {
        [Some(self.subject), Some(self.object), self.graph].into_iter().flatten().filter_map(
            |term| match term {
                Term::Blank(node) => Some(node),
                Term::Iri(_) | Term::Literal(_) => None,
            },
        )
    }
}

/// A list of statements, with the text of their terms. May hold one statement twice.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    text: String,
    quads: Vec<Quad>,
    blanks: u32,
}

impl Dataset {
    /// Without statements.
    #[must_use]
    pub fn new() -> Self {
        Self { text: String::with_capacity(8 << 10), quads: Vec::with_capacity(128), blanks: 0 }
    }

    /// The statements.
    #[must_use]
    pub fn quads(&self) -> &[Quad] {
        &self.quads
    }

    /// How many blank nodes were made; they are numbered from 0.
    #[must_use]
    pub const fn blank_count(&self) -> u32 {
        self.blanks
    }

    /// The same with only some statements, by their places in ascending order.
    #[cfg(feature = "sign")]
    pub(crate) fn only(&self, places: &[usize]) -> Self {
        let quads = places.iter().filter_map(|place| self.quads.get(*place).copied()).collect();
        Self { text: self.text.clone(), quads, blanks: self.blanks }
    }

    /// Adds a statement.
    pub fn push(&mut self, quad: Quad) {
        self.quads.push(quad);
    }

    /// A blank node that no statement has yet.
    pub fn fresh_blank(&mut self) -> Term {
        let node = self.blanks;
        self.blanks = self.blanks.saturating_add(1);
        Term::Blank(node)
    }

    /// An IRI, given without the angle brackets and known to be well formed.
    pub fn iri(&mut self, iri: &str) -> Term {
        let start = self.here();
        self.text.push('<');
        self.text.push_str(iri);
        self.text.push('>');
        Term::Iri(self.span(start))
    }

    /// A literal of `datatype`; `None` is `xsd:string`, which canonical text leaves out.
    pub fn typed_literal(&mut self, lexical: &str, datatype: Option<&str>) -> Term {
        let start = self.here();
        self.quoted(lexical);
        if let Some(datatype) = datatype.filter(|iri| *iri != XSD_STRING) {
            self.text.push_str("^^<");
            self.text.push_str(datatype);
            self.text.push('>');
        }
        Term::Literal(self.span(start))
    }

    /// A literal in a language.
    pub fn language_literal(&mut self, lexical: &str, language: &str) -> Term {
        let start = self.here();
        self.quoted(lexical);
        self.text.push('@');
        self.text.push_str(language);
        Term::Literal(self.span(start))
    }

    /// The text of an IRI or literal; empty for a blank node.
    pub(crate) fn term_text(&self, term: Term) -> &str {
        match term {
            Term::Iri(span) | Term::Literal(span) => self.text.get(span.range()).unwrap_or_default(),
            Term::Blank(_) => "",
        }
    }

    /// Writes one statement as a line of N-Quads, blank nodes by `label`.
    pub(crate) fn write_line(&self, quad: &Quad, out: &mut String, label: &mut dyn FnMut(u32, &mut String)) {
        let mut term = |term: Term, out: &mut String| match term {
            Term::Blank(node) => label(node, out),
            Term::Iri(span) | Term::Literal(span) => {
                out.push_str(self.text.get(span.range()).unwrap_or_default());
            }
        };
        term(quad.subject, out);
        out.push(' ');
        term(quad.predicate, out);
        out.push(' ');
        term(quad.object, out);
        if let Some(graph) = quad.graph {
            out.push(' ');
            term(graph, out);
        }
        out.push_str(" .\n");
    }

    /// Bytes of all statements written out, but for the names of blank nodes.
    pub(crate) fn canonical_bytes(&self) -> usize {
        let term = |term: Term| match term {
            Term::Iri(span) | Term::Literal(span) => span.range().len(),
            Term::Blank(_) => 8,
        };
        let quad = |quad: &Quad| {
            term(quad.subject) + term(quad.predicate) + term(quad.object) + quad.graph.map_or(0, term) + 6
        };
        self.quads.iter().map(quad).fold(0, usize::saturating_add)
    }

    /// All statements as canonical N-Quads: each once, sorted by code point.
    pub(crate) fn to_canonical(&self, label: &mut dyn FnMut(u32, &mut String)) -> String {
        let mut lines = String::with_capacity(self.text.len() + self.quads.len() * 96);
        let mut ends = Vec::with_capacity(self.quads.len());
        for quad in &self.quads {
            let start = lines.len();
            self.write_line(quad, &mut lines, label);
            ends.push(start..lines.len());
        }
        // UTF-8 sorts as its code points do.
        let mut sorted: Vec<&str> = ends.into_iter().filter_map(|range| lines.get(range)).collect();
        crate::index::sort(&mut sorted);
        sorted.dedup();
        sorted.concat()
    }

    /// The escapes of canonical N-Quads: the named ones, and `\u` for the other control characters.
    fn quoted(&mut self, lexical: &str) {
        self.text.push('"');
        let special = |b: u8| b < 0x20 || b == b'"' || b == b'\\' || b == 0x7f;
        let mut rest = lexical;
        while let Some(at) = rest.bytes().position(special) {
            let (plain, tail) = rest.split_at(at);
            self.text.push_str(plain);
            let mut chars = tail.chars();
            match chars.next() {
                Some('"') => self.text.push_str("\\\""),
                Some('\\') => self.text.push_str("\\\\"),
                Some('\u{8}') => self.text.push_str("\\b"),
                Some('\t') => self.text.push_str("\\t"),
                Some('\n') => self.text.push_str("\\n"),
                Some('\u{c}') => self.text.push_str("\\f"),
                Some('\r') => self.text.push_str("\\r"),
                // Writing to a String cannot fail.
                Some(control) => _ = write!(self.text, "\\u{:04X}", u32::from(control)),
                None => {}
            }
            rest = chars.as_str();
        }
        self.text.push_str(rest);
        self.text.push('"');
    }

    /// Documents are capped at a mebibyte, so their terms stay far below 4 GiB.
    fn here(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    fn span(&self, start: u32) -> Span {
        Span { start, end: self.here() }
    }
}

/// `xsd:string`
pub(crate) const XSD_STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
/// `xsd:boolean`
pub(crate) const XSD_BOOLEAN: &str = "http://www.w3.org/2001/XMLSchema#boolean";
/// `xsd:integer`
pub(crate) const XSD_INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";
/// `xsd:double`
pub(crate) const XSD_DOUBLE: &str = "http://www.w3.org/2001/XMLSchema#double";
/// `rdf:type`
pub(crate) const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
/// `rdf:first`
pub(crate) const RDF_FIRST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first";
/// `rdf:rest`
pub(crate) const RDF_REST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest";
/// `rdf:nil`
pub(crate) const RDF_NIL: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil";
/// `rdf:JSON`
pub(crate) const RDF_JSON: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON";

/// Whether `text` is an absolute IRI that N-Quads can carry: a scheme, a colon, and none of the
/// characters that [IRIREF](https://www.w3.org/TR/n-quads/#grammar-production-IRIREF) leaves out.
#[must_use]
pub fn is_absolute_iri(text: &str) -> bool {
    // A `data:` URL is what it names: a credential in an envelope, say.
    let max = if text.starts_with("data:") { MAX_STRING_BYTES } else { MAX_IRI_BYTES };
    if text.len() > max {
        return false;
    }
    let Some((scheme, _)) = text.split_once(':') else { return false };
    let mut letters = scheme.bytes();
    letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && text.bytes().all(|b| IRI_BYTES.get(usize::from(b)) == Some(&true))
}

/// The bytes that an IRI may have; of those beyond ASCII, all.
static IRI_BYTES: [bool; 256] = {
    let mut table = [true; 256];
    let mut byte = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which stops at a wrong index")]
    while byte < 256 {
        table[byte] =
            !(byte <= 0x20 || matches!(byte, 0x22 | 0x3c | 0x3e | 0x5c | 0x5e | 0x60 | 0x7b | 0x7c | 0x7d));
        byte += 1;
    }
    table
};

/// Whether `text` is well formed as a language tag in the sense of
/// [RDF](https://www.w3.org/TR/n-quads/#grammar-production-LANGTAG).
#[must_use]
pub fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    (1..=8).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_canonical() {
        let mut data = Dataset::new();
        let (s, p) = (data.iri("urn:s"), data.iri("urn:p"));
        let o = data.typed_literal("a\"\\\n\u{1}\u{7f}é", Some(XSD_STRING));
        let o2 = data.typed_literal("1", Some(XSD_INTEGER));
        for object in [o2, o, o] {
            data.push(Quad { subject: s, predicate: p, object, graph: None });
        }
        let text = data.to_canonical(&mut |_, _| {});
        assert_eq!(
            text,
            "<urn:s> <urn:p> \"1\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n<urn:s> <urn:p> \"a\\\"\\\\\\n\\u0001\\u007Fé\" .\n"
        );
    }

    #[test]
    fn iris_and_languages() {
        for good in ["urn:a", "https://a.example/ü?q#f", "did:key:z6Mk#z6Mk", "a+b.c-1:"] {
            assert!(is_absolute_iri(good), "{good}");
        }
        for bad in ["", "a", "/a", "1a:b", ":b", "a:b c", "a:<b>", "a:b\u{0}", "a b:c", "ä:b"] {
            assert!(!is_absolute_iri(bad), "{bad}");
        }
        assert!(is_language_tag("de-CH-1996") && !is_language_tag("de_CH") && !is_language_tag(""));
    }
}
