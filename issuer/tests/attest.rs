//! Statements by others than the maker: from a template to a verified credential.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use common::Place;
use model_passport::json::{self, Json};

/// What goes between the quotes of a template, by the name of the member; everything else is prose.
const FILLED: [(&str, &str); 35] = [
    ("action", "\"Stop the model\""),
    ("bound", "\"0.9\""),
    ("command", "[\"python\", \"train.py\"]"),
    ("commit", "\"0123456789abcdef0123456789abcdef01234567\""),
    ("comparison", "\"at-least\""),
    ("contact", "\"mailto:office@example.org\""),
    ("containerDigest", DIGEST),
    ("credentialKind", "[\"EvaluationAttestation\", \"ApprovalAttestation\"]"),
    ("dataOrigin", "\"external\""),
    ("dataset", "{ passport = \"dataset.passport.json\" }"),
    ("date", "2026-11-01"),
    ("decision", "\"approved\""),
    ("definition", "\"http://purl.obolibrary.org/obo/STATO_0000233\""),
    ("digestMultibase", DIGEST),
    ("dirty", "false"),
    ("endDate", "2026-11-20"),
    ("evaluationDate", "2026-11-02"),
    ("evidenceDigest", DIGEST),
    ("frequencyDays", "30"),
    (
        "generated",
        "[{ id = \"urn:sha256:f3a0389c33ae8fadbbdc2bbc0e8b7cb2c926cdb711aacbe07a4169e1f3f5ef4e\", type = \"Artifact\", \
         digestMultibase = \"uEiDzoDicM26PrbvcK7wOi3yyySbNtxGqy-B6QWnh8_XvTg\" }]",
    ),
    ("id", "\"did:web:evaluator.example\""),
    ("incidents", "0"),
    ("level", "\"0.95\""),
    ("lockFileDigest", DIGEST),
    ("lower", "\"0.9\""),
    ("metric", "\"sensitivity\""),
    ("mode", "\"model-to-data\""),
    ("n", "120"),
    ("path", "\"data/train.csv\""),
    ("startDate", "2026-11-01"),
    ("unit", "\"1\""),
    ("upper", "\"0.99\""),
    ("url", "\"https://example.org/\""),
    ("validThrough", "2027-11-01"),
    ("value", "\"0.95\""),
];

const DIGEST: &str = "\"uEiDzoDicM26PrbvcK7wOi3yyySbNtxGqy-B6QWnh8_XvTg\"";

/// The template with every empty text filled.
fn fill(template: &str, name: &str) -> String {
    let mut filled = String::new();
    for line in template.lines() {
        let known = line.split_once(" = ").filter(|_| !line.starts_with('#') && line.contains("\"\""));
        match known {
            Some((member, value)) => {
                let by_name = FILLED.iter().find(|(known, _)| *known == member).map(|(_, value)| *value);
                let list = value.starts_with('[');
                let prose = if list { "[\"as described\"]" } else { "\"as described\"" };
                // An acceptance is decided otherwise than an approval.
                let value = match (name, member) {
                    ("deployment", "decision") => "\"accepted\"",
                    _ => by_name.unwrap_or(prose),
                };
                filled.push_str(&format!("{member} = {value}\n"));
            }
            None => filled.push_str(&format!("{line}\n")),
        }
    }
    filled
}

/// A place with a deployment of the model whose plan is given.
fn deployed(plan: &str) -> Place {
    let place = Place::with_passports();
    place.run("key new hospital").succeeds();
    let template = place.run("attest deployment --template").succeeds().stdout;
    let filled = fill(&template, "deployment");
    let (before, _) = filled.split_once("[[monitoringPlan.metricRule]]").unwrap();
    place.write("deployment.toml", format!("{before}{plan}"));
    let attest = "attest deployment deployment.toml --subject model.passport.json --key hospital";
    place.run(&format!("{attest} -o deployment.json")).succeeds();
    place
}

