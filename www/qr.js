// QR codes: drawn for a link, read from a picture or from the camera. Loaded when one is wanted.

import { loadQr } from './host.js';
import { draw } from './verifier/view/icons.js';
import { element } from './verifier/view/text.js';

/** As many bytes as the largest code holds, with a little left. */
export const LONGEST_QR = 2900;
// The decoder looks at several sizes: a code may fill a picture or be a corner of it.
const SIDES = [1200, 2400, 600];
const BETWEEN_LOOKS_MS = 200;

/** The code of a text as a drawing with a name. */
export async function drawQr(text, label) {
  const { encode } = await loadQr();
  const rows = encode(text, 'raw', { ecc: text.length < 1200 ? 'medium' : 'low', border: 4 });
  const path = rows.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')).join('')).join('');
  const size = rows.length;
  const svg = draw('svg', { viewBox: `0 0 ${size} ${size}`, class: 'qr', role: 'img', 'aria-label': label, 'shape-rendering': 'crispEdges' });
  svg.append(draw('rect', { width: size, height: size, fill: '#fff' }), draw('path', { d: path, fill: '#000' }));
  return svg;
}

/** The text of the code in a picture, if there is one. */
export async function decodeImage(file) {
  const image = await createImageBitmap(file);
  try {
    for (const side of SIDES) {
      const text = await decode(image, image.width, image.height, side);
      if (text !== undefined) return text;
    }
    return undefined;
  } finally {
    image.close();
  }
}

async function decode(source, width, height, side) {
  const scale = Math.min(1, side / Math.max(width, height));
  const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  const context = new OffscreenCanvas(size.width, size.height).getContext('2d', { willReadFrequently: true });
  // What is see-through is white, as it was on the paper.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, size.width, size.height);
  context.drawImage(source, 0, 0, size.width, size.height);
  const { data } = context.getImageData(0, 0, size.width, size.height);
  const { decode: read } = await loadQr();
  try {
    return read({ ...size, data }, { effort: 4, timeLimit: 500 });
  } catch {
    return undefined;
  }
}

/** Shows the camera until a code is seen or the user gives up; the text, if any. */
export async function scan(ui) {
  const video = element('video', { muted: true, playsinline: true, 'aria-label': ui.t('page.camera') });
  const note = element('p', { role: 'status' }, ui.t('page.camera.meaning'));
  const cancel = element('button', { type: 'button', class: 'button' }, ui.t('page.cancel'));
  const dialog = element('dialog', { id: 'camera', 'aria-labelledby': 'camera-title' },
    element('h2', { id: 'camera-title' }, ui.t('page.scan')), note, video, element('div', { class: 'buttons' }, cancel));
  document.body.append(dialog);
  cancel.addEventListener('click', () => dialog.close());
  dialog.showModal();
  let stream;
  let open = true;
  const closed = new Promise((resolve) => dialog.addEventListener('close', () => resolve((open = false))));
  try {
    stream = await Promise.race([navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } }), closed]);
    if (!open) return undefined;
    video.srcObject = stream;
    await video.play();
    return await firstCode(video, () => open);
  } catch {
    if (!open) return undefined;
    note.textContent = ui.t('page.no-camera');
    note.setAttribute('role', 'alert');
    video.remove();
    await closed;
    return undefined;
  } finally {
    for (const track of stream ? stream.getTracks() : []) track.stop();
    if (open) dialog.close();
    dialog.remove();
    document.getElementById('scan').focus();
  }
}

async function firstCode(video, isOpen) {
  while (isOpen()) {
    const text = video.videoWidth > 0 ? await decode(video, video.videoWidth, video.videoHeight, 960) : undefined;
    if (text !== undefined) return text;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
  }
  return undefined;
}
