// The cases through every entry of the packed npm package, with and without WebCrypto, and what else it promises.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { artifact } from '../bench/subject.mjs';
import { caseOf, cases, installPackage, launch, place, read, root, tests } from './harness.mjs';
import { serveFolder, visit, writePage } from './packed.mjs';

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

  test('what is being hashed outlives a verification that takes much memory, and ends with a crash, alone', async () => {
    // Its parts come one by one, so that something else can happen in between.
    const slowly = () => {
      const { readable, writable } = new TransformStream();
      const writer = writable.getWriter();
      return { hash: verifier.hashFile(readable, { sha256: true }), part: () => writer.write(new Uint8Array(4 * 2 ** 20)), end: () => writer.close() };
    };
    const wanted = await verifier.hashFile(new Blob([new Uint8Array(8 * 2 ** 20)]), { sha256: true });
    const first = slowly();
    await first.part();
    // It is refused, and the memory is taken; the next call would give it up.
    await assert.rejects(verifier.verify('{}', { policy: { domain: ['é'.repeat(30e6)] } }), { code: 'misuse.policy' });
    await verifier.verify('{}');
    await first.part();
    await first.end();
    assert.deepEqual(await first.hash, wanted);

    const before = slowly();
    await before.part();
    await assert.rejects(verifier.verify('{}', { policy: { domain: ['é'.repeat(95e6)] } }), { code: 'verifier.stopped' });
    const after_ = slowly();
    await after_.part();
    const lost = assert.rejects(before.hash, { code: 'verifier.stopped', message: /something else/ });
    await before.part().catch(() => {});
    await before.end().catch(() => {});
    await lost;
    await after_.part();
    await after_.end();
    assert.deepEqual(await after_.hash, wanted);
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
    const misuses = [[{}, {}, 'misuse.text'], ['{}', { now: 'today' }, 'misuse.now'], ['{}', { evidence: { x: 1 } }, 'misuse.evidence'], ['{}', { policy: { x: 1 } }, 'misuse.policy'], ['{}', { policy: { x: 1n } }, 'misuse.policy'], ['{}', { evidence: { credentials: ['x'.repeat(28 * 2 ** 20)] } }, 'misuse.evidence']];
    for (const [text, options, code] of misuses) {
      await assert.rejects(verifier.verify(text, options), { name: 'PassportVerifierError', code });
    }
    for (const text of ['', '[[[[', '\u0000', '['.repeat(1e6), `"${'x'.repeat(17 * 2 ** 20)}"`]) {
      assert.equal((await verifier.verify(text)).verdict, 'not-verified');
    }
  });
});