fn subject(place: &Place, file: &str) -> Json {
    json::parse(&place.read(file)).unwrap().get("credentialSubject").unwrap().clone()
}

fn text<'j>(json: &'j Json, pointer: &str) -> &'j str {
    json.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}

#[test]
fn a_template_that_is_filled_in_can_be_signed() {
    let place = deployed(SMALL_PLAN);
    let about = "--subject model.passport.json";
    for (name, subject) in [
        ("approval", about),
        ("deployment", about),
        ("evaluation", about),
        ("monitoring", "--subject deployment.json"),
        ("processing", ""),
        ("recognition", ""),
    ] {
        let template = place.run(&format!("attest {name} --template")).succeeds().stdout;
        // Nothing that was left open passes.
        place.write("claims.toml", &template);
        let key = if name == "monitoring" { "hospital" } else { "office" };
        let attest = format!("attest {name} claims.toml {subject} --key {key}");
        let refused = place.run(&format!("{attest} -o {name}.open.json"));
        assert!([2, 3].contains(&refused.status), "{name}: {}", refused.stderr);
        assert!(!place.path(&format!("{name}.open.json")).exists());

        place.write("claims.toml", fill(&template, name));
        place.run(&format!("{attest} -o {name}.signed.json")).succeeds();
        let with = "--with model.passport.json --with deployment.json --with dataset.passport.json";
        // The results of the template are not what its plan asks for.
        let (verdict, code) = match name {
            "monitoring" => ("verified-with-warnings", "monitoring.action-required"),
            _ => ("verified", "ok"),
        };
        place.run(&format!("verify {name}.signed.json {with} --json")).reports(0, verdict, code);
    }
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    let place = Place::with_passports();
    place.write("claims.toml", "[approval]\ndecision = \"approved-with-conditions\"\n");
    let refused = place.run("attest approval claims.toml --subject model.passport.json --key office");
    for missing in ["approval.authority", "approval.rule", "approval.conditions"] {
        assert!(refused.stderr.contains(missing), "{}", refused.stderr);
    }
    refused.fails(3, "issue.claims");
    place.write("claims.toml", "");
    let refused = place.run("attest deployment claims.toml --subject model.passport.json --key office");
    for missing in
        ["site.name", "mode", "acceptance.decision", "signOff.role", "monitoringPlan.frequencyDays"]
    {
        assert!(refused.stderr.contains(missing), "{missing}: {}", refused.stderr);
    }
    refused.fails(3, "issue.claims");
    place.run("attest recognition claims.toml --key office").fails(3, "issue.claims");
}

#[test]
fn an_approval_is_of_a_model_or_a_data_set() {
    let place = Place::with_passports();
    let template = place.run("attest approval --template").succeeds().stdout;
    place.write("claims.toml", fill(&template, "approval"));
    let attest = "attest approval claims.toml --key office";
    place.run(&format!("{attest} --subject dataset.passport.json -o approval.json")).succeeds();
    let approved = subject(&place, "approval.json");
    assert_eq!((text(&approved, "/type"), text(&approved, "/approves/type")), ("Dataset", "DatasetPassport"));
    assert_eq!(text(&approved, "/id"), text(&subject(&place, "dataset.passport.json"), "/id"));
    place.run(&format!("{attest} --subject evaluation.json")).fails(64, "attest.wrong-subject");
    // Nobody approves what was changed since.
    let model = place.read("model.passport.json").replacen("research", "released", 1);
    place.write("model.passport.json", model);
    place.run(&format!("{attest} --subject model.passport.json")).fails(1, "parent.not-verified");
}

