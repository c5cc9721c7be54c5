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
    parse(&footer, size).map_err(|wrong| {
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

fn parse(footer: &[u8], size: u64) -> Result<Table, &'static str> {
    let (mut schema, mut rows, mut in_groups, mut groups) = (Vec::new(), None, 0_u64, false);
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
            groups = true;
            reader.list(|_, reader| {
                in_groups = in_groups.checked_add(row_group(reader, size)?).ok_or(ThriftError::Range)?;
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
    let rows = rows.ok_or("it does not say how many rows there are")?;
    if !groups || rows != in_groups {
        return Err("the row groups do not have as many rows as the file");
    }
    Ok(Table { rows, columns: columns(&schema)? })
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

/// The rows of a row group. Its bytes have to be in the file, so that rows cannot come from nowhere.
fn row_group(reader: &mut Reader<'_>, size: u64) -> Result<u64, ThriftError> {
    let (mut rows, mut columns, mut most) = (0, 0_usize, u64::MAX);
    reader.structure(|id, kind, reader| match (id, kind) {
        (1, Type::List) => {
            reader.list(|_, reader| {
                columns += 1;
                most = most.min(column_chunk(reader, size)?);
                Ok(())
            })?;
            Ok(None)
        }
        (3, Type::Integer) => {
            rows = u64::try_from(reader.integer()?).map_err(|_| ThriftError::Range)?;
            Ok(None)
        }
        (_, kind) => Ok(Some(kind)),
    })?;
    if rows > 0 && (columns == 0 || rows > most) { Err(ThriftError::Range) } else { Ok(rows) }
}

/// The most rows that a column can have: each has a value, if only one that says that there is none, and a page
/// of at least one byte has no more values than 31 bits count. Without metadata there are none.
fn column_chunk(reader: &mut Reader<'_>, size: u64) -> Result<u64, ThriftError> {
    let mut most = 0;
    reader.structure(|id, kind, reader| match (id, kind) {
        (3, Type::Struct) => {
            let (mut values, mut bytes, mut start) = (0, 0, 0);
            reader.structure(|id, kind, reader| {
                match (id, kind) {
                    (5, Type::Integer) => values = reader.integer()?,
                    (7, Type::Integer) => bytes = reader.integer()?,
                    (9, Type::Integer) => start = reader.integer()?,
                    (_, kind) => return Ok(Some(kind)),
                }
                Ok(None)
            })?;
            // A dictionary stands before the data and counts among the bytes, so that they are not added up.
            let inside = |value: i64| u64::try_from(value).is_ok_and(|value| value <= size);
            if !inside(start) || !inside(bytes) {
                return Err(ThriftError::Range);
            }
            let [values, bytes] = [values, bytes].map(|value| u64::try_from(value).unwrap_or_default());
            most = values.min(bytes.saturating_mul(1 << 31));
            Ok(None)
        }
        (_, kind) => Ok(Some(kind)),
    })?;
    Ok(most)
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

    #[test]
    fn rows_do_not_come_from_nothing() {
        // Version; a root with one column `a`; rows; one row group with a column chunk; rows.
        let rows = [0x80, 0x80, 0xd4, 0xd4, 0x99, 0xe3, 0x8c, 0x07];
        let schema = b"\x15\x02\x19\x2c\x48\x01r\x15\x02\x00\x15\x02\x38\x01a\x00\x16";
        let file = |chunk: &[u8]| {
            let footer =
                [schema, &rows[..], b"\x19\x1c\x19\x1c", chunk, b"\x00\x26", &rows, b"\x00\x00"].concat();
            let len = u32::try_from(footer.len()).unwrap().to_le_bytes();
            [MAGIC, &footer[..], &len, MAGIC].concat()
        };
        // No metadata; metadata without values; values in no bytes; values in one byte.
        for chunk in [
            &b""[..],
            b"\x3c\x00",
            &[b"\x3c\x56", &rows[..], b"\x46\x00\x00"].concat(),
            &[b"\x3c\x56", &rows[..], b"\x26\x02\x00"].concat(),
        ] {
            assert_eq!(code(&file(chunk)), "capture.parquet-footer", "{chunk:x?}");
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
