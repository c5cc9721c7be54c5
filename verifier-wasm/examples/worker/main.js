import { createVerifier } from '@model-passport/verifier/worker';

// Whatever a passport does to the verifier, after five seconds there is a new one.
let verifier = createVerifier({ timeLimit: 5_000 });
const say = (text) => { document.getElementById('verdict').textContent = text; };

document.getElementById('passport').addEventListener('change', async ({ target }) => {
  say('…');
  try {
    const { verdict, code } = await verifier.verify(await target.files[0].text());
    say(`${verdict} (${code})`);
  } catch ({ code }) {
    say(`no answer (${code})`);
  }
});

document.getElementById('stop').addEventListener('click', () => {
  verifier.terminate();
  verifier = createVerifier({ timeLimit: 5_000 });
});
