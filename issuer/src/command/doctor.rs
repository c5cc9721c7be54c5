//! `passport doctor [DID|URL]`

use model_passport::json::{Json, Object};
use model_passport::time::Timestamp;

use super::Shell;
use super::key::Store;
use crate::doctor::{self, Finding, Severity};
use crate::exit::Exit;
#[cfg(feature = "network")]
use crate::fetch::{Allowed, Network};
use crate::print::{Paint, Tone};
use crate::problem::Failure;
use crate::render::plain;

/// What to look at.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A did:web or the https address of its site, looked at from outside; without it, the set-up of this machine
    #[cfg(feature = "network")]
    site: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Take a warning for a failure
    #[arg(long)]
    strict: bool,
    /// The time to judge by, instead of now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
    #[cfg(feature = "network")]
    #[command(flatten)]
    allowed: Allowed,
    #[command(flatten)]
    store: Store,
}

/// Prints what was found; the exit follows the worst of it.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let now = shell.time(args.at);
    let findings = look(args, now);
    let worst = doctor::worst(&findings);
    if args.json {
        let list: Vec<Json> = findings.iter().map(Finding::to_json).collect();
        let report = Object::from_iter([
            ("version", Json::from(env!("CARGO_PKG_VERSION"))),
            ("checkedAt", now.to_string().into()),
            ("worst", worst.name().into()),
            ("findings", list.into()),
        ]);
        shell.print.result(&Json::from(report).to_pretty());
    } else {
        let paint = shell.print.out_paint;
        let mut text = format!("passport {}, as of {now}\n", env!("CARGO_PKG_VERSION"));
        text.extend(findings.iter().map(|finding| lines(finding, paint)));
        shell.print.result(&text);
    }
    Ok(worst.exit(args.strict))
}

fn look(args: &Args, now: Timestamp) -> Vec<Finding> {
    #[cfg(feature = "network")]
    if let Some(site) = &args.site {
        return doctor::site::Visit::of(&Network::public(args.allowed.clone()), site, now);
    }
    doctor::local(args.store.directory(), now)
}

fn lines(finding: &Finding, paint: Paint) -> String {
    let (tone, mark) = match finding.severity {
        Severity::Fine => (Tone::Good, "✓"),
        Severity::Warning => (Tone::Unsure, "!"),
        Severity::Unknown => (Tone::Unsure, "?"),
        Severity::Failure => (Tone::Bad, "✗"),
    };
    let mut text = format!(
        "  {} {}\n      {}\n",
        paint.text(tone, mark),
        plain(&finding.about),
        plain(&finding.message)
    );
    if !finding.fix.is_empty() {
        text.push_str(&format!("      {} {}\n", paint.text(Tone::Dim, "help:"), plain(&finding.fix)));
        text.push_str(&format!("      {} {}\n", paint.text(Tone::Dim, "code:"), finding.code));
    }
    text
}
