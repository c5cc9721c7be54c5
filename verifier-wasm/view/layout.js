// Where the nodes and lines of a lineage go.
//
// In scope: what is linked to what, which part is drawn of one that is too large, layers, order, places. Numbers only,
// the same for the same report, with bounded work: a stranger decides how large a lineage is and whether it goes round.
// Out of scope: drawing (`graph.js`), and every decision about a credential: states are the report's.

/** What is drawn at most, and what is looked at to choose it. The verifier refuses a lineage that is larger. */
export const LIMITS = { nodes: 20_000, edges: 100_000, drawnNodes: 300, drawnEdges: 900, bends: 2_000 };
/** The measures of the drawing, in pixels at full size. */
export const SIZES = { width: 208, height: 126, across: 120, between: 26, bend: 14, label: 17 };

const SWEEPS = 4;

/**
 * The nodes of a report with their links, as places in a list: an identifier may stand there twice. A parent that the
 * report does not describe becomes a node of its own. `judged(node, parent)` is what the checks say of a link itself:
 * `broken`, `declared`, or nothing.
 */
export function link(described, judged = () => undefined) {
  const nodes = described.slice(0, LIMITS.nodes);
  const byPin = new Map();
  const byId = new Map();
  nodes.forEach(({ id, digest }, at) => {
    if (!byPin.has(pin(id, digest))) byPin.set(pin(id, digest), at);
    if (!byId.has(id)) byId.set(id, at);
  });
  const edges = [];
  for (const [from, { id: child, parents }] of nodes.slice().entries()) {
    for (const { id, digest, relation } of parents) {
      if (edges.length === LIMITS.edges) break;
      const pinned = byPin.get(pin(id, digest));
      const to = pinned ?? byId.get(id) ?? nodes.length;
      if (to === nodes.length) {
        nodes.push({ id, digest, kind: 'unknown', state: 'missing', parents: [], undescribed: true });
        byPin.set(pin(id, digest), to);
      }
      edges.push({ from, to, relation, state: stateOf(judged(child, id), pinned === undefined ? undefined : nodes[to].state) });
    }
  }
  return { nodes, edges, parentsOf: grouped(nodes.length, edges, 'from'), childrenOf: grouped(nodes.length, edges, 'to') };
}

// What has another digest than the one named is not what was named.
function stateOf(judgement, pinned) {
  if (judgement === 'broken') return judgement;
  if (pinned === undefined) return judgement ?? 'missing';
  return pinned === 'proven' ? (judgement ?? pinned) : pinned;
}

function pin(id, digest) {
  return `${digest.length} ${digest}${id}`;
}

function grouped(count, edges, end) {
  const groups = Array.from({ length: count }, () => []);
  for (const edge of edges) groups[edge[end]].push(edge);
  return groups;
}

/** What is drawn: the nodes nearest to one, the way of its trouble first, and how much is left out. */
export function nearest(graph, start) {
  const { nodes, edges, parentsOf, childrenOf } = graph;
  const way = trouble(graph, [start]);
  const kept = new Set([start, ...way.nodes].slice(0, LIMITS.drawnNodes));
  const lines = new Set(way.edges);
  const open = [...kept];
  for (let next = 0; kept.size < LIMITS.drawnNodes; next += 1) {
    if (next === open.length) {
      // Nothing more hangs together with it: what stands alone comes in the order of the report.
      const alone = nodes.findIndex((_, at) => !kept.has(at));
      if (alone === -1) break;
      kept.add(alone);
      open.push(alone);
    }
    const at = open[next];
    for (const edge of [...parentsOf[at], ...childrenOf[at]]) {
      const other = edge.from === at ? edge.to : edge.from;
      if (kept.has(other)) continue;
      if (kept.size === LIMITS.drawnNodes) break;
      kept.add(other);
      open.push(other);
      lines.add(edge);
    }
  }
  const inside = edges.filter(({ from, to }) => kept.has(from) && kept.has(to));
  const chosen = new Set([...[...lines].filter(({ from, to }) => kept.has(from) && kept.has(to)), ...inside].slice(0, LIMITS.drawnEdges + lines.size));
  const drawn = [...chosen].slice(0, LIMITS.drawnEdges);
  return {
    nodes: [...kept].sort((one, other) => one - other),
    edges: drawn,
    left: { nodes: nodes.length - kept.size, edges: inside.length - drawn.length },
  };
}

