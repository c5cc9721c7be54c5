//! Whether a subject is on two sides of a split: counts, and never an identifier.
//!
//! A model that was tested on people whom it had seen in training looks better than it is. So each set of a split is
//! read as a set of subjects, and every two of them are compared. Subjects are held as keyed digests: without a
//! secret the key is drawn for the run and forgotten; with one, the digests can be written out, sorted, and compared
//! at another place with those of a set that never leaves the first. Identifiers that were salted or pseudonymised
//! before are compared as they stand: the same text is the same subject.
//!
//! In what is told, counts from 1 to 9 are `<10`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use model_passport::digest::hex;
use model_passport::json::{Json, Number, Object};
use model_passport::records::Secret;
use thiserror::Error;

use crate::capture::CaptureError;
use crate::capture::csv::{self, Fault};
use crate::exit::Exit;
use crate::problem::Problem;

/// Most sets of one split: folds and sites too.
const MAX_SETS: usize = 64;

/// Most subjects of all sets together: 32 bytes each, and the overhead of the sets.
const MAX_SUBJECTS: usize = 5_000_000;

/// Longest name of a set.
const MAX_NAME_CHARS: usize = 64;

/// Subjects that are counted in public.
const K_ANONYMITY: usize = 10;

/// First line of a file of blinded subjects.
const BLINDED: &str = "https://w3id.org/model-passport/v1/blinded-subjects";

/// Why two sets cannot be compared. No text holds a value of the table.
#[derive(Debug, Error)]
pub(crate) enum SplitError {
    #[error("`{}` is not a file of blinded subjects", .0.display())]
    Blinded(PathBuf),
    #[error("`{}` has no column `{column}`", path.display())]
    Column { path: PathBuf, column: String },
    #[error("there are fewer than two sets to compare")]
    FewSets,
    #[error("the record {record} of `{}` does not say its {what}", path.display())]
    Missing { path: PathBuf, record: u64, what: &'static str },
    #[error("there are more than {max} {what}")]
    TooMany { max: usize, what: &'static str },
}

impl Problem for SplitError {
    fn code(&self) -> &'static str {
        match self {
            Self::Blinded(_) => "split.blinded-malformed",
            Self::Column { .. } => "split.no-column",
            Self::FewSets => "split.few-sets",
            Self::Missing { .. } => "split.missing-value",
            Self::TooMany { .. } => "split.too-many",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Blinded(_) => "make it with `passport data split-check --secrets FILE --blind-to FILE`",
            Self::Column { .. } => "write the name of the column as it stands in the first line of the table",
            Self::FewSets => {
                "give a table with a column for the split, or several sets with `--set NAME=PATH`"
            }
            Self::Missing { .. } => {
                "every record needs a subject and a set: nothing can be said about one that has none"
            }
            Self::TooMany { .. } => "is this the right column?",
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::FewSets => Exit::Usage,
            _ => Exit::Malformed,
        }
    }
}

/// A set of subjects, by keyed digest.
type Subjects = BTreeSet<[u8; 32]>;

/// The sets of a split.
#[derive(Debug)]
pub(crate) struct Split<'a> {
    secret: &'a Secret,
    sets: BTreeMap<String, Subjects>,
    /// Names that a person gave to sets, and no table.
    named: BTreeSet<String>,
    total: usize,
}

impl<'a> Split<'a> {
    pub(crate) const fn new(secret: &'a Secret) -> Self {
        Self { secret, sets: BTreeMap::new(), named: BTreeSet::new(), total: 0 }
    }

