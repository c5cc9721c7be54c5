//! From a filled subject to a signed credential. Nothing leaves before everything that could refuse it has been
//! asked, and the key is not touched before everything that needs no key has agreed.
//!
//! 1. assemble: envelope, names for all nodes
//! 2. check: no secret in any text; the profile and the schema, everything that is wrong at once; the canonical
//!    statements
//! 3. sign: one proof for each suite, or the whole as a JWS
//! 4. verify, by the core, as anyone else would: a base proof with everything revealed
//! 5. ask for the second opinion

use std::fmt;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use model_passport::canon::rdfc::HashAlgorithm;
use model_passport::evidence::{Evidence, Policy};
use model_passport::jose::{self, Audience, Kind};
use model_passport::json::{Json, Object};
use model_passport::jsonld::{self, ContextLoader, JsonLdError};
use model_passport::key::{Algorithm, SignError, Signer};
use model_passport::limits::{Budget, MAX_FINDINGS};
use model_passport::passport::{CONTEXT, CREDENTIALS_V2, Credential};
use model_passport::profile;
use model_passport::proof::ecdsa_sd::add_base_proof;
use model_passport::proof::{Cryptosuite, ProofError, ProofOptions, add_proof};
use model_passport::report::{Check, CheckName, Outcome, Report};
use model_passport::schema::Finding;
use model_passport::status::Entry;
use model_passport::time::Timestamp;
use thiserror::Error;

use crate::claims;
use crate::command::verify;
use crate::disclosure;
use crate::exit::Exit;
use crate::problem::{Failure, Problem};
use crate::second_opinion::{self, Opinion, Question};
use crate::secrets::{self, Leak};

/// Why nothing was signed, or why what was signed does not leave.
#[derive(Debug, Error)]
pub(crate) enum SealError {
    #[error("{}", Listed(.0))]
    Findings(Vec<Finding>),
    #[error("the statements of the credential cannot be signed: {0}")]
    JsonLd(#[from] JsonLdError),
    #[error("a credential is either inside a JWS or has proofs beside it")]
    Mixed,
    #[error("the system has no randomness to give")]
    Randomness,
    #[error("`--allow-secret {pointer}` names a place at which nothing looks like a secret")]
    SecretAllowance { pointer: String },
    #[error("{}", Leaking(.0))]
    Secrets(Vec<Leak>),
    #[error("the credential does not pass its own verification: {message}")]
    SelfCheck { code: String, message: String, help: Option<String> },
    #[error("signing failed: {0}")]
    Sign(#[from] ProofError),
    #[error("the suite `{suite}` does not sign with a {algorithm} key")]
    WrongKey { suite: &'static str, algorithm: Algorithm },
    #[error("`{name}` is not a cryptosuite that is supported")]
    UnknownSuite { name: String },
}

impl Problem for SealError {
    fn code(&self) -> &'static str {
        match self {
            Self::Findings(_) => "issue.claims",
            Self::JsonLd(cause) => cause.code(),
            Self::Mixed => "issue.mixed-proofs",
            Self::Randomness => "keystore.randomness",
            Self::SecretAllowance { .. } => "issue.secret-allowance",
            Self::Secrets(_) => "issue.secret",
            Self::SelfCheck { .. } => "issue.self-check",
            Self::Sign(cause) => cause.code(),
            Self::UnknownSuite { .. } => "issue.unknown-suite",
            Self::WrongKey { .. } => "issue.wrong-key",
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Findings(_) => {
                "declare it in a claims file and give that with `--claims FILE`; nothing was signed"
                    .to_owned()
            }
            Self::JsonLd(_) => {
                "the claims use a term or a value that has no meaning here; nothing was signed".to_owned()
            }
            Self::Mixed => "leave `--proof vc+jwt` alone, or leave it away".to_owned(),
            Self::Randomness | Self::Sign(_) => "nothing was written".to_owned(),
            Self::SecretAllowance { .. } => {
                "leave it away, or give the pointer as the error names it; nothing was signed".to_owned()
            }
            Self::Secrets(_) => {
                "remove it where it comes from and, if that was ever shared, replace the secret; for a place \
                 that holds none, say `--allow-secret POINTER`; nothing was signed"
                    .to_owned()
            }
            Self::SelfCheck { code, help, .. } => {
                let help = help.as_ref().map(|help| format!("{help}; ")).unwrap_or_default();
                format!("{help}nothing was written; `passport explain {code}` says more")
            }
            Self::UnknownSuite { .. } => format!("supported are {}", names().join(", ")),
            Self::WrongKey { algorithm, .. } => {
                let fitting =
                    Cryptosuite::ALL.into_iter().filter(|suite| suite.hash_for(*algorithm).is_some());
                format!(
                    "with this key use {}",
                    fitting.map(Cryptosuite::name).collect::<Vec<_>>().join(" or ")
                )
            }
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Findings(_) | Self::JsonLd(_) | Self::Secrets(_) => Exit::Malformed,
            Self::Randomness | Self::Sign(_) => Exit::Internal,
            Self::SelfCheck { .. } => Exit::NotVerified,
            Self::Mixed
            | Self::SecretAllowance { .. }
            | Self::UnknownSuite { .. }
            | Self::WrongKey { .. } => Exit::Usage,
        }
    }
}

/// All findings, one a line.
struct Listed<'a>(&'a [Finding]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "{count} {} missing or wrong:", if count == 1 { "claim is" } else { "claims are" })?;
        let places: Vec<String> = self.0.iter().map(place).collect();
        let width =
            places.iter().map(|place| place.chars().count()).max().unwrap_or_default().min(MAX_PLACE_WIDTH);
        for (place, finding) in places.iter().zip(self.0) {
            let text = match &finding.help {
                Some(what) if finding.code == "schema.missing" => what.clone(),
                Some(what) => format!("{} ({what})", finding.message),
                None => finding.message.clone(),
            };
            write!(f, "\n  {place:width$}  {text}")?;
        }
        Ok(())
    }
}

