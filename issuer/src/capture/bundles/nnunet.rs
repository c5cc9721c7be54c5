//! Trained models of nnU-Net v2: `dataset.json`, `plans.json` and a folder for each fold of the cross-validation.
//!
//! ```text
//! nnUNetTrainer__nnUNetPlans__3d_fullres/   trainer, plans, configuration
//!   dataset.json                            channels, labels, number of cases
//!   plans.json                              all configurations: patch, spacing, architecture
//!   fold_0/checkpoint_final.pth             never unpickled
//! ```
//!
//! Which of the configurations was trained stands in the name of the directory, which a passport cannot rely on when it
//! is the directory that was captured; then only what the configurations have in common is known.

use model_passport::json::{Json, Object};

use super::super::artifacts::{Artifact, Artifacts};
use super::super::foreign::Node;
use super::{
    Basis, CaptureError, DESIGN, Directory, Found, MAX_ITEMS, MAX_LINE_CHARS, MAX_TEXT_CHARS, Said, short,
};

const DATASET: &str = "dataset.json";
const PLANS: &str = "plans.json";

/// Longest chain of configurations that build on each other. nnU-Net itself has two.
const MAX_INHERITANCE: usize = 8;

pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts) -> Result<(), CaptureError> {
    let is_trained = |directory: Directory<'_>| directory.has(DATASET) && !folds(directory).is_empty();
    let Some(directory) = Directory::find(found, artifacts, PLANS, is_trained) else { return Ok(()) };
    let plans = directory.required_json(PLANS, ("capture.nnunet-malformed", "the plans of nnU-Net"))?;
    let dataset = directory.required_json(DATASET, ("capture.nnunet-malformed", "a data set of nnU-Net"))?;
    let (Some(plans), Some(dataset)) = (plans, dataset) else { return Ok(()) };

    let all = plans.get("configurations").map(Node::members).unwrap_or_default();
    let named = directory.prefix.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let mut parts = named.splitn(3, "__");
    let (trainer, _, named) = (parts.next(), parts.next(), parts.next());
    let configuration = match (all, named) {
        ([(only, _)], _) => Some(only.as_str()),
        (all, Some(named)) => all.iter().map(|(name, _)| name.as_str()).find(|name| *name == named),
        _ => None,
    };
    let chosen = Chosen { all, name: configuration };
    if configuration.is_none() {
        let names: Vec<String> = all.iter().take(MAX_ITEMS).map(|(name, _)| short(name)).collect();
        Said::by(found, directory.path(PLANS)).hint(
            "configurations",
            "which of them was trained is not known: declare `training.hyperparameters` and the architecture, or capture \
             the directory above",
            &names.join(", "),
        );
    }
    design(found, directory, &chosen);
    let trainer = trainer.filter(|_| named.is_some());
    hyperparameters(found, directory, &plans, &dataset, &chosen, trainer);
    if !found.subject.contains("interface") {
        interface(found, directory, &dataset, &chosen);
    }
    Ok(())
}

/// The names of the folds whose training left a checkpoint.
fn folds(directory: Directory<'_>) -> Vec<&str> {
    let fold = |(name, _): (_, &Artifact)| -> Option<&str> {
        let (fold, rest) = str::strip_prefix(name, "fold_")?.split_once('/')?;
        matches!(rest, "checkpoint_final.pth" | "checkpoint_best.pth").then_some(fold)
    };
    let mut folds: Vec<&str> = directory.files().filter_map(fold).collect();
    folds.dedup();
    folds
}

/// The configuration that was trained, if that is known.
struct Chosen<'a> {
    all: &'a [(String, Node)],
    name: Option<&'a str>,
}

impl<'a> Chosen<'a> {
    /// A value of it, or of what it inherits from.
    fn get(&self, key: &str) -> Option<&'a Node> {
        let mut name = self.name?;
        for _ in 0..MAX_INHERITANCE {
            let (_, configuration) = self.all.iter().find(|(other, _)| other == name)?;
            if let Some(value) = configuration.get(key) {
                return Some(value);
            }
            name = configuration.get("inherits_from")?.text()?;
        }
        None
    }
}

