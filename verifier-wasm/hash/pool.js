// Files hashed by several workers, each with a few chunks in flight.
//
// In scope: starting workers, giving them chunks, believing nothing that is not an answer to what was asked, and
// ending them. Out of scope: reading and hashing (`worker.js`).
//
// A worker that cannot be started is done without. One that was and then fails ends the whole: there is no hash of
// a file of which a part is missing. A wrong hash of the right form is not noticed here; it matches no passport.

import { PassportVerifierError } from '../errors.js';
import { CHUNK_BYTES, createProgress, HASH_BYTES } from './chunks.js';

// Some chunks are read while others are hashed. With its copy in WebCrypto each takes 8 MiB: 128 MiB altogether.
const IN_FLIGHT = 16;
const IN_FLIGHT_EACH = 4;
const START_MS = 10_000;
// A worker answers between two chunks even when the file is on a slow disk; after three silent beats it is dead.
const BEAT_MS = 3_000;
const SILENT_BEATS = 3;

/**
 * The results of the files, in order; `undefined` when no worker could be started. `makeWorker` makes one of
 * `count`, `merkle` has the compiled module and the root over leaves.
 */
export function hashInPool(files, merkle, { count, makeWorker, onProgress, signal, sha256 = false }) {
  return new Promise((resolve, reject) => {
    const job = createJob(files, merkle, { onProgress, sha256 });
    const members = new Set();
    let beats;

    const end = (settle, value) => {
      clearInterval(beats);
      signal?.removeEventListener('abort', abort);
      for (const member of members) member.terminate();
      members.clear();
      settle(value);
    };
    const abort = () => end(reject, signal.reason);
    const fail = (error) => end(reject, error);
    const guarded = (work) => {
      try {
        work();
      } catch (error) {
        fail(error);
      }
    };
    const feed = (member) => guarded(() => {
      member.feed(job.next);
      if (job.isDone()) end(resolve, job.results());
    });
    const drop = (member) => {
      member.terminate();
      members.delete(member);
      if (members.size === 0) end(resolve, undefined);
    };

    if (signal?.aborted) return reject(signal.reason);
    signal?.addEventListener('abort', abort, { once: true });
    beats = setInterval(() => members.forEach((member) => guarded(member.beat)), BEAT_MS);
    const started = Array.from({ length: count }, () => startMember(makeWorker, merkle.module, { most: Math.min(IN_FLIGHT_EACH, Math.floor(IN_FLIGHT / count)), feed, drop, fail, guarded }));
    for (const member of started.filter(Boolean)) members.add(member);
    if (members.size === 0) end(resolve, undefined);
  });
}

// One worker, and what it was asked.
function startMember(makeWorker, module, { most, feed, drop, fail, guarded }) {
  let worker;
  let ready = false;
  let silent = 0;
  let asked = 0;
  const open = new Map();

  const member = {
    terminate() {
      clearTimeout(late);
      worker.terminate();
    },
    feed(next) {
      while (ready && open.size < most) {
        const task = next();
        if (task === undefined) return;
        asked += 1;
        open.set(asked, task);
        worker.postMessage({ id: asked, ...task.message });
      }
    },
    beat() {
      if (!ready || open.size === 0) return;
      silent += 1;
      if (silent > SILENT_BEATS) throw stopped('a worker does not answer any more');
      worker.postMessage({ ping: true });
    },
  };
  const late = setTimeout(() => drop(member), START_MS);
  const lost = (event) => {
    event.preventDefault?.(); // It is reported to the caller.
    if (ready) fail(stopped('a worker has crashed', event.error));
    else drop(member);
  };

  try {
    worker = makeWorker();
    worker.addEventListener('error', lost);
    worker.addEventListener('messageerror', lost);
    worker.addEventListener('message', ({ data }) => guarded(() => {
      silent = 0;
      if (data?.pong === true) return;
      if (!ready && data?.ready === true) {
        ready = true;
        clearTimeout(late);
      } else {
        settle(open, data);
      }
      feed(member);
    }));
    worker.postMessage({ module });
  } catch {
    clearTimeout(late);
    worker?.terminate?.();
    return undefined; // Workers are forbidden here.
  }
  return member;
}

// Takes an answer, if it is one to something that was asked.
function settle(open, data) {
  const task = open.get(data?.id);
  if (task === undefined) throw stopped('a worker answered what was not asked');
  if (data.error !== undefined) {
    const { code, message } = Object(data.error);
    throw code === 'file.unreadable' ? new PassportVerifierError(code, String(message)) : stopped(String(message));
  }
  if (task.take(data)) open.delete(data.id);
}

// What is to be done, cut into tasks: `take` gets an answer, checks it, and says whether it was the last one.
function createJob(files, merkle, { onProgress, sha256 }) {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const progress = createProgress(onProgress, total);
  // The SHA-256 of a file of one chunk costs little, and says what other programs say of it.
  const isWhole = ({ size }) => sha256 || size < CHUNK_BYTES;
  const leaves = files.map((file) => (isWhole(file) ? undefined : new Uint8Array(Math.ceil(file.size / CHUNK_BYTES) * HASH_BYTES)));
  const results = new Array(files.length);
  let waiting = 0;
  let done = 0;
  const advance = (bytes) => {
    done += bytes;
    progress.at(done);
  };

  function leafTask(file, at, start) {
    const end = Math.min(start + CHUNK_BYTES, file.size);
    return {
      message: { file, start, end },
      take({ leaf }) {
        if (!ArrayBuffer.isView(leaf) || leaf.byteLength !== HASH_BYTES) throw stopped('a worker answered with something that is no hash');
        leaves[at].set(new Uint8Array(leaf.buffer, leaf.byteOffset, HASH_BYTES), (start / CHUNK_BYTES) * HASH_BYTES);
        waiting -= 1;
        advance(end - start);
        return true;
      },
    };
  }

  function wholeTask(file, at) {
    let before = 0;
    return {
      message: { file, whole: true },
      take({ done: now, result }) {
        if (result !== undefined) results[at] = checkedResult(result, file);
        const reached = result === undefined ? now : file.size;
        if (!Number.isSafeInteger(reached) || reached < before || reached > file.size) throw stopped('a worker told an impossible progress');
        advance(reached - before);
        before = reached;
        if (result === undefined) return false;
        waiting -= 1;
        return true;
      },
    };
  }

  function* tasks() {
    for (const [at, file] of files.entries()) {
      if (isWhole(file)) yield wholeTask(file, at);
      else for (let start = 0; start < file.size; start += CHUNK_BYTES) yield leafTask(file, at, start);
    }
  }

  const rest = tasks();
  let ended = false;
  return {
    next() {
      const { value, done: over } = rest.next();
      ended ||= over === true;
      if (value !== undefined) waiting += 1;
      return value;
    },
    isDone: () => ended && waiting === 0,
    results() {
      progress.end(total);
      return files.map(({ size }, at) => results[at] ?? { size, merkleRoot: merkle.root(leaves[at]) });
    },
  };
}

function checkedResult({ size, sha256, merkleRoot }, file) {
  const good = size === file.size && /^[0-9a-f]{64}$/.test(sha256) && typeof merkleRoot === 'string';
  if (!good) throw stopped('a worker answered with something that is no hash');
  return { size, sha256, merkleRoot };
}

function stopped(message, cause) {
  return new PassportVerifierError('hash.stopped', message, { cause });
}
