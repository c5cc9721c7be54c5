//! The kinds of credential by which others take part: who approved, who deployed, who watches, who recognises whom. And
//! what a revision says.

use super::*;

/// What follows a model once it is made.
pub(super) struct Afterwards {
    pub(super) board: Party,
    pub(super) hospital: Party,
    pub(super) network: Party,
    pub(super) approval: Json,
    pub(super) deployment: Json,
    pub(super) monitoring: Json,
    pub(super) recognition: Json,
}

impl Afterwards {
    pub(super) fn new(world: &World) -> Self {
        let [board, hospital, network] = [21, 22, 23].map(|seed| Party::by_key(Algorithm::P256, seed));
        let mut approval = read(include_str!("../../fixtures/examples/approval-attestation.json"));
        set(&mut approval, "/credentialSubject/approves", link(&world.model));
        let mut deployment = read(include_str!("../../fixtures/examples/deployment-attestation.json"));
        set(&mut deployment, "/credentialSubject/deploys", link(&world.model));
        let deployment = hospital.issue(hospital.suite(), deployment);
        let mut monitoring = read(include_str!("../../fixtures/examples/monitoring-attestation.json"));
        set(&mut monitoring, "/credentialSubject/monitors", link(&deployment));
        let mut recognition = read(include_str!("../../fixtures/examples/recognition-credential.json"));
        set(&mut recognition, "/credentialSubject/id", world.evaluator.did.as_str());
        Self {
            approval: board.issue(board.suite(), approval),
            deployment,
            monitoring: hospital.issue(hospital.suite(), monitoring),
            recognition: network.issue(network.suite(), recognition),
            board,
            hospital,
            network,
        }
    }
}

/// One credential, changed before it is signed.
pub(super) fn changed(party: &Party, credential: &Json, change: impl FnOnce(&mut Json)) -> Json {
    let mut unsigned = credential.clone();
    remove(&mut unsigned, "/proof");
    change(&mut unsigned);
    party.sign(party.suite(), &unsigned)
}

/// One good credential of each kind, and what its schema refuses.
pub(super) fn kinds(world: &World) -> Vec<Case> {
    let afterwards = Afterwards::new(world);
    let mut cases = attested(world, &afterwards);
    cases.extend(refused(world, &afterwards));
    cases.extend(made_from(world));
    cases
}

fn attested(world: &World, afterwards: &Afterwards) -> Vec<Case> {
    let World { dataset, model, .. } = world;
    let Afterwards { hospital, approval, deployment, monitoring, recognition, .. } = afterwards;
    let next = changed(hospital, monitoring, |monitoring| {
        set(monitoring, "/id", "urn:uuid:1c1f1a52-0f9b-4b5e-9d1f-0a8f0d7c6e09");
        rename(
            monitoring,
            "urn:uuid:e4eaaaf2-d142-41b3-b0d6-97d6a1e2f307",
            "urn:uuid:1c1f1a52-0f9b-4b5e-9d1f-0a8f0d7c6e09",
        );
        set(monitoring, "/credentialSubject/previous", link(&afterwards.monitoring));
        set(monitoring, "/credentialSubject/period/startDate", "2026-10-31");
        set(monitoring, "/credentialSubject/period/endDate", "2026-11-29");
        set(monitoring, "/credentialSubject/nextDue", "2026-12-29");
        set(monitoring, "/credentialSubject/outcome", "within-plan");
        remove(monitoring, "/credentialSubject/breaches");
        remove(monitoring, "/credentialSubject/drift");
    });
    vec![
        good(
            "approval",
            "a board's decision about the very passport that it saw",
            bundle(&[approval, model, dataset], &[]).to_string(),
        ),
        good(
            "deployment",
            "which passport runs where, by whoever runs it",
            bundle(&[deployment, model, dataset], &[]).to_string(),
        ),
        case(
            "monitoring",
            "a period of a deployment, pinned to what was deployed, that asks for action",
            bundle(&[monitoring, deployment, model, dataset], &[]).to_string(),
            "verified-with-warnings",
            "monitoring.action-required",
        ),
        good(
            "monitoring-chained",
            "a period after another of the same deployment",
            bundle(&[&next, monitoring, deployment, model, dataset], &[]).to_string(),
        ),
        good("recognition", "a body says who may issue what", recognition.to_string()),
    ]
}

