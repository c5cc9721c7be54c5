//! Filling in what follows from the schema: the `type` of a node, its default `basis`, and its `id`.
//!
//! People write claims without them; every node of a passport has them.

use crate::json::{Json, Object};

use super::{Rule, Schema};

impl Schema {
    /// Sets the members of `credentialSubject` that are required, missing and known: constants, defaults, and
    /// the names of nodes. A node is named by its place, `<credential id>#<path in credentialSubject>`.
    ///
    /// Nothing that is there is changed, and what is wrong stays wrong: validate afterwards.
    pub fn complete(&self, credential: &mut Json) {
        let Some(base) = credential.get("id").and_then(Json::as_str).map(|id| format!("{id}#")) else {
            return;
        };
        let rule = self
            .root
            .chain()
            .flat_map(|rule| &rule.properties)
            .find(|(name, _)| **name == *"credentialSubject");
        let subject = credential.as_object_mut().and_then(|object| object.get_mut("credentialSubject"));
        if let (Some((_, rule)), Some(subject)) = (rule, subject) {
            complete(rule, subject, &base);
        }
    }
}

// As deep as the value at most.
fn complete(rule: &Rule, value: &mut Json, place: &str) {
    for rule in rule.chain() {
        match value {
            Json::Array(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    if let Some(rule) = &rule.items {
                        complete(rule, item, &join(place, &at.to_string()));
                    }
                }
            }
            Json::Object(object) => complete_object(rule, object, place),
            _ => return,
        }
        if let Some(branch) = rule.any_of.iter().find(|branch| fits(branch, value)) {
            complete(branch, value, place);
        }
    }
}

fn complete_object(rule: &Rule, object: &mut Object, place: &str) {
    let mut set = Object::new();
    for required in rule.required.iter().filter(|required| !object.contains(&required.name)) {
        let Some(rule) = &required.rule else { continue };
        if rule.is_assigned() {
            set.insert(&*required.name, place);
        } else if let Some(preset) = rule.preset() {
            set.insert(&*required.name, preset.clone());
        }
    }
    if !set.is_empty() {
        // They come first: a reader wants to know what a node is before what it says.
        for (name, value) in object.iter_mut() {
            set.insert(name, std::mem::replace(value, Json::Null));
        }
        *object = set;
    }
    for (name, value) in object.iter_mut() {
        if let Some((_, rule)) = rule.properties.iter().find(|(known, _)| **known == *name) {
            complete(rule, value, &join(place, name));
        }
    }
}

/// Whether a branch is meant for this type of value.
fn fits(rule: &Rule, value: &Json) -> bool {
    rule.chain().find_map(|rule| rule.types).is_some_and(|types| types.allow(value))
}

fn join(place: &str, token: &str) -> String {
    let slash = if place.ends_with('#') { "" } else { "/" };
    format!("{place}{slash}{token}")
}
