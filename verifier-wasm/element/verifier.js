// One verifier for all elements of a page: in a worker, or in the page where none may be started or gets ready.

import { PassportVerifierError } from '../errors.js';
import * as inPage from '../index.js';
import { createVerifier } from '../worker.js';

// As long as a worker has for it.
const LOADING_MS = 15_000;

/** The functions of the package, from what `create` makes; `{ needs, verify, hashFile }`. */
export function sharedVerifier(create = createVerifier) {
  let chosen;

  const inWorker = async () => {
    try {
      const made = await create();
      await made.version();
      return made;
    } catch (error) {
      // A policy that forbids workers, an old browser, a script that never comes: the same answer comes from here, only less smoothly.
      if (error.code !== undefined && error.code !== 'verifier.not-loaded') throw error;
      await loadedInTime();
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

// What is on its way for ever is an error in the end, and no check that never ends.
function loadedInTime() {
  return new Promise((resolve, reject) => {
    const late = () => reject(new PassportVerifierError('verifier.not-loaded', `the verifier was not loaded within ${LOADING_MS} ms`));
    const timer = setTimeout(late, LOADING_MS);
    inPage.load().then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