fn refused(world: &World, afterwards: &Afterwards) -> Vec<Case> {
    let World { dataset, model, evaluation, .. } = world;
    let Afterwards { board, hospital, network, approval, deployment, monitoring, recognition } = afterwards;
    let with_model = |credential: Json| bundle(&[&credential, model, dataset], &[]).to_string();
    let monitored = |change: &dyn Fn(&mut Json)| {
        let monitoring = changed(hospital, monitoring, change);
        bundle(&[&monitoring, deployment, model, dataset], &[]).to_string()
    };
    vec![
        bad(
            "approval-without-conditions",
            "what is approved with conditions names them",
            with_model(changed(board, approval, |approval| {
                drop(remove(approval, "/credentialSubject/approval/conditions"));
            })),
            "schema.missing",
        ),
        bad(
            "approval-of-an-evaluation",
            "a model or a data set is approved, and nothing else",
            {
                let approval = changed(board, approval, |approval| {
                    set(approval, "/credentialSubject/approves", link(evaluation));
                });
                bundle(&[&approval, evaluation, model, dataset], &[]).to_string()
            },
            "schema.value",
        ),
        bad(
            "deployment-without-sign-off",
            "somebody answers for a deployment",
            with_model(changed(hospital, deployment, |deployment| {
                drop(remove(deployment, "/credentialSubject/signOff"));
            })),
            "schema.missing",
        ),
        bad(
            "monitoring-of-few",
            "nothing is said about fewer than ten patients",
            monitored(&|monitoring| set(monitoring, "/credentialSubject/metric/1/n", read("9"))),
            "schema.range",
        ),
        bad(
            "monitoring-without-breaches",
            "what calls for action says why",
            monitored(&|monitoring| drop(remove(monitoring, "/credentialSubject/breaches"))),
            "schema.missing",
        ),
        bad(
            "recognition-of-an-unknown-kind",
            "nobody is recognised for a kind that nobody knows",
            changed(network, recognition, |recognition| {
                set(recognition, "/credentialSubject/recognizedTo/0/credentialKind/0", "Anything");
            })
            .to_string(),
            "schema.value",
        ),
    ]
}

/// Models made from other models, and what a revision says of its results.
fn made_from(world: &World) -> Vec<Case> {
    let World { lab, dataset, model, .. } = world;
    let made = |change: &dyn Fn(&mut Json)| {
        let mut made = another(dataset);
        change(&mut made);
        bundle(&[&lab.issue(lab.suite(), made), model, dataset], &[]).to_string()
    };
    let from = |relation: &'static str| {
        made(&|made| {
            remove(made, "/credentialSubject/trainedOn");
            set(made, &format!("/credentialSubject/{relation}"), vec![link(model)]);
        })
    };
    let revision = |class: &str| {
        let delta = r#"{"metric":"http://purl.obolibrary.org/obo/STATO_0000233","name":"sensitivity","site":"Example Hospital","slice":"sex=female","dataset":"urn:uuid:0f4b8a52-6d0e-4c0b-9a53-6f2f7f3c1d01","old":"0.9531","new":"0.9200","delta":"-0.0331","margin":"0.02","n":64,"direction":"regressed","lower":"0.8300","upper":"0.9700"}"#;
        let text = format!(
            r#"{{"id":"urn:uuid:0e6c5a61-9d0a-4d0e-8b0c-6d2b7a1f4c0a#revision","type":"Revision","basis":"declared","summary":"Retrained after the change of a scanner","changeClass":"{class}","changes":["New training data"],"metricDelta":[{delta}],"sunset":"2027-01-31"}}"#
        );
        made(&|made| {
            set(made, "/credentialSubject/wasRevisionOf", vec![link(model)]);
            set(made, "/credentialSubject/revision", read(&text));
        })
    };
    vec![
        good("quantized-from", "a quantised model leads to the model that it was", from("quantizedFrom")),
        good("adapter-of", "an adapter leads to the model that it adds to", from("adapterOf")),
        good(
            "revision",
            "a revision says what became better and worse, and for whom",
            revision("not-substantial"),
        ),
        bad("revision-of-no-class", "a change has one of three classes", revision("minor"), "schema.value"),
    ]
}

/// The passport of another model that was made from the same data, to be signed.
pub(super) fn another(dataset: &Json) -> Json {
    let mut made = World::unsigned_model(dataset);
    let (old, new) =
        ("urn:uuid:5d3a1f44-2f0c-4f5e-8f1a-0d8f8f6a7b02", "urn:uuid:0e6c5a61-9d0a-4d0e-8b0c-6d2b7a1f4c0a");
    set(&mut made, "/id", new);
    rename(&mut made, old, new);
    set(&mut made, "/validFrom", "2026-11-02T10:00:00Z");
    made
}

/// Gives the parts of a credential the name of another one.
fn rename(json: &mut Json, old: &str, new: &str) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(|item| rename(item, old, new)),
        Json::Object(object) => object.iter_mut().for_each(|(_, value)| rename(value, old, new)),
        Json::String(text) if text.starts_with(&format!("{old}#")) => *text = text.replacen(old, new, 1),
        _ => {}
    }
}
