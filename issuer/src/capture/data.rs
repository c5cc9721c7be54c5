//! What a data set holds: one `DataContent` node for each table, and one for all files of a kind.
//!
//! | found | a record is | besides |
//! |---|---|---|
//! | `*.csv`, `*.tsv` | a row | rows, columns, their types, missing values |
//! | `*.parquet` | the file | rows, columns, their types, from the footer |
//! | `*.png`, `*.jpg`, `*.tif` | a file | sizes and depths, as distributions |
//! | `*.nii`, `*.nii.gz` | a file | dimensions, spacing, data types, as distributions |
//! | none of these | a file | |
//!
//! A value that fewer than ten records have is never named, and a count from 1 to 9 is never given
//! ([`super::suppress`]): the records may be people, and a rare value may be one of them. Of a set about people that
//! holds also for the number of its records; of images of fewer than ten patients nobody learns how many there are.

use std::collections::BTreeMap;
use std::path::Path;

use model_passport::digest::sha256;
use model_passport::json::{Json, Number, Object};
use model_passport::records::{Kind, Secret};

use super::artifacts::{self, Artifact, Artifacts};
use super::node::{integer, measured};
use super::records::{Committed, Records};
use super::{CaptureError, Found, Options, Progress, Work, croissant, csv, images, nifti, parquet, suppress};

/// Values listed of one property; a passport takes 256.
const MAX_VALUES: usize = 64;

/// Records that belong together, as they lie in a tree.
#[derive(Debug)]
enum Group<'a> {
    Table(&'a Artifact),
    /// A table whose rows are not records.
    Parquet(&'a Artifact),
    Images(Vec<&'a Artifact>),
    Volumes(Vec<&'a Artifact>),
    Files(Vec<&'a Artifact>),
}

impl Group<'_> {
    /// How a person names it.
    fn name(&self) -> &str {
        match self {
            Self::Table(file) | Self::Parquet(file) => &file.path,
            Self::Images(_) => "images",
            Self::Volumes(_) => "volumes",
            Self::Files(_) => "files",
        }
    }

    const fn kind(&self) -> Kind {
        match self {
            Self::Table(_) => Kind::CsvRow,
            _ => Kind::File,
        }
    }
}

/// Whatever belongs to no table and is no image or volume is a record only where there are none of these: notes
/// and descriptions that lie beside records are none.
fn groups(artifacts: &Artifacts) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> =
        artifacts.with_extension(&["csv", "tsv"]).into_iter().map(Group::Table).collect();
    groups.extend(artifacts.with_extension(&["parquet"]).into_iter().map(Group::Parquet));
    let images = artifacts.with_extension(&images::EXTENSIONS);
    let volumes: Vec<&Artifact> =
        artifacts.files.iter().filter(|file| nifti::is_volume(&file.path)).collect();
    groups.extend((!images.is_empty()).then_some(Group::Images(images)));
    groups.extend((!volumes.is_empty()).then_some(Group::Volumes(volumes)));
    if groups.is_empty() {
        let records = artifacts.files.iter().filter(|file| !croissant::is_descriptor(&file.path));
        groups.push(Group::Files(records.collect()));
    }
    groups
}

/// Finds what is there and adds `dataContent`.
pub(super) fn add_to(
    found: &mut Found,
    artifacts: &Artifacts,
    options: &Options<'_>,
) -> Result<(), CaptureError> {
    croissant::add_to(found, artifacts)?;
    if artifacts.known() > 0 {
        found.note(
            "capture.digests-no-records",
            "there is no commitment to the records: some files are known by a list of digests only",
        );
        found.absent("dataContent", "some files are known by a list of digests only");
        return Ok(());
    }
    let mut contents = Contents::new(options.secret);
    for group in groups(artifacts) {
        match group {
            Group::Table(file) => csv::add_to(&mut contents, file)?,
            Group::Parquet(file) => parquet::add_to(&mut contents, file)?,
            Group::Images(files) => images::add_to(&mut contents, &files)?,
            Group::Volumes(files) => nifti::add_to(&mut contents, &files)?,
            Group::Files(files) => contents.add_files(&files, "files", &[])?,
        }
    }
    contents.finish(found);
    Ok(())
}

/// The same of images of patients, who may be few: every file is a record, and nothing but its digest is used.
pub(super) fn add_private(
    found: &mut Found,
    artifacts: &Artifacts,
    options: &Options<'_>,
    is_few: bool,
) -> Result<(), CaptureError> {
    let mut contents = Contents { is_few, ..Contents::new(options.secret) };
    let files: Vec<&Artifact> = artifacts.files.iter().collect();
    contents.add_files(&files, "files", &[])?;
    contents.finish(found);
    Ok(())
}

/// The sets of records at a path, by the names that a person gives them.
pub(crate) struct Sets(Artifacts);

impl Sets {
    /// With the holder's secret, if the data are personal.
    pub(crate) fn read(
        path: &Path,
        secret: Option<&Secret>,
        progress: &dyn Progress,
    ) -> Result<Self, CaptureError> {
        artifacts::read(path, &Options { secret, ..Options::default() }, &Work::new(progress)).map(Self)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        groups(&self.0).iter().map(|group| group.name().to_owned()).collect()
    }

    /// What a record of the set at this place among the names is.
    pub(crate) fn kind(&self, at: usize) -> Kind {
        groups(&self.0).get(at).map_or(Kind::File, Group::kind)
    }

    /// The set at this place among the names, or those of its records that `chosen` takes by their place.
    pub(crate) fn commit<'s>(
        &self,
        at: usize,
        secret: Option<&'s Secret>,
        chosen: &dyn Fn(u64) -> bool,
    ) -> Result<Committed<'s>, CaptureError> {
        let groups = groups(&self.0);
        let mut records = Records::new(self.kind(at), secret);
        let last = match groups.get(at) {
            Some(Group::Table(file)) => {
                let mut place = 0;
                csv::each_row(file, &mut |row| {
                    let take = chosen(place);
                    place += 1;
                    if take { records.push(sha256(row)) } else { Ok(()) }
                })?;
                Some(*file)
            }
            Some(Group::Parquet(file)) => {
                if chosen(0) {
                    records.push(sha256_of(file)).map_err(|cause| CaptureError::io(&file.location, cause))?;
                }
                Some(*file)
            }
            Some(Group::Files(files) | Group::Images(files) | Group::Volumes(files)) => {
                for (place, file) in files.iter().enumerate() {
                    if chosen(count(place)) {
                        records
                            .push(sha256_of(file))
                            .map_err(|cause| CaptureError::io(&file.location, cause))?;
                    }
                }
                files.last().copied()
            }
            None => None,
        };
        let location = last.map_or(Path::new(""), |file| &file.location);
        records.finish().map_err(|cause| CaptureError::io(location, cause))
    }
}

