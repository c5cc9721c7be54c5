// What the worker does when asked: verify, name needs, hash, compare tensors.

import * as verifier from './verifier/index.js';

const tasks = {
  __proto__: null,
  about: async () => ({ version: await verifier.version(), wasmSha256: verifier.wasmSha256 }),
  verify: ({ text, evidence, policy, now }) => verifier.verify(text, { evidence, policy, ...(now && { now }) }),
  needs: ({ text, evidence, policy }) => verifier.needs(text, { evidence, policy }),
  hash: ({ file }, options) => verifier.hashFile(file, options),
  tensors: ({ file, tensors, format }, { onProgress, signal }) => verifier.compareTensors(file, tensors, { format, onProgress, signal }),
};

/** Answers what arrives at `scope`, a worker's own or one end of a channel. `startHasher` makes a worker that hashes. */
export function serveTasks(scope, { startHasher } = {}) {
  const running = new Map();
  scope.addEventListener('message', async ({ data: { id, task, input } }) => {
    if (task === 'stop') {
      running.get(id)?.abort();
      return;
    }
    const stop = new AbortController();
    running.set(id, stop);
    const onProgress = (progress) => scope.postMessage({ id, progress });
    try {
      scope.postMessage({ id, answer: await tasks[task](input, { onProgress, signal: stop.signal, worker: startHasher }) });
    } catch ({ name, code, message }) {
      scope.postMessage({ id, error: { name, code, message } });
    } finally {
      running.delete(id);
    }
  });
}
