//! What the names of a document mean: [context processing](https://www.w3.org/TR/json-ld11-api/#context-processing-algorithms).
//!
//! A context that results from applying another is kept in a [`Store`] and named by number, so that the
//! second credential of a kind finds every combination ready.

use std::rc::Rc;

use super::{ContextLoader, JsonLdError, excerpt};
use crate::index::Index;
use crate::json::{Json, Object};
use crate::limits::MAX_CONTEXTS;
use crate::rdf::{is_absolute_iri, is_language_tag};

/// The keywords that may stand as a name in a document or behind an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Context,
    Direction,
    Graph,
    Id,
    Included,
    Index,
    Json,
    Language,
    List,
    Nest,
    None,
    Reverse,
    Set,
    Type,
    Value,
    Vocab,
}

impl Keyword {
    pub(super) fn read(text: &str) -> Option<Self> {
        Some(match text {
            "@context" => Self::Context,
            "@direction" => Self::Direction,
            "@graph" => Self::Graph,
            "@id" => Self::Id,
            "@included" => Self::Included,
            "@index" => Self::Index,
            "@json" => Self::Json,
            "@language" => Self::Language,
            "@list" => Self::List,
            "@nest" => Self::Nest,
            "@none" => Self::None,
            "@reverse" => Self::Reverse,
            "@set" => Self::Set,
            "@type" => Self::Type,
            "@value" => Self::Value,
            "@vocab" => Self::Vocab,
            _ => return None,
        })
    }
}

/// Whether a text has the form of a keyword: `@` and letters. JSON-LD reserves all of them.
pub(super) fn looks_like_keyword(text: &str) -> bool {
    text.strip_prefix('@')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    Keyword(Keyword),
    Iri(Rc<str>),
    /// Defined as null: whatever it names would be dropped.
    Nothing,
}

/// How the strings under a term are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Coercion {
    /// As they are.
    Plain,
    /// As IRIs.
    Id,
    /// As terms, else IRIs.
    Vocab,
    /// The whole value as one JSON literal.
    Json,
    /// As literals of this datatype.
    Datatype(Rc<str>),
}

/// How the values of a term are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Container {
    pub(super) graph: bool,
    pub(super) language: bool,
    pub(super) list: bool,
    pub(super) set: bool,
}

/// A term definition.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) meaning: Meaning,
    pub(super) coercion: Coercion,
    pub(super) container: Container,
    /// `Some(None)` is an explicit "no language".
    pub(super) language: Option<Option<Rc<str>>>,
    pub(super) direction: Option<bool>,
    pub(super) context: Option<LocalId>,
    /// A part of JSON-LD that makes using the term an error.
    pub(super) unsupported: Option<&'static str>,
    prefix: bool,
    protected: bool,
}

/// An active context.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    /// Where a term's definition is.
    terms: Index,
    /// `None` while one is made anew.
    definitions: Vec<Option<Rc<Definition>>>,
    vocab: Option<Rc<str>>,
    pub(super) language: Option<Rc<str>>,
    /// Whether strings have a base direction, which statements would lose.
    pub(super) directed: bool,
    /// The context to go back to in the next node object, where this one came with a type.
    pub(super) previous: Option<ContextId>,
}

/// A context in its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContextId(usize);

/// A context as written, in its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LocalId(usize);

/// How a context is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// `@context` in a document.
    Document,
    /// The context of a term, around its value: may change protected terms.
    Property,
    /// The context of a type: ends at the next node object.
    Type,
}

/// All contexts met so far.
#[derive(Debug)]
pub(super) struct Store {
    contexts: Vec<Rc<Context>>,
    locals: Vec<Rc<Json>>,
    by_url: Index,
    /// For each context, what came of applying others to it: few each.
    applied: Vec<Vec<(LocalId, Scope, ContextId)>>,
    /// Contexts of whole documents, by their URLs, so that a known `@context` costs one look-up.
    documents: Vec<(Vec<String>, Known)>,
    foreign: bool,
    steps: usize,
}

/// A result, and the steps that it took: a look-up counts as many, so that what was read before changes nothing.
#[derive(Debug, Clone, Copy)]
struct Known {
    context: ContextId,
    steps: usize,
}

/// Where a store stood before a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    contexts: usize,
    locals: usize,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            contexts: vec![Rc::new(Context::default())],
            locals: Vec::new(),
            by_url: Index::default(),
            applied: Vec::new(),
            documents: Vec::new(),
            foreign: false,
            steps: 0,
        }
    }
}

