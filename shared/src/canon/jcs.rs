//! The JSON Canonicalization Scheme, [RFC 8785](https://www.rfc-editor.org/rfc/rfc8785).
//!
//! ```text
//! { "b": 1.0, "a": "é" }   ->   {"a":"é","b":1}
//! ```

use std::cmp::Ordering;
use std::fmt::Write as _;

use crate::index;
use crate::json::write::text;
use crate::json::{Json, Number, Object, double};

/// The canonical text of a value.
#[must_use]
pub fn to_string(value: &Json) -> String {
    let mut out = String::with_capacity(1024);
    write_value(value, &mut out);
    out
}

fn write_value(value: &Json, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(number) => write_number(*number, out),
        Json::String(value) => text(value, out),
        Json::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Json::Object(object) => write_object(object, out),
    }
}

/// Members sorted by name as arrays of UTF-16 code units ([section 3.2.3]).
///
/// [section 3.2.3]: https://www.rfc-editor.org/rfc/rfc8785#section-3.2.3
fn write_object(object: &Object, out: &mut String) {
    let members: Vec<(&str, &Json)> = object.iter().collect();
    // UTF-16 and UTF-8 order differ only beyond the basic plane, which ASCII never reaches.
    let ascii = members.iter().all(|(name, _)| name.is_ascii());
    let by_units = |a: &str, b: &str| if ascii { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) };
    let order = index::order(members.len(), &|a, b| match (members.get(a), members.get(b)) {
        (Some((a, _)), Some((b, _))) => by_units(a, b),
        _ => Ordering::Equal,
    });
    out.push('{');
    for (at, (name, value)) in order.iter().filter_map(|at| members.get(*at)).enumerate() {
        if at > 0 {
            out.push(',');
        }
        text(name, out);
        out.push(':');
        write_value(value, out);
    }
    out.push('}');
}

/// A number as ECMAScript prints it ([section 3.2.2.3]).
///
/// [section 3.2.2.3]: https://www.rfc-editor.org/rfc/rfc8785#section-3.2.2.3
pub(crate) fn write_number(number: Number, out: &mut String) {
    match number {
        // Writing to a String cannot fail.
        Number::Integer(value) => _ = write!(out, "{value}"),
        Number::Double(value) => write_double(value, out),
    }
}

/// [ECMA-262, Number::toString], from the shortest digits that read back as the same number.
///
/// [ECMA-262, Number::toString]: https://tc39.es/ecma262/#sec-numeric-types-number-tostring
fn write_double(value: f64, out: &mut String) {
    if value == 0.0 {
        // Negative zero prints as zero.
        out.push('0');
        return;
    }
    if value < 0.0 {
        out.push('-');
    }
    let (digits, exponent) = double::shortest(value.abs());
    let digits = digits.to_string();
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // `point` digits stand before the decimal point.
    let point = exponent + 1;
    let (head, tail) = digits.split_at(usize::try_from(point.clamp(0, count)).unwrap_or(0));
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    match point {
        _ if count <= point && point <= 21 => out.extend([head, &zeros(point - count)]),
        1..=21 => out.extend([head, ".", tail]),
        -5..=0 => out.extend(["0.", &zeros(-point), tail]),
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            let sign = if exponent < 0 { '-' } else { '+' };
            _ = write!(out, "{first}{dot}{rest}e{sign}{}", exponent.abs());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    /// Bit patterns and their texts, from [RFC 8785, appendix B](https://www.rfc-editor.org/rfc/rfc8785#appendix-B).
    #[test]
    fn numbers_of_the_appendix() {
        for (bits, expected) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            let mut out = String::new();
            write_double(f64::from_bits(bits), &mut out);
            assert_eq!(out, expected, "{bits:x}");
        }
    }

    #[test]
    fn names_sort_by_utf16() {
        let doc = parse("{\"\u{fb33}\":1,\"\u{1f600}\":2,\"a\":[1.0,-0.0]}").unwrap();
        assert_eq!(to_string(&doc), "{\"a\":[1,0],\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }

    #[test]
    fn escapes_are_the_short_ones() {
        let doc = parse(r#""\u0000\b\t\n\f\r\"\\\/é\u007f""#).unwrap();
        assert_eq!(to_string(&doc), "\"\\u0000\\b\\t\\n\\f\\r\\\"\\\\/é\u{7f}\"");
    }
}
