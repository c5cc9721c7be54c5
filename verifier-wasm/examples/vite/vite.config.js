export default {
  base: './',
  worker: { format: 'es' },
  optimizeDeps: { exclude: ['@model-passport/verifier'] },
};
