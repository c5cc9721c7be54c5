//! What IRIs are called: the terms of the embedded contexts, one for each IRI and one IRI for each.

use model_passport_contexts as contexts;

use crate::index::Index;
use crate::json::{self, Json, Object};
use crate::rdf::is_absolute_iri;

/// A term.
pub(super) struct Name {
    pub(super) term: String,
    /// `@type` of its definition, written out.
    pub(super) coercion: Option<String>,
    /// Whether its values are lists.
    pub(super) is_list: bool,
}

/// All terms.
#[derive(Default)]
pub(super) struct Names {
    names: Vec<Name>,
    by_iri: Index,
    terms: Index,
}

thread_local! {
    /// Those that the data model defines come first, so that no other context takes their place.
    pub(super) static NAMES: Names = {
        let mut names = Names::default();
        for document in [&contexts::CREDENTIALS_V2, &contexts::CREDENTIALS_V1, &contexts::PASSPORT_V1] {
            let json = json::parse(document.text).ok();
            if let Some(context) = json.as_ref().and_then(|json| json.get("@context")?.as_object()) {
                names.add(context);
            }
        }
        names
    };
}

impl Names {
    /// The name of an IRI.
    pub(super) fn of(&self, iri: &str) -> Option<&Name> {
        self.by_iri.get(iri).and_then(|at| self.names.get(at))
    }

    // As deep as the embedded contexts.
    fn add(&mut self, context: &Object) {
        for (term, definition) in context.iter() {
            let id = definition.as_str().or_else(|| definition.get("@id")?.as_str());
            if let Some(iri) = id.and_then(|id| written_out(id, context)) {
                let coercion = definition.get("@type").and_then(Json::as_str);
                let coercion =
                    coercion.map(|kind| written_out(kind, context).unwrap_or_else(|| kind.to_owned()));
                let is_list = definition.get("@container").and_then(Json::as_str) == Some("@list");
                self.insert(iri, Name { term: term.to_owned(), coercion, is_list });
            }
            if let Some(Json::Object(scoped)) = definition.get("@context") {
                self.add(scoped);
            }
        }
    }

    /// The first name of an IRI stays, and so does the first meaning of a name.
    fn insert(&mut self, iri: String, name: Name) {
        if !self.by_iri.contains(&iri) && !name.term.contains(':') && self.terms.insert(&name.term) {
            self.by_iri.set(&iri, self.names.len());
            self.names.push(name);
        }
    }
}

/// An IRI that may be abbreviated by a prefix of the same context.
fn written_out(text: &str, context: &Object) -> Option<String> {
    let (prefix, rest) = text.split_once(':')?;
    let iri = match context.get(prefix).and_then(Json::as_str) {
        Some(long) if !rest.starts_with("//") => format!("{long}{rest}"),
        _ => text.to_owned(),
    };
    is_absolute_iri(&iri).then_some(iri)
}
