// The npm package and an independent implementation of Data Integrity in JavaScript take each other's
// credentials, and neither takes a changed one.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { verify } from '../../verifier-wasm/node.js';
import { contexts, documents } from './documents.mjs';
import { parties, verifyCredential, verifyProof } from './parties.mjs';

const NOW = '2026-11-21T12:00:00Z';
const OURS = ['dataset-alone', 'ecdsa-jcs-2019', 'ecdsa-jcs-2019-p384', 'ecdsa-rdfc-2019-p384', 'eddsa-jcs-2022', 'eddsa-rdfc-2022'];

const inputOf = (name) => readFileSync(new URL(`../cases/${name}/input.json`, import.meta.url), 'utf8');

/** The same credential with another word in it, with another signature, and with another time of signing. */
function twins(text) {
  const change = (edit) => {
    const credential = JSON.parse(text);
    edit(credential);
    return JSON.stringify(credential);
  };
  return {
    'a changed claim': change(({ credentialSubject }) => changeText(credentialSubject)),
    'a changed signature': change(({ proof }) => { proof.proofValue = changed(proof.proofValue); }),
    'a changed time': change(({ proof }) => { proof.created = '2026-11-21T10:59:59Z'; }),
  };
}

const changed = (text) => `${text.slice(0, -2)}${text.at(-2) === 'a' ? 'b' : 'a'}${text.at(-1)}`;

// Changes the first text that is found, and the identifier where there is none.
function changeText(subject) {
  const [first] = [subject].flat();
  if (!changedText(first)) first.id += '0';
}

function changedText(node) {
  const name = Object.keys(node).find((member) => typeof node[member] === 'string' && !['id', 'type'].includes(member));
  if (name !== undefined) node[name] += '0';
  return name !== undefined || Object.values(node).flat().some((value) => typeof value === 'object' && changedText(value));
}

const credentialsOfBundle = JSON.parse(inputOf('bundle')).presentation.verifiableCredential.map((credential) => JSON.stringify(credential));

test('the reference verifies what this project signed', async (context) => {
  const ours = [
    ...OURS.map((name) => [name, inputOf(name)]),
    ...credentialsOfBundle.map((text) => [`bundle, ${JSON.parse(text).type[1]}`, text]),
  ];
  assert.equal(ours.length, 9);
  for (const [name, text] of ours) {
    await context.test(name, async () => {
      const whole = await verifyCredential(text, NOW);
      assert.deepEqual(whole, { verified: true, why: '' });
      for (const [what, twin] of Object.entries(twins(text))) {
        assert.equal((await verifyProof(twin)).verified, false, `it takes ${what}`);
      }
    });
  }
});

test('this project verifies what the reference signed', async (context) => {
  const evidence = { documents: contexts.map(([url, document]) => ({ url, text: JSON.stringify(document) })) };
  const proofOnly = (text) => verify(text, { evidence, policy: { profile: 'proof-only' }, now: NOW });
  const unsignedDocuments = documents();
  assert(unsignedDocuments.length >= 10, `only ${unsignedDocuments.length} documents`);
  for (const party of parties) {
    await context.test(party.name, async () => {
      for (const [name, unsigned] of unsignedDocuments) {
        const text = JSON.stringify(await party.sign(unsigned));
        assert.deepEqual(await verifyProof(text), { verified: true, why: '' }, `${name}: the reference's own view`);
        // A lineage may be incomplete here; the signature is what is compared.
        const { checks } = await proofOnly(text);
        const proofs = checks.filter(({ check }) => check === 'proof').map(({ code }) => code);
        assert.deepEqual([proofs, checks.filter(({ outcome }) => outcome === 'fail')], [['proof.ok'], []], name);
        for (const [what, twin] of Object.entries(twins(text))) {
          const report = await proofOnly(twin);
          assert.equal(report.verdict, 'not-verified', `${name}: it takes ${what}`);
          assert.deepEqual(report.shown, [], `${name}: it shows ${what}`);
        }
      }
    });
  }
});

test('a passport that the reference signed is a passport', async (context) => {
  const [dataset] = credentialsOfBundle.map((text) => JSON.parse(text)).filter(({ type }) => type.includes('DatasetPassport'));
  for (const party of parties) {
    await context.test(party.name, async () => {
      const signed = await party.sign((({ proof, ...unsigned }) => unsigned)(dataset));
      for (const webCrypto of [true, false]) {
        const report = await verify(JSON.stringify(signed), { now: NOW, webCrypto });
        assert.equal(report.verdict, 'verified', JSON.stringify(report.checks));
        assert.equal(report.shown[0].content.issuer, party.did);
      }
      for (const [what, twin] of Object.entries(twins(JSON.stringify(signed)))) {
        assert.equal((await verify(twin, { now: NOW })).verdict, 'not-verified', `it takes ${what}`);
      }
    });
  }
});
