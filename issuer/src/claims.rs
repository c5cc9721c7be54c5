//! Claims.
use model_passport::json::Object;
/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing { /// pointer
    pub pointer: String, /// help
    pub help: String }
/// Missing.
pub fn missing(_: &Object, _: &str) -> Vec<Missing> { vec![] }
