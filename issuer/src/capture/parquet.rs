//! Tables as [Parquet](https://parquet.apache.org/docs/file-format/): what the footer says.
//!
//! ```text
//! "PAR1" … row groups … footer (Thrift) | footer length, 4 bytes little endian | "PAR1"
//! ```
//!
//! *In scope:* rows, columns and their types. *Out of scope:* the values: nothing is decompressed or decoded. So the
//! record of the commitment is the file; to prove single rows, capture the table as CSV.

use std::io::{Read as _, Seek as _, SeekFrom};

use model_passport::json::{Json, Object};
use model_passport::records::Kind;

use super::artifacts::Artifact;
use super::data::{Contents, sha256_of};
use super::node::{integer, measured};
use super::records::Records;
use super::thrift::{Reader, ThriftError, Type};
use super::{CaptureError, FormatError};

/// Longest footer: far above that of any table whose columns fit into a passport.
const MAX_FOOTER_BYTES: u64 = 16 << 20;

/// Most columns: each takes 3 JSON values of a credential.
const MAX_COLUMNS: usize = 4_096;

/// Longest name of a column that a passport takes.
const MAX_NAME_CHARS: usize = 1_024;

/// Most parts of a schema, with those inside columns.
const MAX_SCHEMA_ELEMENTS: usize = 65_536;

const MAGIC: &[u8; 4] = b"PAR1";
const MAGIC_BYTES: u64 = 4;
const MAGIC_ENCRYPTED: &[u8; 4] = b"PARE";

