// The languages of the view say the same: no key, code, term, placeholder or plural form is missing in any.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { cases, read, root } from './harness.mjs';

const view = (...path) => import(pathToFileURL(join(root, 'verifier-wasm', 'view', ...path)));
const { createUi, LOCALES, pickLocale } = await view('index.js');
const texts = Object.fromEntries(await Promise.all(Object.keys(LOCALES).map(async (locale) => [locale, (await view('texts', `${locale}.js`)).default])));
const others = Object.keys(LOCALES).filter((locale) => locale !== 'en');
const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

// What a report can say: the codes of the verifier, by the headings under which `CODES.md` explains them.
const REPORTED = ['The verdict', 'Reading the input', 'Presentations', 'Profile: the one shape of a passport', 'The data model: credentials from elsewhere',
  'JSON-LD: what the words mean', 'Proofs', 'Keys and DIDs', 'Statements that run out by themselves', 'Issuer, validity, status, trust',
  'Artefacts and evidence', 'Lineage', 'Policy'];

function explainedCodes() {
  const sections = read(root, 'issuer', 'CODES.md').split(/^## /m).slice(1);
  const found = sections.filter((section) => REPORTED.includes(section.split('\n', 1)[0]));
  assert.equal(found.length, REPORTED.length);
  return found.flatMap((section) => [...section.matchAll(/^### (\S+)$/gm)].map(([, code]) => code)).sort();
}

describe('the texts of the view', () => {
  for (const locale of others) {
    test(`${locale} has every text, with the same places to fill in`, () => {
      const { ui } = texts[locale];
      assert.deepEqual(Object.keys(ui).sort(), Object.keys(texts.en.ui).sort());
      for (const [key, english] of Object.entries(texts.en.ui)) {
        const forms = (text) => (typeof text === 'string' ? [text] : Object.values(text));
        assert.equal(typeof ui[key], typeof english, key);
        for (const form of forms(ui[key])) assert.deepEqual(placeholders(form), placeholders(forms(english).at(-1)), `${key}: ${form}`);
      }
    });

    test(`${locale} explains every code that a report can have`, () => {
      assert.deepEqual(Object.keys(texts[locale].codes).sort(), explainedCodes());
      for (const [code, [what, help]] of Object.entries(texts[locale].codes)) assert.ok(what && typeof help === 'string', code);
    });

    test(`${locale} names the claims that the others name`, () => {
      assert.deepEqual(Object.keys(texts[locale].terms).sort(), Object.keys(texts.de.terms).sort());
    });
  }

  test('where a number decides the form, there is one for each that the language has', () => {
    for (const [locale, { ui }] of Object.entries(texts)) {
      const wanted = new Intl.PluralRules(locale).resolvedOptions().pluralCategories.filter((category) => category !== 'many');
      for (const [key, forms] of Object.entries(ui).filter(([, text]) => typeof text !== 'string')) {
        for (const category of wanted) assert.ok(forms[category], `${locale} ${key} ${category}`);
      }
    }
  });

  test('every code of every case is explained, and every kind and relation of their lineage is named', () => {
    const reports = cases.map(({ report }) => report).filter(Boolean);
    const codes = new Set(reports.flatMap(({ checks }) => checks.map(({ code }) => code)));
    const terms = new Set(reports.flatMap(({ nodes }) => nodes.flatMap(({ kind, parents }) => [kind, ...parents.map(({ relation }) => relation)])));
    const free = new Set([...terms].filter((term) => !(term in texts.de.terms)));
    for (const locale of others) for (const code of codes) assert.ok(texts[locale].codes[code], `${locale} ${code}`);
    // What is no kind of passport is said as it is.
    for (const term of free) assert.doesNotMatch(term, /Passport|Attestation|^trainedOn|^evaluates/);
  });

  test('every term of our context is named in every language', () => {
    const context = JSON.parse(read(root, 'contexts', 'passport', 'v1.jsonld'))['@context'];
    const terms = Object.keys(context).filter((term) => !term.startsWith('@'));
    assert.ok(terms.length > 200);
    for (const locale of others) for (const term of terms) assert.ok(Object.hasOwn(texts[locale].terms, term), `${locale} ${term}`);
  });

  test('an unknown language is English, and hostile names are only names', async () => {
    assert.equal(pickLocale(['xx', 'de-AT', 'fr']), 'de');
    assert.equal(pickLocale(['constructor', '__proto__']), 'en');
    const ui = createUi('de', texts.de);
    for (const name of ['constructor', '__proto__', 'toString']) {
      assert.equal(ui.code(name), undefined);
      assert.match(ui.term(name), /^[A-Z_ ]/i);
      assert.equal(ui.known('verdict', name), name);
    }
  });
});
