// From the sources of the page and the built package to what is served, and to the single file:
//
//   DIR/                                the page, its scripts in few files, `sw.js`, `files.json`
//   DIR/verifier/                       the package, of which the page takes the WebAssembly, the style and the hasher
//   DIR/headers.txt                     headers that a server should send, in the form that several hosts read
//   DIR/model-passport-verifier.html    all of it in one file, which asks for nothing and works from a disk
//
// The same sources give the same bytes. The digests are printed.

import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

import { build as bundle } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const sources = join(dirname(here), 'www');
const SINGLE = 'model-passport-verifier.html';
// Of the package, what a page does not need.
const NOT_SERVED = /^(node\.js|worker-node\.js|inline|examples\/|.*\.d\.ts$|pkg\/LICENSE$|pkg\/inline|README|.*\.md$)/;
// What the page is besides its scripts.
const STATIC = ['fetch.html', 'fetch.js', 'icon.svg', 'index.html', 'style.css'];
// The page and its worker, each with what it loads when it is asked for as files of its own.
const ENTRIES = [['client.js', 'main.js'], ['worker.js']];
const CHUNK = /^[a-z-]+-[A-Z0-9]{8}\.js$/;
const VENDORED = { qr: ['index.js', 'decode.js'] };

const digest = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);
const integrityOf = (bytes) => `sha384-${digest('sha384', bytes, 'base64')}`;

/** Puts the page, the package and the single file into a directory. */
export async function assemble(directory) {
  const staging = mkdtempSync(join(tmpdir(), 'site-'));
  try {
    gather(staging);
    const html = readFileSync(join(sources, 'index.html'), 'utf8');
    const single = await singleFile(staging, html);
    const modules = await writePage(staging, directory);
    writeFileSync(join(directory, SINGLE), single);
    const read = (path) => readFileSync(join(directory, path));
    const linked = withFooter(withIntegrity(withPreloads(html, modules), read), digest('sha256', single, 'hex'));
    writeFileSync(join(directory, 'index.html'), linked);
    writeFileSync(join(directory, 'headers.txt'), headers(directory));
    const version = seal(directory);

    console.log(`${directory}: the page and the package, version ${version}`);
    console.log(`${SINGLE}: ${single.length} bytes, ${brotliCompressSync(single).length} with brotli`);
    console.log(`sha256  ${digest('sha256', single, 'hex')}`);
  } finally {
    rmSync(staging, { recursive: true });
  }
}

/** Makes one version of the files that lie there: names it in the page, and writes what the service worker keeps. */
export function seal(directory) {
  const index = join(directory, 'index.html');
  const named = (version) => writeFileSync(index, readFileSync(index, 'utf8').replace(/(<meta name="site-version" content=")[^"]*/, (_, before) => before + version));
  named('');
  const version = versionOf(directory);
  named(version);
  writeManifest(directory, version);
  return version;
}

// The page uses the package as anyone would, so it lies beside it.
function gather(staging) {
  cpSync(sources, staging, { recursive: true, filter: (path) => isServed(relative(sources, path)) });
  const { files } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  for (const name of files.filter((one) => !NOT_SERVED.test(one) && existsSync(join(here, one)))) {
    cpSync(join(here, name), join(staging, 'verifier', name), { recursive: true, filter: (path) => !/\.d\.ts$/.test(path) });
  }
  for (const [name, wanted] of Object.entries(VENDORED)) {
    for (const file of wanted) cpSync(join(here, 'node_modules', name, file), join(staging, 'vendor', name, file));
  }
}

// Everything that is served but what is written later; the modules that the page needs before it can answer.
async function writePage(staging, directory) {
  mkdirSync(directory, { recursive: true });
  for (const old of readdirSync(directory).filter((name) => CHUNK.test(name))) rmSync(join(directory, old));
  for (const name of ['verifier', 'vendor']) rmSync(join(directory, name), { recursive: true, force: true });
  for (const name of ['verifier', ...STATIC]) cpSync(join(staging, name), join(directory, name), { recursive: true });
  cpSync(join(staging, 'verifier', 'embed', 'embed.html'), join(directory, 'embed.html'));
  for (const name of Object.keys(VENDORED)) cpSync(join(here, 'node_modules', name, 'LICENSE-MIT'), join(directory, 'vendor', name, 'LICENSE.txt'));
  const [page] = await Promise.all(ENTRIES.map((entryPoints) => bundle({
    absWorkingDir: staging, entryPoints, outdir: directory, bundle: true, splitting: true, format: 'esm', minify: true, charset: 'utf8',
    chunkNames: '[name]-[hash]', legalComments: 'none', logLevel: 'error', target: 'es2022', metafile: true,
  })));
  return staticImports(page.metafile, staging, directory);
}

