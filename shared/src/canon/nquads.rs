//! [N-Quads](https://www.w3.org/TR/n-quads/) text to statements, for data that does not come as JSON-LD.
//!
//! ```text
//! <subject> <predicate> "object"^^<datatype> <graph> .
//! ```

use crate::index::Index;
use crate::limits::MAX_QUADS;
use crate::rdf::{Dataset, Quad, Term, is_absolute_iri, is_language_tag};

/// A line that is not a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct NQuadsError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl NQuadsError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "nquads.syntax"
    }
}

/// Statements, with the labels of their blank nodes by number.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The statements.
    pub dataset: Dataset,
    /// The label of each blank node as written, without `_:`.
    pub labels: Vec<String>,
}

/// Reads a document.
///
/// # Errors
/// [`NQuadsError`] for the first line that is not a statement.
pub fn parse(text: &str) -> Result<Parsed, NQuadsError> {
    let mut reader =
        Reader { dataset: Dataset::new(), numbers: Index::default(), nodes: Vec::new(), labels: Vec::new() };
    for (at, line) in text.split(['\n', '\r']).enumerate() {
        reader.line(line).map_err(|what| NQuadsError { line: at + 1, what })?;
    }
    Ok(Parsed { dataset: reader.dataset, labels: reader.labels })
}

struct Reader {
    dataset: Dataset,
    numbers: Index,
    nodes: Vec<Term>,
    labels: Vec<String>,
}

type Rest<'t> = &'t str;

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        let line = skip(line);
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (subject, rest) = self.node(line)?;
        let (predicate, rest) = self.iri(skip(rest))?;
        let (object, rest) = self.object(skip(rest))?;
        let rest = skip(rest);
        let (graph, rest) = if rest.starts_with('.') {
            (None, rest)
        } else {
            let (graph, rest) = self.node(rest)?;
            (Some(graph), skip(rest))
        };
        let rest = skip(rest.strip_prefix('.').ok_or("no full stop at the end")?);
        if !(rest.is_empty() || rest.starts_with('#')) {
            return Err("text after the full stop");
        }
        if self.dataset.quads().len() >= MAX_QUADS {
            return Err("too many statements");
        }
        self.dataset.push(Quad { subject, predicate, object, graph });
        Ok(())
    }

    fn node<'t>(&mut self, text: Rest<'t>) -> Result<(Term, Rest<'t>), &'static str> {
        if text.starts_with('<') { self.iri(text) } else { self.blank(text) }
    }

    fn object<'t>(&mut self, text: Rest<'t>) -> Result<(Term, Rest<'t>), &'static str> {
        let Some(quoted) = text.strip_prefix('"') else { return self.node(text) };
        let end = end_of_quote(quoted).ok_or("a string without end")?;
        let (lexical, rest) = quoted.split_at(end);
        let lexical = unescape(lexical, true)?;
        let rest = rest.get(1..).unwrap_or_default();
        if let Some(tail) = rest.strip_prefix("^^<") {
            let (datatype, rest) = tail.split_once('>').ok_or("an IRI without end")?;
            let datatype = absolute(datatype)?;
            return Ok((self.dataset.typed_literal(&lexical, Some(&datatype)), rest));
        }
        if let Some(tail) = rest.strip_prefix('@') {
            let end = tail.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(tail.len());
            let (tag, rest) = tail.split_at(end);
            if !is_language_tag(tag) {
                return Err("not a language tag");
            }
            return Ok((self.dataset.language_literal(&lexical, tag), rest));
        }
        Ok((self.dataset.typed_literal(&lexical, None), rest))
    }

    fn iri<'t>(&mut self, text: Rest<'t>) -> Result<(Term, Rest<'t>), &'static str> {
        let (iri, rest) = text.strip_prefix('<').and_then(|tail| tail.split_once('>')).ok_or("not an IRI")?;
        let iri = absolute(iri)?;
        Ok((self.dataset.iri(&iri), rest))
    }

    fn blank<'t>(&mut self, text: Rest<'t>) -> Result<(Term, Rest<'t>), &'static str> {
        let tail = text.strip_prefix("_:").ok_or("neither an IRI nor a blank node")?;
        let label_char = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '\u{b7}');
        let end = tail.find(|c: char| !label_char(c)).unwrap_or(tail.len());
        let label = tail.get(..end).unwrap_or_default().trim_end_matches('.');
        if label.is_empty() || label.starts_with(['-', '.']) {
            return Err("not a blank node label");
        }
        let rest = tail.get(label.len()..).unwrap_or_default();
        if let Some(known) = self.numbers.get(label).and_then(|at| self.nodes.get(at)) {
            return Ok((*known, rest));
        }
        let node = self.dataset.fresh_blank();
        self.labels.push(label.to_owned());
        self.numbers.set(label, self.nodes.len());
        self.nodes.push(node);
        Ok((node, rest))
    }
}

