// What a check found, in words: shared by the list of checks, the verdict and the panel of who signed.

import { badge } from './icons.js';
import { element } from './text.js';

/** The outcome as colour, shape and word. */
export function outcomeBadge(ui, outcome) {
  return badge(outcome, ui.known('outcome', outcome));
}

/**
 * What was found and what to do. The verifier speaks English. In other languages the meaning of its code comes first,
 * and its words, which name the thing, below.
 */
export function showMeaning(ui, { code, message, help }) {
  const [what, advice] = ui.code(code) ?? [];
  if (what === undefined) return [element('p', {}, ui.message(message)), help && element('p', { class: 'help' }, ui.message(help))];
  return [
    element('p', {}, what),
    element('p', { class: 'quiet fine' }, ui.t('checks.exact-words'), ' ', ui.message(message)),
    advice && element('p', { class: 'help' }, advice),
  ];
}
