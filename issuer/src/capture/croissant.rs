//! A [Croissant](https://docs.mlcommons.org/croissant/docs/croissant-spec.html) descriptor beside the data: what it
//! declares, and whether the files are the ones that it means.
//!
//! A file is a descriptor if its name ends in `croissant.json`. Versions 1.0 and 1.1 are read, in the compacted form
//! that their libraries write. What it says is declared by whoever wrote it; only the digests of its files are
//! checked against the bytes. A reference that leads out of the tree is refused, and nothing is fetched. Of data about
//! people no digest of the descriptor and no name in it is told, since it has those of the data.

use std::io::Read as _;

use model_passport::digest::Digest;
use model_passport::json::{self, Json, Object};
use model_passport::limits::MAX_DOCUMENT_BYTES;

use super::artifacts::{Artifact, Artifacts};
use super::found::Basis;
use super::{CaptureError, FormatError, Found, weak};

/// The versions that are read.
const CONFORMS_TO: [&str; 2] = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/1.1"];

/// Longest text that a passport takes over.
const MAX_LINE_CHARS: usize = 256;
const MAX_TEXT_CHARS: usize = 4_096;

/// Whether a file is a descriptor and no record.
pub(super) fn is_descriptor(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with("croissant.json")
}

/// Takes over what the descriptor declares. Of several, the first one is read.
pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts) -> Result<(), CaptureError> {
    let mut descriptors = artifacts.on_disk().filter(|file| is_descriptor(&file.path));
    let Some(file) = descriptors.next() else { return Ok(()) };
    let left_out = descriptors.count();
    let from =
        if artifacts.is_sealed() { "a Croissant descriptor".to_owned() } else { format!("`{}`", file.path) };
    if left_out > 0 {
        found.note(
            "capture.croissant-several",
            format!("{from} is read, {left_out} other descriptors are not"),
        );
    }
    let document = read(file)?;
    check_files(found, artifacts, (file, &from), &document)?;
    declare(found, &from, &document);
    if !artifacts.is_sealed() {
        refer(found, file, &from, &document);
    }
    Ok(())
}

fn refused(file: &Artifact, code: &'static str, message: String) -> CaptureError {
    let help = "correct the descriptor, or rename it if it is none; nothing was captured";
    let cause = FormatError { code, format: "a Croissant descriptor", message, help };
    CaptureError::Format { path: file.location.clone(), cause }
}

fn read(file: &Artifact) -> Result<Json, CaptureError> {
    let wrong = |message: String| refused(file, "capture.croissant-malformed", message);
    let io = |cause| CaptureError::io(&file.location, cause);
    let input = file.open()?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX);
    (&input).take(limit + 1).read_to_end(&mut bytes).map_err(io)?;
    file.unchanged(&input)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8 text".to_owned()))?;
    let document = json::parse(&text).map_err(|cause| wrong(cause.to_string()))?;
    let conforms = document.get("conformsTo").or_else(|| document.get("dct:conformsTo"));
    let versions = conforms.map(Json::one_or_many).unwrap_or_default();
    let known = |version: &Json| {
        let name = version.as_str().or_else(|| version.get("@id").and_then(Json::as_str));
        name.is_some_and(|name| CONFORMS_TO.contains(&name))
    };
    if !versions.iter().any(known) {
        return Err(wrong("its `conformsTo` is neither Croissant 1.0 nor 1.1".to_owned()));
    }
    Ok(document)
}

