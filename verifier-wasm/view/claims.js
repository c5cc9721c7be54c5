// Two credentials, claim by claim. No DOM.
//
// In scope: every claim by where it stands, things of a list by what names them, and which credentials of two reports
// are to be held against each other. Out of scope: metrics, which are compared as drawings.

import { isMetrics } from './metrics.js';
import { isObject } from './values.js';

const MOST_CLAIMS = 20_000;
const DEEPEST = 32;
// By these a thing of a list is the same thing in another list, the first that it has.
const NAMES = ['path', 'name', 'label', 'variable', 'property', 'identifier', 'metric', 'id'];

/** The claims of a credential as a map from place to `{ path, value }`; `cut` says that there are more. */
export function claimsOf(content) {
  const found = new Map();
  const keep = (path, value, key = JSON.stringify(path)) => found.set(key, { path, value });
  const visit = (value, path) => {
    if (found.size >= MOST_CLAIMS) return;
    const inner = path.length < DEEPEST ? partsOf(value) : undefined;
    if (inner === undefined) keep(path, value);
    else for (const [key, item] of inner) visit(item, [...path, key]);
  };
  const { issuer, validFrom, validUntil, id, credentialSubject } = content;
  // What the credential says of itself is another thing than what it says of its subject in the same words.
  for (const [key, value] of Object.entries({ id, issuer, validFrom, validUntil })) if (value !== undefined) keep(['credential', key], value, key);
  for (const [key, value] of partsOf(credentialSubject) ?? []) visit(value, [key]);
  return { claims: found, cut: found.size >= MOST_CLAIMS };
}

// The members of an object, and the things of a list by their names; nothing for a value and for a list of values.
function partsOf(value) {
  if (isMetrics(value)) return [];
  if (isObject(value)) return Object.entries(value).filter(([key, item]) => !isForMachines(key, item));
  if (!Array.isArray(value) || value.length === 0 || !value.every(isObject)) return undefined;
  const taken = new Map();
  return value.map((item, index) => {
    const name = nameIn(item) ?? String(index);
    const times = taken.get(name) ?? 0;
    taken.set(name, times + 1);
    // In brackets, so that a thing of a list is not taken for a claim of that name.
    return [[times === 0 ? name : `${name} (${times + 1})`], item];
  });
}

function nameIn(item) {
  const key = NAMES.find((one) => typeof item[one] === 'string' && !isForMachines(one, item[one]));
  return key === undefined ? undefined : item[key];
}

function isForMachines(key, value) {
  return (key === 'type' && /^[A-Z]/.test(value)) || key === '@context' || (key === 'id' && typeof value === 'string' && value.includes('#'));
}

/** What two credentials say, place by place: `{ path, first, second, state }`; either of the two may be missing. */
export function compareClaims(first, second) {
  const [one, other] = [first, second].map((content) => (content === undefined ? { claims: new Map(), cut: false } : claimsOf(content)));
  const rows = [...new Set([...one.claims.keys(), ...other.claims.keys()])].map((key) => {
    const [left, right] = [one.claims.get(key), other.claims.get(key)];
    return { path: (left ?? right).path, first: left?.value, second: right?.value, state: stateOf(left, right) };
  });
  return { rows, cut: one.cut || other.cut };
}

function stateOf(left, right) {
  if (right === undefined) return 'first';
  if (left === undefined) return 'second';
  return JSON.stringify(left.value) === JSON.stringify(right.value) ? 'same' : 'differs';
}

/** Pairs of sources of one kind: the same credential, else of the same thing, else in their order. */
export function pairSources(first, second) {
  const kinds = new Map();
  const add = (sources, side) => {
    for (const source of sources) {
      const kind = JSON.stringify([source.content.type].flat().map(String).sort());
      if (!kinds.has(kind)) kinds.set(kind, { first: [], second: [] });
      kinds.get(kind)[side].push(source);
    }
  };
  add(first, 'first');
  add(second, 'second');
  return [...kinds.values()].flatMap(pairOfKind);
}

function pairOfKind({ first, second }) {
  const partners = new Map();
  const free = new Set(second);
  const matched = (keyOf) => {
    const byKey = new Map([...free].reverse().map((source) => [keyOf(source), source]));
    for (const source of first) {
      const partner = byKey.get(keyOf(source));
      if (partners.has(source) || partner === undefined || keyOf(source) === undefined || !free.delete(partner)) continue;
      partners.set(source, partner);
    }
  };
  matched(({ node }) => node);
  matched(({ content }) => [content.credentialSubject].flat()[0]?.id);
  for (const source of first) {
    const [next] = free;
    if (partners.has(source) || next === undefined) continue;
    partners.set(source, next);
    free.delete(next);
  }
  return [...first.map((source) => ({ first: source, second: partners.get(source) })), ...[...free].map((source) => ({ first: undefined, second: source }))];
}
