// The page without a network: by its service worker, and as one file.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, test } from 'node:test';

import { seal } from '../../verifier-wasm/site.mjs';
import { caseOf, judge, launch, modelFile, open as openPage, passportFile, place, pasteOn, root, serveSite, settled } from './harness.mjs';
import { serve } from './server.mjs';

const BUNDLE = caseOf('bundle').input;

describe('without a network', () => {
  let browser;
  const built = join(place, 'site');

  before(async () => {
    await (await serveSite()).close();
    browser = await launch();
  });
  after(() => browser?.close());

  /** A site of its own, visited once, whose files may then be changed. */
  async function visited(name) {
    const folder = join(place, name);
    cpSync(built, folder, { recursive: true });
    const server = await serve(folder);
    const opened = await openPage(browser, server, { serviceWorkers: 'allow' });
    await opened.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    return { ...opened, folder, server };
  }
  const versionOf = (page) => page.evaluate(() => document.querySelector('meta[name=site-version]').content);
  const loaded = (page) => page.waitForFunction(() => document.getElementById('version').textContent !== '…');

  test('after the first visit the server may be gone', async () => {
    const { context, page, complaints, folder, server } = await visited('gone');
    await server.close();
    await page.reload();
    await loaded(page);
    assert.match(await judge(page, BUNDLE, modelFile('model.onnx')), /^Verified/);
    // Also the parts that are loaded when they are wanted.
    await page.getByRole('button', { name: 'Share' }).click();
    await page.waitForSelector('#share');
    await page.keyboard.press('Escape');
    await page.selectOption('#language', 'de');
    await page.waitForFunction(() => document.documentElement.lang === 'de');
    assert.deepEqual(complaints, []);
    const kept = await page.evaluate(async () => {
      const names = await caches.keys();
      return (await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname.slice(1))))).flat().sort();
    });
    assert.deepEqual(kept, Object.keys(JSON.parse(readFileSync(join(folder, 'files.json'), 'utf8')).files).sort());
    assert.ok(kept.every((path) => /\.(js|css|html|svg|wasm|txt)$/.test(path)), kept.join());
    assert.equal(await page.textContent('#site-version'), await versionOf(page));
    await context.close();
  });

  test('a file that changes on the server is not taken by itself', async () => {
    const { context, page, folder, server } = await visited('one-file');
    appendFileSync(join(folder, 'main.js'), '\ndocument.title = "changed";\n');
    await page.reload();
    await loaded(page);
    assert.notEqual(await page.title(), 'changed');
    assert.match(await judge(page, BUNDLE), /^Verified/);
    await context.close();
    // And whoever comes for the first time gets nothing instead of half of it.
    const other = await (await browser.newContext()).newPage();
    const refused = other.waitForEvent('console', (message) => /integrity/i.test(message.text()));
    await other.goto(server.url);
    await refused;
    await other.setInputFiles('#choose-passport', passportFile(BUNDLE));
    assert.equal(await other.locator('#verdict').count(), 0);
    await other.context().close();
    await server.close();
  });

  test('a new version with a file that is not its own is not taken', async () => {
    const { context, page, folder, server } = await visited('half');
    const before = await versionOf(page);
    appendFileSync(join(folder, 'icon.svg'), '<!-- new -->\n');
    seal(folder);
    appendFileSync(join(folder, 'icon.svg'), '<!-- and something else -->\n');
    const given = await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      const found = new Promise((resolve) => registration.addEventListener('updatefound', () => {
        registration.installing.addEventListener('statechange', ({ target }) => target.state !== 'installing' && resolve(target.state));
      }));
      registration.update().catch(() => {});
      return found;
    });
    assert.equal(given, 'redundant');
    await page.reload();
    await loaded(page);
    assert.equal(await versionOf(page), before);
    // Opening the page has made it try once more.
    await page.waitForFunction(async () => (await caches.keys()).length === 1);
    await context.close();
    await server.close();
  });

  test('a new version is taken at once where nothing is lost, and else when the user wants it', async () => {
    const { context, page, folder, server } = await visited('newer');
    const first = await versionOf(page);
    appendFileSync(join(folder, 'icon.svg'), '<!-- new -->\n');
    const second = seal(folder);
    assert.notEqual(second, first);
    await page.reload();
    await page.waitForFunction((version) => document.querySelector('meta[name=site-version]')?.content === version, second);
    await loaded(page);
    assert.match(await judge(page, BUNDLE), /^Verified/);

    appendFileSync(join(folder, 'icon.svg'), '<!-- newer -->\n');
    const third = seal(folder);
    await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
    await page.getByRole('button', { name: 'Reload with it' }).waitFor();
    assert.equal(await versionOf(page), second);
    // Another tab still runs on the files of the old one.
    const other = await context.newPage();
    await other.goto(server.url);
    await loaded(other);
    await page.getByRole('button', { name: 'Reload with it' }).click();
    await page.getByText('Close the other tabs').waitFor();
    assert.equal(await versionOf(other), second);
    await other.close();
    await page.reload();
    await page.waitForFunction((version) => document.querySelector('meta[name=site-version]')?.content === version, third);
    await page.waitForFunction(async () => (await caches.keys()).length === 1);
    await context.close();
    await server.close();
  });

  test('a new version throws away no settings, neither chosen ones nor an open panel', async () => {
    const { context, page, folder, server } = await visited('newer-settings');
    const first = await versionOf(page);
    const offered = async (name) => {
      appendFileSync(join(folder, 'icon.svg'), `<!-- ${name} -->\n`);
      seal(folder);
      await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
      await page.getByRole('button', { name: 'Reload with it' }).waitFor();
      assert.equal(await versionOf(page), first);
      await page.evaluate(() => document.getElementById('update').replaceChildren());
    };
    await page.click('#open-settings');
    await page.waitForSelector('#settings-title');
    await offered('open');
    await page.setInputFiles('#choose-policies', { name: 'ours.json', mimeType: 'application/json', buffer: Buffer.from('{"requireRecognition":true}') });
    await page.locator('.settings').getByText('ours.json').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await offered('chosen');
    await judge(page, BUNDLE);
    assert.match(await page.textContent('#checked-with'), /ours\.json/);
    await context.close();
    await server.close();
  });

  test('what is given while a new version takes over is not thrown away', async () => {
    const { context, page, folder, server } = await visited('newer-meanwhile');
    const first = await versionOf(page);
    // The worker is asked to take over, and hears it when a passport was given.
    await page.evaluate(() => {
      const { postMessage } = ServiceWorker.prototype;
      ServiceWorker.prototype.postMessage = function later(message) {
        globalThis.takeOver = () => postMessage.call(this, message);
      };
    });
    appendFileSync(join(folder, 'icon.svg'), '<!-- new -->\n');
    seal(folder);
    await page.evaluate(async () => { await (await navigator.serviceWorker.getRegistration()).update(); });
    await page.waitForFunction(() => globalThis.takeOver);
    assert.match(await judge(page, BUNDLE), /^Verified/);
    await page.evaluate(() => globalThis.takeOver());
    await page.getByRole('button', { name: 'Reload with it' }).waitFor();
    assert.equal(await versionOf(page), first);
    assert.match(await page.textContent('#verdict'), /^Verified/);
    await page.getByRole('button', { name: 'Reload with it' }).click();
    await page.waitForFunction((version) => document.querySelector('meta[name=site-version]')?.content !== version, first);
    await context.close();
    await server.close();
  });

  test('two versions of the page on one origin leave each other alone', async () => {
    const folder = join(place, 'two');
    for (const name of ['a', 'b']) cpSync(built, join(folder, name), { recursive: true });
    appendFileSync(join(folder, 'b', 'icon.svg'), '<!-- another -->\n');
    const versions = { 'a/': seal(join(folder, 'a')), 'b/': seal(join(folder, 'b')) };
    const server = await serve(folder, { policy: false });
    const context = await browser.newContext();
    const page = await context.newPage();
    for (const path of Object.keys(versions)) {
      await page.goto(`${server.url}${path}index.html`);
      await page.waitForFunction((scope) => navigator.serviceWorker.controller?.scriptURL === `${scope}sw.js`, server.url + path);
      await loaded(page);
    }
    assert.equal(await page.evaluate(async () => (await caches.keys()).length), 2);
    await server.close();
    for (const [path, version] of Object.entries(versions)) {
      await page.goto(`${server.url}${path}index.html`);
      await loaded(page);
      assert.equal(await versionOf(page), version);
      assert.match(await judge(page, BUNDLE), /^Verified/);
    }
    await context.close();
  });

  test('what is opened by a link is the page, and what is no file of it is not kept', async () => {
    const { context, page, folder, server } = await visited('links');
    writeFileSync(join(folder, 'passport.json'), BUNDLE);
    await page.goto(`${server.url}index.html#src=passport.json`);
    assert.match(await settled(page), /^Verified/);
    assert.equal(await page.evaluate(async () => Boolean(await caches.match('passport.json'))), false);
    await server.close();
    await page.goto(`${server.url}?x#lang=de`);
    await loaded(page);
    await context.close();
  });
});

