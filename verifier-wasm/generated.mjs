// The files of the package that are made from other files of it: digests, the style sheets as scripts, and the
// verifier as text. The same sources give the same bytes.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// What Node.js alone loads is not for a page, and no file can hold its own digest.
const NOT_FOR_PAGES = /^(node\.js|worker-node\.js|worker\/script-node\.js)$|^examples\//;

/** Writes them into `pkg/` of the package's folder; the digests of the WebAssembly. */
export function writeGenerated(folder) {
  const read = (name) => readFileSync(join(folder, name));
  const write = (name, text) => writeFileSync(join(folder, 'pkg', name), text);
  const wasm = read('pkg/verifier_bg.wasm');
  const facts = { integrity: integrityOf(wasm), sha256: digest(wasm, 'sha256', 'hex') };
  const lines = Object.entries(facts).map(([name, value]) => `export const ${name} = '${value}';\n`);
  write('integrity.js', `// Written by build.mjs: the digests of verifier_bg.wasm.\n${lines.join('')}`);
  write('inline.js', `// Written by build.mjs: verifier_bg.wasm as text.\nexport const base64 = '${wasm.toString('base64')}';\n`);
  write('view.css.js', asScript('view/view.css', read('view/view.css')));
  write('element.css.js', asScript('element/element.css', read('element/element.css')));
  write('integrity.json', `${JSON.stringify(integrityList(folder), undefined, 2)}\n`);
  return facts;
}

// A style sheet for the shadow tree of an element, where a link would be another request, and a policy might forbid it.
function asScript(name, css) {
  return `// Written by build.mjs: ${name}.\nexport const css = ${JSON.stringify(String(css))};\n`;
}

/** The digests of every file that a page may load, by its path in the package. */
function integrityList(folder) {
  return Object.fromEntries(shippedFiles(folder).filter((name) => /\.(js|wasm|css)$/.test(name) && !NOT_FOR_PAGES.test(name)).map((name) => {
    const bytes = readFileSync(join(folder, name));
    return [name, { integrity: integrityOf(bytes), sha256: digest(bytes, 'sha256', 'hex'), bytes: bytes.length }];
  }));
}

function shippedFiles(folder) {
  const { files } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const inside = (name) => (statSync(join(folder, name)).isDirectory()
    ? readdirSync(join(folder, name), { recursive: true }).map((inner) => join(name, inner)).filter((inner) => statSync(join(folder, inner)).isFile())
    : [name]);
  return files.filter((name) => name !== 'pkg/integrity.json').flatMap(inside).map((name) => name.replaceAll('\\', '/')).sort();
}

const digest = (bytes, algorithm, encoding) => createHash(algorithm).update(bytes).digest(encoding);
const integrityOf = (bytes) => `sha384-${digest(bytes, 'sha384', 'base64')}`;
