//! The issuer's one outbound client, and what it is used for.
//!
//! ```text
//! URL ──address.rs──► a name ──resolved once──► every address public? ──► connected to exactly that ──► text
//! ```
//!
//! Asked with GET over HTTPS, on port 443 unless a person allowed another; no redirects, no proxies, no
//! credentials, no compression, so many bytes and so much time in all. What comes back is somebody's word, and the
//! core judges it. A server that a person names (a tracking server) may stand in their own network; an address that
//! a document names may not.

mod address;
pub(crate) mod collect;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, LOCATION, ORIGIN};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use thiserror::Error;

use crate::exit::Exit;
use crate::problem::Problem;

/// For everything about one document together: the name, the connection and the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why something could not be fetched.
#[derive(Debug, Error)]
pub(crate) enum FetchError {
    #[error("`{url}` is not asked: {why}")]
    Address { url: String, why: &'static str },
    #[error("the answer of `{url}` breaks off")]
    Broken { url: String },
    #[error("the answer of `{url}` is encoded as `{encoding}`")]
    Encoded { url: String, encoding: String },
    #[error("the answer of `{url}` is not text")]
    NotText { url: String },
    #[error("`{url}` leads to {address}, which is {what}")]
    NotPublic { url: String, address: IpAddr, what: &'static str },
    #[error("`{url}` is not asked: its port is {port}")]
    Port { url: String, port: u16 },
    #[error("`{url}` redirects to `{to}`")]
    Redirect { url: String, to: String },
    #[error("`{url}` answers with status {status}")]
    Status { url: String, status: u16 },
    #[error("the answer of `{url}` is larger than {limit} bytes")]
    TooLarge { url: String, limit: usize },
    #[error("`{url}` takes longer than {} seconds", time.as_secs())]
    TooSlow { url: String, time: Duration },
    #[error("`{url}` cannot be reached: {why}")]
    Unreachable { url: String, why: &'static str },
}

impl Problem for FetchError {
    fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "fetch.address",
            Self::Broken { .. } => "fetch.broken",
            Self::Encoded { .. } => "fetch.encoded",
            Self::NotText { .. } => "fetch.not-text",
            Self::NotPublic { .. } => "fetch.not-public",
            Self::Port { .. } => "fetch.port",
            Self::Redirect { .. } => "fetch.redirect",
            Self::Status { .. } => "fetch.status",
            Self::TooLarge { .. } => "fetch.too-large",
            Self::TooSlow { .. } => "fetch.too-slow",
            Self::Unreachable { .. } => "fetch.unreachable",
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Address { .. } => {
                "give an https address with the name of a host, without user, `..` or encoded separators".to_owned()
            }
            Self::Broken { .. } | Self::TooSlow { .. } => {
                "try again later, or bring the file another way and give it with `--with FILE`".to_owned()
            }
            Self::Encoded { .. } => "its owner has to serve the file as it is; compression is not asked for".to_owned(),
            Self::NotText { .. } => "what lies there is not a passport, a list or a DID document".to_owned(),
            Self::NotPublic { .. } => {
                "a document must not lead into the network of whoever reads it; bring the file another way and give it with `--with FILE`".to_owned()
            }
            Self::Port { url, port } => {
                let host = url.split('/').nth(2).and_then(|host| host.split(':').next()).unwrap_or("HOST");
                format!("if you expect this, allow it with `--allow-host {host}:{port}`")
            }
            Self::Redirect { .. } => {
                "redirects are not followed: its owner has to publish the file at its own address".to_owned()
            }
            Self::Status { .. } => "check the address; its owner may have moved or never published it".to_owned(),
            Self::TooLarge { .. } => "what lies there is not what is asked for".to_owned(),
            Self::Unreachable { .. } => {
                "check the address and the connection; proxies are not used, so behind one bring the file another way and give it with `--with FILE`".to_owned()
            }
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Address { .. } | Self::Port { .. } | Self::NotPublic { .. } => Exit::Usage,
            _ => Exit::CouldNotCheck,
        }
    }
}

/// What is asked for, and within which bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    /// Most bytes of an answer.
    pub(crate) max_bytes: usize,
    /// Longest time for everything.
    pub(crate) time: Duration,
    /// The media types wanted.
    pub(crate) accept: &'static str,
    /// The origin that a browser would name, to see whether the answer is for it.
    pub(crate) origin: Option<&'a str>,
}

