use super::super::testing::{Tree, message, packed, varint_field};
use super::*;
use crate::problem::Problem as _;

fn bytes_field(number: u64, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    message(number, &[bytes.as_ref()])
}

/// A `ModelProto` with these fields in its graph.
fn model(graph: &[&[u8]]) -> Vec<u8> {
    let opset = message(8, &[&varint_field(2, 17)]);
    [varint_field(1, 8), message(7, graph), opset].concat()
}

fn tensor(name: &str, code: u64, dims: &[u64], data: &[u8]) -> Vec<u8> {
    let dims: Vec<u8> = dims.iter().flat_map(|dim| varint_field(1, *dim)).collect();
    message(5, &[&dims, &varint_field(2, code), &bytes_field(8, name), data])
}

fn read_bytes(bytes: &[u8]) -> Result<TensorFile, CaptureError> {
    let tree = Tree::with(&[("m.onnx", bytes)]);
    let artifacts = tree.artifacts();
    read(&artifacts.files[0], &artifacts, &Work::new(&())).map(tensor_file)
}

fn tensor_file(reading: Reading) -> TensorFile {
    match reading.content {
        Content::Tensors(file) => file,
        other => panic!("{other:?}"),
    }
}

fn unlisted(bytes: &[u8]) -> String {
    let tree = Tree::with(&[("m.onnx", bytes)]);
    let artifacts = tree.artifacts();
    match read(&artifacts.files[0], &artifacts, &Work::new(&())).unwrap().content {
        Content::UnlistedInterface(_, why) => why,
        other => panic!("{other:?}"),
    }
}

/// A `NodeProto` of the main graph.
fn node(kind: &str, domain: &str, attribute: &[u8]) -> Vec<u8> {
    let (kind, domain) = (bytes_field(4, kind), bytes_field(7, domain));
    message(1, &[&bytes_field(2, "w"), &kind, &domain, &bytes_field(5, attribute)])
}

#[test]
fn constants_of_nodes_are_tensors_too() {
    // As an attribute, a tensor is field 5 of it as well.
    let constant = |values: [f32; 2]| {
        let bytes: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
        model(&[&node("Constant", "", &tensor("", 1, &[2], &bytes_field(9, &bytes)))])
    };
    let (one, two) = (read_bytes(&constant([1.0, 2.0])).unwrap(), read_bytes(&constant([1.0, 3.0])).unwrap());
    assert_eq!((one.tensors.len(), one.tensors[0].name.as_str()), (1, "w"));
    assert_ne!(one.tensors[0].sha256, two.tensors[0].sha256);
    assert!(one.remark.unwrap().contains("constants of its nodes"));
    // Sizes and axes are not.
    let sizes = bytes_field(9, [0; 16]);
    for settings in [
        node("Constant", "", &tensor("", 7, &[2], &sizes)),
        node("Constant", "ai.onnx", &tensor("", 1, &[], &bytes_field(9, [0; 4]))),
        node("Conv", "", &packed(8, &[1, 1, 1, 1])),
        node("Upsample", "", &bytes_field(7, [0; 16])),
    ] {
        assert!(read_bytes(&model(&[&settings])).unwrap().tensors.is_empty());
    }
}

