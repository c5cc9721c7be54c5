//! Section H of the threats, and files against manifests.

use super::proofs::{flip_s, other_signature};
use super::*;

/// Section H of the threats.
pub(super) fn lineage(world: &World) -> Vec<Case> {
    let World { lab, evaluator, dataset, model, evaluation, .. } = world;
    let other = world.dataset_with(|d| set(d, "/credentialSubject/version", "0.9.0"));
    let derived = world.dataset_with(|d| {
        let parent = r#"{"id":"https://archive.ics.uci.edu/dataset/17","type":"Dataset","digestMultibase":"uEiDjsMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ"}"#;
        set(d, "/credentialSubject/wasDerivedFrom", read(&format!("[{parent}]")));
    });
    let resigned = {
        let mut copy = dataset.clone();
        remove(&mut copy, "/proof");
        lab.sign(Cryptosuite::EcdsaJcs2019, &copy)
    };
    let weak = {
        let mut unsigned = World::unsigned_model(dataset);
        set(
            &mut unsigned,
            "/credentialSubject/trainedOn/0/digestMultibase",
            multibase::encode_base64url(&[&[0x11, 20][..], &[0; 20]].concat()),
        );
        lab.issue(lab.suite(), unsigned)
    };
    let wrong_kind = {
        let mut unsigned = World::unsigned_evaluation(dataset, model);
        set(
            &mut unsigned,
            "/credentialSubject/evaluates/digestMultibase",
            link(dataset).get("digestMultibase").cloned().unwrap_or(Json::Null),
        );
        evaluator.issue(evaluator.suite(), unsigned)
    };
    let supplied =
        Evidence { credentials: vec![model.to_string(), dataset.to_string()], ..Evidence::default() };
    vec![
        Case {
            evidence: supplied,
            ..good("parents-beside", "parents may come beside the credential", evaluation.to_string())
        },
        good(
            "parent-resigned",
            "a link pins the content, not the signature over it",
            bundle(&[evaluation, model, &resigned], &[]).to_string(),
        ),
        good(
            "parent-high-s",
            "nor one of the two forms of a signature",
            world.changed(|b| flip_s_at(b, DATASET)),
        ),
        case(
            "parent-missing",
            "what was not supplied is not proven",
            bundle(&[evaluation, model], &[]).to_string(),
            "could-not-check",
            "lineage.missing",
        ),
        case(
            "thing-declared",
            "data without a passport is somebody's word",
            derived.to_string(),
            "verified-with-warnings",
            "lineage.declared",
        ),
        bad(
            "metric-changed",
            "a metric is what the evaluator measured",
            world.changed(|b| set(b, &format!("{EVALUATION}/credentialSubject/metric/0/value"), "0.9999")),
            "proof.signature-invalid",
        ),
        bad(
            "parent-changed",
            "a parent changed after signing",
            world.changed(|b| set(b, &format!("{DATASET}/credentialSubject/version"), "2.0.0")),
            "proof.signature-invalid",
        ),
        bad(
            "parent-exchanged",
            "another version of the parent, well signed",
            bundle(&[evaluation, model, &other], &[]).to_string(),
            "lineage.digest-mismatch",
        ),
        bad(
            "proof-changed",
            "one byte of a proof",
            world.changed(|b| set(b, &format!("{MODEL}/proof/proofValue"), other_signature(lab))),
            "proof.signature-invalid",
        ),
        case(
            "parent-newer",
            "a parent that became valid after its child",
            {
                let later = world.dataset_with(|d| set(d, "/validFrom", "2026-11-10T00:00:00Z"));
                let model = lab.issue(lab.suite(), World::unsigned_model(&later));
                bundle(&[&model, &later], &[]).to_string()
            },
            "verified-with-warnings",
            "lineage.parent-newer",
        ),
        bad(
            "self-parent",
            "a credential cannot build on itself",
            {
                let mut own = World::unsigned_model(dataset);
                let id = own.get("id").cloned().unwrap_or(Json::Null);
                set(&mut own, "/credentialSubject/trainedOn/0/id", id);
                set(&mut own, "/credentialSubject/trainedOn/0/type", "ModelPassport");
                lab.issue(lab.suite(), own).to_string()
            },
            "profile.repeated-id",
        ),
        bad(
            "two-contents-one-id",
            "one identifier, two credentials",
            bundle(&[evaluation, model, dataset, &other], &[]).to_string(),
            "lineage.conflicting-ids",
        ),
        bad(
            "weak-digest",
            "SHA-1 does not bind a parent",
            bundle(&[&weak, dataset], &[]).to_string(),
            "schema.format",
        ),
        bad(
            "parent-of-another-kind",
            "a link that says model and leads to data",
            bundle(&[&wrong_kind, model, dataset], &[]).to_string(),
            "lineage.wrong-parent",
        ),
        bad(
            "parent-not-valid",
            "trouble of a parent is its child's",
            {
                let expired = world.dataset_with(|d| set(d, "/validUntil", "2026-11-21T10:30:00Z"));
                let model = lab.issue(lab.suite(), World::unsigned_model(&expired));
                bundle(&[&model, &expired], &[]).to_string()
            },
            "validity.expired",
        ),
        Case {
            evidence: Evidence { credentials: vec!["not a credential".into()], ..Evidence::default() },
            ..case(
                "supplied-unreadable",
                "what was brought and cannot be read is said",
                dataset.to_string(),
                "verified-with-warnings",
                "lineage.supplied-unreadable",
            )
        },
    ]
}

