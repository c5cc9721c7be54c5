// The cases through the packed npm package, in node and in Chromium, with and without WebCrypto; and the page as
// a person uses it. Needs verifier-wasm/pkg, which `node verifier-wasm/build.mjs` makes.
//
//   CHROMIUM   where the browser is, if not at /usr/bin/chromium
//   SHOTS      a folder for screenshots, to be looked at

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { chromium } from 'playwright-core';

import { serve } from './server.mjs';

const tests = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(tests);
const place = mkdtempSync(join(tmpdir(), 'model-passport-'));
after(() => rmSync(place, { recursive: true, force: true }));

const read = (...path) => readFileSync(join(...path), 'utf8');
const cases = readdirSync(join(tests, 'cases')).map((name) => {
  const folder = join(tests, 'cases', name);
  const optional = (file) => (existsSync(join(folder, file)) ? JSON.parse(read(folder, file)) : undefined);
  const options = { evidence: optional('evidence.json'), policy: optional('policy.json'), now: optional('expect.json').now };
  return { name, input: read(folder, 'input.json'), options, report: optional('report.json') };
});

// What is tested is what is shipped: the tarball, installed.
function installPackage() {
  const npm = (cwd, ...args) => execFileSync('npm', [...args, '--ignore-scripts', '--loglevel=error'], { cwd, encoding: 'utf8' });
  const tarball = npm(join(root, 'verifier-wasm'), 'pack', '--pack-destination', place).trim().split('\n').pop();
  writeFileSync(join(place, 'package.json'), '{"private":true,"type":"module"}');
  npm(place, 'install', '--no-audit', '--no-fund', join(place, tarball));
  return join(place, 'node_modules', '@model-passport', 'verifier');
}

const installed = installPackage();

describe('the npm package in node', async () => {
  const verifier = await import(pathToFileURL(join(installed, 'node.js')));

  for (const webCrypto of [true, false]) {
    test(`every report is the library's, WebCrypto ${webCrypto ? 'on' : 'off'}`, async () => {
      for (const { name, input, options, report } of cases) {
        assert.deepEqual(await verifier.verify(input, { ...options, webCrypto }), report, name);
      }
    });
  }

  test('a file is hashed to the root in its passport', async () => {
    const model = new Blob([readFileSync(join(tests, 'real', 'model', 'model.onnx'))]);
    const { size, merkleRoot } = await verifier.hashFile(model);
    const { report } = cases.find(({ name }) => name === 'bundle');
    const listed = report.shown.flatMap(({ content }) => content.credentialSubject.artifactManifest?.file ?? []);
    assert.deepEqual(listed.find(({ path }) => path === 'model.onnx').merkleRoot, merkleRoot);
    assert.equal(size, model.size);
  });

  test('what is needed is named', async () => {
    const { input } = cases.find(({ name }) => name === 'did-web-without-document');
    const [need] = await verifier.needs(input);
    assert.deepEqual([need.kind, need.url], ['didDocument', 'https://hospital.example/.well-known/did.json']);
  });

  test('only misuse throws, with a name and a code', async () => {
    const misuses = [[{}, {}, 'misuse.text'], ['{}', { now: 'today' }, 'misuse.now'], ['{}', { evidence: { x: 1 } }, 'misuse.evidence'], ['{}', { policy: { x: 1 } }, 'misuse.policy']];
    for (const [text, options, code] of misuses) {
      await assert.rejects(verifier.verify(text, options), { name: 'PassportVerifierError', code });
    }
    for (const text of ['', '[[[[', '\u0000', '['.repeat(1e6), `"${'x'.repeat(17 * 2 ** 20)}"`]) {
      assert.equal((await verifier.verify(text)).verdict, 'not-verified');
    }
  });
});

