//! Many files in a few sentences, none of them about fewer than ten patients.
//!
//! Classes are counted in patients, as far as (0010,0020) tells them apart. A class of fewer than ten is not left
//! beside the others, where the total would give it away, but joined with the next larger one until there are ten;
//! if all of them together are fewer, the count is `"<10"`. Numbers are published as least, median (the lower of
//! two) and greatest value over all files, from ten patients on. Files without a patient's number count as one
//! patient: too few, never too many.

use std::collections::{BTreeMap, BTreeSet};

use model_passport::json::{Json, MAX_SAFE_INTEGER, Number, Object};

use super::count::Distinct;
use super::element::{Quantity, Reading, Tag, Term, Thousandths, Word};
use super::profile;
use super::stream::{Contents, Facts};
use crate::capture::Found;
use crate::capture::found::Basis;

/// Nothing is said about fewer patients, or fewer of anything that is counted.
const FEWEST: usize = 10;

/// What stands in place of a smaller count.
const FEW: &str = "<10";

/// Longest label and text of a passport, and tags that a text lists.
const MAX_LABEL_CHARS: usize = 256;
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
    identity_removed: u64,
    method_codes: u64,
    burned_in: u64,
    burned_in_unknown: u64,
    private: u64,
    /// Files with elements that point at a person.
    direct: u64,
    /// Files by element that the profile removes (`true`) or replaces.
    remains: BTreeMap<(Tag, bool), u64>,
    unreadable: u64,
}

