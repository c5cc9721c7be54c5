//! How a file breaks the format. A fault holds tags, places and sizes, and can hold nothing else: no text and no
//! value of an element fits into it.

use std::fmt;

use super::element::Tag;
use crate::capture::FormatError;

/// What is wrong, and where. Offsets are in the file, or in a deflated data set after inflation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The deflated data set cannot be inflated, or ends early.
    Deflate { offset: u64 },
    /// Sequences within sequences beyond reason.
    Depth { tag: Tag, max: usize },
    /// More elements than any honest file has.
    Elements { max: u64 },
    /// An inflated data set beyond reason.
    Inflated { max: u64 },
    /// An item or a delimiter where none belongs, or none where one does.
    Item { offset: u64 },
    /// A length that leads out of what the element lies in.
    Length { tag: Tag, offset: u64 },
    /// File meta information that breaks its rules.
    Meta { offset: u64 },
    /// A name of a DICOM file, and no `DICM` after 128 bytes.
    NoMagic,
    /// A transfer syntax that is missing or not known, so that nobody can say how the data set is written.
    TransferSyntax,
    /// The file ends within an element.
    Truncated { offset: u64 },
    /// A value representation that the standard does not have.
    Vr { tag: Tag, offset: u64 },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deflate { offset } => write!(f, "the deflated data set is broken after {offset} bytes"),
            Self::Depth { tag, max } => write!(f, "{tag} lies deeper than {max} sequences"),
            Self::Elements { max } => write!(f, "more than {max} elements"),
            Self::Inflated { max } => write!(f, "more than {max} bytes before the pixel data"),
            Self::Item { offset } => write!(f, "an item or delimiter out of place at byte {offset}"),
            Self::Length { tag, offset } => {
                write!(f, "the length of {tag} at byte {offset} leads out of what it lies in")
            }
            Self::Meta { offset } => write!(f, "the file meta information is wrong at byte {offset}"),
            Self::NoMagic => write!(f, "no DICM after the preamble of 128 bytes"),
            Self::TransferSyntax => write!(f, "(0002,0010) names no known transfer syntax"),
            Self::Truncated { offset } => write!(f, "it ends within the element at byte {offset}"),
            Self::Vr { tag, offset } => {
                write!(f, "{tag} at byte {offset} has an unknown value representation")
            }
        }
    }
}

impl From<Fault> for FormatError {
    fn from(fault: Fault) -> Self {
        let (code, help) = match fault {
            Fault::Deflate { .. } => ("capture.dicom-deflate", DAMAGED),
            Fault::Depth { .. } | Fault::Elements { .. } | Fault::Inflated { .. } => {
                ("capture.dicom-too-large", "no scanner writes such a file; leave it out")
            }
            Fault::Item { .. } | Fault::Length { .. } | Fault::Meta { .. } | Fault::Vr { .. } => {
                ("capture.dicom-malformed", DAMAGED)
            }
            Fault::NoMagic => (
                "capture.dicom-no-magic",
                "write it as a DICOM Part 10 file, or give it a name that does not say DICOM; files are counted \
                 in the order of their SHA-256",
            ),
            Fault::TransferSyntax => (
                "capture.dicom-transfer-syntax",
                "convert it to a standard transfer syntax; files are counted in the order of their SHA-256",
            ),
            Fault::Truncated { .. } => ("capture.dicom-truncated", DAMAGED),
        };
        Self { code, format: "DICOM", message: fault.to_string(), help }
    }
}

const DAMAGED: &str = "get a whole copy of it, or leave it out; files are counted in the order of their SHA-256: \
                       `find . -type f -exec sha256sum {} + | sort`";
