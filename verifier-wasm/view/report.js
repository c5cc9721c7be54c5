// A report as a document. What is shown is what was verified: this file reads the report and nothing else.

import { showContents } from './content.js';
import { icon, STATES } from './icons.js';
import { showLineage } from './lineage.js';
import { outcomeBadge, showMeaning } from './results.js';
import { showSigners } from './signers.js';
import { issuerOf, nameOf, sourcesOf } from './sources.js';
import { inSteps } from './steps.js';
import { element } from './text.js';

// Worst first: a stage shows the worst of its results.
const BY_WEIGHT = ['fail', 'not-checked', 'warn', 'pass', 'not-applicable'];
const RESULTS_A_STEP = 50;
const SHOWN_SUBJECTS = 12;

/**
 * Sections for a report: verdict, checks, who signed, lineage, content. `role` is how the content is read first, and
 * `onRole` is told when another is chosen; `now` is what ages are counted to, the time of the report when left out;
 * `digest` is the SHA-256 of the text that was checked, for paper.
 */
export function showReport(ui, report, { role, onRole, now, digest } = {}) {
  const names = subjectNames(report);
  const sources = sourcesOf(report);
  return [
    showVerdict(ui, report, { digest }),
    section(ui, 'checks', showChecks(ui, report.checks, names)),
    sources.length > 0 && section(ui, 'signers', showSigners(ui, report, sources, now)),
    report.nodes.length > 0 && section(ui, 'lineage', showLineage(ui, report.nodes, names, report)),
    sources.length > 0 && section(ui, 'content', showContents(ui, sources, { role, onRole })),
  ].filter(Boolean);
}

/** What a valid signature does not prove. */
export function showLimits(ui) {
  const said = ['true', 'issuer', 'safe', 'files', 'withdrawn'];
  return element('section', { class: 'card', 'aria-labelledby': 'limits-title' },
    element('h2', { id: 'limits-title' }, ui.t('limits')),
    element('ul', { class: 'prose' }, said.map((one) => element('li', {}, element('strong', {}, ui.t(`limits.${one}`)), ' ', ui.t(`limits.${one}.more`)))));
}

/** The same place on the page for a check that could not be made at all. */
export function showFailure(ui, message, code) {
  return verdictSection(ui, 'could-not-check', [undefined, 'verdict'], [
    element('p', {}, ui.parts('verdict.failure', { message: ui.message(message) })),
    code && element('p', { class: 'quiet' }, ui.parts('verdict.code', { code: ui.foreign(code, { code: true }) })),
  ]);
}

/** A part of the page with its heading and what it means. */
export function section(ui, id, ...content) {
  return element('section', { class: 'card', id, 'aria-labelledby': `${id}-title` },
    element('h2', { id: `${id}-title` }, ui.t(id)), element('p', { class: 'quiet' }, ui.t(`${id}.meaning`)), content);
}

// Names are claims; they help people to tell credentials apart, next to the identifiers that count.
function subjectNames({ shown, checks }) {
  const nodes = new Map(checks.filter(({ node }) => node !== undefined).map(({ node }) => [node, undefined]));
  return new Map([...nodes, ...shown.map(({ node, content }) => [node, nameOf(content)])]);
}

/** The verdict, why, and of what; `id` is that of its heading, and `of` that of a heading which says whose verdict it is. */
export function showVerdict(ui, { verdict, code, checks, checkedAt, shown }, { id = 'verdict', of, digest } = {}) {
  const decided = code === 'ok' ? undefined : checks.find((check) => check.code === code);
  const time = ui.foreign(checkedAt);
  return verdictSection(ui, verdict, [of, id], [
    decided && element('div', { class: 'reason' }, element('strong', {}, ui.known('stage', decided.check)), showMeaning(ui, decided)),
    shown.length > 0 && [
      verdict === 'not-verified' && element('p', {}, ui.t('verdict.holds')),
      inSteps(ui, element('ul', { class: 'subjects' }), shown, (one) => showSubject(ui, one), SHOWN_SUBJECTS),
    ],
    element('p', { class: 'quiet' }, code === 'ok'
      ? ui.parts('verdict.time', { time })
      : ui.parts('verdict.time-and-code', { time, code: ui.foreign(code, { code: true }) })),
    digest !== undefined && element('p', { class: 'quiet' }, ui.parts('content.text-digest', { digest: ui.foreign(digest, { code: true }) })),
  ]);
}

