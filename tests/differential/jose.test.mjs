// The npm package and an independent implementation of JSON Web Signatures take each other's credentials and
// presentations, and neither takes a changed one.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { CompactSign, compactVerify, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK } from 'jose';

import { verify } from '../../verifier-wasm/node.js';
import { jwkOf } from './keys.mjs';

const NOW = '2026-11-21T12:00:00Z';
const ALGORITHMS = ['ES256', 'ES384', 'EdDSA'];
const ASKED = { challenge: 'b1c6a5e0', domain: ['registry.example'] };

const inputOf = (name) => readFileSync(new URL(`../cases/${name}/input.json`, import.meta.url), 'utf8');

/** The same with another letter in each of its parts. */
function twins(jws) {
  const parts = jws.split('.');
  return parts.map((part, at) => {
    const middle = part.length >> 1;
    const other = `${part.slice(0, middle)}${part[middle] === 'A' ? 'B' : 'A'}${part.slice(middle + 1)}`;
    return parts.with(at, other).join('.');
  });
}

test('the other implementation verifies what this project signed', async (context) => {
  for (const name of ['jose-es256', 'jose-es384', 'jose-eddsa', 'jose-presentation']) {
    await context.test(name, async () => {
      const jws = inputOf(name);
      const { alg, kid } = decodeProtectedHeader(jws);
      const key = await importJWK(jwkOf(kid), alg);
      const { payload } = await compactVerify(jws, key);
      const { issuer, holder } = JSON.parse(Buffer.from(payload).toString());
      assert.equal(issuer ?? holder, kid.split('#')[0]);
      for (const twin of twins(jws)) await assert.rejects(compactVerify(twin, key));
    });
  }
});

test('this project verifies what the other implementation signed', async (context) => {
  const passport = JSON.parse(Buffer.from(inputOf('jose-es256').split('.')[1], 'base64url').toString());
  for (const alg of ALGORITHMS) {
    await context.test(alg, async () => {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = Buffer.from(JSON.stringify(await exportJWK(publicKey))).toString('base64url');
      const did = `did:jwk:${jwk}`;
      const sign = (document, typ) => new CompactSign(Buffer.from(JSON.stringify(document)))
        .setProtectedHeader({ alg, typ, kid: `${did}#0` })
        .sign(privateKey);
      const jws = await sign({ ...passport, issuer: did }, 'vc+jwt');
      const presentation = await sign({
        '@context': ['https://www.w3.org/ns/credentials/v2'],
        type: ['VerifiablePresentation'],
        holder: did,
        verifiableCredential: [{
          '@context': 'https://www.w3.org/ns/credentials/v2',
          id: `data:application/vc+jwt,${jws}`,
          type: 'EnvelopedVerifiableCredential',
        }],
        nonce: ASKED.challenge,
        aud: ASKED.domain,
      }, 'vp+jwt');
      for (const [text, policy] of [[jws, {}], [presentation, ASKED]]) {
        for (const webCrypto of [true, false]) {
          const report = await verify(text, { policy, now: NOW, webCrypto });
          assert.equal(report.verdict, 'verified', JSON.stringify(report.checks));
          assert.equal(report.shown[0].content.issuer, did);
        }
        const { shown: signed } = await verify(text, { policy, now: NOW });
        for (const twin of twins(text)) {
          const { verdict, shown } = await verify(twin, { policy, now: NOW });
          assert.equal(verdict, 'not-verified');
          // A credential keeps its own signature inside a presentation that was changed.
          if (text === jws) assert.deepEqual(shown, []);
          else for (const one of shown) assert.deepEqual(one, signed[0]);
        }
      }
      // Signed, and not of the type that was asked for.
      assert.equal((await verify(await sign({ ...passport, issuer: did }, 'JWT'), { now: NOW })).code, 'jose.type');
    });
  }
});