function filesIn(directory) {
  const found = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return found.map(({ parentPath, path, name }) => relative(directory, join(parentPath ?? path, name)).split(sep).join('/')).sort();
}

const isServed = (path) => !path.endsWith('.md') && path.split(sep)[0] !== 'single';

// What the page can ask for. The service worker itself is not kept by it, nor is what lies there for other pages.
function keptFiles(directory) {
  const scripts = readdirSync(directory).filter((name) => CHUNK.test(name));
  const hasher = ['chunks', 'pool', 'stream', 'worker'].map((name) => `verifier/hash/${name}.js`);
  const package_ = ['errors.js', 'hash.js', 'pkg/verifier.js', 'pkg/verifier_bg.wasm', 'view/view.css'].map((name) => `verifier/${name}`);
  return [...STATIC, ...ENTRIES.flat(), ...scripts, ...hasher, ...package_].filter((path) => existsSync(join(directory, path))).sort();
}

// Over names and digests of all files; the page, which shows it, as it is before that.
function versionOf(directory) {
  const lines = keptFiles(directory).map((path) => `${digest('sha256', readFileSync(join(directory, path)), 'hex')} ${path}\n`);
  return digest('sha256', lines.join(''), 'hex');
}

function writeManifest(directory, version) {
  const entries = keptFiles(directory).map((path) => {
    const bytes = readFileSync(join(directory, path));
    return [path, { integrity: integrityOf(bytes), bytes: bytes.length }];
  });
  const manifest = JSON.stringify({ version, files: Object.fromEntries(entries) }, undefined, 1);
  writeFileSync(join(directory, 'files.json'), `${manifest}\n`);
  const worker = readFileSync(join(sources, 'sw.js'), 'utf8');
  writeFileSync(join(directory, 'sw.js'), `self.MANIFEST = ${manifest};\n\n${worker}`);
}

// The modules that main.js needs before it can answer, so that they are asked for at once and not one after another.
function staticImports({ outputs }, staging, directory) {
  const named = new Map(Object.entries(outputs).map(([path, output]) => [relative(directory, join(staging, path)), output]));
  const found = new Set();
  const open = ['main.js', 'client.js'];
  while (open.length > 0) {
    const path = open.shift();
    if (found.has(path)) continue;
    found.add(path);
    const { imports } = named.get(path);
    open.push(...imports.filter(({ kind }) => kind === 'import-statement').map((one) => relative(directory, join(staging, one.path))));
  }
  return [...found].filter((path) => path !== 'main.js' && path !== 'client.js').sort();
}

function withPreloads(html, modules) {
  const links = modules.map((path) => `  <link rel="modulepreload" href="${path}">\n`).join('');
  // Before the first script: what a script asks for by itself would be loaded again for a link behind it.
  return html.replace('  <script type="module" async src="client.js">', (script) => links + script);
}

// What the page itself names is pinned by it.
function withIntegrity(html, read) {
  return html.replace(/(<(?:link rel="(?:stylesheet|modulepreload)"|script type="module")[^>]*(?:href|src)=")([^"]+)(")/g,
    (_, before, path, after) => `${before}${path}${after} integrity="${integrityOf(read(path))}"`);
}

function withFooter(html, sha256) {
  const line = `    <p class="single"><a href="${SINGLE}" download data-text="page.save-single">Save this page as one file</a> SHA-256 <code>${sha256}</code></p>\n`;
  return html.replace('    <p class="update"', `${line}    <p class="update"`);
}