impl Store {
    /// The context that defines nothing.
    pub(super) const INITIAL: ContextId = ContextId(0);

    pub(super) fn len(&self) -> usize {
        self.contexts.len()
    }

    /// Remembers where the store stands and begins to count for a new document.
    pub(super) fn mark(&mut self) -> Mark {
        self.foreign = false;
        self.steps = 0;
        Mark { contexts: self.contexts.len(), locals: self.locals.len() }
    }

    /// Whether the document brought a context that is not an embedded one.
    pub(super) const fn took_foreign_context(&self) -> bool {
        self.foreign
    }

    /// Forgets everything since `mark`.
    pub(super) fn roll_back(&mut self, mark: Mark) {
        self.contexts.truncate(mark.contexts);
        self.locals.truncate(mark.locals);
        self.by_url.truncate(mark.locals);
        self.applied.truncate(mark.contexts);
        for applied in &mut self.applied {
            applied.retain(|(local, _, result)| local.0 < mark.locals && result.0 < mark.contexts);
        }
        self.documents.retain(|(_, result)| result.context.0 < mark.contexts);
    }

    pub(super) fn context(&self, id: ContextId) -> Rc<Context> {
        // INVARIANT: an id is only made by `keep`, and roll_back happens between documents.
        self.contexts.get(id.0).map(Rc::clone).unwrap_or_default()
    }

    fn keep(&mut self, context: Context) -> ContextId {
        self.contexts.push(Rc::new(context));
        ContextId(self.contexts.len() - 1)
    }

    fn keep_local(&mut self, local: Json) -> LocalId {
        self.locals.push(Rc::new(local));
        LocalId(self.locals.len() - 1)
    }

    /// Applies the `@context` of a document object.
    pub(super) fn apply_document(
        &mut self,
        active: ContextId,
        local: &Json,
        loader: ContextLoader<'_>,
    ) -> Result<ContextId, JsonLdError> {
        let whole = if active == Self::INITIAL { urls(local) } else { None };
        // There are never more of these than contexts in the store.
        let known = whole.as_ref().and_then(|urls| self.documents.iter().find(|(known, _)| known == urls));
        if let Some((_, known)) = known {
            return self.again(*known);
        }
        let before = self.steps;
        let context = self.process(active, local, Scope::Document, loader, 0)?;
        if let Some(urls) = whole.filter(|_| !self.foreign) {
            self.documents.push((urls, Known { context, steps: self.steps - before }));
        }
        Ok(context)
    }

    fn again(&mut self, known: Known) -> Result<ContextId, JsonLdError> {
        self.steps += known.steps;
        if self.steps > MAX_CONTEXTS {
            return Err(JsonLdError::TooMuch { what: "context steps", max: MAX_CONTEXTS });
        }
        Ok(known.context)
    }

    /// Applies the context of a term or type.
    pub(super) fn apply_scoped(
        &mut self,
        active: ContextId,
        local: LocalId,
        scope: Scope,
        loader: ContextLoader<'_>,
    ) -> Result<ContextId, JsonLdError> {
        let known = self
            .applied
            .get(active.0)
            .into_iter()
            .flatten()
            .find(|known| (known.0, known.1) == (local, scope));
        if let Some((_, _, known)) = known {
            return Ok(*known);
        }
        let json = self.locals.get(local.0).map(Rc::clone).unwrap_or_else(|| Rc::new(Json::Null));
        // Found or made, a scoped context counts the same: not at all. How many there can be is bounded by the
        // contexts in the document, which count, and by the nodes that use them.
        let before = self.steps;
        let context = self.process(active, &json, scope, loader, 0)?;
        self.steps = before;
        if self.applied.len() <= active.0 {
            self.applied.resize_with(active.0 + 1, Vec::new);
        }
        if let Some(applied) = self.applied.get_mut(active.0) {
            applied.push((local, scope, context));
        }
        Ok(context)
    }

