//! A difference for people.

use std::fmt::Write as _;

use model_passport::json::Json;

use super::{Answer, Content, Difference};
use crate::print::{Paint, Tone};
use crate::render::plain;

/// Most lines of one sort; `--json` has all.
const MAX_LINES: usize = 40;

/// Longest value that is shown whole.
const MAX_VALUE_CHARS: usize = 100;

/// The difference as lines.
pub(crate) fn human(difference: &Difference, paint: Paint) -> String {
    let changed = difference.changed.len() + difference.left_only.len() + difference.right_only.len();
    let all = difference.same + difference.renamed.len() + changed;
    let (tone, title) = match difference.answer {
        Answer::Same => (Tone::Good, "The weights are the same".to_owned()),
        Answer::Different if all > 0 => {
            (Tone::Bad, format!("The weights differ in {changed} of {all} tensors"))
        }
        Answer::Different => (Tone::Bad, "The weights differ".to_owned()),
        Answer::Unknown => (Tone::Unsure, "Whether the weights are the same is not known".to_owned()),
    };
    let mut text = format!("{}\n", paint.text(tone, &title));
    for why in &difference.why {
        _ = writeln!(text, "  {}", plain(why));
    }
    if difference.same > 0 {
        _ = writeln!(text, "  = {} the same under the same name", difference.same);
    }
    let changed = difference.changed.iter().map(|(name, left, right)| {
        let what = left.what_changed(right);
        let sizes = match what {
            "values" => described(left),
            _ => format!("{} → {}", described(left), described(right)),
        };
        format!("~ {}  {what}, {sizes}", plain(name))
    });
    lines(&mut text, changed);
    let renamed = difference.renamed.iter();
    lines(&mut text, renamed.map(|(left, right, _)| format!("> {} is {}", plain(left), plain(right))));
    for (sign, list) in [('-', &difference.left_only), ('+', &difference.right_only)] {
        lines(
            &mut text,
            list.iter().map(|(name, content)| format!("{sign} {}  {}", plain(name), described(content))),
        );
    }
    lines(&mut text, difference.not_compared.iter().map(|path| format!("not compared: {}", plain(path))));
    if !difference.claims.is_empty() {
        _ = writeln!(text, "\n{}", paint.text(Tone::Bold, "What is said of them"));
        let claims = difference.claims.iter().map(|(pointer, left, right)| {
            format!("{}: {} | {}", plain(pointer), said(left.as_ref()), said(right.as_ref()))
        });
        lines(&mut text, claims);
    }
    text
}

fn lines(text: &mut String, lines: impl ExactSizeIterator<Item = String>) {
    let more = lines.len().saturating_sub(MAX_LINES);
    for line in lines.take(MAX_LINES) {
        _ = writeln!(text, "  {line}");
    }
    if more > 0 {
        _ = writeln!(text, "  … {more} more (`--json` lists all)");
    }
}

fn described(content: &Content) -> String {
    let shape: Vec<String> = content.shape.iter().map(ToString::to_string).collect();
    format!("{} [{}]", plain(&content.dtype), shape.join(", "))
}

fn said(value: Option<&Json>) -> String {
    let Some(value) = value else { return "–".to_owned() };
    let text = plain(&value.to_string());
    match text.char_indices().nth(MAX_VALUE_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
