// Checks a passport or bundle, with the files that it is about if they are named:
//
//   node check.mjs PASSPORT [FILE]…

import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import { hashFile, verify } from '@model-passport/verifier';

const [passport, ...files] = process.argv.slice(2);
const artifacts = [];
for (const file of files) artifacts.push({ path: basename(file), ...(await hashFile(await openAsBlob(file))) });

const report = await verify(await readFile(passport, 'utf8'), { evidence: { artifacts } });
console.log(`${report.verdict} (${report.code})`);
for (const { check, outcome, message } of report.checks) console.log(`${outcome.padEnd(15)} ${check.padEnd(10)} ${message}`);

// "Could not check" is not a yes.
process.exitCode = { verified: 0, 'verified-with-warnings': 0, 'not-verified': 1 }[report.verdict] ?? 2;
