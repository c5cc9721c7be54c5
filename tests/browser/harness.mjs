// What the tests of the package and of the page share: the cases, the package as it is shipped, a browser, the site.
// Needs verifier-wasm/pkg, which `node verifier-wasm/build.mjs` makes.
//
//   SHOTS      a folder for screenshots, to be looked at

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { serve } from './server.mjs';

export { launch } from './chromium.mjs';

export const tests = dirname(dirname(fileURLToPath(import.meta.url)));
export const root = dirname(tests);
/** A folder of this test file's own, removed at its end. */
export const place = mkdtempSync(join(tmpdir(), 'model-passport-'));
after(() => rmSync(place, { recursive: true, force: true }));

export const read = (...path) => readFileSync(join(...path), 'utf8');

/** Every case: its input, what `verify` is given with it, and the report that every shell gives. */
export const cases = readdirSync(join(tests, 'cases')).map((name) => {
  const folder = join(tests, 'cases', name);
  const optional = (file) => (existsSync(join(folder, file)) ? JSON.parse(read(folder, file)) : undefined);
  const options = { evidence: optional('evidence.json'), policy: optional('policy.json'), now: optional('expect.json').now };
  return { name, input: read(folder, 'input.json'), options, report: optional('report.json') };
});
export const caseOf = (wanted) => cases.find(({ name }) => name === wanted);

/** What is tested is what is shipped: the tarball, installed. Where it lies. */
export function installPackage() {
  const npm = (cwd, ...args) => execFileSync('npm', [...args, '--ignore-scripts', '--loglevel=error'], { cwd, encoding: 'utf8' });
  const tarball = npm(join(root, 'verifier-wasm'), 'pack', '--pack-destination', place).trim().split('\n').pop();
  writeFileSync(join(place, 'package.json'), '{"private":true,"type":"module"}');
  npm(place, 'install', '--no-audit', '--no-fund', join(place, tarball));
  return join(place, 'node_modules', '@model-passport', 'verifier');
}

/** The page with the package beside it, served on the loopback. */
export function serveSite() {
  execFileSync(process.execPath, [join(root, 'verifier-wasm', 'build.mjs'), '--site', join(place, 'site')]);
  return serve(join(place, 'site'));
}

/** A page that has loaded all it needs, with everything it asks for and complains about from then on. */
export async function open(browser, server, { path = '', prepare, ...options } = {}) {
  // What the service worker keeps for later is asked for after the page is there; offline.test.mjs lets it.
  const context = await browser.newContext({ serviceWorkers: 'block', ...options });
  await prepare?.(context);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', () => complaints.push('a dialog opened'));
  await page.goto(server.url + path);
  await page.waitForFunction(() => document.getElementById('version').textContent !== '…');
  const before = server.requests.length;
  const requests = [];
  context.on('request', (request) => requests.push(request.url()));
  const asked = () => [...requests, ...server.requests.slice(before)];
  const shot = async (name) => process.env.SHOTS && page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage: true });
  return { context, page, complaints, asked, shot };
}

export const modelFile = (name) => ({ name, mimeType: 'application/octet-stream', buffer: readFileSync(join(tests, 'real', 'model', name)) });
export const passportFile = (text) => ({ name: 'passport.json', mimeType: 'application/json', buffer: Buffer.from(text) });

/** Gives a passport, and files if there are any, by the choosers of the page; the verdict's words. */
export async function judge(page, text, ...files) {
  // An earlier one is no answer to this.
  await page.evaluate(() => document.getElementById('verdict')?.remove());
  await page.setInputFiles('#choose-passport', passportFile(text));
  if (files.length > 0) {
    await settled(page);
    await page.setInputFiles('#choose-files', files);
  }
  return settled(page);
}

/** Waits until nothing is checked, read or drawn any more; the verdict's words. */
export async function settled(page) {
  await page.waitForFunction(() => document.getElementById('verdict') && document.querySelectorAll('#files progress').length === 0 && !document.getElementById('busy').textContent);
  return page.textContent('#verdict');
}

/** Drops files, `{ name, mimeType, buffer }`, or a text of a media type onto the page. */
export function dropOn(page, files, texts = {}) {
  return page.evaluate(({ given, data }) => {
    const dataTransfer = new DataTransfer();
    for (const { name, type, bytes } of given) dataTransfer.items.add(new File([Uint8Array.from(bytes)], name, { type }));
    for (const [type, text] of Object.entries(data)) dataTransfer.setData(type, text);
    document.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
  }, { given: files.map(({ name, mimeType, buffer }) => ({ name, type: mimeType, bytes: [...buffer] })), data: texts });
}

/** Pastes onto the page, or into what has the focus. */
export function pasteOn(page, { text, files = [] }) {
  return page.evaluate(({ data, given }) => {
    const clipboardData = new DataTransfer();
    if (data !== undefined) clipboardData.setData('text/plain', data);
    for (const { name, type, bytes } of given) clipboardData.items.add(new File([Uint8Array.from(bytes)], name, { type }));
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, { data: text, given: files.map(({ name, mimeType, buffer }) => ({ name, type: mimeType, bytes: [...buffer] })) });
}

/** A page with a browser's answer to what axe finds wrong in it. */
export async function axeViolations(page) {
  await page.evaluate(axeSource());
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`);
}

/** The source of axe-core, to be evaluated in a page that bypasses its policy. */
export const axeSource = () => read(dirname(createRequire(import.meta.url).resolve('axe-core')), 'axe.min.js');
