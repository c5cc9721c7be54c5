//! Nothing from a patient leaves the program: DICOM series with a marker in every element of the dictionary that can
//! hold a text, a date, a UID, a name or bytes, in private elements, nested sequences, preambles, pixels, and file
//! and folder names, whole and broken, go through every command that reads files; and no marker is in any output,
//! error or file that was written, in any spelling.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use common::{Done, Place};
use sha2::{Digest as _, Sha256};

const NAME: &str = "ZQMARK";
const DATE: &str = "19370415";
const TIME: &str = "031415.926535";
const UID: &str = "31415926535897932384";
const DECIMAL: &str = "9718281828.459";
const INTEGER: &str = "271828459";
const AGE: &str = "093Y";

/// How the bytes of a data set are laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Syntax {
    Implicit,
    Explicit,
    Big,
    Deflated,
    Encapsulated,
}

impl Syntax {
    const ALL: [Self; 5] = [Self::Implicit, Self::Explicit, Self::Big, Self::Deflated, Self::Encapsulated];

    fn uid(self) -> &'static str {
        match self {
            Self::Implicit => "1.2.840.10008.1.2",
            Self::Explicit => "1.2.840.10008.1.2.1",
            Self::Big => "1.2.840.10008.1.2.2",
            Self::Deflated => "1.2.840.10008.1.2.1.99",
            Self::Encapsulated => "1.2.840.10008.1.2.4.50",
        }
    }

    fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn tag(self, tag: u32) -> Vec<u8> {
        [self.u16(u16::try_from(tag >> 16).unwrap()), self.u16(u16::try_from(tag & 0xffff).unwrap())].concat()
    }

    fn element(self, tag: u32, vr: &str, value: &[u8]) -> Vec<u8> {
        let mut value = value.to_vec();
        if value.len() % 2 == 1 {
            value.push(if matches!(vr, "UI" | "OB" | "UN") { 0 } else { b' ' });
        }
        self.header(tag, vr, u32::try_from(value.len()).unwrap(), &value)
    }

    fn header(self, tag: u32, vr: &str, len: u32, value: &[u8]) -> Vec<u8> {
        let long = ["OB", "OW", "SQ", "UC", "UN", "UR", "UT"].contains(&vr);
        let middle = match (self, long) {
            (Self::Implicit, _) => self.u32(len).to_vec(),
            (_, true) => [vr.as_bytes(), &[0, 0], &self.u32(len)].concat(),
            (_, false) => [vr.as_bytes(), &self.u16(u16::try_from(len).unwrap())].concat(),
        };
        [self.tag(tag), middle, value.to_vec()].concat()
    }

    fn item(self, tag: u32, len: u32, value: &[u8]) -> Vec<u8> {
        [self.tag(tag), self.u32(len).to_vec(), value.to_vec()].concat()
    }
}

/// A value that looks right for its VR and cannot come from anywhere else.
fn marker(vr: &str, n: usize) -> Vec<u8> {
    match vr {
        "AE" | "SH" | "CS" => format!("{NAME}{n}"),
        "AS" => AGE.to_owned(),
        "DA" => DATE.to_owned(),
        "DS" => DECIMAL.to_owned(),
        "DT" => format!("{DATE}{TIME}"),
        "IS" => INTEGER.to_owned(),
        "PN" => format!("{NAME}{n}^John^{NAME}"),
        "TM" => TIME.to_owned(),
        "UI" => format!("2.25.{UID}.{n}"),
        "UR" => format!("https://{}.example/{n}", NAME.to_lowercase()),
        _ => format!("{NAME} {n} of {NAME}"),
    }
    .into_bytes()
}

/// Every element of `dictionary.txt`, in order.
fn dictionary() -> Vec<(u32, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/dicom/dictionary.txt");
    let mut elements = Vec::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let (vr, tags) = line.split_once(' ').unwrap();
        elements.extend(tags.split(' ').map(|tag| (u32::from_str_radix(tag, 16).unwrap(), vr.to_owned())));
    }
    elements.sort();
    assert!(elements.len() > 2_500);
    elements
}