/// Adds a table.
pub(super) fn add_to(contents: &mut Contents<'_>, file: &Artifact) -> Result<(), CaptureError> {
    let table = read(file)?;
    let number = |value| integer(value, &file.location);
    let columns = table
        .columns
        .iter()
        .map(|(name, kind)| Json::Object(Object::from_iter([("name", name.as_str()), ("type", *kind)])));
    let mut node = measured("DataContent");
    node.insert("path", file.path.as_str());
    node.insert("rowCount", number(table.rows)?);
    node.insert("columnCount", number(u64::try_from(table.columns.len()).unwrap_or(u64::MAX))?);
    node.insert("columns", columns.collect::<Vec<_>>());
    let mut records = Records::new(Kind::File, contents.secret);
    let committed = records.push(sha256_of(file)).and_then(|()| records.finish()?.write_to(&mut node));
    committed.map_err(|cause| CaptureError::io(&file.location, cause))?;
    contents.add(node, format!("the footer and the bytes of `{}`", file.path));
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Table {
    rows: u64,
    columns: Vec<(String, &'static str)>,
}

fn read(file: &Artifact) -> Result<Table, CaptureError> {
    let io = |cause| CaptureError::io(&file.location, cause);
    let refused = |cause| CaptureError::Format { path: file.location.clone(), cause };
    let mut input = file.open()?;
    let size = file.hashed.stamp.size;
    let truncated = || {
        refused(FormatError {
            code: "capture.parquet-truncated",
            format: "Parquet",
            message: format!("its {size} bytes do not end in a footer that fits into them"),
            help: "the file is damaged or incomplete; write it again",
        })
    };
    // Magic, length of the footer, magic.
    let Some(most) = size.checked_sub(12) else { return Err(truncated()) };
    let (mut start, mut end) = ([0; 4], [0; 8]);
    input.read_exact(&mut start).map_err(io)?;
    input.seek(SeekFrom::Start(size - 8)).map_err(io)?;
    input.read_exact(&mut end).map_err(io)?;
    let [a, b, c, d, magic @ ..] = end;
    if [start, magic].contains(MAGIC_ENCRYPTED) {
        return Err(refused(FormatError {
            code: "capture.parquet-encrypted",
            format: "Parquet",
            message: "its footer is encrypted".to_owned(),
            help: "capture the table as its reader sees it, or rename the file to have it captured as bytes",
        }));
    }
    let footer_bytes = u64::from(u32::from_le_bytes([a, b, c, d]));
    if start != *MAGIC || magic != *MAGIC || footer_bytes > most || footer_bytes > MAX_FOOTER_BYTES {
        return Err(truncated());
    }
    let mut footer = vec![0; usize::try_from(footer_bytes).map_err(|_| truncated())?];
    input.seek(SeekFrom::Start(size - 8 - footer_bytes)).map_err(io)?;
    input.read_exact(&mut footer).map_err(io)?;
    file.unchanged(&input)?;
    parse(&footer, most - footer_bytes + MAGIC_BYTES).map_err(|wrong| {
        refused(FormatError {
            code: "capture.parquet-footer",
            format: "Parquet",
            message: format!("its footer is wrong: {wrong}"),
            help: "the file is damaged, or uses a part of the format that is not known here; write it again",
        })
    })
}

/// One part of the schema, which is a tree written flat.
#[derive(Debug, Default)]
struct Element {
    physical: Option<i64>,
    repeated: bool,
    name: String,
    children: usize,
    converted: Option<i64>,
    logical: Option<i64>,
}

/// What a footer says, which has to fit the bytes of the data: those up to `end`.
fn parse(footer: &[u8], end: u64) -> Result<Table, &'static str> {
    let (mut schema, mut rows, mut groups) = (Vec::new(), None, None);
    let read = Reader::new(footer).structure(|id, kind, reader| match (id, kind) {
        (2, Type::List) => {
            reader.list(|_, reader| {
                if schema.len() >= MAX_SCHEMA_ELEMENTS {
                    return Err(ThriftError::Range);
                }
                schema.push(element(reader)?);
                Ok(())
            })?;
            Ok(None)
        }
        (3, Type::Integer) => {
            rows = Some(u64::try_from(reader.integer()?).map_err(|_| ThriftError::Range)?);
            Ok(None)
        }
        (4, Type::List) => {
            let groups = groups.get_or_insert_with(Vec::new);
            reader.list(|_, reader| {
                groups.push(row_group(reader)?);
                Ok(())
            })?;
            Ok(None)
        }
        (_, kind) => Ok(Some(kind)),
    });
    read.map_err(|cause| match cause {
        ThriftError::Depth => "it nests too deep",
        ThriftError::End => "it ends in the middle of a value",
        ThriftError::Range => "a number is out of range",
        ThriftError::Type => "a value has an unknown type",
    })?;
    let rows: u64 = rows.ok_or("it does not say how many rows there are")?;
    let groups: Vec<Group> = groups.ok_or("it has no row groups")?;
    let in_groups = groups.iter().try_fold(0_u64, |sum, group| sum.checked_add(group.rows));
    if in_groups != Some(rows) {
        return Err("the row groups do not have as many rows as the file");
    }
    let columns = columns(&schema)?;
    check_groups(&groups, &leaves(&schema), end)?;
    Ok(Table { rows, columns })
}

/// Rows that are stored together.
#[derive(Debug)]
struct Group {
    rows: u64,
    chunks: Vec<Chunk>,
}

/// The values of a column in a group, and where they lie.
#[derive(Debug, Default)]
struct Chunk {
    values: u64,
    start: u64,
    bytes: u64,
}

/// For each column that is stored, whether it has one value for each row: then it is neither a list nor in one.
fn leaves(schema: &[Element]) -> Vec<bool> {
    let (mut leaves, mut inside) = (Vec::new(), 0_usize);
    for element in schema.iter().skip(1) {
        let is_top = inside == 0;
        inside = inside.saturating_sub(1).saturating_add(element.children);
        if element.children == 0 {
            leaves.push(is_top && !element.repeated);
        }
    }
    leaves
}

/// Rows cannot come from nowhere: each has a value in each column, if only one that says that there is none; a page of
/// at least one byte has no more values than 31 bits count; and no two columns have the same bytes.
fn check_groups(groups: &[Group], leaves: &[bool], end: u64) -> Result<(), &'static str> {
    let mut places = Vec::new();
    for Group { rows, chunks } in groups {
        if chunks.len() != leaves.len() && (*rows > 0 || !chunks.is_empty()) {
            return Err("a row group does not have the columns of the schema");
        }
        for (chunk, is_flat) in chunks.iter().zip(leaves) {
            let Chunk { values, start, bytes } = *chunk;
            if values < *rows || (*is_flat && values != *rows) {
                return Err("a column does not have as many values as its row group has rows");
            }
            if values > bytes.saturating_mul(1 << 31) {
                return Err("a column has more values than its bytes can hold");
            }
            let after = start.checked_add(bytes).ok_or("a column lies outside of the data")?;
            if bytes > 0 && (start < MAGIC_BYTES || after > end) {
                return Err("a column lies outside of the data");
            }
            places.extend((bytes > 0).then_some((start, after)));
        }
    }
    places.sort_unstable();
    let overlap = |pair: &[(u64, u64)]| matches!(pair, [(_, after), (start, _)] if after > start);
    if places.windows(2).any(overlap) { Err("two columns have the same bytes") } else { Ok(()) }
}

