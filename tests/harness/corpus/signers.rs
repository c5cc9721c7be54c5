//! Who has to have signed: co-signers of the policy, and chains of proofs.

use model_passport::jsonld::ContextLoader;
use model_passport::proof::{ProofOptions, add_proof};

use super::*;
use crate::issue::{SIGNED, time};

/// Section D of the threats, where the policy asks for signers.
pub(super) fn signers(world: &World) -> Vec<Case> {
    let World { lab, evaluator, stranger, dataset, .. } = world;
    let dids = |parties: &[&Party]| parties.iter().map(|party| party.did.clone()).collect::<Vec<_>>();
    let required = |parties: &[&Party]| Policy { required_signers: dids(parties), ..Policy::default() };
    let at_least = |count| Policy { min_signers: Some(count), ..Policy::default() };
    let co_signed = evaluator.sign(evaluator.suite(), dataset);
    let mut stripped = co_signed.clone();
    proofs::remove_item(&mut stripped, "/proof", 1);
    let twice = lab.sign(lab.suite(), dataset);
    let mut repeated = dataset.clone();
    let proof = remove(&mut repeated, "/proof");
    set(&mut repeated, "/proof", vec![proof.clone(), proof]);
    let chained = chained(world);
    let mut stripped_chain = chained.clone();
    proofs::remove_item(&mut stripped_chain, "/proof", 0);
    let mut changed_chain = chained.clone();
    set(&mut changed_chain, "/proof/0/created", "2026-11-01T11:00:01Z");
    vec![
        Case {
            policy: Policy { min_signers: Some(2), ..required(&[lab, evaluator]) },
            ..good("co-signers-as-required", "both parties that have to sign did", co_signed.to_string())
        },
        Case {
            policy: required(&[lab, evaluator]),
            ..bad(
                "co-signer-stripped",
                "a proof can be taken off unseen, so the verifier says who may not be missing",
                stripped.to_string(),
                "policy.signer-missing",
            )
        },
        Case {
            policy: required(&[lab, stranger]),
            ..bad(
                "co-signer-another",
                "another party's signature does not stand in for the one asked for",
                co_signed.to_string(),
                "policy.signer-missing",
            )
        },
        Case {
            policy: at_least(2),
            ..bad(
                "one-signer-twice",
                "two proofs of one party are one signer",
                twice.to_string(),
                "policy.too-few-signers",
            )
        },
        Case {
            policy: at_least(2),
            ..bad(
                "one-proof-twice",
                "the same proof twice is one signer",
                repeated.to_string(),
                "policy.too-few-signers",
            )
        },
        Case {
            policy: at_least(2),
            ..good("two-signers", "two parties signed, as asked for", co_signed.to_string())
        },
        good("previous-proof", "a proof that covers the one before it", chained.to_string()),
        bad(
            "previous-proof-stripped",
            "the proof that another one covers cannot be taken off",
            stripped_chain.to_string(),
            "proof.previous-proof-missing",
        ),
        bad(
            "previous-proof-changed",
            "a proof covers every member of the one before it",
            changed_chain.to_string(),
            "proof.signature-invalid",
        ),
    ]
}

/// The data set's credential, signed by the lab, and that proof signed over by the evaluator.
fn chained(world: &World) -> Json {
    const FIRST: &str = "urn:uuid:4b1c6a3e-52a7-4e0e-9f43-0d7c56a0f001";
    let mut unsigned = world.dataset.clone();
    remove(&mut unsigned, "/proof");
    let options = |party: &Party| ProofOptions::new(party.suite()).created(time(SIGNED));
    let first = ProofOptions { id: Some(FIRST.to_owned()), ..options(&world.lab) };
    let second = ProofOptions { previous_proof: vec![FIRST.to_owned()], ..options(&world.evaluator) };
    let sign = |credential: &Json, options: &ProofOptions, party: &Party| {
        add_proof(credential, options, &party.signer, ContextLoader::embedded())
            .expect("a credential to sign")
    };
    sign(&sign(&unsigned, &first, &world.lab), &second, &world.evaluator)
}