/// The nodes so far.
pub(super) struct Contents<'a> {
    /// The holder's secret, if the data are personal.
    pub(super) secret: Option<&'a Secret>,
    /// There are fewer than ten patients.
    is_few: bool,
    nodes: Vec<Json>,
    sources: Vec<String>,
    header_withheld: bool,
}

/// A name as programs give it to a column: a word, with no sign that a value would have.
fn is_header_like(name: &str) -> bool {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '(' | ')' | '/' | '%');
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(plain)
}

/// What a passport says of the number of records, of people or not.
pub(crate) fn row_count(rows: u64, are_people: bool) -> Json {
    if are_people {
        suppress::count(rows)
    } else {
        Json::Number(Number::Integer(i64::try_from(rows).unwrap_or(i64::MAX)))
    }
}

impl<'a> Contents<'a> {
    const fn new(secret: Option<&'a Secret>) -> Self {
        Self { secret, is_few: false, nodes: Vec::new(), sources: Vec::new(), header_withheld: false }
    }

    /// Adds a set. Of a set about people the name of its file stays here, and so do the names of its columns where
    /// the first row looks like a person's and not like a header.
    pub(super) fn add(&mut self, mut node: Object, source: String) {
        if self.secret.is_none() {
            self.sources.push(source);
        } else {
            self.sources.push(if node.remove("path").is_some() {
                "the records of a table".to_owned()
            } else {
                source
            });
            let columns = node.get("columns").map(Json::one_or_many).unwrap_or_default();
            let name = |column: &Json| column.get("name").and_then(Json::as_str).is_some_and(is_header_like);
            if !columns.iter().all(name) {
                node.remove("columns");
                self.header_withheld = true;
            }
            let rows = node.get("rowCount").and_then(Json::as_i64).and_then(|rows| u64::try_from(rows).ok());
            match rows {
                _ if self.is_few => _ = node.remove("rowCount"),
                Some(rows) if rows < suppress::FEWEST => {
                    node.insert("rowCount", row_count(rows, true));
                    node.remove("missingValueCount");
                }
                _ => {}
            }
        }
        self.nodes.push(Json::Object(node));
    }

