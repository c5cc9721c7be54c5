// The lineage as a tree: each credential once, with what it builds on below it.

import { icon, NODE_STATES } from './icons.js';
import { element, foreign, plain, words } from './text.js';

// Deeper than this a tree is no help on a screen; what is left is listed flat below it.
const SHOWN_DEPTH = 12;
const SHOWN_NODES = 500;

/** A nested list of nodes, from those that nothing else builds on. */
export function showLineage(nodes, names) {
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
    const item = element('li', {}, showNode(node, relation, names, again));
    list.append(item);
    if (again) continue;
    seen.add(node.id);
    if (depth >= SHOWN_DEPTH || node.parents.length === 0) continue;
    const inner = element('ul', {});
    item.append(inner);
    const parents = node.parents.map((edge) => ({
      node: byId.get(edge.id) ?? unknown(edge), list: inner, depth: depth + 1, relation: edge.relation,
    }));
    open.unshift(...parents);
  }
  const left = nodes.length - seen.size;
  return [tree, seen.size >= SHOWN_NODES && element('p', { class: 'quiet' }, `${left} more are in the report and not drawn.`)];
}

// The report names every parent; one that it does not describe is not known to be anything.
function unknown({ id, digest }) {
  return { id, digest, kind: 'unknown', state: 'missing', message: 'not described', parents: [] };
}

function showNode(node, relation, names, again) {
  const { state, word } = NODE_STATES[node.state] ?? { state: 'open', word: plain(node.state, 40) };
  const name = names.get(node.id);
  return element('div', { class: `node ${state}` },
    element('p', { class: 'node-head' },
      relation && element('span', { class: 'relation' }, `${words(relation)} `),
      element('span', { class: `badge ${state}` }, icon(state), word),
      element('strong', {}, words(node.kind)),
      name && element('span', {}, '“', foreign(name), '”')),
    again
      ? element('p', { class: 'quiet fine' }, 'The same as above: ', foreign(node.id, { code: true }))
      : element('div', { class: 'fine' },
        state !== 'pass' && element('p', {}, foreign(node.message)),
        element('p', { class: 'quiet' }, foreign(node.id, { code: true })),
        node.taint && element('p', {}, 'Tainted: it builds on ', foreign(node.taint.path[0] ?? '', { code: true }), ' (', foreign(node.taint.code, { code: true }), ').'),
        node.issuer && element('p', { class: 'quiet' },
          'Issuer ', node.issuerName && foreign(node.issuerName), node.issuerName && ' ', foreign(node.issuer, { code: true }))));
}
