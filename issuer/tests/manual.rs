//! Runs the transcripts of the manual, `README.md`.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use common::Place;

/// One command of a transcript with what it is to print.
struct Step {
    arguments: String,
    expected: Vec<String>,
}

#[test]
#[cfg_attr(not(feature = "second-opinion"), ignore = "the manual describes the default build")]
fn the_manual_tells_the_truth() {
    let manual = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let steps = steps(&manual);
    assert!(steps.len() > 10, "the transcripts were not found");
    let place = Place::new();
    for step in steps {
        let printed = run(&place, &step.arguments);
        let lines: Vec<&str> = printed.lines().collect();
        assert!(
            matches(&step.expected, &lines),
            "passport {}\nthe manual says:\n{}\nit prints:\n{printed}",
            step.arguments,
            step.expected.join("\n"),
        );
    }
}

fn steps(manual: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in manual.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(arguments) = line.strip_prefix("$ passport ").filter(|_| inside) {
            steps.push(Step { arguments: arguments.to_owned(), expected: Vec::new() });
        } else if inside {
            steps.last_mut().unwrap().expected.push(line.to_owned());
        }
    }
    steps
}

/// Both streams as a terminal shows them, after `? CODE` for any exit but 0.
fn run(place: &Place, arguments: &str) -> String {
    let screen = tempfile::NamedTempFile::new().unwrap();
    let stream = || Stdio::from(fs::OpenOptions::new().append(true).open(screen.path()).unwrap());
    let status = place.command(arguments).stdout(stream()).stderr(stream()).status().unwrap();
    let text = fs::read_to_string(screen.path()).unwrap();
    match status.code().unwrap() {
        0 => text,
        code => format!("? {code}\n{text}"),
    }
}

/// `...` is any number of lines.
fn matches(expected: &[String], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "..." => (0..=lines.len()).any(|at| matches(rest, &lines[at..])),
        Some((first, rest)) => {
            lines.split_first().is_some_and(|(line, lines)| line_matches(first, line) && matches(rest, lines))
        }
    }
}

/// `[..]` is any text within a line.
fn line_matches(expected: &str, line: &str) -> bool {
    match expected.split_once("[..]") {
        None => expected == line,
        Some((start, end)) => line.strip_prefix(start).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| line_matches(end, &rest[at..]))
        }),
    }
}
