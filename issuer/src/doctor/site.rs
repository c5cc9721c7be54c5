//! A published site as another institution's browser sees it: can everything be asked for, does a page elsewhere get
//! to read it, and does it hold?

use std::collections::BTreeSet;

use model_passport::did::{self, Did, MAX_DID_DOCUMENT_BYTES};
use model_passport::digest::Digest;
use model_passport::evidence::{Document, Evidence, NeedKind, Policy, Profile};
use model_passport::json::{self, Json};
use model_passport::limits::MAX_DOCUMENT_BYTES;
use model_passport::passport;
use model_passport::report::{Check, CheckName, Outcome, Verdict};
use model_passport::time::Timestamp;

use super::{Finding, Severity, age, document};
use crate::command::verify;
use crate::fetch::{Answer, Ask, FetchError, Network};
use crate::problem::Problem;
use crate::publish::index::{self, Index};
use crate::publish::{CREDENTIAL_TYPE, DID_TYPE, Layout, read_list};

/// The origin of a page that has nothing to do with the site.
const ORIGIN: &str = "https://verifier.example";

/// Most passports that are asked for; of a larger site, the first.
const MAX_PASSPORTS: usize = 200;

/// A look at a site.
pub(crate) struct Visit<'v> {
    network: &'v Network,
    now: Timestamp,
    findings: Vec<Finding>,
}

impl<'v> Visit<'v> {
    /// Looks at the site of a did:web, or at the one that an address belongs to.
    pub(crate) fn of(network: &'v Network, target: &str, now: Timestamp) -> Vec<Finding> {
        let mut visit = Self { network, now, findings: Vec::new() };
        for note in network.notes() {
            let fix = "look again from another machine, once it is published";
            let message = format!("{note}; the connection itself was not looked at");
            visit.findings.push(Finding::new(Severity::Warning, "doctor.loopback", target, message, fix));
        }
        match did_of(target) {
            Some(did) => visit.look(&did),
            None => {
                let fix = "give a did:web, or the https address of its site";
                let message = "this is neither a did:web nor the address of the site of one";
                visit.findings.push(Finding::new(Severity::Unknown, "doctor.target", target, message, fix));
            }
        }
        visit.findings
    }

    fn look(&mut self, did: &str) {
        let (Ok(layout), Some(url)) = (Layout::of(did), document_url(did)) else { return };
        let types = [DID_TYPE, "application/did+ld+json", "application/json"];
        let Some(text) = self.text(&url, MAX_DID_DOCUMENT_BYTES, &types) else { return };
        let found = document(&url, &text, did, self.now);
        self.findings.extend(found);
        let mut evidence = Evidence::default();
        let index_url = self.index_of(&url, &text, &layout);
        evidence.documents.push(Document { url, retrieved: Some(self.now.to_string()), text });
        let Some(index_url) = index_url else { return };
        let Some(text) = self.text(&index_url, index::MAX_BYTES, &["application/json"]) else { return };
        let again = "publish it again with `passport publish`";
        match Index::read(&text) {
            Ok(index) if index.did != did => {
                let message = format!("the index is that of `{}`, and has to be that of `{did}`", index.did);
                self.fail("doctor.index", &index_url, message, again);
            }
            Ok(index) => self.look_at(&index, &index_url, &mut evidence),
            Err(cause) => {
                self.fail("doctor.index", &index_url, format!("it is no index of passports: {cause}"), again)
            }
        }
    }

    /// The address of the index, as the DID document names it.
    fn index_of(&mut self, url: &str, text: &str, layout: &Layout) -> Option<String> {
        let document = json::parse(text).ok()?;
        let services = document.get("service").map(Json::one_or_many).unwrap_or_default();
        let index = services.iter().find_map(|service| {
            let types = service.get("type")?.one_or_many();
            let is_index = types.iter().any(|name| name.as_str() == Some(index::TYPE));
            service.get("serviceEndpoint").filter(|_| is_index)?.as_str()
        });
        match index {
            Some(index) if index.starts_with(&layout.base) => Some(index.to_owned()),
            Some(index) => {
                let message = format!("the index `{index}` lies outside {}, where nobody looks", layout.base);
                self.fail("doctor.index", url, message, "publish it below the address of the DID");
                None
            }
            None => {
                let fix =
                    format!("name it with a service of the type {}, as `passport publish` does", index::TYPE);
                let message = "the DID document names no index: nobody finds the passports by it";
                self.findings.push(Finding::new(Severity::Warning, "doctor.no-index", url, message, fix));
                None
            }
        }
    }