    /// Reads a table that says for each record its subject and, with `split`, its set.
    pub(crate) fn add_table(
        &mut self,
        path: &Path,
        subject: &str,
        set: Set<'_>,
    ) -> Result<(), crate::problem::Failure> {
        if let Set::Named(name) = set {
            self.named.insert(name.to_owned());
        }
        // Tables and folders of subjects may be named after one.
        let shown = match set {
            Set::Named(name) => PathBuf::from(format!("the table of {name}")),
            Set::Column(_) => PathBuf::from("the table"),
        };
        let input = File::open(path).map_err(|cause| CaptureError::io(&shown, cause))?;
        let (mut columns, mut record, mut failure) = (None, 0_u64, None);
        let mut take = |values: &::csv::ByteRecord, header: bool| -> Result<(), SplitError> {
            let (subject_at, set_at) = match columns {
                Some(columns) if !header => columns,
                _ => {
                    let at = |column: &str| {
                        let place = values.iter().position(|name| name == column.as_bytes());
                        place.ok_or_else(|| SplitError::Column {
                            path: shown.clone(),
                            column: column.to_owned(),
                        })
                    };
                    let set_at = if let Set::Column(column) = set { Some(at(column)?) } else { None };
                    columns = Some((at(subject)?, set_at));
                    return Ok(());
                }
            };
            record += 1;
            let missing = |what| SplitError::Missing { path: shown.clone(), record, what };
            let value = |at: usize| values.get(at).map(<[u8]>::trim_ascii).filter(|value| !value.is_empty());
            let identifier = value(subject_at).ok_or_else(|| missing("subject"))?;
            let name = match (set, set_at) {
                (Set::Named(name), _) => name.to_owned(),
                (Set::Column(_), at) => {
                    let name = at.and_then(value).and_then(|name| std::str::from_utf8(name).ok());
                    name.ok_or_else(|| missing("set"))?.to_owned()
                }
            };
            self.add(name, identifier)
        };
        let read = csv::each_record(&input, csv::separator(&path.to_string_lossy()), &mut |values, bytes| {
            take(values, bytes.is_none()).map_err(|cause| {
                failure = Some(cause);
                Fault::Io(std::io::Error::other("stopped"))
            })
        });
        match (failure, read) {
            (Some(failure), _) => Err(failure.into()),
            (None, Err(fault)) => Err(fault.about(&shown).into()),
            (None, Ok(())) => Ok(()),
        }
    }

    /// Reads a directory with one folder for each subject.
    pub(crate) fn add_folders(&mut self, name: &str, path: &Path) -> Result<(), crate::problem::Failure> {
        self.named.insert(name.to_owned());
        let shown = PathBuf::from(format!("the folders of {name}"));
        let unreadable = |cause| CaptureError::io(&shown, cause);
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let folder = entry.file_name();
            let is_folder = entry.file_type().map_err(unreadable)?.is_dir();
            if is_folder && !folder.as_encoded_bytes().starts_with(b".") {
                self.add(name.to_owned(), folder.as_encoded_bytes())?;
            }
        }
        Ok(())
    }

    /// Reads the digests of a set that is elsewhere.
    pub(crate) fn add_blinded(&mut self, name: &str, path: &Path) -> Result<(), crate::problem::Failure> {
        self.named.insert(name.to_owned());
        let input = File::open(path).map_err(|cause| CaptureError::io(path, cause))?;
        let refused = || SplitError::Blinded(path.to_owned());
        let mut lines = BufReader::new(input).lines();
        let mut next = || lines.next().transpose().map_err(|_| refused());
        if next()?.as_deref() != Some(BLINDED) || next()? != Some(self.check_word()) {
            return Err(refused().into());
        }
        while let Some(line) = next()? {
            let digest = model_passport::digest::Digest::from_sha256_hex(&line).ok_or_else(refused)?;
            let digest = digest.as_bytes().first_chunk().copied().ok_or_else(refused)?;
            self.insert(name.to_owned(), digest)?;
        }
        Ok(())
    }

    /// Says which secret a file was made with, so that two files made with different ones are not compared.
    fn check_word(&self) -> String {
        hex(&self.secret.sealed_digest(BLINDED.as_bytes()))
    }

    /// The digests of all subjects, for another place.
    pub(crate) fn blinded(&self) -> String {
        let digests: BTreeSet<&[u8; 32]> = self.sets.values().flatten().collect();
        let lines: Vec<String> = digests.into_iter().map(|digest| hex(digest)).collect();
        format!("{BLINDED}\n{}\n{}\n", self.check_word(), lines.join("\n"))
    }

    fn add(&mut self, name: String, identifier: &[u8]) -> Result<(), SplitError> {
        let digest = self.secret.blinded_subject(identifier);
        self.insert(name, digest)
    }

    fn insert(&mut self, name: String, digest: [u8; 32]) -> Result<(), SplitError> {
        if !self.sets.contains_key(&name) {
            // A column of identifiers, taken for that of the split by mistake, must not be told.
            if self.sets.len() >= MAX_SETS || name.chars().count() > MAX_NAME_CHARS {
                return Err(SplitError::TooMany {
                    max: MAX_SETS,
                    what: "sets, or one with a name that is none",
                });
            }
        }
        let set = self.sets.entry(name).or_default();
        if set.insert(digest) {
            self.total += 1;
        }
        if self.total > MAX_SUBJECTS {
            return Err(SplitError::TooMany { max: MAX_SUBJECTS, what: "subjects" });
        }
        Ok(())
    }

    /// Compares every two sets.
    pub(crate) fn compare(&self) -> Result<Leakage, SplitError> {
        if self.sets.len() < 2 {
            return Err(SplitError::FewSets);
        }
        // A value of a table may be the name of a patient, if the wrong column was taken: however many records it has.
        let name = |at: usize, name: &str| {
            if self.named.contains(name) || COMMON_NAMES.contains(&name.to_ascii_lowercase().as_str()) {
                name.to_owned()
            } else {
                format!("set {}", at + 1)
            }
        };
        let sets: Vec<(String, &Subjects)> =
            self.sets.iter().enumerate().map(|(at, (of, set))| (name(at, of), set)).collect();
        let mut shared = Vec::new();
        for (at, (a, one)) in sets.iter().enumerate() {
            for (b, two) in sets.iter().skip(at + 1) {
                shared.push((a.clone(), b.clone(), one.intersection(two).count()));
            }
        }
        Ok(Leakage { sets: sets.into_iter().map(|(name, set)| (name, set.len())).collect(), shared })
    }
}

