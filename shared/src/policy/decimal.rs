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

/// Whether `one` is below `other` by more than `margin`; `None` where a number is not one, or has more than 12 digits
/// on a side of its point.
pub(crate) fn is_below(one: &str, other: &str, margin: &str) -> Option<bool> {
    let (one, other, margin) = (Decimal::read(one)?, Decimal::read(other)?, Decimal::read(margin)?);
    Some(other.scaled()? - one.scaled()? > margin.scaled()?)
}

/// Digits of a fraction that are computed with.
const DIGITS: usize = 12;

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

    /// In units of the last digit that is computed with.
    fn scaled(&self) -> Option<i128> {
        if self.whole.len() > DIGITS || self.fraction.len() > DIGITS {
            return None;
        }
        let size: i128 = format!("0{}{:0<DIGITS$}", self.whole, self.fraction).parse().ok()?;
        Some(if self.is_negative { -size } else { size })
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
    fn differences_are_exact() {
        assert_eq!(is_below("0.9167", "0.9722", "0.05"), Some(true));
        assert_eq!(is_below("0.92", "0.97", "0.05"), Some(false), "by the margin, and not by more");
        assert_eq!(is_below("0.919999999999", "0.97", "0.05"), Some(true));
        assert_eq!(is_below("1", "-1", "0"), Some(false));
        assert_eq!(is_below("-1", "1", "1.999"), Some(true));
        for text in ["", "x", "1e3", "1234567890123", "0.1234567890123"] {
            assert_eq!(is_below(text, "1", "0"), None, "{text}");
        }
    }

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
