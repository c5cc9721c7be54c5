//! Many files in a few sentences, none of them about fewer than ten patients.
//!
//! One rule for all that is published, with patients told apart by (0010,0020):
//!
//! - Of a set of fewer than ten patients nothing is said but that: `numberOfSubjects` is `"<10"`.
//! - A value, or a tag that should not be there, is named if at least ten patients have it. Least, median and greatest
//!   value of a number are over such values only.
//! - Classes are counted in patients, each patient once: one with several values is in the class of all of them. The
//!   others are `other`, and no count is given from which that of fewer than ten would follow
//!   ([`crate::capture::suppress`]).
//! - How many files have a property is said in numbers if ten patients have a file with it and ten one without it.
//!   Otherwise it is no file, some, or all: what there is at all, everyone who is to get the data must know.
//!
//! Files without a patient's number count as one patient: too few, never too many.

use std::collections::{BTreeMap, BTreeSet};

use model_passport::json::{Json, Object};

use super::count::Distinct;
use super::element::{Quantity, Reading, Tag, Term, Thousandths, Word};
use super::profile;
use super::stream::{Contents, Facts};
use crate::capture::Found;
use crate::capture::found::Basis;
use crate::capture::suppress::{self, FEWEST, OTHER, count};

/// Most classes that are named, and most tags that a text lists.
const MAX_CLASSES: usize = 64;
const MAX_LISTED_TAGS: usize = 100;
const MAX_WARNED_TAGS: usize = 8;

const SOURCE: &str = "the DICOM headers, aggregated over at least 10 patients";

type Patients = BTreeSet<u32>;

/// What all files have in common.
#[derive(Default)]
pub(super) struct Aggregate {
    files: u64,
    /// Those with rows; others are reports, structures and the like.
    images: u64,
    directories: u64,
    patients: Distinct,
    studies: Distinct,
    series: Distinct,
    words: BTreeMap<(Word, Term), Patients>,
    transfer_syntaxes: BTreeMap<Term, Patients>,
    numbers: BTreeMap<Quantity, Values>,
    everyone: Patients,
    identity_removed: Share,
    method_codes: Share,
    burned_in: Share,
    burned_in_unknown: Share,
    private: Share,
    /// Files with elements that point at a person.
    direct: Share,
    /// By element that the profile removes (`true`) or replaces: who has it.
    remains: BTreeMap<(Tag, bool), AtLeast>,
    unreadable: u64,
}

#[derive(Default)]
struct Values {
    of: BTreeMap<Thousandths, Value>,
    without: Patients,
    unreadable: Patients,
}

/// One value of a number.
#[derive(Default)]
struct Value {
    files: u64,
    patients: Patients,
}

/// Whether there are ten patients, without keeping more of them than that takes.
#[derive(Default)]
struct AtLeast(Patients);

impl AtLeast {
    fn add(&mut self, patient: u32) {
        if !self.is_ten() {
            self.0.insert(patient);
        }
    }

    fn is_ten(&self) -> bool {
        is_ten(&self.0)
    }
}

/// Files with a property.
#[derive(Default)]
struct Share {
    files: u64,
    with: AtLeast,
    without: AtLeast,
}

impl Share {
    fn add(&mut self, patient: u32, has: bool) {
        self.files += u64::from(has);
        if has { &mut self.with } else { &mut self.without }.add(patient);
    }
}

fn is_ten(patients: &Patients) -> bool {
    size(patients) >= FEWEST
}

fn size<T>(set: &BTreeSet<T>) -> u64 {
    number(set.len())
}

