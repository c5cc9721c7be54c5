//! Tables as [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180) text: what they hold, and a commitment to it.
//!
//! A record of the commitment ([`super::records`]) is a row's bytes as they stand, without the line ending; a
//! quoted line break inside a row belongs to it. The header line is no record, so there are as many leaves as
//! rows, in whatever order the file has them, and the holder can later prove that one row was, or was not, in the
//! set.
//!
//! A column's type is the narrowest that all its values have; `""`, `NA`, `N/A`, `NaN`, `nan`, `NULL` and
//! `null` count as missing. A file that readers could split in two ways is refused with its line number.

use std::io::{self, Read};
use std::path::Path;

use model_passport::digest::sha256;
use model_passport::json::{Json, Object};
use model_passport::records::Kind;

use super::CaptureError;
use super::artifacts::Artifact;
use super::data::Contents;
use super::node::{integer, measured};
use super::records::Records as Commitment;

/// Fewer missing values than this are not counted in public when the records are people.
const FEW_MISSING_VALUES: u64 = 10;

/// Longest record. An unclosed quote would otherwise make one record of the rest of the file.
const MAX_RECORD_BYTES: usize = 16 << 20;

/// Most columns: each takes 3 JSON values of a credential.
const MAX_COLUMNS: usize = 4_096;

const MISSING: [&[u8]; 7] = [b"", b"NA", b"N/A", b"NaN", b"nan", b"NULL", b"null"];

/// How a file is not a table with one reading.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// An empty line: nothing, or one missing value.
    #[error("line {line} is blank")]
    BlankLine {
        /// Where.
        line: u64,
    },
    /// The file starts with a byte order mark, which some readers take into the first column's name.
    #[error("the file starts with a byte order mark")]
    ByteOrderMark,
    /// The names of the columns are not UTF-8.
    #[error("the header is not UTF-8")]
    HeaderNotUtf8,
    /// No header line.
    #[error("the file has no header line")]
    NoHeader,
    /// A quote that is not closed, or stands inside an unquoted value.
    #[error("the record at line {line} has an odd number of quotes")]
    Quote {
        /// Where.
        line: u64,
    },
    /// A record with more or fewer values than the header.
    #[error("the record at line {line} has {found} values, the header {expected}")]
    Ragged {
        /// Where.
        line: u64,
        /// Values in the record.
        found: u64,
        /// Values in the header.
        expected: u64,
    },
    /// One column, whose name looks like several.
    #[error("the header has one column but holds `{0}`")]
    Separator(char),
    /// More columns than a passport can list.
    #[error("{found} columns, over the limit of {max}")]
    TooManyColumns {
        /// In the header.
        found: usize,
        /// Allowed.
        max: usize,
    },
    /// A record longer than any honest one.
    #[error("the record at line {line} is longer than {max} bytes")]
    TooLongRecord {
        /// Where.
        line: u64,
        /// Bytes allowed.
        max: usize,
    },
}

impl CsvError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BlankLine { .. } => "capture.csv-blank-line",
            Self::ByteOrderMark => "capture.csv-byte-order-mark",
            Self::HeaderNotUtf8 | Self::NoHeader => "capture.csv-header",
            Self::Quote { .. } => "capture.csv-quote",
            Self::Ragged { .. } => "capture.csv-ragged",
            Self::Separator(_) => "capture.csv-separator",
            Self::TooManyColumns { .. } | Self::TooLongRecord { .. } => "capture.csv-too-large",
        }
    }

    /// What the person at the keyboard can do.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::BlankLine { .. } => "remove the line, or write the missing value as \"\"",
            Self::ByteOrderMark | Self::HeaderNotUtf8 => "save the file as UTF-8 without a byte order mark",
            Self::NoHeader => "put the names of the columns in the first line",
            Self::Quote { .. } => "put the value in quotes and write each quote inside it twice",
            Self::Ragged { .. } => "give every record one value for each column",
            Self::Separator(_) => "separate values by commas in .csv files and by tabs in .tsv files",
            Self::TooManyColumns { .. } => "split the table",
            Self::TooLongRecord { .. } => "look for a quote that is not closed",
        }
    }
}

/// Adds a table.
pub(super) fn add_to(contents: &mut Contents<'_>, file: &Artifact) -> Result<(), CaptureError> {
    let mut records = Commitment::new(Kind::CsvRow, contents.secret);
    let table = read(file, &mut |row| records.push(sha256(row)))?;
    let mut node = table.node(file, contents.secret.is_some())?;
    let committed = records.finish().and_then(|committed| committed.write_to(&mut node));
    committed.map_err(|cause| CaptureError::io(&file.location, cause))?;
    contents.add(node, format!("the records of `{}`", file.path));
    Ok(())
}

