// What is long comes in steps, and what is folded is made when it is opened: a stranger decides how much there is.
//
// In scope: lists that grow by a button, folded parts, and opening all of them for paper.

import { element } from './text.js';

const waiting = new WeakMap();
// A machine's view of what the document says already is no use on paper.
const FOLDED_ON_PAPER = '.json';
const OPENED_FOR_PAPER = 200;

/** The first items in `list`, with a button that adds as many again until all are there. */
export function inSteps(ui, list, items, make, step) {
  let done = 0;
  const add = () => {
    const made = items.slice(done, done + step).map((item, index) => make(item, done + index)).flat(Infinity).filter(Boolean);
    done += step;
    list.append(...made);
    return made;
  };
  add();
  if (done >= items.length) return [list];
  const button = element('button', { type: 'button', class: 'link more' });
  const say = () => {
    const left = items.length - done;
    button.textContent = ui.t('content.next', { count: left, step: ui.number(Math.min(step, left)) });
  };
  say();
  button.addEventListener('click', () => {
    const [first] = add();
    if (done < items.length) return say();
    button.remove();
    if (!(first instanceof Element)) return undefined;
    first.setAttribute('tabindex', '-1');
    return first.focus({ preventScroll: true });
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

/** Opens what is folded in `root` before it is printed, and folds it again afterwards. Call it once for a page. */
export function openForPrint(root) {
  let opened = [];
  const open = () => {
    // What is opened may hold more that is folded.
    for (let folded = closed(root); folded.length > 0 && opened.length < OPENED_FOR_PAPER; folded = closed(root)) {
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

function closed(root) {
  return [...root.querySelectorAll('details:not([open])')].filter((details) => !details.matches(FOLDED_ON_PAPER));
}
