// What the reference's packages take from node, for the browser; whoever bundles them adds it.

export { Buffer } from 'buffer/index.js';
