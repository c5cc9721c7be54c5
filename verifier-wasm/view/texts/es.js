export default { ui: {}, codes: {}, terms: {} };
