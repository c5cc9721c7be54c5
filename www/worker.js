// Verifies and hashes, off the page. It knows the npm package and nothing of the page.

import { hashFile, verify, version, wasmSha256 } from './verifier/index.js';

const running = new Map();

const tasks = {
  about: async () => ({ version: await version(), wasmSha256 }),
  verify: ({ text, evidence }) => verify(text, { evidence }),
  hash: ({ file }, options) => hashFile(file, options),
};

self.addEventListener('message', async ({ data: { id, task, input } }) => {
  if (task === 'stop') {
    running.get(id)?.abort();
    return;
  }
  const stop = new AbortController();
  running.set(id, stop);
  const onProgress = (progress) => self.postMessage({ id, progress });
  try {
    self.postMessage({ id, answer: await tasks[task](input, { onProgress, signal: stop.signal }) });
  } catch ({ name, code, message }) {
    self.postMessage({ id, error: { name, code, message } });
  } finally {
    running.delete(id);
  }
});
