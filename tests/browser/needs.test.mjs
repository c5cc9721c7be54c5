// What is missing: named, fetched by consent only, from a document that sees nothing of the page; and hostile answers.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { caseOf, dropOn, judge, launch, open as openPage, passportFile, serveSite, settled } from './harness.mjs';

const MIB = 2 ** 20;

/** A server of somebody else, that notes who asks how. */
async function strangers(answers) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url, headers: request.headers });
    answers[request.url](response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    asked,
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}

const OPEN = { 'access-control-allow-origin': '*' };
const BUNDLE = caseOf('bundle').input;
const VERDICTS = { verified: 'Verified', 'verified-with-warnings': 'Verified, with warnings', 'not-verified': 'Not verified' };

describe('what is missing', () => {
  let browser;
  let server;
  const open = (options) => openPage(browser, server, options);
  // The documents that a case has, from the addresses that its passport names.
  const publish = (context, { options: { evidence } }) => Promise.all(evidence.documents.map(({ url, text }) => context.route(url, (route) => route.fulfill({ body: text, headers: OPEN }))));
  const agree = async (page) => {
    await page.waitForSelector('#consent[open]');
    await page.locator('#consent button').first().click();
  };

  before(async () => {
    server = await serveSite();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  test('it is named with its address and why, fetched when the user agrees, and the frame is gone then', async () => {
    const { context, page, asked, complaints, shot } = await open();
    const { input, options, options: { now } } = caseOf('did-web');
    await page.clock.setFixedTime(now);
    await publish(context, { options });
    assert.match(await judge(page, input), /^Could not check/);
    await page.waitForSelector('#needs-list');
    assert.match(await page.textContent('#needs-list'), /https:\/\/hospital\.example\/\.well-known\/did\.json.*it lists the keys/i);
    await shot('needs');
    await page.getByRole('button', { name: /^Fetch: https:\/\/hospital/ }).click();
    await page.waitForSelector('#consent[open]');
    assert.match(await page.textContent('#consent'), /hospital\.example/);
    await shot('consent');
    await page.keyboard.press('Escape');
    await page.waitForSelector('#consent', { state: 'detached' });
    assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /^Fetch/);
    assert.deepEqual(asked(), []);
    assert.equal(await page.locator('iframe').count(), 0);

    await page.keyboard.press('Enter');
    await agree(page);
    await page.waitForFunction(() => /^Verified/.test(document.getElementById('verdict').textContent));
    assert.equal(await page.locator('iframe').count(), 0);
    assert.equal(await page.locator('#needs-list').count(), 0);
    assert.deepEqual(asked().filter((url) => !url.startsWith(server.url) && !url.startsWith('/')), ['https://hospital.example/.well-known/did.json']);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('all that is missing is fetched by one consent', async () => {
    const { context, page } = await open();
    const { input, options, report } = caseOf('status-several');
    await page.clock.setFixedTime(options.now);
    await publish(context, { options });
    await judge(page, input);
    await page.getByRole('button', { name: /^Fetch all 2/ }).click();
    await agree(page);
    await page.waitForFunction((words) => document.getElementById('verdict').textContent === words, VERDICTS[report.verdict]);
    assert.equal(await page.locator('#needs-list').count(), 0);
    await context.close();
  });

  test('it can be brought as a file: by its row, or dropped by its name', async () => {
    const { input, options } = caseOf('did-web');
    const [{ text }] = options.evidence.documents;
    for (const bring of [
      (page, file) => page.setInputFiles('#needs-list input', file),
      (page, file) => dropOn(page, [file]),
    ]) {
      const { context, page, asked } = await open();
      await page.clock.setFixedTime(options.now);
      await judge(page, input);
      await page.waitForSelector('#needs-list');
      await bring(page, { name: 'did.json', mimeType: 'application/json', buffer: Buffer.from(text) });
      await page.waitForFunction(() => /^Verified/.test(document.getElementById('verdict').textContent));
      assert.equal(await page.locator('#files li').count(), 1);
      assert.deepEqual(asked(), []);
      // It does not go along in a link, and that is said.
      await page.getByRole('button', { name: 'Share' }).click();
      assert.match(await page.textContent('#share-without'), /^1 other document that the check had is not in the link/);
      await context.close();
    }
  });

  test('a file of the user is not taken for what a link leads to, and no link to there is made of it', async () => {
    const { context, page } = await open({ path: '#src=https://lab.example/passport.json' });
    await page.waitForSelector('#needs-list');
    await dropOn(page, [passportFile(BUNDLE)]);
    assert.match(await settled(page), /^Verified/);
    assert.match(await page.textContent('#files li'), /^passport\.json/);
    assert.match(await page.textContent('#needs-list'), /https:\/\/lab\.example\/passport\.json/);
    // Chosen for it by its row, it still does not lie there as far as anybody knows.
    await page.setInputFiles('#needs-list input', { ...passportFile(caseOf('recognition').input), name: 'mine.json' });
    await page.locator('.checked-name', { hasText: 'mine.json' }).waitFor();
    await settled(page);
    await page.getByRole('button', { name: 'Share' }).click();
    await page.waitForSelector('#share-link');
    assert.equal(await page.locator('#share-source, #share-markdown').count(), 0);
    await context.close();
  });

  test('when all is removed nothing is fetched any more, and what still arrives is not taken', async () => {
    const { context, page } = await open({ path: '#src=https://slow.example/p.json' });
    let asked;
    const isAsked = new Promise((resolve) => { asked = resolve; });
    await context.route('https://slow.example/**', (route) => asked(route));
    await page.getByRole('button', { name: /^Fetch/ }).click();
    await agree(page);
    const route = await isAsked;
    await page.setInputFiles('#choose-passport', [passportFile(BUNDLE), { ...passportFile(caseOf('recognition').input), name: 'other.json' }]);
    await settled(page);
    await page.getByRole('button', { name: 'Remove all' }).click();
    await page.waitForSelector('#verdict', { state: 'detached' });
    assert.equal(await page.locator('#needs-list').count(), 0);
    assert.equal(await page.locator('iframe').count(), 0);
    await route.fulfill({ body: BUNDLE, headers: OPEN }).catch(() => {});
    // What is given afterwards is all there is.
    await judge(page, caseOf('recognition').input);
    assert.equal(await page.locator('#files li').count(), 1);
    await context.close();
  });

  test('a credential without an address is asked for as a file only', async () => {
    const { context, page } = await open();
    await judge(page, caseOf('parent-missing').input);
    await page.waitForSelector('#needs-list');
    assert.equal(await page.locator('#needs-list button').count(), 0);
    assert.ok(await page.locator('#needs-list input[type=file]').count() > 0);
    await context.close();
  });

  test('a stranger is asked without cookies, without a referrer, and by nobody\'s name', async () => {
    const stranger = await strangers({ '/passport.json': (response) => response.writeHead(200, OPEN).end(BUNDLE) });
    const { context, page } = await open({ path: `#src=${stranger.url}/passport.json` });
    await context.addCookies([{ name: 'secret', value: '1', url: stranger.url }]);
    await page.waitForSelector('#needs-list');
    assert.deepEqual(stranger.asked, []);
    await page.getByRole('button', { name: /^Fetch/ }).click();
    await agree(page);
    assert.match(await settled(page), /^Verified/);
    assert.equal(stranger.asked.length, 1);
    const [{ headers }] = stranger.asked;
    assert.deepEqual([headers.cookie, headers.referer, headers.origin], [undefined, undefined, 'null']);
    await context.close();
    await stranger.close();
  });

  test('answers that are refused are said in words, and nothing of them counts', async () => {
    const stranger = await strangers({
      '/closed': (response) => response.writeHead(200).end(BUNDLE),
      '/absent': (response) => response.writeHead(404, OPEN).end(BUNDLE),
      '/elsewhere': (response) => response.writeHead(302, { ...OPEN, location: '/closed' }).end(),
      '/claims-large': (response) => response.writeHead(200, { ...OPEN, 'content-length': 17 * MIB }).end(Buffer.alloc(17 * MIB)),
      '/large': (response) => {
        response.writeHead(200, OPEN);
        for (let count = 0; count < 17; count += 1) response.write(Buffer.alloc(MIB, 'x'));
        response.end();
      },
      '/bytes': (response) => response.writeHead(200, OPEN).end(Buffer.from([0xff, 0xfe, 0xfd])),
      '/slow': (response) => response.writeHead(200, OPEN).write('{'),
    });
    const { context, page, asked } = await open();
    const problems = {
      '/closed': /does not let other pages read it.*download it yourself/i, '/absent': /not there/, '/elsewhere': /leads elsewhere/,
      '/claims-large': /larger/, '/large': /larger/, '/bytes': /not UTF-8/, '/slow': /too long/,
    };
    for (const path of Object.keys(problems)) {
      await page.evaluate((url) => { location.hash = `src=${url}`; }, stranger.url + path);
      await page.getByText(stranger.url + path).waitFor();
    }
    await page.getByRole('button', { name: /^Fetch all 7/ }).click();
    await agree(page);
    for (const [path, problem] of Object.entries(problems)) {
      const row = page.locator('.needs > li', { hasText: stranger.url + path }).locator('.problem');
      await row.waitFor();
      assert.match(await row.textContent(), problem, path);
    }
    assert.equal(await page.locator('#verdict').count(), 0);
    assert.equal(await page.locator('iframe').count(), 0);
    assert.equal(asked().filter((url) => url.startsWith(stranger.url) && url.endsWith('/closed')).length, 1);
    await context.close();
    await stranger.close();
  });

  test('what others say to the page or to the fetching document is not heard', async () => {
    const { context, page } = await open();
    await judge(page, caseOf('did-web').input);
    // Some other window of the site opens it, and asks.
    const answered = await page.evaluate(async () => {
      const other = window.open('fetch.html');
      await new Promise((resolve) => other.addEventListener('load', resolve));
      const { port1, port2 } = new MessageChannel();
      const heard = new Promise((resolve) => { port1.onmessage = () => resolve(true); });
      other.postMessage('model-passport/fetch', '*', [port2]);
      // A message that it does not hear is followed by one that it has to have handled before this.
      const late = new Promise((resolve) => {
        other.addEventListener('message', () => resolve(false), { once: true });
        other.postMessage('after', '*');
      });
      const answer = await Promise.race([heard, late.then(() => new Promise((resolve) => { setTimeout(resolve, 200, false); }))]);
      other.close();
      return answer;
    });
    assert.equal(answered, false);
    await page.evaluate(() => {
      for (const data of ['ready', { id: 1, bytes: new ArrayBuffer(4) }, { id: 1, answer: {} }]) window.postMessage(data, '*');
    });
    assert.equal(await page.locator('#verdict').textContent(), 'Could not check');
    await context.close();
  });

  test('the fetching document cannot look at the page', async () => {
    const stranger = await strangers({ '/hangs': () => {} });
    const { context, page } = await open({ path: `#src=${stranger.url}/hangs` });
    await page.getByRole('button', { name: /^Fetch/ }).click();
    await agree(page);
    await page.waitForSelector('iframe', { state: 'attached' });
    await page.waitForFunction(() => frames.length === 1);
    const [, frame] = page.frames();
    await frame.waitForLoadState();
    const seen = await frame.evaluate(() => {
      const attempt = (act) => {
        try {
          return String(act());
        } catch ({ name }) {
          return name;
        }
      };
      return [attempt(() => origin), attempt(() => parent.document.title), attempt(() => localStorage.length), attempt(() => document.cookie)];
    });
    assert.deepEqual(seen, ['null', 'SecurityError', 'SecurityError', 'SecurityError']);
    assert.equal(await page.locator('iframe').getAttribute('sandbox'), 'allow-scripts');
    await context.close();
    await stranger.close();
  });

  test('a page that may reach nothing but its site', async () => {
    const stranger = await strangers({ '/x': (response) => response.writeHead(200, OPEN).end('{}') });
    const { context, page } = await open();
    assert.equal(await page.evaluate((url) => fetch(url).then(() => 'reached', ({ name }) => name), `${stranger.url}/x`), 'TypeError');
    assert.deepEqual(stranger.asked, []);
    await page.setInputFiles('#choose-passport', passportFile(BUNDLE));
    await context.close();
    await stranger.close();
  });
});
