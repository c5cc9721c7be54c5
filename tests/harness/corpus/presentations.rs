//! Row D12 of the threats: who presents, to whom, and on which occasion.

use model_passport::did::Relationship;
use model_passport::jsonld::ContextLoader;
use model_passport::proof::{ProofOptions, add_proof};

use super::*;
use crate::issue::time;

pub(super) const CHALLENGE: &str = "b1c6a5e0";
pub(super) const DOMAIN: &str = "registry.example";
/// When the presentations were made: shortly before they are verified.
const MADE: &str = "2026-11-21T11:59:00Z";

/// What the verifier asks for.
pub(super) fn asking(case: Case) -> Case {
    let policy = Policy {
        challenge: Some(CHALLENGE.to_owned()),
        domain: vec![DOMAIN.to_owned()],
        ..Policy::default()
    };
    Case { policy, ..case }
}

/// An unsigned presentation by a holder.
pub(super) fn unsigned(holder: &Party, credentials: &[&Json]) -> Json {
    let credentials: Vec<Json> = credentials.iter().map(|credential| (*credential).clone()).collect();
    Object::from_iter([
        ("@context", Json::from(vec![Json::from("https://www.w3.org/ns/credentials/v2")])),
        ("type", vec![Json::from("VerifiablePresentation")].into()),
        ("holder", holder.did.as_str().into()),
        ("verifiableCredential", credentials.into()),
    ])
    .into()
}

fn options(party: &Party) -> ProofOptions {
    ProofOptions {
        purpose: Relationship::Authentication,
        challenge: Some(CHALLENGE.to_owned()),
        domain: Some(DOMAIN.to_owned()),
        ..ProofOptions::new(party.suite()).created(time(MADE))
    }
}

fn sign(party: &Party, presentation: &Json, options: &ProofOptions) -> Json {
    add_proof(presentation, options, &party.signer, ContextLoader::embedded())
        .expect("a presentation that can be signed")
}

/// All cases of presentations.
pub(super) fn presentations(world: &World) -> Vec<Case> {
    let holder = Party::by_key(Algorithm::Ed25519, 11);
    let plain = unsigned(&holder, &[&world.dataset]);
    let signed = sign(&holder, &plain, &options(&holder));
    let mut cases = occasions(&holder, &plain, &signed);
    cases.extend(holders(world, &holder, &plain, &signed));
    cases.extend(contents(world, &holder, &signed));
    cases
}

fn occasions(holder: &Party, plain: &Json, signed: &Json) -> Vec<Case> {
    let with = |options: ProofOptions| sign(holder, plain, &options).to_string();
    let mut two_domains = signed.clone();
    set(&mut two_domains, "/proof/domain", vec![Json::from(DOMAIN), Json::from("other.example")]);
    let text = signed.to_string();
    let asked = |challenge: Option<&str>, domain: &[&str], case: Case| {
        let domain = domain.iter().map(|domain| (*domain).to_owned()).collect();
        Case {
            policy: Policy { challenge: challenge.map(str::to_owned), domain, ..Policy::default() },
            ..case
        }
    };
    vec![
        asking(good("presentation", "a presentation for this occasion", text.clone())),
        good("presentation-not-asked", "a challenge that nobody asked for is said", text.clone()),
        good("presentation-unsigned", "a list of credentials without a signature", plain.to_string()),
        asking(bad(
            "presentation-unsigned-asked",
            "a list without a signature, where a signed presentation was asked for",
            plain.to_string(),
            "presentation.unsigned",
        )),
        asking(bad(
            "presentation-none-asked",
            "a credential alone, where a signed presentation was asked for",
            plain.pointer("/verifiableCredential/0").cloned().unwrap_or(Json::Null).to_string(),
            "presentation.unsigned",
        )),
        asked(
            Some("another"),
            &[DOMAIN],
            bad(
                "presentation-replayed",
                "it was made for another occasion",
                text.clone(),
                "presentation.challenge",
            ),
        ),
        asked(
            Some(CHALLENGE),
            &["other.example"],
            bad(
                "presentation-other-domain",
                "it was made for another verifier",
                text.clone(),
                "presentation.domain",
            ),
        ),
        asked(
            Some(CHALLENGE),
            &[DOMAIN, "other.example"],
            bad(
                "presentation-domain-subset",
                "it was made for some of the domains only",
                text,
                "presentation.domain",
            ),
        ),
        asked(
            Some(CHALLENGE),
            &["other.example", DOMAIN],
            bad(
                "presentation-domain-added",
                "a domain that was added after signing",
                two_domains.to_string(),
                "proof.signature-invalid",
            ),
        ),
        asking(bad(
            "presentation-no-challenge",
            "it repeats no challenge",
            with(ProofOptions { challenge: None, ..options(holder) }),
            "presentation.challenge",
        )),
        asking(bad(
            "presentation-no-domain",
            "it does not say for whom it was made",
            with(ProofOptions { domain: None, ..options(holder) }),
            "presentation.domain",
        )),
        asking(bad(
            "presentation-as-assertion",
            "a signature for statements presents nothing",
            with(ProofOptions { purpose: Relationship::AssertionMethod, ..options(holder) }),
            "proof.purpose",
        )),
    ]
}

