// A file's Merkle root (RFC 9162 hashing over chunks of 4 MiB), in flat memory.
//
// In scope: cutting the file into chunks and hashing them, in WebCrypto where there is one.
// Out of scope: what a passport says of the file; the caller gives the result as evidence.

const CHUNK_BYTES = 4 * 2 ** 20;
const HASH_BYTES = 32;

/**
 * Hashes a Blob, a ReadableStream or any async iterable of Uint8Array. `sha256` is there for a file of one
 * chunk only: WebCrypto cannot hash in parts.
 */
export async function hashFile(source, merkle, { onProgress, signal } = {}) {
  const subtle = globalThis.crypto?.subtle;
  // The byte before the data marks a leaf of the tree.
  const leaf = async (chunk) => new Uint8Array(
    subtle ? await subtle.digest('SHA-256', prefixed(chunk)) : merkle.leaf(chunk),
  );
  const total = source instanceof Blob ? source.size : undefined;
  const leaves = [];
  let size = 0;
  let sha256;
  // One chunk is hashed while the next is read.
  let hashing;
  const finished = async () => hashing && leaves.push(await hashing);
  for await (const chunk of chunksOf(source)) {
    signal?.throwIfAborted();
    if (size === 0 && chunk.length < CHUNK_BYTES && subtle) sha256 = hex(await subtle.digest('SHA-256', chunk));
    await finished();
    hashing = leaf(chunk);
    // A reader that fails must not leave this one unheard.
    hashing.catch(() => {});
    size += chunk.length;
    onProgress?.({ done: size, total });
  }
  await finished();
  signal?.throwIfAborted();
  return { size, ...(sha256 && { sha256 }), merkleRoot: merkle.root(joined(leaves)) };
}

function prefixed(chunk) {
  const bytes = new Uint8Array(chunk.length + 1);
  bytes.set(chunk, 1);
  return bytes;
}

async function* chunksOf(source) {
  if (source instanceof Blob) {
    for (let start = 0; start < source.size; start += CHUNK_BYTES) {
      yield new Uint8Array(await source.slice(start, start + CHUNK_BYTES).arrayBuffer());
    }
    return;
  }
  let filled = 0;
  let buffer = new Uint8Array(CHUNK_BYTES);
  for await (const part of partsOf(source)) {
    let taken = 0;
    while (taken < part.length) {
      const bytes = part.subarray(taken, taken + CHUNK_BYTES - filled);
      buffer.set(bytes, filled);
      taken += bytes.length;
      filled += bytes.length;
      if (filled === CHUNK_BYTES) {
        yield buffer;
        buffer = new Uint8Array(CHUNK_BYTES);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

// Not every browser lets a ReadableStream be iterated.
async function* partsOf(source) {
  if (source[Symbol.asyncIterator]) {
    yield* source;
    return;
  }
  const reader = source.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    reader.releaseLock();
  }
}

function joined(hashes) {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  hashes.forEach((hash, index) => bytes.set(hash, index * HASH_BYTES));
  return bytes;
}

function hex(digest) {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
