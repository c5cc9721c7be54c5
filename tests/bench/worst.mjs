// The dearest inputs known in WebAssembly: milliseconds, and the memory of the instance afterwards.
//
//   cargo run --release -p model-passport-tests --example bench-worst FOLDER
//   node bench/worst.mjs FOLDER

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { verify } from '../../verifier-wasm/node.js';

const NOW = '2026-11-21T12:00:00Z';
const [folder] = process.argv.slice(2);
const policy = { profile: 'proof-only' };
const good = readFileSync(new URL('../cases/dataset-alone/input.json', import.meta.url), 'utf8');

const expected = JSON.stringify(await verify(good, { now: NOW }));
console.log(`${'input'.padEnd(28)}${'alone'.padStart(9)}${'WebCrypto'.padStart(11)}  code`);
for (const name of readdirSync(folder).sort()) {
  const text = readFileSync(join(folder, name), 'utf8');
  const alone = await timed(() => verify(text, { now: NOW, policy, webCrypto: false }));
  const hosted = await timed(() => verify(text, { now: NOW, policy }));
  if (alone.code !== hosted.code) throw new Error(`${name}: ${alone.code} alone, ${hosted.code} with WebCrypto`);
  // Whatever came before, a good passport is verified as if nothing had.
  if (JSON.stringify(await verify(good, { now: NOW })) !== expected) throw new Error(`after ${name} a good passport reads otherwise`);
  console.log(`${name.padEnd(28)}${alone.millis.padStart(9)}${hosted.millis.padStart(11)}  ${alone.code}`);
}

async function timed(work) {
  const begun = performance.now();
  const { code } = await work();
  return { code, millis: (performance.now() - begun).toFixed(1) };
}
