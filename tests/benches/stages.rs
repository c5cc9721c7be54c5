//! What is measured: the model's passport of case `bundle`, with its parents left out, since they are
//! credentials of their own; and the work that is done on it.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, ParsedPublicKey,
};
use model_passport::canon::rdfc::HashAlgorithm;
use model_passport::evidence::{Evidence, Policy};
use model_passport::jose::{self, Audience, Kind};
use model_passport::json::{self, Json};
use model_passport::jsonld::{self, ContextLoader};
use model_passport::key::{Algorithm, Answer, SignatureCheck, Signer, SigningKey};
use model_passport::limits::Budget;
use model_passport::proof::ecdsa_sd::{Secrets, add_base_proof, derive};
use model_passport::proof::{Cryptosuite, ProofOptions, add_proof};
use model_passport::{Report, Timestamp, Verification};
use model_passport_issuer::crypto::{FastSigner, answers};
use model_passport_tests::cases_folder;
use model_passport_tests::issue::{NOW, Party, SIGNED, remove, signing_key, time};

/// A passport and everything around it, made ready once.
pub struct Subject {
    /// As it arrives.
    pub text: String,
    /// The same, read, without its proof.
    pub unsigned: Json,
    /// Its canonical statements.
    pub quads: String,
    /// The embedded contexts.
    pub contexts: ContextLoader<'static>,
    /// None.
    pub evidence: Evidence,
    /// The strict one.
    pub policy: Policy,
    /// The time to judge by.
    pub now: Timestamp,
    check: SignatureCheck,
    verifying: ParsedPublicKey,
    signing: EcdsaKeyPair,
}

impl Subject {
    /// The model's passport of case `bundle`.
    #[allow(dead_code, reason = "each program that measures takes its passport from one place")]
    pub fn of_the_bundle() -> Self {
        let bundle = std::fs::read_to_string(cases_folder().join("bundle/input.json")).expect("the case");
        let credentials = json::parse(&bundle).expect("JSON");
        Self::new(
            &credentials
                .pointer("/presentation/verifiableCredential/1")
                .expect("the model's passport")
                .to_string(),
        )
    }

    /// Any passport with one proof by P-256.
    pub fn new(text: &str) -> Self {
        let mut unsigned = json::parse(text).expect("JSON");
        remove(&mut unsigned, "/proof");
        let contexts = ContextLoader::embedded();
        let quads = jsonld::canonize(&unsigned, contexts, HashAlgorithm::Sha256, &mut Budget::default())
            .expect("statements");
        let (evidence, policy, now) = (Evidence::default(), Policy::default(), time(NOW));
        let begun = Verification::begin(text, &evidence, &policy, now);
        let [check] = begun.signatures() else { panic!("one signature") };
        let check = check.clone();
        let verifying =
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, check.key.uncompressed()).expect("a P-256 key");
        let key = Self::key();
        let (secret, public) = (key.to_secret_bytes(), key.verifying_key().uncompressed());
        let signing =
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &secret, &public)
                .expect("a key");
        Self {
            text: text.to_owned(),
            unsigned,
            quads,
            contexts,
            evidence,
            policy,
            now,
            check,
            verifying,
            signing,
        }
    }

    /// The key that signs.
    pub fn key() -> SigningKey {
        signing_key(Algorithm::P256, 1)
    }

    /// The issuer's signer for it.
    pub fn fast_signer() -> FastSigner {
        let party = Party::by_key(Algorithm::P256, 1);
        FastSigner::new(&Self::key(), party.signer.verification_method()).expect("a signer")
    }

    /// The whole check as the issuer's binary and service make it.
    pub fn verify_fast(&self) -> Report {
        self.check(&self.text, &self.policy)
    }

    /// The same of any text.
    pub fn check(&self, text: &str, policy: &Policy) -> Report {
        let begun = Verification::begin(text, &self.evidence, policy, self.now);
        let answers = answers(begun.signatures());
        begun.finish(&answers)
    }

    /// The proof made and added.
    pub fn sign(&self, signer: &dyn Signer) -> Json {
        let options = ProofOptions::new(Cryptosuite::EcdsaRdfc2019).created(time(SIGNED));
        add_proof(&self.unsigned, &options, signer, self.contexts).expect("a proof")
    }

    /// What a verifier cannot go below: the hash of the statements and one signature, under a key that was
    /// prepared before.
    pub fn limit(&self) -> Answer {
        let hash = digest::digest(&digest::SHA256, self.quads.as_bytes());
        std::hint::black_box(hash);
        match self.verifying.verify_sig(&self.check.message, &self.check.signature) {
            Ok(()) => Answer::Valid,
            Err(_) => Answer::Invalid,
        }
    }

    /// The same for an issuer.
    pub fn sign_limit(&self) -> usize {
        std::hint::black_box(digest::digest(&digest::SHA256, self.quads.as_bytes()));
        let signature = self.signing.sign(&SystemRandom::new(), &self.check.message).expect("a signature");
        signature.as_ref().len()
    }
}

/// The same passport in the two other ways to secure it: for selective disclosure, and as a JWS.
#[allow(dead_code, reason = "each program that measures takes what it needs")]
pub struct OtherWays {
    /// With a base proof of ecdsa-sd-2023.
    pub base: Json,
    /// The part of it that [`OtherWays::POINTERS`] choose.
    pub part: String,
    /// As `vc+jwt`.
    pub jws: String,
}

#[allow(dead_code, reason = "each program that measures takes what it needs")]
impl OtherWays {
    /// What every part shows.
    pub const MANDATORY: [&str; 2] = ["/issuer", "/validFrom"];
    /// What the measured part shows besides.
    pub const POINTERS: [&str; 3] =
        ["/credentialSubject/name", "/credentialSubject/design", "/credentialSubject/weights"];

    /// Secures the subject's passport.
    pub fn new(subject: &Subject) -> Self {
        let signer = Subject::fast_signer();
        let options = ProofOptions::new(Cryptosuite::EcdsaSd2023).created(time(SIGNED));
        let secrets = Secrets { hmac_key: [7; 32], proof_key: signing_key(Algorithm::P256, 9) };
        let mandatory = Self::MANDATORY.map(String::from);
        let base =
            add_base_proof(&subject.unsigned, &options, &mandatory, &secrets, &signer, subject.contexts)
                .expect("a base proof");
        let part = Self::derive(&base, subject).to_string();
        let jws =
            jose::sign(&subject.unsigned, Kind::Credential, &Audience::default(), &signer).expect("a JWS");
        Self { base, part, jws }
    }

    /// What a holder makes of the base proof.
    pub fn derive(base: &Json, subject: &Subject) -> Json {
        derive(base, &Self::POINTERS.map(String::from), subject.contexts).expect("a part")
    }
}
