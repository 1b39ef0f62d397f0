// What happens to tabs while a login is under way: they are closed, arrive where they should not, or must not go on.
import { browser } from '../browser';
import { deliverAndEnd } from '../login/callback';
import { end, problemOf } from '../login/end';
import { allLogins, isUnderWay } from '../login/login';
import { permitted } from '../login/permissions';
import { forgetReturned } from '../login/returned';
import { isCaughtBy } from '../login/rules';

/** The question is answered with no then. A login goes on: the provider may be open elsewhere, and a delivery needs no page. */
export async function onTabClosed(tab: number): Promise<void> {
  await forgetReturned(tab);
  for (const { id, loginTab, step } of await allLogins()) {
    if (loginTab === tab && step === 'confirming') {
      await end(id, { kind: 'failed', problem: problemOf('not_confirmed') });
    } else if (loginTab === tab && step === 'delivering') {
      await deliverAndEnd(id, () => undefined);
    }
  }
}

/** A callback that has arrived at port 8000: the browser did not let the extension catch it. */
export async function onAddress(address: string): Promise<void> {
  for (const { id, step, secrets, redirectUri } of await allLogins()) {
    const isOurs =
      secrets && isCaughtBy({ state: secrets.state, redirectUri }, address);
    if (isOurs && step === 'authorizing') {
      const problem = problemOf('redirect_not_caught');
      await end(id, { kind: 'failed', problem });
    }
  }
}

/** Access was withdrawn in the middle: the rules do not apply any more, so the provider must not send the browser on. */
export async function onAccessWithdrawn(): Promise<void> {
  for (const login of (await allLogins()).filter(isUnderWay)) {
    const { id, step, portal, loginTab } = login;
    if (step === 'delivering' || (await permitted(portal))) {
      continue;
    }
    const problem = problemOf('permission_missing');
    await end(id, { kind: 'failed', problem });
    if (loginTab !== undefined) {
      const url = browser.runtime.getURL('callback.html');
      await browser.tabs.update(loginTab, { url }).catch(() => undefined);
    }
  }
}
