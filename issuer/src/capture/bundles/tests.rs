use std::path::Path;

use super::super::testing::Tree;
use super::super::{Draft, Kind, Options, capture};
use super::*;
use crate::problem::Problem as _;

fn fixture(name: &str) -> Draft {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/bundles").join(name);
    capture(&path, Kind::Model, &()).unwrap()
}

fn at(draft: &Draft, pointer: &str) -> String {
    let subject = Json::Object(draft.subject.clone());
    subject.pointer(pointer).map(ToString::to_string).unwrap_or_default()
}

fn source(draft: &Draft, pointer: &str) -> String {
    draft.sources.get(pointer).map(ToString::to_string).unwrap_or_default()
}

fn notes(draft: &Draft, code: &str) -> Vec<String> {
    let fits = |note: &&Json| note.get("code").and_then(Json::as_str) == Some(code);
    let message = |note: &Json| note.get("message").and_then(Json::as_str).unwrap().to_owned();
    draft.notes.iter().filter(fits).map(message).collect()
}

/// What a capture of these files gives: the codes of its notes, or of its error.
fn codes(files: &[(&str, &[u8])]) -> Vec<String> {
    let tree = Tree::with(files);
    match read(&tree) {
        Ok(found) => {
            let code = |note: &Json| note.get("code").and_then(Json::as_str).unwrap().to_owned();
            found.notes.iter().map(code).collect()
        }
        Err(error) => vec![format!("error: {}", error.code())],
    }
}

fn read(tree: &Tree) -> Result<Found, CaptureError> {
    let mut found = Found::default();
    add_to(&mut found, &tree.artifacts())?;
    Ok(found)
}

