// Which tensors of a file are not those of its passport: real files with a byte changed, and files made to harm.
// Needs verifier-wasm/pkg, which `node verifier-wasm/build.mjs` makes.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { compareTensors } from '../../verifier-wasm/node.js';

const real = (name) => readFileSync(new URL(`../real/model/${name}`, import.meta.url));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const SAME = { different: [], missing: [], additional: [], headerDiffers: false };

const report = JSON.parse(readFileSync(new URL('../cases/bundle/report.json', import.meta.url), 'utf8'));
const [{ tensors: listed }] = report.shown.flatMap(({ content }) => content.credentialSubject.weights ?? []);
// As the issuer's `capture` names types, which an ONNX file and a safetensors file share.
const common = listed.map((tensor) => ({ ...tensor, dtype: 'float32' }));

const compare = (bytes, format, tensors, options) => compareTensors(new Blob([bytes]), tensors, { format, ...options });
const refused = (bytes, format, code, tensors = []) => assert.rejects(compare(bytes, format, tensors), { name: 'PassportVerifierError', code });

describe('real files', () => {
  test('as they are, every tensor is the same', async () => {
    assert.deepEqual(await compare(real('model.safetensors'), 'safetensors', listed), { same: 6, ...SAME });
    assert.deepEqual(await compare(real('model.safetensors'), 'safetensors', common), { same: 6, ...SAME });
    assert.deepEqual(await compare(real('model.onnx'), 'onnx', common), { same: 6, ...SAME });
  });

  test('the format is known from the name', async () => {
    assert.equal((await compareTensors(new File([real('model.onnx')], 'Model.ONNX'), common)).same, 6);
  });

  // Where the bytes of a tensor stand is found by their hash alone.
  for (const [name, format] of [['model.safetensors', 'safetensors'], ['model.onnx', 'onnx']]) {
    test(`${name} with a byte changed: the tensor that has it, and no other`, async () => {
      for (const { name: tensor, shape, sha256: wanted } of listed) {
        const bytes = Buffer.from(real(name));
        const length = 4 * shape.reduce((product, count) => product * count, 1);
        let start = 0;
        while (sha256(bytes.subarray(start, start + length)) !== wanted) start += 1;
        for (const at of [start, start + length - 1]) {
          bytes[at] ^= 1;
          assert.deepEqual(await compare(bytes, format, common), { same: 5, ...SAME, different: [tensor] }, `${tensor} at ${at}`);
          bytes[at] ^= 1;
        }
      }
    });

    test(`${name} with tensors that are not listed, or not there`, async () => {
      const [first, ...rest] = common;
      const other = { ...first, name: 'other' };
      assert.deepEqual(await compare(real(name), format, [other, ...rest]), { same: 5, different: [], missing: ['other'], additional: [first.name], headerDiffers: true });
      for (const change of [{ shape: [1, ...first.shape] }, { dtype: 'int32' }]) {
        assert.deepEqual(await compare(real(name), format, [{ ...first, ...change }, ...rest]), { same: 5, ...SAME, different: [first.name], headerDiffers: true });
      }
    });
  }

  test('progress ends at the end, and it can be given up', async () => {
    const seen = [];
    await compare(real('model.safetensors'), 'safetensors', listed, { onProgress: (one) => seen.push(one) });
    assert.equal(seen.at(-1).done, seen.at(-1).total);
    await assert.rejects(compare(real('model.onnx'), 'onnx', common, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  });
});

const safetensors = (header, data = '') => {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.from(data)]);
};

