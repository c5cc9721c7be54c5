// A credential as a document for people: names made readable, values as they were signed.

import { byteSize, element, foreign, plain, words } from './text.js';

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
const CODE_NAMES = /(digest|root|commitment|sha\d+|commit|^id|path|issuer|repository)$/i;
const CODE_VALUES = /^(did|urn|https?|uEi|zDna|z6Mk)[:\w]/;
const SIZES = /^(size|totalSize)$/;
const SHOWN_ROWS = 20;

/** One credential: who, when, and each group of claims with how it is known. */
export function showContent({ node, content }) {
  const kind = [content.type].flat().filter((type) => type !== 'VerifiableCredential').map(String);
  const subject = content.credentialSubject ?? {};
  const claims = Object.entries(subject).filter(([name]) => !FOR_MACHINES.has(name));
  const groups = claims.filter(([, value]) => isGroup(value));
  const facts = claims.filter(([, value]) => !isGroup(value));
  const name = subject.name ?? subject.title;
  return element('article', { class: 'credential' },
    element('h3', {}, kind.map(words).join(', ') || 'Credential', typeof name === 'string' && [': ', foreign(name)]),
    list([
      ['Issuer', foreign(issuerOf(content), { code: true })],
      ['Valid from', foreign(content.validFrom ?? 'not said')],
      ['Valid until', foreign(content.validUntil ?? 'not said')],
      ['Credential', foreign(node, { code: true })],
      typeof subject.id === 'string' && ['About', foreign(subject.id, { code: true })],
      ...facts.map(([key, value]) => [words(key), show(value, key)]),
    ]),
    groups.map(([key, value]) => [value].flat().map((group) => showGroup(key, group))),
    element('details', {}, element('summary', {}, 'The same as JSON'), json(content)));
}

function issuerOf({ issuer }) {
  return typeof issuer === 'object' ? issuer?.id : issuer;
}

function isGroup(value) {
  return [value].flat().every((item) => isObject(item) && typeof item.basis === 'string');
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function showGroup(name, group) {
  const members = Object.entries(group).filter(([key]) => !FOR_MACHINES.has(key));
  const meaning = BASES[group.basis];
  return element('section', { class: 'group' },
    element('h4', {}, words(name), ' ', element('span', { class: `basis ${meaning ? group.basis : 'other'}`, title: meaning }, plain(group.basis, 40))),
    members.length > 0 && list(members.map(([key, value]) => [words(key), show(value, key)])));
}

function list(entries) {
  return element('dl', {}, entries.filter(Boolean).map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))));
}

function show(value, name) {
  if (Array.isArray(value)) return showArray(value, name);
  if (isObject(value)) {
    return list(Object.entries(value).filter(([key]) => key !== 'type').map(([key, inner]) => [words(key), show(inner, key)]));
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return SIZES.test(name) ? `${byteSize(value)} (${value})` : String(value);
  return foreign(value, { code: CODE_NAMES.test(name) || CODE_VALUES.test(value) });
}

function showArray(values, name) {
  if (values.length > 0 && values.every(isObject)) return table(values);
  const shown = values.slice(0, SHOWN_ROWS * 5).map((value) => show(value, name));
  const parts = shown.flatMap((value, index) => (index > 0 ? [', ', value] : [value]));
  return element('span', {}, parts, values.length > shown.length && `, and ${values.length - shown.length} more (see the JSON)`);
}

function table(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((key) => key !== 'type' && !(key === 'id' && rows.every(isNamedByPlace)));
  const body = element('tbody', {});
  const lines = (from, to) => rows.slice(from, to).map((row) => element('tr', {}, columns.map((key) => element('td', {}, Object.hasOwn(row, key) ? show(row[key], key) : ''))));
  body.append(...lines(0, SHOWN_ROWS));
  const wide = element('div', { class: 'wide', tabindex: '0', role: 'group', 'aria-label': 'Table' },
    element('table', {}, element('thead', {}, element('tr', {}, columns.map((key) => element('th', { scope: 'col' }, words(key))))), body));
  if (rows.length <= SHOWN_ROWS) return wide;
  const more = element('button', { type: 'button', class: 'link' }, `Show all ${rows.length} rows`);
  more.addEventListener('click', () => {
    body.append(...lines(SHOWN_ROWS));
    more.remove();
  });
  return element('div', {}, wide, more);
}

// Nodes that only exist inside their credential are named after it and their place.
function isNamedByPlace({ id }) {
  return typeof id === 'string' && id.includes('#');
}

function json(content) {
  return element('pre', { tabindex: '0' }, plain(JSON.stringify(content, null, 2), Infinity));
}
