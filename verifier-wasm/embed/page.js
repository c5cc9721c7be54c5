// The page in a frame: one `<model-passport>`, told what to check by the fragment of its address or by messages.
//
// In scope: `#src=…&display=…&locale=…&theme=…&trust=…&policy=…&parent=…`, and the messages of protocol.js.
// Out of scope: the check and its display; the element does both.
//
// With `parent` the frame hears that one origin and answers to it, on texts that it was sent: what it fetched with the
// rights of its own site is for the eyes of its user. Without, it hears nobody, and says nothing but that
// it is there and how high its display is, whatever the answer. Outside a frame nobody has chosen this address but perhaps a stranger, so it leads to
// the page, which asks before it fetches and has rules of its reader only.

import { ModelPassport } from '../element.js';
import { createVerifier } from '../worker.js';
import { originOf, TYPE } from './protocol.js';

const FRAGMENT = ['src', 'display', 'locale', 'theme', 'trust', 'policy'];
const WAITING = 16;
const LONGEST_ID = 100;
const STOPPED = { code: 'verifier.stopped', message: 'the check was stopped by who asked for it' };
// A dialog in a frame is as high as the frame.
const DIALOG_HEIGHT = 640;
// Where the height must not depend on the answer.
const HEIGHTS = { badge: 48, card: 360, full: 960 };

const trusted = globalThis.trustedTypes?.createPolicy('model-passport-embed', {
  createScriptURL: () => new URL('../worker/script.js', import.meta.url).href,
});
ModelPassport.createVerifier = () => createVerifier(trusted && { worker: () => new Worker(trusted.createScriptURL(''), { type: 'module' }) });

const parameters = new URLSearchParams(location.hash.slice(1));
const parent = parameters.has('parent') ? originOf(parameters.get('parent')) : undefined;
const passport = document.createElement('model-passport');
let current;
/** What was asked and is not answered, each with what stops it. */
const asked = new Map();
let last = Promise.resolve();

function say(type, content = {}, id = current) {
  if (parent === undefined || window.parent === window) return;
  window.parent.postMessage({ ...content, type: TYPE + type, id }, parent);
}

// These two carry nothing that anyone could want to know.
function sayToAnyone(type, content = {}) {
  if (window.parent !== window) window.parent.postMessage({ ...content, type: TYPE + type }, parent ?? '*');
}

function read({ id, text, evidence, policy, trustList, now, files, display, locale, theme }) {
  const isText = (value) => value === undefined || typeof value === 'string';
  const isPlain = (value) => value === undefined || (typeof value === 'object' && value !== null);
  if ((typeof id !== 'string' && !Number.isSafeInteger(id)) || String(id).length > LONGEST_ID) return undefined;
  if (typeof text !== 'string' || ![now, display, locale, theme].every(isText) || ![evidence, policy, trustList].every(isPlain)) return undefined;
  if (files !== undefined && !(Array.isArray(files) && files.every((file) => file instanceof Blob))) return undefined;
  return { id, text, evidence, policy, trustList, now, files, display, locale, theme };
}

async function verify({ id, text, evidence, policy, trustList, now, files, ...attributes }, signal) {
  const stopped = new Promise((_, reject) => { signal.addEventListener('abort', () => reject(signal.reason)); });
  stopped.catch(() => {});
  if (signal.aborted) return say('error', STOPPED, id);
  current = id;
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) passport.setAttribute(name, value);
  for (const name of ['src', 'trust', 'policy']) passport.removeAttribute(name);
  // Without it the files of an earlier request would count for the same text.
  passport.passport = undefined;
  Object.assign(passport, { passport: text, evidence, policyRules: policy, trustList, now });
  if (!passport.isConnected) document.getElementById('place').append(passport);
  try {
    const report = await Promise.race([stopped, files ? passport.verifyFile(files) : passport.verify()]);
    say('verdict', { report }, id);
  } catch ({ code, message }) {
    // An element that is taken out stops what it does.
    if (signal.aborted) passport.remove();
    say('error', signal.aborted ? STOPPED : { code: code ?? STOPPED.code, message }, id);
  } finally {
    current = undefined;
  }
  return undefined;
}

function receive({ data, origin, source }) {
  if (source !== window.parent || window.parent === window || parent === undefined || origin !== parent) return undefined;
  if (data?.type === `${TYPE}cancel`) return asked.get(data.id)?.abort();
  if (data?.type !== `${TYPE}verify`) return undefined;
  const request = read(data);
  if (request === undefined) return say('error', { code: 'embed.message', message: 'a message of this type does not look like this' }, typeof data.id === 'string' ? data.id.slice(0, LONGEST_ID) : undefined);
  const { id } = request;
  if (asked.has(id)) return say('error', { code: 'embed.message', message: 'this id waits for its answer already' }, id);
  if (asked.size >= WAITING) return say('error', { code: 'embed.busy', message: `${WAITING} passports wait already` }, id);
  const stop = new AbortController();
  asked.set(id, stop);
  last = last.then(() => verify(request, stop.signal)).finally(() => asked.delete(id));
  return undefined;
}

function leave() {
  const page = new URL('./', location.href);
  try {
    if (parameters.has('src')) page.hash = `src=${encodeURIComponent(new URL(parameters.get('src'), location.href).href)}`;
  } catch {
    // An address that is none is nowhere to go to.
  }
  location.replace(page);
}

function start() {
  window.addEventListener('message', receive);
  passport.addEventListener('passport-progress', ({ detail: { phase, path, done, total } }) => current !== undefined && say('progress', { phase, path, done, total }));
  for (const name of FRAGMENT) if (parameters.has(name)) passport.setAttribute(name, parameters.get(name));
  // A report on the passport in the fragment is only shown; who wants it sent sends a message.
  if (parameters.has('src')) {
    passport.setAttribute('verify-at', './');
    document.getElementById('place').append(passport);
  }
  if (parent === undefined || parameters.has('src')) sayHeight();
  else followHeight();
  sayToAnyone('ready');
}

// What was fetched with the rights of this site: how high its answer is would tell which answer it is, so this is said
// by the display alone, and by a press of a key or a button, whatever that was on.
function sayHeight() {
  const resize = (least) => sayToAnyone('resize', { height: Math.max(least, HEIGHTS[passport.display]) });
  resize(0);
  window.addEventListener('click', () => resize(DIALOG_HEIGHT));
  window.addEventListener('keydown', ({ key }) => (key === 'Enter' || key === ' ') && resize(DIALOG_HEIGHT));
}

// What was sent: the height of its answer tells nothing that is not reported.
function followHeight() {
  let open = false;
  const resize = () => sayToAnyone('resize', { height: Math.max(open ? DIALOG_HEIGHT : 0, Math.ceil(document.body.getBoundingClientRect().height)) });
  passport.addEventListener('passport-toggle', ({ detail }) => {
    ({ open } = detail);
    resize();
  });
  new ResizeObserver(resize).observe(document.body);
}

if (window.parent === window) leave();
else start();
