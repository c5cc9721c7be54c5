//! From one institution to another: published, served, looked at, fetched, verified without a network.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use common::{Done, Place};

const LAB: &str = "did:web:lab.example";
const DOCUMENT: &str = "https://lab.example/.well-known/did.json";

/// What a server does beside handing out files.
#[derive(Clone, Copy, Default)]
struct Manners {
    /// Leaves out `Access-Control-Allow-Origin`.
    no_cors: bool,
    /// Sends everything as plain bytes.
    no_types: bool,
    /// Sends everybody who asks for a path that begins so elsewhere.
    redirects: Option<&'static str>,
}

/// A static web server on loopback; what it was asked for.
struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn of(root: PathBuf, manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &root, manners, &log);
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn here(&self) -> String {
        format!("--loopback lab.example={}", self.port)
    }
}

fn answer(mut stream: TcpStream, root: &Path, manners: Manners, log: &Mutex<Vec<String>>) {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else { return };
    log.lock().unwrap().push(path.to_owned());
    let media_type = match path {
        _ if manners.no_types => "application/octet-stream",
        path if path.ends_with("/did.json") => "application/did+json",
        path if path.starts_with("/passports/") || path.starts_with("/status/") => "application/vc",
        _ => "application/json",
    };
    let mut headers = format!("content-type: {media_type}\r\nconnection: close\r\n");
    if !manners.no_cors {
        headers.push_str("access-control-allow-origin: *\r\n");
    }
    let (status, body) = match fs::read(root.join(path.trim_start_matches('/'))) {
        _ if manners.redirects.is_some_and(|start| path.starts_with(start)) => {
            headers.push_str("location: https://www.lab.example/\r\n");
            ("301 Moved Permanently", Vec::new())
        }
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    let _client_may_be_gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// A lab with a domain, a status list, and passports of its data and its model.
fn lab() -> Place {
    let place = Place::new();
    let document = place.run(&format!("key new lab --did {LAB}")).succeeds().stdout;
    place.write("did.json", document);
    place.run("status new --url https://lab.example/status/1 --key lab -o status.json").succeeds();
    place
        .run("issue train.csv --kind dataset --claims dataset.toml --key lab --status status.json -o dataset.passport.json")
        .succeeds();
    place
        .run("issue model --claims model.toml --key lab --with did.json --with status.json -o model.passport.json")
        .succeeds();
    place
}

fn publish(place: &Place) -> Done {
    place.run("publish site --key lab dataset.passport.json model.passport.json --status status.json")
}

/// Every file below a directory with its bytes.
fn tree(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push((path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn id_of(place: &Place, name: &str) -> String {
    let json = model_passport::json::parse(&place.read(name)).unwrap();
    json.get("id").unwrap().as_str().unwrap().to_owned()
}

#[test]
fn what_is_published_can_be_fetched_and_verified_without_a_network() {
    let place = lab();
    assert_eq!(publish(&place).succeeds().stdout, "https://lab.example/index.json\n");
    let before = tree(&place.path("site"));
    let names: Vec<_> = before.iter().map(|(path, _)| path.to_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(publish(&place).succeeds().stderr.contains("unchanged: 6"));
    assert_eq!(tree(&place.path("site")), before, "the same inputs give the same bytes");

    let server = Server::of(place.path("site"), Manners::default());
    let here = server.here();
    // Told first, asked later.
    let dry = place.run(&format!("fetch {LAB} {here} --dry-run")).succeeds();
    assert!(dry.stderr.contains(&format!("would fetch: {DOCUMENT}\n")), "{}", dry.stderr);
    assert_eq!(server.asked(), Vec::<String>::new());

    let model = id_of(&place, "model.passport.json");
    let done = place.run(&format!("fetch {model} --from {LAB} {here} -o fetched.json")).succeeds();
    let told: Vec<String> = done
        .stderr
        .lines()
        .filter_map(|line| Some(line.strip_prefix("fetch: https://lab.example")?.to_owned()))
        .collect();
    assert_eq!(server.asked(), told, "every request is told");
    // The model's passport, its parent by the digest of the link, and what both need.
    assert_eq!(told.len(), 5, "{told:?}");
    place.run("verify fetched.json --with fetched.json --json").reports(0, "verified", "ok");
    // The documents of a bundle count for whoever fetched them, and for nobody else.
    place.run("verify fetched.json --json").reports(2, "could-not-check", "did.document-from-input");

    place.run(&format!("verify model.passport.json --fetch {here} --json")).reports(0, "verified", "ok");
    place.run(&format!("bundle model.passport.json --fetch {here} -o bundled.json")).succeeds();
    place.run("verify bundled.json --with bundled.json --json").reports(0, "verified", "ok");
    let url =
        format!("https://lab.example/{}", names.iter().find(|name| name.starts_with("passports")).unwrap());
    place.run(&format!("fetch {url} {here} -o by-address.json")).succeeds();
    let listed = place.run(&format!("fetch {LAB} --list {here}")).succeeds();
    assert_eq!(listed.stdout.lines().count(), 2);
    server.asked();
    place.run("verify model.passport.json --json").reports(2, "could-not-check", "did.document-needed");
    assert_eq!(server.asked(), Vec::<String>::new(), "nothing is asked unasked");

    let looked = place.run(&format!("doctor {LAB} {here}"));
    assert_eq!(looked.status, 0, "{}", looked.stdout);
    assert!(looked.stdout.contains("passports: 2, status lists: 1;"), "{}", looked.stdout);
}

/// The data are another institution's, which has a site of its own below a path.
#[test]
fn a_lineage_is_collected_across_institutions() {
    const HOLDER: &str = "did:web:data.example:registry";
    let place = Place::new();
    let document = place.run(&format!("key new holder --did {HOLDER}")).succeeds().stdout;
    place.write("holder.json", document);
    place.run(&format!("key new lab --did {LAB}")).succeeds();
    place
        .run("issue train.csv --kind dataset --claims dataset.toml --key holder -o dataset.passport.json")
        .succeeds();
    place
        .run("issue model --claims model.toml --key lab --with holder.json -o model.passport.json")
        .succeeds();
    place.run("publish holder --key holder dataset.passport.json").succeeds();
    let published = place.run("publish lab --key lab model.passport.json").succeeds();
    assert!(published.stderr.contains("to be found elsewhere: urn:uuid:"), "{}", published.stderr);
    assert!(
        place.path("holder/registry/did.json").exists() && place.path("holder/registry/index.json").exists()
    );

    let (lab, holder) = (
        Server::of(place.path("lab"), Manners::default()),
        Server::of(place.path("holder"), Manners::default()),
    );
    let here = format!("{} --loopback data.example={}", lab.here(), holder.port);
    let done = place.run(&format!("verify model.passport.json --fetch {here} --json"));
    assert!(done.stderr.contains("code: fetch.not-found"), "{}", done.stderr);
    done.reports(2, "could-not-check", "lineage.missing");
    place
        .run(&format!("verify model.passport.json --fetch --from {HOLDER} {here} --json"))
        .reports(0, "verified", "ok");
    place.run(&format!("bundle model.passport.json --fetch --from {HOLDER} {here} -o b.json")).succeeds();
    place.run("verify b.json --with b.json --json").reports(0, "verified", "ok");
    assert_eq!(place.run(&format!("doctor https://data.example/registry/ {here}")).status, 0);
}

/// A passport of another issuer on a site of one's own.
#[test]
fn what_could_not_be_checked_is_not_published_and_not_called_verifiable() {
    let place = lab();
    let document = place.run("key new holder --did did:web:data.example").succeeds().stdout;
    place.write("holder.json", document);
    place
        .run("issue train.csv --kind dataset --claims dataset.toml --key holder -o other.passport.json")
        .succeeds();
    let again = "publish site --key lab other.passport.json";
    place.run(again).fails(2, "publish.not-checked");
    // A bundle does not vouch for what it brings along.
    place.run("bundle other.passport.json holder.json -o other.bundle.json").succeeds();
    place.run("publish site --key lab other.bundle.json").fails(2, "publish.not-checked");
    assert!(!place.path("site").exists(), "nothing was written");
    place.run(&format!("{again} --with holder.json")).succeeds();
    let names: Vec<PathBuf> = tree(&place.path("site")).into_iter().map(|(path, _)| path).collect();
    assert_eq!(names.len(), 4, "what was given to check with stays here: {names:?}");

    let server = Server::of(place.path("site"), Manners::default());
    let looked = place.run(&format!("doctor {LAB} {}", server.here()));
    assert!(looked.stdout.contains("doctor.not-checked"), "{}", looked.stdout);
    assert!(!looked.stdout.contains("verifiable"), "{}", looked.stdout);
    assert_eq!(looked.status, 2, "{}", looked.stdout);
}

#[test]
fn a_recall_reaches_whoever_fetches() {
    let place = lab();
    publish(&place).succeeds();
    place.run("revoke dataset.passport.json --at 2026-11-21T10:01:00Z").succeeds();
    let old = place.read("site/status/1");
    let late = "--at 2026-11-21T10:02:00Z";
    let again = "publish site --key lab --status status.json";
    let done = place.run(&format!("{again} {late}")).succeeds();
    assert_eq!(done.stderr.matches("kept: urn:uuid:").count(), 2, "{}", done.stderr);
    let server = Server::of(place.path("site"), Manners::default());
    let here = server.here();
    place.run(&format!("verify model.passport.json --fetch {here} --json {late}")).reports(
        1,
        "not-verified",
        "status.revoked",
    );
    // The recall is carried on: to where there is no network, and into other bundles.
    let done = place.run(&format!("fetch {LAB} {here} -o fetched.json {late}"));
    assert!(done.status == 1 && done.stderr.contains("status.revoked"), "{}", done.stderr);
    place.run(&format!("verify fetched.json --with fetched.json --json {late}")).reports(
        1,
        "not-verified",
        "status.revoked",
    );
    let done = place.run(&format!("bundle fetched.json -o again.json {late}"));
    assert!(done.status == 1 && done.stderr.contains("status.revoked"), "{}", done.stderr);
    assert_eq!(place.run(&format!("verify again.json --with again.json {late}")).status, 1);
    // What was changed is not.
    let changed = place.read("fetched.json").replace("\"proofValue\": \"z", "\"proofValue\": \"z2");
    place.write("changed.json", changed);
    place.run(&format!("bundle changed.json -o bad.json {late}")).fails(1, "bundle.not-verified");
    assert!(!place.path("bad.json").exists());
    // A site with a recalled passport is in order.
    assert_eq!(place.run(&format!("doctor {LAB} {here} {late}")).status, 0);
    // The list from before does not come back.
    place.write("old.json", old);
    let renewed = place.read("status.json");
    place.run(&format!("publish site --key lab --status old.json {late}")).fails(64, "publish.list-older");
    // Nor where no index says that there is a newer one.
    fs::remove_file(place.path("site/index.json")).unwrap();
    place.run(&format!("publish site --key lab --status old.json {late}")).fails(64, "publish.list-older");
    place.write("site/status/1", format!("{renewed} "));
    place.run(&format!("{again} {late}")).fails(64, "publish.list-twice");
    place.write("site/status/1", renewed);
    place.run(&format!("{again} {late}")).succeeds();
}

impl Done {
    /// Ended so, after telling what was asked.
    #[track_caller]
    fn fails_after_notes(self, status: i32, code: &str) {
        assert_eq!(self.status, status, "{}{}", self.stdout, self.stderr);
        assert!(self.stderr.ends_with(&format!("code: {code}\n")), "{}", self.stderr);
    }
}

#[test]
fn what_keeps_others_from_verifying_is_found() {
    let place = lab();
    publish(&place).succeeds();
    let site = place.path("site");
    let look = |manners: Manners, expected: &[&str]| {
        let server = Server::of(site.clone(), manners);
        let done = place.run(&format!("doctor https://lab.example/ --json {}", server.here()));
        let report = model_passport::json::parse(done.stdout.trim()).unwrap();
        let findings = report.get("findings").unwrap().as_array().unwrap();
        let codes: Vec<&str> =
            findings.iter().map(|one| one.get("code").unwrap().as_str().unwrap()).collect();
        for code in expected {
            assert!(codes.contains(code), "{code}: {codes:?}");
        }
        done.status
    };
    assert_eq!(look(Manners::default(), &["doctor.fine"]), 0);
    assert_eq!(look(Manners { no_cors: true, ..Manners::default() }, &["doctor.cors"]), 1);
    assert_eq!(look(Manners { no_types: true, ..Manners::default() }, &["doctor.content-type"]), 0);
    assert_eq!(
        look(Manners { redirects: Some("/.well-known"), ..Manners::default() }, &["fetch.redirect"]),
        1
    );
    assert_eq!(look(Manners { redirects: Some("/passports"), ..Manners::default() }, &["fetch.redirect"]), 1);
    assert_eq!(look(Manners { redirects: Some("/status"), ..Manners::default() }, &["fetch.redirect"]), 1);

    let passports: Vec<PathBuf> =
        tree(&site).into_iter().map(|(path, _)| path).filter(|path| path.starts_with("passports")).collect();
    let [first, second] = passports.as_slice() else { unreachable!("two passports") };
    let (one, other) = (fs::read(site.join(first)).unwrap(), fs::read(site.join(second)).unwrap());
    fs::write(site.join(first), &other).unwrap();
    assert_eq!(look(Manners::default(), &["doctor.digest", "doctor.file-mismatch"]), 1);
    fs::write(site.join(first), [&one[..], b"\n"].concat()).unwrap();
    assert_eq!(look(Manners::default(), &["doctor.file-mismatch"]), 1);
    fs::remove_file(site.join(first)).unwrap();
    assert_eq!(look(Manners::default(), &["fetch.status"]), 1);
    fs::write(site.join(first), &one).unwrap();
    let list = place.read("site/status/1");
    place.write("site/status/1", list.replace("revocation", "suspension"));
    assert_eq!(look(Manners::default(), &["doctor.list", "doctor.file-mismatch"]), 1);
    place.write("site/status/1", list);
    let document = place.read("site/.well-known/did.json");
    place.write(
        "site/.well-known/did.json",
        document.replace("\"did:web:lab.example\"", "\"did:web:l.example\""),
    );
    assert_eq!(look(Manners::default(), &["doctor.did"]), 1);
}

#[test]
fn a_wrong_passport_under_a_digest_is_not_taken() {
    let place = lab();
    publish(&place).succeeds();
    let site = place.path("site");
    let passports: Vec<(PathBuf, Vec<u8>)> =
        tree(&site).into_iter().filter(|(path, _)| path.starts_with("passports")).collect();
    let [(first, _), (_, other)] = passports.as_slice() else { unreachable!("two passports") };
    fs::write(site.join(first), other).unwrap();
    let server = Server::of(site.clone(), Manners::default());
    place.run(&format!("fetch {LAB} {} -o fetched.json", server.here())).fails_after_notes(1, "fetch.digest");
    assert!(!place.path("fetched.json").exists());
    let redirecting = Server::of(site, Manners { redirects: Some("/.well-known"), ..Manners::default() });
    place.run(&format!("fetch {LAB} {}", redirecting.here())).fails_after_notes(2, "fetch.redirect");
}

#[test]
fn a_key_is_rotated_and_what_it_signed_still_holds() {
    let place = lab();
    publish(&place).succeeds();
    place.run("key rotate lab --at 2026-11-21T10:10:00Z").succeeds();
    let late = "--at 2026-11-21T10:20:00Z";
    place.run(&format!("status renew status.json {late}")).succeeds();
    place
        .run(&format!(
            "issue train.csv --kind dataset --claims dataset.toml --key lab -o second.passport.json {late}"
        ))
        .succeeds();
    let proof = place.read("second.passport.json");
    assert!(proof.contains("\"did:web:lab.example#lab-2\""), "{proof}");
    place.run(&format!("publish site --key lab second.passport.json --status status.json {late}")).succeeds();
    let server = Server::of(place.path("site"), Manners::default());
    let here = server.here();
    let done = place.run(&format!("verify model.passport.json --fetch {here} --json {late}"));
    assert!(done.stdout.contains("proof.time-by-issuer"), "on whose word the time rests: {}", done.stdout);
    done.reports(0, "verified", "ok");
    place
        .run(&format!("verify second.passport.json --fetch {here} --json {late}"))
        .reports(0, "verified", "ok");
    assert_eq!(place.run(&format!("doctor {LAB} {here} {late}")).status, 0);

    place
        .run("key revoke lab --since 2026-11-21T10:20:01Z --at 2026-11-21T10:20:00Z")
        .fails(64, "keystore.revoked-later");
    place.run("key revoke lab --since 2026-11-21T10:00:00Z").succeeds();
    place.run(&format!("publish site --key lab {late}")).succeeds();
    place.run(&format!("verify model.passport.json --fetch {here} --json {late}")).reports(
        1,
        "not-verified",
        "proof.key-revoked",
    );
    let looked = place.run(&format!("doctor {LAB} {here} {late}"));
    assert!(looked.status == 1 && looked.stdout.contains("doctor.passport"), "{}", looked.stdout);

    let document = place.run(&format!("did document --did {LAB}")).succeeds().stdout;
    assert!(document.contains("\"revoked\": \"2026-11-21T10:00:00Z\""), "{document}");
    assert!(document.contains("\"expires\": \"2026-11-21T10:10:00Z\""), "{document}");
    place.run(&format!("did document --did {LAB} -o did.json")).fails(64, "output.exists");
    place.run("did document --did did:web:other.example").fails(64, "keystore.no-key-for");
}

/// From a key store that was restored, or made anew under the same names.
#[test]
fn a_published_key_stays_what_it_is() {
    let place = lab();
    let copy = |from: &str, to: &str| {
        for (name, _) in tree(&place.path(from)) {
            let target = place.path(to).join(&name);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(place.path(from).join(&name), target).unwrap();
        }
    };
    copy("keys", "before");
    let again = "publish site --key lab";
    place.run("key revoke lab --since 2026-11-21T09:00:00Z").succeeds();
    place.run(again).succeeds();
    let published = tree(&place.path("site"));
    copy("keys", "after");
    // A copy from before the revocation, and one that puts it later.
    copy("before", "keys");
    place.run(again).fails(64, "publish.keys-changed");
    let public = fs::read_to_string(place.path("after/lab.json")).unwrap();
    place.write("keys/lab.json", public.replace("T09:00:00Z", "T09:30:00Z"));
    place.run(again).fails(64, "publish.keys-changed");
    // Another key of the same name.
    for name in ["keys/lab.json", "keys/lab.pem"] {
        fs::remove_file(place.path(name)).unwrap();
    }
    place.run(&format!("key new lab --did {LAB}")).succeeds();
    place.run("key revoke lab --since 2026-11-21T09:00:00Z").succeeds();
    place.run(again).fails(64, "publish.keys-changed");
    assert_eq!(tree(&place.path("site")), published, "nothing was written");
    // An earlier end is more of the same.
    copy("after", "keys");
    place.write("keys/lab.json", public.replace("T09:00:00Z", "T08:00:00Z"));
    place.run(again).succeeds();
    copy("before", "keys");
    place.run(&format!("{again} --force")).succeeds();
    assert!(!place.read("site/.well-known/did.json").contains("revoked"));
}

#[test]
fn what_should_not_leave_does_not() {
    let place = lab();
    let files = |place: &Place| place.path("site").exists();
    let publish = |what: &str| place.run(&format!("publish site --key lab {what}"));
    place.run("capture train.csv --kind dataset -o draft.json").succeeds();
    publish("draft.json").fails(3, "evidence.unknown-kind");
    publish("did.json").fails(3, "evidence.unknown-kind");
    publish("status.json").fails(3, "evidence.unknown-kind");
    place
        .run("issue train.csv --kind dataset --claims dataset.toml --key lab --proof ecdsa-sd-2023 -o base.json")
        .succeeds();
    publish("base.json").fails(1, "publish.not-verified");
    let broken = place.read("model.passport.json").replace("\"proofValue\": \"z", "\"proofValue\": \"z2");
    place.write("broken.json", broken);
    publish("broken.json").fails(1, "publish.not-verified");
    publish("model.passport.json --status model.passport.json").fails(3, "publish.list");
    place.run("publish gs://bucket/x --key lab model.passport.json").fails(64, "publish.target");
    place.run("publish file://site --key lab model.passport.json").fails(64, "publish.target");
    assert!(!files(&place), "nothing was written");

    // Another institution's place, and keys that somebody else published.
    publish("model.passport.json").succeeds();
    place.run("key new other --did did:web:other.example").succeeds();
    place.run("publish site --key other").fails(64, "publish.other-did");
    let document = place.read("site/.well-known/did.json");
    place.write("site/.well-known/did.json", document.replace("#lab", "#office"));
    publish("model.passport.json").fails(64, "publish.keys-lost");
    publish("model.passport.json --force").succeeds();
    let before = tree(&place.path("site"));
    publish("dataset.passport.json").succeeds();
    let pruned = publish("model.passport.json --prune").succeeds();
    assert!(pruned.stderr.contains("removed: passports/"), "{}", pruned.stderr);
    assert_eq!(tree(&place.path("site")), before);

    // Nothing is signed as of before its key was made, with a did:key neither.
    place.run("key new own").succeeds();
    for key in ["lab", "own"] {
        let early = "--kind dataset --claims dataset.toml --at 2020-01-01T00:00:00Z -o early.json";
        place.run(&format!("issue train.csv --key {key} {early}")).fails(64, "keystore.too-early");
    }
    let early =
        "status new --url https://lab.example/status/9 --key lab -o early.json --at 2020-01-01T00:00:00Z";
    place.run(early).fails(64, "keystore.too-early");
    assert!(!place.path("early.json").exists());

    // A page beside it, and what it must not take the place of.
    fs::create_dir_all(place.path("page/wasm")).unwrap();
    place.write("page/index.html", "<!DOCTYPE html>");
    place.write("page/wasm/verifier.wasm", b"\0asm");
    publish("model.passport.json --page page").succeeds();
    assert_eq!(place.read("site/index.html"), "<!DOCTYPE html>");
    for (name, text) in
        [("index.json", "{}"), (".env", "PASSWORD=x"), ("lab.pem", ""), ("wasm/did.json", "{}")]
    {
        place.write(&format!("page/{name}"), text);
        publish("model.passport.json --page page").fails(64, "publish.page");
        fs::remove_file(place.path("page").join(name)).unwrap();
    }
    // A list that is published already, and not named this time.
    place.run("status new --url https://lab.example/lists/1.json --key lab -o other.json").succeeds();
    publish("--status other.json").succeeds();
    fs::create_dir_all(place.path("page/lists")).unwrap();
    place.write("page/lists/1.json", "{}");
    publish("model.passport.json --page page").fails(64, "publish.page");
    publish("model.passport.json --status other.json --page page").fails(64, "publish.page");
    assert_eq!(place.read("site/lists/1.json"), place.read("other.json"));
}

#[test]
fn a_host_that_nobody_named_is_not_asked() {
    let place = Place::with_keys();
    place.run("status new --url https://lab.example/status/1 --key lab -o status.json").succeeds();
    place
        .run("issue train.csv --kind dataset --claims dataset.toml --key lab --status status.json -o dataset.passport.json")
        .succeeds();
    let done = place.run("verify dataset.passport.json --fetch");
    assert_eq!(done.status, 2, "{}", done.stderr);
    assert!(done.stderr.contains("code: fetch.host"), "a did:key names no host: {}", done.stderr);
    let done = place.run("verify dataset.passport.json --fetch --allow-host lab.example");
    assert!(done.stderr.contains("fetch: https://lab.example/status/1"), "{}", done.stderr);
    place.run("fetch did:key:z6MkwZoKZBosMdrSWjEbnMcmZarA1ZY9bEuDR9zpakamfZdc").fails(64, "fetch.where");
    place.run("fetch urn:uuid:1").fails(64, "fetch.where");
    place.run("fetch https://127.0.0.1/x").fails(64, "fetch.address");
    place.run("fetch https://localhost/x").fails_after_notes(64, "fetch.not-public");
    place.run("fetch https://lab.example:8443/x").fails(64, "fetch.port");
    assert_eq!(place.run("doctor nonsense").status, 2);
    assert_eq!(place.run("doctor").status, 0);
    let early = place.run("doctor --json --at 2026-11-01T00:00:00Z");
    assert!(early.status == 1 && early.stdout.contains("doctor.clock"), "{}", early.stdout);
}
