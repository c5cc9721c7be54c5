// What the user drops, chooses or pastes, and whether it is a passport or one of the files that a passport is about.

// What is longer is refused by the verifier, from its length.
const LONGEST_PASSPORT_BYTES = 16 * 2 ** 20 + 1;
const DROPPED_FILES = 10_000;

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
  return Array.from(files, (file) => {
    const path = file.webkitRelativePath.split('/').slice(1).join('/') || file.name;
    return { path, file };
  });
}

/** Whether a dropped file is more likely a passport than a file that a passport is about. The verifier decides. */
export async function looksLikePassport({ path, file }) {
  if (!/\.(json|jsonld)$/i.test(path) || file.size > LONGEST_PASSPORT_BYTES) return false;
  return /"Verifiable(Credential|Presentation)"/.test(await file.text());
}

/** The text of a passport, exactly: bytes that are not UTF-8 are refused instead of replaced. */
export async function passportText(file) {
  const bytes = await file.slice(0, LONGEST_PASSPORT_BYTES).arrayBuffer();
  const cut = bytes.byteLength < file.size;
  return new TextDecoder('utf-8', { fatal: !cut, ignoreBOM: true }).decode(bytes);
}
