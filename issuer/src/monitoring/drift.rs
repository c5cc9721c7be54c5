//! How far a variable has moved from its reference.
//!
//! *Population stability index.* The bins of a number are the tenths of the reference; each value that many cases of the
//! reference share, or every value where there are few, is a bin of its own; what lies below or above all of the
//! reference has a bin on either side. The bins of a text are its values, and one more for values that the reference does
//! not have. Cases without a value are a bin as well. The sum over bins of (a − r) ln(a / r), where a and r are the shares
//! of the period and of the reference; a bin that is empty on one side counts as half a case there, so that the logarithm
//! exists.
//!
//! *Kolmogorov and Smirnov.* The largest distance between the two distribution functions; for numbers only. Cases without
//! a value come before all others, so that their share is seen too.

use statrs::stats_tests::NaNPolicy;
use statrs::stats_tests::ks_test::{KSTwoSampleAlternativeMethod, ks_twosample};

use super::float;

/// Bins of a number.
const BINS: usize = 10;

/// The values of one variable, none for a case without one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    /// How many cases have a value.
    pub(crate) fn known(&self) -> usize {
        match self {
            Self::Numbers(values) => values.iter().flatten().count(),
            Self::Texts(values) => values.iter().flatten().count(),
        }
    }
}

/// The population stability index; none where one side has numbers and the other has not.
pub(crate) fn psi(period: &Values, reference: &Values) -> Option<f64> {
    match (period, reference) {
        (Values::Numbers(period), Values::Numbers(reference)) => {
            let edges = edges(reference);
            let bin = |value: &f64| edges.partition_point(|edge| edge < value);
            let count = |values: &[Option<f64>]| counts(values, edges.len() + 1, bin);
            Some(index(&count(period), &count(reference)))
        }
        (Values::Texts(period), Values::Texts(reference)) => {
            let mut known: Vec<&String> = reference.iter().flatten().collect();
            known.sort_unstable();
            known.dedup();
            let bin = |value: &String| known.binary_search(&value).unwrap_or(known.len());
            let count = |values: &[Option<String>]| counts(values, known.len() + 1, bin);
            Some(index(&count(period), &count(reference)))
        }
        _ => None,
    }
}

/// How many cases are in each bin, and after these how many have no value.
fn counts<T>(values: &[Option<T>], bins: usize, bin: impl Fn(&T) -> usize) -> Vec<usize> {
    let mut counts = vec![0; bins + 1];
    for value in values {
        if let Some(count) = counts.get_mut(value.as_ref().map_or(bins, &bin)) {
            *count += 1;
        }
    }
    counts
}

/// The largest distance between the distribution functions; none for texts.
pub(crate) fn ks(period: &Values, reference: &Values) -> Option<f64> {
    let (Values::Numbers(period), Values::Numbers(reference)) = (period, reference) else { return None };
    let placed = |values: &[Option<f64>]| -> Vec<f64> {
        values.iter().map(|value| value.unwrap_or(f64::MIN)).collect()
    };
    // Of both sides, since the series for the probability of a two-sided statistic does not end at zero.
    let side = |method| {
        let tested = ks_twosample(placed(period), placed(reference), method, NaNPolicy::Error);
        tested.ok().map(|(statistic, _)| statistic)
    };
    let above = side(KSTwoSampleAlternativeMethod::GreaterAsymptotic)?;
    Some(above.max(side(KSTwoSampleAlternativeMethod::LessAsymptotic)?))
}

/// The upper ends of all bins but the last, each once.
fn edges(reference: &[Option<f64>]) -> Vec<f64> {
    let mut sorted: Vec<f64> = reference.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let nth = |tenth: usize| sorted.get((tenth * sorted.len()).div_ceil(BINS).saturating_sub(1)).copied();
    // The tenth of them is the largest value.
    let mut edges: Vec<f64> = (1..=BINS).filter_map(nth).collect();
    edges.extend(sorted.first().map(|least| least.next_down()));
    let distinct = sorted.chunk_by(|a, b| a == b).count();
    let is_few = distinct <= BINS && 2 * distinct <= sorted.len();
    let least = sorted.len().div_ceil(BINS).max(2);
    for alike in sorted.chunk_by(|a, b| a == b) {
        // A tie would draw all below it into one bin.
        if let Some(value) = alike.first().filter(|_| is_few || alike.len() >= least) {
            edges.extend([value.next_down(), *value]);
        }
    }
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    edges
}

fn index(period: &[usize], reference: &[usize]) -> f64 {
    let share = |count: usize, all: f64| float(count).max(0.5) / all;
    let [of_period, of_reference] = [period, reference].map(|counts| float(counts.iter().sum::<usize>()));
    // A bin that is empty on both sides says nothing.
    let used = period.iter().zip(reference).filter(|(period, reference)| **period + **reference > 0);
    let terms = used.map(|(period, reference)| {
        let (a, r) = (share(*period, of_period), share(*reference, of_reference));
        (a - r) * (a / r).ln()
    });
    terms.sum()
}

#[cfg(test)]
mod tests {
    use super::super::written;
    use super::*;

