// The lineage as a drawing: nodes as buttons, lines behind them.
//
// In scope: drawing, the way that trouble took, going from node to node. Out of scope: places (`layout.js`), moving and
// sizes (`viewport.js`), and being all that there is: the list beside it says the same to those who do not see it.

import { badge, draw, icon, STATES } from './icons.js';
import { layOut, nearest, SIZES, trouble } from './layout.js';
import { element, oneLine, plain } from './text.js';
import { openViewport } from './viewport.js';

const LONGEST_NAME = 70;
// As many lines of an identifier as there is room for; the details have all of it.
const IDENTIFIER = { start: 40, end: 18 };
// With more lines than this, only those of the selected node keep their labels.
const LABELLED_LINES = 150;
// Wider, it is no more than dust on paper, and the list has it all.
const WIDEST_PRINTED = 3000;

/** A drawing of a linked lineage: `{ whole, select }`. `details(at)` says what is known of a node, for below it. */
export function showGraph(ui, graph, { names, details, onSelect }) {
  const stage = element('div', { class: 'graph-stage' });
  const box = element('div', { class: 'graph-box', tabindex: '0', role: 'group', 'aria-label': ui.t('graph.box') }, stage);
  const about = element('div', { class: 'graph-details', 'aria-live': 'polite' });
  const left = element('p', { class: 'quiet fine graph-left' });
  const size = { width: 0, height: 0 };
  let drawing; // what is drawn now, by place in the report
  let selected;

  function redraw(start) {
    drawing = drawAround(ui, graph, start, names);
    Object.assign(size, drawing.size);
    stage.replaceChildren(drawing.lines, ...drawing.labels, ...drawing.nodes.map(({ button }) => button));
    stage.classList.toggle('dense', drawing.labels.length > LABELLED_LINES);
    stage.style.width = `${size.width}px`;
    stage.style.height = `${size.height}px`;
    box.style.setProperty('--width', String(size.width));
    box.style.setProperty('--height', String(size.height));
    box.classList.toggle('too-wide', size.width > WIDEST_PRINTED);
    left.replaceChildren(...sayLeft(ui, drawing.left));
    rove(drawing.byNode.get(start));
    viewport.start();
  }

  function showOnlyTainted(only) {
    whole.classList.toggle('only-tainted', only);
    whole.querySelector('.graph-only')?.setAttribute('aria-pressed', String(only));
    const seen = drawing.nodes.filter(isSeen);
    if (seen.length > 0 && !seen.some(({ button }) => button.tabIndex === 0)) rove(seen[0]);
  }

  // One stop for the Tab key; the arrow keys go on from there.
  function rove(node) {
    for (const { button } of drawing.nodes) button.tabIndex = -1;
    node.button.tabIndex = 0;
  }

  function select(at, { reveal = true } = {}) {
    if (at !== undefined && !drawing.byNode.has(at)) redraw(at);
    if (at !== undefined && !isSeen(drawing.byNode.get(at))) showOnlyTainted(false);
    selected = at;
    for (const { button, node } of drawing.nodes) button.setAttribute('aria-pressed', String(node === at));
    for (const { edge, parts } of drawing.edges) for (const part of parts) part.classList.toggle('near', edge.from === at || edge.to === at);
    about.replaceChildren(...(at === undefined ? [] : [details(at)].flat()));
    if (at !== undefined) {
      rove(drawing.byNode.get(at));
      if (reveal) viewport.reveal(drawing.byNode.get(at).place);
    }
    onSelect(at);
  }

  const viewport = openViewport(box, stage, size, () => (drawing.byNode.get(selected) ?? drawing.byNode.get(drawing.start)).place);
  redraw(0);
  takeActs(stage, () => drawing, {
    onFocus: (one) => {
      rove(one);
      viewport.reveal(one.place);
    },
    onToggle: ({ node }) => select(node === selected ? undefined : node),
    onLeave: () => selected !== undefined && select(undefined),
  });

  const whole = element('div', { class: 'graph', role: 'group', 'aria-label': ui.t('graph') });
  whole.append(controls(ui, viewport, graph, showOnlyTainted), element('p', { class: 'quiet fine graph-keys' }, ui.t('graph.keys')), box, legend(ui, graph), left, about);
  return { whole, select };
}

