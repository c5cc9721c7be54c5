//! What a credential points at and pins: [related resources](https://www.w3.org/TR/vc-data-model-2.0/#integrity-of-related-resources)
//! and [JSON schemas](https://www.w3.org/TR/vc-json-schema/#jsonschema).

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::evidence::{Need, NeedKind};
use crate::json::{self, Json, Object};
use crate::limits::MAX_FINDINGS;
use crate::multibase;
use crate::report::{Check, CheckName, Outcome};
use crate::schema::{Finding, Schema};

/// Finds the text of a document by its URL.
pub type Library<'a> = &'a dyn Fn(&str) -> Option<&'a str>;

/// A digest as a credential pins it.
struct Pinned {
    /// Bits of the SHA-2 function.
    bits: u16,
    bytes: Vec<u8>,
}

/// Holds every related resource that is at hand against its digests. One that is not at hand is a need.
#[must_use]
pub fn related(content: &Json, library: Library<'_>, needs: &mut Vec<Need>) -> Vec<Check> {
    let mut checks = Vec::new();
    for (at, resource) in one_or_many(content, "relatedResource").iter().enumerate().take(MAX_FINDINGS) {
        let Some(url) = resource.get("id").and_then(Json::as_str) else { continue };
        let check = |outcome, code: &'static str, message: String| {
            Check::new(CheckName::Profile, outcome, code, message).at(format!("/relatedResource/{at}"))
        };
        let pinned = |name, read: fn(&str) -> Option<Pinned>| {
            one_or_many(resource, name).iter().map(move |text| text.as_str().and_then(read))
        };
        let sri = pinned("digestSRI", read_sri);
        let digests: Vec<Option<Pinned>> = sri.chain(pinned("digestMultibase", read_multibase)).collect();
        checks.push(if digests.is_empty() || digests.iter().any(Option::is_none) {
            let message = format!("a digest of the related resource `{url}` is not one of SHA-2");
            check(Outcome::Fail, "resource.digest", message)
        } else if let Some(text) = library(url) {
            if digests.iter().flatten().all(|digest| digest.is_of(text)) {
                check(
                    Outcome::Pass,
                    "resource.ok",
                    format!("the related resource `{url}` is the one that was pinned"),
                )
            } else {
                let message = format!("the related resource `{url}` is not the one that was pinned");
                check(Outcome::Fail, "resource.mismatch", message)
                    .with_help("it was changed since: ask the issuer for the one that was meant")
            }
        } else {
            let why = "the credential pins it by its digest".to_owned();
            needs.push(Need { url: url.to_owned(), kind: NeedKind::Resource, why });
            let message = format!("the related resource `{url}` is not at hand");
            check(Outcome::NotChecked, "resource.needed", message)
                .with_help("supply the document found at that address")
        });
    }
    checks
}

/// Holds the JSON of a credential against the schemas that its content names. Where the signature covers statements
/// only, `json` may be written otherwise, and that it follows a schema says less.
#[must_use]
pub fn schemas(
    content: &Json,
    json: &Json,
    is_signed: bool,
    library: Library<'_>,
    needs: &mut Vec<Need>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    for (at, schema) in one_or_many(content, "credentialSchema").iter().enumerate().take(MAX_FINDINGS) {
        let Some(url) = schema.get("id").and_then(Json::as_str) else { continue };
        let check = |outcome, code: &'static str, message: String| {
            Check::new(CheckName::Profile, outcome, code, message).at(format!("/credentialSchema/{at}"))
        };
        let kinds = schema.get("type").map(Json::one_or_many).unwrap_or_default();
        if !kinds.iter().any(|kind| kind.as_str() == Some("JsonSchema")) {
            let kind = kinds.first().and_then(Json::as_str).unwrap_or_default();
            let message = format!(
                "schemas of the type `{}` are not read here",
                kind.chars().take(80).collect::<String>()
            );
            checks.push(check(Outcome::NotChecked, "credential-schema.type", message));
            continue;
        }
        let Some(text) = library(url) else {
            let why = "it says what the credential has to hold".to_owned();
            needs.push(Need { url: url.to_owned(), kind: NeedKind::Schema, why });
            let message = format!("the schema `{url}` is not at hand");
            checks.push(
                check(Outcome::NotChecked, "credential-schema.needed", message)
                    .with_help("supply the document found at that address"),
            );
            continue;
        };
        match read_schema(text) {
            Err(cause) => {
                let message = format!("the schema `{url}` cannot be checked: {cause}");
                checks.push(check(Outcome::NotChecked, "credential-schema.not-supported", message));
            }
            Ok(schema) => match schema.validate(json).into_iter().next() {
                None if is_signed => {
                    let message = format!("it follows the schema `{url}`");
                    checks.push(check(Outcome::Pass, "credential-schema.ok", message));
                }
                None => {
                    let message = format!(
                        "its JSON follows the schema `{url}`, and only the statements in it are signed, not their names"
                    );
                    checks.push(check(Outcome::Warn, "credential-schema.not-signed", message));
                }
                Some(Finding { pointer, message, .. }) => {
                    let message = format!("it does not follow the schema `{url}`: {message}");
                    checks.push(check(Outcome::Fail, "credential-schema.broken", message).at(pointer));
                }
            },
        }
    }
    checks
}