impl Ask<'_> {
    /// A document of at most so many bytes.
    pub(crate) const fn of(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            time: TIMEOUT,
            accept: "application/did+json, application/json, */*;q=0.1",
            origin: None,
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    /// A header of it, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The text.
    pub(crate) fn text(self, url: &str) -> Result<String, FetchError> {
        String::from_utf8(self.bytes).map_err(|_| FetchError::NotText { url: url.to_owned() })
    }
}

/// The beginning of somebody else's text, for a message.
fn shown(text: &str) -> String {
    crate::render::plain(&text.chars().take(200).collect::<String>())
}

/// Finds the addresses of a name.
type Resolver = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// What may be asked beyond the rules, by the word of a person.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Allowed {
    /// Also ask this host, which no issuer names itself by, or this port, which is not 443 (repeatable)
    #[arg(long, value_name = "HOST[:PORT]", value_parser = host_and_port)]
    pub(crate) allow_host: Vec<(String, u16)>,
    /// For tests and demonstrations: a server on this machine, asked over plain HTTP, stands for this host (repeatable)
    #[arg(long, value_name = "HOST=PORT", value_parser = host_is_port)]
    pub(crate) loopback: Vec<(String, u16)>,
}

fn host_and_port(text: &str) -> Result<(String, u16), &'static str> {
    let parts = text.rsplit_once(':').unwrap_or((text, "443"));
    allowance(parts).ok_or("give a host, and a port if it is not 443, as in `lab.example:8443`")
}

fn host_is_port(text: &str) -> Result<(String, u16), &'static str> {
    text.rsplit_once('=').and_then(allowance).ok_or("give a host and a port, as in `lab.example=8080`")
}

fn allowance((host, port): (&str, &str)) -> Option<(String, u16)> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    (!host.is_empty() && host.bytes().all(plain)).then_some(())?;
    Some((host.to_owned(), port.parse().ok().filter(|port| *port != 0)?))
}

/// The network, as far as it is asked.
#[derive(Debug)]
pub(crate) struct Network {
    allowed: Allowed,
    /// Whether a person named the server: then it may stand anywhere.
    named: bool,
    resolver: Resolver,
}

impl Network {
    /// For addresses that documents name.
    pub(crate) fn public(allowed: Allowed) -> Self {
        Self { allowed, named: false, resolver }
    }

    /// For a server that a person names: on any port, in any network, over plain HTTP on this machine only.
    pub(crate) fn named() -> Self {
        Self { allowed: Allowed::default(), named: true, resolver }
    }

    /// What a reader should know about where answers come from.
    pub(crate) fn notes(&self) -> Vec<String> {
        let note = |(host, port): &(String, u16)| {
            format!("loopback: port {port} of this machine, over plain HTTP, stands for {host}")
        };
        self.allowed.loopback.iter().map(note).collect()
    }

