// From nothing to a verdict on a bundle in Chromium, every cache cold: the page, and the JavaScript reference
// bundled into a page that says no more than a verdict. Rounds alternate. And what the first visit loads.
//
//   node tests/bench/page.mjs [rounds]

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { launch } from '../browser/chromium.mjs';
import { serve } from '../browser/server.mjs';

const ROUNDS = Number(process.argv[2] ?? 20);
const here = fileURLToPath(new URL('.', import.meta.url));
const package_ = join(here, '../../verifier-wasm');
const esbuild = createRequire(join(package_, 'build.mjs'))('esbuild');

const folder = mkdtempSync(join(tmpdir(), 'page-bench-'));
const site = join(folder, 'site');
const theirs = join(folder, 'reference');
const browser = await launch();
try {
  execFileSync(process.execPath, [join(package_, 'build.mjs'), '--site', site], { stdio: 'ignore' });
  await buildReference();
  const bundle = readFileSync(join(here, '../cases/bundle/input.json'));
  const fragment = `#passport=${bundle.toString('base64url')}`;
  const servers = { page: await serve(site), reference: await serve(theirs, { policy: false }) };
  const times = { page: [], reference: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, { url }] of Object.entries(servers)) times[name].push(await timeToVerdict(url + fragment));
  }
  for (const [name, taken] of Object.entries(times)) {
    const sorted = taken.sort((a, b) => a - b);
    console.log(`${name.padEnd(10)} ${sorted[0].toFixed(0)} ${median(sorted).toFixed(0)} ${sorted.at(-1).toFixed(0)} ms (min, median, max of ${ROUNDS})`);
  }
  console.log(`page / reference ${(median(times.page) / median(times.reference)).toFixed(2)}`);
  for (const [name, { requests }] of Object.entries(servers)) firstLoad(name, name === 'page' ? site : theirs, requests);
  for (const { close } of Object.values(servers)) await close();
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}

async function buildReference() {
  mkdirSync(theirs);
  await esbuild.build({
    entryPoints: [join(here, 'reference-page.mjs')], outfile: join(theirs, 'main.js'), bundle: true, minify: true,
    format: 'esm', platform: 'browser', target: 'es2022', inject: [join(here, 'buffer.mjs')], loader: { '.jsonld': 'json' }, nodePaths: [join(here, '../node_modules')], logLevel: 'error',
  });
  writeFileSync(join(theirs, 'index.html'), '<!doctype html><html lang="en"><meta charset="utf-8"><title>Reference</title><body><script type="module" src="main.js"></script></body></html>');
}

// A context of its own has no cache. The time is the page's own, from the start of the navigation to the verdict.
async function timeToVerdict(url) {
  const context = await browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.getElementById('verdict')?.textContent) return;
      observer.disconnect();
      globalThis.verdictAt = performance.now();
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(url);
  await page.waitForFunction(() => globalThis.verdictAt !== undefined);
  const verdict = await page.textContent('#verdict');
  if (!/^Verified/.test(verdict)) throw new Error(verdict);
  const taken = await page.evaluate(() => globalThis.verdictAt);
  await context.close();
  return taken;
}

function firstLoad(name, root, requests) {
  const paths = [...new Set(requests)].map((path) => join(root, path.endsWith('/') ? `${path}index.html` : path));
  const files = paths.filter((path) => existsSync(path)).map((path) => readFileSync(path));
  const sum = (sizes) => sizes.reduce((total, size) => total + size, 0);
  console.log(`${name.padEnd(10)} first load: ${files.length} files, ${sum(files.map(({ length }) => length))} bytes, ${sum(files.map((file) => brotliCompressSync(file).length))} with brotli, ${sum(files.map((file) => gzipSync(file).length))} with gzip`);
}

function median(sorted) {
  return sorted[Math.floor(sorted.length / 2)];
}
