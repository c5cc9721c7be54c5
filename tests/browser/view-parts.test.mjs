// The parts of the view that need no page: numbers on an axis, ages, counts of how facts are known, claims held against
// each other.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ageOf, listTime } from '../../verifier-wasm/view/age.js';
import { claimsOf, compareClaims, isEqual, pairSources } from '../../verifier-wasm/view/claims.js';
import { countBases, groupsOf } from '../../verifier-wasm/view/known.js';
import { axisOf, drawable, placeOn } from '../../verifier-wasm/view/scale.js';
import { plain } from '../../verifier-wasm/view/text.js';
import en from '../../verifier-wasm/view/texts/en.js';
import { createUi } from '../../verifier-wasm/view/ui.js';
import { cases } from './harness.mjs';

describe('the parts that need no page', () => {
  test('an axis holds all of its numbers, whatever they are', () => {
    for (const numbers of [[0.2, 0.9], [1], [0], [-5, 5], [1e308, -1e308], [1e-300, 2e-300], [5e-324], [1e308], [3, 3], [1e16, 1e16 + 2], [100, 250.5]]) {
      const axis = axisOf(numbers);
      assert.ok(axis.ticks.length <= 13, String(numbers));
      for (const number of [...numbers, ...axis.ticks]) {
        const at = placeOn(axis, number);
        assert.ok(at >= 0 && at <= 100, `${number} at ${at} of ${numbers}`);
      }
    }
    assert.deepEqual(axisOf([0.5, 0.97]), { least: 0, most: 1, ticks: [0, 0.25, 0.5, 0.75, 1] });
    assert.ok(placeOn(axisOf([0.5, 0.97]), 0.5) < placeOn(axisOf([0.5, 0.97]), 0.97));
    assert.equal(axisOf([]), undefined);
  });

  test('only numbers are drawn', () => {
    assert.deepEqual(['0.95', '-1', '1e3', 0.5, '12345678901234567890.5'].map(drawable), [0.95, -1, 1000, 0.5, 12345678901234567890.5]);
    for (const none of ['NaN', 'Infinity', '1e999', '', ' 1', '0x10', '1,5', null, undefined, {}, [1], true, '9'.repeat(1e6), Number.NaN]) assert.equal(drawable(none), undefined, String(none).slice(0, 20));
  });

  test('the counts of how facts are known are those of the verifier', () => {
    let compared = 0;
    for (const { name, report } of cases) {
      for (const { node, content } of report.shown) {
        const check = report.checks.find((one) => one.code === 'evidence.stated' && one.node === node);
        if (!check) continue;
        const counts = [...countBases(groupsOf(content))].map(([basis, count]) => `${count} ${basis}`).sort();
        assert.deepEqual(counts, check.message.split(': ')[1].split(', ').filter(Boolean).sort(), name);
        compared += 1;
      }
    }
    assert.ok(compared > 500, `${compared} compared`);
  });

  test('the time of a status list is the one that the verifier says, and no address feigns one', () => {
    let compared = 0;
    for (const { name, report } of cases) {
      for (const check of report.checks.filter(({ code }) => code === 'status.ok')) {
        const shown = report.shown.find(({ node }) => node === check.node);
        if (!shown || !/^not (revoked|suspended)/.test(check.message)) continue;
        const [, time] = / of (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)/.exec(check.message);
        assert.deepEqual(listTime(check, shown.content)?.time, time, name);
        compared += 1;
      }
    }
    assert.ok(compared > 20, `${compared} compared`);
    const content = { credentialStatus: { statusPurpose: 'revocation' } };
    const said = { code: 'status.ok', pointer: '/credentialStatus', asOf: '2020-01-01T00:00:00Z', message: 'not revoked, by the status list `x` of 2099-01-01T00:00:00Z' };
    assert.deepEqual(listTime(said, content), { time: '2020-01-01T00:00:00Z', purpose: 'revocation' });
    assert.equal(listTime({ ...said, asOf: undefined }, content), undefined);
    assert.equal(listTime({ ...said, code: 'status.list-stale' }, content), undefined);
  });

  test('an age is said in whole units, and a time to come has none', () => {
    const ui = createUi('en', en);
    const age = (time) => ageOf(ui, time, '2026-11-21T12:00:00Z');
    assert.deepEqual(['2026-11-21T11:59:30Z', '2026-11-21T11:00:00Z', '2026-11-21T06:00:00Z', '2026-11-01T11:00:00Z'].map(age), ['0 minutes', '60 minutes', '6 hours', '20 days']);
    assert.equal(age('2026-11-21T12:00:01Z'), undefined);
    assert.equal(age('not a time'), undefined);
  });

  test('no character that is drawn as nothing passes, and joiners of words do', () => {
    for (const hidden of ['\u200b', '\u202e', '\ufe0f', '\u180b', '\u2065', '\u{e0101}', '\ufff0', '\u{e0fff}', '\u{e0030}', '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2800', '\u3164', '\uffa0', '\ud800']) {
      assert.equal(plain(`a${hidden}b`), `aU+${hidden.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}b`);
    }
    for (const left of ['\n', '\t', '\u200c', '\u200d', '\u0301', '漢', '😀', 'ß']) assert.equal(plain(`a${left}b`), `a${left}b`);
  });

  test('claims are held against each other by what names them', () => {
    const content = (files, more = {}) => ({ issuer: 'did:web:a.example', credentialSubject: { artifactManifest: { file: files.map(([path, digestMultibase]) => ({ path, digestMultibase })) }, ...more } });
    const { rows } = compareClaims(content([['a', '1'], ['b', '2']]), content([['b', '3'], ['a', '1'], ['c', '4']], JSON.parse('{"__proto__":"x"}')));
    const states = Object.fromEntries(rows.map(({ path, state }) => [path.join('/'), state]));
    assert.equal(states['artifactManifest/file/a/digestMultibase'], 'same');
    assert.equal(states['artifactManifest/file/b/digestMultibase'], 'differs');
    assert.equal(states['artifactManifest/file/c/digestMultibase'], 'second');
    assert.ok(rows.some(({ path, state }) => path[0] === '__proto__' && state === 'second'));
    const own = claimsOf({ id: 'urn:x:credential', issuer: 'did:web:a.example', credentialSubject: { id: 'urn:x:subject', issuer: 'somebody' } });
    assert.deepEqual([...own.claims.values()].map(({ value }) => value), ['urn:x:credential', 'did:web:a.example', 'urn:x:subject', 'somebody']);
    const many = claimsOf({ credentialSubject: Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`a${at}`, at])) });
    assert.deepEqual([many.claims.size, many.cut], [20_000, true]);
    const score = (value) => [{ name: 'AUC', value }];
    const whole = (value) => ({
      credentialStatus: { id: `https://a.example/list#${value}`, type: 'Entry', index: value }, termsOfUse: [{ type: 'Terms', text: value }], evidence: {},
      credentialSubject: { metric: score(value), group: { metric: score(value), deep: { noise: score(value) } }, list: [{ metric: score(value) }] },
    });
    const differing = compareClaims(whole('1'), whole('2')).rows.filter(({ state }) => state === 'differs').map(({ path }) => path.flat().join('/'));
    assert.deepEqual(differing, ['credential/credentialStatus/id', 'credential/credentialStatus/index', 'credential/termsOfUse/0/text', 'group/deep/noise/AUC/value', 'list/0/metric/AUC/value']);
    assert.deepEqual(compareClaims({ credentialSubject: 'a' }, { credentialSubject: 'b' }).rows.map(({ state }) => state), ['differs']);
    assert.ok(compareClaims(whole('1'), { ...whole('1'), evidence: undefined }).rows.some(({ path, state }) => path[1] === 'evidence' && state === 'differs'));
    assert.ok(isEqual({ a: [1, { b: null }], c: 'x' }, { c: 'x', a: [1, { b: null }] }));
    for (const other of [{ a: [1] }, { a: { 0: 1, 1: 2 } }, { a: [2, 1] }, { b: [1, 2] }, null, 'a', JSON.parse('{"__proto__":{"a":[1,2]}}')]) assert.equal(isEqual({ a: [1, 2] }, other), false, JSON.stringify(other));
    const source = (node, id, type = 'ModelPassport') => ({ node, content: { type: ['VerifiableCredential', type], credentialSubject: { id } } });
    const pairs = pairSources([source('1', 'x'), source('2', 'y')], [source('3', 'y'), source('1', 'z'), source('9', 'q', 'Other')]);
    assert.deepEqual(pairs.map(({ first, second }) => [first?.node, second?.node]), [['1', '1'], ['2', '3'], [undefined, '9']]);
  });
});
