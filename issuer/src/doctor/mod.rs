//! What would keep others from verifying what is published, and what is wrong with this machine's own set-up. Each
//! finding has a code, a sentence and what to do about it.

#[cfg(feature = "network")]
pub(crate) mod site;

use std::path::PathBuf;

use model_passport::did::{self, DidUrl, Relationship};
use model_passport::evidence::Policy;
use model_passport::json::{Json, Object};
use model_passport::time::Timestamp;

use crate::exit::Exit;
use crate::keystore::{KeyStore, permissions};
use crate::problem::Problem;
use crate::recall::Lists;

/// Nothing here was made before: a clock that says so is wrong.
const NOT_BEFORE: &str = "2026-01-01T00:00:00Z";

/// How bad a finding is, from nothing to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// As it should be.
    Fine,
    /// It works, and could be better.
    Warning,
    /// It could not be found out.
    #[cfg_attr(not(feature = "network"), allow(dead_code, reason = "what is here can be found out"))]
    Unknown,
    /// Somebody cannot verify.
    Failure,
}

impl Severity {
    /// Its name in JSON.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Failure => "failure",
        }
    }

    /// How the process ends because of it.
    pub(crate) const fn exit(self, strict: bool) -> Exit {
        match self {
            Self::Warning if strict => Exit::NotVerified,
            Self::Fine | Self::Warning => Exit::Success,
            Self::Unknown => Exit::CouldNotCheck,
            Self::Failure => Exit::NotVerified,
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) code: &'static str,
    /// An address, a file or a key.
    pub(crate) about: String,
    pub(crate) message: String,
    /// What to do; empty where there is nothing to do.
    pub(crate) fix: String,
}

impl Finding {
    pub(crate) fn new(
        severity: Severity,
        code: &'static str,
        about: &str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { severity, code, about: about.to_owned(), message: message.into(), fix: fix.into() }
    }

    pub(crate) fn fine(about: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Fine, "doctor.fine", about, message, "")
    }

    fn of(severity: Severity, about: &str, problem: &impl Problem) -> Self {
        Self::new(severity, problem.code(), about, problem.to_string(), problem.help().unwrap_or_default())
    }

    /// As an object.
    pub(crate) fn to_json(&self) -> Json {
        let members = [
            ("severity", self.severity.name()),
            ("code", self.code),
            ("about", &self.about),
            ("message", &self.message),
            ("fix", &self.fix),
        ];
        Object::from_iter(members.into_iter().filter(|(_, text)| !text.is_empty())).into()
    }
}

/// The worst of them.
pub(crate) fn worst(findings: &[Finding]) -> Severity {
    findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Fine)
}

/// The set-up of this machine: clock, keys, status lists.
pub(crate) fn local(directory: Option<&PathBuf>, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![clock(now, NOT_BEFORE, "this version")];
    let store = match KeyStore::at(directory.map(PathBuf::as_path)) {
        Ok(store) => store,
        Err(error) => {
            findings.push(Finding::of(Severity::Failure, "key store", &error));
            return findings;
        }
    };
    let about = store.directory().display().to_string();
    match store.list() {
        Ok(keys) => {
            let count = keys.len();
            findings.push(Finding::fine(&about, format!("keys: {count}, readable by their owner alone")));
            for (name, public) in keys {
                let path = store.directory().join(format!("{name}.pem"));
                if let Err(error) = permissions::check(&path) {
                    findings.push(Finding::of(Severity::Failure, &path.display().to_string(), &error));
                }
                findings.extend(wrong_clock(now, &public.created, &format!("the key `{name}`")));
            }
        }
        Err(error) => findings.push(Finding::of(Severity::Failure, &about, &error)),
    }
    match Lists::of(&store).all() {
        Ok(records) => {
            for record in records {
                let signed = record.signed.as_deref().unwrap_or_default();
                findings.extend(wrong_clock(now, signed, &format!("the status list `{}`", record.url)));
                findings.extend(age(&record.url, signed, "", now));
            }
        }
        Err(error) => findings.push(Finding::of(Severity::Failure, "status lists", &error)),
    }
    findings
}

fn clock(now: Timestamp, earliest: &str, what: &str) -> Finding {
    wrong_clock(now, earliest, what).unwrap_or_else(|| Finding::fine("clock", format!("it is {now}")))
}

/// A clock that is behind what was made with it.
fn wrong_clock(now: Timestamp, made: &str, what: &str) -> Option<Finding> {
    let made: Timestamp = made.parse().ok()?;
    (now.plus_secs(Policy::default().clock_skew()) < made).then(|| {
        Finding::new(
            Severity::Failure,
            "doctor.clock",
            "clock",
            format!("it is {now}, and {what} is from {made}"),
            "set the clock of this machine: what it signs and verifies depends on it",
        )
    })
}

/// Whether a status list is one that verifiers take for granted.
pub(crate) fn age(url: &str, from: &str, until: &str, now: Timestamp) -> Option<Finding> {
    let renew = "sign it anew with `passport status renew` and publish it, at least once a day";
    if until.parse::<Timestamp>().is_ok_and(|until| until < now) {
        let message = format!("the status list was to be relied on until {until}");
        return Some(Finding::new(Severity::Failure, "doctor.list-expired", url, message, renew));
    }
    let oldest = now.plus_secs(-Policy::default().max_status_age());
    from.parse::<Timestamp>().is_ok_and(|from| from < oldest).then(|| {
        let message =
            format!("the status list is from {from}; verifiers do not rely on one that is older than a day");
        Finding::new(Severity::Warning, "doctor.list-old", url, message, renew)
    })
}

