// A worker that reads and hashes chunks of files for `pool.js`.
//
//   { module }                        to begin with; it answers { ready: true }
//   { id, file, start, end }          a chunk; it answers { id, leaf }
//   { id, file, whole: true }         all of a file with its SHA-256; { id, done } on the way, { id, result } at the end
//   { ping }                          it answers { pong }
//
// What fails is answered with { id, error: { code, message } }.

import * as glue from '../pkg/verifier.js';
import { createReader } from './chunks.js';
import { hashStream } from './stream.js';

const TRIALS = 2;

const subtle = globalThis.crypto?.subtle;
const merkle = { leaf: glue.merkleLeaf, root: glue.merkleRoot, sha256: () => new glue.Sha256() };
const taken = { subtle: Infinity, wasm: Infinity };
const reader = createReader();
let trials = 0;

self.addEventListener('message', ({ data }) => {
  if (data.ping) self.postMessage({ pong: true });
  else if ('module' in data) begin(data.module);
  else answer(data);
});

function begin(module) {
  // What is thrown here tells the page to do without this worker.
  glue.initSync({ module });
  self.postMessage({ ready: true });
}

async function answer({ id, file, start, end, whole }) {
  try {
    if (whole) {
      const onProgress = ({ done }) => self.postMessage({ id, done });
      self.postMessage({ id, result: await hashStream(file, merkle, { onProgress, sha256: true }) });
    } else {
      const bytes = await reader.read(file, start, end);
      self.postMessage({ id, leaf: await leafOf(bytes) });
      reader.giveBack(bytes);
    }
  } catch ({ code, message }) {
    self.postMessage({ id, error: { code: typeof code === 'string' ? code : undefined, message } });
  }
}

const bySubtle = async (bytes) => new Uint8Array(await subtle.digest('SHA-256', bytes));
const byWasm = async (bytes) => glue.merkleLeaf(bytes.subarray(1));

// Which of the two is faster depends on the processor and the browser, so both hash the first chunks. They have to
// agree, too.
async function leafOf(bytes) {
  if (!subtle) return byWasm(bytes);
  if (trials >= TRIALS) return taken.wasm < taken.subtle ? byWasm(bytes) : bySubtle(bytes);
  trials += 1;
  const one = await timed('subtle', bySubtle, bytes);
  const other = await timed('wasm', byWasm, bytes);
  if (one.some((byte, at) => byte !== other[at])) throw new Error('WebCrypto and the WebAssembly disagree on a hash');
  return one;
}

async function timed(name, hash, bytes) {
  const begun = performance.now();
  const leaf = await hash(bytes);
  taken[name] = Math.min(taken[name], (performance.now() - begun) / bytes.length);
  return leaf;
}