fn holders(world: &World, holder: &Party, plain: &Json, signed: &Json) -> Vec<Case> {
    let by_another = sign(&world.stranger, plain, &options(&world.stranger));
    let mut nobody = plain.clone();
    remove(&mut nobody, "/holder");
    let nobody = sign(holder, &nobody, &options(holder));
    let mut as_object = plain.clone();
    set(&mut as_object, "/holder", read(&format!(r#"{{"id":"{}"}}"#, holder.did)));
    let as_object = sign(holder, &as_object, &options(holder));
    let mut not_url = plain.clone();
    set(&mut not_url, "/holder", read(r#"{"name":"Acme"}"#));
    let not_url = sign(holder, &not_url, &options(holder));
    let site = Party::by_domain(Algorithm::P256, 12, "did:web:holder.example");
    let by_site = sign(&site, &unsigned(&site, &[&world.dataset]), &options(&site));
    let document = |relationship: &str| Evidence {
        documents: vec![Document {
            url: "https://holder.example/.well-known/did.json".to_owned(),
            retrieved: None,
            text: format!(
                r#"{{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1"],"id":"{0}","verificationMethod":[{{"id":"{0}#key-1","type":"Multikey","controller":"{0}","publicKeyMultibase":"{1}"}}],"{relationship}":["{0}#key-1"]}}"#,
                site.did,
                site.signer.key().verifying_key().to_multikey(),
            ),
        }],
        ..Evidence::default()
    };
    let mut wrong = signed.clone();
    let value = remove(&mut wrong, "/proof/proofValue");
    let flipped: String = value.as_str().unwrap_or_default().chars().rev().collect();
    set(&mut wrong, "/proof/proofValue", format!("z{}", flipped.trim_end_matches('z')));
    let mut relabelled = signed.clone();
    set(&mut relabelled, "/holder", world.lab.did.as_str());
    vec![
        asking(good("presentation-holder-object", "the holder as an object", as_object.to_string())),
        asking(case(
            "presentation-no-holder",
            "it names no holder, so only the key says who presents",
            nobody.to_string(),
            "verified-with-warnings",
            "presentation.no-holder",
        )),
        asking(bad(
            "presentation-by-another",
            "somebody else signed",
            by_another.to_string(),
            "presentation.holder",
        )),
        asking(bad(
            "presentation-holder-changed",
            "another holder after signing",
            relabelled.to_string(),
            "presentation.holder",
        )),
        asking(bad(
            "presentation-holder-name",
            "a name is no identifier",
            not_url.to_string(),
            "vcdm.holder",
        )),
        bad(
            "presentation-proof-wrong",
            "a wrong proof is wrong, whether a presentation was asked for or not",
            wrong.to_string(),
            "proof.signature-malformed",
        ),
        Case {
            evidence: document("authentication"),
            ..asking(good("presentation-did-web", "a domain's key for authentication", by_site.to_string()))
        },
        Case {
            evidence: document("assertionMethod"),
            ..asking(bad(
                "presentation-key-for-assertion",
                "a key listed for statements presents nothing",
                by_site.to_string(),
                "did.method-not-authorised",
            ))
        },
        asking(case(
            "presentation-did-needed",
            "without the holder's document nobody can say",
            by_site.to_string(),
            "could-not-check",
            "did.document-needed",
        )),
    ]
}

fn contents(world: &World, holder: &Party, signed: &Json) -> Vec<Case> {
    let changed = |change: &dyn Fn(&mut Json)| {
        let mut signed = signed.clone();
        change(&mut signed);
        signed.to_string()
    };
    let mut none = unsigned(holder, &[]);
    remove(&mut none, "/verifiableCredential");
    let none = sign(holder, &none, &options(holder));
    let mut forged = world.dataset.clone();
    set(&mut forged, "/credentialSubject/name", "Another data set");
    let forged = sign(holder, &unsigned(holder, &[&forged]), &options(holder));
    let mut self_signed = world.dataset.clone();
    remove(&mut self_signed, "/proof");
    let self_signed = sign(holder, &unsigned(holder, &[&self_signed]), &options(holder));
    let mut emptied = none.clone();
    set(&mut emptied, "/verifiableCredential", read("[]"));
    vec![
        asking(good("presentation-empty", "who is there, with nothing to show", none.to_string())),
        asking(bad(
            "presentation-empty-array",
            "an empty array says nothing that is signed",
            emptied.to_string(),
            "jsonld.invalid-value",
        )),
        asking(bad(
            "presentation-credential-forged",
            "the holder's signature makes a forged credential no better",
            forged.to_string(),
            "proof.signature-invalid",
        )),
        asking(bad(
            "presentation-credential-unsigned",
            "nor one without a proof",
            self_signed.to_string(),
            "proof.none",
        )),
        asking(bad(
            "presentation-credential-removed",
            "a credential taken out after signing",
            changed(&|p| drop(remove(p, "/verifiableCredential"))),
            "proof.signature-invalid",
        )),
        asking(bad(
            "presentation-member-renamed",
            "a member under its IRI makes the same statement, and would not be looked at",
            changed(&|p| {
                let credentials = remove(p, "/verifiableCredential");
                if let Some(object) = p.as_object_mut() {
                    object.insert("https://www.w3.org/2018/credentials#verifiableCredential", credentials);
                }
            }),
            "presentation.member",
        )),
    ]
}
