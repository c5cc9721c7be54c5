// Values as they were signed, for people: names made readable, nothing rounded, nothing left out without a word.
//
// In scope: any JSON that a credential may hold, in bounded time and space.
// Out of scope: which values belong together; `content.js` and `roles.js` know.

import { inSteps } from './steps.js';
import { element } from './text.js';

const BASES = new Set(['measured', 'declared', 'inferred', 'withheld', 'unknown']);
// These say what a node is to a machine; the JSON view has them.
const FOR_MACHINES = new Set(['id', 'type', 'basis', '@context']);
const CODE_NAMES = /(digest|digestMultibase|root|commitment|sha\d+|commit|^id|^path|issuer|repository|^command)$/i;
const CODE_VALUES = /^(did|urn|https?):\S+$/;
const SIZES = /^(size|totalSize)$/;
const SHOWN_ROWS = 20;
const ROWS_A_STEP = 200;
const SHOWN_COLUMNS = 24;
const SHOWN_ITEMS = 100;
const SHOWN_ENTRIES = 60;
// Deeper than this a value is shown as the text that it is.
const SHOWN_DEPTH = 6;
const LONG_IN_A_CELL = 28;

export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text of the credential, or nothing: names and titles are claims and need not be texts. */
export function textOf(value) {
  return typeof value === 'string' ? value : undefined;
}

/** What a group of claims says, without what is for machines. */
export function members(group) {
  return Object.entries(group).filter(([key, value]) => !FOR_MACHINES.has(key) || (key === 'id' && !isNamedByPlace(value)));
}

/** What an object that is no group says: a type with a capital is its name to a machine, any other is a fact about it. */
export function membersOf(object) {
  return Object.entries(object).filter(([key, value]) => !(key === 'type' && /^[A-Z]/.test(value)) && !(key === 'id' && isNamedByPlace(value)));
}

// Nodes that only exist inside their credential are named after it and their place.
function isNamedByPlace(id) {
  return typeof id === 'string' && id.includes('#');
}

/** How a fact is known, as a word with its meaning; any other word than ours is quoted, and no badge. */
export function basisBadge(ui, basis, count) {
  const word = BASES.has(basis) ? ui.t(`basis.${basis}`) : element('span', {}, ui.parts('content.quoted', { name: ui.name(basis) }));
  const said = count === undefined ? word : ui.parts('content.basis-count', { basis: word, count });
  if (!BASES.has(basis)) return element('span', { class: 'other-basis' }, said);
  return element('span', { class: `basis ${basis}`, title: ui.t(`basis.${basis}.meaning`) }, said);
}

/** Names and values one below the other; nothing where there are none. */
export function list(entries) {
  const rows = entries.filter(Boolean).map(pair);
  return rows.length > 0 && element('dl', {}, rows);
}

function pair([name, value]) {
  return element('div', {}, element('dt', {}, name), element('dd', {}, value));
}

/** The members of an object; of very many, the first, and a way to see more. */
export function describe(ui, entries, depth = 0) {
  if (entries.length === 0) return false;
  return inSteps(ui, element('dl', {}), entries, ([key, value]) => pair([ui.term(key), show(ui, value, key, depth + 1)]), SHOWN_ENTRIES);
}

/** A value of any shape. */
export function show(ui, value, name, depth = 0) {
  if (depth > SHOWN_DEPTH && typeof value === 'object') return ui.foreign(JSON.stringify(value), { code: true });
  if (Array.isArray(value)) return showArray(ui, value, name, depth);
  if (isInterval(value)) return showInterval(ui, value, depth);
  if (isReference(value)) return showReference(ui, value, depth);
  if (isObject(value)) return describe(ui, membersOf(value), depth) || ui.t('content.empty');
  if (typeof value === 'boolean') return ui.t(value ? 'content.yes' : 'content.no');
  if (typeof value === 'number') return SIZES.test(name) && value >= 1024 ? `${ui.byteSize(value)} (${ui.number(value)})` : exactly(ui, value);
  return ui.foreign(value, { code: CODE_NAMES.test(name) || CODE_VALUES.test(value) });
}

// In the digits of the language where it can say them all, and as signed where it cannot.
function exactly(ui, value) {
  return Number.isSafeInteger(value) ? ui.number(value, { useGrouping: false }) : ui.foreign(value);
}

