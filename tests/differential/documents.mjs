// Credentials to sign, as `[name, unsigned credential]`: passports, and credentials of other makers that use
// what passports do not.

import { readFileSync } from 'node:fs';

const V2 = 'https://www.w3.org/ns/credentials/v2';
const EXAMPLES = ['dataset-passport', 'evaluation-attestation', 'model-passport', 'processing-attestation'];
const VOCABULARY = 'https://example.org/contexts/course/v1';
// Made up, for the parts of contexts that our own does not use.
const TERMS = {
  '@protected': true,
  ex: 'https://example.org/terms#',
  Course: { '@id': 'ex:Course', '@context': { '@protected': true, title: { '@id': 'ex:title', '@language': 'en' }, credits: 'ex:credits' } },
  Person: 'ex:Person',
  attended: { '@id': 'ex:attended', '@type': '@id', '@container': '@set' },
  marks: { '@id': 'ex:marks', '@container': '@list' },
  born: { '@id': 'ex:born', '@type': 'http://www.w3.org/2001/XMLSchema#date' },
  motto: { '@id': 'ex:motto', '@container': '@language' },
  raw: { '@id': 'ex:raw', '@type': '@json' },
  fullName: 'ex:fullName',
};
const TEXTS = ['plain', 'with "quotes" and \\ backslash', 'two\nlines\tand a tab', 'Grüße, 你好, 🜁', 'e\u0301 is not \u00e9', ' '];

/** What has to be brought along, as `[URL, document]`. */
export const contexts = [[VOCABULARY, { '@context': TERMS }]];

/** All of them. */
export function documents() {
  const examples = EXAMPLES.map((name) => [name, JSON.parse(readFileSync(new URL(`../fixtures/examples/${name}.json`, import.meta.url), 'utf8'))]);
  const own = TEXTS.map((text, at) => [`text ${at}`, credential([V2, VOCABULARY], subject(text, at), at)]);
  const minimal = ['minimal', credential([V2], { id: 'did:example:holder' }, 90)];
  const anonymous = ['a subject without a name', credential([V2, VOCABULARY], { type: 'Person', fullName: 'A. Nonymous', attended: ['urn:x:1', 'urn:x:2'] }, 91)];
  const several = ['several subjects', credential([V2, VOCABULARY], [subject('one', 1), subject('two', 2)], 92)];
  const nested = ['nested nodes without names', credential([V2, VOCABULARY], { type: 'Person', fullName: 'A', 'ex:knows': [{ type: 'Person', fullName: 'B' }, { type: 'Person', fullName: 'B', 'ex:knows': { type: 'Person', fullName: 'C' } }] }, 93)];
  return [...examples, ...own, minimal, anonymous, several, nested].map(([name, document]) => [name, withoutProof(document)]);
}

function credential(context, credentialSubject, at) {
  const id = `urn:uuid:4f0c7a31-0000-4000-8000-${String(at).padStart(12, '0')}`;
  return { '@context': context, id, type: ['VerifiableCredential'], validFrom: '2026-11-01T00:00:00Z', credentialSubject };
}

function subject(text, at) {
  return {
    id: `did:example:${at}`,
    type: ['Person', 'Course'],
    fullName: text,
    title: text,
    credits: at,
    attended: [`https://example.org/course/${at}`, 'urn:uuid:7b0e1a52-6c0d-4a51-9a8b-0d5b3f6c1a11'],
    marks: ['urn:x:b', 'urn:x:a'].map((id) => ({ id })),
    born: '1815-12-10',
    motto: { en: text, de: 'Deutsch' },
    raw: { b: [1, true, null, text], a: { [text]: 0 } },
  };
}

function withoutProof({ proof, ...document }) {
  return document;
}
