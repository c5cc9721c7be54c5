//! Small groups that follow from what is published by subtraction.
//!
//! Whoever knows a whole and its parts knows the rest; whoever knows the cases of a part and its negatives knows its
//! positives. A part is left out, with all its results, where that would leave fewer than [`FEW`] cases, positives or
//! negatives that nobody wanted to speak of.

use super::FEW;
use super::measure::Measure;

/// The rows of one part of the data, or of all.
pub(crate) struct RowSet {
    words: Vec<u64>,
    /// The columns by whose values it is made; several lists if several parts have the same rows.
    columns: Vec<Vec<String>>,
}

/// A result that may be published: of which rows, and from how many cases.
pub(crate) struct Shown {
    pub(crate) set: usize,
    pub(crate) measure: Measure,
    /// None where it is left out.
    pub(crate) n: Option<usize>,
}

impl RowSet {
    fn is_inside(&self, other: &Self) -> bool {
        self.words != other.words && self.words.iter().zip(&other.words).all(|(one, other)| one & !other == 0)
    }
}

/// The place of a set of rows among the others; equal sets are one.
pub(crate) fn add(sets: &mut Vec<RowSet>, rows: &[bool], mut columns: Vec<String>) -> usize {
    let word = |rows: &[bool]| rows.iter().fold(0, |word, is_in| (word << 1) | u64::from(*is_in));
    let words: Vec<u64> = rows.chunks(64).map(word).collect();
    columns.sort_unstable();
    if let Some((at, set)) = sets.iter_mut().enumerate().find(|(_, set)| set.words == words) {
        if !set.columns.contains(&columns) {
            set.columns.push(columns);
        }
        return at;
    }
    sets.push(RowSet { words, columns: vec![columns] });
    sets.len() - 1
}

/// Leaves out parts until nothing small follows from the others.
pub(crate) fn conceal(shown: &mut [Shown], sets: &[RowSet]) {
    let inside = |outer: &RowSet| -> Vec<usize> {
        sets.iter().enumerate().filter(|(_, set)| set.is_inside(outer)).map(|(at, _)| at).collect()
    };
    let inside: Vec<Vec<usize>> = sets.iter().map(inside).collect();
    while let Some(telling) = telling(shown, sets, &inside) {
        for result in shown.iter_mut().filter(|result| result.set == telling) {
            result.n = None;
        }
    }
}

/// A part that tells of a small group together with what contains it.
fn telling(shown: &[Shown], sets: &[RowSet], inside: &[Vec<usize>]) -> Option<usize> {
    let counts: Vec<Vec<(Measure, usize)>> = (0..sets.len()).map(|set| counts(shown, set)).collect();
    let of = |set: usize| counts.get(set).map(Vec::as_slice).unwrap_or_default();
    for (whole, parts) in inside.iter().enumerate() {
        let parts: Vec<usize> = parts.iter().copied().filter(|part| !of(*part).is_empty()).collect();
        for (kind, all) in of(whole) {
            for part in &parts {
                let is_alike = |other: &Measure| other == kind || (is_of_cases(other) && is_of_cases(kind));
                if of(*part).iter().any(|(other, n)| is_alike(other) && is_few(all.abs_diff(*n))) {
                    return Some(*part);
                }
            }
            let mut ways: Vec<&Vec<String>> =
                parts.iter().filter_map(|part| sets.get(*part)).flat_map(|set| &set.columns).collect();
            ways.sort_unstable();
            ways.dedup();
            for way in ways {
                // Parts by the values of the same columns have no case in common.
                let sizes =
                    parts.iter().filter(|part| sets.get(**part).is_some_and(|set| set.columns.contains(way)));
                let sizes: Vec<(usize, usize)> = sizes
                    .filter_map(|part| Some((of(*part).iter().find(|(other, _)| other == kind)?.1, *part)))
                    .collect();
                let rest = all.saturating_sub(sizes.iter().map(|(n, _)| n).sum());
                if let Some((_, smallest)) = sizes.iter().min().filter(|_| is_few(rest)) {
                    return Some(*smallest);
                }
            }
        }
    }
    None
}

