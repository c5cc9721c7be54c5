// A large file hashed in Chromium, three ways in one run, in turns: `hashFile` with its workers, a bare loop of reading
// and digesting in as many workers, and one stream in WebAssembly. Only the ratios say something. The file is on disk
// and soon in the memory of the system, so this is about hashing and not about disks.
//
//   node bench/hash.mjs [--gib 4] [--rounds 3] [--folder DIR]

import { randomFillSync } from 'node:crypto';
import { closeSync, cpSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { chromium } from 'playwright-core';

import { serve } from '../browser/server.mjs';

const MIB = 2 ** 20;
const SAMPLE_MS = 250;
const { values: { gib, rounds, folder } } = parseArgs({
  options: { gib: { type: 'string', default: '4' }, rounds: { type: 'string', default: '3' }, folder: { type: 'string', default: tmpdir() } },
});
const root = new URL('../../', import.meta.url);

// Reads and hashes every `step`th chunk, as many at a time as `hashFile` does, and nothing else.
const BARE_WORKER = `
import * as glue from './pkg/verifier.js';
const CHUNK_BYTES = 4 * 2 ** 20;
const hashes = {
  bare: (bytes) => crypto.subtle.digest('SHA-256', bytes),
  wasm: (bytes) => glue.merkleLeaf(new Uint8Array(bytes)),
};
self.addEventListener('message', async ({ data: { file, from, step, how, lanes, module } }) => {
  if (how === 'wasm') glue.initSync({ module });
  let next = from * CHUNK_BYTES;
  const lane = async () => {
    while (next < file.size) {
      const start = next;
      next += step * CHUNK_BYTES;
      await hashes[how](await file.slice(start, start + CHUNK_BYTES).arrayBuffer());
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  self.postMessage('done');
});`;

// What runs in the page.
async function contestants() {
  const file = document.querySelector('input').files[0];
  const module = fetch('/pkg/verifier_bg.wasm').then((response) => WebAssembly.compileStreaming(response));
  const run = async (how, workers, lanes) => {
    const given = { file, how, lanes, step: workers, module: await module };
    await Promise.all(Array.from({ length: workers }, (_, from) => new Promise((resolve, reject) => {
      const worker = new Worker('/bare.js', { type: 'module' });
      worker.onmessage = () => resolve(worker.terminate());
      worker.onerror = reject;
      worker.postMessage({ ...given, from });
    })));
  };
  const cores = Math.min(navigator.hardwareConcurrency, 8);
  const timed = async (work) => {
    const begun = performance.now();
    await work();
    return performance.now() - begun;
  };
  globalThis.longest = 0;
  new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => { globalThis.longest = Math.max(globalThis.longest, duration); })).observe({ type: 'longtask' });
  const { hashFile, load } = await import('/index.js');
  await load();
  const hash = (options) => hashFile(file, options);
  globalThis.bench = {
    ours: () => timed(() => hash()),
    bare: () => timed(() => run('bare', cores, Math.min(4, Math.floor(16 / cores)))),
    wasm: () => timed(() => run('wasm', 1, 1)),
    abort: () => new Promise((resolve) => {
      const stop = new AbortController();
      let begun;
      let told = 0;
      const onProgress = () => {
        told += 1;
        if (told !== 3) return;
        begun = performance.now();
        stop.abort();
      };
      hash({ onProgress, signal: stop.signal }).catch(() => resolve(performance.now() - begun));
    }),
  };
  return cores;
}

function makeFile(path, bytes) {
  const file = openSync(path, 'wx');
  const part = Buffer.alloc(64 * MIB);
  for (let written = 0; written < bytes; written += part.length) {
    randomFillSync(part, 0, 4 * MIB);
    writeSync(file, part);
  }
  closeSync(file);
}

