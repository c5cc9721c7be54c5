// `vite build`: the worker and the WebAssembly are found and given names by Vite. For its development server:
// optimizeDeps: { exclude: ['@model-passport/verifier'] }.

import { createVerifier } from '@model-passport/verifier/worker';

const verifier = createVerifier();

document.getElementById('passport').addEventListener('change', async ({ target }) => {
  const [file] = target.files;
  const { verdict, code } = await verifier.verify(await file.text());
  const { merkleRoot } = await verifier.hashFile(file);
  document.getElementById('verdict').textContent = `${verdict} (${code}) ${merkleRoot}`;
});
