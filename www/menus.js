// Language and theme, in the head of the page.

import { keep } from './kept.js';
import { LOCALES } from './verifier/view/index.js';
import { element } from './verifier/view/text.js';

const THEMES = ['system', 'light', 'dark'];

/** Light, dark, or as the system has it. */
export function setTheme(theme) {
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

export function showMenus(page) {
  const { ui } = page;
  const focused = document.activeElement?.id;
  const names = Object.entries(LOCALES).map(([locale, name]) => [locale, name, locale]);
  const language = menu('language', ui.t('page.language'), names, ui.locale, (locale) => {
    keep('language', locale);
    page.setLanguage(locale);
  });
  const themes = THEMES.map((theme) => [theme, ui.t(`page.theme.${theme}`)]);
  const theme = menu('theme', ui.t('page.theme'), themes, document.documentElement.dataset.theme ?? 'system', (picked) => {
    keep('theme', picked === 'system' ? undefined : picked);
    setTheme(picked);
  });
  document.getElementById('menus').replaceChildren(language, theme);
  if (focused === 'language' || focused === 'theme') document.getElementById(focused).focus();
}

function menu(id, label, entries, picked, act) {
  const options = entries.map(([value, name, lang]) => element('option', { value, lang, selected: value === picked }, name));
  const select = element('select', { id }, options);
  select.addEventListener('change', () => act(select.value));
  return element('label', { class: 'menu' }, element('span', {}, label), select);
}

