// A file hashed chunk by chunk where the caller runs: one chunk while the next is read, in flat memory.
//
// In scope: Blobs, streams and iterables, in WebCrypto where there is one; the SHA-256 of the whole.
// Out of scope: spreading the work, which `pool.js` does.

import { CHUNK_BYTES, createProgress, HASH_BYTES, hex, readLeaf, unlessAborted } from './chunks.js';

// Enough at a time to be fast, and little enough for a page to stay usable.
const SHA256_STEP_BYTES = 2 ** 20;

/** `merkle` is the WebAssembly: `leaf`, `root` and `sha256`, which begins a hash in pieces. */
export async function hashStream(source, merkle, { onProgress, signal, sha256: wanted = false } = {}) {
  const subtle = globalThis.crypto?.subtle;
  const leafOf = async (bytes) => (subtle ? new Uint8Array(await subtle.digest('SHA-256', bytes)) : merkle.leaf(bytes.subarray(1)));
  const progress = createProgress(onProgress, source instanceof Blob ? source.size : undefined);
  const leaves = [];
  let size = 0;
  let whole = wanted ? merkle.sha256() : undefined;
  let hashing;
  const finished = async () => hashing && leaves.push(await unlessAborted(signal, hashing));
  signal?.throwIfAborted();
  for await (const bytes of chunksOf(source, signal)) {
    signal?.throwIfAborted();
    const chunk = bytes.subarray(1);
    // The hash of a file of one chunk costs little, and says what other programs say of it.
    if (size === 0 && chunk.length < CHUNK_BYTES) whole ??= merkle.sha256();
    await finished();
    hashing = leafOf(bytes);
    // A reader that fails must not leave this one unheard.
    hashing.catch(() => {});
    await update(whole, chunk);
    size += chunk.length;
    progress.at(size);
  }
  await finished();
  signal?.throwIfAborted();
  if (size === 0) whole ??= merkle.sha256();
  progress.end(size);
  return { size, ...(whole && { sha256: hex(whole.finish()) }), merkleRoot: merkle.root(joined(leaves)) };
}

async function update(whole, chunk) {
  if (whole === undefined) return;
  for (let at = 0; at < chunk.length; at += SHA256_STEP_BYTES) {
    if (at > 0) await pause();
    whole.update(chunk.subarray(at, at + SHA256_STEP_BYTES));
  }
}

// A page answers its user in between. A timer would wait for 4 ms each time.
function pause() {
  if (typeof window === 'undefined') return undefined;
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

// Each chunk comes with the byte of a leaf before it.
async function* chunksOf(source, signal) {
  if (source instanceof Blob) yield* chunksOfBlob(source, signal);
  else yield* chunksOfParts(source, signal);
}

async function* chunksOfBlob(file, signal) {
  for (let start = 0; start < file.size; start += CHUNK_BYTES) {
    yield await unlessAborted(signal, readLeaf(file, start, Math.min(start + CHUNK_BYTES, file.size)));
  }
}

async function* chunksOfParts(source, signal) {
  let filled = 0;
  let buffer = new Uint8Array(1 + CHUNK_BYTES);
  for await (const part of partsOf(source, signal)) {
    let taken = 0;
    while (taken < part.length) {
      const bytes = part.subarray(taken, taken + CHUNK_BYTES - filled);
      buffer.set(bytes, 1 + filled);
      taken += bytes.length;
      filled += bytes.length;
      if (filled === CHUNK_BYTES) {
        yield buffer;
        buffer = new Uint8Array(1 + CHUNK_BYTES);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield buffer.subarray(0, 1 + filled);
}

// Not every browser lets a ReadableStream be iterated.
async function* partsOf(source, signal) {
  if (source[Symbol.asyncIterator]) {
    const parts = source[Symbol.asyncIterator]();
    try {
      for (let part = await unlessAborted(signal, parts.next()); !part.done; part = await unlessAborted(signal, parts.next())) yield part.value;
    } finally {
      // Not waited for: a source that hangs would hang this one too.
      parts.return?.()?.catch?.(() => {});
    }
    return;
  }
  const reader = source.getReader();
  try {
    for (let part = await unlessAborted(signal, reader.read()); !part.done; part = await unlessAborted(signal, reader.read())) yield part.value;
  } finally {
    reader.cancel().catch(() => {}); // Of no effect at the end.
  }
}

function joined(hashes) {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  hashes.forEach((hash, index) => bytes.set(hash, index * HASH_BYTES));
  return bytes;
}
