// Whose word something is: the credential that says it, and who signed that.
//
// In scope: `{ node, content, issuer, issuerName, … }` from a report, for all parts of the view that quote a credential.

import { element } from './text.js';
import { isObject, textOf } from './values.js';

/** The credentials of a report that hold, each with what the report knows of who signed it. */
export function sourcesOf({ shown, nodes, checks }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const troubled = new Set(checks.filter(({ outcome }) => outcome === 'warn' || outcome === 'fail').map(({ node }) => node));
  return shown.map(({ node, content }) => {
    const { issuerName, digest, taint } = byId.get(node) ?? {};
    return { node, content, issuer: issuerOf(content), issuerName, digest, taint, isTroubled: troubled.has(node) };
  });
}

/** The identifier of who signed. */
export function issuerOf({ issuer }) {
  return isObject(issuer) ? issuer.id : issuer;
}

/** What a credential is about, where that is one thing. */
export function onlySubject({ credentialSubject }) {
  const subjects = [credentialSubject].flat();
  return subjects.length === 1 && isObject(subjects[0]) ? subjects[0] : undefined;
}

/** What a credential calls the thing that it is about. That is a claim, and is quoted as one. */
export function nameOf({ credentialSubject }) {
  const [subject] = [credentialSubject].flat();
  return textOf(subject?.name) ?? textOf(subject?.title);
}

/** What a credential is, and the name that it gives its subject. */
export function titleOf(ui, content) {
  const name = nameOf(content);
  return name === undefined ? [ui.kind(content)] : ui.parts('content.named', { kind: ui.kind(content), name: ui.name(name) });
}

/** One line that says whose word something is: by the name that the trust list has, and by the identifier. */
export function whose(ui, { content, issuer, issuerName, taint }) {
  const parameters = { what: element('span', {}, titleOf(ui, content)), issuer: ui.foreign(issuer, { code: true }) };
  return [
    issuerName === undefined
      ? ui.parts('content.said-by', parameters)
      : ui.parts('content.said-by-named', { ...parameters, name: element('strong', {}, ui.foreign(issuerName)) }),
    taint && [' ', element('span', { class: 'remark' }, ui.parts('content.tainted', { code: ui.foreign(taint.code, { code: true }) }))],
  ];
}
