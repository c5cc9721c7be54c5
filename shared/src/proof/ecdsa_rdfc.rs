//! [ecdsa-rdfc-2019](https://www.w3.org/TR/vc-di-ecdsa/#ecdsa-rdfc-2019): ECDSA over the statements that the
//! document makes. With P-256 every hash is SHA-256, with P-384 SHA-384, also within RDFC-1.0.

use super::{ProofError, Work, canonical_options, canonical_statements};
use crate::json::Json;

/// [Transformation](https://www.w3.org/TR/vc-di-ecdsa/#transformation-ecdsa-rdfc-2019)
pub(super) fn transform(document: &Json, work: &mut Work<'_, '_>) -> Result<String, ProofError> {
    canonical_statements(document, work)
}

/// [Proof configuration](https://www.w3.org/TR/vc-di-ecdsa/#proof-configuration-ecdsa-rdfc-2019): the
/// options under the document's `@context`.
pub(super) fn configure(
    options: &Json,
    document: &Json,
    work: &mut Work<'_, '_>,
) -> Result<String, ProofError> {
    canonical_options(options, document, work)
}
