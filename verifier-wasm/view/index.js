// A report as a document, in the user's language: what the page and the element show.
//
// In scope: DOM nodes from a report. Out of scope: verifying, files, and where the nodes go.

export { showFailure, showLimits, showReport, showVerdict } from './report.js';
export { ROLES } from './roles.js';
export { openForPrint } from './steps.js';
export { createUi, loadUi, LOCALES, pickLocale } from './ui.js';
