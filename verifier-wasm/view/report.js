// A report as a document. What is shown is what was verified: this file reads the report and nothing else.

import { issuerOf, showContent } from './content.js';
import { badge, icon, STATES } from './icons.js';
import { showLineage } from './lineage.js';
import { element, plain } from './text.js';

// Worst first: a stage shows the worst of its results.
const BY_WEIGHT = ['fail', 'not-checked', 'warn', 'pass', 'not-applicable'];
const SHOWN_RESULTS = 50;

/** Sections for a report: verdict, checks, lineage, content. */
export function showReport(ui, report) {
  const names = subjectNames(report);
  return [
    showVerdict(ui, report),
    section(ui, 'checks', showChecks(ui, report.checks, names)),
    report.nodes.length > 0 && section(ui, 'lineage', showLineage(ui, report.nodes, names, report)),
    report.shown.length > 0 && section(ui, 'content', showContents(ui, report.shown)),
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
  return verdictSection(ui, 'could-not-check', [
    element('p', {}, ui.parts('verdict.failure', { message: ui.message(message) })),
    code && element('p', { class: 'quiet' }, ui.parts('verdict.code', { code: ui.foreign(code, { code: true }) })),
  ]);
}

function section(ui, id, ...content) {
  return element('section', { class: 'card', id, 'aria-labelledby': `${id}-title` },
    element('h2', { id: `${id}-title` }, ui.t(id)), element('p', { class: 'quiet' }, ui.t(`${id}.meaning`)), content);
}

// Long documents: of several, the model's is open.
function showContents(ui, shown) {
  const isModel = ({ content: { type } }) => [type].flat().includes('ModelPassport');
  return shown.map((one) => showContent(ui, one, { open: shown.length === 1 || isModel(one) }));
}

// Names are claims; they help people to tell credentials apart, next to the identifiers that count.
function subjectNames({ shown, checks }) {
  const nodes = new Map(checks.filter(({ node }) => node !== undefined).map(({ node }) => [node, undefined]));
  return new Map([...nodes, ...shown.map(({ node, content }) => {
    const { name, title } = content.credentialSubject ?? {};
    return [node, typeof (name ?? title) === 'string' ? (name ?? title) : undefined];
  })]);
}

function showVerdict(ui, { verdict, code, checks, checkedAt, shown }) {
  const decided = code === 'ok' ? undefined : checks.find((check) => check.code === code);
  const time = ui.foreign(checkedAt);
  return verdictSection(ui, verdict, [
    decided && element('div', { class: 'reason' }, element('strong', {}, ui.known('stage', decided.check)), showMeaning(ui, decided)),
    shown.length > 0 && [verdict === 'not-verified' && element('p', {}, ui.t('verdict.holds')), element('ul', { class: 'subjects' }, shown.map((one) => showSubject(ui, one)))],
    element('p', { class: 'quiet' }, code === 'ok'
      ? ui.parts('verdict.time', { time })
      : ui.parts('verdict.time-and-code', { time, code: ui.foreign(code, { code: true }) })),
  ]);
}

// What was said, and by whom: by the identifier that was proven, never by the name that they give themselves.
function showSubject(ui, { content }) {
  const { name, title } = content.credentialSubject ?? {};
  const parameters = { what: element('strong', {}, ui.kind(content)), issuer: ui.foreign(issuerOf(content), { code: true }) };
  return element('li', {}, typeof (name ?? title) === 'string'
    ? ui.parts('verdict.named-signed-by', { ...parameters, name: ui.foreign(name ?? title) })
    : ui.parts('verdict.signed-by', parameters));
}

function verdictSection(ui, verdict, details) {
  const state = STATES[verdict] ?? 'open';
  return element('section', { class: `verdict ${state}`, 'aria-labelledby': 'verdict' },
    icon(state),
    element('div', {},
      element('h2', { id: 'verdict', tabindex: '-1' }, ui.known('verdict', verdict)),
      element('p', { class: 'meaning' }, ui.known('verdict', `${verdict}.meaning`)),
      details));
}

function showChecks(ui, checks, names) {
  const stages = new Map();
  for (const check of checks) stages.set(check.check, [...(stages.get(check.check) ?? []), check]);
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
  const list = element('ul', { class: 'results' });
  const rest = results.map((result) => element('li', {}, outcomeBadge(ui, result.outcome), showResult(ui, result, names)));
  list.append(...rest.splice(0, SHOWN_RESULTS));
  return element('li', { class: 'check' },
    element('details', { open: results.some(needsAttention) },
      element('summary', { class: 'row' }, head, element('span', { class: 'result' }, differing.join(', '), ' ', showOrHide(ui))),
      list,
      rest.length > 0 && ui.moreButton(ui.t('text.show-more', { count: rest.length }), () => list.append(...rest))));
}

// The style sheet shows one of the two.
function showOrHide(ui) {
  return [element('span', { class: 'link when-closed' }, ui.t('checks.show')), element('span', { class: 'link when-open' }, ui.t('checks.hide'))];
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
  return name === undefined ? ui.parts('checks.in', { node: id }) : ui.parts('checks.in-named', { name: ui.foreign(name), node: id });
}

// The verifier speaks English. In other languages the meaning of its code comes first, and its words, which name
// the thing, below.
function showMeaning(ui, { code, message, help }) {
  const [what, advice] = ui.code(code) ?? [];
  if (what === undefined) return [element('p', {}, ui.message(message)), help && element('p', { class: 'help' }, ui.message(help))];
  return [
    element('p', {}, what),
    element('p', { class: 'quiet fine' }, ui.t('checks.exact-words'), ' ', ui.message(message)),
    advice && element('p', { class: 'help' }, advice),
  ];
}

function outcomeBadge(ui, outcome) {
  return badge(outcome, ui.known('outcome', outcome));
}