#[test]
fn what_else_nodes_hold_is_not_listed() {
    let values = tensor("", 1, &[2], &bytes_field(9, [0; 8]));
    let inner = |graph: &[u8]| node("If", "", &bytes_field(6, graph));
    for held in [
        node("TreeEnsembleRegressor", "ai.onnx.ml", &bytes_field(7, [0; 8])),
        node("TreeEnsembleRegressor", "ai.onnx.ml", &[varint_field(8, 1), varint_field(8, 2)].concat()),
        node("LabelEncoder", "ai.onnx.ml", &bytes_field(9, "a")),
        node("Constant", "", &bytes_field(7, [0; 8])),
        node("Constant", "", &bytes_field(22, [])),
        node("Custom", "x", &values),
        node("Any", "", &packed(8, &[1; 65])),
        node("EPContext", "", &bytes_field(4, [b'x'; 5_000])),
        inner(&values),
        inner(&node("Constant", "", &values)),
        inner(&inner(&node("Constant", "", &values))),
    ] {
        let why = unlisted(&model(&[&tensor("v", 1, &[1], &bytes_field(9, [0; 4])), &held]));
        assert!(why.contains("nodes"), "{why}");
    }
    let function = message(
        25,
        &[
            &message(7, &[&bytes_field(4, "F"), &bytes_field(7, "x")]),
            &message(7, &[&bytes_field(4, "Constant"), &bytes_field(5, &values)]),
        ],
    );
    assert!(unlisted(&[model(&[]), function].concat()).contains("Constant"));
    let deep = (0..20).fold(Vec::new(), |graph, _| inner(&graph));
    assert!(unlisted(&model(&[&deep])).contains("nested"));
}

fn code(bytes: &[u8]) -> &'static str {
    read_bytes(bytes).map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn every_way_to_store_values_has_one_digest() {
    let sha = |bytes: &[u8]| model_passport::digest::Digest::of(bytes);
    let floats: Vec<u8> = [1.5_f32, -2.0].into_iter().flat_map(f32::to_le_bytes).collect();
    let loose: Vec<u8> = floats.chunks(4).flat_map(|bytes| [&[4 << 3 | 5], bytes].concat()).collect();
    for data in [bytes_field(9, &floats), bytes_field(4, &floats), loose] {
        let file = read_bytes(&model(&[&tensor("w", 1, &[2], &data)])).unwrap();
        assert_eq!(file.tensors[0].sha256, sha(&floats));
    }
    // -1 as int8: sign-extended to ten bytes, or 255.
    for data in [varint_field(5, u64::MAX), varint_field(5, 255), packed(5, &[u64::MAX])] {
        assert_eq!(
            read_bytes(&model(&[&tensor("w", 3, &[1], &data)])).unwrap().tensors[0].sha256,
            sha(&[255])
        );
    }
    let wide = packed(7, &[u64::MAX, 300]);
    let file = read_bytes(&model(&[&tensor("w", 7, &[2], &wide)])).unwrap();
    assert_eq!(file.tensors[0].sha256, sha(&[[255; 8], 300_u64.to_le_bytes()].concat()));
    // Two 4-bit values share a byte.
    assert_eq!(code(&model(&[&tensor("w", 22, &[3], &bytes_field(9, [0x21, 0x03]))])), "ok");
    let text = model(&[&tensor("w", 8, &[1], &bytes_field(6, "hi"))]);
    assert_eq!(read_bytes(&text).unwrap().tensors[0].sha256, sha(b"\x02\0\0\0\0\0\0\0hi"));
}

#[test]
fn data_that_type_and_shape_do_not_make_is_refused() {
    let raw = |bytes: &[u8]| bytes_field(9, bytes);
    for (kind, dims, data) in [
        (1, &[2][..], raw(&[0; 7])),
        (1, &[2], raw(&[0; 9])),
        (1, &[2], Vec::new()),
        (1, &[2], [raw(&[0; 4]), bytes_field(4, [0; 4])].concat()),
        (1, &[1], varint_field(5, 0)),
        (3, &[1], varint_field(5, 256)),
        (8, &[1], raw(b"hi")),
        (0, &[], Vec::new()),
        (1, &[1], [raw(&[0; 4]), varint_field(14, 2)].concat()),
    ] {
        assert_eq!(code(&model(&[&tensor("w", kind, dims, &data)])), "capture.onnx-data", "{kind} {dims:?}");
    }
    let twice = [raw(&[0; 4]), raw(&[0; 4])].concat();
    assert_eq!(code(&model(&[&tensor("w", 1, &[1], &twice)])), "capture.onnx-malformed");
    assert_eq!(code(&model(&[&tensor("w", 99, &[1], &raw(&[0]))])), "capture.onnx-dtype");
    let same = tensor("w", 1, &[1], &raw(&[0; 4]));
    assert_eq!(code(&model(&[&same, &same])), "capture.onnx-duplicate-name");
    assert_eq!(code(&model(&[&bytes_field(15, [])])), "capture.onnx-unsupported");
}

