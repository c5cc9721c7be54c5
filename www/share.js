// Ways to pass on what is checked here: a link, a QR code, and texts for other pages. Nothing is sent anywhere.

import { linkTo, linkToSource, pageAddress } from './link.js';
import { drawQr, LONGEST_QR } from './qr.js';
import { snippets } from './verifier/snippets.js';
import { element } from './verifier/view/text.js';

// What most programs that pass links on let through.
const LONGEST_LINK = 1_000_000;

export async function showShare(page) {
  const { ui, passports: [{ text, address }, ...supporting], documents } = page;
  const left = supporting.length + documents.length;
  const back = document.activeElement;
  const link = await linkTo(pageAddress(), text);
  const sourceLink = address && linkToSource(pageAddress(), address);
  const isLocal = location.protocol === 'file:';
  const { markdown, iframe, element: tag } = address && !isLocal ? snippets({ page: pageAddress(), src: address }) : {};
  const close = element('button', { type: 'button', class: 'button' }, ui.t('share.close'));
  const isShort = link.length <= LONGEST_LINK;
  const dialog = element('dialog', { id: 'share', 'aria-labelledby': 'share-title' },
    element('h2', { id: 'share-title', tabindex: '-1', autofocus: true }, ui.t('share')),
    element('p', { class: 'quiet' }, ui.t('share.meaning')),
    left > 0 && element('p', { id: 'share-without' }, ui.t('share.without', { count: left })),
    isLocal && element('p', {}, ui.t('share.local')),
    isShort ? copied(ui, 'link', link) : element('p', {}, ui.t('share.too-long')),
    sourceLink && copied(ui, 'source', sourceLink),
    await showQr(ui, [link, sourceLink]),
    markdown && [copied(ui, 'markdown', markdown), copied(ui, 'iframe', iframe), copied(ui, 'element', tag)],
    !address && element('p', { class: 'quiet' }, ui.t('share.no-address')),
    element('div', { class: 'buttons' }, close));
  document.body.append(dialog);
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    dialog.remove();
    back?.focus();
  });
  dialog.showModal();
}

async function showQr(ui, [link, sourceLink]) {
  const fits = link.length <= LONGEST_QR;
  const shown = fits ? link : sourceLink;
  return element('div', { class: 'share-row' },
    element('h3', {}, ui.t('share.qr')),
    !fits && element('p', {}, ui.t(shown ? 'share.qr-source' : 'share.qr-too-large')),
    shown && shown.length <= LONGEST_QR && await drawQr(shown, ui.t('share.qr-name')));
}

function copied(ui, name, text) {
  const id = `share-${name}`;
  const field = element('textarea', { id, readonly: true, rows: '3', spellcheck: 'false' });
  field.value = text;
  const done = element('span', { role: 'status', class: 'quiet' });
  const copy = element('button', { type: 'button', class: 'button small', 'aria-label': `${ui.t('share.copy')}: ${ui.t(`share.${name}`)}` }, ui.t('share.copy'));
  copy.addEventListener('click', async () => {
    field.select();
    const isCopied = await (navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'))).then(() => true, () => false);
    // Selected, it is one key away.
    done.textContent = ui.t(isCopied ? 'share.copied' : 'share.selected');
  });
  return element('div', { class: 'share-row' },
    element('label', { for: id }, ui.t(`share.${name}`)), field, element('div', { class: 'tools' }, copy, done));
}
