//! Section F of the threats: what was recalled, and lists that do not say.

use model_passport::jsonld::ContextLoader;
use model_passport::proof::{ProofOptions, add_proof};
use model_passport::status::{Bitstring, Entry, ListOrder, Purpose};

use super::*;
use crate::issue::time;

pub(super) const LIST: &str = "https://lab.example/status/1";
pub(super) const OTHER: &str = "https://lab.example/status/2";
pub(super) const INDEX: u64 = 94_567;
/// When the lists were made: six hours before they are used.
pub(super) const MADE: &str = "2026-11-21T06:00:00Z";
const ENTRIES: usize = 131_072;

/// A list to be signed.
pub(super) struct Sheet<'w> {
    party: &'w Party,
    url: &'static str,
    purposes: Vec<Purpose>,
    bits: Bitstring,
    made: &'static str,
}

impl<'w> Sheet<'w> {
    /// One that says nothing about anybody but the neighbours of [`INDEX`].
    pub(super) fn new(party: &'w Party) -> Self {
        let sheet = Self {
            party,
            url: LIST,
            purposes: vec![Purpose::Revocation],
            bits: Bitstring::new(ENTRIES, 1),
            made: MADE,
        };
        sheet.with(INDEX - 1, 1).with(INDEX + 1, 1)
    }

    pub(super) fn with(mut self, index: u64, value: u32) -> Self {
        assert!(self.bits.set(index, 1, value), "an index of the list");
        self
    }

    pub(super) fn about(self, purposes: &[Purpose]) -> Self {
        Self { purposes: purposes.to_vec(), ..self }
    }

    pub(super) fn at(self, url: &'static str) -> Self {
        Self { url, ..self }
    }

    pub(super) fn made(self, made: &'static str) -> Self {
        Self { made, ..self }
    }

    pub(super) fn unsigned(&self) -> Json {
        let order = ListOrder {
            url: self.url,
            issuer: &self.party.did,
            purposes: &self.purposes,
            bits: &self.bits,
            valid_from: time(self.made),
            valid_until: time(self.made).plus_secs(7 * 86_400),
        };
        order.to_json()
    }

    pub(super) fn sign(&self) -> Json {
        self.sign_with(|_| {})
    }

    /// The same with a change before signing.
    pub(super) fn sign_with(&self, change: impl FnOnce(&mut Json)) -> Json {
        let mut list = self.unsigned();
        change(&mut list);
        sign_at(self.party, &list, self.made)
    }

    /// The same with a change in the gzip member.
    fn packed(&self, change: impl FnOnce(&mut Vec<u8>)) -> Json {
        self.sign_with(|list| {
            let encoded = list.pointer("/credentialSubject/encodedList").and_then(Json::as_str);
            let mut member = multibase::decode(encoded.unwrap_or_default()).expect("multibase");
            change(&mut member);
            set(list, "/credentialSubject/encodedList", multibase::encode_base64url(&member));
        })
    }
}

/// A list in which nobody is recalled that a case is about.
pub(super) fn clear(party: &Party) -> Json {
    Sheet::new(party).sign()
}

pub(super) fn sign_at(party: &Party, list: &Json, made: &str) -> Json {
    let options = ProofOptions::new(party.suite()).created(time(made));
    add_proof(list, &options, &party.signer, ContextLoader::embedded()).expect("a list that can be signed")
}

pub(super) fn entry(purpose: Purpose) -> Entry {
    Entry { purpose, index: INDEX, list: LIST.to_owned(), size: 1, messages: vec![], references: vec![] }
}

/// The data set's passport with these entries.
pub(super) fn recallable(world: &World, entries: &[Entry]) -> Json {
    with_status(world, |_| match entries {
        [one] => one.to_json(),
        several => several.iter().map(Entry::to_json).collect::<Vec<_>>().into(),
    })
}

pub(super) fn with_status(world: &World, status: impl FnOnce(&mut Json) -> Json) -> Json {
    world.dataset_with(|dataset| {
        let status = status(dataset);
        set(dataset, "/credentialStatus", status);
    })
}

