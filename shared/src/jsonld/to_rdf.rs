//! From JSON to statements in one pass: the [expansion algorithms] and [object to RDF conversion] together,
//! without the documents in between.
//!
//! [expansion algorithms]: https://www.w3.org/TR/json-ld11-api/#expansion-algorithms
//! [object to RDF conversion]: https://www.w3.org/TR/json-ld11-api/#object-to-rdf-conversion

use std::rc::Rc;

use super::context::{
    Coercion, Context, ContextId, Definition, Keyword, Meaning, Scope, Store, looks_like_keyword,
};
use super::trace::{Place, Trace};
use super::{ContextLoader, JsonLdError, excerpt};
use crate::canon::jcs;
use crate::index::{self, Index};
use crate::json::{Json, Number, Object, double};
use crate::limits::MAX_QUADS;
use crate::rdf::{
    Dataset, Quad, RDF_FIRST, RDF_JSON, RDF_NIL, RDF_REST, RDF_TYPE, Term, XSD_BOOLEAN, XSD_DOUBLE,
    XSD_INTEGER, is_absolute_iri, is_language_tag,
};

/// The statements of a document, with where they come from.
pub(super) fn document(
    json: &Json,
    store: &mut Store,
    loader: ContextLoader<'_>,
    trace: Trace,
) -> Result<(Dataset, Trace), JsonLdError> {
    let mut mapping =
        Mapping { store, loader, data: Dataset::new(), labels: Index::default(), named: Vec::new(), trace };
    for item in json.one_or_many() {
        let object = item.as_object().ok_or_else(|| wrong("a document is not an object", item))?;
        mapping.object(object, Store::INITIAL, None, None, &mut Vec::new())?;
    }
    Ok((mapping.data, mapping.trace))
}

struct Mapping<'s, 'l> {
    store: &'s mut Store,
    loader: ContextLoader<'l>,
    data: Dataset,
    /// Blank nodes that the document names itself.
    labels: Index,
    named: Vec<Term>,
    trace: Trace,
}

/// A term, and where it comes from.
type Found = (Term, Place);

/// One member of an object, its name understood.
struct Entry<'j> {
    meaning: Meaning,
    definition: Option<Rc<Definition>>,
    name: &'j str,
    value: &'j Json,
}

impl Entry<'_> {
    fn is(&self, keyword: Keyword) -> bool {
        self.meaning == Meaning::Keyword(keyword)
    }
}

