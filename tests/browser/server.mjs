// A static server for the tests: correct content types, the page's policy as a header, and nothing else.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** Serves a folder on a port of the loopback, with the policy of its page or none: `{ url, port, requests, close }`. */
export async function serve(folder, { policy: wanted = true, port = 0 } = {}) {
  const policy = wanted && await metaPolicy(join(folder, 'index.html'));
  const requests = [];
  const server = createServer(async ({ url }, response) => {
    const path = normalize(new URL(url, 'http://localhost').pathname);
    requests.push(path);
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
    const type = TYPES[extname(file)];
    const body = type && await readFile(file).catch(() => undefined);
    // A document has its own policy; a script has that of the page, which is what a worker lives by.
    const own = (wanted && body && extname(file) === '.html' && await metaPolicy(file)) || policy;
    const framed = { '/embed.html': '*', '/fetch.html': "'self'" }[path] ?? "'none'";
    const headers = {
      ...(wanted && { 'content-security-policy': `${own}; frame-ancestors ${framed}` }),
      'content-type': body ? type : 'text/plain',
      'cross-origin-opener-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    };
    response.writeHead(body ? 200 : 404, headers).end(body ?? 'not found');
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    port: server.address().port,
    requests,
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}

// The header says what the page says of itself, so that the two cannot drift apart.
async function metaPolicy(file) {
  return /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(await readFile(file, 'utf8'))?.[1];
}
