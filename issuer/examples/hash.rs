//! Captures one path and says how fast, to be run under `/usr/bin/time -v` beside `openssl speed`:
//!
//! ```text
//! openssl speed -evp sha256 -bytes 16384
//! head -c 2G /dev/zero > /tmp/2g.bin
//! cargo build --release -p model-passport-issuer --example hash
//! /usr/bin/time -v target/release/examples/hash /tmp/2g.bin
//! ```
//!
//! Each byte is hashed twice, once in the file's SHA-256 and once in its Merkle leaf.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use model_passport_issuer::capture::{Kind, Progress, capture};
use model_passport_issuer::problem::Problem as _;

#[derive(Default)]
struct Bytes(AtomicU64);

impl Progress for Bytes {
    fn advance(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let Some(path) = std::env::args_os().nth(1) else { return ExitCode::from(64) };
    let (bytes, start) = (Bytes::default(), Instant::now());
    match capture(path.as_ref(), Kind::Model, &bytes) {
        Ok(draft) => {
            let (bytes, seconds) = (bytes.0.into_inner(), start.elapsed().as_secs_f64());
            #[expect(clippy::as_conversions, reason = "a figure for people")]
            let speed = bytes as f64 / seconds / 1e6;
            let written = writeln!(
                out,
                "{}{bytes} bytes in {seconds:.3} s: {speed:.0} MB/s",
                draft.to_json().to_pretty()
            );
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(70) }
        }
        Err(error) => {
            _ = writeln!(out, "{}: {error}", error.code());
            ExitCode::FAILURE
        }
    }
}
