// Selective disclosure against an independent implementation: each derives from its own base proofs and from the
// other's, what they derive is the same byte for byte, both verify it, and neither takes a changed one.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { createDiscloseCryptosuite, createSignCryptosuite } from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import * as vc from '@digitalbazaar/vc';

import { verify } from '../../verifier-wasm/node.js';
import { contexts, documents } from './documents.mjs';
import { documentLoader, signerOf, verifyProof } from './parties.mjs';

const NOW = '2026-11-21T12:00:00Z';
const MANDATORY = ['/issuer', '/validFrom'];
const root = fileURLToPath(new URL('../..', import.meta.url));

/** What this project makes of requests to sign or derive. */
function ours(requests) {
  const input = requests.map((request) => `${JSON.stringify({ ...request, contexts })}\n`).join('');
  const output = execFileSync('cargo', ['run', '--quiet', '--locked', '-p', 'model-passport-tests', '--bin', 'derive'],
    { cwd: root, input, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'inherit'] });
  return output.trimEnd().split('\n').map((line) => JSON.parse(line));
}

const { did, signer } = await signerOf('P-256');

function theirBase(unsigned, mandatoryPointers) {
  const suite = new DataIntegrityProof({ signer, date: NOW, cryptosuite: createSignCryptosuite({ mandatoryPointers }) });
  return vc.issue({ credential: { ...structuredClone(unsigned), issuer: did }, suite, documentLoader, now: NOW });
}

function theirPart(verifiableCredential, selectivePointers) {
  const suite = new DataIntegrityProof({ cryptosuite: createDiscloseCryptosuite({ selectivePointers }) });
  return vc.derive({ verifiableCredential: structuredClone(verifiableCredential), suite, documentLoader });
}

const evidence = { documents: contexts.map(([url, document]) => ({ url, text: JSON.stringify(document) })) };
const proofOnly = (part) => verify(JSON.stringify(part), { evidence, policy: { profile: 'proof-only' }, now: NOW });

/** Every second member of a subject, and parts of the others. */
function choices({ credentialSubject }) {
  const [subject, path] = Array.isArray(credentialSubject) ? [credentialSubject[1], '/credentialSubject/1'] : [credentialSubject, '/credentialSubject'];
  const names = Object.keys(subject).filter((name) => !['id', 'type'].includes(name));
  const pointer = (name) => `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const chosen = names.filter((_, at) => at % 2 === 0).map(pointer);
  const inside = names.filter((_, at) => at % 2 === 1).flatMap((name) => {
    const value = subject[name];
    // Compacted, an array of one item is that item, and a pointer into it means something else.
    if (!Array.isArray(value) || value.length === 1) return [];
    const last = value.length - 1;
    if (typeof value[last] !== 'object') return [`${pointer(name)}/${last}`];
    const member = Object.keys(value[last]).findLast((key) => !['id', 'type'].includes(key));
    return member === undefined ? [] : [`${pointer(name)}/${last}/${member}`];
  });
  return [[], chosen, [...chosen, ...inside]];
}

/** The same with another word, another signature, another time, and without a mandatory member. */
function twins(part) {
  const change = (edit) => {
    const twin = structuredClone(part);
    edit(twin);
    return twin;
  };
  const { proofValue } = part.proof;
  const middle = proofValue.length >> 1;
  return {
    'a changed claim': change((twin) => { twin.validFrom = '2026-11-20T00:00:00Z'; }),
    'a changed signature': change((twin) => { twin.proof.proofValue = `${proofValue.slice(0, middle)}${proofValue[middle] === 'A' ? 'B' : 'A'}${proofValue.slice(middle + 1)}`; }),
    'a changed time': change((twin) => { twin.proof.created = '2026-11-21T10:59:59Z'; }),
    'a claim less': change((twin) => { delete twin.validFrom; }),
  };
}

// The cells of a list have no names by which both could choose them.
function withoutLists({ credentialSubject, ...rest }) {
  const without = ({ marks, ...subject }) => subject;
  return { ...rest, credentialSubject: Array.isArray(credentialSubject) ? credentialSubject.map(without) : without(credentialSubject) };
}

const choosable = documents().filter(([name]) => name !== 'minimal').map(([name, document]) => [name, withoutLists(document)]);
const cases = choosable.flatMap(([name, unsigned]) =>
  choices(unsigned).map((pointers, at) => ({ name: `${name}, choice ${at}`, unsigned, pointers })));

test('two implementations disclose the same, and take it from each other', async (context) => {
  assert(cases.length >= 30, `only ${cases.length} cases`);
  const ourBases = ours(cases.map(({ unsigned }) => ({ sign: unsigned, pointers: MANDATORY })));
  const theirBases = [];
  for (const { unsigned } of cases) theirBases.push(await theirBase(unsigned, MANDATORY));
  const derived = ours([...ourBases, ...theirBases].map((base, at) => ({ derive: base, pointers: cases[at % cases.length].pointers })));
  for (const [at, base] of [...ourBases, ...theirBases].entries()) {
    const { name, pointers } = cases[at % cases.length];
    await context.test(`${name}, base proof by ${at < cases.length ? 'this project' : 'the reference'}`, async () => {
      const part = derived[at];
      assert.deepEqual(part, await theirPart(base, pointers));
      assert.deepEqual(await verifyProof(JSON.stringify(part)), { verified: true, why: '' });
      const report = await proofOnly(part);
      assert.deepEqual(report.checks.filter(({ outcome }) => outcome === 'fail'), []);
      assert(report.checks.some(({ code }) => code === 'proof.ok'), JSON.stringify(report.checks));
      for (const [what, twin] of Object.entries(twins(part))) {
        assert.equal((await verifyProof(JSON.stringify(twin))).verified, false, `the reference takes ${what}`);
        assert.equal((await proofOnly(twin)).verdict, 'not-verified', `this project takes ${what}`);
      }
      assert.equal((await proofOnly(base)).code, 'disclosure.base-proof');
    });
  }
});
