//! A claims file to fill in, made from the schema, so that it cannot say anything else.
//!
//! What must be given stands there with an empty text, which no schema takes; what may be given stands behind `#`.

use model_passport::json::{self, Json, Object};
use model_passport_contexts as contexts;

use super::Form;

/// How schemas refer to what a link is.
const LINKS: &str = "/$defs/reference";

/// The claims of a statement, to be filled in.
pub(super) fn of(form: &Form) -> String {
    let subject = if form.parents.is_empty() { "" } else { " --subject PASSPORT" };
    let mut text = format!(
        "# Claims for `passport attest {} FILE{subject} --key NAME`.\n\
         # Fill in every \"\". What stands behind # may be left out; take the # away to say it.\n\
         # A group that has a `basis` may say basis = \"unknown\", or basis = \"withheld\" and a reason, and nothing else.\n\
         # A passport is named by its file: {{ passport = \"FILE\" }}; a thing without one as\n\
         # {{ id = \"urn:sha256:…\", type = \"Artifact\", digestMultibase = \"uEi…\" }}. Decimals stand in quotes.\n\n\
         # until when the credential is valid (may be left out), such as 2027-11-21T10:00:00Z\n\
         #validUntil = \"\"\n",
        form.name
    );
    let Some(schema) = contexts::schema(form.kind).and_then(|document| json::parse(document.text).ok())
    else {
        return text;
    };
    let schemas = Schemas { own: schema, common: json::parse(contexts::COMMON_SCHEMA.text).ok() };
    if let Some(subject) = schemas.own.pointer("/properties/credentialSubject") {
        let subject = schemas.resolve(subject);
        schemas.table(
            &subject,
            &Place { path: "", is_asked: true, skip: form.given, made: form.made },
            &mut text,
        );
    }
    text
}

struct Schemas {
    own: Json,
    common: Option<Json>,
}

/// Where a table stands.
struct Place<'a> {
    path: &'a str,
    /// Whether a person has to give it.
    is_asked: bool,
    /// Members that need no person.
    skip: &'a [&'a str],
    /// Members that are made where nobody gives them.
    made: &'a [&'a str],
}