    fn look_at(&mut self, index: &Index, index_url: &str, evidence: &mut Evidence) {
        let before = self.findings.len();
        let mut looked = BTreeSet::new();
        for (url, list) in &index.lists {
            looked.insert(url.clone());
            self.list(url, Some((list.size, &list.sha256)), evidence);
        }
        let base = index_url.rsplit_once('/').map_or("", |(base, _)| base);
        let mut texts = Vec::new();
        for entry in index.passports.values().take(MAX_PASSPORTS) {
            let url = format!("{base}/{}", index::place(&entry.digest));
            let types =
                [CREDENTIAL_TYPE, "application/vc+ld+json", "application/ld+json", "application/json"];
            let Some(text) = self.text(&url, MAX_DOCUMENT_BYTES, &types) else { continue };
            self.file(&url, &text, entry.size, &entry.sha256);
            let is_it = passport::read(&text).is_ok_and(|input| {
                matches!(input.credentials.as_slice(), [one] if one.digest().to_multibase() == entry.digest)
            });
            if is_it {
                texts.push((url, text));
            } else {
                let message = "what lies here is not the passport whose digest is its name";
                self.fail(
                    "doctor.digest",
                    &url,
                    message,
                    "publish the passport again with `passport publish`",
                );
            }
        }
        if index.passports.len() > MAX_PASSPORTS {
            let message =
                format!("{MAX_PASSPORTS} of its {} passports were looked at", index.passports.len());
            self.findings.push(Finding::fine(index_url, message));
        }
        for (url, text) in texts {
            self.passport(&url, &text, &mut looked, evidence);
        }
        if self.findings.len() == before {
            let message = format!(
                "passports: {}, status lists: {}; each as the index says, verifiable from any page",
                index.passports.len(),
                looked.len()
            );
            self.findings.push(Finding::fine(index_url, message));
        }
    }

    /// A passport with the documents of the site: its own proofs hold. That it was recalled is no fault of a site.
    fn passport(&mut self, url: &str, text: &str, looked: &mut BTreeSet<String>, evidence: &mut Evidence) {
        let outcome = verify::check(text, evidence, &Policy::default(), self.now);
        for need in outcome.needs.iter().filter(|need| need.kind == NeedKind::StatusList) {
            if looked.insert(need.url.clone()) {
                self.list(&need.url, None, evidence);
            }
        }
        let names = [CheckName::Parse, CheckName::Profile, CheckName::Proof, CheckName::Issuer];
        // Times of a proof and its key are among the checks of validity.
        let own = |check: &&Check| names.contains(&check.check) || check.code.starts_with("proof.");
        if let Some(check) =
            outcome.report.checks.iter().filter(own).find(|check| check.outcome == Outcome::Fail)
        {
            let message = format!("the passport does not hold: {} ({})", check.message, check.code);
            self.fail("doctor.passport", url, message, "issue it again and publish that; a key that was taken out of the DID document has to stay there, with its end");
        } else if let Some(check) = verify::unsigned(&outcome.report).next() {
            let message =
                format!("who signed the passport was not checked: {} ({})", check.message, check.code);
            let fix = "its issuer's DID document is not of this site: look with `passport verify --fetch`";
            self.findings.push(Finding::new(Severity::Unknown, "doctor.not-checked", url, message, fix));
        }
    }

    /// A status list: as the index says, signed by who it says, and new.
    fn list(&mut self, url: &str, file: Option<(i64, &String)>, evidence: &mut Evidence) {
        let types = [CREDENTIAL_TYPE, "application/vc+ld+json", "application/ld+json", "application/json"];
        let Some(text) = self.text(url, MAX_DOCUMENT_BYTES, &types) else { return };
        if let Some((size, sha256)) = file {
            self.file(url, &text, size, sha256);
        }
        let again = "sign it with `passport status renew` and publish it at its own address";
        let list = match read_list(&text) {
            Ok(list) if list.id == url => list,
            Ok(list) => {
                return self.fail("doctor.list", url, format!("the list here is `{}`", list.id), again);
            }
            Err(why) => {
                return self.fail("doctor.list", url, format!("this is no status list: {why}"), again);
            }
        };
        let time = |name: &str| list.content.get(name).and_then(Json::as_str).unwrap_or_default();
        let old = age(url, time("validFrom"), time("validUntil"), self.now);
        let is_over = old.as_ref().is_some_and(|finding| finding.severity == Severity::Failure);
        self.findings.extend(old);
        let policy = Policy { profile: Profile::Standard, ..Policy::default() };
        let report = verify::check(&text, evidence, &policy, self.now).report;
        if !is_over && !matches!(report.verdict, Verdict::Verified | Verdict::VerifiedWithWarnings) {
            self.fail(
                "doctor.list",
                url,
                format!("the status list does not verify ({})", report.code),
                again,
            );
        }
        evidence.documents.push(Document {
            url: url.to_owned(),
            retrieved: Some(self.now.to_string()),
            text,
        });
    }

    fn file(&mut self, url: &str, text: &str, size: i64, sha256: &str) {
        if i64::try_from(text.len()) != Ok(size) || Digest::of(text).to_hex() != sha256 {
            let message = "the file is not the one that the index says";
            self.fail(
                "doctor.file-mismatch",
                url,
                message,
                "publish it again with `passport publish`; a server must not change files",
            );
        }
    }

