// The package in a worker thread of Node.js. It keeps the process alive only while there is something to answer.

import { Worker } from 'node:worker_threads';

import { createClient } from './worker/client.js';

export { PassportVerifierError } from './errors.js';
export { sha256 as wasmSha256 } from './pkg/integrity.js';

// The options of the process, such as `--input-type`, are not for this script.
const startHere = () => new Worker(new URL('./worker/script-node.js', import.meta.url), { execArgv: [] });

/** As in a browser; `worker` makes a `Worker` of `node:worker_threads`. */
export function createVerifier({ worker = startHere, ...options } = {}) {
  return createClient((onMessage, onFailure) => {
    const started = worker();
    let ended = false;
    started.on('message', onMessage);
    started.on('error', onFailure);
    started.on('exit', () => ended || onFailure());
    return {
      post: (message, transfer) => started.postMessage(message, transfer),
      busy: (busy) => (busy ? started.ref() : started.unref()),
      terminate: () => {
        ended = true;
        started.terminate();
      },
    };
  }, options);
}
