// What a lineage costs in WebAssembly, with signatures by WebCrypto and without.
//
//   cargo build --release -p model-passport-tests --example bench-lineage
//   for n in 10 100 1000 10000; do bench-lineage $n FOLDER; done
//   node bench/lineage.mjs FOLDER

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { verify } from '../../verifier-wasm/node.js';

const NOW = '2026-11-21T12:00:00Z';
const [folder] = process.argv.slice(2);
const counts = readdirSync(folder).flatMap((name) => name.match(/^(\d+)\.input\.json$/)?.slice(1).map(Number) ?? []);

console.log(`${'credentials'.padStart(11)}${'WebCrypto ms'.padStart(14)}${'alone ms'.padStart(10)}  verdict`);
for (const count of counts.sort((a, b) => a - b)) {
  const text = readFileSync(join(folder, `${count}.input.json`), 'utf8');
  const evidence = JSON.parse(readFileSync(join(folder, `${count}.evidence.json`), 'utf8'));
  const hosted = await median(() => verify(text, { evidence, now: NOW }));
  const alone = await median(() => verify(text, { evidence, now: NOW, webCrypto: false }));
  if (hosted.outcome !== alone.outcome) throw new Error(`${count}: ${hosted.outcome} and ${alone.outcome}`);
  console.log(`${String(count).padStart(11)}${hosted.millis.padStart(14)}${alone.millis.padStart(10)}  ${alone.outcome}`);
}

async function median(work) {
  const taken = [];
  let outcome;
  for (let round = 0; round < 3; round += 1) {
    const begun = performance.now();
    outcome = await work().then(({ verdict, code }) => `${verdict} ${code}`, (error) => `${error.name} ${error.code}`);
    taken.push(performance.now() - begun);
  }
  return { outcome, millis: taken.sort((a, b) => a - b)[1].toFixed(1) };
}
