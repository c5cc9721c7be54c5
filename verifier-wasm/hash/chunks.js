// The pieces of a file that are hashed one by one, and how far that is.
//
// In scope: reading a chunk with the byte before it that marks a leaf (RFC 9162), errors of reading, progress.
// Out of scope: who hashes it; `stream.js` does so here, `pool.js` has it done by workers.

import { PassportVerifierError } from '../errors.js';

export const CHUNK_BYTES = 4 * 2 ** 20;
export const HASH_BYTES = 32;

const PROGRESS_MS = 100;
const LEAF = Uint8Array.of(0);

/**
 * A chunk of a Blob, with the byte of a leaf before it. The host puts the two together while it reads, so that the
 * chunk need not be copied to make room.
 */
export async function readLeaf(file, start, end) {
  let bytes;
  try {
    bytes = new Uint8Array(await new Blob([LEAF, file.slice(start, end)]).arrayBuffer());
  } catch (cause) {
    throw unreadable(cause);
  }
  if (bytes.length !== end - start + 1) throw unreadable();
  return bytes;
}

/**
 * Reads chunks like `readLeaf`, into memory that is used again: what is left to a collector piles up to a hundred MiB a
 * worker. Hosts whose Blobs cannot be read into given memory read as `readLeaf` does.
 */
export function createReader() {
  const spare = [];
  let canReuse = true;
  return {
    async read(file, start, end) {
      if (canReuse) {
        try {
          return await readInto(spare.pop() ?? new ArrayBuffer(1 + CHUNK_BYTES + 1), file.slice(start, end), end - start);
        } catch (cause) {
          if (!(cause instanceof TypeError)) throw cause;
          canReuse = false;
        }
      }
      return readLeaf(file, start, end);
    },
    giveBack(bytes) {
      if (canReuse) spare.push(bytes.buffer);
    },
  };
}

// The first byte of the memory is never written, and one more than the chunk has tells that nothing follows. A stream
// that is not read to its end would keep its pipe.
async function readInto(memory, part, length) {
  const reader = part.stream().getReader({ mode: 'byob' });
  let filled = 0;
  let buffer = memory;
  for (;;) {
    let step;
    try {
      step = await reader.read(new Uint8Array(buffer, 1 + filled, Math.max(1, length - filled)));
    } catch (cause) {
      throw unreadable(cause);
    }
    if (step.value) ({ buffer } = step.value);
    if (step.done) break;
    filled += step.value.length;
    if (filled > length) throw unreadable();
  }
  if (filled !== length) throw unreadable();
  return new Uint8Array(buffer, 0, 1 + length);
}

/** A part of a Blob. */
export async function readPart(file, start, end) {
  let bytes;
  try {
    bytes = new Uint8Array(await file.slice(start, end).arrayBuffer());
  } catch (cause) {
    throw unreadable(cause);
  }
  if (bytes.length !== end - start) throw unreadable();
  return bytes;
}

/** A file that is changed, moved or locked after it was chosen cannot be read any more. */
export function unreadable(cause) {
  return new PassportVerifierError('file.unreadable', 'the file could not be read; it may have changed since it was chosen', { cause });
}

/** Tells how far it is: ten times a second at most, and at the end in any case. */
export function createProgress(onProgress, total) {
  const begun = performance.now();
  let told = begun;
  const tell = (done, now) => {
    const seconds = (now - begun) / 1000;
    told = now;
    onProgress?.({ done, total, bytesPerSecond: seconds > 0 ? Math.round(done / seconds) : 0 });
  };
  return {
    at(done) {
      const now = performance.now();
      if (done !== total && now - told >= PROGRESS_MS) tell(done, now);
    },
    end: (done) => tell(done, performance.now()),
  };
}

/** The answer, or the reason of `signal` as soon as it has one: what hangs cannot hold up whoever gave up. */
export function unlessAborted(signal, answer) {
  if (!signal) return answer;
  answer.catch(() => {}); // It may fail when nobody waits for it any more.
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

export function hex(digest) {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
