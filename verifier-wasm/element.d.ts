import type { Evidence, HashOptions, Measured, Need, PassportVerifierError, Policy, Report, TrustList, VerifyOptions } from './index.js';

export { PassportVerifierError } from './index.js';

/** Brings the text of what a passport needs; `undefined` for what it does not have. */
export type DocumentLoader = (need: Need, options: { signal: AbortSignal }) => Promise<string | undefined>;

export type Display = 'badge' | 'card' | 'full';

/** What an element needs of a verifier. */
export interface ElementVerifier {
  verify(text: string, options?: VerifyOptions): Promise<Report>;
  needs(text: string, options?: Pick<VerifyOptions, 'evidence' | 'policy'>): Promise<Need[]>;
  hashFile(source: Blob, options?: HashOptions): Promise<Measured & { merkleRoot: string }>;
  version(): Promise<string>;
}

export type PassportProgress =
  | { phase: 'verify' }
  | { phase: 'need'; need: Need; error?: unknown }
  | { phase: 'hash'; path: string; done: number; total?: number };

export interface PassportEventMap {
  /** There is a text to check. */
  'passport-load': CustomEvent<{ text: string }>;
  'passport-progress': CustomEvent<PassportProgress>;
  /** There is an answer. */
  'passport-verdict': CustomEvent<{ report: Report }>;
  /** There was no check: nothing to load, a network that failed, misuse. Never an answer about a passport. */
  'passport-error': CustomEvent<{ error: PassportVerifierError; code: PassportVerifierError['code']; message: string }>;
  /** The dialog with the whole report was opened or closed. */
  'passport-toggle': CustomEvent<{ open: boolean }>;
}

/** `<model-passport>` */
export class ModelPassport extends HTMLElement {
  static readonly observedAttributes: string[];
  /** Makes the verifier that all elements of the page share, before the first is checked. A worker when left out. */
  static createVerifier: (() => ElementVerifier | Promise<ElementVerifier>) | undefined;

  /** The address of the passport, or `#id` of an element of the document whose text it is. */
  src: string;
  /** The address of a trust list. */
  trust: string;
  /** The address of a policy, or of a list of them. */
  policy: string;
  locale: string;
  theme: '' | 'light' | 'dark' | 'system';
  display: Display;
  /** Nothing is fetched: not `src`, `trust` or `policy`, and the loader is not asked. */
  offline: boolean;

  /** The text of the passport; it comes before a script inside the element, and that before `src`. */
  passport: string | undefined;
  evidence: Evidence | undefined;
  trustList: TrustList | TrustList[] | undefined;
  policyRules: Policy | Policy[] | undefined;
  /** Without it nothing is fetched that a passport names. */
  documentLoader: DocumentLoader | undefined;
  /** The time to judge by. */
  now: Date | string | undefined;

  /** The last answer; `null` while there is none. */
  readonly report: Report | null;

  /** Checks again. Rejected when there is nothing to check, and with an `AbortError` when something newer is checked. */
  verify(): Promise<Report>;
  /** Reads files of any size and checks that the passport is about them. */
  verifyFile(files: File | Blob | Iterable<File | Blob>, options?: { signal?: AbortSignal }): Promise<Report>;

  addEventListener<K extends keyof PassportEventMap>(type: K, listener: (this: ModelPassport, event: PassportEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener<K extends keyof HTMLElementEventMap>(type: K, listener: (this: ModelPassport, event: HTMLElementEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'model-passport': ModelPassport;
  }
}
