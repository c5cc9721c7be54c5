//! `passport explain CODE`

use thiserror::Error;

use super::Shell;
use crate::exit::Exit;
use crate::print::Tone;
use crate::problem::{Failure, Problem};

/// Every code, as a document that people can also read as it is:
///
/// ```text
/// ### code
///
/// What it means. What to do.
/// ```
const CODES: &str = include_str!("../../CODES.md");

/// Which code.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code, as a report or an error shows it; without one, all codes are listed
    code: Option<String>,
}

/// A code that this version does not have.
#[derive(Debug, Error)]
#[error("there is no code `{code}`")]
pub struct UnknownCode {
    code: String,
}

impl Problem for UnknownCode {
    fn code(&self) -> &'static str {
        "explain.unknown-code"
    }

    fn help(&self) -> Option<String> {
        let near = codes().map(|(code, _)| code).filter(|code| shares_a_word(code, &self.code));
        let near: Vec<&str> = near.take(8).collect();
        Some(if near.is_empty() {
            "`passport explain` without a code lists all of them".to_owned()
        } else {
            format!("did you mean one of {}?", near.join(", "))
        })
    }
}

/// Prints the text.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let paint = shell.print.out_paint;
    let Some(wanted) = &args.code else {
        let list: String =
            codes().map(|(code, text)| format!("{code:34} {}\n", first_sentence(text))).collect();
        shell.print.result(&list);
        return Ok(Exit::Success);
    };
    let text = find(wanted).ok_or_else(|| UnknownCode { code: wanted.clone() })?;
    shell.print.result(&format!("{}\n\n{text}\n", paint.text(Tone::Bold, wanted)));
    Ok(Exit::Success)
}

/// The explanation of a code.
pub fn find(wanted: &str) -> Option<&'static str> {
    codes().find_map(|(code, text)| (code == wanted).then_some(text))
}

fn codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    CODES.split("\n### ").skip(1).filter_map(|entry| {
        let (code, text) = entry.split_once('\n')?;
        // The heading of the next group of codes belongs to nobody.
        let text = text.split("\n## ").next().unwrap_or(text);
        Some((code.trim(), text.trim()))
    })
}

fn first_sentence(text: &str) -> String {
    let text = text.replace('\n', " ");
    text.split_inclusive(". ").next().unwrap_or_default().trim_end().to_owned()
}

fn shares_a_word(code: &str, wanted: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(['.', '-']).filter(|word| word.len() > 2).map(str::to_lowercase).collect()
    };
    let wanted = words(wanted);
    words(code).iter().any(|word| wanted.contains(word))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn no_code_is_explained_twice_or_in_no_words() {
        let mut seen = BTreeSet::new();
        for (code, text) in codes() {
            assert!(seen.insert(code), "{code} is explained twice");
            assert!(text.len() > 40, "{code} is hardly explained");
        }
    }

    /// Every code is a literal of the form `group.cause`; none may be without an explanation, and no explanation
    /// without its code.
    #[test]
    fn every_code_of_the_product_is_explained() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut used = BTreeSet::new();
        for directory in ["src", "../shared/src"] {
            collect(&root.join(directory), &mut used);
        }
        used.insert("ok".to_owned());
        let explained: BTreeSet<String> = codes().map(|(code, _)| code.to_owned()).collect();
        let missing: Vec<_> = used.difference(&explained).collect();
        let stale: Vec<_> = explained.difference(&used).collect();
        assert!(
            missing.is_empty() && stale.is_empty(),
            "not explained: {missing:?}; explained, not used: {stale:?}"
        );
    }

    fn collect(directory: &Path, used: &mut BTreeSet<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, used);
            } else if !path.file_stem().unwrap().to_str().unwrap().ends_with("tests") {
                let text = fs::read_to_string(&path).unwrap();
                // Test modules stand last and may speak of anything.
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                used.extend(text.split('"').filter(|literal| is_code(literal)).map(str::to_owned));
            }
        }
    }

    fn is_code(literal: &str) -> bool {
        const FILE_ENDINGS: &str =
            "bin csv dvc h5 json jsonld lock md onnx pem pkl rs safetensors toml txt yaml yml";
        // Names of the formats that are captured.
        const FOREIGN: [&str; 3] = ["general", "numpy", "torch"];
        let plain = |part: &str| {
            let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            part.starts_with(|c: char| c.is_ascii_lowercase()) && part.bytes().all(letters)
        };
        match literal.split_once('.') {
            // These two say in which format the claims are wrong.
            Some(("claims", "json" | "toml")) => true,
            Some((group, _)) if FOREIGN.contains(&group) => false,
            Some((group, cause)) => {
                plain(group) && plain(cause) && !FILE_ENDINGS.split(' ').any(|ending| ending == cause)
            }
            None => false,
        }
    }
}
