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

/// An archive with this pickle and one storage of ten bytes, compressed or not.
fn archive(items: &[u8]) -> Vec<u8> {
    let head = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\x000\
        (X\x07\0\0\0storagectorch\nByteStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x0atQq\x010}(";
    let pickle = [head, items, b"u."].concat();
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in [("a/data.pkl", &pickle[..]), ("a/data/0", &[7; 10][..])] {
        let size = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let crc = crc32(bytes).to_le_bytes();
        let len = u16::try_from(name.len()).unwrap().to_le_bytes();
        let common = [&[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &crc, &size, &size, &len, &[0, 0]].concat();
        let at = u32::try_from(body.len()).unwrap().to_le_bytes();
        directory.extend([b"PK\x01\x02\x14\0", &common[..], &[0; 10], &at, name.as_bytes()].concat());
        body.extend([b"PK\x03\x04", &common[..], name.as_bytes(), bytes].concat());
    }
    let (at, len) = (u32::try_from(body.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    let end = [&[2, 0, 2, 0][..], &len.to_le_bytes(), &at.to_le_bytes(), &[0, 0]].concat();
    [&body[..], &directory, b"PK\x05\x06\0\0\0\0", &end].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    }) ^ u32::MAX
}

/// A tensor of five bytes from an offset, with a stride.
fn view(offset: u8, len: u8, stride: u8) -> Vec<u8> {
    [&b"h\0(h\x01K"[..], &[offset, b'K', len, 0x85, b'K', stride, 0x85], b"\x89NtR"].concat()
}

fn unlisted(bytes: &[u8]) -> String {
    let tree = Tree::with(&[("m.pt", bytes)]);
    match read(&tree.artifacts().files[0], &Work::new(&())).unwrap().content {
        Content::Unlisted(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn keys_that_look_alike_drop_no_tensor() {
    let pair = |one: &[u8], two: &[u8]| {
        let items = [one, &view(0, 5, 1), two, &view(5, 5, 1)].concat();
        let names = read_bytes(&archive(&items)).unwrap().0.tensors.into_iter().map(|tensor| tensor.name);
        names.collect::<Vec<_>>()
    };
    assert_eq!(pair(b"K\0", b"K\x01"), ["0", "1"]);
    assert_eq!(pair(b"K\0", b"X\x01\0\0\x000"), ["data/0"]);
    assert_eq!(pair(b"K\0\x85", b"K\x01\x85"), ["data/0"]);
    // The same key twice is one.
    assert_eq!(pair(b"K\0", b"K\0"), ["0"]);
}

#[test]
fn what_the_pickle_itself_holds_is_not_listed() {
    let with = |value: &[u8]| archive(&[b"K\0", &view(0, 5, 1)[..], b"X\x01\0\0\0w", value].concat());
    let floats = |count: usize| b"G\0\0\0\0\0\0\0\0".repeat(count);
    let list = |items: &[u8]| [b"](", items, b"e"].concat();
    for value in [
        &list(&floats(9))[..],
        &[b"]", &b"G\0\0\0\0\0\0\0\0a".repeat(9)[..]].concat(),
        &[b"(", &floats(9)[..], b"t"].concat(),
        &list(&b"K\x07".repeat(70)),
        &[b"}(", &[b"K\0", &floats(1)[..]].concat().repeat(70)[..], b"u"].concat(),
        &[b"C\x80", &[0; 128][..]].concat(),
        &[b"X\0\x10\0\0", &[b'a'; 4096][..]].concat(),
        b"cnumpy.core.multiarray\n_reconstruct\n)R",
        &[b"c_codecs\nencode\nX\x60\0\0\0", &[b'a'; 96][..], b"X\x06\0\0\0latin1\x86R"].concat(),
    ] {
        assert!(unlisted(&with(value)).contains("its pickle holds"), "{value:?}");
    }
    let indices: Vec<u8> = (0..200).flat_map(|at| [b'K', at]).collect();
    for value in [&list(&floats(2))[..], &floats(1), b"N", &list(&indices), b"C\x01x"] {
        assert_eq!(read_bytes(&with(value)).unwrap().0.tensors.len(), 1);
    }
}

#[test]
fn a_storage_is_not_read_again_and_again() {
    let views = |count: u8| {
        let items: Vec<u8> = (0..count).flat_map(|at| [&[b'K', at][..], &view(0, 2, 3)].concat()).collect();
        read_bytes(&archive(&items)).unwrap().0
    };
    assert_eq!(views(4).tensors.len(), 4);
    assert!(views(60).remark.unwrap().contains("share too many bytes"));
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
