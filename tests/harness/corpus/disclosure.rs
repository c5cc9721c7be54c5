//! Section E of the threats: what a holder shows, what it must not be able to hide, and proofs with two readings.

use model_passport::canon::rdfc::HashAlgorithm;
use model_passport::jsonld::{self, ContextLoader};
use model_passport::limits::Budget;
use model_passport::proof::ProofOptions;
use model_passport::proof::ecdsa_sd::{Secrets, add_base_proof, derive};
use model_passport::status::Purpose;

use super::proofs::flip_s_of;
use super::status::{LIST, brought, clear, entry};
use super::*;
use crate::issue::{SIGNED, signing_key, time};

/// What the lab makes mandatory; everything else is signed statement by statement.
const MANDATORY: [&str; 6] = [
    "/issuer",
    "/validFrom",
    "/validUntil",
    "/credentialStatus",
    "/credentialSubject/trainedOn",
    "/credentialSubject/limits",
];

/// Gives a credential a base proof.
fn base(party: &Party, mut credential: Json, mandatory: &[&str], seed: u8) -> Json {
    set(&mut credential, "/issuer", party.did.as_str());
    base_of(party, &credential, mandatory, seed)
}

/// The same, whoever the issuer is.
fn base_of(party: &Party, credential: &Json, mandatory: &[&str], seed: u8) -> Json {
    let proof_key = signing_key(Algorithm::P256, seed);
    let secrets = Secrets { hmac_key: [seed; 32], proof_key };
    let options = ProofOptions::new(Cryptosuite::EcdsaSd2023).created(time(SIGNED));
    let contexts = ContextLoader::embedded();
    add_base_proof(credential, &options, &texts(mandatory), &secrets, &party.signer, contexts)
        .expect("a credential that can be signed")
}

