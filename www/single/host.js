// What host.js is for the single file: everything lies inside, and nothing is ever fetched.

import wasmBase64 from 'single:wasm';
import workerScript from 'single:worker';

import { start } from './single/verifier.js';
import { serveTasks } from './tasks.js';

const workerUrl = () => URL.createObjectURL(new Blob([workerScript], { type: 'text/javascript' }));
// The only script address that this page ever makes: that of the worker inside it.
const trusted = globalThis.trustedTypes?.createPolicy('model-passport', { createScriptURL: workerUrl });

export const canFetch = false;

export const registerOffline = async () => undefined;

export const loadQr = async () => {
  const [{ default: encode }, { default: decode }] = await Promise.all([import('./vendor/qr/index.js'), import('./vendor/qr/decode.js')]);
  return { decode, encode };
};

/** A worker; where the browser refuses one to a page from a file, the same tasks on the page. */
export function startWorker() {
  const listeners = { __proto__: null, error: [], message: [] };
  const unanswered = new Map();
  let target = { postMessage: () => {} };
  const heard = (event) => {
    unanswered.delete(event.data.id);
    for (const listener of listeners.message) listener(event);
  };

  function startOnPage() {
    const { port1, port2 } = new MessageChannel();
    start(wasmBytes());
    serveTasks(port2);
    port2.start();
    port1.onmessage = heard;
    target = { postMessage: (message) => port1.postMessage(message), terminate: () => port1.close() };
    for (const message of unanswered.values()) port1.postMessage(message);
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
    const wasm = wasmBytes();
    worker.postMessage({ wasm }, [wasm.buffer]);
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

function wasmBytes() {
  return Uint8Array.from(atob(wasmBase64), (character) => character.charCodeAt(0));
}
