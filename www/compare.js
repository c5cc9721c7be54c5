// A second passport beside the first: chosen, verified with the same settings, and shown by the view.

import { verifier } from './client.js';
import { passportText } from './files.js';
import { button } from './given.js';
import { readSettings } from './policy.js';
import { showAgain } from './result.js';
import { showComparison } from './verifier/view/compare.js';
import { element, plain } from './verifier/view/text.js';

export function chooseOther(page) {
  const input = element('input', { type: 'file', id: 'choose-other', hidden: true, accept: '.json,.jsonld,.jwt,.vc,.vp,application/json' });
  document.getElementById('choose-other')?.remove();
  document.getElementById('tools').append(input);
  input.addEventListener('change', () => compare(page, input.files[0]));
  input.click();
}

async function compare(page, file) {
  const { ui } = page;
  const place = document.getElementById('comparison');
  page.complain('');
  try {
    const text = await passportText(file);
    const credentials = page.passports.slice(1).map((other) => other.text);
    const other = await verifier.verify(text, { evidence: { credentials, documents: page.documents }, ...readSettings(page.settings) });
    const back = button(ui.t('page.compare-end'), () => {
      showAgain(page);
      document.getElementById('verdict').focus();
    });
    // In place of the report: it shows both verdicts itself.
    document.getElementById('result').replaceChildren();
    place.replaceChildren(element('div', { class: 'tools' }, back), ...showComparison(ui, page.report, other));
    back.focus();
  } catch ({ message }) {
    page.complain(ui.t('page.not-compared', { name: plain(file.name, 80), message: plain(message) }));
  }
}
