// The JavaScript reference in a page: what `page.mjs` measures the verification page against. It checks the
// proof of every credential of a bundle, and says a verdict in the element that the page says it in.

import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { cryptosuite as ecdsa } from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import { cryptosuite as eddsa } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';

import passport from '../../contexts/passport/v1.jsonld';
import credentials from '../../contexts/w3c/credentials-v2.jsonld';
import dataIntegrity from '../../contexts/w3c/data-integrity-v2.jsonld';
import did from '../../contexts/w3c/did-v1.jsonld';
import multikey from '../../contexts/w3c/multikey-v1.jsonld';
import { DID, loaderOf, MULTIKEY } from './loader.mjs';

const documentLoader = loaderOf([
  ['https://www.w3.org/ns/credentials/v2', credentials],
  ['https://w3id.org/model-passport/v1', passport],
  ['https://w3id.org/security/data-integrity/v2', dataIntegrity],
  [MULTIKEY, multikey],
  [DID, did],
]);

async function verifyAll({ presentation: { verifiableCredential } }) {
  const suite = [ecdsa, eddsa].map((cryptosuite) => new DataIntegrityProof({ cryptosuite }));
  for (const credential of verifiableCredential) {
    const result = await vc.verifyCredential({ credential, suite, documentLoader, now: new Date('2026-11-21T12:00:00Z') });
    if (!result.verified) return `Not verified: ${[result.error?.errors ?? result.error].flat().join('; ')}`;
  }
  return 'Verified';
}

const text = new TextDecoder().decode(Uint8Array.from(atob(location.hash.slice('#passport='.length).replace(/-/g, '+').replace(/_/g, '/')), (byte) => byte.charCodeAt(0)));
const verdict = document.createElement('h2');
verdict.id = 'verdict';
verdict.textContent = await verifyAll(JSON.parse(text));
document.body.append(verdict);
