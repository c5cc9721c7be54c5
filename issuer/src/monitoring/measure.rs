//! Metrics of a table, each with how many cases and a 95 % interval.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::float;

/// What can be computed of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Measure {
    Accuracy,
    /// The area under the ROC curve.
    Auroc,
    /// The mean of a column.
    Mean(String),
    Sensitivity,
    Specificity,
}

/// A measure, the IRI that defines it, its name, and what else it is called.
type Known = (Measure, &'static str, &'static str, &'static [&'static str]);

const KNOWN: [Known; 4] = [
    (Measure::Accuracy, "http://purl.obolibrary.org/obo/STATO_0000415", "accuracy", &[]),
    (
        Measure::Auroc,
        "http://purl.obolibrary.org/obo/STATO_0000608",
        "area under the ROC curve",
        &["auroc", "auc", "roc auc"],
    ),
    (
        Measure::Sensitivity,
        "http://purl.obolibrary.org/obo/STATO_0000233",
        "sensitivity",
        &["recall", "true positive rate"],
    ),
    (
        Measure::Specificity,
        "http://purl.obolibrary.org/obo/STATO_0000134",
        "specificity",
        &["true negative rate"],
    ),
];

/// What a mean is, where the deployment does not define it otherwise.
const SAMPLE_MEAN: &str = "http://purl.obolibrary.org/obo/STATO_0000401";

impl Measure {
    /// The measure of this name or IRI, if it is one with a definition of its own.
    pub(crate) fn known(metric: &str) -> Option<Self> {
        KNOWN.into_iter().find_map(|(measure, iri, name, others)| {
            let is_called = |name: &&str| name.eq_ignore_ascii_case(metric);
            (iri == metric || is_called(&name) || others.iter().any(is_called)).then_some(measure)
        })
    }

    /// The IRI that defines it.
    pub(crate) fn definition(&self) -> &'static str {
        KNOWN.into_iter().find(|(known, ..)| known == self).map_or(SAMPLE_MEAN, |(_, iri, ..)| iri)
    }

    /// Its name for people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Mean(column) => column.clone(),
            _ => KNOWN
                .into_iter()
                .find(|(known, ..)| known == self)
                .map_or("", |(_, _, name, _)| name)
                .to_owned(),
        }
    }
}

/// A value with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) n: usize,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    pub(crate) method: &'static str,
}

/// The 97.5th percentile of the normal distribution.
fn z() -> f64 {
    Normal::standard().inverse_cdf(0.975)
}

/// A share, with the score interval of Wilson.
pub(crate) fn proportion(hits: usize, n: usize) -> Option<Estimate> {
    if n == 0 {
        return None;
    }
    let (share, count, z) = (float(hits) / float(n), float(n), z());
    let middle = share + z * z / (2.0 * count);
    let half = z * (share * (1.0 - share) / count + z * z / (4.0 * count * count)).sqrt();
    let scale = 1.0 + z * z / count;
    Some(Estimate {
        value: share,
        n,
        lower: ((middle - half) / scale).max(0.0),
        upper: ((middle + half) / scale).min(1.0),
        method: "Wilson score",
    })
}

/// The mean, with the interval of Student's t.
pub(crate) fn mean(values: &[f64]) -> Option<Estimate> {
    if values.len() < 2 {
        return None;
    }
    let count = float(values.len());
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let t = StudentsT::new(0.0, 1.0, count - 1.0).ok()?.inverse_cdf(0.975);
    let half = t * (variance / count).sqrt();
    Some(Estimate {
        value: mean,
        n: values.len(),
        lower: mean - half,
        upper: mean + half,
        method: "Student's t",
    })
}

/// The area under the ROC curve of scores of positive and negative cases: the share of pairs in which the positive
/// case has the higher score, ties counting half.
pub(crate) fn auroc(positive: &[f64], negative: &[f64]) -> Option<Estimate> {
    if positive.is_empty() || negative.is_empty() {
        return None;
    }
    let mut scores: Vec<(f64, bool)> = positive.iter().map(|score| (*score, true)).collect();
    scores.extend(negative.iter().map(|score| (*score, false)));
    scores.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let (mut below, mut won) = (0.0, 0.0);
    // -0 and 0 are one score.
    for alike in scores.chunk_by(|(a, _), (b, _)| a == b) {
        let positives = float(alike.iter().filter(|(_, is_positive)| *is_positive).count());
        let negatives = float(alike.len()) - positives;
        won += positives * (below + negatives / 2.0);
        below += negatives;
    }
    let (m, n) = (float(positive.len()), float(negative.len()));
    let value = won / (m * n);
    Some(Estimate {
        value,
        n: scores.len(),
        lower: newcombe(value, m, n, 0.0),
        upper: newcombe(value, m, n, 1.0),
        method: "Newcombe score (method 5)",
    })
}