describe('safetensors', () => {
  const tensor = (dtype, shape, ...offsets) => ({ dtype, shape, data_offsets: offsets });

  test('a tensor of more than one piece, and one without elements', async () => {
    const data = Buffer.alloc(9 * 2 ** 20 + 3, 7);
    const file = safetensors({ __metadata__: { x: 'y' }, large: tensor('U8', [data.length], 0, data.length), none: tensor('F64', [0, 9], data.length, data.length) }, data);
    const wanted = [{ name: 'large', dtype: 'uint8', shape: [data.length], sha256: sha256(data) }, { name: 'none', dtype: 'float64', shape: [0, 9], sha256: sha256('') }];
    assert.deepEqual(await compare(file, 'safetensors', wanted), { same: 2, ...SAME });
    const { crypto } = globalThis;
    Object.defineProperty(globalThis, 'crypto', { value: {}, configurable: true });
    try {
      assert.deepEqual(await compare(file, 'safetensors', wanted), { same: 2, ...SAME });
    } finally {
      Object.defineProperty(globalThis, 'crypto', { value: crypto, configurable: true });
    }
  });

  test('a name is a name, whatever it means elsewhere', async () => {
    const file = safetensors('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"constructor":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', '12');
    const wanted = [{ name: '__proto__', dtype: 'uint8', shape: [1], sha256: sha256('1') }];
    assert.deepEqual(await compare(file, 'safetensors', wanted), { same: 1, different: [], missing: [], additional: ['constructor'], headerDiffers: true });
  });

  test('what breaks the format is refused', async () => {
    const one = (entry, data = '1') => safetensors({ a: entry }, data);
    const two = (first, second) => safetensors({ a: tensor('U8', [first[1] - first[0]], ...first), b: tensor('U8', [second[1] - second[0]], ...second) }, '0123');
    const long = Buffer.alloc(8, 255);
    const broken = [
      Buffer.from(''), Buffer.from('1234567'), long, Buffer.concat([long, Buffer.alloc(99)]),
      ...['', '[]', ' {}', '{', '{} x', '"{}"', 'null', '{"a":NaN}', '{"a":1}', '{"a":null}', '{"a":[]}', '\ufeff{}'].map((header) => safetensors(header)),
      Buffer.concat([safetensors('{  }').subarray(0, 8), Buffer.from([0x7b, 0xe9, 0x20, 0x7d])]),
      one(tensor('F33', [1], 0, 1)), one(tensor('constructor', [1], 0, 1)), one({ ...tensor('U8', [1], 0, 1), more: 1 }),
      ...[[1.5], [-1], [null], ['1'], 1, [2 ** 60], Array(33).fill(1)].map((shape) => one(tensor('U8', shape, 0, 1))),
      ...[[1, 0], [0], [0, 1, 2], ['0', '1'], [0, 2]].map((offsets) => one({ ...tensor('U8', [1]), data_offsets: offsets })),
      one(tensor('U8', [2], 0, 1)), one(tensor('F4', [1], 0, 1)), one(tensor('U8', [2 ** 50, 2 ** 50], 0, 1)),
      one(tensor('U8', [1], 0, 1), '12'), one(tensor('U8', [1], 1, 2), '12'),
      two([0, 2], [1, 4]), two([0, 1], [2, 4]), two([0, 2], [2, 3]), two([0, 2], [2, 5]),
      one({ ...tensor('U8', [1], 0, 1) }, ''),
    ];
    for (const bytes of broken) await refused(bytes, 'safetensors', 'tensors.malformed');
    assert.deepEqual(await compare(two([2, 4], [0, 2]), 'safetensors', []), { same: 0, ...SAME, additional: ['a', 'b'], headerDiffers: true });
  });

  test('what is too large to be looked at is refused', async () => {
    const many = Object.fromEntries(Array.from({ length: 8_193 }, (_, at) => [`t${at}`, tensor('U8', [0], 0, 0)]));
    await refused(safetensors(many), 'safetensors', 'tensors.too-many');
    await refused(safetensors(`{${' '.repeat(9 * 2 ** 20)}}`), 'safetensors', 'tensors.too-many');
    await refused(safetensors('['.repeat(8e6)), 'safetensors', 'tensors.malformed');
    await refused(safetensors(`{"a":${'['.repeat(8e6)}`), 'safetensors', 'tensors.malformed');
  });
});

// A writer of protobuf, as far as it takes one.
const varint = (value) => {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
};
const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
const bits = (field, type, bytes) => Buffer.concat([varint(field * 8 + type), bytes]);
const text = (field, ...parts) => {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
};
const floats = (...values) => Buffer.from(new Float32Array(values).buffer);
const doubles = (...values) => Buffer.from(new Float64Array(values).buffer);
const initializer = (name, code, shape, ...rest) => text(5, tensorOf(name, code, shape, ...rest));
const tensorOf = (name, code, shape, ...rest) => Buffer.concat([...shape.map((length) => number(1, length)), number(2, code), text(8, name), ...rest]);
const model = (...parts) => Buffer.concat([number(1, 8), text(7, ...parts)]);