function takeActs(stage, drawing, { onFocus, onToggle, onLeave }) {
  const nodeOf = (target) => drawing().nodes.find(({ button }) => button.contains(target));
  const whenNode = (type, act) => stage.addEventListener(type, (event) => {
    const one = nodeOf(event.target);
    if (one) act(one, event);
  });
  whenNode('click', onToggle);
  whenNode('focusin', onFocus);
  whenNode('keydown', (one, event) => {
    if (event.key === 'Escape') onLeave();
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const next = neighbour(drawing(), one, event.key);
    if (next === undefined) return;
    event.preventDefault();
    next.button.focus({ preventScroll: true });
  });
}

function drawAround(ui, graph, start, names) {
  const part = nearest(graph, start);
  const index = new Map(part.nodes.map((node, at) => [node, at]));
  const layout = layOut(part.nodes.length, part.edges.map(({ from, to, state }) => ({ from: index.get(from), to: index.get(to), rows: state === 'proven' ? 1 : 2 })));
  const way = trouble(graph, part.nodes);
  const nodes = part.nodes.map((node, at) => {
    const place = { ...layout.nodes[at], width: SIZES.width, height: SIZES.height };
    return { node, place, button: nodeButton(ui, graph.nodes[node], place, names, { tainted: way.nodes.has(node), origin: way.origins.has(node) }) };
  });
  const edges = part.edges.map((edge, at) => {
    const classes = `${STATES[edge.state] ?? 'open'}${way.edges.has(edge) ? ' tainted' : ''}`;
    return { edge, parts: [line(layout.edges[at], classes), label(ui, edge, layout.edges[at].label, classes)] };
  });
  const lines = draw('svg', { class: 'graph-lines', width: layout.width, height: layout.height, 'aria-hidden': 'true', focusable: 'false' });
  lines.append(...edges.map(({ parts: [drawn] }) => drawn));
  return {
    start, nodes, edges, lines, left: part.left,
    labels: edges.map(({ parts: [, text] }) => text),
    byNode: new Map(nodes.map((one) => [one.node, one])),
    columns: layout.columns.map((column) => column.map((at) => nodes[at])),
    size: { width: layout.width, height: layout.height },
  };
}

// A name is a claim, so it stands in quotes; the issuer is who the trust list says, and its identifier always.
function nodeButton(ui, { id, kind, state, issuer, issuerName }, place, names, { tainted, origin }) {
  const name = names.get(id);
  const classes = ['graph-node', STATES[state] ?? 'open', tainted && 'tainted', origin && 'origin'].filter(Boolean).join(' ');
  const trouble = (tainted || origin) && ui.t(origin ? 'graph.origin' : 'graph.tainted');
  const button = element('button', { type: 'button', class: classes, 'aria-pressed': 'false' },
    element('span', { class: 'graph-states' }, badge(state, ui.known('state', state)), ' ', trouble && element('span', { class: 'badge warn' }, icon('warn'), trouble), ' '),
    element('strong', {}, ui.term(kind), ' '),
    name !== undefined && element('span', { class: 'graph-name' }, ui.parts('content.quoted', { name: element('bdi', { class: 'name' }, plain(oneLine(name), LONGEST_NAME)) }), ' '),
    issuerName !== undefined && element('span', { class: 'graph-name' }, element('bdi', {}, plain(issuerName, LONGEST_NAME)), ' '),
    element('code', { dir: 'ltr' }, shortened(issuer ?? id)));
  button.style.left = `${place.x}px`;
  button.style.top = `${place.y}px`;
  return button;
}

