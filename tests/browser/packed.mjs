// Pages over the packed and installed package, on the loopback: what a site does that uses it.

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';

const TYPES = { '.css': 'text/css', '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.json': 'application/json', '.svg': 'image/svg+xml', '.wasm': 'application/wasm' };

/**
 * Serves a folder and what `answers` says for a path: a text, or `async (response) => …`, which may wait or stay away.
 * `{ url, requests, close }`.
 */
export async function serveFolder(folder, { answers = {}, headers = {} } = {}) {
  const requests = [];
  const server = createServer(async ({ url }, response) => {
    const path = normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname));
    requests.push(path);
    const own = answers[path];
    if (typeof own === 'function') return own(response);
    const body = own ?? await readFile(join(folder, path)).catch(() => undefined);
    const type = TYPES[extname(path)] ?? 'text/plain';
    return response.writeHead(body === undefined ? 404 : 200, { 'content-type': type, ...headers }).end(body ?? 'not found');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${server.address().port}/`, requests, close };
}

/** A page as strict as a page can be: no script but its own, no markup from text. */
export const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";

/** Writes a page with one module script and nothing inline; `body` is markup. */
export function writePage(folder, name, { body = '', script = '', head = '', policy = STRICT }) {
  writeFileSync(join(folder, `${name}.js`), script);
  writeFileSync(join(folder, `${name}.html`), `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${name}</title>
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
${head}<script type="module" src="${name}.js"></script></head><body><main>${body}</main></body></html>`);
}

/** Opens a page and notes what it complains of. */
export async function visit(browser, address, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', () => complaints.push('a dialog opened'));
  const asked = [];
  context.on('request', (request) => asked.push(request.url()));
  await page.goto(address);
  return { context, page, complaints, asked };
}
