// Trust lists, policies, the time and what a presentation has to repeat. The verifier says whether they are good.

import { verifier } from './client.js';
import { exactText, sha256Of } from './files.js';
import { button, rowButton } from './given.js';
import { keep, recall } from './kept.js';
import { noSettings, readSettings, settingProblem } from './policy.js';
import { element, plain } from './verifier/view/text.js';

const LONGEST_SETTING_BYTES = 4 * 2 ** 20;

const place = () => document.getElementById('settings');
let problem = '';
let remembered = false;

/** What was remembered on this device, if it still is what it was. */
export function recallSettings(page) {
  try {
    const kept = JSON.parse(recall('settings'));
    const file = ({ name, text, sha256 }) => ({ name: String(name), text: String(text), sha256: sha256 && String(sha256) });
    const wanted = { ...noSettings(), trust: kept.trust.map(file), policies: kept.policies.map(file) };
    if ([...wanted.trust, ...wanted.policies].some(({ text }) => settingProblem(text))) throw new Error('no settings');
    page.settings = wanted;
    remembered = true;
  } catch {
    keep('settings', undefined);
  }
}

/** Opens the panel, or shows it in another language. */
export function showSettings(page, { moveFocus = true } = {}) {
  show(page);
  document.getElementById('open-settings').setAttribute('aria-expanded', 'true');
  if (moveFocus) document.getElementById('settings-title').focus();
}

// All at once: a list that narrows another is refused without that.
async function addFiles(page, list, files) {
  problem = '';
  let wanted = page.settings[list];
  for (const { name, text } of files) {
    const found = settingProblem(text);
    if (found) {
      problem = page.ui.t(found.key, { name: plain(name, 80), member: found.member && plain(found.member, 80) });
      return;
    }
    const added = { name, text, sha256: await sha256Of(text) };
    // What narrows another stands before it.
    wanted = /"extends"\s*:/.test(text) ? [added, ...wanted] : [...wanted, added];
  }
  await change(page, { [list]: wanted });
}

// A change counts when the verifier takes it.
async function change(page, changed) {
  const wanted = { ...page.settings, ...changed };
  problem = await refusal(wanted);
  if (problem === '') {
    page.settings = wanted;
    if (remembered) remember(page);
    page.check();
  }
}

async function refusal(settings) {
  try {
    await verifier.verify('{}', readSettings(settings));
    return '';
  } catch ({ message }) {
    return plain(message);
  }
}

function remember({ settings: { trust, policies } }) {
  if (!keep('settings', remembered ? JSON.stringify({ trust, policies }) : undefined)) remembered = false;
}

function show(page) {
  const { ui, settings } = page;
  const title = element('h2', { id: 'settings-title', tabindex: '-1' }, ui.t('settings'));
  const box = element('input', { type: 'checkbox', id: 'remember', checked: remembered });
  box.addEventListener('change', () => {
    remembered = box.checked;
    remember(page);
  });
  place().replaceChildren(element('section', { class: 'card settings', 'aria-labelledby': 'settings-title' },
    title,
    element('p', { class: 'quiet' }, ui.t('settings.meaning')),
    showList(page, 'trust', 'settings.trust', settings.trust),
    showList(page, 'policies', 'settings.policy', settings.policies),
    field(page, 'time', { type: 'datetime-local', step: '1', value: settings.time.replace(/Z$/, '') }, (value) => (value ? `${value.length === 16 ? `${value}:00` : value.slice(0, 19)}Z` : '')),
    field(page, 'challenge', { type: 'text', value: settings.challenge, maxlength: '1024' }),
    field(page, 'domain', { type: 'text', value: settings.domain, maxlength: '2048' }),
    element('label', { class: 'box' }, box, element('span', {}, ui.t('settings.remember'))),
    element('p', { class: 'problem', role: 'alert', hidden: problem === '' }, problem && ui.parts('settings.refused', { message: problem })),
    element('div', { class: 'tools' },
      button(ui.t('settings.reset'), async () => {
        problem = '';
        await change(page, noSettings());
        show(page);
        document.getElementById('settings-title').focus();
      }),
      button(ui.t('settings.close'), close))));
}

function close() {
  problem = '';
  place().replaceChildren();
  const opener = document.getElementById('open-settings');
  opener.setAttribute('aria-expanded', 'false');
  opener.focus();
}

function showList(page, list, key, files) {
  const { ui } = page;
  const remade = async (changed) => {
    await change(page, { [list]: changed });
    show(page);
    document.getElementById(`choose-${list}`).focus();
  };
  const input = element('input', { type: 'file', id: `choose-${list}`, accept: '.json,application/json', multiple: true });
  input.addEventListener('change', async () => {
    try {
      const chosen = Array.from(input.files).filter(({ size }) => size <= LONGEST_SETTING_BYTES);
      await addFiles(page, list, await Promise.all(chosen.map(async (file) => ({ name: file.name, text: exactText(await file.arrayBuffer()) }))));
    } catch {
      problem = ui.t('page.not-read');
    }
    show(page);
    document.getElementById(`choose-${list}`).focus();
  });
  return element('div', { class: 'setting' },
    element('h3', {}, ui.t(key)),
    element('p', { class: 'quiet' }, ui.t(`${key}.meaning`)),
    element('ol', { class: 'files' }, files.map((file, index) => element('li', {},
      element('span', { class: 'file-name' }, ui.foreign(file.name)),
      element('span', { class: 'controls' },
        index > 0 && rowButton(ui.t('settings.earlier'), file.name, () => remade([...files.slice(0, index - 1), file, files[index - 1], ...files.slice(index + 1)])),
        rowButton(ui.t('page.remove'), file.name, () => remade(files.filter((other) => other !== file))))))),
    element('label', { class: 'button small' }, ui.t(`${key}.choose`), input));
}

function field(page, name, attributes, read = (value) => value.trim()) {
  const { ui } = page;
  const input = element('input', { id: `setting-${name}`, 'aria-describedby': `setting-${name}-meaning`, ...attributes });
  input.addEventListener('change', async () => {
    await change(page, { [name]: read(input.value) });
    show(page);
    document.getElementById(`setting-${name}`).focus();
  });
  return element('div', { class: 'setting' },
    element('label', { for: `setting-${name}` }, ui.t(`settings.${name}`)), input,
    element('p', { class: 'quiet fine', id: `setting-${name}-meaning` }, ui.t(`settings.${name}.meaning`)));
}
