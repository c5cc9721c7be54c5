//! A part of a commitment: the sorted keys of some records of a set.
//!
//! ```text
//! {"part":"…/v1/records-part","record":"csv-row","count":N,"shard":"1/4","vrfKey":"u…"} LF
//! N keys of 32 bytes, in order
//! SHA-256 of all bytes before
//! ```
//!
//! The keys of all parts together are the keys of the set, whoever computed them; merging reads each part once
//! for its digest and once more for the tree, in flat memory. A part of personal data says to someone without the
//! secret how many records there are, and which of them two parts have in common; it is for the holder only.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom, Write};
use std::path::Path;
use std::str::FromStr;

use model_passport::json::{self, Json, Number, Object};
use model_passport::multibase;
use model_passport::records::Kind;
use sha2::Digest as _;

use super::DataError;
use crate::capture::records::Committed;
use crate::capture::sorted::{MAX_RUNS, Run};

const FORMAT: &str = "https://w3id.org/model-passport/v1/records-part";

/// Longest header, with its line feed.
const MAX_HEADER_BYTES: u64 = 1_024;

/// Most parts of one set.
const MAX_SHARDS: u64 = 512;

const DIGEST_BYTES: u64 = 32;

/// Which of how many parts, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    number: u64,
    of: u64,
}

impl Shard {
    /// Whether the record at this place, from 0, is of this part.
    pub(crate) const fn has(self, place: u64) -> bool {
        place % self.of == self.number - 1
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()) && !part.starts_with('0');
        let parsed = text.split_once('/').filter(|(number, of)| plain(number) && plain(of));
        let parsed =
            parsed.and_then(|(number, of)| Some(Self { number: number.parse().ok()?, of: of.parse().ok()? }));
        parsed
            .filter(|shard| (1..=shard.of).contains(&shard.number) && shard.of <= MAX_SHARDS)
            .ok_or("a shard is written as 1/4: the first of four; there are at most 512")
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// Writes a part.
pub(crate) fn write(out: &mut dyn Write, committed: &Committed<'_>, shard: Option<Shard>) -> io::Result<()> {
    let set = committed.set();
    let mut header = Object::new();
    header.insert("part", FORMAT);
    header.insert("record", set.kind.name());
    header.insert("count", Json::Number(Number::Integer(i64::try_from(set.count).unwrap_or(i64::MAX))));
    if let Some(shard) = shard {
        header.insert("shard", shard.to_string());
    }
    if let Some(key) = &set.vrf_key {
        header.insert("vrfKey", multibase::encode_base64url(key.as_bytes()));
    }
    let mut hash = sha2::Sha256::new();
    let mut both = |bytes: &[u8]| {
        hash.update(bytes);
        out.write_all(bytes)
    };
    both(format!("{}\n", Json::Object(header)).as_bytes())?;
    committed.sorted().each(|key| both(&key))?;
    out.write_all(&hash.finalize())
}

/// A part whose digest is right.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) kind: Kind,
    pub(crate) shard: Option<Shard>,
    pub(crate) vrf_key: Option<[u8; 32]>,
    pub(crate) run: Run,
}

impl Part {
    /// Opens a part and checks that it is whole.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let refused = |cause: &str| DataError::Part { path: path.to_owned(), cause: cause.to_owned() };
        let io = DataError::io(path);
        let file = File::open(path).map_err(&io)?;
        let size = file.metadata().map_err(&io)?.len();
        let mut header = Vec::new();
        let mut input = BufReader::new((&file).take(MAX_HEADER_BYTES));
        input.read_until(b'\n', &mut header).map_err(&io)?;
        let text = std::str::from_utf8(&header).ok().and_then(|text| text.strip_suffix('\n'));
        let header_bytes = u64::try_from(header.len()).unwrap_or(u64::MAX);
        let header =
            text.and_then(|text| json::parse(text).ok()).ok_or_else(|| refused("it has no header"))?;
        let (kind, count, shard, vrf_key) =
            read_header(&header).ok_or_else(|| refused("its header is wrong"))?;
        let whole = count.checked_mul(32).and_then(|keys| keys.checked_add(header_bytes + DIGEST_BYTES));
        if whole != Some(size) {
            return Err(refused("its length is not that of its header"));
        }
        let mut input = &file;
        input.seek(SeekFrom::Start(0)).map_err(&io)?;
        let mut hash = sha2::Sha256::new();
        io::copy(&mut input.take(size - DIGEST_BYTES), &mut HashWriter(&mut hash)).map_err(&io)?;
        let mut digest = [0; 32];
        input.read_exact(&mut digest).map_err(&io)?;
        if digest[..] != hash.finalize()[..] {
            return Err(refused("its bytes were changed"));
        }
        Ok(Self { kind, shard, vrf_key, run: Run { file, start: header_bytes, count } })
    }
}

struct HashWriter<'a>(&'a mut sha2::Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Header = (Kind, u64, Option<Shard>, Option<[u8; 32]>);

