// What a reader looks for first: the same facts in another order. What a role leaves out is folded, and is there.
//
// In scope: which claims answer which question, for each role, and the choice among roles.
// Every role has the questions about limits, approval and monitoring: no order of facts hides a warning.

import { metricsOf, showMetrics } from './metrics.js';
import { onlySubject, whose } from './sources.js';
import { fold, inSteps } from './steps.js';
import { element } from './text.js';

const SOURCES_A_STEP = 10;

/** The ways to read a passport. */
export const ROLES = ['everything', 'clinician', 'auditor', 'engineer'];

// The claims that answer a question, as `Kind/claim`; a star stands for any kind.
const ANSWERS = {
  __proto__: null,
  purpose: ['ModelPassport/intendedUse', 'ModelPassport/humanOversight', 'ModelPassport/description', 'ModelPassport/stage', 'DeploymentAttestation/humanOverride'],
  limits: ['ModelPassport/limits', 'DatasetPassport/quality', 'ModelPassport/regulatory'],
  performance: ['EvaluationAttestation/calibration', 'EvaluationAttestation/robustness', 'EvaluationAttestation/fairness', '*/revision'],
  approval: ['ApprovalAttestation/approval', 'ApprovalAttestation/approves', 'DeploymentAttestation/site', 'DeploymentAttestation/acceptance', 'DeploymentAttestation/signOff'],
  monitoring: ['MonitoringAttestation/outcome', 'MonitoringAttestation/breaches', 'MonitoringAttestation/period', 'MonitoringAttestation/nextDue', 'MonitoringAttestation/incidents',
    'MonitoringAttestation/overrideRate', 'MonitoringAttestation/drift', '*/monitoringPlan', 'DeploymentAttestation/rollbackTo'],
  data: ['DatasetPassport/description', 'DatasetPassport/cohort', 'DatasetPassport/acquisition', 'DatasetPassport/annotation', 'ModelPassport/trainedOn', 'ModelPassport/validatedOn', 'ModelPassport/testedOn'],
  rights: ['DatasetPassport/governance', 'DatasetPassport/conditionsOfUse', 'DatasetPassport/deIdentification', 'EvaluationAttestation/privacyTest', '*/license'],
  evaluation: ['EvaluationAttestation/evaluation', 'EvaluationAttestation/evaluates', 'EvaluationAttestation/testedOn'],
  origin: ['*/trainedOn', '*/validatedOn', '*/testedOn', '*/used', '*/generated', '*/wasGeneratedBy', '*/wasDerivedFrom', '*/wasRevisionOf', '*/fineTunedFrom', '*/quantizedFrom', '*/distilledFrom',
    '*/mergedFrom', '*/adapterOf', '*/developer', '*/publisher', '*/manufacturer'],
  files: ['ModelPassport/artifactManifest', 'ModelPassport/architectureDigest', '*/containerDigest', '*/artifactManifest', 'DatasetPassport/dataContent'],
  weights: ['ModelPassport/weights'],
  interface: ['ModelPassport/interface', 'ModelPassport/design'],
  making: ['ModelPassport/training', '*/preprocessing', 'ProcessingAttestation/execution', 'ProcessingAttestation/tool', '*/sourceCode', 'ProcessingAttestation/environment',
    'ProcessingAttestation/automation', 'DeploymentAttestation/runtime', 'DeploymentAttestation/mode'],
};

const QUESTIONS = {
  __proto__: null,
  clinician: ['purpose', 'limits', 'performance', 'approval', 'monitoring', 'data'],
  auditor: ['approval', 'evaluation', 'rights', 'origin', 'limits', 'performance', 'monitoring', 'purpose'],
  engineer: ['files', 'weights', 'interface', 'making', 'origin', 'performance', 'limits', 'monitoring', 'approval'],
};

/** The role that was asked for, or everything. */
export function knownRole(role) {
  return ROLES.includes(role) ? role : 'everything';
}

let pickers = 0;

/** A choice among the roles, that tells `pick` what was chosen. */
export function rolePicker(ui, role, pick) {
  // Radio buttons of one name are one choice in all of the page.
  const name = `role-${pickers += 1}`;
  const options = ROLES.map((one) => {
    const input = element('input', { type: 'radio', name, value: one, checked: one === role });
    input.addEventListener('change', () => input.checked && pick(one));
    return element('label', { class: 'segment' }, input, element('span', {}, ui.t(`role.${one}`)));
  });
  return element('fieldset', { class: 'roles' }, element('legend', {}, ui.t('role')), element('div', { class: 'segments' }, options));
}

/** The questions of a role with their answers, and everything else folded; `view` shows credentials and their claims. */
export function showRole(ui, role, report, view) {
  // A report begins with what nothing else builds on; a reader asks for the data, the model, its evaluation, its use.
  const sources = [...report].reverse();
  const taken = new Map(sources.map((source) => [source, new Set()]));
  const questions = QUESTIONS[role].map((question) => showQuestion(ui, question, sources, taken, view));
  const rest = () => inSteps(ui, element('div', {}), sources, (source) => view.credential(source, { without: taken.get(source) }), SOURCES_A_STEP);
  return [
    element('p', { class: 'quiet' }, ui.t(`role.${role}.meaning`)),
    questions,
    fold(element('h3', {}, ui.t('role.rest')), () => [element('p', { class: 'quiet' }, ui.t('role.rest.meaning')), rest()], { class: 'rest' }),
  ];
}

function showQuestion(ui, question, sources, taken, view) {
  const metrics = question === 'performance' ? sources.flatMap(metricsOf) : [];
  for (const { source, group } of metrics) if (group === 'metric' && onlySubject(source.content)) taken.get(source).add(group);
  const answers = sources.map((source) => ({ source, ...claimsFor(question, source, taken.get(source)) })).filter(({ claims }) => claims.length > 0);
  answers.sort((one, other) => one.rank - other.rank);
  return element('section', { class: 'question' },
    element('h3', {}, ui.t(`role.${question}`)),
    metrics.length > 0 && showMetrics(ui, metrics),
    answers.length > 0 && inSteps(ui, element('div', { class: 'answers' }), answers, (answer) => showAnswer(ui, answer, view), SOURCES_A_STEP),
    metrics.length === 0 && answers.length === 0 && element('p', { class: 'quiet' }, ui.t('role.nothing')));
}

// The claims that answer a question, in its order, and the rank of the first. A claim that answered a question before is
// not said twice. Of several subjects in one credential nothing is picked: all of them are in the part that is folded.
function claimsFor(question, { content }, taken) {
  const subject = onlySubject(content) ?? {};
  const kinds = [content.type].flat();
  const claims = [];
  let rank = Infinity;
  ANSWERS[question].forEach((answer, index) => {
    const [kind, claim] = answer.split('/');
    if ((kind !== '*' && !kinds.includes(kind)) || taken.has(claim) || !Object.hasOwn(subject, claim)) return;
    taken.add(claim);
    claims.push(claim);
    rank = Math.min(rank, index);
  });
  return { claims, rank };
}

function showAnswer(ui, { source, claims }, view) {
  const subject = onlySubject(source.content);
  return element('div', { class: 'answer' },
    element('p', { class: 'fine quiet source' }, whose(ui, source)),
    view.claims(claims.map((claim) => [claim, subject[claim]])));
}
