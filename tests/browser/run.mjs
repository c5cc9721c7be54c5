// The cases through the packed npm package, in node and in Chromium, with and without WebCrypto; and the page as
// a person uses it. Needs verifier-wasm/pkg, which `node verifier-wasm/build.mjs` makes.
//
//   CHROMIUM   where the browser is, if not at /usr/bin/chromium
//   SHOTS      a folder for screenshots, to be looked at

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { chromium } from 'playwright-core';

import { artifact } from '../bench/subject.mjs';
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

  test('a file is hashed alike whole, in parts and without WebCrypto, and can be given up', async (t) => {
    const bytes = new Uint8Array(9 * 2 ** 20 + 5).map((_, at) => at * 31);
    async function* parts() {
      for (let at = 0; at < bytes.length; at += 700_001) yield bytes.subarray(at, at + 700_001);
    }
    const seen = [];
    const whole = await verifier.hashFile(new Blob([bytes]), { onProgress: ({ done, total }) => seen.push([done, total]) });
    assert.deepEqual(seen.at(-1), [bytes.length, bytes.length]);
    assert.deepEqual(whole.merkleRoot, artifact({ path: 'x', bytes: Buffer.from(bytes) }).merkleRoot);
    assert.deepEqual(await verifier.hashFile(parts()), whole);
    assert.deepEqual(await verifier.hashFile(new Blob([bytes]).stream()), whole);
    await assert.rejects(verifier.hashFile(new Blob([bytes]), { signal: AbortSignal.abort() }), { name: 'AbortError' });
    t.mock.getter(globalThis, 'crypto', () => ({}));
    assert.deepEqual(await verifier.hashFile(new Blob([bytes])), whole);
  });

  test('hashing a large file keeps memory flat', async () => {
    const part = new Uint8Array(2 ** 20);
    async function* large() {
      for (let count = 0; count < 512; count += 1) yield part;
    }
    const before = process.memoryUsage().rss;
    const { size } = await verifier.hashFile(large());
    assert.equal(size, 512 * 2 ** 20);
    assert.ok(process.memoryUsage().rss - before < 128 * 2 ** 20);
  });

  test('a host whose WebCrypto refuses gives the same reports', async (t) => {
    for (const refused of ['importKey', 'verify']) {
      t.mock.method(crypto.subtle, refused, async () => { throw new DOMException('no', 'NotSupportedError'); });
      for (const { name, input, options, report } of cases.filter(({ name: one }) => /^(ecdsa|eddsa|bundle|claim)/.test(one))) {
        assert.deepEqual(await verifier.verify(input, options), report, name);
      }
      t.mock.restoreAll();
    }
  });

  test('a crash is an error and no verdict, and the calls around it are not touched', async () => {
    const { input, options, report } = cases.find(({ name }) => name === 'bundle');
    const before = verifier.verify(input, options);
    // More than the memory that the verifier declares.
    const flood = { domain: ['é'.repeat(95e6)] };
    await assert.rejects(verifier.verify('{}', { policy: flood }), { name: 'PassportVerifierError', code: 'verifier.stopped' });
    assert.deepEqual(await before, report);
    assert.deepEqual(await verifier.verify(input, options), report);
  });

  test('WebAssembly with another digest is not run', async () => {
    const copy = join(place, 'copy');
    cpSync(installed, copy, { recursive: true });
    const wasm = join(copy, 'pkg', 'verifier_bg.wasm');
    // An empty custom section: it would run all the same.
    writeFileSync(wasm, Buffer.concat([readFileSync(wasm), Buffer.from([0, 1, 0])]));
    const changed = await import(pathToFileURL(join(copy, 'node.js')));
    await assert.rejects(changed.version(), { code: 'verifier.not-loaded' });
  });

  test('the example prints a verdict and exits by it', () => {
    const example = join(place, 'example.mjs');
    cpSync(join(installed, 'examples', 'node.mjs'), example);
    const run = (name, ...files) => spawnSync(process.execPath, [example, join(tests, 'cases', name, 'input.json'), ...files], { encoding: 'utf8' });
    const good = run('bundle', join(tests, 'real', 'model', 'model.onnx'));
    assert.match(good.stdout, /^verified/);
    assert.equal(good.status, 0);
    assert.equal(run('claim-changed').status, 1);
    assert.equal(run('parent-missing').status, 2);
  });

  test('the types say what the schema of the report says', () => {
    const types = read(installed, 'index.d.ts');
    const schema = JSON.parse(read(root, 'contexts', 'passport', 'report.schema.json')).properties;
    const union = (name) => [...new RegExp(`type ${name} =([^;]+);`).exec(types)[1].matchAll(/'([^']+)'/g)].map(([, value]) => value);
    assert.deepEqual(union('Verdict'), schema.verdict.enum);
    assert.deepEqual(union('Stage'), schema.checks.items.properties.check.enum);
    assert.deepEqual(union('Outcome'), schema.checks.items.properties.outcome.enum);
    assert.deepEqual(union('NodeState').sort(), [...schema.nodes.items.properties.state.enum].sort());
    const members = (name) => [...new RegExp(`interface ${name} {([^}]+)}`).exec(types)[1].matchAll(/^ {2}(\w+)(\??):/gm)].map(([, member, optional]) => [member, optional === '']);
    const described = ({ properties, required }) => Object.keys(properties).map((member) => [member, required.includes(member)]);
    assert.deepEqual(members('Check'), described(schema.checks.items));
    assert.deepEqual(members('Node'), described(schema.nodes.items));
    assert.deepEqual(members('Report').map(([member]) => member), Object.keys(schema));
  });

  test('what is needed is named', async () => {
    const { input } = cases.find(({ name }) => name === 'did-web-without-document');
    const [need] = await verifier.needs(input);
    assert.deepEqual([need.kind, need.url], ['didDocument', 'https://hospital.example/.well-known/did.json']);
  });

  test('only misuse throws, with a name and a code', async () => {
    const misuses = [[{}, {}, 'misuse.text'], ['{}', { now: 'today' }, 'misuse.now'], ['{}', { evidence: { x: 1 } }, 'misuse.evidence'], ['{}', { policy: { x: 1 } }, 'misuse.policy'], ['{}', { evidence: { credentials: ['x'.repeat(28 * 2 ** 20)] } }, 'misuse.evidence']];
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

  test('a bundle with everything verifies where there is no network', async () => {
    const { context, page, complaints, asked } = await open();
    const [good, recalled] = ['everything', 'everything-recalled'].map((wanted) => cases.find(({ name }) => name === wanted));
    await page.evaluate(async ({ text, options }) => (await import('/verifier/index.js')).verify(text, options), { text: good.input, options: good.options });
    const before = asked().length;
    await context.setOffline(true);
    for (const { input: text, options, report } of [good, recalled]) {
      const found = await page.evaluate(async (given) => (await import('/verifier/index.js')).verify(given.text, given.options), { text, options });
      assert.deepEqual(found, report);
    }
    assert.deepEqual(asked().slice(before), []);
    assert.deepEqual(complaints, []);
    await context.close();
  });

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

  test('what is very long is cut, and can be seen', async () => {
    const { context, page } = await open();
    await page.setInputFiles('#choose-passport', passport(input('bundle')));
    await page.setInputFiles('#choose-files', { ...model('model.onnx'), name: `${'n'.repeat(2 ** 20)}.onnx` });
    const name = page.locator('#files .file-name').nth(1);
    const more = name.getByRole('button', { name: /Show all 1,048,581 characters/ });
    assert.ok((await name.textContent()).length < 400);
    await more.click();
    assert.equal((await name.textContent()).length, 2 ** 20 + 5);
    await context.close();
  });

  test('a passport and its model are dropped together', async () => {
    const { context, page, asked } = await open();
    const names = ['model.onnx', 'model.safetensors'];
    await page.evaluate(async ({ text, files }) => {
      const dataTransfer = new DataTransfer();
      for (const [name, bytes] of files) dataTransfer.items.add(new File([Uint8Array.from(bytes)], name));
      dataTransfer.items.add(new File([text], 'bundle.json'));
      document.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
    }, { text: input('bundle'), files: names.map((name) => [name, [...model(name).buffer]]) });
    await page.getByText('byte for byte').first().waitFor({ state: 'attached' });
    assert.match(await page.textContent('#verdict'), /^Verified/);
    assert.deepEqual(asked(), []);
    await context.close();
  });

  test('the keyboard alone is enough', async () => {
    const { context, page } = await open();
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
    const stops = [];
    for (let count = 0; count < 3; count += 1) {
      await page.keyboard.press('Tab');
      stops.push(await focused());
    }
    assert.deepEqual(stops, ['choose-passport', 'choose-files', 'choose-folder']);
    await judge(page, input('bundle'));
    assert.equal(await focused(), 'verdict');
    const first = page.locator('#checks summary').first();
    await first.focus();
    await page.keyboard.press('Enter');
    assert.ok(await page.locator('#checks details').first().evaluate((details) => details.open));
    await context.close();
  });

  test('WebAssembly with another digest is not run', async () => {
    const { context, page } = await open();
    await context.route('**/*.wasm', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: Buffer.concat([await response.body(), Buffer.from([0, 1, 0])]) });
    });
    const other = await context.newPage();
    await other.goto(server.url);
    await other.locator('#problem').filter({ hasText: 'could not be loaded' }).waitFor();
    await other.setInputFiles('#choose-passport', passport(input('bundle')));
    assert.match(await judge(other, input('bundle')), /^Could not check/);
    await page.close();
    await context.close();
  });

  test('the policy is strict, and the files keep to it', async () => {
    const response = await fetch(server.url);
    const policy = response.headers.get('content-security-policy');
    for (const part of ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) {
      assert.ok(policy.includes(part), part);
    }
    for (const name of readdirSync(join(root, 'www')).filter((file) => !file.endsWith('.md'))) {
      const text = read(root, 'www', name);
      assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\son\w+="|\sstyle="|https?:\/\/(?!www\.w3\.org\/2000\/svg)/, name);
    }
  });

  test('the example page says a verdict', async () => {
    const folder = join(place, 'example');
    cpSync(installed, folder, { recursive: true });
    const example = await serve(folder, { policy: false });
    const page = await browser.newPage();
    await page.goto(`${example.url}examples/page.html`);
    await page.setInputFiles('#passport', passport(input('bundle')));
    await page.getByText('verified (ok)').waitFor();
    await page.close();
    await example.close();
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
