//! `passport diff` with the real binary.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use std::fs;
use std::path::Path;

use common::Place;
use model_passport::json::{self, Json};

fn copy(place: &Place, names: &[&str]) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/capture/models");
    for name in names {
        fs::copy(fixtures.join(name), place.path(name)).unwrap();
    }
}

fn answer(text: &str) -> String {
    json::parse(text).unwrap().get("weights").and_then(Json::as_str).unwrap().to_owned()
}

#[test]
fn the_same_weights_in_another_container() {
    let place = Place::new();
    copy(&place, &["state.pt", "state.safetensors", "module.pt", "chunked.h5"]);
    let same = place.run("diff state.pt state.safetensors");
    assert_eq!(same.succeeds().stdout, "The weights are the same\n  = 9 the same under the same name\n");
    let other = place.run("diff state.pt module.pt --json");
    assert_eq!((other.status, answer(&other.stdout)), (1, "different".to_owned()));
    assert_eq!(place.run("diff model model/model.onnx").status, 0);
    place.run("capture state.pt -o state.draft.json").succeeds();
    assert_eq!(place.run("diff state.draft.json state.safetensors").status, 0);
    assert_eq!(place.run("diff train.csv.gone state.pt").status, 2);
}

#[test]
fn a_file_that_is_not_listed_is_never_the_same() {
    let place = Place::with_passports();
    let sides = ["left", "right"];
    // No graph describes what goes in and out.
    place.write(
        "interface.toml",
        "[[interface.inputs]]\nname = \"features\"\ndtype = \"float32\"\nshape = [\"N\", 30]\n\
         [[interface.outputs]]\nname = \"label\"\ndtype = \"int64\"\nshape = [\"N\"]\n",
    );
    for side in sides {
        fs::create_dir(place.path(side)).unwrap();
        fs::copy(place.path("model/model.safetensors"), place.path(side).join("m.safetensors")).unwrap();
    }
    let all = |status: i32| {
        for side in sides {
            place.run(&format!("capture {side} -o {side}.draft.json")).succeeds();
            place
                .run(&format!(
                    "issue {side} --claims model.toml --claims interface.toml --key lab -o {side}.json"
                ))
                .succeeds();
        }
        for pair in
            ["left right", "left.draft.json right.draft.json", "left.json right.json", "left right.json"]
        {
            let found = place.run(&format!("diff {pair}"));
            assert_eq!(found.status, status, "{pair} {}", found.stdout);
        }
        for side in sides {
            fs::remove_file(place.path(&format!("{side}.json"))).unwrap();
            fs::remove_file(place.path(&format!("{side}.draft.json"))).unwrap();
        }
    };
    all(0);
    sides.iter().for_each(|side| place.write(&format!("{side}/README.md"), side));
    all(0);
    sides.iter().for_each(|side| place.write(&format!("{side}/head.npz"), side));
    all(2);
    sides.iter().for_each(|side| place.write(&format!("{side}/head.npz"), "the same"));
    all(0);
    sides.iter().for_each(|side| place.write(&format!("{side}/head.pkl"), format!("I{}\n.", side.len())));
    all(2);
}

#[test]
fn passports_are_compared_only_if_they_are_verified() {
    let place = Place::with_passports();
    assert_eq!(place.run("diff model.passport.json model").status, 0);
    let same = "The weights are the same\n  = 6 the same under the same name\n";
    assert_eq!(place.run("diff model.passport.json model/model.onnx").succeeds().stdout, same);
    let claims = place.read("model.toml").replacen("research", "released", 1);
    place.write("other.toml", claims);
    place.run("issue model --claims other.toml --key lab -o other.passport.json").succeeds();
    let found = place.run("diff model.passport.json other.passport.json");
    assert_eq!(found.status, 0, "{}", found.stdout);
    assert!(found.stdout.contains(r#"/stage: "research" | "released""#), "{}", found.stdout);

    let changed = place.read("other.passport.json").replacen("released", "retired", 1);
    place.write("changed.json", changed);
    let refused = place.run("diff model.passport.json changed.json");
    assert_eq!((refused.status, refused.stdout.as_str()), (1, ""));
    assert!(refused.stderr.contains("parent.not-verified") && !refused.stderr.contains("retired"));

    let mut weights = fs::read(place.path("model/model.safetensors")).unwrap();
    *weights.last_mut().unwrap() ^= 1;
    place.write("tuned.safetensors", weights);
    let found = place.run("diff model.passport.json tuned.safetensors");
    assert_eq!(found.status, 1);
    assert!(found.stdout.contains("values"), "{}", found.stdout);
}
