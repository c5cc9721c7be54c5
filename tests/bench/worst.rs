//! The dearest inputs that we know of, each at most 1 MiB, and what a verifier spends on them.
//!
//! `bench-worst FOLDER` writes them into the folder, verifies each and prints milliseconds and the memory that
//! it took at most; `worst.mjs FOLDER` does the same in WebAssembly. The profile is the one that does the
//! most work before it refuses.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use model_passport::Verification;
use model_passport::evidence::{Evidence, Policy, Profile};
use model_passport::json::Json;
use model_passport::key::Algorithm;
use model_passport::limits::{MAX_DOCUMENT_BYTES, MAX_STATUS_LIST_BYTES, MIN_STATUS_ENTRIES};
use model_passport::status::Bitstring;
use model_passport_issuer::crypto::answers;
use model_passport_tests::issue::{NOW, Party, read, remove, set, time};

/// One input. `fill` makes it of a size.
struct Worst {
    name: &'static str,
    text: String,
}

fn main() {
    let folder = std::env::args().nth(1).expect("usage: bench-worst FOLDER");
    std::fs::create_dir_all(&folder).expect("the folder");
    let policy = Policy { profile: Profile::ProofOnly, ..Policy::default() };
    println!("{:<28}{:>9}{:>9}{:>9}  code", "input", "bytes", "ms", "MiB");
    for Worst { name, text } in worst() {
        assert!(text.len() <= MAX_DOCUMENT_BYTES, "{name} is too long: {}", text.len());
        std::fs::write(Path::new(&folder).join(format!("{name}.json")), &text).expect("a file");
        let before = resident_kib("VmRSS:");
        // Resets the highest value seen.
        let _not_on_every_kernel = std::fs::write("/proc/self/clear_refs", "5");
        let begun = Instant::now();
        let verification = Verification::begin(&text, &Evidence::default(), &policy, time(NOW));
        let answers = answers(verification.signatures());
        let report = verification.finish(&answers);
        let millis = begun.elapsed().as_secs_f64() * 1e3;
        let mib = resident_kib("VmHWM:").saturating_sub(before) / 1024;
        println!("{name:<28}{:>9}{millis:>9.1}{mib:>9}  {}", text.len(), report.code);
    }
}

fn resident_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Parts, one after the other with commas, until nearly a mebibyte is full.
fn fill(frame_bytes: usize, max: usize, part: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for at in 0..max {
        let part = part(at);
        if text.len() + part.len() + 1 + frame_bytes > MAX_DOCUMENT_BYTES {
            break;
        }
        if at > 0 {
            text.push(',');
        }
        text.push_str(&part);
    }
    text
}

