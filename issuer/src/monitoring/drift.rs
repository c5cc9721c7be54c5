//! How far a variable has moved from its reference.
//!
//! *Population stability index.* The bins of a number are the tenths of the reference, those of a text its values, and
//! one more for values that the reference does not have. The sum over bins of (a − r) ln(a / r), where a and r are the
//! shares of the period and of the reference; a bin that is empty on one side counts as half a case there, so that the
//! logarithm exists.
//!
//! *Kolmogorov and Smirnov.* The largest distance between the two distribution functions; for numbers only.

use statrs::stats_tests::NaNPolicy;
use statrs::stats_tests::ks_test::{KSTwoSampleAlternativeMethod, ks_twosample};

use super::float;

/// Bins of a number.
const BINS: usize = 10;

/// Values of one variable.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }
}

/// The population stability index; none where one side has numbers and the other has not.
pub(crate) fn psi(period: &Values, reference: &Values) -> Option<f64> {
    match (period, reference) {
        (Values::Numbers(period), Values::Numbers(reference)) => {
            let edges = edges(reference);
            let bin = |value: &f64| edges.partition_point(|edge| edge < value);
            let count = |values: &[f64]| {
                let mut counts = vec![0; edges.len() + 1];
                for value in values {
                    if let Some(count) = counts.get_mut(bin(value)) {
                        *count += 1;
                    }
                }
                counts
            };
            Some(index(&count(period), &count(reference)))
        }
        (Values::Texts(period), Values::Texts(reference)) => {
            let mut known: Vec<&String> = reference.iter().collect();
            known.sort_unstable();
            known.dedup();
            let count = |values: &[String]| {
                let mut counts = vec![0; known.len() + 1];
                for value in values {
                    let at = known.binary_search(&value).unwrap_or(known.len());
                    if let Some(count) = counts.get_mut(at) {
                        *count += 1;
                    }
                }
                counts
            };
            let (period, reference) = (count(period), count(reference));
            // Without new values there is no bin for them.
            let used = if period.last() == Some(&0) { known.len() } else { known.len() + 1 };
            Some(index(period.get(..used)?, reference.get(..used)?))
        }
        _ => None,
    }
}

/// The largest distance between the distribution functions; none for texts.
pub(crate) fn ks(period: &Values, reference: &Values) -> Option<f64> {
    let (Values::Numbers(period), Values::Numbers(reference)) = (period, reference) else { return None };
    // Of both sides, since the series for the probability of a two-sided statistic does not end at zero.
    let side = |method| {
        let tested = ks_twosample(period.clone(), reference.clone(), method, NaNPolicy::Error);
        tested.ok().map(|(statistic, _)| statistic)
    };
    let above = side(KSTwoSampleAlternativeMethod::GreaterAsymptotic)?;
    Some(above.max(side(KSTwoSampleAlternativeMethod::LessAsymptotic)?))
}

/// The ends of the tenths, each once.
fn edges(reference: &[f64]) -> Vec<f64> {
    let mut sorted = reference.to_vec();
    sorted.sort_by(f64::total_cmp);
    let nth = |tenth: usize| sorted.get((tenth * sorted.len()).div_ceil(BINS).saturating_sub(1)).copied();
    let mut edges: Vec<f64> = (1..BINS).filter_map(nth).collect();
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
        Values::Numbers(values.map(f64::from).collect())
    }

    fn texts(counts: &[(&str, usize)]) -> Values {
        Values::Texts(counts.iter().flat_map(|(text, n)| vec![(*text).to_owned(); *n]).collect())
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
        // Bins 1 to 5 are empty, 6 to 9 have a tenth each, the last has six tenths.
        let expected = 5.0 * (0.005_f64 - 0.1) * (0.05_f64).ln() + 0.5 * 6.0_f64.ln();
        assert_eq!(psi(&period, &reference).map(written).unwrap(), written(expected));
        // A constant is in one bin.
        assert!(psi(&numbers([7; 20].into_iter()), &numbers([7; 30].into_iter())).unwrap().abs() < 1e-9);
    }
}
