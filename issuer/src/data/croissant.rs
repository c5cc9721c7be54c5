//! A passport's content as a [Croissant 1.1](https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html)
//! descriptor: name, licence, the files with their SHA-256, and the columns of each table.
//!
//! A descriptor tells loaders how to read the data. It is not signed, and says nothing that the passport does not.

use model_passport::digest::Digest;
use model_passport::json::{self, Json, Object};

const CONFORMS_TO: &str = "http://mlcommons.org/croissant/1.1";

/// The context that the specification gives, in the order of the alphabet. Loaders compare it term by term.
const CONTEXT: &str = r#"{
  "@language": "en",
  "@vocab": "https://schema.org/",
  "citeAs": "cr:citeAs",
  "column": "cr:column",
  "conformsTo": "dct:conformsTo",
  "cr": "http://mlcommons.org/croissant/",
  "data": {"@id": "cr:data", "@type": "@json"},
  "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
  "dct": "http://purl.org/dc/terms/",
  "equivalentProperty": "cr:equivalentProperty",
  "examples": {"@id": "cr:examples", "@type": "@json"},
  "extract": "cr:extract",
  "field": "cr:field",
  "fileObject": "cr:fileObject",
  "fileProperty": "cr:fileProperty",
  "fileSet": "cr:fileSet",
  "format": "cr:format",
  "includes": "cr:includes",
  "isLiveDataset": "cr:isLiveDataset",
  "jsonPath": "cr:jsonPath",
  "key": "cr:key",
  "md5": "cr:md5",
  "parentField": "cr:parentField",
  "path": "cr:path",
  "rai": "http://mlcommons.org/croissant/RAI/",
  "recordSet": "cr:recordSet",
  "references": "cr:references",
  "regex": "cr:regex",
  "repeated": "cr:repeated",
  "replace": "cr:replace",
  "samplingRate": "cr:samplingRate",
  "sc": "https://schema.org/",
  "separator": "cr:separator",
  "source": "cr:source",
  "subField": "cr:subField",
  "transform": "cr:transform"
}"#;

/// The descriptor of a data set with this subject.
pub(crate) fn descriptor(subject: &Json) -> Json {
    let text = |pointer: &str| subject.pointer(pointer).and_then(Json::as_str);
    // INVARIANT: the text above is JSON.
    let context = json::parse(CONTEXT).unwrap_or_else(|_| Json::Object(Object::new()));
    let mut descriptor = Object::from_iter([
        ("@context", context),
        ("@type", "sc:Dataset".into()),
        ("conformsTo", CONFORMS_TO.into()),
    ]);
    descriptor.insert("name", text("/name").or(text("/id")).unwrap_or("data set"));
    let copied = [
        ("description", "/description"),
        ("license", "/conditionsOfUse/license"),
        ("datePublished", "/releaseDate"),
        ("inLanguage", "/language"),
    ];
    for (name, pointer) in copied {
        if let Some(value) = text(pointer) {
            descriptor.insert(name, value);
        }
    }
    // Loaders take nothing but three numbers.
    if let Some(version) = text("/version").filter(|version| is_three_numbers(version)) {
        descriptor.insert("version", version);
    }
    if let Some(publisher) = text("/publisher/name") {
        let agent = Object::from_iter([("@type", "sc:Organization"), ("name", publisher)]);
        descriptor.insert("creator", agent);
    }
    let files = subject.pointer("/artifactManifest/file").map(Json::one_or_many).unwrap_or_default();
    descriptor.insert("distribution", files.iter().filter_map(file_object).collect::<Vec<_>>());
    let contents = subject.get("dataContent").map(Json::one_or_many).unwrap_or_default();
    let listed = |path: &str| files.iter().any(|file| file.get("path").and_then(Json::as_str) == Some(path));
    descriptor.insert(
        "recordSet",
        contents.iter().filter_map(|content| record_set(content, &listed)).collect::<Vec<_>>(),
    );
    Json::Object(descriptor)
}

fn is_three_numbers(version: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    version.split('.').count() == 3 && version.split('.').all(number)
}

