//! From the text of a schema to [`Rule`]s.
//!
//! Keywords: `$ref` (absolute, or `#/…`), `$defs`, `type` (without `null` and `number`), `const`, `enum`, `default`,
//! `readOnly`, `minLength`, `maxLength`, `format`, `minimum`, `maximum`, `items`, `minItems`, `maxItems`,
//! `uniqueItems`, `properties`, `required`, `additionalProperties`, `minProperties`, `maxProperties`, `anyOf`,
//! `if`, `then`, `else`; read and not checked: `$schema`, `$id`, `title`, `description`, and `pattern` where it
//! is the one that belongs to the `format`.

use std::sync::Arc;

use crate::index::Index;
use crate::json::{Json, Object};

use super::{Condition, Format, Others, Required, Rule, Schema, Types};

/// Why a schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A keyword has a value that it cannot have.
    #[error("the keyword `{keyword}` has a wrong value in `{place}`")]
    BadValue {
        /// The keyword.
        keyword: String,
        /// The schema's URL, or the pointer that led there.
        place: String,
    },
    /// A reference leads back to a schema that contains it.
    #[error("the reference `{0}` is recursive")]
    Recursive(String),
    /// A keyword that would go unchecked.
    #[error("the keyword `{keyword}` in `{place}` is not supported")]
    UnknownKeyword {
        /// The keyword.
        keyword: String,
        /// The schema's URL, or the pointer that led there.
        place: String,
    },
    /// A reference to nothing.
    #[error("the reference `{0}` leads nowhere")]
    UnknownReference(String),
}

impl SchemaError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadValue { .. } => "schema.bad-value",
            Self::Recursive(_) => "schema.recursive",
            Self::UnknownKeyword { .. } => "schema.unknown-keyword",
            Self::UnknownReference(_) => "schema.unknown-reference",
        }
    }
}

/// Brings the documents that absolute references name.
type Resolver<'a> = &'a dyn Fn(&str) -> Option<Json>;

impl Schema {
    /// Reads a schema. `resolver` gives the document of a URL.
    ///
    /// # Errors
    /// [`SchemaError`], for the first cause met.
    pub fn compile(schema: &Json, resolver: Resolver<'_>) -> Result<Self, SchemaError> {
        let url = schema.get("$id").and_then(Json::as_str).unwrap_or_default().to_owned();
        let documents = vec![(url.clone(), Arc::new(schema.clone()))];
        let mut compiler = Compiler { resolver, documents, known: Index::default(), rules: Vec::new() };
        let root = compiler.rule(schema, &url, &[])?;
        Ok(Self { root })
    }
}

struct Compiler<'a> {
    resolver: Resolver<'a>,
    documents: Vec<(String, Arc<Json>)>,
    /// Where the rule of a reference is.
    known: Index,
    /// What references lead to; `None` while it is being read.
    rules: Vec<Option<Arc<Rule>>>,
}

type Properties = [(Box<str>, Arc<Rule>)];

