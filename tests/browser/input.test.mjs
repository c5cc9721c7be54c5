// Every way into the page: drop, paste, link, QR code, folder, settings; and what hostile ones do not do.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { caseOf, dropOn, judge, launch, modelFile, open as openPage, passportFile, pasteOn, place, serveSite, settled } from './harness.mjs';

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const packed = (text) => base64url(deflateRawSync(text));
const jsonFile = (name, value) => ({ name, mimeType: 'application/json', buffer: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) });
const BUNDLE = caseOf('bundle').input;

// Large, and nothing of it is on the disk.
function withHoles(name, size) {
  const path = join(place, name);
  const file = openSync(path, 'w');
  ftruncateSync(file, size);
  closeSync(file);
  return path;
}

describe('into the page', () => {
  let browser;
  let server;
  const open = (options) => openPage(browser, server, options);
  const verdict = (page) => page.waitForSelector('#verdict').then(() => page.textContent('#verdict'));

  before(async () => {
    server = await serveSite();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  for (const [name, fragment] of Object.entries({
    compressed: packed(BUNDLE),
    'as it is': base64url(BUNDLE),
    'a compact JWS': base64url(caseOf('jose-es256').input),
    'a compressed JWS': packed(`${caseOf('jose-es256').input}\n`),
  })) {
    test(`a link holds a passport: ${name}`, async () => {
      const { context, page, complaints, asked } = await open({ path: `#passport=${fragment}` });
      assert.match(await verdict(page), /^Verified/);
      assert.deepEqual(asked(), []);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  for (const [name, fragment] of Object.entries({
    'not base64url': '#passport=%00%ff<img>',
    'base64url of nothing': '#passport=AAAA_-',
    'bytes that swell to gigabytes': `#passport=${base64url(deflateRawSync(Buffer.alloc(200 * 2 ** 20)))}`,
    'not UTF-8': `#passport=${base64url(Buffer.from([0x7b, 0xff, 0xfe]))}`,
    'a script as the address': '#src=javascript:alert(1)',
    'data as the address': '#src=data:application/json,{}',
    'a plain address': '#src=http://example.org/passport.json',
    'an address that the page may not ask': '#src=http://[::1]:8080/passport.json',
    'an address with a password': '#src=https://a:b@example.org/passport.json',
    'a file as the address': '#src=file:///etc/passwd',
    'a very long address': `#src=https://example.org/${'x'.repeat(10_000)}`,
  })) {
    test(`a link that is ${name} is refused, and asks for nothing`, async () => {
      const { context, page, complaints, asked } = await open({ path: fragment });
      await page.waitForSelector('#problem:not([hidden])');
      assert.equal(await page.locator('#verdict').count(), 0);
      assert.deepEqual(asked(), []);
      assert.deepEqual(complaints, []);
      await judge(page, BUNDLE);
      assert.match(await page.textContent('#verdict'), /^Verified/);
      await context.close();
    });
  }

  test('a megabyte of nonsense in a link gives a verdict on nonsense', async () => {
    const { context, page, complaints } = await open({ path: `#passport=${base64url(`{"x":"${'y'.repeat(10 ** 6)}"}`)}` });
    assert.match(await verdict(page), /^Not verified/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a link that is followed on the page is heard, and one that only skips is not', async () => {
    const { context, page } = await open();
    await page.evaluate((fragment) => { location.hash = fragment; }, `passport=${packed(BUNDLE)}&theme=dark`);
    assert.match(await verdict(page), /^Verified/);
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    await page.evaluate(() => { location.hash = 'main'; });
    await page.evaluate(() => { location.hash = 'lang=de'; });
    await page.waitForFunction(() => document.documentElement.lang === 'de');
    assert.equal(await page.locator('#files li').count(), 1);
    await context.close();
  });

  test('a passport of this site is fetched by its address; one of another waits for consent', async () => {
    const { context, page, asked } = await open({ path: '#lang=en' });
    await context.route(`${server.url}passports/one.json`, (route) => route.fulfill({ body: BUNDLE }));
    await page.evaluate(() => { location.hash = 'src=passports/one.json'; });
    assert.match(await verdict(page), /^Verified/);
    const others = () => asked().filter((url) => !url.endsWith('icon.svg'));
    assert.deepEqual(others(), [`${server.url}passports/one.json`]);
    await page.evaluate(() => { location.hash = 'src=https://lab.example/two.json'; });
    await page.waitForSelector('#needs-list');
    assert.match(await page.textContent('#needs-list'), /https:\/\/lab\.example\/two\.json/);
    assert.equal(others().length, 1);
    await context.close();
  });

  test('pasted: a text, a JWS, a file, a link, an address', async () => {
    const { context, page, asked } = await open();
    const clear = async () => {
      await page.locator('#files button', { hasText: 'Remove' }).first().click();
      await page.waitForFunction(() => document.querySelectorAll('#verdict').length === 0);
    };
    for (const pasted of [
      { text: BUNDLE }, { text: `${caseOf('jose-es256').input}\n` }, { files: [passportFile(BUNDLE)] },
      { text: `https://somewhere.example/verify/#passport=${packed(BUNDLE)}` },
    ]) {
      await pasteOn(page, pasted);
      assert.match(await verdict(page), /^Verified/);
      await clear();
    }
    await pasteOn(page, { text: 'https://lab.example/passport.json' });
    await page.waitForSelector('#needs-list');
    await pasteOn(page, { text: 'javascript:alert(1)' });
    await page.waitForSelector('#problem:not([hidden])');
    assert.deepEqual(asked(), []);
    await context.close();
  });

  test('what is pasted into a field is the field\'s', async () => {
    const { context, page } = await open();
    await page.click('#open-settings');
    await page.focus('#setting-challenge');
    await pasteOn(page, { text: BUNDLE });
    await page.focus('#main');
    assert.equal(await page.locator('#files li').count(), 0);
    await context.close();
  });

  test('dropped: a text, a link, a JWS file, a presentation', async () => {
    for (const [files, texts] of [
      [[], { 'text/plain': BUNDLE }],
      [[], { 'text/uri-list': `https://somewhere.example/#passport=${packed(BUNDLE)}` }],
      [[{ name: 'passport.jwt', mimeType: '', buffer: Buffer.from(`${caseOf('jose-es256').input}\n`) }], {}],
      [[jsonFile('presentation.json', caseOf('presentation-none-asked').input)], {}],
    ]) {
      const { context, page } = await open();
      await dropOn(page, files, texts);
      assert.match(await verdict(page), /^Verified/);
      await context.close();
    }
  });

  test('of several passports the first is checked, and another can be', async () => {
    const { context, page } = await open();
    await page.setInputFiles('#choose-passport', [jsonFile('a.json', BUNDLE), jsonFile('b.json', caseOf('metric-changed').input)]);
    assert.match(await verdict(page), /^Verified/);
    await page.getByRole('button', { name: 'Check this one: b.json' }).click();
    await page.waitForFunction(() => /^Not verified/.test(document.getElementById('verdict').textContent));
    await page.getByRole('button', { name: 'Remove: b.json' }).click();
    await page.waitForFunction(() => /^Verified/.test(document.getElementById('verdict').textContent));
    assert.notEqual(await page.evaluate(() => document.activeElement.tagName), 'BODY');
    await context.close();
  });

  test('what is given last is what is checked, and the verdict says which it is', async () => {
    const forged = caseOf('metric-changed').input;
    for (const give of [
      (page) => dropOn(page, [jsonFile('forged.json', forged)]),
      (page) => page.setInputFiles('#choose-passport', jsonFile('forged.json', forged)),
      (page) => pasteOn(page, { text: forged }),
      (page) => pasteOn(page, { text: `https://somewhere.example/#passport=${packed(forged)}` }),
    ]) {
      // Also after a link with another one.
      const { context, page } = await open({ path: `#passport=${packed(BUNDLE)}` });
      assert.match(await verdict(page), /^Verified/);
      assert.equal(await page.textContent('.checked-name'), 'Checked: from the link');
      await give(page);
      await page.waitForFunction(() => /^Not verified/.test(document.getElementById('verdict').textContent));
      assert.match(await page.textContent('.checked-name'), /^Checked: (forged\.json|pasted text|from the link)$/);
      const [first, second] = await page.locator('#files li').allTextContents();
      assert.match(first, /checked/);
      assert.match(second, /^from the link.*not checked by itself/);
      await context.close();
    }
  });

  test('a code that the page draws is read from its picture, and from the camera', async () => {
    const { context, page, asked, complaints } = await open();
    const small = caseOf('recognition').input;
    await judge(page, small);
    await page.getByRole('button', { name: 'Share' }).click();
    const picture = await page.locator('#share svg.qr').screenshot();
    const [address, passport] = (await page.inputValue('#share-link')).split('#passport=');
    assert.deepEqual([address, inflateRawSync(Buffer.from(passport, 'base64url')).toString()], [server.url, small]);
    await page.keyboard.press('Escape');
    await page.waitForSelector('#share', { state: 'detached' });
    assert.match(await page.evaluate(() => document.activeElement.textContent), /Share/);
    await page.getByRole('button', { name: /^Remove/ }).click();
    await page.waitForSelector('#verdict', { state: 'detached' });
    await dropOn(page, [{ name: 'code.png', mimeType: 'image/png', buffer: picture }]);
    assert.match(await verdict(page), /^Verified/);

    await page.getByRole('button', { name: /^Remove/ }).click();
    await page.waitForSelector('#verdict', { state: 'detached' });
    await page.evaluate(async (bytes) => {
      const image = await createImageBitmap(new Blob([Uint8Array.from(bytes)]));
      const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
      globalThis.streams = [];
      navigator.mediaDevices.getUserMedia = async () => {
        const context = canvas.getContext('2d');
        setInterval(() => {
          context.fillStyle = '#ccc';
          context.fillRect(0, 0, 640, 480);
          context.drawImage(image, 90, 10, 460, 460);
        }, 50);
        const stream = canvas.captureStream(20);
        globalThis.streams.push(stream);
        return stream;
      };
    }, [...picture]);
    await page.click('#scan');
    assert.match(await verdict(page), /^Verified/);
    assert.deepEqual(await page.evaluate(() => globalThis.streams.flatMap((stream) => stream.getTracks().map(({ readyState }) => readyState))), ['ended']);
    assert.deepEqual(asked().filter((url) => !/\/(qr|decode|share|chunk)-/.test(url)), []);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('without a camera the page says so, and Escape leaves', async () => {
    const { context, page } = await open();
    await page.evaluate(() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }; });
    await page.focus('#scan');
    await page.keyboard.press('Enter');
    await page.locator('#camera [role=alert]').waitFor();
    await page.keyboard.press('Escape');
    await page.waitForSelector('#camera', { state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement.id), 'scan');
    await context.close();
  });

  test('a picture without a code is no passport, and among files it is one of them', async () => {
    const { context, page } = await open();
    const picture = { name: 'photo.png', mimeType: 'image/png', buffer: await page.screenshot() };
    await dropOn(page, [picture]);
    await page.waitForSelector('#problem:not([hidden])');
    await judge(page, BUNDLE);
    await dropOn(page, [picture]);
    await page.locator('#files li').nth(1).waitFor();
    await settled(page);
    assert.equal(await page.isVisible('#problem'), false);
    await context.close();
  });

  test('what does not fit into a code is said', async () => {
    const { context, page } = await open();
    await judge(page, BUNDLE);
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByText('does not fit into a QR code').waitFor();
    assert.equal(await page.locator('svg.qr').count(), 0);
    await page.keyboard.press('Escape');
    await context.route(`${server.url}one.json`, (route) => route.fulfill({ body: BUNDLE }));
    await page.getByRole('button', { name: /^Remove/ }).click();
    await page.evaluate(() => { location.hash = 'src=one.json'; });
    await verdict(page);
    await page.getByRole('button', { name: 'Share' }).click();
    await page.locator('svg.qr').waitFor();
    assert.match(await page.inputValue('#share-iframe'), /^<iframe src="http:\/\/127\.0\.0\.1:\d+\/embed\.html#src=/);
    assert.match(await page.inputValue('#share-markdown'), /#src=http/);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: /^Copy: Link with/ }).click();
    await page.getByText('Copied').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.inputValue('#share-link'));
    await context.close();
  });

  test('trust lists and policies are chosen as such, and the verdict says what it rests on', async () => {
    const { context, page, asked } = await open();
    const { input, options: { policy } } = caseOf('trust-narrowed');
    const lists = policy.trust.map((list, index) => jsonFile(`trust-${index}.json`, list));
    await judge(page, input);
    await page.click('#open-settings');
    await page.setInputFiles('#choose-trust', lists);
    await page.locator('.setting .files').first().getByText('trust-1.json').waitFor();
    await page.setInputFiles('#choose-policies', jsonFile('policy.json', { profile: 'passport', requireRecognition: true }));
    await page.locator('#checked-with').getByText('policy.json').waitFor();
    await settled(page);
    const said = await page.textContent('#checked-with');
    for (const part of [/trust list “trust-0\.json” SHA-256 [0-9a-f]{64}/, /trust-1\.json/, /policy “policy\.json”/]) assert.match(said, part);
    for (const { buffer } of lists) assert.ok(said.includes(createHash('sha256').update(buffer).digest('hex')));
    assert.match(await page.locator('.setting .files').first().textContent(), /trust-0\.json.*trust-1\.json/);
    assert.deepEqual(asked().filter((url) => !/\/(settings|chunk)-/.test(url)), []);
    assert.equal(await page.evaluate(() => localStorage.length), 0);
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.waitForSelector('#checked-with', { state: 'detached' });
    await context.close();
  });

  test('what comes with a passport says nothing about how it is judged', async () => {
    const trust = jsonFile('license.json', caseOf('trust-narrowed').options.policy.trust[0]);
    const policy = jsonFile('config.json', { maxStatusAgeSecs: 315_360_000 });
    for (const give of [
      (page) => dropOn(page, [passportFile(BUNDLE), trust, policy]),
      async (page) => {
        await judge(page, BUNDLE);
        await dropOn(page, [trust]);
      },
      async (page) => {
        await judge(page, BUNDLE);
        await pasteOn(page, { text: trust.buffer.toString() });
      },
      (page) => page.setInputFiles('#choose-passport', [passportFile(BUNDLE), trust]),
    ]) {
      const { context, page } = await open();
      await give(page);
      await page.locator('#problem', { hasText: 'It is not used as such' }).waitFor();
      await settled(page);
      assert.equal(await page.locator('#checked-with').count(), 0);
      assert.equal(await page.locator('.settings').count(), 0);
      await page.click('#open-settings');
      await page.waitForSelector('#settings-title');
      assert.equal(await page.locator('.settings .files li').count(), 0);
      await context.close();
    }
  });

  test('what the verifier refuses as a policy is not used, in its words', async () => {
    const { context, page } = await open();
    await page.focus('#open-settings');
    await page.keyboard.press('Enter');
    await page.setInputFiles('#choose-policies', jsonFile('policy.json', { rules: [{ require: 'miracle' }] }));
    await page.waitForSelector('.settings .problem:not([hidden])');
    assert.equal(await page.locator('.settings .files li').count(), 0);
    await page.setInputFiles('#choose-policies', jsonFile('policy.json', 'not JSON'));
    await page.getByText('is not JSON').waitFor();
    for (const [text, problem] of [
      ...['true', '5', 'null', '[]', '"requireStatus"', '[{},[]]'].map((one) => [one, 'is no object']),
      ['{"requireStatus":true,"profile":"passport","require\\u0053tatus":false}', 'says “requireStatus” twice'],
      ['{"rules":[{"require":"credential","require":"credential"}]}', 'says “require” twice'],
    ]) {
      for (const list of ['policies', 'trust']) {
        const name = `${list}-${Math.random()}.json`;
        await page.setInputFiles(`#choose-${list}`, jsonFile(name, text));
        await page.locator('.settings .problem', { hasText: name }).getByText(problem).waitFor();
        assert.equal(await page.locator('.settings .files li').count(), 0);
      }
    }
    // The same name in two places is two things.
    await page.setInputFiles('#choose-policies', jsonFile('fine.json', '{"rules":[{"require":"credential","kind":"EvaluationAttestation"},{"require":"credential","kind":"DatasetPassport"}]}'));
    await page.locator('.settings .files', { hasText: 'fine.json' }).waitFor();
    await page.getByRole('button', { name: 'Reset' }).click();
    await judge(page, BUNDLE);
    assert.match(await page.textContent('#verdict'), /^Verified/);
    await context.close();
  });

  test('the time is the user\'s to choose, by the keyboard too', async () => {
    const { context, page } = await open();
    await judge(page, BUNDLE);
    await page.click('#open-settings');
    await page.fill('#setting-time', '2020-01-01T00:00:00');
    await page.keyboard.press('Tab');
    await page.waitForFunction(() => /^Not verified/.test(document.getElementById('verdict').textContent));
    assert.match(await page.textContent('#checked-with'), /2020-01-01T00:00:00Z/);
    await page.getByRole('button', { name: 'Close' }).press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'open-settings');
    await context.close();
  });

  test('another language leaves the focus where it is, also with the settings open', async () => {
    const { context, page } = await open();
    await page.click('#open-settings');
    await page.waitForSelector('#settings-title');
    const title = await page.textContent('#settings-title');
    await page.focus('#language');
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction((before) => document.getElementById('settings-title').textContent !== before, title);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'language');
    await context.close();
  });

  test('settings are remembered when the user wants it, and only then', async () => {
    const { context, page } = await open();
    await page.click('#open-settings');
    await page.setInputFiles('#choose-trust', jsonFile('ours.json', caseOf('trust-narrowed').options.policy.trust[1]));
    await page.getByText('ours.json').waitFor();
    assert.equal(await page.evaluate(() => localStorage.length), 0);
    await page.check('#remember');
    await page.reload();
    await judge(page, BUNDLE);
    assert.match(await page.textContent('#checked-with'), /ours\.json/);
    await page.click('#open-settings');
    await page.uncheck('#remember');
    assert.equal(await page.evaluate(() => localStorage.length), 0);
    await context.close();
  });

  test('a browser that stores nothing shows the page all the same', async () => {
    const { context, page } = await open({ prepare: (made) => made.addInitScript(() => {
      Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });
    }) });
    assert.match(await judge(page, BUNDLE), /^Verified/);
    await page.selectOption('#language', 'de');
    await page.waitForFunction(() => document.documentElement.lang === 'de');
    await context.close();
  });

  test('large files wait in a line, and can be given up, one or all', async () => {
    const large = ['one.bin', 'two.bin', 'three.bin'].map((name) => withHoles(name, 6 * 2 ** 30));
    const { context, page } = await open();
    await judge(page, BUNDLE);
    await page.setInputFiles('#choose-files', large);
    await page.locator('#files progress').nth(2).waitFor();
    assert.equal(await page.textContent('#uncovered'), 'Not read yet: 3 files, among them “one.bin”. The verdict does not cover them.');
    await page.getByText(/ a second, \d+ (second|minute)s? left/).waitFor();
    await page.getByRole('button', { name: 'Cancel: one.bin' }).click();
    await page.waitForFunction(() => document.querySelectorAll('#files progress').length === 2);
    await page.waitForFunction(() => Number(document.querySelector('#files progress').value) > 1);
    await page.getByRole('button', { name: 'Cancel all' }).click();
    await page.waitForFunction(() => document.querySelectorAll('#files li').length === 1);
    await page.setInputFiles('#choose-files', [modelFile('model.onnx')]);
    assert.match(await settled(page), /^Verified/);
    assert.equal(await page.textContent('#uncovered'), '');
    await context.close();
  });

  test('a file that cannot be read is named at the verdict', async () => {
    const { context, page } = await open();
    await judge(page, BUNDLE);
    const path = join(place, 'changes.onnx');
    writeFileSync(path, 'before');
    // What changes between choosing and reading cannot be read.
    await page.evaluate(() => {
      document.addEventListener('change', (event) => {
        event.stopImmediatePropagation();
        const [file] = event.target.files;
        globalThis.give = () => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(file);
          document.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
        };
      }, { capture: true, once: true });
    });
    await page.setInputFiles('#choose-files', path);
    writeFileSync(path, 'changed, and longer');
    // Browsers compare whole seconds.
    utimesSync(path, 0, 0);
    await page.evaluate(() => globalThis.give());
    await page.locator('#uncovered', { hasText: 'Could not be read: 1 file, “changes.onnx”' }).waitFor();
    await settled(page);
    assert.match(await page.textContent('#uncovered'), /The verdict does not cover it/);
    await context.close();
  });

  test('a large file is hashed by workers of the worker, under the policy of the page', async () => {
    const { context, page, complaints, asked } = await open();
    await page.setInputFiles('#choose-files', withHoles('large.bin', 96 * 2 ** 20));
    await page.getByRole('button', { name: 'Remove: large.bin' }).waitFor();
    assert.doesNotMatch(await page.textContent('#files'), /could not be read/);
    assert.ok(asked().includes('/verifier/hash/worker.js'));
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a folder of very many small files is read without a check for each', async () => {
    const { context, page } = await open();
    await judge(page, BUNDLE);
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      for (let count = 0; count < 2000; count += 1) dataTransfer.items.add(new File([`${count}`], `${count}.txt`));
      document.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
    });
    await page.waitForFunction(() => document.querySelectorAll('#files li').length === 100);
    await page.waitForFunction(() => document.querySelectorAll('#files progress').length === 0 && !document.getElementById('busy').textContent);
    await page.getByRole('button', { name: 'Show 1,901 more' }).click();
    await page.waitForFunction(() => document.querySelectorAll('#files li').length === 2001);
    await context.close();
  });

  test('the file that differs is marked, and its tensors can be asked for', async () => {
    const { context, page } = await open();
    const changed = modelFile('model.safetensors');
    changed.buffer[changed.buffer.length - 1] ^= 1;
    assert.match(await judge(page, BUNDLE, modelFile('model.onnx'), changed), /^Not verified/);
    const rows = await page.locator('#files li').allTextContents();
    assert.deepEqual(rows.map((row) => /differs/.test(row)), [false, false, true]);
    await page.getByRole('button', { name: /Compare the tensors of “model\.safetensors”/ }).click();
    // With the part of the package that compares, which tensor; without it, that it could not be done.
    await page.locator('#differing [role=status]').getByText(/1 tensor differs|could not be compared/).waitFor();
    await context.close();
  });

  test('a file differs from the passport that is checked only, and from none when there is none', async () => {
    const { context, page } = await open();
    const changed = modelFile('model.onnx');
    changed.buffer[7] ^= 1;
    const differing = page.locator('#files .differs');
    assert.match(await judge(page, BUNDLE, changed), /^Not verified/);
    assert.equal(await differing.count(), 1);
    await page.setInputFiles('#choose-passport', jsonFile('other.json', caseOf('recognition').input));
    await page.locator('.checked-name', { hasText: 'other.json' }).waitFor();
    await settled(page);
    assert.equal(await differing.count(), 0);
    await page.getByRole('button', { name: 'Check this one: passport.json' }).click();
    await differing.waitFor();
    for (const name of ['passport.json', 'other.json']) await page.getByRole('button', { name: `Remove: ${name}` }).click();
    await page.waitForSelector('#verdict', { state: 'detached' });
    assert.equal(await differing.count(), 0);
    await context.close();
  });
});