fn one_or_many<'j>(value: &'j Json, name: &str) -> &'j [Json] {
    value.get(name).map(Json::one_or_many).unwrap_or_default()
}

/// `sha256-…`, `sha384-…` or `sha512-…`, as [Subresource Integrity](https://www.w3.org/TR/SRI/) writes them, in
/// either alphabet of base64.
fn read_sri(text: &str) -> Option<Pinned> {
    let (name, digits) = text.split_once('-')?;
    let bits = match name {
        "sha256" => 256,
        "sha384" => 384,
        "sha512" => 512,
        _ => return None,
    };
    let digits: String = digits
        .chars()
        .map(|digit| match digit {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .collect();
    let digits = digits.strip_suffix("==").or_else(|| digits.strip_suffix('=')).unwrap_or(&digits);
    Pinned::new(bits, multibase::decode_base64url_digits(digits).ok()?)
}

/// A [multihash](https://www.w3.org/TR/cid-1.0/#multihash) in [multibase](https://www.w3.org/TR/cid-1.0/#multibase-0).
fn read_multibase(text: &str) -> Option<Pinned> {
    let bytes = multibase::decode(text).ok()?;
    let (bits, digest) = match bytes.as_slice() {
        [0x12, 32, digest @ ..] => (256, digest),
        [0x20, 48, digest @ ..] => (384, digest),
        [0x13, 64, digest @ ..] => (512, digest),
        _ => return None,
    };
    Pinned::new(bits, digest.to_vec())
}

impl Pinned {
    fn new(bits: u16, bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() * 8 == usize::from(bits)).then_some(Self { bits, bytes })
    }

    fn is_of(&self, text: &str) -> bool {
        match self.bits {
            256 => *self.bytes == *Sha256::digest(text),
            384 => *self.bytes == *Sha384::digest(text),
            _ => *self.bytes == *Sha512::digest(text),
        }
    }
}

/// Reads somebody's schema. References are left to those who know where they lead: following them could also
/// cost more than the schema is long.
fn read_schema(text: &str) -> Result<Schema, String> {
    let mut json = json::parse(text).map_err(|cause| cause.to_string())?;
    match json.get("$schema").and_then(Json::as_str).map(|dialect| dialect.trim_end_matches('#')) {
        None | Some("https://json-schema.org/draft/2020-12/schema") => {}
        Some(_) => return Err("its `$schema` is not that of draft 2020-12".to_owned()),
    }
    if let Some(keyword) = own_meaning(&mut json) {
        return Err(format!("the keyword `{keyword}` is not supported"));
    }
    Schema::compile(&json, &|_| None).map_err(|cause| cause.to_string())
}

/// Takes out `format`, which only annotates unless a schema asks for more, and finds the keywords to which
/// the embedded schemas give a narrower meaning.
fn own_meaning(schema: &mut Json) -> Option<&'static str> {
    let object = schema.as_object_mut()?;
    object.remove("format");
    for keyword in ["$ref", "$vocabulary", "pattern"] {
        if object.contains(keyword) {
            return Some(keyword);
        }
    }
    for (name, value) in object.iter_mut() {
        let found = match name {
            "$defs" | "properties" => value.as_object_mut().and_then(each_schema),
            "additionalProperties" | "else" | "if" | "items" | "then" => own_meaning(value),
            "anyOf" => match value {
                Json::Array(items) => items.iter_mut().find_map(own_meaning),
                _ => None,
            },
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn each_schema(schemas: &mut Object) -> Option<&'static str> {
    schemas.iter_mut().find_map(|(_, schema)| own_meaning(schema))
}
