//! Rows G1 to G4 of the threats, with servers on loopback.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;

/// A server that answers one request by these pieces, with a pause after each.
fn server(pieces: Vec<Vec<u8>>, pause: Duration) -> (u16, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let len = stream.read(&mut request).unwrap();
        for piece in pieces {
            // The client may have had enough.
            if stream.write_all(&piece).is_err() {
                break;
            }
            thread::sleep(pause);
        }
        String::from_utf8_lossy(&request[..len]).into_owned()
    });
    (port, asked)
}

fn once(answer: &str) -> (u16, thread::JoinHandle<String>) {
    server(vec![answer.as_bytes().to_vec()], Duration::ZERO)
}

fn http(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

/// The network with this server in the place of `lab.example`.
fn with_loopback(port: u16) -> Network {
    let allowed = Allowed { loopback: vec![("lab.example".to_owned(), port)], ..Allowed::default() };
    Network::public(allowed)
}

const URL: &str = "https://lab.example/.well-known/did.json";

fn ask() -> Ask<'static> {
    Ask { time: Duration::from_millis(700), ..Ask::of(64) }
}

fn code(network: &Network, url: &str) -> &'static str {
    network.get(url, &ask()).map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn a_document_is_asked_for_and_nothing_is_told() {
    let (port, asked) = once(&http("200 OK\r\nContent-Type: application/did+json", "{}"));
    let network = with_loopback(port);
    let answer = network.get(URL, &ask()).unwrap();
    assert_eq!(answer.header("content-type"), Some("application/did+json"));
    assert_eq!(answer.text(URL).unwrap(), "{}");
    let asked = asked.join().unwrap().to_ascii_lowercase();
    assert!(asked.starts_with("get /.well-known/did.json http/1.1\r\n"), "{asked}");
    assert!(asked.contains("accept-encoding: identity\r\n"), "{asked}");
    for header in ["authorization:", "cookie:", "referer:", "origin:"] {
        assert!(!asked.contains(header), "{asked}");
    }
    assert_eq!(network.notes().len(), 1, "who asks loopback is told so");
}

#[test]
fn what_is_not_a_plain_answer_is_refused() {
    let long = "x".repeat(65);
    for (answer, expected) in [
        (http("302 Found\r\nlocation: https://127.0.0.1/", ""), "fetch.redirect"),
        (http("301 Moved\r\nlocation: /elsewhere", ""), "fetch.redirect"),
        (http("404 Not Found", "{}"), "fetch.status"),
        (http("206 Partial Content", "{}"), "fetch.status"),
        (http("500 Oh", "{}"), "fetch.status"),
        (http("200 OK\r\ncontent-encoding: gzip", "{}"), "fetch.encoded"),
        (http("200 OK\r\ncontent-encoding: identity", "{}"), "ok"),
        (http("200 OK", &long), "fetch.too-large"),
        (
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n41\r\n{long}\r\n0\r\n\r\n"),
            "fetch.too-large",
        ),
        (format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{long}"), "fetch.too-large"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}".to_owned(), "fetch.broken"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}".to_owned(), "fetch.broken"),
        ("nonsense\r\n\r\n".to_owned(), "fetch.broken"),
    ] {
        let (port, asked) = once(&answer);
        assert_eq!(code(&with_loopback(port), URL), expected, "{answer}");
        asked.join().unwrap();
    }
    let (port, _asked) =
        server(vec![b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n\xff".to_vec()], Duration::ZERO);
    let answer = with_loopback(port).get(URL, &ask()).unwrap();
    assert_eq!(answer.text(URL).unwrap_err().code(), "fetch.not-text");
}

/// Each piece comes within the time that a single read would be given.
#[test]
fn a_slow_drip_ends_at_the_deadline() {
    let mut pieces = vec![b"HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n".to_vec()];
    pieces.extend(vec![b"x".to_vec(); 60]);
    let (port, _asked) = server(pieces, Duration::from_millis(100));
    let begun = Instant::now();
    assert_eq!(code(&with_loopback(port), URL), "fetch.too-slow");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    // Nor does a server that says nothing hold anybody.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(code(&with_loopback(silent.local_addr().unwrap().port()), URL), "fetch.too-slow");
}

#[test]
fn a_name_that_leads_inside_is_not_asked() {
    let network = Network::public(Allowed::default());
    assert_eq!(code(&network, "https://localhost/"), "fetch.not-public");
    for (address, expected) in [("10.0.0.1:443", "fetch.not-public"), ("[fd00::1]:443", "fetch.not-public")] {
        let resolver: Resolver = match address {
            "10.0.0.1:443" => |_, _| Ok(vec!["10.0.0.1:443".parse().unwrap()]),
            // One good address beside it changes nothing.
            _ => |_, _| Ok(vec!["1.1.1.1:443".parse().unwrap(), "[fd00::1]:443".parse().unwrap()]),
        };
        let network = Network { resolver, ..Network::public(Allowed::default()) };
        assert_eq!(code(&network, "https://lab.example/"), expected, "{address}");
    }
    let nowhere = Network { resolver: |_, _| Ok(vec![]), ..Network::public(Allowed::default()) };
    assert_eq!(code(&nowhere, "https://lab.example/"), "fetch.unreachable");
}

#[test]
fn a_port_is_asked_that_a_person_allowed() {
    let url = "https://lab.example:8443/status/1";
    assert_eq!(code(&Network::public(Allowed::default()), url), "fetch.port");
    let resolver: Resolver = |_, _| Ok(vec!["192.168.0.1:8443".parse().unwrap()]);
    let allow_host = vec![("lab.example".to_owned(), 8443)];
    let network = Network { resolver, ..Network::public(Allowed { allow_host, ..Allowed::default() }) };
    // The port is allowed, the network behind it is not.
    assert_eq!(code(&network, url), "fetch.not-public");
    assert_eq!(code(&network, "https://lab.example:8444/"), "fetch.port");
    assert_eq!(code(&network, "https://other.example:8443/"), "fetch.port");
}

static RESOLVED: AtomicUsize = AtomicUsize::new(0);
static PORT: AtomicUsize = AtomicUsize::new(0);

/// A name that has another address at each question is asked for once, and that address is the one connected to.
#[test]
fn a_name_is_resolved_once() {
    let (port, asked) = once(&http("200 OK", "{}"));
    PORT.store(usize::from(port), Ordering::SeqCst);
    let resolver: Resolver = |_, _| {
        let host = if RESOLVED.fetch_add(1, Ordering::SeqCst) == 0 { [127, 0, 0, 1] } else { [10, 0, 0, 1] };
        Ok(vec![SocketAddr::from((host, u16::try_from(PORT.load(Ordering::SeqCst)).unwrap()))])
    };
    let network = Network { resolver, ..Network::named() };
    let answer = network.get(&format!("http://rebinding.example:{port}/x"), &ask()).unwrap();
    assert_eq!(answer.text("").unwrap(), "{}");
    asked.join().unwrap();
    assert_eq!(RESOLVED.load(Ordering::SeqCst), 1);
}

#[test]
fn a_named_server_is_asked_in_the_clear_on_this_machine_only() {
    let elsewhere: Resolver = |_, _| Ok(vec!["10.0.0.1:80".parse().unwrap()]);
    let network = Network { resolver: elsewhere, ..Network::named() };
    assert_eq!(code(&network, "http://tracker.example/"), "fetch.not-public");
    let public: Resolver = |_, _| Ok(vec!["1.1.1.1:80".parse().unwrap()]);
    let network = Network { resolver: public, ..Network::named() };
    assert_eq!(code(&network, "http://tracker.example/"), "fetch.not-public");
}
