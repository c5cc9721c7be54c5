//! Credentials from elsewhere: section B of the threats once more, where there is no one shape to insist on.
//!
//! Changes that leave the signed statements as they are do not break a signature. So either the change is
//! refused, or the report shows the same as for the unharmed twin.

use model_passport::jsonld::ContextLoader;
use model_passport::proof::{ProofOptions, add_proof};

use super::*;
use crate::issue::{SIGNED, time};

const TERMS: &str = "https://clinic.example/terms/v1";
const TERMS_TEXT: &str = r#"{"@context":{"Competence":"https://clinic.example/terms#Competence","grade":"https://clinic.example/terms#grade","error":"https://clinic.example/terms#error","hours":"https://clinic.example/terms#hours","rate":"https://clinic.example/terms#rate","trainer":{"@id":"https://clinic.example/terms#trainer"}}}"#;
const ALIASES: &str = "https://stranger.example/terms/v1";
const ALIASES_TEXT: &str = r#"{"@context":{"approvedByRegulator":"https://clinic.example/terms#grade"}}"#;

/// A credential of a clinic about a person.
const CREDENTIAL: &str = r#"{
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://clinic.example/terms/v1"],
    "id": "urn:uuid:6a1d1f1e-52a6-4f0c-8a1e-2f3b5f5f9c01",
    "type": ["VerifiableCredential", "Competence"],
    "issuer": "did:example:replaced",
    "name": "Competence in contouring",
    "validFrom": "2026-11-01T10:00:00Z",
    "validUntil": "2027-11-01T10:00:00Z",
    "credentialSubject": {
        "id": "urn:uuid:6a1d1f1e-52a6-4f0c-8a1e-2f3b5f5f9c02",
        "grade": "A",
        "error": "none",
        "hours": [12, 40],
        "rate": 0.1,
        "trainer": { "name": "T. Rainer", "hours": 7 }
    }
}"#;

struct Clinic {
    party: Party,
    contexts: Vec<(String, Json)>,
    signed: Json,
}

impl Clinic {
    fn new() -> Self {
        let party = Party::by_key(Algorithm::P256, 7);
        let contexts = [(TERMS, TERMS_TEXT), (ALIASES, ALIASES_TEXT)];
        let contexts = contexts.map(|(url, text)| (url.to_owned(), read(text))).to_vec();
        let mut clinic = Self { party, contexts, signed: Json::Null };
        clinic.signed = clinic.sign(Cryptosuite::EcdsaRdfc2019, &|_| {});
        clinic
    }

    /// The credential, changed before signing.
    fn sign(&self, suite: Cryptosuite, change: &dyn Fn(&mut Json)) -> Json {
        let mut credential = read(CREDENTIAL);
        set(&mut credential, "/issuer", self.party.did.as_str());
        change(&mut credential);
        let options = ProofOptions::new(suite).created(time(SIGNED));
        add_proof(&credential, &options, &self.party.signer, ContextLoader::with(&self.contexts))
            .expect("a credential that can be signed")
    }

    /// The credential, changed after signing.
    fn changed(&self, change: &dyn Fn(&mut Json)) -> String {
        let mut signed = self.signed.clone();
        change(&mut signed);
        signed.to_string()
    }
}

fn documents(documents: &[(&str, &str)]) -> Evidence {
    let document = |(url, text): &(&str, &str)| Document {
        url: (*url).to_owned(),
        retrieved: None,
        text: (*text).to_owned(),
    };
    Evidence { documents: documents.iter().map(document).collect(), ..Evidence::default() }
}

/// A case of this profile, with both contexts at hand.
fn under(case: Case) -> Case {
    let evidence = documents(&[(TERMS, TERMS_TEXT), (ALIASES, ALIASES_TEXT)]);
    Case { evidence, policy: Policy { profile: Profile::Standard, ..Policy::default() }, ..case }
}

