//! Which results of two models are about the same thing, and what became of them.

use model_passport::json::{Json, Number, Object};
use rust_decimal::Decimal;

use crate::monitoring::measure::Measure;

/// Metrics of which more is better, besides those that [`Measure`] knows.
const MORE_IS_BETTER: [&str; 12] = [
    "average precision",
    "balanced accuracy",
    "dice",
    "dice similarity coefficient",
    "f1",
    "f1 score",
    "intersection over union",
    "jaccard index",
    "matthews correlation coefficient",
    "negative predictive value",
    "positive predictive value",
    "precision",
];

/// Metrics of which less is better.
const LESS_IS_BETTER: [&str; 8] = [
    "brier score",
    "false negative rate",
    "false positive rate",
    "hausdorff distance",
    "mean absolute error",
    "mean squared error",
    "root mean squared error",
    "expected calibration error",
];

/// One result of a model, as its attestation states it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stated {
    /// Whoever signed it.
    pub(super) site: String,
    pub(super) name: String,
    pub(super) definition: String,
    pub(super) slice: Option<String>,
    /// What it was computed on: its name and digest.
    pub(super) dataset: Option<(String, String)>,
    pub(super) value: String,
    pub(super) unit: String,
    pub(super) n: Option<i64>,
    pub(super) interval: Option<(String, String)>,
}

/// What the caller knows of metrics.
pub(super) struct Rules<'a> {
    pub(super) margin: Decimal,
    pub(super) margin_text: &'a str,
    pub(super) higher: &'a [String],
    pub(super) lower: &'a [String],
}

/// What became of one result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Improved,
    Unchanged,
    Regressed,
}

impl Direction {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Improved => "improved",
            Self::Unchanged => "unchanged",
            Self::Regressed => "regressed",
        }
    }
}

/// The same result of both models.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) old: Stated,
    pub(super) new: Stated,
    pub(super) delta: Decimal,
    pub(super) direction: Direction,
    /// Whether the intervals have a value in common, where both have one.
    pub(super) overlap: Option<bool>,
}

/// A result of one model for which there is none of the other.
#[derive(Debug)]
pub(super) struct Alone {
    pub(super) stated: Stated,
    pub(super) reason: &'static str,
    /// Whether the old model had it, on data that can be had again.
    pub(super) is_lost: bool,
}

/// What came of a comparison.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) pairs: Vec<Pair>,
    pub(super) alone: Vec<Alone>,
}

impl Stated {
    /// The result that a metric of an evaluation states.
    pub(super) fn read(site: &str, metric: &Json) -> Option<Self> {
        let text = |name: &str| metric.get(name).and_then(Json::as_str).map(str::to_owned);
        let dataset = metric.get("dataset").and_then(|dataset| {
            let member = |name: &str| dataset.get(name).and_then(Json::as_str).map(str::to_owned);
            Some((member("id")?, member("digestMultibase")?))
        });
        let interval = metric.get("interval").and_then(|interval| {
            let end = |name: &str| interval.get(name).and_then(Json::as_str).map(str::to_owned);
            Some((end("lower")?, end("upper")?))
        });
        Some(Self {
            site: site.to_owned(),
            name: text("name")?,
            definition: text("definition")?,
            slice: text("slice"),
            dataset,
            value: text("value")?,
            unit: text("unit")?,
            n: metric.get("n").and_then(Json::as_i64),
            interval,
        })
    }

    /// The metric and the part of the data, for people.
    pub(super) fn title(&self) -> String {
        match &self.slice {
            Some(slice) => format!("{} of {slice}", self.name),
            None => self.name.clone(),
        }
    }

    fn same(&self, other: &Self) -> bool {
        let digest = |stated: &Self| stated.dataset.as_ref().map(|(_, digest)| digest.clone());
        self.site == other.site
            && self.definition == other.definition
            && self.slice == other.slice
            && digest(self) == digest(other)
    }
}

