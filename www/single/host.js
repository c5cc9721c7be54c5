// What host.js is for the single file: everything lies inside, and nothing is ever fetched.

import wasmBase64 from 'single:wasm';
import workerScript from 'single:worker';

import { verifier } from './single/verifier.js';
import { createService } from './verifier/worker/serve.js';

const workerUrl = () => URL.createObjectURL(new Blob([workerScript], { type: 'text/javascript' }));
// The only script address that this page ever makes: that of the worker inside it.
const trusted = globalThis.trustedTypes?.createPolicy('model-passport', { createScriptURL: workerUrl });

export const canFetch = false;

export const registerOffline = async () => undefined;

export const loadQr = async () => {
  const [{ default: encode }, { default: decode }] = await Promise.all([import('./vendor/qr/index.js'), import('./vendor/qr/decode.js')]);
  return { decode, encode };
};

const compiled = WebAssembly.compile(Uint8Array.from(atob(wasmBase64), (character) => character.charCodeAt(0)));

export const compileVerifier = () => compiled;

/** A worker; where the browser refuses one to a page from a file, the same tasks on the page. */
export function startWorker() {
  const listeners = { __proto__: null, error: [], message: [], messageerror: [] };
  const unanswered = new Map();
  let target = { postMessage: () => {} };
  const heard = (event) => {
    unanswered.delete(event.data.id);
    for (const listener of listeners.message) listener(event);
  };

  function startOnPage() {
    const receive = createService(verifier, (data) => heard({ data }));
    target = { postMessage: (message) => void receive(message), terminate: () => {} };
    for (const message of [...unanswered.values()]) receive(message);
  }

  function startBeside() {
    const worker = new Worker(trusted?.createScriptURL('') ?? workerUrl());
    let answered = false;
    worker.addEventListener('message', (event) => {
      answered = true;
      heard(event);
    });
    worker.addEventListener('error', (event) => {
      worker.terminate();
      if (answered) for (const listener of listeners.error) listener(event);
      else startOnPage();
    });
    target = worker;
  }

  try {
    startBeside();
  } catch {
    startOnPage();
  }
  return {
    addEventListener: (type, listener) => listeners[type].push(listener),
    postMessage: (message) => {
      if (message.task !== 'stop') unanswered.set(message.id, message);
      target.postMessage(message);
    },
    terminate: () => target.terminate(),
  };
}