describe('the other entries in node', async () => {
  const from = (name) => import(pathToFileURL(join(installed, name)));
  const bundle = caseOf('bundle');
  const { createVerifier, PassportVerifierError } = await from('worker-node.js');

  test('every report is the library\'s, in one piece', async () => {
    const { verify } = await from('inline.js');
    for (const { name, input, options, report } of cases) assert.deepEqual(await verify(input, options), report, name);
  });

  test('every report is the library\'s, from a worker', async () => {
    const verifier = createVerifier();
    const reports = await Promise.all(cases.map(({ input, options }) => verifier.verify(input, options)));
    cases.forEach(({ name, report }, at) => assert.deepEqual(reports[at], report, name));
    verifier.terminate();
  });

  test('a worker throws what the package throws, and is usable after a crash', async () => {
    const verifier = createVerifier();
    for (const [text, options, code] of [[{}, {}, 'misuse.text'], ['{}', { now: 'today' }, 'misuse.now'], ['{}', { policy: { x: 1 } }, 'misuse.policy'], ['{}', { evidence: { x: () => {} } }, 'misuse.arguments']]) {
      const error = await verifier.verify(text, options).catch((one) => one);
      assert.ok(error instanceof PassportVerifierError);
      assert.equal(error.code, code);
    }
    await assert.rejects(verifier.verify('{}', { policy: { domain: ['é'.repeat(95e6)] } }), { name: 'PassportVerifierError', code: 'verifier.stopped' });
    assert.deepEqual(await verifier.verify(bundle.input, bundle.options), bundle.report);
    assert.deepEqual(await verifier.needs(caseOf('did-web-without-document').input), await (await from('node.js')).needs(caseOf('did-web-without-document').input));
    verifier.terminate();
  });

  test('a worker takes the WebAssembly from the caller, its digest checked', async () => {
    const bytes = readFileSync(join(installed, 'pkg', 'verifier_bg.wasm'));
    for (const source of [bytes, new Uint8Array(bytes).buffer, new Response(bytes), WebAssembly.compile(bytes), pathToFileURL(join(installed, 'pkg', 'verifier_bg.wasm'))]) {
      const verifier = createVerifier({ source });
      assert.deepEqual(await verifier.verify(bundle.input, bundle.options), bundle.report);
      verifier.terminate();
    }
    const failed = (async () => { throw new Error('no'); })();
    failed.catch(() => {});
    for (const [source, code] of [[Buffer.concat([bytes, Buffer.from([0, 1, 0])]), 'verifier.not-loaded'], [new Response('', { status: 404 }), 'verifier.not-loaded'], [5, 'misuse.source'], [failed, 'verifier.not-loaded']]) {
      const verifier = createVerifier({ source });
      await assert.rejects(verifier.verify(bundle.input), { name: 'PassportVerifierError', code });
      verifier.terminate();
    }
  });

  test('a worker hashes what the package hashes, says how far it is, and can be stopped', async () => {
    const verifier = createVerifier();
    const { hashFile } = await from('node.js');
    const bytes = new Uint8Array(9 * 2 ** 20 + 5).map((_, at) => at * 31);
    async function* parts() {
      for (let at = 0; at < bytes.length; at += 700_001) yield bytes.slice(at, at + 700_001);
    }
    const seen = [];
    const expected = await hashFile(new Blob([bytes]));
    assert.deepEqual(await verifier.hashFile(new Blob([bytes]), { onProgress: (progress) => seen.push(progress.done) }), expected);
    assert.equal(seen.at(-1), bytes.length);
    assert.deepEqual(await verifier.hashFile(parts()), expected);
    assert.deepEqual(await verifier.hashFile(new Blob([bytes]).stream()), expected);
    await assert.rejects(verifier.hashFile(new Blob([bytes]), { signal: AbortSignal.abort() }), { name: 'AbortError' });
    const stop = new AbortController();
    await assert.rejects(verifier.hashFile(new Blob([bytes]), { signal: stop.signal, onProgress: () => stop.abort() }), { name: 'AbortError' });
    assert.throws(() => verifier.hashFile('x'), { code: 'misuse.file' });
    verifier.terminate();
  });

  test('a worker that is over its time is replaced, and what waited behind is answered', async () => {
    const { Worker } = await import('node:worker_threads');
    const started = [];
    // The first answers that it is ready, and then nothing.
    const hangs = "const { parentPort } = require('node:worker_threads'); parentPort.on('message', ({ id, task }) => task === 'init' && parentPort.postMessage({ id }));";
    const worker = () => {
      started.push(started.length === 0 ? new Worker(hangs, { eval: true }) : new Worker(join(installed, 'worker', 'script-node.js')));
      return started.at(-1);
    };
    const verifier = createVerifier({ worker, timeLimit: 2_000 });
    const hashing = verifier.hashFile(new Blob(['x']));
    const [first, second, hash] = await Promise.allSettled([verifier.verify('{}'), verifier.verify(bundle.input, bundle.options), hashing]);
    assert.equal(first.reason.code, 'verifier.timed-out');
    assert.equal(hash.reason.code, 'verifier.stopped');
    assert.deepEqual(second.value, bundle.report);
    assert.equal(started.length, 2);
    verifier.terminate();
  });

  test('loading has a time limit too, the next call loads anew, and an end ends it', async () => {
    const given = [new Promise(() => {}), readFileSync(join(installed, 'pkg', 'verifier_bg.wasm'))];
    const verifier = createVerifier({ source: () => given.shift(), timeLimit: 2_000 });
    await assert.rejects(verifier.verify('{}'), { name: 'PassportVerifierError', code: 'verifier.not-loaded' });
    assert.deepEqual(await verifier.verify(bundle.input, bundle.options), bundle.report);
    verifier.terminate();
    const ended = createVerifier({ source: new Promise(() => {}) });
    const pending = ended.verify('{}');
    setTimeout(() => ended.terminate());
    await assert.rejects(pending, { code: 'verifier.stopped' });
  });

  test('a worker that dies is an error, and the next call has another; after the end there is none', async () => {
    const { Worker } = await import('node:worker_threads');
    let started = 0;
    const worker = () => {
      started += 1;
      return started === 1 ? new Worker('process.exit(1)', { eval: true }) : new Worker(join(installed, 'worker', 'script-node.js'));
    };
    const never = createVerifier({ worker: () => { throw new DOMException('no', 'SecurityError'); } });
    await assert.rejects(never.version(), { name: 'PassportVerifierError', code: 'verifier.not-loaded' });
    const verifier = createVerifier({ worker });
    await assert.rejects(verifier.verify(bundle.input), { name: 'PassportVerifierError', code: 'verifier.not-loaded' });
    assert.deepEqual(await verifier.verify(bundle.input, bundle.options), bundle.report);
    const pending = verifier.verify(bundle.input);
    verifier.terminate();
    await assert.rejects(pending, { code: 'verifier.stopped' });
    await assert.rejects(verifier.version(), { code: 'verifier.stopped' });
    assert.equal(started, 2);
  });

  test('a worker that has nothing to do keeps no process alive', () => {
    const script = "import { createVerifier } from '@model-passport/verifier/worker'; console.log((await createVerifier().verify('{}')).verdict);";
    const { stdout, status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: place, encoding: 'utf8', timeout: 60_000 });
    assert.deepEqual([stdout, status, signal], ['not-verified\n', 0, null]);
  });
});

