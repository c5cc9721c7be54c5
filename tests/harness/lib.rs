//! Reads the cases and compares reports; finds the published vectors.

use std::path::PathBuf;

/// The folder `name` of the published vectors that lie beside the project, or `None` after saying in one
/// line that the test is skipped.
#[must_use]
pub fn vectors(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    #[expect(clippy::print_stderr, reason = "the reader of a test run has to see what was not run")]
    {
        eprintln!("skipped: the published vectors `{name}` are not beside the project");
    }
    None
}
