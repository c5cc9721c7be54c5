// An ONNX tensor: where its values stand, and their hash.
//
//   TensorProto  1 dims, 2 data_type, 8 name, 13 external_data, 14 data_location, and the values in one of 4 float_data,
//                5 int32_data, 6 string_data, 7 int64_data, 9 raw_data, 10 double_data, 11 uint64_data
//
// What is hashed are the little-endian bytes, row-major, whichever field they came in; of a text its length in 8
// bytes and its UTF-8. So the same tensor has the same hash in ONNX and in safetensors.

import { hashRange, malformed, MAX_NAME_BYTES, notComparable } from './bytes.js';
import { BITS32, BITS64, BYTES, bytesOf, VARINT, varintOf } from './protobuf.js';
import { hex } from '../hash/chunks.js';

const MAX_RANK = 32;
const SINK_BYTES = 64 * 2 ** 10;
const FLOATS = 4;
const TEXTS = 6;
const RAW = 9;
const DOUBLES = 10;
const EXTERNAL = 1;
const VALUE_FIELDS = [4, 5, 6, 7, RAW, DOUBLES, 11];

// By the format's number: the name in a passport, the bits of a value, and the field where it is not `raw_data`.
const DTYPES = [
  undefined, ['float32', 32, FLOATS], ['uint8', 8, 5], ['int8', 8, 5], ['uint16', 16, 5], ['int16', 16, 5],
  ['int32', 32, 5], ['int64', 64, 7], ['string', 0, TEXTS], ['bool', 8, 5], ['float16', 16, 5],
  ['float64', 64, DOUBLES], ['uint32', 32, 11], ['uint64', 64, 11], ['complex64', 64, FLOATS],
  ['complex128', 128, DOUBLES], ['bfloat16', 16, 5], ['float8e4m3fn', 8, 5], ['float8e4m3fnuz', 8, 5],
  ['float8e5m2', 8, 5], ['float8e5m2fnuz', 8, 5], ['uint4', 4, 5], ['int4', 4, 5], ['float4e2m1', 4, 5],
  ['float8e8m0', 8, 5], ['uint2', 2, 5], ['int2', 2, 5],
];

/** A tensor with its name, type and shape, and a `digest` that hashes its values. */
export async function readTensor({ file, context, wire }, range) {
  const message = { ...range };
  const shape = [];
  const fields = new Map();
  let [code, name, location, isExternal] = [];
  for (let field; (field = await wire.next(message));) {
    const { number } = field;
    if (number === 1) await readDims(wire, field, shape);
    if (number === 2) code = once(code, Number(varintOf(field)));
    if (number === 3) throw notComparable('tensors in segments are not compared');
    if (number === 8) name = once(name, bytesOf(field));
    if (number === 13) isExternal = true;
    if (number === 14) location = once(location, Number(varintOf(field)));
    if (number === RAW && fields.has(RAW)) throw malformed('a tensor has its values twice');
    if (VALUE_FIELDS.includes(number)) fields.set(number, field);
  }
  if (isExternal || location === EXTERNAL) throw notComparable('the tensors are in another file');
  const known = DTYPES[code];
  if (known === undefined) throw malformed('a tensor has an unknown type');
  const [dtype, bits, valueField] = known;
  const [one = RAW, ...others] = fields.keys();
  if (others.length > 0 || (one !== RAW && one !== valueField) || (valueField === TEXTS && fields.has(RAW))) {
    throw malformed('a tensor has values of another type');
  }
  const elements = shape.reduce((product, length) => product * length, 1n);
  const wanted = valueField === TEXTS ? elements : (elements * BigInt(bits) + 7n) / 8n;
  // Every value takes a bit in the file, whatever the shape claims.
  if (wanted > BigInt(file.size) * 64n) throw malformed('a tensor has a shape that the file cannot hold');
  const tensor = { bits, valueField, wanted: Number(wanted), range, raw: fields.get(RAW) };
  return {
    name: name ? await wire.text(name, MAX_NAME_BYTES) : '',
    dtype,
    shape: shape.map(Number),
    bytes: range.end - range.start,
    digest: (onBytes) => digest(tensor, { file, context, wire }, onBytes),
  };
}

