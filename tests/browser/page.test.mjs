// The cases through the package in Chromium, and the page as a person uses it.

import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import {
  axeSource, caseOf, cases, installPackage, judge, launch, modelFile, open as openPage, passportFile, place, read, root, serveSite,
} from './harness.mjs';
import { serve } from './server.mjs';

describe('in Chromium', () => {
  let browser;
  let server;
  const open = (options) => openPage(browser, server, options);

  before(async () => {
    server = await serveSite();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

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
    const [good, recalled] = ['everything', 'everything-recalled'].map((wanted) => caseOf(wanted));
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
    assert.match(await judge(page, caseOf('bundle').input, modelFile('model.onnx'), modelFile('model.safetensors')), /^Verified/);
    assert.match(await page.textContent('#result'), /byte for byte/);
    await shot('verified');
    assert.deepEqual(asked(), []);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('one byte of the model, and the page says which file', async () => {
    const { context, page, shot } = await open();
    const changed = modelFile('model.onnx');
    changed.buffer[100] ^= 1;
    assert.match(await judge(page, caseOf('bundle').input, changed), /^Not verified/);
    assert.match(await page.textContent('#result'), /model\.onnx/);
    await shot('model-changed');
    await context.close();
  });

  test('what broke is named, and nothing of it is shown', async () => {
    const { context, page, shot } = await open({ colorScheme: 'dark' });
    assert.match(await judge(page, caseOf('metric-changed').input), /^Not verified/);
    assert.doesNotMatch(await page.textContent('#result'), /0\.9999/);
    await shot('metric-changed');
    await context.close();
    const { context: other, page: second } = await open();
    assert.match(await judge(second, caseOf('parent-missing').input), /could not|Could not/);
    await other.close();
  });

  test('hostile text is text', async () => {
    const { context, page, complaints, asked, shot } = await open({ viewport: { width: 320, height: 700 } });
    assert.match(await judge(page, caseOf('hostile-text').input), /^Verified/);
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
    await page.setInputFiles('#choose-passport', passportFile(caseOf('bundle').input));
    await page.setInputFiles('#choose-files', { ...modelFile('model.onnx'), name: `${'n'.repeat(2 ** 20)}.onnx` });
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
    }, { text: caseOf('bundle').input, files: names.map((name) => [name, [...modelFile(name).buffer]]) });
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
    await judge(page, caseOf('bundle').input);
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
    await other.setInputFiles('#choose-passport', passportFile(caseOf('bundle').input));
    assert.match(await judge(other, caseOf('bundle').input), /^Could not check/);
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
    cpSync(installPackage(), folder, { recursive: true });
    const example = await serve(folder, { policy: false });
    const page = await browser.newPage();
    await page.goto(`${example.url}examples/page.html`);
    await page.setInputFiles('#passport', passportFile(caseOf('bundle').input));
    await page.getByText('verified (ok)').waitFor();
    await page.close();
    await example.close();
  });

  test('axe finds nothing, light and dark', async () => {
    const axe = axeSource();
    for (const colorScheme of ['light', 'dark']) {
      for (const name of ['bundle', 'metric-changed', 'parent-missing']) {
        const { context, page } = await open({ colorScheme, bypassCSP: true });
        await judge(page, caseOf(name).input);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], `${name}, ${colorScheme}`);
        await context.close();
      }
    }
  });
});
