// Keys in the forms of different implementations.

import { ECDH } from 'node:crypto';

/** The key of a did:key, as a JSON Web Key. */
export function jwkOf(kid) {
  const bytes = base58(kid.split('#')[1].slice(1));
  const [codec, point] = [bytes.subarray(0, 2).toString('hex'), bytes.subarray(2)];
  if (codec === 'ed01') return { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') };
  const [curve, crv, length] = codec === '8024' ? ['prime256v1', 'P-256', 32] : ['secp384r1', 'P-384', 48];
  const whole = ECDH.convertKey(point, curve, undefined, undefined, 'uncompressed');
  const part = (start) => whole.subarray(start, start + length).toString('base64url');
  return { kty: 'EC', crv, x: part(1), y: part(1 + length) };
}

function base58(text) {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let number = 0n;
  for (const digit of text) number = number * 58n + BigInt(alphabet.indexOf(digit));
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
}
