//! The cases: each one cause, a sentence why, and the code that has to come of it.
//!
//! Written by `cargo vectors` into `tests/cases`, so that every shell reads the same files.

mod disclosure;
mod documents;
mod input;
mod jose;
mod json_ld;
mod key_periods;
mod kinds;
mod lineage;
mod policy;
mod presentations;
mod proofs;
mod signers;
mod standard;
mod status;
mod status_lists;

use model_passport::digest::Digest;
use model_passport::evidence::{Artifact, Document, Evidence, Policy, Profile};
use model_passport::json::{Json, Number, Object};
use model_passport::key::{Algorithm, Signer};
use model_passport::multibase;
use model_passport::proof::Cryptosuite;

use crate::issue::{NOW, Party, bundle, link, read, remove, set};

/// One case.
pub struct Case {
    /// The name of its folder.
    pub name: &'static str,
    /// Why it is there: the rule, in a sentence.
    pub why: &'static str,
    /// What is verified.
    pub input: String,
    /// What is brought along.
    pub evidence: Evidence,
    /// What is asked for.
    pub policy: Policy,
    /// The time to judge by.
    pub now: &'static str,
    /// The verdict that has to come of it.
    pub verdict: &'static str,
    /// The code of the check that has to decide.
    pub code: &'static str,
}

/// The credentials that most cases start from: a data set and a model by a lab, an evaluation by another party.
struct World {
    lab: Party,
    evaluator: Party,
    stranger: Party,
    dataset: Json,
    model: Json,
    evaluation: Json,
}

impl World {
    fn new() -> Self {
        let lab = Party::by_key(Algorithm::P256, 1);
        let evaluator = Party::by_key(Algorithm::Ed25519, 2);
        let mut dataset = read(include_str!("../../fixtures/examples/dataset-passport.json"));
        // Where the data came from has no passport; the cases about that put it back.
        remove(&mut dataset, "/credentialSubject/wasDerivedFrom");
        let dataset = lab.issue(lab.suite(), dataset);
        let model = lab.issue(lab.suite(), Self::unsigned_model(&dataset));
        let evaluation = evaluator.issue(evaluator.suite(), Self::unsigned_evaluation(&dataset, &model));
        Self { lab, evaluator, stranger: Party::by_key(Algorithm::P256, 9), dataset, model, evaluation }
    }

    fn unsigned_model(dataset: &Json) -> Json {
        let mut model = read(include_str!("../../fixtures/examples/model-passport.json"));
        set(&mut model, "/credentialSubject/trainedOn/0", link(dataset));
        model
    }

    fn unsigned_evaluation(dataset: &Json, model: &Json) -> Json {
        let mut evaluation = read(include_str!("../../fixtures/examples/evaluation-attestation.json"));
        set(&mut evaluation, "/credentialSubject/evaluates", link(model));
        let metrics =
            evaluation.pointer("/credentialSubject/metric").and_then(Json::as_array).map_or(0, <[Json]>::len);
        for at in 0..metrics {
            set(&mut evaluation, &format!("/credentialSubject/metric/{at}/dataset"), link(dataset));
        }
        evaluation
    }

    fn all(&self) -> Json {
        bundle(&[&self.evaluation, &self.model, &self.dataset], &[])
    }

    /// The bundle with one change in one of its credentials, after signing.
    fn changed(&self, change: impl FnOnce(&mut Json)) -> String {
        let mut all = self.all();
        change(&mut all);
        all.to_string()
    }

    /// The data set's credential, changed before signing.
    fn dataset_with(&self, change: impl FnOnce(&mut Json)) -> Json {
        let mut unsigned = self.dataset.clone();
        remove(&mut unsigned, "/proof");
        change(&mut unsigned);
        self.lab.sign(self.lab.suite(), &unsigned)
    }
}

const EVALUATION: &str = "/presentation/verifiableCredential/0";
const MODEL: &str = "/presentation/verifiableCredential/1";
const DATASET: &str = "/presentation/verifiableCredential/2";

fn case(
    name: &'static str,
    why: &'static str,
    input: impl Into<String>,
    verdict: &'static str,
    code: &'static str,
) -> Case {
    let (evidence, policy) = (Evidence::default(), Policy::default());
    Case { name, why, input: input.into(), evidence, policy, now: NOW, verdict, code }
}

fn good(name: &'static str, why: &'static str, input: impl Into<String>) -> Case {
    case(name, why, input, "verified", "ok")
}

fn bad(name: &'static str, why: &'static str, input: impl Into<String>, code: &'static str) -> Case {
    case(name, why, input, "not-verified", code)
}

/// All cases.
#[must_use]
pub fn cases() -> Vec<Case> {
    let world = World::new();
    let mut cases = input::whole_input(&world);
    cases.extend(input::json_layer(&world));
    cases.extend(json_ld::json_ld_layer(&world));
    cases.extend(proofs::proofs(&world));
    cases.extend(proofs::proof_sets(&world));
    cases.extend(signers::signers(&world));
    cases.extend(json_ld::work(&world));
    cases.extend(documents::keys_and_documents(&world));
    cases.extend(key_periods::key_periods(&world));
    cases.extend(proofs::times(&world));
    cases.extend(disclosure::disclosure(&world));
    cases.extend(status::recalls(&world));
    cases.extend(status::status_forms(&world));
    cases.extend(status_lists::foreign_lists(&world));
    cases.extend(status_lists::old_lists(&world));
    cases.extend(lineage::lineage(&world));
    cases.extend(lineage::processing(&world));
    cases.extend(lineage::shapes(&world));
    cases.extend(lineage::artifacts(&world));
    cases.extend(kinds::kinds(&world));
    cases.extend(policy::trust(&world));
    cases.extend(policy::everything(&world));
    cases.extend(policy::bypasses(&world));
    cases.extend(policy::pinned_domain(&world));
    cases.extend(policy::recognitions(&world));
    cases.extend(policy::rows(&world));
    cases.extend(policy::list_of_another(&world));
    cases.extend(policy::rules(&world));
    cases.extend(standard::standard(&world));
    cases.extend(presentations::presentations(&world));
    cases.extend(jose::jose(&world));
    cases
}