fn shown(base: &Json, reveal: &[String]) -> Json {
    derive(base, reveal, ContextLoader::embedded()).expect("a part that can be shown")
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Pointers to all members of the subject but some.
fn all_but(credential: &Json, hidden: &[&str]) -> Vec<String> {
    let subject = credential.get("credentialSubject").and_then(Json::as_object).expect("a subject");
    let names = subject.keys().filter(|name| !hidden.contains(name));
    names.map(|name| format!("/credentialSubject/{name}")).collect()
}

/// A derived proof value taken apart by other code than the verifier's.
#[derive(Clone)]
struct Value {
    base_signature: Vec<u8>,
    public_key: Vec<u8>,
    signatures: Vec<Vec<u8>>,
    labels: Vec<(u8, Vec<u8>)>,
    mandatory: Vec<u16>,
}

impl Value {
    fn of(credential: &Json) -> Self {
        let bytes = value_of(credential);
        let mut rest = bytes.strip_prefix(&[0xd9, 0x5d, 0x01, 0x85]).expect("a derived proof");
        let base_signature = take_bytes(&mut rest);
        let public_key = take_bytes(&mut rest);
        let signatures = (0..take_head(&mut rest, 0x80)).map(|_| take_bytes(&mut rest)).collect();
        let labels = (0..take_head(&mut rest, 0xa0))
            .map(|_| (u8::try_from(take_head(&mut rest, 0)).expect("few labels"), take_bytes(&mut rest)))
            .collect();
        let mandatory = (0..take_head(&mut rest, 0x80)).map(|_| take_head(&mut rest, 0)).collect();
        assert!(rest.is_empty());
        Self { base_signature, public_key, signatures, labels, mandatory }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![0xd9, 0x5d, 0x01, 0x85];
        put_bytes(&self.base_signature, &mut out);
        put_bytes(&self.public_key, &mut out);
        put_head(0x80, self.signatures.len(), &mut out);
        self.signatures.iter().for_each(|signature| put_bytes(signature, &mut out));
        put_head(0xa0, self.labels.len(), &mut out);
        for (name, label) in &self.labels {
            put_head(0, usize::from(*name), &mut out);
            put_bytes(label, &mut out);
        }
        put_head(0x80, self.mandatory.len(), &mut out);
        self.mandatory.iter().for_each(|index| put_head(0, usize::from(*index), &mut out));
        out
    }
}

fn take_head(rest: &mut &[u8], major: u8) -> u16 {
    let (number, length) = match **rest {
        [head, ..] if head & 0xe0 == major && head & 0x1f < 24 => (u16::from(head & 0x1f), 1),
        [head, one, ..] if head == major | 24 => (u16::from(one), 2),
        [head, one, two, ..] if head == major | 25 => (u16::from_be_bytes([one, two]), 3),
        _ => panic!("another value: {rest:x?}"),
    };
    *rest = &rest[length..];
    number
}

fn take_bytes(rest: &mut &[u8]) -> Vec<u8> {
    let length = usize::from(take_head(rest, 0x40));
    let (bytes, tail) = rest.split_at(length);
    *rest = tail;
    bytes.to_vec()
}

fn put_head(major: u8, number: usize, out: &mut Vec<u8>) {
    match u8::try_from(number) {
        Ok(small @ 0..24) => out.push(major | small),
        Ok(byte) => out.extend([major | 24, byte]),
        Err(_) => {
            out.push(major | 25);
            out.extend(u16::try_from(number).expect("a short list").to_be_bytes());
        }
    }
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_head(0x40, bytes.len(), out);
    out.extend(bytes);
}

fn value_of(credential: &Json) -> Vec<u8> {
    let value = credential.pointer("/proof/proofValue").and_then(Json::as_str).expect("a proof");
    multibase::decode(value).expect("multibase")
}

fn with_bytes(credential: &Json, bytes: &[u8]) -> Json {
    let mut credential = credential.clone();
    set(&mut credential, "/proof/proofValue", multibase::encode_base64url(bytes));
    credential
}

fn with_value(credential: &Json, change: impl FnOnce(&mut Value)) -> Json {
    let mut value = Value::of(credential);
    change(&mut value);
    with_bytes(credential, &value.to_bytes())
}

/// Lines of the statements; a passport has no blank nodes that would need names.
fn statements(credential: &Json) -> Vec<String> {
    let mut content = credential.clone();
    remove(&mut content, "/proof");
    let budget = &mut Budget::default();
    let text = jsonld::canonize(&content, ContextLoader::embedded(), HashAlgorithm::Sha256, budget);
    text.expect("statements").lines().map(str::to_owned).collect()
}

/// Takes a member out, and out of the proof whatever belongs to it, as well as a holder can.
fn hide(part: &Json, pointer: &str) -> Json {
    let mut less = part.clone();
    remove(&mut less, pointer);
    let (before, after) = (statements(part), statements(&less));
    with_value(&less, |value| {
        let is_mandatory = |at: usize| value.mandatory.iter().any(|index| usize::from(*index) == at);
        let kept = |line: &String| after.contains(line);
        let mut signatures = value.signatures.iter().cloned();
        let mut left = Vec::new();
        let mut mandatory = Vec::new();
        for (at, line) in before.iter().enumerate() {
            let signature = if is_mandatory(at) { None } else { signatures.next() };
            if !kept(line) {
                continue;
            }
            match signature {
                Some(signature) => left.push(signature),
                None => mandatory.push(after.iter().position(|other| other == line).expect("a line")),
            }
        }
        value.signatures = left;
        value.mandatory = mandatory.into_iter().map(|at| u16::try_from(at).expect("few")).collect();
    })
}

/// The credentials that the cases are made of.
struct Parts<'w> {
    world: &'w World,
    base: Json,
    part: Json,
}

impl<'w> Parts<'w> {
    fn new(world: &'w World) -> Self {
        let base = base(&world.lab, Self::unsigned(world), &MANDATORY, 40);
        let part = shown(&base, &all_but(&base, &["weights"]));
        Self { world, base, part }
    }

    fn unsigned(world: &World) -> Json {
        let mut model = World::unsigned_model(&world.dataset);
        set(&mut model, "/credentialStatus", entry(Purpose::Revocation).to_json());
        model
    }

