//! The core of Model Passport: whether a model's passport holds, and for what.
//!
//! ```text
//! text, evidence, policy, now ──► verify ──► Report
//!
//!   json      strict JSON            ─┐
//!   jsonld    JSON to statements      ├─ what was signed
//!   canon     RFC 8785, RDFC-1.0     ─┘
//!   key did   whose key it is        ─┐
//!   proof     Data Integrity          ├─ who signed it
//!   jose      JSON Web Signatures     │
//!   profile   the one allowed shape   │
//!   vcdm      any other credential   ─┘
//!   status    what was recalled      ─── whether it still holds
//!   lineage   what it builds on      ─── what it rests on
//!   policy    whom and what to trust ─── whether that is enough
//!
//!   records   whether one record is, or is not, in a data set: apart from the verdict, with a proof of its own
//! ```
//!
//! **In scope:** reading credentials, presentations and bundles; their proofs, issuer, validity, status and lineage;
//! trust lists and policies; files against manifests, by digests that the caller measured; with feature `sign`, making proofs and status lists.
//!
//! **Out of scope:** this crate never reads a file, opens a connection, asks for the time or draws a random
//! number. The shells do: the `passport` binary and the WebAssembly package.
//!
//! Modules in reading order: [`verify`](mod@verify) says what happens; [`report`] what comes out; [`passport`] and
//! [`evidence`] what goes in; then the stages above. Every cap is in [`limits`].

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod canon;
pub mod did;
pub mod digest;
pub mod evidence;
mod index;
pub mod jose;
pub mod json;
pub mod jsonld;
pub mod key;
pub mod limits;
pub mod lineage;
pub mod multibase;
pub mod passport;
pub mod policy;
pub mod profile;
pub mod proof;
pub mod rdf;
pub mod records;
pub mod report;
pub mod schema;
pub mod status;
pub mod time;
pub mod vcdm;
pub mod verify;

pub use evidence::{Evidence, Need};
pub use json::Json;
pub use key::{Answer, SignatureCheck};
pub use policy::Policy;
pub use report::{Report, Verdict};
pub use time::Timestamp;
pub use verify::{Verification, needs, verify};

/// The version of this verifier, as it stands in every report.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
