//! [Bitstring Status List 1.0](https://www.w3.org/TR/vc-bitstring-status-list/): one bit, or a few, of a
//! signed list say whether a credential still holds.
//!
//! ```text
//! credential   "credentialStatus": { "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
//!                                    "statusListIndex": "94567", "statusListCredential": "https://…/3" }
//!                                                        │                                │
//! list         "id": "https://…/3", "type": […, "BitstringStatusListCredential"], "issuer", "validFrom",
//!              "credentialSubject": { "type": "BitstringStatusList", "statusPurpose": "revocation",
//!                                     "encodedList": "uH4sI…" }       bit 94567
//! ```
//!
//! In scope: reading both, the bits, and with feature `sign` making them. Out of scope: whether a list is to
//! be believed, which [`verify`](mod@crate::verify) judges, and bringing it, which is a shell's.

mod bitstring;
#[cfg(feature = "sign")]
mod make;

use crate::json::Json;
use crate::limits::{MAX_IRI_BYTES, MAX_STATUS_SIZE, MIN_STATUS_ENTRIES};

pub use bitstring::Bitstring;
#[cfg(feature = "sign")]
pub use make::ListOrder;

/// The type of an entry that is read here.
pub const ENTRY_TYPE: &str = "BitstringStatusListEntry";

/// The type of the credential that a list is in.
pub const LIST_CREDENTIAL_TYPE: &str = "BitstringStatusListCredential";

/// The type of a list.
pub const LIST_TYPE: &str = "BitstringStatusList";

/// Why a status says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// The bits cannot be had.
    #[error("the list is not read: {0}")]
    Encoding(&'static str),
    /// A member of the entry is missing or has no valid value.
    #[error("the member `{0}` of the status entry is missing or not valid")]
    Entry(&'static str),
    /// A member of the list is missing or has no valid value.
    #[error("the member `{0}` of the status list is missing or not valid")]
    List(&'static str),
    /// The index is not in the list.
    #[error("the list has {entries} entries, none at {index}")]
    OutOfRange {
        /// The index asked for.
        index: u64,
        /// Entries in the list.
        entries: usize,
    },
    /// So few entries that one of them could be told from the others.
    #[error("the list has {entries} entries, fewer than {MIN_STATUS_ENTRIES}")]
    TooFew {
        /// Entries in the list.
        entries: usize,
    },
    /// More bytes than are taken.
    #[error("the list has {len} bytes, over the limit of {max}")]
    TooLarge {
        /// Bytes that the list says it has.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A type of entry that is not read here.
    #[error("a status of the type `{0}` is not read by this version")]
    UnsupportedType(String),
}

impl StatusError {
    /// The stable code of this cause.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Encoding(_) => "status.list-encoding",
            Self::Entry(_) => "status.entry-malformed",
            Self::List(_) => "status.list-malformed",
            Self::OutOfRange { .. } => "status.out-of-range",
            Self::TooFew { .. } => "status.list-too-short",
            Self::TooLarge { .. } => "status.list-too-large",
            Self::UnsupportedType(_) => "status.not-supported",
        }
    }
}

/// What a status is about
/// ([statusPurpose](https://www.w3.org/TR/vc-bitstring-status-list/#bitstringstatuslistentry)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Something to know.
    Message,
    /// There is a newer credential.
    Refresh,
    /// It does not hold any more, for good.
    Revocation,
    /// It does not hold for the time being.
    Suspension,
    /// Something that is not defined there.
    Other(String),
}

impl Purpose {
    /// The purpose of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "message" => Self::Message,
            "refresh" => Self::Refresh,
            "revocation" => Self::Revocation,
            "suspension" => Self::Suspension,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Message => "message",
            Self::Refresh => "refresh",
            Self::Revocation => "revocation",
            Self::Suspension => "suspension",
            Self::Other(name) => name,
        }
    }
}

/// A `BitstringStatusListEntry`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `statusPurpose`
    pub purpose: Purpose,
    /// `statusListIndex`
    pub index: u64,
    /// `statusListCredential`
    pub list: String,
    /// `statusSize`: bits of the value
    pub size: u8,
    /// `statusMessage`: what each value means; empty where nothing is said
    pub messages: Vec<(u32, String)>,
    /// `statusReference`
    pub references: Vec<String>,
}

impl Entry {
    /// Reads an entry.
    ///
    /// # Errors
    /// [`StatusError::UnsupportedType`], [`StatusError::Entry`]
    pub fn read(json: &Json) -> Result<Self, StatusError> {
        let text = |name| json.get(name).and_then(Json::as_str);
        match text("type") {
            Some(ENTRY_TYPE) => {}
            Some(other) => return Err(StatusError::UnsupportedType(other.chars().take(120).collect())),
            None => return Err(StatusError::Entry("type")),
        }
        let list = text("statusListCredential").filter(|url| is_url(url));
        let list = list.ok_or(StatusError::Entry("statusListCredential"))?;
        // The name of the entry is none of the list.
        match json.get("id") {
            None => {}
            Some(Json::String(id)) if is_url(id) && id != list => {}
            Some(_) => return Err(StatusError::Entry("id")),
        }
        let purpose = text("statusPurpose").filter(|purpose| !purpose.is_empty());
        let size = read_size(json).ok_or(StatusError::Entry("statusSize"))?;
        Ok(Self {
            purpose: Purpose::from_name(purpose.ok_or(StatusError::Entry("statusPurpose"))?),
            index: text("statusListIndex")
                .and_then(read_index)
                .ok_or(StatusError::Entry("statusListIndex"))?,
            list: list.to_owned(),
            size,
            messages: read_messages(json, size).ok_or(StatusError::Entry("statusMessage"))?,
            references: read_references(json).ok_or(StatusError::Entry("statusReference"))?,
        })
    }