/// Columns kept for the places in a list of findings.
const MAX_PLACE_WIDTH: usize = 44;

/// The first of the leaks, one a line, by place and kind and without their values.
struct Leaking<'a>(&'a [Leak]);

impl fmt::Display for Leaking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let places = if count == 1 { "1 place holds" } else { &format!("{count} places hold") };
        write!(f, "{places} what looks like a secret:")?;
        for Leak { pointer, kind, redacted } in self.0.iter().take(MAX_FINDINGS) {
            write!(f, "\n  {pointer}  {kind} `{redacted}`")?;
        }
        Ok(())
    }
}

/// Where a claim belongs, in the words of a claims file: `training.hardware`.
fn place(finding: &Finding) -> String {
    let pointer = finding.pointer.strip_prefix("/credentialSubject").unwrap_or(&finding.pointer);
    pointer.trim_start_matches('/').replace('/', ".")
}

/// How a credential is secured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Securing {
    /// With a proof for each suite.
    Proofs(Vec<Cryptosuite>),
    /// As the payload of a JWS.
    Jws,
}

impl Securing {
    /// Whether one of the proofs is a base proof, which is for its holder only.
    pub(crate) fn is_base(&self) -> bool {
        matches!(self, Self::Proofs(suites) if suites.contains(&Cryptosuite::EcdsaSd2023))
    }
}

/// What is to be signed.
pub(crate) struct Order<'a> {
    /// The credential's name, from [`fresh_urn`].
    pub(crate) id: &'a str,
    /// The kind of credential.
    pub(crate) kind: &'a str,
    /// The DID that signs.
    pub(crate) issuer: &'a str,
    /// The subject, filled.
    pub(crate) subject: Object,
    /// From when it is valid.
    pub(crate) valid_from: Timestamp,
    /// Until when, if there is an end.
    pub(crate) valid_until: Option<Timestamp>,
    /// Where a recall will be seen.
    pub(crate) status: &'a [Entry],
    /// Pointers to what looks like a secret and is none, as a person found.
    pub(crate) allow_secret: &'a [String],
}

/// Assembled, checked and not yet signed.
pub(crate) struct Unsigned {
    credential: Json,
    quads: String,
    valid_from: Timestamp,
}

/// Signed, verified and not yet written.
pub(crate) struct Sealed {
    /// The text to write.
    pub(crate) text: String,
    /// The credential's name.
    pub(crate) id: String,
    /// What the second implementation said.
    pub(crate) opinions: Vec<Opinion>,
    /// Whether the text holds a base proof, which is for its holder only.
    pub(crate) is_base: bool,
}

