// Signatures checked by WebCrypto, some ten times faster than in WebAssembly.
//
// In scope: yes, no, or no answer, one for each signature.
// Out of scope: which keys, messages and encodings are acceptable; the WebAssembly decided that before.

const ECDSA = (namedCurve, hash) => ({ import: { name: 'ECDSA', namedCurve }, verify: { name: 'ECDSA', hash } });
const ALGORITHMS = {
  __proto__: null,
  'P-256': ECDSA('P-256', 'SHA-256'),
  'P-384': ECDSA('P-384', 'SHA-384'),
  Ed25519: { import: { name: 'Ed25519' }, verify: { name: 'Ed25519' } },
};

const INVALID = 0;
const VALID = 1;
// The WebAssembly checks it itself: a host without an algorithm gives the same report, only later.
const NO_ANSWER = 2;

// A site verifies the passports of a few issuers again and again.
const KEPT_KEYS = 256;
const keys = new Map();

/** One answer for each check, in order. */
export async function checkSignatures(subtle, checks) {
  return Uint8Array.from(await Promise.all(checks.map((check) => checkSignature(subtle, check))));
}

async function checkSignature(subtle, { algorithm, key, message, signature }) {
  const known = ALGORITHMS[algorithm];
  if (known === undefined) return NO_ANSWER;
  try {
    const imported = await importKey(subtle, algorithm, known, key);
    return (await subtle.verify(known.verify, imported, signature, message)) ? VALID : INVALID;
  } catch {
    return NO_ANSWER;
  }
}

function importKey(subtle, algorithm, known, key) {
  const name = algorithm + String.fromCharCode(...key);
  let imported = keys.get(name);
  if (imported === undefined) {
    imported = subtle.importKey('raw', key, known.import, false, ['verify']);
    imported.catch(() => keys.delete(name));
    if (keys.size >= KEPT_KEYS) keys.delete(keys.keys().next().value);
    keys.set(name, imported);
  }
  return imported;
}
