use super::super::testing::{Tree, model_file};
use super::super::weights::Content;
use super::*;
use crate::problem::Problem as _;

fn read_bytes(bytes: &[u8]) -> Result<(TensorFile, Vec<String>), CaptureError> {
    let tree = Tree::with(&[("m.pt", bytes)]);
    let reading = read(&tree.artifacts().files[0], &Work::new(&()))?;
    let notes = reading.notes.into_iter().map(|(_, message)| message).collect();
    match reading.content {
        Content::Tensors(file) => Ok((file, notes)),
        other => panic!("{other:?}"),
    }
}

fn code(bytes: &[u8]) -> &'static str {
    read_bytes(bytes).map_or_else(|error| error.code(), |_| "ok")
}

fn safetensors(name: &str) -> Vec<Tensor> {
    let tree = Tree::with(&[("m.safetensors", &model_file(name))]);
    super::super::safetensors::read(&tree.artifacts().files[0], &Work::new(&())).unwrap().tensors
}

#[test]
fn tensors_are_those_of_safetensors() {
    for (name, other) in [
        ("state.pt", "state.safetensors"),
        ("checkpoint.ckpt", "checkpoint.safetensors"),
        ("module.pt", "module.safetensors"),
        ("script.pt", "module.safetensors"),
    ] {
        let (file, _) = read_bytes(&model_file(name)).unwrap();
        assert_eq!(file.remark, None, "{name}");
        assert_eq!(file.tensors, safetensors(other), "{name}");
    }
}

#[test]
fn what_runs_code_is_said_only_where_it_does() {
    assert_eq!(read_bytes(&model_file("state.pt")).unwrap().1, [""; 0]);
    let notes = read_bytes(&model_file("module.pt")).unwrap().1;
    assert!(notes[0].contains("`torch.nn.modules.container.Sequential`"), "{notes:?}");
}

#[test]
fn where_tensors_cannot_be_told_apart_storages_are_listed() {
    let (sparse, _) = read_bytes(&model_file("sparse.pt")).unwrap();
    let names: Vec<&str> = sparse.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    assert_eq!(names, ["data/0", "data/1"]);
    let values = sparse.tensors.iter().find(|tensor| tensor.dtype == "float32").unwrap();
    let ones: Vec<u8> = [1_f32; 3].into_iter().flat_map(f32::to_le_bytes).collect();
    assert_eq!((values.sha256, &values.shape[..]), (Digest::of(ones), &[3][..]));
    assert!(sparse.counted && sparse.remark.unwrap().contains("by storage"));
}

#[test]
fn bytes_that_are_not_the_elements_are_not_listed_as_such() {
    let (file, notes) = read_bytes(&model_file("conj.pt")).unwrap();
    assert_eq!(file.tensors[0].name, "data/0");
    assert_eq!((file.tensors[0].dtype, notes.len()), ("complex64", 0));
}

#[test]
fn every_cut_is_refused() {
    let whole = model_file("sparse.pt");
    for end in 0..whole.len() {
        assert_ne!(code(&whole[..end]), "ok", "{end}");
    }
}

#[test]
fn a_pickle_that_lies_about_its_storages_is_refused() {
    let whole = model_file("checkpoint.ckpt");
    let replaced = |from: &[u8], to: &[u8]| {
        let at = whole.windows(from.len()).position(|window| window == from).unwrap();
        [&whole[..at], to, &whole[at + from.len()..]].concat()
    };
    // The storage of 24 elements; then the class of its elements.
    assert_eq!(code(&replaced(b"K\x18t", b"K\x17t")), "capture.torch-storage");
    assert_eq!(code(&replaced(b"cpu", b"cpv")), "ok");
    assert_eq!(code(&replaced(b"FloatStorage", b"LongStorage\n")), "capture.torch-pickle");
    assert_eq!(code(&replaced(b"K\x04K\x06", b"K\x05K\x06")), "capture.torch-storage");
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0xff;
        let tree = Tree::with(&[("m.pt", &changed)]);
        _ = read(&tree.artifacts().files[0], &Work::new(&()));
    }
}
