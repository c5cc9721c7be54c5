//! [eddsa-rdfc-2022](https://www.w3.org/TR/vc-di-eddsa/#eddsa-rdfc-2022): Ed25519 over the statements that
//! the document makes, hashed with SHA-256.

use super::{ProofError, Work, canonical_options, canonical_statements};
use crate::json::Json;

/// [Transformation](https://www.w3.org/TR/vc-di-eddsa/#transformation-eddsa-rdfc-2022)
pub(super) fn transform(document: &Json, work: &mut Work<'_, '_>) -> Result<String, ProofError> {
    canonical_statements(document, work)
}

/// [Proof configuration](https://www.w3.org/TR/vc-di-eddsa/#proof-configuration-eddsa-rdfc-2022): the
/// options under the document's `@context`.
pub(super) fn configure(
    options: &Json,
    document: &Json,
    work: &mut Work<'_, '_>,
) -> Result<String, ProofError> {
    canonical_options(options, document, work)
}
