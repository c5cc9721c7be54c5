// The lineage: places by themselves, then graph, list and time line in Chromium.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { layOut, LIMITS, link, nearest, SIZES, trouble } from '../../verifier-wasm/view/layout.js';
import { scaleOf, timeOf } from '../../verifier-wasm/view/timeline.js';
import { axeSource, caseOf, launch, open as openPage, serveSite } from './harness.mjs';

const node = (at, parents, more) => ({
  id: `urn:n:${at}`, digest: `d${at}`, kind: 'ModelPassport', state: 'proven', code: 'lineage.proven', message: 'here',
  issuer: `did:web:issuer-${at}.example`, parents: parents.map((to) => ({ id: `urn:n:${to}`, digest: `d${to}`, relation: 'trainedOn' })), ...more,
});
const lineage = (count, parents) => Array.from({ length: count }, (_, at) => node(at, parents(at)));
const reportOf = (nodes, more) => ({ nodes, shown: [], checks: [], checkedAt: '2026-11-21T12:00:00Z', ...more });
const upTo = (count) => Array.from({ length: count }, (_, at) => at);

const LARGE = lineage(10_000, (at) => [1, 2, 3, 5, 8].map((step) => at + step).filter((to) => to < 10_000));
const CLIQUE = lineage(300, (at) => upTo(300).filter((to) => to !== at));
const RING = lineage(40, (at) => [(at + 1) % 40]);
const SELF = [node(0, [0, 1]), node(1, [])];
const DANGLING = [node(0, ['gone', 'lost', 'gone'])];

function placed(nodes) {
  const graph = link(nodes);
  const part = nearest(graph, 0);
  const index = new Map(part.nodes.map((one, at) => [one, at]));
  const edges = part.edges.map(({ from, to }) => ({ from: index.get(from), to: index.get(to) }));
  return { graph, part, edges, layout: layOut(part.nodes.length, edges) };
}

