// A report as a document. What is shown is what was verified: this file reads the report and nothing else.

import { issuerOf, kindOf, showContent } from './content.js';
import { icon, OUTCOMES } from './icons.js';
import { showLineage } from './lineage.js';
import { element, foreign, message, moreButton, plain, words } from './text.js';

const VERDICTS = {
  __proto__: null,
  verified: ['pass', 'Verified', 'The signatures hold, nothing was changed since, and every check that counts passed.'],
  'verified-with-warnings': ['warn', 'Verified, with warnings', 'The signatures hold, and there is something that you should know.'],
  'not-verified': ['fail', 'Not verified', 'At least one check failed. Do not rely on this passport.'],
  'could-not-check': ['open', 'Could not check', 'Something that is needed for an answer is missing. This is neither a yes nor a no.'],
};

const STAGES = {
  __proto__: null,
  parse: 'Readable',
  presentation: 'Who presents it',
  profile: 'Form and coverage',
  proof: 'Signature',
  issuer: 'Issuer holds the key',
  validity: 'Validity period',
  status: 'Revocation',
  trust: 'Trust in the issuer',
  artifacts: 'Files',
  lineage: 'What it builds on',
  evidence: 'How claims are known',
  policy: 'Your rules',
};

// Worst first: a stage shows the worst of its results.
const BY_WEIGHT = ['fail', 'not-checked', 'warn', 'pass', 'not-applicable'];
const SHOWN_RESULTS = 50;

/** Sections for a report: verdict, checks, lineage, content. */
export function showReport(report) {
  const names = subjectNames(report);
  return [
    showVerdict(report),
    section('checks', 'Checks', 'Every check, in the order in which it was made.', showChecks(report.checks, names)),
    report.nodes.length > 0 && section('lineage', 'Lineage', 'What this model was made from, and who vouches for each part. An arrow reads “builds on”.', showLineage(report.nodes, names)),
    report.shown.length > 0 && section('content', 'What the passport says', 'Exactly what was signed, by credential.', showContents(report.shown)),
  ].filter(Boolean);
}

/** The same place on the page for a check that could not be made at all. */
export function showFailure(message, code) {
  return verdictSection('could-not-check', [
    element('p', {}, 'The check could not be made: ', foreign(message), '.'),
    code && element('p', { class: 'quiet' }, 'Code ', foreign(code, { code: true })),
  ]);
}

function section(id, title, explanation, ...content) {
  return element('section', { class: 'card', id, 'aria-labelledby': `${id}-title` },
    element('h2', { id: `${id}-title` }, title), element('p', { class: 'quiet' }, explanation), content);
}

// Long documents: of several, the model's is open.
function showContents(shown) {
  return shown.map((one) => showContent(one, { open: shown.length === 1 || kindOf(one.content) === 'Model passport' }));
}

// Names are claims; they help people to tell credentials apart, next to the identifiers that count.
function subjectNames({ shown, checks }) {
  const nodes = new Map(checks.filter(({ node }) => node !== undefined).map(({ node }) => [node, undefined]));
  return new Map([...nodes, ...shown.map(({ node, content }) => {
    const { name, title } = content.credentialSubject ?? {};
    return [node, typeof (name ?? title) === 'string' ? (name ?? title) : undefined];
  })]);
}

function showVerdict({ verdict, code, checks, checkedAt, shown }) {
  const decided = code === 'ok' ? undefined : checks.find((check) => check.code === code);
  return verdictSection(verdict, [
    decided && element('p', { class: 'reason' }, element('strong', {}, `${stageTitle(decided.check)}: `), message(decided.message)),
    decided?.help && element('p', { class: 'help' }, message(decided.help)),
    shown.length > 0 && [verdict === 'not-verified' && element('p', {}, 'What holds by itself:'), element('ul', { class: 'subjects' }, shown.map(showSubject))],
    element('p', { class: 'quiet' }, 'Checked as of ', foreign(checkedAt), code !== 'ok' && [', code ', foreign(code, { code: true })]),
  ]);
}

// What was said, and by whom: by the identifier that was proven, never by the name that they give themselves.
function showSubject({ content }) {
  const { name, title } = content.credentialSubject ?? {};
  return element('li', {}, element('strong', {}, kindOf(content)),
    typeof (name ?? title) === 'string' && [' “', foreign(name ?? title), '”'],
    ' signed by ', foreign(issuerOf(content), { code: true }));
}

function verdictSection(verdict, details) {
  const [state, title, meaning] = VERDICTS[verdict] ?? ['open', plain(verdict, 40), VERDICTS['could-not-check'][2]];
  return element('section', { class: `verdict ${state}`, 'aria-labelledby': 'verdict' },
    icon(state),
    element('div', {},
      element('h2', { id: 'verdict', tabindex: '-1' }, title),
      element('p', { class: 'meaning' }, meaning),
      details));
}

function showChecks(checks, names) {
  const stages = new Map();
  for (const check of checks) stages.set(check.check, [...(stages.get(check.check) ?? []), check]);
  return element('ul', { class: 'checks' }, Array.from(stages, ([stage, results]) => showStage(stage, results, names)));
}

function showStage(stage, results, names) {
  const worst = BY_WEIGHT.find((outcome) => results.some((result) => result.outcome === outcome)) ?? 'not-checked';
  const head = [badge(worst), element('span', { class: 'stage' }, stageTitle(stage))];
  if (results.length === 1) {
    return element('li', { class: 'check' }, element('div', { class: 'row' }, head, showResult(results[0], names)));
  }
  const [first] = results;
  if (results.every(({ code, message: text }) => code === first.code && text === first.message)) {
    const { node, pointer, ...common } = first;
    return element('li', { class: 'check' }, element('div', { class: 'row' }, head, showResult(common, names, results.length)));
  }
  const differing = BY_WEIGHT.map((outcome) => [outcome, results.filter((result) => result.outcome === outcome).length])
    .filter(([, count]) => count > 0).map(([outcome, count]) => `${count} ${OUTCOMES[outcome].counted}`);
  const list = element('ul', { class: 'results' });
  const rest = results.map((result) => element('li', {}, badge(result.outcome), showResult(result, names)));
  list.append(...rest.splice(0, SHOWN_RESULTS));
  return element('li', { class: 'check' },
    element('details', { open: results.some(needsAttention) },
      element('summary', { class: 'row' }, head, element('span', { class: 'result' }, differing.join(', '))),
      list,
      rest.length > 0 && moreButton(`Show ${rest.length} more`, () => list.append(...rest))));
}

function needsAttention({ outcome, required }) {
  return outcome === 'fail' || outcome === 'warn' || (outcome === 'not-checked' && required);
}

function showResult({ node, message: text, help, code, pointer, required, outcome }, names, times) {
  return element('div', { class: 'result' },
    element('p', {}, message(text), outcome === 'not-checked' && !required && element('span', { class: 'quiet' }, ' Not needed for the verdict.')),
    help && element('p', { class: 'help' }, message(help)),
    element('p', { class: 'quiet fine' },
      foreign(code, { code: true }),
      times > 1 && ` for each of ${times} credentials`,
      pointer !== undefined && [' at ', foreign(pointer || '/', { code: true })],
      node !== undefined && names.size > 1 && [' in ', names.get(node) !== undefined && ['“', foreign(names.get(node)), '” '], foreign(node, { code: true })]));
}

function badge(outcome) {
  const { state, word } = OUTCOMES[outcome] ?? { state: 'open', word: plain(outcome, 40) };
  return element('span', { class: `badge ${state}` }, icon(state), word);
}

function stageTitle(stage) {
  return STAGES[stage] ?? words(stage);
}
