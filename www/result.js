// The verdict and what belongs to it: what it was checked with, the files that differ, and what can be done with it.

import { verifier } from './client.js';
import { button } from './given.js';
import { keep } from './kept.js';
import { showCheckedWith } from './policy.js';
import * as view from './verifier/view/index.js';
import { element, plain } from './verifier/view/text.js';

const at = (id) => document.getElementById(id);
let last; // What was shown last, to be said again in another language.

// What is folded is on paper too.
view.openForPrint(at('result'), at('comparison'));

export function clearResult(page) {
  last = undefined;
  page.differing = undefined;
  at('result').replaceChildren();
  at('comparison').replaceChildren();
  at('tools').hidden = true;
  document.title = page.ui.t('page.title');
}

export function showOutcome(page, outcome) {
  last = outcome;
  page.report = outcome.report;
  at('comparison').replaceChildren();
  const before = page.differing?.size ?? 0;
  page.differing = outcome.report && differingFiles(page.files, outcome.report);
  if (before > 0 || page.differing?.size > 0) page.given.show();
  return show(page);
}

/** What was shown last, once more; also in place of a comparison. */
export function showAgain(page) {
  at('comparison').replaceChildren();
  return last && show(page);
}

// What people wait for is on the screen before the rest is made.
async function show(page) {
  const { ui, settings } = page;
  const { name, report, digest, error } = last;
  const current = last;
  const verdict = report ? view.showVerdict(ui, report, { digest }) : view.showFailure(ui, error.message, error.code);
  // Of several that were given the verdict is of one.
  verdict.querySelector('#verdict').after(
    element('p', { class: 'checked-name' }, ui.parts('page.checked-name', { name: ui.foreign(name) })),
    element('div', { id: 'uncovered' }),
  );
  const extra = [showCheckedWith(ui, settings), report && showDiffering(page)].filter(Boolean);
  at('result').replaceChildren(verdict, ...extra);
  page.given.showUncovered();
  document.title = `${at('verdict').textContent} – ${ui.t('page.title')}`;
  showTools(page);
  if (!report) return;
  await painted();
  // Something else may be shown by now, or the same once more.
  if (last !== current || !verdict.isConnected) return;
  const [, ...rest] = view.showReport(ui, report, { role: page.role, onRole: (role) => rememberRole(page, role), digest });
  at('result').append(...rest);
}

// A page in the background is not painted.
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 100);
  });
}

function rememberRole(page, role) {
  page.role = role;
  keep('role', role);
}

function showTools(page) {
  const { ui } = page;
  const tools = [
    ['page.print', () => print()],
    page.report && ['page.share', async () => (await import('./share.js')).showShare(page)],
    page.report && ['page.compare', async () => (await import('./compare.js')).chooseOther(page)],
  ].filter(Boolean);
  at('tools').replaceChildren(...tools.map(([key, act]) => {
    const made = element('button', { type: 'button', class: 'button small' }, ui.t(key));
    made.addEventListener('click', act);
    return made;
  }));
  at('tools').hidden = false;
}

// The verifier has found that a file differs; this finds which of those that were given it speaks of, to point at it.
// Names alone make the pair, as they do for the verifier.
function differingFiles(files, report) {
  const found = new Map();
  if (!report.checks.some(({ code }) => code === 'artifacts.mismatch')) return found;
  const listed = report.checks.filter(({ code }) => code === 'artifacts.mismatch').map(({ message }) => message);
  for (const entry of files) {
    if (entry.measured && listed.some((message) => message.includes(`\`${entry.path}\``))) found.set(entry, weightsOf(report, entry));
  }
  return found;
}

function weightsOf({ shown }, { path }) {
  const weights = shown.flatMap(({ content }) => content.credentialSubject?.weights ?? []);
  const name = path.split('/').pop();
  return weights.find((one) => Array.isArray(one?.tensors) && String(one.path).split('/').pop() === name);
}

// Which part of the file it is, as a hint for people. The verdict does not rest on it.
function showDiffering(page) {
  const { ui, differing } = page;
  const comparable = [...differing].filter(([, weights]) => weights);
  if (comparable.length === 0) return undefined;
  return element('section', { class: 'card', id: 'differing', 'aria-labelledby': 'differing-title' },
    element('h2', { id: 'differing-title' }, ui.t('page.which-tensor')),
    element('p', { class: 'quiet' }, ui.t('page.which-tensor.meaning')),
    comparable.map(([entry, weights]) => {
      const answer = element('div', { role: 'status' });
      const start = button(ui.t('page.compare-tensors', { name: plain(entry.path, 80) }), async () => {
        answer.textContent = ui.t('page.comparing');
        answer.replaceChildren(...await compareTensors(ui, entry, weights));
      });
      return element('div', { class: 'tensors' }, start, answer);
    }));
}

async function compareTensors(ui, { file, stop }, { tensors, format }) {
  try {
    const found = await verifier.compareTensors(file, tensors, { format, signal: stop.signal });
    const list = (key, names) => names.length > 0 && element('div', {},
      element('h3', {}, ui.t(key, { count: names.length })),
      element('ul', { class: 'lines' }, names.slice(0, 50).map((name) => element('li', {}, ui.foreign(name, { code: true })))),
      names.length > 50 && element('p', { class: 'quiet' }, ui.t('page.tensors-more', { count: names.length - 50 })));
    return [
      list('page.tensors-different', found.different),
      list('page.tensors-missing', found.missing),
      list('page.tensors-additional', found.additional),
      found.headerDiffers && element('p', {}, ui.t('page.tensors-header')),
      element('p', {}, ui.t('page.tensors-same', { count: Number(found.same) })),
    ].filter(Boolean);
  } catch ({ message }) {
    return [element('p', {}, ui.parts('page.not-comparable', { message: ui.message(message) }))];
  }
}
