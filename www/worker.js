// The worker of the page: it knows the npm package and nothing of the page.

import { serveAt } from './serve.js';
import * as verifier from './verifier/index.js';

// Large files are hashed by workers of this one. Under Trusted Types their address has to be made here.
const urlOf = () => new URL('./verifier/hash/worker.js', import.meta.url).href;
const trusted = self.trustedTypes?.createPolicy('model-passport', { createScriptURL: urlOf });

serveAt(self, verifier, () => new Worker(trusted?.createScriptURL('') ?? urlOf(), { type: 'module' }));