#[test]
fn a_deployment_keeps_its_name_and_its_way_back() {
    let place = deployed(SMALL_PLAN);
    let first = subject(&place, "deployment.json");
    assert!(text(&first, "/id").starts_with("urn:uuid:"));
    let again = format!(
        "id = \"{}\"\nrollbackTo = {{ passport = \"model.passport.json\" }}\n{}",
        text(&first, "/id"),
        place.read("deployment.toml")
    );
    place.write("again.toml", again);
    let attest = "attest deployment again.toml --subject model.passport.json --key hospital -o again.json";
    place.run(attest).succeeds();
    let second = subject(&place, "again.json");
    assert_eq!(text(&second, "/id"), text(&first, "/id"));
    assert_eq!(text(&second, "/rollbackTo/digestMultibase"), text(&second, "/deploys/digestMultibase"));
}

/// Results of 60 women and 60 men: a third is positive, and the model misses some of them.
fn results(missed_women: usize, shift: usize) -> String {
    let mut table = "case,sex,label,score,dice,radius,overridden\n".to_owned();
    for at in 0..120 {
        let is_woman = at % 2 == 0;
        let label = at % 3 == 0;
        let missed = label && is_woman && at < 6 * missed_women;
        let score = if label && !missed { "0.9" } else { "0.1" };
        let sex = if is_woman { "female" } else { "male" };
        let positive = u8::from(label);
        table.push_str(&format!(
            "{at},{sex},{positive},{score},0.{},{},{}\n",
            80 + at % 10,
            at + shift,
            u8::from(missed)
        ));
    }
    table
}

/// The same cases in a file of its own.
fn reference() -> String {
    results(0, 0).replacen("case,", "number,", 1)
}

const SMALL_PLAN: &str = r#"
[[monitoringPlan.metricRule]]
metric = "sensitivity"
comparison = "at-least"
bound = "0.9"
action = "Stop"
"#;

const PLAN: &str = r#"
[[monitoringPlan.metricRule]]
metric = "http://purl.obolibrary.org/obo/STATO_0000233"
comparison = "at-least"
bound = "0.85"
minimumN = 20
action = "Stop the model and tell the maker"

[[monitoringPlan.metricRule]]
metric = "sensitivity"
slice = "sex=female"
comparison = "at-least"
bound = "0.8"
action = "Women are read by two readers"

[[monitoringPlan.metricRule]]
metric = "AUROC"
comparison = "at-least"
bound = "0.8"
action = "Tell the maker"

[[monitoringPlan.metricRule]]
metric = "dice"
comparison = "at-least"
bound = "0.8"
action = "Tell the maker"

[[monitoringPlan.driftRule]]
variable = "radius"
statistic = "psi"
bound = "0.2"

[[monitoringPlan.driftRule]]
variable = "radius"
statistic = "ks"
bound = "0.2"
"#;

fn period(start: &str, end: &str) -> String {
    format!("incidents = 0\n[period]\nstartDate = {start}\nendDate = {end}\n")
}

