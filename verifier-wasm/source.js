// The WebAssembly module, from whatever the caller has it as.
//
// In scope: a URL, bytes, a Response or a module made elsewhere; the digest of everything but the last.
// Out of scope: where it lies when the caller says nothing; each entry of the package knows its own place.

import { misuse } from './errors.js';
import { integrity } from './pkg/integrity.js';

/** Compiles the verifier. A Module is taken as it is: who has compiled it has the bytes, and nobody else does. */
export async function compileFrom(source) {
  const given = await source;
  if (given instanceof WebAssembly.Module) return given;
  if (typeof given === 'string' || given instanceof URL) return compileResponse(await fetchChecked(given));
  if (typeof Response === 'function' && given instanceof Response) {
    return compileBytes(await readResponse(given));
  }
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) return compileBytes(given);
  throw misuse('source', 'the WebAssembly is given as a URL, bytes, a Response or a WebAssembly.Module');
}

// The host compares the digest before a byte is used.
async function fetchChecked(url) {
  const response = await fetch(url, { integrity });
  if (!response.ok) throw new Error(`HTTP status ${response.status} for ${response.url}`);
  return response;
}

async function compileResponse(response) {
  const typed = response.headers.get('content-type') === 'application/wasm';
  return typed ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

async function readResponse(response) {
  if (!response.ok) throw new Error(`HTTP status ${response.status} for ${response.url}`);
  return response.arrayBuffer();
}

/** Compiles bytes that have the digest of this package, and no others. */
export async function compileBytes(bytes) {
  // A copy, so that nobody can exchange the bytes between the comparison and the compiler.
  const own = (ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes)).slice();
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) throw new Error('there is no WebCrypto to check the bytes with (it needs https)');
  const digest = new Uint8Array(await subtle.digest('SHA-384', own));
  const found = `sha384-${btoa(String.fromCharCode(...digest))}`;
  if (found !== integrity) throw new Error(`the WebAssembly has the digest ${found}, not ${integrity}`);
  return WebAssembly.compile(own);
}