    /// Adds a set whose records are files, by content, with what is known about all of them together.
    pub(super) fn add_files(
        &mut self,
        files: &[&Artifact],
        what: &str,
        characteristics: &[(&str, Tally)],
    ) -> Result<(), CaptureError> {
        let Some(first) = files.first() else { return Ok(()) };
        let at = |cause| CaptureError::io(&first.location, cause);
        let mut records = Records::new(Kind::File, self.secret);
        for file in files {
            records.push(sha256_of(file)).map_err(at)?;
        }
        let mut node = measured("DataContent");
        node.insert("rowCount", integer(count(files.len()), &first.location)?);
        records.finish().and_then(|committed| committed.write_to(&mut node)).map_err(at)?;
        let property = |(property, tally): &(&str, Tally)| {
            let values = tally.distribution()?;
            Some(Object::from_iter([("property", Json::from(*property)), ("values", values.into())]).into())
        };
        let characteristics: Vec<Json> = characteristics.iter().filter_map(property).collect();
        if !characteristics.is_empty() {
            node.insert("characteristics", characteristics);
        }
        let many = if self.secret.is_some() { "all".to_owned() } else { files.len().to_string() };
        self.add(node, format!("the bytes of {many} {what}"));
        Ok(())
    }

    fn finish(self, found: &mut Found) {
        let from = self.sources.join("; ");
        if self.header_withheld {
            let message =
                "the first row of a table does not look like names of columns; the columns are left out";
            found.note("capture.header-withheld", message);
        }
        match <[Json; 1]>::try_from(self.nodes) {
            Ok([only]) => found.add("dataContent", only, &from),
            Err(none) if none.is_empty() => found.absent("dataContent", "there are no records"),
            Err(several) => found.add("dataContent", several, &from),
        }
    }
}

/// The digest that the manifest has anyway.
pub(super) fn sha256_of(file: &Artifact) -> [u8; 32] {
    file.hashed.sha256.as_bytes().first_chunk().copied().unwrap_or_default()
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// How often each value of a property occurs.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub(super) fn add(&mut self, value: impl Into<String>) {
        *self.0.entry(value.into()).or_default() += 1;
    }

    /// The most frequent values first; rare ones together, without their names.
    fn distribution(&self) -> Option<Vec<Json>> {
        suppress::distribution(self.0.iter().map(|(value, count)| (value.clone(), *count)), MAX_VALUES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_values_have_no_name_and_small_counts_no_number() {
        let tally = |counts: &[(&str, u64)]| {
            let tally = Tally(counts.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect());
            Json::from(tally.distribution().unwrap_or_default()).to_string()
        };
        assert_eq!(
            tally(&[("a", 10), ("b", 10), ("c", 20)]),
            r#"[{"label":"c","count":20},{"label":"a","count":10},{"label":"b","count":10}]"#
        );
        // With the number of files it would follow that `b` has nine.
        assert_eq!(
            tally(&[("a", 10), ("b", 9), ("c", 20)]),
            r#"[{"label":"c","count":20},{"label":"other","count":19}]"#
        );
        assert_eq!(tally(&[("a", 9), ("b", 9)]), "[]");
        let many: Vec<(String, u64)> = (0..100).map(|n| (format!("{n:03}"), 10)).collect();
        let many: Vec<(&str, u64)> = many.iter().map(|(value, count)| (value.as_str(), *count)).collect();
        assert!(tally(&many).ends_with(r#"{"label":"other","count":360}]"#));
    }

    #[test]
    fn a_table_about_few_people_does_not_say_how_few() {
        use super::super::testing::Tree;
        use super::super::{Kind, capture_with};

        let secret = Secret::from_bytes(&[1; 32]);
        let content = |rows: usize, secret| {
            let tree = Tree::with(&[("t.csv", format!("a,b\n{}", "1,\n".repeat(rows)).as_bytes())]);
            let options = Options { secret, ..Options::default() };
            let mut draft = capture_with(tree.path(), Kind::Dataset, &options, &()).unwrap();
            draft.subject.remove("dataContent").unwrap()
        };
        let count = |node: &Json, member| node.get(member).map(Json::to_string);
        for (rows, secret, wanted, missing) in [
            (9, Some(&secret), r#""<10""#, None),
            (10, Some(&secret), "10", Some("10")),
            (9, None, "9", Some("9")),
        ] {
            let content = content(rows, secret);
            assert_eq!(count(&content, "rowCount").as_deref(), Some(wanted));
            assert_eq!(count(&content, "missingValueCount").as_deref(), missing);
        }
    }
}
