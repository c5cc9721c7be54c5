//! The forms that a string may be asked to have, each by name, and the same as a pattern for other validators.
//!
//! A pattern says everything but the calendar: `2026-02-30` follows it and is still not a date.

use crate::time::Timestamp;

/// A named form of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Country,
    Date,
    DateTime,
    Decimal,
    Did,
    DigestMultibase,
    GitCommit,
    LanguageTag,
    Multibase,
    RelativePath,
    Sha256Hex,
    StatusIndex,
    Uri,
    UrnSha256,
    UrnUuid,
}

impl Format {
    pub(super) const ALL: [Self; 15] = [
        Self::Country,
        Self::Date,
        Self::DateTime,
        Self::Decimal,
        Self::Did,
        Self::DigestMultibase,
        Self::GitCommit,
        Self::LanguageTag,
        Self::Multibase,
        Self::RelativePath,
        Self::Sha256Hex,
        Self::StatusIndex,
        Self::Uri,
        Self::UrnSha256,
        Self::UrnUuid,
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The value of `format`.
    pub(super) const fn name(self) -> &'static str {
        self.row().0
    }

    /// The value of `pattern` that stands beside it.
    pub(super) const fn pattern(self) -> &'static str {
        self.row().1
    }

    /// What a text of this form is, with an example.
    pub(super) const fn meaning(self) -> &'static str {
        self.row().2
    }

    /// Name, pattern, meaning.
    const fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Country => ("country", "^[A-Z]{2}$", "a country such as IT"),
            Self::Date => {
                ("date", "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", "a date such as 2026-11-21")
            }
            Self::DateTime => (
                "date-time",
                "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$",
                "a time in whole seconds of UTC such as 2026-11-21T10:00:00Z",
            ),
            Self::Decimal => ("decimal", r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$", "a decimal number such as 0.95"),
            Self::Did => ("did", "^did:[a-z0-9]+:[A-Za-z0-9._:%-]+$", "a DID such as did:web:lab.example"),
            Self::DigestMultibase => (
                "digest-multibase",
                "^uEi[A-D][A-Za-z0-9_-]{42}[AQgw]$",
                "a SHA-256 multihash in base64url multibase, 47 characters that begin with uEi",
            ),
            Self::GitCommit => (
                "git-commit",
                "^([0-9a-f]{40}|[0-9a-f]{64})$",
                "the full name of a git commit, 40 or 64 digits",
            ),
            Self::LanguageTag => (
                "language-tag",
                "^[a-z]{2,3}(-[a-z0-9]{2,8})*$",
                "a lower-case language tag such as en or pt-br",
            ),
            Self::Multibase => {
                ("multibase", "^[uz][A-Za-z0-9_-]+$", "multibase in base58btc (z…) or base64url (u…)")
            }
            Self::RelativePath => (
                "relative-path",
                r"^(?!\.{1,2}(/|$))[^/\\\u0000-\u001f]+(/(?!\.{1,2}(/|$))[^/\\\u0000-\u001f]+)*$",
                "a relative path such as model/model.onnx, without `.` and `..`",
            ),
            Self::Sha256Hex => ("sha256-hex", "^[0-9a-f]{64}$", "a SHA-256 digest as 64 lower-case digits"),
            Self::StatusIndex => ("status-index", "^(0|[1-9][0-9]{0,17})$", "an index such as 94567"),
            Self::Uri => (
                "uri",
                "^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=%-]+$",
                "an absolute IRI such as https://lab.example/",
            ),
            Self::UrnSha256 => {
                ("urn-sha256", "^urn:sha256:[0-9a-f]{64}$", "urn:sha256: and 64 lower-case digits")
            }
            Self::UrnUuid => (
                "urn-uuid",
                "^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
                "a UUID such as urn:uuid:6f0c1f0e-6c0e-4d5e-9d0e-2f6c1b7a9e11",
            ),
        }
    }

    /// Whether a text has this form.
    pub(super) fn holds(self, text: &str) -> bool {
        match self {
            Self::Country => text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()),
            Self::Date => is_date_time(text, "T00:00:00Z"),
            Self::DateTime => is_date_time(text, ""),
            Self::Decimal => is_decimal(text),
            Self::Did => is_did(text),
            Self::DigestMultibase => is_sha256_multihash(text),
            Self::GitCommit => matches!(text.len(), 40 | 64) && is_hex(text),
            Self::LanguageTag => is_language_tag(text),
            Self::Multibase => text.strip_prefix(['u', 'z']).is_some_and(is_base64url),
            Self::RelativePath => text.split('/').all(is_path_segment),
            Self::Sha256Hex => text.len() == 64 && is_hex(text),
            Self::StatusIndex => is_natural(text) && text.len() <= 18,
            Self::Uri => is_uri(text),
            Self::UrnSha256 => {
                text.strip_prefix("urn:sha256:").is_some_and(|digest| Self::Sha256Hex.holds(digest))
            }
            Self::UrnUuid => text.strip_prefix("urn:uuid:").is_some_and(is_uuid),
        }
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_base64url(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn is_natural(text: &str) -> bool {
    text == "0" || (!text.is_empty() && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()))
}

fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        None => is_natural(unsigned),
        Some((whole, fraction)) => {
            is_natural(whole) && !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit())
        }
    }
}

/// The 34 bytes of a SHA-256 multihash are 46 digits, of which the last has four zero bits.
fn is_sha256_multihash(text: &str) -> bool {
    let is_last = |last: &str| matches!(last, "A" | "Q" | "g" | "w");
    text.strip_prefix("uEi").and_then(|rest| rest.split_at_checked(43)).is_some_and(|(digits, last)| {
        digits.starts_with(['A', 'B', 'C', 'D']) && is_base64url(digits) && is_last(last)
    })
}

fn is_did(text: &str) -> bool {
    let method =
        |name: &str| !name.is_empty() && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9'));
    let specific =
        |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:%-".contains(&b));
    let parts = text.strip_prefix("did:").and_then(|rest| rest.split_once(':'));
    parts.is_some_and(|(name, id)| method(name) && specific(id))
}

fn is_language_tag(text: &str) -> bool {
    text.split('-').enumerate().all(|(at, part)| match at {
        0 => matches!(part.len(), 2 | 3) && part.bytes().all(|b| b.is_ascii_lowercase()),
        _ => {
            (2..=8).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        }
    })
}

fn is_path_segment(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..") && !segment.bytes().any(|b| b == b'\\' || b < 0x20)
}

fn is_uri(text: &str) -> bool {
    let scheme = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
    };
    let rest = |rest: &str| {
        !rest.is_empty()
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~:/?#[]@!$&'()*+,;=%-".contains(&b))
    };
    text.split_once(':').is_some_and(|(name, tail)| scheme(name) && rest(tail))
}

fn is_uuid(text: &str) -> bool {
    let mut parts = text.split('-');
    [8, 4, 4, 4, 12].into_iter().all(|len| parts.next().is_some_and(|part| part.len() == len && is_hex(part)))
        && parts.next().is_none()
}

/// `text` and `rest` are together `YYYY-MM-DDThh:mm:ssZ`, on a day and at a time that exist.
fn is_date_time(text: &str, rest: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00Z";
    let bytes = text.bytes().chain(rest.bytes());
    let shaped = text.len() + rest.len() == SHAPE.len()
        && bytes.zip(SHAPE).all(|(b, shape)| if *shape == b'0' { b.is_ascii_digit() } else { b == *shape });
    // The parser takes 24:00:00 for the next day, which is a second spelling of one time.
    let midnight = text.get(11..13) == Some("24");
    if rest.is_empty() {
        return shaped && !midnight && text.parse::<Timestamp>().is_ok();
    }
    shaped && format!("{text}{rest}").parse::<Timestamp>().is_ok()
}