#[test]
fn results_are_measured_against_the_plan_and_chained() {
    let place = deployed(PLAN);
    place.write("reference.csv", reference());
    place.write("september.csv", results(0, 0));
    place.write("october.csv", results(6, 60));
    place.write("september.toml", period("2026-09-01", "2026-09-30"));
    place.write("october.toml", period("2026-10-01", "2026-10-31"));
    let attest = "--subject deployment.json --key hospital --threshold 0.5 --reference reference.csv";
    place
        .run(&format!("attest monitoring september.csv --claims september.toml {attest} -o september.json"))
        .succeeds();
    let good = subject(&place, "september.json");
    assert_eq!((text(&good, "/outcome"), text(&good, "/basis")), ("within-plan", "measured"));
    assert_eq!(text(&good, "/nextDue"), "2026-10-30");
    assert!(good.get("breaches").is_none());
    assert_eq!(text(&good, "/id"), text(&subject(&place, "deployment.json"), "/id"));

    let october =
        format!("attest monitoring october.csv --claims october.toml {attest} --previous september.json");
    place.run(&format!("{october} -o october.json")).succeeds();
    let bad = subject(&place, "october.json");
    assert_eq!(text(&bad, "/outcome"), "action-required");
    let breaches: Vec<&str> =
        bad.get("breaches").unwrap().as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert_eq!(
        breaches,
        [
            "sensitivity of sex=female is 0.7000 (n 20), not at least 0.8: Women are read by two readers",
            "the population stability index of radius is 3.8966, above 0.2",
            "the statistic of Kolmogorov and Smirnov of radius is 0.5000, above 0.2",
        ]
    );
    let metric = |name: &str, slice: &str| {
        let metrics = bad.get("metric").unwrap().as_array().unwrap();
        let is_it = |metric: &&Json| text(metric, "/name") == name && text(metric, "/slice") == slice;
        let metric = metrics.iter().find(is_it).unwrap();
        let n = metric.get("n").and_then(Json::as_i64).unwrap();
        (
            text(metric, "/value").to_owned(),
            n,
            text(metric, "/interval/lower").to_owned(),
            text(metric, "/interval/upper").to_owned(),
        )
    };
    let shown =
        |(value, n, lower, upper): (String, i64, String, String)| format!("{value} {n} {lower} {upper}");
    assert_eq!(shown(metric("sensitivity", "")), "0.8500 40 0.7093 0.9294");
    assert_eq!(shown(metric("sensitivity", "sex=female")), "0.7000 20 0.4810 0.8545");
    assert!(shown(metric("area under the ROC curve", "")).starts_with("0.9250 120 "));
    assert!(shown(metric("dice", "")).starts_with("0.8450 120 "));
    assert_eq!(text(&bad, "/overrideRate"), "0.0500");
    let previous = subject(&place, "october.json").get("previous").unwrap().clone();
    assert_eq!(text(&previous, "/id"), text(&json::parse(&place.read("september.json")).unwrap(), "/id"));
    let with = "--with september.json --with deployment.json --with model.passport.json --with dataset.passport.json";
    place.run(&format!("verify october.json {with} --json")).reports(
        0,
        "verified-with-warnings",
        "monitoring.action-required",
    );

    // Days of which nobody spoke are not as planned.
    place.write("late.toml", period("2026-10-05", "2026-10-31"));
    place.run(&format!("{october} -o late.json").replace("october.toml", "late.toml")).succeeds();
    let late = subject(&place, "late.json");
    assert_eq!(text(&late, "/breaches/0"), "no results from 2026-10-01 to 2026-10-04");

    // Nobody else speaks of this deployment, or goes on with its chain.
    let by_another = october.replace("--key hospital", "--key office");
    place.run(&by_another).fails(3, "monitoring.other-site");
    let first = "attest deployment deployment.toml --subject model.passport.json --key office";
    let id = text(&good, "/id");
    place.write("deployment.toml", format!("id = \"{id}\"\n{}", place.read("deployment.toml")));
    place.run(&format!("{first} -o copied.json")).succeeds();
    place
        .run(&by_another.replace("--subject deployment", "--subject copied"))
        .fails(3, "monitoring.other-site");
    place
        .run(&october.replace("--reference reference.csv", "--reference october.csv"))
        .fails(3, "monitoring.reference-is-period");

    // The chain goes forwards only, and stays with one deployment.
    place
        .run(&format!(
            "attest monitoring september.csv --claims september.toml {attest} --previous october.json"
        ))
        .fails(3, "monitoring.period");
    let other = october.replace("--previous september.json", "--previous deployment.json");
    place.run(&other).fails(64, "attest.wrong-subject");
}

