//! Every secret here is made up. They are written in pieces, so that no scanner of the repository takes them for real.

use std::fs;
use std::path::Path;

use model_passport::json;

use super::*;

fn kinds(json: &str) -> Vec<(String, &'static str)> {
    scan(&json::parse(json).unwrap()).into_iter().map(|leak| (leak.pointer, leak.kind)).collect()
}

const JWT_HEADER: &str = concat!("eyJhbGciOi", "JIUzI1NiIsInR5cCI6IkpXVCJ9");

/// A text, and what is found in it.
fn positives() -> Vec<(String, &'static str)> {
    let fixed = [
        (concat!("-----BEGIN PRIV", "ATE KEY-----\nMIGHAgEAMBMG"), "private key"),
        (concat!("x\n-----BEGIN ENCRYPTED PRIV", "ATE KEY-----\nMIH"), "private key"),
        (concat!("-----BEGIN RSA PRIV", "ATE KEY-----"), "private key"),
        (concat!("-----BEGIN OPENSSH PRIV", "ATE KEY-----\nb3Bl"), "private key"),
        (concat!("-----BEGIN PGP PRIV", "ATE KEY BLOCK-----"), "private key"),
        (concat!("---- BEGIN SSH2 ENCRYPTED PRIV", "ATE KEY ----"), "private key"),
        (concat!("PuTTY-User-", "Key-File-3: ssh-ed25519"), "private key"),
        (
            concat!("AGE-SECRET-", "KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33"),
            "age private key",
        ),
        (concat!("AKI", "AQ3EGR7ZPLW5MTX2N"), "AWS access key"),
        (concat!("id is ASI", "AQ3EGR7ZPLW5MTX2N."), "AWS access key"),
        (concat!("aws_secret_access", "_key = 9drTj2/4Xk+Q8vLm3Zp7Yb1Nc6Ws5Hg0Fa8Uo4Ei"), "token or key"),
        (concat!("gh", "p_4Kd8sLq2Zx7Vb1Nm6Tr9Yw3Pc5Hj0Gf8Aa2B"), "GitHub token"),
        (
            concat!("origin https://gh", "s_4Kd8sLq2Zx7Vb1Nm6Tr9Yw3Pc5Hj0Gf8Aa2B@github.com/a/b"),
            "GitHub token",
        ),
        (concat!("github", "_pat_11ABCDEFG0aZbYcXdWeVfU_gThSiRjQkPlOmNnMoLpKqJrIs"), "GitHub token"),
        (concat!("gl", "pat-x7Qw3Er9Ty2Ui8Op4As6"), "GitLab token"),
        (concat!("h", "f_QwErTyUiOpAsDfGhJkLzXcVbNmQwErTyUi"), "Hugging Face token"),
        (concat!("s", "k-proj-9aB8cD7eF6gH5iJ4kL3mN2oP1qR0sT"), "OpenAI-like API key"),
        (concat!("s", "k-ant-api03-9aB8cD7eF6gH5iJ4kL3mN2oP1qR0sT"), "OpenAI-like API key"),
        (concat!("xo", "xb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"), "Slack token"),
        (concat!("np", "m_aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2"), "npm token"),
        (
            concat!("py", "pi-AgEIcHlwaS5vcmcCJDAxMjM0NTY3LTg5YWItY2RlZi0wMTIzLTQ1Njc4OWFiY2RlZg"),
            "PyPI token",
        ),
        (concat!("AI", "zaSyD4kQ7wE2rT9yU1iO6pA3sD8fG5hJ0kL-_"), "Google API key"),
        (concat!("nva", "pi-aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5"), "NVIDIA API key"),
        (
            "https://a.blob.core.windows.net/c/m.pt?sv=2022-11-02&sp=r&sig=dGhpc2lzbm90YXJlYWxzaWduYXR1cmU%3D",
            "signed address",
        ),
        (
            "DefaultEndpointsProtocol=https;AccountKey=aGVsbG8gd29ybGQgdGhpcyBpcyBtYWRlIHVwIDEyMw==",
            "token or key",
        ),
        ("https://ann:correct-horse@lab.example/git", "password in an address"),
        ("postgresql://mlflow:mlflow1@db:5432/runs", "password in an address"),
        ("curl -H 'Authorization: Bearer 7f3a9c1e5b2d8f4a'", "authorization header"),
        ("Authorization: Basic YW5uOmNvcnJlY3Q=", "authorization header"),
        ("password=hunter2", "password"),
        ("PGPASSWORD=abc psql", "password"),
        ("db.password: 'letmein'", "password"),
        (r#"{"user":"ann","passwd":"letmein"}"#, "password"),
        ("train.py --password letmein --epochs 3", "password"),
        ("train.py --epochs 3 --db-password=letmein", "password"),
        ("pass=hunter2", "password"),
        ("db_pass='letmein'", "password"),
        ("Server=db;Uid=ann;Pwd=letmein", "password"),
        ("pwd=hunter2", "password"),
        ("curl -sS -u ann:letmein https://lab.example/model.pt", "password"),
        ("/usr/bin/curl -uann:letmein https://lab.example/model.pt", "password"),
        ("curl https://lab.example/model.pt --user 'ann:letmein'", "password"),
        ("curl --proxy-user=ann:letmein https://lab.example/model.pt", "password"),
        ("mysql -h db -u root -pletmein runs", "password"),
        ("true && mysqldump -pletmein runs | gzip", "password"),
        ("sshpass -p letmein scp a b", "password"),
        ("redis-cli -a letmein ping", "password"),
        ("smbclient -U ann%letmein //host/share", "password"),
        (concat!("gs", "k_aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6gH7i"), "Groq API key"),
        (concat!("sh", "pat_0a1b2c3d4e5f60718293a4b5c6d7e8f9"), "Shopify token"),
        (concat!("ts", "key-auth-kA1bC2dE3fG4-hI5jK6lM7nO8pQ9r"), "Tailscale key"),
        ("client_secret=opensesame", "secret"),
        ("token: abc123def456", "token or key"),
        ("train.py --token 4f9d2c7b81a6", "token or key"),
        ("export WANDB_API_KEY=0123456789abcdef0123456789abcdef01234567", "token or key"),
        ("the API key is Zm9vYmFy4Xk2Q8vLm3Zp7Yb1 since May", "token or key"),
        (
            r#"{"kty":"OKP","crv":"Ed25519","d":"bm90LWEtcmVhbC1rZXktbm90LWEtcmVhbC1rZXkhISE","x":"AA"}"#,
            "private JSON Web Key",
        ),
    ];
    let mut all: Vec<(String, &str)> =
        fixed.into_iter().map(|(text, kind)| (text.to_owned(), kind)).collect();
    all.push((format!("{JWT_HEADER}.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW5vdC1yZWFs"), "JSON Web Token"));
    all.push((format!("x={JWT_HEADER}.e30.c2lnbmF0dXJlLW5vdC1yZWFs;"), "JSON Web Token"));
    let multikey = [vec![0x80, 0x26], (1..=32).collect()].concat();
    all.push((model_passport::multibase::encode_base58btc(&multikey), "private key"));
    all
}

#[test]
fn secrets_are_found_and_not_shown() {
    for (text, kind) in positives() {
        let around = [text.clone(), format!("see: {text}"), format!("ü \"{text}\"")];
        for around in around.into_iter().chain([format!("{text}\nx")]) {
            let document = Json::from(vec![Json::from("x"), Json::from(around.as_str())]);
            let leaks = scan(&document);
            let [leak] = leaks.as_slice() else { panic!("{around}: {leaks:?}") };
            assert_eq!((leak.pointer.as_str(), leak.kind), ("/1", kind), "{around}");
            assert!(leak.redacted.chars().count() <= 3 && leak.redacted.ends_with('…'), "{leak:?}");
        }
        let named = Json::from(Object::from_iter([("a", Object::from_iter([(text.as_str(), "x")]))]));
        let leaks = scan(&named);
        assert_eq!(leaks.first().map(|leak| leak.pointer.as_str()), Some("/a"), "{text}");
        assert!(!format!("{leaks:?}").contains(&text), "{text}");
    }
}

#[test]
fn what_passports_are_full_of_is_no_secret() {
    let sha = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let digest = model_passport::digest::Digest::of("x").to_multibase();
    for text in [
        "",
        sha,
        &format!("urn:sha256:{sha}"),
        &format!("sha256:{sha}"),
        &format!("the API key's digest is {digest}"),
        &format!("registry.example/train@sha256:{sha}"),
        &format!("password file, SHA-256 {sha}"),
        &digest,
        "urn:uuid:4035a374-b34f-4395-bca8-010ca51efff1",
        "did:key:zDnaefztbHR1bAjN1vXeiX37GJeFE2t1XL3JsqH5qHMRQypMB",
        "did:key:z6MkwZoKZBosMdrSWjEbnMcmZarA1ZY9bEuDR9zpakamfZdc",
        "did:web:hospital.example:ai",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "https://github.com/owner/name.git",
        "ssh://git@github.com/owner/name.git",
        "https://example.org/@user:name",
        "https://example.org/a?token=&sig=short",
        "mailto:lab@example.org",
        "A bearer of the mutation; the bearer 2 of 3.",
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
        "-----BEGIN CERTIFICATE-----",
        "sk-learn-gradient-boosting-classifier-2",
        "mask-rcnn-resnet50-fpn-coco-2017-v1",
        "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "password: required",
        "Password: asked at the start of every session",
        "Password: Asked at the start of every session",
        "password=",
        "password=$DB_PASSWORD",
        "password=${DB_PASSWORD}",
        "password=args.password",
        "password: ********",
        "secret: none",
        "tokenizer: bert-base-uncased",
        "token: the CLS token of the last layer",
        "eos_token: <|endoftext|>",
        "num_tokens=128",
        "cls_token=[CLS]",
        "train.py --token-count 12345678ab --password-file secrets.txt --max-tokens 4096abcd",
        "PWD=/home/ann/project",
        "PWD=/data",
        "--client-secret /run/secrets/client --allow-secret /credentialSubject/name",
        "hash_password::<Sha256>(input)",
        "key=value",
        "forward pass: 3 of 4, backward_pass=true, single_pass=no",
        "the second pass: validation of all folds",
        "docker run -u 1000:1000 -p 8080:8080 image",
        "docker run -u ann:staff image",
        "curl -u $USER:$PASSWORD https://lab.example",
        "curl -u user:password https://lab.example",
        "mysql -u root -p runs",
        "mysql -p$MYSQL_PASSWORD runs",
        "python train.py -u ann:letmein2 -pletmein2",
        "curl -fsSL https://lab.example | tar -u a:bcd -pxyz",
        "uv pip install torch==2.11.0+cu128 --hash=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "git checkout da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "run 4035a374-b34f-4395-bca8-010ca51efff1, pass 2",
        "primary_key=patient_id_0001",
        "learning rate: 0.001, token drop: 0.1",
        "openai/clip-vit-base-patch32 token embedding of Qwen2ForCausalLM",
        "eyJhbGciOi.is.no-token-because-it-does-not-decode",
        "com.example.module.submodule.AVeryLongClassName1",
    ] {
        let document = Json::from(vec![Json::from(text)]);
        assert_eq!(scan(&document), [], "{text}");
    }
}

#[test]
fn a_member_makes_its_value_a_secret() {
    for (json, pointer, kind) in [
        (r#"{"a":{"password":"x y"}}"#, "/a/password", "password"),
        (r#"{"password":1234}"#, "/password", "password"),
        (r#"{"dbPasswords":["abc"]}"#, "/dbPasswords/0", "password"),
        (r#"{"client_secret":"opensesame"}"#, "/client_secret", "secret"),
        (r#"{"x/y":{"apiKey":"0123456789abcdef0123456789abcdef"}}"#, "/x~1y/apiKey", "token or key"),
        (r#"{"hf_token":"abc123def456"}"#, "/hf_token", "token or key"),
        (r#"{"secretKeyMultibase":"z3u2abc123def456"}"#, "/secretKeyMultibase", "token or key"),
        (r#"["train.py","--password","letmein"]"#, "/2", "password"),
        (r#"["train.py","-token","abc123def456"]"#, "/2", "token or key"),
        (r#"["curl","-u","ann:letmein","https://lab.example"]"#, "/2", "password"),
        (r#"["/usr/bin/mysql","-pletmein"]"#, "/1", "password"),
        (r#"{"db_pass":"letmein7"}"#, "/db_pass", "password"),
        (r#"[{"name":"WANDB_API_KEY","value":"abc123def456"}]"#, "/0/value", "token or key"),
        (r#"{"kty":"EC","crv":"P-256","d":"AA","x":"AA"}"#, "/d", "private JSON Web Key"),
        (r#"{"kty":"oct","k":"AA"}"#, "/k", "private JSON Web Key"),
    ] {
        assert_eq!(kinds(json), [(pointer.to_owned(), kind)], "{json}");
    }
    for json in [
        r#"{"password":""}"#,
        r#"{"password":"unknown","secret":"***","token":"<s>"}"#,
        r#"{"eos_token":"<|im_end|>","pad_token":"[PAD]","unk_token":"[unused100]","token_id":"abc123def456"}"#,
        r#"{"tokens":12345,"max_new_tokens":4096,"tokenizer":"abc123def456"}"#,
        r#"{"apiKeyDigest":"abc123def456","passwordProtected":"yes","key":"abc123def456"}"#,
        r#"[{"name":"cls_token","dtype":"float32","sha256":"abc123def456"}]"#,
        r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
        r#"["--token","--epochs","3"]"#,
        r#"["docker","run","-u","ann:staff","-pletmein"]"#,
        r#"{"pass":"second","firstPass":"12345678","forward_pass":"with gradients"}"#,
    ] {
        assert_eq!(kinds(json), [], "{json}");
    }
}

#[test]
fn an_allowance_is_for_one_place() {
    let document = json::parse(r#"{"a":"password=hunter2","b":["password=hunter2"],"c":1}"#).unwrap();
    let allow = |pointers: &[&str]| {
        let pointers: Vec<String> = pointers.iter().map(|pointer| (*pointer).to_owned()).collect();
        let scanned = scan_except(&document, &pointers);
        let left: Vec<String> = scanned.leaks.into_iter().map(|leak| leak.pointer).collect();
        let unused: Vec<String> = scanned.unused.into_iter().map(str::to_owned).collect();
        (left, unused)
    };
    let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(allow(&["/a"]), (all(&["/b/0"]), all(&[])));
    assert_eq!(allow(&["/b"]), (all(&["/a", "/b/0"]), all(&["/b"])));
    assert_eq!(allow(&["/a", "/b/0", "/c"]), (all(&[]), all(&["/c"])));
    assert_eq!(allow(&[""]), (all(&["/a", "/b/0"]), all(&[""])));
}

#[test]
fn an_allowed_name_hides_nothing_below_it() {
    let document = json::parse(r#"{"a":{"password=hunter2":{"secret":"opensesame"}}}"#).unwrap();
    assert_eq!(scan(&document).len(), 1);
    let allowed = ["/a".to_owned()];
    let leaks = scan_except(&document, &allowed).leaks;
    assert_eq!(leaks.first().map(|leak| leak.pointer.as_str()), Some("/a/password=hunter2/secret"));
}

#[test]
fn hostile_texts_take_linear_time() {
    let start = std::time::Instant::now();
    for piece in [
        "password=",
        "--password ",
        "sk-",
        "-----BEGIN ",
        "---- BEGIN ",
        "eyJhbGciOi.",
        "://",
        "://a:",
        "bearer ",
        "sig=",
        "?sig=a",
        "\"",
        " ",
        "token ",
        "=",
        "a",
        "ü",
        "'='",
        "password\"\"\"",
        "z",
        "AKIA",
        "secret 1aA",
        "curl -u ",
        "mysql -p",
    ] {
        let text = piece.repeat((128 << 10) / piece.len());
        scan(&Json::from(vec![Json::from(text)]));
    }
    // Twice the longest text of a credential; what is quadratic in it takes many minutes.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

/// All the credentials of the test cases, and what the real model's passports are made from.
#[test]
fn no_alarm_over_the_credentials_at_hand() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    let mut read = 0;
    for directory in ["cases", "real", "fixtures/examples"] {
        no_alarm_under(&tests.join(directory), &mut read);
    }
    assert!(read > 100, "{read}");
}

fn no_alarm_under(directory: &Path, read: &mut usize) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            no_alarm_under(&path, read);
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let Some(subject) = json::parse(&text).ok().and_then(|json| json.get("credentialSubject").cloned())
        else {
            if path.extension().is_some_and(|extension| extension == "toml" || extension == "md") {
                assert_eq!(find(&text), None, "{}", path.display());
            }
            continue;
        };
        *read += 1;
        assert_eq!(scan(&subject), [], "{}", path.display());
    }
}