// Both ends of an identifier, since look-alikes differ at either.
function shortened(id) {
  const { start, end } = IDENTIFIER;
  return plain(id.length > start + end + 1 ? `${id.slice(0, start)}…${id.slice(-end)}` : id, Infinity);
}

function line({ path, arrow }, classes) {
  const group = draw('g', { class: `graph-line ${classes}` });
  group.append(draw('path', { class: 'shaft', d: path }), draw('path', { class: 'head', d: arrow }));
  return group;
}

// Of a state other than proven there is the word as well, not only the look of the line.
function label(ui, { relation, state }, { x, y }, classes) {
  const said = element('span', { class: `graph-label ${classes}`, 'aria-hidden': 'true' }, ui.term(relation), state !== 'proven' && element('span', {}, ui.known('state', state)));
  said.style.left = `${x}px`;
  said.style.top = `${y}px`;
  return said;
}

// Left and right along the lines, up and down through all, column by column.
function neighbour({ columns, edges, byNode }, { node, place }, key) {
  const all = columns.flat().filter(isSeen);
  const at = all.findIndex((one) => one.node === node);
  const linked = () => edges.filter(({ edge }) => edge.from === node || edge.to === node)
    .map(({ edge }) => byNode.get(edge.from === node ? edge.to : edge.from))
    .filter(isSeen)
    .sort((one, other) => Math.abs(one.place.y - place.y) - Math.abs(other.place.y - place.y));
  switch (key) {
    case 'ArrowLeft': return linked().find((one) => one.place.x < place.x);
    case 'ArrowRight': return linked().find((one) => one.place.x > place.x);
    case 'ArrowUp': return all[at - 1];
    case 'ArrowDown': return all[at + 1];
    case 'Home': return all[0];
    case 'End': return all.at(-1);
    default: return undefined;
  }
}

// What is hidden cannot have the focus.
function isSeen({ button }) {
  return getComputedStyle(button).visibility !== 'hidden';
}

function controls(ui, viewport, graph, showOnlyTainted) {
  const button = (key, sign, act) => {
    const made = element('button', { type: 'button', 'aria-label': ui.t(key), title: ui.t(key) }, sign);
    made.addEventListener('click', act);
    return made;
  };
  const only = graph.nodes.some(({ taint }) => taint !== undefined)
    && element('button', { type: 'button', class: 'graph-only', 'aria-pressed': 'false' }, ui.t('graph.only-tainted'));
  if (only) only.addEventListener('click', () => showOnlyTainted(only.getAttribute('aria-pressed') === 'false'));
  return element('div', { class: 'graph-controls' },
    button('graph.larger', '+', viewport.zoomIn), button('graph.smaller', '−', viewport.zoomOut),
    button('graph.fit', ui.t('graph.all'), () => viewport.fit()), only);
}

function legend(ui, { nodes, edges }) {
  const states = ['proven', 'declared', 'missing', 'broken'].filter((state) => edges.some((edge) => edge.state === state));
  const looks = states.map((state) => [STATES[state], ui.known('state', state)]);
  if (nodes.some(({ taint }) => taint !== undefined)) looks.push(['tainted', ui.t('graph.tainted')]);
  return element('ul', { class: 'graph-legend fine quiet', 'aria-hidden': 'true' }, looks.map(([classes, word]) => {
    const svg = draw('svg', { viewBox: '0 0 44 10', class: 'graph-lines', width: 44, height: 10 });
    svg.append(line({ path: 'M 2 5 H 42', arrow: 'M 2 5 l 9 -4.5 v 9 Z' }, classes));
    return element('li', {}, svg, word);
  }));
}

function sayLeft(ui, { nodes, edges }) {
  return [
    nodes > 0 && ui.t('graph.nodes-left', { count: nodes }),
    edges > 0 && ui.t('graph.edges-left', { count: edges }),
  ].filter(Boolean).flatMap((said) => [said, ' ']);
}