impl Mapping<'_, '_> {
    /// The terms that the value of a property stands for, appended to `out`; statements inside go to `graph`.
    fn values(
        &mut self,
        value: &Json,
        active: ContextId,
        definition: Option<&Definition>,
        graph: Option<Term>,
        out: &mut Vec<Found>,
    ) -> Result<(), JsonLdError> {
        match value {
            Json::Array(items) if items.is_empty() => {
                Err(wrong("an empty array says nothing that could be signed", value))
            }
            Json::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    let mark = self.trace.item(at);
                    self.values(item, active, definition, graph, out)?;
                    self.trace.back_to(mark);
                }
                Ok(())
            }
            Json::Object(object) => self.object(object, active, definition, graph, out),
            Json::Null => Err(wrong("null says nothing that could be signed", value)),
            scalar => {
                let active = self.property_scope(active, definition)?;
                let term = self.scalar(scalar, &self.store.context(active), definition)?;
                self.found(term, out);
                Ok(())
            }
        }
    }

    /// A term that the value here stands for.
    fn found(&mut self, term: Term, out: &mut Vec<Found>) {
        let place = self.trace.here();
        out.push((term, place));
    }

    /// The context inside the value of a term that has one.
    fn property_scope(
        &mut self,
        active: ContextId,
        definition: Option<&Definition>,
    ) -> Result<ContextId, JsonLdError> {
        match definition.and_then(|definition| definition.context) {
            Some(local) => self.store.apply_scoped(active, local, Scope::Property, self.loader),
            None => Ok(active),
        }
    }

    /// A node, value, list or set object.
    fn object(
        &mut self,
        object: &Object,
        active: ContextId,
        definition: Option<&Definition>,
        graph: Option<Term>,
        out: &mut Vec<Found>,
    ) -> Result<(), JsonLdError> {
        let mut active = self.leave_type_scope(object, active);
        active = self.property_scope(active, definition)?;
        if let Some(local) = object.get("@context") {
            active = self.store.apply_document(active, local, self.loader)?;
        }
        let type_scope = self.store.context(active);
        active = self.enter_type_scope(object, active, &type_scope)?;
        let context = if active_is(self.store, active, &type_scope) {
            Rc::clone(&type_scope)
        } else {
            self.store.context(active)
        };
        let entries = entries(object, &context)?;
        if let Some(entry) = entries.iter().find(|entry| entry.is(Keyword::Value)) {
            let term = self.value_object(&entries, entry.value, &context, object)?;
            self.found(term, out);
            return Ok(());
        }
        for (keyword, list) in [(Keyword::List, true), (Keyword::Set, false)] {
            if let Some(entry) = entries.iter().find(|entry| entry.is(keyword)) {
                if entries.len() > 1 {
                    return Err(wrong("@list and @set stand alone", &Json::Object(object.clone())));
                }
                if list {
                    let term = self.list(entry.value, active, definition, graph)?;
                    self.found(term, out);
                } else {
                    let mark = self.trace.member(entry.name);
                    self.values(entry.value, active, definition, graph, out)?;
                    self.trace.back_to(mark);
                }
                return Ok(());
            }
        }
        let node = self.node(&entries, active, &type_scope, graph)?;
        self.found(node, out);
        Ok(())
    }

    /// Step 7 of expansion: a context that came with a type ends at the next node object.
    fn leave_type_scope(&self, object: &Object, active: ContextId) -> ContextId {
        let context = self.store.context(active);
        let Some(previous) = context.previous else { return active };
        let is = |name: &str, keyword| context.expand(name) == Some(Meaning::Keyword(keyword));
        let is_value = object.keys().any(|name| is(name, Keyword::Value));
        let is_reference = object.len() == 1 && object.keys().all(|name| is(name, Keyword::Id));
        if is_value || is_reference { active } else { previous }
    }

    /// Step 11 of expansion: the contexts of the object's types, in the order of their names.
    fn enter_type_scope(
        &mut self,
        object: &Object,
        active: ContextId,
        scope: &Context,
    ) -> Result<ContextId, JsonLdError> {
        let mut active = active;
        let mut names: Vec<&str> = object
            .keys()
            .filter(|name| scope.expand(name) == Some(Meaning::Keyword(Keyword::Type)))
            .collect();
        index::sort(&mut names);
        for name in names {
            let mut types: Vec<&str> = object
                .get(name)
                .map(Json::one_or_many)
                .unwrap_or_default()
                .iter()
                .filter_map(Json::as_str)
                .collect();
            index::sort(&mut types);
            for name in types {
                if let Some(local) = scope.term(name).and_then(|definition| definition.context) {
                    active = self.store.apply_scoped(active, local, Scope::Type, self.loader)?;
                }
            }
        }
        Ok(active)
    }

    /// A node object: its statements, and the term that stands for it.
    fn node(
        &mut self,
        entries: &[Entry<'_>],
        active: ContextId,
        type_scope: &Context,
        graph: Option<Term>,
    ) -> Result<Term, JsonLdError> {
        let context = self.store.context(active);
        let mut ids = entries.iter().filter(|entry| entry.is(Keyword::Id));
        let subject = match (ids.next(), ids.next()) {
            (None, _) => self.data.fresh_blank(),
            (Some(id), None) => {
                let text =
                    id.value.as_str().ok_or_else(|| wrong("an identifier is not a string", id.value))?;
                self.reference(text, &context)?
            }
            (Some(_), Some(second)) => return Err(wrong("a second identifier", second.value)),
        };
        let mut objects = Vec::new();
        for entry in entries {
            let mark = self.trace.member(entry.name);
            match &entry.meaning {
                Meaning::Keyword(Keyword::Id) => {}
                Meaning::Keyword(Keyword::Type) => self.types(entry.value, subject, type_scope, graph)?,
                Meaning::Keyword(_) => return Err(JsonLdError::Unsupported(entry.name.to_owned())),
                Meaning::Nothing => return Err(JsonLdError::UndefinedTerm(entry.name.to_owned())),
                Meaning::Iri(iri) => {
                    let predicate = self.data.iri(iri);
                    objects.clear();
                    self.property(entry, active, graph, &mut objects)?;
                    for (object, place) in &objects {
                        self.push(Quad { subject, predicate, object: *object, graph }, *place)?;
                    }
                }
            }
            self.trace.back_to(mark);
        }
        Ok(subject)
    }

    fn types(
        &mut self,
        value: &Json,
        subject: Term,
        scope: &Context,
        graph: Option<Term>,
    ) -> Result<(), JsonLdError> {
        refuse_empty(value)?;
        let predicate = self.data.iri(RDF_TYPE);
        let place = self.trace.here();
        for item in value.one_or_many() {
            let name = item.as_str().ok_or_else(|| wrong("a type is not a string", item))?;
            let iri = match scope.expand(name) {
                Some(Meaning::Iri(iri)) if is_absolute_iri(&iri) => iri,
                _ => return Err(JsonLdError::UndefinedType(name.to_owned())),
            };
            let object = self.data.iri(&iri);
            self.push(Quad { subject, predicate, object, graph }, place)?;
        }
        Ok(())
    }

    /// The terms of one property, as its definition says they are held.
    fn property(
        &mut self,
        entry: &Entry<'_>,
        active: ContextId,
        graph: Option<Term>,
        out: &mut Vec<Found>,
    ) -> Result<(), JsonLdError> {
        let definition = entry.definition.as_deref();
        let container = definition.map(|definition| definition.container).unwrap_or_default();
        if let Some(what) = definition.and_then(|definition| definition.unsupported) {
            return Err(JsonLdError::Unsupported(format!("{}: {what}", entry.name)));
        }
        if definition.is_some_and(|definition| definition.coercion == Coercion::Json) {
            let term = self.data.typed_literal(&jcs::to_string(entry.value), Some(RDF_JSON));
            self.found(term, out);
            return Ok(());
        }
        if container.language
            && let Json::Object(map) = entry.value
        {
            return self.language_map(map, active, definition, out);
        }
        if container.list && !is_list_object(entry.value, &self.store.context(active)) {
            let term = self.list(entry.value, active, definition, graph)?;
            self.found(term, out);
            return Ok(());
        }
        if container.graph {
            return self.graphs(entry.value, active, definition, out);
        }
        self.values(entry.value, active, definition, graph, out)
    }

    /// A `@graph` container: each value becomes a graph of its own, named by a new blank node.
    fn graphs(
        &mut self,
        value: &Json,
        active: ContextId,
        definition: Option<&Definition>,
        out: &mut Vec<Found>,
    ) -> Result<(), JsonLdError> {
        refuse_empty(value)?;
        for (at, item) in value.one_or_many().iter().enumerate() {
            let object = item.as_object().ok_or_else(|| wrong("a graph is not an object", item))?;
            let mark = value.as_array().map(|_| self.trace.item(at));
            let name = self.data.fresh_blank();
            let before = self.data.quads().len();
            self.object(object, active, definition, Some(name), &mut Vec::new())?;
            if self.data.quads().len() == before {
                return Err(wrong("a graph without statements", item));
            }
            self.found(name, out);
            mark.into_iter().for_each(|mark| self.trace.back_to(mark));
        }
        Ok(())
    }

    /// A list: a chain of blank nodes ([List to RDF Conversion](https://www.w3.org/TR/json-ld11-api/#list-to-rdf-conversion)).
    fn list(
        &mut self,
        value: &Json,
        active: ContextId,
        definition: Option<&Definition>,
        graph: Option<Term>,
    ) -> Result<Term, JsonLdError> {
        let mut items = Vec::new();
        for item in value.one_or_many() {
            if let Json::Array(_) = item {
                let term = self.list(item, active, definition, graph)?;
                self.found(term, &mut items);
            } else {
                self.values(item, active, definition, graph, &mut items)?;
            }
        }
        let (first, rest) = (self.data.iri(RDF_FIRST), self.data.iri(RDF_REST));
        let mut tail = self.data.iri(RDF_NIL);
        // A list is taken as a whole or left.
        let place = self.trace.here();
        for (object, _) in items.into_iter().rev() {
            let subject = self.data.fresh_blank();
            self.push(Quad { subject, predicate: first, object, graph }, place)?;
            self.push(Quad { subject, predicate: rest, object: tail, graph }, place)?;
            tail = subject;
        }
        Ok(tail)
    }

    fn language_map(
        &mut self,
        map: &Object,
        active: ContextId,
        definition: Option<&Definition>,
        out: &mut Vec<Found>,
    ) -> Result<(), JsonLdError> {
        let active = self.property_scope(active, definition)?;
        let context = self.store.context(active);
        refuse_direction(&context, definition)?;
        if map.is_empty() {
            return Err(wrong(
                "an empty object says nothing that could be signed",
                &Json::Object(Object::new()),
            ));
        }
        for (language, value) in map.iter() {
            refuse_empty(value)?;
            let mark = self.trace.member(language);
            for item in value.one_or_many() {
                let text =
                    item.as_str().ok_or_else(|| wrong("a text in a language is not a string", item))?;
                let term = match context.expand(language) {
                    Some(Meaning::Keyword(Keyword::None)) => self.data.typed_literal(text, None),
                    _ if is_language_tag(language) => self.data.language_literal(text, language),
                    _ => return Err(wrong("not a language tag", &Json::from(language))),
                };
                self.found(term, out);
            }
            self.trace.back_to(mark);
        }
        Ok(())
    }

    /// A value object: `@value` with its type or language.
    fn value_object(
        &mut self,
        entries: &[Entry<'_>],
        value: &Json,
        context: &Context,
        object: &Object,
    ) -> Result<Term, JsonLdError> {
        let (mut values, mut datatype, mut language) = (0, None, None);
        for entry in entries {
            let only = |slot: &mut Option<_>| match slot.replace(entry.value) {
                Some(_) => Err(wrong("one keyword under two names", entry.value)),
                None => Ok(()),
            };
            match entry.meaning {
                Meaning::Keyword(Keyword::Value) if values == 0 => values = 1,
                Meaning::Keyword(Keyword::Type) => only(&mut datatype)?,
                Meaning::Keyword(Keyword::Language) => only(&mut language)?,
                Meaning::Keyword(Keyword::Direction | Keyword::Index) => {
                    return Err(JsonLdError::Unsupported(entry.name.to_owned()));
                }
                _ => return Err(wrong("a value with other members", &Json::Object(object.clone()))),
            }
        }
        match (datatype, language) {
            (Some(_), Some(_)) => {
                Err(wrong("a value with both type and language", &Json::Object(object.clone())))
            }
            (None, Some(language)) => {
                let tag = language.as_str().filter(|tag| is_language_tag(tag));
                let tag = tag.ok_or_else(|| wrong("not a language tag", language))?;
                let text =
                    value.as_str().ok_or_else(|| wrong("a text in a language is not a string", value))?;
                Ok(self.data.language_literal(text, tag))
            }
            (None, None) => self.native(value, None),
            (Some(datatype), None) => {
                let name = datatype.as_str().ok_or_else(|| wrong("a datatype is not a string", datatype))?;
                match context.expand(name) {
                    Some(Meaning::Keyword(Keyword::Json)) => {
                        Ok(self.data.typed_literal(&jcs::to_string(value), Some(RDF_JSON)))
                    }
                    Some(Meaning::Iri(iri)) if is_absolute_iri(&iri) => self.native(value, Some(&iri)),
                    _ => Err(JsonLdError::UndefinedType(name.to_owned())),
                }
            }
        }
    }

    /// [Value Expansion](https://www.w3.org/TR/json-ld11-api/#value-expansion) of a string, number or boolean.
    fn scalar(
        &mut self,
        value: &Json,
        context: &Context,
        definition: Option<&Definition>,
    ) -> Result<Term, JsonLdError> {
        let coercion = definition.map_or(&Coercion::Plain, |definition| &definition.coercion);
        match (coercion, value) {
            (Coercion::Id, Json::String(text)) => self.reference(text, context),
            (Coercion::Vocab, Json::String(text)) => match context.expand(text) {
                Some(Meaning::Iri(iri)) => self.reference(&iri, context),
                _ => Err(JsonLdError::UndefinedTerm(text.clone())),
            },
            (Coercion::Datatype(datatype), _) => self.native(value, Some(datatype)),
            (_, Json::String(text)) => {
                refuse_direction(context, definition)?;
                let own = definition.and_then(|definition| definition.language.as_ref());
                match own.unwrap_or(&context.language) {
                    Some(language) => Ok(self.data.language_literal(text, language)),
                    None => Ok(self.data.typed_literal(text, None)),
                }
            }
            _ => self.native(value, None),
        }
    }

    /// A literal by its JSON type, steps 4 to 13 of object to RDF conversion.
    fn native(&mut self, value: &Json, datatype: Option<&str>) -> Result<Term, JsonLdError> {
        Ok(match value {
            Json::String(text) => self.data.typed_literal(text, datatype),
            Json::Bool(value) => {
                let text = if *value { "true" } else { "false" };
                self.data.typed_literal(text, Some(datatype.unwrap_or(XSD_BOOLEAN)))
            }
            Json::Number(number) => {
                let value = number.as_f64();
                let whole = value.fract() == 0.0 && value.abs() < 1e21 && datatype != Some(XSD_DOUBLE);
                match number {
                    Number::Integer(integer) if whole => {
                        self.data.typed_literal(&integer.to_string(), Some(datatype.unwrap_or(XSD_INTEGER)))
                    }
                    Number::Double(_) if whole => {
                        #[expect(clippy::as_conversions, reason = "exact: whole, and below 1e21")]
                        let integer = value as i128;
                        self.data.typed_literal(&integer.to_string(), Some(datatype.unwrap_or(XSD_INTEGER)))
                    }
                    _ => self
                        .data
                        .typed_literal(&canonical_double(value), Some(datatype.unwrap_or(XSD_DOUBLE))),
                }
            }
            other => return Err(wrong("a value is not a string, number or boolean", other)),
        })
    }

    /// The node that a text names: an IRI, or a blank node of the document's own naming.
    fn reference(&mut self, text: &str, context: &Context) -> Result<Term, JsonLdError> {
        let iri = context.expand_iri(text).ok_or_else(|| JsonLdError::RelativeIri(text.to_owned()))?;
        if let Some(label) = iri.strip_prefix("_:") {
            if let Some(known) = self.labels.get(label).and_then(|at| self.named.get(at)) {
                return Ok(*known);
            }
            let node = self.data.fresh_blank();
            self.labels.set(label, self.named.len());
            self.named.push(node);
            return Ok(node);
        }
        if !is_absolute_iri(&iri) {
            return Err(JsonLdError::RelativeIri(text.to_owned()));
        }
        Ok(self.data.iri(&iri))
    }

    fn push(&mut self, quad: Quad, place: Place) -> Result<(), JsonLdError> {
        if self.data.quads().len() >= MAX_QUADS {
            return Err(JsonLdError::TooMuch { what: "statements", max: MAX_QUADS });
        }
        self.data.push(quad);
        self.trace.statement(place);
        Ok(())
    }
}

/// The members of an object with what their names mean; `@context` is left out.
fn entries<'j>(object: &'j Object, context: &Context) -> Result<Vec<Entry<'j>>, JsonLdError> {
    let mut entries = Vec::with_capacity(object.len());
    for (name, value) in object.iter().filter(|(name, _)| *name != "@context") {
        let definition = context.term(name);
        let meaning = match definition {
            Some(definition) => definition.meaning.clone(),
            None => match context.expand(name) {
                Some(Meaning::Iri(iri)) if !is_absolute_iri(&iri) => {
                    return Err(JsonLdError::UndefinedTerm(name.to_owned()));
                }
                Some(meaning) => meaning,
                None if looks_like_keyword(name) => return Err(JsonLdError::UnknownKeyword(name.to_owned())),
                None => return Err(JsonLdError::UndefinedTerm(name.to_owned())),
            },
        };
        entries.push(Entry { meaning, definition: definition.map(Rc::clone), name, value });
    }
    Ok(entries)
}

