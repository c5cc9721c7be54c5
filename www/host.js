// What the page asks of where it comes from. The single file has another one of these, in which everything lies inside.
//
// In scope: starting the worker and the service worker, whether something can be fetched, libraries that are seldom used.

import { compileFrom } from './verifier/source.js';

const SCRIPTS = { __proto__: null, offline: './sw.js', worker: './worker.js' };
const wasmUrl = () => new URL('./verifier/pkg/verifier_bg.wasm', import.meta.url);
const urlOf = (name) => new URL(SCRIPTS[name], import.meta.url).href;

// The only script addresses that this page ever makes; under Trusted Types a plain string would be refused.
const trusted = globalThis.trustedTypes?.createPolicy('model-passport', { createScriptURL: urlOf });
const scriptUrl = (name) => trusted?.createScriptURL(name) ?? urlOf(name);

/** Whether this page may open the document that fetches, once the user agreed. */
export const canFetch = true;

let first = compileFrom(wasmUrl());
first.catch(() => {}); // The verifier that it is for says so.

/** The WebAssembly module, which is under way from the start; after a failure it is asked for again. */
export async function compileVerifier() {
  try {
    return await (first ??= compileFrom(wasmUrl()));
  } catch (cause) {
    first = undefined; // A network that failed once may work the next time.
    throw cause;
  }
}

export const startWorker = () => new Worker(scriptUrl('worker'), { type: 'module' });

export const registerOffline = () => navigator.serviceWorker?.register(scriptUrl('offline'), { updateViaCache: 'none' });

/** Draws and reads QR codes. */
export const loadQr = async () => {
  const [{ default: encode }, { default: decode }] = await Promise.all([import('./vendor/qr/index.js'), import('./vendor/qr/decode.js')]);
  return { decode, encode };
};
