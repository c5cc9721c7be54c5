//! Section F of the threats: lists that are not the issuer's, and lists of another time.

use model_passport::evidence::SeenList;
use model_passport::jose::{self, Audience, Kind};
use model_passport::status::Purpose;

use super::status::{INDEX, LIST, MADE, OTHER, Sheet, brought, entry, open, recallable, sign_at};
use super::*;

/// Lists that are not the one that the issuer means.
pub(super) fn foreign_lists(world: &World) -> Vec<Case> {
    let World { lab, evaluator, stranger, .. } = world;
    let text = recallable(world, &[entry(Purpose::Revocation)]).to_string();
    let honest = Sheet::new(lab).sign();
    let revoking_sheet = Sheet::new(lab).with(INDEX, 1);
    let revoking = revoking_sheet.sign();
    let jws = |list: Json| {
        jose::sign(&list, Kind::Credential, &Audience::default(), &lab.signer)
            .expect("a list that can be signed")
    };
    let as_jws = jws(Sheet::new(lab).unsigned());
    let in_jws = |case: Case, text: &str| {
        let document = Document { url: LIST.to_owned(), retrieved: None, text: text.to_owned() };
        Case { evidence: Evidence { documents: vec![document], ..Evidence::default() }, ..case }
    };
    let with = |case: Case, list: &Json| brought(case, &[(LIST, list)]);
    let not_verified = |name, why| open(name, why, text.clone(), "status.list-not-verified");
    let malformed = |name, why, text: &str| {
        let case = open(
            name,
            why,
            recallable(world, &[entry(Purpose::Revocation)]).to_string(),
            "status.list-malformed",
        );
        in_jws(case, text)
    };
    let changed = {
        let mut list = revoking.clone();
        let clear = honest.pointer("/credentialSubject/encodedList").cloned().unwrap_or(Json::Null);
        set(&mut list, "/credentialSubject/encodedList", clear);
        list
    };
    let in_anothers_name = {
        let mut list = Sheet::new(stranger).unsigned();
        set(&mut list, "/issuer", lab.did.as_str());
        sign_at(stranger, &list, MADE)
    };
    let unsigned = Sheet::new(lab).unsigned();
    let hospital = Party::by_domain(Algorithm::P256, 5, "did:web:hospital.example");
    let forged_beside = brought(
        good("status-forged-copy", "a forged copy beside the list changes nothing", text.clone()),
        &[(LIST, &in_anothers_name), (LIST, &honest)],
    );
    vec![
        with(
            open(
                "status-purpose-mismatch",
                "a list about something else says nothing about this",
                text.clone(),
                "status.list-purpose",
            ),
            &Sheet::new(lab).about(&[Purpose::Suspension]).sign(),
        ),
        with(
            open(
                "status-list-swapped",
                "another list of the same issuer, in its place",
                text.clone(),
                "status.list-id",
            ),
            &Sheet::new(lab).at(OTHER).sign(),
        ),
        with(
            open(
                "status-list-nameless",
                "a list that does not say which one it is",
                text.clone(),
                "status.list-id",
            ),
            &Sheet::new(lab).sign_with(|list| {
                remove(list, "/id");
            }),
        ),
        with(
            open(
                "status-list-of-another",
                "only the issuer's own list is believed",
                text.clone(),
                "status.list-issuer",
            ),
            &Sheet::new(evaluator).sign(),
        ),
        with(not_verified("status-list-changed", "a bit cleared after signing"), &changed),
        with(
            not_verified("status-list-forged", "a list in the issuer's name by another key"),
            &in_anothers_name,
        ),
        with(not_verified("status-list-unsigned", "a list without a proof is anybody's"), &unsigned),
        with(
            not_verified("status-list-of-unknown-domain", "a list whose issuer's document is not at hand"),
            &Sheet::new(&hospital).sign(),
        ),
        with(not_verified("status-list-one-proof-wrong", "every proof of a list has to hold"), &{
            let mut twice = sign_at(evaluator, &honest, MADE);
            let other = changed.pointer("/proof/proofValue").cloned().unwrap_or(Json::Null);
            set(&mut twice, "/proof/0/proofValue", other);
            twice
        }),
        with(
            good("status-list-two-proofs", "a second party may sign the list too", text.clone()),
            &sign_at(evaluator, &honest, MADE),
        ),
        with(
            open(
                "status-list-with-status",
                "whether the list was recalled is not asked, and not taken for granted",
                text.clone(),
                "status.list-has-status",
            ),
            &Sheet::new(lab)
                .sign_with(|list| set(list, "/credentialStatus", entry(Purpose::Revocation).to_json())),
        ),
        malformed("status-list-not-json", "what lies at the address is a web page", "<!DOCTYPE html>"),
        malformed(
            "status-list-other-document",
            "or JSON of another kind",
            r#"{"id":"https://lab.example/status/1"}"#,
        ),
        malformed("status-list-other-credential", "or another credential", &world.dataset.to_string()),
        malformed(
            "status-list-two-readings",
            "or a list with two readings",
            &honest.to_string().replacen(
                "\"issuer\"",
                "\"id\":\"https://lab.example/status/1\",\"issuer\"",
                1,
            ),
        ),
        malformed("status-list-two-subjects", "or two lists in one credential", &{
            let list = Sheet::new(lab).sign_with(|list| {
                let one = list.get("credentialSubject").cloned().unwrap_or(Json::Null);
                let mut two = one.clone();
                set(&mut two, "/id", "https://lab.example/status/1#other");
                set(list, "/credentialSubject", vec![one, two]);
            });
            list.to_string()
        }),
        in_jws(good("status-list-jws", "a list may be signed as a JWS", text.clone()), &as_jws),
        in_jws(
            not_verified(
                "status-list-jws-changed",
                "and a signature over something else is none there either",
            ),
            &{
                let signature = jws(revoking_sheet.unsigned());
                let signature = signature.rsplit_once('.').map_or("", |(_, signature)| signature);
                format!("{}.{signature}", as_jws.rsplit_once('.').map_or("", |(signed, _)| signed))
            },
        ),
        forged_beside,
        brought(
            bad(
                "status-forged-copy-revoked",
                "nor does a forged copy that says otherwise",
                text.clone(),
                "status.revoked",
            ),
            &[(LIST, &in_anothers_name), (LIST, &revoking)],
        ),
    ]
}

