// The package in a worker of its own: the page stays usable, and a verifier that hangs or breaks is replaced.

import { createClient } from './worker/client.js';

export { PassportVerifierError } from './errors.js';
export { sha256 as wasmSha256 } from './pkg/integrity.js';

// Written so that bundlers recognise it.
const startHere = () => new Worker(new URL('./worker/script.js', import.meta.url), { type: 'module' });

/**
 * The functions of the package, and `terminate`. `worker` makes the Worker where the host wants a say in that (Trusted
 * Types, single files), `source` is what `init` takes, or gives it to each worker that is started, `timeLimit` in
 * milliseconds is for one verification, and for loading.
 */
export function createVerifier({ worker = startHere, ...options } = {}) {
  return createClient((onMessage, onFailure) => {
    const started = worker();
    started.addEventListener('message', ({ data }) => onMessage(data));
    started.addEventListener('error', (event) => {
      event.preventDefault?.(); // It is reported to the caller.
      onFailure();
    });
    started.addEventListener('messageerror', onFailure);
    return { post: (message, transfer) => started.postMessage(message, transfer), terminate: () => started.terminate() };
  }, options);
}
