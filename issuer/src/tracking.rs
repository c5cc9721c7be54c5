//! Asks the MLflow tracking server that a person names for a run that a person names.
//!
//! Over HTTPS; over plain HTTP to this machine only, where tracking servers are tried out. What comes back is
//! somebody's word and is read as such by [`crate::capture`].

use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;
use thiserror::Error;

use crate::capture::MlflowRun;
use crate::exit::Exit;
use crate::fetch::{Ask, FetchError, Network};
use crate::problem::Problem;

/// Most bytes of an answer.
const MAX_ANSWER_BYTES: usize = 8 << 20;

/// For everything together.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a run could not be fetched.
#[derive(Debug, Error)]
pub(crate) enum TrackingError {
    #[error("`{0}` is no address that is asked")]
    Address(String),
    #[error("the answer of `{host}` is no MLflow run: {why}")]
    Answer { host: String, why: String },
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("`{0}` is no name of an MLflow run")]
    Run(String),
}

impl Problem for TrackingError {
    fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "tracking.address",
            Self::Answer { .. } => "tracking.answer",
            Self::Fetch(cause) => cause.code(),
            Self::Run(_) => "tracking.run",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Address(_) => {
                "give the server as https://HOST or https://HOST/PATH, without user, password or query; http is for this machine only"
            }
            Self::Answer { .. } => "check that the address is that of an MLflow tracking server",
            Self::Fetch(_) => {
                "check the address, the run and the connection; copy the run's directory and name that where the server cannot be asked"
            }
            Self::Run(_) => "give the 32 hexadecimal digits that MLflow shows as the run's ID",
        };
        Some(help.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Address(_) | Self::Run(_) => Exit::Usage,
            Self::Answer { .. } => Exit::Malformed,
            Self::Fetch(cause) => cause.exit(),
        }
    }
}

/// Asks for a run.
pub(crate) fn mlflow_run(server: &str, id: &str) -> Result<MlflowRun, TrackingError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
        return Err(TrackingError::Run(id.to_owned()));
    }
    let url = address(server, id).ok_or_else(|| TrackingError::Address(server.to_owned()))?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let ask = Ask { time: TIMEOUT, accept: "application/json", ..Ask::of(MAX_ANSWER_BYTES) };
    let text = Network::named().get(url.as_str(), &ask)?.text(url.as_str())?;
    MlflowRun::from_answer(&text, id).map_err(|why| TrackingError::Answer { host, why })
}

/// The request for a run, if the server is one that is asked.
fn address(server: &str, id: &str) -> Option<Url> {
    let mut url = Url::parse(server).ok()?;
    let host = url.host_str()?;
    let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_here = host == "localhost" || number.is_ok_and(|number| number.is_loopback());
    let is_allowed = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !is_allowed || !is_bare || url.fragment().is_some() {
        return None;
    }
    url.path_segments_mut().ok()?.pop_if_empty().extend(["api", "2.0", "mlflow", "runs", "get"]);
    url.set_query(Some(&format!("run_id={id}")));
    Some(url)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// A server that answers once, and what it was asked.
    fn server(answer: Vec<u8>) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/base/", listener.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let len = stream.read(&mut request).unwrap();
            // The client may have had enough.
            let _ = stream.write_all(&answer);
            String::from_utf8_lossy(&request[..len]).into_owned()
        });
        (url, asked)
    }

    fn http(status: &str, body: &str) -> Vec<u8> {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
            .into_bytes()
    }

    #[test]
    fn a_run_is_asked_for_and_read() {
        let (url, asked) = server(http("200 OK", r#"{"run":{"info":{"run_id":"r1","status":"FINISHED"}}}"#));
        assert!(mlflow_run(&url, "r1").is_ok());
        let asked = asked.join().unwrap();
        assert!(asked.starts_with("GET /base/api/2.0/mlflow/runs/get?run_id=r1 HTTP/1.1\r\n"), "{asked}");
        assert!(!asked.to_ascii_lowercase().contains("authorization"), "{asked}");
    }

    #[test]
    fn no_answer_is_followed_or_believed() {
        let long = "x".repeat(MAX_ANSWER_BYTES + 1);
        for (answer, code) in [
            (http("302 Found\r\nlocation: https://elsewhere.example/", ""), "fetch.redirect"),
            (http("404 Not Found", "{}"), "fetch.status"),
            (http("200 OK", "<html>"), "tracking.answer"),
            (http("200 OK", r#"{"run":{"info":{"run_id":"r2"}}}"#), "tracking.answer"),
            (http("200 OK", &long), "fetch.too-large"),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{".to_vec(), "fetch.too-large"),
            (b"nonsense\r\n\r\n".to_vec(), "fetch.broken"),
        ] {
            let (url, asked) = server(answer);
            assert_eq!(mlflow_run(&url, "r1").unwrap_err().code(), code);
            asked.join().unwrap();
        }
    }

    #[test]
    fn only_safe_addresses_are_asked() {
        for server in [
            "http://tracker.example/",
            "http://127.0.0.1.example/",
            "http://10.0.0.1:5000",
            "http://[::2]/",
            "https://user:password@tracker.example/",
            "https://tracker.example/?token=x",
            "https://tracker.example/#x",
            "file:///etc/passwd",
            "ftp://tracker.example",
            "tracker.example",
            "",
        ] {
            assert_eq!(mlflow_run(server, "r1").unwrap_err().code(), "tracking.address", "{server}");
        }
        for server in
            ["https://tracker.example", "http://localhost:5000/x/", "http://127.1.2.3", "http://[::1]:5000"]
        {
            let url = address(server, "r1").unwrap();
            assert!(url.as_str().ends_with("/api/2.0/mlflow/runs/get?run_id=r1"), "{url}");
        }
        for id in ["", "../x", "a b", "a&b=c", "ä"] {
            assert_eq!(mlflow_run("https://tracker.example", id).unwrap_err().code(), "tracking.run");
        }
    }
}