/// How to sign.
pub(crate) struct How<'a> {
    /// As proofs, or as a JWS.
    pub(crate) securing: &'a Securing,
    /// For ecdsa-sd-2023, what no holder may leave out besides what none may ever.
    pub(crate) mandatory: &'a [String],
    /// The key.
    pub(crate) signer: &'a dyn Signer,
}

/// Steps 1 and 2.
pub(crate) fn prepare(order: Order<'_>) -> Result<Unsigned, SealError> {
    let mut subject = order.subject;
    claims::complete(&mut subject, order.kind, order.id);
    let mut credential = Object::from_iter([
        ("@context", Json::from(vec![Json::from(CREDENTIALS_V2), Json::from(CONTEXT)])),
        ("id", Json::from(order.id)),
        ("type", Json::from(vec![Json::from("VerifiableCredential"), Json::from(order.kind)])),
        ("issuer", Json::from(order.issuer)),
        ("validFrom", Json::from(order.valid_from.to_string())),
    ]);
    if let Some(until) = order.valid_until {
        credential.insert("validUntil", until.to_string());
    }
    match order.status {
        [] => {}
        [entry] => {
            credential.insert("credentialStatus", entry.to_json());
        }
        entries => {
            credential.insert("credentialStatus", entries.iter().map(Entry::to_json).collect::<Vec<Json>>());
        }
    }
    credential.insert("credentialSubject", subject);
    let credential = Json::from(credential);

    // First of all, since what the others say may quote the credential.
    let scanned = secrets::scan_except(&credential, order.allow_secret);
    if !scanned.leaks.is_empty() {
        return Err(SealError::Secrets(scanned.leaks));
    }
    // Without its entries of status lists a credential is prepared first, see `Session::issue`.
    let unused = |pointer: &&&str| order.status.is_empty() <= !pointer.starts_with("/credentialStatus");
    if let Some(pointer) = scanned.unused.iter().find(unused) {
        return Err(SealError::SecretAllowance { pointer: (*pointer).to_owned() });
    }
    let taken = Credential::new(credential.clone()).map_err(|cause| SealError::SelfCheck {
        code: cause.code().to_owned(),
        message: cause.to_string(),
        help: None,
    })?;
    let findings = profile::findings(&taken, &credential);
    if !findings.is_empty() {
        return Err(SealError::Findings(findings));
    }
    let quads = jsonld::canonize(
        &credential,
        ContextLoader::default(),
        HashAlgorithm::Sha256,
        &mut Budget::default(),
    )?;
    Ok(Unsigned { credential, quads, valid_from: order.valid_from })
}

/// Steps 3 to 5. `evidence` is what a verifier would have: the parents, and the issuer's DID document.
pub(crate) fn sign(
    unsigned: &Unsigned,
    how: &How<'_>,
    evidence: &Evidence,
    did_documents: &[(String, String)],
) -> Result<Sealed, Failure> {
    let now = unsigned.valid_from;
    let (written, checked) = match how.securing {
        Securing::Proofs(suites) => {
            let credential = with_proofs(&unsigned.credential, suites, how, now)?;
            let written = credential.to_pretty();
            let checked = if how.securing.is_base() {
                disclosure::revealed(&credential).map_err(SealError::from)?.to_pretty()
            } else {
                written.clone()
            };
            (written, checked)
        }
        Securing::Jws => {
            let jws = jose::sign(&unsigned.credential, Kind::Credential, &Audience::default(), how.signer);
            let jws = jws.map_err(|cause: SignError| SealError::Sign(cause.into()))? + "\n";
            (jws.clone(), jws)
        }
    };
    let id = unsigned.credential.get("id").and_then(Json::as_str).unwrap_or_default().to_owned();

    // Of its own status lists the newest is at hand, however old: nobody could have a newer one.
    let policy = Policy { max_status_age_secs: Some(u32::MAX), ..Policy::default() };
    let outcome = verify::check(&checked, evidence, &policy, now);
    if let Some(check) = refusal(&outcome.report, &id) {
        let (code, message) = (check.code.to_string(), check.message.clone());
        return Err(SealError::SelfCheck { code, message, help: check.help.clone().map(String::from) }.into());
    }
    let question = Question { credential: &checked, quads: &unsigned.quads, did_documents };
    let opinions = second_opinion::ask(&question)?;
    Ok(Sealed { text: written, id, opinions, is_base: how.securing.is_base() })
}

