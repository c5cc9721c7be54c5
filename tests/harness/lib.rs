//! The cases and how they are read; the published vectors and where they lie.

use std::fs;
use std::path::{Path, PathBuf};

use model_passport::evidence::{Evidence, Policy};
use model_passport::{Report, Timestamp, verify};

pub mod corpus;
pub mod issue;

/// A case as it lies in its folder.
pub struct Stored {
    /// The name of the folder.
    pub name: String,
    /// Where it lies.
    pub folder: PathBuf,
    /// `input.json`: what is verified.
    pub input: String,
    /// `evidence.json`, if it is there.
    pub evidence: Evidence,
    /// `policy.json`, if it is there.
    pub policy: Policy,
    /// `expect.json`: what has to come of it.
    pub expect: Expect,
    /// `report.json`: the whole report, which every shell has to give to the letter.
    pub report: String,
}

/// What has to come of a case.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The time to judge by.
    pub now: String,
    /// The verdict.
    pub verdict: String,
    /// The code of the check that decides.
    pub code: String,
}

impl Stored {
    /// The time to judge by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        issue::time(&self.expect.now)
    }

    /// What the library says.
    #[must_use]
    pub fn verify(&self) -> Report {
        verify(&self.input, &self.evidence, &self.policy, self.now())
    }
}

/// The folder of the cases.
#[must_use]
pub fn cases_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// Every case, by name.
///
/// # Panics
/// When a folder is not a whole case.
#[must_use]
pub fn stored_cases() -> Vec<Stored> {
    let mut folders: Vec<PathBuf> = fs::read_dir(cases_folder())
        .expect("tests/cases")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    folders.sort();
    folders.into_iter().filter(|folder| folder.is_dir()).map(|folder| read_case(&folder)).collect()
}

fn read_case(folder: &Path) -> Stored {
    let text = |name: &str| {
        fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("{}/{name}: {e}", folder.display()))
    };
    let optional = |name: &str| folder.join(name).exists().then(|| text(name));
    Stored {
        name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        folder: folder.to_owned(),
        input: text("input.json"),
        evidence: optional("evidence.json")
            .map(|json| serde_json::from_str(&json).expect("evidence"))
            .unwrap_or_default(),
        policy: optional("policy.json")
            .map(|json| Policy::from_json(&json).expect("policy"))
            .unwrap_or_default(),
        expect: serde_json::from_str(&text("expect.json")).expect("expect.json"),
        report: text("report.json"),
    }
}

/// The folder `name` of the published vectors that lie beside the project, or `None` after saying in one
/// line that the test is skipped.
#[must_use]
pub fn vectors(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    #[expect(clippy::print_stderr, reason = "the reader of a test run has to see what was not run")]
    {
        eprintln!("skipped: the published vectors `{name}` are not beside the project");
    }
    None
}