/// What is to be said of a DID document: every key that it lists for assertions can be read, and one is in use.
#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "documents are looked at from outside"))]
pub(crate) fn document(url: &str, text: &str, did: &str, now: Timestamp) -> Vec<Finding> {
    let failure = |code, message: String, fix: &str| Finding::new(Severity::Failure, code, url, message, fix);
    let publish = "publish it again with `passport publish`";
    let json = match model_passport::json::parse(text) {
        Ok(json) => json,
        Err(cause) => {
            return vec![failure(
                "doctor.did",
                format!("the DID document is not JSON that is taken: {cause}"),
                publish,
            )];
        }
    };
    let id = json.get("id").and_then(Json::as_str).unwrap_or_default();
    if id != did {
        let message = format!("the document here is that of `{id}`, and has to be that of `{did}`");
        return vec![failure("doctor.did", message, publish)];
    }
    let mut findings = Vec::new();
    let mut current = 0_usize;
    let listed = json.get("assertionMethod").map(Json::one_or_many).unwrap_or_default();
    for item in listed {
        let name = item.as_str().or_else(|| item.get("id")?.as_str()).unwrap_or_default();
        let full = if name.starts_with('#') { format!("{did}{name}") } else { name.to_owned() };
        let read = full
            .parse::<DidUrl>()
            .and_then(|method| did::resolve_method(&method, Relationship::AssertionMethod, Some(text)));
        match read {
            Ok(method) => {
                let ended = |end: Option<Timestamp>| end.is_some_and(|end| end <= now);
                if !ended(method.expires) && !ended(method.revoked) {
                    current += 1;
                }
            }
            Err(cause) => {
                findings.push(failure("doctor.key", format!("a key cannot be used: {cause}"), publish))
            }
        }
    }
    if current == 0 {
        let fix = "make a key with `passport key rotate` and publish the document again";
        let message = "no key is in use: nothing that is signed from now on can be verified";
        findings.push(Finding::new(Severity::Warning, "doctor.no-current-key", url, message, fix));
    }
    if findings.is_empty() {
        findings.push(Finding::fine(url, format!("the DID document of `{did}`; keys in use: {current}")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-21T12:00:00Z";

    #[test]
    fn a_local_set_up_is_looked_at() {
        let directory = tempfile::tempdir().unwrap();
        let keys = directory.path().join("keys");
        let now: Timestamp = NOW.parse().unwrap();
        assert_eq!(worst(&local(Some(&keys), now)), Severity::Fine);
        let early = local(Some(&keys), "2025-01-01T00:00:00Z".parse().unwrap());
        assert!(early.iter().any(|finding| finding.code == "doctor.clock"), "{early:?}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::create_dir(&keys).unwrap();
            std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o755)).unwrap();
            let open = local(Some(&keys), now);
            assert!(open.iter().any(|finding| finding.code == "keystore.open-permissions"), "{open:?}");
            assert_eq!(worst(&open).exit(false), Exit::NotVerified);
        }
    }

    #[test]
    fn a_list_is_new_old_or_over() {
        let now: Timestamp = NOW.parse().unwrap();
        let code = |from, until| age("u", from, until, now).map(|finding| finding.code);
        assert_eq!(code("2026-11-21T06:00:00Z", "2026-11-28T06:00:00Z"), None);
        assert_eq!(code("2026-11-19T06:00:00Z", "2026-11-26T06:00:00Z"), Some("doctor.list-old"));
        assert_eq!(code("2026-11-01T06:00:00Z", "2026-11-08T06:00:00Z"), Some("doctor.list-expired"));
    }

    #[test]
    fn a_document_has_the_right_name_and_a_key_in_use() {
        let now: Timestamp = NOW.parse().unwrap();
        let codes = |text: &str| -> Vec<&str> {
            document("u", text, "did:web:lab.example", now).iter().map(|finding| finding.code).collect()
        };
        let good = r##"{"id":"did:web:lab.example","verificationMethod":[{"id":"#k","type":"Multikey","controller":"did:web:lab.example","publicKeyMultibase":"z6MkwZoKZBosMdrSWjEbnMcmZarA1ZY9bEuDR9zpakamfZdc"}],"assertionMethod":["#k"]}"##;
        assert_eq!(codes(good), ["doctor.fine"]);
        assert_eq!(
            codes(&good.replace("\"did:web:lab.example\",\"v", "\"did:web:x.example\",\"v")),
            ["doctor.did"]
        );
        let ended = good.replace("\"Multikey\"", r#""Multikey","expires":"2026-01-01T00:00:00Z""#);
        assert_eq!(codes(&ended), ["doctor.no-current-key"]);
        assert_eq!(codes(&good.replace("z6Mk", "z6Mx")), ["doctor.key", "doctor.no-current-key"]);
        assert_eq!(codes("<html>"), ["doctor.did"]);
    }
}
