// The little that is remembered on this device: how the page looks and, when the user ticks that box, the settings.
// A browser may refuse to store anything; then nothing is remembered, and all else works.

const PREFIX = 'model-passport/';

export function recall(name) {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Whether it could be kept. `undefined` forgets. */
export function keep(name, value) {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
    return true;
  } catch {
    return false;
  }
}
