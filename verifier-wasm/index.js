// The package in browsers, workers, bundlers and at the edge: the WebAssembly is fetched from beside this file,
// or comes from the caller where that cannot be done.

import { createApi } from './api.js';
import { compileFrom } from './source.js';

export { PassportVerifierError } from './errors.js';
export { sha256 as wasmSha256 } from './pkg/integrity.js';

export const { compareTensors, hashFile, hashFiles, init, load, needs, verify, version } = createApi(
  async () => compileFrom(new URL('./pkg/verifier_bg.wasm', import.meta.url)),
);
