// What every part of the view speaks with: the texts of one language, its numbers and plurals, and safe ways to
// show what strangers wrote.
//
// In scope: `{name}` in texts, plural forms, labels of claims, the meaning of codes.
// Out of scope: what to say when; the parts of the view do that. A `ui` is given to each of them, and nothing
// is global, so two elements of one page may speak different languages.

import en from './texts/en.js';
import { beginning, element, messageParts, oneLine, plain, visible, words } from './text.js';

const LOADERS = {
  __proto__: null,
  de: () => import('./texts/de.js'),
  en: () => ({ default: en }),
  es: () => import('./texts/es.js'),
  fr: () => import('./texts/fr.js'),
  zh: () => import('./texts/zh.js'),
};

const NAME_CHARACTERS = 80;
const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'];

/** The languages that there are texts for, each by the name that its speakers give it. */
export const LOCALES = { __proto__: null, de: 'Deutsch', en: 'English', es: 'Español', fr: 'Français', zh: '中文' };

/** The first of the wanted languages that there is, `de` for `de-AT`; English if there is none. */
export function pickLocale(wanted) {
  const primary = wanted.map((tag) => String(tag).toLowerCase().split('-')[0]);
  return primary.find((tag) => tag in LOADERS) ?? 'en';
}

/**
 * Loads the texts of a language and makes the `ui` that speaks it; `ofPage` where trust list and policy were chosen by
 * whoever made the page, and are not called the reader's.
 */
export async function loadUi(locale, options) {
  const picked = pickLocale([locale]);
  return createUi(picked, (await LOADERS[picked]()).default, options);
}

/** A `ui` from texts that are at hand. */
export function createUi(locale, { ui: texts = {}, codes = {}, terms = {} }, { ofPage = false } = {}) {
  const plural = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  const own = (table, key) => (Object.hasOwn(table, key) ? table[key] : undefined);

  function template(name, { count } = {}) {
    const key = ofPage && has(`${name}.of-page`) ? `${name}.of-page` : name;
    const text = own(texts, key) ?? own(en.ui, key) ?? key;
    return typeof text === 'string' ? text : (text[plural.select(count)] ?? text.other);
  }

  /** The parts of a text as children of an element; parameters may be elements. */
  function parts(key, parameters = {}) {
    return template(key, parameters).split(/\{(\w+)\}/).map((part, at) => {
      if (at % 2 === 0) return part;
      const value = parameters[part];
      return part === 'count' ? numbers.format(value) : value;
    }).filter((part) => part !== '');
  }

  const t = (key, parameters) => parts(key, parameters).join('');
  const has = (key) => own(texts, key) !== undefined || own(en.ui, key) !== undefined;

  /** A button that is gone once it has done its work. */
  function moreButton(text, act) {
    const button = element('button', { type: 'button', class: 'link' }, text);
    button.addEventListener('click', () => {
      act();
      button.remove();
    });
    return button;
  }

  /** A stranger's text: isolated from the direction of its surroundings, cut, and with a way to see all of it. */
  function foreign(value, { code = false } = {}) {
    const text = String(value);
    return fill(element(code ? 'code' : 'bdi', code ? { dir: 'ltr' } : {}), text, beginning(text));
  }

  /** The name that a stranger gives, for among the page's own words: one line, in a box that tells it from them. */
  function name(value) {
    const text = oneLine(value);
    return fill(element('bdi', { class: 'name' }), text, beginning(text, NAME_CHARACTERS));
  }

  function fill(isolated, text, start) {
    const hint = t('text.hidden-character');
    if (start === text) {
      isolated.append(...visible(text, hint));
      return isolated;
    }
    isolated.append(...visible(start, hint), '…');
    const whole = element('span', {}, isolated, ' ');
    whole.append(moreButton(t('text.show-all', { count: text.length }), () => {
      isolated.replaceChildren(...visible(text, hint));
      whole.replaceChildren(isolated);
    }));
    return whole;
  }

  // What stands between backticks is code.
  const marked = (text) => messageParts(oneLine(text)).map(([part, isCode]) => foreign(part, { code: isCode }));

  /** A message of the verifier, which is English in every language. */
  const message = (text) => element('span', locale === 'en' ? {} : { lang: 'en' }, marked(text));

  const number = (value, options) => (options ? new Intl.NumberFormat(locale, options) : numbers).format(value);

  /** The term of a claim, or a kind of credential, for people. */
  const term = (name) => own(terms, name) ?? own(en.terms, name) ?? words(name);

  /** What a code means and what to do, in this language: `[what, help]`. English has the messages themselves. */
  const code = (name) => own(codes, name)?.map((text) => text && marked(text));

  /** A text for one of several known things; what is not known is said as it is. */
  const known = (prefix, name) => (has(`${prefix}.${name}`) ? t(`${prefix}.${name}`) : plain(name, 40));

  /** What a credential is, without what every credential is. */
  function kind({ type }) {
    const kinds = [type].flat().filter((one) => one !== 'VerifiableCredential').map((one) => term(String(one)));
    return kinds.join(', ') || t('content.credential');
  }

  /** `12.1 KiB` */
  function byteSize(bytes) {
    if (bytes < 1024) return t('text.bytes', { count: bytes });
    const power = Math.min(UNITS.length, Math.floor(Math.log2(bytes) / 10));
    return `${number(bytes / 1024 ** power, { maximumFractionDigits: 1 })} ${UNITS[power - 1]}`;
  }

  return { byteSize, code, foreign, has, kind, known, locale, message, moreButton, name, number, parts, t, term };
}
