// The page: what is given goes in, a report comes out. What is checked and how is the verifier's business.
//
// `page` is what the parts of the page share: the texts, what was given, the last report, and what one part asks of
// another. What is seldom used (settings, sharing, QR codes, fetching, comparing) is loaded when it is.

import { about, verifier } from './client.js';
import { exactText, kindOfText, kindsOf, passportText, sha256Of, withoutSpace } from './files.js';
import { createGiven } from './given.js';
import { recall } from './kept.js';
import { passportOf, readAddress, readBounded, readFragment } from './link.js';
import { showMenus, setTheme } from './menus.js';
import { createNeeds } from './needs.js';
import { noSettings, readSettings } from './policy.js';
import { clearResult, showAgain, showOutcome } from './result.js';
import { loadUi, pickLocale, showLimits } from './verifier/view/index.js';
import { plain } from './verifier/view/text.js';
import { takeInput } from './input.js';

const at = (id) => document.getElementById(id);
const opened = readFragment(location.hash);
const SHOWN_NAMES = 3;

const page = {
  ui: await loadUi(opened.lang ?? recall('language') ?? pickLocale(navigator.languages)),
  passports: [], // [{ name, text, address }]: the first is checked, the others are what it may build on
  clearings: 0, // How often all was removed: what was on its way then is not wanted any more
  arriving: 0, // What the user gave and is still on its way in
  turn: 0, // How often something was given to be checked
  files: [], // [{ path, file, stop, done, measured, error, covered }]: covered by the last verdict
  documents: [], // [{ url, retrieved, text }]: what was brought for a need
  settings: noSettings(),
  report: undefined,
  differing: undefined,
  role: recall('role'),
  address: undefined,
  addAny,
  addFiles: (chosen) => page.given.addFiles(chosen),
  addPassports,
  addSource,
  addText,
  check,
  clear,
  complain,
  isUntouched,
  openSettings,
  put,
  question,
  setLanguage,
};
page.given = createGiven(page);
page.needs = createNeeds(page);
let checking = 0;

async function addPassports(chosen) {
  const read = [];
  const { clearings } = page;
  for (const { path, file } of chosen) {
    try {
      read.push({ name: path, text: await passportText(file) });
    } catch {
      complain(page.ui.t('page.not-utf8', { name: plain(path, 80) }));
    }
  }
  if (read.length > 0 && clearings === page.clearings) await check({ moveFocus: put(read) });
}

/**
 * What was given last is what is checked, and what was there before may be what it builds on. What took its time to
 * arrive says which `turn` it is of, and stands behind what was given since.
 */
function put(passports, turn = page.turn) {
  const isLast = turn === page.turn;
  page.passports = isLast ? [...passports, ...page.passports] : [...page.passports, ...passports];
  if (isLast) page.turn += 1;
  return isLast;
}

/** A text that was pasted, dropped or read from a QR code: an address, a link to a passport, or a passport. */
async function addText(text, name) {
  const trimmed = text.trim();
  if (!/\s/.test(trimmed) && /^[a-z][a-z\d+.-]*:/i.test(trimmed)) return addLink(trimmed);
  const kind = kindOfText(text);
  if (isSetting(kind)) return complain(notUsed(name));
  return check({ moveFocus: put([{ name, text: withoutSpace(text) }]) });
}

async function addLink(address) {
  const hash = address.indexOf('#');
  const { passport, src } = hash < 0 ? {} : readFragment(address.slice(hash));
  // Whatever page the link is for: what it carries is checked here.
  if (passport !== undefined || src !== undefined) await openFragment({ passport, src });
  else await addSource(address);
}

/** A passport that lies at an address: fetched if it is this site's own; else the user is asked. */
async function addSource(address) {
  const found = readAddress(address);
  if (found === undefined) return complain(page.ui.t('page.bad-address', { address: plain(address, 120) }));
  const { url: { href: url }, own } = found;
  if (!own) return page.needs.addSource(url);
  const { clearings, turn } = page;
  try {
    const response = await fetch(url, { credentials: 'omit', redirect: 'error', referrerPolicy: 'no-referrer' });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    const text = exactText(await readBounded(response.body, 16 * 2 ** 20));
    if (clearings !== page.clearings) return undefined;
    return await check({ moveFocus: put([{ name: url, text, address: url }], turn) });
  } catch ({ message }) {
    return complain(page.ui.t('page.not-fetched', { address: plain(url, 120), message: plain(message) }));
  }
}

async function openFragment({ tooLong, passport, src, lang, theme }) {
  if (tooLong) return complain(page.ui.t('page.bad-link'));
  if (theme) setTheme(theme);
  if (lang && pickLocale([lang]) !== page.ui.locale) await setLanguage(pickLocale([lang]));
  if (passport !== undefined) {
    const { clearings, turn } = page;
    const text = await passportOf(passport).catch(() => undefined);
    if (clearings !== page.clearings) return undefined;
    if (text === undefined) return complain(page.ui.t('page.bad-link'));
    await check({ moveFocus: put([{ name: page.ui.t('page.from-link'), text }], turn) });
  }
  if (src !== undefined) await addSource(src);
  return undefined;
}

