// Two credentials, claim by claim. No DOM.
//
// In scope: every claim by where it stands, things of a list by what names them, and which credentials of two reports
// are to be held against each other. Out of scope: the metrics that `metricsOf` finds, which are compared as drawings.
// What is written in a subject for machines only is no claim, and counts where two contents are asked to be equal.

import { isMetrics } from './metrics.js';
import { isObject } from './values.js';

const MOST_CLAIMS = 20_000;
const DEEPEST = 32;
const [OF_CREDENTIAL, OF_SUBJECT] = ['credential', 'subject'];
// By these a thing of a list is the same thing in another list, the first that it has.
const NAMES = ['path', 'name', 'label', 'variable', 'property', 'identifier', 'metric', 'id'];

/** The claims of a credential as a map from place to `{ path, value }`; `cut` says that there are more. */
export function claimsOf(content) {
  const found = new Map();
  // `level` is how far below its subject a value is, as `metricsOf` counts; nothing elsewhere.
  const visit = (value, path, side, level) => {
    if (found.size >= MOST_CLAIMS || ((level === 1 || level === 2) && isMetrics(value))) return;
    const inner = path.length < DEEPEST ? partsOf(value, side === OF_SUBJECT) : undefined;
    if (inner === undefined) return void found.set(side + JSON.stringify(path), { path, value });
    const next = Array.isArray(value) ? (level === 0 ? 0 : undefined) : level + 1;
    for (const [key, item] of inner) visit(item, [...path, key], side, next);
  };
  const { credentialSubject, ...own } = content;
  // What the credential says of itself is another thing than what it says of its subject in the same words.
  for (const [key, value] of Object.entries(own)) visit(value, ['credential', key], OF_CREDENTIAL);
  if (credentialSubject !== undefined) visit(credentialSubject, partsOf(credentialSubject) === undefined ? ['credentialSubject'] : [], OF_SUBJECT, 0);
  return { claims: found, cut: found.size >= MOST_CLAIMS };
}

// The members of an object, and the things of a list by their names; nothing for a value and for a list of values.
function partsOf(value, withoutMachines = true) {
  if (isObject(value)) {
    const parts = Object.entries(value).filter(([key, item]) => !withoutMachines || !isForMachines(key, item));
    // That there is an empty one is a fact as well.
    return parts.length > 0 || withoutMachines ? parts : undefined;
  }
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
  return isEqual(left.value, right.value) ? 'same' : 'differs';
}

/** Whether two values of JSON are the same, all the way down; the order of members is no difference. */
export function isEqual(first, second) {
  if (typeof first !== 'object' || typeof second !== 'object' || first === null || second === null) return first === second;
  if (Array.isArray(first) !== Array.isArray(second)) return false;
  const keys = Object.keys(first);
  return keys.length === Object.keys(second).length && keys.every((key) => Object.hasOwn(second, key) && isEqual(first[key], second[key]));
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