/// Hands over the bytes of every row.
pub(super) fn each_row(
    file: &Artifact,
    take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), CaptureError> {
    read(file, take).map(|_| ())
}

#[derive(Debug, Default)]
struct Table {
    columns: Vec<Column>,
    rows: u64,
    missing: u64,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// `None` until a value that is not missing was seen.
    kind: Option<ValueKind>,
}

/// What a value can be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueKind {
    Boolean,
    Date,
    Decimal,
    Integer,
    Text,
}

/// Hands over every row, and says what the table is like.
fn read(file: &Artifact, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<Table, CaptureError> {
    let input = file.open()?;
    let mut table = Table::default();
    let done = each_record(&input, separator(&file.path), &mut |values, bytes| match bytes {
        None => {
            table.columns = columns(values)?;
            Ok(())
        }
        Some(bytes) => {
            table.count(values);
            Ok(take(bytes)?)
        }
    });
    done.map_err(|fault| fault.about(&file.location))?;
    file.unchanged(&input)?;
    Ok(table)
}

/// What stands between the values of a file with this name.
pub(crate) fn separator(path: &str) -> u8 {
    if path.to_ascii_lowercase().ends_with(".tsv") { b'\t' } else { b',' }
}

/// Takes the values of a record, and the bytes that it stands in if it is not the header.
pub(crate) type TakeRecord<'a> = dyn FnMut(&csv::ByteRecord, Option<&[u8]>) -> Result<(), Fault> + 'a;

/// Hands over the header (without its bytes), then each record with the bytes that it stands in.
pub(crate) fn each_record(input: impl Read, separator: u8, take: &mut TakeRecord<'_>) -> Result<(), Fault> {
    let mut records = Records::new(input, separator);
    let Some((header, _)) = records.next()? else { return Err(CsvError::NoHeader.into()) };
    take(header, None)?;
    while let Some((values, bytes)) = records.next()? {
        take(values, Some(bytes))?;
    }
    Ok(())
}

/// Why reading a table stopped.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It is not a table with one reading.
    Csv(CsvError),
    /// The machine.
    Io(io::Error),
}

