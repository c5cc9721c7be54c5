// A file's Merkle root (RFC 9162 hashing over chunks of 4 MiB), in flat memory and on all cores.
//
// In scope: whether a file is hashed here (`hash/stream.js`) or by workers (`hash/pool.js`); the result is the same.
// Out of scope: what a passport says of the file; the caller gives the result as evidence.

import { CHUNK_BYTES, createProgress } from './hash/chunks.js';
import { hashInPool } from './hash/pool.js';
import { hashStream } from './hash/stream.js';

// Below this, workers take longer to start than the file to be hashed.
const POOL_FROM_BYTES = 8 * CHUNK_BYTES;
// Each has two chunks in flight at least, and there are 16 at most.
const MAX_WORKERS = 8;

// Written so that bundlers recognise it.
const startHere = () => new Worker(new URL('./hash/worker.js', import.meta.url), { type: 'module' });

/**
 * Hashes a Blob, a ReadableStream or any async iterable of Uint8Array. `sha256` asks for that of the whole file,
 * which only one core can work on; of a file of less than one chunk it is there in any case.
 */
export async function hashFile(source, merkle, options = {}) {
  if (source instanceof Blob) return (await hashFiles([source], merkle, options))[0];
  return hashStream(source, merkle, options);
}

/** Hashes Blobs with one set of workers: the results in their order, and one progress over all of them. */
export async function hashFiles(files, merkle, { worker, workers, onProgress, signal, sha256 } = {}) {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const count = workerCount(total, files.length, { worker, workers, sha256 });
  if (count > 0) {
    const results = await hashInPool(files, merkle, { count, makeWorker: worker ?? startHere, onProgress, signal, sha256 });
    if (results !== undefined) return results;
  }
  return hashOneByOne(files, merkle, { total, onProgress, signal, sha256 });
}

function workerCount(total, files, { worker, workers, sha256 }) {
  if (total < POOL_FROM_BYTES || (worker === undefined && typeof Worker === 'undefined')) return 0;
  const cores = globalThis.navigator?.hardwareConcurrency || 2;
  return Math.min(workers ?? cores, MAX_WORKERS, sha256 ? files : MAX_WORKERS);
}

async function hashOneByOne(files, merkle, { total, onProgress, signal, sha256 }) {
  const progress = createProgress(onProgress, total);
  const results = [];
  let before = 0;
  for (const file of files) {
    const reached = onProgress && (({ done }) => progress.at(before + done));
    results.push(await hashStream(file, merkle, { onProgress: reached, signal, sha256 }));
    before += file.size;
  }
  progress.end(total);
  return results;
}
