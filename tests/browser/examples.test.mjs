// Every example, taken from the packed and installed package, built where it has to be, and run.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { build } from 'vite';
import webpack from 'webpack';

import { caseOf, installPackage, launch, passportFile, place, tests } from './harness.mjs';
import { serveFolder, visit } from './packed.mjs';

const installed = installPackage();
const good = caseOf('bundle').input;
const bad = caseOf('claim-changed').input;

/** A copy of an example, from where the installed package is found as from any project. */
function copyOf(name) {
  const folder = join(place, 'examples', name);
  cpSync(join(installed, 'examples', name), folder, { recursive: true });
  return folder;
}

describe('the examples', () => {
  let browser;
  let server;

  before(async () => {
    for (const name of ['react', 'react-dom']) symlinkSync(join(tests, 'node_modules', name), join(place, 'node_modules', name));
    server = await serveFolder(place, { answers: { '/favicon.ico': '' } });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  /** Opens an example, gives it a good passport and a bad one, and expects it to say so and to complain of nothing. */
  async function say(path, { choose = true, workers = 1, origins = [server.url] } = {}) {
    const { context, page, complaints, asked } = await visit(browser, `${server.url}${path}`);
    const verdict = (text) => page.waitForFunction((wanted) => document.getElementById('verdict')?.textContent.startsWith(wanted), text);
    if (choose) {
      await page.setInputFiles('#passport', passportFile(good));
      await verdict('verified (ok)');
      await page.setInputFiles('#passport', passportFile(bad));
      await verdict('not-verified (proof.signature-invalid)');
    } else {
      await verdict('verified (ok)');
    }
    // A worker that could not be started would go unseen otherwise: the element then does without.
    assert.equal(page.workers().length, workers);
    assert.deepEqual(complaints, []);
    assert.deepEqual(asked.filter((url) => !/^(data|blob):/.test(url) && !origins.some((origin) => url.startsWith(origin))), []);
    await context.close();
  }

  function beside(name) {
    const folder = copyOf(name);
    cpSync(installed, join(folder, 'verifier'), { recursive: true });
    return folder;
  }

  test('each has its line, and each is here', () => {
    const listed = [...readFileSync(join(installed, 'examples', 'README.md'), 'utf8').matchAll(/^\| \[`([\w-]+)`\]/gm)].map(([, name]) => name);
    assert.deepEqual(listed.sort(), readdirSync(join(installed, 'examples')).filter((name) => name !== 'README.md').sort());
  });

  test('a plain page holds every script to its digest, and starts no worker, which would not', async () => {
    const folder = join(place, 'plain');
    mkdirSync(folder);
    const made = spawnSync(process.execPath, [join(copyOf('page'), 'make.mjs'), folder], { encoding: 'utf8' });
    assert.equal(made.stderr, '');
    await say('plain/index.html', { workers: 0 });
    const { context, page, complaints } = await visit(browser, `${server.url}plain/index.html`);
    const started = [];
    page.on('worker', (worker) => started.push(worker.url()));
    const verdict = (text) => page.waitForFunction((wanted) => document.getElementById('verdict').textContent.startsWith(wanted), text);
    await page.setInputFiles('#files', join(tests, 'real', 'model', 'model.onnx'));
    await page.setInputFiles('#passport', passportFile(good));
    await verdict('verified (ok)');
    // Of a size that is hashed by workers where nobody says otherwise.
    writeFileSync(join(place, 'other.bin'), new Uint8Array(40 * 2 ** 20));
    await page.setInputFiles('#files', join(place, 'other.bin'));
    await verdict('not-verified (artifact');
    assert.deepEqual([started, complaints], [[], []]);
    await context.close();
    for (const name of ['main.js', 'verifier/signatures.js']) {
      const script = join(folder, name);
      const genuine = readFileSync(script);
      writeFileSync(script, `${genuine}\n`);
      const changed = await visit(browser, `${server.url}plain/index.html`);
      await changed.page.setInputFiles('#passport', passportFile(good));
      assert.match(changed.complaints.join(), /integrity/);
      assert.equal(await changed.page.textContent('#verdict'), '');
      await changed.context.close();
      writeFileSync(script, genuine);
    }
  });

  test('a worker without a bundler', async () => {
    beside('worker');
    await say('examples/worker/index.html');
  });

  test('a strict policy', async () => {
    writeFileSync(join(beside('strict-csp'), 'passport.json'), good);
    await say('examples/strict-csp/index.html', { choose: false });
  });

  test('a frame of another site', async () => {
    const site = join(place, 'other');
    mkdirSync(site);
    cpSync(installed, join(site, 'verifier'), { recursive: true });
    cpSync(join(installed, 'embed', 'embed.html'), join(site, 'embed.html'));
    const other = await serveFolder(site);
    const page = join(beside('iframe'), 'index.html');
    writeFileSync(page, readFileSync(page, 'utf8').replace('https://verify.example/', other.url));
    await say('examples/iframe/index.html', { origins: [server.url, other.url] });
    await other.close();
  });

  test('Vite', async () => {
    const folder = copyOf('vite');
    await build({ root: folder, logLevel: 'error' });
    await say('examples/vite/dist/index.html');
    assert.equal(readdirSync(join(folder, 'dist', 'assets')).filter((name) => name.endsWith('.wasm')).length, 1);
  });

  test('Vite as it is without settings', async () => {
    const folder = join(place, 'examples', 'vite-default');
    cpSync(copyOf('vite'), folder, { recursive: true });
    await build({ root: folder, configFile: false, base: './', logLevel: 'error' });
    await say('examples/vite-default/dist/index.html');
  });

  test('React', async () => {
    const folder = copyOf('react');
    await build({ root: folder, base: './', logLevel: 'error' });
    await say('examples/react/dist/index.html');
  });

  test('webpack', async () => {
    const folder = copyOf('webpack');
    const { default: config } = await import(join(folder, 'webpack.config.mjs'));
    const stats = await new Promise((resolve, reject) => {
      webpack({ ...config, context: folder, output: { ...config.output, path: join(folder, 'dist') } }, (error, done) => (error ? reject(error) : resolve(done)));
    });
    assert.deepEqual(stats.toJson().errors, []);
    cpSync(join(folder, 'index.html'), join(folder, 'dist', 'index.html'));
    writeFileSync(join(folder, 'dist', 'passport.json'), good);
    await say('examples/webpack/dist/index.html', { choose: false });
  });

  test('a command prints a verdict and exits by it', () => {
    const folder = copyOf('node');
    const run = (name, ...files) => spawnSync(process.execPath, [join(folder, 'check.mjs'), join(tests, 'cases', name, 'input.json'), ...files], { encoding: 'utf8' });
    const one = run('bundle', join(tests, 'real', 'model', 'model.onnx'));
    assert.match(one.stdout, /^verified/);
    assert.equal(one.status, 0);
    assert.equal(run('claim-changed').status, 1);
    assert.equal(run('parent-missing').status, 2);
  });
});
