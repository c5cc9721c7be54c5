//! Small issuers for the cases: fixed keys, fixed times, so that every run makes the same bytes.

use model_passport::did;
use model_passport::json::{self, Json, Object};
use model_passport::jsonld::ContextLoader;
use model_passport::key::{Algorithm, KeySigner, Signer, SigningKey};
use model_passport::passport;
use model_passport::proof::{Cryptosuite, ProofOptions, add_proof};
use model_passport::time::Timestamp;

/// When the cases were signed.
pub const SIGNED: &str = "2026-11-01T11:00:00Z";

/// When the cases are verified, unless one says otherwise.
pub const NOW: &str = "2026-11-21T12:00:00Z";

/// A time written in the code.
///
/// # Panics
/// When it is not one.
#[must_use]
pub fn time(text: &str) -> Timestamp {
    text.parse().expect("a time written in the code")
}

/// A party that signs.
pub struct Party {
    /// Its key and verification method.
    pub signer: KeySigner,
    /// Its DID.
    pub did: String,
}

impl Party {
    /// A party known by its key.
    ///
    /// # Panics
    /// When the seed makes no key.
    #[must_use]
    pub fn by_key(algorithm: Algorithm, seed: u8) -> Self {
        let key = signing_key(algorithm, seed);
        let did = did::key::did(&key.verifying_key()).as_str().to_owned();
        Self { signer: KeySigner::did_key(key), did }
    }

    /// A party known by its domain; its document names the key `#key-1`.
    ///
    /// # Panics
    /// When the seed makes no key.
    #[must_use]
    pub fn by_domain(algorithm: Algorithm, seed: u8, did: &str) -> Self {
        let signer = KeySigner::new(signing_key(algorithm, seed), format!("{did}#key-1"));
        Self { signer, did: did.to_owned() }
    }

    /// Signs a credential in this party's name.
    ///
    /// # Panics
    /// When the suite does not take the key.
    #[must_use]
    pub fn issue(&self, suite: Cryptosuite, mut credential: Json) -> Json {
        set(&mut credential, "/issuer", self.did.as_str());
        self.sign(suite, &credential)
    }

    /// Adds this party's proof, whoever the issuer is.
    ///
    /// # Panics
    /// When the suite does not take the key.
    #[must_use]
    pub fn sign(&self, suite: Cryptosuite, credential: &Json) -> Json {
        let options = ProofOptions::new(suite).created(time(SIGNED));
        add_proof(credential, &options, &self.signer, ContextLoader::embedded())
            .expect("a credential that can be signed")
    }

    /// The suite over statements that takes this party's key.
    #[must_use]
    pub fn suite(&self) -> Cryptosuite {
        match self.signer.algorithm() {
            Algorithm::Ed25519 => Cryptosuite::EddsaRdfc2022,
            Algorithm::P256 | Algorithm::P384 => Cryptosuite::EcdsaRdfc2019,
        }
    }
}

/// A key that everybody knows: never for anything but tests.
///
/// # Panics
/// When the seed makes no key.
#[must_use]
pub fn signing_key(algorithm: Algorithm, seed: u8) -> SigningKey {
    let secret: Vec<u8> =
        (0..algorithm.secret_bytes()).map(|at| seed.wrapping_add(u8::try_from(at).unwrap_or(0))).collect();
    SigningKey::from_secret_bytes(algorithm, &secret).expect("a seed that makes a key")
}

/// Sets what a pointer names; the last token may be new in an object, or `-` to append to an array.
///
/// # Panics
/// When there is nothing at the pointer's parent.
pub fn set(json: &mut Json, pointer: &str, value: impl Into<Json>) {
    let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
    match find(json, parent) {
        Json::Object(object) => {
            object.insert(last, value);
        }
        Json::Array(items) if last == "-" => items.push(value.into()),
        Json::Array(items) => {
            let at: usize = last.parse().expect("an index");
            *items.get_mut(at).expect("an item") = value.into();
        }
        _ => panic!("nothing at {parent}"),
    }
}

/// Takes out the member that a pointer names.
///
/// # Panics
/// When there is no such member.
pub fn remove(json: &mut Json, pointer: &str) -> Json {
    let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
    let object = find(json, parent).as_object_mut().expect("an object");
    object.remove(last).expect("a member")
}

fn find<'j>(json: &'j mut Json, pointer: &str) -> &'j mut Json {
    pointer.split('/').skip(1).fold(json, |json, token| match json {
        Json::Object(object) => {
            object.get_mut(token).unwrap_or_else(|| panic!("no member {token} of {pointer}"))
        }
        Json::Array(items) => {
            let at: usize = token.parse().expect("an index");
            items.get_mut(at).expect("an item")
        }
        _ => panic!("nothing at {pointer}"),
    })
}

/// JSON written in the code.
///
/// # Panics
/// When it is not JSON.
#[must_use]
pub fn read(text: &str) -> Json {
    json::parse(text).expect("JSON written in the code")
}

/// A link to a credential.
///
/// # Panics
/// When it has no identifier.
#[must_use]
pub fn link(credential: &Json) -> Json {
    let credential = passport::Credential::new(credential.clone()).expect("a credential");
    Object::from_iter([
        ("id", Json::from(credential.id.as_str())),
        ("type", Json::from(credential.kind.expect("a kind"))),
        ("digestMultibase", Json::from(credential.digest().to_multibase())),
    ])
    .into()
}

/// A bundle of credentials, with DID documents by their URL.
#[must_use]
pub fn bundle(credentials: &[&Json], documents: &[(&str, &str)]) -> Json {
    let presentation = Object::from_iter([
        ("@context", Json::from(vec![Json::from(passport::CREDENTIALS_V2)])),
        ("type", vec![Json::from("VerifiablePresentation")].into()),
        (
            "verifiableCredential",
            credentials.iter().map(|credential| (*credential).clone()).collect::<Vec<_>>().into(),
        ),
    ]);
    let document = |(url, text): &(&str, &str)| {
        Json::from(Object::from_iter([("url", *url), ("retrieved", SIGNED), ("text", *text)]))
    };
    let documents: Vec<Json> = documents.iter().map(document).collect();
    Object::from_iter([
        ("bundle", Json::from(passport::BUNDLE)),
        ("presentation", presentation.into()),
        ("evidence", Object::from_iter([("documents", documents)]).into()),
    ])
    .into()
}