/// The elements of one object, with sequences of every kind and private elements among them.
fn data_set(syntax: Syntax, patient: usize) -> Vec<u8> {
    const UNDEFINED: u32 = u32::MAX;
    const ITEM: u32 = 0xfffe_e000;
    let inner = [
        syntax.element(0x0010_0010, "PN", &marker("PN", 1)),
        syntax.element(0x0010_0030, "DA", &marker("DA", 1)),
        syntax.element(0x0040_a123, "PN", &marker("PN", 2)),
    ]
    .concat();
    let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
    let end = |tag| syntax.item(tag, 0, &[]);
    let defined = syntax.item(ITEM, len(&inner), &inner);
    let open = [syntax.item(ITEM, UNDEFINED, &inner), end(0xfffe_e00d)].concat();
    let deep = [
        syntax.header(0x0008_1115, "SQ", len(&defined), &defined),
        syntax.header(0x0040_a730, "SQ", UNDEFINED, &[open.clone(), end(0xfffe_e0dd)].concat()),
    ]
    .concat();
    let nested = [syntax.item(ITEM, UNDEFINED, &deep), end(0xfffe_e00d)].concat();
    let mut elements: Vec<(u32, Vec<u8>)> = dictionary()
        .into_iter()
        .enumerate()
        .map(|(n, (tag, vr))| (tag, syntax.element(tag, &vr, &marker(&vr, n * 100 + patient))))
        .collect();
    elements.push((
        0x0008_1110,
        syntax.header(0x0008_1110, "SQ", UNDEFINED, &[nested, end(0xfffe_e0dd)].concat()),
    ));
    elements.push((0x0008_1140, syntax.header(0x0008_1140, "SQ", len(&open), &open)));
    elements.push((0x0028_0010, syntax.element(0x0028_0010, "US", &syntax.u16(512))));
    for (tag, vr) in [(0x0009_0010, "LO"), (0x0009_1001, "UN"), (0x0029_0010, "LO"), (0x0029_1010, "OB")] {
        elements.push((tag, syntax.element(tag, vr, &marker(vr, patient))));
    }
    let private = syntax.header(0x0029_1020, "SQ", UNDEFINED, &[defined, end(0xfffe_e0dd)].concat());
    elements.push((0x0029_1020, private));
    elements.sort();
    let pixels = marker("OB", 7).repeat(20);
    let pixels = if syntax == Syntax::Encapsulated {
        let fragments =
            [syntax.item(ITEM, 0, &[]), syntax.item(ITEM, len(&pixels), &pixels), end(0xfffe_e0dd)].concat();
        syntax.header(0x7fe0_0010, "OB", UNDEFINED, &fragments)
    } else {
        syntax.element(0x7fe0_0010, "OW", &pixels)
    };
    let mut bytes: Vec<u8> = elements.into_iter().flat_map(|(_, bytes)| bytes).collect();
    bytes.extend(pixels);
    bytes.extend(syntax.element(0xfffa_fff0, "UN", &marker("UN", 9)));
    bytes
}

/// A whole file: preamble, file meta information, data set.
fn file(syntax: Syntax, class: &str, data_set: &[u8]) -> Vec<u8> {
    let meta = Syntax::Explicit;
    let meta = [
        meta.element(0x0002_0001, "OB", &[0, 1]),
        meta.element(0x0002_0002, "UI", class.as_bytes()),
        meta.element(0x0002_0003, "UI", &marker("UI", 0)),
        meta.element(0x0002_0010, "UI", syntax.uid().as_bytes()),
        meta.element(0x0002_0012, "UI", &marker("UI", 1)),
        meta.element(0x0002_0013, "SH", &marker("SH", 2)),
        meta.element(0x0002_0016, "AE", &marker("AE", 3)),
        meta.element(0x0002_0100, "UI", &marker("UI", 4)),
        meta.element(0x0002_0102, "OB", &marker("OB", 5)),
    ]
    .concat();
    let length = u32::try_from(meta.len()).unwrap().to_le_bytes();
    let length = Syntax::Explicit.element(0x0002_0000, "UL", &length);
    let mut preamble = marker("OB", 6);
    preamble.resize(128, b'#');
    let data_set = match syntax {
        Syntax::Deflated => miniz_oxide::deflate::compress_to_vec(data_set, 6),
        _ => data_set.to_vec(),
    };
    [preamble, b"DICM".to_vec(), length, meta, data_set].concat()
}

const IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
const DIRECTORY: &str = "1.2.840.10008.1.3.10";

fn object(syntax: Syntax, patient: usize) -> Vec<u8> {
    file(syntax, IMAGE, &data_set(syntax, patient))
}

/// A place with a tree of series under a name with a marker.
struct Clinic {
    place: Place,
    tree: PathBuf,
    /// What must not be found, besides the markers: digests of single files.
    digests: BTreeSet<String>,
}

impl Clinic {
    fn with_patients(patients: usize) -> Self {
        let place = Place::with_keys();
        let tree = place.path(&format!("{NAME}^TREE"));
        let mut clinic = Self { place, tree, digests: BTreeSet::new() };
        for patient in 0..patients {
            let syntax = Syntax::ALL[patient % Syntax::ALL.len()];
            let names =
                ["ZQMARK.dcm", "ZQMARK^JOHN", "2.25.31415926535897932384.1", "zqmark.IMA", "ZQMARK.x"];
            let name = names[patient % names.len()];
            clinic.write(&format!("{NAME}^{patient}/{DATE}/{name}"), &object(syntax, patient));
        }
        clinic.write("DICOMDIR", &file(Syntax::Explicit, DIRECTORY, &data_set(Syntax::Explicit, 0)));
        clinic.write("ZQMARK-2/list.dcm", &file(Syntax::Explicit, DIRECTORY, &data_set(Syntax::Explicit, 1)));
        clinic.write("ZQMARK.csv", b"ZQMARK,birth\nZQMARK^John,19370415\n\"broken ZQMARK\n");
        clinic.write("ZQMARK.txt", b"ZQMARK was here");
        clinic
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.tree.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        let digest = Sha256::digest(bytes);
        self.digests.insert(digest.iter().map(|byte| format!("{byte:02x}")).collect());
        self.digests.insert(Base64UrlUnpadded::encode_string(&digest));
        path
    }

    /// Runs a command on a path in the tree, looks for markers in what it said, and gives it back.
    fn run(&self, before: &str, path: &Path, after: &str) -> Done {
        let mut command = self.place.command(before);
        command.arg(path).args(after.split_whitespace());
        for (name, value) in [("RUST_BACKTRACE", "full"), ("RUST_LOG", "trace"), ("RUST_LIB_BACKTRACE", "1")]
        {
            command.env(name, value);
        }
        let done = Done::of(command.output().unwrap());
        self.assert_clean(&format!("stdout of {before} {after}"), done.stdout.as_bytes());
        self.assert_clean(&format!("stderr of {before} {after}"), done.stderr.as_bytes());
        done
    }

    /// Nothing that was written holds a marker.
    fn assert_files_clean(&self) {
        let mut rest = vec![self.place.path("")];
        let mut seen = 0;
        while let Some(path) = rest.pop() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // What was put there, and not written by the program.
            if name.starts_with(NAME) || name == "train.csv" {
                continue;
            }
            if path.is_dir() {
                rest.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                self.assert_clean(&path.display().to_string(), &fs::read(&path).unwrap());
                self.assert_clean("a file name", path.file_name().unwrap().as_encoded_bytes());
                seen += 1;
            }
        }
        assert!(seen > 5, "the scan must see the drafts and keys");
    }

    fn assert_clean(&self, place: &str, bytes: &[u8]) {
        let lower = bytes.to_ascii_lowercase();
        for (needle, any_case) in needles() {
            let found = contains(if any_case { &lower } else { bytes }, &needle);
            assert!(!found, "{place} holds {}", String::from_utf8_lossy(&needle));
        }
        for digest in &self.digests {
            assert!(!contains(bytes, digest.as_bytes()), "{place} holds the digest of a file");
        }
    }
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|part| part == needle)
}

