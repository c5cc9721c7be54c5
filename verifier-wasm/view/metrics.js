// How well it works, and for whom: the metrics of all credentials, name by name.
//
// In scope: which metrics stand on one axis, in what order, and whose word each of them is.
// Out of scope: whether a difference means anything. Nothing here compares numbers.

import { plotRows, sharedAxis, showAxis } from './plot.js';
import { whose } from './sources.js';
import { fold, inSteps } from './steps.js';
import { element } from './text.js';
import { isObject, show, table, textOf } from './values.js';

const PLOTS_A_STEP = 8;
const SOURCES_A_STEP = 6;
const SHOWN_METHODS = 3;

/** Whether this is a list of metrics. */
export function isMetrics(value) {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isObject(item) && Object.hasOwn(item, 'value') && typeof item.name === 'string');
}

/** All metrics of a credential: `{ metric, source }`, of its subject and of the groups of its subject. */
export function metricsOf(source) {
  const found = [];
  for (const subject of [source.content.credentialSubject].flat().filter(isObject)) {
    for (const [key, value] of Object.entries(subject)) {
      if (isMetrics(value)) found.push(...value.map((metric) => ({ metric, source, group: key })));
      else if (isObject(value)) found.push(...inGroup(value, source, key));
    }
  }
  return found;
}

function inGroup(group, source, key) {
  return Object.values(group).filter(isMetrics).flat().map((metric) => ({ metric, source, group: key }));
}

/** Metrics that are of one name, one definition and one unit, and so may share an axis. */
export function byName(found) {
  const groups = new Map();
  for (const one of found) {
    const { name, definition, unit } = one.metric;
    const key = JSON.stringify([name, definition, unit]);
    if (groups.has(key)) groups.get(key).push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()];
}

/** Plots for metrics, and the same as a table. */
export function showMetrics(ui, found, { attributed = true } = {}) {
  return element('div', { class: 'metrics' },
    inSteps(ui, element('div', { class: 'plots' }), byName(found), (group) => showPlot(ui, group, attributed), PLOTS_A_STEP),
    fold(ui.t('metrics.table'), () => table(ui, found.map(({ metric }) => metric))));
}

function showPlot(ui, found, attributed) {
  const [{ metric: { name, definition, unit } }] = found;
  const axis = sharedAxis(found.map(({ metric }) => metric));
  const sources = bySource(found);
  return element('figure', { class: 'metric' },
    element('figcaption', {}, element('strong', {}, ui.foreign(name)),
      textOf(unit) !== undefined && unit !== '1' && [' ', element('span', { class: 'quiet' }, ui.parts('metrics.unit', { unit: ui.foreign(unit) }))],
      definition !== undefined && element('span', { class: 'quiet fine definition' }, show(ui, definition))),
    inSteps(ui, element('div', {}), [...sources.values()], (group) => [
      attributed && element('p', { class: 'fine quiet source' }, whose(ui, group[0].source)),
      plotRows(ui, axis, inOrder(group), ({ metric }) => rowOf(ui, metric)),
    ], SOURCES_A_STEP),
    axis && showAxis(ui, axis),
    methods(ui, found));
}

function bySource(found) {
  const groups = new Map();
  for (const one of found) {
    if (!groups.has(one.source.node)) groups.set(one.source.node, []);
    groups.get(one.source.node).push(one);
  }
  return groups;
}

// The whole first, its parts below, both as they were signed.
function inOrder(group) {
  const isWhole = ({ metric: { slice } }) => slice === undefined;
  return [...group.filter(isWhole), ...group.filter((one) => !isWhole(one))];
}

function rowOf(ui, metric) {
  const { name, slice } = metric;
  const part = slice === undefined ? ui.t('metrics.overall') : String(slice);
  return { metric, label: slice === undefined ? part : ui.foreign(slice), name: `${name}, ${part}` };
}

// Intervals of different making do not compare; how each was made is said once.
function methods(ui, found) {
  const made = new Map();
  for (const { metric: { interval } } of found) {
    if (!isObject(interval)) continue;
    const { level, method } = interval;
    if (level !== undefined || method !== undefined) made.set(JSON.stringify([level, method]), { level, method });
  }
  if (made.size === 0) return false;
  return element('ul', { class: 'quiet fine' },
    [...made.values()].slice(0, SHOWN_METHODS).map(({ level, method }) => element('li', {}, ui.parts('metrics.interval', {
      level: level === undefined ? ui.t('content.not-said') : show(ui, level),
      method: method === undefined ? ui.t('content.not-said') : show(ui, method),
    }))),
    made.size > SHOWN_METHODS && element('li', {}, ui.t('metrics.more-methods', { count: made.size - SHOWN_METHODS })));
}
