// What an element looks like: a badge, a card or the whole report, and the dialog that the first two open.
//
// In scope: where the parts of the view go, and their names for the page's style sheet.
// Out of scope: reading reports, which is the view's business.

import { icon, STATES } from '../view/icons.js';
import { showLimits, showReport, showVerdict } from '../view/index.js';
import { element, plain } from '../view/text.js';

const BY_ID = new Set(['checks', 'signers', 'lineage', 'content']);

/** What is there before there is a report: no colour that could be taken for an answer. */
export function drawWaiting(ui, display, key) {
  const words = element('span', { class: 'quiet' }, ui.t(key));
  if (display === 'badge') return [element('span', { class: 'seal none', part: 'badge' }, icon('none'), words)];
  return [element('div', { class: 'plate none', part: 'waiting' }, words)];
}

/** A check that was not made. This is no verdict, so it looks like none. */
export function drawFailure(ui, display, { code, message }) {
  const key = `element.error.${String(code).replace(/^element\./, '')}`;
  const reason = ui.t(ui.has(key) ? key : 'element.error.verifier');
  if (display === 'badge') {
    return [element('span', { class: 'seal none', part: 'badge error', title: reason }, icon('none'),
      element('strong', {}, ui.t('element.failed')), element('span', { class: 'by' }, reason))];
  }
  return [element('div', { class: 'plate none', part: 'error' },
    element('strong', {}, ui.t('element.failed')),
    element('p', {}, reason, ' ', ui.t('element.failed.meaning')),
    element('p', { class: 'quiet fine' }, ui.foreign(code ?? '', { code: true }), ' ', ui.message(message ?? '')))];
}

export function drawReport(ui, display, report, { view, address, open }) {
  if (display === 'badge') return [drawBadge(ui, report, open)];
  if (display === 'card') return [drawCard(ui, report, { view, address, open })];
  return drawAll(ui, report, { view, address });
}

function drawBadge(ui, report, open) {
  const state = STATES[report.verdict] ?? 'open';
  // Beside "not verified" a name would still sound like an assurance.
  const by = report.verdict === 'not-verified' ? [] : signedBy(ui, report);
  const seal = element('button', { type: 'button', class: `seal ${state}`, part: `badge ${report.verdict}`, 'aria-haspopup': 'dialog' },
    icon(state),
    element('span', {}, element('strong', {}, ui.known('verdict', report.verdict)), by.length > 0 && [' · ', element('span', { class: 'by' }, by)]));
  seal.addEventListener('click', open);
  return seal;
}

function drawCard(ui, report, { view, address, open }) {
  const [verdict] = named([showVerdict(ui, report, { id: 'card-verdict' })]);
  // The same section stands in the dialog too.
  verdict.setAttribute('role', 'group');
  const button = element('button', { type: 'button', class: 'act', part: 'button', 'aria-haspopup': 'dialog' }, ui.t('element.details'));
  button.addEventListener('click', open);
  return element('div', { class: 'plate', part: 'card' },
    verdict,
    recognised(ui, report),
    element('div', { class: 'actions' }, button, independent(ui, address)));
}

/** The whole report. */
export function drawAll(ui, report, { view, address }) {
  const limits = showLimits(ui);
  limits.setAttribute('part', 'limits');
  limits.append(element('p', { class: 'quiet', part: 'notice' }, ui.t('element.word-of-page'), ' ', independent(ui, address)));
  return [...named(showReport(ui, report, view)), limits];
}

/** The dialog with the whole report in it; it is gone when it is closed. */
export function drawDialog(ui, report, options) {
  const close = element('button', { type: 'button', class: 'close', part: 'button' }, ui.t('element.close'));
  const dialog = element('dialog', { part: 'dialog', 'aria-label': ui.t('element.label') },
    element('div', { class: 'dialog-head' }, element('strong', {}, ui.t('element.label')), close),
    element('div', { class: 'dialog-body', tabindex: '0', role: 'region', 'aria-label': ui.t('element.label') }, drawAll(ui, report, options)));
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  // Where there is a click beside the dialog, its own box is not what was hit.
  dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
  return dialog;
}

// The name from the trust list, or the identifier: never what an issuer calls itself. It is not cut short, because
// `did:web:hospital.example` is the beginning of other identifiers too.
function signedBy(ui, report) {
  const main = mainNode(report);
  if (main?.issuer === undefined) return [];
  const issuer = main.issuerName === undefined
    ? element('code', { dir: 'ltr' }, plain(main.issuer))
    : element('bdi', {}, plain(main.issuerName));
  const held = new Set(report.shown.map(({ node }) => node));
  const others = new Set(report.nodes.filter(({ id, issuer: did }) => held.has(id) && did !== main.issuer).map(({ issuer: did }) => did));
  return ui.parts(others.size === 0 ? 'element.signed-by' : 'element.signed-by-more', { issuer, count: others.size });
}

// The verdict names the identifiers; who that is, the trust list says.
function recognised(ui, report) {
  const main = mainNode(report);
  if (main?.issuerName === undefined || report.verdict === 'not-verified') return undefined;
  const parameters = { what: element('strong', {}, ui.term(main.kind)), issuer: element('bdi', {}, plain(main.issuerName)) };
  return element('p', { part: 'issuer' }, ui.parts('verdict.signed-by', parameters));
}

// Of several credentials that hold, the model's, and of several models the one that no other was made from.
function mainNode({ nodes, shown }) {
  const held = new Set(shown.map(({ node }) => node));
  const holding = nodes.filter(({ id }) => held.has(id));
  const models = holding.filter(({ kind }) => kind === 'ModelPassport');
  const bases = new Set(models.flatMap(({ parents }) => parents.map(({ id }) => id)));
  return models.find(({ id }) => !bases.has(id)) ?? models[0] ?? holding[0];
}

function independent(ui, address) {
  if (address === undefined) return undefined;
  const { host } = new URL(address);
  return element('a', { class: 'independent', part: 'verify-at', href: address, target: '_blank', rel: 'noopener noreferrer' }, ui.t('element.verify-at', { host }));
}

function named(sections) {
  for (const section of sections) {
    section.setAttribute('part', section.classList.contains('verdict') ? 'verdict' : BY_ID.has(section.id) ? section.id : 'section');
  }
  return sections;
}
