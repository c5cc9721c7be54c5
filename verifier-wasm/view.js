// The document view as others may use it; `view/index.js` has what the page and the element need besides.

export { showComparison } from './view/compare.js';
export { loadUi, LOCALES, pickLocale, showFailure, showLimits, showReport } from './view/index.js';
