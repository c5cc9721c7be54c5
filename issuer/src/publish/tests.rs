//! What a site is, and what an interruption leaves of it.

use std::cell::{Cell, RefCell};

use super::*;

#[test]
fn a_did_has_one_place() {
    let root = Layout::of("did:web:lab.example").unwrap();
    assert_eq!((root.base.as_str(), root.prefix.as_str()), ("https://lab.example/", ""));
    assert_eq!(root.document, ".well-known/did.json");
    assert_eq!(root.index_url(), "https://lab.example/index.json");
    let unit = Layout::of("did:web:lab.example:unit:ai").unwrap();
    assert_eq!((unit.base.as_str(), unit.prefix.as_str()), ("https://lab.example/unit/ai/", "unit/ai/"));
    assert_eq!(unit.document, "unit/ai/did.json");
    assert!(Layout::of("did:key:z6MkwZoKZBosMdrSWjEbnMcmZarA1ZY9bEuDR9zpakamfZdc").is_err());
}

const DID: &str = "did:web:lab.example";

/// A place that gives up after so many changes.
#[derive(Default)]
struct Frail {
    files: RefCell<BTreeMap<String, Vec<u8>>>,
    left: Cell<usize>,
}

impl Frail {
    fn spend(&self) -> Result<(), Failure> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| PublishError::Target { target: "gone".to_owned() })?);
        Ok(())
    }

    /// Everything that the index names is there, as it says.
    fn check(&self) {
        let files = self.files.borrow();
        let Some(index) = files.get("index.json") else { return };
        let index = Index::read(std::str::from_utf8(index).unwrap()).unwrap();
        for entry in index.passports.values() {
            let bytes = files.get(&index::place(&entry.digest)).expect("a passport that the index names");
            assert_eq!(Digest::of(bytes).to_hex(), entry.sha256);
        }
    }
}

impl Target for Frail {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.files.borrow().get(path).cloned())
    }

    fn write(&self, path: &str, bytes: &[u8], _: &str) -> Result<(), Failure> {
        self.spend()?;
        self.files.borrow_mut().insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, Failure> {
        let files = self.files.borrow();
        let names = files.keys().filter_map(|path| path.strip_prefix(directory)?.strip_prefix('/'));
        Ok(names.map(str::to_owned).collect())
    }

    fn remove(&self, path: &str) -> Result<(), Failure> {
        self.spend()?;
        self.files.borrow_mut().remove(path);
        Ok(())
    }
}

fn site(names: &[&str]) -> Site {
    let mut site = Site::new(DID, json::parse(&format!(r#"{{"id":"{DID}"}}"#)).unwrap()).unwrap();
    for name in names {
        let text = format!(r#"{{"id":"urn:uuid:{name}","type":["VerifiableCredential","ModelPassport"]}}"#);
        let json = json::parse(&text).unwrap();
        site.add_passport(&Credential::new(json.clone()).unwrap(), &json, &[]).unwrap();
    }
    site
}

#[test]
fn an_interruption_leaves_no_index_that_leads_to_nothing() {
    for changes in 0..12 {
        let target = Frail::default();
        target.left.set(changes);
        let first = site(&["a", "b"]).publish(&target, false, false);
        target.check();
        assert_eq!(first.is_ok(), changes >= 5, "{changes}");
        // The next run does what is left; one that takes away is no different.
        target.left.set(changes);
        let second = site(&["c"]).publish(&target, false, true);
        target.check();
        target.left.set(99);
        let third = site(&["c"]).publish(&target, false, true).unwrap();
        target.check();
        assert!(second.is_err() || third.written.is_empty(), "{changes}");
        let files = target.files.borrow();
        assert_eq!(files.keys().filter(|path| path.starts_with("passports/")).count(), 1, "{changes}");
    }
}

#[test]
fn no_secret_is_published() {
    let token = concat!("gh", "p_4Kd8sLq2Zx7Vb1Nm6Tr9Yw3Pc5Hj0Gf8Aa2B");
    let json = json::parse(&format!(
        r#"{{"id":"urn:uuid:1","type":["VerifiableCredential","ModelPassport"],"credentialSubject":{{"note":"{token}"}}}}"#
    ))
    .unwrap();
    let credential = Credential::new(json.clone()).unwrap();
    let mut site = site(&[]);
    let refused = site.add_passport(&credential, &json, &[]).unwrap_err();
    assert_eq!(refused.code(), "publish.secret");
    assert!(!refused.to_string().contains(token), "{refused}");
    assert!(site.files.is_empty());
    site.add_passport(&credential, &json, &["/credentialSubject/note".to_owned()]).unwrap();
    assert_eq!(site.files.len(), 1);
}

#[test]
fn a_page_is_made_of_what_pages_are_made_of() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let code = |path: &str, text: &str| {
        let added = site(&[]).add_page(path, text.as_bytes().to_vec(), &["allowed.js".to_owned()]);
        added.map_or_else(|error| error.code(), |()| "fine")
    };
    for directory in ["www", "verifier-wasm"] {
        for entry in std::fs::read_dir(root.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if ["html", "css", "js"]
                .iter()
                .any(|ending| path.extension().is_some_and(|found| found == *ending))
            {
                assert_eq!(code(name, &std::fs::read_to_string(&path).unwrap()), "fine", "{name}");
            }
        }
    }
    let key = concat!("-----BE", "GIN PRIVATE KEY-----");
    let token = concat!("const key = \"gh", "p_4Kd8sLq2Zx7Vb1Nm6Tr9Yw3Pc5Hj0Gf8Aa2B\";");
    assert_eq!(code("fonts/a.woff2", "x"), "fine");
    assert_eq!(code("a.js", token), "publish.secret");
    assert_eq!(code("allowed.js", token), "fine");
    assert_eq!(code("notes.txt", "password = Kd8sLq2Zx7Vb1Nm6"), "publish.secret");
    for (path, text) in [
        (".env", "A=1"),
        (".git/config.txt", ""),
        ("verifier/.cache/x.js", ""),
        ("lab.pem", ""),
        ("key.txt", key),
        ("logo.png", key),
        ("did.json", "{}"),
        ("unit/did.json", "{}"),
        ("unit/index.json", "{}"),
        ("DID.json", "{}"),
        ("unit/passports/x.json", "{}"),
        ("unit/.well-known/x.json", "{}"),
        ("_headers", ""),
        ("_redirects", ""),
        ("notes", ""),
        ("dump.sql", ""),
    ] {
        assert_eq!(code(path, text), "publish.page", "{path}");
    }
}

#[test]
fn a_list_lies_where_its_address_says_and_nowhere_else() {
    let layout = Layout::of("did:web:lab.example:ai").unwrap();
    assert_eq!(layout.path_of("https://lab.example/ai/status/1").as_deref(), Some("ai/status/1"));
    for url in [
        "https://lab.example/status/1",
        "https://other.example/ai/status/1",
        "https://lab.example/ai/../status/1",
        "https://lab.example/ai//1",
        "https://lab.example/ai/",
        "https://lab.example/ai/did.json",
        "https://lab.example/ai/index.json",
        "https://lab.example/ai/_headers",
        "https://lab.example/ai/passports/x.json",
        "https://lab.example/ai/status?1",
        "https://lab.example/ai/a%2Fb",
    ] {
        assert_eq!(layout.path_of(url), None, "{url}");
    }
}