#[test]
fn shapes_that_no_tensor_has_are_refused() {
    let none = Vec::new();
    assert_eq!(code(&model(&[&tensor("w", 1, &[0], &none)])), "ok");
    for dims in [&[u64::MAX][..], &[1 << 63], &[1 << 40, 1 << 40], &[1 << 62, 2]] {
        assert_eq!(code(&model(&[&tensor("w", 1, dims, &none)])), "capture.onnx-shape", "{dims:?}");
    }
    assert_eq!(code(&model(&[&tensor("w", 1, &[1; 33], &none)])), "capture.onnx-too-many");
    let many = bytes_field(1, [1; 1_000_000]);
    assert_eq!(code(&model(&[&message(5, &[&many])])), "capture.onnx-too-many");
}

#[test]
fn a_file_of_empty_messages_costs_no_memory() {
    // 2 bytes each; as structs they would be a hundred times that.
    let empty: Vec<u8> = std::iter::repeat_n([5 << 3 | 2, 0], 200_000).flatten().collect();
    assert!(["capture.onnx-too-many", "capture.onnx-data"].contains(&code(&model(&[&empty]))));
    let inputs: Vec<u8> = std::iter::repeat_n([11 << 3 | 2, 0], 200_000).flatten().collect();
    assert_eq!(code(&model(&[&inputs])), "capture.onnx-too-many");
}

#[test]
fn other_bytes_are_not_onnx() {
    for bytes in [&b""[..], b"PK\x03\x04", b"{}", &[0; 64], &[0xff; 64], b"\x80\x04\x95 pickle"] {
        assert_eq!(code(bytes), "capture.onnx-malformed", "{bytes:?}");
    }
    assert_eq!(code(&message(7, &[])), "capture.onnx-malformed");
    let graph = [model(&[]), message(7, &[])].concat();
    assert_eq!(code(&graph), "capture.onnx-malformed");
}

#[test]
fn every_cut_and_every_changed_byte_gives_an_answer() {
    let port = |number, name| {
        let dims = [message(1, &[&bytes_field(2, "N")]), message(1, &[&varint_field(1, 3)])].concat();
        let kind = message(1, &[&varint_field(1, 1), &message(2, &[&dims])]);
        message(number, &[&bytes_field(1, name), &message(2, &[&kind])])
    };
    let weights = tensor("w", 1, &[1], &bytes_field(9, [0; 4]));
    let whole = model(&[&weights, &port(11, "x"), &port(11, "w"), &port(12, "y")]);
    let file = read_bytes(&whole).unwrap();
    let interface = Json::Object(file.interface.unwrap());
    assert_eq!(
        interface.pointer("/inputs").unwrap().to_string(),
        r#"[{"name":"x","dtype":"float32","shape":["N",3]}]"#,
        "an initialiser is not asked for"
    );
    assert_eq!(interface.get("opset").and_then(Json::as_i64), Some(17));
    for end in 0..whole.len() {
        _ = read_bytes(&whole[..end]);
        for bit in [0x01, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[end] ^= bit;
            _ = read_bytes(&changed);
        }
    }
}

