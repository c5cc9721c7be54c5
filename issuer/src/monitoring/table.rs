//! Results as a table: a row for each case, read once, column by column.

use std::path::{Path, PathBuf};

use model_passport::digest::Digest;

use super::MonitoringError;
use crate::capture::csv;
use crate::files;
use crate::problem::Failure;

/// Most cases of one period.
pub(crate) const MAX_ROWS: usize = 1_000_000;

/// Most values of one table: they are held in memory.
const MAX_VALUES: usize = 16 << 20;

/// Largest table.
const MAX_BYTES: u64 = 256 << 20;

/// What stands for a value that is not known.
const MISSING: [&str; 7] = ["", "NA", "N/A", "NaN", "nan", "NULL", "null"];

/// A table in memory.
#[derive(Debug)]
pub(crate) struct Table {
    path: PathBuf,
    names: Vec<String>,
    /// By row.
    rows: Vec<Vec<Option<String>>>,
    digest: Digest,
}

impl Table {
    /// Whether a file of this name is read as a table.
    pub(crate) fn is_named(path: &Path) -> bool {
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        extension.is_some_and(|extension| extension == "csv" || extension == "tsv")
    }

    /// Reads a table; its digest is that of the very bytes that were read.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = files::read_bytes(path, MAX_BYTES)?;
        Ok(Self::from_bytes(path, &bytes)?)
    }

    pub(crate) fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, MonitoringError> {
        let mut names = Vec::new();
        let mut rows = Vec::new();
        let mut is_too_large = false;
        let separator = csv::separator(&path.to_string_lossy());
        let read = csv::each_record(bytes, separator, &mut |values, record| {
            let text = |value: &[u8]| String::from_utf8_lossy(value).trim().to_owned();
            if record.is_none() {
                names = values.iter().map(text).collect();
            } else if rows.len() >= MAX_ROWS || rows.len() * values.len() >= MAX_VALUES {
                is_too_large = true;
            } else {
                let known = |value: &[u8]| Some(text(value)).filter(|text| !MISSING.contains(&text.as_str()));
                rows.push(values.iter().map(known).collect());
            }
            Ok(())
        });
        read.map_err(|fault| fault.about(path))?;
        if is_too_large {
            return Err(MonitoringError::TooManyRows { path: path.to_owned() });
        }
        Ok(Self { path: path.to_owned(), names, rows, digest: Digest::of(bytes) })
    }

    pub(crate) fn digest(&self) -> String {
        self.digest.to_multibase()
    }

    pub(crate) fn has(&self, column: &str) -> bool {
        self.names.iter().any(|name| name == column)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The values of a column, by row.
    pub(crate) fn texts(&self, column: &str, why: &str) -> Result<Vec<Option<&str>>, MonitoringError> {
        let at =
            self.names.iter().position(|name| name == column).ok_or_else(|| MonitoringError::NoColumn {
                path: self.path.clone(),
                column: column.to_owned(),
                why: why.to_owned(),
            })?;
        if self.names.iter().filter(|name| *name == column).count() > 1 {
            return Err(MonitoringError::RepeatedColumn {
                path: self.path.clone(),
                column: column.to_owned(),
            });
        }
        Ok(self.rows.iter().map(|row| row.get(at)?.as_deref()).collect())
    }

    /// The numbers of a column, by row.
    pub(crate) fn numbers(&self, column: &str, why: &str) -> Result<Vec<Option<f64>>, MonitoringError> {
        self.read_as(column, why, "number", |text| text.parse::<f64>().ok().filter(|value| value.is_finite()))
    }

    /// What is true and false in a column, by row.
    pub(crate) fn truths(&self, column: &str, why: &str) -> Result<Vec<Option<bool>>, MonitoringError> {
        self.read_as(column, why, "0 or 1 or true or false", |text| {
            match text.to_ascii_lowercase().as_str() {
                "1" | "1.0" | "true" => Some(true),
                "0" | "0.0" | "false" => Some(false),
                _ => None,
            }
        })
    }

    fn read_as<T>(
        &self,
        column: &str,
        why: &str,
        wanted: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<Option<T>>, MonitoringError> {
        let wrong = |row: usize| MonitoringError::Value {
            path: self.path.clone(),
            row: row + 1,
            column: column.to_owned(),
            wanted,
        };
        let texts = self.texts(column, why)?.into_iter().enumerate();
        texts.map(|(row, text)| text.map(|text| read(text).ok_or_else(|| wrong(row))).transpose()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    fn read(text: &str) -> Table {
        Table::from_bytes(Path::new("results.csv"), text.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_not_known_is_not_a_value() {
        let table = read("label,score\n1,0.5\nTRUE,NA\n,0.25\n0,\n");
        assert_eq!(table.len(), 4);
        assert_eq!(table.truths("label", "").unwrap(), [Some(true), Some(true), None, Some(false)]);
        assert_eq!(table.numbers("score", "").unwrap(), [Some(0.5), None, Some(0.25), None]);
    }

    #[test]
    fn a_table_has_one_reading() {
        let table = read("label,a,a,score\n2,1,1,inf\n");
        for (read, code) in [
            (table.truths("label", "").map(|_| ()), "monitoring.value"),
            (table.numbers("score", "").map(|_| ()), "monitoring.value"),
            (table.numbers("a", "").map(|_| ()), "monitoring.repeated-column"),
            (table.numbers("b", "").map(|_| ()), "monitoring.no-column"),
        ] {
            assert_eq!(read.unwrap_err().code(), code);
        }
        let wide =
            format!("{}\n{}", vec!["a"; 4096].join(","), format!("{}\n", ",".repeat(4095)).repeat(4097));
        let wide = Table::from_bytes(Path::new("results.csv"), wide.as_bytes());
        assert_eq!(wide.unwrap_err().code(), "monitoring.too-many-rows");
        let ragged = Table::from_bytes(Path::new("results.csv"), b"a,b\n1\n");
        assert_eq!(ragged.unwrap_err().code(), "capture.csv-ragged");
    }
}
