// The package in Node.js: the WebAssembly is read from beside this file.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { createApi } from './api.js';
import { integrity } from './pkg/integrity.js';

export { PassportVerifierError } from './api.js';
export { sha256 as wasmSha256 } from './pkg/integrity.js';

export const { compareTensors, hashFile, hashFiles, load, needs, verify, version } = createApi(async () => {
  const bytes = await readFile(new URL('./pkg/verifier_bg.wasm', import.meta.url));
  const found = `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
  if (found !== integrity) throw new Error(`verifier_bg.wasm has the digest ${found}, not ${integrity}`);
  return WebAssembly.compile(bytes);
});
