import '@model-passport/verifier/element';

document.addEventListener('passport-verdict', ({ detail: { report } }) => {
  document.getElementById('verdict').textContent = `${report.verdict} (${report.code})`;
});
