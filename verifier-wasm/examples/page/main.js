import { hashFiles, verify } from '@model-passport/verifier';

const [passport, files, verdict] = ['passport', 'files', 'verdict'].map((id) => document.getElementById(id));

async function check() {
  const chosen = [...files.files];
  // Without workers: the page's import map says nothing of the scripts that a worker loads.
  const hashes = await hashFiles(chosen, { workers: 0 });
  const artifacts = hashes.map((hash, at) => ({ path: chosen[at].name, ...hash }));
  const report = await verify(await passport.files[0].text(), { evidence: { artifacts } });
  // textContent: a report quotes strangers.
  verdict.textContent = `${report.verdict} (${report.code})`;
}

for (const input of [passport, files]) input.addEventListener('change', () => passport.files.length > 0 && check());