    /// With the data set that the model builds on.
    fn input(&self, model: &Json) -> String {
        bundle(&[model, &self.world.dataset], &[]).to_string()
    }

    fn listed(&self, case: Case) -> Case {
        brought(case, &[(LIST, &clear(&self.world.lab))])
    }

    fn good(&self, name: &'static str, why: &'static str, model: &Json) -> Case {
        self.listed(good(name, why, self.input(model)))
    }

    fn bad(&self, name: &'static str, why: &'static str, model: &Json, code: &'static str) -> Case {
        self.listed(bad(name, why, self.input(model), code))
    }

    fn changed(
        &self,
        name: &'static str,
        why: &'static str,
        code: &'static str,
        change: impl FnOnce(&mut Value),
    ) -> Case {
        self.bad(name, why, &with_value(&self.part, change), code)
    }
}

/// All of section E.
pub(super) fn disclosure(world: &World) -> Vec<Case> {
    let parts = Parts::new(world);
    let mut cases = whole_and_part(&parts);
    cases.extend(hidden(&parts));
    cases.extend(signatures(&parts));
    cases.extend(forms(&parts));
    cases.extend(labels(world));
    cases.extend(in_lineage(&parts));
    cases
}

fn whole_and_part(parts: &Parts) -> Vec<Case> {
    let Parts { world, base, part } = parts;
    let everything = shown(base, &[String::new()]);
    let bare = {
        let mut model = Parts::unsigned(world);
        remove(&mut model, "/credentialStatus");
        remove(&mut model, "/validUntil");
        let base = self::base(&world.lab, model, &["/issuer", "/credentialSubject/trainedOn"], 41);
        shown(&base, &[texts(&["/validFrom"]), all_but(&base, &[])].concat())
    };
    let flipped = with_value(part, |value| {
        flip_s_of(&mut value.base_signature);
        value.signatures.iter_mut().for_each(|signature| flip_s_of(signature));
    });
    vec![
        parts.good("disclosure-part", "a part is as good as the whole", part),
        parts.good("disclosure-whole", "and so is everything", &everything),
        parts.good("disclosure-high-s", "each signature has two valid forms", &flipped),
        case(
            "disclosure-nothing-recallable",
            "what is not there may have been left out, and that is said",
            parts.input(&bare),
            "verified-with-warnings",
            "disclosure.absent",
        ),
        parts.bad(
            "disclosure-base-proof",
            "a base proof is for its holder: it gives away what a part hides",
            base,
            "disclosure.base-proof",
        ),
        parts.bad(
            "disclosure-base-called-derived",
            "the header does not make a base proof a derived one",
            &{
                let mut bytes = value_of(base);
                bytes[2] = 1;
                with_bytes(base, &bytes)
            },
            "disclosure.cbor",
        ),
    ]
}

