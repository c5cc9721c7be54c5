#!/usr/bin/env bash
# The main job on real files: a lab and an independent evaluator sign passports of a model, of the data it was
# trained and tested on and of its evaluation; the bundle verifies offline; then one byte changes, four times.
#
#   bash tests/real/demo.sh [FOLDER]     FOLDER keeps the files; without it they go when the demo ends
set -euo pipefail
real=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$real/../.." && pwd)
if [ $# -gt 0 ]; then mkdir -p "$1"; work=$(cd "$1" && pwd); else work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; fi

if [ -z "${PASSPORT:-}" ]; then
    echo "Building the passport binary (a few minutes the first time) ..."
    (cd "$root" && cargo build --release --locked --quiet --package model-passport-issuer --bin passport)
    PASSPORT=${CARGO_TARGET_DIR:-$root/target}/release/passport
fi
export PASSPORT_KEY_STORE="$work/keys"
# Demonstration keys. Yours deserve a passphrase that is typed or kept in a file.
export PASSPORT_PASSPHRASE="correct horse battery staple"

cd "$work"
cp "$real"/claims/*.toml .
# The commit of the model's code is measured; outside a git checkout the lab has to say that it is unknown.
code=()
if ! git -C "$real" rev-parse HEAD >/dev/null 2>&1; then
    printf '[sourceCode]\nbasis = "unknown"\n' >no-git.toml
    code=(--claims no-git.toml)
fi
passport() { printf '\n$ passport %s\n' "${*//$real\//}"; "$PASSPORT" "$@"; }
# Only the verdict and what broke: the rest of the report is as above.
must_fail() {
    local code=0
    passport "$@" >report.txt || code=$?
    sed -n '1,3p; /✗/,/code:/p' report.txt
    printf '(exit %s)\n' "$code"
    [ "$code" -eq 1 ] || { echo "error: this had to be refused" >&2; exit 70; }
}

echo; echo "# The lab and the evaluator make their keys"
passport key new lab
passport key new evaluator --alg ed25519

echo; echo "# The lab signs passports of its data and of its model"
passport issue "$real/data/train.csv" --kind dataset --claims dataset-train.toml --key lab -o dataset-train.passport.json
passport issue "$real/data/test.csv" --kind dataset --claims dataset-test.toml --key lab -o dataset-test.passport.json
passport issue "$real/model" --kind model --claims model.toml ${code[@]+"${code[@]}"} --key lab -o model.passport.json

echo; echo "# The evaluator signs what it measured"
passport attest evaluation evaluation.toml --subject model.passport.json \
    --with dataset-train.passport.json --with dataset-test.passport.json --key evaluator -o evaluation.passport.json

echo; echo "# One file holds all of it; anybody can check it, offline"
passport bundle ./*.passport.json -o bundle.json
passport verify bundle.json --artifact "$real/model"

echo; echo "# One byte of the model"
cp -R "$real/model" changed && printf 'X' | dd of=changed/model.onnx bs=1 seek=100 conv=notrunc status=none
must_fail verify bundle.json --artifact changed
echo; echo "# One digit of a metric"
sed 's/0\.9927/0.9997/' bundle.json >metric.json
must_fail verify metric.json
echo; echo "# Another version of a parent"
sed 's/\("numberOfSubjects": *\)398/\1399/' bundle.json >parent.json
must_fail verify parent.json
echo; echo "# A few characters of a proof"
sed '0,/"proofValue"/s/\("proofValue": *"z.\{30\}\)....../\1Changd/' bundle.json >proof.json
must_fail verify proof.json
