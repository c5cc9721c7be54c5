// The protobuf wire format, read in place: a message is a range of the file, walked field by field.
//
// Nothing is decoded into a tree, so that a file of any size takes one window of memory, and lengths that lie cost
// nothing. How many fields are looked at is bounded.

import { malformed, tooMany } from './bytes.js';
import { readPart, unlessAborted } from '../hash/chunks.js';

const WINDOW_BYTES = 64 * 2 ** 10;
// A key and a value that is no range take 5 and 10 bytes.
const FIELD_BYTES = 15;
const VARINT_BYTES = 10;
/** Some forty times what models of 50,000 operators have outside of their values. */
const MAX_FIELDS = 2_000_000;
const MAX_FIELD_NUMBER = 2 ** 29;

export const VARINT = 0;
export const BITS64 = 1;
export const BYTES = 2;
export const BITS32 = 5;

/** A file that is walked. Each value is `{ number, type }` and `value` of a VARINT, or `start` and `end` in the file. */
export class Wire {
  #file;
  #signal;
  #window = new Uint8Array();
  #from = 0;
  #at = 0;
  #fields = 0;

  constructor(file, signal) {
    this.#file = file;
    this.#signal = signal;
  }

  /** The next field of a message, which shrinks to what follows it; `undefined` at its end. */
  async next(message, { counted = true } = {}) {
    if (message.start >= message.end) return undefined;
    if (counted && (this.#fields += 1) > MAX_FIELDS) throw tooMany('fields');
    await this.#have(message.start, FIELD_BYTES);
    this.#at = message.start;
    const key = this.#varint(message.end);
    const number = Number(key) >= 8 * MAX_FIELD_NUMBER ? 0 : Math.floor(Number(key) / 8);
    if (number === 0) throw malformed('a field has a number that none can have');
    const field = { number, type: Number(key) & 7 };
    if (field.type === VARINT) field.value = this.#varint(message.end);
    else this.#range(field, message.end);
    message.start = field.type === VARINT ? this.#at : field.end;
    return field;
  }

  #range(field, end) {
    const lengths = { [BITS64]: 8, [BITS32]: 4 };
    const length = field.type === BYTES ? this.#varint(end) : lengths[field.type];
    if (length === undefined) throw malformed('a field has an unknown type');
    if (length > end - this.#at) throw malformed('a value is cut off');
    field.start = this.#at;
    field.end = this.#at + Number(length);
  }

  /** The bytes of a range, in pieces; a piece is good until the next. */
  async* pieces({ start, end }) {
    for (let at = start; at < end;) {
      await this.#have(at, 1);
      const piece = this.#window.subarray(at - this.#from, end - this.#from);
      yield piece;
      at += piece.length;
    }
  }

  /** The integers packed in a range, as many at a time as are at hand. */
  async* packed({ start, end }) {
    for (let at = start; at < end; at = this.#at) {
      await this.#have(at, VARINT_BYTES);
      this.#at = at;
      const values = [];
      const last = this.#from + this.#window.length;
      do values.push(this.#varint(end));
      while (this.#at < end && (this.#at + VARINT_BYTES <= last || last === this.#file.size));
      yield values;
    }
  }

  /** The text of a range. */
  async text({ start, end }, max) {
    if (end - start > max) throw malformed('a name is too long');
    const bytes = await unlessAborted(this.#signal, readPart(this.#file, start, end));
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw malformed('a name is not UTF-8');
    }
  }

  // Makes sure that so many bytes from there on are in the window, as far as the file has them.
  async #have(at, length) {
    const end = Math.min(at + length, this.#file.size);
    if (at >= this.#from && end <= this.#from + this.#window.length) return;
    const until = Math.min(at + WINDOW_BYTES, this.#file.size);
    this.#signal?.throwIfAborted();
    this.#window = await unlessAborted(this.#signal, readPart(this.#file, at, until));
    this.#from = at;
  }

  // A number; above 2^49, a BigInt. The window has it, or the file ends.
  #varint(end) {
    let value = 0;
    let scale = 1;
    const begun = this.#at;
    while (this.#at < end && this.#at - begun < 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    let long = BigInt(value);
    for (let shift = 49n; this.#at < end && shift < 64n; shift += 7n) {
      const byte = this.#byte();
      if (shift === 63n && byte > 1) break;
      long |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return long;
    }
    throw malformed('an integer is cut off, or has more than 64 bits');
  }

  #byte() {
    const byte = this.#window[this.#at - this.#from];
    this.#at += 1;
    return byte;
  }
}

/** A message, a text, bytes or packed numbers. */
export function bytesOf({ type, start, end }) {
  if (type !== BYTES) throw malformed('a value has the wrong type');
  return { start, end };
}

/** An integer. */
export function varintOf({ type, value }) {
  if (type !== VARINT) throw malformed('a value has the wrong type');
  return value;
}