impl Fault {
    /// As an error about a file.
    pub(crate) fn about(self, path: &Path) -> CaptureError {
        match self {
            Self::Csv(cause) => CaptureError::Csv { path: path.to_owned(), cause },
            Self::Io(cause) => CaptureError::io(path, cause),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

impl From<CsvError> for Fault {
    fn from(fault: CsvError) -> Self {
        Self::Csv(fault)
    }
}

impl Table {
    fn count(&mut self, values: &csv::ByteRecord) {
        self.rows += 1;
        for (column, value) in self.columns.iter_mut().zip(values) {
            if MISSING.contains(&value) {
                self.missing += 1;
            } else {
                column.kind = Some(ValueKind::of(value).joined(column.kind));
            }
        }
    }

    /// The `DataContent` node.
    fn node(&self, file: &Artifact, personal: bool) -> Result<Object, CaptureError> {
        let number = |value| integer(value, &file.location);
        let columns = self.columns.iter().map(|column| {
            let kind = column.kind.unwrap_or(ValueKind::Text).name();
            Json::Object(Object::from_iter([("name", column.name.as_str()), ("type", kind)]))
        });
        let mut node = measured("DataContent");
        node.insert("path", file.path.as_str());
        node.insert("rowCount", number(self.rows)?);
        node.insert("columnCount", number(u64::try_from(self.columns.len()).unwrap_or(u64::MAX))?);
        node.insert("columns", columns.collect::<Vec<_>>());
        if !personal || self.missing == 0 || self.missing >= FEW_MISSING_VALUES {
            node.insert("missingValueCount", number(self.missing)?);
        }
        Ok(node)
    }
}

fn columns(header: &csv::ByteRecord) -> Result<Vec<Column>, CsvError> {
    if header.len() > MAX_COLUMNS {
        return Err(CsvError::TooManyColumns { found: header.len(), max: MAX_COLUMNS });
    }
    let names = header.iter().map(|name| std::str::from_utf8(name).map(str::to_owned));
    let names = names.collect::<Result<Vec<_>, _>>().map_err(|_| CsvError::HeaderNotUtf8)?;
    if let [only] = names.as_slice()
        && let Some(separator) = only.chars().find(|c| [',', ';', '\t'].contains(c))
    {
        return Err(CsvError::Separator(separator));
    }
    Ok(names.into_iter().map(|name| Column { name, kind: None }).collect())
}

impl ValueKind {
    fn of(value: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(value) else { return Self::Text };
        if ["true", "false", "True", "False", "TRUE", "FALSE"].contains(&text) {
            Self::Boolean
        } else if is_date(text) {
            Self::Date
        } else {
            number_kind(text)
        }
    }

    fn joined(self, other: Option<Self>) -> Self {
        match (self, other) {
            (kind, None) => kind,
            (kind, Some(other)) if kind == other => kind,
            (Self::Integer | Self::Decimal, Some(Self::Integer | Self::Decimal)) => Self::Decimal,
            _ => Self::Text,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Decimal => "decimal",
            Self::Integer => "integer",
            Self::Text => "string",
        }
    }
}

/// `YYYY-MM-DD`, without asking whether the month has the day.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let within = |part: &str, max: u8| part.parse::<u8>().is_ok_and(|number| (1..=max).contains(&number));
    match parts.as_slice() {
        [year, month, day] => {
            let lengths = year.len() == 4 && month.len() == 2 && day.len() == 2;
            lengths && digits(year) && digits(month) && digits(day) && within(month, 12) && within(day, 31)
        }
        _ => false,
    }
}

/// An integer with a leading zero is a text: it is a code, and a number would lose the zero.
fn number_kind(text: &str) -> ValueKind {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let whole_is_number = digits(whole) && (whole == "0" || !whole.starts_with('0'));
    let exponent_is_number = exponent.is_none_or(digits);
    match fraction {
        None if whole_is_number && exponent.is_none() => ValueKind::Integer,
        None if whole_is_number && exponent_is_number => ValueKind::Decimal,
        Some(fraction) if whole_is_number && digits(fraction) && exponent_is_number => ValueKind::Decimal,
        _ => ValueKind::Text,
    }
}

/// Records with the bytes they stood in: the reader splits, the window behind it remembers what it read.
struct Records<R> {
    reader: csv::Reader<Window<R>>,
    record: csv::ByteRecord,
    bytes: Vec<u8>,
    /// The record before ended in a carriage return, so a line feed still belongs to that line ending.
    after_return: bool,
    started: bool,
}

impl<R: Read> Records<R> {
    fn new(input: R, separator: u8) -> Self {
        let window = Window { input, bytes: Vec::new(), start: 0 };
        // The first record is read like the others: its length is what theirs are held to.
        let reader = csv::ReaderBuilder::new().has_headers(false).delimiter(separator).from_reader(window);
        Self {
            reader,
            record: csv::ByteRecord::new(),
            bytes: Vec::new(),
            after_return: false,
            started: false,
        }
    }

    fn next(&mut self) -> Result<Option<(&csv::ByteRecord, &[u8])>, Fault> {
        let line = self.reader.position().line();
        let more = match self.reader.read_byte_record(&mut self.record) {
            Ok(more) => more,
            Err(fault) => return Err(self.fault(fault, line)),
        };
        let end = self.reader.position().byte();
        self.reader.get_mut().take_until(end, &mut self.bytes);
        let mut bytes = self.bytes.as_slice();
        if !self.started
            && [&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| bytes.starts_with(mark))
        {
            return Err(CsvError::ByteOrderMark.into());
        }
        self.started = true;
        if self.after_return {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        if bytes.starts_with(b"\n") || bytes.starts_with(b"\r") {
            return Err(CsvError::BlankLine { line }.into());
        }
        if !more {
            return Ok(None);
        }
        self.after_return = bytes.ends_with(b"\r");
        let unended = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = unended.strip_suffix(b"\r").unwrap_or(unended);
        if bytes.iter().filter(|byte| **byte == b'"').count() % 2 != 0 {
            return Err(CsvError::Quote { line }.into());
        }
        Ok(Some((&self.record, bytes)))
    }

    fn fault(&self, fault: csv::Error, line: u64) -> Fault {
        match fault.into_kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                CsvError::Ragged { line, found: len, expected: expected_len }.into()
            }
            csv::ErrorKind::Io(_) if self.reader.get_ref().bytes.len() > MAX_RECORD_BYTES => {
                CsvError::TooLongRecord { line, max: MAX_RECORD_BYTES }.into()
            }
            csv::ErrorKind::Io(cause) => Fault::Io(cause),
            other => Fault::Io(io::Error::other(format!("{other:?}"))),
        }
    }
}

/// Passes bytes on and keeps those of the record that is being read.
struct Window<R> {
    input: R,
    bytes: Vec<u8>,
    /// Where in the file the kept bytes start.
    start: u64,
}

impl<R> Window<R> {
    fn take_until(&mut self, end: u64, into: &mut Vec<u8>) {
        let len = usize::try_from(end.saturating_sub(self.start)).unwrap_or(usize::MAX).min(self.bytes.len());
        into.clear();
        into.extend(self.bytes.drain(..len));
        self.start = end;
    }
}

impl<R: Read> Read for Window<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.len() > MAX_RECORD_BYTES {
            return Err(io::Error::other("a record that is too long"));
        }
        let len = self.input.read(buffer)?;
        self.bytes.extend_from_slice(buffer.get(..len).unwrap_or_default());
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table, and the bytes of each of its records.
    fn try_table(bytes: &[u8]) -> Result<(Table, Vec<Vec<u8>>), Fault> {
        let (mut table, mut records) = (Table::default(), Vec::new());
        each_record(bytes, b',', &mut |values, bytes| {
            match bytes {
                None => table.columns = columns(values)?,
                Some(bytes) => {
                    table.count(values);
                    records.push(bytes.to_vec());
                }
            }
            Ok(())
        })?;
        Ok((table, records))
    }