/// Everything that gives a marker away, and whether in any case.
fn needles() -> Vec<(Vec<u8>, bool)> {
    let mut needles = Vec::new();
    let plain =
        [NAME, DATE, "1937-04-15", "1937/04/15", "15.04.1937", "926535", UID, "9718281828", INTEGER, AGE];
    for text in plain {
        needles.push((text.to_ascii_lowercase().into_bytes(), true));
        if text.len() < 6 {
            continue;
        }
        for text in [text.to_owned(), text.to_ascii_lowercase()] {
            needles.push((text.encode_utf16().flat_map(u16::to_le_bytes).collect(), false));
            needles.push((text.encode_utf16().flat_map(u16::to_be_bytes).collect(), false));
            let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            needles.push((hex.into_bytes(), true));
            for shift in 0..3 {
                let shifted = [&b"\0\0"[..shift], text.as_bytes()].concat();
                let encoded = Base64UrlUnpadded::encode_string(&shifted);
                // The first and last characters hold bits of what stands around.
                let whole = (shifted.len() * 8) / 6;
                let core = &encoded[(shift * 8).div_ceil(6)..whole];
                needles.push((core.as_bytes().to_vec(), false));
                needles.push((core.replace('-', "+").replace('_', "/").into_bytes(), false));
            }
        }
    }
    needles.sort();
    needles.dedup();
    needles
}

const CLAIMS: &str = r#"
name = "Chest series"
version = "1"
[publisher]
name = "Clinic"
contact = "mailto:data@clinic.example"
[acquisition]
modality = ["CT"]
process = "Routine"
sites = ["One"]
countries = ["GR"]
startDate = 2020-01-01
endDate = 2021-01-01
[cohort]
sourceCohortSize = 100
inclusionCriteria = ["all"]
exclusionCriteria = ["none"]
[annotation]
basis = "unknown"
[quality]
basis = "unknown"
[deIdentification]
method = "none"
[governance]
basis = "unknown"
[conditionsOfUse]
license = "none"
"#;

