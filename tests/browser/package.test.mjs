// The cases through the packed npm package in node, with and without WebCrypto, and what else it promises.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { artifact } from '../bench/subject.mjs';
import { caseOf, cases, installPackage, place, read, root, tests } from './harness.mjs';

const installed = installPackage();

describe('the npm package in node', async () => {
  const verifier = await import(pathToFileURL(join(installed, 'node.js')));

  for (const webCrypto of [true, false]) {
    test(`every report is the library's, WebCrypto ${webCrypto ? 'on' : 'off'}`, async () => {
      for (const { name, input, options, report } of cases) {
        assert.deepEqual(await verifier.verify(input, { ...options, webCrypto }), report, name);
      }
    });
  }

  test('a file is hashed to the root in its passport', async () => {
    const model = new Blob([readFileSync(join(tests, 'real', 'model', 'model.onnx'))]);
    const { size, merkleRoot } = await verifier.hashFile(model);
    const { report } = caseOf('bundle');
    const listed = report.shown.flatMap(({ content }) => content.credentialSubject.artifactManifest?.file ?? []);
    assert.deepEqual(listed.find(({ path }) => path === 'model.onnx').merkleRoot, merkleRoot);
    assert.equal(size, model.size);
  });

  test('a file is hashed alike whole, in parts and without WebCrypto, and can be given up', async (t) => {
    const bytes = new Uint8Array(9 * 2 ** 20 + 5).map((_, at) => at * 31);
    async function* parts() {
      for (let at = 0; at < bytes.length; at += 700_001) yield bytes.subarray(at, at + 700_001);
    }
    const seen = [];
    const whole = await verifier.hashFile(new Blob([bytes]), { onProgress: ({ done, total }) => seen.push([done, total]) });
    assert.deepEqual(seen.at(-1), [bytes.length, bytes.length]);
    assert.deepEqual(whole.merkleRoot, artifact({ path: 'x', bytes: Buffer.from(bytes) }).merkleRoot);
    assert.deepEqual(await verifier.hashFile(parts()), whole);
    assert.deepEqual(await verifier.hashFile(new Blob([bytes]).stream()), whole);
    await assert.rejects(verifier.hashFile(new Blob([bytes]), { signal: AbortSignal.abort() }), { name: 'AbortError' });
    t.mock.getter(globalThis, 'crypto', () => ({}));
    assert.deepEqual(await verifier.hashFile(new Blob([bytes])), whole);
  });

  test('hashing a large file keeps memory flat', async () => {
    const part = new Uint8Array(2 ** 20);
    async function* large() {
      for (let count = 0; count < 512; count += 1) yield part;
    }
    const before = process.memoryUsage().rss;
    const { size } = await verifier.hashFile(large());
    assert.equal(size, 512 * 2 ** 20);
    assert.ok(process.memoryUsage().rss - before < 128 * 2 ** 20);
  });

  test('a host whose WebCrypto refuses gives the same reports', async (t) => {
    for (const refused of ['importKey', 'verify']) {
      t.mock.method(crypto.subtle, refused, async () => { throw new DOMException('no', 'NotSupportedError'); });
      for (const { name, input, options, report } of cases.filter(({ name: one }) => /^(ecdsa|eddsa|bundle|claim)/.test(one))) {
        assert.deepEqual(await verifier.verify(input, options), report, name);
      }
      t.mock.restoreAll();
    }
  });

  test('a crash is an error and no verdict, and the calls around it are not touched', async () => {
    const { input, options, report } = caseOf('bundle');
    const before = verifier.verify(input, options);
    // More than the memory that the verifier declares.
    const flood = { domain: ['é'.repeat(95e6)] };
    await assert.rejects(verifier.verify('{}', { policy: flood }), { name: 'PassportVerifierError', code: 'verifier.stopped' });
    assert.deepEqual(await before, report);
    assert.deepEqual(await verifier.verify(input, options), report);
  });

  test('WebAssembly with another digest is not run', async () => {
    const copy = join(place, 'copy');
    cpSync(installed, copy, { recursive: true });
    const wasm = join(copy, 'pkg', 'verifier_bg.wasm');
    // An empty custom section: it would run all the same.
    writeFileSync(wasm, Buffer.concat([readFileSync(wasm), Buffer.from([0, 1, 0])]));
    const changed = await import(pathToFileURL(join(copy, 'node.js')));
    await assert.rejects(changed.version(), { code: 'verifier.not-loaded' });
  });

  test('the example prints a verdict and exits by it', () => {
    const example = join(place, 'example.mjs');
    cpSync(join(installed, 'examples', 'node.mjs'), example);
    const run = (name, ...files) => spawnSync(process.execPath, [example, join(tests, 'cases', name, 'input.json'), ...files], { encoding: 'utf8' });
    const good = run('bundle', join(tests, 'real', 'model', 'model.onnx'));
    assert.match(good.stdout, /^verified/);
    assert.equal(good.status, 0);
    assert.equal(run('claim-changed').status, 1);
    assert.equal(run('parent-missing').status, 2);
  });

  test('the types say what the schema of the report says', () => {
    const types = read(installed, 'index.d.ts');
    const schema = JSON.parse(read(root, 'contexts', 'passport', 'report.schema.json')).properties;
    const union = (name) => [...new RegExp(`type ${name} =([^;]+);`).exec(types)[1].matchAll(/'([^']+)'/g)].map(([, value]) => value);
    assert.deepEqual(union('Verdict'), schema.verdict.enum);
    assert.deepEqual(union('Stage'), schema.checks.items.properties.check.enum);
    assert.deepEqual(union('Outcome'), schema.checks.items.properties.outcome.enum);
    assert.deepEqual(union('NodeState').sort(), [...schema.nodes.items.properties.state.enum].sort());
    const members = (name) => [...new RegExp(`interface ${name} {([^}]+)}`).exec(types)[1].matchAll(/^ {2}(\w+)(\??):/gm)].map(([, member, optional]) => [member, optional === '']);
    const described = ({ properties, required }) => Object.keys(properties).map((member) => [member, required.includes(member)]);
    assert.deepEqual(members('Check'), described(schema.checks.items));
    assert.deepEqual(members('Node'), described(schema.nodes.items));
    assert.deepEqual(members('Report').map(([member]) => member), Object.keys(schema));
  });

  test('what is needed is named', async () => {
    const { input } = caseOf('did-web-without-document');
    const [need] = await verifier.needs(input);
    assert.deepEqual([need.kind, need.url], ['didDocument', 'https://hospital.example/.well-known/did.json']);
  });

  test('only misuse throws, with a name and a code', async () => {
    const misuses = [[{}, {}, 'misuse.text'], ['{}', { now: 'today' }, 'misuse.now'], ['{}', { evidence: { x: 1 } }, 'misuse.evidence'], ['{}', { policy: { x: 1 } }, 'misuse.policy'], ['{}', { evidence: { credentials: ['x'.repeat(28 * 2 ** 20)] } }, 'misuse.evidence']];
    for (const [text, options, code] of misuses) {
      await assert.rejects(verifier.verify(text, options), { name: 'PassportVerifierError', code });
    }
    for (const text of ['', '[[[[', '\u0000', '['.repeat(1e6), `"${'x'.repeat(17 * 2 ** 20)}"`]) {
      assert.equal((await verifier.verify(text)).verdict, 'not-verified');
    }
  });
});