/// Names of sets that say nothing about anyone.
const COMMON_NAMES: [&str; 9] =
    ["dev", "holdout", "test", "testing", "train", "training", "val", "valid", "validation"];

/// What says in which set a record is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Set<'a> {
    /// All records of the table are in this one.
    Named(&'a str),
    /// A column of the table.
    Column(&'a str),
}

/// How many subjects are on two sides.
#[derive(Debug)]
pub(crate) struct Leakage {
    sets: Vec<(String, usize)>,
    shared: Vec<(String, String, usize)>,
}

impl Leakage {
    /// Whether no subject is.
    pub(crate) fn is_none(&self) -> bool {
        self.shared.iter().all(|(_, _, count)| *count == 0)
    }

    /// A sentence for `leakageCheck` of a passport.
    pub(crate) fn sentence(&self) -> String {
        let names: Vec<&str> = self.sets.iter().map(|(name, _)| name.as_str()).collect();
        let sets = names.join(", ");
        if self.is_none() {
            return format!("Measured by subject: no subject is in more than one of {sets}.");
        }
        let shared = self.shared.iter().filter(|(_, _, count)| *count > 0);
        let shared: Vec<String> =
            shared.map(|(a, b, count)| format!("{} in both {a} and {b}", told(*count))).collect();
        format!("Measured by subject: subjects are in more than one of {sets}: {}.", shared.join("; "))
    }

    /// Counts, and the sentence as a claim.
    pub(crate) fn to_json(&self) -> Json {
        let sets = self.sets.iter().map(|(name, count)| {
            Json::Object(Object::from_iter([
                ("name", Json::from(name.as_str())),
                ("subjects", number(*count)),
            ]))
        });
        let shared = self.shared.iter().map(|(a, b, count)| {
            let sets = Json::Array(vec![a.as_str().into(), b.as_str().into()]);
            Json::Object(Object::from_iter([("sets", sets), ("subjects", number(*count))]))
        });
        let claim = Object::from_iter([("leakageCheck", Json::from(self.sentence()))]);
        Json::Object(Object::from_iter([
            ("sets", Json::from(sets.collect::<Vec<_>>())),
            ("shared", Json::from(shared.collect::<Vec<_>>())),
            ("preprocessing", Json::Object(claim)),
        ]))
    }
}

fn told(count: usize) -> String {
    if (1..K_ANONYMITY).contains(&count) { format!("<{K_ANONYMITY}") } else { count.to_string() }
}

fn number(count: usize) -> Json {
    if (1..K_ANONYMITY).contains(&count) {
        told(count).into()
    } else {
        Json::Number(Number::Integer(i64::try_from(count).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, &str)]) -> tempfile::NamedTempFile {
        let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        let rows: Vec<String> = rows.iter().map(|(subject, set)| format!("{subject},{set}\n")).collect();
        fs::write(file.path(), format!("patient,split\n{}", rows.concat())).unwrap();
        file
    }

    fn compared(rows: &[(&str, &str)]) -> Result<Leakage, String> {
        let (secret, table) = (Secret::from_bytes(&[1; 32]), table(rows));
        let mut split = Split::new(&secret);
        let read = split.add_table(table.path(), "patient", Set::Column("split"));
        read.map_err(|failure| failure.to_string())?;
        split.compare().map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_subject_on_two_sides_is_counted_and_not_named() {
        let clean = compared(&[("ANNA", "train"), ("ANNA", "train"), ("BERT", "test")]).unwrap();
        assert!(clean.is_none());
        assert!(clean.sentence().contains("no subject is in more than one of test, train"));
        let leaking = compared(&[("ANNA", "train"), (" ANNA", "test"), ("BERT", "test")]).unwrap();
        assert!(!leaking.is_none());
        let text = leaking.to_json().to_string();
        assert!(
            text.contains(r#""subjects":"<10""#) && !text.contains("ANNA") && !text.contains("BERT"),
            "{text}"
        );
        let many: Vec<String> = (0..12).map(|n| format!("P{n}")).collect();
        let rows: Vec<(&str, &str)> =
            many.iter().flat_map(|p| [(p.as_str(), "a"), (p.as_str(), "b")]).collect();
        assert!(compared(&rows).unwrap().sentence().contains("12 in both set 1 and set 2"));
    }

    #[test]
    fn the_wrong_column_is_not_told() {
        let (secret, table) = (Secret::from_bytes(&[1; 32]), table(&[("ANNA", "train"), ("BERT", "test")]));
        let mut split = Split::new(&secret);
        split.add_table(table.path(), "split", Set::Column("patient")).unwrap();
        let text = split.compare().unwrap().to_json().to_string();
        assert!(!text.contains("ANNA") && text.contains("set 1"), "{text}");
        // Nor if each patient is in many of them.
        let folds: Vec<String> = (0..12).map(|n| format!("fold{n}")).collect();
        let rows: Vec<(&str, &str)> =
            folds.iter().flat_map(|fold| [(fold.as_str(), "ANNA"), (fold.as_str(), "BERT")]).collect();
        let text = compared(&rows).unwrap().to_json().to_string();
        assert!(!text.contains("ANNA") && !text.contains("BERT") && text.contains("set 2"), "{text}");
        let names: Vec<String> = (0..100).map(|n| format!("P{n}")).collect();
        let rows: Vec<(&str, &str)> = names.iter().map(|name| ("x", name.as_str())).collect();
        assert!(!compared(&rows).unwrap_err().contains('P'));
    }

    #[test]
    fn a_record_without_a_subject_or_a_set_stops_the_check() {
        assert_eq!(compared(&[("ANNA", "")]).unwrap_err().split('`').next(), Some("the record 1 of "));
        assert!(compared(&[(" ", "train")]).is_err() && compared(&[("ANNA", "train")]).is_err());
        let (secret, table) = (Secret::from_bytes(&[1; 32]), table(&[]));
        let mut split = Split::new(&secret);
        let failure = split.add_table(table.path(), "subject", Set::Column("split")).unwrap_err();
        assert_eq!(failure.code(), "split.no-column");
    }

    #[test]
    fn sets_at_two_places_are_compared_without_showing_either() {
        let secret = Secret::from_bytes(&[1; 32]);
        let [here, there] =
            [&[("ANNA", ""), ("BERT", "")], &[("CARA", ""), ("ANNA", "")]].map(|rows| table(rows));
        let mut away = Split::new(&secret);
        away.add_table(there.path(), "patient", Set::Named("test")).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), away.blinded()).unwrap();
        assert!(!away.blinded().contains("ANNA"));
        let mut split = Split::new(&secret);
        split.add_table(here.path(), "patient", Set::Named("train")).unwrap();
        split.add_blinded("test", file.path()).unwrap();
        assert!(!split.compare().unwrap().is_none());
        let other = Secret::from_bytes(&[2; 32]);
        assert_eq!(
            Split::new(&other).add_blinded("test", file.path()).unwrap_err().code(),
            "split.blinded-malformed"
        );
    }

    #[test]
    fn folders_are_subjects() {
        let secret = Secret::from_bytes(&[1; 32]);
        let tree = tempfile::tempdir().unwrap();
        for folder in ["train/p1", "train/p2", "test/p2", "test/.hidden"] {
            fs::create_dir_all(tree.path().join(folder)).unwrap();
        }
        fs::write(tree.path().join("test/p1"), "a file is no subject").unwrap();
        let mut split = Split::new(&secret);
        split.add_folders("train", &tree.path().join("train")).unwrap();
        split.add_folders("test", &tree.path().join("test")).unwrap();
        let leakage = split.compare().unwrap();
        assert_eq!(leakage.sets, [("test".to_owned(), 1), ("train".to_owned(), 2)]);
        assert_eq!(leakage.shared.first().unwrap().2, 1);
    }
}
