// The verifier around one WebAssembly module, however that was loaded.
//
// In scope: arguments in, reports out, and a fresh instance after a crash.
// Out of scope: every decision about a passport, which the WebAssembly takes alone.

import instantiate, * as glue from './pkg/verifier.js';
import { misuse, PassportVerifierError } from './errors.js';
import { hashFile as hashOne, hashFiles as hashAll } from './hash.js';
import { checkSignatures, VALID } from './signatures.js';
import { compileFrom } from './source.js';

// WebAssembly memory never shrinks: above this, a new instance costs less than the memory that is held.
const KEPT_MEMORY_BYTES = 128 * 2 ** 20;

// The verifier refuses a bundle over 16 MiB by its length alone. What is longer need not be copied for that.
const LONGEST_TEXT = 16 * 2 ** 20 + 1;

/** What fits into the memory that a verifier may take, 256 MiB: some 3,000 full passports. */
const LONGEST_EVIDENCE = 28 * 2 ** 20;

/** Makes the functions of the package; `compile` gives the WebAssembly module when the caller brings none. */
export function createApi(compile) {
  let loading;
  let compiled; // The workers that hash start from it.
  let instance = 0;
  let hashing = 0; // What is being hashed lives in the instance.

  /** Loads the WebAssembly from the caller's source, or from where this entry of the package has it. */
  function init(source) {
    loading ??= start(source).catch((cause) => {
      loading = undefined; // A network that failed once may work the next time.
      if (cause instanceof PassportVerifierError) throw cause;
      throw new PassportVerifierError('verifier.not-loaded', 'the verifier could not be loaded', { cause });
    });
    return loading;
  }

  async function start(source) {
    compiled = await (source === undefined ? compile() : compileFrom(source));
    await instantiate({ module_or_path: compiled });
  }

  const load = () => init();

  // Misuse comes out of the WebAssembly as text, `code message`; anything else is a crash, after which
  // nothing in that instance can be relied on.
  function guarded(work) {
    try {
      return work();
    } catch (cause) {
      if (typeof cause !== 'string') {
        replace();
        throw new PassportVerifierError('verifier.stopped', 'the verifier stopped before it had an answer', { cause });
      }
      const space = cause.indexOf(' ');
      throw new PassportVerifierError(cause.slice(0, space), cause.slice(space + 1));
    }
  }

  function replace() {
    instance += 1;
    glue.__wbg_reset_state();
  }

  function shrink() {
    if (hashing === 0 && glue.initSync().memory.buffer.byteLength > KEPT_MEMORY_BYTES) replace();
  }

  async function whileHashing(work) {
    hashing += 1;
    try {
      return await work();
    } finally {
      hashing -= 1;
      shrink();
    }
  }

  async function needs(text, { evidence, policy } = {}) {
    await load();
    const input = [readText(text), readEvidence(evidence), asJson(policy, 'policy')];
    const answer = guarded(() => glue.needs(...input));
    shrink();
    return JSON.parse(answer);
  }

  async function verify(text, { evidence, policy, now = new Date(), webCrypto = true } = {}) {
    await load();
    const input = [readText(text), readEvidence(evidence), asJson(policy, 'policy'), asTime(now)];
    const subtle = webCrypto ? globalThis.crypto?.subtle : undefined;
    const report = subtle ? await verifyWith(subtle, input) : JSON.parse(guarded(() => glue.verify(...input)));
    shrink();
    return report;
  }

  // Most passports that are looked at are good, so the report of that case is written while the host checks the
  // signatures. It is given out only when the host has said just that of every one; else all is done again.
  async function verifyWith(subtle, input) {
    const verification = guarded(() => glue.Verification.begin(...input));
    const checks = guarded(() => readChecks(verification));
    const asked = checkSignatures(subtle, checks);
    const ifAllValid = JSON.parse(guarded(() => verification.finish(new Uint8Array(checks.length).fill(VALID))));
    const answers = await asked;
    if (answers.every((answer) => answer === VALID)) return ifAllValid;
    return JSON.parse(guarded(() => glue.Verification.begin(...input).finish(answers)));
  }

  async function hashFile(source, options) {
    await load();
    return whileHashing(() => hashOne(source, merkle(), options));
  }

  async function hashFiles(files, options) {
    await load();
    return whileHashing(() => hashAll(files, merkle(), options));
  }

  async function compareTensors(file, tensors, options) {
    // Few who verify ever ask for it.
    const [{ compareTensors: compare }] = await Promise.all([import('./tensors.js'), load()]);
    return whileHashing(() => compare(file, tensors, merkle(), options));
  }

  function merkle() {
    return {
      leaf: (chunk) => guarded(() => glue.merkleLeaf(chunk)),
      module: compiled,
      root: (leaves) => guarded(() => glue.merkleRoot(leaves)),
      sha256: beginSha256,
    };
  }

  function beginSha256() {
    const own = instance;
    const hash = guarded(() => new glue.Sha256());
    // What is left of a crash must not look like another one, and end hashes of the new instance.
    const alive = (work) => {
      if (own === instance) return guarded(work);
      throw new PassportVerifierError('verifier.stopped', 'the verifier crashed at something else while this was hashed');
    };
    return { update: (bytes) => alive(() => hash.update(bytes)), finish: () => alive(() => hash.finish()) };
  }

  async function version() {
    await load();
    return glue.version();
  }

  return { compareTensors, hashFile, hashFiles, init, load, needs, verify, version };
}

function readChecks(verification) {
  return Array.from({ length: verification.count() }, (_, index) => ({
    algorithm: verification.algorithm(index),
    key: verification.key(index),
    message: verification.message(index),
    signature: verification.signature(index),
  }));
}

function readText(text) {
  if (typeof text !== 'string') throw misuse('text', 'the passport is JSON text, not an object made from it');
  // UTF-8 cannot hold half a surrogate pair; it would arrive as another character than was given.
  if (/\p{Surrogate}/u.test(text)) throw misuse('text', 'the passport is not well-formed Unicode');
  return text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT) : text;
}

function readEvidence(evidence) {
  const text = asJson(evidence, 'evidence');
  if (text.length > LONGEST_EVIDENCE) throw misuse('evidence', `more than ${LONGEST_EVIDENCE} characters do not fit into a browser's verifier; use the binary`);
  return text;
}

function asJson(value, what) {
  try {
    return value === undefined ? '' : (JSON.stringify(value) ?? 'null');
  } catch ({ message }) {
    throw misuse(what, message); // A circle, or a number that JSON has none of.
  }
}

function asTime(now) {
  if (!(now instanceof Date)) return String(now);
  if (Number.isNaN(now.getTime())) throw misuse('now', 'the date is not a point in time');
  return `${now.toISOString().slice(0, -5)}Z`;
}