fn with_proofs(
    unsigned: &Json,
    suites: &[Cryptosuite],
    how: &How<'_>,
    now: Timestamp,
) -> Result<Json, SealError> {
    let mut credential = unsigned.clone();
    let contexts = ContextLoader::default();
    for suite in suites {
        let options = ProofOptions::new(*suite).created(now);
        credential = if *suite == Cryptosuite::EcdsaSd2023 {
            let mandatory = disclosure::mandatory(unsigned, how.mandatory);
            let secrets = disclosure::secrets().ok_or(SealError::Randomness)?;
            add_base_proof(&credential, &options, &mandatory, &secrets, how.signer, contexts)?
        } else {
            add_proof(&credential, &options, how.signer, contexts)?
        };
    }
    Ok(credential)
}

/// What keeps a credential from being issued or built on: anything that failed, and anything about the credential
/// itself that could not be checked. Files and parents that were not handed over are a later verifier's to ask for.
pub(crate) fn refusal<'r>(report: &'r Report, id: &str) -> Option<&'r Check> {
    report.checks.iter().find(|check| stops(check, id))
}

fn stops(check: &Check, id: &str) -> bool {
    match check.outcome {
        Outcome::Fail => true,
        Outcome::NotChecked => {
            let about_it = check.node.as_deref().is_none_or(|node| node == id);
            check.required && about_it && !matches!(check.check, CheckName::Artifacts | CheckName::Lineage)
        }
        Outcome::Pass | Outcome::Warn | Outcome::NotApplicable => false,
    }
}

/// How to sign: as it was asked for, or with the usual suite for the key.
pub(crate) fn securing(asked: &[String], algorithm: Algorithm) -> Result<Securing, SealError> {
    if asked.is_empty() {
        return Ok(Securing::Proofs(vec![usual_suite(algorithm)]));
    }
    let is_jws = |name: &String| name == Kind::Credential.name();
    if asked.iter().any(is_jws) {
        return if asked.iter().all(is_jws) { Ok(Securing::Jws) } else { Err(SealError::Mixed) };
    }
    let mut suites = Vec::new();
    for name in asked {
        let suite =
            Cryptosuite::from_name(name).ok_or_else(|| SealError::UnknownSuite { name: name.clone() })?;
        if suite.hash_for(algorithm).is_none() {
            return Err(SealError::WrongKey { suite: suite.name(), algorithm });
        }
        if !suites.contains(&suite) {
            suites.push(suite);
        }
    }
    Ok(Securing::Proofs(suites))
}

/// The suite to sign with where none was asked for.
pub(crate) const fn usual_suite(algorithm: Algorithm) -> Cryptosuite {
    match algorithm {
        Algorithm::Ed25519 => Cryptosuite::EddsaRdfc2022,
        Algorithm::P256 | Algorithm::P384 => Cryptosuite::EcdsaRdfc2019,
    }
}

fn names() -> Vec<&'static str> {
    Cryptosuite::ALL.into_iter().map(Cryptosuite::name).chain([Kind::Credential.name()]).collect()
}

/// A random UUID as a URN, <https://www.rfc-editor.org/rfc/rfc9562#section-5.4>.
pub(crate) fn fresh_urn() -> Result<String, SealError> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SealError::Randomness)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().urn().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_wants_a_key_that_fits() {
        let suites_of = |asked: &[&str], algorithm| {
            let asked: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
            securing(&asked, algorithm).map_err(|error| error.code())
        };
        assert_eq!(suites_of(&[], Algorithm::P384), Ok(Securing::Proofs(vec![Cryptosuite::EcdsaRdfc2019])));
        assert_eq!(
            suites_of(&[], Algorithm::Ed25519),
            Ok(Securing::Proofs(vec![Cryptosuite::EddsaRdfc2022]))
        );
        assert_eq!(suites_of(&["eddsa-jcs-2022"], Algorithm::P256), Err("issue.wrong-key"));
        assert_eq!(suites_of(&["vc+jwt"], Algorithm::P384), Ok(Securing::Jws));
        assert_eq!(suites_of(&["vc+jwt", "ecdsa-jcs-2019"], Algorithm::P384), Err("issue.mixed-proofs"));
        assert_eq!(suites_of(&["rsa"], Algorithm::P256), Err("issue.unknown-suite"));
    }
}