    fn table(text: &str) -> Table {
        try_table(text.as_bytes()).unwrap().0
    }

    fn records(text: &str) -> Vec<String> {
        let (table, records) = try_table(text.as_bytes()).unwrap();
        assert_eq!(table.rows, u64::try_from(records.len()).unwrap());
        records.into_iter().map(|record| String::from_utf8(record).unwrap()).collect()
    }

    fn code(bytes: impl AsRef<[u8]>) -> &'static str {
        match try_table(bytes.as_ref()) {
            Ok(_) => "ok",
            Err(Fault::Csv(fault)) => fault.code(),
            Err(Fault::Io(_)) => "io",
        }
    }

    #[test]
    fn records_are_the_rows_as_they_stand() {
        for text in [
            "a,b\n1,x\n2,y\n",
            "a,b\n1,x\n2,y",
            "a,b\r\n1,x\r\n2,y\r\n",
            "a,b\r1,x\r2,y",
            "a,b\n1,x\r\n2,y\n",
        ] {
            assert_eq!(records(text), ["1,x", "2,y"], "{text:?}");
        }
        let quoted = records("a,b\n\"one\nor \"\"two\"\"\r\n\",x\n2,\"y\"\n");
        assert_eq!(quoted, ["\"one\nor \"\"two\"\"\r\n\",x", "2,\"y\""]);
        assert_eq!(records("a,b\n"), Vec::<String>::new());
    }

    #[test]
    fn records_longer_than_a_buffer() {
        let long = format!("{},\"{}\"", "x".repeat(100_000), "y\n".repeat(100_000));
        let text = format!("a,b\n{long}\n1,2\n{long}\n");
        assert_eq!(records(&text), [&long, "1,2", &long]);
        let endless = format!("a,b\n1,\"{}", "x".repeat(MAX_RECORD_BYTES + 100_000));
        assert_eq!(code(endless), "capture.csv-too-large");
    }

    #[test]
    fn columns_get_the_narrowest_type() {
        let kinds = |text: &str| -> Vec<&str> {
            table(text).columns.iter().map(|column| column.kind.map_or("none", ValueKind::name)).collect()
        };
        let text = "a,b,c,d,e,f,g\n1,1,true,2026-11-21,007,,1e-5\n-2,2.5,False,2020-02-29,1,NA,-0.1\n";
        assert_eq!(kinds(text), ["integer", "decimal", "boolean", "date", "string", "none", "decimal"]);
        assert_eq!(table(text).missing, 2);
        for text in ["1.", ".5", "+", "1e", "0x1", "1 ", "inf", "2026-13-01", "2026-1-01", "1,5"] {
            assert_eq!(ValueKind::of(text.as_bytes()), ValueKind::Text, "{text}");
        }
        assert_eq!(ValueKind::of(b"\xff"), ValueKind::Text);
    }

    #[test]
    fn what_readers_would_split_differently_is_refused() {
        for (text, wanted) in [
            ("", "header"),
            ("\u{feff}a,b\n1,2\n", "byte-order-mark"),
            ("a,b\n1\n", "ragged"),
            ("a,b\n1,2,3\n", "ragged"),
            ("a,b\n\n1,2\n", "blank-line"),
            ("a,b\r\n\r\n1,2\r\n", "blank-line"),
            ("a,b\n1,2\n\n", "blank-line"),
            ("\na,b\n", "blank-line"),
            ("a,b\n1,\"2\n", "quote"),
            ("a,b\n1,5\" pipe\n", "quote"),
            ("a;b\n1;2\n", "separator"),
        ] {
            assert_eq!(code(text), format!("capture.csv-{wanted}"), "{text:?}");
        }
        assert_eq!(code(b"\xff\xfea\0"), "capture.csv-byte-order-mark");
        assert_eq!(code(b"caf\xe9,b\n1,2\n"), "capture.csv-header");
        assert_eq!(code("a\n".replace('a', &"a,".repeat(MAX_COLUMNS))), "capture.csv-too-large");
    }

    #[test]
    fn errors_name_the_line() {
        let Err(Fault::Csv(fault)) = try_table("a,b\n\"1\n\n\",2\n3\n".as_bytes()) else { panic!() };
        assert_eq!(fault.to_string(), "the record at line 5 has 1 values, the header 2");
    }
}
