// What a check is made with besides the passport, as the verifier takes it, and as the verdict has to say it.

import { element } from './verifier/view/text.js';

/** No trust list, no policy, now. `trust` and `policies` are `{ name, text, sha256 }`, the narrowest first. */
export const noSettings = () => ({ trust: [], policies: [], time: '', challenge: '', domain: '' });

/** `policy` and `now` for the verifier; throws where a file is not JSON. */
export function readSettings({ trust, policies, time, challenge, domain }) {
  const [first = {}, ...wider] = policies.map(({ text }) => JSON.parse(text)).flat();
  const lists = trust.map(({ text }) => JSON.parse(text)).flat();
  const own = {
    ...(lists.length > 0 && { trust: [...lists, ...(first.trust ?? [])] }),
    ...(challenge && { challenge }),
    ...(domain && { domain: domain.split(/\s+/).filter(Boolean) }),
  };
  const isAsked = policies.length > 0 || Object.keys(own).length > 0;
  return {
    ...(isAsked && { policy: wider.length > 0 ? [{ ...first, ...own }, ...wider] : { ...first, ...own } }),
    ...(time && { now: time }),
  };
}

// The tokens of a text that is JSON.
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]/g;

/** What keeps a text from being a trust list or a policy, as `{ key, member }`; nothing for one object or a list of objects. */
export function settingProblem(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return { key: 'settings.not-json' };
  }
  const isObject = (one) => typeof one === 'object' && one !== null && !Array.isArray(one);
  const objects = Array.isArray(value) ? value : [value];
  if (objects.length === 0 || !objects.every(isObject)) return { key: 'settings.no-setting' };
  const member = repeatedName(text);
  return member === undefined ? undefined : { key: 'settings.repeated', member };
}

// `JSON.parse` keeps the last of several members of one name and says nothing; people may have read the first.
function repeatedName(text) {
  const open = []; // The names of each object that is not closed yet
  let before;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const name = JSON.parse(before);
      if (open.at(-1).has(name)) return name;
      open.at(-1).add(name);
    }
    before = token;
  }
  return undefined;
}

/** What the verdict rests on, in words; nothing where all is as it is by itself. */
export function showCheckedWith(ui, { trust, policies, time, challenge, domain }) {
  const file = (key) => ({ name, sha256 }) => element('li', {},
    ui.parts(key, { name: ui.name(name) }),
    sha256 && [' ', element('span', { class: 'quiet fine' }, ui.parts('settings.sha256', { sha256: ui.foreign(sha256, { code: true }) }))]);
  const said = [
    ...trust.map(file('settings.with-trust')),
    ...policies.map(file('settings.with-policy')),
    time && element('li', {}, ui.parts('settings.with-time', { time: ui.foreign(time) })),
    challenge && element('li', {}, ui.parts('settings.with-challenge', { challenge: ui.foreign(challenge, { code: true }) })),
    domain && element('li', {}, ui.parts('settings.with-domain', { domain: ui.foreign(domain, { code: true }) })),
  ].filter(Boolean);
  if (said.length === 0) return undefined;
  return element('section', { class: 'card checked-with', id: 'checked-with', 'aria-labelledby': 'checked-with-title' },
    element('h2', { id: 'checked-with-title' }, ui.t('settings.checked-with')), element('ul', { class: 'prose' }, said));
}
