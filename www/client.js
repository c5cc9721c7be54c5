// The verifier in a worker: the page stays usable, and a verifier that hangs or breaks is thrown away.

import { startWorker } from './host.js';

const ANSWER_MS = 15_000;
// Their time depends on the file.
const LONG_TASKS = ['hash', 'tensors'];

let worker;
let asked = 0;
const waiting = new Map();

/** Asks the worker: `about`, `verify`, `needs`, `hash` or `tensors`. */
export function ask(task, input, { onProgress, signal } = {}) {
  worker ??= start();
  const id = (asked += 1);
  return new Promise((resolve, reject) => {
    const settle = (settled, value) => {
      clearTimeout(timer);
      waiting.delete(id);
      settled(value);
    };
    const timer = LONG_TASKS.includes(task) ? undefined : setTimeout(() => giveUp('it took too long'), ANSWER_MS);
    waiting.set(id, { resolve: (value) => settle(resolve, value), reject: (error) => settle(reject, error), onProgress });
    signal?.addEventListener('abort', () => {
      worker?.postMessage({ id, task: 'stop' });
      waiting.get(id)?.reject(signal.reason);
    });
    worker.postMessage({ id, task, input });
  });
}

function start() {
  const started = startWorker();
  started.addEventListener('message', ({ data: { id, progress, answer, error } }) => {
    const call = waiting.get(id);
    if (progress) call?.onProgress?.(progress);
    else if (error) call?.reject(Object.assign(new Error(error.message), error));
    else call?.resolve(answer);
  });
  started.addEventListener('error', () => started === worker && giveUp('it could not be started'));
  return started;
}

function giveUp(why) {
  worker?.terminate();
  worker = undefined;
  const error = Object.assign(new Error(`the verifier was stopped: ${why}`), { code: 'verifier.stopped' });
  for (const call of [...waiting.values()]) call.reject(error);
}
