//! The two proof values
//! ([section 3.5](https://www.w3.org/TR/vc-di-ecdsa/#selective-disclosure-functions)), base64url after a `u`.
//!
//! ```text
//! d9 5d 00   [ base signature, public key, HMAC key, [ signature… ], [ mandatory pointer… ] ]       base
//! d9 5d 01   [ base signature, public key, [ signature… ], { n: label… }, [ mandatory index… ] ]    derived
//! ```

use super::DisclosureError;
use super::cbor::{CborError, Major, Reader};
#[cfg(feature = "sign")]
use super::cbor::{write_bytes, write_head};

/// CBOR tags that the suite claims for itself.
const BASE: [u8; 3] = [0xd9, 0x5d, 0x00];
const DERIVED: [u8; 3] = [0xd9, 0x5d, 0x01];

/// A P-256 signature.
pub(super) type Signature = [u8; 64];

/// A P-256 key with its multicodec.
pub(super) type PublicKey = [u8; 35];

/// Key or output of HMAC-SHA-256.
pub(super) type Hash = [u8; 32];

/// What a holder shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Derived {
    pub(super) base_signature: Signature,
    pub(super) public_key: PublicKey,
    pub(super) signatures: Vec<Signature>,
    /// The label of the blank node `c14n0`, that of `c14n1` and so on: no two alike.
    pub(super) labels: Vec<Hash>,
    /// Ascending.
    pub(super) mandatory: Vec<usize>,
}

impl Derived {
    pub(super) fn read(value: &[u8]) -> Result<Self, DisclosureError> {
        let body = match value.split_first_chunk() {
            Some((&DERIVED, body)) => body,
            Some((&BASE, _)) => return Err(DisclosureError::Base),
            _ => return Err(DisclosureError::Header),
        };
        let mut reader = Reader::new(body);
        reader.array_of(5)?;
        let base_signature = reader.bytes()?;
        let public_key = reader.bytes()?;
        let signatures = read_signatures(&mut reader)?;
        let count = reader.head(Major::Map)?;
        let mut labels = Vec::new();
        for at in 0..count {
            // In deterministic encoding the names ascend; the canonical labels have no gaps.
            if reader.head(Major::Unsigned)? != at {
                return Err(DisclosureError::LabelNames);
            }
            labels.push(reader.bytes()?);
        }
        let mut sorted: Vec<&Hash> = labels.iter().collect();
        sorted.sort_unstable();
        if sorted.array_windows().any(|[a, b]| a == b) {
            return Err(DisclosureError::LabelTwice);
        }
        let mut mandatory: Vec<usize> = Vec::new();
        for _ in 0..reader.head(Major::Array)? {
            let index = reader.head(Major::Unsigned)?;
            if mandatory.last().is_some_and(|last| *last >= index) {
                return Err(DisclosureError::IndexOrder { index });
            }
            mandatory.push(index);
        }
        reader.end()?;
        Ok(Self { base_signature, public_key, signatures, labels, mandatory })
    }

    #[cfg(feature = "sign")]
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = DERIVED.to_vec();
        write_head(Major::Array, 5, &mut out);
        write_bytes(&self.base_signature, &mut out);
        write_bytes(&self.public_key, &mut out);
        write_signatures(&self.signatures, &mut out);
        write_head(Major::Map, self.labels.len(), &mut out);
        for (at, label) in self.labels.iter().enumerate() {
            write_head(Major::Unsigned, at, &mut out);
            write_bytes(label, &mut out);
        }
        write_head(Major::Array, self.mandatory.len(), &mut out);
        for index in &self.mandatory {
            write_head(Major::Unsigned, *index, &mut out);
        }
        out
    }
}

fn read_signatures(reader: &mut Reader<'_>) -> Result<Vec<Signature>, CborError> {
    // No room is made for a number that is only claimed.
    let count = reader.head(Major::Array)?;
    (0..count).map(|_| reader.bytes()).collect()
}

#[cfg(feature = "sign")]
fn write_signatures(signatures: &[Signature], out: &mut Vec<u8>) {
    write_head(Major::Array, signatures.len(), out);
    for signature in signatures {
        write_bytes(signature, out);
    }
}

/// What an issuer gives the holder.
#[cfg(feature = "sign")]
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) base_signature: Signature,
    pub(super) public_key: PublicKey,
    pub(super) hmac_key: Hash,
    pub(super) signatures: Vec<Signature>,
    pub(super) mandatory: Vec<String>,
}

#[cfg(feature = "sign")]
impl Base {
    pub(super) fn read(value: &[u8]) -> Result<Self, DisclosureError> {
        let body = match value.split_first_chunk() {
            Some((&BASE, body)) => body,
            Some((&DERIVED, _)) => return Err(DisclosureError::NotABase),
            _ => return Err(DisclosureError::Header),
        };
        let mut reader = Reader::new(body);
        reader.array_of(5)?;
        let base_signature = reader.bytes()?;
        let public_key = reader.bytes()?;
        let hmac_key = reader.bytes()?;
        let signatures = read_signatures(&mut reader)?;
        let count = reader.head(Major::Array)?;
        let mandatory =
            (0..count).map(|_| reader.text().map(str::to_owned)).collect::<Result<_, CborError>>()?;
        reader.end()?;
        Ok(Self { base_signature, public_key, hmac_key, signatures, mandatory })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = BASE.to_vec();
        write_head(Major::Array, 5, &mut out);
        write_bytes(&self.base_signature, &mut out);
        write_bytes(&self.public_key, &mut out);
        write_bytes(&self.hmac_key, &mut out);
        write_signatures(&self.signatures, &mut out);
        write_head(Major::Array, self.mandatory.len(), &mut out);
        for pointer in &self.mandatory {
            write_head(Major::Text, pointer.len(), &mut out);
            out.extend(pointer.as_bytes());
        }
        out
    }
}

/// Whether a proof value says of itself that it is a base proof's.
pub(crate) fn is_base(value: &[u8]) -> bool {
    value.starts_with(&BASE)
}