/// Holds the digests of the descriptor against the files that it names.
fn check_files(
    found: &mut Found,
    artifacts: &Artifacts,
    (file, said_by): (&Artifact, &str),
    document: &Json,
) -> Result<(), CaptureError> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut elsewhere = 0_u64;
    for object in document.get("distribution").map(Json::one_or_many).unwrap_or_default() {
        let Some(url) = text(object, "contentUrl") else { continue };
        if url.contains("://") {
            elsewhere += 1;
            continue;
        }
        let url = url.strip_prefix("./").unwrap_or(url);
        let safe = |part: &str| !part.is_empty() && part != "." && part != "..";
        let plain = !url.contains(['\\', ':', '%']) && !url.contains(char::is_control);
        if !plain || !url.split('/').all(safe) {
            let message = "a `contentUrl` of it is not a plain path inside the tree".to_owned();
            return Err(refused(file, "capture.croissant-path", message));
        }
        let path = if folder.is_empty() { url.to_owned() } else { format!("{folder}/{url}") };
        let Some(target) = artifacts.files.iter().find(|file| file.path == path) else {
            // Objects inside an archive are named by their path in it.
            elsewhere += 1;
            continue;
        };
        if let Some(sha256) = text(object, "sha256") {
            let said = Digest::from_sha256_hex(&sha256.to_ascii_lowercase());
            if said != Some(target.hashed.sha256) {
                let message = format!("{said_by} has another SHA-256 for it than its bytes");
                return Err(refused(target, "capture.croissant-digest", message));
            }
        } else if let Some(md5) = text(object, "md5") {
            let notes = found.notes.len();
            weak::check_md5(found, target, md5, said_by)?;
            if artifacts.is_sealed() {
                // It names the file.
                found.notes.truncate(notes);
            }
        }
    }
    if elsewhere > 0 {
        let message =
            format!("{elsewhere} of the files that {said_by} lists are not here and were not checked");
        found.note("capture.croissant-elsewhere", message);
    }
    Ok(())
}

/// What a passport has a place for.
fn declare(found: &mut Found, from: &str, document: &Json) {
    let line = |name| text(document, name).filter(|text| fits(text, MAX_LINE_CHARS));
    if let Some(name) = line("name") {
        found.add_known("name", name, Basis::Declared, from);
    }
    if let Some(version) = line("version") {
        found.add_known("version", version, Basis::Declared, from);
    }
    if let Some(description) = text(document, "description").filter(|text| fits(text, MAX_TEXT_CHARS)) {
        found.add_known("description", description, Basis::Declared, from);
    }
    let date = text(document, "datePublished").and_then(|date| date.get(..10)).filter(|date| is_date(date));
    if let Some(date) = date {
        found.add_known("releaseDate", date, Basis::Declared, from);
    }
    let licenses = document.get("license").map(Json::one_or_many).unwrap_or_default();
    let license = licenses.iter().find_map(|license| license.as_str().or_else(|| text(license, "url")));
    if let Some(license) = license.filter(|license| fits(license, MAX_LINE_CHARS)) {
        let group = ("conditionsOfUse", "ConditionsOfUse");
        found.fill(group, "license", license, Basis::Declared, from);
    }
}

/// Which descriptor that is, and what it declares besides.
fn refer(found: &mut Found, file: &Artifact, from: &str, document: &Json) {
    let reference = Object::from_iter([
        ("id", Json::from(format!("urn:sha256:{}", file.hashed.sha256.to_hex()))),
        ("type", "Dataset".into()),
        ("digestMultibase", file.hashed.sha256.to_multibase().into()),
        ("name", "Croissant descriptor".into()),
    ]);
    found.add("croissant", reference, from);
    let sets = document.get("recordSet").map(Json::one_or_many).unwrap_or_default();
    let names: Vec<String> = sets
        .iter()
        .filter_map(|set| text(set, "name").or_else(|| text(set, "@id")))
        .filter(|name| fits(name, MAX_LINE_CHARS))
        .take(16)
        .map(|name| format!("`{name}`"))
        .collect();
    if !names.is_empty() {
        let message = format!("{from} declares {} record sets: {}", sets.len(), names.join(", "));
        found.note("capture.croissant-record-sets", message);
    }
}

fn text<'a>(node: &'a Json, name: &str) -> Option<&'a str> {
    node.get(name).and_then(Json::as_str)
}