fn hidden(parts: &Parts) -> Vec<Case> {
    let Parts { base, part, .. } = parts;
    vec![
        parts.bad(
            "disclosure-status-hidden",
            "the holder cannot leave out by what it could be recalled",
            &hide(part, "/credentialStatus"),
            "proof.signature-invalid",
        ),
        parts.bad(
            "disclosure-end-hidden",
            "nor until when it is valid",
            &hide(part, "/validUntil"),
            "proof.signature-invalid",
        ),
        parts.bad(
            "disclosure-lineage-hidden",
            "nor what it builds on",
            &hide(part, "/credentialSubject/trainedOn"),
            "schema.missing",
        ),
        parts.bad(
            "disclosure-limit-hidden",
            "nor one of several values of something mandatory",
            &{
                let mut other = Parts::unsigned(parts.world);
                set(
                    &mut other,
                    "/credentialSubject/limits/outOfScopeUse",
                    vec![Json::from("Diagnosis"), "Screening".into(), "Triage".into()],
                );
                let base = self::base(&parts.world.lab, other, &MANDATORY, 42);
                let part = shown(&base, &all_but(&base, &[]));
                let mut less = part.clone();
                set(
                    &mut less,
                    "/credentialSubject/limits/outOfScopeUse",
                    vec![Json::from("Diagnosis"), "Screening".into()],
                );
                let gone = statements(&part).iter().position(|line| !statements(&less).contains(line));
                let gone = u16::try_from(gone.expect("a line")).expect("few");
                with_value(&less, |value| {
                    value.mandatory.retain(|index| *index != gone);
                    for index in value.mandatory.iter_mut().filter(|index| **index > gone) {
                        *index -= 1;
                    }
                })
            },
            "proof.signature-invalid",
        ),
        parts.bad(
            "disclosure-required-hidden",
            "what every passport has, a part of one has too",
            &shown(base, &all_but(base, &["weights", "intendedUse"])),
            "schema.missing",
        ),
        parts.good(
            "disclosure-chosen-hidden",
            "the same way of taking out, with what may be left out",
            &hide(&shown(base, &all_but(base, &[])), "/credentialSubject/weights"),
        ),
        parts.bad(
            "disclosure-mandatory-changed",
            "what is mandatory is signed",
            &changed(part, "/credentialSubject/limits/knownLimitations/0", "None"),
            "proof.signature-invalid",
        ),
        parts.bad(
            "disclosure-chosen-changed",
            "and so is each of the other statements",
            &changed(part, "/credentialSubject/design/task", "triage"),
            "proof.signature-invalid",
        ),
        parts.bad(
            "disclosure-claim-added",
            "a statement that nobody signed",
            &changed(part, "/credentialSubject/description", "Cleared for clinical use"),
            "disclosure.signature-count",
        ),
        parts.bad(
            "disclosure-time-changed",
            "the issuer's signature covers when it was made",
            &changed(part, "/proof/created", "2026-11-02T11:00:00Z"),
            "proof.signature-invalid",
        ),
    ]
}

fn changed(part: &Json, pointer: &str, value: &str) -> Json {
    let mut part = part.clone();
    set(&mut part, pointer, value);
    part
}

