// The same as the package itself, with the WebAssembly in the script: nothing is fetched.

export * from './index.js';
