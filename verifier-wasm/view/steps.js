// What is long comes in steps, and what is folded is made when it is opened: a stranger decides how much there is.
//
// In scope: lists that grow by a button, folded parts, and opening all of them for paper.

import { element } from './text.js';

const waiting = new WeakMap();
const growing = new WeakMap();
// A machine's view of what the document says already is no use on paper.
const FOLDED_ON_PAPER = '.json';
const OPENED_FOR_PAPER = 200;
const STEPS_FOR_PAPER = 100;

/** The first items in `list`, with a button that adds the next ones until all are there. */
export function inSteps(ui, list, items, make, step, first = step) {
  let done = 0;
  const add = (count) => {
    const made = items.slice(done, done + count).map((item, index) => make(item, done + index)).flat(Infinity).filter(Boolean);
    done += count;
    list.append(...made);
    return made[0];
  };
  add(first);
  if (done >= items.length) return [list];
  const button = element('button', { type: 'button', class: 'link more' });
  const say = () => {
    const left = items.length - done;
    button.textContent = ui.t('content.next', { count: left, step: ui.number(Math.min(step, left)) });
  };
  const grow = () => {
    const added = add(step);
    if (done < items.length) say();
    else button.remove();
    return added;
  };
  say();
  growing.set(button, grow);
  button.addEventListener('click', () => {
    const added = grow();
    // Who pressed a button that is gone goes on where it has led to.
    if (button.isConnected || !(added instanceof Element)) return;
    added.setAttribute('tabindex', '-1');
    added.focus({ preventScroll: true });
  });
  return [list, button];
}

/** A folded part, made when it is opened first. */
export function fold(summary, build, { open = false, ...attributes } = {}) {
  const details = element('details', { ...attributes, open }, element('summary', {}, summary));
  waiting.set(details, build);
  if (open) fill(details);
  else details.addEventListener('toggle', () => fill(details), { once: true });
  return details;
}

function fill(details) {
  const build = waiting.get(details);
  waiting.delete(details);
  if (build) details.append(...[build()].flat(Infinity).filter(Boolean));
}

/**
 * Opens what is folded in each of `roots` before it is printed, and folds it again afterwards. Call it once for a page,
 * with every place of it that has or will have parts of the view, such as a report and a comparison.
 */
export function openForPrint(...roots) {
  let opened = [];
  const open = () => {
    unfold();
    growAll(roots);
    unfold();
  };
  const unfold = () => {
    // What is opened may hold more that is folded.
    for (let folded = closed(roots); folded.length > 0 && opened.length < OPENED_FOR_PAPER; folded = closed(roots)) {
      for (const details of folded.slice(0, OPENED_FOR_PAPER - opened.length)) {
        fill(details);
        details.open = true;
        opened.push(details);
      }
    }
  };
  const close = () => {
    for (const details of opened) details.open = false;
    opened = [];
  };
  window.addEventListener('beforeprint', open);
  window.addEventListener('afterprint', close);
  return () => {
    window.removeEventListener('beforeprint', open);
    window.removeEventListener('afterprint', close);
  };
}

// A button is no use on paper. What is added stays.
function growAll(roots) {
  for (let steps = 0; steps < STEPS_FOR_PAPER; steps += 1) {
    const button = roots.flatMap((root) => [...root.querySelectorAll('button.more')]).find((one) => growing.has(one));
    if (!button) return;
    growing.get(button)();
  }
}

function closed(roots) {
  return roots.flatMap((root) => [...root.querySelectorAll('details:not([open])')]).filter((details) => !details.matches(FOLDED_ON_PAPER));
}
