//! The native side of `disclosure.test.mjs`: base proofs and parts of credentials. A request a line on standard
//! input, the credential that comes of it a line on standard output.
//!
//! ```text
//! { "sign": credential, "pointers": mandatory, "contexts": [[url, document], …] }
//! { "derive": credential, "pointers": revealed, "contexts": … }
//! ```

use std::io::stdin;

use model_passport::json::{self, Json};
use model_passport::jsonld::ContextLoader;
use model_passport::key::Algorithm;
use model_passport::proof::ecdsa_sd::{Secrets, add_base_proof, derive};
use model_passport::proof::{Cryptosuite, ProofOptions};
use model_passport_tests::issue::{Party, SIGNED, set, signing_key, time};

fn main() {
    let party = Party::by_key(Algorithm::P256, 50);
    for line in stdin().lines() {
        let request = json::parse(&line.expect("text")).expect("a request");
        let list = |name: &str| request.get(name).and_then(Json::as_array).unwrap_or_default().to_vec();
        let text = |json: Option<&Json>| json.and_then(Json::as_str).expect("a text").to_owned();
        let pointers: Vec<String> = list("pointers").iter().map(|pointer| text(Some(pointer))).collect();
        let context =
            |pair: &Json| (text(pair.pointer("/0")), pair.pointer("/1").cloned().expect("a context"));
        let contexts: Vec<(String, Json)> = list("contexts").iter().map(context).collect();
        let loader = ContextLoader::with(&contexts);
        let made = match request.get("sign") {
            Some(credential) => {
                let mut credential = credential.clone();
                set(&mut credential, "/issuer", party.did.as_str());
                let secrets = Secrets { hmac_key: [51; 32], proof_key: signing_key(Algorithm::P256, 52) };
                let options = ProofOptions::new(Cryptosuite::EcdsaSd2023).created(time(SIGNED));
                add_base_proof(&credential, &options, &pointers, &secrets, &party.signer, loader)
            }
            None => derive(request.get("derive").expect("a request"), &pointers, loader),
        };
        println!("{}", made.expect("a credential"));
    }
}
