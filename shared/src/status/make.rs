//! Writing entries, lists and their credentials, without proofs
//! ([section 3.1](https://www.w3.org/TR/vc-bitstring-status-list/#generate-algorithm)).

use super::{Bitstring, ENTRY_TYPE, Entry, LIST_CREDENTIAL_TYPE, LIST_TYPE, Purpose};
use crate::json::{Json, Object};
use crate::passport::CREDENTIALS_V2;
use crate::time::Timestamp;

/// What the credential of a list is to say.
#[derive(Debug, Clone)]
pub struct ListOrder<'a> {
    /// Where it is published.
    pub url: &'a str,
    /// The DID that signs.
    pub issuer: &'a str,
    /// What its bits are about.
    pub purposes: &'a [Purpose],
    /// The bits.
    pub bits: &'a Bitstring,
    /// When this state of the list was made.
    pub valid_from: Timestamp,
    /// Until when it may be relied on.
    pub valid_until: Timestamp,
}

impl ListOrder<'_> {
    /// The credential, to be signed.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut purposes: Vec<Json> = self.purposes.iter().map(|purpose| purpose.name().into()).collect();
        let only = if purposes.len() == 1 { purposes.pop() } else { None };
        let subject = Object::from_iter([
            ("id", Json::from(format!("{}#list", self.url))),
            ("type", LIST_TYPE.into()),
            ("statusPurpose", only.unwrap_or(Json::Array(purposes))),
            ("encodedList", self.bits.encode().into()),
        ]);
        Object::from_iter([
            ("@context", Json::from(vec![Json::from(CREDENTIALS_V2)])),
            ("id", self.url.into()),
            ("type", vec![Json::from("VerifiableCredential"), LIST_CREDENTIAL_TYPE.into()].into()),
            ("issuer", self.issuer.into()),
            ("validFrom", self.valid_from.to_string().into()),
            ("validUntil", self.valid_until.to_string().into()),
            ("credentialSubject", subject.into()),
        ])
        .into()
    }
}

impl Entry {
    /// The JSON of the entry. It and each of its messages are named, as nodes of a passport are.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let id = format!("{}#{}", self.list, self.index);
        let message = |(value, message): &(u32, String)| {
            Json::from(Object::from_iter([
                ("id", format!("{id}-0x{value:x}")),
                ("status", format!("0x{value:x}")),
                ("message", message.clone()),
            ]))
        };
        let mut entry = Object::from_iter([
            ("id", id.as_str()),
            ("type", ENTRY_TYPE),
            ("statusPurpose", self.purpose.name()),
            ("statusListIndex", &self.index.to_string()),
            ("statusListCredential", &self.list),
        ]);
        if self.size != 1 {
            entry.insert("statusSize", u32::from(self.size));
        }
        if !self.messages.is_empty() {
            entry.insert("statusMessage", self.messages.iter().map(message).collect::<Vec<_>>());
        }
        let mut references: Vec<Json> = self.references.iter().map(|url| url.as_str().into()).collect();
        match references.pop() {
            None => {}
            Some(only) if references.is_empty() => {
                entry.insert("statusReference", only);
            }
            Some(last) => {
                references.push(last);
                entry.insert("statusReference", references);
            }
        }
        entry.into()
    }
}