    /// The [Context Processing Algorithm](https://www.w3.org/TR/json-ld11-api/#context-processing-algorithm).
    fn process(
        &mut self,
        active: ContextId,
        local: &Json,
        scope: Scope,
        loader: ContextLoader<'_>,
        nesting: usize,
    ) -> Result<ContextId, JsonLdError> {
        let mut propagate = scope != Scope::Type;
        if let Some(value) = local.get("@propagate") {
            propagate = value.as_bool().ok_or_else(|| invalid("@propagate is not a boolean", value))?;
        }
        let listed = local.as_array().is_some();
        let mut result = active;
        for local in local.one_or_many() {
            self.steps += 1;
            if self.steps > MAX_CONTEXTS || nesting > 8 {
                return Err(JsonLdError::TooMuch { what: "context steps", max: MAX_CONTEXTS });
            }
            result = match local {
                Json::Null => {
                    let context = self.context(result);
                    if scope != Scope::Property
                        && let Some(term) = context.protected_term()
                    {
                        return Err(JsonLdError::ProtectedTerm(term));
                    }
                    let previous = if propagate { None } else { Some(context.previous.unwrap_or(result)) };
                    if previous.is_none() {
                        Self::INITIAL
                    } else {
                        self.keep(Context { previous, ..Context::default() })
                    }
                }
                Json::String(url) => {
                    let loaded = self.load(url, loader)?;
                    let document =
                        self.locals.get(loaded.0).map(Rc::clone).unwrap_or_else(|| Rc::new(Json::Null));
                    let inner = document
                        .get("@context")
                        .ok_or_else(|| invalid("no @context in the document", local))?;
                    self.process(result, inner, scope, loader, nesting + 1)?
                }
                // Not in the specification and in published credentials; whoever reads it reads it so.
                Json::Object(object) if listed && object.len() == 1 && object.contains("@context") => {
                    self.foreign = true;
                    let inner = object.get("@context").unwrap_or(&Json::Null);
                    self.process(result, inner, scope, loader, nesting + 1)?
                }
                Json::Object(object) => {
                    if nesting == 0 && scope == Scope::Document {
                        self.foreign = true;
                    }
                    let mut context = Context::clone(&self.context(result));
                    if !propagate && context.previous.is_none() {
                        context.previous = Some(result);
                    }
                    let context = self.define(context, object, scope)?;
                    self.keep(context)
                }
                other => return Err(invalid("neither a URL, an object nor null", other)),
            };
        }
        Ok(result)
    }

    /// A context document by its exact URL.
    fn load(&mut self, url: &str, loader: ContextLoader<'_>) -> Result<LocalId, JsonLdError> {
        if let Some(known) = self.by_url.get(url) {
            return Ok(LocalId(known));
        }
        let json = if let Some(embedded) = model_passport_contexts::get(url) {
            crate::json::parse(embedded.text).map_err(|_| JsonLdError::UnknownContext(url.to_owned()))?
        } else {
            let supplied = loader.supplied.iter().find(|(known, _)| known == url);
            self.foreign = true;
            supplied
                .map(|(_, json)| json.clone())
                .ok_or_else(|| JsonLdError::UnknownContext(url.to_owned()))?
        };
        let local = self.keep_local(json);
        self.by_url.set(url, local.0);
        Ok(local)
    }

    /// Applies one context object.
    fn define(&mut self, mut context: Context, local: &Object, scope: Scope) -> Result<Context, JsonLdError> {
        let mut protected = false;
        for (name, value) in local.iter().filter(|(name, _)| looks_like_keyword(name)) {
            match name {
                "@version" if is_1_1(value) => {}
                "@version" => return Err(invalid("@version is not 1.1", value)),
                "@protected" => {
                    protected =
                        value.as_bool().ok_or_else(|| invalid("@protected is not a boolean", value))?;
                }
                "@propagate" | "@type" => {}
                "@vocab" => context.vocab = vocabulary(value, &context)?,
                "@language" => context.language = language(value)?,
                "@direction" => context.directed = direction(value)?,
                "@base" | "@import" => return Err(JsonLdError::Unsupported(name.to_owned())),
                _ => return Err(JsonLdError::UnknownKeyword(name.to_owned())),
            }
        }
        let mut making = Making { store: self, context, local, protected, scope, state: Index::default() };
        for (name, _) in local.iter() {
            if !looks_like_keyword(name) || name == "@type" {
                making.create_term(name)?;
            }
        }
        Ok(making.context)
    }
}

/// A `@context` of URLs only.
fn urls(local: &Json) -> Option<Vec<String>> {
    local.one_or_many().iter().map(|url| url.as_str().map(str::to_owned)).collect()
}

