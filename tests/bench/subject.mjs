// A model passport's subject of the size that a filled-in one has, about files that a test makes up.

import { createHash } from 'node:crypto';

const CHUNK_BYTES = 4 * 2 ** 20;
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const multibase = (digest) => `u${Buffer.concat([Buffer.from([0x12, 0x20]), digest]).toString('base64url')}`;

// RFC 9162, section 2.1.1, written again from its recursive definition.
function merkleRoot(leaves) {
  if (leaves.length <= 1) return leaves[0] ?? sha256('');
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.from([1]), merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split)));
}

/** What the manifest says of one file. */
export function artifact({ path, bytes }) {
  const leaves = [];
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    leaves.push(sha256(Buffer.from([0]), bytes.subarray(start, start + CHUNK_BYTES)));
  }
  return {
    type: 'Artifact',
    path,
    size: bytes.length,
    mediaType: 'application/octet-stream',
    digestMultibase: multibase(sha256(bytes)),
    merkleRoot: multibase(merkleRoot(leaves)),
  };
}

/** A complete subject about these files; `changes` replace whole members. */
export function modelSubject(files, changes = {}) {
  const ordered = [...files].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const lines = ordered.map(({ path, bytes }) => ({ path, sha256: sha256(bytes).toString('hex'), size: bytes.length }));
  const manifest = sha256(JSON.stringify(lines));
  return {
    id: `urn:sha256:${manifest.toString('hex')}`,
    type: 'Model',
    name: 'Aspirate classifier',
    version: '1.2.0',
    modelLine: 'urn:uuid:6a1f3c52-08d5-4c7e-9b1d-3f5f4f0c2b11',
    stage: 'research',
    releaseDate: '2026-01-15',
    license: 'Apache-2.0',
    description: 'Tells benign from malignant breast masses by thirty features of a fine-needle aspirate.',
    language: 'en',
    developer: { id: 'https://lab.example/', type: 'Organization', name: 'Example Lab', contact: 'mailto:models@lab.example' },
    artifactManifest: {
      type: 'ArtifactManifest',
      basis: 'measured',
      digestMultibase: multibase(manifest),
      totalSize: lines.reduce((sum, { size }) => sum + size, 0),
      file: ordered.map(artifact),
    },
    interface: {
      type: 'ModelInterface',
      basis: 'measured',
      inputs: [{ name: 'features', dtype: 'float32', shape: ['N', 30] }],
      outputs: [{ name: 'label', dtype: 'int64', shape: ['N'] }, { name: 'probability', dtype: 'float32', shape: ['N', 2] }],
      opset: 17,
      producer: 'an exporter 1.0',
    },
    sourceCode: { type: 'SourceCode', basis: 'measured', repository: 'https://lab.example/aspirate.git', commit: '3f786850e387550fdab836ed7e6dc881de23001b', dirty: false },
    design: { type: 'Design', basis: 'declared', task: 'binary classification', learningMethod: 'supervised', architecture: 'Logistic regression on standardised features, without interactions.' },
    intendedUse: {
      type: 'IntendedUse',
      basis: 'declared',
      purpose: 'A second reading of fine-needle aspirates in research.',
      population: 'Adults with a palpable breast mass.',
      users: 'Cytologists who know the limits of the training data.',
      setting: 'Research only, beside the usual diagnosis.',
      decisionRole: 'Advice; the decision stays with the cytologist.',
    },
    limits: { type: 'Limits', basis: 'declared', outOfScopeUse: ['Screening', 'Use without a cytologist'], foreseeableMisuse: ['Reading samples from another staining'], knownLimitations: ['One site, one way of measuring, few cases.'] },
    humanOversight: { type: 'HumanOversight', basis: 'declared', measures: 'Every result is seen beside the image it came from.', explanation: 'Coefficients by feature.' },
    preprocessing: { type: 'Preprocessing', basis: 'declared', steps: ['Standardise each feature by the mean and deviation of the training part.'], splitRule: 'Stratified by label, 80 to 20, seed 7.', leakageCheck: 'One sample a person; none on both sides.' },
    training: { type: 'Training', basis: 'measured', framework: ['a library 1.7'], hyperparameters: { C: '1.0', penalty: 'l2' }, lossFunction: 'log loss', optimizer: 'lbfgs', seed: 7, hardware: 'One desktop processor', startedAtTime: '2026-01-10T08:00:00Z', endedAtTime: '2026-01-10T08:00:04Z' },
    regulatory: { type: 'Regulatory', basis: 'unknown' },
    trainedOn: [{ id: 'https://data.example/aspirates', type: 'Dataset', digestMultibase: multibase(sha256('aspirates')), name: 'Aspirates of 569 masses' }],
    ...changes,
  };
}
