// The state of a thing in three ways at once: colour, shape and word.

import { element } from './text.js';

const SVG = 'http://www.w3.org/2000/svg';

const SHAPES = {
  __proto__: null,
  pass: ['M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Z', 'm7.5 12.5 3 3 6-7'],
  warn: ['M12 2.5 1.5 21.5h21Z', 'M12 9.5v5M12 18v.2'],
  fail: ['M8 2h8l6 6v8l-6 6H8l-6-6V8Z', 'm8.5 8.5 7 7m0-7-7 7'],
  open: ['M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Z', 'M9.2 9.5a2.9 2.9 0 1 1 4 2.7c-.8.4-1.2.9-1.2 1.8M12 17.2v.2'],
  none: ['M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Z', 'M8 12h8'],
  word: ['M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-7l-5 4.5V17H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2Z', 'M7 8h10M7 12h6'],
};

/** The state that each outcome of a check, each state of a node, and each verdict is drawn as. */
export const STATES = {
  __proto__: null,
  pass: 'pass',
  warn: 'warn',
  fail: 'fail',
  'not-checked': 'open',
  'not-applicable': 'none',
  proven: 'pass',
  declared: 'word',
  missing: 'open',
  broken: 'fail',
  verified: 'pass',
  'verified-with-warnings': 'warn',
  'not-verified': 'fail',
  'could-not-check': 'open',
};

/** A state as colour, shape and word. */
export function badge(name, word) {
  const state = STATES[name] ?? 'open';
  return element('span', { class: `badge ${state}` }, icon(state), word);
}

/** The shape of a state. The word beside it says the same, so it is hidden from screen readers. */
export function icon(state) {
  const [outline, mark] = SHAPES[state] ?? SHAPES.open;
  const svg = draw('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true', focusable: 'false' });
  svg.append(draw('path', { d: outline, class: 'outline' }), draw('path', { d: mark, class: 'mark' }));
  return svg;
}

/** An element of a drawing, with its attributes. */
export function draw(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
