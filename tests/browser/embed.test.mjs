// The page in a frame, framed by a page of another origin, and the snippets that lead to it.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { axeSource, caseOf, installPackage, launch, place, read, serveSite, tests } from './harness.mjs';
import { serveFolder, visit, writePage } from './packed.mjs';

const installed = installPackage();
const bundle = caseOf('bundle');
const site = join(place, 'verify-site');

describe('the page in a frame', () => {
  let browser;
  let verifier;
  let host;
  let stranger;
  let real;
  const cors = (text) => (response) => response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'application/json' }).end(text);
  const policy = () => `default-src 'none'; script-src 'self'; connect-src 'none'; frame-src 'self' ${verifier.url} ${stranger.url}; img-src data:; style-src-attr 'none'`;

  before(async () => {
    mkdirSync(site);
    cpSync(installed, join(site, 'verifier'), { recursive: true });
    cpSync(join(installed, 'embed', 'embed.html'), join(site, 'embed.html'));
    verifier = await serveFolder(site, { answers: { '/private.json': bundle.input, '/changed.json': caseOf('claim-changed').input } });
    stranger = await serveFolder(place, { answers: { '/bundle.json': cors(bundle.input) } });
    host = await serveFolder(place);
    real = await serveSite();
    browser = await launch();
    const script = `
      import { embedVerifier } from '/node_modules/@model-passport/verifier/embed.js';
      globalThis.embedVerifier = embedVerifier;
      globalThis.frameOf = (address) => {
        const frame = document.createElement('iframe');
        frame.title = 'Model passport';
        frame.src = address;
        document.querySelector('main').append(frame);
        return frame;
      };
      globalThis.heard = [];
      window.addEventListener('message', ({ data, origin }) => heard.push({ ...data, origin }));`;
    writePage(place, 'sibling', { script: `
      parent.frames[0].postMessage({ type: 'model-passport/verify', id: 's', text: '{}' }, '*');
      parent.postMessage({ sibling: true }, '*');` });
    writePage(place, 'framing', { script, policy: policy() });
  });
  after(async () => {
    await browser?.close();
    for (const server of [verifier, host, stranger, real]) await server?.close();
  });

  const open = async (fragment, options) => {
    const opened = await visit(browser, `${host.url}framing.html`, options);
    await opened.page.waitForFunction(() => globalThis.heard);
    await opened.page.evaluate(([address, origin]) => {
      globalThis.frame = frameOf(address);
      globalThis.verifier = embedVerifier(frame, { origin });
    }, [`${verifier.url}embed.html#${fragment}`, new URL(verifier.url).origin]);
    return opened;
  };
  const parent = () => `parent=${encodeURIComponent(new URL(host.url).origin)}`;
  const inside = (page) => page.frameLocator('iframe').locator('model-passport');
  /** Sends a message as it stands, then one that is surely answered; what came back to the first. */
  const send = (page, message) => page.evaluate(async (given) => {
    heard.length = 0;
    frame.contentWindow.postMessage(given, '*');
    if (given?.type !== 'model-passport/verify') frame.contentWindow.postMessage({ type: 'model-passport/verify', id: 'last' }, '*');
    while (!heard.some(({ type }) => /verdict|error/.test(type))) await new Promise((resolve) => { setTimeout(resolve, 10); });
    return heard.filter(({ type, id }) => !/ready|resize/.test(type) && id !== 'last');
  }, message);

  test('reports come back to the site that was named, as the library has them', async () => {
    const { context, page, complaints } = await open(parent());
    for (const name of ['bundle', 'claim-changed', 'did-web', 'everything']) {
      const { input, options, report } = caseOf(name);
      assert.deepEqual(await page.evaluate(([text, given]) => verifier.verify(text, given), [input, options]), report, name);
    }
    await inside(page).locator('.verdict').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('files, display and language', async () => {
    const { context, page, complaints } = await open(parent());
    const model = readFileSync(join(tests, 'real', 'model', 'model.onnx')).toString('base64');
    const found = await page.evaluate(async ([text, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const phases = [];
      const good = await verifier.verify(text, { files: [new File([bytes], 'model.onnx')], display: 'full', locale: 'de', theme: 'dark', onProgress: ({ phase }) => phases.push(phase) });
      return { verdict: good.verdict, hashed: phases.includes('hash'), held: good.checks.some(({ message }) => /^1 of the 2 files/.test(message)) };
    }, [bundle.input, model]);
    assert.deepEqual(found, { verdict: 'verified', hashed: true, held: true });
    assert.equal(await inside(page).locator('.root').getAttribute('lang'), 'de');
    assert.equal(await inside(page).locator('.root').getAttribute('data-theme'), 'dark');
    const height = await page.evaluate(() => parseFloat(frame.style.height));
    assert.ok(height > 400, String(height));
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('the fragment alone shows a passport, to a page that can run no script', async () => {
    const { context, page, complaints } = await visit(browser, `${host.url}framing.html`);
    await page.evaluate((address) => frameOf(address), `${verifier.url}embed.html#src=private.json&display=badge&locale=fr&theme=light`);
    await inside(page).locator('button.seal.pass').waitFor();
    await inside(page).locator('button.seal').click();
    await inside(page).locator('dialog[open]').waitFor();
    // It said that it is there and how high a display is, and nothing of what it found.
    await page.waitForFunction(() => heard.some(({ height }) => height >= 640));
    const said = await page.evaluate(() => heard);
    assert.deepEqual([...new Set(said.flatMap(Object.keys))].sort(), ['height', 'origin', 'type']);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('what was found does not show in the height, without a parent and with one', async () => {
    for (const display of ['badge', 'card', 'full']) {
      for (const told of ['', `&${parent()}`]) {
        const heights = [];
        for (const src of ['private.json', 'changed.json', 'nowhere.json']) {
          const { context, page } = await visit(browser, `${host.url}framing.html`);
          await page.evaluate((address) => frameOf(address), `${verifier.url}embed.html#src=${src}&display=${display}${told}`);
          await inside(page).locator({ 'private.json': '.pass', 'changed.json': '.fail', 'nowhere.json': '[part~=error]' }[src]).first().waitFor();
          await page.frames()[1].evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve, 50)); }));
          heights.push(await page.evaluate(() => heard.filter(({ type }) => /resize/.test(type)).map(({ height }) => height)));
          await context.close();
        }
        assert.equal(heights[0].length, 1);
        assert.deepEqual(heights, [heights[0], heights[0], heights[0]], display + told);
      }
    }
  });

  test('outside a frame it fetches nothing, and leads to the page that asks first', async () => {
    const src = `${stranger.url}bundle.json`;
    const before = stranger.requests.length;
    const { context, page } = await visit(browser, `${real.url}embed.html#src=${encodeURIComponent(src)}&trust=${encodeURIComponent(`${stranger.url}trust.json`)}&policy=p.json&display=full`);
    await page.waitForURL(`${real.url}#src=${encodeURIComponent(src)}`);
    await page.waitForFunction(() => document.getElementById('version')?.textContent.match(/\d/));
    assert.equal(await page.locator('model-passport').count(), 0);
    assert.deepEqual(stranger.requests.slice(before), []);
    await context.close();
  });

  test('from the frame of a snippet the link opens the page, under the headers of the site', async () => {
    const { snippets } = await import(pathToFileURL(join(installed, 'snippets.js')));
    writeFileSync(join(place, 'site', 'passport.json'), bundle.input);
    const src = `${real.url}passport.json`;
    writePage(place, 'snippet', { policy: `default-src 'none'; script-src 'self'; frame-src ${real.url}`, body: snippets({ page: real.url, src }).iframe });
    const { context, page } = await visit(browser, `${host.url}snippet.html`);
    const link = inside(page).locator('a.independent');
    const [opened] = await Promise.all([context.waitForEvent('page'), link.click()]);
    await opened.waitForFunction(() => document.getElementById('version')?.textContent.match(/\d/));
    assert.equal(opened.url(), `${real.url}#src=${encodeURIComponent(src)}`);
    await context.close();
  });

  test('nobody but the named site is heard, and nobody else is answered', async () => {
    const verify = { type: 'model-passport/verify', id: 'a', text: bundle.input };
    for (const fragment of ['', `parent=${encodeURIComponent('https://other.example')}`, 'parent=null', 'parent=*', 'parent=javascript:0', 'parent=file:///']) {
      const { context, page } = await open(fragment);
      await page.waitForLoadState('load');
      await page.frames()[1].waitForFunction(() => document.readyState === 'complete');
      await page.evaluate((given) => frame.contentWindow.postMessage(given, '*'), verify);
      await page.waitForTimeout(500);
      assert.deepEqual(await page.evaluate(() => heard.filter(({ type }) => !/ready|resize/.test(type))), [], fragment);
      assert.equal(await inside(page).count(), 0);
      await context.close();
    }
    const { context, page } = await open(parent());
    await page.evaluate(() => verifier.ready);
    assert.deepEqual((await send(page, verify)).map(({ type, id, origin }) => [type, id, origin]),
      [['model-passport/progress', 'a', new URL(verifier.url).origin], ['model-passport/verdict', 'a', new URL(verifier.url).origin]]);
    // Another frame of the page is not the page, not even one of the same origin.
    for (const other of [host, stranger]) {
      const answered = await page.evaluate(async (address) => {
        heard.length = 0;
        frameOf(address);
        while (!heard.some(({ sibling }) => sibling)) await new Promise((resolve) => { setTimeout(resolve, 20); });
        await new Promise((resolve) => { setTimeout(resolve, 400); });
        return heard.filter(({ type }) => /verdict|error|progress/.test(type)).length;
      }, `${other.url}sibling.html`);
      assert.equal(answered, 0);
    }
    await context.close();
  });

  test('messages that are not as described are answered by an error, or not at all', async () => {
    const { context, page, complaints } = await open(parent());
    await page.evaluate(() => verifier.ready);
    const type = 'model-passport/verify';
    for (const message of [{}, null, 'x', { type: 'other' }, { type: 'model-passport/verdict', report: {} }]) assert.deepEqual(await send(page, message), []);
    for (const message of [{ type }, { type, id: {} , text: '{}' }, { type, id: 'x'.repeat(101), text: '{}' }, { type, id: 1 },
      { type, id: 1, text: {} }, { type, id: 1, text: '{}', files: ['a'] }, { type, id: 1, text: '{}', evidence: 'x' }, { type, id: 1, text: '{}', now: 5 }]) {
      assert.deepEqual((await send(page, message)).map(({ code }) => code), ['embed.message'], JSON.stringify(message));
    }
    // What the frame could read, with the rights of its own site or because others let it.
    const fetched = () => [verifier, stranger].flatMap(({ requests }) => requests.filter((path) => path.endsWith('.json')));
    const before = fetched();
    for (const src of ['private.json', `${verifier.url}private.json`, `${stranger.url}bundle.json`, 'https://other.example/', 'data:application/json,{}', '#place']) {
      assert.deepEqual((await send(page, { type, id: 1, src })).map(({ code }) => code), ['embed.message'], src);
      assert.deepEqual((await send(page, { type, id: 1, src, text: '{}' })).filter(({ report }) => report).map(({ report }) => report.shown), [[]], src);
    }
    assert.deepEqual(fetched(), before);
    assert.deepEqual((await send(page, { type, id: 1, text: '{}', policy: { unknown: 1 } })).filter(({ code }) => code).map(({ code }) => code), ['misuse.policy']);
    assert.deepEqual((await send(page, { type, id: 2, text: 'nonsense' })).filter(({ report }) => report).map(({ id, report }) => [id, report.verdict]), [[2, 'not-verified']]);
    const busy = await page.evaluate(async (text) => {
      const all = await Promise.allSettled(Array.from({ length: 40 }, () => verifier.verify(text)));
      return [all.filter(({ status }) => status === 'fulfilled').length, [...new Set(all.filter(({ reason }) => reason).map(({ reason }) => reason.code))]];
    }, bundle.input);
    assert.deepEqual(busy, [16, ['embed.busy']]);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('the helper hears its frame only, and can be given up', async () => {
    const { context, page } = await open(parent());
    await page.evaluate(() => verifier.ready);
    const outcome = await page.evaluate(async (text) => {
      const asked = verifier.verify(text);
      window.postMessage({ type: 'model-passport/verdict', id: '1', report: { verdict: 'forged' } }, '*');
      const { verdict } = await asked;
      const stop = new AbortController();
      const given = verifier.verify(text, { signal: stop.signal }).catch(({ name }) => name);
      stop.abort();
      const pending = verifier.verify(text).catch(({ code }) => code);
      await new Promise((resolve) => { setTimeout(resolve, 0); });
      verifier.close();
      let misuse;
      try {
        embedVerifier(frame, { origin: '*' });
      } catch ({ code }) {
        misuse = code;
      }
      return [verdict, await given, await pending, misuse];
    }, bundle.input);
    assert.deepEqual(outcome, ['verified', 'AbortError', 'verifier.stopped', 'misuse.origin']);
    await context.close();
  });

  test('files of an earlier request do not count in a later one', async () => {
    const { context, page } = await open(parent());
    const verdicts = await page.evaluate(async (text) => {
      const found = [];
      for (const files of [[new File(['no file of it'], 'model.onnx')], undefined, [], undefined]) found.push((await verifier.verify(text, { files })).verdict);
      return found;
    }, bundle.input);
    assert.deepEqual(verdicts, ['not-verified', 'verified', 'verified', 'verified']);
    await context.close();
  });

  test('what is cancelled is stopped in the frame, and does not hold up the next', async () => {
    const { context, page } = await open(parent());
    await page.evaluate(() => verifier.ready);
    const outcome = await page.evaluate(async (text) => {
      heard.length = 0;
      const post = (message) => frame.contentWindow.postMessage(message, '*');
      const files = [new Blob([new Uint8Array(64)])];
      for (const id of ['now', 'waits', 'last']) post({ type: 'model-passport/verify', id, text, ...(id === 'now' && { files }) });
      post({ type: 'model-passport/cancel', id: 'nobody' });
      post({ type: 'model-passport/cancel', id: 'waits' });
      post({ type: 'model-passport/cancel', id: 'now' });
      const ended = () => heard.filter(({ type }) => /verdict|error/.test(type));
      while (ended().length < 3) await new Promise((resolve) => { setTimeout(resolve, 10); });
      // The helper sends it too.
      const stop = new AbortController();
      const given = verifier.verify(text, { files, signal: stop.signal }).catch(({ name }) => name);
      await Promise.resolve().then(() => stop.abort());
      const next = await verifier.verify(text);
      return [ended().map(({ id, code, report }) => [id, code ?? report.verdict]), await given, next.verdict];
    }, bundle.input);
    assert.deepEqual(outcome, [[['now', 'verifier.stopped'], ['waits', 'verifier.stopped'], ['last', 'verified'], ['1', 'verifier.stopped'], ['2', 'verified']], 'AbortError', 'verified']);
    await inside(page).locator('.pass').first().waitFor();
    await context.close();
  });

  test('axe finds nothing in the frame', async () => {
    const { context, page } = await visit(browser, `${host.url}framing.html`, { bypassCSP: true });
    await page.evaluate((address) => frameOf(address), `${verifier.url}embed.html#src=private.json&display=full`);
    await inside(page).locator('.verdict').waitFor();
    const [, framed] = page.frames();
    await framed.evaluate(axeSource());
    const { violations } = await framed.evaluate(() => axe.run(document, { rules: { 'page-has-heading-one': { enabled: false } } }));
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes[0].html]), []);
    await context.close();
  });

  test('snippets lead to a check, say no outcome, and keep addresses inside them', async () => {
    const { snippets } = await import(pathToFileURL(join(installed, 'snippets.js')));
    const hostile = 'https://hub.example/a")](javascript:alert(1))<script>?x=\'&"/passport.json';
    const given = snippets({ page: 'https://verify.example/check/#old', src: hostile });
    assert.equal(decodeURIComponent(new URL(given.link).hash), `#src=${new URL(hostile).href}`);
    for (const [name, text] of Object.entries(given)) {
      assert.ok(!/verified|valid|✓/i.test(text), name);
      assert.ok(!/<script>\?|"\)\]\(javascript/.test(text), name);
    }
    assert.match(given.markdown, /^\[!\[Model passport: check\]\(https:\/\/verify\.example\/check\/verifier\/embed\/badge\.svg\)\]\(https:\/\/verify\.example\/check\/#src=[^()\s"<>]+\)$/);
    const inBrackets = snippets({ page: 'https://verify.example/a)b(c/', src: 'https://hub.example/p.json' });
    assert.match(inBrackets.markdown, /^\[!\[[^\]]+\]\(https:[^()]+badge\.svg\)\]\(https:[^()]+\)$/);
    const { context, page } = await visit(browser, `${host.url}framing.html`, { bypassCSP: true });
    for (const name of ['html', 'iframe', 'element']) {
      const found = await page.evaluate((text) => {
        const made = new DOMParser().parseFromString(text, 'text/html');
        return [...made.querySelectorAll('*')].flatMap(({ localName, attributes }) => [localName, ...[...attributes].map(({ name: attribute }) => attribute)]).filter((one) => /^on|^html$|^head$|^body$/.test(one) === false);
      }, given[name]);
      assert.deepEqual(found, { html: ['a', 'href', 'img', 'src', 'alt', 'width', 'height'], iframe: ['iframe', 'src', 'title', 'width', 'height', 'sandbox', 'referrerpolicy', 'loading'], element: ['script', 'type', 'src', 'model-passport', 'src', 'verify-at'] }[name]);
    }
    for (const wrong of [{ page: 'x', src: 'https://a.example/' }, { page: 'https://a.example/', src: 'javascript:alert(1)' }, { page: 'https://a.example/' }]) {
      assert.throws(() => snippets(wrong), { name: 'PassportVerifierError', code: /^misuse\.(page|src)$/ });
    }
    await context.close();
    assert.ok(!/verified|valid/i.test(read(installed, 'embed', 'badge.svg')));
    assert.match(read(installed, 'examples', 'badge', 'README.md'), /Model passport: check/);
  });
});