#[test]
fn what_cannot_be_judged_is_not_passed() {
    let place = deployed(PLAN);
    place.write("october.toml", period("2026-10-01", "2026-10-31"));
    let attest =
        "attest monitoring results.csv --subject deployment.json --key hospital --claims october.toml";
    place.write("results.csv", results(0, 0));
    place.write("reference.csv", reference());
    place.run(&format!("{attest} --reference reference.csv")).fails(64, "monitoring.no-threshold");
    place.run(&format!("{attest} --threshold 0.5")).fails(64, "monitoring.no-reference");
    let attest = format!("{attest} --threshold 0.5 --reference reference.csv");
    place.run(&format!("{attest} --label truth")).fails(3, "monitoring.no-column");
    place.write("results.csv", results(0, 0).replacen(",0.9,", ",high,", 1));
    place.run(&attest).fails(3, "monitoring.value");
    place.write("results.csv", results(0, 0));
    place.write(
        "october.toml",
        format!("{}[[metric]]\nname = \"sensitivity\"\n", period("2026-10-01", "2026-10-31")),
    );
    place.run(&attest).fails(3, "monitoring.claimed");
    for claim in [
        "overrideRate = \"0\"",
        "basis = \"declared\"",
        "outcome = \"within-plan\"",
        "breaches = [\"x\"]",
        "nextDue = 2027-01-01",
        "referenceDigest = \"uEi\"",
    ] {
        place.write("october.toml", format!("{claim}\n{}", period("2026-10-01", "2026-10-31")));
        place.run(&attest).fails(3, "monitoring.claimed");
    }
    place.write("october.toml", "incidents = 0\n");
    place.run(&attest).fails(3, "issue.claims");
    place.write("october.toml", period("2026-10-01", "2026-12-31"));
    place.run(&attest).fails(3, "monitoring.period");

    // Of a few cases nothing is published, and the plan is not kept either.
    place.write("october.toml", period("2026-10-01", "2026-10-31"));
    let few: String = results(0, 0).lines().take(10).map(|line| format!("{line}\n")).collect();
    place.write("results.csv", few);
    place.run(&format!("{attest} -o few.json")).succeeds();
    let few = subject(&place, "few.json");
    assert_eq!(text(&few, "/outcome"), "action-required");
    assert!(few.get("metric").is_none() && few.get("drift").is_none() && few.get("overrideRate").is_none());

    // Nor of so many that the rest would be few.
    let mut nearly = results(0, 0).replace(",male,1,", ",female,1,");
    nearly = nearly.replacen(",female,1,", ",male,1,", 4);
    place.write("results.csv", nearly);
    place.run(&format!("{attest} -o nearly.json")).succeeds();
    let nearly = subject(&place, "nearly.json");
    let slices: Vec<&str> = nearly
        .get("metric")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| text(metric, "/slice"))
        .collect();
    assert_eq!(slices, ["", "", ""]);
}

#[test]
fn results_can_be_reported_as_claims() {
    let place = deployed(PLAN);
    place.write(
        "october.json",
        r#"{ "incidents": 2, "period": { "startDate": "2026-10-01", "endDate": "2026-10-31" },
            "metric": [{ "name": "sensitivity", "definition": "http://purl.obolibrary.org/obo/STATO_0000233", "value": "0.8", "unit": "1", "n": 44 }],
            "drift": [{ "variable": "radius", "statistic": "psi", "value": "0.25", "bound": "0.5", "n": 120, "referenceN": 300, "exceeded": false }] }"#,
    );
    place
        .run("attest monitoring october.json --subject deployment.json --key hospital -o monitoring.json")
        .succeeds();
    let reported = subject(&place, "monitoring.json");
    assert_eq!((text(&reported, "/basis"), text(&reported, "/metric/0/basis")), ("declared", "declared"));
    // What the report made of its drift does not count.
    assert_eq!(text(&reported, "/drift/0/bound"), "0.2");
    let breaches = reported.get("breaches").unwrap().to_string();
    assert!(breaches.contains("sensitivity is 0.8 (n 44), not at least 0.85"), "{breaches}");
    assert!(breaches.contains("population stability index of radius is 0.25, above 0.2"), "{breaches}");
    assert!(breaches.contains("dice is not known"), "{breaches}");
}