describe('the WebAssembly from the caller', () => {
  const wasm = () => readFileSync(join(installed, 'pkg', 'verifier_bg.wasm'));

  // A fresh copy of an entry, in a process where the file beside the script cannot be had.
  function inProcess(entry, source, { conditions = [] } = {}) {
    const script = `
      import { readFileSync } from 'node:fs';
      const bytes = readFileSync(${JSON.stringify(join(installed, 'pkg', 'verifier_bg.wasm'))});
      const changed = Buffer.concat([bytes, Buffer.from([0, 1, 0])]);
      const text = readFileSync(${JSON.stringify(join(tests, 'cases', 'bundle', 'input.json'))}, 'utf8');
      globalThis.fetch = async (url) => { throw new TypeError('fetch failed: ' + url); };
      const { init, verify } = await import('${entry}');
      try {
        ${source === undefined ? '' : `await init(${source});`}
        console.log((await verify(text)).verdict);
      } catch ({ name, code }) {
        console.log(name, code);
      }`;
    const { stdout, stderr } = spawnSync(process.execPath, [...conditions.map((one) => `--conditions=${one}`), '--input-type=module', '-e', script], { cwd: place, encoding: 'utf8' });
    assert.equal(stderr, '');
    return stdout.trim();
  }

  for (const condition of ['workerd', 'edge-light']) {
    test(`${condition} loads it from bytes, a Response or a Module, and not from beside the script`, () => {
      const run = (source) => inProcess('@model-passport/verifier', source, { conditions: [condition] });
      assert.equal(run(undefined), 'PassportVerifierError verifier.not-loaded');
      for (const source of ['bytes', 'new Uint8Array(bytes).buffer', 'new DataView(new Uint8Array(bytes).buffer)', 'Promise.resolve(bytes)', 'new Response(bytes)',
        "new Response(bytes, { headers: { 'content-type': 'application/wasm' } })", 'WebAssembly.compile(bytes)']) {
        assert.equal(run(source), 'verified', source);
      }
    });
  }

  test('what has another digest is not run, and what is none of these is misuse', () => {
    const run = (source) => inProcess('@model-passport/verifier/inline', source);
    assert.equal(run(undefined), 'verified');
    for (const source of ['changed', 'new Response(changed)', "new Response('', { status: 404 })", "'https://x.example/verifier.wasm'", "Promise.reject(new Error('no'))", 'new Uint8Array()']) {
      assert.equal(run(source), 'PassportVerifierError verifier.not-loaded', source);
    }
    for (const source of ['{}', '5', 'null']) assert.equal(run(source), 'PassportVerifierError misuse.source', source);
  });

  test('node reads a file, and a source that failed does not stop the next', async () => {
    const copy = join(place, 'again');
    cpSync(installed, copy, { recursive: true });
    const { init, version } = await import(pathToFileURL(join(copy, 'node.js')));
    await assert.rejects(init(Buffer.concat([wasm(), Buffer.from([0, 1, 0])])), { code: 'verifier.not-loaded' });
    await assert.rejects(init(pathToFileURL(join(copy, 'nowhere.wasm'))), { code: 'verifier.not-loaded' });
    await init(pathToFileURL(join(installed, 'pkg', 'verifier_bg.wasm')));
    assert.equal(await version(), JSON.parse(read(installed, 'package.json')).version);
  });
});

