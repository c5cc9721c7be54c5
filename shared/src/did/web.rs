//! [did:web](https://w3c-ccg.github.io/did-method-web/): the document lies on a web server.
//!
//! ```text
//! did:web:lab.example               https://lab.example/.well-known/did.json
//! did:web:lab.example:unit:ai       https://lab.example/unit/ai/did.json
//! did:web:lab.example%3A8443        https://lab.example:8443/.well-known/did.json
//! ```
//!
//! One DID has one URL and one URL one DID, so the mapping takes less than the specification: lower-case DNS
//! names with a dot (no addresses, no `localhost`), a port behind `%3A`, path segments without percent
//! signs, never `.` or `..`. That the name leads to a public address is for the shell to check.

use super::{Did, DidError, excerpt};

/// The URL of the document of a did:web.
///
/// # Errors
/// [`DidError::Host`] for anything but a DNS name, [`DidError::WebPath`] for a port or path that has no one
/// reading, [`DidError::UnsupportedMethod`] for another method.
pub fn document_url(did: &Did) -> Result<String, DidError> {
    if !did.as_str().starts_with("did:web:") {
        return Err(DidError::UnsupportedMethod(excerpt(did.as_str())));
    }
    let (authority, path) =
        did.id().split_once(':').map_or((did.id(), None), |(host, path)| (host, Some(path)));
    let (host, port) =
        authority.split_once("%3A").map_or((authority, None), |(host, port)| (host, Some(port)));
    if !is_public_dns_name(host) {
        return Err(DidError::Host(excerpt(host)));
    }
    if !port.is_none_or(is_port) || !path.is_none_or(|path| path.split(':').all(is_segment)) {
        return Err(DidError::WebPath(excerpt(did.as_str())));
    }
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Ok(match path {
        Some(path) => format!("https://{host}{port}/{}/did.json", path.replace(':', "/")),
        None => format!("https://{host}{port}/.well-known/did.json"),
    })
}

/// The did:web whose document lies at a URL.
///
/// # Errors
/// [`DidError`] where no did:web maps to the URL.
pub fn from_url(url: &str) -> Result<Did, DidError> {
    let refused = || DidError::WebPath(excerpt(url));
    let rest =
        url.strip_prefix("https://").and_then(|rest| rest.strip_suffix("/did.json")).ok_or_else(refused)?;
    let (authority, path) = rest.split_once('/').ok_or_else(refused)?;
    let authority = authority.replace(':', "%3A");
    let did: Did = match path {
        ".well-known" => format!("did:web:{authority}"),
        _ => format!("did:web:{authority}:{}", path.replace('/', ":")),
    }
    .parse()?;
    // What does not map back is another URL's.
    if document_url(&did)? == url { Ok(did) } else { Err(refused()) }
}

/// Whether a host is a name in the public DNS by its form: lower-case letters, digits and hyphens
/// ([RFC 1123, section 2.1](https://www.rfc-editor.org/rfc/rfc1123#section-2.1)), with a last label that no
/// URL parser takes for a number and that is not set aside for local use.
fn is_public_dns_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, last)) = host.rsplit_once('.') else { return false };
    host.len() <= 253
        && host.split('.').all(label)
        && last.starts_with(|first: char| first.is_ascii_lowercase())
        && !["alt", "internal", "invalid", "local", "localhost", "onion"].contains(&last)
}

fn is_port(port: &str) -> bool {
    !port.starts_with('0') && port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

fn is_segment(segment: &str) -> bool {
    !matches!(segment, "" | "." | ".." | ".well-known") && !segment.contains('%')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(did: &str) -> &'static str {
        did.parse().and_then(|did| document_url(&did)).map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn one_did_one_url() {
        for (did, url) in [
            ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
            ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
            ("did:web:example.com%3A3000:user:alice", "https://example.com:3000/user/alice/did.json"),
            ("did:web:xn--bcher-kva.example%3A443", "https://xn--bcher-kva.example:443/.well-known/did.json"),
        ] {
            let parsed: Did = did.parse().unwrap();
            assert_eq!(document_url(&parsed).as_deref(), Ok(url));
            assert_eq!(from_url(url).map(|did| did.to_string()).as_deref(), Ok(did));
        }
    }

    #[test]
    fn addresses_and_local_names_are_refused() {
        for host in [
            "localhost",
            "lab",
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "1.2.3.4",
            "a.0x1",
            "printer.local",
            "x.localhost",
            "Lab.example",
            "lab..example",
            "lab.example.",
            "-a.example",
            "a-.example",
            "lab_1.example",
            "%5B%3A%3A1%5D",
            "a%2Eexample",
            "user%40lab.example",
            "xn--.-",
            "metadata.internal",
        ] {
            assert_eq!(code(&format!("did:web:{host}")), "did.host", "{host}");
        }
        assert_eq!(code("did:web:user@lab.example"), "did.syntax");
        assert_eq!(code("did:web:lab.example"), "ok");
    }

    #[test]
    fn ports_and_paths_have_one_reading() {
        for id in [
            "lab.example%3A0",
            "lab.example%3A080",
            "lab.example%3A65536",
            "lab.example%3A",
            "lab.example%3A+80",
            "lab.example::a",
            "lab.example:..:a",
            "lab.example:.:a",
            "lab.example:%2e%2e:a",
            "lab.example:a%2Fb",
            "lab.example:.well-known",
        ] {
            let found = code(&format!("did:web:{id}"));
            assert!(found == "did.web-path" || found == "did.syntax", "{id}: {found}");
        }
        // A lower-case `%3a` would be a second DID of the same URL.
        assert_eq!(code("did:web:lab.example%3a80"), "did.host");
        for url in [
            "http://lab.example/.well-known/did.json",
            "https://lab.example/did.json",
            "https://lab.example/a/did.json?x",
            "https://u@lab.example/a/did.json",
            "https://lab.example//did.json",
            "https://lab.example/a:b/did.json",
            "https://lab.example/../did.json",
            "https://lab.example/.well-known/did.json#x",
            "https://lab.example",
        ] {
            assert!(from_url(url).is_err(), "{url}");
        }
    }

    proptest! {
        #[test]
        fn the_mapping_is_one_to_one(id in "[a-z0-9.%A-]{1,12}(:[a-zA-Z0-9._-]{0,6}){0,3}") {
            if let Ok(did) = format!("did:web:{id}").parse::<Did>()
                && let Ok(url) = document_url(&did)
            {
                prop_assert_eq!(from_url(&url), Ok(did));
            }
        }
    }
}