#[test]
fn a_report_is_not_measured_and_says_everything_once() {
    let place = deployed(PLAN);
    let report = r#"{ "basis": "measured", "incidents": 2, "overrideRate": "0.1",
        "period": { "startDate": "2026-10-01", "endDate": "2026-10-31" }, "metric": [METRICS], "drift": [DRIFT] }"#;
    let metric = format!(
        r#"{{ "basis": "measured", "name": "sensitivity", "definition": "http://purl.obolibrary.org/obo/STATO_0000233", "value": "0.9",
            "unit": "1", "n": 44, "evidenceDigest": {DIGEST},
            "interval": {{ "lower": "0.8", "upper": "0.95", "level": "0.95", "method": "some" }} }}"#
    );
    let drift = r#"{ "variable": "radius", "statistic": "psi", "value": "0.1", "bound": "0.2", "n": 120, "referenceN": 300, "exceeded": false }"#;
    let attest = |metrics: &str, drift: &str, name: &str| {
        place.write("october.json", report.replace("METRICS", metrics).replace("DRIFT", drift));
        place.run(&format!(
            "attest monitoring october.json --subject deployment.json --key hospital -o {name}"
        ))
    };
    attest(&metric, drift, "once.json").succeeds();
    let once = subject(&place, "once.json");
    assert_eq!((text(&once, "/basis"), text(&once, "/metric/0/basis")), ("declared", "declared"));
    assert_eq!(text(&once, "/overrideRate"), "0.1");
    let other = metric.replace("0.9\"", "0.2\"").replace("\"sensitivity\"", "\"recall\"");
    attest(&format!("{metric}, {other}"), drift, "twice.json").fails(3, "monitoring.repeated");
    attest(&metric, &format!("{drift}, {drift}"), "twice.json").fails(3, "monitoring.repeated");
}

#[test]
fn each_measure_is_at_its_own_operating_point() {
    let accepted = |name: &str, definition: &str, threshold: &str| {
        format!(
            "[[acceptance.metric]]\nname = \"{name}\"\ndefinition = \"http://purl.obolibrary.org/obo/{definition}\"\n\
             value = \"0.95\"\nunit = \"1\"\nthreshold = \"{threshold}\"\n"
        )
    };
    let rule = SMALL_PLAN.replace("sensitivity", "specificity");
    let [sensitivity, specificity] =
        [accepted("sensitivity", "STATO_0000233", "0.5"), accepted("specificity", "STATO_0000134", "0.70")];
    let place = deployed(&format!("{SMALL_PLAN}{rule}{sensitivity}{specificity}"));
    place.write("october.toml", period("2026-10-01", "2026-10-31"));
    // Between the two operating points.
    place.write("october.csv", results(0, 0).replace(",0,0.1,", ",0,0.6,"));
    let attest =
        "attest monitoring october.csv --claims october.toml --subject deployment.json --key hospital";
    place.run(&format!("{attest} -o monitoring.json")).succeeds();
    let monitored = subject(&place, "monitoring.json");
    let stated = |at: usize| {
        let member = |name: &str| text(&monitored, &format!("/metric/{at}/{name}")).to_owned();
        [member("name"), member("threshold"), member("value")]
    };
    assert_eq!(stated(0), ["sensitivity", "0.5", "1.0000"]);
    assert_eq!(stated(1), ["specificity", "0.70", "1.0000"]);
    assert_eq!(text(&monitored, "/outcome"), "within-plan");
    place.run(&format!("{attest} --threshold 0.7 -o moved.json")).succeeds();
    let moved = subject(&place, "moved.json");
    assert_eq!(
        text(&moved, "/breaches/0"),
        "sensitivity is at the operating point 0.7, not at 0.5 as in the acceptance test"
    );
    assert_eq!(moved.get("breaches").unwrap().as_array().unwrap().len(), 1);
}