fn design(found: &mut Found, directory: Directory<'_>, chosen: &Chosen<'_>) {
    let mut said = Said::by(found, directory.path(PLANS));
    // Before version 2.5 of nnU-Net the class stood in the configuration itself.
    let class = chosen.get("architecture").and_then(|node| node.get("network_class_name"));
    let class = class.or_else(|| chosen.get("UNet_class_name")).and_then(Node::text).map(str::to_owned);
    said.fill(DESIGN, "architecture", class, MAX_TEXT_CHARS, "network_class_name");
    // That is all that nnU-Net does.
    said.basis = Basis::Inferred;
    let text = |text: &str| Some(text.to_owned());
    said.fill(DESIGN, "task", text("semantic segmentation"), MAX_LINE_CHARS, "configurations");
    said.fill(DESIGN, "learningMethod", text("supervised learning"), MAX_LINE_CHARS, "configurations");
}

fn hyperparameters(
    found: &mut Found,
    directory: Directory<'_>,
    plans: &Node,
    dataset: &Node,
    chosen: &Chosen<'_>,
    trainer: Option<&str>,
) {
    let text = |text: &str| Node::Text(text.to_owned());
    let (trainer, configuration) = (trainer.map(text), chosen.name.map(text));
    let folds = Node::List(folds(directory).into_iter().map(text).collect());
    let mut parameters: Vec<(&str, &Node)> = Vec::new();
    parameters.extend(trainer.as_ref().map(|node| ("trainer", node)));
    parameters.extend(configuration.as_ref().map(|node| ("configuration", node)));
    parameters.push(("folds", &folds));
    for name in ["plans_name", "experiment_planner_used", "image_reader_writer", "transpose_forward"] {
        parameters.extend(plans.get(name).map(|node| (name, node)));
    }
    for name in ["patch_size", "spacing", "batch_size", "normalization_schemes", "batch_dice"] {
        parameters.extend(chosen.get(name).map(|node| (name, node)));
    }
    for name in ["numTraining", "file_ending"] {
        parameters.extend(dataset.get(name).map(|node| (name, node)));
    }
    let mut said = Said::by(found, directory.path(PLANS));
    said.hyperparameters(&parameters, "configurations");
}

/// The network's tensors, as nnU-Net always has them: 32-bit floats, channels first, one output channel a label.
fn interface(found: &mut Found, directory: Directory<'_>, dataset: &Node, chosen: &Chosen<'_>) {
    let mut said = Said::by(found, directory.path(DATASET));
    let channels =
        dataset.get("channel_names").or(dataset.get("modality")).map(Node::members).unwrap_or_default();
    let labels = dataset.get("labels").map(Node::members).unwrap_or_default();
    if channels.is_empty() || labels.is_empty() {
        return;
    }
    let list = |members: &[(String, Node)]| {
        let value = |node: &Node| match node {
            Node::List(items) => items.iter().filter_map(Node::scalar).collect::<Vec<_>>().join("+"),
            node => node.scalar().unwrap_or_default(),
        };
        members.iter().map(|(name, node)| format!("{name}: {}", value(node))).collect::<Vec<_>>().join("; ")
    };
    let is_ignored = |name: &str| name == "ignore";
    // With regions the background has no channel of its own.
    let regions = labels.iter().any(|(_, node)| matches!(node, Node::List(items) if items.len() > 1));
    let outputs =
        labels.iter().filter(|(name, _)| !(is_ignored(name) || regions && name == "background")).count();
    let patch = chosen.get("patch_size").map(Node::items).unwrap_or_default();
    let port = |name: &str, channels: usize, description: String| {
        let channels = i64::try_from(channels).unwrap_or(i64::MAX);
        let sizes =
            std::iter::once(channels).chain(patch.iter().filter_map(Node::integer).filter(|size| *size >= 0));
        let shape = std::iter::once(Json::from("N"))
            .chain(sizes.map(|size| super::parameter(&Node::Integer(size)).unwrap_or(Json::Null)));
        let mut port = Object::from_iter([("name", name), ("dtype", "float32")]);
        if !patch.is_empty() && patch.len() <= MAX_ITEMS / 4 {
            port.insert("shape", shape.collect::<Vec<Json>>());
        }
        port.insert("description", description);
        Json::from(port)
    };
    let (of_channels, of_labels) =
        (format!("channels: {}", list(channels)), format!("labels: {}", list(labels)));
    if of_channels.chars().count().max(of_labels.chars().count()) > MAX_TEXT_CHARS {
        return said.left_out("interface", "labels");
    }
    let mut node = Object::from_iter([("type", "ModelInterface"), ("basis", Basis::Inferred.word())]);
    node.insert("inputs", vec![port("image", channels.len(), of_channels)]);
    node.insert("outputs", vec![port("logits", outputs, of_labels)]);
    let from = said.from("channel_names and labels");
    said.found.add_known("interface", node, Basis::Inferred, &from);
}
