//! `passport serve --conformance`

use std::io;
use std::path::PathBuf;

use model_passport::evidence::Document;
use thiserror::Error;

use super::{Shell, machine_clock};
use crate::evidence;
use crate::exit::Exit;
use crate::problem::{Failure, Problem};
use crate::service::{self, Issuer, Service, server};

/// What to serve.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Sign with keys that are made now and forgotten at the end, for test suites; the only mode so far
    #[arg(long, required = true)]
    conformance: bool,
    /// The port on loopback; 0 is any that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Where callers find the service, if something stands before it: the addresses of status lists begin so
    #[arg(long, value_name = "URL")]
    base: Option<String>,
    /// A JSON-LD context that is not embedded, for credentials other than passports (repeatable)
    #[arg(long, value_name = "URL=FILE")]
    context: Vec<String>,
}

/// Why nothing is served.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum ServeError {
    #[error("`{argument}` is not URL=FILE")]
    Context { argument: String },
    #[error("port {port} cannot be listened on: {source}")]
    Listen { port: u16, source: io::Error },
}

impl Problem for ServeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Context { .. } => "serve.context",
            Self::Listen { .. } => "serve.listen",
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Context { .. } => "write `--context https://example.org/v1=v1.jsonld`",
            Self::Listen { .. } => "leave `--port` out to get one that is free",
        };
        Some(help.to_owned())
    }
}

/// Serves until it is interrupted. What a caller has to know is one line of JSON.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let contexts = args.context.iter().map(|argument| context(argument)).collect::<Result<_, _>>()?;
    let issuers = service::throw_away()?;
    let announced: Vec<_> = issuers.iter().map(Issuer::announced).collect();
    let announced = serde_json::to_value(announced).unwrap_or_default();
    let listening = server::serve(args.port, |address| {
        let here = format!("http://{address}");
        let ready = serde_json::json!({ "base": here, "issuers": announced });
        shell.print.result(&format!("{ready}\n"));
        shell.print.note("serving on this machine only; stop it with Ctrl-C");
        let base = args.base.clone().unwrap_or(here);
        service::router(Service::new(base, issuers, contexts, Box::new(machine_clock)))
    });
    listening.map_err(|source| ServeError::Listen { port: args.port, source })?;
    Ok(Exit::Success)
}

fn context(argument: &str) -> Result<Document, Failure> {
    let (url, path) = argument
        .rsplit_once('=')
        .filter(|(url, path)| url.contains(':') && !path.is_empty())
        .ok_or_else(|| ServeError::Context { argument: argument.to_owned() })?;
    let json = evidence::read_json(&PathBuf::from(path))?;
    Ok(Document { url: url.to_owned(), retrieved: None, text: json.to_string() })
}
