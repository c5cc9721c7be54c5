// From the Rust core to the npm package and the page:
//
//   node verifier-wasm/build.mjs              compiles the verifier into verifier-wasm/pkg/
//   node verifier-wasm/build.mjs --digests    writes anew what is made from the sources and the compiled verifier
//   node verifier-wasm/build.mjs --site DIR   puts the page and the built package into DIR, ready to be served
//
// The same sources give the same bytes on every machine: the compiler, every crate and wasm-opt are locked,
// and no path of the machine enters the code. The digests are printed, and checked wherever it is loaded.

import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

import { writeGenerated } from './generated.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const pkg = join(here, 'pkg');
const wasm = join(pkg, 'verifier_bg.wasm');
const TARGET = 'wasm32-unknown-unknown';

const run = (program, ...args) => execFileSync(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });

const [task, directory] = process.argv.slice(2);
if (task === undefined) build();
else if (task === '--digests') publishDigests();
else if (task === '--site' && directory !== undefined) await (await import('./site.mjs')).assemble(resolve(directory));
else {
  console.error('usage: build.mjs [--digests | --site DIR]');
  process.exitCode = 64;
}

function build() {
  const metadata = JSON.parse(run('cargo', 'metadata', '--locked', '--no-deps', '--format-version=1'));
  sameVersion(metadata);
  run('cargo', 'build', '--locked', '--profile=wasm', `--target=${TARGET}`,
    '--package=model-passport-verifier-wasm', '--lib', '--config', withoutPaths());
  rmSync(pkg, { recursive: true, force: true });
  const compiled = join(metadata.target_directory, TARGET, 'wasm', 'model_passport_verifier_wasm.wasm');
  run('cargo', 'bindgen', compiled, pkg);
  optimise();
  cpSync(join(root, 'LICENSE'), join(pkg, 'LICENSE'));
  publishDigests();
}

// The npm package and the crates are one release.
function sameVersion(metadata) {
  const crate = metadata.packages.find(({ name }) => name === 'model-passport-verifier-wasm');
  const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  if (crate.version !== version) throw new Error(`package.json is ${version}, the crate is ${crate.version}`);
}

// Messages of the compiler name source files; under which folder they lie is nobody's business.
function withoutPaths() {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const flags = [[cargoHome, '/cargo'], [root, '/source']].map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  return `target.${TARGET}.rustflags=${JSON.stringify(flags)}`;
}

function optimise() {
  const binaryen = dirname(createRequire(import.meta.url).resolve('binaryen/package.json'));
  // What the compiler was told to use (.cargo/config.toml) and what its target has by itself.
  const features = ['bulk-memory', 'bulk-memory-opt', 'call-indirect-overlong', 'multivalue', 'mutable-globals',
    'nontrapping-float-to-int', 'reference-types', 'sign-ext', 'simd'].map((name) => `--enable-${name}`);
  // The compiler has inlined what pays. More of it makes long functions, and those compress badly: 5 % of the
  // whole. Neighbours that look alike compress well, and their names say who they are.
  const inlining = ['always', 'flexible', 'one-caller'].map((which) => `--${which}-inline-max-function-size=0`);
  run(process.execPath, join(binaryen, 'bin', 'wasm-opt'), wasm, '-o', wasm, '-O3', ...inlining,
    '--reorder-functions-by-name', '--strip-debug', '--strip-producers', ...features);
}

function publishDigests() {
  const bytes = readFileSync(wasm);
  console.log(`sha256  ${writeGenerated(here).sha256}`);
  console.log(`bytes   ${bytes.length}, ${brotliCompressSync(bytes).length} with brotli`);
}