fn is_1_1(value: &Json) -> bool {
    matches!(value, Json::Number(number) if number.as_f64().to_bits() == 1.1_f64.to_bits())
}

fn vocabulary(value: &Json, context: &Context) -> Result<Option<Rc<str>>, JsonLdError> {
    match value {
        Json::Null => Ok(None),
        Json::String(text) => match context.expand(text) {
            Some(Meaning::Iri(iri)) if is_absolute_iri(&iri) => Ok(Some(iri)),
            _ => Err(JsonLdError::Unsupported(format!("@vocab {text}"))),
        },
        other => Err(invalid("@vocab is not an IRI", other)),
    }
}

fn language(value: &Json) -> Result<Option<Rc<str>>, JsonLdError> {
    match value {
        Json::Null => Ok(None),
        Json::String(tag) if is_language_tag(tag) => Ok(Some(tag.as_str().into())),
        other => Err(invalid("@language is not a language tag", other)),
    }
}

fn direction(value: &Json) -> Result<bool, JsonLdError> {
    match value {
        Json::Null => Ok(false),
        Json::String(text) if text == "ltr" || text == "rtl" => Ok(true),
        other => Err(invalid("@direction is neither ltr nor rtl", other)),
    }
}

fn invalid(what: &'static str, value: &Json) -> JsonLdError {
    JsonLdError::InvalidContext { what, term: excerpt(value) }
}

impl Context {
    /// The definition of a term.
    pub(super) fn term(&self, name: &str) -> Option<&Rc<Definition>> {
        self.definitions.get(self.terms.get(name)?)?.as_ref()
    }

    /// Takes the definition of a term out.
    fn take(&mut self, name: &str) -> Option<Rc<Definition>> {
        self.definitions.get_mut(self.terms.get(name)?)?.take()
    }

    /// Sets the definition of a term.
    fn put(&mut self, name: &str, definition: Definition) {
        let at = self.terms.get_or_set(name, self.definitions.len());
        let definition = Some(Rc::new(definition));
        match self.definitions.get_mut(at) {
            Some(slot) => *slot = definition,
            None => self.definitions.push(definition),
        }
    }

    /// A term that must not be defined again.
    fn protected_term(&self) -> Option<String> {
        let at = self.definitions.iter().position(|one| one.as_ref().is_some_and(|one| one.protected))?;
        self.terms.text_of(at).map(str::to_owned)
    }

    /// [IRI Expansion](https://www.w3.org/TR/json-ld11-api/#iri-expansion) of a text that may be a term, a
    /// compact IRI or an IRI. `None` where it stays relative.
    pub(super) fn expand(&self, text: &str) -> Option<Meaning> {
        if let Some(keyword) = Keyword::read(text) {
            return Some(Meaning::Keyword(keyword));
        }
        if looks_like_keyword(text) {
            return None;
        }
        if let Some(definition) = self.term(text) {
            return Some(definition.meaning.clone());
        }
        if let Some(iri) = self.expand_iri(text) {
            return Some(Meaning::Iri(iri));
        }
        let vocab = self.vocab.as_ref()?;
        Some(Meaning::Iri(format!("{vocab}{text}").into()))
    }

    /// The same where terms and `@vocab` have no say: identifiers and datatypes.
    pub(super) fn expand_iri(&self, text: &str) -> Option<Rc<str>> {
        let (prefix, suffix) =
            text.get(1..).and_then(|tail| tail.find(':')).map(|at| text.split_at(at + 1))?;
        let suffix = suffix.get(1..).unwrap_or_default();
        if prefix != "_"
            && !suffix.starts_with("//")
            && let Some(definition) = self.term(prefix)
            && definition.prefix
            && let Meaning::Iri(iri) = &definition.meaning
        {
            return Some(format!("{iri}{suffix}").into());
        }
        (prefix == "_" || is_absolute_iri(text)).then(|| text.into())
    }
}

/// In [`Making::state`]: a term that is being made.
const MAKING: usize = 0;
/// In [`Making::state`]: a term that is made.
const DONE: usize = 1;

/// A context object on its way into a context.
struct Making<'s, 'l> {
    store: &'s mut Store,
    context: Context,
    local: &'l Object,
    protected: bool,
    scope: Scope,
    /// Terms that are being made or [`DONE`].
    state: Index,
}