fn signatures(parts: &Parts) -> Vec<Case> {
    let Parts { world, part, .. } = parts;
    let own_key = Party::by_key(Algorithm::P256, 77);
    let sign = |line: &str| own_key.signer.sign(format!("{line}\n").as_bytes()).expect("a signature");
    let other_base = {
        let mut other = Parts::unsigned(world);
        set(&mut other, "/credentialSubject/design/task", "triage");
        let base = base(&world.lab, other, &MANDATORY, 43);
        shown(&base, &all_but(&base, &["weights"]))
    };
    let by_stranger = {
        let unsigned = changed(&Parts::unsigned(world), "/issuer", &world.lab.did);
        let base = base_of(&world.stranger, &unsigned, &MANDATORY, 44);
        shown(&base, &all_but(&base, &["weights"]))
    };
    let p384 = Party::by_key(Algorithm::P384, 3);
    let digest_of = |value: &Value, at: usize| value.signatures[at].clone();
    vec![
        parts.changed(
            "disclosure-signature-missing",
            "a statement without its signature",
            "disclosure.signature-count",
            |value| _ = value.signatures.pop(),
        ),
        parts.changed(
            "disclosure-signature-extra",
            "a signature without its statement",
            "disclosure.signature-count",
            |value| value.signatures.push(digest_of(value, 0)),
        ),
        parts.changed(
            "disclosure-signatures-swapped",
            "each signature is for one statement",
            "proof.signature-invalid",
            |value| value.signatures.swap(3, 4),
        ),
        parts.changed(
            "disclosure-signature-changed",
            "one wrong signature of many",
            "proof.signature-invalid",
            |value| value.signatures[9][40] ^= 1,
        ),
        parts.changed(
            "disclosure-signature-zero",
            "r and s are from 1 on",
            "proof.signature-malformed",
            |value| value.signatures[9] = vec![0; 64],
        ),
        parts.changed(
            "disclosure-signature-short",
            "63 bytes are no signature",
            "disclosure.cbor",
            |value| _ = value.signatures[9].pop(),
        ),
        parts.changed(
            "disclosure-base-signature-changed",
            "the issuer's own signature",
            "proof.signature-invalid",
            |value| value.base_signature[40] ^= 1,
        ),
        parts.changed(
            "disclosure-base-signature-of-another",
            "the issuer's signature of another passport",
            "proof.signature-invalid",
            |value| value.base_signature = Value::of(&other_base).base_signature,
        ),
        parts.bad(
            "disclosure-key-exchanged",
            "whoever signs the statements anew is not who the issuer named",
            &{
                let part = changed(part, "/credentialSubject/design/task", "triage");
                let lines = statements(&part);
                with_value(&part, |value| {
                    let key = own_key.signer.key().verifying_key().to_multikey();
                    value.public_key = multibase::decode(&key).expect("a key");
                    let others = (0_u16..)
                        .zip(&lines)
                        .filter(|(at, _)| !value.mandatory.contains(at))
                        .map(|(_, l)| sign(l));
                    value.signatures = others.collect();
                })
            },
            "proof.signature-invalid",
        ),
        parts.changed(
            "disclosure-key-off-curve",
            "the key of the statements is a point of P-256",
            "disclosure.public-key",
            |value| value.public_key[2] = 5,
        ),
        parts.changed(
            "disclosure-key-of-another-curve",
            "and of no other curve",
            "disclosure.public-key",
            |value| value.public_key[..2].copy_from_slice(&[0x81, 0x24]),
        ),
        parts.bad(
            "disclosure-statement-of-another",
            "a statement of another passport of the same issuer, with its signature",
            &{
                let moved = changed(part, "/credentialSubject/design/task", "triage");
                let (lines, theirs) = (statements(&moved), statements(&other_base));
                let at = |lines: &[String], value: &Value| {
                    let others = (0_u16..).zip(lines).filter(|(at, _)| !value.mandatory.contains(at));
                    others.map(|(_, line)| line).position(|line| line.contains("triage")).expect("a line")
                };
                let other = Value::of(&other_base);
                let signature = digest_of(&other, at(&theirs, &other));
                with_value(&moved, |value| {
                    let place = at(&lines, value);
                    value.signatures[place] = signature;
                })
            },
            "proof.signature-invalid",
        ),
        parts.bad(
            "disclosure-by-stranger",
            "somebody else's proof in the issuer's name",
            &by_stranger,
            "issuer.not-controller",
        ),
        parts.bad(
            "disclosure-p384",
            "the suite takes P-256 only",
            &{
                let mut part = part.clone();
                set(&mut part, "/proof/verificationMethod", p384.signer.verification_method());
                part
            },
            "proof.key-mismatch",
        ),
        parts.bad(
            "disclosure-previous-proof",
            "a proof that its holder may shorten cannot cover another one",
            &{
                let mut part = part.clone();
                let mut proof = part.get("proof").cloned().unwrap_or(Json::Null);
                let mut first = proof.clone();
                set(&mut first, "/id", "urn:uuid:5d3a1f44-0000-4000-8000-000000000001");
                set(&mut proof, "/previousProof", "urn:uuid:5d3a1f44-0000-4000-8000-000000000001");
                set(&mut part, "/proof", vec![first, proof]);
                part
            },
            "disclosure.previous-proof",
        ),
    ]
}