fn file_object(file: &Json) -> Option<Json> {
    let text = |name| file.get(name).and_then(Json::as_str);
    let path = text("path")?;
    let Ok(Digest::Sha256(sha256)) = Digest::from_multibase(text("digestMultibase")?) else { return None };
    let mut object = Object::from_iter([
        ("@type", "cr:FileObject"),
        ("@id", path),
        ("name", path),
        ("contentUrl", path),
        ("encodingFormat", text("mediaType").unwrap_or("application/octet-stream")),
    ]);
    object.insert("sha256", Digest::Sha256(sha256).to_hex());
    if let Some(size) = file.get("size").and_then(Json::as_i64) {
        object.insert("contentSize", format!("{size} B"));
    }
    Some(Json::Object(object))
}

/// The columns of a table. What has none is described by its files alone.
fn record_set(content: &Json, listed: &dyn Fn(&str) -> bool) -> Option<Json> {
    let path = content.get("path").and_then(Json::as_str).filter(|path| listed(path))?;
    let columns = content.get("columns").and_then(Json::as_array)?;
    let id = format!("{path}#rows");
    let fields: Vec<Json> = columns.iter().filter_map(|column| field(&id, path, column)).collect();
    let mut set = Object::from_iter([("@type", "cr:RecordSet"), ("@id", id.as_str()), ("name", id.as_str())]);
    set.insert("field", fields);
    Some(Json::Object(set))
}

fn field(set: &str, path: &str, column: &Json) -> Option<Json> {
    let name = column.get("name").and_then(Json::as_str).filter(|name| !name.is_empty())?;
    let kind = match column.get("type").and_then(Json::as_str)? {
        "boolean" => "sc:Boolean",
        "date" => "sc:Date",
        "decimal" => "sc:Float",
        "integer" => "sc:Integer",
        "string" | "dateTime" => "sc:Text",
        _ => return None,
    };
    let file = Object::from_iter([("@id", path)]);
    let extract = Object::from_iter([("column", name)]);
    let source = Object::from_iter([("fileObject", file), ("extract", extract)]);
    let mut field = Object::from_iter([("@type", "cr:Field"), ("name", name), ("dataType", kind)]);
    field.insert("@id", format!("{set}/{name}"));
    field.insert("source", source);
    Some(Json::Object(field))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::capture::{Kind, capture};

    #[test]
    fn what_is_written_is_what_is_read() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/data/croissant");
        let subject = Json::Object(capture(&data, Kind::Dataset, &()).unwrap().subject);
        let written = descriptor(&subject);
        for (pointer, expected) in [
            ("/name", "Ages and outcomes"),
            ("/version", "1.2.0"),
            ("/license", "https://creativecommons.org/licenses/by/4.0/"),
            ("/distribution/1/contentUrl", "table.csv"),
            ("/distribution/1/sha256", "58842f12500c4c686f9b0ce69b941632f2b6db92b1ad46652013a00442848798"),
            ("/recordSet/0/field/1/source/extract/column", "outcome"),
            ("/recordSet/0/field/1/dataType", "sc:Integer"),
        ] {
            assert_eq!(written.pointer(pointer).and_then(Json::as_str), Some(expected), "{pointer}");
        }
        // And it is read back as a descriptor of the same files.
        let tree = tempfile::tempdir().unwrap();
        std::fs::copy(data.join("table.csv"), tree.path().join("table.csv")).unwrap();
        std::fs::copy(data.join("croissant.json"), tree.path().join("croissant.json")).unwrap();
        std::fs::write(tree.path().join("a.croissant.json"), written.to_pretty()).unwrap();
        let again = Json::Object(capture(tree.path(), Kind::Dataset, &()).unwrap().subject);
        for member in ["name", "version", "conditionsOfUse", "releaseDate", "description"] {
            assert_eq!(again.get(member), subject.get(member), "{member}");
        }
    }

    #[test]
    fn little_is_written_of_little() {
        let written = descriptor(&Json::Object(Object::from_iter([("version", "first edition")])));
        assert_eq!(written.get("name").and_then(Json::as_str), Some("data set"));
        assert!(written.get("version").is_none() && written.get("@context").unwrap().get("sc").is_some());
    }
}
