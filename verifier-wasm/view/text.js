// Words of strangers, made safe to look at.
//
// In scope: cutting what is too long, and showing characters that would hide or reorder others.
// Every string of a report or of a file name goes through here, and into the page as text nodes only.

const SHOWN_CHARACTERS = 280;
const SHOWN_LINES = 12;

// Controls, format characters (bidirectional overrides among them), line and paragraph separators, private
// use, half surrogates, what is drawn as nothing wherever there is no use for it (variation selectors among it), and
// the blank of Braille. A line feed, a tab and the joiners that some scripts spell words with are left.
const HIDDEN = /(?![\n\t\u200C\u200D])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** An element with attributes and children; strings among the children become text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

/** A stranger's text for places that take plain text only, such as a title or a label. */
export function plain(value, longest = SHOWN_CHARACTERS) {
  const text = String(value);
  const cut = text.length > longest ? `${wellCut(text, longest)}…` : text;
  return cut.replace(HIDDEN, (character) => codePoint(character));
}

/** A stranger's text as one line: what stands among the page's own words is not set apart by lines and gaps of its own. */
export function oneLine(value) {
  return String(value).replace(/[\p{Zs}\n\t]+/gu, ' ');
}

/** As much of a text as is shown at once: the text itself when that is all. */
export function beginning(text, longest = SHOWN_CHARACTERS) {
  const lines = text.slice(0, longest).split('\n', SHOWN_LINES).join('\n');
  const short = text.length <= longest * 1.2 && text.split('\n', SHOWN_LINES + 1).length <= SHOWN_LINES;
  return short ? text : wellCut(text, lines.length);
}

function wellCut(text, length) {
  // Not through the middle of a surrogate pair.
  return text.slice(0, length > 0 && text.codePointAt(length - 1) > 0xffff ? length - 1 : length);
}

/** The parts of a text, with what would not be seen as marked elements; `hint` explains the mark. */
export function visible(text, hint) {
  const parts = [];
  let from = 0;
  for (const { 0: character, index } of text.matchAll(HIDDEN)) {
    if (index > from) parts.push(text.slice(from, index));
    parts.push(element('span', { class: 'escaped', title: hint }, codePoint(character)));
    from = index + character.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function codePoint(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** `fineTunedFrom` as people write it: `Fine tuned from`. */
export function words(name) {
  const spaced = plain(name, 80).replace(/_/g, ' ').replace(/([a-z\d])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2');
  const lower = spaced.split(' ').map((word) => (/^[A-Z\d]{2,}$/.test(word) ? word : word.toLowerCase())).join(' ');
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}

/** A message of the verifier as parts `[text, whether it is code]`. */
export function messageParts(text) {
  const sentence = String(text);
  const start = /^[a-z]+\b(?![:/.])/.test(sentence) ? sentence.charAt(0).toUpperCase() + sentence.slice(1) : sentence;
  const whole = /[.?!]$/.test(start) ? start : `${start}.`;
  const parts = whole.split('`');
  if (parts.length % 2 === 0) return [[whole, false]];
  return parts.map((part, index) => [part, index % 2 === 1]).filter(([part]) => part !== '');
}
