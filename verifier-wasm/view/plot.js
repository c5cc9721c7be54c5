// Values with their intervals on one axis: a mark for the value, a line for the interval, a row for each.
//
// In scope: the drawing, and beside it every figure as it was signed. Out of scope: which metrics stand together.

import { draw } from './icons.js';
import { axisOf, drawable, placeOn } from './scale.js';
import { inSteps } from './steps.js';
import { element, plain } from './text.js';
import { basisBadge, isObject } from './values.js';

const FEW_CASES = 10;
const ROWS_A_STEP = 12;

/** The axis that the rows of a plot share. */
export function sharedAxis(metrics) {
  return axisOf(metrics.flatMap(numbersOf));
}

function numbersOf({ value, interval }) {
  const ends = endsOf(interval);
  return [drawable(value), ...(ends ?? [])].filter((number) => number !== undefined);
}

// An interval that can be drawn: both ends, the right way round.
function endsOf(interval) {
  if (!isObject(interval)) return undefined;
  const ends = [drawable(interval.lower), drawable(interval.upper)];
  return ends.includes(undefined) || ends[0] > ends[1] ? undefined : ends;
}

/**
 * Rows of metrics on an axis. `rowOf` makes of each thing what its row shows: `{ metric, label, name, series }`, of
 * which `name` is the label in plain text.
 */
export function plotRows(ui, axis, things, rowOf) {
  const item = ({ series = '', ...row }) => element('li', { class: `plot-row ${series}` }, showRow(ui, axis, row, series));
  return inSteps(ui, element('ul', { class: 'plot' }), things, (thing) => item(rowOf(thing)), ROWS_A_STEP);
}

function showRow(ui, axis, { metric, label, name }, series) {
  const at = metric.threshold !== undefined && ui.parts('metrics.threshold', { threshold: signed(ui, metric.threshold) });
  return [
    element('div', { class: 'plot-label' }, label, at && element('span', { class: 'quiet fine' }, at)),
    axis ? track(ui, axis, metric, name, series) : element('span', {}),
    element('div', { class: 'plot-figures' }, figures(ui, metric), remarks(ui, metric)),
  ];
}

/** A number as it was signed, digit for digit. */
export function signed(ui, value) {
  return ui.foreign(typeof value === 'object' ? JSON.stringify(value) : value);
}

function figures(ui, { value, interval, n }) {
  const ends = isObject(interval) && { lower: signed(ui, interval.lower), upper: signed(ui, interval.upper) };
  return element('p', {},
    element('strong', {}, value === undefined ? ui.t('metrics.no-value') : signed(ui, value)),
    ends && [' ', element('span', {}, '(', ui.parts('content.interval', ends), ')')],
    n !== undefined && [' ', element('span', { class: 'quiet plot-n' }, ui.parts('metrics.n', { n: signed(ui, n) }))]);
}

// What a reader has to know of a row before comparing it. None of it hides the row.
function remarks(ui, metric) {
  const { value, interval, basis } = metric;
  const said = [
    ...few(metric),
    interval === undefined && 'metrics.no-interval',
    interval !== undefined && endsOf(interval) === undefined && 'metrics.interval-not-drawn',
    value !== undefined && drawable(value) === undefined && 'metrics.not-drawn',
  ].filter(Boolean);
  const known = typeof basis === 'string' && basisBadge(ui, basis);
  return (known || said.length > 0) && element('p', { class: 'remarks' }, known, said.map((key) => element('span', { class: 'remark' }, ui.t(key))));
}

function few({ n }) {
  if (n === undefined) return ['metrics.n-missing'];
  return isFew(n) ? ['metrics.few'] : [];
}

function isFew(n) {
  const count = drawable(n);
  return count === undefined || count < FEW_CASES;
}

function track(ui, axis, metric, name, series) {
  const svg = draw('svg', { class: 'track', role: 'img', 'aria-label': said(ui, metric, name) });
  const at = (number) => `${placeOn(axis, number)}%`;
  for (const tick of axis.ticks) svg.append(draw('line', { class: 'plot-grid', x1: at(tick), x2: at(tick), y1: '0', y2: '100%' }));
  const ends = endsOf(metric.interval);
  if (ends) {
    const [lower, upper] = ends.map(at);
    svg.append(draw('line', { class: 'plot-interval', x1: lower, x2: upper, y1: '50%', y2: '50%' }));
    for (const end of [lower, upper]) svg.append(draw('line', { class: 'plot-end', x1: end, x2: end, y1: '28%', y2: '72%' }));
  }
  const value = drawable(metric.value);
  if (value !== undefined) svg.append(mark(at(value), isFew(metric.n), series));
  return svg;
}

// A circle, of a second series a diamond; hollow where the cases are few or not said.
function mark(x, hollow, series) {
  const classes = `plot-value${hollow ? ' hollow' : ''}`;
  if (series !== 'second') return draw('circle', { class: classes, cx: x, cy: '50%', r: '4' });
  const place = draw('svg', { x, y: '50%', overflow: 'visible' });
  place.append(draw('path', { class: classes, d: 'M0-5.5 5.5 0 0 5.5-5.5 0Z' }));
  return place;
}

function said(ui, { value, interval, n }, name) {
  const [lower, upper] = isObject(interval) ? [interval.lower, interval.upper] : [];
  return [
    `${plain(name, 120)}: ${value === undefined ? ui.t('metrics.no-value') : plain(value, 80)}`,
    lower !== undefined && ui.t('content.interval', { lower: plain(lower, 80), upper: plain(upper, 80) }),
    n !== undefined && ui.t('metrics.n', { n: plain(n, 40) }),
  ].filter(Boolean).join(', ');
}

/** The axis below the rows, as decoration: the figures stand beside the marks. */
export function showAxis(ui, axis) {
  const svg = draw('svg', { class: 'plot-axis', 'aria-hidden': 'true', focusable: 'false' });
  svg.append(draw('line', { class: 'plot-base', x1: '0', x2: '100%', y1: '0.5', y2: '0.5' }));
  for (const tick of axis.ticks) {
    const x = `${placeOn(axis, tick)}%`;
    const text = draw('text', { x, y: '1.5em', 'text-anchor': 'middle' });
    text.textContent = tickText(ui, tick);
    svg.append(draw('line', { class: 'plot-base', x1: x, x2: x, y1: '0', y2: '4' }), text);
  }
  return element('div', { class: 'plot-row plot-foot', 'aria-hidden': 'true' }, element('span', {}), svg, element('span', {}));
}

function tickText(ui, tick) {
  const size = Math.abs(tick);
  const plainly = size === 0 || (size >= 1e-3 && size < 1e5);
  return ui.number(tick, plainly ? { maximumSignificantDigits: 4 } : { notation: 'scientific', maximumSignificantDigits: 2 });
}