const fn is_few(n: usize) -> bool {
    n > 0 && n < FEW
}

/// Whether its n counts cases of both classes.
const fn is_of_cases(measure: &Measure) -> bool {
    !matches!(measure, Measure::Sensitivity | Measure::Specificity)
}

/// What is known of a set of rows, by the measure whose n it is: the n of a sensitivity are the positives.
fn counts(shown: &[Shown], set: usize) -> Vec<(Measure, usize)> {
    let of_set = shown.iter().filter(|result| result.set == set);
    let mut known: Vec<(Measure, usize)> =
        of_set.filter_map(|result| Some((result.measure.clone(), result.n?))).collect();
    let n = |wanted: &Measure| known.iter().find(|(measure, _)| measure == wanted).map(|(_, n)| *n);
    let cases = n(&Measure::Accuracy).or_else(|| n(&Measure::Auroc));
    let follows = match (cases, n(&Measure::Sensitivity), n(&Measure::Specificity)) {
        (Some(cases), Some(positives), None) => Some((Measure::Specificity, cases.saturating_sub(positives))),
        (Some(cases), None, Some(negatives)) => Some((Measure::Sensitivity, cases.saturating_sub(negatives))),
        (None, Some(positives), Some(negatives)) => Some((Measure::Accuracy, positives + negatives)),
        _ => None,
    };
    known.extend(follows);
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which results stay, of (columns, rows from and to, measure, n).
    fn left(results: &[(&[&str], [usize; 2], Measure, usize)]) -> Vec<usize> {
        let mut sets = Vec::new();
        let add = |(columns, [from, to], measure, n): &(&[&str], [usize; 2], Measure, usize)| {
            let rows: Vec<bool> = (0..200).map(|row| (*from..*to).contains(&row)).collect();
            let columns = columns.iter().map(|column| (*column).to_owned()).collect();
            Shown { set: super::add(&mut sets, &rows, columns), measure: measure.clone(), n: Some(*n) }
        };
        let mut shown: Vec<Shown> = results.iter().map(add).collect();
        conceal(&mut shown, &sets);
        shown.iter().enumerate().filter(|(_, result)| result.n.is_some()).map(|(at, _)| at).collect()
    }

    #[test]
    fn a_part_of_a_part_leaves_no_small_rest() {
        // Women are 60, those of site A 55: five women are elsewhere.
        let of = |inner| {
            left(&[
                (&[], [0, 200], Measure::Accuracy, 200),
                (&["sex"], [0, 60], Measure::Accuracy, 60),
                (&["site", "sex"], [0, inner], Measure::Accuracy, inner),
                (&["sex", "site"], [0, inner], Measure::Mean("dice".to_owned()), inner),
            ])
        };
        assert_eq!(of(55), [0, 1]);
        assert_eq!(of(50), [0, 1, 2, 3]);
    }

    #[test]
    fn a_class_follows_from_other_measures() {
        // Of 60 women 15 are negative, so 45 are positive, and of all 50: five men are.
        let of = |positives| {
            left(&[
                (&[], [0, 120], Measure::Sensitivity, positives),
                (&["sex"], [0, 60], Measure::Accuracy, 60),
                (&["sex"], [0, 60], Measure::Specificity, 15),
            ])
        };
        assert_eq!(of(50), [0]);
        assert_eq!(of(55), [0, 1, 2]);
    }

    #[test]
    fn all_parts_leave_no_small_rest() {
        // Site C has five cases; without A nobody can tell how many of the rest are of C.
        let of = |b| {
            left(&[
                (&[], [0, 200], Measure::Auroc, 200),
                (&["site"], [0, 90], Measure::Auroc, 90),
                (&["site"], [90, 90 + b], Measure::Auroc, b),
            ])
        };
        assert_eq!(of(105), [0, 2]);
        assert_eq!(of(100), [0, 1, 2]);
        assert_eq!(of(110), [0, 1, 2]);
    }
}
