import { browser } from '../browser';
import { wayBack } from '../login/callback';
import type { Login } from '../login/login';
import { portalAt } from '../portals';

/** Back to the tab that began the login, or in this tab to where the login wanted to go. */
export async function goBack({ portal, portalTab, returnTo }: Login) {
  const own = await browser.tabs.getCurrent();
  const begun = await browser.tabs.get(portalTab).catch(() => undefined);
  if (own?.id === undefined || !portalAt([portal], begun?.url ?? '')) {
    // Its tab is gone, or shows something else by now.
    window.location.replace(wayBack(portal, returnTo));
    return;
  }
  await browser.tabs.update(portalTab, { active: true });
  if (begun?.windowId !== undefined) {
    await browser.windows.update(begun.windowId, { focused: true });
  }
  await browser.tabs.remove(own.id);
}

/** The link to Backstage does the same: the dialog of the login is in the tab that began it, and says how to go on. */
export function goBackOnClick(document: Document, login: Login) {
  document.querySelector('#back')?.addEventListener('click', event => {
    event.preventDefault();
    void goBack(login);
  });
}
