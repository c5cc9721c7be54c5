use super::*;

fn store() -> (tempfile::TempDir, KeyStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = KeyStore::at(Some(&directory.path().join("keys"))).unwrap();
    (directory, store)
}

fn passphrase_file(directory: &tempfile::TempDir, text: &str) -> PassphraseSource {
    let path = directory.path().join("passphrase");
    files::write(&path, text.as_bytes(), Access::Private, true).unwrap();
    PassphraseSource { file: Some(path) }
}

const NOW: Timestamp = Timestamp::from_unix_secs(1_795_255_200);

#[test]
fn a_key_can_be_made_listed_and_used() {
    let (directory, store) = store();
    let passphrase = Passphrase::new("correct horse".to_owned());
    for (name, algorithm) in [("a", Algorithm::P256), ("b", Algorithm::P384), ("c", Algorithm::Ed25519)] {
        let made = store.create(name, algorithm, None, &passphrase, NOW).unwrap();
        assert!(made.verification_method.starts_with(&made.did));
        let (signer, public) = store.unlock(name, &passphrase_file(&directory, "correct horse")).unwrap();
        assert_eq!(public, made);
        let signature = signer.key().sign(b"message").unwrap();
        assert!(signer.key().verifying_key().verify(b"message", &signature));
    }
    let names: Vec<String> = store.list().unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn a_key_is_never_replaced() {
    let (_directory, store) = store();
    let passphrase = Passphrase::new("correct horse".to_owned());
    let first = store.create("lab", Algorithm::P256, None, &passphrase, NOW).unwrap();
    let refused = store.create("lab", Algorithm::P256, None, &passphrase, NOW).unwrap_err();
    assert_eq!(refused.code(), "keystore.exists");
    assert_eq!(store.public("lab").unwrap(), first);
}

#[test]
fn a_wrong_passphrase_and_an_unknown_key_are_told_apart() {
    let (directory, store) = store();
    store.create("lab", Algorithm::P256, None, &Passphrase::new("correct horse".to_owned()), NOW).unwrap();
    let source = passphrase_file(&directory, "correct house");
    assert_eq!(store.unlock("lab", &source).map(|_| ()).unwrap_err().code(), "passphrase.wrong");
    assert_eq!(store.unlock("bal", &source).map(|_| ()).unwrap_err().code(), "keystore.unknown-key");
}

#[test]
fn names_stay_inside_the_store() {
    let (_directory, store) = store();
    for name in ["", "../lab", "a/b", "Lab", ".lab", "lab.pem", "-lab", &"a".repeat(65)] {
        assert_eq!(store.check_free(name).unwrap_err().code(), "keystore.name", "{name}");
    }
    for name in ["lab", "lab-2", "2_lab", &"a".repeat(64)] {
        store.check_free(name).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn what_others_may_open_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, store) = store();
    store.create("lab", Algorithm::P256, None, &Passphrase::new("correct horse".to_owned()), NOW).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(store.directory()), 0o700);
    assert_eq!(mode(&store.secret_path("lab")), 0o600);

    let source = passphrase_file(&directory, "correct horse");
    fs::set_permissions(store.secret_path("lab"), fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(store.unlock("lab", &source).map(|_| ()).unwrap_err().code(), "keystore.open-permissions");

    fs::set_permissions(store.directory(), fs::Permissions::from_mode(0o755)).unwrap();
    let refused = KeyStore::at(Some(store.directory())).unwrap_err();
    assert_eq!(refused.code(), "keystore.open-permissions");
    assert!(refused.help().unwrap().contains("chmod 700"));
}

#[test]
fn an_institution_names_its_key() {
    let (_directory, store) = store();
    let passphrase = Passphrase::new("correct horse".to_owned());
    let public =
        store.create("lab", Algorithm::P256, Some("did:web:hospital.example:ai"), &passphrase, NOW).unwrap();
    assert_eq!(public.verification_method, "did:web:hospital.example:ai#lab");
    assert_eq!(public.document_url().as_deref(), Some("https://hospital.example/ai/did.json"));
    let document = public.did_document().unwrap();
    assert_eq!(
        document.pointer("/assertionMethod/0").unwrap().as_str(),
        Some("did:web:hospital.example:ai#lab")
    );
    let refused = store.create("x", Algorithm::P256, Some("did:key:z6Mk"), &passphrase, NOW).unwrap_err();
    assert_eq!(refused.code(), "keystore.did");
}
