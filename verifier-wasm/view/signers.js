// Who signed each part: the name that the trust list has, the identifier always, since when, how often, and whether
// it is still so.
//
// In scope: the credentials that hold. No name comes from a credential, and a look-alike letter in an identifier is
// shown by its number.

import { ageOf, listTime } from './age.js';
import { outcomeBadge, showMeaning } from './results.js';
import { titleOf } from './sources.js';
import { inSteps } from './steps.js';
import { element } from './text.js';
import { list } from './values.js';

const CREDENTIALS_A_STEP = 12;
const SHOWN_CHARACTERS = 600;
const NOT_ASCII = /[^\x20-\x7e]/gu;

/** The panel of who signed what. */
export function showSigners(ui, report, sources, now) {
  const facts = { makers: makersOf(report.nodes, sources), results: byNode(report.checks), now: timeText(now ?? report.checkedAt) };
  const absent = report.nodes.length - sources.length;
  return [
    inSteps(ui, element('ul', { class: 'signers' }), sources, (source) => showSigner(ui, source, facts), CREDENTIALS_A_STEP),
    absent > 0 && element('p', { class: 'quiet' }, ui.t('signers.others', { count: absent })),
  ];
}

function timeText(now) {
  return now instanceof Date ? now.toISOString() : now;
}

function showSigner(ui, source, { makers, results, now }) {
  const { content, issuer, node, digest, taint } = source;
  const checks = results.get(node) ?? [];
  const signatures = checks.filter(({ check, outcome }) => check === 'proof' && outcome === 'pass').length;
  return element('li', { class: 'signer' },
    element('h3', {}, titleOf(ui, content)),
    list([
      [ui.t('signers.name'), showName(ui, source, checks)],
      [ui.t('signers.identifier'), identifier(ui, issuer)],
      [ui.t('signers.independence'), independence(ui, source, makers)],
      signatures > 0 && [ui.t('signers.signatures'), ui.t('signers.count', { count: signatures })],
      [ui.term('validFrom'), ui.foreign(content.validFrom ?? ui.t('content.not-said'))],
      [ui.term('validUntil'), ui.foreign(content.validUntil ?? ui.t('content.not-said'))],
      [ui.t('age'), showAges(ui, content, checks.filter(({ check }) => check === 'status'), now)],
      taint !== undefined && [ui.t('signers.taint'), element('span', { class: 'remark' }, ui.parts('content.tainted', { code: ui.foreign(taint.code, { code: true }) }))],
      digest !== undefined && [ui.t('signers.digest'), ui.foreign(digest, { code: true })],
    ]));
}

// The checks of a credential are found once, not by going through all of them for each credential.
function byNode(checks) {
  const found = new Map();
  for (const check of checks) {
    if (!found.has(check.node)) found.set(check.node, []);
    found.get(check.node).push(check);
  }
  return found;
}

function showName(ui, { issuerName }, checks) {
  if (issuerName !== undefined) return element('strong', {}, ui.foreign(issuerName));
  const noList = checks.some(({ code }) => code === 'trust.no-list');
  return ui.t(noList ? 'signers.no-list' : 'signers.not-listed');
}

/** An identifier in full, with every letter that could pass for another by its number. */
export function identifier(ui, value) {
  const text = String(value);
  if (text.length > SHOWN_CHARACTERS || text.search(NOT_ASCII) < 0) return ui.foreign(text, { code: true });
  const parts = [];
  let from = 0;
  for (const { 0: character, index } of text.matchAll(NOT_ASCII)) {
    const number = character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
    parts.push(text.slice(from, index), element('span', { class: 'escaped', title: ui.t('signers.look-alike') }, `U+${number}`));
    from = index + character.length;
  }
  return element('code', { dir: 'ltr' }, parts, text.slice(from));
}

// Whoever issued a model passport that holds is the maker of that model.
function makersOf(nodes, sources) {
  const held = new Map(sources.map((source) => [source.node, source]));
  return nodes.filter(({ id, kind }) => kind === 'ModelPassport' && held.has(id)).map(({ id }) => held.get(id));
}

// Two identifiers may be one party's; that they are not is known only where the trust list names both.
function independence(ui, { issuer, issuerName, node }, makers) {
  if (makers.length === 0) return ui.t('signers.no-model');
  if (makers.some((maker) => maker.node === node)) return ui.t('signers.maker');
  if (makers.some((maker) => maker.issuer === issuer)) return ui.t('signers.same');
  const named = makers.filter((maker) => maker.issuerName !== undefined);
  if (issuerName !== undefined && named.some((maker) => maker.issuerName === issuerName)) return ui.t('signers.same-name');
  return ui.t(issuerName !== undefined && named.length === makers.length ? 'signers.another-party' : 'signers.another');
}

function showAges(ui, content, checks, now) {
  if (checks.length === 0) return ui.t('age.not-checked');
  return element('ul', { class: 'ages' }, checks.map((check) => element('li', {}, showAge(ui, content, check, now))));
}

function showAge(ui, content, check, now) {
  const known = listTime(check, content);
  const age = check.asOf && ageOf(ui, check.asOf, now);
  return [outcomeBadge(ui, check.outcome), element('div', {},
    known ? element('p', {}, ui.parts(`age.${known.purpose}`, { time: ui.foreign(known.time) })) : showMeaning(ui, check),
    !known && check.asOf && element('p', { class: 'quiet fine' }, ui.parts('age.list', { time: ui.foreign(check.asOf) })),
    age && element('p', { class: 'quiet fine' }, ui.t('age.before', { age })))];
}
