//! The statements of a whole document with their hidden labels, and which of them pointers choose
//! ([canonicalizeAndGroup](https://www.w3.org/TR/vc-di-ecdsa/#canonicalizeandgroup)).
//!
//! The specification gives every node an identifier for the time of choosing, maps the chosen part to statements
//! and looks these up in the whole. Here a statement knows which value it comes from, and is chosen with it; that
//! the chosen part says the same on its own is then checked.

use super::hmac::hmac_sha256;
use super::select::Selection;
use super::value::Hash;
use super::{DisclosureError, Statements, label_of};
use crate::index;
use crate::json::Json;
use crate::jsonld::{self, JsonLdError};
use crate::proof::{ProofError, Work};

/// The statements of a document.
#[derive(Debug)]
pub(super) struct Whole<'d> {
    document: &'d Json,
    statements: Statements,
    /// By statement of the dataset, the pointer to where it comes from.
    places: Vec<String>,
    /// By blank node.
    labels: Vec<Hash>,
    /// Sorted, each once.
    pub(super) lines: Vec<Line>,
}

/// One statement.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: String,
    /// The statements of the dataset that are this one.
    quads: Vec<usize>,
}

impl<'d> Whole<'d> {
    pub(super) fn read(
        document: &'d Json,
        hmac_key: &Hash,
        work: &mut Work<'_, '_>,
    ) -> Result<Self, JsonLdError> {
        let (dataset, places) = jsonld::to_rdf_with_pointers(document, work.contexts)?;
        let statements = Statements::of(dataset, work)?;
        // createHmacIdLabelMapFunction, https://www.w3.org/TR/vc-di-ecdsa/#createhmacidlabelmapfunction
        let names = &statements.canonical.names;
        let labels: Vec<Hash> = names.iter().map(|name| hmac_sha256(hmac_key, name.as_bytes())).collect();
        let label = |node: u32, out: &mut String| {
            let hash = usize::try_from(node).ok().and_then(|node| labels.get(node));
            out.push_str("_:");
            out.push_str(&hash.map(label_of).unwrap_or_default());
        };
        let line = |(at, quad)| {
            let mut text = String::new();
            statements.dataset.write_line(quad, &mut text, &mut |node, out| label(node, out));
            (text, at)
        };
        let all = statements.dataset.quads().iter().enumerate().map(line).collect();
        let mut lines: Vec<Line> = Vec::new();
        for (text, at) in index::sorted(all, |(a, _): &(String, usize), (b, _)| a.cmp(b)) {
            match lines.last_mut().filter(|last| last.text == text) {
                Some(last) => last.quads.push(at),
                None => lines.push(Line { text, quads: vec![at] }),
            }
        }
        Ok(Self { document, statements, places, labels, lines })
    }

    /// By line, whether pointers choose it.
    pub(super) fn chosen(&self, selection: &Selection) -> Vec<bool> {
        let taken: Vec<bool> = self.places.iter().map(|place| selection.takes(place)).collect();
        let is_taken = |quad: &usize| taken.get(*quad) == Some(&true);
        self.lines.iter().map(|line| line.quads.iter().any(is_taken)).collect()
    }

    /// The part of the document that pointers choose, and the hidden labels of its blank nodes by their canonical
    /// names in it.
    pub(super) fn part(
        &self,
        selection: &Selection,
        work: &mut Work<'_, '_>,
    ) -> Result<(Json, Vec<Hash>), ProofError> {
        let part = selection.of(self.document);
        if part == Json::Null {
            return Ok((part, Vec::new()));
        }
        let chosen = self.chosen(selection);
        let lines = self.lines.iter().zip(&chosen).filter(|(_, chosen)| **chosen);
        let mut quads: Vec<usize> = lines.flat_map(|(line, _)| line.quads.iter().copied()).collect();
        quads.sort_unstable();
        let of_whole = Statements::of(self.statements.dataset.only(&quads), work)?;
        let alone = Statements::read(&part, work).map_err(|_| DisclosureError::NotSeparable)?;
        if of_whole.canonical.text != alone.canonical.text {
            return Err(DisclosureError::NotSeparable.into());
        }
        let named = of_whole.numbers().zip(&self.labels);
        let named = named.filter_map(|(number, label)| Some((number?, *label))).collect();
        let named: Vec<(usize, Hash)> = index::sorted(named, |(a, _), (b, _)| a.cmp(b));
        Ok((part, named.into_iter().map(|(_, label)| label).collect()))
    }
}
