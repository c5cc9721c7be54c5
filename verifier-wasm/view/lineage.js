// The lineage as a tree: each credential once, with what it builds on below it.

import { badge, STATES } from './icons.js';
import { element } from './text.js';

// Deeper than this a tree is no help on a screen; what is left is listed flat below it.
const SHOWN_DEPTH = 12;
const SHOWN_NODES = 500;

/** A nested list of nodes, from those that nothing else builds on. */
export function showLineage(ui, nodes, names) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const built = new Set(nodes.flatMap(({ parents }) => parents.map(({ id }) => id)));
  const roots = nodes.filter(({ id }) => !built.has(id));
  const tree = element('ul', { class: 'tree' });
  const seen = new Set();
  // A list of open work and not recursion: a stranger decides how deep it goes.
  const open = (roots.length > 0 ? roots : nodes.slice(0, 1)).map((node) => ({ node, list: tree, depth: 0 }));
  open.push(...nodes.map((node) => ({ node, list: tree, depth: 0, unlessSeen: true })));
  while (open.length > 0 && seen.size < SHOWN_NODES) {
    const { node, list, depth, relation, unlessSeen } = open.shift();
    const again = seen.has(node.id);
    if (again && unlessSeen) continue;
    const item = element('li', {}, showNode(ui, node, relation, names, again));
    list.append(item);
    if (again) continue;
    seen.add(node.id);
    if (depth >= SHOWN_DEPTH || node.parents.length === 0) continue;
    const inner = element('ul', {});
    item.append(inner);
    const parents = node.parents.map((edge) => ({
      node: byId.get(edge.id) ?? unknown(ui, edge), list: inner, depth: depth + 1, relation: edge.relation,
    }));
    open.unshift(...parents);
  }
  const left = nodes.length - seen.size;
  return [tree, seen.size >= SHOWN_NODES && element('p', { class: 'quiet' }, ui.t('lineage.more', { count: left }))];
}

// The report names every parent; one that it does not describe is not known to be anything.
function unknown(ui, { id, digest }) {
  return { id, digest, kind: 'unknown', state: 'missing', message: ui.t('lineage.not-described'), parents: [] };
}

function showNode(ui, node, relation, names, again) {
  const name = names.get(node.id);
  return element('div', { class: `node ${STATES[node.state] ?? 'open'}` },
    element('p', { class: 'node-head' },
      relation && element('span', { class: 'relation' }, `${ui.term(relation)} `),
      badge(node.state, ui.known('state', node.state)),
      element('strong', {}, ui.term(node.kind)),
      name && element('span', {}, '“', ui.foreign(name), '”')),
    again
      ? element('p', { class: 'quiet fine' }, ui.parts('lineage.same', { node: ui.foreign(node.id, { code: true }) }))
      : element('div', { class: 'fine' }, showDetails(ui, node)));
}

function showDetails(ui, { id, issuer, issuerName, message, state, taint }) {
  const code = (value) => ui.foreign(value, { code: true });
  return [
    state !== 'proven' && element('p', {}, ui.message(message)),
    element('p', { class: 'quiet' }, code(id)),
    taint && element('p', {}, ui.parts('lineage.tainted', { node: code(taint.path[0] ?? ''), code: code(taint.code) })),
    issuer && element('p', { class: 'quiet' }, issuerName
      ? ui.parts('lineage.issuer-named', { name: ui.foreign(issuerName), issuer: code(issuer) })
      : ui.parts('lineage.issuer', { issuer: code(issuer) })),
  ];
}
