/** The answer to the whole question. "Could not check" is neither yes nor no. */
export type Verdict = 'verified' | 'verified-with-warnings' | 'not-verified' | 'could-not-check';

/** The stages of a verification, in the order of the report. */
export type Stage =
  | 'parse'
  | 'presentation'
  | 'profile'
  | 'proof'
  | 'issuer'
  | 'validity'
  | 'status'
  | 'trust'
  | 'artifacts'
  | 'lineage'
  | 'evidence'
  | 'policy';

export type Outcome = 'pass' | 'warn' | 'fail' | 'not-checked' | 'not-applicable';

export type NodeState = 'proven' | 'declared' | 'missing' | 'broken';

/** What a verification found. The same text, evidence, policy and time give the same report everywhere. */
export interface Report {
  /** The version of the verifier. */
  version: string;
  verdict: Verdict;
  /** The code of the check that decided, or `ok`. */
  code: string;
  /** The time that the verification was made for. */
  checkedAt: string;
  /** Every check, by stage, and by credential within a stage. */
  checks: Check[];
  /** The lineage. */
  nodes: Node[];
  /** The content of the credentials whose own checks hold: all that a user interface may show as verified. */
  shown: Shown[];
}

export interface Check {
  check: Stage;
  /** The credential that it is about; absent for the whole input. */
  node?: string;
  outcome: Outcome;
  /** Whether the verdict has to wait for it when it is not checked. */
  required: boolean;
  /** A stable code, such as `proof.signature-invalid`. */
  code: string;
  message: string;
  /** What to do about it; absent when there is nothing to do. */
  help?: string;
  /** Where in the credential, as an RFC 6901 pointer. */
  pointer?: string;
  /** The time that the answer is of: when the status list was made that it comes from. */
  asOf?: string;
}

/** A credential or thing in the lineage. */
export interface Node {
  id: string;
  kind: string;
  digest: string;
  issuer?: string;
  /** What the trust list calls the issuer: the only name of it to show. */
  issuerName?: string;
  state: NodeState;
  code: string;
  message: string;
  /** What is wrong with something that it builds on. */
  taint?: Taint;
  /** What it builds on. */
  parents: Edge[];
}

/** Trouble that comes from an ancestor. */
export interface Taint {
  /** The code of the ancestor's own check that fails or is open, such as `status.revoked`. */
  code: string;
  /** The way from the ancestor to this node, by identifiers; the middle of a long one is left out. */
  path: string[];
}

export interface Edge {
  /** The property that makes the link, such as `trainedOn`. */
  relation: string;
  id: string;
  /** The digest that the link pins. */
  digest: string;
}

export interface Shown {
  node: string;
  /** The credential as verified, without its proof. */
  content: Record<string, unknown>;
}

/** Something that has to be brought before a verdict can be given. */
export interface Need {
  /** An `https:` URL, or the identifier of a credential. */
  url: string;
  kind: 'credential' | 'didDocument' | 'statusList' | 'context' | 'resource' | 'schema';
  /** For people. */
  why: string;
}

/** What was brought. */
export interface Evidence {
  /** DID documents, status lists, contexts, schemas and other documents by the URL that `needs` named. */
  documents?: Document[];
  /** The texts of credentials that the passport may build on. */
  credentials?: string[];
  /** Measured files, to be held against the artefact manifest; matched by content, not by name. */
  artifacts?: Artifact[];
  /** The newest status lists that you remember; an older one than that was rolled back. */
  seenLists?: SeenList[];
}

export interface SeenList {
  url: string;
  /** The `validFrom` that it had. */
  validFrom: string;
}

export interface Document {
  url: string;
  /** When it was retrieved, as RFC 3339. */
  retrieved?: string;
  text: string;
}

export interface Artifact extends Measured {
  path: string;
  /** Set where this stands for a whole directory: how many files it has. `sha256` is then that of their manifest. */
  fileCount?: number;
}

/** What `hashFile` measures. */
export interface Measured {
  size: number;
  /** Hexadecimal. Only one core can work on it, so `hashFile` gives it for files under 4 MiB, or when it is asked for. */
  sha256?: string;
  /** The root of the RFC 9162 tree over chunks of 4 MiB, as multibase. */
  merkleRoot?: string;
}

/** A kind of credential that a trust list or a rule may name. */
export type Kind =
  | 'ApprovalAttestation'
  | 'DatasetPassport'
  | 'DeploymentAttestation'
  | 'EvaluationAttestation'
  | 'ModelPassport'
  | 'MonitoringAttestation'
  | 'ProcessingAttestation';

/** Whom to recognise, and for what. */
export interface TrustList {
  /** As reports show it. */
  name?: string;
  /** The list that this one narrows; that list has to follow it in `Policy.trust`. */
  extends?: string;
  /** DIDs that are not recognised, whatever another list says. */
  refuse?: string[];
  issuers?: TrustedIssuer[];
}

