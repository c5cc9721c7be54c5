// A report as a document: roles, plots, who signed, how facts are known, two side by side, paper. Reports are those
// of the cases, and some that no verifier would give so that the view is seen to hold against them.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import en from '../../verifier-wasm/view/texts/en.js';
import { axeSource, caseOf, launch, place, serveSite } from './harness.mjs';

const ROLES = ['everything', 'clinician', 'auditor', 'engineer'];
const reportOf = (name) => structuredClone(caseOf(name).report);
const needsAttention = ({ outcome, required }) => outcome === 'fail' || outcome === 'warn' || (outcome === 'not-checked' && required);

// A report in which one credential says this of its subject.
function saying(credentialSubject, { kind = 'EvaluationAttestation', issuer = 'did:web:maker.example', ...more } = {}) {
  const report = reportOf('bundle');
  const content = { type: ['VerifiableCredential', kind], issuer, validFrom: '2026-11-01T09:00:00Z', credentialSubject, ...more };
  return { ...report, checks: [], nodes: [{ id: 'urn:x:1', kind, digest: 'uEi', state: 'proven', code: 'lineage.proven', message: 'here', parents: [] }], shown: [{ node: 'urn:x:1', content }] };
}

const metric = (more) => ({ id: 'urn:x:1#metric', type: 'Metric', basis: 'measured', name: 'sensitivity', value: '0.9', unit: '1', n: 50, ...more });

// Every text of some content that people read; names of nodes are for machines.
function textsOf(value, name = '') {
  if (typeof value === 'string') return name === 'type' || name === '@context' || name === 'basis' || (name === 'id' && value.includes('#')) ? [] : [value];
  if (Array.isArray(value)) return value.flatMap((item) => textsOf(item, name));
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, item]) => textsOf(item, key)) : [];
}

