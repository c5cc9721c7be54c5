//! What is measured: the model's passport of case `bundle`, with its parents left out, since they are
//! credentials of their own; and the work that is done on it.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, ParsedPublicKey,
};
use model_passport::canon::rdfc::HashAlgorithm;
use model_passport::evidence::{Evidence, Policy};
use model_passport::json::{self, Json};
use model_passport::jsonld::{self, ContextLoader};
use model_passport::key::{Algorithm, Answer, SignatureCheck, Signer, SigningKey};
use model_passport::limits::Budget;
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
        let begun = Verification::begin(&self.text, &self.evidence, &self.policy, self.now);
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