export interface TrustedIssuer {
  /** Its DID. */
  id: string;
  /** Its name, which is shown instead of what it calls itself. */
  name: string;
  /** What it may issue; `RecognitionCredential` lets it recognise others. */
  kinds: (Kind | 'BitstringStatusListCredential' | 'RecognitionCredential')[];
  /** The kinds for which it may recognise others; all when left out. */
  recognizes?: (Kind | 'BitstringStatusListCredential')[];
  /** From when until when what it issues is recognised. */
  validFrom?: string;
  validUntil?: string;
  /** Its public keys as Multikey: only these count, and for these no DID document is needed. */
  keys?: string[];
}

/** Who has to have issued something, and on what data. Decimals are texts: `"0.85"`. */
interface ByWhom {
  /** Why the rule is there, for whoever reads the report. */
  because?: string;
  issuers?: string[];
  /** Somebody else than the maker of the model. */
  independent?: boolean;
  dataOrigin?: 'internal' | 'external';
}

/** What has to be known of a model. */
export type Rule =
  | ({ require: 'credential'; kind: Kind; count?: number; maxAgeDays?: number } & ByWhom)
  | ({
      require: 'metric';
      definition: string;
      atLeast?: string;
      atMost?: string;
      bound?: 'interval' | 'value';
      slices?: string[];
      everySlice?: boolean;
      minimumN?: number;
      /** The least level of the interval; "0.95" when left out. */
      level?: string;
    } & ByWhom)
  | { require: 'monitoring'; because?: string; issuers?: string[]; maxAgeDays?: number }
  | { require: 'permission'; because?: string; for: 'commercial-validation' }
  | { require: 'basis'; because?: string; kind: Kind; groups: string[]; basis?: ('measured' | 'declared' | 'inferred')[] }
  | { require: 'base-models'; because?: string; allowed?: string[] }
  | { require: 'files'; because?: string }
  | { require: 'no-files'; because?: string; endings: string[] }
  | { require: 'no-regression'; because?: string; site: string; margin?: string; lowerIsBetter?: string[] };

/** What to ask for. A list of policies is read as the first narrowing the next: whatever both say, the stricter counts. */
export interface Policy {
  /** As reports show it. */
  name?: string;
  /** The policy that this one narrows; that policy has to follow it in the list. */
  extends?: string;
  /**
   * `passport` takes model passports only. `standard` takes any credential of the W3C data model, judged and shown as
   * its signed statements say it. `proof-only` checks the proofs of any credential and nothing else: it does not
   * bind the key to the issuer.
   */
  profile?: 'passport' | 'standard' | 'proof-only';
  /** Whether files must be at hand for every artefact manifest. */
  requireArtifacts?: boolean;
  /** Whether every issuer has to be recognised by `trust`. */
  requireRecognition?: boolean;
  /** Whether every credential has to have a status by which it could be recalled. */
  requireStatus?: boolean;
  /** Whether a proof is refused whose key was revoked since. */
  refuseRevokedKeys?: boolean;
  /** What becomes of a credential whose lineage is not as it should be. */
  lineage?: {
    /** It has expired since, and held when it was built on; a refusal when left out. */
    parentExpired?: 'fail' | 'warn';
    /** It became valid only after what builds on it; a warning when left out. */
    parentNewer?: 'fail' | 'warn';
    /** Its issuer is not recognised; as `requireRecognition` says when left out. */
    parentUnrecognized?: 'fail' | 'warn';
    /** It has no credential, or only a part of it was shown; a warning when left out. */
    declared?: 'fail' | 'warn';
  };
  /** Trust lists, the narrowest first: an issuer has to be recognised by every one. */
  trust?: TrustList[];
  rules?: Rule[];
  /** DIDs that have to have signed every credential handed over: a proof can be taken off unseen. */
  requiredSigners?: string[];
  /** How many different controllers have to have signed every credential handed over. */
  minSigners?: number;
  /** What a signed presentation has to repeat (`challenge` of its proof, or `nonce` of its JWS). */
  challenge?: string;
  /** For whom a signed presentation has to be made (`domain` of its proof, or `aud` of its JWS), as a set. */
  domain?: string[];
  /** How far clocks may be apart; 300 when left out. */
  clockSkewSecs?: number;
  /** How old a status list may be; 86,400 when left out, and then not older either than its own `ttl` allows. */
  maxStatusAgeSecs?: number;
}

export interface VerifyOptions {
  evidence?: Evidence;
  policy?: Policy | Policy[];
  /** The time to judge by: a date, or RFC 3339 text. Now, when left out. */
  now?: Date | string;
  /** `false` leaves signatures to the WebAssembly. The report is the same, and takes longer. */
  webCrypto?: boolean;
}

export interface HashProgress {
  done: number;
  /** Not there for a stream, which does not say how long it is. */
  total?: number;
  /** On average since the beginning. */
  bytesPerSecond: number;
}