fn number(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

impl Aggregate {
    pub(super) fn add(&mut self, contents: &Contents) {
        match contents {
            Contents::Directory => self.directories += 1,
            Contents::Object(facts) => self.add_object(facts),
        }
    }

    fn add_object(&mut self, facts: &Facts) {
        self.files += 1;
        let rows = facts.numbers.iter().find(|(quantity, _)| *quantity == Quantity::Rows);
        self.images += u64::from(rows.is_some_and(|(_, reading)| *reading != Reading::Absent));
        let patient = self.patients.number(facts.patient);
        self.everyone.insert(patient);
        self.studies.number(facts.study);
        self.series.number(facts.series);
        self.transfer_syntaxes.entry(facts.transfer_syntax).or_default().insert(patient);
        for (word, reading) in facts.words {
            let term = match reading {
                Reading::Absent => Term::ABSENT,
                Reading::Unreadable => Term::UNREADABLE,
                Reading::Value(term) => term,
            };
            self.unreadable += u64::from(reading == Reading::Unreadable);
            self.words.entry((word, term)).or_default().insert(patient);
        }
        for (quantity, reading) in &facts.numbers {
            let values = self.numbers.entry(*quantity).or_default();
            match reading {
                Reading::Absent => _ = values.without.insert(patient),
                Reading::Unreadable => {
                    self.unreadable += 1;
                    values.unreadable.insert(patient);
                }
                Reading::Value(number) => {
                    let value = values.of.entry(*number).or_default();
                    value.files += 1;
                    value.patients.insert(patient);
                }
            }
        }
        let claims = &facts.claims;
        let is_direct = facts.remains.elements.iter().any(|(tag, _)| profile::is_direct(*tag));
        for (share, has) in [
            (&mut self.identity_removed, claims.identity_removed),
            (&mut self.method_codes, claims.method_codes),
            (&mut self.burned_in, claims.burned_in == Some(true)),
            (&mut self.burned_in_unknown, claims.burned_in.is_none()),
            (&mut self.private, facts.remains.private),
            (&mut self.direct, is_direct),
        ] {
            share.add(patient, has);
        }
        for remain in &facts.remains.elements {
            self.remains.entry(*remain).or_default().add(patient);
        }
    }

    /// Whether there are enough patients to say anything about them together.
    pub(super) fn is_told(&self) -> bool {
        is_ten(&self.everyone)
    }

    /// Writes down what may be said.
    pub(super) fn report(&self, found: &mut Found) {
        if self.directories > 0 {
            found.note(
                "capture.dicom-directory",
                "there are DICOM directories (DICOMDIR) among the files: they list patients and are not read",
            );
        }
        if self.files == 0 {
            return;
        }
        if self.unreadable > 0 {
            found.note(
                "capture.dicom-unreadable",
                "some technical elements hold what they may not hold; they are counted as not readable",
            );
        }
        self.report_cohort(found);
        if self.is_told() {
            self.report_acquisition(found);
        } else {
            found.note(
                "capture.dicom-suppressed",
                "there are fewer than 10 patients: modality, body part, equipment and counts are left out, for a person \
                 to declare what may be said",
            );
        }
        self.report_check(found);
    }

    fn report_acquisition(&self, found: &mut Found) {
        let group = ("acquisition", "Acquisition");
        for (word, member) in [(Word::Modality, "modality"), (Word::BodyPart, "bodyPart")] {
            let terms = self.terms(word).filter(|(_, patients)| is_ten(patients));
            let terms: Vec<Json> = terms.map(|(term, _)| term.text().into()).collect();
            if !terms.is_empty() {
                found.fill(
                    group,
                    member,
                    terms,
                    Basis::Measured,
                    "words in the headers of at least 10 patients",
                );
            }
        }
        let mut equipment = Vec::new();
        for word in Word::ALL {
            if self.terms(word).next().is_some() {
                let classes = self.words.iter().filter(|((of, _), _)| *of == word);
                let classes = classes.map(|((_, term), patients)| (*term, patients));
                equipment.extend(property(word.name(), cells(classes)));
            }
        }
        let syntaxes = self.transfer_syntaxes.iter().map(|(term, patients)| (*term, patients));
        equipment.extend(property("transfer syntax", cells(syntaxes)));
        for (quantity, values) in &self.numbers {
            if let Some(range) = values.range() {
                equipment.extend(property(quantity.name(), self.cells_of(values, range)));
            }
        }
        if !equipment.is_empty() {
            found.fill(group, "equipment", equipment, Basis::Measured, SOURCE);
        }
    }

    /// What an element holds in any file, besides nothing and nonsense.
    fn terms(&self, word: Word) -> impl Iterator<Item = (Term, &Patients)> {
        let told = |term: &Term| ![Term::ABSENT, Term::UNREADABLE].contains(term);
        let terms = self.words.iter().filter(move |((of, term), _)| *of == word && told(term));
        terms.map(|((_, term), patients)| (*term, patients))
    }

    /// Each patient once: with a value of the range, with another, with none that is readable, without any.
    fn cells_of(&self, values: &Values, range: String) -> BTreeMap<String, u64> {
        let union = |named: bool| -> Patients {
            let values = values.of.values().filter(|value| is_ten(&value.patients) == named);
            values.flat_map(|value| &value.patients).copied().collect()
        };
        let (within, beyond) = (union(true), union(false));
        let mut cells = BTreeMap::new();
        for patient in &self.everyone {
            let label = if within.contains(patient) {
                &range
            } else if beyond.contains(patient) {
                OTHER
            } else if values.unreadable.contains(patient) {
                Term::UNREADABLE.text()
            } else {
                Term::ABSENT.text()
            };
            *cells.entry(label.to_owned()).or_default() += 1;
        }
        cells
    }

    fn report_cohort(&self, found: &mut Found) {
        let group = ("cohort", "Cohort");
        for (member, distinct, tag) in [
            ("numberOfSubjects", self.patients.known(), "(0010,0020)"),
            ("numberOfStudies", self.studies.known(), "(0020,000D)"),
            ("numberOfSeries", self.series.known(), "(0020,000E)"),
        ] {
            let Some(distinct) = distinct.filter(|_| self.is_told() || member == "numberOfSubjects") else {
                continue;
            };
            let from = format!("distinct values of {tag}, compared as keyed hashes");
            found.fill(group, member, count(number(distinct)), Basis::Measured, &from);
        }
        if self.is_told() {
            found.fill(
                group,
                "numberOfImages",
                count(self.images),
                Basis::Measured,
                "the DICOM objects with rows",
            );
        }
    }

    /// What the files say about their de-identification, held against what is in them.
    fn report_check(&self, found: &mut Found) {
        let mut said = vec![
            format!(
                "(0012,0062) claims in {} that identities were removed",
                self.share(&self.identity_removed)
            ),
            format!("(0012,0064) names the methods in {}", self.share(&self.method_codes)),
        ];
        for (removes, verb) in [(true, "removes"), (false, "empties or replaces")] {
            let remains = self.remains.iter().filter(|((_, removed), _)| *removed == removes);
            let (named, rare): (Vec<_>, Vec<_>) = remains.partition(|(_, patients)| patients.is_ten());
            let (direct, others): (Vec<Tag>, Vec<Tag>) =
                named.into_iter().map(|((tag, _), _)| *tag).partition(|tag| profile::is_direct(*tag));
            if direct.is_empty() && others.is_empty() && rare.is_empty() {
                said.push(format!("no element has a value that the Basic Profile {verb}"));
                continue;
            }
            let tags: Vec<String> = direct.iter().chain(&others).map(Tag::to_string).collect();
            let listed = tags.get(..MAX_LISTED_TAGS).unwrap_or(&tags).join(", ");
            let mut text = format!("elements have a value that the Basic Profile {verb}");
            if !tags.is_empty() {
                text.push_str(&format!(
                    ": of at least 10 patients {} kinds, {} of them direct identifiers: {listed}{}",
                    tags.len(),
                    direct.len(),
                    if tags.len() > MAX_LISTED_TAGS { " and more" } else { "" },
                ));
            }
            if !rare.is_empty() {
                text.push_str(if tags.is_empty() { ": " } else { ", and " });
                text.push_str("some of fewer than 10 patients, which are not named");
            }
            said.push(text);
        }
        said.push(format!("direct identifiers have a value in {}", self.share(&self.direct)));
        said.push(format!("private elements are in {}", self.share(&self.private)));
        said.push(format!(
            "(0028,0301) says in {} that texts are burned into the pixels, and nothing in {}",
            self.share(&self.burned_in),
            self.share(&self.burned_in_unknown)
        ));
        said.push("values, and so whether they are pseudonyms, were not read".to_owned());
        let check = said.join("; ");
        found.fill(
            ("deIdentification", "DeIdentification"),
            "checkResult",
            check.as_str(),
            Basis::Measured,
            "the tags in the DICOM headers, against the Basic Profile of PS3.15 annex E",
        );
        if [&self.direct, &self.private, &self.burned_in].into_iter().any(|share| share.files > 0) {
            found.note("capture.dicom-not-deidentified", self.warning());
        }
    }

    /// The same in short, for the terminal.
    fn warning(&self) -> String {
        let direct = self.remains.keys().map(|(tag, _)| *tag).filter(|tag| profile::is_direct(*tag));
        let direct: Vec<String> = direct.map(|tag| tag.to_string()).collect();
        let listed = direct.get(..MAX_WARNED_TAGS).unwrap_or(&direct).join(", ");
        format!(
            "what may tell who the patients are: direct identifiers have a value in {}{}{listed}{}, private elements \
             are in {}, texts are burned into the pixels of {}; {} claim that identities were removed; \
             `deIdentification.checkResult` has the whole result",
            self.share(&self.direct),
            if direct.is_empty() { "" } else { ": " },
            if direct.len() > MAX_WARNED_TAGS { " and more" } else { "" },
            self.share(&self.private),
            self.share(&self.burned_in),
            self.share(&self.identity_removed),
        )
    }

    /// How many of the files, in words where a number would be about few.
    fn share(&self, share: &Share) -> String {
        match share.files {
            0 => "no file".to_owned(),
            files if files == self.files && self.is_told() => format!("all {files} files"),
            files if files == self.files => "all files".to_owned(),
            files if share.with.is_ten() && share.without.is_ten() => {
                format!("{files} of {} files", self.files)
            }
            _ => "some files".to_owned(),
        }
    }
}

impl Values {
    /// Least, median and greatest of the values that at least ten patients have, if there are any. The median is over
    /// files, the lower of two.
    fn range(&self) -> Option<String> {
        let named = || self.of.iter().filter(|(_, value)| is_ten(&value.patients));
        let ((least, _), (greatest, _)) = (named().next()?, named().next_back()?);
        if least == greatest {
            return Some(least.to_string());
        }
        let (mut left, mut median) = (named().map(|(_, value)| value.files).sum::<u64>().div_ceil(2), least);
        for (number, value) in named() {
            median = number;
            left = left.saturating_sub(value.files);
            if left == 0 {
                break;
            }
        }
        Some(format!("{least} to {greatest}, median {median}"))
    }
}

/// Each patient once, in the class of all that his or her files say.
fn cells<'a>(classes: impl Iterator<Item = (Term, &'a Patients)>) -> BTreeMap<String, u64> {
    let mut said: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for (term, patients) in classes {
        for patient in patients {
            said.entry(*patient).or_default().push(term.text());
        }
    }
    let mut cells = BTreeMap::new();
    for terms in said.values() {
        *cells.entry(terms.join(" and ")).or_default() += 1;
    }
    cells
}

