// The JavaScript reference implementation of Data Integrity, set up as its users set it up: contexts in
// memory, keys imported once. The benchmark measures against it, and the page's tests sign with it what our
// own issuer would refuse to sign.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import { cryptosuite } from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import { createDiscloseCryptosuite, createVerifyCryptosuite } from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import jsigs from 'jsonld-signatures';

import { DID, loaderOf, MULTIKEY } from './loader.mjs';

const CONTEXTS = {
  'https://www.w3.org/ns/credentials/v2': 'w3c/credentials-v2.jsonld',
  'https://w3id.org/model-passport/v1': 'passport/v1.jsonld',
  'https://w3id.org/security/data-integrity/v2': 'w3c/data-integrity-v2.jsonld',
  [MULTIKEY]: 'w3c/multikey-v1.jsonld',
  [DID]: 'w3c/did-v1.jsonld',
};

/** The loader of `loader.mjs` over the embedded contexts and `others`, as `[URL, document]`. */
export function createDocumentLoader(others = []) {
  return loaderOf([...Object.entries(CONTEXTS).map(([url, file]) => [url, readContext(file)]), ...others]);
}

/** An issuer and verifier around one fresh P-256 key. */
export async function reference() {
  const keyPair = await EcdsaMultikey.generate({ curve: 'P-256' });
  const did = `did:key:${keyPair.publicKeyMultibase}`;
  keyPair.id = `${did}#${keyPair.publicKeyMultibase}`;
  keyPair.controller = did;
  const documentLoader = createDocumentLoader();
  const signing = new DataIntegrityProof({ signer: keyPair.signer(), cryptosuite });
  const verifying = new DataIntegrityProof({ cryptosuite });
  const issue = (credential) => vc.issue({ credential, suite: signing, documentLoader });

  return {
    did,
    /** Signs a subject as a credential of a kind. */
    issue: (kind, credentialSubject) => issue(credentialOf(kind, did, credentialSubject)),
    /** Signs a whole credential in this issuer's name. */
    sign: ({ proof, ...credential }) => issue({ ...credential, issuer: did }),
    /** The whole check of a credential. */
    verify: async (credential) => {
      const result = await vc.verifyCredential({ credential, suite: verifying, documentLoader });
      if (!result.verified) throw result.error;
    },
    /** The proof alone, which is less than a verifier has to do. */
    verifyProof: async (credential) => {
      const purpose = new jsigs.purposes.AssertionProofPurpose();
      const result = await jsigs.verify(credential, { suite: verifying, purpose, documentLoader });
      if (!result.verified) throw result.error;
    },
    /** The part of a credential with a base proof of ecdsa-sd-2023 that these pointers choose. */
    derive: (verifiableCredential, selectivePointers) => {
      const suite = new DataIntegrityProof({ cryptosuite: createDiscloseCryptosuite({ selectivePointers }) });
      return vc.derive({ verifiableCredential, suite, documentLoader });
    },
    /** The proof of such a part. */
    verifyDerived: async (part) => {
      const suite = new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() });
      const purpose = new jsigs.purposes.AssertionProofPurpose();
      const result = await jsigs.verify(part, { suite, purpose, documentLoader });
      if (!result.verified) throw result.error;
    },
  };
}

function readContext(file) {
  return JSON.parse(readFileSync(new URL(`../../contexts/${file}`, import.meta.url), 'utf8'));
}

function credentialOf(kind, issuer, credentialSubject) {
  // The name follows from the content, so that runs can be compared.
  const hex = createHash('sha256').update(JSON.stringify(credentialSubject)).digest('hex');
  const uuid = hex.replace(/^(.{8})(.{4})(.{3})(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
  const name = `urn:uuid:${uuid}`;
  return {
    '@context': ['https://www.w3.org/ns/credentials/v2', 'https://w3id.org/model-passport/v1'],
    id: name,
    type: ['VerifiableCredential', kind],
    issuer,
    validFrom: '2026-01-01T00:00:00Z',
    credentialSubject: named(credentialSubject, `${name}#`, true),
  };
}

// Every node has a name: its place in the credential. Values that the context takes as JSON have no nodes.
function named(value, place, isRoot = false) {
  if (Array.isArray(value)) return value.map((item, index) => named(item, `${place}/${index}`));
  if (typeof value !== 'object') return value;
  if (!isRoot && value.type === undefined) return value;
  const members = Object.entries(value).map(([key, inner]) => [key, named(inner, `${place}${place.endsWith('#') ? '' : '/'}${key}`)]);
  const { id = place, ...rest } = Object.fromEntries(members);
  return { id, ...rest };
}