/// Lists of another time.
pub(super) fn old_lists(world: &World) -> Vec<Case> {
    let lab = &world.lab;
    let text = recallable(world, &[entry(Purpose::Revocation)]).to_string();
    let dataset = read(&text);
    let suspendable = recallable(world, &[entry(Purpose::Suspension)]).to_string();
    let suspended =
        |value, made| Sheet::new(lab).about(&[Purpose::Suspension]).with(INDEX, value).made(made).sign();
    let yesterday = "2026-11-20T06:00:00Z";
    let old = Sheet::new(lab).made(yesterday);
    let with = |case: Case, list: &Json| brought(case, &[(LIST, list)]);
    let two_days = Policy { max_status_age_secs: Some(2 * 86_400), ..Policy::default() };
    let seen = |case: Case, valid_from: &str| {
        let mut case = brought(case, &[(LIST, &Sheet::new(lab).sign())]);
        case.evidence.seen_lists = vec![SeenList { url: LIST.to_owned(), valid_from: valid_from.to_owned() }];
        case
    };
    let hourly = Sheet::new(lab).sign_with(|list| set(list, "/credentialSubject/ttl", 3_600_000u32));
    let retrieved = |case: Case, at: &str| {
        let mut case = brought(case, &[(LIST, &hourly)]);
        case.evidence.documents.iter_mut().for_each(|document| document.retrieved = Some(at.to_owned()));
        case
    };
    let undated = |made: &'static str| {
        Sheet::new(lab).made(made).sign_with(|list| {
            remove(list, "/validFrom");
        })
    };
    vec![
        with(
            open(
                "status-list-stale",
                "a list older than a day clears nobody",
                text.clone(),
                "status.list-stale",
            ),
            &old.sign(),
        ),
        Case {
            policy: two_days,
            ..with(
                good("status-list-stale-allowed", "unless the verifier takes older ones", text.clone()),
                &old.sign(),
            )
        },
        Case {
            policy: Policy { max_status_age_secs: Some(3600), ..Policy::default() },
            ..with(
                open("status-list-age-policy", "or only newer ones", text.clone(), "status.list-stale"),
                &Sheet::new(lab).sign(),
            )
        },
        with(
            bad(
                "status-list-stale-revoked",
                "a revocation is for good, so an old list shows it too",
                text.clone(),
                "status.revoked",
            ),
            &Sheet::new(lab).made(yesterday).with(INDEX, 1).sign(),
        ),
        with(
            open(
                "status-list-stale-suspended",
                "a suspension may have ended since",
                suspendable.clone(),
                "status.list-stale",
            ),
            &suspended(1, yesterday),
        ),
        with(
            open(
                "status-list-expired",
                "a list past its end clears nobody",
                text.clone(),
                "status.list-expired",
            ),
            &Sheet::new(lab).sign_with(|list| set(list, "/validUntil", "2026-11-21T07:00:00Z")),
        ),
        with(
            open(
                "status-list-expired-hidden",
                "its end under another name, where only the signed statements tell",
                text.clone(),
                "status.list-expired",
            ),
            &{
                let mut list =
                    Sheet::new(lab).sign_with(|list| set(list, "/validUntil", "2026-11-21T07:00:00Z"));
                let until = remove(&mut list, "/validUntil");
                let datatype = Json::from("http://www.w3.org/2001/XMLSchema#dateTime");
                let until = Object::from_iter([("@value", until), ("@type", datatype)]);
                if let Some(object) = list.as_object_mut() {
                    object.insert("https://www.w3.org/2018/credentials#validUntil", until);
                }
                list
            },
        ),
        with(
            open("status-list-of-tomorrow", "nor does one of tomorrow", text.clone(), "status.list-expired"),
            &Sheet::new(lab)
                .made("2026-11-21T12:04:00Z")
                .sign_with(|list| set(list, "/validFrom", "2026-11-22T12:00:00Z")),
        ),
        with(
            good("status-list-undated", "without `validFrom` the proof says when it was made", text.clone()),
            &undated(MADE),
        ),
        with(
            open(
                "status-list-undated-old",
                "and a proof of today beside it makes it no younger",
                text.clone(),
                "status.list-stale",
            ),
            &sign_at(&world.evaluator, &undated(yesterday), MADE),
        ),
        brought(
            bad(
                "status-newest-list",
                "of two copies the newest counts",
                suspendable.clone(),
                "status.suspended",
            ),
            &[(LIST, &suspended(0, yesterday)), (LIST, &suspended(1, MADE))],
        ),
        brought(
            good("status-newest-list-restored", "in both directions", suspendable.clone()),
            &[(LIST, &suspended(0, MADE)), (LIST, &suspended(1, yesterday))],
        ),
        brought(
            bad(
                "status-newest-list-in-evidence",
                "a bundle's older copy is no match for the newer one at hand",
                bundle(
                    &[&dataset],
                    &[(LIST, &Sheet::new(lab).made("2026-11-21T05:00:00Z").sign().to_string())],
                )
                .to_string(),
                "status.revoked",
            ),
            &[(LIST, &Sheet::new(lab).with(INDEX, 1).sign())],
        ),
        seen(
            open(
                "status-list-rolled-back",
                "a list older than one that was seen",
                text.clone(),
                "status.list-rolled-back",
            ),
            "2026-11-21T06:00:01Z",
        ),
        seen(good("status-list-seen", "the same list as the one that was seen", text.clone()), MADE),
        retrieved(
            open(
                "status-list-ttl",
                "the issuer says how long a copy is kept",
                text.clone(),
                "status.list-stale",
            ),
            "2026-11-21T10:50:00Z",
        ),
        retrieved(
            good("status-list-ttl-kept", "and this one may still be", text.clone()),
            "2026-11-21T11:30:00Z",
        ),
    ]
}
