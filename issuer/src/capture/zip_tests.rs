use super::super::testing::Tree;
use super::*;
use crate::problem::Problem as _;

/// An entry as an archive has it, twice.
#[derive(Clone)]
struct Member {
    name: &'static [u8],
    local_name: &'static [u8],
    flags: u16,
    method: u16,
    data: Vec<u8>,
    size: u32,
    /// Where the directory says that it is, if not where it is.
    at: Option<u32>,
}

fn stored(name: &'static str, data: &[u8]) -> Member {
    let (name, size) = (name.as_bytes(), u32::try_from(data.len()).unwrap());
    Member { name, local_name: name, flags: 0, method: 0, data: data.to_vec(), size, at: None }
}

fn deflated(name: &'static str, data: &[u8]) -> Member {
    let packed = miniz_oxide::deflate::compress_to_vec(data, 9);
    let size = u32::try_from(data.len()).unwrap();
    Member { data: packed, method: 8, size, ..stored(name, &[]) }
}

fn header(member: &Member, name: &[u8]) -> Vec<u8> {
    let (packed, name_len) = (u32::try_from(member.data.len()).unwrap(), u16::try_from(name.len()).unwrap());
    let mut bytes = vec![20, 0];
    bytes.extend(member.flags.to_le_bytes());
    bytes.extend(member.method.to_le_bytes());
    bytes.extend([0; 8]);
    bytes.extend(packed.to_le_bytes());
    bytes.extend(member.size.to_le_bytes());
    bytes.extend(name_len.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

fn archive(members: &[Member]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let at = member.at.unwrap_or(u32::try_from(bytes.len()).unwrap());
        bytes.extend(
            [b"PK\x03\x04", &header(member, member.local_name)[..], member.local_name, &member.data].concat(),
        );
        directory.extend([b"PK\x01\x02\x14\x00", &header(member, member.name)[..]].concat());
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(member.name);
    }
    let (start, count) =
        (u32::try_from(bytes.len()).unwrap(), u16::try_from(members.len()).unwrap().to_le_bytes());
    let len = u32::try_from(directory.len()).unwrap();
    bytes.extend(directory);
    bytes.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count].concat());
    bytes.extend([len.to_le_bytes(), start.to_le_bytes()].concat());
    bytes.extend([0; 2]);
    bytes
}

fn read_bytes(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, CaptureError> {
    let tree = Tree::with(&[("m.zip", bytes)]);
    let file = &tree.artifacts().files[0];
    let bytes = |entry: Entry| {
        let bytes = entry.bytes(file, 1 << 20)?.unwrap();
        assert_eq!(entry.digest(file, &Work::new(&()))?, Digest::of(&bytes));
        Ok((entry.name, bytes))
    };
    read(file)?.into_iter().map(bytes).collect()
}

fn code(bytes: &[u8]) -> &'static str {
    read_bytes(bytes).map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn entries_come_out_as_they_went_in() {
    let text = b"text ".repeat(200);
    let whole = archive(&[stored("a/b", b"1"), deflated("a/c", &text), stored("a/d", b"")]);
    let entries = [("a/b", b"1".to_vec()), ("a/c", text), ("a/d", Vec::new())];
    assert_eq!(read_bytes(&whole).unwrap(), entries.map(|(name, bytes)| (name.to_owned(), bytes)));
    for end in 0..whole.len() {
        assert_ne!(code(&whole[..end]), "ok", "{end}");
        let mut changed = whole.clone();
        changed[end] ^= 0xff;
        _ = read_bytes(&changed);
    }
    assert_eq!(code(&archive(&[])), "ok");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in ["../a", "/a", "a/../b", "a//b", "./a", "a\\b", "c:a", "a\0b", "", "a\n"] {
        assert_eq!(code(&archive(&[stored(name, b"1")])), "capture.zip-name", "{name:?}");
    }
    assert_eq!(code(&archive(&[stored("a", b"1"), stored("a", b"2")])), "capture.zip-name");
    let latin = Member { name: b"\xe9", local_name: b"\xe9", ..stored("a", b"1") };
    assert_eq!(code(&archive(&[latin])), "capture.zip-name");
}

#[test]
fn two_headers_two_readings() {
    let good = stored("a", b"1");
    for bad in [
        Member { local_name: b"b", ..good.clone() },
        Member { local_name: b"ab", ..good.clone() },
        Member { at: Some(1), ..good.clone() },
        Member { at: Some(u32::MAX), ..good.clone() },
    ] {
        assert_eq!(code(&archive(&[bad])), "capture.zip-directory");
    }
    for flags in [1, 0x40, 0x2000] {
        assert_eq!(code(&archive(&[Member { flags, ..good.clone() }])), "capture.zip-encrypted");
    }
    assert_eq!(code(&archive(&[Member { method: 12, ..good.clone() }])), "capture.zip-method");
    assert_eq!(code(&archive(&[Member { at: Some(1 << 30), ..good }])), "capture.zip-length");
}

#[test]
fn bombs_are_refused() {
    let zeros = deflated("z", &[0; 100_000]);
    assert_eq!(code(&archive(&[Member { size: u32::MAX - 1, ..zeros.clone() }])), "capture.zip-size");
    assert_eq!(code(&archive(&[Member { size: 99_999, ..zeros.clone() }])), "capture.zip-size");
    assert_eq!(code(&archive(&[Member { size: 100_001, ..zeros.clone() }])), "capture.zip-size");
    assert_eq!(code(&archive(&[Member { size: 2, ..stored("a", b"1") }])), "capture.zip-size");
    // One entry's data inside of another's.
    let inner = archive(&[stored("b", b"1")]);
    let outer = [stored("a", &inner), Member { at: Some(31), ..stored("b", b"1") }];
    assert_eq!(code(&archive(&outer)), "capture.zip-overlap");
    let same = [zeros.clone(), Member { at: Some(0), ..zeros }];
    assert_eq!(code(&archive(&same)), "capture.zip-name");
}

#[test]
fn bytes_outside_of_entries() {
    let whole = archive(&[stored("a", b"1")]);
    // An entry that no directory names stands first.
    let mut two = archive(&[stored("x", b"1"), stored("a", b"1")]);
    assert_eq!(code(&two), "ok");
    let first = 32..32 + 47;
    let directory =
        usize::try_from(u32::from_le_bytes(two[two.len() - 6..two.len() - 2].try_into().unwrap())).unwrap();
    two.drain(directory..directory + 47);
    let end = two.len() - 22;
    two[end + 8] = 1;
    two[end + 10] = 1;
    two[end + 12] = 47;
    assert_eq!(code(&two), "capture.zip-overlap", "{first:?}");
    assert_ne!(code(&[&whole[..], b"x"].concat()), "ok");
    assert_ne!(code(&[b"x", &whole[..]].concat()), "ok");
    let comment = [&whole[..whole.len() - 2], &[3, 0], b"abc"].concat();
    assert_eq!(code(&comment), "ok");
}
