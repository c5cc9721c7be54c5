// Fetches what its parent asks for over one channel, and nothing else: bounded in size and time, without cookies, without
// a referrer, without following elsewhere.
//
// Everything is checked again by the parent: this document speaks with strangers.

(() => {
  const TIME_MS = 10_000;

  // The parent's first message brings the channel. Whoever else has a hold of this window is not heard.
  addEventListener('message', function take({ source, data, ports: [port] }) {
    if (source !== parent || data !== 'model-passport/fetch' || port === undefined) return;
    removeEventListener('message', take);
    port.onmessage = async ({ data: { id, url, limit } }) => {
      try {
        const bytes = await load(url, limit);
        port.postMessage({ id, bytes }, [bytes]);
      } catch (error) {
        port.postMessage({ id, code: typeof error.code === 'string' ? error.code : 'refused', status: error.status });
      }
    };
    port.postMessage('ready');
  });

  async function load(url, limit) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(failure('slow')), TIME_MS);
    try {
      const response = await fetch(url, {
        cache: 'no-store', credentials: 'omit', mode: 'cors', redirect: 'error', referrerPolicy: 'no-referrer', signal: stop.signal,
      });
      if (!response.ok) throw failure('status', response.status);
      if (Number(response.headers.get('content-length')) > limit) throw failure('too-large');
      return await read(response.body, limit);
    } finally {
      clearTimeout(timer);
      stop.abort();
    }
  }

  async function read(body, limit) {
    const reader = body.getReader();
    const parts = [];
    let length = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.length;
      if (length > limit) throw failure('too-large');
      parts.push(part.value);
    }
    return new Blob(parts).arrayBuffer();
  }

  function failure(code, status) {
    return Object.assign(new Error(code), { code, status });
  }
})();
