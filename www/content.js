// A credential as a document for people: names made readable, values as they were signed.

import { byteSize, element, foreign, label, moreButton, plain, words } from './text.js';

const BASES = {
  __proto__: null,
  measured: 'computed by a program from the bytes',
  declared: 'written by a person',
  inferred: 'concluded from other facts',
  withheld: 'exists and is not disclosed',
  unknown: 'not known',
};
// These say what a node is to a machine; the JSON view has them.
const FOR_MACHINES = new Set(['id', 'type', 'basis', '@context']);
const CODE_NAMES = /(digest|digestMultibase|root|commitment|sha\d+|commit|^id|^path|issuer|repository)$/i;
const CODE_VALUES = /^(did|urn|https?):\S+$/;
const SIZES = /^(size|totalSize)$/;
const SHOWN_ROWS = 20;
const SHOWN_ITEMS = 100;

/** One credential: who, when, and each group of claims with how it is known. */
export function showContent({ node, content }, { open }) {
  const subject = content.credentialSubject ?? {};
  const claims = Object.entries(subject).filter(([name]) => !FOR_MACHINES.has(name));
  const groups = claims.filter(([, value]) => isGroup(value));
  const facts = claims.filter(([, value]) => !isGroup(value));
  const name = subject.name ?? subject.title;
  return element('details', { class: 'credential', open },
    element('summary', {}, element('h3', {}, kindOf(content), typeof name === 'string' && [': ', foreign(name)])),
    list([
      ['Issuer', foreign(issuerOf(content), { code: true })],
      ['Valid from', foreign(content.validFrom ?? 'not said')],
      ['Valid until', foreign(content.validUntil ?? 'not said')],
      ['Credential', foreign(node, { code: true })],
      typeof subject.id === 'string' && ['About', foreign(subject.id, { code: true })],
      ...facts.map(([key, value]) => [label(key), show(value, key)]),
    ]),
    groups.flatMap(([key, value]) => showGroups(key, [value].flat())),
    element('details', { class: 'json' }, element('summary', {}, 'The same as JSON'), json(content)));
}

/** What a credential is, without what every credential is. */
export function kindOf({ type }) {
  return [type].flat().filter((one) => one !== 'VerifiableCredential').map((one) => words(String(one))).join(', ') || 'Credential';
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
function showGroups(name, groups) {
  const [first] = groups;
  const alike = groups.length > 1 && groups.every((group) => group.basis === first.basis && Object.values(group).every(isBrief));
  if (!alike) return groups.map((group) => section(name, group.basis, describe(members(group))));
  const inAll = ([key, value]) => groups.every((group) => JSON.stringify(group[key]) === JSON.stringify(value));
  const common = new Map(members(first).filter(inAll));
  const differing = groups.map((group) => Object.fromEntries(Object.entries(group).filter(([key]) => !common.has(key))));
  return [section(name, first.basis, [table(differing), describe([...common])])];
}

function describe(entries) {
  return list(entries.map(([key, value]) => [label(key), show(value, key)]));
}

function members(group) {
  return Object.entries(group).filter(([key, value]) => !FOR_MACHINES.has(key) || (key === 'id' && !isNamedByPlace(value)));
}

function section(name, basis, content) {
  const meaning = BASES[basis];
  return element('section', { class: 'group' },
    element('h4', {}, label(name), ' ', element('span', { class: `basis ${meaning ? basis : 'other'}`, title: meaning }, plain(basis, 40))),
    content);
}

function list(entries) {
  const rows = entries.filter(Boolean).map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value)));
  return rows.length > 0 && element('dl', {}, rows);
}

function show(value, name) {
  if (Array.isArray(value)) return showArray(value, name);
  if (isInterval(value)) return showInterval(value);
  if (isReference(value)) return showReference(value);
  if (isObject(value)) return describe(membersOf(value));
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return SIZES.test(name) && value >= 1024 ? `${byteSize(value)} (${value})` : String(value);
  return foreign(value, { code: CODE_NAMES.test(name) || CODE_VALUES.test(value) });
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

function showInterval({ lower, upper, id, type, ...rest }) {
  const more = Object.entries(rest).flatMap(([key, value]) => [', ', `${label(key).toLowerCase()} `, show(value, key)]);
  return element('span', {}, show(lower), ' to ', show(upper), element('span', { class: 'quiet' }, more));
}

// A link to a thing, pinned by the digest of what it was.
function isReference(value) {
  return isObject(value) && Object.hasOwn(value, 'id') && Object.hasOwn(value, 'digestMultibase') && !Object.hasOwn(value, 'path');
}

function showReference({ id, type, name, digestMultibase, ...rest }) {
  return element('span', { class: 'reference' },
    name !== undefined && element('span', {}, foreign(name)),
    foreign(id, { code: true }),
    element('span', { class: 'quiet fine' }, words(String(type)), ', digest ', foreign(digestMultibase, { code: true })),
    Object.keys(rest).length > 0 && describe(membersOf(rest)));
}

// Short enough for a cell.
function isBrief(value) {
  return !Array.isArray(value) && (!isObject(value) || isInterval(value) || isReference(value));
}

function showArray(values, name) {
  if (values.length > 0 && values.every(isReference)) return element('div', { class: 'references' }, values.map(showReference));
  if (values.length > 0 && values.every(isObject)) return table(values);
  const shown = values.slice(0, SHOWN_ITEMS).map((value) => show(value, name));
  // Sentences stand one below the other, words and numbers in a row.
  if (values.length > 1 && values.some((value) => typeof value === 'string' && value.includes(' '))) {
    return element('ul', { class: 'lines' }, shown.map((value) => element('li', {}, value)), beyond(values));
  }
  return element('span', {}, shown.flatMap((value, index) => (index > 0 ? [', ', value] : [value])), beyond(values));
}

function beyond(values) {
  return values.length > SHOWN_ITEMS && ` … and ${values.length - SHOWN_ITEMS} more, in the JSON`;
}

function table(rows) {
  const kept = rows.map((row) => new Map(membersOf(row).filter(([key]) => key !== 'basis')));
  const columns = [...new Set(kept.flatMap((row) => [...row.keys()]))];
  const body = element('tbody', {});
  const lines = (from, to) => kept.slice(from, to).map((row) => element('tr', {}, columns.map((key) => cell(row, key))));
  body.append(...lines(0, SHOWN_ROWS));
  const wide = element('div', { class: 'wide', tabindex: '0', role: 'group', 'aria-label': 'Table' },
    element('table', {}, element('thead', {}, element('tr', {}, columns.map((key) => element('th', { scope: 'col' }, label(key))))), body));
  if (kept.length <= SHOWN_ROWS) return wide;
  return element('div', {}, wide, moreButton(`Show all ${kept.length} rows`, () => body.append(...lines(SHOWN_ROWS))));
}

function cell(row, key) {
  const value = row.get(key);
  const long = isObject(value) || (typeof value === 'string' && value.length > 28);
  return element('td', { class: long && 'long' }, row.has(key) ? show(value, key) : '');
}

function json(content) {
  return element('pre', { tabindex: '0' }, plain(JSON.stringify(content, null, 2), Infinity));
}
