// Two passports side by side: the verdicts, then what differs.
//
// In scope: the content that holds, of both reports. Out of scope: which of the two is better.

import { compareClaims, isEqual, pairSources } from './claims.js';
import { byName, metricsOf } from './metrics.js';
import { plotRows, sharedAxis, showAxis } from './plot.js';
import { section, showVerdict } from './report.js';
import { onlySubject, sourcesOf, whose } from './sources.js';
import { fold, inSteps } from './steps.js';
import { element } from './text.js';
import { show } from './values.js';

const ROWS_A_STEP = 60;
const CREDENTIALS_A_STEP = 12;
const PLOTS_A_STEP = 8;
const SIDES = ['first', 'second'];
const FILES = new Set(['artifactManifest', 'weights']);

/** Sections for two reports. */
export function showComparison(ui, first, second) {
  const [one, other] = [first, second].map(sourcesOf);
  // Claims are looked at only once their credentials are shown: there may be thousands.
  const pairs = pairSources(one, other).sort((left, right) => interest(left) - interest(right));
  const withFiles = pairs.filter(hasFiles);
  const metrics = pairMetrics(pairs);
  return [
    element('div', { class: 'sides' }, showSide(ui, first, 'first', 'verdict'), showSide(ui, second, 'second', 'verdict-second')),
    section(ui, 'compare', inSteps(ui, element('div', {}), pairs, (pair) => showPair(ui, pair, (path) => !isOfFile(path), (content) => content), CREDENTIALS_A_STEP)),
    metrics.length > 0 && section(ui, 'compare.metrics', inSteps(ui, element('div', { class: 'plots' }), byName(metrics), (group) => showPlot(ui, group), PLOTS_A_STEP)),
    withFiles.length > 0 && section(ui, 'compare.files', inSteps(ui, element('div', {}), withFiles, (pair) => showPair(ui, pair, isOfFile, filesOf), CREDENTIALS_A_STEP)),
  ].filter(Boolean);
}

// What both have and differs comes first, then what one has alone, then what is the same.
function interest(pair) {
  if (pair.first === undefined || pair.second === undefined) return 1;
  return isOne(pair) ? 2 : 0;
}

function showSide(ui, report, side, id) {
  return element('div', {}, element('p', { class: 'side', id: `side-${side}` }, ui.t(`compare.${side}`)), showVerdict(ui, report, { id, of: `side-${side}` }));
}

function isOfFile([group]) {
  return FILES.has(group);
}

function hasFiles({ first, second }) {
  return [first, second].some((source) => source !== undefined && filesOf(source.content).length > 0);
}

function filesOf(content) {
  const subject = onlySubject(content) ?? {};
  return [...FILES].filter((name) => Object.hasOwn(subject, name)).map((name) => [name, subject[name]]);
}

// The claims that are `wanted` as rows; `part` is all that these stand for, rows or not.
function showPair(ui, pair, wanted, part) {
  const { first, second } = pair;
  const { rows, cut } = compareClaims(first?.content, second?.content);
  const kept = rows.filter(({ path }) => wanted(path));
  const [same, differing] = [kept.filter(({ state }) => state === 'same'), kept.filter(({ state }) => state !== 'same')];
  return element('section', { class: 'pair' },
    element('h3', {}, ui.kind((first ?? second).content)),
    isOne(pair) ? showSource(ui, 'both', first) : SIDES.map((side, index) => showSource(ui, side, [first, second][index])),
    showDiffering(ui, pair, differing, part),
    cut && element('p', { class: 'quiet' }, ui.t('compare.cut')),
    same.length > 0 && fold(ui.t('compare.same', { count: same.length }), () => facts(ui, same)));
}

function showDiffering(ui, { first, second }, differing, part) {
  const isAlone = first === undefined || second === undefined;
  if (differing.length === 0) return element('p', {}, ui.t(!isAlone && isEqual(part(first.content), part(second.content)) ? 'compare.nothing' : 'compare.nothing-else'));
  return isAlone ? fold(ui.t('compare.alone', { count: differing.length }), () => facts(ui, differing)) : facts(ui, differing);
}

// The same content under the same name; the digest leaves out the proofs.
function isOne({ first, second }) {
  return first !== undefined && second !== undefined && first.node === second.node && first.digest !== undefined && first.digest === second.digest;
}

function showSource(ui, side, source) {
  return element('p', { class: 'fine source' }, element('strong', {}, ui.t(`compare.${side}`)), ' ', source === undefined ? ui.t('compare.none') : whose(ui, source));
}

function facts(ui, rows) {
  const body = element('tbody', {});
  const head = ['compare.fact', ...SIDES.map((side) => `compare.${side}`), 'compare.state'];
  const [, button] = inSteps(ui, body, rows, (row) => showFact(ui, row), ROWS_A_STEP);
  return [
    element('div', { class: 'wide', tabindex: '0', role: 'group', 'aria-label': ui.t('content.table') },
      element('table', { class: 'facts' }, element('thead', {}, element('tr', {}, head.map((key) => element('th', { scope: 'col' }, ui.t(key))))), body)),
    button,
  ];
}

function showFact(ui, { path, first, second, state }) {
  const name = path.flatMap((step, index) => (index === 0 ? [label(ui, step)] : [' › ', label(ui, step)]));
  const cell = (value, other) => element('td', { class: 'long' },
    state === other ? element('span', { class: 'quiet' }, ui.t('compare.absent')) : show(ui, value, String(path.at(-1))));
  return element('tr', {},
    element('th', { scope: 'row' }, name), cell(first, 'second'), cell(second, 'first'), element('td', {}, ui.t(`compare.state.${state}`)));
}

// A claim has a name for people; a file or a tensor is called what it is called.
function label(ui, step) {
  return Array.isArray(step) ? ui.foreign(step[0], { code: true }) : ui.term(step);
}

// Metrics that both have stand one below the other: of one name, on the same part, at the same operating point.
function pairMetrics(pairs) {
  return pairs.flatMap(({ first, second }) => {
    const sides = [first, second].map((source) => keyed(source === undefined ? [] : metricsOf(source)));
    const keys = [...new Set(sides.flatMap((side) => [...side.keys()]))];
    return keys.flatMap((key) => sides.flatMap((side, index) => (side.has(key) ? [{ ...side.get(key), series: SIDES[index] }] : [])));
  });
}

function keyed(found) {
  const kept = new Map();
  const times = new Map();
  for (const one of found) {
    const { name, definition, unit, slice, threshold } = one.metric;
    const key = JSON.stringify([one.group, name, definition, unit, slice, threshold]);
    const count = times.get(key) ?? 0;
    times.set(key, count + 1);
    kept.set(`${key} ${count}`, one);
  }
  return kept;
}

function showPlot(ui, found) {
  const [{ metric: { name, unit } }] = found;
  const axis = sharedAxis(found.map(({ metric }) => metric));
  const rowOf = ({ metric, series, source }) => {
    const part = metric.slice === undefined ? ui.t('metrics.overall') : String(metric.slice);
    const side = ui.t(`compare.${series}`);
    return { metric, series, label: [element('strong', {}, side), ' ', ui.foreign(part), element('span', { class: 'quiet fine' }, ui.kind(source.content))], name: `${side}: ${name}, ${part}` };
  };
  return element('figure', { class: 'metric' },
    element('figcaption', {}, element('strong', {}, ui.foreign(name)), unit !== undefined && unit !== '1' && [' ', ui.parts('metrics.unit', { unit: ui.foreign(unit) })]),
    plotRows(ui, axis, found, rowOf),
    axis && showAxis(ui, axis));
}
