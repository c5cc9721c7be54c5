//! [RDF Dataset Canonicalization, RDFC-1.0](https://www.w3.org/TR/rdf-canon/), with a budget of work.
//!
//! The algorithm gives every blank node a name that depends only on the statements. Graphs built for it
//! make it try every order of their nodes, so everything it hashes is paid from a [`Budget`], and its
//! recursion has a depth; a graph that runs out of either is refused, never half canonical. A dataset
//! without blank nodes, as every passport is, costs one sort.
//!
//! Step numbers in the comments are those of the Recommendation.

use std::rc::Rc;

use sha2::Digest as _;

use crate::index;
use crate::limits::{Budget, MAX_CANONICAL_BYTES};
use crate::rdf::{Dataset, Quad, Term};

/// Nested calls of Hash N-Degree Quads. Honest graphs stay under ten; a wasm stack holds a thousand.
const MAX_RECURSION: usize = 128;

/// The hash that names blank nodes. Cryptosuites choose it by the size of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// The default of the Recommendation.
    Sha256,
    /// For P-384.
    Sha384,
}

/// The graph needs more work than the budget has: it was built to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the statements need more work to canonicalize than any honest credential does")]
pub struct OverBudget;

/// The canonical form of a dataset.
#[derive(Debug, Clone)]
pub struct Canonical {
    /// Sorted canonical N-Quads.
    pub text: String,
    /// The canonical name (`c14n0` and so on) of each blank node, by its number in the dataset. Empty
    /// where the node stands in no statement.
    pub names: Vec<String>,
}

/// Canonicalizes a dataset ([section 4.4.3](https://www.w3.org/TR/rdf-canon/#canon-algo-algo)).
///
/// # Errors
/// [`OverBudget`] when the budget or the recursion depth is used up.
pub fn canonicalize(
    dataset: &Dataset,
    hash: HashAlgorithm,
    budget: &mut Budget,
) -> Result<Canonical, OverBudget> {
    if budget.left() == 0 {
        return Err(OverBudget);
    }
    // Every statement repeats the name of its subject, which can be long: this is what the text will take.
    if dataset.canonical_bytes() > MAX_CANONICAL_BYTES {
        budget.exhaust();
        return Err(OverBudget);
    }
    let mut state = State::new(dataset, hash, budget);
    state.name_blank_nodes()?;
    let names = state.canonical.labels(dataset.blank_count());
    let text = dataset.to_canonical(&mut |node, out| {
        out.push_str("_:");
        out.push_str(name_of(&names, node));
    });
    Ok(Canonical { text, names })
}

fn name_of(names: &[String], node: u32) -> &str {
    names.get(place(node)).map_or("", String::as_str)
}

/// Where a blank node stands in a list by blank node.
fn place(node: u32) -> usize {
    usize::try_from(node).unwrap_or(usize::MAX)
}

/// An identifier issuer ([section 4.5](https://www.w3.org/TR/rdf-canon/#issue-identifier)).
#[derive(Debug, Clone)]
struct Issuer {
    prefix: &'static str,
    /// Numbers by node, in the order of the nodes.
    issued: Vec<(u32, usize)>,
    order: Vec<u32>,
}

impl Issuer {
    fn new(prefix: &'static str) -> Self {
        Self { prefix, issued: Vec::new(), order: Vec::new() }
    }

    fn issue(&mut self, node: u32) -> String {
        let place = self.issued.binary_search_by(|(known, _)| known.cmp(&node));
        if let Err(place) = place {
            self.issued.insert(place, (node, self.order.len()));
            self.order.push(node);
        }
        self.issued(node).unwrap_or_default()
    }

    fn issued(&self, node: u32) -> Option<String> {
        let place = self.issued.binary_search_by(|(known, _)| known.cmp(&node)).ok()?;
        self.issued.get(place).map(|(_, number)| format!("{}{number}", self.prefix))
    }

    fn labels(&self, count: u32) -> Vec<String> {
        (0..count).map(|node| self.issued(node).unwrap_or_default()).collect()
    }
}

/// The canonicalization state ([section 4.3](https://www.w3.org/TR/rdf-canon/#canon-state)).
struct State<'d, 'b> {
    dataset: &'d Dataset,
    hash: HashAlgorithm,
    budget: &'b mut Budget,
    /// By blank node: the statements it stands in, each statement once.
    quads: Vec<Vec<&'d Quad>>,
    /// By blank node, as far as known.
    first_degree: Vec<Option<Rc<str>>>,
    canonical: Issuer,
}

/// What [`State::hash_n_degree`] gives back.
struct NDegree {
    hash: String,
    issuer: Issuer,
}

