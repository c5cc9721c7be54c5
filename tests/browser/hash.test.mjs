// A file's hash by every way there is: in node, on a page, in a worker, by workers, without them and without WebCrypto;
// what becomes of it when a worker lies or dies, or the file changes. And which tensors of a file differ.
// Needs verifier-wasm/pkg, which `node verifier-wasm/build.mjs` makes.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, openAsBlob, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { compareTensors, hashFile, hashFiles } from '../../verifier-wasm/node.js';
import { artifact } from '../bench/subject.mjs';

const CHUNK = 4 * 2 ** 20;
// Workers are used from eight chunks on.
const SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 8 * CHUNK - 1, 8 * CHUNK, 8 * CHUNK + 1, 9 * CHUNK + 5];
const bytesOf = (size) => Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, at) => (at * 31) & 255)));
const wanted = (bytes) => {
  const { size, merkleRoot } = artifact({ path: 'x', bytes });
  return { size, merkleRoot, sha256: createHash('sha256').update(bytes).digest('hex') };
};
// The SHA-256 is there for files of less than a chunk.
const withoutSha256 = ({ sha256, ...rest }) => (rest.size < CHUNK ? { ...rest, sha256 } : rest);

const package_ = fileURLToPath(new URL('../../verifier-wasm/', import.meta.url));
const place = mkdtempSync(join(tmpdir(), 'model-passport-hash-'));
after(() => rmSync(place, { recursive: true, force: true }));

describe('in node', () => {
  test('every size has the root of the definition, and the SHA-256 where it is asked for', async () => {
    for (const size of SIZES) {
      const bytes = bytesOf(size);
      assert.deepEqual(await hashFile(new Blob([bytes])), withoutSha256(wanted(bytes)), `${size}`);
      assert.deepEqual(await hashFile(new Blob([bytes]), { sha256: true }), wanted(bytes), `${size}`);
    }
  });

  test('streams and iterables give the same', async () => {
    const bytes = bytesOf(2 * CHUNK + 7);
    async function* parts() {
      for (let at = 0; at < bytes.length; at += 700_001) yield bytes.subarray(at, at + 700_001);
    }
    assert.deepEqual(await hashFile(parts(), { sha256: true }), wanted(bytes));
    assert.deepEqual(await hashFile(new Blob([bytes]).stream()), withoutSha256(wanted(bytes)));
  });

  test('several files have their own results and one progress', async () => {
    const files = [0, 5, CHUNK, 9 * CHUNK].map(bytesOf);
    const seen = [];
    const results = await hashFiles(files.map((bytes) => new Blob([bytes])), { onProgress: (one) => seen.push(one) });
    assert.deepEqual(results, files.map((bytes) => withoutSha256(wanted(bytes))));
    checkProgress(seen, 10 * CHUNK + 5);
  });

  test('what never comes can be given up', async () => {
    const stop = new AbortController();
    const hanging = hashFile({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }, { signal: stop.signal });
    setTimeout(() => stop.abort());
    await assert.rejects(hanging, { name: 'AbortError' });
  });

  test('a file that has changed is an error with a code', async () => {
    const path = join(place, 'changed.bin');
    writeFileSync(path, bytesOf(2 * CHUNK));
    const file = await openAsBlob(path);
    writeFileSync(path, bytesOf(CHUNK));
    utimesSync(path, 1, 1);
    await assert.rejects(hashFile(file), { name: 'PassportVerifierError', code: 'file.unreadable' });
  });
});

function checkProgress(seen, total) {
  seen.forEach(({ done }, at) => assert.ok(done >= (seen[at - 1]?.done ?? 0) && done <= total, `${done} of ${total}`));
  assert.equal(seen.at(-1).done, total);
  assert.equal(seen.at(-1).total, total);
  assert.equal(seen.filter(({ done }) => done === total).length, 1);
}

