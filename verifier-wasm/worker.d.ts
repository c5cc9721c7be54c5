import type {
  HashOptions, Measured, Need, Report, Tensor, TensorComparison, TensorOptions, VerifierSource, VerifyOptions,
} from './index.js';

export { PassportVerifierError, wasmSha256 } from './index.js';

export interface WorkerOptions {
  /**
   * Makes the worker, from the script `@model-passport/verifier/worker-script`: for Trusted Types, and for bundles of
   * one file. In Node.js a `Worker` of `node:worker_threads`.
   */
  worker?: () => WorkerLike;
  /** The WebAssembly, as `init` takes it, or what gives it to each worker that is started. */
  source?: VerifierSource | Promise<VerifierSource> | (() => VerifierSource | Promise<VerifierSource>);
  /**
   * How long one `verify` or `needs` may take, in milliseconds, before the worker is replaced, and how long a worker may
   * take to load; 15,000 when left out.
   */
  timeLimit?: number;
}

/** A `Worker` of a browser or of Node.js. */
export interface WorkerLike {
  postMessage(message: unknown, transfer?: any): void;
  terminate(): unknown;
}

/** The functions of the package, answered by a worker. */
export interface WorkerVerifier {
  verify(text: string, options?: VerifyOptions): Promise<Report>;
  needs(text: string, options?: Pick<VerifyOptions, 'evidence' | 'policy'>): Promise<Need[]>;
  hashFile(
    source: Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
    options?: HashOptions,
  ): Promise<Measured & { merkleRoot: string }>;
  hashFiles(files: Blob[], options?: HashOptions): Promise<(Measured & { merkleRoot: string })[]>;
  compareTensors(file: Blob, tensors: Tensor[], options?: TensorOptions): Promise<TensorComparison>;
  load(): Promise<void>;
  version(): Promise<string>;
  /** Ends the worker; what it was asked is rejected, and so is what comes after. */
  terminate(): void;
}

/** Starts with the first call. A worker that hangs or dies is replaced by the next call. */
export function createVerifier(options?: WorkerOptions): WorkerVerifier;