fn element(reader: &mut Reader<'_>) -> Result<Element, ThriftError> {
    let mut element = Element::default();
    reader.structure(|id, kind, reader| {
        match (id, kind) {
            (1, Type::Integer) => element.physical = Some(reader.integer()?),
            // REPEATED
            (3, Type::Integer) => element.repeated = reader.integer()? == 2,
            (4, Type::Binary) => {
                let name = std::str::from_utf8(reader.binary()?).map_err(|_| ThriftError::Type)?;
                name.clone_into(&mut element.name);
            }
            (5, Type::Integer) => {
                element.children = usize::try_from(reader.integer()?).map_err(|_| ThriftError::Range)?;
            }
            (6, Type::Integer) => element.converted = Some(reader.integer()?),
            // A union: the number of its one field says which type it is.
            (10, Type::Struct) => reader.structure(|id, kind, _| {
                element.logical = Some(id);
                Ok(Some(kind))
            })?,
            (_, kind) => return Ok(Some(kind)),
        }
        Ok(None)
    })?;
    Ok(element)
}

fn row_group(reader: &mut Reader<'_>) -> Result<Group, ThriftError> {
    let mut group = Group { rows: 0, chunks: Vec::new() };
    reader.structure(|id, kind, reader| match (id, kind) {
        (1, Type::List) => {
            reader.list(|_, reader| {
                group.chunks.push(column_chunk(reader)?);
                Ok(())
            })?;
            Ok(None)
        }
        (3, Type::Integer) => {
            group.rows = unsigned(reader)?;
            Ok(None)
        }
        (_, kind) => Ok(Some(kind)),
    })?;
    Ok(group)
}

fn unsigned(reader: &mut Reader<'_>) -> Result<u64, ThriftError> {
    u64::try_from(reader.integer()?).map_err(|_| ThriftError::Range)
}

/// Without metadata a column has no values.
fn column_chunk(reader: &mut Reader<'_>) -> Result<Chunk, ThriftError> {
    let mut chunk = Chunk::default();
    reader.structure(|id, kind, reader| match (id, kind) {
        (3, Type::Struct) => {
            let mut dictionary = 0;
            reader.structure(|id, kind, reader| {
                match (id, kind) {
                    (5, Type::Integer) => chunk.values = unsigned(reader)?,
                    (7, Type::Integer) => chunk.bytes = unsigned(reader)?,
                    (9, Type::Integer) => chunk.start = unsigned(reader)?,
                    (11, Type::Integer) => dictionary = unsigned(reader)?,
                    (_, kind) => return Ok(Some(kind)),
                }
                Ok(None)
            })?;
            // It stands before the data and counts among the bytes; writers that have none may say 0.
            if (1..chunk.start).contains(&dictionary) {
                chunk.start = dictionary;
            }
            Ok(None)
        }
        (_, kind) => Ok(Some(kind)),
    })?;
    Ok(chunk)
}

