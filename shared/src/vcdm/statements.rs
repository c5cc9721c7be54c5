//! A credential as its signed statements say it: one JSON for all the ways to write them.
//!
//! ```text
//! <urn:c> <…#issuer>  <did:x> .                       { "id": "urn:c",
//! <urn:c> <…#validFrom> "2026-…"^^xsd:dateTime .  ──►   "issuer": "did:x", "validFrom": "2026-…",
//! <urn:c> <https://a.example/grade> "A" .               "https://a.example/grade": "A" }
//! ```
//!
//! Names are those of the embedded contexts, each for one IRI; all others are written out as IRIs, because
//! whoever hands the credential over may have chosen the context that abbreviates them. Members and values come in one
//! order; a value stands once. A node that is named in several places is said in full under `credentialSubject`
//! if it is one, and otherwise under `@included`. Refused is what has no such form: a blank node with
//! several places, a graph, a second credential in the statements.

use super::literal::Literal;
use super::names::{NAMES, Name, Names};
use crate::index::{self, Index};
use crate::json::{Json, Object};
use crate::jsonld::{self, ContextLoader, JsonLdError};
use crate::limits::MAX_DEPTH;
use crate::rdf::{Dataset, Quad, RDF_FIRST, RDF_NIL, RDF_REST, RDF_TYPE, Term};

const CREDENTIAL_SUBJECT: &str = "https://www.w3.org/2018/credentials#credentialSubject";
const VERIFIABLE_CREDENTIAL: &str = "https://www.w3.org/2018/credentials#VerifiableCredential";

/// A credential from its statements.
#[derive(Debug, Clone, PartialEq)]
pub struct Rebuilt {
    /// The credential, without `@context` and `proof`.
    pub content: Json,
    /// Whether there are names that no embedded context has.
    pub has_foreign_names: bool,
    /// Whether there are numbers with a fraction or exponent, which are signed in a rounded form.
    pub has_doubles: bool,
}

/// Why statements have no such form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementsError {
    /// The document is not read as JSON-LD.
    #[error(transparent)]
    JsonLd(#[from] JsonLdError),
    /// Statements about more than one credential, or about none.
    #[error("the statements are about {0} credentials, not about one")]
    NotOne(usize),
    /// A part without identifier that stands in several places, or in none.
    #[error("a part without `id` is named in {0} places")]
    SharedPart(usize),
    /// Statements nested too deep.
    #[error("the statements are nested deeper than {0} levels")]
    TooDeep(usize),
    /// A graph inside the credential.
    #[error("the statements make up a graph inside the credential")]
    Graph,
}

impl StatementsError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Graph => "statements.graph",
            Self::JsonLd(cause) => cause.code(),
            Self::NotOne(_) => "statements.not-one-credential",
            Self::SharedPart(_) => "statements.shared-part",
            Self::TooDeep(_) => "statements.too-deep",
        }
    }
}

/// The credential as the statements of `content`, which has no `proof`, say it.
///
/// # Errors
/// [`StatementsError`]
pub fn rebuilt(content: &Json, contexts: ContextLoader<'_>) -> Result<Rebuilt, StatementsError> {
    let data = jsonld::to_rdf(content, contexts)?;
    NAMES.with(|names| Builder::new(&data, names)?.credential())
}

/// What stands about one node.
#[derive(Default)]
struct Node {
    statements: Vec<Quad>,
    /// How often it is named as an object.
    places: usize,
    /// How often as a subject of the credential.
    as_subject: usize,
    /// Whether it has been said in full.
    said: bool,
}

struct Builder<'d> {
    data: &'d Dataset,
    names: &'d Names,
    /// Where the node of a key is.
    index: Index,
    nodes: Vec<Node>,
    has_foreign_names: bool,
    has_doubles: bool,
}