fn taken(name: &'static str, why: &'static str, input: impl Into<String>) -> Case {
    under(case(name, why, input, "verified-with-warnings", "profile.not-vouched"))
}

fn refused(name: &'static str, why: &'static str, input: impl Into<String>, code: &'static str) -> Case {
    under(bad(name, why, input, code))
}

fn open(name: &'static str, why: &'static str, input: impl Into<String>, code: &'static str) -> Case {
    under(case(name, why, input, "could-not-check", code))
}

/// All cases of the standard profile.
pub(super) fn standard(world: &World) -> Vec<Case> {
    let clinic = Clinic::new();
    let mut cases = same_statements(&clinic);
    cases.extend(not_signed(&clinic));
    cases.extend(json_is_signed(&clinic));
    cases.extend(data_model(&clinic));
    cases.extend(version_1(&clinic));
    cases.extend(resources(&clinic));
    cases.extend(schemas(&clinic));
    cases.push(taken(
        "standard-passports",
        "passports as any other credentials, with their lineage",
        world.all().to_string(),
    ));
    cases
}

/// The statements are as they were signed: the report shows them, and not the words around them.
fn same_statements(clinic: &Clinic) -> Vec<Case> {
    let swapped = TERMS_TEXT
        .replace("terms#grade", "terms#x")
        .replace("terms#error", "terms#grade")
        .replace("terms#x", "terms#error");
    let expired = clinic.sign(Cryptosuite::EcdsaRdfc2019, &|c| set(c, "/validUntil", "2026-11-10T10:00:00Z"));
    let mut hidden = expired.clone();
    let until = remove(&mut hidden, "/validUntil");
    let typed = |value: Json| {
        Json::from(Object::from_iter([
            ("@value", value),
            ("@type", "http://www.w3.org/2001/XMLSchema#dateTime".into()),
        ]))
    };
    set_name(&mut hidden, "https://www.w3.org/2018/credentials#validUntil", typed(until));
    vec![
        taken(
            "standard-credential",
            "any credential, with the context that it uses at hand",
            clinic.signed.to_string(),
        ),
        taken(
            "standard-alias",
            "a term of another context for a signed statement: the report shows the statement",
            clinic.changed(&|c| {
                set(c, "/@context/-", ALIASES);
                let grade = remove(c, "/credentialSubject/grade");
                set(c, "/credentialSubject/approvedByRegulator", grade);
            }),
        ),
        Case {
            evidence: documents(&[(TERMS, &swapped)]),
            ..taken(
                "standard-terms-swapped",
                "a context that swaps two terms, and the values swapped back: the report shows the statements",
                clinic.changed(&|c| {
                    set(c, "/credentialSubject/grade", "none");
                    set(c, "/credentialSubject/error", "A");
                }),
            )
        },
        taken(
            "standard-iri-as-name",
            "an IRI in place of its term makes the same statement",
            clinic.changed(&|c| {
                let grade = remove(c, "/credentialSubject/grade");
                set_in(c, "/credentialSubject", "https://clinic.example/terms#grade", grade);
            }),
        ),
        taken(
            "standard-order",
            "another order of an array, and an item twice, make the same statements",
            clinic.changed(&|c| set(c, "/credentialSubject/hours", read("[40,12,40]"))),
        ),
        taken(
            "standard-value-object",
            "a value object around a text makes the same statement",
            clinic.changed(&|c| set(c, "/credentialSubject/grade", read(r#"[{"@value":"A"}]"#))),
        ),
        taken(
            "standard-subject-split",
            "two objects with one identifier are one subject",
            clinic.changed(&|c| {
                let mut subject = remove(c, "/credentialSubject");
                let id = subject.get("id").cloned().unwrap_or(Json::Null);
                let grade = remove(&mut subject, "/grade");
                let other = Object::from_iter([("id", id), ("grade", grade)]);
                set(c, "/credentialSubject", vec![subject, other.into()]);
            }),
        ),
        taken(
            "standard-number-digits",
            "digits beyond the sixteenth are not signed, and not shown",
            clinic.changed(&|c| set(c, "/credentialSubject/rate", read("0.10000000000000002"))),
        ),
        taken(
            "standard-inline-context",
            "an inline context that renames a term is not believed about its name",
            clinic.changed(&|c| {
                set(c, "/@context/-", read(r#"{"certified":"https://clinic.example/terms#grade"}"#));
                let grade = remove(c, "/credentialSubject/grade");
                set(c, "/credentialSubject/certified", grade);
            }),
        ),
        refused("standard-expired", "it has expired", expired.to_string(), "validity.expired"),
        refused(
            "standard-expired-hidden",
            "its end under another name, where only the statements tell",
            hidden.to_string(),
            "validity.expired",
        ),
    ]
}

/// What no statement holds is refused.
fn not_signed(clinic: &Clinic) -> Vec<Case> {
    let changed = |change: &dyn Fn(&mut Json)| clinic.changed(change);
    let keyword = |name: &'static str, why: &'static str, member: &str, value: &str| {
        refused(
            name,
            why,
            changed(&|c| set_in(c, "/credentialSubject", member, read(value))),
            "jsonld.unsupported",
        )
    };
    vec![
        refused(
            "standard-undefined-term",
            "a term that no context defines is shown and not signed",
            changed(&|c| set(c, "/credentialSubject/approvedBy", "FDA")),
            "jsonld.undefined-term",
        ),
        refused(
            "standard-null-term",
            "an inline context makes a term mean nothing",
            changed(&|c| {
                set(c, "/@context/-", read(r#"{"approved":null}"#));
                set(c, "/credentialSubject/approved", "FDA");
            }),
            "jsonld.undefined-term",
        ),
        refused(
            "standard-nested-context",
            "a context inside the subject makes a term mean nothing",
            changed(&|c| {
                set(c, "/credentialSubject/@context", read(r#"{"approved":null}"#));
                set(c, "/credentialSubject/approved", "FDA");
            }),
            "jsonld.undefined-term",
        ),
        refused(
            "standard-protected-term",
            "a context that gives a protected term another meaning",
            changed(&|c| set(c, "/@context/-", read(r#"{"name":"https://stranger.example/name"}"#))),
            "jsonld.protected-term",
        ),
        refused(
            "standard-unknown-keyword",
            "`@evil` is nothing that JSON-LD signs",
            changed(&|c| set(c, "/credentialSubject/@evil", "x")),
            "jsonld.unknown-keyword",
        ),
        refused(
            "standard-direction",
            "statements have no place for the direction of a text",
            changed(&|c| set(c, "/name", read(r#"{"@value":"Competence in contouring","@direction":"rtl"}"#))),
            "jsonld.unsupported",
        ),
        keyword("standard-index", "`@index` is shown and not signed", "@index", r#""approved""#),
        keyword("standard-included", "`@included` adds what is not the subject's", "@included", r#"[{"id":"urn:x"}]"#),
        keyword("standard-reverse", "`@reverse` turns a statement around", "@reverse", r#"{"grade":{"id":"urn:x"}}"#),
        keyword("standard-nest", "`@nest` hides whose its members are", "@nest", r#"{"grade":"A"}"#),
        keyword("standard-graph", "`@graph` around what is said", "@graph", r#"[{"id":"urn:x"}]"#),
        refused(
            "standard-null",
            "null makes no statement",
            changed(&|c| set(c, "/credentialSubject/passed", Json::Null)),
            "jsonld.undefined-term",
        ),
        refused(
            "standard-null-of-known-term",
            "null under a known name makes no statement either",
            changed(&|c| set(c, "/evidence", Json::Null)),
            "vcdm.part",
        ),
        refused(
            "standard-empty-array",
            "an empty array makes no statement",
            changed(&|c| set(c, "/credentialSubject/name", read("[]"))),
            "jsonld.invalid-value",
        ),
        refused(
            "standard-second-credential",
            "a second credential inside, whose members could pass for the first one's",
            clinic
                .sign(Cryptosuite::EcdsaRdfc2019, &|c| {
                    set(c, "/credentialSubject/trainer", read(r#"{"id":"urn:x","type":"VerifiableCredential"}"#));
                })
                .to_string(),
            "statements.not-one-credential",
        ),
        refused(
            "standard-shared-part",
            "a part without identifier in two places",
            clinic
                .sign(Cryptosuite::EcdsaRdfc2019, &|c| {
                    set(c, "/credentialSubject/trainer", read(r#"[{"id":"_:a","trainer":{"id":"_:b","name":"T"}},{"id":"_:c","trainer":{"id":"_:b"}}]"#));
                })
                .to_string(),
            "statements.shared-part",
        ),
        Case {
            evidence: Evidence::default(),
            ..open(
                "standard-context-missing",
                "without its context nobody can say what was signed",
                clinic.signed.to_string(),
                "jsonld.unknown-context",
            )
        },
        Case {
            evidence: Evidence::default(),
            ..open(
                "standard-context-from-bundle",
                "a context in a bundle is the word of whoever made the bundle",
                bundle(&[&clinic.signed], &[(TERMS, TERMS_TEXT)]).to_string(),
                "jsonld.unknown-context",
            )
        },
    ]
}

/// Suites over the JSON text cover all of it, in any order of the proofs.
fn json_is_signed(clinic: &Clinic) -> Vec<Case> {
    let signed = clinic.sign(Cryptosuite::EcdsaJcs2019, &|c| {
        set(c, "/name", read(r#"{"@value":"Competence in contouring","@direction":"ltr"}"#));
    });
    let changed = |change: &dyn Fn(&mut Json)| {
        let mut signed = signed.clone();
        change(&mut signed);
        signed.to_string()
    };
    // The signature over the text is the stranger's: only the statements are the issuer's.
    let stranger = Party::by_key(Algorithm::P256, 9);
    let renamed = clinic.changed(&|c| {
        set(c, "/@context/-", ALIASES);
        let grade = remove(c, "/credentialSubject/grade");
        set(c, "/credentialSubject/approvedByRegulator", grade);
    });
    let mut both = read(&renamed);
    let first = remove(&mut both, "/proof");
    let options = ProofOptions::new(Cryptosuite::EcdsaJcs2019).created(time(SIGNED));
    let mut both = add_proof(&both, &options, &stranger.signer, ContextLoader::with(&clinic.contexts))
        .expect("a credential that can be signed");
    let second = remove(&mut both, "/proof");
    set(&mut both, "/proof", vec![first, second]);
    vec![
        under(good(
            "standard-jcs",
            "every letter is signed, the direction of a text too",
            signed.to_string(),
        )),
        refused(
            "standard-jcs-order",
            "the order of an array is signed",
            changed(&|c| set(c, "/credentialSubject/hours", read("[40,12]"))),
            "proof.signature-invalid",
        ),
        refused(
            "standard-jcs-context-appended",
            "a context beyond those of the proof is not signed",
            changed(&|c| set(c, "/@context/-", ALIASES)),
            "proof.context-mismatch",
        ),
        taken(
            "standard-jcs-by-another",
            "another party's signature over the text vouches for nothing: the statements are shown",
            both.to_string(),
        ),
    ]
}

/// The rules of the data model that a signature does not replace.
fn data_model(clinic: &Clinic) -> Vec<Case> {
    let wrong = |name: &'static str, why: &'static str, code: &'static str, change: &dyn Fn(&mut Json)| {
        refused(name, why, clinic.sign(Cryptosuite::EcdsaJcs2019, change).to_string(), code)
    };
    vec![
        wrong("vcdm-context-first", "the context of credentials comes first", "vcdm.context", &|c| {
            set(
                c,
                "/@context",
                read(r#"["https://clinic.example/terms/v1","https://www.w3.org/ns/credentials/v2"]"#),
            );
        }),
        wrong("vcdm-context-look-alike", "a fragment makes another URL", "vcdm.context", &|c| {
            set(c, "/@context/0", "https://www.w3.org/ns/credentials/v2#");
        }),
        wrong("vcdm-id", "an identifier is a URL", "vcdm.id", &|c| set(c, "/id", "credential 1")),
        wrong("vcdm-subject-id", "so is that of a subject", "vcdm.id", &|c| {
            set(c, "/credentialSubject/id", "me")
        }),
        wrong("vcdm-subject-empty", "a subject of whom nothing is said", "vcdm.subject", &|c| {
            set(c, "/credentialSubject", vec![read(r#"{"id":"urn:x"}"#), read("{}")]);
        }),
        wrong("vcdm-type-undefined", "a type that no context defines", "jsonld.undefined-type", &|c| {
            set(c, "/type/-", "Approved");
        }),
        wrong("vcdm-time-zone", "a time without its zone has many readings", "vcdm.time", &|c| {
            set(c, "/validFrom", "2026-11-01T10:00:00");
        }),
        wrong("vcdm-time-order", "it would end before it begins", "vcdm.time", &|c| {
            set(c, "/validUntil", "2026-10-01T10:00:00Z");
        }),
        wrong("vcdm-name", "a text in a language has nothing beside", "vcdm.text", &|c| {
            set(c, "/name", read(r#"{"@value":"x","@language":"en","url":"https://clinic.example/"}"#));
        }),
        wrong("vcdm-terms-of-use", "terms of use say their type", "vcdm.part", &|c| {
            set(c, "/termsOfUse", read(r#"{"id":"urn:x"}"#));
        }),
        wrong("vcdm-schema-id", "a schema has an address", "vcdm.part", &|c| {
            set(c, "/credentialSchema", read(r#"{"type":"JsonSchema"}"#));
        }),
        wrong("vcdm-related-twice", "a related resource is listed once", "vcdm.related-resource", &|c| {
            let one = r#"{"id":"https://clinic.example/a","digestSRI":"sha256-x"}"#;
            set(c, "/relatedResource", read(&format!("[{one},{one}]")));
        }),
        wrong(
            "standard-other-issuer",
            "somebody else signed in the issuer's name",
            "issuer.not-controller",
            &|c| {
                set(c, "/issuer", "did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv");
            },
        ),
    ]
}

/// Credentials of version 1.1.
fn version_1(clinic: &Clinic) -> Vec<Case> {
    let old = |change: &dyn Fn(&mut Json)| {
        let signed = clinic.sign(Cryptosuite::EcdsaRdfc2019, &|c| {
            set(c, "/@context/0", "https://www.w3.org/2018/credentials/v1");
            set(c, "/@context/-", "https://w3id.org/security/data-integrity/v2");
            remove(c, "/validFrom");
            remove(c, "/validUntil");
            remove(c, "/name");
            remove(c, "/credentialSubject/trainer");
            set(c, "/issuanceDate", "2026-11-01T10:00:00Z");
            set(c, "/expirationDate", "2027-11-01T10:00:00Z");
            change(c);
        });
        signed.to_string()
    };
    vec![
        taken("vcdm-1", "a credential of version 1.1", old(&|_| {})),
        refused(
            "vcdm-1-expired",
            "its end has another name there",
            old(&|c| set(c, "/expirationDate", "2026-11-02T10:00:00Z")),
            "validity.expired",
        ),
        refused(
            "vcdm-1-no-issuance-date",
            "version 1.1 requires the date of issuance",
            old(&|c| drop(remove(c, "/issuanceDate"))),
            "vcdm.time",
        ),
    ]
}

/// Related resources are held against their digests.
fn resources(clinic: &Clinic) -> Vec<Case> {
    let text = "the protocol\n";
    let url = "https://clinic.example/protocol";
    let digest = Digest::of(text).to_multibase();
    let signed = clinic.sign(Cryptosuite::EcdsaRdfc2019, &|c| {
        let resource =
            Object::from_iter([("id", Json::from(url)), ("digestMultibase", digest.as_str().into())]);
        set(c, "/relatedResource", Json::from(resource));
    });
    let weak = clinic.sign(Cryptosuite::EcdsaRdfc2019, &|c| {
        let resource = Object::from_iter([
            ("id", Json::from(url)),
            ("digestSRI", "md5-XrY7u+Ae7tCTyyK7j1rNww==".into()),
        ]);
        set(c, "/relatedResource", Json::from(resource));
    });
    let with =
        |case: Case, text: &str| Case { evidence: documents(&[(TERMS, TERMS_TEXT), (url, text)]), ..case };
    vec![
        with(taken("resource", "a document that the credential pins", signed.to_string()), text),
        with(
            refused(
                "resource-mismatch",
                "the document was changed since",
                signed.to_string(),
                "resource.mismatch",
            ),
            "another\n",
        ),
        with(
            refused(
                "resource-weak-digest",
                "a digest of a broken function pins nothing",
                weak.to_string(),
                "resource.digest",
            ),
            text,
        ),
        open(
            "resource-missing",
            "without the document nobody can say",
            signed.to_string(),
            "resource.needed",
        ),
    ]
}

/// Schemas that a credential says it follows.
fn schemas(clinic: &Clinic) -> Vec<Case> {
    let url = "https://clinic.example/schema";
    let signed = clinic.sign(Cryptosuite::EcdsaJcs2019, &|c| {
        set(c, "/credentialSchema", read(&format!(r#"{{"id":"{url}","type":"JsonSchema"}}"#)));
    });
    let schema = |grade: &str| {
        format!(
            r#"{{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{{"credentialSubject":{{"type":"object","required":["grade"],"properties":{{"grade":{grade}}}}}}}}}"#
        )
    };
    let with =
        |case: Case, text: &str| Case { evidence: documents(&[(TERMS, TERMS_TEXT), (url, text)]), ..case };
    let signed = signed.to_string();
    vec![
        with(
            under(good("credential-schema", "it follows its schema", signed.clone())),
            &schema(r#"{"enum":["A","B"]}"#),
        ),
        with(
            refused(
                "credential-schema-broken",
                "it does not follow its schema",
                signed.clone(),
                "credential-schema.broken",
            ),
            &schema(r#"{"enum":["B"]}"#),
        ),
        with(
            open(
                "credential-schema-keyword",
                "a schema with a keyword that is not checked is not passed",
                signed.clone(),
                "credential-schema.not-supported",
            ),
            &schema(r#"{"pattern":"^[A-B]$"}"#),
        ),
        with(case_of_statements(clinic, url), &schema(r#"{"enum":["A","B"]}"#)),
        open(
            "credential-schema-missing",
            "without the schema nobody can say",
            signed,
            "credential-schema.needed",
        ),
    ]
}

/// A schema is about JSON, which a signature over statements does not cover.
fn case_of_statements(clinic: &Clinic, url: &str) -> Case {
    let signed = clinic.sign(Cryptosuite::EcdsaRdfc2019, &|c| {
        set(c, "/credentialSchema", read(&format!(r#"{{"id":"{url}","type":"JsonSchema"}}"#)));
    });
    under(case(
        "credential-schema-of-statements",
        "the JSON follows its schema, and only its statements are signed",
        signed.to_string(),
        "verified-with-warnings",
        "credential-schema.not-signed",
    ))
}

/// Sets a member whose name has a slash.
fn set_name(json: &mut Json, name: &str, value: Json) {
    if let Some(object) = json.as_object_mut() {
        object.insert(name, value);
    }
}

/// The same in what a pointer to a member names.
fn set_in(json: &mut Json, member: &str, name: &str, value: Json) {
    let mut inner = remove(json, member);
    set_name(&mut inner, name, value);
    set(json, member, inner);
}