impl<'d, 'b> State<'d, 'b> {
    fn new(dataset: &'d Dataset, hash: HashAlgorithm, budget: &'b mut Budget) -> Self {
        // Steps 1 and 2.
        let count = place(dataset.blank_count());
        let mut quads: Vec<Vec<&Quad>> = vec![Vec::new(); count];
        if dataset.blank_count() > 0 {
            for quad in distinct(dataset) {
                let mut seen = [None; 3];
                for (slot, node) in seen.iter_mut().zip(quad.blanks()) {
                    *slot = Some(node);
                }
                for (at, node) in seen.iter().enumerate() {
                    if let Some(node) = node
                        && !seen.iter().take(at).any(|other| *other == Some(*node))
                    {
                        quads.get_mut(place(*node)).into_iter().for_each(|quads| quads.push(quad));
                    }
                }
            }
        }
        Self { dataset, hash, budget, quads, first_degree: vec![None; count], canonical: Issuer::new("c14n") }
    }

    fn name_blank_nodes(&mut self) -> Result<(), OverBudget> {
        // Step 3: nodes by the hash of what is said about them directly.
        let mut by_hash: Vec<(Rc<str>, u32)> = Vec::new();
        for node in 0..self.dataset.blank_count() {
            if self.quads.get(place(node)).is_some_and(|quads| !quads.is_empty()) {
                by_hash.push((self.hash_first_degree(node)?, node));
            }
        }
        let by_hash = index::sorted(by_hash, |(a, _), (b, _)| a.cmp(b));
        // Step 4: the nodes that this already tells apart.
        for alike in by_hash.chunk_by(|(a, _), (b, _)| a == b) {
            if let [(_, only)] = alike {
                self.canonical.issue(*only);
            }
        }
        // Step 5: the others, by what is said about their neighbours.
        for alike in by_hash.chunk_by(|(a, _), (b, _)| a == b).filter(|alike| alike.len() > 1) {
            let mut paths = Vec::new();
            for (_, node) in alike {
                if self.canonical.issued(*node).is_some() {
                    continue;
                }
                let mut issuer = Issuer::new("b");
                issuer.issue(*node);
                paths.push(self.hash_n_degree(*node, issuer, 0)?);
            }
            for path in index::sorted(paths, |a, b| a.hash.cmp(&b.hash)) {
                for node in path.issuer.order {
                    self.canonical.issue(node);
                }
            }
        }
        Ok(())
    }

    /// [Hash First Degree Quads](https://www.w3.org/TR/rdf-canon/#hash-1d-quads)
    fn hash_first_degree(&mut self, node: u32) -> Result<Rc<str>, OverBudget> {
        if let Some(Some(known)) = self.first_degree.get(place(node)) {
            return Ok(Rc::clone(known));
        }
        let mut lines: Vec<String> = Vec::new();
        for quad in self.quads.get(place(node)).map(Vec::as_slice).unwrap_or_default() {
            let mut line = String::new();
            self.dataset.write_line(quad, &mut line, &mut |other, out| {
                out.push_str(if other == node { "_:a" } else { "_:z" });
            });
            self.budget.spend(line.len()).ok_or(OverBudget)?;
            lines.push(line);
        }
        let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        index::sort(&mut lines);
        let hash: Rc<str> = self.digest(&lines.concat())?.into();
        self.first_degree.get_mut(place(node)).into_iter().for_each(|known| *known = Some(Rc::clone(&hash)));
        Ok(hash)
    }

    /// [Hash Related Blank Node](https://www.w3.org/TR/rdf-canon/#hash-related-blank-node)
    fn hash_related(
        &mut self,
        related: u32,
        quad: &Quad,
        issuer: &Issuer,
        position: char,
    ) -> Result<String, OverBudget> {
        let mut input = String::from(position);
        if position != 'g' {
            input.push_str(self.dataset.term_text(quad.predicate));
        }
        match self.canonical.issued(related).or_else(|| issuer.issued(related)) {
            Some(name) => {
                input.push_str("_:");
                input.push_str(&name);
            }
            None => input.push_str(&self.hash_first_degree(related)?),
        }
        self.digest(&input)
    }