#[derive(Default)]
struct Values {
    /// How many files have it.
    files: BTreeMap<Thousandths, u64>,
    with: Patients,
    without: Patients,
    unreadable: Patients,
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
                    *values.files.entry(*number).or_default() += 1;
                    values.with.insert(patient);
                }
            }
        }
        self.identity_removed += u64::from(facts.claims.identity_removed);
        self.method_codes += u64::from(facts.claims.method_codes);
        self.burned_in += u64::from(facts.claims.burned_in == Some(true));
        self.burned_in_unknown += u64::from(facts.claims.burned_in.is_none());
        self.private += u64::from(facts.remains.private);
        self.direct += u64::from(facts.remains.elements.iter().any(|(tag, _)| profile::is_direct(*tag)));
        for remain in &facts.remains.elements {
            *self.remains.entry(*remain).or_default() += 1;
        }
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
        self.report_acquisition(found);
        self.report_cohort(found);
        self.report_check(found);
    }

    fn report_acquisition(&self, found: &mut Found) {
        let group = ("acquisition", "Acquisition");
        for (word, member) in [(Word::Modality, "modality"), (Word::BodyPart, "bodyPart")] {
            let terms: Vec<Json> = self.terms(word).map(|(term, _)| term.text().into()).collect();
            if !terms.is_empty() {
                found.fill(group, member, terms, Basis::Measured, "the words in the DICOM headers");
            }
        }
        let mut equipment = Vec::new();
        for word in Word::ALL {
            if self.terms(word).next().is_some() {
                let classes = self.words.iter().filter(|((of, _), _)| *of == word);
                let classes = classes.map(|((_, term), patients)| (term.text().to_owned(), patients));
                equipment.push(property(word.name(), classes.collect()));
            }
        }
        let syntaxes = self.transfer_syntaxes.iter();
        let syntaxes = syntaxes.map(|(term, patients)| (term.text().to_owned(), patients));
        equipment.push(property("transfer syntax", syntaxes.collect()));
        for (quantity, values) in &self.numbers {
            equipment.extend(values.range().map(|range| {
                let classes = [
                    (range, &values.with),
                    (Term::ABSENT.text().to_owned(), &values.without),
                    (Term::UNREADABLE.text().to_owned(), &values.unreadable),
                ];
                property(quantity.name(), classes.into())
            }));
        }
        found.fill(group, "equipment", equipment, Basis::Measured, SOURCE);
    }

    /// What an element holds in any file, besides nothing and nonsense.
    fn terms(&self, word: Word) -> impl Iterator<Item = (Term, &Patients)> {
        let told = |term: &Term| ![Term::ABSENT, Term::UNREADABLE].contains(term);
        let terms = self.words.iter().filter(move |((of, term), _)| *of == word && told(term));
        terms.map(|((_, term), patients)| (*term, patients))
    }

    fn report_cohort(&self, found: &mut Found) {
        let group = ("cohort", "Cohort");
        for (member, number, tag) in [
            ("numberOfSubjects", self.patients.known(), "(0010,0020)"),
            ("numberOfStudies", self.studies.known(), "(0020,000D)"),
            ("numberOfSeries", self.series.known(), "(0020,000E)"),
        ] {
            if let Some(number) = number {
                let from = format!("distinct values of {tag}, compared as keyed hashes");
                found.fill(group, member, count(number), Basis::Measured, &from);
            }
        }
        let images = usize::try_from(self.images).unwrap_or(usize::MAX);
        found.fill(group, "numberOfImages", count(images), Basis::Measured, "the DICOM objects with rows");
    }

    /// What the files say about their de-identification, held against what is in them.
    fn report_check(&self, found: &mut Found) {
        let mut said = vec![
            format!(
                "(0012,0062) claims in {} that identities were removed",
                self.share(self.identity_removed)
            ),
            format!("(0012,0064) names the methods in {}", self.share(self.method_codes)),
        ];
        for (removes, verb) in [(true, "removes"), (false, "empties or replaces")] {
            let remains = self.remains.iter().filter(|((_, removed), _)| *removed == removes);
            let (tags, others): (Vec<_>, Vec<_>) =
                remains.partition(|((tag, _), _)| profile::is_direct(*tag));
            let number = tags.len() + others.len();
            if number == 0 {
                said.push(format!("no element has a value that the Basic Profile {verb}"));
                continue;
            }
            let listed: Vec<String> =
                tags.iter().chain(&others).map(|((tag, _), _)| tag.to_string()).collect();
            let listed = listed.get(..MAX_LISTED_TAGS).unwrap_or(&listed).join(", ");
            said.push(format!(
                "{number} kinds of element have a value that the Basic Profile {verb}, {} of them direct \
                 identifiers: {listed}{}",
                tags.len(),
                if number > MAX_LISTED_TAGS { " and more" } else { "" },
            ));
        }
        said.push(format!("direct identifiers have a value in {}", self.share(self.direct)));
        said.push(format!("private elements are in {}", self.share(self.private)));
        said.push(format!(
            "(0028,0301) says in {} that texts are burned into the pixels, and nothing in {}",
            self.share(self.burned_in),
            self.share(self.burned_in_unknown)
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
        if self.direct > 0 || self.private > 0 || self.burned_in > 0 {
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
            self.share(self.direct),
            if direct.is_empty() { "" } else { ": " },
            if direct.len() > MAX_WARNED_TAGS { " and more" } else { "" },
            self.share(self.private),
            self.share(self.burned_in),
            self.share(self.identity_removed),
        )
    }

    /// How many of the files, in words where a number would be about few.
    fn share(&self, files: u64) -> String {
        let few = u64::try_from(FEWEST).unwrap_or(u64::MAX);
        let all = if self.files < few { "all files".to_owned() } else { format!("all {} files", self.files) };
        match files {
            0 => "no file".to_owned(),
            files if files == self.files => all,
            files if files < few || self.files - files < few => "some files".to_owned(),
            files => format!("{files} of {} files", self.files),
        }
    }
}

impl Values {
    /// Least, median and greatest value, from ten patients on; nothing if no file has it.
    fn range(&self) -> Option<String> {
        let (least, _) = self.files.first_key_value()?;
        let (greatest, _) = self.files.last_key_value()?;
        if self.with.len() < FEWEST {
            return Some("not published".to_owned());
        }
        if least == greatest {
            return Some(least.to_string());
        }
        let (mut left, mut median) = (self.files.values().sum::<u64>().div_ceil(2), least);
        for (number, files) in &self.files {
            median = number;
            left = left.saturating_sub(*files);
            if left == 0 {
                break;
            }
        }
        Some(format!("{least} to {greatest}, median {median}"))
    }
}

/// A count of people or of things that are theirs.
fn count(number: usize) -> Json {
    let exact = i64::try_from(number).ok().filter(|number| *number <= MAX_SAFE_INTEGER);
    match exact {
        Some(number) if number == 0 || usize::try_from(number).is_ok_and(|n| n >= FEWEST) => {
            Json::Number(Number::Integer(number))
        }
        _ => FEW.into(),
    }
}

/// One setting: its classes, by patients.
fn property(name: &str, classes: Vec<(String, &Patients)>) -> Json {
    let values: Vec<Json> = classes_of_ten(classes)
        .into_iter()
        .map(|(label, patients)| {
            Json::Object(Object::from_iter([("label", Json::from(label)), ("count", count(patients))]))
        })
        .collect();
    Json::Object(Object::from_iter([
        ("property", Json::from(format!("{name}, by patients"))),
        ("values", values.into()),
    ]))
}

/// Joins the smallest classes until each that is left has ten patients, or is the only one.
fn classes_of_ten(mut classes: Vec<(String, &Patients)>) -> Vec<(String, usize)> {
    classes.retain(|(_, patients)| !patients.is_empty());
    classes.sort_by(|(a, few), (b, many)| (few.len(), a).cmp(&(many.len(), b)));
    let (mut labels, mut joined, mut own) = (Vec::new(), Patients::new(), Vec::new());
    for (label, patients) in classes {
        let is_open = patients.len() < FEWEST || (!labels.is_empty() && joined.len() < FEWEST);
        if is_open {
            labels.push(label);
            joined.extend(patients);
        } else {
            own.push((label, patients.len()));
        }
    }
    own.sort();
    if !labels.is_empty() {
        labels.sort();
        let label = labels.join(" or ");
        let is_long = label.chars().count() > MAX_LABEL_CHARS;
        own.push((if is_long { format!("{} classes", labels.len()) } else { label }, joined.len()));
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(sizes: &[(&str, std::ops::Range<u32>)]) -> Vec<(String, Json)> {
        let sets: Vec<Patients> = sizes.iter().map(|(_, range)| range.clone().collect()).collect();
        let classes = sizes.iter().zip(&sets).map(|((label, _), set)| ((*label).to_owned(), set)).collect();
        classes_of_ten(classes).into_iter().map(|(label, size)| (label, count(size))).collect()
    }

    fn text(sizes: &[(&str, std::ops::Range<u32>)]) -> String {
        let classes = classes(sizes).into_iter().map(|(label, count)| format!("{label} {count}"));
        classes.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn no_class_is_of_fewer_than_ten_and_none_follows_from_the_others() {
        for (sizes, wanted) in [
            (&[("CT", 0..20), ("MR", 20..50)][..], "CT 20; MR 30"),
            (&[("CT", 0..20), ("MR", 20..23)], "CT or MR 23"),
            (&[("CT", 0..20), ("MR", 20..50), ("PT", 50..53)], "MR 30; CT or PT 23"),
            (&[("CT", 0..5), ("MR", 5..10), ("PT", 10..20)], "PT 10; CT or MR 10"),
            (&[("CT", 0..3), ("DX", 3..6), ("MR", 6..10), ("PT", 10..15)], "CT or DX or MR or PT 15"),
            (&[("CT", 0..5), ("MR", 0..5)], r#"CT or MR "<10""#),
            (&[("CT", 0..3)], r#"CT "<10""#),
            (&[("CT", 0..10), ("MR", 0..0)], "CT 10"),
        ] {
            assert_eq!(text(sizes), wanted);
        }
    }

    #[test]
    fn a_label_stays_short() {
        let names: Vec<String> = (0..90).map(|n| format!("CLASS{n}")).collect();
        let one: Patients = [1].into();
        let joined = classes_of_ten(names.into_iter().map(|name| (name, &one)).collect());
        assert_eq!(joined, [("90 classes".to_owned(), 1)]);
    }
}
