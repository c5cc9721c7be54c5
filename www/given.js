// What was given, as a list: the passports, and the files that are hashed one after the other.

import { verifier } from './client.js';
import { element, plain } from './verifier/view/text.js';

const SHOWN_ROWS = 100;
// Between two notes of how fast it goes.
const NOTE_MS = 500;
// Between two checks while there is more to read: a folder may hold ten thousand small files.
const CHECK_MS = 2_000;

/** Keeps `page.passports` and `page.files`, and shows them. */
export function createGiven(page) {
  const list = document.getElementById('files');
  const tools = document.getElementById('all-files');
  let hashing = false;
  let rows = SHOWN_ROWS;

  function addFiles(chosen) {
    page.files = [...page.files, ...chosen.map(({ path, file }) => ({ path, file, stop: new AbortController(), done: 0 }))];
    show();
    hashAll();
  }

  // One at a time: the disk is what is slow, and the verifier hashes one file on all cores.
  async function hashAll() {
    if (hashing) return;
    hashing = true;
    let checked = performance.now();
    for (let entry = next(); entry; entry = next()) {
      await hash(entry);
      const isLast = next() === undefined;
      if (!page.files.includes(entry) || (!isLast && performance.now() - checked < CHECK_MS)) continue;
      await page.check();
      checked = performance.now();
    }
    hashing = false;
    show();
  }
  const next = () => page.files.find(({ measured, error }) => !measured && !error);

  async function hash(entry) {
    const started = performance.now();
    let noted = started;
    const onProgress = ({ done, bytesPerSecond }) => {
      entry.done = done;
      entry.bar?.setAttribute('value', String(done));
      const now = performance.now();
      if (now - noted < NOTE_MS) return;
      noted = now;
      entry.rate = bytesPerSecond ?? (done * 1000) / (now - started);
      entry.note?.replaceChildren(progressText(entry));
    };
    try {
      entry.measured = await verifier.hashFile(entry.file, { onProgress, signal: entry.stop.signal });
    } catch (error) {
      entry.error = error;
    }
  }

  function progressText({ file, done, rate }) {
    if (!rate) return page.ui.t('page.file', { size: page.ui.byteSize(file.size) });
    const seconds = Math.ceil((file.size - done) / rate);
    const left = seconds < 90 ? page.ui.t('page.seconds-left', { count: seconds }) : page.ui.t('page.minutes-left', { count: Math.ceil(seconds / 60) });
    return page.ui.t('page.progress', { size: page.ui.byteSize(file.size), rate: page.ui.byteSize(Math.round(rate)), left });
  }

  function drop(entries) {
    page.files = page.files.filter((entry) => !entries.includes(entry));
    for (const { stop } of entries) stop.abort(new Error('removed'));
    page.check();
  }

  function show() {
    const { ui, passports, files } = page;
    const made = [
      ...passports.slice(0, rows).map(passportRow),
      ...files.slice(0, Math.max(0, rows - passports.length)).map(fileRow),
    ];
    keepingFocus(list, () => list.replaceChildren(...made));
    const hidden = passports.length + files.length - made.length;
    const open = files.filter(({ measured, error }) => !measured && !error);
    tools.replaceChildren(...[
      hidden > 0 && ui.moreButton(ui.t('text.show-more', { count: hidden }), () => {
        rows = Infinity;
        show();
      }),
      open.length > 1 && button(ui.t('page.cancel-all'), () => drop(open)),
      passports.length + files.length > 1 && button(ui.t('page.remove-all'), () => page.clear()),
    ].filter(Boolean));
    showUncovered();
  }

  /** Says at the verdict which files it is not about, as they are not read. A folder of which a part is missing is not verified. */
  function showUncovered() {
    const place = document.getElementById('uncovered');
    if (place === null) return;
    const said = (key, entries) => entries.length > 0
      && element('p', { class: 'problem' }, page.ui.parts(key, { count: entries.length, name: page.ui.foreign(entries[0].path) }));
    place.replaceChildren(...[
      said('page.not-covered', page.files.filter(({ covered, error }) => !covered && !error)),
      said('page.not-covered-unreadable', page.files.filter(({ error }) => error)),
    ].filter(Boolean));
  }

  function passportRow(passport, index) {
    const { ui } = page;
    return row(passport.name, [ui.t(index === 0 ? 'page.checked' : 'page.supports')], [
      index > 0 && rowButton(ui.t('page.check-this'), passport.name, () => {
        page.passports = page.passports.filter((other) => other !== passport);
        page.check({ moveFocus: page.put([passport]) });
      }),
      rowButton(ui.t('page.remove'), passport.name, () => {
        page.passports = page.passports.filter((other) => other !== passport);
        page.check();
      }),
    ]);
  }

  function fileRow(entry) {
    const { ui } = page;
    const { path, file, done, measured, error } = entry;
    const open = !measured && !error;
    entry.bar = open ? element('progress', { max: String(Math.max(1, file.size)), value: String(done), 'aria-label': ui.t('page.reading', { name: plain(path, 80) }) }) : undefined;
    entry.note = element('span', {}, open ? progressText(entry) : ui.t('page.file', { size: ui.byteSize(file.size) }));
    const differs = page.differing?.has(entry);
    return row(path, [error ? ui.t('page.unreadable') : entry.note, differs && element('strong', { class: 'differs' }, ' ', ui.t('page.differs'))], [
      entry.bar,
      rowButton(ui.t(open ? 'page.cancel' : 'page.remove'), path, () => drop([entry])),
    ]);
  }

  function row(name, state, controls) {
    return element('li', {}, element('span', { class: 'file-name' }, page.ui.foreign(name)), element('span', { class: 'quiet' }, state), element('span', { class: 'controls' }, controls));
  }

  return { addFiles, show, showUncovered };
}

// The list is made anew whenever something happens; who is in it with the keyboard stays at the same button, or goes
// to the title of the section when that is gone.
function keepingFocus(list, remake) {
  const focused = list.contains(document.activeElement) ? document.activeElement : undefined;
  remake();
  if (focused === undefined) return;
  const label = focused.getAttribute('aria-label');
  const same = Array.from(list.querySelectorAll('button')).find((other) => other.getAttribute('aria-label') === label);
  (same ?? document.getElementById('input-title')).focus();
}

/** A button like a link, that says what it is about. */
export function rowButton(label, name, act) {
  return button(label, act, `${label}: ${plain(name, 80)}`);
}

export function button(label, act, name) {
  const made = element('button', { type: 'button', class: 'link', 'aria-label': name }, label);
  made.addEventListener('click', act);
  return made;
}
