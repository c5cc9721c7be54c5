// Which tensors of a model file are not those of its passport.
//
// In scope: names, types, shapes and the SHA-256 of each tensor's bytes, as the issuer measures them.
// Out of scope: the verdict. This is a hint for people who want to know what of a file differs.

import { PassportVerifierError } from './errors.js';
import { createProgress, unlessAborted } from './hash/chunks.js';
import { MAX_TENSORS } from './tensors/bytes.js';
import { readOnnx } from './tensors/onnx.js';
import { readSafetensors } from './tensors/safetensors.js';

const READERS = { __proto__: null, onnx: readOnnx, safetensors: readSafetensors };

/**
 * Compares a file with `tensors` of a verified passport (`weights[].tensors`). `merkle.sha256` begins a hash.
 * `headerDiffers` says that names, types or shapes are others, and not only values.
 */
export async function compareTensors(file, tensors, merkle, { format = formatOf(file), onProgress, signal } = {}) {
  const read = READERS[format];
  if (read === undefined) throw new PassportVerifierError('tensors.not-comparable', 'tensors of this format are not compared');
  const listed = readList(tensors);
  signal?.throwIfAborted();
  const context = { sha256: merkle.sha256, signal };
  const found = await read(file, context);
  const answer = { same: 0, different: [], missing: [], additional: [], headerDiffers: false };
  const both = [];
  for (const tensor of found.values()) {
    const wanted = listed.get(tensor.name);
    if (wanted === undefined) answer.additional.push(tensor.name);
    else if (looksOther(tensor, wanted)) {
      answer.different.push(tensor.name);
      answer.headerDiffers = true;
    } else both.push([tensor, wanted]);
  }
  for (const name of listed.keys()) if (!found.has(name)) answer.missing.push(name);
  answer.headerDiffers ||= answer.additional.length + answer.missing.length > 0;
  await compareValues(both, answer, createProgress(onProgress, sum(both)), signal);
  for (const names of [answer.different, answer.missing, answer.additional]) names.sort();
  return answer;
}

async function compareValues(both, answer, progress, signal) {
  let done = 0;
  for (const [tensor, { sha256 }] of both) {
    signal?.throwIfAborted();
    if (await unlessAborted(signal, tensor.digest((bytes) => progress.at(done + bytes))) === sha256) answer.same += 1;
    else answer.different.push(tensor.name);
    done += tensor.bytes;
  }
  progress.end(done);
}

const sum = (both) => both.reduce((bytes, [tensor]) => bytes + tensor.bytes, 0);

// A passport that was not written by our issuer may have the format's own name of a type.
const looksOther = ({ dtype, alias, shape }, wanted) => ![dtype, alias].includes(wanted.dtype) || shape.join() !== wanted.shape.join();

function formatOf({ name = '' }) {
  return /\.(onnx|safetensors)$/i.exec(name)?.[1].toLowerCase();
}

// A passport lists 1,024 tensors at most, and the report is strict about what they are; this is for other callers.
function readList(tensors) {
  if (!Array.isArray(tensors) || tensors.length > MAX_TENSORS) throw misuse();
  const listed = new Map();
  for (const tensor of tensors) {
    const { name, dtype, shape, sha256 } = Object(tensor);
    const good = typeof name === 'string' && typeof dtype === 'string' && Array.isArray(shape) && /^[0-9a-f]{64}$/.test(sha256);
    if (!good || listed.has(name)) throw misuse();
    listed.set(name, { dtype, shape, sha256 });
  }
  return listed;
}

function misuse() {
  return new PassportVerifierError('misuse.tensors', 'the tensors are those that a passport lists: name, dtype, shape and sha256, each name once');
}
