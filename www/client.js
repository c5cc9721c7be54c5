// The verifier in a worker: the page stays usable, and a verifier that hangs or breaks is replaced.
//
// It is loaded ahead of the page's other scripts, so that the WebAssembly arrives while these do.

import { compileVerifier, startWorker } from './host.js';
import { createVerifier, wasmSha256 } from './verifier/worker.js';

export const verifier = createVerifier({ worker: startWorker, source: compileVerifier });

/** What is known of the verifier once it is loaded. */
export const about = verifier.version().then((version) => ({ version, wasmSha256 }));
about.catch(() => {}); // Whoever shows it says so.
