//! What may be said about how many: nothing about fewer than ten, and nothing from which that follows.
//!
//! A distribution is over *cells*: everyone is in exactly one. A cell is named if it has at least [`FEWEST`]; the rest
//! together is `other`. As the sum of all is often published too, a rest of fewer than ten would follow from the exact
//! counts of the others, so the smallest named cell is joined with it, without its name. Where that would be the only
//! name, it stays without an exact count, if the sum leaves every number from 1 to 9 open; if not, nothing is said.

use model_passport::json::{Json, MAX_SAFE_INTEGER, Number, Object};

/// Nothing is said about fewer people, or fewer of anything that may be theirs.
pub(super) const FEWEST: u64 = 10;

/// What stands in place of a count from 1 to 9.
pub(super) const FEW: &str = "<10";

/// What stands in place of a count from which another would follow.
const MANY: &str = ">=10";

/// The cells without a name.
pub(super) const OTHER: &str = "other";

/// Two cells of which one has fewer than ten and the other has not, and whose sum leaves open how many these are.
const FEWEST_OF_TWO: u64 = 2 * FEWEST - 1;

/// A count that may be of people, or of things that are theirs.
pub(super) fn count(number: u64) -> Json {
    match i64::try_from(number).ok().filter(|exact| *exact <= MAX_SAFE_INTEGER) {
        Some(exact) if number == 0 || number >= FEWEST => Json::Number(Number::Integer(exact)),
        Some(_) => FEW.into(),
        // No passport holds it, and no disk.
        None => MANY.into(),
    }
}

/// A distribution, the most frequent first, with at most `most` cells that are named; nothing if none is.
pub(super) fn distribution(cells: impl IntoIterator<Item = (String, u64)>, most: usize) -> Option<Vec<Json>> {
    let (mut named, rest): (Vec<_>, Vec<_>) =
        cells.into_iter().partition(|(label, size)| *size >= FEWEST && label != OTHER);
    named.sort_by(|(a, a_size), (b, b_size)| b_size.cmp(a_size).then_with(|| a.cmp(b)));
    let beyond = named.split_off(named.len().min(most));
    let mut rest: u64 = rest.iter().chain(&beyond).map(|(_, size)| size).sum();
    let is_few = |rest: u64| (1..FEWEST).contains(&rest);
    if is_few(rest)
        && let several = named.len() > 1
        && let Some((_, smallest)) = named.pop_if(|(_, smallest)| several || *smallest + rest < FEWEST_OF_TWO)
    {
        rest += smallest;
    }
    if named.is_empty() {
        return None;
    }
    let cell = |label: &str, count: Json| {
        Json::Object(Object::from_iter([("label", Json::from(label)), ("count", count)]))
    };
    let size = |size: u64| if is_few(rest) { MANY.into() } else { count(size) };
    let mut values: Vec<Json> = named.iter().map(|(label, of)| cell(label, size(*of))).collect();
    if rest > 0 {
        values.push(cell(OTHER, count(rest)));
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(cells: &[(&str, u64)], most: usize) -> String {
        let cells = cells.iter().map(|(label, size)| ((*label).to_owned(), *size));
        let values = distribution(cells, most).unwrap_or_default();
        let text = |value: &Json| {
            let count = value.get("count").unwrap();
            let count = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
            format!("{} {count}", value.get("label").unwrap().as_str().unwrap())
        };
        values.iter().map(text).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn no_class_of_fewer_than_ten_is_named_and_none_follows_from_the_others() {
        for (cells, wanted) in [
            (&[("CT", 20), ("MR", 30)][..], "MR 30; CT 20"),
            (&[("CT", 95), ("MR", 5)], "CT >=10; other <10"),
            (&[("CT", 60), ("MR", 35), ("PT", 5)], "CT 60; other 40"),
            (&[("CT", 60), ("MR", 7), ("PT", 5)], "CT 60; other 12"),
            // Eleven in all and ten of one class would be one of the other.
            (&[("CT", 10), ("MR", 1)], ""),
            (&[("CT", 30), ("MR", 10), ("PT", 8)], "CT 30; other 18"),
            (&[("CT", 20), ("MR", 20), ("PT", 9)], "CT 20; other 29"),
            (&[("CT", 10), ("PT", 9)], "CT >=10; other <10"),
            (&[("CT", 9)], ""),
            (&[("CT", 5), ("MR", 5)], ""),
            (&[("other", 12), ("CT", 12)], "CT 12; other 12"),
            (&[("CT", 10)], "CT 10"),
            (&[], ""),
        ] {
            assert_eq!(shown(cells, 64), wanted, "{cells:?}");
        }
        assert_eq!(shown(&[("a", 30), ("b", 20), ("c", 10)], 1), "a 30; other 30");
    }

    proptest! {
        /// Whoever knows the sum and the rule knows no class of fewer than ten.
        #[test]
        fn no_small_number_follows(sizes in proptest::collection::vec(1_u64..40, 1..6)) {
            let named = |sizes: &[u64]| {
                let labels: Vec<String> = ('a'..).take(sizes.len()).map(String::from).collect();
                let cells: Vec<_> = labels.iter().map(String::as_str).zip(sizes.iter().copied()).collect();
                shown(&cells, 64)
            };
            let text = named(&sizes);
            let (few, many): (Vec<u64>, Vec<u64>) = sizes.iter().partition(|size| **size < FEWEST);
            if text.contains("<10") {
                let sum: u64 = sizes.iter().sum();
                let label = text.split(' ').next().unwrap();
                prop_assert_eq!(&text, &format!("{label} >=10; other <10"));
                prop_assert_eq!(many.len(), 1);
                for other in 1..FEWEST {
                    let twin = [("z", other), (label, sum - other)];
                    prop_assert_eq!(shown(&twin, 64), text.clone());
                }
            } else if !text.is_empty() {
                let counts = text.split("; ").map(|part| part.split_once(' ').unwrap().1.parse::<u64>().unwrap());
                prop_assert!(counts.clone().all(|count| count >= FEWEST));
                prop_assert_eq!(counts.sum::<u64>(), sizes.iter().sum::<u64>());
            }
            prop_assert!(!text.is_empty() || many.len() < 2, "{:?}", few);
        }
    }
}
