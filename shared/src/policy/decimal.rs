//! Decimal numbers as passports write them: compared digit by digit, so that no bound is met or missed by rounding.

use std::cmp::Ordering;

/// The order of two numbers of the form `-?[0-9]+(\.[0-9]+)?`; `None` where one is not.
pub(crate) fn compare(one: &str, other: &str) -> Option<Ordering> {
    let (one, other) = (Decimal::read(one)?, Decimal::read(other)?);
    Some(match (one.is_negative, other.is_negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => one.compare_size(&other),
        (true, true) => other.compare_size(&one),
    })
}

struct Decimal<'t> {
    is_negative: bool,
    /// Without leading zeros.
    whole: &'t str,
    /// Without trailing zeros.
    fraction: &'t str,
}

impl<'t> Decimal<'t> {
    fn read(text: &'t str) -> Option<Self> {
        let (is_negative, size) = match text.strip_prefix('-') {
            Some(size) => (true, size),
            None => (false, text),
        };
        let (whole, fraction) = size.split_once('.').unwrap_or((size, "0"));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        Some(Self { is_negative: is_negative && !(whole.is_empty() && fraction.is_empty()), whole, fraction })
    }

    fn compare_size(&self, other: &Self) -> Ordering {
        // Of two whole numbers without leading zeros the longer is the larger; fractions compare like words.
        let whole = self.whole.len().cmp(&other.whole.len()).then_with(|| self.whole.cmp(other.whole));
        whole.then_with(|| self.fraction.cmp(other.fraction))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value() {
        let ordered =
            ["-10", "-9.5", "-9.05", "-0.1", "0", "0.09", "0.1", "0.101", "1", "1.5", "10", "100.01"];
        for (a, one) in ordered.iter().enumerate() {
            for (b, other) in ordered.iter().enumerate() {
                assert_eq!(compare(one, other), Some(a.cmp(&b)), "{one} {other}");
            }
        }
        for (one, other) in [("0", "-0"), ("-0.0", "0"), ("1", "1.0"), ("007.50", "7.5")] {
            assert_eq!(compare(one, other), Some(Ordering::Equal), "{one} {other}");
        }
        for text in ["", "-", ".", "1.", ".5", "1e3", "+1", "1,5", " 1", "NaN", "--1", "1.-5"] {
            assert_eq!(compare(text, "1"), None, "{text}");
            assert_eq!(compare("1", text), None, "{text}");
        }
    }
}
