// The worker inside the single file.

import hasherScript from 'single:hasher';

import { serveAt } from './serve.js';
import { verifier } from './single/verifier.js';

const urlOf = () => URL.createObjectURL(new Blob([hasherScript], { type: 'text/javascript' }));
const trusted = self.trustedTypes?.createPolicy('model-passport', { createScriptURL: urlOf });

serveAt(self, verifier, () => new Worker(trusted?.createScriptURL('') ?? urlOf()));