fn skip(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

fn absolute(iri: &str) -> Result<String, &'static str> {
    let iri = unescape(iri, false)?;
    if is_absolute_iri(&iri) { Ok(iri) } else { Err("not an absolute IRI") }
}

/// Where the closing quote of a string is.
fn end_of_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|b| {
        let end = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        end
    })
}

/// Resolves `\uXXXX` and `\UXXXXXXXX`, and in strings the named escapes.
fn unescape(text: &str, named: bool) -> Result<String, &'static str> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, tail)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut chars = tail.chars();
        let letter = chars.next().ok_or("an escape without end")?;
        let digits = match letter {
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let (decoded, after) = if digits > 0 {
            let (hex, after) = chars.as_str().split_at_checked(digits).ok_or("an escape without end")?;
            let all_hex = hex.bytes().all(|b| b.is_ascii_hexdigit());
            let code = u32::from_str_radix(hex, 16).ok().filter(|_| all_hex);
            (code.and_then(char::from_u32).ok_or("not a code point")?, after)
        } else {
            let decoded = match letter {
                't' => '\t',
                'b' => '\u{8}',
                'n' => '\n',
                'r' => '\r',
                'f' => '\u{c}',
                '"' | '\'' | '\\' => letter,
                _ => return Err("an unknown escape"),
            };
            if !named {
                return Err("an unknown escape");
            }
            (decoded, chars.as_str())
        };
        out.push(decoded);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canon::rdfc::{HashAlgorithm, canonicalize};
    use crate::limits::Budget;

    fn canonical(text: &str) -> String {
        let parsed = parse(text).unwrap();
        canonicalize(&parsed.dataset, HashAlgorithm::Sha256, &mut Budget::default()).unwrap().text
    }

    #[test]
    fn reads_and_writes() {
        let text = "_:x <urn:p> \"a\\u00e9\\n\"@de-CH <urn:g> . # note\n\n# all\n<urn:s> <urn:p> _:x.\n";
        assert_eq!(canonical(text), "<urn:s> <urn:p> _:c14n0 .\n_:c14n0 <urn:p> \"aé\\n\"@de-CH <urn:g> .\n");
    }

    #[test]
    fn what_is_not_a_statement() {
        for text in [
            "<urn:s> <urn:p> <urn:o>",
            "<s> <urn:p> <urn:o> .",
            "<urn:s> _:p <urn:o> .",
            "\"s\" <urn:p> <urn:o> .",
            "<urn:s> <urn:p> \"o .",
            "<urn:s> <urn:p> \"\\q\" .",
            "<urn:s> <urn:p> \"\\ud800\" .",
            "<urn:s> <urn:p> \"o\"@ .",
            "<urn:s> <urn:p> <urn:o> . <urn:x>",
            "_: <urn:p> <urn:o> .",
        ] {
            assert_eq!(parse(text).unwrap_err().line, 1, "{text}");
        }
    }

    #[test]
    fn hostile_graphs_run_out_of_budget() {
        let ring: String = (0..1000).map(|i| format!("_:n{i} <urn:p> _:n{} .\n", (i + 1) % 1000)).collect();
        let clique: String =
            (0..10).flat_map(|i| (0..10).map(move |j| format!("_:n{i} <urn:p> _:n{j} .\n"))).collect();
        for text in [ring, clique] {
            let parsed = parse(&text).unwrap();
            assert!(canonicalize(&parsed.dataset, HashAlgorithm::Sha256, &mut Budget::default()).is_err());
        }
    }
}
