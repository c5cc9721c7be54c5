// The worker inside the single file. Its first message brings the WebAssembly.

import { start } from './single/verifier.js';
import { serveTasks } from './tasks.js';

self.addEventListener('message', function first(event) {
  self.removeEventListener('message', first);
  event.stopImmediatePropagation();
  start(event.data.wasm);
});
serveTasks(self);