impl Making<'_, '_> {
    /// [Create Term Definition](https://www.w3.org/TR/json-ld11-api/#create-term-definition)
    fn create_term(&mut self, term: &str) -> Result<(), JsonLdError> {
        match self.state.get(term) {
            Some(DONE) => return Ok(()),
            Some(_) => return Err(bad("terms define each other in a circle", term)),
            None => {}
        }
        if term.is_empty() {
            return Err(bad("an empty term", term));
        }
        self.state.set(term, MAKING);
        let value = self.local.get(term).unwrap_or(&Json::Null);
        if term == "@type" {
            // Only its container and protection may be set, which statements do not show.
            let only = |(name, value): (&str, &Json)| match name {
                "@container" => value.as_str() == Some("@set"),
                "@protected" => value.as_bool().is_some(),
                _ => false,
            };
            let members = value.as_object().filter(|members| !members.is_empty());
            if !members.is_some_and(|members| members.iter().all(only)) {
                return Err(bad("a keyword is defined again", term));
            }
            self.state.set(term, DONE);
            return Ok(());
        }
        let previous = self.context.take(term);
        let simple = Object::from_iter([("@id", value.clone())]);
        let (object, is_simple) = match value {
            Json::Object(object) => (object, false),
            Json::Null | Json::String(_) => (&simple, true),
            other => return Err(invalid("a term is neither an IRI nor an object", other)),
        };
        let mut definition = self.read_definition(term, object, is_simple)?;
        if let Some(previous) = previous
            && previous.protected
            && self.scope != Scope::Property
        {
            if !self.same(&previous, &definition) {
                return Err(JsonLdError::ProtectedTerm(term.to_owned()));
            }
            definition = Definition::clone(&previous);
        }
        self.context.put(term, definition);
        self.state.set(term, DONE);
        Ok(())
    }

    fn read_definition(
        &mut self,
        term: &str,
        object: &Object,
        simple: bool,
    ) -> Result<Definition, JsonLdError> {
        let mut definition = Definition {
            meaning: Meaning::Nothing,
            coercion: Coercion::Plain,
            container: Container::default(),
            language: None,
            direction: None,
            context: None,
            unsupported: None,
            prefix: false,
            protected: self.protected,
        };
        for (name, value) in object.iter() {
            match name {
                "@id" | "@type" => {}
                "@protected" => {
                    definition.protected =
                        value.as_bool().ok_or_else(|| invalid("@protected is not a boolean", value))?;
                }
                "@container" => read_container(value, &mut definition)?,
                "@context" => definition.context = Some(self.store.keep_local(value.clone())),
                "@language" => definition.language = Some(language(value)?),
                "@direction" => definition.direction = Some(direction(value)?),
                "@prefix" => {
                    definition.prefix =
                        value.as_bool().ok_or_else(|| invalid("@prefix is not a boolean", value))?;
                }
                "@reverse" => definition.unsupported = Some("@reverse"),
                "@nest" => definition.unsupported = Some("@nest"),
                "@index" => definition.unsupported = Some("@index"),
                _ => return Err(bad("an unknown entry in a term definition", name)),
            }
        }
        self.read_meaning(term, object, simple, &mut definition)?;
        if matches!(&definition.meaning, Meaning::Iri(iri) if !is_absolute_iri(iri)) {
            return Err(bad("a term without an absolute IRI", term));
        }
        if definition.prefix && (is_like_iri(term) || matches!(definition.meaning, Meaning::Keyword(_))) {
            return Err(bad("a term that cannot be a prefix", term));
        }
        if let Some(value) = object.get("@type") {
            definition.coercion = self.read_coercion(value)?;
        }
        Ok(definition)
    }

