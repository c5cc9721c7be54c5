//! The elements that may be read, and the only types that their values can become.
//!
//! Everything else in a file is skipped by its length. What is read here is parsed at once, in a buffer that is
//! wiped, into a [`Term`] (a place in a fixed table) or a [`Thousandths`] (a bounded number). Neither can hold a
//! text from a file, and there is no other way out: `Reading` is closed to types that are not [`Technical`], and
//! a value that does not parse is [`Reading::Unreadable`], which says that and no more.

use std::fmt;

use super::terms::{BODY_PARTS, MANUFACTURERS, MODALITIES, PHOTOMETRICS};

/// Where an element stands: group and number within the group. Written `(gggg,eeee)`, which is all that is ever
/// said about an element that is not technical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Tag(pub(super) u32);

impl Tag {
    pub(super) const fn group(self) -> u32 {
        self.0 >> 16
    }

    pub(super) const fn element(self) -> u32 {
        self.0 & 0xffff
    }

    /// Odd groups are the makers' own.
    pub(super) const fn is_private(self) -> bool {
        self.group() & 1 == 1
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:04X},{:04X})", self.group(), self.element())
    }
}

/// A technical element: the allow-list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Technical {
    Word(Word),
    Number(Quantity),
}

/// Elements whose value is one of a list of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Word {
    Modality,
    Manufacturer,
    BodyPart,
    Photometric,
}

/// Elements whose value is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Quantity {
    SliceThickness,
    TubeVoltage,
    RepetitionTime,
    EchoTime,
    FieldStrength,
    SliceSpacing,
    FlipAngle,
    SamplesPerPixel,
    Frames,
    Rows,
    Columns,
    PixelSpacing,
    BitsStored,
}

/// How a number stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// VR DS or IS: a number in digits.
    Digits,
    /// VR US: two bytes.
    Short,
}

/// What is known about each number: tag, form, VR, least and greatest value, name with its unit.
struct Row(Quantity, u32, Form, &'static [u8; 2], i64, i64, &'static str);

const QUANTITIES: [Row; 13] = [
    Row(Quantity::SliceThickness, 0x0018_0050, Form::Digits, b"DS", 0, 1_000, "slice thickness in mm"),
    Row(Quantity::TubeVoltage, 0x0018_0060, Form::Digits, b"DS", 0, 1_000, "tube voltage in kV"),
    Row(Quantity::RepetitionTime, 0x0018_0080, Form::Digits, b"DS", 0, 100_000, "repetition time in ms"),
    Row(Quantity::EchoTime, 0x0018_0081, Form::Digits, b"DS", 0, 100_000, "echo time in ms"),
    Row(Quantity::FieldStrength, 0x0018_0087, Form::Digits, b"DS", 0, 30, "field strength in T"),
    Row(
        Quantity::SliceSpacing,
        0x0018_0088,
        Form::Digits,
        b"DS",
        -1_000,
        1_000,
        "spacing between slices in mm",
    ),
    Row(Quantity::FlipAngle, 0x0018_1314, Form::Digits, b"DS", 0, 360, "flip angle in degrees"),
    Row(Quantity::SamplesPerPixel, 0x0028_0002, Form::Short, b"US", 1, 4, "samples per pixel"),
    Row(Quantity::Frames, 0x0028_0008, Form::Digits, b"IS", 1, 1_000_000, "number of frames"),
    Row(Quantity::Rows, 0x0028_0010, Form::Short, b"US", 1, 65_535, "rows"),
    Row(Quantity::Columns, 0x0028_0011, Form::Short, b"US", 1, 65_535, "columns"),
    Row(
        Quantity::PixelSpacing,
        0x0028_0030,
        Form::Digits,
        b"DS",
        0,
        100,
        "pixel spacing in mm (between rows)",
    ),
    Row(Quantity::BitsStored, 0x0028_0101, Form::Short, b"US", 1, 64, "bits stored"),
];

const WORDS: [(Word, u32, &[u8; 2], &str); 4] = [
    (Word::Modality, 0x0008_0060, b"CS", "modality"),
    (Word::Manufacturer, 0x0008_0070, b"LO", "manufacturer"),
    (Word::BodyPart, 0x0018_0015, b"CS", "body part"),
    (Word::Photometric, 0x0028_0004, b"CS", "photometric interpretation"),
];

impl Technical {
    /// The element with this tag, if it is on the list.
    pub(super) fn of(tag: Tag) -> Option<Self> {
        let word = WORDS.iter().find(|(_, place, ..)| *place == tag.0).map(|(word, ..)| Self::Word(*word));
        word.or_else(|| QUANTITIES.iter().find(|row| row.1 == tag.0).map(|row| Self::Number(row.0)))
    }

    /// The VR that the dictionary gives it.
    pub(super) fn vr(self) -> &'static [u8; 2] {
        match self {
            Self::Word(word) => WORDS.iter().find(|row| row.0 == word).map_or(b"CS", |row| row.2),
            Self::Number(quantity) => quantity.row().map_or(b"DS", |row| row.3),
        }
    }
}

