// What was signed, as a document for people.
//
// In scope: one credential from beginning to end, and all of them as a role reads them.
// Out of scope: single values, see `values.js`; which claims a role looks for, see `roles.js`.

import { showKnown } from './known.js';
import { isMetrics, showMetrics } from './metrics.js';
import { knownRole, rolePicker, showRole } from './roles.js';
import { titleOf } from './sources.js';
import { fold, inSteps } from './steps.js';
import { element, plain } from './text.js';
import { basisBadge, describe, isBrief, isObject, list, members, show, table } from './values.js';

const CREDENTIALS_A_STEP = 25;
const GROUPS_A_STEP = 40;
const NOT_SAID = new Set(['withheld', 'unknown']);

/** Everything that was signed, and the choice of how to read it. */
export function showContents(ui, sources, { role, onRole } = {}) {
  const place = element('div', { class: 'reading' });
  const view = { credential: (...given) => showCredential(ui, ...given), claims: (claims) => showClaims(ui, claims) };
  const read = (as) => place.replaceChildren(...[as === 'everything' ? showAll(ui, sources) : showRole(ui, as, sources, view)].flat(Infinity).filter(Boolean));
  const first = knownRole(role);
  const picker = rolePicker(ui, first, (picked) => {
    read(picked);
    onRole?.(picked);
  });
  read(first);
  return [showKnown(ui, sources), picker, place];
}

// Long documents: of several, the model's is open, and what there is a warning about.
function showAll(ui, sources) {
  const isModel = ({ content: { type } }) => [type].flat().includes('ModelPassport');
  const show = (source) => showCredential(ui, source, { open: sources.length === 1 || isModel(source) || source.isTroubled });
  return inSteps(ui, element('div', {}), sources, show, CREDENTIALS_A_STEP);
}

/** One credential: who, when, and each group of claims with how it is known. */
function showCredential(ui, source, { open = false, without = new Set() }) {
  const { node, content, issuer, issuerName } = source;
  return fold(element('h3', {}, titleOf(ui, content)), () => [
    list([
      [ui.term('issuer'), [issuerName !== undefined && [element('strong', {}, ui.foreign(issuerName)), ' '], ui.foreign(issuer, { code: true })]],
      [ui.term('validFrom'), ui.foreign(content.validFrom ?? ui.t('content.not-said'))],
      [ui.term('validUntil'), ui.foreign(content.validUntil ?? ui.t('content.not-said'))],
      [ui.t('content.credential'), ui.foreign(node, { code: true })],
    ]),
    subjectsOf(content).map((subject) => showSubject(ui, subject, without)),
    fold(ui.t('content.json'), () => json(content), { class: 'json' }),
  ], { class: 'credential', open });
}

function subjectsOf({ credentialSubject = {} }) {
  return [credentialSubject].flat().slice(0, CREDENTIALS_A_STEP);
}

function showSubject(ui, subject, without) {
  if (!isObject(subject)) return show(ui, subject);
  const claims = members(subject).filter(([name]) => name !== 'id' && !without.has(name));
  const about = typeof subject.id === 'string' && list([[ui.t('content.about'), ui.foreign(subject.id, { code: true })]]);
  const basis = typeof subject.basis === 'string' && list([[ui.t('content.basis'), basisBadge(ui, subject.basis)]]);
  return [about, basis, showClaims(ui, claims)];
}

// Facts first, in one list; then each group of claims with how it is known.
function showClaims(ui, claims) {
  const facts = claims.filter(([, value]) => !isGroup(value));
  const groups = claims.filter(([, value]) => isGroup(value)).flatMap(([name, value]) => sections(name, [value].flat()));
  return [
    describe(ui, facts),
    groups.length > 0 && inSteps(ui, element('div', { class: 'groups' }), groups, (group) => showSection(ui, group), GROUPS_A_STEP),
  ];
}

function isGroup(value) {
  const items = [value].flat();
  return items.length > 0 && items.every((item) => isObject(item) && typeof item.basis === 'string');
}

// Several groups of one kind, such as metrics, are compared; the others stand one below the other.
function sections(name, groups) {
  const [first] = groups;
  const isComparable = groups.every((group) => group.basis === first.basis && Object.values(group).every(isBrief));
  if (isMetrics(groups) || (groups.length > 1 && isComparable)) return [{ name, basis: first.basis, groups }];
  return groups.map((group) => ({ name, basis: group.basis, groups: [group] }));
}

function showSection(ui, { name, basis, groups }) {
  const bases = [...new Set([basis, ...groups.map((group) => group.basis)])];
  return element('section', { class: 'group' },
    element('h4', {}, ui.term(name), bases.map((one) => [' ', basisBadge(ui, one)])),
    NOT_SAID.has(basis) && element('p', { class: 'quiet' }, ui.t(`content.${basis}`)),
    contentOf(ui, groups));
}

function contentOf(ui, groups) {
  if (isMetrics(groups)) return showMetrics(ui, groups.map((metric) => ({ metric, source: {} })), { attributed: false });
  if (groups.length > 1) return showAlike(ui, groups);
  const entries = members(groups[0]);
  const [metrics, others] = [entries.filter(([, value]) => isMetrics(value)), entries.filter(([, value]) => !isMetrics(value))];
  return [describe(ui, others), metrics.map(([, value]) => showMetrics(ui, value.map((metric) => ({ metric, source: {} })), { attributed: false }))];
}

// What they have in common is said once.
function showAlike(ui, groups) {
  const texts = groups.map((group) => new Map(Object.entries(group).map(([key, value]) => [key, JSON.stringify(value)])));
  const inAll = ([key]) => texts.every((text) => text.has(key) && text.get(key) === texts[0].get(key));
  const common = new Map(members(groups[0]).filter(inAll));
  const differing = groups.map((group) => Object.fromEntries(Object.entries(group).filter(([key]) => !common.has(key))));
  return [table(ui, differing), describe(ui, [...common])];
}

function json(content) {
  return element('pre', { tabindex: '0' }, plain(JSON.stringify(content, null, 2), Infinity));
}