fn forms(parts: &Parts) -> Vec<Case> {
    let part = &parts.part;
    let bytes = value_of(part);
    let bad = |name, why, bytes: &[u8], code| parts.bad(name, why, &with_bytes(part, bytes), code);
    let text = |change: &dyn Fn(&str) -> String| {
        let mut part = part.clone();
        let value = part.pointer("/proof/proofValue").and_then(Json::as_str).expect("a proof").to_owned();
        set(&mut part, "/proof/proofValue", change(&value));
        part
    };
    vec![
        parts.changed(
            "disclosure-index-twice",
            "a mandatory statement counts once",
            "disclosure.mandatory-indexes",
            |value| value.mandatory.insert(1, value.mandatory[0]),
        ),
        parts.changed(
            "disclosure-index-descending",
            "one list of indexes has one order",
            "disclosure.mandatory-indexes",
            |value| value.mandatory.swap(0, 1),
        ),
        parts.changed(
            "disclosure-index-out-of-range",
            "an index names a statement that is there",
            "disclosure.mandatory-indexes",
            |value| value.mandatory.push(9999),
        ),
        parts.changed(
            "disclosure-index-missing",
            "a mandatory statement cannot become a chosen one",
            "disclosure.signature-count",
            |value| _ = value.mandatory.pop(),
        ),
        parts.changed(
            "disclosure-index-exchanged",
            "nor a chosen one a mandatory one",
            "proof.signature-invalid",
            |value| {
                let free = (0..).find(|index| !value.mandatory.contains(index)).expect("a chosen one");
                value.mandatory.pop();
                value.mandatory.push(free);
                value.mandatory.sort_unstable();
            },
        ),
        parts.changed(
            "disclosure-label-for-nothing",
            "a passport has no nodes without names, so no labels",
            "disclosure.label-map",
            |value| value.labels.push((0, vec![7; 32])),
        ),
        bad(
            "disclosure-trailing-byte",
            "nothing follows the proof value",
            &[&bytes[..], &[0]].concat(),
            "disclosure.cbor",
        ),
        bad("disclosure-cut-off", "nothing of it is missing", &bytes[..bytes.len() - 1], "disclosure.cbor"),
        bad(
            "disclosure-long-length",
            "a length in more bytes than it needs",
            &[&bytes[..4], &[0x59, 0, 64], &bytes[6..]].concat(),
            "disclosure.cbor",
        ),
        bad(
            "disclosure-endless-array",
            "an array without a length",
            &[&bytes[..3], &[0x9f], &bytes[4..], &[0xff]].concat(),
            "disclosure.cbor",
        ),
        bad(
            "disclosure-claimed-length",
            "an array that claims four billion items",
            &[&bytes[..3], &[0x9a, 0xff, 0xff, 0xff, 0xff]].concat(),
            "disclosure.cbor",
        ),
        bad(
            "disclosure-tagged",
            "a tag before a value",
            &[&bytes[..4], &[0xc2], &bytes[4..]].concat(),
            "disclosure.cbor",
        ),
        bad(
            "disclosure-sixth-item",
            "the array has five items",
            &[&bytes[..3], &[0x86], &bytes[4..], &[0]].concat(),
            "disclosure.cbor",
        ),
        bad(
            "disclosure-another-header",
            "only two headers are known",
            &[&[0xd9, 0x5d, 0x02], &bytes[3..]].concat(),
            "disclosure.header",
        ),
        bad("disclosure-empty-value", "a proof value is not empty", &[], "schema.format"),
        parts.bad(
            "disclosure-padded",
            "base64url has no padding here",
            &text(&|value| format!("{value}=")),
            "schema.format",
        ),
        parts.bad(
            "disclosure-base58",
            "the suite writes base64url",
            &text(&|_| multibase::encode_base58btc(&bytes[..64])),
            "proof.member",
        ),
    ]
}