impl Word {
    pub(super) const ALL: [Self; 4] = [Self::Modality, Self::Manufacturer, Self::BodyPart, Self::Photometric];

    /// For people.
    pub(super) fn name(self) -> &'static str {
        WORDS.iter().find(|(word, ..)| *word == self).map_or("", |(.., name)| name)
    }

    /// The table's word that these bytes are, and nothing else. A maker that no table knows is `other`.
    pub(super) fn parse(self, value: &[u8]) -> Option<Term> {
        let known = |table: &'static [&'static str]| {
            table.iter().find(|term| equals(term.as_bytes(), value)).map(|term| Term(term))
        };
        match self {
            Self::Modality => known(&MODALITIES),
            Self::BodyPart => known(&BODY_PARTS),
            Self::Photometric => known(&PHOTOMETRICS),
            Self::Manufacturer => {
                if trim(value).is_empty() {
                    return None;
                }
                let maker = MANUFACTURERS.iter().find(|(mark, _)| contains(value, mark.as_bytes()));
                Some(maker.map_or(Term::OTHER, |(_, name)| Term(name)))
            }
        }
    }
}

impl Quantity {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        QUANTITIES.iter().map(|row| row.0)
    }

    fn row(self) -> Option<&'static Row> {
        QUANTITIES.iter().find(|row| row.0 == self)
    }

    /// For people, with the unit.
    pub(super) fn name(self) -> &'static str {
        self.row().map_or("", |row| row.6)
    }

    /// The first number of the value, if it is one and within reason.
    pub(super) fn parse(self, value: &[u8], big_endian: bool) -> Option<Thousandths> {
        let row = self.row()?;
        let number = match row.2 {
            Form::Short => {
                let bytes: [u8; 2] = value.get(..2)?.try_into().ok()?;
                let short = if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
                (value.len() == 2).then(|| Thousandths(i64::from(short) * 1000))?
            }
            Form::Digits => Thousandths::parse(value.split(|byte| *byte == b'\\').next()?)?,
        };
        (row.4 * 1000..=row.5 * 1000).contains(&number.0).then_some(number)
    }
}

/// A word of a fixed table of this program. There is no way to make one from a file's bytes: its field is
/// private, and [`Word::parse`] fills it with constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Term(&'static str);

impl Term {
    /// A word that no table knows.
    pub(super) const OTHER: Self = Self("other");
    /// Not in the file, or empty.
    pub(super) const ABSENT: Self = Self("not given");
    /// In the file, and not what the element may hold.
    pub(super) const UNREADABLE: Self = Self("not readable");

    pub(super) const fn of_table(text: &'static str) -> Self {
        Self(text)
    }

    pub(super) const fn text(self) -> &'static str {
        self.0
    }
}

/// A number to three decimal places, which is finer than scanners are set and too coarse to hide a name in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Thousandths(i64);

impl Thousandths {
    /// A DS or IS: at most 16 characters, optional sign, digits, point, exponent; rounded half away from zero.
    fn parse(text: &[u8]) -> Option<Self> {
        const MAX_CHARS: usize = 16;
        const MAX_EXPONENT: i32 = 20;
        let text = trim(text);
        if text.is_empty() || text.len() > MAX_CHARS {
            return None;
        }
        let (negative, text) = match text.split_first()? {
            (b'-', rest) => (true, rest),
            (b'+', rest) => (false, rest),
            _ => (false, text),
        };
        let (digits, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(at) => {
                (text.get(..at)?, std::str::from_utf8(text.get(at + 1..)?).ok()?.parse::<i32>().ok()?)
            }
            None => (text, 0),
        };
        if exponent.abs() > MAX_EXPONENT {
            return None;
        }
        // The number is `mantissa` times ten to the power of `scale`, in thousandths.
        let (mut mantissa, mut scale, mut seen, mut point) = (0_i128, exponent + 3, false, false);
        for byte in digits {
            match byte {
                b'0'..=b'9' => {
                    mantissa = mantissa * 10 + i128::from(byte - b'0');
                    scale -= i32::from(point);
                    seen = true;
                }
                b'.' if !point => point = true,
                _ => return None,
            }
        }
        if !seen {
            return None;
        }
        let power = 10_i128.checked_pow(scale.unsigned_abs())?;
        let magnitude = if scale >= 0 {
            mantissa.checked_mul(power)?
        } else {
            (mantissa.checked_mul(2)? + power) / power.checked_mul(2)?
        };
        i64::try_from(if negative { -magnitude } else { magnitude }).ok().map(Self)
    }
}

impl fmt::Display for Thousandths {
    /// As a decimal without needless zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        let sign = if self.0 < 0 { "-" } else { "" };
        let text = format!("{sign}{whole}.{rest:03}");
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// What reading a technical element gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading<T> {
    /// It is not in the file, or empty.
    Absent,
    /// It holds something that it may not hold. What, is not kept.
    Unreadable,
    /// It holds this.
    Value(T),
}