    fn numbers(values: impl Iterator<Item = i32>) -> Values {
        Values::Numbers(values.map(|value| Some(f64::from(value))).collect())
    }

    fn texts(counts: &[(&str, usize)]) -> Values {
        Values::Texts(counts.iter().flat_map(|(text, n)| vec![Some((*text).to_owned()); *n]).collect())
    }

    #[test]
    fn what_has_not_moved_has_no_index() {
        let reference = numbers(0..200);
        assert_eq!(psi(&reference, &reference).map(written).unwrap(), "0.0000");
        assert_eq!(ks(&reference, &reference).map(written).unwrap(), "0.0000");
    }

    #[test]
    fn the_index_of_shares_is_the_sum_over_bins() {
        let (period, reference) = (texts(&[("a", 30), ("b", 70)]), texts(&[("a", 50), ("b", 50)]));
        // (0.3 - 0.5) ln(0.3 / 0.5) + (0.7 - 0.5) ln(0.7 / 0.5)
        assert_eq!(psi(&period, &reference).map(written).unwrap(), "0.1695");
        // An empty bin counts as half a case: (1 - 0.5) ln(1 / 0.5) + (0.005 - 0.5) ln(0.005 / 0.5)
        assert_eq!(psi(&texts(&[("a", 100)]), &reference).map(written).unwrap(), "2.6261");
        // What the reference does not have is a bin of its own.
        assert!(psi(&texts(&[("a", 50), ("b", 40), ("c", 10)]), &reference).unwrap() > 0.2);
        assert_eq!(psi(&numbers(0..10), &reference), None);
    }

    #[test]
    fn a_shift_is_seen_by_both() {
        let (period, reference) = (numbers(50..150), numbers(0..100));
        assert_eq!(ks(&period, &reference).map(written).unwrap(), "0.5000");
        // Tenths 1 to 5 are empty, 6 to 10 have a tenth each, and half is above all of the reference.
        let expected = 5.0 * (0.005_f64 - 0.1) * (0.05_f64).ln() + (0.5 - 0.005) * 100.0_f64.ln();
        assert_eq!(psi(&period, &reference).map(written).unwrap(), written(expected));
        // A constant is in one bin.
        assert!(psi(&numbers([7; 20].into_iter()), &numbers([7; 30].into_iter())).unwrap().abs() < 1e-9);
    }

    /// So many cases of each value.
    fn tied(counts: &[(i32, usize)]) -> Values {
        numbers(counts.iter().flat_map(|(value, n)| vec![*value; *n]))
    }

    #[test]
    fn a_fall_and_a_rise_of_tied_numbers_are_seen() {
        let constant = tied(&[(120, 100)]);
        let binary = tied(&[(0, 5), (1, 95)]);
        let ordinal = tied(&[(1, 40), (2, 50), (3, 5), (4, 5)]);
        // Most are 1, and the few below it are all different.
        let heaped = numbers((0..100).map(|at| if at < 5 { -at - 1 } else { 1 }));
        for (reference, period) in [
            (&constant, tied(&[(80, 100)])),
            (&constant, tied(&[(140, 100)])),
            (&binary, tied(&[(0, 100)])),
            (&tied(&[(0, 95), (1, 5)]), tied(&[(1, 100)])),
            (&ordinal, tied(&[(1, 100)])),
            (&ordinal, tied(&[(3, 50), (4, 50)])),
            // One of the rare values for the other.
            (&ordinal, tied(&[(1, 40), (2, 25), (3, 5), (4, 30)])),
            (&heaped, numbers((0..100).map(|at| -1 - at % 5))),
        ] {
            assert!(psi(&period, reference).unwrap() > 0.25, "{period:?}");
            assert_eq!(psi(reference, reference).map(written).unwrap(), "0.0000");
        }
        // (1 - 0.05) ln(1 / 0.05) + (0.005 - 0.95) ln(0.005 / 0.95)
        assert_eq!(psi(&tied(&[(0, 100)]), &binary).map(written).unwrap(), "7.8044");
        // Measurements that happen to be few are no categories.
        let measured = numbers((0..10).map(|at| at * 5));
        assert_eq!(
            psi(&tied(&[(13, 10), (33, 10)]), &measured).map(written),
            psi(&tied(&[(15, 10), (35, 10)]), &measured).map(written)
        );
    }

    #[test]
    fn missing_values_are_seen() {
        let reference = numbers(0..100);
        let with_gaps = |values: Values| match values {
            Values::Numbers(values) => Values::Numbers(
                values.into_iter().enumerate().map(|(at, value)| value.filter(|_| at % 10 == 0)).collect(),
            ),
            Values::Texts(values) => Values::Texts(
                values.into_iter().enumerate().map(|(at, value)| value.filter(|_| at % 10 == 0)).collect(),
            ),
        };
        let period = with_gaps(reference.clone());
        assert_eq!((period.len(), period.known()), (100, 10));
        assert!(psi(&period, &reference).unwrap() > 2.0);
        assert_eq!(ks(&period, &reference).map(written).unwrap(), "0.9000");
        let reference = texts(&[("a", 50), ("b", 50)]);
        assert!(psi(&with_gaps(reference.clone()), &reference).unwrap() > 2.0);
    }
}
