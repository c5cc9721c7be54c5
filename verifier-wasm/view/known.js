// How each fact is known: counts of what was measured, declared, inferred, withheld and is unknown, by credential.
//
// In scope: every group of claims that says a basis, wherever it stands. What is withheld or unknown is named.
// Out of scope: whether it is true.

import { titleOf } from './sources.js';
import { inSteps } from './steps.js';
import { element } from './text.js';
import { basisBadge, isObject, show } from './values.js';

const BASES = ['measured', 'declared', 'inferred', 'withheld', 'unknown'];
const NOT_SAID = new Set(['withheld', 'unknown']);
const CREDENTIALS_A_STEP = 20;
const GROUPS_A_STEP = 20;
const DEEPEST = 64;

/** A summary with its legend. */
export function showKnown(ui, sources) {
  const said = sources.map((source) => ({ source, groups: groupsOf(source.content) })).filter(({ groups }) => groups.length > 0);
  if (said.length === 0) return false;
  return element('section', { class: 'known', 'aria-labelledby': 'known-title' },
    element('h3', { id: 'known-title' }, ui.t('content.known')),
    element('ul', { class: 'legend fine' }, BASES.map((basis) => element('li', {}, basisBadge(ui, basis), ' ', ui.t(`basis.${basis}.meaning`)))),
    inSteps(ui, element('ul', { class: 'known-list' }), said, (one) => showCounts(ui, one), CREDENTIALS_A_STEP));
}

function showCounts(ui, { source, groups }) {
  const counts = countBases(groups);
  const open = groups.filter(({ basis }) => NOT_SAID.has(basis));
  return element('li', {},
    element('p', {}, titleOf(ui, source.content)),
    element('p', { class: 'counts' }, [...counts].map(([basis, count]) => [basisBadge(ui, basis, count), ' '])),
    open.length > 0 && inSteps(ui, element('ul', { class: 'not-said' }), open, (group) => showNotSaid(ui, group), GROUPS_A_STEP));
}

function showNotSaid(ui, { name, basis, reason }) {
  return element('li', {}, element('strong', {}, ui.term(name)), ' ', basisBadge(ui, basis), reason !== undefined && [' ', show(ui, reason)]);
}

/** How many groups there are of each basis, in the order of the legend. */
export function countBases(groups) {
  const counts = new Map(BASES.map((basis) => [basis, 0]));
  for (const { basis } of groups) counts.set(basis, (counts.get(basis) ?? 0) + 1);
  return new Map([...counts].filter(([, count]) => count > 0));
}

/** Every group of claims with a basis: `{ name, basis, reason }`, named after where it stands. */
export function groupsOf(content) {
  const found = [];
  const visit = (value, name, depth) => {
    if (depth > DEEPEST) return;
    if (Array.isArray(value)) {
      for (const item of value) visit(item, name, depth + 1);
    } else if (isObject(value)) {
      if (typeof value.basis === 'string') found.push({ name, basis: value.basis, reason: value.reason });
      for (const [key, inner] of Object.entries(value)) visit(inner, key, depth + 1);
    }
  };
  visit(content, 'credential', 0);
  return found;
}