/** The ways that trouble took to the given nodes: nodes and edges on them, and where it starts. */
export function trouble({ nodes, parentsOf }, ends) {
  const found = { nodes: new Set(), edges: new Set(), origins: new Set() };
  let byId;
  for (const end of ends) {
    const path = nodes[end].taint?.path ?? [];
    let at = end;
    for (let step = path.length - 2; step >= 0; step -= 1) {
      found.nodes.add(at);
      const edge = parentsOf[at].find(({ to }) => nodes[to].id === path[step]);
      if (edge) found.edges.add(edge);
      // The middle of a long way is left out of a report, so the next one may not be a parent.
      else byId ??= new Map(nodes.map(({ id }, index) => [id, index]));
      const next = edge ? edge.to : byId.get(path[step]);
      if (next === undefined) break;
      at = next;
    }
    if (path.length > 1) {
      found.nodes.add(at);
      found.origins.add(at);
    }
  }
  return found;
}

/**
 * Places for nodes, given by how many there are, and for edges `{ from, to, rows }`: the child builds on what the edge
 * goes to, and its label has so many rows.
 */
export function layOut(count, edges) {
  const layers = layersOf(count, edges);
  const { columns, lines } = columnsOf(layers, edges);
  arrange(columns);
  level(columns);
  const top = Math.min(...columns.flat().map(({ y, tall }) => y - tall / 2));
  for (const item of columns.flat()) item.y -= top;
  const places = [];
  for (const { node, layer, y } of columns.flat()) {
    if (node !== undefined) places[node] = { layer, x: layer * (SIZES.width + SIZES.across), y: y - SIZES.height / 2 };
  }
  const drawn = lines.map((line) => line && routed(line));
  spread(drawn.filter(Boolean));
  return {
    nodes: places,
    edges: drawn.map((line, at) => (line ? { path: curve(line), arrow: arrow(line), label: line.label } : loop(places[edges[at].from]))),
    columns: columns.map((column) => column.filter(({ node }) => node !== undefined).map(({ node }) => node)),
    width: columns.length * (SIZES.width + SIZES.across) - SIZES.across,
    height: Math.max(0, ...columns.flat().map(({ y, tall }) => y + tall / 2)),
  };
}

// Each one layer further than the furthest of its parents. Where they go round, the edge that closes the circle, as
// found by going through them in order, does not count.
function layersOf(count, edges) {
  const parents = grouped(count, edges, 'from');
  const layers = new Array(count).fill(undefined);
  const next = new Array(count).fill(0);
  const begun = new Array(count).fill(false);
  for (let first = 0; first < count; first += 1) {
    const open = begun[first] ? [] : [first];
    while (open.length > 0) {
      const at = open[open.length - 1];
      begun[at] = true;
      const edge = parents[at][next[at]];
      next[at] += 1;
      if (edge === undefined) {
        const done = parents[at].map(({ to }) => layers[to]).filter((layer) => layer !== undefined);
        layers[at] = done.reduce((most, layer) => Math.max(most, layer + 1), 0);
        open.pop();
      } else if (!begun[edge.to]) open.push(edge.to);
    }
  }
  return layers;
}

// Nodes by layer, and bends where a line passes a layer: short lines first, as long as there are bends to give.
function columnsOf(layers, edges) {
  const columns = Array.from({ length: Math.max(0, ...layers) + 1 }, () => []);
  const items = layers.map((layer, node) => ({ node, layer, tall: SIZES.height, before: [], after: [] }));
  for (const item of items) columns[item.layer].push(item);
  let bends = LIMITS.bends;
  const lines = edges.map(({ from, to, rows = 1 }) => {
    if (from === to) return undefined;
    const forth = layers[to] < layers[from];
    return { forth, rows, stops: forth ? [items[to], items[from]] : [items[from], items[to]] };
  });
  const span = ({ stops: [low, high] }) => high.layer - low.layer;
  for (const line of lines.filter(Boolean).sort((one, other) => span(one) - span(other))) {
    const [low, high] = line.stops;
    if (span(line) - 1 > bends) continue;
    bends -= span(line) - 1;
    const between = Array.from({ length: span(line) - 1 }, (_, at) => ({ layer: low.layer + 1 + at, tall: SIZES.bend, before: [], after: [] }));
    for (const bend of between) columns[bend.layer].push(bend);
    line.stops = [low, ...between, high];
    line.stops.slice(1).forEach((stop, at) => {
      stop.before.push(line.stops[at]);
      line.stops[at].after.push(stop);
    });
  }
  return { columns, lines };
}

// Each to the middle of its neighbours, from left to right and back, so that few lines cross.
function arrange(columns) {
  const number = (column) => column.forEach((item, at) => { item.order = at; });
  columns.forEach(number);
  const sort = (side) => (column) => {
    for (const item of column) item.wish = item[side].length > 0 ? mean(item[side], 'order') : item.order;
    column.sort((one, other) => one.wish - other.wish || one.order - other.order);
    number(column);
  };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    columns.forEach(sort('before'));
    columns.slice().reverse().forEach(sort('after'));
  }
}