fn active_is(store: &Store, active: ContextId, context: &Rc<Context>) -> bool {
    Rc::ptr_eq(&store.context(active), context)
}

fn is_list_object(value: &Json, context: &Context) -> bool {
    let is_list = |name: &str| context.expand(name) == Some(Meaning::Keyword(Keyword::List));
    value.as_object().is_some_and(|object| object.keys().any(is_list))
}

fn refuse_empty(value: &Json) -> Result<(), JsonLdError> {
    if value.one_or_many().is_empty() {
        return Err(wrong("an empty array says nothing that could be signed", value));
    }
    Ok(())
}

/// Statements have no place for a base direction: signing would lose it.
fn refuse_direction(context: &Context, definition: Option<&Definition>) -> Result<(), JsonLdError> {
    let own = definition.and_then(|definition| definition.direction);
    if own.unwrap_or(context.directed) {
        Err(JsonLdError::Unsupported("@direction".to_owned()))
    } else {
        Ok(())
    }
}

/// The canonical form of `xsd:double` that [JSON-LD prescribes](https://www.w3.org/TR/json-ld11-api/#data-round-tripping):
/// up to 16 digits, at least one after the point.
fn canonical_double(value: f64) -> String {
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let (digits, exponent) = if value == 0.0 { (0, 0) } else { double::rounded(value.abs(), 16) };
    let digits = digits.to_string();
    let (first, rest) = digits.split_at(1);
    let rest = rest.trim_end_matches('0');
    format!("{sign}{first}.{}E{exponent}", if rest.is_empty() { "0" } else { rest })
}

fn wrong(what: &'static str, value: &Json) -> JsonLdError {
    JsonLdError::InvalidValue { what, value: excerpt(value) }
}
