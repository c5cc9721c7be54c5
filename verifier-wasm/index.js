// The package in browsers, workers and bundlers: the WebAssembly is fetched from beside this file.

import { createApi } from './api.js';
import { integrity } from './pkg/integrity.js';

export { PassportVerifierError } from './api.js';
export { sha256 as wasmSha256 } from './pkg/integrity.js';

export const { compareTensors, hashFile, hashFiles, load, needs, verify, version } = createApi(async () => {
  // The host compares the digest before a byte is used.
  const response = await fetch(new URL('./pkg/verifier_bg.wasm', import.meta.url), { integrity });
  if (!response.ok) throw new Error(`HTTP status ${response.status} for ${response.url}`);
  const typed = response.headers.get('content-type') === 'application/wasm';
  return typed ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
});