describe('the single file', () => {
  let browser;
  let address;

  before(async () => {
    if (!existsSync(join(place, 'site'))) await (await serveSite()).close();
    address = pathToFileURL(join(place, 'site', 'model-passport-verifier.html')).href;
    browser = await launch();
  });
  after(() => browser?.close());

  async function openFile({ prepare, path = '', ...options } = {}) {
    const context = await browser.newContext({ offline: true, ...options });
    await prepare?.(context);
    const page = await context.newPage();
    const complaints = [];
    const requests = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    context.on('request', (request) => requests.push(request.url()));
    await page.goto(address + path);
    await page.waitForFunction(() => document.getElementById('version').textContent !== '…');
    const asked = () => requests.filter((url) => !url.startsWith(address) && !/^(data|blob):/.test(url));
    return { context, page, complaints, asked };
  }

  for (const [name, prepare] of Object.entries({
    'with a worker': undefined,
    'where there is no worker': (context) => context.addInitScript(() => { globalThis.Worker = class { constructor() { throw new DOMException('no', 'SecurityError'); } }; }),
    'where a worker does not start': (context) => context.addInitScript(() => {
      globalThis.Worker = class extends EventTarget {
        constructor() {
          super();
          setTimeout(() => this.dispatchEvent(new Event('error')));
        }
        postMessage() {}
        terminate() {}
      };
    }),
  })) {
    test(`checks a bundle and its model from a disk, ${name}`, async () => {
      const { context, page, complaints, asked } = await openFile({ prepare });
      assert.match(await judge(page, BUNDLE, modelFile('model.onnx'), modelFile('model.safetensors')), /^Verified/);
      assert.match(await page.textContent('#result'), /byte for byte/);
      const changed = modelFile('model.onnx');
      changed.buffer[7] ^= 1;
      await page.getByRole('button', { name: 'Remove: model.onnx' }).click();
      await page.setInputFiles('#choose-files', changed);
      assert.match(await settled(page), /^Not verified/);
      const large = join(place, 'large.bin');
      writeFileSync(large, Buffer.alloc(48 * 2 ** 20));
      await page.setInputFiles('#choose-files', large);
      await settled(page);
      assert.doesNotMatch(await page.textContent('#files'), /could not be read/);
      assert.deepEqual(asked(), []);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  test('has every language, QR codes and settings inside, and fetches nothing', async () => {
    const { context, page, complaints, asked } = await openFile({ path: '#lang=zh', bypassCSP: false });
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh');
    await page.selectOption('#language', 'en');
    await judge(page, caseOf('recognition').input);
    await page.getByRole('button', { name: 'Share' }).click();
    await page.locator('#share svg.qr').waitFor();
    await page.getByText('works here only').waitFor();
    await page.keyboard.press('Escape');
    await page.click('#open-settings');
    await page.waitForSelector('#settings-title');
    await page.getByRole('button', { name: /^Remove/ }).click();
    await judge(page, caseOf('did-web').input);
    await page.getByText('This page fetches nothing').waitFor();
    assert.equal(await page.locator('#needs-list button').count(), 0);
    await pasteOn(page, { text: 'https://lab.example/passport.json' });
    await page.getByText('https://lab.example/passport.json').waitFor();
    assert.equal(await page.locator('iframe').count(), 0);
    assert.deepEqual(asked(), []);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('says in itself that nothing else may run or be reached', async () => {
    const html = readFileSync(join(place, 'site', 'model-passport-verifier.html'), 'utf8');
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)[1];
    assert.match(policy, /^default-src 'none'; script-src 'sha256-[\w+/=]+' 'wasm-unsafe-eval'; worker-src blob:; style-src 'sha256-[\w+/=]+'; img-src data:; .*require-trusted-types-for 'script'/);
    assert.doesNotMatch(policy, /'self'|unsafe-inline|'unsafe-eval'|connect-src|https/);
    const markup = html.replace(/<(script|style)\b[^]*?<\/\1>/g, '');
    assert.ok(markup.length < 20_000);
    assert.doesNotMatch(markup, /<(script|link|img|iframe)[^>]*(src|href)="(?!data:)/);
    const { context, page } = await openFile();
    const injected = await page.evaluate(() => {
      const script = document.createElement('script');
      try {
        script.text = 'globalThis.injected = true';
        document.body.append(script);
      } catch { /* Trusted Types refused it first. */ }
      return globalThis.injected;
    });
    assert.equal(injected, undefined);
    await context.close();
  });

  test('two builds give the same bytes, and the page names them', () => {
    const again = join(place, 'again');
    const said = execFileSync(process.execPath, [join(root, 'verifier-wasm', 'build.mjs'), '--site', again], { encoding: 'utf8' });
    const files = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, path, name }) => join(parentPath ?? path, name).slice(folder.length)).sort();
    assert.deepEqual(files(again), files(join(place, 'site')));
    for (const file of files(again)) assert.ok(readFileSync(join(again, file)).equals(readFileSync(join(place, 'site', file))), file);
    const sha256 = createHash('sha256').update(readFileSync(join(again, 'model-passport-verifier.html'))).digest('hex');
    assert.ok(said.includes(sha256));
    assert.ok(readFileSync(join(again, 'index.html'), 'utf8').includes(sha256));
  });
});
