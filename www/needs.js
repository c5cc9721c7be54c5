// What is missing for an answer: named with its address and why, brought as a file, or fetched once the user agreed.
//
// In scope: the list, the consent, and giving what arrives to the check as evidence.
// Out of scope: fetching, which a document of its own does (fetcher.js); this page can reach nothing but its own site.

import { verifier } from './client.js';
import { exactText, idOf, passportText } from './files.js';
import { button, rowButton } from './given.js';
import { canFetch } from './host.js';
import { readAddress } from './link.js';
import { element, plain } from './verifier/view/text.js';

const SHOWN_NEEDS = 100;
const LONGEST_OF = { __proto__: null, didDocument: 256 * 1024 };
const LONGEST_DOCUMENT = 16 * 2 ** 20;

export function createNeeds(page) {
  const place = document.getElementById('needs');
  let sources = []; // What a link asks to fetch: [{ url, kind: 'source' }]
  let needs = [];
  const states = new Map(); // By address: { busy } or { problem }
  const fetchers = new Set(); // Those that are at work
  const all = () => [...sources, ...needs];

  async function update(question, isCurrent = () => true) {
    const found = question === undefined ? [] : await verifier.needs(question.text, question).catch(() => []);
    if (!isCurrent()) return;
    needs = found;
    show();
  }

  function addSource(url) {
    if (!sources.some((source) => source.url === url)) sources.push({ url, kind: 'source' });
    show();
    place.querySelector('h2')?.focus();
  }

  /** Forgets what is missing, and fetches nothing more of it. */
  function clear() {
    for (const fetcher of fetchers) fetcher.close();
    fetchers.clear();
    sources = [];
    needs = [];
    states.clear();
    show();
  }

  /** Gives files that answer a need to it; which ones did. */
  async function bring(chosen) {
    const brought = [];
    for (const entry of chosen) {
      if (needs.length === 0) break;
      const text = await passportText(entry.file).catch(() => undefined);
      const need = text === undefined ? undefined : needFor(entry, text);
      if (need === undefined) continue;
      take(need, { text });
      brought.push(entry);
    }
    return brought;
  }

  // By the identifier that the document gives itself, or else by the name that it was saved under, if just one is
  // waiting for such a one. A wrong guess gives no wrong verdict: what does not fit is refused by the verifier. Nothing
  // refuses a wrong guess of what a link leads to, so none is made.
  function needFor({ path }, text) {
    const id = idOf(text);
    const byId = id === undefined ? undefined : needs.find(({ url }) => url === id);
    const name = path.split('/').pop();
    const byName = needs.filter(({ url }) => [lastPart(url), `${lastPart(url)}.json`].includes(name));
    return byId ?? (byName.length === 1 ? byName[0] : undefined);
  }

  function take({ url, kind }, { text, name = url, retrieved, turn }) {
    states.delete(url);
    needs = needs.filter((need) => need.url !== url);
    if (kind === 'source') {
      sources = sources.filter((source) => source.url !== url);
      page.put([{ name, text, ...(retrieved && { address: url }) }], turn);
    } else if (kind === 'credential') page.passports = [...page.passports, { name, text }];
    else page.documents.push({ url, text, ...(retrieved && { retrieved }) });
  }

  async function fetchAll(wanted) {
    if (!await agreed(wanted)) return;
    const { turn } = page;
    for (const { url } of wanted) states.set(url, { busy: true });
    show();
    const { clearings } = page;
    const isWanted = () => clearings === page.clearings;
    const { openFetcher } = await import('./fetcher.js');
    if (!isWanted()) return;
    const fetcher = openFetcher();
    fetchers.add(fetcher);
    try {
      await Promise.all(wanted.map(async (need) => {
        try {
          const bytes = await fetcher.get(need.url, LONGEST_OF[need.kind] ?? LONGEST_DOCUMENT);
          if (isWanted()) take(need, { text: exactText(bytes), retrieved: `${new Date().toISOString().slice(0, -5)}Z`, turn });
        } catch ({ code }) {
          if (isWanted()) states.set(need.url, { problem: page.ui.known('needs.problem', code ?? 'not-text') });
        }
      }));
    } finally {
      fetcher.close();
      fetchers.delete(fetcher);
    }
    if (!isWanted()) return;
    show();
    await page.check({ moveFocus: !all().some(({ url }) => states.get(url)?.problem) && page.passports.length > 0 });
  }

  // Exactly what will be contacted, before it is.
  function agreed(wanted) {
    const { ui } = page;
    const hosts = byHost(wanted);
    const yes = element('button', { type: 'button', class: 'button primary' }, ui.t('needs.agree', { count: hosts.size }));
    const no = element('button', { type: 'button', class: 'button' }, ui.t('needs.refuse'));
    const dialog = element('dialog', { id: 'consent', 'aria-labelledby': 'consent-title' },
      element('h2', { id: 'consent-title' }, ui.t('needs.consent')),
      element('ul', { class: 'prose' }, Array.from(hosts, ([host, those]) => element('li', {},
        element('strong', {}, ui.foreign(host, { code: true })),
        element('ul', { class: 'lines' }, those.map(({ url }) => element('li', {}, ui.foreign(url, { code: true }))))))),
      element('p', {}, ui.t('needs.consent.meaning')),
      element('div', { class: 'buttons' }, yes, no));
    document.body.append(dialog);
    const back = document.activeElement;
    dialog.showModal();
    return new Promise((resolve) => {
      let answer = false;
      yes.addEventListener('click', () => {
        answer = true;
        dialog.close();
      });
      no.addEventListener('click', () => dialog.close());
      dialog.addEventListener('close', () => {
        dialog.remove();
        if (back?.isConnected) back.focus();
        resolve(answer);
      });
    });
  }

  function show() {
    const { ui } = page;
    const listed = all();
    if (listed.length === 0) return place.replaceChildren();
    const fetchable = listed.filter(({ url }) => canFetch && readAddress(url) && !states.get(url)?.busy);
    place.replaceChildren(element('section', { class: 'card', id: 'needs-list', 'aria-labelledby': 'needs-title' },
      element('h2', { id: 'needs-title', tabindex: '-1' }, ui.t('needs')),
      element('p', { class: 'quiet' }, ui.t(canFetch ? 'needs.meaning' : 'needs.meaning-single')),
      element('ul', { class: 'needs' }, listed.slice(0, SHOWN_NEEDS).map(row)),
      listed.length > SHOWN_NEEDS && element('p', { class: 'quiet' }, ui.t('needs.more', { count: listed.length - SHOWN_NEEDS })),
      fetchable.length > 1 && element('div', { class: 'tools' }, button(ui.t('needs.fetch-all', { count: fetchable.length }), () => fetchAll(fetchable)))));
    return undefined;
  }

  function row(need) {
    const { ui } = page;
    const { url, kind, why } = need;
    const { busy, problem } = states.get(url) ?? {};
    return element('li', {},
      element('div', { class: 'need' },
        element('strong', {}, ui.known('needs.kind', kind)), ' ', ui.foreign(url, { code: true }),
        why && element('p', {}, ui.message(why)),
        problem && element('p', { class: 'problem', role: 'alert' }, problem, ' ', ui.t('needs.download-yourself')),
        busy && element('p', { role: 'status' }, ui.t('needs.fetching'))),
      element('div', { class: 'controls' },
        canFetch && !busy && readAddress(url) && rowButton(ui.t('needs.fetch'), url, () => fetchAll([need])),
        chooser(need),
        kind === 'source' && rowButton(ui.t('page.remove'), url, () => {
          sources = sources.filter((source) => source !== need);
          show();
        })));
  }

  function chooser(need) {
    const { ui } = page;
    const label = ui.t('needs.choose');
    const input = element('input', { type: 'file', 'aria-label': `${label}: ${plain(need.url, 80)}` });
    input.addEventListener('change', async () => {
      try {
        const [file] = input.files;
        take(need, { text: await passportText(file), name: file.name });
      } catch {
        states.set(need.url, { problem: ui.t('needs.problem.not-text') });
      }
      show();
      await page.check({ moveFocus: true });
    });
    return element('label', { class: 'button small' }, label, input);
  }

  return { addSource, bring, clear, show, update };
}

function byHost(wanted) {
  const hosts = new Map();
  for (const need of wanted) {
    const { host } = new URL(need.url);
    hosts.set(host, [...(hosts.get(host) ?? []), need]);
  }
  return hosts;
}

function lastPart(url) {
  return url.split(/[?#]/)[0].split('/').pop();
}
