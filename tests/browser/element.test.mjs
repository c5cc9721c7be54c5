// <model-passport> in Chromium, as a page uses the installed package.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import Ajv from 'ajv';

import { axeSource, caseOf, installPackage, launch, place, read, tests } from './harness.mjs';
import { serveFolder, STRICT, visit, writePage } from './packed.mjs';

const ELEMENT = '/node_modules/@model-passport/verifier/element.js';
const installed = installPackage();
const bundle = caseOf('bundle');

// What a page sees of elements, in order.
const LISTEN = `
  globalThis.seen = [];
  for (const name of ['passport-load', 'passport-progress', 'passport-verdict', 'passport-error']) {
    document.addEventListener(name, ({ detail, target }) => {
      seen.push({ name, id: target.id, phase: detail.phase, verdict: detail.report?.verdict, code: detail.code });
    });
  }
`;
const IMPORT = `${LISTEN} globalThis.ready = import('${ELEMENT}');`;

describe('the element', () => {
  let browser;
  let server;
  const answers = {};
  const open = (name, options) => visit(browser, `${server.url}${name}.html`, options);
  const page = (name, content) => writePage(place, name, { script: IMPORT, ...content });
  const settled = (at, id = 'one') => at.waitForFunction((wanted) => seen.some(({ id: from, name }) => from === wanted && /verdict|error/.test(name)), id);
  /** Puts an element into an open page, with properties as given, and waits for its answer. */
  const put = (at, attributes, properties = {}) => at.evaluate(async ([given, set]) => {
    await ready;
    document.querySelector('main').replaceChildren();
    seen.length = 0;
    const made = Object.assign(document.createElement('model-passport'), set);
    for (const [key, value] of Object.entries({ id: 'one', ...given })) made.setAttribute(key, value);
    const done = new Promise((resolve) => ['passport-verdict', 'passport-error'].forEach((name) => made.addEventListener(name, resolve, { once: true })));
    document.querySelector('main').append(made);
    const { detail } = await done;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    return detail.report ?? { code: detail.code };
  }, [attributes, properties]);
  const shadow = (at, selector) => at.locator(`model-passport >> css=${selector}`);

  before(async () => {
    answers['/bundle.json'] = bundle.input;
    answers['/changed.json'] = caseOf('claim-changed').input;
    server = await serveFolder(place, { answers });
    browser = await launch();
    page('empty', {});
    page('from-src', { body: '<model-passport id="one" src="bundle.json"></model-passport>' });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  test('a passport at an address is checked in a page with a strict policy, and the report is the library\'s', async () => {
    const { context, page: at, complaints, asked } = await open('from-src');
    await settled(at);
    assert.deepEqual((await at.evaluate(() => seen)).map(({ name }) => name), ['passport-load', 'passport-progress', 'passport-verdict']);
    const { checkedAt, ...report } = await at.evaluate(() => document.getElementById('one').report);
    const { checkedAt: recorded, ...expected } = bundle.report;
    assert.notEqual(checkedAt, undefined, recorded);
    assert.deepEqual(report, expected);
    await shadow(at, '.verdict.pass').waitFor();
    assert.deepEqual([...new Set(asked.map((url) => new URL(url).origin))], [new URL(server.url).origin]);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a passport inside the element, beside it, or as a property needs no request', async () => {
    const script = `<script type="application/vc+json">${bundle.input.replaceAll('<', '\\u003c')}</script>`;
    page('inline', { body: `<model-passport id="one" offline>${script}</model-passport><model-passport id="two" src="#text" offline></model-passport><pre id="text" hidden></pre>` });
    const { context, page: at, complaints } = await open('inline');
    await settled(at);
    await settled(at, 'two');
    await at.evaluate((text) => {
      document.getElementById('text').textContent = text;
      document.getElementById('two').verify();
    }, bundle.input);
    await at.waitForFunction(() => document.getElementById('two').report?.verdict === 'verified');
    assert.equal(await at.evaluate(() => document.getElementById('one').report.verdict), 'verified');
    const before = server.requests.length;
    assert.equal((await put(at, { offline: '' }, { passport: bundle.input })).verdict, 'verified');
    assert.equal((await put(at, { offline: '' }, { passport: caseOf('claim-changed').input })).verdict, 'not-verified');
    assert.deepEqual(server.requests.slice(before), []);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('offline, nothing is fetched, and that is an error and no verdict', async () => {
    const { context, page: at } = await open('empty');
    await put(at, {}, { passport: bundle.input });
    const before = server.requests.length;
    for (const attributes of [{ src: 'bundle.json' }, { trust: 'trust.json' }, { policy: 'policy.json' }]) {
      assert.deepEqual(await put(at, { offline: '', ...attributes }, attributes.src ? {} : { passport: bundle.input }), { code: 'element.offline' });
      assert.equal(await at.evaluate(() => document.getElementById('one').report), null);
    }
    assert.deepEqual(server.requests.slice(before), []);
    await context.close();
  });

  test('what cannot be loaded is an error and no verdict, and rules that cannot be read are not left out', async () => {
    answers['/broken.json'] = '{';
    answers['/latin.json'] = (response) => response.writeHead(200).end(Buffer.from([0x22, 0xff, 0x22]));
    answers['/endless.json'] = (response) => {
      response.writeHead(200);
      const part = Buffer.alloc(2 ** 20, 'x');
      const more = () => { while (!response.destroyed && response.write(part)); };
      response.on('drain', more).on('error', () => {});
      more();
    };
    const { context, page: at } = await open('empty');
    const codes = [[{ src: 'nowhere.json' }, 'element.not-loaded'], [{ src: 'ftp://x/' }, 'element.not-loaded'], [{ src: 'javascript:alert(1)' }, 'element.not-loaded'],
      [{ src: '#nowhere' }, 'element.no-source'], [{ src: '#%' }, 'element.no-source'], [{ src: 'bundle.json', trust: '#%' }, 'element.trust'], [{ src: 'latin.json' }, 'element.not-utf8'], [{ src: 'endless.json' }, 'element.too-long'],
      [{ src: 'bundle.json', trust: 'nowhere.json' }, 'element.trust'], [{ src: 'bundle.json', policy: 'broken.json' }, 'element.policy']];
    for (const [attributes, code] of codes) {
      assert.deepEqual(await put(at, attributes), { code }, code);
      assert.equal(await shadow(at, '.pass').count(), 0);
      assert.match(await shadow(at, '.root').textContent(), /Not checked/);
      assert.equal(await at.evaluate(() => document.getElementById('one').matches(':state(failed)')), true);
    }
    assert.deepEqual(await put(at, {}, { passport: bundle.input, policyRules: { unknown: 1 } }), { code: 'misuse.policy' });
    for (const [name, property] of [['trust', 'trustList'], ['policy', 'policyRules']]) {
      for (const nothing of ['null', 'false', '[]', '0', '""', '"x"', '[null]', '[[]]', '[{}, false]']) {
        answers['/nothing.json'] = nothing;
        assert.deepEqual(await put(at, { src: 'bundle.json', [name]: 'nothing.json' }), { code: `element.${name}` }, `${name} ${nothing}`);
        if (nothing !== 'null') assert.deepEqual(await put(at, {}, { passport: bundle.input, [property]: JSON.parse(nothing) }), { code: `element.${name}` }, `${property} ${nothing}`);
      }
    }
    const issuers = [{ id: 'did:web:a.example', name: 'A', kinds: ['ModelPassport'] }];
    for (const trust of [null, [], false]) {
      assert.deepEqual(await put(at, {}, { passport: bundle.input, trustList: { issuers }, policyRules: { trust } }), { code: 'element.policy' }, JSON.stringify(trust));
    }
    await context.close();
  });

  test('an address that never answers, or never ends, is an error after a while', async () => {
    answers['/silent.json'] = () => {};
    answers['/unending.json'] = (response) => response.writeHead(200).write(' ');
    const { context, page: at } = await open('empty');
    await at.evaluate(() => ready);
    await at.clock.install();
    for (const [attributes, code] of [[{ src: 'silent.json' }, 'element.not-loaded'], [{ src: 'unending.json' }, 'element.not-loaded'], [{ src: 'bundle.json', trust: 'unending.json' }, 'element.trust']]) {
      const before = server.requests.length;
      const done = put(at, attributes);
      await waitFor(() => server.requests.slice(before).some((path) => /silent|unending/.test(path)));
      await shadow(at, '.root .none').waitFor();
      const ended = done.then((found) => assert.deepEqual(found, { code }));
      await at.clock.runFor(61_000);
      await ended;
    }
    await context.close();
  });

  test('before there is an answer nothing looks like one', async () => {
    let answer;
    answers['/slow.json'] = (response) => { answer = () => response.writeHead(200).end(bundle.input); };
    const { context, page: at } = await open('empty');
    for (const display of ['badge', 'card', 'full']) {
      const done = put(at, { src: 'slow.json', display });
      await shadow(at, '.root .none').waitFor();
      assert.equal(await shadow(at, '.pass, .verdict').count(), 0);
      assert.equal(await shadow(at, '.status').textContent(), 'Checking the passport…');
      assert.equal(await at.evaluate(() => document.getElementById('one').matches(':state(verified)')), false);
      await waitFor(() => answer);
      answer();
      answer = undefined;
      assert.equal((await done).verdict, 'verified');
      assert.equal(await shadow(at, '.status').textContent(), 'Verified');
      assert.equal(await at.evaluate(() => document.getElementById('one').matches(':state(verified)')), true);
    }
    await context.close();
  });

  test('an answer that comes too late is dropped, and an element that is taken away stops', async () => {
    let late;
    answers['/late.json'] = (response) => { late = response; };
    const { context, page: at } = await open('empty');
    const done = put(at, { src: 'late.json' });
    await waitFor(() => late);
    await at.evaluate(() => document.getElementById('one').setAttribute('src', 'changed.json'));
    assert.equal((await done).verdict, 'not-verified');
    late.writeHead(200).end(bundle.input);
    assert.deepEqual(await at.evaluate(() => seen.filter(({ name }) => name === 'passport-verdict').map(({ verdict }) => verdict)), ['not-verified']);
    late = undefined;
    const stopped = await at.evaluate(async () => {
      const one = document.getElementById('one');
      seen.length = 0;
      one.src = 'late.json';
      const asked = one.verify().catch(({ name }) => name);
      one.remove();
      return [await asked, one.report, seen.length];
    });
    assert.deepEqual(stopped, ['AbortError', null, 0]);
    await context.close();
  });

  test('several attributes and properties that change together are one check', async () => {
    const { context, page: at } = await open('empty');
    await put(at, { src: 'bundle.json' });
    const count = await at.evaluate(async (text) => {
      const one = document.getElementById('one');
      seen.length = 0;
      Object.assign(one, { src: 'changed.json', evidence: {}, passport: text, now: '2026-11-21T10:00:00Z' });
      await new Promise((resolve) => one.addEventListener('passport-verdict', resolve, { once: true }));
      await new Promise((resolve) => { setTimeout(resolve, 100); });
      return [seen.filter(({ name }) => name === 'passport-verdict').length, one.report.verdict, one.report.checkedAt];
    }, bundle.input);
    assert.deepEqual(count, [1, 'verified', '2026-11-21T10:00:00Z']);
    await context.close();
  });

  test('what a passport names is fetched by the page\'s own loader only, and not offline', async () => {
    const { input, options: { evidence, now }, report } = caseOf('did-web');
    assert.equal(report.verdict, 'verified');
    const { context, page: at } = await open('empty');
    const withLoader = (attributes) => at.evaluate(async ([text, documents, time, given]) => {
      const one = document.createElement('model-passport');
      const needed = [];
      for (const [name, value] of Object.entries(given)) one.setAttribute(name, value);
      Object.assign(one, { passport: text, now: time, documentLoader: async (need, { signal }) => {
        needed.push([need.kind, need.url, signal instanceof AbortSignal]);
        return documents.find(({ url }) => url === need.url)?.text;
      } });
      document.querySelector('main').replaceChildren(one);
      const { detail } = await new Promise((resolve) => one.addEventListener('passport-verdict', resolve));
      return { verdict: detail.report.verdict, needed };
    }, [input, evidence.documents, now, attributes]);
    await put(at, {}, { passport: bundle.input });
    const before = server.requests.length;
    assert.equal((await put(at, {}, { passport: input, now })).verdict, 'could-not-check');
    assert.deepEqual(await withLoader({}), { verdict: 'verified', needed: [['didDocument', evidence.documents[0].url, true]] });
    assert.deepEqual(await withLoader({ offline: '' }), { verdict: 'could-not-check', needed: [] });
    assert.deepEqual(server.requests.slice(before), []);
    await context.close();
  });

  test('a loader that fails, hangs on to its needs or brings rubbish changes no verdict to the better', async () => {
    const { input, options: { now } } = caseOf('did-web');
    const { context, page: at } = await open('empty');
    await put(at, {}, { passport: bundle.input });
    const verdicts = await at.evaluate(async ([text, time]) => {
      const found = [];
      const loaders = [async () => { throw new Error('no'); }, async () => '{}', async () => ({ id: 1 }), async () => text, () => undefined, async () => 'x'.repeat(1e6)];
      for (const documentLoader of loaders) {
        const one = Object.assign(document.createElement('model-passport'), { passport: text, now: time, documentLoader });
        document.querySelector('main').replaceChildren(one);
        const { detail } = await new Promise((resolve) => one.addEventListener('passport-verdict', resolve));
        found.push(detail.report.verdict);
      }
      return found;
    }, [input, now]);
    for (const verdict of verdicts) assert.match(verdict, /^(could-not-check|not-verified)$/);
    await context.close();
  });

  test('a badge names the issuer by the trust list, and else by its identifier in full', async () => {
    const { context, page: at } = await open('empty');
    const did = bundle.report.nodes.find(({ kind }) => kind === 'ModelPassport').issuer;
    await put(at, { display: 'badge' }, { passport: bundle.input });
    assert.match(await shadow(at, '[part~=badge]').textContent(), new RegExp(`^Verified · signed by ${did} and 1 other$`));
    const trustList = { issuers: [{ id: did, name: 'The <b>Maker</b>', kinds: ['ModelPassport', 'DatasetPassport'] }] };
    await put(at, { display: 'badge' }, { passport: bundle.input, trustList });
    assert.match(await shadow(at, '[part~=badge]').textContent(), /^Verified.* · signed by The <b>Maker<\/b> and 1 other$/);
    answers['/trust.json'] = JSON.stringify(trustList);
    await put(at, { display: 'badge', trust: 'trust.json' }, { passport: bundle.input, policyRules: { requireRecognition: true } });
    assert.equal(await at.evaluate(() => document.getElementById('one').report.verdict), 'not-verified');
    assert.equal(await shadow(at, '.seal.fail').textContent(), 'Not verified');
    await context.close();
  });

  test('rules of the page are never called the reader\'s, in any language', async () => {
    const { context, page: at } = await open('empty');
    const did = bundle.report.nodes.find(({ kind }) => kind === 'ModelPassport').issuer;
    const trustList = { issuers: [{ id: did, name: 'Maker', kinds: ['ModelPassport', 'DatasetPassport'] }] };
    const yours = { en: /\byour (rules|trust)|you gave/i, de: /\bihrer? (Regeln|Vertrauensliste)|Sie haben/i, es: /usted fija|\b[Ss]u lista|No ha aportado/, fr: /\bvos règles|votre liste|Vous n’avez/i, zh: /您的(规则|信任)|您没有/ };
    const named = { en: 'of this page', de: 'dieser Seite', es: 'de esta página', fr: 'de cette page', zh: '本页面' };
    for (const [locale, words] of Object.entries(yours)) {
      for (const given of [{ trustList }, {}]) {
        await put(at, { display: 'full', locale }, { passport: bundle.input, policyRules: { requireRecognition: false }, ...given });
        const text = await shadow(at, '#signers').textContent() + await shadow(at, '#checks').textContent();
        assert.doesNotMatch(text, words, locale);
        if (given.trustList) assert.ok(text.includes(named[locale]), locale);
      }
    }
    await context.close();
  });

  test('files are held against the passport, with progress, and can be given up', async () => {
    const { context, page: at, complaints } = await open('empty');
    await put(at, {}, { passport: bundle.input });
    const model = readFileSync(join(tests, 'real', 'model', 'model.onnx')).toString('base64');
    const found = await at.evaluate(async (base64) => {
      const one = document.getElementById('one');
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const artifactsOf = (report) => report.checks.filter(({ check }) => check === 'artifacts').map(({ message }) => message);
      const good = artifactsOf(await one.verifyFile(new File([bytes], 'model.onnx')));
      bytes[bytes.length - 1] ^= 1;
      const bad = await one.verifyFile([new File([bytes], 'model.onnx')]);
      const given = await one.verifyFile(new File([bytes], 'model.onnx'), { signal: AbortSignal.abort() }).catch(({ name }) => name);
      // Another passport, and the files that were chosen for the one before are forgotten.
      const text = one.passport;
      one.passport = undefined;
      one.passport = text;
      const { detail } = await new Promise((resolve) => one.addEventListener('passport-verdict', resolve, { once: true }));
      return { good, bad: bad.verdict, given, forgotten: detail.report.verdict, hashed: seen.filter(({ phase }) => phase === 'hash').length };
    }, model);
    assert.ok(found.good.includes('1 of the 2 files that it lists were held against it'));
    assert.equal(found.bad, 'not-verified');
    assert.equal(found.given, 'AbortError');
    assert.equal(found.forgotten, 'verified');
    assert.ok(found.hashed > 0);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('files are forgotten when the passport between the tags is replaced', async () => {
    const { context, page: at } = await open('empty');
    await put(at, {}, { passport: bundle.input });
    const verdicts = await at.evaluate(async (text) => {
      const one = document.getElementById('one');
      const inline = () => Object.assign(document.createElement('script'), { type: 'application/vc+json', textContent: text });
      const answered = () => new Promise((resolve) => one.addEventListener('passport-verdict', resolve, { once: true }));
      one.append(inline());
      one.passport = undefined;
      await answered();
      const { verdict } = await one.verifyFile(new File(['no file of it'], 'model.onnx'));
      const again = await one.verify();
      one.replaceChildren(inline());
      const { detail } = await answered();
      return [verdict, again.verdict, detail.report.verdict];
    }, bundle.input);
    assert.deepEqual(verdicts, ['not-verified', 'not-verified', 'verified']);
    await context.close();
  });

  test('the badge and the card open the whole report by keyboard, and close it again', async () => {
    const { context, page: at } = await open('empty');
    for (const display of ['badge', 'card']) {
      await put(at, { display }, { passport: bundle.input });
      const button = shadow(at, 'button[aria-haspopup=dialog]');
      await button.focus();
      await at.keyboard.press('Enter');
      await shadow(at, 'dialog[open]').waitFor();
      assert.equal(await shadow(at, 'dialog .verdict.pass').count(), 1);
      assert.ok(await shadow(at, 'dialog [part=checks] li').count() > 5);
      await at.keyboard.press('Escape');
      await shadow(at, 'dialog').waitFor({ state: 'detached' });
      assert.equal(await at.evaluate(() => document.getElementById('one').shadowRoot.activeElement?.getAttribute('aria-haspopup')), 'dialog');
    }
    await context.close();
  });

  test('a dialog that goes because something changes says that it is closed', async () => {
    const { context, page: at } = await open('empty');
    for (const [name, value] of [['locale', 'de'], ['theme', 'dark'], ['display', 'badge'], ['src', 'changed.json'], ['remove']]) {
      await put(at, { display: 'card' }, { passport: bundle.input });
      const open = await at.evaluate(async ([attribute, given]) => {
        const one = document.getElementById('one');
        const said = [];
        one.addEventListener('passport-toggle', ({ detail }) => said.push(detail.open));
        one.shadowRoot.querySelector('button[aria-haspopup=dialog]').click();
        if (attribute === 'remove') one.remove();
        else one.setAttribute(attribute, given);
        while (said.length < 2) await new Promise((resolve) => { setTimeout(resolve, 10); });
        return [...said, one.shadowRoot.querySelector('dialog') !== null];
      }, [name, value]);
      assert.deepEqual(open, [true, false, false], name);
    }
    await context.close();
  });

  test('nothing to check is said by an event, and is no failure to look at', async () => {
    const { context, page: at } = await open('empty');
    assert.deepEqual(await put(at, {}), { code: 'element.no-source' });
    assert.equal(await shadow(at, '.status').textContent(), 'There is no passport here to check.');
    assert.equal(await at.evaluate(() => document.getElementById('one').matches(':state(empty)')), true);
    assert.equal(await at.evaluate(() => document.getElementById('one').verify().catch(({ code }) => code)), 'element.no-source');
    await context.close();
  });

  test('styles of the page stay outside, and parts and properties let it in where wanted', async () => {
    writePage(place, 'styled', { script: IMPORT, head: '<link rel="stylesheet" href="styled.css">' });
    answers['/styled.css'] = `* { color: rgb(1, 2, 3) !important; text-transform: uppercase; letter-spacing: 1em; visibility: visible }
      body { font: 40px/3 serif; --pass: red; --ink: red } h2, p, button { display: none !important }
      model-passport { --model-passport-radius: 33px } model-passport::part(issuer) { text-decoration: underline }`;
    const { context, page: at } = await open('styled');
    const { issuer } = bundle.report.nodes.find(({ kind }) => kind === 'ModelPassport');
    await put(at, {}, { passport: bundle.input, trustList: { issuers: [{ id: issuer, name: 'Maker', kinds: ['ModelPassport', 'DatasetPassport'] }] } });
    const found = await at.evaluate(() => {
      const style = (selector) => getComputedStyle(document.getElementById('one').shadowRoot.querySelector(selector));
      const { color, textTransform, letterSpacing, fontSize } = style('h2');
      return { color, textTransform, letterSpacing, shown: style('h2').display, fontSize, radius: style('.plate').borderRadius, part: style('[part=issuer]').textDecorationLine };
    });
    assert.deepEqual(found, { color: 'rgb(122, 74, 0)', textTransform: 'none', letterSpacing: 'normal', shown: 'block', fontSize: '24px', radius: '33px', part: 'underline' });
    await context.close();
  });

  test('neither the colours nor the direction of the page turn a verdict into another', async () => {
    const sheet = read(installed, 'pkg', 'view.css.js').match(/:root, :host, \.root \{[^}]*/)[0];
    const names = [...sheet.matchAll(/(--[a-z-]+):/g)].map(([, name]) => name);
    assert.ok(['--pass', '--warn-soft', '--fail', '--open', '--none', '--word', '--soft', '--on-accent'].every((name) => names.includes(name)));
    writePage(place, 'green', { script: `${IMPORT} document.documentElement.dir = 'rtl';`, head: '<link rel="stylesheet" href="green.css">' });
    answers['/green.css'] = `html, body, model-passport { ${names.map((name) => `${name}: #1a7f37 !important;`).join(' ')} --model-passport-ink: rgb(4, 5, 6) }`;
    const { context, page: at } = await open('green');
    for (const display of ['badge', 'card', 'full']) {
      await put(at, { display, theme: 'light' }, { passport: caseOf('claim-changed').input });
      const found = await at.evaluate(([all, selector]) => {
        const { shadowRoot } = document.getElementById('one');
        const values = getComputedStyle(shadowRoot.querySelector('.fail'));
        return {
          green: all.filter((name) => values.getPropertyValue(name).includes('#1a7f37')),
          said: getComputedStyle(shadowRoot.querySelector(selector)).color,
          ink: getComputedStyle(shadowRoot.querySelector('.root')).color,
          directions: ['.root', '.status'].map((one) => getComputedStyle(shadowRoot.querySelector(one)).direction),
        };
      }, [names, display === 'badge' ? '.seal strong' : '.verdict h2']);
      assert.deepEqual(found, { green: [], said: 'rgb(163, 18, 31)', ink: 'rgb(4, 5, 6)', directions: ['ltr', 'ltr'] }, display);
    }
    await context.close();
  });

  test('where workers may not be started the check is made in the page', async () => {
    page('no-workers', { policy: STRICT.replace("worker-src 'self'", "worker-src 'none'") });
    const { context, page: at } = await open('no-workers');
    const { checkedAt, ...report } = await put(at, {}, { passport: bundle.input, now: bundle.options.now });
    assert.deepEqual({ checkedAt, ...report }, bundle.report);
    await context.close();
  });

  test('a worker that never comes is done without, and a verifier that never comes is an error', async () => {
    const base = ELEMENT.slice(0, -'element.js'.length);
    for (const [stalled, requests, outcome] of [['worker/script.js', 1, bundle.report], ['pkg/verifier_bg.wasm', 2, { code: 'verifier.not-loaded' }]]) {
      const path = `${base}${stalled}`;
      let asked = 0;
      answers[path] = () => { asked += 1; };
      const { context, page: at } = await open('empty');
      await at.clock.install();
      const report = put(at, {}, { passport: bundle.input, now: bundle.options.now });
      for (let round = 1; round <= requests; round += 1) {
        while (asked < round) await new Promise((resolve) => { setTimeout(resolve, 20); });
        await at.clock.fastForward(15_000);
      }
      assert.deepEqual(await report, outcome, stalled);
      delete answers[path];
      await context.close();
    }
  });

  test('a page may load the element from another site, whose workers it cannot have', async () => {
    const other = await serveFolder(place, { headers: { 'access-control-allow-origin': '*' } });
    const origin = new URL(other.url).origin;
    page('elsewhere', {
      policy: STRICT.replace("script-src 'self'", `script-src 'self' ${origin}`).replace("connect-src 'self'", `connect-src 'self' ${origin}`),
      script: `${LISTEN} import('${origin}${ELEMENT}');`,
      body: '<model-passport id="one" src="bundle.json"></model-passport>',
    });
    const { context, page: at, complaints } = await open('elsewhere');
    await settled(at);
    assert.equal(await at.evaluate(() => document.getElementById('one').report?.verdict), 'verified');
    assert.deepEqual(complaints, []);
    await context.close();
    await other.close();
  });

  test('under Trusted Types the page makes the worker, and nothing is refused', async () => {
    page('trusted', {
      policy: `${STRICT}; require-trusted-types-for 'script'; trusted-types my-site`,
      script: `${LISTEN}
        import { ModelPassport } from '${ELEMENT}';
        import { createVerifier } from '/node_modules/@model-passport/verifier/worker.js';
        const policy = trustedTypes.createPolicy('my-site', { createScriptURL: (url) => url });
        ModelPassport.createVerifier = () => createVerifier({
          worker: () => new Worker(policy.createScriptURL('/node_modules/@model-passport/verifier/worker/script.js'), { type: 'module' }),
        });`,
      body: '<model-passport id="one" src="bundle.json" display="full"></model-passport>',
    });
    const { context, page: at, complaints } = await open('trusted');
    await settled(at);
    assert.equal(await at.evaluate(() => document.getElementById('one').report.verdict), 'verified');
    assert.equal(at.workers().length, 1);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('words of strangers stay words, and nothing overflows at 320 px', async () => {
    const { context, page: at, complaints } = await open('empty', { viewport: { width: 320, height: 700 } });
    const { input, options } = caseOf('hostile-text');
    for (const display of ['badge', 'card', 'full']) {
      const { verdict } = await put(at, { display }, { passport: input, ...options });
      assert.equal(verdict, caseOf('hostile-text').report.verdict);
      assert.equal(await shadow(at, 'img, iframe, script, a').count(), 0);
      assert.ok(await at.evaluate(() => document.documentElement.scrollWidth) <= 320, display);
      await shot(at, `element-hostile-${display}`);
    }
    assert.deepEqual(complaints, []);
    await context.close();
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`axe finds nothing in any state, ${colorScheme}`, async () => {
      const { context, page: at } = await open('empty', { colorScheme, bypassCSP: true });
      await at.evaluate(axeSource());
      const check = async (name) => {
        const { violations } = await at.evaluate(() => axe.run(document, { rules: { 'page-has-heading-one': { enabled: false }, region: { enabled: false } } }));
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes[0].html, nodes[0].failureSummary]), [], name);
        await shot(at, `element-${colorScheme}-${name}`);
      };
      const states = [['bundle', {}], ['claim-changed', {}], ['parent-missing', {}], ['broken', { src: 'nowhere.json' }], ['empty', {}]];
      for (const display of ['badge', 'card', 'full']) {
        for (const [name, attributes] of states) {
          const one = caseOf(name);
          if (name === 'empty') await at.evaluate((wanted) => {
            const made = document.createElement('model-passport');
            made.setAttribute('display', wanted);
            document.querySelector('main').replaceChildren(made);
            return new Promise((resolve) => { setTimeout(resolve, 100); });
          }, display);
          else await put(at, { display, 'verify-at': 'https://verify.example/', ...attributes }, one ? { passport: one.input, ...one.options } : {});
          await check(`${display}-${name}`);
        }
      }
      await put(at, { display: 'card' }, { passport: bundle.input });
      await shadow(at, 'button[aria-haspopup=dialog]').click();
      await check('dialog');
      await context.close();
    });
  }

  test('language and theme come from the element, its surroundings or the browser', async () => {
    const { context, page: at } = await open('empty', { locale: 'fr-FR' });
    await put(at, { locale: 'de-AT', theme: 'dark' }, { passport: bundle.input });
    const look = () => at.evaluate(() => {
      const inside = document.getElementById('one').shadowRoot.querySelector('.root');
      return [inside.lang, inside.dataset.theme, getComputedStyle(inside).colorScheme];
    });
    assert.deepEqual(await look(), ['de', 'dark', 'dark']);
    await at.evaluate(async () => {
      document.documentElement.removeAttribute('lang');
      const one = document.getElementById('one');
      one.removeAttribute('locale');
      one.theme = 'light';
      await new Promise((resolve) => { setTimeout(resolve, 200); });
    });
    assert.deepEqual(await look(), ['fr', 'light', 'light']);
    await context.close();
  });

  test('a link leads to a page of the reader\'s choice', async () => {
    const { context, page: at } = await open('empty');
    await put(at, { src: 'bundle.json', 'verify-at': 'https://verify.example/' });
    const link = shadow(at, 'a[part=verify-at]');
    assert.equal(await link.getAttribute('href'), `https://verify.example/#src=${encodeURIComponent(`${server.url}bundle.json`)}`);
    assert.equal(await link.getAttribute('rel'), 'noopener noreferrer');
    await put(at, { src: 'bundle.json', 'verify-at': 'javascript:alert(1)' });
    assert.equal(await shadow(at, 'a').count(), 0);
    await context.close();
  });

  test('the manifest is valid, and says what the element has', async () => {
    const schema = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('custom-elements-manifest/schema.json')));
    const manifest = JSON.parse(read(installed, 'custom-elements.json'));
    const validate = new Ajv({ strict: false }).compile(schema);
    assert.ok(validate(manifest), JSON.stringify(validate.errors));
    const { attributes, members, events, cssParts } = manifest.modules[1].declarations[0];
    const { context, page: at } = await open('empty');
    await put(at, { display: 'full', 'verify-at': 'https://verify.example/', src: 'bundle.json' });
    const real = await at.evaluate(() => {
      const type = customElements.get('model-passport');
      return { observed: type.observedAttributes, members: [...Object.getOwnPropertyNames(type.prototype), 'createVerifier'] };
    });
    assert.deepEqual(attributes.map(({ name }) => name).sort(), [...real.observed].sort());
    assert.deepEqual(members.map(({ name }) => name).sort(), real.members.filter((name) => !/^constructor$|Callback$/.test(name)).sort());
    assert.deepEqual(events.map(({ name }) => name).sort(), [...read(installed, 'element.d.ts').matchAll(/'(passport-\w+)': CustomEvent/g)].map(([, name]) => name).sort());
    const described = new Set(cssParts.map(({ name }) => name));
    const parts = await at.evaluate(() => [...document.getElementById('one').shadowRoot.querySelectorAll('[part]')].map((one) => one.getAttribute('part')));
    assert.deepEqual(parts.filter((part) => !described.has(part)), []);
    await context.close();
  });
});

async function shot(at, name) {
  if (process.env.SHOTS) await at.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage: true });
}

async function waitFor(condition) {
  while (!condition()) await new Promise((resolve) => { setTimeout(resolve, 5); });
}