describe('places', () => {
  const corpus = ['everything', 'diamond', 'long-chain', 'parent-missing', 'bundle', 'disclosure-parent-part'];

  test('what is built on lies to the left, and nothing lies on anything', () => {
    for (const nodes of [...corpus.map((name) => caseOf(name).report.nodes), LARGE]) {
      const { edges, layout } = placed(nodes);
      for (const { from, to } of edges) assert.ok(layout.nodes[to].x + SIZES.width < layout.nodes[from].x);
      for (const column of layout.columns) {
        const tops = column.map((at) => layout.nodes[at].y);
        tops.slice(1).forEach((top, at) => assert.ok(top - tops[at] >= SIZES.height, 'one below the other'));
      }
      for (const { x, y } of layout.nodes) assert.ok(x >= 0 && y >= -0.1 && x + SIZES.width <= layout.width && y + SIZES.height <= layout.height + 0.1);
    }
  });

  test('the same report has the same places', () => {
    for (const nodes of [LARGE, CLIQUE, caseOf('diamond').report.nodes]) assert.deepEqual(placed(nodes).layout, placed(structuredClone(nodes)).layout);
  });

  test('a circle, an own parent and a stranger end, and every line is drawn', () => {
    for (const [nodes, count, lines] of [[RING, 40, 40], [SELF, 2, 2], [DANGLING, 3, 3], [caseOf('processing-cycle').report.nodes, 3, 3], [caseOf('self-parent').report.nodes, 2, 1]]) {
      const { layout } = placed(nodes);
      assert.equal(layout.nodes.length, count);
      assert.equal(layout.edges.length, lines);
      for (const { path, arrow, label } of layout.edges) {
        assert.doesNotMatch(path + arrow, /NaN|undefined|Infinity/);
        assert.ok(Number.isFinite(label.x) && Number.isFinite(label.y));
      }
    }
  });

  test('labels of one gap do not lie on each other', () => {
    const { layout } = placed(caseOf('everything').report.nodes);
    const labels = layout.edges.map(({ label }) => label);
    for (const gap of new Set(labels.map(({ x }) => x))) {
      const tops = labels.filter(({ x }) => x === gap).map(({ y }) => y).sort((one, other) => one - other);
      tops.slice(1).forEach((top, at) => assert.ok(top - tops[at] >= SIZES.label - 0.1));
    }
  });

  test('of a large one, the nearest to the one that is asked for', () => {
    const { part } = placed(LARGE);
    assert.equal(part.nodes.length, LIMITS.drawnNodes);
    assert.ok(part.edges.length <= LIMITS.drawnEdges);
    assert.deepEqual(part.left.nodes, 10_000 - LIMITS.drawnNodes);
    assert.ok(nearest(link(LARGE), 7_000).nodes.every((at) => Math.abs(at - 7_000) < 8 * LIMITS.drawnNodes));
    const clique = placed(CLIQUE).part;
    assert.deepEqual([clique.nodes.length, clique.edges.length, clique.left], [300, LIMITS.drawnEdges, { nodes: 0, edges: 300 * 299 - LIMITS.drawnEdges }]);
  });

  test('more than is ever looked at is left out', () => {
    const wide = link([node(0, upTo(LIMITS.edges + 7).map((at) => `x${at}`))]);
    assert.equal(wide.edges.length, LIMITS.edges);
    assert.equal(link(lineage(LIMITS.nodes + 5, () => [])).nodes.length, LIMITS.nodes);
  });

  test('an identifier that stands there twice is told apart by its digest', () => {
    const twice = [node(0, []), node(1, []), node(1, [], { digest: 'other' })];
    twice[0].parents = [{ id: 'urn:n:1', digest: 'other', relation: 'used' }, { id: 'urn:n:1', digest: 'neither', relation: 'used' }];
    assert.deepEqual(link(twice).edges.map(({ to, state }) => [to, state]), [[2, 'proven'], [1, 'missing']]);
  });

  test('the way of a recall is found, also where its middle is left out', () => {
    const nodes = [node(0, [1]), node(1, [2]), node(2, [3]), node(3, [4]), node(4, [], { state: 'broken' })];
    nodes[0].taint = { code: 'status.revoked', path: ['urn:n:4', 'urn:n:3', 'urn:n:1', 'urn:n:0'] };
    const { nodes: way, edges, origins } = trouble(link(nodes), [0]);
    assert.deepEqual([[...way].sort(), [...edges].map(({ from, to }) => [from, to]), [...origins]], [[0, 1, 3, 4], [[0, 1], [3, 4]], [4]]);
  });
});