#[test]
fn a_repository_of_the_hub() {
    let draft = fixture("hugging_face");
    for (pointer, value) in [
        ("/license", r#""Apache-2.0""#),
        ("/name", r#""Report sorter""#),
        ("/design/task", r#""text-classification""#),
        ("/design/architecture", r#""BertForSequenceClassification (bert)""#),
        ("/design/basis", r#""declared""#),
        ("/training/framework", r#"["transformers 5.23.0"]"#),
        // These wait for a digest.
        ("/fineTunedFrom", ""),
        ("/trainedOn", ""),
        // The Hub's is the model's, a passport's is that of its texts.
        ("/language", ""),
    ] {
        assert_eq!(at(&draft, pointer), value, "{pointer}");
    }
    assert_eq!(source(&draft, "/license"), r#"{"basis":"declared","from":"`license` in `README.md`"}"#);
    assert!(source(&draft, "/fineTunedFrom").contains("example/tiny-bert"));
    assert!(source(&draft, "/trainedOn").starts_with(r#"{"basis":"unknown""#));
    assert_eq!(notes(&draft, "capture.bundle-parent").len(), 2);
    assert_eq!(
        notes(&draft, "capture.bundle-hint"),
        ["`language` in `README.md` says: en, de; the passport's own `language` is that of its texts"]
    );
    let metrics = notes(&draft, "capture.bundle-metrics");
    assert!(metrics.iter().any(|note| note.contains("f1 0.875 on Reports")), "{metrics:?}");
}

#[test]
fn an_adapter() {
    let draft = fixture("adapter");
    let base = source(&draft, "/fineTunedFrom");
    assert!(base.contains("example/tiny-bert") && base.contains("0123456789abcdef"), "{base}");
    assert_eq!(notes(&draft, "capture.bundle-parent").len(), 1);
    assert_eq!(at(&draft, "/design/architecture"), r#""LORA adapter""#);
    assert_eq!(at(&draft, "/training/framework"), r#"["PEFT 0.21.2"]"#);
    let parameters = at(&draft, "/training/hyperparameters");
    for part in [r#""r":2"#, r#""lora_alpha":4"#, r#""lora_dropout":"0.05""#, r#""target_modules":["query"]"#]
    {
        assert!(parameters.contains(part), "{parameters}");
    }
}

#[test]
fn a_monai_bundle() {
    let draft = fixture("monai");
    for (pointer, value) in [
        ("/name", r#""Lesion segmentation""#),
        ("/version", r#""0.4.2""#),
        ("/design/task", r#""Segmentation of lesions in CT""#),
        ("/training/framework", r#"["MONAI 1.6.1","PyTorch 2.15.0","NumPy 2.4.6","nibabel 5.3.2"]"#),
        ("/interface/basis", r#""declared""#),
        ("/interface/inputs/0/name", r#""image""#),
        ("/interface/inputs/0/shape", r#"["N",1,"16*n",96,96]"#),
        ("/interface/inputs/0/maximum", r#""0.5""#),
        ("/interface/outputs/0/description", r#""image, segmentation, channels: 0 background; 1 lesion""#),
    ] {
        assert_eq!(at(&draft, pointer), value, "{pointer}");
    }
    assert!(at(&draft, "/intendedUse/purpose").contains("not to be used"));
    assert!(source(&draft, "/interface").contains("configs/metadata.json"));
    assert_eq!(notes(&draft, "capture.weak-digest-upgraded").len(), 1);
    let absent = notes(&draft, "capture.pinned-file-absent");
    assert!(absent.iter().any(|note| note.contains("models/model.ts")), "{absent:?}");
    assert!(notes(&draft, "capture.bundle-metrics").iter().any(|note| note.contains("mean_dice 0.9625")));
    assert!(notes(&draft, "capture.bundle-left-out").is_empty());
}

#[test]
fn a_trained_nnunet() {
    let draft = fixture("nnunet");
    for (pointer, value) in [
        ("/design/architecture", r#""dynamic_network_architectures.architectures.unet.PlainConvUNet""#),
        ("/design/learningMethod", r#""supervised learning""#),
        ("/training/hyperparameters/configuration", r#""3d_lowres""#),
        ("/training/hyperparameters/trainer", r#""nnUNetTrainer""#),
        ("/training/hyperparameters/folds", r#"["0","1"]"#),
        // Of its own, and of the configuration that it builds on.
        ("/training/hyperparameters/patch_size", "[64,96,96]"),
        ("/training/hyperparameters/batch_size", "2"),
        ("/training/hyperparameters/numTraining", "131"),
        ("/interface/basis", r#""inferred""#),
        ("/interface/inputs/0/shape", r#"["N",1,64,96,96]"#),
        ("/interface/outputs/0/shape", r#"["N",3,64,96,96]"#),
        ("/interface/outputs/0/description", r#""labels: background: 0; lesion: 1; vessel: 2""#),
    ] {
        assert_eq!(at(&draft, pointer), value, "{pointer}");
    }
    // Captured by itself, the directory does not say which configuration it is.
    let alone = fixture("nnunet/nnUNetTrainer__nnUNetPlans__3d_lowres");
    assert_eq!(at(&alone, "/training/hyperparameters/patch_size"), "");
    assert_eq!(at(&alone, "/interface/inputs/0/shape"), "");
    assert!(notes(&alone, "capture.bundle-hint").iter().any(|note| note.contains("3d_fullres, 3d_lowres")));
}

#[test]
fn a_measured_interface_stands() {
    let mut found = Found::default();
    found.add("interface", "measured", "the graph");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/bundles");
    for name in ["monai", "nnunet"] {
        let artifacts = super::super::artifacts::read(&fixtures.join(name), &super::super::Work::new(&()));
        add_to(&mut found, &artifacts.unwrap()).unwrap();
    }
    assert_eq!(found.subject.get("interface").and_then(Json::as_str), Some("measured"));
    let notes = Json::from(found.notes).to_string();
    assert!(!notes.contains("`/interface`"), "{notes}");
}

#[test]
fn what_nobody_filled_in_is_not_taken_over() {
    let metadata =
        br#"{"version":"0.0.1","task":"Describe what the network predicts","authors":"Your Name Here",
        "description":"A longer description of what the network does, use context, inputs, outputs, etc.",
        "network_data_format":{"inputs":{},"outputs":{}}}"#;
    let tree = Tree::with(&[("configs/metadata.json", metadata), ("models/m.pt", b"x")]);
    let found = read(&tree).unwrap();
    assert_eq!(found.subject.keys().collect::<Vec<_>>(), ["version"]);
    assert!(found.notes.is_empty());
}

#[test]
fn a_parent_is_noted_once() {
    let config = br#"{"peft_type":"LORA","base_model_name_or_path":"a/b"}"#;
    let files = |card: &'static [u8]| {
        codes(&[("README.md", card), ("adapter_config.json", config), ("adapter_model.bin", b"x")])
    };
    assert_eq!(files(b"---\nbase_model: a/b\n---\n"), ["capture.bundle-parent"]);
    assert_eq!(files(b"---\nbase_model: a/c\n---\n"), ["capture.bundle-parent", "capture.bundle-parent"]);
}

#[test]
fn a_secret_in_what_is_taken_over_is_said() {
    let metadata =
        concat!(r#"{"name":"h"#, r#"f_QwErTyUiOpAsDfGhJkLzXcVbNmQwErTyUi","version":"1"}"#).as_bytes();
    let tree = Tree::with(&[("configs/metadata.json", metadata), ("models/m.bin", b"x")]);
    let draft = capture(tree.path(), Kind::Model, &()).unwrap();
    let [note] = &notes(&draft, "capture.secret")[..] else { panic!("{:?}", draft.notes) };
    assert!(note.contains("`/name`") && note.contains("`hf…`") && !note.contains("QwEr"), "{note}");
}

#[test]
fn every_fact_fits_the_schema() {
    for name in ["hugging_face", "adapter", "monai", "nnunet"] {
        let draft = fixture(name);
        let schema = model_passport::schema::for_kind("ModelPassport").unwrap();
        let id = "urn:uuid:00000000-0000-4000-8000-000000000000";
        let mut credential = Json::Object(Object::from_iter([
            ("id", Json::from(id)),
            ("credentialSubject", Json::Object(draft.subject.clone())),
        ]));
        schema.complete(&mut credential);
        let wrong: Vec<_> = schema
            .validate(&credential)
            .into_iter()
            .filter(|finding| {
                finding.code != "schema.missing" && finding.pointer.starts_with("/credentialSubject/")
            })
            .collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
}

#[test]
fn what_only_has_the_name_is_left_alone() {
    for files in [
        &[("README.md", &b"# A project\n---\nx\n"[..]), ("config.json", br#"{"port":80}"#)][..],
        &[("README.md", b"---\nno end"), ("model.safetensors.md", b""), ("config.json", b"[1]")],
        &[("README.md", b"\xff\xfe---\n"), ("adapter_config.json", b"{"), ("plans.json", b"{")],
        &[("configs/metadata.json", b"{"), ("dataset.json", b"{"), ("large/files.yml", b"{")],
        &[("sub/README.md", b"---\nlicense: mit\n---\n"), ("m.bin", b"x"), ("config.json", b"{}")],
        &[("plans.json", b"{"), ("dataset.json", b"{"), ("fold_0/log.txt", b"x")],
    ] {
        assert_eq!(
            codes(files),
            Vec::<String>::new(),
            "{:?}",
            files.iter().map(|(name, _)| name).collect::<Vec<_>>()
        );
    }
}

#[test]
fn what_is_broken_is_noted_or_refused() {
    let large = vec![b' '; 1 << 20 | 1];
    for (files, wanted) in [
        (&[("README.md", &b"---\na: 1\na: 2\n---\n"[..])][..], "capture.bundle-unreadable"),
        (&[("README.md", b"---\na: &a [*a]\n---\n")], "capture.bundle-unreadable"),
        (&[("README.md", b"---\n- x\n---\n")], "capture.bundle-unreadable"),
        (&[("config.json", b"{"), ("pytorch_model.bin", b"x")], "capture.bundle-unreadable"),
        (&[("config.json", &large), ("pytorch_model.bin", b"x")], "capture.bundle-unreadable"),
        (&[("adapter_config.json", b"{"), ("adapter_model.bin", b"x")], "error: capture.adapter-malformed"),
        (&[("adapter_config.json", &large), ("adapter_model.bin", b"x")], "error: capture.adapter-malformed"),
        (&[("configs/metadata.json", b"[]"), ("models/m.pt", b"x")], "error: capture.monai-malformed"),
        (
            &[("configs/metadata.json", b"{}"), ("large_files.yml", b"large_files: [")],
            "error: capture.monai-malformed",
        ),
        (
            &[("plans.json", b"{}"), ("dataset.json", b"x"), ("fold_0/checkpoint_final.pth", b"x")],
            "error: capture.nnunet-malformed",
        ),
        (
            &[
                ("a/config.json", br#"{"model_type":"x","transformers_version":"1"}"#),
                ("a/w.bin", b"x"),
                ("b/config.json", b"{}"),
                ("b/w.bin", b"x"),
            ],
            "capture.bundle-several",
        ),
    ] {
        assert_eq!(codes(files), [wanted], "{:?}", files.iter().map(|(name, _)| name).collect::<Vec<_>>());
    }
}

#[test]
fn texts_are_left_out_whole() {
    let long = "x".repeat(300);
    let card =
        format!("---\npipeline_tag: {long}\nlicense: [mit, gpl-3.0]\nbase_model: /home/ann/tiny\n---\n");
    let tree = Tree::with(&[("README.md", card.as_bytes())]);
    let found = read(&tree).unwrap();
    assert!(!found.subject.contains("design") && !found.subject.contains("license"));
    let text = Json::from(found.notes.clone()).to_string();
    assert!(text.contains("capture.bundle-left-out") && text.contains("mit, gpl-3.0"), "{text}");
    assert!(text.contains("`tiny`") && !text.contains("ann") && !text.contains(&long), "{text}");
}

#[test]
fn digests_of_large_files_are_checked() {
    let sha256 = model_passport::digest::Digest::of("abc").to_hex();
    for (hash, kind, wanted) in [
        ("900150983cd24fb0d6963f7d28e17f72", "", "capture.weak-digest-upgraded"),
        ("900150983cd24fb0d6963f7d28e17f72", "md5", "capture.weak-digest-upgraded"),
        ("900150983cd24fb0d6963f7d28e17f73", "md5", "error: capture.weak-digest-mismatch"),
        ("00", "sha256", "error: capture.pinned-digest-mismatch"),
        ("a9993e364706816aba3e25717850c26c9cd0d89d", "sha1", "capture.pinned-digest-unchecked"),
        ("12345678901234567890123456789012", "number", "capture.pinned-digest-unchecked"),
    ] {
        let quote = if kind == "number" { "" } else { "\"" };
        let kind = if kind == "number" { "md5" } else { kind };
        let list = format!(
            "large_files:\n- path: models/m.pt\n  hash_val: {quote}{hash}{quote}\n  hash_type: \"{kind}\"\n"
        );
        let files: &[(&str, &[u8])] = &[
            ("configs/metadata.json", b"{}"),
            ("models/m.pt", b"abc"),
            ("large_files.yml", list.as_bytes()),
        ];
        assert_eq!(codes(files), [wanted], "{kind} {hash}");
    }
    let list = format!(
        r#"{{"large_files":[{{"path":"./models/m.pt","hash_val":"{sha256}","hash_type":"sha256"}},{{"path":"../../etc/passwd"}}]}}"#
    );
    let files: &[(&str, &[u8])] =
        &[("configs/metadata.json", b"{}"), ("models/m.pt", b"abc"), ("large_files.json", list.as_bytes())];
    assert_eq!(codes(files), ["capture.pinned-file-absent"]);
}

/// Every beginning of every small file of the fixtures: an error or less found.
#[test]
fn truncated_files_stop_nothing_but_the_capture() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/bundles");
    for (name, file) in [
        ("hugging_face", "README.md"),
        ("hugging_face", "config.json"),
        ("adapter", "adapter_config.json"),
        ("monai", "configs/metadata.json"),
        ("monai", "large_files.yml"),
        ("nnunet/nnUNetTrainer__nnUNetPlans__3d_lowres", "plans.json"),
        ("nnunet/nnUNetTrainer__nnUNetPlans__3d_lowres", "dataset.json"),
    ] {
        let artifacts = super::super::artifacts::read(
            &fixtures.join(name),
            &Options::default(),
            &super::super::Work::new(&()),
        )
        .unwrap();
        let tree = Tree::with(&[]);
        for artifact in &artifacts.files {
            tree.write(&artifact.path, std::fs::read(&artifact.location).unwrap());
        }
        let whole = std::fs::read(fixtures.join(name).join(file)).unwrap();
        for len in 0..whole.len() {
            if let Ok(text) = str::from_utf8(&whole[..len]) {
                _ = (Node::from_json(text), Node::from_yaml(text));
            }
            // Writing and hashing a tree takes its time.
            if len % 17 != 0 {
                continue;
            }
            tree.write(file, &whole[..len]);
            if let Err(error) = read(&tree) {
                let code = error.code();
                assert!(code.ends_with("-malformed") || code.ends_with("-mismatch"), "{file} {len}: {code}");
            }
        }
    }
}
