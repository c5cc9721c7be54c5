// What the worker does when asked: verify, name needs, hash, compare tensors.

import { hashFile, needs, verify, version, wasmSha256 } from './verifier/index.js';

const tasks = {
  __proto__: null,
  about: async () => ({ version: await version(), wasmSha256 }),
  verify: ({ text, evidence, policy, now }) => verify(text, { evidence, policy, ...(now && { now }) }),
  needs: ({ text, evidence, policy }) => needs(text, { evidence, policy }),
  hash: ({ file }, options) => hashFile(file, options),
  tensors: async ({ file, tensors, format }, options) => {
    // Seldom needed, so only then loaded.
    const { compareTensors } = await import('./verifier/tensors.js');
    return compareTensors(file, tensors, { format, ...options });
  },
};

/** Answers what arrives at `scope`, a worker's own or one end of a channel. */
export function serveTasks(scope) {
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
      scope.postMessage({ id, answer: await tasks[task](input, { onProgress, signal: stop.signal }) });
    } catch ({ name, code, message }) {
      scope.postMessage({ id, error: { name, code, message } });
    } finally {
      running.delete(id);
    }
  });
}