    /// What a value means, by the entry's own word, or by the specification's where it has none.
    #[must_use]
    pub fn message(&self, value: u32) -> Option<&str> {
        if self.messages.is_empty() {
            return Some(if value == 0 { "unset" } else { "set" });
        }
        self.messages.iter().find(|(other, _)| *other == value).map(|(_, message)| message.as_str())
    }

    /// The value of the entry in its list
    /// ([section 3.2](https://www.w3.org/TR/vc-bitstring-status-list/#validate-algorithm)).
    ///
    /// # Errors
    /// [`StatusError::TooFew`], [`StatusError::OutOfRange`]
    pub fn value(&self, bits: &Bitstring) -> Result<u32, StatusError> {
        let entries = bits.entries(self.size);
        if entries < MIN_STATUS_ENTRIES {
            return Err(StatusError::TooFew { entries });
        }
        bits.value(self.index, self.size).ok_or(StatusError::OutOfRange { index: self.index, entries })
    }
}

/// An index has one spelling, `^(0|[1-9][0-9]{0,18})$`: what a lenient reader would wrap, round or trim names
/// another entry.
fn read_index(text: &str) -> Option<u64> {
    let plain = text == "0" || !text.starts_with('0');
    let digits = text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain && digits { text.parse().ok() } else { None }
}

/// The term is an integer in the context, so 2 and "2" are one statement, and which of them was written is not signed.
fn read_size(json: &Json) -> Option<u8> {
    let size = match json.get("statusSize") {
        None => return Some(1),
        Some(Json::String(text)) => read_index(text)?,
        Some(number) => u64::try_from(number.as_i64()?).ok()?,
    };
    u8::try_from(size).ok().filter(|size| (1..=MAX_STATUS_SIZE).contains(size))
}

/// One message for each possible value, or none at all for a single bit.
fn read_messages(json: &Json, size: u8) -> Option<Vec<(u32, String)>> {
    let Some(messages) = json.get("statusMessage") else { return (size == 1).then(Vec::new) };
    let messages = messages.as_array().filter(|messages| messages.len() == 1 << size)?;
    let mut read: Vec<(u32, String)> = Vec::with_capacity(messages.len());
    for message in messages {
        let text = |name| message.get(name).and_then(Json::as_str);
        let digits = text("status")?.strip_prefix("0x")?;
        let plain = digits.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = u32::from_str_radix(digits, 16).ok().filter(|value| plain && *value < 1 << size)?;
        if read.iter().any(|(other, _)| *other == value) {
            return None;
        }
        read.push((value, text("message")?.to_owned()));
    }
    Some(read)
}

fn read_references(json: &Json) -> Option<Vec<String>> {
    let references = json.get("statusReference").map(Json::one_or_many).unwrap_or_default();
    references.iter().map(|url| url.as_str().filter(|url| is_url(url)).map(str::to_owned)).collect()
}

/// An absolute IRI as far as it matters here: nothing is resolved against anything.
fn is_url(text: &str) -> bool {
    let scheme = text.split_once(':').is_some_and(|(scheme, rest)| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(letters)
            && !rest.is_empty()
    });
    scheme && text.len() <= MAX_IRI_BYTES && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// A `BitstringStatusList`: what its credential says, the bits still packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusList {
    /// `statusPurpose`
    pub purposes: Vec<Purpose>,
    /// `encodedList`
    pub encoded: String,
    /// `ttl`: milliseconds that a copy may be kept before it should be fetched again
    pub ttl_millis: Option<u64>,
    /// `statusSize`, where the list says it
    pub size: Option<u8>,
}

impl StatusList {
    /// Reads the credential of a list, without its proofs.
    ///
    /// # Errors
    /// [`StatusError::List`]
    pub fn read(content: &Json) -> Result<Self, StatusError> {
        let wrong = StatusError::List;
        let types = content.get("type").map(Json::one_or_many).unwrap_or_default();
        if !types.iter().any(|name| name.as_str() == Some(LIST_CREDENTIAL_TYPE)) {
            return Err(wrong("type"));
        }
        // One subject: of several, a reader could look at another one than the issuer meant.
        let subject = content.get("credentialSubject").filter(|subject| subject.as_object().is_some());
        let subject = subject.ok_or(wrong("credentialSubject"))?;
        if subject.get("type").and_then(Json::as_str) != Some(LIST_TYPE) {
            return Err(wrong("credentialSubject/type"));
        }
        let purposes = subject.get("statusPurpose").map(Json::one_or_many).unwrap_or_default();
        let purposes: Option<Vec<Purpose>> =
            purposes.iter().map(|purpose| purpose.as_str().map(Purpose::from_name)).collect();
        let purposes = purposes.filter(|purposes| !purposes.is_empty());
        let encoded = subject.get("encodedList").and_then(Json::as_str);
        let ttl = subject.get("ttl").map(|ttl| ttl.as_i64().and_then(|ttl| u64::try_from(ttl).ok()));
        let size = match subject.get("statusSize") {
            None => None,
            Some(_) => Some(read_size(subject).ok_or(wrong("credentialSubject/statusSize"))?),
        };
        Ok(Self {
            purposes: purposes.ok_or(wrong("credentialSubject/statusPurpose"))?,
            encoded: encoded.ok_or(wrong("credentialSubject/encodedList"))?.to_owned(),
            ttl_millis: ttl.map(|ttl| ttl.ok_or(wrong("credentialSubject/ttl"))).transpose()?,
            size,
        })
    }
}

#[cfg(test)]
mod tests;