/// Brings together what is about the same data, part, metric and site.
pub(super) fn compare(old: &[Stated], new: &[Stated], rules: &Rules<'_>) -> Compared {
    let mut compared = Compared::default();
    for before in old {
        let alone = |reason| Alone { stated: before.clone(), reason, is_lost: before.dataset.is_some() };
        match pair(before, old, new, rules) {
            Ok(pair) => compared.pairs.push(pair),
            Err(reason) => compared.alone.push(alone(reason)),
        }
    }
    for after in new.iter().filter(|after| !old.iter().any(|before| before.same(after))) {
        let reason = "the old model has no such result on these data by this site";
        compared.alone.push(Alone { stated: after.clone(), reason, is_lost: false });
    }
    compared
}

fn pair(before: &Stated, old: &[Stated], new: &[Stated], rules: &Rules<'_>) -> Result<Pair, &'static str> {
    if before.dataset.is_none() {
        return Err("it names no data, so nobody can say that they are the same");
    }
    let mut found = new.iter().filter(|after| after.same(before));
    let after = found.next().ok_or("the new model has no such result on these data by this site")?;
    if found.next().is_some() || old.iter().filter(|other| other.same(before)).count() > 1 {
        return Err("it is stated more than once");
    }
    if before.unit != after.unit {
        return Err("the units differ");
    }
    if before.n.is_none() || before.n != after.n {
        return Err("it was not computed from the same number of cases");
    }
    let number = |text: &str| Decimal::from_str_exact(text).map_err(|_| "a value has too many digits");
    let delta =
        number(&after.value)?.checked_sub(number(&before.value)?).ok_or("a value has too many digits")?;
    let gain = if is_more_better(before, rules)? { delta } else { -delta };
    let direction = match () {
        () if gain > rules.margin => Direction::Improved,
        () if -gain > rules.margin => Direction::Regressed,
        () => Direction::Unchanged,
    };
    let overlap = before.interval.as_ref().zip(after.interval.as_ref());
    let overlap = overlap.map(|((low, high), (other_low, other_high))| {
        Ok::<_, &'static str>(number(low)? <= number(other_high)? && number(other_low)? <= number(high)?)
    });
    let overlap = overlap.transpose()?;
    Ok(Pair { old: before.clone(), new: after.clone(), delta, direction, overlap })
}

fn is_more_better(stated: &Stated, rules: &Rules<'_>) -> Result<bool, &'static str> {
    if let Some(known) = known_direction(&stated.definition).or_else(|| known_direction(&stated.name)) {
        return Ok(known);
    }
    let is = |name: &str| name.eq_ignore_ascii_case(&stated.name) || name == stated.definition;
    let said = |names: &[String]| names.iter().any(|name| is(name));
    match () {
        () if said(rules.higher) => Ok(true),
        () if said(rules.lower) => Ok(false),
        () => Err(
            "nobody says whether more of it is better: say so with `--higher-is-better` or `--lower-is-better`",
        ),
    }
}

/// Whether more is better, of a metric of which everyone knows; nobody can say otherwise.
pub(super) fn known_direction(metric: &str) -> Option<bool> {
    let is = |name: &str| name.eq_ignore_ascii_case(metric);
    match () {
        () if Measure::known(metric).is_some() || MORE_IS_BETTER.into_iter().any(is) => Some(true),
        () if LESS_IS_BETTER.into_iter().any(is) => Some(false),
        () => None,
    }
}

impl Pair {
    /// As the revision of a passport states it.
    pub(super) fn to_json(&self, rules: &Rules<'_>) -> Object {
        let mut object = Object::from_iter([
            ("metric", self.new.definition.as_str()),
            ("name", &self.new.name),
            ("site", &self.new.site),
        ]);
        if let Some(slice) = &self.new.slice {
            object.insert("slice", slice.as_str());
        }
        if let Some((id, _)) = &self.new.dataset {
            object.insert("dataset", id.as_str());
        }
        object.insert("old", self.old.value.as_str());
        object.insert("new", self.new.value.as_str());
        object.insert("delta", self.delta.to_string());
        object.insert("margin", rules.margin_text);
        object.insert("n", Json::Number(Number::Integer(self.new.n.unwrap_or_default())));
        object.insert("direction", self.direction.word());
        if let Some((lower, upper)) = &self.new.interval {
            object.insert("lower", lower.as_str());
            object.insert("upper", upper.as_str());
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(name: &str, value: &str) -> Stated {
        Stated {
            site: "did:web:a.example".to_owned(),
            name: name.to_owned(),
            definition: format!("https://example.org/{name}"),
            slice: None,
            dataset: Some(("urn:x".to_owned(), "uEi".to_owned())),
            value: value.to_owned(),
            unit: "1".to_owned(),
            n: Some(100),
            interval: None,
        }
    }

    fn directions(old: &Stated, new: &Stated, margin: &str) -> Result<&'static str, &'static str> {
        let rules = Rules {
            margin: Decimal::from_str_exact(margin).unwrap(),
            margin_text: margin,
            higher: &["score".to_owned()],
            lower: &[],
        };
        let compared = compare(std::slice::from_ref(old), std::slice::from_ref(new), &rules);
        match compared.pairs.first() {
            Some(pair) => Ok(pair.direction.word()),
            None => Err(compared.alone.first().unwrap().reason),
        }
    }

    #[test]
    fn a_change_of_the_margin_is_none() {
        let old = stated("dice", "0.90");
        assert_eq!(directions(&old, &stated("dice", "0.88"), "0.02"), Ok("unchanged"));
        assert_eq!(directions(&old, &stated("dice", "0.8799"), "0.02"), Ok("regressed"));
        assert_eq!(directions(&old, &stated("dice", "0.9201"), "0.02"), Ok("improved"));
        // In floating point, 0.3 - 0.1 is more than 0.2.
        assert_eq!(directions(&stated("dice", "0.1"), &stated("dice", "0.3"), "0.2"), Ok("unchanged"));
    }

    #[test]
    fn less_of_an_error_is_better() {
        let old = stated("brier score", "0.20");
        assert_eq!(directions(&old, &stated("brier score", "0.10"), "0.01"), Ok("improved"));
        assert_eq!(directions(&stated("score", "1"), &stated("score", "2"), "0"), Ok("improved"));
        assert!(
            directions(&stated("x", "1"), &stated("x", "2"), "0").unwrap_err().starts_with("nobody says")
        );
    }

    #[test]
    fn what_is_not_the_same_is_not_compared() {
        let old = stated("dice", "0.9");
        for (change, word) in [
            (Stated { site: "did:web:b.example".to_owned(), ..old.clone() }, "this site"),
            (Stated { dataset: Some(("urn:x".to_owned(), "uEj".to_owned())), ..old.clone() }, "these data"),
            (Stated { slice: Some("sex=female".to_owned()), ..old.clone() }, "no such result"),
            (Stated { n: Some(99), ..old.clone() }, "number of cases"),
            (Stated { unit: "mm".to_owned(), ..old.clone() }, "units"),
        ] {
            assert!(directions(&old, &change, "0").unwrap_err().contains(word), "{word}");
        }
        let nowhere = Stated { dataset: None, ..old.clone() };
        assert!(directions(&nowhere, &nowhere, "0").unwrap_err().contains("names no data"));
    }

    #[test]
    fn intervals_that_touch_overlap() {
        let with = |value: &str, lower: &str, upper: &str| Stated {
            interval: Some((lower.to_owned(), upper.to_owned())),
            ..stated("dice", value)
        };
        let rules = Rules { margin: Decimal::ZERO, margin_text: "0", higher: &[], lower: &[] };
        for (lower, expected) in [("0.8", true), ("0.81", false)] {
            let old = [with("0.7", "0.6", "0.8")];
            let compared = compare(&old, &[with("0.9", lower, "0.95")], &rules);
            assert_eq!(compared.pairs.first().and_then(|pair| pair.overlap), Some(expected));
        }
    }
}
