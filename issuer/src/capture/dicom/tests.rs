use std::io::Cursor;
use std::path::{Path, PathBuf};

use model_passport::json::{self, Json};
use model_passport::records::Secret;
use proptest::prelude::*;

use super::element::Tag;
use super::fault::Fault;
use super::source::Stop;
use super::stream::{Contents, Facts, read};
use super::*;
use crate::capture::FormatError;
use crate::capture::testing::Tree;
use crate::capture::{Draft, Kind, Options, capture_with as capture};
use crate::problem::Problem as _;

fn secret() -> Secret {
    Secret::from_bytes(&[7; 32])
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/dicom").join(name)
}

fn drafted(path: &Path) -> Draft {
    capture(path, Kind::Dataset, &Options { secret: Some(&secret()), ..Options::default() }, &()).unwrap()
}

/// The files of a fixture tree, whatever they are called.
fn files(name: &str) -> Vec<Vec<u8>> {
    let (mut rest, mut files) = (vec![fixture(name)], Vec::new());
    while let Some(path) = rest.pop() {
        if path.is_dir() {
            rest.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files.push(std::fs::read(path).unwrap());
        }
    }
    files.sort();
    files
}

fn parse(bytes: &[u8]) -> Result<Contents, Fault> {
    let size = u64::try_from(bytes.len()).unwrap();
    read(Cursor::new(bytes), size, &Key::random().unwrap()).map_err(|stop| match stop {
        Stop::Fault(fault) => fault,
        Stop::Io(cause) => panic!("{cause}"),
    })
}

fn facts(bytes: &[u8]) -> Facts {
    match parse(bytes) {
        Ok(Contents::Object(facts)) => *facts,
        Ok(Contents::Directory) => panic!("a directory"),
        Err(fault) => panic!("{fault}"),
    }
}

fn fault(bytes: &[u8]) -> Fault {
    parse(bytes).map_or_else(|fault| fault, |_| panic!("no fault"))
}

/// A file in this transfer syntax with these bytes as its data set.
fn file(syntax: &str, data_set: &[u8]) -> Vec<u8> {
    let mut uid = syntax.as_bytes().to_vec();
    uid.resize(uid.len().next_multiple_of(2), 0);
    let syntax = [b"\x02\0\x10\0UI", &u16::try_from(uid.len()).unwrap().to_le_bytes()[..], &uid].concat();
    let length = u32::try_from(syntax.len()).unwrap().to_le_bytes();
    [&[0; 128][..], b"DICM\x02\0\0\0UL\x04\0", &length, &syntax, data_set].concat()
}

const IMPLICIT: &str = "1.2.840.10008.1.2";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";

/// An element in explicit VR little endian with a short length.
fn short(tag: u32, vr: &str, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(value.len()).unwrap().to_le_bytes();
    [&place(tag), vr.as_bytes(), &len, value].concat()
}

/// One with a long length, which may be a lie.
fn long(tag: u32, vr: &str, len: u32, value: &[u8]) -> Vec<u8> {
    [&place(tag), vr.as_bytes(), &[0, 0], &len.to_le_bytes(), value].concat()
}

fn place(tag: u32) -> Vec<u8> {
    let (group, element) = (u16::try_from(tag >> 16).unwrap(), u16::try_from(tag & 0xffff).unwrap());
    [group.to_le_bytes(), element.to_le_bytes()].concat()
}

/// An item or a delimiter.
fn item(tag: u32, len: u32, value: &[u8]) -> Vec<u8> {
    [&place(tag), &len.to_le_bytes()[..], value].concat()
}

const UNDEFINED: u32 = u32::MAX;
const ITEM: u32 = 0xfffe_e000;

fn remaining(facts: &Facts) -> Vec<String> {
    facts.remains.elements.iter().map(|(tag, _)| tag.to_string()).collect()
}

