// The package in one piece: the WebAssembly is in the script, and nothing is fetched.
//
// For single files, extensions and hosts without addresses. It is a third larger, and compiled after it was read
// and not while it arrives; elsewhere `index.js` is the better choice.

import { createApi } from './api.js';
import { base64 } from './pkg/inline.js';

export { PassportVerifierError } from './errors.js';
export { sha256 as wasmSha256 } from './pkg/integrity.js';

// The script's own integrity covers these bytes.
export const { compareTensors, hashFile, hashFiles, init, load, needs, verify, version } = createApi(
  async () => WebAssembly.compile(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))),
);