impl<'d> Builder<'d> {
    fn new(data: &'d Dataset, names: &'d Names) -> Result<Self, StatementsError> {
        let (index, nodes) = (Index::default(), Vec::new());
        let mut builder = Self { data, names, index, nodes, has_foreign_names: false, has_doubles: false };
        let mut seen = Index::default();
        for quad in data.quads() {
            if quad.graph.is_some() {
                return Err(StatementsError::Graph);
            }
            let (subject, predicate, object) =
                (builder.key(quad.subject), builder.iri(quad.predicate), builder.key(quad.object));
            if !seen.insert(&index::key(&[&subject, predicate, &object])) {
                continue;
            }
            builder.node(&subject).statements.push(*quad);
            if !matches!(quad.object, Term::Literal(_)) && predicate != RDF_TYPE {
                let node = builder.node(&object);
                node.places += 1;
                node.as_subject += usize::from(predicate == CREDENTIAL_SUBJECT);
            }
        }
        Ok(builder)
    }

    /// The text of an IRI.
    fn iri(&self, term: Term) -> &'d str {
        let text = self.data.term_text(term);
        text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text)
    }

    /// A text that no other term has.
    fn key(&self, term: Term) -> String {
        match term {
            Term::Blank(number) => format!("_:{number}"),
            term => self.data.term_text(term).to_owned(),
        }
    }

    fn node(&mut self, key: &str) -> &mut Node {
        let at = self.index.get_or_set(key, self.nodes.len());
        if at >= self.nodes.len() {
            self.nodes.push(Node::default());
        }
        let last = self.nodes.len() - 1;
        // INVARIANT: numbers in the index are places of nodes.
        #[expect(clippy::indexing_slicing, reason = "at most the last, and there is one")]
        &mut self.nodes[at.min(last)]
    }

    fn credential(mut self) -> Result<Rebuilt, StatementsError> {
        let is_credential = |quad: &Quad| {
            self.iri(quad.predicate) == RDF_TYPE && self.iri(quad.object) == VERIFIABLE_CREDENTIAL
        };
        let roots: Vec<Term> =
            self.data.quads().iter().filter(|quad| is_credential(quad)).map(|quad| quad.subject).collect();
        let Some(root) = roots
            .first()
            .copied()
            .filter(|root| roots.iter().all(|other| other == root || self.key(*other) == self.key(*root)))
        else {
            return Err(StatementsError::NotOne(roots.len()));
        };
        let mut content = self.object(root, 0)?;
        // Parts with several places first: those with one stand in them.
        let mut included = Vec::new();
        for several in [true, false] {
            for at in 0..self.nodes.len() {
                let open = self.nodes.get(at).filter(|node| !node.said && (node.places > 1) == several);
                match open.and_then(|node| node.statements.first()).map(|quad| quad.subject) {
                    Some(Term::Blank(_)) => {
                        return Err(StatementsError::SharedPart(
                            self.nodes.get(at).map_or(0, |node| node.places),
                        ));
                    }
                    Some(subject) => included.push(Json::from(self.object(subject, 1)?)),
                    None => {}
                }
            }
        }
        if !included.is_empty() {
            content.insert("@included", in_order(included));
        }
        let Self { has_foreign_names, has_doubles, .. } = self;
        Ok(Rebuilt { content: content.into(), has_foreign_names, has_doubles })
    }

    /// A node with all its statements.
    fn object(&mut self, subject: Term, depth: usize) -> Result<Object, StatementsError> {
        if depth >= MAX_DEPTH {
            return Err(StatementsError::TooDeep(MAX_DEPTH));
        }
        let key = self.key(subject);
        let node = self.node(&key);
        node.said = true;
        let statements = std::mem::take(&mut node.statements);
        let data = self.data;
        let predicate = |quad: &Quad| data.term_text(quad.predicate);
        let statements = index::sorted(statements, |a, b| predicate(a).cmp(predicate(b)));
        let mut object = Object::new();
        if let Term::Iri(_) = subject {
            object.insert("id", self.iri(subject));
        }
        let mut members = Vec::new();
        for alike in statements.chunk_by(|a, b| predicate(a) == predicate(b)) {
            let Some(iri) = alike.first().map(|quad| self.iri(quad.predicate)) else { continue };
            if iri == RDF_TYPE {
                let mut types: Vec<&str> =
                    alike.iter().map(|quad| self.named(self.iri(quad.object))).collect();
                index::sort(&mut types);
                // What it is in general comes first, as people write it.
                let (general, special): (Vec<&str>, Vec<&str>) =
                    types.into_iter().partition(|name| *name == "VerifiableCredential");
                let types: Vec<Json> = general.into_iter().chain(special).map(Json::from).collect();
                object.insert("type", if depth == 0 { types.into() } else { one_or_many(types) });
                continue;
            }
            let name = self.names.of(iri);
            self.has_foreign_names |= name.is_none();
            let mut values = Vec::with_capacity(alike.len());
            for quad in alike {
                values.push(self.value(quad.object, iri, name, depth)?);
            }
            members.push((name.map_or(iri, |name| &name.term), in_order(values)));
        }
        for (name, value) in index::sorted(members, |a, b| a.0.cmp(b.0)) {
            object.insert(name, value);
        }
        Ok(object)
    }

    /// What an IRI is called.
    fn named(&self, iri: &'d str) -> &'d str {
        self.names.of(iri).map_or(iri, |name| &name.term)
    }

    fn value(
        &mut self,
        term: Term,
        predicate: &str,
        name: Option<&Name>,
        depth: usize,
    ) -> Result<Json, StatementsError> {
        let coercion = name.and_then(|name| name.coercion.as_deref());
        if let Term::Literal(_) = term {
            let literal = Literal::read(self.data.term_text(term));
            self.has_doubles |= literal.is_double();
            return Ok(literal.to_json(coercion));
        }
        if let Some(items) = self.list(term, predicate, name, depth)? {
            let is_list = name.is_some_and(|name| name.is_list);
            return Ok(if is_list {
                items.into()
            } else {
                Object::from_iter([("@list", Json::from(items))]).into()
            });
        }
        let key = self.key(term);
        let node = self.node(&key);
        if let Term::Blank(_) = term {
            if node.places != 1 || node.said {
                return Err(StatementsError::SharedPart(node.places));
            }
            return Ok(self.object(term, depth + 1)?.into());
        }
        let here = node.places == 1 || node.as_subject == 1 && predicate == CREDENTIAL_SUBJECT;
        if here && !node.said && !node.statements.is_empty() {
            return Ok(self.object(term, depth + 1)?.into());
        }
        let iri = self.iri(term);
        Ok(match coercion {
            Some("@vocab") => self.named(iri).into(),
            Some("@id") => iri.into(),
            _ => Object::from_iter([("id", iri)]).into(),
        })
    }

    /// The items, where a term stands for a list that nothing else refers to.
    fn list(
        &mut self,
        term: Term,
        predicate: &str,
        name: Option<&Name>,
        depth: usize,
    ) -> Result<Option<Vec<Json>>, StatementsError> {
        let (mut rest, mut parts) = (term, Vec::new());
        while self.iri(rest) != RDF_NIL {
            let key = self.key(rest);
            let node = self.node(&key);
            let is_link = matches!(rest, Term::Blank(_)) && node.places == 1 && !node.said;
            let statements = std::mem::take(&mut node.statements);
            let of = |wanted: &str| {
                statements.iter().find(|quad| self.iri(quad.predicate) == wanted).map(|quad| quad.object)
            };
            let link = of(RDF_FIRST).zip(of(RDF_REST)).filter(|_| is_link && statements.len() == 2);
            self.node(&key).statements = statements;
            let Some((first, next)) = link else { return Ok(None) };
            parts.push((key, first));
            rest = next;
        }
        let mut items = Vec::with_capacity(parts.len());
        for (key, _) in &parts {
            self.node(key).said = true;
        }
        for (_, first) in parts {
            items.push(self.value(first, predicate, name, depth + 1)?);
        }
        Ok(Some(items))
    }
}

/// One value as it is, several in one order.
fn in_order(values: Vec<Json>) -> Json {
    let mut values: Vec<(String, Json)> =
        values.into_iter().map(|value| (value.to_string(), value)).collect();
    values = index::sorted(values, |a, b| (a.0.len(), &a.0).cmp(&(b.0.len(), &b.0)));
    one_or_many(values.into_iter().map(|(_, value)| value).collect())
}

fn one_or_many(mut values: Vec<Json>) -> Json {
    if values.len() == 1 { values.pop().unwrap_or(Json::Null) } else { values.into() }
}
