// A credential as a document for people: names made readable, values as they were signed.

import { element, plain } from './text.js';

const BASES = new Set(['measured', 'declared', 'inferred', 'withheld', 'unknown']);
// These say what a node is to a machine; the JSON view has them.
const FOR_MACHINES = new Set(['id', 'type', 'basis', '@context']);
const CODE_NAMES = /(digest|digestMultibase|root|commitment|sha\d+|commit|^id|^path|issuer|repository)$/i;
const CODE_VALUES = /^(did|urn|https?):\S+$/;
const SIZES = /^(size|totalSize)$/;
const SHOWN_ROWS = 20;
const SHOWN_ITEMS = 100;

/** One credential: who, when, and each group of claims with how it is known. */
export function showContent(ui, { node, content }, { open }) {
  const subject = content.credentialSubject ?? {};
  const claims = Object.entries(subject).filter(([name]) => !FOR_MACHINES.has(name));
  const groups = claims.filter(([, value]) => isGroup(value));
  const facts = claims.filter(([, value]) => !isGroup(value));
  const name = subject.name ?? subject.title;
  return element('details', { class: 'credential', open },
    element('summary', {}, element('h3', {}, ui.kind(content), typeof name === 'string' && [': ', ui.foreign(name)])),
    list([
      [ui.term('issuer'), ui.foreign(issuerOf(content), { code: true })],
      [ui.term('validFrom'), ui.foreign(content.validFrom ?? ui.t('content.not-said'))],
      [ui.term('validUntil'), ui.foreign(content.validUntil ?? ui.t('content.not-said'))],
      [ui.t('content.credential'), ui.foreign(node, { code: true })],
      typeof subject.id === 'string' && [ui.t('content.about'), ui.foreign(subject.id, { code: true })],
      ...facts.map(([key, value]) => [ui.term(key), show(ui, value, key)]),
    ]),
    groups.flatMap(([key, value]) => showGroups(ui, key, [value].flat())),
    element('details', { class: 'json' }, element('summary', {}, ui.t('content.json')), json(content)));
}

/** The identifier of who signed. */
export function issuerOf({ issuer }) {
  return typeof issuer === 'object' ? issuer?.id : issuer;
}

function isGroup(value) {
  return [value].flat().every((item) => isObject(item) && typeof item.basis === 'string');
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Several groups of one kind, such as metrics, are compared in a table; what they have in common is said once.
function showGroups(ui, name, groups) {
  const [first] = groups;
  const alike = groups.length > 1 && groups.every((group) => group.basis === first.basis && Object.values(group).every(isBrief));
  if (!alike) return groups.map((group) => section(ui, name, group.basis, describe(ui, members(group))));
  const inAll = ([key, value]) => groups.every((group) => JSON.stringify(group[key]) === JSON.stringify(value));
  const common = new Map(members(first).filter(inAll));
  const differing = groups.map((group) => Object.fromEntries(Object.entries(group).filter(([key]) => !common.has(key))));
  return [section(ui, name, first.basis, [table(ui, differing), describe(ui, [...common])])];
}

function describe(ui, entries) {
  return list(entries.map(([key, value]) => [ui.term(key), show(ui, value, key)]));
}

function members(group) {
  return Object.entries(group).filter(([key, value]) => !FOR_MACHINES.has(key) || (key === 'id' && !isNamedByPlace(value)));
}

function section(ui, name, basis, content) {
  return element('section', { class: 'group' }, element('h4', {}, ui.term(name), ' ', basisBadge(ui, basis)), content);
}

/** How a fact is known, as a word with its meaning. */
export function basisBadge(ui, basis) {
  if (!BASES.has(basis)) return element('span', { class: 'basis other' }, plain(basis, 40));
  return element('span', { class: `basis ${basis}`, title: ui.t(`basis.${basis}.meaning`) }, ui.t(`basis.${basis}`));
}

function list(entries) {
  const rows = entries.filter(Boolean).map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value)));
  return rows.length > 0 && element('dl', {}, rows);
}

function show(ui, value, name) {
  if (Array.isArray(value)) return showArray(ui, value, name);
  if (isInterval(value)) return showInterval(ui, value);
  if (isReference(value)) return showReference(ui, value);
  if (isObject(value)) return describe(ui, membersOf(value));
  if (typeof value === 'boolean') return ui.t(value ? 'content.yes' : 'content.no');
  if (typeof value === 'number') return SIZES.test(name) && value >= 1024 ? `${ui.byteSize(value)} (${ui.number(value)})` : ui.number(value, { useGrouping: false });
  return ui.foreign(value, { code: CODE_NAMES.test(name) || CODE_VALUES.test(value) });
}

