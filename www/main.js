// The page: files in, report out. What is checked and how is the verifier's business.

import { ask } from './client.js';
import { chosenFiles, droppedFiles, looksLikePassport, passportText } from './files.js';
import { loadUi, pickLocale, showFailure, showLimits, showReport } from './verifier/view/index.js';
import { element, plain } from './verifier/view/text.js';

const at = (id) => document.getElementById(id);
const ui = await loadUi(pickLocale(navigator.languages));
const title = ui.t('page.title');

let passports = []; // [{ name, text }]: the first is checked, the others are what it may build on
let files = []; // [{ path, file, stop, done, measured, error }]
let checking = 0;

async function addPassports(chosen) {
  for (const { path, file } of chosen) {
    try {
      passports.push({ name: path, text: await passportText(file) });
    } catch {
      complain(ui.t('page.not-utf8', { name: plain(path, 80) }));
    }
  }
  check({ moveFocus: true });
}

async function addFiles(chosen) {
  const added = chosen.map(({ path, file }) => ({ path, file, stop: new AbortController(), done: 0 }));
  files = [...files, ...added];
  for (const entry of added) {
    if (entry.stop.signal.aborted) continue;
    showFiles();
    try {
      const onProgress = ({ done }) => {
        entry.done = done;
        entry.bar?.setAttribute('value', String(done));
      };
      entry.measured = await ask('hash', { file: entry.file }, { onProgress, signal: entry.stop.signal });
    } catch (error) {
      entry.error = error;
    }
  }
  check();
}

async function addAny(chosen) {
  const kinds = await Promise.all(chosen.map(looksLikePassport));
  const found = chosen.filter((_, index) => kinds[index]);
  // A passport that is spoilt does not look like one; alone, it is what the user wants to be told about.
  const taken = found.length === 0 && passports.length === 0 && chosen.length === 1 ? chosen : found;
  const others = chosen.filter((entry) => !taken.includes(entry));
  if (taken.length > 0) await addPassports(taken);
  if (others.length > 0) await addFiles(others);
}

async function check({ moveFocus = false } = {}) {
  const current = (checking += 1);
  showFiles();
  if (passports.length === 0) {
    at('result').replaceChildren();
    document.title = title;
    return;
  }
  at('busy').textContent = ui.t('page.checking');
  const [{ text }, ...others] = passports;
  const artifacts = files.filter(({ measured }) => measured).map(({ path, measured }) => ({ path, ...measured }));
  const evidence = { credentials: others.map((other) => other.text), artifacts };
  const shown = await ask('verify', { text, evidence }).then((report) => showReport(ui, report), ({ message, code }) => [showFailure(ui, message, code)]);
  if (current !== checking) return; // Something was added or removed meanwhile.
  at('busy').textContent = '';
  at('result').replaceChildren(...shown);
  document.title = `${at('verdict').textContent} – ${title}`;
  if (moveFocus) at('verdict').focus();
}

function showFiles() {
  const rows = passports.map((passport, index) => fileRow(passport.name, ui.t(index === 0 ? 'page.checked' : 'page.supports'), [
    index > 0 && rowButton(ui.t('page.check-this'), passport.name, () => {
      passports = [passport, ...passports.filter((other) => other !== passport)];
      check({ moveFocus: true });
    }),
    rowButton(ui.t('page.remove'), passport.name, () => {
      passports = passports.filter((other) => other !== passport);
      check();
    }),
  ]));
  at('files').replaceChildren(...rows, ...files.map(measuredRow));
}

function measuredRow(entry) {
  const { path, file, done, measured, error } = entry;
  entry.bar = measured || error ? undefined : element('progress', { max: String(Math.max(1, file.size)), value: String(done), 'aria-label': ui.t('page.reading', { name: plain(path, 80) }) });
  const state = error ? ui.t('page.unreadable') : ui.t('page.file', { size: ui.byteSize(file.size) });
  return fileRow(path, state, [
    entry.bar,
    rowButton(ui.t('page.remove'), path, () => {
      entry.stop.abort(new Error('removed'));
      files = files.filter((other) => other !== entry);
      check();
    }),
  ]);
}

function fileRow(name, state, controls) {
  return element('li', {}, element('span', { class: 'file-name' }, ui.foreign(name)), element('span', { class: 'quiet' }, state), element('span', { class: 'controls' }, controls));
}

function rowButton(label, name, act) {
  const button = element('button', { type: 'button', class: 'link', 'aria-label': `${label}: ${plain(name, 80)}` }, label);
  button.addEventListener('click', act);
  return button;
}

function complain(problem) {
  at('problem').textContent = problem;
  at('problem').hidden = !problem;
}

function onChosen(id, add) {
  at(id).addEventListener('change', ({ target }) => {
    const chosen = chosenFiles(target.files);
    target.value = ''; // The same file, changed on disk, can be chosen again.
    complain('');
    add(chosen);
  });
}

// What stands in the page in English, for a reader without scripts, in the language of this one.
document.documentElement.lang = ui.locale;
document.title = title;
for (const place of document.querySelectorAll('[data-text]')) place.textContent = ui.t(place.dataset.text);
for (const place of document.querySelectorAll('[data-label]')) place.setAttribute('aria-label', ui.t(place.dataset.label));
at('limits').replaceWith(showLimits(ui));

onChosen('choose-passport', addPassports);
onChosen('choose-files', addFiles);
onChosen('choose-folder', addFiles);

document.addEventListener('dragover', (event) => {
  event.preventDefault();
  at('drop').classList.add('over');
});
document.addEventListener('dragleave', ({ relatedTarget }) => {
  if (relatedTarget === null) at('drop').classList.remove('over');
});
document.addEventListener('drop', async (event) => {
  event.preventDefault();
  at('drop').classList.remove('over');
  complain('');
  addAny(await droppedFiles(event.dataTransfer));
});
document.addEventListener('paste', ({ clipboardData }) => {
  const text = clipboardData.getData('text/plain');
  if (clipboardData.files.length > 0) addAny(chosenFiles(clipboardData.files));
  else if (text.trim()) {
    passports.push({ name: ui.t('page.pasted'), text });
    check({ moveFocus: true });
  }
});

ask('about').then(
  ({ version, wasmSha256 }) => {
    at('version').textContent = version;
    at('wasm-digest').textContent = wasmSha256;
  },
  ({ message }) => complain(ui.t('page.not-loaded', { message: plain(message) })),
);
