// The package in the single file: its WebAssembly comes from the page, compiled.

import { createApi } from './verifier/api.js';

export const verifier = createApi(async () => {
  throw new Error('the WebAssembly was not handed over');
});
