// The cases through the package in Chromium, and the page as a person uses it.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import {
  axeViolations, caseOf, cases, judge, launch, modelFile, open as openPage, passportFile, read, root, serveSite,
} from './harness.mjs';

const PSEUDO = `
  import en from '/verifier/view/texts/en.js';
  const accents = { a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ú', c: 'ç', n: 'ñ', s: 'š', r: 'ř', t: 'ť', l: 'ĺ', d: 'ď', z: 'ž', y: 'ý', g: 'ğ', h: 'ĥ', b: 'ƀ', m: 'ɱ', p: 'ƥ', k: 'ķ', f: 'ƒ', v: 'ṽ', w: 'ŵ', j: 'ĵ', x: 'ẋ', q: 'ʠ' };
  const accent = (text) => text.replace(/\\{\\w+\\}|[a-z]/gi, (part) => part.length > 1 ? part : (accents[part.toLowerCase()] ?? part));
  const longer = (text) => typeof text === 'string' ? accent(text) : Object.fromEntries(Object.entries(text).map(([form, one]) => [form, accent(one)]));
  const terms = new Proxy({}, {
    get: (_, name) => accent(String(name)),
    getOwnPropertyDescriptor: (_, name) => ({ value: accent(String(name)), configurable: true, enumerable: true, writable: true }),
  });
  export default { ui: Object.fromEntries(Object.entries(en.ui).map(([key, text]) => [key, longer(text)])), codes: {}, terms };
`;