impl Compiler<'_> {
    /// One schema object in the document `base`, within a schema that has the properties `around`.
    fn rule(&mut self, schema: &Json, base: &str, around: &Properties) -> Result<Arc<Rule>, SchemaError> {
        let object = schema.as_object().ok_or_else(|| bad("schema", base))?;
        let mut rule = Rule::default();
        // Branches look up the properties of the schema around them, so those come first.
        if let Some(value) = object.get("properties") {
            let properties = value.as_object().ok_or_else(|| bad("properties", base))?;
            for (name, value) in properties.iter() {
                rule.properties.push((name.into(), self.rule(value, base, &[])?));
            }
        }
        let around: Vec<_> = rule.properties.iter().chain(around).cloned().collect();
        for (keyword, value) in object.iter() {
            let known = self.applicator(&mut rule, keyword, value, base, &around)?
                || self.condition(&mut rule, object, keyword, base, &around)?
                || assertion(&mut rule, object, keyword, value, base)?;
            if !known {
                return Err(SchemaError::UnknownKeyword {
                    keyword: keyword.to_owned(),
                    place: base.to_owned(),
                });
            }
        }
        Ok(Arc::new(rule))
    }

    /// Keywords that hold other schemas. Whether `keyword` is one.
    fn applicator(
        &mut self,
        rule: &mut Rule,
        keyword: &str,
        value: &Json,
        base: &str,
        around: &Properties,
    ) -> Result<bool, SchemaError> {
        match keyword {
            "$ref" => rule.reference = Some(self.reference(string(keyword, value, base)?, base)?),
            "additionalProperties" => {
                rule.others = match value {
                    Json::Bool(false) => Others::Refused,
                    schema => Others::Follow(self.rule(schema, base, &[])?),
                };
            }
            "anyOf" => {
                for branch in array(keyword, value, base)? {
                    rule.any_of.push(self.rule(branch, base, around)?);
                }
            }
            "items" => rule.items = Some(self.rule(value, base, &[])?),
            "properties" => {}
            "required" => {
                for name in array(keyword, value, base)? {
                    let name = string(keyword, name, base)?;
                    let property = around.iter().find(|(other, _)| **other == *name);
                    rule.required
                        .push(Required { name: name.into(), rule: property.map(|(_, rule)| rule.clone()) });
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn condition(
        &mut self,
        rule: &mut Rule,
        object: &Object,
        keyword: &str,
        base: &str,
        around: &Properties,
    ) -> Result<bool, SchemaError> {
        match keyword {
            "if" => {}
            "then" | "else" if object.contains("if") => return Ok(true),
            _ => return Ok(false),
        }
        let mut branch = |name| object.get(name).map(|schema| self.rule(schema, base, around)).transpose();
        let test = branch("if")?.ok_or_else(|| bad("if", base))?;
        rule.condition = Some(Condition { test, then: branch("then")?, otherwise: branch("else")? });
        Ok(true)
    }

    fn reference(&mut self, reference: &str, base: &str) -> Result<Arc<Rule>, SchemaError> {
        let unknown = || SchemaError::UnknownReference(reference.to_owned());
        let (url, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let url = if url.is_empty() { base } else { url };
        let target = format!("{url}#{pointer}");
        match self.known.get(&target).and_then(|at| self.rules.get(at)) {
            Some(Some(rule)) => return Ok(rule.clone()),
            Some(None) => return Err(SchemaError::Recursive(reference.to_owned())),
            None => {}
        }
        let read =
            self.documents.iter().find(|(known, _)| known == url).map(|(_, document)| document.clone());
        let document = match read {
            Some(document) => document,
            None => {
                let document = Arc::new((self.resolver)(url).ok_or_else(unknown)?);
                self.documents.push((url.to_owned(), document.clone()));
                document
            }
        };
        let schema = document.pointer(pointer).ok_or_else(unknown)?;
        let at = self.rules.len();
        self.known.set(&target, at);
        self.rules.push(None);
        let rule = self.rule(schema, url, &[])?;
        if let Some(slot) = self.rules.get_mut(at) {
            *slot = Some(rule.clone());
        }
        Ok(rule)
    }
}

/// Keywords that say something of the value itself. Whether `keyword` is one.
fn assertion(
    rule: &mut Rule,
    object: &Object,
    keyword: &str,
    value: &Json,
    base: &str,
) -> Result<bool, SchemaError> {
    match keyword {
        "$defs" | "$id" | "$schema" | "title" => {}
        "const" => rule.constant = Some(value.clone()),
        "default" => rule.default = Some(value.clone()),
        "description" => rule.description = Some(string(keyword, value, base)?.into()),
        "enum" => rule.choices = array(keyword, value, base)?.to_vec(),
        "format" => {
            let format = Format::named(string(keyword, value, base)?).ok_or_else(|| bad(keyword, base))?;
            rule.format = Some(format);
        }
        "maxItems" => rule.max_items = Some(size(keyword, value, base)?),
        "maxLength" => rule.max_length = Some(size(keyword, value, base)?),
        "maxProperties" => rule.max_properties = Some(size(keyword, value, base)?),
        "maximum" => rule.maximum = Some(value.as_i64().ok_or_else(|| bad(keyword, base))?),
        "minItems" => rule.min_items = size(keyword, value, base)?,
        "minLength" => rule.min_length = size(keyword, value, base)?,
        "minProperties" => rule.min_properties = size(keyword, value, base)?,
        "minimum" => rule.minimum = Some(value.as_i64().ok_or_else(|| bad(keyword, base))?),
        "pattern" => {
            // Checked by the format that it stands beside, and only by that.
            let format = object.get("format").and_then(Json::as_str).and_then(Format::named);
            if format.map(Format::pattern) != value.as_str() {
                return Err(bad(keyword, base));
            }
        }
        "readOnly" => rule.assigned = value.as_bool().ok_or_else(|| bad(keyword, base))?,
        "type" => rule.types = Some(types(value, base)?),
        "uniqueItems" => rule.unique_items = value.as_bool().ok_or_else(|| bad(keyword, base))?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn types(value: &Json, base: &str) -> Result<Types, SchemaError> {
    let mut types = Types::NONE;
    for name in value.one_or_many() {
        match string("type", name, base)? {
            "array" => types.array = true,
            "boolean" => types.boolean = true,
            "integer" => types.integer = true,
            "object" => types.object = true,
            "string" => types.string = true,
            _ => return Err(bad("type", base)),
        }
    }
    Ok(types)
}

fn bad(keyword: &str, base: &str) -> SchemaError {
    SchemaError::BadValue { keyword: keyword.to_owned(), place: base.to_owned() }
}

fn string<'v>(keyword: &str, value: &'v Json, base: &str) -> Result<&'v str, SchemaError> {
    value.as_str().ok_or_else(|| bad(keyword, base))
}

fn array<'v>(keyword: &str, value: &'v Json, base: &str) -> Result<&'v [Json], SchemaError> {
    value.as_array().ok_or_else(|| bad(keyword, base))
}

fn size(keyword: &str, value: &Json, base: &str) -> Result<usize, SchemaError> {
    value.as_i64().and_then(|size| usize::try_from(size).ok()).ok_or_else(|| bad(keyword, base))
}
