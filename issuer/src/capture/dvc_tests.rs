use model_passport::json::Json;

use super::super::testing::Tree;
use super::*;
use crate::problem::Problem as _;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/run/dvc")
}

fn codes(notes: &[Json]) -> Vec<&str> {
    notes.iter().map(|note| note.get("code").unwrap().as_str().unwrap()).collect()
}

fn added(tree: &Tree) -> Result<Found, CaptureError> {
    let mut found = Found::default();
    add_to(&mut found, &tree.artifacts(), tree.path()).map(|()| found)
}

#[test]
fn pins_of_the_tool_itself_fit() {
    let mut found = Found::default();
    let artifacts = artifacts::read(&fixture(), &Options::default(), &Work::new(&())).unwrap();
    add_to(&mut found, &artifacts, &fixture()).unwrap();
    // Two `.dvc`, six entries of `dvc.lock`, two of them directories.
    assert_eq!(codes(&found.notes), ["capture.weak-digest-upgraded"; 8]);
}

#[test]
fn stages_become_drafts() {
    let drafts = stages(&fixture(), &Work::new(&())).unwrap();
    let names: Vec<&str> = drafts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["prepare", "train"]);
    let subject = |at: usize| Json::from(drafts[at].1.subject.clone());
    let text = |at: usize, pointer: &str| {
        let subject = subject(at);
        let value = subject.pointer(pointer).unwrap_or_else(|| panic!("{pointer} in {subject}"));
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    assert_eq!(text(0, "/execution/command"), r#"["sh","-c","python prepare.py"]"#);
    assert_eq!(text(0, "/execution/basis"), "declared");
    assert_eq!(text(0, "/tool/name"), "prepare.py");
    assert_eq!(text(0, "/tool/parameters"), r#"{"prepare.seed":20,"prepare.split":"0.25"}"#);
    assert_eq!(text(0, "/execution/inputs/0/path"), "data/raw.csv");
    // What one stage made is what the next one used.
    assert_eq!(text(0, "/generated/0/id"), text(1, "/used/0/id"));
    for (_, draft) in &drafts {
        assert_eq!(draft.kind.credential_type(), "ProcessingAttestation");
        let wrong = draft.missing.iter().filter(|pointer| !pointer.starts_with("/environment"));
        assert!(wrong.clone().all(|pointer| pointer.starts_with("/sourceCode")), "{:?}", draft.missing);
    }
    let again = stages(&fixture(), &Work::new(&())).unwrap();
    assert_eq!(drafts, again);
}

#[test]
fn another_file_than_the_pinned_one_is_named() {
    let pin = "outs:\n- md5: 900150983cd24fb0d6963f7d28e17f72\n  hash: md5\n  path: a.bin\n";
    assert_eq!(
        added(&Tree::with(&[("d/a.bin.dvc", pin.as_bytes()), ("d/a.bin", b"abc")])).unwrap().notes.len(),
        1
    );
    for content in [&b"abd"[..], b""] {
        let error = added(&Tree::with(&[("d/a.bin.dvc", pin.as_bytes()), ("d/a.bin", content)])).unwrap_err();
        assert_eq!(error.code(), "capture.weak-digest-mismatch");
        assert!(error.to_string().contains("a.bin"), "{error}");
    }
    let directory = pin.replace("7f72", "7f72.dir");
    let error = added(&Tree::with(&[("a.bin.dvc", directory.as_bytes()), ("a.bin/x", b"1")])).unwrap_err();
    assert_eq!(error.code(), "capture.weak-digest-mismatch");
    // With files that only one side counts, nobody can say.
    let tree = Tree::with(&[("a.bin.dvc", directory.as_bytes()), ("a.bin/x", b"1"), ("a.bin/.hidden", b"")]);
    assert_eq!(codes(&added(&tree).unwrap().notes), ["capture.weak-digest-unchecked"]);
    // And with the rule of an old version neither.
    let old = pin.replace("  hash: md5\n", "");
    let tree = Tree::with(&[("a.bin.dvc", old.as_bytes()), ("a.bin", b"a\r\n")]);
    assert_eq!(codes(&added(&tree).unwrap().notes), ["capture.weak-digest-unchecked"]);
}

#[test]
fn no_path_leads_out_of_the_tree() {
    for (directory, path, inside) in [
        ("", "a", Some("a")),
        ("d", "../a", Some("a")),
        ("d", "./e//f", Some("d/e/f")),
        ("", "../a", None),
        ("d", "../../a", None),
        ("", "/etc/passwd", None),
        ("", "s3://bucket/a", None),
        ("", "C:\\a", None),
        ("", "a\nb", None),
    ] {
        assert_eq!(beside(directory, path).as_deref(), inside, "{directory} {path}");
    }
    for path in ["/etc/passwd", "../../../../../../etc/passwd"] {
        let lock = format!("schema: '2.0'\nstages:\n  s:\n    cmd: x\n    deps:\n    - path: {path}\n");
        let tree = Tree::with(&[("dvc.lock", lock.as_bytes())]);
        let drafts = stages(tree.path(), &Work::new(&())).unwrap();
        assert!(!drafts[0].1.subject.contains("used"));
        assert_eq!(codes(&drafts[0].1.notes), ["capture.weak-digest-unchecked"]);
    }
    #[cfg(unix)]
    {
        let lock = "schema: '2.0'\nstages:\n  s:\n    cmd: x\n    deps:\n    - path: out/passwd\n";
        let tree = Tree::with(&[("dvc.lock", lock.as_bytes())]);
        std::os::unix::fs::symlink("/etc", tree.path().join("out")).unwrap();
        let drafts = stages(tree.path(), &Work::new(&())).unwrap();
        assert!(!drafts[0].1.subject.contains("used"));
    }
}

#[test]
fn a_damaged_file_of_dvc_is_named() {
    for (name, text) in [
        ("x.dvc", "outs: ["),
        ("x.dvc", "outs: 1"),
        ("x.dvc", "outs: [1]"),
        ("x.dvc", "outs: [{md5: zz, path: a}]"),
        ("dvc.lock", "stages: [1]"),
        ("dvc.lock", "schema: '2.0'\nstages: {s: {cmd: x, deps: {}}}"),
    ] {
        let error = added(&Tree::with(&[(name, text.as_bytes())])).unwrap_err();
        assert_eq!(error.code(), "capture.dvc-malformed", "{text}");
        assert!(error.to_string().contains(name), "{error}");
    }
    for entry in ["{}", "{cmd: 1}", "{cmd: ''}", "{cmd: [1]}"] {
        let lock = format!("schema: '2.0'\nstages: {{s: {entry}}}");
        let error = stages(Tree::with(&[("dvc.lock", lock.as_bytes())]).path(), &Work::new(&())).unwrap_err();
        assert_eq!(error.code(), "capture.dvc-malformed", "{entry}");
    }
    let whole = std::fs::read(fixture().join("dvc.lock")).unwrap();
    for end in 0..whole.len() {
        _ = added(&Tree::with(&[("dvc.lock", &whole[..end])]));
    }
}

#[test]
fn names_are_written_as_python_does() {
    assert_eq!(ascii("a b\"ä𝄞"), r#""a b\"\u00e4\ud834\udd1e""#);
}

#[test]
fn a_secret_in_a_command_is_withheld_and_the_rest_stays() {
    let lock = "schema: '2.0'\nstages:\n  s:\n    cmd:\n    - fetch --token=abc --to x\n    - train --lr=1\n";
    let tree = Tree::with(&[("dvc.lock", lock.as_bytes())]);
    let drafts = stages(tree.path(), &Work::new(&())).unwrap();
    let command = drafts[0].1.subject.get("execution").unwrap().get("command").unwrap().to_string();
    assert_eq!(command, r#"["sh","-c","fetch --token=(withheld) --to x && train --lr=1"]"#);
}