describe('in Chromium', () => {
  let browser;
  let server;
  // `pseudo` replaces the German texts by English ones with accents.
  const open = ({ pseudo, ...options } = {}) => openPage(browser, server, {
    ...options,
    prepare: async (context) => {
      if (pseudo) await context.route('**/de-*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: PSEUDO }));
    },
  });

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
    for (let count = 0; count < 8; count += 1) {
      await page.keyboard.press('Tab');
      stops.push(await focused());
    }
    assert.deepEqual(stops, ['Skip to the content', 'language', 'theme', 'choose-passport', 'choose-files', 'choose-folder', 'scan', 'open-settings']);
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
    await context.unrouteAll({ behavior: 'ignoreErrors' });
    await page.close();
    await context.close();
  });

  test('the policy is strict, and the files keep to it', async () => {
    const response = await fetch(server.url);
    const policy = response.headers.get('content-security-policy');
    for (const part of ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) {
      assert.ok(policy.includes(part), part);
    }
    assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|https?:|\*/);
    const fetching = (await fetch(`${server.url}fetch.html`)).headers.get('content-security-policy');
    assert.match(fetching, /default-src 'none'; script-src 'self'; connect-src https: .*frame-ancestors 'self'/);
    for (const name of readdirSync(join(root, 'www'), { recursive: true }).filter((file) => /\.(js|html|css)$/.test(file))) {
      const text = read(root, 'www', name).replaceAll(/http:\/\/(127\.0\.0\.1|localhost):\*/g, '');
      assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\son\w+="|\sstyle="|https?:\/\/(?!www\.w3\.org\/2000\/svg)/, name);
    }
  });

  test('no text of the page is written in the code', async () => {
    const { context, page, shot } = await open({ path: '#lang=de', viewport: { width: 320, height: 800 }, pseudo: true });
    const leftOver = () => page.evaluate(() => {
      const found = new Set();
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        // Of strangers, of the verifier, names of languages, and what is there to be copied or run.
        const isOther = node.parentElement.closest('code, bdi, pre, [lang=en], #language, noscript, script, textarea, svg');
        if (!isOther && /[A-Za-z]{3,}/.test(node.data)) found.add(node.data);
      }
      for (const one of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
        for (const name of ['aria-label', 'title', 'placeholder']) {
          const value = one.getAttribute(name)?.replace(/:.*$/, '');
          if (value && /[A-Za-z]{3,}/.test(value) && !one.closest('[lang=en]')) found.add(value);
        }
      }
      // Units, algorithms and file names are the same in every language.
      return [...found].filter((text) => !/^[\s,()\d.]*((KiB|MiB|SHA-256|WebAssembly|JSON|did:\S*|urn:\S*)[\s,()\d.]*)*$/.test(text));
    });
    assert.deepEqual(await leftOver(), [], 'empty');
    await page.click('#open-settings');
    await page.setInputFiles('#choose-passport', passportFile(caseOf('did-web').input));
    await page.waitForSelector('#needs-list');
    assert.deepEqual(await leftOver(), [], 'needs and settings');
    await shot('pseudo');
    await page.locator('#tools button').nth(1).click();
    await page.waitForSelector('#share');
    assert.deepEqual(await leftOver(), [], 'share');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await context.close();
  });

  test('the language and the colours can be changed, with what is there', async () => {
    const { context, page } = await open();
    await judge(page, caseOf('bundle').input);
    await page.focus('#language');
    await page.selectOption('#language', 'fr');
    await page.waitForFunction(() => document.documentElement.lang === 'fr');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'language');
    assert.ok(await page.textContent('#verdict'));
    await page.selectOption('#theme', 'dark');
    const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.selectOption('#theme', 'light');
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), dark);
    await page.reload();
    await page.waitForFunction(() => document.documentElement.lang === 'fr' && document.documentElement.dataset.theme === 'light');
    await context.close();
  });

  test('the first load asks for what it needs and no more', async () => {
    const { context, page } = await open();
    const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname));
    for (const later of [/^\/(de|fr|es|zh)-/, /decode-/, /tensors-/, /share-/, /settings-/, /qr-/, /compare-/, /fetch/]) assert.deepEqual(loaded.filter((path) => later.test(path)), []);
    const twice = loaded.filter((path, index) => loaded.indexOf(path) !== index && path !== '/icon.svg');
    assert.ok(loaded.includes('/worker.js') && loaded.includes('/verifier/pkg/verifier_bg.wasm'), loaded.join());
    assert.deepEqual(twice, []);
    await context.close();
  });

  test('two passports are compared by the view', async () => {
    const { context, page } = await open();
    await judge(page, caseOf('bundle').input);
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Compare with another passport' }).click()]);
    await chooser.setFiles(passportFile(caseOf('metric-changed').input));
    await page.waitForSelector('#comparison h2');
    assert.equal(await page.evaluate(() => document.activeElement.closest('#comparison') !== null), true);
    assert.equal(await page.locator('#result > *').count(), 0);
    await page.keyboard.press('Enter');
    assert.match(await page.textContent('#verdict'), /^Verified/);
    assert.equal(await page.locator('#comparison > *').count(), 0);
    await context.close();
  });

  test('print is asked for, and the printed page has the verdict and no controls', async () => {
    const { context, page } = await open();
    await judge(page, caseOf('bundle').input);
    await page.evaluate(() => { globalThis.print = () => { globalThis.printed = true; }; });
    await page.getByRole('button', { name: 'Print or save as PDF' }).click();
    assert.ok(await page.evaluate(() => globalThis.printed));
    await page.emulateMedia({ media: 'print' });
    assert.ok(await page.isVisible('#verdict'));
    for (const hidden of ['#input', '#tools', '#menus']) assert.equal(await page.isVisible(hidden), false, hidden);
    await context.close();
  });

  describe('axe finds nothing', () => {
    const states = {
      empty: async () => {},
      verified: (page) => judge(page, caseOf('bundle').input, modelFile('model.onnx')),
      failed: (page) => judge(page, caseOf('metric-changed').input),
      settings: async (page) => {
        await page.click('#open-settings');
        await page.setInputFiles('#choose-trust', [{ name: 'trust.json', mimeType: 'application/json', buffer: Buffer.from('{"name":"t","issuers":[]}') }, { name: 'no.json', mimeType: 'application/json', buffer: Buffer.from('no') }]);
        await page.waitForSelector('.settings .problem:not([hidden])');
      },
      needs: async (page) => {
        await judge(page, caseOf('did-web').input);
        await page.waitForSelector('#needs-list');
      },
      consent: async (page) => {
        await judge(page, caseOf('did-web').input);
        await page.locator('#needs-list button').first().click();
        await page.waitForSelector('#consent');
      },
      share: async (page) => {
        await judge(page, caseOf('recognition').input);
        await page.locator('#tools button').nth(1).click();
        await page.waitForSelector('#share');
      },
    };
    for (const colorScheme of ['light', 'dark']) {
      test(colorScheme, async () => {
        for (const [name, arrive] of Object.entries(states)) {
          const { context, page, shot } = await open({ colorScheme, bypassCSP: true, viewport: { width: 320, height: 800 } });
          await arrive(page);
          assert.deepEqual(await axeViolations(page), [], name);
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} fits`);
          await shot(`${name}-${colorScheme}`);
          await context.close();
        }
      });
    }
    test('in every language', async () => {
      for (const locale of ['de', 'es', 'fr', 'zh']) {
        const { context, page } = await open({ path: `#lang=${locale}`, bypassCSP: true });
        await judge(page, caseOf('did-web').input);
        assert.deepEqual(await axeViolations(page), [], locale);
        await context.close();
      }
    });
  });
});
