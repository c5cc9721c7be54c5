// The worker of the page: the verifier's tasks, off the page. It knows the npm package and nothing of the page.

import { serveTasks } from './tasks.js';

// Large files are hashed by workers of this one. Under Trusted Types their address has to be made here.
const urlOf = () => new URL('./verifier/hash/worker.js', import.meta.url).href;
const trusted = self.trustedTypes?.createPolicy('model-passport', { createScriptURL: urlOf });

serveTasks(self, { startHasher: () => new Worker(trusted?.createScriptURL('') ?? urlOf(), { type: 'module' }) });
