// The page's side of fetching: opens the document that may reach others, in a sandbox, and judges what it answers.

// A little more than that document gives itself.
const ANSWER_MS = 15_000;
const CODES = ['refused', 'slow', 'status', 'too-large'];

/** `get(url, limit)` gives bytes, or throws with a `code`. To be closed, which takes the document away. */
export function openFetcher() {
  const frame = document.createElement('iframe');
  // No `allow-same-origin`: its origin is nobody's, so it reads nothing of this site, and servers see no name of it.
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.setAttribute('referrerpolicy', 'no-referrer');
  frame.hidden = true;
  const { port1: port, port2 } = new MessageChannel();
  const waiting = new Map();
  let asked = 0;

  const ready = new Promise((resolve) => {
    port.onmessage = ({ data }) => {
      if (data === 'ready') return resolve();
      return settle(Object(data));
    };
  });
  // An origin that is nobody's can only be called by `*`. What is sent is no secret: one end of the channel.
  frame.addEventListener('load', () => frame.contentWindow?.postMessage('model-passport/fetch', '*', [port2]), { once: true });
  frame.src = new URL('./fetch.html', document.baseURI).href;
  document.body.append(frame);

  function settle({ id, bytes, code }) {
    const call = waiting.get(id);
    if (call === undefined) return;
    if (bytes instanceof ArrayBuffer && bytes.byteLength <= call.limit) call.resolve(new Uint8Array(bytes));
    else call.reject(failure(bytes === undefined && CODES.includes(code) ? code : 'too-large'));
  }

  async function get(url, limit) {
    const id = (asked += 1);
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(failure('slow')), ANSWER_MS);
        waiting.set(id, { resolve, reject, limit });
        ready.then(() => port.postMessage({ id, url, limit }));
      });
    } finally {
      clearTimeout(timer);
      waiting.delete(id);
    }
  }

  function close() {
    for (const { reject } of waiting.values()) reject(failure('refused'));
    port.close();
    frame.remove();
  }

  return { close, get };
}

function failure(code) {
  return Object.assign(new Error(code), { code });
}
