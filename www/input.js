// Every way in: choosers, drop, paste, camera.

import { chosenFiles, droppedFiles, kindsOf } from './files.js';

const at = (id) => document.getElementById(id);

/** Hears what the user gives, and hands it to the page. */
export function takeInput(page) {
  onChosen('choose-passport', (chosen) => addKnown(page, chosen));
  onChosen('choose-files', page.addFiles);
  onChosen('choose-folder', page.addAny);

  at('open-settings').addEventListener('click', () => page.openSettings());
  at('scan').addEventListener('click', async () => {
    const { scan } = await import('./qr.js');
    const text = await scan(page.ui);
    if (text !== undefined) started(() => page.addText(text, page.ui.t('page.from-qr')));
  });

  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    at('drop').classList.add('over');
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) at('drop').classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    at('drop').classList.remove('over');
    const { dataTransfer } = event;
    const text = dataTransfer.getData('text/uri-list') || dataTransfer.getData('text/plain');
    if (dataTransfer.files.length > 0) {
      // The entries of a drop are gone after this turn, so they are taken in it.
      const dropped = droppedFiles(dataTransfer);
      started(async () => page.addAny(await dropped));
    } else if (text.trim()) started(() => page.addText(text, page.ui.t('page.dropped')));
  });
  document.addEventListener('paste', ({ target, clipboardData }) => {
    if (target.closest?.('input:not([type=file]), textarea')) return;
    const text = clipboardData.getData('text/plain');
    if (clipboardData.files.length > 0) {
      const chosen = chosenFiles(clipboardData.files);
      started(() => page.addAny(chosen));
    } else if (text.trim()) started(() => page.addText(text, page.ui.t('page.pasted')));
  });

  function onChosen(id, add) {
    at(id).addEventListener('change', ({ target }) => {
      const chosen = chosenFiles(target.files);
      target.value = ''; // The same file, changed on disk, can be chosen again.
      if (chosen.length > 0) started(() => add(chosen));
    });
  }

  async function started(add) {
    page.complain('');
    // What the page was opened with is no longer what it shows.
    if (/#.*(passport|src)=/.test(location.hash)) history.replaceState(null, '', location.pathname + location.search);
    page.arriving += 1;
    try {
      await add();
    } catch {
      page.complain(page.ui.t('page.not-read'));
    } finally {
      page.arriving -= 1;
    }
  }
}

// What is chosen as a passport is taken for one, however it looks, but for what it is checked with, and pictures.
async function addKnown(page, chosen) {
  const kinds = await kindsOf(chosen);
  const isOther = kinds.map((kind) => ['trust', 'policy', 'image'].includes(kind));
  const others = chosen.filter((_, index) => isOther[index]);
  const passports = chosen.filter((_, index) => !isOther[index]);
  if (others.length > 0) await page.addAny(others);
  if (passports.length > 0) await page.addPassports(passports);
}
