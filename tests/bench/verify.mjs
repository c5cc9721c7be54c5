// One passport, three implementations, one run: the JavaScript reference, the native core, and the npm
// package with and without WebCrypto. Rounds alternate, so that whatever else the machine does meets all of them.
//
//   cargo build --release -p model-passport-tests --example bench-native
//   node bench/verify.mjs [path of bench-native]

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';

import { verify } from '../../verifier-wasm/node.js';
import { jwkOf } from '../differential/keys.mjs';
import { reference } from './reference.mjs';

const ROUNDS = 7;
const WARM_UP = 150;
const REPETITIONS = 200;
const NATIVE_REPETITIONS = 2000;
const NOW = '2026-11-21T12:00:00Z';

const native = process.argv[2] ?? fileURLToPath(new URL('../../target/release/examples/bench-native', import.meta.url));
const bundle = JSON.parse(readFileSync(new URL('../cases/bundle/input.json', import.meta.url), 'utf8'));
const passport = bundle.presentation.verifiableCredential.find(({ type }) => type.includes('ModelPassport'));
const text = JSON.stringify(passport);
const { proof, ...unsigned } = passport;
const theirs = await reference();
const folder = mkdtempSync(join(tmpdir(), 'passport-bench-'));
const file = join(folder, 'passport.json');
writeFileSync(file, text);
const made = JSON.parse(execFileSync(native, [file, 'make'], { encoding: 'utf8' }));
const jwsKey = await importJWK(jwkOf(decodeProtectedHeader(made.jws).kid), 'ES256');

const contestants = {
  'reference, whole check': () => theirs.verify(JSON.parse(text)),
  'reference, proof only': () => theirs.verifyProof(JSON.parse(text)),
  'reference, issue': () => theirs.sign(unsigned),
  'reference, derive': () => theirs.derive(JSON.parse(made.base), made.pointers),
  'reference, derived proof': () => theirs.verifyDerived(JSON.parse(made.part)),
  'reference, JWS signature and its JSON': async () => JSON.parse(new TextDecoder().decode((await compactVerify(made.jws, jwsKey)).payload)),
  'wasm with WebCrypto': () => ours(true),
  'wasm alone': () => ours(false),
  'wasm with WebCrypto, derived proof': () => ourPart(true),
  'wasm with WebCrypto, vc+jwt': () => ours(true, made.jws),
};

// The parents are not there, so the lineage stays open; the passport itself has to hold.
async function ours(webCrypto, input = text) {
  const { checks, shown } = await verify(input, { now: NOW, webCrypto });
  if (shown.length !== 1) throw new Error(JSON.stringify(checks));
}

async function ourPart(webCrypto) {
  const { checks } = await verify(made.part, { now: NOW, webCrypto, policy: { profile: 'proof-only' } });
  if (!checks.some(({ code }) => code === 'proof.ok')) throw new Error(JSON.stringify(checks));
}

const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
const nativeRounds = [];
try {
  for (const work of Object.values(contestants)) {
    for (let count = 0; count < WARM_UP; count += 1) await work();
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, work] of Object.entries(contestants)) times[name].push(await medianOf(work));
    nativeRounds.push(JSON.parse(execFileSync(native, [file, String(NATIVE_REPETITIONS)], { encoding: 'utf8' })));
  }
} finally {
  rmSync(folder, { recursive: true });
}

async function medianOf(work) {
  const taken = [];
  for (let count = 0; count < REPETITIONS; count += 1) {
    const begun = process.hrtime.bigint();
    await work();
    taken.push(Number(process.hrtime.bigint() - begun) / 1000);
  }
  return median(taken);
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

const nativeOf = (name) => median(nativeRounds.map((round) => round[name]));
const microseconds = {
  ...Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)])),
  'native, whole check': nativeOf('verifyUs'),
  'native, portable signature': nativeOf('verifyPortableUs'),
  'native, issue': nativeOf('issueUs'),
  'native, issue with portable signature': nativeOf('issuePortableUs'),
  'native, derive': nativeOf('deriveUs'),
  'native, derived proof': nativeOf('verifyPartUs'),
  'native, vc+jwt': nativeOf('verifyJwsUs'),
  'limit of a check: one hash, one signature': nativeOf('verifyLimitUs'),
  'limit of issuing': nativeOf('issueLimitUs'),
};
const [{ bytes, statements }] = nativeRounds;
console.log(`${bytes} bytes, ${statements} statements, medians of ${ROUNDS} alternating rounds\n`);
for (const [name, time] of Object.entries(microseconds)) console.log(`${name.padEnd(44)}${time.toFixed(1).padStart(9)} µs`);

// Against the reference's proof alone, which is less than ours do.
const check = microseconds['reference, proof only'];
const ratios = {
  'native check': [check / microseconds['native, whole check'], 20],
  'native issue': [microseconds['reference, issue'] / microseconds['native, issue'], 20],
  'wasm with WebCrypto': [check / microseconds['wasm with WebCrypto'], 8],
  'wasm alone': [check / microseconds['wasm alone'], 2.5],
  'native derive': [microseconds['reference, derive'] / microseconds['native, derive']],
  'native derived proof': [microseconds['reference, derived proof'] / microseconds['native, derived proof']],
  'wasm derived proof': [microseconds['reference, derived proof'] / microseconds['wasm with WebCrypto, derived proof']],
  // The whole check of the credential against the signature alone: what a JWS says about itself is not comparable.
  'native vc+jwt': [microseconds['reference, JWS signature and its JSON'] / microseconds['native, vc+jwt']],
};
console.log('\ntimes as fast as the reference (a check: as its proof alone)');
for (const [name, [ratio, aim]] of Object.entries(ratios)) {
  console.log(`${name.padEnd(44)}${ratio.toFixed(1).padStart(9)}   ${aim ? `aim ${aim}${ratio < aim ? ', missed' : ''}` : ''}`);
}
