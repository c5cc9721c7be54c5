// The worker's side: it calls the package and sends what comes back.

const running = new Map();

/** Answers messages with an entry of the package; `post` sends to the page. */
export function createService(api, post) {
  const tasks = {
    __proto__: null,
    compareTensors: ({ file, tensors, options }, controls) => api.compareTensors(file, tensors, { ...options, ...controls }),
    init: (source) => api.init(source),
    hashFile: ({ file, options }, controls) => api.hashFile(file, { ...options, ...controls }),
    hashFiles: ({ files, options }, controls) => api.hashFiles(files, { ...options, ...controls }),
    needs: ({ text, options }) => api.needs(text, defined(options)),
    verify: ({ text, options }) => api.verify(text, defined(options)),
    version: () => api.version(),
  };

  return async function receive({ id, task, input }) {
    if (task === 'stop') {
      running.get(id)?.abort();
      return;
    }
    const stop = new AbortController();
    running.set(id, stop);
    try {
      const onProgress = (progress) => post({ id, progress });
      post({ id, answer: await tasks[task](input, { onProgress, signal: stop.signal }) });
    } catch ({ name, code, message }) {
      post({ id, error: { name, code: typeof code === 'string' ? code : undefined, message } });
    } finally {
      running.delete(id);
    }
  };
}

// A member that is there and undefined would not take its default.
function defined(options) {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
