// The document loader of the JavaScript reference, for node and for the browser.

export const MULTIKEY = 'https://w3id.org/security/multikey/v1';
export const DID = 'https://www.w3.org/ns/did/v1';

/**
 * A loader of documents that are at hand, as `[URL, document]`, and of what a did:key says itself. Nothing is
 * fetched, and what was made once is kept, as a service keeps it.
 */
export function loaderOf(atHand) {
  const documents = new Map(atHand);
  return async (url) => {
    if (url.startsWith('did:key:') && !documents.has(url)) addDidKey(documents, url);
    if (!documents.has(url)) throw new Error(`nothing is fetched, and ${url} is not here`);
    return { contextUrl: null, documentUrl: url, document: documents.get(url) };
  };
}

// The method's rule: the identifier is the key, and the key's fragment is the identifier again.
function addDidKey(documents, url) {
  const [did] = url.split('#');
  const publicKeyMultibase = did.slice('did:key:'.length);
  const id = `${did}#${publicKeyMultibase}`;
  const method = { id, type: 'Multikey', controller: did, publicKeyMultibase };
  documents.set(id, { '@context': MULTIKEY, ...method });
  documents.set(did, { '@context': [DID, MULTIKEY], id: did, verificationMethod: [method], assertionMethod: [id] });
}
