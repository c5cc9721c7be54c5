// The page without a network: a service worker keeps one whole version, which is shown, and says when there is a newer.

import { registerOffline } from './host.js';
import { button } from './given.js';

const at = (id) => document.getElementById(id);
const ownVersion = () => document.querySelector('meta[name="site-version"]')?.content;

export async function startOffline(page) {
  const version = ownVersion();
  if (version) {
    at('site-version').textContent = version;
    at('site').hidden = false;
  }
  try {
    const registration = await registerOffline();
    if (registration) watch(page, registration, version);
  } catch {
    // No worker, no offline page; all else works.
  }
}

function watch(page, registration, version) {
  const { serviceWorker } = navigator;
  const ask = (worker, message) => worker?.postMessage(message);
  serviceWorker.addEventListener('message', ({ source, data }) => {
    if (source !== registration.waiting) return;
    // Other tabs still run on the files of the version that is in use.
    if (data === 'in-use') at('update').textContent = page.ui.t('page.close-others');
  });
  const offer = (act) => at('update').replaceChildren(page.ui.t('page.newer'), ' ', button(page.ui.t('page.reload'), act));
  const changeOver = (isWanted) => {
    serviceWorker.addEventListener('controllerchange', () => {
      // Something may have been given while the worker took over.
      if (isWanted || page.isUntouched()) location.reload();
      else offer(() => location.reload());
    }, { once: true });
    ask(registration.waiting, 'activate');
  };
  const hasNewer = () => {
    if (!registration.waiting || !serviceWorker.controller) return;
    // Nothing to lose yet: what is new may have been made because the old is wrong.
    if (page.isUntouched()) changeOver(false);
    else offer(() => changeOver(true));
  };
  const follow = (worker) => worker?.addEventListener('statechange', () => {
    if (worker.state === 'installed') hasNewer();
    // The first visit: from here on its files come from the version that it is itself.
    if (worker.state === 'activated') ask(worker, { claim: version });
  });
  follow(registration.installing);
  if (registration.active && !serviceWorker.controller) ask(registration.active, { claim: version });
  registration.addEventListener('updatefound', () => follow(registration.installing));
  hasNewer();
}
