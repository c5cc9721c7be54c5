#!/usr/bin/env bash
# Images of patients -> data set -> preprocessing -> training -> model: every stage recorded, signed and linked.
#
#   bash tests/real/lesion/run.sh [FOLDER]     FOLDER keeps the files; without it they go when the demo ends
set -euo pipefail
real=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$real/../../.." && pwd)
if [ $# -gt 0 ]; then mkdir -p "$1"; work=$(cd "$1" && pwd); else work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; fi
if [ -z "${PASSPORT:-}" ]; then
    (cd "$root" && cargo build --release --locked --quiet --package model-passport-issuer --bin passport)
    PASSPORT=${CARGO_TARGET_DIR:-$root/target}/release/passport
fi
export PASSPORT_KEY_STORE="$work/keys" PASSPORT_PASSPHRASE="correct horse battery staple"
cp -R "$real"/{scans,preprocess.sh,train.sh,passport.toml} "$work"
cd "$work"
passport() { printf '\n$ passport %s\n' "$*"; "$PASSPORT" "$@"; }

passport key new radiology
echo; echo "# What is in the images, and what must be declared; the secrets of the set are made"
passport capture scans --kind dataset --salted --secrets scans.secrets -o scans.draft.json
echo; echo "# The team's scripts run as they are, and are recorded"
passport run --input scans --secrets scans.secrets --output features -o preprocess.draft.json -- sh preprocess.sh scans features
passport run --input features --output model -o train.draft.json -- sh train.sh features model
echo; echo "# One command signs all of it, each link by digest"
passport issue . --key radiology
passport bundle passports/*.json -o bundle.json
passport verify bundle.json --artifact model --artifact features
echo; echo "# Was this image in the set? The holder can prove it, of this image and no other"
passport data prove scans/07/slice.dcm --set scans --secrets scans.secrets -o proof.json
passport data check proof.json scans/07/slice.dcm --passport passports/scans.passport.json