pub(super) fn brought(case: Case, lists: &[(&str, &Json)]) -> Case {
    let document = |(url, list): &(&str, &Json)| Document {
        url: (*url).to_owned(),
        retrieved: None,
        text: list.to_string(),
    };
    Case {
        evidence: Evidence { documents: lists.iter().map(document).collect(), ..Evidence::default() },
        ..case
    }
}

pub(super) fn open(
    name: &'static str,
    why: &'static str,
    input: impl Into<String>,
    code: &'static str,
) -> Case {
    case(name, why, input, "could-not-check", code)
}

/// What the list says about the credential.
pub(super) fn recalls(world: &World) -> Vec<Case> {
    let lab = &world.lab;
    let dataset = recallable(world, &[entry(Purpose::Revocation)]);
    let text = dataset.to_string();
    let suspendable = recallable(world, &[entry(Purpose::Suspension)]).to_string();
    let suspension = [Purpose::Suspension];
    let sheet = || Sheet::new(lab);
    let both = recallable(
        world,
        &[entry(Purpose::Revocation), Entry { list: OTHER.to_owned(), ..entry(Purpose::Suspension) }],
    )
    .to_string();
    let second = |value| sheet().at(OTHER).about(&suspension).with(INDEX, value).sign();
    let at_index = |index| recallable(world, &[Entry { index, ..entry(Purpose::Revocation) }]).to_string();
    let mut cases = vec![
        brought(
            good("status-not-revoked", "a bit that is not set, between two that are", text.clone()),
            &[(LIST, &sheet().sign())],
        ),
        brought(
            bad("status-revoked", "a bit that is set", text.clone(), "status.revoked"),
            &[(LIST, &sheet().with(INDEX, 1).sign())],
        ),
        brought(
            bad(
                "status-suspended",
                "a suspension, until the bit is cleared",
                suspendable.clone(),
                "status.suspended",
            ),
            &[(LIST, &sheet().about(&suspension).with(INDEX, 1).sign())],
        ),
        brought(
            good("status-not-suspended", "the same list without that bit", suspendable.clone()),
            &[(LIST, &sheet().about(&suspension).sign())],
        ),
        brought(
            good(
                "status-bit-order",
                "bit 0 is the most significant one of byte 0, so this is not bit 7",
                at_index(7),
            ),
            &[(LIST, &sheet().with(0, 1).sign())],
        ),
        brought(
            bad(
                "status-bit-zero",
                "bit 0 is the most significant one of byte 0",
                at_index(0),
                "status.revoked",
            ),
            &[(LIST, &sheet().with(0, 1).sign())],
        ),
        brought(
            good("status-last-index", "the last entry of the list is one", at_index(131_071)),
            &[(LIST, &sheet().sign())],
        ),
        brought(
            open(
                "status-index-beyond",
                "an entry that the list does not have",
                at_index(131_072),
                "status.out-of-range",
            ),
            &[(LIST, &sheet().sign())],
        ),
        brought(
            open(
                "status-index-wrapped",
                "4294967301 is not 5, whatever the width of a machine's numbers",
                at_index(4_294_967_301),
                "status.out-of-range",
            ),
            &[(LIST, &sheet().sign())],
        ),
        brought(
            good("status-several", "two entries, and both hold", both.clone()),
            &[(LIST, &sheet().sign()), (OTHER, &second(0))],
        ),
        brought(
            bad(
                "status-one-of-several",
                "of several entries all have to hold",
                both.clone(),
                "status.suspended",
            ),
            &[(LIST, &sheet().sign()), (OTHER, &second(1))],
        ),
        brought(
            open("status-one-of-several-missing", "and all have to be known", both, "status.list-missing"),
            &[(LIST, &sheet().sign())],
        ),
        brought(
            good("status-two-purposes", "one list may serve two purposes", suspendable.clone()),
            &[(LIST, &sheet().about(&[Purpose::Revocation, Purpose::Suspension]).sign())],
        ),
        brought(
            case(
                "status-refresh",
                "a newer credential is no recall of this one",
                recallable(world, &[entry(Purpose::Refresh)]).to_string(),
                "verified-with-warnings",
                "status.refresh",
            ),
            &[(LIST, &sheet().about(&[Purpose::Refresh]).with(INDEX, 1).sign())],
        ),
        good("status-in-bundle", "a signed list may come in the bundle", {
            bundle(&[&dataset], &[(LIST, &sheet().sign().to_string())]).to_string()
        }),
        bad(
            "status-in-bundle-revoked",
            "and says the same there",
            bundle(&[&dataset], &[(LIST, &sheet().with(INDEX, 1).sign().to_string())]).to_string(),
            "status.revoked",
        ),
        open("status-list-missing", "without the list nobody can say", text, "status.list-missing"),
    ];
    cases.extend(messages(world));
    cases.extend(parents(world));
    cases
}