// The type of a node is a name with a capital; a column's or a parameter's own `type` is a fact about it.
function membersOf(object) {
  return Object.entries(object).filter(([key, value]) => !(key === 'type' && /^[A-Z]/.test(value)) && !(key === 'id' && isNamedByPlace(value)));
}

// Nodes that only exist inside their credential are named after it and their place.
function isNamedByPlace(id) {
  return typeof id === 'string' && id.includes('#');
}

function isInterval(value) {
  return isObject(value) && Object.hasOwn(value, 'lower') && Object.hasOwn(value, 'upper');
}

function showInterval(ui, { lower, upper, id, type, ...rest }) {
  const more = Object.entries(rest).flatMap(([key, value]) => [', ', `${ui.term(key).toLowerCase()} `, show(ui, value, key)]);
  return element('span', {}, ui.parts('content.interval', { lower: show(ui, lower), upper: show(ui, upper) }), element('span', { class: 'quiet' }, more));
}

// A link to a thing, pinned by the digest of what it was.
function isReference(value) {
  return isObject(value) && Object.hasOwn(value, 'id') && Object.hasOwn(value, 'digestMultibase') && !Object.hasOwn(value, 'path');
}

function showReference(ui, { id, type, name, digestMultibase, ...rest }) {
  return element('span', { class: 'reference' },
    name !== undefined && element('span', {}, ui.foreign(name)),
    ui.foreign(id, { code: true }),
    element('span', { class: 'quiet fine' }, ui.parts('content.digest', { type: ui.term(String(type)), digest: ui.foreign(digestMultibase, { code: true }) })),
    Object.keys(rest).length > 0 && describe(ui, membersOf(rest)));
}

// Short enough for a cell.
function isBrief(value) {
  return !Array.isArray(value) && (!isObject(value) || isInterval(value) || isReference(value));
}

function showArray(ui, values, name) {
  if (values.length > 0 && values.every(isReference)) return element('div', { class: 'references' }, values.map((value) => showReference(ui, value)));
  if (values.length > 0 && values.every(isObject)) return table(ui, values);
  const shown = values.slice(0, SHOWN_ITEMS).map((value) => show(ui, value, name));
  // Sentences stand one below the other, words and numbers in a row.
  if (values.length > 1 && values.some((value) => typeof value === 'string' && value.includes(' '))) {
    return element('ul', { class: 'lines' }, shown.map((value) => element('li', {}, value)), beyond(ui, values));
  }
  return element('span', {}, shown.flatMap((value, index) => (index > 0 ? [', ', value] : [value])), beyond(ui, values));
}

function beyond(ui, values) {
  return values.length > SHOWN_ITEMS && ` ${ui.t('content.more-values', { count: values.length - SHOWN_ITEMS })}`;
}

function table(ui, rows) {
  const kept = rows.map((row) => new Map(membersOf(row).filter(([key]) => key !== 'basis')));
  const columns = [...new Set(kept.flatMap((row) => [...row.keys()]))];
  const body = element('tbody', {});
  const lines = (from, to) => kept.slice(from, to).map((row) => element('tr', {}, columns.map((key) => cell(ui, row, key))));
  body.append(...lines(0, SHOWN_ROWS));
  const wide = element('div', { class: 'wide', tabindex: '0', role: 'group', 'aria-label': ui.t('content.table') },
    element('table', {}, element('thead', {}, element('tr', {}, columns.map((key) => element('th', { scope: 'col' }, ui.term(key))))), body));
  if (kept.length <= SHOWN_ROWS) return wide;
  return element('div', {}, wide, ui.moreButton(ui.t('content.all-rows', { count: kept.length }), () => body.append(...lines(SHOWN_ROWS))));
}

function cell(ui, row, key) {
  const value = row.get(key);
  const long = isObject(value) || (typeof value === 'string' && value.length > 28);
  return element('td', { class: long && 'long' }, row.has(key) ? show(ui, value, key) : '');
}

function json(content) {
  return element('pre', { tabindex: '0' }, plain(JSON.stringify(content, null, 2), Infinity));
}