async function singleFile(directory, html) {
  const wasm = readFileSync(join(directory, 'verifier', 'pkg', 'verifier_bg.wasm')).toString('base64');
  const hasherSource = join(directory, 'verifier', 'hash', 'worker.js');
  const hasher = existsSync(hasherSource) ? await bundled(directory, hasherSource, 'iife', {}) : '';
  const worker = await bundled(directory, join(sources, 'single', 'worker.js'), 'iife', { hasher });
  const script = await bundled(directory, join(directory, 'main.js'), 'esm', { wasm, worker });
  const style = ['verifier/view/view.css', 'style.css'].map((path) => readFileSync(join(directory, path), 'utf8')).join('\n');
  const icon = `data:image/svg+xml;base64,${readFileSync(join(directory, 'icon.svg')).toString('base64')}`;
  const hash = (text) => `'sha256-${digest('sha256', text, 'base64')}'`;
  const policy = `default-src 'none'; script-src ${hash(script)} 'wasm-unsafe-eval'; worker-src blob:; style-src ${hash(style)}; `
    + "img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types model-passport";
  // Replacements are functions: a text may hold what String.replace takes for a pattern.
  return Buffer.from(html
    .replace(/(http-equiv="Content-Security-Policy" content=")[^"]+/, (_, before) => before + policy)
    .replace(/\n {2}<link rel="stylesheet"[^>]+>/g, '')
    .replace(/\n {2}<meta name="site-version"[^>]+>/, '')
    .replace(/ {2}<!-- A server should[^]+?-->\n/, '')
    .replaceAll('href="icon.svg"', () => `href="${icon}"`)
    .replaceAll('src="icon.svg"', () => `src="${icon}"`)
    .replace('  <script type="module" async src="client.js"></script>\n', '')
    .replace('<script type="module" src="main.js"></script>', () => `<style>${style}</style>\n  <script type="module">${script}</script>`));
}

async function bundled(directory, entry, format, inside) {
  const { outputFiles: [{ text }] } = await bundle({
    absWorkingDir: directory, entryPoints: [entry], bundle: true, write: false, format, minify: true, charset: 'utf8',
    legalComments: 'none', logLevel: 'error', target: 'es2022', plugins: [single(directory, inside)],
    // Only names of files that are not there in one file come from it, and those are replaced.
    define: format === 'iife' ? { 'import.meta.url': '"about:blank"' } : {}, supported: { 'top-level-await': true },
  });
  return text.trimEnd();
}

// In the single file these take the place of what lies beside a served page.
function single(directory, inside) {
  const own = { './host.js': 'host.js', './single/verifier.js': 'verifier.js' };
  return {
    name: 'single',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^single:/ }, ({ path }) => ({ path: path.slice('single:'.length), namespace: 'single' }));
      onLoad({ filter: /.*/, namespace: 'single' }, ({ path }) => ({ contents: inside[path], loader: 'text' }));
      onResolve({ filter: /^\.\// }, ({ path, importer }) => {
        const fromPage = dirname(importer) === directory || dirname(importer) === join(sources, 'single');
        if (!fromPage) return undefined;
        return { path: Object.hasOwn(own, path) ? join(sources, 'single', own[path]) : join(directory, path) };
      });
    },
  };
}

// As several static hosts read them. A policy in a page cannot keep it out of a frame, and does not reach its workers.
function headers(directory) {
  const policyOf = (path) => /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(readFileSync(join(directory, path), 'utf8'))[1];
  const rule = (path, lines) => `${path}\n${Object.entries(lines).map(([name, value]) => `  ${name}: ${value}\n`).join('')}`;
  const page = `${policyOf('index.html')}; frame-ancestors 'none'`;
  return [
    rule('/*', {
      'Cache-Control': 'no-cache',
      'Content-Security-Policy': page,
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Permissions-Policy': 'camera=(self), geolocation=(), microphone=()',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    }),
    // Where a rule for a path adds to that for all, the two have to be set apart by `!`.
    rule('/fetch.html', { '! Content-Security-Policy': '', 'Content-Security-Policy': `${policyOf('fetch.html')}; frame-ancestors 'self'` }).replace(/: \n/g, '\n'),
    // Who may put this one into a frame is the choice of the site.
    ...(existsSync(join(directory, 'embed.html')) ? [rule('/embed.html', { '! Content-Security-Policy': '', 'Content-Security-Policy': policyOf('embed.html') }).replace(/: \n/g, '\n')] : []),
    rule(`/${SINGLE}`, { '! Content-Security-Policy': '', 'Content-Disposition': 'attachment' }).replace(/: \n/g, '\n'),
  ].join('\n');
}
