#!/usr/bin/env bash
# Five institutions, each with a domain and keys of its own: a data holder, a maker, an evaluator and the hospitals A
# and B. B's new scanner deceives the model, monitoring sees it, the maker retrains; the update is good at B and refused
# at A, where the model forgot. Then the data are withdrawn, and every descendant reads as tainted, offline too.
#
#   bash tests/real/institutions/run.sh [FOLDER]     FOLDER keeps the files; without it they go when the demo ends
#
# The sites are served on loopback; `--loopback HOST=PORT` stands for the Internet. The year is 2026.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
if [ $# -gt 0 ]; then mkdir -p "$1"; work=$(cd "$1" && pwd); else work=$(mktemp -d); keep=no; fi
if [ -z "${PASSPORT:-}" ]; then
    (cd "$root" && cargo build --release --locked --quiet --package model-passport-issuer --bin passport)
    PASSPORT=${CARGO_TARGET_DIR:-$root/target}/release/passport
fi
export PASSPORT_PASSPHRASE="correct horse battery staple"
server=
finish() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; [ -z "${keep:-}" ] || rm -rf "$work"; }
trap finish EXIT
cd "$work"

everybody="holder maker evaluator a b"
now=2026-03-02T09:00:00Z
network=()
# Where to look for what a passport builds on.
parents=(); for who in $everybody; do parents+=(--from "did:web:$who.example"); done