#[test]
fn what_is_captured_is_what_the_reference_library_reads() {
    for tree in ["few", "twelve"] {
        let expected = std::fs::read_to_string(fixture(&format!("{tree}.json"))).unwrap();
        let expected = json::parse(&expected).unwrap();
        let subject = Json::Object(drafted(&fixture(tree)).subject);
        for member in ["modality", "bodyPart", "equipment"] {
            let found = subject.pointer(&format!("/acquisition/{member}"));
            assert_eq!(found, expected.get(member), "{tree}: {member}");
        }
        for member in ["numberOfSubjects", "numberOfStudies", "numberOfSeries", "numberOfImages"] {
            let found = subject.pointer(&format!("/cohort/{member}"));
            assert_eq!(found, expected.get(member), "{tree}: {member}");
        }
        // A tag is named if the profile has it and ten patients do.
        let check = subject.pointer("/deIdentification/checkResult").unwrap().as_str().unwrap();
        let check: Vec<&str> = check.split("; ").filter(|part| part.starts_with("elements")).collect();
        let listed = |member: &str| {
            let tags = expected.get(member).unwrap().as_array().unwrap();
            tags.iter().map(|tag| tag.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        for (tag, is_common) in listed("tags")
            .iter()
            .map(|tag| (tag, true))
            .chain(listed("rareTags").iter().map(|tag| (tag, false)))
        {
            let number = u32::from_str_radix(&tag.replace(['(', ')', ','], ""), 16).unwrap();
            let is_named = is_common && profile::action(Tag(number)).is_some();
            assert_eq!(check.iter().any(|part| part.contains(tag)), is_named, "{tree}: {tag} in {check:?}");
        }
    }
}

#[test]
fn the_status_of_the_de_identification_is_checked() {
    let few = drafted(&fixture("few"));
    let check = few.subject.get("deIdentification").unwrap().get("checkResult").unwrap().as_str().unwrap();
    for part in [
        "(0012,0062) claims in no file that identities were removed",
        "(0012,0064) names the methods in no file",
        "elements have a value that the Basic Profile removes: some of fewer than 10 patients, which are not named",
        "elements have a value that the Basic Profile empties or replaces: some of fewer than 10 patients",
        "direct identifiers have a value in all files",
        "private elements are in all files",
        "(0028,0301) says in no file that texts are burned into the pixels, and nothing in all files",
    ] {
        assert!(check.contains(part), "{part}: {check}");
    }
    let codes = |draft: &Draft| -> Vec<String> {
        let codes = draft.notes.iter().map(|note| note.get("code").unwrap().as_str().unwrap().to_owned());
        codes.collect()
    };
    let wanted = ["capture.dicom-directory", "capture.dicom-suppressed", "capture.dicom-not-deidentified"];
    assert_eq!(codes(&few), wanted);
    let twelve = drafted(&fixture("twelve"));
    let check = twelve.subject.get("deIdentification").unwrap().get("checkResult").unwrap().to_string();
    assert!(check.contains("claims in all 26 files"), "{check}");
    // The comment on one patient does not say by its tag what kind of thing it is.
    assert!(check.contains("removes: some of fewer than 10 patients, which are not named"), "{check}");
    assert!(check.contains("direct identifiers have a value in all 26 files"), "{check}");
    // The patient's number is what tells patients apart; whether it is a pseudonym is for a person to say.
    assert_eq!(codes(&twelve), ["capture.dicom-unreadable", "capture.dicom-not-deidentified"]);
}

#[test]
fn the_identity_is_of_contents_and_salt_and_the_manifest_of_no_single_file() {
    let files = files("few");
    let tree = |name: &dyn Fn(usize) -> String| {
        let tree = Tree::with(&[]);
        files.iter().enumerate().for_each(|(at, bytes)| drop(tree.write(&name(at), bytes)));
        tree
    };
    let (one, two) = (tree(&|at| format!("Doe/{at}.dcm")), tree(&|at| format!("{}", 100 - at)));
    let (one, two) = (drafted(one.path()), drafted(two.path()));
    assert_eq!(one.to_json(), two.to_json());
    let other = capture(
        &fixture("few"),
        Kind::Dataset,
        &Options { secret: Some(&Secret::from_bytes(&[8; 32])), ..Options::default() },
        &(),
    )
    .unwrap();
    assert_ne!(one.subject.get("id"), other.subject.get("id"));
    let manifest = one.subject.get("artifactManifest").unwrap();
    let names: Vec<&str> = manifest.as_object().unwrap().keys().collect();
    assert_eq!(names, ["type", "basis", "digestMultibase"]);
    let content = one.subject.get("dataContent").unwrap();
    assert!(content.get("rowCount").is_none(), "thirteen files of three patients");
    let members = one.subject.keys().collect::<Vec<_>>();
    assert_eq!(members, ["id", "artifactManifest", "cohort", "deIdentification", "dataContent"]);
    let cohort = one.subject.get("cohort").unwrap().to_string();
    assert_eq!(cohort, r#"{"type":"Cohort","basis":"measured","numberOfSubjects":"<10"}"#);
    let twelve = drafted(&fixture("twelve")).subject;
    assert_eq!(twelve.get("dataContent").unwrap().get("rowCount").and_then(Json::as_i64), Some(26));
    assert!(content.get("columns").is_none() && !content.to_string().contains("Doe"), "{content}");
}

#[test]
fn patients_need_a_salt_and_have_no_place_in_a_model() {
    let error = capture(&fixture("few"), Kind::Dataset, &Options::default(), &()).unwrap_err();
    assert_eq!(error.code(), "capture.dicom-secret");
    let secret = secret();
    for secret in [None, Some(&secret)] {
        let error = capture(&fixture("few"), Kind::Model, &Options { secret, ..Options::default() }, &())
            .unwrap_err();
        assert_eq!(error.code(), "capture.dicom-in-model");
    }
    let error =
        crate::capture::artifacts(&fixture("few"), crate::capture::Digests::Fastest, &()).unwrap_err();
    assert_eq!(error.code(), "capture.dicom-secret");
}

#[test]
fn a_broken_file_is_a_number() {
    let tree = Tree::with(&[("Doe^John.csv", b"name\nDoe")]);
    let whole = &files("twelve")[0];
    tree.write("Doe^John/1.dcm", whole);
    let broken = tree.write("Doe^John/2.dcm", &whole[..whole.len() - 1]);
    let error =
        capture(tree.path(), Kind::Dataset, &Options { secret: Some(&secret()), ..Options::default() }, &())
            .unwrap_err();
    assert_eq!(error.code(), "capture.dicom-truncated");
    let text = error.to_string();
    assert!(text.starts_with("`file ") && !text.contains("Doe"), "{text}");
    std::fs::remove_file(broken).unwrap();
    let content = drafted(tree.path()).subject.get("dataContent").unwrap().to_string();
    assert!(!content.contains("columns") && !content.contains("Doe"), "a table beside images is not read");

    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("1.dcm", tree.path().join("Doe^John/3.dcm")).unwrap();
        let error = capture(
            tree.path(),
            Kind::Dataset,
            &Options { secret: Some(&secret()), ..Options::default() },
            &(),
        )
        .unwrap_err();
        assert_eq!(error.code(), "capture.symlink");
        assert!(!error.to_string().contains("Doe") && error.help().is_some(), "{error}");
    }
}

#[test]
fn no_error_about_a_private_tree_names_a_file() {
    let errors = |path: &Path| {
        let cause = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let path = path.to_owned();
        let format = FormatError { code: "capture.x", format: "X", message: "Doe".to_owned(), help: "none" };
        [
            CaptureError::Changed(path.clone()),
            CaptureError::Empty(path.clone()),
            CaptureError::Format { path: path.clone(), cause: format },
            CaptureError::NotFound(path.clone()),
            CaptureError::PathNotUtf8(path.clone()),
            CaptureError::PathUnportable("Doe".to_owned()),
            CaptureError::SpecialFile(path.clone()),
            CaptureError::Symlink(path.clone()),
            CaptureError::TooLarge { path: path.clone(), value: 1 },
            CaptureError::TooManyFiles { path: path.clone(), max: 1 },
            CaptureError::io(&path, cause),
        ]
    };
    let public = Tree::with(&[("Doe.csv", b"x")]);
    let private = Tree::with(&[("Doe.csv", b"x"), ("Doe/1", &files("twelve")[0])]);
    for (named, nameless) in errors(Path::new("Doe")).into_iter().zip(errors(Path::new("Doe"))) {
        let (code, exit) = (named.code(), named.exit());
        assert!(named.guarded(public.path(), false).to_string().contains("Doe"), "{code}");
        let nameless = nameless.guarded(private.path(), false);
        assert_eq!((nameless.code(), nameless.exit()), (code, exit));
        assert!(!format!("{nameless} {:?}", nameless.help()).contains("Doe"), "{nameless}");
    }
    let numbered = CaptureError::Changed("file 17".into()).guarded(private.path(), false);
    assert!(numbered.to_string().contains("file 17"));
}

#[test]
fn headers_in_every_encoding_say_the_same() {
    let words = |facts: &Facts| format!("{:?} {:?}", facts.words, facts.numbers);
    let value = short(0x0008_0060, "CS", b"CT");
    let explicit = facts(&file(EXPLICIT, &value));
    let implicit = facts(&file(IMPLICIT, &[place(0x0008_0060), vec![2, 0, 0, 0], b"CT".to_vec()].concat()));
    let big = facts(&file("1.2.840.10008.1.2.2", b"\0\x08\0\x60CS\0\x02CT"));
    let packed = miniz_oxide::deflate::compress_to_vec(&value, 6);
    let deflated = facts(&file("1.2.840.10008.1.2.1.99", &packed));
    for other in [implicit, big, deflated] {
        assert_eq!(words(&other), words(&explicit));
    }
    assert!(words(&explicit).contains("Value(Term(\"CT\"))"));
}

#[test]
fn sequences_are_entered_for_tags_and_left_again() {
    let name = short(0x0010_1001, "PN", b"Doe^John");
    let len = u32::try_from(name.len()).unwrap();
    let end = |tag| item(tag, 0, &[]);
    let modality = short(0x0008_0060, "CS", b"CT");
    let defined = item(ITEM, len, &name);
    let open = [item(ITEM, UNDEFINED, &name), end(0xfffe_e00d)].concat();
    let implicit = [place(0x0010_1001), vec![8, 0, 0, 0], b"Doe^John".to_vec()].concat();
    let icon = [
        long(0x7fe0_0010, "OB", UNDEFINED, &[]),
        item(ITEM, 0, &[]),
        item(ITEM, 2, b"xx"),
        end(0xfffe_e0dd),
        name.clone(),
    ]
    .concat();
    let whole = |value: &[u8]| u32::try_from(value.len()).unwrap();
    let unknown = [item(ITEM, whole(&implicit), &implicit), end(0xfffe_e0dd)].concat();
    for sequence in [
        long(0x0008_1110, "SQ", whole(&defined), &defined),
        long(0x0008_1110, "SQ", whole(&open), &open),
        [long(0x0008_1110, "SQ", UNDEFINED, &defined), end(0xfffe_e0dd)].concat(),
        [long(0x0008_1110, "SQ", UNDEFINED, &open), end(0xfffe_e0dd)].concat(),
        long(0x0008_1110, "UN", UNDEFINED, &unknown),
        [long(0x0088_0200, "SQ", UNDEFINED, &item(ITEM, whole(&icon), &icon)), end(0xfffe_e0dd)].concat(),
    ] {
        let facts = facts(&file(EXPLICIT, &[sequence, modality.clone()].concat()));
        assert_eq!(remaining(&facts), ["(0010,1001)"]);
        assert!(format!("{:?}", facts.words).contains("CT"), "read on after the sequence");
    }
    // What stands within a sequence is not about the image.
    let nested = item(ITEM, whole(&modality), &modality);
    let nested = facts(&file(EXPLICIT, &long(0x0008_1110, "SQ", whole(&nested), &nested)));
    assert!(!format!("{:?}", nested.words).contains("CT"));
}

#[test]
fn lies_about_lengths_are_found() {
    let end = |tag| item(tag, 0, &[]);
    let name = short(0x0010_1001, "PN", b"Doe^John");
    for (data_set, wanted) in [
        (long(0x0010_0010, "UT", 0x7fff_ffff, b"Doe"), "capture.dicom-truncated"),
        (long(0x7fe0_0010, "OW", 1_000, b"xx"), "capture.dicom-truncated"),
        (long(0x0010_0010, "UT", UNDEFINED, b"Doe"), "capture.dicom-malformed"),
        (long(0x0008_1110, "SQ", 17, &item(ITEM, 16, &name)), "capture.dicom-malformed"),
        (long(0x0008_1110, "SQ", 12, &item(ITEM, 16, &name)), "capture.dicom-malformed"),
        (long(0x0008_1110, "SQ", UNDEFINED, &item(ITEM, 16, &name)), "capture.dicom-truncated"),
        (long(0x0008_1110, "SQ", UNDEFINED, &name), "capture.dicom-malformed"),
        (end(0xfffe_e00d), "capture.dicom-malformed"),
        (end(0xfffe_e0dd), "capture.dicom-malformed"),
        (item(ITEM, 0, &[]), "capture.dicom-malformed"),
        (short(0x0010_0010, "DO", b"E^"), "capture.dicom-malformed"),
        (vec![8, 0], "capture.dicom-truncated"),
    ] {
        let cause = FormatError::from(fault(&file(EXPLICIT, &data_set)));
        assert_eq!(cause.code, wanted, "{cause}");
        assert!(!cause.message.contains("Doe") && !cause.help.is_empty());
    }
    let mut no_magic = file(EXPLICIT, &[]);
    no_magic[128] = b'X';
    assert_eq!(fault(&no_magic), Fault::NoMagic);
    assert_eq!(fault(b"short"), Fault::NoMagic);
    assert_eq!(fault(&file("1.2.3", &[])), Fault::TransferSyntax);
    let mut meta = file(EXPLICIT, &[]);
    meta[140] = 0xff;
    assert!(matches!(fault(&meta), Fault::Meta { .. } | Fault::Truncated { .. }));
}

#[test]
fn depth_and_inflation_have_an_end() {
    let deep = [long(0x0008_1110, "SQ", UNDEFINED, &[]), item(ITEM, UNDEFINED, &[])].concat();
    assert!(matches!(fault(&file(EXPLICIT, &deep.repeat(200))), Fault::Depth { .. }));
    let close = [item(0xfffe_e00d, 0, &[]), item(0xfffe_e0dd, 0, &[])].concat();
    facts(&file(EXPLICIT, &[deep.repeat(64), close.repeat(64)].concat()));
    let bomb = [long(0x0028_3006, "OW", 300 << 20, &[]), vec![0; 300 << 20]].concat();
    let bomb = miniz_oxide::deflate::compress_to_vec(&bomb, 1);
    assert!(matches!(fault(&file("1.2.840.10008.1.2.1.99", &bomb)), Fault::Inflated { .. }));
    for data_set in [&[][..], &[0xff; 40]] {
        assert!(matches!(fault(&file("1.2.840.10008.1.2.1.99", data_set)), Fault::Deflate { .. }));
    }
}

#[test]
fn a_directory_under_any_name_is_not_read() {
    let directory = std::fs::read(fixture("few/DICOMDIR")).unwrap();
    assert!(matches!(parse(&directory), Ok(Contents::Directory)));
    let tree = Tree::with(&[("Doe.dcm", &directory)]);
    let draft = drafted(tree.path());
    assert!(draft.subject.get("cohort").is_none());
    assert_eq!(draft.notes[0].get("code").and_then(Json::as_str), Some("capture.dicom-directory"));
}

#[test]
fn a_file_cut_anywhere_is_no_file() {
    for (tree, at) in [("few", 0), ("few", 4), ("few", 8), ("twelve", 0), ("twelve", 3)] {
        let bytes = &files(tree)[at];
        for len in 0..bytes.len() {
            // A cut may fall between two elements; what it leaves is then a file without pixels.
            let _either = parse(&bytes[..len]);
        }
    }
    let bytes = &files("twelve")[0];
    assert!((0..bytes.len()).filter(|len| parse(&bytes[..*len]).is_ok()).count() < 40);
}

proptest! {
    #[test]
    fn damage_is_an_error_or_another_file(
        at in 0_usize..13,
        changes in prop::collection::vec((132_usize..1_200, any::<u8>()), 1..12),
    ) {
        let mut bytes = files("few").swap_remove(at);
        for (place, byte) in changes {
            if let Some(slot) = bytes.get_mut(place) {
                *slot = byte;
            }
        }
        if let Err(fault) = parse(&bytes) {
            let said = FormatError::from(fault).to_string();
            prop_assert!(!said.contains("Doe") && !said.contains("House"));
        }
    }

    #[test]
    fn any_bytes_as_a_data_set(syntax in 0_usize..4, bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let syntax = [IMPLICIT, EXPLICIT, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"][syntax];
        let _either = parse(&file(syntax, &bytes));
    }
}