// Heights: as near to the neighbours as the order and the space between leave it.
function level(columns) {
  for (const column of columns) settle(column, column.map(() => 0));
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const [side, list] of [['before', columns], ['after', columns.slice().reverse()]]) {
      for (const column of list) settle(column, column.map((item) => (item[side].length > 0 ? mean(item[side], 'y') : item.y)));
    }
  }
}

// The places in order, without overlap, that are nearest to the wishes: those that would overlap share a mean.
function settle(column, wishes, space = SIZES.between) {
  let offset = 0;
  const blocks = [];
  column.forEach((item, at) => {
    if (at > 0) offset += (column[at - 1].tall + item.tall) / 2 + space;
    item.offset = offset;
    blocks.push({ sum: wishes[at] - offset, count: 1 });
    while (blocks.length > 1 && middle(blocks.at(-2)) > middle(blocks.at(-1))) {
      const { sum, count } = blocks.pop();
      blocks.at(-1).sum += sum;
      blocks.at(-1).count += count;
    }
  });
  let next = 0;
  for (const block of blocks) {
    for (const item of column.slice(next, next + block.count)) item.y = middle(block) + item.offset;
    next += block.count;
  }
}

function middle({ sum, count }) {
  return sum / count;
}

function mean(items, member) {
  let sum = 0;
  for (const item of items) sum += item[member];
  return sum / items.length;
}

function routed({ forth, rows, stops }) {
  const points = stops.map(({ layer, y, node }) => ({ x: layer * (SIZES.width + SIZES.across), y, node }));
  return { forth, rows, points, label: undefined };
}

// Lines that meet at one side of a node arrive beside each other, and no label lies on another.
function spread(lines) {
  const sides = new Map();
  const meet = (point, other, side) => {
    const key = `${point.node} ${side}`;
    if (!sides.has(key)) sides.set(key, []);
    sides.get(key).push({ point, toward: other.y });
  };
  for (const { points } of lines) {
    meet(points[0], points[1], 'right');
    meet(points.at(-1), points.at(-2), 'left');
  }
  for (const ports of sides.values()) {
    const step = Math.min(14, (SIZES.height - 30) / ports.length);
    ports.sort((one, other) => one.toward - other.toward);
    ports.forEach(({ point }, at) => { point.y += (at - (ports.length - 1) / 2) * step; });
  }
  const gaps = new Map();
  for (const line of lines) {
    // At the end of the one that says it: to the left of it, unless the line goes round.
    const [end, next] = line.forth ? [line.points.at(-1), line.points.at(-2)] : line.points;
    const x = line.forth ? end.x - SIZES.across / 2 : end.x + SIZES.width + SIZES.across / 2;
    line.label = { x, y: (end.y + next.y) / 2, tall: line.rows * SIZES.label };
    gaps.set(x, [...(gaps.get(x) ?? []), line.label]);
  }
  for (const labels of gaps.values()) {
    labels.sort((one, other) => one.y - other.y);
    settle(labels, labels.map(({ y }) => y), 0);
  }
}

function curve({ points }) {
  const { width } = SIZES;
  const parts = points.slice(1).map((point, at) => {
    const from = { x: points[at].x + width, y: points[at].y };
    const half = (point.x - from.x) / 2;
    const across = at + 2 < points.length ? ` H ${round(point.x + width)}` : '';
    return `C ${round(from.x + half)} ${round(from.y)} ${round(point.x - half)} ${round(point.y)} ${round(point.x)} ${round(point.y)}${across}`;
  });
  return [`M ${round(points[0].x + width)} ${round(points[0].y)}`, ...parts].join(' ');
}

// At what is built on.
function arrow({ points, forth }) {
  const [point, x, ahead] = forth ? [points[0], points[0].x + SIZES.width, 9] : [points.at(-1), points.at(-1).x, -9];
  return `M ${round(x)} ${round(point.y)} l ${ahead} -4.5 v 9 Z`;
}

// What names itself as its own parent.
function loop({ x, y }) {
  const [left, right] = [x + SIZES.width * 0.6, x + SIZES.width * 0.85];
  return {
    path: `M ${round(left)} ${round(y)} C ${round(left)} ${round(y - 34)} ${round(right)} ${round(y - 34)} ${round(right)} ${round(y)}`,
    arrow: `M ${round(right)} ${round(y)} l -4.5 -9 h 9 Z`,
    label: { x: (left + right) / 2, y: y - 30 },
  };
}

function round(number) {
  return Math.round(number * 10) / 10;
}