fn worst() -> Vec<Worst> {
    let lab = Party::by_key(Algorithm::P256, 1);
    let p384 = Party::by_key(Algorithm::P384, 3);
    let plain = |party: &Party| {
        let credential = r#"{"@context":["https://www.w3.org/ns/credentials/v2","https://w3id.org/model-passport/v1"],"type":["VerifiableCredential"],"issuer":"","credentialSubject":{"id":"urn:x:1","name":"x"}}"#;
        party.issue(party.suite(), read(credential))
    };
    let signed = plain(&lab);
    let around = |subject: &str| {
        let mut credential = signed.clone();
        set(&mut credential, "/credentialSubject", "SUBJECT");
        credential.to_string().replace("\"SUBJECT\"", subject)
    };
    let presentation =
        |list: &str| format!(r#"{{"type":"VerifiablePresentation","verifiableCredential":[{list}]}}"#);
    let node =
        |at: usize, next: &str| format!(r#"{{"id":"_:b{at}","type":"Dataset","wasDerivedFrom":[{next}]}}"#);
    let graph = |count: usize, next: &dyn Fn(usize) -> String| {
        around(&format!("[{}]", fill(2000, count, |at| node(at, &next(at)))))
    };
    let anonymous = |at: usize| format!(r#"{{"type":"Organization","name":"n{at}"}}"#);
    let many = |party: &Party| {
        let one = plain(party).to_string();
        presentation(&fill(100, 10_000, |_| one.clone()))
    };
    let proofs = |count: usize| {
        let mut credential = signed.clone();
        let proof = remove(&mut credential, "/proof");
        set(&mut credential, "/proof", "PROOFS");
        let list = fill(1000, count, |_| proof.to_string());
        credential.to_string().replace("\"PROOFS\"", &format!("[{list}]"))
    };
    let poison = graph(24, &|_| fill(0, 24, |to| format!(r#"{{"id":"_:b{to}"}}"#)));
    let mut inputs = vec![
        ("ring-small", graph(1000, &|at| format!(r#"{{"id":"_:b{}"}}"#, (at + 1) % 1000))),
        ("ring-large", graph(6000, &|at| format!(r#"{{"id":"_:b{}"}}"#, (at + 1) % 6000))),
        ("clique", poison.clone()),
        ("chain", graph(6000, &|at| format!(r#"{{"id":"_:b{}"}}"#, at + 1))),
        ("tree", graph(6000, &|at| format!(r#"{{"id":"_:b{}"}},{{"id":"_:b{}"}}"#, 2 * at + 1, 2 * at + 2))),
        ("pairs", graph(5000, &|at| format!(r#"{{"id":"_:b{}"}}"#, at ^ 1))),
        (
            "anonymous-nodes",
            around(&format!(
                r#"{{"type":"Dataset","publisher":[{}]}}"#,
                fill(2000, 9000, |_| r#"{"type":"Organization"}"#.to_owned())
            )),
        ),
        (
            "named-nodes",
            around(&format!(r#"{{"type":"Dataset","publisher":[{}]}}"#, fill(2000, 6000, anonymous))),
        ),
        ("members", around(&format!("{{{}}}", fill(2000, 19_000, |at| format!("\"m{at:032}\":1"))))),
        ("types", around(&format!(r#"{{"type":[{}]}}"#, fill(2000, 19_000, |at| format!("\"T{at:030}\""))))),
        ("texts", around(&format!(r#"{{"name":[{}]}}"#, fill(2000, 19_000, |at| format!("\"{at:040}\""))))),
        (
            "escapes",
            around(&format!(
                r#"{{"name":[{}]}}"#,
                fill(2000, 18, |_| format!("\"{}\"", "\\u0001".repeat(9000)))
            )),
        ),
        ("arrays", around(&format!(r#"{{"shape":[{}]}}"#, fill(2000, 19_000, |at| at.to_string())))),
        ("number-of-a-million-digits", around(&format!(r#"{{"shape":1.{}1}}"#, "0".repeat(1_000_000)))),
        (
            "doubles",
            around(&format!(
                r#"{{"shape":[{}]}}"#,
                fill(2000, 19_000, |at| format!("{at}.2250738585072011e-308"))
            )),
        ),
        ("contexts", {
            let list = fill(2000, 19_000, |_| "\"https://www.w3.org/ns/credentials/v2\"".to_owned());
            let mut credential = signed.clone();
            set(&mut credential, "/@context", "CONTEXTS");
            credential.to_string().replace("\"CONTEXTS\"", &format!("[{list}]"))
        }),
        ("proofs-16", proofs(16)),
        ("proofs-ten-thousand", proofs(10_000)),
        ("signatures-p256", many(&lab)),
        ("signatures-p384", many(&p384)),
        ("cliques", presentation(&fill(100, 1000, |_| poison.clone()))),
        ("issuers", {
            let one = |at: usize| {
                let party = Party::by_key(Algorithm::P256, u8::try_from(at % 200).unwrap_or(0));
                plain(&party).to_string()
            };
            presentation(&fill(100, 10_000, one))
        }),
        ("lineage", {
            let link = |at: usize| {
                format!(
                    r#"{{"id":"urn:x:{at}","type":"DatasetPassport","digestMultibase":"uEiBYhYegHlzosQVpTO9G7XEJR4xxlxbEAlM_ALtMqG7JeQ"}}"#
                )
            };
            let one = |at: usize| {
                format!(
                    r#"{{"type":["VerifiableCredential","DatasetPassport"],"id":"urn:x:{at}","issuer":"did:key:z","credentialSubject":{{"wasDerivedFrom":[{}]}}}}"#,
                    link(at + 1)
                )
            };
            presentation(&fill(100, 10_000, one))
        }),
        ("status-bombs", {
            let bits = Bitstring::new(8 * MAX_STATUS_LIST_BYTES, 1);
            status_lists(&lab, &bits, 40)
        }),
        ("status-lists", status_lists(&lab, &Bitstring::new(MIN_STATUS_ENTRIES, 1), 600)),
        ("not-json", "[".repeat(1 << 20)),
    ];
    let mut nested = String::new();
    for _ in 0..25 {
        _ = write!(nested, r#"{{"type":"Dataset","wasDerivedFrom":"#);
    }
    _ = write!(nested, "{{\"type\":\"Dataset\"}}{}", "}".repeat(25));
    inputs.push(("nested", around(&format!("[{}]", fill(2000, 300, |_| nested.clone())))));
    inputs.into_iter().map(|(name, text)| Worst { name, text }).collect::<Vec<_>>()
}

/// A bundle of credentials, each with a list of its own.
fn status_lists(party: &Party, bits: &Bitstring, count: usize) -> String {
    let url = |at: usize| format!("https://lab.example/status/{at}");
    let credential = |at: usize| {
        format!(
            r#"{{"type":"VerifiableCredential","issuer":"{}","credentialStatus":{{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"0","statusListCredential":"{}"}}}}"#,
            party.did,
            url(at)
        )
    };
    let encoded = bits.encode();
    let list = |at: usize| {
        let list = read(&format!(
            r#"{{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"{}","type":["VerifiableCredential","BitstringStatusListCredential"],"issuer":"","credentialSubject":{{"type":"BitstringStatusList","statusPurpose":"revocation","encodedList":""}}}}"#,
            url(at)
        ));
        // The limit of one string does not hold for the list in it.
        let mut list = list;
        set(&mut list, "/credentialSubject/encodedList", encoded.as_str());
        let list = Json::from(party.issue(party.suite(), list).to_string()).to_string();
        format!(r#"{{"url":"{}","text":{list}}}"#, url(at))
    };
    let pairs: Vec<(String, String)> = (0..count).map(|at| (credential(at), list(at))).collect();
    let mut fitting = 0;
    let mut bytes = 1000;
    for (credential, list) in &pairs {
        bytes += credential.len() + list.len() + 2;
        if bytes > MAX_DOCUMENT_BYTES {
            break;
        }
        fitting += 1;
    }
    let join = |part: &dyn Fn(&(String, String)) -> String| {
        pairs.iter().take(fitting).map(part).collect::<Vec<_>>().join(",")
    };
    format!(
        r#"{{"bundle":"https://w3id.org/model-passport/v1/bundle","presentation":{{"verifiableCredential":[{}]}},"evidence":{{"documents":[{}]}}}}"#,
        join(&|(credential, _)| credential.clone()),
        join(&|(_, list)| list.clone()),
    )
}
