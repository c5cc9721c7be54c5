import type { Evidence, Policy, Report, TrustList } from './index.js';
import type { Display } from './element.js';

export { PassportVerifierError } from './index.js';

/** Page to frame: what is waited for under this id stops, and is answered by the error `verifier.stopped`. */
export interface CancelMessage {
  type: 'model-passport/cancel';
  id: string | number;
}

/** Page to frame. JSON but for `files`. */
export interface VerifyMessage {
  type: 'model-passport/verify';
  /** Comes back with the answer; at most 100 characters, and no other's that waits. */
  id: string | number;
  /** The text of the passport. An address is not taken: others may let the verifier read what they would not let you. */
  text: string;
  evidence?: Evidence;
  policy?: Policy | Policy[];
  trustList?: TrustList | TrustList[];
  /** RFC 3339. */
  now?: string;
  /** Held against the passport; they do not leave the browser. */
  files?: Blob[];
  display?: Display;
  locale?: string;
  theme?: 'light' | 'dark' | 'system';
}

/** Frame to page. Only the first two are sent to a page that the frame was not told of. */
export type FrameMessage =
  | { type: 'model-passport/ready' }
  /** The height of what was sent to be checked; of what the fragment names, one height for each display. */
  | { type: 'model-passport/resize'; height: number }
  | { type: 'model-passport/progress'; id: string | number; phase: string; path?: string; done?: number; total?: number }
  | { type: 'model-passport/verdict'; id: string | number; report: Report }
  | { type: 'model-passport/error'; id?: string | number; code: string; message: string };

export interface EmbedVerifyOptions extends Omit<VerifyMessage, 'type' | 'id' | 'text' | 'now'> {
  now?: Date | string;
  signal?: AbortSignal;
  onProgress?: (progress: { phase: string; path?: string; done?: number; total?: number }) => void;
}

export interface EmbeddedVerifier {
  /** Settled when the frame has said that it is there. */
  ready: Promise<void>;
  verify(text: string, options?: EmbedVerifyOptions): Promise<Report>;
  close(): void;
}

/** Speaks with `embed.html` in a frame. Call it before the frame has loaded. */
export function embedVerifier(frame: HTMLIFrameElement, options: { origin: string; resize?: boolean }): EmbeddedVerifier;