// What was said, and by whom: by the identifier that was proven, never by the name that they give themselves. The name
// comes last and on a line of its own, so that no words in it go on with what the page says.
function showSubject(ui, { content }) {
  const name = nameOf(content);
  const signed = { what: element('strong', {}, ui.kind(content)), issuer: ui.foreign(issuerOf(content), { code: true }) };
  return element('li', {},
    element('p', {}, ui.parts('verdict.signed-by', signed)),
    name !== undefined && element('p', { class: 'fine' }, ui.parts('verdict.named', { name: element('span', {}, ui.parts('content.quoted', { name: ui.name(name) })) })));
}

function verdictSection(ui, verdict, [of, id], details) {
  const state = STATES[verdict] ?? 'open';
  return element('section', { class: `verdict ${state}`, 'aria-labelledby': of === undefined ? id : `${of} ${id}` },
    icon(state),
    element('div', {},
      element('h2', { id, tabindex: '-1' }, ui.known('verdict', verdict)),
      element('p', { class: 'meaning' }, ui.known('verdict', `${verdict}.meaning`)),
      details));
}

function showChecks(ui, checks, names) {
  const stages = new Map();
  for (const check of checks) {
    if (!stages.has(check.check)) stages.set(check.check, []);
    stages.get(check.check).push(check);
  }
  return element('ul', { class: 'checks' }, Array.from(stages, ([stage, results]) => showStage(ui, stage, results, names)));
}

function showStage(ui, stage, results, names) {
  const worst = BY_WEIGHT.find((outcome) => results.some((result) => result.outcome === outcome)) ?? 'not-checked';
  const head = [outcomeBadge(ui, worst), element('span', { class: 'stage' }, ui.known('stage', stage))];
  const row = (...result) => element('li', { class: 'check' }, element('div', { class: 'row' }, head, showResult(ui, ...result)));
  const [first] = results;
  if (results.length === 1) return row(first, names);
  if (results.every(({ code, message }) => code === first.code && message === first.message)) {
    const { node, pointer, ...common } = first;
    return row(common, names, results.length);
  }
  const differing = BY_WEIGHT.map((outcome) => [outcome, results.filter((result) => result.outcome === outcome).length])
    .filter(([, count]) => count > 0).map(([outcome, count]) => ui.t(`outcomes.${outcome}`, { count }));
  const sorted = [...results].sort((one, other) => urgency(one) - urgency(other));
  return element('li', { class: 'check' },
    element('details', { open: results.some(needsAttention) },
      element('summary', { class: 'row' }, head, element('span', { class: 'result' }, differing.join(', '), ' ', showOrHide(ui))),
      inSteps(ui, element('ul', { class: 'results' }), sorted, (result) => element('li', {}, outcomeBadge(ui, result.outcome), showResult(ui, result, names)), RESULTS_A_STEP)));
}

// The style sheet shows one of the two.
function showOrHide(ui) {
  return [element('span', { class: 'link when-closed' }, ui.t('checks.show')), element('span', { class: 'link when-open' }, ui.t('checks.hide'))];
}

// What needs attention comes first, so that no number of others hides it.
function urgency(result) {
  return BY_WEIGHT.indexOf(result.outcome) + (needsAttention(result) ? 0 : BY_WEIGHT.length);
}

function needsAttention({ outcome, required }) {
  return outcome === 'fail' || outcome === 'warn' || (outcome === 'not-checked' && required);
}

function showResult(ui, result, names, times) {
  const { node, code, pointer, required, outcome } = result;
  return element('div', { class: 'result' },
    showMeaning(ui, result),
    outcome === 'not-checked' && !required && element('p', { class: 'quiet' }, ui.t('checks.not-needed')),
    element('p', { class: 'quiet fine' },
      ui.foreign(code, { code: true }),
      times > 1 && [' ', ui.t('checks.for-each', { count: times })],
      pointer !== undefined && [' ', ui.parts('checks.at', { pointer: ui.foreign(pointer || '/', { code: true }) })],
      node !== undefined && names.size > 1 && [' ', showPlace(ui, node, names.get(node))]));
}

function showPlace(ui, node, name) {
  const id = ui.foreign(node, { code: true });
  return name === undefined ? ui.parts('checks.in', { node: id }) : ui.parts('checks.in-named', { name: ui.name(name), node: id });
}
