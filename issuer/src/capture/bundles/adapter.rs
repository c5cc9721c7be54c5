//! Adapters in the layout of PEFT: `adapter_config.json` beside `adapter_model.safetensors`.
//!
//! The weights are few, and nothing without the model that they were trained on. The configuration names that
//! model, at best with a revision; neither pins its bytes.

use super::super::artifacts::Artifacts;
use super::super::foreign::Node;
use super::{CaptureError, Directory, Found, MAX_TEXT_CHARS, Said};
use super::{DESIGN, short};

const CONFIG: &str = "adapter_config.json";

/// What shapes an adapter. The rest of the file is how to load it.
const PARAMETERS: [&str; 15] = [
    "peft_type",
    "task_type",
    "r",
    "lora_alpha",
    "lora_dropout",
    "target_modules",
    "modules_to_save",
    "layers_to_transform",
    "bias",
    "fan_in_fan_out",
    "use_dora",
    "use_rslora",
    "init_lora_weights",
    "num_virtual_tokens",
    "total_step",
];

pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts) -> Result<(), CaptureError> {
    let Some(directory) = Directory::find(found, artifacts, CONFIG, |directory| {
        directory.has("adapter_model.safetensors") || directory.has("adapter_model.bin")
    }) else {
        return Ok(());
    };
    let error = ("capture.adapter-malformed", "the configuration of an adapter");
    let Some(config) = directory.required_json(CONFIG, error)? else { return Ok(()) };
    let mut said = Said::by(found, directory.path(CONFIG));
    let text = |key: &str| config.get(key).and_then(Node::text).filter(|text| !text.is_empty());

    if let Some(base) = text("base_model_name_or_path") {
        let revision =
            text("revision").map_or_else(String::new, |name| format!(", revision `{}`", short(name)));
        let how = format!("the model that the adapter is for{revision}");
        said.parent("fineTunedFrom", &[base], &how, "base_model_name_or_path");
    }
    if let Some(kind) = text("peft_type") {
        let architecture = format!("{kind} adapter");
        said.fill(DESIGN, "architecture", Some(architecture), MAX_TEXT_CHARS, "peft_type");
    }
    let version = text("peft_version").map(|version| ("PEFT".to_owned(), version.to_owned()));
    said.frameworks(version.as_slice(), "peft_version");
    let parameters: Vec<(&str, &Node)> =
        PARAMETERS.into_iter().filter_map(|name| Some((name, config.get(name)?))).collect();
    // An empty list says as much as a list that is not there.
    let parameters: Vec<(&str, &Node)> =
        parameters.into_iter().filter(|(_, value)| **value != Node::List(Vec::new())).collect();
    said.hyperparameters(&parameters, "r, lora_alpha and others");
    Ok(())
}