/// Every command that reads a tree, on a tree that is whole.
fn every_command(clinic: &Clinic) {
    let (place, tree) = (&clinic.place, &clinic.tree);
    place.write("claims.toml", CLAIMS);
    let salted = "--kind dataset --salted --secrets secrets -o";
    clinic.run("capture", tree, &format!("{salted} draft.json")).succeeds();
    let again = clinic.run("capture", tree, "--kind dataset --salted --secrets secrets").succeeds();
    assert_eq!(
        again.stdout.trim_end(),
        place.read("draft.json").trim_end(),
        "the same files, the same draft"
    );
    assert!(again.stdout.contains("capture.dicom-not-deidentified"));
    clinic.run("capture", tree, "--kind dataset").fails(64, "capture.dicom-secret");
    clinic
        .run("capture", tree, "--kind model --salted --secrets secrets")
        .fails(64, "capture.dicom-in-model");
    clinic
        .run(
            "capture",
            &tree.join(format!("{NAME}^0/{DATE}/ZQMARK.dcm")),
            "--kind dataset --salted --secrets secrets",
        )
        .succeeds();

    let issue = "--claims claims.toml --key lab -o";
    let direct = format!("--kind dataset --salted --secrets secrets {issue} direct.passport.json");
    clinic.run("issue", tree, &direct).succeeds();
    clinic.run("issue", Path::new("draft.json"), &format!("{issue} dataset.passport.json")).succeeds();
    clinic.run("issue", tree, "--kind dataset --salted --secrets secrets --key lab -o none.json");
    clinic.run("issue", tree, "--key lab -o none.json").fails(64, "capture.dicom-in-model");
    let passport = Path::new("dataset.passport.json");
    for command in ["verify", "verify --json", "show", "show --json"] {
        clinic.run(command, passport, "");
    }
    clinic.run("verify", passport, "").succeeds();
    for command in ["verify", "verify --json"] {
        clinic.run(&format!("{command} dataset.passport.json --artifact"), tree, "");
    }
    clinic.run("capture", tree, "--kind dataset --salted --secrets secrets --explain").succeeds();

    // Names in lists that people write.
    let (list, absent) = (format!("{NAME}.digests"), Sha256::digest(b"gone"));
    let absent: String = absent.iter().map(|byte| format!("{byte:02x}")).collect();
    let salted = format!("--kind dataset --salted --secrets secrets --digests {list}");
    for lines in [
        format!("{absent} 4  {NAME}/gone.dcm\n"),
        format!("{absent} 4  {NAME}.txt\n"),
        format!("{absent} 4  {NAME}\n{absent} 4  {NAME}\n"),
        format!("{NAME}\n"),
    ] {
        place.write(&list, lines);
        clinic.run("capture", tree, &salted);
    }
    fs::write(tree.join(".passportignore"), format!("{NAME}.csv\n/{NAME}-2\n")).unwrap();
    clinic.run("capture", tree, "--kind dataset --salted --secrets secrets").succeeds();
    fs::write(tree.join(".passportignore"), format!("{NAME}[\n{{{NAME}\n")).unwrap();
    clinic.run("capture", tree, "--kind dataset --salted --secrets secrets");
    fs::remove_file(tree.join(".passportignore")).unwrap();
    // Records of the set, by their holder.
    let image = tree.join(format!("{NAME}^0/{DATE}/ZQMARK.dcm"));
    let (image, set) = (image.display().to_string(), tree.display().to_string());
    clinic.run("data commit", tree, "");
    clinic.run("data commit", tree, "--secrets secrets");
    clinic.run("data commit", tree, "--secrets secrets -o one.part");
    clinic.run(&format!("data prove {image} --set"), tree, "-o no.proof");
    clinic.run(&format!("data prove {image} --set"), tree, "--secrets secrets -o one.proof");
    clinic.run("data prove draft.json --set", tree, "--secrets secrets -o none.proof");
    clinic.run("data check one.proof", Path::new(&image), "--passport dataset.passport.json");
    clinic.run("data check none.proof draft.json --passport", Path::new("dataset.passport.json"), "");
    clinic.run("data croissant", Path::new("dataset.passport.json"), "");
    clinic.run(&format!("diff {set}"), tree, "");

    // What a run takes in and gives out, and sides of a split.
    for (sides, code) in [("--input", 0), ("--output", 2), (&*format!("--input {set} --output"), 2)] {
        for secrets in ["", "--secrets secrets "] {
            let done = clinic.run(&format!("run -o run.json --force {secrets}{sides}"), tree, "-- true");
            let wanted = if secrets.is_empty() { 64 } else { code };
            assert!(done.status == wanted || sides == "--output", "{sides} {}: {}", done.status, done.stderr);
        }
    }
    let (train, test) = (format!("train={set}"), format!("test={set}"));
    let both = clinic.run(&format!("data split-check --set {train} --set"), Path::new(&test), "");
    assert_eq!(both.status, 1, "{}", both.stderr);
    clinic
        .run("data split-check --set", Path::new(&test), "--blind-to one.blinded --secrets secrets")
        .succeeds();
    clinic.run("data split-check --blinded train=one.blinded --secrets secrets --set", Path::new(&test), "");
    let (table, image) = (tree.join("ZQMARK.csv"), Path::new(&image));
    for arguments in
        ["--subject birth --split birth", "--subject birth --split none", "--subject none --split birth"]
    {
        clinic.run("data split-check", &table, arguments);
        clinic.run("data split-check", image, arguments);
    }
    for file in [&table, image] {
        let named = format!("train={}", file.display());
        clinic.run("data split-check --subject birth --set", Path::new(&named), "");
        clinic.run("data split-check --subject none --set", Path::new(&named), "");
    }
    clinic.run(&format!("diff {}", image.display()), image, "").fails(64, "capture.dicom-secret");

    clinic.run("init", tree, "").succeeds();
    let project = fs::read(tree.join("passport.toml")).unwrap();
    clinic.assert_clean("passport.toml", &project);
    fs::remove_file(tree.join("passport.toml")).unwrap();

    // A person mistakes an image for a passport, a draft or claims.
    let image = tree.join(format!("{NAME}^0/{DATE}/ZQMARK.dcm"));
    fs::copy(&image, place.path("image.json")).unwrap();
    for command in
        ["verify", "show", "bundle -o none.json", "issue --key lab", "issue draft.json --key lab --claims"]
    {
        clinic.run(command, Path::new("image.json"), "");
    }
    fs::remove_file(place.path("image.json")).unwrap();
    clinic.assert_files_clean();
}

