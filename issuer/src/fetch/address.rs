//! Which addresses are asked. A URL in a credential or a DID document is somebody else's word: it must not lead
//! into the network that this machine stands in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;
use reqwest::header::HeaderValue;

/// Longest URL that is asked.
const MAX_URL_CHARACTERS: usize = 2048;

/// Why a URL is not asked, whatever it leads to.
pub(super) fn check_url(text: &str) -> Result<Url, &'static str> {
    if text.len() > MAX_URL_CHARACTERS {
        return Err("it is too long");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains(['\\', '"', '<', '>', '`']) {
        return Err("it has characters that a URL has not");
    }
    let rest = text.strip_prefix("https://").ok_or("it does not begin with https://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err("it has no host");
    }
    if authority.contains(['@', '%']) {
        return Err("user names and encoded characters have no place in its host");
    }
    if text.contains('#') {
        return Err("it has a fragment");
    }
    // What a URL parser would take out or read differently has been read differently by somebody before.
    let path = rest.get(authority.len()..).unwrap_or_default().split('?').next().unwrap_or_default();
    let lower = path.to_ascii_lowercase();
    if path.split('/').any(|segment| matches!(segment, "." | ".."))
        || ["%2e", "%2f", "%3a", "%5c", "%00", "%25"].iter().any(|encoded| lower.contains(encoded))
    {
        return Err("its path has `.`, `..` or encoded separators");
    }
    let url = Url::parse(text).map_err(|_| "it is no URL")?;
    match url.domain() {
        Some(host) if !host.ends_with('.') && HeaderValue::from_str(host).is_ok() => Ok(url),
        // Also every way in which a parser takes a number for an address: decimal, octal, hexadecimal, short.
        _ => Err("its host is not a name"),
    }
}

/// What an address is, unless it is one of the public network.
pub(super) fn private(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => private_v4(address),
        IpAddr::V6(address) => private_v6(address),
    }
}

/// The [special-purpose registry](https://www.iana.org/assignments/iana-ipv4-special-registry).
fn private_v4(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        [0, ..] => "unspecified",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "private",
        [100, 64..=127, ..] => "shared by a carrier",
        [127, ..] => "this machine",
        [169, 254, ..] => "link-local",
        [192, 0, 0, _] | [192, 88, 99, _] => "set aside for protocols",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "for documentation",
        [198, 18..=19, ..] => "for benchmarks",
        [224..=239, ..] => "multicast",
        [240..=255, ..] => "reserved",
        _ => return None,
    })
}

/// The [special-purpose registry](https://www.iana.org/assignments/iana-ipv6-special-registry). An address that
/// carries one of version 4 is judged by that.
fn private_v6(address: Ipv6Addr) -> Option<&'static str> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        private_v4(Ipv4Addr::new(a, b, c, d))
    };
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => return embedded(g, h),
        [0x2002, high, low, ..] => return embedded(high, low),
        _ => {}
    }
    Some(match (a, b) {
        (0, _) if address.is_loopback() => "this machine",
        (0, _) => "set aside for protocols",
        (0xfc00..=0xfdff, _) => "private",
        (0xfe80..=0xfebf, _) => "link-local",
        (0xff00..=0xffff, _) => "multicast",
        (0x2001, 0x0db8) | (0x3fff, 0..=0x0fff) => "for documentation",
        (0x2001, 0..=0x01ff) => "set aside for protocols",
        (0x2000..=0x3fff, _) => return None,
        _ => "reserved",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_other_networks_are_told() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(private(text.parse().unwrap()).is_some(), "{text}");
        }
        for text in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2001:4860:4860::8888",
            "2002:101:101::1",
            "2606:4700::1111",
            "3fff:1000::1",
        ] {
            assert_eq!(private(text.parse().unwrap()), None, "{text}");
        }
    }

    #[test]
    fn only_plain_urls_of_names_are_asked() {
        for text in [
            "http://lab.example/",
            "ftp://lab.example/",
            "file:///etc/passwd",
            "lab.example",
            "",
            "https:///x",
            "https://user@lab.example/",
            "https://user:pass@lab.example/",
            "https://@lab.example/",
            "https://lab.example%3A80/",
            "https://lab.example/../x",
            "https://lab.example/a/..",
            "https://lab.example/./x",
            "https://lab.example/%2e%2e/x",
            "https://lab.example/a%2Fb",
            "https://lab.example/a%2fb",
            "https://lab.example/a%3Ab",
            "https://lab.example/a%5cb",
            "https://lab.example/%252e",
            "https://lab.example\\@evil.example/",
            "https://lab.example/a b",
            "https://lab.example/#x",
            "https://lab.example/ä",
            "https://b\u{fc}cher.example/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://8.8.8.8/",
            "https://lab.example./",
            "https://lab.example:99999/",
            "HTTPS://lab.example/",
            "https:/lab.example/",
            " https://lab.example/",
            "https://lab.example/\n",
        ] {
            assert!(check_url(text).is_err(), "{text}");
        }
        assert!(check_url(&format!("https://lab.example/{}", "a".repeat(3000))).is_err());
        for text in [
            "https://lab.example",
            "https://lab.example/",
            "https://lab.example:8443/status/1?x=1",
            "https://lab.example/.well-known/did.json",
            "https://xn--bcher-kva.example/a%20b",
        ] {
            assert!(check_url(text).is_ok(), "{text}");
        }
    }
}