async function addAny(chosen) {
  const { clearings } = page;
  const kinds = await kindsOf(chosen);
  if (clearings !== page.clearings) return;
  const of = (...wanted) => chosen.filter((_, index) => wanted.includes(kinds[index]));
  // Who sends a passport does not say by what it is judged. Among others such a file is measured like these: it may be
  // one that was signed, and a changed one must not pass for a list.
  const settings = chosen.filter((_, index) => isSetting(kinds[index]));
  if (settings.length > 0) complain(settings.slice(0, SHOWN_NAMES).map(({ path }) => notUsed(path)).join(' '));
  if (settings.length === chosen.length) return;
  // One picture alone may be a QR code. Among others it is what a passport is about.
  if (chosen.length === 1 && kinds[0] === 'image' && await readQrImage(chosen[0])) return;
  const brought = await page.needs.bring(of('passport', 'json'));
  const found = of('passport').filter((entry) => !brought.includes(entry));
  // A passport that is spoilt does not look like one; alone, it is what the user wants to be told about.
  const spoilt = found.length === 0 && page.passports.length === 0 && chosen.length === 1 && kinds[0] !== 'image';
  const taken = spoilt ? of('json', 'file') : found;
  const others = of('json', 'file', 'image', 'trust', 'policy').filter((entry) => !taken.includes(entry) && !brought.includes(entry));
  if (taken.length > 0) await addPassports(taken);
  else if (brought.length > 0) await check();
  if (clearings !== page.clearings) return;
  if (others.length > 0) page.given.addFiles(others);
}

// Trust lists and policies count when they are chosen as such, in the settings, and from nowhere else.
const isSetting = (kind) => kind === 'trust' || kind === 'policy';
const notUsed = (name) => page.ui.t('page.not-used', { name: plain(name, 80) });

async function readQrImage({ file }) {
  const { decodeImage } = await import('./qr.js');
  const text = await decodeImage(file).catch(() => undefined);
  if (text === undefined && page.passports.length > 0) return false;
  if (text === undefined) complain(page.ui.t('page.no-qr'));
  else await addText(text, page.ui.t('page.from-qr'));
  return true;
}

function question() {
  const [{ text }, ...others] = page.passports;
  const artifacts = page.files.filter(({ measured }) => measured).map(({ path, measured }) => ({ path, ...measured }));
  const credentials = others.map((other) => other.text);
  return { text, evidence: { credentials, documents: page.documents, artifacts }, ...readSettings(page.settings) };
}

async function check({ moveFocus = false } = {}) {
  const current = (checking += 1);
  if (page.passports.length === 0) {
    page.report = undefined;
    at('busy').textContent = '';
    clearResult(page);
    page.given.show();
    await page.needs.update();
    return;
  }
  page.given.show();
  at('busy').textContent = page.ui.t('page.checking');
  const [{ name }] = page.passports;
  const digest = sha256Of(page.passports[0].text);
  const { text, ...options } = question();
  const measured = page.files.filter((entry) => entry.measured);
  const outcome = await verifier.verify(text, options).then(async (report) => ({ name, report, digest: await digest }), (error) => ({ name, error }));
  if (current !== checking) return; // Something was added or removed meanwhile.
  for (const entry of measured) entry.covered = true;
  const shown = showOutcome(page, outcome);
  if (moveFocus) at('verdict').focus();
  await shown;
  if (current !== checking) return;
  at('busy').textContent = '';
  await page.needs.update(question(), () => current === checking);
}

function clear() {
  for (const { stop } of page.files) stop.abort(new Error('removed'));
  Object.assign(page, { passports: [], files: [], documents: [] });
  page.clearings += 1;
  page.needs.clear();
  complain('');
  check();
}

/** Whether nothing was given, chosen or opened yet that would be gone after a reload. */
function isUntouched() {
  const isEmpty = page.passports.length === 0 && page.files.length === 0 && page.documents.length === 0 && page.arriving === 0;
  const isClosed = !at('settings').firstChild && !at('needs').firstChild && !document.querySelector('dialog');
  return isEmpty && isClosed && page.settings === settingsAtFirst;
}

function complain(problem) {
  at('problem').textContent = problem;
  at('problem').hidden = !problem;
}

async function openSettings(options) {
  const { showSettings } = await import('./settings.js');
  showSettings(page, options);
}

async function setLanguage(locale) {
  page.ui = await loadUi(locale);
  showTexts();
  page.given.show();
  page.needs.show();
  showAgain(page);
  if (at('settings').firstChild) await openSettings({ moveFocus: false });
}

// What stands in the page in English, for a reader without scripts, in the language of this one.
function showTexts() {
  const { ui } = page;
  document.documentElement.lang = ui.locale;
  for (const place of document.querySelectorAll('[data-text]')) place.textContent = ui.t(place.dataset.text);
  for (const place of document.querySelectorAll('[data-label]')) place.setAttribute('aria-label', ui.t(place.dataset.label));
  if (!page.report) document.title = ui.t('page.title');
  at('limits').replaceChildren(showLimits(ui));
  showMenus(page);
}

setTheme(opened.theme ?? recall('theme'));
showTexts();
takeInput(page);
addEventListener('hashchange', () => openFragment(readFragment(location.hash)));
if (recall('settings') !== undefined) await import('./settings.js').then(({ recallSettings }) => recallSettings(page));
const settingsAtFirst = page.settings;
openFragment({ ...opened, lang: undefined, theme: undefined });

about.then(
  async ({ version, wasmSha256 }) => {
    const { startOffline } = await import('./offline.js');
    at('wasm-digest').textContent = wasmSha256;
    at('version').textContent = version;
    await startOffline(page);
  },
  ({ message }) => complain(page.ui.t('page.not-loaded', { message: plain(message) })),
);
