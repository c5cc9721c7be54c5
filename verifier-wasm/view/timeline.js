// When things happened, as the credentials that were verified say, and until when they are valid.
//
// A list whose text carries the dates as they were signed. The bars beside it are decoration, so a date that cannot be
// drawn is a date all the same.

import { element } from './text.js';

const SHOWN_ROWS = 40;
const MORE_ROWS = 200;
const DAY = 86_400_000;
// Dates this far from the others are at the edge of the drawing, lest they press all else into one point.
const REACH = 730 * DAY;
// And a date this far from the time of the check does not decide at all where the drawing begins.
const ABSURD = 30 * 365 * DAY;

// What is dated in a subject: the text for it and where it stands.
const DATED = [
  ['released', ['releaseDate']],
  ['started', ['training', 'startedAtTime']],
  ['ended', ['training', 'endedAtTime']],
  ['started', ['execution', 'startedAtTime']],
  ['ended', ['execution', 'endedAtTime']],
  ['evaluated', ['evaluation', 'evaluationDate']],
  ['decided', ['approval', 'date']],
  ['ends', ['approval', 'validThrough']],
  ['accepted', ['acceptance', 'date']],
  ['signed-off', ['signOff', 'date']],
  ['due', ['nextDue']],
];
const RECALLS = { __proto__: null, 'status.revoked': 'recalled', 'status.suspended': 'suspended' };

/** The time line, or nothing where nothing is dated. */
export function showTimeline(ui, { shown, checks, checkedAt, nodes, names }) {
  const rows = [...shown.map(rowOf), ...recalled(checks, nodes, shown)].filter(({ bar, facts }) => bar || facts.length > 0);
  if (rows.length === 0) return undefined;
  const now = timeOf(checkedAt);
  const scale = scaleOf(rows, now);
  const list = element('ul', { class: 'times' });
  const shownRows = (from, to) => rows.slice(from, to).map((row) => showRow(ui, row, scale, now, names));
  list.append(...shownRows(0, SHOWN_ROWS));
  const more = element('div', {});
  const offer = (from) => {
    if (from >= rows.length) return;
    more.append(ui.moreButton(ui.t('text.show-more', { count: Math.min(MORE_ROWS, rows.length - from) }), () => {
      list.append(...shownRows(from, from + MORE_ROWS));
      offer(from + MORE_ROWS);
    }));
  };
  offer(SHOWN_ROWS);
  return element('div', { class: 'timeline' },
    element('h3', {}, ui.t('timeline')),
    element('p', { class: 'quiet' }, ui.t('timeline.meaning'), checkedAt !== undefined && [' ', ui.parts('timeline.now', { time: ui.foreign(checkedAt) })]),
    scale && showAxis(scale), list, more);
}

function rowOf({ node, content }) {
  const subject = content.credentialSubject ?? {};
  const facts = DATED.map(([key, path]) => ({ key, times: [at(subject, path)] })).filter(({ times: [time] }) => time !== undefined);
  const period = [at(subject, ['period', 'startDate']), at(subject, ['period', 'endDate'])];
  if (period.every((time) => time !== undefined)) facts.push({ key: 'period', times: period });
  const [from, until] = [at(content, ['validFrom']), at(content, ['validUntil'])];
  return { node, content, bar: from === undefined ? undefined : { from, until }, facts };
}

function at(value, path) {
  for (const step of path) value = typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? value[step] : undefined;
  return typeof value === 'string' ? value : undefined;
}

// What was recalled is not shown; that it was, and by which list, is a result of the check.
function recalled(checks, nodes, shown) {
  const kinds = new Map(nodes.map(({ id, kind }) => [id, kind]));
  const contents = new Map(shown.map(({ node, content }) => [node, content]));
  return checks.filter(({ code, outcome }) => outcome === 'fail' && RECALLS[code]).map(({ node, code, asOf }) => {
    const key = asOf === undefined ? `${RECALLS[code]}-undated` : RECALLS[code];
    return { node, kind: kinds.get(node), content: contents.get(node), facts: [{ key, times: asOf === undefined ? [] : [asOf] }] };
  });
}

