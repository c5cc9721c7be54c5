// The package's functions for whoever sends messages: a worker's scope or one end of a channel.

import { createService } from './verifier/worker/serve.js';

/** Answers what arrives at `scope`. `startHasher` makes a worker that hashes: under Trusted Types the package cannot. */
export function serveAt(scope, verifier, startHasher) {
  const hashFile = (file, options) => verifier.hashFile(file, { ...options, worker: startHasher });
  const receive = createService({ ...verifier, ...(startHasher && { hashFile }) }, (message) => scope.postMessage(message));
  scope.addEventListener('message', ({ data }) => receive(data));
}
