// What the readers of tensor files share: bounds, errors, and the hash of a part of a file.

import { PassportVerifierError } from '../errors.js';
import { hex, readPart } from '../hash/chunks.js';

/** Most tensors in one file: eight times what a passport can list. */
export const MAX_TENSORS = 8_192;

/** Longest name of a tensor, as in a passport. */
export const MAX_NAME_BYTES = 4_096;

const PIECE_BYTES = 4 * 2 ** 20;
// What WebAssembly hashes before others get their turn.
const STEP_BYTES = 2 ** 20;

export function malformed(message) {
  return new PassportVerifierError('tensors.malformed', message);
}

export function tooMany(what) {
  return new PassportVerifierError('tensors.too-many', `more ${what} than are compared`);
}

export function notComparable(why) {
  return new PassportVerifierError('tensors.not-comparable', why);
}

/** The SHA-256 of a part of a file: in one go where that fits into memory, else piece by piece. */
export async function hashRange(file, start, end, { sha256, signal }, onBytes) {
  const subtle = globalThis.crypto?.subtle;
  if (subtle && end - start <= PIECE_BYTES) return hex(await subtle.digest('SHA-256', await readPart(file, start, end)));
  const hash = sha256();
  for (let at = start; at < end; at += PIECE_BYTES) {
    signal?.throwIfAborted();
    const piece = await readPart(file, at, Math.min(at + PIECE_BYTES, end));
    await updateInSteps(hash, piece);
    onBytes?.(at + piece.length - start);
  }
  return hex(hash.finish());
}

async function updateInSteps(hash, bytes) {
  for (let at = 0; at < bytes.length; at += STEP_BYTES) {
    if (at > 0) await turn();
    hash.update(bytes.subarray(at, at + STEP_BYTES));
  }
}

/** Lets whatever else waits have its turn. */
export function turn() {
  return new Promise((resolve) => { setTimeout(resolve); });
}
