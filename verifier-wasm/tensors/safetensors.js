// The safetensors format: 8 bytes with the length of a header, the header in JSON, and the tensors back to back.
//
// Read strictly, like the issuer's reader: known types, sizes that fit, every byte after the header in one tensor.

import { hashRange, malformed, MAX_NAME_BYTES, MAX_TENSORS, tooMany } from './bytes.js';
import { readPart, unlessAborted } from '../hash/chunks.js';

// The format allows 100 MB. A passport lists 1,024 tensors, for which 150 kB do; the rest is for logs of trainers.
const MAX_HEADER_BYTES = 8 * 2 ** 20;
const LENGTH_BYTES = 8;
const MAX_RANK = 32;

const DTYPES = new Map([
  ['BOOL', ['bool', 8]], ['F4', ['float4e2m1', 4]], ['F6_E2M3', ['float6e2m3', 6]], ['F6_E3M2', ['float6e3m2', 6]],
  ['U8', ['uint8', 8]], ['I8', ['int8', 8]], ['F8_E5M2', ['float8e5m2', 8]], ['F8_E4M3', ['float8e4m3fn', 8]],
  ['F8_E8M0', ['float8e8m0', 8]], ['F8_E5M2FNUZ', ['float8e5m2fnuz', 8]], ['F8_E4M3FNUZ', ['float8e4m3fnuz', 8]],
  ['I16', ['int16', 16]], ['U16', ['uint16', 16]], ['F16', ['float16', 16]], ['BF16', ['bfloat16', 16]],
  ['I32', ['int32', 32]], ['U32', ['uint32', 32]], ['F32', ['float32', 32]], ['I64', ['int64', 64]],
  ['U64', ['uint64', 64]], ['F64', ['float64', 64]], ['C64', ['complex64', 64]],
]);

/** The tensors of a file by name, each with a `digest` that hashes its bytes. */
export async function readSafetensors(file, context) {
  const { signal } = context;
  if (file.size < LENGTH_BYTES) throw malformed('the file is too short for safetensors');
  const head = await unlessAborted(signal, readPart(file, 0, LENGTH_BYTES));
  const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  if (length > BigInt(file.size - LENGTH_BYTES)) throw malformed('the header is longer than the file');
  if (length > BigInt(MAX_HEADER_BYTES)) throw tooMany('bytes in the header');
  const start = LENGTH_BYTES + Number(length);
  const header = parse(await unlessAborted(signal, readPart(file, LENGTH_BYTES, start)));
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  if (entries.length > MAX_TENSORS) throw tooMany('tensors');
  const tensors = entries.map(([name, entry]) => readEntry(name, entry));
  checkLayout(tensors, file.size - start);
  return new Map(tensors.map(({ begin, end, ...tensor }) => {
    const digest = (onBytes) => hashRange(file, start + begin, start + end, context, onBytes);
    return [tensor.name, { ...tensor, bytes: end - begin, digest }];
  }));
}

function parse(bytes) {
  let header;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw malformed('the header is not JSON in UTF-8');
  }
  if (!isObject(header) || bytes[0] !== 0x7b) throw malformed('the header is not a JSON object');
  return header;
}

function readEntry(name, entry) {
  const members = isObject(entry) ? Object.keys(entry).sort().join() : '';
  if (members !== 'data_offsets,dtype,shape') throw malformed('a tensor has missing or unknown members');
  if (name.length > MAX_NAME_BYTES) throw malformed('a tensor has a name that is too long');
  const { data_offsets: offsets, dtype: code, shape } = entry;
  const known = DTYPES.get(code);
  if (known === undefined) throw malformed('a tensor has an unknown type');
  if (!isNaturals(shape) || shape.length > MAX_RANK) throw malformed('a tensor has a shape that no tensor can have');
  if (!isNaturals(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) throw malformed('a tensor has wrong offsets');
  const [dtype, bits] = known;
  const [begin, end] = offsets;
  // Shapes of a hostile file may be beyond what numbers hold.
  const wanted = shape.reduce((product, length) => product * BigInt(length), BigInt(bits));
  if (wanted !== BigInt(end - begin) * 8n) throw malformed('a tensor has another length than its type and shape make');
  return { name, dtype, alias: code, shape, begin, end };
}

function checkLayout(tensors, length) {
  tensors.sort((one, other) => one.begin - other.begin || one.end - other.end);
  let expected = 0;
  for (const { begin, end } of tensors) {
    if (begin !== expected) throw malformed('the tensors overlap, or leave bytes between them');
    expected = end;
  }
  if (expected !== length) throw malformed('the tensors end before or after the file does');
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

const isNaturals = (value) => Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
