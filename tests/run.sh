#!/usr/bin/env bash
# All tests: format and lints, Rust, the npm package in node, the page in a browser.
#
#   bash tests/run.sh          everything; a missing tool is an error that names it
#   bash tests/run.sh rust     only the Rust part: a minute when it is built
set -euo pipefail
cd "$(dirname "$0")/.."
part=${1:-all}

say() { printf '\n== %s\n' "$1"; }
need() { command -v "$1" >/dev/null || { echo "error: $1 is needed: $2" >&2; exit 64; }; }

need cargo "install Rust 1.95 or later"
need python3 "apt-get install python3"
say "format and lints"
cargo fmt --all --check
cargo lint

say "what the build is made of"
if cargo deny --version >/dev/null 2>&1; then
    cargo deny --config .deny.toml check bans licenses sources
else
    echo "skipped: cargo-deny is not installed (cargo install cargo-deny --locked)"
fi

say "the cases are what their builders make"
cargo vectors
git diff --exit-code --stat -- tests/cases

say "Rust"
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked --no-fail-fast
else
    cargo test --workspace --locked --no-fail-fast --all-targets
fi
cargo test --workspace --locked --doc --quiet
[ "$part" = rust ] && exit 0

need node "install node 20 or later"
need npm "install node 20 or later"
need brotli "apt-get install brotli"
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
export CHROMIUM
[ -n "$CHROMIUM" ] || { echo "error: Chromium is needed: apt-get install chromium" >&2; exit 64; }
rustup target list --installed 2>/dev/null | grep -q '^wasm32-unknown-unknown$' ||
    { echo "error: the wasm target is needed: rustup target add wasm32-unknown-unknown" >&2; exit 64; }

say "the npm package"
(cd verifier-wasm && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
node verifier-wasm/build.mjs

say "node and browser"
(cd tests && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
(cd tests && npm test)