// Memory of the browser's renderers and of all its processes; what processes share is counted once.
function memory(browserPid) {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return { pid: Number(pid), parent: Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') };
    } catch {
      return undefined; // It has ended.
    }
  }).filter(Boolean);
  const family = new Set([browserPid]);
  for (let before = 0; before !== family.size;) {
    before = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  const bytes = ({ pid }) => {
    try {
      return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024;
    } catch {
      return 0;
    }
  };
  const members = processes.filter(({ pid }) => family.has(pid)).map((one) => ({ ...one, bytes: bytes(one) }));
  const sum = (list) => list.reduce((total, one) => total + one.bytes, 0);
  return { renderers: sum(members.filter(({ command }) => command.includes('--type=renderer'))), all: sum(members) };
}

// The most beyond what there was before, while `work` goes on.
async function mostMemory(pid, work) {
  const before = memory(pid);
  const most = { renderers: 0, all: 0 };
  const sampling = setInterval(() => {
    const now = memory(pid);
    for (const which of Object.keys(most)) most[which] = Math.max(most[which], now[which] - before[which]);
  }, SAMPLE_MS);
  await work();
  clearInterval(sampling);
  return most;
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

const place = mkdtempSync(join(folder, 'passport-bench-'));
let server;
let host;
try {
  makeFile(join(place, 'model.bin'), Number(gib) * 1024 * MIB);
  cpSync(new URL('verifier-wasm/', root), join(place, 'site'), { recursive: true, filter: (path) => !/node_modules|examples/.test(path.slice(new URL('verifier-wasm/', root).pathname.length)) });
  writeFileSync(join(place, 'site', 'index.html'), '<!doctype html><title>bench</title><input type="file">');
  writeFileSync(join(place, 'site', 'bare.js'), BARE_WORKER);
  server = await serve(join(place, 'site'), { policy: false });
  host = await chromium.launchServer({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu'] });
  await measure(await chromium.connect(host.wsEndpoint()), host.process().pid);
} finally {
  await host?.close();
  await server?.close();
  rmSync(place, { recursive: true, force: true });
}

async function measure(browser, pid) {
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.setInputFiles('input', join(place, 'model.bin'));
  const cores = await page.evaluate(contestants);
  const times = { ours: [], bare: [], wasm: [] };
  // Apart from the rounds: looking at memory takes time itself.
  const most = await mostMemory(pid, () => page.evaluate(() => globalThis.bench.ours()));
  const longest = await page.evaluate(() => globalThis.longest);
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const name of Object.keys(times)) times[name].push(await page.evaluate((which) => globalThis.bench[which](), name));
  }
  const abort = await page.evaluate(() => globalThis.bench.abort());
  const rates = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, Number(gib) * 2 ** 30 / 1e3 / median(list)]));
  console.log(`${gib} GiB, ${cores} workers, medians of ${rounds} alternating rounds`);
  for (const [name, rate] of Object.entries(rates)) console.log(`${name.padEnd(8)}${rate.toFixed(0).padStart(6)} MB/s   rounds ${times[name].map((time) => (time / 1000).toFixed(1)).join(', ')} s`);
  const row = (name, value, aim, good) => console.log(`${name.padEnd(52)}${value.padStart(10)}   ${aim}${good ? '' : ', missed'}`);
  row('hashFile beside the bare loop', (rates.ours / rates.bare).toFixed(2), 'aim 0.8', rates.ours / rates.bare >= 0.8);
  row('hashFile beside one stream in WebAssembly', (rates.ours / rates.wasm).toFixed(2), 'aim 1.5', rates.ours / rates.wasm >= 1.5);
  row('most memory of the renderers beyond the start', `${(most.renderers / MIB).toFixed(0)} MiB`, 'aim under 200 MiB', most.renderers < 200 * MIB);
  row('the same of all processes of the browser', `${(most.all / MIB).toFixed(0)} MiB`, '', true);
  row('longest task of the page (0: none over 50 ms)', `${longest} ms`, 'aim under 50 ms', longest < 50);
  row('from giving up to the rejection', `${abort.toFixed(1)} ms`, 'aim under 200 ms', abort < 200);
}