describe('the other entries in Chromium', () => {
  let browser;
  let server;

  before(async () => {
    writePage(place, 'blank', {});
    server = await serveFolder(place);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  const all = cases.map(({ name, input: text, options }) => ({ name, text, options }));
  const base = '/node_modules/@model-passport/verifier';

  test('every report is the library\'s, in one piece and without a request', async () => {
    const { context, page, complaints } = await visit(browser, `${server.url}blank.html`);
    const before = await page.evaluate(async (address) => {
      globalThis.api = await import(address);
      return performance.getEntriesByType('resource').length;
    }, `${base}/inline.js`);
    const [reports, after_] = await page.evaluate(async (given) => {
      const found = [];
      for (const { text, options } of given) found.push(JSON.stringify(await api.verify(text, options)));
      return [found, performance.getEntriesByType('resource').length];
    }, all);
    cases.forEach(({ name, report }, at) => assert.deepEqual(JSON.parse(reports[at]), report, name));
    assert.equal(after_, before);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('every report is the library\'s, from a worker, and the worker ends', async () => {
    const { context, page, complaints } = await visit(browser, `${server.url}blank.html`);
    const reports = await page.evaluate(async ([given, address]) => {
      const { createVerifier } = await import(address);
      globalThis.verifier = createVerifier();
      return Promise.all(given.map(async ({ text, options }) => JSON.stringify(await verifier.verify(text, options))));
    }, [all, `${base}/worker.js`]);
    cases.forEach(({ name, report }, at) => assert.deepEqual(JSON.parse(reports[at]), report, name));
    assert.equal(page.workers().length, 1);
    const closed = page.workers()[0].waitForEvent('close');
    await page.evaluate(() => verifier.terminate());
    await closed;
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a crash in a worker is an error, a worker that hangs is replaced', async () => {
    writeFileSync(join(place, 'hangs.js'), "self.addEventListener('message', ({ data: { id, task } }) => task === 'init' && self.postMessage({ id }));");
    const { context, page } = await visit(browser, `${server.url}blank.html`);
    const outcome = await page.evaluate(async ([text, address]) => {
      const { createVerifier } = await import(address);
      const verifier = createVerifier();
      const crash = await verifier.verify('{}', { policy: { domain: ['é'.repeat(95e6)] } }).catch(({ code }) => code);
      const { verdict } = await verifier.verify(text);
      let count = 0;
      const worker = () => {
        count += 1;
        return new Worker(count === 1 ? '/hangs.js' : new URL('./worker/script.js', new URL(address, location.href)), { type: 'module' });
      };
      const limited = createVerifier({ worker, timeLimit: 2_000 });
      const late = await limited.verify(text).catch(({ code }) => code);
      const next = await limited.verify(text);
      return [crash, verdict, late, next.verdict, count];
    }, [caseOf('bundle').input, `${base}/worker.js`]);
    assert.deepEqual(outcome, ['verifier.stopped', 'verified', 'verifier.timed-out', 'verified', 2]);
    await context.close();
  });

  test('a page gives the WebAssembly as an address, and a changed one is refused', async () => {
    const bytes = readFileSync(join(installed, 'pkg', 'verifier_bg.wasm'));
    writeFileSync(join(place, 'changed.wasm'), Buffer.concat([bytes, Buffer.from([0, 1, 0])]));
    writeFileSync(join(place, 'same.wasm'), bytes);
    const { context, page } = await visit(browser, `${server.url}blank.html`);
    const outcome = await page.evaluate(async ([text, address]) => {
      const { init, verify } = await import(address);
      const refused = await init('/changed.wasm').catch(({ code }) => code);
      await init(new URL('/same.wasm', location.href));
      return [refused, (await verify(text)).verdict, performance.getEntriesByType('resource').some(({ name }) => name.endsWith('verifier_bg.wasm'))];
    }, [caseOf('bundle').input, `${base}/index.js`]);
    assert.deepEqual(outcome, ['verifier.not-loaded', 'verified', false]);
    await context.close();
  });
});

describe('what is shipped', () => {
  const manifest = JSON.parse(read(installed, 'package.json'));

  test('the list of digests is that of every file that a page may load', () => {
    const listed = JSON.parse(read(installed, 'pkg', 'integrity.json'));
    const shipped = readdirSync(installed, { recursive: true }).filter((name) => /\.(js|wasm|css)$/.test(name)
      && !/^examples\/|^(node|worker-node|worker\/script-node)\.js$/.test(name));
    assert.deepEqual(Object.keys(listed).sort(), shipped.sort());
    for (const [name, { integrity, sha256, bytes }] of Object.entries(listed)) {
      const content = readFileSync(join(installed, name));
      assert.equal(integrity, `sha384-${createHash('sha384').update(content).digest('base64')}`, `${name}: run build.mjs --digests`);
      assert.equal(sha256, createHash('sha256').update(content).digest('hex'));
      assert.equal(bytes, content.length);
    }
  });

  test('what the build makes from the sources is the same wherever they lie', async () => {
    const { writeGenerated } = await import(pathToFileURL(join(root, 'verifier-wasm', 'generated.mjs')));
    const made = ['integrity.js', 'integrity.json', 'inline.js', 'view.css.js', 'element.css.js'];
    const copy = join(place, 'elsewhere');
    mkdirSync(copy);
    cpSync(installed, copy, { recursive: true });
    for (const name of made) writeFileSync(join(copy, 'pkg', name), '');
    writeGenerated(copy);
    for (const name of made) assert.equal(read(copy, 'pkg', name), read(installed, 'pkg', name), name);
    for (const name of ['view/view.css', 'element/element.css']) {
      const { css } = await import(pathToFileURL(join(installed, 'pkg', `${name.split('/')[1]}.js`)));
      assert.equal(css, read(installed, name));
    }
  });

  test('every entry is there, scripts with effects are named, and nothing runs at installation', () => {
    const paths = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)));
    for (const path of [...paths, ...manifest.sideEffects, manifest.customElements]) assert.ok(existsSync(join(installed, path)), path);
    assert.deepEqual(Object.keys(manifest.scripts).filter((name) => /install|prepare/.test(name)), []);
    assert.equal(manifest.dependencies, undefined);
  });
});