/// One setting, as far as it may be told.
fn property(name: &str, cells: BTreeMap<String, u64>) -> Option<Json> {
    let values = suppress::distribution(cells, MAX_CLASSES)?;
    Some(Json::Object(Object::from_iter([
        ("property", Json::from(format!("{name}, by patients"))),
        ("values", values.into()),
    ])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(given: &[(i64, u64, std::ops::Range<u32>)]) -> Values {
        let mut values = Values::default();
        for (number, files, patients) in given {
            let number = Quantity::SliceThickness.parse(number.to_string().as_bytes(), false).unwrap();
            values.of.insert(number, Value { files: *files, patients: patients.clone().collect() });
        }
        values
    }

    #[test]
    fn no_extreme_and_no_median_is_of_fewer_than_ten() {
        for (given, wanted) in [
            (&[(1, 20, 0..10), (5, 10, 0..12), (9, 100, 0..9)][..], Some("1 to 5, median 1")),
            (&[(1, 9, 0..9), (5, 40, 9..40), (7, 1, 3..4)], Some("5")),
            (&[(1, 10, 0..10), (3, 1_000, 0..9), (5, 12, 10..20)], Some("1 to 5, median 5")),
            (&[(1, 9, 0..9), (2, 9, 9..18)], None),
            (&[], None),
        ] {
            assert_eq!(values(given).range().as_deref(), wanted);
        }
    }

    #[test]
    fn each_patient_is_counted_once() {
        let (ct, mr): (Patients, Patients) = ((0..30).collect(), (20..35).collect());
        let terms = [("CT", &ct), ("MR", &mr)].map(|(term, patients)| (Term::of_table(term), patients));
        let cells = cells(terms.into_iter());
        let expected = [("CT", 20), ("CT and MR", 10), ("MR", 5)].map(|(label, n)| (label.to_owned(), n));
        assert_eq!(cells, BTreeMap::from(expected));
    }

    #[test]
    fn files_are_counted_where_ten_patients_stand_on_both_sides() {
        let mut sum = Aggregate { files: 400, everyone: (0..20).collect(), ..Aggregate::default() };
        let share = |with: std::ops::Range<u32>, without: std::ops::Range<u32>| {
            let mut share = Share::default();
            with.for_each(|patient| (0..9).for_each(|_| share.add(patient, true)));
            without.for_each(|patient| share.add(patient, false));
            sum.share(&share)
        };
        assert_eq!(share(0..10, 10..20), "90 of 400 files");
        assert_eq!(share(0..9, 9..20), "some files");
        assert_eq!(share(0..11, 11..20), "some files");
        assert_eq!(share(0..0, 0..20), "no file");
        sum.files = 9;
        let mut all = Share::default();
        (0..9).for_each(|_| all.add(1, true));
        assert_eq!(sum.share(&all), "all 9 files");
        sum.everyone = [1].into();
        assert_eq!(sum.share(&all), "all files");
    }
}
