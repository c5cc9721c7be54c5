// What the user drops, chooses or pastes, and what it is: a passport, something to check it with, or one of the files
// that a passport is about. A guess only, for the user's comfort; the verifier decides.

// What is longer is refused by the verifier, from its length.
export const LONGEST_PASSPORT_BYTES = 16 * 2 ** 20 + 1;
// A policy or a trust list is read whole to see what it is.
const LONGEST_SETTING_BYTES = 4 * 2 ** 20;
const LONGEST_IMAGE_BYTES = 20 * 2 ** 20;
const DROPPED_FILES = 10_000;

const TEXT_FILE = /\.(json|jsonld|jwt|vc|vp)$/i;
const COMPACT_JWS = /^\s*eyJ[\w-]*\.[\w-]*\.[\w-]*\s*$/;
const POLICY_MEMBERS = ['lineage', 'maxStatusAgeSecs', 'minSigners', 'profile', 'refuseRevokedKeys', 'requireArtifacts',
  'requireRecognition', 'requireStatus', 'requiredSigners', 'rules', 'trust'];

/** The files of a drop, folders included: `[{ path, file }]`. */
export async function droppedFiles(transfer) {
  const entries = Array.from(transfer.items, (item) => item.kind === 'file' && item.webkitGetAsEntry?.());
  if (!entries.some((entry) => entry?.isDirectory)) return chosenFiles(transfer.files);
  const found = [];
  const open = entries.filter(Boolean).map((entry) => ({ entry, folder: '' }));
  while (open.length > 0 && found.length < DROPPED_FILES) {
    const { entry, folder } = open.shift();
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ path: folder + entry.name, file });
    } else {
      // A dropped folder is where the paths of a manifest start, so its own name is not part of them.
      const inside = entries.includes(entry) ? '' : `${folder}${entry.name}/`;
      for (const child of await folderEntries(entry)) open.push({ entry: child, folder: inside });
    }
  }
  return found;
}

async function folderEntries(folder) {
  const reader = folder.createReader();
  const found = [];
  // It answers in parts, and with nothing when there is no more.
  for (let part = [undefined]; part.length > 0 && found.length < DROPPED_FILES;) {
    part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    found.push(...part);
  }
  return found;
}

/** The files of a chooser. */
export function chosenFiles(files) {
  return Array.from(files).slice(0, DROPPED_FILES).map((file) => {
    const path = file.webkitRelativePath.split('/').slice(1).join('/') || file.name;
    return { path, file };
  });
}

/** What each of several is; one after the other, as a folder may hold ten thousand. */
export async function kindsOf(chosen) {
  const kinds = [];
  for (const entry of chosen) kinds.push(await kindOf(entry));
  return kinds;
}

// `passport`, `policy`, `trust`, `json`, `image` or `file`.
async function kindOf({ path, file }) {
  if (/^image\/(png|jpeg|webp|gif)$/.test(file.type) && file.size <= LONGEST_IMAGE_BYTES) return 'image';
  if (!TEXT_FILE.test(path) || file.size > LONGEST_PASSPORT_BYTES) return 'file';
  return kindOfText(await file.text());
}

/** The same for a text. */
export function kindOfText(text) {
  if (COMPACT_JWS.test(text)) return 'passport';
  const setting = text.length <= LONGEST_SETTING_BYTES ? parsed(text) : undefined;
  if (isObject(setting) && !('@context' in setting) && !('bundle' in setting)) {
    const has = (member) => Object.hasOwn(setting, member);
    if (!has('type') && (Array.isArray(setting.issuers) || Array.isArray(setting.refuse))) return 'trust';
    if (!has('type') && POLICY_MEMBERS.some(has)) return 'policy';
  }
  if (/"(Enveloped)?Verifiable(Credential|Presentation)"/.test(text)) return 'passport';
  return setting === undefined ? 'file' : 'json';
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The identifier that a document gives itself; to find what it was asked for, and never to believe it. */
export function idOf(text) {
  const { id } = Object(text.length <= LONGEST_SETTING_BYTES ? parsed(text) : undefined);
  return typeof id === 'string' ? id : undefined;
}

/** The text of a passport, exactly: bytes that are not UTF-8 are refused instead of replaced. */
export async function passportText(file) {
  const bytes = await file.slice(0, LONGEST_PASSPORT_BYTES).arrayBuffer();
  return exactText(bytes, bytes.byteLength < file.size);
}

/** What is cut off may end within a character. */
export function exactText(bytes, cut = false) {
  return withoutSpace(new TextDecoder('utf-8', { fatal: !cut, ignoreBOM: true }).decode(bytes));
}

/** A compact JWS often ends with a line feed, which is no part of it. Any other text is left as it is. */
export function withoutSpace(text) {
  return COMPACT_JWS.test(text) ? text.trim() : text;
}

/** In hexadecimal; nothing where the browser does not say. */
export async function sha256Of(text) {
  const digest = await crypto.subtle?.digest('SHA-256', new TextEncoder().encode(text));
  return digest && Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
