// The page's side of the frame: what it is asked, and its answers, as promises.
//
// In scope: messages to and from one frame of one origin, and its height.
// Out of scope: the frame's address and what its site allows; `embed/page.js` is the other side.

import { originOf, TYPE } from './embed/protocol.js';
import { misuse, PassportVerifierError } from './errors.js';

export { PassportVerifierError } from './errors.js';

/**
 * Speaks with the verifier in a frame. `origin` is the verifier's site. The frame's address has to name the origin of
 * this page, `#parent=https://…`: the verifier answers to that one and to nobody else.
 */
export function embedVerifier(frame, { origin, resize = true } = {}) {
  const verifier = originOf(origin);
  if (verifier === undefined) throw misuse('origin', 'the origin of the verifier is like https://verify.example');
  const waiting = new Map();
  let asked = 0;
  let report;
  const ready = new Promise((resolve, reject) => { report = { resolve, reject }; });
  ready.catch(() => {});

  function receive({ source, origin: from, data }) {
    if (source === null || source !== frame.contentWindow || from !== verifier) return;
    const { type, id, ...content } = Object(data);
    const call = waiting.get(id);
    if (type === `${TYPE}ready`) report.resolve();
    else if (type === `${TYPE}resize` && resize && Number.isFinite(content.height)) frame.style.height = `${Math.min(100_000, Math.max(0, content.height))}px`;
    else if (type === `${TYPE}progress`) call?.onProgress?.(content);
    else if (type === `${TYPE}verdict`) call?.settle(() => call.resolve(content.report));
    else if (type === `${TYPE}error`) call?.settle(() => call.reject(new PassportVerifierError(String(content.code), String(content.message))));
  }

  async function verify(text, { signal, onProgress, now, ...options } = {}) {
    await ready;
    signal?.throwIfAborted();
    const id = `${(asked += 1)}`;
    return new Promise((resolve, reject) => {
      const stop = () => {
        frame.contentWindow?.postMessage({ type: `${TYPE}cancel`, id }, verifier);
        call.settle(() => reject(signal.reason));
      };
      const settle = (act) => {
        waiting.delete(id);
        signal?.removeEventListener('abort', stop);
        act();
      };
      const call = { resolve, reject, settle, onProgress };
      waiting.set(id, call);
      signal?.addEventListener('abort', stop);
      const time = now instanceof Date ? now.toISOString().replace(/\.\d+Z$/, 'Z') : now;
      frame.contentWindow.postMessage({ ...options, now: time, text, type: `${TYPE}verify`, id }, verifier);
    });
  }

  function close() {
    window.removeEventListener('message', receive);
    const ended = new PassportVerifierError('verifier.stopped', 'the frame is not used any more');
    report.reject(ended);
    for (const { settle, reject } of [...waiting.values()]) settle(() => reject(ended));
  }

  window.addEventListener('message', receive);
  return { ready, verify, close };
}