fn messages(world: &World) -> Vec<Case> {
    let words = ["in use", "under review", "a newer one is recommended", "out of support"];
    let entry = Entry {
        size: 2,
        messages: words.iter().zip(0..).map(|(word, value)| (value, (*word).to_owned())).collect(),
        references: vec!["https://lab.example/states".to_owned()],
        ..entry(Purpose::Message)
    };
    let text = recallable(world, std::slice::from_ref(&entry)).to_string();
    let list = |value| {
        let mut bits = Bitstring::new(ENTRIES, 2);
        assert!(bits.set(INDEX, 2, value), "an index of the list");
        Sheet { bits, ..Sheet::new(&world.lab).about(&[Purpose::Message]) }.sign()
    };
    let short = Sheet::new(&world.lab).about(&[Purpose::Message]).sign();
    vec![
        brought(
            case(
                "status-message",
                "a message is something to know, and two bits are one value",
                text.clone(),
                "verified-with-warnings",
                "status.message",
            ),
            &[(LIST, &list(2))],
        ),
        brought(
            proof_only(case(
                "status-message-any-credential",
                "the size of a value is a number in every profile",
                text.clone(),
                "verified-with-warnings",
                "status.message",
            )),
            &[(LIST, &list(2))],
        ),
        brought(
            good("status-message-zero", "the value zero is the state that all begin in", text.clone()),
            &[(LIST, &list(0))],
        ),
        brought(
            open(
                "status-message-list-short",
                "131,072 bits are 65,536 values of two bits",
                text.clone(),
                "status.list-too-short",
            ),
            &[(LIST, &short)],
        ),
        proof_only(bad(
            "status-message-unexplained",
            "a value without a meaning cannot be told to anybody",
            with_status(world, |_| {
                let mut status = entry.to_json();
                remove(&mut status, "/statusMessage");
                status
            })
            .to_string(),
            "status.entry-malformed",
        )),
    ]
}

/// Section H6: a recall of what a credential builds on.
fn parents(world: &World) -> Vec<Case> {
    let dataset = recallable(world, &[entry(Purpose::Revocation)]);
    let model = world.lab.issue(world.lab.suite(), World::unsigned_model(&dataset));
    let input = bundle(&[&model, &dataset], &[]).to_string();
    let sheet = Sheet::new(&world.lab);
    vec![
        brought(
            good(
                "status-parent",
                "the status of a parent is asked for like the credential's own",
                input.clone(),
            ),
            &[(LIST, &sheet.sign())],
        ),
        brought(
            bad(
                "status-parent-revoked",
                "what builds on recalled data does not hold either",
                input.clone(),
                "status.revoked",
            ),
            &[(LIST, &sheet.with(INDEX, 1).sign())],
        ),
        open(
            "status-parent-unknown",
            "nor is it known to hold while that is not known",
            input,
            "status.list-missing",
        ),
    ]
}

fn proof_only(case: Case) -> Case {
    Case { policy: Policy { profile: Profile::ProofOnly, ..Policy::default() }, ..case }
}

