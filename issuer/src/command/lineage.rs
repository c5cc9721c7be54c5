//! `passport lineage FILE [--format tree|dot|mermaid|json]`

use std::collections::BTreeMap;
use std::path::PathBuf;

use model_passport::report::{Node, NodeState, Report};

use super::Shell;
use super::verify::Means;
use crate::exit::Exit;
use crate::files;
use crate::problem::Failure;
use crate::render;

/// Whose lineage to draw, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A passport or a bundle; `-` is standard input
    file: PathBuf,
    #[command(flatten)]
    means: Means,
    /// How to draw it
    #[arg(long, value_enum, default_value_t = Format::Tree)]
    format: Format,
}

/// A way to draw a graph.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// Lines for a terminal
    Tree,
    /// For Graphviz
    Dot,
    /// For Mermaid, which many documents render
    Mermaid,
    /// The nodes of the report
    Json,
}

/// Prints the lineage as it was verified; the exit follows the verdict.
pub fn run(args: &Args, shell: &mut Shell) -> Result<Exit, Failure> {
    let text = files::read_text(&args.file, files::MAX_BUNDLE_BYTES)?;
    let report = args.means.verify(&text, shell)?.report;
    let drawn = match args.format {
        Format::Tree => {
            let paint = shell.print.out_paint;
            format!("{}\n\n{}", render::verdict(&report, paint), render::lineage(&report, paint))
        }
        Format::Dot => dot(&report),
        Format::Mermaid => mermaid(&report),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&report.nodes).unwrap_or_default()),
    };
    shell.print.result(&drawn);
    Ok(Exit::of(&report, false))
}

/// Names that any text can be given for in a drawing.
struct Names<'r> {
    by_content: BTreeMap<(&'r str, &'r str), usize>,
    by_id: BTreeMap<&'r str, usize>,
}

impl<'r> Names<'r> {
    fn of(report: &'r Report) -> Self {
        let nodes = || report.nodes.iter().enumerate();
        Self {
            by_content: nodes().map(|(at, node)| ((node.id.as_str(), node.digest.as_str()), at)).collect(),
            by_id: nodes().map(|(at, node)| (node.id.as_str(), at)).collect(),
        }
    }

    fn get(&self, id: &str, digest: &str) -> Option<usize> {
        self.by_content.get(&(id, digest)).or_else(|| self.by_id.get(id)).copied()
    }

    /// Edges as pairs of places, with the relation.
    fn edges(&self, report: &'r Report) -> Vec<(usize, usize, &'r str)> {
        let of = |(at, node): (usize, &'r Node)| {
            let edges = node.parents.iter();
            edges
                .filter_map(|edge| Some((at, self.get(&edge.id, &edge.digest)?, edge.relation.as_str())))
                .collect::<Vec<_>>()
        };
        report.nodes.iter().enumerate().flat_map(of).collect()
    }
}

/// What is written in a node. Only letters that no drawing language gives a meaning are left as they are.
fn label(node: &Node, line: &str) -> String {
    let state = if node.taint.is_some() { "tainted" } else { node.state.name() };
    let issuer = node.issuer_name.as_deref().or(node.issuer.as_deref());
    let parts = [Some(node.kind.as_str()), Some(node.id.as_str()), issuer, Some(state)];
    let safe = |text: &str| -> String {
        let safe = |c: char| if c.is_alphanumeric() || " :/.-_,()".contains(c) { c } else { '_' };
        render::plain(text).chars().take(120).map(safe).collect()
    };
    parts.into_iter().flatten().map(safe).collect::<Vec<_>>().join(line)
}

fn is_bad(node: &Node) -> bool {
    node.state == NodeState::Broken || node.taint.is_some()
}

fn dot(report: &Report) -> String {
    let names = Names::of(report);
    let mut text = "digraph lineage {\n  rankdir=BT;\n  node [shape=box];\n".to_owned();
    for (at, node) in report.nodes.iter().enumerate() {
        let style = match node.state {
            _ if is_bad(node) => ", color=red",
            NodeState::Proven => "",
            _ => ", style=dashed",
        };
        text.push_str(&format!("  n{at} [label=\"{}\"{style}];\n", label(node, "\\n")));
    }
    for (child, parent, relation) in names.edges(report) {
        text.push_str(&format!("  n{child} -> n{parent} [label=\"{relation}\"];\n"));
    }
    text.push_str("}\n");
    text
}

fn mermaid(report: &Report) -> String {
    let names = Names::of(report);
    let mut text = "flowchart BT\n".to_owned();
    for (at, node) in report.nodes.iter().enumerate() {
        text.push_str(&format!("  n{at}[\"{}\"]\n", label(node, "<br/>")));
    }
    for (child, parent, relation) in names.edges(report) {
        text.push_str(&format!("  n{child} -- {relation} --> n{parent}\n"));
    }
    for (at, _) in report.nodes.iter().enumerate().filter(|(_, node)| is_bad(node)) {
        text.push_str(&format!("  style n{at} stroke:#c00\n"));
    }
    text
}