#[test]
fn no_marker_of_a_few_patients_leaves_the_program() {
    let clinic = Clinic::with_patients(5);
    every_command(&clinic);
    let draft = clinic.place.read("draft.json");
    assert!(draft.contains(r#""numberOfSubjects": "<10""#), "{draft}");
}

#[test]
fn nor_of_many() {
    let clinic = Clinic::with_patients(12);
    every_command(&clinic);
    let draft = clinic.place.read("draft.json");
    assert!(draft.contains(r#""numberOfSubjects": 12"#), "{draft}");
    assert!(draft.contains(r#""label": "512""#) && draft.contains("not readable"), "{draft}");
}

#[test]
fn nor_of_a_broken_file() {
    let whole = object(Syntax::Explicit, 1);
    let mut lying = whole.clone();
    // The length of the first value of the data set with a long header.
    let place = lying.windows(4).position(|part| part == b"UT\0\0").unwrap();
    lying[place + 4..place + 8].copy_from_slice(&[0xf0, 0xff, 0xff, 0x7f]);
    let mut odd_vr = whole.clone();
    let place = odd_vr.windows(6).position(|part| part == b"\x10\0\x10\0PN").unwrap();
    odd_vr[place + 4..place + 6].copy_from_slice(b"ZQ");
    let mut no_magic = whole.clone();
    no_magic[128..132].copy_from_slice(b"ZQMA");
    let deflated = object(Syntax::Deflated, 1);
    let mut unknown_syntax = whole.clone();
    let uid = unknown_syntax.windows(19).position(|part| part == b"1.2.840.10008.1.2.1").unwrap();
    unknown_syntax[uid..uid + 19].copy_from_slice(b"2.25.314159265358.1");
    let mut clinic = Clinic::with_patients(2);
    // So that the secrets are there, and an error is all that is said.
    clinic.run("capture", &clinic.tree, "--kind dataset --salted --secrets secrets -o first.json").succeeds();
    for (bytes, code) in [
        (&whole[..whole.len() - 200], "capture.dicom-truncated"),
        (&whole[..whole.len() / 2], "capture.dicom-truncated"),
        (&whole[..140], "capture.dicom-truncated"),
        (&lying, "capture.dicom-truncated"),
        (&odd_vr, "capture.dicom-malformed"),
        (&no_magic, "capture.dicom-no-magic"),
        (&deflated[..deflated.len() / 2], "capture.dicom-deflate"),
        (&unknown_syntax, "capture.dicom-transfer-syntax"),
    ] {
        let broken = clinic.write("ZQMARK/ZQMARK.dcm", bytes);
        for command in ["capture", "issue --key lab"] {
            let done = clinic
                .run(command, &clinic.tree, "--kind dataset --salted --secrets secrets -o out.json")
                .fails(3, code);
            assert!(done.stderr.contains("`file "), "the file by its number: {}", done.stderr);
        }
        clinic.assert_files_clean();
        fs::remove_file(broken).unwrap();
    }
}

/// A packed image is one: it is not read, and nothing beside it is taken for what it is not.
#[test]
fn nor_of_a_packed_file() {
    let whole = object(Syntax::Explicit, 1);
    let packed = miniz_oxide::deflate::compress_to_vec(&whole, 6);
    let packed = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &packed, &[0; 8]].concat();
    for name in
        ["ZQMARK.dcm.gz", "ZQMARK^JOHN.gz", "ZQMARK.bin", "ZQMARK.csv", "ZQMARK.nii.gz", ".ZQMARK/1.gz"]
    {
        let mut clinic = Clinic::with_patients(0);
        // So that the secrets are there, and an error is all that is said.
        let salted = "--kind dataset --salted --secrets secrets";
        clinic.run("capture", &clinic.tree, &format!("{salted} -o first.json")).succeeds();
        clinic.write(name, &packed);
        clinic.run("capture", &clinic.tree, "--kind dataset").fails(64, "capture.dicom-secret");
        clinic.run("capture", &clinic.tree, "--kind model").fails(64, "capture.dicom-in-model");
        for command in ["capture", "issue --key lab"] {
            let done = clinic.run(command, &clinic.tree, &format!("{salted} -o out.json"));
            if name.starts_with('.') {
                assert!(!done.stderr.contains("dicom-no-magic"), "{}", done.stderr);
            } else {
                done.fails(3, "capture.dicom-no-magic");
            }
        }
        clinic.run("data commit", &clinic.tree, "").fails(64, "capture.dicom-secret");
        clinic.assert_files_clean();
    }
}

#[cfg(unix)]
#[test]
fn nor_of_a_name_that_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;

    let plain = |bytes: &[u8]| std::ffi::OsStr::from_bytes(bytes).to_owned();
    let clinic = Clinic::with_patients(1);
    // So that the secrets are there, and an error is all that is said.
    clinic.run("capture", &clinic.tree, "--kind dataset --salted --secrets secrets -o first.json").succeeds();
    let (salted, model) = ("--kind dataset --salted --secrets secrets", "--kind model");
    for (name, code) in [
        (plain(b"ZQMARK\xff.dcm"), "capture.path-not-utf8"),
        (plain(b"ZQMARK\n.dcm"), "capture.path-unportable"),
        (plain(b"ZQMARK\\.dcm"), "capture.path-unportable"),
    ] {
        let path = clinic.tree.join(name);
        fs::write(&path, object(Syntax::Explicit, 1)).unwrap();
        clinic.run("capture", &clinic.tree, salted).fails(64, code);
        clinic.run("capture", &clinic.tree, model).fails(64, code);
        clinic.run("verify claims.toml --artifact", &clinic.tree, "");
        fs::remove_file(path).unwrap();
    }
    let link = clinic.tree.join("ZQMARK^link");
    std::os::unix::fs::symlink("/ZQMARK", &link).unwrap();
    clinic.run("capture", &clinic.tree, salted).fails(64, "capture.symlink");
    fs::remove_file(link).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(clinic.tree.join("ZQMARK^s")).unwrap();
    clinic.run("capture", &clinic.tree, salted).fails(64, "capture.special-file");
    drop(socket);
}

#[test]
fn the_scan_finds_what_it_looks_for() {
    let clinic = Clinic::with_patients(1);
    let spoken = b"patient ZQMARK7^John, born 1937-04-15, 093y";
    let encoded = Base64UrlUnpadded::encode_string(&spoken[3..]);
    let hex: String = spoken.iter().map(|byte| format!("{byte:02X}")).collect();
    let wide: Vec<u8> = "zqmark".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for text in [&spoken[..], &spoken[30..], &spoken[39..], encoded.as_bytes(), hex.as_bytes(), &wide] {
        let scan = std::panic::AssertUnwindSafe(|| clinic.assert_clean("a test", text));
        assert!(std::panic::catch_unwind(scan).is_err(), "{}", String::from_utf8_lossy(text));
    }
    clinic.assert_clean("a test", b"nobody was here");
}