/// Nodes without names, which passports do not have: a proof says how they are called in secret.
fn labels(world: &World) -> Vec<Case> {
    let unsigned = read(
        r#"{"@context":["https://www.w3.org/ns/credentials/v2",{"@vocab":"https://example.org/#"}],"type":["VerifiableCredential"],
        "issuer":"x","credentialSubject":{"name":"A","knows":[{"name":"B"},{"name":"C","age":3},{"name":"B","age":4}]}}"#,
    );
    let base = base(&world.lab, unsigned, &["/issuer"], 45);
    let part = shown(&base, &texts(&["/credentialSubject/knows/0", "/credentialSubject/knows/1/age"]));
    let proof_only =
        |case: Case| Case { policy: Policy { profile: Profile::ProofOnly, ..Policy::default() }, ..case };
    let bad = |name, why, code, change: &dyn Fn(&mut Value)| {
        proof_only(bad(name, why, with_value(&part, change).to_string(), code))
    };
    vec![
        proof_only(case(
            "disclosure-labels",
            "nodes without names, each with its secret label",
            part.to_string(),
            "verified-with-warnings",
            "policy.proof-only",
        )),
        bad("disclosure-label-twice", "two nodes would become one", "disclosure.label-map", &|value| {
            value.labels[1].1 = value.labels[0].1.clone();
        }),
        bad("disclosure-label-missing", "a node without a label", "disclosure.label-map", &|value| {
            value.labels.pop();
        }),
        bad("disclosure-label-extra", "a label without a node", "disclosure.label-map", &|value| {
            let next = u8::try_from(value.labels.len()).expect("few labels");
            value.labels.push((next, vec![7; 32]));
        }),
        bad("disclosure-label-gap", "the canonical names have no gaps", "disclosure.label-map", &|value| {
            value.labels[1].0 += 30;
        }),
        bad("disclosure-label-order", "and one order", "disclosure.label-map", &|value| {
            value.labels.swap(0, 1);
        }),
        bad("disclosure-label-short", "a label has 32 bytes", "disclosure.cbor", &|value| {
            value.labels[1].1.pop();
        }),
        bad(
            "disclosure-too-many-signatures",
            "more signatures than an honest input of this length has",
            "proof.too-many-signatures",
            &|value| value.signatures = vec![value.signatures[0].clone(); 400],
        ),
        bad("disclosure-labels-exchanged", "a node has its own label", "proof.signature-invalid", &|value| {
            let (first, second) = (value.labels[0].1.clone(), value.labels[1].1.clone());
            (value.labels[0].1, value.labels[1].1) = (second, first);
        }),
        bad("disclosure-label-changed", "and no other", "proof.signature-invalid", &|value| {
            value.labels[0].1[0] ^= 1;
        }),
        proof_only(super::bad(
            "disclosure-node-joined",
            "what one node says cannot be moved to another",
            {
                let mut joined = part.clone();
                set(&mut joined, "/credentialSubject/knows/0/age", remove_age(&part));
                remove(&mut joined, "/credentialSubject/knows/1/age");
                joined.to_string()
            },
            "proof.signature-invalid",
        )),
    ]
}

fn remove_age(part: &Json) -> Json {
    part.pointer("/credentialSubject/knows/1/age").cloned().expect("an age")
}

/// A link pins the whole content, so a part is another credential.
fn in_lineage(parts: &Parts) -> Vec<Case> {
    let World { evaluator, dataset, .. } = parts.world;
    let everything = shown(&parts.base, &[String::new()]);
    let evaluation = evaluator.issue(evaluator.suite(), World::unsigned_evaluation(dataset, &everything));
    let input = |model: &Json| bundle(&[&evaluation, model, dataset], &[]).to_string();
    vec![
        parts.listed(good(
            "disclosure-parent-whole",
            "everything of a parent is the parent",
            input(&everything),
        )),
        parts.listed(case(
            "disclosure-parent-part",
            "a digest is over the whole, and anybody could sign a part under the name of the parent",
            input(&parts.part),
            "could-not-check",
            "lineage.disclosed-part",
        )),
        parts.listed(Case {
            policy: Policy {
                trust: vec![read(&format!(
                    r#"{{"issuers":[{{"id":"{}","name":"Lab","kinds":["DatasetPassport","ModelPassport"]}},
                        {{"id":"{}","name":"Evaluator","kinds":["EvaluationAttestation"]}}]}}"#,
                    parts.world.lab.did, parts.world.evaluator.did
                ))],
                ..Policy::default()
            },
            ..case(
                "disclosure-parent-part-known",
                "of a party that the verifier knows, a part is declared to belong to the parent, and not proven",
                input(&parts.part),
                "verified-with-warnings",
                "lineage.disclosed-part",
            )
        }),
    ]
}