    /// Whether a person allowed this host, with its port if it names one.
    pub(crate) fn is_allowed(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) => (name, port.parse().ok()),
            None => (host, Some(443)),
        };
        self.allowed.allow_host.iter().any(|(other, allowed)| other == name && Some(*allowed) == port)
            || self.allowed.loopback.iter().any(|(other, _)| other == name)
    }

    /// Whether this may be asked, by its form alone.
    pub(crate) fn check(&self, url: &str) -> Result<(), FetchError> {
        self.aim(url).map(|_| ())
    }

    /// Asks.
    pub(crate) fn get(&self, url: &str, ask: &Ask<'_>) -> Result<Answer, FetchError> {
        let unreachable = |why| FetchError::Unreachable { url: url.to_owned(), why };
        let aim = self.aim(url)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|_| unreachable("this machine has no threads to give"))?;
        let deadline = Instant::now() + ask.time;
        let slow = || FetchError::TooSlow { url: url.to_owned(), time: ask.time };
        let (resolver, host, port) = (self.resolver, aim.host.clone(), aim.port);
        let answer = runtime.block_on(async {
            let addresses = match aim.pinned {
                Some(address) => vec![address],
                None => {
                    let found = tokio::task::spawn_blocking(move || resolver(&host, port));
                    let found = tokio::time::timeout_at(deadline.into(), found).await.map_err(|_| slow())?;
                    found.ok().and_then(Result::ok).unwrap_or_default()
                }
            };
            self.check_addresses(url, &aim, &addresses)?;
            let asked = exchange(url, &aim, &addresses, ask);
            tokio::time::timeout_at(deadline.into(), asked).await.map_err(|_| slow())?
        });
        // A name server may still be thinking.
        runtime.shutdown_background();
        answer
    }

    fn aim(&self, url: &str) -> Result<Aim, FetchError> {
        let refused = |why| FetchError::Address { url: shown(url), why };
        if self.named {
            let target = Url::parse(url).map_err(|_| refused("it is no URL"))?;
            let host = target.host_str().unwrap_or_default().to_owned();
            let port = target.port_or_known_default().unwrap_or_default();
            let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
            let pinned = number.ok().map(|address| SocketAddr::new(address, port));
            return Ok(Aim { target, host, port, pinned, here: false });
        }
        let mut target = address::check_url(url).map_err(refused)?;
        let host = target.host_str().unwrap_or_default().to_owned();
        if let Some((_, port)) = self.allowed.loopback.iter().find(|(name, _)| *name == host) {
            let changed =
                target.set_scheme("http").and_then(|()| target.set_port(Some(*port)).map_err(|_| ()));
            changed.map_err(|()| refused("it is no URL"))?;
            let pinned = Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), *port));
            return Ok(Aim { target, host, port: *port, pinned, here: true });
        }
        let port = target.port_or_known_default().unwrap_or(443);
        let allowed = self.allowed.allow_host.iter().any(|(name, other)| *name == host && *other == port);
        if port != 443 && !allowed {
            return Err(FetchError::Port { url: url.to_owned(), port });
        }
        Ok(Aim { target, host, port, pinned: None, here: false })
    }

    fn check_addresses(&self, url: &str, aim: &Aim, addresses: &[SocketAddr]) -> Result<(), FetchError> {
        if addresses.is_empty() {
            return Err(FetchError::Unreachable { url: url.to_owned(), why: "the name has no address" });
        }
        let not_public = |address: IpAddr, what| FetchError::NotPublic { url: url.to_owned(), address, what };
        for address in addresses.iter().map(SocketAddr::ip) {
            // One bad address is enough: which of them would be taken is not for the name's owner to say.
            match address::private(address) {
                None if aim.target.scheme() == "http" => {
                    return Err(not_public(address, "asked over HTTPS only"));
                }
                Some(what) if !self.named && !aim.here => return Err(not_public(address, what)),
                Some(_) if aim.target.scheme() == "http" && !address.is_loopback() => {
                    return Err(not_public(address, "asked over HTTPS only"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Where a request goes.
struct Aim {
    target: Url,
    host: String,
    port: u16,
    /// The address, where no name has to be asked for.
    pinned: Option<SocketAddr>,
    /// Whether this machine stands for the host.
    here: bool,
}

fn resolver(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    std::net::ToSocketAddrs::to_socket_addrs(&(host, port)).map(Iterator::collect)
}

async fn exchange(
    url: &str,
    aim: &Aim,
    addresses: &[SocketAddr],
    ask: &Ask<'_>,
) -> Result<Answer, FetchError> {
    let unreachable = |why| FetchError::Unreachable { url: url.to_owned(), why };
    // The library's own words may hold the address with what was in it.
    let failed = |error: reqwest::Error| match () {
        () if error.is_timeout() => FetchError::TooSlow { url: url.to_owned(), time: ask.time },
        () if error.is_connect() => unreachable("there is no connection, or its certificate is not good"),
        () => FetchError::Broken { url: url.to_owned() },
    };
    let client = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .http1_only()
        .referer(false)
        .resolve_to_addrs(&aim.host, addresses)
        .user_agent(concat!("model-passport/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(failed)?;
    let mut request =
        client.get(aim.target.clone()).header(ACCEPT, ask.accept).header(ACCEPT_ENCODING, "identity");
    if let Some(origin) = ask.origin {
        request = request.header(ORIGIN, origin);
    }
    let mut answer = request.send().await.map_err(failed)?;
    let headers = answer.headers().clone();
    let header = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let status = answer.status();
    if status.is_redirection() {
        let to = shown(&header(LOCATION).unwrap_or_else(|| status.as_str().to_owned()));
        return Err(FetchError::Redirect { url: url.to_owned(), to });
    }
    if status != StatusCode::OK {
        return Err(FetchError::Status { url: url.to_owned(), status: status.as_u16() });
    }
    if let Some(encoding) = header(CONTENT_ENCODING).filter(|encoding| encoding != "identity") {
        let encoding = shown(&encoding);
        return Err(FetchError::Encoded { url: url.to_owned(), encoding });
    }
    let too_large = || FetchError::TooLarge { url: url.to_owned(), limit: ask.max_bytes };
    let announced = answer.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > ask.max_bytes) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if bytes.len() + chunk.len() > ask.max_bytes {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Answer { headers, bytes })
}

#[cfg(test)]
mod tests;
