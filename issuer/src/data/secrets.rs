//! The file with the holder's secret: `{"secrets": "…/v1/record-secrets", "secret": "u…"}`.
//!
//! It stays with the holder of the data. Whoever has it can test for any record, and without it no proof can be
//! made; so it is open to its owner alone, never overwritten and never shown.

use std::path::Path;

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use model_passport::multibase;
use model_passport::records::Secret;
use zeroize::Zeroizing;

use super::DataError;
use crate::files::{self, Access};
use crate::keystore::permissions;
use crate::problem::Failure;

/// What tells such a file from any other.
pub(crate) const MARK: &str = "https://w3id.org/model-passport/v1/record-secrets";

/// A file of secrets has some 150 bytes.
const MAX_BYTES: u64 = 1_024;

/// What stands before and after the secret. The text is taken as it was written and in no other form, so that no
/// copy of it is made that would not be wiped.
const BEFORE: &str =
    "{\n  \"secrets\": \"https://w3id.org/model-passport/v1/record-secrets\",\n  \"secret\": \"u";
const AFTER: &str = "\"\n}";

/// Reads the secret from a file that is there.
pub(crate) fn read(path: &Path) -> Result<Secret, Failure> {
    permissions::check(path)?;
    let text = Zeroizing::new(files::read_text(path, MAX_BYTES)?);
    let refused = || DataError::Secrets { path: path.to_owned() };
    let digits = text.trim_end().strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(AFTER));
    let bytes = multibase::decode_base64url_digits(digits.ok_or_else(refused)?).map_err(|_| refused())?;
    let bytes = Zeroizing::new(bytes);
    let bytes: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| refused())?;
    Ok(Secret::from_bytes(bytes))
}

/// Reads the secret, or makes the file if there is none; whether it was made.
pub(crate) fn read_or_make(path: &Path) -> Result<(Secret, bool), Failure> {
    if path.symlink_metadata().is_ok() {
        return Ok((read(path)?, false));
    }
    let mut bytes = Zeroizing::new([0; 32]);
    SystemRandom::new().fill(bytes.as_mut()).map_err(|_| DataError::Randomness)?;
    let digits = Zeroizing::new(multibase::encode_base64url_digits(bytes.as_ref()));
    let text = Zeroizing::new([BEFORE, &digits, AFTER, "\n"].concat());
    files::write(path, text.as_bytes(), Access::Private, false)?;
    Ok((Secret::from_bytes(&bytes), true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_read_from_then_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets");
        assert_eq!(read(&path).unwrap_err().code(), "input.missing");
        let (made, new) = read_or_make(&path).unwrap();
        let (again, newer) = read_or_make(&path).unwrap();
        assert!(new && !newer);
        assert_eq!(made.vrf_key(), again.vrf_key());
        let other = read_or_make(&directory.path().join("other")).unwrap().0;
        assert_ne!(made.vrf_key(), other.vrf_key());
    }

    #[cfg(unix)]
    #[test]
    fn others_may_not_read_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets");
        read_or_make(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(read(&path).unwrap_err().code(), "keystore.open-permissions");
    }

    #[test]
    fn other_files_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets");
        let good = [BEFORE, &multibase::encode_base64url_digits(&[1; 32]), AFTER, "\n"].concat();
        for (text, expected) in [
            (good.clone(), "ok"),
            (good.replace("secrets\"", "other\""), "data.secrets-malformed"),
            (good.replace("\"uAQ", "\"zAQ"), "data.secrets-malformed"),
            (good.replace("\"uAQ", "\"uAAAAAQ"), "data.secrets-malformed"),
            (good.replace('}', r#","more":1}"#), "data.secrets-malformed"),
            ("{}".to_owned(), "data.secrets-malformed"),
            (String::new(), "data.secrets-malformed"),
        ] {
            files::write(&path, text.as_bytes(), Access::Private, true).unwrap();
            let found = read(&path);
            assert_eq!(found.as_ref().map_or_else(|error| error.code(), |_| "ok"), expected, "{text}");
            let told = format!("{found:?}");
            assert!(!told.contains(&multibase::encode_base64url_digits(&[1; 32])), "{told}");
        }
    }
}
