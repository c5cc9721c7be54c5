// The worker inside the single file. Its first message brings the WebAssembly.

import hasherScript from 'single:hasher';

import { start } from './single/verifier.js';
import { serveTasks } from './tasks.js';

const urlOf = () => URL.createObjectURL(new Blob([hasherScript], { type: 'text/javascript' }));
const trusted = self.trustedTypes?.createPolicy('model-passport', { createScriptURL: urlOf });

self.addEventListener('message', function first(event) {
  self.removeEventListener('message', first);
  event.stopImmediatePropagation();
  start(event.data.wasm);
});
serveTasks(self, { startHasher: () => new Worker(trusted?.createScriptURL('') ?? urlOf()) });