/// How a member is written down.
enum Shape {
    /// Nobody writes it.
    None,
    /// `name = VALUE`
    Value(&'static str),
    /// `[path.name]`, or `[[path.name]]` of several
    Table { inner: Json, is_list: bool },
    /// `[path.name]` with names of one's own
    Free,
}

impl Schemas {
    /// A schema with what it refers to.
    fn resolve(&self, schema: &Json) -> Json {
        let Some(object) = schema.as_object() else { return schema.clone() };
        let Some(reference) = object.get("$ref").and_then(Json::as_str) else { return schema.clone() };
        let (url, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let document =
            if url == contexts::COMMON_SCHEMA.url { self.common.as_ref() } else { Some(&self.own) };
        let target = document.and_then(|document| document.pointer(pointer));
        let mut whole = match target.map(|target| self.resolve(target)) {
            Some(Json::Object(whole)) => whole,
            _ => Object::new(),
        };
        for (name, value) in object.iter().filter(|(name, _)| *name != "$ref") {
            let value = match (name, whole.get(name)) {
                // What is said on top of the members of another schema narrows them.
                ("properties", Some(Json::Object(members))) => {
                    let own = value.as_object().into_iter().flat_map(Object::iter);
                    let mut members = members.clone();
                    for (name, value) in own {
                        if !members.contains(name) {
                            members.insert(name, value.clone());
                        }
                    }
                    members.into()
                }
                ("required", Some(Json::Array(inherited))) => {
                    [inherited.as_slice(), value.as_array().unwrap_or_default()].concat().into()
                }
                _ => value.clone(),
            };
            whole.insert(name, value);
        }
        whole.into()
    }

    fn table(&self, schema: &Json, place: &Place<'_>, text: &mut String) {
        let members = schema.get("properties").and_then(Json::as_object).cloned().unwrap_or_default();
        let listed = |schema: &Json, name: &str| {
            let list = schema.get("required").and_then(Json::as_array).unwrap_or_default();
            list.iter().any(|item| item.as_str() == Some(name))
        };
        let named = |schema: Option<&Json>, name: &str| {
            // Of alternatives, the first is asked for.
            let choices = schema.and_then(|schema| schema.get("anyOf")).and_then(Json::as_array);
            let first = choices.and_then(<[Json]>::first);
            schema.into_iter().chain(first).any(|schema| listed(schema, name))
        };
        let mut tables = Vec::new();
        for (name, member) in members.iter().filter(|(name, _)| !place.skip.contains(name)) {
            let whole = self.resolve(member);
            let is_required = named(Some(schema), name) || named(schema.get("else"), name);
            let is_asked = is_required && whole.get("default").is_none() && !place.made.contains(&name);
            match self.shape(member, &whole) {
                Shape::None => {}
                Shape::Value(value) => {
                    let more = match () {
                        () if is_asked => "",
                        () if named(schema.get("then"), name) => " (where the case asks for it)",
                        () => " (may be left out)",
                    };
                    let value = preset(&whole).unwrap_or_else(|| value.to_owned());
                    let mark = if place.is_asked && is_asked { "" } else { "#" };
                    text.push_str(&format!(
                        "\n# {}{more}{}\n{mark}{name} = {value}\n",
                        describe(&whole),
                        hint(&whole)
                    ));
                }
                shape => tables.push((name, whole, shape, is_asked)),
            }
        }
        for (name, whole, shape, is_asked) in tables {
            let path = if place.path.is_empty() { name.to_owned() } else { format!("{}.{name}", place.path) };
            let is_asked = place.is_asked && is_asked;
            let mark = if is_asked { "" } else { "#" };
            let more = if is_asked { "" } else { " (may be left out)" };
            text.push_str(&format!("\n# {}{more}\n", describe(&whole)));
            match shape {
                Shape::Table { inner, is_list } => {
                    let header = if is_list { format!("[[{path}]]") } else { format!("[{path}]") };
                    text.push_str(&format!("{mark}{header}\n"));
                    self.table(&inner, &Place { path: &path, is_asked, skip: &[], made: &[] }, text);
                }
                _ => text.push_str(&format!("{mark}[{path}]\n{mark}name = \"\"\n")),
            }
        }
    }

    fn shape(&self, member: &Json, whole: &Json) -> Shape {
        let is_link = |schema: &Json| {
            schema.get("$ref").and_then(Json::as_str).is_some_and(|reference| reference.ends_with(LINKS))
        };
        if is_link(member) {
            return Shape::Value("{ passport = \"\" }");
        }
        if whole.get("const").is_some() || whole.get("readOnly").is_some() {
            return Shape::None;
        }
        let is = |schema: &Json, wanted: &str| schema.get("type").and_then(Json::as_str) == Some(wanted);
        if is(whole, "array") {
            let Some(items) = whole.get("items") else { return Shape::Value("[\"\"]") };
            if is_link(items) {
                return Shape::Value("[{ passport = \"\" }]");
            }
            let inner = self.resolve(items);
            return if inner.get("properties").is_some() {
                Shape::Table { inner, is_list: true }
            } else {
                Shape::Value("[\"\"]")
            };
        }
        if whole.get("properties").is_some() {
            return Shape::Table { inner: whole.clone(), is_list: false };
        }
        if is(whole, "object") { Shape::Free } else { Shape::Value("\"\"") }
    }
}

/// What stands there unless somebody says otherwise.
fn preset(schema: &Json) -> Option<String> {
    schema.get("default").map(Json::to_string)
}

fn describe(schema: &Json) -> &str {
    schema.get("description").and_then(Json::as_str).unwrap_or("see the schema")
}

/// What is taken there.
fn hint(schema: &Json) -> String {
    let of = |schema: &Json| {
        let list = schema.get("enum").and_then(Json::as_array).unwrap_or_default();
        list.iter().filter_map(Json::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut choices = of(schema);
    choices.extend(schema.get("items").map(of).unwrap_or_default());
    if choices.iter().all(|choice| describe(schema).contains(choice.as_str())) && !choices.is_empty() {
        return String::new();
    }
    if !choices.is_empty() {
        return format!(": {}", choices.join(", "));
    }
    let format = schema.get("format").and_then(Json::as_str);
    let kind = schema.get("type").and_then(Json::as_str);
    let hint = match (format, kind) {
        (Some("date"), _) => "a date such as 2026-11-21",
        (Some("date-time"), _) => "a time such as 2026-11-21T10:00:00Z",
        (Some("decimal"), _) => "a decimal in quotes, such as \"0.95\"",
        (Some("digest-multibase"), _) => "a multihash in base64url, such as uEi…",
        (Some("urn-uuid"), _) => "such as urn:uuid:…",
        (Some("did"), _) => "such as did:web:hospital.example",
        (Some("uri"), _) => "an IRI",
        (Some("language-tag"), _) => "such as en",
        (_, Some("integer")) => "a whole number, without quotes",
        (_, Some("boolean")) => "true or false, without quotes",
        _ => return String::new(),
    };
    format!("; {hint}")
}
