// The npm package and an independent implementation of Data Integrity in JavaScript take each other's
// credentials, and neither takes a changed one.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { verify } from '../../verifier-wasm/node.js';
import { modelSubject } from '../bench/subject.mjs';
import { documents } from './documents.mjs';
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

// The last character that says something: the one before it may be all that a longer value keeps.
const changed = (text) => `${text.slice(0, -2)}${text.at(-2) === 'a' ? 'b' : 'a'}${text.at(-1)}`;

function changeText(subject) {
  const name = ['name', 'description', 'version', 'purpose'].find((member) => typeof subject[member] === 'string');
  if (name !== undefined) {
    subject[name] += ' and more';
    return;
  }
  const inner = Object.values(subject).flat().find((value) => typeof value === 'object');
  assert(inner, 'a subject without text');
  changeText(inner);
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
  const proofOnly = async (text) => (await verify(text, { policy: { profile: 'proof-only' }, now: NOW }));
  const ours = documents();
  assert(ours.length >= 10, `only ${ours.length} documents`);
  for (const party of parties) {
    await context.test(party.name, async () => {
      for (const [name, unsigned] of ours) {
        const text = JSON.stringify(await party.sign(unsigned));
        assert.deepEqual(await verifyProof(text), { verified: true, why: '' }, `${name}: the reference's own view`);
        const report = await proofOnly(text);
        assert.equal(report.verdict, 'verified', `${name}: ${JSON.stringify(report.checks)}`);
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

test('both agree on the subject that the benchmark measures', async () => {
  const subject = modelSubject([{ path: 'model.onnx', bytes: Buffer.from('weights') }]);
  const [, , party] = parties;
  const unsigned = { '@context': ['https://www.w3.org/ns/credentials/v2', 'https://w3id.org/model-passport/v1'], id: 'urn:uuid:0d9c3a52-2e41-4b53-8a0c-0e3d8c1f7a10', type: ['VerifiableCredential', 'ModelPassport'], validFrom: '2026-11-01T00:00:00Z', credentialSubject: subject };
  const text = JSON.stringify(await party.sign(unsigned));
  assert.equal((await verify(text, { policy: { profile: 'proof-only' }, now: NOW })).verdict, 'verified');
});
