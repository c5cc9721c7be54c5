use super::super::testing::{Tree, fixture};
use super::*;
use crate::problem::Problem as _;

const INDEX: &str = "variables/variables.index";
const DATA: &str = "variables/variables.data-00000-of-00001";

fn tensorflow(name: &str) -> Vec<u8> {
    fixture(&format!("tensorflow/{name}"))
}

fn index(index: &[u8], shard: (&str, &[u8])) -> Result<Content, CaptureError> {
    let tree = Tree::with(&[(INDEX, index), shard]);
    let artifacts = tree.artifacts();
    let file = artifacts.files.iter().find(|file| file.path == INDEX).unwrap();
    read_index(file, &artifacts, &Work::new(&())).map(|reading| reading.content)
}

fn saved_model(bytes: &[u8]) -> Result<Content, CaptureError> {
    let tree = Tree::with(&[("saved_model.pb", bytes)]);
    read_saved_model(&tree.artifacts().files[0]).map(|reading| reading.content)
}

#[test]
fn the_default_signature_is_the_interface() {
    let Content::Interface(node) = saved_model(&tensorflow("saved_model.pb")).unwrap() else { panic!() };
    let node = Json::Object(node);
    assert_eq!(
        node.get("inputs").unwrap().to_string(),
        r#"[{"name":"features","dtype":"float32","shape":["?",3]}]"#
    );
    assert_eq!(
        node.get("outputs").unwrap().to_string(),
        r#"[{"name":"scores","dtype":"float32","shape":["?",2]},{"name":"top","dtype":"float32","shape":["?"]}]"#
    );
    assert!(node.get("producer").unwrap().as_str().unwrap().starts_with("TensorFlow 2."));
}

#[test]
fn variables_have_the_digests_of_their_bytes() {
    let data = tensorflow(DATA);
    let Content::Tensors(file) = index(&tensorflow(INDEX), (DATA, &data)).unwrap() else { panic!() };
    let found: Vec<(&str, &str, &[u64])> = file
        .tensors
        .iter()
        .map(|tensor| (tensor.name.split('/').next().unwrap(), tensor.dtype, &tensor.shape[..]))
        .collect();
    assert_eq!(
        found,
        [("half", "float16", &[3][..]), ("kernel", "float32", &[3, 2]), ("steps", "int64", &[])]
    );
    let kernel: Vec<u8> = (0..6_u8).flat_map(|n| (f32::from(n) / 8.0).to_le_bytes()).collect();
    assert_eq!(file.tensors[1].sha256, model_passport::digest::Digest::of(kernel));
    assert_eq!(file.tensors[2].sha256, model_passport::digest::Digest::of(7_i64.to_le_bytes()));
}

#[test]
fn data_that_are_not_there_are_named() {
    let whole = tensorflow(INDEX);
    for shard in
        [("variables/other", &b""[..]), (DATA, &[0; 8]), ("variables.data-00000-of-00001", &[0; 999])]
    {
        let error = index(&whole, shard).unwrap_err();
        assert_eq!(error.code(), "capture.tensorflow-shard");
    }
}

#[test]
fn every_cut_and_every_changed_byte_gives_an_answer() {
    let (whole, data) = (tensorflow(INDEX), tensorflow(DATA));
    for at in 0..whole.len() {
        // Without its end it is not this format.
        assert!(matches!(index(&whole[..at], (DATA, &data)), Ok(Content::Bytes)), "{at}");
        for bit in [1, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= bit;
            _ = index(&changed, (DATA, &data));
        }
    }
    let model = tensorflow("saved_model.pb");
    for at in (0..model.len()).step_by(151) {
        _ = saved_model(&model[..at]);
        let mut changed = model.clone();
        changed[at] ^= 0xff;
        _ = saved_model(&changed);
    }
    for bytes in [&b""[..], b"PK\x03\x04", &[0xff; 64]] {
        assert_eq!(saved_model(bytes).unwrap_err().code(), "capture.tensorflow-malformed");
    }
}
