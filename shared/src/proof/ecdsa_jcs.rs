//! [ecdsa-jcs-2019](https://www.w3.org/TR/vc-di-ecdsa/#ecdsa-jcs-2019): ECDSA over the canonical JSON text.
//! With P-256 every hash is SHA-256, with P-384 SHA-384.

use super::canonical_json;
use crate::json::Json;

/// [Transformation](https://www.w3.org/TR/vc-di-ecdsa/#transformation-ecdsa-jcs-2019)
pub(super) fn transform(document: &Json) -> String {
    canonical_json(document)
}

/// [Proof configuration](https://www.w3.org/TR/vc-di-ecdsa/#proof-configuration-ecdsa-jcs-2019)
pub(super) fn configure(options: &Json) -> String {
    canonical_json(options)
}
