//! Doubles from and to decimal text, each rounded once, to the nearest, from its exact value.
//!
//! ```text
//! "1.1" ──parse──► 0x3ff199999999999a ──shortest──► 11, 0 (1.1 × 10^0)
//! ```
//!
//! The standard library does the same faster, with tables that would be a tenth of the WebAssembly verifier.
//! Passports have no fractions, so few texts ever come here; the tests hold the two to each other.

use std::cmp::Ordering;

/// Digits beyond these only say whether there is more: no double is half way between others with more digits.
const MAX_DIGITS: usize = 800;
/// Beyond these powers of ten everything is infinite, or zero.
const MAX_EXPONENT: i64 = 400;
/// Every whole number of that many digits is a double, and every decimal of that many has a double of its own.
const SAFE_DIGITS: i64 = 15;
/// 10^22 is the last power of ten that is a double.
const SAFE_POWER: i64 = 22;
/// The bits of a double's fraction, without the leading one.
const FRACTION_BITS: u32 = 52;

/// The nearest double of a text in the grammar of a JSON number. Infinite where it is too large.
pub(crate) fn parse(text: &str) -> f64 {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    // A longer exponent than this only has leading zeros, or is far out of range.
    let digits = exponent.trim_start_matches(['+', '-']).trim_start_matches('0');
    let size: i64 = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(i64::MAX / 4) };
    let mut power = if exponent.starts_with('-') { -size } else { size };
    let mut number = Natural::default();
    let (mut kept, mut fraction, mut more) = (0_usize, false, false);
    for byte in mantissa.bytes() {
        match byte {
            b'0'..=b'9' if kept < MAX_DIGITS => {
                kept += usize::from(kept > 0 || byte > b'0');
                number.multiply_add(10, u32::from(byte - b'0'));
                power -= i64::from(fraction);
            }
            b'0'..=b'9' => {
                more |= byte > b'0';
                power += i64::from(!fraction);
            }
            b'.' => fraction = true,
            _ => {}
        }
    }
    if more {
        number.multiply_add(10, 1);
        power -= 1;
    }
    let value = decimal(number, kept, power);
    if text.starts_with('-') { -value } else { value }
}

/// `number`, which has about `digits` digits, times ten to the `power`.
fn decimal(mut number: Natural, digits: usize, power: i64) -> f64 {
    let digits = i64::try_from(digits).unwrap_or(i64::MAX);
    if number.limbs.is_empty() || digits.saturating_add(power) < -MAX_EXPONENT {
        return 0.0;
    }
    if digits.saturating_add(power) > MAX_EXPONENT {
        return f64::INFINITY;
    }
    if digits <= SAFE_DIGITS && power.abs() <= SAFE_POWER {
        // Two exact doubles, rounded once by the machine.
        let value =
            number.limbs.iter().rev().fold(0.0, |value, limb| value * 4_294_967_296.0 + f64::from(*limb));
        let scale = (0..power.abs()).fold(1.0, |scale: f64, _| scale * 10.0);
        return if power < 0 { value / scale } else { value * scale };
    }
    let mut divisor = Natural::from(1);
    let scaled = if power < 0 { &mut divisor } else { &mut number };
    scaled.multiply_power_of_ten(power.unsigned_abs());
    nearest(number, divisor)
}