describe('dates', () => {
  test('are drawn as the profile writes them, and not otherwise', () => {
    assert.equal(timeOf('2026-11-21'), Date.UTC(2026, 10, 21));
    assert.equal(timeOf('2026-11-21T12:00:00Z'), Date.UTC(2026, 10, 21, 12));
    for (const wrong of ['2026-13-41', 'yesterday', '', '2026', 'x2026-11-21', undefined, null, {}, 7]) assert.equal(timeOf(wrong), undefined, String(wrong));
  });

  test('that are absurd do not decide where the drawing begins and ends', () => {
    const now = timeOf('2026-11-21T12:00:00Z');
    const row = (from, until, ...times) => ({ bar: { from, until }, facts: [{ key: 'due', times }] });
    const sane = scaleOf([row('2026-11-01T00:00:00Z', '2027-01-01T00:00:00Z')], now);
    assert.ok(sane.from < timeOf('2026-11-01') && sane.until > timeOf('2027-01-01'));
    assert.deepEqual(scaleOf([row('2026-11-01T00:00:00Z', '2027-01-01T00:00:00Z'), row('0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '9999-01-01')], now), sane);
    assert.equal(scaleOf([row('no', 'date')], undefined), undefined);
  });
});

describe('in Chromium', () => {
  let browser;
  let server;
  before(async () => {
    server = await serveSite();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  // A page of the site with the lineage of a report alone.
  async function open(report, options = {}) {
    const opened = await openPage(browser, server, { viewport: { width: 1100, height: 900 }, reducedMotion: 'reduce', ...options });
    await show(opened.page, report);
    return opened;
  }

  async function show(page, report) {
    await page.evaluate(async (given) => {
      const [{ loadUi }, { showLineage }, { element }] = await Promise.all(['index.js', 'lineage.js', 'text.js'].map((name) => import(`/verifier/view/${name}`)));
      const names = new Map(given.shown.map(({ node: id, content }) => [id, content.credentialSubject?.name]));
      const parts = showLineage(await loadUi('en'), given.nodes, names, given);
      document.getElementById('input').hidden = true;
      document.getElementById('result').replaceChildren(element('section', { class: 'card', 'aria-labelledby': 'lineage-title' }, element('h2', { id: 'lineage-title' }, 'Lineage'), parts));
    }, report);
    await page.waitForFunction(() => document.querySelector('.graph-stage')?.style.transform !== '');
  }

  const transform = (page) => page.evaluate(() => document.querySelector('.graph-stage').style.transform);
  const focused = (page) => page.evaluate(() => [...document.querySelectorAll('.graph-node')].indexOf(document.activeElement));
  const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  test('every node and line is drawn with its state', async () => {
    const wanted = {
      everything: { nodes: { Proven: 6 }, lines: { pass: 6 } },
      'everything-recalled': { nodes: { Proven: 5, Broken: 1 }, lines: { pass: 4, fail: 2 } },
      diamond: { nodes: { Proven: 80 }, lines: { pass: 156 } },
      'long-chain': { nodes: { Proven: 250 }, lines: { pass: 249 } },
      'parent-missing': { nodes: { Proven: 2, Missing: 1 }, lines: { pass: 1, open: 2 } },
      'processing-cycle': { nodes: { Proven: 3 }, lines: { pass: 2, fail: 1 } },
      'status-parent-revoked': { nodes: { Proven: 1, Broken: 1 }, lines: { fail: 1 } },
      'thing-declared': { nodes: { Proven: 1, Declared: 1 }, lines: { word: 1 } },
      'self-parent': { nodes: { Broken: 2 }, lines: { fail: 1 } },
    };
    const { context, page, complaints, asked, shot } = await open(caseOf('everything').report);
    for (const [name, { nodes, lines }] of Object.entries(wanted)) {
      await show(page, caseOf(name).report);
      const found = await page.evaluate(() => ({
        nodes: [...document.querySelectorAll('.graph-node .graph-states .badge:first-child')].map(({ textContent }) => textContent),
        lines: [...document.querySelectorAll('.graph-stage .graph-line')].map(({ classList }) => classList[1]),
        labels: document.querySelectorAll('.graph-stage .graph-label').length,
        listed: document.querySelectorAll('.tree .node:not(:has(+ .fine.quiet))').length,
      }));
      const count = (words) => Object.fromEntries(words.map((word) => [word, words.filter((other) => other === word).length]));
      assert.deepEqual({ nodes: count(found.nodes), lines: count(found.lines) }, { nodes, lines }, name);
      assert.equal(found.labels, found.lines.length, name);
      assert.ok(found.listed >= found.nodes.length, name);
      await shot(`lineage-${name}`);
    }
    assert.deepEqual(complaints, []);
    assert.deepEqual(asked().filter((url) => !/\/verifier\/view\//.test(url)), []);
    await context.close();
  });

  test('a link that is worse than what it leads to says so in the list', async () => {
    const { context, page } = await open(caseOf('processing-cycle').report);
    const links = () => page.locator('.tree .relation').allTextContents();
    assert.ok((await links()).includes('Used (Broken) '));
    await show(page, caseOf('disclosure-parent-part').report);
    assert.ok((await links()).includes('Evaluates (Declared) '));
    await show(page, caseOf('everything').report);
    assert.ok((await links()).every((said) => !said.includes('(')));
    await context.close();
  });

  test('a node says its state, kind, name, issuer by the trust list, and identifier', async () => {
    const { context, page } = await open(caseOf('everything').report);
    const node = page.getByRole('button', { name: /^Proven Model passport “Fine-needle aspirate classifier” Maker did:web:maker\.example$/ });
    assert.equal(await node.count(), 1);
    await context.close();
  });

  test('a recall is a path that can be looked at alone', async () => {
    const { context, page, shot } = await open(caseOf('everything-recalled').report);
    const seen = () => page.evaluate(() => ['.graph-node', '.graph-stage .graph-line', '.graph-label'].map((what) => [...document.querySelectorAll(what)].filter((one) => getComputedStyle(one).visibility === 'visible').length));
    assert.deepEqual(await page.evaluate(() => ['.graph-node.tainted', '.graph-node.origin', '.graph-stage .graph-line.tainted'].map((what) => document.querySelectorAll(what).length)), [6, 1, 5]);
    assert.match(await page.textContent('.graph-node.origin'), /Broken.*Starts here.*Dataset passport/);
    assert.deepEqual(await seen(), [6, 6, 6]);
    const only = page.getByRole('button', { name: 'Only what is tainted' });
    await only.click();
    assert.equal(await only.getAttribute('aria-pressed'), 'true');
    assert.deepEqual(await seen(), [6, 5, 5]);
    await shot('lineage-tainted-only');
    await only.click();
    assert.deepEqual(await seen(), [6, 6, 6]);
    await show(page, caseOf('everything').report);
    assert.equal(await only.count(), 0);
    await context.close();
  });

  test('what is hidden is no stop, and is shown when it is asked for', async () => {
    const taint = (...path) => ({ taint: { code: 'status.revoked', path: path.map((at) => `urn:n:${at}`) } });
    const nodes = [node(0, [3, 1]), node(1, [2], taint(2, 1)), node(2, [], { state: 'broken' }), node(3, [])];
    const { context, page } = await open(reportOf(nodes));
    const only = page.getByRole('button', { name: 'Only what is tainted' });
    await only.click();
    await page.locator('.graph-box').focus();
    await page.keyboard.press('Tab');
    const stops = new Set([await focused(page)]);
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowLeft', 'Home', 'End']) {
      await page.keyboard.press(key);
      stops.add(await focused(page));
    }
    assert.deepEqual([...stops].sort(), [1, 2]);
    await page.getByRole('button', { name: 'Show in the graph: Model passport urn:n:3' }).click();
    assert.equal(await focused(page), 3);
    assert.equal(await only.getAttribute('aria-pressed'), 'false');
    await context.close();
  });

  test('the keyboard reaches every node, along the lines and through all', async () => {
    for (const name of ['everything', 'diamond', 'processing-cycle']) {
      const { report } = caseOf(name);
      const { context, page } = await open(report);
      await page.locator('.graph-box').focus();
      await page.keyboard.press('Tab');
      assert.equal(await focused(page), 0, 'the checked one is the stop');
      await page.keyboard.press('Home');
      const reached = new Set([await focused(page)]);
      for (const _ of report.nodes) {
        await page.keyboard.press('ArrowDown');
        reached.add(await focused(page));
      }
      assert.equal(reached.size, report.nodes.length, name);
      const inside = await page.evaluate(() => {
        const [box, node] = ['.graph-box', '.graph-node:focus'].map((what) => document.querySelector(what).getBoundingClientRect());
        return node.left >= box.left && node.right <= box.right && node.top >= box.top && node.bottom <= box.bottom;
      });
      assert.ok(inside, 'what has the focus is in the window');
      await context.close();
    }
    const { context, page } = await open(caseOf('everything').report);
    const kinds = caseOf('everything').report.nodes.map(({ kind }) => kind);
    await page.locator('.graph-node').first().focus();
    const walked = [];
    for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowLeft', 'ArrowLeft', 'ArrowRight']) {
      await page.keyboard.press(key);
      walked.push(kinds[await focused(page)]);
    }
    assert.deepEqual(walked, ['DeploymentAttestation', 'ModelPassport', 'DatasetPassport', 'DatasetPassport', 'ModelPassport']);
    await page.keyboard.press('Enter');
    assert.match(await page.textContent('.graph-details'), /Model passport.*Fine-needle.*Issuer Maker did:web:maker\.example/);
    await page.keyboard.press('Escape');
    assert.equal(await page.textContent('.graph-details'), '');
    await context.close();
  });

  test('one stop for Tab, and the next is behind the graph', async () => {
    const { context, page } = await open(caseOf('everything').report);
    await page.locator('.graph-box').focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    assert.match(await page.evaluate(() => document.activeElement.className), /graph-move/);
    await page.keyboard.press('Shift+Tab');
    assert.notEqual(await focused(page), -1);
    await context.close();
  });

  test('what is selected in the graph is marked in the list, and the other way round', async () => {
    const { context, page } = await open(caseOf('everything').report);
    const marked = () => page.locator('.tree [aria-current]').evaluateAll((all) => all.map(({ textContent }) => /(?:Proven|Broken)(\w+ \w+)/.exec(textContent)[1]));
    const pressed = () => page.locator('.graph-node[aria-pressed="true"] strong').allTextContents();
    await page.locator('.graph-node').filter({ hasText: 'Dataset passport' }).click();
    assert.deepEqual(await marked(), ['Dataset passport']);
    await page.getByRole('button', { name: /^Show in the graph: Aspirate classifier in cytology/ }).click();
    assert.deepEqual([await marked(), await pressed()], [['Deployment attestation'], ['Deployment attestation ']]);
    assert.notEqual(await focused(page), -1);
    await page.getByRole('button', { name: /^Show in the list/ }).click();
    assert.ok(await page.evaluate(() => document.activeElement.closest('.tree [aria-current]') !== null));
    await page.locator('.graph-node[aria-pressed="true"]').click();
    assert.deepEqual([await marked(), await pressed()], [[], []]);
    await context.close();
  });

  test('keys, buttons, the wheel and dragging move it and change its size, and all of it can be had back', async () => {
    const { context, page } = await open(caseOf('everything').report);
    const fit = page.getByRole('button', { name: 'Show all of the graph' });
    const begin = await transform(page);
    const box = page.locator('.graph-box');
    const changes = async (act, name) => {
      await act();
      assert.notEqual(await transform(page), begin, name);
      await fit.click();
      assert.equal(await transform(page), begin, name);
    };
    for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', '+', '-']) await changes(() => box.press(key), key);
    for (const name of ['Larger', 'Smaller']) await changes(() => page.getByRole('button', { name, exact: true }).click(), name);
    await box.press('+');
    await box.press('0');
    assert.equal(await transform(page), begin, '0');
    await box.press('Control+ArrowLeft');
    assert.equal(await transform(page), begin, 'keys of the browser are its own');

    await box.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await box.boundingBox();
    await changes(async () => {
      await page.mouse.move(x + 40, y + 40);
      await page.keyboard.down('Control');
      await page.mouse.wheel(0, -100);
      await page.keyboard.up('Control');
      await page.waitForFunction((before) => document.querySelector('.graph-stage').style.transform !== before, begin);
    }, 'Ctrl and wheel');
    await page.mouse.move(x + 40, y + 40);
    await page.mouse.wheel(0, 120);
    await page.waitForFunction(() => scrollY > 0);
    assert.equal(await transform(page), begin, 'a wheel scrolls the page');
    await page.evaluate(() => scrollTo(0, 0));

    const node = await page.locator('.graph-node').first().boundingBox();
    await changes(async () => {
      await page.mouse.move(node.x + 20, node.y + 20);
      await page.mouse.down();
      await page.mouse.move(x + width / 2, y + height / 2, { steps: 4 });
      await page.mouse.up();
    }, 'dragging');
    assert.equal(await page.locator('.graph-node[aria-pressed="true"]').count(), 0, 'the end of dragging is no click');
    await context.close();
  });

  test('a finger moves it sideways, two change its size, and up and down scroll the page', async () => {
    const { context, page } = await open(caseOf('everything').report, { hasTouch: true, viewport: { width: 390, height: 700 } });
    const box = await page.locator('.graph-box').boundingBox();
    const session = await context.newCDPSession(page);
    const touch = (type, ...points) => session.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x: box.x + x, y: box.y + y, id })) });
    const scale = async () => Number(/scale\(([\d.]+)/.exec(await transform(page))[1]);
    const left = async () => Number(/translate\((-?[\d.]+)/.exec(await transform(page))[1]);
    const [first, size] = [await left(), await scale()];
    await touch('touchStart', [150, 30]);
    for (let step = 1; step <= 10; step += 1) await touch('touchMove', [150 + step * 10, 30]);
    await touch('touchEnd');
    assert.ok(await left() > first + 50);
    await touch('touchStart', [100, 30], [200, 30]);
    for (let step = 1; step <= 10; step += 1) await touch('touchMove', [100 - step * 5, 30], [200 + step * 5, 30]);
    await touch('touchEnd');
    assert.ok(await scale() > size * 1.5);
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.graph-box')).touchAction), 'pan-y');
    await context.close();
  });

  test('it glides, but not for those who do not want motion', async () => {
    for (const [reducedMotion, wanted] of [['reduce', '0s'], ['no-preference', '0.18s']]) {
      const { context, page } = await open(caseOf('everything').report, { reducedMotion });
      await page.locator('.graph-box').press('+');
      assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.graph-stage')).transitionDuration), wanted);
      await context.close();
    }
  });

  test('a lineage of ten thousand is drawn in part, and any part can be had', async () => {
    const { context, page, complaints } = await open(reportOf(LARGE));
    const counts = () => page.evaluate(() => [document.querySelectorAll('.graph-node').length, document.querySelectorAll('.tree .node').length]);
    assert.deepEqual(await counts(), [LIMITS.drawnNodes, 500]);
    assert.match(await page.textContent('.graph-left'), /^9,700 more are in the report and not drawn.*lines between these are not drawn/);
    assert.match(await page.textContent('.tree + p'), /^9,\d{3} more are in the report and not listed/);
    const last = page.locator('.tree .graph-move').last();
    await last.click();
    assert.equal(await page.locator('.graph-node[aria-pressed="true"]').count(), 1);
    assert.deepEqual(await counts(), [LIMITS.drawnNodes, 500]);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('whatever hangs together with whatever is drawn', async () => {
    const { context, page, complaints } = await open(reportOf(RING));
    const drawn = () => page.evaluate(() => [document.querySelectorAll('.graph-node').length, document.querySelectorAll('.graph-stage .graph-line').length]);
    for (const [name, nodes, wanted] of [['ring', RING, [40, 40]], ['clique', CLIQUE, [300, 900]], ['self', SELF, [2, 2]], ['dangling', DANGLING, [3, 3]]]) {
      await show(page, reportOf(nodes));
      assert.deepEqual(await drawn(), wanted, name);
      assert.ok(await page.locator('.tree .node').count() <= 500, name);
      assert.equal(await overflow(page), 0, name);
    }
    assert.match(await page.textContent('.tree'), /The report does not describe it/);
    await show(page, reportOf(CLIQUE));
    assert.match(await page.textContent('.tree + p'), /not listed/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('one alone needs no drawing', async () => {
    const { context, page } = await open(caseOf('everything').report);
    await page.evaluate(async (given) => {
      const [{ loadUi }, { showLineage }] = await Promise.all(['index.js', 'lineage.js'].map((name) => import(`/verifier/view/${name}`)));
      document.getElementById('result').replaceChildren(...showLineage(await loadUi('en'), given.nodes, new Map(), given).flat().filter(Boolean));
    }, caseOf('hostile-text').report);
    assert.deepEqual(await page.evaluate(() => ['.graph', '.tree .node', '.times .time'].map((what) => document.querySelectorAll(what).length)), [0, 1, 1]);
    await context.close();
  });

  const HOSTILE = ['<img src=x onerror=alert(1)>', 'javascript:alert(1)', '\u202Egnp.exe\u2066', '__proto__', 'W'.repeat(65_000), 'a\u0301'.repeat(400), '', '😀'.repeat(300)];

  test('hostile text in every field changes nothing and overflows nowhere', async () => {
    const dates = ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '<b>soon</b>', '2026-13-41', 'x'.repeat(5000)];
    const nodes = HOSTILE.map((text, at) => ({
      id: `${text} ${at}`, digest: text, kind: text, state: 'proven', code: text, message: text, issuer: text, issuerName: text,
      taint: { code: text, path: [text, `${text} ${at}`] },
      parents: HOSTILE.map((other, to) => ({ id: `${other} ${to}`, digest: other, relation: text })),
    }));
    const shown = HOSTILE.map((text, at) => ({
      node: `${text} ${at}`,
      content: { type: [text], validFrom: dates[at % dates.length], validUntil: dates[(at + 1) % dates.length], credentialSubject: { name: text.repeat(text.length > 60_000 ? 16 : 1), nextDue: dates[at % dates.length], releaseDate: { x: 1 }, approval: [text], training: null } },
    }));
    const checks = HOSTILE.map((text, at) => ({ check: 'status', outcome: 'fail', required: true, code: 'status.revoked', node: `${text} ${at}`, message: `its issuer revoked it, by the status list \`${text}\` of 2026-11-21T06:00:00Z`, pointer: text, asOf: '2026-11-21T06:00:00Z' }));
    for (const width of [320, 1100]) {
      const { context, page, complaints, shot } = await open(reportOf(nodes, { shown, checks }), { viewport: { width, height: 900 } });
      assert.equal(await page.locator('.graph-node').count(), HOSTILE.length);
      assert.deepEqual(await page.evaluate(() => ['img', 'a', 'b', 'script', 'style', 'iframe'].map((what) => document.querySelectorAll(`#result ${what}`).length)), [0, 0, 0, 0, 0, 0]);
      assert.equal(await overflow(page), 0);
      for (const button of await page.locator('.graph-node').all()) assert.ok((await button.textContent()).length < 500);
      assert.match(await page.textContent('.graph-stage'), /U\+202E/);
      await page.locator('.graph-node').first().press('Enter');
      await shot(`lineage-hostile-${width}`);
      assert.deepEqual(complaints, []);
      await context.close();
    }
  });

  test('the time line has the dates as they were signed', async () => {
    const { context, page } = await open(caseOf('everything').report);
    const rows = await page.locator('.times .time-text').allTextContents();
    assert.deepEqual(rows.map((row) => row.replace(/valid from.*?; |valid from.*$/, '')), [
      'Monitoring attestationmonitoring due 2026-11-29; monitored 2026-10-01 to 2026-10-30',
      'Deployment attestation“Aspirate classifier in cytology”acceptance decided 2026-10-31; signed off 2026-10-31',
      'Approval attestation“Fine-needle aspirate classifier”decided 2026-10-30; approval ends 2027-10-31',
      'Evaluation attestationevaluated 2026-11-21',
      'Model passport“Fine-needle aspirate classifier”released 2026-11-21; begun 2026-11-20T08:00:00Z; ended 2026-11-20T08:00:02Z',
      'Dataset passport“Wisconsin diagnostic breast cancer, split for training and test”released 2026-11-20',
    ]);
    assert.ok(rows.every((row) => /valid from 2026-11-01T(09|10|11):00:00Z until 2031-11-21T00:00:00Z/.test(row)));
    assert.deepEqual(await page.evaluate(() => ['.bar.valid', '.bar.valid.later', '.bar.span', '.times .mark.now', '.mark.due', '.mark.ends'].map((what) => document.querySelectorAll(what).length)), [6, 6, 1, 6, 1, 1]);
    assert.match(await page.textContent('.timeline'), /Checked as of 2026-11-21T12:00:00Z/);
    await show(page, caseOf('everything-recalled').report);
    assert.match(await page.locator('.times .time-text').last().textContent(), /^Dataset passportrecalled, by a list of 2026-11-21T06:00:00Z$/);
    assert.equal(await page.locator('.mark.recalled').count(), 1);
    await context.close();
  });

  test('a date that is absurd, reversed or none is said and breaks nothing', async () => {
    const content = (validFrom, validUntil, credentialSubject = {}) => ({ type: ['ModelPassport'], validFrom, validUntil, credentialSubject });
    const contents = [content('2026-12-01T00:00:00Z', '2026-01-01T00:00:00Z'), content('0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z'), content('soon', 'later'), content('2026-01-01T00:00:00Z'), content(undefined, undefined, { nextDue: '2026-12-24' })];
    const shown = contents.map((one, at) => ({ node: `urn:n:${at}`, content: one }));
    const { context, page } = await open(reportOf(lineage(5, (at) => (at < 4 ? [at + 1] : [])), { shown }));
    const rows = await page.locator('.times .time-text').allTextContents();
    assert.deepEqual(rows, [
      'Model passportvalid from 2026-12-01T00:00:00Z until 2026-01-01T00:00:00Z (ends before it begins)',
      'Model passportvalid from 0001-01-01T00:00:00Z until 9999-12-31T23:59:59Z',
      'Model passportvalid from soon until later',
      'Model passportvalid from 2026-01-01T00:00:00Z, without an end',
      'Model passportmonitoring due 2026-12-24',
    ]);
    const places = await page.locator('.track > :is(.bar, .mark)').evaluateAll((all) => all.map(({ style }) => [style.left, style.width]));
    for (const [left, width] of places) assert.ok(parseFloat(left) >= 0 && parseFloat(left) + (parseFloat(width) || 0) <= 100.01, `${left} ${width}`);
    await context.close();
  });

  test('a time line of many is cut, and the rest can be had', async () => {
    const shown = upTo(300).map((at) => ({ node: `urn:n:${at}`, content: { type: ['ModelPassport'], validFrom: '2026-01-01T00:00:00Z', credentialSubject: {} } }));
    const { context, page } = await open(reportOf(lineage(2, (at) => (at === 0 ? [1] : [])), { shown }));
    const rows = page.locator('.times .time');
    assert.equal(await rows.count(), 40);
    await page.getByRole('button', { name: 'Show 200 more' }).click();
    assert.equal(await rows.count(), 240);
    await page.getByRole('button', { name: 'Show 60 more' }).click();
    assert.equal(await rows.count(), 300);
    await context.close();
  });

  test('on paper there is all of the graph and no control', async () => {
    const { context, page } = await open(caseOf('everything').report, { viewport: { width: 700, height: 900 } });
    await page.locator('.graph-box').press('+');
    await page.emulateMedia({ media: 'print' });
    const inside = await page.evaluate(() => {
      const box = document.querySelector('.graph-box').getBoundingClientRect();
      return [...document.querySelectorAll('.graph-node')].every((node) => {
        const { left, right, top, bottom } = node.getBoundingClientRect();
        return left >= box.left && right <= box.right && top >= box.top && bottom <= box.bottom;
      });
    });
    assert.ok(inside);
    assert.deepEqual(await page.evaluate(() => ['.graph-controls', '.graph-keys', '.graph-move'].map((what) => getComputedStyle(document.querySelector(what)).display)), ['none', 'none', 'none']);
    await page.emulateMedia({ media: 'screen' });
    await show(page, caseOf('long-chain').report);
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('.graph').isVisible(), false, 'what would be dust is left to the list');
    await context.close();
  });

  test('the page does not overflow at 320 pixels, and every control is large enough', async () => {
    const { context, page, shot } = await open(caseOf('everything').report, { viewport: { width: 320, height: 700 } });
    for (const name of ['everything-recalled', 'diamond', 'parent-missing', 'self-parent']) {
      await show(page, caseOf(name).report);
      assert.equal(await overflow(page), 0, name);
      await shot(`lineage-320-${name}`);
    }
    const small = await page.locator('#result button:not(.graph-node)').evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).filter(({ width, height }) => width < 24 || height < 24).length);
    assert.equal(small, 0);
    await context.close();
  });

  test('axe finds nothing, light and dark', async () => {
    const axe = axeSource();
    for (const colorScheme of ['light', 'dark']) {
      const { context, page, shot } = await open(caseOf('everything').report, { colorScheme, bypassCSP: true });
      await page.evaluate(axe);
      for (const name of ['everything', 'everything-recalled', 'parent-missing', 'processing-cycle', 'thing-declared']) {
        await show(page, caseOf(name).report);
        await page.locator('.graph-node').first().press('Enter');
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], `${name}, ${colorScheme}`);
        await shot(`lineage-${colorScheme}-${name}`);
      }
      await context.close();
    }
  });
});
