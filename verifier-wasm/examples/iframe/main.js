// The check runs in a frame of a site that the reader may know; this page sends it a text and gets the report back.

import { embedVerifier } from './verifier/embed.js';

const site = new URL(document.body.dataset.verifier);
const frame = document.getElementById('frame');
const verifier = embedVerifier(frame, { origin: site.origin });
frame.src = new URL(`embed.html#parent=${encodeURIComponent(location.origin)}`, site).href;

document.getElementById('passport').addEventListener('change', async ({ target }) => {
  const { verdict, code } = await verifier.verify(await target.files[0].text());
  document.getElementById('verdict').textContent = `${verdict} (${code})`;
});