describe('in Chromium', () => {
  let browser;
  let server;

  before(async () => {
    server = await serveSite();
    writeFileSync(join(place, 'site', 'view-test.html'), '<!doctype html><html lang="en"><title>View</title><meta name="viewport" content="width=device-width"><link rel="icon" href="icon.svg"><link rel="stylesheet" href="verifier/view/view.css"><main><h1>View</h1><div id="view"></div></main>');
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(options = {}) {
    const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.stack));
    page.on('dialog', () => complaints.push('a dialog opened'));
    await page.goto(`${server.url}view-test.html`);
    await page.evaluate(async (texts) => {
      globalThis.view = { ...(await import('/verifier/view/index.js')), ...(await import('/verifier/view/compare.js')) };
      globalThis.chosen = [];
      globalThis.ui = view.createUi('en', { ...(await import('/verifier/view/texts/en.js')).default, ...texts });
    });
    return { context, page, complaints };
  }

  // As JSON, as reports come: it keeps a member that is called __proto__.
  const show = (page, report, options = {}) => page.evaluate(([given, how]) => {
    document.getElementById('view').replaceChildren(...view.showReport(ui, JSON.parse(given), { ...how, onRole: (role) => chosen.push(role) }));
  }, [JSON.stringify(report), options]);
  const compare = (page, first, second) => page.evaluate((reports) => {
    document.getElementById('view').replaceChildren(...view.showComparison(ui, ...JSON.parse(reports)));
  }, JSON.stringify([first, second]));
  const seen = (page, selector = 'main') => page.evaluate((one) => document.querySelector(one).innerText.replace(/\s+/g, ' '), selector);
  const overflows = (page) => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  const openAll = (page) => page.evaluate(() => {
    view.openForPrint(document.body);
    window.dispatchEvent(new Event('beforeprint'));
  });

  const showMore = (page) => page.evaluate(() => {
    for (let button = document.querySelector('#content button'); button; button = document.querySelector('#content button')) button.click();
  });

  test('in every role, every failure, warning, limit and decision is seen', async () => {
    const { context, page, complaints } = await open();
    const troubled = ['everything-recalled', 'approval-rejected', 'approval-ended', 'monitoring', 'monitoring-overdue', 'rule-metric-low', 'parent-revoked', 'parent-expired-since', 'status-message', 'status-suspended', 'thing-declared', 'parent-missing', 'everything', 'bundle'];
    for (const name of troubled) {
      const report = reportOf(name);
      const subjects = report.shown.map(({ content }) => content.credentialSubject);
      const warnings = subjects.flatMap(({ limits, approval, acceptance, outcome, breaches, quality }) => [limits, approval?.decision, approval?.conditions, acceptance?.decision, outcome, breaches, quality?.knownBiases].flatMap((one) => textsOf(one)));
      for (const role of ROLES) {
        await show(page, report, { role });
        if (role === 'everything') await page.evaluate(() => document.querySelectorAll('.credential').forEach((one) => { one.open = true; }));
        await page.waitForFunction(() => [...document.querySelectorAll('details[open]')].every((one) => one.children.length > 1));
        const text = await seen(page);
        for (const { message } of report.checks.filter(needsAttention)) {
          const words = message.replaceAll('`', '').slice(1, 250).replace(/\s+/g, ' ');
          assert.ok(text.includes(words), `${name}, ${role}: ${message}`);
        }
        for (const warning of warnings) assert.ok(text.includes(warning.replace(/\s+/g, ' ')), `${name}, ${role}: ${warning}`);
      }
    }
    // What a warning is about is open from the first.
    await show(page, reportOf('monitoring'), { role: 'everything' });
    assert.match(await seen(page, '#content'), /Outcome action-required/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('in every role, all that was signed is there, and nothing of what does not hold', async () => {
    const { context, page, complaints } = await open();
    for (const name of ['everything', 'processing', 'revision', 'monitoring-chained', 'standard-credential', 'disclosure-part', 'recognition', 'model-files', 'hostile-text', 'diamond', 'vcdm-1']) {
      const report = reportOf(name);
      assert.ok(report.shown.length > 0, name);
      for (const role of ROLES) {
        await show(page, report, { role });
        for (let more = 1; more > 0; more = await page.locator('#content :is(button, details:not(.json):not([open]))').count()) {
          await openAll(page);
          await showMore(page);
        }
        const text = (await page.textContent('#content')).replace(/\s+/g, ' ');
        for (const { content } of report.shown) {
          for (const said of textsOf(content.credentialSubject).filter((one) => one.length < 250 && !/[\u202a-\u2069]/.test(one))) {
            assert.ok(text.includes(said.replace(/\s+/g, ' ')), `${name}, ${role}: ${said}`);
          }
        }
      }
    }
    await show(page, reportOf('metric-changed'), { role: 'clinician' });
    await openAll(page);
    assert.doesNotMatch(await page.textContent('main'), /0\.9999/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a role is chosen by keyboard, is told, and keeps the focus', async () => {
    const { context, page } = await open();
    await show(page, reportOf('everything'), { role: 'clinician' });
    assert.equal(await page.locator('.roles input:checked').getAttribute('value'), 'clinician');
    assert.match(await seen(page, '.reading'), /^What it is for and not for/);
    await page.locator('.roles input:checked').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    assert.deepEqual(await page.evaluate(() => [chosen, document.activeElement.value]), [['auditor', 'engineer'], 'engineer']);
    const text = await seen(page, '.reading');
    assert.ok(text.indexOf('Files') < text.indexOf('How well it works'));
    assert.match(text, /hidden\.weight/);
    await page.locator('.rest > summary').focus();
    await page.keyboard.press('Enter');
    await page.locator('.rest .credential').first().waitFor();
    await show(page, reportOf('everything'), { role: 'constructor' });
    assert.equal(await page.locator('.roles input:checked').getAttribute('value'), 'everything');
    await context.close();
  });

  test('metrics are drawn: a mark each, with the figures as they were signed', async () => {
    const { context, page } = await open();
    for (const name of ['everything', 'bundle', 'rule-metric-one-subgroup', 'monitoring-chained']) {
      const report = reportOf(name);
      const metrics = report.shown.flatMap(({ content: { credentialSubject: { metric: own = [], acceptance } } }) => [...own, ...(acceptance?.metric ?? [])]);
      assert.ok(metrics.length > 0, name);
      await show(page, report, { role: 'clinician' });
      const performance = page.locator('.question').filter({ hasText: 'How well it works' }).first();
      const rows = await performance.locator('> .metrics .plot-row:not(.plot-foot)').evaluateAll((all) => all.map((row) => ({
        text: row.innerText.replace(/\s+/g, ' '), label: row.querySelector('svg').getAttribute('aria-label'), values: row.querySelectorAll('.plot-value').length, intervals: row.querySelectorAll('.plot-interval').length,
      })));
      assert.equal(rows.length, metrics.length, name);
      for (const { name: title, value, n, slice = 'Overall', interval, threshold } of metrics) {
        const row = rows.find(({ text, label }) => label.startsWith(`${title}, ${slice}: ${value}`) && (!interval || text.includes(`(${interval.lower} to ${interval.upper})`)));
        assert.ok(row, `${name}: ${title} ${slice} ${value}`);
        assert.deepEqual([row.values, row.intervals], [1, interval ? 1 : 0]);
        assert.ok(row.text.includes(value) && row.text.includes(`n ${n}`) && (!threshold || row.text.includes(`operating point ${threshold}`)), row.text);
      }
    }
    await context.close();
  });

  test('subgroups stand below the whole; few cases are marked and not hidden; no digit is lost', async () => {
    const { context, page, complaints } = await open();
    const long = '0.123456789012345678901234567890';
    const given = [
      metric({ slice: 'sex=female', n: 5 }), metric({ value: long }), metric({ slice: 'no n', n: undefined }), metric({ slice: 'no interval' }),
      metric({ slice: 'reversed', interval: { lower: '0.9', upper: '0.1' } }), metric({ slice: 'half', interval: { lower: '0.1' } }),
      metric({ slice: 'no number', value: 'NaN' }), metric({ slice: 'huge', value: '1e400' }), metric({ slice: 'object', value: { a: 1 } }),
      metric({ name: 'time', unit: 's', value: '1e300', interval: { lower: '-1e308', upper: '1e308', level: '0.95', method: 'guess' } }),
    ];
    await show(page, saying({ id: 'urn:x:model', metric: given }), { role: 'engineer' });
    const rows = page.locator('.question .plot-row:not(.plot-foot)');
    assert.equal(await rows.count(), given.length);
    assert.match(await rows.nth(0).innerText(), new RegExp(`^Overall[^]*${long}`));
    const row = (label) => rows.filter({ has: page.getByText(label, { exact: true }) });
    assert.match(await row('sex=female').innerText(), /fewer than ten cases/);
    assert.equal(await row('sex=female').locator('.plot-value.hollow').count(), 1);
    assert.match(await row('no n').innerText(), /number of cases not said/);
    assert.match(await row('no interval').innerText(), /no interval given/);
    for (const part of ['reversed', 'half']) {
      assert.match(await row(part).innerText(), /interval cannot be drawn/);
      assert.deepEqual([await row(part).locator('.plot-interval').count(), await row(part).locator('.plot-value').count()], [0, 1]);
    }
    assert.match(await row('reversed').innerText(), /0\.9 to 0\.1/);
    for (const part of ['no number', 'huge', 'object']) {
      assert.match(await row(part).innerText(), /value cannot be drawn/);
      assert.equal(await row(part).locator('.plot-value').count(), 0);
    }
    const strays = await page.evaluate(() => [...document.querySelectorAll('.track *, .plot-axis *')].filter((one) => /NaN|Infinity|undefined/.test(one.outerHTML)).length);
    assert.equal(strays, 0);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('ten thousand metrics come in steps', async () => {
    const { context, page, complaints } = await open();
    const many = Array.from({ length: 10_000 }, (_, at) => metric({ slice: `part ${at}`, name: at % 2 ? 'sensitivity' : `name ${at}` }));
    for (const role of ROLES) {
      await show(page, saying({ id: 'urn:x:model', metric: many }), { role });
      assert.ok(await page.evaluate(() => document.querySelectorAll('*').length) < 5000, role);
    }
    const count = () => page.locator('.plot-row:not(.plot-foot)').count();
    await show(page, saying({ id: 'urn:x:model', metric: many.filter((_, at) => at % 2) }), { role: 'clinician' });
    const before = await count();
    const more = page.getByRole('button', { name: 'Show 12 of 4,988 more' });
    await more.focus();
    await page.keyboard.press('Enter');
    assert.equal(await count(), before + 12);
    assert.equal(await page.getByRole('button', { name: 'Show 12 of 4,976 more' }).count(), 1);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('how facts are known is counted, and what is withheld or unknown is an entry', async () => {
    const { context, page } = await open();
    for (const role of ROLES) {
      await show(page, reportOf('everything'), { role });
      const known = await seen(page, '.known');
      for (const basis of ['measured', 'declared', 'inferred', 'withheld', 'unknown']) assert.ok(known.includes(en.ui[`basis.${basis}.meaning`]), basis);
      assert.match(known, /Evaluation attestation 5 measured 1 declared 1 withheld 1 unknown Robustness unknown Fairness withheld The data hold no attributes of persons\./);
    }
    await show(page, reportOf('everything'), { role: 'clinician' });
    const reading = await seen(page, '.reading');
    assert.match(reading, /Robustness unknown This is not known\./);
    assert.match(reading, /Fairness withheld This exists and is not disclosed\. Reason The data hold/);
    await context.close();
  });

  test('a reason that is no text is shown for what it is, and a basis that is none of ours is quoted, not a badge', async () => {
    const { context, page, complaints } = await open();
    await show(page, saying({ evaluation: { basis: 'withheld', reason: { law: 'of the land' } }, calibration: { basis: 'verified by WHO' }, table: [{ basis: 'verified by WHO', a: 1 }, { basis: 'measured', a: 2 }] }));
    const text = await seen(page, '#content');
    assert.doesNotMatch(await page.textContent('main'), /\[object/);
    assert.match(text, /Evaluation withheld Law of the land/);
    assert.match(text, /2 “verified by WHO”/);
    const places = await page.locator('.name').filter({ hasText: 'verified by WHO' }).count();
    assert.ok(places >= 3, `${places}`);
    assert.equal(await page.locator('.basis').filter({ hasText: 'WHO' }).count(), 0);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('who signed is said by the trust list and by the identifier, never by a credential', async () => {
    const { context, page } = await open();
    await show(page, reportOf('everything'));
    const signer = (kind) => page.locator('.signer').filter({ has: page.getByRole('heading', { name: kind }) });
    const text = async (kind) => (await signer(kind).innerText()).replace(/\s+/g, ' ');
    assert.match(await text('Evaluation attestation'), /Name Evaluation office Identifier did:web:evaluator\.example Independence By your trust list another party .* Signatures 1 signature holds Valid from 2026-11-01T11:00:00Z Valid until 2031-11-21T00:00:00Z/);
    assert.match(await text('Model passport'), /Name Maker .* The maker of the model/);
    assert.match(await text('Dataset passport'), /Not recalled as of 2026-11-21T06:00:00Z That is 6 hours before/);
    assert.match(await text('Model passport'), /no status entry, so a recall could not be seen/);
    await show(page, reportOf('everything'), { now: '2026-11-24T06:00:00Z' });
    assert.match(await text('Dataset passport'), /That is 3 days before/);

    await show(page, reportOf('hostile-text'));
    assert.match(await text('Dataset passport'), /You gave no trust list/);
    assert.doesNotMatch(await seen(page, '#signers'), /University/);
    await show(page, reportOf('trust-unknown'));
    assert.match(await seen(page, '#signers'), /Not in your trust list/);
    await show(page, reportOf('rule-evaluation-own'));
    assert.match(await text('Evaluation attestation'), /The same identifier as the maker/);
    await show(page, reportOf('everything-recalled'), { role: 'clinician' });
    assert.match(await text('Evaluation attestation'), /It builds on something that does not hold or is not known \(status\.revoked\)/);
    assert.match(await seen(page, '.reading'), /It builds on something that does not hold or is not known \(status\.revoked\)/);
    await show(page, reportOf('two-signers'));
    assert.match(await seen(page, '#signers'), /2 signatures hold/);

    await show(page, saying({ name: 'x' }, { issuer: 'did:web:\u0397ospital.example\u202e' }));
    const shown = await page.locator('.signer dd code').first().textContent();
    assert.equal(shown, 'did:web:U+0397ospital.exampleU+202E');
    await context.close();
  });

  test('a comparison says what differs, what one has alone, and draws both', async () => {
    const { context, page, complaints } = await open();
    const first = reportOf('bundle');
    const second = reportOf('bundle');
    const subject = (kind) => second.shown.find(({ content }) => content.type.includes(kind)).content.credentialSubject;
    const model = subject('ModelPassport');
    model.intendedUse.purpose = 'Something else';
    model.weights[0].tensors[1].sha256 = 'f'.repeat(64);
    model.artifactManifest.file[0].digestMultibase = 'uEiOTHER';
    model.stage = 'validation';
    delete model.limits;
    const [changed, gone] = subject('EvaluationAttestation').metric;
    changed.value = '0.5000';
    gone.slice = 'another part';
    for (const node of second.nodes) node.digest = 'uEiANOTHER';

    await compare(page, first, second);
    assert.deepEqual(await page.locator('.verdict h2').allTextContents(), ['Verified', 'Verified']);
    const cells = (name, section = '#compare') => page.locator(`${section} tr`).filter({ has: page.getByRole('rowheader', { name }) }).first().locator('td').allTextContents();
    assert.deepEqual(await cells('Intended use › Purpose'), ['To show a model passport end to end; to give the probability that an aspirate is malignant.', 'Something else', 'differs']);
    assert.deepEqual((await cells('Stage')).slice(1), ['validation', 'differs']);
    assert.deepEqual((await cells('Limits › Out of scope use')).slice(1), ['not there', 'only in the first']);
    assert.match(await page.locator('#compare .pair').first().innerText(), /^Evaluation attestation/);
    const files = page.locator('[id="compare.files"]');
    const rows = await files.locator('tbody tr').allInnerTexts();
    assert.equal(rows.filter((row) => /model\.onnx.*Digest/.test(row) && row.includes('uEiOTHER') && row.includes('differs')).length, 1);
    assert.equal(rows.filter((row) => row.includes('hidden.weight') && row.includes('f'.repeat(64))).length, 1);
    assert.equal(rows.length, 2);

    const plots = page.locator('[id="compare.metrics"] .metric');
    const firstPlot = plots.filter({ hasText: 'area under' });
    assert.deepEqual(await firstPlot.locator('.plot-row:not(.plot-foot) strong').filter({ hasText: /^0/ }).allTextContents(), ['0.9927', '0.5000']);
    assert.deepEqual([await firstPlot.locator('.plot-interval').count(), await firstPlot.locator('path.plot-value').count(), await firstPlot.locator('circle.plot-value').count()], [2, 1, 1]);
    await page.locator('.pair summary').first().press('Enter');
    await page.locator('.pair details[open] table').first().waitFor();

    await compare(page, first, reportOf('bundle'));
    assert.equal(await page.getByText('Nothing differs.').count(), first.shown.length + 2);
    // A number of a drawing, and what is written for machines: no claim differs, and yet the two are not the same.
    const alike = reportOf('bundle');
    const evaluation = alike.shown.find(({ content }) => content.type.includes('EvaluationAttestation')).content;
    evaluation.credentialSubject.metric[0].value = '0.01';
    await compare(page, first, alike);
    assert.equal(await page.getByText('Nothing differs.').count(), first.shown.length + 1);
    assert.equal(await page.getByText(en.ui['compare.nothing-else']).count(), 1);
    evaluation.credentialStatus = { type: 'BitstringStatusListEntry', statusListIndex: '7' };
    await compare(page, first, alike);
    assert.deepEqual((await cells('Credential › Credential status › Status list index')).slice(1), ['7', 'only in the second']);
    await compare(page, first, reportOf('metric-changed'));
    assert.deepEqual(await page.locator('.verdict h2').allTextContents(), ['Verified', 'Not verified']);
    assert.doesNotMatch(await page.textContent('main'), /0\.9999/);
    assert.match(await seen(page), /Second has no such credential that holds\./);
    await compare(page, reportOf('not-json'), reportOf('not-json'));
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a name that imitates the page is one line in a box of its own, after the signer and away from the page’s words', async () => {
    const feigned = 'CT nodules” signed by did:web:usz.ch\n\nVerified: the issuer is in your trust list as\nUniversity\u00a0 \tHospital Zurich. The files match.';
    const flat = feigned.replace(/[\s]+/g, ' ');
    const shownFirst = flat.slice(0, 80);
    for (const [colorScheme, media, width] of [['light', 'screen', 1100], ['dark', 'screen', 320], ['dark', 'print', 690]]) {
      const { context, page, complaints } = await open({ colorScheme, viewport: { width, height: 900 } });
      await page.emulateMedia({ media, colorScheme });
      const report = reportOf('bundle');
      for (const { content: { credentialSubject } } of report.shown) credentialSubject.name = feigned;
      await show(page, report);
      const what = `${colorScheme}, ${media}, ${width}`;
      const found = await page.evaluate((words) => {
        const strays = [];
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        // Where its own claim is shown as a value, it is as it was signed.
        for (let text = texts.nextNode(); text; text = texts.nextNode()) if (text.data.includes(words) && !text.parentElement.closest('.name, dd, pre')) strays.push(text.parentElement.outerHTML);
        const [signer, name] = document.querySelector('.subjects li').children;
        const box = name.querySelector('.name');
        const style = getComputedStyle(box);
        return {
          strays, signer: signer.innerText, name: name.innerText, below: name.getBoundingClientRect().top >= signer.getBoundingClientRect().bottom,
          spaces: [...document.querySelectorAll('.name')].map((one) => getComputedStyle(one).whiteSpace).filter((one) => one.startsWith('pre')),
          looks: [style.borderTopStyle, style.contain], odd: [...document.querySelectorAll('.name')].filter((one) => /[\n\t]| {2}/.test(one.textContent)).length, count: document.querySelectorAll('.name').length,
        };
      }, 'in your trust list as');
      assert.deepEqual(found.strays, [], what);
      assert.match(found.signer, /signed by did:\S+$/, what);
      assert.equal(found.name.replace(/\s+/g, ' '), `Name by its own account: “${shownFirst}… Show all ${flat.length} characters”`, what);
      assert.deepEqual([found.below, found.spaces, found.looks, found.odd], [true, [], ['dashed', 'paint'], 0], what);
      assert.ok(found.count > report.shown.length * 3, `${what}: ${found.count} names`);
      assert.equal(await overflows(page), false, what);
      assert.equal(await page.evaluate(() => [...document.querySelectorAll('.verdict .name, .node .name')].filter((one) => one.getBoundingClientRect().right > one.closest('.verdict, .node').getBoundingClientRect().right).length), 0, what);
      if (media === 'screen') {
        await page.locator('.subjects').getByRole('button', { name: `Show all ${flat.length} characters` }).first().click();
        assert.ok((await page.textContent('.subjects .name')) === flat, what);
      }
      // Marks that stack in a name are not painted beyond its box.
      for (const { content: { credentialSubject } } of report.shown) credentialSubject.name = `Z${'\u0346\u0310\u035b\u0327'.repeat(18)}`;
      await show(page, report);
      const clip = await page.locator('.subjects li').first().evaluate((item) => {
        const { x, bottom, width: wide } = item.firstElementChild.getBoundingClientRect();
        return { x, y: bottom - 20, width: wide, height: item.querySelector('.name').getBoundingClientRect().top - bottom + 20 };
      });
      const stacked = await page.screenshot({ clip });
      await page.evaluate(() => document.querySelectorAll('.name').forEach((one) => { one.style.visibility = 'hidden'; }));
      assert.ok(stacked.equals(await page.screenshot({ clip })), what);
      assert.deepEqual(complaints, []);
      await context.close();
    }
  });

  test('hostile text, names of a megabyte, depth and number: text, cut, and no wider than the page', async () => {
    const { context, page, complaints } = await open({ viewport: { width: 320, height: 800 } });
    const deep = (depth) => (depth === 0 ? 'the end' : { inner: deep(depth - 1) });
    const word = 'Donaudampfschifffahrtsgesellschaft'.repeat(7);
    const arabic = 'اسم النموذج \u202e<b>';
    const odd = JSON.parse(`{"__proto__":"proto","constructor":{"basis":"declared","toString":"x"},"${word}":"${word}"}`);
    const reports = {
      'hostile-text': reportOf('hostile-text'),
      megabyte: saying({ name: 'n'.repeat(2 ** 20), description: '\u202e'.repeat(2 ** 20), limits: { basis: 'declared', knownLimitations: ['l'.repeat(2 ** 20)] } }, { kind: 'ModelPassport', issuer: `did:web:${'x'.repeat(2 ** 16)}` }),
      groups: saying(Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`group${at}`, { basis: 'measured', value: at }]))),
      facts: saying(Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`fact${at}`, 'x']))),
      rows: saying({ table: Array.from({ length: 20_000 }, (_, at) => ({ [`column${at % 500}`]: at })) }),
      deep: saying({ group: { basis: 'declared', ...deep(31) }, limits: { basis: 'declared', ...deep(31) } }, { kind: 'ModelPassport' }),
      odd: saying(odd, { kind: 'ModelPassport' }),
      words: saying({ name: word, limits: { basis: word, knownLimitations: [word, arabic] }, metric: [metric({ name: word, slice: arabic, value: '9'.repeat(5000) }), metric({ name: word, unit: word, slice: word, n: word })] }, { kind: 'ModelPassport' }),
      many: { ...saying({}), shown: Array.from({ length: 3000 }, (_, at) => ({ node: `urn:x:${at}`, content: { type: ['VerifiableCredential', 'ModelPassport'], issuer: `did:web:${at}.example`, credentialSubject: { name: `model ${at}`, group: { basis: 'unknown' } } } })) },
      subjects: saying([{ name: 'one' }, 'two', null, { limits: { basis: 'declared', knownLimitations: ['three'] } }]),
    };
    for (const [name, report] of Object.entries(reports)) {
      for (const role of ROLES) {
        await show(page, report, { role });
        assert.equal(await overflows(page), false, `${name}, ${role}`);
        const found = await page.evaluate(() => ({
          elements: document.querySelectorAll('*').length,
          injected: document.querySelectorAll('main :is(img, script, iframe, a, b, [onerror])').length,
          bidi: /[\u202a-\u202e\u2066-\u2069]/.test(document.body.textContent),
        }));
        assert.ok(found.elements < 12_000, `${name}, ${role}: ${found.elements} elements`);
        assert.deepEqual([found.injected, found.bidi], [0, false], `${name}, ${role}`);
      }
      await compare(page, report, reportOf('bundle'));
      assert.equal(await overflows(page), false, `${name}, compared`);
      assert.ok(await page.evaluate(() => document.querySelectorAll('*').length) < 12_000, `${name}, compared`);
    }
    await show(page, reports.odd, { role: 'everything' });
    assert.match(await seen(page, '#content'), /proto/);
    await show(page, reports.subjects, { role: 'clinician' });
    await openAll(page);
    assert.match(await page.textContent('#content'), /one.*two.*three/s);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('what needs attention comes first, however many others there are', async () => {
    const { context, page } = await open();
    const report = reportOf('bundle');
    const check = { check: 'artifacts', outcome: 'not-checked', required: false, code: 'artifacts.not-at-hand', message: 'not at hand' };
    report.checks = [...Array.from({ length: 500 }, (_, at) => ({ ...check, node: `urn:x:${at}` })), { ...check, outcome: 'warn', message: 'the one to see' }, { ...check, outcome: 'pass', message: 'fine' }];
    await show(page, report);
    assert.match(await page.locator('.results li').first().innerText(), /The one to see/);
    await context.close();
  });

  test('the word of a state never reaches into what stands beside it', async () => {
    const { context, page } = await open();
    const words = Object.fromEntries(Object.entries(en.ui).map(([key, text]) => [key, key.startsWith('outcome.') ? 'Nichtzutreffendheitsbescheinigung im Einzelfall' : text]));
    for (const width of [320, 640, 720, 1100]) {
      await page.setViewportSize({ width, height: 800 });
      for (const texts of [en.ui, words]) {
        await page.evaluate((given) => { globalThis.ui = view.createUi('en', { ui: given }); }, texts);
        await show(page, reportOf('everything'));
        await page.evaluate(() => document.querySelectorAll('#checks details').forEach((one) => { one.open = true; }));
        const overlaps = await page.evaluate(() => [...document.querySelectorAll('.row > .badge, .results li > .badge')].filter((badge) => {
          const [one, other] = [badge, badge.nextElementSibling].map((element) => element.getBoundingClientRect());
          const inside = [...badge.childNodes].every((child) => {
            const range = document.createRange();
            range.selectNode(child);
            return range.getBoundingClientRect().right <= one.right + 1;
          });
          return !inside || (one.right > other.left + 0.5 && one.bottom > other.top + 0.5);
        }).length);
        assert.equal(overlaps, 0, `${width}`);
        assert.equal(await overflows(page), false, `${width}`);
      }
    }
    await context.close();
  });

  test('on paper: black on white, everything open but the JSON, and whose word it is', async () => {
    const { context, page, complaints } = await open({ colorScheme: 'dark' });
    await show(page, reportOf('everything'), { role: 'auditor', digest: 'ab'.repeat(32) });
    await page.evaluate(() => {
      document.documentElement.dataset.theme = 'dark';
      view.openForPrint(document.body);
      globalThis.printed = [];
      window.addEventListener('beforeprint', () => printed.push(document.querySelectorAll('details:not(.json):not([open]), button.more').length));
    });
    const folded = () => page.locator('details:not([open])').count();
    const before = await folded();
    const pdf = await page.pdf({ format: 'A4' });
    assert.ok(pdf.length > 50_000);
    assert.ok(await page.locator('button.more').count() === 0);
    assert.deepEqual(await page.evaluate(() => printed), [0], 'the browser says that it prints, and all is open then');
    await page.waitForFunction((count) => document.querySelectorAll('details:not([open])').length >= count, before);

    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.setViewportSize({ width: 690, height: 1000 });
    const colours = await page.evaluate(() => ['.verdict', '.card', 'dd', '.group'].map((one) => {
      const { color, backgroundColor } = getComputedStyle(document.querySelector(one));
      return [one, color, backgroundColor];
    }));
    const brightness = (colour) => colour.match(/[\d.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3;
    for (const [one, color, background] of colours) {
      assert.ok(brightness(color) < 60, `${one} ${color}`);
      assert.ok(/, 0\)$/.test(background) || brightness(background) > 220, `${one} ${background}`);
    }
    const verdict = await seen(page, '.verdict');
    for (const part of ['Verified', '2026-11-21T12:00:00Z', 'did:web:maker.example', 'ab'.repeat(32)]) assert.ok(verdict.includes(part), part);
    assert.equal(await overflows(page), false);
    assert.equal(await page.locator('.json').first().isVisible(), false);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('on paper a comparison is open as well, and is folded again', async () => {
    const { context, page } = await open();
    await compare(page, reportOf('bundle'), reportOf('everything'));
    const folded = () => page.locator('#view details:not(.json):not([open]), #view button.more').count();
    const before = await folded();
    assert.ok(before > 0);
    await page.evaluate(() => {
      view.openForPrint(document.createElement('div'), document.getElementById('view'));
      window.dispatchEvent(new Event('beforeprint'));
    });
    assert.equal(await folded(), 0);
    await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
    assert.ok(await folded() > 0);
    await context.close();
  });

  test('axe finds nothing, in every role and in a comparison, light and dark, narrow and wide', async () => {
    const axe = axeSource();
    for (const [colorScheme, width] of [['light', 1100], ['dark', 320]]) {
      const { context, page } = await open({ colorScheme, bypassCSP: true, viewport: { width, height: 900 } });
      await page.evaluate(axe);
      const clean = async (what) => {
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary}`), [], `${what}, ${colorScheme}`);
      };
      for (const name of ['everything', 'everything-recalled', 'hostile-text', 'monitoring', 'parent-missing']) {
        for (const role of name === 'everything' ? ROLES : ['clinician']) {
          await show(page, reportOf(name), { role });
          await openAll(page);
          await clean(`${name}, ${role}`);
        }
      }
      await compare(page, reportOf('bundle'), reportOf('everything'));
      await openAll(page);
      await clean('comparison');
      await context.close();
    }
  });
});
