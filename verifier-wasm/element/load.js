// Where an element has its passport from, and what the passport needs besides.
//
// In scope: addresses that the page's author wrote, and the author's loader. Limits in length, strict UTF-8.
// Out of scope: addresses out of a passport; only the loader that a page gives ever sees those.

import { PassportVerifierError } from '../errors.js';

// What is longer is refused by the verifier anyway, from its length.
const LONGEST_BYTES = 16 * 2 ** 20 + 1;
const PROTOCOLS = new Set(['http:', 'https:', 'blob:', 'data:']);
const INLINE_TYPES = new Set(['application/vc+json', 'application/vp+json', 'application/vc+jwt', 'application/vp+jwt',
  'application/vc', 'application/vp', 'application/ld+json', 'application/json']);

// A loader that always brings something which needs something else is stopped.
const ROUNDS = 8;
const LOADED = 256;
const AT_ONCE = 4;

// An address that never answers, or never ends.
const LOADING_MS = 60_000;

export function failure(code, message, cause) {
  return new PassportVerifierError(`element.${code}`, message, { cause });
}

function idOf(address) {
  try {
    return decodeURIComponent(address.slice(1));
  } catch {
    return address.slice(1);
  }
}

/** The text at an address, or in an element of this document for `#id`. */
export async function loadText(address, { offline, signal, code = 'not-loaded', what = 'the passport' }) {
  if (address.startsWith('#')) {
    const place = document.getElementById(idOf(address));
    if (place === null) throw failure(code === 'not-loaded' ? 'no-source' : code, `there is no element ${address} in this document`);
    return place.textContent;
  }
  if (offline) throw failure('offline', `${what} would have to be fetched, and the element is offline`);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`there was no end of it within ${LOADING_MS / 1000} s`)), LOADING_MS);
  try {
    return await fetchText(address, { asked: signal, signal: AbortSignal.any([signal, late.signal]), code, what });
  } finally {
    clearTimeout(timer);
  }
}

// `signal` ends the request, `asked` says that its end is no failure.
async function fetchText(address, { asked, signal, code, what }) {
  let response;
  try {
    const url = new URL(address, document.baseURI);
    if (!PROTOCOLS.has(url.protocol)) throw new Error(`addresses with ${url.protocol} are not fetched`);
    response = await fetch(url, { signal, credentials: 'same-origin', referrerPolicy: 'no-referrer' });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  } catch (cause) {
    asked.throwIfAborted();
    throw failure(code, `${what} could not be loaded: ${cause.message}`, cause);
  }
  const bytes = await limited(response, { asked, code, what });
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw failure(code === 'not-loaded' ? 'not-utf8' : code, `${what} is not UTF-8 text`, cause);
  }
}

async function limited(response, { asked, code, what }) {
  const parts = [];
  let size = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause) => {
      asked.throwIfAborted();
      throw failure(code, `${what} broke off: ${cause.message}`, cause);
    });
    if (done) break;
    parts.push(value);
    size += value.length;
    if (size > LONGEST_BYTES) {
      reader.cancel().catch(() => {});
      throw failure('too-long', `${what} is longer than ${LONGEST_BYTES - 1} bytes`);
    }
  }
  return new Blob(parts).arrayBuffer();
}

/** A trust list or a policy of the page; without it nothing is checked, for the rules would be laxer than wanted. */
export async function loadRules(address, code, options) {
  const text = await loadText(address, { ...options, code, what: `the ${code} file` });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw failure(code, `the ${code} file is not JSON`, cause);
  }
}

/** One list of what was given, each an object or a list of them. `null` or an empty list would be rules that rule nothing. */
export function rulesOf(code, given) {
  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  return given.filter((one) => one !== undefined).flatMap((one) => {
    const rules = [one].flat();
    if (rules.length === 0 || !rules.every(isObject)) throw failure(code, `the ${code} is not an object, nor a list of objects that has any`);
    return rules;
  });
}

/** The passport between the tags of the element: a script that no browser runs. */
export async function inlineText(host, signal) {
  // A parser that has got as far as the start tag only has not seen what follows.
  if (document.readyState === 'loading') {
    await new Promise((resolve) => document.addEventListener('DOMContentLoaded', resolve, { once: true, signal }));
  }
  const script = [...host.children].find(({ localName, type }) => localName === 'script' && INLINE_TYPES.has(type));
  return script?.textContent.trim() || undefined;
}

/** Brings what the loader of the page can bring; what it cannot is missing in the report. */
export async function bring(text, { verifier, evidence = {}, policy, loader, signal, onProgress }) {
  const brought = { ...evidence, credentials: [...(evidence.credentials ?? [])], documents: [...(evidence.documents ?? [])] };
  const asked = new Set();
  for (let round = 0; round < ROUNDS; round += 1) {
    const needs = (await verifier.needs(text, { evidence: brought, policy })).filter(({ kind, url }) => !asked.has(`${kind} ${url}`)).slice(0, LOADED - asked.size);
    signal.throwIfAborted();
    if (needs.length === 0) break;
    for (const { kind, url } of needs) asked.add(`${kind} ${url}`);
    for (let at = 0; at < needs.length; at += AT_ONCE) {
      await Promise.all(needs.slice(at, at + AT_ONCE).map(async (need) => {
        try {
          const found = await loader(need, { signal });
          if (typeof found !== 'string') return;
          if (need.kind === 'credential') brought.credentials.push(found);
          else brought.documents.push({ url: need.url, retrieved: `${new Date().toISOString().slice(0, -5)}Z`, text: found });
          onProgress({ phase: 'need', need });
        } catch (error) {
          onProgress({ phase: 'need', need, error });
        }
      }));
      signal.throwIfAborted();
    }
  }
  return brought;
}
