// Makes a folder to be served from a page and the package, each script that the page loads held to its digest:
//
//   node make.mjs FOLDER
//
// The page's own script by the `integrity` of its tag, those of the package by the import map. Browsers that do not know
// `integrity` in import maps load the files all the same, and still check the WebAssembly. No browser applies an import
// map inside of workers: `main.js` starts none.

import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const manifest = createRequire(import.meta.url).resolve('@model-passport/verifier/integrity.json');
const verifier = dirname(dirname(manifest));
const folder = process.argv[2];

const files = Object.entries(JSON.parse(readFileSync(manifest, 'utf8')));
for (const [name] of files) {
  mkdirSync(dirname(join(folder, 'verifier', name)), { recursive: true });
  cpSync(join(verifier, name), join(folder, 'verifier', name));
}
const scripts = files.filter(([name]) => name.endsWith('.js'));
const importMap = {
  imports: { '@model-passport/verifier': './verifier/index.js' },
  integrity: Object.fromEntries(scripts.map(([name, { integrity }]) => [`./verifier/${name}`, integrity])),
};
const own = createHash('sha384').update(readFileSync(join(here, 'main.js'))).digest('base64');
const page = readFileSync(join(here, 'index.html'), 'utf8')
  .replace('{"imports":{}}', JSON.stringify(importMap, undefined, 2))
  .replace('src="main.js"', `src="main.js" integrity="sha384-${own}"`);
writeFileSync(join(folder, 'index.html'), page);
cpSync(join(here, 'main.js'), join(folder, 'main.js'));