/// One end of the score interval of an area: of the values that lie within z standard errors of it, the one nearest to
/// `end`. The error is that of Hanley and McNeil for exponential scores, at the value itself, with the mean of both group
/// sizes in place of each. By bisection, as there is no closed form.
/// Newcombe, Statistics in Medicine 25 (2006), 559–573, method 5.
fn newcombe(area: f64, m: f64, n: f64, end: f64) -> f64 {
    let z = z();
    let pairs = (m + n) / 2.0 - 1.0;
    let is_within = |value: f64| {
        let spread = 1.0 + pairs * ((1.0 - value) / (2.0 - value) + value / (1.0 + value));
        (value - area).powi(2) <= z * z * value * (1.0 - value) * spread / (m * n)
    };
    if (area - end).abs() < f64::EPSILON {
        return end;
    }
    let (mut inside, mut outside) = (area, end);
    for _ in 0..60 {
        let middle = f64::midpoint(inside, outside);
        if is_within(middle) {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::super::written;
    use super::*;

    fn shown(estimate: Option<Estimate>) -> [String; 3] {
        let estimate = estimate.unwrap();
        [estimate.value, estimate.lower, estimate.upper].map(written)
    }

    #[test]
    fn a_share_has_the_interval_of_wilson() {
        // Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        assert_eq!(shown(proportion(81, 263)), ["0.3080", "0.2553", "0.3662"]);
        assert_eq!(shown(proportion(15, 148)), ["0.1014", "0.0624", "0.1605"]);
        assert_eq!(shown(proportion(0, 20)), ["0.0000", "0.0000", "0.1611"]);
        assert_eq!(shown(proportion(1, 29)), ["0.0345", "0.0061", "0.1718"]);
        assert_eq!(proportion(0, 0), None);
    }

    #[test]
    fn a_mean_has_the_interval_of_student() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        // 5.5 with a standard deviation of 3.0277 and t(9) = 2.2622
        assert_eq!(shown(mean(&values)), ["5.5000", "3.3341", "7.6659"]);
        assert_eq!(mean(&[1.0]), None);
    }

    #[test]
    fn ties_count_half_under_the_curve() {
        assert_eq!(auroc(&[0.9, 0.8], &[0.1, 0.2]).unwrap().value, 1.0);
        assert_eq!(auroc(&[0.5, 0.5], &[0.5, 0.5]).unwrap().value, 0.5);
        assert_eq!(auroc(&[0.0], &[-0.0]).unwrap().value, 0.5);
        // Pairs won: 0.9 beats 2, 0.4 beats 1 and ties 1: 3.5 of 4.
        assert_eq!(auroc(&[0.9, 0.4], &[0.4, 0.1]).unwrap().value, 0.875);
        assert_eq!(auroc(&[], &[0.1]), None);
    }

    #[test]
    fn the_interval_of_an_area_solves_its_equation() {
        let positive: Vec<f64> = (0..40).map(|at| f64::from(at) + 20.0).collect();
        let negative: Vec<f64> = (0..60).map(f64::from).collect();
        let area = auroc(&positive, &negative).unwrap();
        let error = |value: f64| {
            let pairs: f64 = 49.0;
            let spread = 1.0 + pairs * ((1.0 - value) / (2.0 - value) + value / (1.0 + value));
            (value * (1.0 - value) * spread / 2400.0).sqrt()
        };
        assert!(area.lower < area.value && area.value < area.upper && area.upper < 1.0, "{area:?}");
        assert!(((area.value - area.lower) / error(area.lower) - z()).abs() < 1e-6);
        assert!(((area.upper - area.value) / error(area.upper) - z()).abs() < 1e-6);
        // A perfect model is still not known to be perfect.
        let perfect = auroc(&[2.0; 20], &[1.0; 20]).unwrap();
        assert_eq!((perfect.value, perfect.upper), (1.0, 1.0));
        assert!((0.8..0.95).contains(&perfect.lower), "{perfect:?}");
    }

    #[test]
    fn a_metric_has_names_and_an_iri() {
        for name in ["AUROC", "area under the ROC curve", "http://purl.obolibrary.org/obo/STATO_0000608"] {
            assert_eq!(Measure::known(name), Some(Measure::Auroc));
        }
        assert_eq!(Measure::known("dice"), None);
    }
}