describe('ONNX', () => {
  const VALUES = [
    ['raw', 1, 'float32', [3], [text(9, floats(1, 2, 3))], floats(1, 2, 3)],
    ['floats, packed', 1, 'float32', [3], [text(4, floats(1, 2, 3))], floats(1, 2, 3)],
    ['floats, not packed', 1, 'float32', [2], [bits(4, 5, floats(1)), bits(4, 5, floats(2))], floats(1, 2)],
    ['floats, in parts', 1, 'float32', [3], [text(4, floats(1)), text(4, floats(2, 3))], floats(1, 2, 3)],
    ['complex', 14, 'complex64', [1], [text(4, floats(1, 2))], floats(1, 2)],
    ['doubles', 11, 'float64', [2], [text(10, doubles(1)), bits(10, 1, doubles(2))], doubles(1, 2)],
    ['int64', 7, 'int64', [3], [text(7, varint(-1), varint(2n ** 62n), varint(5))], Buffer.from(new BigInt64Array([-1n, 2n ** 62n, 5n]).buffer)],
    ['int8 in int32', 3, 'int8', [3], [text(5, varint(-1), varint(127)), number(5, -128)], Buffer.from([255, 127, 128])],
    ['float16 in int32', 10, 'float16', [1], [text(5, varint(0x3c00))], Buffer.from([0, 0x3c])],
    ['uint64', 13, 'uint64', [1], [text(11, varint(2n ** 64n - 1n))], Buffer.alloc(8, 255)],
    ['bool', 9, 'bool', [2], [text(5, varint(1), varint(0))], Buffer.from([1, 0])],
    ['int4 in bytes', 22, 'int4', [3], [text(9, [1, 2])], Buffer.from([1, 2])],
    ['texts', 8, 'string', [2], [text(6, 'ab'), text(6, '')], Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 97, 98, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['no elements', 1, 'float32', [0], [], Buffer.from('')],
    ['many integers', 6, 'int32', [100_000], [text(5, ...Array.from({ length: 100_000 }, (_, at) => varint(at)))], Buffer.from(new Int32Array(100_000).map((_, at) => at).buffer)],
  ];
  test('values in every field have the hash of their bytes', async () => {
    const tensors = VALUES.map(([name, , dtype, shape, , bytes]) => ({ name, dtype, shape, sha256: sha256(bytes) }));
    const bytes = model(...VALUES.map(([name, code, , shape, fields]) => initializer(name, code, shape, ...fields)));
    assert.deepEqual(await compare(bytes, 'onnx', tensors), { same: VALUES.length, ...SAME });
    for (const [at, { name }] of tensors.entries()) {
      const others = tensors.map((one, index) => (index === at ? { ...one, sha256: sha256('x') } : one));
      assert.deepEqual(await compare(bytes, 'onnx', others), { same: VALUES.length - 1, ...SAME, different: [name] });
    }
  });

  test('a large constant of a node is a tensor, a setting is none', async () => {
    const node = (output, kind, tensor, domain = '') => text(1, text(2, output), text(4, kind), ...(domain ? [text(7, domain)] : []), text(5, text(1, 'value'), text(5, tensor)));
    const large = tensorOf('', 1, [300], text(9, Buffer.alloc(1_200, 3)));
    const bytes = model(node('learned', 'Constant', large), node('axes', 'Constant', tensorOf('', 7, [2], text(9, Buffer.alloc(16)))),
      node('scalar', 'Constant', tensorOf('', 1, [], text(9, floats(1)))), node('pair', 'Constant', tensorOf('', 1, [2], text(9, floats(1, 2)))),
      node('x', 'Other', large), node('y', 'Constant', large, 'other.domain'));
    const { additional } = await compare(bytes, 'onnx', []);
    assert.deepEqual(additional, ['learned', 'pair']);
  });

  test('what breaks the format is refused', async () => {
    const full = Buffer.alloc(9, 255);
    const a = (...rest) => model(initializer('a', 1, [1], ...rest));
    const broken = [
      '', 'x', number(1, 8), [...number(1, 8), 0x3a, 5, 1], [0x08, 0x80], [0x08, ...full, 2], [0x08, ...full, 255, 1], [0x0b], [0x0f], [0, 0],
      [0x3a, ...full, 1], [0x3d, 1, 2], [0xf8, ...full, 1, 0], number(7, 1), [...model(), ...model()],
      model(initializer('a', 1, [1], text(9, floats(1))), initializer('a', 1, [1], text(9, floats(1)))),
      model(text(5, [0x08])), model(number(5, 1)),
      a(text(9, floats(1)), text(9, floats(1))), a(text(9, floats(1)), text(4, floats(1))), a(text(5, varint(1))), a(text(8, 'twice'), text(9, floats(1))),
      model(initializer('a', 0, [1])), model(initializer('a', 99, [1])), model(initializer('a', 8, [1], text(9, 'x'))),
      model(initializer('a', 1, [-1], text(9, ''))), model(initializer('a', 1, [2 ** 40, 2 ** 40], text(9, ''))), model(initializer('a', 1, Array(33).fill(1), text(9, floats(1)))),
      model(initializer('n'.repeat(5_000), 1, [1], text(9, floats(1)))), model(initializer([0xff], 1, [1], text(9, floats(1)))),
    ];
    for (const bytes of broken) await refused(Buffer.from(bytes), 'onnx', 'tensors.malformed');
    // Of values only those are read that a passport lists.
    const values = [[1, text(9, floats(1, 2))], [1, text(4, floats(1, 2))], [1, number(4, 1)], [1], [3, text(5, varint(1), varint(1))], [2, text(5, varint(256))], [3, text(5, varint(-129))], [7, text(7, [0x80])], [8, text(6, 'a'), text(6, 'b')]];
    const dtypes = { 1: 'float32', 2: 'uint8', 3: 'int8', 7: 'int64', 8: 'string' };
    for (const [code, ...fields] of values) {
      await refused(model(initializer('a', code, [1], ...fields)), 'onnx', 'tensors.malformed', [{ name: 'a', dtype: dtypes[code], shape: [1], sha256: sha256('') }]);
    }
  });

  test('what is elsewhere, or of a kind that no passport lists, is not compared', async () => {
    await refused(model(initializer('a', 1, [1], text(13, text(1, 'location'), text(2, 'weights.bin')), number(14, 1))), 'onnx', 'tensors.not-comparable');
    await refused(model(initializer('a', 1, [1], text(3, ''))), 'onnx', 'tensors.not-comparable');
    await refused(model(text(15, '')), 'onnx', 'tensors.not-comparable');
    await refused('PK', 'pytorch', 'tensors.not-comparable');
    await refused('PK', '__proto__', 'tensors.not-comparable');
    await refused('PK', undefined, 'tensors.not-comparable');
  });

  test('what is too large to be looked at is refused', async () => {
    await refused(model(...Array.from({ length: 8_193 }, (_, at) => initializer(`t${at}`, 1, [0]))), 'onnx', 'tensors.too-many');
    await refused(Buffer.alloc(2 * 2_100_000, Buffer.from([0x08, 1])), 'onnx', 'tensors.too-many');
    await refused(model(text(1, text(4, 'Constant'), ...Array.from({ length: 300 }, () => text(5, '')))), 'onnx', 'tensors.too-many');
  });
});

test('what is no list of tensors is misuse', async () => {
  const good = listed[0];
  for (const tensors of [undefined, {}, [good, good], [{ ...good, sha256: 'x' }], [{ ...good, shape: 1 }], [{ ...good, name: 1 }], [null], Array.from({ length: 9_000 }, (_, at) => ({ ...good, name: `${at}` }))]) {
    await assert.rejects(compare(real('model.safetensors'), 'safetensors', tensors), { name: 'PassportVerifierError', code: 'misuse.tensors' });
  }
});
