// No inline script or style is needed, and 'wasm-unsafe-eval' is all that the verifier asks of a policy.
// Where Trusted Types are required the page says which script a worker may be made from.

import { ModelPassport } from './verifier/element.js';
import { createVerifier } from './verifier/worker.js';

const policy = globalThis.trustedTypes?.createPolicy('example', {
  createScriptURL: () => new URL('./verifier/worker/script.js', import.meta.url).href,
});

ModelPassport.createVerifier = () => createVerifier(policy && {
  worker: () => new Worker(policy.createScriptURL(''), { type: 'module' }),
});

document.addEventListener('passport-verdict', ({ detail: { report } }) => {
  document.getElementById('verdict').textContent = `${report.verdict} (${report.code})`;
});
