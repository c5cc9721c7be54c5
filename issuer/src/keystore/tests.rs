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
const LATER: Timestamp = Timestamp::from_unix_secs(1_795_255_200 + 7 * 86_400);

#[test]
fn a_key_can_be_made_listed_and_used() {
    let (directory, store) = store();
    let passphrase = Passphrase::new("correct horse".to_owned());
    for (name, algorithm) in [("a", Algorithm::P256), ("b", Algorithm::P384), ("c", Algorithm::Ed25519)] {
        let made = store.create(name, algorithm, None, &passphrase, NOW).unwrap();
        assert!(made.verification_method.starts_with(&made.did));
        let (signer, public) =
            store.unlock(name, &passphrase_file(&directory, "correct horse"), NOW).unwrap();
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
    assert_eq!(store.unlock("lab", &source, LATER).map(|_| ()).unwrap_err().code(), "passphrase.wrong");
    assert_eq!(store.unlock("bal", &source, LATER).map(|_| ()).unwrap_err().code(), "keystore.unknown-key");
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
    assert_eq!(
        store.unlock("lab", &source, LATER).map(|_| ()).unwrap_err().code(),
        "keystore.open-permissions"
    );

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

const LAB: &str = "did:web:lab.example";

#[test]
fn a_rotated_key_stays_and_its_successor_signs() {
    let (directory, store) = store();
    let passphrase = Passphrase::new("correct horse".to_owned());
    let source = passphrase_file(&directory, "correct horse");
    let first = store.create("lab", Algorithm::P256, Some(LAB), &passphrase, NOW).unwrap();
    let later = NOW.plus_secs(86_400);
    let (name, second) = store.rotate("lab", None, &passphrase, later).unwrap();
    assert_eq!((name.as_str(), second.verification_method.as_str()), ("lab-2", "did:web:lab.example#lab-2"));
    let (third_name, _) =
        store.rotate("lab", Some(Algorithm::Ed25519), &passphrase, later.plus_secs(60)).unwrap();
    assert_eq!(third_name, "lab-3");
    let (_, used) = store.unlock("lab", &source, LATER).unwrap();
    assert_eq!(used.verification_method, "did:web:lab.example#lab-3");
    let old = store.public("lab").unwrap();
    assert_eq!((old.expires, old.successor.as_deref()), (Some(later.to_string()), Some("lab-2")));
    assert_eq!(old.public_key_multibase, first.public_key_multibase);

    store.revoke("lab-2", later, later).unwrap();
    let document = store.document(LAB, &[]).unwrap().to_string();
    for (fragment, expires, revoked) in [("lab", true, false), ("lab-2", true, true), ("lab-3", false, false)]
    {
        let url = format!("{LAB}#{fragment}").parse().unwrap();
        let method = did::resolve_method(&url, did::Relationship::AssertionMethod, Some(&document)).unwrap();
        assert_eq!((method.expires.is_some(), method.revoked.is_some()), (expires, revoked), "{fragment}");
    }
    assert_eq!(
        store.revoke("lab-2", NOW, NOW).unwrap_err().code(),
        "keystore.revoked",
        "a revocation stays as it is"
    );
    store.revoke("lab-3", later, later).unwrap();
    assert_eq!(store.unlock("lab", &source, LATER).map(|_| ()).unwrap_err().code(), "keystore.revoked");
    assert_eq!(store.document("did:web:other.example", &[]).unwrap_err().code(), "keystore.no-key-for");
}

#[test]
fn a_did_key_ends_with_its_key() {
    let (_directory, store) = store();
    let passphrase = Passphrase::new("correct horse".to_owned());
    store.create("lab", Algorithm::P256, None, &passphrase, NOW).unwrap();
    assert_eq!(store.rotate("lab", None, &passphrase, NOW).unwrap_err().code(), "keystore.own-did");
    assert_eq!(store.revoke("lab", NOW, NOW).unwrap_err().code(), "keystore.own-did");
    assert_eq!(store.list().unwrap().len(), 1, "no key was made");
}

#[test]
fn nothing_is_signed_before_its_key_was_made() {
    let (directory, store) = store();
    let source = passphrase_file(&directory, "correct horse");
    store.create("lab", Algorithm::P256, None, &Passphrase::new("correct horse".to_owned()), NOW).unwrap();
    let code = |at| store.unlock("lab", &source, at).map_or_else(|error| error.code(), |_| "fine");
    assert_eq!((code(NOW.plus_secs(-1)), code(NOW)), ("keystore.too-early", "fine"));
}
