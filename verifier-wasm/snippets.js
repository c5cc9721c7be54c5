// Pieces of text by which others show a passport: for READMEs, model hubs and pages.
//
// A picture cannot check anything, so none of them says what the outcome is; each leads to where it is checked.

import { misuse } from './errors.js';

const BADGE = 'verifier/embed/badge.svg';
const ALTERNATIVE = 'Model passport: check';

/**
 * Snippets for the passport at `src`, checked at `page`, the address of a verification page: its folder has
 * `embed.html` and the package as `verifier/`.
 */
export function snippets({ page, src }) {
  const site = address(page, 'page');
  site.hash = '';
  const passport = address(src, 'src').href;
  const link = withFragment(site, { src: passport });
  const badge = new URL(BADGE, site).href;
  const frame = withFragment(new URL('embed.html', site), { src: passport, display: 'card' });
  const script = new URL('verifier/element.js', site).href;
  return {
    link,
    badge,
    markdown: `[![${ALTERNATIVE}](${markdownSafe(badge)})](${link})`,
    html: `<a href="${html(link)}"><img src="${html(badge)}" alt="${ALTERNATIVE}" width="164" height="20"></a>`,
    iframe: `<iframe src="${html(frame)}" title="Model passport" width="100%" height="320" sandbox="allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" loading="lazy"></iframe>`,
    element: `<script type="module" src="${html(script)}"></script>\n<model-passport src="${html(passport)}" verify-at="${html(site.href)}"></model-passport>`,
  };
}

function address(value, name) {
  let url;
  try {
    url = new URL(value);
  } catch {
    throw misuse(name, `\`${name}\` is no absolute address`);
  }
  if (!/^https?:$/.test(url.protocol)) throw misuse(name, `\`${name}\` has to begin with https://`);
  return url;
}

function withFragment(url, parameters) {
  // Parentheses and the like would end a link in Markdown.
  const fragment = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)}`);
  return `${markdownSafe(url.href)}#${fragment.join('&')}`;
}

const markdownSafe = (text) => text.replace(/[()]/g, (character) => (character === '(' ? '%28' : '%29'));
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const html = (text) => text.replace(/[&<>"]/g, (character) => ENTITIES[character]);
