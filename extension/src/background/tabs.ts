// What happens to tabs while a login is under way: they are closed, arrive where they should not, or must not go on.
import { deliverAndEnd } from '../login/callback';
import { end, endBeforeReturn, problemOf } from '../login/end';
import { allLogins, isWaiting } from '../login/login';
import { refusalAt } from '../login/permissions';
import { forgetReturned } from '../login/returned';
import { isCaughtBy } from '../login/rules';
import { askAbout } from '../login/session-over';

/**
 * The question is answered with no then. A login goes on, where it was not cancelled: the provider may be open elsewhere, and a delivery
 * needs no page.
 */
export async function onTabClosed(tab: number): Promise<void> {
  await forgetReturned(tab);
  const logins = await allLogins();
  for (const login of logins.filter(({ loginTab }) => loginTab === tab)) {
    const { id, step } = login;
    if (step === 'confirming') {
      await end(id, { kind: 'failed', problem: problemOf('not_confirmed') });
    } else if (step === 'delivering') {
      await deliverAndEnd(id, () => undefined);
    } else {
      await askAbout([login]);
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

/** The list or the access has changed. Where the rules do not apply any more, the provider must not send the browser on. */
export async function endWhatMayNotGoOn(): Promise<void> {
  for (const { id, portal } of (await allLogins()).filter(isWaiting)) {
    const problem = await refusalAt(portal);
    if (problem) {
      await endBeforeReturn(id, { kind: 'failed', problem });
    }
  }
}