    /// [Hash N-Degree Quads](https://www.w3.org/TR/rdf-canon/#hash-nd-quads)
    fn hash_n_degree(&mut self, node: u32, mut issuer: Issuer, depth: usize) -> Result<NDegree, OverBudget> {
        if depth >= MAX_RECURSION {
            return Err(OverBudget);
        }
        // Steps 1 to 3: the other blank nodes, grouped by how they are related to this one.
        let mut related_by_hash: Vec<(String, u32)> = Vec::new();
        for quad in self.quads.get(place(node)).cloned().unwrap_or_default() {
            let positions = [(Some(quad.subject), 's'), (Some(quad.object), 'o'), (quad.graph, 'g')];
            for (term, position) in positions {
                if let Some(Term::Blank(related)) = term
                    && related != node
                {
                    let hash = self.hash_related(related, quad, &issuer, position)?;
                    related_by_hash.push((hash, related));
                }
            }
        }
        // Steps 4 and 5: for each group, the order of its nodes that gives the least path.
        let mut to_hash = String::new();
        let related_by_hash = index::sorted(related_by_hash, |(a, _), (b, _)| a.cmp(b));
        for group in related_by_hash.chunk_by(|(a, _), (b, _)| a == b) {
            to_hash.push_str(group.first().map_or("", |(hash, _)| hash));
            let group = group.iter().map(|(_, related)| *related).collect();
            let (path, chosen) = self.least_path(group, &issuer, depth)?;
            to_hash.push_str(&path);
            issuer = chosen;
        }
        // Step 6.
        Ok(NDegree { hash: self.digest(&to_hash)?, issuer })
    }

    /// Steps 5.2 to 5.4.6 of Hash N-Degree Quads.
    fn least_path(
        &mut self,
        group: Vec<u32>,
        issuer: &Issuer,
        depth: usize,
    ) -> Result<(String, Issuer), OverBudget> {
        let mut chosen: Option<(String, Issuer)> = None;
        let mut group = index::sorted(group, u32::cmp);
        let mut counters = vec![0_usize; group.len()];
        let mut at = 0;
        loop {
            if let Some(found) =
                self.try_order(&group, issuer, chosen.as_ref().map(|(path, _)| path.as_str()), depth)?
            {
                chosen = Some(found);
            }
            // The next order, by Heap's algorithm without recursion.
            loop {
                let Some(counter) = counters.get_mut(at) else {
                    return chosen.ok_or(OverBudget);
                };
                if *counter < at {
                    group.swap(if at.is_multiple_of(2) { 0 } else { *counter }, at);
                    *counter += 1;
                    at = 0;
                    break;
                }
                *counter = 0;
                at += 1;
            }
        }
    }

    /// Step 5.4 of Hash N-Degree Quads for one order; `None` when it cannot beat `best`.
    fn try_order(
        &mut self,
        order: &[u32],
        issuer: &Issuer,
        best: Option<&str>,
        depth: usize,
    ) -> Result<Option<(String, Issuer)>, OverBudget> {
        let worse = |path: &str| best.is_some_and(|best| path.len() >= best.len() && path > best);
        // Copying the issuer is part of the cost: it grows with the graph.
        self.budget.spend(64 + 16 * (issuer.order.len() + order.len())).ok_or(OverBudget)?;
        let mut copy = issuer.clone();
        let mut path = String::new();
        let mut recursion = Vec::new();
        for &related in order {
            path.push_str("_:");
            if let Some(name) = self.canonical.issued(related) {
                path.push_str(&name);
            } else {
                if copy.issued(related).is_none() {
                    recursion.push(related);
                }
                path.push_str(&copy.issue(related));
            }
            if worse(&path) {
                return Ok(None);
            }
        }
        for related in recursion {
            let result = self.hash_n_degree(related, copy.clone(), depth + 1)?;
            path.push_str("_:");
            path.push_str(&copy.issue(related));
            path.push('<');
            path.push_str(&result.hash);
            path.push('>');
            copy = result.issuer;
            if worse(&path) {
                return Ok(None);
            }
        }
        Ok(best.is_none_or(|best| path.as_str() < best).then_some((path, copy)))
    }

    fn digest(&mut self, input: &str) -> Result<String, OverBudget> {
        self.budget.spend(input.len() + 64).ok_or(OverBudget)?;
        Ok(match self.hash {
            HashAlgorithm::Sha256 => hex(&sha2::Sha256::digest(input)),
            HashAlgorithm::Sha384 => hex(&sha2::Sha384::digest(input)),
        })
    }
}

use crate::digest::hex;

/// The statements of a dataset, each once: a set, as RDF has it.
fn distinct(dataset: &Dataset) -> Vec<&Quad> {
    let lines: Vec<(String, &Quad)> = dataset
        .quads()
        .iter()
        .map(|quad| {
            let mut line = String::new();
            dataset.write_line(quad, &mut line, &mut |node, out| {
                out.push_str("_:");
                out.push_str(&node.to_string());
            });
            (line, quad)
        })
        .collect();
    let mut lines = index::sorted(lines, |(a, _), (b, _)| a.cmp(b));
    lines.dedup_by(|(a, _), (b, _)| a == b);
    lines.into_iter().map(|(_, quad)| quad).collect()
}
