//! The file with the holder's secret: `{"secrets": "…/v1/record-secrets", "secret": "u…"}`.
//!
//! It stays with the holder of the data. Whoever has it can test for any record, and without it no proof can be
//! made; so it is open to its owner alone, never overwritten and never shown.

use std::path::Path;

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use model_passport::json::{self, Json};
use model_passport::multibase;
use model_passport::records::Secret;
use zeroize::{Zeroize as _, Zeroizing};

use super::DataError;
use crate::files::{self, Access};
use crate::keystore::permissions;
use crate::problem::Failure;

const FORMAT: &str = "https://w3id.org/model-passport/v1/record-secrets";

/// A file of secrets has some 150 bytes.
const MAX_BYTES: u64 = 1_024;

/// Reads the secret from a file that is there.
pub(crate) fn read(path: &Path) -> Result<Secret, Failure> {
    permissions::check(path)?;
    let text = Zeroizing::new(files::read_text(path, MAX_BYTES)?);
    let refused = || DataError::Secrets { path: path.to_owned() };
    let document = json::parse(&text).map_err(|_| refused())?;
    let member = |name| document.get(name).and_then(Json::as_str);
    let known = document.as_object().is_some_and(|object| object.len() == 2);
    if !known || member("secrets") != Some(FORMAT) {
        return Err(refused().into());
    }
    let digits = member("secret").and_then(|text| text.strip_prefix('u')).ok_or_else(refused)?;
    let bytes = Zeroizing::new(multibase::decode_base64url_digits(digits).map_err(|_| refused())?);
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
    let mut secret = multibase::encode_base64url(bytes.as_ref());
    let text = Zeroizing::new(format!("{{\n  \"secrets\": \"{FORMAT}\",\n  \"secret\": \"{secret}\"\n}}\n"));
    secret.zeroize();
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
        let good =
            format!(r#"{{"secrets":"{FORMAT}","secret":"{}"}}"#, multibase::encode_base64url(&[1; 32]));
        for (text, expected) in [
            (good.clone(), "ok"),
            (good.replace("secrets\"", "other\""), "data.secrets-malformed"),
            (good.replace("\":\"u", "\":\"z"), "data.secrets-malformed"),
            (good.replace("\":\"u", "\":\"uAAAA"), "data.secrets-malformed"),
            (good.replace('}', r#","more":1}"#), "data.secrets-malformed"),
            ("{}".to_owned(), "data.secrets-malformed"),
            (String::new(), "data.secrets-malformed"),
        ] {
            files::write(&path, text.as_bytes(), Access::Private, true).unwrap();
            let found = read(&path);
            assert_eq!(found.as_ref().map_or_else(|error| error.code(), |_| "ok"), expected, "{text}");
            let told = format!("{found:?}");
            assert!(!told.contains(&multibase::encode_base64url(&[1; 32])), "{told}");
        }
    }
}
