//! Whom a verifier recognises, what it requires, and what becomes of a lineage that is not as it should be.

use model_passport::policy::{Lineage, Row};
use model_passport::status::Purpose;

use super::kinds::{Afterwards, another, changed};
use super::lineage::item_of;
use super::status::{INDEX, LIST, Sheet, brought, clear, entry, recallable};
use super::*;
use crate::issue::signing_key;

/// A trust list that names these parties.
fn list(entries: &[&str]) -> Vec<Json> {
    vec![read(&format!(r#"{{"name":"the test network","issuers":[{}]}}"#, entries.join(",")))]
}

fn named(party: &Party, name: &str, kinds: &str, more: &str) -> String {
    format!(r#"{{"id":"{}","name":"{name}","kinds":[{kinds}]{more}}}"#, party.did)
}

const MAKES: &str = r#""DatasetPassport","ModelPassport""#;
const EVALUATES: &str = r#""EvaluationAttestation""#;
const RECOGNISES: &str = r#""RecognitionCredential""#;

fn trusting(trust: Vec<Json>) -> Policy {
    Policy { trust, ..Policy::default() }
}

fn requiring(trust: Vec<Json>) -> Policy {
    Policy { require_recognition: true, ..trusting(trust) }
}

fn under(policy: Policy, case: Case) -> Case {
    Case { policy, ..case }
}

fn warned(name: &'static str, why: &'static str, input: impl Into<String>, code: &'static str) -> Case {
    case(name, why, input, "verified-with-warnings", code)
}

/// The key of a party that is known by it.
fn multikey(party: &Party) -> &str {
    party.did.strip_prefix("did:key:").expect("a party known by its key")
}

/// Trust lists.
pub(super) fn trust(world: &World) -> Vec<Case> {
    let World { lab, evaluator, .. } = world;
    let all = world.all().to_string();
    let lab_entry = named(lab, "Lab", MAKES, "");
    let with = |entry: &str| list(&[&lab_entry, entry]);
    let of_evaluator = |kinds: &str, more: &str| with(&named(evaluator, "Evaluator", kinds, more));
    let full = || of_evaluator(EVALUATES, "");
    let site = |refused: &Party| {
        let text =
            format!(r#"{{"name":"the test site","extends":"network.json","refuse":["{}"]}}"#, refused.did);
        [vec![read(&text)], full()].concat()
    };
    let pins = |party: &Party| format!(r#","keys":["{}"]"#, multikey(party));
    vec![
        under(
            requiring(full()),
            good("trust-recognized", "whose key it is comes from the verifier's own list", &all),
        ),
        under(
            trusting(list(&[&lab_entry])),
            warned("trust-unknown", "a signature of nobody knows whom", &all, "trust.unknown-issuer"),
        ),
        under(
            requiring(list(&[&lab_entry])),
            bad(
                "trust-unknown-refused",
                "where recognition is required, that is not enough",
                &all,
                "trust.unknown-issuer",
            ),
        ),
        under(
            requiring(Vec::new()),
            case(
                "trust-without-list",
                "nobody can be recognised without a list",
                &all,
                "could-not-check",
                "trust.no-list",
            ),
        ),
        under(
            requiring(of_evaluator(r#""DatasetPassport""#, "")),
            bad(
                "trust-other-kind",
                "a known party that may not speak of this",
                &all,
                "trust.kind-not-recognized",
            ),
        ),
        under(
            requiring(of_evaluator(EVALUATES, r#","validFrom":"2026-11-10T00:00:00Z""#)),
            bad("trust-other-time", "a party that was not recognised yet", &all, "trust.time-not-recognized"),
        ),
        under(
            requiring(of_evaluator(EVALUATES, r#","validUntil":"2026-11-10T00:00:00Z""#)),
            warned(
                "trust-no-longer",
                "a party that is recognised no longer can still claim to have signed before",
                &all,
                "trust.recognized-before",
            ),
        ),
        under(
            requiring(of_evaluator(EVALUATES, &pins(evaluator))),
            good("trust-pinned-key", "a list may say which keys a party has", &all),
        ),
        under(
            requiring(of_evaluator(EVALUATES, &pins(lab))),
            bad("trust-other-key", "and then no other key is that party's", &all, "trust.key-not-recognized"),
        ),
        under(
            requiring(site(&world.stranger)),
            good("trust-narrowed", "a site may refuse somebody else than those who signed", &all),
        ),
        under(
            requiring(site(evaluator)),
            bad("trust-refused", "a site may refuse whom its network recognises", &all, "trust.refused"),
        ),
    ]
}

/// What an attacker tries with a list and rules that are good.
pub(super) fn bypasses(world: &World) -> Vec<Case> {
    let World { lab, evaluator, stranger, dataset, model, .. } = world;
    let rule = |rule: &str| Policy { rules: vec![read(&format!("{{{rule}}}"))], ..Policy::default() };
    let lab_entry = named(lab, "Lab", MAKES, "");
    let in_name_of_lab = {
        let mut forged = dataset.clone();
        remove(&mut forged, "/proof");
        stranger.sign(stranger.suite(), &forged).to_string()
    };
    let proof_only = |policy: Policy| Policy { profile: Profile::ProofOnly, ..policy };
    let afterwards = Afterwards::new(world);
    let Afterwards { hospital, board, approval, deployment, monitoring, .. } = &afterwards;
    let late = changed(hospital, monitoring, |monitoring| {
        set(monitoring, "/credentialSubject/nextDue", "2026-11-20");
        set(monitoring, "/credentialSubject/outcome", "within-plan");
        remove(monitoring, "/credentialSubject/breaches");
        remove(monitoring, "/credentialSubject/drift");
    });
    let follower = {
        let mut follower = read(&late.to_string().replace(
            "urn:uuid:e4eaaaf2-d142-41b3-b0d6-97d6a1e2f307",
            "urn:uuid:1c1f1a52-0f9b-4b5e-9d1f-0a8f0d7c6e09",
        ));
        remove(&mut follower, "/proof");
        set(&mut follower, "/credentialSubject/previous", link(&late));
        set(&mut follower, "/credentialSubject/nextDue", "2027-11-20");
        stranger.issue(stranger.suite(), follower)
    };
    let withdrawn = {
        let mut newer = read(&approval.to_string().replace(
            "urn:uuid:3b1f6a5e-7f0e-4d3c-9c6e-5a0c1d2e3f05",
            "urn:uuid:1c1f1a52-0f9b-4b5e-9d1f-0a8f0d7c6e0a",
        ));
        remove(&mut newer, "/proof");
        set(&mut newer, "/validFrom", "2026-11-20T00:00:00Z");
        set(&mut newer, "/credentialSubject/approval/decision", "rejected");
        remove(&mut newer, "/credentialSubject/approval/conditions");
        bundle(&[approval, &board.sign(board.suite(), &newer), model, dataset], &[]).to_string()
    };
    let expired = {
        let mut expired = World::unsigned_model(dataset);
        set(&mut expired, "/validUntil", "2026-11-20T00:00:00Z");
        let expired = lab.issue(lab.suite(), expired);
        let spoken_of = stranger.issue(stranger.suite(), World::unsigned_evaluation(dataset, &expired));
        bundle(&[&spoken_of, &expired, dataset], &[]).to_string()
    };
    let tuned = {
        let mut unsigned = World::unsigned_model(dataset);
        let base = r#"[{"id":"https://hub.example/base","type":"Model","digestMultibase":"uEiDjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ"}]"#;
        set(&mut unsigned, "/credentialSubject/fineTunedFrom", read(base));
        bundle(&[&lab.issue(lab.suite(), unsigned), dataset], &[]).to_string()
    };
    let key = multikey(lab);
    let site = read(&format!(
        r#"{{"name":"the site","extends":"n","issuers":[{{"id":"did:web:holder.example","name":"Holder","kinds":["DatasetPassport"],"keys":["{key}"]}}]}}"#
    ));
    let network =
        read(r#"{"issuers":[{"id":"did:web:holder.example","name":"Holder","kinds":["DatasetPassport"]}]}"#);
    let by_domain = {
        let holder = Party::by_domain(Algorithm::P256, 1, "did:web:holder.example");
        let mut unsigned = dataset.clone();
        remove(&mut unsigned, "/proof");
        let document = format!(
            r#"{{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1"],"id":"did:web:holder.example","verificationMethod":[{{"id":"did:web:holder.example#key-1","type":"Multikey","controller":"did:web:holder.example","publicKeyMultibase":"{key}"}}],"assertionMethod":["did:web:holder.example#key-1"]}}"#
        );
        let signed = holder.issue(holder.suite(), unsigned);
        bundle(&[&signed], &[("https://holder.example/.well-known/did.json", &document)]).to_string()
    };
    vec![
        under(
            proof_only(requiring(list(&[&lab_entry]))),
            bad(
                "trust-of-proofs-only",
                "where only proofs are checked nobody is recognised",
                &in_name_of_lab,
                "trust.not-asked",
            ),
        ),
        under(
            proof_only(rule(r#""require":"credential","kind":"DatasetPassport""#)),
            bad("rules-of-proofs-only", "and no rule is met", &in_name_of_lab, "policy.no-subject"),
        ),
        under(
            requiring(vec![site, network]),
            case(
                "trust-key-added-by-site",
                "a list that narrows another cannot vouch for a key that the other does not pin",
                by_domain,
                "could-not-check",
                "did.document-from-input",
            ),
        ),
        warned(
            "monitoring-followed-by-stranger",
            "nobody else can say that a later monitoring followed",
            bundle(&[&follower, &late, deployment, model, dataset], &[]).to_string(),
            "monitoring.overdue",
        ),
        under(
            rule(&format!(
                r#""require":"credential","kind":"ApprovalAttestation","issuers":["{}"]"#,
                board.did
            )),
            bad(
                "rule-approval-withdrawn",
                "of a board's decisions the newest counts",
                withdrawn,
                "policy.credential-missing",
            ),
        ),
        under(
            Policy {
                lineage: Lineage { parent_expired: Some(Row::Warn), ..Lineage::default() },
                ..Policy::default()
            },
            bad(
                "expired-spoken-of",
                "to speak of an expired model does not make it an ancestor",
                expired,
                "validity.expired",
            ),
        ),
        under(
            rule(r#""require":"base-models","allowed":["https://hub.example/base"]"#),
            bad(
                "rule-base-model-by-name",
                "a thing is allowed by its digest, and not by a name",
                &tuned,
                "policy.base-model",
            ),
        ),
        under(
            rule(&format!(
                r#""require":"metric","definition":"{SENSITIVITY}","slices":["test.csv"],"atLeast":"0.8","level":"0.99""#
            )),
            bad(
                "rule-metric-level",
                "a narrow interval is easily made",
                world.all().to_string(),
                "policy.metric-out-of-bounds",
            ),
        ),
        under(
            Policy { min_signers: Some(2), ..trusting(list(&[&lab_entry])) },
            bad(
                "signers-nobody-knows",
                "with a trust list only parties that it names are counted",
                {
                    let mut unsigned = dataset.clone();
                    let first = remove(&mut unsigned, "/proof");
                    let second = remove(&mut evaluator.sign(evaluator.suite(), &unsigned), "/proof");
                    set(&mut unsigned, "/proof", vec![first, second]);
                    unsigned.to_string()
                },
                "policy.too-few-signers",
            ),
        ),
    ]
}

/// Everything that a verification without a network needs, in one file: credentials of five domains, their documents, a
/// status list. Whose keys they are is pinned by the verifier's own list.
pub(super) fn everything(world: &World) -> Vec<Case> {
    let party =
        |name: &str, seed: u8| Party::by_domain(Algorithm::P256, seed, &format!("did:web:{name}.example"));
    let [holder, maker, evaluator, board, hospital] =
        [("holder", 41), ("maker", 42), ("evaluator", 43), ("board", 44), ("hospital", 45)]
            .map(|(name, seed)| party(name, seed));
    let kinds = [
        (&holder, "Biobank", r#""DatasetPassport""#),
        (&maker, "Maker", r#""ModelPassport""#),
        (&evaluator, "Evaluation office", EVALUATES),
        (&board, "Board", r#""ApprovalAttestation""#),
        (&hospital, "Hospital", r#""DeploymentAttestation","MonitoringAttestation""#),
    ];
    let mut entries = Vec::new();
    let mut documents = Vec::new();
    for (seed, (party, name, kinds)) in (41_u8..).zip(kinds) {
        let key = signing_key(Algorithm::P256, seed).verifying_key().to_multikey();
        entries.push(named(party, name, kinds, &format!(r#","keys":["{key}"]"#)));
        let did = &party.did;
        let host = did.trim_start_matches("did:web:");
        documents.push((
            format!("https://{host}/.well-known/did.json"),
            format!(
                r#"{{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1"],"id":"{did}","verificationMethod":[{{"id":"{did}#key-1","type":"Multikey","controller":"{did}","publicKeyMultibase":"{key}"}}],"assertionMethod":["{did}#key-1"]}}"#
            ),
        ));
    }
    let issue = |party: &Party, mut credential: Json| {
        if credential.get("proof").is_some() {
            remove(&mut credential, "/proof");
        }
        party.issue(party.suite(), credential)
    };
    let mut dataset = world.dataset.clone();
    set(&mut dataset, "/credentialStatus", entry(Purpose::Revocation).to_json());
    let dataset = issue(&holder, dataset);
    let model = issue(&maker, World::unsigned_model(&dataset));
    let evaluation = issue(&evaluator, World::unsigned_evaluation(&dataset, &model));
    let afterwards = Afterwards::new(world);
    let relinked = |mut credential: Json, relation: &str, parent: &Json, party: &Party| {
        set(&mut credential, &format!("/credentialSubject/{relation}"), link(parent));
        issue(party, credential)
    };
    let approval = relinked(afterwards.approval, "approves", &model, &board);
    let deployment = relinked(afterwards.deployment, "deploys", &model, &hospital);
    let mut monitoring = afterwards.monitoring;
    set(&mut monitoring, "/credentialSubject/outcome", "within-plan");
    remove(&mut monitoring, "/credentialSubject/breaches");
    remove(&mut monitoring, "/credentialSubject/drift");
    let monitoring = relinked(monitoring, "monitors", &deployment, &hospital);
    let list = |revoked: u32| {
        let sheet = Sheet::new(&holder);
        if revoked == 0 { sheet.sign() } else { sheet.with(INDEX, revoked).sign() }
    };
    let whole = |list: &Json| {
        let list = list.to_string();
        let mut brought: Vec<(&str, &str)> =
            documents.iter().map(|(url, text)| (url.as_str(), text.as_str())).collect();
        brought.push((LIST, &list));
        bundle(&[&monitoring, &deployment, &approval, &evaluation, &model, &dataset], &brought).to_string()
    };
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let policy = || Policy {
        require_recognition: true,
        rules: [
            r#"{"require":"credential","kind":"EvaluationAttestation","independent":true}"#,
            r#"{"require":"credential","kind":"ApprovalAttestation","issuers":["did:web:board.example"]}"#,
            r#"{"require":"monitoring","issuers":["did:web:hospital.example"]}"#,
            r#"{"require":"permission","for":"commercial-validation"}"#,
            r#"{"require":"no-files","endings":[".pkl"]}"#,
        ]
        .map(read)
        .to_vec(),
        ..trusting(self::list(&entries))
    };
    vec![
        under(
            policy(),
            good("everything", "one file, and the verifier's own list and rules", whole(&list(0))),
        ),
        under(
            policy(),
            bad(
                "everything-recalled",
                "the same with a newer list: the data were withdrawn",
                whole(&list(1)),
                "status.revoked",
            ),
        ),
    ]
}

/// A domain's keys as the trust list has them.
pub(super) fn pinned_domain(world: &World) -> Vec<Case> {
    let domain = Party::by_domain(Algorithm::P256, 31, "did:web:holder.example");
    let mut dataset = world.dataset.clone();
    remove(&mut dataset, "/proof");
    let dataset = domain.issue(domain.suite(), dataset);
    let key = signing_key(Algorithm::P256, 31).verifying_key().to_multikey();
    let document = format!(
        r#"{{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1"],"id":"{0}","verificationMethod":[{{"id":"{0}#key-1","type":"Multikey","controller":"{0}","publicKeyMultibase":"{key}"}}],"assertionMethod":["{0}#key-1"]}}"#,
        domain.did
    );
    let input =
        bundle(&[&dataset], &[("https://holder.example/.well-known/did.json", &document)]).to_string();
    let pinning =
        |key: &str| requiring(list(&[&named(&domain, "Holder", MAKES, &format!(r#","keys":["{key}"]"#))]));
    vec![
        under(
            pinning(&key),
            good(
                "trust-vouches-for-bundle",
                "a bundle's DID document needs nobody's word where the list pins the key",
                &input,
            ),
        ),
        under(
            pinning(multikey(&world.lab)),
            case(
                "trust-pins-another",
                "and says nothing where it pins another",
                &input,
                "not-verified",
                "trust.key-not-recognized",
            ),
        ),
    ]
}

/// Recognitions by a body that the list names.
pub(super) fn recognitions(world: &World) -> Vec<Case> {
    let World { lab, evaluator, .. } = world;
    let afterwards = Afterwards::new(world);
    let Afterwards { network, recognition, .. } = &afterwards;
    let lab_entry = named(lab, "Lab", MAKES, "");
    let with_body = |more: &str| list(&[&lab_entry, &named(network, "Network", RECOGNISES, more)]);
    let given =
        |recognition: &Json| Evidence { credentials: vec![recognition.to_string()], ..Evidence::default() };
    let all = world.all().to_string();
    let evidence = || given(recognition);
    let with_status = changed(network, recognition, |recognition| {
        set(recognition, "/credentialStatus", entry(Purpose::Revocation).to_json());
    });
    let listed = |case: Case, list: &Json| {
        let mut case = brought(case, &[(LIST, list)]);
        case.evidence.credentials.push(with_status.to_string());
        case
    };
    let ended =
        changed(network, recognition, |recognition| set(recognition, "/validUntil", "2026-11-20T00:00:00Z"));
    let forged = {
        let mut forged = recognition.clone();
        remove(&mut forged, "/proof");
        evaluator.issue(evaluator.suite(), forged)
    };
    vec![
        Case {
            evidence: evidence(),
            ..under(
                requiring(with_body("")),
                good("recognition-relied-on", "a body that the list names recognises the evaluator", &all),
            )
        },
        Case {
            evidence: evidence(),
            ..under(
                requiring(with_body(r#","recognizes":["DatasetPassport"]"#)),
                bad(
                    "recognition-beyond-its-right",
                    "a body speaks of what the list lets it speak of",
                    &all,
                    "trust.unknown-issuer",
                ),
            )
        },
        Case {
            evidence: evidence(),
            ..under(
                requiring(list(&[&lab_entry])),
                bad("recognition-by-stranger", "anybody can recognise anybody", &all, "trust.unknown-issuer"),
            )
        },
        Case {
            evidence: given(&forged),
            ..under(
                requiring(with_body("")),
                bad("recognition-of-oneself", "and oneself", &all, "trust.unknown-issuer"),
            )
        },
        Case {
            evidence: given(&ended),
            ..under(
                requiring(with_body("")),
                bad("recognition-ended", "a recognition ends", &all, "trust.unknown-issuer"),
            )
        },
        listed(
            under(
                requiring(with_body("")),
                good("recognition-in-force", "a recognition that could be recalled, and was not", &all),
            ),
            &clear(network),
        ),
        listed(
            under(
                requiring(with_body("")),
                bad("recognition-recalled", "a recognition is recalled", &all, "trust.unknown-issuer"),
            ),
            &Sheet::new(network).with(INDEX, 1).sign(),
        ),
        Case {
            evidence: given(&with_status),
            ..under(
                requiring(with_body("")),
                bad(
                    "recognition-status-unknown",
                    "what may have been recalled recognises nobody",
                    &all,
                    "trust.unknown-issuer",
                ),
            )
        },
    ]
}

/// What becomes of a lineage that is not as it should be.
pub(super) fn rows(world: &World) -> Vec<Case> {
    let World { lab, evaluator, model, dataset, .. } = world;
    let rows = |lineage: Lineage| Policy { lineage, ..Policy::default() };
    let expired_at = |end: &str| {
        let expired = world.dataset_with(|d| set(d, "/validUntil", end));
        let model = lab.issue(lab.suite(), World::unsigned_model(&expired));
        bundle(&[&model, &expired], &[]).to_string()
    };
    let since = || expired_at("2026-11-20T00:00:00Z");
    let tolerant = || rows(Lineage { parent_expired: Some(Row::Warn), ..Lineage::default() });
    let newer = {
        let later = world.dataset_with(|d| set(d, "/validFrom", "2026-11-10T00:00:00Z"));
        let model = lab.issue(lab.suite(), World::unsigned_model(&later));
        bundle(&[&model, &later], &[]).to_string()
    };
    let declared = world
        .dataset_with(|d| {
            let parent = r#"{"id":"https://archive.ics.uci.edu/dataset/17","type":"Dataset","digestMultibase":"uEiDjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ"}"#;
            set(d, "/credentialSubject/wasDerivedFrom", read(&format!("[{parent}]")));
        })
        .to_string();
    let by_stranger = {
        let mut other = dataset.clone();
        remove(&mut other, "/proof");
        let other = world.stranger.issue(world.stranger.suite(), other);
        let model = lab.issue(lab.suite(), World::unsigned_model(&other));
        bundle(&[&model, &other], &[]).to_string()
    };
    let lab_only = || list(&[&named(lab, "Lab", MAKES, "")]);
    let recalled = {
        let recalled = recallable(world, &[entry(Purpose::Revocation)]);
        let model = lab.issue(lab.suite(), World::unsigned_model(&recalled));
        let evaluation = evaluator.issue(evaluator.suite(), World::unsigned_evaluation(&recalled, &model));
        bundle(&[&evaluation, &model, &recalled], &[]).to_string()
    };
    let suspended = {
        let suspended = recallable(world, &[entry(Purpose::Suspension)]);
        let model = lab.issue(lab.suite(), World::unsigned_model(&suspended));
        bundle(&[&model, &suspended], &[]).to_string()
    };
    let sheet = || Sheet::new(lab).with(INDEX, 1);
    vec![
        bad(
            "parent-expired",
            "what was made from expired data is refused by default",
            since(),
            "validity.expired",
        ),
        under(
            tolerant(),
            warned(
                "parent-expired-since",
                "the policy may accept data that held when they were used",
                since(),
                "validity.expired",
            ),
        ),
        under(
            tolerant(),
            bad(
                "parent-expired-before",
                "data that had expired before are never accepted",
                expired_at("2026-11-01T09:59:59Z"),
                "validity.expired",
            ),
        ),
        under(
            tolerant(),
            bad(
                "expired-itself",
                "nor is the policy about what is verified itself",
                world.dataset_with(|d| set(d, "/validUntil", "2026-11-20T00:00:00Z")).to_string(),
                "validity.expired",
            ),
        ),
        under(
            rows(Lineage { parent_newer: Some(Row::Fail), ..Lineage::default() }),
            bad(
                "parent-newer-refused",
                "a child older than its parent may be refused",
                newer,
                "lineage.parent-newer",
            ),
        ),
        under(
            rows(Lineage { declared: Some(Row::Fail), ..Lineage::default() }),
            bad("declared-refused", "and so may what nobody has signed", declared, "lineage.declared"),
        ),
        under(
            trusting(lab_only()),
            warned(
                "parent-unrecognized",
                "data of nobody knows whom taint the model",
                &by_stranger,
                "trust.unknown-issuer",
            ),
        ),
        under(
            Policy {
                lineage: Lineage { parent_unrecognized: Some(Row::Warn), ..Lineage::default() },
                ..requiring(lab_only())
            },
            warned(
                "parent-unrecognized-accepted",
                "the policy may require recognition of those who made the model only",
                &by_stranger,
                "trust.unknown-issuer",
            ),
        ),
        under(
            Policy {
                lineage: Lineage { parent_unrecognized: Some(Row::Fail), ..Lineage::default() },
                ..trusting(lab_only())
            },
            bad("parent-unrecognized-refused", "or of all", &by_stranger, "trust.unknown-issuer"),
        ),
        brought(
            bad(
                "parent-revoked",
                "a recall reaches every descendant, by its path",
                recalled,
                "status.revoked",
            ),
            &[(LIST, &sheet().sign())],
        ),
        brought(
            bad("parent-suspended", "and so does a suspension", suspended, "status.suspended"),
            &[(LIST, &sheet().about(&[Purpose::Suspension]).sign())],
        ),
        under(
            Policy { require_status: true, ..Policy::default() },
            bad(
                "status-required",
                "what cannot be recalled may be refused",
                bundle(&[model, dataset], &[]).to_string(),
                "policy.status-missing",
            ),
        ),
    ]
}

/// A status list kept by somebody else.
pub(super) fn list_of_another(world: &World) -> Vec<Case> {
    let World { lab, evaluator, .. } = world;
    let keeper = named(evaluator, "Keeper", r#""BitstringStatusListCredential""#, "");
    let input = recallable(world, &[entry(Purpose::Revocation)]).to_string();
    let lab_entry = named(lab, "Lab", MAKES, "");
    let with = |keeper: &str, case: Case| {
        let case = under(trusting(list(&[&lab_entry, keeper])), case);
        brought(case, &[(LIST, &clear(evaluator))])
    };
    vec![
        with(
            &keeper,
            good(
                "status-kept-by-another",
                "the verifier's list may let somebody keep the status lists of others",
                &input,
            ),
        ),
        with(
            &named(evaluator, "Keeper", EVALUATES, ""),
            case(
                "status-kept-by-stranger",
                "and without that, another's list says nothing",
                &input,
                "could-not-check",
                "status.list-issuer",
            ),
        ),
    ]
}

const SENSITIVITY: &str = "http://purl.obolibrary.org/obo/STATO_0000233";

/// Each rule, met and broken.
pub(super) fn rules(world: &World) -> Vec<Case> {
    let World { lab, evaluator, dataset, model, .. } = world;
    let afterwards = Afterwards::new(world);
    let Afterwards { hospital, board, approval, deployment, monitoring, .. } = &afterwards;
    let rule = |rule: &str| Policy { rules: vec![read(&format!("{{{rule}}}"))], ..Policy::default() };
    let evaluated = || world.all().to_string();
    let mut cases = Vec::new();
    let mut add = |policy: Policy, case: Case| cases.push(under(policy, case));

    let of_kind =
        |more: &str| rule(&format!(r#""require":"credential","kind":"EvaluationAttestation"{more}"#));
    let independent = r#","independent":true,"because":"a maker is not its own judge""#;
    add(
        of_kind(independent),
        good("rule-evaluation", "somebody else than the maker evaluated the model", evaluated()),
    );
    let own = {
        let own = lab.issue(lab.suite(), World::unsigned_evaluation(dataset, model));
        bundle(&[&own, model, dataset], &[]).to_string()
    };
    add(
        of_kind(independent),
        bad(
            "rule-evaluation-own",
            "the maker's own evaluation is not that",
            &own,
            "policy.credential-missing",
        ),
    );
    let same_name = Policy {
        trust: list(&[&named(lab, "Lab", MAKES, ""), &named(evaluator, "Lab", EVALUATES, "")]),
        ..of_kind(independent)
    };
    add(
        same_name,
        bad(
            "rule-evaluation-same-party",
            "nor is one under another DID of the same party",
            evaluated(),
            "policy.credential-missing",
        ),
    );
    add(
        of_kind(&format!(r#","issuers":["{}"]"#, lab.did)),
        bad("rule-evaluation-by", "the policy may say by whom", evaluated(), "policy.credential-missing"),
    );
    add(
        of_kind(r#","dataOrigin":"external""#),
        bad("rule-evaluation-external", "and on whose data", evaluated(), "policy.credential-missing"),
    );
    add(
        of_kind(r#","maxAgeDays":5"#),
        bad("rule-evaluation-old", "and how old it may be", evaluated(), "policy.credential-missing"),
    );
    add(
        of_kind(r#","count":2"#),
        bad("rule-evaluation-two", "and by how many parties", evaluated(), "policy.credential-missing"),
    );
    add(
        of_kind(""),
        bad(
            "rule-without-model",
            "rules about a model need one",
            dataset_only(world),
            "policy.credential-missing",
        ),
    );

    let metric = |more: &str| {
        rule(&format!(r#""require":"metric","definition":"{SENSITIVITY}","slices":["test.csv"]{more}"#))
    };
    add(
        metric(r#","atLeast":"0.8979""#),
        good("rule-metric", "the lower end of the interval is good enough", evaluated()),
    );
    add(
        metric(r#","atLeast":"0.89790001""#),
        bad("rule-metric-low", "or it is not, by any digit", evaluated(), "policy.metric-out-of-bounds"),
    );
    add(
        metric(r#","atLeast":"0.95","bound":"value""#),
        good("rule-metric-value", "the policy may ask for the value only", evaluated()),
    );
    add(
        metric(r#","atMost":"0.99""#),
        bad("rule-metric-high", "at most looks at the upper end", evaluated(), "policy.metric-out-of-bounds"),
    );
    add(
        metric(r#","atLeast":"0.5","minimumN":65"#),
        bad("rule-metric-few", "too few cases do not count", evaluated(), "policy.metric-out-of-bounds"),
    );
    add(
        rule(&format!(
            r#""require":"metric","definition":"{SENSITIVITY}","atLeast":"0.5","slices":["women"]"#
        )),
        bad(
            "rule-metric-subgroup",
            "each subgroup that the policy names has to be there",
            evaluated(),
            "policy.metric-missing",
        ),
    );
    add(
        rule(&format!(r#""require":"metric","definition":"{SENSITIVITY}","atLeast":"0.5""#)),
        bad("rule-metric-whole", "and so has the whole", evaluated(), "policy.metric-missing"),
    );
    let metric_of_subgroup = {
        let mut unsigned = World::unsigned_evaluation(dataset, model);
        let mut part = item_of(&unsigned, "/credentialSubject/metric", 1);
        set(&mut part, "/id", "urn:uuid:c7e0a9d6-2f63-4b1b-8f27-8f0d7b5e6a03#metric/9");
        set(&mut part, "/slice", "older than 70");
        set(&mut part, "/interval/lower", "0.4000");
        set(&mut unsigned, "/credentialSubject/metric/-", part);
        let evaluation = evaluator.issue(evaluator.suite(), unsigned);
        bundle(&[&evaluation, model, dataset], &[]).to_string()
    };
    add(
        metric(r#","atLeast":"0.8","everySlice":true"#),
        bad(
            "rule-metric-every-subgroup",
            "a bad result in one subgroup counts",
            &metric_of_subgroup,
            "policy.metric-out-of-bounds",
        ),
    );
    add(
        metric(r#","atLeast":"0.8""#),
        good("rule-metric-one-subgroup", "where the policy asks for all of them", &metric_of_subgroup),
    );

    let approved = bundle(&[approval, model, dataset], &[]).to_string();
    let needs_approval = || {
        rule(&format!(r#""require":"credential","kind":"ApprovalAttestation","issuers":["{}"]"#, board.did))
    };
    add(needs_approval(), good("rule-approval", "the board approved it", &approved));
    let decided = |change: &dyn Fn(&mut Json)| {
        let approval = changed(board, approval, change);
        bundle(&[&approval, model, dataset], &[]).to_string()
    };
    let rejected = decided(&|approval| {
        set(approval, "/credentialSubject/approval/decision", "rejected");
        remove(approval, "/credentialSubject/approval/conditions");
    });
    add(
        needs_approval(),
        bad("rule-approval-rejected", "a rejection is no approval", &rejected, "policy.credential-missing"),
    );
    add(
        Policy::default(),
        warned("approval-rejected", "and every verifier sees it", &rejected, "approval.rejected"),
    );
    let over = decided(&|approval| set(approval, "/credentialSubject/approval/validThrough", "2026-11-20"));
    add(
        needs_approval(),
        bad("rule-approval-ended", "nor is one that has ended", &over, "policy.credential-missing"),
    );
    add(
        Policy::default(),
        warned("approval-ended", "which every verifier sees too", &over, "approval.ended"),
    );

    let watched = |change: &dyn Fn(&mut Json)| {
        let monitoring = changed(hospital, monitoring, |monitoring| {
            set(monitoring, "/credentialSubject/outcome", "within-plan");
            remove(monitoring, "/credentialSubject/breaches");
            remove(monitoring, "/credentialSubject/drift");
            change(monitoring);
        });
        bundle(&[&monitoring, deployment, model, dataset], &[]).to_string()
    };
    let monitored = || rule(r#""require":"monitoring""#);
    add(monitored(), good("rule-monitoring", "it is watched where it runs", watched(&|_| {})));
    let breach = bundle(&[monitoring, deployment, model, dataset], &[]).to_string();
    add(
        monitored(),
        bad("rule-monitoring-breach", "and found outside of its plan", &breach, "policy.monitoring-breach"),
    );
    let late = watched(&|monitoring| set(monitoring, "/credentialSubject/nextDue", "2026-11-20"));
    add(
        monitored(),
        bad("rule-monitoring-overdue", "or not watched in time", &late, "policy.monitoring-overdue"),
    );
    add(
        Policy::default(),
        warned(
            "monitoring-overdue",
            "overdue monitoring is seen by every verifier",
            &late,
            "monitoring.overdue",
        ),
    );
    add(
        rule(r#""require":"monitoring","maxAgeDays":10"#),
        bad(
            "rule-monitoring-old",
            "the policy may ask for more",
            watched(&|_| {}),
            "policy.monitoring-overdue",
        ),
    );
    add(
        monitored(),
        bad(
            "rule-monitoring-none",
            "a deployment alone is not watched",
            bundle(&[deployment, model, dataset], &[]).to_string(),
            "policy.monitoring-missing",
        ),
    );
    let by_another = {
        let mut other = monitoring.clone();
        remove(&mut other, "/proof");
        set(&mut other, "/credentialSubject/outcome", "within-plan");
        remove(&mut other, "/credentialSubject/breaches");
        remove(&mut other, "/credentialSubject/drift");
        let other = world.stranger.issue(world.stranger.suite(), other);
        bundle(&[&other, deployment, model, dataset], &[]).to_string()
    };
    add(
        monitored(),
        bad(
            "rule-monitoring-by-another",
            "whoever runs it has to have looked",
            &by_another,
            "policy.monitoring-missing",
        ),
    );

    let commercial = || rule(r#""require":"permission","for":"commercial-validation""#);
    add(commercial(), good("rule-permission", "all data permit it", evaluated()));
    let forbidding = {
        let data = world
            .dataset_with(|d| set(d, "/credentialSubject/governance/commercialValidationPermitted", false));
        let model = lab.issue(lab.suite(), World::unsigned_model(&data));
        bundle(&[&model, &data], &[]).to_string()
    };
    add(
        commercial(),
        bad("rule-permission-refused", "one data set does not", &forbidding, "policy.permission-missing"),
    );

    let basis =
        |group: &str| rule(&format!(r#""require":"basis","kind":"ModelPassport","groups":["{group}"]"#));
    add(basis("artifactManifest"), good("rule-basis", "what counts was measured", evaluated()));
    add(
        basis("intendedUse"),
        bad("rule-basis-declared", "a person's word is not a measurement", evaluated(), "policy.basis"),
    );
    add(basis("revision"), bad("rule-basis-absent", "and absence is no answer", evaluated(), "policy.basis"));

    let tuned = {
        let mut unsigned = World::unsigned_model(dataset);
        let base = r#"[{"id":"https://hub.example/base","type":"Model","digestMultibase":"uEiDjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ"}]"#;
        set(&mut unsigned, "/credentialSubject/fineTunedFrom", read(base));
        bundle(&[&lab.issue(lab.suite(), unsigned), dataset], &[]).to_string()
    };
    let bases = |allowed: &str| rule(&format!(r#""require":"base-models"{allowed}"#));
    add(
        bases(r#","allowed":["uEiDjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ"]"#),
        warned("rule-base-model", "a base model that is allowed", &tuned, "lineage.declared"),
    );
    add(
        bases(r#","allowed":["https://hub.example/other"]"#),
        bad("rule-base-model-other", "and one that is not", &tuned, "policy.base-model"),
    );
    add(bases(""), good("rule-base-model-none", "a model of its own has none", evaluated()));

    let endings = |endings: &str| rule(&format!(r#""require":"no-files","endings":[{endings}]"#));
    add(
        endings(r#"".pkl",".pt""#),
        good("rule-files", "no file that runs code when it is loaded", evaluated()),
    );
    add(
        endings(r#"".ONNX""#),
        bad(
            "rule-files-refused",
            "a file type that is not wanted, however it is spelt",
            evaluated(),
            "policy.file-type",
        ),
    );

    let artifact = |(path, size, digest): &(&str, u64, &str)| Artifact {
        path: (*path).to_owned(),
        size: *size,
        sha256: Some(Digest::from_multibase(digest).expect("a digest").to_hex()),
        merkle_root: None,
        file_count: None,
    };
    let at_hand = |files: &[(&str, u64, &str)]| Evidence {
        artifacts: files.iter().map(artifact).collect(),
        ..Evidence::default()
    };
    let onnx = ("model.onnx", 2313, "uEiCrCrl5u_pkgyerpcLSuDNjBgs4tT1CDQP2hDf8RkSw0w");
    let tensors = ("model.safetensors", 1740, "uEiAe0IBioIy8EtmLPzr0_6qx5VO7aW8imVz7MEYZGxMHMQ");
    let loaded = || rule(r#""require":"files""#);
    cases.push(Case {
        evidence: at_hand(&[onnx, tensors]),
        ..under(
            loaded(),
            good("rule-loaded", "the model that is loaded is the one of the passport", evaluated()),
        )
    });
    cases.push(Case {
        evidence: at_hand(&[onnx]),
        ..under(
            loaded(),
            bad("rule-loaded-in-part", "a part of it is not", evaluated(), "policy.files-missing"),
        )
    });

    let exchanged = [("model.safetensors", onnx.1, onnx.2), ("model.onnx", tensors.1, tensors.2)];
    cases.push(Case {
        evidence: at_hand(&exchanged),
        ..under(
            loaded(),
            bad("rule-loaded-exchanged", "a loader goes by names", evaluated(), "policy.files-others"),
        )
    });
    cases.extend(revisions(world));
    cases
}

fn dataset_only(world: &World) -> String {
    world.dataset.to_string()
}

/// A retrained model at the one site where it got worse.
fn revisions(world: &World) -> Vec<Case> {
    let World { lab, dataset, model, .. } = world;
    let mut unsigned = another(dataset);
    set(&mut unsigned, "/credentialSubject/wasRevisionOf", vec![link(model)]);
    let delta = |site: &str, new: &str, delta: &str, direction: &str| {
        format!(
            r#"{{"metric":"{SENSITIVITY}","site":"{site}","dataset":"urn:sha256:f3a0389c336e8fadbbdc2bbc0e8b7cb2c926cdb711aacbe07a4169e1f3f5ef4e","old":"0.9000","new":"{new}","delta":"{delta}","margin":"0.0200","n":100,"direction":"{direction}"}}"#
        )
    };
    let deltas = [
        delta("did:web:a.example", "0.8000", "-0.1000", "regressed"),
        delta("did:web:b.example", "0.9600", "0.0600", "improved"),
        // What the maker calls it is not what it is.
        delta("did:web:d.example", "0.8000", "-0.1000", "improved"),
    ];
    let revision = format!(
        r#"{{"id":"urn:uuid:0e6c5a61-9d0a-4d0e-8b0c-6d2b7a1f4c0a#revision","type":"Revision","basis":"declared","summary":"Retrained after the change of a scanner","changeClass":"not-substantial","changes":["New training data"],"metricDelta":[{}]}}"#,
        deltas.join(",")
    );
    set(&mut unsigned, "/credentialSubject/revision", read(&revision));
    let update = bundle(&[&lab.issue(lab.suite(), unsigned), model, dataset], &[]).to_string();
    let at = |site: &str| Policy {
        rules: vec![read(&format!(r#"{{"require":"no-regression","site":"{site}"}}"#))],
        ..Policy::default()
    };
    vec![
        under(at("did:web:b.example"), good("rule-revision", "an update that is better here", &update)),
        under(
            at("did:web:a.example"),
            bad("rule-revision-worse", "the same update where it is worse", &update, "policy.regression"),
        ),
        under(
            at("did:web:d.example"),
            bad("rule-revision-mislabelled", "whatever the maker calls it", &update, "policy.regression"),
        ),
        under(
            at("did:web:c.example"),
            bad("rule-revision-silent", "and where nobody looked", &update, "policy.regression-unknown"),
        ),
    ]
}