/// The double nearest to a fraction, the even one of two.
fn nearest(mut number: Natural, mut divisor: Natural) -> f64 {
    // Shifted so that the quotient has 63 or 64 bits.
    let shift = 63 + divisor.bits() - number.bits();
    let shifted = if shift > 0 { &mut number } else { &mut divisor };
    shifted.shift_left(shift.unsigned_abs());
    let (quotient, rest) = divide(number, divisor);
    let bits = 64 - i64::from(quotient.leading_zeros());
    let exponent = bits - 1 - shift;
    // Numbers below the normal ones have fewer bits, down to none.
    let precision = (exponent + 1075).min(53);
    let drop = u32::try_from(bits - precision).unwrap_or_default();
    if exponent > 1023 || precision < 0 {
        return if exponent > 0 { f64::INFINITY } else { 0.0 };
    }
    let kept = quotient.checked_shr(drop).unwrap_or(0);
    let half = 1_u64 << (drop - 1);
    let tail = quotient & (half | (half - 1));
    let up = tail > half || (tail == half && (rest != Rest::None || kept & 1 == 1));
    // The leading one of a normal number, and a carry out of the fraction, count up the exponent.
    let biased = u64::try_from(exponent + 1022).unwrap_or(0);
    f64::from_bits((biased << FRACTION_BITS) + kept + u64::from(up))
}

/// The decimal of `count` digits nearest to a positive double, as `digits` and the power of ten of the first.
pub(crate) fn rounded(value: f64, count: u32) -> (u64, i32) {
    let bits = value.to_bits();
    let biased = i64::try_from((bits >> FRACTION_BITS) & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let whole = if biased == 0 { fraction } else { fraction | 1 << FRACTION_BITS };
    let binary = biased.max(1) - 1075;
    let top = binary + 63 - i64::from(whole.leading_zeros());
    let limit = 10_u64.saturating_pow(count);
    // log10(2), rounded down for either sign: the power is right or one too small.
    let mut power = (top * 30_103).div_euclid(100_000) - 1;
    loop {
        let (mut number, mut divisor) = (Natural::from(whole), Natural::from(1));
        let shifted = if binary < 0 { &mut divisor } else { &mut number };
        shifted.shift_left(binary.unsigned_abs());
        let scale = i64::from(count) - 1 - power;
        let scaled = if scale < 0 { &mut divisor } else { &mut number };
        scaled.multiply_power_of_ten(scale.unsigned_abs());
        let (digits, rest) = divide(number, divisor);
        if digits >= limit {
            power += 1;
            continue;
        }
        let up = rest == Rest::AboveHalf || (rest == Rest::Half && digits & 1 == 1);
        let digits = digits + u64::from(up);
        let (digits, power) = if digits == limit { (digits / 10, power + 1) } else { (digits, power) };
        return (digits, i32::try_from(power).unwrap_or(i32::MAX));
    }
}

/// The fewest digits that read back as this positive double, the nearest of them where there are several; and
/// the power of ten of the first.
pub(crate) fn shortest(value: f64) -> (u64, i32) {
    // A decimal of 15 digits survives in a normal double, so none below has to be tried.
    let least = if value.is_normal() { SAFE_DIGITS } else { 1 };
    let power_of_two = value.to_bits().trailing_zeros() >= FRACTION_BITS;
    for count in u32::try_from(least).unwrap_or(1)..17 {
        let (digits, power) = rounded(value, count);
        // Below a power of two doubles are twice as dense, so the nearest may miss where the next one does not.
        for digits in [Some(digits), power_of_two.then_some(digits + 1)].into_iter().flatten() {
            let last = i64::from(power) + 1 - i64::from(count);
            if decimal(Natural::from(digits), 17, last).to_bits() == value.to_bits() {
                return (without_zeros(digits), power);
            }
        }
    }
    let (digits, power) = rounded(value, 17);
    (without_zeros(digits), power)
}

fn without_zeros(mut digits: u64) -> u64 {
    while digits > 0 && digits.is_multiple_of(10) {
        digits /= 10;
    }
    digits
}

/// What a division leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    None,
    BelowHalf,
    Half,
    AboveHalf,
}