// The package on the loopback; `?policy=` is the page's.
async function servePackage() {
  const types = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' };
  const own = { '/': '<!doctype html><title>t</title><input type="file">', '/worker.js': CALLER };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const policy = searchParams.get('policy');
    const type = own[pathname] && pathname === '/' ? 'text/html' : types[extname(pathname)];
    let body = own[pathname];
    try {
      body ??= type && readFileSync(join(package_, normalize(pathname)));
    } catch {
      body = undefined;
    }
    response.writeHead(body ? 200 : 404, { 'content-type': type ?? 'text/plain', ...(policy && { 'content-security-policy': policy }) });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, close: () => new Promise((resolve) => server.close(resolve)) };
}

// A worker that calls the package, as the page of this project does.
const CALLER = `
import { hashFile } from '/index.js';
self.addEventListener('message', async ({ data: { file, options } }) => {
  let started = 0;
  const Own = self.Worker;
  self.Worker = class extends Own { constructor(...given) { super(...given); started += 1; } };
  self.postMessage({ result: await hashFile(file, options), started });
});`;

describe('in Chromium', () => {
  let browser;
  let server;

  before(async () => {
    server = await servePackage();
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP plain.example 127.0.0.1'],
    });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  // A page with a file of so many bytes in its chooser.
  async function open(size, { policy = '', host = '127.0.0.1', name = `${size}.bin` } = {}) {
    const page = await browser.newPage();
    await page.goto(`http://${host}:${server.port}/?policy=${encodeURIComponent(policy)}`);
    const bytes = bytesOf(size);
    const path = join(place, name);
    writeFileSync(path, bytes);
    await page.setInputFiles('input', path);
    return { page, path, expected: wanted(bytes) };
  }

  // Hashes the chosen file; tells how many workers there were, and how many are left.
  const hashIn = (page, options = {}) => page.evaluate(async (given) => {
    const { hashFile: hash } = await import('/index.js');
    const workers = { started: 0, left: 0 };
    const Own = globalThis.Worker;
    globalThis.Worker = class extends Own {
      constructor(...args) {
        super(...args);
        workers.started += 1;
        workers.left += 1;
      }
      terminate() {
        super.terminate();
        workers.left -= 1;
      }
    };
    const seen = [];
    const result = await hash(document.querySelector('input').files[0], { ...given, onProgress: (one) => seen.push(one) });
    globalThis.Worker = Own;
    return { result, seen, workers };
  }, options);

  test('every size has the same root by workers and without them', async () => {
    for (const size of SIZES) {
      const { page, expected } = await open(size);
      const { result, seen, workers } = await hashIn(page);
      assert.deepEqual(result, withoutSha256(expected), `${size}`);
      checkProgress(seen, size);
      assert.equal(workers.started > 0, size >= 8 * CHUNK, `${size}`);
      assert.equal(workers.left, 0);
      const alone = await hashIn(page, { workers: 0 });
      assert.deepEqual(alone.result, result);
      checkProgress(alone.seen, size);
      assert.equal(alone.workers.started, 0);
      await page.close();
    }
  });

  test('the SHA-256 of a large file, by one worker and by none', async () => {
    const { page, expected } = await open(9 * CHUNK + 5);
    for (const workers of [undefined, 0]) {
      const { result, seen, workers: found } = await hashIn(page, { sha256: true, ...(workers === 0 && { workers }) });
      assert.deepEqual(result, expected);
      checkProgress(seen, expected.size);
      assert.equal(found.started, workers === 0 ? 0 : 1);
    }
    await page.close();
  });

  test('a worker hashes by workers of its own', async () => {
    const { page, expected } = await open(9 * CHUNK);
    const { result, started } = await page.evaluate(() => new Promise((resolve, reject) => {
      const worker = new Worker('/worker.js', { type: 'module' });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
      worker.postMessage({ file: document.querySelector('input').files[0] });
    }));
    assert.deepEqual(result, withoutSha256(expected));
    assert.ok(started > 0);
    await page.close();
  });

  test('several files, one set of workers', async () => {
    const { page } = await open(1);
    const sizes = [0, 5, 9 * CHUNK, CHUNK + 1];
    const results = await page.evaluate(async (given) => {
      const { hashFiles: hash } = await import('/index.js');
      return hash(given.map((size) => new Blob([Uint8Array.from({ length: size }, (_, at) => ((at % 251) * 31) & 255)])));
    }, sizes);
    assert.deepEqual(results, sizes.map((size) => withoutSha256(wanted(bytesOf(size)))));
    await page.close();
  });

  const POLICIES = {
    'a policy that forbids workers': "worker-src 'none'; script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'",
    'Trusted Types without a policy for the script': "require-trusted-types-for 'script'; trusted-types 'none'",
  };
  for (const [what, policy] of Object.entries(POLICIES)) {
    test(`${what}: the same root without workers`, async () => {
      const { page, expected } = await open(9 * CHUNK, { policy });
      const refused = await page.evaluate(() => new Promise((resolve) => {
        try {
          const worker = new Worker('/hash/worker.js', { type: 'module' });
          worker.onerror = () => resolve(true);
          worker.onmessage = () => resolve(false);
          worker.postMessage({ ping: true });
        } catch {
          resolve(true);
        }
      }));
      assert.equal(refused, true);
      const { result, seen } = await hashIn(page);
      assert.deepEqual(result, withoutSha256(expected));
      checkProgress(seen, expected.size);
      await page.close();
    });
  }

  test('a page without WebCrypto: the same root', async () => {
    const { page, expected } = await open(9 * CHUNK, { host: 'plain.example' });
    assert.equal(await page.evaluate(() => globalThis.crypto.subtle === undefined), true);
    const { result, workers } = await hashIn(page);
    assert.deepEqual(result, withoutSha256(expected));
    assert.ok(workers.started > 0);
    assert.deepEqual((await hashIn(page, { workers: 0 })).result, withoutSha256(expected));
    await page.close();
  });

  test('the caller makes the workers, under Trusted Types and from a Blob', async () => {
    const { page, expected } = await open(9 * CHUNK, { policy: "require-trusted-types-for 'script'; trusted-types own" });
    const found = await page.evaluate(async () => {
      const { hashFile: hash } = await import('/index.js');
      let made = 0;
      const script = URL.createObjectURL(new Blob([`import '${location.origin}/hash/worker.js';`], { type: 'text/javascript' }));
      const policy = globalThis.trustedTypes.createPolicy('own', { createScriptURL: () => script });
      const worker = () => {
        made += 1;
        return new Worker(policy.createScriptURL(''), { type: 'module' });
      };
      return { result: await hash(document.querySelector('input').files[0], { worker, workers: 2 }), made };
    });
    assert.deepEqual(found, { result: withoutSha256(expected), made: 2 });
    await page.close();
  });

  // Runs in the page: a worker that does as the real one, but for what `code` says; what the caller hears.
  const withBadWorker = async (page, code) => page.evaluate(async (body) => {
    const script = URL.createObjectURL(new Blob([body], { type: 'text/javascript' }));
    const { hashFile: hash } = await import('/index.js');
    // Beats come a hundred times as fast, so that silence is noticed soon.
    const { setInterval: every } = globalThis;
    globalThis.setInterval = (work, pause) => every(work, pause / 100);
    const alive = new Set();
    const worker = () => {
      const made = new Worker(script, { type: 'module' });
      const { terminate } = made;
      alive.add(made);
      made.terminate = () => {
        alive.delete(made);
        terminate.call(made);
      };
      return made;
    };
    const heard = await hash(document.querySelector('input').files[0], { worker, workers: 2 }).then(
      (result) => ({ result }),
      ({ name, code: reason }) => ({ name, code: reason }),
    );
    globalThis.setInterval = every;
    return { ...heard, left: alive.size };
  }, code);

  const answering = (reply) => `let asked = 0;
    onmessage = ({ data }) => {
      if ('module' in data) postMessage({ ready: true });
      else if (data.ping) postMessage({ pong: true });
      else { asked += 1; const { id } = data; ${reply} }
    };`;
  const LIARS = {
    'throws': answering("throw new Error('broken');"),
    'closes itself': `onmessage = ({ data }) => { if ('module' in data) postMessage({ ready: true }); else close(); };`,
    'says nothing, and does not answer either': `onmessage = ({ data }) => { if ('module' in data) postMessage({ ready: true }); };`,
    'answers with nonsense': answering("postMessage('nonsense');"),
    'answers nothing at all': answering('postMessage(null);'),
    'answers with a hash that is too short': answering('postMessage({ id, leaf: new Uint8Array(31) });'),
    'answers with a text': answering("postMessage({ id, leaf: 'x'.repeat(32) });"),
    'answers twice': answering('postMessage({ id, leaf: new Uint8Array(32) }); postMessage({ id, leaf: new Uint8Array(32) });'),
    'answers for another chunk': answering('postMessage({ id: id + 1000, leaf: new Uint8Array(32) });'),
    'fails with an error of its own': answering("postMessage({ id, error: { code: 'ok', message: 'x' } });"),
    'answers with the result of a whole file': answering("postMessage({ id, result: { size: 1, sha256: '', merkleRoot: '' } });"),
  };
  for (const [what, code] of Object.entries(LIARS)) {
    test(`a worker that ${what}: an error and no hash`, async () => {
      const { page } = await open(9 * CHUNK);
      assert.deepEqual(await withBadWorker(page, code), { name: 'PassportVerifierError', code: 'hash.stopped', left: 0 });
      await page.close();
    });
  }

  test('workers that cannot be started: the same root without them', async () => {
    const { page, expected } = await open(9 * CHUNK);
    for (const code of ['this is no script', "throw new Error('no');", `onmessage = () => { throw new Error('no module'); };`]) {
      assert.deepEqual(await withBadWorker(page, code), { result: withoutSha256(expected), left: 0 }, code);
    }
    await page.close();
  });

  test('giving up is heard, and no worker is left', async () => {
    const { page } = await open(40 * CHUNK);
    for (const workers of [2, 0]) {
      const found = await page.evaluate(async (count) => {
        const { hashFile: hash } = await import('/index.js');
        const stop = new AbortController();
        let left = 0;
        const worker = () => {
          const made = new Worker('/hash/worker.js', { type: 'module' });
          const { terminate } = made;
          left += 1;
          made.terminate = () => {
            left -= 1;
            terminate.call(made);
          };
          return made;
        };
        let told = 0;
        const onProgress = () => {
          told += 1;
          stop.abort();
        };
        const { name } = await hash(document.querySelector('input').files[0], { worker, workers: count, signal: stop.signal, onProgress }).catch((error) => error);
        const toldThen = told;
        await new Promise((resolve) => { setTimeout(resolve, 300); });
        const early = await hash(document.querySelector('input').files[0], { signal: AbortSignal.abort() }).catch((error) => error.name);
        return { name, left, late: told - toldThen, early };
      }, workers);
      assert.deepEqual(found, { name: 'AbortError', left: 0, late: 0, early: 'AbortError' });
    }
    await page.close();
  });

  test('a file that changes while it is hashed is an error with a code', async () => {
    for (const workers of [2, 0]) {
      const { page, path } = await open(9 * CHUNK, { name: `changing-${workers}.bin` });
      writeFileSync(path, bytesOf(8 * CHUNK));
      utimesSync(path, 1, 1);
      const heard = await page.evaluate(async (count) => {
        const { hashFile: hash } = await import('/index.js');
        return hash(document.querySelector('input').files[0], { workers: count }).then(() => 'hashed', ({ name, code }) => ({ name, code }));
      }, workers);
      assert.deepEqual(heard, { name: 'PassportVerifierError', code: 'file.unreadable' });
      await page.close();
    }
  });
});