    /// Steps 14 to 18: what the term stands for.
    fn read_meaning(
        &mut self,
        term: &str,
        object: &Object,
        simple: bool,
        definition: &mut Definition,
    ) -> Result<(), JsonLdError> {
        match object.get("@id") {
            Some(Json::Null) => return Ok(()),
            Some(Json::String(id)) if id != term => {
                if looks_like_keyword(id) && Keyword::read(id).is_none() {
                    return Err(JsonLdError::UnknownKeyword(id.clone()));
                }
                self.depend_on(id)?;
                definition.meaning = match self.context.expand(id) {
                    Some(Meaning::Keyword(Keyword::Context)) => {
                        return Err(bad("an alias of @context", term));
                    }
                    Some(Meaning::Nothing) | None => return Err(bad("a term without an IRI", term)),
                    Some(meaning) => meaning,
                };
                // A term that looks like an IRI must mean that IRI.
                if is_like_iri(term) {
                    self.state.set(term, DONE);
                    if self.context.expand(term).is_none_or(|meaning| meaning != definition.meaning) {
                        return Err(bad("a term that looks like another IRI", term));
                    }
                }
                let gen_delim = |iri: &str| iri.ends_with([':', '/', '?', '#', '[', ']', '@']);
                if simple
                    && !term.contains([':', '/'])
                    && matches!(&definition.meaning, Meaning::Iri(iri) if gen_delim(iri))
                {
                    definition.prefix = true;
                }
            }
            None | Some(Json::String(_)) => {
                self.depend_on(term)?;
                definition.meaning = match self.context.expand(term) {
                    Some(Meaning::Iri(iri)) => Meaning::Iri(iri),
                    _ if definition.unsupported.is_some() => Meaning::Nothing,
                    _ => return Err(bad("a term without an IRI", term)),
                };
            }
            Some(other) => return Err(invalid("@id of a term is not a string", other)),
        }
        Ok(())
    }

    fn read_coercion(&mut self, value: &Json) -> Result<Coercion, JsonLdError> {
        let text = value.as_str().ok_or_else(|| invalid("@type of a term is not a string", value))?;
        self.depend_on(text)?;
        match self.context.expand(text) {
            Some(Meaning::Keyword(Keyword::Id)) => Ok(Coercion::Id),
            Some(Meaning::Keyword(Keyword::Json)) => Ok(Coercion::Json),
            Some(Meaning::Keyword(Keyword::Vocab)) => Ok(Coercion::Vocab),
            Some(Meaning::Keyword(Keyword::None)) => Ok(Coercion::Plain),
            Some(Meaning::Iri(iri)) if is_absolute_iri(&iri) => Ok(Coercion::Datatype(iri)),
            _ => Err(invalid("@type of a term is not an absolute IRI", value)),
        }
    }

    /// Makes the term that `text` is, or whose prefix it uses, if this context object defines it.
    fn depend_on(&mut self, text: &str) -> Result<(), JsonLdError> {
        // What goes on with `//` is an IRI already, whatever its scheme means as a term.
        let prefix =
            text.get(1..).and_then(|tail| tail.find(':')).and_then(|at| text.split_at_checked(at + 1));
        let prefix = prefix.filter(|(_, rest)| !rest.starts_with("://")).map(|(prefix, _)| prefix);
        for name in [Some(text), prefix].into_iter().flatten() {
            let making = self.state.get(name) == Some(MAKING);
            if self.local.contains(name) && !looks_like_keyword(name) && !(making && name == text) {
                self.create_term(name)?;
            }
        }
        Ok(())
    }

    /// Whether two definitions are the same but for their protection.
    fn same(&self, a: &Definition, b: &Definition) -> bool {
        let local = |id: Option<LocalId>| id.and_then(|id| self.store.locals.get(id.0));
        a.meaning == b.meaning
            && a.coercion == b.coercion
            && a.container == b.container
            && a.language == b.language
            && a.direction == b.direction
            && a.unsupported == b.unsupported
            && a.prefix == b.prefix
            && local(a.context) == local(b.context)
    }
}

/// Whether a term has a colon within it, or a slash.
fn is_like_iri(term: &str) -> bool {
    let inner = term.strip_suffix(':').unwrap_or(term);
    inner.get(1..).is_some_and(|tail| tail.contains(':')) || term.contains('/')
}

fn read_container(value: &Json, definition: &mut Definition) -> Result<(), JsonLdError> {
    for item in value.one_or_many() {
        let container = &mut definition.container;
        match item.as_str() {
            Some("@graph") => container.graph = true,
            Some("@language") => container.language = true,
            Some("@list") => container.list = true,
            Some("@set") => container.set = true,
            Some("@id") => definition.unsupported = Some("@container: @id"),
            Some("@index") => definition.unsupported = Some("@container: @index"),
            Some("@type") => definition.unsupported = Some("@container: @type"),
            _ => return Err(invalid("@container is not a container", item)),
        }
    }
    Ok(())
}

fn bad(what: &'static str, term: &str) -> JsonLdError {
    JsonLdError::InvalidContext { what, term: term.chars().take(80).collect() }
}
