// Registers `<model-passport>`.

import { ModelPassport } from './element/model-passport.js';

export { ModelPassport };
export { PassportVerifierError } from './errors.js';

// Two copies of the package in one page must not stop each other.
if (globalThis.customElements && customElements.get('model-passport') === undefined) {
  customElements.define('model-passport', ModelPassport);
}
