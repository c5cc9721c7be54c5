//! What the tests of this folder share: small trees of files, and protobuf written by hand.

use std::path::{Path, PathBuf};

use super::artifacts::{self, Artifacts};
use super::{Options, Work};

/// A directory that goes away with the test.
pub(super) struct Tree(tempfile::TempDir);

impl Tree {
    pub(super) fn with(files: &[(&str, &[u8])]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for (path, bytes) in files {
            tree.write(path, bytes);
        }
        tree
    }

    pub(super) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn artifacts(&self) -> Artifacts {
        artifacts::read(self.path(), &Options::default(), &Work::new(&())).unwrap()
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

pub(super) fn varint_field(number: u64, value: u64) -> Vec<u8> {
    [varint(number << 3), varint(value)].concat()
}

/// A length-delimited field that holds these bytes.
pub(super) fn message(number: u64, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [varint(number << 3 | 2), varint(u64::try_from(body.len()).unwrap()), body].concat()
}

pub(super) fn packed(number: u64, values: &[u64]) -> Vec<u8> {
    let body: Vec<u8> = values.iter().flat_map(|value| varint(*value)).collect();
    message(number, &[&body])
}

/// A file that the library of its format has written.
pub(super) fn fixture(path: &str) -> Vec<u8> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture");
    std::fs::read(fixtures.join(path)).unwrap()
}

/// One of the small models.
pub(super) fn model_file(name: &str) -> Vec<u8> {
    fixture(&format!("models/{name}"))
}