#[test]
fn external_data_is_read_only_from_among_the_captured_files() {
    let pair = |key: &str, value: &str| message(13, &[&bytes_field(1, key), &bytes_field(2, value)]);
    let external = |location: &str, offset: &str| {
        let data = [pair("location", location), pair("offset", offset), varint_field(14, 1)].concat();
        model(&[&tensor("w", 1, &[2], &data)])
    };
    let outcome = |location: &str, offset: &str| {
        let onnx = external(location, offset);
        let tree = Tree::with(&[("in/m.onnx", &onnx), ("in/w.bin", b"0123456789ab"), ("out.bin", &[0; 64])]);
        let artifacts = tree.artifacts();
        let read = read(&artifacts.files[0], &artifacts, &Work::new(&()));
        read.map_or_else(|error| error.code().to_owned(), |file| tensor_file(file).tensors[0].sha256.to_hex())
    };
    let expected = model_passport::digest::Digest::of("456789ab").to_hex();
    assert_eq!(outcome("w.bin", "4"), expected);
    assert_eq!(outcome("./w.bin", "4"), expected);
    for (location, offset) in [
        ("w.bin", "5"),
        ("w.bin", "18446744073709551615"),
        ("../out.bin", "0"),
        ("/etc/passwd", "0"),
        ("gone.bin", "0"),
    ] {
        assert_eq!(outcome(location, offset), "capture.onnx-external-data", "{location} {offset}");
    }
    for location in ["..", ".", "in/../../out.bin", "..\\out.bin", "./../out.bin", "W.BIN"] {
        assert_eq!(outcome(location, "0"), "capture.onnx-external-data", "{location}");
    }
    assert_eq!(outcome("", "0"), "capture.onnx-data");
    assert_eq!(outcome("w.bin", "-1"), "capture.onnx-data");
}

#[test]
fn external_data_can_be_in_several_files() {
    let pair = |key: &str, value: &str| message(13, &[&bytes_field(1, key), &bytes_field(2, value)]);
    let external = |name: &str, location: &str, offset: &str, length: &str| {
        let data = [pair("location", location), pair("offset", offset), pair("length", length)].concat();
        tensor(name, 1, &[1], &[data, varint_field(14, 1)].concat())
    };
    let onnx = model(&[
        &external("a", "w.bin", "0", "4"),
        &external("b", "w.bin", "8", "4"),
        &external("c", "more/x.data", "0", "4"),
        &tensor("d", 1, &[1], &bytes_field(9, "here")),
    ]);
    let tree = Tree::with(&[("m.onnx", &onnx), ("w.bin", b"aaaa____bbbb"), ("more/x.data", b"cccc")]);
    let artifacts = tree.artifacts();
    let file = artifacts.files.iter().find(|file| file.path == "m.onnx").unwrap();
    let tensors = tensor_file(read(file, &artifacts, &Work::new(&())).unwrap()).tensors;
    let expected = ["aaaa", "bbbb", "cccc", "here"].map(model_passport::digest::Digest::of);
    assert_eq!(tensors.iter().map(|tensor| tensor.sha256).collect::<Vec<_>>(), expected);
    // Many tensors in the same bytes.
    let one = |name: &str| {
        let data = [pair("location", "w.bin"), pair("length", "400000"), varint_field(14, 1)].concat();
        tensor(name, 1, &[100_000], &data)
    };
    let all: Vec<Vec<u8>> = (0..40).map(|n| one(&n.to_string())).collect();
    let onnx = model(&all.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let tree = Tree::with(&[("m.onnx", &onnx), ("w.bin", &[0; 400_000])]);
    let artifacts = tree.artifacts();
    let error = read(&artifacts.files[0], &artifacts, &Work::new(&())).unwrap_err();
    assert_eq!(error.code(), "capture.onnx-too-many");
    // A length that is not what type and shape make.
    let lie = model(&[&external("a", "w.bin", "0", "8")]);
    let tree = Tree::with(&[("m.onnx", &lie), ("w.bin", b"aaaa____bbbb")]);
    let artifacts = tree.artifacts();
    let error = read(&artifacts.files[0], &artifacts, &Work::new(&())).unwrap_err();
    assert_eq!(error.code(), "capture.onnx-data");
}