/// A model made by a run that used the data, and what does not fit together.
pub(super) fn processing(world: &World) -> Vec<Case> {
    let World { lab, dataset, .. } = world;
    let run = |change: &dyn Fn(&mut Json)| {
        let mut run = read(include_str!("../../fixtures/examples/processing-attestation.json"));
        set(&mut run, "/credentialSubject/used/0", link(dataset));
        change(&mut run);
        lab.issue(lab.suite(), run)
    };
    // The configuration has no passport; the case about that keeps it.
    let proven = |run: &mut Json| set(run, "/credentialSubject/used", vec![link(dataset)]);
    let model_by = |run: &Json| {
        let mut model = World::unsigned_model(dataset);
        set(&mut model, "/credentialSubject/wasGeneratedBy", vec![link(run)]);
        lab.issue(lab.suite(), model)
    };
    let whole = |run: &Json, model: &Json| bundle(&[model, run, dataset], &[]).to_string();
    let made = run(&proven);
    let other = run(&|run| {
        proven(run);
        let log = item_of(run, "/credentialSubject/generated", 1);
        set(run, "/credentialSubject/generated", vec![log]);
    });
    let cycle = run(&|run| {
        let mut model = link(&world.model);
        let mut digest = link(dataset);
        set(&mut model, "/digestMultibase", remove(&mut digest, "/digestMultibase"));
        set(run, "/credentialSubject/used", vec![model]);
    });
    vec![
        good(
            "processing",
            "a model leads to the run that made it, and the run to the data that it used",
            whole(&made, &model_by(&made)),
        ),
        case(
            "processing-file-declared",
            "a file without a passport that went into a run is somebody's word",
            bundle(&[&run(&|_| {}), dataset], &[]).to_string(),
            "verified-with-warnings",
            "lineage.declared",
        ),
        bad(
            "processing-output-changed",
            "what came of a run is signed by whoever ran it",
            {
                let mut changed = made.clone();
                let generated = "/credentialSubject/generated/0/digestMultibase";
                let mut link = link(dataset);
                set(&mut changed, generated, remove(&mut link, "/digestMultibase"));
                whole(&changed, &model_by(&made))
            },
            "proof.signature-invalid",
        ),
        bad(
            "processing-output-of-another",
            "a model was not made by a run that does not list it",
            whole(&other, &model_by(&other)),
            "lineage.not-generated",
        ),
        bad(
            "processing-input-exchanged",
            "a run used the data that it pins, and no others",
            {
                let newer = world.dataset_with(|d| set(d, "/credentialSubject/version", "2.0.0"));
                bundle(&[&model_by(&made), &made, &newer], &[]).to_string()
            },
            "lineage.digest-mismatch",
        ),
        bad(
            "processing-cycle",
            "a run cannot use what it made",
            bundle(&[&model_by(&cycle), &cycle, dataset], &[]).to_string(),
            "lineage.cycle",
        ),
    ]
}

pub(super) fn item_of(json: &Json, pointer: &str, at: usize) -> Json {
    json.pointer(pointer)
        .and_then(Json::as_array)
        .and_then(|items| items.get(at))
        .cloned()
        .unwrap_or(Json::Null)
}

fn flip_s_at(bundle: &mut Json, pointer: &str) {
    let mut credential = bundle.pointer(pointer).cloned().unwrap_or(Json::Null);
    flip_s(&mut credential);
    set(bundle, pointer, credential);
}

