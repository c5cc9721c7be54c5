import { verify } from '@model-passport/verifier';

document.getElementById('passport').addEventListener('change', async ({ target }) => {
  const { verdict, code } = await verify(await target.files[0].text());
  // textContent: a report quotes strangers.
  document.getElementById('verdict').textContent = `${verdict} (${code})`;
});
