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
export const VALID = 1;
// The WebAssembly checks it itself: a host without an algorithm gives the same report, only later.
const NO_ANSWER = 2;

// A site verifies the passports of a few issuers again and again.
const KEPT_KEYS = 256;
const keys = new Map();

/** One answer for each check, in order. A check whose key is known is under way when this returns. */
export async function checkSignatures(subtle, checks) {
  return Uint8Array.from(await Promise.all(checks.map((check) => checkSignature(subtle, check))));
}

async function checkSignature(subtle, { algorithm, key, message, signature }) {
  const known = ALGORITHMS[algorithm];
  if (known === undefined) return NO_ANSWER;
  const name = algorithm + String.fromCharCode(...key);
  try {
    const imported = keys.get(name) ?? keep(name, await subtle.importKey('raw', key, known.import, false, ['verify']));
    return (await subtle.verify(known.verify, imported, signature, message)) ? VALID : INVALID;
  } catch {
    return NO_ANSWER;
  }
}

function keep(name, key) {
  if (keys.size >= KEPT_KEYS) keys.delete(keys.keys().next().value);
  keys.set(name, key);
  return key;
}
