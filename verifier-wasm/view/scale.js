// Numbers of strangers on an axis.
//
// In scope: reading a decimal for a drawing, an axis that holds all of them, where a number lies on it. No DOM.
// Out of scope: the text of a number, which is shown as it was signed and never from here.

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?$/;
const LONGEST = 400;
// Lets a mark at the end of an axis stand free.
const MARGIN = 0.04;
const WANTED_TICKS = 4;

/** A signed number for a drawing; nothing where it is none, or none that can be drawn. */
export function drawable(value) {
  const isText = typeof value === 'string' && value.length <= LONGEST && DECIMAL.test(value);
  const number = typeof value === 'number' || isText ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

/** An axis for numbers: from 0 to 1 where all lie there, and fitted to them where not. */
export function axisOf(numbers) {
  let [least, most] = [Infinity, -Infinity];
  for (const number of numbers) {
    least = Math.min(least, number);
    most = Math.max(most, number);
  }
  if (least > most) return undefined;
  if (least >= 0 && most <= 1) return withTicks(0, 1);
  if (least === most) {
    const around = Math.abs(least) / 10 || 1;
    return withTicks(clamp(least - around), clamp(most + around));
  }
  return withTicks(least, most);
}

/** Where a number lies on an axis, from 0 to 100, with a margin at both ends. */
export function placeOn({ least, most }, number) {
  // Halves, so that a difference of the largest numbers is one.
  const share = (number / 2 - least / 2) / (most / 2 - least / 2);
  const kept = Math.min(1, Math.max(0, share));
  return Math.round((MARGIN + kept * (1 - 2 * MARGIN)) * 10_000) / 100;
}

function clamp(number) {
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, number));
}

function withTicks(least, most) {
  const step = niceStep((most / 2 - least / 2) / WANTED_TICKS * 2);
  const first = Math.ceil(least / step);
  const ticks = [];
  for (let at = first; ticks.length <= WANTED_TICKS * 3 && at * step <= most; at += 1) {
    // Not 0.30000000000000004.
    const tick = Number((at * step).toPrecision(12));
    if (Number.isFinite(tick) && ticks.at(-1) !== tick) ticks.push(tick);
    if (at + 1 === at) break;
  }
  return { least, most, ticks };
}

// 1, 2 or 5 times a power of ten.
function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  if (!Number.isFinite(power) || power === 0) return rough || 1;
  const factor = [1, 2, 2.5, 5, 10].find((one) => one * power >= rough) ?? 10;
  return factor * power;
}
