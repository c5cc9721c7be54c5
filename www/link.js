// What stands after the # of an address: `passport=…` itself, `src=…` where it lies, `lang=…`, `theme=…`.
//
// A link is a stranger's text: every part is bounded, and nothing is fetched because a link says so, but from the
// place that the page itself came from.

import { exactText, LONGEST_PASSPORT_BYTES } from './files.js';

// Base64 of what is not compressed, and a little for the names.
const LONGEST_FRAGMENT = Math.ceil(LONGEST_PASSPORT_BYTES / 3) * 4 + 4096;
const LONGEST_ADDRESS = 4096;
// Those that fetch.html may ask; a policy cannot name `[::1]`.
const LOOPBACK = ['127.0.0.1', 'localhost'];

/** The parts of a fragment; `undefined` for what is not there, and for a fragment that is none of ours. */
export function readFragment(hash) {
  if (hash.length > LONGEST_FRAGMENT) return { tooLong: true };
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const part = (name) => parts.get(name) ?? undefined;
  return { passport: part('passport'), src: part('src'), lang: part('lang'), theme: part('theme') };
}

/** The text of a passport in a link: base64url of it, as it is or compressed. */
export async function passportOf(encoded) {
  const bytes = fromBase64Url(encoded);
  const plain = asPlainText(bytes);
  return plain ?? exactText(await inflate(bytes, LONGEST_PASSPORT_BYTES));
}

function asPlainText(bytes) {
  try {
    const text = exactText(bytes);
    return /^\s*(\{|eyJ)/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** The same, back: compressed, for a link. */
export async function linkTo(page, text) {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return `${page}#passport=${toBase64Url(new Uint8Array(await new Response(packed).arrayBuffer()))}`;
}

/** A link to where a passport lies. */
export const linkToSource = (page, src) => `${page}#src=${encodeURIComponent(src)}`;

/** This page's own address, without what it was opened with. */
export const pageAddress = () => location.href.split(/[?#]/)[0];

/**
 * An address that may be asked, with `own` for the place that this page comes from: over https, or on this
 * computer. Anything else is `undefined`.
 */
export function readAddress(address) {
  const url = String(address).length <= LONGEST_ADDRESS && URL.canParse(address, location.href) ? new URL(address, location.href) : undefined;
  if (url === undefined || url.username || url.password) return undefined;
  if (/^https?:$/.test(location.protocol) && url.origin === location.origin) return { url, own: true };
  const allowed = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.includes(url.hostname));
  return allowed ? { url, own: false } : undefined;
}

/** A response's bytes, no more than `limit` of them. */
export async function readBounded(stream, limit) {
  const reader = stream.getReader();
  const parts = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length;
    if (length > limit) {
      await reader.cancel().catch(() => {});
      throw Object.assign(new Error('too large'), { code: 'too-large' });
    }
    parts.push(part.value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

// A few bytes can swell to gigabytes, so this counts while it flows.
async function inflate(bytes, limit) {
  return readBounded(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')), limit);
}

function fromBase64Url(text) {
  if (!/^[\w-]*$/.test(text)) throw new Error('not base64url');
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function toBase64Url(bytes) {
  const step = 0x8000; // As many arguments as every engine takes.
  let binary = '';
  for (let at = 0; at < bytes.length; at += step) binary += String.fromCharCode(...bytes.subarray(at, at + step));
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