# One institution runs `passport` in its folder, with its keys.
as() {
    local who=$1; shift
    printf '\n[%s] $ passport %s\n' "$who" "$*" | sed 's/ --loopback [^ ]*//g'
    local at=(--at "$now"); [ "$1" != did ] || at=()
    (cd "$work/$who" && PASSPORT_KEY_STORE="$work/$who/keys" "$PASSPORT" "$@" "${at[@]}")
}
# The same, where nothing but the exit is of interest.
quietly() { as "$@" >>"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 70; }; }
# The same, which has to let the model pass.
passes() { as "$@" || { echo "error: this had to pass" >&2; exit 70; }; echo "(exit 0: it may be loaded)"; }
# The same, which has to be refused for this reason.
refused() {
    local code=$1 status=0; shift
    as "$@" >"$work/refused" 2>&1 || status=$?
    grep -E '^\[|✗' -A2 "$work/refused" | grep -v '^--' || true
    printf '(exit %s)\n' "$status"
    [ "$status" -eq 1 ] && grep -q "$code" "$work/refused" || { cat "$work/refused" >&2; echo "error: this had to be refused as $code" >&2; exit 70; }
}
# What everybody publishes, as of now. A status list is renewed with it.
publish() {
    for who in $everybody; do
        quietly "$who" status renew "$work/$who/status.json"
        quietly "$who" publish site --key "$who" $(cd "$who" && ls ./*.passport.json ./*.attestation.json 2>/dev/null) --status status.json
    done
}
# A day comes: the lists of yesterday are renewed.
day() { now=$1; printf '\n# %s: %s\n' "${now%T*}" "$2"; publish; }
# Another institution's passports, with all that their verification needs.
fetch() { local who=$1 from=$2 name=$3; quietly "$who" fetch "did:web:$from.example" "${parents[@]}" "${network[@]}" -o "$name" --force; }
classifier() { python3 "$here/classifier.py" "$@"; }
fill() { sed -e "s|@TITLE@|${title:-}|; s|@ROWS@|${rows:-}|; s|@VERSION@|${version:-}|; s|@DATE@|${now%T*}|g; s|@DATA@|${data:-}|; s|@SITE@|${site:-}|" "$here/$1"; }
# A table's passport by whoever holds it.
dataset() {
    local who=$1 table=$2 title=$3 rows; rows=$(($(wc -l <"$who/$table.csv") - 1))
    fill data.toml >"$who/$table.toml"
    quietly "$who" issue "$table.csv" --kind dataset --claims "$table.toml" --key "$who" --status status.json -o "$table.passport.json"
}
# A hospital's evaluation of a model on its frozen set.
evaluate() {
    local who=$1 model=$2 table=$3 bundle=$4
    classifier score "maker/$model/model.safetensors" "$who/$table.csv" "$who/$model.$table.csv"
    classifier evaluation "$who/$model.$table.csv" "$table.passport.json" "${now%T*}" >"$who/$model.$table.toml"
    quietly "$who" attest evaluation "$model.$table.toml" --subject "$model.received.json" --with "$bundle" --with status.json --with did.json --key "$who" -o "$model.$table.attestation.json"
}
# One passport out of a bundle, by the name and version of its subject.
take() { python3 - "$@" <<'PY'
import json, sys
bundle, name, version, target = sys.argv[1:]
found = [credential for credential in json.load(open(bundle))["presentation"]["verifiableCredential"]
         if [credential["credentialSubject"].get(member) for member in ("name", "version")] == [name, version]]
json.dump(found[0], open(target, "w"))
PY
}

echo "# Each institution makes its keys, and a site for its domain"
for who in $everybody; do
    mkdir -p "$who/site"
    quietly "$who" key new "$who" --did "did:web:$who.example"
    quietly "$who" did document --did "did:web:$who.example" -o did.json
    quietly "$who" status new --url "https://$who.example/status/1" --key "$who" --valid-days 2 -o status.json
done
python3 "$here/serve.py" "$work/ports" holder/site maker/site evaluator/site a/site b/site & server=$!
for _ in $(seq 100); do [ -e ports ] && break; sleep 0.1; done
while IFS= read -r line; do network+=(--loopback "${line%=*}.example=${line#*=}"); done <ports
classifier split "$here/../data/train.csv" "$here/../data/test.csv" .
for table in evaluator-frozen a-frozen a-april b-frozen-old b-frozen b-april b-may b-train; do
    mv "$table.csv" "${table%%-*}/${table#*-}.csv"
done
mv train.csv holder

echo; echo "# The hospitals' network names whom it trusts, by their keys; each hospital may only narrow that"
python3 - $everybody <<'PY'
import json, sys
kinds = {"holder": ["DatasetPassport"], "maker": ["ModelPassport"]}
names = {"holder": "Biobank", "maker": "Maker", "evaluator": "Evaluation office", "a": "Hospital A", "b": "Hospital B"}
def entry(who):
    keys = [method["publicKeyMultibase"] for method in json.load(open(f"{who}/did.json"))["verificationMethod"]]
    rest = ["DatasetPassport", "DeploymentAttestation", "EvaluationAttestation", "MonitoringAttestation"]
    return {"id": f"did:web:{who}.example", "name": names[who], "kinds": kinds.get(who, rest), "keys": keys}
json.dump({"name": "the hospitals' network", "issuers": [entry(who) for who in sys.argv[1:]]}, open("trust.json", "w"), indent=1)
sensitivity = "http://purl.obolibrary.org/obo/STATO_0000233"
json.dump({"name": "the hospitals' network", "requireRecognition": True, "maxStatusAgeSecs": 172800, "rules": [
    {"require": "credential", "kind": "EvaluationAttestation", "independent": True, "because": "a maker is not its own judge"},
    {"require": "permission", "for": "commercial-validation"},
    {"require": "no-files", "endings": [".pkl", ".pt"], "because": "loading them runs code"}]}, open("network.json", "w"), indent=1)
for who in "ab":
    json.dump({"name": names[who], "extends": "../network.json", "rules": [
        {"require": "no-regression", "site": f"did:web:{who}.example", "because": "an update must not harm our patients"}]},
        open(f"{who}/policy.json", "w"), indent=1)
    json.dump({"name": names[who] + ", in use", "extends": "policy.json", "rules": [
        {"require": "monitoring", "issuers": [f"did:web:{who}.example"]}]}, open(f"{who}/in-use.json", "w"), indent=1)
PY
rules=(--trust ../trust.json --policy policy.json)
in_use=(--trust ../trust.json --policy in-use.json)

day 2026-03-02T09:00:00Z "the holder issues a passport of its data, the maker trains on them"
dataset holder train "Training records of the biobank"
publish
fetch maker holder data.received.json
classifier train holder/train.csv maker/v1/model.safetensors
data='{ passport = "data.received.json" }' version=1.0.0 fill model.toml >maker/v1.toml
quietly maker issue v1 --claims v1.toml --key maker --status status.json --with data.received.json -o v1.passport.json

day 2026-03-04T09:00:00Z "the evaluator and both hospitals judge it, each on records of its own"
for who in evaluator a b; do
    table=frozen; [ "$who" != b ] || table=frozen-old
    dataset "$who" "$table" "Frozen records of $who"
    fetch "$who" maker from-maker.json
    take "$who/from-maker.json" "Aspirate classifier" 1.0.0 "$who/v1.received.json"
done
evaluate evaluator v1 frozen from-maker.json
evaluate a v1 frozen from-maker.json
evaluate b v1 frozen-old from-maker.json
publish

day 2026-03-05T09:00:00Z "A and B ask their policy, deploy it and watch it"
for who in a b; do
    fetch "$who" evaluator from-evaluator.json
    quietly "$who" bundle v1.received.json from-maker.json from-evaluator.json -o v1.bundle.json
    passes "$who" gate ../maker/v1 --passport v1.bundle.json "${rules[@]}"
    site="Hospital ${who^^}" fill deployment.toml >"$who/deployment.toml"
    quietly "$who" attest deployment deployment.toml --subject v1.received.json --with from-maker.json --key "$who" --status status.json -o v1.deployment.attestation.json
done
period() { printf 'incidents = 0\n\n[period]\nstartDate = %s\nendDate = %s\n' "$1" "$2"; }
day 2026-04-05T09:00:00Z "the first period: within the plan at both"
for who in a b; do
    if [ "$who" = a ]; then table=frozen; else table=frozen-old; fi
    fetch "$who" maker from-maker.json
    period 2026-03-05 2026-04-03 >"$who/period.toml"
    cp "$who/v1.$table.csv" "$who/reference.csv"
    classifier score maker/v1/model.safetensors "$who/april.csv" "$who/april.results.csv"
    quietly "$who" attest monitoring april.results.csv --subject v1.deployment.attestation.json --claims period.toml --reference reference.csv --threshold 0.5 --with from-maker.json --with did.json --with status.json --key "$who" --status status.json -o 1.monitoring.attestation.json
    grep -o '"outcome": *"[^"]*"' "$who/1.monitoring.attestation.json"
done

day 2026-05-05T09:00:00Z "B has a new scanner: its monitoring sees what the model does not"
fetch b maker from-maker.json; fetch b evaluator from-evaluator.json
classifier score maker/v1/model.safetensors b/may.csv b/may.results.csv
period 2026-04-04 2026-05-03 >b/period.toml
quietly b attest monitoring may.results.csv --subject v1.deployment.attestation.json --previous 1.monitoring.attestation.json --claims period.toml --reference reference.csv --threshold 0.5 --with from-maker.json --with did.json --with status.json --key b --status status.json -o 2.monitoring.attestation.json
python3 -c 'import json; print("\n".join(json.load(open("b/2.monitoring.attestation.json"))["credentialSubject"]["breaches"]))'
quietly b bundle 2.monitoring.attestation.json 1.monitoring.attestation.json v1.deployment.attestation.json from-maker.json from-evaluator.json did.json status.json -o v1.in-use.json
refused policy.monitoring-breach b gate ../maker/v1 --passport v1.in-use.json "${in_use[@]}" --explain

day 2026-05-12T09:00:00Z "B lends records of the new scanner, the maker trains further on them, and all judge the candidate"
dataset b train "Training records of B's new scanner"
publish
fetch maker b from-b.json; fetch maker holder data.received.json
take maker/from-b.json "Training records of B's new scanner" 1.0.0 maker/b-train.json
classifier train b/train.csv maker/v2/model.safetensors maker/v1/model.safetensors
data='{ passport = "data.received.json" }, { passport = "b-train.json" }' version=2.0.0 fill model.toml >maker/v2.toml
quietly maker issue v2 --claims v2.toml --key maker --status status.json --with data.received.json --with from-b.json -o v2.candidate.passport.json
publish
for who in a b; do
    fetch "$who" maker from-maker.json
    take "$who/from-maker.json" "Aspirate classifier" 2.0.0 "$who/v2.received.json"
    [ "$who" = a ] || dataset b frozen "Frozen records of b, by its new scanner"
    [ "$who" = a ] || evaluate b v1 frozen from-maker.json
    evaluate "$who" v2 frozen from-maker.json
done
publish

echo; echo "# What became better and what became worse, by site: the maker states it, and signs the update"
for who in a b; do fetch maker "$who" "from-$who.json"; done
fetch maker maker own.json
as maker compare --old ../a/v1.frozen.attestation.json --old ../b/v1.frozen.attestation.json \
    --new ../a/v2.frozen.attestation.json --new ../b/v2.frozen.attestation.json \
    --with own.json --with from-a.json --with from-b.json --margin 0.05 -o revision.toml
sed -i -e 's|changeClass = ""|changeClass = "not-substantial"|; s|changes = \[""\]|changes = ["Trained further on records of the new scanner of B"]|; s|summary = ""|summary = "B has a new scanner, which deceived version 1"|' maker/revision.toml
now=2026-05-12T10:00:00Z
quietly maker issue v2 --claims v2.toml --claims revision.toml --key maker --status status.json --with own.json --with from-a.json --with from-b.json --with data.received.json -o v2.passport.json
rm maker/v2.candidate.passport.json
publish

echo; echo "# B's policy lets the update pass, A's refuses it: one policy of the network, one sentence of each site"
for who in a b; do
    fetch "$who" maker from-maker.json
    for other in a b; do [ "$who" = "$other" ] || fetch "$who" "$other" "from-$other.json"; done
    take "$who/from-maker.json" "Aspirate classifier" 2.0.0 "$who/v2.received.json"
    quietly "$who" bundle v2.received.json v2.frozen.attestation.json from-maker.json did.json status.json "${network[@]}" --fetch "${parents[@]}" -o v2.bundle.json
done
passes b gate ../maker/v2 --passport v2.bundle.json "${rules[@]}"
refused policy.regression a gate ../maker/v2 --passport v2.bundle.json "${rules[@]}" --explain

now=2026-05-12T12:00:00Z
echo; echo "# The holder withdraws its data: every descendant reads as tainted once the list is newer, without a network too"
quietly b verify v2.bundle.json --trust ../trust.json --offline
quietly holder revoke train.passport.json
publish
kill "$server"; server=
cp holder/status.json b/newer.status.json
refused lineage.parent-revoked b verify v2.bundle.json --trust ../trust.json --offline --with newer.status.json
as b lineage v2.bundle.json --trust ../trust.json --offline --with newer.status.json | tail -n +3 || true
refused status.revoked b gate ../maker/v2 --passport v2.bundle.json "${rules[@]}" --with newer.status.json --explain
echo; echo "Done: drift was seen, the update was taken where it helps and refused where it harms, and the recall reached everybody."
