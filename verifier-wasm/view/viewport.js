// A window onto a drawing that is larger than it: moved by dragging and keys, made larger and smaller.
//
// The page stays in command of itself: a wheel without Ctrl and a finger that moves up or down scroll the page.

const MARGIN = { x: 20, y: 40 };
const TALLEST = 460;
// Smaller than this, letters are no longer read; a drawing that does not fit begins as a part of itself.
const READABLE = 0.65;
const LARGEST = 3;
const STEP = 60;
const ZOOM = 1.25;
// A hand that shakes while it clicks does not drag.
const DRAG = 4;

/**
 * Makes `box` the window onto `stage`, which is `size.width` by `size.height`. `size` may change: call `start`.
 * `focus()` is the rectangle to begin with where not all fits.
 */
export function openViewport(box, stage, size, focus) {
  const view = { scale: 1, x: 0, y: 0 };
  let moved = false;

  function place(next, { glide = true } = {}) {
    Object.assign(view, next);
    view.x = between(view.x, STEP - size.width * view.scale, box.clientWidth - STEP);
    view.y = between(view.y, STEP - size.height * view.scale, box.clientHeight - STEP);
    stage.classList.toggle('glide', glide);
    stage.style.transform = `translate(${view.x.toFixed(1)}px, ${view.y.toFixed(1)}px) scale(${view.scale.toFixed(4)})`;
  }

  const fitting = (height) => Math.min(1, (box.clientWidth - 2 * MARGIN.x) / size.width, (height - 2 * MARGIN.y) / size.height);

  function start() {
    moved = false;
    if (box.clientWidth === 0) return;
    const whole = fitting(TALLEST);
    const scale = Math.max(whole, READABLE);
    box.style.height = `${Math.min(TALLEST, Math.ceil(size.height * scale) + 2 * MARGIN.y)}px`;
    if (whole >= READABLE) return fit({ glide: false });
    const { x, y, width, height } = focus();
    // In the middle, but with no empty room beyond the end of the drawing.
    const along = (room, length, middle, margin) => {
      const spare = room - length * scale;
      return spare > 2 * margin ? spare / 2 : between(room / 2 - middle * scale, spare - margin, margin);
    };
    place({
      scale,
      x: along(box.clientWidth, size.width, x + width / 2, MARGIN.x),
      y: along(box.clientHeight, size.height, y + height / 2, MARGIN.y),
    }, { glide: false });
  }

  /** All of it, however small. */
  function fit(how) {
    const scale = Math.max(0.001, fitting(box.clientHeight));
    place({ scale, x: (box.clientWidth - size.width * scale) / 2, y: (box.clientHeight - size.height * scale) / 2 }, how);
  }

  /** Larger or smaller about a point of the window, its middle if none is given. */
  function zoom(factor, at = { x: box.clientWidth / 2, y: box.clientHeight / 2 }, how) {
    moved = true;
    const scale = between(view.scale * factor, Math.min(fitting(box.clientHeight), READABLE / 2), LARGEST);
    const by = scale / view.scale;
    place({ scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by }, how);
  }

  function pan(x, y, how) {
    moved = true;
    place({ x: view.x + x, y: view.y + y }, how);
  }

  /** Moves no more than it takes to have a rectangle of the drawing in the window. */
  function reveal({ x, y, width, height }) {
    const into = (from, length, room) => {
      if (from < 8) return 8 - from;
      return from + length > room - 8 ? Math.max(room - 8 - from - length, 8 - from) : 0;
    };
    const by = [into(view.x + x * view.scale, width * view.scale, box.clientWidth), into(view.y + y * view.scale, height * view.scale, box.clientHeight)];
    if (by.some((one) => one !== 0)) pan(...by);
  }

  takeKeys(box, { fit, pan, zoom });
  takePointers(box, { pan, zoom });
  new ResizeObserver(() => !moved && start()).observe(box);
  return { fit, reveal, start, zoomIn: () => zoom(ZOOM), zoomOut: () => zoom(1 / ZOOM) };
}

function takeKeys(box, { fit, pan, zoom }) {
  const acts = { __proto__: null, '+': () => zoom(ZOOM), '=': () => zoom(ZOOM), '-': () => zoom(1 / ZOOM), 0: () => fit() };
  // Nodes have the arrow keys for themselves.
  const moves = {
    __proto__: null,
    ArrowLeft: () => pan(STEP, 0), ArrowRight: () => pan(-STEP, 0), ArrowUp: () => pan(0, STEP), ArrowDown: () => pan(0, -STEP),
  };
  box.addEventListener('keydown', (event) => {
    const { key, target, altKey, ctrlKey, metaKey } = event;
    const act = altKey || ctrlKey || metaKey ? undefined : (acts[key] ?? (target === box ? moves[key] : undefined));
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}

function takePointers(box, { pan, zoom }) {
  const down = new Map();
  let dragged = false;
  const still = { glide: false };
  const within = ({ clientX, clientY }) => {
    const { left, top } = box.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };

  box.addEventListener('wheel', (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(between(Math.exp(-event.deltaY / 200), 0.5, 2), within(event), still);
  }, { passive: false });

  box.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    if (down.size === 0) dragged = false;
    down.set(event.pointerId, within(event));
  });
  box.addEventListener('pointermove', (event) => {
    const before = down.get(event.pointerId);
    if (before === undefined) return;
    const now = within(event);
    const by = { x: now.x - before.x, y: now.y - before.y };
    if (!dragged && down.size === 1 && Math.hypot(by.x, by.y) < DRAG) return;
    dragged = true;
    box.setPointerCapture(event.pointerId);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    down.set(event.pointerId, now);
    if (other === undefined) return pan(by.x, by.y, still);
    // Two fingers: their distance is the size, their middle the place.
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    pan(by.x / 2, by.y / 2, still);
    zoom(distance(now, other) / Math.max(1, distance(before, other)), middle, still);
  });
  for (const end of ['pointerup', 'pointercancel']) box.addEventListener(end, ({ pointerId }) => down.delete(pointerId));
  // The end of dragging is no click on what lies below.
  box.addEventListener('click', (event) => {
    if (!dragged || event.detail === 0) return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });
  box.addEventListener('pointerleave', ({ pointerId }) => box.hasPointerCapture(pointerId) || down.delete(pointerId));
}

function distance(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function between(value, least, most) {
  return Math.max(least, Math.min(most, value));
}