pub(super) fn artifacts(world: &World) -> Vec<Case> {
    let files: Vec<Artifact> = world
        .model
        .pointer("/credentialSubject/artifactManifest/file")
        .map(Json::one_or_many)
        .unwrap_or_default()
        .iter()
        .map(|file| {
            let text = |name: &str| file.get(name).and_then(Json::as_str).unwrap_or_default();
            let digest = Digest::from_multibase(text("digestMultibase")).ok();
            Artifact {
                path: text("path").to_owned(),
                size: file
                    .get("size")
                    .and_then(Json::as_i64)
                    .and_then(|size| u64::try_from(size).ok())
                    .unwrap_or_default(),
                sha256: digest.map(|digest| digest.to_hex()),
                merkle_root: Some(text("merkleRoot").to_owned()),
                file_count: None,
            }
        })
        .collect();
    let brought = |files: Vec<Artifact>| Evidence { artifacts: files, ..Evidence::default() };
    let bundle = world.all().to_string();
    let with = |case: Case, files: Vec<Artifact>| Case { evidence: brought(files), ..case };
    let only = |sha256: bool, files: &[Artifact]| {
        let keep = |file: &Artifact| Artifact {
            sha256: file.sha256.clone().filter(|_| sha256),
            merkle_root: file.merkle_root.clone().filter(|_| !sha256),
            ..file.clone()
        };
        files.iter().map(keep).collect::<Vec<_>>()
    };
    let changed = |change: &dyn Fn(&mut Artifact)| {
        let mut files = files.clone();
        files.iter_mut().take(1).for_each(change);
        files
    };
    let required = Policy { require_artifacts: true, ..Policy::default() };
    let tree = dataset_with(world, &|dataset| {
        drop(remove(dataset, "/credentialSubject/artifactManifest/file"));
        set(dataset, "/credentialSubject/artifactManifest/fileCount", Json::Number(Number::Integer(5_000)));
    });
    let manifest = read(&tree).pointer("/credentialSubject/artifactManifest").cloned().unwrap_or(Json::Null);
    let member = |name: &str| manifest.get(name).cloned().unwrap_or(Json::Null);
    let digest = Digest::from_multibase(member("digestMultibase").as_str().unwrap_or_default()).ok();
    let whole = Artifact {
        path: "records".to_owned(),
        size: member("totalSize").as_i64().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        sha256: digest.map(|digest| digest.to_hex()),
        merkle_root: None,
        file_count: Some(5_000),
    };
    vec![
        with(good("model-files", "the files are the ones in the passport", bundle.clone()), files.clone()),
        with(good("model-files-by-sha256", "SHA-256 alone is enough", bundle.clone()), only(true, &files)),
        with(
            good("model-files-by-root", "the Merkle root alone is enough", bundle.clone()),
            only(false, &files),
        ),
        with(
            bad("model-file-changed", "one byte of the model", bundle.clone(), "artifacts.mismatch"),
            changed(&|file| {
                file.sha256 = Some("0".repeat(64));
                file.merkle_root = None;
            }),
        ),
        with(
            bad(
                "model-file-longer",
                "the same digest for another size is no file",
                bundle.clone(),
                "artifacts.mismatch",
            ),
            changed(&|file| file.size += 1),
        ),
        with(
            bad(
                "model-file-digests-disagree",
                "each digest that is given has to match",
                bundle.clone(),
                "artifacts.mismatch",
            ),
            changed(&|file| {
                file.merkle_root = Some("uEiAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into())
            }),
        ),
        with(
            bad(
                "file-without-digest",
                "a name and a size are no proof",
                bundle.clone(),
                "artifacts.mismatch",
            ),
            changed(&|file| {
                file.sha256 = None;
                file.merkle_root = None;
            }),
        ),
        with(
            bad("file-unknown", "a file that nobody speaks about", bundle.clone(), "artifacts.unknown-file"),
            changed(&|file| {
                file.path = "other.bin".into();
                file.sha256 = Some("0".repeat(64));
            }),
        ),
        bad(
            "subject-of-another-name",
            "a model or data set is called by its own digest, and by no other's",
            dataset_with(world, &|dataset| {
                set(dataset, "/credentialSubject/id", format!("urn:sha256:{}", "0".repeat(64)));
            }),
            "profile.manifest",
        ),
        bad(
            "manifest-total-of-others",
            "the sizes of the files make another total",
            dataset_with(world, &|dataset| {
                set(
                    dataset,
                    "/credentialSubject/artifactManifest/totalSize",
                    Json::Number(Number::Integer(1)),
                );
            }),
            "profile.manifest",
        ),
        bad(
            "manifest-digest-of-others",
            "the files that are listed make another digest",
            dataset_with(world, &|dataset| {
                set(dataset, "/credentialSubject/artifactManifest/file/0/path", "another.csv");
            }),
            "profile.manifest",
        ),
        with(
            good("tree-at-hand", "a tree that is too large to list is checked as a whole", tree.clone()),
            vec![whole.clone()],
        ),
        with(
            bad(
                "tree-as-file",
                "one file is no tree, whatever its digest",
                tree.clone(),
                "artifacts.unknown-file",
            ),
            vec![Artifact { file_count: None, ..whole.clone() }],
        ),
        with(
            bad(
                "tree-of-fewer",
                "another number of files is another tree",
                tree.clone(),
                "artifacts.unknown-file",
            ),
            vec![Artifact { file_count: Some(4_999), ..whole.clone() }],
        ),
        with(
            bad("tree-changed", "one file of the tree is another", tree, "artifacts.unknown-file"),
            vec![Artifact { sha256: Some("0".repeat(64)), ..whole }],
        ),
        Case {
            policy: required.clone(),
            ..case(
                "files-not-listed-required",
                "what a policy wants to see and nobody can hold against the list",
                dataset_with(world, &|dataset| {
                    drop(remove(dataset, "/credentialSubject/artifactManifest/file"));
                    drop(remove(dataset, "/credentialSubject/artifactManifest/totalSize"));
                }),
                "could-not-check",
                "artifacts.not-listed",
            )
        },
        Case {
            policy: required,
            ..case(
                "model-files-required",
                "a policy can insist on the files",
                bundle,
                "could-not-check",
                "artifacts.not-at-hand",
            )
        },
    ]
}

/// The data set's passport, changed before it is signed.
fn dataset_with(world: &World, change: &dyn Fn(&mut Json)) -> String {
    let mut dataset = world.dataset.clone();
    remove(&mut dataset, "/proof");
    change(&mut dataset);
    world.lab.sign(world.lab.suite(), &dataset).to_string()
}

/// Shapes of lineage that cost whoever walks every path, or calls itself for every generation.
pub(super) fn shapes(world: &World) -> Vec<Case> {
    let World { lab, .. } = world;
    let template = {
        let mut template = read(include_str!("../../fixtures/examples/processing-attestation.json"));
        for group in ["execution", "tool", "sourceCode", "environment"] {
            let node = template.pointer(&format!("/credentialSubject/{group}")).expect("a group");
            let part = |name: &str| node.get(name).and_then(Json::as_str).expect("a name").to_owned();
            let unknown = [("id", part("id")), ("type", part("type")), ("basis", "unknown".to_owned())];
            set(&mut template, &format!("/credentialSubject/{group}"), Object::from_iter(unknown));
        }
        let made = item_of(&template, "/credentialSubject/generated", 0);
        set(&mut template, "/credentialSubject/generated", vec![made]);
        template
    };
    let old = template.get("id").and_then(Json::as_str).expect("an id").to_owned();
    let text = template.to_string();
    let step = |number: usize, used: &[Json]| {
        let mut step = read(&text.replace(&old, &format!("urn:uuid:00000000-0000-4000-8000-{number:012x}")));
        if used.is_empty() {
            remove(&mut step, "/credentialSubject/used");
        } else {
            set(&mut step, "/credentialSubject/used", used.iter().map(link).collect::<Vec<_>>());
        }
        lab.issue(lab.suite(), step)
    };
    // Each layer uses both of the layer below: 2^40 paths, 80 credentials.
    let mut diamond: Vec<Json> = Vec::new();
    for layer in 0..40 {
        let below = diamond[diamond.len().saturating_sub(2)..].to_vec();
        diamond.extend([0, 1].map(|side| step(2 * layer + side, &below)));
    }
    let mut chain = vec![step(0, &[])];
    for number in 1..=257 {
        let below = chain[number - 1].clone();
        chain.push(step(number, &[below]));
    }
    let whole = |credentials: &[Json]| bundle(&credentials.iter().collect::<Vec<_>>(), &[]).to_string();
    vec![
        good("diamond", "each credential is looked at once, however many paths lead to it", whole(&diamond)),
        good("long-chain", "a long chain of work", whole(&chain[..250])),
        bad("chain-too-long", "no honest chain is as long", whole(&chain), "lineage.too-deep"),
    ]
}
