//! Digests that other tools left behind and that no longer prove anything: checked, then replaced.
//!
//! Anyone can make two files with one MD5, and a few hexadecimal digits of any digest collide by chance. Such
//! a digest still says which file somebody meant. So it is held against the bytes, and when it fits, the
//! SHA-256 that the manifest has anyway stands in its place; when it does not, the file is not the one that was
//! meant, and nothing is captured.

use md5::Digest as _;
use model_passport::digest::hex;

use super::artifacts::Artifact;
use super::weights::copy;
use super::{CaptureError, FormatError, Found};

/// Holds the MD5 (hexadecimal, any case) that `said_by` has for a file against its bytes.
///
/// # Errors
/// `capture.weak-digest-mismatch`, which names the file; and when the file cannot be read again.
pub(super) fn check_md5(
    found: &mut Found,
    file: &Artifact,
    hex: &str,
    said_by: &str,
) -> Result<(), CaptureError> {
    let computed = md5_of(file)?;
    if !computed.eq_ignore_ascii_case(hex) {
        let cause = FormatError {
            code: "capture.weak-digest-mismatch",
            format: "the file that was pinned",
            message: format!("{said_by} has the MD5 `{hex}` for it, its bytes have `{computed}`"),
            help: "restore the file that was meant, or renew the record that pins it; nothing was captured",
        };
        return Err(CaptureError::Format { path: file.location.clone(), cause });
    }
    found.note(
        "capture.weak-digest-upgraded",
        format!(
            "`{}` is pinned by MD5 in {said_by}: its bytes fit, and the passport has its SHA-256",
            file.path
        ),
    );
    Ok(())
}

/// Holds the SHA-256 (hexadecimal, any case) that `said_by` has for a file against its own.
///
/// # Errors
/// `capture.pinned-digest-mismatch`, which names the file.
pub(super) fn check_sha256(file: &Artifact, hex: &str, said_by: &str) -> Result<(), CaptureError> {
    let computed = file.hashed.sha256.to_hex();
    if computed.eq_ignore_ascii_case(hex) {
        return Ok(());
    }
    let cause = FormatError {
        code: "capture.pinned-digest-mismatch",
        format: "the file that was pinned",
        message: format!("{said_by} has another SHA-256 for it, its bytes have `{computed}`"),
        help: "restore the file that was meant, or renew the record that pins it; nothing was captured",
    };
    Err(CaptureError::Format { path: file.location.clone(), cause })
}

/// The MD5 of a file, in hexadecimal.
pub(super) fn md5_of(file: &Artifact) -> Result<String, CaptureError> {
    let mut input = file.open()?;
    let mut md5 = md5::Md5::new();
    copy(&mut input, file.hashed.stamp.size, &mut |bytes| md5.update(bytes))
        .map_err(|cause| CaptureError::io(&file.location, cause))?;
    file.unchanged(&input)?;
    Ok(hex(&md5.finalize()))
}

/// The MD5 of a text, in hexadecimal.
pub(super) fn md5_of_text(text: &str) -> String {
    hex(&md5::Md5::digest(text))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;
    use super::*;
    use crate::problem::Problem as _;

    #[test]
    fn an_md5_is_checked_and_replaced() {
        let tree = Tree::with(&[("a.bin", b"abc")]);
        let artifacts = tree.artifacts();
        let mut found = Found::default();
        for hex in ["900150983cd24fb0d6963f7d28e17f72", "900150983CD24FB0D6963F7D28E17F72"] {
            check_md5(&mut found, &artifacts.files[0], hex, "`a.bin.dvc`").unwrap();
        }
        assert_eq!(found.notes.len(), 2);
        for hex in ["900150983cd24fb0d6963f7d28e17f73", "", "900150983cd24fb0"] {
            let error = check_md5(&mut found, &artifacts.files[0], hex, "`a.bin.dvc`").unwrap_err();
            assert_eq!(error.code(), "capture.weak-digest-mismatch");
            assert!(error.to_string().contains("a.bin"), "{error}");
        }
    }
}