fn read_header(header: &Json) -> Option<Header> {
    let object = header.as_object()?;
    let known = |name: &str| ["part", "record", "count", "shard", "vrfKey"].contains(&name);
    let text = |name| header.get(name).and_then(Json::as_str);
    if !object.keys().all(known) || text("part") != Some(FORMAT) {
        return None;
    }
    let count = u64::try_from(header.get("count")?.as_i64()?).ok()?;
    let shard = match header.get("shard") {
        None => None,
        Some(shard) => Some(shard.as_str()?.parse().ok()?),
    };
    let vrf_key = match header.get("vrfKey") {
        None => None,
        Some(key) => Some(multibase::decode(key.as_str()?).ok()?.try_into().ok()?),
    };
    Some((Kind::from_name(text("record")?)?, count, shard, vrf_key))
}

/// Whether parts are of one set, and all of it: the kind of their records, or why not.
pub(crate) fn belong_together(parts: &[Part], expected: Option<&[u8; 32]>) -> Result<Kind, DataError> {
    let refused = |why: &str| DataError::Parts(why.to_owned());
    let first = parts.first().ok_or_else(|| refused("there are none"))?;
    if parts.len() > MAX_RUNS {
        return Err(refused("there are more than 512"));
    }
    if parts.iter().any(|part| part.kind != first.kind) {
        return Err(refused("their records are not of one kind"));
    }
    if parts.iter().any(|part| part.vrf_key != first.vrf_key) {
        return Err(refused("they were made with different secrets"));
    }
    match (&first.vrf_key, expected) {
        (None, None) => {}
        (Some(key), Some(expected)) if key == expected => {}
        (Some(_), None) => return Err(DataError::SecretsMissing),
        _ => return Err(DataError::WrongSecrets),
    }
    let numbers: Vec<Shard> = parts.iter().filter_map(|part| part.shard).collect();
    if let Some(Shard { of, .. }) = numbers.first().copied() {
        let wanted = |number| numbers.iter().filter(|shard| **shard == Shard { number, of }).count() == 1;
        if numbers.len() != parts.len() || u64::try_from(parts.len()) != Ok(of) || !(1..=of).all(wanted) {
            return Err(refused("each shard is needed once"));
        }
    }
    Ok(first.kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::records::Records;

    fn part(records: &[&str], shard: Option<&str>) -> Vec<u8> {
        let mut set = Records::new(Kind::CsvRow, None);
        records.iter().for_each(|record| set.push(model_passport::digest::sha256(record)).unwrap());
        let mut bytes = Vec::new();
        write(&mut bytes, &set.finish().unwrap(), shard.map(|shard| shard.parse().unwrap())).unwrap();
        bytes
    }

    fn open(bytes: &[u8]) -> Result<Part, DataError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Part::open(file.path())
    }

    #[test]
    fn a_part_is_read_as_it_was_written_and_not_otherwise() {
        let bytes = part(&["a", "b", "c"], Some("2/3"));
        let read = open(&bytes).unwrap();
        assert_eq!(
            (read.kind, read.shard.unwrap().to_string(), read.run.count),
            (Kind::CsvRow, "2/3".into(), 3)
        );
        for len in 0..bytes.len() {
            assert!(open(&bytes[..len]).is_err(), "{len} bytes");
            let mut changed = bytes.clone();
            changed[len] ^= 1;
            assert!(open(&changed).is_err(), "byte {len}");
        }
        assert!(open(&[&bytes[..], b"x"].concat()).is_err());
        let claims_too_much =
            String::from_utf8_lossy(&bytes).replace("\"count\":3", "\"count\":9007199254740991");
        assert!(open(claims_too_much.as_bytes()).is_err());
    }

    #[test]
    fn shards_are_numbers_from_one() {
        for text in
            ["", "1", "0/2", "3/2", "1/0", "01/2", "1/513", "1/2/3", "-1/2", "a/b", "1/99999999999999999999"]
        {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        let shards: Vec<Shard> = ["1/3", "2/3", "3/3"].map(|text| text.parse().unwrap()).into();
        for place in 0..9 {
            assert_eq!(shards.iter().filter(|shard| shard.has(place)).count(), 1);
        }
    }

    #[test]
    fn every_shard_is_needed_once() {
        let together = |shards: &[Option<&str>]| {
            let parts = shards.iter().map(|shard| open(&part(&["a"], *shard)).unwrap()).collect::<Vec<_>>();
            belong_together(&parts, None).map(Kind::name).map_err(|error| error.to_string())
        };
        assert_eq!(together(&[Some("2/2"), Some("1/2")]), Ok("csv-row"));
        assert_eq!(together(&[None, None]), Ok("csv-row"));
        for wrong in [
            &[][..],
            &[Some("1/2")],
            &[Some("1/2"), Some("1/2")],
            &[Some("1/2"), None],
            &[Some("1/2"), Some("2/3")],
        ] {
            assert!(together(wrong).is_err(), "{wrong:?}");
        }
    }
}