export function isInterval(value) {
  return isObject(value) && Object.hasOwn(value, 'lower') && Object.hasOwn(value, 'upper');
}

function showInterval(ui, { lower, upper, id, type, ...rest }, depth) {
  const more = Object.entries(rest).slice(0, SHOWN_ENTRIES).flatMap(([key, value]) => [', ', `${ui.term(key).toLowerCase()} `, show(ui, value, key, depth + 1)]);
  const ends = { lower: show(ui, lower, '', depth + 1), upper: show(ui, upper, '', depth + 1) };
  return element('span', {}, ui.parts('content.interval', ends), element('span', { class: 'quiet' }, more));
}

// A link to a thing, pinned by the digest of what it was.
function isReference(value) {
  return isObject(value) && Object.hasOwn(value, 'id') && Object.hasOwn(value, 'digestMultibase') && !Object.hasOwn(value, 'path');
}

function showReference(ui, { id, type, name, digestMultibase, ...rest }, depth) {
  return element('span', { class: 'reference' },
    name !== undefined && element('span', {}, ui.foreign(name)),
    ui.foreign(id, { code: true }),
    element('span', { class: 'quiet fine' }, ui.parts('content.digest', { type: ui.term(String(type)), digest: ui.foreign(digestMultibase, { code: true }) })),
    Object.keys(rest).length > 0 && describe(ui, membersOf(rest), depth));
}

/** Whether a value is short enough for a cell. */
export function isBrief(value) {
  return !Array.isArray(value) && (!isObject(value) || isInterval(value) || isReference(value));
}

function showArray(ui, values, name, depth) {
  if (values.length === 0) return ui.t('content.empty');
  if (values.every(isReference)) {
    return element('div', {}, inSteps(ui, element('div', { class: 'references' }), values, (value) => showReference(ui, value, depth), SHOWN_ROWS));
  }
  if (values.every(isObject)) return table(ui, values, depth);
  const shown = values.slice(0, SHOWN_ITEMS).map((value) => show(ui, value, name, depth + 1));
  // Sentences stand one below the other, words and numbers in a row; so do the words of a command, which are code.
  if (values.length > 1 && values.some((value) => typeof value === 'string' && value.includes(' '))) {
    return element('ul', { class: 'lines' }, shown.map((value) => element('li', {}, value)), beyond(ui, values));
  }
  const between = name === 'command' ? ' ' : ', ';
  return element('span', {}, shown.flatMap((value, index) => (index > 0 ? [between, value] : [value])), beyond(ui, values));
}

function beyond(ui, values) {
  return values.length > SHOWN_ITEMS && ` ${ui.t('content.more-values', { count: values.length - SHOWN_ITEMS })}`;
}

/** Objects as rows; of very many, the first rows and columns. */
export function table(ui, rows, depth = 0) {
  // How a row is known is said above the table where it is the same for all of a group.
  const bases = new Set(rows.map(({ basis }) => basis));
  const withBasis = bases.size > 1 || depth > 0;
  const kept = rows.map((row) => new Map(membersOf(row).filter(([key]) => key !== 'basis' || withBasis)));
  const names = new Set();
  for (const row of kept) for (const key of row.keys()) names.add(key);
  const columns = [...names].slice(0, SHOWN_COLUMNS);
  const body = element('tbody', {});
  const line = (row) => element('tr', {}, columns.map((key) => cell(ui, row, key, depth)));
  // Twenty rows are a table; who wants more of it wants many.
  const [, more] = inSteps(ui, body, kept, line, ROWS_A_STEP, SHOWN_ROWS);
  return element('div', {},
    element('div', { class: 'wide', tabindex: '0', role: 'group', 'aria-label': ui.t('content.table') },
      element('table', {}, element('thead', {}, element('tr', {}, columns.map((key) => element('th', { scope: 'col' }, ui.term(key))))), body)),
    names.size > SHOWN_COLUMNS && element('p', { class: 'quiet fine' }, ui.t('content.more-columns', { count: names.size - SHOWN_COLUMNS })),
    more);
}

function cell(ui, row, key, depth) {
  const value = row.get(key);
  if (key === 'basis' && typeof value === 'string') return element('td', {}, basisBadge(ui, value));
  const long = isObject(value) || Array.isArray(value) || (typeof value === 'string' && value.length > LONG_IN_A_CELL);
  return element('td', { class: long && 'long' }, row.has(key) ? show(ui, value, key, depth + 1) : '');
}