describe('in Chromium', () => {
  let browser;
  let server;
  const model = (name) => ({ name, mimeType: 'application/octet-stream', buffer: readFileSync(join(tests, 'real', 'model', name)) });
  const passport = (text) => ({ name: 'passport.json', mimeType: 'application/json', buffer: Buffer.from(text) });
  const input = (wanted) => cases.find(({ name }) => name === wanted).input;

  before(async () => {
    execFileSync(process.execPath, [join(root, 'verifier-wasm', 'build.mjs'), '--site', join(place, 'site')]);
    server = await serve(join(place, 'site'));
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  // A page that has loaded all it needs, with everything it asks for and complains about from then on.
  async function open(options) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(server.url);
    await page.waitForFunction(() => document.getElementById('version').textContent !== '…');
    const before = server.requests.length;
    const requests = [];
    context.on('request', (request) => requests.push(request.url()));
    const asked = () => [...requests, ...server.requests.slice(before)];
    const shot = async (name) => process.env.SHOTS && page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage: true });
    return { context, page, complaints, asked, shot };
  }

  async function judge(page, text, ...files) {
    await page.setInputFiles('#choose-passport', passport(text));
    await page.waitForSelector('#verdict');
    if (files.length > 0) {
      await page.setInputFiles('#choose-files', files);
      await page.waitForFunction(() => document.querySelectorAll('#files progress').length === 0 && !document.getElementById('busy').textContent);
    }
    return page.textContent('#verdict');
  }

  for (const webCrypto of [true, false]) {
    test(`every report is the library's, WebCrypto ${webCrypto ? 'on' : 'off'}`, async () => {
      const { context, page, complaints } = await open();
      const all = cases.map(({ name, input: text, options }) => ({ name, text, options: { ...options, webCrypto } }));
      const reports = await page.evaluate(async (given) => {
        const { verify } = await import('/verifier/index.js');
        const found = [];
        for (const { text, options } of given) found.push(JSON.stringify(await verify(text, options)));
        return found;
      }, all);
      cases.forEach(({ name, report }, at) => assert.deepEqual(JSON.parse(reports[at]), report, name));
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  test('a bundle and its model verify, and nothing leaves the page', async () => {
    const { context, page, complaints, asked, shot } = await open({ viewport: { width: 1100, height: 900 } });
    assert.match(await judge(page, input('bundle'), model('model.onnx'), model('model.safetensors')), /^Verified/);
    assert.match(await page.textContent('#result'), /byte for byte/);
    await shot('verified');
    assert.deepEqual(asked(), []);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('one byte of the model, and the page says which file', async () => {
    const { context, page, shot } = await open();
    const changed = model('model.onnx');
    changed.buffer[100] ^= 1;
    assert.match(await judge(page, input('bundle'), changed), /^Not verified/);
    assert.match(await page.textContent('#result'), /model\.onnx/);
    await shot('model-changed');
    await context.close();
  });

  test('what broke is named, and nothing of it is shown', async () => {
    const { context, page, shot } = await open({ colorScheme: 'dark' });
    assert.match(await judge(page, input('metric-changed')), /^Not verified/);
    assert.doesNotMatch(await page.textContent('#result'), /0\.9999/);
    await shot('metric-changed');
    await context.close();
    const { context: other, page: second } = await open();
    assert.match(await judge(second, input('parent-missing')), /could not|Could not/);
    await other.close();
  });

  test('hostile text is text', async () => {
    const { context, page, complaints, asked, shot } = await open({ viewport: { width: 320, height: 700 } });
    page.on('dialog', () => complaints.push('a dialog opened'));
    assert.match(await judge(page, input('hostile-text')), /^Verified/);
    const found = await page.evaluate(() => ({
      injected: document.querySelectorAll('#result img, #result script, #result iframe, #result [onerror], #result a[href^="javascript" i]').length,
      bidi: /[\u202a-\u202e\u2066-\u2069]/.test(document.body.textContent),
      wide: document.documentElement.scrollWidth > window.innerWidth,
    }));
    assert.deepEqual(found, { injected: 0, bidi: false, wide: false });
    await judge(page, `{"x":"${'y'.repeat(2 ** 20)}"}`);
    assert.deepEqual(asked(), []);
    assert.deepEqual(complaints, []);
    await shot('hostile');
    await context.close();
  });

  test('axe finds nothing, light and dark', async () => {
    const axe = read(dirname(createRequire(import.meta.url).resolve('axe-core')), 'axe.min.js');
    for (const colorScheme of ['light', 'dark']) {
      for (const name of ['bundle', 'metric-changed', 'parent-missing']) {
        const { context, page } = await open({ colorScheme, bypassCSP: true });
        await judge(page, input(name));
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], `${name}, ${colorScheme}`);
        await context.close();
      }
    }
  });
});
