//! `cargo vectors`: writes `tests/cases` anew from the builders in `corpus.rs`.

use std::fs;
use std::path::Path;

use model_passport::evidence::{Evidence, Policy};
use model_passport::verify;
use model_passport_tests::corpus::{Case, cases};
use model_passport_tests::issue::time;
use model_passport_tests::{Expect, cases_folder};

fn main() -> std::io::Result<()> {
    let folder = cases_folder();
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    for case in cases() {
        write(&folder.join(case.name), &case)?;
    }
    Ok(())
}

fn write(folder: &Path, case: &Case) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("WHY.md"), format!("{}.\n", case.why))?;
    fs::write(folder.join("input.json"), &case.input)?;
    if case.evidence != Evidence::default() {
        fs::write(folder.join("evidence.json"), pretty(&case.evidence))?;
    }
    if case.policy != Policy::default() {
        fs::write(folder.join("policy.json"), pretty(&case.policy))?;
    }
    let expect = Expect { now: case.now.into(), verdict: case.verdict.into(), code: case.code.into() };
    fs::write(folder.join("expect.json"), pretty(&expect))?;
    let report = verify(&case.input, &case.evidence, &case.policy, time(case.now));
    fs::write(folder.join("report.json"), report.to_json() + "\n")
}

fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain data") + "\n"
}
