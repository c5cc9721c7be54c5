// The lineage: a graph, the same as a list with what each builds on below it, and a time line.

import { showGraph } from './graph.js';
import { badge, STATES } from './icons.js';
import { link } from './layout.js';
import { element, oneLine, plain } from './text.js';
import { showTimeline } from './timeline.js';

// Deeper than this a list is no help on a screen; what is left is listed flat below it.
const SHOWN_DEPTH = 12;
const SHOWN_ROWS = 500;
// What the verifier says of a parent that is in trouble itself; the trouble is drawn at the parent.
const TROUBLE_OF_PARENT = /^lineage\.parent-/;
// What was refused, and what could not be decided, so that it rests on a word.
const JUDGEMENTS = { __proto__: null, fail: 'broken', 'not-checked': 'declared' };

/** The parts of the section, from the nodes of a report, the names that they give themselves, and the report. */
export function showLineage(ui, nodes, names, { shown = [], checks = [], checkedAt } = {}) {
  const graph = link(nodes, judgements(checks, shown));
  const drawn = graph.edges.length > 0;
  const rows = new Map();
  let drawing;
  const details = (at) => [
    showNode(ui, graph.nodes[at], { names }),
    rows.has(at) && moveButton(ui, 'graph.in-list', graph.nodes[at], names, () => goTo(rows.get(at))),
  ].filter(Boolean);
  const list = showList(ui, graph, names, rows, drawn && ((at) => {
    drawing.select(at);
    goTo(drawing.whole.querySelector('[aria-pressed="true"].graph-node'));
  }));
  let marked;
  const onSelect = (at) => {
    marked?.removeAttribute('aria-current');
    marked = rows.get(at);
    marked?.setAttribute('aria-current', 'true');
  };
  if (drawn) drawing = showGraph(ui, graph, { names, details, onSelect });
  return [
    drawing && [drawing.whole, element('h3', {}, ui.t('lineage.list'))],
    list,
    showTimeline(ui, { shown, checks, checkedAt, nodes, names }),
  ];
}

// What the checks say of links, by where they point: they name a place in a credential, and there stands the link.
function judgements(checks, shown) {
  const contents = new Map(shown.map(({ node, content }) => [node, content]));
  const judged = new Map();
  for (const { check, node, outcome, code, pointer } of checks) {
    const state = JUDGEMENTS[outcome];
    if (check !== 'lineage' || state === undefined || pointer === undefined || TROUBLE_OF_PARENT.test(code)) continue;
    const id = valueAt(contents.get(node), pointer)?.id;
    if (!judged.has(node)) judged.set(node, new Map());
    if (judged.get(node).get(id) !== 'broken') judged.get(node).set(id, state);
  }
  return (child, parent) => judged.get(child)?.get(parent);
}

function valueAt(content, pointer) {
  const steps = pointer.split('/').slice(1).map((step) => step.replace(/~1/g, '/').replace(/~0/g, '~'));
  return steps.reduce((value, step) => (typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? value[step] : undefined), content);
}

// Each node once, with what it builds on below it, from those that nothing else builds on.
function showList(ui, { nodes, parentsOf, childrenOf }, names, rows, showInGraph) {
  const list = element('ul', { class: 'tree' });
  const all = nodes.map((_, at) => ({ at, list, depth: 0, unlessListed: true }));
  const roots = all.filter(({ at }) => childrenOf[at].length === 0);
  // Open work, the next at its end, and not recursion: a stranger decides how deep it goes.
  const open = [...roots, ...all].reverse();
  let count = 0;
  while (open.length > 0 && count < SHOWN_ROWS) {
    const { at, list: inside, depth, edge: way, unlessListed } = open.pop();
    const again = rows.has(at);
    if (again && unlessListed) continue;
    count += 1;
    const row = showNode(ui, nodes[at], { way, names, again, showInGraph: showInGraph && (() => showInGraph(at)) });
    const item = element('li', {}, row);
    inside.append(item);
    if (again) continue;
    rows.set(at, row);
    if (depth >= SHOWN_DEPTH || parentsOf[at].length === 0) continue;
    const inner = element('ul', {});
    item.append(inner);
    const parents = parentsOf[at].slice(0, SHOWN_ROWS).map((edge) => ({ at: edge.to, list: inner, depth: depth + 1, edge }));
    open.push(...parents.reverse());
  }
  const left = nodes.length - rows.size;
  const cut = left > 0 ? ui.t('lineage.more', { count: left }) : ui.t('lineage.links-cut');
  return [list, open.some(({ at, unlessListed }) => !unlessListed || !rows.has(at)) && element('p', { class: 'quiet' }, cut)];
}

// The link may be worse than what it leads to, when that is not what it pins, or not of the kind that it has to be.
function showNode(ui, node, { way, names, again, showInGraph }) {
  const name = names.get(node.id);
  return element('div', { class: `node ${STATES[node.state] ?? 'open'}` },
    element('p', { class: 'node-head' },
      way && element('span', { class: 'relation' }, ui.term(way.relation), way.state !== node.state && ` (${ui.known('state', way.state)})`, ' '),
      badge(node.state, ui.known('state', node.state)),
      element('strong', {}, ui.term(node.kind)),
      name !== undefined && element('span', {}, ui.parts('content.quoted', { name: ui.name(name) })),
      showInGraph && !again && moveButton(ui, 'graph.in-graph', node, names, showInGraph)),
    again
      ? element('p', { class: 'quiet fine' }, ui.parts('lineage.same', { node: ui.foreign(node.id, { code: true }) }))
      : element('div', { class: 'fine' }, showDetails(ui, node)));
}

function showDetails(ui, { id, issuer, issuerName, message, state, taint, undescribed }) {
  const code = (value) => ui.foreign(value, { code: true });
  return [
    undescribed && element('p', {}, ui.t('lineage.not-described')),
    state !== 'proven' && message !== undefined && element('p', {}, ui.message(message)),
    element('p', { class: 'quiet' }, code(id)),
    taint && element('p', {}, ui.parts('lineage.tainted', { node: code(taint.path[0] ?? ''), code: code(taint.code) })),
    issuer && element('p', { class: 'quiet' }, issuerName
      ? ui.parts('lineage.issuer-named', { name: ui.foreign(issuerName), issuer: code(issuer) })
      : ui.parts('lineage.issuer', { issuer: code(issuer) })),
  ];
}

function moveButton(ui, key, { id, kind }, names, act) {
  const which = plain(oneLine(names.get(id) ?? `${ui.term(kind)} ${id}`), 80);
  const button = element('button', { type: 'button', class: 'link graph-move', 'aria-label': `${ui.t(key)}: ${which}` }, ui.t(key));
  button.addEventListener('click', act);
  return button;
}

function goTo(place) {
  const target = place.matches('button') ? place : (place.querySelector('button.graph-move') ?? place);
  target.focus({ preventScroll: true });
  place.scrollIntoView({ block: 'nearest' });
}
