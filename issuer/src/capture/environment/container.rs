//! The digest of a container image: what somebody says it is, or the base that a Dockerfile pins.

use model_passport::digest::Digest;

use super::super::CaptureError;
use super::super::artifacts::Artifact;
use super::super::foreign::{self, Dialect};
use super::file_name;

/// The files that say from which image another one is built.
pub(super) const NAMES: [&str; 2] = ["Dockerfile", "Containerfile"];

const DIALECT: Dialect = Dialect {
    code: "capture.dockerfile-malformed",
    format: "a Dockerfile",
    help: "correct the Dockerfile, or rename it if it is none",
};

/// `sha256:HEX`, also at the end of an image's name, as the multibase that a passport has.
pub(in super::super) fn parse(text: &str) -> Option<String> {
    let hex = text.rsplit_once("sha256:").filter(|(before, _)| before.is_empty() || before.ends_with('@'))?.1;
    Some(Digest::from_sha256_hex(hex)?.to_multibase())
}

/// The image that the last stage of the first such file is built from, if it is pinned.
pub(super) fn of_files(files: &[&Artifact]) -> Result<Option<(String, String)>, CaptureError> {
    let Some(file) = files.iter().find(|file| NAMES.contains(&file_name(file))) else { return Ok(None) };
    let text = foreign::text(file, &DIALECT)?;
    let digest = base(&text).and_then(|image| parse(&image));
    Ok(digest.map(|digest| (digest, format!("the base image that `{}` pins", file.path))))
}

/// The image of the last `FROM`, through the names of earlier stages.
fn base(text: &str) -> Option<String> {
    let mut stages: Vec<(Option<&str>, &str)> = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("FROM")) {
            continue;
        }
        let mut words = words.skip_while(|word| word.starts_with("--"));
        let image = words.next()?;
        let name = words.next().filter(|word| word.eq_ignore_ascii_case("AS")).and_then(|_| words.next());
        let earlier =
            stages.iter().find(|(stage, _)| stage.is_some_and(|stage| stage.eq_ignore_ascii_case(image)));
        let image = earlier.map_or(image, |(_, image)| *image);
        stages.push((name, image));
    }
    stages.last().map(|(_, image)| (*image).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_digest_only() {
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let whole = Digest::from_sha256_hex(hex).unwrap().to_multibase();
        for text in [format!("sha256:{hex}"), format!("registry.example/lab/train:1@sha256:{hex}")] {
            assert_eq!(parse(&text).as_ref(), Some(&whole), "{text}");
        }
        for text in ["", "train:1", "sha256:", hex, &format!("x-sha256:{hex}"), &format!("sha256:{hex}0")] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_stage_counts() {
        for (text, image) in [
            ("FROM a\nRUN x\n", Some("a")),
            ("# FROM z\nfrom --platform=linux/amd64 a AS build\nFROM b as run\n", Some("b")),
            ("FROM a AS build\nFROM build\n", Some("a")),
            ("RUN x", None),
            ("FROM", None),
        ] {
            assert_eq!(base(text).as_deref(), image, "{text}");
        }
    }
}
