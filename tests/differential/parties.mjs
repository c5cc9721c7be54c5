// Parties with fixed keys that sign and verify with the reference implementation's packages, one for each
// cryptosuite and curve.

import { createECDH } from 'node:crypto';

import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import * as ecdsaJcs from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import { cryptosuite as ecdsaRdfc } from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import { createVerifyCryptosuite as ecdsaSd } from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as eddsaJcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import { cryptosuite as eddsaRdfc } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import jsigs from 'jsonld-signatures';

import { createDocumentLoader } from '../bench/reference.mjs';
import { contexts } from './documents.mjs';

const SIGNED = '2026-11-21T11:00:00Z';
const SUITES = {
  'ecdsa-jcs-2019': { sign: ecdsaJcs.createSignCryptosuite(), verify: ecdsaJcs.createVerifyCryptosuite() },
  'ecdsa-rdfc-2019': { sign: ecdsaRdfc, verify: ecdsaRdfc },
  // Signing takes pointers: `disclosure.test.mjs` does it.
  'ecdsa-sd-2023': { verify: ecdsaSd() },
  'eddsa-jcs-2022': { sign: eddsaJcs.createSignCryptosuite(), verify: eddsaJcs.createVerifyCryptosuite() },
  'eddsa-rdfc-2022': { sign: eddsaRdfc, verify: eddsaRdfc },
};
export const documentLoader = createDocumentLoader(contexts);

/** Every cryptosuite with every curve that it takes. */
export const parties = await Promise.all([
  party('ecdsa-jcs-2019', 'P-256'),
  party('ecdsa-jcs-2019', 'P-384'),
  party('ecdsa-rdfc-2019', 'P-256'),
  party('ecdsa-rdfc-2019', 'P-384'),
  party('eddsa-jcs-2022', 'Ed25519'),
  party('eddsa-rdfc-2022', 'Ed25519'),
]);

async function party(suite, curve) {
  const { did, signer } = await signerOf(curve);
  const sign = (credential) => vc.issue({
    credential: { ...structuredClone(credential), issuer: did },
    suite: new DataIntegrityProof({ signer, date: SIGNED, cryptosuite: SUITES[suite].sign }),
    documentLoader,
    now: SIGNED,
  });
  return { name: `${suite} on ${curve}`, did, sign };
}

/** A fixed key, as its DID and what signs with it. */
export async function signerOf(curve) {
  const key = await (curve === 'Ed25519' ? ed25519Key() : ecdsaKey(curve));
  const did = `did:key:${key.publicKeyMultibase}`;
  return { did, signer: { ...key.signer(), id: `${did}#${key.publicKeyMultibase}` } };
}

function fixed(bytes) {
  return Uint8Array.from({ length: bytes }, (_, at) => at + 7);
}

function ed25519Key() {
  return Ed25519Multikey.generate({ seed: fixed(32) });
}

function ecdsaKey(curve) {
  const [name, bytes] = curve === 'P-256' ? ['prime256v1', 32] : ['secp384r1', 48];
  const ecdh = createECDH(name);
  const secretKey = fixed(bytes);
  ecdh.setPrivateKey(secretKey);
  const publicKey = new Uint8Array(ecdh.getPublicKey(null, 'compressed'));
  return EcdsaMultikey.fromRaw({ curve, secretKey, publicKey });
}

/** The whole check of a credential by the reference: proofs, issuer, validity. */
export async function verifyCredential(text, now) {
  const credential = JSON.parse(text);
  const suite = suiteOf(credential);
  const { verified, error } = await vc.verifyCredential({ credential, suite, documentLoader, now });
  return { verified, why: reasons(error) };
}

/** Only the proofs of a document, which need not be a credential that the reference's rules take. */
export async function verifyProof(text) {
  const document = JSON.parse(text);
  const purpose = new jsigs.purposes.AssertionProofPurpose();
  const { verified, error } = await jsigs.verify(document, { suite: suiteOf(document), purpose, documentLoader });
  return { verified, why: reasons(error) };
}

function suiteOf({ proof }) {
  return [proof].flat().map(({ cryptosuite }) => new DataIntegrityProof({ cryptosuite: SUITES[cryptosuite].verify }));
}

function reasons(error) {
  return [error, ...(error?.errors ?? [])].filter(Boolean).map(({ message }) => message).join('; ');
}
