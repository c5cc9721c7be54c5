//! [eddsa-jcs-2022](https://www.w3.org/TR/vc-di-eddsa/#eddsa-jcs-2022): Ed25519 over the canonical JSON text,
//! hashed with SHA-256.

use super::canonical_json;
use crate::json::Json;

/// [Transformation](https://www.w3.org/TR/vc-di-eddsa/#transformation-eddsa-jcs-2022)
pub(super) fn transform(document: &Json) -> String {
    canonical_json(document)
}

/// [Proof configuration](https://www.w3.org/TR/vc-di-eddsa/#proof-configuration-eddsa-jcs-2022)
pub(super) fn configure(options: &Json) -> String {
    canonical_json(options)
}