/// The columns at the top, with whatever is inside them passed over.
fn columns(schema: &[Element]) -> Result<Vec<(String, &'static str)>, &'static str> {
    let (root, rest) = schema.split_first().ok_or("it has no schema")?;
    if root.children == 0 || root.children > MAX_COLUMNS {
        return Err("it has no columns, or more than a passport can list");
    }
    let (mut columns, mut elements) = (Vec::new(), rest.iter());
    for _ in 0..root.children {
        let column = elements.next().ok_or("its schema lacks a column")?;
        if column.name.chars().count() > MAX_NAME_CHARS {
            return Err("the name of a column is too long");
        }
        columns.push((column.name.clone(), column.type_name()));
        let mut inside = column.children;
        while inside > 0 {
            let element = elements.next().ok_or("its schema lacks a part of a column")?;
            inside = (inside - 1).checked_add(element.children).ok_or("its schema is too large")?;
        }
    }
    if elements.next().is_some() { Err("its schema has more parts than columns") } else { Ok(columns) }
}

impl Element {
    /// The type in the words of a passport. The logical type, where there is one, says more than the physical.
    fn type_name(&self) -> &'static str {
        if self.children > 0 || self.repeated {
            return "nested";
        }
        match (self.logical, self.converted, self.physical) {
            // STRING, ENUM, JSON, UUID; UTF8, ENUM, JSON
            (Some(1 | 4 | 12 | 14), _, _) | (None, Some(0 | 4 | 19), _) => "string",
            // DECIMAL, FLOAT16
            (Some(5 | 15), _, _) | (None, Some(5), _) => "decimal",
            (Some(6), _, _) | (None, Some(6), _) => "date",
            // TIME, TIMESTAMP
            (Some(7 | 8), _, _) | (None, Some(7..=10), _) => "dateTime",
            (_, _, Some(0)) => "boolean",
            // INT32, INT64
            (_, _, Some(1 | 2)) => "integer",
            // INT96
            (_, _, Some(3)) => "dateTime",
            // FLOAT, DOUBLE
            (_, _, Some(4 | 5)) => "decimal",
            _ => "binary",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Tree, fixture};
    use super::*;
    use crate::problem::Problem as _;

    fn read_bytes(bytes: &[u8]) -> Result<Table, CaptureError> {
        let tree = Tree::with(&[("t.parquet", bytes)]);
        read(&tree.artifacts().files[0])
    }

    fn code(bytes: &[u8]) -> &'static str {
        read_bytes(bytes).map_or_else(|error| error.code(), |_| "ok")
    }

    /// The real file with another footer.
    fn with_footer(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let len = bytes.len();
        let footer =
            usize::try_from(u32::from_le_bytes(bytes[len - 8..len - 4].try_into().unwrap())).unwrap();
        let mut changed = bytes[len - 8 - footer..len - 8].to_vec();
        change(&mut changed);
        let len_bytes = u32::try_from(changed.len()).unwrap().to_le_bytes();
        [&bytes[..len - 8 - footer], &changed, &len_bytes, MAGIC].concat()
    }

    #[test]
    fn columns_have_the_types_of_the_library() {
        let table = read_bytes(&fixture("data/parquet/types.parquet")).unwrap();
        let columns: Vec<(&str, &str)> =
            table.columns.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        assert_eq!(table.rows, 3);
        let expected = [
            ("id", "integer"),
            ("small", "integer"),
            ("ratio", "decimal"),
            ("price", "decimal"),
            ("name", "string"),
            ("kind", "string"),
            ("raw", "binary"),
            ("flag", "boolean"),
            ("day", "date"),
            ("at", "dateTime"),
            ("list", "nested"),
            ("struct", "nested"),
        ];
        assert_eq!(columns, expected);
        let groups = read_bytes(&fixture("data/parquet/groups.parquet")).unwrap();
        assert_eq!(groups, Table { rows: 2_500, columns: vec![("x".to_owned(), "integer")] });
    }

    #[test]
    fn no_truncation_is_taken_for_a_table() {
        let bytes = fixture("data/parquet/types.parquet");
        for len in 0..bytes.len() {
            let code = code(&bytes[..len]);
            assert!(code.starts_with("capture.parquet-"), "{len} bytes: {code}");
        }
        for len in [0, 1, 100, 500] {
            let shorter = with_footer(&bytes, |footer| footer.truncate(len));
            assert_eq!(code(&shorter), "capture.parquet-footer", "{len} bytes of the footer");
        }
    }

    #[test]
    fn footers_that_lie_are_refused() {
        let bytes = fixture("data/parquet/types.parquet");
        let len = bytes.len();
        let mut long = bytes.clone();
        long[len - 8..len - 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(code(&long), "capture.parquet-truncated");
        let mut encrypted = bytes.clone();
        encrypted[len - 1] = b'E';
        assert_eq!(code(&encrypted), "capture.parquet-encrypted");
        // num_rows: field 3 after the schema, 3 rows as zigzag 6, then the list of row groups.
        let at = |footer: &[u8]| footer.windows(4).position(|four| four == [0x16, 6, 0x19, 0x1c]).unwrap();
        let huge = [0x16, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0x19];
        let lie = with_footer(&bytes, |footer| _ = footer.splice(at(footer)..at(footer) + 3, huge));
        assert_eq!(code(&lie), "capture.parquet-footer", "2^63 - 1 rows");
        let negative = with_footer(&bytes, |footer| {
            let at = at(footer) + 1;
            footer[at] = 5;
        });
        assert_eq!(code(&negative), "capture.parquet-footer");
    }

    /// A footer made by hand: columns `a` and `b` of 32-bit integers, in row groups.
    #[derive(Clone)]
    struct Footer {
        rows: i64,
        columns: usize,
        /// Rows, and of each column values, bytes, where the data start, and where the dictionary does.
        groups: Vec<(i64, Vec<[i64; 4]>)>,
    }

    impl Footer {
        /// Two groups over 40 bytes of data; the second column of the first has a dictionary.
        fn true_one() -> Self {
            let groups =
                vec![(5, vec![[5, 10, 4, 0], [5, 10, 18, 14]]), (2, vec![[2, 5, 24, 0], [2, 15, 29, 0]])];
            Self { rows: 7, columns: 2, groups }
        }

        fn write(&self) -> Vec<u8> {
            let number = |value: i64| {
                let mut rest = u64::from_ne_bytes(((value << 1) ^ (value >> 63)).to_ne_bytes());
                let mut bytes = Vec::new();
                while rest >= 0x80 {
                    bytes.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
                    rest >>= 7;
                }
                bytes.push(u8::try_from(rest).unwrap());
                bytes
            };
            let list = |len: usize| u8::try_from(len << 4).unwrap() | 0x0c;
            let columns = i64::try_from(self.columns).unwrap();
            let mut out = [&[0x15][..], &number(1), &[0x19, list(self.columns + 1)]].concat();
            out.extend([&b"\x48\x01r\x15"[..], &number(columns), &[0]].concat());
            for name in (b'a'..).take(self.columns) {
                out.extend([&[0x15][..], &number(1), &[0x38, 1, name, 0]].concat());
            }
            out.extend([&[0x16][..], &number(self.rows), &[0x19, list(self.groups.len())]].concat());
            for (rows, chunks) in &self.groups {
                out.extend([0x19, list(chunks.len())]);
                for [values, bytes, start, dictionary] in chunks {
                    out.extend([&[0x3c, 0x56][..], &number(*values), &[0x26], &number(*bytes)].concat());
                    out.extend(
                        [&[0x26][..], &number(*start), &[0x26], &number(*dictionary), &[0, 0]].concat(),
                    );
                }
                out.extend([&[0x26][..], &number(*rows), &[0]].concat());
            }
            out.push(0);
            let len = u32::try_from(out.len()).unwrap().to_le_bytes();
            [MAGIC, &[7; 40][..], &out, &len, MAGIC].concat()
        }

        fn told(&self) -> String {
            match read_bytes(&self.write()) {
                Ok(table) => format!("{} rows", table.rows),
                Err(error) => {
                    assert_eq!(error.code(), "capture.parquet-footer");
                    error.to_string().rsplit(": ").next().unwrap().to_owned()
                }
            }
        }
    }

    #[test]
    fn each_lie_of_a_footer_is_seen_where_the_truth_is_taken() {
        assert_eq!(Footer::true_one().told(), "7 rows");
        let empty = Footer { rows: 0, columns: 2, groups: Vec::new() };
        assert_eq!(empty.told(), "0 rows");
        let (rows, values) = (
            "the row groups do not have as many rows as the file",
            "a column does not have as many values as its row group has rows",
        );
        let (outside, columns) =
            ("a column lies outside of the data", "a row group does not have the columns of the schema");
        let (shared, range) = ("two columns have the same bytes", "a number is out of range");
        type Lie = fn(&mut Footer);
        let lies: [(&str, Lie); 25] = [
            (rows, |footer| footer.rows = 8),
            (rows, |footer| footer.rows = 0),
            (range, |footer| footer.rows = -7),
            (rows, |footer| footer.rows = i64::MAX),
            (rows, |footer| footer.groups.truncate(1)),
            (rows, |footer| footer.groups.push(footer.groups[0].clone())),
            // Both say so, and no column has them.
            (values, |footer| (footer.rows, footer.groups[0].0) = (8, 6)),
            (values, |footer| (footer.rows, footer.groups[0].0) = (6, 4)),
            (range, |footer| (footer.rows, footer.groups[0].0, footer.groups[1].0) = (7, 8, -1)),
            (values, |footer| footer.groups[0].1[1][0] = 6),
            (values, |footer| footer.groups[1].1[0][0] = 0),
            (range, |footer| footer.groups[1].1[0][0] = -2),
            // Everyone says so, and there are no bytes for them.
            ("a column has more values than its bytes can hold", |footer| {
                footer.groups = vec![(1 << 40, vec![[1 << 40, 10, 4, 0], [1 << 40, 10, 14, 0]])];
                footer.rows = 1 << 40;
            }),
            ("a column has more values than its bytes can hold", |footer| footer.groups[0].1[0][1] = 0),
            (columns, |footer| footer.columns = 3),
            (columns, |footer| _ = footer.groups[0].1.pop()),
            (columns, |footer| footer.groups[0].1.clear()),
            (outside, |footer| footer.groups[1].1[1][1] = 16),
            (outside, |footer| footer.groups[0].1[0][2] = 3),
            (outside, |footer| footer.groups[1].1[1][2] = 30),
            (outside, |footer| footer.groups[1].1[1][2] = i64::MAX),
            (range, |footer| footer.groups[1].1[1][2] = -1),
            (range, |footer| footer.groups[1].1[1][1] = -1),
            (shared, |footer| footer.groups[0].1[1][3] = 13),
            (shared, |footer| footer.groups[1].1[0][2] = 4),
        ];
        for (at, (wanted, lie)) in lies.into_iter().enumerate() {
            let mut footer = Footer::true_one();
            lie(&mut footer);
            assert_eq!(footer.told(), wanted, "lie {at}");
        }
        // The length of the footer, at the end of the file.
        let mut bytes = Footer::true_one().write();
        let at = bytes.len() - 8;
        for (len, wanted) in [
            (0_u8, "capture.parquet-footer"),
            (20, "capture.parquet-footer"),
            (250, "capture.parquet-truncated"),
        ] {
            bytes[at] = len;
            assert_eq!(code(&bytes), wanted, "{len}");
        }
    }

    #[test]
    fn no_change_makes_it_panic() {
        let bytes = fixture("data/parquet/types.parquet");
        let len = bytes.len();
        for at in (len - 1_800.min(len)..len).step_by(3) {
            for mask in [0xff, 0x01, 0x80] {
                let mut changed = bytes.clone();
                changed[at] ^= mask;
                let _ = read_bytes(&changed);
            }
        }
    }
}