export interface HashOptions {
  /** Told ten times a second at most, and at the end. */
  onProgress?: (progress: HashProgress) => void;
  /** Ends it at once, workers included; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** Also the SHA-256 of the whole file, for a passport that lists nothing else of it. Slower: it takes one core. */
  sha256?: boolean;
  /**
   * Makes a worker that runs `hash/worker.js`: where the address of a script has to be a `TrustedScriptURL`, or the
   * script lies elsewhere. Without it, or where workers cannot be started, the result is the same.
   */
  worker?: () => Worker;
  /** How many workers at most; 0 hashes without. As many as there are cores, and 8 at most, when left out. */
  workers?: number;
}

/** A tensor as a passport lists it in `weights`. */
export interface Tensor {
  name: string;
  dtype: string;
  shape: number[];
  /** Hexadecimal, of its little-endian bytes. */
  sha256: string;
}

export interface TensorOptions {
  /** As in `weights[].format`; by the end of the file's name when left out. Others are not compared. */
  format?: 'onnx' | 'safetensors' | (string & {});
  onProgress?: (progress: HashProgress) => void;
  signal?: AbortSignal;
}

export interface TensorComparison {
  /** How many tensors are the same. */
  same: number;
  /** The names of those with other values, or another type or shape. */
  different: string[];
  /** Listed, and not in the file. */
  missing: string[];
  /** In the file, and not listed. */
  additional: string[];
  /** Whether names, types or shapes are others, and not only values. */
  headerDiffers: boolean;
}

/**
 * Verifies the JSON text of a credential, presentation or bundle. What is wrong with it is in the report;
 * the promise is rejected with a `PassportVerifierError` for misuse, or when there is no verifier.
 */
export function verify(text: string, options?: VerifyOptions): Promise<Report>;

/** What has to be brought before `verify` can answer. Ask again after bringing it. */
export function needs(text: string, options?: Pick<VerifyOptions, 'evidence' | 'policy'>): Promise<Need[]>;

/**
 * Hashes a file in flat memory, whatever its size; a large Blob on all cores. Rejected with `file.unreadable` when the
 * file cannot be read or has changed, with `hash.stopped` when a worker fails on the way.
 */
export function hashFile(
  source: Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  options?: HashOptions,
): Promise<Measured & { merkleRoot: string }>;

/** Hashes several files with one set of workers: the results in their order, and one progress over all. */
export function hashFiles(files: Blob[], options?: HashOptions): Promise<(Measured & { merkleRoot: string })[]>;

/**
 * Which tensors of a file are not those that a verified passport lists. A hint for people, and no part of a verdict: all
 * tensors can be the same in a file that differs elsewhere. Rejected with `tensors.not-comparable`,
 * `tensors.malformed`, `tensors.too-many` or `file.unreadable` when there is no answer.
 */
export function compareTensors(file: Blob, tensors: Tensor[], options?: TensorOptions): Promise<TensorComparison>;

/** What the WebAssembly may come from: its address, its bytes, or a module that is compiled already. */
export type VerifierSource = string | URL | Response | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

/**
 * Loads the WebAssembly from what the caller has it as, for hosts where it cannot be fetched from beside the script.
 * Its digest is checked, but for a `WebAssembly.Module`, whose bytes nobody can see any more. Once one is loaded it
 * stays, and this does nothing.
 */
export function init(source?: VerifierSource | Promise<VerifierSource>): Promise<void>;

/** Loads the WebAssembly ahead of the first call, from where the package has it. */
export function load(): Promise<void>;

/** The version of the verifier, as it stands in every report. */
export function version(): Promise<string>;

/** SHA-256 of the WebAssembly, in hexadecimal; it is checked (as SHA-384) when it is loaded. */
export const wasmSha256: string;

/**
 * `misuse.*`: the caller gave something of the wrong shape. `verifier.not-loaded`: no WebAssembly in time, or
 * not the one with the right digest. `verifier.stopped`: it crashed; the next call starts a fresh one, and a SHA-256 or
 * tensors that were under way end with it. `verifier.timed-out`: a worker was over its time and replaced. `file.*`, `hash.*`, `tensors.*`: of `hashFile` and `compareTensors`.
 * `element.*` and `embed.*`: there was nothing that could be checked.
 */
export type ErrorCode =
  | 'misuse.arguments'
  | 'misuse.evidence'
  | 'misuse.file'
  | 'misuse.now'
  | 'misuse.origin'
  | 'misuse.page'
  | 'misuse.policy'
  | 'misuse.source'
  | 'misuse.src'
  | 'misuse.tensors'
  | 'misuse.text'
  | 'file.unreadable'
  | 'hash.stopped'
  | 'tensors.malformed'
  | 'tensors.not-comparable'
  | 'tensors.too-many'
  | 'verifier.not-loaded'
  | 'verifier.stopped'
  | 'verifier.timed-out'
  | 'element.no-source'
  | 'element.not-loaded'
  | 'element.not-utf8'
  | 'element.offline'
  | 'element.policy'
  | 'element.too-long'
  | 'element.trust'
  | 'embed.busy'
  | 'embed.message';

export class PassportVerifierError extends Error {
  constructor(code: ErrorCode, message: string, options?: ErrorOptions);
  readonly name: 'PassportVerifierError';
  readonly code: ErrorCode;
}