fn fits(text: &str, max: usize) -> bool {
    !text.is_empty() && text.chars().count() <= max && !text.contains(char::is_control)
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-').map(str::len);
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    digits && [parts.next(), parts.next(), parts.next(), parts.next()] == [Some(4), Some(2), Some(2), None]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Tree, fixture};
    use super::super::{Draft, Kind, capture};
    use super::*;
    use crate::problem::Problem as _;

    fn with(descriptor: &str) -> Result<Draft, CaptureError> {
        let table = fixture("data/croissant/table.csv");
        let tree = Tree::with(&[("d/croissant.json", descriptor.as_bytes()), ("d/table.csv", &table)]);
        capture(tree.path(), Kind::Dataset, &())
    }

    fn real() -> String {
        String::from_utf8(fixture("data/croissant/croissant.json")).unwrap()
    }

    #[test]
    fn of_data_about_people_no_digest_and_no_name_is_told() {
        use super::super::{Options, capture_with};

        let secret = model_passport::records::Secret::from_bytes(&[1; 32]);
        let (table, descriptor) = (fixture("data/croissant/table.csv"), real());
        let tree = Tree::with(&[("DOE.croissant.json", descriptor.as_bytes()), ("table.csv", &table)]);
        let told = |secret| {
            let options = Options { secret, ..Options::default() };
            capture_with(tree.path(), Kind::Dataset, &options, &()).unwrap().to_json().to_string()
        };
        let (open, sealed) = (told(None), told(Some(&secret)));
        assert!(sealed.contains("Ages and outcomes"));
        for bytes in [descriptor.as_bytes(), &table] {
            let digest = Digest::of(bytes);
            for text in [digest.to_hex(), digest.to_multibase()] {
                assert!(!sealed.contains(&text));
            }
            assert!(open.contains(&digest.to_multibase()));
        }
        for name in ["DOE", "table.csv", "`rows`"] {
            assert!(open.contains(name) && !sealed.contains(name), "{name}");
        }
    }

    #[test]
    fn what_the_library_wrote_is_taken_over_as_declared() {
        let draft = with(&real()).unwrap();
        let subject = Json::Object(draft.subject);
        let text = |pointer: &str| subject.pointer(pointer).and_then(Json::as_str).unwrap();
        assert_eq!(text("/name"), "Ages and outcomes");
        assert_eq!(text("/version"), "1.2.0");
        assert_eq!(text("/releaseDate"), "2026-11-01");
        assert_eq!(text("/conditionsOfUse/license"), "https://creativecommons.org/licenses/by/4.0/");
        assert_eq!(text("/conditionsOfUse/basis"), "declared");
        assert_eq!(text("/croissant/digestMultibase"), Digest::of(real()).to_multibase());
        assert_eq!(subject.pointer("/dataContent/rowCount").and_then(Json::as_i64), Some(3));
        let name = draft.sources.get("/name").unwrap();
        assert_eq!(name.to_string(), r#"{"basis":"declared","from":"`d/croissant.json`"}"#);
        assert!(draft.notes.iter().any(|note| note.to_string().contains("`rows`")), "{:?}", draft.notes);
        let newer = real().replace("croissant/1.0", "croissant/1.1");
        assert!(with(&newer).is_ok());
    }

    #[test]
    fn a_file_that_is_not_the_one_meant_is_named() {
        let error = with(&real().replace("58842f12", "58842f13")).unwrap_err();
        assert_eq!(error.code(), "capture.croissant-digest");
        assert!(error.to_string().contains("table.csv"), "{error}");
        assert!(with(&real().replace("58842f12500c4c686f9b0ce69b941632", "")).is_err(), "a shortened digest");
        let gone = with(
            &real().replace("\"contentUrl\": \"table.csv\"", "\"contentUrl\": \"https://lab.example/x\""),
        );
        assert!(gone.unwrap().notes.iter().any(|note| note.to_string().contains("croissant-elsewhere")));
    }

    #[test]
    fn references_out_of_the_tree_are_refused() {
        for path in [
            "../table.csv",
            "/etc/passwd",
            "a/../../x",
            "..",
            "a//b",
            "a\\\\..\\\\b",
            "C:/x",
            "%2e%2e/x",
            "file:/etc/passwd",
            "",
            "./../x",
        ] {
            let hostile =
                real().replace("\"contentUrl\": \"table.csv\"", &format!("\"contentUrl\": \"{path}\""));
            assert_eq!(with(&hostile).unwrap_err().code(), "capture.croissant-path", "{path}");
        }
    }

    #[test]
    fn what_is_no_descriptor_is_refused_by_name() {
        let real = real();
        for text in ["", "[]", "{}", "{\"conformsTo\": \"http://mlcommons.org/croissant/2.0\"}", "\u{feff}{}"]
        {
            assert_eq!(with(text).unwrap_err().code(), "capture.croissant-malformed", "{text}");
        }
        for len in (0..real.trim_end().len()).step_by(7) {
            assert_eq!(with(&real[..len]).unwrap_err().code(), "capture.croissant-malformed", "{len} bytes");
        }
        let duplicate = real.replacen("\"name\"", "\"name\": \"x\", \"name\"", 1);
        assert_eq!(with(&duplicate).unwrap_err().code(), "capture.croissant-malformed");
    }
}