/// The whole part of a fraction, up to 64 bits, and what is left.
fn divide(mut number: Natural, mut divisor: Natural) -> (u64, Rest) {
    let places = number.bits() - divisor.bits();
    let mut quotient = 0;
    if places >= 0 {
        divisor.shift_left(places.unsigned_abs());
        for _ in 0..=places {
            quotient <<= 1;
            if number.compare(&divisor) != Ordering::Less {
                number.subtract(&divisor);
                quotient |= 1;
            }
            number.shift_left(1);
        }
    } else {
        number.shift_left(1);
    }
    let rest = match number.compare(&divisor) {
        _ if number.limbs.is_empty() => Rest::None,
        Ordering::Less => Rest::BelowHalf,
        Ordering::Equal => Rest::Half,
        Ordering::Greater => Rest::AboveHalf,
    };
    (quotient, rest)
}

/// A whole number of any size: its 32-bit limbs, the least first, the last one not zero.
#[derive(Clone, Default)]
struct Natural {
    limbs: Vec<u32>,
}

impl From<u64> for Natural {
    fn from(value: u64) -> Self {
        let mut limbs = vec![low(value), low(value >> 32)];
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        Self { limbs }
    }
}

impl Natural {
    fn bits(&self) -> i64 {
        let top = self.limbs.last().map_or(0, |limb| 32 - i64::from(limb.leading_zeros()));
        top + 32 * i64::try_from(self.limbs.len().saturating_sub(1)).unwrap_or(0)
    }

    fn multiply_add(&mut self, factor: u32, add: u32) {
        let mut carry = u64::from(add);
        for limb in &mut self.limbs {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = low(carry);
            carry >>= 32;
        }
        if carry > 0 {
            self.limbs.push(low(carry));
        }
    }

    fn multiply_power_of_ten(&mut self, power: u64) {
        for _ in 0..power / 9 {
            self.multiply_add(1_000_000_000, 0);
        }
        for _ in 0..power % 9 {
            self.multiply_add(10, 0);
        }
    }

    fn shift_left(&mut self, bits: u64) {
        self.multiply_add(1 << (bits % 32), 0);
        if bits >= 32 && !self.limbs.is_empty() {
            let limbs = usize::try_from(bits / 32).unwrap_or(0);
            self.limbs.splice(0..0, std::iter::repeat_n(0, limbs));
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.limbs
            .len()
            .cmp(&other.limbs.len())
            .then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
    }

    /// Takes away what is not larger.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = 0;
        for (limb, taken) in
            self.limbs.iter_mut().zip(other.limbs.iter().copied().chain(std::iter::repeat(0)))
        {
            let wide = (1_u64 << 32) + u64::from(*limb) - u64::from(taken) - borrow;
            *limb = low(wide);
            borrow = 1 - (wide >> 32);
        }
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
    }
}

