//! The issuer: makes passports, and verifies them with what the machine holds.
//!
//! | command | module | reads | writes |
//! |---|---|---|---|
//! | `key new\|list\|show` | [`command::key`] | the key store | a key; its DID |
//! | `capture` | [`command::capture`] | a model or a data set | a draft |
//! | `data prove\|check\|commit\|merge\|…` | [`command::data`] | records of a data set, proofs about them | proofs, commitments |
//! | `run` | [`command::run`] | what a command reads and writes | a draft, or a signed attestation |
//! | `issue` | [`command::issue`] | a draft or a path, claims | a signed passport |
//! | `attest approval\|deployment\|…` | [`command::attest`] | claims or results, the subject's passport | a signed attestation |
//! | `derive` | [`command::derive`] | a passport with a base proof | the part of it to show |
//! | `verify` | [`command::verify`] | a passport, evidence, artefacts | the report |
//! | `show` | [`command::show`] | a passport | its verified content |
//! | `compare` | [`command::compare`] | evaluations of two models | what changed; claims of a revision |
//! | `bundle` | [`command::bundle`] | passports, DID documents | one file |
//! | `status new\|list\|renew\|message` | [`command::status`] | the key store | a signed status list |
//! | `revoke`, `suspend`, `restore` | [`command::recall`] | a passport, the key store | the same, changed |
//! | `serve` | [`service`] | requests of the VC-API | answers |
//! | `status new\|list\|renew\|message` | [`command::status`] | the key store | a signed status list |
//! | `revoke`, `suspend`, `restore` | [`command::recall`] | a passport, the key store | the same, changed |
//! | `explain`, `completions` | [`command::explain`], [`command::completions`] | | help |
//!
//! *In scope:* files, keys, the clock, randomness, the terminal. *Out of scope:* every decision about a
//! passport, which is `model_passport`'s; the network: only `tracking` opens a connection, to the tracking server
//! that `capture --mlflow` names, and `serve` listens on loopback only.

pub mod capture;
pub mod claims;
pub mod cli;
pub mod command;
pub mod crypto;
mod data;
mod diff;
mod disclosure;
mod evidence;
pub mod exit;
pub mod files;
pub mod keystore;
mod monitoring;
mod parents;
pub mod print;
pub mod problem;
mod progress;
mod project;
mod recall;
mod render;
mod seal;
pub mod second_opinion;
mod secrets;
#[cfg(feature = "service")]
pub mod service;
#[cfg(feature = "mlflow-rest")]
mod tracking;
