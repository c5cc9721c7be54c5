// What tools say of the packed package: publint, arethetypeswrong, and TypeScript over a file that uses everything.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

import { installPackage, place, read, root, tests } from './harness.mjs';

const installed = installPackage();
const manifest = JSON.parse(read(installed, 'package.json'));
const bin = (name) => join(tests, 'node_modules', '.bin', name);
const typed = Object.entries(manifest.exports).filter(([, entry]) => typeof entry === 'object').map(([name]) => name);

test('publint has nothing to say', async () => {
  const { messages } = await publint({ pkgDir: installed, level: 'suggestion', strict: true, pack: false });
  assert.deepEqual(messages.map((message) => formatMessage(message, manifest)), []);
});

test('arethetypeswrong finds nothing', () => {
  const tarball = readdirSync(place).find((name) => name.endsWith('.tgz'));
  const { stdout, status } = spawnSync(bin('attw'), [join(place, tarball), '--profile', 'esm-only', '--format', 'json',
    '--entrypoints', ...typed.map((name) => name.replace(/^\.\/?/, '') || '.')], { encoding: 'utf8' });
  const { analysis, problems } = JSON.parse(stdout);
  assert.deepEqual(Object.keys(analysis.entrypoints).sort(), [...typed].sort());
  assert.deepEqual([Object.values(problems ?? {}).flat().filter(({ resolutionKind }) => !/node10|node16-cjs/.test(resolutionKind ?? '')), status], [[], 0]);
});

test('every type is as it is used, in browsers, in node and in JSX', () => {
  const folder = join(place, 'typed');
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
  const link = (from, ...to) => symlinkSync(from, join(folder, 'node_modules', ...to));
  link(join(installed, '..'), '@model-passport');
  for (const name of ['@types/react', 'csstype', 'react']) link(join(tests, 'node_modules', name), ...name.split('/'));
  cpSync(join(installed, 'examples', 'react', 'types.d.ts'), join(folder, 'react.d.ts'));
  cpSync(join(tests, 'browser', 'usage.ts'), join(folder, 'usage.ts'));
  cpSync(join(tests, 'browser', 'usage.tsx'), join(folder, 'jsx.tsx'));
  const compile = (options) => {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
      compilerOptions: { noEmit: true, strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, target: 'es2024', lib: ['es2024', 'dom', 'dom.iterable', 'dom.asynciterable'], jsx: 'react-jsx', types: [], ...options },
      include: ['*.ts', '*.tsx'],
    }));
    return spawnSync(bin('tsc'), ['--project', folder], { encoding: 'utf8' });
  };
  for (const options of [{ module: 'nodenext', moduleResolution: 'nodenext' }, { module: 'preserve', moduleResolution: 'bundler' }]) {
    const { stdout, status } = compile(options);
    assert.equal(stdout, '', JSON.stringify(options));
    assert.equal(status, 0);
  }
  // A compiler that finds nothing wrong with anything would have passed too.
  const usage = readFileSync(join(folder, 'usage.ts'), 'utf8');
  writeFileSync(join(folder, 'usage.ts'), usage.replaceAll(/\/\/ @ts-expect-error.*/g, ''));
  const expected = usage.match(/@ts-expect-error/g).length;
  const { stdout } = compile({ module: 'nodenext', moduleResolution: 'nodenext' });
  assert.equal(stdout.match(/error TS/g)?.length, expected, stdout);
});

test('the types name every export, and every export has a type', async () => {
  for (const [name, entry] of Object.entries(manifest.exports)) {
    if (typeof entry === 'string') continue;
    const types = read(installed, entry.types);
    const declared = [...types.matchAll(/^export (?:declare )?(?:function|const|class) (\w+)/gm)].map(([, one]) => one);
    const passedOn = [...types.matchAll(/^export \{ ([^}]+) \} from/gm)].flatMap(([, names]) => names.split(', '));
    const all = /export \* from/.test(types) ? Object.keys(await import(join(installed, 'index.js'))) : [];
    const found = Object.keys(await import(join(installed, entry.default)));
    assert.deepEqual([...new Set([...declared, ...passedOn, ...all])].sort(), found.sort(), name);
  }
});

test('the codes of errors in the types are those in the scripts', () => {
  const folder = join(root, 'verifier-wasm');
  const types = read(folder, 'index.d.ts');
  const declared = [.../type ErrorCode =([^;]+);/.exec(types)[1].matchAll(/'([^']+)'/g)].map(([, code]) => code);
  const scripts = ['api.js', 'source.js', 'snippets.js', 'embed.js', 'worker/client.js', 'element/load.js', 'element/model-passport.js', 'embed/page.js'].map((name) => read(folder, name)).join('\n');
  const used = [
    ...[...scripts.matchAll(/misuse\('(\w+)'/g)].map(([, code]) => `misuse.${code}`),
    ...[...scripts.matchAll(/'((?:verifier|embed)\.[\w-]+)'/g)].map(([, code]) => code),
    ...[...scripts.matchAll(/failure\('([\w-]+)'/g)].map(([, code]) => `element.${code}`),
  ];
  assert.deepEqual(used.filter((code) => !declared.includes(code) && !/^embed\.html$/.test(code)), []);
});
