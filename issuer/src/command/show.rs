//! `passport show FILE`

use std::path::PathBuf;

use model_passport::report::Verdict;

use super::Shell;
use super::verify::{Means, needed};
use crate::exit::Exit;
use crate::print::Tone;
use crate::problem::Failure;
use crate::{files, render};

/// What to show, and with what to verify it first.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A passport, a presentation or a bundle; `-` is standard input
    file: PathBuf,
    #[command(flatten)]
    means: Means,
}

/// Prints the verdict and, if it is good, the content that it is about. Content that was not verified is not
/// shown: it would look like a passport.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let text = files::read_text(&args.file, files::MAX_BUNDLE_BYTES)?;
    let outcome = args.means.verify(&text, shell)?;
    let (report, paint) = (&outcome.report, shell.print.out_paint);
    if matches!(report.verdict, Verdict::NotVerified | Verdict::CouldNotCheck) {
        let text = render::report(report, paint);
        let needs = needed(&outcome.needs, paint);
        shell
            .print
            .result(&format!("{text}{needs}\nThe content is not shown, because it is not verified.\n"));
        return Ok(Exit::of(report, false));
    }
    let mut text = format!("{}\n", render::verdict(report, paint));
    for shown in &report.shown {
        let title = format!("{} {}", render::kind_of(report, &shown.node), shown.node);
        text.push_str(&format!("\n{}\n", paint.text(Tone::Bold, &render::plain(&title))));
        text.push_str(&render::content(&shown.content, paint));
    }
    text.push_str(&format!("\n{}\n", paint.text(Tone::Dim, render::LIMITS_OF_A_SIGNATURE)));
    shell.print.result(&text);
    Ok(Exit::of(report, false))
}
