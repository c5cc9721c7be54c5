// The functions of the package, answered by a worker.
//
// In scope: one call after another with a time limit each, as loading has; a fresh worker after one that hangs or dies.
// Out of scope: how a worker is started on this host; `worker.js` and `worker-node.js` know that.

import { misuse, PassportVerifierError } from '../errors.js';

// The longest that a passport within the limits took on slow machines, and a reserve.
const TIME_LIMIT_MS = 15_000;

/**
 * `start(onMessage, onFailure)` makes a worker: `{ post, terminate, busy }`. It is started by the first call, and
 * another one by the first call after it was lost.
 */
export function createClient(start, { source, timeLimit = TIME_LIMIT_MS } = {}) {
  const waiting = new Map();
  let worker;
  let ready;
  let ended = false;
  let asked = 0;
  // Verifications follow each other, so that only the one that hangs is over its time.
  let last = Promise.resolve();

  function begin() {
    // What an earlier worker still has to say does not end this one.
    const failed = (cause) => worker === own && lose('verifier.not-loaded', 'the worker could not be started, or broke', cause);
    let own;
    try {
      own = start(receive, failed);
    } catch (cause) {
      throw new PassportVerifierError('verifier.not-loaded', 'the worker could not be started', { cause });
    }
    worker = own;
    ready = send('init', bytesOf(source), { limit: timeLimit, late: 'verifier.not-loaded' });
    ready.catch(failed);
  }

  function receive({ id, progress, answer, error }) {
    const call = waiting.get(id);
    if (progress) call?.onProgress?.(progress);
    else if (error) call?.reject(asError(error));
    else call?.resolve(answer);
  }

  function lose(code, message, cause) {
    worker?.terminate();
    worker = undefined;
    for (const { reject } of [...waiting.values()]) reject(new PassportVerifierError(code, message, { cause }));
  }

  // `input` may be on its way: the time limit counts that too.
  function send(task, input, { onProgress, signal, limit, late = 'verifier.timed-out', transfer = [] } = {}) {
    const id = (asked += 1);
    return new Promise((resolve, reject) => {
      const stop = () => {
        worker?.post({ id, task: 'stop' });
        settle(reject)(signal.reason);
      };
      const timer = limit && setTimeout(() => {
        settle(reject)(new PassportVerifierError(late, `there was no answer within ${limit} ms`));
        lose('verifier.stopped', 'the worker was replaced, because another call took too long');
      }, limit);
      const settle = (settled) => (value) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
        waiting.delete(id);
        worker?.busy?.(waiting.size > 0);
        settled(value);
      };
      waiting.set(id, { resolve: settle(resolve), reject: settle(reject), onProgress });
      signal?.addEventListener('abort', stop);
      const post = (given) => {
        if (!waiting.has(id)) return; // It came when nobody waited for it any more.
        try {
          worker.busy?.(true);
          worker.post({ id, task, input: given }, transfer);
        } catch (cause) {
          const { message } = cause;
          settle(reject)(cause.name === 'DataCloneError' ? misuse('arguments', `this cannot be sent to a worker: ${message}`) : cause);
        }
      };
      if (input instanceof Promise) input.then(post, settle(reject));
      else post(input);
    });
  }

  async function call(task, input, options) {
    if (ended) throw new PassportVerifierError('verifier.stopped', 'this verifier was terminated');
    options?.signal?.throwIfAborted();
    if (worker === undefined) begin();
    await ready;
    options?.signal?.throwIfAborted();
    if (ended || worker === undefined) throw new PassportVerifierError('verifier.stopped', 'the worker was stopped');
    return send(task, input, options);
  }

  function inTurn(task, input) {
    const answer = last.then(() => call(task, input, { limit: timeLimit }));
    last = answer.catch(() => {});
    return answer;
  }

  return {
    compareTensors: (file, tensors, { onProgress, signal, ...options } = {}) => call('compareTensors', { file, tensors, options }, { onProgress, signal }),
    // A worker starts those that it hashes with by itself: a function cannot be sent.
    hashFile: (file, { onProgress, signal, worker: unsent, ...options } = {}) => {
      const sent = sendable(file);
      return call('hashFile', { file: sent, options }, { onProgress, signal, transfer: sent instanceof Blob ? [] : [sent] });
    },
    hashFiles: (files, { onProgress, signal, worker: unsent, ...options } = {}) => call('hashFiles', { files, options }, { onProgress, signal }),
    load: () => call('version').then(() => {}),
    needs: (text, { evidence, policy } = {}) => inTurn('needs', { text, options: { evidence, policy } }),
    verify: (text, { evidence, policy, now, webCrypto } = {}) => inTurn('verify', { text, options: { evidence, policy, now, webCrypto } }),
    version: () => call('version'),
    terminate: () => {
      ended = true;
      lose('verifier.stopped', 'this verifier was terminated');
    },
  };
}

// A Response cannot be sent, and can be read once only, so its bytes are kept for the next worker.
async function bytesOf(source) {
  try {
    const given = await (typeof source === 'function' ? source() : source);
    if (typeof Response !== 'function' || !(given instanceof Response)) return given instanceof URL ? given.href : given;
    if (!given.ok) throw new Error(`HTTP status ${given.status} for ${given.url}`);
    return await given.clone().arrayBuffer();
  } catch (cause) {
    throw new PassportVerifierError('verifier.not-loaded', 'the verifier could not be loaded', { cause });
  }
}

function sendable(source) {
  if (source instanceof Blob || source instanceof ReadableStream) return source;
  if (source?.[Symbol.asyncIterator] === undefined) throw misuse('file', 'a file is a Blob, a stream or an async iterable');
  const parts = source[Symbol.asyncIterator]();
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => parts.return?.(),
  });
}

function asError({ name, code, message }) {
  if (code !== undefined && name === 'PassportVerifierError') return new PassportVerifierError(code, message);
  if (name === 'AbortError') return new DOMException(message, name);
  return Object.assign(new Error(message), { name });
}