/** How many values a tensor of a node has, and whether they are whole numbers. */
export async function outlineOf(wire, message) {
  const shape = [];
  let code = 0;
  for (let field; (field = await wire.next(message));) {
    if (field.number === 1) await readDims(wire, field, shape);
    if (field.number === 2) code = Number(varintOf(field));
    if (field.number === 13) return { elements: 2n ** 64n, whole: false };
  }
  // int32, int64, bool
  return { elements: shape.reduce((product, length) => product * length, 1n), whole: [6, 7, 9].includes(code) };
}

// Either one dimension or, packed, several.
async function readDims(wire, field, shape) {
  const add = (length) => {
    if (shape.length >= MAX_RANK || length > Number.MAX_SAFE_INTEGER) throw malformed('a tensor has a shape that no tensor can have');
    shape.push(BigInt(length));
  };
  if (field.type === VARINT) add(field.value);
  else for await (const lengths of wire.packed(bytesOf(field))) lengths.forEach(add);
}

function once(slot, value) {
  if (slot !== undefined) throw malformed('a field of a tensor stands twice');
  return value;
}

async function digest({ bits, valueField, wanted, range, raw }, { file, context, wire }, onBytes) {
  if (raw !== undefined) {
    const { start, end } = bytesOf(raw);
    if (end - start !== wanted) throw wrongLength();
    return hashRange(file, start, end, context, onBytes);
  }
  const sink = createSink(context.sha256());
  const message = { ...range };
  let texts = 0;
  for (let field; (field = await wire.next(message, { counted: false }));) {
    if (field.number !== valueField) continue;
    texts += 1;
    if (valueField === TEXTS) sink.integer(BigInt(field.end - bytesOf(field).start), 64);
    await pushValues(sink, field, { bits, valueField, wire });
  }
  if ((valueField === TEXTS ? texts : sink.bytes()) !== wanted) throw wrongLength();
  return sink.finish();
}

async function pushValues(sink, field, { bits, valueField, wire }) {
  if ([FLOATS, DOUBLES, TEXTS].includes(valueField)) {
    // Packed or not, these are little-endian in the file already.
    const single = { [FLOATS]: BITS32, [DOUBLES]: BITS64 }[valueField];
    if (field.type !== BYTES && field.type !== single) throw malformed('a value has the wrong type');
    for await (const piece of wire.pieces(field)) sink.push(piece);
  } else if (field.type === VARINT) {
    sink.integer(BigInt(field.value), bits);
  } else {
    for await (const values of wire.packed(bytesOf(field))) for (const value of values) sink.integer(BigInt(value), bits);
  }
}

const wrongLength = () => malformed('a tensor has another number of values than its type and shape make');

// Values on their way into the hash, many at a time.
function createSink(hash) {
  const buffer = new Uint8Array(SINK_BYTES);
  let filled = 0;
  let total = 0;
  const flush = () => {
    hash.update(buffer.subarray(0, filled));
    filled = 0;
  };
  const room = (length) => {
    if (filled + length > buffer.length) flush();
    total += length;
  };
  return {
    push(bytes) {
      // INVARIANT: a piece is no longer than the buffer.
      room(bytes.length);
      buffer.set(bytes, filled);
      filled += bytes.length;
    },
    // An integer field has one value in its lowest bytes, sign-extended or not.
    integer(value, valueBits) {
      const width = Math.max(valueBits, 8);
      const fits = value === BigInt.asUintN(width, value) || value === BigInt.asUintN(64, BigInt.asIntN(width, value));
      if (!fits) throw malformed('a tensor has a value that its type cannot hold');
      room(width / 8);
      for (let at = 0; at < width; at += 8) buffer[filled + at / 8] = Number((value >> BigInt(at)) & 0xffn);
      filled += width / 8;
    },
    bytes: () => total,
    finish() {
      flush();
      return hex(hash.finish());
    },
  };
}
