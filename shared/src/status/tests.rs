//! The list that the specification prints, and what is no list and no entry.

use proptest::prelude::*;

use super::*;
use crate::json::parse;
use crate::multibase;

/// 16 KiB of zero bits, as
/// [section 2.2](https://www.w3.org/TR/vc-bitstring-status-list/#bitstringstatuslistcredential) prints them.
const PUBLISHED: &str = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA";
const KIB: usize = 1 << 10;
const CAP: usize = 16 << 20;

#[test]
fn the_published_list_is_read() {
    let bits = Bitstring::expand(PUBLISHED, CAP).unwrap();
    assert_eq!((bits.len(), bits.entries(1), bits.entries(2)), (16 * KIB, 131_072, 65_536));
    assert_eq!((bits.value(0, 1), bits.value(131_071, 1), bits.value(131_072, 1)), (Some(0), Some(0), None));
    assert_eq!(bits.value(u64::MAX, 1), None);
    assert_eq!(bits.value(u64::MAX / 2, 8), None);
}

fn member(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = multibase::decode(PUBLISHED).unwrap();
    change(&mut bytes);
    multibase::encode_base64url(&bytes)
}

#[test]
fn what_readers_disagree_on_is_refused() {
    let last = |bytes: &mut Vec<u8>, from_end: usize, value: u8| {
        let at = bytes.len() - from_end;
        bytes[at] = value;
    };
    let whole = multibase::decode(PUBLISHED).unwrap();
    let name = |flag: u8, field: &[u8]| {
        member(|bytes| {
            bytes[3] = flag;
            bytes.splice(10..10, field.iter().copied());
        })
    };
    let good = |text: &str| Bitstring::expand(text, CAP).map(|bits| bits.len()).map_err(|e| e.to_string());
    // A name, a comment and further fields say nothing about the bits.
    for text in [
        name(8, b"list\0"),
        name(16, b"\0"),
        name(4, &[2, 0, 7, 7]),
        name(4 | 8, &[1, 0, 7, b'a', 0]),
        name(1, &[]),
    ] {
        assert_eq!(good(&text), Ok(16 * KIB), "{text}");
    }
    for text in [
        String::new(),
        "u".to_owned(),
        PUBLISHED.replacen('u', "z", 1),
        PUBLISHED[1..].to_owned(),
        format!("{PUBLISHED}="),
        member(|bytes| bytes.extend(whole.clone())),
        member(|bytes| bytes.push(0)),
        member(|bytes| bytes.truncate(bytes.len() - 1)),
        member(|bytes| bytes.truncate(17)),
        member(|bytes| last(bytes, 5, 0)),
        member(|bytes| last(bytes, 3, 0x3f)),
        member(|bytes| last(bytes, 3, 0x41)),
        member(|bytes| bytes[0] = 0x1e),
        member(|bytes| bytes[2] = 7),
        member(|bytes| bytes[12] ^= 0xff),
        name(8, b"list"),
        name(2, &[0, 0]),
        name(4, &[255, 255]),
        name(32, &[]),
        multibase::encode_base64url(b"\x78\x9c\x03\x00\x00\x00\x00\x01 and more"),
    ] {
        let error = Bitstring::expand(&text, CAP).unwrap_err();
        assert_eq!(error.code(), "status.list-encoding", "{text}: {error}");
    }
    assert_eq!(Bitstring::expand(PUBLISHED, 16 * KIB - 1).unwrap_err().code(), "status.list-too-large");
}

#[cfg(feature = "sign")]
#[test]
fn a_bomb_is_stopped_by_what_it_says_and_by_what_it_is() {
    let bomb = Bitstring::new((CAP + 1) * 8, 1).encode();
    assert!(bomb.len() < 32 * KIB);
    assert_eq!(Bitstring::expand(&bomb, CAP).unwrap_err().code(), "status.list-too-large");
    let mut modest = multibase::decode(&bomb).unwrap();
    let at = modest.len() - 4;
    modest[at..].copy_from_slice(&[0, 0x40, 0, 0]);
    let error = Bitstring::expand(&multibase::encode_base64url(&modest), CAP).unwrap_err();
    assert_eq!(error.code(), "status.list-encoding");
}

