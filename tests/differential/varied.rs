//! Passports that nobody wrote: the examples with other words, numbers, members and order, built only from
//! what the strict profile allows.

use std::collections::VecDeque;

use model_passport::json::{Json, Number, Object};
use model_passport_tests::issue::read;
use proptest::collection::vec;
use proptest::prelude::*;

/// The examples, unsigned.
pub fn examples() -> [Json; 8] {
    [
        read(include_str!("../fixtures/examples/dataset-passport.json")),
        read(include_str!("../fixtures/examples/model-passport.json")),
        read(include_str!("../fixtures/examples/evaluation-attestation.json")),
        read(include_str!("../fixtures/examples/processing-attestation.json")),
        read(include_str!("../fixtures/examples/approval-attestation.json")),
        read(include_str!("../fixtures/examples/deployment-attestation.json")),
        read(include_str!("../fixtures/examples/monitoring-attestation.json")),
        read(include_str!("../fixtures/examples/recognition-credential.json")),
    ]
}

/// A passport of any kind.
pub fn passport() -> impl Strategy<Value = Json> {
    let word = r#"[\PC\n"\\]{1,24}"#;
    (0..8_usize, vec(any::<u8>(), 1..64), vec(word, 1..8), 0..=model_passport::json::MAX_SAFE_INTEGER)
        .prop_map(|(which, choices, words, number)| {
            let mut varying = Varying { choices: choices.into(), words: words.into(), number };
            varying.vary("", examples()[which].clone())
        })
}

/// What is changed where follows from a few numbers, used round and round, so that a failure can be shrunk.
struct Varying {
    choices: VecDeque<u8>,
    words: VecDeque<String>,
    number: i64,
}

/// Without these there is no credential or no node.
const KEPT: [&str; 7] = ["@context", "credentialSubject", "id", "issuer", "proof", "type", "validFrom"];

impl Varying {
    /// True in one of `n` cases.
    fn one_in(&mut self, n: u8) -> bool {
        self.choices.rotate_left(1);
        self.choices[0].is_multiple_of(n)
    }

    fn vary(&mut self, name: &str, value: Json) -> Json {
        match value {
            Json::Object(object) => self.object(&object).into(),
            Json::Array(items) if name == "@context" || name == "type" => items.into(),
            Json::Array(mut items) => {
                if items.len() > 1 && self.one_in(4) {
                    items.pop();
                }
                items.into_iter().map(|item| self.vary(name, item)).collect::<Vec<_>>().into()
            }
            // Prose, and never a date, an identifier or a digest: those have no spaces.
            Json::String(text) if text.contains(' ') || name == "name" || name == "version" => {
                self.words.rotate_left(1);
                self.words[0].as_str().into()
            }
            Json::Number(Number::Integer(_)) if self.one_in(3) => Json::Number(Number::Integer(self.number)),
            Json::Bool(value) => (value != self.one_in(2)).into(),
            other => other,
        }
    }

    fn object(&mut self, object: &Object) -> Object {
        let mut members: Vec<(&str, &Json)> = object.iter().collect();
        if self.one_in(3) {
            members.reverse();
        }
        let keep_all = members.len() == 1;
        members.retain(|(name, _)| keep_all || KEPT.contains(name) || !self.one_in(8));
        members.into_iter().map(|(name, value)| (name, self.vary(name, value.clone()))).collect()
    }
}