/// Entries and bits that have two readings, or none.
pub(super) fn status_forms(world: &World) -> Vec<Case> {
    let list = Sheet::new(&world.lab).with(5, 1).sign();
    let text = recallable(world, &[entry(Purpose::Revocation)]).to_string();
    let index = |name, why, index: Json| {
        let text = with_status(world, |_| {
            let mut status = entry(Purpose::Revocation).to_json();
            set(&mut status, "/statusListIndex", index);
            status
        });
        brought(proof_only(bad(name, why, text.to_string(), "status.entry-malformed")), &[(LIST, &list)])
    };
    let packed = |name, why, code, change: &dyn Fn(&mut Vec<u8>)| {
        brought(open(name, why, text.clone(), code), &[(LIST, &Sheet::new(&world.lab).packed(change))])
    };
    let from_end = |member: &mut Vec<u8>, at: usize| {
        let at = member.len() - at;
        if let Some(byte) = member.get_mut(at) {
            *byte ^= 1;
        }
    };
    let of_bits = |bits: Bitstring| Sheet { bits, ..Sheet::new(&world.lab) }.sign();
    let empty = multibase::decode(&Bitstring::new(ENTRIES, 1).encode()).unwrap_or_default();
    vec![
        index("status-index-number", "a number is not the text of an index", Json::from(5u32)),
        index("status-index-exponent", "1e3 is not an index, and neither is it 1", "1e3".into()),
        index("status-index-digits", "the digits of an index are those of ASCII", "\u{665}".into()),
        index("status-index-zeros", "007 and 7 would be one entry", "007".into()),
        index("status-index-negative", "there is nothing before the first entry", "-1".into()),
        index("status-index-signed", "+5 and 5 would be one entry", "+5".into()),
        index("status-index-space", "a space is no digit", "5 ".into()),
        index(
            "status-index-too-long",
            "more digits than any list has entries",
            "10000000000000000005".into(),
        ),
        brought(
            bad(
                "status-index-profile",
                "in a passport the schema says so too",
                {
                    let text = with_status(world, |_| {
                        let mut status = entry(Purpose::Revocation).to_json();
                        set(&mut status, "/statusListIndex", "007");
                        status
                    });
                    text.to_string()
                },
                "schema.format",
            ),
            &[(LIST, &list)],
        ),
        proof_only(open(
            "status-other-type",
            "a status that this version does not read is not a good one",
            with_status(world, |_| {
                read(r#"{"id":"https://lab.example/status/1#5","type":"https://lab.example/OtherStatus"}"#)
            })
            .to_string(),
            "status.not-supported",
        )),
        brought(
            open(
                "status-gzip-bomb",
                "a list that expands to more than 16 MiB is not expanded",
                text.clone(),
                "status.list-too-large",
            ),
            &[(LIST, &of_bits(Bitstring::new(17 << 23, 1)))],
        ),
        brought(
            good("status-long-list", "a list may be longer than the least", text.clone()),
            &[(LIST, &of_bits(Bitstring::new(1 << 23, 1)))],
        ),
        brought(
            open(
                "status-list-short",
                "in a short list one bit says whose it is",
                text.clone(),
                "status.list-too-short",
            ),
            &[(LIST, &of_bits(Bitstring::new(ENTRIES - 8, 1)))],
        ),
        packed(
            "status-two-members",
            "readers differ on what follows the first gzip member",
            "status.list-encoding",
            &|member| {
                member.extend(empty.clone());
            },
        ),
        packed(
            "status-trailing-bytes",
            "nothing follows the gzip member",
            "status.list-encoding",
            &|member| member.push(0),
        ),
        packed("status-bad-checksum", "the checksum is checked", "status.list-encoding", &|member| {
            from_end(member, 8)
        }),
        packed("status-bad-length", "and so is the length", "status.list-encoding", &|member| {
            from_end(member, 3)
        }),
        packed("status-cut-short", "half a list is none", "status.list-encoding", &|member| {
            let half = member.len() / 2;
            member.truncate(half);
        }),
        brought(
            good("status-gzip-name", "a file name in the gzip header says nothing", text.clone()),
            &[(
                LIST,
                &Sheet::new(&world.lab).packed(|member| {
                    if let Some(flags) = member.get_mut(3) {
                        *flags = 8;
                    }
                    member.splice(10..10, *b"list\0");
                }),
            )],
        ),
        brought(
            open("status-list-base58", "the list is base64url", text.clone(), "status.list-encoding"),
            &[(
                LIST,
                &Sheet::new(&world.lab).sign_with(|list| {
                    set(list, "/credentialSubject/encodedList", multibase::encode_base58btc(&empty));
                }),
            )],
        ),
    ]
}