/** The milliseconds of a date or a time as the profile writes them; nothing else is drawn. */
export function timeOf(text) {
  const written = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const time = written ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** Where the drawing begins and ends: `{ from, until }`, or nothing where nothing can be drawn. */
export function scaleOf(rows, now) {
  const begins = rows.map(({ bar }) => timeOf(bar?.from)).filter((time) => time !== undefined);
  const others = rows.flatMap(({ bar, facts }) => [bar?.until, ...facts.flatMap(({ times }) => times)].map(timeOf)).filter((time) => time !== undefined);
  const anchor = now ?? begins[0] ?? others[0];
  if (anchor === undefined) return undefined;
  const near = begins.filter((time) => Math.abs(time - anchor) < ABSURD);
  const first = near.reduce((least, time) => Math.min(least, time), anchor);
  const last = near.reduce((most, time) => Math.max(most, time), anchor);
  const reached = others.filter((time) => time > first - REACH && time < last + REACH);
  const from = reached.reduce((least, time) => Math.min(least, time), first);
  const until = reached.reduce((most, time) => Math.max(most, time), last);
  const edge = Math.max(DAY, (until - from) / 20);
  return { from: from - edge, until: until + edge };
}

function showRow(ui, { node, kind, content, bar, facts }, scale, now, names) {
  const name = names.get(node);
  const said = [bar && sayValidity(ui, bar), ...facts.map((fact) => sayFact(ui, fact))].filter(Boolean);
  return element('li', { class: 'time' },
    element('div', { class: 'time-text' },
      element('p', { class: 'node-head' },
        element('strong', {}, content ? ui.kind(content) : ui.term(kind ?? 'credential')),
        name !== undefined && element('span', {}, ui.parts('content.quoted', { name: ui.name(name) }))),
      element('p', { class: 'fine quiet' }, said.flatMap((one, index) => [index > 0 && '; ', one]))),
    scale && showTrack({ bar, facts }, scale, now));
}

function sayValidity(ui, { from, until }) {
  const parts = until === undefined
    ? ui.parts('timeline.valid-from', { from: ui.foreign(from) })
    : ui.parts('timeline.valid', { from: ui.foreign(from), until: ui.foreign(until) });
  return [parts, timeOf(until) < timeOf(from) && ` (${ui.t('timeline.reversed')})`];
}

function sayFact(ui, { key, times }) {
  const [from, until] = times.map((time) => ui.foreign(time));
  return ui.parts(`timeline.${key}`, { time: from, from, until });
}

function showTrack({ bar, facts }, scale, now) {
  const track = element('div', { class: 'track', 'aria-hidden': 'true' });
  if (bar) track.append(...drawSpan('valid', bar.from, bar.until ?? '9999-12-31', scale));
  for (const { key, times } of facts) track.append(...(times.length === 2 ? drawSpan('span', ...times, scale) : times.flatMap((time) => drawMark(key, timeOf(time), scale))));
  track.append(...drawMark('now', now, scale));
  return track;
}

// A bar that goes on beyond the drawing is open at that end.
function drawSpan(kind, from, until, scale) {
  const [first, last] = [timeOf(from), timeOf(until)];
  if (first === undefined || last === undefined || last < first) return drawMark(kind, first ?? last, scale);
  const classes = ['bar', kind, first < scale.from && 'earlier', last > scale.until && 'later'].filter(Boolean);
  const drawn = element('span', { class: classes.join(' ') });
  const [left, right] = [share(first, scale), share(last, scale)];
  drawn.style.left = `${left}%`;
  drawn.style.width = `${right - left}%`;
  return [drawn];
}

function drawMark(kind, time, scale) {
  if (time === undefined) return [];
  const drawn = element('span', { class: `mark ${kind}${time < scale.from || time > scale.until ? ' beyond' : ''}` });
  drawn.style.left = `${share(time, scale)}%`;
  return [drawn];
}

function share(time, { from, until }) {
  return Number((Math.max(0, Math.min(1, (time - from) / (until - from))) * 100).toFixed(2));
}

function showAxis({ from, until }) {
  const day = (time) => element('span', {}, new Date(time).toISOString().slice(0, 10));
  const axis = element('div', { class: 'track axis', 'aria-hidden': 'true' }, [from, (from + until) / 2, until].map(day));
  return element('div', { class: 'time' }, axis);
}