fn low(value: u64) -> u32 {
    u32::try_from(value & 0xffff_ffff).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reads_as_by_the_standard_library(text: &str) {
        let expected: f64 = text.parse().unwrap();
        assert_eq!(parse(text).to_bits(), expected.to_bits(), "{text}");
    }

    fn writes_as_by_the_standard_library(value: f64) {
        for count in [1_u32, 2, 15, 16, 17] {
            let (digits, power) = rounded(value, count);
            let text = format!("{value:.*e}", usize::try_from(count - 1).unwrap());
            let (mantissa, exponent) = text.split_once('e').unwrap();
            assert_eq!(
                (digits.to_string(), power.to_string()),
                (mantissa.replace('.', ""), exponent.to_owned()),
                "{value:e} {count}"
            );
        }
        // Of several shortest texts `{:e}` gives one that need not be the nearest.
        let text = format!("{value:e}");
        let count = text.bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count();
        let nearest = format!("{value:.*e}", count - 1);
        let text = if nearest.parse() == Ok(value) { nearest } else { text };
        let (mantissa, exponent) = text.split_once('e').unwrap();
        let (digits, power) = shortest(value);
        assert_eq!(
            (digits.to_string(), power.to_string()),
            (mantissa.replace('.', ""), exponent.to_owned()),
            "{value:e}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn any_double(bits in any::<u64>()) {
            let value = f64::from_bits(bits & !(1 << 63));
            prop_assume!(value.is_finite() && value > 0.0);
            writes_as_by_the_standard_library(value);
            reads_as_by_the_standard_library(&format!("{value:e}"));
            reads_as_by_the_standard_library(&format!("-{value:.25}"));
        }

        #[test]
        fn any_text(text in "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?") {
            reads_as_by_the_standard_library(&text);
        }

        #[test]
        fn short_decimals(digits in 1_u64..1_000_000_000_000_000, power in -330..310) {
            let text = format!("{digits}e{power}");
            reads_as_by_the_standard_library(&text);
            let value: f64 = text.parse().unwrap();
            if value.is_finite() && value > 0.0 {
                writes_as_by_the_standard_library(value);
            }
        }

        #[test]
        fn half_way_between_two(bits in 1_u64..0x7fe0_0000_0000_0000, more in "[0-9]{0,3}") {
            // The exact sum of two neighbours ends after 767 digits at most; its half is the hardest text there is.
            let (a, b) = (f64::from_bits(bits), f64::from_bits(bits + 1));
            let middle = exact_middle(a, b);
            reads_as_by_the_standard_library(&format!("{middle}{more}"));
        }
    }

    /// `(a + b) / 2` in full, as the decimal of `a` and that of half the gap.
    fn exact_middle(a: f64, b: f64) -> String {
        let half = format!("{:.1100}", b - a);
        let (mut sum, mut carry) = (Vec::new(), 0);
        let double = format!("{a:.1100}");
        // Half of the gap, digit by digit from the left.
        let mut rest = 0;
        let halved: Vec<u8> = half
            .bytes()
            .map(|byte| match byte {
                b'.' => b'.',
                digit => {
                    let value = rest * 10 + (digit - b'0');
                    rest = value % 2;
                    value / 2 + b'0'
                }
            })
            .collect();
        let width = double.len().max(halved.len());
        let pad = |text: &[u8]| [vec![b'0'; width - text.len()], text.to_vec()].concat();
        for (x, y) in pad(double.as_bytes()).into_iter().zip(pad(&halved)).rev() {
            if x == b'.' {
                sum.push(b'.');
                continue;
            }
            let digit = x - b'0' + y - b'0' + carry;
            sum.push(digit % 10 + b'0');
            carry = digit / 10;
        }
        sum.reverse();
        let text = String::from_utf8(sum).unwrap();
        let text = text.trim_start_matches('0');
        if text.starts_with('.') { format!("0{text}") } else { text.to_owned() }
    }

    #[test]
    fn every_power_of_two_and_its_neighbours() {
        for exponent in 0..2047_u64 {
            for bits in [exponent << 52, (exponent << 52) + 1, ((exponent + 1) << 52) - 1] {
                let value = f64::from_bits(bits);
                if value > 0.0 && value.is_finite() {
                    writes_as_by_the_standard_library(value);
                    reads_as_by_the_standard_library(&format!("{value:e}"));
                }
            }
        }
    }

    #[test]
    fn the_ends_of_the_range() {
        for text in [
            "0",
            "-0",
            "0.0",
            "0e999999999999999999999",
            "1e400",
            "-1e400",
            "1e309",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2.4703282292062329e-324",
            "1e-400",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "9007199254740993",
            "9007199254740992.99999",
            "1e23",
            "8.5e22",
            "1e0000000000000000000000001",
        ] {
            reads_as_by_the_standard_library(text);
        }
        for (zeros, digits) in [(0, 5000), (400, 1), (400, 1000), (5000, 1)] {
            reads_as_by_the_standard_library(&format!("0.{}{}", "0".repeat(zeros), "7".repeat(digits)));
            reads_as_by_the_standard_library(&format!("{}e-{}", "7".repeat(digits), digits + 3));
            reads_as_by_the_standard_library(&format!("1{}e-{zeros}", "0".repeat(zeros)));
            reads_as_by_the_standard_library(&format!("1.5{}1", "0".repeat(zeros)));
        }
    }
}