#[cfg(feature = "sign")]
#[test]
fn bit_zero_is_the_most_significant_of_the_first_byte() {
    let mut bits = Bitstring::new(MIN_STATUS_ENTRIES, 1);
    assert!(bits.set(0, 1, 1) && bits.set(15, 1, 1));
    assert!(!bits.set(131_072, 1, 1) && !bits.set(0, 1, 2) && !bits.set(u64::MAX, 1, 1));
    assert_eq!((bits.value(0, 8), bits.value(1, 8), bits.value(7, 1)), (Some(0x80), Some(0x01), Some(0)));
    let mut bits = Bitstring::new(MIN_STATUS_ENTRIES, 2);
    assert!(bits.set(1, 2, 2) && bits.set(2, 2, 3) && bits.set(2, 2, 1));
    assert_eq!((bits.value(0, 8), bits.entries(2)), (Some(0b0010_0100), MIN_STATUS_ENTRIES));
}

#[cfg(feature = "sign")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_was_set_is_read(
        size in 1u8..=MAX_STATUS_SIZE,
        changes in proptest::collection::vec((0u64..131_072, any::<u8>()), 0..200),
    ) {
        let mut bits = Bitstring::new(MIN_STATUS_ENTRIES, size);
        let mut expected = std::collections::BTreeMap::new();
        for (index, value) in changes {
            let value = u32::from(value) & ((1 << size) - 1);
            prop_assert!(bits.set(index, size, value));
            expected.insert(index, value);
        }
        let read = Bitstring::expand(&bits.encode(), CAP).unwrap();
        prop_assert_eq!(&read, &bits);
        for index in 0..131_072 {
            prop_assert_eq!(read.value(index, size), Some(expected.get(&index).copied().unwrap_or(0)));
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "u?[A-Za-z0-9_-]{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Bitstring::expand(&text, CAP);
        let mut member = vec![0x1f, 0x8b, 8];
        member.extend(bytes);
        let _ = Bitstring::expand(&multibase::encode_base64url(&member), CAP);
    }
}

const ENTRY: &str = r#"{"id":"https://lab.example/status/3#94567","type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"94567","statusListCredential":"https://lab.example/status/3"}"#;

fn entry(change: impl FnOnce(String) -> String) -> Result<Entry, StatusError> {
    Entry::read(&parse(&change(ENTRY.to_owned())).unwrap())
}

fn with(member: &str) -> Result<Entry, StatusError> {
    entry(|text| text.replacen('{', &format!("{{{member},"), 1))
}

#[test]
fn an_index_has_one_spelling() {
    let index = |index: &str| entry(|text| text.replace("\"94567\"", index)).map(|entry| entry.index);
    for (text, value) in [
        ("\"0\"", 0),
        ("\"7\"", 7),
        ("\"4294967301\"", 4_294_967_301),
        ("\"9999999999999999999\"", 9_999_999_999_999_999_999),
    ] {
        assert_eq!(index(text), Ok(value), "{text}");
    }
    for text in [
        "94567",
        "\"1e3\"",
        "\"٣\"",
        "\"007\"",
        "\"-1\"",
        "\"+1\"",
        "\"\"",
        "\" 1\"",
        "\"1.0\"",
        "\"0x1\"",
        "\"00\"",
        "\"18446744073709551616\"",
        "null",
        "true",
        "[\"1\"]",
    ] {
        assert_eq!(index(text), Err(StatusError::Entry("statusListIndex")), "{text}");
    }
}

