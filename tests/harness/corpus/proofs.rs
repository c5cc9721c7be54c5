//! Section D of the threats: signatures, suites, sets of proofs and their times.

use super::*;

/// Section D of the threats.
pub(super) fn proofs(world: &World) -> Vec<Case> {
    let World { lab, evaluator, stranger, dataset, .. } = world;
    let change = |change: &dyn Fn(&mut Json)| {
        let mut dataset = dataset.clone();
        change(&mut dataset);
        dataset.to_string()
    };
    let mut unsigned = dataset.clone();
    remove(&mut unsigned, "/proof");
    let with = |party: &Party, suite: Cryptosuite| party.issue(suite, unsigned.clone()).to_string();
    let p384 = Party::by_key(Algorithm::P384, 3);
    let co_signed = evaluator.sign(evaluator.suite(), dataset);
    vec![
        good("ecdsa-rdfc-2019-p384", "P-384 with SHA-384", with(&p384, Cryptosuite::EcdsaRdfc2019)),
        good("ecdsa-jcs-2019", "ECDSA over the JSON text", with(lab, Cryptosuite::EcdsaJcs2019)),
        good("ecdsa-jcs-2019-p384", "the same with P-384", with(&p384, Cryptosuite::EcdsaJcs2019)),
        good("eddsa-rdfc-2022", "Ed25519 over statements", with(evaluator, Cryptosuite::EddsaRdfc2022)),
        good("eddsa-jcs-2022", "Ed25519 over the JSON text", with(evaluator, Cryptosuite::EddsaJcs2022)),
        good("two-proofs", "a second party's signature beside the issuer's", co_signed.to_string()),
        good("high-s", "the second form of an ECDSA signature is as good as the first", change(&flip_s)),
        bad(
            "one-of-two-proofs-wrong",
            "every proof has to hold",
            {
                let mut both = co_signed.clone();
                set(&mut both, "/proof/1/proofValue", other_signature(evaluator));
                both.to_string()
            },
            "proof.signature-invalid",
        ),
        bad("no-proof", "a credential without proof is anybody's", unsigned.to_string(), "proof.none"),
        bad(
            "no-proof-in-array",
            "an empty list of proofs is no proof",
            change(&|d| set(d, "/proof", Json::Array(vec![]))),
            "profile.empty",
        ),
        bad(
            "claim-changed",
            "the signature covers every claim",
            change(&|d| set(d, "/credentialSubject/version", "6.6.6")),
            "proof.signature-invalid",
        ),
        bad(
            "signature-of-another",
            "a signature by the right key over something else",
            change(&|d| set(d, "/proof/proofValue", other_signature(lab))),
            "proof.signature-invalid",
        ),
        bad(
            "signature-too-short",
            "63 bytes are no P-256 signature",
            change(&|d| set(d, "/proof/proofValue", multibase::encode_base58btc(&[7; 63]))),
            "proof.signature-malformed",
        ),
        bad(
            "signature-zero",
            "r and s are at least 1",
            change(&|d| set(d, "/proof/proofValue", multibase::encode_base58btc(&[0; 64]))),
            "proof.signature-malformed",
        ),
        bad(
            "signature-base64",
            "a proof value is base58btc",
            change(&|d| set(d, "/proof/proofValue", multibase::encode_base64url(&[7; 64]))),
            "proof.member",
        ),
        bad(
            "suite-of-another-key",
            "eddsa with a P-256 key",
            change(&|d| set(d, "/proof/cryptosuite", "eddsa-rdfc-2022")),
            "proof.key-mismatch",
        ),
        bad(
            "suite-in-capitals",
            "names are compared byte for byte",
            change(&|d| set(d, "/proof/cryptosuite", "ECDSA-RDFC-2019")),
            "proof.unsupported-cryptosuite",
        ),
        bad(
            "legacy-proof-type",
            "other types of proof are not taken for this one",
            change(&|d| set(d, "/proof/type", "Ed25519Signature2020")),
            "schema.value",
        ),
        bad(
            "authentication-purpose",
            "a key that proves presence does not make statements",
            change(&|d| set(d, "/proof/proofPurpose", "authentication")),
            "proof.purpose",
        ),
        bad(
            "another-issuer",
            "a good signature by somebody who is not the issuer",
            stranger.sign(stranger.suite(), &unsigned).to_string(),
            "issuer.not-controller",
        ),
        bad(
            "issuer-exchanged",
            "the issuer is part of what is signed",
            change(&|d| set(d, "/issuer", stranger.did.as_str())),
            "proof.signature-invalid",
        ),
        bad(
            "jcs-context-exchanged",
            "the contexts that the proof names are the document's",
            {
                let mut signed = lab.issue(Cryptosuite::EcdsaJcs2019, unsigned.clone());
                set(&mut signed, "/proof/@context", read(r#"["https://www.w3.org/ns/credentials/v2"]"#));
                signed.to_string()
            },
            "schema.value",
        ),
        bad(
            "created-changed",
            "the options of a proof are signed too",
            change(&|d| set(d, "/proof/created", "2026-11-21T10:59:59Z")),
            "proof.signature-invalid",
        ),
        Case {
            policy: Policy { profile: Profile::ProofOnly, ..Policy::default() },
            ..case(
                "proof-only",
                "asked for by name: the proof holds, the issuer may be anyone",
                stranger.sign(stranger.suite(), &unsigned).to_string(),
                "verified-with-warnings",
                "policy.proof-only",
            )
        },
    ]
}

/// Several proofs on one credential, and proofs of odd shapes.
pub(super) fn proof_sets(world: &World) -> Vec<Case> {
    let World { lab, evaluator, stranger, dataset, .. } = world;
    let change = |change: &dyn Fn(&mut Json)| {
        let mut dataset = dataset.clone();
        change(&mut dataset);
        dataset.to_string()
    };
    let beside = |proof: &dyn Fn(&mut Json)| {
        let mut both = evaluator.sign(evaluator.suite(), dataset);
        let mut second = remove_item(&mut both, "/proof", 1);
        proof(&mut second);
        set(&mut both, "/proof/-", second);
        both.to_string()
    };
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let signature =
        |bytes: &[u8]| change(&|d| set(d, "/proof/proofValue", multibase::encode_base58btc(bytes)));
    let mut unsigned = dataset.clone();
    remove(&mut unsigned, "/proof");
    let mut forged = stranger.sign(stranger.suite(), &unsigned);
    let bad_own = {
        let mut own = lab.sign(lab.suite(), &unsigned);
        set(&mut own, "/proof/proofValue", other_signature(lab));
        remove(&mut own, "/proof")
    };
    let good_other = remove(&mut forged, "/proof");
    set(&mut forged, "/proof", vec![bad_own, good_other]);
    vec![
        bad(
            "unknown-suite-beside",
            "every proof has to hold, also one that nobody here can read",
            beside(&|proof| set(proof, "/cryptosuite", "bbs-2023")),
            "proof.unsupported-cryptosuite",
        ),
        bad(
            "previous-proof-missing",
            "a chain without its first link",
            beside(&|proof| set(proof, "/previousProof", "urn:uuid:00000000-0000-4000-8000-000000000000")),
            "proof.previous-proof-missing",
        ),
        bad(
            "previous-proof-circle",
            "a proof that builds on itself",
            beside(&|proof| {
                set(proof, "/id", "urn:uuid:00000000-0000-4000-8000-000000000001");
                set(proof, "/previousProof", "urn:uuid:00000000-0000-4000-8000-000000000001");
            }),
            "proof.previous-proof-cycle",
        ),
        bad(
            "issuer-proof-wrong-other-good",
            "somebody else's good proof does not stand in for the issuer's",
            forged.to_string(),
            "proof.signature-invalid",
        ),
        bad(
            "suite-with-nul",
            "a name with a NUL is another name",
            change(&|d| set(d, "/proof/cryptosuite", "ecdsa-rdfc-2019\u{0}")),
            "proof.unsupported-cryptosuite",
        ),
        bad(
            "proof-expired",
            "a proof may have an end",
            {
                let mut signed = dataset.clone();
                set(&mut signed, "/proof/expires", "2026-11-02T00:00:00Z");
                signed.to_string()
            },
            "proof.expired",
        ),
        bad(
            "proof-unknown-member",
            "a proof holds nothing that its specification does not define",
            change(&|d| set(d, "/proof/approvedBy", "FDA")),
            "schema.unknown-field",
        ),
        bad(
            "signature-too-long",
            "65 bytes are no P-256 signature",
            signature(&[7; 65]),
            "proof.signature-malformed",
        ),
        bad(
            "signature-der",
            "nor is a DER sequence",
            signature(&[&[0x30, 0x44, 0x02, 0x20][..], &[7; 32], &[0x02, 0x20], &[7; 32]].concat()),
            "proof.signature-malformed",
        ),
        bad(
            "signature-r-is-order",
            "r and s are below the order of the group",
            signature(&[order, [7; 32]].concat()),
            "proof.signature-malformed",
        ),
    ]
}

pub(super) fn remove_item(json: &mut Json, pointer: &str, at: usize) -> Json {
    let mut items = json.pointer(pointer).and_then(Json::as_array).map(<[Json]>::to_vec).unwrap_or_default();
    let item = items.remove(at);
    set(json, pointer, items);
    item
}

/// A well-formed signature over nothing that is in a case.
pub(super) fn other_signature(party: &Party) -> String {
    multibase::encode_base58btc(&party.signer.sign(b"something else").unwrap_or_default())
}

/// Replaces `s` of a P-256 signature by `n - s`.
pub(super) fn flip_s(credential: &mut Json) {
    let value = credential.pointer("/proof/proofValue").and_then(Json::as_str).unwrap_or_default();
    let mut signature = multibase::decode(value).unwrap_or_default();
    flip_s_of(&mut signature);
    set(credential, "/proof/proofValue", multibase::encode_base58btc(&signature));
}

pub(super) fn flip_s_of(signature: &mut [u8]) {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut borrow = 0;
    for (s, n) in signature.iter_mut().rev().zip(ORDER.iter().rev()) {
        let difference = i16::from(*n) - i16::from(*s) - borrow;
        borrow = i16::from(difference < 0);
        *s = u8::try_from(difference.rem_euclid(256)).unwrap_or_default();
    }
}

pub(super) fn times(world: &World) -> Vec<Case> {
    let at = |now: &'static str, case: Case| Case { now, ..case };
    let dataset = world.dataset.to_string();
    let long_ago = world.dataset_with(|d| set(d, "/validFrom", "2001-01-01T00:00:00Z")).to_string();
    vec![
        bad(
            "not-yet-valid",
            "before its time",
            world.dataset_with(|d| set(d, "/validFrom", "2026-12-01T00:00:00Z")).to_string(),
            "validity.not-yet-valid",
        ),
        at("2099-01-01T00:00:00Z", bad("expired", "after its time", dataset, "validity.expired")),
        at(
            "2020-01-01T00:00:00Z",
            bad(
                "proof-from-the-future",
                "a proof is not made before it is checked",
                long_ago,
                "proof.created-in-future",
            ),
        ),
        bad(
            "validity-reversed",
            "an end before the beginning",
            world.dataset_with(|d| set(d, "/validUntil", "2026-10-01T00:00:00Z")).to_string(),
            "validity.reversed",
        ),
    ]
}
