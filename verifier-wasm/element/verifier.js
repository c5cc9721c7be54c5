// One verifier for all elements of a page: in a worker, or in the page where a worker may not be started.

import * as inPage from '../index.js';
import { createVerifier } from '../worker.js';

/** The functions of the package, from what `create` makes; `{ needs, verify, hashFile }`. */
export function sharedVerifier(create = createVerifier) {
  let chosen;

  const inWorker = async () => {
    try {
      const made = await create();
      await made.version();
      return made;
    } catch (error) {
      // A policy that forbids workers, an old browser: the same answer comes from here, only less smoothly.
      if (error.code !== undefined && error.code !== 'verifier.not-loaded') throw error;
      return inPage;
    }
  };

  const call = (name) => async (...input) => {
    chosen ??= inWorker().catch((error) => {
      chosen = undefined;
      throw error;
    });
    return (await chosen)[name](...input);
  };
  return { hashFile: call('hashFile'), needs: call('needs'), verify: call('verify') };
}