#[test]
fn an_entry_says_where_to_look() {
    let plain = entry(|text| text).unwrap();
    assert_eq!(
        (plain.purpose.name(), plain.size, plain.list.as_str()),
        ("revocation", 1, "https://lab.example/status/3")
    );
    assert_eq!((plain.message(0), plain.message(1)), (Some("unset"), Some("set")));
    let four = r#""statusSize":2,"statusMessage":[{"status":"0x0","message":"a"},{"status":"0x1","message":"b"},{"status":"0x2","message":"c"},{"status":"0x3","message":"d"}]"#;
    assert_eq!(with(four).unwrap().message(2), Some("c"));
    assert_eq!(with(&four.replace(":2", ":\"2\"")).unwrap().size, 2);
    assert_eq!(with(r#""statusReference":"https://lab.example/d""#).unwrap().references.len(), 1);
    for (member, name) in [
        (r#""statusSize":2"#.to_owned(), "statusMessage"),
        (r#""statusSize":0"#.to_owned(), "statusSize"),
        (r#""statusSize":9"#.to_owned(), "statusSize"),
        (r#""statusSize":257"#.to_owned(), "statusSize"),
        (r#""statusSize":"01""#.to_owned(), "statusSize"),
        (r#""statusSize":1.5"#.to_owned(), "statusSize"),
        (four.replace("0x3", "0x2"), "statusMessage"),
        (four.replace("0x3", "0x4"), "statusMessage"),
        (four.replace("0x3", "3"), "statusMessage"),
        (four.replace("0x3", "0x+3"), "statusMessage"),
        (four.replace("\"statusSize\":2", "\"statusSize\":1"), "statusMessage"),
        (r#""statusMessage":{}"#.to_owned(), "statusMessage"),
        (r#""statusReference":["x"]"#.to_owned(), "statusReference"),
    ] {
        assert_eq!(with(&member), Err(StatusError::Entry(name)), "{member}");
    }
    for (from, to, name) in [
        ("https://lab.example/status/3\"}", "status/3\"}", "statusListCredential"),
        ("https://lab.example/status/3\"}", "https://lab.example/status 3\"}", "statusListCredential"),
        ("#94567", "", "id"),
        ("\"revocation\"", "\"\"", "statusPurpose"),
        ("\"revocation\"", "[\"revocation\"]", "statusPurpose"),
        ("\"BitstringStatusListEntry\"", "[\"BitstringStatusListEntry\"]", "type"),
    ] {
        assert_eq!(entry(|text| text.replace(from, to)), Err(StatusError::Entry(name)), "{to}");
    }
    assert_eq!(entry(|text| text.replace("Bitstring", "")).unwrap_err().code(), "status.not-supported");
}

#[test]
fn a_list_is_one_list() {
    let list = r#"{"type":["VerifiableCredential","BitstringStatusListCredential"],"credentialSubject":{"type":"BitstringStatusList","statusPurpose":["revocation","suspension"],"encodedList":"u","ttl":300000}}"#;
    let read = |text: &str| StatusList::read(&parse(text).unwrap());
    let good = read(list).unwrap();
    assert_eq!((good.purposes.len(), good.ttl_millis, good.size), (2, Some(300_000), None));
    for (from, to, name) in [
        ("ListCredential", "Credential", "type"),
        ("\"BitstringStatusList\"", "\"StatusList2021\"", "credentialSubject/type"),
        ("[\"revocation\",\"suspension\"]", "[]", "credentialSubject/statusPurpose"),
        ("[\"revocation\",\"suspension\"]", "[1]", "credentialSubject/statusPurpose"),
        ("\"u\"", "1", "credentialSubject/encodedList"),
        ("300000", "-1", "credentialSubject/ttl"),
        ("300000", "1.5", "credentialSubject/ttl"),
        ("\"ttl\"", "\"statusSize\":0,\"ttl\"", "credentialSubject/statusSize"),
        ("\"credentialSubject\":", "\"credentialSubject\":[],\"x\":", "credentialSubject"),
    ] {
        assert_eq!(read(&list.replacen(from, to, 1)), Err(StatusError::List(name)), "{to}");
    }
}
