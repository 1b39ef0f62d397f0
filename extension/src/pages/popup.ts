import { browser } from '../browser';
import { allLogins, isUnderWay } from '../login/login';
import { originsOf, permitted } from '../login/permissions';
import { askAbout } from '../login/session-over';
import type { Portal } from '../portals';
import { configuredPortals } from '../portals';
import type { PopupActions, PopupState, ShownPortal } from './popup-view';
import { renderPopup, say } from './popup-view';

const actions: PopupActions = {
  logIn: (portal, cluster) =>
    open(
      `${portal.appUrl}/cluster-auth?connect=${encodeURIComponent(cluster)}`,
    ),
  open: portal => open(`${portal.appUrl}/cluster-auth`),
  allow,
  showOptions: () => {
    browser.runtime.openOptionsPage();
    window.close();
  },
};

async function open(url: string): Promise<void> {
  await browser.tabs.create({ url });
  window.close();
}

/** The browser asks only while it handles the click, so nothing is awaited before. */
async function allow(portal: Portal): Promise<void> {
  const answer = browser.permissions.request({ origins: originsOf(portal) });
  // Firefox closes the popup when it asks; then nothing is left to be said.
  if (await answer.catch(() => false)) {
    await render();
  } else {
    say(document, 'popup_not_allowed');
  }
}

async function render(): Promise<void> {
  renderPopup(document, await read(), actions);
}

async function read(): Promise<PopupState> {
  const [{ portals, managed }, logins, { states }] = await Promise.all([
    configuredPortals(),
    allLogins(),
    browser.storage.session.get<{
      states?: Record<string, ShownPortal['seen'] | undefined>;
    }>('states'),
  ]);
  const shown = portals.map(async portal => ({
    portal,
    isPermitted: await permitted(portal),
    seen: states?.[portal.appUrl],
  }));
  return {
    portals: await Promise.all(shown),
    isManaged: managed,
    isLoginUnderWay: logins.some(isUnderWay),
    now: Date.now(),
  };
}

// A page of Backstage may say something new, and a login may end, while the popup is open.
browser.storage.onChanged.addListener(render);
browser.permissions.onAdded.addListener(render);
render();
// A login that was cancelled in Backstage is not under way.
allLogins().then(askAbout);
