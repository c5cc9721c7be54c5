// Keeps one whole version of the page, so that it works without a network.
//
// What a page is served from is one version, whose every file was compared with its digest here before the first was
// used. What changes on the server is taken when all of it is there, as the next version; never a file of it.
// Nothing else is kept: no passport, no model, no answer of others.

// Written by the build: the version, and the digest of each file.
const { version, files } = self.MANIFEST ?? { version: '', files: {} };

// One origin may have several of these pages, in folders of their own. A space is in no address.
const PREFIX = `model-passport ${self.registration.scope} `;
const NAME = PREFIX + version;
const addressOf = (path) => new URL(path, self.registration.scope).href;

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(forgetOthers()));
self.addEventListener('fetch', (event) => {
  const path = keptPath(event.request);
  if (path !== undefined) event.respondWith(answer(path, event.request));
});
self.addEventListener('message', (event) => event.waitUntil(hear(event)));

async function install() {
  const cache = await caches.open(NAME);
  const stored = await Promise.allSettled(Object.keys(files).map((path) => store(cache, path)));
  const failed = stored.find(({ status }) => status === 'rejected');
  if (failed === undefined) return;
  await caches.delete(NAME);
  throw failed.reason;
}

async function store(cache, path) {
  const response = await load(path);
  if (!response.ok) throw new Error(`HTTP status ${response.status} for ${path}`);
  await cache.put(addressOf(path), response);
}

// The host refuses bytes with another digest than this version's.
function load(path) {
  const { integrity } = files[path];
  return fetch(addressOf(path), { cache: 'no-cache', credentials: 'omit', integrity, redirect: 'error' });
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== NAME).map((name) => caches.delete(name)));
}

/** The file of this version that a request is for, if it is for one. */
function keptPath({ method, url }) {
  const { scope } = self.registration;
  if (method !== 'GET' || !url.startsWith(scope)) return undefined;
  const path = url.slice(scope.length).split(/[?#]/)[0] || 'index.html';
  return Object.hasOwn(files, path) ? path : undefined;
}

async function answer(path, request) {
  // Each opening looks for a newer version, which is taken whole or not at all.
  if (request.mode === 'navigate') self.registration.update().catch(() => {});
  const kept = await (await caches.open(NAME)).match(addressOf(path));
  // What a browser threw away, it may fetch.
  return kept ?? load(path);
}

async function hear({ data, source }) {
  if (data === 'activate') {
    const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
    if (pages.filter(({ frameType }) => frameType === 'top-level').length > 1) source.postMessage('in-use');
    else await self.skipWaiting();
  }
  if (data?.claim === version) await self.clients.claim();
}
