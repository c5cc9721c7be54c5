//! The real binary in a directory of its own, with real input.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The passphrase of all keys here.
pub(crate) const PASSPHRASE: &str = "correct horse battery";

/// When everything here is signed and judged.
pub(crate) const NOW: &str = "2026-11-21T10:00:00Z";

/// A directory with a key store, the real model, its data and claims about both.
pub(crate) struct Place {
    directory: tempfile::TempDir,
    cache: tempfile::TempDir,
}

/// What a command did.
pub(crate) struct Done {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// A place without keys.
    pub(crate) fn new() -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap(), cache: tempfile::tempdir().unwrap() };
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["dataset.toml", "model.toml", "evaluation.toml"] {
            fs::copy(package.join("tests/data").join(name), place.path(name)).unwrap();
        }
        let real = package.join("../tests/real");
        fs::copy(real.join("data/train.csv"), place.path("train.csv")).unwrap();
        let table = fs::read_to_string(place.path("train.csv")).unwrap();
        fs::write(place.path("row.csv"), table.lines().nth(1).unwrap()).unwrap();
        fs::create_dir(place.path("model")).unwrap();
        for name in ["model.onnx", "model.safetensors"] {
            fs::copy(real.join("model").join(name), place.path("model").join(name)).unwrap();
        }
        place
    }

    /// A place with the keys `lab` (P-256) and `office` (Ed25519).
    pub(crate) fn with_keys() -> Self {
        let place = Self::new();
        place.run("key new lab").succeeds();
        place.run("key new office --alg ed25519").succeeds();
        place
    }

    /// A place with keys and the passports of the data, the model and its evaluation.
    pub(crate) fn with_passports() -> Self {
        let place = Self::with_keys();
        for command in [
            "issue train.csv --kind dataset --claims dataset.toml --key lab -o dataset.passport.json",
            "issue model --claims model.toml --key lab -o model.passport.json",
            "attest evaluation evaluation.toml --subject model.passport.json --key office -o evaluation.json",
        ] {
            place.run(command).succeeds();
        }
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The names in the directory: to see that nothing was left behind.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// `passport` with arguments divided by spaces, at [`NOW`] unless they say otherwise.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passport"));
        command.args(arguments.split_whitespace());
        let takes_a_time = [
            "attest ",
            "bundle ",
            "doctor",
            "fetch ",
            "gate ",
            "issue ",
            "key new ",
            "key revoke ",
            "lineage ",
            "key rotate ",
            "present ",
            "publish ",
            "restore ",
            "revoke ",
            "show ",
            "status message ",
            "status new ",
            "status renew ",
            "suspend ",
            "verify ",
        ];
        if takes_a_time.iter().any(|name| arguments.starts_with(name)) && !arguments.contains("--at ") {
            command.args(["--at", NOW]);
        }
        command
            .current_dir(self.directory.path())
            .env_clear()
            .env("HOME", self.directory.path())
            .env("XDG_CACHE_HOME", self.cache.path())
            .env("PASSPORT_KEY_STORE", self.path("keys"))
            .env("PASSPORT_PASSPHRASE", PASSPHRASE)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Done {
        Done::of(self.command(arguments).output().unwrap())
    }
}

impl Done {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert_eq!(self.status, 0, "{}{}", self.stdout, self.stderr);
        self
    }

    /// The command ended so, with an error of this code, a help, and no result.
    #[track_caller]
    pub(crate) fn fails(self, status: i32, code: &str) -> Self {
        assert_eq!(self.status, status, "{}{}", self.stdout, self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        assert!(self.stderr.contains("\nhelp: "), "no help: {}", self.stderr);
        assert!(self.stderr.ends_with(&format!("code: {code}\n")), "{}", self.stderr);
        assert!(self.stdout.is_empty(), "a result beside an error: {}", self.stdout);
        self
    }

    /// The report that was printed has this verdict and deciding code.
    #[track_caller]
    pub(crate) fn reports(self, status: i32, verdict: &str, code: &str) -> Self {
        assert_eq!(self.status, status, "{}{}", self.stdout, self.stderr);
        let report = model_passport::json::parse(self.stdout.trim()).unwrap();
        let text =
            |name: &str| report.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        assert_eq!((text("verdict").as_str(), text("code").as_str()), (verdict, code), "{}", self.stdout);
        self
    }
}
