//! Small helpers to write JSON-LD nodes.

use std::path::Path;

use model_passport::json::{Json, MAX_SAFE_INTEGER, Number, Object};

use super::CaptureError;

/// A group of facts that the tool computed from bytes.
pub(super) fn measured(kind: &str) -> Object {
    Object::from_iter([("type", kind), ("basis", "measured")])
}

/// A count or a size found in `path`.
pub(super) fn integer(value: u64, path: &Path) -> Result<Json, CaptureError> {
    let exact = i64::try_from(value).ok().filter(|value| *value <= MAX_SAFE_INTEGER);
    exact
        .map(|value| Json::Number(Number::Integer(value)))
        .ok_or_else(|| CaptureError::TooLarge { path: path.to_owned(), value })
}