    /// A text, with what a browser would say about how it came.
    fn text(&mut self, url: &str, max: usize, types: &[&str]) -> Option<String> {
        let ask = Ask { origin: Some(ORIGIN), ..Ask::of(max) };
        let answer = match self.network.get(url, &ask) {
            Ok(answer) => answer,
            Err(error) => {
                self.findings.push(refused(url, &error));
                return None;
            }
        };
        self.headers(url, &answer, types);
        answer.text(url).map_err(|error| self.findings.push(refused(url, &error))).ok()
    }

    fn headers(&mut self, url: &str, answer: &Answer, types: &[&str]) {
        let allowed = answer.header("access-control-allow-origin");
        if !matches!(allowed, Some("*" | ORIGIN)) {
            let message = match allowed {
                None => {
                    "a browser does not let another page read this: `Access-Control-Allow-Origin` is missing"
                        .to_owned()
                }
                Some(other) => {
                    format!("a browser lets `{}` read this and no other page", crate::render::plain(other))
                }
            };
            self.fail("doctor.cors", url, message, "let the server send `Access-Control-Allow-Origin: *`");
        }
        let media_type = answer.header("content-type").unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !types.contains(&essence.as_str()) {
            let message = match essence.is_empty() {
                true => "it comes without a media type".to_owned(),
                false => format!("it comes as `{}`", crate::render::plain(&essence)),
            };
            let fix =
                format!("let the server send `Content-Type: {}`", types.first().copied().unwrap_or_default());
            self.findings.push(Finding::new(Severity::Warning, "doctor.content-type", url, message, fix));
        }
    }

    fn fail(&mut self, code: &'static str, url: &str, message: impl Into<String>, fix: &str) {
        self.findings.push(Finding::new(Severity::Failure, code, url, message, fix));
    }
}

/// What an owner can do about an answer that others do not take.
fn refused(url: &str, error: &FetchError) -> Finding {
    let (severity, fix) = match error {
        FetchError::Redirect { .. } => {
            (Severity::Failure, "serve the file at this very address: verifiers follow no redirects")
        }
        FetchError::Encoded { .. } => {
            (Severity::Failure, "serve the file without compression to who does not ask for it")
        }
        FetchError::Status { .. } => (Severity::Failure, "put the file there with `passport publish`"),
        FetchError::NotPublic { .. } => {
            (Severity::Failure, "give the name a public address: others cannot reach this one")
        }
        FetchError::TooLarge { .. } | FetchError::NotText { .. } | FetchError::Broken { .. } => {
            (Severity::Failure, "what lies here is not what belongs here: publish it again")
        }
        FetchError::TooSlow { .. } => {
            (Severity::Failure, "verifiers wait five seconds: make the server answer sooner")
        }
        FetchError::Address { .. } | FetchError::Port { .. } => {
            (Severity::Failure, "publish at an https address without a port")
        }
        FetchError::Unreachable { .. } => (
            Severity::Unknown,
            "check the name, the server and its certificate; look again from another network",
        ),
    };
    Finding::new(severity, error.code(), url, error.to_string(), fix)
}

fn document_url(did: &str) -> Option<String> {
    did::document_url(&did.parse::<Did>().ok()?).ok()?
}

/// The did:web of a target: itself, or the one whose site an address is.
fn did_of(target: &str) -> Option<String> {
    if target.starts_with("did:") {
        return document_url(target).map(|_| target.to_owned());
    }
    let bare =
        target.strip_suffix("/did.json").or_else(|| target.strip_suffix("/index.json")).unwrap_or(target);
    let bare = bare.strip_suffix("/.well-known").unwrap_or(bare).trim_end_matches('/');
    let has_path = bare.strip_prefix("https://")?.contains('/');
    let url = if has_path { format!("{bare}/did.json") } else { format!("{bare}/.well-known/did.json") };
    did::web::from_url(&url).ok().map(|did| did.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_did_of_a_site() {
        for (target, did) in [
            ("did:web:lab.example", Some("did:web:lab.example")),
            ("https://lab.example", Some("did:web:lab.example")),
            ("https://lab.example/", Some("did:web:lab.example")),
            ("https://lab.example/.well-known/did.json", Some("did:web:lab.example")),
            ("https://lab.example/index.json", Some("did:web:lab.example")),
            ("https://lab.example/unit/ai/", Some("did:web:lab.example:unit:ai")),
            ("https://lab.example/unit/did.json", Some("did:web:lab.example:unit")),
            ("http://lab.example", None),
            ("did:key:z6MkwZoKZBosMdrSWjEbnMcmZarA1ZY9bEuDR9zpakamfZdc", None),
            ("lab.example", None),
            ("https://127.0.0.1/", None),
        ] {
            assert_eq!(did_of(target).as_deref(), did, "{target}");
        }
    }
}
