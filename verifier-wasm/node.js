// The package in Node.js: the WebAssembly is read from beside this file.

import { readFile } from 'node:fs/promises';

import { createApi } from './api.js';
import { compileBytes } from './source.js';

export { PassportVerifierError } from './errors.js';
export { sha256 as wasmSha256 } from './pkg/integrity.js';

const api = createApi(async () => compileBytes(await readFile(new URL('./pkg/verifier_bg.wasm', import.meta.url))));

export const { compareTensors, hashFile, hashFiles, load, needs, verify, version } = api;

/** As everywhere, and a `file:` URL is read from disk, which `fetch` does not do here. */
export const init = (source) => api.init(source === undefined ? undefined : fromDisk(source));

async function fromDisk(source) {
  const given = await source;
  return /^file:/.test(String(given)) ? readFile(new URL(given)) : given;
}