impl<T: Copy> Reading<T> {
    /// What a value is: nothing but padding, what it parses to, or neither.
    pub(super) fn of(value: &[u8], parse: impl FnOnce() -> Option<T>) -> Self {
        match parse() {
            Some(parsed) => Self::Value(parsed),
            None if trim(value).is_empty() => Self::Absent,
            None => Self::Unreadable,
        }
    }

    /// Takes up what an element gave; a second one with a value makes both unusable.
    pub(super) fn join(&mut self, other: Self) {
        *self = match (*self, other) {
            (Self::Absent, one) | (one, Self::Absent) => one,
            _ => Self::Unreadable,
        };
    }
}

/// Without the spaces and zero bytes that pad values to an even length.
pub(super) fn trim(value: &[u8]) -> &[u8] {
    let is_padding = |byte: &u8| matches!(byte, 0 | b' ');
    let start = value.iter().position(|byte| !is_padding(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_padding(byte)).map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

/// Whether a trimmed value is this term, in whichever case: some programs write lower case.
fn equals(term: &[u8], value: &[u8]) -> bool {
    trim(value).eq_ignore_ascii_case(term)
}

fn contains(value: &[u8], mark: &[u8]) -> bool {
    value.windows(mark.len()).any(|part| part.eq_ignore_ascii_case(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<String> {
        Thousandths::parse(text.as_bytes()).map(|number| number.to_string())
    }

    #[test]
    fn numbers_are_rounded_and_written_without_needless_zeros() {
        for (text, wanted) in [
            ("5", "5"),
            (" 1.250000 ", "1.25"),
            ("+0.48828125", "0.488"),
            ("-0.0005", "-0.001"),
            ("0.00049", "0"),
            ("1e2", "100"),
            ("1.5E-3", "0.002"),
            ("3.", "3"),
            (".5", "0.5"),
            ("123456789012345", "123456789012345"),
        ] {
            assert_eq!(number(text).as_deref(), Some(wanted), "{text}");
        }
        for text in ["", " ", ".", "-", "1,5", "1.2.3", "0x10", "nan", "inf", "e3", "1e", "1e99", "DOE^JOHN"]
        {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(number("12345678901234567"), None, "17 characters");
    }

    #[test]
    fn what_is_beyond_reason_is_no_number() {
        let digits = |quantity: Quantity, text: &str| quantity.parse(text.as_bytes(), false).is_some();
        assert!(digits(Quantity::SliceThickness, "1000") && !digits(Quantity::SliceThickness, "1000.001"));
        assert!(!digits(Quantity::SliceThickness, "-1") && digits(Quantity::SliceSpacing, "-1"));
        assert!(!digits(Quantity::FieldStrength, "15000"), "gauss, not tesla");
        assert!(digits(Quantity::PixelSpacing, r"0.5\0.7"));
        assert_eq!(Quantity::Rows.parse(&[0, 2], false), Some(Thousandths(512_000)));
        assert_eq!(Quantity::Rows.parse(&[2, 0], true), Some(Thousandths(512_000)));
        for value in [&[][..], &[1], &[0, 0], &[0, 2, 0, 2]] {
            assert_eq!(Quantity::Rows.parse(value, false), None);
        }
    }

    #[test]
    fn words_come_from_tables_only() {
        let word = |word: Word, text: &str| word.parse(text.as_bytes()).map(Term::text);
        assert_eq!(word(Word::Modality, "CT"), Some("CT"));
        assert_eq!(word(Word::Modality, "mr "), Some("MR"));
        assert_eq!(word(Word::Modality, "DOE^JOHN"), None);
        assert_eq!(word(Word::BodyPart, "CHEST DOE"), None);
        assert_eq!(word(Word::Manufacturer, "SIEMENS Healthineers"), Some("Siemens"));
        assert_eq!(word(Word::Manufacturer, "GE MEDICAL SYSTEMS"), Some("GE"));
        assert_eq!(word(Word::Manufacturer, "Dr. Doe's own"), Some("other"));
    }

    #[test]
    fn every_element_of_the_list_is_technical() {
        let tags = WORDS.iter().map(|row| row.1).chain(QUANTITIES.iter().map(|row| row.1));
        for tag in tags.map(Tag) {
            let vr = Technical::of(tag).unwrap().vr();
            let allowed: [&[u8; 2]; 4] = [b"CS", b"IS", b"DS", b"US"];
            assert!(allowed.contains(&vr) || tag == Tag(0x0008_0070), "{tag}");
            assert!(!tag.is_private() && super::super::profile::action(tag).is_none(), "{tag}");
        }
    }

    #[test]
    fn a_second_value_makes_both_unusable() {
        let mut reading = Reading::Absent;
        reading.join(Reading::Value(1));
        reading.join(Reading::Absent);
        assert_eq!(reading, Reading::Value(1));
        reading.join(Reading::Value(1));
        assert_eq!(reading, Reading::Unreadable);
        reading.join(Reading::Value(1));
        assert_eq!(reading, Reading::Unreadable);
    }
}
